//! Model: a functional graph that is a layer itself, and can be compiled and trained.

use crate::compiled::Compiled;
use crate::graph::{Graph, Names};
use crate::parts::Parts;
use crate::{Optimizer, Result, config};
use candle_core::{DType, Device, Tensor};
use candle_keras_layers::{
    Base, Build, CallArguments, Config, Context, Declared, Described, KerasTensor, KerasTensors, Layer, NodeOutput,
    Shape, TensorSpec, call, to_snake_case,
};
use candle_keras_ops::Error;
use candle_keras_training::Compile;
use candle_keras_training::optimizers::LossScaleOptimizer;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};

/// A graph of layers from inputs to outputs. Keras: `keras.Model`.
///
/// A model is a layer: it can be called in another model, with shared weights. A clone is another handle to the same
/// layers and weights, and is not compiled.
///
/// ```
/// use candle_keras_layers::{Dense, Input, Layer};
/// use candle_keras_models::{Fit, Model};
/// let x = Input::shape([3]);
/// let y = Dense::new(1).call(&x);
/// let mut model = Model::new(x, y)?;
/// model.compile("adam", "mse")?;
/// let (data, targets) = (vec![vec![1f32, 2., 3.], vec![4., 5., 6.]], vec![6f32, 15.]);
/// let history = model.fit(&data, &targets, Fit::new().epochs(2).verbose(0))?;
/// assert_eq!(history["loss"].len(), 2);
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
#[derive(Debug)]
pub struct Model {
    pub(crate) base: Base,
    pub(crate) body: Arc<RwLock<Body>>,
    pub(crate) compiled: Option<Compiled>,
    pub(crate) device: Device,
    /// Ends the training after the current batch or epoch; set by callbacks. Keras: `model.stop_training`.
    pub stop_training: bool,
}

/// The contents of a model.
#[derive(Debug)]
pub(crate) struct Body {
    /// The layers of a [`Sequential`](crate::Sequential); not used by a functional model.
    pub(crate) stack: Option<Vec<Arc<dyn Layer>>>,
    /// What a model of [`Model::from_call`] is made of.
    parts: Option<Parts>,
    /// The names of these layers.
    pub(crate) names: HashSet<String>,
    /// The input of a Sequential, if known, and the output of its last layer.
    pub(crate) ends: Option<[NodeOutput; 2]>,
    /// The graph; that of a Sequential is built on first use.
    graph: OnceLock<Arc<Graph>>,
    /// The error of building a Sequential.
    pub(crate) failed: Option<Arc<Error>>,
}

impl Body {
    pub(crate) fn functional(graph: Graph) -> Self {
        Self { graph: OnceLock::from(Arc::new(graph)), ..Self::empty() }
    }

    fn empty() -> Self {
        Self { stack: None, parts: None, names: HashSet::new(), ends: None, graph: OnceLock::new(), failed: None }
    }

    pub(crate) fn sequential() -> Self {
        Self { stack: Some(Vec::new()), ..Self::empty() }
    }

    pub(crate) fn of_parts(parts: Parts, failed: Option<Arc<Error>>) -> Self {
        Self { parts: Some(parts), failed, ..Self::empty() }
    }

    /// The layers of a model that is not made of a graph, and the name of its class.
    pub(crate) fn parts(&self) -> Option<&Parts> {
        self.parts.as_ref()
    }

    /// Makes the graph of a model of parts.
    pub(crate) fn set_graph(&mut self, graph: Graph) {
        self.graph = OnceLock::from(Arc::new(graph));
    }

    /// The graph; `None` for a Sequential whose input is unknown.
    ///
    /// # Errors
    /// The error of building the model.
    pub(crate) fn graph(&self) -> Result<Option<Arc<Graph>>> {
        if let Some(error) = &self.failed {
            return Err(Error::Shared(error.clone()));
        }
        if let (None, Some([input, output])) = (self.graph.get(), &self.ends) {
            let graph = Graph::new(vec![input.clone()], vec![output.clone()])?;
            // Another thread may have set it meanwhile.
            _ = self.graph.set(Arc::new(graph));
        }
        Ok(self.graph.get().cloned())
    }

    /// Sets the input and output of a Sequential.
    pub(crate) fn set_ends(&mut self, ends: Option<[NodeOutput; 2]>) {
        (self.ends, self.graph) = (ends, OnceLock::new());
    }
}

impl Clone for Model {
    fn clone(&self) -> Self {
        Self {
            base: self.base.clone(),
            body: self.body.clone(),
            compiled: None,
            device: self.device(),
            stop_training: false,
        }
    }
}

fn scaling_loss(optimizer: Optimizer) -> Optimizer {
    if optimizer.scales_loss_dynamically() { optimizer } else { LossScaleOptimizer::new(optimizer).into() }
}

impl Model {
    /// The model between these inputs and outputs: one symbolic tensor or several of each. Several may have names, as in Keras's dictionaries:
    /// `Model::new(&x, [("price", &price), ("kind", &kind)])`. They are then in the order of the sorted names, which are also those in logs.
    ///
    /// # Errors
    /// If an output depends on an input that is not given, or two layers have the same name.
    pub fn new(inputs: impl Into<KerasTensors>, outputs: impl Into<KerasTensors>) -> Result<Self> {
        let (inputs, outputs) = (inputs.into(), outputs.into());
        let names = |tensors: &KerasTensors| tensors.names().map(<[String]>::to_vec);
        let names = Names { inputs: names(&inputs), outputs: names(&outputs) };
        let graph = Graph::new(inputs.outputs()?, outputs.outputs()?)?.with_names(names);
        let base = Base::new("Functional");
        Ok(Self::from_body(base, Body::functional(graph)))
    }

    pub(crate) fn from_body(base: Base, body: Body) -> Self {
        let body = Arc::new(RwLock::new(body));
        Self { base, body, compiled: None, device: Device::Cpu, stop_training: false }
    }

    pub(crate) fn body(&self) -> RwLockReadGuard<'_, Body> {
        self.body.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The graph.
    ///
    /// # Errors
    /// If the input shape of a Sequential is not known yet.
    pub fn graph(&self) -> Result<Arc<Graph>> {
        self.body().graph()?.ok_or_else(|| {
            Error::new(format!("the input shape of the model {:?} is not known yet", self.base.name()))
                .help("start it with Input::shape(...), or call build(shape) or fit first")
        })
    }

    /// Creates the weights of a Sequential that has no `Input`, for samples of this shape. Keras: `model.build`, whose shape
    /// includes the batch size.
    pub fn build(&self, sample: impl Into<Shape>) -> Result<()> {
        self.build_on(&candle_keras_layers::Input::shape(sample))
    }

    /// Creates the weights of a Sequential that has no `Input`, for this one.
    pub(crate) fn build_on(&self, input: &KerasTensor) -> Result<()> {
        if self.has_parts() {
            return self.build_parts(std::slice::from_ref(input));
        }
        let mut body = self.body.write().unwrap_or_else(PoisonError::into_inner);
        let (Some(stack), None) = (&body.stack, body.graph()?) else { return Ok(()) };
        if stack.is_empty() {
            return Err(Error::new("the model has no layers").help("add one first"));
        }
        let input = input.output()?.clone();
        let mut tensor = input.clone();
        for layer in stack {
            tensor = self.call_next(layer, tensor)?;
        }
        body.set_ends(Some([input, tensor]));
        drop(body);
        // Weights are created on the host.
        self.variables().iter().try_for_each(|variable| variable.to_device(&self.device))
    }

    /// Calls the next layer of a Sequential, within which the layer's weights have their paths.
    pub(crate) fn call_next(&self, layer: &Arc<dyn Layer>, input: NodeOutput) -> Result<NodeOutput> {
        layer.base().place_in(&self.base);
        let mut outputs = call(layer.clone(), vec![input])?;
        match (outputs.pop(), outputs.len()) {
            (Some(output), 0) => Ok(output),
            (_, more) => Err(Error::new("a layer of a Sequential must have one output")
                .received(format!("{} outputs", more + 1))
                .help("use a functional Model")),
        }
    }

    /// The layers in Keras's order, including inputs (not for a Sequential). Operators are not layers, as in Keras; see [`operations`](Self::operations).
    pub fn layers(&self) -> Vec<Arc<dyn Layer>> {
        self.operations().into_iter().filter(|layer| layer.is_saved()).collect()
    }

    /// The layers and the operators between them. Keras: `model.operations`.
    pub fn operations(&self) -> Vec<Arc<dyn Layer>> {
        let body = self.body();
        if let Some(parts) = body.parts() {
            return parts.layers().to_vec();
        }
        match (&body.stack, body.graph()) {
            (Some(stack), _) => stack.clone(),
            (None, Ok(Some(graph))) => graph.layers().to_vec(),
            (None, _) => Vec::new(),
        }
    }

    /// The symbolic inputs. Keras: `model.inputs`.
    ///
    /// # Errors
    /// If the input shape of a Sequential is not known yet.
    pub fn inputs(&self) -> Result<Vec<KerasTensor>> {
        Ok(self.graph()?.inputs().iter().map(KerasTensor::from).collect())
    }

    /// The symbolic outputs. Keras: `model.outputs`.
    ///
    /// # Errors
    /// If the input shape of a Sequential is not known yet.
    pub fn outputs(&self) -> Result<Vec<KerasTensor>> {
        Ok(self.graph()?.outputs().iter().map(KerasTensor::from).collect())
    }

    /// The one symbolic input, for a model around this one: `Model::new(model.input()?, ...)`. Keras: `model.input`.
    ///
    /// # Errors
    /// If there are several, or the input shape of a Sequential is not known yet.
    pub fn input(&self) -> Result<KerasTensor> {
        only(self.inputs()?, "inputs")
    }

    /// The one symbolic output. Keras: `model.output`.
    ///
    /// # Errors
    /// If there are several, or the input shape of a Sequential is not known yet.
    pub fn output(&self) -> Result<KerasTensor> {
        only(self.outputs()?, "outputs")
    }

    /// The output of a layer in this model, for a model of a part of this one. Keras: `model.get_layer(name).output`.
    ///
    /// ```
    /// use candle_keras_layers::{layers, Dense, Input, Layer};
    /// use candle_keras_models::{Model, Sequential};
    /// let model = Sequential::new(layers![Input::shape([3]), Dense::new(8).name("code"), Dense::new(3)]);
    /// let encoder = Model::new(model.input()?, model.output_of("code")?)?;
    /// assert_eq!(encoder.output()?.shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_models::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such layer, or it is called several times or has several outputs.
    pub fn output_of(&self, name: &str) -> Result<KerasTensor> {
        let (layer, graph) = (self.get_layer(name)?, self.graph()?);
        let outputs = graph.calls_of(&*layer).into_iter().flat_map(|node| node.outputs()).map(KerasTensor::from);
        only(outputs.collect(), "outputs")
    }

    /// The layer with this name. Keras: `model.get_layer(name)`.
    ///
    /// # Errors
    /// If there is none.
    pub fn get_layer(&self, name: &str) -> Result<Arc<dyn Layer>> {
        let layers = self.operations();
        layers.iter().find(|layer| layer.layer_name() == name).cloned().ok_or_else(|| {
            let names: Vec<_> = layers.iter().map(|layer| layer.layer_name()).collect();
            Error::unknown("layer", name, &names.iter().map(String::as_str).collect::<Vec<_>>())
        })
    }

    /// Configures training: an optimizer, and a loss or a whole [`Compile`]. Which weights are trainable is
    /// fixed here.
    ///
    /// In a model with the policy `mixed_float16`, the optimizer is wrapped in a [`LossScaleOptimizer`], as in Keras.
    ///
    /// A second call without a loss or without metrics keeps the earlier ones, as in Keras.
    ///
    /// # Errors
    /// If a name is unknown, or a list does not match the outputs.
    pub fn compile(&mut self, optimizer: impl Into<Optimizer>, compile: impl Into<Compile>) -> Result<()> {
        let graph = self.body().graph()?;
        let (mut optimizer, compile) = (optimizer.into(), compile.into());
        let mixed = (self.base.dtype(), self.base.compute_dtype()) == (DType::F32, DType::F16);
        if mixed && compile.auto_scale_loss {
            optimizer = scaling_loss(optimizer);
        }
        let mut compiled = Compiled::new(optimizer, compile, self.compiled.as_ref())?;
        if let Some(graph) = graph {
            compiled.bind_outputs(&*self, &graph.log_names())?;
        }
        self.compiled = Some(compiled);
        Ok(())
    }

    /// Puts a [`LossScaleOptimizer`] around the optimizer, unless it is one.
    pub(crate) fn scale_loss(&mut self) -> Result<()> {
        let optimizer = &mut self.compiled()?.optimizer;
        *optimizer = scaling_loss(std::mem::replace(optimizer, "sgd".into()));
        Ok(())
    }

    /// Binds losses and metrics to the outputs once there is a graph, if a Sequential had none when it was compiled.
    pub(crate) fn bind_outputs(&mut self) -> Result<()> {
        if self.compiled.as_ref().is_none_or(Compiled::is_bound) {
            return Ok(());
        }
        let names = self.graph()?.log_names();
        let Some(mut compiled) = self.compiled.take() else { return Ok(()) };
        let settled = compiled.bind_outputs(&*self, &names);
        self.compiled = Some(compiled);
        settled
    }

    /// Whether shapes and outputs are known.
    pub(crate) fn is_bound(&self) -> bool {
        self.body().graph().is_ok_and(|graph| graph.is_some()) && self.compiled.as_ref().is_none_or(Compiled::is_bound)
    }

    pub(crate) fn compiled(&mut self) -> Result<&mut Compiled> {
        let base = &self.base;
        self.compiled.as_mut().ok_or_else(|| {
            Error::new(format!("the model {:?} is not compiled", base.name()))
                .help("call model.compile(\"adam\", \"mse\") first, for example")
        })
    }

    /// An error if the model is not compiled, unless it trains with custom steps.
    pub(crate) fn compiled_for(&mut self, own_step: bool) -> Result<()> {
        if own_step && self.compiled.is_none() {
            let compiled = self.compiled.insert(Compiled::new("sgd".into(), Compile::default(), None)?);
            compiled.has_no_optimizer = true;
        }
        let compiled = self.compiled()?;
        compiled.clear_own_means();
        compiled.has_own_step = own_step;
        Ok(())
    }

    /// The optimizer.
    ///
    /// # Errors
    /// If the model is not compiled.
    pub fn optimizer(&mut self) -> Result<&mut Optimizer> {
        Ok(&mut self.compiled()?.optimizer)
    }

    /// Moves the weights and the optimizer's slots to a device; data is moved automatically. Layers that are shared with other
    /// models are moved as well.
    pub fn to_device(&mut self, device: &Device) -> Result<()> {
        self.device = device.clone();
        self.variables().iter().try_for_each(|variable| variable.to_device(device))?;
        self.compiled.as_mut().map_or(Ok(()), |compiled| compiled.optimizer.to_device(device))
    }

    /// The device of the weights. Another model that shares layers may have moved them.
    pub fn device(&self) -> Device {
        let graph = self.body().graph().ok().flatten();
        graph.and_then(|graph| graph.weights().device()).unwrap_or_else(|| self.device.clone())
    }
}

/// The only one of these symbolic tensors; an error if there are several.
fn only(mut tensors: Vec<KerasTensor>, what: &str) -> Result<KerasTensor> {
    match (tensors.pop(), tensors.len()) {
        (Some(tensor), 0) => Ok(tensor),
        (_, more) => Err(Error::new(format!("the model does not have exactly one of these {what}"))
            .received((more + 1).to_string())
            .help(format!("model.{what}() returns all of them"))),
    }
}

impl Declared for Model {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Described for Model {
    fn class_name(&self) -> &str {
        let body = self.body();
        match body.parts() {
            Some(parts) => parts.class(),
            None if body.stack.is_some() => "Sequential",
            None => "Functional",
        }
    }

    fn config(&self) -> Result<Config> {
        config::of_model(self)
    }
}

impl Layer for Model {
    fn module(&self) -> &str {
        if self.body().stack.is_some() { "keras" } else { "keras.src.models.functional" }
    }

    fn output(&self) -> Result<KerasTensor> {
        Model::output(self)
    }

    fn outputs(&self) -> Result<Vec<KerasTensor>> {
        Model::outputs(self)
    }

    fn input(&self) -> Result<KerasTensor> {
        Model::input(self)
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let graph = self.graph()?;
        let dtypes = graph.inputs().iter().map(NodeOutput::dtype);
        let inputs: Vec<_> =
            inputs.iter().zip(dtypes).map(|(shape, dtype)| TensorSpec::new(shape.clone(), dtype)).collect();
        let outputs = self.compute_output_spec(&inputs, &CallArguments::new())?;
        Ok(outputs.into_iter().map(|output| output.shape).collect())
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        let graph = self.graph()?;
        if inputs.len() != graph.inputs().len() {
            return Err(Error::new("the model was called with a wrong number of inputs")
                .expected(graph.inputs().len().to_string())
                .received(inputs.len().to_string()));
        }
        graph.compute_output_spec(inputs)
    }

    fn input_keys(&self) -> Vec<String> {
        self.body().graph().ok().flatten().map_or_else(Vec::new, |graph| graph.input_names())
    }

    /// Its layers cast their own inputs.
    fn autocast(&self) -> bool {
        false
    }

    /// A dictionary, if the inputs have names.
    fn call_args(&self, inputs: Vec<Config>) -> Vec<Config> {
        let graph = self.body().graph().ok().flatten();
        match graph.as_ref().and_then(|graph| graph.names().inputs.as_ref()) {
            Some(names) => vec![Config::Object(names.iter().cloned().zip(inputs).collect())],
            None if inputs.len() == 1 => inputs,
            None => vec![inputs.into()],
        }
    }

    fn sublayer_paths(&self) -> Vec<String> {
        let mut counts = HashMap::new();
        let path = |layer: &Arc<dyn Layer>| {
            if !layer.is_saved() {
                return String::new();
            }
            let class = to_snake_case(layer.class_name());
            let count = counts.entry(class.clone()).or_insert(0);
            *count += 1;
            match *count - 1 {
                0 => format!("layers/{class}"),
                number => format!("layers/{class}_{number}"),
            }
        };
        self.operations().iter().map(path).collect()
    }

    fn build(&self, inputs: &[Shape], _: &mut Build) -> Result<()> {
        if self.body().graph()?.is_some() {
            return Ok(());
        }
        let sample = |input: &Shape| input.iter().skip(1).copied().collect::<Shape>();
        match inputs {
            inputs if self.has_parts() => {
                let inputs: Vec<_> =
                    inputs.iter().map(|input| candle_keras_layers::Input::shape(sample(input))).collect();
                self.build_parts(&inputs)
            }
            [input] => Model::build(self, sample(input)),
            inputs => Err(Error::new("a Sequential takes one input").received(inputs.len().to_string())),
        }
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let masks = ctx.masks().to_vec();
        let (outputs, masks) = self.graph()?.run(inputs, &masks, ctx)?;
        ctx.set_output_masks(masks);
        Ok(outputs)
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn sublayers(&self) -> Vec<Arc<dyn Layer>> {
        self.operations()
    }
}
