//! A Wasserstein GAN with a gradient penalty (Gulrajani et al., 2017) under `fit`: the loss of the critic has the gradient of a gradient.

#[path = "common/clouds.rs"]
mod clouds;
#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{Call, Dense, Variable};
use candle_keras::ops::random::{self, Stream};
use candle_keras::optimizers::Adam;
use candle_keras::{Batch, GradientTape, Optimizer, StepLogs, TrainStep, ops, prelude::*};
use clap::Parser;
use clouds::{CLOUDS, NOISE, normal, ring};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains a generator of points against a critic with a gradient penalty.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<30>,
}

/// How often the critic learns before the generator does.
const CRITIC_STEPS: usize = 3;
/// The weight of the penalty.
const PENALTY: f64 = 1.0;

/// Two networks, each with its optimizer.
struct Wgan {
    generator: Sequential,
    critic: Sequential,
    optimizers: [Optimizer; 2],
}

impl Wgan {
    /// The mean of what the critic says.
    fn judge(&self, x: &Tensor) -> candle_keras::Result<Tensor> {
        Ok(ops::mean(&self.critic.call_with(x, Call::new().training(true))?, ())?)
    }

    /// How far the slope of the critic is from 1, between real points and generated ones.
    fn penalty(&self, real: &Tensor, generated: &Tensor, random: &mut Stream) -> candle_keras::Result<Tensor> {
        let part = Tensor::from_vec(random.uniform_f32(real.dim(0)?), (real.dim(0)?, 1), real.device())?;
        let between = (generated + (real - generated)?.broadcast_mul(&part)?)?;
        let tape = GradientTape::new();
        let between = tape.watch(&between)?;
        let sum = ops::sum(&self.critic.call_with(&between, Call::new().training(true))?, ())?;
        let slope = tape.gradient(&sum, &between)?;
        // The root has no slope at 0.
        let norm = ops::sqrt(&(ops::sum(&ops::square(&slope)?, -1)? + 1e-12)?)?;
        Ok(ops::mean(&ops::square(&(norm - 1.0)?)?, ())?)
    }
}

impl TrainStep for Wgan {
    fn train_step(&mut self, _: &mut Model, batch: &Batch) -> candle_keras::Result<StepLogs> {
        let (real, mut random) = (&batch.x[0], random::next_stream());
        let mut logs = Vec::new();
        for _ in 0..CRITIC_STEPS {
            // The tape begins after the generator, which is not trained here.
            let generated = self.generator.call(&normal(&mut random, batch.size(), NOISE)?)?;
            let tape = GradientTape::new();
            let distance = (self.judge(real)? - self.judge(&generated)?)?;
            let penalty = self.penalty(real, &generated, &mut random)?;
            let loss = ((&penalty * PENALTY)? - &distance)?;
            let gradients = tape.gradient(&loss, &self.critic.trainable_variables())?;
            self.optimizers[0].apply_gradients(gradients)?;
            logs = vec![("distance", distance), ("penalty", penalty)];
        }
        let noise = normal(&mut random, batch.size(), NOISE)?;
        let tape = GradientTape::new();
        let loss = self.judge(&self.generator.call_with(&noise, Call::new().training(true))?)?.neg()?;
        let gradients = tape.gradient(&loss, &self.generator.trainable_variables())?;
        self.optimizers[1].apply_gradients(gradients)?;
        Ok(logs)
    }

    fn optimizers(&mut self) -> Vec<(&mut Optimizer, Vec<Variable>)> {
        let [critic, generator] = &mut self.optimizers;
        vec![(critic, self.critic.trainable_variables()), (generator, self.generator.trainable_variables())]
    }
}

fn main() -> Result<()> {
    let run = training::parse::<Args>().run;
    run.start()?;
    let hidden = |activation| Dense::new(64).activation(activation);
    let generator = Sequential::new(layers![Input::shape([NOISE]), hidden("relu"), hidden("relu"), Dense::new(2)]);
    let critic = Sequential::new(layers![Input::shape([2]), hidden("leaky_relu"), hidden("leaky_relu"), Dense::new(1)]);
    // The model that `fit` trains has the weights of both: callbacks save them, and backups.
    let noise = Input::shape([NOISE]);
    let mut both = Model::new(&noise, critic.call(&generator.call(&noise)))?;
    let adam = || Adam::new().learning_rate(1e-3).beta_1(0.5).beta_2(0.9).into();
    let mut gan = Wgan { generator, critic, optimizers: [adam(), adam()] };

    let points = ring(&mut Stream::new(run.seed(), 1), 8_192)?;
    let history = both.fit(&points, (), run.fit("wgan_gp").batch_size(128).step(&mut gan))?;
    let (first, last) = (history["distance"][0], history["distance"][history.epoch.len() - 1]);
    println!("\nthe distance of the distributions, as the critic measures it: {first:.3} at first, {last:.3} at last");

    let noise = normal(&mut Stream::new(run.seed(), 2), 2_000, NOISE)?;
    let generated = gan.generator.predict_with(&noise, Predict::new().batch_size(500).verbose(0))?.to_vec2::<f32>()?;
    clouds::show(&generated);
    let in_cloud = clouds::count(&generated);
    let (inside, least) = (in_cloud.iter().sum::<usize>(), in_cloud.into_iter().min().unwrap_or(0));
    println!("{inside} of 2000 points are in a cloud, as many of each: {in_cloud:?}");
    run.claim(least >= 2_000 / CLOUDS / 2, "each of the eight clouds has at least half of its part of 2000 points")?;
    run.claim(inside > 1_600, "four fifths of the points are in a cloud")?;
    run.claim(last < first / 4.0, "the distance of the distributions is less than a quarter of what it was")?;
    run.finish()
}
