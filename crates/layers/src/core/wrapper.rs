//! Wrapper: a layer around another. Keras: `keras.layers.Wrapper`.

use crate::call::CallArguments;
use crate::{AnyLayer, Build, Context, Layer, NodeOutput, Shape, TensorSpec};
use candle_core::Tensor;
use candle_keras_ops::Result;

layer! {
    /// A layer that holds another as its argument `layer`, and does what that does.
    ///
    /// Keras's is an abstract base class. Here a custom wrapper declares an argument of the type [`AnyLayer`](crate::AnyLayer), adds it as a sublayer in
    /// `build`, and runs it in `forward`; its file has the layer in its configuration and the weights in the group `layer`, as in Keras. This layer is the
    /// shortest of that kind, to be copied; [`TimeDistributed`](crate::TimeDistributed) and [`Bidirectional`](crate::Bidirectional) are others.
    ///
    /// Keras: `keras.layers.Wrapper`.
    ///
    /// # Shapes
    /// - input and output: those of the layer
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{AnyLayer, Build, Context, Dense, Input, Layer, Result, Shape, layer};
    /// use candle_core::Tensor;
    ///
    /// layer! {
    ///     /// Adds the input to what a layer makes of it.
    ///     pub struct Residual(
    ///         /// The layer.
    ///         layer: AnyLayer,
    ///     ) {}
    /// }
    ///
    /// impl Layer for Residual {
    ///     fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
    ///         self.layer.get()?.compute_output_shape(inputs)
    ///     }
    ///
    ///     fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
    ///         build.add_layer("layer", self.layer.shared()?, inputs)
    ///     }
    ///
    ///     fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
    ///         Ok(vec![(ctx.run(self.layer.get()?, &inputs[0])? + &inputs[0])?])
    ///     }
    /// }
    ///
    /// let y = Residual::new(Dense::new(8)).call(&Input::shape([8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Wrapper(
        /// The layer.
        layer: AnyLayer,
    ) {}
}

impl Layer for Wrapper {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.layer.get()?.compute_output_shape(inputs)
    }

    fn compute_output_spec(
        &self,
        inputs: &[TensorSpec],
        arguments: &CallArguments<TensorSpec>,
    ) -> Result<Vec<TensorSpec>> {
        self.layer.get()?.compute_output_spec(inputs, arguments)
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        build.add_layer("layer", self.layer.shared()?, inputs)
    }

    fn call_arguments(&self) -> &[&str] {
        self.layer.get().map_or(&[], Layer::call_arguments)
    }

    fn name_inputs(&self, inputs: &mut Vec<NodeOutput>, arguments: &mut CallArguments<NodeOutput>) {
        if let Ok(layer) = self.layer.get() {
            layer.name_inputs(inputs, arguments);
        }
    }

    fn autocast(&self) -> bool {
        self.layer.get().map_or(true, Layer::autocast)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let arguments = ctx.arguments().clone();
        ctx.run_multiple(self.layer.get()?, inputs, arguments)
    }

    fn supports_masking(&self) -> bool {
        self.layer.get().is_ok_and(Layer::supports_masking)
    }

    fn compute_mask(&self, inputs: &[Tensor], masks: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        self.layer.get()?.compute_mask(inputs, masks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Dense, LSTM, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Wrapper::new(Dense::new(4)), Check::inputs([[2, 3]]).output([2, 4]).weights(2));
        let states = || Wrapper::new(LSTM::new(2).return_state(true));
        check_layer(states, Check::inputs([[2, 3, 4]]).output([2, 2]).weights(3));
    }
}
