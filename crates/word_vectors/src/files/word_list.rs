//! Words in a list of their own, as that in a file with one a line, and their counts.

use super::{Load, layout, named, shown};
use crate::Words;
use candle_keras_ops::{Error, Result, warnings};
use hashbrown::HashSet;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use std::path::{Path, PathBuf};

/// The words of the rows of a table, in their order. A word may come twice.
#[derive(Debug, Default)]
pub(super) struct WordList {
    text: String,
    ends: Vec<usize>,
}

impl WordList {
    pub(super) fn push(&mut self, word: &str) {
        self.text.push_str(word);
        self.ends.push(self.text.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|number| self.get(number))
    }

    /// The lines of a file, without the counts after the words if it has them.
    pub(super) fn read(path: &Path, options: &Load) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
        let counted = has_counts(path, &bytes);
        let word = |line| if counted { word_and_count(line).map_or(line, |(word, _)| word) } else { line };
        let mut words = Self::default();
        for (number, (position, line)) in lines(&bytes).enumerate() {
            let decoded = options.decode(word(line), number as u64, position as u64);
            words.push(&decoded.map_err(|error| named(path, error))?);
        }
        Ok(words)
    }

    /// Of each word, whether it is the next one of `words`, which are some of the list in its order, each at the first place of several.
    pub(super) fn kept<'a>(&'a self, words: &'a Words) -> impl Iterator<Item = bool> + 'a {
        let mut next = 0;
        self.iter().map(move |word| {
            let kept = next < words.len() && word == words.word(next);
            next += usize::from(kept);
            kept
        })
    }
}

impl<'de> Deserialize<'de> for WordList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let mut words = Self::default();
        deserializer.deserialize_seq(Append(&mut words))?;
        Ok(words)
    }
}

/// Adds the words of a sequence to a list, without one buffer a word.
struct Append<'a>(&'a mut WordList);

impl<'de> Visitor<'de> for Append<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of words")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> std::result::Result<(), A::Error> {
        while words.next_element_seed(Append(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, word: &str) -> std::result::Result<(), E> {
        self.0.push(word);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Append<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// Whether each line is a word, a space and a count, as of word2vec's `-save-vocab`.
///
/// Words may end with digits themselves. So a file has no counts whose name says that it has words alone; and but for `.vocab`, its words must
/// differ without their counts.
fn has_counts(path: &Path, bytes: &[u8]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let words = || lines(bytes).map(|(_, line)| word_and_count(line).map(|(word, _)| word));
    if name.ends_with("words.txt") || name.ends_with(".tsv") || words().any(|word| word.is_none()) {
        return false;
    }
    let mut different = HashSet::new();
    name.ends_with(".vocab") || words().flatten().all(|word| different.insert(word))
}

/// Where the words beside a file are: [`Load::words`], or the first of these files that is there.
pub(super) fn beside<'a>(candidates: &'a [PathBuf], options: &'a Load) -> Result<&'a Path> {
    let found = options.words.as_ref().or_else(|| candidates.iter().find(|path| path.is_file()));
    found.map(PathBuf::as_path).ok_or_else(|| {
        let names: Vec<_> = candidates.iter().map(|path| path.display().to_string()).collect();
        Error::new("the file has numbers without words")
            .expected(format!("the words in {}", names.join(" or ")))
            .help("Load::words names another file with a word on each line")
    })
}

/// A list of words that is not that of the table.
pub(super) fn mismatch(words: usize, rows: u64) -> Error {
    Error::new("each vector must have one word")
        .expected(format!("{rows} words, as many as there are vectors"))
        .received(format!("{words} words"))
}

/// The lines with their positions, after the mark of UTF-8; the last need not end.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut position = layout::mark(bytes);
    bytes[position..].split_inclusive(|byte| *byte == b'\n').map(move |line| {
        let start = position;
        position += line.len();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        (start, line.strip_suffix(b"\r").unwrap_or(line))
    })
}

fn word_and_count(line: &[u8]) -> Option<(&[u8], u64)> {
    let line = line.trim_ascii_end();
    let space = line.iter().rposition(|byte| matches!(byte, b' ' | b'\t'))?;
    let digits = &line[space + 1..];
    let count = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?;
    Some((&line[..space], count.parse().ok()?))
}

/// How often certain words occurred, from a file with a word and its count a line: 0, with a warning, where a word is not there.
pub(super) fn counts(path: &Path, words: &Words, options: &Load) -> Result<Vec<u64>> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
    let mut counts = vec![None; words.len()];
    for (number, (position, line)) in lines(&bytes).enumerate().filter(|(_, (_, line))| !line.is_empty()) {
        let read = word_and_count(line).ok_or_else(|| {
            Error::new(format!("line {} is not a word and its count", number + 1)).received(shown(line))
        });
        let read = read.and_then(|(word, count)| Ok((options.decode(word, number as u64, position as u64)?, count)));
        let (word, count) = read.map_err(|error| named(path, error))?;
        if let Some(word) = words.get(&word) {
            // Of a word that comes several times, the first count.
            counts[word as usize].get_or_insert(count);
        }
    }
    let missing = counts.iter().filter(|count| count.is_none()).count();
    if missing > 0 {
        warnings::warn(format!("{missing} of {} words have no count, which is 0 then", words.len()));
    }
    Ok(counts.into_iter().map(Option::unwrap_or_default).collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::Folder;
    use super::*;

    fn read(folder: &Folder, name: &str, text: &str) -> Vec<String> {
        let words = WordList::read(&folder.write(name, text), &Load::new()).unwrap();
        words.iter().map(str::to_string).collect()
    }

    #[test]
    fn words_keep_their_digits_and_lose_their_counts() {
        let folder = Folder::new();
        for name in ["v.words.txt", "words.txt", "metadata.tsv", "other"] {
            assert_eq!(read(&folder, name, "doc 1\ndoc 2\ndoc 3\n"), ["doc 1", "doc 2", "doc 3"], "{name}");
        }
        assert_eq!(read(&folder, "v.words.txt", "a 1\nb 2\n"), ["a 1", "b 2"]);
        assert_eq!(read(&folder, "other", "a 1\nb 2\n"), ["a", "b"]);
        assert_eq!(read(&folder, "other", "a 1\nb\n"), ["a 1", "b"]);
        assert_eq!(read(&folder, "v.vocab", "two words 7\nb\t2"), ["two words", "b"]);
    }

    #[test]
    fn a_mark_of_utf8_is_no_part_of_the_first_word() {
        let folder = Folder::new();
        assert_eq!(read(&folder, "words.txt", "\u{feff}a\r\nb\n"), ["a", "b"]);
        let words: Words = ["a", "b"].into_iter().collect();
        let path = folder.write("counts", "\u{feff}a 5\nb 7\na 9\n");
        assert_eq!(counts(&path, &words, &Load::new()).unwrap(), [5, 7]);
    }

    #[test]
    fn words_that_are_not_wanted_need_not_be_utf8() {
        let folder = Folder::new();
        let path = folder.path("words.txt");
        std::fs::write(&path, b"a\nb\xff\n").unwrap();
        assert!(WordList::read(&path, &Load::new()).unwrap_err().to_string().contains("word 2 is not UTF-8"));
        assert_eq!(WordList::read(&path, &Load::new().vocabulary(["a"])).unwrap().get(0), Some("a"));
        let wanted = WordList::read(&path, &Load::new().vocabulary(["b\u{fffd}"]));
        assert!(wanted.unwrap_err().to_string().contains("Load::lossy(true)"));
    }
}
