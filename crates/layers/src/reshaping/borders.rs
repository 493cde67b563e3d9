//! Common to padding and cropping.

use super::SpatialView;
use crate::spatial::{SpatialLayer, spatial, with_spatial};
use crate::{Context, Layer, Pairs, Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error};

/// Zeros before and after each of `N` axes.
pub(super) struct ZeroPadding<'a, const N: usize> {
    pub(super) padding: Pairs<N>,
    pub(super) data_format: &'a str,
}

/// Elements to remove before and after each of `N` axes.
pub(super) struct Cropping<'a, const N: usize> {
    pub(super) cropping: Pairs<N>,
    pub(super) data_format: &'a str,
}

impl<const N: usize> SpatialLayer for ZeroPadding<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let (mut sizes, channels) = spatial::<N>(input, self.data_format)?;
        for (size, [before, behind]) in sizes.iter_mut().zip(self.padding.0) {
            let Some(inside) = *size else { continue };
            let whole = inside.checked_add(before).and_then(|size| size.checked_add(behind));
            *size = Some(whole.ok_or_else(|| {
                Error::new("padding is too large").received(format!("{before} before and {behind} behind"))
            })?);
        }
        with_spatial(input[0], sizes, channels, self.data_format)
    }

    fn forward(&self, _: &dyn Layer, x: &Tensor, _: &mut Context) -> Result<Tensor> {
        // A border may be larger than any memory.
        let shape = self.output_shape(&x.dims().into())?;
        ops::check_memory(&shape.iter().flatten().copied().collect::<Vec<_>>(), x.dtype())?;
        let padding = self.padding;
        SpatialView::<N>::of(x, self.data_format)?.map(|x| {
            let y = padded(&x.detach(), &padding.0)?;
            ops::custom_gradient(x, &y, move |_, _, dy| cropped(dy, &padding.0))
        })
    }
}

impl<const N: usize> SpatialLayer for Cropping<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let (mut sizes, channels) = spatial::<N>(input, self.data_format)?;
        for (size, [before, behind]) in sizes.iter_mut().zip(self.cropping.0) {
            let Some(whole) = *size else { continue };
            let left = whole.checked_sub(before).and_then(|left| left.checked_sub(behind)).filter(|&left| left > 0);
            *size = Some(left.ok_or_else(|| {
                Error::new("nothing is left of an axis after cropping")
                    .expected(format!("cropping of less than {whole} elements"))
                    .received(format!("{before} before and {behind} behind"))
            })?);
        }
        with_spatial(input[0], sizes, channels, self.data_format)
    }

    fn forward(&self, _: &dyn Layer, x: &Tensor, _: &mut Context) -> Result<Tensor> {
        let cropping = self.cropping;
        SpatialView::<N>::of(x, self.data_format)?.map(|x| {
            let y = cropped(&x.detach(), &cropping.0)?;
            ops::custom_gradient(x, &y, move |_, _, dy| padded(dy, &cropping.0))
        })
    }
}

/// Pads the axes from the second on.
fn padded(x: &Tensor, pairs: &[[usize; 2]]) -> candle_core::Result<Tensor> {
    let pad = |x: Tensor, (i, [before, behind]): (usize, &[usize; 2])| x.pad_with_zeros(i + 1, *before, *behind);
    pairs.iter().enumerate().try_fold(x.clone(), pad)
}

/// Crops the axes from the second on.
fn cropped(x: &Tensor, pairs: &[[usize; 2]]) -> candle_core::Result<Tensor> {
    let crop = |x: Tensor, (i, [before, behind]): (usize, &[usize; 2])| {
        x.narrow(i + 1, *before, x.dim(i + 1)? - before - behind)
    };
    let y = pairs.iter().enumerate().try_fold(x.clone(), crop)?;
    // candle cannot read a part that is empty and does not begin where its memory does.
    if y.elem_count() == 0 { y.zeros_like() } else { y.contiguous() }
}
