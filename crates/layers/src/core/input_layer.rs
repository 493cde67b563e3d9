//! InputLayer: where data enters a graph. Keras: `keras.layers.InputLayer`.

use crate::symbolic::{self, KerasTensor};
use crate::{Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};

layer! {
    /// The start of a graph; [`Input::shape`](crate::Input::shape) is the short form.
    ///
    /// Keras: `keras.layers.InputLayer`.
    ///
    /// # Shapes
    /// - input: none
    /// - output: `(batch,)` and the given shape
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{InputLayer, Layer};
    /// let word = InputLayer::new([1]).name("word").dtype("int32").output();
    /// assert_eq!(format!("{word:?}"), "<KerasTensor word[0][0], shape=(None, 1)>");
    /// ```
    pub struct InputLayer(
        /// The whole shape, batch size included.
        batch_shape: Shape,
    ) as with_batch_shape {
        /// Keras's sparse tensors: not supported.
        sparse: bool = false,
        /// Keras's ragged tensors: not supported.
        ragged: bool = false,
        /// Whether a model may be called without it: not supported.
        optional: bool = false,
    }
}

impl InputLayer {
    /// An input of this shape, without the batch size.
    pub fn new(shape: impl Into<Shape>) -> Self {
        Self::with_batch_shape(shape.into().batched())
    }

    /// The whole shape, batch size included.
    #[must_use]
    pub fn batch_shape(mut self, shape: impl Into<Shape>) -> Self {
        self.batch_shape = shape.into();
        self
    }

    /// Fixes the batch size.
    #[must_use]
    pub fn batch_size(mut self, size: usize) -> Self {
        self.batch_shape = std::iter::once(Some(size)).chain(self.batch_shape.iter().skip(1).copied()).collect();
        self
    }

    /// The symbolic tensor that the graph starts with. Keras: `layer.output`.
    pub fn output(self) -> KerasTensor {
        symbolic::input(self)
    }

    pub(crate) fn whole_shape(&self) -> &Shape {
        &self.batch_shape
    }
}

fn is_called() -> Error {
    Error::new("an input has no inputs").help("call the next layer on Input::shape(...)")
}

impl Layer for InputLayer {
    /// The inputs are those of a call, which an input does not have.
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        if inputs.is_empty() { Ok(vec![self.batch_shape.clone()]) } else { Err(is_called()) }
    }

    fn forward(&self, _: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Err(is_called())
    }
}
