//! Layers of categories and text: what real Keras computes (tools/keras_preprocessing.py writes the table), and their vocabularies in files.

use candle_keras::data::{Array, Data};
use candle_keras::layers::{
    Dense, Discretization, Embedding, Flatten, IntegerLookup, Normalization, Split, StringLookup, TextVectorization,
};
use candle_keras::ops::{string_tensor, strings};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::utils::{Feature, FeatureSpace};
use candle_keras_layers::registry::layer_from_config;
use serde_json::{Value, json};
use std::any::Any;
use std::io::{Read, Write};
use std::path::Path;

/// The tensor in nested lists of words or numbers.
fn tensor(value: &Value, floats: bool) -> Tensor {
    let (mut dims, mut at) = (Vec::new(), value);
    while let Value::Array(items) = at {
        dims.push(items.len());
        at = items.first().unwrap_or(&Value::Null);
    }
    let mut leaves = vec![value];
    for _ in &dims {
        leaves = leaves.into_iter().flat_map(|list| list.as_array().unwrap()).collect();
    }
    if at.is_string() {
        let words: Vec<&str> = leaves.iter().map(|word| word.as_str().unwrap()).collect();
        return string_tensor(&words, &dims).unwrap();
    }
    let integers = leaves.iter().map(|number| number.as_i64()).collect::<Option<Vec<i64>>>();
    match integers.filter(|_| !floats) {
        Some(integers) => Tensor::from_vec(integers, dims, &Device::Cpu).unwrap(),
        None => {
            let numbers: Vec<f32> = leaves.iter().map(|number| number.as_f64().unwrap() as f32).collect();
            Tensor::from_vec(numbers, dims, &Device::Cpu).unwrap()
        }
    }
}

fn close(what: &str, found: &[f64], expected: &[f64]) -> Result<(), String> {
    let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-5 * b.abs().max(1.0) || (a.is_nan() && b.is_nan());
    match found.len() == expected.len() && found.iter().zip(expected).all(is_close) {
        true => Ok(()),
        false => Err(format!("{what}: {found:?}, Keras says {expected:?}")),
    }
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// What a layer adapts to, if it does.
fn adapt(layer: &dyn Layer, case: &Value) -> candle_keras::Result<()> {
    let any = layer as &dyn Any;
    let floats = case["floats"] == true;
    if let Some(batches) = case["batches"].as_array() {
        let batches: Vec<Tensor> = batches.iter().map(|batch| tensor(batch, floats)).collect();
        let data = Dataset::from_generator(move || batches.clone());
        return match layer.class_name() {
            "StringLookup" => any.downcast_ref::<StringLookup>().unwrap().adapt(&data),
            "IntegerLookup" => any.downcast_ref::<IntegerLookup>().unwrap().adapt(&data),
            "TextVectorization" => any.downcast_ref::<TextVectorization>().unwrap().adapt(&data),
            "Discretization" => any.downcast_ref::<Discretization>().unwrap().adapt(&data),
            _ => any.downcast_ref::<Normalization>().unwrap().adapt(&data),
        };
    }
    if case["data"].is_null() {
        return Ok(());
    }
    let data = tensor(&case["data"], floats);
    match layer.class_name() {
        "StringLookup" => any.downcast_ref::<StringLookup>().unwrap().adapt(&data),
        "IntegerLookup" => any.downcast_ref::<IntegerLookup>().unwrap().adapt(&data),
        "TextVectorization" => any.downcast_ref::<TextVectorization>().unwrap().adapt(strings(&data)?),
        "Discretization" => any.downcast_ref::<Discretization>().unwrap().adapt(&data),
        _ => any.downcast_ref::<Normalization>().unwrap().adapt(&data),
    }
}

fn vocabulary(layer: &dyn Layer) -> Value {
    let any = layer as &dyn Any;
    match layer.class_name() {
        "StringLookup" => json!(any.downcast_ref::<StringLookup>().unwrap().get_vocabulary().unwrap()),
        "IntegerLookup" => json!(any.downcast_ref::<IntegerLookup>().unwrap().get_vocabulary().unwrap()),
        _ => json!(any.downcast_ref::<TextVectorization>().unwrap().get_vocabulary().unwrap()),
    }
}

fn check(case: &Value) -> Result<(), String> {
    let class_name = case["layer"].as_str().unwrap();
    if class_name == "FeatureSpace" {
        return check_feature_space(case);
    }
    let layer = layer_from_config(class_name, case["arguments"].clone()).unwrap().map_err(|error| error.to_string())?;
    adapt(&*layer, case).map_err(|error| error.to_string())?;
    if !case["vocabulary"].is_null() && vocabulary(&*layer) != case["vocabulary"] {
        return Err(format!("the vocabulary is {}, Keras says {}", vocabulary(&*layer), case["vocabulary"]));
    }
    if !case["boundaries"].is_null() {
        let found = layer.get_config().unwrap()["bin_boundaries"].clone();
        close("boundaries", &floats(&tensor(&found, true)), &floats(&tensor(&case["boundaries"], true)))?;
    }
    for (i, moment) in case["moments"].as_array().into_iter().flatten().enumerate() {
        close("moments", &floats(&layer.get_weights().unwrap()[i]), &floats(&tensor(moment, true)))?;
    }
    let floats_only = case["floats"] == true;
    let inputs: Vec<Tensor> = match class_name {
        "HashedCrossing" => case["x"].as_array().unwrap().iter().map(|x| tensor(x, floats_only)).collect(),
        _ => vec![tensor(&case["x"], floats_only)],
    };
    let y = layer.call(inputs).map_err(|error| error.to_string())?;
    let expected = tensor(&case["y"], false);
    if y.dims().len() != expected.dims().len() || (expected.dtype() != DType::U8 && y.dims() != expected.dims()) {
        return Err(format!("the shape is {:?}, Keras says {:?}", y.dims(), expected.dims()));
    }
    match expected.dtype() {
        DType::U8 if strings(&y).unwrap() != strings(&expected).unwrap() => Err(format!("{:?}", strings(&y))),
        DType::U8 => Ok(()),
        _ => close("y", &floats(&y), &floats(&expected)),
    }
}

fn check_feature_space(case: &Value) -> Result<(), String> {
    let arguments = &case["arguments"];
    let features = arguments["features"].as_object().unwrap();
    let size = |name: &str| arguments[name].as_u64().unwrap() as usize;
    let crosses: Vec<Vec<String>> = serde_json::from_value(arguments["crosses"].clone()).unwrap();
    let space = FeatureSpace::new(features.iter().map(|(name, kind)| (name.as_str(), kind.as_str().unwrap().into())))
        .crosses(crosses)
        .crossing_dim(size("crossing_dim"))
        .hashing_dim(size("hashing_dim"))
        .num_discretization_bins(size("num_discretization_bins"));
    let named = |data: &Value| {
        let columns = data.as_object().unwrap().iter();
        let array = |column: &Value| Array {
            tensor: tensor(column, column[0].is_f64()),
            is_text: column[0].is_string() || column[0][0].is_string(),
        };
        Data::Named(columns.map(|(name, column)| (name.clone(), array(column))).collect())
    };
    let text = |error: candle_keras::Error| error.to_string();
    space.adapt(named(&case["data"])).map_err(text)?;
    let y = space.call(named(&case["x"])).map_err(text)?;
    close("y", &floats(&y), &floats(&tensor(&case["y"], true)))
}

#[test]
fn layers_compute_what_keras_computes() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("keras/preprocessing.json")).unwrap();
    assert!(cases.len() > 100);
    let failure = |case: &Value| check(case).err().map(|e| format!("{} {}: {e}", case["layer"], case["arguments"]));
    let failures: Vec<_> = cases.iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// A model of text, with all that files have beside weights.
fn model() -> Model {
    let text = Input::shape([1]).dtype("string").name("text");
    let numbers = TextVectorization::new().output_sequence_length(4);
    let weighted = TextVectorization::new().output_mode("tf_idf").split("character");
    let lookup = StringLookup::new().output_mode("one_hot").mask_token("");
    for layer in [&numbers, &weighted] {
        layer.adapt(["the cat sat", "the dog", "näht"]).unwrap();
    }
    lookup.adapt(vec!["the dog", "the dog", ""]).unwrap();
    let given = StringLookup::new().output_mode("count").vocabulary(["the dog", "a"]);
    let vectors = Embedding::new(numbers.vocabulary_size().unwrap(), 3).call(numbers.call(&text));
    let outputs = [
        Dense::new(1).call(Flatten::new().call(vectors)),
        Dense::new(1).call(weighted.call(&text)),
        Dense::new(1).call(lookup.call(&text)),
        Dense::new(1).call(given.call(&text)),
    ];
    Model::new(text, outputs).unwrap()
}

const TEXTS: [&str; 4] = ["The cat!", "the dog", "", "a näht or 2"];

fn predictions(model: &Model) -> Vec<Vec<f64>> {
    let quiet = Predict::new().batch_size(3).verbose(0);
    model.predict_multiple_with(&TEXTS[..], quiet).unwrap().iter().map(floats).collect()
}

#[test]
fn vocabularies_are_in_files() {
    let (model, folder) = (model(), tempfile::tempdir().unwrap());
    for name in ["m.keras", "m.safetensors"] {
        let path = folder.path().join(name);
        model.save(&path).unwrap();
        let again = load_model(&path).unwrap();
        assert_eq!(predictions(&again), predictions(&model), "{name}");
        again.save(&path).unwrap();
        assert_eq!(predictions(&load_model(&path).unwrap()), predictions(&model), "{name}");
    }
    // Weights alone have no vocabularies, but the weights of their words.
    let path = folder.path().join("m.weights.h5");
    model.save_weights(&path).unwrap();
    let again = load_model(folder.path().join("m.keras")).unwrap();
    again.load_weights(&path, ()).unwrap();
    assert_eq!(predictions(&again), predictions(&model));
}

#[test]
fn an_empty_word_may_be_the_last_term() {
    let (text, folder) = (Input::shape([2]).dtype("string"), tempfile::tempdir().unwrap());
    let lookup = StringLookup::new().output_mode("count");
    lookup.adapt(vec!["a", "a", ""]).unwrap();
    assert_eq!(lookup.get_vocabulary().unwrap(), ["[UNK]", "a", ""]);
    let model = Model::new(text.clone(), lookup.call(&text)).unwrap();
    let path = folder.path().join("m.keras");
    model.save(&path).unwrap();
    let x = string_tensor(&["", "a"], &[1, 2]).unwrap();
    let y = load_model(&path).unwrap().predict_with(x, Predict::new().verbose(0)).unwrap();
    assert_eq!(floats(&y), [0.0, 1.0, 1.0]);
}

/// The same archive with a member replaced, or left out.
fn with_member(path: &Path, name: &str, replace: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let mut old = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut members = Vec::new();
    for i in 0..old.len() {
        let mut member = old.by_index(i).unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        members.push((member.name().unwrap().to_string(), bytes));
    }
    drop(old);
    let mut new = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for (member, bytes) in members {
        let bytes = if member == name { replace(&bytes) } else { Some(bytes) };
        if let Some(bytes) = bytes {
            new.start_file(member, options).unwrap();
            new.write_all(&bytes).unwrap();
        }
    }
    new.finish().unwrap();
}

#[test]
fn a_damaged_vocabulary_is_an_error_that_names_the_layer() {
    let (model, folder) = (model(), tempfile::tempdir().unwrap());
    let path = folder.path().join("m.keras");
    let member = "assets/layers/string_lookup/vocabulary.txt";
    let error = |replace: &dyn Fn(&[u8]) -> Option<Vec<u8>>| {
        model.save(&path).unwrap();
        with_member(&path, member, replace);
        load_model(&path).unwrap_err().to_string()
    };
    let missing = error(&|_| None);
    assert!(missing.contains("(StringLookup)") && missing.contains("no vocabulary"), "{missing}");
    let twice = error(&|_| Some(b"[UNK]\nthe dog\nthe dog".to_vec()));
    assert!(twice.contains("(StringLookup)") && twice.contains("each term once"), "{twice}");
    let longer = error(&|old| Some([old, b"\nother"].concat()));
    assert!(longer.contains("the size of the vocabulary cannot change"), "{longer}");
    // Windows ends lines by two bytes.
    model.save(&path).unwrap();
    with_member(&path, member, |old| Some(String::from_utf8_lossy(old).replace('\n', "\r\n").into_bytes()));
    assert_eq!(predictions(&load_model(&path).unwrap()), predictions(&model));
}

#[test]
fn functions_and_line_breaks_are_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    let text = Input::shape([1]).dtype("string");
    let save = |layer: TextVectorization| {
        layer.adapt(["one,two\nlines"]).unwrap();
        let model = Model::new(text.clone(), layer.call(&text)).unwrap();
        model.save(&path).unwrap_err().to_string()
    };
    let function = |text: &str| text.split(',').map(String::from).collect::<Vec<_>>();
    let layer = TextVectorization::new().standardize("lower").split(function);
    layer.adapt(["a,b b"]).unwrap();
    assert_eq!(layer.get_vocabulary().unwrap(), ["", "[UNK]", "b b", "a"]);
    assert!(save(layer).contains("a function of Split"));
    let broken = save(TextVectorization::new().split(Split::None).standardize("lower"));
    assert!(broken.contains("line break"), "{broken}");
}

#[test]
fn a_model_trains_on_text() {
    candle_keras::utils::set_random_seed(1);
    let texts = ["good film", "bad film", "good good", "bad end"].repeat(8);
    let labels = [1f32, 0., 1., 0.].repeat(8);
    let vectorize = TextVectorization::new().output_mode("multi_hot");
    vectorize.adapt(&texts).unwrap();
    let layers = layers![Input::shape([1]).dtype("string"), vectorize, Dense::new(1).activation("sigmoid")];
    let mut model = Sequential::new(layers);
    model.compile(Adam::new().learning_rate(0.1), "binary_crossentropy").unwrap();
    let dataset = Dataset::from_tensor_slices((texts.clone(), labels.clone())).unwrap().batch(8);
    let history = model.fit(&dataset, (), Fit::new().epochs(3).verbose(0)).unwrap();
    assert!(history["loss"][2] < history["loss"][0]);
    let history = model.fit(&texts, &labels, Fit::new().epochs(20).verbose(0)).unwrap();
    assert!(history["loss"][19] < history["loss"][0]);
    let y = model.predict_with(vec!["a good one", "bad"], Predict::new().verbose(0)).unwrap();
    let y = floats(&y);
    assert!(y[0] > y[1], "{y:?}");
}

/// How long a layer takes for a million values; tools/keras_preprocessing.py --speed is the same in Keras and NumPy. Run it in an optimized build, with --nocapture.
#[test]
#[ignore = "a measurement"]
fn adapting_to_a_million_values() {
    let number = |i: u64| i * 7919 % 1_000_003;
    let numbers: Vec<f32> = (0..1_000_000).map(|i| number(i) as f32).collect();
    let rows = Tensor::from_vec(numbers, (100_000, 10), &Device::Cpu).unwrap();
    let ids: Vec<i64> = (0..1_000_000).map(|i| (number(i) % 20_000) as i64).collect();
    let words: Vec<String> = ids.iter().map(|id| format!("word{id}")).collect();
    let texts: Vec<String> = words.chunks(10).map(|words| words.join(" ")).collect();
    let words = string_tensor(&words, &[words.len()]).unwrap();
    let time = |name: &str, adapt: &dyn Fn() -> candle_keras::Result<()>| {
        let once = || {
            let start = std::time::Instant::now();
            adapt().unwrap();
            start.elapsed().as_secs_f64() * 1e3
        };
        println!("{name}: {:.1} ms", (0..3).map(|_| once()).fold(f64::INFINITY, f64::min));
    };
    time("Normalization", &|| Normalization::new().adapt(&rows));
    time("Discretization", &|| Discretization::new().num_bins(10).adapt(&rows));
    time("StringLookup", &|| StringLookup::new().adapt(&words));
    time("IntegerLookup", &|| IntegerLookup::new().adapt(&ids));
    time("TextVectorization", &|| TextVectorization::new().adapt(&texts));
}

/// To a model, strings are not their bytes, whatever way they come in.
#[test]
fn strings_are_not_numbers() {
    let texts = vec!["abc", "d"];
    let labels = vec![0f32, 1.];
    // The bytes of these texts have the shape of the input.
    let mut model = Sequential::new(layers![Input::shape([3]).name("ids"), Dense::new(1)]);
    model.compile("adam", "mse").unwrap();
    let quiet = || Predict::new().verbose(0);
    let once = || Fit::new().verbose(0);
    let refused = |error: candle_keras::Error| {
        let error = error.to_string();
        let names = error.contains("the input takes numbers, not text") && error.contains("\"ids\"");
        assert!(names && error.contains("received: strings of shape [2]"), "{error}");
    };
    refused(model.predict_with(texts.clone(), quiet()).unwrap_err());
    refused(model.predict_on_batch(texts.clone()).unwrap_err());
    refused(model.predict_with([("ids", &texts)], quiet()).unwrap_err());
    refused(model.fit(&texts, &labels, once()).unwrap_err());
    let dataset = Dataset::from_tensor_slices((texts.clone(), labels.clone())).unwrap();
    refused(model.fit(dataset.batch(2), (), once()).unwrap_err());
    refused(model.fit(dataset.shuffle(2).batch(2).prefetch(1), (), once()).unwrap_err());
    let owned: Vec<String> = texts.iter().map(|text| (*text).into()).collect();
    refused(model.evaluate(&owned, &labels).unwrap_err());
    // A tensor of bytes is numbers, and so is what a map computes.
    let bytes = string_tensor(&texts, &[2]).unwrap();
    assert_eq!(model.predict_with(&bytes, quiet()).unwrap().dims(), [2, 1]);
    let mapped = dataset.batch(2).map(|batch| Ok((batch.x, batch.y)));
    model.fit(&mapped, (), once()).unwrap();

    let classes = model.fit(&bytes, vec!["cat", "dog"], once()).unwrap_err().to_string();
    assert!(classes.contains("targets are numbers, not text") && classes.contains("StringLookup"), "{classes}");
    let weights = model.fit(&bytes, &labels, once().sample_weight(vec!["a", "b"])).unwrap_err().to_string();
    assert!(weights.contains("weights of samples are numbers"), "{weights}");
    let eager = |layer: &dyn Fn() -> candle_keras::Result<Tensor>| layer().unwrap_err().to_string();
    let embedding = Embedding::new(256, 2);
    for error in [
        eager(&|| embedding.call(vec!["a", "b"])),
        eager(&|| Dense::new(1).call(vec!["a", "b"])),
        eager(&|| Discretization::new().bin_boundaries([1., 2.]).call(vec!["a", "b"])),
        eager(&|| model.call(vec!["abc", "d"])),
    ] {
        assert!(error.contains("the layer does not take text"), "{error}");
    }
    let adapted = [
        Discretization::new().num_bins(2).adapt(vec!["a", "b"]),
        Normalization::new().adapt(vec!["a", "b"]),
        IntegerLookup::new().adapt(vec!["a", "b"]),
        Discretization::new().num_bins(2).adapt(Dataset::from_tensor_slices(texts.clone()).unwrap().batch(2)),
        FeatureSpace::new([("age", "float_normalized".into())]).adapt([("age", vec!["a", "b"])]),
    ];
    for error in adapted {
        let error = error.unwrap_err().to_string();
        assert!(error.contains("numbers, not to text"), "{error}");
    }
}

/// A Sequential without an input takes the kind of its input from the data, as its shape.
#[test]
fn layers_alone_take_text() {
    let texts = vec!["a good film", "a bad film", "good", "bad"];
    let words = TextVectorization::new().output_sequence_length(4);
    words.adapt(&texts).unwrap();
    let mut model = Sequential::new(layers![words, Embedding::new(10, 4), Flatten::new(), Dense::new(1)]);
    model.compile("adam", "mse").unwrap();
    model.fit(&texts, vec![1f32, 0., 1., 0.], Fit::new().verbose(0)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    model.save(&path).unwrap();
    let predict = |model: &Model| floats(&model.predict_with(&texts, Predict::new().verbose(0)).unwrap());
    assert_eq!(predict(&load_model(&path).unwrap()), predict(&model));
    assert_eq!(floats(&model.call(&texts).unwrap()), predict(&model));
    let mut numbers = Sequential::new(layers![Dense::new(1)]);
    numbers.compile("adam", "mse").unwrap();
    let error = numbers.fit(&texts, vec![1f32, 0., 1., 0.], Fit::new().verbose(0)).unwrap_err().to_string();
    assert!(error.contains("the layer does not take text"), "{error}");
}

#[test]
fn a_feature_space_begins_a_model() {
    let (ages, cities) = (vec![20f32, 30., 40.], vec!["Rome", "Oslo", "Rome"]);
    let data = || {
        [("age", Tensor::new(ages.as_slice(), &Device::Cpu).unwrap()), ("city", string_tensor(&cities, &[3]).unwrap())]
    };
    let dataset = Dataset::from_tensor_slices(data()).unwrap();
    let missing = FeatureSpace::new([("height", "float_normalized".into())]).adapt(data()).unwrap_err().to_string();
    assert!(missing.contains("the feature \"height\"") && missing.contains("not in the data"), "{missing}");
    let unknown = FeatureSpace::new([("age", "float_scaled".into())]).adapt(data()).unwrap_err().to_string();
    assert!(unknown.contains("float_scaled"), "{unknown}");
    let other = FeatureSpace::new([("age", "float_normalized".into()), ("city", Feature::string_categorical())]);
    other.adapt(dataset.batch(2)).unwrap();
    let y = other.call(data()).unwrap();
    assert_eq!(y.dims(), [3, 4]);
    let model = Model::new(other.inputs().unwrap(), Dense::new(1).call(other.encoded_features().unwrap())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    model.save(&path).unwrap();
    let predict = |model: &Model| floats(&model.predict_with(data(), Predict::new().verbose(0)).unwrap());
    assert_eq!(predict(&load_model(&path).unwrap()), predict(&model));
}
