//! The words of a text.

use super::{Sentence, Text, Tokenize};
use candle_keras_data::is_combining_mark;

/// What a text consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Word(&'a str),
    EndOfSentence,
}

/// What a byte is within a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A letter or digit that is not changed.
    Letter,
    /// A capital letter that becomes a small one.
    Capital,
    /// What may stand between two letters of a word: `'`, `-` and `_`.
    Joiner,
    /// A byte of a character outside of ASCII.
    Wide,
    /// The end of a line.
    Line,
    /// All else.
    Separator,
}

/// What stands between tokens that come as such: the separator of units, which ASCII has for this.
pub(super) const BETWEEN_TOKENS: u8 = 0x1F;

/// How a text is divided into words.
pub(crate) struct Tokens {
    kinds: [Kind; 256],
    paragraphs: bool,
    lowercase: bool,
    words: bool,
    /// The word that has to be written in another way than it stands in the text.
    word: String,
}

impl Tokens {
    pub(crate) fn new(text: &Text) -> Self {
        let words = text.tokenize == Tokenize::Words;
        let kind = |byte: u8| match byte {
            b'\n' => Kind::Line,
            BETWEEN_TOKENS => Kind::Separator,
            _ if text.tokenize == Tokenize::Done => {
                if byte < 0x80 {
                    Kind::Letter
                } else {
                    Kind::Wide
                }
            }
            b'A'..=b'Z' if text.lowercase => Kind::Capital,
            0x80.. => Kind::Wide,
            b'\'' | b'-' | b'_' if words => Kind::Joiner,
            byte if byte.is_ascii_alphanumeric() => Kind::Letter,
            // NUL and the vertical tab separate words as in fastText and C; Rust's white space is without them.
            byte if words || byte.is_ascii_whitespace() || matches!(byte, 0 | 0x0B) => Kind::Separator,
            _ => Kind::Letter,
        };
        Self {
            kinds: std::array::from_fn(|byte| kind(byte as u8)),
            paragraphs: text.sentence == Sentence::Paragraph,
            lowercase: text.lowercase,
            words,
            word: String::new(),
        }
    }

    /// Calls `f` for each word and each end of a sentence.
    #[inline(always)]
    pub(crate) fn each(&mut self, text: &str, mut f: impl FnMut(Token<'_>)) {
        let bytes = text.as_bytes();
        let mut position = 0;
        let mut is_line_empty = true;
        while position < bytes.len() {
            let start = position;
            match self.kinds[bytes[position] as usize] {
                Kind::Line => {
                    if !self.paragraphs || is_line_empty {
                        f(Token::EndOfSentence);
                    }
                    is_line_empty = true;
                    position += 1;
                    continue;
                }
                // Most words by far are lower case alone, and are passed on as they stand.
                Kind::Letter => {
                    position += 1;
                    while position < bytes.len() && self.kinds[bytes[position] as usize] == Kind::Letter {
                        position += 1;
                    }
                    let ends = bytes
                        .get(position)
                        .is_none_or(|&byte| matches!(self.kinds[byte as usize], Kind::Separator | Kind::Line));
                    if ends {
                        is_line_empty = false;
                        f(Token::Word(&text[start..position]));
                        continue;
                    }
                    position = start;
                }
                Kind::Separator | Kind::Joiner => {
                    position += 1;
                    continue;
                }
                Kind::Capital | Kind::Wide => {}
            }
            position += self.long_way(&text[start..]);
            if !self.word.is_empty() {
                is_line_empty = false;
                f(Token::Word(&self.word));
            }
        }
        f(Token::EndOfSentence);
    }

    /// Writes the word with which `text` begins, if it does begin with one, and says how many bytes are done with.
    fn long_way(&mut self, text: &str) -> usize {
        self.word.clear();
        let mut chars = text.char_indices().peekable();
        while let Some((position, c)) = chars.next() {
            if self.is_letter(c) {
                match self.lowercase {
                    true => self.word.extend(c.to_lowercase()),
                    false => self.word.push(c),
                }
            } else if self.words && !self.word.is_empty() && is_combining_mark(c) {
                self.word.push(c);
            } else if self.words && matches!(c, '\'' | '’' | '-' | '_') && !self.word.is_empty() {
                match chars.peek() {
                    Some(&(_, next)) if self.is_letter(next) => self.word.push(c),
                    _ => return position + c.len_utf8(),
                }
            } else {
                // A separator of one byte may be the end of a line, which is not skipped here.
                return position + if c.is_ascii() { 0 } else { c.len_utf8() };
            }
        }
        text.len()
    }

    fn is_letter(&self, c: char) -> bool {
        if c.is_ascii() {
            return matches!(self.kinds[c as usize], Kind::Letter | Kind::Capital);
        }
        !self.words || c.is_alphanumeric()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &Text, chunk: &str) -> String {
        let mut all = Vec::new();
        Tokens::new(text).each(chunk, |token| {
            all.push(match token {
                Token::Word(word) => word.to_string(),
                Token::EndOfSentence => "|".into(),
            });
        });
        all.join(" ")
    }

    #[test]
    fn words_are_letters_and_digits() {
        let text = Text::lines([""]);
        let cases = [
            ("The cat, sat. A 2nd", "the cat sat a 2nd |"),
            ("It's well-known: 'quoted' -- a_b c_ d-", "it's well-known quoted a_b c d |"),
            ("Größe—naïve ÄÖ «x»\u{a0}y", "größe naïve äö x y |"),
            ("one\ntwo\n\n", "one | two | | |"),
            ("it’s ’tis don''t", "it’s tis don t |"),
            ("漢字 кот!", "漢字 кот |"),
            ("Cafe\u{301}s nai\u{308}ve \u{301}", "cafe\u{301}s nai\u{308}ve |"),
            ("हिन्दी İzmir", "हिन्दी i\u{307}zmir |"),
            ("", "|"),
            ("a-\nb", "a | b |"),
            ("é\nb", "é | b |"),
        ];
        for (line, expected) in cases {
            assert_eq!(tokens(&text, line), expected, "{line:?}");
        }
        assert_eq!(tokens(&text.lowercase(false), "The CAT Ä"), "The CAT Ä |");
    }

    #[test]
    fn white_space_divides_as_asked() {
        let text = Text::lines([""]).tokenize("whitespace").lowercase(false);
        assert_eq!(tokens(&text, "a,b C\td\r\ne \u{a0}f\x0bg-"), "a,b C d | e \u{a0}f g- |");
        assert_eq!(tokens(&text, "a\0b"), "a b |");
        assert_eq!(tokens(&text.lowercase(true), "Don't! STOP, Ä«"), "don't! stop, ä« |");
    }

    #[test]
    fn paragraphs_end_at_empty_lines() {
        let text = Text::lines([""]).sentence("paragraph");
        assert_eq!(tokens(&text, "a\nb\n\nc\n \nd"), "a b | c | d |");
    }
}
