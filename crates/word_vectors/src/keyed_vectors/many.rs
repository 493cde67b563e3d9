//! Many questions at once, as matrix products.

use super::top::Top;
use super::{KeyedVectors, products};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Result, cores};

/// How many questions are asked at once: their scores with a block of rows stay in the cache.
const QUESTIONS: usize = 512;

/// Questions whose scores a core looks at in one go.
const GROUP: usize = 64;

/// How many rows a block has: few enough that they stay in the cache of a core.
const ROWS: usize = 512;

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
        let parts = numbers.chunks(QUESTIONS).map(|numbers| self.unit_rows(numbers.iter().copied()));
        let queries = parts.collect::<Result<Vec<_>>>()?;
        let mut tops = vec![Top::new(topn.min(self.len())); numbers.len()];
        self.for_each_block(&queries, self.len(), |part, from, count, cosines| {
            let asked = tops.chunks_mut(QUESTIONS).zip(numbers.chunks(QUESTIONS)).nth(part);
            let Some((tops, numbers)) = asked else { return };
            let groups = tops.chunks_mut(GROUP).zip(cosines.chunks(GROUP * count)).zip(numbers.chunks(GROUP));
            cores::each(groups, |((tops, cosines), numbers)| {
                for ((top, cosines), &number) in tops.iter_mut().zip(cosines.chunks_exact(count)).zip(numbers) {
                    top.offer_all(from, cosines, &[number]);
                }
            });
        })?;
        Ok(tops.into_iter().map(|top| self.named(top.into_sorted())).collect())
    }

    /// Calls `f` with the cosines of unit vectors, some sets of them, each `(queries, vector_size)`, with the first `end` rows, a block of these
    /// at a time: the number of the set, that of the block's first row, how many rows the block has, and the cosines, `(queries, rows)`.
    pub(crate) fn for_each_block(
        &self,
        queries: &[Tensor],
        end: usize,
        mut f: impl FnMut(usize, usize, usize, &[f32]),
    ) -> Result<()> {
        let end = end.min(self.len());
        for from in (0..end).step_by(ROWS) {
            let block = from..end.min(from + ROWS);
            let count = block.len();
            let rows = self.unit_rows(block)?;
            for (set, queries) in queries.iter().enumerate() {
                let cosines = candle_keras_ops::matmul(queries, &rows.t()?)?.flatten_all()?.to_vec1()?;
                f(set, from, count, &cosines);
            }
        }
        Ok(())
    }

    /// The unit vectors of the words of these numbers, `(numbers, vector_size)`.
    pub(crate) fn unit_rows(&self, numbers: impl ExactSizeIterator<Item = usize>) -> Result<Tensor> {
        let shape = (numbers.len(), self.vector_size);
        let mut rows = Vec::with_capacity(shape.0 * shape.1);
        for number in numbers {
            let from = rows.len();
            rows.extend_from_slice(self.row(number));
            products::divide(&mut rows[from..], self.norms()[number]);
        }
        Ok(Tensor::from_vec(rows, shape, &Device::Cpu)?)
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
