//! Configurations of Keras 1 and 2 in the form of Keras 3, with the meaning that they had.

mod arguments;
mod operations;
mod optimizer;
mod training;

pub(super) use optimizer::read_optimizer;
pub(super) use training::training;

use candle_keras_layers::{Config, PROPAGATED_MASK};
use serde_json::{Map, Value, json};

/// The version of Keras that wrote a configuration.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// From text such as `2.2.4-tf`; without it, by the form of the configuration: only Keras 3 names the modules of layers.
    pub(super) fn new(text: Option<&str>, object: &Config) -> Self {
        let is_ours = object["written_by"] == crate::config::WRITTEN_BY;
        let text = text.or(object["keras_version"].as_str());
        let mut numbers = text.into_iter().flat_map(|text| text.split('.')).map_while(|part| part.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), minor) => Self { major, minor: minor.unwrap_or(0) },
            _ if is_ours || object["module"].is_string() => Self { major: 3, minor: 0 },
            _ => Self { major: 2, minor: 0 },
        }
    }

    /// Whether it is Keras 1 or 2.
    pub(super) fn is_older(self) -> bool {
        self.major < 3
    }
}

/// The configuration of a model as Keras 3 would have written it.
pub(super) fn model(mut object: Config, version: Version) -> Config {
    if version.is_older() {
        convert(&mut object, version);
    }
    object
}

/// Converts all objects in a configuration, from the outside in.
fn convert(value: &mut Value, version: Version) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| convert(item, version)),
        Value::Object(map) => {
            if map.get("class_name").is_some_and(Value::is_string) {
                convert_object(map, version);
            }
            map.values_mut().for_each(|value| convert(value, version));
        }
        _ => {}
    }
}

fn convert_object(object: &mut Map<String, Value>, version: Version) {
    let class_name = arguments::class_name(object["class_name"].as_str().unwrap_or_default()).to_string();
    object.insert("class_name".into(), json!(class_name));
    if let Some(Value::String(name)) = object.get_mut("name") {
        *name = without_slash(name);
    }
    if let Some(config) = object.get_mut("config").and_then(Value::as_object_mut) {
        match class_name.as_str() {
            "Functional" => functional(config),
            _ => arguments::convert(&class_name, config, version),
        }
    }
}

/// Converts what is outside of the layers of a functional model: the names, which may have slashes, and the operations of TensorFlow.
fn functional(config: &mut Map<String, Value>) {
    for end in ["input_layers", "output_layers"] {
        config.get_mut(end).into_iter().for_each(rename);
    }
    for layer in config.get_mut("layers").and_then(Value::as_array_mut).into_iter().flatten() {
        layer.get_mut("inbound_nodes").into_iter().for_each(rename);
        operations::convert(layer);
    }
    count_calls_from_0(config);
    for layer in config.get_mut("layers").and_then(Value::as_array_mut).into_iter().flatten() {
        let is_recurrent = layer["class_name"].as_str().is_some_and(|name| RECURRENT.contains(&name));
        layer.get_mut("inbound_nodes").into_iter().for_each(|nodes| calls(nodes, is_recurrent));
    }
}

/// In Keras 2 the creation of a functional model was its first call, which the numbers of its calls counted. In Keras 3 only the outputs of a
/// model do.
fn count_calls_from_0(config: &mut Map<String, Value>) {
    let layers = config.get("layers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let called: Vec<(String, bool, u64)> = layers
        .iter()
        .filter_map(|layer| {
            let class_name = layer["class_name"].as_str()?;
            let calls = layer["inbound_nodes"].as_array()?.len() as u64;
            let is_functional = matches!(class_name, "Functional" | "Model");
            let name = layer["name"].as_str()?.to_string();
            (is_functional || class_name == "Sequential").then_some((name, is_functional, calls))
        })
        .collect();
    if called.is_empty() {
        return;
    }
    let mut highest = std::collections::HashMap::new();
    let mut ends = ["input_layers", "output_layers"].map(|end| config.get(end).cloned().unwrap_or_default());
    let mut note = |name: &str, node: &mut u64| {
        let highest: &mut u64 = highest.entry(name.to_string()).or_default();
        *highest = (*highest).max(*node);
    };
    config.get_mut("layers").into_iter().for_each(|layers| each_history(layers, &mut note));
    ends.iter_mut().for_each(|end| each_history(end, &mut note));
    // Whether a Sequential was counted so depends on the version: then a call has the number of all calls.
    let counted = |name: &str| {
        let of = called.iter().find(|(known, ..)| known == name);
        of.filter(|(_, is_functional, calls)| *is_functional || highest.get(name) == Some(calls))
    };
    let mut from_0 = |name: &str, node: &mut u64| {
        if counted(name).is_some() {
            *node = node.saturating_sub(1);
        }
    };
    config.get_mut("layers").into_iter().for_each(|layers| each_history(layers, &mut from_0));
    let mut sequential_from_0 = |name: &str, node: &mut u64| {
        if counted(name).is_some_and(|(_, is_functional, _)| !is_functional) {
            *node = node.saturating_sub(1);
        }
    };
    for end in ["input_layers", "output_layers"] {
        config.get_mut(end).into_iter().for_each(|end| each_history(end, &mut sequential_from_0));
    }
}

/// Calls `f` with the layer and the number of the call of each `[layer, call, output]` at this level: not in the models inside.
fn each_history(value: &mut Value, f: &mut impl FnMut(&str, &mut u64)) {
    match value {
        Value::Array(items) => match items.as_mut_slice() {
            [Value::String(name), node @ Value::Number(_), Value::Number(_), rest @ ..] => {
                if let Some(mut number) = node.as_u64() {
                    f(name, &mut number);
                    *node = json!(number);
                }
                rest.iter_mut().for_each(|value| each_history(value, f));
            }
            items => items.iter_mut().for_each(|item| each_history(item, f)),
        },
        Value::Object(map) => {
            let inner = |(name, value): (String, &mut Value)| {
                if name != "config" {
                    each_history(value, f)
                }
            };
            map.iter_mut().map(|(name, value)| (name.clone(), value)).for_each(inner);
        }
        _ => {}
    }
}

/// Layers that may be called with an initial state.
const RECURRENT: [&str; 9] =
    ["Bidirectional", "ConvLSTM2D", "CuDNNGRU", "CuDNNLSTM", "GRU", "LSTM", "LSTMV2", "RNN", "SimpleRNN"];

/// Keras 3 has no slashes in names.
fn without_slash(name: &str) -> String {
    name.replace('/', "_")
}

/// Replaces the slashes in the names of `[layer, call, output]`, at any depth.
fn rename(value: &mut Value) {
    match value {
        Value::Array(items) => match items.as_mut_slice() {
            [Value::String(name), Value::Number(_), Value::Number(_), rest @ ..] => {
                *name = without_slash(name);
                rest.iter_mut().for_each(rename);
            }
            items => items.iter_mut().for_each(rename),
        },
        Value::Object(map) => map.values_mut().for_each(rename),
        _ => {}
    }
}

/// Converts the named arguments of the calls of a layer, which come behind the tensors: `[[layer, call, output, arguments], ...]`.
fn calls(nodes: &mut Value, is_recurrent: bool) {
    for node in nodes.as_array_mut().into_iter().flatten() {
        let tensors = match node.get(0) {
            Some(Value::String(_)) => std::slice::from_mut(node),
            _ => node.as_array_mut().map_or(&mut [][..], Vec::as_mut_slice),
        };
        let several = tensors.len() > 1;
        for arguments in tensors.iter_mut().filter_map(|tensor| tensor.get_mut(3)?.as_object_mut()) {
            // In Keras 2 the mask of the input also reaches a layer that is called with an initial state.
            if is_recurrent && (several || arguments.contains_key("initial_state")) {
                arguments.entry("mask").or_insert(json!(PROPAGATED_MASK));
            }
            arguments.values_mut().for_each(symbolic);
        }
    }
}

/// Writes the tensors among the named arguments as Keras 3 does.
fn symbolic(value: &mut Value) {
    match value.as_array_mut().map(Vec::as_mut_slice) {
        Some([Value::String(_), Value::Number(_), Value::Number(_)]) => *value = operations::operand(value),
        Some(items) => items.iter_mut().for_each(symbolic),
        None => {}
    }
}
