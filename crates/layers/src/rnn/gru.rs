//! GRU: sequences through gates, with one state. Keras: `keras.layers.GRU`.

use super::base_rnn::{Rnn, rnn_layer, rnn_run, rnn_setters};
use crate::activations::ActivationFunction;
use crate::part::Part;
use crate::{Base, Layer, Shape, Weights};
use candle_keras_ops::{Cell, Result};

layer! {
    /// Gated recurrent units (Cho et al., 2014): with the gates `z` and `r`, `h = z h + (1 - z) tanh(x W_h + r (h U_h + b_h))`, or
    /// `(r h) U_h` without `reset_after`.
    ///
    /// All steps are one operation, whose gradient is worked out by hand; each core takes its part of the batch. A mask leaves out steps: the
    /// state stays as it is.
    ///
    /// Keras: `keras.layers.GRU`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, features)`, and behind it, if the first state is not to be 0, `h` of shape `(batch, units)`
    /// - output: `(batch, units)`, or `(batch, steps, units)` with `return_sequences`; with `return_state`, the last state behind it
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GRU, Input, Layer};
    /// let x = Input::shape([80, 16]);
    /// assert_eq!(GRU::new(32).call(&x).shape()?.to_string(), "(None, 32)");
    /// assert_eq!(GRU::new(32).return_sequences(true).call(&x).shape()?.to_string(), "(None, 80, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// `stateful` is not supported; give the state to the call.
    pub struct GRU(
        /// The size of the state.
        let units: usize,
    ) {
        ..rnn: Rnn = Rnn::new(units) => rnn_setters,
        /// The function of the gates.
        recurrent_activation: ActivationFunction = "sigmoid",
        /// Whether the state is reset after its product with the kernel.
        reset_after: bool = true,
        let part: Part = part(),
    }
}

fn part() -> Part {
    Part::new("gru_cell", "GRUCell")
}

impl GRU {
    rnn_run!(Self::cell, |layer: &Self| layer.recurrent_activation.clone());

    /// The same layer with weights of its own.
    pub(super) fn anew(&self) -> Self {
        Self { base: Base::new("GRU"), part: part(), ..self.clone() }
    }

    fn cell(&self) -> Cell {
        if self.reset_after { Cell::GruResetAfter } else { Cell::GruResetBefore }
    }
}

impl Layer for GRU {
    rnn_layer!(Self::cell);

    fn build(&self, inputs: &[Shape], _: &mut Weights) -> Result<()> {
        self.recurrent_activation.check()?;
        let rows = if self.reset_after { 2 } else { 1 };
        self.rnn.build(&self.base, &self.part, inputs, self.cell(), rows, 0..0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| GRU::new(3), Check::inputs([[2, 4, 2]]).output([2, 3]).weights(3));
        let before = || GRU::new(3).reset_after(false).return_sequences(true);
        check_layer(before, Check::inputs([[2, 4, 2]]).output([2, 4, 3]).weights(3));
        let state = || GRU::new(3).use_bias(false).return_state(true).recurrent_dropout(0.5).seed(1);
        check_layer(state, Check::shapes(vec![vec![2, 4, 2], vec![2, 3]]).output([2, 3]).weights(2));
    }
}
