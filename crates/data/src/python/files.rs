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

/// The text of a file in Latin-1, which has a byte for each character. Python: `open(path, encoding="latin-1").read()`.
///
/// # Errors
/// If it cannot be read.
pub fn read_latin_1(path: impl AsRef<Path>) -> Result<String> {
    let bytes = fs::read(path.as_ref()).map_err(|cause| of_path(path.as_ref(), cause))?;
    Ok(bytes.into_iter().map(char::from).collect::<String>().replace("\r\n", "\n"))
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

/// Makes a folder with those around it, unless it is there. Python: `os.makedirs(path, exist_ok=True)`.
///
/// # Errors
/// If it cannot be made.
pub fn makedirs(path: impl AsRef<Path>) -> Result<()> {
    fs::create_dir_all(path.as_ref()).map_err(|cause| of_path(path.as_ref(), cause))
}

/// Copies a file, into the second path if that is a folder. Python: `shutil.copy(source, target)`.
///
/// # Errors
/// If it cannot be copied.
pub fn copy(source: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<PathBuf> {
    let (source, target) = (source.as_ref(), target.as_ref());
    let target = match source.file_name() {
        Some(name) if target.is_dir() => target.join(name),
        _ => target.to_path_buf(),
    };
    fs::copy(source, &target).map_err(|cause| of_path(source, cause))?;
    Ok(target)
}

/// Moves a file or folder, into the second path if that is a folder. Python: `shutil.move(source, target)`.
///
/// # Errors
/// If it cannot be moved.
pub fn rename(source: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<PathBuf> {
    let (source, target) = (source.as_ref(), target.as_ref());
    let target = match source.file_name() {
        Some(name) if target.is_dir() => target.join(name),
        _ => target.to_path_buf(),
    };
    fs::rename(source, &target).map_err(|cause| of_path(source, cause))?;
    Ok(target)
}

/// The paths in a folder whose names match a pattern, in order; `*` stands for any characters, and `**/` for any folders. Python:
/// `Path(folder).glob(pattern)`, which has them in any order.
///
/// ```
/// use candle_keras_data::python::files;
/// # let folder = tempfile::tempdir().expect("a folder");
/// files::write(folder.path().join("1.png"), "")?;
/// files::write(folder.path().join("notes.txt"), "")?;
/// assert_eq!(files::glob(folder.path(), "*.png")?, [folder.path().join("1.png")]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If a folder cannot be read.
pub fn glob(folder: impl AsRef<Path>, pattern: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    matching(folder.as_ref(), &parts_of(pattern), matches, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

/// The paths that match a pattern as texts, in order, without those whose names start with a dot. Python: `glob.glob(pattern)`, which has them
/// in any order.
///
/// ```
/// use candle_keras_data::python::files;
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let folder = folder.path().display();
/// files::write(format!("{folder}/1.png"), "")?;
/// files::write(format!("{folder}/.hidden.png"), "")?;
/// assert_eq!(files::glob_texts(&format!("{folder}/*.png"))?, [format!("{folder}/1.png")]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If a folder cannot be read.
pub fn glob_texts(pattern: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let folder = if pattern.starts_with('/') { Path::new("/") } else { Path::new("") };
    let visible =
        |name: &str, pattern: &str| (!name.starts_with('.') || pattern.starts_with('.')) && matches(name, pattern);
    // `**` is `*` for that function.
    let parts: Vec<&str> = parts_of(pattern).into_iter().map(|part| if part == "**" { "*" } else { part }).collect();
    matching(folder, &parts, visible, &mut found)?;
    let mut texts: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
    texts.sort();
    Ok(texts)
}

fn parts_of(pattern: &str) -> Vec<&str> {
    pattern.split('/').filter(|part| !part.is_empty()).collect()
}

type Matches = fn(&str, &str) -> bool;

fn matching(folder: &Path, parts: &[&str], matches: Matches, found: &mut Vec<PathBuf>) -> Result<()> {
    let Some((first, rest)) = parts.split_first() else { return Ok(()) };
    // A part without a pattern is a name: `..` is none in a folder.
    if !first.contains(['*', '?']) {
        let path = folder.join(first);
        return match (rest.is_empty(), path.is_dir()) {
            (true, _) if path.exists() => {
                found.push(path);
                Ok(())
            }
            (false, true) => matching(&path, rest, matches, found),
            _ => Ok(()),
        };
    }
    if *first == "**" {
        matching(folder, rest, matches, found)?;
    }
    // The folder where the program runs.
    let place = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for name in listdir(place)? {
        let path = folder.join(&name);
        match (*first, path.is_dir()) {
            ("**", true) => matching(&path, parts, matches, found)?,
            (pattern, is_folder) if matches(&name, pattern) => match (rest.is_empty(), is_folder) {
                (true, _) => found.push(path),
                (false, true) => matching(&path, rest, matches, found)?,
                (false, false) => {}
            },
            _ => {}
        }
    }
    Ok(())
}

/// Whether a name is as a pattern says, with `*` for any characters and `?` for one.
fn matches(name: &str, pattern: &str) -> bool {
    let mut pattern = pattern.chars();
    match pattern.next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = pattern.as_str();
            name.char_indices().any(|(at, _)| matches(&name[at..], rest)) || matches("", rest)
        }
        Some(first) => {
            let mut name = name.chars();
            name.next().is_some_and(|own| first == '?' || own == first) && matches(name.as_str(), pattern.as_str())
        }
    }
}

/// Unpacks an archive (.zip, .tar or .tar.gz) into a folder, which is made if it is not there. Python:
/// `shutil.unpack_archive(archive, folder)`, `ZipFile(archive).extractall(folder)`.
///
/// # Errors
/// If it cannot be read, or is no such archive.
pub fn unpack_archive(archive: impl AsRef<Path>, folder: impl AsRef<Path>) -> Result<()> {
    makedirs(folder.as_ref())?;
    crate::get_file::extract(archive.as_ref(), folder.as_ref(), "auto")
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
    fn latin_1_has_a_byte_for_each_character() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, b"caf\xe9\r\n").unwrap();
        assert_eq!(read_latin_1(&path).unwrap(), "café\n");
    }

    #[test]
    fn paths_match_patterns() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        makedirs(at("a/b")).unwrap();
        for name in ["1.jpg", "a/2.jpg", "a/b/3.jpg", "a/notes.txt"] {
            write(at(name), name).unwrap();
        }
        let found = |pattern: &str| glob(folder.path(), pattern).unwrap();
        assert_eq!(found("*/*.jpg"), [at("a/2.jpg")]);
        assert_eq!(found("**/*.jpg"), [at("1.jpg"), at("a/2.jpg"), at("a/b/3.jpg")]);
        assert_eq!(found("?"), [at("a")]);
        assert_eq!(copy(at("1.jpg"), at("a")).unwrap(), at("a/1.jpg"));
        assert_eq!(rename(at("a/1.jpg"), at("4.jpg")).unwrap(), at("4.jpg"));
        assert!(!at("a/1.jpg").exists());
    }

    #[test]
    fn errors_name_the_path() {
        for error in [read("no/such"), listdir("no/such").map(|_| String::new())] {
            assert!(error.unwrap_err().to_string().starts_with("no/such: "));
        }
        assert!(makedirs("/proc/none/such").is_err());
        let folder = tempfile::tempdir().unwrap();
        write(folder.path().join("no.zip"), "PK").unwrap();
        assert!(
            unpack_archive(folder.path().join("no.zip"), folder.path()).unwrap_err().to_string().contains("no.zip")
        );
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
