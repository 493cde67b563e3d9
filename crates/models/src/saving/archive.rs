//! `.keras` files: a zip archive of metadata.json, config.json and model.weights.h5.

use super::VERSION;
use super::section::{Reader, Section};
use crate::Result;
use candle_keras_data::atomic;
use candle_keras_layers::Config;
use candle_keras_ops::Error;
use serde_json::json;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The maximum size of a configuration.
const LARGEST_CONFIG: u64 = 1 << 28;
/// The maximum size of compressed weights, which are unpacked in memory; Keras stores them uncompressed.
const LARGEST_COMPRESSED: u64 = 1 << 30;

/// The contents of a `.keras` file.
pub(crate) struct Archive {
    pub(crate) config: Config,
    /// The version of Keras, where it is known.
    pub(crate) version: Option<String>,
    pub(crate) weights: Option<Section>,
}

const METADATA: &str = "metadata.json";
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.weights.h5";

impl Archive {
    /// Opens an archive, or a folder with the same members.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path.is_dir() {
            let config = parse(path, CONFIG, &Section::open(&path.join(CONFIG))?.read_all(LARGEST_CONFIG)?)?;
            let weights = path.join(WEIGHTS);
            let weights = weights.exists().then(|| Section::open(&weights)).transpose()?;
            let metadata = path.join(METADATA);
            let metadata = metadata.exists().then(|| Section::open(&metadata)).transpose()?;
            return Ok(Self { config, version: version(metadata.as_ref()), weights });
        }
        let file = Section::open(path)?;
        let failed = |cause: zip::result::ZipError| Error::new(format!("{}: {cause}", path.display()));
        let mut archive = ZipArchive::new(BufReader::new(Reader::from(file.clone()))).map_err(failed)?;
        for i in 0..archive.len() {
            let member = archive.by_index_raw(i).map_err(failed)?;
            let name = member.name().map_err(failed)?;
            if member.enclosed_name().is_none() || name.starts_with('/') || name.contains('\\') {
                return Err(Error::new(format!("{}: the path of a member leads out of the archive", path.display()))
                    .received(format!("{name:?}")));
            }
        }
        let mut member = |name: &str, limit: u64| -> Result<Option<Section>> {
            let mut member = match archive.by_name(name) {
                Ok(member) => member,
                Err(zip::result::ZipError::FileNotFound) => return Ok(None),
                Err(cause) => return Err(Error::new(format!("{}: {name}: {cause}", path.display()))),
            };
            let beyond =
                || Error::new(format!("{}: {name}: the member lies beyond the end of the file", path.display()));
            if member.compression() == CompressionMethod::Stored && !member.encrypted() {
                let start = member.data_start().ok_or_else(beyond)?;
                let section = file.part(start, member.size()).ok_or_else(beyond)?;
                if section.crc32().map_err(|cause| Error::io(path, cause))? != member.crc32() {
                    return Err(Error::new(format!(
                        "{}: {name}: the file is damaged: its checksum does not match",
                        path.display()
                    )));
                }
                return Ok(Some(section));
            }
            // Compressed: never more than its declared size, and never more than the limit.
            let size = member.size();
            if size > limit || size > member.compressed_size().saturating_mul(1100) {
                return Err(Error::new(format!("{}: {name}: too large to unpack", path.display()))
                    .received(format!("{size} bytes, compressed to {}", member.compressed_size()))
                    .help("Keras stores the members of a .keras file without compression"));
            }
            let mut bytes = Vec::new();
            let read = member.by_ref().take(size).read_to_end(&mut bytes);
            read.map_err(|cause| Error::new(format!("{}: {name}: {cause}", path.display())))?;
            Ok(Some(Section::in_memory(path, bytes)))
        };
        let config = member(CONFIG, LARGEST_CONFIG)?.ok_or_else(|| {
            Error::new(format!("{}: there is no {CONFIG} in it", path.display())).help("is it a .keras file?")
        })?;
        let config = parse(path, CONFIG, &config.read_all(LARGEST_CONFIG)?)?;
        let version = version(member(METADATA, LARGEST_CONFIG)?.as_ref());
        Ok(Self { config, version, weights: member(WEIGHTS, LARGEST_COMPRESSED)? })
    }
}

/// The version in the metadata; a file without it is of an unknown one.
fn version(metadata: Option<&Section>) -> Option<String> {
    let metadata: Config = serde_json::from_slice(&metadata?.read_all(LARGEST_CONFIG).ok()?).ok()?;
    metadata["keras_version"].as_str().map(str::to_string)
}

fn parse(path: &Path, member: &str, bytes: &[u8]) -> Result<Config> {
    serde_json::from_slice(bytes).map_err(|cause| Error::new(format!("{}: {member}: {cause}", path.display())))
}

/// Writes an archive as Keras does: members in this order, without compression.
pub(crate) fn write(path: &Path, config: &Config, weights: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let failed = |cause: zip::result::ZipError| Error::new(format!("{}: {cause}", path.display()));
    let io = |cause| Error::io(path, cause);
    let metadata = json!({"keras_version": VERSION, "date_saved": date()});
    atomic::write(path, |file| {
        let mut zip = ZipWriter::new(file);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (name, text) in [(METADATA, &metadata), (CONFIG, config)] {
            zip.start_file(name, options).map_err(failed)?;
            zip.write_all(serde_json::to_string(text)?.as_bytes()).map_err(io)?;
        }
        zip.start_file(WEIGHTS, options.large_file(true)).map_err(failed)?;
        weights(&mut zip)?;
        zip.finish().map_err(failed)?;
        Ok(())
    })
}

/// The current time in Keras's format: `2026-11-22@16:36:29`, in UTC.
fn date() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = ((since.as_secs() / 86400) as i64, since.as_secs() % 86400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}@{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The date of a day since 1970 in the Gregorian calendar, counted in years that begin with March.
fn civil(days: i64) -> (i64, i64, i64) {
    let since = days + 719_468; // from the 1st of March of the year 0
    let (era, day) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!([0, 59, 11_016, 20_779].map(civil), [(1970, 1, 1), (1970, 3, 1), (2000, 2, 29), (2026, 11, 22)]);
    }
}
