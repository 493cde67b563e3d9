//! LocallyConnected1D of Keras 2: a convolution over a sequence with a kernel for each window.

use super::arguments::{ConvArguments, conv_setters, epilogue_setters, layout_setters};
use super::base_locally_connected::LocallyConnected;
use crate::Sizes;
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// A convolution over a sequence whose kernel and bias are others for each window.
    ///
    /// Keras 2: `keras.layers.LocallyConnected1D`. Keras 3 has none: it is here for files of Keras 2, and what is saved with it opens here alone.
    /// It is a composition of windows and a batched matrix product.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`, all but the batch known
    /// - output: `(batch, new steps, filters)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, LocallyConnected1D};
    /// let y = LocallyConnected1D::new(32, 3).activation("relu").call(&Input::shape([10, 4]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 8, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct LocallyConnected1D(
        /// The number of filters.
        let filters: usize,
        /// The size of the window.
        kernel_size: Sizes<1>,
    ) {
        /// The stride.
        strides: Sizes<1> = 1,
        /// How the kernels are laid out in files: 1 by windows (without padding), 2 as a matrix from all inputs to all outputs, 3 the elements of that
        /// matrix that are used.
        implementation: usize = 1,
        ..arguments: ConvArguments = ConvArguments::new(filters) => conv_setters,
    }
}

spatial_layer!(LocallyConnected1D, |layer| LocallyConnected {
    windows: Windows { size: layer.kernel_size, strides: layer.strides, dilation: 1.into() },
    implementation: layer.implementation,
    arguments: &layer.arguments,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        for implementation in 1..=3 {
            let plain = || LocallyConnected1D::new(2, 2).implementation(implementation).activation("tanh");
            check_layer(plain, Check::inputs([[2, 4, 2]]).output([2, 3, 2]).weights(2));
            let first = || LocallyConnected1D::new(2, 2).implementation(implementation).data_format("channels_first");
            check_layer(first, Check::inputs([[2, 2, 4]]).output([2, 2, 3]).weights(2));
        }
        let same = || LocallyConnected1D::new(2, 3).implementation(3).padding("same").strides(2).use_bias(false);
        check_layer(same, Check::inputs([[2, 5, 2]]).output([2, 3, 2]).weights(1));
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let error = |layer: LocallyConnected1D, steps: Option<usize>| {
            layer.call(Input::shape([steps, Some(2)])).shape().unwrap_err().to_string()
        };
        let layer = || LocallyConnected1D::new(2, 3);
        assert!(error(layer(), None).contains("all sizes must be known"));
        assert!(error(layer().implementation(4), Some(5)).contains("implementation is 1, 2 or 3"));
        assert!(error(layer().padding("same"), Some(5)).contains("implementation 1 has no padding"));
        assert!(error(layer().strides(0), Some(5)).contains("strides must be positive"));
        assert!(error(layer(), Some(2)).contains("a window is larger than the input"));
        assert!(error(layer(), Some(usize::MAX / 2)).contains("(LocallyConnected1D): "));
    }
}
