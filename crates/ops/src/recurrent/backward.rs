//! Backpropagation through time, from the last step to the first, and one product over all steps for the gradient of the kernel.

use super::forward::{Slices, Trace, drop_for};
use super::{Cell, Plan, RnnConfig, Saved};
use crate::cores;
use crate::host::view;
use crate::matmul::{FusedActivation, Matrix, gemm};
use crate::simd;
use crate::simd::Float;
use candle_core::Result;

/// The gradients of a whole batch.
pub(super) struct BatchGradients<T> {
    pub(super) inputs: Vec<T>,
    pub(super) kernel: Vec<T>,
    pub(super) bias: Vec<T>,
    pub(super) state: Vec<Vec<T>>,
}

/// All gradients, from the gradient of the value.
pub(super) fn backward<T: Float>(
    plan: Plan,
    saved: &Saved,
    traces: &[Trace<T>],
    dy: &[T],
) -> Result<BatchGradients<T>> {
    let Plan { batch, steps, units, .. } = plan;
    let width = plan.width();
    // Transposed once: gemm would do it at each step, for the few rows of a chunk.
    let transposed = saved.kernel.t()?.contiguous()?;
    let kernel = view::<T>(&transposed)?;
    let dropout = saved.dropout.as_ref().map(view::<T>).transpose()?;
    let state = saved.state.iter().flatten().map(view::<T>).collect::<Result<Vec<_>>>()?;
    let state: Vec<&[T]> = state.iter().map(|state| &**state).collect();
    let numbers = Slices {
        inputs: &[],
        kernel: &kernel,
        bias: None,
        dropout: dropout.as_deref(),
        state: &state,
        mask: saved.mask.as_deref(),
    };
    let mut inputs = vec![T::ZERO; batch * steps * width];
    let mut rest = inputs.as_mut_slice();
    let mut parts = Vec::new();
    for trace in traces {
        let (part, others) = rest.split_at_mut(trace.samples.len() * steps * width);
        rest = others;
        parts.push((trace, part));
    }
    let found = cores::map(parts, |(trace, dx)| backward_chunk(plan, &numbers, trace, dy, dx));
    let mut sum =
        BatchGradients { inputs, kernel: vec![T::ZERO; units * width], bias: vec![T::ZERO; width], state: Vec::new() };
    sum.state = vec![Vec::with_capacity(batch * units); plan.config.cell.states()];
    for (dw, db, state) in found {
        for (sum, x) in sum.kernel.iter_mut().zip(dw) {
            *sum += x;
        }
        for (sum, x) in sum.bias.iter_mut().zip(db) {
            *sum += x;
        }
        sum.state.iter_mut().zip(state).for_each(|(sum, part)| sum.extend(part));
    }
    Ok(sum)
}

type ChunkGradients<T> = (Vec<T>, Vec<T>, Vec<Vec<T>>);

/// The gradients of a chunk of the batch; those of the inputs are written to `dx`.
fn backward_chunk<T: Float>(plan: Plan, x: &Slices<T>, trace: &Trace<T>, dy: &[T], dx: &mut [T]) -> ChunkGradients<T> {
    let Plan { config, steps, units, .. } = plan;
    let (count, width, kept) = (trace.samples.len(), plan.width(), plan.gates());
    let row = plan.row();
    let of_sample = |sample: usize| &dy[(trace.samples.start + sample) * row..][..row];
    let lstm = config.cell == Cell::Lstm;
    let of_state = |i: usize| -> Vec<T> {
        let from = (plan.outputs() + i) * units;
        if from + units > row {
            return vec![T::ZERO; count * units];
        }
        (0..count).flat_map(|sample| of_sample(sample)[from..from + units].iter().copied()).collect()
    };
    let (mut dh, mut dc) = (of_state(0), if lstm { of_state(1) } else { Vec::new() });
    // The gradients of the gates before their activations, step by step, for one product with the states at the end. Of a GRU that resets
    // after the product, the candidate's are those of the product with the state.
    let mut dz = vec![T::ZERO; steps * count * width];
    let mut back = vec![T::ZERO; count * units];
    let dropout = x.dropout.map(|dropout| &dropout[trace.samples.start * width..trace.samples.end * width]);
    let mut of_gate = vec![T::ZERO; if dropout.is_some() { count * units } else { 0 }];
    let mut dropped = vec![T::ZERO; if dropout.is_some() { steps.max(1) * count * units } else { 0 }];
    let mut reset = vec![T::ZERO; if config.cell == Cell::GruResetBefore { steps * count * units } else { 0 }];
    for time in (0..steps).rev() {
        let step = plan.step(time);
        let dz = &mut dz[time * count * width..][..count * width];
        let gates = &trace.gates[time * count * kept..][..count * kept];
        let before = &trace.before[time * count * units..][..count * units];
        // What reaches the previous state directly, not through the products.
        let mut direct = vec![T::ZERO; count * units];
        for sample in 0..count {
            let at = sample * units..(sample + 1) * units;
            let masked = x.masked(&plan, trace.samples.start + sample, step);
            let (dh, direct) = (&mut dh[at.clone()], &mut direct[at.clone()]);
            if plan.outputs() > 0 && !(masked && config.zero_masked) {
                let dy = &of_sample(sample)[plan.output_index(time) * units..][..units];
                for (dh, &dy) in dh.iter_mut().zip(dy) {
                    *dh += dy;
                }
            }
            if masked {
                // This step is masked: the gradients of the states pass through.
                direct.copy_from_slice(dh);
                continue;
            }
            let gates = &gates[sample * kept..][..kept];
            let dz = &mut dz[sample * width..][..width];
            let dx = &mut dx[(sample * steps + step) * width..][..width];
            match config.cell {
                Cell::Simple => {
                    for (dz, (&dh, &y)) in dz.iter_mut().zip(dh.iter().zip(gates)) {
                        *dz = dh * config.activation.slope(y);
                    }
                }
                Cell::Lstm => {
                    let carry = &trace.carry[time * count * units..][at.clone()];
                    let next = &trace.carry[(time + 1) * count * units..][at.clone()];
                    lstm_backward(config, dz, dh, &mut dc[at.clone()], gates, carry, next);
                }
                Cell::GruResetAfter | Cell::GruResetBefore => {
                    gru_backward(config, dz, dh, direct, gates, &before[at.clone()]);
                }
            }
            dx.copy_from_slice(dz);
            if config.cell == Cell::GruResetAfter {
                // The candidate is of x_h + r (h U_h + b_h).
                let (r, product) = (&gates[units..2 * units], &gates[width..]);
                for j in 0..units {
                    let candidate = dz[2 * units + j];
                    let dr = candidate * product[j] * config.recurrent_activation.slope(r[j]);
                    dz[units + j] = dr;
                    dx[units + j] = dr;
                    dz[2 * units + j] = candidate * r[j];
                }
            }
        }
        // Through the products of the state with the kernels of the first gates.
        let mut add_products = |back: &mut [T], dz: &[T], gates: usize| match dropout {
            None => {
                let kernel = Matrix::rows(x.kernel, gates * units, units);
                gemm(back, units, true, Matrix::strided(dz, (count, gates * units), (width, 1)), kernel);
            }
            Some(dropout) => (0..gates).for_each(|gate| {
                let kernel = Matrix::rows(&x.kernel[gate * units * units..], units, units);
                let gradients = Matrix::strided(&dz[gate * units..], (count, units), (width, 1));
                gemm(&mut of_gate, units, false, gradients, kernel);
                let copy = dropped.split_at_mut(count * units).0;
                drop_for(copy, &of_gate, dropout, gate, plan);
                back.iter_mut().zip(&*copy).for_each(|(back, &x)| *back += x);
            }),
        };
        match config.cell {
            Cell::GruResetBefore => {
                let third = Matrix::rows(&x.kernel[2 * units * units..], units, units);
                let candidates = Matrix::strided(&dz[2 * units..], (count, units), (width, 1));
                gemm(&mut back, units, false, candidates, third);
                let reset = &mut reset[time * count * units..][..count * units];
                for sample in 0..count {
                    let factors = dropout.map(|dropout| &dropout[sample * width + 2 * units..][..units]);
                    let r = &gates[sample * kept + units..][..units];
                    let masked = x.masked(&plan, trace.samples.start + sample, step);
                    for j in 0..units {
                        let at = sample * units + j;
                        let factor = factors.map_or(T::ONE, |factors| factors[j]);
                        let h = before[at] * factor;
                        reset[at] = r[j] * h;
                        let dr = back[at] * h * config.recurrent_activation.slope(r[j]);
                        back[at] *= r[j] * factor;
                        if !masked {
                            dz[sample * width + units + j] = dr;
                            dx[(sample * steps + step) * width + units + j] = dr;
                        }
                    }
                }
                add_products(&mut back, dz, 2);
            }
            _ => {
                back.fill(T::ZERO);
                add_products(&mut back, dz, config.cell.gates());
            }
        }
        for (dh, (&back, &direct)) in dh.iter_mut().zip(back.iter().zip(&direct)) {
            *dh = back + direct;
        }
    }
    let mut dw = vec![T::ZERO; units * width];
    let all = steps * count;
    let resets = config.cell == Cell::GruResetBefore;
    let of_state = if resets { 2 } else { config.cell.gates() };
    match dropout {
        None => {
            let states = Matrix::rows(&trace.before, all, units).t();
            gemm(&mut dw, width, false, states, Matrix::strided(&dz, (all, of_state * units), (width, 1)));
        }
        Some(dropout) => (0..of_state).for_each(|gate| {
            drop_for(&mut dropped, &trace.before, dropout, gate, plan);
            let gradients = Matrix::strided(&dz[(gate * units).min(dz.len())..], (all, units), (width, 1));
            gemm(&mut dw[gate * units..], width, false, Matrix::rows(&dropped, all, units).t(), gradients);
        }),
    }
    if resets {
        let candidates = Matrix::strided(&dz[(2 * units).min(dz.len())..], (all, units), (width, 1));
        gemm(&mut dw[2 * units..], width, false, Matrix::rows(&reset, all, units).t(), candidates);
    }
    let db = crate::matmul::column_sums(&dz, width);
    (dw, db, if lstm { vec![dh, dc] } else { vec![dh] })
}

/// From the gradients of the state and the carry of an LSTM to those of the inputs of its gates `dz`, and of the carry before, in `dc`.
pub(super) fn lstm_backward<T: Float>(
    config: RnnConfig,
    dz: &mut [T],
    dh: &[T],
    dc: &mut [T],
    gates: &[T],
    carry: &[T],
    next: &[T],
) {
    let units = dh.len();
    let (gate, act) = (config.recurrent_activation, config.activation);
    macro_rules! with {
        ($gate:expr, $act:expr) => {
            simd!(lstm_backward_row(dz, dh, dc, gates, carry, next, units, $gate, $act))
        };
    }
    // Written out for the common pair, so that its loop has no branches.
    match (gate, act) {
        (FusedActivation::Sigmoid, FusedActivation::Tanh) => with!(FusedActivation::Sigmoid, FusedActivation::Tanh),
        _ => with!(gate, act),
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn lstm_backward_row<T: Float>(
    dz: &mut [T],
    dh: &[T],
    dc: &mut [T],
    gates: &[T],
    carry: &[T],
    next: &[T],
    units: usize,
    gate: FusedActivation,
    act: FusedActivation,
) {
    let (i, rest) = gates.split_at(units);
    let (f, rest) = rest.split_at(units);
    let (c, o) = rest.split_at(units);
    let (di, rest) = dz.split_at_mut(units);
    let (df, rest) = rest.split_at_mut(units);
    let (dcandidate, d_o) = rest.split_at_mut(units);
    let (dh, dc, carry, next, o) = (&dh[..units], &mut dc[..units], &carry[..units], &next[..units], &o[..units]);
    let d_o = &mut d_o[..units];
    for j in 0..units {
        let y = act.value(next[j]);
        let all = dc[j] + dh[j] * o[j] * act.slope(y);
        d_o[j] = dh[j] * y * gate.slope(o[j]);
        di[j] = all * c[j] * gate.slope(i[j]);
        df[j] = all * carry[j] * gate.slope(f[j]);
        dcandidate[j] = all * i[j] * act.slope(c[j]);
        dc[j] = all * f[j];
    }
}

/// From the gradient of the state: of the update gate and the candidate, and what reaches the previous state directly.
fn gru_backward<T: Float>(config: RnnConfig, dz: &mut [T], dh: &[T], direct: &mut [T], gates: &[T], h: &[T]) {
    let units = dh.len();
    for j in 0..units {
        let (z, candidate) = (gates[j], gates[2 * units + j]);
        dz[j] = dh[j] * (h[j] - candidate) * config.recurrent_activation.slope(z);
        dz[units + j] = T::ZERO;
        dz[2 * units + j] = dh[j] * (T::ONE - z) * config.activation.slope(candidate);
        direct[j] = dh[j] * z;
    }
}
