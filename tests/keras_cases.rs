//! Runs and trains the models that real Keras saved on a device, and compares them with Keras's results. tests/fixtures.rs and tests/cuda.rs share it.

use candle_keras::layers::{Call, Context, NodeOutput};
use candle_keras::prelude::*;
use candle_keras::saving::{CustomObjects, LoadModel};
use candle_keras_ops::to_device;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Case {
    /// The arguments of a direct call that gives the predictions; without them, `predict` does.
    call: Option<Arguments>,
    evaluate: Option<BTreeMap<String, f64>>,
    fit: Option<FitArguments>,
    history: Option<BTreeMap<String, Vec<f64>>>,
    /// For values that differ by more than rounding in float32.
    tolerance: Option<f64>,
}

#[derive(Deserialize)]
struct Arguments {
    training: Option<bool>,
}

#[derive(Deserialize)]
struct FitArguments {
    epochs: usize,
    batch_size: usize,
    #[serde(default)]
    validation_split: f64,
    #[serde(default)]
    class_weight: HashMap<String, f64>,
}

/// The cases in a folder of tests/keras.
pub(crate) fn folders(of: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras").join(of);
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// The tensors of one kind, by the names of a model's inputs or outputs.
fn named(data: &HashMap<String, Tensor>, kind: &str, names: &[String]) -> Result<Vec<Tensor>, String> {
    let find = |name: &String| data.get(&format!("{kind}/{name}")).cloned().ok_or_else(|| format!("no {kind}/{name}"));
    names.iter().map(find).collect()
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// The largest difference, relative to the magnitude of the values around it; an error if it is larger than `tolerance`.
fn compare(what: &str, found: &[f64], expected: &[f64], tolerance: f64) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{what}: {} numbers for {}", found.len(), expected.len()));
    }
    let mean = expected.iter().map(|x| x.abs()).sum::<f64>() / expected.len().max(1) as f64;
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        let close = (a - b).abs() <= tolerance * b.abs().max(mean).max(5e-3) || (a.is_nan() && b.is_nan());
        if !close {
            return Err(format!("{what} [{i}]: found {a}, Keras says {b}"));
        }
    }
    Ok(())
}

fn compare_all(what: &str, found: &[Tensor], expected: &[Tensor], tolerance: f64) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{what}: {} tensors for {}", found.len(), expected.len()));
    }
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        if a.dims() != b.dims() {
            return Err(format!("{what} {i}: shape {:?} for {:?}", a.dims(), b.dims()));
        }
        compare(&format!("{what} {i}"), &floats(a), &floats(b), tolerance)?;
    }
    Ok(())
}

/// Gradients of 16 bits may be twice as far from those in float32 as Keras's are, on average; a single one where Keras was lucky also as far as
/// `tolerance`. The distance is the largest one of a gradient, relative to its mean.
fn compare_rounded(found: &[Tensor], expected: &[Tensor], exact: &[&Tensor], tolerance: f64) -> Result<(), String> {
    let distance = |x: &Tensor, exact: &Tensor| {
        let (x, exact) = (floats(x), floats(exact));
        let furthest = x.iter().zip(&exact).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        let mean = exact.iter().map(|x| x.abs()).sum::<f64>() / exact.len().max(1) as f64;
        if x.iter().any(|x| x.is_nan()) { f64::INFINITY } else { furthest / mean }
    };
    let mut sums = [0.0; 2];
    for (i, ((found, expected), exact)) in found.iter().zip(expected).zip(exact).enumerate() {
        let [ours, keras] = [distance(found, exact), distance(expected, exact)];
        if ours > tolerance.max(2.0 * keras) {
            return Err(format!("gradient {i}: {ours} from the exact one, Keras {keras}"));
        }
        sums = [sums[0] + ours, sums[1] + keras];
    }
    match sums[0] <= 2.0 * sums[1] {
        true => Ok(()),
        false => Err(format!("gradients: {} from the exact ones in sum, Keras {}", sums[0], sums[1])),
    }
}

/// The gradients of `sum(output * cos(index))`, as in tools/keras_fixtures.py.
fn gradients(model: &Model, x: &[Tensor], device: &Device) -> candle_keras::Result<Vec<Tensor>> {
    let mut ctx = Context::new(false, true, candle_keras::ops::random::Stream::new(0, 0));
    let tape = candle_keras_ops::Tape::start();
    let (outputs, _) = model.graph()?.run(x, &vec![None; x.len()], &mut ctx)?;
    let mut total = Tensor::new(0f32, device)?;
    for output in outputs {
        let count = output.elem_count();
        let weights = Tensor::arange(0f32, count as f32, device)?.cos()?.reshape(output.shape())?;
        total = (total + (output.to_dtype(DType::F32)? * weights)?.sum_all()?)?;
    }
    let grads = tape.backward(&total)?;
    let of = |variable: &candle_keras::layers::Variable| match variable.gradient(&grads)? {
        Some(gradient) => Ok(gradient.to_dense(&variable.value())?),
        None => Ok(variable.value().zeros_like()?),
    };
    model.trainable_variables().iter().map(of).collect()
}

/// The model of a case.
pub(crate) fn model_file(folder: &Path) -> PathBuf {
    ["model.keras", "model.h5"].map(|name| folder.join(name)).into_iter().find(|file| file.exists()).unwrap()
}

fn check(folder: &Path, device: &Device) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let case: Case = serde_json::from_str(&std::fs::read_to_string(folder.join("case.json")).unwrap()).unwrap();
    // A GPU adds in another order.
    let tolerance = |usual: f64| case.tolerance.unwrap_or(usual) * if device.is_cpu() { 1.0 } else { 3.0 };
    let data: HashMap<_, _> = Tensor::read_npz(folder.join("data.npz")).unwrap().into_iter().collect();
    let objects = CustomObjects::new().lambda("square", |x| x * x);
    let load = LoadModel::new().custom_objects(objects);
    let mut model = load.load(model_file(folder)).map_err(|e| text(&e))?;
    model.to_device(device).map_err(|e| text(&e))?;
    let graph = model.graph().map_err(|e| text(&e))?;
    let inputs: Vec<_> = graph.inputs().iter().map(|input| input.node().layer().layer_name()).collect();
    let outputs = graph.output_names();
    let x = named(&data, "x", &inputs)?;
    let predict = |model: &mut Model| match &case.call {
        None => model.predict_multiple_with(&x, Predict::new().batch_size(4).verbose(0)).map_err(|e| text(&e)),
        Some(Arguments { training }) => {
            let arguments = training.map_or_else(Call::new, |training| Call::new().training(training));
            let call = |i| model.call_with(x[0].narrow(0, i, 4)?, arguments.clone());
            let batches = (0..x[0].dims()[0]).step_by(4).map(call).collect::<candle_keras::Result<Vec<_>>>();
            Ok(vec![Tensor::cat(&batches.map_err(|e| text(&e))?, 0).unwrap()])
        }
    };
    compare_all("prediction", &predict(&mut model)?, &named(&data, "prediction", &outputs)?, tolerance(1e-5))?;
    let expected: Vec<_> = (0..).map_while(|i| data.get(&format!("gradient/{i}")).cloned()).collect();
    if !expected.is_empty() {
        let cast = |(x, input): (&Tensor, &NodeOutput)| to_device(&x.to_dtype(input.dtype()).unwrap(), device).unwrap();
        let x: Vec<_> = x.iter().zip(graph.inputs()).map(cast).collect();
        let found = gradients(&model, &x, device).map_err(|e| text(&e))?;
        let exact: Vec<_> = (0..).map_while(|i| data.get(&format!("exact/gradient/{i}"))).collect();
        match exact.is_empty() {
            true => compare_all("gradient", &found, &expected, tolerance(1e-4))?,
            false => compare_rounded(&found, &expected, &exact, tolerance(1e-2))?,
        }
    }
    let (Some(evaluate), Some(arguments), Some(history)) = (case.evaluate, case.fit, case.history) else {
        return Ok(());
    };
    let (y, weight) = (named(&data, "y", &outputs)?, data.get("sample_weight"));
    let mut evaluation = Evaluate::new().batch_size(3).verbose(0);
    if let Some(weight) = weight {
        evaluation = evaluation.sample_weight(weight);
    }
    let logs = model.evaluate_with(&x, &y, evaluation).map_err(|e| text(&e))?;
    for (name, value) in &evaluate {
        let found = logs.get(name).ok_or_else(|| format!("evaluate: no {name:?}, only {logs}"))?;
        compare(&format!("evaluate {name}"), &[found], &[*value], tolerance(1e-4))?;
    }
    let class_weight = arguments.class_weight.iter().map(|(class, weight)| (class.parse().unwrap(), *weight));
    let mut fit = Fit::new().epochs(arguments.epochs).batch_size(arguments.batch_size).shuffle(false).verbose(0);
    fit = fit.validation_split(arguments.validation_split).class_weight(class_weight);
    if let Some(weight) = weight {
        fit = fit.sample_weight(weight);
    }
    let found = model.fit(&x, &y, fit).map_err(|e| text(&e))?;
    let names: Vec<_> = found.iter().map(|(name, _)| name.to_string()).collect();
    if names.iter().any(|name| !history.contains_key(name)) || names.len() != history.len() {
        return Err(format!("history: {names:?}, Keras has {:?}", history.keys().collect::<Vec<_>>()));
    }
    for (name, values) in &history {
        compare(&format!("history {name}"), &found[name.as_str()], values, tolerance(1e-4))?;
    }
    compare_all("after training", &predict(&mut model)?, &named(&data, "after", &outputs)?, tolerance(1e-4))
}

/// Panics with all the cases that differ on this device.
pub(crate) fn check_all(folders: &[PathBuf], device: &Device) {
    let failures: Vec<_> = folders
        .iter()
        .filter_map(|folder| {
            check(folder, device).err().map(|e| format!("{}: {e}", folder.file_name().unwrap().display()))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), folders.len(), failures.join("\n"));
}
