//! The trait of all layers, and the function that runs a layer.

use crate::assets::{AssetSource, Assets};
use crate::build::Build;
use crate::call::{CallArgument, CallArguments};
use crate::callable::{CallInputs, Callable};
use crate::symbolic::{KerasTensor, NodeOutput};
use crate::variable::Variable;
use crate::{Config, Context, DTypePolicy, Declared, Lora, Regularizer, Shape, TensorSpec, layer_weights};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result, warnings};
use std::any::Any;
use std::borrow::Cow;
use std::fmt::Debug;
use std::panic::Location;
use std::sync::Arc;

/// A layer: how it transforms shapes and tensors, and which weights it has.
///
/// A layer is a small, cloneable description; a clone is another handle to the same weights. What all layers share (names,
/// weights, dtypes, masks, freezing, activity regularization) is in [`Base`](crate::Base) and is done outside of the layer. To write one,
/// declare its arguments with [`layer!`](crate::layer) and implement `forward`, and `build` if it has weights. docs/writing-a-layer.md walks through it, and [`check_layer`](crate::check_layer) checks the result.
///
/// Keras's `layer(x)` is [`call`](Self::call) here, and Keras's `layer.call` is [`forward`](Self::forward).
pub trait Layer: Declared + AsLayer + Any + Debug + Send + Sync {
    /// The layer's arguments in Keras's form. Keras: `layer.get_config()`.
    fn get_config(&self) -> Result<Config> {
        self.config()
    }

    /// The shapes of the outputs for these shapes of the inputs, batch size included.
    ///
    /// By default they are found by running [`forward`](Self::forward) on ones, twice for each call on symbolic tensors; a layer that needs
    /// another dtype, or is slow, computes them itself.
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        crate::shape::of_forward(self.as_layer(), inputs)
    }

    /// [`compute_output_shape`](Self::compute_output_shape) for inputs and named arguments with their dtypes. By default the outputs have the dtype in which the
    /// layer computes.
    fn compute_output_spec(
        &self,
        inputs: &[TensorSpec],
        arguments: &CallArguments<TensorSpec>,
    ) -> Result<Vec<TensorSpec>> {
        let _ = arguments;
        output_spec(self.as_layer(), inputs)
    }

    /// Adds the weights and sublayers; runs once, before the first call.
    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let _ = (inputs, build);
        Ok(())
    }

    /// The named arguments that a call of the layer takes, beside `training` and `mask`.
    fn call_arguments(&self) -> &[&str] {
        &[]
    }

    /// The names of the inputs, if a call in Keras may give them by name.
    fn input_names(&self) -> &[&str] {
        &[]
    }

    /// The keys of a dictionary that the layer can be called on, in the order of its inputs: the names of a model's inputs.
    fn input_keys(&self) -> Vec<String> {
        Vec::new()
    }

    /// Moves inputs that Keras passes by name to the named arguments: the initial states of a recurrent layer.
    fn name_inputs(&self, inputs: &mut Vec<NodeOutput>, arguments: &mut CallArguments<NodeOutput>) {
        let _ = (inputs, arguments);
    }

    /// Whether floating-point inputs and outputs, and weights, are cast to the dtype of computation.
    fn autocast(&self) -> bool {
        true
    }

    /// Whether its inputs may have no batch axis: those of an operation may.
    fn takes_scalars(&self) -> bool {
        false
    }

    /// The outputs for these inputs.
    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>>;

    /// The outputs of this layer and of the first of the layers `next`, one applied to those of the other, in one fused step, and how many of `next` these
    /// are; `None` if there is no such step.
    ///
    /// A model uses it in predictions if only the next layer reads the outputs of the one before. A convolution normalizes, activates and pools an image while
    /// it is in the cache.
    fn forward_with(
        &self,
        next: &[&dyn Layer],
        inputs: &[Tensor],
        ctx: &mut Context,
    ) -> Result<Option<(Vec<Tensor>, usize)>> {
        let _ = (next, inputs, ctx);
        Ok(None)
    }

    /// Whether the layer propagates masks.
    fn supports_masking(&self) -> bool {
        false
    }

    /// The masks of the outputs: by default that of the first input, if the layer supports masking.
    fn compute_mask(&self, inputs: &[Tensor], masks: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        let _ = inputs;
        Ok(vec![masks.first().cloned().flatten().filter(|_| self.supports_masking())])
    }

    /// Whether the layer consumes the masks of its inputs: later layers on the same inputs do not see them, as with Keras's
    /// MultiHeadAttention.
    fn takes_masks(&self) -> bool {
        false
    }

    /// Whether the layer's activity regularizer applies to its outputs; if not, it has passed it on to its sublayers.
    fn regularizes_output(&self) -> bool {
        true
    }

    /// The sublayers, in Keras's order: those that it has [added](Build::add_layer), or those of a nested model.
    fn sublayers(&self) -> Vec<Arc<dyn Layer>> {
        self.base().layers().into_iter().map(|(_, layer)| layer).collect()
    }

    /// The module of the class in Keras, for files.
    fn module(&self) -> &str {
        "keras.layers"
    }

    /// The positional arguments of Python's `layer(...)` for these inputs, in Keras's form: the input, or a list of several.
    fn call_args(&self, inputs: Vec<Config>) -> Vec<Config> {
        one_or_list(inputs)
    }

    /// Where files keep the weights of the sublayers, as a path from this layer: `cell`, or `layers/dense_1`. In the order of
    /// [`sublayers`](Self::sublayers); by default the names under which they were [added](Build::add_layer).
    fn sublayer_paths(&self) -> Vec<String> {
        self.base().layers().into_iter().map(|(name, _)| name).collect()
    }

    /// Keras's form of the shapes with which the layer was built.
    fn build_config(&self, shapes: &[Shape]) -> Config {
        input_shape(shapes)
    }

    /// Whether this is a layer to Keras, with a group for its weights in files; operations are not.
    fn is_saved(&self) -> bool {
        true
    }

    /// What files have for the layer beside its weights: a vocabulary, for example. Keras: `layer.save_assets`.
    fn assets(&self) -> Result<Assets> {
        Ok(Assets::default())
    }

    /// Takes over what a file has of its [`assets`](Self::assets). Keras: `layer.load_assets`.
    fn load_assets(&self, source: &mut dyn AssetSource) -> Result<()> {
        let _ = source;
        Ok(())
    }

    /// A weight for use in `forward`: tracked if this run needs its gradient, and in the dtype of computation if the layer casts
    /// ([`Layer::autocast`]).
    fn weight(&self, name: &str, ctx: &Context) -> Result<Tensor> {
        let value = layer_weights::weight(self.base(), name, ctx)?;
        Ok(if self.autocast() { ops::cast(&value, self.base().compute_dtype())? } else { value })
    }

    /// The layer's name in its model.
    fn layer_name(&self) -> String {
        self.base().name()
    }

    /// All weights, in Keras's order: the layer's own, states last, then those of the sublayers.
    fn variables(&self) -> Vec<Variable> {
        layer_weights::variables(self.as_layer())
    }

    /// The weights that the optimizer updates: none if the layer is frozen.
    fn trainable_variables(&self) -> Vec<Variable> {
        layer_weights::trainable_variables(self.as_layer())
    }

    /// The regularization losses of its weights. Keras: `layer.losses`, without those of activities.
    fn penalties(&self) -> Result<Vec<Tensor>> {
        layer_weights::penalties(self.as_layer())
    }

    /// Freezes or unfreezes the layer and all sublayers. Models apply it at their next `compile`.
    fn set_trainable(&self, trainable: bool) {
        layer_weights::set_trainable(self.as_layer(), trainable);
    }

    /// Adapts the layer by LoRA with matrices of this rank: its kernel (the table of an Embedding) is frozen, and the product of two small
    /// matrices, which are trained, is added to it. Models apply it at their next `compile`. Files have the sum. Keras: `layer.enable_lora(rank)`.
    ///
    /// ```
    /// use candle_keras_layers::{Dense, Input, Layer};
    /// let layer = Dense::new(64);
    /// layer.call(&Input::shape([128]));
    /// layer.enable_lora(4)?;
    /// let trained: usize = layer.trainable_variables().iter().map(|weight| weight.elem_count()).sum();
    /// assert_eq!(trained, 64 + 128 * 4 + 4 * 64);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the layer is not built, is adapted already, has a constraint on the kernel, or has no kernel that can be adapted.
    ///
    /// # Differences from Keras
    /// The kernel stays frozen when the layer is made trainable. A loaded layer begins anew, with a random first and a zero second matrix; Keras sets both to
    /// 0, and they cannot be trained any more. `lora_alpha` holds as an argument of Dense and Embedding as well, where Keras 3.15 ignores it.
    fn enable_lora(&self, rank: usize) -> Result<()> {
        self.enable_lora_with(Lora::new(rank))
    }

    /// [`enable_lora`](Self::enable_lora) with a factor and initializers. Keras: `layer.enable_lora(rank, lora_alpha, a_initializer, b_initializer)`.
    ///
    /// # Errors
    /// As [`enable_lora`](Self::enable_lora).
    fn enable_lora_with(&self, lora: Lora) -> Result<()> {
        layer_weights::enable_lora(self.as_layer(), &lora)
    }

    /// The values of all weights, as copies. Keras: `layer.get_weights()`.
    fn get_weights(&self) -> Result<Vec<Tensor>> {
        layer_weights::get_weights(self.as_layer())
    }

    /// Replaces the values of all weights, in the order of `get_weights`. Keras: `layer.set_weights(weights)`.
    fn set_weights(&self, weights: &[Tensor]) -> Result<()> {
        layer_weights::set_weights(self.as_layer(), weights)
    }

    /// Resets what stateful recurrent layers keep from batch to batch to 0, in this layer and all sublayers. Keras: `layer.reset_states()`, and Keras 2's
    /// `model.reset_states()`.
    fn reset_states(&self) -> Result<()> {
        layer_weights::reset_states(self.as_layer())
    }

    /// The number of elements of all weights.
    fn count_params(&self) -> usize {
        layer_weights::count_params(self.as_layer())
    }

    /// The symbolic tensor that came out of the only call of this layer: `model.get_layer("code")?.output()?`. Keras: `layer.output`.
    ///
    /// # Errors
    /// If the layer was not called, or several times, or has several outputs.
    fn output(&self) -> Result<KerasTensor> {
        self.base().only_output()
    }

    /// All symbolic tensors that came out of the only call of this layer, as of an LSTM that returns its states. Keras: `layer.output`, of such a layer.
    ///
    /// ```
    /// use candle_keras_layers::{Input, LSTM, Layer};
    /// let x = Input::shape((5, 3));
    /// let lstm = LSTM::new(4).return_state(true);
    /// let [_y, _h, _c] = lstm.call_multiple(&x);
    /// assert_eq!(lstm.outputs()?.len(), 3);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the layer was not called, or several times.
    fn outputs(&self) -> Result<Vec<KerasTensor>> {
        self.base().all_outputs()
    }

    /// The symbolic tensor that the only call of this layer took. Keras: `layer.input`.
    ///
    /// # Errors
    /// If the layer was not called, or several times, or takes several inputs.
    fn input(&self) -> Result<KerasTensor> {
        self.base().only_input()
    }

    /// Calls the layer; the first call builds it. Keras: `layer(inputs)`.
    ///
    /// On symbolic tensors it returns a symbolic tensor, which carries an error if the shapes do not fit, or if the layer has several
    /// outputs (see [`call_multiple`](Self::call_multiple)). On tensors it computes at once: `dense.call(&x)?`. Gradients flow if a
    /// [`GradientTape`](crate::GradientTape) records, and the layer behaves as in predictions; `Call::new().training(true)` changes that.
    #[track_caller]
    fn call<I: CallInputs>(&self, inputs: I) -> <I::Tensor as Callable>::Output
    where
        Self: Sized + Clone,
    {
        self.call_with(inputs, CallArguments::new())
    }

    /// [`call`](Self::call) for a layer with several outputs: `let [y, h, c] = lstm.call_multiple(&x);`.
    #[track_caller]
    fn call_multiple<const N: usize, I: CallInputs>(&self, inputs: I) -> <I::Tensor as Callable>::Outputs<N>
    where
        Self: Sized + Clone,
    {
        self.call_multiple_with(inputs, CallArguments::new())
    }

    /// [`call`](Self::call) with named arguments: `layer.call_with(&x, Call::new().training(true))`. Keras: `layer(x, training=True)`.
    #[track_caller]
    fn call_with<I: CallInputs>(
        &self,
        inputs: I,
        arguments: CallArguments<I::Tensor>,
    ) -> <I::Tensor as Callable>::Output
    where
        Self: Sized + Clone,
    {
        I::Tensor::one(self.call_multiple_with(inputs, arguments))
    }

    /// [`call_with`](Self::call_with) for a layer with several outputs.
    #[track_caller]
    fn call_multiple_with<const N: usize, I: CallInputs>(
        &self,
        inputs: I,
        arguments: CallArguments<I::Tensor>,
    ) -> <I::Tensor as Callable>::Outputs<N>
    where
        Self: Sized + Clone,
    {
        I::Tensor::call(Arc::new(self.clone()), inputs.into_named(), arguments, Location::caller())
    }

    /// Sets the name of the layer. Keras: `name=`.
    #[must_use]
    fn name(self, name: impl Into<String>) -> Self
    where
        Self: Sized,
    {
        self.base().set_name(name.into());
        self
    }

    /// Whether the optimizer may update its weights. Default: `true`. Keras: `trainable=`.
    #[must_use]
    fn trainable(self, trainable: bool) -> Self
    where
        Self: Sized,
    {
        self.set_trainable(trainable);
        self
    }

    /// The dtype of its weights and results, such as `"float64"`, or a policy such as `"mixed_bfloat16"`. Default: that of
    /// [`set_dtype_policy`](crate::set_dtype_policy), float32. Keras: `dtype=`.
    #[must_use]
    fn dtype(self, dtype: impl Into<DTypePolicy>) -> Self
    where
        Self: Sized,
    {
        self.base().set_policy(dtype.into());
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

/// A layer as a trait object: what is the same for all layers is compiled once, not for each.
pub trait AsLayer {
    /// This layer.
    fn as_layer(&self) -> &dyn Layer;
}

impl<L: Layer> AsLayer for L {
    fn as_layer(&self) -> &dyn Layer {
        self
    }
}

fn one_or_list(inputs: Vec<Config>) -> Vec<Config> {
    if inputs.len() == 1 { inputs } else { vec![inputs.into()] }
}

fn input_shape(shapes: &[Shape]) -> Config {
    match shapes {
        [one] => serde_json::json!({ "input_shape": one }),
        many => serde_json::json!({ "input_shape": many }),
    }
}

/// The shapes of a layer's outputs, with the dtype in which it computes.
fn output_spec(layer: &dyn Layer, inputs: &[TensorSpec]) -> Result<Vec<TensorSpec>> {
    refuse_text(inputs)?;
    let shapes: Vec<_> = inputs.iter().map(|input| input.shape.clone()).collect();
    let dtype = layer.base().compute_dtype();
    Ok(layer.compute_output_shape(&shapes)?.into_iter().map(|shape| TensorSpec::new(shape, dtype)).collect())
}

/// The [specs](Layer::compute_output_spec) of the outputs of a layer that computes nothing: whole numbers stay whole.
pub(crate) fn spec_of_elements(layer: &dyn Layer, inputs: &[TensorSpec]) -> Result<Vec<TensorSpec>> {
    let mut outputs = output_spec(layer, inputs)?;
    for (output, input) in outputs.iter_mut().zip(inputs).filter(|(_, input)| !input.dtype.is_float()) {
        output.dtype = input.dtype;
    }
    Ok(outputs)
}

/// In `impl Layer` of a layer of one input: the output has its shape and its mask.
macro_rules! keeps_shape_and_mask {
    () => {
        fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
            Ok(vec![$crate::single(inputs)?.clone()])
        }

        fn supports_masking(&self) -> bool {
            true
        }
    };
}
pub(crate) use keeps_shape_and_mask;

/// What a layer says that takes numbers only.
pub(crate) const NO_TEXT: &str = "the layer does not take text";

/// An error if an input is text.
pub(crate) fn refuse_text(inputs: &[TensorSpec]) -> Result<()> {
    match inputs.iter().any(TensorSpec::is_string) {
        true => Err(Error::new(NO_TEXT).help("map words to ids first, with a TextVectorization for example")),
        false => Ok(()),
    }
}

impl dyn Layer {
    /// [`Layer::call`] for a layer of a list, such as `model.layers()[1]`.
    #[track_caller]
    pub fn call<I: CallInputs>(self: &Arc<Self>, inputs: I) -> <I::Tensor as Callable>::Output {
        self.call_with(inputs, CallArguments::new())
    }

    /// [`Layer::call_multiple`] for a layer of a list.
    #[track_caller]
    pub fn call_multiple<const N: usize, I: CallInputs>(
        self: &Arc<Self>,
        inputs: I,
    ) -> <I::Tensor as Callable>::Outputs<N> {
        self.call_multiple_with(inputs, CallArguments::new())
    }

    /// [`Layer::call_with`] for a layer of a list.
    #[track_caller]
    pub fn call_with<I: CallInputs>(
        self: &Arc<Self>,
        inputs: I,
        arguments: CallArguments<I::Tensor>,
    ) -> <I::Tensor as Callable>::Output {
        I::Tensor::one(self.call_multiple_with(inputs, arguments))
    }

    /// [`Layer::call_multiple_with`] for a layer of a list.
    #[track_caller]
    pub fn call_multiple_with<const N: usize, I: CallInputs>(
        self: &Arc<Self>,
        inputs: I,
        arguments: CallArguments<I::Tensor>,
    ) -> <I::Tensor as Callable>::Outputs<N> {
        I::Tensor::call(self.clone(), inputs.into_named(), arguments, Location::caller())
    }
}

/// Builds the layer, if it is not built yet.
pub fn build(layer: &dyn Layer, shapes: &[Shape]) -> Result<()> {
    let build = match layer.base().is_string() && layer.class_name() != "InputLayer" {
        true => Err(Error::new("the dtype \"string\" is for inputs, not for what a layer computes")),
        false => layer.base().build(shapes, |build| layer.build(shapes, build)),
    };
    build.map_err(|error| error.within_layer(layer.layer_name(), layer.class_name()))
}

/// The outputs of a layer and their masks.
pub type Outputs = (Vec<Tensor>, Vec<Option<Tensor>>);

/// Runs a layer: the one place where dtypes are cast, masks passed on, activity regularizers applied, and errors given the path of their
/// layer.
pub fn run(layer: &dyn Layer, inputs: &[Tensor], masks: &[Option<Tensor>], ctx: &mut Context) -> Result<Outputs> {
    run_with(layer, inputs, masks, CallArguments::new(), ctx)
}

/// [`run`] with named arguments.
pub fn run_with(
    layer: &dyn Layer,
    inputs: &[Tensor],
    masks: &[Option<Tensor>],
    arguments: CallArguments<Tensor>,
    ctx: &mut Context,
) -> Result<Outputs> {
    run_unnamed(layer, inputs, masks, arguments, ctx)
        .map_err(|error| error.within_layer(layer.layer_name(), layer.class_name()))
}

/// Floating-point tensors in the dtype of computation; others unchanged.
fn cast(inputs: &[Tensor], dtype: DType) -> candle_core::Result<Cow<'_, [Tensor]>> {
    let differs = |x: &Tensor| x.dtype().is_float() && x.dtype() != dtype;
    if !inputs.iter().any(differs) {
        return Ok(Cow::Borrowed(inputs));
    }
    inputs.iter().map(|x| if differs(x) { ops::cast(x, dtype) } else { Ok(x.clone()) }).collect()
}

fn run_unnamed(
    layer: &dyn Layer,
    inputs: &[Tensor],
    masks: &[Option<Tensor>],
    arguments: CallArguments<Tensor>,
    ctx: &mut Context,
) -> Result<Outputs> {
    if inputs.is_empty() {
        return Err(Error::new("the layer ran on nothing").expected("at least one tensor"));
    }
    let (dtype, regularizer) = layer.base().before_run(inputs)?;
    let inputs = if layer.autocast() { cast(inputs, dtype)? } else { Cow::Borrowed(inputs) };
    let mut masks = match arguments.get("mask") {
        None | Some(CallArgument::Value(_)) => masks.to_vec(),
        Some(CallArgument::Tensor(mask)) => vec![Some(mask.clone())],
        Some(CallArgument::Tensors(masks)) => masks.clone(),
    };
    masks.resize(inputs.len(), None);
    // The outputs have the mask all the same.
    let hidden = arguments.hides_mask().then(|| std::mem::replace(&mut masks, vec![None; inputs.len()]));
    let outer = ctx.enter(&inputs, masks, arguments)?;
    let outputs = forward_and_mask(layer, &inputs, hidden.as_deref(), ctx);
    ctx.leave(outer);
    let (mut outputs, output_masks) = outputs?;
    if layer.autocast() {
        for output in outputs.iter_mut().filter(|output| output.dtype().is_float() && output.dtype() != dtype) {
            *output = ops::cast(output, dtype)?;
        }
    }
    if let Some(regularizer) = regularizer.filter(|_| layer.regularizes_output()) {
        for output in &outputs {
            ctx.add_loss((regularizer.call(output)? / output.dim(0)? as f64)?);
        }
    }
    Ok((outputs, output_masks))
}

/// The outputs, and a mask for each; `hidden` are masks of the inputs that the layer does not see.
fn forward_and_mask(
    layer: &dyn Layer,
    inputs: &[Tensor],
    hidden: Option<&[Option<Tensor>]>,
    ctx: &mut Context,
) -> Result<Outputs> {
    let outputs = layer.forward(inputs, ctx)?;
    let mut masks = match ctx.take_output_masks() {
        Some(masks) => masks,
        None => layer.compute_mask(inputs, hidden.unwrap_or(ctx.masks()))?,
    };
    masks.resize(outputs.len(), None);
    let lost = !layer.supports_masking() && ctx.masks().iter().any(Option::is_some);
    if lost && layer.base().first_lost_mask() {
        warnings::warn(format!(
            "layer {:?} ({}) does not support masking; the mask of its input ends here",
            layer.layer_name(),
            layer.class_name()
        ));
    }
    Ok((outputs, masks))
}

/// The outputs of a layer and the first of the layers `next` in a fused step, and how many of `next` these are, if they have such a step and nothing happens
/// between them: no gradients, masks, other dtypes or activity regularizers.
pub fn run_together(
    layer: &dyn Layer,
    next: &[&dyn Layer],
    inputs: &[Tensor],
    masks: &[Option<Tensor>],
    ctx: &mut Context,
) -> Result<Option<(Outputs, usize)>> {
    let dtype = layer.base().compute_dtype();
    let plain =
        |layer: &dyn Layer| layer.base().compute_dtype() == dtype && layer.base().activity_regularizer().is_none();
    let apart = ctx.needs_gradients() || masks.iter().any(Option::is_some) || inputs.iter().any(|x| x.dtype() != dtype);
    let next = &next[..next.iter().take_while(|next| plain(**next)).count()];
    if apart || !plain(layer) || next.is_empty() {
        return Ok(None);
    }
    let named = |error: Error| error.within_layer(layer.layer_name(), layer.class_name());
    layer.base().before_run(inputs).map_err(named)?;
    let Some((outputs, count)) = layer.forward_with(next, inputs, ctx).map_err(named)? else { return Ok(None) };
    ctx.count_runs(count + 1);
    Ok(Some(((outputs, Vec::new()), count)))
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
