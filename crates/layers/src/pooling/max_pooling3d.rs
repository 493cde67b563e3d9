//! MaxPooling3D: the largest element of each window. Keras: `keras.layers.MaxPooling3D`.

use super::base_pooling::{Pooling, PoolingArguments, pooling_setters};
use crate::Sizes;
use crate::spatial::spatial_layer;
use candle_keras_ops::Pool;

layer! {
    /// The largest element of each window of a volume, for each channel.
    ///
    /// Keras: `keras.layers.MaxPooling3D`.
    ///
    /// # Shapes
    /// - input: `(batch, depth, height, width, channels)`
    /// - output: `(batch, new depth, new height, new width, channels)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, MaxPooling3D};
    /// assert_eq!(MaxPooling3D::new(2).call(&Input::shape([8, 28, 28, 8])).shape()?.to_string(), "(None, 4, 14, 14, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct MaxPooling3D(
        /// The size of the windows.
        pool_size: Sizes<3>,
    ) {
        /// How far the windows are apart; by default as far as they are large.
        strides: Option<Sizes<3>> = Some(pool_size),
        ..arguments: PoolingArguments = PoolingArguments::new() => pooling_setters,
    }
}

impl MaxPooling3D {
    /// What the layer does.
    pub(super) fn pooling(&self) -> Pooling<'_, 3> {
        Pooling::new(Pool::Max, self.pool_size, self.strides, &self.arguments)
    }
}

spatial_layer!(MaxPooling3D, |layer| layer.pooling());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| MaxPooling3D::new(2), Check::inputs([[2, 2, 3, 4, 3]]).output([2, 1, 1, 2, 3]));
        let other = || MaxPooling3D::new((2, 3, 1)).strides((1, 2, 1)).padding("same").data_format("channels_first");
        check_layer(other, Check::inputs([[1, 2, 2, 3, 2]]).output([1, 2, 2, 2, 2]));
    }
}
