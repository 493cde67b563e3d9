//! Text with a vector a line: word2vec's, fastText's, GloVe's and the projector's. Lines are parsed on all cores.

use super::Load;
use super::layout::Layout;
use super::lines::Lines;
use super::parts::{ParsedChunk, WordPlace, parse};
use super::rows::Rows;
use super::source::Input;
use super::word_list::{self, WordList};
use crate::KeyedVectors;
use candle_keras_ops::{Error, Result, cores};

/// Reads the vectors of a text, whose lines begin with their words unless these are in a list.
pub(super) fn read(
    input: &mut Input,
    layout: &Layout,
    words: Option<&WordList>,
    options: &Load,
) -> Result<KeyedVectors> {
    let place = match (words, layout.claimed) {
        (Some(_), _) => WordPlace::Elsewhere,
        (None, Some(_)) => WordPlace::BeforeWidth,
        (None, None) => WordPlace::BeforeNumbers,
    };
    let mut rows = Rows::new(options, layout.width, input.length().map(|length| layout.possible(length)))?;
    input.skip(layout.start as u64)?;
    let mut merge =
        Merge { rows: &mut rows, words, line: u64::from(layout.claimed.is_some()) + 1, position: layout.start as u64 };
    let (mut lines, mut next) = (Lines::default(), Lines::default());
    lines.read(input)?;
    while !lines.is_empty() {
        next.begin(&lines);
        // The next lines are read while these are parsed.
        let (parts, read) = std::thread::scope(|scope| {
            let read = scope.spawn(|| next.read(input));
            let parts = cores::map(lines.parts(), |part| parse(part, layout.width, place, options));
            (parts, read.join())
        });
        for part in parts {
            merge.add(part)?;
        }
        if merge.rows.is_complete() {
            break;
        }
        read.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        std::mem::swap(&mut lines, &mut next);
    }
    check_count(&rows, layout, words)?;
    rows.finish()
}

/// A file has as many words as its header or the list of its words says.
fn check_count(rows: &Rows, layout: &Layout, words: Option<&WordList>) -> Result<()> {
    let found = rows.seen();
    if let Some(words) = words.filter(|words| !rows.is_complete() && words.len() as u64 != found) {
        return Err(word_list::mismatch(words.len(), found));
    }
    let Some(claimed) = layout.claimed.filter(|claimed| *claimed < found || (*claimed > found && !rows.is_complete()))
    else {
        return Ok(());
    };
    let help = if claimed < found {
        format!("Load::limit({claimed}) reads as many as the header says, as other programs do")
    } else {
        format!("the file may have been cut off; if it is whole, its first line has to be \"{found} {}\"", layout.width)
    };
    Err(Error::new("the header says something else than the file has")
        .expected(format!("{claimed} words, as line 1 says"))
        .received(format!("{found} words"))
        .help(help))
}

/// Puts the rows of the parts in their order.
struct Merge<'a, 'b> {
    rows: &'a mut Rows<'b>,
    words: Option<&'a WordList>,
    /// The number and the position of the line that is next.
    line: u64,
    position: u64,
}

impl Merge<'_, '_> {
    fn add(&mut self, part: ParsedChunk) -> Result<()> {
        let first = self.rows.seen();
        for (number, word, vector) in part.rows() {
            self.rows.skip(first + number - self.rows.seen());
            if self.rows.is_complete() {
                return Ok(());
            }
            let kept = match self.words {
                Some(words) => {
                    let index = usize::try_from(first + number).unwrap_or(usize::MAX);
                    let word = words.get(index);
                    self.rows.take(word.ok_or_else(|| word_list::mismatch(words.len(), first + number + 1))?)
                }
                None => self.rows.take_bytes(part.word(&word), self.position + word.start as u64)?,
            };
            if let Some(vectors) = kept {
                vectors.extend_from_slice(vector);
            }
        }
        self.rows.skip((first + part.lines()).saturating_sub(self.rows.seen()));
        if let (Some(fault), false) = (&part.fault, self.rows.is_complete()) {
            return Err(fault.at(self.line));
        }
        self.line += part.line_ends;
        self.position += part.length as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::LONGEST_LINE;
    use super::super::testing::{Folder, content, error, error_with, load, load_with, loaded};
    use super::*;
    use crate::Save;

    #[test]
    fn text_with_a_header_and_without_is_read() {
        let expected = content(&["the", "größe"], &[0.5, -1., 2.25, 1e-5]);
        for text in [
            "2 2\nthe 0.5 -1\ngröße 2.25 1e-05\n",
            "2 2\nthe 0.5 -1\ngröße 2.25 1e-05",
            "2 2 \nthe 0.500000 -1.000000 \ngröße 2.250000 0.00001 \n",
            "\u{feff}2 2\r\nthe 0.5 -1\r\ngröße 2.25 1e-05\r\n\r\n",
            "the 0.5 -1\ngröße 2.25 1e-05\n",
            "the\t0.5\t-1\ngröße\t2.25\t1e-05\n",
        ] {
            assert_eq!(load(text), expected, "{text:?}");
        }
        assert_eq!(load("0 3\n"), (vec![], vec![], 3));
        assert_eq!(load("12 0.5\n7 1\n"), content(&["12", "7"], &[0.5, 1.]));
        assert_eq!(load_with("12 5\n7 1\n", Load::new().no_header(true)), content(&["12", "7"], &[5., 1.]));
    }

    #[test]
    fn fields_end_at_spaces_alone_and_words_may_have_them() {
        let text = "the 1 2\n. . . 3 4\na\u{a0}b\u{2028}\u{85}c 5 6\nat name@domain.com 7 8\n";
        let words = ["the", ". . .", "a\u{a0}b\u{2028}\u{85}c", "at name@domain.com"];
        let expected = content(&words, &[1., 2., 3., 4., 5., 6., 7., 8.]);
        assert_eq!(load(text), expected);
        let found = load_with(text, Load::new().vocabulary(["at name@domain.com", ". . ."]));
        assert_eq!(found, content(&[". . .", "at name@domain.com"], &[3., 4., 7., 8.]));
        assert_eq!(load(format!("4 2\n{text}")), expected);
        // Where the width is known, words may end with numbers.
        assert_eq!(load("2 2\ndoc 1 1 2\ndoc 2 3 4\n"), content(&["doc 1", "doc 2"], &[1., 2., 3., 4.]));
    }

    #[test]
    fn a_part_of_a_file_is_read() {
        let text: String = (0..50_000).map(|i| format!("word{i} {i} {}.5 -0.25\n", i % 7)).collect();
        let row = |i: usize| [i as f32, (i % 7) as f32 + 0.5, -0.25];
        let numbers = |rows: &[usize]| rows.iter().flat_map(|i| row(*i)).collect::<Vec<_>>();
        let header = format!("50000 3\n{text}");
        for text in [&text, &header] {
            let all = load(text);
            assert_eq!((all.0.len(), &all.1[..]), (50_000, &numbers(&(0..50_000).collect::<Vec<_>>())[..]));
            let first = load_with(text, Load::new().limit(20_001));
            assert_eq!((first.0.last().unwrap().as_str(), first.1.len()), ("word20000", 60_003));
            let options = Load::new().vocabulary(["word49999", "none", "word3"]);
            assert_eq!(load_with(text, &options), content(&["word3", "word49999"], &numbers(&[3, 49_999])));
            let found = load_with(text, options.limit(1000));
            assert_eq!(found, content(&["word3"], &numbers(&[3])));
        }
        // What is wrong after the words that are asked for does not matter.
        let broken = text + "word 1 2\n";
        assert_eq!(load_with(&broken, Load::new().limit(3)).0.len(), 3);
        assert_eq!(load_with(&broken, Load::new().vocabulary(["word7"])).0, ["word7"]);
        assert!(error(&broken).starts_with("line 50001, \"word\": not a vector"));
        let nothing = loaded("a 1\nb 2\n", Load::new().vocabulary(["c"]));
        assert_eq!(
            nothing,
            ((vec![], vec![], 1), vec!["the file has none of the words of the vocabulary".to_string()])
        );
    }

    #[test]
    fn lines_that_are_no_vectors_are_named() {
        assert_eq!(error("2 3\na 1 2 3\nb 1 2\n"), "line 3, \"b\": not a vector\n  expected: 3 numbers\n  received: 2");
        assert_eq!(
            error("a 1 2 3\n\nb 1 2\nc 1 2 3\n"),
            "line 3, \"b\": not a vector\n  expected: 3 numbers\n  received: 2"
        );
        assert_eq!(
            error("a 1 2\nb 1 2 3\nc 1 2\nd 1 2\n"),
            "line 2, \"b\": not a vector\n  expected: 2 numbers\n  received: 3"
        );
        // The first line is the wrong one.
        assert_eq!(
            error("a 1 2\nb 1 2 3\nc 1 2 3\n"),
            "line 1, \"a\": not a vector\n  expected: 3 numbers\n  received: 2"
        );
        let found = error("2 3\na 1 1.#IND 3\nb 1 2 3\n");
        assert_eq!(found, "line 2, \"a\": not a vector\n  expected: 3 numbers\n  received: \"1.#IND\" as number 2");
        assert!(error("2 2\ngröße 1 2\nweiß 1\n").starts_with("line 3, \"weiß\": not a vector"));
        assert_eq!(error("2 3\na 1 2 3\nb\n"), "line 3, \"b\": not a vector\n  expected: 3 numbers\n  received: 0");
    }

    #[test]
    fn a_header_that_lies_is_an_error() {
        let few = error("3 2\na 1 2\nb 1 2\n");
        assert!(
            few.contains("expected: 3 words, as line 1 says\n  received: 2 words") && few.contains("\"2 2\""),
            "{few}"
        );
        let many = error("1 2\na 1 2\nb 1 2\n");
        assert!(many.contains("expected: 1 words, as line 1 says\n  received: 2 words"), "{many}");
        assert!(
            many.ends_with("help: Load::limit(1) reads as many as the header says, as other programs do"),
            "{many}"
        );
        assert_eq!(load_with("1 2\na 1 2\nb 1 2\n", Load::new().limit(1)), content(&["a"], &[1., 2.]));
        assert!(error("1 0\na\n").starts_with("the vectors have a width of zero"));
        for width in ["1000000000", "1000000000000", "18446744073709551615"] {
            let wide = error(format!("18446744073709551615 {width}\na 1 2\n"));
            assert!(wide.contains(&format!("expected: {width} numbers\n  received: 2")), "{wide}");
        }
        assert!(error("18446744073709551615 2\na 1 2\n").contains("received: 1 words"));
    }

    #[test]
    fn words_that_are_not_utf8_are_an_error_or_replaced() {
        let text = b"2 2\na 1 2\nb\xff\xfec 3 4\n";
        assert_eq!(
            error(text),
            "word 2 is not UTF-8\n  received: byte 0xff at 11 in \"b\\xff\\xfec\"\n  help: Load::lossy(true) replaces such bytes"
        );
        assert_eq!(load_with(text, Load::new().lossy(true)), content(&["a", "b\u{fffd}\u{fffd}c"], &[1., 2., 3., 4.]));
    }

    #[test]
    fn the_first_of_several_vectors_stays() {
        let (found, warnings) = loaded("4 1\na 1\nb 2\na 3\na 4\n", Load::new());
        assert_eq!(found, content(&["a", "b"], &[1., 2.]));
        assert_eq!(warnings, ["2 words come again, and their first vectors are kept: \"a\" is the first of them"]);
    }

    #[test]
    fn numbers_that_are_not_finite_stay_with_a_warning() {
        let ((words, numbers, _), warnings) = loaded("3 2\na 1 2\nnan -nan inf\nb -inf 1e39\n", Load::new());
        assert_eq!(words, ["a", "nan", "b"]);
        assert!(numbers[2].is_nan() && numbers[3..] == [f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY]);
        assert_eq!(warnings, ["2 vectors have numbers that are not finite: that of \"nan\" is the first of them"]);
    }

    #[test]
    fn counts_are_read_and_written() {
        let folder = Folder::new();
        let text = folder.write("vectors.txt", "3 1\n</s> 1\nb 2\na 3\n");
        let counts = folder.write("counts", "</s> 0\na 12\nb 345678901234\nother 5\n");
        let read = KeyedVectors::load_with(&text, Load::new().counts(&counts)).unwrap();
        assert_eq!(read.counts(), Some(&[0, 345_678_901_234, 12][..]));
        read.save_with(folder.path("again.txt"), Save::new().counts(folder.path("again.counts"))).unwrap();
        assert_eq!(folder.read("again.counts"), "</s> 0\nb 345678901234\na 12\n");
        let without = KeyedVectors::load(&text).unwrap().save_with(folder.path("v.txt"), Save::new().counts("counts"));
        assert!(without.unwrap_err().to_string().contains("the vectors have no counts"));
        folder.write("counts", "a 12\nb x\n");
        let error = KeyedVectors::load_with(&text, Load::new().counts(&counts)).unwrap_err().to_string();
        assert!(error.contains("counts: line 2 is not a word and its count\n  received: \"b x\""), "{error}");
    }

    #[test]
    fn what_is_no_text_of_vectors_is_shown() {
        let expected = "this is no file of word vectors\n  expected: a header, \"words width\", or a word and its numbers on the first line\n  received: ";
        assert_eq!(error("It was the best of times,\nit was\n"), format!("{expected}\"It was the best of times,\""));
        assert_eq!(error("word\n"), format!("{expected}\"word\""));
        assert_eq!(error(b"\x00\x01\xff"), format!("{expected}\"\\x00\\x01\\xff\""));
        assert_eq!(error("love sex 6.77\ntiger cat 7.35\n"), format!("{expected}\"love sex 6.77\""));
        let long = "x".repeat(LONGEST_LINE * 3 / 2);
        assert!(error(&long).starts_with(expected));
        assert!(error(format!("1 2\nword 1 {long}")).ends_with("a line is longer than 64 MB"));
        assert!(error_with("a 1\n", Load::new().member("x")).starts_with("this is no zip archive"));
    }
}
