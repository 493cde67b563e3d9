//! What transposed convolutions share. Keras: `keras/src/layers/convolutional/base_conv_transpose.py`.

use super::arguments::ConvArguments;
use super::base_conv::{channels, not_both};
use crate::spatial::{SpatialLayer, Windows, padding, positive, run_channels_last, spatial, with_spatial};
use crate::{Build, Context, Layer, Shape, Sizes};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Axis, Error, Result};
use std::array;

/// A transposed convolution over `N` axes.
pub(super) struct Transposed<'a, const N: usize> {
    pub(super) windows: Windows<N>,
    pub(super) output_padding: Option<Sizes<N>>,
    pub(super) arguments: &'a ConvArguments,
}

impl<const N: usize> Transposed<'_, N> {
    /// The windows over an axis with so many elements.
    fn axis(&self, i: usize, size: usize) -> Result<Axis> {
        let Windows { size: window, strides, dilation } = &self.windows;
        let padding = padding(&self.arguments.layout.padding, false)?;
        let more = self.output_padding.map(|more| more.0[i]);
        Ok(Axis::transposed(size, window.0[i], strides.0[i], dilation.0[i], padding, more))
    }
}

impl<const N: usize> SpatialLayer for Transposed<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let format = &self.arguments.layout.data_format;
        let (mut sizes, _) = spatial::<N>(input, format)?;
        for (i, size) in sizes.iter_mut().enumerate() {
            *size = size.map(|size| self.axis(i, size)).transpose()?.map(|axis| axis.input);
        }
        with_spatial(input[0], sizes, Some(self.arguments.filters), format)
    }

    fn build(&self, _: &Shape, build: &mut Build) -> Result<()> {
        let (filters, strides) = (self.arguments.filters, self.windows.strides);
        positive("filters", &[filters])?;
        self.windows.check("kernel_size")?;
        not_both(&self.windows)?;
        if let Some(more) = self.output_padding
            && more.0.iter().zip(&strides.0).any(|(more, stride)| more >= stride)
        {
            return Err(Error::new("output_padding must be less than strides")
                .received(format!("{:?} and {:?}", more.0, strides.0)));
        }
        let channels = channels(&self.arguments.layout.data_format, build)?;
        self.arguments.build([&self.windows.size.0[..], &[filters, channels]].concat(), build)
    }

    fn forward(&self, layer: &dyn Layer, x: &Tensor, ctx: &mut Context) -> Result<Tensor> {
        let ConvArguments { layout, end, .. } = self.arguments;
        let kernel = layer.weight("kernel", ctx)?;
        end.run(layer, ctx, |bias, activation| {
            run_channels_last(x, &layout.data_format, |x| {
                let axes: [Result<Axis>; N] = array::from_fn(|i| self.axis(i, x.dims()[i + 1]));
                let axes = axes.into_iter().collect::<Result<Vec<_>>>()?;
                Ok(ops::conv_transpose(x, &kernel, bias, &axes, activation)?)
            })
        })
    }
}
