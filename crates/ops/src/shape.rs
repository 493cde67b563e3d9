//! Functions that change the shape and leave the elements. Names as in `keras.ops`.

use crate::axes::resolve_axis;
use candle_core::{Result, Tensor, bail};

/// The elements in another shape; one size may be -1 and is then what is left over.
///
/// ```
/// use candle_keras_ops::{reshape, DType, Device, Tensor};
/// let x = Tensor::zeros((2, 6), DType::F32, &Device::Cpu)?;
/// assert_eq!(reshape(&x, [-1, 4])?.dims(), [3, 4]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn reshape<const N: usize>(x: &Tensor, shape: [i64; N]) -> Result<Tensor> {
    x.reshape(resolve_shape(x.elem_count(), &shape)?)
}

/// The sizes that `shape` means for this many elements, with the one -1 in it worked out.
pub fn resolve_shape(elements: usize, shape: &[i64]) -> Result<Vec<usize>> {
    let known: i64 = shape.iter().filter(|&&size| size != -1).product();
    let unknown = shape.iter().filter(|&&size| size == -1).count();
    let fits = match unknown {
        0 => known == elements as i64,
        1 => known > 0 && elements as i64 % known == 0,
        _ => false,
    };
    if !fits || shape.iter().any(|&size| size < -1) {
        bail!("cannot reshape {elements} elements to {shape:?}")
    }
    Ok(shape.iter().map(|&size| if size == -1 { elements / known as usize } else { size as usize }).collect())
}

/// A new axis of size 1 at `axis`; -1 is behind the last.
pub fn expand_dims(x: &Tensor, axis: i64) -> Result<Tensor> {
    x.unsqueeze(resolve_axis(axis, x.rank() + 1)?)
}

/// Without the axis `axis`, which must have size 1.
pub fn squeeze(x: &Tensor, axis: i64) -> Result<Tensor> {
    let dim = resolve_axis(axis, x.rank())?;
    if x.dim(dim)? != 1 {
        bail!("cannot squeeze axis {axis} of a tensor of shape {:?}: its size is not 1", x.dims())
    }
    x.squeeze(dim)
}

/// The tensors one after another along `axis`; all other sizes must agree.
pub fn concatenate<T: AsRef<Tensor>>(tensors: &[T], axis: i64) -> Result<Tensor> {
    let Some(first) = tensors.first() else { bail!("concatenate needs at least one tensor") };
    Tensor::cat(tensors, resolve_axis(axis, first.as_ref().rank())?)
}

/// Without these dimensions of size 1, given in rising order.
pub(crate) fn drop_dims(x: &Tensor, dims: &[usize]) -> Result<Tensor> {
    dims.iter().rev().try_fold(x.clone(), |x, &dim| x.squeeze(dim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = values([2, 1, 6], 1);
        assert_gradients(std::slice::from_ref(&x), |x| reshape(&x[0], [3, -1]));
        assert_gradients(std::slice::from_ref(&x), |x| expand_dims(&x[0], -1));
        assert_gradients(std::slice::from_ref(&x), |x| squeeze(&x[0], 1));
        assert_gradients(&[x, values([2, 2, 6], 2)], |x| concatenate(x, 1));
    }

    #[test]
    fn shapes_that_do_not_fit_are_errors() {
        let x = values([2, 3], 1);
        assert!(reshape(&x, [4, -1]).is_err());
        assert!(reshape(&x, [-1, -1]).is_err());
        assert!(reshape(&x, [-1, 0]).is_err());
        assert!(squeeze(&x, 0).is_err());
        assert!(concatenate::<Tensor>(&[], 0).is_err());
    }
}
