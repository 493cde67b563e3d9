//! What pooling over one, two and three axes shares. Keras: `keras/src/layers/pooling/base_pooling.py`.

use super::FusedPooling;
use crate::spatial::{SpatialLayer, Windows, padding, positive, run_channels_last, spatial, with_spatial};
use crate::{Context, Layer, Shape, Sizes};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Pool, Result};

arguments! {
    /// What layers of pooling have in common.
    pub(crate) struct PoolingArguments() as pooling_setters {
        /// `"valid"` keeps the windows inside of the input, `"same"` lets them reach beyond it, where nothing counts.
        padding: String = "valid",
        /// `"channels_last"`, or `"channels_first"`, which is transposed and costs a copy each way.
        data_format: String = "channels_last",
    }
}

/// Pooling over `N` axes.
pub(super) struct Pooling<'a, const N: usize> {
    pool: Pool,
    windows: Windows<N>,
    arguments: &'a PoolingArguments,
}

impl<'a, const N: usize> Pooling<'a, N> {
    /// Windows that are as far apart as they are large, if nothing else is said.
    pub(super) fn new(pool: Pool, size: Sizes<N>, strides: Option<Sizes<N>>, arguments: &'a PoolingArguments) -> Self {
        let windows = Windows { size, strides: strides.unwrap_or(size), dilation: 1.into() };
        Self { pool, windows, arguments }
    }

    /// The pooling as a part of another layer over as many axes, whose channels are where this says.
    pub(super) fn fused(&self, axes: usize, data_format: &str) -> Result<Option<FusedPooling>> {
        if axes != N || self.arguments.data_format != data_format {
            return Ok(None);
        }
        let (pool, windows, padding) = (self.pool, self.windows, padding(&self.arguments.padding, false)?);
        Ok(Some(Box::new(move |sizes| {
            let dims = [&[0], sizes].concat();
            (pool, windows.axes(&dims, padding).to_vec())
        })))
    }
}

impl<const N: usize> SpatialLayer for Pooling<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        positive("pool_size", &self.windows.size.0)?;
        positive("strides", &self.windows.strides.0)?;
        let (sizes, channels) = spatial::<N>(input, &self.arguments.data_format)?;
        let sizes = self.windows.count(sizes, padding(&self.arguments.padding, false)?)?;
        with_spatial(input[0], sizes, channels, &self.arguments.data_format)
    }

    fn forward(&self, _: &dyn Layer, x: &Tensor, _: &mut Context) -> Result<Tensor> {
        let padding = padding(&self.arguments.padding, false)?;
        run_channels_last(x, &self.arguments.data_format, |x| {
            Ok(ops::pool(x, self.pool, &self.windows.axes(x.dims(), padding))?)
        })
    }
}
