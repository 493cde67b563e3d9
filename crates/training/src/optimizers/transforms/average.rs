//! Exponential moving averages of the weights, which replace them. Keras: `use_ema`.

use super::{Transform, TransformContext};
use crate::optimizers::{Options, Slot};
use candle_core::Tensor;
use candle_keras_ops::Result;
use std::sync::Arc;

/// An exponential moving average of each weight.
#[derive(Debug)]
pub(super) struct Average {
    momentum: f64,
    overwrite_frequency: Option<u64>,
}

impl Average {
    pub(super) fn of(options: &Options) -> Option<Arc<dyn Transform>> {
        let (momentum, overwrite_frequency) = (options.ema_momentum, options.ema_overwrite_frequency);
        options.use_ema.then(|| Arc::new(Self { momentum, overwrite_frequency }) as _)
    }
}

impl Transform for Average {
    fn slot(&self) -> Option<Slot> {
        Some(Slot::new("average"))
    }

    fn needs_whole_tables(&self) -> bool {
        true
    }

    fn after(&self, context: &TransformContext) -> Result<()> {
        let kept = if context.updates == 0 { 0.0 } else { self.momentum };
        let overwrites = self.overwrite_frequency.is_some_and(|n| (context.updates + 1).is_multiple_of(n));
        for weight in context.weights() {
            let Some(slot) = context.slot(weight) else { continue };
            let average: Tensor = ((slot.as_detached_tensor() * kept)? + (weight.memory() * (1.0 - kept))?)?;
            slot.set(&average)?;
            if overwrites {
                weight.assign(&average)?;
            }
        }
        Ok(())
    }

    fn finalize(&self, context: &TransformContext) -> Result<()> {
        if context.iterations == 0 {
            return Ok(());
        }
        let mut averages = context.weights().filter_map(|weight| Some((weight, context.slot(weight)?)));
        averages.try_for_each(|(weight, slot)| weight.assign(&slot.as_detached_tensor()))
    }
}
