//! The arguments that convolutions share, and the weights that they ask for.

use crate::{Build, Context, Layer, Result, Weight};
use candle_core::Tensor;
use candle_keras_ops::FusedActivation;

arguments! {
    /// Where windows and channels lie.
    pub(crate) struct LayoutArguments() as layout_setters {
        /// `"valid"` keeps the windows inside of the input, `"same"` puts zeros around it. A Conv1D may be `"causal"`: zeros in
        /// front, so that no step sees a later one.
        padding: String = "valid",
        /// `"channels_last"`, or `"channels_first"`, which is transposed and costs a copy each way.
        data_format: String = "channels_last",
    }
}

arguments! {
    /// What becomes of the sums of a window.
    pub(crate) struct EndArguments() as end_setters {
        /// What is done to each output.
        activation: crate::ActivationFunction = "linear",
        /// Whether a bias is added.
        use_bias: bool = true,
        /// How the bias begins.
        bias_initializer: crate::Initializer = "zeros",
        /// A penalty on the bias.
        bias_regularizer: Option<crate::Regularizer>,
        /// A condition on the bias.
        bias_constraint: Option<crate::Constraint>,
    }
}

impl EndArguments {
    /// Asks for the bias.
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

    /// What `f` makes with the bias and the activation, which comes behind it where it is no part of it.
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
        /// The number of outputs of each window.
        filters: usize,
    ) as conv_setters {
        ..layout: LayoutArguments = LayoutArguments::new() => layout_setters,
        ..end: EndArguments = EndArguments::new() => end_setters,
        /// How the kernel begins.
        kernel_initializer: crate::Initializer = "glorot_uniform",
        /// A penalty on the kernel.
        kernel_regularizer: Option<crate::Regularizer>,
        /// A condition on the kernel.
        kernel_constraint: Option<crate::Constraint>,
    }
}

impl ConvArguments {
    /// Asks for the kernel, and for the bias.
    pub(super) fn build(&self, kernel: Vec<usize>, build: &mut Build) -> Result<()> {
        build.add_weight(
            Weight::new("kernel", kernel, &self.kernel_initializer)
                .regularizer(&self.kernel_regularizer)
                .constraint(&self.kernel_constraint),
        );
        self.end.build(self.filters, build)
    }
}

arguments! {
    /// The arguments of convolutions of each channel by itself.
    pub(crate) struct DepthwiseArguments() as depthwise_setters {
        /// The number of outputs of each channel.
        depth_multiplier: usize = 1,
        ..layout: LayoutArguments = LayoutArguments::new() => layout_setters,
        ..end: EndArguments = EndArguments::new() => end_setters,
        /// How the kernel of the channels begins.
        depthwise_initializer: crate::Initializer = "glorot_uniform",
        /// A penalty on the kernel of the channels.
        depthwise_regularizer: Option<crate::Regularizer>,
        /// A condition on the kernel of the channels.
        depthwise_constraint: Option<crate::Constraint>,
    }
}

impl DepthwiseArguments {
    /// Asks for the kernel of the channels under this name.
    pub(super) fn build(&self, name: &'static str, window: &[usize], channels: usize, build: &mut Build) {
        let kernel = [window, &[channels, self.depth_multiplier]].concat();
        build.add_weight(
            Weight::new(name, kernel, &self.depthwise_initializer)
                .regularizer(&self.depthwise_regularizer)
                .constraint(&self.depthwise_constraint),
        );
    }

    /// How many outputs all channels have.
    pub(super) fn outputs(&self, channels: usize) -> usize {
        // Sizes may come from a file, and be anything.
        channels.saturating_mul(self.depth_multiplier)
    }
}

arguments! {
    /// The arguments of separable convolutions.
    pub(crate) struct SeparableArguments(
        /// The number of outputs of each window.
        filters: usize,
    ) as separable_setters {
        ..depthwise: DepthwiseArguments = DepthwiseArguments::new() => depthwise_setters,
        /// How the kernel over the channels begins.
        pointwise_initializer: crate::Initializer = "glorot_uniform",
        /// A penalty on the kernel over the channels.
        pointwise_regularizer: Option<crate::Regularizer>,
        /// A condition on the kernel over the channels.
        pointwise_constraint: Option<crate::Constraint>,
    }
}
