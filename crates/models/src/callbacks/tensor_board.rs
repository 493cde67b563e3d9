//! TensorBoard: files that the program TensorBoard shows. Keras: `keras.callbacks.TensorBoard`.

use super::event_file::{self, EventFile, Value};
use super::projector::{self, EmbeddingsMetadata};
use super::{Callback, CallbackState, SaveFreq, learning_rates, words};
use crate::model::Model;
use crate::{Logs, Result};
use candle_core::{DType, Tensor};
use candle_keras_layers::Layer;
use candle_keras_ops::{Error, warnings};
use std::path::PathBuf;
use std::time::Instant;

/// Writes losses, metrics, the model and its weights for the program TensorBoard, which shows them while the training runs: `tensorboard --logdir logs`.
///
/// The values of an epoch are `epoch_...` in the folders `train` and `validation`, with the learning rate; those of an evaluation are
/// `evaluation_..._vs_iterations`. A training that [`BackupAndRestore`](super::BackupAndRestore) resumes continues its files, without a value twice.
///
/// ```
/// use candle_keras_models::callbacks::TensorBoard;
/// let board = TensorBoard::new("logs").histogram_freq(1).update_freq(100);
/// # drop(board);
/// ```
///
/// # Differences from Keras
/// No TensorFlow is needed. With `update_freq` in steps, the values of every epoch are written, where Keras leaves out those of an epoch that does not end at such
/// a step. The projector is given the tables as text, since it cannot read the weights' files of Keras. There are no images and no profiles.
#[derive(Debug)]
#[must_use]
pub struct TensorBoard {
    folder: PathBuf,
    histogram_freq: usize,
    write_graph: bool,
    write_images: bool,
    write_steps_per_second: bool,
    update_freq: SaveFreq,
    profile_batch: usize,
    embeddings_freq: usize,
    embeddings_metadata: EmbeddingsMetadata,
    /// The files of training and of validation, and where to continue them.
    files: [Option<EventFile>; 2],
    places: [(String, u64); 2],
    steps: usize,
    epoch_begin: (Instant, u64),
    batch_begin: Instant,
}

const TRAIN: usize = 0;
const VALIDATION: usize = 1;

impl TensorBoard {
    /// To this folder, which no other callback should use. Keras's default is `"logs"`.
    pub fn new(log_dir: impl Into<PathBuf>) -> Self {
        Self {
            folder: log_dir.into(),
            histogram_freq: 0,
            write_graph: true,
            write_images: false,
            write_steps_per_second: false,
            update_freq: SaveFreq::Epoch,
            profile_batch: 0,
            embeddings_freq: 0,
            embeddings_metadata: EmbeddingsMetadata::None,
            files: [None, None],
            places: new_places(),
            steps: 0,
            epoch_begin: (Instant::now(), 0),
            batch_begin: Instant::now(),
        }
    }

    /// The number of epochs between histograms of the weights; 0, the default, for none.
    pub fn histogram_freq(mut self, epochs: usize) -> Self {
        self.histogram_freq = epochs;
        self
    }

    /// Whether the configuration of the model is written, which TensorBoard draws as a graph. Default: true.
    pub fn write_graph(mut self, write: bool) -> Self {
        self.write_graph = write;
        self
    }

    /// Images of the weights; true is an error, since they are not supported.
    pub fn write_images(mut self, write: bool) -> Self {
        self.write_images = write;
        self
    }

    /// Whether the number of steps per second is written. Default: false.
    pub fn write_steps_per_second(mut self, write: bool) -> Self {
        self.write_steps_per_second = write;
        self
    }

    /// When the logs of steps are written, as `batch_...`: `"epoch"`, the default, for never, `"batch"` for every step, or the number of steps between.
    pub fn update_freq(mut self, update_freq: impl Into<SaveFreq>) -> Self {
        self.update_freq = match update_freq.into() {
            SaveFreq::Unknown(name) if name == "batch" => SaveFreq::Batches(1),
            other => other,
        };
        self
    }

    /// The step to profile; other than 0 is an error, since profiles are not supported.
    pub fn profile_batch(mut self, step: usize) -> Self {
        self.profile_batch = step;
        self
    }

    /// The number of epochs between copies of the tables of Embeddings for the projector; 0, the default, for none.
    pub fn embeddings_freq(mut self, epochs: usize) -> Self {
        self.embeddings_freq = epochs;
        self
    }

    /// The files with the names of the rows, one a line, in the folder of the logs: `"words.tsv"` for all layers, or `[("embedding", "words.tsv")]`.
    pub fn embeddings_metadata(mut self, metadata: impl Into<EmbeddingsMetadata>) -> Self {
        self.embeddings_metadata = metadata.into();
        self
    }

    fn check(&self) -> Result<()> {
        let unsupported = [
            (self.write_images, "write_images", "false", "histogram_freq writes histograms of the weights"),
            (self.profile_batch != 0, "profile_batch", "0", "a profiler such as perf measures the whole program"),
        ];
        for (is_set, name, expected, help) in unsupported {
            if is_set {
                let error = Error::new(format!("TensorBoard does not support {name}"));
                return Err(error.expected(expected).received("another value").help(help));
            }
        }
        self.update_freq.check_as("update_freq", &["epoch", "batch"])
    }

    /// Whether the logs of the present step are written.
    fn writes_step(&self) -> bool {
        matches!(self.update_freq, SaveFreq::Batches(steps @ 1..) if self.steps.is_multiple_of(steps))
    }

    /// The file of training or of validation; it is made when there is something to write.
    fn file(&mut self, which: usize) -> Result<&mut EventFile> {
        let file = match self.files[which].take() {
            Some(file) => file,
            None => {
                let (name, length) = &self.places[which];
                EventFile::open(&self.folder.join(["train", "validation"][which]), name, *length)?
            }
        };
        Ok(self.files[which].insert(file))
    }

    fn write(&mut self, which: usize, step: u64, prefix: &str, logs: &Logs, suffix: &str) -> Result<()> {
        if logs.iter().next().is_none() {
            return Ok(());
        }
        let values = logs.iter().map(|(name, value)| Value::scalar(&format!("{prefix}{name}{suffix}"), value));
        self.file(which)?.write(step, values)
    }

    fn write_histograms(&mut self, model: &Model, epoch: usize) -> Result<()> {
        for weight in model.variables() {
            let value = Value::histogram(&format!("{}/histogram", weight.path()), &numbers(&weight.value())?);
            self.file(TRAIN)?.write(epoch as u64, [value])?;
        }
        Ok(())
    }
}

/// The names of new files. They are there before the files, so that a backup from before the first value has them.
fn new_places() -> [(String, u64); 2] {
    [(); 2].map(|()| (event_file::new_name(), 0))
}

fn numbers(weight: &Tensor) -> Result<Vec<f64>> {
    Ok(weight.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?)
}

impl Callback for TensorBoard {
    fn on_train_begin(&mut self, model: &mut Model, _: &Logs) -> Result<()> {
        self.check()?;
        (self.files, self.places, self.steps) = ([None, None], new_places(), 0);
        if self.embeddings_freq > 0 {
            projector::write_config(&self.folder, model, &self.embeddings_metadata)?;
        }
        Ok(())
    }

    // Not when training begins, since a training that resumes continues its files.
    fn on_epoch_begin(&mut self, model: &mut Model, epoch: usize, _: &Logs) -> Result<()> {
        self.on_epoch_resume(model, epoch, &Logs::default())?;
        if self.write_graph && self.steps == 0 {
            match model.to_json() {
                Ok(json) => self.file(TRAIN)?.write(0, [Value::model("keras", &json)])?,
                Err(error) => warnings::warn(format!("TensorBoard does not show the graph of the model: {error}")),
            }
        }
        Ok(())
    }

    fn on_epoch_resume(&mut self, model: &mut Model, _: usize, _: &Logs) -> Result<()> {
        self.epoch_begin = (Instant::now(), model.optimizer()?.iterations());
        Ok(())
    }

    fn on_train_batch_begin(&mut self, _: &mut Model, _: usize, _: &Logs) -> Result<()> {
        self.steps += 1;
        self.batch_begin = Instant::now();
        Ok(())
    }

    fn on_train_batch_end(&mut self, _: &mut Model, _: usize, logs: &Logs) -> Result<()> {
        if !self.writes_step() {
            return Ok(());
        }
        let mut all = Logs::default();
        if self.write_steps_per_second {
            all.insert("steps_per_second", 1.0 / self.batch_begin.elapsed().as_secs_f64());
        }
        logs.iter().for_each(|(name, value)| all.insert(name, value));
        self.write(TRAIN, self.steps as u64, "batch_", &all, "")
    }

    fn on_test_end(&mut self, model: &mut Model, logs: &Logs) -> Result<()> {
        self.check()?;
        let iterations = model.optimizer()?.iterations();
        self.write(VALIDATION, iterations, "evaluation_", logs, "_vs_iterations")
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        let (mut training, mut validation) = (Logs::default(), Logs::default());
        for (name, value) in logs.iter() {
            match name.strip_prefix("val_") {
                Some(name) => validation.insert(name, value),
                None => training.insert(name, value),
            }
        }
        learning_rates::log(model, &mut training)?;
        if self.write_steps_per_second {
            let (begin, before) = self.epoch_begin;
            let steps = model.optimizer()?.iterations().saturating_sub(before);
            training.insert("steps_per_second", steps as f64 / begin.elapsed().as_secs_f64());
        }
        self.write(TRAIN, epoch as u64, "epoch_", &training, "")?;
        self.write(VALIDATION, epoch as u64, "epoch_", &validation, "")?;
        if self.histogram_freq > 0 && epoch.is_multiple_of(self.histogram_freq) {
            self.write_histograms(model, epoch)?;
        }
        if self.embeddings_freq > 0 && epoch.is_multiple_of(self.embeddings_freq) {
            projector::write_tables(&self.folder, model, epoch)?;
        }
        Ok(())
    }

    fn on_train_end(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.files = [None, None];
        Ok(())
    }

    // The step is counted before.
    fn reads_logs_of(&self, _: usize) -> bool {
        self.writes_step()
    }

    fn state(&self) -> CallbackState {
        let places: Vec<_> =
            (0..2).map(|i| self.files[i].as_ref().map_or(self.places[i].clone(), EventFile::place)).collect();
        let mut counts: Vec<_> =
            std::iter::once(self.steps as u64).chain(places.iter().map(|(_, length)| *length)).collect();
        counts.extend(words::to_counts(places.iter().map(|(name, _)| name.as_str())));
        CallbackState { counts, ..CallbackState::default() }
    }

    fn set_state(&mut self, state: CallbackState) {
        if let [steps, train, validation, names @ ..] = state.counts.as_slice()
            && let Ok([first, second]) = <[String; 2]>::try_from(words::of_counts(names))
        {
            (self.files, self.steps) = ([None, None], *steps as usize);
            self.places = [(first, *train), (second, *validation)];
        }
    }
}
