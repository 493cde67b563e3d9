//! Common to upsampling.

use super::SpatialView;
use crate::spatial::{SpatialLayer, positive, spatial, with_spatial};
use crate::{Build, Context, Layer, Result, Shape, Sizes};
use candle_core::Tensor;
use candle_keras_ops::image::{DataFormat, Interpolation, Resize, resize};
use candle_keras_ops::{self as ops, Axis, Error, Padding, Pool};
use std::array;

/// How new elements are computed: Keras's names, case-insensitive as there.
pub(super) fn interpolation(name: &str) -> Result<Interpolation> {
    match Interpolation::by_name(&name.to_lowercase()) {
        Ok(interpolation) if interpolation != Interpolation::Area => Ok(interpolation),
        _ => Err(Error::unknown("interpolation", name, &["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])),
    }
}

/// The factors of `N` axes.
pub(super) struct UpSampling<'a, const N: usize> {
    pub(super) size: Sizes<N>,
    pub(super) data_format: &'a str,
    /// Nearest, except for images.
    pub(super) interpolation: Interpolation,
}

impl<const N: usize> SpatialLayer for UpSampling<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let (mut sizes, channels) = spatial::<N>(input, self.data_format)?;
        for (size, times) in sizes.iter_mut().zip(self.size.0) {
            let Some(before) = *size else { continue };
            let many = || Error::new("size is too large").received(format!("{times} times {before} elements"));
            *size = Some(before.checked_mul(times).ok_or_else(many)?);
        }
        with_spatial(input[0], sizes, channels, self.data_format)
    }

    fn build(&self, _: &Shape, _: &mut Build) -> Result<()> {
        positive("size", &self.size.0)
    }

    fn forward(&self, _: &dyn Layer, x: &Tensor, _: &mut Context) -> Result<Tensor> {
        let shape: Vec<usize> = self.output_shape(&x.dims().into())?.iter().flatten().copied().collect();
        ops::check_memory(&shape, x.dtype())?;
        if shape.contains(&0) {
            // An axis of nothing may have any size.
            return Ok(Tensor::zeros(shape, x.dtype(), x.device())?);
        }
        SpatialView::<N>::of(x, self.data_format)?.map(|x| match self.interpolation {
            Interpolation::Nearest => repeated(x, self.size.0),
            interpolation => {
                let [_, height, width, _] = *x.dims() else { candle_core::bail!("{interpolation:?} is for images") };
                let size = [height * self.size.0[0], width * self.size.0[N - 1]];
                resize(x, &Resize { interpolation, data_format: DataFormat::ChannelsLast, ..Resize::to(size) })
            }
        })
    }
}

/// Repeats the elements of the axes from the second on.
pub(super) fn repeated<const N: usize>(x: &Tensor, times: [usize; N]) -> candle_core::Result<Tensor> {
    let dims = x.dims();
    let each = |f: &dyn Fn(usize) -> Vec<usize>| -> Vec<usize> {
        std::iter::once(dims[0]).chain((0..N).flat_map(f)).chain([dims[N + 1]]).collect()
    };
    let apart = each(&|i| vec![dims[i + 1], 1]);
    let whole = each(&|i| vec![dims[i + 1], times[i]]);
    let shape = each(&|i| vec![dims[i + 1] * times[i]]);
    let y = x.detach().reshape(apart)?.broadcast_as(whole)?.reshape(shape.as_slice())?;
    // The gradient of an element is the sum over its copies: their mean, times their number.
    let axes: [Axis; N] = array::from_fn(|i| Axis::new(shape[i + 1], times[i], times[i], 1, Padding::Valid));
    ops::custom_gradient(x, &y, move |_, _, dy| {
        ops::pool(dy, Pool::Average, &axes)?.affine(times.iter().product::<usize>() as f64, 0.0)
    })
}
