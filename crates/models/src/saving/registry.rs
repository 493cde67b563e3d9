//! Keras's class names, and what makes a layer of each.

use super::custom_objects::{CustomObjects, names};
use crate::Result;
use candle_keras_layers::*;
use candle_keras_ops::Error;
use std::sync::Arc;

/// The layers that files may have: the arguments that a file must say, and those that the layer has where it says nothing. A new
/// layer is one line.
macro_rules! layers {
    ($($class:ident($($required:literal),*) => $default:expr;)*) => {
        /// Every class, for messages and tests.
        pub(crate) const CLASSES: &[&str] = &[$(stringify!($class)),*];

        fn known(class_name: &str, config: &Config) -> Option<Result<Arc<dyn Layer>>> {
            Some(match class_name {
                $(stringify!($class) => complete(config, &[$($required),*], || $default.get_config())
                    .and_then(|config| from_config::<$class>(class_name, config))
                    .map(|layer| Arc::new(layer) as Arc<dyn Layer>),)*
                _ => return None,
            })
        }
    };
}

layers! {
    Activation("activation") => Activation::new("linear");
    Add() => Add::new();
    Average() => Average::new();
    AveragePooling1D("pool_size") => AveragePooling1D::new(1);
    AveragePooling2D("pool_size") => AveragePooling2D::new(1);
    BatchNormalization() => BatchNormalization::new();
    Bidirectional("layer") => Bidirectional::new(SimpleRNN::new(1));
    Concatenate() => Concatenate::new();
    Conv1D("filters", "kernel_size") => Conv1D::new(1, 1);
    Conv2D("filters", "kernel_size") => Conv2D::new(1, 1);
    Dense("units") => Dense::new(1);
    Dot("axes") => Dot::new(1);
    Dropout("rate") => Dropout::new(0.0);
    Embedding("input_dim", "output_dim") => Embedding::new(1, 1);
    Flatten() => Flatten::new();
    GlobalAveragePooling1D() => GlobalAveragePooling1D::new();
    GRU("units") => GRU::new(1);
    GlobalAveragePooling2D() => GlobalAveragePooling2D::new();
    GlobalMaxPooling1D() => GlobalMaxPooling1D::new();
    GlobalMaxPooling2D() => GlobalMaxPooling2D::new();
    GroupNormalization() => GroupNormalization::new();
    InputLayer("batch_shape") => InputLayer::new([0usize; 0]);
    LSTM("units") => LSTM::new(1);
    LayerNormalization() => LayerNormalization::new();
    MaxPooling1D("pool_size") => MaxPooling1D::new(1);
    MaxPooling2D("pool_size") => MaxPooling2D::new(1);
    Maximum() => Maximum::new();
    Minimum() => Minimum::new();
    MultiHeadAttention("num_heads", "key_dim") => MultiHeadAttention::new(1, 1);
    Multiply() => Multiply::new();
    RMSNormalization() => RMSNormalization::new();
    Reshape("target_shape") => Reshape::new([]);
    SimpleRNN("units") => SimpleRNN::new(1);
    Subtract() => Subtract::new();
}

/// Whether Keras has a layer of this class.
pub(crate) fn is_known(class_name: &str) -> bool {
    class_name == "Lambda" || CLASSES.contains(&class_name)
}

/// The configuration of a file with the defaults for what it does not say.
fn complete(config: &Config, required: &[&str], default: impl FnOnce() -> Result<Config>) -> Result<Config> {
    if let Some(missing) = required.iter().find(|name| config[**name].is_null()) {
        return Err(Error::new(format!("the configuration has no {missing}")));
    }
    let mut all = default()?;
    if let (Some(all), Some(said)) = (all.as_object_mut(), config.as_object()) {
        all.extend(said.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    Ok(all)
}

/// The layer that Keras describes by this object: `{"module", "class_name", "config", "registered_name"}`.
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
        from_keras_2(class_name, &mut config);
        known(class_name, &config).unwrap_or_else(|| Err(unknown(object)))
    };
    let layer: Result<Arc<dyn Layer>> = made();
    layer.map_err(|error| error.in_layer(name, class_name))
}

fn unknown(object: &Config) -> Error {
    let class_name = object["class_name"].as_str().unwrap_or_default();
    let error = Error::unknown("layer class", class_name, CLASSES);
    match object["registered_name"].as_str().filter(|name| *name != class_name) {
        Some(registered) => error.help(format!("CustomObjects::new().layer::<...>({registered:?}) says what makes it")),
        None => error,
    }
}

/// The function of a Lambda is Python's; its place is taken by one in Rust.
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

/// What Keras 2 called otherwise, and what its first layers said of the input.
fn from_keras_2(class_name: &str, config: &mut Config) {
    let Some(config) = config.as_object_mut() else { return };
    let input_shape = config.remove("batch_input_shape");
    if let ("InputLayer", Some(shape)) = (class_name, input_shape) {
        config.entry("batch_shape").or_insert(shape);
    }
    for unused in ["input_length", "input_shape"] {
        config.remove(unused);
    }
}
