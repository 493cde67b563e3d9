//! Common to LSTMCell, GRUCell, SimpleRNNCell and the cells with convolutions: their arguments and weights; and all steps of the first three as one op.

use super::rnn_cell::{Sequence, SequenceOutputs};
use crate::activations::ActivationFunction;
use crate::spatial::{fraction, positive};
use crate::{Build, Context, Layer, Shape, Weight};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, FusedActivation, Outputs, Result, RnnConfig, Sequences};

arguments! {
    /// The arguments of the cells, and of the layers of one of them.
    pub(crate) struct CellArguments(
        /// The size of the state.
        units: usize,
    ) as cell_setters {
        ..gates: GateArguments = GateArguments::new() => gate_setters,
    }
}

arguments! {
    /// The arguments of all cells, of those with convolutions as well.
    pub(crate) struct GateArguments() as gate_setters {
        /// The function of the candidate. `"tanh"`, `"sigmoid"`, `"relu"` and `"linear"` are fused; with others, the steps run one by one,
        /// several times slower.
        activation: crate::ActivationFunction = "tanh",
        /// Whether there are biases.
        use_bias: bool = true,
        /// The initializer of the kernel.
        kernel_initializer: crate::Initializer = "glorot_uniform",
        /// The initializer of the kernel of the state.
        recurrent_initializer: crate::Initializer = "orthogonal",
        /// The initializer of the bias.
        bias_initializer: crate::Initializer = "zeros",
        /// The regularizer of the kernel.
        kernel_regularizer: Option<crate::Regularizer>,
        /// The regularizer of the kernel of the state.
        recurrent_regularizer: Option<crate::Regularizer>,
        /// The regularizer of the bias.
        bias_regularizer: Option<crate::Regularizer>,
        /// The constraint on the kernel.
        kernel_constraint: Option<crate::Constraint>,
        /// The constraint on the kernel of the state.
        recurrent_constraint: Option<crate::Constraint>,
        /// The constraint on the bias.
        bias_constraint: Option<crate::Constraint>,
        /// The share of the inputs that is dropped in training, the same at all steps.
        dropout: f64 = 0.0,
        /// The share of the state that is dropped in training before each product, the same at all steps.
        recurrent_dropout: f64 = 0.0,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

/// The shapes of a cell's weights.
pub(super) struct WeightShapes {
    pub(super) kernel: Vec<usize>,
    pub(super) recurrent: Vec<usize>,
    pub(super) bias: Vec<usize>,
}

impl GateArguments {
    /// Adds the weights; some elements of the bias are initially 1.
    pub(super) fn build(
        &self,
        build: &mut Build,
        recurrent_activation: &ActivationFunction,
        shapes: WeightShapes,
        ones: std::ops::Range<usize>,
    ) -> Result<()> {
        self.activation.check()?;
        recurrent_activation.check()?;
        fraction("dropout", self.dropout)?;
        fraction("recurrent_dropout", self.recurrent_dropout)?;
        build.add_weight(
            Weight::new("kernel", shapes.kernel, &self.kernel_initializer)
                .regularizer(&self.kernel_regularizer)
                .constraint(&self.kernel_constraint),
        );
        build.add_weight(
            Weight::new("recurrent_kernel", shapes.recurrent, &self.recurrent_initializer)
                .regularizer(&self.recurrent_regularizer)
                .constraint(&self.recurrent_constraint),
        );
        if self.use_bias {
            build.add_weight(
                Weight::new("bias", shapes.bias, &self.bias_initializer)
                    .ones_at(ones)
                    .regularizer(&self.bias_regularizer)
                    .constraint(&self.bias_constraint),
            );
        }
        Ok(())
    }

    /// The factors of dropout at this rate, of this shape and in the dtype of `x`; `None` if nothing is dropped.
    pub(super) fn factors(&self, rate: f64, shape: &[usize], x: &Tensor, ctx: &mut Context) -> Result<Option<Tensor>> {
        if !ctx.is_training() || rate == 0.0 {
            return Ok(None);
        }
        ops::check_memory(shape, x.dtype())?;
        let ones = Tensor::ones(shape, x.dtype(), x.device())?;
        Ok(Some(ops::dropout(&ones, rate, &mut ctx.random(self.seed))?))
    }
}

/// A tensor times factors that have no gradient; shapes broadcast.
pub(super) fn times_constant(x: &Tensor, factors: Tensor) -> Result<Tensor> {
    let y = x.detach().broadcast_mul(&factors)?;
    Ok(ops::custom_gradient(x, &y, move |_, _, dy| dy.broadcast_mul(&factors))?)
}

/// The products of a sequence with the kernel: of `x` times factors of shape `(batch, features)`, or of one such copy for each gate.
fn dropped_products(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    factors: Option<&Tensor>,
    copies: usize,
) -> Result<Tensor> {
    let product =
        |x: &Tensor, kernel: &Tensor, bias: Option<&Tensor>| ops::dense(x, kernel, bias, FusedActivation::Linear);
    let Some(factors) = factors else { return Ok(product(x, kernel, bias)?) };
    let (features, units) = (kernel.dim(0)?, kernel.dim(1)? / copies);
    let of_gate = |gate: usize| {
        let columns = |weight: &Tensor| {
            let range = (gate * units) as i64..((gate + 1) * units) as i64;
            ops::get_item(weight, vec![ops::Index::Ellipsis, ops::Index::from(range)])
        };
        let x = times_constant(x, factors.narrow(1, gate * features, features)?.unsqueeze(1)?)?;
        Ok(product(&x, &columns(kernel)?, bias.map(columns).transpose()?.as_ref())?)
    };
    let products = (0..copies).map(of_gate).collect::<Result<Vec<_>>>()?;
    Ok(ops::concatenate::<Tensor, &Tensor>(&products.iter().collect::<Vec<_>>(), -1)?)
}

/// The equations of a cell.
#[derive(Clone, Copy)]
pub(super) struct Equations<'a> {
    pub(super) cell: ops::Cell,
    pub(super) recurrent_activation: &'a ActivationFunction,
}

impl CellArguments {
    /// The shapes of the states.
    pub(super) fn state_shapes(&self, step: &Shape, states: usize) -> Result<Vec<Shape>> {
        let [batch, _] = step[..] else {
            return Err(Error::new("the layer takes sequences of features")
                .expected("(batch, steps, features)")
                .received(format!("steps of shape {step}"))
                .help("an Embedding of inputs of shape (steps,) gives sequences"));
        };
        Ok(vec![[batch, Some(self.units)].into(); states])
    }

    /// Adds the weights; with a bias of `rows` rows, some elements of which are initially 1.
    pub(super) fn build(
        &self,
        build: &mut Build,
        equations: Equations,
        rows: usize,
        ones: std::ops::Range<usize>,
    ) -> Result<()> {
        positive("units", &[self.units])?;
        let features = build.input_size(-1)?;
        // Sizes may come from a file, and be anything.
        let width = self.units.saturating_mul(equations.cell.gates());
        let shapes = WeightShapes {
            kernel: vec![features, width],
            recurrent: vec![self.units, width],
            bias: if rows == 1 { vec![width] } else { vec![rows, width] },
        };
        self.gates.build(build, equations.recurrent_activation, shapes, ones)
    }

    /// One step: the output and the new states.
    pub(super) fn step(
        &self,
        layer: &dyn Layer,
        inputs: &[Tensor],
        ctx: &mut Context,
        equations: Equations,
    ) -> Result<Vec<Tensor>> {
        let [x, states @ ..] = inputs else { return Err(Error::new("a cell runs on a step and its states")) };
        let x = ops::expand_dims(x, 1)?;
        let sequence = Sequence {
            x: &x,
            states: (!states.is_empty()).then_some(states),
            mask: None,
            backwards: false,
            in_order: false,
            zero_masked: false,
            all_outputs: false,
            last_state: true,
        };
        let SequenceOutputs { output, states } = self.run_sequence(layer, &sequence, ctx, equations)?;
        Ok(std::iter::once(output).chain(states).collect())
    }

    /// All steps as one op.
    pub(super) fn run_sequence(
        &self,
        layer: &dyn Layer,
        sequence: &Sequence,
        ctx: &mut Context,
        equations: Equations,
    ) -> Result<SequenceOutputs> {
        let x = sequence.x;
        let (batch, _, features) = x.dims3()?;
        let (kernel, recurrent) = (layer.weight("kernel", ctx)?, layer.weight("recurrent_kernel", ctx)?);
        let bias = if self.gates.use_bias { Some(layer.weight("bias", ctx)?) } else { None };
        // A GRU that resets after the product has a bias for the inputs and one for the state.
        let (bias, of_state) = match &bias {
            Some(bias) if bias.rank() == 2 => {
                let row = |i: i64| ops::get_item(bias, vec![ops::Index::At(i)]);
                (Some(row(0)?), Some(row(1)?))
            }
            _ => (bias, None),
        };
        // The same elements are dropped at all steps; for each gate others, if the state is dropped too.
        let gates = equations.cell.gates();
        let copies = if self.gates.recurrent_dropout > 0.0 { gates } else { 1 };
        let of_inputs = [batch, features.saturating_mul(copies)];
        let factors = self.gates.factors(self.gates.dropout, &of_inputs, x, ctx)?;
        let of_state_before = [batch, self.units.saturating_mul(gates)];
        let dropout = self.gates.factors(self.gates.recurrent_dropout, &of_state_before, x, ctx)?;
        let products = dropped_products(x, &kernel, bias.as_ref(), factors.as_ref(), copies)?;
        let zero_masked = sequence.zero_masked && sequence.mask.is_some();
        let fused = self.gates.activation.fused().zip(equations.recurrent_activation.fused());
        let (activation, recurrent_activation) = fused.unwrap_or_default();
        let config = RnnConfig {
            cell: equations.cell,
            activation,
            recurrent_activation,
            backwards: sequence.backwards,
            in_order: sequence.in_order,
            zero_masked,
            outputs: match (sequence.all_outputs, sequence.last_state || zero_masked) {
                (_, true) => Outputs::All,
                (true, false) => Outputs::Sequence,
                (false, false) => Outputs::Last,
            },
        };
        let sequences = Sequences {
            inputs: &products,
            kernel: &recurrent,
            bias: of_state.as_ref(),
            state: sequence.states,
            mask: sequence.mask,
            dropout: dropout.as_ref(),
        };
        let run = if fused.is_some() {
            ops::recurrent(config, sequences)?
        } else {
            let call = |f: &ActivationFunction, x: &Tensor| Ok(f.call(x)?);
            let gate = |x: &Tensor| call(equations.recurrent_activation, x);
            ops::recurrent_by_steps(config, sequences, |x| call(&self.gates.activation, x), gate)?
        };
        let missing = || Error::new("the run has no outputs");
        let output = match (sequence.all_outputs, zero_masked) {
            (true, _) => run.sequence.ok_or_else(missing)?,
            // The output of the last step, which is 0 where that is masked.
            (false, true) => {
                let last = vec![ops::Index::from(..), ops::Index::At(-1)];
                ops::get_item(&run.sequence.ok_or_else(missing)?, last)?
            }
            (false, false) => run.states.first().cloned().ok_or_else(missing)?,
        };
        Ok(SequenceOutputs { output, states: if sequence.last_state { run.states } else { Vec::new() } })
    }
}

/// `impl Layer` and `impl RnnCell` for a cell with a group of arguments, whose `build` adds the weights and whose `equations` are its
/// equations.
macro_rules! cell {
    ($class:ident, $arguments:ident) => {
        impl $crate::Layer for $class {
            fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
                use super::rnn_cell::RnnCell;
                let states = self.state_shapes(inputs.first().unwrap_or(&$crate::Shape::default()))?;
                Ok(states.first().cloned().into_iter().chain(states).collect())
            }

            fn build(&self, _: &[$crate::Shape], build: &mut $crate::Build) -> $crate::Result<()> {
                self.$arguments.build(build)
            }

            fn forward(
                &self,
                inputs: &[candle_core::Tensor],
                ctx: &mut $crate::Context,
            ) -> $crate::Result<Vec<candle_core::Tensor>> {
                self.$arguments.cell.step(self, inputs, ctx, self.$arguments.equations())
            }
        }

        impl super::rnn_cell::RnnCell for $class {
            fn state_shapes(&self, step: &$crate::Shape) -> $crate::Result<Vec<$crate::Shape>> {
                self.$arguments.cell.state_shapes(step, self.$arguments.equations().cell.states())
            }

            fn run_sequence(
                &self,
                sequence: &super::rnn_cell::Sequence,
                ctx: &mut $crate::Context,
            ) -> $crate::Result<Option<super::rnn_cell::SequenceOutputs>> {
                self.$arguments.cell.run_sequence(self, sequence, ctx, self.$arguments.equations()).map(Some)
            }
        }
    };
}
pub(super) use cell;
