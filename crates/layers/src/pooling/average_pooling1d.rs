//! AveragePooling1D: the mean of each window. Keras: `keras.layers.AveragePooling1D`.

use super::base_pooling::pooling_layer;
use candle_keras_ops::Pool;

pooling_layer! {
    /// The mean of each window of a sequence, for each channel.
    ///
    /// Keras: `keras.layers.AveragePooling1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, new steps, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{AveragePooling1D, Input, Layer};
    /// assert_eq!(AveragePooling1D::new(2).call(&Input::shape([20, 8])).shape()?.to_string(), "(None, 10, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    AveragePooling1D, 1, Pool::Average
}
