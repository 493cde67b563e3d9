//! Datasets of the files of a folder, with labels from the names of its subfolders.
//! Keras: `keras.utils.image_dataset_from_directory` and its kin.

mod audio;
mod files;
mod images;
mod text;

pub use audio::{AudioFolder, audio_dataset_from_directory, audio_datasets_from_directory};
pub use files::Labels;
pub use images::{ImageFolder, image_dataset_from_directory, image_datasets_from_directory};
pub use text::{TextFolder, text_dataset_from_directory, text_datasets_from_directory};

use crate::{Array, Batch, Data, Dataset, IntoBatch, IntoData, ToTensor, to_categorical};
use candle_core::{Device, Tensor};
use candle_keras_ops::console::print_line;
use candle_keras_ops::{Error, Result, cores};
use files::Files;
pub(crate) use files::{files_below, subfolders};
use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A dataset of the files of a folder. It can be used as a [`Dataset`], whose methods it has.
#[derive(Debug, Clone)]
pub struct FolderDataset {
    dataset: Dataset,
    class_names: Vec<String>,
    file_paths: Vec<PathBuf>,
    labels: Option<Vec<u32>>,
}

impl FolderDataset {
    /// The number of the class of each file; `None` without labels.
    pub fn labels(&self) -> Option<&[u32]> {
        self.labels.as_deref()
    }

    /// The names of the classes, in the order of the labels; none without labels.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The files, in the order before a pass shuffles them.
    pub fn file_paths(&self) -> &[PathBuf] {
        &self.file_paths
    }
}

impl Deref for FolderDataset {
    type Target = Dataset;

    fn deref(&self) -> &Dataset {
        &self.dataset
    }
}

impl IntoData for &FolderDataset {
    fn into_data(self) -> Result<Data> {
        self.dataset.clone().into_data()
    }
}

impl IntoData for FolderDataset {
    fn into_data(self) -> Result<Data> {
        self.dataset.into_data()
    }
}

/// The arguments that all folders have.
#[derive(Debug, Clone)]
struct Folder {
    labels: Labels,
    label_mode: Option<String>,
    class_names: Option<Vec<String>>,
    batch_size: Option<usize>,
    shuffle: bool,
    seed: Option<u32>,
    validation_split: Option<f64>,
    subset: Option<String>,
    follow_links: bool,
    verbose: bool,
}

impl Default for Folder {
    fn default() -> Self {
        Self {
            labels: Labels::Inferred,
            label_mode: Some("int".into()),
            class_names: None,
            batch_size: Some(32),
            shuffle: true,
            seed: None,
            validation_split: None,
            subset: None,
            follow_links: false,
            verbose: true,
        }
    }
}

/// The methods for the arguments that all folders have.
macro_rules! folder_arguments {
    ($arguments:ident) => {
        impl $arguments {
            /// Keras's defaults.
            pub fn new() -> Self {
                Self::default()
            }

            /// `"inferred"` from the names of the subfolders, by default; a list of a class for each file, in the order of the paths; or `None`: no labels.
            pub fn labels(mut self, labels: impl Into<crate::Labels>) -> Self {
                self.folder.labels = labels.into();
                self
            }

            /// The form of the labels: `"int"`, by default, a number for a sample; `"categorical"`, one-hot rows; `"binary"`, 0 or 1 in a row of one;
            /// `None`: no labels, and all files of the folder.
            pub fn label_mode<'a>(mut self, mode: impl Into<Option<&'a str>>) -> Self {
                self.folder.label_mode = mode.into().map(str::to_string);
                self
            }

            /// The subfolders that are classes, in the order of the labels. Default: all, in the order of their names.
            pub fn class_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
                self.folder.class_names = Some(names.into_iter().map(Into::into).collect());
                self
            }

            /// The number of samples of a batch, 32 by default; `None`: the samples one by one.
            pub fn batch_size(mut self, size: impl Into<Option<usize>>) -> Self {
                self.folder.batch_size = size.into();
                self
            }

            /// Whether the samples come in random order, another one in each pass. Default: true. Otherwise they are in the order of their paths.
            pub fn shuffle(mut self, shuffle: bool) -> Self {
                self.folder.shuffle = shuffle;
                self
            }

            /// The seed of the order. With a [`validation_split`](Self::validation_split) it fixes the parts, which are those of Keras with the same seed.
            pub fn seed(mut self, seed: u32) -> Self {
                self.folder.seed = Some(seed);
                self
            }

            /// The fraction of the files that is for validation.
            pub fn validation_split(mut self, fraction: f64) -> Self {
                self.folder.validation_split = Some(fraction);
                self
            }

            /// Which part of a [`validation_split`](Self::validation_split): `"training"` or `"validation"`.
            pub fn subset(mut self, subset: &str) -> Self {
                self.folder.subset = Some(subset.into());
                self
            }

            /// Whether links to folders are followed. Default: false.
            pub fn follow_links(mut self, follow: bool) -> Self {
                self.folder.follow_links = follow;
                self
            }

            /// Whether the numbers of files and classes are printed. Default: true.
            pub fn verbose(mut self, verbose: bool) -> Self {
                self.folder.verbose = verbose;
                self
            }
        }
    };
}
use folder_arguments;

/// The parts of a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Training,
    Validation,
}

/// How a kind of files is read into batches.
trait ReadFiles: Send + Sync + 'static {
    /// The samples of a batch.
    type Samples;

    /// None yet, with room for so many.
    fn samples(&self, count: usize) -> Self::Samples;

    /// Reads a file, and adds its sample if it is one.
    fn read(&self, path: &Path, samples: &mut Self::Samples) -> Result<()>;

    /// The samples as one array.
    fn array(&self, samples: Self::Samples, count: usize) -> Result<Array>;

    /// Whether a file that cannot be read is left out, with a warning.
    fn skips_damaged(&self) -> bool {
        false
    }
}

impl Folder {
    /// The part that `subset` names.
    fn part(&self) -> Result<Part> {
        match (self.validation_split, self.subset.as_deref()) {
            (None, None) => Ok(Part::All),
            (Some(_), Some("training")) => Ok(Part::Training),
            (Some(_), Some("validation")) => Ok(Part::Validation),
            (Some(_), Some("both")) => Err(Error::new("two parts are two datasets")
                .received("subset(\"both\")")
                .help("the function of the same name with `datasets` returns both")),
            (Some(_), None) => Err(Error::new("validation_split needs the part that is wanted")
                .expected("subset(\"training\") or subset(\"validation\")")
                .help("the function of the same name with `datasets` returns both parts")),
            (None, Some(_)) => {
                Err(Error::new("subset needs validation_split, the fraction of the files for validation"))
            }
            (_, Some(other)) => Err(Error::unknown("subset", other, &["training", "validation"])),
        }
    }

    /// The dataset of one part.
    fn dataset(&self, path: &Path, extensions: &[&str], reader: impl ReadFiles) -> Result<FolderDataset> {
        let part = self.part()?;
        let files = self.files(path, extensions, part != Part::All)?;
        self.part_of(&files, part, reader)
    }

    /// Those of both parts, of which the second is not shuffled. Keras: `subset="both"`.
    fn datasets<R: ReadFiles + Clone>(
        &self,
        path: &Path,
        extensions: &[&str],
        reader: R,
    ) -> Result<(FolderDataset, FolderDataset)> {
        if self.validation_split.is_none() {
            return Err(Error::new("two parts need validation_split, the fraction of the files for validation"));
        }
        if let Some(subset) = self.subset.as_deref().filter(|subset| *subset != "both") {
            return Err(Error::new("both parts are returned").received(format!("subset({subset:?})")));
        }
        let files = self.files(path, extensions, true)?;
        let training = self.part_of(&files, Part::Training, reader.clone())?;
        let validation = Self { shuffle: false, ..self.clone() }.part_of(&files, Part::Validation, reader)?;
        Ok((training, validation))
    }

    /// All files, in the order of Keras.
    fn files(&self, path: &Path, extensions: &[&str], is_split: bool) -> Result<Files> {
        if is_split && self.shuffle && self.seed.is_none() {
            return Err(Error::new(
                "a validation_split of shuffled files needs a seed, so that the parts do not overlap",
            )
            .help("add seed(1), or shuffle(false)"));
        }
        let mut files = Files::find(path, self, extensions)?;
        if self.verbose {
            let classes = match &files.labels {
                Some(_) => format!(" belonging to {} classes", files.class_names.len()),
                None => String::new(),
            };
            print_line(&format!("Found {} files{classes}.", files.paths.len()));
        }
        if let Some(seed) = self.seed.filter(|_| self.shuffle) {
            files.shuffle(seed);
        }
        Ok(files)
    }

    fn part_of(&self, files: &Files, part: Part, reader: impl ReadFiles) -> Result<FolderDataset> {
        let files = files.part(part, self.validation_split)?;
        if self.verbose && part != Part::All {
            let purpose = if part == Part::Training { "training" } else { "validation" };
            print_line(&format!("Using {} files for {purpose}.", files.paths.len()));
        }
        let targets = Targets::new(self, &files)?;
        let Files { paths, class_names, labels } = files;
        let file_paths = paths.clone();
        let count = paths.len();
        let indices = Tensor::arange(0i64, count as i64, &Device::Cpu)?;
        let order = Dataset::from_tensor_slices(indices)?;
        let order = match (self.shuffle, self.seed) {
            (false, _) => order,
            (true, Some(seed)) => order.shuffle(crate::Shuffle::new(count).seed(seed.into())),
            (true, None) => order.shuffle(count),
        };
        let skips = reader.skips_damaged();
        let warned = Mutex::new(BTreeSet::new());
        // Each batch is read by one thread, into its place: a batch that others are gathered into would be copied by one thread, while the others wait.
        let read = move |batch: Batch| -> Result<Batch> {
            let indices: Vec<i64> = batch.x[0].flatten_all()?.to_vec1()?;
            let mut samples = reader.samples(indices.len());
            let mut kept = Vec::with_capacity(indices.len());
            for index in indices.into_iter().map(|index| index as usize) {
                match reader.read(&paths[index], &mut samples) {
                    // Once, not in each pass.
                    Err(error) if skips => {
                        if warned.lock().unwrap_or_else(PoisonError::into_inner).insert(index) {
                            candle_keras_ops::warnings::warn(format!("a file is left out: {error}"));
                        }
                    }
                    read => {
                        read?;
                        kept.push(index);
                    }
                }
            }
            let array = reader.array(samples, kept.len())?;
            match &targets {
                Some(targets) => (array, targets.get(&kept)?).into_batch(),
                None => array.into_batch(),
            }
        };
        let threads = cores::count();
        let batches = order.batch(self.batch_size.unwrap_or(1)).map_on(threads, read);
        let batches = if skips { batches.filter(|batch| Ok(batch.size() > 0)) } else { batches };
        let dataset = match self.batch_size {
            Some(_) => batches,
            None => batches.map(|sample| sample.map(|array| Ok(array.squeeze(0)?))),
        };
        Ok(FolderDataset { dataset, class_names, file_paths, labels })
    }
}

/// The targets of the samples.
enum Targets {
    Int(Vec<u32>),
    Binary(Vec<u32>),
    Categorical(Vec<u32>, usize),
}

impl Targets {
    fn new(folder: &Folder, files: &Files) -> Result<Option<Self>> {
        let (Some(labels), Some(mode)) = (&files.labels, &folder.label_mode) else { return Ok(None) };
        let (labels, names) = (labels.clone(), &files.class_names);
        Ok(Some(match mode.as_str() {
            "int" => Self::Int(labels),
            "categorical" => Self::Categorical(labels, names.len()),
            "binary" if names.len() == 2 => Self::Binary(labels),
            "binary" => {
                return Err(Error::new("label_mode \"binary\" is for two classes")
                    .received(format!("{}: {}", names.len(), names.join(", ")))
                    .help("label_mode(\"int\") is for any number of classes"));
            }
            other => return Err(Error::unknown("label_mode", other, &["int", "categorical", "binary"])),
        }))
    }

    fn get(&self, samples: &[usize]) -> Result<Tensor> {
        let of = |labels: &[u32]| samples.iter().map(|sample| labels[*sample]).collect::<Vec<_>>();
        match self {
            Self::Int(labels) => of(labels).into_iter().map(i64::from).collect::<Vec<_>>().to_tensor(),
            Self::Binary(labels) => of(labels).into_iter().map(|label| [label as f32]).collect::<Vec<_>>().to_tensor(),
            Self::Categorical(labels, classes) => to_categorical(of(labels), *classes),
        }
    }
}

#[cfg(test)]
mod tests;
