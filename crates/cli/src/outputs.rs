//! Checks of output files before the work starts.

use anyhow::{Result, bail};
use candle_keras_data::atomic;
use std::path::{Path, PathBuf};

/// Checks that a file can be written: its name has one of the `endings`, and its folder is writable.
pub(crate) fn check_output(path: &Path, endings: &[&str]) -> Result<()> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !endings.contains(&ending.as_str()) {
        bail!("{}: unknown file extension; expected: .{}", path.display(), endings.join(", ."));
    }
    Ok(atomic::check(path)?)
}

/// Checks that no output is also an input or another output: neither would be left.
pub(crate) fn check_apart(inputs: &[&Path], outputs: &[&Path]) -> Result<()> {
    for (i, output) in outputs.iter().enumerate() {
        let file = real(output);
        if inputs.iter().chain(&outputs[..i]).any(|other| real(other) == file) {
            bail!("{} would be two files at once; choose another name for the output", output.display());
        }
    }
    Ok(())
}

/// The path without links, also of a file that does not exist yet.
fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent().map(Path::canonicalize), path.file_name()) {
        (Ok(path), ..) => path,
        (Err(_), Some(Ok(folder)), Some(name)) => folder.join(name),
        (.., Some(name)) => std::env::current_dir().unwrap_or_default().join(name),
        _ => path.into(),
    }
}
