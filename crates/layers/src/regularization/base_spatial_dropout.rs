//! Common to dropout of whole channels over one, two and three axes. Keras: `keras/src/layers/regularization/spatial_dropout.py`.

use crate::spatial::{spatial, with_spatial};
use crate::{Config, Context, Shape};
use candle_core::Tensor;
use candle_keras_ops::{Result, dropout_together};

/// Dropout of channels over `N` axes.
pub(super) struct SpatialDropout<'a, const N: usize> {
    pub(super) rate: f64,
    pub(super) seed: Option<u64>,
    pub(super) data_format: &'a str,
}

impl<const N: usize> SpatialDropout<'_, N> {
    pub(super) fn check(&self, input: &Shape) -> Result<()> {
        spatial::<N>(input, self.data_format).map(drop)
    }

    pub(super) fn forward(&self, x: &Tensor, ctx: &mut Context) -> Result<Tensor> {
        if !ctx.is_training() || self.rate == 0.0 {
            return Ok(x.clone());
        }
        let (_, channels) = spatial::<N>(&x.dims().into(), self.data_format)?;
        let noise = with_spatial(Some(x.dim(0)?), [Some(1); N], channels, self.data_format)?;
        let noise: Vec<usize> = noise.iter().flatten().copied().collect();
        Ok(dropout_together(x, &noise, self.rate, &mut ctx.random(self.seed))?)
    }
}

/// The arguments that Keras's classes take.
pub(super) fn without_trainable(mut config: Config) -> Config {
    config.as_object_mut().and_then(|config| config.remove("trainable"));
    config
}

/// `impl Layer` for a class, by its [`SpatialDropout`].
macro_rules! spatial_dropout {
    ($class:ident, |$layer:ident| $what:expr) => {
        impl $crate::Layer for $class {
            fn get_config(&self) -> $crate::Result<$crate::Config> {
                $crate::Described::config(self).map($crate::regularization::base_spatial_dropout::without_trainable)
            }

            fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
                let $layer = self;
                $what.check($crate::single(inputs)?)?;
                Ok(vec![inputs[0].clone()])
            }

            fn build(&self, _: &[$crate::Shape], _: &mut $crate::Build) -> $crate::Result<()> {
                $crate::spatial::fraction("rate", self.rate)
            }

            fn forward(
                &self,
                inputs: &[candle_core::Tensor],
                ctx: &mut $crate::Context,
            ) -> $crate::Result<Vec<candle_core::Tensor>> {
                let $layer = self;
                Ok(vec![$what.forward($crate::single(inputs)?, ctx)?])
            }

            fn supports_masking(&self) -> bool {
                true
            }
        }
    };
}
pub(super) use spatial_dropout;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{Layer, run};
    use candle_core::{DType, Device};
    use candle_keras_ops::random::Stream;

    /// The output of ones in training: for each sample and channel the same everywhere, 0 or `1 / (1 - rate)`.
    pub(in super::super) fn check_channels(layer: &dyn Layer, dims: &[usize], channel_axis: usize, rate: f64) {
        let x = Tensor::ones(dims, DType::F32, &Device::Cpu).unwrap();
        let drop = |stream| {
            let mut ctx = Context::training(Stream::new(1, stream));
            let y = run(layer, std::slice::from_ref(&x), &[None], &mut ctx).unwrap().0[0].clone();
            y.transpose(1, channel_axis).unwrap().flatten_from(2).unwrap().to_vec3::<f32>().unwrap()
        };
        let (y, kept) = (drop(0), 1.0 / (1.0 - rate) as f32);
        let channels: Vec<&Vec<f32>> = y.iter().flatten().collect();
        assert!(channels.iter().all(|all| all.iter().all(|y| *y == all[0])));
        assert!(channels.iter().all(|all| all[0] == 0.0 || (all[0] - kept).abs() < 1e-6));
        let dropped = channels.iter().filter(|all| all[0] == 0.0).count() as f64 / channels.len() as f64;
        assert!((dropped - rate).abs() < 0.08, "{dropped} of the channels for {rate}");
        assert_eq!(y, drop(0));
        assert_ne!(y, drop(1));
    }
}
