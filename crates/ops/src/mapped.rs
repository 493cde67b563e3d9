//! Files whose bytes are memory: the system reads a page when it is looked at, and may drop it again.

use crate::{Error, Result};
use memmap2::Mmap;
use std::fs::File;
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;

/// The bytes of a file as memory. Clones are the same memory.
///
/// The file must not be changed in place or cut off by any program while it is mapped: bytes would change under references that say that they
/// do not, and the system ends a process that looks at pages beyond the end of a file. A file that is replaced by another of its name, as
/// this project saves files, stays as it was for those who have it mapped.
///
/// ```
/// use candle_keras_ops::MappedFile;
/// # let path = std::env::temp_dir().join(format!("mapped-{}", std::process::id()));
/// std::fs::write(&path, b"four").unwrap();
/// assert_eq!(&*MappedFile::open(&path)?, b"four");
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MappedFile(Arc<Mmap>);

impl MappedFile {
    /// Maps a file for reading.
    ///
    /// # Errors
    /// If it cannot be opened or mapped.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| Error::io(path, error))?;
        // SAFETY: memory of this kind is sound as long as nobody changes the file. Nothing here can see to that, so it is asked of the user of
        // `open`, as every program that maps files asks it; this project itself never changes a file in place.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) };
        map.map(|map| Self(Arc::new(map))).map_err(|error| Error::io(path, error))
    }

    /// These bytes as numbers of f32, if they are there, are whole numbers, begin at a multiple of four bytes, and the machine is
    /// little-endian as files are.
    pub fn f32s(&self, bytes: Range<usize>) -> Option<&[f32]> {
        let bytes = self.0.get(bytes)?;
        if cfg!(target_endian = "big") {
            return None;
        }
        // SAFETY: any four bytes are a number of f32.
        #[allow(unsafe_code)]
        let (before, numbers, after) = unsafe { bytes.align_to::<f32>() };
        (before.is_empty() && after.is_empty()).then_some(numbers)
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_numbers_are_those_of_the_file() {
        let path = std::env::temp_dir().join(format!("candle-keras-mapped-{}", std::process::id()));
        let bytes: Vec<u8> = [1f32, -2.5, 3e-8].iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(&path, &bytes).unwrap();
        let mapped = MappedFile::open(&path).unwrap();
        // The file may go: its bytes stay until nobody has them.
        std::fs::remove_file(&path).unwrap();
        let clone = mapped.clone();
        assert_eq!((&*mapped, &*clone), (&bytes[..], &bytes[..]));
        assert_eq!(mapped.f32s(0..12), Some(&[1f32, -2.5, 3e-8][..]));
        assert_eq!(mapped.f32s(4..8), Some(&[-2.5f32][..]));
        for odd in [1..5, 0..7, 8..16, 12..13] {
            assert_eq!(mapped.f32s(odd), None);
        }
        assert!(MappedFile::open(&path).unwrap_err().to_string().contains("candle-keras-mapped"));
        std::fs::write(&path, b"").unwrap();
        assert_eq!(&*MappedFile::open(&path).unwrap(), b"");
        std::fs::remove_file(&path).unwrap();
    }
}
