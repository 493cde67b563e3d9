//! GRU: sequences through gates, with one state. Keras: `keras.layers.GRU` and `GRUCell`.

use super::cell_arguments::{CellArguments, Equations, cell, cell_setters, gate_setters};
use super::rnn::{Recurrent, SequenceArguments, cell_of, recurrent_layer, sequence_setters};
use super::rnn_cell::RnnCell;
use crate::{Base, Build, Layer, WithBase};
use candle_keras_ops::{self as ops, Result};
use std::sync::Arc;

arguments! {
    /// The arguments of a GRU's cell.
    pub(crate) struct GruArguments(
        /// The size of the state.
        let units: usize,
    ) as gru_setters {
        ..cell: CellArguments = CellArguments::new(units) => cell_setters,
        /// The function of the gates.
        recurrent_activation: crate::ActivationFunction = "sigmoid",
        /// Whether the state is reset after its product with the kernel.
        reset_after: bool = true,
    }
}

impl GruArguments {
    fn equations(&self) -> Equations<'_> {
        let cell = if self.reset_after { ops::Cell::GruResetAfter } else { ops::Cell::GruResetBefore };
        Equations { cell, recurrent_activation: &self.recurrent_activation }
    }

    fn build(&self, build: &mut Build) -> Result<()> {
        let rows = if self.reset_after { 2 } else { 1 };
        self.cell.build(build, self.equations(), rows, 0..0)
    }
}

layer! {
    /// One step of a [`GRU`], for [`RNN`](crate::RNN) and [`StackedRNNCells`](crate::StackedRNNCells).
    ///
    /// Keras: `keras.layers.GRUCell`.
    ///
    /// # Shapes
    /// - inputs: `(batch, features)`, `h`: `(batch, units)`; outputs: `h` as the output, and `h`
    pub struct GRUCell(
        /// The size of the state.
        let units: usize,
    ) {
        ..arguments: GruArguments = GruArguments::new(units) => gru_setters,
    }
}

cell!(GRUCell, arguments);

layer! {
    /// Gated recurrent units (Cho et al., 2014): with the gates `z` and `r`, `h = z h + (1 - z) tanh(x W_h + r (h U_h + b_h))`, or
    /// `(r h) U_h` without `reset_after`.
    ///
    /// All steps are one op with a hand-written gradient; threads divide the batch. A masked step leaves the state unchanged.
    ///
    /// Keras: `keras.layers.GRU`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, features)`
    /// - output: `(batch, units)`, or `(batch, steps, units)` with `return_sequences`; with `return_state`, the last state behind it
    /// - `initial_state` of the call: `(batch, units)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GRU, Input, Layer};
    /// let x = Input::shape([80, 16]);
    /// assert_eq!(GRU::new(32).call(&x).shape()?.to_string(), "(None, 32)");
    /// assert_eq!(GRU::new(32).return_sequences(true).call(&x).shape()?.to_string(), "(None, 80, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct GRU(
        /// The size of the state.
        let units: usize,
    ) {
        ..sequence: SequenceArguments = SequenceArguments::new() => sequence_setters,
        ..arguments: GruArguments = GruArguments::new(units) => gru_setters,
    }
}

impl Recurrent for GRU {
    fn sequence_arguments(&self) -> &SequenceArguments {
        &self.sequence
    }

    fn cell(&self) -> Result<Arc<dyn RnnCell>> {
        let base = || Base::named("gru_cell".into());
        Ok(cell_of(&self.base, || GRUCell { base: base(), arguments: self.arguments.clone() }))
    }

    fn twin(&self, name: String, sequence: SequenceArguments) -> Arc<dyn Recurrent> {
        Arc::new(Self { sequence, ..self.with_base(self.base.another(name)) })
    }
}

impl Layer for GRU {
    recurrent_layer!();
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
