//! An optimizer that has one rule for all of its weights: the transforms around the rule, and the update of each weight.

use super::pending::{PendingTables, has_rows_in_memory, update_rows};
use super::transforms::{WeightDecay, around_a_rule};
use super::weight_slots::WeightSlots;
use super::{LearningRate, Next, Options, RULES, Step, Transform, TransformContext, UpdateRule};
use candle_core::{Device, Tensor, Var};
use candle_keras_layers::Variable;
use candle_keras_ops::update::{Elementwise, address};
use candle_keras_ops::{Error, Gradient, Result};
use std::sync::Arc;

/// A rule (or an unknown name) with its state.
#[derive(Debug)]
pub(super) struct RuleOptimizer {
    rule: Result<Box<dyn UpdateRule>, String>,
    pub(super) options: Options,
    pub(super) iterations: u64,
    transforms: Vec<Arc<dyn Transform>>,
    /// The number of transforms from the arguments; the others are custom.
    of_arguments: usize,
    decay: WeightDecay,
    pub(super) slots: WeightSlots,
    tables: PendingTables,
}

impl Drop for RuleOptimizer {
    /// Layers may outlive the optimizer: applies their pending updates.
    fn drop(&mut self) {
        self.tables.forget();
    }
}

/// One weight in a step.
struct Update {
    weight: Variable,
    gradient: Gradient,
    elementwise: Option<Elementwise>,
    /// The fraction of the weight that decays first.
    decay: f64,
    /// Whether only the rows that have a gradient are updated.
    by_rows: bool,
}

impl RuleOptimizer {
    pub(super) fn new(rule: Result<Box<dyn UpdateRule>, String>) -> Self {
        let options = rule.as_ref().map_or_else(|_| Options::new(0.0), |rule| rule.options());
        let (transforms, decay) = (around_a_rule(&options), WeightDecay::of(&options));
        let (slots, tables, of_arguments) = (WeightSlots::default(), PendingTables::default(), transforms.len());
        Self { rule, options, iterations: 0, transforms, of_arguments, decay, slots, tables }
    }

    pub(super) fn rule(&self) -> Result<&dyn UpdateRule> {
        known(&self.rule)
    }

    pub(super) fn check(&self) -> Result<()> {
        self.options.check()?;
        self.rule()?.check()
    }

    pub(super) fn add_transform(&mut self, transform: Arc<dyn Transform>) {
        self.transforms.push(transform);
    }

    pub(super) fn has_own_transforms(&self) -> bool {
        self.transforms.len() > self.of_arguments
    }

    pub(super) fn learning_rate(&self) -> f64 {
        self.options.learning_rate.at(self.iterations)
    }

    pub(super) fn constant_learning_rate(&self) -> Option<f64> {
        match self.options.learning_rate {
            LearningRate::Constant(value) => Some(value),
            LearningRate::Schedule(_) => None,
        }
    }

    pub(super) fn slots(&self, weight: &Variable) -> Option<Vec<Tensor>> {
        self.flush_pending();
        Some(self.slots.of(weight)?.into_iter().map(Var::as_detached_tensor).collect())
    }

    pub(super) fn flush_pending(&self) {
        self.tables.flush();
    }

    pub(super) fn move_to(&mut self, device: &Device) -> Result<()> {
        self.tables.forget();
        self.slots.move_to(device)
    }

    /// Creates the slots of these weights, so that they exist before the first step.
    pub(super) fn build(&mut self, weights: &[Variable]) -> Result<()> {
        for weight in weights.iter().filter(|weight| !self.slots.has(weight)).collect::<Vec<_>>() {
            let rule = known(&self.rule)?;
            self.slots.build(weight, &self.transforms, rule)?;
            let slots = self.slots.of_rule(weight);
            let first = Step { learning_rate: self.learning_rate(), number: 1 };
            if let Some(elementwise) = rule.elementwise(first, weight) {
                elementwise.check(slots.len())?;
                if let Some(slot) = slots.iter().find(|slot| slot.dims() != weight.dims()) {
                    return Err(Error::new(format!(
                        "the elementwise update {:?} needs slots of the weight's shape",
                        elementwise.name()
                    ))
                    .expected(format!("{:?}", weight.dims()))
                    .received(format!("{:?}", slot.dims()))
                    .help("implement UpdateRule::update in place of UpdateRule::elementwise"));
                }
            }
        }
        Ok(())
    }

    /// Runs `f` on each transform.
    fn each_transform(&self, mut f: impl FnMut(&dyn Transform, &TransformContext) -> Result<()>) -> Result<()> {
        let updates = self.iterations / self.calls_per_update();
        self.transforms.iter().enumerate().try_for_each(|(place, transform)| {
            f(&**transform, &TransformContext { iterations: self.iterations, updates, slots: &self.slots, place })
        })
    }

    fn calls_per_update(&self) -> u64 {
        self.transforms.iter().map(|transform| transform.calls_per_update()).product::<u64>().max(1)
    }

    /// Applies gradients as Keras does: false if the step is skipped.
    pub(super) fn apply_gradients(&mut self, gradients: Vec<(Variable, Gradient)>) -> Result<bool> {
        gradients.iter().try_for_each(|(weight, _)| self.build(std::slice::from_ref(weight)))?;
        if self.iterations == 0 {
            // The weights may have been set since.
            self.slots.start_as_weights()?;
        }
        let mut next = Next::Update(gradients);
        self.each_transform(|transform, context| {
            if let Next::Update(gradients) = std::mem::replace(&mut next, Next::Wait) {
                next = transform.gradients(context, gradients)?;
            }
            Ok(())
        })?;
        match next {
            Next::Skip => return Ok(false),
            Next::Wait => {}
            Next::Update(gradients) => self.update_all(gradients)?,
        }
        self.each_transform(|transform, context| transform.after(context))?;
        self.slots.weights().try_for_each(Variable::constrain)?;
        self.iterations += 1;
        Ok(true)
    }

    pub(super) fn finalize(&self) -> Result<()> {
        self.each_transform(|transform, context| transform.finalize(context))
    }

    /// The numbers that a file has after the slots.
    pub(super) fn counters_of_rule(&self) -> Result<Vec<(&'static str, f64)>> {
        // Keras creates them with the slots.
        if self.slots.weights().next().is_none() {
            return Ok(Vec::new());
        }
        Ok(self.rule()?.counters(self.iterations / self.calls_per_update()))
    }

    fn update_all(&mut self, mut gradients: Vec<(Variable, Gradient)>) -> Result<()> {
        self.separate(&mut gradients)?;
        let number = self.iterations / self.calls_per_update() + 1;
        let step = Step { learning_rate: self.learning_rate(), number };
        let updates = gradients.into_iter().map(|(weight, gradient)| self.prepare(step, weight, gradient));
        let updates = updates.collect::<Result<Vec<_>>>()?;
        // The step of rows without a gradient is recorded before the others are updated.
        let in_step = |weight: &Variable| updates.iter().any(|update| update.weight.id() == weight.id());
        self.tables.record((self.rule()?, step), in_step)?;
        for update in &updates {
            self.update(step, update)?;
            self.tables.updated(&update.weight, &update.gradient, update.by_rows);
        }
        self.tables.flush_long_logs();
        Ok(())
    }

    /// Copies gradients that share their memory with a weight or slot of this step, which they would change with.
    fn separate(&self, gradients: &mut [(Variable, Gradient)]) -> Result<()> {
        let mut changed = Vec::with_capacity(gradients.len() * 3);
        for (weight, _) in &*gradients {
            changed.push(weight.address());
            changed.extend(self.slots.of_rule(weight).into_iter().map(|slot| address(slot)));
        }
        changed.sort_unstable();
        for (_, gradient) in gradients {
            if let Gradient::Dense(tensor) = gradient
                && changed.binary_search(&address(tensor)).is_ok()
            {
                *tensor = tensor.copy()?;
            }
        }
        Ok(())
    }

    /// Decides how a weight is updated, and brings up to date what the update reads.
    fn prepare(&mut self, step: Step, weight: Variable, gradient: Gradient) -> Result<Update> {
        let rule = known(&self.rule)?;
        let elementwise = rule.elementwise(step, &weight);
        let rate = self.decay.rate_of(&weight, rule);
        let decay = rate * step.learning_rate;
        let whole = elementwise.is_none()
            || weight.is_constrained()
            || decay >= 1.0
            || self.transforms.iter().any(|transform| transform.needs_whole_tables());
        let by_rows = match &gradient {
            Gradient::Rows(rows) if !whole => {
                let slots = tensors(&self.slots.of_rule(&weight));
                has_rows_in_memory(&weight.memory(), &slots)
                    && (rule.is_lazy() || self.tables.take(&weight, slots, rows, rate, (rule, step))?)
            }
            _ => false,
        };
        if !by_rows {
            weight.value();
        }
        Ok(Update { weight, gradient, elementwise, decay, by_rows })
    }

    /// Updates a weight and its slots by the gradient.
    fn update(&self, step: Step, Update { weight, gradient, elementwise, decay, by_rows }: &Update) -> Result<()> {
        let slots = self.slots.of_rule(weight);
        let tensors = tensors(&slots);
        let value = weight.memory();
        let Some(elementwise) = elementwise else {
            let kept = if *decay == 0.0 { value.clone() } else { (&value * (1.0 - decay))? };
            let mut new = tensors.clone();
            let changed = self.rule()?.update(step, &kept, &gradient.to_dense(&value)?, &mut new)?;
            return set(weight, &changed, &slots, &new);
        };
        let memory: Vec<_> = std::iter::once(&value).chain(&tensors).collect();
        match gradient {
            Gradient::Rows(rows) if *by_rows => update_rows(elementwise, &memory, rows, *decay),
            gradient => {
                let dense = gradient.to_dense(&value)?;
                if elementwise.apply(&memory, &dense, *decay)? {
                    return Ok(());
                }
                // A device without a kernel for these dtypes: on the host, and back.
                let host = memory.iter().map(|tensor| tensor.to_device(&Device::Cpu));
                let host = host.collect::<candle_core::Result<Vec<_>>>()?;
                elementwise.apply(&host.iter().collect::<Vec<_>>(), &dense, *decay)?;
                set(weight, &host[0], &slots, &host[1..])
            }
        }
    }
}

/// The rule, or an error that lists the known names.
fn known(rule: &Result<Box<dyn UpdateRule>, String>) -> Result<&dyn UpdateRule> {
    let rule = rule.as_ref().map_err(|name| {
        let known: Vec<_> = RULES.iter().map(|class| class.to_lowercase()).collect();
        Error::unknown("optimizer", name, &known.iter().map(String::as_str).collect::<Vec<_>>())
    })?;
    Ok(&**rule)
}

fn tensors(slots: &[&Var]) -> Vec<Tensor> {
    slots.iter().map(|slot| slot.as_detached_tensor()).collect()
}

/// Replaces the values of a weight and its slots.
fn set(weight: &Variable, value: &Tensor, slots: &[&Var], new: &[Tensor]) -> Result<()> {
    if let Some((slot, new)) = slots.iter().zip(new).find(|(slot, new)| slot.dims() != new.dims()) {
        return Err(Error::new(format!("the update of {:?} changes the shape of a slot", weight.path()))
            .expected(format!("{:?}", slot.dims()))
            .received(format!("{:?}", new.dims())));
    }
    weight.assign(value)?;
    slots
        .iter()
        .zip(new)
        .try_for_each(|(slot, new)| Ok(slot.set(&new.to_device(slot.device())?.to_dtype(slot.dtype())?.copy()?)?))
}
