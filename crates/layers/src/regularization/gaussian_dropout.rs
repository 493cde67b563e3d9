//! GaussianDropout: each element times a normally distributed number in training. Keras: `keras.layers.GaussianDropout`.

use super::noise::{below_one, normal_like};
use crate::layer::{keeps_shape_and_mask, single};
use crate::spatial::fraction;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result};

layer! {
    /// In training, multiplies each element by a normally distributed number of mean 1 and standard deviation
    /// `sqrt(rate / (1 - rate))`; otherwise does nothing (Srivastava et al., 2014).
    ///
    /// Keras: `keras.layers.GaussianDropout`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GaussianDropout, Input, Layer};
    /// assert_eq!(GaussianDropout::new(0.1).call(&Input::shape([8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct GaussianDropout(
        /// The rate of a [`Dropout`](crate::Dropout) with as much variance: 0 to 1, and below 1 in training.
        rate: f64,
    ) {
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

impl Layer for GaussianDropout {
    keeps_shape_and_mask!();

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        fraction("rate", self.rate)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = &ops::float(single(inputs)?)?;
        if !ctx.is_training() || self.rate == 0.0 {
            return Ok(vec![x.clone()]);
        }
        below_one(self.rate)?;
        let stddev = (self.rate / (1.0 - self.rate)).sqrt();
        let factors = normal_like(x, 1.0, stddev, &mut ctx.random(self.seed))?;
        Ok(vec![ops::multiply(x, &factors)?])
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
        check_layer(|| GaussianDropout::new(0.3).seed(1), Check::inputs([[2, 3]]).output([2, 3]));
        assert!(GaussianDropout::new(1.5).call(&Input::shape([2])).shape().unwrap_err().to_string().contains("rate"));
    }

    #[test]
    fn the_factors_have_their_distribution() {
        let x = Tensor::full(2f32, (100, 100), &Device::Cpu).unwrap();
        let mut ctx = Context::training(Stream::new(1, 0));
        let (y, _) = run(&GaussianDropout::new(0.2), std::slice::from_ref(&x), &[None], &mut ctx).unwrap();
        let y = y[0].to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let mean = y.iter().sum::<f64>() / 1e4;
        let deviation = (y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / 1e4).sqrt();
        // 2 sqrt(0.2 / 0.8) = 1.
        assert!((mean - 2.0).abs() < 0.04 && (deviation - 1.0).abs() < 0.04, "{mean} {deviation}");
    }

    #[test]
    fn a_rate_of_1_cannot_be_trained() {
        let x = Tensor::ones((1, 2), DType::F32, &Device::Cpu).unwrap();
        assert!(GaussianDropout::new(1.0).call(&x).is_ok());
        let error = GaussianDropout::new(1.0).call_with(&x, Call::new().training(true)).unwrap_err().to_string();
        assert!(error.contains("below 1"), "{error}");
    }
}
