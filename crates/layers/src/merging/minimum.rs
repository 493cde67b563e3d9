//! Minimum: the elementwise minimum. Keras: `keras.layers.Minimum`.

use super::{base_merge::merged_where_masked, merge_layer};
use candle_core::Tensor;

merge_layer! {
    /// The elementwise minimum of its inputs; masked elements are left out.
    ///
    /// Keras: `keras.layers.Minimum`.
    ///
    /// # Shapes
    /// - inputs: two or more of the same shape; sizes of 1 broadcast
    /// - output: their common shape
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Minimum, Input, Layer};
    /// let (a, b) = (Input::shape([8]), Input::shape([8]));
    /// assert_eq!(Minimum::new().call([&a, &b]).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    Minimum, 1..=usize::MAX, |inputs, masks| merged_where_masked(inputs, masks, Tensor::broadcast_minimum)
}
