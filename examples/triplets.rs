//! Contrastive learning with triplets (Schroff et al., "FaceNet", 2015): a network learns where to put samples so that those of one
//! class are near each other. It works for classes that it has never seen, too.

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{Context, Dense, Shape, UnitNormalization, layer};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::{ops, prelude::*};
use clap::Parser;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Learns vectors of samples from triplets, and finds the nearest neighbours of new classes.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<10>,
    /// How much nearer a sample of the same class shall be than one of another
    #[arg(long, default_value_t = 0.3)]
    margin: f64,
}

layer! {
    /// Adds `max(0, |anchor - positive|^2 - |anchor - negative|^2 + margin)` to the loss, and gives the distances.
    pub struct TripletLoss(
        /// By how much they shall differ.
        margin: f64,
    ) {}
}

impl Layer for TripletLoss {
    fn compute_output_shape(&self, inputs: &[Shape]) -> candle_keras::Result<Vec<Shape>> {
        Ok(vec![Shape::from([inputs[0][0]]); 2])
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> candle_keras::Result<Vec<Tensor>> {
        let [near, far] = [1, 2].map(|i| ops::sum(&ops::square(&(&inputs[0] - &inputs[i])?)?, -1));
        let (near, far) = (near?, far?);
        ctx.add_loss(ops::mean(&ops::relu(&((&near - &far)? + self.margin)?)?, ())?);
        Ok(vec![near, far])
    }
}

/// The numbers of a sample, and of the directions in which classes differ.
const SIZE: usize = 40;
const MEANING: usize = 6;

fn main() -> Result<()> {
    let Args { run, margin } = training::parse();
    run.start()?;
    let mut stream = Stream::new(run.seed(), 1);
    let mixing: Vec<f64> = stream.normal(SIZE * SIZE);
    let train = Arc::new(samples(&mut stream, &mixing, 100, 20));
    let new = samples(&mut stream, &mixing, 20, 20);

    let tower = Sequential::new(layers![
        Input::shape([SIZE]),
        Dense::new(64).activation("relu"),
        Dense::new(16),
        UnitNormalization::new(),
    ]);
    let inputs = [(); 3].map(|()| Input::shape([SIZE]));
    let [anchor, positive, negative] = [0, 1, 2].map(|i| tower.call(&inputs[i]));
    let [near, far] = TripletLoss::new(margin).call_multiple([&anchor, &positive, &negative]);
    let mut model = Model::new(inputs, [near, far])?;
    model.compile(Adam::new().learning_rate(2e-3), Compile::default())?;

    let classes = train.len();
    let triplet = move |i: usize| {
        let mut random = ops::random::next_stream();
        let class = i % classes;
        // Another class, and two different samples of this one.
        let other = (class + 1 + random.below(classes as u64 - 1) as usize) % classes;
        let pair = random.permutation(train[class].len());
        let far = random.below(train[other].len() as u64) as usize;
        let of = |class: usize, i: usize| train[class][i].clone();
        ([of(class, pair[0] as usize), of(class, pair[1] as usize), of(other, far)], ())
    };
    let before = neighbours(&new, None)?;
    model.fit(Dataset::from_fn(10_000, triplet).batch(50).prefetch(2), (), run.fit("triplets"))?;
    let after = neighbours(&new, Some(&tower))?;
    println!("\nthe nearest neighbour is of the same class, among 20 classes that were not trained:");
    println!("of the samples as they are {before:.3}, of their vectors {after:.3}");
    run.claim(
        after > before + 0.2 && after > 0.9,
        "more than nine of ten are right, and 0.2 more than without training",
    )?;
    run.finish()
}

/// Samples of classes, those of each together. A class is a point in a few directions; the others vary more, and mean nothing.
fn samples(stream: &mut Stream, mixing: &[f64], classes: usize, each: usize) -> Vec<Vec<Vec<f32>>> {
    let class = |_| {
        let centre = stream.normal(MEANING);
        let sample = |_| {
            let mut hidden: Vec<f64> = stream.normal(SIZE).into_iter().map(|x| 1.5 * x).collect();
            hidden.iter_mut().zip(&centre).for_each(|(x, centre)| *x = 2.0 * centre + 0.1 * *x);
            let mixed = mixing.chunks(SIZE).map(|row| row.iter().zip(&hidden).map(|(a, b)| a * b).sum::<f64>());
            mixed.map(|x| (x / 16.0).sin() as f32).collect()
        };
        (0..each).map(sample).collect()
    };
    (0..classes).map(class).collect()
}

/// The part of the samples whose nearest neighbour, of the samples or of what a model makes of them, is of the same class.
fn neighbours(classes: &[Vec<Vec<f32>>], model: Option<&Model>) -> Result<f64> {
    let all = classes.concat();
    let vectors = match model {
        None => all,
        Some(model) => model.predict_with(&all, Predict::new().verbose(0))?.to_vec2::<f32>()?,
    };
    let each = classes[0].len();
    let distance = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let same = |i: &usize| {
        let others = (0..vectors.len()).filter(|j| j != i);
        let near =
            others.min_by(|&a, &b| distance(&vectors[*i], &vectors[a]).total_cmp(&distance(&vectors[*i], &vectors[b])));
        near.is_some_and(|near| near / each == i / each)
    };
    Ok((0..vectors.len()).filter(same).count() as f64 / vectors.len() as f64)
}
