//! Metrics: measures of a model over an epoch. Keras: `keras.metrics`.

mod accuracy;
mod auc;
mod confusion;
mod f_score;
mod iou;
mod r2_score;
mod reduction;
mod regression;
mod running_mean;
mod sums;
mod thresholds;

pub use accuracy::{
    Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
};
pub use auc::{AUC, Curve, SummationMethod};
pub use confusion::{
    FalseNegatives, FalsePositives, Precision, PrecisionAtRecall, Recall, RecallAtPrecision, SensitivityAtSpecificity,
    SpecificityAtSensitivity, TrueNegatives, TruePositives,
};
pub use f_score::{Average, F1Score, FBetaScore};
pub use iou::{BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU};
pub use r2_score::{ClassAggregation, R2Score};
pub use reduction::{Mean, Sum};
pub use regression::{
    ConcordanceCorrelation, CosineSimilarity, LogCoshError, PearsonCorrelation, RootMeanSquaredError,
};
pub use running_mean::{RunningMean, Total};
pub use sums::Sums;
pub use thresholds::Thresholds;

pub use crate::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, CategoricalHinge, Hinge, KLDivergence, MeanAbsoluteError,
    MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, Poisson, SparseCategoricalCrossentropy,
    SquaredHinge,
};

pub use crate::function::Direction;
use crate::function::{Function, values};
use crate::{MetricSpec, losses};
use candle_core::Tensor;
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

    /// All values over all batches since the last reset, of a metric that has several: they are logged as `name[0]`, `name[1]` and so on.
    ///
    /// # Errors
    /// If a tensor cannot be read.
    fn results(&self) -> Result<Vec<f64>> {
        Ok(vec![self.result()?])
    }

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
        // As in Keras, the values that a function ignores count as 0 where there are neither weights nor a mask.
        let has_weights = mask.is_some() || sample_weight.is_some();
        let (values, mask) = values(&*self.function, y_true, &y_pred.detach(), mask)?;
        let mask = mask.filter(|_| has_weights);
        let weight = match (mask, sample_weight) {
            (Some(mask), Some(weight)) => {
                let (mask, weight) = losses::weighable(&mask, &weight.to_dtype(mask.dtype())?)?;
                Some(mask.broadcast_mul(&weight)?)
            }
            (mask, weight) => mask.or_else(|| weight.cloned()),
        };
        self.mean.add_samples(&values, weight.as_ref())
    }

    fn result(&self) -> Result<f64> {
        Ok(self.function.of_mean(self.mean.result()?))
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
        let (class, mut config) = self.function.config()?;
        if let Some(config) = config.as_object_mut() {
            config.retain(|argument, value| {
                let is_default = value.is_null() || *value == -1;
                !(is_default && OF_LOSSES_ALONE.contains(&(class, argument)))
            });
        }
        Some((class, config))
    }
}

/// Arguments that a loss of Keras has and the metric of the same class has not: they are left out where they are -1 or none, their defaults.
const OF_LOSSES_ALONE: &[(&str, &str)] =
    &[("BinaryCrossentropy", "axis"), ("SparseCategoricalCrossentropy", "ignore_class")];

/// A metric by its Keras name, for targets and predictions of these shapes.
///
/// `"accuracy"` and `"acc"` are binary, sparse categorical or categorical accuracy by the shapes alone, as in Keras; so are
/// `"crossentropy"` and `"ce"`. The name in the logs is `name`.
///
/// # Errors
/// If no metric has this name.
pub fn resolve(name: &str, y_true: &[usize], y_pred: &[usize]) -> Result<Box<dyn Metric>> {
    let binary = y_pred.last() == Some(&1);
    let sparse = y_true.len() < y_pred.len() || y_true.last() == Some(&1);
    let metric = match name.to_lowercase().as_str() {
        "accuracy" | "acc" if binary => MeanMetric::new(BinaryAccuracy::new()),
        "accuracy" | "acc" if sparse => MeanMetric::new(SparseCategoricalAccuracy::new()),
        "accuracy" | "acc" => MeanMetric::new(CategoricalAccuracy::new()),
        "crossentropy" | "ce" if binary => MeanMetric::new(BinaryCrossentropy::new()),
        "crossentropy" | "ce" if sparse => MeanMetric::new(SparseCategoricalCrossentropy::new()),
        "crossentropy" | "ce" => MeanMetric::new(CategoricalCrossentropy::new()),
        _ => return by_name(name),
    };
    Ok(Box::new(metric.named(name)))
}

/// Checks that [`resolve`] knows the name for some shapes.
pub fn check_name(name: &str) -> Result<()> {
    resolve(name, &[1, 1], &[1, 1]).map(|_| ())
}

/// Every class that is not a loss too, with Keras's name in snake case: means of functions, and others.
macro_rules! metrics {
    (means { $($mean:ident: $mean_name:literal;)* } others { $($class:ident: $name:literal;)* }) => {
        /// The metric with this Keras name, which is its name in the logs.
        fn by_name(name: &str) -> Result<Box<dyn Metric>> {
            let function: Arc<dyn Function> = match name {
                $($mean_name | stringify!($mean) => Arc::new($mean::new()),)*
                $($name | stringify!($class) => {
                    check_needed(stringify!($class), $class::NEEDED, &Config::Null)?;
                    return Ok(Box::new($class::default().named(name)));
                })*
                _ => match losses::function(name) {
                    Some(function) => function,
                    None => return Err(Error::unknown("metric", name, &[NAMES, losses::NAMES].concat())),
                },
            };
            Ok(Box::new(MeanMetric::of(function).named(name)))
        }

        /// The metric of a class and its arguments.
        pub(crate) fn from_keras(object: KerasObject) -> Result<MetricSpec> {
            let name = object.config["name"].as_str().map(String::from);
            let (class_name, config) = (&*object.class_name, with_lists(object.config.clone()));
            let function: Arc<dyn Function> = match class_name {
                $(stringify!($mean) => Arc::new(from_serde_config::<$mean>(class_name, config)?),)*
                $(stringify!($class) => {
                    check_needed(class_name, $class::NEEDED, &config)?;
                    let metric = from_serde_config::<$class>(class_name, config)?;
                    return Ok(match name {
                        Some(name) => metric.named(name),
                        None => metric,
                    }.into());
                })*
                _ => match losses::from_keras(class_name, config) {
                    Some(function) => function?,
                    None => return Err(Error::unknown("metric", class_name, &[CLASSES, losses::CLASSES].concat())),
                },
            };
            let metric = MeanMetric::of(function);
            Ok(match name {
                Some(name) => metric.named(name),
                None => metric,
            }.into())
        }

        $(impl From<$mean> for MetricSpec {
            fn from(function: $mean) -> Self {
                MeanMetric::new(function).into()
            }
        })*

        const NAMES: &[&str] = &["accuracy", "acc", $($mean_name,)* $($name),*];
        pub(crate) const CLASSES: &[&str] = &[$(stringify!($mean),)* $(stringify!($class)),*];
    };
}

metrics! {
    means {
        Accuracy: "Accuracy";
        BinaryAccuracy: "binary_accuracy";
        CategoricalAccuracy: "categorical_accuracy";
        SparseCategoricalAccuracy: "sparse_categorical_accuracy";
        TopKCategoricalAccuracy: "top_k_categorical_accuracy";
        SparseTopKCategoricalAccuracy: "sparse_top_k_categorical_accuracy";
        RootMeanSquaredError: "root_mean_squared_error";
        CosineSimilarity: "cosine_similarity";
        LogCoshError: "log_cosh_error";
        PearsonCorrelation: "pearson_correlation";
        ConcordanceCorrelation: "concordance_correlation";
    }
    others {
        AUC: "auc";
        Precision: "precision";
        Recall: "recall";
        TruePositives: "true_positives";
        FalsePositives: "false_positives";
        TrueNegatives: "true_negatives";
        FalseNegatives: "false_negatives";
        SensitivityAtSpecificity: "sensitivity_at_specificity";
        SpecificityAtSensitivity: "specificity_at_sensitivity";
        PrecisionAtRecall: "precision_at_recall";
        RecallAtPrecision: "recall_at_precision";
        FBetaScore: "f_beta_score";
        F1Score: "f1_score";
        R2Score: "r2_score";
        IoU: "io_u";
        MeanIoU: "mean_io_u";
        OneHotIoU: "one_hot_io_u";
        OneHotMeanIoU: "one_hot_mean_io_u";
        BinaryIoU: "binary_io_u";
    }
}

/// An error if an argument without a default is not in the configuration.
fn check_needed(class: &str, needed: &[&str], config: &Config) -> Result<()> {
    match needed.iter().find(|name| config[**name].is_null()) {
        None => Ok(()),
        Some(missing) => Err(Error::new(format!("the metric {class} needs {missing}"))
            .received("none")
            .help(format!("pass metrics::{class}::new({})", needed.join(", ")))),
    }
}

/// The configuration with lists in place of Keras's arrays, of one axis.
fn with_lists(mut config: Config) -> Config {
    for value in config.as_object_mut().into_iter().flat_map(|config| config.values_mut()) {
        if matches!(value["class_name"].as_str(), Some("__tensor__" | "__numpy__")) {
            *value = value["config"]["value"].take();
        }
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    /// Keras 3.15.1: 2.5 and 1.6.
    #[test]
    fn a_sample_counts_once_whatever_its_length() {
        let batch = |steps: usize, error: f32| {
            let y_true = Tensor::zeros((2, steps, 1), DType::F32, &Device::Cpu).unwrap();
            (y_true.clone(), (y_true + f64::from(error)).unwrap())
        };
        let mut plain = resolve("mse", &[2, 2, 1], &[2, 2, 1]).unwrap();
        let mut weighted = resolve("mse", &[2, 2, 1], &[2, 2, 1]).unwrap();
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

    /// By Keras's own signatures.
    #[test]
    fn keras_takes_the_configuration_of_each_metric() {
        let signatures = include_str!("../../../port/src/keras.json");
        let signatures: std::collections::HashMap<String, Config> = serde_json::from_str(signatures).unwrap();
        let mut count = 0;
        for class in CLASSES.iter().chain(losses::CLASSES) {
            let Some(signature) = signatures.get(&format!("keras.metrics.{class}")) else { continue };
            let signature = signature["is"].as_str().map_or(signature, |first| &signatures[first]);
            let names = ["args", "only"].map(|kind| signature[kind].as_array().cloned().unwrap_or_default()).concat();
            let names: Vec<_> = names.iter().map(|name| name.as_str().unwrap().trim_end_matches('=')).collect();
            // Some need arguments.
            let Ok(metric) = by_name(class) else { continue };
            let (found, config) = metric.config().unwrap();
            assert_eq!(found, *class);
            for argument in config.as_object().unwrap().keys() {
                assert!(names.contains(&argument.as_str()), "keras.metrics.{class} has no argument {argument}");
            }
            count += 1;
        }
        assert!(count > 30, "{count}");
    }

    #[test]
    fn accuracy_is_resolved_by_shapes_alone() {
        let name = |y_true: &[usize], y_pred: &[usize]| {
            let metric = resolve("acc", y_true, y_pred).unwrap();
            assert_eq!(metric.name(), "acc");
            metric.config().unwrap().0.to_string()
        };
        assert_eq!(name(&[8], &[8, 1]), "BinaryAccuracy");
        assert_eq!(name(&[8], &[8, 3]), "SparseCategoricalAccuracy");
        assert_eq!(name(&[8, 1], &[8, 3]), "SparseCategoricalAccuracy");
        assert_eq!(name(&[8, 3], &[8, 3]), "CategoricalAccuracy");
        assert!(check_name("acuracy").unwrap_err().to_string().contains("did you mean \"accuracy\"?"));
    }
}
