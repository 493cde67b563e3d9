// Ported from layer_methods.py.
// Layers with helpers, static methods, class methods and computed attributes.

use candle_keras::candle_core::IndexOp;
use candle_keras::initializers::{Constant, Initializer, RandomNormal};
use candle_keras::layers::{Build, Context, Dense, KerasTensor, Shape, Weight, layer, single};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops};

fn main() -> Result<()> {
    numpy::random::seed(2);
    let x = numpy::random::normal(0.0, 1.0, (60, 6))?.to_dtype(DType::F32)?;
    let y = ops::multiply(&x.i((.., 0))?, &x.i((.., 1))?)?.gt(0.0)?.to_dtype(DType::F32)?;

    let inputs = Input::shape([6]);
    let h = Antirectifier::new("he_normal").call(&inputs);
    let h = Scaled::new(8, 3, Constant::new(0.5)).call(&h);
    let h = Antirectifier::new(RandomNormal::new().stddev(0.3)).call(&h);
    let outputs = Head::small(4).call(&h);
    let mut model = Model::new(&inputs, &outputs)?;
    model.compile("adam", "binary_crossentropy")?;
    let history = model.fit(&x, &y, Fit::new().epochs(3).batch_size(20).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{}", numpy::array_str(&model.predict_with(&x.i(..3)?, Predict::new().verbose(0))?)?);
    Ok(())
}

layer! {
    struct Antirectifier(
        initializer: Initializer,
    ) {}
}

impl Layer for Antirectifier {
    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        let output_dim = build.input_size(-1)?;
        build.add_weight(Weight::new("kernel", [output_dim * 2, output_dim], &self.initializer));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let inputs = single(inputs)?;
        let inputs = ops::subtract(inputs, &ops::mean(inputs, ops::axes(-1).keepdims(true))?)?;
        let pos = ops::relu(&inputs)?;
        let neg = ops::relu(&inputs.neg()?)?;
        let concatenated = ops::concatenate(&[&pos, &neg], -1)?;
        let mixed = ops::matmul(&concatenated, &self.weight("kernel", ctx)?)?;
        Ok(vec![mixed])
    }
}

layer! {
    /// Scales by powers of a number.
    struct Scaled(
        units: usize,
        times: usize,
        bias_initializer: Initializer,
    ) {}
}

impl Scaled {
    fn project(&self, x: &Tensor, ctx: &mut Context) -> Result<Tensor> {
        Ok(ops::add(&ops::matmul(x, &self.weight("w", ctx)?)?, &self.weight("b", ctx)?)?)
    }

    fn squash(x: &Tensor, limit: f64) -> Result<Tensor> {
        Ok(ops::clip(x, -limit, limit)?)
    }
}

impl Layer for Scaled {
    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        let shape = [build.input_size(-1)?, self.units];
        build.add_weight(Weight::new("w", shape, &"glorot_uniform".into()));
        build.add_weight(Weight::new("b", [self.units], &self.bias_initializer));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let inputs = single(inputs)?;
        let x = numpy::divide(&self.project(inputs, ctx)?, self.units / 2 * self.times)?;
        Ok(vec![Self::squash(&(&x * 2.0)?, 0.5)?])
    }
}

#[derive(Clone)]
struct Head {
    dense: Dense,
    out: Dense,
}

impl Head {
    fn new(units: usize) -> Self {
        let dense = Dense::new(units);
        let out = Dense::new(1).activation("sigmoid");
        Self { dense, out }
    }

    fn small(units: usize) -> Head {
        Head::new(units)
    }

    fn gate(x: &KerasTensor, y: &KerasTensor) -> KerasTensor {
        ops::tanh(x) * y
    }

    fn call(&self, x: &KerasTensor) -> KerasTensor {
        let x = self.dense.call(x);
        self.out.call(Self::gate(&x, &x))
    }
}
