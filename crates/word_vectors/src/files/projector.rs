//! Rows of numbers without words: TensorBoard's embedding projector has them between tabs, and the words in `metadata.tsv`.

use super::layout::Layout;
use super::source::Input;
use super::word_list::{self, WordList};
use super::{Load, named, text};
use crate::KeyedVectors;
use candle_keras_ops::{Error, Result};
use std::path::{Path, PathBuf};

pub(super) fn read(path: &Path, input: &mut Input, layout: &Layout, options: &Load) -> Result<KeyedVectors> {
    let candidates = beside(path);
    let metadata = word_list::beside(&candidates, options).map_err(|error| {
        error.help("Load::words names another file with a word on each line; Load::no_header(true) takes the first numbers for words")
    })?;
    let words = column(WordList::read(metadata, options)?).map_err(|error| named(metadata, error))?;
    text::read(input, layout, Some(&words), options)
}

/// Where the words of a table may be.
pub(super) fn beside(path: &Path) -> [PathBuf; 2] {
    [metadata_of(path), path.with_file_name("metadata.tsv")]
}

/// Where the words of a table are: `metadata.tsv` for `vectors.tsv`, `x_metadata.tsv` for gensim's `x_tensor.tsv` and for `x.tsv`.
pub(super) fn metadata_of(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let before = ["vectors", "tensor", "tensors"].iter().find_map(|ending| stem.strip_suffix(ending));
    let before = before.filter(|before| before.is_empty() || before.ends_with(['_', '-', '.']));
    path.with_file_name(format!("{}metadata.tsv", before.map_or(format!("{stem}_"), str::to_string)))
}

/// The words of metadata: the lines, or of several columns, which have a header, the one that is called so, or the first.
fn column(lines: WordList) -> Result<WordList> {
    let Some(header) = lines.get(0).filter(|header| header.contains('\t')) else { return Ok(lines) };
    let names: Vec<_> = header.split('\t').map(str::to_lowercase).collect();
    let column =
        names.iter().position(|name| ["word", "words", "label", "name", "token"].contains(&name.as_str())).unwrap_or(0);
    let mut words = WordList::default();
    for (number, line) in lines.iter().enumerate().skip(1) {
        let word = line.split('\t').nth(column);
        words.push(
            word.ok_or_else(|| Error::new(format!("line {} has no column {}", number + 1, column + 1)).received(line))?,
        );
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Folder, comes_back, content, content_of, vectors};
    use super::*;

    #[test]
    fn both_files_come_back() {
        let folder = Folder::new();
        let written = vectors(&["a", "two words"], &[1., -0.5, 3e-8, 2.5]);
        comes_back(&folder, "vectors.tsv", &written);
        assert_eq!(folder.read("metadata.tsv"), "a\ntwo words\n");
        assert_eq!(
            folder.read("projector_config.pbtxt"),
            "embeddings {\n  tensor_name: \"vectors\"\n  tensor_path: \"vectors.tsv\"\n  metadata_path: \"metadata.tsv\"\n}\n"
        );
        comes_back(&folder, "other.tsv", &written);
        assert_eq!(folder.read("other_metadata.tsv"), "a\ntwo words\n");
        assert_eq!(metadata_of(Path::new("x/m_tensor.tsv")), Path::new("x/m_metadata.tsv"));
        assert_eq!(metadata_of(Path::new("safetensors.tsv")), Path::new("safetensors_metadata.tsv"));
    }

    #[test]
    fn numbers_alone_need_a_file_of_words() {
        let folder = Folder::new();
        let expected = content(&["a", "b"], &[0.1, 0.2, 0.4, 0.5]);
        let words = folder.write("words", "a\nb\n");
        for text in ["0.1 0.2\n0.4 0.5\n", "\u{feff}0.1\t0.2\r\n0.4\t0.5\r\n"] {
            let path = folder.write("v.txt", text);
            let error = KeyedVectors::load(&path).unwrap_err().to_string();
            assert!(error.contains("numbers without words") && error.contains("Load::no_header(true)"), "{error}");
            let read = KeyedVectors::load_with(&path, Load::new().words(&words)).unwrap();
            assert_eq!(content_of(&read), expected);
            let read = KeyedVectors::load_with(&path, Load::new().no_header(true)).unwrap();
            assert_eq!(content_of(&read), content(&["0.1", "0.4"], &[0.2, 0.5]));
        }
        // Integers between tabs are words, unless the words are in a file beside it.
        let path = folder.write("vectors.tsv", "0\t0.1\n7\t0.4\n");
        assert_eq!(content_of(&KeyedVectors::load(&path).unwrap()), content(&["0", "7"], &[0.1, 0.4]));
        folder.write("metadata.tsv", "\u{feff}a\nb\n");
        assert_eq!(content_of(&KeyedVectors::load(&path).unwrap()), content(&["a", "b"], &[0., 0.1, 7., 0.4]));
        let read = KeyedVectors::load_with(&path, Load::new().no_header(true)).unwrap();
        assert_eq!(content_of(&read), content(&["0", "7"], &[0.1, 0.4]));
        comes_back(&folder, "vectors.tsv", &vectors(&["a", "b"], &[1., 2.]));
    }

    #[test]
    fn metadata_with_columns_has_a_header() {
        let folder = Folder::new();
        let path = folder.write("vectors.tsv", "1\t2\n\n3\t4\n5\t6\n");
        let load = |metadata: &str| {
            folder.write("metadata.tsv", metadata);
            KeyedVectors::load(&path)
        };
        let expected = content(&["a", "b", "c"], &[1., 2., 3., 4., 5., 6.]);
        assert_eq!(content_of(&load("count\tWord\n5\ta\n6\tb\n7\tc\n").unwrap()), expected);
        assert_eq!(content_of(&load("x\ty\na\t5\nb\t6\nc\t7\n").unwrap()), expected);
        assert_eq!(content_of(&load("a\nb\nc\n").unwrap()), expected);
        let error = |metadata: &str| load(metadata).unwrap_err().to_string();
        assert!(error("a\nb\n").ends_with("expected: 3 words, as many as there are vectors\n  received: 2 words"));
        assert!(
            error("a\nb\nc\nd\n").ends_with("expected: 3 words, as many as there are vectors\n  received: 4 words")
        );
        assert!(error("x\tword\n1\ta\n2\n").contains("metadata.tsv: line 3 has no column 2"));
        folder.write("vectors.tsv", "1\t2\n3\t4\n5\n");
        assert!(
            error("a\nb\nc\n").contains("line 3, a row of numbers: not a vector\n  expected: 2 numbers\n  received: 1")
        );
        std::fs::remove_file(folder.path("metadata.tsv")).unwrap();
        folder.write("vectors.tsv", "1.0\t2.0\n");
        let missing = KeyedVectors::load(&path).unwrap_err().to_string();
        assert!(missing.contains("numbers without words") && missing.contains("Load::words"), "{missing}");
    }
}
