//! A tensor in a file, read lazily.

use super::hdf5::Meter;
use super::section::Section;
use crate::Result;
use candle_core::{DType, Device, Tensor};
use candle_keras_layers::Variable;
use candle_keras_ops::{Error, update};

/// A tensor in a file.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// Its path in the file.
    pub(crate) path: String,
    pub(crate) dims: Vec<usize>,
    pub(crate) data: Data,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// Contiguous little-endian numbers.
    Plain(Section, DType),
    /// Chunked, filtered or big-endian HDF5 data.
    Hdf5(Box<hdf5_pure::Dataset>, Meter),
    /// Read already.
    Read(Tensor),
    /// Unreadable, and why.
    Unreadable(String),
}

impl Stored {
    fn error(&self, what: impl std::fmt::Display) -> Error {
        Error::new(format!("{}: {what}", self.path))
    }

    /// Reads all of it.
    pub(crate) fn read(&self) -> Result<Tensor> {
        match &self.data {
            Data::Plain(section, dtype) => {
                let mut bytes = vec![0; section.len() as usize];
                section.read_at(0, &mut bytes).map_err(|cause| self.error(cause))?;
                Ok(Tensor::from_raw_buffer(&bytes, *dtype, &self.dims, &Device::Cpu)?)
            }
            Data::Hdf5(dataset, meter) => {
                use hdf5_pure::DType as H5;
                // Each element may be a chunk with an entry in an index.
                let count = self.dims.iter().product::<usize>() as u64;
                meter.allow(count.saturating_mul(64).saturating_add(1 << 20));
                let failed = |cause: hdf5_pure::Error| self.error(cause);
                let dims = self.dims.as_slice();
                Ok(match dataset.dtype().map_err(failed)? {
                    H5::F32 => Tensor::from_vec(dataset.read_f32().map_err(failed)?, dims, &Device::Cpu)?,
                    H5::I64 | H5::U64 | H5::U32 | H5::I32 | H5::I16 | H5::I8 | H5::U16 | H5::U8 => {
                        Tensor::from_vec(dataset.read_i64().map_err(failed)?, dims, &Device::Cpu)?
                    }
                    _ => Tensor::from_vec(dataset.read_f64().map_err(failed)?, dims, &Device::Cpu)?,
                })
            }
            Data::Read(tensor) => Ok(tensor.clone()),
            Data::Unreadable(why) => Err(self.error(why)),
        }
    }

    /// An error if the shape of a weight differs.
    pub(crate) fn check_shape(&self, variable: &Variable) -> Result<()> {
        if self.dims == variable.dims() {
            return Ok(());
        }
        Err(self
            .error(format!("the shape of the weight {:?} does not match", variable.path()))
            .expected(format!("{:?}", variable.dims()))
            .received(format!("{:?}", self.dims)))
    }

    /// Reads it into a weight of its shape.
    pub(crate) fn read_into(&self, variable: &Variable) -> Result<()> {
        self.check_shape(variable)?;
        match self.read_into_tensor(&variable.value())? {
            Some(value) => variable.assign(&value),
            None => Ok(()),
        }
    }

    /// Reads it directly into the memory of a tensor of its shape, if both are float32; otherwise returns the values.
    pub(crate) fn read_into_tensor(&self, tensor: &Tensor) -> Result<Option<Tensor>> {
        match &self.data {
            Data::Plain(section, DType::F32) if update::is_in_place([tensor]) => {
                let mut result = Ok(());
                update::in_place(&[tensor], |memory| result = read_f32(section, memory[0]))?;
                result.map(|()| None).map_err(|cause| self.error(cause))
            }
            _ => self.read().map(Some),
        }
    }
}

fn read_f32(section: &Section, memory: &mut [f32]) -> std::io::Result<()> {
    let mut buffer = vec![0; (1usize << 18).min(memory.len() * 4)];
    let mut offset = 0;
    for part in memory.chunks_mut(1 << 16) {
        let bytes = &mut buffer[..part.len() * 4];
        section.read_at(offset, bytes)?;
        offset += bytes.len() as u64;
        let (numbers, _) = bytes.as_chunks::<4>();
        part.iter_mut().zip(numbers).for_each(|(x, number)| *x = f32::from_le_bytes(*number));
    }
    Ok(())
}
