//! Intersection over union: how well regions or classes overlap. Keras: `keras.metrics.IoU` and its kin.

use super::sums::metric;
use super::thresholds::broadcast_weight;
use crate::{Error, Result};
use candle_core::{DType, Tensor};
use candle_keras_ops as ops;
use candle_keras_ops::config::epsilon;

/// The places in the matrix are float32, which has whole numbers up to 2^24.
const MOST_CLASSES: usize = 1 << 12;

/// The arguments that the classes share.
struct Matrix {
    classes: usize,
    ignore_class: Option<i64>,
    sparse_y_true: bool,
    sparse_y_pred: bool,
    axis: i64,
}

impl Matrix {
    /// What a batch adds to the matrix of targets (rows) and predictions (columns).
    fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
        if !(1..=MOST_CLASSES).contains(&self.classes) {
            return Err(Error::new("num_classes of an IoU does not fit")
                .expected(format!("1 to {MOST_CLASSES}"))
                .received(self.classes.to_string()));
        }
        let ids = |x: &Tensor, is_sparse: bool| -> Result<Tensor> {
            let x = if is_sparse { x.clone() } else { ops::argmax(x, self.axis)? };
            // Fractions are cut off, as in Keras.
            Ok(x.to_dtype(DType::F32)?.flatten_all()?.to_dtype(DType::I64)?.to_dtype(DType::F32)?)
        };
        let (y, p) = (ids(y_true, self.sparse_y_true)?, ids(y_pred, self.sparse_y_pred)?);
        if y.dims() != p.dims() {
            return Err(Error::new("an IoU needs a class for each prediction")
                .received(format!("targets of shape {:?}, predictions of shape {:?}", y_true.dims(), y_pred.dims()))
                .help("sparse_y_true and sparse_y_pred say whether they are class indices"));
        }
        let classes = self.classes as f64;
        let inside = |x: &Tensor| -> Result<Tensor> {
            Ok((x.ge(0.0)?.to_dtype(DType::F32)? * x.lt(classes)?.to_dtype(DType::F32)?)?)
        };
        let mut counted = (inside(&y)? * inside(&p)?)?;
        if let Some(ignored) = self.ignore_class {
            counted = (counted * y.ne(ignored as f64)?.to_dtype(DType::F32)?)?;
        }
        let mut weights = counted.clone();
        if let Some(weight) = weight {
            let given = if self.sparse_y_true { y_true.clone() } else { ops::argmax(y_true, self.axis)? };
            let weight = broadcast_weight(weight, &given)?.flatten_all()?.to_dtype(DType::I64)?.to_dtype(DType::F32)?;
            weights = (weights * weight)?;
        }
        let place = (((y * classes)? + p)? * &counted)?.to_dtype(DType::U32)?;
        let matrix = Tensor::zeros(self.classes * self.classes, DType::F32, place.device())?;
        Ok(matrix.index_add(&place, &weights, 0)?)
    }
}

/// The mean over classes of `both / (target + predicted - both)`, without classes that are in neither.
fn mean_iou(sums: &[f64], classes: usize, of: impl Iterator<Item = usize>) -> Vec<f64> {
    if classes.checked_mul(classes) != Some(sums.len()) {
        return vec![0.0];
    }
    let (mut total, mut valid) = (0.0, 0.0);
    for class in of.filter(|class| *class < classes) {
        let both = sums[class * classes + class];
        let targets: f64 = sums[class * classes..(class + 1) * classes].iter().sum();
        let predicted: f64 = sums.iter().skip(class).step_by(classes).sum();
        let union = targets + predicted - both;
        if union > 1e-9 {
            total += both / (union + epsilon());
            valid += 1.0;
        }
    }
    vec![total / (valid + epsilon())]
}

/// Whether there are classes at all, [`Matrix::sums`] asks.
fn check_ids(classes: usize, ids: &[usize]) -> Result<()> {
    match ids.iter().find(|id| classes > 0 && **id >= classes) {
        Some(id) => Err(Error::new("a target class id of an IoU is out of range")
            .expected(format!("below {classes}"))
            .received(id.to_string())),
        None => Ok(()),
    }
}

metric! {
    /// The mean intersection over union of some classes: `both / (target + predicted - both)` of their counts. Keras: `IoU`.
    ///
    /// Weights are whole numbers, as in Keras: fractions are cut off.
    pub struct IoU(
        /// The number of classes.
        num_classes: usize,
        /// The classes that count.
        target_class_ids: Vec<usize>
    ): "io_u" {
        /// A class of targets that are left out.
        ignore_class: Option<i64> = None,
        /// Whether targets are class indices, not one-hot. Default: true.
        sparse_y_true: bool = true,
        /// Whether predictions are class indices, not one value for each class. Default: true.
        sparse_y_pred: bool = true,
        /// The axis of the classes of one-hot values. Default: -1.
        axis: i64 = -1,
    }
    direction: Up;

    fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
        check_ids(self.num_classes, &self.target_class_ids)?;
        let Self { num_classes: classes, ignore_class, sparse_y_true, sparse_y_pred, axis, .. } = *self;
        Matrix { classes, ignore_class, sparse_y_true, sparse_y_pred, axis }.sums(y_true, y_pred, weight)
    }

    fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
        mean_iou(sums, self.num_classes, self.target_class_ids.iter().copied())
    }
}

metric! {
    /// The mean intersection over union of all classes. Keras: `MeanIoU`. See [`IoU`].
    pub struct MeanIoU(
        /// The number of classes.
        num_classes: usize
    ): "mean_io_u" {
        /// A class of targets that are left out.
        ignore_class: Option<i64> = None,
        /// Whether targets are class indices, not one-hot. Default: true.
        sparse_y_true: bool = true,
        /// Whether predictions are class indices, not one value for each class. Default: true.
        sparse_y_pred: bool = true,
        /// The axis of the classes of one-hot values. Default: -1.
        axis: i64 = -1,
    }
    direction: Up;

    fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
        let Self { num_classes: classes, ignore_class, sparse_y_true, sparse_y_pred, axis, .. } = *self;
        Matrix { classes, ignore_class, sparse_y_true, sparse_y_pred, axis }.sums(y_true, y_pred, weight)
    }

    fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
        mean_iou(sums, self.num_classes, 0..self.num_classes)
    }
}

metric! {
    /// [`IoU`] of one-hot targets. Keras: `OneHotIoU`.
    pub struct OneHotIoU(
        /// The number of classes.
        num_classes: usize,
        /// The classes that count.
        target_class_ids: Vec<usize>
    ): "one_hot_io_u" {
        /// A class of targets that are left out.
        ignore_class: Option<i64> = None,
        /// Whether predictions are class indices, not one value for each class. Default: false.
        sparse_y_pred: bool = false,
        /// The axis of the classes. Default: -1.
        axis: i64 = -1,
    }
    direction: Up;

    fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
        check_ids(self.num_classes, &self.target_class_ids)?;
        let Self { num_classes: classes, ignore_class, sparse_y_pred, axis, .. } = *self;
        Matrix { classes, ignore_class, sparse_y_true: false, sparse_y_pred, axis }.sums(y_true, y_pred, weight)
    }

    fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
        mean_iou(sums, self.num_classes, self.target_class_ids.iter().copied())
    }
}

metric! {
    /// [`MeanIoU`] of one-hot targets. Keras: `OneHotMeanIoU`.
    pub struct OneHotMeanIoU(
        /// The number of classes.
        num_classes: usize
    ): "one_hot_mean_io_u" {
        /// A class of targets that are left out.
        ignore_class: Option<i64> = None,
        /// Whether predictions are class indices, not one value for each class. Default: false.
        sparse_y_pred: bool = false,
        /// The axis of the classes. Default: -1.
        axis: i64 = -1,
    }
    direction: Up;

    fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
        let Self { num_classes: classes, ignore_class, sparse_y_pred, axis, .. } = *self;
        Matrix { classes, ignore_class, sparse_y_true: false, sparse_y_pred, axis }.sums(y_true, y_pred, weight)
    }

    fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
        mean_iou(sums, self.num_classes, 0..self.num_classes)
    }
}

metric! {
    /// The mean intersection over union of two classes, 0 and 1, of which predictions say how probable the second is. Keras: `BinaryIoU`. See [`IoU`].
    pub struct BinaryIoU(): "binary_io_u" {
        /// The classes that count. Default: both.
        target_class_ids: Vec<usize> = vec![0, 1],
        /// Predictions of at least this are class 1. Default: 0.5.
        threshold: f64 = 0.5,
    }
    direction: Up;

    fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
        check_ids(2, &self.target_class_ids)?;
        let y_pred = y_pred.to_dtype(DType::F32)?.ge(self.threshold)?;
        let matrix = Matrix { classes: 2, ignore_class: None, sparse_y_true: true, sparse_y_pred: true, axis: -1 };
        matrix.sums(y_true, &y_pred, weight)
    }

    fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
        mean_iou(sums, 2, self.target_class_ids.iter().copied())
    }
}
