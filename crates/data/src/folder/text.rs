//! Text files with labels. Keras: `keras.utils.text_dataset_from_directory`.

use super::{Folder, FolderDataset, ReadFiles, folder_arguments};
use crate::Array;
use candle_keras_ops::{Error, Result};
use std::path::Path;

const EXTENSIONS: [&str; 1] = [".txt"];

/// The arguments of [`text_dataset_from_directory`].
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct TextFolder {
    folder: Folder,
    max_length: Option<usize>,
}

folder_arguments!(TextFolder);

impl TextFolder {
    /// The bytes of a text that are read, at most. Default: all. A character that would be cut is left out.
    pub fn max_length(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.max_length = bytes.into();
        self
    }
}

/// The texts of the `.txt` files of a folder, with the names of its subfolders as classes. Keras: the function of the same name.
///
/// A batch of samples is strings, for a [`TextVectorization`](https://keras.io/api/layers/preprocessing_layers/text/text_vectorization) layer.
///
/// ```
/// use candle_keras_data::{TextFolder, text_dataset_from_directory};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path();
/// for (name, text) in [("neg/1.txt", "bad"), ("neg/2.txt", "awful"), ("pos/1.txt", "very good")] {
///     # std::fs::create_dir_all(path.join(name).parent().unwrap()).unwrap();
///     std::fs::write(path.join(name), text).unwrap();
/// }
/// let dataset = text_dataset_from_directory(path, TextFolder::new().shuffle(false).verbose(false))?;
/// assert_eq!(dataset.class_names(), ["neg", "pos"]);
/// let batch = dataset.iter()?.next().expect("one batch")?;
/// assert_eq!(candle_keras_ops::strings(&batch.x[0])?, ["bad", "awful", "very good"]);
/// assert_eq!(batch.y[0].to_vec1::<i64>()?, [0, 0, 1]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there are no such files, or an argument is invalid. A file that is not UTF-8 is an error when its batch is read.
pub fn text_dataset_from_directory(directory: impl AsRef<Path>, arguments: TextFolder) -> Result<FolderDataset> {
    arguments.folder.dataset(directory.as_ref(), &EXTENSIONS, ReadText { max_length: arguments.max_length })
}

/// The parts for training and validation of a [`validation_split`](TextFolder::validation_split). Keras: `text_dataset_from_directory` with
/// `subset="both"`.
///
/// # Errors
/// As for [`text_dataset_from_directory`].
pub fn text_datasets_from_directory(
    directory: impl AsRef<Path>,
    arguments: TextFolder,
) -> Result<(FolderDataset, FolderDataset)> {
    arguments.folder.datasets(directory.as_ref(), &EXTENSIONS, ReadText { max_length: arguments.max_length })
}

#[derive(Clone)]
struct ReadText {
    max_length: Option<usize>,
}

impl ReadFiles for ReadText {
    type Samples = Vec<String>;

    fn samples(&self, count: usize) -> Vec<String> {
        Vec::with_capacity(count)
    }

    fn read(&self, path: &Path, texts: &mut Vec<String>) -> Result<()> {
        let mut bytes = std::fs::read(path).map_err(|cause| Error::io(path, cause))?;
        if let Some(most) = self.max_length.filter(|most| *most < bytes.len()) {
            let start = (0..=most).rev().find(|&i| bytes[i] & 0b1100_0000 != 0b1000_0000);
            bytes.truncate(start.unwrap_or(most));
        }
        texts.push(String::from_utf8(bytes).map_err(|error| {
            let position = error.utf8_error().valid_up_to();
            Error::new(format!("{} is not UTF-8 text", path.display()))
                .received(format!("byte 0x{:02x} at {position}", error.as_bytes()[position]))
        })?);
        Ok(())
    }

    fn array(&self, texts: Vec<String>, _: usize) -> Result<Array> {
        Array::new(&texts)
    }
}
