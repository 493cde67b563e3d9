//! Symbolic tensors: what layers are connected by before there is data.

use crate::Shape;
use crate::core::InputLayer;
use crate::layer::{self, Layer};
use candle_core::DType;
use candle_keras_ops::{Error, Result};
use std::fmt;
use std::sync::Arc;

/// The promise of a tensor: the output of one call of a layer. Keras: `KerasTensor`.
///
/// A clone is the same promise.
#[derive(Clone)]
pub struct KerasTensor {
    node: Arc<Node>,
    index: usize,
}

/// One call of a layer: what it was called on and what came out.
#[derive(Debug)]
pub struct Node {
    layer: Arc<dyn Layer>,
    index: usize,
    inputs: Vec<KerasTensor>,
    masks: Vec<Option<KerasTensor>>,
    outputs: Vec<Shape>,
}

impl Node {
    /// The layer that was called.
    pub fn layer(&self) -> &Arc<dyn Layer> {
        &self.layer
    }

    /// Which call of the layer this is, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// What the layer was called on; nothing for an input.
    pub fn inputs(&self) -> &[KerasTensor] {
        &self.inputs
    }

    /// The masks that it was given for its inputs, in place of those that come with them; mostly none.
    pub fn masks(&self) -> &[Option<KerasTensor>] {
        &self.masks
    }

    /// All that must be there before it can run: inputs and masks.
    pub fn parents(&self) -> impl Iterator<Item = &KerasTensor> {
        self.inputs.iter().chain(self.masks.iter().flatten())
    }

    /// The shapes of the outputs.
    pub fn output_shapes(&self) -> &[Shape] {
        &self.outputs
    }

    /// What distinguishes it from every other node: the layer and the number of the call.
    pub fn key(&self) -> (usize, usize) {
        (self.layer.base().id(), self.index)
    }

    /// The outputs of a node.
    pub fn outputs(self: &Arc<Self>) -> Vec<KerasTensor> {
        (0..self.outputs.len()).map(|index| KerasTensor { node: self.clone(), index }).collect()
    }
}

impl KerasTensor {
    /// The call of which it is an output.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Which output of the call it is, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its shape, batch size included.
    pub fn shape(&self) -> &Shape {
        &self.node.outputs[self.index]
    }

    /// Its dtype.
    pub fn dtype(&self) -> DType {
        self.node.layer.base().dtype()
    }

    /// What distinguishes it from every other symbolic tensor.
    pub fn key(&self) -> (usize, usize, usize) {
        let (layer, call) = self.node.key();
        (layer, call, self.index)
    }
}

impl PartialEq for KerasTensor {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl fmt::Debug for KerasTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (layer, node) = (self.node.layer.layer_name(), self.node.index);
        write!(f, "<KerasTensor {layer}[{node}][{}], shape={}>", self.index, self.shape())
    }
}

/// One symbolic tensor or several: what layers are called on and models are made of.
#[derive(Debug, Clone)]
pub struct KerasTensors(pub Vec<KerasTensor>);

impl From<KerasTensor> for KerasTensors {
    fn from(tensor: KerasTensor) -> Self {
        Self(vec![tensor])
    }
}

impl From<&KerasTensor> for KerasTensors {
    fn from(tensor: &KerasTensor) -> Self {
        tensor.clone().into()
    }
}

impl<const N: usize> From<[KerasTensor; N]> for KerasTensors {
    fn from(tensors: [KerasTensor; N]) -> Self {
        Self(tensors.into())
    }
}

impl<const N: usize> From<[&KerasTensor; N]> for KerasTensors {
    fn from(tensors: [&KerasTensor; N]) -> Self {
        Self(tensors.into_iter().cloned().collect())
    }
}

impl From<Vec<KerasTensor>> for KerasTensors {
    fn from(tensors: Vec<KerasTensor>) -> Self {
        Self(tensors)
    }
}

impl From<&[KerasTensor]> for KerasTensors {
    fn from(tensors: &[KerasTensor]) -> Self {
        Self(tensors.to_vec())
    }
}

/// Calls a layer on symbolic tensors: builds it if need be, checks the shapes, and records the call.
pub fn call(layer: Arc<dyn Layer>, inputs: KerasTensors) -> Result<Vec<KerasTensor>> {
    call_masked(layer, inputs, Vec::new())
}

/// [`call`] with masks that take the place of those which come with the inputs. Keras: `layer(inputs, mask=...)`.
pub fn call_masked(
    layer: Arc<dyn Layer>,
    inputs: KerasTensors,
    masks: Vec<Option<KerasTensor>>,
) -> Result<Vec<KerasTensor>> {
    let named = |error: Error| error.in_layer(layer.layer_name(), layer.class_name());
    let shapes: Vec<_> = inputs.0.iter().map(|input| input.shape().clone()).collect();
    if shapes.is_empty() {
        return Err(named(Error::new("the layer was called on nothing").expected("at least one symbolic tensor")));
    }
    if shapes.iter().any(|shape| shape.is_empty()) {
        return Err(named(Error::new("every input needs a batch axis").received("an input of shape ()")));
    }
    layer::build(&*layer, &shapes)?;
    let outputs = layer.compute_output_shape(&shapes).map_err(named)?;
    let index = layer.base().next_call();
    Ok(Arc::new(Node { layer, index, inputs: inputs.0, masks, outputs }).outputs())
}

/// The start of a graph. Keras: `keras.Input`.
///
/// [`InputLayer`] has the arguments beyond the shape.
#[derive(Debug)]
pub struct Input;

impl Input {
    /// A symbolic input of this shape, without the batch size. Keras: `Input(shape=(20,))`.
    ///
    /// ```
    /// use candle_keras_layers::Input;
    /// assert_eq!(Input::shape([20]).shape().to_string(), "(None, 20)");
    /// assert_eq!(Input::shape([None, Some(8)]).shape().to_string(), "(None, None, 8)");
    /// ```
    pub fn shape(shape: impl Into<Shape>) -> KerasTensor {
        InputLayer::new(shape).output()
    }
}

/// The node of an input layer, which is called on nothing.
pub(crate) fn input(layer: InputLayer) -> KerasTensor {
    let shape = layer.whole_shape().clone();
    // An input layer is one node, however often it is asked for it.
    KerasTensor {
        node: Arc::new(Node {
            layer: Arc::new(layer),
            index: 0,
            inputs: Vec::new(),
            masks: Vec::new(),
            outputs: vec![shape],
        }),
        index: 0,
    }
}
