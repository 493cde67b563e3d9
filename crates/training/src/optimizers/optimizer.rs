//! The optimizer of a compiled model.

use super::rule_optimizer::RuleOptimizer;
use super::wrapper::Wrapper;
use super::{LearningRate, Transform, UpdateRule, by_name};
use candle_core::{Device, Tensor};
use candle_keras_layers::{Variable, WeightSet};
use candle_keras_ops::{Gradient, Result, warnings};
use std::fmt;
use std::sync::Arc;

/// A rule with its state: a Keras name such as `"adam"`, a class of this module, or a custom [`UpdateRule`].
///
/// The gradient of an Embedding is sparse: rows. Only these rows are updated. The others, whose moments decay and still move them in
/// Keras's dense update, have pending updates, which are applied when they are next read, with the same result. The whole table
/// is updated at each step, as in Keras, if its layer has a constraint or regularizer, and with `use_ema` or
/// `gradient_accumulation_steps`.
///
/// [`LossScaleOptimizer`](super::LossScaleOptimizer) and [`MultiOptimizer`](super::MultiOptimizer) wrap other optimizers.
pub struct Optimizer(pub(super) Kind);

pub(super) enum Kind {
    /// One rule for all weights.
    Rule(Box<RuleOptimizer>),
    /// A wrapper of other optimizers.
    Wrapper(Box<dyn Wrapper>),
}

impl<R: UpdateRule + 'static> From<R> for Optimizer {
    fn from(rule: R) -> Self {
        Self::of_rule(Ok(Box::new(rule)))
    }
}

impl From<&str> for Optimizer {
    /// By name, case-insensitive, as in Keras.
    fn from(name: &str) -> Self {
        Self::of_rule(by_name(name).ok_or_else(|| name.into()))
    }
}

impl fmt::Debug for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Rule(optimizer) => write!(f, "{:?} after {} steps", optimizer.rule(), optimizer.iterations),
            Kind::Wrapper(wrapper) => wrapper.fmt(f),
        }
    }
}

impl Optimizer {
    pub(super) fn of_rule(rule: Result<Box<dyn UpdateRule>, String>) -> Self {
        Self(Kind::Rule(Box::new(RuleOptimizer::new(rule))))
    }

    /// Adds a custom transform, after those of the arguments; in a wrapper, to all of its optimizers. It must be added before weights have slots, that is,
    /// before `compile`. A model cannot be saved compiled with it.
    #[must_use]
    pub fn transform(mut self, transform: impl Transform + 'static) -> Self {
        let transform: Arc<dyn Transform> = Arc::new(transform);
        self.each_rule(&mut |optimizer| optimizer.add_transform(transform.clone()));
        self
    }

    /// Turns off loss scaling, since the wrapper around this optimizer scales the loss, as in Keras.
    pub(super) fn clear_loss_scale(&mut self) {
        match &mut self.0 {
            Kind::Rule(optimizer) => optimizer.options.loss_scale_factor = None,
            Kind::Wrapper(wrapper) => wrapper.clear_loss_scale(),
        }
    }

    /// Whether it is a rule that skips steps whose gradients are not finite.
    pub(super) fn skips_nonfinite(&self) -> bool {
        matches!(&self.0, Kind::Rule(optimizer) if optimizer.options.skip_nonfinite)
    }

    /// Whether it wraps other optimizers.
    pub(super) fn is_wrapper(&self) -> bool {
        matches!(self.0, Kind::Wrapper(_))
    }

    /// Whether it is a [`LossScaleOptimizer`](super::LossScaleOptimizer).
    pub fn scales_loss_dynamically(&self) -> bool {
        matches!(&self.0, Kind::Wrapper(wrapper) if wrapper.scales_loss_dynamically())
    }

    /// Runs `f` on each optimizer that has a rule, in the order of their states.
    pub(super) fn each_rule(&mut self, f: &mut dyn FnMut(&mut RuleOptimizer)) {
        match &mut self.0 {
            Kind::Rule(optimizer) => f(optimizer),
            Kind::Wrapper(wrapper) => wrapper.inner_mut().into_iter().for_each(|inner| inner.each_rule(f)),
        }
    }

    /// Checks the name and the arguments.
    ///
    /// # Errors
    /// If the name is unknown or an argument is invalid.
    pub fn check(&self) -> Result<()> {
        match &self.0 {
            Kind::Rule(optimizer) => optimizer.check(),
            Kind::Wrapper(wrapper) => {
                wrapper.check()?;
                wrapper.inner().into_iter().try_for_each(Self::check)
            }
        }
    }

    /// Keras's name in snake case.
    ///
    /// # Errors
    /// If the optimizer's name is unknown.
    pub fn name(&self) -> Result<&str> {
        match &self.0 {
            Kind::Rule(optimizer) => Ok(optimizer.rule()?.name()),
            Kind::Wrapper(wrapper) => Ok(wrapper.name()),
        }
    }

    /// The optimizers that it wraps, none if it is a rule: the inner one of a `LossScaleOptimizer`, those of a `MultiOptimizer` with the
    /// default last.
    pub fn optimizers(&mut self) -> Vec<&mut Self> {
        match &mut self.0 {
            Kind::Rule(_) => Vec::new(),
            Kind::Wrapper(wrapper) => wrapper.inner_mut(),
        }
    }

    /// The learning rate of the next step; of the default optimizer, if there are several.
    pub fn learning_rate(&self) -> f64 {
        match &self.0 {
            Kind::Rule(optimizer) => optimizer.learning_rate(),
            Kind::Wrapper(wrapper) => wrapper.default_optimizer().learning_rate(),
        }
    }

    /// Sets the learning rate from the next step on; that of the default optimizer, if there are [several](Self::optimizers). It
    /// replaces a schedule. (Keras refuses to replace a schedule.)
    pub fn set_learning_rate(&mut self, learning_rate: impl Into<LearningRate>) {
        match &mut self.0 {
            Kind::Rule(optimizer) => optimizer.options.learning_rate = learning_rate.into(),
            Kind::Wrapper(wrapper) => wrapper.default_optimizer_mut().set_learning_rate(learning_rate.into()),
        }
    }

    /// The number of steps so far.
    pub fn iterations(&self) -> u64 {
        match &self.0 {
            Kind::Rule(optimizer) => optimizer.iterations,
            Kind::Wrapper(wrapper) => wrapper.iterations(),
        }
    }

    /// The slots of a weight, in the order of their creation; `None` for a weight that the optimizer was not built for.
    pub fn slots(&self, weight: &Variable) -> Option<Vec<Tensor>> {
        match &self.0 {
            Kind::Rule(optimizer) => optimizer.slots(weight),
            Kind::Wrapper(wrapper) => wrapper.inner().into_iter().find_map(|inner| inner.slots(weight)),
        }
    }

    /// The number of elements of all slots, and one each for the step counter, the learning rate (unless it is a schedule) and other counters,
    /// as in Keras.
    pub fn count_params(&self) -> usize {
        match &self.0 {
            Kind::Rule(optimizer) => {
                2 - usize::from(optimizer.options.learning_rate.is_schedule()) + optimizer.slots.count()
            }
            Kind::Wrapper(wrapper) => {
                let own = wrapper.own_state().map_or(0, |state| state.len());
                own + wrapper.inner().into_iter().map(Self::count_params).sum::<usize>()
            }
        }
    }

    /// Moves the slots to a device.
    ///
    /// # Errors
    /// If the device has no memory for them.
    pub fn to_device(&mut self, device: &Device) -> Result<()> {
        match &mut self.0 {
            Kind::Rule(optimizer) => optimizer.move_to(device),
            Kind::Wrapper(wrapper) => wrapper.inner_mut().into_iter().try_for_each(|inner| inner.to_device(device)),
        }
    }

    /// Creates the slots of these weights, so that they exist before the first step.
    ///
    /// # Errors
    /// If the optimizer's name is unknown, or its slots do not match its update.
    pub fn build(&mut self, weights: &[Variable]) -> Result<()> {
        self.check()?;
        match &mut self.0 {
            Kind::Rule(optimizer) => optimizer.build(weights),
            Kind::Wrapper(wrapper) => {
                weights.iter().try_for_each(|weight| wrapper.optimizer_of(weight)?.build(std::slice::from_ref(weight)))
            }
        }
    }

    /// The factor by which the loss is multiplied before the backward pass, and gradients divided after it: 1 unless there is a `loss_scale_factor` or a
    /// [`LossScaleOptimizer`](super::LossScaleOptimizer).
    pub fn loss_scale(&self) -> f64 {
        match &self.0 {
            Kind::Rule(optimizer) => optimizer.options.loss_scale_factor.unwrap_or(1.0),
            Kind::Wrapper(wrapper) => wrapper.loss_scale(),
        }
    }

    /// Runs a step: updates each weight by its gradient, then applies its constraint. `false` if the step was skipped, because a gradient is not finite and
    /// `skip_nonfinite` or a [`LossScaleOptimizer`](super::LossScaleOptimizer) is used. The step is atomic for predictions in other threads.
    /// Keras: `optimizer.apply_gradients(zip(gradients, variables))`.
    ///
    /// With `gradient_accumulation_steps`, gradients are accumulated for so many calls; those of an Embedding are then dense tensors
    /// of the table's size, not rows.
    ///
    /// # Errors
    /// If the optimizer's name is unknown, or a gradient does not match its weight.
    pub fn apply_gradients(&mut self, gradients: Vec<(Variable, Gradient)>) -> Result<bool> {
        if self.iterations() == 0 {
            self.check()?;
        }
        for (weight, gradient) in &gradients {
            gradient.check(&weight.dims()).map_err(|error| error.help(format!("the weight is {:?}", weight.path())))?;
        }
        // A wrapper of one optimizer passes them on to it.
        let passes_on = matches!(&self.0, Kind::Wrapper(wrapper) if wrapper.inner().len() == 1);
        if gradients.is_empty() && self.iterations() == 0 && !passes_on {
            warnings::warn(
                "no weight receives a gradient: all are frozen, the loss does not depend on any, or no GradientTape recorded it",
            );
        }
        let weights = self.locks(gradients.iter().map(|(weight, _)| weight));
        weights.write(|| match &mut self.0 {
            Kind::Rule(optimizer) => optimizer.apply_gradients(gradients),
            Kind::Wrapper(wrapper) => wrapper.apply_gradients(gradients),
        })
    }

    /// Replaces the weights by their moving averages, if there are any. Keras: `finalize_variable_values`, at the end of `fit`.
    ///
    /// # Errors
    /// If a weight cannot be changed.
    pub fn finalize(&self) -> Result<()> {
        self.locks([]).write(|| match &self.0 {
            Kind::Rule(optimizer) => optimizer.finalize(),
            Kind::Wrapper(wrapper) => wrapper.inner().into_iter().try_for_each(Self::finalize),
        })
    }

    /// All its weights and these, to be locked; none within a step, which has locked them already.
    fn locks<'a>(&self, others: impl IntoIterator<Item = &'a Variable>) -> WeightSet {
        if WeightSet::is_held() {
            return WeightSet::default();
        }
        let mut weights: Vec<_> = others.into_iter().cloned().collect();
        self.collect_weights(&mut weights);
        WeightSet::new(weights)
    }

    fn collect_weights(&self, weights: &mut Vec<Variable>) {
        match &self.0 {
            Kind::Rule(optimizer) => weights.extend(optimizer.slots.weights().cloned()),
            Kind::Wrapper(wrapper) => wrapper.inner().into_iter().for_each(|inner| inner.collect_weights(weights)),
        }
    }
}
