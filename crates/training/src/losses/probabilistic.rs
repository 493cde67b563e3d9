//! Losses of targets and predicted probabilities. The cross-entropies over the last axis are one loop each; the others are composed of ops.

use crate::function::{Target, class_ids, function};
use candle_core::{D, DType, Tensor};
use candle_keras_ops::config::epsilon;
use candle_keras_ops::{self as ops, Classes, Error, Pairwise, Result, axes};

function! {
    /// The cross-entropy of binary targets, the mean over the last axis. Keras: `BinaryCrossentropy`, `"bce"`.
    ///
    /// Probabilities are clipped to between 1e-7 and 1 - 1e-7, as in Keras on JAX and PyTorch.
    pub struct BinaryCrossentropy: "binary_crossentropy" {
        /// Whether the predictions are logits, without a sigmoid. Default: false.
        from_logits: bool = false,
        /// How far the targets are smoothed towards 1/2, 0 to 1.
        label_smoothing: f64 = 0.0,
        /// The axis of the mean. Default: -1.
        axis: i64 = -1,
    }

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        let y = smoothed(y, self.label_smoothing, 2.0)?;
        if ops::has_row_losses(&y, x) && is_last(self.axis, x)? {
            let function = if self.from_logits {
                Pairwise::BinaryCrossentropyOfLogits
            } else {
                Pairwise::BinaryCrossentropy(epsilon())
            };
            return Ok(ops::pairwise_mean(function, &y, x)?);
        }
        let entropy = if self.from_logits {
            // max(x, 0) - x y + log(1 + exp(-|x|)), of which softplus is the first and last term
            (ops::softplus(x)? - (x * &y)?)?
        } else {
            binary_entropy(&y, x)?
        };
        Ok(ops::mean(&entropy, self.axis)?)
    }
}

function! {
    /// The cross-entropy of binary targets, of which each is multiplied by `(1 - p)^gamma` of its probability `p`, so that what is learned already counts less. The
    /// mean is over the last axis. Keras: `BinaryFocalCrossentropy` (Lin et al., 2018).
    pub struct BinaryFocalCrossentropy: "binary_focal_crossentropy" {
        /// Whether targets of 1 are multiplied by `alpha` and those of 0 by `1 - alpha`. Default: false.
        apply_class_balancing: bool = false,
        /// The weight of targets of 1. Default: 0.25.
        alpha: f64 = 0.25,
        /// The exponent. Default: 2.
        gamma: f64 = 2.0,
        /// Whether the predictions are logits, without a sigmoid. Default: false.
        from_logits: bool = false,
        /// How far the targets are smoothed towards 1/2, 0 to 1.
        label_smoothing: f64 = 0.0,
        /// The axis of the mean. Default: -1.
        axis: i64 = -1,
    }

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        let y = smoothed(y, self.label_smoothing, 2.0)?;
        let p = if self.from_logits { ops::sigmoid(x)? } else { x.clone() };
        let no = (1.0 - &y)?;
        let of_target = ((&y * &p)? + (&no * (1.0 - &p)?)?)?;
        let mut entropy = (power(&(1.0 - of_target)?, self.gamma)? * binary_entropy(&y, &p)?)?;
        if self.apply_class_balancing {
            entropy = (entropy * ((&y * self.alpha)? + (no * (1.0 - self.alpha))?)?)?;
        }
        Ok(ops::mean(&entropy, self.axis)?)
    }
}

function! {
    /// The cross-entropy of one-hot targets (or other distributions) over the classes. Keras: `CategoricalCrossentropy`.
    pub struct CategoricalCrossentropy: "categorical_crossentropy" {
        /// Whether the predictions are logits, without a softmax. Default: false.
        from_logits: bool = false,
        /// How far the targets are smoothed towards equal probabilities, 0 to 1.
        label_smoothing: f64 = 0.0,
        /// The axis of the classes. Default: -1.
        axis: i64 = -1,
    }

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        let y = smoothed(y, self.label_smoothing, classes_of(y, self.axis)?)?;
        if ops::has_row_losses(&y, x) && is_last(self.axis, x)? {
            return Ok(ops::crossentropy(Classes::Weights(y), x, (!self.from_logits).then_some(epsilon()))?);
        }
        let log = if self.from_logits { ops::log_softmax(x, self.axis)? } else { probabilities(x, self.axis)?.log()? };
        Ok(ops::sum(&(y * log)?, self.axis)?.neg()?)
    }
}

function! {
    /// The cross-entropy of one-hot targets, of which each is multiplied by `alpha (1 - p)^gamma` of its probability `p`, so that what is learned already counts
    /// less. Keras: `CategoricalFocalCrossentropy` (Lin et al., 2018).
    pub struct CategoricalFocalCrossentropy: "categorical_focal_crossentropy" {
        /// The weight of all. Default: 0.25.
        alpha: f64 = 0.25,
        /// The exponent. Default: 2.
        gamma: f64 = 2.0,
        /// Whether the predictions are logits, without a softmax. Default: false.
        from_logits: bool = false,
        /// How far the targets are smoothed towards equal probabilities, 0 to 1.
        label_smoothing: f64 = 0.0,
        /// The axis of the classes. Default: -1.
        axis: i64 = -1,
    }

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        let y = smoothed(y, self.label_smoothing, classes_of(y, self.axis)?)?;
        let p = if self.from_logits { ops::softmax(x, self.axis)? } else { x.clone() };
        let p = probabilities(&p, self.axis)?;
        let weight = (power(&(1.0 - &p)?, self.gamma)? * self.alpha)?;
        Ok(ops::sum(&(weight * (y * p.log()?)?)?, self.axis)?.neg()?)
    }
}

function! {
    /// `(1 - p^q) / q` of the probability `p` of the target's class: between the cross-entropy (`q` near 0) and the absolute error (`q` of 1), for targets
    /// of which some are wrong. Targets are class indices. Keras: `CategoricalGeneralizedCrossEntropy` (Zhang & Sabuncu, 2018).
    pub struct CategoricalGeneralizedCrossEntropy: "categorical_generalized_cross_entropy" {
        /// The exponent, above 0 and below 1. Default: 0.5.
        q: f64 = 0.5,
    }

    fn target(&self) -> Target {
        Target::Class
    }

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        if !(self.q > 0.0 && self.q < 1.0) {
            return Err(Error::new("q of CategoricalGeneralizedCrossEntropy must be above 0 and below 1").received(self.q.to_string()));
        }
        let ids = class_ids(y, x.dim(D::Minus1)?)?;
        let p = x.gather(&ids.unsqueeze(D::Minus1)?, D::Minus1)?.squeeze(D::Minus1)?;
        Ok(((1.0 - power(&p, self.q)?)? / self.q)?)
    }
}

function! {
    /// The cross-entropy of targets that are class indices. Keras: `SparseCategoricalCrossentropy`.
    ///
    /// # Errors
    /// If a target is not a class index; the error names it. Keras's backends differ in how they treat it.
    pub struct SparseCategoricalCrossentropy: "sparse_categorical_crossentropy" {
        /// Whether the predictions are logits, without a softmax. Default: false.
        from_logits: bool = false,
        /// A class, such as -1, whose samples are ignored. The mean is over the others.
        ignore_class: Option<i64> = None,
        /// The axis of the classes, which the targets lack. Default: -1.
        axis: i64 = -1 => "is_default",
    }

    fn target(&self) -> Target {
        if self.axis == -1 { Target::Class } else { Target::Any }
    }

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        let (y, x) = &self.rows(y, x)?;
        let classes = x.dim(D::Minus1)?;
        // An ignored class need not exist: its samples are treated as class 0 and then masked.
        let kept = self.kept(y)?;
        let y = kept.as_ref().map_or_else(|| Ok(y.clone()), |kept| y.to_dtype(DType::F64)? * kept)?;
        let ids = class_ids(&y, classes)?;
        let entropy = if ops::has_row_losses(&x.detach(), x) {
            let ids = ids.flatten_all()?.to_vec1()?;
            ops::crossentropy(Classes::Ids(ids), x, (!self.from_logits).then_some(epsilon()))?
        } else {
            let log = if self.from_logits { ops::log_softmax(x, -1)? } else { probabilities(x, -1)?.log()? };
            log.gather(&ids.unsqueeze(D::Minus1)?, D::Minus1)?.squeeze(D::Minus1)?.neg()?
        };
        Ok(kept.map_or_else(|| Ok(entropy.clone()), |kept| &entropy * kept.to_dtype(x.dtype())?)?)
    }

    fn mask(&self, y: &Tensor, values: &Tensor) -> Result<Option<Tensor>> {
        Ok(self.kept(y)?.map(|kept| kept.reshape(values.shape())).transpose()?)
    }
}

impl SparseCategoricalCrossentropy {
    /// Targets, and predictions with the classes on the last axis.
    fn rows(&self, y: &Tensor, x: &Tensor) -> Result<(Tensor, Tensor)> {
        if self.axis == -1 {
            return Ok((y.clone(), x.clone()));
        }
        let axis = axes(self.axis).resolve(x.rank())?[0];
        let x = ops::moveaxis(x, axis as i64, -1)?;
        let y = if y.rank() == x.rank() && y.dims()[axis] == 1 { y.squeeze(axis)? } else { y.clone() };
        if y.dims() != &x.dims()[..x.rank() - 1] {
            return Err(Error::new("the targets do not match the predictions for sparse_categorical_crossentropy")
                .expected(format!("class indices of shape {:?}", &x.dims()[..x.rank() - 1]))
                .received(format!("shape {:?}", y.dims())));
        }
        Ok((y, x.contiguous()?))
    }

    /// 1 for targets that are not ignored.
    fn kept(&self, y: &Tensor) -> Result<Option<Tensor>> {
        let kept = |ignored: i64| y.to_dtype(DType::F64)?.ne(ignored as f64)?.to_dtype(DType::F64);
        Ok(self.ignore_class.map(kept).transpose()?)
    }
}

/// Whether an axis is Keras's default.
fn is_default(axis: &i64) -> bool {
    *axis == -1
}

function! {
    /// `sum(y_true log(y_true / y_pred))` over the last axis, of probabilities that are clipped to between 1e-7 and 1. Keras: `KLDivergence`, `"kld"`.
    pub struct KLDivergence: "kl_divergence" {}

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        let (y, x) = (ops::clip(y, epsilon(), 1.0)?, ops::clip(x, epsilon(), 1.0)?);
        Ok(ops::sum(&(&y * (&y / x)?.log()?)?, -1)?)
    }
}

function! {
    /// `mean(y_pred - y_true log(y_pred))` over the last axis, for counts. Keras: `Poisson`.
    pub struct Poisson: "poisson" {}

    fn values(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        Ok(ops::mean(&(x - (y * (x + epsilon())?.log()?)?)?, -1)?)
    }
}

/// Targets smoothed towards equal probabilities of `classes`.
fn smoothed(y: &Tensor, smoothing: f64, classes: f64) -> Result<Tensor> {
    Ok(if smoothing == 0.0 { y.clone() } else { ((y * (1.0 - smoothing))? + smoothing / classes)? })
}

fn classes_of(y: &Tensor, axis: i64) -> Result<f64> {
    Ok(y.dim(axes(axis).resolve(y.rank())?[0])? as f64)
}

fn is_last(axis: i64, x: &Tensor) -> Result<bool> {
    Ok(axes(axis).resolve(x.rank())? == [x.rank() - 1])
}

/// `x^exponent`, with a gradient at 0.
fn power(x: &Tensor, exponent: f64) -> Result<Tensor> {
    if exponent == 2.0 {
        return Ok(x.sqr()?);
    }
    Ok(ops::power(x, &Tensor::new(exponent, x.device())?.to_dtype(x.dtype())?)?)
}

/// `-y log p - (1 - y) log(1 - p)` of clipped probabilities.
fn binary_entropy(y: &Tensor, p: &Tensor) -> Result<Tensor> {
    let p = ops::clip(p, epsilon(), 1.0 - epsilon())?;
    let yes = (y * p.log()?)?;
    let no = ((1.0 - y)? * (1.0 - p)?.log()?)?;
    Ok((yes + no)?.neg()?)
}

/// Probabilities, normalized to a sum of 1 and clipped away from 0 and 1, as in Keras.
fn probabilities(x: &Tensor, axis: i64) -> Result<Tensor> {
    let p = x.broadcast_div(&ops::sum(x, axes(axis).keepdims(true))?)?;
    Ok(ops::clip(&p, epsilon(), 1.0 - epsilon())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Function;
    use crate::losses::{
        CategoricalHinge, Circle, CosineSimilarity, Dice, Hinge, Huber, LogCosh, MeanAbsoluteError,
        MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, SquaredHinge, Tversky,
    };
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
        check(&BinaryFocalCrossentropy::new().apply_class_balancing(true).gamma(1.5), &y, &p);
        check(&BinaryFocalCrossentropy::new().from_logits(true), &y, &x);
        check(&CategoricalFocalCrossentropy::new().label_smoothing(0.1), &y, &p);
        check(&CategoricalFocalCrossentropy::new().from_logits(true).gamma(3.0), &y, &x);
        check(&CategoricalGeneralizedCrossEntropy::new().q(0.7), &classes, &p);
        check(&KLDivergence::new(), &y, &p);
        check(&Poisson::new(), &y, &p);
        check(&MeanSquaredError::new(), &y, &x);
        check(&MeanAbsoluteError::new(), &y, &x);
        check(&MeanAbsolutePercentageError::new(), &(&y + 0.5).unwrap(), &x);
        check(&MeanSquaredLogarithmicError::new(), &y, &p);
        check(&Huber::new().delta(0.4), &y, &x);
        check(&LogCosh::new(), &y, &x);
        check(&CosineSimilarity::new(), &y, &x);
        check(&CosineSimilarity::new().axis(0), &y, &x);
        check(&Hinge::new(), &y, &x);
        check(&SquaredHinge::new(), &y, &x);
        check(&CategoricalHinge::new(), &y, &x);
        check(&Dice::new(), &y, &p);
        check(&Dice::new().axis([1]), &y, &p);
        check(&Tversky::new().alpha(0.3).beta(0.8).axis(-1), &y, &p);
        check(&Circle::new().gamma(2.0), &classes, &ops::unit_normalize(&x, -1).unwrap());
    }
}
