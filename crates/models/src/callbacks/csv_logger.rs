//! CSVLogger: the logs of each epoch as a table in a file. Keras: `keras.callbacks.CSVLogger`.

use super::number_format::{Number, NumberFormat};
use super::{Callback, CallbackState};
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// Writes the logs of each epoch to a file of comma-separated values: `epoch`, and the names in alphabetical order. A validation that has not run
/// is `NA`.
///
/// ```
/// # use candle_keras_layers::{layers, Dense, Input};
/// # use candle_keras_models::{callbacks::CSVLogger, Fit, Sequential};
/// # let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
/// # model.compile("sgd", "mse")?;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("log.csv");
/// model.fit(vec![1f32, 2.], vec![2f32, 4.], Fit::new().epochs(2).verbose(0).callback(CSVLogger::new(&path)))?;
/// assert!(std::fs::read_to_string(&path).unwrap().starts_with("epoch,loss,val_loss\r\n0,"));
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
#[derive(Debug)]
pub struct CSVLogger {
    path: PathBuf,
    separator: char,
    append: bool,
    names: Vec<String>,
    file: Option<File>,
    /// The length of the file after the last epoch.
    written: u64,
}

impl CSVLogger {
    /// Writes to this file, which is replaced.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), separator: ',', append: false, names: Vec::new(), file: None, written: 0 }
    }

    /// What is between two values. Default: a comma.
    #[must_use]
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// Whether rows are added to what the file has. Default: false.
    #[must_use]
    pub fn append(mut self, append: bool) -> Self {
        self.append = append;
        self
    }

    fn row(&mut self, values: impl Iterator<Item = String>) -> Result<()> {
        let special = [self.separator, '"', '\r', '\n'];
        let quoted = |value: String| match value.contains(special) {
            true => format!("\"{}\"", value.replace('"', "\"\"")),
            false => value,
        };
        let row = values.map(quoted).collect::<Vec<_>>().join(&self.separator.to_string()) + "\r\n";
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file.write_all(row.as_bytes()).and_then(|()| file.flush()).and_then(|()| file.stream_position());
        self.written = written.map_err(|error| Error::io(&self.path, error))?;
        Ok(())
    }

    /// Opens the file and writes the header, at the first epoch.
    fn begin(&mut self, logs: &Logs) -> Result<()> {
        let io = |error| Error::io(&self.path, error);
        let mut file =
            OpenOptions::new().create(true).write(true).truncate(!self.append).open(&self.path).map_err(io)?;
        let is_empty = file.seek(SeekFrom::End(0)).map_err(io)? == 0;
        self.names = logs.iter().map(|(name, _)| name.to_string()).collect();
        self.names.sort();
        if !self.names.iter().any(|name| name.starts_with("val_")) {
            let validation: Vec<String> = self.names.iter().map(|name| format!("val_{name}")).collect();
            self.names.extend(validation);
        }
        self.file = Some(file);
        if is_empty {
            let header: Vec<String> = std::iter::once("epoch".into()).chain(self.names.iter().cloned()).collect();
            self.row(header.into_iter())?;
        }
        Ok(())
    }

    /// Goes on behind the rows of the epochs before an interruption.
    fn resume(&mut self, written: u64) -> std::io::Result<()> {
        let mut file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        if written == 0 || file.metadata()?.len() < written {
            return Ok(());
        }
        let mut header = String::new();
        BufReader::new(&file).read_line(&mut header)?;
        self.names = header.trim_end().split(self.separator).skip(1).map(String::from).collect();
        file.set_len(written)?;
        file.seek(SeekFrom::End(0))?;
        (self.file, self.written) = (Some(file), written);
        Ok(())
    }
}

impl Callback for CSVLogger {
    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.file = None;
        Ok(())
    }

    fn on_epoch_end(&mut self, _: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        if self.file.is_none() {
            self.begin(logs)?;
        }
        let value = |name: &String| logs.get(name).map_or("NA".into(), as_in_python);
        let row: Vec<String> = std::iter::once(epoch.to_string()).chain(self.names.iter().map(value)).collect();
        self.row(row.into_iter())
    }

    fn on_train_end(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.file = None;
        Ok(())
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }

    fn state(&self) -> CallbackState {
        CallbackState { counts: vec![self.written], ..CallbackState::default() }
    }

    fn set_state(&mut self, state: CallbackState) {
        // A file that is gone is written anew.
        _ = self.resume(state.counts.first().copied().unwrap_or(0));
    }
}

/// A number as Python's `str` writes it.
fn as_in_python(x: f64) -> String {
    NumberFormat::default().apply(Number::Real(x)).unwrap_or_else(|_| x.to_string())
}
