//! Cross-entropies of targets and predicted probabilities.

use crate::function::{Function, Target, class_ids};
use candle_core::{D, DType, Tensor};
use candle_keras_layers::{Config, setters};
use candle_keras_ops::{self as ops, Classes, Pairwise, Result, axes, json};
use serde::{Deserialize, Serialize};

/// Keras's epsilon: probabilities are clipped to `[EPSILON, 1 - EPSILON]`.
const EPSILON: f64 = 1e-7;

/// The cross-entropy of binary targets, the mean over the last axis. Keras: `BinaryCrossentropy`, `"bce"`.
///
/// Probabilities are clipped to between 1e-7 and 1 - 1e-7, as in Keras on JAX and PyTorch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BinaryCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
}

impl BinaryCrossentropy {
    /// For probabilities, without smoothing.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Whether the predictions are logits, without a sigmoid. Default: false.
        from_logits: bool,
        /// How far the targets are smoothed towards 1/2, 0 to 1.
        label_smoothing: f64,
    }
}

impl Function for BinaryCrossentropy {
    fn name(&self) -> &str {
        "binary_crossentropy"
    }

    fn config(&self) -> Option<(&str, Config)> {
        Some(("BinaryCrossentropy", json::to_value(self).unwrap_or_default()))
    }

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        let smoothing = self.label_smoothing;
        let y = if smoothing == 0.0 { y.clone() } else { ((y * (1.0 - smoothing))? + smoothing / 2.0)? };
        if ops::has_row_losses(&y, x) {
            let function = if self.from_logits {
                Pairwise::BinaryCrossentropyOfLogits
            } else {
                Pairwise::BinaryCrossentropy(EPSILON)
            };
            return Ok(ops::pairwise_mean(function, &y, x)?);
        }
        let entropy = if self.from_logits {
            // max(x, 0) - x y + log(1 + exp(-|x|)), of which softplus is the first and last term
            (ops::softplus(x)? - (x * &y)?)?
        } else {
            let p = ops::clip(x, EPSILON, 1.0 - EPSILON)?;
            let yes = (&y * p.log()?)?;
            let no = ((1.0 - &y)? * (1.0 - p)?.log()?)?;
            (yes + no)?.neg()?
        };
        Ok(ops::mean(&entropy, -1)?)
    }
}

/// The cross-entropy of one-hot targets (or other distributions) over the classes. Keras: `CategoricalCrossentropy`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoricalCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
    axis: i64,
}

impl Default for CategoricalCrossentropy {
    fn default() -> Self {
        Self { from_logits: false, label_smoothing: 0.0, axis: -1 }
    }
}

impl CategoricalCrossentropy {
    /// For probabilities on the last axis, without smoothing.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Whether the predictions are logits, without a softmax. Default: false.
        from_logits: bool,
        /// How far the targets are smoothed towards equal probabilities, 0 to 1.
        label_smoothing: f64,
        /// The axis of the classes. Default: -1.
        axis: i64,
    }
}

impl Function for CategoricalCrossentropy {
    fn name(&self) -> &str {
        "categorical_crossentropy"
    }

    fn config(&self) -> Option<(&str, Config)> {
        Some(("CategoricalCrossentropy", json::to_value(self).unwrap_or_default()))
    }

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        let classes = y.dim(axes(self.axis).resolve(y.rank())?[0])? as f64;
        let smoothing = self.label_smoothing;
        let y = if smoothing == 0.0 { y.clone() } else { ((y * (1.0 - smoothing))? + smoothing / classes)? };
        if ops::has_row_losses(&y, x) && axes(self.axis).resolve(x.rank())? == [x.rank() - 1] {
            return Ok(ops::crossentropy(Classes::Weights(y), x, (!self.from_logits).then_some(EPSILON))?);
        }
        let log = if self.from_logits { ops::log_softmax(x, self.axis)? } else { log_probabilities(x, self.axis)? };
        Ok(ops::sum(&(y * log)?, self.axis)?.neg()?)
    }
}

/// The cross-entropy of targets that are class indices. Keras: `SparseCategoricalCrossentropy`.
///
/// # Errors
/// If a target is not a class index; the error names it. Keras's backends differ in how they treat it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SparseCategoricalCrossentropy {
    from_logits: bool,
    ignore_class: Option<i64>,
}

impl SparseCategoricalCrossentropy {
    /// For probabilities on the last axis.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Whether the predictions are logits, without a softmax. Default: false.
        from_logits: bool,
        /// A class, such as -1, whose samples are ignored. The mean is over the others.
        ignore_class: Option<i64>,
    }
}

impl Function for SparseCategoricalCrossentropy {
    fn name(&self) -> &str {
        "sparse_categorical_crossentropy"
    }

    fn config(&self) -> Option<(&str, Config)> {
        Some(("SparseCategoricalCrossentropy", json::to_value(self).unwrap_or_default()))
    }

    fn target(&self) -> Target {
        Target::Class
    }

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        let classes = x.dim(D::Minus1)?;
        // An ignored class need not exist: its samples are treated as class 0 and then masked.
        let kept = self.mask(y)?;
        let y = kept.as_ref().map_or_else(|| Ok(y.clone()), |kept| y.to_dtype(DType::F64)? * kept)?;
        let ids = class_ids(&y, classes)?;
        let entropy = if ops::has_row_losses(&x.detach(), x) {
            let ids = ids.flatten_all()?.to_vec1()?;
            ops::crossentropy(Classes::Ids(ids), x, (!self.from_logits).then_some(EPSILON))?
        } else {
            let log = if self.from_logits { ops::log_softmax(x, -1)? } else { log_probabilities(x, -1)? };
            log.gather(&ids.unsqueeze(D::Minus1)?, D::Minus1)?.squeeze(D::Minus1)?.neg()?
        };
        Ok(kept.map_or_else(|| Ok(entropy.clone()), |kept| &entropy * kept.to_dtype(x.dtype())?)?)
    }

    fn mask(&self, y: &Tensor) -> Result<Option<Tensor>> {
        let kept = |ignored: i64| y.to_dtype(DType::F64)?.ne(ignored as f64)?.to_dtype(DType::F64);
        Ok(self.ignore_class.map(kept).transpose()?)
    }
}

/// The logarithms of probabilities, normalized to a sum of 1 and clipped away from 0 and 1, as in Keras.
fn log_probabilities(x: &Tensor, axis: i64) -> Result<Tensor> {
    let p = x.broadcast_div(&ops::sum(x, axes(axis).keepdims(true))?)?;
    Ok(ops::clip(&p, EPSILON, 1.0 - EPSILON)?.log()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = values([4, 3], 1);
        let p = (ops::sigmoid(&x).unwrap() * 0.9).unwrap();
        let y = Tensor::new(&[[0f64, 1., 0.], [1., 0., 0.], [0., 0., 1.], [0.3, 0.3, 0.4]], x.device()).unwrap();
        let classes = Tensor::new(&[1u32, 0, 2, 2], x.device()).unwrap();
        let check = |function: &dyn Function, y: &Tensor, x: &Tensor| {
            assert_gradients(std::slice::from_ref(x), |x| function.values(y, &x[0]).map_err(candle_core::Error::wrap));
        };
        check(&BinaryCrossentropy::new().label_smoothing(0.1), &y, &p);
        check(&BinaryCrossentropy::new().from_logits(true), &y, &x);
        check(&CategoricalCrossentropy::new().label_smoothing(0.1), &y, &p);
        check(&CategoricalCrossentropy::new().from_logits(true), &y, &x);
        check(&SparseCategoricalCrossentropy::new(), &classes, &p);
        check(&SparseCategoricalCrossentropy::new().from_logits(true).ignore_class(2), &classes, &x);
        check(&crate::losses::MeanSquaredError::new(), &y, &x);
        check(&crate::losses::MeanAbsoluteError::new(), &y, &x);
    }
}
