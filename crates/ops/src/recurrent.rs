//! LSTM, GRU and SimpleRNN over whole sequences, as one op each with backpropagation through time written by hand.
//!
//! The products with the inputs are one matrix product for all steps (see [`dense`](crate::dense)) and come in here; what is left is, a
//! step, one product of the state with the recurrent kernel and one loop over the gates. Samples do not depend on each other: each core
//! takes its part of the batch through all steps. (candle-nn's layers make some thirty tensors a step, and lose time quadratic in the
//! steps on the way back.)

use crate::cores;
use crate::gpu::{self, on_gpu};
use crate::host::{view, with_real};
use crate::matmul::{FusedActivation, Matrix, gemm};
use crate::simd;
use crate::simd::Real;
use crate::tape::{Value, on_host, record};
use candle_core::{Device, Result, Tensor, bail};

/// The equations of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// `h = activation(z)`, of one gate.
    Simple,
    /// Gates i, f, c, o: `c = f c + i activation(z_c)`, `h = o activation(c)`.
    Lstm,
    /// Gates z, r, h: `h = z h + (1 - z) activation(x_h + r (h U_h + b_h))`, with a second bias for the products with the state.
    GruResetAfter,
    /// The same with `(r h) U_h`.
    GruResetBefore,
}

impl Cell {
    /// How many gates there are.
    pub fn gates(self) -> usize {
        match self {
            Self::Simple => 1,
            Self::Lstm => 4,
            Self::GruResetAfter | Self::GruResetBefore => 3,
        }
    }

    /// How many tensors the state is made of.
    pub fn states(self) -> usize {
        if self == Self::Lstm { 2 } else { 1 }
    }
}

/// How a sequence is gone through.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// The equations.
    pub cell: Cell,
    /// The function of the candidate and of the LSTM's carry.
    pub activation: FusedActivation,
    /// The function of the gates.
    pub recurrent_activation: FusedActivation,
    /// Whether the last step comes first.
    pub backwards: bool,
    /// Whether the outputs are in the order of the inputs, and not in that in which they are made.
    pub in_order: bool,
    /// Whether the output of a step that the mask leaves out is 0, and not the one before.
    pub zero_masked: bool,
    /// What is wanted.
    pub outputs: Outputs,
}

/// What of a run is wanted: what is not is not put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outputs {
    /// The outputs of all steps.
    Sequence,
    /// The last state's first tensor.
    Last,
    /// The outputs of all steps, and all tensors of the last state.
    All,
}

/// What goes into a recurrent layer, beside its way.
#[derive(Debug, Clone, Copy)]
pub struct Sequences<'a> {
    /// The products with the inputs and the bias: `(batch, steps, gates * units)`.
    pub inputs: &'a Tensor,
    /// `(units, gates * units)`.
    pub kernel: &'a Tensor,
    /// The second bias of a GRU: `(gates * units,)`.
    pub bias: Option<&'a Tensor>,
    /// The first state: `(batch, units)` for each of [`Cell::states`]; zeros if there is none.
    pub state: Option<&'a [Tensor]>,
    /// `(batch, steps)`, u8: a step of 0 leaves the state as it is.
    pub mask: Option<&'a Tensor>,
    /// What the state is multiplied with before each product with the kernel: `(batch, units)`.
    pub dropout: Option<&'a Tensor>,
}

/// What came out, as far as it was wanted.
pub struct Run {
    /// The output of each step: `(batch, steps, units)`.
    pub sequence: Option<Tensor>,
    /// The state after the last step: `(batch, units)` each.
    pub states: Vec<Tensor>,
}

/// Runs through the sequences.
///
/// # Errors
/// If the shapes do not suit each other.
pub fn recurrent(way: Way, x: Sequences) -> Result<Run> {
    let (batch, steps, width) = x.inputs.dims3()?;
    let units = x.kernel.dim(0)?;
    let states = way.cell.states();
    let fits = width == way.cell.gates() * units
        && x.kernel.dims() == [units, width]
        && x.bias.is_none_or(|bias| bias.dims() == [width] && way.cell == Cell::GruResetAfter)
        && x.state.is_none_or(|s| s.len() == states && s.iter().all(|s| s.dims() == [batch, units]))
        && x.mask.is_none_or(|mask| mask.dims() == [batch, steps])
        && x.dropout.is_none_or(|dropout| dropout.dims() == [batch, units] && !dropout.track_op());
    if !fits {
        bail!("recurrent: inputs of shape {:?} and a kernel of {:?} do not fit", x.inputs.dims(), x.kernel.dims())
    }
    let mut all = vec![x.inputs, x.kernel];
    all.extend(x.bias);
    all.extend(x.state.into_iter().flatten());
    let kept = all.iter().any(|x| x.track_op());
    let plan = Plan { way, batch, steps, units, kept };
    if on_gpu(&all) && gpu::has_recurrent(way.cell) && batch * units > 0 {
        return plan.unpacked(&gpu::recurrent(plan, x, &all)?);
    }
    if !on_host(&all) {
        return composed(way, x);
    }
    let host = |tensor: Option<&Tensor>| tensor.map(|tensor| tensor.detach().contiguous()).transpose();
    let saved = std::sync::Arc::new(Saved {
        inputs: x.inputs.detach().contiguous()?,
        kernel: x.kernel.detach().contiguous()?,
        bias: host(x.bias)?,
        dropout: host(x.dropout.map(|dropout| dropout.to_dtype(x.inputs.dtype())).transpose()?.as_ref())?,
        state: x.state.map(|s| s.iter().map(|s| s.detach().contiguous()).collect::<Result<Vec<_>>>()).transpose()?,
        mask: x.mask.map(|mask| mask.ne(0.0)?.flatten_all()?.to_vec1::<u8>()).transpose()?,
    });
    let packed = with_real!(x.inputs, T => {
        let (value, traces) = forward::<T>(plan, &saved)?;
        let (has_bias, has_state) = (x.bias.is_some(), x.state.is_some());
        let traces = std::sync::Arc::new(traces);
        record("recurrent", &all, Value::new(value, plan.shape()), move |_, dy| {
            let found = backward::<T>(plan, &saved, &traces, &view::<T>(dy)?)?;
            let device = &Device::Cpu;
            let mut gradients = vec![
                Some(Tensor::from_vec(found.inputs, (batch, steps, width), device)?),
                Some(Tensor::from_vec(found.kernel, (units, width), device)?),
            ];
            if has_bias {
                gradients.push(Some(Tensor::from_vec(found.bias, width, device)?));
            }
            if has_state {
                for state in found.state {
                    gradients.push(Some(Tensor::from_vec(state, (batch, units), device)?));
                }
            }
            Ok(gradients)
        })?
    });
    plan.unpacked(&packed)
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) way: Way,
    pub(crate) batch: usize,
    pub(crate) steps: usize,
    pub(crate) units: usize,
    /// Whether there is a way back, for which each step leaves its numbers.
    pub(crate) kept: bool,
}

struct Saved {
    inputs: Tensor,
    kernel: Tensor,
    bias: Option<Tensor>,
    dropout: Option<Tensor>,
    state: Option<Vec<Tensor>>,
    mask: Option<Vec<u8>>,
}

/// What a part of the batch leaves for the way back: for each step, what its samples' rows were.
struct Trace<T> {
    /// Which samples.
    samples: std::ops::Range<usize>,
    /// The gates after their functions; for a GRU the product with the state for the candidate behind them.
    gates: Vec<T>,
    /// The state before each step, after dropout: what the kernel was multiplied with.
    before: Vec<T>,
    /// The state before each step, where dropout makes it another and the equations need both.
    whole: Vec<T>,
    /// The LSTM's carry before each step, and behind them the last.
    carry: Vec<T>,
}

struct Found<T> {
    inputs: Vec<T>,
    kernel: Vec<T>,
    bias: Vec<T>,
    state: Vec<Vec<T>>,
}

impl Plan {
    pub(crate) fn width(&self) -> usize {
        self.way.cell.gates() * self.units
    }

    /// Numbers of a sample's part of the value: the outputs of all steps, then the last states, so that one op has one value.
    pub(crate) fn row(&self) -> usize {
        let states = match self.way.outputs {
            Outputs::Sequence => 0,
            Outputs::Last => 1,
            Outputs::All => self.way.cell.states(),
        };
        (self.outputs() + states) * self.units
    }

    /// The shape of the value.
    pub(crate) fn shape(&self) -> Vec<usize> {
        match self.way.outputs {
            Outputs::Sequence => vec![self.batch, self.steps, self.units],
            Outputs::Last | Outputs::All => vec![self.batch, self.row()],
        }
    }

    /// What is wanted, of the value.
    fn unpacked(&self, value: &Tensor) -> Result<Run> {
        let Self { batch, steps, units, .. } = *self;
        Ok(match self.way.outputs {
            Outputs::Sequence => Run { sequence: Some(value.clone()), states: Vec::new() },
            Outputs::Last => Run { sequence: None, states: vec![value.clone()] },
            Outputs::All => {
                let part = |from: usize, count: usize| crate::shape::columns(value, from * units, count * units);
                let states = (0..self.way.cell.states()).map(|i| part(steps + i, 1)).collect::<Result<_>>()?;
                Run { sequence: Some(crate::shape::reshaped(&part(0, steps)?, &[batch, steps, units])?), states }
            }
        })
    }

    /// How many steps' outputs are wanted.
    pub(crate) fn outputs(&self) -> usize {
        if self.way.outputs == Outputs::Last { 0 } else { self.steps }
    }

    /// The step that is made at a time.
    pub(crate) fn step(&self, time: usize) -> usize {
        if self.way.backwards { self.steps - 1 - time } else { time }
    }

    /// Where the output that is made at a time stands.
    pub(crate) fn place(&self, time: usize) -> usize {
        if self.way.in_order { self.step(time) } else { time }
    }

    /// The samples in at most eight parts of sixteen or more, for the cores to share. Always the same, so that sums over the parts are the
    /// same bits whatever the machine.
    fn parts(&self) -> Vec<std::ops::Range<usize>> {
        let size = self.batch.div_ceil(8).max(16);
        (0..self.batch).step_by(size).map(|from| from..(from + size).min(self.batch)).collect()
    }

    /// Where a step leaves its numbers: in the place of the step before, if there is no way back.
    fn slot(&self, time: usize) -> usize {
        if self.kept { time } else { 0 }
    }

    /// Numbers left of the gates of a sample and step.
    pub(crate) fn gates(&self) -> usize {
        self.width() + if self.way.cell == Cell::GruResetAfter { self.units } else { 0 }
    }
}

fn forward<T: Real>(plan: Plan, saved: &Saved) -> Result<(Vec<T>, Vec<Trace<T>>)> {
    let (inputs, kernel) = (view::<T>(&saved.inputs)?, view::<T>(&saved.kernel)?);
    let bias = saved.bias.as_ref().map(view::<T>).transpose()?;
    let dropout = saved.dropout.as_ref().map(view::<T>).transpose()?;
    let state = saved.state.iter().flatten().map(view::<T>).collect::<Result<Vec<_>>>()?;
    let state: Vec<&[T]> = state.iter().map(|state| &**state).collect();
    let numbers = Numbers {
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
    for samples in plan.parts() {
        let (part, others) = rest.split_at_mut(samples.len() * row);
        rest = others;
        parts.push((samples, part));
    }
    let traces = cores::map(parts, |(samples, out)| forward_part(plan, &numbers, samples, out));
    Ok((value, traces))
}

struct Numbers<'a, T> {
    inputs: &'a [T],
    kernel: &'a [T],
    bias: Option<&'a [T]>,
    dropout: Option<&'a [T]>,
    state: &'a [&'a [T]],
    mask: Option<&'a [u8]>,
}

impl<T: Real> Numbers<'_, T> {
    fn masked(&self, plan: &Plan, sample: usize, step: usize) -> bool {
        self.mask.is_some_and(|mask| mask[sample * plan.steps + step] == 0)
    }
}

fn forward_part<T: Real>(plan: Plan, x: &Numbers<T>, samples: std::ops::Range<usize>, out: &mut [T]) -> Trace<T> {
    let Plan { way, steps, units, .. } = plan;
    let (count, width, kept) = (samples.len(), plan.width(), plan.gates());
    let lstm = way.cell == Cell::Lstm;
    let gru = matches!(way.cell, Cell::GruResetAfter | Cell::GruResetBefore);
    let slots = if plan.kept { steps } else { 1 };
    let mut trace = Trace {
        samples: samples.clone(),
        gates: vec![T::ZERO; slots * count * kept],
        before: vec![T::ZERO; slots * count * units],
        whole: vec![T::ZERO; if x.dropout.is_some() && gru { slots * count * units } else { 0 }],
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
    for time in 0..steps {
        let (step, slot) = (plan.step(time), plan.slot(time));
        let before = &mut trace.before[slot * count * units..(slot + 1) * count * units];
        before.copy_from_slice(&h);
        if !trace.whole.is_empty() {
            trace.whole[slot * count * units..(slot + 1) * count * units].copy_from_slice(&h);
        }
        if let Some(dropout) = x.dropout {
            let dropout = &dropout[samples.start * units..samples.end * units];
            for (h, &keep) in before.iter_mut().zip(dropout) {
                *h *= keep;
            }
        }
        let before = &*before;
        let part_of_inputs = |sample: usize| ((samples.start + sample) * steps + step) * width;
        let of_state = Matrix::rows(before, count, units);
        let gates = &mut trace.gates[slot * count * kept..(slot + 1) * count * kept];
        match way.cell {
            Cell::Simple | Cell::Lstm => {
                for (sample, z) in z.chunks_exact_mut(width).enumerate() {
                    z.copy_from_slice(&x.inputs[part_of_inputs(sample)..][..width]);
                }
                gemm(&mut z, width, true, of_state, Matrix::rows(x.kernel, units, width));
            }
            Cell::GruResetAfter => {
                match x.bias {
                    Some(bias) => z.chunks_exact_mut(width).for_each(|z| z.copy_from_slice(bias)),
                    None => z.fill(T::ZERO),
                }
                gemm(&mut z, width, true, of_state, Matrix::rows(x.kernel, units, width));
            }
            Cell::GruResetBefore => {
                for (sample, z) in z.chunks_exact_mut(width).enumerate() {
                    z.copy_from_slice(&x.inputs[part_of_inputs(sample)..][..width]);
                }
                let two = Matrix::strided(x.kernel, (units, 2 * units), (width, 1));
                gemm(&mut z, width, true, of_state, two);
                for (sample, z) in z.chunks_exact_mut(width).enumerate() {
                    let at = sample * units..(sample + 1) * units;
                    let r = &mut z[units..2 * units];
                    way.recurrent_activation.apply(r);
                    let products = r.iter().zip(&before[at.clone()]);
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
            match way.cell {
                Cell::Simple => {
                    way.activation.apply(z);
                    gates.copy_from_slice(z);
                    if !masked {
                        h.copy_from_slice(z);
                    }
                }
                Cell::Lstm => {
                    way.recurrent_activation.apply(&mut z[..2 * units]);
                    way.activation.apply(&mut z[2 * units..3 * units]);
                    way.recurrent_activation.apply(&mut z[3 * units..]);
                    gates.copy_from_slice(z);
                    let (carry, next) = (&carry[at.clone()], &mut next_carry[at.clone()]);
                    if masked {
                        next.copy_from_slice(carry);
                    } else {
                        simd!(lstm_carry(next, carry, z));
                        h.copy_from_slice(next);
                        way.activation.apply(h);
                        for (h, &o) in h.iter_mut().zip(&z[3 * units..]) {
                            *h *= o;
                        }
                    }
                }
                Cell::GruResetAfter => {
                    let input = &x.inputs[part_of_inputs(sample)..][..width];
                    gates[width..].copy_from_slice(&z[2 * units..]);
                    for (z, &x) in z[..2 * units].iter_mut().zip(input) {
                        *z += x;
                    }
                    way.recurrent_activation.apply(&mut z[..2 * units]);
                    let (two, third) = z.split_at_mut(2 * units);
                    let r = &two[units..];
                    for (z, (&r, &x)) in third.iter_mut().zip(r.iter().zip(&input[2 * units..])) {
                        *z = *z * r + x;
                    }
                    way.activation.apply(third);
                    gates[..width].copy_from_slice(z);
                    if !masked {
                        simd!(gru_state(h, z));
                    }
                }
                Cell::GruResetBefore => {
                    way.recurrent_activation.apply(&mut z[..units]);
                    way.activation.apply(&mut z[2 * units..]);
                    gates.copy_from_slice(z);
                    if !masked {
                        simd!(gru_state(h, z));
                    }
                }
            }
            if plan.outputs() > 0 && !(masked && way.zero_masked) {
                out[sample * row + plan.place(time) * units..][..units].copy_from_slice(h);
            }
        }
        if lstm && !plan.kept {
            trace.carry.copy_within(count * units.., 0);
        }
    }
    for sample in (0..count).filter(|_| way.outputs != Outputs::Sequence) {
        let (at, last) = (sample * units..(sample + 1) * units, sample * row + plan.outputs() * units);
        out[last..last + units].copy_from_slice(&h[at.clone()]);
        if lstm && way.outputs == Outputs::All {
            let carry = &trace.carry[slots * count * units..][at];
            out[last + units..last + 2 * units].copy_from_slice(carry);
        }
    }
    trace
}

#[inline(always)]
fn lstm_carry<T: Real>(next: &mut [T], carry: &[T], z: &[T]) {
    let units = next.len();
    let (i, f, c) = (&z[..units], &z[units..2 * units], &z[2 * units..3 * units]);
    let gates = i.iter().zip(f).zip(c);
    for ((next, &carry), ((&i, &f), &c)) in next.iter_mut().zip(carry).zip(gates) {
        *next = f * carry + i * c;
    }
}

#[inline(always)]
fn gru_state<T: Real>(h: &mut [T], z: &[T]) {
    let units = h.len();
    for ((h, &z), &candidate) in h.iter_mut().zip(&z[..units]).zip(&z[2 * units..3 * units]) {
        *h = z * *h + (T::ONE - z) * candidate;
    }
}

fn backward<T: Real>(plan: Plan, saved: &Saved, traces: &[Trace<T>], dy: &[T]) -> Result<Found<T>> {
    let Plan { batch, steps, units, .. } = plan;
    let width = plan.width();
    let kernel = view::<T>(&saved.kernel)?;
    let dropout = saved.dropout.as_ref().map(view::<T>).transpose()?;
    let state = saved.state.iter().flatten().map(view::<T>).collect::<Result<Vec<_>>>()?;
    let state: Vec<&[T]> = state.iter().map(|state| &**state).collect();
    let numbers = Numbers {
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
    let found = cores::map(parts, |(trace, dx)| backward_part(plan, &numbers, trace, dy, dx));
    let mut sum = Found { inputs, kernel: vec![T::ZERO; units * width], bias: vec![T::ZERO; width], state: Vec::new() };
    sum.state = vec![Vec::with_capacity(batch * units); plan.way.cell.states()];
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

type PartFound<T> = (Vec<T>, Vec<T>, Vec<Vec<T>>);

/// The gradients of a part of the batch; those of the inputs go to `dx`.
fn backward_part<T: Real>(plan: Plan, x: &Numbers<T>, trace: &Trace<T>, dy: &[T], dx: &mut [T]) -> PartFound<T> {
    let Plan { way, steps, units, .. } = plan;
    let (count, width, kept) = (trace.samples.len(), plan.width(), plan.gates());
    let row = plan.row();
    let of_sample = |sample: usize| &dy[(trace.samples.start + sample) * row..][..row];
    let lstm = way.cell == Cell::Lstm;
    let of_state = |i: usize| -> Vec<T> {
        let from = (plan.outputs() + i) * units;
        if from + units > row {
            return vec![T::ZERO; count * units];
        }
        (0..count).flat_map(|sample| of_sample(sample)[from..from + units].iter().copied()).collect()
    };
    let (mut dh, mut dc) = (of_state(0), if lstm { of_state(1) } else { Vec::new() });
    // The gradients of what the gates' functions are of, step by step, for one product with the states at the end. Of a GRU that resets
    // after the product, the candidate's are those of the product with the state.
    let mut dz = vec![T::ZERO; steps * count * width];
    let mut back = vec![T::ZERO; count * units];
    let mut reset = vec![T::ZERO; if way.cell == Cell::GruResetBefore { steps * count * units } else { 0 }];
    for time in (0..steps).rev() {
        let step = plan.step(time);
        let dz = &mut dz[time * count * width..][..count * width];
        let gates = &trace.gates[time * count * kept..][..count * kept];
        let before = &trace.before[time * count * units..][..count * units];
        // What reaches the state before the step beside the products.
        let mut direct = vec![T::ZERO; count * units];
        for sample in 0..count {
            let at = sample * units..(sample + 1) * units;
            let masked = x.masked(&plan, trace.samples.start + sample, step);
            let (dh, direct) = (&mut dh[at.clone()], &mut direct[at.clone()]);
            if plan.outputs() > 0 && !(masked && way.zero_masked) {
                let dy = &of_sample(sample)[plan.place(time) * units..][..units];
                for (dh, &dy) in dh.iter_mut().zip(dy) {
                    *dh += dy;
                }
            }
            if masked {
                // Nothing of this step counts: the gradients of the states go on as they are.
                direct.copy_from_slice(dh);
                continue;
            }
            let gates = &gates[sample * kept..][..kept];
            let dz = &mut dz[sample * width..][..width];
            let dx = &mut dx[(sample * steps + step) * width..][..width];
            match way.cell {
                Cell::Simple => {
                    for (dz, (&dh, &y)) in dz.iter_mut().zip(dh.iter().zip(gates)) {
                        *dz = dh * way.activation.slope(y);
                    }
                }
                Cell::Lstm => {
                    let carry = &trace.carry[time * count * units..][at.clone()];
                    let next = &trace.carry[(time + 1) * count * units..][at.clone()];
                    lstm_backward(way, dz, dh, &mut dc[at.clone()], gates, carry, next);
                }
                Cell::GruResetAfter | Cell::GruResetBefore => {
                    // What is kept of the state is not dropped.
                    let h = if trace.whole.is_empty() { before } else { &trace.whole[time * count * units..] };
                    gru_backward(way, dz, dh, direct, gates, &h[at.clone()]);
                }
            }
            dx.copy_from_slice(dz);
            if way.cell == Cell::GruResetAfter {
                // The candidate is of x_h + r (h U_h + b_h).
                let (r, product) = (&gates[units..2 * units], &gates[width..]);
                for j in 0..units {
                    let candidate = dz[2 * units + j];
                    let dr = candidate * product[j] * way.recurrent_activation.slope(r[j]);
                    dz[units + j] = dr;
                    dx[units + j] = dr;
                    dz[2 * units + j] = candidate * r[j];
                }
            }
        }
        // Through the products with the state.
        match way.cell {
            Cell::GruResetBefore => {
                let third = Matrix::strided(&x.kernel[2 * units..], (units, units), (width, 1)).t();
                let candidates = Matrix::strided(&dz[2 * units..], (count, units), (width, 1));
                gemm(&mut back, units, false, candidates, third);
                let reset = &mut reset[time * count * units..][..count * units];
                for sample in 0..count {
                    let r = &gates[sample * kept + units..][..units];
                    let masked = x.masked(&plan, trace.samples.start + sample, step);
                    for j in 0..units {
                        let at = sample * units + j;
                        reset[at] = r[j] * before[at];
                        let dr = back[at] * before[at] * way.recurrent_activation.slope(r[j]);
                        back[at] *= r[j];
                        if !masked {
                            dz[sample * width + units + j] = dr;
                            dx[(sample * steps + step) * width + units + j] = dr;
                        }
                    }
                }
                let two = Matrix::strided(x.kernel, (units, 2 * units), (width, 1)).t();
                let gates = Matrix::strided(&*dz, (count, 2 * units), (width, 1));
                gemm(&mut back, units, true, gates, two);
            }
            _ => {
                let kernel = Matrix::rows(x.kernel, units, width).t();
                gemm(&mut back, units, false, Matrix::rows(&*dz, count, width), kernel);
            }
        }
        if let Some(dropout) = x.dropout {
            let dropout = &dropout[trace.samples.start * units..trace.samples.end * units];
            for (back, &keep) in back.iter_mut().zip(dropout) {
                *back *= keep;
            }
        }
        for (dh, (&back, &direct)) in dh.iter_mut().zip(back.iter().zip(&direct)) {
            *dh = back + direct;
        }
    }
    let mut dw = vec![T::ZERO; units * width];
    let all = steps * count;
    let states = Matrix::rows(&trace.before, all, units).t();
    if way.cell == Cell::GruResetBefore {
        gemm(&mut dw, width, false, states, Matrix::strided(&dz, (all, 2 * units), (width, 1)));
        let candidates = Matrix::strided(&dz[(2 * units).min(dz.len())..], (all, units), (width, 1));
        gemm(&mut dw[2 * units..], width, false, Matrix::rows(&reset, all, units).t(), candidates);
    } else {
        gemm(&mut dw, width, false, states, Matrix::rows(&dz, all, width));
    }
    let db = crate::matmul::column_sums(&dz, width);
    (dw, db, if lstm { vec![dh, dc] } else { vec![dh] })
}

fn lstm_backward<T: Real>(way: Way, dz: &mut [T], dh: &[T], dc: &mut [T], gates: &[T], carry: &[T], next: &[T]) {
    let units = dh.len();
    let (gate, act) = (way.recurrent_activation, way.activation);
    macro_rules! with {
        ($gate:expr, $act:expr) => {
            simd!(lstm_backward_row(dz, dh, dc, gates, carry, next, units, $gate, $act))
        };
    }
    // Spelled out for the common pair, so that its loop has no choices in it.
    match (gate, act) {
        (FusedActivation::Sigmoid, FusedActivation::Tanh) => with!(FusedActivation::Sigmoid, FusedActivation::Tanh),
        _ => with!(gate, act),
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn lstm_backward_row<T: Real>(
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

/// From the gradient of the state: of the update gate and the candidate, and what reaches the state before directly.
fn gru_backward<T: Real>(way: Way, dz: &mut [T], dh: &[T], direct: &mut [T], gates: &[T], h: &[T]) {
    let units = dh.len();
    for j in 0..units {
        let (z, candidate) = (gates[j], gates[2 * units + j]);
        dz[j] = dh[j] * (h[j] - candidate) * way.recurrent_activation.slope(z);
        dz[units + j] = T::ZERO;
        dz[2 * units + j] = dh[j] * (T::ONE - z) * way.activation.slope(candidate);
        direct[j] = dh[j] * z;
    }
}

/// The same, step by step, of functions that have gradients of their own: for other devices. Some ten tensors a step.
fn composed(way: Way, x: Sequences) -> Result<Run> {
    composed_with(way, x, |x| way.activation.composed(x), |x| way.recurrent_activation.composed(x))
}

/// [`recurrent`] with any functions as activations, step by step; some ten tensors a step.
///
/// # Errors
/// If the shapes do not suit each other.
pub fn composed_with(
    way: Way,
    x: Sequences,
    activation: impl Fn(&Tensor) -> Result<Tensor>,
    gate: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<Run> {
    let (batch, steps, _) = x.inputs.dims3()?;
    let units = x.kernel.dim(0)?;
    let dropout = x.dropout.map(|dropout| dropout.to_dtype(x.inputs.dtype())).transpose()?;
    let zeros = || Tensor::zeros((batch, units), x.inputs.dtype(), x.inputs.device());
    let mut states = match x.state {
        Some(state) => state.to_vec(),
        None => (0..way.cell.states()).map(|_| zeros()).collect::<Result<_>>()?,
    };
    let part = |z: &Tensor, from: usize, count: usize| z.narrow(1, from * units, count * units);
    let kernel = |from: usize, count: usize| part(x.kernel, from, count)?.contiguous();
    let mut outputs = Vec::with_capacity(steps);
    for time in 0..steps {
        let step = if way.backwards { steps - 1 - time } else { time };
        let input = x.inputs.narrow(1, step, 1)?.squeeze(1)?;
        let h = states[0].clone();
        let kept = dropout.as_ref().map_or_else(|| Ok(h.clone()), |dropout| &h * dropout)?;
        let next = match way.cell {
            Cell::Simple => vec![activation(&(input + kept.matmul(x.kernel)?)?)?],
            Cell::Lstm => {
                let z = (input + kept.matmul(x.kernel)?)?;
                let (i, f, o) = (gate(&part(&z, 0, 1)?)?, gate(&part(&z, 1, 1)?)?, gate(&part(&z, 3, 1)?)?);
                let carry = ((f * &states[1])? + (i * activation(&part(&z, 2, 1)?)?)?)?;
                vec![(o * activation(&carry)?)?, carry]
            }
            Cell::GruResetAfter => {
                let product = kept.matmul(x.kernel)?;
                let product = x.bias.map_or_else(|| Ok(product.clone()), |bias| product.broadcast_add(bias))?;
                let z = gate(&(part(&input, 0, 1)? + part(&product, 0, 1)?)?)?;
                let r = gate(&(part(&input, 1, 1)? + part(&product, 1, 1)?)?)?;
                let candidate = activation(&(part(&input, 2, 1)? + (r * part(&product, 2, 1)?)?)?)?;
                vec![((&z * &h)? + ((1.0 - &z)? * candidate)?)?]
            }
            Cell::GruResetBefore => {
                let two = (part(&input, 0, 2)? + kept.matmul(&kernel(0, 2)?)?)?;
                let (z, r) = (gate(&part(&two, 0, 1)?)?, gate(&part(&two, 1, 1)?)?);
                let candidate = activation(&(part(&input, 2, 1)? + (r * &kept)?.matmul(&kernel(2, 1)?)?)?)?;
                vec![((&z * &h)? + ((1.0 - &z)? * candidate)?)?]
            }
        };
        let mask = x.mask.map(|mask| mask.narrow(1, step, 1)?.ne(0.0)?.broadcast_as((batch, units))).transpose()?;
        let mut output = next[0].clone();
        if let Some(mask) = &mask {
            let choose = |new: &Tensor, old: &Tensor| mask.where_cond(new, old);
            output = choose(&next[0], &if way.zero_masked { zeros()? } else { h })?;
            states = next.iter().zip(&states).map(|(new, old)| choose(new, old)).collect::<Result<_>>()?;
        } else {
            states = next;
        }
        outputs.push(output);
    }
    if way.in_order && way.backwards {
        outputs.reverse();
    }
    Ok(Run { sequence: Some(Tensor::stack(&outputs, 1)?), states })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, try_values, values};

    const CELLS: [Cell; 4] = [Cell::Simple, Cell::Lstm, Cell::GruResetAfter, Cell::GruResetBefore];

    fn way(cell: Cell, backwards: bool, zero_masked: bool) -> Way {
        let (activation, recurrent_activation) = (FusedActivation::Tanh, FusedActivation::Sigmoid);
        Way {
            cell,
            activation,
            recurrent_activation,
            backwards,
            in_order: zero_masked,
            zero_masked,
            outputs: Outputs::All,
        }
    }

    /// Everything that a run gives, in one tensor.
    fn flat(run: Run) -> Result<Tensor> {
        let parts: Vec<Tensor> =
            run.sequence.iter().chain(&run.states).map(|x| x.flatten_all()).collect::<Result<_>>()?;
        Tensor::cat(&parts, 0)
    }

    #[test]
    fn gradients_agree_with_finite_differences_and_with_the_steps_one_by_one() {
        let (batch, steps, units) = (3, 4, 2);
        let mask = Tensor::new(&[[1u8, 1, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1]], &Device::Cpu).unwrap();
        let dropout = Tensor::new(&[[0f64, 2.], [2., 2.], [2., 0.]], &Device::Cpu).unwrap();
        for cell in CELLS {
            let width = cell.gates() * units;
            let mut inputs = vec![
                try_values(&[batch, steps, width], 1).unwrap(),
                try_values(&[units, width], 2).unwrap(),
                values([3, 2], 3),
                values([3, 2], 4),
            ];
            inputs.truncate(2 + cell.states());
            if cell == Cell::GruResetAfter {
                inputs.push(try_values(&[width], 5).unwrap());
            }
            for (masked, dropped, backwards, zeros, state) in [
                (false, false, false, false, false),
                (false, false, true, false, true),
                (true, false, false, false, true),
                (true, true, true, true, true),
                (false, true, false, false, false),
            ] {
                let way = way(cell, backwards, zeros);
                let used: Vec<Tensor> =
                    if state { inputs.clone() } else { [&inputs[..2], &inputs[2 + cell.states()..]].concat() };
                let run = |v: &[Tensor], run: fn(Way, Sequences) -> Result<Run>| {
                    let states = if state { &v[2..2 + cell.states()] } else { &[] };
                    let sequences = Sequences {
                        inputs: &v[0],
                        kernel: &v[1],
                        bias: v.get(2 + states.len()),
                        state: state.then_some(states),
                        mask: masked.then_some(&mask),
                        dropout: dropped.then_some(&dropout),
                    };
                    flat(run(way, sequences)?)
                };
                assert_gradients(&used, |v| run(v, recurrent));
                for outputs in [Outputs::Sequence, Outputs::Last] {
                    let one = |v: &[Tensor]| {
                        let sequences = Sequences {
                            inputs: &v[0],
                            kernel: &v[1],
                            bias: None,
                            state: None,
                            mask: masked.then_some(&mask),
                            dropout: None,
                        };
                        flat(recurrent(Way { outputs, ..way }, sequences)?)
                    };
                    assert_gradients(&used[..2], one);
                }
                let apart = (run(&used, recurrent).unwrap() - run(&used, composed).unwrap()).unwrap().abs().unwrap();
                assert!(apart.max_all().unwrap().to_scalar::<f64>().unwrap() < 1e-12, "{way:?}");
            }
        }
    }

    /// More samples than one part has: the parts' gradients come together.
    #[test]
    fn a_batch_in_parts_has_the_gradients_of_the_whole() {
        let (batch, steps, units) = (35, 3, 2);
        for cell in CELLS {
            let inputs = [
                try_values(&[batch, steps, cell.gates() * units], 1).unwrap(),
                try_values(&[units, cell.gates() * units], 2).unwrap(),
            ];
            let of = |run: fn(Way, Sequences) -> Result<Run>| {
                let found = crate::gradcheck::gradients(&inputs, |v| {
                    let (inputs, kernel) = (&v[0], &v[1]);
                    let x = Sequences { inputs, kernel, bias: None, state: None, mask: None, dropout: None };
                    flat(run(way(cell, false, false), x)?)
                });
                found.unwrap()
            };
            for (found, expected) in of(recurrent).iter().zip(of(composed)) {
                let apart = (found - expected).unwrap().abs().unwrap().max_all().unwrap();
                assert!(apart.to_scalar::<f64>().unwrap() < 1e-10, "{cell:?}");
            }
        }
    }
}
