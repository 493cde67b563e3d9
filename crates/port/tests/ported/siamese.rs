// Ported from siamese.py.

use candle_keras::layers::{Dense, Dropout, Flatten, Lambda};
use candle_keras::optimizers::RMSprop;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops};

fn main() -> Result<()> {
    // Two pictures through one network; what is learned is their distance.

    let shape = (6, 6);
    let network = base_network(shape)?;
    let a = Input::shape(shape);
    let b = Input::shape(shape);
    let distance = Lambda::of_many(|t| ops::sqrt(&(&ops::sum(&ops::square(&ops::subtract(&t[0], &t[1])?)?, ops::axes(1).keepdims(true))? + 1e-6)?)).call([&network.call(&a), &network.call(&b)]);
    let mut model = Model::new([&a, &b], &distance)?;
    let rms = RMSprop::new().learning_rate(0.01);
    model.compile(rms, "mse")?;

    let left = numpy::random::rand((32, 6, 6))?;
    let right = numpy::random::rand((32, 6, 6))?;
    let apart = Tensor::zeros((32, 1), DType::F64, &Device::Cpu)?;
    model.fit([&left, &right], &apart, Fit::new().epochs(5).batch_size(8).verbose(0))?;
    for step in 0..3 {
        let loss = model.train_on_batch([&left, &right], &apart)?["loss"];
        println!("step {step} loss {loss:?}");
    }
    Ok(())
}

fn base_network(shape: (usize, usize)) -> Result<Model> {
    let inp = Input::shape(shape);
    let mut x = Flatten::new().call(&inp);
    for units in [16, 8] {
        x = Dense::new(units).activation("relu").call(&x);
        x = Dropout::new(0.1).call(&x);
    }
    Model::new(&inp, &x)
}
