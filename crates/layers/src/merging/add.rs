//! Add: the sum. Keras: `keras.layers.Add`.

use super::{base_merge::fold, merge_layer};
use candle_keras_ops as ops;

merge_layer! {
    /// The sum of its inputs.
    ///
    /// Keras: `keras.layers.Add`.
    ///
    /// # Shapes
    /// - inputs: two or more of the same shape; sizes of 1 broadcast
    /// - output: their common shape
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Add, Input, Layer};
    /// let (a, b) = (Input::shape([8]), Input::shape([8]));
    /// assert_eq!(Add::new().call([&a, &b]).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    Add, 1..=usize::MAX, |inputs, _| Ok(fold(inputs, ops::add)?)
}
