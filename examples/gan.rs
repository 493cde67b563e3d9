//! A generative adversarial network (Goodfellow et al., 2014) under `fit`: a generator learns to make points that a discriminator cannot
//! tell from those of a ring of eight clouds.

#[path = "common/clouds.rs"]
mod clouds;
#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{Call, Dense, Variable};
use candle_keras::losses::BinaryCrossentropy;
use candle_keras::ops::random::{self, Stream};
use candle_keras::optimizers::Adam;
use candle_keras::{Batch, GradientTape, Optimizer, StepLogs, TrainStep, prelude::*};
use clap::Parser;
use clouds::{CLOUDS, NOISE, normal, ring};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains a generator of points against a discriminator.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<60>,
}

/// Two networks, each with its optimizer.
struct Gan {
    generator: Sequential,
    discriminator: Sequential,
    optimizers: [Optimizer; 2],
}

impl TrainStep for Gan {
    fn train_step(&mut self, _: &mut Model, batch: &Batch) -> candle_keras::Result<StepLogs> {
        let (real, training) = (&batch.x[0], || Call::new().training(true));
        let crossentropy = BinaryCrossentropy::new().from_logits(true);
        let judge = |x: &Tensor, truth: f64| {
            let logits = self.discriminator.call_with(x, training())?;
            crossentropy.call(&logits.ones_like()?.affine(truth, 0.0)?, &logits)
        };
        let noise = normal(&mut random::next_stream(), batch.size(), NOISE)?;

        // The discriminator learns from real points and generated ones. The tape begins after the generator, which is not trained here.
        let generated = self.generator.call(&noise)?;
        let tape = GradientTape::new();
        // Targets a little below one keep it from being too sure (Salimans et al., 2016).
        let d_loss = (judge(real, 0.9)? + judge(&generated, 0.0)?)?;
        let gradients = tape.gradient(&d_loss, &self.discriminator.trainable_variables())?;
        self.optimizers[0].apply_gradients(gradients)?;

        // The generator learns what the discriminator, as it is now, takes for real.
        let tape = GradientTape::new();
        let g_loss = judge(&self.generator.call_with(&noise, training())?, 1.0)?;
        let gradients = tape.gradient(&g_loss, &self.generator.trainable_variables())?;
        self.optimizers[1].apply_gradients(gradients)?;
        Ok(vec![("d_loss", d_loss), ("g_loss", g_loss)])
    }

    fn optimizers(&mut self) -> Vec<(&mut Optimizer, Vec<Variable>)> {
        let [d, g] = &mut self.optimizers;
        vec![(d, self.discriminator.trainable_variables()), (g, self.generator.trainable_variables())]
    }
}

fn main() -> Result<()> {
    let run = training::parse::<Args>().run;
    run.start()?;
    let hidden = |activation| Dense::new(64).activation(activation);
    let generator = Sequential::new(layers![Input::shape([NOISE]), hidden("relu"), hidden("relu"), Dense::new(2)]);
    let discriminator =
        Sequential::new(layers![Input::shape([2]), hidden("leaky_relu"), hidden("leaky_relu"), Dense::new(1)]);
    // The model that `fit` trains has the weights of both: callbacks save them, and backups.
    let noise = Input::shape([NOISE]);
    let mut both = Model::new(&noise, discriminator.call(&generator.call(&noise)))?;
    let adam = || Adam::new().learning_rate(1e-3).beta_1(0.5).into();
    let mut gan = Gan { generator, discriminator, optimizers: [adam(), adam()] };

    let points = ring(&mut Stream::new(run.seed(), 1), 8_192)?;
    let history = both.fit(&points, (), run.fit("gan").batch_size(128).step(&mut gan))?;
    println!(
        "\nthe last losses: {:.3} and {:.3}",
        history["d_loss"][history.epoch.len() - 1],
        history["g_loss"][history.epoch.len() - 1]
    );

    let noise = normal(&mut Stream::new(run.seed(), 2), 2_000, NOISE)?;
    let generated = gan.generator.predict_with(&noise, Predict::new().batch_size(500).verbose(0))?.to_vec2::<f32>()?;
    clouds::show(&generated);
    let in_cloud = clouds::count(&generated);
    let (inside, found) = (in_cloud.iter().sum::<usize>(), in_cloud.iter().filter(|&&count| count >= 50).count());
    println!("{inside} of 2000 points are in a cloud, as many of each: {in_cloud:?}");
    run.claim(found == CLOUDS, "each of the eight clouds has at least 50 of 2000 points")?;
    run.claim(inside > 1_600, "four fifths of the points are in a cloud")?;
    run.finish()
}
