//! Optimizers. Keras: `keras.optimizers`; equations, defaults and the place of epsilon are Keras's.
//!
//! [`Optimizer`] is what all of them share: the learning rate, the count of steps, the slots of each weight. An [`UpdateRule`] is
//! the equation of one of them. It is written three times: as one pass over memory, for f32 on the host, as a kernel for a GPU, and as a
//! composition of tensors, for everything else; tests hold them to each other.

mod adagrad;
mod adam;
mod adamax;
mod deferred;
mod nadam;
mod options;
mod rmsprop;
pub mod schedules;
mod sgd;
mod state;

pub use adagrad::Adagrad;
pub use adam::{Adam, AdamW};
pub use adamax::Adamax;
pub use deferred::{Denominator, Drift, Idle};
pub use nadam::Nadam;
pub use options::Options;
pub use rmsprop::RMSprop;
pub use schedules::{LearningRate, LearningRateSchedule};
pub use sgd::SGD;

use deferred::{COST, Ledgers, MOST, Table, each_row};
use options::options_setters;

use candle_core::{Device, Tensor, Var};
use candle_keras_layers::{Config, Deferred, KerasObject, Variable, from_serde_config};
use candle_keras_ops::cores::{self, SHARED_FROM};
use candle_keras_ops::update::{self, Kernel};
use candle_keras_ops::{Error, Gradient, Result};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// What an update needs to know of its step.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The learning rate at this step.
    pub learning_rate: f64,
    /// The number of the step, from 1.
    pub number: u64,
}

/// The equation by which an optimizer changes a weight.
pub trait UpdateRule: fmt::Debug + Send + Sync {
    /// Keras's name in snake case.
    fn name(&self) -> &str;

    /// The learning rate, weight decay and clipping.
    fn options(&self) -> Options;

    /// The names of the tensors that it keeps for each weight, all of the weight's shape and 0 at first. In a file, Keras has
    /// those of a group together for each weight, and one group after the other.
    fn slots(&self) -> Vec<Vec<&'static str>>;

    /// Keras's class and arguments, for files; `None` for one's own rule, with which a model cannot be saved compiled.
    fn config(&self) -> Option<(&str, Config)> {
        None
    }

    /// An error if an argument cannot be.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The new value of a weight, and of its slots in place of the old ones.
    fn update(
        &self,
        step: Step,
        weight: &Tensor,
        gradient: &Tensor,
        slots: &mut [Tensor],
    ) -> candle_core::Result<Tensor>;

    /// The same as one pass over memory, if the rule has one, for this step.
    fn pass(&self, step: Step) -> Option<Pass> {
        let _ = step;
        None
    }

    /// The same as one pass on a GPU, if the rule has one, for this step.
    fn kernel(&self, step: Step) -> Option<Kernel> {
        let _ = step;
        None
    }

    /// With what number a slot begins.
    fn initial(&self, slot: &str) -> f64 {
        let _ = slot;
        0.0
    }

    /// What becomes of an element whose gradient is 0, so that rows of a table that are not looked up need not be updated at each step;
    /// `None` if that cannot be said: then the whole table is.
    fn idle(&self) -> Option<Idle> {
        None
    }

    /// Alpha and epsilon of the [`Drift`] at this step.
    fn push(&self, step: Step) -> (f64, f64) {
        let _ = step;
        (0.0, 0.0)
    }

    /// Whether rows of a table that are not looked up stay as they are, whatever their slots would have them do.
    fn is_lazy(&self) -> bool {
        false
    }

    /// Numbers that a file has after the slots, by name; they follow from the count of steps.
    fn counters(&self, iterations: u64) -> Vec<(&'static str, f64)> {
        let _ = iterations;
        Vec::new()
    }
}

/// One pass over a weight, its gradient and its slots, all of the same length; every element is treated alike, so that a weight can
/// be updated in parts.
pub type Pass = Box<dyn Fn(&mut [f32], &[f32], &mut [&mut [f32]]) + Send + Sync>;

/// A rule with its state: a Keras name such as `"adam"`, a class of this module, or one's own [`UpdateRule`].
///
/// The gradient of an Embedding comes as rows, and these rows alone are updated. What Keras's update of the whole table would do to
/// the others, whose moments decay and still push them, is made up for when they are next read, with the same result. The whole table
/// is updated at each step, as in Keras, where its layer has a constraint or regularizer, and with `use_ema` or
/// `gradient_accumulation_steps`.
pub struct Optimizer {
    rule: Result<Box<dyn UpdateRule>, String>,
    options: Options,
    iterations: u64,
    slots: HashMap<u64, Vec<Var>>,
    /// The weights in the order in which their slots were made, which is that of files.
    order: Vec<Variable>,
    /// The tables whose rows have changes to come.
    tables: HashMap<u64, Arc<Table>>,
    ledgers: Option<Ledgers>,
}

impl Drop for Optimizer {
    /// The layers live on, and have what is owed to them.
    fn drop(&mut self) {
        self.forget_tables();
    }
}

impl Optimizer {
    fn new(rule: Result<Box<dyn UpdateRule>, String>) -> Self {
        let options = rule.as_ref().map_or_else(|_| Options::new(0.0), |rule| rule.options());
        let (slots, tables, order) = (HashMap::new(), HashMap::new(), Vec::new());
        Self { rule, options, iterations: 0, slots, order, tables, ledgers: None }
    }
}

impl<R: UpdateRule + 'static> From<R> for Optimizer {
    fn from(rule: R) -> Self {
        Self::new(Ok(Box::new(rule)))
    }
}

/// Every class, by Keras's name: what a string, a file and a message about a wrong name know of.
macro_rules! optimizers {
    ($($class:ident),* $(,)?) => {
        pub(crate) const CLASSES: &[&str] = &[$(stringify!($class)),*];

        fn by_name(name: &str) -> Option<Box<dyn UpdateRule>> {
            $(if name.eq_ignore_ascii_case(stringify!($class)) {
                return Some(Box::new($class::new()));
            })*
            None
        }

        fn from_keras(object: KerasObject) -> Result<Box<dyn UpdateRule>> {
            match object.class_name.as_str() {
                $(stringify!($class) => Ok(Box::new(from_serde_config::<$class>(stringify!($class), object.config)?)),)*
                name => Err(Error::unknown("optimizer", name, CLASSES)),
            }
        }
    };
}

optimizers! { SGD, RMSprop, Adagrad, Adam, AdamW, Adamax, Nadam }

impl From<&str> for Optimizer {
    /// Whatever its case, as in Keras.
    fn from(name: &str) -> Self {
        Self::new(by_name(name).ok_or_else(|| name.into()))
    }
}

impl fmt::Debug for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after {} steps", self.rule, self.iterations)
    }
}

impl Optimizer {
    fn rule(&self) -> Result<&dyn UpdateRule> {
        let rule = self.rule.as_ref().map_err(|name| {
            let known: Vec<_> = CLASSES.iter().map(|class| class.to_lowercase()).collect();
            Error::unknown("optimizer", name, &known.iter().map(String::as_str).collect::<Vec<_>>())
        })?;
        Ok(&**rule)
    }

    /// An error if the name or an argument cannot be.
    pub fn check(&self) -> Result<()> {
        self.options.check()?;
        self.rule()?.check()
    }

    /// Keras's name in snake case.
    pub fn name(&self) -> Result<&str> {
        Ok(self.rule()?.name())
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.options.learning_rate.at(self.iterations)
    }

    /// Changes the learning rate from the next step on; a schedule ends with it. (Keras refuses to change a schedule.)
    pub fn set_learning_rate(&mut self, learning_rate: impl Into<LearningRate>) {
        self.options.learning_rate = learning_rate.into();
    }

    /// How many steps were made.
    pub fn iterations(&self) -> u64 {
        self.iterations
    }

    /// The names of the slots that each weight has.
    pub fn slot_names(&self) -> Result<Vec<&'static str>> {
        Ok(self.groups()?.concat())
    }

    /// The slots of a weight, in the order of their names; `None` for a weight that the optimizer does not know yet.
    pub fn slots(&self, variable: &Variable) -> Option<Vec<Tensor>> {
        self.settle();
        Some(self.slots.get(&variable.id())?.iter().map(Var::as_detached_tensor).collect())
    }

    /// The number of numbers in all slots, and one each for the count of steps and the learning rate (unless it is a schedule),
    /// as Keras counts them.
    pub fn count_params(&self) -> usize {
        2 - usize::from(self.options.learning_rate.is_schedule())
            + self.slots.values().flatten().map(|slot| slot.elem_count()).sum::<usize>()
    }

    /// Moves the slots to a device.
    pub fn to_device(&mut self, device: &Device) -> Result<()> {
        self.forget_tables();
        for slot in self.slots.values_mut().flatten() {
            *slot = Var::from_tensor(&slot.as_detached_tensor().to_device(device)?)?;
        }
        Ok(())
    }

    /// Makes the slots of these weights, so that they exist before the first step.
    pub fn build(&mut self, variables: &[Variable]) -> Result<()> {
        for variable in variables {
            if !self.slots.contains_key(&variable.id()) {
                let value = variable.memory();
                let first = |name: &str| match self.rule()?.initial(name) {
                    // Memory that is not written to is not taken up either.
                    0.0 => Ok(Var::zeros(value.shape(), value.dtype(), value.device())?),
                    first => Ok::<_, Error>(Var::from_tensor(&(value.ones_like()? * first)?)?),
                };
                let slots = self.groups()?.concat().into_iter().map(first).collect::<Result<_>>()?;
                self.slots.insert(variable.id(), slots);
                self.order.push(variable.clone());
            }
        }
        Ok(())
    }

    /// By what the loss is multiplied before the backward pass, and gradients divided after it: 1 without `loss_scale_factor`.
    pub fn loss_scale(&self) -> f64 {
        self.options.loss_scale_factor.unwrap_or(1.0)
    }

    /// Makes a step: changes each weight by its gradient, then brings it back to its constraint. False if the step was skipped, since a gradient is not finite and
    /// `skip_nonfinite` says so. Keras: `optimizer.apply_gradients(zip(gradients, variables))`.
    ///
    /// With `gradient_accumulation_steps`, gradients are only added up until there are as many; those of an Embedding then become tensors
    /// of the table's size, and are no longer rows.
    ///
    /// # Errors
    /// If the optimizer's name is not one, or a gradient does not suit its weight.
    pub fn apply_gradients(&mut self, gradients: Vec<(Variable, Gradient)>) -> Result<bool> {
        if self.options.skip_nonfinite {
            for (_, gradient) in &gradients {
                if !gradient.is_finite()? {
                    return Ok(false);
                }
            }
        }
        for (variable, _) in &gradients {
            self.build(std::slice::from_ref(variable))?;
        }
        let updates = (self.iterations + 1).is_multiple_of(self.options.accumulation());
        let gradients = self.accumulated(gradients, updates)?;
        if updates {
            let number = self.iterations / self.options.accumulation() + 1;
            let step = Step { learning_rate: self.learning_rate(), number };
            let gradients = self.options.clip(gradients)?;
            self.update_all(step, &gradients)?;
        }
        self.average()?;
        self.order.iter().try_for_each(Variable::constrain)?;
        self.iterations += 1;
        Ok(true)
    }

    /// The mean of the gradients since the last step; all of them are kept if this is none.
    fn accumulated(&self, gradients: Vec<(Variable, Gradient)>, updates: bool) -> Result<Vec<(Variable, Gradient)>> {
        let count = self.options.accumulation();
        if count == 1 {
            return Ok(gradients);
        }
        let place = usize::from(self.options.use_ema);
        let add = |(variable, gradient): (Variable, Gradient)| -> Result<_> {
            let slot = &self.slots[&variable.id()][place];
            let sum = (slot.as_detached_tensor() + gradient.to_dense(&variable.memory())?)?;
            slot.set(&if updates { sum.zeros_like()? } else { sum.clone() })?;
            Ok((variable, Gradient::Dense((sum / count as f64)?)))
        };
        gradients.into_iter().map(add).collect()
    }

    /// Takes the weights into their averages, which take the places of the weights from time to time.
    fn average(&self) -> Result<()> {
        if !self.options.use_ema {
            return Ok(());
        }
        let steps = self.iterations / self.options.accumulation();
        let kept = if steps == 0 { 0.0 } else { self.options.ema_momentum };
        for variable in &self.order {
            let slot = &self.slots[&variable.id()][0];
            let average = ((slot.as_detached_tensor() * kept)? + (variable.memory() * (1.0 - kept))?)?;
            slot.set(&average)?;
            if self.options.ema_overwrite_frequency.is_some_and(|frequency| (steps + 1).is_multiple_of(frequency)) {
                variable.assign(&average)?;
            }
        }
        Ok(())
    }

    /// Gives the weights the values of their averages, if there are any. Keras: `finalize_variable_values`, at the end of `fit`.
    pub fn finalize(&self) -> Result<()> {
        if !self.options.use_ema || self.iterations == 0 {
            return Ok(());
        }
        self.order.iter().try_for_each(|v| v.assign(&self.slots[&v.id()][0].as_detached_tensor()))
    }

    fn update_all(&mut self, step: Step, gradients: &[(Variable, Gradient)]) -> Result<()> {
        let keep = self.options.weight_decay.map_or(1.0, |decay| 1.0 - decay * step.learning_rate);
        let mut by_rows = Vec::with_capacity(gradients.len());
        for (variable, gradient) in gradients {
            by_rows.push(self.rows_suffice(variable, gradient, keep)?);
        }
        // What the rows without a gradient do in this step is noted before the others are changed. A decay of all there is has no
        // logarithm to be noted by; all rows that have a gradient are then updated as a whole.
        match &self.ledgers {
            Some(ledgers) if keep > 0.0 => ledgers.record(self.rule()?, step, keep),
            _ => self.settle(),
        }
        for ((variable, gradient), by_rows) in gradients.iter().zip(by_rows) {
            self.update(step, keep, variable, gradient, by_rows)?;
            if let Some(table) = self.tables.get(&variable.id()) {
                match gradient {
                    Gradient::Rows(rows) if by_rows => table.made_step(Some(&rows.ids)),
                    _ => table.made_step(None),
                }
            }
        }
        if self.ledgers.as_ref().is_some_and(|ledgers| ledgers.is_long(self.tables.values())) {
            self.settle();
        }
        Ok(())
    }

    /// Whether it is enough to update the rows that have a gradient. The others are then taken care of; if not so, all rows are brought
    /// up to date.
    fn rows_suffice(&mut self, variable: &Variable, gradient: &Gradient, keep: f64) -> Result<bool> {
        let rule = self.rule()?;
        let slots = self.tensors(variable);
        let weight = variable.memory();
        let whole = self.options.use_ema || self.options.accumulation() > 1 || variable.is_constrained();
        let in_place = update::is_in_place(slots.iter().chain([&weight])) && slots.len() < MOST;
        let (Gradient::Rows(rows), false, true) = (gradient, whole, in_place && keep > 0.0) else {
            variable.value();
            return Ok(false);
        };
        if rule.is_lazy() {
            return Ok(true);
        }
        let table: Arc<dyn Deferred> = match self.tables.get(&variable.id()) {
            Some(table) => table.clone(),
            None => {
                let Some(idle) = rule.idle() else { return Ok(false) };
                if idle.drift.is_none() && keep == 1.0 && idle.keeps.iter().all(|keep| *keep == 1.0) {
                    return Ok(true);
                }
                idle.check(slots.len())?;
                let ledgers = self.ledgers.get_or_insert_with(|| Ledgers::new(idle));
                let table = ledgers.table(&weight, slots)?;
                self.tables.insert(variable.id(), table.clone());
                table
            }
        };
        variable.defer(&table);
        table.catch_up(&weight, Some(&rows.ids))?;
        Ok(true)
    }

    /// Makes all changes that are owed to rows.
    fn settle(&self) {
        if let Some(ledgers) = &self.ledgers {
            self.order.iter().filter(|v| self.tables.contains_key(&v.id())).for_each(|v| _ = v.value());
            ledgers.clear(self.tables.values());
        }
    }

    /// Makes all changes that are owed to rows, and owes none from now on.
    fn forget_tables(&mut self) {
        self.settle();
        for variable in &self.order {
            if let Some(table) = self.tables.remove(&variable.id()) {
                let table: Arc<dyn Deferred> = table;
                variable.settle(&table);
            }
        }
        self.ledgers = None;
    }

    /// The slots of the rule for a weight.
    fn tensors(&self, variable: &Variable) -> Vec<Tensor> {
        let slots = self.slots.get(&variable.id()).map_or(&[][..], |slots| &slots[self.options.slots().len()..]);
        slots.iter().map(Var::as_detached_tensor).collect()
    }

    /// Changes a weight, of which `keep` is kept, by its gradient: the rows that have one, or all of it.
    fn update(&self, step: Step, keep: f64, variable: &Variable, gradient: &Gradient, by_rows: bool) -> Result<()> {
        let (rule, weight) = (self.rule()?, variable.memory());
        let tensors = self.tensors(variable);
        let memory: Vec<_> = std::iter::once(&weight).chain(&tensors).collect();
        if let (true, Some(kernel)) = (Kernel::takes(&memory), rule.kernel(step)) {
            return Ok(kernel.run(&memory, &gradient.to_dense(&weight)?, 1.0 - keep)?);
        }
        let pass = rule.pass(step).filter(|_| update::is_in_place(memory.iter().copied()));
        let one = |row: &mut [&mut [f32]], gradient: &[f32], pass: &Pass| {
            let [weight, slots @ ..] = row else { return };
            if keep != 1.0 {
                for w in weight.iter_mut() {
                    *w -= *w * (1.0 - keep) as f32;
                }
            }
            pass(weight, gradient, slots);
        };
        match (gradient, pass) {
            (Gradient::Rows(rows), Some(pass)) if by_rows => {
                let width = weight.dim(1)?;
                let mut touched: Vec<_> = rows.ids.iter().enumerate().map(|(i, &id)| (id, i as u32)).collect();
                let one = |row: &mut [&mut [f32]], i: u32| one(row, &rows.values[i as usize * width..][..width], &pass);
                Ok(update::in_place(&memory, |memory| each_row(memory, width, &mut touched, &one))?)
            }
            (gradient, Some(pass)) => {
                let dense = gradient.to_dense(&weight)?.contiguous()?;
                let one = |part: &mut [&mut [f32]], gradient: &[f32]| one(part, gradient, &pass);
                Ok(update::read(&dense, |gradient| {
                    update::in_place(&memory, |memory| each_part(memory, gradient, &one))
                })??)
            }
            (gradient, None) => {
                let kept = if keep == 1.0 { weight.clone() } else { (&weight * keep)? };
                let mut new = tensors.clone();
                let value = rule.update(step, &kept, &gradient.to_dense(&weight)?, &mut new)?;
                variable.assign(&value)?;
                let slots = self.slots[&variable.id()].iter().skip(self.options.slots().len());
                slots.zip(&new).try_for_each(|(slot, new)| Ok(slot.set(&new.copy()?)?))
            }
        }
    }
}

/// An error if Adam's shares of what is kept cannot be.
fn check_betas(beta_1: f64, beta_2: f64) -> Result<()> {
    if (0.0..1.0).contains(&beta_1) && (0.0..1.0).contains(&beta_2) {
        return Ok(());
    }
    Err(Error::new("beta_1 and beta_2 must be at least 0 and below 1")
        .received(format!("beta_1 = {beta_1}, beta_2 = {beta_2}")))
}

/// A change of a part of a weight and its slots by a part of the gradient.
type OnPart<'a> = dyn Fn(&mut [&mut [f32]], &[f32]) + Sync + 'a;

/// Runs `f` on parts of these tensors and the gradient, on all cores if they are large; each small enough to stay in a cache.
fn each_part(memory: &mut [&mut [f32]], gradient: &[f32], f: &OnPart) {
    const PART: usize = SHARED_FROM / COST;
    if gradient.len() <= PART {
        return f(memory, gradient);
    }
    let mut rest: Vec<_> = memory.iter_mut().map(|tensor| tensor.chunks_mut(PART)).collect();
    let parts = gradient
        .chunks(PART)
        .map(|gradient| (rest.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>(), gradient));
    cores::each(parts, |(mut memory, gradient)| f(&mut memory, gradient));
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::random::Stream;

    fn vector(seed: u64) -> Vec<f32> {
        Stream::new(seed, 0).normal(64).into_iter().map(|x| x as f32).collect()
    }

    #[test]
    fn parts_have_their_own_gradients() {
        let length = SHARED_FROM + 7;
        let gradient: Vec<f32> = (0..length).map(|i| i as f32).collect();
        for _ in 0..200 {
            let (mut weight, mut slot) = (vec![0.0; length], vec![0.0; length]);
            each_part(&mut [&mut weight, &mut slot], &gradient, &|memory, gradient| {
                memory.iter_mut().for_each(|part| part.copy_from_slice(gradient));
            });
            assert!(weight == gradient && slot == gradient);
        }
    }

    /// The pass over memory, in f32, against the composition of tensors.
    #[test]
    fn both_forms_of_each_rule_agree() {
        let rules: [Box<dyn UpdateRule>; 10] = [
            Box::new(SGD::new()),
            Box::new(SGD::new().momentum(0.9)),
            Box::new(SGD::new().momentum(0.9).nesterov(true)),
            Box::new(RMSprop::new()),
            Box::new(RMSprop::new().momentum(0.9).centered(true)),
            Box::new(Adam::new()),
            Box::new(Adam::new().amsgrad(true)),
            Box::new(Adagrad::new()),
            Box::new(Adamax::new()),
            Box::new(Nadam::new()),
        ];
        for rule in rules {
            let first = |name: &str| rule.initial(name) as f32;
            let mut slots: Vec<_> = rule.slots().concat().into_iter().map(|name| vec![first(name); 64]).collect();
            let mut weight = vector(1);
            let mut tensor = Tensor::new(weight.as_slice(), &Device::Cpu).unwrap();
            let mut tensors: Vec<_> =
                slots.iter().map(|slot| Tensor::new(slot.as_slice(), &Device::Cpu).unwrap()).collect();
            for number in 1..=20 {
                let (step, gradient) = (Step { learning_rate: 0.01, number }, vector(100 + number));
                let mut parts: Vec<&mut [f32]> = slots.iter_mut().map(Vec::as_mut_slice).collect();
                rule.pass(step).expect("each rule here has a pass")(&mut weight, &gradient, &mut parts);
                let gradient = Tensor::new(gradient.as_slice(), &Device::Cpu).unwrap();
                tensor = rule.update(step, &tensor, &gradient, &mut tensors).unwrap();
            }
            for (a, b) in weight.iter().zip(tensor.to_vec1::<f32>().unwrap()) {
                assert!((a - b).abs() <= 1e-5 * b.abs().max(0.1), "{rule:?}: {a} {b}");
            }
        }
    }
}
