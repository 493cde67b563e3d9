//! Shape and dtype of a tensor that is not computed yet.

use crate::Shape;
use candle_core::DType;
use candle_keras_ops::dtype_name;
use std::fmt;

/// A shape and a dtype: of a symbolic tensor, an input, an output. Keras: `KerasTensor(shape, dtype)`.
///
/// Text has the dtype `"string"` in Keras. Here it is a tensor of bytes with one more axis at the end, which the shape does not count; see
/// [`string_tensor`](candle_keras_ops::string_tensor).
#[derive(Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// The sizes, batch size included.
    pub shape: Shape,
    /// The dtype of the elements.
    pub dtype: DType,
    is_string: bool,
}

impl TensorSpec {
    /// Of this shape and dtype.
    pub fn new(shape: impl Into<Shape>, dtype: DType) -> Self {
        Self { shape: shape.into(), dtype, is_string: false }
    }

    /// Text in this shape.
    pub fn strings(shape: impl Into<Shape>) -> Self {
        Self { shape: shape.into(), dtype: DType::U8, is_string: true }
    }

    /// Whether it is text.
    pub fn is_string(&self) -> bool {
        self.is_string
    }

    /// Keras's name of the dtype.
    pub fn dtype_name(&self) -> &'static str {
        if self.is_string { "string" } else { dtype_name(self.dtype) }
    }
}

impl fmt::Debug for TensorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.shape, self.dtype_name())
    }
}
