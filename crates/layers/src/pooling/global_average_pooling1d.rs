//! GlobalAveragePooling1D: the mean over all steps. Keras: `keras.layers.GlobalAveragePooling1D`.

use super::base_global_pooling::{GlobalPooling, GlobalPoolingArguments, global_pooling_setters};
use crate::layer::single;
use crate::spatial::channels_last;
use crate::{Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Pool, Result};

layer! {
    /// The mean over the steps of a sequence, without masked ones.
    ///
    /// Keras: `keras.layers.GlobalAveragePooling1D`.
    ///
    /// # Shapes
    /// - input: `(batch, steps, features)`
    /// - output: `(batch, features)`, or `(batch, 1, features)` with `keepdims`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GlobalAveragePooling1D, Input, Layer};
    /// assert_eq!(GlobalAveragePooling1D::new().call(&Input::shape([20, 8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct GlobalAveragePooling1D() {
        ..arguments: GlobalPoolingArguments = GlobalPoolingArguments::new() => global_pooling_setters,
    }
}

impl GlobalAveragePooling1D {
    /// What the layer does without a mask.
    pub(super) fn pooling(&self) -> GlobalPooling<'_, 1> {
        GlobalPooling { pool: Pool::Average, arguments: &self.arguments }
    }
}

impl Layer for GlobalAveragePooling1D {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.arguments.output_shape::<1>(single(inputs)?)?])
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let (x, over) = (single(inputs)?, self.arguments.axes::<1>()?);
        let Some(mask) = ctx.mask(0) else { return Ok(vec![ops::mean(x, over)?]) };
        let mask = ops::expand_dims(mask, if channels_last(&self.arguments.data_format)? { 2 } else { 1 })?;
        let kept = ops::where_(&mask, x, &x.detach().zeros_like()?)?;
        let count = ops::sum(&mask.to_dtype(x.dtype())?, over.clone())?;
        Ok(vec![ops::sum(&kept, over)?.broadcast_div(&count)?])
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn compute_mask(&self, _: &[Tensor], _: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer, run};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(GlobalAveragePooling1D::new, Check::inputs([[2, 3, 4]]).output([2, 4]));
        let other = || GlobalAveragePooling1D::new().data_format("channels_first").keepdims(true);
        check_layer(other, Check::inputs([[2, 3, 4]]).output([2, 3, 1]));
        assert!(GlobalAveragePooling1D::new().call(Input::shape([4])).shape().is_err());
    }

    #[test]
    fn masked_steps_do_not_count() {
        let x = Tensor::new(&[[[1f32], [3.], [100.]]], &ops::Device::Cpu).unwrap();
        let mask = Tensor::new(&[[1u8, 1, 0]], &ops::Device::Cpu).unwrap();
        let layer = GlobalAveragePooling1D::new();
        let (y, masks) = run(&layer, &[x], &[Some(mask)], &mut Context::inference()).unwrap();
        assert_eq!(y[0].to_vec2::<f32>().unwrap(), [[2.]]);
        assert!(masks[0].is_none());
    }
}
