//! The arguments of `compile`: a loss, metrics and weights for each output of a model.

use crate::function::{function_config, function_name, object_config};
use crate::metrics::CloneMetric;
use crate::{Error, Function, Loss, MeanMetric, Metric, Result, losses, metrics};
use candle_core::Tensor;
use candle_keras_layers::{Config, KerasObject};
use candle_keras_ops::json;
use serde_json::json;
use std::sync::Arc;

/// A metric for `compile`: a Keras name such as `"acc"`, a class of [`metrics`], or a custom [`Metric`].
#[derive(Debug, Clone)]
pub enum MetricSpec {
    /// A name; which metric it means may depend on the shapes of the data.
    Name(String),
    /// A metric like this one.
    Metric(Arc<dyn CloneMetric>),
}

impl From<&str> for MetricSpec {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl<M: Metric + Clone + 'static> From<M> for MetricSpec {
    fn from(metric: M) -> Self {
        Self::Metric(Arc::new(metric))
    }
}

impl MetricSpec {
    /// The name in the logs, before any prefix.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Metric(metric) => metric.name(),
        }
    }

    /// A custom metric: the mean of a function of targets and predictions of the same shape, with a value for each sample. Keras:
    /// `metrics=[function]`.
    ///
    /// ```
    /// use candle_keras_training::MetricSpec;
    /// use candle_keras_ops as ops;
    /// let spread = MetricSpec::new("spread", |y_true, y_pred| ops::max(&(y_true - y_pred)?.abs()?, -1));
    /// assert_eq!(spread.name(), "spread");
    /// ```
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&Tensor, &Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static,
    ) -> Self {
        MeanMetric::new(losses::Closure { name: name.into(), function }).into()
    }

    /// The mean of a function, with another name in the logs. Keras: `BinaryAccuracy(name=...)`.
    pub fn named(function: impl Function + 'static, name: impl Into<String>) -> Self {
        MeanMetric::new(function).named(name).into()
    }

    /// Its configuration in Keras's form. Keras: `keras.metrics.serialize`.
    pub fn get_config(&self) -> Config {
        let metric = match self {
            Self::Name(name) => return name.as_str().into(),
            Self::Metric(metric) => metric,
        };
        let Some((class_name, arguments)) = metric.config() else { return function_config(metric.name()) };
        let mut config = json!({"name": metric.name(), "dtype": "float32"});
        if let (Some(config), Config::Object(arguments)) = (config.as_object_mut(), arguments) {
            config.extend(arguments);
        }
        let known = metrics::CLASSES.contains(&class_name) || losses::CLASSES.contains(&class_name);
        object_config("keras.metrics", known, class_name, config)
    }

    /// The metric of a Keras configuration: a name or an object.
    ///
    /// # Errors
    /// If it is not one of [`metrics`]; custom metrics are looked up by the caller.
    pub fn from_config(config: &Config) -> Result<Self> {
        if let Some(name) = function_name(config) {
            let spec = Self::from(name);
            return spec.check().map(|()| spec);
        }
        metrics::from_keras(json::from_value::<KerasObject>(config)?)
    }

    /// An error if no metric has this name.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Name(name) => metrics::check_name(name),
            Self::Metric(_) => Ok(()),
        }
    }

    /// The metric for targets and predictions of these shapes.
    pub fn resolve(&self, y_true: &[usize], y_pred: &[usize]) -> Result<Box<dyn Metric>> {
        Ok(match self {
            Self::Name(name) => metrics::resolve(name, y_true, y_pred)?,
            Self::Metric(metric) => metric.boxed_clone(),
        })
    }
}

/// A value for each output of a model: the same for all, in order, or by the outputs' names.
#[derive(Debug, Clone)]
pub enum PerOutput<T> {
    /// Not given.
    Unset,
    /// The same for every output.
    All(T),
    /// One for each output, in their order, or none for some.
    List(Vec<Option<T>>),
    /// By name; outputs that are not named have none.
    Named(Vec<(String, T)>),
    /// By calls that cannot be combined, named here: an error at `compile`.
    Mixed(String),
}

impl<T: Clone> PerOutput<T> {
    fn check(&self, what: &str) -> Result<()> {
        match self {
            Self::Mixed(calls) => Err(Error::new(format!("the {what} are given in two ways that cannot be combined"))
                .received(calls.as_str())
                .help("name the output in each call, from Compile::default() on: loss_of, metrics_of")),
            _ => Ok(()),
        }
    }

    /// One entry for each of these outputs.
    ///
    /// # Errors
    /// If the number of values or a name does not match the outputs.
    pub fn resolve(&self, outputs: &[String], what: &str) -> Result<Vec<Option<T>>> {
        self.check(what)?;
        match self {
            Self::Unset | Self::Mixed(_) => Ok(vec![None; outputs.len()]),
            Self::All(value) => Ok(vec![Some(value.clone()); outputs.len()]),
            Self::List(list) if list.len() == outputs.len() => Ok(list.clone()),
            Self::List(list) => Err(Error::new(format!("a list of {what} must have one entry per output"))
                .expected(format!("{}: {}", outputs.len(), outputs.join(", ")))
                .received(list.len().to_string())),
            Self::Named(named) => {
                let known: Vec<_> = outputs.iter().map(String::as_str).collect();
                if let Some((name, _)) = named.iter().find(|(name, _)| !outputs.contains(name)) {
                    return Err(Error::unknown("output", name, &known));
                }
                let find =
                    |output: &String| named.iter().find(|(name, _)| name == output).map(|(_, value)| value.clone());
                Ok(outputs.iter().map(find).collect())
            }
        }
    }

    /// Adds values in the order of the outputs; an error at `compile` if earlier `calls` gave others.
    fn extend(&mut self, values: impl IntoIterator<Item = T>, calls: &str) {
        let values = values.into_iter().map(Some);
        match self {
            Self::Unset => *self = Self::List(values.collect()),
            Self::List(list) => list.extend(values),
            _ => *self = Self::Mixed(calls.into()),
        }
    }

    /// Adds the value of a named output; an error at `compile` if earlier `calls` gave others.
    fn push_named(&mut self, name: String, value: T, calls: &str) {
        match self {
            Self::Unset => *self = Self::Named(vec![(name, value)]),
            Self::Named(named) if named.iter().all(|(other, _)| *other != name) => named.push((name, value)),
            Self::Named(_) => *self = Self::Mixed(format!("two for the output {name:?}")),
            _ => *self = Self::Mixed(calls.into()),
        }
    }
}

/// The loss of one of several outputs, or none.
#[derive(Debug, Clone)]
pub struct OutputLoss(Option<Loss>);

impl<L: Into<Loss>> From<L> for OutputLoss {
    fn from(loss: L) -> Self {
        Self(Some(loss.into()))
    }
}

impl<L: Into<Loss>> From<Option<L>> for OutputLoss {
    fn from(loss: Option<L>) -> Self {
        Self(loss.map(Into::into))
    }
}

/// Losses, metrics and weights for `compile`. A loss alone can be passed directly: `model.compile("adam", "mse")`.
///
/// ```
/// use candle_keras_training::Compile;
/// let one = Compile::loss("binary_crossentropy").metrics(["acc", "mse"]);
/// let two = Compile::losses(["mse", "mae"]).loss_weights([1.0, 0.5]).metrics_of("price", ["mae", "mse"]);
/// # let _ = (one, two);
/// ```
#[derive(Debug, Clone)]
pub struct Compile {
    /// The loss of each output.
    pub loss: PerOutput<Loss>,
    /// The factor of each loss in their sum. Default: 1.
    pub loss_weights: PerOutput<f64>,
    /// The metrics of each output.
    pub metrics: PerOutput<Vec<MetricSpec>>,
    /// The metrics of each output that use sample and class weights.
    pub weighted_metrics: PerOutput<Vec<MetricSpec>>,
    /// Whether a model with the policy `mixed_float16` gets a [`LossScaleOptimizer`](crate::optimizers::LossScaleOptimizer) around its optimizer. Default: true.
    pub auto_scale_loss: bool,
}

impl Default for Compile {
    fn default() -> Self {
        Self {
            loss: PerOutput::Unset,
            loss_weights: PerOutput::Unset,
            metrics: PerOutput::Unset,
            weighted_metrics: PerOutput::Unset,
            auto_scale_loss: true,
        }
    }
}

const MIXED_METRICS: &str = "metric or metrics, and metrics_of";

impl Compile {
    /// This loss for every output.
    pub fn loss(loss: impl Into<Loss>) -> Self {
        Self { loss: PerOutput::All(loss.into()), ..Self::default() }
    }

    /// A loss for each output, in their order: `["mse", "mae"]`, or `[Some("mse"), None]` where one has none.
    pub fn losses<L: Into<OutputLoss>>(losses: impl IntoIterator<Item = L>) -> Self {
        Self { loss: PerOutput::List(losses.into_iter().map(|loss| loss.into().0).collect()), ..Self::default() }
    }

    /// The loss of the output with this name, for all outputs from [`Compile::default()`](Self::default) on. Mixed with [`loss`](Self::loss) or
    /// [`losses`](Self::losses) it is an error at `compile`.
    #[must_use]
    pub fn loss_of(mut self, output: impl Into<String>, loss: impl Into<Loss>) -> Self {
        self.loss.push_named(output.into(), loss.into(), "Compile::loss or losses, and loss_of");
        self
    }

    /// Whether a model with the policy `mixed_float16` gets a [`LossScaleOptimizer`](crate::optimizers::LossScaleOptimizer) around its optimizer.
    /// Default: true.
    #[must_use]
    pub fn auto_scale_loss(mut self, scale: bool) -> Self {
        self.auto_scale_loss = scale;
        self
    }

    /// The factor of each loss in their sum.
    #[must_use]
    pub fn loss_weights(mut self, weights: impl IntoIterator<Item = f64>) -> Self {
        self.loss_weights = PerOutput::List(weights.into_iter().map(Some).collect());
        self
    }

    /// Adds metrics. For a model with several outputs: one for each, in their order, as in Keras.
    #[must_use]
    pub fn metrics<M: Into<MetricSpec>>(mut self, metrics: impl IntoIterator<Item = M>) -> Self {
        self.metrics.extend(metrics.into_iter().map(|metric| vec![metric.into()]), MIXED_METRICS);
        self
    }

    /// Adds a metric of any kind: `.metric("acc").metric(BinaryAccuracy::new().threshold(0.3))`. For models with one output.
    #[must_use]
    pub fn metric(mut self, metric: impl Into<MetricSpec>) -> Self {
        self.metrics.extend([vec![metric.into()]], MIXED_METRICS);
        self
    }

    /// Adds metrics of the output with this name. Mixed with [`metric`](Self::metric) or [`metrics`](Self::metrics) it is an error at `compile`.
    #[must_use]
    pub fn metrics_of<M: Into<MetricSpec>>(
        mut self,
        output: impl Into<String>,
        metrics: impl IntoIterator<Item = M>,
    ) -> Self {
        let (output, metrics) = (output.into(), metrics.into_iter().map(Into::into));
        if let PerOutput::Named(named) = &mut self.metrics
            && let Some((_, earlier)) = named.iter_mut().find(|(name, _)| *name == output)
        {
            earlier.extend(metrics);
        } else {
            self.metrics.push_named(output, metrics.collect(), MIXED_METRICS);
        }
        self
    }

    /// Like [`metrics`](Self::metrics), but with sample and class weights.
    #[must_use]
    pub fn weighted_metrics<M: Into<MetricSpec>>(mut self, metrics: impl IntoIterator<Item = M>) -> Self {
        self.weighted_metrics.extend(metrics.into_iter().map(|metric| vec![metric.into()]), MIXED_METRICS);
        self
    }

    /// An error if losses or metrics are given by calls that cannot be combined.
    ///
    /// # Errors
    /// See above.
    pub fn check(&self) -> Result<()> {
        self.loss.check("losses")?;
        self.metrics.check("metrics")?;
        self.weighted_metrics.check("weighted metrics")
    }
}

impl<L: Into<Loss>> From<L> for Compile {
    fn from(loss: L) -> Self {
        Self::loss(loss)
    }
}
