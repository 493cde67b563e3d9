//! Values at any places of a tensor. Keras: `keras.ops.image.map_coordinates`.

use super::sample::Sampling;
use super::{FillMode, Interpolation, Rounding, on_loops};
use crate::cores;
use crate::host::{view, with_float};
use crate::lengths;
use crate::simd::Float;
use crate::tape::{Value, record};
use candle_core::{Result, Tensor, bail};

/// The values of `inputs` at `coordinates`: of the nearest element for the order 0, linearly interpolated for 1. The gradient is that of
/// `inputs`.
///
/// # Shapes
/// - `inputs`: any, with at most 8 axes
/// - `coordinates`: `(axes of inputs, ...)`
/// - the result: `(...)`
///
/// # Errors
/// If the shapes do not fit, the order is neither 0 nor 1, or `coordinates` needs a gradient.
///
/// ```
/// use candle_keras_ops::image::{FillMode, map_coordinates};
/// use candle_keras_ops::{Device, Tensor};
/// let x = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu)?;
/// let middle = Tensor::new(&[[0.5f32], [0.5]], &Device::Cpu)?;
/// assert_eq!(map_coordinates(&x, &middle, 1, FillMode::Constant, 0.0)?.to_vec1::<f32>()?, [2.5]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn map_coordinates(
    inputs: &Tensor,
    coordinates: &Tensor,
    order: usize,
    fill_mode: FillMode,
    fill_value: f64,
) -> Result<Tensor> {
    lengths::check([inputs, coordinates])?;
    let interpolation = match order {
        0 => Interpolation::Nearest,
        1 => Interpolation::Bilinear,
        other => bail!("map_coordinates has the orders 0 and 1, received {other}"),
    };
    let (rank, shape) = match coordinates.dims() {
        [rank, shape @ ..] if *rank == inputs.rank() && !shape.is_empty() && (1..=8).contains(rank) => (*rank, shape),
        other => bail!("map_coordinates: coordinates of shape {other:?} for an input with {} axes", inputs.rank()),
    };
    if coordinates.track_op() {
        bail!("map_coordinates has no gradient of its coordinates")
    }
    let sampling = Sampling::new("map_coordinates", interpolation, fill_mode, fill_value)?;
    let count = lengths::allocated(shape, inputs.dtype())?;
    if count == 0 {
        return Tensor::zeros(shape, inputs.dtype(), inputs.device());
    }
    if inputs.elem_count() == 0 {
        bail!("map_coordinates: an input of shape {:?} has no values", inputs.dims())
    }
    on_loops(inputs, Rounding::HalfAway, |inputs| {
        let places = coordinates.to_device(inputs.device())?.to_dtype(inputs.dtype())?.reshape((rank, count))?;
        let places = places.contiguous()?;
        let (x, dims) = (inputs.detach().contiguous()?, inputs.dims().to_vec());
        let value = with_float!(x, T => {
            let (x, places, fill) = (view::<T>(&x)?, view::<T>(&places)?, T::from_double(fill_value));
            let chunk_len = cores::chunk_len(count, 1, 8 << rank);
            let y = cores::zeroed_chunks(count, chunk_len, |from, y: &mut [T]| {
                for (i, y) in (from..).zip(y) {
                    terms(&places, i, &dims, sampling, |at, weight| *y += weight * at.map_or(fill, |at| x[at]));
                }
            });
            Value::new(y, shape)?
        });
        record("map_coordinates", &[inputs], value, move |_, dy| {
            let dx = with_float!(dy, T => {
                let (dy, places) = (view::<T>(dy)?, view::<T>(&places)?);
                let mut dx = vec![T::ZERO; dims.iter().product()];
                for (i, &dy) in dy.iter().enumerate() {
                    terms(&places, i, &dims, sampling, |at, weight| {
                        if let Some(at) = at {
                            dx[at] += weight * dy;
                        }
                    });
                }
                Tensor::from_vec(dx, dims.as_slice(), x.device())?
            });
            Ok(vec![Some(dx)])
        })
    })
}

/// Calls `f` with the index and the weight of each element of which the value at the `i`-th place is made; `None` is the fill value.
fn terms<T: Float>(places: &[T], i: usize, dims: &[usize], sampling: Sampling, mut f: impl FnMut(Option<usize>, T)) {
    let count = places.len() / dims.len();
    let corners = if sampling.nearest { 1 } else { 1 << dims.len() };
    for corner in 0..corners {
        let (mut at, mut weight) = (Some(0), T::ONE);
        for (axis, &size) in dims.iter().enumerate() {
            let (index, part) = sampling.pixels(places[axis * count + i], size)[corner >> axis & 1];
            at = at.zip(index).map(|(at, index)| at * size + index);
            weight *= part;
        }
        f(at, weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use candle_core::{DType, Device};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let places = (values([2, 3, 4], 2) * 2.0).unwrap();
        for order in [0, 1] {
            for name in FillMode::NAMES {
                let mode = FillMode::by_name(name).unwrap();
                assert_gradients(&[values([3, 4], 1)], |x| map_coordinates(&x[0], &places, order, mode, 1.5));
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let x = Tensor::zeros((2, 2), DType::F32, &Device::Cpu).unwrap();
        let at = |rank: usize| Tensor::zeros((rank, 3), DType::F32, &Device::Cpu).unwrap();
        assert!(map_coordinates(&x, &at(3), 1, FillMode::Wrap, 0.0).is_err());
        assert!(map_coordinates(&x, &at(2), 2, FillMode::Wrap, 0.0).is_err());
        assert_eq!(map_coordinates(&x, &at(2), 1, FillMode::Wrap, 0.0).unwrap().dims(), [3]);
    }
}
