//! A word that has no vector, and those that may be meant.

use crate::Words;
use candle_keras_ops::Error;
use std::cmp::Reverse;

/// How many words are compared, the most frequent: few enough for some milliseconds.
const COMPARED: usize = 100_000;

/// How many words the error names.
const NAMED: usize = 3;

/// The error for a word that is not there.
pub(super) fn error(words: &Words, word: &str) -> Error {
    let error = Error::new(format!("the word {word:?} has no vector"));
    let similar = similar(words, word);
    match similar.as_slice() {
        [] if words.is_empty() => error.help("there are no vectors at all"),
        [] => error.help("only the words that the vectors were trained on have one; `contains` tells which"),
        similar => error.help(format!("did you mean {}?", similar.join(" or "))),
    }
}

/// The words that are spelled nearly the same, the nearest first, and among them the most frequent.
fn similar(words: &Words, word: &str) -> Vec<String> {
    let wanted = word.to_lowercase();
    let letters = letters(&wanted);
    // One mistake in a short word, two in a longer one; a word of one letter is like every other.
    let mistakes = match wanted.chars().count() {
        0..=1 => 0,
        2..=4 => 1,
        _ => 2,
    };
    let mut nearest = std::collections::BinaryHeap::new();
    for (number, known) in words.iter().take(COMPARED).enumerate() {
        // A mistake changes the length by one letter at most, of up to four bytes, and which letters there are by two.
        if known.len().abs_diff(wanted.len()) > 4 * mistakes
            || (self::letters(known) ^ letters).count_ones() as usize > 2 * mistakes
        {
            continue;
        }
        let distance = strsim::osa_distance(&known.to_lowercase(), &wanted);
        if distance <= mistakes {
            nearest.push(Reverse((distance, number)));
        }
    }
    let best = std::iter::from_fn(|| nearest.pop()).take(NAMED);
    best.map(|Reverse((_, number))| format!("{:?}", words.word(number))).collect()
}

/// Which letters occur, as bits; in Latin script, a letter of either case is the same.
fn letters(word: &str) -> u32 {
    word.chars().fold(0, |bits, letter| bits | 1 << (letter as u32 & 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_spelled_nearly_the_same_are_named() {
        let words: Words = ["the", "king", "kings", "King", "ring", "größe", "queen"].into_iter().collect();
        let help = |word: &str| similar(&words, word).join(" ");
        assert_eq!(help("kinng"), r#""king" "King" "kings""#);
        assert_eq!(help("KING"), r#""king" "King" "kings""#);
        assert_eq!(help("qeuen"), r#""queen""#);
        assert_eq!(help("grösse"), r#""größe""#);
        assert_eq!(help("teh"), r#""the""#);
        assert_eq!(help("zebra") + &help("") + &help("x"), "");
        let error = error(&words, "ringg").to_string();
        assert_eq!(error, "the word \"ringg\" has no vector\n  help: did you mean \"ring\" or \"king\" or \"kings\"?");
    }
}
