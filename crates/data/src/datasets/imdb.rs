//! Reviews of films, good or bad (Maas and others, 2011). Keras: `keras.datasets.imdb`.

use super::sequences::{Words, sequence_arguments};
use super::{Sequences, cached, in_file, word_index};
use crate::Npz;
use candle_keras_ops::Result;
use indexmap::IndexMap;
use std::path::Path;

/// The keyword arguments of [`load_data`], with Keras's defaults.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct LoadData {
    words: Words,
}

sequence_arguments!();

/// 25,000 reviews for training and 25,000 for tests, as indices of words, more frequent ones first, and 1 for good ones, 0 for bad ones.
///
/// ```no_run
/// use candle_keras_data::datasets::imdb;
/// use candle_keras_data::{Pad, pad_sequences};
/// let ((x_train, y_train), _) = imdb::load_data(imdb::LoadData::new().num_words(10_000))?;
/// let x_train = pad_sequences(&x_train, Pad::new().maxlen(500))?;
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the file is not in Keras's cache, or not the file that it should be, or no text is shorter than `maxlen`.
pub fn load_data(arguments: LoadData) -> Result<Sequences> {
    read(&cached("imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f")?, &arguments)
}

/// The words and their indices, in the order of Keras's file, to which [`index_from`](LoadData::index_from) is added in the texts.
///
/// # Errors
/// If the file is not in Keras's cache, or not the file that it should be.
pub fn get_word_index() -> Result<IndexMap<String, u32>> {
    word_index(&cached("imdb_word_index.json", "bfafd718b763782e994055a2d397834f")?)
}

pub(super) fn read(path: &Path, LoadData { words }: &LoadData) -> Result<Sequences> {
    let (mut file, mut random) = (Npz::open(path)?, words.random());
    let mut train = in_file(path, words.read(&mut file, &mut random, "x_train", "y_train"))?;
    let mut test = in_file(path, words.read(&mut file, &mut random, "x_test", "y_test"))?;
    words.limit(&mut [&mut train.0, &mut test.0]);
    Ok((train, test))
}
