//! A search for hyperparameters: random trials of a closure that builds and trains a model, then the same with successive halving, which
//! finds as good a model in fewer epochs.

#[path = "common/search.rs"]
mod search;
#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::callbacks::EarlyStopping;
use candle_keras::layers::{Dense, Dropout};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::{prelude::*, utils};
use clap::Parser;
use search::{Choices, Trial, halving};
use std::cell::Cell;
use std::f64::consts::PI;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Searches the size, dropout and learning rate of a network.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<27>,
    /// The number of trials
    #[arg(long, default_value_t = 18, value_parser = clap::value_parser!(u16).range(1..))]
    trials: u16,
}

/// What is searched.
#[derive(Debug, Clone)]
struct Arguments {
    units: usize,
    layers: usize,
    dropout: f64,
    learning_rate: f64,
    activation: &'static str,
}

fn main() -> Result<()> {
    let Args { run, trials } = training::parse();
    run.start()?;
    let mut stream = Stream::new(run.seed(), 1);
    let ([x, y], validation, test) =
        (samples(&mut stream, 600)?, samples(&mut stream, 400)?, samples(&mut stream, 2_000)?);

    let draw = |choices: &mut Choices| Arguments {
        units: choices.choice(&[4, 8, 16, 32, 64]),
        layers: choices.choice(&[1, 2, 3]),
        dropout: choices.uniform(0.0, 0.5),
        learning_rate: choices.log_uniform(1e-4, 1e-1),
        activation: choices.choice(&["relu", "tanh", "sigmoid"]),
    };
    // Trains a model; its score is the smallest loss of the validation.
    let epochs_in_all = Cell::new(0);
    let train = |arguments: &Arguments, number: usize, epochs: usize, phase: &str| -> Result<(f64, Sequential)> {
        // A trial has the same initial weights in each round.
        utils::set_random_seed(run.seed() + 1 + number as u64);
        let mut model = Sequential::new(layers![Input::shape([6])]);
        for _ in 0..arguments.layers {
            model.add(Dense::new(arguments.units).activation(arguments.activation));
            model.add(Dropout::new(arguments.dropout));
        }
        model.add(Dense::new(1));
        model.compile(Adam::new().learning_rate(arguments.learning_rate), "mse")?;
        let stop = EarlyStopping::new().patience(5).restore_best_weights(true);
        let fit = run.fit(&format!("{phase}_{number}_{epochs}")).epochs(epochs).verbose(0);
        let history = model.fit(&x, &y, fit.validation_data(&validation[0], &validation[1]).callback(stop))?;
        epochs_in_all.set(epochs_in_all.get() + history.epoch.len());
        Ok((history["val_loss"].iter().copied().fold(f64::NAN, f64::min), model))
    };

    let (most, count) = (run.epochs(), usize::from(trials));
    let mut found = Vec::new();
    for (phase, begin) in [("random", most), ("halving", most.div_ceil(9))] {
        epochs_in_all.set(0);
        let score = |arguments: &Arguments, number, epochs| Ok(train(arguments, number, epochs, phase)?.0);
        let results = halving(run.seed(), (count, 3), (begin, most), draw, score)?;
        println!("\n== {phase}: {} trainings, {} epochs in all; the best:", results.len(), epochs_in_all.get());
        table(&results[..results.len().min(5)]);
        found.push((results[0].clone(), epochs_in_all.get(), results));
    }

    let (best, _, _) = &found[1];
    let (_, mut model) = train(&best.arguments, best.number, best.epochs, "best")?;
    let loss = model.evaluate_with(&test[0], &test[1], Evaluate::new().verbose(0))?["loss"];
    println!("\nthe test loss of the best of halving is {loss:.4}, its validation loss was {:.4}", best.score);
    let mut scores: Vec<f64> = found[0].2.iter().map(|trial| trial.score).collect();
    scores.sort_by(f64::total_cmp);
    let median = scores[scores.len() / 2];
    run.claim(best.score < median / 2.0, "its validation loss is less than half of that of the median trial")?;
    run.claim(best.score < 1.25 * found[0].0.score, "and at most a quarter above that of the best random trial")?;
    run.claim(found[1].1 * 10 < found[0].1 * 7, "in less than 70 % of the epochs")?;
    run.finish()
}

/// Prints trials, a line each.
fn table(trials: &[Trial<Arguments>]) {
    println!(
        "{:>5} {:>7} {:>10} {:>6} {:>7} {:>8} {:>10} {:>10}",
        "trial", "epochs", "score", "units", "layers", "dropout", "rate", "activation"
    );
    for Trial { number, arguments: a, epochs, score } in trials {
        println!(
            "{number:>5} {epochs:>7} {score:>10.4} {:>6} {:>7} {:>8.2} {:>10.5} {:>10}",
            a.units, a.layers, a.dropout, a.learning_rate, a.activation
        );
    }
}

/// Samples of a function of six numbers (Friedman, 1991), of which one means nothing, with noise.
fn samples(stream: &mut Stream, count: usize) -> Result<[Tensor; 2]> {
    let (numbers, noise) = (stream.uniform(6 * count), stream.normal(count));
    let value = |x: &[f64]| 10.0 * (PI * x[0] * x[1]).sin() + 20.0 * (x[2] - 0.5).powi(2) + 10.0 * x[3] + 5.0 * x[4];
    let y: Vec<f32> =
        numbers.chunks(6).zip(noise).map(|(x, noise)| (value(x) / 5.0 - 3.0 + 0.1 * noise) as f32).collect();
    let x: Vec<f32> = numbers.into_iter().map(|x| (2.0 * x - 1.0) as f32).collect();
    Ok([Tensor::from_vec(x, (count, 6), &Device::Cpu)?, Tensor::from_vec(y, count, &Device::Cpu)?])
}
