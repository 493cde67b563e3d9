//! The forward pass; each thread takes a chunk of the batch through all steps.

use super::{Cell, Outputs, Plan, RnnConfig, Saved};
use crate::cores;
use crate::host::view;
use crate::matmul::{Matrix, gemm};
use crate::simd;
use crate::simd::Float;
use candle_core::Result;

/// What a chunk of the batch keeps for the backward pass, step by step.
pub(super) struct Trace<T> {
    /// Which samples.
    pub(super) samples: std::ops::Range<usize>,
    /// The gates after their activations; for a GRU, then the product of the state for the candidate.
    pub(super) gates: Vec<T>,
    /// The state before each step, and before dropout.
    pub(super) before: Vec<T>,
    /// The LSTM's carry before each step, and the last.
    pub(super) carry: Vec<T>,
}

/// The value, and what each chunk of the batch keeps for the backward pass.
pub(super) fn forward<T: Float>(plan: Plan, saved: &Saved) -> Result<(Vec<T>, Vec<Trace<T>>)> {
    let (inputs, kernel) = (view::<T>(&saved.inputs)?, view::<T>(&saved.kernel)?);
    let bias = saved.bias.as_ref().map(view::<T>).transpose()?;
    let dropout = saved.dropout.as_ref().map(view::<T>).transpose()?;
    let state = saved.state.iter().flatten().map(view::<T>).collect::<Result<Vec<_>>>()?;
    let state: Vec<&[T]> = state.iter().map(|state| &**state).collect();
    let numbers = Slices {
        inputs: &inputs,
        kernel: &kernel,
        bias: bias.as_deref(),
        dropout: dropout.as_deref(),
        state: &state,
        mask: saved.mask.as_deref(),
    };
    let row = plan.row();
    let mut value = vec![T::ZERO; plan.batch * row];
    let mut rest = value.as_mut_slice();
    let mut parts = Vec::new();
    for samples in plan.chunks() {
        let (part, others) = rest.split_at_mut(samples.len() * row);
        rest = others;
        parts.push((samples, part));
    }
    let traces = cores::map(parts, |(samples, out)| forward_chunk(plan, &numbers, samples, out));
    Ok((value, traces))
}

/// The tensors of [`Saved`], as slices.
pub(super) struct Slices<'a, T> {
    pub(super) inputs: &'a [T],
    /// Transposed in the backward pass.
    pub(super) kernel: &'a [T],
    pub(super) bias: Option<&'a [T]>,
    /// A row for each sample, with the factors of all gates.
    pub(super) dropout: Option<&'a [T]>,
    pub(super) state: &'a [&'a [T]],
    pub(super) mask: Option<&'a [u8]>,
}

impl<T: Float> Slices<'_, T> {
    pub(super) fn masked(&self, plan: &Plan, sample: usize, step: usize) -> bool {
        self.mask.is_some_and(|mask| mask[sample * plan.steps + step] == 0)
    }
}

fn forward_chunk<T: Float>(plan: Plan, x: &Slices<T>, samples: std::ops::Range<usize>, out: &mut [T]) -> Trace<T> {
    let Plan { config, steps, units, .. } = plan;
    let (count, width, kept) = (samples.len(), plan.width(), plan.gates());
    let lstm = config.cell == Cell::Lstm;
    let slots = if plan.kept { steps } else { 1 };
    let mut trace = Trace {
        samples: samples.clone(),
        gates: vec![T::ZERO; slots * count * kept],
        before: vec![T::ZERO; slots * count * units],
        carry: vec![T::ZERO; if lstm { (slots + 1) * count * units } else { 0 }],
    };
    let first = |i: usize| {
        x.state
            .get(i)
            .map_or_else(|| vec![T::ZERO; count * units], |s| s[samples.start * units..samples.end * units].to_vec())
    };
    let mut h = first(0);
    if lstm {
        trace.carry[..count * units].copy_from_slice(&first(1));
    }
    let row = plan.row();
    let mut z = vec![T::ZERO; count * width];
    let mut reset = vec![T::ZERO; count * units];
    let dropout = x.dropout.map(|dropout| &dropout[samples.start * width..samples.end * width]);
    let mut dropped = vec![T::ZERO; if dropout.is_some() { count * units } else { 0 }];
    for time in 0..steps {
        let (step, slot) = (plan.step(time), plan.slot(time));
        let before = &mut trace.before[slot * count * units..(slot + 1) * count * units];
        before.copy_from_slice(&h);
        let before = &*before;
        let part_of_inputs = |sample: usize| ((samples.start + sample) * steps + step) * width;
        // Adds the products of the state with the kernels of the first gates.
        let add_products = |z: &mut [T], dropped: &mut [T], gates: usize| match dropout {
            None => {
                let kernel = Matrix::strided(x.kernel, (units, gates * units), (width, 1));
                gemm(z, width, true, Matrix::rows(before, count, units), kernel);
            }
            Some(dropout) => (0..gates).for_each(|gate| {
                drop_for(dropped, before, dropout, gate, plan);
                let kernel = Matrix::strided(&x.kernel[gate * units..], (units, units), (width, 1));
                gemm(&mut z[gate * units..], width, true, Matrix::rows(dropped, count, units), kernel);
            }),
        };
        let gates = &mut trace.gates[slot * count * kept..(slot + 1) * count * kept];
        match config.cell {
            Cell::Simple | Cell::Lstm => {
                for (sample, z) in z.chunks_exact_mut(width).enumerate() {
                    z.copy_from_slice(&x.inputs[part_of_inputs(sample)..][..width]);
                }
                add_products(&mut z, &mut dropped, config.cell.gates());
            }
            Cell::GruResetAfter => {
                match x.bias {
                    Some(bias) => z.chunks_exact_mut(width).for_each(|z| z.copy_from_slice(bias)),
                    None => z.fill(T::ZERO),
                }
                add_products(&mut z, &mut dropped, config.cell.gates());
            }
            Cell::GruResetBefore => {
                for (sample, z) in z.chunks_exact_mut(width).enumerate() {
                    z.copy_from_slice(&x.inputs[part_of_inputs(sample)..][..width]);
                }
                add_products(&mut z, &mut dropped, 2);
                let state = match dropout {
                    Some(dropout) => {
                        drop_for(&mut dropped, before, dropout, 2, plan);
                        &*dropped
                    }
                    None => before,
                };
                for (sample, z) in z.chunks_exact_mut(width).enumerate() {
                    let at = sample * units..(sample + 1) * units;
                    let r = &mut z[units..2 * units];
                    config.recurrent_activation.apply(r);
                    let products = r.iter().zip(&state[at.clone()]);
                    for (reset, (&r, &h)) in reset[at].iter_mut().zip(products) {
                        *reset = r * h;
                    }
                }
                let of_reset = Matrix::rows(&reset, count, units);
                let third = Matrix::strided(&x.kernel[2 * units..], (units, units), (width, 1));
                gemm(&mut z[2 * units..], width, true, of_reset, third);
            }
        }
        let (carry, next_carry) = if lstm {
            let (now, next) = trace.carry[slot * count * units..(slot + 2) * count * units].split_at_mut(count * units);
            (&*now, next)
        } else {
            (&[][..], &mut [][..])
        };
        for sample in 0..count {
            let at = sample * units..(sample + 1) * units;
            let masked = x.masked(&plan, samples.start + sample, step);
            let (z, h, gates) =
                (&mut z[sample * width..][..width], &mut h[at.clone()], &mut gates[sample * kept..][..kept]);
            match config.cell {
                Cell::Simple => {
                    config.activation.apply(z);
                    gates.copy_from_slice(z);
                    if !masked {
                        h.copy_from_slice(z);
                    }
                }
                Cell::Lstm => {
                    lstm_gates(config, z);
                    gates.copy_from_slice(z);
                    let (carry, next) = (&carry[at.clone()], &mut next_carry[at.clone()]);
                    if masked {
                        next.copy_from_slice(carry);
                    } else {
                        lstm_state(config, [h, next], carry, z);
                    }
                }
                Cell::GruResetAfter => {
                    let input = &x.inputs[part_of_inputs(sample)..][..width];
                    gates[width..].copy_from_slice(&z[2 * units..]);
                    for (z, &x) in z[..2 * units].iter_mut().zip(input) {
                        *z += x;
                    }
                    config.recurrent_activation.apply(&mut z[..2 * units]);
                    let (two, third) = z.split_at_mut(2 * units);
                    let r = &two[units..];
                    for (z, (&r, &x)) in third.iter_mut().zip(r.iter().zip(&input[2 * units..])) {
                        *z = *z * r + x;
                    }
                    config.activation.apply(third);
                    gates[..width].copy_from_slice(z);
                    if !masked {
                        simd!(gru_state(h, z));
                    }
                }
                Cell::GruResetBefore => {
                    config.recurrent_activation.apply(&mut z[..units]);
                    config.activation.apply(&mut z[2 * units..]);
                    gates.copy_from_slice(z);
                    if !masked {
                        simd!(gru_state(h, z));
                    }
                }
            }
            if plan.outputs() > 0 && !(masked && config.zero_masked) {
                out[sample * row + plan.output_index(time) * units..][..units].copy_from_slice(h);
            }
        }
        if lstm && !plan.kept {
            trace.carry.copy_within(count * units.., 0);
        }
    }
    for sample in (0..count).filter(|_| config.outputs != Outputs::Sequence) {
        let (at, last) = (sample * units..(sample + 1) * units, sample * row + plan.outputs() * units);
        out[last..last + units].copy_from_slice(&h[at.clone()]);
        if lstm && config.outputs == Outputs::All {
            let carry = &trace.carry[slots * count * units..][at];
            out[last + units..last + 2 * units].copy_from_slice(carry);
        }
    }
    trace
}

/// States after the dropout of a gate. `dropout` has a row with the factors of all gates for each sample; the states are those of the samples,
/// step by step.
pub(super) fn drop_for<T: Float>(dropped: &mut [T], states: &[T], dropout: &[T], gate: usize, plan: Plan) {
    let (units, width) = (plan.units, plan.width());
    let rows = dropped.chunks_exact_mut(units).zip(states.chunks_exact(units));
    for ((dropped, state), factors) in rows.zip(dropout.chunks_exact(width).cycle()) {
        for ((dropped, &h), &factor) in dropped.iter_mut().zip(state).zip(&factors[gate * units..]) {
            *dropped = h * factor;
        }
    }
}

/// Activates the gates of an LSTM: the input's, the forget gate, the candidate and the output's, a quarter each.
pub(super) fn lstm_gates<T: Float>(config: RnnConfig, z: &mut [T]) {
    let units = z.len() / 4;
    config.recurrent_activation.apply(&mut z[..2 * units]);
    config.activation.apply(&mut z[2 * units..3 * units]);
    config.recurrent_activation.apply(&mut z[3 * units..]);
}

/// The next state `h` and carry `next` of an LSTM, from its gates `z`.
pub(super) fn lstm_state<T: Float>(config: RnnConfig, [h, next]: [&mut [T]; 2], carry: &[T], z: &[T]) {
    simd!(lstm_carry(next, carry, z));
    h.copy_from_slice(next);
    config.activation.apply(h);
    for (h, &o) in h.iter_mut().zip(&z[3 * next.len()..]) {
        *h *= o;
    }
}

#[inline(always)]
fn lstm_carry<T: Float>(next: &mut [T], carry: &[T], z: &[T]) {
    let units = next.len();
    let (i, f, c) = (&z[..units], &z[units..2 * units], &z[2 * units..3 * units]);
    let gates = i.iter().zip(f).zip(c);
    for ((next, &carry), ((&i, &f), &c)) in next.iter_mut().zip(carry).zip(gates) {
        *next = f * carry + i * c;
    }
}

#[inline(always)]
fn gru_state<T: Float>(h: &mut [T], z: &[T]) {
    let units = h.len();
    for ((h, &z), &candidate) in h.iter_mut().zip(&z[..units]).zip(&z[2 * units..3 * units]) {
        *h = z * *h + (T::ONE - z) * candidate;
    }
}
