//! Creates layers from Keras's class names and configurations.

use super::custom_objects::{CustomObjects, names};
use crate::Result;
pub(crate) use candle_keras_layers::registry::CLASSES;
use candle_keras_layers::registry::layer_from_config;
use candle_keras_layers::{Config, Layer};
use candle_keras_ops::{Error, is_in_keras};
use std::sync::Arc;

/// Whether Keras has a layer of this class.
pub(crate) fn is_known(class_name: &str) -> bool {
    class_name == "Lambda" || CLASSES.contains(&class_name)
}

/// The layer of this Keras configuration: `{"module", "class_name", "config", "registered_name"}`.
pub(super) fn layer(object: &Config, objects: &CustomObjects) -> Result<Arc<dyn Layer>> {
    let class_name = object["class_name"].as_str().unwrap_or_default();
    let mut config = object["config"].clone();
    let name = config["name"].as_str().unwrap_or(class_name).to_string();
    let mut made = || {
        if !config.is_object() {
            return Err(Error::new("the layer has no configuration").received(object.to_string()));
        }
        if let Some(own) = objects.find_layer(&names(object).collect::<Vec<_>>(), &config) {
            return own;
        }
        if class_name == "Lambda" {
            return lambda(&name, &config, objects);
        }
        // Keras 1 and 2 gave the shape of the input to the first layer of a Sequential, which has read it.
        config.as_object_mut().and_then(|config| config.remove("batch_input_shape"));
        layer_from_config(class_name, config.clone()).unwrap_or_else(|| Err(unknown(object)))
    };
    let layer: Result<Arc<dyn Layer>> = made();
    layer.map_err(|error| error.in_layer(name, class_name))
}

fn unknown(object: &Config) -> Error {
    let class_name = object["class_name"].as_str().unwrap_or_default();
    let error = Error::unknown("layer class", class_name, CLASSES);
    if is_in_keras("layer class", class_name) {
        return error;
    }
    let name = object["registered_name"].as_str().filter(|name| !name.is_empty()).unwrap_or(class_name);
    error.help(format!("a custom layer is registered by its name: CustomObjects::new().layer::<...>({name:?})"))
}

/// The function of a Lambda is Python's; a Rust function replaces it.
fn lambda(name: &str, config: &Config, objects: &CustomObjects) -> Result<Arc<dyn Layer>> {
    let function = &config["function"];
    let known: Vec<&str> = [name].into_iter().chain(names(function)).collect();
    if let Some(lambda) = objects.find_lambda(&known) {
        return Ok(Arc::new(lambda.from_config(config)?));
    }
    let what = match function["class_name"].as_str() {
        Some("__lambda__") => "Python bytecode, which is not executed".to_string(),
        _ => format!("the Python function {:?}", names(function).next().unwrap_or_default()),
    };
    Err(Error::new("the function of a Lambda is not in the file").received(what).help(format!(
        "supply it: LoadModel::new().custom_objects(CustomObjects::new().lambda({name:?}, |x| ...)).load(path)"
    )))
}
