//! The bytes of a file: as they are, unpacked by gzip, or those of a member of a zip archive.

use super::io;
use candle_keras_ops::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;
use zip::ZipArchive;

/// How much is read at once.
const BUFFER: usize = 1 << 20;

/// How many members of an archive an error names.
const NAMED: usize = 20;

/// What a file holds, once it is unpacked, read from its beginning to its end.
pub(super) struct Input<'a> {
    reader: BufReader<std::io::Chain<Cursor<Vec<u8>>, &'a mut (dyn Read + Send)>>,
    length: Option<u64>,
}

impl<'a> Input<'a> {
    fn new(reader: &'a mut (dyn Read + Send), length: Option<u64>) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER, Cursor::new(Vec::new()).chain(reader)), length }
    }

    #[cfg(test)]
    pub(super) fn of(bytes: &'a mut &[u8]) -> Self {
        let length = bytes.len() as u64;
        Self::new(bytes, Some(length))
    }

    /// The size of a plain file; none for a packed one, whose stated size may be wrong.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// The first bytes, which stay to be read: `least` of them, more if `enough` asks for more, and at most `most`; and whether they are all.
    /// Only before anything else has been read.
    pub(super) fn peek(&mut self, least: usize, most: usize, enough: impl Fn(&[u8]) -> bool) -> Result<(&[u8], bool)> {
        let (head, rest) = self.reader.get_mut().get_mut();
        let head = head.get_mut();
        let mut all = false;
        while !all && head.len() < most && (head.len() < least || !enough(head)) {
            let more = head.len().max(least).min(most - head.len());
            all = rest.by_ref().take(more as u64).read_to_end(head).map_err(io)? < more;
        }
        Ok((head, all))
    }

    /// Passes over so many bytes; an error if there are fewer.
    pub(super) fn skip(&mut self, count: u64) -> Result<()> {
        let mut left = count;
        while left > 0 {
            let available = self.fill_buf().map_err(io)?.len();
            if available == 0 {
                return Err(Error::new("the file ends early").expected(format!("{left} bytes more")));
            }
            let used = (available as u64).min(left) as usize;
            self.consume(used);
            left -= used as u64;
        }
        Ok(())
    }

    /// The next bytes, in place of those of `buffer`; whether there are so many. Memory grows with what is really there.
    pub(super) fn fill(&mut self, buffer: &mut Vec<u8>, count: usize) -> Result<bool> {
        buffer.clear();
        let read = self.by_ref().take(count as u64).read_to_end(buffer).map_err(io)?;
        Ok(read == count)
    }

    /// The next bytes as an array.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        self.read_exact(&mut array).map_err(|_| Error::new("the file ends early"))?;
        Ok(array)
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.reader.consume(amount);
    }
}

/// Runs `read` on what is in a file.
pub(super) fn open<T>(path: &Path, member: Option<&str>, read: impl FnOnce(&mut Input) -> Result<T>) -> Result<T> {
    let failed = |cause| Error::io(path, cause);
    let mut file = File::open(path).map_err(failed)?;
    let mut head = Vec::new();
    file.by_ref().take(4).read_to_end(&mut head).map_err(failed)?;
    if head == b"PK\x03\x04" || head == b"PK\x05\x06" {
        // The list of its members is at the end.
        file.rewind()
            .map_err(|_| Error::new("a zip archive cannot be read from a pipe").help("save it as a file first"))?;
        return open_zip(file, member, read);
    }
    if let Some(member) = member {
        return Err(Error::new(format!("this is no zip archive, so there is no member {member:?} in it")));
    }
    let length = file.metadata().ok().filter(|metadata| metadata.is_file()).map(|metadata| metadata.len());
    let packed = head.starts_with(&[0x1f, 0x8b]);
    // A pipe gives its bytes once.
    let mut whole = Cursor::new(head).chain(file);
    if packed {
        return read(&mut Input::new(&mut MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole)), None));
    }
    read(&mut Input::new(&mut whole, length))
}

fn open_zip<T>(file: File, member: Option<&str>, read: impl FnOnce(&mut Input) -> Result<T>) -> Result<T> {
    let zip = |cause: zip::result::ZipError| Error::new(format!("the zip archive cannot be read: {cause}"));
    let mut archive = ZipArchive::new(BufReader::with_capacity(BUFFER, file)).map_err(zip)?;
    let names = archive.file_names_raw().map(|name| String::from_utf8_lossy(name).into_owned());
    // macOS puts such a folder into every archive, and folders are members as well.
    let hidden = |name: &str| name.ends_with('/') || name.starts_with("__MACOSX/");
    let names: Vec<_> = names.enumerate().filter(|(_, name)| !hidden(name)).collect();
    let listed = || {
        let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
        let names: Vec<_> = names.iter().take(NAMED).map(|(_, name)| name.as_str()).collect();
        format!("{}{more}", names.join(", "))
    };
    let index = match (member, &names[..]) {
        (Some(member), _) => {
            let found = names.iter().find(|(_, name)| name == member);
            found.ok_or_else(|| Error::new(format!("the zip archive has no member {member:?}")).expected(listed()))?.0
        }
        (None, [(index, _)]) => *index,
        (None, []) => return Err(Error::new("the zip archive is empty")),
        (None, _) => {
            return Err(Error::new("the zip archive has several members")
                .received(listed())
                .help("Load::member says which of them to read"));
        }
    };
    let mut member = archive.by_index(index).map_err(zip)?;
    read(&mut Input::new(&mut member, None))
}

#[cfg(test)]
mod tests {
    use super::super::Load;
    use super::super::testing::{Folder, content, error, error_with, load, load_with};
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in members {
            out.start_file(*name, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated))
                .unwrap();
            out.write_all(bytes).unwrap();
        }
        out.finish().unwrap().into_inner()
    }

    const TEXT: &[u8] = b"2 2\na 1 2\nb 3 4\n";
    const BINARY: &[u8] = b"2 1\na \0\0\x80?b \0\0\0@";

    #[test]
    fn packed_files_are_read() {
        let expected = content(&["a", "b"], &[1., 2., 3., 4.]);
        assert_eq!(load(gzip(TEXT)), expected);
        // As cat and bgzip put them one after another.
        assert_eq!(load([gzip(&TEXT[..7]), gzip(&TEXT[7..])].concat()), expected);
        assert_eq!(load(zip(&[("v.txt", TEXT)])), expected);
        assert_eq!(load(zip(&[("__MACOSX/._v.txt", b"x"), ("v.txt", TEXT)])), expected);
        let several = zip(&[("v.txt", TEXT), ("w.bin", BINARY)]);
        assert_eq!(load_with(&several, Load::new().member("v.txt")), expected);
        assert_eq!(load_with(&several, Load::new().member("w.bin")), content(&["a", "b"], &[1., 2.]));
        assert_eq!(load(gzip(BINARY)), content(&["a", "b"], &[1., 2.]));
    }

    #[test]
    fn archives_say_what_is_in_them() {
        let several = zip(&[("v.txt", TEXT), ("w.bin", BINARY)]);
        assert_eq!(
            error(&several),
            "the zip archive has several members\n  received: v.txt, w.bin\n  help: Load::member says which of them to read"
        );
        let missing = error_with(&several, Load::new().member("x"));
        assert_eq!(missing, "the zip archive has no member \"x\"\n  expected: v.txt, w.bin");
        assert_eq!(error(zip(&[])), "the zip archive is empty");
        let many: Vec<_> = (0..25).map(|i| format!("{i}.txt")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), TEXT)).collect();
        assert!(error(zip(&many)).contains("19.txt and 5 more\n"));
        assert!(error(zip(&[("a.zip", &several)])).starts_with("this is a zip archive in another"));
        assert!(error(gzip(&gzip(TEXT))).starts_with("this is packed with gzip twice"));
    }

    #[test]
    fn packed_files_that_are_damaged_are_errors() {
        let packed = gzip(&TEXT.repeat(100));
        assert!(!error(&packed[..packed.len() / 2]).is_empty());
        let mut archive = zip(&[("v.txt", TEXT)]);
        archive[36] ^= 1;
        assert!(!error(&archive).is_empty());
        assert!(error(&archive[..40]).starts_with("the zip archive cannot be read"));
        // A checksum that is another: the text has been read, and is not to be trusted.
        let mut packed = gzip(TEXT);
        let at = packed.len() - 6;
        packed[at] ^= 1;
        assert!(!error(&packed).is_empty());
    }

    #[test]
    fn a_folder_and_a_missing_file_are_errors_with_the_path() {
        let folder = Folder::new();
        for path in [folder.path(""), folder.path("none")] {
            let error = crate::KeyedVectors::load(&path).unwrap_err().to_string();
            assert!(error.starts_with(&path.display().to_string()), "{error}");
        }
    }

    #[test]
    fn models_of_fast_text_in_archives_are_read() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fasttext/skipgram.bin");
        let model = std::fs::read(path).unwrap();
        let expected = load(&model);
        assert!(!expected.0.is_empty());
        assert_eq!(load(zip(&[("cc.bin", &model)])), expected);
        assert_eq!(load_with(zip(&[("a", TEXT), ("cc.bin", &model)]), Load::new().member("cc.bin")), expected);
        assert_eq!(load(gzip(&model)), expected);
        for cut in [gzip(&model[..model.len() / 2]), zip(&[("cc.bin", &model[..50])]), model[..50].to_vec()] {
            let error = error(cut);
            assert!(error.starts_with("the fastText model ends in"), "{error}");
        }
    }

    #[test]
    fn files_beside_packed_tables_have_their_names_without_gz() {
        let folder = Folder::new();
        let expected = content(&["a", "b"], &[1., 2.]);
        let written = super::super::testing::vectors(&["a", "b"], &[1., 2.]);
        for name in ["v.npy", "vectors.tsv"] {
            written.save(folder.path(name)).unwrap();
            let packed = folder.write(&format!("{name}.gz"), gzip(&std::fs::read(folder.path(name)).unwrap()));
            std::fs::remove_file(folder.path(name)).unwrap();
            let read = crate::KeyedVectors::load(packed).unwrap();
            assert_eq!(super::super::testing::content_of(&read), expected, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn pipes_are_read_once() {
        let folder = Folder::new();
        let path = folder.path("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let read = |bytes: Vec<u8>| {
            std::thread::scope(|scope| {
                scope.spawn(|| std::fs::write(&path, bytes));
                crate::KeyedVectors::load(&path).map(|read| super::super::testing::content_of(&read))
            })
        };
        let expected = content(&["a", "b"], &[1., 2., 3., 4.]);
        assert_eq!(read(TEXT.to_vec()).unwrap(), expected);
        assert_eq!(read(gzip(TEXT)).unwrap(), expected);
        assert_eq!(read(BINARY.to_vec()).unwrap(), content(&["a", "b"], &[1., 2.]));
        let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fasttext/skipgram.bin");
        let model = std::fs::read(model).unwrap();
        assert_eq!(read(model.clone()).unwrap(), load(&model));
        assert!(read(zip(&[("v.txt", TEXT)])).unwrap_err().to_string().contains("cannot be read from a pipe"));
    }
}
