//! Subtract: the difference. Keras: `keras.layers.Subtract`.

use super::merge_layer;
use candle_keras_ops as ops;

merge_layer! {
    /// The first input minus the second.
    ///
    /// Keras: `keras.layers.Subtract`.
    ///
    /// # Shapes
    /// - inputs: two of the same shape; sizes of 1 broadcast
    /// - output: their common shape
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Subtract, Input, Layer};
    /// let (a, b) = (Input::shape([8]), Input::shape([8]));
    /// assert_eq!(Subtract::new().call([&a, &b]).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    Subtract, 2..=2, |inputs, _| Ok(ops::subtract(&inputs[0], &inputs[1])?)
}
