//! What a word of a text is.

use candle_keras_ops::{Error, Result};
use regex::Regex;
use std::sync::LazyLock;

/// Letters and digits with their combining marks, with single apostrophes, hyphens or underscores inside.
pub(crate) const WORD: &str = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’_-][\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*";
/// The pattern of the tokenizers libraries' Whitespace.
const WORD_OR_PUNCTUATION: &str = r"\w+|[^\w\s]+";

/// Whether a character is a combining mark, a part of the letter before it: an accent of decomposed text, a vowel sign.
pub fn is_combining_mark(c: char) -> bool {
    static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{M}").ok());
    // General punctuation is frequent, and without marks.
    let may_be = c >= '\u{300}' && !('\u{2000}'..='\u{206f}').contains(&c);
    may_be && MARK.as_ref().is_some_and(|mark| mark.is_match(c.encode_utf8(&mut [0; 4])))
}

/// How a text is split.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Split {
    /// Into words, without what is between them.
    #[default]
    Words,
    /// Into words and punctuation.
    WordsAndPunctuation,
    /// At whitespace.
    Whitespace,
    /// Not at all.
    Whole,
}

/// Finds the words of a text.
#[derive(Debug, Clone)]
pub(crate) struct Splitting {
    split: Split,
    lowercase: bool,
    /// The pattern of a word, if there is one.
    pattern: Option<Regex>,
}

impl Splitting {
    pub(crate) fn new(split: Split, lowercase: bool) -> Result<Self> {
        let pattern = match split {
            Split::Words => Some(WORD),
            Split::WordsAndPunctuation => Some(WORD_OR_PUNCTUATION),
            Split::Whitespace | Split::Whole => None,
        };
        let pattern = pattern.map(Regex::new).transpose().map_err(|error| Error::new(error.to_string()))?;
        Ok(Self { split, lowercase, pattern })
    }

    /// Calls the function with each word. A word at a time is in memory, in lower case if wanted: that of a letter does not depend on those around
    /// it, and is no other kind of character.
    pub(crate) fn each_word(&self, text: &str, mut f: impl FnMut(&str)) {
        let mut lower = String::new();
        let mut call = |word: &str| match self.lowercase {
            true => {
                lower.clear();
                if word.is_ascii() {
                    lower.push_str(word);
                    lower.make_ascii_lowercase();
                } else {
                    lower.extend(word.chars().flat_map(char::to_lowercase));
                }
                f(&lower);
            }
            false => f(word),
        };
        match (&self.pattern, self.split) {
            (Some(pattern), _) => pattern.find_iter(text).for_each(|word| call(word.as_str())),
            (None, Split::Whitespace) => text.split_whitespace().for_each(call),
            (None, _) if text.is_empty() => {}
            (None, _) => call(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        Splitting::new(Split::Words, true).unwrap().each_word(text, |word| words.push(word.to_string()));
        words
    }

    #[test]
    fn marks_are_parts_of_words() {
        let marks = ('\0'..=char::MAX).filter(|c| is_combining_mark(*c)).count();
        let all = Regex::new(r"\p{M}").unwrap();
        assert_eq!(marks, ('\0'..=char::MAX).filter(|c| all.is_match(&c.to_string())).count());
        assert_eq!(words("I\u{307}stanbul İZMİR ılık"), ["i\u{307}stanbul", "i\u{307}zmi\u{307}r", "ılık"]);
        assert_eq!(words("Cafe\u{301}s nai\u{308}ve"), ["cafe\u{301}s", "nai\u{308}ve"]);
        assert_eq!(words("हिन्दी தமிழ் שָׁלוֹם"), ["हिन्दी", "தமிழ்", "שָׁלוֹם"]);
        assert_eq!(words("l\u{301}'e\u{301}t-a_b \u{301} '' --x"), ["l\u{301}'e\u{301}t-a_b", "x"]);
    }

    /// Splitting before lowering is lowering before splitting.
    #[test]
    fn lower_case_is_no_other_kind_of_character() {
        let is = |class: &str| Regex::new(&format!("^{class}$")).unwrap();
        let (start, rest) = (is(r"[\p{L}\p{N}]"), is(r"[\p{L}\p{M}\p{N}]"));
        let (word, space) = (is(r"\w"), is(r"\s"));
        // The standard library may know a newer version of Unicode.
        let known = is(r"\P{Cn}");
        for c in ('\0'..=char::MAX).filter(|c| !c.to_lowercase().eq([*c])) {
            for (i, lower) in c.to_lowercase().enumerate() {
                let (c, lower) = (c.to_string(), lower.to_string());
                if !known.is_match(&c) || !known.is_match(&lower) {
                    continue;
                }
                let class = if i == 0 { &start } else { &rest };
                assert!(class.is_match(&lower) || !start.is_match(&c), "{c:?}");
                assert_eq!(rest.is_match(&c), rest.is_match(&lower), "{c:?}");
                assert_eq!((word.is_match(&c), space.is_match(&c)), (word.is_match(&lower), space.is_match(&lower)));
            }
        }
    }
}
