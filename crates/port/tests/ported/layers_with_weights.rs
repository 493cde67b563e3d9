// Ported from layers_with_weights.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Activation, Build, Context, Dense, Shape, Weight, layer, single};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, random, utils};

fn main() -> Result<()> {
    utils::set_random_seed(3);
    numpy::random::seed(3);

    let x = numpy::random::rand((64, 6))?.to_dtype(DType::F32)?;
    let inputs = Input::shape([6]);
    let h = Linear::new(8).call(&inputs);
    let h = Activation::new("relu").call(&h);
    let z_mean = Linear::new(2).call(&h);
    let z_log_var = Linear::new(2).call(&h);
    let z = Sampling::new().call([&z_mean, &z_log_var]);
    let outputs = Dense::new(6).activation("sigmoid").call(&z);
    let mut vae = Model::new(&inputs, &outputs)?;
    vae.compile("adam", "mse")?;
    let history = vae.fit(&x, &x, Fit::new().epochs(3).batch_size(16).verbose(0))?;
    println!("{:?}", &history["loss"]);
    let mut s = Sequential::new(layers![
        Input::shape([6]),
        Linear::new(4),
        Linear::new(1),
    ]);
    s.compile("sgd", "mse")?;
    println!("{:?}", &s.fit(&x, &x.i((.., 0))?, Fit::new().epochs(2).verbose(0))?["loss"]);
    Ok(())
}

layer! {
    /// A dense layer by hand.
    struct Linear(
        units: usize,
    ) {}
}

impl Layer for Linear {
    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        let shape = [build.input_size(-1)?, self.units];
        build.add_weight(Weight::new("w", shape, &"glorot_uniform".into()));
        build.add_weight(Weight::new("b", [self.units], &"zeros".into()));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let inputs = single(inputs)?;
        Ok(vec![ops::add(&ops::matmul(inputs, &self.weight("w", ctx)?)?, &self.weight("b", ctx)?)?])
    }
}

layer! {
    /// Uses (z_mean, z_log_var) to sample z.
    struct Sampling() {}
}

impl Layer for Sampling {
    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let (z_mean, z_log_var) = (inputs[0].clone(), inputs[1].clone());
        let batch = z_mean.dims()[0];
        let dim = z_mean.dims()[1];
        let epsilon = random::normal([batch as i64, dim as i64], 0.0, 1.0, None, ctx.random(None))?;
        let kl = (-0.5 * &ops::mean(&ops::subtract(&ops::subtract(&(1.0 + &z_log_var)?, &ops::square(&z_mean)?)?, &ops::exp(&z_log_var)?)?, ())?)?;
        ctx.add_loss(kl.clone());
        Ok(vec![ops::add(&z_mean, &ops::multiply(&ops::exp(&(0.5 * &z_log_var)?)?, &epsilon)?)?])
    }
}
