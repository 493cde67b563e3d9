//! Cropping1D: less of a sequence. Keras: `keras.layers.Cropping1D`.

use super::borders::Cropping;
use crate::Pairs;
use crate::spatial::spatial_layer;

layer! {
    /// Cuts elements off at the borders of a sequence.
    ///
    /// Keras: `keras.layers.Cropping1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, new steps, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Cropping1D, Input, Layer};
    /// let y = Cropping1D::new().cropping((3, 0)).call(&Input::shape([20, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 17, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Cropping1D() {
        /// How many elements: for both sides, or before and behind.
        cropping: Pairs<1> = 1,
    }
}

spatial_layer!(Cropping1D, |layer| Cropping { cropping: layer.cropping, data_format: "channels_last" });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Context, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(Cropping1D::new, Check::inputs([[2, 5, 2]]).output([2, 3, 2]));
        check_layer(|| Cropping1D::new().cropping((0, 2)), Check::inputs([[2, 3, 2]]).output([2, 1, 2]));
    }

    #[test]
    fn something_must_be_left() {
        let call = |shape: Option<usize>| Cropping1D::new().call(Input::shape([shape, Some(1)]));
        assert!(call(Some(2)).shape().unwrap_err().to_string().contains("nothing is left"));
        assert_eq!(call(None).shape().unwrap().to_string(), "(None, None, 1)");
        let x = candle_core::Tensor::zeros((1, 2, 1), candle_core::DType::F32, &candle_core::Device::Cpu).unwrap();
        assert!(Cropping1D::new().forward(&[x], &mut Context::inference()).is_err());
    }
}
