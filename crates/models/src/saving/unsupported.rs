//! All layers of a file that cannot be made, in one message.

use super::custom_objects::CustomObjects;
use super::registry;
use candle_keras_layers::{Config, OperationLayer};
use candle_keras_ops::Error;
use std::collections::BTreeMap;

/// The most names of layers in a line.
const MOST_NAMES: usize = 5;

/// The error of a model's configuration: `first`, or all that are like it if there are several.
pub(super) fn all(object: &Config, objects: &CustomObjects, first: Error) -> Error {
    let mut errors = Vec::new();
    collect(object, objects, &mut errors);
    if errors.len() < 2 {
        return first;
    }
    let count = errors.len();
    // Layers with the same fault share a line.
    let mut lines: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for error in errors {
        let Error::Layer { name, class, cause } = error else { continue };
        lines.entry((class, cause.in_short())).or_default().push(name);
    }
    let line = |((class, cause), names): ((String, String), Vec<String>)| {
        let more = names.len().saturating_sub(MOST_NAMES);
        let shown = names[..names.len() - more].join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("\n  {class} ({shown}{more}): {cause}")
    };
    let lines: String = lines.into_iter().map(line).collect();
    Error::new(format!("{count} layers of the model cannot be made{lines}"))
        .help("custom layers are registered by their names: CustomObjects::new().layer::<...>(\"Name\")")
}

/// The errors of the layers, those of the models inside included.
fn collect(object: &Config, objects: &CustomObjects, errors: &mut Vec<Error>) {
    let config = &object["config"];
    for layer in config["layers"].as_array().or(config.as_array()).into_iter().flatten() {
        let class_name = layer["class_name"].as_str().unwrap_or_default();
        let name = || layer["config"]["name"].as_str().unwrap_or(class_name).to_string();
        if layer["config"]["layers"].is_array() {
            collect(layer, objects, errors);
        } else if layer["module"].as_str().is_some_and(|module| module.starts_with("keras.src.ops")) {
            let made = OperationLayer::from_keras(class_name, &layer["config"], &layer["inbound_nodes"][0]);
            errors.extend(made.err().map(|error| error.in_layer(name(), class_name)));
        } else {
            errors.extend(registry::layer(layer, objects).err());
        }
    }
}
