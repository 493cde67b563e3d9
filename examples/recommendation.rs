//! A recommender with a million users: two Embeddings and their dot product (matrix factorization, Koren et al., 2009). A step changes the
//! rows of its batch alone, so that it costs the same for a thousand users and for a million.

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{Add, Dot, Embedding, Flatten};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::{Batch, prelude::*};
use clap::Parser;
use peak_alloc::PeakAlloc;
use std::time::Instant;

/// Counts the memory, for what the example claims of it.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Learns from ratings which items users like.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<3>,
    /// The number of users
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    users: u32,
    /// The number of items
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    items: u32,
}

/// The ratings of a batch, and the batches of an epoch.
const BATCH: usize = 2_048;
const BATCHES: usize = 400;
/// The features of a user or an item, in the data and in the model.
const HIDDEN: usize = 3;
const DIM: usize = 8;

fn main() -> Result<()> {
    let Args { run, users, items } = training::parse();
    run.start()?;
    let seed = run.seed();
    let mut model = factorization(users, items)?;
    println!("{} weights", model.count_params());

    // An element is a batch of its own, made when it is asked for, as if it were read from a file: no epoch needs more memory.
    let ratings = move |first: usize, batches: usize, users: u32| {
        Dataset::from_fn(batches, move |i| batch(seed, first + i, users, items))
    };
    let validation = ratings(1 << 40, 10, users);
    let before = model.evaluate_with(&validation, (), Evaluate::new().verbose(0))?["loss"];
    let mut memory = Vec::new();
    let watch = candle_keras::callbacks::LambdaCallback::new().on_epoch_end(|_, _, _| {
        memory.push(MEMORY.current_usage_as_mb());
        Ok(())
    });
    let training = ratings(0, BATCHES, users).prefetch(2);
    let history = model.fit(&training, (), run.fit("ratings").validation_data(&validation, ()).callback(watch))?;
    let after = history["val_loss"].last().copied().unwrap_or_default();
    println!("\nsquare error of new ratings {before:.3}, after training {after:.3}");
    let (first, last) = (memory.first().copied().unwrap_or_default(), memory.last().copied().unwrap_or_default());
    println!("memory after the first epoch {first:.0} MB, after the last {last:.0} MB");

    // The same step with fewer users.
    let seconds = |model: &mut Model, users: u32| -> Result<f64> {
        let batches = ratings(1 << 41, 20, users).iter()?.collect::<candle_keras::Result<Vec<Batch>>>()?;
        let mut times = Vec::new();
        for batch in batches {
            let begin = Instant::now();
            model.train_on_batch(batch.x, batch.y)?;
            times.push(begin.elapsed().as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        Ok(times[times.len() / 2])
    };
    let many = seconds(&mut model, users)?;
    let few = seconds(&mut factorization(1_000, items)?, 1_000)?;
    println!("a step: {:.2} ms, with a thousand users {:.2} ms\n", 1e3 * many, 1e3 * few);
    run.claim(after < 0.5 * before, "the square error of new ratings is less than half of what it was")?;
    run.claim(last < first + 16.0, "no epoch adds to the memory")?;
    run.claim(many < 6.0 * few, "a step costs less than six times as much as one with a thousand users")?;
    run.finish()
}

/// The sum of the biases of user and item, and of the product of their vectors.
fn factorization(users: u32, items: u32) -> Result<Model> {
    let (user, item) = (Input::shape([1]).dtype("int32"), Input::shape([1]).dtype("int32"));
    let table = |rows: u32, dim| {
        Embedding::new(rows as usize, dim)
            .embeddings_initializer(candle_keras::initializers::RandomNormal::new().stddev(0.1))
    };
    let vectors = [table(users, DIM).call(&user), table(items, DIM).call(&item)];
    let biases = [table(users, 1).call(&user), table(items, 1).call(&item)];
    let product = Dot::new(2).call(vectors);
    let rating = Flatten::new().call(Add::new().call([&product, &biases[0], &biases[1]]));
    let mut model = Model::new([user, item], rating)?;
    model.compile(Adam::new().learning_rate(0.02), "mse")?;
    Ok(model)
}

/// A batch of ratings: users, items, and how much the users like them. Few users write most ratings.
fn batch(seed: u64, number: usize, users: u32, items: u32) -> ([Vec<[u32; 1]>; 2], Vec<f32>) {
    let mut stream = Stream::new(seed, 1).child(number as u64);
    let (random, noise) = (stream.uniform(2 * BATCH), stream.normal(BATCH));
    let of = |kind: u64, id: u32| Stream::new(seed, 2 + kind).child(id.into()).normal(HIDDEN);
    let (mut user, mut item, mut liked) = (Vec::new(), Vec::new(), Vec::new());
    for (random, noise) in random.chunks(2).zip(noise) {
        let u = (f64::from(users) * random[0].powi(12)) as u32;
        let i = (f64::from(items) * random[1].powi(3)) as u32;
        let product: f64 = of(0, u).iter().zip(of(1, i)).map(|(u, i)| u * i).sum();
        user.push([u]);
        item.push([i]);
        liked.push((product + 0.2 * noise) as f32);
    }
    ([user, item], liked)
}
