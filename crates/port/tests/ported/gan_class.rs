// Ported from gan_class.py.
// A GAN as a model with its own compile and train_step, and a callback that looks at the generator.

use candle_keras::callbacks::Logs;
use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, KerasTensor, LeakyReLU};
use candle_keras::losses::{BinaryCrossentropy, Loss};
use candle_keras::metrics::Mean;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Batch, Error, GradientTape, Optimizer, StepLogs, TrainStep, numpy, ops, random};

fn main() -> Result<()> {
    let latent_dim = 4;
    let batch_size = 32;

    let discriminator = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(16),
        LeakyReLU::new().negative_slope(0.2),
        Dense::new(1),
    ]).name("discriminator");
    let generator = Sequential::new(layers![
        Input::shape([latent_dim]),
        Dense::new(16).activation("relu"),
        Dense::new(2),
    ]).name("generator");

    numpy::random::seed(1);
    let angle = numpy::random::uniform(0.0, 2.0 * std::f64::consts::PI, 200)?;
    let points = ops::stack(&[&ops::cos(&angle)?, &ops::sin(&angle)?], 1)?.to_dtype(DType::F32)?;
    let dataset = Dataset::from_tensor_slices(&points)?;
    let dataset = dataset.shuffle(256).batch(batch_size);

    let mut gan = GAN::new(&discriminator, &generator, latent_dim);
    let mut gan_model = gan.model();
    gan.compile(&Adam::new().learning_rate(0.003), &Adam::new().learning_rate(0.003), &BinaryCrossentropy::new().from_logits(true));
    let history = gan_model.fit(&dataset, (), Fit::new().epochs(3).verbose(0).callback(GANMonitor::new(5, latent_dim)).step(&mut gan))?;
    println!("d_loss: {:?}", &history["d_loss"]);
    println!("g_loss: {:?}", &history["g_loss"]);

    let noise = numpy::random::normal(0.0, 1.0, (3, latent_dim))?.to_dtype(DType::F32)?;
    println!("generated: {}", numpy::array_str(&gan.generator.predict_with(&noise, Predict::new().verbose(0))?)?);
    println!("judged: {}", numpy::array_str(&discriminator.predict_with(&points.i(..3)?, Predict::new().verbose(0))?)?);
    Ok(())
}

/// Two networks that train against each other.
struct GAN {
    discriminator: Sequential,
    generator: Sequential,
    latent_dim: usize,
    d_loss_metric: Mean,
    g_loss_metric: Mean,
    d_optimizer: Option<Optimizer>,
    g_optimizer: Option<Optimizer>,
    loss_fn: Option<Loss>,
}

impl GAN {
    fn new(discriminator: &Sequential, generator: &Sequential, latent_dim: usize) -> Self {
        let discriminator_ = discriminator.clone();
        let generator_ = generator.clone();
        let d_loss_metric = Mean::new();
        let g_loss_metric = Mean::new();
        Self { discriminator: discriminator_, generator: generator_, latent_dim, d_loss_metric, g_loss_metric, d_optimizer: None, g_optimizer: None, loss_fn: None }
    }

    fn compile(&mut self, d_optimizer: &Adam, g_optimizer: &Adam, loss_fn: &BinaryCrossentropy) {
        self.d_optimizer = Some(Optimizer::from(d_optimizer.clone()));
        self.g_optimizer = Some(Optimizer::from(g_optimizer.clone()));
        self.loss_fn = Some(Loss::from(loss_fn.clone()));
    }

    fn model(&self) -> Model {
        let layers = layers![self.discriminator.clone(), self.generator.clone()];
        Model::from_call("GAN", layers, |_| Err::<KerasTensor, _>(Error::new("GAN has no call")))
    }

    fn d_optimizer(&mut self) -> Result<&mut Optimizer> {
        self.d_optimizer.as_mut().ok_or_else(|| Error::new("the attribute d_optimizer is not set yet"))
    }

    fn g_optimizer(&mut self) -> Result<&mut Optimizer> {
        self.g_optimizer.as_mut().ok_or_else(|| Error::new("the attribute g_optimizer is not set yet"))
    }

    fn loss_fn(&self) -> Result<&Loss> {
        self.loss_fn.as_ref().ok_or_else(|| Error::new("the attribute loss_fn is not set yet"))
    }
}

impl TrainStep for GAN {
    fn train_step(&mut self, _: &mut Model, batch: &Batch) -> Result<StepLogs> {
        let real_points = &batch.x[0];
        let batch_size = real_points.dims()[0];
        let random_latent_vectors = random::normal([batch_size as i64, self.latent_dim as i64], 0.0, 1.0, None, None)?;
        let generated_points = self.generator.call(&random_latent_vectors)?;
        let combined_points = ops::concatenate(&[&generated_points, real_points], 0)?;
        let mut labels = ops::concatenate(&[&ops::ones([batch_size as i64, 1], None)?, &ops::zeros([batch_size as i64, 1], None)?], 0)?;
        labels = ops::add(&labels, &(0.05 * &random::uniform(labels.dims().iter().map(|&n| n as i64).collect::<Vec<_>>(), 0.0, 1.0, None, None)?)?)?;
        let tape = GradientTape::new();
        let predictions = self.discriminator.call(&combined_points)?;
        let d_loss = self.loss_fn()?.call(&labels, &predictions, None, None)?;
        let grads = tape.gradient(&d_loss, &self.discriminator.trainable_variables())?;
        self.d_optimizer()?.apply_gradients(grads)?;
        let random_latent_vectors = random::normal([batch_size as i64, self.latent_dim as i64], 0.0, 1.0, None, None)?;
        let misleading_labels = ops::zeros([batch_size as i64, 1], None)?;
        let tape = GradientTape::new();
        let predictions = self.discriminator.call(self.generator.call(&random_latent_vectors)?)?;
        let g_loss = self.loss_fn()?.call(&misleading_labels, &predictions, None, None)?;
        let grads = tape.gradient(&g_loss, &self.generator.trainable_variables())?;
        self.g_optimizer()?.apply_gradients(grads)?;
        self.d_loss_metric.update_state(&d_loss, None)?;
        self.g_loss_metric.update_state(&g_loss, None)?;
        Ok(vec![("d_loss", Tensor::new(self.d_loss_metric.result()?, &Device::Cpu)?), ("g_loss", Tensor::new(self.g_loss_metric.result()?, &Device::Cpu)?)])
    }

    fn reset_metrics(&mut self) {
        self.d_loss_metric.reset_state();
        self.g_loss_metric.reset_state();
    }

    fn averages_logs(&self) -> bool {
        false
    }
}

/// Shows the mean of generated points.
struct GANMonitor {
    num_points: usize,
    latent_dim: usize,
}

impl GANMonitor {
    fn new(num_points: usize, latent_dim: usize) -> Self {

        Self { num_points, latent_dim }
    }
}

impl Callback for GANMonitor {
    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, _logs: &Logs) -> Result<()> {
        let random_latent_vectors = random::normal([self.num_points as i64, self.latent_dim as i64], 0.0, 1.0, None, None)?;
        let generated = model.layers()[1].call(&random_latent_vectors)?;
        println!("epoch {epoch}: {:.4}", ops::mean(&generated, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        Ok(())
    }
}
