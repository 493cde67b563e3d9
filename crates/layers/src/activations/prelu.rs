//! PReLU: the identity above 0, and a trained slope below. Keras: `keras.layers.PReLU`.

use crate::layer::{keeps_shape_and_mask, single};
use crate::{Build, Constraint, Context, Initializer, Layer, Regularizer, Shape, Weight};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, AxisList, Error, Result};

layer! {
    /// `x` above 0, `alpha * x` below, with a trained `alpha` (He et al., 2015).
    ///
    /// It is `relu(x) - alpha * relu(-x)`, a composition.
    ///
    /// Keras: `keras.layers.PReLU`.
    ///
    /// # Shapes
    /// - input and output: any; `alpha` has the sizes of a sample, with 1 for those of the shared axes
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, PReLU};
    /// let layer = PReLU::new().shared_axes([1, 2]);
    /// assert_eq!(layer.call(&Input::shape([7, 7, 8])).shape()?.to_string(), "(None, 7, 7, 8)");
    /// assert_eq!(layer.count_params(), 8);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct PReLU() {
        /// The initializer of `alpha`.
        alpha_initializer: Initializer = "zeros",
        /// The regularizer of `alpha`.
        alpha_regularizer: Option<Regularizer>,
        /// The constraint on `alpha`.
        alpha_constraint: Option<Constraint>,
        /// The axes, from 1 on, along which all elements have one `alpha`; by default none.
        shared_axes: Option<AxisList>,
    }
}

impl PReLU {
    /// Whether the elements along an axis have one slope.
    fn shares(&self, axis: usize) -> bool {
        self.shared_axes.as_ref().is_some_and(|shared| shared.as_slice().contains(&(axis as i64)))
    }
}

impl Layer for PReLU {
    keeps_shape_and_mask!();

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let rank = single(inputs)?.len();
        let mut shared = self.shared_axes.iter().flat_map(|shared| shared.as_slice());
        if let Some(axis) = shared.find(|axis| !(1..rank as i64).contains(axis)) {
            return Err(Error::new("shared_axes are axes of the input, and not the batch")
                .expected(format!("1 to {}", rank.saturating_sub(1)))
                .received(axis.to_string()));
        }
        let size = |axis| if self.shares(axis) { Ok(1) } else { build.input_size(axis as i64) };
        let sizes = (1..rank).map(size).collect::<Result<Vec<_>>>()?;
        build.add_weight(
            Weight::new("alpha", sizes, &self.alpha_initializer)
                .regularizer(&self.alpha_regularizer)
                .constraint(&self.alpha_constraint),
        );
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let (x, alpha) = (&ops::float(single(inputs)?)?, self.weight("alpha", ctx)?);
        let below = ops::multiply(&ops::relu(&ops::negative(x)?)?, &alpha)?;
        Ok(vec![ops::subtract(&ops::relu(x)?, &below)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(PReLU::new, Check::inputs([[2, 3]]).output([2, 3]).weights(1));
        let shared = || PReLU::new().shared_axes([1, 2]).alpha_initializer("ones");
        check_layer(shared, Check::inputs([[2, 3, 2, 4]]).output([2, 3, 2, 4]).weights(1));
    }

    #[test]
    fn shared_axes_are_those_of_a_sample() {
        let image = || Input::shape([None, Some(4)]);
        assert!(PReLU::new().shared_axes(1).call(image()).shape().is_ok());
        for axis in [0, 3, -1, i64::MIN, i64::MAX] {
            let error = PReLU::new().shared_axes(axis).call(image()).shape().unwrap_err().to_string();
            assert!(error.contains("shared_axes"), "{error}");
        }
        assert!(PReLU::new().call(image()).shape().unwrap_err().to_string().contains("axis 1 must be known"));
    }
}
