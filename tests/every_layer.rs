//! Every class of the registry with every bad value of each of its arguments, and with inputs that do not fit: an error that names the class, or a
//! layer whose results have the declared shape. Nothing panics or takes long.

use candle_keras::layers::{Config, KerasTensor, NodeOutput, Shape, call};
use candle_keras::ops::string_tensor;
use candle_keras::prelude::*;
use candle_keras_layers::registry::{CLASSES, layer_from_config};
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one value of an argument may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The required arguments of a class, such as make a layer.
pub fn required(class: &str) -> Value {
    let nested = |class: &str| json!({"module": "keras.layers", "class_name": class, "config": required(class), "registered_name": null});
    match class {
        "Activation" => json!({"activation": "softmax"}),
        "AdaptiveAveragePooling1D" | "AdaptiveMaxPooling1D" => json!({"output_size": 2}),
        "Bidirectional" => {
            let mut backward_layer = nested("LSTM");
            backward_layer["config"]["go_backwards"] = json!(true);
            json!({"layer": nested("LSTM"), "backward_layer": backward_layer})
        }
        "CategoryEncoding" => json!({"num_tokens": 4}),
        "CenterCrop" | "RandomCrop" | "Resizing" => json!({"height": 2, "width": 3}),
        "Dense" | "GRU" | "LSTM" | "SimpleRNN" | "GRUCell" | "LSTMCell" | "SimpleRNNCell" => json!({"units": 2}),
        "Discretization" => json!({"bin_boundaries": [0.0, 1.0]}),
        "Dot" => json!({"axes": -1}),
        "EinsumDense" => json!({"equation": "...x,xy->...y", "output_shape": [2]}),
        "Embedding" | "ReversibleEmbedding" => json!({"input_dim": 4, "output_dim": 2}),
        "GroupNormalization" => json!({"groups": 1}),
        "GroupQueryAttention" => json!({"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1}),
        "HashedCrossing" | "Hashing" => json!({"num_bins": 3}),
        "InputLayer" => json!({"batch_shape": [null, 3]}),
        "IntegerLookup" => json!({"vocabulary": [1, 2]}),
        "MaxNumBoundingBoxes" => json!({"max_number": 2}),
        "MultiHeadAttention" => json!({"num_heads": 2, "key_dim": 2}),
        "Normalization" => json!({"mean": 0.0, "variance": 1.0}),
        "Permute" => json!({"dims": [1]}),
        "Pipeline" => json!({"layers": [nested("Rescaling")]}),
        "RNN" => json!({"cell": nested("GRUCell")}),
        "RandomPosterization" => json!({"factor": 4}),
        "RepeatVector" => json!({"n": 2}),
        "Rescaling" => json!({"scale": 2.0}),
        "Reshape" => json!({"target_shape": [-1]}),
        "STFTSpectrogram" => json!({"frame_length": 2}),
        "SpectralNormalization" | "TimeDistributed" => json!({"layer": nested("Dense")}),
        "StackedRNNCells" => json!({"cells": [nested("LSTMCell"), nested("GRUCell")]}),
        "StringLookup" | "TextVectorization" => json!({"vocabulary": ["a", "b"]}),
        name if name.starts_with("AveragePooling") || name.starts_with("MaxPooling") => json!({"pool_size": 2}),
        "AdaptiveAveragePooling2D" | "AdaptiveMaxPooling2D" => json!({"output_size": [2, 1]}),
        name if name.starts_with("Adaptive") => json!({"output_size": [2, 1, 2]}),
        name if name.starts_with("DepthwiseConv") => json!({"kernel_size": 2}),
        name if name.contains("Conv") || name.starts_with("Locally") => json!({"filters": 2, "kernel_size": 2}),
        name if name.contains("Dropout") => json!({"rate": 0.5}),
        "GaussianNoise" => json!({"stddev": 0.5}),
        "RandomTranslation" => json!({"height_factor": 0.5, "width_factor": 0.5}),
        "RandomZoom" => json!({"height_factor": 0.5}),
        "RandomColorJitter" | "RandomFlip" | "RandomShear" => json!({}),
        name if name.starts_with("Random") => json!({"factor": 0.5}),
        _ => json!({}),
    }
}

fn made(class: &str, config: Value) -> Result<Arc<dyn Layer>> {
    layer_from_config(class, config).expect("the class is in the registry")
}

/// Inputs: how many of which shape and dtype.
type Inputs = (usize, &'static [usize], &'static str);

const SHAPES: [&[usize]; 7] = [&[3], &[4, 3], &[4, 4, 3], &[4, 4, 4, 3], &[2, 4, 4, 4, 3], &[], &[0, 2]];

fn all_inputs() -> impl Iterator<Item = Inputs> {
    let counts = [1, 2, 3];
    counts.into_iter().flat_map(|count| {
        let dtypes = ["float32", "int32", "string"].into_iter();
        dtypes.flat_map(move |dtype| SHAPES.into_iter().map(move |shape| (count, shape, dtype)))
    })
}

/// The layer on these inputs: what it computes for two samples has the declared shape.
fn run(layer: &Arc<dyn Layer>, (count, shape, dtype): Inputs) -> Result<()> {
    let inputs: Vec<KerasTensor> = (0..count).map(|_| Input::shape(shape).dtype(dtype)).collect();
    let nodes = inputs.iter().map(|input| input.output().cloned()).collect::<Result<Vec<NodeOutput>>>()?;
    let outputs = call(layer.clone(), nodes)?;
    let declared: Vec<_> = outputs.iter().map(|output| output.shape().clone()).collect();
    let outputs: Vec<KerasTensor> = outputs.into_iter().map(KerasTensor::from).collect();
    let model = Model::new(inputs, outputs)?;
    let dims = [&[2], shape].concat();
    let elements = dims.iter().product();
    let data = match dtype {
        "string" => string_tensor(&vec!["a"; elements], &dims)?,
        dtype => Tensor::ones(dims.as_slice(), candle_keras::ops::dtype(dtype)?, &Device::Cpu)?,
    };
    let found = model.predict_multiple_with(vec![data; count], Predict::new().verbose(0))?;
    // RandomCrop crops in training alone, whatever it declares, as in Keras.
    let is_declared = layer.class_name() != "RandomCrop";
    let differs = |(declared, found): &(&Shape, &Tensor)| is_declared && !declared.accepts(found.dims());
    match declared.iter().zip(&found).find(differs) {
        Some((declared, found)) => panic!("declared {declared}, found {:?}", found.dims()),
        None => Ok(()),
    }
}

/// Faults of one try: a panic, an error that does not name the class, or a long time.
fn fault(class: &str, what: &str, f: impl FnOnce() -> Result<()>) -> (bool, Option<String>) {
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(f));
    if start.elapsed() > LIMIT {
        return (false, Some(format!("{class}, {what}: {:?}", start.elapsed())));
    }
    match result {
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            (false, Some(format!("{class}, {what}: {}", text.unwrap_or("a panic"))))
        }
        // What Rust's `Debug` writes of enums is not how a user of Keras writes an argument.
        Ok(Err(error))
            if ["Some(", "One(", "Many(", "UpTo(", "All("].iter().any(|form| error.to_string().contains(form)) =>
        {
            (false, Some(format!("{class}, {what}: {error}")))
        }
        // A sublayer names itself by its path.
        Ok(Err(error)) if !error.to_string().contains(class) && !error.to_string().starts_with("layer \"") => {
            (false, Some(format!("{class}, {what}: {error}")))
        }
        Ok(result) => (result.is_ok(), None),
    }
}

/// Inputs that a layer with its required arguments takes.
fn working(class: &str) -> Option<Inputs> {
    let layer = || made(class, required(class)).unwrap_or_else(|error| panic!("{class}: {error}"));
    layer();
    let works = |inputs: &Inputs| matches!(catch_unwind(AssertUnwindSafe(|| run(&layer(), *inputs))), Ok(Ok(())));
    all_inputs().find(works)
}

#[test]
fn every_layer_computes_what_it_declares_or_names_itself() {
    let (mut faults, mut worked, mut refused) = (Vec::new(), 0, 0);
    for &class in CLASSES {
        if working(class).is_none() {
            assert!(class == "InputLayer" || class.contains("Cell"), "{class} takes no input");
        }
        for inputs in all_inputs() {
            let layer = made(class, required(class)).unwrap();
            let (fine, fault) = fault(class, &format!("{inputs:?}"), || run(&layer, inputs));
            *(if fine { &mut worked } else { &mut refused }) += 1;
            faults.extend(fault);
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(worked > 500 && refused > 500, "{worked} worked, {refused} were refused");
}

#[test]
fn every_argument_may_be_wrong() {
    let bad = [
        json!(null),
        json!(0),
        json!(-1),
        json!(1u64 << 62),
        json!(u64::MAX),
        json!(1.5),
        json!(-1e300),
        json!("?"),
        json!([]),
        json!([0]),
        json!([1u64 << 40, 1u64 << 40]),
        json!([[1], "a", null]),
        json!({}),
        json!({"class_name": "Dense", "config": {}}),
        json!(true),
    ];
    let (mut faults, mut worked, mut refused) = (Vec::new(), 0, 0);
    for &class in CLASSES {
        let found = working(class);
        let layer = made(class, required(class)).unwrap();
        let Ok(Config::Object(config)) = layer.get_config() else { panic!("{class} has no configuration") };
        let mut attempt = |what: String, config: Value| {
            let (fine, fault) = fault(class, &what, || {
                let layer = made(class, config)?;
                found.map_or(Ok(()), |inputs| run(&layer, inputs))
            });
            *(if fine { &mut worked } else { &mut refused }) += 1;
            faults.extend(fault);
        };
        for name in config.keys() {
            let mut missing = config.clone();
            missing.remove(name);
            attempt(format!("no {name}"), missing.into());
            for bad in &bad {
                let mut config = config.clone();
                config.insert(name.clone(), bad.clone());
                attempt(format!("{name} = {bad}"), config.into());
            }
        }
        attempt("an unknown argument".into(), json!({"no_such_argument": 1}));
        for whole in &bad {
            attempt(format!("the configuration {whole}"), whole.clone());
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(worked > 1000 && refused > 5000, "{worked} worked, {refused} were refused");
}
