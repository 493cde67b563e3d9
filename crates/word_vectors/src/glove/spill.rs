//! Items that do not fit into memory, in a temporary file that goes with the value.

use candle_keras_ops::{Error, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::ops::Range;

/// Items that are turned into bytes at once.
const PART: usize = 1 << 12;

/// What can be written to disk, in a fixed number of bytes.
pub(super) trait Stored: Copy {
    type Bytes: AsRef<[u8]> + AsMut<[u8]> + Default;

    fn to_bytes(self) -> Self::Bytes;

    fn from_bytes(bytes: Self::Bytes) -> Self;
}

/// A file of items, which are numbered as they come.
#[derive(Debug)]
pub(super) struct Spill<T> {
    file: File,
    len: u64,
    items: PhantomData<T>,
}

impl<T: Stored> Spill<T> {
    /// An empty file in the folder for temporary files, without a name: it is gone with the process in any case.
    ///
    /// # Errors
    /// If there can be none.
    pub(super) fn new() -> Result<Self> {
        Ok(Self { file: tempfile::tempfile().map_err(failed)?, len: 0, items: PhantomData })
    }

    /// Writes items behind the others, and gives their numbers.
    ///
    /// # Errors
    /// If the disk is full, or cannot be written.
    pub(super) fn append(&mut self, items: &[T]) -> Result<Range<u64>> {
        let start = self.len;
        self.seek(start)?;
        let mut bytes = Vec::new();
        for part in items.chunks(PART) {
            bytes.clear();
            part.iter().for_each(|item| bytes.extend_from_slice(item.to_bytes().as_ref()));
            self.file.write_all(&bytes).map_err(failed)?;
        }
        self.len += items.len() as u64;
        Ok(start..self.len)
    }

    /// Appends the items of these numbers to `into`.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn read(&self, numbers: Range<u64>, into: &mut Vec<T>) -> Result<()> {
        self.seek(numbers.start)?;
        let (width, mut left) = (size_of::<T::Bytes>(), (numbers.end - numbers.start) as usize);
        let mut bytes = vec![0; left.min(PART) * width];
        into.reserve(left);
        while left > 0 {
            let part = left.min(PART);
            (&self.file).read_exact(&mut bytes[..part * width]).map_err(failed)?;
            into.extend(bytes[..part * width].chunks_exact(width).map(|from| {
                let mut bytes = T::Bytes::default();
                bytes.as_mut().copy_from_slice(from);
                T::from_bytes(bytes)
            }));
            left -= part;
        }
        Ok(())
    }

    fn seek(&self, number: u64) -> Result<()> {
        let position = number * size_of::<T::Bytes>() as u64;
        (&self.file).seek(SeekFrom::Start(position)).map_err(failed)?;
        Ok(())
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::io(std::env::temp_dir(), error)
        .help("co-occurrences beyond `memory` are kept in temporary files; the variable TMPDIR chooses another folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Stored for u32 {
        type Bytes = [u8; 4];

        fn to_bytes(self) -> [u8; 4] {
            self.to_le_bytes()
        }

        fn from_bytes(bytes: [u8; 4]) -> Self {
            Self::from_le_bytes(bytes)
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut spill = Spill::new().unwrap();
        let items: Vec<u32> = (0..10_000).map(|i| i * 7).collect();
        assert_eq!(spill.append(&items).unwrap(), 0..10_000);
        let mut read = vec![1];
        spill.read(2..9_999, &mut read).unwrap();
        assert!(read[0] == 1 && read[1..] == items[2..9_999]);
        assert_eq!(spill.append(&[5, 6]).unwrap(), 10_000..10_002);
        read.clear();
        spill.read(9_999..10_002, &mut read).unwrap();
        assert_eq!(read, [69_993, 5, 6]);
        assert!(spill.read(10_000..10_003, &mut read).is_err());
    }
}
