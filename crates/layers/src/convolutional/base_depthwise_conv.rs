//! Common to depthwise convolutions. Keras: `keras/src/layers/convolutional/base_depthwise_conv.py`.

use super::arguments::DepthwiseArguments;
use super::base_conv::channels;
use super::following::Following;
use crate::spatial::{SpatialLayer, Windows, padding, positive, run_channels_last, spatial, with_spatial};
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result};

/// A depthwise convolution over `N` axes.
pub(super) struct Depthwise<'a, const N: usize> {
    pub(super) windows: Windows<N>,
    pub(super) arguments: &'a DepthwiseArguments,
}

impl<const N: usize> Depthwise<'_, N> {
    /// Checks the arguments, and returns the number of channels.
    pub(super) fn channels(&self, build: &mut Build) -> Result<usize> {
        positive("depth_multiplier", &[self.arguments.depth_multiplier])?;
        self.windows.check("kernel_size")?;
        channels(&self.arguments.layout.data_format, build)
    }

    /// The convolution and what follows it.
    fn run(&self, layer: &dyn Layer, x: &Tensor, ctx: &Context, following: &Following) -> Result<Tensor> {
        let DepthwiseArguments { layout, epilogue, .. } = self.arguments;
        let (kernel, padding) = (layer.weight("kernel", ctx)?, padding(&layout.padding, false)?);
        epilogue.run(layer, ctx, |bias, activation| {
            let (kernel, bias) = following.normalized(&kernel, bias, ctx)?;
            let activation = following.activation.unwrap_or(activation);
            run_channels_last(x, &layout.data_format, |x| {
                let axes = self.windows.axes(x.dims(), padding);
                Ok(ops::depthwise_conv(x, &kernel, bias.as_ref(), &axes, activation)?)
            })
        })
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
        self.arguments.epilogue.build(self.arguments.outputs(channels), build)
    }

    fn forward(&self, layer: &dyn Layer, x: &Tensor, ctx: &mut Context) -> Result<Tensor> {
        self.run(layer, x, ctx, &Following::default())
    }

    fn forward_with(
        &self,
        layer: &dyn Layer,
        next: &[&dyn Layer],
        x: &Tensor,
        ctx: &mut Context,
    ) -> Result<Option<(Tensor, usize)>> {
        let DepthwiseArguments { layout, epilogue, .. } = self.arguments;
        let following = Following::of(epilogue, &layout.data_format, x, None, next, ctx)?;
        following.map(|following| Ok((self.run(layer, x, ctx, &following)?, following.count))).transpose()
    }
}
