//! Lines of a file as a reader of separated values takes them: without comments, with one separator between two fields.

use std::io::{BufRead, BufReader, Read, Result};

/// What is done to each line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cleaning {
    pub(super) sep: u8,
    /// Runs of spaces and tabs separate fields, and become `sep`.
    pub(super) whitespace: bool,
    /// Spaces behind a separator are none of the field.
    pub(super) skip_initial_space: bool,
    /// The rest of a line behind it is left out.
    pub(super) comment: Option<u8>,
}

/// A reader of cleaned lines.
pub(super) struct Cleaned<R> {
    inner: BufReader<R>,
    cleaning: Cleaning,
    line: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    is_quoted: bool,
}

impl<R: Read> Cleaned<R> {
    pub(super) fn new(inner: R, cleaning: Cleaning) -> Self {
        let (line, out) = (Vec::new(), Vec::new());
        Self { inner: BufReader::new(inner), cleaning, line, out, at: 0, is_quoted: false }
    }

    /// Fills `out` with the next line.
    fn clean(&mut self) {
        let Cleaning { sep, whitespace, skip_initial_space, comment } = self.cleaning;
        self.out.clear();
        self.at = 0;
        let content = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        // Whether spaces are left out here, as at the start of a field.
        let mut skips = whitespace || skip_initial_space;
        let mut is_waiting = false;
        for &byte in content {
            if byte == b'"' {
                self.is_quoted = !self.is_quoted;
            }
            if !self.is_quoted && Some(byte) == comment {
                break;
            }
            let is_space = byte == b' ' || (whitespace && byte == b'\t');
            if !self.is_quoted && is_space && (skips || whitespace) {
                // A separator is written before the next field, so that there is none at the end.
                is_waiting |= whitespace && !skips;
                continue;
            }
            if std::mem::take(&mut is_waiting) {
                self.out.push(sep);
            }
            skips = !self.is_quoted && skip_initial_space && byte == sep;
            self.out.push(byte);
        }
        self.out.push(b'\n');
    }
}

impl<R: Read> Read for Cleaned<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.at == self.out.len() {
            self.line.clear();
            if self.inner.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(0);
            }
            self.clean();
        }
        let count = buffer.len().min(self.out.len() - self.at);
        buffer[..count].copy_from_slice(&self.out[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str, cleaning: Cleaning) -> String {
        let mut out = String::new();
        Cleaned::new(text.as_bytes(), cleaning).read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn fields_have_one_separator_between_them() {
        let plain = Cleaning { sep: b',', whitespace: false, skip_initial_space: false, comment: None };
        let whitespace = Cleaning { whitespace: true, ..plain };
        assert_eq!(cleaned("  a  b\t c \r\n1 \"x  y\"  3", whitespace), "a,b,c\n1,\"x  y\",3\n");
        let skipping = Cleaning { skip_initial_space: true, ..plain };
        assert_eq!(cleaned("a,  b c, \"d,  e\"\n", skipping), "a,b c,\"d,  e\"\n");
        let spaces = Cleaning { sep: b' ', skip_initial_space: true, comment: Some(b'\t'), ..plain };
        assert_eq!(cleaned("18.0   8   307.0\t\"chevrolet\"\n", spaces), "18.0 8 307.0\n");
        let comments = Cleaning { comment: Some(b'#'), ..plain };
        assert_eq!(cleaned("1,2 # a, b\n# c\n\"#\",3\n", comments), "1,2 \n\n\"#\",3\n");
        // A field in quotes may have line breaks.
        assert_eq!(
            cleaned("\"a  \n # b\",  c\n", Cleaning { comment: Some(b'#'), ..whitespace }),
            "\"a  \n # b\",,c\n"
        );
    }
}
