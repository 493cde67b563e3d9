//! BatchNormalization: normalizes each channel. Keras: `keras.layers.BatchNormalization`.

use super::{ScaleAndCenter, affine_setters, axis_of, run_with_axes_last};
use crate::layer::single;
use crate::{Build, Config, Context, Initializer, Layer, Shape, Weight};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result};

layer! {
    /// `(x - mean) / sqrt(variance + epsilon) gamma + beta` of each channel: in training with the mean and variance of the batch, otherwise
    /// with their moving averages (Ioffe and Szegedy, 2015).
    ///
    /// The averages move by `1 - momentum` towards those of each batch, whose variance is that of the batch itself, as in Keras (PyTorch: the
    /// unbiased one). A frozen layer uses the averages in training too. Masked steps are left out.
    ///
    /// Keras: `keras.layers.BatchNormalization`.
    ///
    /// # Shapes
    /// - input and output: `(batch, ..., channels)`; all weights: `(channels,)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{BatchNormalization, Input, Layer};
    /// let y = BatchNormalization::new().call(&Input::shape([7, 7, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 7, 7, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct BatchNormalization() {
        /// The axis of the channels. One that is not the last costs a copy each way.
        axis: i64 = -1,
        /// The share of the averages that is kept at each step.
        momentum: f64 = 0.99,
        /// Added to the variance.
        epsilon: f64 = 1e-3,
        ..affine: ScaleAndCenter = ScaleAndCenter::new() => affine_setters,
        /// The initializer of the average of the means.
        moving_mean_initializer: Initializer = "zeros",
        /// The initializer of the average of the variances.
        moving_variance_initializer: Initializer = "ones",
        /// Whether the moments are those of all devices together: not supported.
        synchronized: bool = false,
        /// Keras 2's batch renormalization, which is not supported.
        renorm: bool = false,
        /// Belongs to `renorm`.
        renorm_clipping: Option<Config>,
        /// Belongs to `renorm`.
        renorm_momentum: f64 = 0.99,
    }
}

impl Layer for BatchNormalization {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        axis_of(self.axis, single(inputs)?.len())?;
        Ok(vec![single(inputs)?.clone()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let input = single(inputs)?;
        if self.synchronized {
            return Err(Error::new("synchronized is not supported: there is one device"));
        }
        if self.renorm {
            return Err(Error::new("renorm is not supported").help("train without batch renormalization"));
        }
        axis_of(self.axis, input.len())?;
        let channels = build.input_size(self.axis)?;
        self.affine.build(&[channels], build);
        build.add_weight(Weight::new("moving_mean", [channels], &self.moving_mean_initializer).trainable(false));
        build
            .add_weight(Weight::new("moving_variance", [channels], &self.moving_variance_initializer).trainable(false));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let input = single(inputs)?;
        // As in Keras, 16 bits are normalized in float32, in which the statistics are.
        let dtype = if matches!(input.dtype(), DType::F16 | DType::BF16) { DType::F32 } else { input.dtype() };
        let x = &input.to_dtype(dtype)?;
        let cast = |weight: Option<Tensor>| weight.map(|weight| weight.to_dtype(dtype)).transpose();
        let (gamma, beta) = self.affine.weights(self, ctx)?;
        let (gamma, beta) = (cast(gamma)?, cast(beta)?);
        let of_batch = ctx.trains_layer(&self.base);
        let mask = ctx.mask(0).filter(|_| of_batch).cloned();
        if let Some(mask) = mask.as_ref().filter(|mask| mask.dims() != &x.dims()[..x.rank() - 1]) {
            return Err(Error::new("the mask must have all axes of the input but the last")
                .expected(format!("{:?}", &x.dims()[..x.rank() - 1]))
                .received(format!("{:?}", mask.dims())));
        }
        let y = run_with_axes_last(x, &[axis_of(self.axis, x.rank())?], |x| {
            if !of_batch {
                let moving = |name| Ok::<_, Error>(self.base.variable(name)?.value().to_dtype(dtype)?);
                let moments = (&moving("moving_mean")?, &moving("moving_variance")?);
                return Ok(ops::batch_normalize(x, gamma.as_ref(), beta.as_ref(), moments, self.epsilon, false)?);
            }
            let (mean, variance) = ops::channel_moments(x, mask.as_ref())?;
            for (name, new) in [("moving_mean", &mean), ("moving_variance", &variance)] {
                let average = self.base.variable(name)?;
                let moved = ((ctx.state(&average) * self.momentum)? + (new * (1.0 - self.momentum))?)?;
                ctx.set_state(&average, moved);
            }
            if let Some(mask) = &mask {
                return self.masked(x, mask, gamma.as_ref(), beta.as_ref());
            }
            let moments = (&mean, &variance);
            Ok(ops::batch_normalize(x, gamma.as_ref(), beta.as_ref(), moments, self.epsilon, true)?)
        })?;
        Ok(vec![y.to_dtype(input.dtype())?])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

impl BatchNormalization {
    /// With the moments of the unmasked steps, as a composition through which gradients flow.
    fn masked(&self, x: &Tensor, mask: &Tensor, gamma: Option<&Tensor>, beta: Option<&Tensor>) -> Result<Tensor> {
        let channels = x.dim(x.rank() - 1)?;
        let weights = mask.flatten_all()?.unsqueeze(1)?.to_dtype(x.dtype())?;
        let count = (weights.sum_all()? + 1e-7)?;
        let rows = x.reshape(((), channels))?;
        let mean_of = |rows: &Tensor| rows.broadcast_mul(&weights)?.sum(0)?.broadcast_div(&count);
        let centered = rows.broadcast_sub(&mean_of(&rows)?)?;
        let deviation = (mean_of(&centered.sqr()?)? + self.epsilon)?.sqrt()?;
        let mut y = centered.broadcast_div(&deviation)?;
        if let Some(gamma) = gamma {
            y = y.broadcast_mul(gamma)?;
        }
        if let Some(beta) = beta {
            y = y.broadcast_add(beta)?;
        }
        Ok(y.reshape(x.shape())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer, run};
    use candle_keras_ops::random::Stream;

    #[test]
    fn behaves_as_every_layer_must() {
        let images = || Check::inputs([[2, 3, 2, 4]]).output([2, 3, 2, 4]);
        check_layer(BatchNormalization::new, images().weights(4));
        check_layer(|| BatchNormalization::new().axis(1).scale(false), images().weights(3));
    }

    #[test]
    fn averages_move_in_training_alone_and_not_of_a_frozen_layer() {
        let x = Tensor::new(&[[1f32, 10.], [3., 30.]], &ops::Device::Cpu).unwrap();
        let layer = BatchNormalization::new().momentum(0.5);
        layer.call(crate::Input::shape([2]));
        let mean = || layer.base.variable("moving_mean").unwrap().value().to_vec1::<f32>().unwrap();
        let train = || {
            let mut ctx = Context::training(Stream::new(1, 0));
            run(&layer, std::slice::from_ref(&x), &[None], &mut ctx).unwrap();
            ctx
        };
        run(&layer, std::slice::from_ref(&x), &[None], &mut Context::inference()).unwrap();
        assert_eq!(mean(), [0., 0.]);
        let mut ctx = train();
        assert_eq!(mean(), [0., 0.], "a run that is not committed changes nothing");
        ctx.commit().unwrap();
        assert_eq!(mean(), [1., 10.]);
        layer.set_trainable(false);
        train().commit().unwrap();
        assert_eq!(mean(), [1., 10.]);
    }
}
