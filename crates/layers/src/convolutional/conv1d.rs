//! Conv1D: a convolution over a sequence. Keras: `keras.layers.Conv1D`.

use super::arguments::{ConvArguments, conv_setters, epilogue_setters, layout_setters};
use super::base_conv::Convolution;
use crate::Sizes;
use crate::lora::{LoraArguments, lora_setters};
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// A convolution over the steps of a sequence: `activation(convolution(input, kernel) + bias)`.
    ///
    /// Keras: `keras.layers.Conv1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, new steps, filters)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Conv1D, Input, Layer};
    /// let y = Conv1D::new(64, 5).activation("relu").call(&Input::shape([100, 16]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 96, 64)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Conv1D(
        /// The number of filters.
        let filters: usize,
        /// The size of the window.
        kernel_size: Sizes<1>,
    ) {
        /// The stride.
        strides: Sizes<1> = 1,
        /// The dilation; not together with strides.
        dilation_rate: Sizes<1> = 1,
        /// The number of groups of channels and filters.
        groups: usize = 1,
        ..arguments: ConvArguments = ConvArguments::new(filters) => conv_setters,
        ..lora: LoraArguments = LoraArguments::new() => lora_setters,
    }
}

spatial_layer!(Conv1D, |layer| Convolution {
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
        check_layer(|| Conv1D::new(4, 2), Check::inputs([[2, 5, 3]]).output([2, 4, 4]).weights(2));
        let causal = || Conv1D::new(4, 3).padding("causal").dilation_rate(2).use_bias(false);
        check_layer(causal, Check::inputs([[2, 5, 3]]).output([2, 5, 4]).weights(1));
        let first = || Conv1D::new(4, 2).strides(2).data_format("channels_first").activation("elu");
        check_layer(first, Check::inputs([[2, 3, 6]]).output([2, 4, 3]).weights(2));
    }

    #[test]
    fn arguments_that_cannot_be_are_errors() {
        let error = |layer: Conv1D, shape: [usize; 2]| layer.call(Input::shape(shape)).shape().unwrap_err().to_string();
        assert!(error(Conv1D::new(4, 6), [5, 3]).contains("larger than the input"));
        assert!(error(Conv1D::new(0, 2), [5, 3]).contains("filters must be positive"));
        assert!(error(Conv1D::new(4, 2).groups(2), [5, 3]).contains("groups must divide"));
        assert!(error(Conv1D::new(4, 2).padding("smae"), [5, 3]).contains("did you mean \"same\"?"));
        assert!(error(Conv1D::new(4, 2).strides(2).dilation_rate(2), [5, 3]).contains("strides and dilation_rate"));
        assert!(
            Conv1D::new(4, 2)
                .call(Input::shape([5]))
                .shape()
                .unwrap_err()
                .to_string()
                .contains("(batch, steps, channels)")
        );
    }
}
