//! word2vec's binary format: "words width" and a line feed, then of each word its bytes, a space, and its numbers as f32 in little-endian order.
//!
//! The C program ends each vector with a line feed, gensim does not; so line feeds before a word are skipped.

use super::layout::{self, Header};
use super::raw::Element;
use super::rows::Rows;
use super::source::Input;
use super::{Load, io, shown};
use crate::KeyedVectors;
use candle_keras_ops::{Error, Result};
use std::io::BufRead;

/// A word that is longer than this is none.
const LONGEST_WORD: usize = 1 << 16;

/// Whether what follows a header is binary, and not text.
pub(super) fn is_binary(rest: &[u8], width: u64) -> bool {
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let line = layout::trimmed(&rest[..end]);
    if layout::numbers_at_end(line) as u64 >= width {
        return false;
    }
    let from = memchr::memchr(b' ', rest).map_or(rest.len(), |at| at + 1);
    let size = usize::try_from(width.saturating_mul(4)).unwrap_or(usize::MAX);
    let vector = &rest[from..][..size.min(rest.len() - from)];
    // Numbers in binary have bytes among them that no text has; if a few have none, they are no decimal numbers at least.
    let control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    let decimal = || line.split(layout::is_separator).skip(1).any(layout::is_number);
    vector.iter().any(control) || (vector.len() == size && !decimal())
}

/// Reads the vectors after the header.
pub(super) fn read(input: &mut Input, header: &Header, options: &Load) -> Result<KeyedVectors> {
    let too_wide = || Error::new("the header is not that of a file").received(format!("a width of {}", header.width));
    let width = usize::try_from(header.width).map_err(|_| too_wide())?;
    let size = width.checked_mul(4).ok_or_else(too_wide)?;
    // Each row has a space beside its numbers.
    let possible = |length: u64| header.words.min(length / (size as u64 + 1));
    let mut rows = Rows::new(options, width, input.length().map(possible))?;
    input.skip(header.length as u64)?;
    let (mut word, mut vector) = (Vec::new(), Vec::new());
    let mut position = header.length as u64;
    while rows.seen() < header.words && !rows.is_complete() {
        let number = rows.seen();
        let ended = |found: String| {
            Error::new(format!("the file ends within word {} of {}", number + 1, header.words))
                .received(found)
                .help("it may have been cut off: compare its size with that where it is from")
        };
        let before = read_word(input, &mut word, number)?;
        let Some(before) = before else {
            return Err(ended(format!("{number} whole vectors, and {}", shown(&word))));
        };
        if !input.fill(&mut vector, size)? {
            return Err(ended(format!("{} of {size} bytes of the vector of {}", vector.len(), shown(&word))));
        }
        position += before;
        if let Some(vectors) = rows.take_bytes(&word, position)? {
            Element::F32.append(&vector, vectors);
        }
        position += word.len() as u64 + 1 + size as u64;
    }
    if !rows.is_complete() && has_more(input)? {
        return Err(Error::new("the file has more than its header says")
            .expected(format!("{} words of {width} numbers, as line 1 says", header.words))
            .help(format!("Load::limit({}) reads these alone", header.words)));
    }
    rows.finish()
}

/// Reads a word, up to its space, and returns how many line feeds were before it; none if the file ends.
fn read_word(input: &mut Input, word: &mut Vec<u8>, number: u64) -> Result<Option<u64>> {
    word.clear();
    let mut before = 0;
    loop {
        let bytes = input.fill_buf().map_err(io)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let feeds = if word.is_empty() { bytes.iter().take_while(|byte| **byte == b'\n').count() } else { 0 };
        before += feeds as u64;
        let end = memchr::memchr(b' ', &bytes[feeds..]).map(|at| feeds + at);
        word.extend_from_slice(&bytes[feeds..end.unwrap_or(bytes.len()).min(feeds + LONGEST_WORD + 1)]);
        let used = end.map_or(bytes.len(), |end| end + 1);
        input.consume(used);
        if word.len() > LONGEST_WORD {
            return Err(Error::new(format!("word {} is longer than 64 KB", number + 1))
                .help("the file is damaged, or its vectors have another width than its header says"));
        }
        if end.is_some() {
            return Ok(Some(before));
        }
    }
}

/// Whether anything but line ends follows.
fn has_more(input: &mut Input) -> Result<bool> {
    loop {
        let bytes = input.fill_buf().map_err(io)?;
        let count = bytes.len();
        if count == 0 {
            return Ok(false);
        }
        if !bytes.iter().all(|byte| matches!(byte, b'\n' | b'\r')) {
            return Ok(true);
        }
        input.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Folder, content, content_of, error, load, load_with, vectors};
    use super::*;
    use crate::Save;

    /// A file with these words, whose vectors are 0.5 and their numbers, as the C program writes it or as gensim does.
    fn file(words: &[&[u8]], line_feeds: bool) -> Vec<u8> {
        let mut bytes = format!("{} 2\n", words.len()).into_bytes();
        for (i, word) in words.iter().enumerate() {
            bytes.extend_from_slice(word);
            bytes.push(b' ');
            [0.5, i as f32].iter().for_each(|x| bytes.extend(x.to_le_bytes()));
            bytes.extend(line_feeds.then_some(b'\n'));
        }
        bytes
    }

    #[test]
    fn both_kinds_are_read_and_written() {
        let words = ["</s>", "größe", "a_b", "x"];
        let bytes = words.map(str::as_bytes);
        let numbers = [0.5, 0., 0.5, 1., 0.5, 2., 0.5, 3.];
        let folder = Folder::new();
        for feeds in [false, true] {
            assert_eq!(load(file(&bytes, feeds)), content(&words, &numbers));
            vectors(&words, &numbers).save_with(folder.path("v.bin"), Save::new().line_feeds(feeds)).unwrap();
            assert_eq!(std::fs::read(folder.path("v.bin")).unwrap(), file(&bytes, feeds));
        }
        // Numbers with the bytes of line feeds and spaces at either end.
        let odd = ["a", "b"].map(|_| f32::from_le_bytes(*b"\n  \n"));
        let odd = vectors(&["a", "b"], &odd);
        for feeds in [false, true] {
            odd.save_with(folder.path("odd.bin"), Save::new().line_feeds(feeds)).unwrap();
            assert_eq!(content_of(&KeyedVectors::load(folder.path("odd.bin")).unwrap()), content_of(&odd));
        }
    }

    #[test]
    fn a_part_is_read() {
        let bytes = file(&[b"a", b"b", b"c", b"d"], true);
        assert_eq!(load_with(&bytes, Load::new().limit(2)), content(&["a", "b"], &[0.5, 0., 0.5, 1.]));
        assert_eq!(load_with(&bytes, Load::new().vocabulary(["d", "b"])), content(&["b", "d"], &[0.5, 1., 0.5, 3.]));
        // What comes after the words that are asked for is not looked at.
        assert_eq!(load_with(&bytes[..30], Load::new().vocabulary(["b"])), content(&["b"], &[0.5, 1.]));
    }

    #[test]
    fn files_that_are_cut_off_say_where() {
        let bytes = file(&[b"first", b"second"], false);
        let error_at = |length: usize| error(&bytes[..length]);
        let help = "\n  help: it may have been cut off: compare its size with that where it is from";
        let within = "the file ends within word 2 of 2\n  received: ";
        assert_eq!(error_at(bytes.len() - 3), format!("{within}5 of 8 bytes of the vector of \"second\"{help}"));
        assert_eq!(error_at(21), format!("{within}1 whole vectors, and \"sec\"{help}"));
        assert_eq!(error_at(18), format!("{within}1 whole vectors, and \"\"{help}"));
        assert!(error_at(12).starts_with("the file ends within word 1 of 2\n  received: 2 of 8 bytes"));
        let more = [&bytes[..], b"third "].concat();
        assert!(error(&more).starts_with("the file has more than its header says\n  expected: 2 words of 2 numbers"));
        assert_eq!(load_with(&more, Load::new().limit(2)).0.len(), 2);
    }

    #[test]
    fn headers_that_lie_take_no_memory() {
        for (words, width) in [(u64::MAX, 2), (2, 1 << 40), (u64::MAX, u64::MAX), (1, 1 << 61)] {
            let bytes = [format!("{words} {width}\n").as_bytes(), b"a ", &[1; 20]].concat();
            let error = error(bytes);
            assert!(
                error.contains("ends within word")
                    || error.contains("header is not that")
                    || error.contains("GB of memory"),
                "{error}"
            );
        }
        let endless = [b"2 2\na \0\0\0\0\0\0\0\0".as_slice(), &[b'x'; 1 << 21]].concat();
        assert!(error(endless).starts_with("word 2 is longer than 64 KB"));
    }

    #[test]
    fn words_that_are_not_utf8_are_an_error_or_replaced() {
        let bytes = file(&[b"a", b"b\xc3"], true);
        assert!(error(&bytes).starts_with("word 2 is not UTF-8\n  received: byte 0xc3 at 16 in"), "{}", error(&bytes));
        assert_eq!(bytes[16], 0xc3);
        assert_eq!(load_with(&bytes, Load::new().lossy(true)).0, ["a", "b\u{fffd}"]);
        // Those that are not wanted need not be right.
        let bytes = file(&[b"\xc3", b"a"], true);
        assert_eq!(load_with(&bytes, Load::new().vocabulary(["a"])), content(&["a"], &[0.5, 1.]));
    }
}
