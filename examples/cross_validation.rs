//! Cross-validation: with little data, one split says little. Each of k parts is the validation data once, and the mean of the k results
//! has a deviation, which says whether one model is better than another.

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{Dense, Dropout};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::{prelude::*, utils};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Compares two models by k-fold cross-validation.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<30>,
    /// The number of parts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=50))]
    folds: u8,
}

fn main() -> Result<()> {
    let Args { run, folds: parts } = training::parse();
    run.start()?;
    let (x, y) = samples(&mut Stream::new(run.seed(), 1), 300)?;

    let linear = || Sequential::new(layers![Input::shape([10]), Dense::new(3).activation("softmax")]);
    let deep = || {
        Sequential::new(layers![
            Input::shape([10]),
            Dense::new(32).activation("relu"),
            Dropout::new(0.3),
            Dense::new(3).activation("softmax"),
        ])
    };
    let models: [(&str, &dyn Fn() -> Sequential); 2] = [("linear", &linear), ("deep", &deep)];
    let mut scores: Vec<Vec<f64>> = Vec::new();
    for (name, model) in models {
        let mut accuracies = Vec::new();
        for (i, (train, validation)) in folds(300, parts.into(), run.seed())?.into_iter().enumerate() {
            // A new model each time: one that has seen the samples of its validation knows them.
            utils::set_random_seed(run.seed() + i as u64);
            let mut model = model();
            model.compile(
                Adam::new().learning_rate(0.01),
                Compile::loss("sparse_categorical_crossentropy").metrics(["acc"]),
            )?;
            let of =
                |rows: &Tensor| -> Result<[Tensor; 2]> { Ok([x.index_select(rows, 0)?, y.index_select(rows, 0)?]) };
            let ([x_train, y_train], [x_val, y_val]) = (of(&train)?, of(&validation)?);
            model.fit(&x_train, &y_train, run.fit(&format!("{name}_{i}")).verbose(0))?;
            accuracies.push(model.evaluate_with(&x_val, &y_val, Evaluate::new().verbose(0))?["acc"]);
        }
        let (mean, deviation) = moments(&accuracies);
        let all: Vec<_> = accuracies.iter().map(|accuracy| format!("{accuracy:.3}")).collect();
        println!("{name:<8} {mean:.3} +- {deviation:.3}   ({})", all.join(", "));
        scores.push(accuracies);
    }

    // The same parts for both: the differences of the pairs vary less than the results.
    let differences: Vec<f64> = scores[1].iter().zip(&scores[0]).map(|(deep, linear)| deep - linear).collect();
    let (mean, deviation) = moments(&differences);
    let error = deviation / f64::from(parts).sqrt();
    println!("the deep model is {mean:.3} better, with a standard error of {error:.3}\n");
    run.claim(mean > 2.0 * error, "the difference is more than twice its standard error")?;
    run.finish()
}

/// The rows to train on and those to validate on, for each of `k` parts of `count` rows in random order.
fn folds(count: usize, k: usize, seed: u64) -> Result<Vec<(Tensor, Tensor)>> {
    let order = Stream::new(seed, 2).permutation(count);
    let fold = |i: usize| {
        let (from, to) = (i * count / k, (i + 1) * count / k);
        let train = [&order[..from], &order[to..]].concat();
        Ok((Tensor::new(train, &Device::Cpu)?, Tensor::new(&order[from..to], &Device::Cpu)?))
    };
    (0..k).map(fold).collect()
}

/// The mean, and the standard deviation of a sample.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt())
}

/// Samples of three classes that lie in rings, in two of ten directions; a third one says a little, too.
fn samples(stream: &mut Stream, count: usize) -> Result<(Tensor, Tensor)> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let class = stream.below(3);
        let mut row: Vec<f64> = stream.normal(10).into_iter().map(|x| 0.5 * x).collect();
        let angle = std::f64::consts::TAU * stream.uniform(1)[0];
        row[0] = (class as f64 + 0.4) * angle.cos() + 0.4 * row[0];
        row[1] = (class as f64 + 0.4) * angle.sin() + 0.4 * row[1];
        row[2] += 0.6 * class as f64;
        x.extend(row.into_iter().map(|x| x as f32));
        y.push(class as u32);
    }
    Ok((Tensor::from_vec(x, (count, 10), &Device::Cpu)?, Tensor::from_vec(y, count, &Device::Cpu)?))
}
