//! Optimizers. Keras: `keras.optimizers`; equations, defaults and the place of epsilon are Keras's.
//!
//! [`Optimizer`] is what all of them share: the learning rate, the count of steps, the slots of each weight. An [`UpdateRule`] is
//! the equation of one of them. It is written twice: as one pass over memory, for f32 on the host, and as a composition of
//! tensors, for everything else; a test holds the two to each other.

mod adam;
mod options;
mod rmsprop;
pub mod schedules;
mod sgd;
mod state;

pub use adam::{Adam, AdamW};
pub use options::Options;
pub use rmsprop::RMSprop;
pub use schedules::{LearningRate, LearningRateSchedule};
pub use sgd::SGD;

use options::options_setters;

use candle_core::{Device, Tensor, Var};
use candle_keras_layers::{Config, KerasObject, Variable, from_config};
use candle_keras_ops::{Error, Gradient, Result, Rows, update};
use std::collections::HashMap;
use std::fmt;

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

    /// The same in one pass over memory, if the rule has one: `Some` when done. `weight`, `gradient` and each of the slots have
    /// the same length; every element is treated alike, so that a weight can be updated in parts.
    fn update_in_place(
        &self,
        step: Step,
        weight: &mut [f32],
        gradient: &[f32],
        slots: &mut [&mut [f32]],
    ) -> Option<()> {
        let _ = (step, weight, gradient, slots);
        None
    }

    /// Whether an element with a gradient of 0 stays as it is, and its slots too.
    fn skips_zero_gradients(&self) -> bool {
        false
    }
}

/// A rule with its state: a Keras name such as `"adam"`, a class of this module, or one's own [`UpdateRule`].
///
/// The gradient of an Embedding comes as rows. Rules for which a gradient of zero changes nothing (plain SGD) touch these rows
/// alone; the others pass over the whole table at each step, as Keras does, since the moments of every row decay.
pub struct Optimizer {
    rule: Result<Box<dyn UpdateRule>, String>,
    options: Options,
    iterations: u64,
    slots: HashMap<u64, Vec<Var>>,
    /// The weights in the order in which their slots were made, which is that of files.
    order: Vec<Variable>,
}

impl Optimizer {
    fn new(rule: Result<Box<dyn UpdateRule>, String>) -> Self {
        let options = rule.as_ref().map_or_else(|_| Options::new(0.0), |rule| rule.options());
        Self { rule, options, iterations: 0, slots: HashMap::new(), order: Vec::new() }
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
                $(stringify!($class) => Ok(Box::new(from_config::<$class>(stringify!($class), object.config)?)),)*
                name => Err(Error::unknown("optimizer", name, CLASSES)),
            }
        }
    };
}

optimizers! { SGD, RMSprop, Adam, AdamW }

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
        for slot in self.slots.values_mut().flatten() {
            *slot = Var::from_tensor(&slot.as_detached_tensor().to_device(device)?)?;
        }
        Ok(())
    }

    /// Makes the slots of these weights, so that they exist before the first step.
    pub fn build(&mut self, variables: &[Variable]) -> Result<()> {
        for variable in variables {
            if !self.slots.contains_key(&variable.id()) {
                let zeros = self.groups()?.concat().into_iter().map(|_| {
                    let value = variable.value();
                    Var::zeros(value.shape(), value.dtype(), value.device())
                });
                self.slots.insert(variable.id(), zeros.collect::<candle_core::Result<_>>()?);
                self.order.push(variable.clone());
            }
        }
        Ok(())
    }

    /// Makes a step: changes each weight by its gradient, then brings it back to its constraint.
    ///
    /// With `gradient_accumulation_steps`, gradients are only added up until there are as many; those of an Embedding then become tensors
    /// of the table's size, and are no longer rows.
    pub fn apply(&mut self, gradients: Vec<(Variable, Gradient)>) -> Result<()> {
        for (variable, _) in &gradients {
            self.build(std::slice::from_ref(variable))?;
        }
        let updates = (self.iterations + 1).is_multiple_of(self.options.accumulation());
        let gradients = self.accumulated(gradients, updates)?;
        if updates {
            for (variable, gradient) in &self.options.clip(gradients)? {
                if let Some(decay) = self.options.weight_decay {
                    variable.scale(1.0 - decay * self.learning_rate())?;
                }
                self.update(variable, gradient)?;
            }
        }
        self.average()?;
        self.order.iter().try_for_each(Variable::constrain)?;
        self.iterations += 1;
        Ok(())
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
            let sum = (slot.as_detached_tensor() + gradient.to_dense(&variable.value())?)?;
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
            let average = ((slot.as_detached_tensor() * kept)? + (variable.value() * (1.0 - kept))?)?;
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

    fn update(&self, variable: &Variable, gradient: &Gradient) -> Result<()> {
        let (rule, weight) = (self.rule()?, variable.value());
        let number = self.iterations / self.options.accumulation() + 1;
        let step = Step { learning_rate: self.learning_rate(), number };
        let slots = self.slots.get(&variable.id()).map_or(&[][..], |slots| &slots[self.options.slots().len()..]);
        let tensors: Vec<_> = slots.iter().map(Var::as_detached_tensor).collect();
        let memory: Vec<_> = std::iter::once(&weight).chain(&tensors).collect();
        let on_host = update::is_in_place(memory.iter().copied());
        let done = match gradient {
            Gradient::Rows(rows) if on_host => update_rows(rule, step, &memory, rows, weight.dim(1)?)?,
            Gradient::Dense(dense) if on_host && update::is_in_place([dense]) => update::read(dense, |gradient| {
                let mut done = None;
                update::in_place(&memory, |memory| done = in_parts(rule, step, memory, gradient))?;
                Ok::<_, Error>(done)
            })??,
            _ => None,
        };
        if done.is_none() {
            let mut new = tensors.clone();
            let value = rule.update(step, &weight, &gradient.to_dense(&weight)?, &mut new)?;
            variable.assign(&value)?;
            slots.iter().zip(&new).try_for_each(|(slot, new)| slot.set(&new.copy()?))?;
        }
        Ok(())
    }
}

fn in_parts(rule: &dyn UpdateRule, step: Step, memory: &mut [&mut [f32]], gradient: &[f32]) -> Option<()> {
    let (weight, slots) = memory.split_first_mut()?;
    rule.update_in_place(step, weight, gradient, slots)
}

/// One pass over a table, of which some rows have a gradient and the others one of zero.
fn update_rows(rule: &dyn UpdateRule, step: Step, memory: &[&Tensor], rows: &Rows, width: usize) -> Result<Option<()>> {
    let mut order: Vec<usize> = (0..rows.ids.len()).collect();
    order.sort_unstable_by_key(|&i| rows.ids[i]);
    let mut done = None;
    update::in_place(memory, |memory| done = update_sorted_rows(rule, step, memory, rows, &order, width))?;
    Ok(done)
}

fn update_sorted_rows(
    rule: &dyn UpdateRule,
    step: Step,
    memory: &mut [&mut [f32]],
    rows: &Rows,
    order: &[usize],
    width: usize,
) -> Option<()> {
    // Rows without a gradient are taken together, but not more of them than their zeros stay in the nearest cache with.
    static ZEROS: [f32; 2048] = [0.0; 2048];
    let (weight, slots) = memory.split_first_mut()?;
    let end = weight.len();
    let mut part = |from: usize, gradient: &[f32]| {
        let range = from..from + gradient.len();
        let mut slots: Vec<&mut [f32]> = slots.iter_mut().map(|slot| &mut slot[range.clone()]).collect();
        rule.update_in_place(step, &mut weight[range], gradient, &mut slots)
    };
    let mut at = 0;
    let touched = order.iter().map(|&i| (rows.ids[i] as usize * width, &rows.values[i * width..(i + 1) * width]));
    for (row, gradient) in touched.chain([(end, &[][..])]) {
        while at < row && !rule.skips_zero_gradients() {
            let length = (row - at).min(ZEROS.len());
            part(at, &ZEROS[..length])?;
            at += length;
        }
        part(row, gradient)?;
        at = row + gradient.len();
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::DType;
    use candle_keras_ops::random::Stream;

    fn vector(seed: u64) -> Vec<f32> {
        Stream::new(seed, 0).normal(64).into_iter().map(|x| x as f32).collect()
    }

    /// The pass over memory, in f32, against the composition of tensors.
    #[test]
    fn both_forms_of_each_rule_agree() {
        let rules: [Box<dyn UpdateRule>; 7] = [
            Box::new(SGD::new()),
            Box::new(SGD::new().momentum(0.9)),
            Box::new(SGD::new().momentum(0.9).nesterov(true)),
            Box::new(RMSprop::new()),
            Box::new(RMSprop::new().momentum(0.9).centered(true)),
            Box::new(Adam::new()),
            Box::new(Adam::new().amsgrad(true)),
        ];
        for rule in rules {
            let count = rule.slots().concat().len();
            let (mut weight, mut slots) = (vector(1), vec![vec![0f32; 64]; count]);
            let mut tensor = Tensor::new(weight.as_slice(), &Device::Cpu).unwrap();
            let mut tensors = vec![Tensor::zeros(64, DType::F32, &Device::Cpu).unwrap(); count];
            for number in 1..=20 {
                let (step, gradient) = (Step { learning_rate: 0.01, number }, vector(100 + number));
                let mut parts: Vec<&mut [f32]> = slots.iter_mut().map(Vec::as_mut_slice).collect();
                rule.update_in_place(step, &mut weight, &gradient, &mut parts).expect("each rule here has a pass");
                let gradient = Tensor::new(gradient.as_slice(), &Device::Cpu).unwrap();
                tensor = rule.update(step, &tensor, &gradient, &mut tensors).unwrap();
            }
            for (a, b) in weight.iter().zip(tensor.to_vec1::<f32>().unwrap()) {
                assert!((a - b).abs() <= 1e-5 * b.abs().max(0.1), "{rule:?}: {a} {b}");
            }
        }
    }
}
