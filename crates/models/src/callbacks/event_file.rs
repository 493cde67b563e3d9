//! The files of TensorBoard: records with checksums, each an event in the format of Protocol Buffers.

use crate::Result;
use candle_keras_ops::Error;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// CRC-32C, of the polynomial of Castagnoli, by the bytes of a table.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let (mut crc, mut bit) = (i as u32, 0);
            while bit < 8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
                bit += 1;
            }
            table[i] = crc;
            i += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, byte| crc >> 8 ^ TABLE[((crc ^ u32::from(*byte)) & 255) as usize])
}

/// The checksum of a record: rotated and shifted, since the data may have checksums itself.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// A message of Protocol Buffers.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 128 {
            self.0.push(number as u8 | 128);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// A whole number that is not negative.
    fn whole(mut self, field: u64, number: u64) -> Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }

    fn double(mut self, field: u64, number: f64) -> Self {
        self.varint(field << 3 | 1);
        self.0.extend(number.to_le_bytes());
        self
    }

    /// Text, bytes or another message.
    fn bytes(mut self, field: u64, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A value of a plugin of TensorBoard: the `Summary.Value` of its protocol.
pub(super) struct Value(Message);

impl Value {
    fn new(tag: &str, tensor: &Message, plugin: &str, content: &str) -> Self {
        let data = Message::default().bytes(1, plugin);
        let data = if content.is_empty() { data } else { data.bytes(2, content) };
        Self(Message::default().bytes(1, tag).bytes(8, tensor).bytes(9, Message::default().bytes(1, data)))
    }

    /// A number.
    pub(super) fn scalar(tag: &str, number: f64) -> Self {
        let tensor = Message::default().whole(1, FLOAT).bytes(2, []).bytes(4, (number as f32).to_le_bytes());
        Self::new(tag, &tensor, "scalars", "")
    }

    /// How many of these numbers are in each of 30 parts of their range.
    pub(super) fn histogram(tag: &str, numbers: &[f64]) -> Self {
        let rows = histogram(numbers);
        let size = |size: usize| Message::default().bytes(2, Message::default().whole(1, size as u64));
        let shape = [size(rows.len()).0, size(3).0].concat();
        let content: Vec<u8> = rows.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
        let tensor = Message::default().whole(1, DOUBLE).bytes(2, shape).bytes(4, content);
        Self::new(tag, &tensor, "histograms", "")
    }

    /// The configuration of a model, as JSON.
    pub(super) fn model(tag: &str, json: &str) -> Self {
        let tensor = Message::default().whole(1, STRING).bytes(2, []).bytes(8, json);
        Self::new(tag, &tensor, "graph_keras_model", "1")
    }
}

/// The dtypes of its protocol.
const FLOAT: u64 = 1;
const DOUBLE: u64 = 2;
const STRING: u64 = 7;

/// The number of parts of a histogram.
const PARTS: usize = 30;

/// The left and right end of each part, and how many numbers are in it. Numbers that are not finite are in none.
fn histogram(numbers: &[f64]) -> Vec<[f64; 3]> {
    let finite = || numbers.iter().copied().filter(|number| number.is_finite());
    let (least, most) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let width = (most - least) / PARTS as f64;
    let mut counts = [0.0; PARTS];
    for number in finite() {
        let part = if width > 0.0 { ((number - least) / width) as usize } else { PARTS };
        counts[part.min(PARTS - 1)] += 1.0;
    }
    let end = |part: usize| match part {
        _ if finite().next().is_none() => 0.0,
        PARTS => most,
        part => least + width * part as f64,
    };
    (0..PARTS).map(|part| [end(part), end(part + 1), counts[part]]).collect()
}

/// A file of events. What is written is in the file at once, so that TensorBoard shows it while the training runs.
#[derive(Debug)]
pub(super) struct EventFile {
    path: PathBuf,
    file: File,
    /// Its length up to the last event.
    length: u64,
}

impl EventFile {
    /// The file with this name in this folder, cut after this length; a new one if it is not there or shorter.
    pub(super) fn open(folder: &Path, name: &str, length: u64) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|cause| Error::io(folder, cause))?;
        let path = folder.join(name);
        let failed = |cause| Error::io(&path, cause);
        let mut file = File::options().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let length = if file.metadata().map_err(failed)?.len() < length { 0 } else { length };
        file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        let mut opened = Self { path, file, length };
        if length == 0 {
            opened.event(|event| event.bytes(3, "brain.Event:2"))?;
        }
        Ok(opened)
    }

    /// Its name and its length.
    pub(super) fn place(&self) -> (String, u64) {
        (self.path.file_name().unwrap_or_default().to_string_lossy().into_owned(), self.length)
    }

    /// Writes these values for a step.
    pub(super) fn write(&mut self, step: u64, values: impl IntoIterator<Item = Value>) -> Result<()> {
        values.into_iter().try_for_each(|Value(value)| {
            self.event(|event| event.whole(2, step).bytes(5, Message::default().bytes(1, value)))
        })
    }

    fn event(&mut self, fill: impl FnOnce(Message) -> Message) -> Result<()> {
        let Message(data) = fill(Message::default().double(1, now()));
        let length = (data.len() as u64).to_le_bytes();
        let record = [&length, &masked(&length).to_le_bytes()[..], &data, &masked(&data).to_le_bytes()].concat();
        self.file.write_all(&record).map_err(|cause| Error::io(&self.path, cause))?;
        self.length += record.len() as u64;
        Ok(())
    }
}

/// The name of a new file: when and where it was made, and a number.
pub(super) fn new_name() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let machine = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let machine = if machine.trim().is_empty() { "localhost" } else { machine.trim() };
    let machine = machine.replace(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c), "-");
    let (seconds, process) = (now() as u64, std::process::id());
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("events.out.tfevents.{seconds}.{machine}.{process}.{number}.v2")
}

/// The seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the polynomial, and those of RFC 3720 B.4.
    #[test]
    fn checksums_are_those_of_castagnoli() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[255; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
    }

    #[test]
    fn a_histogram_counts_each_number_once() {
        let rows = histogram(&[0.0, 1.0, 2.9, 30.0, f64::NAN]);
        assert_eq!((rows.len(), rows[0], rows[1], rows[2]), (30, [0., 1., 1.], [1., 2., 1.], [2., 3., 1.]));
        assert_eq!(rows[29], [29., 30., 1.]);
        // As in TensorBoard, equal numbers are all in the last part.
        assert_eq!(histogram(&[2.0, 2.0])[28..], [[2., 2., 0.], [2., 2., 2.]]);
        assert_eq!(histogram(&[]), vec![[0.0; 3]; 30]);
    }
}
