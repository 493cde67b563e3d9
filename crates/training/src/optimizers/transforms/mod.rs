//! Transforms of gradients and weights around a rule. One file each; [`around_a_rule`] has their order.

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

/// Changes gradients before the rule, or weights after it. The gradients pass through all transforms of an optimizer in order.
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
    /// The slot that it keeps for each weight, which files have before those of the rule.
    fn slot(&self) -> Option<Slot> {
        None
    }

    /// Whether it reads whole tables, so that rows of an Embedding cannot have pending updates.
    fn needs_whole_tables(&self) -> bool {
        false
    }

    /// The number of calls of `apply_gradients` for one update.
    fn calls_per_update(&self) -> u64 {
        1
    }

    /// Changes the gradients, or skips or postpones the update.
    ///
    /// # Errors
    /// If a tensor cannot be computed.
    fn gradients(&self, context: &TransformContext, gradients: Vec<(Variable, Gradient)>) -> Result<Next> {
        let _ = context;
        Ok(Next::Update(gradients))
    }

    /// Runs at the end of each call of `apply_gradients`, after the rule has updated the weights.
    ///
    /// # Errors
    /// If a tensor cannot be computed.
    fn after(&self, context: &TransformContext) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// Sets the final values of the weights, at the end of `fit`.
    ///
    /// # Errors
    /// If a tensor cannot be computed.
    fn finalize(&self, context: &TransformContext) -> Result<()> {
        let _ = context;
        Ok(())
    }
}

/// What follows a [`Transform`].
#[derive(Debug)]
pub enum Next {
    /// An update with these gradients.
    Update(Vec<(Variable, Gradient)>),
    /// No update yet: the gradients are part of a later one.
    Wait,
    /// The step is skipped: it is not counted, and states of layers are not updated either.
    Skip,
}

/// The view of its optimizer that a [`Transform`] gets.
#[derive(Debug)]
pub struct TransformContext<'a> {
    /// The number of earlier calls of `apply_gradients`.
    pub iterations: u64,
    /// The number of updates of the weights in these.
    pub updates: u64,
    pub(super) slots: &'a WeightSlots,
    pub(super) place: usize,
}

impl TransformContext<'_> {
    /// The weights that the optimizer updates.
    pub fn weights(&self) -> impl Iterator<Item = &Variable> {
        self.slots.weights()
    }

    /// The transform's own slot of a weight.
    pub fn slot(&self, weight: &Variable) -> Option<&Var> {
        self.slots.of_transform(weight, self.place)
    }
}

/// The transforms of these arguments, in Keras's order.
pub(super) fn around_a_rule(options: &Options) -> Vec<Arc<dyn Transform>> {
    let all = [SkipNonfinite::of(options), Average::of(options), Accumulation::of(options), Clip::of(options)];
    all.into_iter().flatten().collect()
}
