//! Files in Keras's cache. Keras: `keras.utils.get_file`.

use candle_keras_ops::{Error, Result};
use digest::Digest;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// The keyword arguments of [`get_file`], with Keras's defaults.
#[derive(Debug, Clone)]
#[must_use]
pub struct GetFile {
    origin: Option<String>,
    file_hash: Option<String>,
    hash_algorithm: String,
    cache_subdir: PathBuf,
    cache_dir: Option<PathBuf>,
    extract: bool,
    archive_format: String,
    force_download: bool,
}

impl Default for GetFile {
    fn default() -> Self {
        Self {
            origin: None,
            file_hash: None,
            hash_algorithm: "auto".into(),
            cache_subdir: "datasets".into(),
            cache_dir: None,
            extract: false,
            archive_format: "auto".into(),
            force_download: false,
        }
    }
}

impl GetFile {
    /// Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The address that the file comes from.
    pub fn origin(mut self, url: impl Into<String>) -> Self {
        self.origin = Some(url.into());
        self
    }

    /// The SHA-256 or MD5 hash of the file, in hexadecimal digits: another file is fetched again with the feature `download`, and an error
    /// otherwise.
    pub fn file_hash(mut self, hash: impl Into<String>) -> Self {
        self.file_hash = Some(hash.into().to_ascii_lowercase());
        self
    }

    /// `"sha256"`, `"md5"`, or `"auto"`, by default: what the length of the hash says.
    pub fn hash_algorithm(mut self, algorithm: &str) -> Self {
        self.hash_algorithm = algorithm.into();
        self
    }

    /// The folder of the cache that the file is in. Default: `datasets`.
    pub fn cache_subdir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_subdir = folder.into();
        self
    }

    /// The cache. Default: the environment variable `KERAS_HOME`, or `.keras` in the home folder.
    pub fn cache_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_dir = Some(folder.into());
        self
    }

    /// Whether the file is an archive that is unpacked beside it; the path is then that of the folder.
    pub fn extract(mut self, extract: bool) -> Self {
        self.extract = extract;
        self
    }

    /// `"tar"`, also compressed by gzip, `"zip"`, or `"auto"`, by default: what the file is.
    pub fn archive_format(mut self, format: &str) -> Self {
        self.archive_format = format.into();
        self
    }

    /// Whether the file is fetched though it is there. Needs the feature `download`.
    pub fn force_download(mut self, force: bool) -> Self {
        self.force_download = force;
        self
    }
}

/// The path of a file in Keras's cache, `~/.keras/datasets/NAME`, where Python's Keras finds and leaves it too. If it is missing, it is fetched with the feature
/// `download`, and otherwise an error says from where to where to copy it. Keras: `keras.utils.get_file`.
///
/// ```
/// use candle_keras_data::{GetFile, get_file};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let cache = folder.path();
/// # std::fs::create_dir(cache.join("datasets")).expect("a folder");
/// std::fs::write(cache.join("datasets/words.txt"), "one two").expect("a file");
/// let path = get_file("words.txt", GetFile::new().cache_dir(cache))?;
/// assert_eq!(std::fs::read_to_string(path).expect("a text"), "one two");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the file is not there and cannot be fetched, has another hash, or is no archive.
pub fn get_file(fname: &str, arguments: GetFile) -> Result<PathBuf> {
    if fname.is_empty() || Path::new(fname).file_name().is_none_or(|name| name != fname) {
        return Err(Error::new("fname is the name of a file in the cache")
            .received(format!("{fname:?}"))
            .help("cache_dir and cache_subdir say where it is"));
    }
    let cache = match &arguments.cache_dir {
        Some(cache) => cache.clone(),
        None => keras_home()?,
    };
    let folder = cache.join(&arguments.cache_subdir);
    // Names of Keras: a name without an extension is that of the folder.
    let (file, unpacked) = match fname.split_once('.') {
        _ if !arguments.extract => (folder.join(fname), None),
        Some((stem, _)) => (folder.join(fname), Some(folder.join(format!("{stem}_extracted")))),
        None => (folder.join(format!("{fname}_archive")), Some(folder.join(fname))),
    };
    if let Some(unpacked) = unpacked.as_ref().filter(|unpacked| unpacked.is_dir() && !arguments.force_download) {
        return Ok(unpacked.clone());
    }
    let is_there = file.exists() && !arguments.force_download;
    if !is_there {
        fetch(&file, &arguments)?;
    }
    if let Some(expected) = &arguments.file_hash {
        let mut received = hash_of(&file, expected, &arguments.hash_algorithm)?;
        if received != *expected && is_there && cfg!(feature = "download") && arguments.origin.is_some() {
            fetch(&file, &arguments)?;
            received = hash_of(&file, expected, &arguments.hash_algorithm)?;
        }
        if received != *expected {
            let message = format!("{} is not the file that was expected: its hash is another one", file.display());
            return Err(Error::new(message)
                .expected(expected)
                .received(received)
                .help("it may be cut off or outdated: remove it, and get it again"));
        }
    }
    let Some(unpacked) = unpacked else { return Ok(file) };
    unpack(&file, &unpacked, &arguments.archive_format)?;
    Ok(unpacked)
}

fn keras_home() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || Some(std::env::home_dir()?.join(".keras"));
    set("KERAS_HOME").or_else(home).ok_or_else(|| {
        Error::new("there is no home folder for Keras's cache")
            .help("the environment variable KERAS_HOME says where it is")
    })
}

#[cfg(not(feature = "download"))]
fn fetch(file: &Path, arguments: &GetFile) -> Result<()> {
    let error = Error::new(format!("{} is not there", file.display()));
    Err(match &arguments.origin {
        Some(origin) => error.help(format!("copy {origin} to this path, or build with the feature \"download\"")),
        None => error.help("copy it to this path"),
    })
}

/// Fetches the file to a temporary one beside it, which is renamed when it is whole.
#[cfg(feature = "download")]
fn fetch(file: &Path, arguments: &GetFile) -> Result<()> {
    let origin = arguments.origin.as_ref().ok_or_else(|| {
        Error::new(format!("{} is not there", file.display())).help("GetFile::origin says where it can be fetched from")
    })?;
    let failed = |cause: &dyn std::fmt::Display| {
        Error::new(format!("{origin} cannot be fetched: {cause}")).help(format!("copy it to {}", file.display()))
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|cause| Error::io(folder, cause))?;
    }
    candle_keras_ops::console::print_line(&format!("Downloading data from {origin}"));
    let mut response = ureq::get(origin).call().map_err(|cause| failed(&cause))?;
    crate::atomic::write(file, |to| {
        let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
        std::io::copy(&mut body, to).map_err(|cause| failed(&cause))?;
        Ok(())
    })
}

/// The hash of the file by the algorithm that is named, or that the length of the expected one says.
fn hash_of(path: &Path, expected: &str, algorithm: &str) -> Result<String> {
    match (algorithm, expected.len()) {
        ("sha256", _) | ("auto", 64) => hash::<sha2::Sha256>(path),
        ("md5", _) | ("auto", 32) => hash::<md5::Md5>(path),
        ("auto", length) => Err(Error::new("file_hash has neither the length of SHA-256 nor that of MD5")
            .expected("64 or 32 hexadecimal digits")
            .received(length.to_string())),
        (other, _) => Err(Error::unknown("hash_algorithm", other, &["auto", "sha256", "md5"])),
    }
}

/// The hash of a file in hexadecimal digits.
fn hash<D: Digest>(path: &Path) -> Result<String> {
    let failed = |cause| Error::io(path, cause);
    let mut file = File::open(path).map_err(failed)?;
    let (mut digest, mut buffer) = (D::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => break,
            count => digest.update(&buffer[..count]),
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Unpacks an archive into a folder that is there whole or not at all.
fn unpack(archive: &Path, to: &Path, format: &str) -> Result<()> {
    let parent = to.parent().unwrap_or(Path::new("."));
    let folder = tempfile::tempdir_in(parent).map_err(|cause| Error::io(parent, cause))?;
    extract(archive, folder.path(), format)?;
    if to.exists() {
        fs::remove_dir_all(to).map_err(|cause| Error::io(to, cause))?;
    }
    fs::rename(folder.keep(), to).map_err(|cause| Error::io(to, cause))
}

/// Unpacks an archive into a folder that may have other files.
pub(crate) fn extract(archive: &Path, folder: &Path, format: &str) -> Result<()> {
    let failed = |cause: &dyn std::fmt::Display| {
        Error::new(format!("{}: this archive cannot be unpacked: {cause}", archive.display()))
    };
    let open = || File::open(archive).map(BufReader::new).map_err(|cause| Error::io(archive, cause));
    let mut start = Vec::new();
    open()?.take(2).read_to_end(&mut start).map_err(|cause| Error::io(archive, cause))?;
    let is_zip = match format {
        "zip" => true,
        "tar" => false,
        "auto" => start == *b"PK",
        other => return Err(Error::unknown("archive_format", other, &["auto", "tar", "zip"])),
    };
    if is_zip {
        let mut zip = zip::ZipArchive::new(open()?).map_err(|cause| failed(&cause))?;
        zip.extract(folder).map_err(|cause| failed(&cause))?;
    } else if start == [0x1f, 0x8b] {
        let tar = flate2::bufread::MultiGzDecoder::new(open()?);
        tar::Archive::new(tar).unpack(folder).map_err(|cause| failed(&cause))?;
    } else {
        tar::Archive::new(open()?).unpack(folder).map_err(|cause| failed(&cause))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
