//! AlphaDropout: dropout for SELU, which keeps mean and variance. Keras: `keras.layers.AlphaDropout`.

use super::noise::{below_one, check_noise_shape, noise_dims};
use crate::activations::SELU;
use crate::layer::single;
use crate::spatial::fraction;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result};

layer! {
    /// In training, sets each element with the probability `rate` to the limit of SELU at minus infinity, and scales and shifts all so that
    /// mean 0 and variance 1 stay; otherwise does nothing (Klambauer et al., 2017).
    ///
    /// Keras: `keras.layers.AlphaDropout`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{AlphaDropout, Input, Layer};
    /// assert_eq!(AlphaDropout::new(0.1).call(&Input::shape([8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct AlphaDropout(
        /// The share of the elements that is dropped: 0 to 1, and below 1 in training.
        rate: f64,
    ) {
        /// The shape of the random mask, batch size included; a size of 1 is broadcast, and `None` is the input's size.
        noise_shape: Option<Shape>,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

/// `x` where `draws` are not below `rate`, SELU's limit elsewhere; then scaled and shifted.
fn dropped(x: &Tensor, draws: &Tensor, rate: f64) -> Result<Tensor> {
    let (alpha, scale) = SELU;
    let limit = -alpha * scale;
    let a = ((1.0 - rate) * (1.0 + rate * limit * limit)).sqrt().recip();
    let b = -a * limit * rate;
    let kept = draws.ge(rate)?.to_dtype(x.dtype())?.broadcast_as(x.shape())?;
    let offsets = kept.affine(-a * limit, a * limit + b)?;
    Ok(ops::add(&ops::multiply(x, &kept.affine(a, 0.0)?)?, &offsets)?)
}

impl Layer for AlphaDropout {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        check_noise_shape(self.noise_shape.as_ref(), single(inputs)?)?;
        Ok(vec![inputs[0].clone()])
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        fraction("rate", self.rate)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = &ops::float(single(inputs)?)?;
        if !ctx.is_training() || self.rate == 0.0 {
            return Ok(vec![x.clone()]);
        }
        below_one(self.rate)?;
        let noise = noise_dims(self.noise_shape.as_ref(), x)?;
        let draws = ctx.random(self.seed).uniform_f32(noise.iter().product());
        Ok(vec![dropped(x, &Tensor::from_vec(draws, noise, x.device())?, self.rate)?])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, Check, Input, check_layer, run};
    use candle_core::{DType, Device};
    use candle_keras_ops::random::Stream;

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| AlphaDropout::new(0.3).seed(1), Check::inputs([[2, 3]]).output([2, 3]));
        let together = || AlphaDropout::new(0.3).seed(1).noise_shape([None, Some(1)]);
        check_layer(together, Check::inputs([[2, 3]]).output([2, 3]));
    }

    /// What Keras 3.15.1 computes from these draws.
    #[test]
    fn given_draws_drop_as_in_keras() {
        let x = Tensor::new(&[[1f32, -2., 0.5], [3., 0., -1.]], &Device::Cpu).unwrap();
        let draws = Tensor::new(&[[0.1f32, 0.3, 0.7], [0.2, 0.05, 0.9]], &Device::Cpu).unwrap();
        let y = dropped(&x, &draws, 0.25).unwrap().to_vec2::<f32>().unwrap();
        let expected = [[-1.143_544_2, -1.353_334_5, 0.814_810_4], [-1.143_544_2, -1.143_544_2, -0.486_076_56]];
        for (found, expected) in y.iter().flatten().zip(expected.as_flattened()) {
            assert!((found - expected).abs() < 1e-6, "{y:?}");
        }
    }

    #[test]
    fn mean_and_variance_stay() {
        let x = Stream::new(2, 0).normal(40_000);
        let x = Tensor::from_vec(x, (200, 200), &Device::Cpu).unwrap().to_dtype(DType::F32).unwrap();
        let dropped = |layer: &AlphaDropout, stream| {
            let mut ctx = Context::training(Stream::new(1, stream));
            let y = run(layer, std::slice::from_ref(&x), &[None], &mut ctx).unwrap().0[0].to_dtype(DType::F64).unwrap();
            y.to_vec2::<f64>().unwrap()
        };
        let y = dropped(&AlphaDropout::new(0.3), 0).concat();
        let mean = y.iter().sum::<f64>() / 4e4;
        let variance = y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / 4e4;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
        let rows = dropped(&AlphaDropout::new(0.3).noise_shape([None, Some(1)]), 0);
        let all_equal = rows.iter().filter(|row| row.iter().all(|y| *y == row[0])).count();
        assert!((40..80).contains(&all_equal), "{all_equal} of 200 rows are dropped");
        assert_ne!(y, dropped(&AlphaDropout::new(0.3), 1).concat());
    }

    #[test]
    fn bad_arguments_are_errors() {
        assert!(AlphaDropout::new(-0.1).call(&Input::shape([2])).shape().unwrap_err().to_string().contains("rate"));
        let error = AlphaDropout::new(0.1).noise_shape([3]).call(&Input::shape([2])).shape().unwrap_err().to_string();
        assert!(error.contains("noise_shape"), "{error}");
        let x = Tensor::ones((1, 2), DType::F32, &Device::Cpu).unwrap();
        assert!(AlphaDropout::new(1.0).call_with(&x, Call::new().training(true)).is_err());
    }
}
