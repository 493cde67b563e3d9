//! MaxPooling2D: the largest element of each window. Keras: `keras.layers.MaxPooling2D`.

use super::base_pooling::pooling_layer;
use candle_keras_ops::Pool;

pooling_layer! {
    /// The largest element of each window of an image, for each channel.
    ///
    /// Keras: `keras.layers.MaxPooling2D`.
    ///
    /// # Shapes
    /// - input: `(batch, height, width, channels)`
    /// - output: `(batch, new height, new width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{MaxPooling2D, Input, Layer};
    /// assert_eq!(MaxPooling2D::new(2).call(&Input::shape([28, 28, 8])).shape()?.to_string(), "(None, 14, 14, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    MaxPooling2D, 2, Pool::Max
}
