//! Files and folders, as scripts read and write them: `open`, `os.listdir`, `os.makedirs`. Errors name the path.

use crate::{Error, Result};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The text of a file. Python: `open(path).read()`.
///
/// ```
/// use candle_keras_data::python::files;
/// # let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("notes.txt");
/// files::write(&path, "one\n")?;
/// files::append(&path, "two\n")?;
/// assert_eq!(files::read(&path)?, "one\ntwo\n");
/// assert_eq!(files::listdir(folder.path())?, ["notes.txt"]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If it cannot be read, or is not UTF-8.
pub fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    // Python's text files have one form of line ends.
    Ok(fs::read_to_string(path).map_err(|cause| of_path(path, cause))?.replace("\r\n", "\n"))
}

/// Writes a file anew. Python: `open(path, "w").write(text)`.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path.as_ref(), text).map_err(|cause| of_path(path.as_ref(), cause))
}

/// Writes to the end of a file. Python: `open(path, "a").write(text)`.
///
/// # Errors
/// If it cannot be written.
pub fn append(path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Result<()> {
    let path = path.as_ref();
    let file = fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_ref())).map_err(|cause| of_path(path, cause))
}

/// The names in a folder, in order. Python: `os.listdir(path)`, which has them in any order.
///
/// # Errors
/// If the folder cannot be read.
pub fn listdir(path: impl AsRef<Path>) -> Result<Vec<String>> {
    let path = path.as_ref();
    let entries = fs::read_dir(path).map_err(|cause| of_path(path, cause))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|cause| of_path(path, cause))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// A folder and all folders in it: their paths, the names of the folders in them, and those of the files. A folder that cannot be read is left
/// out. Python: `os.walk(path)`; names are in order, which they are not there.
///
/// ```
/// use candle_keras_data::python::files;
/// # let folder = tempfile::tempdir().expect("a folder");
/// files::makedirs(folder.path().join("train"))?;
/// files::write(folder.path().join("train").join("a.txt"), "")?;
/// let all = files::walk(folder.path());
/// assert_eq!((all.len(), &all[0].1[..], &all[1].2[..]), (2, &["train".to_string()][..], &["a.txt".to_string()][..]));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn walk(path: impl AsRef<Path>) -> Vec<(String, Vec<String>, Vec<String>)> {
    let path = path.as_ref();
    let Ok(names) = listdir(path) else { return Vec::new() };
    let (folders, files): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| path.join(name).is_dir());
    // Links are folders, but are not followed.
    let inner: Vec<_> = folders.iter().map(|name| path.join(name)).filter(|path| !path.is_symlink()).collect();
    let mut all = vec![(path.display().to_string(), folders, files)];
    all.extend(inner.iter().flat_map(walk));
    all
}

/// Makes a folder the current one. Python: `os.chdir(path)`.
///
/// # Errors
/// If it is no folder, or may not be entered.
pub fn chdir(path: impl AsRef<Path>) -> Result<()> {
    std::env::set_current_dir(path.as_ref()).map_err(|cause| of_path(path.as_ref(), cause))
}

/// Gives a file or folder another name. Python: `os.rename(from, to)`.
///
/// # Errors
/// If it cannot be renamed.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    fs::rename(from.as_ref(), to).map_err(|cause| of_path(from.as_ref(), cause))
}

/// Makes a folder with those around it, unless it is there. Python: `os.makedirs(path, exist_ok=True)`.
///
/// # Errors
/// If it cannot be made.
pub fn makedirs(path: impl AsRef<Path>) -> Result<()> {
    fs::create_dir_all(path.as_ref()).map_err(|cause| of_path(path.as_ref(), cause))
}

/// Removes a file. Python: `os.remove(path)`.
///
/// # Errors
/// If it cannot be removed.
pub fn remove(path: impl AsRef<Path>) -> Result<()> {
    fs::remove_file(path.as_ref()).map_err(|cause| of_path(path.as_ref(), cause))
}

/// Removes a folder with all that is in it. Python: `shutil.rmtree(path)`.
///
/// # Errors
/// If it cannot be removed.
pub fn rmtree(path: impl AsRef<Path>) -> Result<()> {
    fs::remove_dir_all(path.as_ref()).map_err(|cause| of_path(path.as_ref(), cause))
}

/// Makes a new folder for temporary files, which stays. Python: `tempfile.mkdtemp()`.
///
/// # Errors
/// If it cannot be made.
pub fn mkdtemp() -> Result<PathBuf> {
    let folder = tempfile::tempdir().map_err(|cause| of_path(&std::env::temp_dir(), cause))?;
    Ok(folder.keep())
}

fn of_path(path: &Path, cause: std::io::Error) -> Error {
    Error::Io { path: path.into(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_path() {
        for error in [read("no/such"), listdir("no/such").map(|_| String::new())] {
            assert!(error.unwrap_err().to_string().starts_with("no/such: "));
        }
        assert!(makedirs("/proc/none/such").is_err());
    }

    #[test]
    fn line_ends_are_those_of_python() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dos.txt");
        write(&path, "a\r\nb\r\n").unwrap();
        assert_eq!(read(&path).unwrap(), "a\nb\n");
        remove(&path).unwrap();
        assert!(!path.exists());
    }
}
