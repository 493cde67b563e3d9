//! Maximum: the elementwise maximum. Keras: `keras.layers.Maximum`.

use super::{base_merge::merged_where_masked, merge_layer};
use candle_core::Tensor;

merge_layer! {
    /// The elementwise maximum of its inputs; masked elements are left out.
    ///
    /// Keras: `keras.layers.Maximum`.
    ///
    /// # Shapes
    /// - inputs: two or more of the same shape; sizes of 1 broadcast
    /// - output: their common shape
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Maximum, Input, Layer};
    /// let (a, b) = (Input::shape([8]), Input::shape([8]));
    /// assert_eq!(Maximum::new().call([&a, &b]).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    Maximum, 1..=usize::MAX, |inputs, masks| merged_where_masked(inputs, masks, Tensor::broadcast_maximum)
}
