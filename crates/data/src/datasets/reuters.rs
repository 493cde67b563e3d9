//! Newswires on 46 topics (Lewis, 1987). Keras: `keras.datasets.reuters`.

use super::sequences::{Words, sequence_arguments};
use super::{Sequences, cached, check_split, in_file, word_index};
use crate::Npz;
use candle_keras_ops::Result;
use indexmap::IndexMap;
use std::path::Path;

/// The keyword arguments of [`load_data`], with Keras's defaults.
#[derive(Debug, Clone)]
#[must_use]
pub struct LoadData {
    words: Words,
    test_split: f64,
}

impl Default for LoadData {
    fn default() -> Self {
        Self { words: Words::default(), test_split: 0.2 }
    }
}

sequence_arguments!();

impl LoadData {
    /// The fraction of the texts for tests. Default: 0.2.
    pub fn test_split(mut self, fraction: f64) -> Self {
        self.test_split = fraction;
        self
    }
}

/// 11,228 newswires as indices of words, more frequent ones first, and their topics.
///
/// # Errors
/// If the file is not in Keras's cache, or not the file that it should be, or no text is shorter than `maxlen`.
pub fn load_data(arguments: LoadData) -> Result<Sequences> {
    read(&cached("reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916")?, &arguments)
}

/// The words and their indices, to which [`index_from`](LoadData::index_from) is added in the texts.
///
/// # Errors
/// If the file is not in Keras's cache, or not the file that it should be.
pub fn get_word_index() -> Result<IndexMap<String, u32>> {
    word_index(&cached("reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")?)
}

/// The topics, in the order of their numbers.
pub fn get_label_names() -> [&'static str; 46] {
    [
        "cocoa",
        "grain",
        "veg-oil",
        "earn",
        "acq",
        "wheat",
        "copper",
        "housing",
        "money-supply",
        "coffee",
        "sugar",
        "trade",
        "reserves",
        "ship",
        "cotton",
        "carcass",
        "crude",
        "nat-gas",
        "cpi",
        "money-fx",
        "interest",
        "gnp",
        "meal-feed",
        "alum",
        "oilseed",
        "gold",
        "tin",
        "strategic-metal",
        "livestock",
        "retail",
        "ipi",
        "iron-steel",
        "rubber",
        "heat",
        "jobs",
        "lei",
        "bop",
        "zinc",
        "orange",
        "pet-chem",
        "dlr",
        "gas",
        "silver",
        "wpi",
        "hog",
        "lead",
    ]
}

pub(super) fn read(path: &Path, arguments: &LoadData) -> Result<Sequences> {
    check_split(arguments.test_split)?;
    let mut file = Npz::open(path)?;
    let (mut texts, mut topics) =
        in_file(path, arguments.words.read(&mut file, &mut arguments.words.random(), "x", "y"))?;
    arguments.words.limit(&mut [&mut texts]);
    let first = (texts.len() as f64 * (1.0 - arguments.test_split)) as usize;
    let (tests, tests_topics) = (texts.split_off(first), topics.split_off(first));
    Ok(((texts, topics), (tests, tests_topics)))
}
