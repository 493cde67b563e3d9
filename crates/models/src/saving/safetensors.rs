//! safetensors: weights by the names of their layers, and the architecture in the metadata.

use super::config_room_for;
use super::hdf5_writer::write_tensor;
use super::section::Section;
use super::stored::{Data, Stored};
use super::tree::{Entry, LoadWeights, entries};
use crate::{Optimizer, Result};
use candle_core::{DType, Tensor};
use candle_keras_data::atomic;
use candle_keras_layers::{Config, Layer, Variable};
use candle_keras_ops::{Error, json};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The metadata key of the model's configuration.
const CONFIG: &str = "keras_config";
/// The maximum size of a header, by the format.
const LARGEST_HEADER: u64 = 100_000_000;

/// The contents of a safetensors file.
pub(crate) struct SafetensorsFile {
    pub(crate) tensors: BTreeMap<String, Stored>,
    pub(crate) config: Option<Config>,
    pub(crate) len: u64,
    path: PathBuf,
}

impl SafetensorsFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = Section::open(path)?;
        let wrong = |what: String| Error::new(format!("{}: {what}", path.display()));
        let mut length = [0; 8];
        file.read_at(0, &mut length).map_err(|_| wrong("too short for a safetensors file".into()))?;
        let length = u64::from_le_bytes(length);
        let header = (length <= LARGEST_HEADER).then(|| file.part(8, length)).flatten();
        let header =
            header.ok_or_else(|| wrong("this is not a safetensors file: its header is larger than the file".into()))?;
        let metadata: Metadata = serde_json::from_slice(&header.read_all(LARGEST_HEADER)?)
            .map_err(|cause| wrong(format!("the header: {cause}")))?;
        let data = file.part(8 + length, file.len() - 8 - length).ok_or_else(|| wrong("there is no data".into()))?;
        let mut tensors = BTreeMap::new();
        for (name, info) in metadata.tensors() {
            tensors.insert(name.clone(), stored(path, &name, info, &data)?);
        }
        let config = metadata.metadata().as_ref().and_then(|metadata| metadata.get(CONFIG));
        let config = config.map(|text| json::parse(text.as_bytes(), config_room_for(file.len()))).transpose();
        let config = config.map_err(|cause| wrong(format!("{CONFIG} in the metadata: {cause}")))?;
        Ok(Self { tensors, config, len: file.len(), path: path.into() })
    }

    /// Tensors without a model, from a file of another format.
    pub(crate) fn of_tensors(path: &Path, len: u64, tensors: BTreeMap<String, Stored>) -> Self {
        Self { tensors, config: None, len, path: path.into() }
    }

    /// The configuration of the model in it.
    pub(crate) fn model(&self) -> Result<Config> {
        self.config.clone().ok_or_else(|| {
            Error::new(format!("{}: there is no model in this file, only tensors", self.path.display()))
                .help("build the model in Rust and call load_weights")
        })
    }
}

fn stored(path: &Path, name: &str, info: &TensorInfo, data: &Section) -> Result<Stored> {
    let wrong = |what: &str| Error::new(format!("{}: {name}: {what}", path.display()));
    let (from, to) = info.data_offsets;
    let section = to.checked_sub(from).and_then(|len| data.part(from as u64, len as u64));
    let section = section.ok_or_else(|| wrong("the data lies beyond the end of the file"))?;
    let dtype = match info.dtype {
        Dtype::F16 => Some(DType::F16),
        Dtype::BF16 => Some(DType::BF16),
        Dtype::F32 => Some(DType::F32),
        Dtype::F64 => Some(DType::F64),
        Dtype::U8 | Dtype::BOOL => Some(DType::U8),
        Dtype::I16 => Some(DType::I16),
        Dtype::I32 => Some(DType::I32),
        Dtype::I64 => Some(DType::I64),
        Dtype::U32 => Some(DType::U32),
        _ => None,
    };
    let count = info.shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
    let data = match dtype {
        None => widened(info.dtype, &section)?,
        Some(dtype) if count.and_then(|n| n.checked_mul(dtype.size_in_bytes())) == Some(section.len() as usize) => {
            Data::Plain(section, dtype)
        }
        Some(_) => return Err(wrong("the length of the data does not match the shape")),
    };
    Ok(Stored { path: name.into(), dims: info.shape.clone(), data })
}

/// Integers of widths that candle does not have, as wider ones.
fn widened(dtype: Dtype, section: &Section) -> Result<Data> {
    let in_memory = |bytes: Vec<u8>, dtype| Data::Plain(section.in_memory(bytes), dtype);
    let bytes = section.read_all(u64::MAX)?;
    Ok(match dtype {
        Dtype::I8 => {
            in_memory(bytes.iter().flat_map(|&x| i16::from(x.cast_signed()).to_le_bytes()).collect(), DType::I16)
        }
        Dtype::U16 => {
            let (numbers, _) = bytes.as_chunks::<2>();
            in_memory(
                numbers.iter().flat_map(|x| u32::from(u16::from_le_bytes(*x)).to_le_bytes()).collect(),
                DType::U32,
            )
        }
        // Beyond any real id or count.
        Dtype::U64 => in_memory(bytes, DType::I64),
        other => Data::Unreadable(format!("tensors of dtype {other:?} are not supported")),
    })
}

/// Reads all tensors of a safetensors file, such as data for a model.
pub(crate) fn read_tensors(path: &Path) -> Result<BTreeMap<String, Tensor>> {
    let file = SafetensorsFile::open(path)?;
    file.tensors.iter().map(|(name, stored)| Ok((name.clone(), stored.read()?))).collect()
}

fn key(entry: &Entry, variable: &Variable) -> String {
    let name = variable.name();
    if entry.names.is_empty() { name.into() } else { format!("{}/{name}", entry.names) }
}

/// The weights by their names, and the optimizer's state as `optimizer/0` and so on.
pub(crate) fn named_weights(model: &dyn Layer, optimizer: Option<&Optimizer>) -> Result<BTreeMap<String, Tensor>> {
    let mut tensors = BTreeMap::new();
    for entry in entries(model) {
        for variable in &entry.variables {
            tensors.insert(key(&entry, variable), entry.value(variable)?);
        }
    }
    let state = optimizer.map(Optimizer::state).transpose()?.unwrap_or_default();
    tensors.extend(state.into_iter().enumerate().map(|(i, (_, tensor))| (format!("optimizer/{i}"), tensor)));
    Ok(tensors)
}

/// Writes tensors by their names, with the configuration of the model.
pub(crate) fn write(path: &Path, tensors: &BTreeMap<String, Tensor>, config: Option<&Config>) -> Result<()> {
    let mut infos = Vec::new();
    let mut offset = 0;
    for (name, tensor) in tensors {
        let dtype = match tensor.dtype() {
            DType::F16 => Dtype::F16,
            DType::BF16 => Dtype::BF16,
            DType::F32 => Dtype::F32,
            DType::F64 => Dtype::F64,
            DType::U8 => Dtype::U8,
            DType::I16 => Dtype::I16,
            DType::I32 => Dtype::I32,
            DType::I64 => Dtype::I64,
            DType::U32 => Dtype::U32,
            other => return Err(Error::new("a tensor of this dtype cannot be saved").received(format!("{other:?}"))),
        };
        let len = tensor.elem_count() * tensor.dtype().size_in_bytes();
        let info = TensorInfo { dtype, shape: tensor.dims().to_vec(), data_offsets: (offset, offset + len) };
        infos.push((name.clone(), info));
        offset += len;
    }
    let config = config.map(|config| HashMap::from([(CONFIG.to_string(), json::to_text(config))]));
    let metadata = Metadata::new(config, infos).map_err(|cause| Error::new(format!("{}: {cause}", path.display())))?;
    let mut header = serde_json::to_vec(&metadata)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let io = |cause| Error::io(path, cause);
    atomic::write(path, |file| {
        file.write_all(&(header.len() as u64).to_le_bytes()).map_err(io)?;
        file.write_all(&header).map_err(io)?;
        tensors.values().try_for_each(|tensor| write_tensor(file, tensor))
    })
}

impl LoadWeights {
    /// Reads the weights of a model by their names.
    pub(super) fn read_safetensors(&self, model: &dyn Layer, file: &SafetensorsFile, path: &Path) -> Result<()> {
        let entries: Vec<_> = entries(model).into_iter().filter(|entry| !entry.variables.is_empty()).collect();
        let mut found = 0;
        for entry in &entries {
            let keys = entry.variables.iter().map(|variable| key(entry, variable));
            let stored: Vec<_> = keys.filter_map(|key| file.tensors.get(&key)).collect();
            if !(self.is_by_name() && stored.is_empty()) {
                found += 1;
                self.read(entry, &entry.names, &stored)?;
            }
        }
        self.check_found(found, &entries, path)
    }
}
