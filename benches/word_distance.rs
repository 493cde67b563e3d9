//! The time of a training step of the two models of the seed question, and of a nearly empty model:
//! `cargo bench --bench word_distance`.
//!
//! benches/README.md has figures with their machine and date.

use candle_keras::layers::{Dense, Embedding, Flatten, Lambda, Subtract};
use candle_keras::ops::random::Stream;
use candle_keras::prelude::*;
use candle_keras::{ops, utils};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Steps per measurement, so that the cost of `fit` per epoch is amortized as in a real training.
const STEPS: usize = 50;

/// Ids with a Zipf distribution, like words.
fn zipf(vocabulary: usize, count: usize) -> Vec<u32> {
    let uniform = Stream::new(1, 0).uniform(count);
    uniform.into_iter().map(|u| ((vocabulary as f64).powf(u) - 1.0) as u32).collect()
}

fn word_distance(c: &mut Criterion) {
    let mut group = c.benchmark_group("word_distance");
    group.throughput(Throughput::Elements(STEPS as u64)).sample_size(10);
    for (vocabulary, dim, batch) in [(10_000, 64, 32), (10_000, 64, 1024), (100_000, 128, 32), (100_000, 128, 1024)] {
        utils::set_random_seed(0);
        let model = || -> Result<Model> {
            let (word1, word2) = (Input::shape([1]), Input::shape([1]));
            let embedding = Embedding::new(vocabulary, dim);
            let distance = Subtract::new().call([&embedding.call(&word1), &embedding.call(&word2)]);
            let mut model = Model::new([word1, word2], Lambda::new(|x| ops::mean(x, -1)).call(&distance))?;
            model.compile("adam", "mse")?;
            Ok(model)
        };
        let mut model = model().expect("the model of the README is right");
        let text = zipf(vocabulary, batch * STEPS + 1);
        let zeros = vec![0f32; batch * STEPS];
        let fit = || Fit::new().batch_size(batch).verbose(0);
        group.bench_function(format!("{vocabulary} x {dim}, batch {batch}"), |b| {
            b.iter(|| {
                model.fit([&text[..text.len() - 1], &text[1..]], &zeros, fit()).expect("the data matches the model")
            });
        });
    }
    group.finish();
}

fn text_sequential(c: &mut Criterion) {
    let mut group = c.benchmark_group("text_sequential");
    group.throughput(Throughput::Elements(STEPS as u64)).sample_size(10);
    utils::set_random_seed(0);
    let model = || -> Result<Sequential> {
        let mut model = Sequential::new(layers![
            Embedding::new(10_000, 100),
            Flatten::new(),
            Dense::new(32).activation("relu"),
            Dense::new(1).activation("sigmoid"),
        ]);
        model.compile("rmsprop", Compile::loss("binary_crossentropy").metrics(["acc"]))?;
        Ok(model)
    };
    let mut model = model().expect("the model of the README is right");
    let ids: Vec<Vec<u32>> = zipf(10_000, 32 * STEPS * 100).chunks(100).map(<[u32]>::to_vec).collect();
    let labels: Vec<u8> = ids.iter().map(|row| u8::from(row[0] > row[1])).collect();
    group.bench_function("10000 x 100, 100 words, batch 32", |b| {
        b.iter(|| model.fit(&ids, &labels, Fit::new().verbose(0)).expect("the data matches the model"));
    });
    group.finish();
}

/// The overhead of a step when there is almost nothing to compute.
fn overhead(c: &mut Criterion) {
    let mut group = c.benchmark_group("overhead");
    let steps = 1000;
    group.throughput(Throughput::Elements(steps as u64)).sample_size(10);
    utils::set_random_seed(0);
    let model = || -> Result<Sequential> {
        let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
        model.compile("sgd", "mse")?;
        Ok(model)
    };
    let mut model = model().expect("the model is right");
    let (x, y) = (vec![1f32; steps], vec![2f32; steps]);
    group.bench_function("Dense 1 x 1, batch 1", |b| {
        b.iter(|| model.fit(&x, &y, Fit::new().batch_size(1).verbose(0)).expect("the data matches the model"));
    });
    group.finish();
}

criterion_group!(steps, word_distance, text_sequential, overhead);
criterion_main!(steps);
