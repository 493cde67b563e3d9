//! Conv2DTranspose: a convolution the other way round, over an image. Keras: `keras.layers.Conv2DTranspose`.

use super::arguments::{ConvArguments, conv_setters, end_setters, layout_setters};
use super::base_conv_transpose::Transposed;
use crate::Sizes;
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// The way of a convolution's gradient from its outputs to its inputs, as a layer that makes an image larger: each element puts the kernel, times
    /// itself, where a convolution's window would lie, and what overlaps is added.
    ///
    /// Keras: `keras.layers.Conv2DTranspose`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, new height, new width, filters)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Conv2DTranspose, Input, Layer};
    /// let y = Conv2DTranspose::new(16, 3).strides(2).padding("same").call(&Input::shape([14, 14, 32]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 28, 28, 16)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Conv2DTranspose(
        /// The number of outputs of each window.
        let filters: usize,
        /// The size of the windows.
        kernel_size: Sizes<2>,
    ) {
        /// How far the windows are apart.
        strides: Sizes<2> = 1,
        /// How far the elements of a window are apart; not with strides.
        dilation_rate: Sizes<2> = 1,
        /// How many elements come out behind the least number of them; as many as come in, times the strides, if not given and the padding is
        /// `"same"`.
        output_padding: Option<Sizes<2>>,
        ..arguments: ConvArguments = ConvArguments::new(filters) => conv_setters,
    }
}

spatial_layer!(Conv2DTranspose, |layer| Transposed {
    windows: Windows { size: layer.kernel_size, strides: layer.strides, dilation: layer.dilation_rate },
    output_padding: layer.output_padding,
    arguments: &layer.arguments,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Conv2DTranspose::new(3, 2), Check::inputs([[2, 3, 2, 2]]).output([2, 4, 3, 3]).weights(2));
        let same = || Conv2DTranspose::new(2, (3, 2)).strides((2, 1)).padding("same").activation("elu");
        check_layer(same, Check::inputs([[2, 2, 3, 2]]).output([2, 4, 3, 2]).weights(2));
        let first = || Conv2DTranspose::new(2, 3).strides(2).output_padding((1, 0)).data_format("channels_first");
        check_layer(first, Check::inputs([[1, 2, 2, 2]]).output([1, 2, 6, 5]).weights(2));
    }
}
