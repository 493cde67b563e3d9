//! The state of a compiled model: its optimizer, and for each output a loss and metrics with their running means.

use crate::steps::StepLogs;
use crate::{Logs, Optimizer, Result};
use candle_core::{DType, Tensor};
use candle_keras_layers::{Layer, Trained, Variable};
use candle_keras_ops::random::{self, Stream};
use candle_keras_ops::{Error, warnings};
use candle_keras_training::metrics::{Direction, RunningMean};
use candle_keras_training::{Compile, Loss, Metric, MetricSpec, PerOutput};
use std::sync::Arc;

/// A batch for losses and metrics: one tensor for each output of the model.
#[derive(Clone, Copy)]
pub(crate) struct Results<'a> {
    pub(crate) targets: &'a [Tensor],
    pub(crate) outputs: &'a [Tensor],
    pub(crate) masks: &'a [Option<Tensor>],
    /// Sample or class weights, if any.
    pub(crate) weights: &'a [Tensor],
}

impl Results<'_> {
    fn size(&self) -> f64 {
        self.outputs.first().and_then(|output| output.dims().first()).map_or(0.0, |&size| size as f64)
    }

    fn weight(&self, output: usize) -> Option<&Tensor> {
        self.weights.get(output).or(self.weights.first())
    }
}

/// A metric of one output; which one it is may depend on the shapes of the data.
#[derive(Debug)]
struct OutputMetric {
    output: usize,
    weighted: bool,
    spec: MetricSpec,
    name: String,
    metric: Option<Box<dyn Metric>>,
    /// The shapes of targets and predictions by which the metric was resolved.
    shapes: Option<Shapes>,
}

/// The shapes of a batch of targets and of its predictions.
pub(crate) type Shapes = (Vec<usize>, Vec<usize>);

/// The state of a mean or metric since its last reset.
#[derive(Debug, Clone, Default)]
pub(crate) struct MetricState {
    pub(crate) tensors: Vec<Tensor>,
    /// For a metric, the shapes by which it was resolved.
    pub(crate) shapes: Option<Shapes>,
    /// For a value that a custom step logs, its name.
    pub(crate) name: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) optimizer: Optimizer,
    pub(crate) compile: Compile,
    /// Resolved when the outputs are known.
    losses: Vec<Option<Loss>>,
    loss_weights: Vec<f64>,
    loss_names: Vec<String>,
    metrics: Vec<OutputMetric>,
    loss_mean: RunningMean,
    loss_means: Vec<RunningMean>,
    /// Whether a custom step trains, which takes any targets.
    pub(crate) has_own_step: bool,
    /// Whether the model is not compiled, and a custom step has optimizers of its own: that of this is not used.
    pub(crate) has_no_optimizer: bool,
    /// Whether a warning was given that a custom step logs nothing in evaluations.
    pub(crate) warned_of_no_logs: bool,
    /// The means of the values that it logs.
    own_means: Vec<(String, RunningMean)>,
    /// The weights that the optimizer updates; fixed at compile, as in Keras.
    pub(crate) trainable: Vec<Variable>,
    pub(crate) trained: Arc<Trained>,
    /// All weights of the model.
    pub(crate) variables: Vec<Variable>,
    /// The seed of this model's training: dropout and shuffling.
    pub(crate) random: Stream,
    /// The number of passes over the data in all fits so far, so that each is shuffled differently.
    pub(crate) passes: u64,
}

impl Compiled {
    pub(crate) fn new(optimizer: Optimizer, mut compile: Compile, earlier: Option<&Compiled>) -> Result<Self> {
        optimizer.check()?;
        compile.check()?;
        if let Some(Compiled { compile: earlier, .. }) = earlier {
            if matches!(compile.loss, PerOutput::Unset) {
                compile.loss = earlier.loss.clone();
            }
            if matches!(compile.metrics, PerOutput::Unset) {
                compile.metrics = earlier.metrics.clone();
            }
            if matches!(compile.weighted_metrics, PerOutput::Unset) {
                compile.weighted_metrics = earlier.weighted_metrics.clone();
            }
        }
        // Names are checked now, even if the outputs are unknown until the first data.
        match &compile.loss {
            // The loss is then the sum of what layers add.
            PerOutput::Unset | PerOutput::Mixed(_) => {}
            PerOutput::All(loss) => _ = loss.name()?,
            PerOutput::List(losses) => losses.iter().flatten().try_for_each(|loss| loss.name().map(|_| ()))?,
            PerOutput::Named(losses) => losses.iter().try_for_each(|(_, loss)| loss.name().map(|_| ()))?,
        }
        Ok(Self {
            optimizer,
            compile,
            losses: Vec::new(),
            loss_weights: Vec::new(),
            loss_names: Vec::new(),
            metrics: Vec::new(),
            loss_mean: RunningMean::default(),
            loss_means: Vec::new(),
            has_own_step: false,
            has_no_optimizer: false,
            warned_of_no_logs: false,
            own_means: Vec::new(),
            trainable: Vec::new(),
            trained: Arc::default(),
            variables: Vec::new(),
            random: random::next_stream(),
            passes: 0,
        })
    }

    /// Whether it knows the outputs of the model.
    pub(crate) fn is_bound(&self) -> bool {
        !self.losses.is_empty()
    }

    /// Binds losses and metrics to the outputs of the model, and records its weights.
    pub(crate) fn bind_outputs(&mut self, model: &dyn Layer, outputs: &[String]) -> Result<()> {
        (self.trainable, self.variables) = (model.trainable_variables(), model.variables());
        self.trained = Arc::new(Trained::of(model));
        // Slots that are not written to take no memory; a file has them from the start, as in Keras.
        self.optimizer.build(&self.trainable)?;
        self.losses = self.compile.loss.resolve(outputs, "losses")?;
        let unnamed = self.losses.iter().position(Option::is_none);
        if let (PerOutput::Named(_), Some(i)) = (&self.compile.loss, unnamed) {
            return Err(Error::new("losses by name must name all outputs")
                .received(format!("none for {:?}", outputs[i]))
                .help("train a model without this output, or give it a loss"));
        }
        let weights = self.compile.loss_weights.resolve(outputs, "loss weights")?;
        self.loss_weights = weights.into_iter().map(|weight| weight.unwrap_or(1.0)).collect();
        self.loss_means = outputs.iter().map(|_| RunningMean::default()).collect();
        self.loss_names = outputs.iter().map(|name| format!("{name}_loss")).collect();
        self.metrics.clear();
        for (weighted, specs) in [(false, &self.compile.metrics), (true, &self.compile.weighted_metrics)] {
            let per_output = match (specs, outputs) {
                // For a model with one output, the list has all of its metrics.
                (PerOutput::List(list), [_]) => vec![Some(list.iter().flatten().flatten().cloned().collect())],
                (specs, outputs) => specs.resolve(outputs, "metrics")?,
            };
            for (output, specs) in per_output.into_iter().enumerate() {
                for spec in specs.into_iter().flatten() {
                    spec.check()?;
                    let prefix = match outputs {
                        [_] => String::new(),
                        outputs => format!("{}_", outputs[output]),
                    };
                    let name = unique_name(&self.metrics, &prefix, spec.name(), weighted);
                    self.metrics.push(OutputMetric { output, weighted, spec, name, metric: None, shapes: None });
                }
            }
        }
        Ok(())
    }

    /// The targets of all outputs; outputs without loss and metrics may have none.
    pub(crate) fn filled(&self, x: &[Tensor], y: Vec<Tensor>) -> Result<Vec<Tensor>> {
        let wanted: Vec<bool> = (0..self.losses.len())
            .map(|i| self.losses[i].is_some() || self.metrics.iter().any(|metric| metric.output == i))
            .collect();
        let some = y.len() < wanted.len() && y.len() == wanted.iter().filter(|w| **w).count();
        let Some(first) = x.first().filter(|_| some) else { return Ok(y) };
        let nothing = Tensor::zeros((first.dim(0)?, 0), DType::F32, first.device())?;
        let mut y = y.iter();
        let one = |wanted: &bool| if *wanted { y.next().unwrap_or(&nothing) } else { &nothing }.clone();
        Ok(wanted.iter().map(one).collect())
    }

    /// The unweighted loss of each output for a batch, recorded on the tape.
    pub(crate) fn losses(&self, batch: &Results) -> Result<Vec<Option<Tensor>>> {
        let of = |(i, loss): (usize, &Option<Loss>)| -> Result<Option<Tensor>> {
            let Some(loss) = loss else { return Ok(None) };
            let value = loss.call(&batch.targets[i], &batch.outputs[i], batch.weight(i), batch.masks[i].as_ref());
            let value =
                value.map_err(|error| error.in_layer(self.loss_names[i].trim_end_matches("_loss"), "output"))?;
            if value.rank() > 0 {
                return Err(
                    Error::new("the loss of a model must be a scalar").received("a loss with the reduction None")
                );
            }
            Ok(Some(value))
        };
        self.losses.iter().enumerate().map(of).collect()
    }

    /// The weighted sum of these losses, plus the losses that layers and regularizers have added.
    pub(crate) fn total(&self, losses: &[Option<Tensor>], added: Vec<Tensor>) -> Result<Tensor> {
        let mut total: Option<Tensor> = None;
        let weighted =
            losses.iter().zip(&self.loss_weights).filter_map(|(loss, weight)| Some((loss.clone()?, *weight)));
        for (value, weight) in weighted.chain(added.into_iter().map(|value| (value, 1.0))) {
            let value = if weight == 1.0 { value } else { (value * weight)? };
            total = Some(match total {
                None => value,
                Some(total) if total.dtype() == value.dtype() => (total + value)?,
                Some(total) => (&total + value.to_dtype(total.dtype())?)?,
            });
        }
        total.ok_or_else(|| {
            Error::new("there is nothing to train on: no output of the model has a loss, and no layer adds one")
                .help("compile(\"adam\", \"mse\"), for example, or a layer with ctx.add_loss")
        })
    }

    /// Updates the means of the losses and all metrics with a batch.
    pub(crate) fn measure(&mut self, loss: &Tensor, losses: &[Option<Tensor>], batch: &Results) -> Result<()> {
        self.loss_mean.update(loss, batch.size())?;
        if losses.iter().flatten().count() > 1 {
            for (mean, loss) in self.loss_means.iter_mut().zip(losses) {
                if let Some(loss) = loss {
                    mean.update(loss, batch.size())?;
                }
            }
        }
        for OutputMetric { output, weighted, spec, metric, shapes, .. } in &mut self.metrics {
            let (y_true, y_pred) = (&batch.targets[*output], &batch.outputs[*output]);
            let metric = match metric {
                Some(metric) => metric,
                None => {
                    *shapes = Some((y_true.dims().to_vec(), y_pred.dims().to_vec()));
                    metric.insert(spec.resolve(y_true.dims(), y_pred.dims())?)
                }
            };
            let weight = batch.weight(*output).filter(|_| *weighted);
            metric.update_state(y_true, y_pred, weight, batch.masks[*output].as_ref())?;
        }
        Ok(())
    }

    /// Updates the means of the epoch with the logs of a custom step for a batch of this size, or keeps the last ones alone.
    pub(crate) fn measure_own(&mut self, logs: &StepLogs, size: usize, averages: bool) -> Result<()> {
        if !averages {
            self.own_means.clear();
        }
        for (name, value) in logs {
            if value.rank() != 0 {
                return Err(Error::new(format!("the log {name:?} of a custom step is not a scalar"))
                    .received(format!("a tensor of shape {:?}", value.dims()))
                    .help("take its mean over the batch: value.mean_all()?"));
            }
            let known = self.own_means.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                self.own_means.push(((*name).into(), RunningMean::default()));
                self.own_means.len() - 1
            });
            self.own_means[known].1.update(value, size as f64)?;
        }
        Ok(())
    }

    /// Clears the logs of custom steps, their names included.
    pub(crate) fn clear_own_means(&mut self) {
        self.own_means.clear();
    }

    /// Resets all means.
    pub(crate) fn reset_metrics(&mut self) {
        self.loss_mean = RunningMean::default();
        self.own_means.clear();
        self.loss_means.iter_mut().for_each(|mean| *mean = RunningMean::default());
        self.metrics.iter_mut().filter_map(|metric| metric.metric.as_mut()).for_each(|metric| metric.reset_state());
    }

    /// The state of the means and metrics since the last reset, for a backup.
    pub(crate) fn metric_states(&self) -> Result<Vec<MetricState>> {
        let of_mean = |mean: &RunningMean| Ok(MetricState { tensors: vec![mean.state()?], ..MetricState::default() });
        let of_metric = |metric: &OutputMetric| {
            let tensors = metric.metric.as_ref().map(|metric| metric.state()).transpose()?.unwrap_or_default();
            Ok(MetricState { tensors, shapes: metric.shapes.clone(), name: None })
        };
        let of_own =
            |(name, mean): &(String, RunningMean)| Ok(MetricState { name: Some(name.clone()), ..of_mean(mean)? });
        let means = std::iter::once(&self.loss_mean).chain(&self.loss_means).map(of_mean);
        means.chain(self.metrics.iter().map(of_metric)).chain(self.own_means.iter().map(of_own)).collect()
    }

    /// Restores what [`metric_states`](Self::metric_states) returned.
    pub(crate) fn set_metric_states(&mut self, states: Vec<MetricState>) -> Result<()> {
        let (own, states): (Vec<_>, Vec<_>) = states.into_iter().partition(|state| state.name.is_some());
        let mut states = states.into_iter();
        let read =
            |mean: &mut RunningMean, state: &MetricState| state.tensors.iter().try_for_each(|t| mean.set_state(t));
        for (mean, state) in std::iter::once(&mut self.loss_mean).chain(&mut self.loss_means).zip(states.by_ref()) {
            read(mean, &state)?;
        }
        for (metric, state) in self.metrics.iter_mut().zip(states) {
            let Some((y_true, y_pred)) = &state.shapes else { continue };
            metric.metric.insert(metric.spec.resolve(y_true, y_pred)?).set_state(&state.tensors)?;
            metric.shapes = state.shapes;
        }
        self.own_means.clear();
        for state in own {
            let mut mean = RunningMean::default();
            read(&mut mean, &state)?;
            self.own_means.push((state.name.unwrap_or_default(), mean));
        }
        Ok(())
    }

    /// The means since the last reset: the loss, the metrics, and the losses of the outputs if there are several. This waits for the device.
    pub(crate) fn logs(&self) -> Result<Logs> {
        let mut logs = Logs::default();
        if self.has_own_step {
            for (name, mean) in &self.own_means {
                logs.insert(name, mean.result()?);
            }
            return Ok(logs);
        }
        logs.insert("loss", self.loss_mean.result()?);
        for metric in &self.metrics {
            match &metric.metric.as_ref().map_or(Ok(vec![0.0]), |metric| metric.results())?[..] {
                [result] => logs.insert(&metric.name, *result),
                several => {
                    for (i, result) in several.iter().enumerate() {
                        logs.insert(format!("{}[{i}]", metric.name), *result);
                    }
                }
            }
        }
        if self.losses.iter().flatten().count() > 1 {
            let losses = self.loss_names.iter().zip(&self.loss_means).zip(&self.losses);
            for ((name, mean), _) in losses.filter(|(_, loss)| loss.is_some()) {
                logs.insert(name, mean.result()?);
            }
        }
        Ok(logs)
    }

    /// The names in the logs of an epoch, if they are known before it: those of a custom step are not.
    pub(crate) fn names_of_logs(&self) -> Option<Vec<String>> {
        if self.has_own_step || !self.is_bound() {
            return None;
        }
        let logs = self.logs().ok()?;
        Some(logs.iter().map(|(name, _)| name.to_string()).collect())
    }

    /// Whether larger or smaller values of a name in the logs are better; `None` if it is not one of this model's.
    pub(crate) fn direction(&self, name: &str) -> Option<Direction> {
        let name = name.strip_prefix("val_").unwrap_or(name);
        if name == "loss" || self.loss_names.iter().any(|loss| loss == name) {
            return Some(Direction::Down);
        }
        let name = name.split_once('[').map_or(name, |(name, _)| name);
        self.metrics.iter().find(|metric| metric.name == name)?.metric.as_ref().map(|metric| metric.direction())
    }

    /// The random stream of one step or epoch.
    pub(crate) fn stream(&self, use_: Use, index: u64) -> Stream {
        self.random.child(use_ as u64).child(index)
    }
}

/// The use of random numbers in training.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    Step = 0,
    Shuffle = 1,
    /// A custom step.
    OwnStep = 2,
    /// The data of an evaluation.
    Evaluation = 3,
}

/// The name of a metric in the logs: a weighted one whose name is taken is `weighted_` after the prefix of its output, and others get numbers.
fn unique_name(metrics: &[OutputMetric], prefix: &str, name: &str, weighted: bool) -> String {
    let taken = |name: &String| metrics.iter().any(|metric| metric.name == *name);
    let plain = format!("{prefix}{name}");
    let name = if weighted && taken(&plain) { format!("{prefix}weighted_{name}") } else { plain };
    let numbered = (0..).map(|i| if i == 0 { name.clone() } else { format!("{name}_{i}") });
    numbered.into_iter().find(|name| !taken(name)).unwrap_or(name)
}

/// The value of a scalar of any float dtype.
pub(crate) fn scalar(value: &Tensor) -> Result<f64> {
    Ok(value.detach().to_dtype(DType::F64)?.to_scalar::<f64>()?)
}

/// The penalties of all regularizers of trainable weights.
pub(crate) fn penalties(trainable: &[Variable]) -> Result<Vec<Tensor>> {
    trainable.iter().filter_map(|variable| variable.penalty().transpose()).collect()
}

/// Warns of a loss that is NaN or infinite in a test.
pub(crate) fn warn_of_nan_in_test(logs: &Logs) {
    if let Some(loss) = logs.get("loss").filter(|loss| !loss.is_finite()) {
        warnings::warn(format!(
            "the loss is {loss} on the test data; look for such values in the data and in the weights"
        ));
    }
}

/// Warns of a loss that is NaN or infinite, naming the step; returns whether it did.
pub(crate) fn warn_of_nan(loss: f64, epoch: usize, step: usize) -> bool {
    if !loss.is_finite() {
        warnings::warn(format!(
            "the loss is {loss} at step {} of epoch {}; a smaller learning rate or other data may help",
            step + 1,
            epoch + 1
        ));
    }
    !loss.is_finite()
}
