//! Flatten: one axis a sample. Keras: `keras.layers.Flatten`.

use crate::layer::single;
use crate::{Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::config::image_data_format;
use candle_keras_ops::{self as ops, Error, Result};

layer! {
    /// Flattens each sample.
    ///
    /// Keras: `keras.layers.Flatten`.
    ///
    /// # Shapes
    /// - input: `(batch, ...)`
    /// - output: `(batch, product of the other sizes)`; `(batch,)` becomes `(batch, 1)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Flatten, Input, Layer};
    /// assert_eq!(Flatten::new().call(&Input::shape([8, 8, 3])).shape()?.to_string(), "(None, 192)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Flatten() {
        /// `"channels_last"`, or `"channels_first"`, which moves axis 1 to the end first, as in Keras.
        data_format: String = image_data_format(),
    }
}

impl Layer for Flatten {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        if !["channels_last", "channels_first"].contains(&self.data_format.as_str()) {
            return Err(Error::unknown("data_format", &self.data_format, &["channels_last", "channels_first"]));
        }
        let rest: Shape = input.iter().skip(1).copied().collect();
        Ok(vec![[input[0], rest.elem_count()].into()])
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let mut x = single(inputs)?.clone();
        if self.data_format == "channels_first" && x.rank() > 2 {
            let order: Vec<i64> = std::iter::once(0).chain(2..x.rank() as i64).chain([1]).collect();
            x = ops::transpose(&x, order)?;
        }
        let row = x.elem_count() / x.dim(0)?.max(1);
        Ok(vec![ops::reshape(&x, [x.dim(0)? as i64, row as i64])?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(Flatten::new, Check::inputs([[2, 3, 4]]).output([2, 12]));
        check_layer(Flatten::new, Check::inputs([[2]]).output([2, 1]));
        let first = || Flatten::new().data_format("channels_first");
        check_layer(first, Check::inputs([[2, 3, 4]]).output([2, 12]));
        assert!(Flatten::new().data_format("last").call(crate::Input::shape([2])).shape().is_err());
    }
}
