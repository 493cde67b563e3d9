//! A copy of the unit rows in 8 bits a number, which a search reads in place of the rows, and whose error it knows.
//!
//! A search is as fast as the memory: it does little with each number that it reads. From the copy it has the cosine of each row up to
//! an error that is known for each row. A row that, at best, is below what as many others as are wanted have at least, is not among
//! the best. The exact cosines of the few that remain decide, so that the result is that of a search without the copy.

use super::search::{Rows, for_each_block};
use super::top::Top;
use super::{KeyedVectors, products};
use candle_keras_ops::{cores, simd};

/// The index is used when `topn` is at most rows / 64; above that, too many rows need their exact cosine.
const ROWS_PER_WANTED: usize = 64;

/// The copy: a row is about its codes times its step, up to a vector whose norm is its error.
#[derive(Debug, Clone)]
pub(super) struct SearchIndex {
    codes: Vec<i8>,
    steps: Vec<f32>,
    errors: Vec<f32>,
}

impl SearchIndex {
    fn of(rows: Rows) -> Self {
        let size = rows.size.max(1);
        let mut index =
            Self { codes: vec![0; rows.vectors.len()], steps: vec![0.0; rows.len()], errors: vec![0.0; rows.len()] };
        let Self { codes, steps, errors } = &mut index;
        let scales = rows.norms.iter().zip(steps).zip(errors);
        let all: Vec<_> = rows.vectors.chunks_exact(size).zip(codes.chunks_exact_mut(size)).zip(scales).collect();
        let mut all = all.into_iter();
        let parts = rows.parts().into_iter().map(|part| all.by_ref().take(part.len()).collect::<Vec<_>>());
        cores::each(parts, |part| {
            let mut off = vec![0.0; rows.size];
            for ((row, codes), ((&norm, step), error)) in part {
                (*step, *error) = encode(row, norm, codes, &mut off);
            }
        });
        index
    }

    /// The `size` rows of the highest cosine, but those of `excluded`; `None` where a search of the rows themselves is as fast.
    pub(super) fn search(
        &self,
        rows: Rows,
        unit: &[f32],
        excluded: &[usize],
        size: usize,
    ) -> Option<Vec<(usize, f32)>> {
        if size > rows.len() / ROWS_PER_WANTED {
            return None;
        }
        // What the sums of f32 may be off by, of the copy and of the rows: twice that a sum of so many products is off by at most.
        let rounding = 2.0 * (rows.size + 8) as f32 * f32::EPSILON;
        let parts = cores::map(rows.parts(), |part| {
            let (mut least, mut candidates) = (Top::new(size), Vec::new());
            for_each_block(part, |from, cosines| {
                self.cosines(from, unit, cosines);
                for ((number, &cosine), error) in (from..).zip(&*cosines).zip(&self.errors[from..]) {
                    let error = error + rounding;
                    if cosine + error >= least.floor() && !excluded.contains(&number) {
                        candidates.push((number, cosine + error));
                        least.offer(number, cosine - error);
                    }
                }
            });
            (least, candidates)
        });
        let mut least = Top::new(size);
        let candidates: Vec<_> = parts.into_iter().map(|(part, all)| (least.extend(part), all).1).collect();
        let (floor, mut best) = (least.floor(), Top::new(size));
        for (number, most) in candidates.into_iter().flatten() {
            if most >= floor {
                let mut cosine = [0.0];
                rows.cosines(number, unit, &mut cosine);
                best.offer(number, cosine[0]);
            }
        }
        Some(best.into_sorted())
    }

    fn cosines(&self, from: usize, unit: &[f32], cosines: &mut [f32]) {
        products::dot_rows(&self.codes[from * unit.len()..][..cosines.len() * unit.len()], unit, cosines);
        for (cosine, step) in cosines.iter_mut().zip(&self.steps[from..]) {
            *cosine *= step;
        }
    }
}

/// Puts the codes of the unit vector of a row, and what they are off by; returns their step and an upper bound of their error.
fn encode(row: &[f32], norm: f32, codes: &mut [i8], off: &mut [f32]) -> (f32, f32) {
    if norm == 0.0 {
        return (0.0, 0.0);
    }
    if !norm.is_finite() {
        // The codes are zeros, and say nothing about it.
        return (0.0, f32::INFINITY);
    }
    let step = simd!(put_codes(row, norm, codes, off));
    // What the numbers of a unit vector and its norm are rounded by is less than what is added.
    let error = products::norm(off) + 4.0 * f32::EPSILON;
    // Numbers near the smallest that there are cannot be scaled.
    if error.is_finite() { (step, error) } else { (0.0, f32::INFINITY) }
}

#[inline(always)]
fn put_codes(row: &[f32], norm: f32, codes: &mut [i8], off: &mut [f32]) -> f32 {
    let mut largest = [0f32; 16];
    for chunk in row.chunks(16) {
        for (largest, x) in largest.iter_mut().zip(chunk) {
            *largest = if x.abs() > *largest { x.abs() } else { *largest };
        }
    }
    let largest = largest.into_iter().fold(0.0, f32::max);
    let (step, scale) = (largest / norm / 127.0, 127.0 / largest);
    for ((code, off), &x) in codes.iter_mut().zip(off).zip(row) {
        let whole = (x * scale).round_ties_even();
        *code = whole as i32 as i8;
        *off = x / norm - whole * step;
    }
    step
}

impl KeyedVectors {
    /// Keeps a copy of the unit rows in 8 bits a number, with which [`most_similar`](Self::most_similar) and other searches by one cosine
    /// are about twice as fast, with the same results: a search is as fast as the memory, and the copy is a quarter of the vectors. On two
    /// cores of a quiet machine, one among 400,000 words of 300 numbers takes 26 ms without it (to read the 480 MB takes 22 ms, which is the
    /// bound) and 12 ms with it.
    ///
    /// Its memory: `vector_size + 8` bytes a word, so 123 MB for 400,000 words of 300 numbers. To make it takes
    /// as long as a few searches. Sets that are made of this one do not have it.
    ///
    /// ```
    /// # use candle_keras_word_vectors::KeyedVectors;
    /// # use candle_core::{Device, Tensor};
    /// # let table = Tensor::new(&[[1f32, 0.], [0.9, 0.1], [0., 1.]], &Device::Cpu)?;
    /// let vectors = KeyedVectors::new(["cat", "dog", "car"], &table)?.with_search_index();
    /// assert_eq!(vectors.most_similar("cat", 1)?[0].0, "dog");
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    pub fn with_search_index(mut self) -> Self {
        self.search_index = Some(SearchIndex::of(self.rows(self.len())));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::random;
    use super::*;
    use crate::Words;

    #[test]
    fn the_result_is_that_of_a_search_of_the_rows() {
        let plain = random(5000, 37);
        // Rows that are as good as the same, zeros, and rows that are not numbers.
        let mut rows = plain.vectors().to_vec();
        for row in 100..300 {
            rows.copy_within(0..37, row * 37);
            rows[row * 37] += row as f32 * 1e-6;
        }
        rows[400 * 37..401 * 37].fill(0.0);
        rows[500 * 37] = f32::NAN;
        rows[600 * 37] = f32::INFINITY;
        rows[700 * 37..701 * 37].iter_mut().for_each(|x| *x *= 1e-38);
        let words: Words = plain.words().iter().collect();
        let plain = KeyedVectors::from_parts(words, rows, 37, None);
        let quick = plain.clone().with_search_index();
        for word in [0, 1, 150, 400, 700, 4999].map(|i| plain.words().word(i)) {
            for top in [1, 10, 78, 79, 5000] {
                assert_eq!(
                    quick.most_similar(word, top).unwrap(),
                    plain.most_similar(word, top).unwrap(),
                    "{word} {top}"
                );
            }
            let restricted = |vectors: &KeyedVectors| {
                let best = vectors.query().positive(word).negative("w7").restrict_vocab(1234).top(5).run().unwrap();
                best.into_iter().map(|(word, score)| (word.to_string(), score)).collect::<Vec<_>>()
            };
            assert_eq!(restricted(&quick), restricted(&plain));
        }
    }

    #[test]
    fn errors_are_bounds() {
        let vectors = random(50, 33);
        for row in 0..50 {
            let (row, mut codes) = (vectors.row(row), [0; 33]);
            let norm = products::norm(row);
            let (step, error) = encode(row, norm, &mut codes, &mut [0.0; 33]);
            let off: Vec<f32> = row.iter().zip(codes).map(|(x, code)| x / norm - f32::from(code) * step).collect();
            assert!(products::norm(&off) <= error && error < step * 33f32.sqrt() / 2.0);
        }
        assert_eq!(encode(&[0.0; 2], 0.0, &mut [0; 2], &mut [0.0; 2]), (0.0, 0.0));
        assert_eq!(encode(&[f32::NAN; 2], f32::NAN, &mut [0; 2], &mut [0.0; 2]), (0.0, f32::INFINITY));
    }
}
