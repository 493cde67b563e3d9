//! Counts of pairs of frequent words: each pair has a place of its own in a table.

use super::counter::{Count, pair};

/// Which pairs are in the table: those whose ranks, counted from 1, have a product that is at most a limit.
#[derive(Debug)]
pub(super) struct Shape {
    rows: Vec<Row>,
    cells: usize,
}

/// The row of a word: its contexts are the columns `first..end`.
#[derive(Debug, Clone, Copy)]
struct Row {
    start: usize,
    first: u32,
    end: u32,
}

impl Shape {
    /// The largest table of at most `cells` cells. If pairs have no order, `is_triangle`, the first word of each is the more frequent one.
    pub(super) fn new(words: usize, is_triangle: bool, cells: usize) -> Self {
        let columns = |word: u64, limit: u64| {
            let first = if is_triangle { word } else { 0 };
            (first, (limit / (word + 1)).min(words as u64).max(first))
        };
        // From the first empty row on, all are.
        let fits = |limit: u64| {
            let lengths = (0..words as u64).map(|word| columns(word, limit)).map(|(first, end)| end - first);
            let mut left = cells as u64;
            lengths.take_while(|&length| length > 0).all(|length| {
                let fits = length <= left;
                left = left.saturating_sub(length);
                fits
            })
        };
        let (mut limit, mut beyond) = (0, (words as u64).pow(2) + 1);
        while beyond - limit > 1 {
            let middle = limit.midpoint(beyond);
            *(if fits(middle) { &mut limit } else { &mut beyond }) = middle;
        }
        let mut start = 0;
        let row = |word| {
            let (first, end) = columns(word, limit);
            let row = Row { start, first: first as u32, end: end as u32 };
            start += (end - first) as usize;
            row
        };
        let rows = (0..words as u64).map(row).collect();
        Self { rows, cells: start }
    }

    /// A table of zeros.
    pub(super) fn zeros(&self) -> Vec<u64> {
        vec![0; self.cells]
    }

    /// Where a pair is in the table, if it is: of a triangle, a pair with the more frequent word first.
    #[inline(always)]
    pub(super) fn cell(&self, word: u32, context: u32) -> Option<usize> {
        let row = self.rows[word as usize];
        (context < row.end).then(|| row.start + (context - row.first) as usize)
    }

    /// The pairs that have occurred, in their order.
    pub(super) fn counts<'a>(&'a self, table: &'a [u64]) -> impl Iterator<Item = Count> + 'a {
        self.rows.iter().enumerate().flat_map(move |(word, row)| {
            let weights = &table[row.start..][..(row.end - row.first) as usize];
            (row.first..)
                .zip(weights)
                .filter(|(_, weight)| **weight > 0)
                .map(move |(context, &weight)| Count { pair: pair(word as u32, context), weight })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pair has a cell of its own, the table is filled up, and a pair that is in it has all pairs of more frequent words in it.
    #[test]
    fn pairs_of_frequent_words_have_cells() {
        for (words, is_triangle, cells) in
            [(50, true, 300), (50, false, 300), (50, true, 1275), (50, false, 9999), (3, true, 0)]
        {
            let shape = Shape::new(words, is_triangle, cells);
            assert!(shape.cells <= cells);
            let mut table = shape.zeros();
            let (mut inside, mut outside) = (0, u32::MAX);
            for word in 0..words as u32 {
                for context in if is_triangle { word } else { 0 }..words as u32 {
                    let product = (word + 1) * (context + 1);
                    match shape.cell(word, context) {
                        Some(cell) => {
                            assert_eq!(std::mem::replace(&mut table[cell], pair(word, context) + 1), 0);
                            inside = inside.max(product);
                        }
                        None => outside = outside.min(product),
                    }
                }
            }
            assert!(inside < outside && (outside == u32::MAX || inside > 0 || cells == 0));
            let counts: Vec<_> = shape.counts(&table).collect();
            assert!(counts.len() == shape.cells && counts.iter().all(|count| count.weight == count.pair + 1));
            assert!(counts.is_sorted_by_key(|count| count.pair));
        }
    }
}
