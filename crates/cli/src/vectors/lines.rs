//! Lines of a file, or of standard input.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Lines without line ends, read lazily; `-` is standard input. Bytes that are not UTF-8 are an error with the line number, or
/// are replaced if `lossy`.
pub(super) fn lines(path: &Path, lossy: bool) -> Result<impl Iterator<Item = Result<String>>> {
    let name = if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
    let reader: Box<dyn BufRead> = match path {
        path if path == Path::new("-") => Box::new(std::io::stdin().lock()),
        path if path.is_dir() => bail!("{name} is a folder; expected: a file"),
        path => Box::new(BufReader::with_capacity(1 << 16, File::open(path).with_context(|| name.clone())?)),
    };
    Ok(reader.split(b'\n').zip(1..).map(move |(line, number): (_, usize)| {
        let mut line = line.with_context(|| name.clone())?;
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        match String::from_utf8(line) {
            Ok(line) => Ok(line),
            Err(error) if lossy => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
            Err(_) => bail!("{name}, line {number} is not UTF-8 text"),
        }
    }))
}

/// The words of a file with one word per line.
pub(super) fn words(path: &Path) -> Result<Vec<String>> {
    let mut words = Vec::new();
    for line in lines(path, false)? {
        let line = line?;
        let word = line.trim_start_matches('\u{feff}').trim();
        if !word.is_empty() {
            words.push(word.to_string());
        }
    }
    if words.is_empty() {
        bail!("{} has no words; expected: one per line", path.display());
    }
    Ok(words)
}
