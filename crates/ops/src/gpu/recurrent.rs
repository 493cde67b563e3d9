//! LSTM, GRU and SimpleRNN: a step is cuBLAS's product of the states with the kernel, and one kernel over all gates.

use super::{Given, Source, Threads, change, column_sums, given};
use crate::recurrent::{Cell, Plan, Sequences};
use crate::tape::{Value, record};
use candle_core::{DType, Result, Tensor};

const SOURCE: Source = Source { name: "recurrent", text: include_str!("recurrent.cu") };

/// What the backward pass needs, one slot a step; without a backward pass two slots alternate.
struct Trace {
    kernel: Tensor,
    dropout: Option<Tensor>,
    mask: Option<Tensor>,
    /// The state before each step, and the last.
    states: Tensor,
    /// The same after dropout: the left operand of the product with the kernel. Without dropout, the states.
    dropped: Tensor,
    /// The LSTM's carry before each step, and the last.
    carries: Option<Tensor>,
    /// The gates after their activations; for a GRU, then the product of the state for the candidate.
    gates: Tensor,
}

/// Whether there are kernels for this cell: not for a GRU that resets before the product, which has two products a step.
pub(crate) fn takes(cell: Cell) -> bool {
    cell != Cell::GruResetBefore
}

/// The value, of [`Plan::row`] elements a sample, as an op.
pub(crate) fn run(plan: Plan, x: Sequences, all: &[&Tensor]) -> Result<Tensor> {
    let (value, trace) = forward(plan, x)?;
    let (has_bias, has_state) = (x.bias.is_some(), x.state.is_some());
    record("recurrent", all, value, move |_, dy| backward(plan, &trace, dy, has_bias, has_state))
}

impl Plan {
    fn slots(&self) -> usize {
        if self.kept { self.steps + 1 } else { 2 }
    }

    fn threads(&self) -> Threads {
        Threads::grid(self.batch, self.units)
    }

    /// The arguments of a step that all kernels share.
    fn step_arguments(&self, time: usize) -> [Given<'static>; 12] {
        let (step, place, slots) = (self.step(time), self.output_index(time), self.slots());
        let functions = (self.config.activation as usize, self.config.recurrent_activation as usize);
        let (slot, next, outputs) = (time % slots, (time + 1) % slots, self.outputs() > 0);
        let Self { batch, steps, units, .. } = *self;
        let zero_masked = self.config.zero_masked;
        given![slot, next, step, place, batch, steps, units, self.row(), outputs, zero_masked, functions.0, functions.1]
    }
}

fn forward(plan: Plan, x: Sequences) -> Result<(Value, Trace)> {
    let Plan { config, batch, steps, units, .. } = plan;
    let (like, slots) = (x.inputs, plan.slots());
    let zeros = |dims: (usize, usize, usize)| Tensor::zeros(dims, like.dtype(), like.device());
    let contiguous = |tensor: Option<&Tensor>| tensor.map(|tensor| tensor.detach().contiguous()).transpose();
    let inputs = x.inputs.detach().contiguous()?;
    let bias = contiguous(x.bias)?;
    let dropout = contiguous(x.dropout.map(|dropout| dropout.to_dtype(like.dtype())).transpose()?.as_ref())?;
    let first = |i: usize| x.state.and_then(|state| state.get(i)).map(|state| state.detach());
    let history = |first: Option<&Tensor>| {
        let history = zeros((slots, batch, units))?;
        if let Some(first) = first {
            history.slice_set(&first.contiguous()?.unsqueeze(0)?, 0, 0)?;
        }
        Ok::<_, candle_core::Error>(history)
    };
    let h = first(0);
    let states = history(h.as_ref())?;
    let dropped = match (&dropout, h) {
        (Some(dropout), Some(h)) => history(Some(&(h * dropout)?))?,
        (Some(_), None) => history(None)?,
        (None, _) => states.clone(),
    };
    let trace = Trace {
        kernel: x.kernel.detach().contiguous()?,
        mask: x.mask.map(|mask| mask.ne(0.0)?.to_dtype(DType::U8)?.contiguous()).transpose()?,
        carries: (config.cell == Cell::Lstm).then(|| history(first(1).as_ref())).transpose()?,
        gates: zeros((slots, batch, plan.gates()))?,
        dropout,
        states,
        dropped,
    };
    let Trace { kernel, dropout, mask, states, dropped, carries, gates } = &trace;
    // A tensor, since each step writes a part of it.
    let value = zeros((batch, 1, plan.row()))?;
    // Without dropout, no kernel writes there.
    let apart = if dropout.is_some() { dropped.clone() } else { zeros((1, 1, 1))? };
    for time in 0..steps {
        let z = dropped.get(time % slots)?.matmul(kernel)?;
        let (dropout, mask) = (dropout.as_ref(), mask.as_ref());
        let mut given = given![&inputs, &z].to_vec();
        let name = match config.cell {
            Cell::Simple => "simple",
            Cell::Lstm => "lstm",
            _ => {
                given.push(bias.as_ref().into());
                "gru"
            }
        };
        given.extend(given![dropout, mask]);
        let mut written = vec![&value, states, &apart, gates];
        written.extend(carries);
        given.extend(plan.step_arguments(time));
        change(SOURCE, name, &written, &given, plan.threads())?;
    }
    if plan.row() > plan.outputs() * units {
        let carries = carries.as_ref().filter(|_| plan.row() > (plan.outputs() + 1) * units);
        let given = given![states, carries, steps % slots, batch, units, plan.row(), plan.outputs() * units];
        change(SOURCE, "last_states", &[&value], &given, plan.threads())?;
    }
    Ok((Value::Tensor(value.reshape(plan.shape())?), trace))
}

fn backward(plan: Plan, trace: &Trace, dy: &Tensor, has_bias: bool, has_state: bool) -> Result<Vec<Option<Tensor>>> {
    let Plan { config, batch, steps, units, .. } = plan;
    let width = plan.width();
    let Trace { kernel, dropout, mask, states, dropped, carries, gates } = trace;
    let (dropout, mask) = (dropout.as_ref(), mask.as_ref());
    let flat = dy.reshape((batch, plan.row()))?;
    // The gradient of a last state, in a buffer of its own.
    let of_state = |i: usize| {
        let from = (plan.outputs() + i) * units;
        if from + units > plan.row() {
            return Tensor::zeros((batch, units), dy.dtype(), dy.device());
        }
        flat.narrow(1, from, units)?.force_contiguous()
    };
    let zeros = |dims: (usize, usize, usize)| Tensor::zeros(dims, dy.dtype(), dy.device());
    let (dz, dx) = (zeros((steps, batch, width))?, zeros((batch, steps, width))?);
    // What reaches the previous state directly, and through the product.
    let (direct, mut back) = (of_state(0)?, None::<Tensor>);
    let dcarry = carries.as_ref().map(|_| of_state(1)).transpose()?;
    for time in (0..steps).rev() {
        let mut written = vec![&dz, &dx, &direct];
        written.extend(&dcarry);
        let (name, own) = match config.cell {
            Cell::Simple => ("simple_backward", None),
            Cell::Lstm => ("lstm_backward", carries.as_ref()),
            _ => ("gru_backward", Some(states)),
        };
        let mut given = given![dy, back.as_ref(), gates].to_vec();
        given.extend(own.map(Given::from));
        given.extend(given![dropout, mask]);
        given.extend(plan.step_arguments(time));
        change(SOURCE, name, &written, &given, plan.threads())?;
        back = Some(dz.get(time)?.matmul(&kernel.t()?)?);
    }
    let mut dh = direct;
    if let Some(back) = back {
        let back = dropout.map_or_else(|| Ok(back.clone()), |dropout| &back * dropout)?;
        dh = (dh + back)?;
    }
    let dz = dz.reshape((steps * batch, width))?;
    let before = dropped.narrow(0, 0, steps)?.reshape((steps * batch, units))?;
    let mut gradients = vec![Some(dx), Some(before.t()?.matmul(&dz)?)];
    if has_bias {
        gradients.push(Some(column_sums(&dz)?));
    }
    if has_state {
        gradients.push(Some(dh));
        gradients.extend(dcarry.map(Some));
    }
    Ok(gradients)
}
