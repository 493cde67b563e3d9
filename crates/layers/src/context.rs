//! The state of a run: what a layer reads, and what it returns beside its outputs.

use crate::Base;
use crate::call::{CallArgument, CallArguments};
use crate::layer::{Layer, run_with};
use crate::variable::Variable;
use candle_core::{Tensor, TensorId};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result, custom_gradient};
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;

/// One run of a model.
///
/// A layer's new states, such as the moving averages of a [`BatchNormalization`](crate::BatchNormalization), are recorded here and applied
/// by [`commit`](Self::commit): a run that fails, or is not committed, changes nothing.
#[derive(Debug)]
pub struct Context {
    training: Option<bool>,
    gradients: bool,
    trained: Option<Arc<Trained>>,
    step: u64,
    random: Stream,
    /// The run as a whole, and the layers that are running, from the outermost in.
    scopes: Vec<Scope>,
    masks: Vec<Option<Tensor>>,
    arguments: CallArguments<Tensor>,
    output_masks: Option<Vec<Option<Tensor>>>,
    losses: Vec<Tensor>,
    updates: Vec<(Variable, Tensor)>,
    updated: HashMap<u64, usize>,
    /// Weights that layers have replaced, with their new values; few.
    replaced: Vec<(Variable, Tensor)>,
}

/// Which weights of a model are trained, as fixed by `compile`.
#[derive(Debug, Default)]
pub struct Trained {
    variables: HashSet<u64>,
    frozen: HashSet<usize>,
}

impl Trained {
    /// As the layers say now.
    pub fn of(model: &dyn Layer) -> Self {
        let variables = model.trainable_variables().iter().map(Variable::id).collect();
        let (mut frozen, mut layers) = (HashSet::new(), model.sublayers());
        frozen.extend((!model.base().is_trainable()).then(|| model.base().id()));
        while let Some(layer) = layers.pop() {
            frozen.extend((!layer.base().is_trainable()).then(|| layer.base().id()));
            layers.extend(layer.sublayers());
        }
        Self { variables, frozen }
    }
}

/// The random stream of a layer: it depends on its place in the model, not on what other layers draw.
#[derive(Debug, Default)]
struct Scope {
    /// The index of this run in the enclosing scope.
    place: u64,
    runs: u64,
    draws: u64,
    /// The masks of the tensors in this scope, for the sublayers that run on them.
    masks: Vec<(TensorId, Tensor)>,
}

/// Restored when a layer has run.
pub(crate) struct Outer {
    masks: Vec<Option<Tensor>>,
    arguments: CallArguments<Tensor>,
    training: Option<bool>,
}

impl Context {
    /// For predictions: no dropout, no gradients.
    pub fn inference() -> Self {
        Self::new(false, false, Stream::new(0, 0))
    }

    /// For a training step, whose random numbers come from `random`.
    pub fn training(random: Stream) -> Self {
        Self::new(true, true, random)
    }

    /// For any other case: `training` is passed to layers, `gradients` says whether a backward pass will follow.
    pub fn new(training: bool, gradients: bool, random: Stream) -> Self {
        Self { training: Some(training), ..Self::eager(gradients, random) }
    }

    /// For a call on tensors: as in predictions, unless a call says otherwise.
    pub fn eager(gradients: bool, random: Stream) -> Self {
        // Few layers are nested deeper: a vector that grows would allocate twice in each step.
        let mut scopes = Vec::with_capacity(4);
        scopes.push(Scope::default());
        Self {
            training: None,
            gradients,
            trained: None,
            step: 0,
            random,
            scopes,
            masks: Vec::new(),
            arguments: CallArguments::new(),
            output_masks: None,
            losses: Vec::new(),
            updates: Vec::new(),
            updated: HashMap::new(),
            replaced: Vec::new(),
        }
    }

    /// Sets the number of the training step, on which the random numbers of layers with a seed depend.
    #[must_use]
    pub fn at_step(mut self, step: u64) -> Self {
        self.step = step;
        self
    }

    /// Sets which weights are trained: what `compile` has fixed, whatever the layers say now.
    #[must_use]
    pub fn trains(mut self, trained: Arc<Trained>) -> Self {
        self.trained = Some(trained);
        self
    }

    /// Whether the model is in training: dropout drops, batch statistics are taken.
    pub fn is_training(&self) -> bool {
        self.training == Some(true)
    }

    /// Whether a backward pass will follow.
    pub fn needs_gradients(&self) -> bool {
        self.gradients
    }

    /// Whether the gradient of this weight is needed.
    pub fn tracks(&self, variable: &Variable) -> bool {
        self.gradients
            && match &self.trained {
                Some(trained) => trained.variables.contains(&variable.id()),
                None => variable.is_trainable(),
            }
    }

    /// Whether a layer updates its statistics in this run: in training, unless it is frozen.
    pub fn trains_layer(&self, base: &Base) -> bool {
        self.is_training()
            && match &self.trained {
                Some(trained) => !trained.frozen.contains(&base.id()),
                None => base.is_trainable(),
            }
    }

    /// The mask of the layer's `input`-th input: u8, 1 where a step counts.
    pub fn mask(&self, input: usize) -> Option<&Tensor> {
        self.masks.get(input)?.as_ref()
    }

    /// The masks of all inputs of the layer.
    pub fn masks(&self) -> &[Option<Tensor>] {
        &self.masks
    }

    /// The named arguments of this call of the layer.
    pub fn arguments(&self) -> &CallArguments<Tensor> {
        &self.arguments
    }

    /// A named argument that is one tensor.
    ///
    /// # Errors
    /// If it is not one tensor.
    pub fn tensor(&self, name: &str) -> Result<Option<&Tensor>> {
        match self.arguments.get(name) {
            None | Some(CallArgument::Value(serde_json::Value::Null)) => Ok(None),
            Some(CallArgument::Tensor(tensor)) => Ok(Some(tensor)),
            Some(_) => Err(Error::new(format!("the argument {name} of the call is one tensor"))),
        }
    }

    /// A named argument that is a flag, false if it is not given.
    ///
    /// # Errors
    /// If it is not a flag.
    pub fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.arguments.flag(name)?.unwrap_or(false))
    }

    /// Random numbers for this layer in this run. If the layer has a seed, they depend on `seed` and the step alone, otherwise on the seed
    /// of the run and the layer's place in the model.
    pub fn random(&mut self, seed: Option<u64>) -> Stream {
        let scope = self.scope();
        scope.draws += 1;
        let draws = scope.draws;
        match seed {
            Some(seed) => Stream::new(seed, 0).child(self.step).child(draws),
            None => {
                let random = self.scopes.iter().fold(self.random.clone(), |random, scope| random.child(scope.place));
                random.child(0).child(draws)
            }
        }
    }

    /// Adds a scalar to the loss of this run. Keras: `layer.add_loss`.
    pub fn add_loss(&mut self, loss: Tensor) {
        self.losses.push(loss);
    }

    /// The losses that layers have added.
    pub fn take_losses(&mut self) -> Vec<Tensor> {
        std::mem::take(&mut self.losses)
    }

    /// The value of a state in this run: the last that was [set](Self::set_state), or that of the weight.
    pub fn state(&self, variable: &Variable) -> Tensor {
        match self.updated.get(&variable.id()) {
            Some(&at) => self.updates[at].1.clone(),
            None => variable.value(),
        }
    }

    /// Records the new value of a state. Keras: `variable.assign(value)`.
    pub fn set_state(&mut self, variable: &Variable, value: Tensor) {
        let value = value.detach();
        match self.updated.get(&variable.id()) {
            Some(&at) => self.updates[at].1 = value,
            None => {
                self.updated.insert(variable.id(), self.updates.len());
                self.updates.push((variable.clone(), value));
            }
        }
    }

    /// Replaces the value of a weight from here on in this run: layers read the new one, and its gradient is that of the weight. It is assigned
    /// before the optimizer updates the weight.
    pub(crate) fn replace_weight(&mut self, variable: &Variable, value: Tensor) {
        self.replaced.retain(|(known, _)| known.id() != variable.id());
        self.replaced.push((variable.clone(), value.detach()));
    }

    /// The value with which a weight was [replaced](Self::replace_weight), tracked if this run needs its gradient.
    pub(crate) fn replaced(&self, variable: &Variable) -> Option<Result<Tensor>> {
        let (_, value) = self.replaced.iter().find(|(known, _)| known.id() == variable.id())?;
        Some(match self.tracks(variable) {
            true => custom_gradient(&variable.tracked(), value, |_, _, dy| Ok(dy.clone())).map_err(Error::from),
            false => Ok(value.clone()),
        })
    }

    /// Assigns the weights that layers have replaced; returns their values before.
    ///
    /// # Errors
    /// If one has another shape.
    pub fn assign_replaced(&mut self) -> Result<Vec<(Variable, Tensor)>> {
        let assign = |(variable, value): (Variable, Tensor)| {
            let before = variable.value().copy()?;
            variable.assign(&value)?;
            Ok((variable, before))
        };
        std::mem::take(&mut self.replaced).into_iter().map(assign).collect()
    }

    /// Whether there are new states, or replaced weights.
    pub fn has_updates(&self) -> bool {
        !self.updates.is_empty() || !self.replaced.is_empty()
    }

    /// Applies the new states, and the values of replaced weights.
    ///
    /// # Errors
    /// If one has another shape than its weight.
    pub fn commit(&mut self) -> Result<()> {
        self.assign_replaced()?;
        self.updated.clear();
        std::mem::take(&mut self.updates).iter().try_for_each(|(variable, value)| variable.assign(value))
    }

    /// Runs a sublayer: its one output.
    ///
    /// # Errors
    /// If the sublayer fails; the error has its path.
    pub fn run(&mut self, layer: &dyn Layer, input: &Tensor) -> Result<Tensor> {
        let mut outputs = self.run_multiple(layer, std::slice::from_ref(input), CallArguments::new())?;
        match (outputs.pop(), outputs.is_empty()) {
            (Some(output), true) => Ok(output),
            _ => Err(Error::new("the layer has several outputs").help("Context::run_multiple gives them all")),
        }
    }

    /// Runs a sublayer on these inputs, with these named arguments: all outputs.
    ///
    /// The `mask` of the arguments is the mask of the inputs. Without it, inputs of the layer and outputs of its sublayers have the masks that came with them, as
    /// Keras's tensors have; other tensors have none.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_multiple(
        &mut self,
        layer: &dyn Layer,
        inputs: &[Tensor],
        arguments: CallArguments<Tensor>,
    ) -> Result<Vec<Tensor>> {
        let masks = self.masks_of(inputs);
        let (outputs, masks) = run_with(layer, inputs, &masks, arguments, self)?;
        let known = outputs.iter().zip(masks).filter_map(|(output, mask)| Some((output.id(), mask?)));
        self.scope().masks.extend(known);
        Ok(outputs)
    }

    /// The masks that came with these tensors: inputs of the layer, or outputs of its sublayers.
    pub(crate) fn masks_of(&mut self, tensors: &[Tensor]) -> Vec<Option<Tensor>> {
        let known = &self.scope().masks;
        if known.is_empty() {
            return Vec::new();
        }
        let mask_of = |tensor: &Tensor| known.iter().find(|(id, _)| *id == tensor.id()).map(|(_, mask)| mask.clone());
        tensors.iter().map(mask_of).collect()
    }

    /// Runs `f` in the scope of a sublayer.
    pub(crate) fn within<T>(&mut self, layer: &dyn Layer, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outer = self.enter(&[], Vec::new(), CallArguments::new())?;
        let result = f(self);
        self.leave(outer);
        result.map_err(|error| error.within_layer(layer.layer_name(), layer.class_name()))
    }

    /// How many sublayers have run: a mark to return to.
    pub(crate) fn mark(&mut self) -> u64 {
        self.scope().runs
    }

    /// Rewinds to the mark: sublayers draw the same random numbers again.
    pub(crate) fn rewind(&mut self, mark: u64) {
        self.scope().runs = mark;
    }

    /// Counts layers that have run in a fused step: those after them draw the same numbers as if each had run by itself.
    pub(crate) fn count_runs(&mut self, layers: usize) {
        self.scope().runs += layers as u64;
    }

    /// Sets the masks of the layer's outputs, if the run itself computes them (a nested model).
    pub fn set_output_masks(&mut self, masks: Vec<Option<Tensor>>) {
        self.output_masks = Some(masks);
    }

    pub(crate) fn take_output_masks(&mut self) -> Option<Vec<Option<Tensor>>> {
        self.output_masks.take()
    }

    /// Enters a layer that runs on these inputs.
    pub(crate) fn enter(
        &mut self,
        inputs: &[Tensor],
        masks: Vec<Option<Tensor>>,
        arguments: CallArguments<Tensor>,
    ) -> Result<Outer> {
        let training = arguments.training_in(self.training)?;
        let scope = self.scope();
        scope.runs += 1;
        let place = scope.runs;
        let known = inputs.iter().zip(&masks).filter_map(|(input, mask)| Some((input.id(), mask.clone()?))).collect();
        self.scopes.push(Scope { place, masks: known, ..Scope::default() });
        Ok(Outer {
            masks: std::mem::replace(&mut self.masks, masks),
            arguments: std::mem::replace(&mut self.arguments, arguments),
            training: std::mem::replace(&mut self.training, training),
        })
    }

    /// Leaves it.
    pub(crate) fn leave(&mut self, outer: Outer) {
        let Outer { masks, arguments, training } = outer;
        self.scopes.pop();
        (self.masks, self.arguments, self.training) = (masks, arguments, training);
    }

    /// The layer that is running.
    fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }
}
