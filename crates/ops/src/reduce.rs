//! Reductions over axes: `K.mean(x, axis=-1)` is `mean(x, -1)`.

use crate::{Axes, custom_gradient};
use candle_core::{DType, Result, Tensor};

/// The sum over `axis`.
pub(crate) fn sum(x: &Tensor, axis: impl Into<Axes>) -> Result<Tensor> {
    let axes = axis.into();
    let dims = axes.resolve(x.rank())?;
    if axes.keepdims { x.sum_keepdim(dims) } else { x.sum(dims) }
}

/// The mean over `axis`; that of whole numbers is an f32, as in Keras.
pub(crate) fn mean(x: &Tensor, axis: impl Into<Axes>) -> Result<Tensor> {
    let x = if x.dtype().is_int() { x.to_dtype(DType::F32)? } else { x.clone() };
    let axes = axis.into();
    let dims = axes.resolve(x.rank())?;
    if axes.keepdims { x.mean_keepdim(dims) } else { x.mean(dims) }
}

/// The largest element over `axis`; equal largest elements share the gradient, as in Keras (candle: each gets all of it).
pub(crate) fn max(x: &Tensor, axis: impl Into<Axes>) -> Result<Tensor> {
    extremum(x, axis.into(), Tensor::max_keepdim)
}

/// The smallest element over `axis`; equal smallest elements share the gradient, as in Keras.
pub(crate) fn min(x: &Tensor, axis: impl Into<Axes>) -> Result<Tensor> {
    extremum(x, axis.into(), Tensor::min_keepdim)
}

fn extremum(x: &Tensor, axes: Axes, reduce: fn(&Tensor, usize) -> Result<Tensor>) -> Result<Tensor> {
    let dims = axes.resolve(x.rank())?;
    let mut y = x.detach();
    for &dim in &dims {
        y = reduce(&y, dim)?;
    }
    let shared = dims.clone();
    let y = custom_gradient(x, &y, move |x, y, dy| {
        let chosen = x.broadcast_eq(y)?.to_dtype(dy.dtype())?;
        let each = (dy / chosen.sum_keepdim(shared.as_slice())?)?;
        chosen.broadcast_mul(&each)
    })?;
    if axes.keepdims { Ok(y) } else { crate::shape::drop_dims(&y, &dims) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes;
    use crate::gradcheck::{assert_gradients, gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = values([2, 3, 4], 1);
        for axis in [axes(-1), axes(0), axes([0, 2]), axes(()), axes(1).keepdims(true)] {
            assert_gradients(std::slice::from_ref(&x), |x| sum(&x[0], axis.clone()));
            assert_gradients(std::slice::from_ref(&x), |x| mean(&x[0], axis.clone()));
            assert_gradients(std::slice::from_ref(&x), |x| max(&x[0], axis.clone()));
            assert_gradients(std::slice::from_ref(&x), |x| min(&x[0], axis.clone()));
        }
    }

    #[test]
    fn ties_share_the_gradient() {
        let x = Tensor::new(&[2f64, 2., 1.], &candle_core::Device::Cpu).unwrap();
        let gradient = gradients(&[x], |x| max(&x[0], -1)).unwrap();
        // The check weighs the one output by 0.5.
        assert_eq!(gradient[0].to_vec1::<f64>().unwrap(), [0.25, 0.25, 0.0]);
    }

    #[test]
    fn an_axis_out_of_range_is_an_error() {
        let x = values([2, 3], 1);
        assert!(mean(&x, 2).unwrap_err().to_string().contains("axis 2 is out of range for a tensor of rank 2"));
        assert!(sum(&x, -3).is_err());
    }
}
