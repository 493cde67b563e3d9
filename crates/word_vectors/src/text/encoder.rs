//! A text as the numbers of its words.

use super::{Text, Token, Tokens};
use crate::Words;

/// Stands between two sentences.
pub(crate) const END: u32 = u32::MAX;

/// Looks words up in a vocabulary, for one thread.
pub(crate) struct Encoder<'a> {
    tokens: Tokens,
    words: &'a Words,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(text: &Text, words: &'a Words) -> Self {
        Self { tokens: Tokens::new(text), words }
    }

    /// Appends the numbers of the words that have one, with [`END`] behind each sentence; says how many words there were in all.
    pub(crate) fn encode(&mut self, chunk: &str, numbers: &mut Vec<u32>) -> u64 {
        let (words, mut count) = (self.words, 0);
        self.tokens.each(chunk, |token| match token {
            Token::Word(word) => {
                count += 1;
                numbers.extend(words.get(word));
            }
            Token::EndOfSentence => {
                if numbers.last().is_some_and(|&last| last != END) {
                    numbers.push(END);
                }
            }
        });
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_a_number_are_left_out() {
        let words: Words = ["a", "b"].into_iter().collect();
        let mut numbers = Vec::new();
        let count = Encoder::new(&Text::lines([""]), &words).encode("A c b\nc\n\nb a", &mut numbers);
        assert_eq!((count, numbers), (6, vec![0, 1, END, 1, 0, END]));
    }
}
