//! SimpleRNN: sequences, with the output as the state. Keras: `keras.layers.SimpleRNN` and `SimpleRNNCell`.

use super::cell_arguments::{CellArguments, Equations, cell, cell_setters, gate_setters};
use super::rnn::{Recurrent, SequenceArguments, cell_of, recurrent_layer, sequence_setters};
use super::rnn_cell::RnnCell;
use crate::activations::ActivationFunction;
use crate::{Base, Build, Layer, WithBase};
use candle_keras_ops::{self as ops, Result};
use std::sync::Arc;

arguments! {
    /// The arguments of a SimpleRNN's cell.
    pub(crate) struct SimpleArguments(
        /// The size of the state.
        let units: usize,
    ) as simple_setters {
        ..cell: CellArguments = CellArguments::new(units) => cell_setters,
        let no_gates: ActivationFunction = ActivationFunction::default(),
    }
}

impl SimpleArguments {
    fn equations(&self) -> Equations<'_> {
        Equations { cell: ops::Cell::Simple, recurrent_activation: &self.no_gates }
    }

    fn build(&self, build: &mut Build) -> Result<()> {
        self.cell.build(build, self.equations(), 1, 0..0)
    }
}

layer! {
    /// One step of a [`SimpleRNN`], for [`RNN`](crate::RNN) and [`StackedRNNCells`](crate::StackedRNNCells).
    ///
    /// Keras: `keras.layers.SimpleRNNCell`.
    ///
    /// # Shapes
    /// - inputs: `(batch, features)`, `h`: `(batch, units)`; outputs: `h` as the output, and `h`
    pub struct SimpleRNNCell(
        /// The size of the state.
        let units: usize,
    ) {
        ..arguments: SimpleArguments = SimpleArguments::new(units) => simple_setters,
    }
}

cell!(SimpleRNNCell, arguments);

layer! {
    /// `h = tanh(x W + h U + b)` (Elman, 1990).
    ///
    /// All steps are one op with a hand-written gradient; threads divide the batch. A masked step leaves the state unchanged.
    ///
    /// Keras: `keras.layers.SimpleRNN`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, features)`
    /// - output: `(batch, units)`, or `(batch, steps, units)` with `return_sequences`; with `return_state`, the last state behind it
    /// - `initial_state` of the call: `(batch, units)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{SimpleRNN, Input, Layer};
    /// let x = Input::shape([80, 16]);
    /// assert_eq!(SimpleRNN::new(32).call(&x).shape()?.to_string(), "(None, 32)");
    /// assert_eq!(SimpleRNN::new(32).return_sequences(true).call(&x).shape()?.to_string(), "(None, 80, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct SimpleRNN(
        /// The size of the state.
        let units: usize,
    ) {
        ..sequence: SequenceArguments = SequenceArguments::new() => sequence_setters,
        ..arguments: SimpleArguments = SimpleArguments::new(units) => simple_setters,
    }
}

impl Recurrent for SimpleRNN {
    fn sequence_arguments(&self) -> &SequenceArguments {
        &self.sequence
    }

    fn cell(&self) -> Result<Arc<dyn RnnCell>> {
        let base = || Base::named("simple_rnn_cell".into());
        Ok(cell_of(&self.base, || SimpleRNNCell { base: base(), arguments: self.arguments.clone() }))
    }

    fn twin(&self, name: String, sequence: SequenceArguments) -> Arc<dyn Recurrent> {
        Arc::new(Self { sequence, ..self.with_base(self.base.another(name)) })
    }
}

impl Layer for SimpleRNN {
    recurrent_layer!();
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
