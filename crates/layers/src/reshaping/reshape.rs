//! Reshape: the same elements in another shape. Keras: `keras.layers.Reshape`.

use crate::layer::single;
use crate::{Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Result};

layer! {
    /// Reshapes each sample.
    ///
    /// Keras: `keras.layers.Reshape`.
    ///
    /// # Shapes
    /// - input: `(batch, ...)`
    /// - output: `(batch,)` and the target shape, in which one size may be -1
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, Reshape};
    /// assert_eq!(Reshape::new([-1, 2]).call(&Input::shape([8])).shape()?.to_string(), "(None, 4, 2)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Reshape(
        /// The shape of a sample, in which one size may be -1.
        target_shape: Vec<i64>,
    ) {}
}

impl Layer for Reshape {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        let rest: Shape = input.iter().skip(1).copied().collect();
        let known = |elements| {
            let dims = ops::resolve_shape(elements, &self.target_shape).map_err(|_| {
                Error::new("the elements of a sample do not fill the target shape")
                    .expected(format!("{elements} elements, as in the input of shape {input}"))
                    .received(format!("target_shape {:?}", self.target_shape))
            })?;
            Ok::<_, Error>(dims.into_iter().map(Some).collect())
        };
        let unknown = || self.target_shape.iter().map(|&size| usize::try_from(size).ok()).collect();
        let target: Vec<Option<usize>> = rest.elem_count().map_or_else(|| Ok(unknown()), known)?;
        Ok(vec![std::iter::once(input[0]).chain(target).collect()])
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        let batch = x.dim(0)?;
        let mut dims = ops::resolve_shape(x.elem_count() / batch.max(1), &self.target_shape)?;
        dims.insert(0, batch);
        Ok(vec![ops::reshape(x, dims.iter().map(|&size| size as i64).collect::<Vec<_>>())?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Reshape::new([6]), Check::inputs([[2, 3, 2]]).output([2, 6]));
        check_layer(|| Reshape::new([-1, 4, 1]), Check::inputs([[2, 8]]).output([2, 2, 4, 1]));
    }

    #[test]
    fn a_shape_that_does_not_fit_is_an_error() {
        let error = Reshape::new([3, -1]).name("r").call(Input::shape([8])).shape().unwrap_err().to_string();
        assert!(error.contains("layer \"r\" (Reshape)") && error.contains("8 elements"), "{error}");
        let open = Reshape::new([-1, 2]).call(Input::shape([None]));
        assert_eq!(open.shape().unwrap().to_string(), "(None, None, 2)");
    }
}
