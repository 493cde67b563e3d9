//! SimpleRNN: sequences, with the output as the state. Keras: `keras.layers.SimpleRNN`.

use super::base_rnn::{Rnn, rnn_layer, rnn_run, rnn_setters};
use crate::activations::ActivationFunction;
use crate::part::Part;
use crate::{Base, Layer, Shape, Weights};
use candle_keras_ops::{Cell, Result};

layer! {
    /// `h = tanh(x W + h U + b)` (Elman, 1990).
    ///
    /// All steps are one operation, whose gradient is worked out by hand; each core takes its part of the batch. A mask leaves out steps: the
    /// state stays as it is.
    ///
    /// Keras: `keras.layers.SimpleRNN`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, features)`, and behind it, if the first state is not to be 0, `h` of shape `(batch, units)`
    /// - output: `(batch, units)`, or `(batch, steps, units)` with `return_sequences`; with `return_state`, the last state behind it
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{SimpleRNN, Input, Layer};
    /// let x = Input::shape([80, 16]);
    /// assert_eq!(SimpleRNN::new(32).call(&x).shape()?.to_string(), "(None, 32)");
    /// assert_eq!(SimpleRNN::new(32).return_sequences(true).call(&x).shape()?.to_string(), "(None, 80, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// `stateful` is not supported; give the state to the call.
    pub struct SimpleRNN(
        /// The size of the state.
        let units: usize,
    ) {
        ..rnn: Rnn = Rnn::new(units) => rnn_setters,
        let part: Part = part(),
    }
}

fn part() -> Part {
    Part::new("simple_rnn_cell", "SimpleRNNCell")
}

impl SimpleRNN {
    rnn_run!(|_: &Self| Cell::Simple, |_: &Self| ActivationFunction::default());

    /// The same layer with weights of its own.
    pub(super) fn anew(&self) -> Self {
        Self { base: Base::new("SimpleRNN"), part: part(), ..self.clone() }
    }
}

impl Layer for SimpleRNN {
    rnn_layer!(|_: &Self| Cell::Simple);

    fn build(&self, inputs: &[Shape], _: &mut Weights) -> Result<()> {
        self.rnn.build(&self.base, &self.part, inputs, Cell::Simple, 1, 0..0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| SimpleRNN::new(3), Check::inputs([[2, 4, 2]]).output([2, 3]).weights(3));
        let all = || SimpleRNN::new(3).return_sequences(true).activation("relu").use_bias(false);
        check_layer(all, Check::inputs([[2, 4, 2]]).output([2, 4, 3]).weights(2));
        let state = || SimpleRNN::new(3).return_state(true).dropout(0.5).seed(1);
        check_layer(state, Check::shapes(vec![vec![2, 4, 2], vec![2, 3]]).output([2, 3]).weights(3));
    }
}
