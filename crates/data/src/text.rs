//! Text from files and folders.

use candle_keras_ops::{Error, Result};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its path.
    pub path: PathBuf,
    /// Its contents.
    pub text: String,
}

/// The arguments of [`read_text`].
#[derive(Debug, Clone, Default)]
pub struct ReadText {
    extensions: Vec<String>,
    lossy: bool,
}

impl ReadText {
    /// All files, UTF-8 only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the files of a folder that have one of these extensions, and skips the others.
    pub fn extensions<S: Into<String>>(mut self, extensions: impl IntoIterator<Item = S>) -> Self {
        self.extensions = extensions.into_iter().map(Into::into).collect();
        self
    }

    /// Whether invalid UTF-8 is replaced by U+FFFD; otherwise it is an error.
    pub fn lossy(mut self, lossy: bool) -> Self {
        self.lossy = lossy;
        self
    }

    fn wants(&self, path: &Path) -> bool {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        self.extensions.is_empty() || self.extensions.iter().any(|wanted| wanted.eq_ignore_ascii_case(extension))
    }
}

/// The text of a file, or of all files below a folder in the order of their paths; hidden files and folders are skipped.
///
/// # Errors
/// If a file or folder cannot be read, a file is not text, or there is no text; the error has the path.
pub fn read_text(path: impl AsRef<Path>, options: &ReadText) -> Result<Vec<Document>> {
    let path = path.as_ref();
    let metadata = std::fs::metadata(path).map_err(|error| Error::io(path, error))?;
    let mut documents = Vec::new();
    if metadata.is_dir() {
        let visible = |entry: &walkdir::DirEntry| entry.depth() == 0 || !is_hidden(entry.path());
        for entry in WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(visible) {
            let entry = entry.map_err(|error| {
                let at = error.path().unwrap_or(path).to_path_buf();
                Error::io(at, error.into())
            })?;
            if entry.file_type().is_file() && options.wants(entry.path()) {
                documents.push(read_file(entry.path(), options.lossy)?);
            }
        }
    } else {
        documents.push(read_file(path, options.lossy)?);
    }
    if documents.iter().all(|document| document.text.trim().is_empty()) {
        let wanted = match options.extensions.as_slice() {
            [] => "files with text".to_string(),
            extensions => format!("files with text that end in .{}", extensions.join(" or .")),
        };
        return Err(Error::new(format!("there is no text in {}", path.display())).expected(wanted));
    }
    Ok(documents)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.'))
}

fn read_file(path: &Path, lossy: bool) -> Result<Document> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
    if lossy {
        return Ok(Document { path: path.into(), text: String::from_utf8_lossy(&bytes).into_owned() });
    }
    let not_text = |position: usize, byte: u8| {
        Error::new(format!("{} is not UTF-8 text", path.display()))
            .received(format!("byte 0x{byte:02x} at {position}"))
            .help("leave the file out, or read it lossily")
    };
    // A NUL is valid UTF-8, but a sure sign of a binary file.
    if let Some(position) = bytes.iter().position(|&byte| byte == 0) {
        return Err(not_text(position, 0));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let position = error.utf8_error().valid_up_to();
        not_text(position, error.as_bytes()[position])
    })?;
    Ok(Document { path: path.into(), text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folder_is_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        for (name, text) in [("b.md", "two"), ("a.md", "one"), ("sub/c.md", "three"), ("d.rs", "code"), (".e.md", "no")]
        {
            fs::write(at(name), text).unwrap();
        }
        let texts = |options: ReadText| {
            read_text(folder.path(), &options).unwrap().into_iter().map(|document| document.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(ReadText::new()), ["one", "two", "code", "three"]);
        assert_eq!(texts(ReadText::new().extensions(["md"])), ["one", "two", "three"]);
        assert_eq!(read_text(at("d.rs"), &ReadText::new()).unwrap()[0].text, "code");
    }

    #[test]
    fn a_binary_file_is_an_error_with_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let error = |options: &ReadText| read_text(folder.path(), options).unwrap_err().to_string();
        assert!(error(&ReadText::new()).contains("there is no text in"));
        let missing = read_text(folder.path().join("missing"), &ReadText::new()).unwrap_err().to_string();
        assert!(missing.contains("missing"), "{missing}");
        fs::write(folder.path().join("a.bin"), [b'a', 0xff, b'b']).unwrap();
        assert!(error(&ReadText::new()).contains("a.bin is not UTF-8 text\n  received: byte 0xff at 1"));
        assert!(error(&ReadText::new().extensions(["txt"])).contains(".txt"));
        let lossy = read_text(folder.path(), &ReadText::new().lossy(true)).unwrap();
        assert_eq!(lossy[0].text, "a\u{fffd}b");
        fs::write(folder.path().join("a.bin"), [b'a', 0, b'b']).unwrap();
        assert!(error(&ReadText::new()).contains("byte 0x00 at 1"));
    }
}
