//! Truncated, damaged or malicious files: each is an error, quickly and without much memory, and never a panic.

use candle_keras::layers::{Dense, Embedding, Flatten};
use candle_keras::models::model_from_json;
use candle_keras::ops::random::Stream;
use candle_keras::prelude::*;
use candle_keras::saving::{LoadModel, LoadWeights, load_tensors};
use candle_keras_ops::damage::damaged;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// A model with a bit of everything, and the folder in which it is saved.
struct Saved {
    folder: tempfile::TempDir,
    model: Model,
}

impl Saved {
    fn new() -> Self {
        let (a, b) = (Input::shape([2]), Input::shape([3]));
        let words = Flatten::new().call(Embedding::new(7, 2).call(&a));
        let inner = Sequential::new(layers![Input::shape([3]), Dense::new(4).activation("relu")]);
        let sum = &words + &(inner.call(&b) * 2.0);
        let mut model = Model::new([a, b], Dense::new(1).call(&sum)).unwrap();
        model.compile("adam", Compile::loss("mse").metrics(["mae"])).unwrap();
        let ids = Tensor::new(&[[1u32, 2], [3, 4]], &Device::Cpu).unwrap();
        let x = Tensor::ones((2, 3), DType::F32, &Device::Cpu).unwrap();
        model.fit([&ids, &x], vec![1f32, 2.], Fit::new().verbose(0)).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), model }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        if name.ends_with(".weights.h5") { self.model.save_weights(&path) } else { self.model.save(&path) }.unwrap();
        std::fs::read(path).unwrap()
    }

    /// A `.keras` file with this configuration, and these weights or the right ones.
    fn keras(&self, config: &str, weights: Option<&[u8]>, method: CompressionMethod) -> Vec<u8> {
        let own = self.bytes("own.weights.h5");
        archive(&[("config.json", config.as_bytes()), ("model.weights.h5", weights.unwrap_or(&own))], method)
    }
}

fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Loads the file in time and without a panic; returns whether that succeeded.
fn open(what: &str, path: &Path, bytes: &[u8], open: &dyn Fn(&Path) -> Result<()>) -> bool {
    std::fs::write(path, bytes).unwrap();
    let start = Instant::now();
    let (opened, _) = candle_keras::utils::warnings::catch(|| catch_unwind(AssertUnwindSafe(|| open(path))));
    let opened = opened.unwrap_or_else(|_| panic!("{what}: a panic"));
    assert!(start.elapsed() < Duration::from_secs(5), "{what}: {:?}", start.elapsed());
    if let Err(error) = &opened {
        assert!(!error.to_string().is_empty());
    }
    opened.is_ok()
}

fn mutations(name: &str, bytes: &[u8], count: u64, load: &dyn Fn(&Path) -> Result<()>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    assert!(open(name, &path, bytes, load), "the whole file opens");
    // MUTATIONS=10 runs ten times as many.
    let times = std::env::var("MUTATIONS").map_or(1, |times| times.parse().unwrap());
    for seed in 0..count * times {
        let mut random = Stream::new(seed, 0);
        let mutated = damaged(bytes, &mut random);
        open(&format!("{name}, mutation {seed}"), &path, &mutated, load);
    }
}

#[test]
fn damaged_archives() {
    let saved = Saved::new();
    mutations("m.keras", &saved.bytes("m.keras"), 700, &|path| load_model(path).map(|_| ()));
}

#[test]
fn damaged_weights() {
    let saved = Saved::new();
    let load = |path: &Path| saved.model.load_weights(path, ());
    mutations("m.weights.h5", &saved.bytes("m.weights.h5"), 700, &load);
    let skip = |path: &Path| saved.model.load_weights(path, LoadWeights::new().skip_mismatch(true).by_name(true));
    mutations("m.weights.h5", &saved.bytes("m.weights.h5"), 200, &skip);
}

/// h5py writes other structures than this project does; Keras's own files and its older ones have them.
#[test]
fn damaged_files_of_keras() {
    for name in ["fixtures/nested_twice/model.keras", "legacy/functional.h5", "legacy/chunked.weights.h5"] {
        let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras").join(name)).unwrap();
        let load = |path: &Path| match name.ends_with(".weights.h5") {
            false => load_model(path).map(|_| ()),
            true => candle_keras::saving::convert_weights(path, path.with_extension("safetensors")),
        };
        let file = Path::new(name).file_name().unwrap().to_str().unwrap();
        mutations(file, &bytes, 300, &load);
    }
}

#[test]
fn damaged_safetensors() {
    let saved = Saved::new();
    let bytes = saved.bytes("m.safetensors");
    mutations("m.safetensors", &bytes, 300, &|path| load_model(path).map(|_| ()));
    mutations("data.safetensors", &bytes, 100, &|path| load_tensors(path).map(|_| ()));
}

/// Values of a configuration that are replaced by others, one at a time.
#[test]
fn damaged_configurations() {
    let saved = Saved::new();
    let config: serde_json::Value = serde_json::from_str(&saved.model.to_json().unwrap()).unwrap();
    let weights = saved.bytes("m.weights.h5");
    let path = saved.path("mutated.keras");
    let mut opened = 0;
    for seed in 0..900 {
        let (mut random, mut mutated) = (Stream::new(seed, 1), config.clone());
        let count = count_values(&mutated);
        let mut left = random.below(count) as i64;
        replace(&mut mutated, &mut left, &mut random);
        let bytes = saved.keras(&mutated.to_string(), Some(&weights), CompressionMethod::Stored);
        opened +=
            usize::from(open(&format!("configuration {seed}"), &path, &bytes, &|path| load_model(path).map(|_| ())));
    }
    assert!((50..700).contains(&opened), "{opened} of 900 could be opened: the mutations do too little or too much");
}

/// The same for layers with sizes, windows and sublayers, as Keras wrote them.
#[test]
fn damaged_configurations_of_images_and_sequences() {
    let saved = Saved::new();
    let path = saved.path("mutated.keras");
    for name in ["image_classifier", "transformer_block", "bidirectional_lstm", "gru_states", "max_pooling2d_same"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras/fixtures").join(name).join("model.keras");
        let config = LoadModel::new().compile(false).config(&file).unwrap();
        for seed in 0..150 {
            let (mut random, mut mutated) = (Stream::new(seed, 1), config.clone());
            let mut left = random.below(count_values(&mutated)) as i64;
            replace(&mut mutated, &mut left, &mut random);
            let bytes = saved.keras(&mutated.to_string(), None, CompressionMethod::Stored);
            open(&format!("{name} {seed}"), &path, &bytes, &|path| load_model(path).map(|_| ()));
        }
    }
}

fn count_values(value: &serde_json::Value) -> u64 {
    use serde_json::Value::*;
    1 + match value {
        Array(items) => items.iter().map(count_values).sum(),
        Object(map) => map.values().map(count_values).sum(),
        _ => 0,
    }
}

fn replace(value: &mut serde_json::Value, left: &mut i64, random: &mut Stream) {
    use serde_json::{Value::*, json};
    if *left == 0 {
        let others = [
            json!(null),
            json!(true),
            json!(-1),
            json!(0),
            json!(3),
            json!(1e300),
            json!(u64::MAX),
            json!(1u64 << 40),
            json!(""),
            json!("dense"),
            json!([]),
            json!([null, 3]),
            json!({}),
            json!([[["dense", 0, 0]]]),
            json!({"class_name": "__lambda__"}),
        ];
        *value = others[random.below(others.len() as u64) as usize].clone();
    }
    *left -= 1;
    match value {
        Array(items) if *left >= 0 => items.iter_mut().for_each(|item| replace(item, left, random)),
        Object(map) if *left >= 0 => map.values_mut().for_each(|item| replace(item, left, random)),
        _ => {}
    }
}

fn error_of(saved: &Saved, bytes: &[u8]) -> String {
    let path = saved.path("hostile.keras");
    std::fs::write(&path, bytes).unwrap();
    load_model(&path).expect_err("the file cannot be opened").to_string()
}

#[test]
fn a_changed_bit_is_detected() {
    let saved = Saved::new();
    let mut bytes = saved.bytes("m.keras");
    let at = bytes.len() / 2; // in the weights
    bytes[at] ^= 1;
    let error = error_of(&saved, &bytes);
    assert!(error.contains("model.weights.h5") && error.contains("damaged"), "{error}");
}

#[test]
fn members_outside_of_the_archive_are_errors() {
    let saved = Saved::new();
    let config = saved.model.to_json().unwrap();
    for name in ["../config.json", "/etc/passwd", "assets/../../x", "..\\x"] {
        let bytes = archive(&[("config.json", config.as_bytes()), (name, b"x")], CompressionMethod::Stored);
        let error = error_of(&saved, &bytes);
        assert!(error.contains("leads out of the archive"), "{name}: {error}");
    }
}

#[test]
fn zip_bombs_are_errors() {
    let saved = Saved::new();
    let config = saved.model.to_json().unwrap();
    // Zeros that expand a thousandfold: still within the limit, and not weights.
    let zeros = vec![0; 1 << 26];
    let error = error_of(&saved, &saved.keras(&config, Some(&zeros), CompressionMethod::Deflated));
    assert!(error.contains("hostile.keras"), "{error}");
    // A member with a huge declared size.
    let mut bytes = saved.keras(&config, Some(&zeros), CompressionMethod::Deflated);
    let central = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    bytes[central + 24..central + 28].copy_from_slice(&0xfff0_0000u32.to_le_bytes());
    let error = error_of(&saved, &bytes);
    assert!(error.contains("model.weights.h5: too large to unpack"), "{error}");
}

#[test]
fn compressed_archives_open() {
    let saved = Saved::new();
    let bytes = saved.keras(&saved.model.to_json().unwrap(), None, CompressionMethod::Deflated);
    let path = saved.path("deflated.keras");
    assert!(open("deflated", &path, &bytes, &|path| load_model(path).map(|_| ())));
}

#[test]
fn invalid_graphs_are_errors() {
    let saved = Saved::new();
    let config = saved.model.to_json().unwrap();
    let broken = |from: &str, to: &str| {
        assert!(config.contains(from), "{from}");
        error_of(&saved, &saved.keras(&config.replace(from, to), None, CompressionMethod::Stored))
    };
    let circle = broken(r#""keras_history":["embedding",0,0]"#, r#""keras_history":["flatten",0,0]"#);
    assert!(circle.contains("missing or part of a cycle") && circle.contains("flatten[0][0]"), "{circle}");
    let missing = broken(r#""keras_history":["embedding",0,0]"#, r#""keras_history":["nothing",0,0]"#);
    assert!(missing.contains("layer \"flatten\" (Flatten)") && missing.contains("nothing[0][0]"), "{missing}");
    let output = broken(r#""output_layers":["dense_1",0,0]"#, r#""output_layers":["dense_1",7,0]"#);
    assert!(output.contains("dense_1[7][0]"), "{output}");
    let class = broken(r#""class_name":"Flatten""#, r#""class_name":"Flaten""#);
    assert!(class.contains("CustomObjects"), "{class}");
    let huge = broken(r#""input_dim":7"#, r#""input_dim":70000000000"#);
    assert!(
        huge.contains("layer \"embedding\" (Embedding)") && huge.contains("larger than the file can hold"),
        "{huge}"
    );
    let shape = broken(r#""input_dim":7"#, r#""input_dim":8"#);
    assert!(shape.contains("layers/embedding/vars/0") && shape.contains("received: [7, 2]"), "{shape}");
    let argument = broken(r#""mask_zero":false"#, r#""mask_zero":false,"max_norm":4"#);
    assert!(argument.contains("max_norm = 4"), "{argument}");
}

/// External links could read other files; groups that contain themselves are infinitely deep.
#[test]
fn links_of_hdf5_are_not_followed() {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras/legacy").join(name);
    let model = Sequential::new(layers![Input::shape([2]), Dense::new(3)]);
    for (name, expected) in [
        ("external_link.weights.h5", "no weights for this layer"),
        ("soft_link.weights.h5", "layers/dense"),
        ("external_data.weights.h5", "not in this file"),
        ("loop.weights.h5", "are too deep or too many"),
        ("hard_links.weights.h5", "are too deep or too many"),
    ] {
        let error = model.load_weights(file(name), ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn data_larger_than_its_file_is_an_error() {
    let huge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras/legacy/huge.weights.h5");
    let folder = tempfile::tempdir().unwrap();
    let error =
        candle_keras::saving::convert_weights(huge, folder.path().join("out.safetensors")).unwrap_err().to_string();
    assert!(error.contains("layers/dense/vars/0: the data is larger than the file can hold"), "{error}");
    // Two tensors at the same offset.
    let header = br#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 8]].concat();
    let path = folder.path().join("twice.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let error = load_tensors(&path).unwrap_err().to_string();
    assert!(error.contains("twice.safetensors") && error.contains("invalid offset"), "{error}");
}

/// A few kilobytes unpack to gigabytes of zeros, each of which is a value.
#[test]
fn configurations_are_held_against_the_size_of_their_file() {
    let saved = Saved::new();
    let start = Instant::now();
    for (megabytes, expected) in [(20, "more values"), (200, "config.json: too large to unpack")] {
        let zeros = format!("[{}0]", "0,".repeat(megabytes << 19));
        let error = error_of(&saved, &saved.keras(&zeros, None, CompressionMethod::Deflated));
        assert!(error.contains(expected), "{error}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

/// Each model calls the one inside it twice.
#[test]
fn calls_of_nested_models_are_counted() {
    let doubled = |times: usize| -> Result<Model> {
        let x = Input::shape([3]);
        let mut model = Model::new(&x, Dense::new(3).call(&x))?;
        for _ in 0..times {
            let x = Input::shape([3]);
            model = Model::new(&x, model.call(model.call(&x)))?;
        }
        Ok(model)
    };
    let start = Instant::now();
    let model = doubled(10).unwrap();
    assert_eq!(model_from_json(&model.to_json().unwrap()).unwrap().count_params(), 12);
    let error = doubled(30).unwrap_err().to_string();
    assert!(error.contains("at most 131072 calls of nested layers in a run"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
