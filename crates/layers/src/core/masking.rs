//! Masking: steps that do not count. Keras: `keras.layers.Masking`.

use crate::initializers::ConstantValue;
use crate::layer::{single, spec_of_elements};
use crate::{CallArguments, Context, Layer, Shape, TensorSpec};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result, axes};

layer! {
    /// Masks the steps whose features are all `mask_value`, and sets them to 0.
    ///
    /// Later layers that support masks leave these steps out.
    ///
    /// Keras: `keras.layers.Masking`.
    ///
    /// # Shapes
    /// - input and output: `(batch, ..., features)`; the mask: `(batch, ...)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, LSTM, Layer, Masking};
    /// let y = LSTM::new(4).call(&Masking::new().mask_value(-1.0).call(&Input::shape([20, 8])));
    /// assert_eq!(y.shape()?.to_string(), "(None, 4)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Masking() {
        /// The number in all features of a step that does not count, or an array of a number for each feature.
        mask_value: ConstantValue = 0.0,
    }
}

impl Masking {
    /// The mask value as a tensor beside `x`.
    fn value(&self, x: &Tensor) -> Result<Tensor> {
        let value = match &self.mask_value {
            ConstantValue::Number(number) => Tensor::new(*number, x.device())?,
            ConstantValue::Array(array) => array.to_device(x.device())?,
        };
        // A fraction is not among whole numbers.
        Ok(if x.dtype().is_float() { value.to_dtype(x.dtype())? } else { value })
    }
}

impl Layer for Masking {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        if input.len() < 2 {
            return Err(Error::new("the layer masks steps of features")
                .expected("(batch, ..., features)")
                .received(format!("an input of shape {input}")));
        }
        let ConstantValue::Array(array) = &self.mask_value else { return Ok(vec![input.clone()]) };
        match (array.dims(), input[input.len() - 1]) {
            ([], _) | ([1], _) | ([_], None) => Ok(vec![input.clone()]),
            ([values], Some(features)) if *values == features => Ok(vec![input.clone()]),
            (values, _) => Err(Error::new("mask_value is a number, or an array of one for each feature")
                .expected(format!("the features of an input of shape {input}"))
                .received(format!("an array of shape {values:?}"))),
        }
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        spec_of_elements(self, inputs)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        self.compute_output_shape(&[x.dims().into()])?;
        if x.elem_count() == 0 {
            let nothing = Tensor::zeros(&x.dims()[..x.rank() - 1], DType::U8, x.device())?;
            ctx.set_output_masks(vec![Some(nothing)]);
            return Ok(vec![x.clone()]);
        }
        let differs = ops::not_equal(&x.detach(), &self.value(x)?)?;
        let counts = ops::any(&differs, axes(-1).keepdims(true))?;
        ctx.set_output_masks(vec![Some(ops::squeeze(&counts, -1)?)]);
        Ok(vec![ops::where_(&counts, x, &Tensor::zeros((), x.dtype(), x.device())?)?])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer, run};
    use candle_core::Device;

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(Masking::new, Check::inputs([[2, 3, 2]]).output([2, 3, 2]));
        let array = || Masking::new().mask_value(Tensor::new(&[1f32, 2.], &Device::Cpu).unwrap());
        check_layer(array, Check::inputs([[2, 3, 2]]).output([2, 3, 2]));
    }

    #[test]
    fn a_step_counts_if_a_feature_differs() {
        let x = Tensor::new(&[[[-1f32, -1.], [-1., 2.], [0., 0.]]], &Device::Cpu).unwrap();
        let masked = |layer: &Masking, x: &Tensor| {
            let (y, mask) = run(layer, std::slice::from_ref(x), &[None], &mut Context::inference()).unwrap();
            let mask = mask[0].clone().unwrap().to_vec2::<u8>().unwrap();
            (y[0].to_dtype(DType::F32).unwrap().to_vec3::<f32>().unwrap(), mask)
        };
        let layer = Masking::new().mask_value(-1.0);
        let expected = vec![vec![vec![0., 0.], vec![-1., 2.], vec![0., 0.]]];
        assert_eq!(masked(&layer, &x), (expected.clone(), vec![vec![0, 1, 1]]));
        let whole = x.to_dtype(DType::I64).unwrap();
        assert_eq!(masked(&layer, &whole), (expected, vec![vec![0, 1, 1]]));
        assert_eq!(masked(&Masking::new().mask_value(-1.5), &whole).1, [[1, 1, 1]]);
        let nothing = Tensor::zeros((2, 3, 0), DType::F32, &Device::Cpu).unwrap();
        assert_eq!(masked(&layer, &nothing).1, [[0, 0, 0], [0, 0, 0]]);
    }

    #[test]
    fn what_has_no_features_is_an_error() {
        let array = Tensor::new(&[1f32, 2.], &Device::Cpu).unwrap();
        let layer = || Masking::new().mask_value(&array);
        assert!(layer().call(&Input::shape([3, 2])).shape().is_ok());
        assert!(layer().call(&Input::shape([3, 4])).shape().unwrap_err().to_string().contains("mask_value"));
        assert!(Masking::new().call(&Input::shape([0usize; 0])).shape().is_err());
    }
}
