//! DepthwiseConv1D: windows of its own for each channel of a sequence. Keras: `keras.layers.DepthwiseConv1D`.

use super::arguments::{DepthwiseArguments, depthwise_setters, end_setters, layout_setters};
use super::base_depthwise_conv::Depthwise;
use crate::Sizes;
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// A convolution over the steps of a sequence of each channel by itself: `activation(convolution(input, kernel) + bias)`. The `depth_multiplier` outputs of a
    /// channel lie side by side.
    ///
    /// Keras: `keras.layers.DepthwiseConv1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, new steps, channels * depth_multiplier)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{DepthwiseConv1D, Input, Layer};
    /// let y = DepthwiseConv1D::new(5).depth_multiplier(2).call(&Input::shape([100, 16]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 96, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct DepthwiseConv1D(
        /// The size of the windows.
        kernel_size: Sizes<1>,
    ) {
        /// How far the windows are apart.
        strides: Sizes<1> = 1,
        /// How far the elements of a window are apart.
        dilation_rate: Sizes<1> = 1,
        ..arguments: DepthwiseArguments = DepthwiseArguments::new() => depthwise_setters,
    }
}

spatial_layer!(DepthwiseConv1D, |layer| Depthwise {
    windows: Windows { size: layer.kernel_size, strides: layer.strides, dilation: layer.dilation_rate },
    arguments: &layer.arguments,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| DepthwiseConv1D::new(2), Check::inputs([[2, 5, 3]]).output([2, 4, 3]).weights(2));
        let more = || DepthwiseConv1D::new(3).depth_multiplier(2).padding("same").strides(2).activation("tanh");
        check_layer(more, Check::inputs([[2, 5, 3]]).output([2, 3, 6]).weights(2));
        let first = || DepthwiseConv1D::new(2).dilation_rate(2).data_format("channels_first").use_bias(false);
        check_layer(first, Check::inputs([[2, 3, 5]]).output([2, 3, 3]).weights(1));
        check_layer(
            || DepthwiseConv1D::new(2).depth_multiplier(2),
            Check::inputs([[2, 3, 1]]).output([2, 2, 2]).weights(2),
        );
    }

    #[test]
    fn arguments_that_cannot_be_are_errors() {
        let error = |layer: DepthwiseConv1D| layer.call(Input::shape([5, 3])).shape().unwrap_err().to_string();
        assert!(error(DepthwiseConv1D::new(2).depth_multiplier(0)).contains("depth_multiplier must be positive"));
        assert!(error(DepthwiseConv1D::new(6)).contains("larger than the input"));
    }
}
