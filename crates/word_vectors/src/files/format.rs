//! What a file is, seen by what is in it.

use super::layout::{Header, Layout, Numbers};
use super::source::Input;
use super::{Load, binary, projector};
use candle_keras_ops::{Error, Result};
use std::path::Path;

/// What is looked at: this much, or more until there are two lines, and never more than the last.
const LOOK: usize = 1 << 16;
const LOOK_AT_MOST: usize = 1 << 24;

/// What a file holds.
#[derive(Debug)]
pub(super) enum Format {
    /// Words with their numbers, with a header or without.
    Text(Layout),
    /// word2vec's binary format.
    Binary(Header),
    /// Rows of numbers without words, of the projector and of numpy.savetxt.
    Table(Layout),
    SafeTensors,
    Npy,
    FinalFusion,
    FastText,
}

/// What the file at this path is, of which nothing has been read.
pub(super) fn recognize(path: &Path, input: &mut Input, options: &Load) -> Result<Format> {
    let (head, all) = input.peek(LOOK, LOOK_AT_MOST, |head| memchr::memchr_iter(b'\n', head).nth(1).is_some())?;
    if head.is_empty() {
        return Err(Error::new("the file is empty"));
    }
    if let Some(format) = by_magic(head) {
        return Ok(format);
    }
    if let Some((what, help)) = something_else(head) {
        return Err(Error::new(format!("this is {what}, and no file of word vectors")).help(help));
    }
    if is_table(path, &Numbers::of(head, all), options) {
        return Ok(Format::Table(Layout::table(head)));
    }
    if let Some(header) = Header::of(head).filter(|_| !options.no_header) {
        if binary::is_binary(&head[header.length..], header.width) {
            return Ok(Format::Binary(header));
        }
        return Ok(Format::Text(Layout::with_header(&header)));
    }
    Layout::without_header(head, all).map(Format::Text)
}

/// Whether rows that begin with these numbers have no words, though words may be numbers as well.
fn is_table(path: &Path, numbers: &Numbers, options: &Load) -> bool {
    let has_words = || projector::beside(path).iter().any(|words| words.is_file());
    match numbers {
        Numbers::No => false,
        _ if options.words.is_some() => true,
        _ if options.no_header => false,
        Numbers::WholeAfterTabs => has_words(),
        Numbers::WholeAfterSpaces => false,
        Numbers::Yes => true,
    }
}

impl Format {
    /// Checks that each of the options does something for this format.
    pub(super) fn check(&self, options: &Load) -> Result<()> {
        let (name, its_words) = match self {
            Self::Text(_) => ("a text with words", true),
            Self::Binary(_) => ("word2vec's binary format", true),
            Self::FinalFusion => ("a finalfusion file", true),
            Self::FastText => ("a model of fastText", true),
            Self::Table(_) => ("a table of numbers", false),
            Self::SafeTensors => ("a safetensors file", false),
            Self::Npy => ("an .npy file", false),
        };
        let model = matches!(self, Self::FastText);
        let text = matches!(self, Self::Text(_) | Self::Table(_));
        let wrong = [
            (options.words.is_some() && its_words, "Load::words", "the words are in the file"),
            (options.counts.is_some() && model, "Load::counts", "the counts are in the file"),
            (options.lossy && model, "Load::lossy(true)", "words that are not UTF-8 are read with escapes"),
            (options.no_header && !text, "Load::no_header(true)", "this is no text"),
        ];
        match wrong.into_iter().find(|(wrong, ..)| *wrong) {
            Some((_, option, why)) => Err(Error::new(format!("{option} has no effect on {name}: {why}"))),
            None => Ok(()),
        }
    }
}

fn by_magic(head: &[u8]) -> Option<Format> {
    let json_at_8 = head.get(8) == Some(&b'{') && head.get(4..8) == Some(&[0; 4]);
    match head {
        [0xba, 0x16, 0x4f, 0x2f, ..] => Some(Format::FastText),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Some(Format::Npy),
        [b'F', b'i', b'F', b'u', ..] => Some(Format::FinalFusion),
        // The length of the header, and the header.
        _ if json_at_8 => Some(Format::SafeTensors),
        _ => None,
    }
}

const UNPACK: &str = "unpack it, or pack it with gzip or zip, which are read as they are";

/// What people have in hand in place of vectors, and what to do about it.
const OTHERS: [(&[u8], &str, &str); 20] = [
    (b"version https://git-lfs", "a pointer of Git LFS", "fetch the file itself: git lfs pull"),
    (b"BZh", "packed with bzip2", UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard", UNPACK),
    (b"\xfd7zXZ\0", "packed with xz", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"PK\x03\x04", "a zip archive in another", UNPACK),
    (b"\x1f\x8b", "packed with gzip twice", UNPACK),
    (b"\x89PNG", "an image (PNG)", "look at where the file is from"),
    (b"\xff\xd8\xff", "an image (JPEG)", "look at where the file is from"),
    (b"GIF8", "an image (GIF)", "look at where the file is from"),
    (b"%PDF", "a PDF document", "look at where the file is from"),
    (b"\x7fELF", "a program", "look at where the file is from"),
    (b"\x89HDF\r\n", "an HDF5 file", "weights of Keras are loaded with their model"),
    (b"SQLite format 3\0", "an SQLite database", "vectors of Magnitude have to be written as text in Python"),
    (b"PAR1", "a Parquet file", "write its columns as text: a word and its numbers on each line"),
    (b"ARROW1", "an Arrow file", "write its columns as text: a word and its numbers on each line"),
    (b"GGUF", "a language model (GGUF)", "look at where the file is from"),
    (b"\xff\xfe", "text in UTF-16", "write it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "write it as UTF-8"),
];

fn something_else(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let other = OTHERS.iter().find(|(magic, ..)| head.starts_with(magic)).map(|(_, what, help)| (*what, *help));
    let start = head.trim_ascii_start();
    let begins = |text: &[u8]| start.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
    if begins(b"<!doctype") || begins(b"<html") || begins(b"<?xml") {
        return Some(("a page of the web", "the download gave a page in place of the file: get it again"));
    }
    // Protocols 2 to 5; all that gensim has used.
    if matches!(head, [0x80, 2..=5, ..]) {
        return Some((
            "a Python pickle, which gensim writes as .model and .kv",
            "in Python: gensim.models.KeyedVectors.load(path).save_word2vec_format(\"vectors.bin\", binary=True); of a .model, its .wv",
        ));
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(("a tar archive", UNPACK));
    }
    other
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Folder, error, error_with};
    use super::*;
    use crate::{FastText, KeyedVectors};

    #[test]
    fn what_is_no_file_of_vectors_is_named() {
        assert_eq!(error(""), "the file is empty");
        for (magic, what, help) in
            OTHERS.iter().filter(|(magic, ..)| !magic.starts_with(b"PK") && !magic.starts_with(b"\x1f"))
        {
            let found = error([magic, &b"rest\n"[..]].concat());
            assert_eq!(found, format!("this is {what}, and no file of word vectors\n  help: {help}"));
        }
        for page in ["<!DOCTYPE html>\n<html>", "\n <HTML>", "<?xml version=\"1.0\"?><Error>"] {
            assert!(error(page).starts_with("this is a page of the web, and no file"), "{page}");
        }
        let pickle = error(b"\x80\x04\x95\x20\0\0\0");
        assert!(pickle.starts_with("this is a Python pickle") && pickle.contains("save_word2vec_format"), "{pickle}");
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert!(error(tar).starts_with("this is a tar archive"));
        assert!(error(b"\xba\x16\x4f\x2f\x0c\0\0\0").contains("ends"));
    }

    #[test]
    fn models_of_fast_text_have_vectors_of_their_words() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fasttext/skipgram.bin");
        let (vectors, model) = (KeyedVectors::load(path).unwrap(), FastText::load(path).unwrap());
        assert_eq!((vectors.words(), vectors.vectors()), (model.words(), model.vectors().vectors()));
        let word = vectors.words().word(2);
        let some = KeyedVectors::load_with(path, Load::new().limit(4).vocabulary([word, "unknown"])).unwrap();
        assert_eq!((some.len(), some.row(0)), (1, vectors.row(2)));
    }

    #[test]
    fn text_and_binary_are_told_apart() {
        let format =
            |bytes: &[u8]| recognize(Path::new("none/v"), &mut Input::of(&mut &bytes[..]), &Load::new()).unwrap();
        let binary = |bytes: &[u8]| matches!(format(bytes), Format::Binary(_));
        assert!(binary(b"1 1\na \0\0\x80?"));
        assert!(binary(b"1 1\na \xcd\xcc\xcc="));
        assert!(binary(&[b"1 40\na ".as_slice(), &0.1f32.to_le_bytes().repeat(40)].concat()));
        assert!(!binary(b"1 1\na 0.1\n"));
        assert!(!binary(b"1 1\na\n"));
        assert!(!binary("1 3\nein größer 0.1 x\n".as_bytes()));
        assert!(!binary(b"1 3\n\xff\xfe 0.1 0.2 0.3\n"));
        assert!(matches!(format(b"0.1\t0.2\n0.3\t0.4\n"), Format::Table(_)));
        assert!(matches!(format(b"1\t0.2\na\t0.4\n"), Format::Text(_)));
        assert!(matches!(format(b"\x08\0\0\0\0\0\0\0{}      "), Format::SafeTensors));
    }

    #[test]
    fn options_that_do_nothing_are_errors() {
        let model: &[u8] = include_bytes!("../../tests/fixtures/fasttext/skipgram.bin");
        let folder = Folder::new();
        let file = folder.write("words", "a 5\n");
        let (words, counts) = (Load::new().words(&file), Load::new().counts(&file));
        let binary: &[u8] = b"1 1\na \0\0\x80?";
        for (bytes, options, expected) in [
            (
                b"1 1\na 2\n".as_slice(),
                &words,
                "Load::words has no effect on a text with words: the words are in the file",
            ),
            (binary, &words, "Load::words has no effect on word2vec's binary format"),
            (model, &Load::new().no_header(true), "Load::no_header(true) has no effect on a model of fastText"),
            (model, &words, "Load::words has no effect on a model of fastText"),
            (model, &counts, "Load::counts has no effect on a model of fastText"),
            (model, &Load::new().lossy(true), "Load::lossy(true) has no effect on a model of fastText"),
        ] {
            let error = error_with(bytes, options);
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
