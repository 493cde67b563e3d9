//! The words and labels of a fastText model, and the rows of its input matrix that a word or a line has.

use super::args::{Args, ModelName};
use super::entries::Entries;
use super::subwords::{Ngram, Ngrams, hash, word_ngrams};
use hashbrown::HashMap;

/// The word at the end of each line.
pub(crate) const END_OF_LINE: &str = "</s>";

/// The default prefix of labels.
pub(crate) const LABEL_PREFIX: &str = "__label__";

/// Which buckets of n-grams a quantized model has kept, and the row of each after the rows of the words.
#[derive(Debug, Clone, Default)]
pub(crate) struct PrunedBuckets {
    /// In the order of the file.
    pairs: Vec<(u32, u32)>,
    rows: HashMap<u32, u32>,
}

impl PrunedBuckets {
    pub fn new(pairs: Vec<(u32, u32)>) -> Self {
        let rows = pairs.iter().copied().collect();
        Self { pairs, rows }
    }

    pub fn pairs(&self) -> &[(u32, u32)] {
        &self.pairs
    }
}

/// A line of text as a model sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// The rows of its words and of its n-grams.
    pub rows: Vec<u32>,
    /// The numbers of its labels.
    pub labels: Vec<u32>,
    hashes: Vec<u32>,
}

/// The words and labels of a model. The input matrix has a row for each word, and one for each bucket of n-grams after them.
#[derive(Debug, Clone)]
pub(crate) struct Dictionary {
    words: Entries,
    labels: Entries,
    tokens: u64,
    buckets: Option<PrunedBuckets>,
    ngrams: Ngrams,
    word_ngrams: usize,
    label_prefix: String,
}

impl Dictionary {
    /// The dictionary of a text of so many tokens (those included that are in no vocabulary). Models without labels have no `labels`.
    pub fn new(args: &Args, words: Entries, labels: Entries, tokens: u64) -> Self {
        let (ngrams, word_ngrams) = (args.ngrams(), args.word_ngrams as usize);
        Self { words, labels, tokens, buckets: None, ngrams, word_ngrams, label_prefix: LABEL_PREFIX.into() }
    }

    /// With this prefix of labels.
    pub fn with_label_prefix(self, label_prefix: &str) -> Self {
        Self { label_prefix: label_prefix.into(), ..self }
    }

    /// With these buckets alone, if there are any.
    pub fn with_buckets(self, buckets: Option<PrunedBuckets>) -> Self {
        Self { buckets, ..self }
    }

    pub fn words(&self) -> &Entries {
        &self.words
    }

    pub fn labels(&self) -> &Entries {
        &self.labels
    }

    /// What a model predicts, which is what the rows of its output matrix are for: labels, or words.
    pub fn targets(&self, model: ModelName) -> &Entries {
        match model {
            ModelName::Supervised => &self.labels,
            ModelName::Cbow | ModelName::Skipgram => &self.words,
        }
    }

    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    pub fn buckets(&self) -> Option<&PrunedBuckets> {
        self.buckets.as_ref()
    }

    /// Whether what is no word of the vocabulary is a label, known or not.
    pub fn is_label(&self, token: &str) -> bool {
        self.labels.names().get(token).is_some() || token.starts_with(&self.label_prefix)
    }

    /// Adds words of a text with their counts, and so many tokens. A word that is new goes behind the others if it occurs at least `min_count` times; the
    /// rows of the buckets then follow it.
    pub fn extend<'w>(&mut self, found: impl Iterator<Item = (&'w str, u64)>, min_count: u64, tokens: u64) {
        found.for_each(|(word, count)| self.words.add(word, count, min_count));
        self.tokens = self.tokens.saturating_add(tokens);
    }

    /// How many rows the input matrix must have at least.
    pub fn rows(&self) -> usize {
        let last = |buckets: &PrunedBuckets| buckets.pairs.iter().map(|pair| pair.1 as usize + 1).max().unwrap_or(0);
        self.words.len() + self.buckets.as_ref().map_or(self.ngrams.bucket as usize, last)
    }

    /// The row of a bucket, if it is kept.
    #[inline]
    fn row_of_bucket(&self, bucket: u32) -> Option<u32> {
        let row = match &self.buckets {
            None => bucket,
            Some(kept) => *kept.rows.get(&bucket)?,
        };
        Some(self.words.len() as u32 + row)
    }

    /// The parts of a word that have a row, and their rows.
    pub fn ngrams<'a>(&'a self, word: &'a [u8]) -> impl Iterator<Item = (Ngram, u32)> + 'a {
        let word = if word == END_OF_LINE.as_bytes() { None } else { Some(word) };
        let parts = word.into_iter().flat_map(|word| self.ngrams.of(word));
        parts.filter_map(|part| {
            let row = self.row_of_bucket(part.hash % self.ngrams.bucket)?;
            Some((part, row))
        })
    }

    /// The rows of the word of this number: its own, then those of its parts.
    pub fn rows_of(&self, number: usize) -> impl Iterator<Item = u32> + '_ {
        let parts = self.ngrams(self.words.bytes(number));
        std::iter::once(number as u32).chain(parts.map(|(_, row)| row))
    }

    /// The rows of any word: its own, if it is in the vocabulary, and those of its parts.
    pub fn rows_of_word<'a>(&'a self, word: &'a str) -> impl Iterator<Item = u32> + 'a {
        let number = self.words.names().get(word);
        let bytes = number.map_or(word.as_bytes(), |number| self.words.bytes(number as usize));
        number.into_iter().chain(self.ngrams(bytes).map(|(_, row)| row))
    }

    /// The rows of all words of a line and of their runs, and the numbers of its labels, in place of what `line` had; says how many tokens there
    /// were. The line ends with [`END_OF_LINE`].
    pub fn line(&self, text: &str, line: &mut Line) -> u64 {
        let Line { rows, labels, hashes } = line;
        rows.clear();
        labels.clear();
        hashes.clear();
        let mut count = 0;
        for token in tokens(text).chain([END_OF_LINE]) {
            count += 1;
            // fastText keeps words and labels in one table, so that a word of its vocabulary is one whatever it begins with.
            if let Some(word) = self.words.names().get(token) {
                rows.extend(self.rows_of(word as usize));
            } else if self.is_label(token) {
                labels.extend(self.labels.names().get(token));
                continue;
            } else {
                rows.extend(self.ngrams(token.as_bytes()).map(|(_, row)| row));
            }
            if self.word_ngrams > 1 {
                hashes.push(hash(token.as_bytes()));
            }
            if token == END_OF_LINE {
                break;
            }
        }
        let runs = word_ngrams(hashes, self.word_ngrams, self.ngrams.bucket);
        rows.extend(runs.filter_map(|bucket| self.row_of_bucket(bucket)));
        count
    }
}

/// The tokens of a text: what stands between the bytes that fastText's program takes for spaces.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\n', '\r', '\t', '\u{b}', '\u{c}', '\0']).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(words: &[&str]) -> Entries {
        Entries::new(words.iter().collect(), (1..=words.len() as u64).rev().collect())
    }

    fn dictionary(minn: u32, maxn: u32, bucket: u32, word_ngrams: u32) -> Dictionary {
        let args = Args { minn, maxn, bucket, word_ngrams, ..Args::default() };
        Dictionary::new(&args, entries(&["</s>", "rose", "__label__"]), entries(&["__label__a", "__label__b"]), 20)
    }

    fn line(dictionary: &Dictionary, text: &str) -> (Vec<u32>, Vec<u32>) {
        let mut line = Line::default();
        dictionary.line(text, &mut line);
        (line.rows, line.labels)
    }

    #[test]
    fn lines_are_words_and_labels() {
        let plain = dictionary(0, 0, 0, 1);
        // An unknown label is nothing, and neither is an unknown word without n-grams; the end of the line is a word.
        assert_eq!(line(&plain, "rose\t__label__b x __label__z \u{b}rose"), (vec![1, 1, 0], vec![1]));
        assert_eq!(line(&plain, ""), (vec![0], vec![]));
        assert_eq!(line(&plain, "</s> rose __label__a"), (vec![0], vec![]));
        assert_eq!(line(&plain, "__label__"), (vec![2, 0], vec![]));
        // Runs of two: of unknown words as well.
        let runs = line(&dictionary(0, 0, 100, 2), "x rose").0;
        assert_eq!((runs[..2].to_vec(), runs.len()), (vec![1, 0], 4));
        assert!(runs[2..].iter().all(|&row| (3..103).contains(&row)));
    }

    #[test]
    fn words_have_rows_for_their_parts() {
        let parts = dictionary(3, 3, 50, 1);
        let known: Vec<u32> = parts.rows_of(1).collect();
        assert_eq!((known[0], known.len(), parts.rows()), (1, 5, 53));
        assert_eq!(parts.rows_of_word("rose").collect::<Vec<_>>(), known);
        assert_eq!(parts.rows_of_word("rosé").count(), 4);
        assert_eq!(parts.rows_of_word("</s>").collect::<Vec<_>>(), [0]);
        // Of the parts of "rose", the model keeps one.
        let bucket = known[2] - 3;
        let pruned = parts.with_buckets(Some(PrunedBuckets::new(vec![(bucket, 4)])));
        assert_eq!((pruned.rows_of(1).collect::<Vec<_>>(), pruned.rows()), (vec![1, 7], 8));
    }

    #[test]
    fn words_may_be_any_bytes() {
        let mut words = Entries::default();
        assert!(words.push(b"a\x85\xC3", 3) && words.push("größe".as_bytes(), 2) && words.push(b"a\x86", 1));
        assert!(!words.push("größe".as_bytes(), 1) && words.len() == 3);
        assert_eq!(words.names().iter().collect::<Vec<_>>(), ["a\\x85\\xc3", "größe", "a\\x86"]);
        assert_eq!((words.bytes(0), words.bytes(1)), (&b"a\x85\xC3"[..], "größe".as_bytes()));
        let args = Args { minn: 1, maxn: 2, bucket: 1000, ..Args::default() };
        let dictionary = Dictionary::new(&args, words, Entries::default(), 6);
        assert_eq!(
            dictionary.ngrams(b"a\x86").map(|(_, row)| row).collect::<Vec<_>>(),
            dictionary.rows_of_word("a\\x86").skip(1).collect::<Vec<_>>()
        );
    }
}
