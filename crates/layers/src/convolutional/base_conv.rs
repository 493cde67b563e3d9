//! Common to convolutions over one, two and three axes. Keras: `keras/src/layers/convolutional/base_conv.py`.

use super::arguments::ConvArguments;
use super::following::Following;
use crate::lora::LoraArguments;
use crate::pooling::FusedPooling;
use crate::spatial::{
    SpatialLayer, Windows, channels_last, padding, positive, run_channels_last, spatial, with_spatial,
};
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Padding, Result};

/// A convolution over `N` axes.
pub(super) struct Convolution<'a, const N: usize> {
    pub(super) windows: Windows<N>,
    pub(super) groups: usize,
    pub(super) arguments: &'a ConvArguments,
    pub(super) lora: &'a LoraArguments,
}

impl<const N: usize> Convolution<'_, N> {
    /// Causal padding is for sequences.
    fn padding(&self) -> Result<Padding> {
        padding(&self.arguments.layout.padding, N == 1)
    }

    /// The convolution and what follows it.
    fn run(&self, layer: &dyn Layer, x: &Tensor, ctx: &Context, following: &Following) -> Result<Tensor> {
        let ConvArguments { layout, epilogue, .. } = self.arguments;
        let (kernel, padding) = (layer.weight("kernel", ctx)?, self.padding()?);
        epilogue.run(layer, ctx, |bias, activation| {
            let (kernel, bias) = following.normalized(&kernel, bias, ctx)?;
            let activation = following.activation.unwrap_or(activation);
            let y = run_channels_last(x, &layout.data_format, |x| {
                let axes = self.windows.axes(x.dims(), padding);
                let windows = |pooling: &FusedPooling| (pooling.pool, pooling.windows(&axes.map(|axis| axis.output)));
                let pooling = following.pooling.as_ref().map(windows);
                let pooling = pooling.as_ref().map(|(pool, axes)| (*pool, &axes[..]));
                Ok(ops::conv_and_pool(x, &kernel, bias.as_ref(), &axes, self.groups, activation, pooling)?)
            })?;
            match &following.pooling {
                Some(pooling) if pooling.squeeze => Ok(y.reshape((x.dims()[0], self.arguments.filters))?),
                _ => Ok(y),
            }
        })
    }
}

impl<const N: usize> SpatialLayer for Convolution<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let format = &self.arguments.layout.data_format;
        let (sizes, channels) = spatial::<N>(input, format)?;
        if let Some(channels) = channels
            && (self.groups == 0 || !channels.is_multiple_of(self.groups))
        {
            return Err(Error::new("groups must divide the number of channels")
                .received(format!("{} groups of {channels} channels", self.groups)));
        }
        let sizes = self.windows.count(sizes, self.padding()?)?;
        with_spatial(input[0], sizes, Some(self.arguments.filters), format)
    }

    fn build(&self, _: &Shape, build: &mut Build) -> Result<()> {
        let filters = self.arguments.filters;
        positive("filters", &[filters])?;
        positive("groups", &[self.groups])?;
        self.windows.check("kernel_size")?;
        not_both(&self.windows)?;
        if !filters.is_multiple_of(self.groups) {
            return Err(Error::new("groups must divide the number of filters")
                .received(format!("{} groups of {filters} filters", self.groups)));
        }
        let channels = channels(&self.arguments.layout.data_format, build)?;
        let kernel = [&self.windows.size.0[..], &[channels / self.groups, filters]].concat();
        build.adaptable("kernel", self.lora);
        self.arguments.build(kernel, build)
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
        let ConvArguments { layout, epilogue, .. } = self.arguments;
        let following = Following::of(epilogue, &layout.data_format, x, Some(N), next, ctx)?;
        following.map(|following| Ok((self.run(layer, x, ctx, &following)?, following.count))).transpose()
    }
}

/// The number of channels, which must be known, and is fixed.
pub(crate) fn channels(data_format: &str, build: &mut Build) -> Result<usize> {
    build.input_size(if channels_last(data_format)? { -1 } else { 1 })
}

/// An error if there are both strides and dilation.
pub(crate) fn not_both<const N: usize>(windows: &Windows<N>) -> Result<()> {
    if windows.strides == 1.into() || windows.dilation == 1.into() {
        return Ok(());
    }
    Err(Error::new("strides and dilation_rate cannot both be more than 1")
        .received(format!("{:?} and {:?}", windows.strides.0, windows.dilation.0)))
}
