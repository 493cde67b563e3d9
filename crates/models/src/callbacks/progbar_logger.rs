//! ProgbarLogger: the progress of an epoch on the terminal. Keras: `keras.callbacks.ProgbarLogger`.

use super::{Callback, Params};
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Progbar;
use candle_keras_ops::config::is_interactive_logging_enabled;
use candle_keras_ops::console::print_line;
use std::io::IsTerminal;

/// Shows a [`Progbar`] with the time per step and the logs (`verbose` 1), or one line per epoch (`verbose` 2). `fit`,
/// `evaluate` and `predict` add one automatically.
///
/// If standard output is not a terminal, only the final line of the bar is printed, so that log files stay small. After the first epoch over data
/// of unknown length, its number of steps is taken for that of the next ones.
#[derive(Debug)]
pub struct ProgbarLogger {
    verbose: u8,
    epochs: usize,
    steps: Option<usize>,
    bar: Option<Progbar>,
    reads_logs: bool,
    done: usize,
    training: bool,
}

impl ProgbarLogger {
    /// With a bar (1) or a line (2).
    pub fn new(verbose: u8) -> Self {
        Self { verbose, epochs: 1, steps: None, bar: None, reads_logs: false, done: 0, training: false }
    }

    fn begin(&mut self) {
        self.done = 0;
        self.reads_logs = self.verbose == 1 && std::io::stdout().is_terminal() && is_interactive_logging_enabled();
        self.bar = Some(Progbar::new(self.steps).verbose(self.verbose).stateless_metrics(NONE));
    }

    fn update(&mut self, step: usize, logs: &Logs) {
        self.done = step + 1;
        let is_shown = self.is_shown(step);
        if let Some(bar) = self.bar.as_mut().filter(|_| is_shown && self.steps != Some(self.done)) {
            bar.update(self.done, &values(logs));
        }
    }

    /// Whether the bar is redrawn at this step: no more often than it can be read. The first step is always measured.
    fn is_shown(&self, step: usize) -> bool {
        let (done, steps) = (step + 1, self.steps.unwrap_or(200 * 20));
        done == 1 || self.reads_logs && (done == steps || done.is_multiple_of(1 + steps / 200))
    }

    fn end(&mut self, logs: &Logs) {
        if let Some(mut bar) = self.bar.take() {
            bar.finish_at(self.done, &values(logs));
        }
    }
}

/// The logs are means already.
const NONE: [&str; 0] = [];

fn values(logs: &Logs) -> Vec<(&str, f64)> {
    logs.iter().collect()
}

impl Callback for ProgbarLogger {
    fn set_params(&mut self, params: &Params) {
        (self.epochs, self.steps) = (params.epochs, params.steps);
    }

    fn reads_logs_of(&self, batch: usize) -> bool {
        self.reads_logs && self.is_shown(batch)
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
        self.steps = self.steps.or(Some(self.done));
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
