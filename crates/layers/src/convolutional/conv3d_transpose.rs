//! Conv3DTranspose: a convolution the other way round, over a volume. Keras: `keras.layers.Conv3DTranspose`.

use super::arguments::{ConvArguments, conv_setters, end_setters, layout_setters};
use super::base_conv_transpose::Transposed;
use crate::Sizes;
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// The way of a convolution's gradient from its outputs to its inputs, as a layer that makes a volume larger: each element puts the kernel, times
    /// itself, where a convolution's window would lie, and what overlaps is added.
    ///
    /// Keras: `keras.layers.Conv3DTranspose`.
    ///
    /// # Shapes
    /// - input: `(batch, depth, height, width, channels)`
    /// - output: `(batch, new depth, new height, new width, filters)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Conv3DTranspose, Input, Layer};
    /// let y = Conv3DTranspose::new(4, 2).strides(2).call(&Input::shape([4, 7, 7, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 8, 14, 14, 4)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Conv3DTranspose(
        /// The number of outputs of each window.
        let filters: usize,
        /// The size of the windows.
        kernel_size: Sizes<3>,
    ) {
        /// How far the windows are apart.
        strides: Sizes<3> = 1,
        /// How far the elements of a window are apart; not with strides.
        dilation_rate: Sizes<3> = 1,
        /// How many elements come out behind the least number of them; as many as come in, times the strides, if not given and the padding is
        /// `"same"`.
        output_padding: Option<Sizes<3>>,
        ..arguments: ConvArguments = ConvArguments::new(filters) => conv_setters,
    }
}

spatial_layer!(Conv3DTranspose, |layer| Transposed {
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
        check_layer(|| Conv3DTranspose::new(2, 2), Check::inputs([[1, 2, 1, 2, 3]]).output([1, 3, 2, 3, 2]).weights(2));
        let same = || Conv3DTranspose::new(2, 2).strides((2, 1, 1)).padding("same").data_format("channels_first");
        check_layer(same, Check::inputs([[1, 2, 1, 2, 2]]).output([1, 2, 2, 2, 2]).weights(2));
    }
}
