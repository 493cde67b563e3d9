//! Numbers from a file of a model, with a bound on what it can still hold.

use candle_keras_ops::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// How many bytes a compressed byte can become: the most that deflate reaches.
const DEFLATE: u64 = 1032;

/// How many bytes are read at once.
const CHUNK: usize = 1 << 16;

/// The longest word that is read. Even a line without a space is shorter.
const LONGEST_WORD: u64 = 1 << 20;

/// A file that is read from its beginning to its end; gzip is unpacked on the way.
pub(super) struct Source<'a> {
    path: &'a Path,
    reader: Box<dyn BufRead + 'a>,
    /// How many bytes there can be at most from here on.
    left: u64,
    /// Whether there are that many for sure.
    exact: bool,
}

impl<'a> Source<'a> {
    pub fn open(path: &'a Path) -> Result<Self> {
        let io = |cause| Error::io(path, cause);
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            return Err(Error::new(format!("{} is a folder", path.display())).expected("a file"));
        }
        // A pipe has no length.
        let length = metadata.is_file().then_some(metadata.len());
        Self::new(path, BufReader::with_capacity(CHUNK, file), length)
    }

    /// What a reader gives, which holds so many bytes, if that is known; gzip is unpacked.
    pub fn new(path: &'a Path, mut reader: impl BufRead + 'a, length: Option<u64>) -> Result<Self> {
        let packed = reader.fill_buf().map_err(|cause| Error::io(path, cause))?.starts_with(&[0x1F, 0x8B]);
        if packed {
            let reader = Box::new(BufReader::with_capacity(CHUNK, MultiGzDecoder::new(reader)));
            let left = length.map_or(u64::MAX, |length| length.saturating_mul(DEFLATE));
            return Ok(Self { path, reader, left, exact: false });
        }
        Ok(Self::of(path, reader, length))
    }

    /// What a reader gives, which holds so many bytes, if that is known.
    pub fn of(path: &'a Path, reader: impl BufRead + 'a, length: Option<u64>) -> Self {
        Self { path, reader: Box::new(reader), left: length.unwrap_or(u64::MAX), exact: length.is_some() }
    }

    /// An error about this file.
    pub fn error(&self, what: impl std::fmt::Display) -> Error {
        Error::new(format!("{}: {what}", self.path.display()))
    }

    /// An error about what the file should have and has not.
    pub fn damaged(&self, what: &str, expected: impl ToString, received: impl ToString) -> Error {
        self.error(format_args!("the fastText model is damaged: {what}"))
            .expected(expected.to_string())
            .received(received.to_string())
    }

    fn ended(&self, what: &str) -> Error {
        self.error(format_args!("the fastText model ends in {what}")).help("the file is cut off: fetch it again")
    }

    /// The first bytes, which are read again afterwards.
    pub fn beginning(&mut self) -> Result<&[u8]> {
        self.reader.fill_buf().map_err(|cause| Error::io(self.path, cause))
    }

    fn fill(&mut self, bytes: &mut [u8], what: &str) -> Result<()> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| self.ended(what))?;
        self.reader.read_exact(bytes).map_err(|cause| match cause.kind() {
            ErrorKind::UnexpectedEof => self.ended(what),
            _ => Error::io(self.path, cause),
        })
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    pub fn i32(&mut self, what: &str) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array(what)?))
    }

    pub fn i64(&mut self, what: &str) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array(what)?))
    }

    pub fn f64(&mut self, what: &str) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array(what)?))
    }

    pub fn u8(&mut self, what: &str) -> Result<u8> {
        Ok(self.array::<1>(what)?[0])
    }

    /// A byte that is 0 or 1.
    pub fn flag(&mut self, what: &str) -> Result<bool> {
        match self.u8(what)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.damaged(what, "0 or 1", other)),
        }
    }

    /// A number of 32 bits that is not negative.
    pub fn u32(&mut self, what: &str) -> Result<u32> {
        let number = self.i32(what)?;
        u32::try_from(number).map_err(|_| self.damaged(what, "0 or more", number))
    }

    /// A number of 64 bits that is not negative.
    pub fn u64(&mut self, what: &str) -> Result<u64> {
        let number = self.i64(what)?;
        u64::try_from(number).map_err(|_| self.damaged(what, "0 or more", number))
    }

    /// Checks that so many things of so many bytes each can be in the rest of the file.
    pub fn holds(&self, count: u64, bytes: u64, what: &str) -> Result<usize> {
        let fits = count.checked_mul(bytes).is_some_and(|bytes| bytes <= self.left);
        let damaged =
            || self.damaged(what, format!("at most {}, for which the file has room", self.left / bytes), count);
        usize::try_from(count).ok().filter(|_| fits).ok_or_else(damaged)
    }

    /// Room for a vector of so many items, all of it at once only if the file has them for sure.
    fn room<T>(&self, count: usize, what: &str) -> Result<Vec<T>> {
        let mut room = Vec::new();
        let first = if self.exact { count } else { count.min(CHUNK) };
        room.try_reserve_exact(first).map_err(|_| {
            let needed = count as f64 * size_of::<T>() as f64 / 1e9;
            self.error(format_args!("there is not enough memory for {what}: {needed:.1} GB"))
        })?;
        Ok(room)
    }

    /// Bytes.
    pub fn bytes(&mut self, count: u64, what: &str) -> Result<Vec<u8>> {
        let count = self.holds(count, 1, what)?;
        let mut bytes = self.room(count, what)?;
        while bytes.len() < count {
            let from = bytes.len();
            bytes.resize(count.min(from + CHUNK), 0);
            self.fill(&mut bytes[from..], what)?;
        }
        Ok(bytes)
    }

    /// Numbers of 32 bits.
    pub fn floats(&mut self, count: u64, what: &str) -> Result<Vec<f32>> {
        let mut left = self.holds(count, 4, what)?;
        let mut floats = self.room(left, what)?;
        let mut chunk = [0; CHUNK];
        while left > 0 {
            let next = left.min(CHUNK / 4);
            let bytes = &mut chunk[..next * 4];
            self.fill(bytes, what)?;
            floats.extend(bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)));
            left -= next;
        }
        Ok(floats)
    }

    /// The bytes up to the next 0, in `word`.
    pub fn word(&mut self, word: &mut Vec<u8>, what: &str) -> Result<()> {
        word.clear();
        let most = self.left.min(LONGEST_WORD);
        self.reader.by_ref().take(most).read_until(0, word).map_err(|cause| Error::io(self.path, cause))?;
        self.left -= word.len() as u64;
        match word.pop() {
            Some(0) => Ok(()),
            _ if word.len() as u64 + 1 >= LONGEST_WORD => {
                Err(self.damaged(what, "a 0 after each word", "a word of 1 MB"))
            }
            _ => Err(self.ended(what)),
        }
    }

    /// Checks that the file ends here.
    pub fn end(&mut self) -> Result<()> {
        match self.beginning()?.is_empty() {
            true => Ok(()),
            false => Err(self.error("there is more in the file after the fastText model")),
        }
    }
}
