//! ModelCheckpoint: saves the model during training. Keras: `keras.callbacks.ModelCheckpoint`.

use super::number_format::{Number, NumberFormat};
use super::{Callback, CallbackState, Mode, Monitor, Params, SaveFreq};
use crate::model::Model;
use crate::saving::check_ending;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use candle_keras_ops::console::print_line;
use std::path::{Path, PathBuf};

/// Saves the model after each epoch, or when it is the best so far.
///
/// The path may contain `{epoch}` and, with [`save_freq`](Self::save_freq) in steps, `{batch}`, both from 1, and any name of the logs, with
/// Python's formats of numbers: `"{epoch:02d}-{val_loss:.2f}.keras"`. A path that cannot be filled is an error before the first step. A folder that is
/// missing is made.
///
/// ```
/// use candle_keras_models::callbacks::ModelCheckpoint;
/// let checkpoint = ModelCheckpoint::new("best.keras").monitor("val_loss").save_best_only(true);
/// # let _ = checkpoint;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ModelCheckpoint {
    path: PathBuf,
    monitor: Monitor,
    verbose: u8,
    save_best_only: bool,
    save_weights_only: bool,
    save_freq: SaveFreq,
    best: Option<f64>,
    /// Whether each epoch has values of a validation.
    validates: bool,
    epoch: usize,
    steps: usize,
}

impl ModelCheckpoint {
    /// To this path: `.keras` or `.safetensors`, or `.weights.h5` with [`save_weights_only`](Self::save_weights_only).
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_path_buf(),
            monitor: Monitor::new("ModelCheckpoint"),
            verbose: 0,
            save_best_only: false,
            save_weights_only: false,
            save_freq: SaveFreq::Epoch,
            best: None,
            validates: false,
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

    /// Whether the model is saved only when the monitored value is the best so far. Default: false. If the logs do not have the value, the model is saved,
    /// with a warning, as in Keras.
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

    fn pattern(&self) -> Result<Pattern<'_>> {
        let path = self.path.to_str().ok_or_else(|| {
            Error::new("the path of ModelCheckpoint is not UTF-8").received(self.path.display().to_string())
        })?;
        Pattern::parse(path)
    }

    /// An error if no path can come of the pattern: before the first step, not after a long epoch.
    fn check(&self, model: &mut Model) -> Result<()> {
        let pattern = self.pattern()?;
        let in_steps = matches!(self.save_freq, SaveFreq::Batches(_));
        let known = model.compiled()?.names_of_logs();
        for name in pattern.names() {
            let is_known = match name {
                "epoch" => true,
                // Of a callback that comes before.
                name if name.starts_with("learning_rate") && !in_steps => true,
                "batch" if in_steps => true,
                "batch" => return Err(wrong(pattern.pattern, "\"batch\" is for save_freq in steps".into())),
                _ => known.as_ref().is_none_or(|known| match name.strip_prefix("val_") {
                    Some(name) => self.validates && !in_steps && known.iter().any(|known| known == name),
                    None => known.iter().any(|known| known == name),
                }),
            };
            if !is_known {
                let names = known.unwrap_or_default();
                let validation = names.iter().filter(|_| self.validates && !in_steps).map(|name| format!("val_{name}"));
                let all: Vec<_> = names.iter().cloned().chain(validation).collect();
                return Err(wrong(pattern.pattern, format!("there is no {name:?}, only epoch, {}", all.join(", "))));
            }
        }
        let sample = pattern.filled(|name| {
            Some(if matches!(name, "epoch" | "batch") { Number::Whole(1) } else { Number::Real(0.5) })
        })?;
        check_ending(Path::new(&sample), self.save_weights_only)
    }

    fn save(&mut self, model: &mut Model, batch: Option<usize>, logs: &Logs) -> Result<()> {
        if self.save_best_only
            && let Some(value) = self.monitor.value(model, logs)?
        {
            if !self.monitor.improves(value, self.best) {
                return Ok(());
            }
            self.best = Some(value);
        }
        let path = self.pattern()?.filled(|name| match name {
            "epoch" => Some(Number::Whole(self.epoch as u64 + 1)),
            "batch" => Some(Number::Whole(batch? as u64 + 1)),
            name => logs.get(name).map(Number::Real),
        })?;
        if let Some(folder) = Path::new(&path).parent() {
            std::fs::create_dir_all(folder).map_err(|cause| Error::io(folder, cause))?;
        }
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
    fn set_params(&mut self, params: &Params) {
        self.validates = params.validates;
    }

    fn on_train_begin(&mut self, model: &mut Model, _: &Logs) -> Result<()> {
        self.save_freq.check()?;
        self.check(model)
    }

    fn on_epoch_begin(&mut self, _: &mut Model, epoch: usize, _: &Logs) -> Result<()> {
        self.epoch = epoch;
        Ok(())
    }

    fn on_train_batch_end(&mut self, model: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        self.steps += 1;
        match self.save_freq {
            SaveFreq::Batches(batches) if self.steps.is_multiple_of(batches) => self.save(model, Some(batch), logs),
            _ => Ok(()),
        }
    }

    fn on_epoch_end(&mut self, model: &mut Model, _: usize, logs: &Logs) -> Result<()> {
        if self.save_freq == SaveFreq::Epoch { self.save(model, None, logs) } else { Ok(()) }
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

/// A part of a path with places for numbers.
enum Part {
    Text(String),
    Place { name: String, format: NumberFormat },
}

/// A path in the syntax of Python's `str.format`, as far as named numbers go.
struct Pattern<'a> {
    pattern: &'a str,
    parts: Vec<Part>,
}

impl<'a> Pattern<'a> {
    fn parse(pattern: &'a str) -> Result<Self> {
        let wrong = |what: String| wrong(pattern, what);
        let (mut parts, mut text, mut rest) = (Vec::new(), String::new(), pattern);
        while let Some(at) = rest.find(['{', '}']) {
            text += &rest[..at];
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                (text, rest) = (text + brace, after);
                continue;
            }
            let place = (brace == "{").then(|| rest.split_once('}'));
            let (place, after) = place
                .ok_or_else(|| wrong("a } closes nothing; }} stands for one".into()))?
                .ok_or_else(|| wrong("a { is not closed; {{ stands for one".into()))?;
            let (name, spec) = place.split_once(':').unwrap_or((place, ""));
            if name.is_empty() || name.contains(['!', '[']) || spec.contains('{') {
                return Err(wrong(format!("{{{place}}} is not a name with the format of a number")));
            }
            let format = NumberFormat::parse(spec).map_err(|what| wrong(format!("the format {spec:?}: {what}")))?;
            parts.extend([Part::Text(std::mem::take(&mut text)), Part::Place { name: name.into(), format }]);
            rest = after;
        }
        parts.push(Part::Text(text + rest));
        Ok(Self { pattern, parts })
    }

    /// The names of the places.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place { name, .. } => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The path with these numbers, by their names.
    fn filled(&self, number: impl Fn(&str) -> Option<Number>) -> Result<String> {
        let part = |part: &Part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Place { name, format } => {
                let number = number(name).ok_or_else(|| wrong(self.pattern, format!("there is no {name:?}")))?;
                format.apply(number).map_err(|what| wrong(self.pattern, format!("{name:?}: {what}")))
            }
        };
        self.parts.iter().map(part).collect()
    }
}

fn wrong(pattern: &str, what: String) -> Error {
    Error::new(format!("ModelCheckpoint cannot fill {pattern:?}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_formatted_as_in_python() {
        let filled = |path: &str| {
            Pattern::parse(path)?.filled(|name| match name {
                "epoch" => Some(Number::Whole(5)),
                "batch" => Some(Number::Whole(12)),
                "loss" => Some(Number::Real(0.5)),
                "val_loss" => Some(Number::Real(0.123456)),
                _ => None,
            })
        };
        assert_eq!(filled("m.keras").unwrap(), "m.keras");
        assert_eq!(filled("{epoch}-{epoch:02d}-{val_loss:.2f}.keras").unwrap(), "5-05-0.12.keras");
        assert_eq!(filled("{loss}/{val_loss:.3f}{loss:6.1f}").unwrap(), "0.5/0.123   0.5");
        assert_eq!(filled("{epoch}-{batch:>4}-{val_loss:.2e}{{x}}").unwrap(), "5-  12-1.23e-01{x}");
        let wrong =
            ["{epoch", "}", "{}", "{0}", "{val_acc}", "{loss:q}", "{loss:.xf}", "{loss:99999999999d}", "{loss:d}"];
        for wrong in wrong.into_iter().chain(["{epoch!r}", "{loss:{epoch}}", "{loss[0]}", "a{{b}c"]) {
            assert!(filled(wrong).is_err(), "{wrong}");
        }
    }
}
