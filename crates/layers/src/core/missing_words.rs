//! Rows for words that have no vector.

use candle_keras_ops::random::{self, Stream};
use candle_keras_ops::{Error, Result};

/// The row of a word that has no vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingWords {
    /// Zeros.
    Zeros,
    /// Normal numbers with the mean and the standard deviation of each column of the vectors that were found.
    Random,
    /// The mean of the vectors that were found.
    Mean,
    /// An unknown name.
    Unknown(String),
}

impl From<&str> for MissingWords {
    fn from(name: &str) -> Self {
        match name {
            "zeros" => Self::Zeros,
            "random" => Self::Random,
            "mean" => Self::Mean,
            other => Self::Unknown(other.into()),
        }
    }
}

/// What a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Found,
    /// Not found, but with a vector computed from its n-grams.
    Subwords,
    Missing,
    OutOfVocabulary,
    Padding,
}

impl MissingWords {
    pub(super) fn known(&self) -> Result<&Self> {
        match self {
            Self::Unknown(name) => {
                Err(Error::unknown("policy for words without a vector", name, &["zeros", "random", "mean"]))
            }
            known => Ok(known),
        }
    }
}

/// Fills the missing rows by their policies.
pub(super) fn fill_others(
    values: &mut [f32],
    size: usize,
    kinds: &[Kind],
    [missing, unknown]: [&MissingWords; 2],
    seed: Option<u64>,
) {
    let [mean, deviation] = moments(values, size, kinds);
    let mut stream = seed.map(|seed| Stream::new(seed, 0));
    for (i, (row, kind)) in values.chunks_exact_mut(size.max(1)).zip(kinds).enumerate() {
        let policy = match kind {
            Kind::Found | Kind::Subwords => continue,
            Kind::Missing => missing,
            Kind::OutOfVocabulary => unknown,
            Kind::Padding => &MissingWords::Zeros,
        };
        match policy {
            MissingWords::Mean => row.iter_mut().zip(&mean).for_each(|(x, &mean)| *x = mean as f32),
            MissingWords::Random => {
                // A stream for each row, so that its numbers depend on nothing else.
                let normal = stream.get_or_insert_with(random::next_stream).child(i as u64).normal(size);
                for (j, x) in row.iter_mut().enumerate() {
                    *x = (mean[j] + deviation[j] * normal[j]) as f32;
                }
            }
            MissingWords::Zeros | MissingWords::Unknown(_) => row.fill(0.0),
        }
    }
}

/// The mean and the standard deviation of each column over the rows that have a vector.
fn moments(values: &[f32], size: usize, kinds: &[Kind]) -> [Vec<f64>; 2] {
    let (mut mean, mut deviation, mut count) = (vec![0f64; size], vec![0f64; size], 0f64);
    let has_vector = |kind: &Kind| matches!(kind, Kind::Found | Kind::Subwords);
    let found = || values.chunks_exact(size.max(1)).zip(kinds).filter(|(_, kind)| has_vector(kind));
    for (row, _) in found() {
        mean.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
        count += 1.0;
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    for (row, _) in found() {
        for ((sum, &x), mean) in deviation.iter_mut().zip(row).zip(&mean) {
            *sum += (f64::from(x) - mean).powi(2);
        }
    }
    deviation.iter_mut().for_each(|sum| *sum = (*sum / count).sqrt());
    [mean, deviation]
}
