//! Text in chunks that threads read independently: each begins and ends between two lines or, within a long line, between two words.

use super::tokens::BETWEEN_TOKENS;
use candle_keras_ops::{Error, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use walkdir::WalkDir;

/// Bytes of a chunk at most, but for the rest of its last line: about ten thousand words.
const LARGEST: u64 = 1 << 16;
/// Bytes of a chunk at least. A small text has many small chunks, so that there is work for several threads and the learning rate
/// changes often.
const SMALLEST: u64 = 1 << 12;
/// How far behind the end of a chunk a line may end, to be in it whole; a longer line is divided.
const REST_OF_LINE: u64 = 1 << 15;

/// A text in chunks, numbered in its order.
#[derive(Debug)]
pub(crate) struct Chunks {
    files: Vec<Source>,
    /// The file of each chunk, and about where it begins and ends; [`cut`] says where exactly.
    chunks: Vec<(usize, u64, u64)>,
    lossy: bool,
    ends: Ends,
}

/// Where a chunk should end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// At the end of a line, or between two words.
    Lines,
    /// At an empty line, the end of a line, or between two words.
    Paragraphs,
    /// At the end of a line, or between two tokens, which may have spaces in them.
    Tokens,
}

#[derive(Debug)]
enum Source {
    File(PathBuf, u64),
    Memory(Arc<str>),
}

impl Source {
    fn bytes(&self) -> u64 {
        match self {
            Self::File(_, bytes) => *bytes,
            Self::Memory(text) => text.len() as u64,
        }
    }
}

impl Chunks {
    pub(super) fn of_memory(text: Arc<str>, ends: Ends) -> Result<Self> {
        if text.trim().is_empty() {
            return Err(Error::new("there is no text in these lines").expected("lines with words"));
        }
        Ok(Self::new(vec![Source::Memory(text)], false, ends))
    }

    pub(super) fn of_files(path: &Path, extensions: &[String], lossy: bool, ends: Ends) -> Result<Self> {
        let is_wanted = |path: &Path| {
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            extensions.is_empty() || extensions.iter().any(|wanted| wanted.eq_ignore_ascii_case(extension))
        };
        let is_visible = |entry: &walkdir::DirEntry| {
            entry.depth() == 0 || !entry.file_name().to_str().is_some_and(|name| name.starts_with('.'))
        };
        let mut files = Vec::new();
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter().filter_entry(is_visible) {
            let entry = entry.map_err(|error| {
                let at = error.path().unwrap_or(path).to_path_buf();
                Error::io(at, error.into())
            })?;
            if entry.file_type().is_file() && (entry.depth() == 0 || is_wanted(entry.path())) {
                let metadata = entry.metadata().map_err(|error| Error::io(entry.path(), error.into()))?;
                files.push(Source::File(entry.into_path(), metadata.len()));
            }
        }
        let is_there = path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        if is_there {
            return Err(Error::new(format!("{} is a pipe or a device", path.display()))
                .expected("a file or a folder, which are read again in every epoch")
                .help("save it as a file first"));
        }
        if files.iter().all(|file| file.bytes() == 0) {
            let wanted = match extensions {
                [] => "files with text".to_string(),
                extensions => format!("files with text that end in .{}", extensions.join(" or .")),
            };
            return Err(Error::new(format!("there is no text in {}", path.display())).expected(wanted));
        }
        Ok(Self::new(files, lossy, ends))
    }

    fn new(files: Vec<Source>, lossy: bool, ends: Ends) -> Self {
        let bytes = files.iter().map(Source::bytes).sum::<u64>();
        let size = (bytes / 256).clamp(SMALLEST, LARGEST);
        let mut chunks = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let mut start = 0;
            while start < file.bytes() {
                chunks.push((number, start, file.bytes().min(start + size)));
                start += size;
            }
        }
        Self { files, chunks, lossy, ends }
    }

    /// How many chunks there are.
    pub(crate) fn len(&self) -> usize {
        self.chunks.len()
    }
}

/// What reads chunks, for one thread.
pub(crate) struct Reader<'a> {
    chunks: &'a Chunks,
    open: Option<(usize, File)>,
    buffer: Vec<u8>,
    text: String,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(chunks: &'a Chunks) -> Self {
        Self { chunks, open: None, buffer: Vec::new(), text: String::new() }
    }

    /// The text of a chunk.
    ///
    /// # Errors
    /// If the file cannot be read, or is not text: the error names the place.
    pub(crate) fn read(&mut self, chunk: usize) -> Result<&str> {
        let (file, start, end) = self.chunks.chunks[chunk];
        match &self.chunks.files[file] {
            Source::Memory(text) => {
                let bytes = text.as_bytes();
                let at = |position: u64| {
                    let rest = &bytes[position as usize..];
                    position as usize + cut(position, &rest[..rest.len().min(REST_OF_LINE as usize)], self.chunks.ends)
                };
                Ok(&text[at(start)..at(end)])
            }
            Source::File(path, bytes) => self.read_file(file, path, start, end, *bytes),
        }
    }

    fn read_file(&mut self, number: usize, path: &Path, start: u64, end: u64, bytes: u64) -> Result<&str> {
        let io = |error| Error::io(path, error);
        if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
            self.open = Some((number, File::open(path).map_err(io)?));
        }
        let Some((_, file)) = &mut self.open else { return Ok("") };
        file.seek(SeekFrom::Start(start)).map_err(io)?;
        self.buffer.clear();
        let wanted = (end - start + REST_OF_LINE).min(bytes - start);
        let read = file.take(wanted).read_to_end(&mut self.buffer).map_err(io)?;
        if (read as u64) < end - start {
            return Err(Error::new(format!("{} has become shorter while it was read", path.display())));
        }
        let rest_of_line = |from: usize| &self.buffer[from..self.buffer.len().min(from + REST_OF_LINE as usize)];
        let from = cut(start, rest_of_line(0), self.chunks.ends);
        let after = (end - start) as usize;
        let to = after + cut(end, rest_of_line(after), self.chunks.ends);
        let chunk = &self.buffer[from.min(to)..to];
        if self.chunks.lossy {
            self.text.clear();
            self.text.push_str(&String::from_utf8_lossy(chunk));
            return Ok(&self.text);
        }
        let not_text = |position: usize, byte: u8| {
            let error = Error::new(format!("{} is not UTF-8 text", path.display()))
                .received(format!("byte 0x{byte:02x} at {}", start + (from + position) as u64));
            match packed(path) {
                Some(by) => error
                    .help(format!("it is packed by {by}: unpack it first, since text is read again in every epoch")),
                None => error.help("leave the file out, or read it lossily"),
            }
        };
        // A NUL is legal UTF-8 and the surest sign of a file that is not text.
        if let Some(position) = memchr::memchr(0, chunk) {
            return Err(not_text(position, 0));
        }
        std::str::from_utf8(chunk).map_err(|error| not_text(error.valid_up_to(), chunk[error.valid_up_to()]))
    }
}

/// What a file is packed by, if its first bytes tell.
fn packed(path: &Path) -> Option<&'static str> {
    let mut first = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut first)).ok()?;
    match first {
        [0x1F, 0x8B, ..] => Some("gzip"),
        [b'B', b'Z', b'h', _] => Some("bzip2"),
        [b'P', b'K', 3, 4] => Some("zip"),
        [0xFD, b'7', b'z', b'X'] => Some("xz"),
        [0x28, 0xB5, 0x2F, 0xFD] => Some("zstd"),
        _ => None,
    }
}

/// How far behind `position` the chunk ends that should end there, by the bytes that follow: behind the paragraph or line, or where that is too
/// far, behind a word. The chunk that follows begins there.
fn cut(position: u64, rest: &[u8], ends: Ends) -> usize {
    if position == 0 {
        return 0;
    }
    let lines = || memchr::memchr_iter(b'\n', rest);
    let is_paragraph = |&end: &usize| matches!(rest[end + 1..], [b'\n', ..] | [b'\r', b'\n', ..]);
    if let Some(end) = lines().find(is_paragraph).filter(|_| ends == Ends::Paragraphs) {
        return end + 1;
    }
    let is_space = |byte: &u8| if ends == Ends::Tokens { *byte == BETWEEN_TOKENS } else { byte.is_ascii_whitespace() };
    if let Some(end) = lines().next().or_else(|| rest.iter().position(is_space)) {
        return end + 1;
    }
    // One word of more than 32 KB, or the end of the file.
    let is_start_of_char = |&byte: &u8| byte & 0xC0 != 0x80;
    match (rest.len() as u64) < REST_OF_LINE {
        true => rest.len(),
        false => rest.iter().position(is_start_of_char).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(chunks: &Chunks) -> Vec<String> {
        let mut reader = Reader::new(chunks);
        (0..chunks.len()).map(|chunk| reader.read(chunk).unwrap().to_string()).collect()
    }

    /// Chunks together are the text, whatever its lines are, and lines are divided only where they must be.
    #[test]
    fn nothing_is_lost_between_chunks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        let line = |i: usize| format!("größe {i} {}\n", "word ".repeat(i % 40));
        let texts = [
            (0..20_000).map(line).collect::<String>(),
            "no line ends ä here ".repeat(20_000),
            "ä".repeat(300_000),
            "one".into(),
            "\n".repeat(100_000) + "a",
        ];
        for text in texts {
            std::fs::write(&path, &text).unwrap();
            let files = Chunks::of_files(&path, &[], false, Ends::Lines).unwrap();
            let chunks = all(&files);
            assert_eq!(chunks.concat(), text);
            assert!(chunks.iter().all(|chunk| chunk.len() as u64 <= LARGEST + REST_OF_LINE));
            if text.starts_with('g') {
                assert!(chunks.len() > 20 && chunks.iter().all(|chunk| chunk.is_empty() || chunk.ends_with('\n')));
            }
            if text.trim().len() > 1 {
                let memory = Chunks::of_memory(text.into(), Ends::Lines).unwrap();
                assert_eq!(all(&memory), chunks);
            }
        }
    }

    #[test]
    fn what_is_no_text_is_an_error_with_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let open = |extensions: &[String], lossy| Chunks::of_files(folder.path(), extensions, lossy, Ends::Lines);
        assert!(open(&[], false).unwrap_err().to_string().contains("there is no text in"));
        std::fs::write(folder.path().join("a.bin"), [b"a word\n".repeat(20_000), vec![0xff]].concat()).unwrap();
        std::fs::write(folder.path().join(".hidden"), "text").unwrap();
        let chunks = open(&[], false).unwrap();
        let error = Reader::new(&chunks).read(chunks.len() - 1).unwrap_err().to_string();
        assert!(error.contains("a.bin is not UTF-8 text\n  received: byte 0xff at 140000"), "{error}");
        assert!(all(&open(&[], true).unwrap()).concat().ends_with("word\n\u{fffd}"));
        assert!(open(&["txt".into()], false).unwrap_err().to_string().contains(".txt"));
        assert!(
            Chunks::of_files(&folder.path().join("none"), &[], false, Ends::Lines)
                .unwrap_err()
                .to_string()
                .contains("none")
        );
        assert!(Chunks::of_memory(" \n".into(), Ends::Lines).is_err());
        std::fs::write(folder.path().join("a.bin"), [0x1F, 0x8B, 8, 0, 0xFF]).unwrap();
        let error = Reader::new(&open(&[], false).unwrap()).read(0).unwrap_err().to_string();
        assert!(error.contains("packed by gzip"), "{error}");
    }

    #[test]
    fn chunks_end_where_sentences_do() {
        let paragraph = |i: usize| format!("paragraph {i}\n{}end\n\n", "a line of it\n".repeat(i % 50));
        let chunks =
            all(&Chunks::of_memory((0..2000).map(paragraph).collect::<String>().into(), Ends::Paragraphs).unwrap());
        assert!(
            chunks.len() > 20
                && chunks.iter().all(|chunk| chunk.trim().is_empty() || chunk.trim_end().ends_with("end"))
        );
        let tokens = "New York\u{1f}is big\u{1f}".repeat(10_000);
        let chunks = all(&Chunks::of_memory(tokens.into(), Ends::Tokens).unwrap());
        assert!(chunks.len() > 20 && chunks.iter().all(|chunk| chunk.is_empty() || chunk.ends_with('\u{1f}')));
    }
}
