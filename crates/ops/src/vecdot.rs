//! Dot products of rows. NumPy: `numpy.vecdot`.

use crate::cores;
use crate::host::{dot, view, with_float};
use crate::lengths;
use crate::narrow::{are_narrow_on_host, in_float32};
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, on_host, record};
use candle_core::{Device, Result, Tensor, bail};

/// For each row, the dot product of `a` and `b` over the last axis.
///
/// A batch of matrix products of one row and one column takes many times as long.
///
/// # Shapes
/// - `a`, `b`: one shape; the result: it without the last axis
///
/// # Errors
/// If the shapes differ, or have no axis.
pub fn vecdot(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.dims() != b.dims() || a.rank() == 0 {
        bail!("vecdot takes two tensors of one shape, not {:?} and {:?}", a.dims(), b.dims())
    }
    lengths::check([a, b])?;
    let last = a.rank() - 1;
    if are_narrow_on_host(&[a, b]) {
        return in_float32(&[a, b], |both| vecdot(&both[0], &both[1]));
    }
    if !on_host(&[a, b]) || a.elem_count() == 0 {
        lengths::allocated(&a.dims()[..last], a.dtype())?;
        return crate::sum(&crate::multiply(a, b)?, last as i64);
    }
    let (x, y) = (a.detach().contiguous()?, b.detach().contiguous()?);
    let (rows, width) = (a.elem_count() / a.dims()[last], a.dims()[last]);
    let value = with_float!(a, T => {
        let (x, y) = (view::<T>(&x)?, view::<T>(&y)?);
        let dots = cores::zeroed_chunks(rows, cores::chunk_len(rows, 1, width), |from, part| {
            let range = from * width..(from + part.len()) * width;
            simd!(dots(part, &x[range.clone()], &y[range.clone()]));
        });
        Value::new(dots, &a.dims()[..last])?
    });
    let tracked = [a.track_op(), b.track_op()];
    record("vecdot", &[a, b], value, move |_, dz| {
        // The gradient of each is the other, times that of the row.
        let gradient = |other: &Tensor| -> Result<Tensor> {
            with_float!(dz, T => {
                let (other_, dz) = (view::<T>(other)?, view::<T>(dz)?);
                let length = other_.len();
                let gradient = cores::copied_chunks(&other_, cores::chunk_len(length, width, 1), |from, part| {
                    simd!(scale_rows(part, &dz[from / width..], width));
                });
                Tensor::from_vec(gradient, other.shape(), &Device::Cpu)
            })
        };
        Ok(vec![tracked[0].then(|| gradient(&y)).transpose()?, tracked[1].then(|| gradient(&x)).transpose()?])
    })
}

#[inline(always)]
fn dots<T: Float>(z: &mut [T], x: &[T], y: &[T]) {
    let width = x.len() / z.len().max(1);
    for ((z, x), y) in z.iter_mut().zip(x.chunks_exact(width)).zip(y.chunks_exact(width)) {
        *z = dot(x, y);
    }
}

#[inline(always)]
fn scale_rows<T: Float>(rows: &mut [T], factors: &[T], width: usize) {
    for (row, &factor) in rows.chunks_exact_mut(width).zip(factors) {
        for x in row {
            *x *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use candle_core::DType;

    #[test]
    fn gradients_agree_with_finite_differences() {
        let (a, b) = (values([2, 3, 37], 1), values([2, 3, 37], 2));
        assert_gradients(&[a.clone(), b], |x| vecdot(&x[0], &x[1]));
        assert_gradients(std::slice::from_ref(&a), |x| vecdot(&x[0], &x[0]));
        let transposed = values([37, 2], 3);
        assert_gradients(&[transposed, values([2, 37], 4)], |x| vecdot(&x[0].t()?, &x[1]));
    }

    #[test]
    fn the_values_are_those_of_the_composition() {
        let [a, b] = [1, 2].map(|seed| values([300, 100], seed).to_dtype(DType::F32).unwrap());
        let expected = (&a * &b).unwrap().sum(1).unwrap().to_vec1::<f32>().unwrap();
        let found = vecdot(&a, &b).unwrap().to_vec1::<f32>().unwrap();
        assert!(found.iter().zip(&expected).all(|(x, y)| (x - y).abs() < 1e-4));
        assert_eq!(vecdot(&a.narrow(1, 0, 0).unwrap(), &b.narrow(1, 0, 0).unwrap()).unwrap().dims(), [300]);
        assert!(vecdot(&a, &b.t().unwrap()).is_err());
    }
}
