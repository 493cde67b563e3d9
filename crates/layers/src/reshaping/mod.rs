//! Layers that change the shape. Keras: `keras/src/layers/reshaping`.

mod borders;
mod cropping1d;
mod cropping2d;
mod cropping3d;
mod flatten;
mod permute;
mod repeat_vector;
mod repetition;
mod reshape;
mod up_sampling1d;
mod up_sampling2d;
mod up_sampling3d;
mod zero_padding1d;
mod zero_padding2d;
mod zero_padding3d;

pub use cropping1d::Cropping1D;
pub use cropping2d::Cropping2D;
pub use cropping3d::Cropping3D;
pub use flatten::Flatten;
pub use permute::Permute;
pub use repeat_vector::RepeatVector;
pub use reshape::Reshape;
pub use up_sampling1d::UpSampling1D;
pub use up_sampling2d::UpSampling2D;
pub use up_sampling3d::UpSampling3D;
pub use zero_padding1d::ZeroPadding1D;
pub use zero_padding2d::ZeroPadding2D;
pub use zero_padding3d::ZeroPadding3D;

use crate::Result;
use crate::spatial::channels_last;
use candle_core::Tensor;
use candle_keras_ops as ops;

/// A tensor as one of `N` axes between a first and a last, whatever the data format: a reshape without a copy.
struct SpatialView<const N: usize> {
    x: Tensor,
    /// The sizes before and after these axes.
    around: [Vec<usize>; 2],
}

impl<const N: usize> SpatialView<N> {
    fn of(x: &Tensor, data_format: &str) -> Result<Self> {
        let first = if channels_last(data_format)? { 1 } else { 2 };
        let (before, rest) = x.dims().split_at(first);
        let (sizes, behind) = rest.split_at(N);
        let ends = [before, behind].map(|sizes| sizes.iter().product::<usize>());
        let shape = [&ends[..1], sizes, &ends[1..]].concat();
        Ok(Self { x: reshaped(x, &shape)?, around: [before.to_vec(), behind.to_vec()] })
    }

    /// Applies `f` to these axes.
    fn map(self, f: impl FnOnce(&Tensor) -> candle_core::Result<Tensor>) -> Result<Tensor> {
        let y = f(&self.x)?;
        let [before, behind] = &self.around;
        reshaped(&y, &[before, &y.dims()[1..=N], behind].concat())
    }
}

fn reshaped(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    if x.dims() == shape {
        return Ok(x.clone());
    }
    Ok(ops::reshape(x, shape.iter().map(|&size| size as i64).collect::<Vec<_>>())?)
}
