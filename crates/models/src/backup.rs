//! Saves and restores the whole state of a training, for [`BackupAndRestore`](crate::callbacks::BackupAndRestore).

use crate::callbacks::{Callback, CallbackState};
use crate::compiled::{MetricState, Shapes};
use crate::saving::safetensors::{self, SafetensorsFile};
use crate::steps::TrainStep;
use crate::{History, Logs, Model, Optimizer, Result};
use candle_core::Tensor;
use candle_keras_layers::{Layer, Variable};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, json};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The progress of a training.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    pub(crate) epoch: usize,
    /// The completed steps of the epoch; `None` at its beginning.
    pub(crate) step: usize,
    /// The batches taken from this pass over the data.
    pub(crate) taken: usize,
    /// Whether training ends here.
    pub(crate) stopped: bool,
    /// The logs of the last epoch.
    pub(crate) last: Logs,
}

/// Everything but the tensors. Floats are stored as their bits, so that they are restored exactly.
#[derive(Serialize, Deserialize)]
struct State {
    epoch: usize,
    step: usize,
    taken: usize,
    stopped: bool,
    last: Vec<(String, u64)>,
    random: Stream,
    passes: u64,
    optimizer: Counters,
    /// For each mean and metric: the number of its tensors, the shapes that resolved it, its name.
    metrics: Vec<(usize, Option<Shapes>, Option<String>)>,
    history_epochs: Vec<usize>,
    history: Vec<(String, Vec<u64>)>,
    callbacks: Vec<(Vec<u64>, Vec<u64>, usize)>,
    /// The counters of the optimizers of a custom step.
    #[serde(default)]
    own_optimizers: Vec<Counters>,
}

/// The result of [`Optimizer::counters`].
type Counters = Vec<(u64, Option<u64>)>;

fn counters(optimizer: &Optimizer) -> Counters {
    optimizer.counters().into_iter().map(|(steps, rate)| (steps, rate.map(f64::to_bits))).collect()
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn values(bits: &[u64]) -> Vec<f64> {
    bits.iter().map(|&bits| f64::from_bits(bits)).collect()
}

type Callbacks<'a> = [Box<dyn Callback + 'a>];

/// Saves the training.
pub(crate) fn save(
    path: &Path,
    model: &mut Model,
    step: Option<&mut (dyn TrainStep + '_)>,
    progress: &Progress,
    history: &History,
    callbacks: &Callbacks,
) -> Result<()> {
    let weights = model.variables();
    let compiled = model.compiled()?;
    let mut tensors = BTreeMap::new();
    let mut put = |kind: &str, i: usize, tensor: Tensor| tensors.insert(format!("{kind}/{i}"), tensor);
    weights.iter().enumerate().for_each(|(i, variable)| _ = put("weights", i, variable.value()));
    let state = compiled.optimizer.state()?;
    state.into_iter().enumerate().for_each(|(i, (_, tensor))| _ = put("optimizer", i, tensor));
    let mut own_optimizers = Vec::new();
    for (o, (optimizer, _)) in step.map_or_else(Vec::new, |step| step.optimizers()).into_iter().enumerate() {
        let state = optimizer.state()?;
        state.into_iter().enumerate().for_each(|(i, (_, tensor))| _ = put(&format!("own{o}"), i, tensor));
        own_optimizers.push(counters(optimizer));
    }
    let states: Vec<_> = callbacks.iter().map(|callback| callback.state()).collect();
    for (c, state) in states.iter().enumerate() {
        state.tensors.iter().enumerate().for_each(|(i, tensor)| _ = put(&format!("callback{c}"), i, tensor.clone()));
    }
    let metrics = compiled.metric_states()?;
    for (m, state) in metrics.iter().enumerate() {
        state.tensors.iter().enumerate().for_each(|(i, tensor)| _ = put(&format!("metric{m}"), i, tensor.clone()));
    }
    let state = State {
        epoch: progress.epoch,
        step: progress.step,
        taken: progress.taken,
        stopped: progress.stopped,
        last: progress.last.iter().map(|(name, value)| (name.into(), value.to_bits())).collect(),
        random: compiled.random.clone(),
        passes: compiled.passes,
        optimizer: counters(&compiled.optimizer),
        metrics: metrics.into_iter().map(|state| (state.tensors.len(), state.shapes, state.name)).collect(),
        history_epochs: history.epoch.clone(),
        history: history.iter().map(|(name, values)| (name.into(), bits(values))).collect(),
        callbacks: states.iter().map(|s| (s.counts.clone(), bits(&s.numbers), s.tensors.len())).collect(),
        own_optimizers,
    };
    safetensors::write(path, &tensors, Some(&json::to_value(&state)?))
}

/// Resumes the training from the backup; `None` if there is none.
///
/// # Errors
/// If the backup is of another model or of other callbacks.
pub(crate) fn restore(
    path: &Path,
    model: &mut Model,
    step: Option<&mut (dyn TrainStep + '_)>,
    history: &mut History,
    callbacks: &mut Callbacks,
) -> Result<Option<Progress>> {
    if !path.exists() {
        return Ok(None);
    }
    let other = |what: &str| {
        Error::new(format!("{}: the backup is of another training: {what}", path.display()))
            .help("delete it to start over, or back up into another folder")
    };
    let file = SafetensorsFile::open(path)?;
    let config = file.config.clone().ok_or_else(|| other("it has no state"))?;
    let state: State = json::from_value(&config).map_err(|cause| other(&cause.to_string()))?;
    let get = |kind: &str, i: usize| file.tensors.get(&format!("{kind}/{i}"));
    let (weights, trainable) = (model.variables(), model.trainable_variables());
    if get("weights", weights.len()).is_some() || state.callbacks.len() != callbacks.len() {
        return Err(other("the number of weights or callbacks differs"));
    }
    for (i, variable) in weights.iter().enumerate() {
        get("weights", i).ok_or_else(|| other("weights are missing"))?.read_into(variable)?;
    }
    let restore_optimizer = |kind: &str, optimizer: &mut Optimizer, trainable: &[Variable], counters: Counters| {
        let counters: Vec<_> = counters.into_iter().map(|(steps, rate)| (steps, rate.map(f64::from_bits))).collect();
        // If a callback has replaced the schedule by a number, the state has one too.
        optimizer.set_counters(counters.iter().copied());
        let rates = optimizer.counters().into_iter().zip(&counters);
        if rates.into_iter().any(|((_, rate), (_, saved))| rate.is_some() && saved.is_none()) {
            return Err(other("its optimizer has a schedule of the learning rate, this one a number"));
        }
        let slots: Vec<_> = (0..).map_while(|i| get(kind, i)).collect();
        let shapes: Vec<_> = slots.iter().map(|slot| slot.dims.as_slice()).collect();
        optimizer.set_state(trainable, &shapes, |i, slot| slots[i].read_into_tensor(slot))?;
        // The state has the learning rate rounded to float32.
        optimizer.set_counters(counters);
        Ok::<_, Error>(())
    };
    let compiled = model.compiled()?;
    restore_optimizer("optimizer", &mut compiled.optimizer, &trainable, state.optimizer)?;
    let own = step.map_or_else(Vec::new, |step| step.optimizers());
    if own.len() != state.own_optimizers.len() {
        return Err(other("the number of optimizers of the custom step differs"));
    }
    for (o, ((optimizer, variables), counters)) in own.into_iter().zip(state.own_optimizers).enumerate() {
        restore_optimizer(&format!("own{o}"), optimizer, &variables, counters)?;
    }
    (compiled.random, compiled.passes) = (state.random, state.passes);
    let read =
        |kind: &str, count: usize| (0..count).map_while(|i| get(kind, i)).map(|t| t.read()).collect::<Result<_>>();
    let metrics = state.metrics.into_iter().enumerate();
    let metrics = metrics.map(|(m, (count, shapes, name))| {
        Ok(MetricState { tensors: read(&format!("metric{m}"), count)?, shapes, name })
    });
    compiled.set_metric_states(metrics.collect::<Result<_>>()?)?;
    let (epochs, numbers) = (state.history_epochs, state.history);
    history.restore(epochs, numbers.into_iter().map(|(name, bits)| (name, values(&bits))).collect());
    for (c, (callback, (counts, numbers, count))) in callbacks.iter_mut().zip(state.callbacks).enumerate() {
        let tensors = read(&format!("callback{c}"), count)?;
        callback.set_state(CallbackState { counts, numbers: values(&numbers), tensors });
    }
    let mut last = Logs::default();
    state.last.into_iter().for_each(|(name, bits)| last.insert(name, f64::from_bits(bits)));
    Ok(Some(Progress { epoch: state.epoch, step: state.step, taken: state.taken, stopped: state.stopped, last }))
}
