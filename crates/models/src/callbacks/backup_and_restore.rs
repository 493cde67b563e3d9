//! BackupAndRestore: resumes an interrupted training. Keras: `keras.callbacks.BackupAndRestore`.

use super::{Callback, SaveFreq};
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use std::path::{Path, PathBuf};

/// Saves the whole state of a training, and resumes it when the same program runs again: weights, the optimizer's slots and
/// counters, random numbers, the order of the samples, the other callbacks, the history. A run that was interrupted and resumed
/// is bit-identical to an uninterrupted one.
///
/// ```
/// use candle_keras_models::callbacks::BackupAndRestore;
/// use candle_keras_models::Fit;
/// let fit = Fit::new().epochs(100).callback(BackupAndRestore::new("backup").save_freq(500));
/// # drop(fit);
/// ```
///
/// # Differences from Keras
/// Keras saves the model alone: there, the metrics of the epoch, the other callbacks and the history start over.
#[derive(Debug, Clone)]
#[must_use]
pub struct BackupAndRestore {
    folder: PathBuf,
    file: PathBuf,
    save_freq: SaveFreq,
    delete_checkpoint: bool,
    steps: usize,
}

impl BackupAndRestore {
    /// Saves to this folder, after each epoch.
    pub fn new(backup_dir: impl Into<PathBuf>) -> Self {
        let folder = backup_dir.into();
        let file = folder.join("latest.safetensors");
        Self { folder, file, save_freq: SaveFreq::Epoch, delete_checkpoint: true, steps: 0 }
    }

    /// `"epoch"`, or the number of steps between backups.
    ///
    /// A backup brings all rows of an embedding up to date. Where a batch leaves rows out and the optimizer has momentum, these are then updated in two
    /// parts instead of one, so that another `save_freq` changes their last bits; elsewhere it changes none.
    pub fn save_freq(mut self, save_freq: impl Into<SaveFreq>) -> Self {
        self.save_freq = save_freq.into();
        self
    }

    /// Whether the backup is deleted when the training has finished. Default: true.
    pub fn delete_checkpoint(mut self, delete: bool) -> Self {
        self.delete_checkpoint = delete;
        self
    }
}

impl Callback for BackupAndRestore {
    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.save_freq.check()?;
        std::fs::create_dir_all(&self.folder).map_err(|cause| Error::io(&self.folder, cause))
    }

    fn on_train_end(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        if self.delete_checkpoint && self.file.exists() {
            std::fs::remove_file(&self.file).map_err(|cause| Error::io(&self.file, cause))?;
        }
        Ok(())
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }

    fn backup(&self) -> Option<&Path> {
        Some(&self.file)
    }

    fn wants_backup(&mut self, step: Option<usize>) -> bool {
        match (&self.save_freq, step) {
            (SaveFreq::Epoch, None) => true,
            (SaveFreq::Batches(batches), Some(_)) => {
                self.steps += 1;
                self.steps.is_multiple_of(*batches)
            }
            _ => false,
        }
    }
}
