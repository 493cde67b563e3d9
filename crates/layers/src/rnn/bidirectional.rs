//! Bidirectional: a recurrent layer forwards and one backwards. Keras: `keras.layers.Bidirectional`.

use super::{GRU, LSTM, SimpleRNN};
use crate::{Config, Context, KerasObject, Layer, Shape, Weights, from_config};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, DTypeName, Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// A recurrent layer, for a wrapper around it.
#[derive(Clone, Debug)]
pub enum Recurrent {
    /// See [`LSTM`].
    Lstm(LSTM),
    /// See [`GRU`].
    Gru(GRU),
    /// See [`SimpleRNN`].
    Simple(SimpleRNN),
}

macro_rules! each_recurrent {
    ($self:expr, $layer:ident => $body:expr) => {
        match $self {
            Recurrent::Lstm($layer) => $body,
            Recurrent::Gru($layer) => $body,
            Recurrent::Simple($layer) => $body,
        }
    };
}

impl From<LSTM> for Recurrent {
    fn from(layer: LSTM) -> Self {
        Self::Lstm(layer)
    }
}

impl From<GRU> for Recurrent {
    fn from(layer: GRU) -> Self {
        Self::Gru(layer)
    }
}

impl From<SimpleRNN> for Recurrent {
    fn from(layer: SimpleRNN) -> Self {
        Self::Simple(layer)
    }
}

impl Recurrent {
    fn layer(&self) -> &dyn Layer {
        each_recurrent!(self, layer => layer)
    }

    fn shared(&self) -> Arc<dyn Layer> {
        each_recurrent!(self, layer => Arc::new(layer.clone()))
    }

    fn rnn(&self) -> &super::base_rnn::Rnn {
        each_recurrent!(self, layer => &layer.rnn)
    }

    /// The same layer with weights of its own, under this name; in the other direction if `reversed`.
    fn anew(&self, name: String, reversed: bool) -> Self {
        let mut copy = each_recurrent!(self, layer => layer.anew().into());
        let rnn = each_recurrent!(&mut copy, layer => &mut layer.rnn);
        rnn.go_backwards ^= reversed;
        // Where outputs meet step by step, one that a mask leaves out adds nothing.
        rnn.zero_output_for_mask = rnn.return_sequences;
        copy.layer().base().set_name(name);
        copy
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        each_recurrent!(self, layer => layer.run(inputs, ctx, true))
    }
}

impl Serialize for Recurrent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let config = self.layer().get_config().map_err(serde::ser::Error::custom)?;
        let (module, class_name) = (Some("keras.layers".into()), self.layer().class_name().into());
        KerasObject { module, class_name, config, registered_name: None }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Recurrent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = KerasObject::deserialize(deserializer)?;
        let layer: Result<Self> = match object.class_name.as_str() {
            "LSTM" => from_config::<LSTM>("LSTM", object.config).map(Self::Lstm),
            "GRU" => from_config::<GRU>("GRU", object.config).map(Self::Gru),
            "SimpleRNN" => from_config::<SimpleRNN>("SimpleRNN", object.config).map(Self::Simple),
            name => Err(Error::unknown("recurrent layer", name, &["LSTM", "GRU", "SimpleRNN"])),
        };
        layer.map_err(serde::de::Error::custom)
    }
}

/// What is made of the outputs of both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeMode {
    /// One behind the other.
    #[default]
    Concat,
    /// Their sum.
    Sum,
    /// Their mean.
    Ave,
    /// Their product.
    Mul,
}

impl TryFrom<&str> for MergeMode {
    type Error = Error;

    fn try_from(name: &str) -> Result<Self> {
        serde_json::from_value(name.into())
            .map_err(|_| Error::unknown("merge_mode", name, &["concat", "sum", "ave", "mul"]))
    }
}

layer! {
    /// A recurrent layer that goes forwards, and another like it that goes backwards.
    ///
    /// Keras: `keras.layers.Bidirectional`.
    ///
    /// # Shapes
    /// - input: that of the layer, `(batch, steps, features)`
    /// - output: `(batch, 2 units)` or `(batch, steps, 2 units)`; the `units` of the layer alone unless they are concatenated. States of
    ///   the layer come behind, those of the forward direction first.
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Bidirectional, Input, LSTM, Layer};
    /// let y = Bidirectional::new(LSTM::new(64).return_sequences(true)).call(&Input::shape([80, 16]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 80, 128)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// There is no `merge_mode=None`; call two layers, one of them with `go_backwards`. The layer is one of [`Recurrent`].
    pub struct Bidirectional(
        /// The layer that goes forwards.
        layer: Recurrent,
        /// The layer that goes backwards.
        backward_layer: Recurrent,
    ) as with_layers {
        /// What is made of the outputs of both directions.
        merge_mode: MergeMode = MergeMode::Concat,
    }
}

impl Bidirectional {
    /// Around two copies of this layer, whose own weights are not used.
    pub fn new(layer: impl Into<Recurrent>) -> Self {
        let layer = layer.into();
        let name = layer.layer().layer_name();
        let backward = layer.anew(format!("backward_{name}"), true);
        Self::with_layers(layer.anew(format!("forward_{name}"), false), backward)
    }

    /// The layer that goes backwards, with arguments of its own; by default like the first.
    #[must_use]
    pub fn backward_layer(mut self, layer: impl Into<Recurrent>) -> Self {
        self.backward_layer = layer.into();
        self
    }
}

impl Layer for Bidirectional {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let of = |layer: &Recurrent, from: usize| {
            let states = inputs.len().saturating_sub(1) / 2;
            let own: Vec<Shape> =
                inputs.iter().take(1).chain(inputs.iter().skip(1 + from * states).take(states)).cloned().collect();
            layer.layer().compute_output_shape(&own)
        };
        let (mut forward, backward) = (of(&self.layer, 0)?, of(&self.backward_layer, 1)?);
        if forward[0] != backward[0] || forward.len() != backward.len() {
            return Err(Error::new("both directions must give outputs of one shape")
                .expected(forward[0].to_string())
                .received(backward[0].to_string()));
        }
        if self.layer.rnn().go_backwards == self.backward_layer.rnn().go_backwards {
            return Err(Error::new("both layers go in the same direction")
                .help("backward_layer must have go_backwards(true), and the layer not"));
        }
        if self.merge_mode == MergeMode::Concat {
            let (last, rank) = (forward[0].last().copied().flatten(), forward[0].len());
            forward[0] =
                forward[0][..rank - 1].iter().copied().chain([last.map(|units| units.saturating_mul(2))]).collect();
        }
        forward.extend(backward.into_iter().skip(1));
        Ok(forward)
    }

    fn build(&self, inputs: &[Shape], _: &mut Weights) -> Result<()> {
        for layer in [self.layer.layer(), self.backward_layer.layer()] {
            layer.base().set_dtype(DTypeName::Known(self.base.dtype()));
            crate::build(layer, &inputs[..1])?;
        }
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let states = (inputs.len() - 1) / 2;
        let of = |from: usize| [&inputs[..1], &inputs[1 + from * states..1 + (from + 1) * states]].concat();
        let mut forward = self.layer.forward(&of(0), ctx)?;
        let mut backward = self.backward_layer.forward(&of(1), ctx)?;
        let (a, b) = (forward.remove(0), backward.remove(0));
        let merged = match self.merge_mode {
            MergeMode::Concat => ops::concatenate(&[a, b], -1)?,
            MergeMode::Sum => ops::add(&a, &b)?,
            MergeMode::Ave => (ops::add(&a, &b)? * 0.5)?,
            MergeMode::Mul => ops::multiply(&a, &b)?,
        };
        Ok([vec![merged], forward, backward].concat())
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn compute_mask(&self, inputs: &[Tensor], masks: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        let mut mask = self.layer.layer().compute_mask(inputs, masks)?;
        mask.resize(2 * mask.len() - 1, None);
        Ok(mask)
    }

    fn sublayers(&self) -> Vec<Arc<dyn Layer>> {
        vec![self.layer.shared(), self.backward_layer.shared()]
    }

    fn sublayer_paths(&self) -> Vec<String> {
        vec!["forward_layer".into(), "backward_layer".into()]
    }

    fn call_config(&self, tensors: Vec<Config>) -> Config {
        super::base_rnn::call_config(tensors)
    }

    fn build_config(&self, shapes: &[Shape]) -> Config {
        serde_json::json!({ "input_shape": shapes.first() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer, run};
    use candle_keras_ops::Device;

    #[test]
    fn behaves_as_every_layer_must() {
        let inputs = || Check::inputs([[2, 4, 2]]);
        check_layer(|| Bidirectional::new(LSTM::new(3)), inputs().output([2, 6]).weights(6));
        let sum = || Bidirectional::new(GRU::new(3).return_sequences(true)).merge_mode(MergeMode::Sum);
        check_layer(sum, inputs().output([2, 4, 3]).weights(6));
        let states = || Bidirectional::new(SimpleRNN::new(3).return_state(true)).merge_mode(MergeMode::Mul);
        check_layer(states, Check::shapes(vec![vec![2, 4, 2], vec![2, 3], vec![2, 3]]).output([2, 3]).weights(6));
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
