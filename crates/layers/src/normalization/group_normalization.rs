//! GroupNormalization: groups of channels of each sample brought to mean 0 and variance 1. Keras: `keras.layers.GroupNormalization`.

use super::{ScaleAndCenter, affine_setters, axis_of, check_epsilon, run_with_axes_last, wide};
use crate::layer::single;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Groups, Result};

layer! {
    /// `(x - mean) / sqrt(variance + epsilon) gamma + beta`, of each sample over all axes and a group of channels (Wu and He, 2018).
    ///
    /// Keras: `keras.layers.GroupNormalization`.
    ///
    /// # Shapes
    /// - input and output: `(batch, ..., channels)`; `gamma` and `beta`: `(channels,)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{GroupNormalization, Input, Layer};
    /// let y = GroupNormalization::new().groups(4).call(&Input::shape([7, 7, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 7, 7, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct GroupNormalization() {
        /// The number of groups of channels; -1 is a group for each channel.
        groups: i64 = 32,
        /// The axis of the channels. One that is not the last costs a copy each way.
        axis: i64 = -1,
        /// Added to the variance.
        epsilon: f64 = 1e-3,
        ..affine: ScaleAndCenter = ScaleAndCenter::new() => affine_setters,
    }
}

impl GroupNormalization {
    /// The channels and the groups.
    fn sizes(&self, input: &Shape) -> Result<(usize, usize)> {
        let channels = input[axis_of(self.axis, input.len())?].ok_or_else(|| {
            Error::new("the number of channels must be known").received(format!("an input of shape {input}"))
        })?;
        let groups = if self.groups == -1 { channels } else { usize::try_from(self.groups).unwrap_or(0) };
        if groups == 0 || channels == 0 || channels % groups != 0 {
            return Err(Error::new("groups must divide the number of channels")
                .received(format!("{} groups of {channels} channels", self.groups)));
        }
        Ok((channels, groups))
    }
}

impl Layer for GroupNormalization {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.sizes(single(inputs)?)?;
        Ok(vec![single(inputs)?.clone()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        check_epsilon(self.epsilon)?;
        let (channels, _) = self.sizes(single(inputs)?)?;
        build.input_size(self.axis)?;
        self.affine.build(&[channels], build);
        Ok(())
    }

    /// The input is rounded no earlier than the output.
    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = &wide(single(inputs)?)?;
        let (gamma, beta) = self.affine.weights(self, x, ctx)?;
        let (channels, groups) = self.sizes(&x.dims().into())?;
        let repeats = x.elem_count() / (x.dim(0)?.max(1) * channels);
        let by = Groups { repeats, groups, center: true, epsilon: self.epsilon };
        let y = run_with_axes_last(x, &[axis_of(self.axis, x.rank())?], |x| {
            Ok(ops::normalize_channels(x, gamma.as_ref(), beta.as_ref(), by, channels)?)
        })?;
        Ok(vec![ops::cast(&y, self.base.compute_dtype())?])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let images = || Check::inputs([[2, 3, 2, 4]]).output([2, 3, 2, 4]);
        check_layer(|| GroupNormalization::new().groups(2), images().weights(2));
        check_layer(|| GroupNormalization::new().groups(-1).scale(false), images().weights(1));
        check_layer(|| GroupNormalization::new().groups(3).axis(1), images().weights(2));
        let error = GroupNormalization::new().call(Input::shape([4])).shape().unwrap_err().to_string();
        assert!(error.contains("32 groups of 4 channels"), "{error}");
    }
}
