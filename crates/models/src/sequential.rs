//! Sequential: a stack of layers. Keras: `keras.Sequential`.

use crate::Result;
use crate::model::{Body, Model};
use candle_core::Tensor;
use candle_keras_layers::{
    Base, Build, CallArguments, Config, Context, Declared, Described, InputLayer, IntoLayer, KerasTensor, Layer,
    NodeOutput, Shape, TensorSpec, from_config,
};
use candle_keras_ops::Error;
use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{Arc, PoisonError};

/// A model in which each layer takes the output of the one before.
///
/// It derefs to a [`Model`]. With `Input::shape(...)` as the first layer, its weights are created at once; without,
/// when it first sees data.
///
/// Adding layers needs no `?`: an error is stored, and returned when the model is used, for example by `compile` or `build`.
///
/// ```
/// use candle_keras_layers::{layers, Dense, Embedding, Flatten, Layer};
/// use candle_keras_models::Sequential;
/// let mut model = Sequential::new(layers![Embedding::new(1000, 8), Flatten::new()]);
/// model.add(Dense::new(1).activation("sigmoid"));
/// model.build([20])?;
/// assert_eq!(model.count_params(), 8000 + 161);
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sequential(Model);

impl Sequential {
    /// A model of these layers, from [`layers!`](candle_keras_layers::layers).
    ///
    /// A layer that does not match the one before, a duplicate name, or an input that is not the first layer is reported when the
    /// model is compiled, built or called.
    #[track_caller]
    pub fn new(layers: Vec<Result<Arc<dyn Layer>>>) -> Self {
        let location = Location::caller();
        let mut sequential = Self::empty(Base::new("Sequential"));
        layers.into_iter().for_each(|layer| sequential.keep(layer, location));
        sequential
    }

    fn empty(base: Base) -> Self {
        Self(Model::from_body(base, Body::sequential()))
    }

    pub(crate) fn with_base(base: Base, layers: Vec<Arc<dyn Layer>>) -> Result<Self> {
        let mut sequential = Self::empty(base);
        layers.into_iter().try_for_each(|layer| sequential.push(layer))?;
        Ok(sequential)
    }

    /// Appends a layer. The model must be compiled again. Errors are reported as by [`new`](Self::new).
    #[track_caller]
    pub fn add(&mut self, layer: impl IntoLayer) {
        self.keep(layer.into_layer(), Location::caller());
    }

    /// Adds a layer, or keeps the first error.
    fn keep(&mut self, layer: Result<Arc<dyn Layer>>, location: &'static Location<'static>) {
        if let Err(error) = layer.and_then(|layer| self.push(layer)) {
            let mut body = self.0.body.write().unwrap_or_else(PoisonError::into_inner);
            body.failed.get_or_insert_with(|| Arc::new(error.called_at(location)));
        }
    }

    /// Removes the last layer. The model must be compiled again.
    ///
    /// # Errors
    /// If there is none.
    pub fn pop(&mut self) -> Result<Arc<dyn Layer>> {
        self.0.compiled = None;
        let mut body = self.0.body.write().unwrap_or_else(PoisonError::into_inner);
        let popped = body.stack.as_mut().and_then(Vec::pop);
        let popped = popped.ok_or_else(|| Error::new("there is no layer to remove from the Sequential"))?;
        body.names.remove(&popped.layer_name());
        let ends = body.ends.clone().map(|[input, output]| {
            let before = output.node().inputs().first().cloned();
            [input, before.unwrap_or(output)]
        });
        body.set_ends(ends);
        Ok(popped)
    }

    /// Creates the weights for samples of this shape; see [`Model::build`].
    pub fn build(&self, sample: impl Into<Shape>) -> Result<()> {
        self.0.build(sample)
    }

    fn push(&mut self, layer: Arc<dyn Layer>) -> Result<()> {
        self.0.compiled = None;
        if contains(&layer, self.0.base.id()) {
            return Err(Error::new("a model cannot be a layer of itself").received(layer.layer_name()));
        }
        let mut body = self.0.body.write().unwrap_or_else(PoisonError::into_inner);
        let Body { stack: Some(stack), names, ends, .. } = &mut *body else { return Ok(()) };
        if layer.class_name() == "InputLayer" {
            if !stack.is_empty() || ends.is_some() {
                return Err(Error::new("an input must be the first layer of a Sequential").received(layer.layer_name()));
            }
            let shape: Shape = layer.compute_output_shape(&[])?[0].clone();
            let input = input_of(&*layer, shape)?;
            body.set_ends(Some([input.clone(), input]));
            return Ok(());
        }
        if !names.insert(layer.layer_name()) {
            return Err(Error::new("each layer of a model must have a unique name")
                .received(format!("two layers named {:?}", layer.layer_name()))
                .help("give one of them another name with .name(...)"));
        }
        if stack.is_empty()
            && ends.is_none()
            && let Some(input) = input_of_model(&*layer)?
        {
            body.set_ends(Some([input.clone(), input]));
        }
        let Body { stack: Some(stack), ends, .. } = &mut *body else { return Ok(()) };
        stack.push(layer.clone());
        if let Some([input, output]) = ends.clone() {
            let output = self.0.call_next(&layer, output)?;
            body.set_ends(Some([input, output]));
        }
        Ok(())
    }
}

/// Whether a layer has this id, or contains the layer that has.
fn contains(layer: &Arc<dyn Layer>, id: usize) -> bool {
    let mut layers = vec![layer.clone()];
    while let Some(layer) = layers.pop() {
        if layer.base().id() == id {
            return true;
        }
        layers.extend(layer.sublayers());
    }
    false
}

/// The symbolic tensor of an input layer that was given as a layer.
/// An input like that of a model, whose shape is known: a Sequential that begins with it is built at once, as in Keras.
fn input_of_model(layer: &dyn Layer) -> Result<Option<NodeOutput>> {
    let Some(graph) = as_model(layer).and_then(|model| model.body().graph().transpose()).transpose()? else {
        return Ok(None);
    };
    let [input] = graph.inputs() else { return Ok(None) };
    let spec = input.spec();
    if spec.is_string() {
        return Ok(None);
    }
    let input = InputLayer::new(Shape::default()).batch_shape(spec.shape.clone()).dtype(spec.dtype);
    input.output().output().cloned().map(Some)
}

fn input_of(layer: &dyn Layer, shape: Shape) -> Result<NodeOutput> {
    let input: InputLayer = from_config(layer.class_name(), layer.get_config()?)?;
    input.batch_shape(shape).output().output().cloned()
}

/// The inner model, compiled as it is.
impl From<Sequential> for Model {
    fn from(sequential: Sequential) -> Self {
        sequential.0
    }
}

impl Deref for Sequential {
    type Target = Model;

    fn deref(&self) -> &Model {
        &self.0
    }
}

impl DerefMut for Sequential {
    fn deref_mut(&mut self) -> &mut Model {
        &mut self.0
    }
}

impl Declared for Sequential {
    fn base(&self) -> &Base {
        self.0.base()
    }
}

impl Described for Sequential {
    fn class_name(&self) -> &str {
        self.0.class_name()
    }

    fn config(&self) -> Result<Config> {
        self.0.config()
    }
}

/// The model that a layer is, functional or a [`Sequential`].
pub(crate) fn as_model(layer: &dyn Layer) -> Option<&Model> {
    let layer = layer as &dyn Any;
    layer.downcast_ref::<Model>().or_else(|| layer.downcast_ref::<Sequential>().map(|sequential| &sequential.0))
}

impl Layer for Sequential {
    fn module(&self) -> &str {
        self.0.module()
    }

    fn output(&self) -> Result<KerasTensor> {
        self.0.output()
    }

    fn outputs(&self) -> Result<Vec<KerasTensor>> {
        self.0.outputs()
    }

    fn input(&self) -> Result<KerasTensor> {
        self.0.input()
    }

    fn input_keys(&self) -> Vec<String> {
        self.0.input_keys()
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.0.compute_output_shape(inputs)
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        Layer::build(&self.0, inputs, build)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        self.0.forward(inputs, ctx)
    }

    fn compute_output_spec(
        &self,
        inputs: &[TensorSpec],
        arguments: &CallArguments<TensorSpec>,
    ) -> Result<Vec<TensorSpec>> {
        self.0.compute_output_spec(inputs, arguments)
    }

    fn autocast(&self) -> bool {
        self.0.autocast()
    }

    fn sublayer_paths(&self) -> Vec<String> {
        self.0.sublayer_paths()
    }

    fn supports_masking(&self) -> bool {
        self.0.supports_masking()
    }

    fn sublayers(&self) -> Vec<Arc<dyn Layer>> {
        self.0.sublayers()
    }
}
