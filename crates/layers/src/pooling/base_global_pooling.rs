//! Common to global pooling over one, two and three axes. Keras: `keras/src/layers/pooling/base_global_pooling.py`.

use super::FusedPooling;
use crate::spatial::{SpatialLayer, channels_last, spatial, with_spatial};
use crate::{Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::config::image_data_format;
use candle_keras_ops::{self as ops, Axes, Axis, Padding, Pool, Result};

arguments! {
    /// The arguments of global pooling.
    pub(crate) struct GlobalPoolingArguments() as global_pooling_setters {
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = image_data_format(),
        /// Whether the pooled axes stay, with size 1.
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

    /// The shape without the pooled axes, or with size 1 in their place.
    pub(super) fn output_shape<const N: usize>(&self, input: &Shape) -> Result<Shape> {
        let (_, channels) = spatial::<N>(input, &self.data_format)?;
        match self.keepdims {
            true => with_spatial(input[0], [Some(1); N], channels, &self.data_format),
            false => Ok([input[0], channels].into_iter().collect()),
        }
    }
}

/// Global pooling over `N` axes.
pub(super) struct GlobalPooling<'a, const N: usize> {
    pub(super) pool: Pool,
    pub(super) arguments: &'a GlobalPoolingArguments,
}

impl<const N: usize> GlobalPooling<'_, N> {
    /// The pooling, for fusion into a layer over as many axes with this data format.
    pub(super) fn fused(&self, axes: usize, data_format: &str) -> Result<Option<FusedPooling>> {
        if axes != N || self.arguments.data_format != data_format {
            return Ok(None);
        }
        let whole = |&size: &usize| Axis::new(size, size, 1, 1, Padding::Valid);
        let windows = Box::new(move |sizes: &[usize]| sizes.iter().map(whole).collect());
        Ok(Some(FusedPooling { pool: self.pool, windows, global: true, squeeze: !self.arguments.keepdims }))
    }
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
