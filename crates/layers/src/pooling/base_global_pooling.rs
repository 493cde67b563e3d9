//! What pooling over all of one, two and three axes shares. Keras: `keras/src/layers/pooling/base_global_pooling.py`.

use crate::spatial::{SpatialLayer, channels_last, spatial, with_spatial};
use crate::{Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Axes, Pool, Result};

arguments! {
    /// What layers that pool over all elements have in common.
    pub(crate) struct GlobalPoolingArguments() as global_pooling_setters {
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = "channels_last",
        /// Whether what is pooled stays as axes of size 1.
        keepdims: bool = false,
    }
}

impl GlobalPoolingArguments {
    /// The axes that are pooled.
    pub(super) fn axes<const N: usize>(&self) -> Result<Axes> {
        let first = if channels_last(&self.data_format)? { 1 } else { 2 };
        let all: [i64; N] = std::array::from_fn(|i| first + i as i64);
        Ok(ops::axes(&all[..]).keepdims(self.keepdims))
    }

    /// The shape without the pooled axes, or with 1 in their places.
    pub(super) fn output_shape<const N: usize>(&self, input: &Shape) -> Result<Shape> {
        let (_, channels) = spatial::<N>(input, &self.data_format)?;
        match self.keepdims {
            true => with_spatial(input[0], [Some(1); N], channels, &self.data_format),
            false => Ok([input[0], channels].into_iter().collect()),
        }
    }
}

/// Pooling over all of `N` axes.
pub(super) struct GlobalPooling<'a, const N: usize> {
    pub(super) pool: Pool,
    pub(super) arguments: &'a GlobalPoolingArguments,
}

impl<const N: usize> SpatialLayer for GlobalPooling<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        self.arguments.output_shape::<N>(input)
    }

    fn forward(&self, _: &dyn Layer, x: &Tensor, _: &mut Context) -> Result<Tensor> {
        let axes = self.arguments.axes::<N>()?;
        Ok(match self.pool {
            Pool::Max => ops::max(x, axes)?,
            Pool::Average => ops::mean(x, axes)?,
        })
    }
}
