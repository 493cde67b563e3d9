//! Conv2D: a convolution over an image. Keras: `keras.layers.Conv2D`.

use super::arguments::{ConvArguments, conv_setters, epilogue_setters, layout_setters};
use super::base_conv::Convolution;
use crate::Sizes;
use crate::lora::{LoraArguments, lora_setters};
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// A convolution over an image: `activation(convolution(input, kernel) + bias)`.
    ///
    /// Keras: `keras.layers.Conv2D`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, new height, new width, filters)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Conv2D, Input, Layer};
    /// let y = Conv2D::new(32, (3, 3)).activation("relu").call(&Input::shape([28, 28, 1]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 26, 26, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Conv2D(
        /// The number of filters.
        let filters: usize,
        /// The size of the window.
        kernel_size: Sizes<2>,
    ) {
        /// The stride.
        strides: Sizes<2> = 1,
        /// The dilation; not together with strides.
        dilation_rate: Sizes<2> = 1,
        /// The number of groups of channels and filters.
        groups: usize = 1,
        ..arguments: ConvArguments = ConvArguments::new(filters) => conv_setters,
        ..lora: LoraArguments = LoraArguments::new() => lora_setters,
    }
}

spatial_layer!(Conv2D, |layer| Convolution {
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
        check_layer(|| Conv2D::new(4, 2), Check::inputs([[2, 4, 3, 3]]).output([2, 3, 2, 4]).weights(2));
        let same = || Conv2D::new(4, (3, 2)).padding("same").strides((2, 1)).activation("tanh").groups(2);
        check_layer(same, Check::inputs([[2, 4, 3, 2]]).output([2, 2, 3, 4]).weights(2));
        let first = || Conv2D::new(4, 2).data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 4, 3]]).output([2, 4, 3, 2]).weights(2));
    }

    #[test]
    fn another_number_of_channels_is_an_error() {
        let layer = Conv2D::new(4, 2);
        layer.call(Input::shape([5, 5, 3]));
        assert!(
            layer.call(Input::shape([5, 5, 2])).shape().unwrap_err().to_string().contains("expected: 3 on axis -1")
        );
    }
}
