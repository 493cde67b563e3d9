//! SeparableConv2D: windows of its own for each channel of an image, then a mixture of the channels. Keras: `keras.layers.SeparableConv2D`.

use super::arguments::{SeparableArguments, depthwise_setters, end_setters, layout_setters, separable_setters};
use super::base_separable_conv::Separable;
use crate::Sizes;
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// A convolution over an image in two steps (Chollet, 2016), with fewer weights than one: each channel by itself, then all channels of each
    /// element. The bias and the activation come at the end.
    ///
    /// Keras: `keras.layers.SeparableConv2D`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, new height, new width, filters)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{SeparableConv2D, Input, Layer};
    /// let y = SeparableConv2D::new(64, 3).padding("same").call(&Input::shape([28, 28, 32]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 28, 28, 64)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct SeparableConv2D(
        /// The number of outputs of each window.
        let filters: usize,
        /// The size of the windows.
        kernel_size: Sizes<2>,
    ) {
        /// How far the windows are apart.
        strides: Sizes<2> = 1,
        /// How far the elements of a window are apart.
        dilation_rate: Sizes<2> = 1,
        ..arguments: SeparableArguments = SeparableArguments::new(filters) => separable_setters,
    }
}

spatial_layer!(SeparableConv2D, |layer| Separable {
    windows: Windows { size: layer.kernel_size, strides: layer.strides, dilation: layer.dilation_rate },
    arguments: &layer.arguments,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| SeparableConv2D::new(4, 2), Check::inputs([[2, 4, 3, 3]]).output([2, 3, 2, 4]).weights(3));
        let more = || SeparableConv2D::new(2, (2, 1)).depth_multiplier(2).activation("tanh").use_bias(false);
        check_layer(more, Check::inputs([[2, 3, 2, 2]]).output([2, 2, 2, 2]).weights(2));
    }

    #[test]
    fn weights_are_in_the_order_of_keras() {
        let layer = SeparableConv2D::new(4, 3).depth_multiplier(2);
        layer.call(Input::shape([5, 5, 3]));
        let weights: Vec<_> =
            layer.variables().iter().map(|v| (v.name().to_owned(), v.value().dims().to_vec())).collect();
        let expected =
            [("depthwise_kernel", vec![3, 3, 3, 2]), ("pointwise_kernel", vec![1, 1, 6, 4]), ("bias", vec![4])];
        assert_eq!(weights, expected.map(|(name, dims)| (name.to_owned(), dims)));
    }
}
