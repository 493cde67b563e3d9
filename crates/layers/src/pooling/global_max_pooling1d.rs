//! GlobalMaxPooling1D: the largest value over all steps. Keras: `keras.layers.GlobalMaxPooling1D`.

use super::base_global_pooling::{GlobalPooling, GlobalPoolingArguments, global_pooling_setters};
use crate::spatial::spatial_layer;
use candle_keras_ops::Pool;

layer! {
    /// The largest value of each feature over the steps of a sequence. A mask ends here, as in Keras.
    ///
    /// Keras: `keras.layers.GlobalMaxPooling1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, channels)`
    /// - output: `(batch, channels)`, or `(batch, 1, channels)` with `keepdims`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GlobalMaxPooling1D, Input, Layer};
    /// assert_eq!(GlobalMaxPooling1D::new().call(&Input::shape([20, 8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct GlobalMaxPooling1D() {
        ..arguments: GlobalPoolingArguments = GlobalPoolingArguments::new() => global_pooling_setters,
    }
}

impl GlobalMaxPooling1D {
    /// What the layer does.
    pub(super) fn pooling(&self) -> GlobalPooling<'_, 1> {
        GlobalPooling { pool: Pool::Max, arguments: &self.arguments }
    }
}

spatial_layer!(GlobalMaxPooling1D, |layer| layer.pooling());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(GlobalMaxPooling1D::new, Check::inputs([[2, 3, 4]]).output([2, 4]));
        let other = || GlobalMaxPooling1D::new().data_format("channels_first").keepdims(true);
        check_layer(other, Check::inputs([[2, 3, 4]]).output([2, 3, 1]));
    }
}
