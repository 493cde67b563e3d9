//! Which words a format has a place for.

use super::save::Format;
use super::{Save, layout};
use crate::{KeyedVectors, Words};
use candle_keras_ops::{Error, Result};
use std::borrow::Cow;

/// Checks, before anything is written, that the format has a place for each word.
pub(super) fn check(vectors: &KeyedVectors, format: Format, options: &Save) -> Result<()> {
    let narrow = vectors.vector_size() == 1;
    match format {
        Format::Text if options.header => places(vectors, options, |_, word| in_text(word)),
        // The width is that of the numbers at the end of a line.
        Format::Text => places(vectors, options, |number, word| {
            let number_at_end = || layout::numbers_at_end(word.as_bytes()) > 0;
            in_text(word) && begins(number, word) && !(word.contains(' ') && (narrow || number_at_end()))
        }),
        Format::Binary => places(vectors, options, |_, word| in_text(word) && !word.contains(' ')),
        Format::SafeTensors => Ok(()),
        Format::Npy => places(vectors, options, |number, word| begins(number, word) && !word.contains(['\n', '\r'])),
        Format::Projector => places(vectors, options, |number, word| {
            begins(number, word) && !word.is_empty() && !word.contains(['\t', '\n', '\r'])
        }),
    }
}

/// Checks that there are counts of the words, and that there is a place for each word in a file with them.
pub(super) fn check_counts(vectors: &KeyedVectors, options: &Save) -> Result<()> {
    if vectors.counts().is_none() {
        return Err(Error::new("the vectors have no counts of their words").help("Load::counts reads them from a file"));
    }
    places(vectors, options, |number, word| in_text(word) && begins(number, word))
}

/// Whether a file can begin with this word: a mark of UTF-8 at the beginning is skipped.
fn begins(number: usize, word: &str) -> bool {
    number > 0 || !word.starts_with('\u{feff}')
}

/// Whether the word of a line can be found again: it may have spaces within it, but nothing else at which C's scanf ends a word.
fn in_text(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(' ')
        && !word.ends_with(' ')
        && !word.bytes().any(|b| (0x09..=0x0d).contains(&b))
}

/// Checks that there is a place for each word, exactly as spelled, and that no two are spelled the same.
fn places(vectors: &KeyedVectors, options: &Save, has_place: impl Fn(usize, &str) -> bool) -> Result<()> {
    let mut replaced = Words::new();
    for (number, word) in vectors.words().iter().enumerate() {
        let spelled = options.spelled(word);
        if !has_place(number, &spelled) {
            let joined = word.replace(' ', "_");
            let fits = options.replace_spaces.is_none() && joined != word && has_place(number, &joined);
            let joining =
                if fits { format!("Save::replace_spaces(\"_\") writes {joined:?}; or ") } else { String::new() };
            let padding = if word.is_empty() {
                "the padding row of a TextVectorization is left out by KeyedVectors::new(&words[1..], &table.narrow(0, 1, rows - 1)?); or "
            } else {
                ""
            };
            return Err(Error::new("the format has no place for this word")
                .received(format!("{word:?}"))
                .help(format!("{padding}{joining}save as .safetensors, which has a place for all")));
        }
        let mut again = || vectors.words().get(&spelled).is_some() || replaced.push(&spelled).is_none();
        if matches!(spelled, Cow::Owned(_)) && again() {
            return Err(Error::new("without its spaces, a word is the same as another")
                .received(format!("{word:?} as {spelled:?}"))
                .help("Save::replace_spaces takes another text"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Folder, comes_back, content, content_of, vectors};
    use super::*;

    #[test]
    fn words_without_a_place_are_not_written() {
        let folder = Folder::new();
        for (name, word) in [
            ("a.txt", ""),
            ("a.txt", " a"),
            ("a.txt", "a "),
            ("a.txt", "a\nb"),
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
    fn words_with_spaces_in_them_come_back() {
        let folder = Folder::new();
        let written = vectors(&[". . .", "doc 1", "doc 2", "at  name"], &[1., -0.5, 3e-8, 2.5]);
        comes_back(&folder, "v.txt", &written);
        let folder = Folder::new();
        let glove = vectors(&["at name@domain.com", "a b"], &[1., -0.5, 3e-8, 2.5]);
        glove.save_with(folder.path("glove.txt"), Save::new().header(false)).unwrap();
        assert_eq!(content_of(&KeyedVectors::load(folder.path("glove.txt")).unwrap()), content_of(&glove));
        // Without a header, the number would be one of the vector's.
        for (vectors, word) in [(vectors(&["doc 1"], &[1., 2.]), "doc 1"), (vectors(&["a b"], &[1.]), "a b")] {
            let error = vectors.save_with(folder.path("v.txt"), Save::new().header(false)).unwrap_err().to_string();
            assert!(error.contains(&format!("no place for this word\n  received: {word:?}")), "{error}");
        }
    }

    #[test]
    fn spaces_are_replaced() {
        let folder = Folder::new();
        let written = vectors(&["New York", "a_b", "x"], &[1., 2., 3.]);
        let error = written.save(folder.path("v.bin")).unwrap_err().to_string();
        assert!(error.ends_with(
            "received: \"New York\"\n  help: Save::replace_spaces(\"_\") writes \"New_York\"; or save as .safetensors, which has a place for all"
        ));
        for name in ["v.bin", "v.txt"] {
            written.save_with(folder.path(name), Save::new().replace_spaces("_")).unwrap();
            let read = KeyedVectors::load(folder.path(name)).unwrap();
            assert_eq!(content_of(&read), content(&["New_York", "a_b", "x"], &[1., 2., 3.]));
        }
        for words in [["a b", "a_b"], ["a b c", "a b_c"]] {
            let same = vectors(&words, &[1., 2.]).save_with(folder.path("w.bin"), Save::new().replace_spaces("_"));
            assert!(same.unwrap_err().to_string().contains("a word is the same as another"));
        }
        let spaces = written.save_with(folder.path("w.bin"), Save::new().replace_spaces(" "));
        assert!(spaces.unwrap_err().to_string().contains("no place for this word"));
        assert!(!folder.path("w.bin").exists());
    }
}
