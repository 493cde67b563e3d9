//! The arguments of layers, initializers and regularizers of Keras 1 and 2.

use super::{Version, without_slash};
use candle_keras_layers::activations::HARD_SIGMOID_OF_KERAS_2;
use candle_keras_layers::registry::first_name;
use candle_keras_ops::is_in_keras;
use serde_json::{Map, Value, json};

type Arguments = Map<String, Value>;

/// Earlier names of classes.
const CLASSES: [(&str, &str); 9] = [
    ("Model", "Functional"),
    ("AtrousConvolution1D", "Conv1D"),
    ("AtrousConvolution2D", "Conv2D"),
    ("Deconvolution2D", "Conv2DTranspose"),
    ("Deconvolution3D", "Conv3DTranspose"),
    ("ThresholdedReLU", "ReLU"),
    ("BatchNormalizationV1", "BatchNormalization"),
    ("BatchNormalizationV2", "BatchNormalization"),
    ("SyncBatchNormalization", "BatchNormalization"),
];

/// Keras 3's name of a class. tf.keras put `Custom>` before those of its own optimizers, for example.
pub(super) fn class_name(name: &str) -> &str {
    let name = name.strip_prefix("Custom>").unwrap_or(name);
    CLASSES.iter().find(|(old, _)| *old == name).map_or(first_name(name), |(_, new)| new)
}

/// Keras 1's names of arguments.
const RENAMED: [(&str, &str); 28] = [
    ("nb_filter", "filters"),
    ("border_mode", "padding"),
    ("subsample", "strides"),
    ("subsample_length", "strides"),
    ("stride", "strides"),
    ("filter_length", "kernel_size"),
    ("pool_length", "pool_size"),
    ("length", "size"),
    ("dim_ordering", "data_format"),
    ("atrous_rate", "dilation_rate"),
    ("bias", "use_bias"),
    ("p", "rate"),
    ("sigma", "stddev"),
    ("theta", "threshold"),
    ("init", "kernel_initializer"),
    ("inner_init", "recurrent_initializer"),
    ("gamma_init", "gamma_initializer"),
    ("beta_init", "beta_initializer"),
    ("depthwise_init", "depthwise_initializer"),
    ("pointwise_init", "pointwise_initializer"),
    ("inner_activation", "recurrent_activation"),
    ("W_regularizer", "kernel_regularizer"),
    ("U_regularizer", "recurrent_regularizer"),
    ("b_regularizer", "bias_regularizer"),
    ("W_constraint", "kernel_constraint"),
    ("b_constraint", "bias_constraint"),
    ("dropout_W", "dropout"),
    ("dropout_U", "recurrent_dropout"),
];

/// Arguments that say how something was computed and not what, or that Keras 3 finds out by itself.
const NEEDLESS: [&str; 11] = [
    "implementation",
    "consume_less",
    "input_length",
    "input_shape",
    "input_dtype",
    "query_shape",
    "key_shape",
    "value_shape",
    "experimental_run_tf_function",
    "rng_type",
    "_keras_api_names",
];

/// Converts the arguments of a class.
pub(super) fn convert(class_name: &str, arguments: &mut Arguments, version: Version) {
    if let Some(Value::String(name)) = arguments.get_mut("name") {
        *name = without_slash(name);
    }
    // A custom layer may have arguments of these names.
    let is_local = matches!(class_name, "LocallyConnected1D" | "LocallyConnected2D");
    if is_local || is_in_keras("layer class", class_name) {
        rename(class_name, arguments);
        for needless in NEEDLESS {
            // The kernel of a LocallyConnected layer has another shape in each implementation.
            if !(is_local && needless == "implementation") {
                arguments.remove(needless);
            }
        }
    }
    // The first layer of a Sequential has the shape of the input, which is read from there.
    if class_name == "InputLayer"
        && let Some(shape) = arguments.remove("batch_input_shape")
    {
        arguments.entry("batch_shape").or_insert(shape);
    }
    match arguments.get("dtype") {
        Some(Value::Null) => _ = arguments.remove("dtype"),
        // A policy was an object of another class.
        Some(policy) if policy["config"]["name"].is_string() => {
            let name = policy["config"]["name"].clone();
            arguments.insert("dtype".into(), name);
        }
        _ => {}
    }
    if let Some([axis]) = arguments.get("axis").and_then(Value::as_array).map(Vec::as_slice) {
        let axis = axis.clone();
        arguments.insert("axis".into(), axis);
    }
    for (name, value) in arguments.iter_mut() {
        // An array of NumPy without axes, for a number.
        if value["type"] == "ndarray" && value["value"].is_number() {
            *value = value["value"].clone();
        }
        if name.ends_with("_initializer") {
            initializer(value);
        } else if name.ends_with("_regularizer") {
            regularizer(value);
        } else if name.ends_with("_constraint") {
            constraint(value);
        } else if name.ends_with("activation") {
            activation(value);
        }
    }
    match class_name {
        "ConvLSTM2D" | "GRU" | "LSTM" => recurrent(class_name, arguments, version),
        "Bidirectional" => bidirectional(arguments),
        // An argument of the calls: see calls.rs.
        "AdditiveAttention" | "Attention" => _ = arguments.remove("causal"),
        // A number was the range below 1 as well as above.
        "RandomContrast" => {
            if let Some(factor) = arguments.get_mut("factor").filter(|factor| factor.is_number()) {
                *factor = json!([factor, factor]);
            }
        }
        // These have kernels of other names.
        "DepthwiseConv2D" | "SeparableConv1D" | "SeparableConv2D" => {
            arguments.retain(|name, _| !name.starts_with("kernel_") || name == "kernel_size");
        }
        _ => {}
    }
}

fn rename(class_name: &str, arguments: &mut Arguments) {
    for (old, new) in RENAMED {
        let new = match (class_name, old) {
            ("PReLU", "init") => "alpha_initializer",
            ("Embedding", "init") => "embeddings_initializer",
            ("Embedding", "W_regularizer") => "embeddings_regularizer",
            ("Embedding", "W_constraint") => "embeddings_constraint",
            _ => new,
        };
        if let Some(value) = arguments.remove(old) {
            arguments.entry(new).or_insert(value);
        }
    }
    if class_name == "LeakyReLU"
        && let Some(slope) = arguments.remove("alpha")
    {
        arguments.entry("negative_slope").or_insert(slope);
    }
    if class_name != "Embedding"
        && let Some(units) = arguments.remove("output_dim")
    {
        arguments.entry("units").or_insert(units);
    }
    let sizes = ["nb_row", "nb_col", "kernel_dim1", "kernel_dim2", "kernel_dim3"];
    let sizes: Vec<_> = sizes.iter().filter_map(|size| arguments.remove(*size)).collect();
    if !sizes.is_empty() {
        arguments.entry("kernel_size").or_insert(sizes.into());
    }
    match arguments.get("data_format").and_then(Value::as_str) {
        Some("tf" | "default") => _ = arguments.insert("data_format".into(), json!("channels_last")),
        Some("th") => _ = arguments.insert("data_format".into(), json!("channels_first")),
        _ => {}
    }
    if let Some(bias) = arguments.remove("forget_bias_init") {
        arguments.entry("unit_forget_bias").or_insert(json!(bias == "one"));
    }
    // TensorFlow's layers have groups that Keras's have not.
    if arguments.get("groups").is_some_and(|groups| *groups == 1)
        && !matches!(class_name, "Conv1D" | "Conv2D" | "Conv3D" | "GroupNormalization")
    {
        arguments.remove("groups");
    }
    // Keras 1 normalized in three ways; the first is the one that is left.
    if arguments.get("mode").is_some_and(|mode| *mode == 0) {
        arguments.remove("mode");
    }
    if class_name == "Embedding" && arguments.get("dropout").is_some_and(|rate| *rate == 0.0) {
        arguments.remove("dropout");
    }
}

fn recurrent(class_name: &str, arguments: &mut Arguments, version: Version) {
    // The default until 2.3.
    if (version.major, version.minor) < (2, 3) {
        arguments.entry("recurrent_activation").or_insert(json!(HARD_SIGMOID_OF_KERAS_2));
    }
    if class_name == "GRU" {
        arguments.entry("reset_after").or_insert(json!(false));
    }
}

/// Keras 2 did not write the backward layer if it was like the forward one.
fn bidirectional(arguments: &mut Arguments) {
    let Some(layer) = arguments.get("layer").filter(|_| !arguments.contains_key("backward_layer")).cloned() else {
        return;
    };
    let name = layer["config"]["name"].as_str().unwrap_or_default().to_string();
    let direction = |prefix: &str, backwards: bool| {
        let mut layer = layer.clone();
        if let Some(config) = layer.get_mut("config").and_then(Value::as_object_mut) {
            config.insert("name".into(), json!(format!("{prefix}_{name}")));
            let goes_backwards = config.get("go_backwards") == Some(&json!(true));
            config.insert("go_backwards".into(), json!(goes_backwards != backwards));
        }
        layer
    };
    let (forward, backward) = (direction("forward", false), direction("backward", true));
    arguments.insert("layer".into(), forward);
    arguments.insert("backward_layer".into(), backward);
}

fn initializer(value: &mut Value) {
    let known = [("one", "ones"), ("zero", "zeros"), ("normal", "random_normal"), ("uniform", "random_uniform")];
    if let Some((_, new)) = known.iter().find(|(old, _)| value == old) {
        *value = json!(new);
    }
}

/// Keras 1 wrote `{"name": "WeightRegularizer", "l1": 0, "l2": 0.01}`.
fn regularizer(value: &mut Value) {
    if value["name"].is_string() && value["class_name"].is_null() {
        *value = json!({"class_name": "L1L2", "config": {"l1": value["l1"], "l2": value["l2"]}});
    }
}

/// Keras 1 wrote `{"name": "MaxNorm", "m": 2}`.
fn constraint(value: &mut Value) {
    let Some(class_name) = value["name"].as_str().filter(|_| value["class_name"].is_null()).map(String::from) else {
        return;
    };
    let mut config = value.as_object().cloned().unwrap_or_default();
    config.remove("name");
    for (old, new) in [("m", "max_value"), ("low", "min_value"), ("high", "max_value")] {
        if let Some(value) = config.remove(old) {
            config.insert(new.into(), value);
        }
    }
    *value = json!({"class_name": class_name, "config": config});
}

/// In Keras 1 and 2 it is `0.2 x + 0.5`.
fn activation(value: &mut Value) {
    if *value == "hard_sigmoid" || value["class_name"] == "hard_sigmoid" || value["config"] == "hard_sigmoid" {
        *value = json!(HARD_SIGMOID_OF_KERAS_2);
    }
}
