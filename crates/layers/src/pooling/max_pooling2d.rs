//! MaxPooling2D: the largest element of each window. Keras: `keras.layers.MaxPooling2D`.

use super::base_pooling::{Pooling, PoolingArguments, pooling_setters};
use crate::Sizes;
use crate::spatial::spatial_layer;
use candle_keras_ops::Pool;

layer! {
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
    /// use candle_keras_layers::{Input, Layer, MaxPooling2D};
    /// assert_eq!(MaxPooling2D::new(2).call(&Input::shape([28, 28, 8])).shape()?.to_string(), "(None, 14, 14, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct MaxPooling2D(
        /// The size of the windows.
        pool_size: Sizes<2>,
    ) {
        /// How far the windows are apart; by default as far as they are large.
        strides: Option<Sizes<2>> = Some(pool_size),
        ..arguments: PoolingArguments = PoolingArguments::new() => pooling_setters,
    }
}

impl MaxPooling2D {
    /// What the layer does.
    pub(super) fn pooling(&self) -> Pooling<'_, 2> {
        Pooling::new(Pool::Max, self.pool_size, self.strides, &self.arguments)
    }
}

spatial_layer!(MaxPooling2D, |layer| layer.pooling());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| MaxPooling2D::new(2), Check::inputs([[2, 5, 4, 3]]).output([2, 2, 2, 3]));
        let other = || MaxPooling2D::new(3).strides(1).padding("same").data_format("channels_first");
        check_layer(other, Check::inputs([[2, 3, 5, 4]]).output([2, 3, 5, 4]));
    }
}
