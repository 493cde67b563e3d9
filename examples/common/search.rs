//! A search for hyperparameters over a closure: random trials, and successive halving (Jamieson and Talwalkar, 2016), which gives many
//! trials a short training and the best of them a longer one.

use anyhow::{Result, ensure};
use candle_keras::ops::random::Stream;

/// Where the arguments of a trial come from. Each trial has its own random numbers, so that it is the same in every run.
pub struct Choices(Stream);

impl Choices {
    /// One of these.
    pub fn choice<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.0.below(of.len() as u64) as usize]
    }

    /// A number between these, uniform in its logarithm.
    pub fn log_uniform(&mut self, from: f64, to: f64) -> f64 {
        (from.ln() + self.0.uniform(1)[0] * (to / from).ln()).exp()
    }

    /// A number between these.
    pub fn uniform(&mut self, from: f64, to: f64) -> f64 {
        from + self.0.uniform(1)[0] * (to - from)
    }
}

/// A trial: its number, arguments, the epochs that it had at most, and its score, of which less is better.
#[derive(Debug, Clone)]
pub struct Trial<A> {
    pub number: usize,
    pub arguments: A,
    pub epochs: usize,
    pub score: f64,
}

/// Scores `count` trials with `epochs`, and after that the best `1 / factor` of them with `factor` times as many, until one is
/// left or the epochs are `most`. With `epochs == most` it is a random search. Gives all trials that were made, those of the last
/// round first, and the best first in each.
///
/// # Errors
/// Those of `score`, and if no trial has a score that is a number.
pub fn halving<A: Clone>(
    seed: u64,
    (count, factor): (usize, usize),
    (epochs, most): (usize, usize),
    draw: impl Fn(&mut Choices) -> A,
    mut score: impl FnMut(&A, usize, usize) -> Result<f64>,
) -> Result<Vec<Trial<A>>> {
    ensure!(count > 0 && factor > 1 && epochs > 0, "a search needs trials, epochs and a factor above one");
    let stream = Stream::new(seed, u64::from(u32::MAX));
    let mut running: Vec<(usize, A)> =
        (0..count).map(|number| (number, draw(&mut Choices(stream.child(number as u64))))).collect();
    let (mut rounds, mut epochs) = (Vec::new(), epochs.min(most));
    loop {
        let mut trials = Vec::with_capacity(running.len());
        for (number, arguments) in running {
            let score = score(&arguments, number, epochs)?;
            trials.push(Trial { number, arguments, epochs, score });
        }
        // What has no number is last.
        trials.sort_by(|a, b| a.score.is_nan().cmp(&b.score.is_nan()).then(a.score.total_cmp(&b.score)));
        let best = trials.iter().take((trials.len() / factor).max(1));
        running = best.map(|trial| (trial.number, trial.arguments.clone())).collect();
        let last = epochs == most || trials.len() == 1;
        rounds.push(trials);
        if last {
            break;
        }
        epochs = (epochs * factor).min(most);
    }
    let trials: Vec<_> = rounds.into_iter().rev().flatten().collect();
    ensure!(trials[0].score.is_finite(), "no trial of the search has a score");
    Ok(trials)
}
