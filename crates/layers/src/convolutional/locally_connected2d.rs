//! LocallyConnected2D of Keras 2: a convolution over an image with a kernel for each window.

use super::arguments::{ConvArguments, conv_setters, epilogue_setters, layout_setters};
use super::base_locally_connected::LocallyConnected;
use crate::Sizes;
use crate::spatial::{Windows, spatial_layer};

layer! {
    /// A convolution over an image whose kernel and bias are others for each window.
    ///
    /// Keras 2: `keras.layers.LocallyConnected2D`. Keras 3 has none: it is here for files of Keras 2, and what is saved with it opens here alone.
    /// It is a composition of windows and a batched matrix product.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`, all but the batch known
    /// - output: `(batch, new height, new width, filters)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, LocallyConnected2D};
    /// let y = LocallyConnected2D::new(32, 3).activation("relu").call(&Input::shape([9, 9, 4]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 7, 7, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct LocallyConnected2D(
        /// The number of filters.
        let filters: usize,
        /// The size of the window.
        kernel_size: Sizes<2>,
    ) {
        /// The stride.
        strides: Sizes<2> = 1,
        /// How the kernels are laid out in files: 1 by windows (without padding), 2 as a matrix from all inputs to all outputs, 3 the elements of that
        /// matrix that are used.
        implementation: usize = 1,
        ..arguments: ConvArguments = ConvArguments::new(filters) => conv_setters,
    }
}

spatial_layer!(LocallyConnected2D, |layer| LocallyConnected {
    windows: Windows { size: layer.kernel_size, strides: layer.strides, dilation: 1.into() },
    implementation: layer.implementation,
    arguments: &layer.arguments,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Layer, check_layer, run};
    use candle_core::Tensor;

    #[test]
    fn behaves_as_every_layer_must() {
        let plain = || LocallyConnected2D::new(2, 2).implementation(1).strides((1, 2));
        check_layer(plain, Check::inputs([[1, 3, 4, 2]]).output([1, 2, 2, 2]).weights(2));
        let same = || LocallyConnected2D::new(2, (2, 3)).implementation(3).padding("same").activation("tanh");
        check_layer(same, Check::inputs([[1, 2, 3, 2]]).output([1, 2, 3, 2]).weights(2));
        let first = || LocallyConnected2D::new(2, 2).implementation(3).data_format("channels_first");
        check_layer(first, Check::inputs([[1, 2, 3, 3]]).output([1, 2, 2, 2]).weights(2));
    }

    /// Only the elements of a whole matrix that belong to a window are used.
    #[test]
    fn a_matrix_and_its_elements_compute_the_same() {
        for format in ["channels_last", "channels_first"] {
            let x = candle_keras_ops::gradcheck::values([2, 3, 3, 3], 1).to_dtype(candle_core::DType::F32).unwrap();
            let of = |implementation: usize, kernel: f32| {
                let layer = LocallyConnected2D::new(2, 2).implementation(implementation).data_format(format);
                layer.call(crate::Input::shape([3, 3, 3]));
                let ones = layer
                    .get_weights()
                    .unwrap()
                    .iter()
                    .map(|x| (x.ones_like().unwrap() * f64::from(kernel)).unwrap())
                    .collect::<Vec<Tensor>>();
                layer.set_weights(&ones).unwrap();
                let (y, _) = run(&layer, std::slice::from_ref(&x), &[], &mut crate::Context::inference()).unwrap();
                y[0].flatten_all().unwrap().to_vec1::<f32>().unwrap()
            };
            assert_eq!(of(1, 1.0), of(2, 1.0));
            assert_eq!(of(1, 0.5), of(3, 0.5));
        }
    }
}
