//! Conv3D: a convolution over a volume. Keras: `keras.layers.Conv3D`.

use super::arguments::{ConvArguments, conv_setters, epilogue_setters, layout_setters};
use super::base_conv::Convolution;
use crate::Sizes;
use crate::lora::{LoraArguments, lora_setters};
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// A convolution over a volume: `activation(convolution(input, kernel) + bias)`.
    ///
    /// Keras: `keras.layers.Conv3D`.
    ///
    /// # Shapes
    /// - input: `(batch, depth, height, width, channels)`
    /// - output: `(batch, new depth, new height, new width, filters)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Conv3D, Input, Layer};
    /// let y = Conv3D::new(8, 3).activation("relu").call(&Input::shape([16, 28, 28, 1]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 14, 26, 26, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Conv3D(
        /// The number of filters.
        let filters: usize,
        /// The size of the window.
        kernel_size: Sizes<3>,
    ) {
        /// The stride.
        strides: Sizes<3> = 1,
        /// The dilation; not together with strides.
        dilation_rate: Sizes<3> = 1,
        /// The number of groups of channels and filters.
        groups: usize = 1,
        ..arguments: ConvArguments = ConvArguments::new(filters) => conv_setters,
        ..lora: LoraArguments = LoraArguments::new() => lora_setters,
    }
}

spatial_layer!(Conv3D, |layer| Convolution {
    windows: Windows { size: layer.kernel_size, strides: layer.strides, dilation: layer.dilation_rate },
    groups: layer.groups,
    arguments: &layer.arguments,
    lora: &layer.lora,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Conv3D::new(3, 2), Check::inputs([[2, 2, 3, 2, 2]]).output([2, 1, 2, 1, 3]).weights(2));
        let same = || Conv3D::new(2, (2, 1, 2)).padding("same").strides((2, 1, 1)).activation("tanh").groups(2);
        check_layer(same, Check::inputs([[1, 3, 2, 2, 2]]).output([1, 2, 2, 2, 2]).weights(2));
        let first = || Conv3D::new(2, 2).data_format("channels_first").use_bias(false);
        check_layer(first, Check::inputs([[1, 2, 2, 3, 2]]).output([1, 2, 1, 2, 1]).weights(1));
    }

    #[test]
    fn an_image_is_no_volume() {
        let error = Conv3D::new(4, 2).call(Input::shape([5, 5, 3])).shape().unwrap_err().to_string();
        assert!(error.contains("(batch, depth, height, width, channels)"), "{error}");
    }
}
