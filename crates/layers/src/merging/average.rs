//! Average: the mean. Keras: `keras.layers.Average`.

use super::{base_merge::fold, merge_layer};
use candle_keras_ops as ops;

merge_layer! {
    /// The mean of its inputs.
    ///
    /// Keras: `keras.layers.Average`.
    ///
    /// # Shapes
    /// - inputs: two or more of the same shape; sizes of 1 broadcast
    /// - output: their common shape
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Average, Input, Layer};
    /// let (a, b) = (Input::shape([8]), Input::shape([8]));
    /// assert_eq!(Average::new().call([&a, &b]).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    Average, 1..=usize::MAX, |inputs, _| Ok((fold(inputs, ops::add)? / inputs.len() as f64)?)
}
