//! The settings that a model was trained with, as its file has them.

use super::subwords::Ngrams;
use candle_keras_ops::{Error, Result};

/// How a model was trained, by the names of fastText's own arguments. Python: `model.f.getArgs()`.
///
/// The learning rate and the prefix of labels are not among them: the files do not have them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Args {
    /// How many numbers a vector has: default 100.
    pub dim: u32,
    /// The width of the window on each side: default 5.
    pub ws: u32,
    /// How often the text was read: default 5.
    pub epoch: u32,
    /// Words that occurred less often are not in the vocabulary: default 5, in supervised models 1.
    pub min_count: u32,
    /// How many negatives were drawn for a word: default 5.
    pub neg: u32,
    /// How many words the longest n-gram of words has: default 1.
    pub word_ngrams: u32,
    /// What was minimized: default negative sampling, in supervised models softmax.
    pub loss: LossName,
    /// What was predicted from what: default skip-gram.
    pub model: ModelName,
    /// For how many different n-grams there are rows: default 2,000,000.
    pub bucket: u32,
    /// How many letters the shortest n-gram of letters has: default 3, in supervised models 0.
    pub minn: u32,
    /// How many letters the longest one has, 0 for no n-grams: default 6, in supervised models 0.
    pub maxn: u32,
    /// After how many tokens a thread took a new learning rate: default 100.
    pub lr_update_rate: u32,
    /// Words more frequent than this were sampled less often: default 1e-4.
    pub t: f64,
}

/// What fastText's program takes for skip-gram and CBOW.
impl Default for Args {
    fn default() -> Self {
        Self {
            dim: 100,
            ws: 5,
            epoch: 5,
            min_count: 5,
            neg: 5,
            word_ngrams: 1,
            loss: LossName::NegativeSampling,
            model: ModelName::Skipgram,
            bucket: 2_000_000,
            minn: 3,
            maxn: 6,
            lr_update_rate: 100,
            t: 1e-4,
        }
    }
}

impl Args {
    /// Sets the n-grams of letters, without rows if there are none of letters nor of words.
    ///
    /// # Errors
    /// If there can be no such n-grams, or a file has no such numbers.
    pub(super) fn set_ngrams(&mut self, min_n: usize, max_n: usize, bucket: usize) -> Result<()> {
        let is_none = max_n == 0 && self.word_ngrams <= 1;
        if max_n > 0 && min_n > max_n {
            return Err(Error::new("min_n must not be above max_n").received(format!("{min_n} and {max_n}")));
        }
        if bucket == 0 && !is_none {
            return Err(Error::new("bucket must be positive")
                .received("0")
                .help("max_n(0) and word_ngrams(1) are without n-grams"));
        }
        (self.minn, self.maxn) = (as_i32("min_n", min_n)?, as_i32("max_n", max_n)?);
        self.bucket = if is_none { 0 } else { as_i32("bucket", bucket)? };
        Ok(())
    }

    /// Which parts of words have rows.
    pub(crate) fn ngrams(&self) -> Ngrams {
        Ngrams { minn: self.minn as usize, maxn: self.maxn as usize, bucket: self.bucket }
    }
}

/// What a model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelName {
    /// A word from the words around it: `cbow`.
    Cbow = 1,
    /// The words around a word from it: `skipgram`.
    Skipgram = 2,
    /// The label of a line from its words: `supervised`.
    Supervised = 3,
}

/// What a training minimizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossName {
    /// Hierarchical softmax: `hs`.
    HierarchicalSoftmax = 1,
    /// Negative sampling: `ns`.
    NegativeSampling = 2,
    /// Softmax over all labels: `softmax`.
    Softmax = 3,
    /// A logistic regression for each label: `ova`.
    OneVsAll = 4,
}

impl ModelName {
    /// The one of this number in a file.
    pub(super) fn of(number: i32) -> Result<Self> {
        let all = [Self::Cbow, Self::Skipgram, Self::Supervised];
        all.into_iter().find(|&name| name as i32 == number).ok_or_else(|| unknown("model", "1 to 3", number))
    }
}

impl LossName {
    /// The one of this name, which must be one of `known`.
    pub(super) fn named(name: &str, known: &[&str]) -> Result<Self> {
        match name {
            _ if !known.contains(&name) => Err(Error::unknown("loss", name, known)),
            "hs" => Ok(Self::HierarchicalSoftmax),
            "ns" => Ok(Self::NegativeSampling),
            "ova" => Ok(Self::OneVsAll),
            _ => Ok(Self::Softmax),
        }
    }

    /// The one of this number in a file.
    pub(super) fn of(number: i32) -> Result<Self> {
        let all = [Self::HierarchicalSoftmax, Self::NegativeSampling, Self::Softmax, Self::OneVsAll];
        all.into_iter().find(|&name| name as i32 == number).ok_or_else(|| unknown("loss", "1 to 4", number))
    }
}

/// An argument as a file has it: a number of 32 bits with a sign, and not negative.
pub(super) fn as_i32<T: TryInto<i32> + std::fmt::Display + Copy>(name: &str, value: T) -> Result<u32> {
    let fits = value.try_into().ok().and_then(|value| u32::try_from(value).ok());
    fits.ok_or_else(|| Error::new(format!("{name} must be below 2^31")).received(value.to_string()))
}

fn unknown(what: &str, known: &str, number: i32) -> Error {
    Error::new(format!("fastText has no {what} of this number")).expected(known).received(number.to_string())
}
