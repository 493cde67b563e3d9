//! The trait of all layers, and the one way in which a layer runs.

use crate::base::Weights;
use crate::naming::to_snake_case;
use crate::symbolic::{self, KerasTensor, KerasTensors};
use crate::variable::Variable;
use crate::{Config, Context, Declared, Regularizer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{DTypeName, Error, Result, warnings};
use std::any::Any;
use std::collections::HashMap;
use std::fmt::Debug;
use std::panic::Location;
use std::sync::Arc;

/// A layer: how shapes and tensors go through it, and which weights it has.
///
/// A layer is a small, cloneable description; a clone is another handle to the same weights. What all layers share (names,
/// weights, dtypes, masks, freezing, activity regularization) is in [`Base`](crate::Base) and is done outside of the layer. To write one,
/// declare its arguments with [`layer!`](crate::layer) and implement `compute_output_shape` and `forward`, and `build` if it has weights. docs/writing-a-layer.md walks through it, and [`check_layer`](crate::check_layer) checks the result.
///
/// Keras's `layer(x)` is [`call`](Self::call) here, and Keras's `layer.call` is [`forward`](Self::forward).
pub trait Layer: Declared + Any + Debug + Send + Sync {
    /// The layer's arguments in Keras's form. Keras: `layer.get_config()`.
    fn get_config(&self) -> Result<Config> {
        self.config()
    }

    /// The shapes of the outputs for these shapes of the inputs, batch size included.
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>>;

    /// Asks for the weights; runs once, before the first call.
    fn build(&self, inputs: &[Shape], weights: &mut Weights) -> Result<()> {
        let _ = (inputs, weights);
        Ok(())
    }

    /// The outputs for these inputs.
    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>>;

    /// The outputs of `next` for those of this layer, in one step that is faster than the two; `None` if there is none.
    ///
    /// A model that predicts asks where the outputs go to `next` alone. A convolution pools an image while it is in the cache.
    fn forward_with(&self, next: &dyn Layer, inputs: &[Tensor], ctx: &mut Context) -> Result<Option<Vec<Tensor>>> {
        let _ = (next, inputs, ctx);
        Ok(None)
    }

    /// Whether a mask of the inputs means something for the outputs.
    fn supports_masking(&self) -> bool {
        false
    }

    /// The masks of the outputs: by default that of the first input, if the layer supports masking.
    fn compute_mask(&self, inputs: &[Tensor], masks: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        let _ = inputs;
        Ok(vec![masks.first().cloned().flatten().filter(|_| self.supports_masking())])
    }

    /// The layers inside this one, in Keras's order: those of a nested model, say.
    fn sublayers(&self) -> Vec<Arc<dyn Layer>> {
        Vec::new()
    }

    /// Keras's module of the class, for files.
    fn module(&self) -> &str {
        "keras.layers"
    }

    /// Keras's form of a call on these tensors, themselves in Keras's form: the arguments of Python's `layer(...)`.
    fn call_config(&self, tensors: Vec<Config>) -> Config {
        let args = match <[Config; 1]>::try_from(tensors) {
            Ok(one) => Config::from(one.to_vec()),
            Err(many) => Config::from(vec![Config::from(many)]),
        };
        serde_json::json!({"args": args, "kwargs": {}})
    }

    /// Where files keep the weights of the layers inside, as a path from this layer: `cell`, or `layers/dense_1`. In the order of
    /// [`sublayers`](Self::sublayers); by default Keras's numbered names of their classes, as a model has them.
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
        self.sublayers().iter().map(path).collect()
    }

    /// Keras's form of the shapes with which the layer was built.
    fn build_config(&self, shapes: &[Shape]) -> Config {
        match shapes {
            [one] => serde_json::json!({ "input_shape": one }),
            many => serde_json::json!({ "input_shape": many }),
        }
    }

    /// Whether this is a layer to Keras, which keeps a place for its weights in files; operations are not.
    fn is_saved(&self) -> bool {
        true
    }

    /// A weight for use in `forward`: on the tape if this run needs its gradient.
    fn weight(&self, name: &str, ctx: &Context) -> Result<Tensor> {
        let variable = self.base().variable(name)?;
        let tracked = ctx.needs_gradients() && variable.is_trainable() && self.base().is_trainable();
        Ok(if tracked { variable.tracked() } else { variable.value() })
    }

    /// The layer's name in its model.
    fn layer_name(&self) -> String {
        self.base().name()
    }

    /// All weights, in Keras's order: the layer's own, trainable ones first, then those of the layers inside.
    fn variables(&self) -> Vec<Variable> {
        let (mut variables, rest): (Vec<_>, Vec<_>) =
            self.base().variables().into_iter().partition(Variable::is_trainable);
        variables.extend(rest);
        variables.extend(self.sublayers().iter().flat_map(|layer| layer.variables()));
        variables
    }

    /// The weights that the optimizer changes.
    fn trainable_variables(&self) -> Vec<Variable> {
        let own = self.base().variables().into_iter().filter(|v| self.base().is_trainable() && v.is_trainable());
        own.chain(self.sublayers().iter().flat_map(|layer| layer.trainable_variables())).collect()
    }

    /// Freezes the layer and all layers inside, or lets them be trained again. Models notice at their next `compile`.
    fn set_trainable(&self, trainable: bool) {
        self.base().set_trainable(trainable);
        self.sublayers().iter().for_each(|layer| layer.set_trainable(trainable));
    }

    /// The values of all weights, as copies. Keras: `layer.get_weights()`.
    fn get_weights(&self) -> Result<Vec<Tensor>> {
        self.variables().iter().map(|variable| Ok(variable.value().copy()?)).collect()
    }

    /// Replaces the values of all weights, in the order of `get_weights`. Keras: `layer.set_weights(weights)`.
    fn set_weights(&self, weights: &[Tensor]) -> Result<()> {
        let variables = self.variables();
        if variables.is_empty() && !weights.is_empty() && self.base().built().is_none() {
            return Err(Error::new("the layer has no weights yet")
                .help("weights are made when the layer is first called: call it on an input, or build the model, first")
                .in_layer(self.layer_name(), self.class_name()));
        }
        if variables.len() != weights.len() {
            return Err(Error::new("set_weights needs one tensor for each weight")
                .expected(format!("{} tensors", variables.len()))
                .received(format!("{} tensors", weights.len()))
                .in_layer(self.layer_name(), self.class_name()));
        }
        let assign = |(variable, value): (&Variable, &Tensor)| variable.assign(value);
        variables.iter().zip(weights).try_for_each(assign).map_err(|e| e.in_layer(self.layer_name(), self.class_name()))
    }

    /// The number of numbers in all weights.
    fn count_params(&self) -> usize {
        self.variables().iter().map(Variable::elem_count).sum()
    }

    /// Connects the layer to symbolic inputs, and makes its weights if this is its first call. Keras: `layer(inputs)`.
    ///
    /// If the shapes do not suit the layer, or it has several outputs (see [`call_multiple`](Self::call_multiple)), the symbolic tensor carries the error.
    #[track_caller]
    fn call(&self, inputs: impl Into<KerasTensors>) -> KerasTensor
    where
        Self: Sized + Clone,
    {
        let [output] = self.call_multiple(inputs);
        output
    }

    /// [`call`](Self::call) for a layer with several outputs: `let [y, h, c] = lstm.call_multiple(&x);`.
    #[track_caller]
    fn call_multiple<const N: usize>(&self, inputs: impl Into<KerasTensors>) -> [KerasTensor; N]
    where
        Self: Sized + Clone,
    {
        symbolic::call_for(Arc::new(self.clone()), &inputs.into(), Location::caller())
    }

    /// Gives the layer a name. Keras: `name=`.
    #[must_use]
    fn name(self, name: impl Into<String>) -> Self
    where
        Self: Sized,
    {
        self.base().set_name(name.into());
        self
    }

    /// Whether the optimizer may change its weights; true unless said. Keras: `trainable=`.
    #[must_use]
    fn trainable(self, trainable: bool) -> Self
    where
        Self: Sized,
    {
        self.set_trainable(trainable);
        self
    }

    /// The dtype of its weights and results, such as `"float64"`; float32 unless said. Keras: `dtype=`.
    #[must_use]
    fn dtype(self, dtype: impl Into<DTypeName>) -> Self
    where
        Self: Sized,
    {
        self.base().set_dtype(dtype.into());
        self
    }

    /// A penalty on its outputs, divided by the batch size. Keras: `activity_regularizer=`.
    #[must_use]
    fn activity_regularizer(self, regularizer: impl Into<Regularizer>) -> Self
    where
        Self: Sized,
    {
        self.base().set_activity_regularizer(Some(regularizer.into()));
        self
    }
}

impl dyn Layer {
    /// [`Layer::call`] for a layer of a list, such as `model.layers()[1]`.
    #[track_caller]
    pub fn call(self: &Arc<Self>, inputs: impl Into<KerasTensors>) -> KerasTensor {
        let [output] = self.call_multiple(inputs);
        output
    }

    /// [`Layer::call_multiple`] for a layer of a list.
    #[track_caller]
    pub fn call_multiple<const N: usize>(self: &Arc<Self>, inputs: impl Into<KerasTensors>) -> [KerasTensor; N] {
        symbolic::call_for(self.clone(), &inputs.into(), Location::caller())
    }
}

/// Makes the layer's weights if it has none yet.
pub fn build(layer: &dyn Layer, shapes: &[Shape]) -> Result<()> {
    let build = layer.base().build(shapes, |weights| layer.build(shapes, weights));
    build.map_err(|error| error.in_layer(layer.layer_name(), layer.class_name()))
}

/// The outputs of a layer and their masks.
pub type Outputs = (Vec<Tensor>, Vec<Option<Tensor>>);

/// Runs a layer: the one place where dtypes are cast, masks passed on, activities regularized, and errors given their layer.
pub fn run(layer: &dyn Layer, inputs: &[Tensor], masks: &[Option<Tensor>], ctx: &mut Context) -> Result<Outputs> {
    run_unnamed(layer, inputs, masks, ctx).map_err(|error| error.in_layer(layer.layer_name(), layer.class_name()))
}

fn run_unnamed(layer: &dyn Layer, inputs: &[Tensor], masks: &[Option<Tensor>], ctx: &mut Context) -> Result<Outputs> {
    if inputs.is_empty() {
        return Err(Error::new("the layer ran on nothing").expected("at least one tensor"));
    }
    let base = layer.base();
    let dtype = base.dtype();
    let cast = |x: &Tensor| if x.dtype().is_float() && x.dtype() != dtype { x.to_dtype(dtype) } else { Ok(x.clone()) };
    let inputs = inputs.iter().map(cast).collect::<candle_core::Result<Vec<_>>>()?;
    let outer = ctx.replace_masks(masks.to_vec());
    let outputs = layer.forward(&inputs, ctx);
    ctx.replace_masks(outer);
    let outputs = outputs?;
    let output_masks = match ctx.take_output_masks() {
        Some(masks) => masks,
        None if masks.iter().any(Option::is_some) => {
            if !layer.supports_masking() && base.first_lost_mask() {
                warnings::warn(format!(
                    "layer {:?} ({}) does not support masking; the mask of its input ends here",
                    base.name(),
                    layer.class_name()
                ));
            }
            layer.compute_mask(&inputs, masks)?
        }
        None => layer.compute_mask(&inputs, masks)?,
    };
    if let Some(regularizer) = base.activity_regularizer() {
        for output in &outputs {
            ctx.add_loss((regularizer.call(output)? / output.dim(0)? as f64)?);
        }
    }
    Ok((outputs, output_masks))
}

/// The outputs of `next` for those of a layer, if they have a step together and there is nothing to be done between them: no gradients, masks,
/// other dtypes or regularized activities.
pub fn run_together(
    [layer, next]: [&dyn Layer; 2],
    inputs: &[Tensor],
    masks: &[Option<Tensor>],
    ctx: &mut Context,
) -> Result<Option<Outputs>> {
    let dtype = layer.base().dtype();
    let plain = |layer: &dyn Layer| layer.base().dtype() == dtype && layer.base().activity_regularizer().is_none();
    let apart = ctx.needs_gradients() || masks.iter().any(Option::is_some) || inputs.iter().any(|x| x.dtype() != dtype);
    if apart || !plain(layer) || !plain(next) {
        return Ok(None);
    }
    let outputs = layer.forward_with(next, inputs, ctx);
    let outputs = outputs.map_err(|error| error.in_layer(layer.layer_name(), layer.class_name()))?;
    Ok(outputs.map(|outputs| (outputs, Vec::new())))
}

/// The one input of a layer that takes one.
///
/// # Errors
/// If there are more or fewer.
pub fn single<T>(inputs: &[T]) -> Result<&T> {
    match inputs {
        [input] => Ok(input),
        inputs => Err(Error::new("the layer takes one input").received(format!("{} inputs", inputs.len()))),
    }
}
