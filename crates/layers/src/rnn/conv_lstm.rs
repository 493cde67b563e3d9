//! Common to ConvLSTM1D, 2D and 3D: an LSTM whose products are convolutions. Keras: `keras/src/layers/rnn/conv_lstm.py`.

use super::cell_arguments::{GateArguments, WeightShapes, gate_setters, times_constant};
use super::rnn_cell::{RnnCell, Sequence, SequenceOutputs};
use crate::convolutional::arguments::{LayoutArguments, layout_setters};
use crate::convolutional::base_conv::{channels, not_both};
use crate::spatial::{Windows, channels_last, padding, positive, spatial, with_spatial};
use crate::{Base, Build, Config, Context, Declared, Described, Layer, Shape, WithBase, to_config};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, FusedActivation, Outputs, Padding, Result, RnnConfig, Sequences};

arguments! {
    /// The arguments of ConvLSTM1D, 2D and 3D, beside those of their windows.
    pub(crate) struct ConvLstmArguments(
        /// The number of filters: the channels of the state.
        filters: usize,
    ) as conv_lstm_setters {
        ..layout: LayoutArguments = LayoutArguments::new() => layout_setters,
        ..gates: GateArguments = GateArguments::new() => gate_setters,
        /// The function of the gates.
        recurrent_activation: crate::ActivationFunction = "sigmoid",
        /// Whether the biases of the forget gate are initially 1.
        unit_forget_bias: bool = true,
    }
}

/// The cell of a ConvLSTM over `N` axes. Keras has it without a name of its own.
#[derive(Clone, Debug)]
pub(super) struct ConvLSTMCell<const N: usize> {
    pub(super) base: Base,
    pub(super) windows: Windows<N>,
    pub(super) arguments: ConvLstmArguments,
}

impl<const N: usize> Described for ConvLSTMCell<N> {
    fn class_name(&self) -> &str {
        "ConvLSTMCell"
    }

    fn config(&self) -> Result<Config> {
        to_config(&self.arguments)
    }
}

impl<const N: usize> Declared for ConvLSTMCell<N> {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl<const N: usize> WithBase for ConvLSTMCell<N> {
    fn with_base(&self, base: Base) -> Self {
        Self { base, ..self.clone() }
    }
}

/// How many gates there are.
const GATES: usize = 4;

impl<const N: usize> ConvLSTMCell<N> {
    fn data_format(&self) -> &str {
        &self.arguments.layout.data_format
    }

    fn padding(&self) -> Result<Padding> {
        padding(&self.arguments.layout.padding, false)
    }

    /// The shape of the state for a step of this shape.
    fn state_shape(&self, step: &Shape) -> Result<Shape> {
        let (sizes, _) = spatial::<N>(step, self.data_format())?;
        let sizes = self.windows.count(sizes, self.padding()?)?;
        with_spatial(step[0], sizes, Some(self.arguments.filters), self.data_format())
    }

    /// The weights: kernel, recurrent kernel and bias.
    fn weights(&self, ctx: &Context) -> Result<(Tensor, Tensor, Option<Tensor>)> {
        let bias = self.arguments.gates.use_bias.then(|| self.weight("bias", ctx)).transpose()?;
        Ok((self.weight("kernel", ctx)?, self.weight("recurrent_kernel", ctx)?, bias))
    }

    /// The convolution of images with their channels last; with other elements dropped for each gate, if `factors` are given, which are one group of channels
    /// each.
    fn conv(
        x: &Tensor,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        windows: Windows<N>,
        padding: Padding,
        factors: Option<Tensor>,
    ) -> Result<Tensor> {
        let axes = windows.axes(x.dims(), padding);
        let conv = |x: &Tensor, groups| ops::conv(x, kernel, bias, &axes, groups, FusedActivation::Linear);
        Ok(match factors {
            Some(factors) => {
                conv(&times_constant(&ops::concatenate::<Tensor, &Tensor>(&[x; GATES], -1)?, factors)?, GATES)?
            }
            None => conv(x, 1)?,
        })
    }

    /// The convolution of the inputs. `x` has its channels last, and may have the steps of a sequence behind the batch.
    fn inputs(&self, x: &Tensor, kernel: &Tensor, bias: Option<&Tensor>, ctx: &mut Context) -> Result<Tensor> {
        let (dims, steps) = (x.dims(), &x.dims()[1..x.rank() - N - 1]);
        // The same elements are dropped at all steps.
        let shape = [&dims[..1], &vec![1; steps.len()], &dims[1 + steps.len()..]].concat();
        let of_gates = [&shape[..shape.len() - 1], &[dims[dims.len() - 1].saturating_mul(GATES)]].concat();
        let mut factors = self.arguments.gates.factors(self.arguments.gates.dropout, &of_gates, x, ctx)?;
        let Some(&steps) = steps.first() else {
            return Self::conv(x, kernel, bias, self.windows, self.padding()?, factors);
        };
        let folded = [&[dims[0] * steps], &dims[2..]].concat();
        if let Some(factors) = &mut factors {
            let sizes = &factors.dims()[2..];
            let each = [&[dims[0], steps], sizes].concat();
            *factors = factors.broadcast_as(each)?.reshape([&folded[..1], sizes].concat())?;
        }
        let sizes = |dims: &[usize]| dims.iter().map(|&size| size as i64).collect::<Vec<_>>();
        let y = Self::conv(&ops::reshape(x, sizes(&folded))?, kernel, bias, self.windows, self.padding()?, factors)?;
        Ok(ops::reshape(&y, sizes(&[&dims[..2], &y.dims()[1..]].concat()))?)
    }

    /// The new state and carry after a step; all tensors have their channels last.
    fn step(&self, [x, h, c]: [&Tensor; 3], ctx: &mut Context) -> Result<[Tensor; 2]> {
        let (kernel, recurrent, bias) = self.weights(ctx)?;
        let (filters, gates) = (self.arguments.filters, &self.arguments.gates);
        let x = self.inputs(x, &kernel, bias.as_ref(), ctx)?;
        let shape = [&h.dims()[..h.rank() - 1], &[filters * GATES]].concat();
        let factors = gates.factors(gates.recurrent_dropout, &shape, h, ctx)?;
        let windows = Windows { strides: 1.into(), dilation: 1.into(), ..self.windows };
        let z = ops::add(&x, &Self::conv(h, &recurrent, None, windows, Padding::Same, factors)?)?;
        let part = |i: usize| {
            let range = (i * filters) as i64..((i + 1) * filters) as i64;
            ops::get_item(&z, vec![ops::Index::Ellipsis, ops::Index::from(range)])
        };
        let gate = |i: usize| self.arguments.recurrent_activation.call(&part(i)?);
        let candidate = gates.activation.call(&part(2)?)?;
        let c = ops::add(&ops::multiply(&gate(1)?, c)?, &ops::multiply(&gate(0)?, &candidate)?)?;
        let h = ops::multiply(&gate(3)?, &gates.activation.call(&c)?)?;
        Ok([h, c])
    }

    fn check_rank(x: &Tensor, rank: usize) -> Result<()> {
        match x.rank() == rank {
            true => Ok(()),
            false => {
                Err(Error::new(format!("the cell takes tensors of {rank} axes")).received(format!("{:?}", x.dims())))
            }
        }
    }

    /// A sequence with its channels last.
    fn sequence_last(&self, x: &Tensor) -> Result<Tensor> {
        self.moved(x, |rank| [0, 1].into_iter().chain(3..rank).chain([2]).collect())
    }

    /// A sequence in the format of the data.
    fn sequence_back(&self, x: &Tensor) -> Result<Tensor> {
        self.moved(x, |rank| [0, 1, rank - 1].into_iter().chain(2..rank - 1).collect())
    }

    fn moved(&self, x: &Tensor, order: impl FnOnce(i64) -> Vec<i64>) -> Result<Tensor> {
        if channels_last(self.data_format())? { Ok(x.clone()) } else { Ok(ops::transpose(x, order(x.rank() as i64))?) }
    }

    fn last(&self, x: &Tensor) -> Result<Tensor> {
        self.moved(x, |rank| std::iter::once(0).chain(2..rank).chain([1]).collect())
    }

    fn back(&self, x: &Tensor) -> Result<Tensor> {
        self.moved(x, |rank| [0, rank - 1].into_iter().chain(1..rank - 1).collect())
    }
}

impl<const N: usize> Layer for ConvLSTMCell<N> {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let state = self.state_shape(inputs.first().unwrap_or(&Shape::default()))?;
        Ok(vec![state; 3])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let filters = self.arguments.filters;
        positive("filters", &[filters])?;
        self.windows.check("kernel_size")?;
        not_both(&self.windows)?;
        self.state_shape(inputs.first().unwrap_or(&Shape::default()))?;
        let channels = channels(self.data_format(), build)?;
        // Sizes may come from a file, and be anything.
        let width = filters.saturating_mul(GATES);
        let shapes = WeightShapes {
            kernel: [&self.windows.size.0[..], &[channels, width]].concat(),
            recurrent: [&self.windows.size.0[..], &[filters, width]].concat(),
            bias: vec![width],
        };
        let ones = if self.arguments.unit_forget_bias { filters..filters.saturating_mul(2) } else { 0..0 };
        self.arguments.gates.build(build, &self.arguments.recurrent_activation, shapes, ones)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let [x, h, c] = inputs else { return Err(Error::new("the cell runs on a step, and its state of two tensors")) };
        [x, h, c].into_iter().try_for_each(|x| Self::check_rank(x, N + 2))?;
        let [h, c] = self.step([&self.last(x)?, &self.last(h)?, &self.last(c)?], ctx)?;
        let (h, c) = (self.back(&h)?, self.back(&c)?);
        Ok(vec![h.clone(), h, c])
    }
}

impl<const N: usize> RnnCell for ConvLSTMCell<N> {
    fn state_shapes(&self, step: &Shape) -> Result<Vec<Shape>> {
        Ok(vec![self.state_shape(step)?; 2])
    }

    /// The convolution of all inputs is one, and the steps are one op; not with masks, recurrent dropout or other activations.
    fn run_sequence(&self, sequence: &Sequence, ctx: &mut Context) -> Result<Option<SequenceOutputs>> {
        let gates = &self.arguments.gates;
        let fused = gates.activation.fused().zip(self.arguments.recurrent_activation.fused());
        let drops = ctx.is_training() && gates.recurrent_dropout > 0.0;
        let Some((activation, recurrent_activation)) = fused.filter(|_| sequence.mask.is_none() && !drops) else {
            return Ok(None);
        };
        Self::check_rank(sequence.x, N + 3)?;
        sequence.states.into_iter().flatten().try_for_each(|state| Self::check_rank(state, N + 2))?;
        let (kernel, recurrent, bias) = self.weights(ctx)?;
        let inputs = self.inputs(&self.sequence_last(sequence.x)?, &kernel, bias.as_ref(), ctx)?;
        let state =
            sequence.states.map(|states| states.iter().map(|state| self.last(state)).collect::<Result<Vec<_>>>());
        let state = state.transpose()?;
        let config = RnnConfig {
            cell: ops::Cell::Lstm,
            activation,
            recurrent_activation,
            backwards: sequence.backwards,
            in_order: sequence.in_order,
            zero_masked: false,
            outputs: match (sequence.all_outputs, sequence.last_state) {
                (_, true) => Outputs::All,
                (true, false) => Outputs::Sequence,
                (false, false) => Outputs::Last,
            },
        };
        let sequences = Sequences {
            inputs: &inputs,
            kernel: &recurrent,
            bias: None,
            state: state.as_deref(),
            mask: None,
            dropout: None,
        };
        let run = ops::conv_lstm(config, sequences)?;
        let states = run.states.iter().map(|state| self.back(state)).collect::<Result<Vec<_>>>()?;
        let output = match run.sequence.filter(|_| sequence.all_outputs) {
            Some(outputs) => self.sequence_back(&outputs)?,
            None => states.first().cloned().ok_or_else(|| Error::new("the run has no outputs"))?,
        };
        Ok(Some(SequenceOutputs { output, states: if sequence.last_state { states } else { Vec::new() } }))
    }
}

/// `impl Recurrent` and `impl Layer` for a class of so many axes.
macro_rules! conv_lstm {
    ($class:ident, $axes:literal) => {
        impl $crate::rnn::rnn::Recurrent for $class {
            fn sequence_arguments(&self) -> &$crate::SequenceArguments {
                &self.sequence
            }

            fn cell(&self) -> $crate::Result<std::sync::Arc<dyn $crate::RnnCell>> {
                let windows = $crate::spatial::Windows {
                    size: self.kernel_size,
                    strides: self.strides,
                    dilation: self.dilation_rate,
                };
                Ok($crate::rnn::rnn::cell_of(&self.base, || super::conv_lstm::ConvLSTMCell::<$axes> {
                    base: $crate::Base::named("conv_lstm_cell".into()),
                    windows,
                    arguments: self.arguments.clone(),
                }))
            }

            fn twin(
                &self,
                name: String,
                sequence: $crate::SequenceArguments,
            ) -> std::sync::Arc<dyn $crate::rnn::rnn::Recurrent> {
                use $crate::WithBase;
                std::sync::Arc::new(Self { sequence, ..self.with_base(self.base.another(name)) })
            }
        }

        impl $crate::Layer for $class {
            $crate::rnn::rnn::recurrent_layer!();
        }
    };
}
pub(super) use conv_lstm;

#[cfg(test)]
mod tests {
    use crate::{Check, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, Input, Layer, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| ConvLSTM1D::new(2, 3), Check::inputs([[2, 3, 5, 2]]).output([2, 3, 2]).weights(3));
        let images = || Check::inputs([[2, 3, 4, 3, 2]]);
        let same =
            || ConvLSTM2D::new(2, (2, 3)).padding("same").return_sequences(true).return_state(true).go_backwards(true);
        check_layer(same, images().output([2, 3, 4, 3, 2]).weights(3));
        let strides = || ConvLSTM2D::new(1, 2).strides((2, 1)).use_bias(false).recurrent_activation("hard_sigmoid");
        check_layer(strides, images().output([2, 2, 2, 1]).weights(2));
        let dropped = || ConvLSTM2D::new(1, 2).dropout(0.3).recurrent_dropout(0.3).seed(1).return_sequences(true);
        check_layer(dropped, images().output([2, 3, 3, 2, 1]).weights(3));
        let fused = || ConvLSTM2D::new(1, 2).dropout(0.3).seed(1);
        check_layer(fused, images().output([2, 3, 2, 1]).weights(3));
        let first = || ConvLSTM2D::new(2, 2).data_format("channels_first").return_sequences(true).return_state(true);
        check_layer(first, Check::inputs([[2, 3, 2, 4, 3]]).output([2, 3, 2, 3, 2]).weights(3));
        let volumes = || ConvLSTM3D::new(1, (1, 2, 1)).dilation_rate((1, 2, 1)).unit_forget_bias(false);
        check_layer(volumes, Check::inputs([[2, 2, 2, 3, 2, 1]]).output([2, 2, 1, 2, 1]).weights(3));
        let state = || ConvLSTM1D::new(2, 2).padding("same").activation("elu");
        let inputs = vec![vec![2, 3, 3, 1], vec![2, 3, 2], vec![2, 3, 2]];
        check_layer(state, Check::shapes(inputs).output([2, 3, 2]).weights(3));
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let video = Input::shape([5, 8, 8, 3]);
        let error = |layer: ConvLSTM2D| layer.call(&video).shape().unwrap_err().to_string();
        assert!(error(ConvLSTM2D::new(0, 3)).contains("filters must be positive"));
        assert!(error(ConvLSTM2D::new(2, 0)).contains("kernel_size must be positive"));
        assert!(error(ConvLSTM2D::new(2, 9)).contains("larger than the input"));
        assert!(error(ConvLSTM2D::new(2, 3).strides(2).dilation_rate(2)).contains("strides and dilation_rate"));
        assert!(error(ConvLSTM2D::new(2, 3).padding("causal")).contains("unknown padding"));
        let image = Input::shape([8, 8, 3]);
        assert!(ConvLSTM2D::new(2, 3).call(&image).shape().is_err());
    }
}
