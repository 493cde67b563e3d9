//! What convolutions of each channel by itself share. Keras: `keras/src/layers/convolutional/base_depthwise_conv.py`.

use super::arguments::DepthwiseArguments;
use super::base_conv::channels;
use crate::spatial::{SpatialLayer, Windows, padding, positive, run_channels_last, spatial, with_spatial};
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result};

/// A convolution of each channel by itself over `N` axes.
pub(super) struct Depthwise<'a, const N: usize> {
    pub(super) windows: Windows<N>,
    pub(super) arguments: &'a DepthwiseArguments,
}

impl<const N: usize> Depthwise<'_, N> {
    /// An error if an argument cannot be; the channels otherwise, for which the layer is built.
    pub(super) fn channels(&self, build: &mut Build) -> Result<usize> {
        positive("depth_multiplier", &[self.arguments.depth_multiplier])?;
        self.windows.check("kernel_size")?;
        channels(&self.arguments.layout.data_format, build)
    }
}

impl<const N: usize> SpatialLayer for Depthwise<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let format = &self.arguments.layout.data_format;
        let (sizes, channels) = spatial::<N>(input, format)?;
        let sizes = self.windows.count(sizes, padding(&self.arguments.layout.padding, false)?)?;
        with_spatial(input[0], sizes, channels.map(|channels| self.arguments.outputs(channels)), format)
    }

    fn build(&self, _: &Shape, build: &mut Build) -> Result<()> {
        let channels = self.channels(build)?;
        self.arguments.build("kernel", &self.windows.size.0, channels, build);
        self.arguments.end.build(self.arguments.outputs(channels), build)
    }

    fn forward(&self, layer: &dyn Layer, x: &Tensor, ctx: &mut Context) -> Result<Tensor> {
        let DepthwiseArguments { layout, end, .. } = self.arguments;
        let (kernel, padding) = (layer.weight("kernel", ctx)?, padding(&layout.padding, false)?);
        end.run(layer, ctx, |bias, activation| {
            run_channels_last(x, &layout.data_format, |x| {
                let axes = self.windows.axes(x.dims(), padding);
                Ok(ops::depthwise_conv(x, &kernel, bias, &axes, activation)?)
            })
        })
    }
}
