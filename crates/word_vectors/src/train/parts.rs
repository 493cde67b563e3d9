//! Words whose vectors are means of several rows of a table: fastText's, of the word's own row and those of its n-grams.

/// The rows of each word, one list after another: 4 bytes a row, about 80 for a word with n-grams of 3 to 6 letters.
#[derive(Debug)]
pub(crate) struct Parts {
    rows: Vec<u32>,
    ends: Vec<usize>,
}

impl Parts {
    /// The rows of words in the order of their numbers; each word has at least one.
    pub(crate) fn new<R: IntoIterator<Item = u32>>(words: impl Iterator<Item = R>) -> Self {
        let (mut rows, mut ends) = (Vec::new(), Vec::new());
        for word in words {
            rows.extend(word);
            ends.push(rows.len());
        }
        Self { rows, ends }
    }

    #[inline(always)]
    pub(crate) fn of(&self, word: u32) -> &[u32] {
        let word = word as usize;
        let start = if word == 0 { 0 } else { self.ends[word - 1] };
        &self.rows[start..self.ends[word]]
    }
}
