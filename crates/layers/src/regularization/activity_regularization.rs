//! ActivityRegularization: a penalty on its input. Keras: `keras.layers.ActivityRegularization`.

use crate::layer::{keeps_shape_and_mask, single};
use crate::regularizers::{L1L2, Regularize};
use crate::spatial::not_negative;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};

layer! {
    /// Returns its input, and adds `l1 * sum(|x|) + l2 * sum(x²)`, divided by the batch size, to the loss.
    ///
    /// Keras: `keras.layers.ActivityRegularization`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{ActivityRegularization, Input, Layer};
    /// assert_eq!(ActivityRegularization::new().l2(0.01).call(&Input::shape([8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct ActivityRegularization() {
        /// The factor on the absolute values.
        l1: f64 = 0.0,
        /// The factor on the squares.
        l2: f64 = 0.0,
    }
}

impl Layer for ActivityRegularization {
    keeps_shape_and_mask!();

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        not_negative("l1", self.l1)?;
        not_negative("l2", self.l2)?;
        match self.base.activity_regularizer() {
            None => Ok(()),
            Some(_) => Err(Error::new("the penalty of the layer is l1 and l2").received("an activity_regularizer")),
        }
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        let penalty = L1L2::new(self.l1, self.l2).call(x)?;
        ctx.add_loss((penalty / x.dim(0)?.max(1) as f64)?);
        Ok(vec![x.clone()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};
    use candle_core::Device;

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| ActivityRegularization::new().l1(0.1).l2(0.2), Check::inputs([[2, 3]]).output([2, 3]));
        assert!(ActivityRegularization::new().l1(-1.0).call(&Input::shape([2])).shape().is_err());
        assert!(ActivityRegularization::new().activity_regularizer("l2").call(&Input::shape([2])).shape().is_err());
    }

    #[test]
    fn the_penalty_is_a_mean_over_the_batch() {
        let x = Tensor::new(&[[1f32, -2.], [0., 3.]], &Device::Cpu).unwrap();
        let mut ctx = Context::inference();
        crate::run(&ActivityRegularization::new().l1(0.1).l2(0.01), &[x], &[], &mut ctx).unwrap();
        let losses = ctx.take_losses();
        assert!((losses[0].to_scalar::<f32>().unwrap() - (0.6 + 0.14) / 2.0).abs() < 1e-6 && losses.len() == 1);
    }
}
