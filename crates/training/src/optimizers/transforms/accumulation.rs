//! Gradient accumulation over several calls. Keras: `gradient_accumulation_steps`.

use super::{Next, Transform, TransformContext};
use crate::optimizers::{Options, Slot};
use candle_keras_layers::Variable;
use candle_keras_ops::{Error, Gradient, Result};
use std::sync::Arc;

/// Updates once with the mean of so many gradients.
#[derive(Debug)]
pub(super) struct Accumulation {
    calls: u64,
}

impl Accumulation {
    pub(super) fn of(options: &Options) -> Option<Arc<dyn Transform>> {
        let calls = options.gradient_accumulation_steps.filter(|calls| *calls > 1)?;
        Some(Arc::new(Self { calls }))
    }
}

impl Transform for Accumulation {
    fn slot(&self) -> Option<Slot> {
        Some(Slot::new("gradient_accumulator"))
    }

    fn needs_whole_tables(&self) -> bool {
        true
    }

    fn calls_per_update(&self) -> u64 {
        self.calls
    }

    fn gradients(&self, context: &TransformContext, gradients: Vec<(Variable, Gradient)>) -> Result<Next> {
        let updates = (context.iterations + 1).is_multiple_of(self.calls);
        let add = |(weight, gradient): (Variable, Gradient)| -> Result<_> {
            let slot = context.slot(&weight).ok_or_else(|| Error::new("a weight without a slot"))?;
            let sum = (slot.as_detached_tensor() + gradient.to_dense(&weight.memory())?)?;
            slot.set(&if updates { sum.zeros_like()? } else { sum.clone() })?;
            Ok((weight, Gradient::Dense((sum / self.calls as f64)?)))
        };
        let means = gradients.into_iter().map(add).collect::<Result<_>>()?;
        Ok(if updates { Next::Update(means) } else { Next::Wait })
    }
}
