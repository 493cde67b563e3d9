//! What every layer has: a name, a dtype policy, weights, sublayers, and whether it is trained.

use crate::build::{Build, FixedSize};
use crate::declare::write_argument;
use crate::lora::{Adaptation, Lora};
use crate::naming::AutoName;
use crate::path::LayerPath;
use crate::policy::{DTypePolicy, dtype_policy};
use crate::symbolic::{KerasTensor, Node, NodeOutput};
use crate::variable::{Variable, Weight};
use crate::{Arguments, ConfigMap, Configure, Layer, Regularizer, Shape};
use candle_core::{DType, Tensor};
use candle_keras_ops::{Error, Result};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

/// The part of a layer that all layers share. A clone is another handle to the same layer: the same name and weights.
#[derive(Clone)]
pub struct Base(Arc<Inner>);

struct Inner {
    path: Arc<LayerPath>,
    /// The number of calls on tensors.
    calls_on_data: AtomicU64,
    state: RwLock<State>,
}

struct State {
    trainable: bool,
    /// Its own policy; an enclosing layer passes its policy on to sublayers without one.
    policy: Option<DTypePolicy>,
    /// The global policy when the layer was made, which it has without its own.
    global_policy: DTypePolicy,
    dtypes: Dtypes,
    activity_regularizer: Option<Regularizer>,
    /// The weight that LoRA adapts, if it is enabled.
    adaptable: Option<&'static str>,
    adaptation: Option<Adaptation>,
    built: Option<Vec<Shape>>,
    /// An argument that was set after the first call.
    set_late: Option<String>,
    variables: Vec<Variable>,
    states: Vec<Variable>,
    layers: Vec<(String, Arc<dyn Layer>)>,
    fixed: Vec<FixedSize>,
    /// The number of symbolic calls.
    calls: usize,
    /// The first symbolic call, as long as what came out of it exists.
    first_call: Weak<Node>,
    warned_of_mask: bool,
}

impl State {
    fn policy(&self) -> &DTypePolicy {
        self.policy.as_ref().unwrap_or(&self.global_policy)
    }
}

/// The dtypes of a policy, as far as they are known.
#[derive(Debug, Clone, Copy)]
struct Dtypes {
    variable: DType,
    compute: DType,
}

/// The one symbolic tensor of a call.
fn only(tensors: &[NodeOutput], what: &str) -> Result<KerasTensor> {
    match tensors {
        [tensor] => Ok(tensor.into()),
        all => Err(Error::new(format!("the layer has not one of its {what}")).received(all.len().to_string())),
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name())
    }
}

impl Base {
    /// The base of a new layer, with the next automatic name of its class.
    pub fn new(class_name: &str) -> Self {
        let auto_name = AutoName::new(class_name);
        Self::with_path(LayerPath::new(auto_name.name(), Some(auto_name)))
    }

    /// The base of a new layer of this name.
    pub fn named(name: String) -> Self {
        Self::with_path(LayerPath::new(name, None))
    }

    fn with_path(path: Arc<LayerPath>) -> Self {
        let state = RwLock::new(State {
            trainable: true,
            policy: None,
            global_policy: dtype_policy(),
            dtypes: Dtypes { variable: DType::F32, compute: DType::F32 },
            activity_regularizer: None,
            adaptable: None,
            adaptation: None,
            built: None,
            set_late: None,
            variables: Vec::new(),
            states: Vec::new(),
            layers: Vec::new(),
            fixed: Vec::new(),
            calls: 0,
            first_call: Weak::new(),
            warned_of_mask: false,
        });
        let base = Self(Arc::new(Inner { path, calls_on_data: AtomicU64::new(0), state }));
        // The global policy is a known one.
        _ = base.resolve_policy();
        base
    }

    /// The base of a layer like this one, with weights of its own: the same policy, activity regularizer and trainability.
    #[must_use]
    pub fn another(&self, name: String) -> Self {
        let base = Self::named(name);
        let state = self.read_state();
        if let Some(policy) = &state.policy {
            base.set_policy(policy.clone());
        }
        base.set_activity_regularizer(state.activity_regularizer.clone());
        base.set_trainable(state.trainable);
        base
    }

    /// Records that an argument is about to be set. All handles of a layer have the arguments of the first call: later calls are errors if one was
    /// set after it.
    #[doc(hidden)]
    pub fn before_setting(&self, argument: &str) {
        let mut state = self.write_state();
        if state.calls > 0 || self.0.calls_on_data.load(Ordering::Relaxed) > 0 || self.0.path.is_inside() {
            state.set_late = Some(argument.into());
        }
    }

    fn read_state(&self) -> RwLockReadGuard<'_, State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// An id: the same for all handles to one layer, unique among the layers that exist.
    pub fn id(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// The layer's name.
    pub fn name(&self) -> String {
        self.0.path.name()
    }

    /// Its name behind those of the enclosing layers: `encoder/attention`.
    pub fn path(&self) -> String {
        self.0.path.to_string()
    }

    pub(crate) fn set_name(&self, name: String) {
        self.0.path.set_name(name);
    }

    /// Places a layer that has no weights yet inside another layer, whose name then begins the paths of its weights.
    #[doc(hidden)]
    pub fn place_in(&self, outer: &Base) {
        if self.built().is_none() {
            self.0.path.place_in(&outer.0.path);
        }
    }

    /// Whether the optimizer may change the layer's weights.
    pub fn is_trainable(&self) -> bool {
        self.read_state().trainable
    }

    /// Freezes or unfreezes the layer itself, without its sublayers.
    pub fn set_trainable(&self, trainable: bool) {
        let mut state = self.write_state();
        state.trainable = trainable;
        state.variables.iter().for_each(|variable| variable.set_trainable(trainable));
    }

    /// The dtype of its weights. Keras: `layer.variable_dtype`.
    pub fn dtype(&self) -> DType {
        self.read_state().dtypes.variable
    }

    /// Whether its dtype is `"string"`: an input that takes text.
    pub(crate) fn is_string(&self) -> bool {
        self.read_state().policy.as_ref().is_some_and(DTypePolicy::is_string)
    }

    /// The dtype of computation and of floating-point results. Keras: `layer.compute_dtype`.
    pub fn compute_dtype(&self) -> DType {
        self.read_state().dtypes.compute
    }

    pub(crate) fn set_policy(&self, policy: DTypePolicy) {
        self.write_state().policy = Some(policy);
        // An unknown name is an error when the layer is built.
        _ = self.resolve_policy();
    }

    /// Takes the policy of the layer around it, if it has none of its own.
    pub(crate) fn inherit_policy(&self, outer: &Base) -> Result<()> {
        if self.read_state().policy.is_some() {
            return Ok(());
        }
        let policy = outer.policy();
        self.write_state().policy = Some(policy);
        self.resolve_policy()
    }

    fn policy(&self) -> DTypePolicy {
        self.read_state().policy().clone()
    }

    fn resolve_policy(&self) -> Result<()> {
        let policy = self.policy();
        let dtypes = Dtypes { variable: policy.variable_dtype()?, compute: policy.compute_dtype()? };
        self.write_state().dtypes = dtypes;
        Ok(())
    }

    /// The activity regularizer.
    pub fn activity_regularizer(&self) -> Option<Regularizer> {
        self.read_state().activity_regularizer.clone()
    }

    pub(crate) fn set_activity_regularizer(&self, regularizer: Option<Regularizer>) {
        self.write_state().activity_regularizer = regularizer;
    }

    /// The weights, in the order in which they were added; empty before the first call.
    pub fn variables(&self) -> Vec<Variable> {
        self.read_state().variables.clone()
    }

    /// The [states](Build::add_state) beside its weights.
    pub(crate) fn states(&self) -> Vec<Variable> {
        self.read_state().states.clone()
    }

    /// One weight by its name.
    ///
    /// # Errors
    /// If the layer has none of this name, or is not built yet.
    pub fn variable(&self, name: &str) -> Result<Variable> {
        let state = self.read_state();
        state.variables.iter().find(|variable| variable.name() == name).cloned().ok_or_else(|| {
            let names: Vec<_> = state.variables.iter().map(Variable::name).collect();
            match state.built {
                Some(_) => Error::unknown("weight", name, &names),
                None => Error::new(format!("the weight {name:?} does not exist yet"))
                    .help("weights are made when the layer is first called"),
            }
        })
    }

    /// Adapts the weight that the layer allows by LoRA.
    ///
    /// # Errors
    /// If the layer is not built, or adapted already, or there is no such weight.
    pub(crate) fn enable_lora(&self, lora: &Lora) -> Result<()> {
        let (is_built, adaptable, is_adapted) = {
            let state = self.read_state();
            (state.built.is_some(), state.adaptable, state.adaptation.is_some())
        };
        if !is_built {
            return Err(Error::new("the layer has no weights yet")
                .help("call the layer, or build the model, before LoRA is enabled"));
        }
        let Some(weight) = adaptable else {
            let help = "Dense, EinsumDense, Embedding, ReversibleEmbedding, Conv1D, Conv2D and Conv3D have one";
            return Err(Error::new("the layer has no weight that LoRA adapts").help(help));
        };
        if is_adapted {
            return Err(Error::new("the layer is adapted already").help("LoRA is enabled once"));
        }
        let weight = self.variable(weight)?;
        let new = Adaptation::new(&weight, lora, &self.0.path)?;
        let mut state = self.write_state();
        for matrix in [&new.a, &new.b] {
            matrix.set_trainable(state.trainable);
            state.variables.push(matrix.clone());
        }
        state.adaptation = Some(new);
        Ok(())
    }

    /// The adaptation of this weight, if it has one.
    pub(crate) fn adaptation_of(&self, weight: &Variable) -> Option<Adaptation> {
        self.read_state().adaptation.clone().filter(|adaptation| adaptation.is_of(weight))
    }

    /// The weights that files have, in their order: those of an adaptation are merged into the weight that it adapts.
    #[doc(hidden)]
    pub fn saved_variables(&self) -> Vec<Variable> {
        let state = self.read_state();
        let is_saved = |variable: &&Variable| state.adaptation.as_ref().is_none_or(|lora| !lora.has(variable));
        let (states, mut saved): (Vec<_>, Vec<_>) =
            state.variables.iter().filter(is_saved).cloned().partition(Variable::is_state);
        saved.extend(states);
        saved
    }

    /// The value of one of [`saved_variables`](Self::saved_variables).
    #[doc(hidden)]
    pub fn saved_value(&self, variable: &Variable) -> Result<Tensor> {
        self.adaptation_of(variable).map_or_else(|| Ok(variable.value()), |adaptation| adaptation.merged())
    }

    /// To be called when [`saved_variables`](Self::saved_variables) have been read from a file.
    #[doc(hidden)]
    pub fn after_loading(&self) -> Result<()> {
        let adaptation = self.read_state().adaptation.clone();
        adaptation.map_or(Ok(()), |adaptation| adaptation.restart())
    }

    /// The sublayers with the names under which they were [added](Build::add_layer); empty before the first call.
    pub fn layers(&self) -> Vec<(String, Arc<dyn Layer>)> {
        self.read_state().layers.clone()
    }

    /// A sublayer, by the name under which it was added.
    ///
    /// # Errors
    /// If there is none of this name, or the layer is not built yet.
    pub fn layer(&self, name: &str) -> Result<Arc<dyn Layer>> {
        let state = self.read_state();
        let found = state.layers.iter().find(|(known, _)| known == name);
        found.map(|(_, layer)| layer.clone()).ok_or_else(|| {
            let names: Vec<_> = state.layers.iter().map(|(name, _)| name.as_str()).collect();
            match state.built {
                Some(_) => Error::unknown("layer inside", name, &names),
                None => Error::new(format!("the layer {name:?} does not exist yet"))
                    .help("layers inside are made when the layer around them is first called"),
            }
        })
    }

    /// The shapes with which the layer was built, if it was.
    pub fn built(&self) -> Option<Vec<Shape>> {
        self.read_state().built.clone()
    }

    /// Creates the weights and sublayers that `describe` adds, once; later calls do nothing.
    pub(crate) fn build(&self, shapes: &[Shape], describe: impl FnOnce(&mut Build) -> Result<()>) -> Result<()> {
        {
            let state = self.read_state();
            if let Some(argument) = &state.set_late {
                return Err(Error::new(format!("the argument {argument} was set after the first call of the layer"))
                    .help("set arguments before the first call, or make another layer"));
            }
            if state.built.is_some() {
                return Ok(());
            }
        }
        self.resolve_policy()?;
        self.check_name()?;
        let mut build = Build::new(self, shapes);
        describe(&mut build)?;
        let Build { weights, shared, states, layers, fixed, adaptable, lora, .. } = build.checked()?;
        let dtype = self.dtype();
        let create = |weights: Vec<Weight>| -> Result<Vec<Variable>> {
            weights.into_iter().map(|weight| weight.create(&self.0.path, dtype)).collect()
        };
        let (mut variables, states) = (create(weights)?, create(states)?);
        let mut adaptation = None;
        if let Some((name, lora)) = adaptable.zip(lora)
            && let Some(weight) = variables.iter().find(|variable| variable.name() == name)
        {
            let new = Adaptation::new(weight, &lora, &self.0.path)?;
            variables.extend([new.a.clone(), new.b.clone()]);
            adaptation = Some(new);
        }
        let mut state = self.write_state();
        if state.built.is_none() {
            variables.iter().for_each(|variable| variable.set_trainable(state.trainable));
            (state.built, state.variables) = (Some(shapes.to_vec()), [shared, variables].concat());
            (state.states, state.layers, state.fixed) = (states, layers, fixed);
            (state.adaptable, state.adaptation) = (adaptable, adaptation);
        }
        Ok(())
    }

    /// An error if the name would make paths in files ambiguous.
    ///
    /// # Errors
    /// If it has a slash.
    pub fn check_name(&self) -> Result<()> {
        let name = self.name();
        match name.contains('/') {
            true => Err(Error::new("the name of a layer has no \"/\" in it").received(name)),
            false => Ok(()),
        }
    }

    /// An error if an input has another size than the one the layer was built for.
    pub(crate) fn check_shapes(&self, inputs: &[Shape]) -> Result<()> {
        for fixed in &self.read_state().fixed {
            let Some(shape) = inputs.get(fixed.input) else { continue };
            let size = fixed.at(shape.len()).map(|axis| shape[axis]);
            if size.is_none_or(|size| size.is_some_and(|size| size != fixed.size)) {
                return Err(fixed.error(shape));
            }
        }
        Ok(())
    }

    /// What a run needs: the dtype of computation and the activity regularizer.
    ///
    /// # Errors
    /// As [`check_shapes`](Self::check_shapes).
    pub(crate) fn before_run(&self, inputs: &[Tensor]) -> Result<(DType, Option<Regularizer>)> {
        let state = self.read_state();
        for fixed in &state.fixed {
            let Some(dims) = inputs.get(fixed.input).map(Tensor::dims) else { continue };
            if fixed.at(dims.len()).is_none_or(|axis| dims[axis] != fixed.size) {
                return Err(fixed.error(Shape::from(dims)));
            }
        }
        Ok((state.dtypes.compute, state.activity_regularizer.clone()))
    }

    /// Takes note of a symbolic call.
    pub(crate) fn called(&self, node: &Arc<Node>) {
        if node.index() == 0 {
            self.write_state().first_call = Arc::downgrade(node);
        }
    }

    /// Records a call on tensors: how many there were before.
    pub(crate) fn called_on_data(&self) -> u64 {
        self.0.calls_on_data.fetch_add(1, Ordering::Relaxed)
    }

    /// The symbolic tensor that came out of the only call.
    ///
    /// # Errors
    /// If there is none, or several.
    pub(crate) fn only_output(&self) -> Result<KerasTensor> {
        only(&self.only_call()?.outputs(), "outputs")
    }

    /// The symbolic tensors that the only call gave.
    ///
    /// # Errors
    /// If there is none, or several.
    pub(crate) fn all_outputs(&self) -> Result<Vec<KerasTensor>> {
        Ok(self.only_call()?.outputs().iter().map(KerasTensor::from).collect())
    }

    /// The symbolic tensor that the only call took.
    ///
    /// # Errors
    /// If there is none, or several.
    pub(crate) fn only_input(&self) -> Result<KerasTensor> {
        only(self.only_call()?.inputs(), "inputs")
    }

    /// The only symbolic call.
    ///
    /// # Errors
    /// If there is none, or several.
    fn only_call(&self) -> Result<Arc<Node>> {
        let state = self.read_state();
        match (state.calls, state.first_call.upgrade()) {
            (1, Some(node)) => Ok(node),
            (calls, _) => Err(Error::new(format!("the layer {:?} has no output of its own", self.name()))
                .expected("one call of it on a symbolic tensor")
                .received(format!("{calls} calls"))
                .help("keep what the call gave, or take model.output_of(name)")),
        }
    }

    /// The index of the next symbolic call.
    pub(crate) fn next_call(&self) -> usize {
        let mut state = self.write_state();
        state.calls += 1;
        state.calls - 1
    }

    /// True once: for a warning that is given once a layer.
    pub(crate) fn first_lost_mask(&self) -> bool {
        !std::mem::replace(&mut self.write_state().warned_of_mask, true)
    }
}

/// Keras's form of what every layer has.
impl Configure for Base {
    fn write(&self, config: &mut ConfigMap) -> Result<()> {
        let state = self.read_state();
        write_argument(config, "name", &self.name())?;
        write_argument(config, "trainable", &state.trainable)?;
        write_argument(config, "dtype", state.policy())?;
        if let Some(regularizer) = &state.activity_regularizer {
            write_argument(config, "activity_regularizer", regularizer)?;
        }
        if let Some(adaptation) = &state.adaptation {
            adaptation.write_to(config)?;
        }
        Ok(())
    }

    fn read(arguments: &mut Arguments) -> Result<Self> {
        let base = match arguments.take("name")? {
            Some(name) => Self::named(name),
            None => Self::new(arguments.class_name()),
        };
        let policy: Option<DTypePolicy> = arguments.optional("dtype", || None)?;
        base.set_policy(policy.unwrap_or_else(|| "float32".into()));
        let mut state = base.write_state();
        state.trainable = arguments.optional("trainable", || true)?;
        state.activity_regularizer = arguments.optional("activity_regularizer", || None)?;
        drop(state);
        Ok(base)
    }
}
