//! Configurations of Keras 1 and 2 in the form of Keras 3, with the meaning that they had.

mod arguments;
mod calls;
mod operations;
mod optimizer;
mod training;

pub(super) use optimizer::read_optimizer;
pub(super) use training::training;

use candle_keras_layers::Config;
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
            "Functional" => calls::convert(config),
            _ => arguments::convert(&class_name, config, version),
        }
    }
}

/// Keras 3 has no slashes in names.
fn without_slash(name: &str) -> String {
    name.replace('/', "_")
}
