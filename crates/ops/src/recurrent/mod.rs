//! LSTM, GRU and SimpleRNN over whole sequences, as one op each with backpropagation through time written by hand.
//!
//! The products with the inputs are one matrix product for all steps (see [`dense`](crate::dense)), computed before; what is left is, a
//! step, one product of the state with the recurrent kernel and one loop over the gates. Samples are independent: each thread takes a chunk
//! of the batch through all steps. (candle-nn's layers allocate some thirty tensors a step, and their backward pass is quadratic in the
//! steps.)

mod backward;
mod composed;
mod convolutional;
mod forward;

use crate::cast::cast;
use crate::gpu::{self, on_gpu};
use crate::host::{view, with_float};
use crate::lengths;
use crate::matmul::FusedActivation;
use crate::narrow::are_narrow;
use crate::tape::{Value, on_host, record};
use backward::backward;
use candle_core::{DType, Device, Result, Tensor, bail};
use composed::composed;
pub use composed::composed_with;
pub use convolutional::conv_lstm;
use forward::forward;

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
    /// The number of gates.
    pub fn gates(self) -> usize {
        match self {
            Self::Simple => 1,
            Self::Lstm => 4,
            Self::GruResetAfter | Self::GruResetBefore => 3,
        }
    }

    /// The number of tensors of the state.
    pub fn states(self) -> usize {
        if self == Self::Lstm { 2 } else { 1 }
    }
}

/// The configuration of a recurrent layer.
#[derive(Debug, Clone, Copy)]
pub struct RnnConfig {
    /// The equations.
    pub cell: Cell,
    /// The activation of the candidate and of the LSTM's carry.
    pub activation: FusedActivation,
    /// The activation of the gates.
    pub recurrent_activation: FusedActivation,
    /// Whether to run from the last step to the first.
    pub backwards: bool,
    /// Whether the outputs are in the order of the inputs, and not in the order of computation.
    pub in_order: bool,
    /// Whether the output of a masked step is 0, and not the one before.
    pub zero_masked: bool,
    /// Which results are computed.
    pub outputs: Outputs,
}

/// The results of a run; others are not computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outputs {
    /// The outputs of all steps.
    Sequence,
    /// The first tensor of the last state.
    Last,
    /// The outputs of all steps, and all tensors of the last state.
    All,
}

/// The inputs of a recurrent layer.
#[derive(Debug, Clone, Copy)]
pub struct Sequences<'a> {
    /// The products with the inputs and the bias: `(batch, steps, gates * units)`.
    pub inputs: &'a Tensor,
    /// `(units, gates * units)`.
    pub kernel: &'a Tensor,
    /// The second bias of a GRU: `(gates * units,)`.
    pub bias: Option<&'a Tensor>,
    /// The initial state: `(batch, units)` for each of [`Cell::states`]; zeros by default.
    pub state: Option<&'a [Tensor]>,
    /// `(batch, steps)`, u8: a step of 0 leaves the state unchanged.
    pub mask: Option<&'a Tensor>,
    /// The factors of the state before the product with the kernel of each gate: `(batch, gates * units)`.
    pub dropout: Option<&'a Tensor>,
}

/// The results that were asked for.
pub struct Run {
    /// The output of each step: `(batch, steps, units)`.
    pub sequence: Option<Tensor>,
    /// The state after the last step: `(batch, units)` each.
    pub states: Vec<Tensor>,
}

/// The run with all tensors in float32, and its results in the dtype of the inputs.
fn in_float32(x: Sequences, run: impl FnOnce(Sequences) -> Result<Run>) -> Result<Run> {
    let wide = |x: &Tensor| cast(x, DType::F32);
    let wide_or_none = |x: Option<&Tensor>| x.map(wide).transpose();
    let (inputs, kernel) = (wide(x.inputs)?, wide(x.kernel)?);
    let (bias, dropout) = (wide_or_none(x.bias)?, wide_or_none(x.dropout)?);
    let state = x.state.map(|state| state.iter().map(wide).collect::<Result<Vec<_>>>()).transpose()?;
    let (inputs, kernel, state) = (&inputs, &kernel, state.as_deref());
    let run = run(Sequences { inputs, kernel, bias: bias.as_ref(), state, mask: x.mask, dropout: dropout.as_ref() })?;
    let back = |y: &Tensor| cast(y, x.inputs.dtype());
    let sequence = run.sequence.as_ref().map(back).transpose()?;
    Ok(Run { sequence, states: run.states.iter().map(back).collect::<Result<_>>()? })
}

/// Runs over the sequences.
///
/// # Errors
/// If the shapes do not fit.
pub fn recurrent(config: RnnConfig, x: Sequences) -> Result<Run> {
    let all = x.all();
    let kept = all.iter().any(|x| x.track_op());
    let plan = Plan::of(config, x, kept)?;
    let Plan { batch, steps, units, .. } = plan;
    let width = plan.width();
    if batch == 0 || units == 0 {
        return plan.of_nothing(x.inputs);
    }
    // The kernels of the GPU have one product a step, before which all gates drop the same.
    let drops_apart = x.dropout.is_some() && config.cell.gates() > 1;
    if on_gpu(&all) && gpu::has_recurrent(config.cell) && !drops_apart {
        return plan.unpacked(&gpu::recurrent(plan, gpu::Product::Matrix, x, &all)?);
    }
    if are_narrow(&all) {
        return in_float32(x, |x| recurrent(config, x));
    }
    if !on_host(&all) {
        return composed(config, x);
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
    let packed = with_float!(x.inputs, T => {
        let (value, traces) = forward::<T>(plan, &saved)?;
        let (has_bias, has_state) = (x.bias.is_some(), x.state.is_some());
        let traces = std::sync::Arc::new(traces);
        record("recurrent", &all, Value::new(value, plan.shape())?, move |_, dy| {
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
    pub(crate) config: RnnConfig,
    pub(crate) batch: usize,
    pub(crate) steps: usize,
    pub(crate) units: usize,
    /// Whether there is a backward pass, for which each step keeps its values.
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

impl Sequences<'_> {
    /// The tensors that may have gradients.
    fn all(&self) -> Vec<&Tensor> {
        [self.inputs, self.kernel].into_iter().chain(self.bias).chain(self.state.into_iter().flatten()).collect()
    }
}

impl Plan {
    /// The plan for these tensors.
    pub(crate) fn of(config: RnnConfig, x: Sequences, kept: bool) -> Result<Self> {
        lengths::check_floats("recurrent", x.all())?;
        lengths::check(x.mask.into_iter().chain(x.dropout))?;
        let (batch, steps, width) = x.inputs.dims3()?;
        let units = x.kernel.dim(0)?;
        let states = config.cell.states();
        let fits = config.cell.gates().checked_mul(units) == Some(width)
            && x.kernel.dims() == [units, width]
            && x.bias.is_none_or(|bias| bias.dims() == [width] && config.cell == Cell::GruResetAfter)
            && x.state.is_none_or(|s| s.len() == states && s.iter().all(|s| s.dims() == [batch, units]))
            && x.mask.is_none_or(|mask| mask.dims() == [batch, steps])
            && x.dropout.is_none_or(|dropout| dropout.dims() == [batch, width] && !dropout.track_op());
        if !fits {
            bail!("recurrent: inputs of shape {:?} and a kernel of {:?} do not fit", x.inputs.dims(), x.kernel.dims())
        }
        let plan = Self { config, batch, steps, units, kept };
        lengths::allocated(&[batch, steps.saturating_add(2), units], x.inputs.dtype())?;
        Ok(plan)
    }

    /// The results for no samples, or of no units.
    fn of_nothing(&self, inputs: &Tensor) -> Result<Run> {
        let zeros = |shape: &[usize]| Tensor::zeros(shape, inputs.dtype(), inputs.device());
        let states = match self.config.outputs {
            Outputs::Sequence => 0,
            Outputs::Last => 1,
            Outputs::All => self.config.cell.states(),
        };
        let sequence = zeros(&[self.batch, self.steps, self.units])?;
        Ok(Run {
            sequence: (self.config.outputs != Outputs::Last).then_some(sequence),
            states: (0..states).map(|_| zeros(&[self.batch, self.units])).collect::<Result<_>>()?,
        })
    }

    pub(crate) fn width(&self) -> usize {
        self.config.cell.gates() * self.units
    }

    /// How many elements of the value a sample has: the outputs of all steps, then the last states, so that one op has one value.
    pub(crate) fn row(&self) -> usize {
        let states = match self.config.outputs {
            Outputs::Sequence => 0,
            Outputs::Last => 1,
            Outputs::All => self.config.cell.states(),
        };
        (self.outputs() + states) * self.units
    }

    /// The shape of the value.
    pub(crate) fn shape(&self) -> Vec<usize> {
        match self.config.outputs {
            Outputs::Sequence => vec![self.batch, self.steps, self.units],
            Outputs::Last | Outputs::All => vec![self.batch, self.row()],
        }
    }

    /// Splits the value into the results.
    fn unpacked(&self, value: &Tensor) -> Result<Run> {
        let Self { batch, steps, units, .. } = *self;
        Ok(match self.config.outputs {
            Outputs::Sequence => Run { sequence: Some(value.clone()), states: Vec::new() },
            Outputs::Last => Run { sequence: None, states: vec![value.clone()] },
            Outputs::All => {
                let part = |from: usize, count: usize| crate::shape::columns(value, from * units, count * units);
                let states = (0..self.config.cell.states()).map(|i| part(steps + i, 1)).collect::<Result<_>>()?;
                Run { sequence: Some(crate::shape::reshaped(&part(0, steps)?, &[batch, steps, units])?), states }
            }
        })
    }

    /// The number of steps whose outputs are results.
    pub(crate) fn outputs(&self) -> usize {
        if self.config.outputs == Outputs::Last { 0 } else { self.steps }
    }

    /// The index of the step that is computed at `time`.
    pub(crate) fn step(&self, time: usize) -> usize {
        if self.config.backwards { self.steps - 1 - time } else { time }
    }

    /// The index of the output that is computed at `time`.
    pub(crate) fn output_index(&self, time: usize) -> usize {
        if self.config.in_order { self.step(time) } else { time }
    }

    /// At most eight chunks of sixteen samples or more, for the threads. Independent of the machine, so that sums over the chunks are
    /// reproducible.
    fn chunks(&self) -> Vec<std::ops::Range<usize>> {
        let size = self.batch.div_ceil(8).max(16);
        (0..self.batch).step_by(size).map(|from| from..(from + size).min(self.batch)).collect()
    }

    /// The slot in which a step keeps its values. Without a backward pass, all steps share one.
    fn slot(&self, time: usize) -> usize {
        if self.kept { time } else { 0 }
    }

    /// How many values of the gates are kept for a sample and step.
    pub(crate) fn gates(&self) -> usize {
        self.width() + if self.config.cell == Cell::GruResetAfter { self.units } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, try_values, values};

    const CELLS: [Cell; 4] = [Cell::Simple, Cell::Lstm, Cell::GruResetAfter, Cell::GruResetBefore];

    fn config(cell: Cell, backwards: bool, zero_masked: bool) -> RnnConfig {
        let (activation, recurrent_activation) = (FusedActivation::Tanh, FusedActivation::Sigmoid);
        RnnConfig {
            cell,
            activation,
            recurrent_activation,
            backwards,
            in_order: zero_masked,
            zero_masked,
            outputs: Outputs::All,
        }
    }

    /// All results in one tensor.
    fn flat(run: Run) -> Result<Tensor> {
        let parts: Vec<Tensor> =
            run.sequence.iter().chain(&run.states).map(|x| x.flatten_all()).collect::<Result<_>>()?;
        Tensor::cat(&parts, 0)
    }

    #[test]
    fn gradients_agree_with_finite_differences_and_with_the_steps_one_by_one() {
        let (batch, steps, units) = (3, 4, 2);
        let mask = Tensor::new(&[[1u8, 1, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1]], &Device::Cpu).unwrap();
        for cell in CELLS {
            let width = cell.gates() * units;
            let kept: Vec<f64> = (0..batch * width).map(|i| if i * i % 5 < 2 { 0.0 } else { 2.0 }).collect();
            let dropout = Tensor::from_vec(kept, (batch, width), &Device::Cpu).unwrap();
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
                let config = config(cell, backwards, zeros);
                let used: Vec<Tensor> =
                    if state { inputs.clone() } else { [&inputs[..2], &inputs[2 + cell.states()..]].concat() };
                let run = |v: &[Tensor], run: fn(RnnConfig, Sequences) -> Result<Run>| {
                    let states = if state { &v[2..2 + cell.states()] } else { &[] };
                    let sequences = Sequences {
                        inputs: &v[0],
                        kernel: &v[1],
                        bias: v.get(2 + states.len()),
                        state: state.then_some(states),
                        mask: masked.then_some(&mask),
                        dropout: dropped.then_some(&dropout),
                    };
                    flat(run(config, sequences)?)
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
                        flat(recurrent(RnnConfig { outputs, ..config }, sequences)?)
                    };
                    assert_gradients(&used[..2], one);
                }
                let apart = (run(&used, recurrent).unwrap() - run(&used, composed).unwrap()).unwrap().abs().unwrap();
                assert!(apart.max_all().unwrap().to_scalar::<f64>().unwrap() < 1e-12, "{config:?}");
            }
        }
    }

    /// More samples than one chunk has: the gradients of the chunks are added.
    #[test]
    fn a_batch_in_parts_has_the_gradients_of_the_whole() {
        let (batch, steps, units) = (35, 3, 2);
        for cell in CELLS {
            let inputs = [
                try_values(&[batch, steps, cell.gates() * units], 1).unwrap(),
                try_values(&[units, cell.gates() * units], 2).unwrap(),
            ];
            let of = |run: fn(RnnConfig, Sequences) -> Result<Run>| {
                let found = crate::gradcheck::gradients(&inputs, |v| {
                    let (inputs, kernel) = (&v[0], &v[1]);
                    let x = Sequences { inputs, kernel, bias: None, state: None, mask: None, dropout: None };
                    flat(run(config(cell, false, false), x)?)
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
