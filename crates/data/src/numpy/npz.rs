//! `.npz`: a zip archive of arrays.

use super::npy;
use crate::atomic;
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// An archive of arrays, which are read one by one when they are asked for. Python: `numpy.load`.
///
/// ```no_run
/// use candle_keras_data::Npz;
/// let mut data = Npz::open("data.npz")?;
/// println!("{:?}", data.names());
/// let x = data.read("x")?;
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug)]
pub struct Npz {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
}

const ENDING: &str = ".npy";

impl Npz {
    /// Reads the names.
    ///
    /// # Errors
    /// If the file cannot be read, or is not an archive.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let file = File::open(&path).map_err(|cause| Error::io(&path, cause))?;
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|cause| failed(&path, cause))?;
        Ok(Self { path, archive })
    }

    /// The names of the members as they are in the archive, with their ending.
    pub fn members(&self) -> Vec<String> {
        self.archive.file_names().flatten().map(|name| name.to_string()).collect()
    }

    /// The names of the arrays.
    pub fn names(&self) -> Vec<String> {
        let names = self.archive.file_names().flatten();
        names.map(|name| name.strip_suffix(ENDING).unwrap_or(&name).to_string()).collect()
    }

    /// Reads one array; [`read_npy`](crate::read_npy) says which dtype it has.
    ///
    /// # Errors
    /// If there is none of this name, it is damaged, or its elements are not numbers.
    pub fn read(&mut self, name: &str) -> Result<Tensor> {
        self.member(name, npy::read)
    }

    /// The lists of whole numbers of an array of objects. What is no such list is an error; nothing in it is called.
    pub(crate) fn sequences(&mut self, name: &str) -> Result<Vec<Vec<u32>>> {
        self.member(name, |file, _| npy::sequences(file))
    }

    fn member<T>(&mut self, name: &str, read: impl FnOnce(&mut dyn Read, u64) -> Result<T>) -> Result<T> {
        let index = |archive: &ZipArchive<_>| {
            archive.index_for_name(&format!("{name}{ENDING}")).or_else(|| archive.index_for_name(name))
        };
        let index = index(&self.archive).ok_or_else(|| {
            Error::new(format!("{}: there is no array {name:?}", self.path.display())).expected(self.names().join(", "))
        })?;
        let Self { path, archive } = self;
        let mut member = archive.by_index(index).map_err(|cause| failed(path, cause))?;
        let size = member.size();
        read(&mut member, size).map_err(|error| Error::new(format!("{}: {name}: {error}", path.display())))
    }
}

/// Writes arrays by their names to an archive without compression, as `numpy.savez` does; `numpy.load` opens it. The file is written atomically.
///
/// bfloat16, which NumPy does not have, becomes float32.
///
/// # Errors
/// If the file cannot be written, or NumPy has no such dtype.
///
/// ```
/// use candle_keras_data::{Npz, write_npz};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("data.npz");
/// let x = candle_core::Tensor::new(&[1f32, 2.], &candle_core::Device::Cpu)?;
/// write_npz(&path, [("x", &x)])?;
/// assert_eq!(Npz::open(&path)?.read("x")?.to_vec1::<f32>()?, [1., 2.]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn write_npz<'a, N: AsRef<str>>(
    path: impl AsRef<Path>,
    arrays: impl IntoIterator<Item = (N, &'a Tensor)>,
) -> Result<()> {
    let path = path.as_ref();
    let failed = |cause: ZipError| Error::new(format!("{}: {cause}", path.display()));
    atomic::write(path, |file| {
        let mut zip = ZipWriter::new(file);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        for (name, array) in arrays {
            zip.start_file(format!("{}{ENDING}", name.as_ref()), options).map_err(failed)?;
            npy::write(&mut zip, array)
                .map_err(|error| Error::new(format!("{}: {}: {error}", path.display(), name.as_ref())))?;
        }
        zip.finish().map_err(failed)?;
        Ok(())
    })
}

fn failed(path: &Path, cause: ZipError) -> Error {
    Error::new(format!("{}: this is not a readable .npz archive: {cause}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use candle_keras_ops::{damage::damaged, random::Stream};

    #[test]
    fn arrays_are_read_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.npz");
        let arrays =
            [("x/a", Tensor::new(&[1f32, 2.], &Device::Cpu).unwrap()), ("y", Tensor::new(3i64, &Device::Cpu).unwrap())];
        Tensor::write_npz(&arrays, &path).unwrap();
        let mut npz = Npz::open(&path).unwrap();
        assert_eq!(npz.names(), ["x/a", "y"]);
        assert_eq!(npz.read("x/a").unwrap().to_vec1::<f32>().unwrap(), [1., 2.]);
        assert_eq!(npz.read("y").unwrap().to_scalar::<i64>().unwrap(), 3);
        let error = npz.read("z").unwrap_err().to_string();
        assert!(error.contains("no array \"z\"") && error.contains("x/a, y"), "{error}");
        assert!(Npz::open(folder.path().join("none.npz")).is_err());
        std::fs::write(&path, "text").unwrap();
        assert!(Npz::open(&path).unwrap_err().to_string().contains("not a readable .npz archive"));
    }

    #[test]
    fn damaged_archives_are_read_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.npz");
        Tensor::write_npz(&[("x", Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu).unwrap())], &path).unwrap();
        let (good, mut random) = (std::fs::read(&path).unwrap(), Stream::new(22, 0));
        for _ in 0..2000 {
            std::fs::write(&path, damaged(&good, &mut random)).unwrap();
            if let Ok(mut npz) = Npz::open(&path) {
                npz.names().iter().for_each(|name| _ = npz.read(name));
            }
        }
    }
}
