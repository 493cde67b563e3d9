//! Files whose text is not UTF-8.

use candle_keras_ops::{Error, Result};
use std::io::{Read, Result as IoResult};

/// How the characters of a file are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    #[default]
    Utf8,
    /// The first 256 characters of Unicode.
    Latin1,
    /// As `Latin1`, but with printed characters in the place of most control characters from 0x80 on.
    Windows1252,
}

impl Encoding {
    /// By its name in Python.
    pub(super) fn named(name: &str) -> Result<Self> {
        match name.to_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" | "utf-8-sig" | "ascii" => Ok(Self::Utf8),
            "latin1" | "latin-1" | "iso-8859-1" | "iso8859-1" | "l1" => Ok(Self::Latin1),
            "cp1252" | "windows-1252" | "1252" => Ok(Self::Windows1252),
            _ => Err(Error::new("this encoding is not supported")
                .expected("utf-8, latin1 or cp1252")
                .received(format!("{name:?}"))
                .help("iconv converts a file to UTF-8")),
        }
    }

    /// What is read as UTF-8.
    pub(super) fn decoded(self, read: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        match self {
            Self::Utf8 => Box::new(read),
            encoding => Box::new(Decoded { read, encoding, out: Vec::new(), at: 0 }),
        }
    }

    /// The character of a byte; none for the five that Windows has not defined.
    fn character(self, byte: u8) -> Option<char> {
        const WINDOWS: [char; 32] = [
            '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“',
            '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
        ];
        match (self, byte) {
            (Self::Windows1252, 0x80..=0x9f) => {
                Some(WINDOWS[usize::from(byte) - 0x80]).filter(|character| *character != '\0')
            }
            _ => Some(char::from(byte)),
        }
    }
}

/// A reader of bytes, each of which is a character.
struct Decoded<R> {
    read: R,
    encoding: Encoding,
    out: Vec<u8>,
    at: usize,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        if self.at == self.out.len() {
            let mut bytes = [0; 8192];
            let count = self.read.read(&mut bytes)?;
            (self.at, self.out) = (0, Vec::with_capacity(2 * count));
            for &byte in &bytes[..count] {
                let character = self.encoding.character(byte).ok_or_else(|| {
                    std::io::Error::new(
                        std::io::ErrorKind::InvalidData,
                        format!("the byte 0x{byte:x} is none of cp1252"),
                    )
                })?;
                self.out.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
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

    fn decoded(bytes: &'static [u8], name: &str) -> IoResult<String> {
        std::io::read_to_string(Encoding::named(name).unwrap().decoded(bytes))
    }

    #[test]
    fn bytes_are_characters() {
        assert_eq!(decoded(b"Temp (\xb0C)\n", "latin1").unwrap(), "Temp (°C)\n");
        assert_eq!(decoded(b"\x805 \x96 \xe9", "cp1252").unwrap(), "€5 – é");
        assert!(decoded(b"\x81", "cp1252").is_err());
        assert_eq!(decoded("°".as_bytes(), "utf-8").unwrap(), "°");
        assert!(Encoding::named("shift_jis").unwrap_err().to_string().contains("latin1"));
    }
}
