// Ported from unused_blocks.py.
// A file of building blocks for sequences, of which one model is trained; the others wait for the next experiment.

use candle_keras::activations::ActivationFunction;
use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{BatchNormalization, Build, Context, Conv1D, Dense, Dot, Dropout, Embedding, GlobalAveragePooling1D, KerasTensor, LSTM, LayerNormalization, Shape, Weight, layer, single};
use candle_keras::losses::Loss;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};

const NUM_STEPS: usize = 8;
const NUM_FEATURES: usize = 4;

fn main() -> Result<()> {
    utils::set_random_seed(11);

    let width = 12;

    let mut rng = numpy::random::RandomState::new(3);
    let x = rng.normal(0.0, 1.0, (160, NUM_STEPS, NUM_FEATURES))?.to_dtype(DType::F32)?;
    let y = ops::add(&x.i((.., x.dim(1)? - 1, ..1))?, &(0.5 * &x.i((.., 0, 1..2))?)?)?.to_dtype(DType::F32)?;

    let inputs = Input::shape((NUM_STEPS, NUM_FEATURES));
    let h = Dense::new(width).call(&inputs);
    let h = GatedUnit::new(NUM_STEPS, width, 0.1).call(&h);
    let h = GlobalAveragePooling1D::new().call(&h);
    let outputs = Dense::new(1).call(&h);
    let mut model = Model::new(&inputs, &outputs)?;
    model.compile(Adam::new().learning_rate(0.01), Compile::loss("mse").metrics(["mae"]))?;
    let history = model.fit(&x, &y, Fit::new().epochs(3).batch_size(32).verbose(0))?;
    for (&loss, &mae) in history["loss"].iter().zip(&history["mae"]) {
        println!("loss {loss:.4}, mae {mae:.4}");
    }
    println!("prediction: {}", numpy::array_str(&model.predict_with(&x.i(..2)?, Predict::new().verbose(0))?.i((.., 0))?)?);
    Ok(())
}

layer! {
    /// A dense layer whose outputs are scaled by a weight each.
    #[allow(dead_code)]
    struct ScaledDense(
        units: usize,
        activation: ActivationFunction,
    ) {}
}

impl Layer for ScaledDense {
    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        let shape = [build.input_size(-1)?, self.units];
        build.add_weight(Weight::new("kernel", shape, &"glorot_uniform".into()));
        build.add_weight(Weight::new("scale", [self.units], &"ones".into()));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let inputs = single(inputs)?;
        Ok(vec![self.activation.call(&ops::multiply(&ops::matmul(inputs, &self.weight("kernel", ctx)?)?, &self.weight("scale", ctx)?)?)?])
    }
}

/// Half of the channels gates the other half, along the steps.
#[derive(Clone)]
struct GatedUnit {
    project: Dense,
    gate: Dense,
    normalize: LayerNormalization,
    dropout: Dropout,
    out: Dense,
}

impl GatedUnit {
    fn new(num_steps: usize, units: usize, dropout_rate: f64) -> Self {
        let project = Dense::new(units * 2).activation("gelu");
        let gate = Dense::new(num_steps).bias_initializer("ones");
        let normalize = LayerNormalization::new().epsilon(1e-6);
        let dropout = Dropout::new(dropout_rate);
        let out = Dense::new(units);
        Self { project, gate, normalize, dropout, out }
    }

    fn gating(&self, x: &KerasTensor) -> KerasTensor {
        let parts = ops::split(x, 2, -1);
        let (u, v) = (parts[0].clone(), parts[1].clone());
        let v = ops::swapaxes(&self.normalize.call(&v), -1, -2);
        &u * ops::swapaxes(&self.gate.call(&v), -1, -2)
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let x = self.gating(&self.project.call(inputs));
        inputs + self.dropout.call(self.out.call(&x))
    }
}

#[allow(dead_code)]
#[allow(non_camel_case_types)]
#[derive(Clone)]
struct convBlock {
    conv: Conv1D,
    normalize: BatchNormalization,
}

#[allow(dead_code)]
impl convBlock {
    fn new(filters: usize, kernel_size: usize) -> Self {
        let conv = Conv1D::new(filters, kernel_size).padding("same").activation("relu");
        let normalize = BatchNormalization::new();
        Self { conv, normalize }
    }

    #[allow(dead_code)]
    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        self.normalize.call(self.conv.call(inputs))
    }
}

/// Two embeddings, and how well they fit.
#[allow(dead_code)]
#[derive(Clone)]
struct TwoTowers {
    num_users: usize,
    users: Embedding,
    items: Embedding,
}

#[allow(dead_code)]
impl TwoTowers {
    fn new(num_users: usize, num_items: usize, size: usize) -> Self {
        let users = Embedding::new(num_users, size);
        let items = Embedding::new(num_items, size);
        Self { num_users, users, items }
    }

    #[allow(dead_code)]
    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let users = self.users.call(inputs.get((.., 0)));
        let items = self.items.call(inputs.get((.., 1)));
        ops::sigmoid(&Dot::new(1).call([&users, &items]))
    }

    fn model(self) -> Model {
        let layers = layers![self.users.clone(), self.items.clone()];
        Model::from_call("TwoTowers", layers, move |x| Ok(self.call(&x[0])))
    }
}

#[allow(dead_code)]
#[derive(Clone)]
struct SmoothL1 {
    delta: f64,
}

#[allow(dead_code)]
impl SmoothL1 {
    fn new(delta: f64) -> Self {

        Self { delta }
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let error = ops::abs(&ops::subtract(y_true, y_pred)?)?;
        let small = ops::minimum(&error, &Tensor::new((self.delta) as f32, &Device::Cpu)?)?;
        Ok(ops::mean(&ops::add(&(0.5 * &ops::square(&small)?)?, &(self.delta * &ops::subtract(&error, &small)?)?)?, -1)?)
    }
}


impl From<SmoothL1> for Loss {
fn from(loss: SmoothL1) -> Self {
Loss::new("smooth_l1", move |y_true, y_pred| Ok(loss.call(y_true, y_pred)?))
}
}
/// A recurrent network, as an alternative to the gated units.
#[allow(dead_code)]
#[derive(Clone)]
struct Recurrent {
    units: usize,
    rate: f64,
}

#[allow(dead_code)]
impl Recurrent {
    fn new(units: usize, rate: f64) -> Self {

        Self { units, rate }
    }

    #[allow(dead_code)]
    fn build(&mut self) -> Result<Model> {
        let inputs = Input::shape((NUM_STEPS, NUM_FEATURES));
        let x = LSTM::new(self.units).call(&inputs);
        let x = Dropout::new(self.rate).call(&x);
        Model::new(&inputs, &Dense::new(1).call(&x))
    }
}
