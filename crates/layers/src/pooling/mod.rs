//! Pooling. Keras: `keras/src/layers/pooling`.

mod adaptive_average_pooling1d;
mod adaptive_average_pooling2d;
mod adaptive_average_pooling3d;
mod adaptive_max_pooling1d;
mod adaptive_max_pooling2d;
mod adaptive_max_pooling3d;
mod average_pooling1d;
mod average_pooling2d;
mod average_pooling3d;
mod base_adaptive_pooling;
mod base_global_pooling;
mod base_pooling;
mod global_average_pooling1d;
mod global_average_pooling2d;
mod global_average_pooling3d;
mod global_max_pooling1d;
mod global_max_pooling2d;
mod global_max_pooling3d;
mod max_pooling1d;
mod max_pooling2d;
mod max_pooling3d;

pub use adaptive_average_pooling1d::AdaptiveAveragePooling1D;
pub use adaptive_average_pooling2d::AdaptiveAveragePooling2D;
pub use adaptive_average_pooling3d::AdaptiveAveragePooling3D;
pub use adaptive_max_pooling1d::AdaptiveMaxPooling1D;
pub use adaptive_max_pooling2d::AdaptiveMaxPooling2D;
pub use adaptive_max_pooling3d::AdaptiveMaxPooling3D;
pub use average_pooling1d::AveragePooling1D;
pub use average_pooling2d::AveragePooling2D;
pub use average_pooling3d::AveragePooling3D;
pub use global_average_pooling1d::GlobalAveragePooling1D;
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use global_average_pooling3d::GlobalAveragePooling3D;
pub use global_max_pooling1d::GlobalMaxPooling1D;
pub use global_max_pooling2d::GlobalMaxPooling2D;
pub use global_max_pooling3d::GlobalMaxPooling3D;
pub use max_pooling1d::MaxPooling1D;
pub use max_pooling2d::MaxPooling2D;
pub use max_pooling3d::MaxPooling3D;

use crate::Layer;
use candle_keras_ops::{Axis, Pool, Result};
use std::any::Any;

/// The windows over a tensor of these sizes.
type WindowsOver = Box<dyn Fn(&[usize]) -> Vec<Axis>>;

/// A pooling that a convolution computes.
pub(crate) struct FusedPooling {
    pub(crate) pool: Pool,
    windows: WindowsOver,
    /// Whether there is one window, the whole image.
    pub(crate) global: bool,
    /// Whether the pooled axes are removed.
    pub(crate) squeeze: bool,
}

impl FusedPooling {
    /// The windows over a tensor of these sizes, without the batch and the channels, which are last.
    pub(crate) fn windows(&self, sizes: &[usize]) -> Vec<Axis> {
        (self.windows)(sizes)
    }
}

/// The pooling of a layer, if it is one over so many axes with this data format.
pub(crate) fn pooling_of(layer: &dyn Layer, axes: usize, data_format: &str) -> Result<Option<FusedPooling>> {
    macro_rules! first_of {
        ($($name:ident),*) => {
            $(if let Some(layer) = (layer as &dyn Any).downcast_ref::<$name>() {
                return layer.pooling().fused(axes, data_format);
            })*
        };
    }
    first_of!(MaxPooling1D, MaxPooling2D, MaxPooling3D, AveragePooling1D, AveragePooling2D, AveragePooling3D);
    first_of!(GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D);
    first_of!(GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D);
    Ok(None)
}
