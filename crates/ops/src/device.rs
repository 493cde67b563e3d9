//! Devices by name: `cpu`, `cuda`, `cuda:1`.

use crate::{Error, Result};
use candle_core::{CpuStorage, DType, Device, Shape, Storage, Tensor};
use std::ops::Range;

/// The device of this name: `cpu`, or `cuda` with an optional number.
///
/// # Errors
/// If the name is not a device, the build has no CUDA, or there is no such GPU.
///
/// ```
/// use candle_keras_ops::device;
/// assert!(device("cpu")?.is_cpu());
/// assert!(device("gpu").is_err());
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn device(name: &str) -> Result<Device> {
    let unknown = || Error::unknown("device", name, &["cpu", "cuda", "cuda:0"]);
    let number = match name.split_once(':') {
        None if name == "cpu" => return Ok(Device::Cpu),
        None if name == "cuda" => 0,
        Some(("cuda", number)) => number.parse().map_err(|_| unknown())?,
        _ => return Err(unknown()),
    };
    if !cfg!(feature = "cuda") {
        return Err(Error::new(format!("this build cannot use the device {name:?}: it has no CUDA"))
            .help("build with --features cuda, which needs NVIDIA's CUDA toolkit with nvcc"));
    }
    Ok(Device::new_cuda(number)?)
}

/// The tensor on a device; one that is there already is not copied.
///
/// Of a part of a tensor, only the part is moved: candle moves the whole memory that it is in, for each batch all samples. On a GPU,
/// integers of 16 and 32 bits with a sign become 64 bits: candle has no kernels for them.
///
/// # Errors
/// If the device fails.
pub fn to_device(tensor: &Tensor, device: &Device) -> Result<Tensor> {
    if device.is_cuda() && !has_kernels(tensor.dtype()) && tensor.device().is_cpu() {
        return to_device(&tensor.to_dtype(DType::I64)?, device);
    }
    let is_part = match &*tensor.storage_and_layout().0 {
        Storage::Cpu(storage) => length(storage) != tensor.elem_count(),
        // The length of memory on a device is not known here.
        _ => !(tensor.is_contiguous() && tensor.layout().start_offset() == 0),
    };
    let moves = !tensor.device().same_device(device);
    if !(is_part && moves) {
        return Ok(tensor.to_device(device)?);
    }
    crate::check_memory(tensor.dims(), tensor.dtype())?;
    if tensor.device().is_cpu() && tensor.is_contiguous() && !tensor.track_op() {
        let (storage, layout) = tensor.storage_and_layout();
        if let Storage::Cpu(storage) = &*storage {
            let part = layout.start_offset()..layout.start_offset() + tensor.elem_count();
            if let Some(moved) = from_slice(storage, part, tensor.shape(), device)? {
                return Ok(moved);
            }
        }
    }
    Ok(tensor.force_contiguous()?.to_device(device)?)
}

/// A part of memory on the host as a tensor on a device, without a copy on the host.
fn from_slice(
    storage: &CpuStorage,
    part: Range<usize>,
    shape: &Shape,
    device: &Device,
) -> candle_core::Result<Option<Tensor>> {
    macro_rules! tensor {
        ($($dtype:ident)*) => {
            match storage {
                $(CpuStorage::$dtype(numbers) => Tensor::from_slice(&numbers[part], shape, device).map(Some),)*
                _ => Ok(None),
            }
        };
    }
    tensor!(U8 U32 I64 BF16 F16 F32 F64)
}

/// Whether candle has kernels for this dtype on a GPU.
pub(crate) fn has_kernels(dtype: DType) -> bool {
    !matches!(dtype, DType::I16 | DType::I32)
}

fn length(storage: &CpuStorage) -> usize {
    macro_rules! lengths {
        ($($dtype:ident)*) => {
            match storage {
                $(CpuStorage::$dtype(numbers) => numbers.len(),)*
                // Packed numbers, which no layer has.
                _ => usize::MAX,
            }
        };
    }
    lengths!(U8 U32 I16 I32 I64 BF16 F16 F32 F64 F8E4M3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_device_are_errors() {
        for name in ["", "cuda:", "cuda:x", "cpu:0", "tpu"] {
            assert!(device(name).is_err(), "{name}");
        }
        if !cfg!(feature = "cuda") {
            assert!(device("cuda:0").unwrap_err().to_string().contains("--features cuda"));
        }
    }
}
