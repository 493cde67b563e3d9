//! Predictions counted by thresholds: what the metrics of binary decisions are computed from.

use crate::function::same_rank;
use crate::{Error, Result};
use candle_core::{D, DType, Tensor};
use candle_keras_ops as ops;
use candle_keras_ops::config::epsilon;
use serde::{Deserialize, Serialize};

/// One threshold, several, or Keras's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Thresholds {
    /// Keras's default.
    #[default]
    Default,
    /// One.
    One(f64),
    /// Several: a result for each.
    Several(Vec<f64>),
}

impl From<f64> for Thresholds {
    fn from(threshold: f64) -> Self {
        Self::One(threshold)
    }
}

impl<const N: usize> From<[f64; N]> for Thresholds {
    fn from(thresholds: [f64; N]) -> Self {
        Self::Several(thresholds.into())
    }
}

impl From<Vec<f64>> for Thresholds {
    fn from(thresholds: Vec<f64>) -> Self {
        Self::Several(thresholds)
    }
}

/// How often a prediction above and not above a threshold was right and wrong, weighted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) true_positives: f64,
    pub(super) false_positives: f64,
    pub(super) true_negatives: f64,
    pub(super) false_negatives: f64,
}

impl Counts {
    pub(super) fn precision(self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    pub(super) fn recall(self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    pub(super) fn specificity(self) -> f64 {
        ratio(self.true_negatives, self.true_negatives + self.false_positives)
    }
}

/// `a / b`, and 0 for `b` of 0.
pub(super) fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// More are not told apart: predictions are float32.
pub(super) const MOST_THRESHOLDS: usize = 1 << 20;

/// Thresholds by which predictions are counted.
///
/// A batch adds to one histogram of the predictions of positive targets and to one of negative targets. A prediction is in the bucket of the number of thresholds
/// that are below it.
#[derive(Debug, Clone)]
pub(super) struct Cuts {
    /// In ascending order, with the place of each in the results.
    sorted: Vec<(f64, usize)>,
    /// Thresholds at equal distances from 0 to 1: the bucket is computed from the prediction, as in Keras.
    are_even: bool,
    /// Whether the first is just below 0.
    has_margin: bool,
}

impl Cuts {
    pub(super) fn new(thresholds: &[f64]) -> Self {
        let last = thresholds.len().saturating_sub(1) as f64;
        let is_near = |(i, t): (usize, &f64)| {
            let even = i as f64 / last;
            (t - even).abs() <= 1.1 * epsilon() + 1e-5 * even
        };
        let mut sorted: Vec<_> = thresholds.iter().copied().enumerate().map(|(i, t)| (t, i)).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self {
            sorted,
            are_even: thresholds.len() > 2 && thresholds.iter().enumerate().all(is_near),
            has_margin: thresholds.first().is_some_and(|first| *first < 0.0),
        }
    }

    /// The thresholds of a metric with this default.
    ///
    /// # Errors
    /// If one is not between 0 and 1.
    pub(super) fn of(thresholds: &Thresholds, default: f64) -> Result<Self> {
        let list = match thresholds {
            Thresholds::Default => return Ok(Self::new(&[default])),
            Thresholds::One(one) => std::slice::from_ref(one),
            Thresholds::Several(several) => several,
        };
        match list.iter().find(|t| !(0.0..=1.0).contains(*t)) {
            Some(wrong) => Err(Error::new("a threshold must be between 0 and 1").received(wrong.to_string())),
            None if list.is_empty() => Err(Error::new("a metric needs a threshold").received("an empty list")),
            None => Ok(Self::new(list)),
        }
    }

    /// What a batch adds to both histograms, for each of so many labels; with one label all values are counted together.
    pub(super) fn sums(&self, decisions: &Decisions, labels: usize) -> Result<Tensor> {
        if decisions.y_pred.device().is_cpu() {
            self.loop_sums(decisions, labels)
        } else {
            self.tensor_sums(decisions, labels)
        }
    }

    fn loop_sums(&self, Decisions { is_true, y_pred, weight }: &Decisions, labels: usize) -> Result<Tensor> {
        let buckets = self.sorted.len() + 1;
        let list = |x: &Tensor| x.flatten_all()?.to_vec1::<f32>();
        let (y, p) = (list(is_true)?, list(y_pred)?);
        let weight = weight.as_ref().map(list).transpose()?;
        let mut sums = vec![0.0; 2 * buckets * labels];
        for (i, (&y, &p)) in y.iter().zip(&p).enumerate() {
            let of_target = if y != 0.0 { 0 } else { buckets };
            let weight = weight.as_ref().map_or(1.0, |weight| f64::from(weight[i]));
            sums[(of_target + self.bucket(p)) * labels + i % labels] += weight;
        }
        Ok(Tensor::from_vec(sums, 2 * buckets * labels, y_pred.device())?)
    }

    /// The same on another device, without waiting for it.
    fn tensor_sums(&self, Decisions { is_true, y_pred, weight }: &Decisions, labels: usize) -> Result<Tensor> {
        let (buckets, count, device) = (self.sorted.len() + 1, y_pred.elem_count(), y_pred.device());
        let flat = |x: &Tensor| x.flatten_all()?.to_dtype(DType::F32);
        let (y, p) = (flat(is_true)?, flat(y_pred)?);
        let bucket = if self.are_even {
            let at = (p.clamp(0f32, 1f32)? * (self.sorted.len() - 1) as f64)?.ceil()?;
            if self.has_margin { at.maximum(1f32)? } else { at }
        } else {
            let thresholds: Vec<f32> = self.sorted.iter().map(|(t, _)| *t as f32).collect();
            let thresholds = Tensor::from_vec(thresholds, (buckets - 1, 1), device)?;
            p.unsqueeze(0)?.broadcast_gt(&thresholds)?.to_dtype(DType::F32)?.sum(0)?
        };
        let of_target = (y.eq(0f32)?.to_dtype(DType::F32)? * buckets as f64)?;
        let label = Tensor::arange(0u32, labels as u32, device)?.to_dtype(DType::F32)?;
        let label = label.unsqueeze(0)?.broadcast_as((count / labels.max(1), labels))?.flatten_all()?;
        let place = (((of_target + bucket)? * labels as f64)? + label)?.to_dtype(DType::U32)?;
        let weight = match weight {
            Some(weight) => flat(weight)?,
            None => Tensor::ones(count, DType::F32, device)?,
        };
        Ok(Tensor::zeros(2 * buckets * labels, DType::F32, device)?.index_add(&place, &weight, 0)?)
    }

    /// The length of both histograms of a label.
    pub(super) fn sums_of_a_label(&self) -> usize {
        2 * (self.sorted.len() + 1)
    }

    /// The number of thresholds below a prediction.
    fn bucket(&self, p: f32) -> usize {
        if self.are_even {
            let bucket = (p.clamp(0.0, 1.0) * (self.sorted.len() - 1) as f32).ceil() as usize;
            if self.has_margin { bucket.max(1) } else { bucket }
        } else {
            self.sorted.partition_point(|(t, _)| p > *t as f32)
        }
    }

    /// The counts of a label at each threshold, from the histograms.
    pub(super) fn counts(&self, sums: &[f64], label: usize, labels: usize) -> Vec<Counts> {
        let buckets = self.sorted.len() + 1;
        let mut counts = vec![Counts::default(); self.sorted.len()];
        if sums.len() != 2 * buckets * labels {
            return counts;
        }
        let at = |bucket: usize| sums[bucket * labels + label];
        let all = |from: usize| (from..from + buckets).map(at).sum::<f64>();
        let (positives, negatives) = (all(0), all(buckets));
        let (mut true_positives, mut false_positives) = (0.0, 0.0);
        for (i, (_, place)) in self.sorted.iter().enumerate().rev() {
            true_positives += at(i + 1);
            false_positives += at(buckets + i + 1);
            counts[*place] = Counts {
                true_positives,
                false_positives,
                true_negatives: negatives - false_positives,
                false_negatives: positives - true_positives,
            };
        }
        counts
    }
}

/// Targets and predictions of yes or no.
pub(super) struct Decisions {
    /// Not 0 for yes.
    is_true: Tensor,
    pub(super) y_pred: Tensor,
    weight: Option<Tensor>,
}

impl Decisions {
    /// Of the values of a class alone, and with all but the `top_k` predictions of each row taken as no. `weight` is for each sample or each value.
    ///
    /// # Errors
    /// If the shapes do not match.
    pub(super) fn new(
        y_true: &Tensor,
        y_pred: &Tensor,
        weight: Option<&Tensor>,
        top_k: Option<usize>,
        class_id: Option<usize>,
    ) -> Result<Self> {
        let (y_true, y_pred) = (y_true.to_dtype(DType::F32)?, y_pred.to_dtype(DType::F32)?);
        let (mut y_true, mut y_pred) = same_rank(&y_true, &y_pred)?;
        if y_true.dims() != y_pred.dims() {
            return Err(Error::new("the targets do not match the predictions of a metric of yes or no")
                .expected(format!("targets of shape {:?}", y_pred.dims()))
                .received(format!("shape {:?}", y_true.dims()))
                .help("make one-hot rows of class indices with to_categorical"));
        }
        if let Some(k) = top_k {
            y_pred = only_top_k(&y_pred, k)?;
        }
        if let Some(class) = class_id {
            let classes = if y_pred.rank() > 1 { y_pred.dim(D::Minus1)? } else { 0 };
            if class >= classes {
                return Err(Error::new("class_id is not one of the outputs")
                    .expected(format!("below the size of the last axis of {:?}", y_pred.dims()))
                    .received(class.to_string()));
            }
            (y_true, y_pred) = (y_true.narrow(D::Minus1, class, 1)?, y_pred.narrow(D::Minus1, class, 1)?);
        }
        let weight = weight.map(|weight| broadcast_weight(weight, &y_pred)).transpose()?;
        Ok(Self { is_true: y_true, y_pred, weight })
    }

    /// Multiplies the weights by one for each value of the last axis.
    pub(super) fn with_label_weights(mut self, weights: &[f64]) -> Result<Self> {
        let labels = self.y_pred.dims().last().copied().unwrap_or(0);
        if labels != weights.len() {
            return Err(Error::new("label_weights must have one weight for each output")
                .expected(labels.to_string())
                .received(weights.len().to_string()));
        }
        let weights: Vec<f32> = weights.iter().map(|weight| *weight as f32).collect();
        let weights = Tensor::from_vec(weights, labels, self.y_pred.device())?.broadcast_as(self.y_pred.shape())?;
        self.weight = Some(match self.weight {
            Some(weight) => (weight * weights)?,
            None => weights,
        });
        Ok(self)
    }
}

/// Weights of samples, or of values, for each value.
pub(super) fn broadcast_weight(weight: &Tensor, values: &Tensor) -> Result<Tensor> {
    let mut weight = weight.to_dtype(DType::F32)?;
    while weight.rank() < values.rank() {
        weight = weight.unsqueeze(weight.rank())?;
    }
    if weight.rank() == values.rank() + 1 && weight.dims().last() == Some(&1) {
        weight = weight.squeeze(values.rank())?;
    }
    weight.broadcast_as(values.shape()).map_err(|_| {
        Error::new("the sample weights do not match the values of a metric")
            .expected(format!("a weight for each sample of {:?}", values.dims()))
            .received(format!("shape {:?}", weight.dims()))
    })
}

/// The predictions, with -1e10 for all but the `k` largest of each row; of equal ones the first.
fn only_top_k(y_pred: &Tensor, k: usize) -> Result<Tensor> {
    let classes = y_pred.dims().last().copied().unwrap_or(0);
    if k == 0 || k > classes {
        return Err(Error::new("top_k is not between 1 and the number of outputs")
            .expected(format!("1 to {classes}"))
            .received(k.to_string()));
    }
    let [_, ids] = ops::top_k(y_pred, k as i64, true)?;
    let all = Tensor::arange(0u32, classes as u32, y_pred.device())?.to_dtype(DType::F32)?;
    let is_one = ids.to_dtype(DType::F32)?.unsqueeze(D::Minus1)?.broadcast_eq(&all)?.to_dtype(DType::F32)?;
    let kept = is_one.sum(y_pred.rank() - 1)?;
    Ok(((y_pred * &kept)? + ((1.0 - kept)? * -1e10)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use candle_keras_ops::random::Stream;

    #[test]
    fn both_devices_count_the_same() {
        let numbers = |seed| Stream::new(seed, 0).normal(60).into_iter().map(|x| x as f32).collect::<Vec<_>>();
        let tensor = |values: Vec<f32>| Tensor::from_vec(values, (20, 3), &Device::Cpu).unwrap();
        let y = tensor(numbers(1).iter().map(|x| if *x > 0.0 { 1.0 } else { 0.0 }).collect());
        // At thresholds, and beyond them.
        let mut p: Vec<f32> = numbers(2).iter().map(|x| ((x + 1.5) * 4.0).round() / 8.0).collect();
        p[7] = 0.37;
        let p = tensor(p);
        let weight = Tensor::arange(1f32, 21.0, &Device::Cpu).unwrap();
        let even: Vec<f64> = (0..9).map(|i| f64::from(i) / 8.0).collect();
        let with_margin = [vec![-1e-7], even[1..8].to_vec(), vec![1.0 + 1e-7]].concat();
        for cuts in [vec![0.5], vec![0.9, 0.25, 0.5], even, with_margin] {
            let cuts = Cuts::new(&cuts);
            for weight in [None, Some(&weight)] {
                let decisions = Decisions::new(&y, &p, weight, None, None).unwrap();
                for labels in [1, 3] {
                    let plain = cuts.loop_sums(&decisions, labels).unwrap().to_vec1::<f64>().unwrap();
                    let tensors = cuts.tensor_sums(&decisions, labels).unwrap().to_vec1::<f32>().unwrap();
                    assert!(plain.iter().zip(tensors).all(|(a, b)| *a == f64::from(b)), "{cuts:?}");
                }
            }
        }
    }
}
