//! RNN: a cell from step to step through a sequence, and what all recurrent layers share. Keras: `keras.layers.RNN`.

use super::rnn_cell::{Cell, RnnCell, Sequence, SequenceOutputs};
use crate::call::{CallArgument, CallArguments};
use crate::{Base, Build, Context, Layer, NodeOutput, Shape, TensorSpec, Weight, WithBase};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result};
use std::any::Any;
use std::sync::Arc;

arguments! {
    /// The arguments that all recurrent layers have.
    pub struct SequenceArguments() as sequence_setters {
        /// Whether the outputs of all steps are returned, and not only the last.
        return_sequences: bool = false,
        /// Whether the last state is returned as well, as further outputs (see `call_multiple`).
        return_state: bool = false,
        /// Whether to run from the last step to the first; the outputs are then in that order.
        go_backwards: bool = false,
        /// Whether the last state of a batch is the initial state of the next; the batch size must be fixed.
        /// [`reset_states`](crate::Layer::reset_states) clears it.
        stateful: bool = false,
        /// Has no effect: the steps of our own cells are one op.
        unroll: bool = false,
        /// Whether the output of a masked step is 0, and not that of the step before.
        zero_output_for_mask: bool = false,
    }
}

/// A layer that runs a cell over a sequence: LSTM, GRU, SimpleRNN, RNN. [`Bidirectional`](crate::Bidirectional) wraps any of them.
pub trait Recurrent: Layer {
    /// The arguments of the run.
    fn sequence_arguments(&self) -> &SequenceArguments;

    /// The cell; one without weights before the layer is built.
    fn cell(&self) -> Result<Arc<dyn RnnCell>>;

    /// A copy with these arguments, and weights of its own.
    fn twin(&self, name: String, arguments: SequenceArguments) -> Arc<dyn Recurrent>;

    /// Resets the state of a stateful layer to 0. Keras: `layer.reset_state()`.
    ///
    /// # Errors
    /// If the layer is not stateful.
    fn reset_state(&self) -> Result<()> {
        if !self.sequence_arguments().stateful {
            return Err(Error::new("the layer keeps no state").help("stateful(true) makes it keep one"));
        }
        self.reset_states()
    }
}

/// The methods of [`Layer`] that are the same for all recurrent layers.
macro_rules! recurrent_layer {
    () => {
        fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
            $crate::rnn::rnn::output_shapes(self, inputs, &$crate::CallArguments::new())
        }

        fn compute_output_spec(
            &self,
            inputs: &[$crate::TensorSpec],
            arguments: &$crate::CallArguments<$crate::TensorSpec>,
        ) -> $crate::Result<Vec<$crate::TensorSpec>> {
            let shapes: Vec<_> = inputs.iter().map(|input| input.shape.clone()).collect();
            let (shapes, dtype) = ($crate::rnn::rnn::output_shapes(self, &shapes, arguments)?, self.base.compute_dtype());
            Ok(shapes.into_iter().map(|shape| $crate::TensorSpec::new(shape, dtype)).collect())
        }

        fn build(&self, inputs: &[$crate::Shape], build: &mut $crate::Build) -> $crate::Result<()> {
            $crate::rnn::rnn::build(self, inputs, build)
        }

        fn forward(
            &self,
            inputs: &[candle_core::Tensor],
            ctx: &mut $crate::Context,
        ) -> $crate::Result<Vec<candle_core::Tensor>> {
            $crate::rnn::rnn::forward(self, inputs, ctx)
        }

        fn call_arguments(&self) -> &[&str] {
            &["initial_state"]
        }

        fn name_inputs(
            &self,
            inputs: &mut Vec<$crate::NodeOutput>,
            arguments: &mut $crate::CallArguments<$crate::NodeOutput>,
        ) {
            $crate::rnn::rnn::name_inputs(inputs, arguments);
        }

        fn supports_masking(&self) -> bool {
            true
        }

        fn compute_mask(
            &self,
            inputs: &[candle_core::Tensor],
            masks: &[Option<candle_core::Tensor>],
        ) -> $crate::Result<Vec<Option<candle_core::Tensor>>> {
            $crate::rnn::rnn::compute_mask(self, inputs, masks)
        }

        fn build_config(&self, shapes: &[$crate::Shape]) -> $crate::Config {
            serde_json::json!({ "input_shape": shapes.first() })
        }
    };
}
pub(super) use recurrent_layer;

layer! {
    /// Runs a cell over a sequence: [`LSTMCell`](crate::LSTMCell), [`StackedRNNCells`](crate::StackedRNNCells), or a custom [`RnnCell`].
    ///
    /// Our own cells run all steps as one op; a custom cell is run step by step.
    ///
    /// Keras: `keras.layers.RNN`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, ...)`
    /// - output: that of the cell, `(batch, units)`, or `(batch, steps, units)` with `return_sequences`; with `return_state`, the last state behind it
    /// - `initial_state` of the call: zeros by default
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GRUCell, Input, LSTMCell, Layer, RNN, StackedRNNCells};
    /// let cells = StackedRNNCells::new([LSTMCell::new(16).into(), GRUCell::new(8).into()]);
    /// assert_eq!(RNN::new(cells).call(&Input::shape([80, 4])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RNN(
        /// The cell.
        cell: Cell,
    ) {
        ..sequence: SequenceArguments = SequenceArguments::new() => sequence_setters,
    }
}

impl Recurrent for RNN {
    fn sequence_arguments(&self) -> &SequenceArguments {
        &self.sequence
    }

    fn cell(&self) -> Result<Arc<dyn RnnCell>> {
        self.cell.shared()
    }

    fn twin(&self, name: String, arguments: SequenceArguments) -> Arc<dyn Recurrent> {
        let cell = self.cell.get().map_or_else(|_| self.cell.clone(), |cell| Cell::of(cell.with_fresh_weights()));
        Arc::new(Self { cell, sequence: arguments, ..self.with_base(self.base.another(name)) })
    }
}

impl Layer for RNN {
    recurrent_layer!();
}

/// The shape of one step.
fn step_shape(input: Option<&Shape>) -> Result<Shape> {
    match input.map(|input| &input[..]) {
        Some([batch, _, rest @ ..]) if !rest.is_empty() => Ok(std::iter::once(batch).chain(rest).copied().collect()),
        _ => Err(Error::new("the layer takes sequences")
            .expected("(batch, steps, features)")
            .received(format!("an input of shape {}", input.cloned().unwrap_or_default()))
            .help("an Embedding of inputs of shape (steps,) gives sequences")),
    }
}

pub(crate) fn output_shapes(
    layer: &dyn Recurrent,
    inputs: &[Shape],
    arguments: &CallArguments<TensorSpec>,
) -> Result<Vec<Shape>> {
    let (step, cell) = (step_shape(inputs.first())?, layer.cell()?);
    let states = cell.state_shapes(&step)?;
    let given: Vec<_> = match inputs.len() {
        1 => arguments.tensors("initial_state").map(|state| state.shape.clone()).collect(),
        _ => inputs[1..].to_vec(),
    };
    let fits = |(given, state): (&Shape, &Shape)| given[..].get(1..) == state[..].get(1..);
    if !given.is_empty() && (given.len() != states.len() || !given.iter().zip(&states).all(fits)) {
        let list = |shapes: &[Shape]| shapes.iter().map(Shape::to_string).collect::<Vec<_>>().join(" and ");
        return Err(Error::new("the initial state does not match the layer")
            .expected(format!("{} of shape {}", states.len(), list(&states)))
            .received(list(&given)));
    }
    let outputs = cell.compute_output_shape(&[std::slice::from_ref(&step), &states].concat())?;
    let output = outputs.first().ok_or_else(|| Error::new("the cell has no output"))?;
    let arguments = layer.sequence_arguments();
    let steps = arguments.return_sequences.then_some(inputs[0][1]);
    let output = output[..1].iter().copied().chain(steps).chain(output[1..].iter().copied()).collect();
    let states = if arguments.return_state { states } else { Vec::new() };
    Ok(std::iter::once(output).chain(states).collect())
}

pub(crate) fn build(layer: &dyn Recurrent, inputs: &[Shape], build: &mut Build) -> Result<()> {
    let (step, cell) = (step_shape(inputs.first())?, layer.cell()?);
    if layer.sequence_arguments().stateful {
        for shape in cell.state_shapes(&step)? {
            let sizes = shape.iter().copied().collect::<Option<Vec<_>>>().ok_or_else(|| {
                Error::new("a stateful layer needs to know the batch size")
                    .received(format!("an input of shape {}", inputs[0]))
                    .help("begin the model with Input::shape(...).batch_size(...)")
            })?;
            build.add_state(Weight::new("rnn_state", sizes, &"zeros".into()));
        }
    }
    build.fix_features()?;
    build.add_layer("cell", cell as Arc<dyn Layer>, &[step])
}

/// Keras passes the initial state by name; a list of inputs with it behind the sequence means the same.
pub(crate) fn name_inputs(inputs: &mut Vec<NodeOutput>, arguments: &mut CallArguments<NodeOutput>) {
    if inputs.len() > 1 {
        let states = CallArgument::Tensors(inputs.split_off(1).into_iter().map(Some).collect());
        *arguments = std::mem::take(arguments).set("initial_state", states);
    }
}

/// Which outputs of a backward direction are in the order of the inputs: an argument of [`Bidirectional`](crate::Bidirectional)'s calls.
pub(super) const IN_ORDER: &str = "in_order";

pub(crate) fn forward(layer: &dyn Recurrent, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
    let [x, given @ ..] = inputs else { return Err(Error::new("the layer ran on nothing")) };
    let (cell, arguments, kept) = (layer.cell()?, layer.sequence_arguments(), layer.base().states());
    let mut first: Vec<Tensor> = match given {
        [] => ctx.arguments().tensors("initial_state").cloned().collect(),
        given => given.to_vec(),
    };
    if let Some(state) = kept.first().filter(|state| state.dims()[0] != x.dims()[0]) {
        return Err(Error::new("a stateful layer takes batches of one size")
            .expected(state.dims()[0].to_string())
            .received(x.dims()[0].to_string())
            .help("leave out the samples of the last batch that is smaller, or pad it"));
    }
    if first.is_empty() {
        first = kept.iter().map(|state| ctx.state(state)).collect();
    }
    for state in &mut first {
        *state = state.to_dtype(x.dtype())?.to_device(x.device())?;
    }
    let mask = ctx.mask(0).cloned();
    let sequence = Sequence {
        x,
        states: (!first.is_empty()).then_some(&first),
        mask: mask.as_ref(),
        backwards: arguments.go_backwards,
        in_order: ctx.flag(IN_ORDER)?,
        zero_masked: arguments.zero_output_for_mask,
        all_outputs: arguments.return_sequences,
        last_state: arguments.return_state || !kept.is_empty(),
    };
    let fused = ctx.within(&*cell, |ctx| cell.run_sequence(&sequence, ctx))?;
    let SequenceOutputs { output, states } = match fused {
        Some(outputs) => outputs,
        None => run_steps(&*cell, &sequence, ctx)?,
    };
    kept.iter().zip(&states).for_each(|(state, value)| ctx.set_state(state, value.clone()));
    let states = if arguments.return_state { states } else { Vec::new() };
    Ok(std::iter::once(output).chain(states).collect())
}

/// Runs the cell step by step.
pub(super) fn run_steps(cell: &dyn RnnCell, sequence: &Sequence, ctx: &mut Context) -> Result<SequenceOutputs> {
    let x = sequence.x;
    let steps = x.dim(1)?;
    let step = |t: usize| ops::get_item(x, vec![ops::Index::from(..), ops::Index::At(t as i64)]);
    let mut states = match sequence.states {
        Some(states) => states.to_vec(),
        None => {
            let shape: Vec<_> = [&x.dims()[..1], &x.dims()[2..]].concat();
            let zeros = |shape: &Shape| -> Result<Tensor> {
                let dims = shape.iter().copied().collect::<Option<Vec<_>>>();
                let dims =
                    dims.ok_or_else(|| Error::new("a state of a cell has no size").received(shape.to_string()))?;
                Ok(Tensor::zeros(dims, x.dtype(), x.device())?)
            };
            cell.state_shapes(&shape.as_slice().into())?.iter().map(zeros).collect::<Result<_>>()?
        }
    };
    let mut outputs: Vec<Tensor> = Vec::with_capacity(steps);
    let mark = ctx.mark();
    let order: Vec<usize> = if sequence.backwards { (0..steps).rev().collect() } else { (0..steps).collect() };
    for &t in &order {
        // The same elements are dropped at all steps.
        ctx.rewind(mark);
        let inputs: Vec<_> = std::iter::once(step(t)?).chain(states.iter().cloned()).collect();
        let mut made = ctx.run_multiple(cell, &inputs, CallArguments::new())?;
        if made.len() != states.len() + 1 {
            return Err(Error::new("a cell gives its output and its new states")
                .expected(format!("{} tensors", states.len() + 1))
                .received(made.len().to_string()));
        }
        let mut output = made.remove(0);
        if let Some(mask) = sequence.mask {
            let counts = mask.narrow(1, t, 1)?.squeeze(1)?;
            let keep = |new: &Tensor, old: &Tensor| -> Result<Tensor> {
                let dims: Vec<_> =
                    std::iter::once(counts.dim(0)?).chain(std::iter::repeat_n(1, new.rank() - 1)).collect();
                Ok(ops::where_(&counts.reshape(dims)?.to_dtype(DType::U8)?, new, old)?)
            };
            let before = match outputs.last().filter(|_| !sequence.zero_masked) {
                Some(before) => before.clone(),
                None => output.detach().zeros_like()?,
            };
            output = keep(&output, &before)?;
            made = made.iter().zip(&states).map(|(new, old)| keep(new, old)).collect::<Result<_>>()?;
        }
        states = made;
        outputs.push(output);
    }
    let last = outputs.last().cloned().ok_or_else(|| Error::new("the sequence has no steps"))?;
    if sequence.backwards && sequence.in_order {
        outputs.reverse();
    }
    let output = if sequence.all_outputs { ops::stack(&outputs, 1)? } else { last };
    Ok(SequenceOutputs { output, states })
}

pub(crate) fn compute_mask(
    layer: &dyn Recurrent,
    inputs: &[Tensor],
    masks: &[Option<Tensor>],
) -> Result<Vec<Option<Tensor>>> {
    let arguments = layer.sequence_arguments();
    let output = masks.first().cloned().flatten().filter(|_| arguments.return_sequences);
    let states = match inputs.first().filter(|_| arguments.return_state) {
        Some(x) => layer.cell()?.state_shapes(&step_shape(Some(&x.dims().into()))?)?.len(),
        None => 0,
    };
    Ok(std::iter::once(output).chain(std::iter::repeat_n(None, states)).collect())
}

/// The cell of a layer that creates it from its arguments when it is built; before, one without weights.
pub(super) fn cell_of<C: RnnCell + Clone>(base: &Base, new: impl FnOnce() -> C) -> Arc<dyn RnnCell> {
    let built = base.layer("cell").ok();
    let cell = built.as_deref().and_then(|cell| (cell as &dyn Any).downcast_ref::<C>().cloned());
    Arc::new(cell.unwrap_or_else(new))
}
