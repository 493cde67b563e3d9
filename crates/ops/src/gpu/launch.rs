//! Compiles kernels and launches them.

use super::{Given, Source, Threads};
use crate::tape::Value;
use crate::update::{Held, Memory};
use candle_core::cuda_backend::{CudaDType, CudaDevice, CudaStorage, WrapErr, cudarc};
use candle_core::{DType, Device, Result, Shape, Storage, Tensor, bail};
use cudarc::driver::{CudaSlice, CudaView, CudaViewMut, DeviceRepr, LaunchConfig, PushKernelArg};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// The type that `real` stands for.
trait Number: CudaDType + DeviceRepr + candle_core::WithDType {
    const C: &'static str;
}

impl Number for f32 {
    const C: &'static str = "float";
}

impl Number for f64 {
    const C: &'static str = "double";
}

/// The start of all sources.
const COMMON: &str = include_str!("common.cu");

/// New tensors of these shapes, which a kernel of this name writes whole; in the dtype and on the device of `like`.
pub(crate) fn make<const N: usize>(
    source: Source,
    kernel: &str,
    like: &Tensor,
    shapes: [&Shape; N],
    given: &[Given],
    threads: Threads,
) -> Result<[Value; N]> {
    let (Device::Cuda(device), dtype) = (like.device(), like.dtype()) else { bail!("{kernel} makes tensors on a GPU") };
    let mut made = Vec::with_capacity(N);
    for shape in shapes {
        made.push(match dtype {
            DType::F32 => uninit::<f32>(device, shape.elem_count())?,
            DType::F64 => uninit::<f64>(device, shape.elem_count())?,
            _ => bail!("{kernel} takes f32 and f64, not {dtype:?}"),
        });
    }
    let whole = |memory| Held { memory: Memory::Gpu(memory), from: 0, to: 0 };
    let held = made.iter_mut().zip(shapes).map(|(m, shape)| Held { to: shape.elem_count(), ..whole(m) }).collect();
    write(source, kernel, dtype, held, given, threads)?;
    let mut made = made.into_iter().zip(shapes).map(|(m, shape)| Value::Own(Storage::Cuda(m), shape.clone()));
    Ok(std::array::from_fn(|_| made.next().expect("there is one for each shape")))
}

/// Uninitialized memory.
fn uninit<T: Number>(device: &CudaDevice, length: usize) -> Result<CudaStorage> {
    // SAFETY: the kernel that the memory is for writes each element before anything reads it: that is what `make` requires of its kernels,
    // and what the tests that compare them with the host see.
    #[allow(unsafe_code)]
    let slice = unsafe { device.alloc::<T>(length) }?;
    Ok(CudaStorage::wrap_cuda_slice(slice, device.clone()))
}

pub(super) fn write(
    source: Source,
    kernel: &str,
    dtype: DType,
    held: Vec<Held>,
    given: &[Given],
    threads: Threads,
) -> Result<()> {
    match dtype {
        DType::F32 => write_as::<f32>(source, kernel, held, given, threads),
        DType::F64 => write_as::<f64>(source, kernel, held, given, threads),
        _ => bail!("{kernel} takes f32 and f64, not {dtype:?}"),
    }
}

/// An argument, alive during the launch.
enum Argument<'a, T> {
    Reals(CudaView<'a, T>),
    Ids(CudaView<'a, u32>),
    Bytes(CudaView<'a, u8>),
    Size(u64),
    Float(T),
}

fn write_as<T: Number>(source: Source, kernel: &str, held: Vec<Held>, given: &[Given], threads: Threads) -> Result<()> {
    if threads.blocks.0 * threads.blocks.1 == 0 {
        return Ok(());
    }
    let mut device = None;
    let mut written: Vec<CudaViewMut<T>> = Vec::with_capacity(held.len());
    for Held { memory, from, to } in held {
        let Memory::Gpu(storage) = memory else { bail!("{kernel} changes tensors on a GPU") };
        device = Some(storage.device.clone());
        written.push(storage.as_cuda_slice_mut::<T>()?.slice_mut(from..to));
    }
    let Some(device) = device else { bail!("{kernel} writes nothing") };
    let module = format!("candle-keras {} {}", source.name, T::C);
    let function = device.get_or_load_custom_func(kernel, &module, &compiled(&module, T::C, source)?)?;
    let read: Vec<_> = given.iter().map(|given| tensor(given).map(Tensor::storage_and_layout)).collect();
    let mut arguments: Vec<Argument<T>> = Vec::with_capacity(given.len());
    for (given, read) in given.iter().zip(&read) {
        arguments.push(match (given, read) {
            (Given::Size(size), _) => Argument::Size(*size as u64),
            (Given::Real(real), _) => Argument::Float(T::from_f64(*real)),
            (Given::Tensor(tensor), Some((storage, layout))) => {
                let (Storage::Cuda(storage), Some((from, to))) = (&**storage, layout.contiguous_offsets()) else {
                    bail!("{kernel} reads contiguous tensors on a GPU")
                };
                match tensor.dtype() {
                    DType::U32 => Argument::Ids(part(storage, from, to)?),
                    DType::U8 => Argument::Bytes(part(storage, from, to)?),
                    _ => Argument::Reals(part(storage, from, to)?),
                }
            }
            _ => Argument::Size(0),
        });
    }
    let mut launch = function.builder();
    for written in &mut written {
        launch.arg(written);
    }
    for argument in &arguments {
        match argument {
            Argument::Reals(view) => launch.arg(view),
            Argument::Ids(view) => launch.arg(view),
            Argument::Bytes(view) => launch.arg(view),
            Argument::Size(size) => launch.arg(size),
            Argument::Float(real) => launch.arg(real),
        };
    }
    let config = LaunchConfig {
        grid_dim: (count(threads.blocks.0, i32::MAX as u32, kernel)?, count(threads.blocks.1, 65535, kernel)?, 1),
        block_dim: (count(threads.block.0, 1024, kernel)?, count(threads.block.1, 1024, kernel)?, 1),
        shared_mem_bytes: 0,
    };
    // SAFETY: `make` and `super::change` are given the arguments in the order and of the kinds that the kernel declares (pointers to
    // `real`, u32 or u8, `size` or `real`, all of which have the same size here and there), and the sizes among them are those of the
    // tensors, beyond which no kernel reads or writes; the calling op has checked that they fit together, and `Kernel` that a custom body
    // is arithmetic alone. What is written is borrowed mutably until the launch is in its stream, and shares no memory with what is read.
    #[allow(unsafe_code)]
    unsafe {
        launch.launch(config).w()?;
    }
    super::LAUNCHED.with_borrow_mut(|all| all.iter_mut().for_each(|all| all.push(kernel.into())));
    Ok(())
}

fn tensor<'a>(given: &Given<'a>) -> Option<&'a Tensor> {
    match given {
        Given::Tensor(tensor) => Some(tensor),
        _ => None,
    }
}

fn part<T: CudaDType>(storage: &CudaStorage, from: usize, to: usize) -> Result<CudaView<'_, T>> {
    let slice: &CudaSlice<T> = storage.as_cuda_slice()?;
    Ok(slice.slice(from..to))
}

fn count(count: usize, most: u32, kernel: &str) -> Result<u32> {
    match u32::try_from(count) {
        Ok(count) if count <= most => Ok(count),
        _ => bail!("{kernel} of {count} blocks or threads, where a GPU has {most} at most"),
    }
}

/// The source as PTX, which the driver compiles for the device.
fn compiled(module: &str, real: &str, source: Source) -> Result<Arc<str>> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Arc<str>>>> = LazyLock::new(Mutex::default);
    let mut all = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(ptx) = all.get(module) {
        return Ok(ptx.clone());
    }
    let text = format!("typedef {real} real;\n{COMMON}\n{}", source.text);
    let ptx = match cudarc::nvrtc::compile_ptx(text) {
        Ok(ptx) => Arc::<str>::from(ptx.to_src()),
        Err(error) => bail!("the kernels of {} do not compile: {error}", source.name),
    };
    all.insert(module.into(), ptx.clone());
    Ok(ptx)
}
