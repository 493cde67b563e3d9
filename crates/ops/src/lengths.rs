//! From shapes to lengths: the one place where sizes are multiplied, so that a product that overflows is an error and never a length.
//!
//! A shape may have sizes of 0 beside sizes of any magnitude, and a broadcast tensor more elements than its memory. A shape is countable if
//! the product of its sizes, those of 0 left out, is the length of an array that could exist; then the product of any of its sizes is one as
//! well.

use crate::Error;
use candle_core::{DType, Result, Tensor};
use std::sync::LazyLock;

/// Arrays below this size are allocated without asking whether there is memory for them.
const SMALL: usize = 1 << 28;

/// Candle's loops over strided tensors have room for so many axes, and panic at more.
pub(crate) const MOST_AXES: usize = 8;

/// How many elements a tensor of these sizes has.
///
/// # Errors
/// If they cannot be counted, or there are more than 8.
pub(crate) fn elements(sizes: &[usize]) -> Result<usize> {
    if sizes.len() > MOST_AXES {
        return Err(Error::new(format!("a tensor has at most {MOST_AXES} axes"))
            .received(format!("the shape {sizes:?}"))
            .into());
    }
    let product = sizes.iter().filter(|&&size| size > 0).try_fold(1usize, |product, &size| product.checked_mul(size));
    match product {
        Some(product) if product <= isize::MAX as usize / size_of::<f64>() => {
            Ok(if sizes.contains(&0) { 0 } else { product })
        }
        _ => Err(too_large(sizes).into()),
    }
}

/// [`elements`] of a tensor that is about to be allocated.
///
/// # Errors
/// If there is not enough memory, or they cannot be counted.
pub(crate) fn allocated(sizes: &[usize], dtype: DType) -> Result<usize> {
    let count = elements(sizes)?;
    let bytes = count * dtype.size_in_bytes().max(1);
    if bytes >= SMALL && !has_memory_for(bytes) {
        return Err(too_large(sizes).into());
    }
    Ok(count)
}

/// Whether there may be memory for so many bytes: a vector that does not fit would abort the process.
///
/// The system is asked, and the size of the machine's memory, since some allocators promise any.
pub fn has_memory_for(bytes: usize) -> bool {
    static MACHINE: LazyLock<Option<usize>> = LazyLock::new(|| {
        let text = std::fs::read_to_string("/proc/meminfo").ok()?;
        let of = |name: &str| -> Option<usize> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.trim().strip_suffix(" kB")?.parse().ok()
        };
        of("MemTotal")?.checked_add(of("SwapTotal").unwrap_or(0))?.checked_mul(1024)
    });
    MACHINE.is_none_or(|machine| bytes <= machine) && Vec::<u8>::new().try_reserve_exact(bytes).is_ok()
}

/// An error if there is no memory for a tensor: to be asked before one is allocated whose sizes follow from arguments.
///
/// # Errors
/// If there is not, or its elements cannot be counted.
pub fn check_memory(sizes: &[usize], dtype: DType) -> crate::Result<()> {
    Ok(allocated(sizes, dtype).map(drop)?)
}

/// An error if a tensor has more elements than can be counted or copied, as broadcast ones may have: the first thing that an op asks of what
/// it is given.
pub(crate) fn check<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Result<()> {
    tensors.into_iter().try_for_each(|x| allocated(x.dims(), x.dtype()).map(drop))
}

/// [`check`] of what an op of floating-point numbers takes.
pub(crate) fn check_floats<'a>(op: &str, tensors: impl IntoIterator<Item = &'a Tensor>) -> Result<()> {
    let tensors: Vec<&Tensor> = tensors.into_iter().collect();
    check(tensors.iter().copied())?;
    let dtypes: Vec<DType> = tensors.iter().map(|x| x.dtype()).collect();
    if dtypes.iter().any(|dtype| !dtype.is_float() || *dtype != dtypes[0]) {
        candle_core::bail!("{op} takes floating-point tensors of one dtype, received {dtypes:?}")
    }
    Ok(())
}

/// `x`, or whole numbers in the dtype of the weight that they are multiplied by, as Keras promotes them.
pub(crate) fn beside(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    check([x])?;
    if x.dtype().is_int() && weight.dtype().is_float() { x.to_dtype(weight.dtype()) } else { Ok(x.clone()) }
}

fn too_large(sizes: &[usize]) -> Error {
    Error::new("there is not enough memory for a tensor")
        .received(format!("the shape {sizes:?}"))
        .help("smaller batches, or smaller sizes in the arguments of a layer, take less")
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn products_that_overflow_are_errors() {
        assert_eq!(elements(&[]).unwrap(), 1);
        assert_eq!(elements(&[3, 0, 5]).unwrap(), 0);
        assert_eq!(elements(&[1 << 32, 0]).unwrap(), 0);
        for sizes in [&[1 << 32, 1 << 32][..], &[1 << 32, 0, 1 << 32], &[usize::MAX], &[1 << 60]] {
            assert!(elements(sizes).is_err(), "{sizes:?}");
        }
        let error = allocated(&[1 << 25, 1 << 25], DType::F32).unwrap_err().to_string();
        assert!(error.contains("not enough memory") && error.contains("[33554432, 33554432]"), "{error}");
        let one = Tensor::zeros(1, DType::F32, &Device::Cpu).unwrap();
        assert!(check([&one.broadcast_as((1 << 25, 1 << 25)).unwrap()]).is_err());
        assert!(check([&one]).is_ok());
        assert!(has_memory_for(1 << 20) && !has_memory_for(1 << 46) && !has_memory_for(usize::MAX));
    }
}
