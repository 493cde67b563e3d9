//! Rescaling: other units. Keras: `keras.layers.Rescaling`.

use crate::layer::single;
use crate::{Context, Layer, Numbers, Shape};
use candle_core::Tensor;
use candle_keras_ops::Result;

layer! {
    /// `x scale + offset`, in training and in inference.
    ///
    /// Keras: `keras.layers.Rescaling`.
    ///
    /// # Shapes
    /// - input and output: any; an array of scales or offsets has the sizes of the last axes
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Layer, Rescaling};
    /// use candle_core::{Device, Tensor};
    /// let pixels = Tensor::new(&[[0u8, 255]], &Device::Cpu)?;
    /// let y = Rescaling::new(2. / 255.).offset(-1.).call(&pixels)?;
    /// assert_eq!(y.to_vec2::<f32>()?, [[-1., 1.]]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// An array that would make the output larger than the input is an error.
    pub struct Rescaling(
        /// The factor: a number, or an array for the last axes.
        scale: Numbers,
    ) {
        /// What is added: a number, or an array for the last axes.
        offset: Numbers = 0.0,
    }
}

impl Layer for Rescaling {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        self.scale.check_repeats_to(input, "scale")?;
        self.offset.check_repeats_to(input, "offset")?;
        Ok(vec![input.clone()])
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let input = single(inputs)?;
        self.compute_output_shape(&[input.dims().into()])?;
        let x = input.to_dtype(self.base.compute_dtype())?;
        Ok(vec![match (self.scale.number()?, self.offset.number()?) {
            (Some(scale), Some(offset)) => x.affine(scale, offset)?,
            _ => x.broadcast_mul(&self.scale.like(&x)?)?.broadcast_add(&self.offset.like(&x)?)?,
        }])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};
    use candle_core::{DType, Device};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Rescaling::new(0.5).offset(1.0), Check::inputs([[2, 3]]).output([2, 3]));
        check_layer(|| Rescaling::new([0.5, 2.0, -1.0]), Check::inputs([[2, 4, 3]]).output([2, 4, 3]));
        let offset = Tensor::new(&[[0.5f32], [2.0]], &Device::Cpu).unwrap();
        check_layer(|| Rescaling::new(2.0).offset(&offset), Check::inputs([[3, 2, 3]]).output([3, 2, 3]));
    }

    #[test]
    fn integers_are_rescaled_in_the_dtype_of_the_layer() {
        let x = Tensor::new(&[[3u32, 200]], &Device::Cpu).unwrap();
        let y = Rescaling::new(0.5).dtype("float64").call(&x).unwrap();
        assert_eq!((y.dtype(), y.to_vec2::<f64>().unwrap()), (DType::F64, vec![vec![1.5, 100.0]]));
    }

    #[test]
    fn an_array_that_does_not_fit_is_an_error() {
        let wrong = |layer: Rescaling| layer.call(Input::shape([3])).shape().unwrap_err().to_string();
        let error = wrong(Rescaling::new([1.0, 2.0]).name("units"));
        assert!(error.contains("layer \"units\" (Rescaling): the array scale does not fit"), "{error}");
        assert!(wrong(Rescaling::new(1.0).offset([0.0; 4])).contains("the array offset"));
        assert!(
            wrong(Rescaling::new(Tensor::ones((1, 1, 3), DType::F32, &Device::Cpu).unwrap())).contains("(None, 3)")
        );
    }
}
