//! The reference works of the peers, for comparison with them: `cargo bench --bench zoo -- [--json] [WORK ...]`.
//!
//! Milliseconds a step of `fit`, after a short first one, with the data in memory, and a batch of `predict`. benches/compare.py runs this
//! beside Keras and PyTorch; benches/README.md has figures with their machine and date.

use candle_keras::layers::{
    Bidirectional, Conv2D, Dense, Dropout, Embedding, Flatten, GlobalAveragePooling1D, LSTM, Lambda,
    LayerNormalization, MaxPooling2D, MultiHeadAttention, Subtract,
};
use candle_keras::ops::{self, random::Stream};
use candle_keras::prelude::*;
use candle_keras::utils;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A model and its data.
struct Work {
    model: Model,
    x: Vec<Tensor>,
    y: Tensor,
    batch: usize,
}

type Make = fn() -> Result<Work>;

const WORKS: &[(&str, Make)] = &[
    ("word_distance_10k_64_b32", || word_distance(10_000, 64, 32, 32_000)),
    ("word_distance_10k_64_b1024", || word_distance(10_000, 64, 1024, 200_000)),
    ("word_distance_100k_128_b32", || word_distance(100_000, 128, 32, 32_000)),
    ("word_distance_100k_128_b1024", || word_distance(100_000, 128, 1024, 100_000)),
    ("mlp", mlp),
    ("text_sequential", text_sequential),
    ("cnn", cnn),
    ("lstm", lstm),
    ("bilstm", bilstm),
    ("transformer", transformer),
    ("empty_step", empty_step),
];

/// Ids whose frequencies fall as those of words do: the i-th is 1/i times as frequent as the first.
fn zipf(vocabulary: usize, count: usize) -> Vec<u32> {
    let mut sum = 0.0;
    let sums: Vec<f64> = (1..=vocabulary)
        .map(|i| {
            sum += 1.0 / i as f64;
            sum
        })
        .collect();
    let uniform = Stream::new(1, 0).uniform(count);
    uniform.into_iter().map(|u| sums.partition_point(|&s| s < u * sum) as u32).collect()
}

fn numbers(dims: &[usize]) -> Result<Tensor> {
    Ok(Tensor::from_vec(Stream::new(2, 0).uniform_f32(dims.iter().product()), dims, &Device::Cpu)?)
}

fn whole_numbers(below: u64, dims: &[usize]) -> Result<Tensor> {
    let mut stream = Stream::new(3, below);
    let numbers: Vec<u32> = (0..dims.iter().product()).map(|_| stream.below(below) as u32).collect();
    Ok(Tensor::from_vec(numbers, dims, &Device::Cpu)?)
}

fn word_distance(vocabulary: usize, dim: usize, batch: usize, pairs: usize) -> Result<Work> {
    let (word1, word2) = (Input::shape([1]), Input::shape([1]));
    let embedding = Embedding::new(vocabulary, dim);
    let distance = Subtract::new().call([&embedding.call(&word1)?, &embedding.call(&word2)?])?;
    let mut model = Model::new([word1, word2], Lambda::new(|x| ops::mean(x, -1)).call(&distance)?)?;
    model.compile("adam", "mse")?;
    let text = Tensor::new(zipf(vocabulary, pairs + 1), &Device::Cpu)?.unsqueeze(1)?;
    let x = vec![text.narrow(0, 0, pairs)?, text.narrow(0, 1, pairs)?];
    Ok(Work { model, x, y: Tensor::zeros((pairs, 1), DType::F32, &Device::Cpu)?, batch })
}

fn mlp() -> Result<Work> {
    let (batch, steps) = (128, 60);
    let mut model = Sequential::new(layers![
        Input::shape([784]),
        Dense::new(512).activation("relu"),
        Dropout::new(0.2),
        Dense::new(512).activation("relu"),
        Dropout::new(0.2),
        Dense::new(10).activation("softmax"),
    ])?;
    model.compile("rmsprop", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (numbers(&[batch * steps, 784])?, whole_numbers(10, &[batch * steps])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

fn text_sequential() -> Result<Work> {
    let (batch, steps) = (32, 100);
    let mut model = Sequential::new(layers![
        Input::shape([100]),
        Embedding::new(10_000, 100),
        Flatten::new(),
        Dense::new(32).activation("relu"),
        Dense::new(1).activation("sigmoid"),
    ])?;
    model.compile("rmsprop", Compile::loss("binary_crossentropy").metrics(["acc"]))?;
    let (x, y) = (whole_numbers(10_000, &[batch * steps, 100])?, whole_numbers(2, &[batch * steps])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

fn cnn() -> Result<Work> {
    let (batch, steps) = (128, 20);
    let mut model = Sequential::new(layers![
        Input::shape([28, 28, 1]),
        Conv2D::new(32, 3).activation("relu"),
        MaxPooling2D::new(2),
        Conv2D::new(64, 3).activation("relu"),
        MaxPooling2D::new(2),
        Flatten::new(),
        Dropout::new(0.5),
        Dense::new(10).activation("softmax"),
    ])?;
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (numbers(&[batch * steps, 28, 28, 1])?, whole_numbers(10, &[batch * steps])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

fn lstm() -> Result<Work> {
    let (batch, steps) = (32, 30);
    let mut model = Sequential::new(layers![
        Input::shape([80]),
        Embedding::new(20_000, 128),
        LSTM::new(128),
        Dense::new(1).activation("sigmoid"),
    ])?;
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (whole_numbers(20_000, &[batch * steps, 80])?, whole_numbers(2, &[batch * steps])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

fn bilstm() -> Result<Work> {
    let (batch, steps) = (32, 8);
    let mut model = Sequential::new(layers![
        Input::shape([200]),
        Embedding::new(20_000, 128),
        Bidirectional::new(LSTM::new(64).return_sequences(true)),
        Bidirectional::new(LSTM::new(64)),
        Dense::new(1).activation("sigmoid"),
    ])?;
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (whole_numbers(20_000, &[batch * steps, 200])?, whole_numbers(2, &[batch * steps])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

fn transformer() -> Result<Work> {
    let (batch, steps) = (32, 30);
    let x = Input::shape([200]);
    let h = Embedding::new(20_000, 32).call(&x)?;
    let normal = || LayerNormalization::new().epsilon(1e-6);
    let h = normal().call((&h + MultiHeadAttention::new(2, 32).call([&h, &h])?)?)?;
    let h = normal().call((&h + Dense::new(32).call(Dense::new(32).activation("relu").call(&h)?)?)?)?;
    let h = Dropout::new(0.1).call(GlobalAveragePooling1D::new().call(&h)?)?;
    let y = Dense::new(2).activation("softmax").call(Dense::new(20).activation("relu").call(&h)?)?;
    let mut model = Model::new(x, y)?;
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (whole_numbers(20_000, &[batch * steps, 200])?, whole_numbers(2, &[batch * steps])?);
    Ok(Work { model, x: vec![x], y, batch })
}

/// What a step costs when there is next to nothing to compute.
fn empty_step() -> Result<Work> {
    let samples = 50_000;
    let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)])?;
    model.compile("sgd", "mse")?;
    Ok(Work { model: model.into(), x: vec![numbers(&[samples, 1])?], y: numbers(&[samples])?, batch: 1 })
}

fn run(name: &str, make: Make, json: bool) -> Result<()> {
    utils::set_random_seed(0);
    let Work { mut model, x, y, batch } = make()?;
    let samples = y.dim(0)?;
    let steps = samples.div_ceil(batch) as f64;
    let fit = || Fit::new().batch_size(batch).verbose(0);
    let predict = || Predict::new().batch_size(batch).verbose(0);
    let first =
        |count: usize| x.iter().map(|x| x.narrow(0, 0, count.min(samples))).collect::<std::result::Result<Vec<_>, _>>();
    model.fit(&first(batch * 4)?, &y.narrow(0, 0, (batch * 4).min(samples))?, fit())?;
    let start = Instant::now();
    let history = model.fit(&x, &y, fit())?;
    let fit_ms = start.elapsed().as_secs_f64() * 1e3 / steps;
    model.predict(&first(batch * 2)?, predict())?;
    let start = Instant::now();
    model.predict(&x, predict())?;
    let predict_ms = start.elapsed().as_secs_f64() * 1e3 / steps;
    let loss = history["loss"].last().copied().unwrap_or(f64::NAN);
    if json {
        println!(
            "{}",
            serde_json::json!({"peer": "candle-keras", "work": name, "fit_ms": fit_ms, "predict_ms": predict_ms, "loss": loss})
        );
    } else {
        println!("{name:<30} fit {fit_ms:>9.4} ms   predict {predict_ms:>9.4} ms   loss {loss:.6}");
    }
    Ok(())
}

fn main() -> Result<()> {
    // Cargo adds --bench.
    let (flags, names): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let json = flags.iter().any(|flag| flag == "--json");
    for name in names.iter().filter(|name| WORKS.iter().all(|(work, _)| work != name)) {
        let works: Vec<_> = WORKS.iter().map(|(work, _)| *work).collect();
        eprintln!("there is no work {name:?}; the works are {}", works.join(", "));
        std::process::exit(2);
    }
    for (name, make) in WORKS.iter().filter(|(work, _)| names.is_empty() || names.iter().any(|name| name == work)) {
        run(name, *make, json)?;
    }
    Ok(())
}
