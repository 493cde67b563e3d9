//! What every layer has: a name, a dtype, weights, and whether it is trained.

use crate::declare::write_argument;
use crate::naming::AutoName;
use crate::variable::{Variable, Weight};
use crate::{Arguments, ConfigMap, Configure, Regularizer, Shape};
use candle_core::DType;
use candle_keras_ops::{DTypeName, Error, Result, dtype, dtype_name};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The part of a layer that all layers share. A clone is another handle to the same layer: the same name and weights.
#[derive(Debug, Clone)]
pub struct Base(Arc<RwLock<State>>);

#[derive(Debug)]
struct State {
    name: String,
    auto_name: Option<AutoName>,
    trainable: bool,
    dtype: DType,
    unknown_dtype: Option<String>,
    activity_regularizer: Option<Regularizer>,
    built: Option<Vec<Shape>>,
    variables: Vec<Variable>,
    calls: usize,
    warned_of_mask: bool,
}

/// Collects the weights that a layer asks for in `build`.
#[derive(Debug, Default)]
pub struct Weights(Vec<Weight>);

impl Weights {
    /// Asks for a weight.
    pub fn add(&mut self, weight: Weight) {
        self.0.push(weight);
    }
}

impl Base {
    /// The base of a new layer, with the next automatic name of its class.
    pub fn new(class_name: &str) -> Self {
        let auto_name = AutoName::new(class_name);
        let base = Self::named(auto_name.name());
        base.write_state().auto_name = Some(auto_name);
        base
    }

    /// The base of a new layer of this name.
    pub fn named(name: String) -> Self {
        Self(Arc::new(RwLock::new(State {
            name,
            auto_name: None,
            trainable: true,
            dtype: DType::F32,
            unknown_dtype: None,
            activity_regularizer: None,
            built: None,
            variables: Vec::new(),
            calls: 0,
            warned_of_mask: false,
        })))
    }

    fn read_state(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that is the same for all handles to one layer, and for no other layer that lives.
    pub fn id(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// The layer's name.
    pub fn name(&self) -> String {
        self.read_state().name.clone()
    }

    pub(crate) fn set_name(&self, name: String) {
        let mut state = self.write_state();
        if let Some(auto_name) = state.auto_name.take() {
            auto_name.give_back();
        }
        state.name = name;
    }

    /// Whether the optimizer may change the layer's weights.
    pub fn is_trainable(&self) -> bool {
        self.read_state().trainable
    }

    pub(crate) fn set_trainable(&self, trainable: bool) {
        self.write_state().trainable = trainable;
    }

    /// The dtype of its weights and of its floating-point results.
    pub fn dtype(&self) -> DType {
        self.read_state().dtype
    }

    pub(crate) fn set_dtype(&self, dtype: DTypeName) {
        let mut state = self.write_state();
        match dtype {
            DTypeName::Known(dtype) => state.dtype = dtype,
            DTypeName::Unknown(name) => state.unknown_dtype = Some(name),
        }
    }

    pub(crate) fn activity_regularizer(&self) -> Option<Regularizer> {
        self.read_state().activity_regularizer.clone()
    }

    pub(crate) fn set_activity_regularizer(&self, regularizer: Option<Regularizer>) {
        self.write_state().activity_regularizer = regularizer;
    }

    /// The weights, in the order in which they were asked for; empty before the first call.
    pub fn variables(&self) -> Vec<Variable> {
        self.read_state().variables.clone()
    }

    /// One weight by its name.
    ///
    /// # Errors
    /// If the layer has none of this name, or was not called on anything yet.
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

    /// The shapes with which the layer was built, if it was.
    pub fn built(&self) -> Option<Vec<Shape>> {
        self.read_state().built.clone()
    }

    /// Makes the weights that `describe` asks for, once; later calls do nothing.
    pub(crate) fn build(&self, shapes: &[Shape], describe: impl FnOnce(&mut Weights) -> Result<()>) -> Result<()> {
        if self.read_state().built.is_some() {
            return Ok(());
        }
        if let Some(name) = &self.read_state().unknown_dtype {
            dtype(name.as_str())?;
        }
        let mut weights = Weights::default();
        describe(&mut weights)?;
        let (name, dtype) = (self.name(), self.dtype());
        let variables = weights.0.into_iter().map(|weight| weight.create(&name, dtype)).collect::<Result<_>>()?;
        let mut state = self.write_state();
        if state.built.is_none() {
            (state.built, state.variables) = (Some(shapes.to_vec()), variables);
        }
        Ok(())
    }

    /// The index of the next symbolic call.
    pub(crate) fn next_call(&self) -> usize {
        let mut state = self.write_state();
        state.calls += 1;
        state.calls - 1
    }

    /// True once: for a warning that is said once a layer.
    pub(crate) fn first_lost_mask(&self) -> bool {
        !std::mem::replace(&mut self.write_state().warned_of_mask, true)
    }
}

/// A dtype by name, or as the policy object that Keras writes.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Policy {
    Name(String),
    Object { module: String, class_name: String, config: PolicyConfig, registered_name: Option<String> },
}

#[derive(Serialize, Deserialize)]
struct PolicyConfig {
    name: String,
}

/// Keras's form of what every layer has.
impl Configure for Base {
    fn write(&self, config: &mut ConfigMap) -> Result<()> {
        let state = self.read_state();
        let policy = Policy::Object {
            module: "keras".into(),
            class_name: "DTypePolicy".into(),
            config: PolicyConfig { name: dtype_name(state.dtype).into() },
            registered_name: None,
        };
        write_argument(config, "name", &state.name)?;
        write_argument(config, "trainable", &state.trainable)?;
        write_argument(config, "dtype", &policy)?;
        if let Some(regularizer) = &state.activity_regularizer {
            write_argument(config, "activity_regularizer", regularizer)?;
        }
        Ok(())
    }

    fn read(arguments: &mut Arguments) -> Result<Self> {
        let base = match arguments.take("name")? {
            Some(name) => Self::named(name),
            None => Self::new(arguments.class_name()),
        };
        let policy = arguments.optional("dtype", || Policy::Name("float32".into()))?;
        let (Policy::Name(name) | Policy::Object { config: PolicyConfig { name }, .. }) = policy;
        let mut state = base.write_state();
        state.trainable = arguments.optional("trainable", || true)?;
        state.dtype = dtype(name.as_str())?;
        state.activity_regularizer = arguments.optional("activity_regularizer", || None)?;
        drop(state);
        Ok(base)
    }
}
