//! Casts between dtypes. candle's convert number by number on one core, and a mixed policy casts each weight in each step.

use crate::cores::{self, UninitChunk};
use crate::host::view;
use crate::simd;
use crate::tape::{Value, record_twice};
use candle_core::{DType, Result, Tensor, WithDType};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

/// `x` in this dtype.
pub(crate) fn cast(x: &Tensor, dtype: DType) -> Result<Tensor> {
    let before = x.dtype();
    if before == dtype {
        return Ok(x.clone());
    }
    if !(before.is_float() && dtype.is_float()) {
        return x.to_dtype(dtype);
    }
    let first = move |_: &Tensor, dy: &Tensor| Ok(vec![Some(converted(dy, before)?)]);
    record_twice("cast", &[x], Value::Tensor(converted(&x.detach(), dtype)?), first, move |_, _, dy| {
        Ok(vec![Some(cast(dy, before)?)])
    })
}

/// [`cast`] without a gradient.
fn converted(x: &Tensor, dtype: DType) -> Result<Tensor> {
    if x.device().is_cpu() {
        match (x.dtype(), dtype) {
            (DType::F32, DType::BF16) => return in_chunks(x, 1, |x, chunk| simd!(chunk.map(x, rounded))),
            (DType::BF16, DType::F32) => return in_chunks(x, 1, |x, chunk| simd!(chunk.map(x, widened))),
            (DType::F32, DType::F16) => {
                return in_chunks(x, 2, |x, chunk: &mut UninitChunk<f16>| chunk.zeros().convert_from_f32_slice(x));
            }
            (DType::F16, DType::F32) => {
                return in_chunks(x, 2, |x: &[f16], chunk| x.convert_to_f32_slice(chunk.zeros()));
            }
            _ => {}
        }
    }
    x.to_dtype(dtype)
}

/// A tensor of what `f` writes for each chunk of `x`, at `cost` simple operations an element.
fn in_chunks<A: WithDType, B: WithDType + Default>(
    x: &Tensor,
    cost: usize,
    f: impl Fn(&[A], &mut UninitChunk<B>) + Sync,
) -> Result<Tensor> {
    let dense = x.contiguous()?;
    let elements = view::<A>(&dense)?;
    let chunk_len = cores::chunk_len(elements.len(), 1, cost);
    let converted = cores::fill_chunks(elements.len(), chunk_len, |from, chunk| {
        f(&elements[from..from + chunk.remaining()], chunk);
    });
    Tensor::from_vec(converted, x.shape(), x.device())
}

/// The nearest bfloat16, the even one of two; NaN stays NaN.
#[inline(always)]
fn rounded(x: f32) -> bf16 {
    let bits = x.to_bits();
    let nearest = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
    let quiet_nan = (bits >> 16) | 0x40;
    bf16::from_bits(if x.is_nan() { quiet_nan } else { nearest } as u16)
}

#[inline(always)]
fn widened(x: bf16) -> f32 {
    f32::from_bits(u32::from(x.to_bits()) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate as ops;
    use candle_core::{Device, Var};

    /// Those between which rounding decides, the ends of the ranges, subnormal numbers, infinities and NaN.
    fn numbers() -> Vec<f32> {
        let mut numbers: Vec<f32> = (0..=u16::MAX).map(|bits| f16::from_bits(bits).to_f32()).collect();
        for bits in (0..=u16::MAX).map(|bits| u32::from(bits) << 16) {
            numbers.extend([0, 1, 0x7fff, 0x8000, 0x8001, 0xffff].map(|low| f32::from_bits(bits | low)));
        }
        numbers
    }

    fn bits(x: &Tensor) -> Vec<u32> {
        let canonical = |x: f32| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() };
        x.to_dtype(DType::F32).unwrap().to_vec1().unwrap().into_iter().map(canonical).collect()
    }

    #[test]
    fn each_number_is_rounded_as_candle_rounds_it() {
        let x = Tensor::new(numbers(), &Device::Cpu).unwrap();
        for dtype in [DType::BF16, DType::F16] {
            let (found, expected) = (cast(&x, dtype).unwrap(), x.to_dtype(dtype).unwrap());
            assert_eq!(found.dtype(), dtype);
            assert!(bits(&found) == bits(&expected), "{dtype:?}");
            let (found, expected) = (cast(&found, DType::F32).unwrap(), found.to_dtype(DType::F32).unwrap());
            assert_eq!(found.dtype(), DType::F32);
            assert!(bits(&found) == bits(&expected), "from {dtype:?}");
        }
    }

    #[test]
    fn a_view_is_cast_in_its_order() {
        let x = Tensor::arange(0f32, 6.0, &Device::Cpu).unwrap().reshape((2, 3)).unwrap();
        for dtype in [DType::BF16, DType::F16] {
            let turned = cast(&x.t().unwrap(), dtype).unwrap();
            let back = cast(&turned.narrow(0, 1, 2).unwrap(), DType::F32).unwrap();
            assert_eq!(back.to_vec2::<f32>().unwrap(), [[1.0, 4.0], [2.0, 5.0]]);
            assert_eq!(cast(&x.narrow(0, 0, 0).unwrap(), dtype).unwrap().dims(), [0, 3]);
        }
    }

    #[test]
    fn the_gradient_has_the_dtype_of_the_input() {
        let x = Var::new(&[1.0f32, 2.0], &Device::Cpu).unwrap();
        let tape = ops::Tape::start();
        let y = ops::square(&cast(&x, DType::BF16).unwrap()).unwrap();
        let y = ops::sum(&cast(&y, DType::F32).unwrap(), ()).unwrap();
        let gradients = tape.backward(&y).unwrap();
        assert_eq!(gradients.get(&x).unwrap().to_vec1::<f32>().unwrap(), [2.0, 4.0]);
    }
}
