//! Bidirectional: a recurrent layer forwards and one backwards. Keras: `keras.layers.Bidirectional`.

use super::rnn::{IN_ORDER, Recurrent};
use crate::call::{CallArgument, CallArguments};
use crate::object::{Kind, Named, own_object};
use crate::{Build, Config, Context, Layer, NodeOutput, Shape, TensorSpec};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// A recurrent layer: one of ours, or a custom one.
pub type RecurrentLayer = Named<dyn Recurrent>;

impl<R: Recurrent> From<R> for RecurrentLayer {
    fn from(layer: R) -> Self {
        Self::of(Arc::new(layer))
    }
}

macro_rules! recurrent_layers {
    ($($class:ident),*) => {
        impl Kind for dyn Recurrent {
            const NAME: &'static str = "recurrent layer";
            const CLASSES: &'static [&'static str] = &[$(stringify!($class)),*];

            fn names() -> Vec<&'static str> {
                Self::CLASSES.to_vec()
            }

            fn by_name(_: &str) -> Option<Arc<Self>> {
                None
            }

            fn by_class(class_name: &str, config: Config) -> Option<Result<Arc<Self>>> {
                Some(match class_name {
                    $(stringify!($class) => {
                        crate::object::shared::<super::$class>(class_name, config).map(|layer| layer as Arc<Self>)
                    })*
                    _ => return None,
                })
            }

            fn serialize(&self) -> Result<Config> {
                let (class_name, config) = (self.class_name(), self.get_config()?);
                if !Self::CLASSES.contains(&class_name) {
                    return Ok(own_object(class_name, config));
                }
                Ok(serde_json::json!({
                    "module": "keras.layers", "class_name": class_name, "config": config, "registered_name": null
                }))
            }
        }
    };
}

recurrent_layers!(ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, GRU, LSTM, RNN, SimpleRNN);

/// How the outputs of both directions are merged: `"concat"`, `"sum"`, `"ave"`, `"mul"`, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeMode {
    /// Concatenated.
    Concat,
    /// Their sum.
    Sum,
    /// Their mean.
    Ave,
    /// Their product.
    Mul,
    /// Two outputs. Keras: `merge_mode=None`.
    None,
    /// An unknown name: building the layer is an error.
    Unknown(String),
}

impl MergeMode {
    const NAMES: [(&'static str, Self); 4] =
        [("concat", Self::Concat), ("sum", Self::Sum), ("ave", Self::Ave), ("mul", Self::Mul)];

    fn check(&self) -> Result<()> {
        match self {
            Self::Unknown(name) => Err(Error::unknown("merge_mode", name, &Self::NAMES.map(|(name, _)| name))),
            _ => Ok(()),
        }
    }
}

impl From<&str> for MergeMode {
    fn from(name: &str) -> Self {
        let known = Self::NAMES.into_iter().find(|(known, _)| *known == name);
        known.map_or_else(|| Self::Unknown(name.into()), |(_, mode)| mode)
    }
}

impl From<Option<Self>> for MergeMode {
    /// `merge_mode(None)` as in Keras.
    fn from(mode: Option<Self>) -> Self {
        mode.unwrap_or(Self::None)
    }
}

impl Serialize for MergeMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::NAMES.iter().find(|(_, mode)| mode == self).map(|(name, _)| name).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MergeMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map_or(Self::None, |name| name.as_str().into()))
    }
}

layer! {
    /// A recurrent layer that runs forwards, and another like it that runs backwards: an [`LSTM`](crate::LSTM), a
    /// [`ConvLSTM2D`](crate::ConvLSTM2D), an [`RNN`](crate::RNN) of any cell.
    ///
    /// Keras: `keras.layers.Bidirectional`.
    ///
    /// # Shapes
    /// - input: that of the layer, `(batch, steps, features)`
    /// - output: `(batch, 2 units)` or `(batch, steps, 2 units)`; the `units` of the layer alone unless they are concatenated; two outputs with
    ///   `MergeMode::None`. States of the layer come behind, those of the forward direction first.
    /// - `initial_state` of the call: the states of both directions
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Bidirectional, Input, LSTM, Layer};
    /// let x = Input::shape([80, 16]);
    /// let y = Bidirectional::new(LSTM::new(64).return_sequences(true)).call(&x);
    /// assert_eq!(y.shape()?.to_string(), "(None, 80, 128)");
    /// let y = Bidirectional::new(LSTM::new(64)).merge_mode("sum").call(&x);
    /// assert_eq!(y.shape()?.to_string(), "(None, 64)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Bidirectional(
        /// The forward layer.
        layer: RecurrentLayer,
        /// The backward layer.
        backward_layer: RecurrentLayer,
    ) as with_layers {
        /// How the outputs of both directions are merged.
        merge_mode: MergeMode = "concat",
    }
}

impl Bidirectional {
    /// Around two copies of this layer, whose own weights are not used.
    pub fn new(layer: impl Into<RecurrentLayer>) -> Self {
        let layer = layer.into();
        let Ok(inner) = layer.get() else { return Self::with_layers(layer.clone(), layer) };
        let arguments = || {
            let arguments = inner.sequence_arguments().clone();
            // Where outputs are added step by step, a masked one adds nothing.
            let meet = arguments.return_sequences;
            arguments.zero_output_for_mask(meet)
        };
        let backwards = !inner.sequence_arguments().go_backwards;
        let name = inner.layer_name();
        let forward = inner.twin(format!("forward_{name}"), arguments());
        let backward = inner.twin(format!("backward_{name}"), arguments().go_backwards(backwards));
        Self::with_layers(RecurrentLayer::of(forward), RecurrentLayer::of(backward))
    }

    /// The backward layer, if its arguments differ; by default it is like the first.
    #[must_use]
    pub fn backward_layer(mut self, layer: impl Into<RecurrentLayer>) -> Self {
        self.backward_layer = layer.into();
        self
    }

    /// The named arguments of one direction's call: its half of the states.
    fn half<T: Clone>(&self, arguments: &CallArguments<T>, second: bool) -> CallArguments<T> {
        let states: Vec<_> = arguments.tensors("initial_state").cloned().map(Some).collect();
        let half = states.len() / 2;
        match states.is_empty() {
            true => CallArguments::new(),
            false => {
                let own = if second { &states[half..] } else { &states[..half] };
                CallArguments::new().set("initial_state", CallArgument::Tensors(own.to_vec()))
            }
        }
    }

    fn shapes(&self, inputs: &[Shape], arguments: &CallArguments<TensorSpec>) -> Result<Vec<Shape>> {
        self.merge_mode.check()?;
        let (layer, backward_layer) = (self.layer.get()?, self.backward_layer.get()?);
        let of = |layer: &dyn Recurrent, second| {
            super::rnn::output_shapes(layer, &inputs[..1.min(inputs.len())], &self.half(arguments, second))
        };
        let (mut outputs, mut backward) = (of(layer, false)?, of(backward_layer, true)?);
        if outputs[0] != backward[0] || outputs.len() != backward.len() {
            return Err(Error::new("both directions must give outputs of one shape")
                .expected(outputs[0].to_string())
                .received(backward[0].to_string()));
        }
        if layer.sequence_arguments().stateful != backward_layer.sequence_arguments().stateful {
            return Err(Error::new("both directions must be stateful, or neither"));
        }
        if layer.sequence_arguments().go_backwards == backward_layer.sequence_arguments().go_backwards {
            return Err(Error::new("both layers go in the same direction")
                .help("backward_layer must have go_backwards(true), and the layer not"));
        }
        let second = backward.remove(0);
        match self.merge_mode {
            MergeMode::Concat => {
                let (last, rest) = (outputs[0].last().copied().flatten(), &outputs[0][..outputs[0].len() - 1]);
                outputs[0] = rest.iter().copied().chain([last.map(|units| units.saturating_mul(2))]).collect();
            }
            MergeMode::None => outputs.insert(1, second),
            _ => {}
        }
        Ok([outputs, backward].concat())
    }
}

/// The steps in the reverse order.
fn in_reverse(x: &Tensor) -> Result<Tensor> {
    let order: Vec<u32> = (0..x.dim(1)? as u32).rev().collect();
    Ok(x.contiguous()?.index_select(&Tensor::new(order, x.device())?, 1)?)
}

impl Layer for Bidirectional {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.shapes(inputs, &CallArguments::new())
    }

    fn compute_output_spec(
        &self,
        inputs: &[TensorSpec],
        arguments: &CallArguments<TensorSpec>,
    ) -> Result<Vec<TensorSpec>> {
        let shapes: Vec<_> = inputs.iter().map(|input| input.shape.clone()).collect();
        let (shapes, dtype) = (self.shapes(&shapes, arguments)?, self.base.compute_dtype());
        Ok(shapes.into_iter().map(|shape| TensorSpec::new(shape, dtype)).collect())
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        build.fix_features()?;
        build.add_layer("forward_layer", self.layer.shared()? as Arc<dyn Layer>, &inputs[..1])?;
        build.add_layer("backward_layer", self.backward_layer.shared()? as Arc<dyn Layer>, &inputs[..1])
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let arguments = ctx.arguments().clone();
        let mut of = |layer: &dyn Recurrent, second| -> Result<Vec<Tensor>> {
            let mut arguments = self.half(&arguments, second).argument(IN_ORDER, true);
            if let Some(mask) = ctx.mask(0) {
                arguments = arguments.set("mask", CallArgument::Tensor(mask.clone()));
            }
            ctx.run_multiple(layer, &inputs[..1], arguments)
        };
        let (mut forward, mut backward) = (of(self.layer.get()?, false)?, of(self.backward_layer.get()?, true)?);
        let (mut a, mut b) = (forward.remove(0), backward.remove(0));
        let first = self.layer.get()?.sequence_arguments();
        if first.go_backwards && first.return_sequences {
            // Keras turns the outputs of the second layer around, whichever runs backwards: both then begin at the end.
            (a, b) = (in_reverse(&a)?, in_reverse(&b)?);
        }
        let merged = match self.merge_mode {
            MergeMode::Concat => vec![ops::concatenate(&[a, b], -1)?],
            MergeMode::Sum => vec![ops::add(&a, &b)?],
            MergeMode::Ave => vec![(ops::add(&a, &b)? * 0.5)?],
            MergeMode::Mul => vec![ops::multiply(&a, &b)?],
            MergeMode::None | MergeMode::Unknown(_) => vec![a, b],
        };
        Ok([merged, forward, backward].concat())
    }

    fn call_arguments(&self) -> &[&str] {
        &["initial_state"]
    }

    fn name_inputs(&self, inputs: &mut Vec<NodeOutput>, arguments: &mut CallArguments<NodeOutput>) {
        super::rnn::name_inputs(inputs, arguments);
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn compute_mask(&self, inputs: &[Tensor], masks: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        let of_one = self.layer.get()?.compute_mask(inputs, masks)?;
        let outputs = if self.merge_mode == MergeMode::None { 2 } else { 1 };
        let output = std::iter::repeat_n(of_one.first().cloned().flatten(), outputs);
        Ok(output.chain(std::iter::repeat_n(None, 2 * (of_one.len() - 1))).collect())
    }

    fn build_config(&self, shapes: &[Shape]) -> Config {
        serde_json::json!({ "input_shape": shapes.first() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Check, ConvLSTM1D, GRU, GRUCell, Input, LSTM, LSTMCell, RNN, SimpleRNN, StackedRNNCells, check_layer, run,
    };
    use candle_keras_ops::Device;

    #[test]
    fn merge_mode_may_be_none() {
        assert_eq!(Bidirectional::new(GRU::new(3)).merge_mode(None).merge_mode, MergeMode::None);
    }

    #[test]
    fn behaves_as_every_layer_must() {
        let inputs = || Check::inputs([[2, 4, 2]]);
        check_layer(|| Bidirectional::new(LSTM::new(3)), inputs().output([2, 6]).weights(6));
        let sum = || Bidirectional::new(GRU::new(3).return_sequences(true)).merge_mode("sum");
        check_layer(sum, inputs().output([2, 4, 3]).weights(6));
        let states = || Bidirectional::new(SimpleRNN::new(3).return_state(true)).merge_mode("mul");
        let backwards = || Bidirectional::new(GRU::new(2).go_backwards(true).return_sequences(true));
        check_layer(backwards, inputs().output([2, 4, 4]).weights(6));
        check_layer(states, Check::shapes(vec![vec![2, 4, 2], vec![2, 3], vec![2, 3]]).output([2, 3]).weights(6));
    }

    fn stacked() -> RNN {
        RNN::new(StackedRNNCells::new([LSTMCell::new(2).into(), GRUCell::new(3).into()]))
    }

    #[test]
    fn any_cell_may_have_two_directions() {
        check_layer(|| Bidirectional::new(stacked()), Check::inputs([[2, 3, 2]]).output([2, 6]).weights(12));
        let pictures = || Bidirectional::new(ConvLSTM1D::new(1, 2).return_sequences(true));
        check_layer(pictures, Check::inputs([[2, 3, 3, 2]]).output([2, 3, 2, 2]).weights(6));
    }

    #[test]
    fn states_are_kept_from_batch_to_batch_until_they_are_reset() {
        let layer = Bidirectional::new(stacked().stateful(true));
        layer.call(Input::shape([3, 2]).batch_size(2));
        let x = |batch: usize| Tensor::ones((batch, 3, 2), ops::DType::F32, &Device::Cpu).unwrap();
        let step = || {
            let mut ctx = Context::inference();
            let (y, _) = run(&layer, &[x(2)], &[None], &mut ctx).unwrap();
            ctx.commit().unwrap();
            y[0].to_vec2::<f32>().unwrap()
        };
        let (first, second) = (step(), step());
        assert_ne!(first, second);
        layer.reset_states().unwrap();
        assert_eq!((step(), step()), (first, second));
        let error = run(&layer, &[x(1)], &[None], &mut Context::inference()).unwrap_err().to_string();
        assert!(error.contains("batches of one size"), "{error}");
        let mixed = Bidirectional::new(LSTM::new(2)).backward_layer(LSTM::new(2).stateful(true).go_backwards(true));
        let error = mixed.call(Input::shape([3, 2]).batch_size(2)).shape().unwrap_err().to_string();
        assert!(error.contains("stateful, or neither"), "{error}");
    }

    #[test]
    fn the_second_direction_begins_at_the_end() {
        let layer = Bidirectional::new(SimpleRNN::new(1).activation("linear").return_sequences(true));
        layer.call(crate::Input::shape([3, 1]));
        let one = |shape: &[usize]| Tensor::ones(shape, ops::DType::F32, &Device::Cpu).unwrap();
        let zero = Tensor::zeros(1, ops::DType::F32, &Device::Cpu).unwrap();
        let weights = [one(&[1, 1]), one(&[1, 1]), zero.clone(), one(&[1, 1]), one(&[1, 1]), zero];
        layer.set_weights(&weights).unwrap();
        let x = Tensor::new(&[[[1f32], [2.], [4.]]], &Device::Cpu).unwrap();
        let (y, _) = run(&layer, &[x], &[None], &mut Context::inference()).unwrap();
        assert_eq!(y[0].to_vec3::<f32>().unwrap(), [[[1., 7.], [3., 6.], [7., 4.]]]);
        assert_eq!(layer.sublayers()[1].layer_name().split('_').next(), Some("backward"));
    }
}
