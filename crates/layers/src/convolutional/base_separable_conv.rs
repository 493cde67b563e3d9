//! What separable convolutions share. Keras: `keras/src/layers/convolutional/base_separable_conv.py`.

use super::arguments::SeparableArguments;
use super::base_depthwise_conv::Depthwise;
use crate::spatial::{SpatialLayer, Windows, padding, positive, run_channels_last, spatial, with_spatial};
use crate::{Build, Context, Layer, Shape, Weight};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Axis, FusedActivation, Padding, Result};

/// A convolution of each channel by itself over `N` axes, then one over the channels of each element.
pub(super) struct Separable<'a, const N: usize> {
    pub(super) windows: Windows<N>,
    pub(super) arguments: &'a SeparableArguments,
}

impl<const N: usize> SpatialLayer for Separable<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let layout = &self.arguments.depthwise.layout;
        let (sizes, _) = spatial::<N>(input, &layout.data_format)?;
        let sizes = self.windows.count(sizes, padding(&layout.padding, false)?)?;
        with_spatial(input[0], sizes, Some(self.arguments.filters), &layout.data_format)
    }

    fn build(&self, _: &Shape, build: &mut Build) -> Result<()> {
        let SeparableArguments { depthwise, filters, .. } = self.arguments;
        positive("filters", &[*filters])?;
        let channels = Depthwise { windows: self.windows, arguments: depthwise }.channels(build)?;
        depthwise.build("depthwise_kernel", &self.windows.size.0, channels, build);
        let kernel = [&[1; N][..], &[depthwise.outputs(channels), *filters]].concat();
        build.add_weight(
            Weight::new("pointwise_kernel", kernel, &self.arguments.pointwise_initializer)
                .regularizer(&self.arguments.pointwise_regularizer)
                .constraint(&self.arguments.pointwise_constraint),
        );
        depthwise.end.build(*filters, build)
    }

    fn forward(&self, layer: &dyn Layer, x: &Tensor, ctx: &mut Context) -> Result<Tensor> {
        let (layout, end) = (&self.arguments.depthwise.layout, &self.arguments.depthwise.end);
        let padding = padding(&layout.padding, false)?;
        let kernels = [layer.weight("depthwise_kernel", ctx)?, layer.weight("pointwise_kernel", ctx)?];
        end.run(layer, ctx, |bias, activation| {
            run_channels_last(x, &layout.data_format, |x| {
                let axes = self.windows.axes(x.dims(), padding);
                let y = ops::depthwise_conv(x, &kernels[0], None, &axes, FusedActivation::Linear)?;
                let axes = axes.map(|axis| Axis::new(axis.output, 1, 1, 1, Padding::Valid));
                Ok(ops::conv(&y, &kernels[1], bias, &axes, 1, activation)?)
            })
        })
    }
}
