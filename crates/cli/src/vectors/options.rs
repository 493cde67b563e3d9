//! Helpers for options of several commands.

use clap::builder::RangedU64ValueParser;
use std::io::IsTerminal;
use std::ops::RangeBounds;

/// The progress to show: bars on a terminal, lines in files.
pub(super) fn verbosity(given: Option<u8>) -> u8 {
    given.unwrap_or(if std::io::stdout().is_terminal() { 1 } else { 2 })
}

/// An integer in this range.
pub(super) fn whole(range: impl RangeBounds<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(range)
}

/// Any number.
pub(super) fn finite(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| "this is not a number".into())
}

/// A number that is 0 or more.
pub(super) fn not_negative(text: &str) -> Result<f64, String> {
    finite(text).and_then(|number| if number < 0.0 { Err("it must be 0 or more".into()) } else { Ok(number) })
}

/// Advice in the library's errors, and its replacement with options of the command.
const ADVICE: [(&str, &str); 25] = [
    ("Load::limit or Load::vocabulary", "--limit, or convert with --vocabulary,"),
    ("Load::limit(", "--limit ("),
    ("Load::lossy(true)", "--lossy"),
    ("Load::member", "--member"),
    ("Load::words", "convert's option --words"),
    ("Load::counts", "--counts"),
    (
        "Word2VecModel::save writes one; KeyedVectors::load reads files of vectors, which cannot be trained on",
        "vectors train --checkpoint writes one; files of vectors cannot be trained on",
    ),
    ("Load::no_header(true)", "--no-header"),
    ("Save::replace_spaces", "convert's option --replace-spaces"),
    ("read it lossily", "read it with --lossy"),
    ("set min_count to", "set --min-count to"),
    ("a min_count below", "a --min-count below"),
    ("a smaller alpha", "a smaller --alpha"),
    ("a smaller min_count", "a smaller --min-count"),
    ("Text::sentence says", "--sentence says"),
    ("a smaller vector_size", "a smaller --dim"),
    ("a smaller bucket", "a smaller --bucket"),
    ("co-occurrences beyond `memory`", "co-occurrences beyond --memory"),
    ("loss(\"hs\")", "--hs"),
    ("max_n(0) and word_ngrams(1)", "--max-n 0 and --word-ngrams 1"),
    ("label_prefix(..)", "--label-prefix"),
    ("negative(5) is the default; hs(true)", "--negative 5 is the default; --hs"),
    ("; `contains` tells which", ""),
    ("words() are those that it knows", "convert the model to .vec to see the words that it knows"),
    ("train one with lines", "it has to be trained with lines"),
];

/// An error with the options of the command in place of the library's functions. Only the text after `help` is changed: the text
/// before may quote a file.
pub(super) fn with_options(error: &str) -> String {
    let Some((what, help)) = error.split_once("\n  help: ") else { return error.into() };
    let help = ADVICE.iter().fold(help.to_string(), |help, (library, here)| help.replace(library, here));
    format!("{what}\n  help: {help}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn numbers_outside_of_their_range_are_errors() {
        assert_eq!((finite("-0.5"), not_negative("1e-3")), (Ok(-0.5), Ok(1e-3)));
        assert!(["nan", "inf", "x", ""].iter().all(|text| finite(text).is_err()));
        assert_eq!(not_negative("-1"), Err("it must be 0 or more".into()));
    }

    /// All advice is in the library's errors.
    #[test]
    fn advice_is_that_of_the_library() {
        fn sources(folder: &Path) -> String {
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            files
                .map(|path| if path.is_dir() { sources(&path) } else { std::fs::read_to_string(path).unwrap() })
                .collect()
        }
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let sources = ["word_vectors/src", "ops/src"].map(|folder| sources(&crates.join(folder))).concat();
        for (library, _) in ADVICE {
            assert!(sources.contains(&library.escape_default().to_string()), "{library}");
        }
    }

    #[test]
    fn advice_names_options() {
        let error = "bad \"Load::words\"\n  help: Load::lossy(true) replaces such bytes";
        assert_eq!(with_options(error), "bad \"Load::words\"\n  help: --lossy replaces such bytes");
        assert_eq!(with_options("Load::words"), "Load::words");
    }
}
