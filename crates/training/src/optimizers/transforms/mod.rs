//! What an optimizer does around its rule. Each kind is a file here, and [`around_a_rule`] says in which order they come.

mod accumulation;
mod average;
mod clip;
mod decay;
mod finite;

pub(super) use decay::WeightDecay;
pub(super) use finite::all_finite;

use super::weight_slots::WeightSlots;
use super::{Options, Slot};
use accumulation::Accumulation;
use average::Average;
use candle_core::Var;
use candle_keras_layers::Variable;
use candle_keras_ops::{Gradient, Result};
use clip::Clip;
use finite::SkipNonfinite;
use std::fmt::Debug;
use std::sync::Arc;

/// Changes gradients before a rule gets them, or weights after the rule has changed them. The gradients go through all transforms of an
/// optimizer one after the other.
///
/// ```
/// use candle_keras_layers::Variable;
/// use candle_keras_ops::{Gradient, Result};
/// use candle_keras_training::Optimizer;
/// use candle_keras_training::optimizers::{Adam, Next, Transform, TransformContext};
///
/// /// Half of each gradient.
/// #[derive(Debug)]
/// struct Half;
///
/// impl Transform for Half {
///     fn gradients(&self, _: &TransformContext, gradients: Vec<(Variable, Gradient)>) -> Result<Next> {
///         let half = |(weight, gradient): (Variable, Gradient)| Ok((weight, gradient.scaled(0.5)?));
///         Ok(Next::Update(gradients.into_iter().map(half).collect::<Result<_>>()?))
///     }
/// }
///
/// let optimizer = Optimizer::from(Adam::new()).transform(Half);
/// ```
pub trait Transform: Debug + Send + Sync {
    /// The tensor that it keeps for each weight, which is in files before those of the rule.
    fn slot(&self) -> Option<Slot> {
        None
    }

    /// Whether it reads whole tables, so that the rows of an Embedding cannot be updated later.
    fn needs_whole_tables(&self) -> bool {
        false
    }

    /// How many calls of `apply_gradients` make one update.
    fn calls_per_update(&self) -> u64 {
        1
    }

    /// Changes the gradients, or says that there is no update now.
    ///
    /// # Errors
    /// If a tensor cannot be computed.
    fn gradients(&self, context: &TransformContext, gradients: Vec<(Variable, Gradient)>) -> Result<Next> {
        let _ = context;
        Ok(Next::Update(gradients))
    }

    /// Runs at the end of each call of `apply_gradients`, when the rule has changed the weights.
    ///
    /// # Errors
    /// If a tensor cannot be computed.
    fn after(&self, context: &TransformContext) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// Gives the weights their final values, at the end of `fit`.
    ///
    /// # Errors
    /// If a tensor cannot be computed.
    fn finalize(&self, context: &TransformContext) -> Result<()> {
        let _ = context;
        Ok(())
    }
}

/// What comes after a [`Transform`].
#[derive(Debug)]
pub enum Next {
    /// An update with these gradients.
    Update(Vec<(Variable, Gradient)>),
    /// No update: these gradients are part of a later one.
    Wait,
    /// Nothing: the step is not counted, and states of layers stay as they are as well.
    Skip,
}

/// What a [`Transform`] sees of its optimizer.
#[derive(Debug)]
pub struct TransformContext<'a> {
    /// How many times gradients were applied before.
    pub iterations: u64,
    /// How many updates of the weights these made.
    pub updates: u64,
    pub(super) slots: &'a WeightSlots,
    pub(super) place: usize,
}

impl TransformContext<'_> {
    /// The weights that the optimizer changes.
    pub fn weights(&self) -> impl Iterator<Item = &Variable> {
        self.slots.weights()
    }

    /// The transform's own slot of a weight.
    pub fn slot(&self, weight: &Variable) -> Option<&Var> {
        self.slots.of_transform(weight, self.place)
    }
}

/// The transforms that these arguments ask for, in Keras's order.
pub(super) fn around_a_rule(options: &Options) -> Vec<Arc<dyn Transform>> {
    let all = [SkipNonfinite::of(options), Average::of(options), Accumulation::of(options), Clip::of(options)];
    all.into_iter().flatten().collect()
}
