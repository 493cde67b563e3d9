//! Configurations of Keras 1 and 2 in the form of Keras 3, with the meaning that they had.

mod arguments;
mod calls;
mod operations;
mod optimizer;
mod training;

pub(super) use optimizer::read_optimizer;
pub(super) use training::training;

use crate::Result;
use candle_keras_layers::Config;
use candle_keras_ops::Error;
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

/// An error if the file has kernels of convolutions in an order that is not converted here, though they may have the right shape: those of Keras 1
/// with the channels first, and those of Theano, which are mirrored.
pub(super) fn check_kernels(object: &Config, version: Version, backend: Option<&str>) -> Result<()> {
    let of_keras_1 = |config: &Config| {
        let format = config["dim_ordering"].as_str().or(config["data_format"].as_str());
        version.major == 1 && matches!(format, Some("th" | "channels_first"))
    };
    let is_other = |layer: &Config| {
        let class_name = arguments::class_name(layer["class_name"].as_str().unwrap_or_default());
        class_name.contains("Conv") && (backend == Some("theano") || of_keras_1(&layer["config"]))
    };
    let config = &object["config"];
    for layer in config["layers"].as_array().or(config.as_array()).into_iter().flatten() {
        let name = layer["config"]["name"].as_str().unwrap_or_default();
        if is_other(layer) {
            return Err(Error::new("the kernels of this file are in an order that is not converted here")
                .expected("those of Keras 2 or 3 on TensorFlow")
                .received("those of Keras 1 with channels first, or of Theano")
                .help("open the file with Keras 2 and save it again")
                .in_layer(name, layer["class_name"].as_str().unwrap_or_default()));
        }
        if layer["config"].is_object() || layer["config"].is_array() {
            check_kernels(layer, version, backend)?;
        }
    }
    Ok(())
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
            "Functional" => calls::convert(config),
            _ => arguments::convert(&class_name, config, version),
        }
    }
}

/// Keras 3 has no slashes in names.
fn without_slash(name: &str) -> String {
    name.replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_in_another_order_are_refused() {
        let of = |config: Value| json!({"class_name": "Sequential", "config": [{"class_name": "Convolution2D", "config": config}]});
        let (first, last) =
            (of(json!({"name": "c", "dim_ordering": "th"})), of(json!({"name": "c", "dim_ordering": "tf"})));
        let version = |text: &str| Version::new(Some(text), &Value::Null);
        let error = check_kernels(&first, version("1.2.2"), None).unwrap_err().to_string();
        assert!(
            error.contains("layer \"c\" (Convolution2D)") && error.contains("Keras 1 with channels first"),
            "{error}"
        );
        assert!(check_kernels(&last, version("1.2.2"), Some("tensorflow")).is_ok());
        assert!(check_kernels(&first, version("2.2.4-tf"), None).is_ok());
        assert!(check_kernels(&last, version("2.0.8"), Some("theano")).is_err());
        let nested = json!({"class_name": "Model", "config": {"layers": [first]}});
        assert!(check_kernels(&nested, version("1.0"), None).is_err());
    }

    #[test]
    fn an_attention_was_causal_as_a_layer() {
        let call = json!([["x", 0, 0, {}], ["x", 0, 0, {}]]);
        let attention = json!({"class_name": "Attention", "name": "a", "config": {"name": "a", "causal": true}, "inbound_nodes": [call]});
        let object = json!({"class_name": "Functional", "config": {"layers": [attention]}});
        let object = model(object, Version::new(Some("2.4.0"), &Value::Null));
        let layer = &object["config"]["layers"][0];
        assert_eq!(layer["inbound_nodes"][0]["kwargs"]["use_causal_mask"], true);
        assert!(layer["config"].get("causal").is_none());
    }

    #[test]
    fn arguments_of_keras_1_are_those_of_keras_3() {
        let version = Version::new(Some("1.2.2"), &Value::Null);
        let layer = |class_name: &str, config: Value| {
            let object = model(json!({"class_name": class_name, "config": config}), version);
            (object["class_name"].as_str().unwrap().to_string(), object["config"].clone())
        };
        let conv = json!({"name": "a/b", "nb_filter": 4, "nb_row": 3, "nb_col": 2, "border_mode": "same", "subsample": [1, 1], "dim_ordering": "tf",
            "init": "uniform", "bias": true, "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.5}});
        let expected = json!({"name": "a_b", "filters": 4, "kernel_size": [3, 2], "padding": "same", "strides": [1, 1], "data_format": "channels_last",
            "kernel_initializer": "random_uniform", "use_bias": true,
            "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}}});
        assert_eq!(layer("Convolution2D", conv), ("Conv2D".into(), expected));
        let lstm = json!({"output_dim": 5, "inner_activation": "hard_sigmoid", "forget_bias_init": "one", "consume_less": "cpu", "dropout_U": 0.1});
        let expected = json!({"units": 5, "recurrent_activation": "hard_sigmoid_of_keras_2", "unit_forget_bias": true, "recurrent_dropout": 0.1});
        assert_eq!(layer("LSTM", lstm), ("LSTM".into(), expected));
        let embedding =
            json!({"input_dim": 9, "output_dim": 2, "input_length": 3, "dropout": 0.0, "W_constraint": null});
        let expected = json!({"input_dim": 9, "output_dim": 2, "embeddings_constraint": null});
        assert_eq!(layer("Embedding", embedding), ("Embedding".into(), expected));
        let prelu = json!({"init": "zero", "alpha_constraint": {"name": "MaxNorm", "m": 2, "axis": 0}});
        let max_norm = json!({"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 0}});
        let expected = json!({"alpha_initializer": "zeros", "alpha_constraint": max_norm});
        assert_eq!(layer("PReLU", prelu), ("PReLU".into(), expected));
        let number = json!({"type": "ndarray", "value": 0.5});
        let relu = |argument: &str| json!({ argument: 0.5 });
        assert_eq!(layer("LeakyReLU", json!({ "alpha": number })), ("LeakyReLU".into(), relu("negative_slope")));
        assert_eq!(layer("ThresholdedReLU", json!({ "theta": number })), ("ReLU".into(), relu("threshold")));
        assert_eq!(layer("ELU", json!({ "alpha": number })), ("ELU".into(), relu("alpha")));
        assert_eq!(layer("MaxPool2D", json!({})), ("MaxPooling2D".into(), json!({})));
        // A custom layer keeps its arguments.
        let own = json!({"p": 0.5, "bias": 1, "length": 2});
        assert_eq!(layer("Mine", own.clone()), ("Mine".into(), own));
    }
}
