// Ported from layer_versions.py.
// Layers whose arguments differ from one use to the next, weights that move from model to model, and layers that are frozen.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, KerasTensor, Lambda};
use candle_keras::optimizers::SGD;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};

fn main() -> Result<()> {
    utils::set_random_seed(5);
    numpy::random::seed(5);

    let x = numpy::random::uniform(-1.0, 1.0, (96, 5))?.to_dtype(DType::F32)?;
    let y = ops::add(&ops::multiply(&x.i((.., 0))?, &x.i((.., 1))?)?, &x.i((.., 2))?)?.to_dtype(DType::F32)?;

    let mut trainer = Trainer::new(5, 8)?;
    for (epoch, loss) in trainer.train(&x, &y, 3)?.into_iter().enumerate() {
        println!("epoch {}: {loss:.5}", epoch + 1);
    }

    // The same architecture, with the weights of the first model
    let mut other = Trainer::new(5, 8)?;
    println!("before: {:.5}", other.model.evaluate_with(&x, &y, Evaluate::new().verbose(0))?["loss"]);
    other.encoder.set_weights(&trainer.encoder.get_weights()?)?;
    for (mine, theirs) in other.head.layers().into_iter().zip(trainer.head.layers()) {
        mine.set_weights(&theirs.get_weights()?)?;
    }
    println!("after: {:.5}", other.model.evaluate_with(&x, &y, Evaluate::new().verbose(0))?["loss"]);

    // Only the head is trained
    for layer in python::slice(&other.model.layers(), ..-1).to_vec() {
        layer.set_trainable(false);
    }
    other.model.compile("sgd", "mse")?;
    println!("trainable: {} of {}", other.model.trainable_variables().len(), other.model.variables().len());
    let kernel = other.encoder.get_weights()?[0].clone();
    other.train(&x, &y, 2)?;
    println!("frozen: {}", if numpy::array_equal(&kernel, &other.encoder.get_weights()?[0])? { "True" } else { "False" });
    println!("end: {:.5}", other.model.evaluate_with(&x, &y, Evaluate::new().verbose(0))?["loss"]);

    // A part of the model, up to an inner layer
    let features = Model::new(&trainer.encoder.input()?, &trainer.encoder.output()?)?;
    println!("{}", numpy::array_str(&ops::round(&features.predict_with(&x.i(..2)?, Predict::new().verbose(0))?, 3)?)?);
    Ok(())
}

/// A Dense layer with an optional cut, and an optional scale.
#[derive(Clone)]
struct OwnDense {
    inner: Dense,
    scale: f64,
}

impl OwnDense {
    fn new(units: usize, scale: f64) -> Self {
        let inner = Dense::new(units);
        Self { inner, scale }
    }

    fn call(&self, x: &KerasTensor) -> KerasTensor {
        let x = self.inner.call(x) * self.scale;
        ops::relu(&x)
    }
}

/// A Dense layer with an optional cut, and an optional scale.
#[derive(Clone)]
struct OwnDense2 {
    inner: Dense,
    limit: usize,
    scale: f64,
}

impl OwnDense2 {
    fn new(units: usize, limit: usize, scale: f64) -> Self {
        let inner = Dense::new(units);
        Self { inner, limit, scale }
    }

    fn call(&self, x: &KerasTensor) -> Result<KerasTensor> {
        let mut x = self.inner.call(x) * self.scale;
        x = ops::minimum(&x, &Lambda::value(&Tensor::new((self.limit as f64) as f32, &Device::Cpu)?).call(&x));
        Ok(ops::relu(&x))
    }
}

/// A Dense layer with an optional cut, and an optional scale.
#[derive(Clone)]
struct OwnDense3 {
    inner: Dense,
    limit: f64,
    scale: f64,
}

impl OwnDense3 {
    fn new(units: usize, limit: f64, scale: f64) -> Self {
        let inner = Dense::new(units);
        Self { inner, limit, scale }
    }

    fn call(&self, x: &KerasTensor) -> Result<KerasTensor> {
        let mut x = self.inner.call(x) * self.scale;
        x = ops::minimum(&x, &Lambda::value(&Tensor::new((self.limit) as f32, &Device::Cpu)?).call(&x));
        Ok(ops::relu(&x))
    }
}

/// Builds its parts in methods that __init__ calls.
#[allow(dead_code)]
#[derive(Clone)]
struct Trainer {
    size: usize,
    hidden: usize,
    encoder: Model,
    head: Sequential,
    model: Model,
}

impl Trainer {
    fn new(size: usize, hidden: usize) -> Result<Self> {
        let encoder = Self::build_encoder(size, hidden)?;
        let head = Self::build_head(1, hidden);
        let inputs = Input::shape([size]);
        let mut model = Model::new(&inputs, &head.call(encoder.call(&inputs)))?;
        model.compile(SGD::new().learning_rate(0.05), "mse")?;
        Ok(Self { size, hidden, encoder, head, model })
    }

    fn build_encoder(size: usize, hidden: usize) -> Result<Model> {
        let inputs = Input::shape([size]);
        let x = OwnDense::new(hidden, 1.0).call(&inputs);
        let x = OwnDense2::new(hidden, 6, 1.0).call(&x)?;
        let x = OwnDense3::new(hidden, 2.5, 2.0).call(&x)?;
        Ok(Model::new(&inputs, &x)?.name("encoder"))
    }

    fn build_head(units: usize, hidden: usize) -> Sequential {
        let mut model = Sequential::new(layers![]).name("head");
        model.add(Input::shape([hidden]));
        model.add(Dense::new(units));
        model
    }

    fn train(&mut self, x: &Tensor, y: &Tensor, epochs: usize) -> Result<Vec<f64>> {
        Ok(self.model.fit(x, y, Fit::new().epochs(epochs).batch_size(16).verbose(0))?["loss"].to_vec())
    }
}
