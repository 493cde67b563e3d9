//! AveragePooling1D: the mean of each window. Keras: `keras.layers.AveragePooling1D`.

use super::base_pooling::{Pooling, PoolingArguments, pooling_setters};
use crate::Sizes;
use crate::spatial::spatial_layer;
use candle_keras_ops::Pool;

layer! {
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
    /// use candle_keras_layers::{Input, Layer, AveragePooling1D};
    /// assert_eq!(AveragePooling1D::new(2).call(&Input::shape([20, 8])).shape()?.to_string(), "(None, 10, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct AveragePooling1D(
        /// The size of the windows.
        pool_size: Sizes<1>,
    ) {
        /// How far the windows are apart; by default as far as they are large.
        strides: Option<Sizes<1>> = Some(pool_size),
        ..arguments: PoolingArguments = PoolingArguments::new() => pooling_setters,
    }
}

impl AveragePooling1D {
    /// What the layer does.
    pub(super) fn pooling(&self) -> Pooling<'_, 1> {
        Pooling::new(Pool::Average, self.pool_size, self.strides, &self.arguments)
    }
}

spatial_layer!(AveragePooling1D, |layer| layer.pooling());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| AveragePooling1D::new(2), Check::inputs([[2, 5, 3]]).output([2, 2, 3]));
        let other = || AveragePooling1D::new(3).strides(1).padding("same").data_format("channels_first");
        check_layer(other, Check::inputs([[2, 3, 5]]).output([2, 3, 5]));
    }
}
