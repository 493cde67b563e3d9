//! Rows of a shared table that a thread holds in its own memory while it trains them.

use super::Parts;
use candle_keras_ops::{SharedRows, simd};
use std::ops::Range;

/// A cache of rows: each row is read once, trained in the buffer, and its change is added to the table.
pub(crate) struct CachedRows<'a> {
    table: &'a SharedRows,
    /// With these, a cached row is the mean of a word's rows, each of which gets the whole change of the mean.
    parts: Option<&'a Parts>,
    /// The rows as they are being trained, and as they were read.
    current: Vec<f32>,
    original: Vec<f32>,
}

impl<'a> CachedRows<'a> {
    pub(crate) fn new(table: &'a SharedRows, parts: Option<&'a Parts>, places: usize) -> Self {
        let numbers = places * table.stride();
        Self { table, parts, current: vec![0.0; numbers], original: vec![0.0; numbers] }
    }

    /// Grows the buffers to as many rows.
    pub(crate) fn grow(&mut self, places: usize) {
        let numbers = places * self.table.stride();
        if numbers > self.current.len() {
            self.current.resize(numbers, 0.0);
            self.original.resize(numbers, 0.0);
        }
    }

    /// The cached rows, contiguous.
    #[inline]
    pub(crate) fn rows(&mut self) -> &mut [f32] {
        &mut self.current
    }

    #[inline]
    pub(crate) fn table(&self) -> &'a SharedRows {
        self.table
    }

    /// How many rows of the table a word has.
    #[inline]
    pub(crate) fn parts(&self, word: u32) -> usize {
        self.parts.map_or(1, |parts| parts.of(word).len())
    }

    /// Prefetches a row, or those of a word.
    #[inline]
    pub(crate) fn prefetch(&self, row: u32) {
        match self.parts {
            None => self.table.prefetch(row as usize),
            Some(parts) => parts.of(row).iter().for_each(|&row| self.table.prefetch(row as usize)),
        }
    }

    #[inline]
    fn range(&self, place: usize) -> Range<usize> {
        place * self.table.stride()..(place + 1) * self.table.stride()
    }

    /// Reads a row of the table.
    #[inline]
    pub(crate) fn read(&mut self, place: usize, row: u32) {
        let range = self.range(place);
        let current = &mut self.current[range.clone()];
        match self.parts.map(|parts| parts.of(row)) {
            None => self.table.load(row as usize, current),
            Some(rows) => mean_of_rows(self.table, rows, current),
        }
        self.original[range].copy_from_slice(current);
    }

    /// Adds to a row of the table what its place has gained since it was read: other threads may have trained the row meanwhile.
    #[inline]
    pub(crate) fn write_back(&mut self, place: usize, row: u32) {
        let range = self.range(place);
        let (current, original) = (&self.current[range.clone()], &mut self.original[range]);
        simd!(subtract_from(current, original));
        match self.parts {
            None => self.table.add(row as usize, original),
            Some(parts) => parts.of(row).iter().for_each(|&row| self.table.add(row as usize, original)),
        }
    }
}

/// The mean of some rows of a table; zeros, if there is none.
#[inline]
pub(crate) fn mean_of_rows(table: &SharedRows, rows: &[u32], mean: &mut [f32]) {
    mean.fill(0.0);
    rows.iter().for_each(|&row| table.load_add(row as usize, mean));
    let share = 1.0 / rows.len().max(1) as f32;
    simd!(scale(mean, share));
}

#[inline(always)]
fn scale(x: &mut [f32], by: f32) {
    for x in x {
        *x *= by;
    }
}

#[inline(always)]
fn subtract_from(current: &[f32], original: &mut [f32]) {
    for (x, now) in original.iter_mut().zip(current) {
        *x = now - *x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mean that moves by some change is a mean of rows each of which has moved by it.
    #[test]
    fn what_a_mean_has_learned_goes_to_all_of_its_rows() {
        let table = SharedRows::new(5, 3, |row, numbers| numbers.fill(row as f32)).unwrap();
        let parts = Parts::new([vec![0, 3], vec![1, 2, 4], vec![2]].into_iter());
        let mut held = CachedRows::new(&table, Some(&parts), 2);
        held.prefetch(1);
        held.read(1, 1);
        let stride = table.stride();
        assert!((held.rows()[stride] - 7.0 / 3.0).abs() < 1e-6 && held.parts(1) == 3);
        held.rows()[stride..stride + 3].iter_mut().for_each(|x| *x += 1.0);
        held.write_back(1, 1);
        let rows: Vec<_> = table.into_vec().into_iter().step_by(3).collect();
        assert!(rows.iter().zip([0.0, 2.0, 3.0, 3.0, 5.0]).all(|(a, b)| (a - b).abs() < 1e-6), "{rows:?}");
    }
}
