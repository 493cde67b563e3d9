//! Texts as indices of words, of which some are cut or replaced.

use crate::Npz;
use crate::numpy::random::RandomState;
use candle_core::DType;
use candle_keras_ops::{Error, Result};

/// The arguments that both data sets of texts have.
macro_rules! sequence_arguments {
    () => {
        impl LoadData {
            /// Keras's defaults.
            pub fn new() -> Self {
                Self::default()
            }

            /// Words of this index or higher, which are rarer, become `oov_char`. Default: none but the last.
            pub fn num_words(mut self, count: impl Into<Option<u32>>) -> Self {
                self.words.num_words = count.into();
                self
            }

            /// The most frequent words, of a lower index, become `oov_char`. Default: 0, none.
            pub fn skip_top(mut self, count: u32) -> Self {
                self.words.skip_top = count;
                self
            }

            /// Texts of this length or longer are left out. Default: none.
            pub fn maxlen(mut self, length: impl Into<Option<usize>>) -> Self {
                self.words.maxlen = length.into();
                self
            }

            /// The seed of the order, which is Keras's for the same one. Default: 113.
            pub fn seed(mut self, seed: u32) -> Self {
                self.words.seed = seed;
                self
            }

            /// What each text starts with: 1 by default; `None`: nothing.
            pub fn start_char(mut self, index: impl Into<Option<u32>>) -> Self {
                self.words.start_char = index.into();
                self
            }

            /// What stands for a word that is left out: 2 by default; `None`: nothing.
            pub fn oov_char(mut self, index: impl Into<Option<u32>>) -> Self {
                self.words.oov_char = index.into();
                self
            }

            /// What is added to the indices of words. Default: 3.
            pub fn index_from(mut self, index: u32) -> Self {
                self.words.index_from = index;
                self
            }
        }
    };
}
pub(super) use sequence_arguments;

#[derive(Debug, Clone)]
pub(super) struct Words {
    pub(super) num_words: Option<u32>,
    pub(super) skip_top: u32,
    pub(super) maxlen: Option<usize>,
    pub(super) seed: u32,
    pub(super) start_char: Option<u32>,
    pub(super) oov_char: Option<u32>,
    pub(super) index_from: u32,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            num_words: None,
            skip_top: 0,
            maxlen: None,
            seed: 113,
            start_char: Some(1),
            oov_char: Some(2),
            index_from: 3,
        }
    }
}

/// Texts and their classes.
pub(super) type Texts = (Vec<Vec<u32>>, Vec<u32>);

impl Words {
    pub(super) fn random(&self) -> RandomState {
        RandomState::new(self.seed)
    }

    /// The texts of two arrays of a file, in Keras's random order, without those that are too long.
    pub(super) fn read(&self, file: &mut Npz, random: &mut RandomState, x: &str, y: &str) -> Result<Texts> {
        let (texts, classes) =
            (file.sequences(x)?, file.read(y)?.to_dtype(DType::I64)?.flatten_all()?.to_vec1::<i64>()?);
        if texts.len() != classes.len() {
            return Err(Error::new("there is not a class for each text").received(format!(
                "{} of {}",
                classes.len(),
                texts.len()
            )));
        }
        let mut order: Vec<usize> = (0..texts.len()).collect();
        random.shuffle(&mut order);
        let is_short =
            |text: &Vec<u32>| self.maxlen.filter(|maxlen| *maxlen > 0).is_none_or(|maxlen| text.len() < maxlen);
        let texts = order.into_iter().map(|i| (self.started(&texts[i]), classes[i] as u32));
        let (texts, classes): Texts = texts.filter(|(text, _)| is_short(text)).unzip();
        if texts.is_empty() {
            return Err(Error::new("no text is shorter than maxlen").received(format!("{:?}", self.maxlen)));
        }
        Ok((texts, classes))
    }

    fn started(&self, text: &[u32]) -> Vec<u32> {
        self.start_char.into_iter().chain(text.iter().map(|word| word.saturating_add(self.index_from))).collect()
    }

    /// The words of the texts that are left, given all texts of the data set.
    pub(super) fn limit(&self, texts: &mut [&mut Vec<Vec<u32>>]) {
        let largest = || texts.iter().flat_map(|texts| texts.iter().flatten()).copied().max().unwrap_or(0);
        // As in Keras, the rarest word is then beyond the limit.
        let end = self.num_words.filter(|count| *count > 0).unwrap_or_else(largest);
        let is_kept = |word: u32| (self.skip_top..end).contains(&word);
        for text in texts.iter_mut().flat_map(|texts| texts.iter_mut()) {
            match self.oov_char {
                Some(oov) => text.iter_mut().filter(|word| !is_kept(**word)).for_each(|word| *word = oov),
                None => text.retain(|word| is_kept(*word)),
            }
        }
    }
}
