//! The terms of a query: words and vectors with weights.

use super::{KeyedVectors, products};
use candle_keras_ops::{Error, Result};

/// A word or a vector, with a weight, default 1: made `from("king")`, `from(&vector[..])` or `from(("king", 0.5))`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term<'q> {
    what: What<'q>,
    pub(super) weight: f32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What<'q> {
    Word(&'q str),
    Vector(&'q [f32]),
}

impl<'q> From<&'q str> for Term<'q> {
    fn from(word: &'q str) -> Self {
        Self { what: What::Word(word), weight: 1.0 }
    }
}

impl<'q> From<&'q String> for Term<'q> {
    fn from(word: &'q String) -> Self {
        word.as_str().into()
    }
}

impl<'q> From<&'q [f32]> for Term<'q> {
    fn from(vector: &'q [f32]) -> Self {
        Self { what: What::Vector(vector), weight: 1.0 }
    }
}

impl<'q> From<&'q Vec<f32>> for Term<'q> {
    fn from(vector: &'q Vec<f32>) -> Self {
        vector.as_slice().into()
    }
}

impl<'q, T: Into<Term<'q>>> From<(T, f32)> for Term<'q> {
    fn from((term, weight): (T, f32)) -> Self {
        Self { weight, ..term.into() }
    }
}

/// One [`Term`] or several: `"king"`, `["king", "woman"]`, `[("king", 1.0), ("woman", 0.5)]`, `&vector`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terms<'q>(pub(super) Vec<Term<'q>>);

impl<'q, T: Into<Term<'q>>> From<T> for Terms<'q> {
    fn from(term: T) -> Self {
        Self(vec![term.into()])
    }
}

impl<'q, T: Into<Term<'q>>, const N: usize> From<[T; N]> for Terms<'q> {
    fn from(terms: [T; N]) -> Self {
        Self(terms.into_iter().map(Into::into).collect())
    }
}

impl<'q, T: Into<Term<'q>>> From<Vec<T>> for Terms<'q> {
    fn from(terms: Vec<T>) -> Self {
        Self(terms.into_iter().map(Into::into).collect())
    }
}

impl<'q, T: Into<Term<'q>>> FromIterator<T> for Terms<'q> {
    fn from_iter<I: IntoIterator<Item = T>>(terms: I) -> Self {
        Self(terms.into_iter().map(Into::into).collect())
    }
}

impl KeyedVectors {
    /// The number of a term's row, if it is a word.
    pub(super) fn number_of(&self, term: &Term) -> Result<Option<usize>> {
        match term.what {
            What::Word(word) => self.index_of(word).map(Some),
            What::Vector(_) => Ok(None),
        }
    }

    /// Whether a term is a vector, or a word that has one.
    fn has(&self, term: &Term) -> bool {
        match term.what {
            What::Word(word) => self.contains(word),
            What::Vector(_) => true,
        }
    }

    /// The vector of a term.
    pub(super) fn vector_of<'a>(&'a self, term: &Term<'a>) -> Result<&'a [f32]> {
        match term.what {
            What::Word(word) => self.vector(word),
            What::Vector(vector) if vector.len() == self.vector_size => Ok(vector),
            What::Vector(vector) => Err(Error::new("a vector must be as long as those of the words")
                .expected(format!("{} numbers", self.vector_size))
                .received(format!("{} numbers", vector.len()))),
        }
    }

    /// The sum of the terms times their weights, divided by the sum of the weights without their signs. Vectors of words are divided by
    /// their norms first, if `pre_normalize`; vectors that are given remain as they are.
    pub(super) fn weighted_mean(&self, terms: &[Term], pre_normalize: bool) -> Result<Vec<f32>> {
        let mut mean = vec![0f32; self.vector_size];
        let mut weights = 0.0;
        for term in terms {
            let vector = self.vector_of(term)?;
            let norm = if pre_normalize && matches!(term.what, What::Word(_)) { products::norm(vector) } else { 1.0 };
            weights += term.weight.abs();
            if norm != 0.0 {
                mean.iter_mut().zip(vector).for_each(|(mean, x)| *mean += term.weight * (x / norm));
            }
        }
        if terms.is_empty() {
            return Err(Error::new("there is no mean of no words").help("give at least one word or vector"));
        }
        if weights > 0.0 {
            mean.iter_mut().for_each(|mean| *mean /= weights);
        }
        Ok(mean)
    }

    /// The mean vector of words, of vectors, and of both with weights. Words that have no vector are skipped. gensim:
    /// `get_mean_vector`.
    ///
    /// The vectors of words are divided by their norms first if `pre_normalize` (gensim's default); vectors that are given are not. The
    /// sum is divided by that of the weights without their signs.
    ///
    /// ```
    /// # use candle_keras_word_vectors::KeyedVectors;
    /// # use candle_core::{Device, Tensor};
    /// # let table = Tensor::new(&[[2f32, 0.], [0., 4.]], &Device::Cpu)?;
    /// # let vectors = KeyedVectors::new(["cat", "dog"], &table)?;
    /// assert_eq!(vectors.mean_vector(["cat", "dog"], true)?, [0.5, 0.5]);
    /// assert_eq!(vectors.mean_vector([("cat", 3.0), ("dog", 1.0)], false)?, [1.5, 1.0]);
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    ///
    /// # Errors
    /// If none of the words has a vector, or a vector is of another length.
    pub fn mean_vector<'q>(&self, terms: impl Into<Terms<'q>>, pre_normalize: bool) -> Result<Vec<f32>> {
        let terms = terms.into().0;
        let known: Vec<Term> = terms.iter().filter(|term| self.has(term)).copied().collect();
        // Of words that all have no vector, the error names the first.
        self.weighted_mean(if known.is_empty() { &terms } else { &known }, pre_normalize)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::animals;
    use super::*;

    #[test]
    fn terms_are_one_or_several_words_and_vectors() {
        let vector = vec![1.0, 2.0];
        let one = Term { what: What::Word("a"), weight: 1.0 };
        assert_eq!(Terms::from("a").0, [one]);
        assert_eq!(Terms::from(["a", "a"]).0, [one, one]);
        assert_eq!(Terms::from(vec![("a", 0.5)]).0, [Term { weight: 0.5, ..one }]);
        assert_eq!(Terms::from(&vector).0, [Term { what: What::Vector(&[1.0, 2.0]), weight: 1.0 }]);
        assert_eq!(Terms::from([Term::from("a"), Term::from(&vector[..])]).0.len(), 2);
        assert_eq!([String::from("a")].iter().collect::<Terms>().0, [one]);
    }

    #[test]
    fn means_are_those_of_gensim() {
        let vectors = animals();
        // gensim: get_mean_vector(["cat", "dog"], pre_normalize=False) is [3.5, 3.5]; with weights 3 and -1 it is [1.25, 2.25].
        assert_eq!(vectors.mean_vector(["cat", "dog"], false).unwrap(), [3.5, 3.5]);
        assert_eq!(vectors.mean_vector([("cat", 3.0), ("dog", -1.0)], false).unwrap(), [1.25, 2.25]);
        assert_eq!(vectors.mean_vector(["car", "bat", "none"], true).unwrap(), [0.5, 0.0]);
        let error = vectors.mean_vector(["bat", "rat"], true).unwrap_err().to_string();
        assert!(error.contains("\"bat\" has no vector") && error.contains("\"cat\""), "{error}");
        assert!(vectors.mean_vector(Terms::default(), true).is_err());
        let error = vectors.mean_vector(&vec![1.0], true).unwrap_err().to_string();
        assert!(error.contains("expected: 2 numbers") && error.contains("received: 1 numbers"), "{error}");
    }
}
