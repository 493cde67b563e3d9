//! Other sets of vectors, made of one.

use super::{KeyedVectors, products};
use crate::Words;
use candle_keras_ops::{Error, Result, cores};

impl KeyedVectors {
    /// Each vector divided by its norm; zeros remain zeros. Takes no memory: clone them before, if they are needed as they are. gensim:
    /// `unit_normalize_all`, `get_normed_vectors`.
    pub fn normalized(mut self) -> Self {
        self.norms();
        let norms = self.norms.take().unwrap_or_default();
        // Some rows a part.
        let rows = 512;
        let parts = self.vectors.chunks_mut(self.vector_size.max(1) * rows).zip(norms.chunks(rows));
        cores::each(parts, |(vectors, norms)| {
            for (vector, &norm) in vectors.chunks_exact_mut(self.vector_size).zip(norms) {
                products::divide(vector, norm);
            }
        });
        Self::from_parts(self.words, self.vectors, self.vector_size, self.counts)
    }

    /// The words that `keep` is true for, in their order.
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        self.of_numbers((0..self.len()).filter(|&number| keep(self.words.word(number))))
    }

    /// The words of a vocabulary that have a vector, in the vocabulary's order. gensim: `vectors_for_all`.
    ///
    /// ```
    /// # use candle_keras_word_vectors::KeyedVectors;
    /// # use candle_core::{Device, Tensor};
    /// # let table = Tensor::new(&[[1f32, 0.], [0., 1.]], &Device::Cpu)?;
    /// # let vectors = KeyedVectors::new(["cat", "dog"], &table)?;
    /// let some = vectors.vectors_for_all(["dog", "unknown"]);
    /// assert_eq!(some.words().iter().collect::<Vec<_>>(), ["dog"]);
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    pub fn vectors_for_all<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Self {
        self.of_numbers(
            words.into_iter().filter_map(|word| self.words.get(word.as_ref())).map(|number| number as usize),
        )
    }

    /// The first `count` words, which are the most frequent ones in most sets. Gives the memory of the others back.
    pub fn truncate(mut self, count: usize) -> Self {
        if count >= self.len() {
            return self;
        }
        self.vectors.truncate(count * self.vector_size);
        self.vectors.shrink_to_fit();
        if let Some(counts) = &mut self.counts {
            counts.truncate(count);
        }
        Self::from_parts(self.words.iter().take(count).collect(), self.vectors, self.vector_size, self.counts)
    }

    /// The words in the order of their counts, the most frequent first; those of one count keep their order. gensim:
    /// `sort_by_descending_frequency`.
    ///
    /// # Errors
    /// If the counts are not known.
    pub fn sort_by_descending_frequency(&self) -> Result<Self> {
        let counts = self.counts().ok_or_else(|| {
            Error::new("the vectors have no counts of their words")
                .help("with_counts sets them, and Load::counts reads them from a file")
        })?;
        let mut numbers: Vec<usize> = (0..self.len()).collect();
        numbers.sort_by_key(|&number| std::cmp::Reverse(counts[number]));
        Ok(self.of_numbers(numbers.into_iter()))
    }

    /// The words of these numbers; a number that comes again is skipped.
    fn of_numbers(&self, numbers: impl Iterator<Item = usize>) -> Self {
        let (mut words, mut vectors) = (Words::new(), Vec::new());
        let mut counts = self.counts.as_ref().map(|counts| (counts, Vec::new()));
        for number in numbers {
            if words.push(self.words.word(number)).is_some() {
                vectors.extend_from_slice(self.row(number));
                if let Some((all, some)) = &mut counts {
                    some.push(all[number]);
                }
            }
        }
        Self::from_parts(words, vectors, self.vector_size, counts.map(|(_, some)| some))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{animals, random};
    use super::*;

    fn names(vectors: &KeyedVectors) -> Vec<&str> {
        vectors.words().iter().collect()
    }

    fn counted() -> KeyedVectors {
        KeyedVectors { counts: Some(vec![50, 40, 30, 20, 10]), ..animals() }
    }

    #[test]
    fn rows_become_unit_vectors() {
        let vectors = counted();
        vectors.norms();
        let unit = vectors.normalized();
        assert_eq!(unit.vectors(), [0.6, 0.8, 0.8, 0.6, 0.0, 0.0, 1.0, 0.0, -0.6, 0.8]);
        assert_eq!((unit.norms(), unit.counts()), (&[1.0, 1.0, 0.0, 1.0, 1.0][..], Some(&[50, 40, 30, 20, 10][..])));
        assert!(random(3000, 9).normalized().norms().iter().all(|norm| (norm - 1.0).abs() < 1e-6));
    }

    #[test]
    fn some_words_are_kept() {
        let vectors = counted();
        let short = vectors.filter(|word| word.len() == 3 && word != "dog");
        assert_eq!((names(&short), short.counts()), (vec!["cat", "car", "owl"], Some(&[50, 20, 10][..])));
        assert_eq!(short.vector("owl").unwrap(), [-6.0, 8.0]);
        let asked = vectors.vectors_for_all(["owl", "bat", "cat", "owl"]);
        assert_eq!((names(&asked), asked.vectors()), (vec!["owl", "cat"], &[-6.0, 8.0, 3.0, 4.0][..]));
        assert!(vectors.filter(|_| false).is_empty());
    }

    #[test]
    fn words_are_sorted_by_their_counts() {
        let sorted = animals().with_counts(vec![3, 9, 3, 1, 9]).unwrap().sort_by_descending_frequency().unwrap();
        assert_eq!(
            (names(&sorted), sorted.counts()),
            (vec!["dog", "owl", "cat", "none", "car"], Some(&[9, 9, 3, 3, 1][..]))
        );
        assert_eq!(sorted.vector("owl").unwrap(), [-6.0, 8.0]);
        assert!(animals().sort_by_descending_frequency().unwrap_err().to_string().contains("with_counts"));
    }

    #[test]
    fn the_first_words_are_kept() {
        let two = counted().truncate(2);
        assert_eq!((names(&two), two.vectors()), (vec!["cat", "dog"], &[3.0, 4.0, 4.0, 3.0][..]));
        assert_eq!((two.counts(), two.norms(), two.contains("owl")), (Some(&[50, 40][..]), &[5.0, 5.0][..], false));
        assert_eq!(counted().truncate(9).len(), 5);
    }
}
