//! Text with a vector a line: word2vec's, fastText's, GloVe's and the projector's. Lines are parsed on all cores.

use super::binary::Header;
use super::parts::{Part, parse};
use super::rows::Rows;
use super::source::Input;
use super::word_list::WordList;
use super::{Load, io, number, shown};
use crate::KeyedVectors;
use candle_keras_ops::{Error, Result, cores};
use std::io::Read;

/// How much a core parses at once, how many times this is read for each core, and how much is read at most.
const PART: usize = 1 << 18;
const PARTS: usize = 4;
const MOST: usize = 1 << 25;

/// A line that is longer than this holds no vector.
const LONGEST_LINE: usize = 1 << 26;

/// How many lines are looked at to see how wide the vectors are.
const SAMPLE: usize = 16;

/// How a text is laid out.
#[derive(Debug)]
pub(super) struct Layout {
    /// How many words the header says that there are, if there is one.
    pub(super) claimed: Option<u64>,
    pub(super) width: usize,
    /// The bytes before the first vector.
    start: usize,
    /// About how long a line is.
    line: usize,
}

/// The first line as a header, "words width", and its length.
pub(super) fn header(head: &[u8]) -> Option<Header> {
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    let line = head[mark(head).min(end)..end].trim_ascii_end();
    let mut fields = line.split(is_separator).filter(|field| !field.is_empty());
    let mut integer = || {
        let field = fields.next()?;
        let digits = field.iter().all(u8::is_ascii_digit);
        std::str::from_utf8(field).ok().filter(|_| digits)?.parse::<u64>().ok()
    };
    let (words, width) = (integer()?, integer()?);
    let length = (end + 1).min(head.len());
    (fields.next().is_none()).then_some(Header { words, width, length })
}

/// The length of the mark of UTF-8 that Windows puts at the beginning.
fn mark(head: &[u8]) -> usize {
    if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Fields end at spaces and tabs alone: words may have any other white space of Unicode in them.
pub(super) fn is_separator(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The line without what ends it.
pub(super) fn trimmed(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).map_or(0, |last| last + 1);
    &line[..end]
}

pub(super) fn is_number(field: &[u8]) -> bool {
    number::leading(field).is_some_and(|(_, length)| length == field.len())
}

/// How many numbers a line ends with, its first field left out.
pub(super) fn numbers_at_end(line: &[u8]) -> usize {
    let Some(word) = line.iter().position(is_separator) else { return 0 };
    line[word..].rsplit(is_separator).filter(|field| !field.is_empty()).take_while(|field| is_number(field)).count()
}

/// The first lines that are there as a whole.
fn sample(head: &[u8], all: bool) -> impl Iterator<Item = &[u8]> {
    let end = if all { head.len() } else { memchr::memrchr(b'\n', head).unwrap_or(0) };
    head[mark(head).min(end)..end]
        .split(|byte| *byte == b'\n')
        .map(trimmed)
        .filter(|line| !line.is_empty())
        .take(SAMPLE)
}

/// Whether these are numbers between tabs, without words.
pub(super) fn is_projector(head: &[u8], all: bool) -> bool {
    let mut lines = sample(head, all).peekable();
    lines.peek().is_some_and(|first| first.contains(&b'\t'))
        && lines.all(|line| line.split(|byte| *byte == b'\t').all(is_number))
}

impl Layout {
    pub(super) fn with_header(header: &Header) -> Self {
        Self { claimed: Some(header.words), width: header.width as usize, start: header.length, line: 1 }
    }

    pub(super) fn projector(head: &[u8]) -> Self {
        let line = sample(head, true).next().unwrap_or_default();
        Self { claimed: None, width: line.split(is_separator).count(), start: 0, line: line.len() }
    }

    /// As wide as most of the first lines: each of them may be damaged, or be that of a word with spaces and digits in it.
    pub(super) fn without_header(head: &[u8], all: bool) -> Result<Self> {
        let widths: Vec<_> = sample(head, all).map(numbers_at_end).collect();
        let votes = |width: &usize| widths.iter().filter(|other| *other == width).count();
        // Of as many votes, the first line's.
        let width = widths.iter().rev().copied().max_by_key(votes).unwrap_or(0);
        // A word, another and a number: pairs of words with how similar they are, as the files for evaluations have them.
        let pairs = || sample(head, all).any(|line| line.split(is_separator).count() > 2);
        if width == 0 || (width == 1 && pairs()) {
            let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
            return Err(Error::new("this is no file of word vectors")
                .expected("a header, \"words width\", or a word and its numbers on the first line")
                .received(shown(line)));
        }
        let line = sample(head, all).next().unwrap_or_default().len();
        Ok(Self { claimed: None, width, start: mark(head), line })
    }

    /// How many rows a file of this length may have: each number takes a digit and a space.
    fn possible(&self, length: u64) -> u64 {
        let line = (self.width as u64).saturating_mul(2).max(self.line as u64).max(1);
        self.claimed.unwrap_or(u64::MAX).min(length / line)
    }
}

/// Reads the vectors of a text, whose lines begin with their words unless these are in a list.
pub(super) fn read(
    input: &mut Input,
    layout: &Layout,
    words: Option<&WordList>,
    options: &Load,
) -> Result<KeyedVectors> {
    let mut rows = Rows::new(options, layout.width, input.length().map(|length| layout.possible(length)))?;
    input.skip(layout.start as u64)?;
    let mut merge = Merge {
        rows: &mut rows,
        words,
        options,
        line: u64::from(layout.claimed.is_some()) + 1,
        position: layout.start as u64,
    };
    let (mut lines, mut next) = (Lines::default(), Lines::default());
    lines.read(input)?;
    while !lines.bytes.is_empty() {
        next.begin(&lines);
        // The next lines are read while these are parsed.
        let (parts, read) = std::thread::scope(|scope| {
            let read = scope.spawn(|| next.read(input));
            let parts = cores::map(lines.parts(), |part| parse(part, layout.width, words.is_none(), options));
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
    let (found, width) = (rows.seen(), layout.width);
    if let Some(words) = words.filter(|words| !rows.is_complete() && words.len() as u64 != found) {
        return Err(super::word_list::mismatch(words.len(), found));
    }
    match layout.claimed.filter(|claimed| *claimed != found && (!rows.is_complete() || *claimed < found)) {
        Some(claimed) => Err(Error::new("the header says something else than the file has")
            .expected(format!("{claimed} words, as line 1 says"))
            .received(format!("{found} words"))
            .help(format!(
                "the file may have been cut off; if it is whole, its first line has to be \"{found} {width}\""
            ))),
        None => Ok(()),
    }
}

/// A piece of a text that ends where a line does.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Where the last line ends that is there as a whole.
    end: usize,
}

impl Lines {
    /// Begins with the line that `before` ends within.
    fn begin(&mut self, before: &Lines) {
        self.bytes.clear();
        self.bytes.extend_from_slice(&before.bytes[before.end..]);
    }

    /// Reads more, up to the end of a line.
    fn read(&mut self, input: &mut Input) -> Result<()> {
        let size = (PART * PARTS * cores::count()).min(MOST);
        loop {
            let from = self.bytes.len();
            let more = size.saturating_sub(from).max(PART);
            let read = input.by_ref().take(more as u64).read_to_end(&mut self.bytes).map_err(io)?;
            self.end = if read < more {
                self.bytes.len()
            } else {
                memchr::memrchr(b'\n', &self.bytes[from..]).map_or(0, |last| from + last + 1)
            };
            if self.end > 0 || self.bytes.is_empty() {
                return Ok(());
            }
            if self.bytes.len() > LONGEST_LINE {
                return Err(Error::new("this is no file of word vectors: a line is longer than 64 MB"));
            }
        }
    }

    /// The lines in parts for the cores.
    fn parts(&self) -> Vec<&[u8]> {
        let (mut parts, mut left) = (Vec::new(), &self.bytes[..self.end]);
        while !left.is_empty() {
            let about = PART.min(left.len());
            let end = memchr::memchr(b'\n', &left[about..]).map_or(left.len(), |at| about + at + 1);
            let (part, rest) = left.split_at(end);
            parts.push(part);
            left = rest;
        }
        parts
    }
}

/// Puts the rows of the parts in their order.
struct Merge<'a, 'b> {
    rows: &'a mut Rows<'b>,
    words: Option<&'a WordList>,
    options: &'a Load,
    /// The number and the position of the line that is next.
    line: u64,
    position: u64,
}

impl Merge<'_, '_> {
    fn add(&mut self, part: Part) -> Result<()> {
        let first = self.rows.seen();
        for (number, word, vector) in part.rows() {
            self.rows.skip(first + number - self.rows.seen());
            if self.rows.is_complete() {
                return Ok(());
            }
            let bytes = part.word(&word);
            let word = match self.words {
                Some(words) => {
                    let index = usize::try_from(first + number).unwrap_or(usize::MAX);
                    words.get(index).ok_or_else(|| super::word_list::mismatch(words.len(), first + number + 1))?.into()
                }
                None => self.options.decode(bytes, first + number, self.position + word.start as u64)?,
            };
            if let Some(vectors) = self.rows.take(&word) {
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
    use super::super::testing::{
        Folder, comes_back, content, content_of, error, error_with, load, load_with, loaded, vectors,
    };
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
    fn text_comes_back_bit_by_bit() {
        let folder = Folder::new();
        let numbers = [1., -0.1, 1e-45, f32::MAX, -0., 16_777_217., f32::MIN_POSITIVE, 0.1 + 0.2];
        let written = vectors(&["a", "größe", "</s>", "1"], &numbers);
        for (name, options) in
            [("v.txt", Save::new()), ("v.vec", Save::new()), ("glove.txt", Save::new().header(false))]
        {
            written.save_with(folder.path(name), &options).unwrap();
            let read = content_of(&KeyedVectors::load(folder.path(name)).unwrap());
            assert_eq!(read, content_of(&written));
            assert!(read.1.iter().zip(&numbers).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
        let simple = vectors(&["a", "b"], &[1., -0.5, 3e-8, 2.5]);
        comes_back(&folder, "simple.txt", &simple);
        assert!(folder.read("simple.txt").starts_with("2 2\na 1"));
        let narrow = vectors(&["12", "7"], &[5., 1.]);
        narrow.save_with(folder.path("narrow.txt"), Save::new().header(false)).unwrap();
        assert_eq!(content_of(&KeyedVectors::load(folder.path("narrow.txt")).unwrap()), content_of(&narrow));
    }

    #[test]
    fn words_without_a_place_are_not_written() {
        let folder = Folder::new();
        for (name, word) in [
            ("a.txt", "two words"),
            ("a.txt", ""),
            ("a.vec", "a\tb"),
            ("a.bin", "a b"),
            ("a.tsv", "a\tb"),
            ("a.npy", "a\nb"),
            ("a.tsv", ""),
        ] {
            let error = vectors(&[word], &[1., 2.]).save(folder.path(name)).unwrap_err().to_string();
            assert!(error.contains(&format!("has no place for this word\n  received: {word:?}")), "{name}: {error}");
            assert!(!folder.path(name).exists());
        }
        for name in ["vectors", "a.csv", "a.bim"] {
            let error = vectors(&["a"], &[1.]).save(folder.path(name)).unwrap_err().to_string();
            assert!(error.contains("expected: txt, vec, bin, safetensors, npy or tsv"), "{error}");
        }
        comes_back(&folder, "a.safetensors", &vectors(&["two words", "", "a\tb", "\n"], &[1., 2., 3., 4.]));
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
