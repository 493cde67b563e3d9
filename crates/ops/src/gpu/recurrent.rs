//! LSTM, GRU and SimpleRNN: one launch for all steps, or a step is cuBLAS's product of the states with the kernel, and one kernel over all gates. In a
//! convolutional LSTM each pixel is a sample, and the product a convolution.

use super::windows::{gather, scattered};
use super::{Given, Source, Threads, change, column_sums, given};
use crate::conv;
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

/// The units of a sample for which the kernels over all steps have shared memory: `MOST` in recurrent.cu.
const MOST_UNITS: usize = 256;
/// How much of the kernel all blocks together may read from the cache in a step, before two launches a step are faster.
const MOST_READ: usize = 100 << 20;

/// What a step computes of the states and the kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Product {
    /// The matrix product.
    Matrix,
    /// The convolution of images whose pixels are the samples.
    Convolution(conv::Plan),
}

impl Product {
    /// The product of the states of a step.
    fn forward(self, states: &Tensor, kernel: &Tensor) -> Result<Tensor> {
        self.windows(states)?.matmul(kernel)
    }

    /// The gradient of the states.
    fn backward_states(self, dz: &Tensor, transposed: &Tensor) -> Result<Tensor> {
        let windows = dz.matmul(transposed)?;
        match self {
            Self::Matrix => Ok(windows),
            Self::Convolution(plan) => scattered(windows, &plan),
        }
    }

    fn windows(self, states: &Tensor) -> Result<Tensor> {
        match self {
            Self::Matrix => Ok(states.clone()),
            Self::Convolution(plan) => gather(states, &plan, 0),
        }
    }
}

/// Whether there are kernels for this cell: not for a GRU that resets before the product, which has two products a step.
pub(crate) fn takes(cell: Cell) -> bool {
    cell != Cell::GruResetBefore
}

/// The value, of [`Plan::row`] elements a sample, as an op.
///
/// # Errors
/// If a launch fails.
pub(crate) fn run(plan: Plan, product: Product, x: Sequences, all: &[&Tensor]) -> Result<Tensor> {
    let (value, trace) = forward(plan, product, x)?;
    let (has_bias, has_state) = (x.bias.is_some(), x.state.is_some());
    record("recurrent", all, value, move |_, dy| backward(plan, product, &trace, dy, has_bias, has_state))
}

impl Plan {
    fn slots(&self) -> usize {
        if self.kept { self.steps + 1 } else { 2 }
    }

    /// The name of the cell's kernels.
    fn cell(&self) -> &'static str {
        match self.config.cell {
            Cell::Simple => "simple",
            Cell::Lstm => "lstm",
            Cell::GruResetAfter | Cell::GruResetBefore => "gru",
        }
    }

    /// Whether one launch runs all steps. Each block reads the whole kernel in each step, which is slower than cuBLAS where it is large or the samples are many.
    fn is_one_launch(&self, product: Product, of: DType) -> bool {
        if !matches!(product, Product::Matrix) {
            return false;
        }
        let read = [self.units, self.width(), self.batch, of.size_in_bytes()];
        self.units <= MOST_UNITS && read.iter().try_fold(1, |read: usize, &n| read.checked_mul(n)) <= Some(MOST_READ)
    }

    /// A thread for each unit of each sample.
    fn of_units(&self) -> Threads {
        Threads::grid(self.batch, self.units)
    }

    /// A block for each sample, with a thread for each gate of each unit.
    fn of_samples(&self) -> Threads {
        Threads { blocks: (self.batch, 1), block: (self.width().next_multiple_of(32).clamp(32, 1024), 1) }
    }

    /// The arguments that all kernels share.
    fn run_arguments(&self) -> [Given<'static>; 8] {
        let Self { batch, steps, units, config, .. } = *self;
        let (activation, gate) = (config.activation as usize, config.recurrent_activation as usize);
        given![batch, steps, units, self.row(), self.outputs() > 0, config.zero_masked, activation, gate]
    }

    /// The arguments of one step.
    fn step_arguments(&self, time: usize) -> [Given<'static>; 4] {
        let slots = self.slots();
        given![time % slots, (time + 1) % slots, self.step(time), self.output_index(time)]
    }

    /// The arguments of a launch of all steps.
    fn steps_arguments(&self) -> [Given<'static>; 3] {
        given![self.slots(), self.config.backwards, self.config.in_order]
    }
}

fn forward(plan: Plan, product: Product, x: Sequences) -> Result<(Value, Trace)> {
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
    let nothing = || zeros((1, 1, 1));
    let apart = if dropout.is_some() { dropped.clone() } else { nothing()? };
    let no_carries = if carries.is_some() { None } else { Some(nothing()?) };
    let written: Vec<&Tensor> = [&value, states, &apart, gates].into_iter().chain(carries).chain(&no_carries).collect();
    // `operand` is the product of the states with the kernel, or the kernel.
    let run = |name: &str, operand: &Tensor, own: &[Given], threads: Threads| {
        let given = given![&inputs, operand, bias.as_ref(), dropout.as_ref(), mask.as_ref()];
        change(SOURCE, name, &written, &[&given, own, &plan.run_arguments()].concat(), threads)
    };
    if plan.is_one_launch(product, like.dtype()) {
        run(&format!("{}_steps", plan.cell()), kernel, &plan.steps_arguments(), plan.of_samples())?;
    } else {
        for time in 0..steps {
            let z = product.forward(&dropped.get(time % slots)?, kernel)?;
            run(plan.cell(), &z, &plan.step_arguments(time), plan.of_units())?;
        }
    }
    if plan.row() > plan.outputs() * units {
        let carries = carries.as_ref().filter(|_| plan.row() > (plan.outputs() + 1) * units);
        let given = given![states, carries, steps % slots, batch, units, plan.row(), plan.outputs() * units];
        change(SOURCE, "last_states", &[&value], &given, plan.of_units())?;
    }
    Ok((Value::Tensor(value.reshape(plan.shape())?), trace))
}

fn backward(
    plan: Plan,
    product: Product,
    trace: &Trace,
    dy: &Tensor,
    has_bias: bool,
    has_state: bool,
) -> Result<Vec<Option<Tensor>>> {
    let Plan { batch, steps, units, .. } = plan;
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
    let no_carry = if dcarry.is_some() { None } else { Some(zeros((1, 1, 1))?) };
    let written: Vec<&Tensor> = [&dz, &dx, &direct].into_iter().chain(&dcarry).chain(&no_carry).collect();
    let kept = given![gates, carries.as_ref(), states, dropout, mask];
    let run_arguments = plan.run_arguments();
    let transposed = kernel.t()?;
    if plan.is_one_launch(product, dy.dtype()) {
        let reached = zeros((1, batch, units))?.squeeze(0)?;
        let transposed = transposed.contiguous()?;
        let given = [&given![dy, &transposed][..], &kept, &plan.steps_arguments(), &run_arguments].concat();
        let written = [&written[..], &[&reached]].concat();
        change(SOURCE, &format!("{}_steps_backward", plan.cell()), &written, &given, plan.of_samples())?;
        back = Some(reached);
    } else {
        let name = format!("{}_backward", plan.cell());
        for time in (0..steps).rev() {
            let own = given![dy, back.as_ref()];
            let given = [&own[..], &kept, &plan.step_arguments(time), &run_arguments].concat();
            change(SOURCE, &name, &written, &given, plan.of_units())?;
            back = Some(product.backward_states(&dz.get(time)?, &transposed)?);
        }
    }
    let mut dh = direct;
    if let Some(back) = back {
        let back = dropout.map_or_else(|| Ok(back.clone()), |dropout| &back * dropout)?;
        dh = (dh + back)?;
    }
    let dkernel = match product {
        Product::Matrix => {
            let before = dropped.narrow(0, 0, steps)?.reshape((steps * batch, units))?;
            before.t()?.matmul(&dz.reshape((steps * batch, width))?)?
        }
        // The windows of all steps would need the memory of as many states as a window has pixels.
        Product::Convolution(_) => {
            let of_step = |time: usize| product.windows(&dropped.get(time)?)?.t()?.matmul(&dz.get(time)?);
            (1..steps).try_fold(of_step(0)?, |sum, time| sum + of_step(time)?)?
        }
    };
    let dz = dz.reshape((steps * batch, width))?;
    let mut gradients = vec![Some(dx), Some(dkernel)];
    if has_bias {
        gradients.push(Some(column_sums(&dz)?));
    }
    if has_state {
        gradients.push(Some(dh));
        gradients.extend(dcarry.map(Some));
    }
    Ok(gradients)
}
