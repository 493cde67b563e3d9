//! Common to pooling over one, two and three axes. Keras: `keras/src/layers/pooling/base_pooling.py`.

use super::FusedPooling;
use crate::spatial::{SpatialLayer, Windows, padding, positive, run_channels_last, spatial, with_spatial};
use crate::{Context, Layer, Shape, Sizes};
use candle_core::Tensor;
use candle_keras_ops::config::image_data_format;
use candle_keras_ops::{self as ops, Pool, Result};

arguments! {
    /// The arguments of pooling.
    pub(crate) struct PoolingArguments() as pooling_setters {
        /// `"valid"` keeps the windows inside of the input; `"same"` lets them reach beyond it, where elements are ignored.
        padding: String = "valid",
        /// `"channels_last"`, or `"channels_first"`, which is transposed and costs a copy each way.
        data_format: String = image_data_format(),
    }
}

/// Pooling over `N` axes.
pub(super) struct Pooling<'a, const N: usize> {
    pool: Pool,
    windows: Windows<N>,
    arguments: &'a PoolingArguments,
}

impl<'a, const N: usize> Pooling<'a, N> {
    /// The stride is by default the size of the window.
    pub(super) fn new(pool: Pool, size: Sizes<N>, strides: Option<Sizes<N>>, arguments: &'a PoolingArguments) -> Self {
        let windows = Windows { size, strides: strides.unwrap_or(size), dilation: 1.into() };
        Self { pool, windows, arguments }
    }

    /// The pooling, for fusion into a layer over as many axes with this data format.
    pub(super) fn fused(&self, axes: usize, data_format: &str) -> Result<Option<FusedPooling>> {
        if axes != N || self.arguments.data_format != data_format {
            return Ok(None);
        }
        let (pool, windows, padding) = (self.pool, self.windows, padding(&self.arguments.padding, false)?);
        let windows = move |sizes: &[usize]| windows.axes(&[&[0], sizes].concat(), padding).to_vec();
        Ok(Some(FusedPooling { pool, windows: Box::new(windows), global: false, squeeze: false }))
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
