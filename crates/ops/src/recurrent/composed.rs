//! Composed of candle's functions: some ten tensors a step.

use super::{Cell, Plan, RnnConfig, Run, Sequences};
use candle_core::{Result, Tensor};

/// A composition, for other devices.
pub(super) fn composed(config: RnnConfig, x: Sequences) -> Result<Run> {
    composed_with(config, x, |x| config.activation.composed(x), |x| config.recurrent_activation.composed(x))
}

/// [`recurrent`](super::recurrent) with any functions as activations, composed step by step.
///
/// # Errors
/// If the shapes do not fit.
pub fn composed_with(
    config: RnnConfig,
    x: Sequences,
    activation: impl Fn(&Tensor) -> Result<Tensor>,
    gate: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<Run> {
    let plan = Plan::of(config, x, false)?;
    let Plan { batch, steps, units, .. } = plan;
    if batch == 0 || units == 0 {
        return plan.of_nothing(x.inputs);
    }
    let dropout = x.dropout.map(|dropout| dropout.to_dtype(x.inputs.dtype())).transpose()?;
    let zeros = || Tensor::zeros((batch, units), x.inputs.dtype(), x.inputs.device());
    let mut states = match x.state {
        Some(state) => state.to_vec(),
        None => (0..config.cell.states()).map(|_| zeros()).collect::<Result<_>>()?,
    };
    let part = |z: &Tensor, from: usize, count: usize| z.narrow(1, from * units, count * units);
    let kernel = |from: usize, count: usize| part(x.kernel, from, count)?.contiguous();
    let mut outputs = Vec::with_capacity(steps);
    for time in 0..steps {
        let step = if config.backwards { steps - 1 - time } else { time };
        let input = x.inputs.narrow(1, step, 1)?.squeeze(1)?;
        let h = states[0].clone();
        // The product of the state with the kernels of these gates, each of which drops other elements of it.
        let product = |from: usize, count: usize| match &dropout {
            None if count == config.cell.gates() => h.matmul(x.kernel),
            None => h.matmul(&kernel(from, count)?),
            Some(dropout) => {
                let of_gate = |gate: usize| (&h * part(dropout, gate, 1)?)?.matmul(&kernel(gate, 1)?);
                Tensor::cat(&(from..from + count).map(of_gate).collect::<Result<Vec<_>>>()?, 1)
            }
        };
        let next = match config.cell {
            Cell::Simple => vec![activation(&(input + product(0, 1)?)?)?],
            Cell::Lstm => {
                let z = (input + product(0, 4)?)?;
                let (i, f, o) = (gate(&part(&z, 0, 1)?)?, gate(&part(&z, 1, 1)?)?, gate(&part(&z, 3, 1)?)?);
                let carry = ((f * &states[1])? + (i * activation(&part(&z, 2, 1)?)?)?)?;
                vec![(o * activation(&carry)?)?, carry]
            }
            Cell::GruResetAfter => {
                let product = product(0, 3)?;
                let product = x.bias.map_or_else(|| Ok(product.clone()), |bias| product.broadcast_add(bias))?;
                let z = gate(&(part(&input, 0, 1)? + part(&product, 0, 1)?)?)?;
                let r = gate(&(part(&input, 1, 1)? + part(&product, 1, 1)?)?)?;
                let candidate = activation(&(part(&input, 2, 1)? + (r * part(&product, 2, 1)?)?)?)?;
                vec![((&z * &h)? + ((1.0 - &z)? * candidate)?)?]
            }
            Cell::GruResetBefore => {
                let two = (part(&input, 0, 2)? + product(0, 2)?)?;
                let (z, r) = (gate(&part(&two, 0, 1)?)?, gate(&part(&two, 1, 1)?)?);
                let kept = dropout.as_ref().map_or_else(|| Ok(h.clone()), |dropout| &h * part(dropout, 2, 1)?)?;
                let candidate = activation(&(part(&input, 2, 1)? + (r * &kept)?.matmul(&kernel(2, 1)?)?)?)?;
                vec![((&z * &h)? + ((1.0 - &z)? * candidate)?)?]
            }
        };
        let mask = x.mask.map(|mask| mask.narrow(1, step, 1)?.ne(0.0)?.broadcast_as((batch, units))).transpose()?;
        let mut output = next[0].clone();
        if let Some(mask) = &mask {
            let choose = |new: &Tensor, old: &Tensor| mask.where_cond(new, old);
            output = choose(&next[0], &if config.zero_masked { zeros()? } else { h })?;
            states = next.iter().zip(&states).map(|(new, old)| choose(new, old)).collect::<Result<_>>()?;
        } else {
            states = next;
        }
        outputs.push(output);
    }
    if config.in_order && config.backwards {
        outputs.reverse();
    }
    let sequence = if outputs.is_empty() {
        Tensor::zeros((batch, 0, units), x.inputs.dtype(), x.inputs.device())?
    } else {
        Tensor::stack(&outputs, 1)?
    };
    Ok(Run { sequence: Some(sequence), states })
}
