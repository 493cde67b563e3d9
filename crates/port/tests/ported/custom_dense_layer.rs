// Ported from custom_dense_layer.py.

use candle_keras::activations::ActivationFunction;
use candle_keras::candle_core::IndexOp;
use candle_keras::initializers::{Constant, HeNormal};
use candle_keras::layers::{Build, Context, Shape, Weight, layer, single};
use candle_keras::optimizers::RMSprop;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};

fn main() -> Result<()> {
    // Layers of one's own: weights in build(), a config, and a layer with state that is not trained.

    utils::set_random_seed(55);
    numpy::random::seed(55);

    let x = numpy::random::uniform(-1.0, 1.0, (100, 3))?.to_dtype(DType::F32)?;
    let y = ops::add(&ops::multiply(&x.i((.., 0))?, &x.i((.., 1))?)?, &ops::square(&x.i((.., 2))?)?)?.to_dtype(DType::F32)?;

    let mut model = Sequential::new(layers![
        Input::shape([3]),
        Quadratic::new(12, "relu"),
        SimpleDense::new(8, "tanh"),
        Scale::new(),
        SimpleDense::new(1, "linear"),
    ]);
    println!("weights: {} trainable: {}", model.variables().len(), model.trainable_variables().len());
    for weight in &model.trainable_variables() {
        println!("{:?}", weight.dims());
    }

    model.compile(RMSprop::new().learning_rate(0.005), Compile::loss("mse").metrics(["mae"]))?;
    let history = model.fit(&x.i(..80)?, &y.i(..80)?, Fit::new().epochs(5).batch_size(16).verbose(0))?;
    for (epoch, (&loss, &mae)) in history["loss"].iter().zip(&history["mae"]).enumerate() {
        println!("epoch {epoch}: loss={loss:.5}, mae={mae:.5}");
    }
    let scores = model.evaluate_with(&x.i(80..)?, &y.i(80..)?, Evaluate::new().verbose(0))?;
    println!("test: {:?}", [scores["loss"], scores["mae"]]);

    let layer = SimpleDense::new(4, "linear");
    let out = layer.call(ops::ones([2, 3], None)?)?;
    println!("called on ones: {:?} weights {}", out.dims(), layer.variables().len());
    println!("{}", numpy::array_str(&ops::squeeze(&model.predict_with(&x.i(80..84)?, Predict::new().verbose(0))?, ())?)?);
    Ok(())
}

layer! {
    struct SimpleDense(
        units: usize,
        activation: ActivationFunction,
    ) {}
}

impl Layer for SimpleDense {
    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        let shape = [build.input_size(-1)?, self.units];
        build.add_weight(Weight::new("w", shape, &"random_normal".into()));
        build.add_weight(Weight::new("b", [self.units], &"zeros".into()));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let inputs = single(inputs)?;
        Ok(vec![self.activation.call(&ops::add(&ops::matmul(inputs, &self.weight("w", ctx)?)?, &self.weight("b", ctx)?)?)?])
    }
}

layer! {
    /// activation(x^2 a + x b + c)
    struct Quadratic(
        units: usize,
        activation: ActivationFunction,
    ) {}
}

impl Layer for Quadratic {
    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        let dim = build.input_size(-1)?;
        build.add_weight(Weight::new("a", [dim, self.units], &HeNormal::new().into()));
        build.add_weight(Weight::new("b", [dim, self.units], &HeNormal::new().into()));
        build.add_weight(Weight::new("c", [self.units], &Constant::new(0.1).into()));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let inputs = single(inputs)?;
        Ok(vec![self.activation.call(&ops::add(&ops::add(&ops::matmul(&ops::square(inputs)?, &self.weight("a", ctx)?)?, &ops::matmul(inputs, &self.weight("b", ctx)?)?)?, &self.weight("c", ctx)?)?)?])
    }
}

layer! {
    struct Scale() {}
}

impl Layer for Scale {
    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        build.add_weight(Weight::new("gain", [], &"ones".into()).trainable(false));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let inputs = single(inputs)?;
        Ok(vec![(&ops::multiply(inputs, &self.weight("gain", ctx)?)? * 0.5)?])
    }
}
