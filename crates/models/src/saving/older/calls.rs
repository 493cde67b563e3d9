//! The calls in functional models: `[[layer, call, output, named arguments], ...]` for each call of a layer.

use super::{operations, without_slash};
use crate::config::{ALWAYS, TRAINING};
use candle_keras_layers::PROPAGATED_MASK;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Layers that may be called with an initial state.
const RECURRENT: [&str; 8] =
    ["Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "LSTM", "RNN", "SimpleRNN"];

/// Converts the calls, the ends and the operations of TensorFlow in the configuration of a functional model.
pub(super) fn convert(config: &mut Map<String, Value>) {
    each_tensor(config, &["layers", "input_layers", "output_layers"], &mut |name, _| *name = without_slash(name));
    count_from_0(config);
    for layer in config.get_mut("layers").and_then(Value::as_array_mut).into_iter().flatten() {
        operations::convert(layer);
        let class_name = super::arguments::class_name(layer["class_name"].as_str().unwrap_or_default());
        let is_recurrent = RECURRENT.contains(&class_name);
        // Until 2.9 it was an argument of the layer.
        let is_causal = ["AdditiveAttention", "Attention"].contains(&class_name) && layer["config"]["causal"] == true;
        let calls = layer.get_mut("inbound_nodes").and_then(Value::as_array_mut).into_iter().flatten();
        calls.for_each(|call| {
            convert_call(call, is_recurrent);
            if let Some(kwargs) = call.get_mut("kwargs").and_then(Value::as_object_mut).filter(|_| is_causal) {
                kwargs.insert("use_causal_mask".into(), json!(true));
            }
        });
    }
}

/// In Keras 2 the creation of a nested model was its first call, which the numbers of its calls counted. In Keras 3 only those of outputs do.
fn count_from_0(config: &mut Map<String, Value>) {
    let nested = |layer: &Value| -> Option<(String, (bool, u64))> {
        let (class_name, calls) = (layer["class_name"].as_str()?, layer["inbound_nodes"].as_array()?.len() as u64);
        let is_functional = matches!(class_name, "Functional" | "Model");
        let name = without_slash(layer["name"].as_str()?);
        (is_functional || class_name == "Sequential").then_some((name, (is_functional, calls)))
    };
    let layers = config.get("layers").and_then(Value::as_array);
    let nested: HashMap<_, _> = layers.into_iter().flatten().filter_map(nested).collect();
    if nested.is_empty() {
        return;
    }
    let ends = ["input_layers", "output_layers"];
    let mut highest: HashMap<String, u64> = HashMap::new();
    each_tensor(config, &["layers", ends[0], ends[1]], &mut |name, call| {
        let highest = highest.entry(name.clone()).or_default();
        *highest = (*highest).max(*call);
    });
    // Whether a Sequential was counted so depends on the version: if it was, its last call has the number of all calls.
    let is_counted = |name: &str| {
        let of = nested.get(name);
        of.filter(|(is_functional, calls)| *is_functional || highest.get(name) == Some(calls))
    };
    each_tensor(config, &["layers"], &mut |name, call| {
        *call -= u64::from(is_counted(name).is_some() && *call > 0);
    });
    each_tensor(config, &ends, &mut |name, call| {
        let is_sequential = is_counted(name).is_some_and(|(is_functional, _)| !is_functional);
        *call -= u64::from(is_sequential && *call > 0);
    });
}

/// Calls `f` with the layer and the call of each `[layer, call, output]` in these parts of a model, but not of the models inside.
fn each_tensor(config: &mut Map<String, Value>, parts: &[&str], f: &mut dyn FnMut(&mut String, &mut u64)) {
    for part in parts {
        let Some(part) = config.get_mut(*part) else { continue };
        match part.as_array_mut().filter(|layers| layers.iter().any(Value::is_object)) {
            Some(layers) => {
                let calls = layers.iter_mut().filter_map(|layer| layer.get_mut("inbound_nodes"));
                calls.for_each(|calls| each_within(calls, f));
            }
            None => each_within(part, f),
        }
    }
}

fn each_within(value: &mut Value, f: &mut dyn FnMut(&mut String, &mut u64)) {
    match value {
        Value::Array(items) => {
            if let [Value::String(name), call @ Value::Number(_), Value::Number(_), ..] = items.as_mut_slice()
                && let Some(mut number) = call.as_u64()
            {
                f(name, &mut number);
                *call = json!(number);
            }
            items.iter_mut().for_each(|item| each_within(item, f));
        }
        Value::Object(map) => map.values_mut().for_each(|value| each_within(value, f)),
        _ => {}
    }
}

/// Writes a call as Keras 3 does: `{"args", "kwargs"}`.
fn convert_call(call: &mut Value, is_recurrent: bool) {
    let Some(parts) = call.as_array_mut().map(std::mem::take) else { return };
    let tensors = if parts.first().is_some_and(Value::is_string) { vec![Value::Array(parts)] } else { parts };
    let mut kwargs = Map::new();
    for arguments in tensors.iter().filter_map(|tensor| tensor.get(3)?.as_object()) {
        kwargs.extend(arguments.clone());
    }
    kwargs.values_mut().for_each(symbolic);
    // In Keras 2 the mask of the input also reaches a layer that is called with an initial state.
    if is_recurrent && (tensors.len() > 1 || kwargs.contains_key("initial_state")) {
        kwargs.entry("mask").or_insert(json!(PROPAGATED_MASK));
    }
    let mut args: Vec<_> = tensors.iter().map(operations::operand).collect();
    if args.len() > 1 {
        args = vec![args.into()];
    }
    *call = json!({"args": args, "kwargs": kwargs, TRAINING: ALWAYS});
}

/// Writes the tensors among the named arguments as Keras 3 does.
fn symbolic(value: &mut Value) {
    match value.as_array_mut().map(Vec::as_mut_slice) {
        Some([Value::String(_), Value::Number(_), Value::Number(_)]) => *value = operations::operand(value),
        Some(items) => items.iter_mut().for_each(symbolic),
        None => {}
    }
}
