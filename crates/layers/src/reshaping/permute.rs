//! Permute: the axes in another order. Keras: `keras.layers.Permute`.

use crate::layer::{single, spec_of_elements};
use crate::{CallArguments, Context, Layer, Shape, TensorSpec};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Result};

layer! {
    /// Puts the axes of each sample into another order.
    ///
    /// Keras: `keras.layers.Permute`.
    ///
    /// # Shapes
    /// - input: `(batch, ...)`
    /// - output: `(batch, ...)` with the axes `dims` of the input
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, Permute};
    /// assert_eq!(Permute::new([2, 1]).call(&Input::shape([10, 64])).shape()?.to_string(), "(None, 64, 10)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Permute(
        /// The axes of the input, each once, from 1 on: the batch stays in front.
        dims: Vec<usize>,
    ) {}
}

impl Layer for Permute {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        let mut sorted = self.dims.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(1..input.len()) {
            return Err(Error::new("dims must have each axis of a sample once, from 1 on")
                .expected(format!("1 to {} in any order", input.len().saturating_sub(1)))
                .received(format!("{:?} for an input of shape {input}", self.dims)));
        }
        Ok(vec![[0].iter().chain(&self.dims).map(|&axis| input[axis]).collect()])
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        spec_of_elements(self, inputs)
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let order: Vec<i64> = [0].iter().chain(&self.dims).map(|&axis| axis as i64).collect();
        Ok(vec![ops::transpose(single(inputs)?, order)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Permute::new([2, 1]), Check::inputs([[2, 3, 4]]).output([2, 4, 3]));
        check_layer(|| Permute::new([3, 1, 2]), Check::inputs([[2, 3, 4, 5]]).output([2, 5, 3, 4]));
    }

    #[test]
    fn other_axes_are_errors() {
        for dims in [vec![1], vec![0, 1], vec![1, 1], vec![2, 3], vec![1, 2, 3], vec![usize::MAX, 1]] {
            let error = Permute::new(dims).call(&Input::shape([2, 3])).shape().unwrap_err().to_string();
            assert!(error.contains("dims must have each axis"), "{error}");
        }
    }
}
