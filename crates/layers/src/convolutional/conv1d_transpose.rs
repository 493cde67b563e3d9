//! Conv1DTranspose: a convolution the other way round, over a sequence. Keras: `keras.layers.Conv1DTranspose`.

use super::arguments::{ConvArguments, conv_setters, end_setters, layout_setters};
use super::base_conv_transpose::Transposed;
use crate::Sizes;
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// The way of a convolution's gradient from its outputs to its inputs, as a layer that makes a sequence larger: each element puts the kernel, times
    /// itself, where a convolution's window would lie, and what overlaps is added.
    ///
    /// Keras: `keras.layers.Conv1DTranspose`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, new steps, filters)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Conv1DTranspose, Input, Layer};
    /// let y = Conv1DTranspose::new(16, 4).strides(2).padding("same").call(&Input::shape([50, 64]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 100, 16)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Conv1DTranspose(
        /// The number of outputs of each window.
        let filters: usize,
        /// The size of the windows.
        kernel_size: Sizes<1>,
    ) {
        /// How far the windows are apart.
        strides: Sizes<1> = 1,
        /// How far the elements of a window are apart; not with strides.
        dilation_rate: Sizes<1> = 1,
        /// How many elements come out behind the least number of them; as many as come in, times the strides, if not given and the padding is
        /// `"same"`.
        output_padding: Option<Sizes<1>>,
        ..arguments: ConvArguments = ConvArguments::new(filters) => conv_setters,
    }
}

spatial_layer!(Conv1DTranspose, |layer| Transposed {
    windows: Windows { size: layer.kernel_size, strides: layer.strides, dilation: layer.dilation_rate },
    output_padding: layer.output_padding,
    arguments: &layer.arguments,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Conv1DTranspose::new(4, 3), Check::inputs([[2, 5, 3]]).output([2, 7, 4]).weights(2));
        let same = || Conv1DTranspose::new(2, 3).strides(3).padding("same").output_padding(1).activation("tanh");
        check_layer(same, Check::inputs([[2, 3, 2]]).output([2, 8, 2]).weights(2));
        let first = || Conv1DTranspose::new(2, 2).dilation_rate(2).data_format("channels_first").use_bias(false);
        check_layer(first, Check::inputs([[2, 3, 4]]).output([2, 2, 6]).weights(1));
    }

    #[test]
    fn arguments_that_cannot_be_are_errors() {
        let error = |layer: Conv1DTranspose| layer.call(Input::shape([5, 3])).shape().unwrap_err().to_string();
        assert!(
            error(Conv1DTranspose::new(4, 2).output_padding(1)).contains("output_padding must be less than strides")
        );
        assert!(error(Conv1DTranspose::new(4, 2).strides(2).dilation_rate(2)).contains("strides and dilation_rate"));
        assert!(error(Conv1DTranspose::new(0, 2)).contains("filters must be positive"));
        assert!(error(Conv1DTranspose::new(4, 2).padding("causal")).contains("padding"));
    }
}
