//! What options of several commands have in common.

use anyhow::{Context, Result, bail};
use clap::builder::RangedU64ValueParser;
use std::io::IsTerminal;
use std::ops::RangeBounds;
use std::path::Path;

/// The files that vectors are saved in.
pub(super) const VECTORS: [&str; 6] = ["txt", "vec", "bin", "safetensors", "npy", "tsv"];

/// What is shown: bars are for people, lines for files.
pub(super) fn verbosity(given: Option<u8>) -> u8 {
    given.unwrap_or(if std::io::stdout().is_terminal() { 1 } else { 2 })
}

/// A whole number of this range.
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

/// That a file can be written, before the work that it is to hold begins: its name has one of the `endings`, and its folder takes files.
pub(super) fn check_output(path: &Path, endings: &[&str]) -> Result<()> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !endings.contains(&ending.as_str()) {
        bail!("{}: the ending says what is written; expected: .{}", path.display(), endings.join(", ."));
    }
    if path.is_dir() {
        bail!("{} is a folder; expected: the name of a file", path.display());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        bail!("{}: there is no folder {}", path.display(), folder.display());
    }
    tempfile::tempfile_in(folder).with_context(|| format!("{}: the folder takes no file", path.display()))?;
    Ok(())
}

/// What the library's errors advise, and how it is done here.
const ADVICE: [(&str, &str); 15] = [
    ("Load::limit or Load::vocabulary", "--limit, or convert with --vocabulary,"),
    ("Load::limit(", "--limit ("),
    ("Load::lossy(true)", "--lossy"),
    ("Load::member", "--member"),
    ("Load::words", "convert's option --words"),
    ("Load::counts", "--counts"),
    ("FastText::load reads it", "unpack the archive: such a model is read from a file of its own"),
    ("read it lossily", "read it with --lossy"),
    ("set min_count to", "set --min-count to"),
    ("a min_count below", "a --min-count below"),
    ("a smaller alpha", "a smaller --alpha"),
    ("negative(5) is the default; hs(true)", "--negative 5 is the default; --hs"),
    ("; `contains` tells which", ""),
    ("words() are those that it knows", "convert the model to .vec to see the words that it knows"),
    ("train one with lines", "it has to be trained with lines"),
];

/// An error with the options of the command in the place of the library's functions. Only what comes behind `help` is looked at: what
/// comes before may quote a file.
pub(super) fn with_options(error: &str) -> String {
    let Some((what, help)) = error.split_once("\n  help: ") else { return error.into() };
    let help = ADVICE.iter().fold(help.to_string(), |help, (library, here)| help.replace(library, here));
    format!("{what}\n  help: {help}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_ranges() {
        assert_eq!((finite("-0.5"), not_negative("1e-3")), (Ok(-0.5), Ok(1e-3)));
        assert!(["nan", "inf", "x", ""].iter().all(|text| finite(text).is_err()));
        assert_eq!(not_negative("-1"), Err("it must be 0 or more".into()));
    }

    #[test]
    fn advice_names_options() {
        let error = "bad \"Load::words\"\n  help: Load::lossy(true) replaces such bytes";
        assert_eq!(with_options(error), "bad \"Load::words\"\n  help: --lossy replaces such bytes");
        assert_eq!(with_options("Load::words"), "Load::words");
    }
}
