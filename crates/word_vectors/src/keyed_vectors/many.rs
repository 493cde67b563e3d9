//! Many questions at once, as products of matrices.

use super::top::Top;
use super::{KeyedVectors, block_length};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Result, cores};

/// How many questions are asked at once: their scores with a block of rows stay in the cache.
const QUESTIONS: usize = 512;

/// Questions whose scores a core looks at in one go.
const GROUP: usize = 64;

impl KeyedVectors {
    /// The `topn` most similar words of each of many words, as [`most_similar`](Self::most_similar) finds them, at several times its
    /// speed: the rows are read once for all of them.
    ///
    /// # Errors
    /// If a word has no vector.
    pub fn most_similar_many<S: AsRef<str>>(
        &self,
        words: impl IntoIterator<Item = S>,
        topn: usize,
    ) -> Result<Vec<Vec<(&str, f32)>>> {
        let numbers = words.into_iter().map(|word| self.index_of(word.as_ref())).collect::<Result<Vec<_>>>()?;
        let queries = numbers.chunks(QUESTIONS).map(|numbers| self.unit_rows(numbers)).collect::<Result<Vec<_>>>()?;
        let mut tops = vec![Top::new(topn.min(self.len())); numbers.len()];
        let mut from = 0;
        while from < self.len() {
            let count = block_length(from, self.len());
            for ((queries, numbers), tops) in
                queries.iter().zip(numbers.chunks(QUESTIONS)).zip(tops.chunks_mut(QUESTIONS))
            {
                let cosines = self.cosines_of_block(queries, from, count)?;
                let groups = tops.chunks_mut(GROUP).zip(cosines.chunks(GROUP * count)).zip(numbers.chunks(GROUP));
                cores::each(groups, |((tops, cosines), numbers)| {
                    for ((top, cosines), &number) in tops.iter_mut().zip(cosines.chunks_exact(count)).zip(numbers) {
                        top.offer_all(from, cosines, &[number]);
                    }
                });
            }
            from += count;
        }
        Ok(tops.into_iter().map(|top| self.named(top.into_sorted())).collect())
    }

    /// The unit vectors of the words of these numbers, `(numbers, vector_size)`.
    pub(crate) fn unit_rows(&self, numbers: &[usize]) -> Result<Tensor> {
        let mut rows = Vec::with_capacity(numbers.len() * self.vector_size);
        for &number in numbers {
            let norm = self.norms()[number];
            rows.extend(self.row(number).iter().map(|x| if norm > 0.0 { x / norm } else { 0.0 }));
        }
        Ok(Tensor::from_vec(rows, (numbers.len(), self.vector_size), &Device::Cpu)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{animals, random};

    #[test]
    fn many_questions_have_the_answers_of_one() {
        let vectors = random(1300, 24);
        let words: Vec<&str> = vectors.words().iter().take(600).collect();
        let many = vectors.most_similar_many(&words, 5).unwrap();
        assert_eq!(many.len(), 600);
        for (word, found) in words.iter().zip(many) {
            for (found, expected) in found.iter().zip(vectors.most_similar(*word, 5).unwrap()) {
                assert!(found.0 == expected.0 && (found.1 - expected.1).abs() < 1e-6, "{word}: {found:?} {expected:?}");
            }
        }
    }

    #[test]
    fn few_words_and_none() {
        let vectors = animals();
        let many = vectors.most_similar_many(["cat", "none", "cat"], 9).unwrap();
        assert_eq!(many.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 4]);
        assert_eq!((many[0][0].0, many[1][0]), ("dog", ("cat", 0.0)));
        assert!(vectors.most_similar_many([""; 0], 9).unwrap().is_empty());
        assert!(vectors.most_similar_many(["bat"], 9).is_err());
    }
}
