//! NumPy's `.npy`: a table of numbers, whose words are in a file beside it.

use super::Load;
use super::raw::{Element, Table};
use super::source::Input;
use super::word_list::{self, WordList};
use crate::KeyedVectors;
use candle_keras_ops::{Error, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A header that is longer than this is none; those of tables have about 80 bytes.
const LONGEST_HEADER: u32 = 1 << 16;

const MAGIC: &[u8] = b"\x93NUMPY";

pub(super) fn read(path: &Path, input: &mut Input, options: &Load) -> Result<KeyedVectors> {
    let [.., version, _] = input.array::<8>()?;
    let length = match version {
        1 => u32::from(u16::from_le_bytes(input.array()?)),
        2 | 3 => u32::from_le_bytes(input.array()?),
        _ => {
            return Err(Error::new("this version of .npy is not known")
                .expected("1, 2 or 3")
                .received(version.to_string()));
        }
    };
    let mut header = Vec::new();
    if length > LONGEST_HEADER || !input.fill(&mut header, length as usize)? {
        return Err(Error::new("the header of the .npy file is cut off").expected(format!("{length} bytes")));
    }
    let table = table(&String::from_utf8_lossy(&header))?;
    let beside = [words_of(path), path.with_extension("vocab")];
    let words = WordList::read(word_list::beside(&beside, options)?, options)?;
    table.read(input, &words, options)?.finish()
}

/// Where the words of a table are: `vectors.words.txt` for `vectors.npy`.
pub(super) fn words_of(path: &Path) -> PathBuf {
    path.with_extension("words.txt")
}

/// The header, a dict of Python: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }`.
fn table(header: &str) -> Result<Table> {
    let shown = || header.trim().chars().take(100).collect::<String>();
    let value = |key: &str| {
        let after = header.split_once(&format!("'{key}'"))?.1.trim_start();
        Some(after.strip_prefix(':')?.trim_start())
    };
    let missing = |key: &str| Error::new(format!("the header of the .npy file has no {key:?}")).received(shown());
    let descr = value("descr").ok_or_else(|| missing("descr"))?;
    let element = match descr.trim_start_matches('\'').split('\'').next() {
        Some("<f2") => Element::F16,
        Some("<f4") => Element::F32,
        Some("<f8") => Element::F64,
        _ => {
            return Err(Error::new("the .npy file has other numbers than vectors have")
                .expected("<f4, <f8 or <f2")
                .received(shown())
                .help("in Python: numpy.save(path, array.astype(\"<f4\"))"));
        }
    };
    if value("fortran_order").ok_or_else(|| missing("fortran_order"))?.starts_with("True") {
        return Err(Error::new("the .npy file has its numbers column by column")
            .help("in Python: numpy.save(path, numpy.ascontiguousarray(array))"));
    }
    let shape =
        value("shape").and_then(|shape| shape.strip_prefix('(')?.split_once(')')).ok_or_else(|| missing("shape"))?.0;
    let sizes: Vec<u64> = shape.split(',').map_while(|size| size.trim().parse().ok()).collect();
    match sizes[..] {
        [rows, width] => Ok(Table { element, rows, width }),
        _ => Err(Error::new("the array is not a table")
            .expected("the shape (words, width)")
            .received(format!("({shape})"))),
    }
}

/// Writes the table of the vectors.
pub(super) fn write(vectors: &KeyedVectors, out: &mut impl Write) -> std::io::Result<()> {
    let shape = (vectors.len(), vectors.vector_size());
    let dict = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape:?}, }}");
    // The numbers begin at a multiple of 64 bytes, after a line end.
    let length = (MAGIC.len() + 4 + dict.len() + 1).next_multiple_of(64) - MAGIC.len() - 4;
    out.write_all(MAGIC)?;
    out.write_all(&[1, 0])?;
    out.write_all(&(length as u16).to_le_bytes())?;
    writeln!(out, "{dict:<0$}", length - 1)?;
    super::write::raw(vectors, out)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Folder, comes_back, content, content_of, vectors};
    use super::*;

    fn file(header: &str, bytes: &[u8]) -> Vec<u8> {
        [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), bytes].concat()
    }

    fn floats(numbers: &[f32]) -> Vec<u8> {
        numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    #[test]
    fn tables_come_back_with_their_words() {
        let folder = Folder::new();
        comes_back(&folder, "v.npy", &vectors(&["a", "two words", ""], &[1., -0.5, 3e-8, 2.5, 0., f32::MAX]));
        assert_eq!(folder.read("v.words.txt"), "a\ntwo words\n\n");
        comes_back(&folder, "docs.npy", &vectors(&["doc 1", "doc 2", "doc 3"], &[1., 2., 3.]));
        let bytes = std::fs::read(folder.path("v.npy")).unwrap();
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
        assert_eq!((&bytes[..10], bytes.len()), (&b"\x93NUMPY\x01\0\x76\0"[..], 128 + 24));
        assert_eq!(String::from_utf8_lossy(&bytes[10..128]), format!("{header:<117}\n"));
    }

    #[test]
    fn other_numbers_and_word_files_are_read() {
        let folder = Folder::new();
        let expected = content(&["a", "b"], &[1., -2.]);
        let header = |descr: &str| format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2, 1), }}\n");
        folder.write("v.vocab", "a 7\nb 3\n");
        let halves = [half::f16::from_f32(1.).to_le_bytes(), half::f16::from_f32(-2.).to_le_bytes()].concat();
        let doubles = [1f64.to_le_bytes(), (-2f64).to_le_bytes()].concat();
        for (descr, bytes) in [("<f4", floats(&[1., -2.])), ("<f2", halves), ("<f8", doubles)] {
            let path = folder.write("v.npy", file(&header(descr), &bytes));
            assert_eq!(content_of(&KeyedVectors::load(&path).unwrap()), expected);
        }
        // What gensim writes beside its .kv.
        let path = folder.write("m.kv.vectors.npy", file(&header("<f4"), &floats(&[1., -2.])));
        let words = folder.write("exported", "a\r\nb");
        let options = Load::new().words(words);
        assert_eq!(content_of(&KeyedVectors::load_with(&path, &options).unwrap()), expected);
        let options = options.vocabulary(["b"]);
        assert_eq!(content_of(&KeyedVectors::load_with(&path, &options).unwrap()), content(&["b"], &[-2.]));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = Folder::new();
        let error = |header: &str, bytes: &[u8]| {
            let path = folder.write("v.npy", file(header, bytes));
            KeyedVectors::load(&path).unwrap_err().to_string()
        };
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n";
        assert!(error(good, &[]).contains("v.npy: the file has numbers without words\n  expected: the words in "));
        folder.write("v.words.txt", "a\nb\n");
        let short = error(good, &floats(&[1.])[..]);
        assert!(
            short.ends_with("the file ends within vector 2 of 2\n  received: 0 of 4 bytes of the vector of \"b\""),
            "{short}"
        );
        assert!(
            error(&good.replace("(2, 1)", "(3, 1)"), &[])
                .ends_with("expected: 3 words, as many as there are vectors\n  received: 2 words")
        );
        assert!(
            error(&good.replace("(2, 1)", "(2,)"), &[])
                .ends_with("expected: the shape (words, width)\n  received: (2,)")
        );
        assert!(error(&good.replace("False", "True"), &[]).contains("ascontiguousarray"));
        assert!(error(&good.replace("<f4", "<i8"), &[]).contains("expected: <f4, <f8 or <f2"));
        assert!(error(&good.replace("shape", "shade"), &[]).contains("has no \"shape\""));
        for width in [1u64 << 40, u64::MAX] {
            assert!(!error(&good.replace("(2, 1)", &format!("(2, {width})")), &[]).is_empty());
        }
        folder.write("v.npy", b"\x93NUMPY\x02\0\xff\xff\xff\xff{");
        let cut = KeyedVectors::load(folder.path("v.npy")).unwrap_err().to_string();
        assert!(cut.contains("header of the .npy file is cut off"), "{cut}");
    }
}
