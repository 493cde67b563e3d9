// Ported from built_layers.py.
// Layers that make their parts in `build`: of other layers, and of weights with penalties and limits.

use candle_keras::candle_core::IndexOp;
use candle_keras::constraints::MaxNorm;
use candle_keras::layers::{Build, Context, Dense, Dropout, KerasTensor, Shape, Weight, layer, single};
use candle_keras::optimizers::SGD;
use candle_keras::prelude::*;
use candle_keras::regularizers::L2;
use candle_keras::{numpy, ops, python, utils};

fn main() -> Result<()> {
    utils::set_random_seed(3);

    let mut rng = numpy::random::RandomState::new(0);
    let x = rng.normal(0.0, 1.0, (96, 6))?.to_dtype(DType::F32)?;
    let z = rng.normal(0.0, 1.0, (96, 4))?.to_dtype(DType::F32)?;
    let y = x.i((.., 0))?.gt(0.0)?.to_dtype(DType::I32)?;

    let inputs = Input::shape([6]);
    let h = ResidualBlock::new(8, 6, 0.1).call(&inputs);
    let h = ScaleShift::new().call(&h);
    let mut model = Model::new(&inputs, &Dense::new(2).activation("softmax").call(&h))?;
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x, &y, Fit::new().epochs(3).batch_size(16).verbose(0))?;
    for (&loss, &accuracy) in history["loss"].iter().zip(&history["accuracy"]) {
        println!("loss {loss:.4}, accuracy {accuracy:.4}");
    }
    println!("predicted: {}", numpy::array_str(&model.predict_with(&x.i(..2)?, Predict::new().verbose(0))?)?);

    let (a, b) = (Input::shape([6]), Input::shape([4]));
    let mut pairs = Model::new([&a, &b], &Bilinear::new().call([&a, &b]))?;
    pairs.compile(SGD::new().learning_rate(0.05), "mse")?;
    let targets = ops::multiply(&x.i((.., ..1))?, &z.i((.., ..1))?)?.to_dtype(DType::F32)?;
    let history = pairs.fit([&x, &z], &targets, Fit::new().epochs(3).batch_size(16).verbose(0))?;
    println!("losses: {:?}", history["loss"].iter().map(|&loss| python::round(loss, 4)).collect::<Vec<f64>>());
    println!("predicted: {}", numpy::array_str(&pairs.predict_with([&x.i(..3)?, &z.i(..3)?], Predict::new().verbose(0))?.i((.., 0))?)?);
    Ok(())
}

/// Two dense layers, which are made when the block is first called.
#[allow(dead_code)]
#[derive(Clone)]
struct ResidualBlock {
    units: usize,
    size: usize,
    rate: f64,
    dense: Dense,
    project: Dense,
    drop: Dropout,
}

impl ResidualBlock {
    fn new(units: usize, size: usize, rate: f64) -> Self {
        let dense = Dense::new(units).activation("relu");
        let project = Dense::new(size);
        let drop = Dropout::new(rate);
        Self { units, size, rate, dense, project, drop }
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        inputs + self.drop.call(self.project.call(self.dense.call(inputs)))
    }
}

layer! {
    /// How well two inputs fit each other.
    struct Bilinear() {}
}

impl Layer for Bilinear {
    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        let shape = [build.input_size_of(0, -1)?, build.input_size_of(1, -1)?];
        build.add_weight(Weight::new("w", shape, &"glorot_uniform".into()));
        let shape = [build.input_size_of(1, -1)?];
        build.add_weight(Weight::new("scale", shape, &"ones".into()).constraint(&Some(MaxNorm::new(1.5).into())));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let (a, b) = (inputs[0].clone(), inputs[1].clone());
        Ok(vec![ops::sum(&ops::multiply(&ops::multiply(&ops::matmul(&a, &self.weight("w", ctx)?)?, &b)?, &self.weight("scale", ctx)?)?, ops::axes(-1).keepdims(true))?])
    }
}

layer! {
    struct ScaleShift() {}
}

impl Layer for ScaleShift {
    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        let size = build.input_size(1)?;
        build.add_weight(Weight::new("gamma", [size], &"ones".into()).regularizer(&Some(L2::new(0.01).into())));
        build.add_weight(Weight::new("beta", [size], &"zeros".into()).trainable(false));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        Ok(vec![ops::add(&ops::multiply(x, &self.weight("gamma", ctx)?)?, &self.weight("beta", ctx)?)?])
    }
}
