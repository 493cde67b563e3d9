//! Files of Keras with changes that know their structure: values of configurations, fields of HDF5, zip and safetensors. Each opens or is an
//! error, without a panic, quickly and in little memory; what opens predicts, and can be saved and loaded again.
//!
//! `SEED=0 COUNT=50000 cargo test --test tests structured_files::many -- --ignored --nocapture` is the long run. It prints each seed that
//! failed; `COUNT=1` with that seed runs it alone. `TRACE=1` prints each seed before it runs, for what ends the process.

use candle_keras::ops::random::Stream;
use candle_keras::prelude::*;
use candle_keras::saving::{LoadModel, LoadWeights, class_names};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// How long a file may take, and how much memory.
const LONGEST: Duration = Duration::from_secs(10);
const MOST_MEMORY: u64 = 1 << 30;

#[test]
fn a_few() {
    run(1_000, 300);
}

#[test]
#[ignore = "takes an hour: SEED and COUNT say which"]
fn many() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    run(number("SEED", 0), number("COUNT", 50_000));
}

thread_local! {
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

fn run(first: u64, count: u64) {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|info| {
        let trace = std::backtrace::Backtrace::force_capture().to_string();
        let own = trace.lines().find(|line| line.contains("crates/")).unwrap_or_default().trim();
        PLACE.set(format!("{} {own}", info.to_string().lines().collect::<Vec<_>>().join(" ")));
    }));
    let now = Arc::new(Mutex::new((first, Instant::now())));
    let watched = now.clone();
    let watch = std::thread::spawn(move || {
        while Arc::strong_count(&watched) > 1 {
            let (seed, since) = *watched.lock().unwrap();
            if since.elapsed() > 6 * LONGEST {
                eprintln!("seed {seed} does not end");
                std::process::abort();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let (corpus, folder) = (Corpus::new(), tempfile::tempdir().unwrap());
    let (mut failed, mut opened) = (Vec::new(), 0);
    for seed in first..first + count {
        *now.lock().unwrap() = (seed, Instant::now());
        if std::env::var_os("TRACE").is_some() {
            eprintln!("seed {seed}");
        }
        forget_peak();
        let before = peak();
        let (outcome, _) = candle_keras::utils::warnings::catch(|| {
            catch_unwind(AssertUnwindSafe(|| corpus.file(seed, folder.path()).open()))
        });
        let problem = match outcome {
            Ok(Ok(whole)) => {
                opened += u64::from(whole);
                None
            }
            Ok(Err(problem)) => Some(problem),
            Err(_) => Some(PLACE.take()),
        };
        let (took, grown) = (now.lock().unwrap().1.elapsed(), peak().saturating_sub(before));
        let slow = (took > LONGEST).then(|| format!("{took:?}"));
        let large = (grown > MOST_MEMORY).then(|| format!("{} MiB", grown >> 20));
        for problem in [problem, slow, large].into_iter().flatten() {
            eprintln!("seed {seed}: {problem}");
            failed.push(format!("seed {seed}: {problem}"));
        }
    }
    eprintln!("{opened} of {count} files could be opened");
    drop(now);
    std::panic::set_hook(hook);
    watch.join().unwrap();
    assert!(failed.is_empty(), "{} of {count} files:\n{}", failed.len(), failed.join("\n"));
    assert!(opened * 20 > count, "{opened} of {count} files could be opened: the changes are too large");
}

/// The most memory that this process has had, where Linux says it.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().map_or(0, |kib| kib << 10)
}

fn forget_peak() {
    _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// What Keras has saved.
struct Corpus {
    models: Vec<(Value, Vec<u8>, PathBuf)>,
    legacy: Vec<PathBuf>,
}

/// A changed file.
struct Changed {
    path: PathBuf,
    /// A whole file of the model that the weights in it are for.
    of: Option<PathBuf>,
}

impl Corpus {
    fn new() -> Self {
        let keras = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras");
        let files = |folder: &str| {
            let mut files: Vec<_> =
                std::fs::read_dir(keras.join(folder)).unwrap().map(|file| file.unwrap().path()).collect();
            files.sort();
            files
        };
        let models =
            files("fixtures").into_iter().map(|folder| folder.join("model.keras")).filter(|path| path.exists());
        let read = |path: PathBuf| {
            let config = LoadModel::new().config(&path).unwrap();
            let mut archive = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
            let mut weights = Vec::new();
            archive.by_name("model.weights.h5").unwrap().read_to_end(&mut weights).unwrap();
            (config, weights, path)
        };
        let is_hdf5 = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "h5");
        Self { models: models.map(read).collect(), legacy: files("legacy").into_iter().filter(is_hdf5).collect() }
    }

    fn file(&self, seed: u64, folder: &Path) -> Changed {
        let mut random = Stream::new(seed, 2);
        let (config, weights, path) = &self.models[random.below(self.models.len() as u64) as usize];
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let of = Some(path.clone());
        match random.below(10) {
            0..5 => {
                let mut config = config.clone();
                let (other, ..) = &self.models[random.below(self.models.len() as u64) as usize];
                for _ in 0..=random.below(3) {
                    match random.below(3) {
                        0 => change_layer(&mut config, other, &mut random),
                        _ => change_value(&mut config, &mut random),
                    }
                }
                let bytes = archive(&candle_keras_ops::json::to_text(&config), weights, CompressionMethod::Stored);
                Changed { path: write("m.keras", &bytes), of: None }
            }
            5 => {
                let method = if random.below(2) == 0 { CompressionMethod::Stored } else { CompressionMethod::Deflated };
                let bytes = archive(&config.to_string(), &changed_hdf5(weights, &mut random), method);
                Changed { path: write("m.keras", &bytes), of: None }
            }
            6 => Changed { path: write("m.weights.h5", &changed_hdf5(weights, &mut random)), of },
            7 => {
                let legacy = &self.legacy[random.below(self.legacy.len() as u64) as usize];
                let bytes = changed_hdf5(&std::fs::read(legacy).unwrap(), &mut random);
                Changed { path: write("m.h5", &bytes), of: Some(legacy.clone()) }
            }
            8 => {
                let mut bytes = std::fs::read(path).unwrap();
                change_field(
                    &mut bytes,
                    &[b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"],
                    60,
                    &mut random,
                );
                Changed { path: write("m.keras", &bytes), of: None }
            }
            _ => {
                let own = folder.join("own.safetensors");
                let saved = load_model(path).and_then(|model| model.save(&own));
                let bytes = saved.map(|()| changed_safetensors(&std::fs::read(own).unwrap(), &mut random));
                // A model with a function of Python does not load.
                let bytes = bytes.unwrap_or_default();
                Changed { path: write("m.safetensors", &bytes), of }
            }
        }
    }
}

impl Changed {
    /// Whether a model could be opened. An `Err` is a fault.
    fn open(self) -> std::result::Result<bool, String> {
        if let Some(model) = self.of.as_ref().and_then(|of| load_model(of).ok()) {
            _ = model.load_weights(&self.path, ());
            _ = model.load_weights(&self.path, LoadWeights::new().skip_mismatch(true).by_name(true));
        }
        let model = match load_model(&self.path) {
            Ok(model) => Ok(model),
            // The rest of the model may still be right.
            Err(_) => LoadModel::new().compile(false).load(&self.path),
        };
        let Ok(mut model) = model else { return Ok(false) };
        model.summary_text();
        predict(&mut model);
        let again = self.path.with_file_name("again.keras");
        if model.save(&again).is_ok()
            && let Err(error) = load_model(&again)
        {
            return Err(format!("saved, and not loaded again: {error}").lines().collect::<Vec<_>>().join(";"));
        }
        Ok(true)
    }
}

/// A prediction of small data, if the inputs are small.
fn predict(model: &mut Model) {
    let Ok(inputs) = model.inputs() else { return };
    let zeros = |input: &candle_keras::layers::KerasTensor| -> Result<Tensor> {
        let dims: Vec<usize> = input.shape()?.iter().map(|size| size.unwrap_or(2)).collect();
        let count = dims.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
        if count.is_none_or(|count| count > 100_000) {
            return Err(candle_keras::Error::new("too large"));
        }
        Ok(Tensor::zeros(dims, DType::F32, &Device::Cpu)?)
    };
    if let Ok(data) = inputs.iter().map(zeros).collect::<Result<Vec<_>>>() {
        _ = model.predict_with(data, Predict::new().verbose(0));
    }
}

fn archive(config: &str, weights: &[u8], method: CompressionMethod) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [("config.json", config.as_bytes()), ("model.weights.h5", weights)] {
        zip.start_file(name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn pick<T: Clone>(from: &[T], random: &mut Stream) -> T {
    from[random.below(from.len() as u64) as usize].clone()
}

fn count(value: &Value) -> u64 {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

/// The value with this number, counted depth first.
fn nth<'a>(value: &'a mut Value, left: &mut u64) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(map) => map.values_mut().find_map(|item| nth(item, left)),
        _ => None,
    }
}

/// Replaces one value of a configuration by another of its kind, or of another kind.
fn change_value(config: &mut Value, random: &mut Stream) {
    let total = count(config);
    // Another part of the same file: a name, a class, a layer.
    let other = nth(&mut config.clone(), &mut random.below(total)).cloned().unwrap_or_default();
    let Some(value) = nth(config, &mut random.below(total)) else { return };
    if random.below(8) == 0 {
        *value = other;
        return;
    }
    match value {
        Value::Number(_) if random.below(8) > 0 => {
            let numbers = [0., 1., 2., 3., -1., -2., 0.5, -0.5, 7., 64., 1e3, 1e5, 1e9, 1e300, f64::NAN, f64::INFINITY];
            let integers = [0, 1, 2, 3, 5, 17, -1, -2, -7, 255, 4096, 65_537, 1 << 31, 1 << 40, i64::MAX, i64::MIN];
            *value = match random.below(3) {
                0 => candle_keras_ops::json::number(pick(&numbers, random)),
                1 => json!(u64::MAX),
                _ => json!(pick(&integers, random)),
            };
        }
        Value::Bool(flag) if random.below(8) > 0 => *flag = !*flag,
        Value::String(text) if random.below(4) > 0 => {
            let long = "x".repeat(70_000);
            let texts = [
                "",
                "relu",
                "softmax",
                "same",
                "valid",
                "causal",
                "channels_first",
                "float16",
                "bfloat16",
                "int32",
                "string",
                "a/b",
                "a.b",
                "..",
                "\u{0}",
                "äöü\u{1F600}",
                "dense",
                "Dense",
                "LSTM",
                "Bidirectional",
                "TimeDistributed",
                "Functional",
                "Sequential",
                "InputLayer",
                "Add",
                "Concatenate",
                "Embedding",
                "Flatten",
                "Reshape",
                "Lambda",
                "GlobalAveragePooling1D",
                &long,
            ];
            *text = pick(&texts, random).into();
        }
        Value::Array(items) if random.below(8) > 0 => match random.below(6) {
            0 => items.clear(),
            1 => drop(items.pop()),
            2 => items.reverse(),
            3 => items.extend(items.clone()),
            4 => items.push(other),
            _ => *value = json!([value.clone()]),
        },
        Value::Object(map) if random.below(8) > 0 => {
            let keys: Vec<String> = map.keys().cloned().collect();
            match (keys.is_empty(), random.below(4)) {
                (false, 0) => drop(map.shift_remove(&pick(&keys, random))),
                (false, 1) => {
                    let from = map[&pick(&keys, random)].clone();
                    map.insert(pick(&keys, random), from);
                }
                (false, 2) => drop(map.insert(format!("{}_", pick(&keys, random)), other)),
                _ => drop(map.insert(pick(&["name", "units", "dtype", "trainable", "layers"], random).into(), other)),
            }
        }
        value => {
            let others = [
                json!(null),
                json!(true),
                json!(0),
                json!(3),
                json!(""),
                json!([]),
                json!([null, 3]),
                json!({}),
                json!("x"),
                json!(-1.5),
            ];
            *value = pick(&others, random);
        }
    }
}

/// The objects in a configuration that have a class, as paths.
fn classes(value: &Value, path: String, found: &mut Vec<String>) {
    let mut inside = |name: &str, value: &Value| classes(value, format!("{path}/{name}"), found);
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| inside(&i.to_string(), item)),
        Value::Object(map) => map.iter().for_each(|(name, value)| inside(name, value)),
        _ => {}
    }
    if value["class_name"].is_string() {
        found.push(path);
    }
}

/// Changes a layer or another object: its class, its arguments, or all of it for one of another model.
fn change_layer(config: &mut Value, other: &Value, random: &mut Stream) {
    let (mut own, mut others) = (Vec::new(), Vec::new());
    classes(config, String::new(), &mut own);
    classes(other, String::new(), &mut others);
    if own.is_empty() || others.is_empty() {
        return;
    }
    let (at, from) = (pick(&own, random), other.pointer(&pick(&others, random)).cloned().unwrap_or_default());
    let Some(object) = config.pointer_mut(&at) else { return };
    match random.below(6) {
        0 => object["class_name"] = pick(&class_names(), random).into(),
        1 => object["class_name"] = from["class_name"].clone(),
        2 => object["config"] = from["config"].clone(),
        3 => {
            // Arguments of another class, beside its own.
            let names: Vec<String> =
                from["config"].as_object().into_iter().flat_map(|map| map.keys().cloned()).collect();
            if let (false, Some(arguments)) = (names.is_empty(), object["config"].as_object_mut()) {
                let name = pick(&names, random);
                arguments.insert(name.clone(), from["config"][&name].clone());
            }
        }
        4 => {
            let (name, nodes) = (object["name"].clone(), object["inbound_nodes"].clone());
            *object = from;
            if let Some(arguments) = object["config"].as_object_mut() {
                arguments.insert("name".into(), name.clone());
            }
            (object["name"], object["inbound_nodes"]) = (name, nodes);
        }
        _ => {
            // Within a wrapper, or within itself.
            let inner = object.clone();
            let wrapper = pick(&["TimeDistributed", "Bidirectional", "Sequential", "RNN", "StackedRNNCells"], random);
            let (name, nodes) = (object["name"].clone(), object["inbound_nodes"].clone());
            let config = json!({"name": name, "layer": inner, "backward_layer": inner, "layers": [inner], "cell": inner, "cells": [inner, inner], "merge_mode": "concat"});
            *object = json!({"module": "keras.layers", "class_name": wrapper, "config": config, "registered_name": null, "name": name, "inbound_nodes": nodes});
        }
    }
}

/// Sets a field near one of these signatures to a number that is interesting there.
fn change_field(bytes: &mut [u8], signatures: &[&[u8]], reach: u64, random: &mut Stream) {
    if bytes.is_empty() {
        return;
    }
    let signature = pick(signatures, random);
    let places: Vec<usize> =
        bytes.windows(signature.len()).enumerate().filter(|(_, at)| *at == signature).map(|(i, _)| i).collect();
    let at = match places.is_empty() {
        true => random.below(bytes.len() as u64),
        false => pick(&places, random) as u64 + random.below(reach),
    } as usize;
    let len = bytes.len() as u64;
    let values = [
        0,
        1,
        2,
        7,
        8,
        255,
        256,
        65_535,
        1 << 31,
        u32::MAX.into(),
        1 << 40,
        1 << 62,
        u64::MAX,
        len,
        len - 1,
        len / 2,
        random.below(len),
    ];
    let number = pick(&values, random).to_le_bytes();
    let width = pick(&[1, 2, 4, 8], random);
    bytes.iter_mut().skip(at).zip(&number[..width]).for_each(|(byte, new)| *byte = *new);
}

fn changed_hdf5(bytes: &[u8], random: &mut Stream) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        match random.below(6) {
            // A name of a link or attribute.
            0 => {
                let (from, to) = pick(
                    &[
                        (&b"vars"[..], &b"name"[..]),
                        (b"layers", b"vars\0\0"),
                        (b"dense", b"lstm\0"),
                        (b"name", b"vars"),
                        (b"optimizer", b"layers\0\0\0"),
                        (b"cell", b"vars"),
                    ],
                    random,
                );
                let places: Vec<usize> =
                    bytes.windows(from.len()).enumerate().filter(|(_, at)| *at == from).map(|(i, _)| i).collect();
                if !places.is_empty() {
                    let at = pick(&places, random);
                    bytes[at..at + to.len()].copy_from_slice(to);
                }
            }
            // Messages have no signature: they follow the tables of groups.
            1 => change_field(&mut bytes, &[b"OHDR", b"\x01\x00", b"\x11\x20\x1f"], 120, random),
            2 => bytes = candle_keras_ops::damage::damaged(&bytes, random),
            _ => change_field(
                &mut bytes,
                &[b"\x89HDF", b"SNOD", b"TREE", b"HEAP", b"GCOL", b"OHDR", b"FRHP", b"BTHD"],
                64,
                random,
            ),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

fn changed_safetensors(bytes: &[u8], random: &mut Stream) -> Vec<u8> {
    let (header, data) = bytes[8..].split_at(u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize);
    let mut header: Value = serde_json::from_slice(header).unwrap();
    (0..=random.below(2)).for_each(|_| change_value(&mut header, random));
    let header = header.to_string().into_bytes();
    let length = match random.below(10) {
        0 => pick(&[0, 1, u64::MAX, 1 << 40, header.len() as u64 - 1, bytes.len() as u64], random),
        _ => header.len() as u64,
    };
    [&length.to_le_bytes()[..], &header, data].concat()
}
