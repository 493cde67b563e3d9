//! Optimizers. Keras: `keras.optimizers`; equations, defaults and the place of epsilon are Keras's.
//!
//! [`Optimizer`] is what all of them share: the learning rate, the count of steps, the slots of each weight. An [`UpdateRule`] is
//! the equation of one of them. It is written twice: as one pass over memory, for f32 on the host, and as a composition of
//! tensors, for everything else; a test holds the two to each other.

mod adam;
mod rmsprop;
mod sgd;

pub use adam::Adam;
pub use rmsprop::RMSprop;
pub use sgd::SGD;

use candle_core::{Device, Tensor, Var};
use candle_keras_layers::Variable;
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

    /// The learning rate to begin with.
    fn learning_rate(&self) -> f64;

    /// The names of the tensors that it keeps for each weight, all of the weight's shape and 0 at first.
    fn slots(&self) -> Vec<&'static str>;

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
    learning_rate: f64,
    iterations: u64,
    slots: HashMap<u64, Vec<Var>>,
}

impl<R: UpdateRule + 'static> From<R> for Optimizer {
    fn from(rule: R) -> Self {
        Self { learning_rate: rule.learning_rate(), rule: Ok(Box::new(rule)), iterations: 0, slots: HashMap::new() }
    }
}

impl From<&str> for Optimizer {
    /// Whatever its case, as in Keras.
    fn from(name: &str) -> Self {
        match name.to_lowercase().as_str() {
            "sgd" => SGD::new().into(),
            "rmsprop" => RMSprop::new().into(),
            "adam" => Adam::new().into(),
            _ => Self { rule: Err(name.into()), learning_rate: 0.0, iterations: 0, slots: HashMap::new() },
        }
    }
}

impl fmt::Debug for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after {} steps", self.rule, self.iterations)
    }
}

impl Optimizer {
    fn rule(&self) -> Result<&dyn UpdateRule> {
        let rule = self.rule.as_ref().map_err(|name| Error::unknown("optimizer", name, &["sgd", "rmsprop", "adam"]))?;
        Ok(&**rule)
    }

    /// An error if the name or an argument cannot be.
    pub fn check(&self) -> Result<()> {
        if !self.learning_rate.is_finite() {
            return Err(Error::new("the learning rate must be a number").received(self.learning_rate.to_string()));
        }
        self.rule()?.check()
    }

    /// Keras's name in snake case.
    pub fn name(&self) -> Result<&str> {
        Ok(self.rule()?.name())
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// Changes the learning rate from the next step on.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    /// How many steps were made.
    pub fn iterations(&self) -> u64 {
        self.iterations
    }

    /// The names of the slots that each weight has.
    pub fn slot_names(&self) -> Result<Vec<&'static str>> {
        Ok(self.rule()?.slots())
    }

    /// The slots of a weight, in the order of their names; `None` before its first update.
    pub fn slots(&self, variable: &Variable) -> Option<Vec<Tensor>> {
        Some(self.slots.get(&variable.id())?.iter().map(Var::as_detached_tensor).collect())
    }

    /// The number of numbers in all slots, and one each for the count of steps and the learning rate, as Keras counts them.
    pub fn count_params(&self) -> usize {
        2 + self.slots.values().flatten().map(|slot| slot.elem_count()).sum::<usize>()
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
                let zeros = self.rule()?.slots().into_iter().map(|_| Var::from_tensor(&variable.value().zeros_like()?));
                self.slots.insert(variable.id(), zeros.collect::<candle_core::Result<_>>()?);
            }
        }
        Ok(())
    }

    /// Makes a step: changes each weight by its gradient, then brings it back to its constraint.
    pub fn apply(&mut self, gradients: &[(Variable, Gradient)]) -> Result<()> {
        for (variable, gradient) in gradients {
            self.build(std::slice::from_ref(variable))?;
            self.update(variable, gradient)?;
            variable.constrain()?;
        }
        self.iterations += 1;
        Ok(())
    }

    fn update(&self, variable: &Variable, gradient: &Gradient) -> Result<()> {
        let (rule, weight) = (self.rule()?, variable.value());
        let step = Step { learning_rate: self.learning_rate, number: self.iterations + 1 };
        let slots = self.slots.get(&variable.id()).map_or(&[][..], Vec::as_slice);
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
            let count = rule.slots().len();
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
