//! Symbolic tensors: what layers are connected by before there is data.

use crate::call::{Call, CallArgument, CallArguments};
use crate::core::InputLayer;
use crate::layer::{self, Layer};
use crate::{DTypePolicy, Declared, Shape, TensorSpec};
use candle_core::DType;
use candle_keras_ops::{Error, Result};
use indexmap::IndexMap;
use std::any::Any;
use std::borrow::Borrow;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// A tensor that will be computed: the output of one call of a layer. Keras: `KerasTensor`.
///
/// Building a graph needs no `?`: a failed call returns such a tensor too, which carries the error with the layer and the line of the call,
/// as does everything built on it. [`Model::new`](https://docs.rs/candle-keras), or asking for the shape, returns the error.
///
/// ```
/// use candle_keras_layers::{Dense, Input, Layer, Reshape};
/// let x = Input::shape([20]);
/// let y = Dense::new(3).call(&Reshape::new([6]).name("halves").call(&x));
/// let error = y.shape().unwrap_err().to_string();
/// assert!(error.starts_with("layer \"halves\" (Reshape)") && error.contains("at: "));
/// ```
///
/// A clone is the same symbolic tensor.
#[derive(Clone)]
pub struct KerasTensor(Result<NodeOutput, Arc<Error>>);

/// A valid symbolic tensor: one output of a call.
#[derive(Clone)]
pub struct NodeOutput {
    node: Arc<Node>,
    index: usize,
}

/// One call of a layer: its inputs and outputs.
#[derive(Debug)]
pub struct Node {
    layer: Arc<dyn Layer>,
    index: usize,
    inputs: Vec<NodeOutput>,
    arguments: CallArguments<NodeOutput>,
    outputs: Vec<TensorSpec>,
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

    /// The inputs of the call; none for an input layer.
    pub fn inputs(&self) -> &[NodeOutput] {
        &self.inputs
    }

    /// The named arguments of the call.
    pub fn arguments(&self) -> &CallArguments<NodeOutput> {
        &self.arguments
    }

    /// The dependencies of the call: inputs, and tensors among the named arguments.
    pub fn parents(&self) -> impl Iterator<Item = &NodeOutput> {
        self.inputs.iter().chain(self.arguments.all_tensors())
    }

    /// The shapes and dtypes of the outputs.
    pub fn output_specs(&self) -> &[TensorSpec] {
        &self.outputs
    }

    /// A unique key of the node: the layer and the number of the call.
    pub fn key(&self) -> (usize, usize) {
        (self.layer.base().id(), self.index)
    }

    /// The outputs of a node.
    pub fn outputs(self: &Arc<Self>) -> Vec<NodeOutput> {
        (0..self.outputs.len()).map(|index| NodeOutput { node: self.clone(), index }).collect()
    }
}

impl NodeOutput {
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
        &self.spec().shape
    }

    /// Its dtype.
    pub fn dtype(&self) -> DType {
        self.spec().dtype
    }

    /// Its shape and dtype.
    pub fn spec(&self) -> &TensorSpec {
        &self.node.outputs[self.index]
    }

    /// A unique key of the tensor.
    pub fn key(&self) -> (usize, usize, usize) {
        let (layer, call) = self.node.key();
        (layer, call, self.index)
    }
}

impl PartialEq for NodeOutput {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl fmt::Debug for NodeOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (layer, node) = (self.node.layer.layer_name(), self.node.index);
        write!(f, "<KerasTensor {layer}[{node}][{}], shape={}>", self.index, self.shape())
    }
}

/// A long chain of calls is dropped iteratively: the derived drop would recurse as deep as the chain.
impl Drop for Node {
    fn drop(&mut self) {
        let mut parents = std::mem::take(&mut self.inputs);
        parents.extend(self.arguments.take());
        while let Some(parent) = parents.pop() {
            if let Some(mut node) = Arc::into_inner(parent.node) {
                parents.append(&mut node.inputs);
                parents.extend(node.arguments.take());
            }
        }
    }
}

impl KerasTensor {
    /// A tensor that carries this error, of a call at `location`.
    pub(crate) fn failed(error: Error, location: &'static Location<'static>) -> Self {
        Self(Err(Arc::new(error.called_at(location))))
    }

    /// The output of a call that it stands for.
    ///
    /// # Errors
    /// The error that it carries.
    pub fn output(&self) -> Result<&NodeOutput> {
        self.0.as_ref().map_err(|error| Error::Shared(error.clone()))
    }

    /// Its shape, batch size included.
    ///
    /// # Errors
    /// As [`output`](Self::output).
    pub fn shape(&self) -> Result<&Shape> {
        Ok(self.output()?.shape())
    }
}

impl From<NodeOutput> for KerasTensor {
    fn from(output: NodeOutput) -> Self {
        Self(Ok(output))
    }
}

impl From<&NodeOutput> for KerasTensor {
    fn from(output: &NodeOutput) -> Self {
        Self(Ok(output.clone()))
    }
}

impl fmt::Debug for KerasTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(output) => fmt::Debug::fmt(output, f),
            Err(error) => write!(f, "<KerasTensor that failed: {error}>"),
        }
    }
}

/// One symbolic tensor or several, perhaps with names: the inputs or outputs of a model.
///
/// With names, as in Keras's dictionaries, they are in the order of the sorted names.
#[derive(Debug, Clone)]
pub struct KerasTensors {
    tensors: Vec<KerasTensor>,
    names: Option<Vec<String>>,
}

impl From<KerasTensor> for KerasTensors {
    fn from(tensor: KerasTensor) -> Self {
        vec![tensor].into()
    }
}

impl From<&KerasTensor> for KerasTensors {
    fn from(tensor: &KerasTensor) -> Self {
        tensor.clone().into()
    }
}

impl From<&NodeOutput> for KerasTensors {
    fn from(output: &NodeOutput) -> Self {
        KerasTensor::from(output).into()
    }
}

impl<const N: usize> From<[KerasTensor; N]> for KerasTensors {
    fn from(tensors: [KerasTensor; N]) -> Self {
        Vec::from(tensors).into()
    }
}

impl<const N: usize> From<[&KerasTensor; N]> for KerasTensors {
    fn from(tensors: [&KerasTensor; N]) -> Self {
        tensors.into_iter().cloned().collect::<Vec<_>>().into()
    }
}

impl From<Vec<NodeOutput>> for KerasTensors {
    fn from(outputs: Vec<NodeOutput>) -> Self {
        outputs.into_iter().map(KerasTensor::from).collect::<Vec<_>>().into()
    }
}

impl From<Vec<KerasTensor>> for KerasTensors {
    fn from(tensors: Vec<KerasTensor>) -> Self {
        Self { tensors, names: None }
    }
}

impl From<&[KerasTensor]> for KerasTensors {
    fn from(tensors: &[KerasTensor]) -> Self {
        tensors.to_vec().into()
    }
}

/// Tensors by their names: `Model::new(&x, [("price", &price), ("kind", &kind)])`.
impl<T: Borrow<KerasTensor>, const N: usize> From<[(&str, T); N]> for KerasTensors {
    fn from(mut named: [(&str, T); N]) -> Self {
        named.sort_by_key(|(name, _)| *name);
        let names = named.iter().map(|(name, _)| (*name).into()).collect();
        Self { tensors: named.iter().map(|(_, tensor)| tensor.borrow().clone()).collect(), names: Some(names) }
    }
}

/// Tensors by their names, as a function returns them that makes an input for each feature:
///
/// ```
/// use candle_keras_layers::{Input, KerasTensor, KerasTensors};
/// use indexmap::IndexMap;
///
/// let inputs: IndexMap<&str, KerasTensor> = ["age", "height"].map(|name| (name, Input::shape([1]).name(name))).into();
/// assert_eq!(KerasTensors::from(&inputs).names().unwrap(), ["age", "height"]);
/// ```
impl<K: AsRef<str>, T: Borrow<KerasTensor>> From<&IndexMap<K, T>> for KerasTensors {
    fn from(named: &IndexMap<K, T>) -> Self {
        let mut named: Vec<_> = named.iter().map(|(name, tensor)| (name.as_ref(), tensor.borrow())).collect();
        named.sort_by_key(|(name, _)| *name);
        let names = named.iter().map(|(name, _)| (*name).into()).collect();
        Self { tensors: named.into_iter().map(|(_, tensor)| tensor.clone()).collect(), names: Some(names) }
    }
}

impl KerasTensors {
    /// The outputs of calls that they stand for.
    ///
    /// # Errors
    /// The first error that one of them carries, or a name that appears twice.
    pub fn outputs(&self) -> Result<Vec<NodeOutput>> {
        let twice = self.names.iter().flat_map(|names| names.windows(2)).find(|pair| pair[0] == pair[1]);
        if let Some(pair) = twice {
            return Err(Error::new("each of several tensors has its own name").received(format!("{:?} twice", pair[0])));
        }
        self.tensors.iter().map(|tensor| tensor.output().cloned()).collect()
    }

    /// Their names, if they have any.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }
}

/// Calls a layer on symbolic tensors: builds it if necessary, checks the shapes, and records the call.
///
/// # Errors
/// If the shapes do not fit the layer.
pub fn call(layer: Arc<dyn Layer>, inputs: Vec<NodeOutput>) -> Result<Vec<NodeOutput>> {
    call_with(layer, inputs, CallArguments::new())
}

/// [`call`] with named arguments. Keras: `layer(inputs, mask=...)`.
///
/// # Errors
/// As [`call`], and if the layer does not take an argument.
pub fn call_with(
    layer: Arc<dyn Layer>,
    mut inputs: Vec<NodeOutput>,
    mut arguments: CallArguments<NodeOutput>,
) -> Result<Vec<NodeOutput>> {
    let named = |error: Error| error.within_layer(layer.layer_name(), layer.class_name());
    layer.name_inputs(&mut inputs, &mut arguments);
    arguments.check(layer.call_arguments()).and_then(|()| arguments.training_in(None)).map_err(named)?;
    let shapes: Vec<_> = inputs.iter().map(|input| input.shape().clone()).collect();
    if shapes.is_empty() {
        return Err(named(Error::new("the layer was called on nothing").expected("at least one symbolic tensor")));
    }
    if !layer.takes_scalars() && shapes.iter().any(|shape| shape.is_empty()) {
        return Err(named(Error::new("every input needs a batch axis").received("an input of shape ()")));
    }
    let specs: Vec<_> = inputs.iter().map(|input| input.spec().clone()).collect();
    let of_arguments = arguments.map(|tensor| Ok(tensor.spec().clone()))?;
    layer::build(&*layer, &shapes).map_err(|error| {
        // That a layer does not take text says more than what is wrong with its shape.
        let refusal = layer.compute_output_spec(&specs, &of_arguments).map_err(named).err();
        refusal.filter(|refusal| refusal.to_string().contains(layer::NO_TEXT)).unwrap_or(error)
    })?;
    layer.base().check_shapes(&shapes).map_err(named)?;
    check_masks(&specs, &of_arguments).map_err(named)?;
    let outputs = layer.compute_output_spec(&specs, &of_arguments).map_err(named)?;
    let index = layer.base().next_call();
    let node = Arc::new(Node { layer, index, inputs, arguments, outputs });
    node.layer.base().called(&node);
    Ok(node.outputs())
}

/// The error of a call that takes another number of outputs than the layer has.
pub(crate) fn wrong_count(layer: &dyn Layer, outputs: usize, taken: usize) -> Error {
    let error = Error::new("the layer has another number of outputs").expected(outputs.to_string());
    let names: Vec<_> = (1..=outputs).map(|i| format!("y{i}")).collect();
    let help = match outputs {
        1 => "layer.call(&x) returns one output; call_multiple is for several".to_string(),
        _ => format!("let [{}] = layer.call_multiple(&x)", names.join(", ")),
    };
    error.received(taken.to_string()).help(help).in_layer(layer.layer_name(), layer.class_name())
}

/// An error if a mask cannot be one of its input: its sizes are those of the first axes.
fn check_masks(inputs: &[TensorSpec], arguments: &CallArguments<TensorSpec>) -> Result<()> {
    let fits = |mask: &Shape, input: &Shape| {
        let same = |(a, b): (&Option<usize>, &Option<usize>)| a.is_none() || b.is_none() || *a == Some(1) || a == b;
        mask.len() <= input.len() && mask.iter().zip(input.iter()).all(same)
    };
    let masks = match arguments.get("mask") {
        Some(CallArgument::Tensor(mask)) => vec![Some(mask.clone())],
        Some(CallArgument::Tensors(masks)) => masks.clone(),
        _ => return Ok(()),
    };
    let pairs = masks.iter().zip(inputs).filter_map(|(mask, input)| Some((mask.as_ref()?, input)));
    for (mask, input) in pairs {
        if !fits(&mask.shape, &input.shape) {
            return Err(Error::new("the mask does not match its input")
                .expected(format!("the first axes of {}", input.shape))
                .received(format!("a mask of shape {}", mask.shape)));
        }
    }
    Ok(())
}

/// [`call`] for a layer with `N` outputs, each of which carries the error if there is one.
pub(crate) fn call_for<const N: usize>(
    layer: Arc<dyn Layer>,
    inputs: Result<KerasTensors>,
    arguments: Call,
    location: &'static Location<'static>,
) -> [KerasTensor; N] {
    let outputs = call_for_list(layer, inputs, arguments, N, location);
    std::array::from_fn(|i| outputs[i].clone())
}

/// [`call_for`] so many outputs.
pub(crate) fn call_for_list(
    layer: Arc<dyn Layer>,
    inputs: Result<KerasTensors>,
    arguments: Call,
    count: usize,
    location: &'static Location<'static>,
) -> Vec<KerasTensor> {
    let called = || {
        let inputs = inputs?;
        let arguments = arguments.map(|tensor| tensor.output().cloned())?;
        call_with(layer.clone(), inputs.outputs()?, arguments)
    };
    let outputs = called().and_then(|outputs| match outputs.len() {
        found if found == count => Ok(outputs),
        found => Err(wrong_count(&*layer, found, count)),
    });
    match outputs {
        Ok(outputs) => outputs.into_iter().map(KerasTensor::from).collect(),
        Err(error) => vec![KerasTensor::failed(error, location); count],
    }
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
    /// assert_eq!(Input::shape([20]).shape()?.to_string(), "(None, 20)");
    /// assert_eq!(Input::shape([None, Some(8)]).shape()?.to_string(), "(None, None, 8)");
    /// let words = Input::shape([1]).name("words").dtype("int32").batch_size(32);
    /// assert_eq!(format!("{words:?}"), "<KerasTensor words[0][0], shape=(32, 1)>");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub fn shape(shape: impl Into<Shape>) -> KerasTensor {
        InputLayer::new(shape).output()
    }
}

/// The arguments of an input.
impl KerasTensor {
    /// Sets the name of an input. Keras: `Input(name=)`.
    #[must_use]
    #[track_caller]
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with_input(|layer| layer.name(name))
    }

    /// The dtype of an input. Keras: `Input(dtype=)`.
    #[must_use]
    #[track_caller]
    pub fn dtype(self, dtype: impl Into<DTypePolicy>) -> Self {
        self.with_input(|layer| layer.dtype(dtype))
    }

    /// Fixes the batch size of an input. Keras: `Input(batch_size=)`.
    #[must_use]
    #[track_caller]
    pub fn batch_size(self, size: usize) -> Self {
        self.with_input(|layer| layer.batch_size(size))
    }

    #[track_caller]
    fn with_input(self, change: impl FnOnce(InputLayer) -> InputLayer) -> Self {
        let location = Location::caller();
        let Ok(output) = &self.0 else { return self };
        match (&*output.node.layer as &dyn Any).downcast_ref::<InputLayer>() {
            Some(layer) => input(change(layer.clone())),
            None => {
                let layer = output.node.layer();
                let error = Error::new("only an input has a name, dtype and batch size of its own")
                    .received(format!("{output:?}"))
                    .help("the arguments of a layer are given before it is called");
                Self::failed(error.in_layer(layer.layer_name(), layer.class_name()), location)
            }
        }
    }
}

/// The node of an input layer, which is called on nothing.
pub(crate) fn input(layer: InputLayer) -> KerasTensor {
    let shape = layer.whole_shape().clone();
    let outputs = vec![match layer.base().is_string() {
        true => TensorSpec::strings(shape),
        false => TensorSpec::new(shape, layer.base().dtype()),
    }];
    // An input layer has one node, however often it is asked for.
    let node = Node { layer: Arc::new(layer), index: 0, inputs: Vec::new(), arguments: CallArguments::new(), outputs };
    NodeOutput { node: Arc::new(node), index: 0 }.into()
}
