//! DepthwiseConv2D: windows of its own for each channel of an image. Keras: `keras.layers.DepthwiseConv2D`.

use super::arguments::{DepthwiseArguments, depthwise_setters, end_setters, layout_setters};
use super::base_depthwise_conv::Depthwise;
use crate::Sizes;
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// A convolution over an image of each channel by itself: `activation(convolution(input, kernel) + bias)`. The `depth_multiplier` outputs of a
    /// channel lie side by side.
    ///
    /// Keras: `keras.layers.DepthwiseConv2D`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, new height, new width, channels * depth_multiplier)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{DepthwiseConv2D, Input, Layer};
    /// let y = DepthwiseConv2D::new(3).padding("same").activation("relu").call(&Input::shape([28, 28, 32]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 28, 28, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct DepthwiseConv2D(
        /// The size of the windows.
        kernel_size: Sizes<2>,
    ) {
        /// How far the windows are apart.
        strides: Sizes<2> = 1,
        /// How far the elements of a window are apart.
        dilation_rate: Sizes<2> = 1,
        ..arguments: DepthwiseArguments = DepthwiseArguments::new() => depthwise_setters,
    }
}

spatial_layer!(DepthwiseConv2D, |layer| Depthwise {
    windows: Windows { size: layer.kernel_size, strides: layer.strides, dilation: layer.dilation_rate },
    arguments: &layer.arguments,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| DepthwiseConv2D::new(2), Check::inputs([[2, 4, 3, 3]]).output([2, 3, 2, 3]).weights(2));
        let more =
            || DepthwiseConv2D::new((3, 2)).depth_multiplier(2).padding("same").strides((2, 1)).activation("elu");
        check_layer(more, Check::inputs([[2, 4, 3, 2]]).output([2, 2, 3, 4]).weights(2));
        let first = || DepthwiseConv2D::new(2).data_format("channels_first").dilation_rate((2, 1));
        check_layer(first, Check::inputs([[2, 3, 4, 3]]).output([2, 3, 2, 2]).weights(2));
    }
}
