//! The input rows of the words around the centre, held in a thread's own memory while the window moves over them.
//!
//! A word is in about as many windows as a window has words. Its row is read from the table when it comes into reach and written back when it
//! has left it, so that a window costs one row of traffic and not ten.

use super::{CachedRows, Parts};
use candle_keras_ops::SharedRows;

pub(crate) struct Window<'a> {
    held: CachedRows<'a>,
    /// How far the window reaches on either side.
    reach: usize,
    /// The word of each slot and how many positions of the sentence use it; a word that comes twice has one row. Slots behind these have
    /// not been used in this sentence.
    words: Vec<(u32, u32)>,
    /// The slot of each position, by its remainder.
    slots: Vec<usize>,
}

/// No word.
const FREE: u32 = u32::MAX;

impl<'a> Window<'a> {
    /// Over rows of a table or, with `parts`, over means of them.
    pub(crate) fn new(table: &'a SharedRows, parts: Option<&'a Parts>, reach: usize) -> Self {
        Self { held: CachedRows::new(table, parts, 0), reach, words: Vec::new(), slots: Vec::new() }
    }

    /// The rows, one after another.
    #[inline]
    pub(crate) fn rows(&mut self) -> &mut [f32] {
        self.held.rows()
    }

    /// Reads what is in reach of the first position of a sentence but one word, with which [`move_to`](Self::move_to) begins.
    pub(crate) fn begin(&mut self, sentence: &[u32]) {
        let positions = self.reach.saturating_mul(2).saturating_add(1).min(sentence.len());
        self.held.grow(positions);
        self.words.clear();
        self.slots.clear();
        self.slots.resize(positions, 0);
        // All are prefetched before the first is read.
        for &word in sentence.iter().take(self.reach.saturating_add(2)) {
            self.held.table().prefetch(word as usize);
        }
        for (position, &word) in sentence.iter().take(self.reach).enumerate() {
            self.enter(position, word);
        }
    }

    /// Brings the window to a position of the sentence, one behind that before.
    #[inline]
    pub(crate) fn move_to(&mut self, centre: usize, sentence: &[u32]) {
        let entering = centre.saturating_add(self.reach);
        if let Some(&word) = sentence.get(entering) {
            self.enter(entering, word);
        }
        if let Some(&word) = sentence.get(entering.saturating_add(2)) {
            self.held.prefetch(word);
        }
    }

    /// Writes back what no later position reaches.
    #[inline]
    pub(crate) fn leave_behind(&mut self, centre: usize) {
        if let Some(position) = centre.checked_sub(self.reach) {
            self.leave(position);
        }
    }

    /// Writes back what is left behind the last position.
    pub(crate) fn end(&mut self, sentence: &[u32]) {
        for position in sentence.len().saturating_sub(self.reach)..sentence.len() {
            self.leave(position);
        }
    }

    /// Puts the slots of the positions around `centre`, at most `half` away, into `slots`.
    #[inline]
    pub(crate) fn around(&self, centre: usize, half: usize, length: usize, slots: &mut Vec<usize>) {
        slots.clear();
        let (first, last) = (centre.saturating_sub(half), centre.saturating_add(half).min(length - 1));
        for position in (first..centre).chain(centre + 1..last + 1) {
            slots.push(self.slots[position % self.slots.len()]);
        }
    }

    /// How many rows of the table the word of a slot has.
    #[inline]
    pub(crate) fn parts(&self, slot: usize) -> usize {
        self.held.parts(self.words[slot].0)
    }

    #[inline]
    fn enter(&mut self, position: usize, word: u32) {
        let mut slot = self.words.len();
        for (number, &(other, _)) in self.words.iter().enumerate() {
            if other == word {
                slot = number;
                break;
            }
            if other == FREE {
                slot = number;
            }
        }
        if slot == self.words.len() {
            self.words.push((FREE, 0));
        }
        if self.words[slot].0 != word {
            self.held.read(slot, word);
            self.words[slot] = (word, 0);
        }
        self.words[slot].1 += 1;
        let remainder = position % self.slots.len();
        self.slots[remainder] = slot;
    }

    #[inline]
    fn leave(&mut self, position: usize) {
        let slot = self.slots[position % self.slots.len()];
        let (word, uses) = &mut self.words[slot];
        *uses -= 1;
        if *uses == 0 {
            self.held.write_back(slot, *word);
            *word = FREE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every window has the rows of its words, with all changes so far, and in the end all changes are in the table.
    #[test]
    fn rows_follow_the_window() {
        let table = SharedRows::new(5, 2, |row, numbers| numbers.copy_from_slice(&[row as f32, 0.0])).unwrap();
        let stride = table.stride();
        for sentence in [&[0, 1, 2, 1, 1, 3, 4, 0, 2, 3][..], &[1], &[2, 2], &[]] {
            let before = SharedRows::new(5, 2, |row, numbers| {
                let mut whole = vec![0.0; stride];
                table.load(row, &mut whole);
                numbers.copy_from_slice(&whole[..2]);
            })
            .unwrap()
            .into_vec();
            let mut expected: Vec<f32> = (0..5).map(|row| before[2 * row + 1]).collect();
            let (mut window, mut slots, mut visits) = (Window::new(&table, None, 2), Vec::new(), 0);
            window.begin(sentence);
            for centre in 0..sentence.len() {
                window.move_to(centre, sentence);
                window.around(centre, 2, sentence.len(), &mut slots);
                let positions: Vec<_> =
                    (0..sentence.len()).filter(|&p| p != centre && p.abs_diff(centre) <= 2).collect();
                assert_eq!(slots.len(), positions.len());
                for (&slot, &position) in slots.iter().zip(&positions) {
                    let (word, row) = (sentence[position] as usize, &mut window.rows()[slot * stride..]);
                    assert_eq!(row[..2], [word as f32, expected[word]]);
                    row[1] += 1.0;
                    expected[word] += 1.0;
                    visits += 1;
                }
                window.leave_behind(centre);
            }
            window.end(sentence);
            assert!(window.words.iter().all(|&(word, uses)| word == FREE && uses == 0));
            let mut row = vec![0.0; stride];
            for (word, &expected) in expected.iter().enumerate() {
                table.load(word, &mut row);
                assert_eq!(row[1], expected);
            }
            assert_eq!(
                visits,
                match sentence.len() {
                    10 => 34,
                    2 => 2,
                    _ => 0,
                }
            );
        }
    }
}
