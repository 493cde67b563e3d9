//! The convolutional LSTM over whole sequences: of all samples, step by step, one convolution of the state and one loop over the gates. Its
//! backward pass goes through the steps in reverse.

use super::backward::lstm_backward;
use super::forward::{lstm_gates, lstm_state};
use super::{Cell, Outputs, RnnConfig, Run, Sequences, in_float32};
use crate::conv::{Axis, Padding, PlainConv, conv};
use crate::cores;
use crate::gpu::{self, on_gpu};
use crate::host::{view, with_float};
use crate::lengths;
use crate::matmul::FusedActivation;
use crate::narrow::are_narrow;
use crate::shape::{columns, reshaped};
use crate::simd::Float;
use crate::tape::{Value, on_host, record};
use candle_core::{Device, Result, Tensor, bail};

/// Runs a convolutional LSTM (Shi et al., 2015) over sequences of images: the gates of a step are those of [`Cell::Lstm`], of
/// `inputs + convolution(h, kernel)` with the size of the image kept.
///
/// # Shapes
/// - `inputs`: `(batch, steps, sizes..., 4 * filters)`, the convolutions of the inputs with their bias; `kernel`:
///   `(window..., filters, 4 * filters)`; the state: `(batch, sizes..., filters)` each
/// - the sequence: `(batch, steps, sizes..., filters)`
///
/// # Errors
/// If the shapes do not fit, or there is a second bias, a mask or dropout.
pub fn conv_lstm(config: RnnConfig, x: Sequences) -> Result<Run> {
    let all = x.all();
    let plan = Plan::of(config, x, all.iter().any(|x| x.track_op()))?;
    if plan.batch * plan.steps * plan.size() == 0 {
        return plan.of_nothing(x);
    }
    if on_gpu(&all) {
        return plan.on_gpu(x);
    }
    if are_narrow(&all) {
        return in_float32(x, |x| conv_lstm(config, x));
    }
    if !on_host(&all) {
        return plan.composed(x);
    }
    let contiguous = |x: &Tensor| x.detach().contiguous();
    let (inputs, kernel) = (contiguous(x.inputs)?, contiguous(x.kernel)?);
    let state = x.state.map(|state| state.iter().map(contiguous).collect::<Result<Vec<_>>>()).transpose()?;
    let packed = with_float!(x.inputs, T => {
        let state = state.iter().flatten().map(view::<T>).collect::<Result<Vec<_>>>()?;
        let state: Vec<&[T]> = state.iter().map(|state| &**state).collect();
        let (value, trace) = plan.forward::<T>(&view::<T>(&inputs)?, &view::<T>(&kernel)?, &state)?;
        let (plan_, has_state) = (plan.clone(), !state.is_empty());
        record("conv_lstm", &all, Value::new(value, plan.shape())?, move |_, dy| {
            let plan = &plan_;
            let found = plan.backward::<T>(&view::<T>(&kernel)?, &trace, has_state, &view::<T>(dy)?);
            let tensor = |data: Vec<T>, shape: &[usize]| Tensor::from_vec(data, shape, &Device::Cpu).map(Some);
            let mut gradients = vec![
                tensor(found.inputs, &plan.whole(Some(plan.steps), 4 * plan.filters))?,
                tensor(found.kernel, kernel.dims())?,
            ];
            if has_state {
                for state in found.state {
                    gradients.push(tensor(state, &plan.whole(None, plan.filters))?);
                }
            }
            Ok(gradients)
        })?
    });
    plan.unpacked(&packed)
}

#[derive(Debug, Clone)]
struct Plan {
    config: RnnConfig,
    batch: usize,
    steps: usize,
    /// The windows of the state's convolution.
    axes: Vec<Axis>,
    filters: usize,
    /// Of a step of all samples.
    conv: PlainConv,
    /// Whether there is a backward pass, for which each step keeps its values.
    kept: bool,
}

/// What the steps keep for the backward pass, in the order of computation.
struct Trace<T> {
    /// The gates after their activations; in a block of pixels ordered by gate.
    gates: Vec<Vec<T>>,
    /// The state before each step; empty where it is 0.
    before: Vec<Vec<T>>,
    /// The carry before each step, and the last.
    carry: Vec<Vec<T>>,
}

struct Gradients<T> {
    inputs: Vec<T>,
    kernel: Vec<T>,
    state: [Vec<T>; 2],
}

impl Plan {
    fn of(config: RnnConfig, x: Sequences, kept: bool) -> Result<Self> {
        lengths::check_floats("conv_lstm", x.all())?;
        let fit = || -> Option<(usize, usize, Vec<Axis>, usize)> {
            let ([batch, steps, sizes @ .., width], [windows @ .., depth, filters]) =
                (x.inputs.dims(), x.kernel.dims())
            else {
                return None;
            };
            let same = |(&size, &window): (&usize, &usize)| Axis::new(size, window, 1, 1, Padding::Same);
            let axes: Vec<Axis> = sizes.iter().zip(windows).map(same).collect();
            let state = [&[*batch], sizes, &[*depth]].concat();
            let fits = sizes.len() == windows.len()
                && (1..=3).contains(&sizes.len())
                && !windows.contains(&0)
                && width == filters
                && depth.checked_mul(4) == Some(*filters)
                && x.state.is_none_or(|s| s.len() == 2 && s.iter().all(|s| s.dims() == state))
                && (x.bias.is_none() && x.mask.is_none() && x.dropout.is_none() && config.cell == Cell::Lstm);
            fits.then_some((*batch, *steps, axes, *depth))
        };
        let Some((batch, steps, axes, filters)) = fit() else {
            bail!("conv_lstm: inputs of shape {:?} and a kernel of {:?} do not fit", x.inputs.dims(), x.kernel.dims())
        };
        let conv = PlainConv::new(batch, &axes, filters, 4 * filters, x.inputs.dtype())?;
        let plan = Self { config, batch, steps, axes, filters, conv, kept };
        lengths::allocated(&plan.whole(Some(steps.saturating_add(2)), filters), x.inputs.dtype())?;
        Ok(plan)
    }

    /// The shape of a tensor of all samples.
    fn whole(&self, steps: Option<usize>, channels: usize) -> Vec<usize> {
        let sizes = self.axes.iter().map(|axis| axis.input);
        std::iter::once(self.batch).chain(steps).chain(sizes).chain([channels]).collect()
    }

    fn pixels(&self) -> usize {
        self.axes.iter().map(|axis| axis.input).product()
    }

    /// How many elements the state of a sample has.
    fn size(&self) -> usize {
        self.pixels() * self.filters
    }

    /// The pixels that are one item of a parallel loop, and the number of items.
    fn blocks(&self) -> (usize, usize) {
        let block = self.axes.last().map_or(1, |axis| axis.input);
        (block, self.batch * (self.pixels() / block))
    }

    /// The number of steps, and of states, in the value of the op.
    fn parts(&self) -> (usize, usize) {
        match self.config.outputs {
            Outputs::Sequence => (self.steps, 0),
            Outputs::Last => (0, 1),
            Outputs::All => (self.steps, 2),
        }
    }

    /// The shape of the value: of each sample the outputs of the steps, then the states.
    fn shape(&self) -> Vec<usize> {
        let (outputs, states) = self.parts();
        vec![self.batch, (outputs + states) * self.size()]
    }

    fn step(&self, time: usize) -> usize {
        if self.config.backwards { self.steps - 1 - time } else { time }
    }

    fn output_index(&self, time: usize) -> usize {
        if self.config.in_order { self.step(time) } else { time }
    }

    fn unpacked(&self, value: &Tensor) -> Result<Run> {
        let ((outputs, states), size) = (self.parts(), self.size());
        let part = |from: usize, count: usize, shape: Vec<usize>| {
            reshaped(&columns(value, from * size, count * size)?, &shape)
        };
        let sequence = (outputs > 0).then(|| part(0, outputs, self.whole(Some(outputs), self.filters)));
        let states = (0..states).map(|i| part(outputs + i, 1, self.whole(None, self.filters)));
        Ok(Run { sequence: sequence.transpose()?, states: states.collect::<Result<_>>()? })
    }

    /// The result without steps or elements.
    fn of_nothing(&self, x: Sequences) -> Result<Run> {
        let zeros = |shape: Vec<usize>| Tensor::zeros(shape, x.inputs.dtype(), x.inputs.device());
        let of = |i: usize| x.state.map_or_else(|| zeros(self.whole(None, self.filters)), |state| Ok(state[i].clone()));
        let sequence = zeros(self.whole(Some(self.steps), self.filters))?;
        Ok(Run {
            sequence: (self.config.outputs != Outputs::Last).then_some(sequence),
            states: (0..self.parts().1).map(of).collect::<Result<_>>()?,
        })
    }

    fn forward<T: Float>(&self, inputs: &[T], kernel: &[T], state: &[&[T]]) -> Result<(Vec<T>, Trace<T>)> {
        let Self { config, batch, steps, filters, .. } = *self;
        let ((outputs, states), size, (block, blocks)) = (self.parts(), self.size(), self.blocks());
        let row = (outputs + states) * size;
        let mut value = vec![T::ZERO; batch * row];
        let mut trace = Trace { gates: Vec::new(), before: Vec::new(), carry: Vec::new() };
        // A state of zeros has a convolution of zeros.
        let mut h = state.first().map_or_else(Vec::new, |h| h.to_vec());
        let mut carry = state.get(1).map_or_else(|| vec![T::ZERO; batch * size], |c| c.to_vec());
        let mut write = |at: usize, part: &[T]| {
            let samples = value.chunks_exact_mut(row).zip(part.chunks_exact(size));
            cores::each(samples, |(value, part)| value[at * size..][..size].copy_from_slice(part));
        };
        for time in 0..steps {
            let (step, width) = (self.step(time), 4 * filters);
            let products = if h.is_empty() { Vec::new() } else { self.conv.forward(&h, kernel)? };
            let units = [block * filters, block * filters, if self.kept { block * width } else { 0 }];
            let [next, next_carry, gates] =
                cores::fill_several_chunks(blocks, units, block * width * 8, |i, [h, c, kept]| {
                    let (sample, part) = (i / (blocks / batch), i % (blocks / batch));
                    let from = ((sample * steps + step) * self.pixels() + part * block) * width;
                    let products = products.get(i * block * width..(i + 1) * block * width).unwrap_or(&[]);
                    let carry = &carry[i * block * filters..][..block * filters];
                    let mut gates = vec![T::ZERO; block * width];
                    by_gate(&inputs[from..from + block * width], products, filters, &mut gates);
                    lstm_gates(config, &mut gates);
                    lstm_state(config, [h.zeros(), c.zeros()], carry, &gates);
                    if self.kept {
                        kept.copy(&gates);
                    }
                });
            if outputs > 0 {
                write(self.output_index(time), &next);
            }
            let before = std::mem::replace(&mut h, next);
            let last = std::mem::replace(&mut carry, next_carry);
            if self.kept {
                trace.gates.push(gates);
                trace.before.push(before);
                trace.carry.push(last);
            }
        }
        for (i, state) in [&h, &carry].into_iter().enumerate().take(states) {
            write(outputs + i, state);
        }
        trace.carry.push(carry);
        Ok((value, trace))
    }

    fn backward<T: Float>(&self, kernel: &[T], trace: &Trace<T>, has_state: bool, dy: &[T]) -> Gradients<T> {
        let Self { config, batch, steps, filters, .. } = *self;
        let ((outputs, states), size, (block, blocks)) = (self.parts(), self.size(), self.blocks());
        let (row, width) = ((outputs + states) * size, 4 * filters);
        let of_state = |i: usize| {
            let part = |dy: &[T]| match i < states {
                true => dy[(outputs + i) * size..][..size].to_vec(),
                false => vec![T::ZERO; size],
            };
            dy.chunks_exact(row).flat_map(part).collect::<Vec<T>>()
        };
        let (mut dh, mut dc) = (of_state(0), of_state(1));
        let mut found = Gradients {
            inputs: vec![T::ZERO; batch * steps * size * 4],
            kernel: vec![T::ZERO; kernel.len()],
            state: [Vec::new(), Vec::new()],
        };
        for time in (0..steps).rev() {
            if outputs > 0 {
                let at = self.output_index(time) * size;
                cores::each(dh.chunks_exact_mut(size).zip(dy.chunks_exact(row)), |(dh, dy)| {
                    for (dh, &dy) in dh.iter_mut().zip(&dy[at..]) {
                        *dh += dy;
                    }
                });
            }
            let (gates, carry, next) = (&trace.gates[time], &trace.carry[time], &trace.carry[time + 1]);
            let units = [block * width, block * filters];
            let [dz, dcarry] = cores::fill_several_chunks(blocks, units, block * width * 8, |i, [dz, dcarry]| {
                let at = i * block * filters..(i + 1) * block * filters;
                let gates = &gates[i * block * width..(i + 1) * block * width];
                let (dc, mut by_gate) = (dcarry.copy(&dc[at.clone()]), vec![T::ZERO; block * width]);
                lstm_backward(config, &mut by_gate, &dh[at.clone()], dc, gates, &carry[at.clone()], &next[at]);
                by_pixel(&by_gate, filters, dz.zeros());
            });
            let step = self.step(time);
            cores::each(found.inputs.chunks_exact_mut(steps * size * 4).zip(dz.chunks_exact(size * 4)), |(dx, dz)| {
                dx[step * size * 4..][..size * 4].copy_from_slice(dz);
            });
            let before = &trace.before[time];
            if !before.is_empty() {
                for (sum, x) in found.kernel.iter_mut().zip(self.conv.backward_kernel(before, &dz)) {
                    *sum += x;
                }
            }
            if time > 0 || has_state {
                dh = self.conv.backward_input(kernel, &dz);
            }
            dc = dcarry;
        }
        found.state = [dh, dc];
        found
    }

    /// As a recurrent layer whose samples are the pixels.
    fn on_gpu(&self, x: Sequences) -> Result<Run> {
        let Self { config, batch, steps, filters, kept, .. } = *self;
        let (pixels, samples) = (self.pixels(), batch * self.pixels());
        // Each pixel is a sample.
        let inputs = x.inputs.reshape((batch, steps, pixels, 4 * filters))?.transpose(1, 2)?.contiguous()?;
        let inputs = inputs.reshape((samples, steps, 4 * filters))?;
        let kernel = x.kernel.reshape(((), 4 * filters))?;
        let rows = |state: &Tensor| state.contiguous()?.reshape((samples, filters));
        let state = x.state.map(|state| state.iter().map(rows).collect::<Result<Vec<_>>>()).transpose()?;
        let of_samples = super::Plan { config, batch: samples, steps, units: filters, kept };
        let x = Sequences { inputs: &inputs, kernel: &kernel, state: state.as_deref(), ..x };
        let product = gpu::Product::Convolution(self.conv.plan());
        let run = of_samples.unpacked(&gpu::recurrent(of_samples, product, x, &x.all())?)?;
        let sequence = |y: Tensor| {
            y.reshape((batch, pixels, steps, filters))?
                .transpose(1, 2)?
                .contiguous()?
                .reshape(self.whole(Some(steps), filters))
        };
        Ok(Run {
            sequence: run.sequence.map(sequence).transpose()?,
            states: run.states.iter().map(|y| y.reshape(self.whole(None, filters))).collect::<Result<_>>()?,
        })
    }

    /// A composition, for devices and dtypes without kernels.
    fn composed(&self, x: Sequences) -> Result<Run> {
        let Self { config, batch, steps, filters, .. } = *self;
        let zeros = || Tensor::zeros(self.whole(None, filters), x.inputs.dtype(), x.inputs.device());
        let (mut h, mut carry) = match x.state {
            Some(state) => (state[0].clone(), state[1].clone()),
            None => (zeros()?, zeros()?),
        };
        let mut outputs = Vec::with_capacity(steps);
        for time in 0..steps {
            let input = x.inputs.narrow(1, self.step(time), 1)?.squeeze(1)?;
            let z = (input + conv(&h, x.kernel, None, &self.axes, 1, FusedActivation::Linear)?)?;
            let part = |i: usize| z.narrow(z.rank() - 1, i * filters, filters)?.contiguous();
            let gate = |i: usize| config.recurrent_activation.composed(&part(i)?);
            let candidate = config.activation.composed(&part(2)?)?;
            carry = ((gate(1)? * &carry)? + (gate(0)? * candidate)?)?;
            h = (gate(3)? * config.activation.composed(&carry)?)?;
            outputs.push(h.clone());
        }
        if config.in_order && config.backwards {
            outputs.reverse();
        }
        let flat = |x: &Tensor| x.reshape((batch, self.size()));
        let sequence = Tensor::stack(&outputs, 1)?.reshape((batch, steps * self.size()))?;
        self.unpacked(&match config.outputs {
            Outputs::Sequence => sequence,
            Outputs::Last => flat(&h)?,
            Outputs::All => Tensor::cat(&[sequence, flat(&h)?, flat(&carry)?], 1)?,
        })
    }
}

/// The gates of a block before their activations, `inputs + products`. They are ordered by gate, so that the loops over them are long.
fn by_gate<T: Float>(inputs: &[T], products: &[T], filters: usize, gates: &mut [T]) {
    let block = gates.len() / 4;
    for (pixel, inputs) in inputs.chunks_exact(4 * filters).enumerate() {
        let products = products.get(4 * filters * pixel..).unwrap_or(&[]);
        for gate in 0..4 {
            let target = &mut gates[gate * block + pixel * filters..][..filters];
            target.copy_from_slice(&inputs[gate * filters..][..filters]);
            for (target, &product) in target.iter_mut().zip(products.iter().skip(gate * filters)) {
                *target += product;
            }
        }
    }
}

/// What is ordered by gate, ordered by pixel.
fn by_pixel<T: Float>(gates: &[T], filters: usize, pixels: &mut [T]) {
    let block = gates.len() / 4;
    for (pixel, target) in pixels.chunks_exact_mut(4 * filters).enumerate() {
        for (gate, target) in target.chunks_exact_mut(filters).enumerate() {
            target.copy_from_slice(&gates[gate * block + pixel * filters..][..filters]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, try_values};

    fn flat(run: Run) -> Result<Tensor> {
        let parts = run.sequence.iter().chain(&run.states).map(Tensor::flatten_all).collect::<Result<Vec<_>>>()?;
        Tensor::cat(&parts, 0)
    }

    #[test]
    fn gradients_agree_with_finite_differences_and_with_the_composition() {
        let (batch, steps, filters) = (2, 3, 2);
        for (sizes, windows) in [(vec![5], vec![3]), (vec![2, 3], vec![2, 3]), (vec![2, 1, 2], vec![1, 2, 3])] {
            let shape = |steps: &[usize], channels: usize| [&[batch], steps, &sizes, &[channels]].concat();
            let inputs = [
                try_values(&shape(&[steps], 4 * filters), 1).unwrap(),
                try_values(&[&windows[..], &[filters, 4 * filters]].concat(), 2).unwrap(),
                try_values(&shape(&[], filters), 3).unwrap(),
                try_values(&shape(&[], filters), 4).unwrap(),
            ];
            for (backwards, in_order, outputs, activation, has_state) in [
                (false, false, Outputs::All, FusedActivation::Tanh, true),
                (true, true, Outputs::Sequence, FusedActivation::Tanh, false),
                (true, false, Outputs::All, FusedActivation::Sigmoid, false),
                (false, false, Outputs::Last, FusedActivation::Tanh, true),
            ] {
                let config = RnnConfig {
                    cell: Cell::Lstm,
                    activation,
                    recurrent_activation: FusedActivation::Sigmoid,
                    backwards,
                    in_order,
                    zero_masked: false,
                    outputs,
                };
                let run = |v: &[Tensor], composed: bool| {
                    let state = has_state.then_some(&v[2..]);
                    let x = Sequences { inputs: &v[0], kernel: &v[1], bias: None, state, mask: None, dropout: None };
                    flat(if composed { Plan::of(config, x, true)?.composed(x)? } else { conv_lstm(config, x)? })
                };
                let used = &inputs[..if has_state { 4 } else { 2 }];
                assert_gradients(used, |v| run(v, false));
                let apart = (run(used, false).unwrap() - run(used, true).unwrap()).unwrap().abs().unwrap();
                assert!(apart.max_all().unwrap().to_scalar::<f64>().unwrap() < 1e-12, "{config:?}");
            }
        }
    }
}
