//! What convolutions over one and two axes share. Keras: `keras/src/layers/convolutional/base_conv.py`.

/// Defines a convolution: its documentation, its name, over how many axes it moves, and whether it may be causal.
macro_rules! conv_layer {
    ($(#[$doc:meta])* $name:ident, $axes:literal, $causal:literal) => {
        $crate::layer! {
            $(#[$doc])*
            pub struct $name(
                /// The number of outputs of each window.
                filters: usize,
                /// The size of the windows.
                kernel_size: $crate::Sizes<$axes>,
            ) {
                /// How far the windows are apart.
                strides: $crate::Sizes<$axes> = 1,
                /// `"valid"` keeps the windows inside of the input, `"same"` puts zeros around it. A Conv1D may be `"causal"`: zeros in
                /// front, so that no step sees a later one.
                padding: String = "valid",
                /// `"channels_last"`, or `"channels_first"`, which is transposed and costs a copy each way.
                data_format: String = "channels_last",
                /// How far the elements of a window are apart; not with strides.
                dilation_rate: $crate::Sizes<$axes> = 1,
                /// Into how many parts channels and filters are divided, each of which sees only its own.
                groups: usize = 1,
                /// What is done to each output.
                activation: $crate::activations::ActivationFunction = "linear",
                /// Whether a bias is added.
                use_bias: bool = true,
                /// How the kernel begins.
                kernel_initializer: $crate::Initializer = "glorot_uniform",
                /// How the bias begins.
                bias_initializer: $crate::Initializer = "zeros",
                /// A penalty on the kernel.
                kernel_regularizer: Option<$crate::Regularizer>,
                /// A penalty on the bias.
                bias_regularizer: Option<$crate::Regularizer>,
                /// A condition on the kernel.
                kernel_constraint: Option<$crate::Constraint>,
                /// A condition on the bias.
                bias_constraint: Option<$crate::Constraint>,
            }
        }

        impl $name {
            /// The convolution, and then the pooling if there is one; without the activation where that is no part of it.
            fn convolved(
                &self,
                inputs: &[candle_core::Tensor],
                ctx: &$crate::Context,
                pooling: Option<$crate::pooling::Pooling>,
            ) -> $crate::Result<candle_core::Tensor> {
                use $crate::Layer;
                let kernel = self.weight("kernel", ctx)?;
                let bias = if self.use_bias { Some(self.weight("bias", ctx)?) } else { None };
                let padding = $crate::spatial::padding(&self.padding, $causal)?;
                $crate::spatial::run_channels_last($crate::layer::single(inputs)?, &self.data_format, |x| {
                    let (size, strides, apart) = (self.kernel_size.0, self.strides.0, self.dilation_rate.0);
                    let axes = $crate::spatial::axes(x.dims(), size, strides, apart, padding);
                    let function = self.activation.fused().unwrap_or_default();
                    let [rows, columns] = axes.map(|axis| axis.output);
                    let pooling = pooling.map(|pooling| pooling(&[0, rows, columns][2 - $axes..]));
                    let bias = bias.as_ref();
                    Ok(candle_keras_ops::conv2d_and_pool(x, &kernel, bias, axes, self.groups, function, pooling)?)
                })
            }

            /// The channels of an input, which must be known.
            fn channels(&self, input: &$crate::Shape) -> $crate::Result<usize> {
                let (_, channels) = $crate::spatial::spatial::<$axes>(input, &self.data_format)?;
                match channels {
                    Some(channels) if self.groups > 0 && channels > 0 && channels % self.groups == 0 => Ok(channels),
                    Some(channels) => Err($crate::Error::new("groups must divide the number of channels")
                        .received(format!("{} groups of {channels} channels", self.groups))),
                    None => Err($crate::Error::new("the number of channels must be known")
                        .received(format!("an input of shape {input}"))),
                }
            }
        }

        impl $crate::Layer for $name {
            fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
                let input = $crate::layer::single(inputs)?;
                let (mut sizes, _) = $crate::spatial::spatial::<$axes>(input, &self.data_format)?;
                self.channels(input)?;
                let padding = $crate::spatial::padding(&self.padding, $causal)?;
                for (i, size) in sizes.iter_mut().enumerate() {
                    let (window, stride) = (self.kernel_size.0[i], self.strides.0[i]);
                    *size = $crate::spatial::windows(*size, window, stride, self.dilation_rate.0[i], padding)?;
                }
                let filters = Some(self.filters);
                Ok(vec![$crate::spatial::with_spatial(input[0], sizes, filters, &self.data_format)?])
            }

            fn build(&self, inputs: &[$crate::Shape], build: &mut $crate::Build) -> $crate::Result<()> {
                use $crate::spatial::positive;
                self.activation.check()?;
                positive("filters", &[self.filters])?;
                positive("kernel_size", &self.kernel_size.0)?;
                positive("strides", &self.strides.0)?;
                positive("dilation_rate", &self.dilation_rate.0)?;
                positive("groups", &[self.groups])?;
                if self.filters % self.groups != 0 {
                    return Err($crate::Error::new("groups must divide the number of filters")
                        .received(format!("{} groups of {} filters", self.groups, self.filters)));
                }
                if self.strides != 1.into() && self.dilation_rate != 1.into() {
                    return Err($crate::Error::new("strides and dilation_rate cannot both be more than 1")
                        .received(format!("{:?} and {:?}", self.strides.0, self.dilation_rate.0)));
                }
                let channels = self.channels($crate::layer::single(inputs)?)?;
                build.input_size(if $crate::spatial::channels_last(&self.data_format)? { -1 } else { 1 })?;
                let kernel = [&self.kernel_size.0[..], &[channels / self.groups, self.filters]].concat();
                build.add_weight(
                    $crate::Weight::new("kernel", kernel, &self.kernel_initializer)
                        .regularizer(&self.kernel_regularizer)
                        .constraint(&self.kernel_constraint),
                );
                if self.use_bias {
                    build.add_weight(
                        $crate::Weight::new("bias", [self.filters], &self.bias_initializer)
                            .regularizer(&self.bias_regularizer)
                            .constraint(&self.bias_constraint),
                    );
                }
                Ok(())
            }

            fn forward(
                &self,
                inputs: &[candle_core::Tensor],
                ctx: &mut $crate::Context,
            ) -> $crate::Result<Vec<candle_core::Tensor>> {
                let y = self.convolved(inputs, ctx, None)?;
                Ok(vec![if self.activation.fused().is_some() { y } else { self.activation.call(&y)? }])
            }

            fn forward_with(
                &self,
                next: &dyn $crate::Layer,
                inputs: &[candle_core::Tensor],
                ctx: &mut $crate::Context,
            ) -> $crate::Result<Option<Vec<candle_core::Tensor>>> {
                match $crate::pooling::pooling_of(next, &self.data_format)? {
                    Some(pooling) if self.activation.fused().is_some() => {
                        Ok(Some(vec![self.convolved(inputs, ctx, Some(pooling))?]))
                    }
                    _ => Ok(None),
                }
            }
        }
    };
}
pub(super) use conv_layer;
