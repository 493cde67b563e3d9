//! ProgbarLogger: the progress of an epoch on the terminal. Keras: `keras.callbacks.ProgbarLogger`.

use super::{Callback, Params};
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::console::print_line;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Shows a bar with the time per step and the logs (`verbose` 1), or one line per epoch (`verbose` 2). `fit`,
/// `evaluate` and `predict` add one automatically.
///
/// If standard output is not a terminal, only the final line of the bar is printed, so that log files stay small.
#[derive(Debug)]
pub struct ProgbarLogger {
    verbose: u8,
    epochs: usize,
    steps: Option<usize>,
    bar: Option<ProgressBar>,
    start: Instant,
    done: usize,
    training: bool,
}

impl ProgbarLogger {
    /// With a bar (1) or a line (2).
    pub fn new(verbose: u8) -> Self {
        Self { verbose, epochs: 1, steps: None, bar: None, start: Instant::now(), done: 0, training: false }
    }

    fn begin(&mut self) {
        (self.start, self.done) = (Instant::now(), 0);
        if self.verbose == 1 && std::io::stdout().is_terminal() {
            let steps = self.steps.map(|steps| steps as u64);
            let bar = ProgressBar::with_draw_target(steps, ProgressDrawTarget::stdout_with_hz(10));
            let template = match steps {
                Some(_) => "{pos}/{len} {bar:20.green/white} {msg}",
                None => "{pos}/Unknown {msg}",
            };
            bar.set_style(
                ProgressStyle::with_template(template)
                    .map_or_else(|_| ProgressStyle::default_bar(), |s| s.progress_chars("━━━")),
            );
            self.bar = Some(bar);
        }
    }

    fn update(&mut self, step: usize, logs: &Logs) {
        self.done = step + 1;
        if let Some(bar) = &self.bar {
            if self.is_shown(step) {
                // The elapsed time, for data of unknown length.
                let left = match self.steps {
                    Some(steps) => self.per_step() * steps.saturating_sub(self.done) as u32,
                    None => self.start.elapsed(),
                };
                bar.set_message(format!("{}s {}/step{}", left.as_secs(), duration(self.per_step()), dashed(logs)));
            }
            bar.set_position(self.done as u64);
        }
    }

    /// Whether the bar is redrawn at this step: no more often than it can be read.
    fn is_shown(&self, step: usize) -> bool {
        let (done, steps) = (step + 1, self.steps.unwrap_or(200 * 20));
        done == 1 || done == steps || done.is_multiple_of(1 + steps / 200)
    }

    fn per_step(&self) -> Duration {
        self.start.elapsed() / self.done.max(1) as u32
    }

    fn end(&mut self, logs: &Logs) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let (elapsed, per_step) = (self.start.elapsed().as_secs_f64(), duration(self.per_step()));
        let (done, steps) = (self.done, self.steps.unwrap_or(self.done));
        match self.verbose {
            1 => {
                print_line(&format!("{done}/{steps} {} {elapsed:.0}s {per_step}/step{}", "━".repeat(20), dashed(logs)))
            }
            _ => print_line(&format!("{done}/{steps} - {elapsed:.0}s - {per_step}/step{}", dashed(logs))),
        }
    }
}

fn dashed(logs: &Logs) -> String {
    if logs.iter().next().is_none() { String::new() } else { format!(" - {logs}") }
}

/// A duration as Keras prints it: `2s`, `15ms`, `804us`.
fn duration(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 || seconds == 0.0 => format!("{seconds:.0}s"),
        seconds if seconds >= 1e-3 => format!("{:.0}ms", seconds * 1e3),
        seconds => format!("{:.0}us", seconds * 1e6),
    }
}

impl Callback for ProgbarLogger {
    fn set_params(&mut self, params: &Params) {
        (self.epochs, self.steps) = (params.epochs, params.steps);
    }

    fn reads_logs_of(&self, batch: usize) -> bool {
        self.bar.is_some() && self.is_shown(batch)
    }

    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.training = true;
        Ok(())
    }

    fn on_epoch_begin(&mut self, _: &mut Model, epoch: usize, _: &Logs) -> Result<()> {
        if self.epochs > 1 {
            print_line(&format!("Epoch {}/{}", epoch + 1, self.epochs));
        }
        self.begin();
        Ok(())
    }

    fn on_epoch_resume(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        self.on_epoch_begin(model, epoch, logs)
    }

    fn on_train_batch_end(&mut self, _: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        self.update(batch, logs);
        Ok(())
    }

    fn on_epoch_end(&mut self, _: &mut Model, _: usize, logs: &Logs) -> Result<()> {
        self.end(logs);
        Ok(())
    }

    fn on_test_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        if !self.training {
            self.begin();
        }
        Ok(())
    }

    fn on_test_batch_end(&mut self, _: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        if !self.training {
            self.update(batch, logs);
        }
        Ok(())
    }

    fn on_test_end(&mut self, _: &mut Model, logs: &Logs) -> Result<()> {
        if !self.training {
            self.end(logs);
        }
        Ok(())
    }

    fn on_predict_begin(&mut self, _: &Model, _: &Logs) -> Result<()> {
        self.begin();
        Ok(())
    }

    fn on_predict_batch_end(&mut self, _: &Model, batch: usize, logs: &Logs) -> Result<()> {
        self.update(batch, logs);
        Ok(())
    }

    fn on_predict_end(&mut self, _: &Model, logs: &Logs) -> Result<()> {
        self.end(logs);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_in_keras() {
        let times = [2400.0, 15.2, 0.804].map(|ms| duration(Duration::from_secs_f64(ms / 1e3)));
        assert_eq!(times, ["2s", "15ms", "804us"]);
    }
}
