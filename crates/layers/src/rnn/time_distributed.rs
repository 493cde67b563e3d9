//! TimeDistributed: a layer at each step of a sequence. Keras: `keras.layers.TimeDistributed`.

use crate::call::{CallArgument, CallArguments};
use crate::{AnyLayer, Build, Context, Layer, Shape, Variable};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Result};

layer! {
    /// Runs a layer at each step of a sequence, with the same weights.
    ///
    /// All steps run at once, as one batch; one by one where that differs: a layer with batch statistics is called on each step in
    /// training, and a stateful one always. A mask is passed on, and the part of a step to the layer.
    ///
    /// Keras: `keras.layers.TimeDistributed`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, ...)`, where `(batch, ...)` is what the layer takes
    /// - output: `(batch, steps, ...)`, where `(batch, ...)` is what the layer gives
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Conv2D, Input, Layer, TimeDistributed};
    /// let video = Input::shape([10, 32, 32, 3]);
    /// let y = TimeDistributed::new(Conv2D::new(8, 3)).call(&video);
    /// assert_eq!(y.shape()?.to_string(), "(None, 10, 30, 30, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct TimeDistributed(
        /// The layer.
        layer: AnyLayer,
    ) {}
}

/// The shape of one step.
fn step_shape(input: &Shape) -> Result<Shape> {
    match &input[..] {
        [batch, _, rest @ ..] if !rest.is_empty() => Ok(std::iter::once(batch).chain(rest).copied().collect()),
        _ => Err(Error::new("the layer takes sequences").expected("(batch, steps, ...)").received(input.to_string())),
    }
}

impl Layer for TimeDistributed {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = crate::single(inputs)?;
        let output = self.layer.get()?.compute_output_shape(&[step_shape(input)?])?;
        let output = crate::single(&output)?;
        Ok(vec![[output[0], input[1]].into_iter().chain(output[1..].iter().copied()).collect()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        build.fix_features()?;
        build.add_layer("layer", self.layer.shared()?, &[step_shape(crate::single(inputs)?)?])
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let (x, layer) = (crate::single(inputs)?, self.layer.get()?);
        let (batch, steps, rest) = (x.dim(0)?, x.dim(1)?, &x.dims()[2..]);
        let dims = |sizes: &[usize]| sizes.iter().map(|&size| size as i64).collect::<Vec<_>>();
        let mask = ctx.mask(0).cloned();
        // Keras calls the layer on each step, so that its statistics are those of the step.
        let has_statistics = ctx.is_training() && layer.variables().iter().any(Variable::is_state);
        if has_statistics || keeps_states(layer) {
            let step = |t: usize, ctx: &mut Context| -> Result<Tensor> {
                let x = ops::get_item(x, vec![ops::Index::from(..), ops::Index::At(t as i64)])?;
                let mask = mask.as_ref().map(|mask| mask.narrow(1, t, 1)?.squeeze(1)).transpose()?;
                run(layer, &x, mask, ctx)
            };
            let outputs = (0..steps).map(|t| step(t, ctx)).collect::<Result<Vec<_>>>()?;
            return Ok(vec![ops::stack(&outputs, 1)?]);
        }
        let folded = ops::reshape(x, dims(&[&[batch * steps], rest].concat()))?;
        let mask = mask.map(|mask| mask.flatten(0, 1)).transpose()?;
        let y = run(layer, &folded, mask, ctx)?;
        Ok(vec![ops::reshape(&y, dims(&[&[batch, steps], &y.dims()[1..]].concat()))?])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

/// Whether the layer, or one inside, is stateful.
fn keeps_states(layer: &dyn Layer) -> bool {
    !layer.base().states().is_empty() || layer.sublayers().iter().any(|layer| keeps_states(&**layer))
}

/// The output of the layer. A mask of one flag a sample is for layers that take one with all axes but the last; others do not get it.
fn run(layer: &dyn Layer, x: &Tensor, mask: Option<Tensor>, ctx: &mut Context) -> Result<Tensor> {
    let fits = |mask: &Tensor| mask.rank() > 1 || (x.rank() == 2 && layer.supports_masking());
    let arguments = match mask.filter(fits) {
        Some(mask) => CallArguments::new().set("mask", CallArgument::Tensor(mask)),
        None => CallArguments::new(),
    };
    let outputs = ctx.run_multiple(layer, std::slice::from_ref(x), arguments)?;
    crate::single(&outputs).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BatchNormalization, Check, ConvLSTM2D, Dense, LSTM, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let inputs = || Check::inputs([[2, 3, 4]]);
        check_layer(|| TimeDistributed::new(Dense::new(5)), inputs().output([2, 3, 5]).weights(2));
        check_layer(|| TimeDistributed::new(BatchNormalization::new()), inputs().output([2, 3, 4]).weights(4));
        let nested = || TimeDistributed::new(LSTM::new(2));
        check_layer(nested, Check::inputs([[2, 3, 4, 2]]).output([2, 3, 2]).weights(3));
        let pictures = || TimeDistributed::new(ConvLSTM2D::new(1, 2));
        check_layer(pictures, Check::inputs([[2, 3, 2, 3, 2, 1]]).output([2, 3, 2, 1, 1]).weights(3));
    }
}
