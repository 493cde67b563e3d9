//! `.keras` files: a zip archive of metadata.json, config.json and model.weights.h5.

use super::assets::{AllAssets, Files};
use super::section::{Reader, Section};
use super::{VERSION, config_room_for, room_for};
use crate::Result;
use candle_keras_data::atomic;
use candle_keras_layers::Config;
use candle_keras_ops::{Error, json};
use serde_json::json;
use std::fmt::Display;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The contents of a `.keras` file.
pub(crate) struct Archive {
    pub(crate) config: Config,
    /// The version of Keras, where it is known.
    pub(crate) version: Option<String>,
    pub(crate) weights: Option<Section>,
    /// The other files in it.
    pub(crate) files: Files,
}

const METADATA: &str = "metadata.json";
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.weights.h5";

impl Archive {
    /// Opens an archive, or a folder with the same members.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path.is_dir() {
            if path.join("saved_model.pb").exists() {
                return Err(Error::new(format!(
                    "{}: this is a SavedModel of TensorFlow, a program and not a model",
                    path.display()
                ))
                .help("save the model in Python again, as model.keras"));
            }
            let config = parse(&Section::open(&path.join(CONFIG))?)?;
            let weights = path.join(WEIGHTS);
            let weights = weights.exists().then(|| Section::open(&weights)).transpose()?;
            let metadata = path.join(METADATA);
            let metadata = metadata.exists().then(|| Section::open(&metadata)).transpose()?;
            let files = Files::Folder(path.into());
            return Ok(Self { config, version: version(metadata.as_ref()), weights, files });
        }
        let mut members = Members::open(Section::open(path)?)?;
        let config = members.find(CONFIG)?.ok_or_else(|| {
            Error::new(format!("{}: there is no {CONFIG} in it", path.display())).help("is it a .keras file?")
        })?;
        let version = version(members.find(METADATA)?.as_ref());
        let weights = members.find(WEIGHTS)?;
        Ok(Self { config: parse(&config)?, version, weights, files: Files::Zip(Box::new(members)) })
    }
}

/// The version in the metadata; a file without it is of an unknown one.
fn version(metadata: Option<&Section>) -> Option<String> {
    parse(metadata?).ok()?["keras_version"].as_str().map(str::to_string)
}

fn parse(config: &Section) -> Result<Config> {
    let wrong = |cause: Error| Error::new(format!("{}: {CONFIG}: {cause}", config.path().display()));
    let room = config_room_for(config.file_len());
    json::parse(&config.read_all(room)?, room).map_err(wrong)
}

/// The members of a zip archive.
pub(crate) struct Members {
    file: Section,
    zip: ZipArchive<BufReader<Reader>>,
}

impl Members {
    fn open(file: Section) -> Result<Self> {
        let failed = |cause: ZipError| Error::new(format!("{}: {cause}", file.path().display()));
        let mut zip = ZipArchive::new(BufReader::new(Reader::from(file.clone()))).map_err(failed)?;
        for i in 0..zip.len() {
            let member = zip.by_index_raw(i).map_err(failed)?;
            let name = member.name().map_err(failed)?;
            // Windows separates folders by backslashes.
            if member.enclosed_name().is_none()
                || name.starts_with(['/', '\\'])
                || name.split(['/', '\\']).any(|at| at == "..")
            {
                return Err(Error::new(format!(
                    "{}: the path of a member leads out of the archive",
                    file.path().display()
                ))
                .received(format!("{name:?}")));
            }
        }
        Ok(Self { file, zip })
    }

    pub(crate) fn find(&mut self, name: &str) -> Result<Option<Section>> {
        let path = self.file.path();
        let wrong = |what: &dyn Display| Error::new(format!("{}: {name}: {what}", path.display()));
        let mut member = match self.zip.by_name(name) {
            Ok(member) => member,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(cause) => return Err(wrong(&cause)),
        };
        if member.compression() == CompressionMethod::Stored && !member.encrypted() {
            let section = member.data_start().and_then(|start| self.file.part(start, member.size()));
            let section = section.ok_or_else(|| wrong(&"the member lies beyond the end of the file"))?;
            if section.crc32().map_err(|cause| Error::io(path, cause))? != member.crc32() {
                return Err(wrong(&"the file is damaged: its checksum does not match"));
            }
            return Ok(Some(section));
        }
        let (size, packed) = (member.size(), member.compressed_size());
        if size > room_for(packed) || (name != WEIGHTS && size > config_room_for(self.file.len())) {
            return Err(wrong(&"too large to unpack")
                .received(format!("{size} bytes, compressed to {packed}"))
                .help("Keras stores the members of a .keras file without compression"));
        }
        // Weights are read one after another: they need no memory, but a file.
        let unpacked = tempfile::tempfile().and_then(|mut file| {
            match std::io::copy(&mut member.by_ref().take(size + 1), &mut file)? {
                unpacked if unpacked == size => self.file.unpacked(file),
                _ => Err(std::io::Error::other("it does not unpack to the size that it declares")),
            }
        });
        unpacked.map(Some).map_err(|cause| wrong(&cause))
    }
}

/// Writes an archive as Keras does: members in this order, without compression.
pub(crate) fn write(
    path: &Path,
    config: &Config,
    assets: &AllAssets,
    weights: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let failed = |cause: ZipError| Error::new(format!("{}: {cause}", path.display()));
    let io = |cause| Error::io(path, cause);
    let metadata = json!({"keras_version": VERSION, "date_saved": date()});
    atomic::write(path, |file| {
        let mut zip = ZipWriter::new(file);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (name, text) in [(METADATA, &metadata), (CONFIG, config)] {
            zip.start_file(name, options).map_err(failed)?;
            zip.write_all(json::to_text(text).as_bytes()).map_err(io)?;
        }
        zip.start_file(WEIGHTS, options.large_file(true)).map_err(failed)?;
        weights(&mut zip)?;
        for (name, bytes) in assets.files() {
            zip.start_file(name, options.large_file(true)).map_err(failed)?;
            zip.write_all(bytes).map_err(io)?;
        }
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
