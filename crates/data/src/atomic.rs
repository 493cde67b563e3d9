//! Atomic writes of files.

use candle_keras_ops::{Error, Result};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// Writes a temporary file in the same folder, syncs it to disk, and renames it.
///
/// At any time, `path` is either the old file or the new one. A crash may leave a hidden temporary file behind, whose name
/// starts with `.` and the file's name; the next write to the folder removes it.
///
/// # Errors
/// If the file cannot be written, or `fill` fails.
pub fn write(path: &Path, fill: impl FnOnce(&mut BufWriter<&mut File>) -> Result<()>) -> Result<()> {
    let mut files = Files::new();
    files.write(path, fill)?;
    files.commit()
}

/// Checks that a file can be written: its folder exists and is writable, and the path is not a folder.
///
/// # Errors
/// If it cannot.
pub fn check(path: &Path) -> Result<()> {
    Place::of(path)?.create(path).map(drop)
}

/// Several files that belong together: each is [written](write()) to a temporary file, and they are renamed when all are on disk.
///
/// If one of them cannot be written, all old files are kept.
///
/// ```
/// use candle_keras_data::atomic::Files;
/// use std::io::Write;
/// # let folder = tempfile::tempdir().unwrap();
/// # let (table, words) = (folder.path().join("table"), folder.path().join("words"));
/// let mut files = Files::new();
/// for path in [&table, &words] {
///     files.write(path, |file| file.write_all(b"some").map_err(|cause| candle_keras_data::Error::io(path, cause)))?;
/// }
/// assert!(!table.exists());
/// files.commit()?;
/// assert!(table.exists() && words.exists());
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Files(Vec<(Place, NamedTempFile)>);

impl Files {
    /// Without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a file, with a temporary name until [`commit`](Self::commit).
    ///
    /// # Errors
    /// If the file cannot be written, `fill` fails, or another file has the same path.
    pub fn write(&mut self, path: &Path, fill: impl FnOnce(&mut BufWriter<&mut File>) -> Result<()>) -> Result<()> {
        let place = Place::of(path)?;
        if self.0.iter().any(|(other, _)| other.path() == place.path()) {
            return Err(Error::new(format!("{} is to hold two files at once", path.display())));
        }
        let mut file = place.create(path)?;
        let io = |cause| Error::io(path, cause);
        let mut writer = BufWriter::with_capacity(1 << 20, file.as_file_mut());
        fill(&mut writer).map_err(|error| named(path, error))?;
        writer.flush().map_err(io)?;
        drop(writer);
        file.as_file().sync_all().map_err(io)?;
        self.0.push((place, file));
        Ok(())
    }

    /// Renames all files, in the order in which they were written.
    ///
    /// # Errors
    /// If a rename fails: the files before it are then new.
    pub fn commit(self) -> Result<()> {
        let mut folders: Vec<PathBuf> = Vec::new();
        for (place, file) in self.0 {
            let path = place.path();
            file.persist(&path).map_err(|error| Error::io(path, error.error))?;
            if !folders.contains(&place.folder) {
                folders.push(place.folder);
            }
        }
        // Syncs the folders, which hold the new names.
        #[cfg(unix)]
        for folder in folders {
            File::open(&folder).and_then(|open| open.sync_all()).map_err(|cause| Error::io(folder, cause))?;
        }
        Ok(())
    }
}

/// The error of a writer, which may be of a library that does not know the path.
fn named(path: &Path, error: Error) -> Error {
    let name = path.display().to_string();
    match error {
        Error::Invalid(problem) if !problem.to_string().contains(&name) => Error::new(format!("{name}: {problem}")),
        Error::Candle(cause) if !cause.to_string().contains(&name) => Error::new(format!("{name}: {cause}")),
        error => error,
    }
}

/// The path to write to: a symbolic link is followed, not replaced.
#[derive(Debug)]
struct Place {
    folder: PathBuf,
    name: std::ffi::OsString,
}

impl Place {
    fn of(path: &Path) -> Result<Self> {
        let io = |cause| Error::io(path, cause);
        if path.is_dir() {
            return Err(Error::new(format!("{} is a folder", path.display())).expected("the name of a file"));
        }
        let target = if path.is_symlink() { path.canonicalize().map_err(io)? } else { path.to_path_buf() };
        // A rename would replace a device or a pipe by a file.
        if target.exists() && !target.is_file() {
            return Err(Error::new(format!("{} is a device or a pipe", path.display())).expected("the name of a file"));
        }
        let name =
            target.file_name().ok_or_else(|| Error::new(format!("{} is not the name of a file", path.display())))?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            let what = format!("{}: there is no folder {}", path.display(), folder.display());
            return Err(Error::new(what).help("make it first"));
        }
        Ok(Self { folder: folder.canonicalize().map_err(io)?, name: name.to_owned() })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// A temporary file in the same folder, whose name starts with `.` and this one's. It is locked until it is renamed.
    fn create(&self, path: &Path) -> Result<NamedTempFile> {
        remove_leftovers(&self.folder);
        let mut prefix = std::ffi::OsString::from(".");
        if self.name.len() <= LONGEST_NAME {
            prefix.push(&self.name);
        }
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(SUFFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The permissions of a new file, reduced by the user's umask.
            let mode = std::fs::metadata(self.path()).map_or(0o666, |metadata| metadata.permissions().mode());
            builder.permissions(std::fs::Permissions::from_mode(mode));
        }
        loop {
            let file = builder.tempfile_in(&self.folder).map_err(|cause| Error::io(path, cause))?;
            let is_locked = file.as_file().lock().is_ok();
            // Another process may have removed it before it was locked.
            if !is_locked || file.path().exists() {
                return Ok(file);
            }
        }
    }
}

/// The end of the name of a temporary file.
const SUFFIX: &str = ".candle-keras-unfinished";
/// The longest name of a file that is in that of its temporary file: names have up to 255 bytes.
const LONGEST_NAME: usize = 200;

/// Removes the temporary files of writers that were killed: a living one holds a lock.
fn remove_leftovers(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.')
            && name.ends_with(SUFFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && File::options().write(true).open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(content: &str) -> impl FnOnce(&mut BufWriter<&mut File>) -> Result<()> {
        move |file| file.write_all(content.as_bytes()).map_err(|e| Error::io("", e))
    }

    #[test]
    fn a_failure_keeps_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let text = || std::fs::read_to_string(&path).unwrap();
        write(&path, put("old")).unwrap();
        assert_eq!(text(), "old");
        let failed = write(&path, |file| {
            put("half")(file)?;
            Err(Error::new("no more"))
        });
        assert!(failed.unwrap_err().to_string().ends_with("file: no more"));
        assert_eq!((text().as_str(), std::fs::read_dir(folder.path()).unwrap().count()), ("old", 1));
        write(&path, put("new")).unwrap();
        assert_eq!(text(), "new");
        assert!(write(&folder.path().join("none/file"), |_| Ok(())).is_err());
        assert!(write(folder.path(), |_| Ok(())).is_err());
    }

    #[test]
    fn several_files_are_renamed_together() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
        write(&a, put("old")).unwrap();
        let mut files = Files::new();
        files.write(&a, put("new")).unwrap();
        let again = files.write(&folder.path().join("./a"), put("other")).unwrap_err().to_string();
        assert!(again.ends_with("is to hold two files at once"), "{again}");
        assert!(files.write(&b, |_| Err(Error::new("no more"))).is_err());
        drop(files);
        assert_eq!(std::fs::read_to_string(&a).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut files = Files::new();
        files.write(&a, put("new")).unwrap();
        files.write(&b, put("beside")).unwrap();
        assert!(!b.exists());
        files.commit().unwrap();
        let texts = [&a, &b].map(|path| std::fs::read_to_string(path).unwrap());
        assert_eq!((texts[0].as_str(), texts[1].as_str()), ("new", "beside"));
    }

    #[test]
    fn leftovers_are_removed_and_files_in_progress_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (leftover, other) = (at(".old.keras123456.candle-keras-unfinished"), at(".editor.swp"));
        std::fs::write(&leftover, "half").unwrap();
        std::fs::write(&other, "text").unwrap();
        let mut files = Files::new();
        files.write(&at("a"), put("a")).unwrap();
        assert!(!leftover.exists() && other.exists());
        write(&at("b"), put("b")).unwrap();
        files.commit().unwrap();
        assert!(at("a").exists() && at("b").exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
        let long = at(&"n".repeat(255));
        write(&long, put("long")).unwrap();
        assert!(long.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_not_replaced() {
        let error = write(Path::new("/dev/null"), put("nothing")).unwrap_err().to_string();
        assert!(error.contains("/dev/null is a device or a pipe"), "{error}");
    }

    #[test]
    fn checking_a_path_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        check(&folder.path().join("file")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        for path in [folder.path(), &folder.path().join("none/file"), Path::new("")] {
            assert!(check(path).is_err(), "{path:?}");
        }
    }
}
