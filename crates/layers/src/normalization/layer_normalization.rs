//! LayerNormalization: each sample brought to mean 0 and variance 1. Keras: `keras.layers.LayerNormalization`.

use super::{NormalizedAxes, ScaleAndCenter, affine_setters, check_epsilon, run_with_axes_last, wide};
use crate::layer::single;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Groups, Result};

layer! {
    /// `(x - mean) / sqrt(variance + epsilon) gamma + beta`, of each sample over the last axis or others (Ba et al., 2016).
    ///
    /// Keras: `keras.layers.LayerNormalization`.
    ///
    /// # Shapes
    /// - input and output: any; `gamma` and `beta` have the sizes of the normalized axes
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, LayerNormalization};
    /// let y = LayerNormalization::new().epsilon(1e-6).call(&Input::shape([20, 8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 20, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct LayerNormalization() {
        /// The axis or axes that are normalized together. Axes that are not the last cost a copy each way.
        axis: NormalizedAxes = -1,
        /// Added to the variance.
        epsilon: f64 = 1e-3,
        ..affine: ScaleAndCenter = ScaleAndCenter::new() => affine_setters,
        /// Keras's earlier form of RMSNormalization: `x / sqrt(variance + epsilon) gamma`, without `beta`. The variance is that around the mean,
        /// so that this is not what [`RMSNormalization`](crate::RMSNormalization) does.
        rms_scaling: bool = false,
    }
}

impl LayerNormalization {
    /// Which weights there are: with `rms_scaling`, `gamma` alone.
    fn affine(&self) -> ScaleAndCenter {
        let affine = self.affine.clone();
        if self.rms_scaling { affine.scale(true).center(false) } else { affine }
    }

    /// `x / sqrt(variance + epsilon) gamma` over the last axes, which `gamma` has. A composition.
    fn scaled(&self, x: &Tensor, gamma: &Tensor) -> Result<Tensor> {
        let last: Vec<i64> = (1..=gamma.rank() as i64).map(|axis| -axis).collect();
        let mean_of = |x: &Tensor| ops::mean(x, ops::axes(last.as_slice()).keepdims(true));
        let variance = mean_of(&ops::square(&ops::subtract(x, &mean_of(x)?)?)?)?;
        let y = ops::divide(x, &ops::sqrt(&(variance + self.epsilon)?)?)?;
        Ok(ops::multiply(&y, gamma)?)
    }
}

impl Layer for LayerNormalization {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        self.axis.resolve(input.len())?;
        Ok(vec![input.clone()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        check_epsilon(self.epsilon)?;
        self.affine().build(&self.axis.sizes(single(inputs)?, build)?, build);
        Ok(())
    }

    /// The input is rounded no earlier than the output.
    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = &wide(single(inputs)?)?;
        let (gamma, beta) = self.affine().weights(self, x, ctx)?;
        let axes = self.axis.resolve(x.rank())?;
        let channels = axes.iter().map(|&axis| x.dims()[axis]).product();
        let by = Groups { repeats: 1, groups: 1, center: true, epsilon: self.epsilon };
        let y = run_with_axes_last(x, &axes, |x| {
            if let Some(gamma) = gamma.as_ref().filter(|_| self.rms_scaling) {
                return self.scaled(x, gamma);
            }
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
        check_layer(LayerNormalization::new, Check::inputs([[2, 3, 4]]).output([2, 3, 4]).weights(2));
        check_layer(|| LayerNormalization::new().axis([1, 2]), Check::inputs([[2, 3, 4]]).output([2, 3, 4]).weights(2));
        let middle = || LayerNormalization::new().axis(1).center(false);
        check_layer(middle, Check::inputs([[2, 3, 4]]).output([2, 3, 4]).weights(1));
        let plain = || LayerNormalization::new().axis([1, 2]).center(false).scale(false);
        check_layer(plain, Check::inputs([[2, 3, 4]]).output([2, 3, 4]));
        let scaled = || LayerNormalization::new().axis([1, 2]).rms_scaling(true).scale(false);
        check_layer(scaled, Check::inputs([[2, 3, 4]]).output([2, 3, 4]).weights(1));
        let first = || LayerNormalization::new().axis(1).rms_scaling(true);
        check_layer(first, Check::inputs([[2, 3, 4]]).output([2, 3, 4]).weights(1));
        let batch = LayerNormalization::new().axis(0).call(Input::shape([4])).shape().unwrap_err().to_string();
        assert!(batch.contains("not the batch"), "{batch}");
    }
}
