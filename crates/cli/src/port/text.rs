//! The text of a script, as Python reads it.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// In UTF-8, with or without a mark at its beginning, or in Latin-1 if one of its first two lines says so.
pub(super) fn of(script: &Path) -> Result<String> {
    if script.is_dir() {
        bail!("{} is a folder, and not a script or a notebook", script.display());
    }
    let bytes = fs::read(script).with_context(|| script.display().to_string())?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_string)),
        Err(error) if is_latin(error.as_bytes()) => Ok(error.as_bytes().iter().map(|&byte| char::from(byte)).collect()),
        Err(error) => {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.iter().filter(|&&byte| byte == b'\n').count() + 1;
            bail!("{}, line {line}: not UTF-8; save the script in that encoding", script.display())
        }
    }
}

/// Whether a comment like `# -*- coding: latin-1 -*-` says so.
fn is_latin(bytes: &[u8]) -> bool {
    let lines = bytes.split(|&byte| byte == b'\n').take(2).map(String::from_utf8_lossy);
    let names = lines.filter(|line| line.trim_start().starts_with('#')).filter_map(|line| {
        let name = line.split_once("coding")?.1.trim_start_matches([':', '=']).trim().to_lowercase();
        Some(name.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_')).next()?.replace('_', "-"))
    });
    names.into_iter().any(|name| matches!(name.as_str(), "latin-1" | "latin1" | "iso-8859-1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_name_an_encoding() {
        for (text, expected) in [
            ("# -*- coding: latin-1 -*-\n", true),
            ("#!/usr/bin/python\n# vim: set fileencoding=iso_8859-1 :\n", true),
            ("# -*- coding: utf-8 -*-\n", false),
            ("x\ny\n# coding: latin-1\n", false),
            ("coding: latin-1\n", false),
        ] {
            assert_eq!(is_latin(text.as_bytes()), expected, "{text}");
        }
    }
}
