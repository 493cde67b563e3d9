//! The loop over epochs and chunks that all models share.

use crate::sampling::Random;
use crate::text::{Chunks, Reader};
use candle_keras_ops::console::print_line;
use candle_keras_ops::{Error, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::ops::{AddAssign, ControlFlow};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a thread did with a chunk.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Work {
    /// Words of the text, with or without a vector.
    pub(crate) words: u64,
    /// Words with an answer that were asked for.
    pub(crate) pairs: u64,
    /// The sum of the losses of the pairs, in nats.
    pub(crate) loss: f64,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.words += other.words;
        self.pairs += other.pairs;
        self.loss += other.loss;
    }
}

/// What a thread has for itself.
pub(crate) trait Worker {
    /// Appends what is trained on of a chunk as numbers, and says how many words the chunk has.
    fn encode(&mut self, chunk: &str, numbers: &mut Vec<u32>) -> u64;

    /// Trains on such numbers; the words are counted by the caller.
    fn train(&mut self, numbers: &[u32], alpha: f32, random: Random) -> Work;
}

/// How many numbers of encoded chunks are kept for later epochs at most: 48 MB. What is beyond is read and encoded again in each epoch.
const KEPT_NUMBERS: usize = 12 << 20;

/// Chunks that have been encoded.
#[derive(Default)]
struct Encoded {
    chunks: Vec<OnceLock<(Box<[u32]>, u64)>>,
    numbers: AtomicUsize,
}

/// A thread with what it reads by.
struct Thread<'a, W> {
    worker: W,
    reader: Reader<'a>,
    numbers: Vec<u32>,
}

impl<W: Worker> Thread<'_, W> {
    /// Trains on a chunk, which is encoded if it has not been.
    fn train(&mut self, chunk: usize, encoded: &Encoded, alpha: f32, random: Random) -> Result<Work> {
        if let Some((numbers, words)) = encoded.chunks[chunk].get() {
            return Ok(Work { words: *words, ..self.worker.train(numbers, alpha, random) });
        }
        self.numbers.clear();
        let words = self.worker.encode(self.reader.read(chunk)?, &mut self.numbers);
        let count = self.numbers.len();
        if encoded.numbers.fetch_add(count, Relaxed) + count <= KEPT_NUMBERS {
            // No other thread has this chunk in this epoch.
            _ = encoded.chunks[chunk].set((self.numbers.as_slice().into(), words));
        }
        Ok(Work { words, ..self.worker.train(&self.numbers, alpha, random) })
    }
}

/// An epoch that has ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Epoch {
    /// Its number, from 0.
    pub epoch: usize,
    /// How many there will be.
    pub epochs: usize,
    /// The mean loss of a pair, in nats: of the right answer and the wrong ones drawn for it. Of a classifier, that of a line.
    pub loss: f64,
    /// Words of the text, those without a vector included.
    pub words: u64,
    /// Pairs of words that were trained; of a classifier, lines with labels.
    pub pairs: u64,
    /// How long it took.
    pub time: Duration,
    /// The learning rate at its end.
    pub alpha: f64,
}

impl Epoch {
    /// Words of the text a second.
    pub fn words_per_second(&self) -> f64 {
        self.words as f64 / self.time.as_secs_f64().max(1e-9)
    }

    /// Pairs a second.
    pub fn pairs_per_second(&self) -> f64 {
        self.pairs as f64 / self.time.as_secs_f64().max(1e-9)
    }
}

/// How a training runs.
pub(crate) struct Run<'a> {
    pub(crate) chunks: &'a Chunks,
    pub(crate) epochs: usize,
    /// The first epoch: those before it have been run already.
    pub(crate) from_epoch: usize,
    /// The learning rate at the beginning and at the end.
    pub(crate) alpha: (f64, f64),
    pub(crate) workers: usize,
    pub(crate) seed: u64,
    pub(crate) verbose: u8,
}

impl Run<'_> {
    /// Runs all epochs, with as many workers as there are threads, and calls `ended` after each.
    ///
    /// # Errors
    /// If the text cannot be read, or the loss is no number any more.
    pub(crate) fn train<W: Worker + Send>(
        &self,
        worker: impl Fn() -> W,
        mut ended: impl FnMut(&Epoch) -> Result<ControlFlow<()>>,
    ) -> Result<Vec<Epoch>> {
        let workers = self.workers.min(self.chunks.len()).max(1);
        let thread = || Thread { worker: worker(), reader: Reader::new(self.chunks), numbers: Vec::new() };
        let mut threads: Vec<_> = (0..workers).map(|_| thread()).collect();
        let mut encoded = Encoded::default();
        encoded.chunks.resize_with(self.chunks.len(), OnceLock::new);
        let mut history = Vec::new();
        for epoch in self.from_epoch..self.epochs {
            let start = Instant::now();
            let total = self.epoch(epoch, &mut threads, &encoded)?;
            let ended_epoch = Epoch {
                epoch,
                epochs: self.epochs,
                loss: total.loss / (total.pairs as f64).max(1.0),
                words: total.words,
                pairs: total.pairs,
                time: start.elapsed(),
                alpha: self.alpha_at(epoch + 1, 0),
            };
            if self.verbose > 0 {
                self.print(&ended_epoch);
            }
            let goes_on = ended(&ended_epoch)?;
            history.push(ended_epoch);
            if goes_on.is_break() {
                break;
            }
        }
        Ok(history)
    }

    fn epoch<W: Worker + Send>(&self, epoch: usize, threads: &mut [Thread<'_, W>], encoded: &Encoded) -> Result<Work> {
        let (next, total) = (AtomicUsize::new(0), Mutex::new(Ok(Work::default())));
        let bar = bar(self.verbose, epoch, self.epochs, self.chunks.len() as u64);
        let start = Instant::now();
        let run = |thread: &mut Thread<'_, W>| {
            loop {
                let chunk = next.fetch_add(1, Relaxed);
                if chunk >= self.chunks.len() {
                    return;
                }
                let alpha = self.alpha_at(epoch, chunk);
                let random = Random::new(self.seed, epoch, chunk);
                let done = thread
                    .train(chunk, encoded, alpha as f32, random)
                    .and_then(|work| if work.loss.is_finite() { Ok(work) } else { Err(overflow(epoch, self.alpha.0)) });
                let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                match (&mut *total, done) {
                    (Ok(total), Ok(work)) => {
                        *total += work;
                        report(&bar, *total, alpha, start.elapsed());
                    }
                    (total @ Ok(_), Err(error)) => {
                        *total = Err(error);
                        // No thread takes another chunk.
                        next.store(self.chunks.len(), Relaxed);
                        return;
                    }
                    (Err(_), _) => return,
                }
            }
        };
        match threads {
            [alone] => run(alone),
            threads => std::thread::scope(|scope| {
                for thread in threads {
                    scope.spawn(|| run(thread));
                }
            }),
        }
        bar.finish_and_clear();
        total.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The learning rate for a chunk: it falls in a straight line with the part of the text that is done.
    fn alpha_at(&self, epoch: usize, chunk: usize) -> f64 {
        let (first, last) = self.alpha;
        let done = (epoch as f64 + chunk as f64 / self.chunks.len() as f64) / self.epochs as f64;
        first + (last - first) * done
    }

    fn print(&self, epoch: &Epoch) {
        print_line(&format!(
            "Epoch {}/{} - {:.1}s - {:.0} words/s - {:.2}M pairs/s - loss: {:.4} - alpha: {:.5}",
            epoch.epoch + 1,
            epoch.epochs,
            epoch.time.as_secs_f64(),
            epoch.words_per_second(),
            epoch.pairs_per_second() / 1e6,
            epoch.loss,
            epoch.alpha
        ));
    }
}

/// A bar for an epoch of so many steps, which is shown if `verbose` is 1.
pub(crate) fn bar(verbose: u8, epoch: usize, epochs: usize, steps: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::hidden());
    if verbose == 1 {
        bar.set_draw_target(ProgressDrawTarget::stdout());
    }
    let style = ProgressStyle::with_template("{prefix} [{bar:30}] {percent:>3}% {msg}");
    if let Ok(style) = style {
        bar.set_style(style.progress_chars("=>."));
    }
    bar.set_prefix(format!("Epoch {}/{epochs}", epoch + 1));
    bar
}

fn report(bar: &ProgressBar, total: Work, alpha: f64, time: Duration) {
    if bar.is_hidden() {
        return;
    }
    bar.inc(1);
    let seconds = time.as_secs_f64().max(1e-9);
    bar.set_message(format!(
        "{:.0} words/s, {:.2}M pairs/s, alpha {alpha:.5}, loss {:.4}",
        total.words as f64 / seconds,
        total.pairs as f64 / seconds / 1e6,
        total.loss / (total.pairs as f64).max(1.0)
    ));
}

/// An error if rows have overflowed, which a loss that is cut off need not show.
pub(crate) fn check_finite(rows: &[f32], alpha: f64) -> Result<()> {
    match rows.iter().all(|x| x.is_finite()) {
        true => Ok(()),
        false => Err(Error::new("the vectors have overflowed: some are not numbers any more")
            .received(format!("alpha = {alpha}"))
            .help("a smaller alpha keeps the vectors small")),
    }
}

fn overflow(epoch: usize, alpha: f64) -> Error {
    Error::new(format!("the loss of epoch {} is not a number any more: the vectors have overflowed", epoch + 1))
        .received(format!("alpha = {alpha}"))
        .help("a smaller alpha keeps the vectors small")
}
