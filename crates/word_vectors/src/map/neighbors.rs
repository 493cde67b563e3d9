//! The rows of a table that are most similar to each of its rows.

use candle_keras_ops::{cores, simd};

/// Rows of length 1, one after another: their products are cosines.
pub(super) struct UnitRows {
    pub(super) numbers: Vec<f32>,
    pub(super) width: usize,
}

impl UnitRows {
    pub(super) fn new(width: usize) -> Self {
        Self { numbers: Vec::new(), width }
    }

    /// Adds a row at length 1; `false` if it has no direction: it is all zeros, or not finite.
    pub(super) fn push(&mut self, row: &[f32]) -> bool {
        debug_assert_eq!(row.len(), self.width);
        // The squares of numbers of f32 are finite in f64, and above 0.
        let norm = row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        let has_direction = norm.is_finite() && norm > 0.0;
        if has_direction {
            self.numbers.extend(row.iter().map(|&x| (f64::from(x) / norm) as f32));
        }
        has_direction
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len().checked_div(self.width).unwrap_or(0)
    }

    /// For each row the `count` others with the largest cosines, the largest first; of equal ones, the first.
    ///
    /// The cosines are the same numbers on every machine and for any number of cores.
    pub(super) fn nearest(&self, count: usize) -> Vec<Vec<Neighbor>> {
        let blocks = (0..self.len()).step_by(QUERIES).collect();
        let nearest = cores::map(blocks, |first| {
            let cosines = self.cosines(first);
            let queries = QUERIES.min(self.len() - first);
            (0..queries).map(|query| largest(&cosines, query, first + query, count)).collect::<Vec<_>>()
        });
        nearest.into_iter().flatten().collect()
    }

    /// The cosines of all rows with each of the [`QUERIES`] rows from `first` on, with zeros for those that are not there.
    fn cosines(&self, first: usize) -> Vec<[f32; QUERIES]> {
        let mut queries = vec![[0.0; QUERIES]; self.width];
        for (query, row) in self.numbers.chunks_exact(self.width).skip(first).take(QUERIES).enumerate() {
            for (column, &x) in queries.iter_mut().zip(row) {
                column[query] = x;
            }
        }
        let mut cosines = vec![[0.0; QUERIES]; self.len()];
        simd!(products(&self.numbers, &queries, &mut cosines));
        cosines
    }
}

/// Another row, and its cosine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neighbor {
    pub(super) row: usize,
    pub(super) cosine: f32,
}

/// How many rows are compared with the table in one pass over it.
const QUERIES: usize = 32;

/// The product of each row with all queries, which lie side by side: no sum goes across the lanes of a vector.
#[inline(always)]
fn products(rows: &[f32], queries: &[[f32; QUERIES]], products: &mut [[f32; QUERIES]]) {
    for (row, products) in rows.chunks_exact(queries.len()).zip(products) {
        let mut sums = [0.0; QUERIES];
        for (&x, column) in row.iter().zip(queries) {
            for lane in 0..QUERIES {
                sums[lane] += x * column[lane];
            }
        }
        *products = sums;
    }
}

/// The `count` rows with the largest cosines of one query, without the row `itself`.
fn largest(cosines: &[[f32; QUERIES]], query: usize, itself: usize, count: usize) -> Vec<Neighbor> {
    let all = cosines.iter().enumerate().filter(|&(row, _)| row != itself);
    // Rounding may carry a cosine beyond 1.
    let mut all: Vec<_> = all.map(|(row, lanes)| Neighbor { row, cosine: lanes[query].clamp(-1.0, 1.0) }).collect();
    let order = |a: &Neighbor, b: &Neighbor| b.cosine.total_cmp(&a.cosine).then(a.row.cmp(&b.row));
    if count < all.len() {
        all.select_nth_unstable_by(count, order);
        all.truncate(count);
    }
    all.sort_unstable_by(order);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::random::Stream;

    #[test]
    fn nearest_are_those_of_sorting_all_cosines() {
        let (count, width) = (75, 11);
        let mut rows = UnitRows::new(width);
        for row in Stream::new(1, 0).normal(count * width).chunks(width) {
            assert!(rows.push(&row.iter().map(|&x| x as f32).collect::<Vec<_>>()));
        }
        let row = |i: usize| &rows.numbers[i * width..][..width];
        for (i, nearest) in rows.nearest(6).into_iter().enumerate() {
            let cosine = |j: usize| row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum::<f32>();
            let mut others: Vec<_> = (0..count).filter(|&j| j != i).map(|j| (j, cosine(j))).collect();
            others.sort_by(|a, b| b.1.total_cmp(&a.1));
            assert_eq!(
                nearest.iter().map(|near| near.row).collect::<Vec<_>>(),
                others[..6].iter().map(|o| o.0).collect::<Vec<_>>()
            );
            assert!(nearest.iter().zip(others).all(|(near, other)| (near.cosine - other.1).abs() < 1e-5));
        }
        assert_eq!(rows.nearest(1000).iter().map(Vec::len).collect::<Vec<_>>(), vec![count - 1; count]);
    }

    #[test]
    fn rows_without_a_direction_are_told_apart() {
        let mut rows = UnitRows::new(2);
        let pushed =
            [[0.0, 0.0], [f32::NAN, 1.0], [1.0, f32::INFINITY], [1e-30, 0.0], [3e38, 3e38]].map(|row| rows.push(&row));
        assert_eq!(pushed, [false, false, false, true, true]);
        assert_eq!(rows.numbers[..2], [1.0, 0.0]);
        assert!((rows.numbers[2] - 0.5f32.sqrt()).abs() < 1e-6);
    }
}
