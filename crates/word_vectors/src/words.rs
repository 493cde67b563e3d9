//! Words and their numbers: one buffer for the text of all of them, and an index into it.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Different words, numbered from 0 in the order in which they were added.
///
/// Three million words of eight letters take about 60 MB: their text, 8 bytes a word for where it ends, and 5 to 10 for the index.
#[derive(Clone, Default)]
pub struct Words {
    text: String,
    ends: Vec<usize>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Words {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a word; `None` if it is there already.
    pub fn push(&mut self, word: &str) -> Option<u32> {
        let (number, added) = self.insert(word);
        added.then_some(number)
    }

    /// The number of a word, which is added if it is not there yet, and whether it was added.
    pub fn insert(&mut self, word: &str) -> (u32, bool) {
        let hash = self.hasher.hash_one(word);
        let (text, ends, hasher) = (&mut self.text, &mut self.ends, &self.hasher);
        if let Some(&number) = self.index.find(hash, |&number| at(text, ends, number) == word) {
            return (number, false);
        }
        let number = ends.len() as u32;
        text.push_str(word);
        ends.push(text.len());
        self.index.insert_unique(hash, number, |&number| hasher.hash_one(at(text, ends, number)));
        (number, true)
    }

    /// The number of a word.
    #[inline]
    pub fn get(&self, word: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(word);
        self.index.find(hash, |&number| at(&self.text, &self.ends, number) == word).copied()
    }

    /// A word by its number.
    ///
    /// # Panics
    /// If there is no word of this number, as indexing does.
    #[inline]
    pub fn word(&self, number: usize) -> &str {
        at(&self.text, &self.ends, number as u32)
    }

    /// All words by their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        (0..self.len()).map(|number| self.word(number))
    }
}

#[inline]
fn at<'a>(text: &'a str, ends: &[usize], number: u32) -> &'a str {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &text[start..ends[number]]
}

impl<S: AsRef<str>> FromIterator<S> for Words {
    /// The words in their order; one that comes again is skipped.
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Self {
        let mut all = Self::new();
        for word in words {
            all.insert(word.as_ref());
        }
        all
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, &self.ends) == (&other.text, &other.ends)
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_numbers_of_their_order() {
        let mut words = Words::new();
        assert_eq!(["a", "", "größe", "a"].map(|word| words.push(word)), [Some(0), Some(1), Some(2), None]);
        assert_eq!((words.len(), words.word(1), words.word(2)), (3, "", "größe"));
        assert_eq!(["größe", "", "b"].map(|word| words.get(word)), [Some(2), Some(1), None]);
        assert_eq!(words, ["a", "", "größe"].into_iter().collect());
        let many: Words = (0..10_000).map(|i| i.to_string()).collect();
        assert!((0..10_000).all(|i| many.get(&i.to_string()) == Some(i)));
    }
}
