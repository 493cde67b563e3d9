//! A generative adversarial network (Goodfellow et al., 2014) under `fit`: a generator learns to make points that a discriminator cannot
//! tell from those of a ring of eight clouds.

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{Call, Dense, Variable};
use candle_keras::losses::BinaryCrossentropy;
use candle_keras::ops::random::{self, Stream};
use candle_keras::optimizers::Adam;
use candle_keras::{Batch, GradientTape, Optimizer, StepLogs, TrainStep, prelude::*};
use clap::Parser;
use std::f64::consts::TAU;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains a generator of points against a discriminator.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<60>,
}

/// The size of the noise that a point is made of.
const NOISE: usize = 8;
const CLOUDS: usize = 8;

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

    // Of the generated points: how many are in a cloud, and how many clouds have their part.
    let noise = normal(&mut Stream::new(run.seed(), 2), 2_000, NOISE)?;
    let generated = gan.generator.predict_with(&noise, Predict::new().batch_size(500).verbose(0))?.to_vec2::<f32>()?;
    let mut in_cloud = [0; CLOUDS];
    for point in &generated {
        let (x, y) = (f64::from(point[0]), f64::from(point[1]));
        let cloud = (y.atan2(x) / TAU * CLOUDS as f64).round().rem_euclid(CLOUDS as f64) as usize;
        let (sin, cos) = (TAU * cloud as f64 / CLOUDS as f64).sin_cos();
        in_cloud[cloud] += usize::from((x - 2.0 * cos).hypot(y - 2.0 * sin) < 0.5);
    }
    show(&generated);
    let (inside, found) = (in_cloud.iter().sum::<usize>(), in_cloud.iter().filter(|&&count| count >= 50).count());
    println!("{inside} of 2000 points are in a cloud, as many of each: {in_cloud:?}");
    run.claim(found == CLOUDS, "each of the eight clouds has at least 50 of 2000 points")?;
    run.claim(inside > 1_600, "four fifths of the points are in a cloud")?;
    run.finish()
}

/// Points of eight clouds around a circle.
fn ring(stream: &mut Stream, count: usize) -> Result<Tensor> {
    let mut points = Vec::with_capacity(2 * count);
    for _ in 0..count {
        let noise = stream.normal(2);
        let (sin, cos) = (TAU * stream.below(CLOUDS as u64) as f64 / CLOUDS as f64).sin_cos();
        points.extend([(2.0 * cos + 0.15 * noise[0]) as f32, (2.0 * sin + 0.15 * noise[1]) as f32]);
    }
    Ok(Tensor::from_vec(points, (count, 2), &Device::Cpu)?)
}

/// Prints where the points are.
fn show(points: &[Vec<f32>]) {
    let mut picture = [[0; 48]; 24];
    for point in points {
        let (column, row) = ((point[0] + 3.0) * 8.0, (3.0 - point[1]) * 4.0);
        if (0.0..48.0).contains(&column) && (0.0..24.0).contains(&row) {
            picture[row as usize][column as usize] += 1;
        }
    }
    for row in picture {
        println!(
            "  {}",
            row.map(|count| if count > 4 {
                '#'
            } else if count > 0 {
                '.'
            } else {
                ' '
            })
            .iter()
            .collect::<String>()
        );
    }
}

fn normal(stream: &mut Stream, rows: usize, columns: usize) -> candle_keras::Result<Tensor> {
    let numbers: Vec<f32> = stream.normal(rows * columns).into_iter().map(|x| x as f32).collect();
    Ok(Tensor::from_vec(numbers, (rows, columns), &Device::Cpu)?)
}
