//! The arguments of `compile` in Keras's form: `compile_config`, `training_config`.

use super::custom_objects::CustomObjects;
use crate::Result;
use crate::compiled::Compiled;
use candle_keras_layers::Config;
use candle_keras_ops::{Error, json};
use candle_keras_training::{Compile, Loss, MetricSpec, Optimizer, PerOutput};
use serde_json::{Map, Value, json};

/// Keras's `compile_config`.
pub(super) fn of_compiled(compiled: &Compiled) -> Result<Config> {
    let compile = &compiled.compile;
    let list_of = |metrics: &Vec<MetricSpec>| Ok(metrics.iter().map(MetricSpec::get_config).collect::<Config>());
    let flat = |metrics: &PerOutput<Vec<MetricSpec>>| match metrics {
        // One metric per output is written without brackets.
        PerOutput::List(list) if list.iter().all(|metrics| metrics.as_ref().is_some_and(|m| m.len() == 1)) => {
            Ok(list.iter().flatten().flatten().map(MetricSpec::get_config).collect())
        }
        PerOutput::List(list) => {
            list.iter().map(|of_output| list_of(of_output.as_ref().unwrap_or(&Vec::new()))).collect()
        }
        other => per_output(other, list_of),
    };
    Ok(json!({
        "optimizer": compiled.optimizer.get_config()?,
        "loss": per_output(&compile.loss, Loss::get_config)?,
        "loss_weights": per_output(&compile.loss_weights, |weight| Ok(json::number(*weight)))?,
        "metrics": flat(&compile.metrics)?,
        "weighted_metrics": flat(&compile.weighted_metrics)?,
        "run_eagerly": false,
        "steps_per_execution": 1,
        "jit_compile": true,
    }))
}

fn per_output<T: Clone>(values: &PerOutput<T>, config: impl Fn(&T) -> Result<Config>) -> Result<Config> {
    match values {
        PerOutput::Unset | PerOutput::Mixed(_) => Ok(Value::Null),
        PerOutput::All(value) => config(value),
        PerOutput::List(list) => {
            list.iter().map(|value| value.as_ref().map_or(Ok(Value::Null), &config)).collect::<Result<_>>()
        }
        PerOutput::Named(named) => {
            let named = named.iter().map(|(name, value)| Ok((name.clone(), config(value)?)));
            Ok(Value::Object(named.collect::<Result<Map<_, _>>>()?))
        }
    }
}

/// The arguments of `compile` from Keras's configuration; `None` if the model was not compiled for training.
pub(super) fn read(
    config: &Config,
    outputs: &[String],
    objects: &CustomObjects,
) -> Result<Option<(Optimizer, Compile)>> {
    // Older files had the optimizer in an entry of this name.
    let optimizer = if config["optimizer"].is_null() { &config["optimizer_config"] } else { &config["optimizer"] };
    if optimizer.is_null() || config["loss"].is_null() {
        return Ok(None);
    }
    let loss = |config: &Config| match objects.find_loss(config) {
        Some(own) => Ok(own),
        None => Loss::from_config(config),
    };
    let metric = |config: &Config| match objects.find_metric(config) {
        Some(own) => Ok(own),
        // Keras 2 wrote some metrics as the function whose mean they are.
        None if config["class_name"] == "MeanMetricWrapper" => MetricSpec::from_config(&config["config"]["fn"]),
        None => MetricSpec::from_config(config),
    };
    let metrics = |key: &str| -> Result<PerOutput<Vec<MetricSpec>>> {
        let some = |config: &Config| match config {
            Value::Array(list) => list.iter().map(&metric).collect(),
            one => Ok(vec![metric(one)?]),
        };
        read_per_output(&config[key], outputs, true, some)
    };
    let compile = Compile {
        loss: read_per_output(&config["loss"], outputs, false, loss)?,
        loss_weights: read_per_output(&config["loss_weights"], outputs, false, |weight| {
            json::as_f64(weight).ok_or_else(|| Error::new("a loss weight is not a number").received(weight.to_string()))
        })?,
        metrics: metrics("metrics")?,
        weighted_metrics: metrics("weighted_metrics")?,
        ..Compile::default()
    };
    Ok(Some((Optimizer::from_config(optimizer)?, compile)))
}

fn read_per_output<T: Clone>(
    config: &Config,
    outputs: &[String],
    is_list: bool,
    read: impl Fn(&Config) -> Result<T>,
) -> Result<PerOutput<T>> {
    let optional = |config: &Config| if config.is_null() { Ok(None) } else { read(config).map(Some) };
    match config {
        Value::Null => Ok(PerOutput::Unset),
        Value::Array(list) if is_list && list.is_empty() => Ok(PerOutput::Unset),
        Value::Array(list) => Ok(PerOutput::List(list.iter().map(optional).collect::<Result<_>>()?)),
        // An object is a class or a function; any other dictionary is keyed by the names of the outputs.
        Value::Object(map) if map.get("class_name").is_none_or(|class| !class.is_string()) => {
            if let Some(unknown) = map.keys().find(|name| !outputs.contains(name)) {
                return Err(Error::unknown("output", unknown, &outputs.iter().map(String::as_str).collect::<Vec<_>>()));
            }
            let of = |name: &String| optional(map.get(name).unwrap_or(&Value::Null));
            Ok(PerOutput::List(outputs.iter().map(of).collect::<Result<_>>()?))
        }
        one => Ok(PerOutput::All(read(one)?)),
    }
}
