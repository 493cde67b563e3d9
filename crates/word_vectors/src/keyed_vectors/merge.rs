//! Two sets of vectors as one.

use super::KeyedVectors;
use candle_keras_ops::{Error, Result};

/// Which vector a word has that is in both of two sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// That of the first set.
    Keep,
    /// That of the second set.
    Replace,
    /// The mean of both.
    Mean,
    /// A word that is in both is an error.
    Forbid,
}

impl KeyedVectors {
    /// The words of this set, then those of the other that are not in it.
    ///
    /// The counts of the words go with their vectors, if both sets have them, and are added up for [`Duplicates::Mean`].
    ///
    /// ```
    /// # use candle_keras_word_vectors::{Duplicates, KeyedVectors};
    /// # use candle_core::{Device, Tensor};
    /// # let table = Tensor::new(&[[1f32, 0.], [0., 1.]], &Device::Cpu)?;
    /// let vectors = KeyedVectors::new(["cat", "dog"], &table)?;
    /// let both = vectors.merge(&KeyedVectors::new(["dog", "car"], &table)?, Duplicates::Replace)?;
    /// assert_eq!((both.len(), both.vector("dog")?), (3, &[1f32, 0.][..]));
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the vectors have other lengths, or a word is in both sets and [`Duplicates::Forbid`] is given.
    pub fn merge(mut self, other: &Self, duplicates: Duplicates) -> Result<Self> {
        if self.vector_size != other.vector_size {
            return Err(Error::new("the vectors of two sets must be of one length")
                .expected(format!("{} numbers", self.vector_size))
                .received(format!("{} numbers", other.vector_size)));
        }
        let mut counts = self.counts.take().zip(other.counts());
        for (number, word) in other.words.iter().enumerate() {
            let (own, added) = self.words.insert(word);
            let (own, row) = (own as usize, other.row(number));
            if added {
                self.vectors.extend_from_slice(row);
            } else if duplicates == Duplicates::Forbid {
                return Err(Error::new(format!("the word {word:?} is in both sets"))
                    .help("say which vector it has: Duplicates::Keep, Replace or Mean"));
            } else {
                combine(&mut self.vectors[own * row.len()..][..row.len()], row, duplicates);
            }
            if let Some((counts, others)) = &mut counts {
                match (added, duplicates) {
                    (true, _) => counts.push(others[number]),
                    (false, Duplicates::Replace) => counts[own] = others[number],
                    (false, Duplicates::Mean) => counts[own] = counts[own].saturating_add(others[number]),
                    (false, Duplicates::Keep | Duplicates::Forbid) => (),
                }
            }
        }
        Ok(Self::from_parts(self.words, self.vectors, self.vector_size, counts.map(|(counts, _)| counts)))
    }
}

impl KeyedVectors {
    /// These words as well, with their vectors one after another; a word that is there already gets the new vector if `replace`. gensim:
    /// `add_vectors`.
    ///
    /// The counts of words that are there remain; those of new words are 0.
    ///
    /// ```
    /// # use candle_keras_word_vectors::KeyedVectors;
    /// let vectors = KeyedVectors::from_vec(["cat"], vec![1., 0.], 2)?;
    /// let vectors = vectors.add_vectors(["cat", "dog"], vec![2., 0., 0., 1.], false)?;
    /// assert_eq!(vectors.vectors(), [1., 0., 0., 1.]);
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is not one word a vector, or a word comes twice.
    pub fn add_vectors<S: AsRef<str>>(
        self,
        words: impl IntoIterator<Item = S>,
        vectors: Vec<f32>,
        replace: bool,
    ) -> Result<Self> {
        let mut others = Self::from_vec(words, vectors, self.vector_size)?;
        let count = |counts: &[u64], word: &str| self.words.get(word).map_or(0, |number| counts[number as usize]);
        others.counts = self.counts().map(|counts| others.words.iter().map(|word| count(counts, word)).collect());
        self.merge(&others, if replace { Duplicates::Replace } else { Duplicates::Keep })
    }
}

/// Makes the vector of a word that is in both sets of the one that it has.
fn combine(own: &mut [f32], other: &[f32], duplicates: Duplicates) {
    match duplicates {
        Duplicates::Keep | Duplicates::Forbid => (),
        Duplicates::Replace => own.copy_from_slice(other),
        Duplicates::Mean => own.iter_mut().zip(other).for_each(|(own, other)| *own = *own / 2.0 + other / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::table;
    use super::*;

    fn merged(duplicates: Duplicates) -> Result<KeyedVectors> {
        let mut first = table(&[("a", [1.0, 2.0]), ("b", [3.0, 4.0])]);
        let mut second = table(&[("c", [5.0, 6.0]), ("b", [7.0, 9.0])]);
        (first.counts, second.counts) = (Some(vec![10, 5]), Some(vec![3, 2]));
        // Norms that are known already must not remain those of the first set.
        first.norms();
        first.merge(&second, duplicates)
    }

    #[test]
    fn words_of_both_sets_are_there() {
        for (duplicates, b, count) in
            [(Duplicates::Keep, [3.0, 4.0], 5), (Duplicates::Replace, [7.0, 9.0], 2), (Duplicates::Mean, [5.0, 6.5], 7)]
        {
            let merged = merged(duplicates).unwrap();
            assert_eq!(merged.words().iter().collect::<Vec<_>>(), ["a", "b", "c"]);
            assert_eq!(merged.vectors(), [1.0, 2.0, b[0], b[1], 5.0, 6.0]);
            assert_eq!(merged.counts(), Some(&[10, count, 3][..]));
            assert_eq!(merged.norms().len(), 3);
        }
        assert!(merged(Duplicates::Forbid).unwrap_err().to_string().contains("\"b\" is in both"));
    }

    #[test]
    fn words_are_added() {
        let first = || {
            let first = table(&[("a", [1.0, 2.0]), ("b", [3.0, 4.0])]);
            first.with_counts(vec![10, 5]).unwrap()
        };
        for (replace, b) in [(false, [3.0, 4.0]), (true, [5.0, 6.0])] {
            let all = first().add_vectors(["b", "c"], vec![5.0, 6.0, 7.0, 8.0], replace).unwrap();
            assert_eq!(all.vectors(), [1.0, 2.0, b[0], b[1], 7.0, 8.0]);
            assert_eq!(all.counts(), Some(&[10, 5, 0][..]));
        }
        assert!(first().add_vectors(["c"], vec![1.0; 3], true).is_err());
        assert!(first().add_vectors(["c", "c"], vec![1.0; 4], true).is_err());
    }

    #[test]
    fn sets_of_other_lengths_do_not_merge() {
        let error =
            table(&[("a", [1.0])]).merge(&table(&[("b", [1.0, 2.0])]), Duplicates::Keep).unwrap_err().to_string();
        assert!(error.contains("expected: 1 numbers\n  received: 2 numbers"), "{error}");
        // Counts of one set alone are not those of the whole.
        let mut counted = table(&[("a", [1.0])]);
        counted.counts = Some(vec![1]);
        assert_eq!(counted.merge(&table(&[("b", [1.0])]), Duplicates::Forbid).unwrap().counts(), None);
    }
}
