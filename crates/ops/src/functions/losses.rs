//! Crossentropies, without a mean over the batch.

use super::*;
use crate::axes::resolve_axis;
use crate::elementwise::{self, float};
use crate::{axes, linalg, reduce};
use candle_core::bail;

/// How far probabilities are kept from 0 and 1. Keras: `backend.epsilon()`.
const EPSILON: f64 = 1e-7;

operations! {
    /// Crossentropies of targets and predictions; these have the gradient.
    mod crossentropies: Nn, Composition;

    /// `-target log(output) - (1 - target) log(1 - output)` of probabilities, or of logits.
    BinaryCrossentropy binary_crossentropy(target, output)[from_logits: bool = false]: {
        if target.shape != output.shape {
            bail!("targets and outputs of one shape are needed, received {:?} and {:?}", target.shape, output.shape)
        }
        Ok(output.float())
    } => {
        let output = float(output)?;
        let target = target.detach().to_dtype(output.dtype())?;
        if *from_logits {
            return Ok(vec![(elementwise::softplus(&output)? - (output * target)?)?]);
        }
        let p = elementwise::clip(&output, EPSILON, 1.0 - EPSILON)?;
        let of_others = elementwise::log(&(1.0 - &p)?)?;
        (((&target - 1.0)? * of_others)? - (target * elementwise::log(&p)?)?)?.contiguous()
    };
    /// `-sum(target log(output))` over `axis` of probabilities, which are normalized, or of logits.
    CategoricalCrossentropy categorical_crossentropy(target, output)[from_logits: bool = false, axis: i64 = -1]: {
        if target.shape != output.shape {
            bail!("targets and outputs of one shape are needed, received {:?} and {:?}", target.shape, output.shape)
        }
        without_classes(output, *axis)
    } => categorical(&target.detach(), &float(output)?, *from_logits, *axis);
    /// [`categorical_crossentropy`] of targets that are the numbers of their classes.
    SparseCategoricalCrossentropy sparse_categorical_crossentropy(target, output)[from_logits: bool = false, axis: i64 = -1]: {
        let y = without_classes(output, *axis)?;
        let mut target = target.shape.clone();
        if target.len() == output.rank() && target.last() == Some(&1) {
            target.pop();
        }
        if target != y.shape {
            bail!("a class for each row of the outputs {:?} is needed, received the shape {target:?}", output.shape)
        }
        Ok(y)
    } => {
        let output = float(output)?;
        let dim = resolve_axis(*axis, output.rank())?;
        let target = if target.rank() == output.rank() { target.squeeze(target.rank() - 1)? } else { target.clone() };
        let target = one_hot(&target.detach(), output.dims()[dim] as i64, *axis, output.dtype())?;
        categorical(&target, &output, *from_logits, *axis)
    };
}

fn without_classes(output: &Spec, axis: i64) -> Result<Spec> {
    let mut shape = output.shape.clone();
    let classes = shape.remove(output.dim(axis)?);
    if classes == 0 {
        bail!("a crossentropy needs at least one class, received the shape {:?}", output.shape)
    }
    Ok(output.float().shaped(shape))
}

fn categorical(target: &Tensor, output: &Tensor, from_logits: bool, axis: i64) -> Result<Tensor> {
    let log = if from_logits {
        linalg::log_softmax(output, axis)?
    } else {
        let p = output.broadcast_div(&reduce::sum(output, axes(axis).keepdims(true))?)?;
        elementwise::log(&elementwise::clip(&p, EPSILON, 1.0 - EPSILON)?)?
    };
    reduce::sum(&(target.to_dtype(log.dtype())? * log)?, axis)?.neg()
}
