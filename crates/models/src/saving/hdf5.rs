//! Reads HDF5 files.

use super::room_for;
use super::section::{Format, Section};
use super::stored::{Data, Stored};
use crate::Result;
use candle_core::DType;
use candle_keras_ops::Error;
use hdf5_pure::{AttrValue, DType as H5, Datatype, DatatypeByteOrder, File, FormatError, Group, Layout};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The maximum depth of groups: nested models are much less deep, and a group may contain itself.
const MOST_DEPTH: usize = 128;

/// The datasets and groups of a file, by their paths. External links are ignored.
pub(crate) struct Hdf5 {
    pub(crate) section: Section,
    pub(crate) datasets: BTreeMap<String, Stored>,
    groups: BTreeMap<String, Attributes>,
    /// The first group of each name in an attribute `name`.
    named: OnceCell<HashMap<String, String>>,
    meter: Meter,
    /// The remaining bytes of data that the file can hold.
    room: u64,
}

/// A group, whose attributes are read once.
struct Attributes {
    group: Group,
    read: OnceCell<HashMap<String, AttrValue>>,
}

/// How many bytes may still be read from a file for its structure, or be needed for the paths of its objects. Links may lead to the same
/// group on exponentially many paths; what belongs to one path each needs a few times the length of the file.
#[derive(Debug, Clone)]
pub(crate) struct Meter(Arc<AtomicU64>);

impl Meter {
    fn new(section: &Section) -> Self {
        Self(Arc::new(AtomicU64::new(section.len().saturating_mul(64).saturating_add(1 << 20))))
    }

    /// False if there is not so much left.
    fn take(&self, bytes: u64) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |left| Some(left.saturating_sub(bytes))).is_ok_and(|left| left > bytes)
    }

    /// Data may be read beside the structure.
    pub(crate) fn allow(&self, bytes: u64) {
        _ = self.0.fetch_update(Relaxed, Relaxed, |left| Some(left.saturating_add(bytes)));
    }

    fn is_empty(&self) -> bool {
        self.0.load(Relaxed) == 0
    }
}

struct Metered {
    section: Section,
    meter: Meter,
}

impl hdf5_pure::Source for Metered {
    fn len(&self) -> u64 {
        self.section.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::result::Result<(), FormatError> {
        let (expected, available) = (buffer.len(), self.section.len().saturating_sub(offset) as usize);
        let eof = FormatError::UnexpectedEof { expected, available };
        if !self.meter.take(buffer.len() as u64) {
            return Err(eof);
        }
        self.section.read_at(offset, buffer).map_err(|_| eof)
    }
}

impl Hdf5 {
    pub(crate) fn open(section: Section) -> Result<Self> {
        let path = section.path().display().to_string();
        let meter = Meter::new(&section);
        let source = Metered { section: section.clone(), meter: meter.clone() };
        let file = File::from_source(source).map_err(|cause| match section.format() {
            Format::Unknown => Error::new(format!("{path}: this is neither a model nor weights"))
                .expected("a zip archive (.keras, .npz), HDF5 or safetensors")
                .received(format!("{} bytes that begin otherwise", section.file_len())),
            _ => Error::new(format!("{path}: {cause}")),
        })?;
        let room = room_for(section.file_len());
        let (datasets, groups, named) = (BTreeMap::new(), BTreeMap::new(), OnceCell::new());
        let mut hdf5 = Self { section, datasets, groups, named, meter, room };
        hdf5.walk(String::new(), file.root(), 0)?;
        Ok(hdf5)
    }

    fn walk(&mut self, path: String, group: Group, depth: usize) -> Result<()> {
        let (file, meter) = (self.section.path().display().to_string(), self.meter.clone());
        let too_many = || {
            Error::new(format!("{file}: the groups of this file are too deep or too many"))
                .help("its links lead to the same groups on many paths, which Keras does not write")
        };
        let failed = |cause: hdf5_pure::Error| match meter.is_empty() {
            true => too_many(),
            false => Error::new(format!("{file}: {path}/: {cause}")),
        };
        let join = |name: &str| if path.is_empty() { name.to_string() } else { format!("{path}/{name}") };
        let entered = |path: &str| if meter.take(64 + 16 * path.len() as u64) { Ok(()) } else { Err(too_many()) };
        if depth > MOST_DEPTH {
            return Err(too_many());
        }
        for (name, dataset) in group.iter_datasets().map_err(failed)? {
            let stored = self.stored(join(&name), dataset).map_err(failed)?;
            entered(&stored.path)?;
            self.datasets.entry(stored.path.clone()).or_insert(stored);
        }
        for (name, child) in group.iter_groups().map_err(failed)? {
            let child_path = join(&in_keras_3(&name));
            entered(&child_path)?;
            self.walk(child_path, child, depth + 1)?;
        }
        self.groups.entry(path).or_insert(Attributes { group, read: OnceCell::new() });
        Ok(())
    }

    fn stored(&mut self, path: String, dataset: hdf5_pure::Dataset) -> std::result::Result<Stored, hdf5_pure::Error> {
        let shape = dataset.shape()?;
        let dims: Vec<usize> = shape.iter().map(|&size| size as usize).collect();
        let unreadable = |why: &str| Data::Unreadable(why.into());
        let product = |sizes: &[u64]| sizes.iter().try_fold(1u64, |count, &size| count.checked_mul(size));
        let count = product(&shape);
        // Chunks are unpacked whole, also those that are larger than the dataset.
        let unpacked: Vec<u64> = match dataset.chunk_shape()? {
            Some(chunk) => shape.iter().zip(chunk).map(|(&size, chunk)| size.max(chunk)).collect(),
            None => shape.clone(),
        };
        let bytes = product(&unpacked).and_then(|count| count.checked_mul(dataset.element_size().unwrap_or(8)));
        let fits = bytes.is_some_and(|bytes| bytes <= self.room);
        self.room = self.room.saturating_sub(bytes.unwrap_or(0));
        let dtype = plain_dtype(&dataset.datatype()?, &dataset);
        let data = match (dataset.layout()?, dtype, count) {
            (_, _, None) => unreadable("no dataset has this many elements"),
            _ if !fits => unreadable("the data is larger than the file can hold"),
            (Layout::Virtual, ..) => unreadable("the data is in other files, which are not followed"),
            (Layout::Contiguous { address: None, size: 1.. }, ..) => {
                unreadable("the data is not in this file, and other files are not followed")
            }
            // Nothing has no address.
            (Layout::Contiguous { address, .. }, Some(dtype), Some(count)) if address.is_some() || count == 0 => {
                let address = address.unwrap_or(0);
                let bytes = count.checked_mul(dtype.size_in_bytes() as u64);
                match bytes.and_then(|bytes| self.section.part(address, bytes)) {
                    Some(section) => Data::Plain(section, dtype),
                    None => unreadable("the data lies beyond the end of the file"),
                }
            }
            _ if !is_number(&dataset.dtype()?) => unreadable("the data is not numeric"),
            _ => Data::Hdf5(Box::new(dataset), self.meter.clone()),
        };
        Ok(Stored { path, dims, data })
    }

    pub(crate) fn has_group(&self, path: &str) -> bool {
        self.groups.contains_key(path)
    }

    /// The datasets of a group that are named by numbers, in numerical order.
    pub(crate) fn numbered(&self, group: &str) -> Vec<&Stored> {
        let prefix = if group.is_empty() { String::new() } else { format!("{group}/") };
        let of_group = self.datasets.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
        let mut numbered: Vec<(u64, &Stored)> =
            of_group.filter_map(|(path, stored)| Some((path[prefix.len()..].parse().ok()?, stored))).collect();
        numbered.sort_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, stored)| stored).collect()
    }

    fn attribute(&self, group: &str, name: &str) -> Option<&AttrValue> {
        let Attributes { group, read } = self.groups.get(group)?;
        read.get_or_init(|| group.attrs().unwrap_or_default()).get(name)
    }

    /// An attribute of a group that is a string.
    pub(crate) fn string(&self, group: &str, name: &str) -> Option<String> {
        self.attribute(group, name)?.as_str().map(String::from)
    }

    /// An attribute of a group that is a list of strings; a list too long for one attribute is in `name0`, `name1` and so on.
    pub(crate) fn strings(&self, group: &str, name: &str) -> Option<Vec<String>> {
        let list = |value: &AttrValue| value.as_strings().map(<[String]>::to_vec).unwrap_or_default();
        if let Some(value) = self.attribute(group, name) {
            return Some(list(value));
        }
        let mut parts = (0..).map_while(|i| self.attribute(group, &format!("{name}{i}"))).peekable();
        parts.peek()?;
        Some(parts.flat_map(list).collect())
    }

    /// The group whose attribute `name` has this value.
    pub(crate) fn group_named(&self, name: &str) -> Option<&str> {
        let by_name = || {
            let names = self.groups.keys().rev().filter_map(|group| Some((self.string(group, "name")?, group.clone())));
            names.collect()
        };
        self.named.get_or_init(by_name).get(name).map(String::as_str)
    }
}

/// What Keras 2.13 called the group of a model's layers.
const OLD_LAYERS: &str = "_layer_checkpoint_dependencies";

/// The name of a group as Keras 3 writes it. On Windows, early versions joined the path of a layer by backslashes, into one name.
fn in_keras_3(name: &str) -> Cow<'_, str> {
    let is_path = |layers| name.strip_prefix(layers).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'));
    match is_path(OLD_LAYERS) || is_path("layers") {
        true => name.replace('\\', "/").replace(OLD_LAYERS, "layers").into(),
        false => name.into(),
    }
}

fn is_number(dtype: &H5) -> bool {
    match dtype {
        H5::F32 | H5::F64 | H5::I8 | H5::I16 | H5::I32 | H5::I64 | H5::U8 | H5::U16 | H5::U32 | H5::U64 => true,
        H5::Other(other) => matches!(**other, Datatype::FloatingPoint { .. }),
        _ => false,
    }
}

/// candle's dtype of a dataset, if its bytes have candle's layout.
fn plain_dtype(datatype: &Datatype, dataset: &hdf5_pure::Dataset) -> Option<DType> {
    let little = |order: &DatatypeByteOrder| *order == DatatypeByteOrder::LittleEndian;
    match datatype {
        Datatype::FloatingPoint { size, byte_order, layout } if little(byte_order) => {
            match (size, layout.exponent_size) {
                (2, 5) => Some(DType::F16),
                (2, 8) => Some(DType::BF16),
                (4, 8) => Some(DType::F32),
                (8, 11) => Some(DType::F64),
                _ => None,
            }
        }
        Datatype::FixedPoint { size: 1, .. } => (dataset.dtype().ok()? == H5::U8).then_some(DType::U8),
        Datatype::FixedPoint { byte_order, .. } if little(byte_order) => match dataset.dtype().ok()? {
            H5::I16 => Some(DType::I16),
            H5::I32 => Some(DType::I32),
            H5::I64 => Some(DType::I64),
            H5::U32 => Some(DType::U32),
            _ => None,
        },
        // Keras's encoding of bfloat16, which HDF5 does not have.
        Datatype::Opaque { size: 2, .. } => {
            let dtype = dataset.attrs().ok()?.remove("dtype");
            (dtype?.as_str() == Some("bfloat16")).then_some(DType::BF16)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdf5_pure::FileBuilder;

    #[test]
    fn attributes_in_many_parts_are_read_once() {
        let mut file = FileBuilder::new();
        (0..2000).for_each(|i| file.set_attr(&format!("names{i}"), AttrValue::VarLenString(format!("layer_{i}"))));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("parts.h5");
        std::fs::write(&path, file.finish().expect("a file")).expect("written");
        let start = std::time::Instant::now();
        let file = Hdf5::open(Section::open(&path).expect("a section")).expect("HDF5");
        assert_eq!(file.string("", "names1999").as_deref(), Some("layer_1999"));
        assert_eq!(file.strings("", "names").map(|names| names.len()), Some(2000));
        assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
    }
}
