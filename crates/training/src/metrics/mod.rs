//! Metrics: measures of a model over an epoch. Keras: `keras.metrics`.

mod accuracy;
mod running_mean;

pub use accuracy::{BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy};

pub use crate::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, MeanAbsoluteError, MeanSquaredError, SparseCategoricalCrossentropy,
};

pub use running_mean::{RunningMean, Total};

pub use crate::function::Direction;
use crate::function::{Function, same_rank, values};
use crate::{MetricSpec, losses};
use candle_core::{DType, Tensor};
use candle_keras_layers::{Config, KerasObject, from_serde_config};
use candle_keras_ops::{Error, Result};
use std::fmt::Debug;
use std::sync::Arc;

/// A measure over the batches of an epoch. Keras: `keras.metrics.Metric`.
///
/// ```
/// use candle_core::Tensor;
/// use candle_keras_training::metrics::{Metric, Total};
/// use candle_keras_training::{Compile, Result};
///
/// /// The largest error of all samples.
/// #[derive(Debug, Clone, Default)]
/// struct LargestError(f64);
///
/// impl Metric for LargestError {
///     fn name(&self) -> &str {
///         "largest_error"
///     }
///     fn update_state(&mut self, y_true: &Tensor, y_pred: &Tensor, _: Option<&Tensor>, _: Option<&Tensor>) -> Result<()> {
///         let largest = (y_true.to_dtype(y_pred.dtype())? - y_pred)?.abs()?.max_all()?;
///         self.0 = self.0.max(largest.to_scalar::<f32>()?.into());
///         Ok(())
///     }
///     fn result(&self) -> Result<f64> {
///         Ok(self.0)
///     }
///     fn reset_state(&mut self) {
///         self.0 = 0.0;
///     }
///     fn state(&self) -> Result<Vec<Tensor>> {
///         Ok(vec![Tensor::new(self.0, &candle_core::Device::Cpu)?])
///     }
///     fn set_state(&mut self, state: &[Tensor]) -> Result<()> {
///         self.0 = state[0].to_scalar()?;
///         Ok(())
///     }
/// }
///
/// let compile = Compile::loss("mse").metric("mae").metric(LargestError::default());
/// # let _ = compile;
/// ```
pub trait Metric: Debug + Send + Sync {
    /// The name in the logs.
    fn name(&self) -> &str;

    /// Whether larger or smaller is better, for callbacks that monitor it. Default: smaller.
    fn direction(&self) -> Direction {
        Direction::Down
    }

    /// Adds a batch; `sample_weight` and `mask` as for a loss. Reading a tensor waits for its device: keep tensors, or a [`Total`], and
    /// read them in [`result`](Self::result).
    ///
    /// # Errors
    /// If targets and predictions do not match the metric.
    fn update_state(
        &mut self,
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
        mask: Option<&Tensor>,
    ) -> Result<()>;

    /// The value over all batches since the last reset.
    ///
    /// # Errors
    /// If a tensor cannot be read.
    fn result(&self) -> Result<f64>;

    /// Forgets all batches.
    fn reset_state(&mut self);

    /// The state since the last reset, so that an interrupted training resumes exactly.
    ///
    /// # Errors
    /// If a tensor cannot be read.
    fn state(&self) -> Result<Vec<Tensor>>;

    /// Restores a state that [`state`](Self::state) returned.
    ///
    /// # Errors
    /// If it is not such a state.
    fn set_state(&mut self, state: &[Tensor]) -> Result<()>;

    /// Its class and arguments in files; `None` if it is saved by its name alone.
    fn config(&self) -> Option<(&str, Config)> {
        None
    }
}

/// A metric that can be cloned as a trait object: every [`Metric`] that is `Clone`.
pub trait CloneMetric: Metric {
    /// Another metric with the same arguments.
    fn boxed_clone(&self) -> Box<dyn Metric>;
}

impl<M: Metric + Clone + 'static> CloneMetric for M {
    fn boxed_clone(&self) -> Box<dyn Metric> {
        Box::new(self.clone())
    }
}

/// The weighted mean of a [`Function`] over all samples, whatever the sizes of the batches; a sample with several values has their mean. Keras: `MeanMetricWrapper`.
///
/// ```
/// use candle_keras_training::metrics::{BinaryAccuracy, MeanMetric, Metric};
/// use candle_core::{Device, Tensor};
/// let mut metric = MeanMetric::new(BinaryAccuracy::new());
/// let y = Tensor::new(&[[1f32], [0.], [1.]], &Device::Cpu)?;
/// metric.update_state(&y, &Tensor::new(&[[0.9f32], [0.2], [0.4]], &Device::Cpu)?, None, None)?;
/// assert!((metric.result()? - 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), candle_keras_training::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MeanMetric {
    name: String,
    function: Arc<dyn Function>,
    mean: RunningMean,
}

impl MeanMetric {
    /// The mean of this function.
    pub fn new(function: impl Function + 'static) -> Self {
        Self::of(Arc::new(function))
    }

    pub(crate) fn of(function: Arc<dyn Function>) -> Self {
        Self { name: function.name().into(), function, mean: RunningMean::default() }
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
        // Sums are taken in f64, since an epoch may have more samples than f32 has digits.
        let values = values.to_dtype(DType::F64)?;
        let weight = match (mask, sample_weight) {
            (None, None) => {
                self.mean.total.add(&per_sample(&values)?.sum_all()?)?;
                self.mean.count.add_number(values.dims().first().copied().unwrap_or(1) as f64);
                return Ok(());
            }
            (Some(mask), None) => mask,
            (None, Some(weight)) => weight.clone(),
            (Some(mask), Some(weight)) => {
                let (mask, weight) = losses::weighable(&mask, &weight.to_dtype(mask.dtype())?)?;
                mask.broadcast_mul(&weight)?
            }
        };
        // One weight per sample applies to the mean of the sample's values.
        let (mut values, weight) = same_rank(&values, &weight.to_dtype(DType::F64)?)?;
        while values.rank() > weight.rank() {
            values = values.mean(values.rank() - 1)?;
        }
        let (values, weight) = losses::weighable(&values, &weight)?;
        self.mean.total.add(&per_sample(&values.broadcast_mul(&weight)?)?.sum_all()?)?;
        self.mean.count.add(&per_sample(&weight.broadcast_as(values.shape())?.contiguous()?)?.sum_all()?)
    }

    fn result(&self) -> Result<f64> {
        self.mean.result()
    }

    fn reset_state(&mut self) {
        self.mean = RunningMean::default();
    }

    fn state(&self) -> Result<Vec<Tensor>> {
        Ok(vec![self.mean.state()?])
    }

    fn set_state(&mut self, state: &[Tensor]) -> Result<()> {
        state.iter().try_for_each(|state| self.mean.set_state(state))
    }

    fn config(&self) -> Option<(&str, Config)> {
        self.function.config()
    }
}

/// The mean of each sample's values. Keras: `reduce_to_samplewise_values`.
fn per_sample(values: &Tensor) -> Result<Tensor> {
    Ok(if values.rank() > 1 { values.flatten_from(1)?.mean(1)? } else { values.clone() })
}

/// A metric by its Keras name, for targets and predictions of these shapes.
///
/// `"accuracy"` and `"acc"` are binary, sparse categorical or categorical accuracy by the shapes alone, as in Keras; so are
/// `"crossentropy"` and `"ce"`. The name in the logs is `name`.
///
/// # Errors
/// If no metric has this name.
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

/// Checks that [`resolve`] knows the name for some shapes.
pub fn check_name(name: &str) -> Result<()> {
    resolve(name, &[1, 1], &[1, 1]).map(|_| ())
}

/// Every class that is not a loss too, with Keras's name in snake case.
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

        $(impl From<$class> for MetricSpec {
            fn from(function: $class) -> Self {
                MeanMetric::new(function).into()
            }
        })*

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

/// The function of a metric from its Keras configuration.
pub(crate) fn function_from_config(object: KerasObject) -> Result<Arc<dyn Function>> {
    let unknown = || Error::unknown("metric", &object.class_name, &[CLASSES, losses::CLASSES].concat());
    from_keras(&object.class_name, object.config.clone()).ok_or_else(unknown)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    /// Keras 3.15.1: 2.5 and 1.6.
    #[test]
    fn a_sample_counts_once_whatever_its_length() {
        let batch = |steps: usize, error: f32| {
            let y_true = Tensor::zeros((2, steps, 1), DType::F32, &Device::Cpu).unwrap();
            (y_true.clone(), (y_true + f64::from(error)).unwrap())
        };
        let mut plain = resolve("mse", &[2, 2, 1], &[2, 2, 1]).unwrap();
        let mut weighted = plain.clone();
        for (steps, error) in [(2, 1.0), (8, 2.0)] {
            let (y_true, y_pred) = batch(steps, error);
            plain.update_state(&y_true, &y_pred, None, None).unwrap();
            let weights = (0..2 * steps).map(|i| if i % steps == 0 { 1f32 } else { 0.0 }).collect::<Vec<_>>();
            let weights = Tensor::from_vec(weights, (2, steps), &Device::Cpu).unwrap();
            weighted.update_state(&y_true, &y_pred, Some(&weights), None).unwrap();
        }
        assert_eq!(plain.result().unwrap(), 2.5);
        assert!((weighted.result().unwrap() - 1.6).abs() < 1e-6, "{:?}", weighted.result());
    }

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
