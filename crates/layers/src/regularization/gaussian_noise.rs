//! GaussianNoise: normally distributed numbers are added in training. Keras: `keras.layers.GaussianNoise`.

use super::noise::normal_like;
use crate::layer::{keeps_shape_and_mask, single};
use crate::spatial::fraction;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result};

layer! {
    /// In training, adds normally distributed numbers of mean 0; otherwise does nothing.
    ///
    /// Keras: `keras.layers.GaussianNoise`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GaussianNoise, Input, Layer};
    /// assert_eq!(GaussianNoise::new(0.1).call(&Input::shape([8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct GaussianNoise(
        /// The standard deviation of the noise, 0 to 1.
        stddev: f64,
    ) {
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

impl Layer for GaussianNoise {
    keeps_shape_and_mask!();

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        fraction("stddev", self.stddev)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = &ops::float(single(inputs)?)?;
        if !ctx.is_training() || self.stddev == 0.0 {
            return Ok(vec![x.clone()]);
        }
        let noise = normal_like(x, 0.0, self.stddev, &mut ctx.random(self.seed))?;
        Ok(vec![ops::add(x, &noise)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer, run};
    use candle_core::{DType, Device};
    use candle_keras_ops::random::Stream;

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| GaussianNoise::new(0.3).seed(1), Check::inputs([[2, 3]]).output([2, 3]));
        assert!(GaussianNoise::new(1.5).call(&Input::shape([2])).shape().unwrap_err().to_string().contains("stddev"));
    }

    #[test]
    fn the_noise_has_its_distribution() {
        let x = Tensor::full(2f32, (100, 100), &Device::Cpu).unwrap();
        let noisy = |layer: &GaussianNoise, stream| {
            let mut ctx = Context::training(Stream::new(1, stream));
            let y = run(layer, std::slice::from_ref(&x), &[None], &mut ctx).unwrap().0[0].to_dtype(DType::F64).unwrap();
            y.flatten_all().unwrap().to_vec1::<f64>().unwrap()
        };
        let y = noisy(&GaussianNoise::new(0.5), 0);
        let mean = y.iter().sum::<f64>() / 1e4;
        let deviation = (y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / 1e4).sqrt();
        assert!((mean - 2.0).abs() < 0.02 && (deviation - 0.5).abs() < 0.02, "{mean} {deviation}");
        let within = y.iter().filter(|y| (*y - 2.0).abs() < 0.5).count();
        assert!((6627..7027).contains(&within), "{within} of 10,000 within one deviation");
        assert_ne!(y, noisy(&GaussianNoise::new(0.5), 1));
        let seeded = GaussianNoise::new(0.5).seed(3);
        assert_eq!(noisy(&seeded, 0), noisy(&seeded, 1));
    }
}
