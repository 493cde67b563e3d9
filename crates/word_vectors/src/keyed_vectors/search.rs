//! One pass over the rows: a score for each, of which the best are kept.

use super::top::Top;
use super::{KeyedVectors, products};
use candle_keras_ops::cores;
use std::ops::Range;

/// Rows that are scored before their scores are looked at: few enough to stay in a core's cache.
const BLOCK: usize = 256;

/// What 3CosMul adds to its denominator, as Levy and Goldberg do.
pub(crate) const COSMUL_EPSILON: f32 = 1e-6;

/// Vectors one after another, and their norms.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) vectors: &'a [f32],
    pub(super) norms: &'a [f32],
    pub(super) size: usize,
}

/// What a row is scored by: unit vectors.
pub(super) enum Score {
    /// The cosine with a vector.
    Cosine(Vec<f32>),
    /// The product of the cosines with some vectors, shifted to 0 to 1, divided by that of others.
    Product { positive: Vec<Vec<f32>>, negative: Vec<Vec<f32>> },
}

impl Rows<'_> {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.norms.len()
    }

    /// The cosine of a unit vector with each of the rows from `from` on, as many as the buffer holds; NaN for a row of NaN.
    pub(super) fn cosines(&self, from: usize, unit: &[f32], cosines: &mut [f32]) {
        products::dot_rows(&self.vectors[from * self.size..][..cosines.len() * self.size], unit, cosines);
        for (cosine, &norm) in cosines.iter_mut().zip(&self.norms[from..]) {
            *cosine = if norm == 0.0 { 0.0 } else { *cosine / norm };
        }
    }

    /// The scores of the rows from `from` on, as many as the buffer holds.
    fn scores(&self, score: &Score, from: usize, scores: &mut [f32]) {
        match score {
            Score::Cosine(unit) => self.cosines(from, unit, scores),
            Score::Product { positive, negative } => {
                let product = |units: &[Vec<f32>], product: &mut [f32], cosines: &mut [f32]| {
                    product.fill(1.0);
                    for unit in units {
                        self.cosines(from, unit, cosines);
                        product.iter_mut().zip(&*cosines).for_each(|(product, &cosine)| *product *= shifted(cosine));
                    }
                };
                let (mut below, mut cosines) = ([0.0; BLOCK], [0.0; BLOCK]);
                let (below, cosines) = (&mut below[..scores.len()], &mut cosines[..scores.len()]);
                product(positive, scores, cosines);
                product(negative, below, cosines);
                scores.iter_mut().zip(&*below).for_each(|(score, &below)| *score /= below + COSMUL_EPSILON);
            }
        }
    }

    /// The `size` rows that score best, but those of `excluded`.
    pub(super) fn search(&self, score: &Score, excluded: &[usize], size: usize) -> Vec<(usize, f32)> {
        let size = size.min(self.len());
        let tops = cores::map(self.parts(), |part| {
            let mut top = Top::new(size);
            for_each_block(part, |from, scores| {
                self.scores(score, from, scores);
                top.offer_all(from, scores, excluded);
            });
            top
        });
        best_of(tops, size)
    }

    /// The `size` of these rows that score best.
    pub(super) fn search_among(&self, score: &Score, numbers: &[usize], size: usize) -> Vec<(usize, f32)> {
        let size = size.min(numbers.len());
        let tops = cores::map(numbers.chunks(BLOCK).collect(), |numbers| {
            let mut top = Top::new(size);
            for &number in numbers {
                let mut scores = [0.0];
                self.scores(score, number, &mut scores);
                top.offer(number, scores[0]);
            }
            top
        });
        best_of(tops, size)
    }

    /// All rows in parts for the cores, some more than there are of these.
    pub(super) fn parts(&self) -> Vec<Range<usize>> {
        let length = self.len().div_ceil(cores::count() * 8).max(BLOCK);
        (0..self.len()).step_by(length).map(|from| from..(from + length).min(self.len())).collect()
    }
}

/// Merges the results of the parts of a search.
fn best_of(tops: Vec<Top>, size: usize) -> Vec<(usize, f32)> {
    let mut best = Top::new(size);
    tops.into_iter().for_each(|top| best.extend(top));
    best.into_sorted()
}

/// The blocks of a part, with a buffer for the scores of each.
pub(super) fn for_each_block(part: Range<usize>, mut f: impl FnMut(usize, &mut [f32])) {
    let mut scores = [0.0; BLOCK];
    for from in part.clone().step_by(BLOCK) {
        f(from, &mut scores[..BLOCK.min(part.end - from)]);
    }
}

/// A cosine, shifted to 0 to 1.
#[inline(always)]
pub(crate) fn shifted(cosine: f32) -> f32 {
    (1.0 + cosine) / 2.0
}

impl KeyedVectors {
    /// The first rows, at most `count`.
    pub(super) fn rows(&self, count: usize) -> Rows<'_> {
        let count = count.min(self.len());
        Rows {
            vectors: &self.vectors[..count * self.vector_size],
            norms: &self.norms()[..count],
            size: self.vector_size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::table;
    use crate::KeyedVectors;

    #[test]
    fn a_vector_that_is_not_a_number_is_never_found() {
        let plain = table(&[("cat", [1.0, 0.0]), ("nan", [f32::NAN, 0.0]), ("dog", [-1.0, 0.1]), ("owl", [-1.0, 0.0])]);
        let names = |found: Vec<(&str, f32)>| found.iter().map(|(word, _)| word.to_string()).collect::<Vec<_>>();
        for vectors in [plain.clone(), plain.clone().with_search_index(), plain.clone().normalized()] {
            assert_eq!(names(vectors.most_similar("cat", 3).unwrap()), ["dog", "owl"]);
            assert_eq!(names(vectors.most_similar_many(["cat"], 3).unwrap().remove(0)), ["dog", "owl"]);
            assert_eq!(names(vectors.most_similar_cosmul("cat", "owl", 3).unwrap()), ["dog"]);
            assert_eq!(names(vectors.query().positive("cat").among(["nan", "owl"]).run().unwrap()), ["owl"]);
            assert_eq!(vectors.most_similar("nan", 3).unwrap(), []);
            assert_eq!(vectors.most_similar_many(["nan"], 3).unwrap(), [[]]);
            let not_a_number = |vectors: &KeyedVectors| vectors.similarity("cat", "nan").unwrap().is_nan();
            assert!(not_a_number(&vectors) && vectors.similarities("cat").unwrap()[1].is_nan());
            assert_eq!((vectors.rank("cat", "nan").unwrap(), vectors.rank("cat", "owl").unwrap()), (3, 2));
        }
    }
}
