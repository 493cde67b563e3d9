//! Common to adaptive pooling over one, two and three axes. Keras: `keras/src/layers/pooling/base_adaptive_pooling.py`.

use crate::spatial::{SpatialLayer, positive, run_channels_last, spatial, with_spatial};
use crate::{Context, Layer, Shape, Sizes};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Pool, Result};

/// Pooling over `N` axes to an output of this size.
pub(super) struct AdaptivePooling<'a, const N: usize> {
    pub(super) pool: Pool,
    pub(super) output_size: Sizes<N>,
    pub(super) data_format: &'a str,
}

impl<const N: usize> SpatialLayer for AdaptivePooling<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        positive("output_size", &self.output_size.0)?;
        let (sizes, channels) = spatial::<N>(input, self.data_format)?;
        if let Some(axis) = sizes.iter().position(|size| *size == Some(0)) {
            positive(&format!("the size of axis {axis} after the batch"), &[0])?;
        }
        with_spatial(input[0], self.output_size.0.map(Some), channels, self.data_format)
    }

    fn forward(&self, _: &dyn Layer, x: &Tensor, _: &mut Context) -> Result<Tensor> {
        run_channels_last(x, self.data_format, |x| Ok(ops::adaptive_pool(x, self.pool, &self.output_size.0)?))
    }
}
