//! The trait of update rules.

use super::{Options, ZeroGradientRule};
use candle_core::{DType, Tensor, Var};
use candle_keras_layers::{Config, Variable};
use candle_keras_ops::update::Elementwise;
use candle_keras_ops::{Error, Result};
use std::fmt::Debug;

/// The arguments of an update that depend on the step.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The learning rate at this step.
    pub learning_rate: f64,
    /// The number of the step, from 1.
    pub number: u64,
}

/// A tensor that an optimizer keeps for a weight: by default with the weight's shape and dtype, and initially 0.
#[derive(Debug, Clone)]
pub struct Slot {
    name: &'static str,
    shape: Option<Vec<usize>>,
    dtype: Option<DType>,
    initial: f64,
    starts_as_weight: bool,
}

impl Slot {
    /// A slot with this name; an empty name is that of the weight.
    pub fn new(name: &'static str) -> Self {
        Self { name, shape: None, dtype: None, initial: 0.0, starts_as_weight: false }
    }

    /// Its shape. Default: that of the weight.
    #[must_use]
    pub fn shape(mut self, shape: impl Into<Vec<usize>>) -> Self {
        self.shape = Some(shape.into());
        self
    }

    /// Its dtype. Default: that of the weight.
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// The initial value of all elements. Default: 0.
    #[must_use]
    pub fn initial(mut self, value: f64) -> Self {
        self.initial = value;
        self
    }

    /// Its initial value is that of the weight before the first step, whose shape it has.
    #[must_use]
    pub fn starts_as_weight(mut self) -> Self {
        self.starts_as_weight = true;
        self
    }

    /// Whether its initial value is that of the weight.
    pub(super) fn is_weight_at_first(&self) -> bool {
        self.starts_as_weight
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The slot of a weight with its first value, on the weight's device.
    pub(super) fn create(&self, weight: &Tensor) -> Result<Var> {
        let shape = self.shape.as_deref().unwrap_or(weight.dims());
        let dtype = self.dtype.unwrap_or(weight.dtype());
        // Zero pages that are not written to take no memory.
        let zeros = Var::zeros(shape, dtype, weight.device())?;
        if self.initial == 0.0 {
            return Ok(zeros);
        }
        Ok(Var::from_tensor(&(zeros.as_detached_tensor() + self.initial)?)?)
    }
}

/// The equation by which an optimizer updates a weight. A rule implements [`elementwise`](Self::elementwise) or [`update`](Self::update).
///
/// ```
/// use candle_keras_layers::Variable;
/// use candle_keras_ops::{elementwise, update::Elementwise};
/// use candle_keras_training::optimizers::{Options, Slot, Step, UpdateRule};
///
/// /// The sign of the momentum alone.
/// #[derive(Debug)]
/// struct Signum;
///
/// elementwise! {
///     fn signum(w, g, [m], [lr, kept]) {
///         m = kept * m + (1.0 - kept) * g;
///         w -= lr * sign(m);
///     }
/// }
///
/// impl UpdateRule for Signum {
///     fn name(&self) -> &str {
///         "signum"
///     }
///
///     fn options(&self) -> Options {
///         Options::new(0.001)
///     }
///
///     fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
///         vec![vec![Slot::new("momentum")]]
///     }
///
///     fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
///         Some(signum(step.learning_rate, 0.9))
///     }
/// }
/// ```
pub trait UpdateRule: Debug + Send + Sync {
    /// Keras's name in snake case.
    fn name(&self) -> &str;

    /// The learning rate, weight decay and clipping.
    fn options(&self) -> Options;

    /// The tensors that it keeps for a weight, in groups. In a file, Keras writes one group after the other; within a group, the slots of each weight are
    /// together.
    fn slots(&self, weight: &Variable) -> Vec<Vec<Slot>>;

    /// Keras's class and arguments, for files; `None` for a custom rule, with which a model cannot be saved compiled.
    fn config(&self) -> Option<(&str, Config)> {
        None
    }

    /// An error if an argument is invalid.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The update of this weight at this step, if it is elementwise and all slots have the shape of the weight;
    /// written with [`elementwise!`](candle_keras_ops::elementwise). `None` for an update of whole tensors.
    fn elementwise(&self, step: Step, weight: &Variable) -> Option<Elementwise> {
        let _ = (step, weight);
        None
    }

    /// Returns the new value of a weight and replaces its slots: for a rule that is not elementwise.
    ///
    /// # Errors
    /// If a tensor cannot be computed.
    fn update(&self, step: Step, weight: &Tensor, gradient: &Tensor, slots: &mut [Tensor]) -> Result<Tensor> {
        let _ = (step, weight, gradient, slots);
        Err(Error::new(format!("the optimizer {} has no update", self.name()))
            .help("implement UpdateRule::elementwise or UpdateRule::update"))
    }

    /// The weight decay of this weight, 0 for none. Default: that of the options, which is given.
    fn weight_decay(&self, weight: &Variable, of_options: f64) -> f64 {
        let _ = weight;
        of_options
    }

    /// The update of an element whose gradient is 0 at this step, so that updates of rows of a table that are not looked up can be pending;
    /// `None` if it has no such form at this step: then the whole table is updated.
    fn zero_gradient(&self, step: Step) -> Option<ZeroGradientRule> {
        let _ = step;
        None
    }

    /// Whether rows of a table that are not looked up are left unchanged, slots included.
    fn is_lazy(&self) -> bool {
        false
    }

    /// Numbers that a file has after the slots, by name; they follow from the step counter.
    fn counters(&self, iterations: u64) -> Vec<(&'static str, f64)> {
        let _ = iterations;
        Vec::new()
    }
}
