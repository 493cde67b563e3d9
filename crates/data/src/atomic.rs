//! A file is written whole or not at all.

use candle_keras_ops::{Error, Result};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes a file under another name in its folder, makes sure that it is on the disk, and gives it its name.
///
/// Whatever happens meanwhile, `path` is the old file or the new one. What a crash may leave behind is a hidden file that
/// begins with `.` and the name.
pub fn write(path: &Path, fill: impl FnOnce(&mut BufWriter<&mut File>) -> Result<()>) -> Result<()> {
    let io = |cause| Error::io(path, cause);
    // A link keeps pointing to where it points to.
    let target = if path.is_symlink() { path.canonicalize().map_err(io)? } else { path.to_path_buf() };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = target.file_name().ok_or_else(|| Error::new(format!("{} is not the name of a file", path.display())))?;
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What a new file has, less what the user's mask takes away.
        let mode = std::fs::metadata(&target).map_or(0o666, |metadata| metadata.permissions().mode());
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    let mut file = builder.tempfile_in(folder).map_err(io)?;
    let mut writer = BufWriter::with_capacity(1 << 20, file.as_file_mut());
    fill(&mut writer)?;
    writer.flush().map_err(io)?;
    drop(writer);
    file.as_file().sync_all().map_err(io)?;
    file.persist(&target).map_err(|error| io(error.error))?;
    // The new name itself is in the folder.
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let text = || std::fs::read_to_string(&path).unwrap();
        let put = |content: &str| write(&path, |file| file.write_all(content.as_bytes()).map_err(|e| Error::io("", e)));
        put("old").unwrap();
        assert_eq!(text(), "old");
        let failed = write(&path, |file| {
            file.write_all(b"half").map_err(|e| Error::io("", e))?;
            Err(Error::new("no more"))
        });
        assert!(failed.is_err());
        assert_eq!((text().as_str(), std::fs::read_dir(folder.path()).unwrap().count()), ("old", 1));
        put("new").unwrap();
        assert_eq!(text(), "new");
        assert!(write(&folder.path().join("none/file"), |_| Ok(())).is_err());
        assert!(write(folder.path(), |_| Ok(())).is_err());
    }
}
