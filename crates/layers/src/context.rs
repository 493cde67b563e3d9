//! What a layer is told when it runs, and what it hands back beside its outputs.

use crate::Base;
use crate::call::{CallArgument, CallArguments};
use crate::layer::{Layer, run_with};
use crate::variable::Variable;
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The circumstances of one run through a model.
///
/// What a layer would change, such as the moving averages of a [`BatchNormalization`](crate::BatchNormalization), is noted here, and changed when the run is
/// [committed](Self::commit): a run that fails, or that is not committed, leaves everything as it was.
#[derive(Debug)]
pub struct Context {
    training: bool,
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
}

/// What of a model is trained, as it was at one time.
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

/// Where the random numbers of a layer come from: from its place in the model, whatever other layers draw.
#[derive(Debug, Default)]
struct Scope {
    /// Which of the runs in the outer scope this is.
    place: u64,
    runs: u64,
    draws: u64,
}

/// What is put back when a layer has run.
pub(crate) struct Outer {
    masks: Vec<Option<Tensor>>,
    arguments: CallArguments<Tensor>,
    training: bool,
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

    /// For any other case: `training` is what layers see, `gradients` whether a backward pass will follow.
    pub fn new(training: bool, gradients: bool, random: Stream) -> Self {
        Self {
            training,
            gradients,
            trained: None,
            step: 0,
            random,
            scopes: vec![Scope::default()],
            masks: Vec::new(),
            arguments: CallArguments::new(),
            output_masks: None,
            losses: Vec::new(),
            updates: Vec::new(),
            updated: HashMap::new(),
        }
    }

    /// Says the number of the training step, on which the random numbers of layers with a seed of their own depend.
    #[must_use]
    pub fn at_step(mut self, step: u64) -> Self {
        self.step = step;
        self
    }

    /// Says what is trained, whatever the layers say now: what a model's `compile` has settled.
    #[must_use]
    pub fn trains(mut self, trained: Arc<Trained>) -> Self {
        self.trained = Some(trained);
        self
    }

    /// Whether the model is in training: dropout drops, batch statistics are taken.
    pub fn is_training(&self) -> bool {
        self.training
    }

    /// Whether a backward pass will follow.
    pub fn needs_gradients(&self) -> bool {
        self.gradients
    }

    /// Whether the gradient of this weight is wanted.
    pub fn tracks(&self, variable: &Variable) -> bool {
        self.gradients
            && match &self.trained {
                Some(trained) => trained.variables.contains(&variable.id()),
                None => variable.is_trainable(),
            }
    }

    /// Whether a layer learns from its data in this run: this is training, and the layer is not frozen.
    pub fn trains_layer(&self, base: &Base) -> bool {
        self.training
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
    /// If it is another thing.
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
    /// If it is another thing.
    pub fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.arguments.flag(name)?.unwrap_or(false))
    }

    /// Random numbers for this layer in this run; they depend on `seed` and the step alone, if the layer has a seed of its own, and otherwise on the seed of
    /// the run and the layer's place in the model.
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

    /// The value of a weight that is a state, as this run has it: the last that was [set](Self::set_state), or that of the weight.
    pub fn state(&self, variable: &Variable) -> Tensor {
        match self.updated.get(&variable.id()) {
            Some(&at) => self.updates[at].1.clone(),
            None => variable.value(),
        }
    }

    /// Notes the new value of a weight that is a state. Keras: `variable.assign(value)`.
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

    /// Whether states have new values.
    pub fn has_updates(&self) -> bool {
        !self.updates.is_empty()
    }

    /// Gives the states their new values.
    ///
    /// # Errors
    /// If one has another shape than its weight.
    pub fn commit(&mut self) -> Result<()> {
        self.updated.clear();
        std::mem::take(&mut self.updates).iter().try_for_each(|(variable, value)| variable.assign(value))
    }

    /// Runs a layer inside of this one: its one output.
    ///
    /// # Errors
    /// Those of the layer, with its name behind that of this one.
    pub fn run(&mut self, layer: &dyn Layer, input: &Tensor) -> Result<Tensor> {
        let mut outputs = self.run_multiple(layer, std::slice::from_ref(input), CallArguments::new())?;
        match (outputs.pop(), outputs.is_empty()) {
            (Some(output), true) => Ok(output),
            _ => Err(Error::new("the layer has several outputs").help("Context::run_multiple gives them all")),
        }
    }

    /// Runs a layer inside of this one on these inputs, with these named arguments: all outputs. Their masks are the `mask` of the arguments.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_multiple(
        &mut self,
        layer: &dyn Layer,
        inputs: &[Tensor],
        arguments: CallArguments<Tensor>,
    ) -> Result<Vec<Tensor>> {
        Ok(run_with(layer, inputs, &[], arguments, self)?.0)
    }

    /// Runs `f` as a part of a layer inside of this one.
    pub(crate) fn within<T>(&mut self, layer: &dyn Layer, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outer = self.enter(Vec::new(), CallArguments::new())?;
        let result = f(self);
        self.leave(outer);
        result.map_err(|error| error.within_layer(layer.layer_name(), layer.class_name()))
    }

    /// How many layers inside of this one have run, to go back to.
    pub(crate) fn mark(&mut self) -> u64 {
        self.scope().runs
    }

    /// Lets the layers inside draw the random numbers again that they have drawn since the mark.
    pub(crate) fn rewind(&mut self, mark: u64) {
        self.scope().runs = mark;
    }

    /// Says the masks of the layer's outputs, where they come out of the run itself (a nested model).
    pub fn set_output_masks(&mut self, masks: Vec<Option<Tensor>>) {
        self.output_masks = Some(masks);
    }

    pub(crate) fn take_output_masks(&mut self) -> Option<Vec<Option<Tensor>>> {
        self.output_masks.take()
    }

    /// Enters a layer.
    pub(crate) fn enter(&mut self, masks: Vec<Option<Tensor>>, arguments: CallArguments<Tensor>) -> Result<Outer> {
        let training = arguments.flag("training")?.unwrap_or(self.training);
        let scope = self.scope();
        scope.runs += 1;
        let place = scope.runs;
        self.scopes.push(Scope { place, ..Scope::default() });
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
