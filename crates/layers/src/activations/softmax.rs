//! Softmax: numbers that are not negative and add up to 1. Keras: `keras.layers.Softmax`.

use crate::layer::{keeps_shape_and_mask, single};
use crate::{Build, Context, Layer, Shape};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, AxisList, Error, Result, axes};

layer! {
    /// `exp(x) / sum(exp(x))` over one axis or several.
    ///
    /// A mask, that of the input or the argument `mask` of the call, has 1 where an element takes part; the others are 0. It must broadcast
    /// to the input.
    ///
    /// Keras: `keras.layers.Softmax`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, Softmax};
    /// assert_eq!(Softmax::new().axis(1).call(&Input::shape([8, 3])).shape()?.to_string(), "(None, 8, 3)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Softmax() {
        /// The axis, or the axes that add up to 1 together, as a composition.
        axis: AxisList = -1,
    }
}

impl Softmax {
    fn softmax(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        match self.axis.as_slice() {
            [axis] => ops::softmax(x, *axis),
            several => {
                let largest = ops::stop_gradient(&ops::max(x, axes(several).keepdims(true))?)?;
                let exponentials = ops::exp(&ops::subtract(x, &largest)?)?;
                ops::divide(&exponentials, &ops::sum(&exponentials, axes(several).keepdims(true))?)
            }
        }
    }
}

/// What takes part, as u8 in the shape of the input.
fn broadcast(mask: &Tensor, x: &Tensor) -> Result<Tensor> {
    let mask = if mask.dtype() == DType::U8 { mask.clone() } else { mask.gt(0.5)? };
    mask.broadcast_as(x.shape()).map_err(|_| {
        Error::new("the mask must broadcast to the input")
            .expected(format!("the shape {:?}, or sizes of 1 in it", x.dims()))
            .received(format!("{:?}", mask.dims()))
    })
}

impl Layer for Softmax {
    keeps_shape_and_mask!();

    fn build(&self, inputs: &[Shape], _: &mut Build) -> Result<()> {
        Ok(axes(self.axis.as_slice()).resolve(single(inputs)?.len()).map(drop)?)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = &ops::float(single(inputs)?)?;
        let Some(mask) = ctx.mask(0) else { return Ok(vec![self.softmax(x)?]) };
        let mask = broadcast(mask, x)?;
        let constant = |number: f64| Tensor::new(number, x.device())?.to_dtype(x.dtype());
        let least = constant(if x.dtype() == DType::F16 { -3e4 } else { -1e9 })?;
        let y = self.softmax(&ops::where_(&mask, x, &least)?)?;
        // Where nothing takes part, a softmax is uniform.
        Ok(vec![ops::where_(&mask, &y, &constant(0.0)?)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, Check, Input, check_layer};
    use candle_core::Device;

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(Softmax::new, Check::inputs([[2, 3]]).output([2, 3]));
        check_layer(|| Softmax::new().axis(1), Check::inputs([[2, 3, 2]]).output([2, 3, 2]));
        check_layer(|| Softmax::new().axis([1, -1]), Check::inputs([[2, 3, 2]]).output([2, 3, 2]));
        for axis in [2, -3, i64::MIN] {
            assert!(Softmax::new().axis(axis).call(Input::shape([2])).shape().is_err());
        }
    }

    #[test]
    fn what_is_masked_is_0() {
        let x = Tensor::new(&[[0f32, 3., 0.], [1., 2., 3.]], &Device::Cpu).unwrap();
        let masked = |mask: &Tensor| Softmax::new().call_with(&x, Call::new().mask(mask));
        let mask = Tensor::new(&[[1u8, 0, 1], [0, 0, 0]], &Device::Cpu).unwrap();
        assert_eq!(masked(&mask).unwrap().to_vec2::<f32>().unwrap(), [[0.5, 0., 0.5], [0.; 3]]);
        let one = Tensor::new(&[[0.4f32, 0.6, 0.]], &Device::Cpu).unwrap();
        assert_eq!(masked(&one).unwrap().to_vec2::<f32>().unwrap(), [[0., 1., 0.]; 2]);
        let wrong = Tensor::ones((2, 2), DType::U8, &Device::Cpu).unwrap();
        assert!(masked(&wrong).unwrap_err().to_string().contains("must broadcast"));
    }
}
