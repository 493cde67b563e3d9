//! MaxPooling1D: the largest element of each window. Keras: `keras.layers.MaxPooling1D`.

use super::base_pooling::pooling_layer;
use candle_keras_ops::Pool;

pooling_layer! {
    /// The largest element of each window of a sequence, for each channel.
    ///
    /// Keras: `keras.layers.MaxPooling1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, new steps, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{MaxPooling1D, Input, Layer};
    /// assert_eq!(MaxPooling1D::new(2).call(&Input::shape([20, 8])).shape()?.to_string(), "(None, 10, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    MaxPooling1D, 1, Pool::Max
}
