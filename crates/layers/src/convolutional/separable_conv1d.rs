//! SeparableConv1D: windows of its own for each channel of a sequence, then a mixture of the channels. Keras: `keras.layers.SeparableConv1D`.

use super::arguments::{SeparableArguments, depthwise_setters, end_setters, layout_setters, separable_setters};
use super::base_separable_conv::Separable;
use crate::Sizes;
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// A convolution over the steps of a sequence in two steps (Chollet, 2016), with fewer weights than one: each channel by itself, then all channels of each
    /// element. The bias and the activation come at the end.
    ///
    /// Keras: `keras.layers.SeparableConv1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, new steps, filters)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{SeparableConv1D, Input, Layer};
    /// let y = SeparableConv1D::new(64, 5).activation("relu").call(&Input::shape([100, 16]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 96, 64)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct SeparableConv1D(
        /// The number of outputs of each window.
        let filters: usize,
        /// The size of the windows.
        kernel_size: Sizes<1>,
    ) {
        /// How far the windows are apart.
        strides: Sizes<1> = 1,
        /// How far the elements of a window are apart.
        dilation_rate: Sizes<1> = 1,
        ..arguments: SeparableArguments = SeparableArguments::new(filters) => separable_setters,
    }
}

spatial_layer!(SeparableConv1D, |layer| Separable {
    windows: Windows { size: layer.kernel_size, strides: layer.strides, dilation: layer.dilation_rate },
    arguments: &layer.arguments,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| SeparableConv1D::new(4, 2), Check::inputs([[2, 5, 3]]).output([2, 4, 4]).weights(3));
        let first =
            || SeparableConv1D::new(2, 3).depth_multiplier(2).strides(2).padding("same").data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 5]]).output([2, 2, 3]).weights(3));
    }
}
