//! Random graphs: models of any layers and operations with any arguments, sizes and dtypes.
//!
//! A graph that cannot be made, run, trained or saved is an error. Nothing panics, aborts or takes long; a model that is saved is loaded again,
//! and predicts the same bits. `GRAPHS="0 100000" cargo test --release --test tests graphs -- --ignored --nocapture` runs many seeds;
//! `ulimit -v` around it bounds the memory, and the last seed that was printed is the one that ended the process.

use candle_keras::layers::{
    Argument, AveragePooling1D, Config, KerasTensor, MaxPooling1D, NodeOutput, OperationLayer, UpSampling2D,
    ZeroPadding1D, call,
};
use candle_keras::ops;
use candle_keras::ops::random::Stream;
use candle_keras::prelude::*;
use candle_keras::utils::{set_random_seed, warnings};
use candle_keras_layers::registry::{CLASSES, layer_from_config};
use candle_keras_ops::functions::classes;
use candle_keras_ops::operations::Squeeze;
use candle_keras_ops::{Operation, dtype, json::number as number_in_files};
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a graph may take.
const LIMIT: Duration = Duration::from_secs(10);

struct Draw(Stream);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound.max(1) as u64) as usize
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// A size: mostly a small one, or one that no machine has memory for.
    fn size(&mut self) -> u64 {
        if self.one_in(12) { self.of(&[0, 17, 40, 1 << 40, 1 << 43, u64::MAX]) } else { self.of(&[1, 1, 2, 2, 3, 4]) }
    }

    fn axis(&mut self) -> i64 {
        if self.one_in(12) { self.of(&[7, -9, i64::MIN, i64::MAX]) } else { self.of(&[-1, -1, 1, 1, 2, -2, 0]) }
    }

    /// A number of an argument.
    fn number(&mut self) -> f64 {
        self.of(&[0.0, 0.5, 1.0, -1.0, 2.0, 2.5, 1e-3, -1e4, 1e300, f64::INFINITY, f64::NAN])
    }

    /// A number of the data.
    fn value(&mut self) -> f64 {
        if self.one_in(40) { self.of(&[f64::NAN, f64::INFINITY, -1e30]) } else { self.below(5) as f64 / 2.0 }
    }

    fn dtype(&mut self) -> &'static str {
        let others = ["float16", "bfloat16", "float64", "int32", "int64", "uint8", "uint32", "bool"];
        if self.one_in(2) { "float32" } else { self.of(&others) }
    }

    fn activation(&mut self) -> &'static str {
        self.of(&[
            "relu",
            "sigmoid",
            "tanh",
            "softmax",
            "elu",
            "gelu",
            "sparsemax",
            "hard_sigmoid",
            "linear",
            "squareplus",
        ])
    }
}

/// The required arguments of a layer, and its sublayers.
fn required(class: &str, draw: &mut Draw) -> Value {
    let sizes = |draw: &mut Draw| json!(draw.size());
    let nested = |class: &str, draw: &mut Draw| json!({"module": "keras.layers", "class_name": class, "config": required(class, draw), "registered_name": null});
    match class {
        "Activation" => json!({"activation": draw.activation()}),
        "MultiHeadAttention" => json!({"num_heads": sizes(draw), "key_dim": sizes(draw)}),
        "Dense" | "GRU" | "LSTM" | "SimpleRNN" | "GRUCell" | "LSTMCell" | "SimpleRNNCell" => {
            json!({"units": sizes(draw)})
        }
        "Embedding" => json!({"input_dim": draw.of(&[0, 1, 5, 50]), "output_dim": sizes(draw)}),
        "Dot" => json!({"axes": draw.axis()}),
        "Dropout" => json!({"rate": draw.of(&[0.0, 0.5, 1.0])}),
        "Reshape" => {
            json!({"target_shape": (0..draw.below(4)).map(|_| draw.of(&[-1, 1, 2, 3, 6, 0])).collect::<Vec<i64>>()})
        }
        "Bidirectional" => {
            let class = draw.of(&["LSTM", "GRU", "SimpleRNN"]);
            let (layer, mut backward_layer) = (nested(class, draw), nested(class, draw));
            backward_layer["config"]["go_backwards"] = json!(true);
            json!({"layer": layer, "backward_layer": backward_layer})
        }
        "TimeDistributed" => {
            json!({"layer": nested(draw.of(&["Dense", "Flatten", "Conv1D", "LSTM", "Activation"]), draw)})
        }
        "RNN" => json!({"cell": nested(draw.of(&["LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"]), draw)}),
        "StackedRNNCells" => json!({"cells": [nested("LSTMCell", draw), nested("GRUCell", draw)]}),
        "InputLayer" => json!({"batch_shape": [null, 3]}),
        name if name.starts_with("DepthwiseConv") => json!({"kernel_size": sizes(draw)}),
        name if name.starts_with("Max") && name.contains("Pooling") || name.starts_with("AveragePooling") => {
            json!({"pool_size": sizes(draw)})
        }
        name if name.starts_with("UpSampling") => json!({"size": sizes(draw)}),
        name if name.starts_with("Cropping") => json!({"cropping": sizes(draw)}),
        name if name.starts_with("ZeroPadding") => json!({"padding": sizes(draw)}),
        name if name.contains("Conv") => json!({"filters": sizes(draw), "kernel_size": sizes(draw)}),
        _ => super::every_layer::required(class),
    }
}

/// Another value in place of one, mostly of its type.
fn replaced(value: &Value, draw: &mut Draw) -> Value {
    if draw.one_in(15) {
        return draw.of(&[json!(null), json!(-1), json!("?"), json!([]), json!([1, 2]), json!({}), json!(1.5)]);
    }
    match value {
        Value::Bool(bool) => json!(!bool),
        Value::Number(number) if number.is_f64() => number_in_files(draw.number()),
        Value::Number(_) if draw.one_in(3) => json!(draw.axis()),
        Value::Number(_) => json!(draw.size()),
        Value::Array(items) => {
            items.iter().map(|item| if draw.one_in(2) { replaced(item, draw) } else { item.clone() }).collect()
        }
        Value::String(_) => {
            let activation = draw.activation();
            json!(draw.of(&[
                activation,
                "valid",
                "same",
                "causal",
                "channels_first",
                "channels_last",
                "nearest",
                "bilinear",
                "ones",
                "sum",
                "concat"
            ]))
        }
        Value::Null => draw.of(&[json!("l2"), json!("relu"), json!(2), json!("ones"), json!("non_neg"), json!([1, 2])]),
        Value::Object(_) => value.clone(),
    }
}

/// A layer with some of its arguments replaced.
fn layer(draw: &mut Draw) -> Option<Arc<dyn Layer>> {
    let class = draw.of(CLASSES);
    let config = required(class, draw);
    let made = |config: Config| layer_from_config(class, config).and_then(Result::ok);
    let layer = made(config)?;
    let Ok(Value::Object(mut config)) = layer.get_config() else { return Some(layer) };
    for _ in 0..draw.below(4) {
        let names: Vec<String> = config.keys().filter(|name| *name != "name").cloned().collect();
        let name = draw.of(&names);
        let value = match name.as_str() {
            "dtype" => {
                json!(draw.of(&["float32", "float32", "float16", "bfloat16", "float64", "mixed_float16", "int32"]))
            }
            _ => replaced(&config[&name], draw),
        };
        config.insert(name, value);
    }
    // A file gives each layer a name; without one they are counted.
    config.remove("name");
    made(config.into())
}

/// An operation with any arguments, mostly such as fit.
fn operation(draw: &mut Draw) -> Operation {
    let class = draw.of(classes());
    let any = Operation::any(class, &mut draw.0);
    let (mut config, in_call) = any.config();
    config.extend(class.in_call.iter().map(|name| name.to_string()).zip(in_call));
    let fitting: [(&str, Value); 4] = [
        ("axis", json!(draw.axis())),
        ("dtype", json!(draw.dtype())),
        ("newshape", json!([-1, draw.of(&[1, 2, 3, 6, 0])])),
        ("axes", draw.of(&[Value::Null, json!([0, 2, 1]), json!([1, 0]), json!([0, 1])])),
    ];
    for (name, value) in fitting {
        if config.contains_key(name) && !draw.one_in(4) {
            config[name] = value;
        }
    }
    Operation::from_keras(class.name, &config).unwrap_or(any)
}

/// An operation with operands that are tensors, numbers or arrays.
fn operation_layer(draw: &mut Draw) -> Option<(Arc<dyn Layer>, usize)> {
    let operation = operation(draw);
    let count = (*operation.operands().end()).min(1 + draw.below(3)).max(*operation.operands().start());
    let mut tensors = 0;
    let mut arguments = Vec::new();
    for i in 0..count {
        arguments.push(match draw.below(6) {
            0 if tensors > 0 || i + 1 < count => match (draw.one_in(2), serde_json::Number::from_f64(draw.number())) {
                (true, Some(number)) => Argument::Number(number),
                _ => {
                    let array = Tensor::new(&[draw.number(), draw.number()], &Device::Cpu).unwrap();
                    Argument::Array(array.to_dtype(dtype(draw.dtype()).unwrap()).unwrap())
                }
            },
            _ => {
                tensors += 1;
                Argument::Input
            }
        });
    }
    let layer = OperationLayer::new(operation, arguments).ok()?;
    Some((Arc::new(layer), tensors))
}

/// A model, and how many layers and operations it has.
fn model(draw: &mut Draw) -> Option<Model> {
    let mut tensors: Vec<NodeOutput> = Vec::new();
    for _ in 0..1 + draw.below(2) {
        let rank = draw.of(&[0, 1, 1, 2, 2, 2, 3, 3, 4]);
        let shape: Vec<Option<usize>> = (0..rank)
            .map(|_| draw.of(&[None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(4), Some(6)]))
            .collect();
        let input = Input::shape(candle_keras::layers::Shape::from_iter(shape)).dtype(draw.dtype());
        tensors.extend(input.output().ok().cloned());
    }
    let inputs = tensors.clone();
    for _ in 0..2 + draw.below(7) {
        let (layer, count) = if draw.one_in(2) {
            let Some(layer) = layer(draw) else { continue };
            let merges = [
                "Add",
                "AdditiveAttention",
                "Attention",
                "Average",
                "Concatenate",
                "Dot",
                "GroupQueryAttention",
                "Maximum",
                "Minimum",
                "Multiply",
                "Subtract",
                "MultiHeadAttention",
            ];
            let count = if merges.contains(&layer.class_name()) { 2 } else { 1 };
            (layer, count)
        } else {
            let Some(operation) = operation_layer(draw) else { continue };
            operation
        };
        // Mostly the latest tensors.
        let chosen = (0..count).map(|_| {
            let last = tensors.len().saturating_sub(1 + draw.below(3));
            tensors[if draw.one_in(4) { draw.below(tensors.len()) } else { last }].clone()
        });
        tensors.extend(call(layer, chosen.collect()).into_iter().flatten());
    }
    let outputs: Vec<KerasTensor> =
        tensors[inputs.len()..].iter().rev().take(1 + draw.below(2)).cloned().map(KerasTensor::from).collect();
    let inputs: Vec<KerasTensor> = inputs.into_iter().map(KerasTensor::from).collect();
    if outputs.is_empty() { None } else { Model::new(inputs, outputs).ok() }
}

/// The numbers as bits; those that are none are equal.
fn bits(outputs: &[Tensor]) -> Vec<(Vec<usize>, Vec<u64>)> {
    let of = |x: &Tensor| {
        let numbers = x.contiguous()?.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
        let bits = |x: f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
        Ok((x.dims().to_vec(), numbers.into_iter().map(bits).collect()))
    };
    outputs.iter().map(|x| of(x).unwrap_or_else(|error: candle_keras::candle_core::Error| panic!("{error}"))).collect()
}

/// How far a graph came.
#[derive(Debug, Default, Clone, Copy)]
struct Reached {
    made: usize,
    predicted: usize,
    trained: usize,
    loaded: usize,
}

fn graph(seed: u64, folder: &Path) -> Reached {
    let draw = &mut Draw(Stream::new(seed, 5));
    set_random_seed(seed);
    let mut reached = Reached::default();
    let Some(mut model) = model(draw) else { return reached };
    reached.made = 1;
    let unknown = draw.of(&[1, 2, 3, 4]);
    let batch = draw.of(&[2, 2, 2, 1, 3, 0]);
    let inputs = model.inputs().unwrap();
    let data: Vec<Tensor> = inputs
        .iter()
        .map(|input| {
            let shape = input.shape().unwrap();
            let dims: Vec<usize> =
                std::iter::once(batch).chain(shape.iter().skip(1).map(|size| size.unwrap_or(unknown))).collect();
            let count = dims.iter().product::<usize>();
            let numbers = (0..count).map(|_| draw.value());
            Tensor::from_vec(numbers.collect::<Vec<f64>>(), dims, &Device::Cpu)
                .unwrap()
                .to_dtype(input.output().unwrap().dtype())
                .unwrap()
        })
        .collect();
    _ = model.to_json();
    _ = model.summary_text();
    if let Ok(outputs) = model.predict_on_batch(&data) {
        reached.predicted = 1;
        _ = bits(&outputs);
        let losses =
            ["mse", "mae", "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"];
        let (loss, optimizer) = (draw.of(&losses), draw.of(&["sgd", "adam", "rmsprop", "adagrad"]));
        let metrics = draw.of(&[vec![], vec!["mae"], vec!["accuracy"], vec!["sparse_categorical_accuracy", "mse"]]);
        if model.compile(optimizer, Compile::loss(loss).metrics(metrics)).is_ok() {
            let target = |y: &Tensor| {
                let classes = loss.starts_with("sparse") && y.rank() > 1;
                let (dims, dtype) =
                    if classes { (&y.dims()[..y.rank() - 1], DType::U32) } else { (y.dims(), DType::F32) };
                Tensor::zeros(dims, dtype, &Device::Cpu).unwrap()
            };
            let targets: Vec<Tensor> = outputs.iter().map(target).collect();
            reached.trained = usize::from(model.fit(&data, &targets, Fit::new().verbose(0)).is_ok());
        }
    }
    let path = folder.join("graph.keras");
    if model.save(&path).is_ok() {
        let loaded = load_model(&path).unwrap_or_else(|error| panic!("a saved model is not loaded: {error}"));
        reached.loaded = 1;
        match (model.predict_on_batch(&data), loaded.predict_on_batch(&data)) {
            (Ok(before), Ok(after)) => assert!(bits(&before) == bits(&after), "other predictions after loading"),
            (Err(_), Err(_)) => (),
            (before, after) => panic!("before saving: {:?}, after: {:?}", before.map(drop), after.map(drop)),
        }
    }
    reached
}

/// Runs the graphs of these seeds, and returns their faults.
fn faults(seeds: std::ops::Range<u64>, is_traced: bool) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (mut faults, mut all, count) = (Vec::new(), [0; 4], seeds.end - seeds.start);
    for seed in seeds {
        if is_traced {
            eprint!("\r{seed} ");
        }
        let start = Instant::now();
        let (reached, _) = warnings::catch(|| catch_unwind(AssertUnwindSafe(|| graph(seed, folder.path()))));
        match reached {
            Ok(Reached { made, predicted, trained, loaded }) => {
                [made, predicted, trained, loaded].iter().zip(&mut all).for_each(|(one, all)| *all += one);
            }
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
                set_random_seed(seed);
                let config = model(&mut Draw(Stream::new(seed, 5))).map(|model| model.to_json());
                faults.push(format!("graph {seed}: {} {config:?}", text.unwrap_or("a panic")));
            }
        }
        if start.elapsed() > LIMIT {
            faults.push(format!("graph {seed} took {:?}", start.elapsed()));
        }
    }
    println!(
        "of {count} graphs, {} were made, {} predicted, {} trained, {} loaded again",
        all[0], all[1], all[2], all[3]
    );
    assert!(
        count < 100 || all.iter().all(|&all| all as u64 > count / 20),
        "the graphs are not what they should be: {all:?}"
    );
    faults
}

#[test]
fn shapes_of_operations_are_computed_whatever_the_sizes() {
    let (a, b) = (Input::shape([1 << 20, 1]), Input::shape([1, 1 << 20]));
    let sum = &a + &b;
    assert_eq!(sum.shape().unwrap().to_string(), "(None, 1048576, 1048576)");
    let large = ops::exp(&Input::shape([350_000_000]));
    assert_eq!(large.shape().unwrap().to_string(), "(None, 350000000)");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    Model::new([a, b], sum).unwrap().save(&path).unwrap();
    let model = load_model(&path).unwrap();
    let row = Tensor::zeros((1, 1 << 20, 1), DType::F32, &Device::Cpu).unwrap();
    // 4 TB.
    let error = model.predict_on_batch([&row, &row.reshape((1, 1, 1 << 20)).unwrap()]).unwrap_err().to_string();
    assert!(error.contains("not enough memory"), "{error}");
}

/// An unknown axis that is one has none behind `squeeze`.
#[test]
fn a_rank_that_was_unknown_is_an_error() {
    let x = Input::shape([Some(6), None]);
    let squeeze = OperationLayer::new(Squeeze { axis: ().into() }, vec![Argument::Input]).unwrap();
    let y = AveragePooling1D::new(2).call(&squeeze.call(&x));
    let model = Model::new(&x, y).unwrap();
    let error = model.predict_on_batch(Tensor::zeros((2, 6, 1), DType::F32, &Device::Cpu).unwrap()).unwrap_err();
    assert!(error.to_string().contains("(Squeeze)"), "{error}");
}

/// A window larger than its input ends where the input does.
#[test]
fn windows_of_any_size_are_predicted() {
    let x = Tensor::from_vec((0..32).map(|x| x as f32).collect::<Vec<_>>(), (1, 8, 4), &Device::Cpu).unwrap();
    let pooled = MaxPooling1D::new(1 << 40).padding("same").call(&x).unwrap();
    assert_eq!(pooled.to_vec3::<f32>().unwrap(), [[[28., 29., 30., 31.]]]);
    let mean = AveragePooling1D::new(usize::MAX).padding("same").call(&x).unwrap();
    assert_eq!(mean.to_vec3::<f32>().unwrap(), [[[14., 15., 16., 17.]]]);
    let nothing = Tensor::zeros((0, 2, 2, 1), DType::F32, &Device::Cpu).unwrap();
    let larger = UpSampling2D::new().size([1 << 26, 1]).interpolation("bilinear").call(&nothing).unwrap();
    assert_eq!(larger.dims(), [0, 1 << 27, 2, 1]);
    let error = ZeroPadding1D::new().padding(1 << 42).call(&x).unwrap_err().to_string();
    assert!(error.contains("not enough memory"), "{error}");
}

/// Whole numbers stay whole where Keras keeps them, and are float32 elsewhere; losses and metrics compute with float32.
#[test]
fn functions_losses_and_metrics_take_whole_numbers() {
    let input = Input::shape([3]).dtype("int32");
    let (square, exp) = (ops::square(&input), ops::exp(&input));
    assert_eq!([&square, &exp].map(|x| x.output().unwrap().dtype()), [DType::I32, DType::F32]);
    let model = Model::new(&input, [&square, &exp]).unwrap();
    let x = Tensor::new(&[[-2i32, 0, 3]], &Device::Cpu).unwrap();
    let outputs = model.predict_on_batch(&x).unwrap();
    assert_eq!(outputs[0].to_vec2::<i32>().unwrap(), [[4, 0, 9]]);
    assert_eq!(outputs[1].to_vec2::<f32>().unwrap(), [[-2f32, 0., 3.].map(f32::exp)]);
    let mut model = Model::new(&input, &square).unwrap();
    model.compile("sgd", Compile::loss("mse").metrics(["mae"])).unwrap();
    let target = Tensor::zeros((1, 3), DType::F32, &Device::Cpu).unwrap();
    let logs = model.evaluate_with(&x, &target, Evaluate::new().verbose(0)).unwrap();
    assert!((logs["loss"] - 97.0 / 3.0).abs() < 1e-4 && (logs["mae"] - 13.0 / 3.0).abs() < 1e-5, "{logs:?}");
    for name in
        ["softmax", "elu", "gelu", "selu", "mish", "sparsemax", "hard_sigmoid", "relu6", "softsign", "tanh_shrink"]
    {
        let activation = candle_keras::layers::Activation::new(name);
        let floats = activation.call(&x.to_dtype(DType::F32).unwrap()).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(
            activation.call(&x).unwrap().to_dtype(DType::F32).unwrap().to_vec2::<f32>().unwrap(),
            floats,
            "{name}"
        );
    }
}

#[test]
fn random_graphs_are_run_trained_saved_and_loaded() {
    let faults = faults(0..400, false);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
#[ignore = "many graphs: GRAPHS=\"first count\""]
fn many_random_graphs() {
    let seeds = std::env::var("GRAPHS").unwrap_or("0 10000".into());
    let [first, count] = [0, 1].map(|i| seeds.split(' ').nth(i).and_then(|number| number.parse().ok()).unwrap_or(0));
    let faults = faults(first..first + count, true);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
