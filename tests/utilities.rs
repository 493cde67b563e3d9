//! Utilities: summaries as Keras prints them, weights for NumPy, limits of a training, progress.

use candle_keras::data::Npz;
use candle_keras::layers::{Concatenate, Dense, Embedding, Flatten};
use candle_keras::models::{Summary, model_from_json};
use candle_keras::prelude::*;
use candle_keras::{random, saving, utils};
use serde_json::Value;

/// tests/keras/utils.json has what Keras prints for the same models and arguments.
#[test]
fn summaries_are_those_of_keras() {
    let cases: Value = serde_json::from_slice(include_bytes!("keras/utils.json")).unwrap();
    let mut count = 0;
    for case in cases["summaries"].as_array().unwrap() {
        let model = model_from_json(&case["model"].to_string()).unwrap();
        let strings = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
        let frozen = strings(&case["frozen"]);
        freeze(&model.layers(), &frozen);
        for printed in case["printed"].as_array().unwrap() {
            let arguments = &printed["arguments"];
            let mut summary = Summary::new()
                .expand_nested(arguments["expand_nested"] == true)
                .show_trainable(arguments["show_trainable"] == true);
            if let Some(length) = arguments["line_length"].as_u64() {
                summary = summary.line_length(length as usize);
            }
            if let Some(positions) = arguments["positions"].as_array() {
                summary = summary.positions(positions.iter().map(|x| x.as_f64().unwrap()));
            }
            if arguments["layer_range"].is_array() {
                let [first, last] = <[String; 2]>::try_from(strings(&arguments["layer_range"])).unwrap();
                summary = summary.layer_range(first, last);
            }
            let text = model.summary_text_with(summary);
            match printed["text"].as_str() {
                Some(expected) => assert_eq!(text.unwrap().trim_end(), expected.trim_end(), "{arguments}"),
                None => assert!(text.is_err(), "{arguments}: {}", printed["error"]),
            }
            count += 1;
        }
    }
    assert!(count > 50);
}

fn freeze(layers: &[std::sync::Arc<dyn Layer>], names: &[String]) {
    for layer in layers {
        if names.contains(&layer.layer_name()) {
            layer.set_trainable(false);
        }
        freeze(&layer.sublayers(), names);
    }
}

fn model() -> Model {
    let (a, b) = (Input::shape([4]).name("a"), Input::shape([4]).name("b"));
    let words = Embedding::new(7, 3).name("words");
    let both = Concatenate::new().call([&words.call(&a), &words.call(&b)]);
    Model::new([a, b], Dense::new(2).name("head").call(Flatten::new().call(&both))).unwrap()
}

fn floats(tensors: &[Tensor]) -> Vec<f32> {
    tensors.iter().flat_map(|x| x.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
}

#[test]
fn weights_go_through_npz() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.npz");
    utils::set_random_seed(1);
    let saved = model();
    saved.save_weights(&path).unwrap();
    let mut npz = Npz::open(&path).unwrap();
    assert_eq!(npz.names(), ["head/bias", "head/kernel", "words/embeddings"]);
    assert_eq!(npz.read("head/kernel").unwrap().dims(), [24, 2]);
    let other = model();
    assert_ne!(floats(&other.get_weights().unwrap()), floats(&saved.get_weights().unwrap()));
    other.load_weights(&path, ()).unwrap();
    assert_eq!(floats(&other.get_weights().unwrap()), floats(&saved.get_weights().unwrap()));

    let converted = folder.path().join("weights.safetensors");
    saving::convert_weights(&path, &converted).unwrap();
    assert_eq!(saving::load_tensors(&converted).unwrap().len(), 3);

    let narrow = Sequential::new(layers![Input::shape([3]), Dense::new(2).name("head")]);
    let error = narrow.load_weights(&path, ()).unwrap_err().to_string();
    assert!(error.contains("[3, 2]") && error.contains("[24, 2]"), "{error}");
    std::fs::write(&path, b"PK\x03\x04").unwrap();
    assert!(other.load_weights(&path, ()).is_err());
    assert!(model().save(&path).unwrap_err().to_string().contains(".keras or .safetensors"));
}

#[test]
fn a_generator_of_seeds_drives_a_custom_loop() {
    let generator = random::SeedGenerator::new(5);
    let draw =
        || random::dropout(&Tensor::ones((3, 4), DType::F32, &Device::Cpu).unwrap(), 0.5, None, &generator).unwrap();
    let first = draw().to_vec2::<f32>().unwrap();
    assert_ne!(draw().to_vec2::<f32>().unwrap(), first);
    let from = random::SeedGenerator::from_state([5, 0]);
    let again = random::dropout(&Tensor::ones((3, 4), DType::F32, &Device::Cpu).unwrap(), 0.5, None, &from).unwrap();
    assert_eq!(again.to_vec2::<f32>().unwrap(), first);
}

#[test]
fn the_inputs_of_a_tensor_are_found() {
    let (a, b) = (Input::shape([2]), Input::shape([2]));
    let y = Dense::new(1).call(&(&Dense::new(2).call(&a) + &b));
    let sources = utils::get_source_inputs(&y).unwrap();
    assert_eq!(
        sources.iter().map(|x| x.output().unwrap().key()).collect::<Vec<_>>(),
        [&a, &b].map(|x| x.output().unwrap().key())
    );
    let failed = Dense::new(1).call(Flatten::new().call(Dense::new(0).call(&a)));
    assert!(failed.output().is_err() && utils::get_source_inputs(&failed).is_err());
}
