//! What is shown on a map, and how it is computed.

use super::affinities::{Affinities, neighbors_of};
use super::neighbors::UnitRows;
use super::{WordMap, pca, tsne};
use crate::KeyedVectors;
use candle_keras_ops::{Error, Result};

/// How a map finds a place for each word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// The first two principal components: distances are honest, but most of the vectors' structure is not to be seen.
    Pca,
    /// t-SNE: neighbors are honest, and large distances say little.
    Tsne,
    /// A name that is neither.
    Unknown(String),
}

impl From<&str> for Method {
    fn from(name: &str) -> Self {
        match name {
            "pca" => Self::Pca,
            "tsne" => Self::Tsne,
            other => Self::Unknown(other.into()),
        }
    }
}

/// A map to be computed of word vectors; its default values are those of scikit-learn's `TSNE`.
///
/// Only the directions of the vectors count, as for all questions to word vectors. The same vectors, words and seed give the same map
/// on any number of cores.
///
/// ```
/// use candle_keras_word_vectors::{KeyedVectors, Map};
/// use candle_core::{Device, Tensor};
/// let table = Tensor::new(&[[1f32, 0.1], [1.0, 0.2], [-1.0, 0.9], [-1.0, 1.0]], &Device::Cpu)?;
/// let vectors = KeyedVectors::new(["king", "queen", "apple", "pear"], &table)?;
/// let map = Map::new(&vectors).words(2000).method("tsne").perplexity(30.0).fit()?;
/// assert_eq!(map.neighbors("king").unwrap()[0].0, "queen");
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// map.save(folder.join("map.html"))?; // opens without a network: pan, zoom, search, neighbors of each word
/// map.save(folder.join("map.svg"))?; // for printing
/// # Ok::<(), candle_keras_word_vectors::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Map<'a> {
    vectors: &'a KeyedVectors,
    words: usize,
    only: Option<Vec<String>>,
    method: Method,
    perplexity: f64,
    iterations: usize,
    neighbors: usize,
    title: String,
    seed: u64,
}

impl<'a> Map<'a> {
    /// A map of the first 2,000 words, by t-SNE.
    pub fn new(vectors: &'a KeyedVectors) -> Self {
        Self {
            vectors,
            words: 2000,
            only: None,
            method: Method::Tsne,
            perplexity: 30.0,
            iterations: 1000,
            neighbors: 8,
            title: "Word map".into(),
            seed: 0,
        }
    }

    /// How many words are shown at most, the first of the vectors, which are the most frequent in most files; default 2000.
    pub fn words(mut self, words: usize) -> Self {
        self.words = words;
        self
    }

    /// Shows these words alone, in the order of the vectors; [`words`](Self::words) limits them as well.
    pub fn only<S: AsRef<str>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.only = Some(words.into_iter().map(|word| word.as_ref().to_string()).collect());
        self
    }

    /// `"tsne"` or `"pca"`; default `"tsne"`.
    pub fn method(mut self, method: impl Into<Method>) -> Self {
        self.method = method.into();
        self
    }

    /// For t-SNE, how many neighbors a word should have, about; default 30. Of few words, a third at most.
    pub fn perplexity(mut self, perplexity: f64) -> Self {
        self.perplexity = perplexity;
        self
    }

    /// For t-SNE, how many steps of gradient descent; default 1000. The first 250 are made with exaggerated attraction.
    pub fn iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// How many neighbors the page names for each word; default 8.
    pub fn neighbors(mut self, neighbors: usize) -> Self {
        self.neighbors = neighbors;
        self
    }

    /// The title of the page; default "Word map".
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The seed of the noise with which t-SNE begins; default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Computes the map. Words whose vectors have no direction, since they are all zeros or not finite, are left out.
    ///
    /// 2,000 words with 100 numbers each take a few seconds, 10,000 about half a minute on one core.
    ///
    /// # Errors
    /// If the method is unknown, the perplexity is below 1 or not finite, a word of [`only`](Self::only) has no vector, or no word is left.
    pub fn fit(self) -> Result<WordMap> {
        if !(self.perplexity >= 1.0 && self.perplexity.is_finite()) {
            return Err(Error::new("the perplexity of a map must be a number from 1 on")
                .received(self.perplexity.to_string())
                .help("it is about how many neighbors a word should have; 30 is usual"));
        }
        let Selection { numbers, rows, left_out } = self.select()?;
        let perplexity = self.perplexity.min(rows.len().saturating_sub(1) as f64 / 3.0).max(1.0);
        let components = pca::project::<4>(&rows);
        let flat: Vec<[f64; 2]> = components.iter().map(|&[x, y, _, _]| [x, y]).collect();
        let colors = components.iter().map(|&[.., x, y]| [x, y]).collect();
        let (mut nearest, positions, divergence, about) = match &self.method {
            Method::Pca => (rows.nearest(self.neighbors), flat, None, String::from("principal components")),
            Method::Tsne => {
                let nearest = rows.nearest(self.neighbors.max(neighbors_of(perplexity)));
                let affinities = Affinities::new(&nearest, perplexity);
                let positions = tsne::embed(&affinities, tsne::start(&flat, self.seed), self.iterations);
                let divergence = affinities.divergence(&positions);
                (
                    nearest,
                    positions,
                    Some(divergence),
                    format!("t-SNE, perplexity {}", (perplexity * 10.0).round() / 10.0),
                )
            }
            Method::Unknown(name) => return Err(Error::unknown("method", name, &["tsne", "pca"])),
        };
        nearest.iter_mut().for_each(|near| near.truncate(self.neighbors));
        let words = numbers.iter().map(|&number| self.vectors.words().word(number)).collect();
        let counts = self.vectors.counts().map(|counts| numbers.iter().map(|&number| counts[number]).collect());
        Ok(WordMap { words, counts, positions, colors, nearest, divergence, left_out, title: self.title, about })
    }

    /// The rows that are shown.
    fn select(&self) -> Result<Selection> {
        let words = self.vectors.words();
        let candidates = match &self.only {
            None => (0..words.len()).collect(),
            Some(only) => {
                let mut numbers = only.iter().map(|word| self.vectors.index_of(word)).collect::<Result<Vec<_>>>()?;
                numbers.sort_unstable();
                numbers.dedup();
                numbers
            }
        };
        let mut selection =
            Selection { numbers: vec![], rows: UnitRows::new(self.vectors.vector_size()), left_out: vec![] };
        for number in candidates {
            if selection.numbers.len() == self.words {
                break;
            }
            if selection.rows.push(self.vectors.row(number)) {
                selection.numbers.push(number);
            } else {
                selection.left_out.push(words.word(number).to_string());
            }
        }
        if selection.numbers.is_empty() {
            let help = match (self.words, selection.left_out.as_slice()) {
                (0, _) => String::from("words(2000) shows the first 2,000"),
                (_, []) => String::from("there are no vectors"),
                (_, [first, ..]) => format!("the vector of {first:?}, as all others, is zeros or not finite"),
            };
            return Err(Error::new("there is no word to show on a map").help(help));
        }
        Ok(selection)
    }
}

/// The words of a map.
struct Selection {
    /// Their numbers in the vectors.
    numbers: Vec<usize>,
    rows: UnitRows,
    left_out: Vec<String>,
}
