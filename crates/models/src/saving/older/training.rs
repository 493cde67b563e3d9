//! The arguments of `compile` in the files of Keras 1 and 2.

use super::Version;
use super::arguments::class_name;
use candle_keras_layers::Config;
use serde_json::{Map, Value, json};

/// The configuration of `compile` as Keras 3 would have written it.
pub(in super::super) fn training(mut config: Config, version: Version, outputs: &[String]) -> Config {
    if !version.is_older() || !config.is_object() {
        return config;
    }
    for part in ["optimizer", "optimizer_config"] {
        config.get_mut(part).and_then(Value::as_object_mut).into_iter().for_each(convert_optimizer);
    }
    for part in ["loss", "metrics", "weighted_metrics"] {
        config.get_mut(part).into_iter().for_each(|part| convert_functions(part, outputs));
    }
    config
}

fn convert_optimizer(optimizer: &mut Map<String, Value>) {
    let class = class_name(optimizer.get("class_name").and_then(Value::as_str).unwrap_or_default()).to_string();
    optimizer.insert("class_name".into(), json!(class));
    let Some(config) = optimizer.get_mut("config").and_then(Value::as_object_mut) else { return };
    if let Some(rate) = config.remove("lr") {
        config.entry("learning_rate").or_insert(rate);
    }
    for unused in ["jit_compile", "is_legacy_optimizer"] {
        config.remove(unused);
    }
    if config.get("weight_decay") == Some(&json!(false)) {
        config.insert("weight_decay".into(), Value::Null);
    }
    // The factor of Keras's Nadam, which was an argument.
    if class == "Nadam" && config.get("schedule_decay").is_some_and(|decay| *decay == 0.004) {
        config.remove("schedule_decay");
    }
    // The rate divided by 1 + decay * iterations.
    match config.remove("decay") {
        Some(decay) if decay.as_f64().is_some_and(|decay| decay != 0.0) => {
            let rate = json!({
                "module": "keras.optimizers.schedules", "class_name": "InverseTimeDecay", "registered_name": null,
                "config": {
                    "initial_learning_rate": config.get("learning_rate").cloned().unwrap_or_default(),
                    "decay_steps": 1, "decay_rate": decay, "staircase": false, "name": "InverseTimeDecay",
                },
            });
            config.insert("learning_rate".into(), rate);
        }
        _ => {}
    }
}

/// Losses and metrics, at any depth. A class may name its function, which it is; a list without metrics had a null.
fn convert_functions(value: &mut Value, outputs: &[String]) {
    match value {
        Value::Array(items) => {
            if items.as_slice() == [Value::Null] {
                items.clear();
            }
            items.iter_mut().for_each(|item| convert_functions(item, outputs));
        }
        Value::Object(map) => {
            let is_wrapper = map.get("class_name").is_some_and(|class| class == "MeanMetricWrapper");
            if let Some(config) = map.get_mut("config").and_then(Value::as_object_mut) {
                let function = config.remove("fn");
                // The name had that of the output in front.
                if let (Some(Value::String(name)), [_, _, ..]) = (config.get_mut("name"), outputs) {
                    let rest =
                        |output: &String| name.strip_prefix(output.as_str())?.strip_prefix('_').map(String::from);
                    *name = outputs.iter().find_map(rest).unwrap_or(name.clone());
                }
                if let (true, Some(Value::String(function))) = (is_wrapper, function) {
                    map.insert("class_name".into(), json!(camel_case(&function)));
                }
            }
            if let Some(reduction) = map.get_mut("config").and_then(|config| config.get_mut("reduction"))
                && *reduction == "auto"
            {
                *reduction = json!("sum_over_batch_size");
            }
            map.values_mut().for_each(|value| convert_functions(value, outputs));
        }
        _ => {}
    }
}

/// The class of a function: `MeanSquaredError` of `mean_squared_error`.
fn camel_case(function: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    function.split('_').filter(|word| word.is_ascii() && !word.is_empty()).map(capital).collect()
}
