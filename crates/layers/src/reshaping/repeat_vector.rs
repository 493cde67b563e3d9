//! RepeatVector: a sequence of one vector. Keras: `keras.layers.RepeatVector`.

use super::repetition::repeated;
use crate::layer::single;
use crate::spatial::positive;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Result};

layer! {
    /// Repeats a vector: every step of the output is the input.
    ///
    /// Keras: `keras.layers.RepeatVector`.
    ///
    /// # Shapes
    /// - input: `(batch, features)`
    /// - output: `(batch, n, features)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, RepeatVector};
    /// assert_eq!(RepeatVector::new(3).call(&Input::shape([32])).shape()?.to_string(), "(None, 3, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct RepeatVector(
        /// How often.
        n: usize,
    ) {}
}

impl Layer for RepeatVector {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        let &[batch, features] = &input[..] else {
            return Err(Error::new("the layer repeats vectors")
                .expected("(batch, features)")
                .received(format!("an input of shape {input}")));
        };
        Ok(vec![[batch, Some(self.n), features].into()])
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        positive("n", &[self.n])
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let (batch, features) = single(inputs)?.dims2()?;
        let shape = [batch, self.n, features];
        ops::check_memory(&shape, inputs[0].dtype())?;
        if shape.contains(&0) {
            // A sequence of nothing may have any length.
            return Ok(vec![Tensor::zeros(&shape, inputs[0].dtype(), inputs[0].device())?]);
        }
        Ok(vec![repeated(&ops::expand_dims(&inputs[0], 1)?, [self.n])?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| RepeatVector::new(3), Check::inputs([[2, 4]]).output([2, 3, 4]));
        check_layer(|| RepeatVector::new(1), Check::inputs([[2, 4]]).output([2, 1, 4]));
    }

    #[test]
    fn what_cannot_be_repeated_is_an_error() {
        let shape = |layer: RepeatVector, input: Shape| layer.call(&Input::shape(input)).shape().map(|_| ());
        assert!(shape(RepeatVector::new(0), [2].into()).unwrap_err().to_string().contains("n must be positive"));
        assert!(shape(RepeatVector::new(2), [2, 3].into()).unwrap_err().to_string().contains("repeats vectors"));
        let x = Tensor::zeros((1, 2), ops::DType::F32, &ops::Device::Cpu).unwrap();
        let nothing = Tensor::zeros((2, 0), ops::DType::F32, &ops::Device::Cpu).unwrap();
        assert_eq!(RepeatVector::new(1 << 40).call(&nothing).unwrap().dims(), [2, 1 << 40, 0]);
        for n in [1 << 60, usize::MAX] {
            assert!(RepeatVector::new(n).call(&x).unwrap_err().to_string().contains("not enough memory"));
        }
    }
}
