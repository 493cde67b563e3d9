//! The epochs of GloVe: blocks of co-occurrences are given out to threads.

use super::GloVe;
use super::kernel::{Kernel, Rates, Tables};
use super::records::{Record, Records};
use crate::Epoch;
use crate::train::bar;
use candle_keras_ops::console::print_line;
use candle_keras_ops::{Error, Result};
use indicatif::ProgressBar;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Records that a thread takes at once: at most some milliseconds of work, and at least what is worth a look at the lock.
const BLOCK: std::ops::RangeInclusive<usize> = 1 << 6..=1 << 13;

/// Runs all epochs; `words` is how many the text has.
///
/// # Errors
/// If a temporary file cannot be read, or the loss is no number any more.
pub(super) fn train(settings: &GloVe, tables: &Tables, records: &Records, words: u64) -> Result<Vec<Epoch>> {
    let (epochs, pairs, alpha) = (settings.epochs, records.len(), settings.alpha);
    let mut history = Vec::new();
    for epoch in 0..epochs {
        let progress = Progress::new(bar(settings.verbose, epoch, epochs, pairs));
        records.each_part(epoch, settings.seed, |part| {
            train_part(settings, tables, part, &progress);
            if progress.loss().is_finite() { Ok(()) } else { Err(overflow(epoch, alpha)) }
        })?;
        progress.bar.finish_and_clear();
        let loss = progress.loss() / pairs as f64;
        let ended = Epoch { epoch, epochs, loss, words, pairs, time: progress.start.elapsed(), alpha };
        if settings.verbose > 0 {
            print(&ended);
        }
        let goes_on = settings.callbacks.call(&ended);
        history.push(ended);
        if goes_on.is_break() {
            break;
        }
    }
    Ok(history)
}

/// Trains on records, in blocks that threads take one after another; ends early if numbers overflow.
fn train_part(settings: &GloVe, tables: &Tables, records: &[Record], progress: &Progress) {
    let rates = Rates { alpha: settings.alpha as f32, x_max: settings.x_max as f32, power: settings.power as f32 };
    let block = (records.len() / settings.workers.max(1) / 4).clamp(*BLOCK.start(), *BLOCK.end());
    let blocks = Mutex::new(records.chunks(block));
    let run = || {
        let mut kernel = Kernel::new(tables, rates);
        loop {
            let block = blocks.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(block) = block else { return };
            if !progress.add(block.len(), kernel.train(block)).is_finite() {
                return;
            }
        }
    };
    match settings.workers.min(records.len().div_ceil(block)) {
        0 | 1 => run(),
        workers => std::thread::scope(|scope| (0..workers).for_each(|_| _ = scope.spawn(run))),
    }
}

/// What all threads have done in an epoch.
struct Progress {
    bar: ProgressBar,
    total: Mutex<Total>,
    start: Instant,
}

#[derive(Default)]
struct Total {
    records: u64,
    loss: f64,
}

impl Progress {
    fn new(bar: ProgressBar) -> Self {
        Self { bar, total: Mutex::default(), start: Instant::now() }
    }

    /// Counts a block, and gives the sum of all losses.
    fn add(&self, records: usize, loss: f64) -> f64 {
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        total.records += records as u64;
        total.loss += loss;
        if !self.bar.is_hidden() {
            let speed = total.records as f64 / self.start.elapsed().as_secs_f64().max(1e-9) / 1e6;
            let mean = total.loss / total.records as f64;
            self.bar.set_position(total.records);
            self.bar.set_message(format!("{speed:.2}M co-occurrences/s, loss {mean:.5}"));
        }
        total.loss
    }

    fn loss(&self) -> f64 {
        self.total.lock().unwrap_or_else(PoisonError::into_inner).loss
    }
}

fn print(epoch: &Epoch) {
    print_line(&format!(
        "Epoch {}/{} - {:.1}s - {:.2}M co-occurrences/s - loss: {:.5}",
        epoch.epoch + 1,
        epoch.epochs,
        epoch.time.as_secs_f64(),
        epoch.pairs_per_second() / 1e6,
        epoch.loss
    ));
}

fn overflow(epoch: usize, alpha: f64) -> Error {
    Error::new(format!("the loss of epoch {} is not a number any more: the vectors have overflowed", epoch + 1))
        .received(format!("alpha = {alpha}"))
        .help("a smaller alpha keeps the vectors small; 0.05 is the default")
}
