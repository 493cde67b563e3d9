//! Lists of layers of different kinds.

use crate::{KerasTensor, Layer};
use candle_keras_ops::Result;
use std::sync::Arc;

/// An element of a `Sequential`: a layer, or a symbolic input at its start.
pub trait IntoLayer {
    /// The layer behind a shared pointer.
    ///
    /// # Errors
    /// What a symbolic tensor carries.
    fn into_layer(self) -> Result<Arc<dyn Layer>>;
}

impl<L: Layer> IntoLayer for L {
    fn into_layer(self) -> Result<Arc<dyn Layer>> {
        Ok(Arc::new(self))
    }
}

impl IntoLayer for KerasTensor {
    fn into_layer(self) -> Result<Arc<dyn Layer>> {
        Ok(self.output()?.node().layer().clone())
    }
}

impl IntoLayer for Arc<dyn Layer> {
    fn into_layer(self) -> Result<Arc<dyn Layer>> {
        Ok(self)
    }
}

/// A list of layers of different kinds, for `Sequential::new`: `layers![Flatten::new(), Dense::new(1)]`.
#[macro_export]
macro_rules! layers {
    ($($layer:expr),* $(,)?) => {
        vec![$($crate::IntoLayer::into_layer($layer)),*]
    };
}
