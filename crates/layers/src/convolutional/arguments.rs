//! The arguments that convolutions share, and the weights that they add.

use crate::{Build, Context, Layer, Result, Weight};
use candle_core::Tensor;
use candle_keras_ops::FusedActivation;
use candle_keras_ops::config::image_data_format;

arguments! {
    /// Padding and data format.
    pub(crate) struct LayoutArguments() as layout_setters {
        /// `"valid"` pads nothing, `"same"` pads with zeros. A Conv1D may be `"causal"`: zeros in front, so that an output depends on no
        /// later step.
        padding: String = "valid",
        /// `"channels_last"`, or `"channels_first"`, which is transposed and costs a copy each way.
        data_format: String = image_data_format(),
    }
}

arguments! {
    /// Bias and activation.
    pub(crate) struct EpilogueArguments() as epilogue_setters {
        /// The activation.
        activation: crate::ActivationFunction = "linear",
        /// Whether there is a bias.
        use_bias: bool = true,
        /// The initializer of the bias.
        bias_initializer: crate::Initializer = "zeros",
        /// The regularizer of the bias.
        bias_regularizer: Option<crate::Regularizer>,
        /// The constraint on the bias.
        bias_constraint: Option<crate::Constraint>,
    }
}

impl EpilogueArguments {
    /// Adds the bias.
    pub(super) fn build(&self, filters: usize, build: &mut Build) -> Result<()> {
        self.activation.check()?;
        if self.use_bias {
            build.add_weight(
                Weight::new("bias", [filters], &self.bias_initializer)
                    .regularizer(&self.bias_regularizer)
                    .constraint(&self.bias_constraint),
            );
        }
        Ok(())
    }

    /// Computes `f` with the bias and the activation, fused where possible.
    pub(super) fn run(
        &self,
        layer: &dyn Layer,
        ctx: &Context,
        f: impl FnOnce(Option<&Tensor>, FusedActivation) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let bias = if self.use_bias { Some(layer.weight("bias", ctx)?) } else { None };
        let fused = self.activation.fused();
        let y = f(bias.as_ref(), fused.unwrap_or_default())?;
        if fused.is_some() { Ok(y) } else { self.activation.call(&y) }
    }
}

arguments! {
    /// The arguments of convolutions and of transposed ones.
    pub(crate) struct ConvArguments(
        /// The number of filters.
        filters: usize,
    ) as conv_setters {
        ..layout: LayoutArguments = LayoutArguments::new() => layout_setters,
        ..epilogue: EpilogueArguments = EpilogueArguments::new() => epilogue_setters,
        /// The initializer of the kernel.
        kernel_initializer: crate::Initializer = "glorot_uniform",
        /// The regularizer of the kernel.
        kernel_regularizer: Option<crate::Regularizer>,
        /// The constraint on the kernel.
        kernel_constraint: Option<crate::Constraint>,
    }
}

impl ConvArguments {
    /// Adds the kernel and the bias.
    pub(super) fn build(&self, kernel: Vec<usize>, build: &mut Build) -> Result<()> {
        build.add_weight(
            Weight::new("kernel", kernel, &self.kernel_initializer)
                .regularizer(&self.kernel_regularizer)
                .constraint(&self.kernel_constraint),
        );
        self.epilogue.build(self.filters, build)
    }
}

arguments! {
    /// The arguments of depthwise convolutions.
    pub(crate) struct DepthwiseArguments() as depthwise_setters {
        /// The number of outputs of each channel.
        depth_multiplier: usize = 1,
        ..layout: LayoutArguments = LayoutArguments::new() => layout_setters,
        ..epilogue: EpilogueArguments = EpilogueArguments::new() => epilogue_setters,
        /// The initializer of the kernel of the channels.
        depthwise_initializer: crate::Initializer = "glorot_uniform",
        /// The regularizer of the kernel of the channels.
        depthwise_regularizer: Option<crate::Regularizer>,
        /// The constraint on the kernel of the channels.
        depthwise_constraint: Option<crate::Constraint>,
    }
}

impl DepthwiseArguments {
    /// Adds the kernel of the channels under this name.
    pub(super) fn build(&self, name: &'static str, window: &[usize], channels: usize, build: &mut Build) {
        let kernel = [window, &[channels, self.depth_multiplier]].concat();
        build.add_weight(
            Weight::new(name, kernel, &self.depthwise_initializer)
                .regularizer(&self.depthwise_regularizer)
                .constraint(&self.depthwise_constraint),
        );
    }

    /// The number of outputs of all channels.
    pub(super) fn outputs(&self, channels: usize) -> usize {
        // Sizes may come from a file, and be anything.
        channels.saturating_mul(self.depth_multiplier)
    }
}

arguments! {
    /// The arguments of separable convolutions.
    pub(crate) struct SeparableArguments(
        /// The number of filters.
        filters: usize,
    ) as separable_setters {
        ..depthwise: DepthwiseArguments = DepthwiseArguments::new() => depthwise_setters,
        /// The initializer of the kernel over the channels.
        pointwise_initializer: crate::Initializer = "glorot_uniform",
        /// The regularizer of the kernel over the channels.
        pointwise_regularizer: Option<crate::Regularizer>,
        /// The constraint on the kernel over the channels.
        pointwise_constraint: Option<crate::Constraint>,
    }
}
