//! InputLayer: where data enters a graph. Keras: `keras.layers.InputLayer`.

use crate::layer_common;
use crate::symbolic::{self, KerasTensor};
use crate::{Base, Context, Layer, Shape, setters};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputLayer {
    #[serde(flatten)]
    base: Base,
    batch_shape: Shape,
    #[serde(default)]
    sparse: bool,
    #[serde(default)]
    ragged: bool,
    #[serde(default)]
    optional: bool,
}

impl InputLayer {
    /// An input of this shape, without the batch size.
    pub fn new(shape: impl Into<Shape>) -> Self {
        let batch_shape = shape.into().batched();
        Self { base: Base::new("InputLayer"), batch_shape, sparse: false, ragged: false, optional: false }
    }

    setters! {
        /// The whole shape, batch size included.
        batch_shape: Shape,
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

impl Layer for InputLayer {
    layer_common!("InputLayer");

    fn compute_output_shape(&self, _: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.batch_shape.clone()])
    }

    fn forward(&self, _: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Err(Error::new("an input has no inputs").help("call the next layer on Input::shape(...)"))
    }
}
