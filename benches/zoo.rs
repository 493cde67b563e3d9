//! The reference models, for comparison with other frameworks: `cargo bench --bench zoo -- [--json] [--device=cuda] [--policy=mixed_bfloat16] [WORK ...]`.
//!
//! Milliseconds per step of `fit`, after a short warmup, with the data in memory, and per batch of `predict`, also of
//! `predict_on_batch` with one sample and with 32; and the time after the fit to apply the pending updates of a table. benches/compare.py runs this beside Keras, PyTorch and
//! ONNX Runtime; benches/README.md has figures with their machine and date. With `--floor`, the word distance is a plain loop over slices, without a
//! framework, and with lazy rows: the cost of the arithmetic alone.

use candle_keras::config;
use candle_keras::layers::{
    Activation, BatchNormalization, Bidirectional, Concatenate, Conv1D, Conv2D, Conv2DTranspose, Conv3D, ConvLSTM2D,
    Dense, DepthwiseConv2D, Dot, Dropout, Embedding, Flatten, GRU, GlobalAveragePooling1D, GlobalAveragePooling2D,
    GlobalMaxPooling1D, KerasTensor, LSTM, Lambda, LayerNormalization, MaxPooling1D, MaxPooling2D, MaxPooling3D,
    MultiHeadAttention, ReLU, Subtract,
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

/// Vocabulary, dimension, batch and pairs of words.
const WORD_DISTANCE: [(&str, [usize; 4]); 4] = [
    ("word_distance_10k_64_b32", [10_000, 64, 32, 32_000]),
    ("word_distance_10k_64_b1024", [10_000, 64, 1024, 200_000]),
    ("word_distance_100k_128_b32", [100_000, 128, 32, 32_000]),
    ("word_distance_100k_128_b1024", [100_000, 128, 1024, 100_000]),
];

const WORKS: &[(&str, Make)] = &[
    (WORD_DISTANCE[0].0, || word_distance(WORD_DISTANCE[0].1)),
    (WORD_DISTANCE[1].0, || word_distance(WORD_DISTANCE[1].1)),
    (WORD_DISTANCE[2].0, || word_distance(WORD_DISTANCE[2].1)),
    (WORD_DISTANCE[3].0, || word_distance(WORD_DISTANCE[3].1)),
    ("mlp", mlp),
    ("text_sequential", text_sequential),
    ("cnn", cnn),
    ("lstm", lstm),
    ("bilstm", bilstm),
    ("transformer", transformer),
    ("skipgram", skipgram),
    ("resnet", resnet),
    ("text_cnn", text_cnn),
    ("masked_gru", masked_gru),
    ("mobile_block", mobile_block),
    ("unet", unet),
    ("conv_lstm", conv_lstm),
    ("autoencoder", autoencoder),
    ("conv3d", conv3d),
    ("recommender", recommender),
    ("empty_step", empty_step),
];

/// Ids with a Zipf distribution, like words: the i-th is 1/i times as frequent as the first.
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

fn integers(below: u64, dims: &[usize]) -> Result<Tensor> {
    let mut stream = Stream::new(3, below);
    let numbers: Vec<u32> = (0..dims.iter().product()).map(|_| stream.below(below) as u32).collect();
    Ok(Tensor::from_vec(numbers, dims, &Device::Cpu)?)
}

fn word_distance([vocabulary, dim, batch, pairs]: [usize; 4]) -> Result<Work> {
    let (word1, word2) = (Input::shape([1]), Input::shape([1]));
    let embedding = Embedding::new(vocabulary, dim);
    let distance = Subtract::new().call([&embedding.call(&word1), &embedding.call(&word2)]);
    let mut model = Model::new([word1, word2], Lambda::new(|x| ops::mean(x, -1)).call(&distance))?;
    model.compile("adam", "mse")?;
    let text = Tensor::new(zipf(vocabulary, pairs + 1), &Device::Cpu)?.unsqueeze(1)?;
    let x = vec![text.narrow(0, 0, pairs)?, text.narrow(0, 1, pairs)?];
    Ok(Work { model, x, y: Tensor::zeros((pairs, 1), DType::F32, &Device::Cpu)?, batch })
}

/// Milliseconds per step of the same arithmetic as a loop over slices, where rows that are not looked up are not updated.
fn floor([vocabulary, dim, batch, pairs]: [usize; 4]) -> (f64, f64) {
    let text = zipf(vocabulary, pairs + 1);
    let mut w: Vec<f32> = Stream::new(2, 0).uniform_f32(vocabulary * dim).iter().map(|x| x * 0.1 - 0.05).collect();
    let (mut m, mut v) = (vec![0f32; vocabulary * dim], vec![0f32; vocabulary * dim]);
    let (mut place, mut ids, mut gradient) = (vec![usize::MAX; vocabulary], Vec::new(), Vec::<f32>::new());
    let (steps, mut total, start) = (pairs / batch, 0f64, Instant::now());
    for step in 0..steps {
        let words = &text[step * batch..(step + 1) * batch + 1];
        for pair in words.windows(2) {
            let row = |word: u32| &w[word as usize * dim..][..dim];
            let distance = row(pair[0]).iter().zip(row(pair[1])).map(|(a, b)| a - b).sum::<f32>() / dim as f32;
            total += f64::from(distance * distance);
            let slope = 2.0 * distance / (dim * batch) as f32;
            for (word, slope) in [(pair[0], slope), (pair[1], -slope)] {
                let place = &mut place[word as usize];
                if *place == usize::MAX {
                    *place = ids.len();
                    ids.push(word as usize);
                    gradient.resize(gradient.len() + dim, 0.0);
                }
                gradient[*place * dim..][..dim].iter_mut().for_each(|x| *x += slope);
            }
        }
        let t = step as i32 + 1;
        let alpha = 1e-3 * (1.0 - 0.999f32.powi(t)).sqrt() / (1.0 - 0.9f32.powi(t));
        for (g, id) in gradient.chunks_exact(dim).zip(&ids) {
            place[*id] = usize::MAX;
            let row = id * dim..(id + 1) * dim;
            let slots = m[row.clone()].iter_mut().zip(&mut v[row.clone()]);
            for ((w, g), (m, v)) in w[row].iter_mut().zip(g).zip(slots) {
                *m += (g - *m) * 0.1;
                *v += (g * g - *v) * 0.001;
                *w -= alpha * *m / (v.sqrt() + 1e-7);
            }
        }
        ids.clear();
        gradient.clear();
    }
    (start.elapsed().as_secs_f64() * 1e3 / steps as f64, total / (steps * batch) as f64)
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
    ]);
    model.compile("rmsprop", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (numbers(&[batch * steps, 784])?, integers(10, &[batch * steps])?);
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
    ]);
    model.compile("rmsprop", Compile::loss("binary_crossentropy").metrics(["acc"]))?;
    let (x, y) = (integers(10_000, &[batch * steps, 100])?, integers(2, &[batch * steps])?);
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
    ]);
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (numbers(&[batch * steps, 28, 28, 1])?, integers(10, &[batch * steps])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

fn lstm() -> Result<Work> {
    let (batch, steps) = (32, 30);
    let mut model = Sequential::new(layers![
        Input::shape([80]),
        Embedding::new(20_000, 128),
        LSTM::new(128),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (integers(20_000, &[batch * steps, 80])?, integers(2, &[batch * steps])?);
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
    ]);
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (integers(20_000, &[batch * steps, 200])?, integers(2, &[batch * steps])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

fn transformer() -> Result<Work> {
    let (batch, steps) = (32, 30);
    let x = Input::shape([200]);
    let h = Embedding::new(20_000, 32).call(&x);
    let normal = || LayerNormalization::new().epsilon(1e-6);
    let h = normal().call(&h + MultiHeadAttention::new(2, 32).call([&h, &h]));
    let h = normal().call(&h + Dense::new(32).call(Dense::new(32).activation("relu").call(&h)));
    let h = Dropout::new(0.1).call(GlobalAveragePooling1D::new().call(&h));
    let y = Dense::new(2).activation("softmax").call(Dense::new(20).activation("relu").call(&h));
    let mut model = Model::new(x, y)?;
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (integers(20_000, &[batch * steps, 200])?, integers(2, &[batch * steps])?);
    Ok(Work { model, x: vec![x], y, batch })
}

/// Skip-gram as in Keras: pairs of words, a table for each side, and whether the two were neighbours.
fn skipgram() -> Result<Work> {
    let (vocabulary, dim, batch, steps) = (53_000, 100, 1024, 400);
    let (target, context) = (Input::shape([1]), Input::shape([1]));
    let (targets, contexts) = (Embedding::new(vocabulary, dim), Embedding::new(vocabulary, dim));
    let dot = Flatten::new().call(Dot::new(2).call([&targets.call(&target), &contexts.call(&context)]));
    let mut model = Model::new([target, context], Activation::new("sigmoid").call(dot))?;
    model.compile("adam", "binary_crossentropy")?;
    let pairs = batch * steps;
    let words = Tensor::new(zipf(vocabulary, 2 * pairs), &Device::Cpu)?.reshape((2 * pairs, 1))?;
    let x = vec![words.narrow(0, 0, pairs)?, words.narrow(0, pairs, pairs)?];
    // One pair in six is of neighbours: five negatives.
    let y: Vec<f32> = (0..pairs).map(|i| if i % 6 == 0 { 1.0 } else { 0.0 }).collect();
    Ok(Work { model, x, y: Tensor::from_vec(y, (pairs, 1), &Device::Cpu)?, batch })
}

/// A residual network of three stages of one block each, with 16, 32 and 64 channels.
fn resnet() -> Result<Work> {
    let (batch, steps) = (32, 20);
    let conv = |filters, stride, x: &KerasTensor| {
        let conv = Conv2D::new(filters, 3).strides(stride).padding("same").use_bias(false);
        BatchNormalization::new().call(conv.call(x))
    };
    let x = Input::shape([32, 32, 3]);
    let mut h = ReLU::new().call(conv(16, 1, &x));
    for (filters, stride) in [(16, 1), (32, 2), (64, 2)] {
        let inner = conv(filters, 1, &ReLU::new().call(conv(filters, stride, &h)));
        if stride > 1 {
            h = Conv2D::new(filters, 1).strides(stride).use_bias(false).call(&h);
        }
        h = ReLU::new().call(&inner + &h);
    }
    let y = Dense::new(10).activation("softmax").call(GlobalAveragePooling2D::new().call(&h));
    let mut model = Model::new(x, y)?;
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (numbers(&[batch * steps, 32, 32, 3])?, integers(10, &[batch * steps])?);
    Ok(Work { model, x: vec![x], y, batch })
}

fn text_cnn() -> Result<Work> {
    let (batch, steps) = (32, 10);
    let mut model = Sequential::new(layers![
        Input::shape([400]),
        Embedding::new(20_000, 128),
        Conv1D::new(128, 5).activation("relu"),
        MaxPooling1D::new(5),
        Conv1D::new(128, 5).activation("relu"),
        GlobalMaxPooling1D::new(),
        Dense::new(128).activation("relu"),
        Dropout::new(0.5),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (integers(20_000, &[batch * steps, 400])?, integers(2, &[batch * steps])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

/// Texts of 20 to 80 words, padded to 80.
fn masked_gru() -> Result<Work> {
    let (batch, steps, words) = (32, 30, 80);
    let mut model = Sequential::new(layers![
        Input::shape([words]),
        Embedding::new(20_000, 128).mask_zero(true),
        GRU::new(128),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let mut stream = Stream::new(4, 0);
    let mut ids = Vec::new();
    for _ in 0..batch * steps {
        let length = 20 + stream.below(61) as usize;
        ids.extend((0..words).map(|i| if i < length { 1 + stream.below(19_999) as u32 } else { 0 }));
    }
    let x = Tensor::from_vec(ids, (batch * steps, words), &Device::Cpu)?;
    Ok(Work { model: model.into(), x: vec![x], y: integers(2, &[batch * steps])?, batch })
}

/// A depthwise and a pointwise convolution, as in MobileNet.
fn mobile_block() -> Result<Work> {
    let (batch, steps) = (16, 8);
    let mut model = Sequential::new(layers![
        Input::shape([56, 56, 64]),
        DepthwiseConv2D::new(3).padding("same").use_bias(false),
        BatchNormalization::new(),
        ReLU::new(),
        Conv2D::new(128, 1).use_bias(false),
        BatchNormalization::new(),
        ReLU::new(),
        GlobalAveragePooling2D::new(),
        Dense::new(10).activation("softmax"),
    ]);
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (numbers(&[batch * steps, 56, 56, 64])?, integers(10, &[batch * steps])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

/// One level of a U-Net: down, up by a transposed convolution, and together with what was before.
fn unet() -> Result<Work> {
    let (batch, steps) = (16, 8);
    let conv = |filters| Conv2D::new(filters, 3).padding("same").activation("relu");
    let x = Input::shape([64, 64, 3]);
    let before = conv(32).call(&x);
    let below = conv(64).call(MaxPooling2D::new(2).call(&before));
    let up = Conv2DTranspose::new(32, 3).strides(2).padding("same").activation("relu").call(&below);
    let after = conv(32).call(Concatenate::new().call([&before, &up]));
    let mut model = Model::new(x, Conv2D::new(1, 1).activation("sigmoid").call(&after))?;
    model.compile("adam", "binary_crossentropy")?;
    let (x, y) = (numbers(&[batch * steps, 64, 64, 3])?, integers(2, &[batch * steps, 64, 64, 1])?);
    Ok(Work { model, x: vec![x], y: y.to_dtype(DType::F32)?, batch })
}

/// Ten frames, and the image that follows.
fn conv_lstm() -> Result<Work> {
    let (batch, steps) = (8, 8);
    let mut model = Sequential::new(layers![
        Input::shape([10, 32, 32, 1]),
        ConvLSTM2D::new(16, 3).padding("same"),
        Conv2D::new(1, 3).padding("same").activation("sigmoid"),
    ]);
    model.compile("adam", "binary_crossentropy")?;
    let (x, y) = (numbers(&[batch * steps, 10, 32, 32, 1])?, numbers(&[batch * steps, 32, 32, 1])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

fn autoencoder() -> Result<Work> {
    let (batch, steps) = (128, 60);
    let mut model = Sequential::new(layers![
        Input::shape([784]),
        Dense::new(128).activation("relu"),
        Dense::new(64).activation("relu"),
        Dense::new(128).activation("relu"),
        Dense::new(784).activation("sigmoid"),
    ]);
    model.compile("adam", "binary_crossentropy")?;
    let x = numbers(&[batch * steps, 784])?;
    Ok(Work { model: model.into(), x: vec![x.clone()], y: x, batch })
}

fn conv3d() -> Result<Work> {
    let (batch, steps) = (8, 10);
    let mut model = Sequential::new(layers![
        Input::shape([16, 32, 32, 1]),
        Conv3D::new(16, 3).activation("relu"),
        MaxPooling3D::new(2),
        Conv3D::new(32, 3).activation("relu"),
        MaxPooling3D::new(2),
        Flatten::new(),
        Dense::new(10).activation("softmax"),
    ]);
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let (x, y) = (numbers(&[batch * steps, 16, 32, 32, 1])?, integers(10, &[batch * steps])?);
    Ok(Work { model: model.into(), x: vec![x], y, batch })
}

/// The rating of an item by a user is the product of their rows.
fn recommender() -> Result<Work> {
    let (users, items, batch, steps) = (100_000, 50_000, 256, 400);
    let (user, item) = (Input::shape([1]), Input::shape([1]));
    let row = |count, x| Flatten::new().call(Embedding::new(count, 32).call(x));
    let rating = Dot::new(1).call([&row(users, &user), &row(items, &item)]);
    let mut model = Model::new([user, item], rating)?;
    model.compile("adam", "mse")?;
    let count = batch * steps;
    let x = vec![integers(users as u64, &[count, 1])?, integers(items as u64, &[count, 1])?];
    Ok(Work { model, x, y: numbers(&[count, 1])?, batch })
}

/// The overhead of a step when there is almost nothing to compute.
fn empty_step() -> Result<Work> {
    let samples = 50_000;
    let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
    model.compile("sgd", "mse")?;
    Ok(Work { model: model.into(), x: vec![numbers(&[samples, 1])?], y: numbers(&[samples])?, batch: 1 })
}

/// Milliseconds of a call of `predict_on_batch` with these samples, over about half a second of calls.
fn calls(model: &Model, x: &[Tensor]) -> Result<f64> {
    let (mut count, mut ms) = (5, 0.0);
    for _ in 0..2 {
        let start = Instant::now();
        for _ in 0..count {
            model.predict_on_batch(x.to_vec())?;
        }
        ms = start.elapsed().as_secs_f64() * 1e3 / f64::from(count);
        count = (500.0 / ms).clamp(3.0, 20_000.0) as u32;
    }
    Ok(ms)
}

fn run(name: &str, make: Make, device: &Device, json: bool) -> Result<()> {
    utils::set_random_seed(0);
    let Work { mut model, x, y, batch } = make()?;
    model.to_device(device)?;
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
    let start = Instant::now();
    for layer in model.layers() {
        for variable in layer.variables() {
            variable.value();
        }
    }
    let pending_ms = start.elapsed().as_secs_f64() * 1e3;
    model.predict_with(&first(batch * 2)?, predict())?;
    let start = Instant::now();
    model.predict_with(&x, predict())?;
    let predict_ms = start.elapsed().as_secs_f64() * 1e3 / steps;
    let [one_ms, batch32_ms] = [calls(&model, &first(1)?)?, calls(&model, &first(32)?)?];
    let loss = history["loss"].last().copied().unwrap_or(f64::NAN);
    if json {
        let line = serde_json::json!({"work": name, "fit_ms": fit_ms, "predict_ms": predict_ms, "one_ms": one_ms, "batch32_ms": batch32_ms, "pending_ms": pending_ms, "loss": loss});
        println!("{line}");
    } else {
        println!(
            "{name:<30} fit {fit_ms:>9.4} ms   predict {predict_ms:>9.4} ms   of one {one_ms:>9.4} ms   of 32 {batch32_ms:>9.4} ms   pending updates {pending_ms:>7.2} ms   loss {loss:.6}"
        );
    }
    Ok(())
}

fn main() -> Result<()> {
    // Cargo adds --bench.
    let (flags, names): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let (json, only_floor) = (flags.iter().any(|flag| flag == "--json"), flags.iter().any(|flag| flag == "--floor"));
    let device = utils::device(flags.iter().find_map(|flag| flag.strip_prefix("--device=")).unwrap_or("cpu"))?;
    let policy = flags.iter().find_map(|flag| flag.strip_prefix("--policy=")).unwrap_or("float32");
    config::set_dtype_policy(policy)?;
    if let Some(name) = names.iter().find(|name| WORKS.iter().all(|(work, _)| work != name)) {
        let works: Vec<_> = WORKS.iter().map(|(work, _)| *work).collect();
        eprintln!("there is no work {name:?}; the works are {}", works.join(", "));
        std::process::exit(2);
    }
    let wanted = |work: &str| names.is_empty() || names.iter().any(|name| name == work);
    if only_floor {
        for (name, sizes) in WORD_DISTANCE.iter().filter(|(work, _)| wanted(work)) {
            let (ms, loss) = floor(*sizes);
            if json {
                println!("{}", serde_json::json!({"work": name, "fit_ms": ms, "predict_ms": null, "loss": loss}));
            } else {
                println!("{name:<30} floor {ms:>9.4} ms   loss {loss:.6}");
            }
        }
        return Ok(());
    }
    for (name, make) in WORKS.iter().filter(|(work, _)| wanted(work)) {
        run(name, *make, &device, json)?;
    }
    Ok(())
}
