//! What LSTM, GRU and SimpleRNN share: their arguments, their weights, masks, states and dropout. Keras: `keras/src/layers/rnn/rnn.py`.

use crate::activations::ActivationFunction;
use crate::part::Part;
use crate::{Base, Context, Declared, Layer, Shape, Weight};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Cell, Error, FusedActivation, Outputs, Result, Sequences, Way};

arguments! {
    /// The arguments that all recurrent layers have.
    pub(crate) struct Rnn(
        /// The size of the state.
        units: usize,
    ) as rnn_setters {
        /// Whether the outputs of all steps are given, and not only the last.
        return_sequences: bool = false,
        /// Whether the last state is given as well, as further outputs (see `call_multiple`).
        return_state: bool = false,
        /// Whether the last step comes first; the outputs are then in that order.
        go_backwards: bool = false,
        /// Whether the state of a batch is the first state of the next: not supported yet.
        stateful: bool = false,
        /// Nothing changes with it here: all steps are one operation.
        unroll: bool = false,
        /// Whether the output of a step that a mask leaves out is 0, and not that of the step before.
        zero_output_for_mask: bool = false,
        /// The function of the candidate. `"tanh"`, `"sigmoid"`, `"relu"` and `"linear"` are fast; with others,
        /// the steps are made one by one, which takes several times longer.
        activation: crate::ActivationFunction = "tanh",
        /// Whether biases are added.
        use_bias: bool = true,
        /// How the kernel begins.
        kernel_initializer: crate::Initializer = "glorot_uniform",
        /// How the kernel of the state begins.
        recurrent_initializer: crate::Initializer = "orthogonal",
        /// How the bias begins.
        bias_initializer: crate::Initializer = "zeros",
        /// A penalty on the kernel.
        kernel_regularizer: Option<crate::Regularizer>,
        /// A penalty on the kernel of the state.
        recurrent_regularizer: Option<crate::Regularizer>,
        /// A penalty on the bias.
        bias_regularizer: Option<crate::Regularizer>,
        /// A condition on the kernel.
        kernel_constraint: Option<crate::Constraint>,
        /// A condition on the kernel of the state.
        recurrent_constraint: Option<crate::Constraint>,
        /// A condition on the bias.
        bias_constraint: Option<crate::Constraint>,
        /// Which part of the inputs is dropped in training, the same at all steps.
        dropout: f64 = 0.0,
        /// Which part of the state is dropped in training before each product, the same at all steps.
        recurrent_dropout: f64 = 0.0,
        /// Fixes what is dropped, whatever the seed of the run.
        seed: Option<u64>,
    }
}

impl Rnn {
    /// The sizes of a sequence: batch, steps, features.
    fn sequence(input: &Shape) -> Result<[Option<usize>; 3]> {
        <[Option<usize>; 3]>::try_from(&input[..]).map_err(|_| {
            Error::new("the layer takes sequences")
                .expected("(batch, steps, features)")
                .received(format!("an input of shape {input}"))
                .help("an Embedding of inputs of shape (steps,) gives sequences")
        })
    }

    pub(super) fn output_shape(&self, inputs: &[Shape], cell: Cell, built: &Part) -> Result<Vec<Shape>> {
        let [batch, steps, features] = Self::sequence(inputs.first().unwrap_or(&Shape::from([0usize; 0])))?;
        if let Some(kernel) = built.base().variables().first().filter(|kernel| Some(kernel.dims()[0]) != features) {
            return Err(Error::new("the number of features differs from that of the first call")
                .expected(format!("{} features", kernel.dims()[0]))
                .received(format!("an input of shape {}", inputs[0])));
        }
        let state: Shape = [batch, Some(self.units)].into_iter().collect();
        let states = &inputs[1..];
        let fits = |state: &Shape| state.len() == 2 && state[1] == Some(self.units);
        if !states.is_empty() && (states.len() != cell.states() || !states.iter().all(fits)) {
            let shapes: Vec<_> = states.iter().map(Shape::to_string).collect();
            return Err(Error::new("the initial state does not suit the layer")
                .expected(format!("{} of shape {state}", cell.states()))
                .received(shapes.join(" and ")));
        }
        let output = match self.return_sequences {
            true => [batch, steps, Some(self.units)].into_iter().collect(),
            false => state.clone(),
        };
        let states = if self.return_state { cell.states() } else { 0 };
        Ok(std::iter::once(output).chain(std::iter::repeat_n(state, states)).collect())
    }

    /// Makes the weights; a bias of `rows` rows, of which some elements begin as 1.
    pub(super) fn build(
        &self,
        base: &Base,
        part: &Part,
        inputs: &[Shape],
        cell: Cell,
        rows: usize,
        ones: std::ops::Range<usize>,
    ) -> Result<()> {
        self.activation.check()?;
        crate::spatial::positive("units", &[self.units])?;
        for (name, rate) in [("dropout", self.dropout), ("recurrent_dropout", self.recurrent_dropout)] {
            if !(0.0..=1.0).contains(&rate) {
                return Err(Error::new(format!("{name} must be between 0 and 1")).received(rate.to_string()));
            }
        }
        if self.stateful {
            return Err(Error::new("stateful is not supported")
                .help("return_state(true) gives the last state, and call([x, state]) takes the first"));
        }
        let features = match inputs.first().map(Self::sequence).transpose()? {
            Some([_, _, Some(features)]) if features > 0 => features,
            _ => {
                return Err(Error::new("the number of features must be known").expected("(batch, steps, features)"));
            }
        };
        // Sizes may come from a file, and be anything.
        let width = self.units.saturating_mul(cell.gates());
        part.build(base, inputs, |weights| {
            weights.add(
                Weight::new("kernel", [features, width], &self.kernel_initializer)
                    .regularizer(&self.kernel_regularizer)
                    .constraint(&self.kernel_constraint),
            );
            weights.add(
                Weight::new("recurrent_kernel", [self.units, width], &self.recurrent_initializer)
                    .regularizer(&self.recurrent_regularizer)
                    .constraint(&self.recurrent_constraint),
            );
            if self.use_bias {
                let shape = if rows == 1 { vec![width] } else { vec![rows, width] };
                weights.add(
                    Weight::new("bias", shape, &self.bias_initializer)
                        .ones_at(ones)
                        .regularizer(&self.bias_regularizer)
                        .constraint(&self.bias_constraint),
                );
            }
        })
    }

    pub(super) fn units(&self) -> usize {
        self.units
    }

    /// Runs through the sequence: the output and, if wanted, the states.
    pub(super) fn run(
        &self,
        part: &Part,
        inputs: &[Tensor],
        ctx: &mut Context,
        cell: Cell,
        recurrent_activation: &ActivationFunction,
        in_order: bool,
    ) -> Result<Vec<Tensor>> {
        let [x, state @ ..] = inputs else { return Err(Error::new("the layer ran on nothing")) };
        let (batch, _, features) = x.dims3()?;
        let (kernel, recurrent) = (part.weight("kernel", ctx)?, part.weight("recurrent_kernel", ctx)?);
        let bias = if self.use_bias { Some(part.weight("bias", ctx)?) } else { None };
        // A GRU that resets after the product has a bias for the inputs and one for the state.
        let (bias, of_state) = match &bias {
            Some(bias) if bias.rank() == 2 => {
                let row = |i: i64| ops::get_item(bias, vec![ops::Index::At(i)]);
                (Some(row(0)?), Some(row(1)?))
            }
            _ => (bias, None),
        };
        let dropped = |rate: f64, size: usize, ctx: &mut Context| -> Result<Option<Tensor>> {
            if !ctx.is_training() || rate == 0.0 {
                return Ok(None);
            }
            let ones = Tensor::ones((batch, size), x.dtype(), x.device())?;
            Ok(Some(ops::dropout(&ones, rate, &mut ctx.random(self.seed))?))
        };
        // The same elements are dropped at all steps.
        let mut x = x.clone();
        if let Some(factors) = dropped(self.dropout, features, ctx)? {
            let factors = factors.unsqueeze(1)?;
            let y = x.detach().broadcast_mul(&factors)?;
            x = ops::custom_gradient(&x, &y, move |_, _, dy| dy.broadcast_mul(&factors))?;
        }
        let dropout = dropped(self.recurrent_dropout, self.units, ctx)?;
        let products = ops::dense(&x, &kernel, bias.as_ref(), FusedActivation::Linear)?;
        let mask = ctx.mask(0).cloned();
        let zero_masked = self.zero_output_for_mask && mask.is_some();
        let fused = self.activation.fused().zip(recurrent_activation.fused());
        let (activation, gate) = fused.unwrap_or_default();
        let way = Way {
            cell,
            activation,
            recurrent_activation: gate,
            backwards: self.go_backwards,
            in_order,
            zero_masked,
            outputs: match (self.return_sequences, self.return_state || zero_masked) {
                (_, true) => Outputs::All,
                (true, false) => Outputs::Sequence,
                (false, false) => Outputs::Last,
            },
        };
        let sequences = Sequences {
            inputs: &products,
            kernel: &recurrent,
            bias: of_state.as_ref(),
            state: (!state.is_empty()).then_some(state),
            mask: mask.as_ref(),
            dropout: dropout.as_ref(),
        };
        let run = if fused.is_some() {
            ops::recurrent(way, sequences)?
        } else {
            let call = |f: &ActivationFunction, x: &Tensor| f.call(x).map_err(candle_core::Error::wrap);
            ops::recurrent_by_steps(way, sequences, |x| call(&self.activation, x), |x| call(recurrent_activation, x))?
        };
        let missing = || Error::new("the run has no outputs");
        let output = match (self.return_sequences, zero_masked) {
            (true, _) => run.sequence.ok_or_else(missing)?,
            // The output of the last step, which is 0 where that is masked.
            (false, true) => {
                let sequence = run.sequence.ok_or_else(missing)?;
                let last = vec![ops::Index::from(..), ops::Index::At(-1)];
                ops::get_item(&sequence, last)?
            }
            (false, false) => run.states.first().cloned().ok_or_else(missing)?,
        };
        let states = if self.return_state { run.states } else { Vec::new() };
        Ok(std::iter::once(output).chain(states).collect())
    }

    pub(super) fn mask(&self, masks: &[Option<Tensor>], cell: Cell) -> Vec<Option<Tensor>> {
        let output = masks.first().cloned().flatten().filter(|_| self.return_sequences);
        let states = if self.return_state { cell.states() } else { 0 };
        std::iter::once(output).chain(std::iter::repeat_n(None, states)).collect()
    }
}

/// The methods of `Layer` that are the same for all recurrent layers, with fields `base`, `rnn` and `part`; `$cell` is what says the
/// equations of one.
macro_rules! rnn_layer {
    ($cell:expr) => {
        fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
            self.rnn.output_shape(inputs, $cell(self), &self.part)
        }

        fn forward(
            &self,
            inputs: &[candle_core::Tensor],
            ctx: &mut $crate::Context,
        ) -> $crate::Result<Vec<candle_core::Tensor>> {
            self.run(inputs, ctx, false)
        }

        fn supports_masking(&self) -> bool {
            true
        }

        fn compute_mask(
            &self,
            _: &[candle_core::Tensor],
            masks: &[Option<candle_core::Tensor>],
        ) -> $crate::Result<Vec<Option<candle_core::Tensor>>> {
            Ok(self.rnn.mask(masks, $cell(self)))
        }

        fn sublayers(&self) -> Vec<std::sync::Arc<dyn $crate::Layer>> {
            vec![std::sync::Arc::new(self.part.clone())]
        }

        fn sublayer_paths(&self) -> Vec<String> {
            vec!["cell".into()]
        }

        fn call_config(&self, tensors: Vec<$crate::Config>) -> $crate::Config {
            $crate::rnn::base_rnn::call_config(tensors)
        }

        fn build_config(&self, shapes: &[$crate::Shape]) -> $crate::Config {
            serde_json::json!({ "input_shape": shapes.first() })
        }
    };
}
pub(super) use rnn_layer;

/// The method by which a layer with fields `rnn` and `part` runs, and a wrapper runs it.
macro_rules! rnn_run {
    ($cell:expr, $gate:expr) => {
        /// Runs; with `in_order`, the outputs of a layer that goes backwards are in the order of the inputs.
        pub(super) fn run(
            &self,
            inputs: &[candle_core::Tensor],
            ctx: &mut $crate::Context,
            in_order: bool,
        ) -> $crate::Result<Vec<candle_core::Tensor>> {
            self.rnn.run(&self.part, inputs, ctx, $cell(self), &$gate(self), in_order)
        }
    };
}
pub(super) use rnn_run;

/// Keras's form of a call: the sequence, and the first state as a keyword.
pub(super) fn call_config(mut tensors: Vec<crate::Config>) -> crate::Config {
    let states = tensors.split_off(tensors.len().min(1));
    let kwargs = if states.is_empty() { serde_json::json!({}) } else { serde_json::json!({ "initial_state": states }) };
    serde_json::json!({"args": tensors, "kwargs": kwargs})
}
