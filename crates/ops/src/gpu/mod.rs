//! Kernels on a GPU: CUDA C in the files beside this one, compiled when an op first needs it.
//!
//! Only the launches are behind the feature `cuda`: without it no tensor is on a GPU, but the code around them is compiled. Every sum has a
//! fixed order, so that runs are reproducible.

#![cfg_attr(not(feature = "cuda"), allow(dead_code, reason = "nothing is launched"))]

mod dense;
mod dropout;
#[cfg(feature = "cuda")]
mod launch;
mod losses;
mod normalize;
mod recurrent;
mod rows;
mod softmax;
mod update;
mod windows;

pub(crate) use dense::{column_sums, dense};
pub(crate) use dropout::dropout;
pub(crate) use launch::make;
pub(crate) use losses::{crossentropy, pairwise_mean};
pub(crate) use normalize::{batch_normalize, moments, normalize};
pub(crate) use recurrent::{Product, run as recurrent, takes as has_recurrent};
pub(crate) use rows::{add_rows, argmax};
pub(crate) use softmax::softmax_rows;
pub(crate) use update::{check_equation, run_equation, takes_equation};
pub(crate) use windows::{conv, conv_transpose, pool};

#[cfg(not(feature = "cuda"))]
mod launch {
    use super::{Given, Source, Threads};
    use crate::{tape::Value, update::Held};
    use candle_core::{DType, Result, Shape, Tensor, bail};

    pub(crate) fn make<const N: usize>(
        source: Source,
        kernel: &str,
        _: &Tensor,
        _: [&Shape; N],
        given: &[Given],
        threads: Threads,
    ) -> Result<[Value; N]> {
        write(source, kernel, DType::F32, Vec::new(), given, threads)?;
        bail!("{kernel} made nothing")
    }

    pub(super) fn write(
        source: Source,
        kernel: &str,
        _: DType,
        _: Vec<Held>,
        given: &[Given],
        threads: Threads,
    ) -> Result<()> {
        bail!("{kernel} of {} is for a build with the feature cuda ({given:?}, {threads:?})", source.name)
    }
}

use crate::update::{hold, same_memory};
use candle_core::{DType, Result, Tensor, bail};
use std::cell::RefCell;

thread_local! {
    static LAUNCHED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// The result of `f`, with the names of the kernels of this crate that it launched on this thread: for tests, since an op without a kernel
/// is a composition with the same result.
#[doc(hidden)]
pub fn launched<T>(f: impl FnOnce() -> T) -> (T, Vec<String>) {
    let outer = LAUNCHED.replace(Some(Vec::new()));
    let value = f();
    (value, LAUNCHED.replace(outer).unwrap_or_default())
}

/// A file of kernels in CUDA C. They are compiled for f32 and for f64: `real` is float or double.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

/// An argument of a kernel, after its outputs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Given<'a> {
    /// The memory of a contiguous tensor.
    Tensor(&'a Tensor),
    /// A null pointer.
    Nothing,
    /// A `size`.
    Size(usize),
    /// A `real`.
    Real(f64),
}

impl<'a> From<&'a Tensor> for Given<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

impl<'a> From<Option<&'a Tensor>> for Given<'a> {
    fn from(tensor: Option<&'a Tensor>) -> Self {
        tensor.map_or(Self::Nothing, Self::Tensor)
    }
}

impl From<usize> for Given<'_> {
    fn from(size: usize) -> Self {
        Self::Size(size)
    }
}

impl From<bool> for Given<'_> {
    fn from(flag: bool) -> Self {
        Self::Size(flag.into())
    }
}

impl From<f64> for Given<'_> {
    fn from(real: f64) -> Self {
        Self::Real(real)
    }
}

/// The arguments of a kernel, in order.
macro_rules! given {
    ($($given:expr),* $(,)?) => {
        [$($crate::gpu::Given::from($given)),*]
    };
}
pub(crate) use given;

/// The grid: how many blocks of how many threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Threads {
    pub(crate) blocks: (usize, usize),
    pub(crate) block: (usize, usize),
}

impl Threads {
    /// A thread for each of so many elements.
    pub(crate) fn each(count: usize) -> Self {
        Self { blocks: (count.div_ceil(256), 1), block: (256, 1) }
    }

    /// A thread for each element of so many rows: `ROW` and `COLUMN` are its place, which may be behind the last.
    pub(crate) fn grid(rows: usize, width: usize) -> Self {
        let parts = width.div_ceil(256).max(1);
        let threads = match width.div_ceil(parts) {
            few @ ..=32 => few.next_power_of_two(),
            many => many.next_multiple_of(32),
        };
        let together = (256 / threads).max(1);
        Self { blocks: (rows.div_ceil(together), parts), block: (threads, together) }
    }

    /// A block for each of so many rows, whose threads loop over the elements.
    pub(crate) fn rows(rows: usize, width: usize) -> Self {
        Self { blocks: (rows, 1), block: (width.div_ceil(4).next_power_of_two().clamp(32, 1024), 1) }
    }
}

/// Whether the kernels support these tensors: all f32 or all f64, on one GPU.
pub(crate) fn on_gpu(tensors: &[&Tensor]) -> bool {
    let (dtype, device) = (tensors[0].dtype(), tensors[0].device());
    device.is_cuda()
        && matches!(dtype, DType::F32 | DType::F64)
        && tensors.iter().all(|x| x.dtype() == dtype && x.device().same_device(device))
}

/// Runs a kernel that updates contiguous tensors in place.
///
/// # Errors
/// If one of them shares its memory with another, or with an argument.
pub(crate) fn change(
    source: Source,
    kernel: &str,
    tensors: &[&Tensor],
    given: &[Given],
    threads: Threads,
) -> Result<()> {
    let shared = |given: &Given| matches!(given, Given::Tensor(a) if tensors.iter().any(|b| same_memory(a, b)));
    if given.iter().any(shared) {
        bail!("{kernel} reads and writes the same memory")
    }
    let dtype = tensors.first().map_or(DType::F32, |tensor| tensor.dtype());
    hold(tensors, |held| launch::write(source, kernel, dtype, held, given, threads))
}
