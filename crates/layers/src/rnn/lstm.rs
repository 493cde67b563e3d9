//! LSTM: sequences through gates that keep and forget. Keras: `keras.layers.LSTM`.

use super::base_rnn::{Rnn, rnn_layer, rnn_run, rnn_setters};
use crate::activations::ActivationFunction;
use crate::part::Part;
use crate::{Base, Layer, Shape, Weights};
use candle_keras_ops::{Cell, Result};

layer! {
    /// Long short-term memory (Hochreiter and Schmidhuber, 1997): with `z = x W + h U + b` in four gates,
    /// `c = sigmoid(z_f) c + sigmoid(z_i) tanh(z_c)` and `h = sigmoid(z_o) tanh(c)`.
    ///
    /// All steps are one operation, whose gradient is worked out by hand; each core takes its part of the batch. A mask leaves out steps: the
    /// state stays as it is.
    ///
    /// Keras: `keras.layers.LSTM`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, features)`, and behind it, if the first state is not to be 0, `h` and `c` of shape `(batch, units)`
    /// - output: `(batch, units)`, or `(batch, steps, units)` with `return_sequences`; with `return_state`, the last state behind it
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{LSTM, Input, Layer};
    /// let x = Input::shape([80, 16]);
    /// assert_eq!(LSTM::new(32).call(&x).shape()?.to_string(), "(None, 32)");
    /// assert_eq!(LSTM::new(32).return_sequences(true).call(&x).shape()?.to_string(), "(None, 80, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// `stateful` is not supported; give the state to the call.
    pub struct LSTM(
        /// The size of the state.
        let units: usize,
    ) {
        ..rnn: Rnn = Rnn::new(units) => rnn_setters,
        /// The function of the gates.
        recurrent_activation: ActivationFunction = "sigmoid",
        /// Whether the biases of the forget gate begin as 1.
        unit_forget_bias: bool = true,
        let part: Part = part(),
    }
}

fn part() -> Part {
    Part::new("lstm_cell", "LSTMCell")
}

impl LSTM {
    rnn_run!(|_: &Self| Cell::Lstm, |layer: &Self| layer.recurrent_activation.clone());

    /// The same layer with weights of its own.
    pub(super) fn anew(&self) -> Self {
        Self { base: Base::new("LSTM"), part: part(), ..self.clone() }
    }
}

impl Layer for LSTM {
    rnn_layer!(|_: &Self| Cell::Lstm);

    fn build(&self, inputs: &[Shape], _: &mut Weights) -> Result<()> {
        self.recurrent_activation.check()?;
        let ones = if self.unit_forget_bias { self.rnn.units()..self.rnn.units().saturating_mul(2) } else { 0..0 };
        self.rnn.build(&self.base, &self.part, inputs, Cell::Lstm, 1, ones)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| LSTM::new(3), Check::inputs([[2, 4, 2]]).output([2, 3]).weights(3));
        let all = || LSTM::new(3).return_sequences(true).return_state(true).go_backwards(true);
        check_layer(all, Check::inputs([[2, 4, 2]]).output([2, 4, 3]).weights(3));
        let state = || LSTM::new(3).use_bias(false).recurrent_activation("hard_sigmoid").activation("elu");
        check_layer(state, Check::shapes(vec![vec![2, 4, 2], vec![2, 3], vec![2, 3]]).output([2, 3]).weights(2));
        let dropped = || LSTM::new(3).dropout(0.5).recurrent_dropout(0.5).seed(1);
        check_layer(dropped, Check::inputs([[2, 4, 2]]).output([2, 3]).weights(3));
    }

    #[test]
    fn the_forget_gate_begins_open() {
        let layer = LSTM::new(2);
        layer.call(crate::Input::shape([4, 2]));
        assert_eq!(layer.variables()[2].value().to_vec1::<f32>().unwrap(), [0., 0., 1., 1., 0., 0., 0., 0.]);
    }

    #[test]
    fn inputs_that_do_not_suit_are_errors() {
        let (x, state) = (crate::Input::shape([4, 2]), crate::Input::shape([3]));
        let error = LSTM::new(3).call([&x, &state]).shape().unwrap_err().to_string();
        assert!(error.contains("the initial state does not suit") && error.contains("expected: 2"), "{error}");
        assert!(LSTM::new(3).call(&state).shape().unwrap_err().to_string().contains("(batch, steps, features)"));
        assert!(LSTM::new(0).call(&x).shape().unwrap_err().to_string().contains("units must be positive"));
    }
}
