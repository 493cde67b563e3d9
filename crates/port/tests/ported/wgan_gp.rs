// Ported from wgan_gp.py.
// A Wasserstein GAN with gradient penalty: a tape within a tape, and losses that are functions.

use candle_keras::layers::{Activation, BatchNormalization, Call, Dense, Dropout, KerasTensor};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Batch, Error, GradientTape, Optimizer, StepLogs, TrainStep, numpy, ops, random};

const NOISE_DIM: usize = 4;

fn main() -> Result<()> {
    numpy::random::seed(3);
    let train_points = numpy::random::normal(2.0, 0.5, (144, 2))?.to_dtype(DType::F32)?;

    let mut wgan = WGAN::new(&get_discriminator()?, &get_generator()?, NOISE_DIM, 2, 10.0);
    let mut wgan_model = wgan.model();
    wgan.compile(&Adam::new().learning_rate(0.002).beta_1(0.5).beta_2(0.9), &Adam::new().learning_rate(0.002).beta_1(0.5).beta_2(0.9));
    let history = wgan_model.fit(&train_points, (), Fit::new().batch_size(48).epochs(4).verbose(0).step(&mut wgan))?;
    println!("d_loss: {:?}", &history["d_loss"]);
    println!("g_loss: {:?}", &history["g_loss"]);
    let noise = numpy::random::normal(0.0, 1.0, (4, NOISE_DIM))?.to_dtype(DType::F32)?;
    println!("generated: {}", numpy::array_str(&wgan.generator.predict_with(&noise, Predict::new().verbose(0))?)?);
    Ok(())
}

fn get_discriminator() -> Result<Model> {
    let points = Input::shape([2]);
    let x = Dense::new(16).activation("tanh").call(&points);
    let x = Dropout::new(0.2).call(&x);
    let x = Dense::new(1).call(&x);
    Ok(Model::new(&points, &x)?.name("discriminator"))
}

fn get_generator() -> Result<Model> {
    let noise = Input::shape([NOISE_DIM]);
    let x = Dense::new(16).use_bias(false).call(&noise);
    let x = BatchNormalization::new().call(&x);
    let x = Activation::new("relu").call(&x);
    let x = Dense::new(2).call(&x);
    Ok(Model::new(&noise, &x)?.name("generator"))
}

struct WGAN {
    discriminator: Model,
    generator: Model,
    latent_dim: usize,
    d_steps: usize,
    gp_weight: f64,
    d_optimizer: Option<Optimizer>,
    g_optimizer: Option<Optimizer>,
}

impl WGAN {
    fn new(discriminator: &Model, generator: &Model, latent_dim: usize, discriminator_extra_steps: usize, gp_weight: f64) -> Self {
        let discriminator_ = discriminator.clone();
        let generator_ = generator.clone();
        let d_steps = discriminator_extra_steps;
        Self { discriminator: discriminator_, generator: generator_, latent_dim, d_steps, gp_weight, d_optimizer: None, g_optimizer: None }
    }

    fn compile(&mut self, d_optimizer: &Adam, g_optimizer: &Adam) {
        self.d_optimizer = Some(Optimizer::from(d_optimizer.clone()));
        self.g_optimizer = Some(Optimizer::from(g_optimizer.clone()));
    }

    fn gradient_penalty(&self, batch_size: usize, real_points: &Tensor, fake_points: &Tensor) -> Result<Tensor> {
        // Calculates the penalty on interpolated points.
        let alpha = random::normal([batch_size as i64, 1], 0.0, 1.0, None, None)?;
        let diff = ops::subtract(fake_points, real_points)?;
        let interpolated = ops::add(real_points, &ops::multiply(&alpha, &diff)?)?;
        let gp_tape = GradientTape::new();
        let interpolated = gp_tape.watch(&interpolated)?;
        let pred = self.discriminator.call_with(&interpolated, Call::new().training(true))?;
        let grads = gp_tape.gradient(&pred, &interpolated)?;
        let norm = ops::sqrt(&ops::sum(&ops::square(&grads)?, [1])?)?;
        let gp = ops::mean(&ops::square(&(&norm - 1.0)?)?, ())?;
        Ok(gp)
    }

    fn model(&self) -> Model {
        let layers = layers![self.discriminator.clone(), self.generator.clone()];
        Model::from_call("WGAN", layers, |_| Err::<KerasTensor, _>(Error::new("WGAN has no call")))
    }

    fn d_optimizer(&mut self) -> Result<&mut Optimizer> {
        self.d_optimizer.as_mut().ok_or_else(|| Error::new("the attribute d_optimizer is not set yet"))
    }

    fn g_optimizer(&mut self) -> Result<&mut Optimizer> {
        self.g_optimizer.as_mut().ok_or_else(|| Error::new("the attribute g_optimizer is not set yet"))
    }
}

impl TrainStep for WGAN {
    fn train_step(&mut self, _: &mut Model, batch: &Batch) -> Result<StepLogs> {
        let real_points = &batch.x[0];
        let batch_size = real_points.dims()[0];
        let mut d_loss: Tensor = Tensor::new(0f32, &Device::Cpu)?;
        for _i in 0..self.d_steps {
            let random_latent_vectors = random::normal([batch_size as i64, self.latent_dim as i64], 0.0, 1.0, None, None)?;
            let tape = GradientTape::new();
            let fake_points = self.generator.call_with(&random_latent_vectors, Call::new().training(true))?;
            let fake_logits = self.discriminator.call_with(&fake_points, Call::new().training(true))?;
            let real_logits = self.discriminator.call_with(real_points, Call::new().training(true))?;
            let d_cost = discriminator_loss(&real_logits, &fake_logits)?;
            let gp = self.gradient_penalty(batch_size, real_points, &fake_points)?;
            d_loss = ops::add(&d_cost, &(&gp * self.gp_weight)?)?;
            let d_gradient = tape.gradient(&d_loss, &self.discriminator.trainable_variables())?;
            self.d_optimizer()?.apply_gradients(d_gradient)?;
        }
        let random_latent_vectors = random::normal([batch_size as i64, self.latent_dim as i64], 0.0, 1.0, None, None)?;
        let tape = GradientTape::new();
        let generated_points = self.generator.call_with(&random_latent_vectors, Call::new().training(true))?;
        let gen_logits = self.discriminator.call_with(&generated_points, Call::new().training(true))?;
        let g_loss = generator_loss(&gen_logits)?;
        let gen_gradient = tape.gradient(&g_loss, &self.generator.trainable_variables())?;
        self.g_optimizer()?.apply_gradients(gen_gradient)?;
        Ok(vec![("d_loss", d_loss), ("g_loss", g_loss)])
    }

    fn averages_logs(&self) -> bool {
        false
    }
}

fn discriminator_loss(real: &Tensor, fake: &Tensor) -> Result<Tensor> {
    Ok(ops::subtract(&ops::mean(fake, ())?, &ops::mean(real, ())?)?)
}

fn generator_loss(fake: &Tensor) -> Result<Tensor> {
    Ok(ops::mean(fake, ())?.neg()?)
}
