//! What is known of a tensor before it is there.

use crate::Shape;
use candle_core::DType;
use candle_keras_ops::dtype_name;
use std::fmt;

/// A shape and a dtype: of a symbolic tensor, an input, an output. Keras: `KerasTensor(shape, dtype)`.
#[derive(Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// The sizes, batch size included.
    pub shape: Shape,
    /// The dtype of the elements.
    pub dtype: DType,
}

impl TensorSpec {
    /// Of this shape and dtype.
    pub fn new(shape: impl Into<Shape>, dtype: DType) -> Self {
        Self { shape: shape.into(), dtype }
    }
}

impl fmt::Debug for TensorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.shape, dtype_name(self.dtype))
    }
}
