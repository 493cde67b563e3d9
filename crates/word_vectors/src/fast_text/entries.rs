//! Words, or labels, with their counts.

use crate::Words;
use hashbrown::HashMap;

/// Words, or labels, and how often each occurred; the most frequent is first.
///
/// A file may have words that are not UTF-8. They go by a name in which their bytes are written as `\x85`, as in gensim.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries {
    names: Words,
    counts: Vec<u64>,
    /// The bytes of those that are not UTF-8.
    bytes: HashMap<usize, Box<[u8]>>,
}

impl Entries {
    /// Words with their counts, as they are counted in a text.
    ///
    /// # Panics
    /// If there is not one count a word.
    pub fn new(names: Words, counts: Vec<u64>) -> Self {
        assert_eq!(names.len(), counts.len(), "one count a word");
        Self { names, counts, bytes: HashMap::new() }
    }

    /// Adds one; false if it is there already.
    pub fn push(&mut self, bytes: &[u8], count: u64) -> bool {
        let number = self.names.len();
        let added = match std::str::from_utf8(bytes) {
            Ok(name) => self.names.push(name).is_some(),
            Err(_) => {
                self.bytes.insert(number, bytes.into());
                self.names.push(&escaped(bytes)).is_some()
            }
        };
        self.counts.extend(added.then_some(count));
        added
    }

    /// Adds to the count of a word, or the word itself, if it occurs at least `min_count` times.
    pub fn add(&mut self, word: &str, count: u64, min_count: u64) {
        match self.names.get(word) {
            Some(number) => {
                let known = &mut self.counts[number as usize];
                *known = known.saturating_add(count);
            }
            None if count >= min_count => {
                self.names.push(word);
                self.counts.push(count);
            }
            None => {}
        }
    }

    pub fn len(&self) -> usize {
        self.counts.len()
    }

    pub fn names(&self) -> &Words {
        &self.names
    }

    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The bytes of one, as the file has them and as its parts are hashed.
    pub fn bytes(&self, number: usize) -> &[u8] {
        match self.bytes.get(&number) {
            Some(bytes) => bytes,
            None => self.names.word(number).as_bytes(),
        }
    }
}

/// Bytes as text, with `\x85` for what is not UTF-8.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}
