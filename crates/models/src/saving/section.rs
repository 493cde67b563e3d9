//! A part of a file, read lazily.

use crate::Result;
use candle_keras_ops::Error;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A range of bytes of a file, or of memory. A clone refers to the same bytes.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    path: Arc<PathBuf>,
    bytes: Bytes,
    start: u64,
    len: u64,
    /// The length of the whole file.
    file_len: u64,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Zip,
    Hdf5,
    Safetensors,
    Unknown,
}

#[derive(Debug, Clone)]
enum Bytes {
    File(Arc<Mutex<File>>),
    Memory(Arc<Vec<u8>>),
}

impl Section {
    /// A whole file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let io = |cause| Error::io(path, cause);
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            return Err(Error::new(format!("{}: this is a folder, not a file", path.display())));
        }
        let (bytes, len) = (Bytes::File(Arc::new(Mutex::new(file))), metadata.len());
        let file = Self { path: Arc::new(path.to_path_buf()), bytes, start: 0, len, file_len: len };
        if file.starts_with(b"version https://git-lfs.github.com/") {
            return Err(Error::new(format!("{}: this is a pointer of Git LFS to the file", path.display()))
                .help("run `git lfs pull` where it was cloned to, or download the file itself"));
        }
        Ok(file)
    }

    /// Bytes that are in memory already, and the file that they come from.
    pub(crate) fn in_memory(&self, bytes: Vec<u8>) -> Self {
        let len = bytes.len() as u64;
        Self { bytes: Bytes::Memory(Arc::new(bytes)), start: 0, len, ..self.clone() }
    }

    /// A file that was unpacked from this one.
    pub(crate) fn unpacked(&self, file: File) -> std::io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { bytes: Bytes::File(Arc::new(Mutex::new(file))), start: 0, len, ..self.clone() })
    }

    /// The part of it from `start`; `None` if out of range.
    pub(crate) fn part(&self, start: u64, len: u64) -> Option<Self> {
        let end = start.checked_add(len)?;
        (end <= self.len).then(|| Self { start: self.start + start, len, ..self.clone() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The length of the file that it is a part of: what sizes in it are held against.
    pub(crate) fn file_len(&self) -> u64 {
        self.file_len
    }

    /// Fills `buffer` with the bytes from `offset`.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.len) {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match &self.bytes {
            Bytes::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(self.start + offset))?;
                file.read_exact(buffer)
            }
            Bytes::Memory(bytes) => {
                let from = (self.start + offset) as usize;
                buffer.copy_from_slice(&bytes[from..from + buffer.len()]);
                Ok(())
            }
        }
    }

    /// All of it, if it is at most `limit` bytes.
    pub(crate) fn read_all(&self, limit: u64) -> Result<Vec<u8>> {
        if self.len > limit {
            return Err(Error::new(format!("{}: too large", self.path.display()))
                .expected(format!("at most {limit} bytes"))
                .received(format!("{} bytes", self.len)));
        }
        let mut bytes = vec![0; self.len as usize];
        self.read_at(0, &mut bytes).map_err(|cause| Error::io(self.path(), cause))?;
        Ok(bytes)
    }

    /// The CRC-32 checksum, as in zip archives.
    pub(crate) fn crc32(&self) -> std::io::Result<u32> {
        let (mut hasher, mut buffer) = (crc32fast::Hasher::new(), vec![0; (1 << 20).min(self.len as usize)]);
        let mut offset = 0;
        while offset < self.len {
            let count = (self.len - offset).min(buffer.len() as u64) as usize;
            self.read_at(offset, &mut buffer[..count])?;
            hasher.update(&buffer[..count]);
            offset += count as u64;
        }
        Ok(hasher.finalize())
    }

    /// The format of the whole file, by its first bytes.
    pub(crate) fn format(&self) -> Format {
        let mut start = [0; 9];
        let is_zip = self.starts_with(b"PK");
        let has_start = self.read_at(0, &mut start).is_ok();
        let header = u64::from_le_bytes(*start.first_chunk().unwrap_or(&[0; 8]));
        match () {
            () if is_zip => Format::Zip,
            () if self.starts_with(b"\x89HDF\r\n\x1a\n") => Format::Hdf5,
            () if has_start && start[8] == b'{' && header < self.len => Format::Safetensors,
            () => Format::Unknown,
        }
    }

    /// Whether it starts with these bytes.
    fn starts_with(&self, magic: &[u8]) -> bool {
        let mut start = vec![0; magic.len()];
        self.read_at(0, &mut start).is_ok() && start == magic
    }
}

/// A sequential reader.
pub(crate) struct Reader {
    section: Section,
    position: u64,
}

impl From<Section> for Reader {
    fn from(section: Section) -> Self {
        Self { section, position: 0 }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = self.section.len.saturating_sub(self.position);
        let count = left.min(buffer.len() as u64) as usize;
        self.section.read_at(self.position, &mut buffer[..count])?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.section.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
