//! ReLU: the identity above a threshold. Keras: `keras.layers.ReLU`.

use crate::layer::{keeps_shape_and_mask, single};
use crate::spatial::not_negative;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Rectifier, Result};

layer! {
    /// `x` above the threshold, at most `max_value`; `negative_slope * (x - threshold)` up to it.
    ///
    /// Keras: `keras.layers.ReLU`.
    ///
    /// # Shapes
    /// - input and output: any
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, ReLU};
    /// assert_eq!(ReLU::new().max_value(6.0).call(&Input::shape([8])).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct ReLU() {
        /// The largest value; by default there is none.
        max_value: Option<f64>,
        /// The slope up to the threshold.
        negative_slope: f64 = 0.0,
        /// Where the identity begins.
        threshold: f64 = 0.0,
    }
}

impl ReLU {
    fn rectifier(&self) -> Rectifier {
        let &Self { negative_slope, threshold, .. } = self;
        Rectifier { negative_slope, max_value: self.max_value.unwrap_or(f64::INFINITY), threshold }
    }

    /// Whether it is the function `relu`.
    pub(super) fn is_plain(&self) -> bool {
        self.rectifier() == Rectifier::default()
    }
}

impl Layer for ReLU {
    keeps_shape_and_mask!();

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        not_negative("max_value", self.max_value.unwrap_or(0.0))?;
        not_negative("negative_slope", self.negative_slope)?;
        not_negative("threshold", self.threshold)
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        Ok(vec![if self.is_plain() { ops::relu(x)? } else { ops::rectify(x, self.rectifier())? }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(ReLU::new, Check::inputs([[2, 3]]).output([2, 3]));
        let all = || ReLU::new().max_value(0.9).negative_slope(0.1).threshold(0.2);
        check_layer(all, Check::inputs([[2, 3, 4]]).output([2, 3, 4]));
    }

    #[test]
    fn negative_arguments_are_errors() {
        for (layer, argument) in [
            (ReLU::new().max_value(-1.0), "max_value"),
            (ReLU::new().negative_slope(-1.0), "negative_slope"),
            (ReLU::new().threshold(f64::NAN), "threshold"),
        ] {
            let error = layer.call(Input::shape([2])).shape().unwrap_err().to_string();
            assert!(error.contains(&format!("{argument} must be")), "{error}");
        }
    }
}
