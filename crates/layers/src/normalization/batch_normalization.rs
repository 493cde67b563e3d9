//! BatchNormalization: normalizes each channel. Keras: `keras.layers.BatchNormalization`.

use super::{ScaleAndCenter, affine_setters, axis_of, check_epsilon, run_with_axes_last, wide};
use crate::initializers::{Initialize, Source};
use crate::layer::single;
use crate::{Build, Context, Initializer, Layer, Shape, Weight};
use candle_core::{DType, Tensor};
use candle_keras_ops::config::epsilon;
use candle_keras_ops::{self as ops, Error, Result};
use serde::{Deserialize, Serialize};

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
        /// Whether the moments are those of all devices together. There is one device, so that it has no effect.
        synchronized: bool = false,
        /// Whether training normalizes as predictions do: by averages, to which the moments of the batch are corrected by constant factors (batch renormalization;
        /// Ioffe, 2017). The weights `moving_stddev`, `renorm_mean` and `renorm_stddev` are added.
        renorm: bool = false,
        /// The bounds of these factors.
        renorm_clipping: Option<RenormClipping>,
        /// The share of the averages in training that is kept at each step.
        renorm_momentum: f64 = 0.99,
    }
}

/// The bounds of the corrections of batch renormalization; without one, a correction is not bounded.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenormClipping {
    /// The largest factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rmax: Option<f64>,
    /// The smallest factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rmin: Option<f64>,
    /// The largest offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dmax: Option<f64>,
}

impl RenormClipping {
    fn check(&self) -> Result<()> {
        let ordered = self.rmin.zip(self.rmax).is_none_or(|(rmin, rmax)| rmin <= rmax);
        if ordered && self.dmax.is_none_or(|dmax| dmax >= 0.0) {
            return Ok(());
        }
        Err(Error::new("renorm_clipping must have rmin <= rmax and dmax >= 0").received(format!("{self:?}")))
    }
}

object! {
    /// The square roots of what another initializer gives.
    struct SquareRoots(
        /// The other.
        of: Initializer,
    ) {}
}

impl Initialize for SquareRoots {
    fn source(&self, shape: &[usize]) -> Result<Source> {
        Ok(Source::Values(self.of.init(shape, DType::F64)?.sqrt()?.flatten_all()?.to_vec1()?))
    }
}

impl Layer for BatchNormalization {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        axis_of(self.axis, single(inputs)?.len())?;
        Ok(vec![single(inputs)?.clone()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        check_epsilon(self.epsilon)?;
        let input = single(inputs)?;
        self.renorm_clipping.unwrap_or_default().check()?;
        axis_of(self.axis, input.len())?;
        let channels = build.input_size(self.axis)?;
        self.affine.build(&[channels], build);
        let mut average = |name, initializer: &Initializer| {
            build.add_weight(Weight::new(name, [channels], initializer).trainable(false));
        };
        average("moving_mean", &self.moving_mean_initializer);
        average("moving_variance", &self.moving_variance_initializer);
        if self.renorm {
            let stddev = SquareRoots::new(self.moving_variance_initializer.clone()).into();
            average("moving_stddev", &stddev);
            average("renorm_mean", &self.moving_mean_initializer);
            average("renorm_stddev", &stddev);
        }
        Ok(())
    }

    /// The input is rounded no earlier than the output.
    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = &wide(single(inputs)?)?;
        let (gamma, beta) = self.affine.weights(self, x, ctx)?;
        let of_batch = ctx.trains_layer(&self.base);
        let mask = ctx.mask(0).filter(|_| of_batch).cloned();
        if let Some(mask) = mask.as_ref().filter(|mask| mask.dims() != &x.dims()[..x.rank() - 1]) {
            return Err(Error::new("the mask must have all axes of the input but the last")
                .expected(format!("{:?}", &x.dims()[..x.rank() - 1]))
                .received(format!("{:?}", mask.dims())));
        }
        let y = run_with_axes_last(x, &[axis_of(self.axis, x.rank())?], |x| {
            if !of_batch {
                let moving = |name| Ok::<_, Error>(self.base.variable(name)?.value().to_dtype(x.dtype())?);
                let moments = (&moving("moving_mean")?, &moving("moving_variance")?);
                return Ok(ops::batch_normalize(x, gamma.as_ref(), beta.as_ref(), moments, self.epsilon, false)?);
            }
            let (mean, variance) = ops::channel_moments(x, mask.as_ref())?;
            let (gamma, beta) = match self.renorm {
                true => self.renormalize(gamma, beta, &mean, &variance, ctx)?,
                false => {
                    self.average("moving_variance", &variance, self.momentum, ctx)?;
                    (gamma, beta)
                }
            };
            self.average("moving_mean", &mean, self.momentum, ctx)?;
            if let Some(mask) = &mask {
                return self.masked(x, mask, gamma.as_ref(), beta.as_ref());
            }
            let moments = (&mean, &variance);
            Ok(ops::batch_normalize(x, gamma.as_ref(), beta.as_ref(), moments, self.epsilon, true)?)
        })?;
        Ok(vec![ops::cast(&y, self.base.compute_dtype())?])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

impl BatchNormalization {
    /// Whether it normalizes this axis by constants, in the dtype of its weights.
    pub(crate) fn is_constant(&self, rank: usize, axis: usize, ctx: &Context) -> bool {
        let dtype = self.base.compute_dtype();
        let plain = dtype == self.base.dtype() && matches!(dtype, DType::F32 | DType::F64);
        plain && !ctx.trains_layer(&self.base) && axis_of(self.axis, rank).is_ok_and(|own| own == axis)
    }

    /// The kernel and the bias of a convolution that normalizes its outputs as this layer would.
    pub(crate) fn of_convolution(
        &self,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        ctx: &Context,
    ) -> Result<(Tensor, Tensor)> {
        let (gamma, beta) = self.affine.weights(self, kernel, ctx)?;
        let moving = |name| Ok::<_, Error>(self.base.variable(name)?.value());
        let moments = (&moving("moving_mean")?, &moving("moving_variance")?);
        Ok(ops::normalized_kernel(kernel, bias, gamma.as_ref(), beta.as_ref(), moments, self.epsilon)?)
    }

    /// Moves an average towards a new value; returns the average.
    fn average(&self, name: &str, new: &Tensor, momentum: f64, ctx: &mut Context) -> Result<Tensor> {
        let average = self.base.variable(name)?;
        let moved = ((ctx.state(&average).to_dtype(new.dtype())? * momentum)? + (new * (1.0 - momentum))?)?;
        ctx.set_state(&average, moved.to_dtype(average.dtype())?);
        Ok(moved)
    }

    /// `gamma` and `beta` with the corrections of batch renormalization, which have no gradient; moves the averages but that of the mean.
    fn renormalize(
        &self,
        gamma: Option<Tensor>,
        beta: Option<Tensor>,
        mean: &Tensor,
        variance: &Tensor,
        ctx: &mut Context,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let before = |name| Ok::<_, Error>(ctx.state(&self.base.variable(name)?).to_dtype(mean.dtype())?);
        let stddev = (variance + self.epsilon)?.sqrt()?;
        let (of_mean, of_stddev) = (before("renorm_mean")?, before("renorm_stddev")?.maximum(self.epsilon.sqrt())?);
        let clip = self.renorm_clipping.unwrap_or_default();
        let (mut r, mut d) = ((&stddev / &of_stddev)?, ((mean - of_mean)? / &of_stddev)?);
        if let Some(rmin) = clip.rmin {
            r = r.maximum(rmin)?;
        }
        if let Some(rmax) = clip.rmax {
            r = r.minimum(rmax)?;
        }
        if let Some(dmax) = clip.dmax {
            d = d.clamp(-dmax, dmax)?;
        }
        self.average("renorm_mean", mean, self.renorm_momentum, ctx)?;
        self.average("renorm_stddev", &stddev, self.renorm_momentum, ctx)?;
        let moved = self.average("moving_stddev", &stddev, self.momentum, ctx)?;
        let variance = self.base.variable("moving_variance")?;
        ctx.set_state(&variance, (moved.sqr()? - self.epsilon)?.relu()?.to_dtype(variance.dtype())?);
        let (scale, offset) = match &gamma {
            Some(gamma) => (ops::multiply(&r, gamma)?, ops::multiply(&d, gamma)?),
            None => (r, d),
        };
        let offset = beta.map_or_else(|| Ok(offset.clone()), |beta| ops::add(&offset, &beta))?;
        Ok((Some(scale), Some(offset)))
    }

    /// With the moments of the unmasked steps, as a composition through which gradients flow.
    fn masked(&self, x: &Tensor, mask: &Tensor, gamma: Option<&Tensor>, beta: Option<&Tensor>) -> Result<Tensor> {
        let channels = x.dim(x.rank() - 1)?;
        let weights = mask.flatten_all()?.unsqueeze(1)?.to_dtype(x.dtype())?;
        let count = (weights.sum_all()? + epsilon())?;
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
        check_layer(|| BatchNormalization::new().synchronized(true).center(false), images().weights(3));
    }

    /// The corrections are constants, so that finite differences say something else in training; fixtures of Keras confirm the gradients.
    #[test]
    fn renormalization_corrects_the_batch_to_the_averages() {
        let x = Tensor::new(&[[1f32, 10.], [3., 30.]], &ops::Device::Cpu).unwrap();
        let layer = BatchNormalization::new().momentum(0.5).renorm(true).renorm_momentum(0.5);
        layer.call(crate::Input::shape([2]));
        let names: Vec<_> = layer.variables().iter().map(|weight| weight.name().to_string()).collect();
        let averages = ["moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev"];
        assert_eq!(names, [&["gamma", "beta"], &averages[..]].concat());
        let mut ctx = Context::training(Stream::new(1, 0));
        let (y, _) = run(&layer, std::slice::from_ref(&x), &[None], &mut ctx).unwrap();
        // The averages are mean 0 and deviation 1: the batch stays as it is.
        let apart = (&y[0] - &x).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
        assert!(apart < 1e-4, "{}", y[0]);
        ctx.commit().unwrap();
        let value = |name: &str| layer.base.variable(name).unwrap().value().to_vec1::<f32>().unwrap()[0];
        let stddev = (1f32 + 1e-3).sqrt();
        assert_eq!((value("moving_mean"), value("renorm_mean")), (1.0, 1.0));
        assert!((value("moving_stddev") - 0.5 - 0.5 * stddev).abs() < 1e-6);
        let error = |clip: RenormClipping| {
            let layer = BatchNormalization::new().renorm(true).renorm_clipping(clip);
            layer.call(crate::Input::shape([2])).shape().unwrap_err().to_string()
        };
        assert!(error(RenormClipping { rmin: Some(2.0), rmax: Some(1.0), dmax: None }).contains("rmin <= rmax"));
        assert!(error(RenormClipping { dmax: Some(-1.0), ..RenormClipping::default() }).contains("dmax >= 0"));
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
