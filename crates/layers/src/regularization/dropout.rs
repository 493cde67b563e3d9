//! Dropout: some elements are 0 in training. Keras: `keras.layers.Dropout`.

use super::noise::{check_noise_shape, noise_dims};
use crate::layer::single;
use crate::spatial::fraction;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{Result, dropout_together};

layer! {
    /// In training, sets each element to 0 with the probability `rate` and divides the others by `1 - rate`; otherwise does nothing
    /// (Srivastava et al., 2014).
    ///
    /// Keras: `keras.layers.Dropout`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Dropout, Input, Layer};
    /// assert_eq!(Dropout::new(0.5).call(&Input::shape([8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Dropout(
        /// The share of the elements that is dropped, 0 to 1.
        rate: f64,
    ) {
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
        /// The shape of the random mask, batch size included; a size of 1 is broadcast, and `None` is the input's size.
        noise_shape: Option<Shape>,
    }
}

impl Layer for Dropout {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        check_noise_shape(self.noise_shape.as_ref(), single(inputs)?)?;
        Ok(vec![inputs[0].clone()])
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        fraction("rate", self.rate)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        if !ctx.is_training() || self.rate == 0.0 {
            return Ok(vec![x.clone()]);
        }
        let noise = noise_dims(self.noise_shape.as_ref(), x)?;
        Ok(vec![dropout_together(x, &noise, self.rate, &mut ctx.random(self.seed))?])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer, run};
    use candle_keras_ops::random::Stream;
    use candle_keras_ops::{DType, Device};

    fn drop(layer: &Dropout, shape: [usize; 2], stream: u64) -> Vec<f32> {
        let x = Tensor::ones(&shape, DType::F32, &Device::Cpu).unwrap();
        let (y, _) = run(layer, &[x], &[None], &mut Context::training(Stream::new(1, stream))).unwrap();
        y[0].flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Dropout::new(0.3).seed(1), Check::inputs([[2, 3]]).output([2, 3]));
    }

    #[test]
    fn drops_its_part_and_keeps_the_sum() {
        let y = drop(&Dropout::new(0.25), [100, 100], 0);
        let dropped = y.iter().filter(|y| **y == 0.0).count();
        assert!((2350..2650).contains(&dropped), "{dropped}");
        assert!(y.iter().all(|y| *y == 0.0 || (*y - 4.0 / 3.0).abs() < 1e-6));
        assert!(drop(&Dropout::new(1.0), [2, 2], 0).iter().all(|y| *y == 0.0));
        assert_ne!(y, drop(&Dropout::new(0.25), [100, 100], 1));
        assert_eq!(y, drop(&Dropout::new(0.25), [100, 100], 0));
    }

    #[test]
    fn a_seed_of_its_own_does_not_depend_on_that_of_the_run() {
        let layer = Dropout::new(0.5).seed(3);
        assert_eq!(drop(&layer, [10, 10], 0), drop(&layer, [10, 10], 1));
        let x = Tensor::ones((10, 10), DType::F32, &Device::Cpu).unwrap();
        let (y, _) = run(&layer, &[x], &[None], &mut Context::training(Stream::new(1, 0)).at_step(1)).unwrap();
        assert_ne!(drop(&layer, [10, 10], 0), y[0].flatten_all().unwrap().to_vec1::<f32>().unwrap());
    }

    #[test]
    fn noise_shape_drops_together() {
        let y = drop(&Dropout::new(0.5).noise_shape([None, Some(1)]), [50, 4], 0);
        assert!(y.chunks(4).all(|row| row.iter().all(|y| *y == row[0])));
        for noise in [Shape::from([1]), [None, Some(3)].into(), [None, Some(0)].into()] {
            let error = Dropout::new(0.5).noise_shape(noise).call(Input::shape([4])).shape().unwrap_err().to_string();
            assert!(error.contains("noise_shape"), "{error}");
        }
    }

    #[test]
    fn a_rate_that_cannot_be_is_an_error() {
        assert!(Dropout::new(1.5).call(Input::shape([2])).shape().unwrap_err().to_string().contains("rate"));
        assert!(Dropout::new(f64::NAN).call(Input::shape([2])).shape().is_err());
    }
}
