//! WAV files with labels. Keras: `keras.utils.audio_dataset_from_directory`.

use super::{Folder, FolderDataset, ReadFiles, folder_arguments};
use crate::Array;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result, has_memory_for};
use hound::{SampleFormat, WavReader};
use std::path::Path;

const EXTENSIONS: [&str; 1] = [".wav"];

/// The arguments of [`audio_dataset_from_directory`].
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct AudioFolder {
    folder: Folder,
    output_sequence_length: Option<usize>,
}

folder_arguments!(AudioFolder);

impl AudioFolder {
    /// The number of samples of each sound: longer ones are cut, shorter ones get zeros at their end. Default: as many as each file has, in batches
    /// as many as the longest.
    pub fn output_sequence_length(mut self, samples: impl Into<Option<usize>>) -> Self {
        self.output_sequence_length = samples.into();
        self
    }
}

/// The sounds of the `.wav` files of a folder, with the names of its subfolders as classes: samples in -1 to 1, of the shape `(samples, channels)`.
/// In a batch, shorter sounds have zeros at their end. Keras: the function of the same name,
/// which needs `output_sequence_length` or `ragged` for sounds of different lengths.
///
/// Integers of 8 to 32 bits and floats are read, at the rate that they have; Keras reads 16 bits, and resamples with tensorflow-io.
///
/// # Errors
/// If there are no such files, or an argument is invalid. A file that cannot be read is an error with its path when its batch is read.
pub fn audio_dataset_from_directory(directory: impl AsRef<Path>, arguments: AudioFolder) -> Result<FolderDataset> {
    arguments.folder.dataset(directory.as_ref(), &EXTENSIONS, ReadSound { length: arguments.output_sequence_length })
}

/// The parts for training and validation of a [`validation_split`](AudioFolder::validation_split). Keras: `audio_dataset_from_directory` with
/// `subset="both"`.
///
/// # Errors
/// As for [`audio_dataset_from_directory`].
pub fn audio_datasets_from_directory(
    directory: impl AsRef<Path>,
    arguments: AudioFolder,
) -> Result<(FolderDataset, FolderDataset)> {
    arguments.folder.datasets(directory.as_ref(), &EXTENSIONS, ReadSound { length: arguments.output_sequence_length })
}

#[derive(Clone)]
struct ReadSound {
    length: Option<usize>,
}

impl ReadFiles for ReadSound {
    type Samples = Vec<Tensor>;

    fn samples(&self, count: usize) -> Vec<Tensor> {
        Vec::with_capacity(count)
    }

    fn read(&self, path: &Path, sounds: &mut Vec<Tensor>) -> Result<()> {
        let sound = read(path, self.length)
            .map_err(|cause| Error::new(format!("{}: this is not a readable WAV file: {cause}", path.display())))?;
        if let Some(first) = sounds.first().filter(|first| first.dims()[1] != sound.dims()[1]) {
            return Err(Error::new(format!("{}: the sounds of a batch have the same channels", path.display()))
                .expected(format!("{}, as the first one has", first.dims()[1]))
                .received(sound.dims()[1].to_string()));
        }
        sounds.push(sound);
        Ok(())
    }

    fn array(&self, sounds: Vec<Tensor>, _: usize) -> Result<Array> {
        let longest = sounds.iter().map(|sound| sound.dims()[0]).max().unwrap_or(0);
        let padded = sounds.iter().map(|sound| sound.pad_with_zeros(0, 0, longest - sound.dims()[0]));
        Array::new(&Tensor::stack(&padded.collect::<candle_core::Result<Vec<_>>>()?, 0)?)
    }
}

/// The samples of a file, in -1 to 1.
fn read(path: &Path, length: Option<usize>) -> std::result::Result<Tensor, Box<dyn std::error::Error>> {
    let reader = WavReader::open(path)?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels).max(1);
    let wanted = length.map_or(usize::MAX, |length| length.saturating_mul(channels));
    let samples: std::result::Result<Vec<f32>, _> = match spec.sample_format {
        SampleFormat::Float => reader.into_samples::<f32>().take(wanted).collect(),
        SampleFormat::Int => {
            let scale = 1.0 / (1u64 << (spec.bits_per_sample.saturating_sub(1))) as f32;
            reader.into_samples::<i32>().take(wanted).map(|sample| Ok(sample? as f32 * scale)).collect()
        }
    };
    let mut samples = samples?;
    samples.truncate(samples.len() / channels * channels);
    if length.is_some() {
        if !has_memory_for(wanted.saturating_mul(size_of::<f32>())) {
            return Err("sounds of output_sequence_length do not fit into memory".into());
        }
        samples.resize(wanted, 0.0);
    }
    let count = samples.len() / channels;
    Ok(Tensor::from_vec(samples, (count, channels), &Device::Cpu)?)
}
