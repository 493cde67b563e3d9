//! CSVLogger: the logs of each epoch in a table. Keras: `keras.callbacks.CSVLogger`.

use super::number_format::as_in_python;
use super::{Callback, CallbackState, words};
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

/// Writes a row of a CSV file after each epoch: its index from 0, and the logs in the order of their names.
///
/// A value that the logs of an epoch lack is `NA`. The columns are those of the first epoch; if it has no validation, there is a column `val_...`
/// for each value, so that a validation in a later epoch has its place. A training that [`BackupAndRestore`](super::BackupAndRestore) resumes continues the table: no
/// epoch is in it twice.
///
/// ```
/// use candle_keras_models::callbacks::CSVLogger;
/// let logger = CSVLogger::new("training.csv").separator(";").append(true);
/// # drop(logger);
/// ```
#[derive(Debug)]
#[must_use]
pub struct CSVLogger {
    path: PathBuf,
    separator: String,
    append: bool,
    file: Option<File>,
    /// The length of the file up to the last row, in bytes: a resumed training cuts what comes after it.
    length: u64,
    columns: Vec<String>,
}

impl CSVLogger {
    /// To this file. A folder that is missing is made.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let (separator, columns) = (",".into(), Vec::new());
        Self { path: path.into(), separator, append: false, file: None, length: 0, columns }
    }

    /// The character between two values. Default: a comma.
    pub fn separator(mut self, separator: impl Into<String>) -> Self {
        self.separator = separator.into();
        self
    }

    /// Whether rows are added to the file if there is one, without a second header. Default: false, which overwrites it.
    pub fn append(mut self, append: bool) -> Self {
        self.append = append;
        self
    }

    /// Opens the file; a second call does nothing.
    fn open(&mut self) -> Result<()> {
        if self.file.is_some() {
            return Ok(());
        }
        let failed = |cause| Error::io(&self.path, cause);
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = File::options().write(true).create(true).truncate(false).open(&self.path).map_err(failed)?;
        self.length = self.length.min(file.metadata().map_err(failed)?.len());
        file.set_len(self.length).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        self.file = Some(file);
        Ok(())
    }

    fn write<'a>(&mut self, row: impl IntoIterator<Item = &'a str>) -> Result<()> {
        self.open()?;
        let special = ['"', '\r', '\n'];
        let quoted = |field: &str| match field.contains(special) || field.contains(self.separator.as_str()) {
            true => format!("\"{}\"", field.replace('"', "\"\"")),
            false => field.to_string(),
        };
        let row: Vec<_> = row.into_iter().map(quoted).collect();
        let line = row.join(&self.separator) + "\r\n";
        if let Some(file) = &mut self.file {
            file.write_all(line.as_bytes()).map_err(|cause| Error::io(&self.path, cause))?;
        }
        self.length += line.len() as u64;
        Ok(())
    }
}

/// The columns for these logs.
fn columns(logs: &Logs) -> Vec<String> {
    let mut names: Vec<_> = logs.iter().map(|(name, _)| name.to_string()).collect();
    names.sort();
    if !names.iter().any(|name| name.starts_with("val_")) {
        let validation: Vec<_> = names.iter().map(|name| format!("val_{name}")).collect();
        names.extend(validation);
    }
    names
}

impl Callback for CSVLogger {
    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        if self.separator.chars().count() != 1 || self.separator.contains(['"', '\r', '\n']) {
            return Err(Error::new("the separator of CSVLogger must be one character, and no quote or end of a line")
                .expected("\",\" or \";\", for example")
                .received(format!("{:?}", self.separator)));
        }
        (self.file, self.columns, self.length) = (None, Vec::new(), 0);
        if self.append && self.path.exists() {
            self.length = fs::metadata(&self.path).map_err(|cause| Error::io(&self.path, cause))?.len();
        }
        Ok(())
    }

    // Not when training begins: it may resume, and the file have rows that stay.
    fn on_epoch_begin(&mut self, _: &mut Model, _: usize, _: &Logs) -> Result<()> {
        self.open()
    }

    fn on_epoch_end(&mut self, _: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        self.open()?;
        if self.columns.is_empty() {
            self.columns = columns(logs);
        }
        let columns = self.columns.clone();
        let columns = columns.iter().map(String::as_str);
        if self.length == 0 {
            self.write(std::iter::once("epoch").chain(columns.clone()))?;
        }
        let values = columns.map(|name| logs.get(name).map_or_else(|| "NA".into(), as_in_python));
        let row: Vec<_> = std::iter::once(epoch.to_string()).chain(values).collect();
        self.write(row.iter().map(String::as_str))
    }

    fn on_train_end(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.file = None;
        Ok(())
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }

    fn state(&self) -> CallbackState {
        let counts = std::iter::once(self.length).chain(words::to_counts(self.columns.iter().map(String::as_str)));
        CallbackState { counts: counts.collect(), ..CallbackState::default() }
    }

    fn set_state(&mut self, state: CallbackState) {
        if let [length, columns @ ..] = state.counts.as_slice() {
            (self.file, self.length, self.columns) = (None, *length, words::of_counts(columns));
        }
    }
}
