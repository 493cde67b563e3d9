//! Metrics: means over an epoch that say how good a model is. Keras: `keras.metrics`.

mod accuracy;

pub use accuracy::{BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy};

pub use crate::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, MeanAbsoluteError, MeanSquaredError, SparseCategoricalCrossentropy,
};

pub use crate::function::Direction;
use crate::function::{Function, same_rank, values};
use crate::losses;
use candle_core::{DType, Tensor};
use candle_keras_layers::{Config, KerasObject, from_serde_config};
use candle_keras_ops::{Error, Result};
use std::fmt::Debug;
use std::sync::Arc;

/// Something that is measured over the batches of an epoch.
pub trait Metric: Debug + Send + Sync {
    /// The name in the logs.
    fn name(&self) -> &str;

    /// Whether larger or smaller is better, for callbacks that watch it.
    fn direction(&self) -> Direction;

    /// Takes a batch into account; `sample_weight` and `mask` as for a loss.
    fn update_state(
        &mut self,
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
        mask: Option<&Tensor>,
    ) -> Result<()>;

    /// The value over all batches since the last reset.
    fn result(&self) -> f64;

    /// Forgets all batches.
    fn reset_state(&mut self);

    /// What it knows of the batches since the last reset, so that a training that was cut off goes on exactly.
    fn state(&self) -> Vec<f64>;

    /// Takes over what [`state`](Self::state) said.
    fn set_state(&mut self, state: &[f64]);
}

/// The weighted mean of a [`Function`] over all samples, exact whatever the sizes of the batches. Keras: `MeanMetricWrapper`.
///
/// ```
/// use candle_keras_training::metrics::{BinaryAccuracy, MeanMetric, Metric};
/// use candle_core::{Device, Tensor};
/// let mut metric = MeanMetric::new(BinaryAccuracy::new());
/// let y = Tensor::new(&[[1f32], [0.], [1.]], &Device::Cpu)?;
/// metric.update_state(&y, &Tensor::new(&[[0.9f32], [0.2], [0.4]], &Device::Cpu)?, None, None)?;
/// assert!((metric.result() - 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), candle_keras_training::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MeanMetric {
    name: String,
    function: Arc<dyn Function>,
    total: f64,
    count: f64,
}

impl MeanMetric {
    /// The mean of this function.
    pub fn new(function: impl Function + 'static) -> Self {
        Self::of(Arc::new(function))
    }

    pub(crate) fn of(function: Arc<dyn Function>) -> Self {
        Self { name: function.name().into(), function, total: 0.0, count: 0.0 }
    }

    /// Another name in the logs.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

impl Metric for MeanMetric {
    fn name(&self) -> &str {
        &self.name
    }

    fn direction(&self) -> Direction {
        self.function.direction()
    }

    fn update_state(
        &mut self,
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
        mask: Option<&Tensor>,
    ) -> Result<()> {
        let (values, mask) = values(&*self.function, y_true, &y_pred.detach(), mask)?;
        let weight = match (mask, sample_weight) {
            (None, None) => {
                // On the host the sum is taken in f64, as an epoch may have more samples than f32 has digits.
                self.total += values.to_dtype(DType::F64)?.sum_all()?.to_scalar::<f64>()?;
                self.count += values.elem_count() as f64;
                return Ok(());
            }
            (Some(mask), None) => mask,
            (None, Some(weight)) => weight.clone(),
            (Some(mask), Some(weight)) => {
                let (mask, weight) = losses::weighable(&mask, &weight.to_dtype(mask.dtype())?)?;
                mask.broadcast_mul(&weight)?
            }
        };
        // A weight a sample weighs the mean of the sample's values.
        let (mut values, weight) = same_rank(&values.to_dtype(DType::F64)?, &weight.to_dtype(DType::F64)?)?;
        while values.rank() > weight.rank() {
            values = values.mean(values.rank() - 1)?;
        }
        let (values, weight) = losses::weighable(&values, &weight)?;
        self.total += values.broadcast_mul(&weight)?.sum_all()?.to_scalar::<f64>()?;
        self.count += weight.broadcast_as(values.shape())?.sum_all()?.to_scalar::<f64>()?;
        Ok(())
    }

    fn result(&self) -> f64 {
        if self.count == 0.0 { 0.0 } else { self.total / self.count }
    }

    fn reset_state(&mut self) {
        (self.total, self.count) = (0.0, 0.0);
    }

    fn state(&self) -> Vec<f64> {
        vec![self.total, self.count]
    }

    fn set_state(&mut self, state: &[f64]) {
        if let [total, count] = *state {
            (self.total, self.count) = (total, count);
        }
    }
}

/// A metric by its Keras name, for targets and predictions of these shapes.
///
/// `"accuracy"` and `"acc"` are binary, sparse categorical or categorical accuracy by the shapes alone, as in Keras; so are
/// `"crossentropy"` and `"ce"`. The name in the logs is the one that was given.
///
/// # Errors
/// If no metric goes by the name.
pub fn resolve(name: &str, y_true: &[usize], y_pred: &[usize]) -> Result<MeanMetric> {
    let binary = y_pred.last() == Some(&1);
    let sparse = y_true.len() < y_pred.len() || y_true.last() == Some(&1);
    let metric = match name.to_lowercase().as_str() {
        "accuracy" | "acc" if binary => MeanMetric::new(BinaryAccuracy::new()),
        "accuracy" | "acc" if sparse => MeanMetric::new(SparseCategoricalAccuracy::new()),
        "accuracy" | "acc" => MeanMetric::new(CategoricalAccuracy::new()),
        "crossentropy" | "ce" if binary => MeanMetric::new(BinaryCrossentropy::new()),
        "crossentropy" | "ce" if sparse => MeanMetric::new(SparseCategoricalCrossentropy::new()),
        "crossentropy" | "ce" => MeanMetric::new(CategoricalCrossentropy::new()),
        _ => by_name(name)?,
    };
    Ok(metric.named(name))
}

/// An error if [`resolve`] would not know the name, whatever the shapes.
pub fn check_name(name: &str) -> Result<()> {
    resolve(name, &[1, 1], &[1, 1]).map(|_| ())
}

/// Every class that is no loss as well, with Keras's name in snake case.
macro_rules! metrics {
    ($($class:ident: $name:literal;)*) => {
        fn function(name: &str) -> Option<Arc<dyn Function>> {
            Some(match name {
                $($name | stringify!($class) => Arc::new($class::new()),)*
                _ => return losses::function(name),
            })
        }

        fn from_keras(class_name: &str, config: Config) -> Option<Result<Arc<dyn Function>>> {
            Some(match class_name {
                $(stringify!($class) => from_serde_config::<$class>(class_name, config).map(|f| Arc::new(f) as Arc<dyn Function>),)*
                _ => return losses::from_keras(class_name, config),
            })
        }

        const NAMES: &[&str] = &["accuracy", "acc", $($name),*];
        pub(crate) const CLASSES: &[&str] = &[$(stringify!($class)),*];
    };
}

metrics! {
    BinaryAccuracy: "binary_accuracy";
    CategoricalAccuracy: "categorical_accuracy";
    SparseCategoricalAccuracy: "sparse_categorical_accuracy";
}

fn by_name(name: &str) -> Result<MeanMetric> {
    let unknown = || Error::unknown("metric", name, &[NAMES, losses::NAMES].concat());
    function(name).map(MeanMetric::of).ok_or_else(unknown)
}

/// The function of a metric that Keras describes by an object.
pub(crate) fn function_from_config(object: KerasObject) -> Result<Arc<dyn Function>> {
    let unknown = || Error::unknown("metric", &object.class_name, &[CLASSES, losses::CLASSES].concat());
    from_keras(&object.class_name, object.config.clone()).ok_or_else(unknown)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_is_resolved_by_shapes_alone() {
        let name = |y_true: &[usize], y_pred: &[usize]| {
            let metric = resolve("acc", y_true, y_pred).unwrap();
            assert_eq!(metric.name(), "acc");
            metric.function.name().to_string()
        };
        assert_eq!(name(&[8], &[8, 1]), "binary_accuracy");
        assert_eq!(name(&[8], &[8, 3]), "sparse_categorical_accuracy");
        assert_eq!(name(&[8, 1], &[8, 3]), "sparse_categorical_accuracy");
        assert_eq!(name(&[8, 3], &[8, 3]), "categorical_accuracy");
        assert!(check_name("acuracy").unwrap_err().to_string().contains("did you mean \"accuracy\"?"));
    }
}
