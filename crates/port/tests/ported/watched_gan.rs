// Ported from watched_gan.py.
// A small GAN of curves, and a callback that looks at what its generator makes after each epoch.

use candle_keras::callbacks::Logs;
use candle_keras::layers::{Dense, KerasTensor, LeakyReLU};
use candle_keras::losses::{BinaryCrossentropy, Loss};
use candle_keras::metrics::Mean;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Batch, Error, GradientTape, Optimizer, StepLogs, TrainStep, numpy, ops, random, utils};

fn main() -> Result<()> {
    utils::set_random_seed(21);

    let latent_dim = 4;
    let length = 10;

    let discriminator = Sequential::new(layers![
        Input::shape([length]),
        Dense::new(16).activation(LeakyReLU::new().negative_slope(0.2)),
        Dense::new(1).activation("sigmoid"),
    ]).name("discriminator");
    let generator = Sequential::new(layers![
        Input::shape([latent_dim]),
        Dense::new(16).activation("relu"),
        Dense::new(length).activation("tanh"),
    ]).name("generator");

    let mut rng = numpy::random::RandomState::new(4);
    let phases = rng.uniform(0.0, 1.0, (128, 1))?;
    let curves = ops::sin(&ops::add(&ops::linspace(0.0, 3.0, length, true, "float64")?, &phases)?)?.to_dtype(DType::F32)?;

    let mut watcher = Watcher::new(3, latent_dim);
    let mut gan = CurveGAN::new(&discriminator, &generator, latent_dim);
    let mut gan_model = gan.model();
    gan.compile(&Adam::new().learning_rate(0.003), &Adam::new().learning_rate(0.003), &BinaryCrossentropy::new());
    let history = gan_model.fit(&curves, (), Fit::new().batch_size(32).epochs(3).callback(&mut watcher).verbose(0).step(&mut gan))?;
    for (&d_loss, &g_loss) in history["d_loss"].iter().zip(&history["g_loss"]) {
        println!("discriminator {d_loss:.4}, generator {g_loss:.4}");
    }
    Ok(())
}

/// Prints the mean and the spread of generated curves.
struct Watcher {
    number: usize,
    latent_dim: usize,
}

impl Watcher {
    fn new(number: usize, latent_dim: usize) -> Self {

        Self { number, latent_dim }
    }
}

impl Callback for Watcher {
    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, _logs: &Logs) -> Result<()> {
        let noise = ops::linspace(-1.0, 1.0, self.number * self.latent_dim, true, "float64")?.reshape((self.number, self.latent_dim))?;
        let curves = model.layers()[1].call(noise.to_dtype(DType::F32)?)?;
        println!("epoch {epoch}: mean {:.4}, spread {:.4}", ops::mean(&curves, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::subtract(&ops::max(&curves, ())?, &ops::min(&curves, ())?)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        Ok(())
    }
}

struct CurveGAN {
    discriminator: Sequential,
    generator: Sequential,
    latent_dim: usize,
    d_loss_metric: Mean,
    g_loss_metric: Mean,
    d_optimizer: Option<Optimizer>,
    g_optimizer: Option<Optimizer>,
    loss_fn: Option<Loss>,
}

impl CurveGAN {
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
        Model::from_call("CurveGAN", layers, |_| Err::<KerasTensor, _>(Error::new("CurveGAN has no call")))
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

impl TrainStep for CurveGAN {
    fn train_step(&mut self, _: &mut Model, batch: &Batch) -> Result<StepLogs> {
        let real = &batch.x[0];
        let batch_size = real.dims()[0];
        let noise = random::normal([batch_size as i64, self.latent_dim as i64], 0.0, 1.0, None, None)?;
        let generated = self.generator.call(&noise)?;
        let combined = ops::concatenate(&[&generated, real], 0)?;
        let labels = ops::concatenate(&[&ops::ones([batch_size as i64, 1], None)?, &ops::zeros([batch_size as i64, 1], None)?], 0)?;
        let tape = GradientTape::new();
        let d_loss = self.loss_fn()?.call(&labels, &self.discriminator.call(&combined)?, None, None)?;
        let gradients = tape.gradient(&d_loss, &self.discriminator.trainable_variables())?;
        self.d_optimizer()?.apply_gradients(gradients)?;
        let noise = random::normal([batch_size as i64, self.latent_dim as i64], 0.0, 1.0, None, None)?;
        let misleading = ops::zeros([batch_size as i64, 1], None)?;
        let tape = GradientTape::new();
        let g_loss = self.loss_fn()?.call(&misleading, &self.discriminator.call(self.generator.call(&noise)?)?, None, None)?;
        let gradients = tape.gradient(&g_loss, &self.generator.trainable_variables())?;
        self.g_optimizer()?.apply_gradients(gradients)?;
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
