//! ModelCheckpoint: saves the model during training. Keras: `keras.callbacks.ModelCheckpoint`.

use super::{Callback, CallbackState, Mode, Monitor, SaveFreq};
use crate::console::print_line;
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;

/// Saves the model after each epoch, or when it is the best so far.
///
/// The path may contain `{epoch}`, from 1, and any name of the logs, with Python's formats: `"{epoch:02d}-{val_loss:.2f}.keras"`.
///
/// ```
/// use candle_keras_models::callbacks::ModelCheckpoint;
/// let checkpoint = ModelCheckpoint::new("best.keras").monitor("val_loss").save_best_only(true);
/// # let _ = checkpoint;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ModelCheckpoint {
    path: String,
    monitor: Monitor,
    verbose: u8,
    save_best_only: bool,
    save_weights_only: bool,
    save_freq: SaveFreq,
    best: Option<f64>,
    epoch: usize,
    steps: usize,
}

impl ModelCheckpoint {
    /// To this path: `.keras` or `.safetensors`, or `.weights.h5` with [`save_weights_only`](Self::save_weights_only).
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            monitor: Monitor::new("ModelCheckpoint"),
            verbose: 0,
            save_best_only: false,
            save_weights_only: false,
            save_freq: SaveFreq::Epoch,
            best: None,
            epoch: 0,
            steps: 0,
        }
    }

    /// The name in the logs to monitor. Default: `"val_loss"`.
    pub fn monitor(mut self, monitor: impl Into<String>) -> Self {
        self.monitor.name = monitor.into();
        self
    }

    /// `"auto"`, `"min"` or `"max"`.
    pub fn mode(mut self, mode: impl Into<Mode>) -> Self {
        self.monitor.mode = mode.into();
        self
    }

    /// 1 to print what is saved.
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// Whether the model is saved only when the monitored value is the best so far. Default: false.
    pub fn save_best_only(mut self, best_only: bool) -> Self {
        self.save_best_only = best_only;
        self
    }

    /// Whether only the weights are saved. Default: false.
    pub fn save_weights_only(mut self, weights_only: bool) -> Self {
        self.save_weights_only = weights_only;
        self
    }

    /// `"epoch"`, or the number of steps between saves.
    pub fn save_freq(mut self, save_freq: impl Into<SaveFreq>) -> Self {
        self.save_freq = save_freq.into();
        self
    }

    /// A value that must be improved upon before anything is saved.
    pub fn initial_value_threshold(mut self, value: f64) -> Self {
        self.best = Some(value);
        self
    }

    fn save(&mut self, model: &mut Model, logs: &Logs) -> Result<()> {
        if self.save_best_only {
            let Some(value) = self.monitor.value(model, logs)? else { return Ok(()) };
            if !self.monitor.improves(value, self.best) {
                return Ok(());
            }
            self.best = Some(value);
        }
        let path = filled(&self.path, self.epoch, logs)?;
        if self.save_weights_only {
            model.save_weights(&path)?
        } else {
            model.save(&path)?
        };
        if self.verbose > 0 {
            print_line(&format!("Epoch {}: saved {path}", self.epoch + 1));
        }
        Ok(())
    }
}

impl Callback for ModelCheckpoint {
    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.save_freq.check()
    }

    fn on_epoch_begin(&mut self, _: &mut Model, epoch: usize, _: &Logs) -> Result<()> {
        self.epoch = epoch;
        Ok(())
    }

    fn on_train_batch_end(&mut self, model: &mut Model, _: usize, logs: &Logs) -> Result<()> {
        self.steps += 1;
        match self.save_freq {
            SaveFreq::Batches(batches) if self.steps.is_multiple_of(batches) => self.save(model, logs),
            _ => Ok(()),
        }
    }

    fn on_epoch_end(&mut self, model: &mut Model, _: usize, logs: &Logs) -> Result<()> {
        if self.save_freq == SaveFreq::Epoch { self.save(model, logs) } else { Ok(()) }
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        matches!(self.save_freq, SaveFreq::Batches(batches) if (self.steps + 1).is_multiple_of(batches))
    }

    fn state(&self) -> CallbackState {
        let numbers = self.best.into_iter().collect();
        CallbackState { counts: vec![self.epoch as u64, self.steps as u64], numbers, tensors: Vec::new() }
    }

    fn set_state(&mut self, state: CallbackState) {
        if let [epoch, steps] = state.counts.as_slice() {
            (self.epoch, self.steps, self.best) = (*epoch as usize, *steps as usize, state.numbers.first().copied());
        }
    }
}

/// The path with the epoch and the values of the logs filled in.
fn filled(path: &str, epoch: usize, logs: &Logs) -> Result<String> {
    let (mut filled, mut rest) = (String::new(), path);
    while let Some((before, after)) = rest.split_once('{') {
        let wrong = |what: String| Error::new(format!("ModelCheckpoint cannot fill {path:?}: {what}"));
        let (place, after) = after.split_once('}').ok_or_else(|| wrong("a { is not closed".into()))?;
        let (name, format) = place.split_once(':').unwrap_or((place, ""));
        let value = match name {
            "epoch" => (epoch + 1) as f64,
            name => logs.get(name).ok_or_else(|| {
                let names: Vec<_> = logs.iter().map(|(name, _)| name).collect();
                wrong(format!("there is no {name:?}, only epoch, {}", names.join(", ")))
            })?,
        };
        let text = formatted(value, format).ok_or_else(|| wrong(format!("the format {format:?} is not known")))?;
        filled.extend([before, &text]);
        rest = after;
    }
    Ok(filled + rest)
}

/// A number in Python's format `[0][width][.precision][d|f|e]`.
fn formatted(value: f64, format: &str) -> Option<String> {
    let (format, kind) = match format.char_indices().last() {
        Some((at, kind)) if kind.is_ascii_alphabetic() => (&format[..at], Some(kind)),
        _ => (format, None),
    };
    let (width, precision) = match format.split_once('.') {
        Some((width, precision)) => (width, Some(precision.parse::<usize>().ok()?)),
        None => (format, None),
    };
    let zeros = width.starts_with('0');
    let width: usize = if width.is_empty() { 0 } else { width.parse().ok()? };
    let text = match (kind, precision) {
        (Some('d'), None) => format!("{}", value as i64),
        (Some('f'), precision) | (None, precision @ Some(_)) => format!("{value:.0$}", precision.unwrap_or(6)),
        (Some('e'), precision) => format!("{value:.0$e}", precision.unwrap_or(6)),
        (None, None) => format!("{value}"),
        _ => return None,
    };
    // No path is longer.
    (width < 100 && text.len() < 100)
        .then(|| if zeros { format!("{text:0>width$}") } else { format!("{text:>width$}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_formatted_as_in_python() {
        let logs = Logs::from([("loss", 0.5), ("val_loss", 0.123456)]);
        let filled = |path: &str| filled(path, 4, &logs);
        assert_eq!(filled("m.keras").unwrap(), "m.keras");
        assert_eq!(filled("{epoch}-{epoch:02d}-{val_loss:.2f}.keras").unwrap(), "5-05-0.12.keras");
        assert_eq!(filled("{loss}/{val_loss:.3f}{loss:6.1f}").unwrap(), "0.5/0.123   0.5");
        for wrong in ["{epoch", "{val_acc}", "{loss:q}", "{loss:.xf}", "{loss:99999999999d}"] {
            assert!(filled(wrong).is_err(), "{wrong}");
        }
    }
}
