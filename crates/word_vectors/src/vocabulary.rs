//! The words of a text that get a vector, and how often each occurs.

use crate::text::{Chunks, Reader, Token, Tokens};
use crate::{Text, Words};
use candle_keras_ops::{Error, Result, cores};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Words with their counts: the most frequent first, those of one count in alphabetical order.
///
/// ```
/// use candle_keras_word_vectors::{Text, Vocabulary};
/// let vocabulary = Vocabulary::build(&Text::lines(["a cat, a dog", "a dog!"]), 2)?;
/// assert_eq!(vocabulary.words().iter().collect::<Vec<_>>(), ["a", "dog"]);
/// assert_eq!((vocabulary.counts(), vocabulary.tokens()), (&[3, 2][..], 6));
/// # Ok::<(), candle_keras_word_vectors::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Vocabulary {
    words: Words,
    counts: Vec<u64>,
    tokens: u64,
    sentences: u64,
}

impl Vocabulary {
    /// The words that occur at least `min_count` times in a text, counted on all cores.
    ///
    /// # Errors
    /// If the text cannot be read, has no words, or no word occurs often enough.
    pub fn build(text: &Text, min_count: u64) -> Result<Self> {
        Self::count(text, &text.open()?)?.kept(min_count)
    }

    /// All words of a text.
    pub(crate) fn count(text: &Text, chunks: &Chunks) -> Result<Self> {
        let next = AtomicUsize::new(0);
        let counted = cores::map((0..cores::count()).collect(), |_| -> Result<Counts> {
            let (mut counts, mut reader, mut tokens) = (Counts::default(), Reader::new(chunks), Tokens::new(text));
            loop {
                let chunk = next.fetch_add(1, Relaxed);
                if chunk >= chunks.len() {
                    return Ok(counts);
                }
                tokens.each(reader.read(chunk)?, |token| counts.add(token));
            }
        });
        let mut counted = counted.into_iter();
        let mut all = counted.next().unwrap_or_else(|| Ok(Counts::default()))?;
        for counts in counted {
            all.merge(&counts?);
        }
        Ok(all.sorted())
    }

    /// The words that occur at least `min_count` times.
    ///
    /// # Errors
    /// If none is left.
    fn kept(self, min_count: u64) -> Result<Self> {
        let Some((most, first)) = self.counts.first().zip(self.words.iter().next()) else {
            return Err(Error::new("the text has no words").expected("letters or digits"));
        };
        if *most < min_count {
            return Err(Error::new("no word occurs often enough to get a vector")
                .expected(format!("a word that occurs at least {min_count} times"))
                .received(format!("{first:?}, the most frequent, occurs {most} times"))
                .help(format!("set min_count to {most} or less, or train on more text")));
        }
        let size = self.counts.partition_point(|&count| count >= min_count);
        Ok(self.first(size))
    }

    fn first(self, size: usize) -> Self {
        let words = self.words.iter().take(size).collect();
        Self { words, counts: self.counts[..size].to_vec(), ..self }
    }

    /// The words to be trained: those that occur at least `min_count` times, at most `max_size` of them.
    ///
    /// # Errors
    /// If fewer than two are left, which is nothing to tell apart.
    pub(crate) fn for_training(self, min_count: u64, max_size: Option<usize>) -> Result<Self> {
        let kept = self.kept(min_count)?;
        let size = max_size.map_or(kept.len(), |size| size.min(kept.len()));
        if size > 1 {
            return Ok(kept.first(size));
        }
        let help = match (max_size, min_count) {
            (Some(0 | 1), _) => "set max_final_vocab to 2 or more".to_string(),
            (_, 0 | 1) => "train on text with more different words".to_string(),
            _ => format!("a min_count below {min_count} keeps more words, or train on more text"),
        };
        Err(Error::new("at least two words must get a vector").received(size.to_string()).help(help))
    }

    /// Words with their counts, in the order in which they come.
    pub(crate) fn from_parts(words: Words, counts: Vec<u64>) -> Self {
        let tokens = counts.iter().sum();
        Self { words, counts, tokens, sentences: 0 }
    }

    /// The words and their counts.
    pub(crate) fn into_parts(self) -> (Words, Vec<u64>) {
        (self.words, self.counts)
    }

    /// The words by their numbers.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// How often each word occurs.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many words get a vector.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether no word does.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How many words the text has, those without a vector included.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// How many words of the text have a vector.
    pub fn kept_tokens(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many sentences with words the text has.
    pub fn sentences(&self) -> u64 {
        self.sentences
    }
}

/// The words of some chunks in the order in which they came.
#[derive(Default)]
struct Counts {
    words: Words,
    counts: Vec<u64>,
    sentences: u64,
    is_in_sentence: bool,
}

impl Counts {
    #[inline(always)]
    fn add(&mut self, token: Token<'_>) {
        match token {
            Token::Word(word) => {
                let (number, is_new) = self.words.insert(word);
                match is_new {
                    true => self.counts.push(1),
                    false => self.counts[number as usize] += 1,
                }
                self.is_in_sentence = true;
            }
            Token::EndOfSentence => self.sentences += u64::from(std::mem::take(&mut self.is_in_sentence)),
        }
    }

    fn merge(&mut self, other: &Self) {
        for (word, &count) in other.words.iter().zip(&other.counts) {
            let (number, is_new) = self.words.insert(word);
            match is_new {
                true => self.counts.push(count),
                false => self.counts[number as usize] += count,
            }
        }
        self.sentences += other.sentences;
    }

    fn sorted(self) -> Vocabulary {
        let mut order: Vec<u32> = (0..self.counts.len() as u32).collect();
        let key = |&number: &u32| {
            let number = number as usize;
            (std::cmp::Reverse(self.counts[number]), self.words.word(number))
        };
        order.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
        let words = order.iter().map(|&number| self.words.word(number as usize)).collect();
        let counts = order.iter().map(|&number| self.counts[number as usize]).collect();
        Vocabulary { words, counts, tokens: self.counts.iter().sum(), sentences: self.sentences }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_on_all_cores() {
        let lines = (0..30_000).map(|i| format!("the word{} of line {}", i % 10, i % 100));
        let vocabulary = Vocabulary::build(&Text::lines(lines), 1).unwrap();
        let words: Vec<_> = vocabulary.words().iter().zip(vocabulary.counts().iter().copied()).collect();
        assert_eq!(words[..4], [("line", 30_000), ("of", 30_000), ("the", 30_000), ("word0", 3000)]);
        assert_eq!((words[13], words.len()), (("0", 300), 113));
        assert_eq!((vocabulary.tokens(), vocabulary.sentences()), (150_000, 30_000));
        let few = Vocabulary::build(&Text::lines(["a a a b b c"]), 2).unwrap();
        assert_eq!((few.counts(), few.tokens(), few.kept_tokens()), (&[3, 2][..], 6, 5));
    }

    #[test]
    fn a_text_without_enough_words_is_an_error() {
        let error = |text: &str, min_count| Vocabulary::build(&Text::lines([text]), min_count).unwrap_err().to_string();
        assert!(error("!", 1).contains("no words"));
        assert!(error("a b a", 5).contains("set min_count to 2 or less"));
        let error = |text: &str, min_count, max_size| {
            let text = Text::lines([text]);
            let all = Vocabulary::count(&text, &text.open().unwrap()).unwrap();
            all.for_training(min_count, max_size).unwrap_err().to_string()
        };
        assert!(error("a b a", 1, Some(0)).contains("max_final_vocab"));
        assert!(error("a b a", 2, None).contains("a min_count below 2"));
        assert!(error("a a", 1, None).contains("more different words"));
    }
}
