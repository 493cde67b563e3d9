//! Forecasts of a time series: windows over the past, a GRU, and the naive forecasts that a model has to beat.

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::callbacks::EarlyStopping;
use candle_keras::layers::{Dense, GRU};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use clap::Parser;
use std::f64::consts::TAU;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Forecasts a temperature some hours ahead, from those of the last two days.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<8>,
    /// How many hours ahead
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=24))]
    ahead: u8,
}

/// The hours of a window.
const PAST: usize = 48;

fn main() -> Result<()> {
    let Args { run, ahead } = training::parse();
    run.start()?;
    let ahead = usize::from(ahead);
    let weather = weather(&mut Stream::new(run.seed(), 1), 24 * 365);
    let hours = weather.len();
    let (train_end, validation_end) = (hours * 7 / 10, hours * 85 / 100);

    // The scale is that of the hours to train on: later ones must not be known beforehand.
    let seen = &weather[..train_end];
    let scale: Vec<(f32, f32)> = (0..2)
        .map(|c| {
            let mean = seen.iter().map(|hour| hour[c]).sum::<f32>() / train_end as f32;
            let variance = seen.iter().map(|hour| (hour[c] - mean).powi(2)).sum::<f32>() / train_end as f32;
            (mean, variance.sqrt())
        })
        .collect();
    let scaled = |hour: &[f32; 2]| vec![(hour[0] - scale[0].0) / scale[0].1, (hour[1] - scale[1].0) / scale[1].1];
    let series: Arc<Vec<Vec<f32>>> = Arc::new(weather.iter().map(scaled).collect());

    // A window is a slice of the series, made when it is asked for: they overlap, and would take 48 times its memory.
    let windows = |from: usize, to: usize| {
        let series = series.clone();
        Dataset::from_fn(to - from - PAST - ahead, move |i| {
            let now = from + i + PAST;
            (series[now - PAST..now].to_vec(), vec![series[now - 1 + ahead][0]])
        })
    };
    let training = windows(0, train_end).shuffle(train_end).batch(64).prefetch(2);
    let (validation, test) = (windows(train_end, validation_end).batch(256), windows(validation_end, hours).batch(256));

    let mut model = Sequential::new(layers![Input::shape([PAST, 2]), GRU::new(24), Dense::new(1)]);
    model.compile(Adam::new().learning_rate(3e-3), Compile::loss("mse").metrics(["mae"]))?;
    let stop = EarlyStopping::new().patience(3).restore_best_weights(true);
    model.fit(&training, (), run.fit("gru").validation_data(&validation, ()).callback(stop))?;

    let degrees = model.evaluate_with(&test, (), Evaluate::new().verbose(0))?["mae"] * f64::from(scale[0].1);
    // The naive forecasts: as it is now, and as it was at the same hour of the day before.
    let error = |back: usize| -> f64 {
        let places = validation_end + PAST..hours - ahead;
        let count = places.len();
        let errors =
            places.map(|now| f64::from((weather[now - 1 + ahead][0] - weather[now - 1 + ahead - back][0]).abs()));
        errors.sum::<f64>() / count as f64
    };
    let (as_now, as_yesterday) = (error(ahead), error(24));
    println!("\nmean error {ahead} hours ahead: {degrees:.2} degrees");
    println!("as it is now {as_now:.2}, as it was the day before {as_yesterday:.2}");
    run.claim(
        degrees < 0.75 * as_now.min(as_yesterday),
        "the error is a quarter smaller than that of either naive forecast",
    )?;
    run.finish()
}

/// The temperature and the pressure of each hour. A change of the pressure comes some hours before one of the temperature.
fn weather(stream: &mut Stream, hours: usize) -> Vec<[f32; 2]> {
    let noise = stream.normal(3 * hours);
    let (mut air, mut pressures) = (0.0, vec![0.0; hours + 8]);
    (0..hours)
        .map(|hour| {
            let now = &noise[3 * hour..];
            pressures[hour + 8] = 0.97 * pressures[hour + 7] + 0.25 * now[0];
            // The air follows the pressure of eight hours ago.
            air = 0.9 * air + 0.35 * pressures[hour] + 0.25 * now[1];
            let (day, year) = (hour as f64 / 24.0, hour as f64 / (24.0 * 365.0));
            let temperature = 10.0 - 8.0 * (TAU * year).cos() - 4.0 * (TAU * day).cos() + 2.0 * air + 0.2 * now[2];
            [temperature as f32, (1013.0 + 8.0 * pressures[hour + 8]) as f32]
        })
        .collect()
}
