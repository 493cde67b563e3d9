//! Saving and loading files of all formats.

use candle_keras::constraints::MinMaxNorm;
use candle_keras::initializers::Constant;
use candle_keras::layers::{Activation, Dense, Embedding, Flatten, Lambda, Lora, TimeDistributed};
use candle_keras::losses::{BinaryCrossentropy, Loss};
use candle_keras::metrics::{BinaryAccuracy, MetricSpec};
use candle_keras::models::{clone_model, model_from_json};
use candle_keras::optimizers::{Adam, Optimizer, RMSprop, SGD};
use candle_keras::prelude::*;
use candle_keras::saving::{CustomObjects, LoadModel, LoadWeights, convert_weights, load_tensors};
use candle_keras::{ops, utils};
use std::path::{Path, PathBuf};

fn legacy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras/legacy").join(name)
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn close(a: &[f32], b: &[f32], tolerance: f32) {
    assert_eq!(a.len(), b.len());
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(0.1)), "{a:?}\n{b:?}");
}

fn predict(model: &mut Model, x: &[Tensor]) -> Vec<f32> {
    floats(&model.predict_with(x.to_vec(), Predict::new().verbose(0)).unwrap())
}

/// Trained a little, so that the optimizer has a state.
fn trained() -> (Model, Tensor, Tensor) {
    let (x, y) = (
        Tensor::new(&[[1f32, 2.], [3., 4.], [0., 1.]], &Device::Cpu).unwrap(),
        Tensor::new(&[1f32, 0., 1.], &Device::Cpu).unwrap(),
    );
    let mut model = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(3).activation("tanh"),
        Dense::new(1).activation("sigmoid")
    ]);
    let loss = Loss::from(BinaryCrossentropy::new().label_smoothing(0.1));
    let metrics = [MetricSpec::from("acc"), MetricSpec::named(BinaryAccuracy::new().threshold(0.3), "third")];
    model.compile("rmsprop", Compile::loss(loss).metrics(metrics)).unwrap();
    model.fit(&x, &y, Fit::new().epochs(3).verbose(0)).unwrap();
    (model.into(), x, y)
}

#[test]
fn a_saved_model_continues_training() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["m.keras", "m.safetensors"] {
        let (mut model, x, y) = trained();
        let path = folder.path().join(name);
        model.save(&path).unwrap();
        let mut again = load_model(&path).unwrap();
        assert_eq!(predict(&mut model, std::slice::from_ref(&x)), predict(&mut again, std::slice::from_ref(&x)));
        let fit = || Fit::new().epochs(3).batch_size(2).shuffle(false).verbose(0);
        let (a, b) = (model.fit(&x, &y, fit()).unwrap(), again.fit(&x, &y, fit()).unwrap());
        let names: Vec<_> = b.iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(names, ["acc", "loss", "third"]);
        a.iter().zip(b.iter()).for_each(|(a, b)| {
            let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-6; // files store the learning rate in float32
            assert!(a.1.iter().zip(b.1).all(near), "{name}: {a:?} {b:?}");
        });
        assert_eq!(again.to_json().unwrap(), load_model(&path).unwrap().to_json().unwrap());
    }
}

#[test]
fn weights_load_into_other_models_by_position_and_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let make = |units, first: &str| {
        let layers = layers![Input::shape([2]), Dense::new(3).name(first), Dense::new(units).name("head")];
        Sequential::new(layers)
    };
    let from = make(1, "body");
    for name in ["w.weights.h5", "w.safetensors"] {
        let path = folder.path().join(name);
        from.save_weights(&path).unwrap();
        let same = make(1, "body");
        same.load_weights(&path, ()).unwrap();
        assert_eq!(floats(&same.get_weights().unwrap()[0]), floats(&from.get_weights().unwrap()[0]));
        // Another head: an error, or skipped.
        let other = make(4, "body");
        let error = other.load_weights(&path, ()).unwrap_err().to_string();
        assert!(error.contains("layer \"head\" (Dense)") && error.contains("expected: [3, 4]"), "{error}");
        let load = LoadWeights::new().skip_mismatch(true);
        let (done, warnings) = utils::warnings::catch(|| other.load_weights(&path, load));
        done.unwrap();
        assert!(warnings.len() == 1 && warnings[0].contains("head"), "{warnings:?}");
        assert_eq!(floats(&other.get_weights().unwrap()[0]), floats(&from.get_weights().unwrap()[0]));
        // By name, layers that are not in the file are unchanged.
        let named = make(1, "another");
        let before = floats(&named.get_weights().unwrap()[0]);
        named.load_weights(&path, LoadWeights::new().by_name(true)).unwrap();
        assert_eq!(floats(&named.get_weights().unwrap()[0]), before);
        assert_eq!(floats(&named.get_weights().unwrap()[2]), floats(&from.get_weights().unwrap()[2]));
        // If none is in it, nothing would be loaded.
        let strange = Sequential::new(layers![Input::shape([2]), Dense::new(3).name("strange")]);
        let error = strange.load_weights(&path, LoadWeights::new().by_name(true)).unwrap_err().to_string();
        assert!(error.contains("no layer of the model is in the file by its name"), "{error}");
        let skip = LoadWeights::new().by_name(true).skip_mismatch(true);
        let (done, warned) = utils::warnings::catch(|| strange.load_weights(&path, skip));
        assert!(done.is_ok() && warned.len() == 1, "{warned:?}");
    }
    // Names do not matter if weights are matched by position.
    let renamed = make(1, "another");
    renamed.load_weights(folder.path().join("w.weights.h5"), ()).unwrap();
    assert_eq!(floats(&renamed.get_weights().unwrap()[0]), floats(&from.get_weights().unwrap()[0]));
}

#[test]
fn weights_convert_without_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (model, ..) = trained();
    model.save_weights(path("a.weights.h5")).unwrap();
    convert_weights(path("a.weights.h5"), path("b.safetensors")).unwrap();
    assert!(load_tensors(path("b.safetensors")).unwrap().contains_key("layers/dense/vars/0"));
    convert_weights(path("b.safetensors"), path("c.weights.h5")).unwrap();
    let again = clone_model(&model).unwrap();
    again.load_weights(path("c.weights.h5"), ()).unwrap();
    assert_eq!(floats(&again.get_weights().unwrap()[0]), floats(&model.get_weights().unwrap()[0]));
    model.save_weights(path("named.safetensors")).unwrap();
    let error = convert_weights(path("named.safetensors"), path("d.weights.h5")).unwrap_err().to_string();
    assert!(error.contains("not named by its path"), "{error}");
}

#[test]
fn older_files_of_keras_open() {
    for (name, inputs) in [("functional", 2), ("sequential", 1)] {
        let mut model = load_model(legacy(&format!("{name}.h5"))).unwrap();
        let data: std::collections::HashMap<_, _> =
            Tensor::read_npz(legacy(&format!("{name}.npz"))).unwrap().into_iter().collect();
        let x: Vec<_> = (0..inputs).map(|i| data[&format!("x{i}")].clone()).collect();
        close(&predict(&mut model, &x), &floats(&data["prediction"]), 1e-5);
        if let Some(y) = data.get("y") {
            // With the optimizer's state, too.
            let history = model.fit(x, y, Fit::new().epochs(2).batch_size(4).shuffle(false).verbose(0)).unwrap();
            let losses: Vec<f32> = history["loss"].iter().map(|&loss| loss as f32).collect();
            close(&losses, &floats(&data["losses"]), 1e-4);
        }
    }
    let mut model = load_model(legacy("keras2.h5")).unwrap();
    assert_eq!(model.optimizer().unwrap().learning_rate(), 0.005);
    let x = Tensor::new(&[[1f32, 2., 3.]], &Device::Cpu).unwrap();
    assert_eq!(predict(&mut model, &[x]), [1., 2., 3., 5.5, 1.5]);
    let error = load_model(legacy("by_name.h5")).unwrap_err().to_string();
    assert!(error.contains("only weights"), "{error}");
    let model = Sequential::new(layers![Input::shape([5]), Dense::new(3).name("first"), Dense::new(2).name("second")]);
    let error = model.load_weights(legacy("by_name.h5"), ()).unwrap_err().to_string();
    assert!(error.contains("number of layers with weights"), "{error}");
    model.load_weights(legacy("by_name.h5"), LoadWeights::new().by_name(true)).unwrap();
    assert_eq!(floats(&model.get_weights().unwrap()[3]), [3., 3.]);
    model.load_weights(legacy("sequential.h5"), ()).unwrap();
}

/// Big-endian, compressed, half precision, bfloat16, integers, written by libhdf5.
#[test]
fn weights_of_all_dtypes_and_layouts_are_read() {
    let model = Sequential::new(layers![Input::shape([2]), Dense::new(3)]);
    let weights = || model.get_weights().unwrap().iter().map(floats).collect::<Vec<_>>();
    model.load_weights(legacy("chunked.weights.h5"), ()).unwrap();
    assert_eq!(weights(), [vec![0., 1., 2., 3., 4., 5.], vec![1., 2., 3.]]);
    model.load_weights(legacy("dtypes.weights.h5"), ()).unwrap();
    assert_eq!(weights(), [vec![0., 1., 2., 3., 4., 5.], vec![1.5, -2., 3.]]);
    let folder = tempfile::tempdir().unwrap();
    for dtype in ["float16", "bfloat16", "float64"] {
        let make = || Sequential::new(layers![Input::shape([2]), Dense::new(3).name("d").dtype(dtype)]);
        let (from, to) = (make(), make());
        for name in ["w.weights.h5", "w.safetensors"] {
            from.save_weights(folder.path().join(name)).unwrap();
            to.load_weights(folder.path().join(name), ()).unwrap();
            assert_eq!(
                floats(&from.get_weights().unwrap()[0]),
                floats(&to.get_weights().unwrap()[0]),
                "{dtype} {name}"
            );
        }
        from.save(folder.path().join("m.keras")).unwrap();
        let again = load_model(folder.path().join("m.keras")).unwrap();
        assert_eq!(again.variables()[0].dtype(), from.variables()[0].dtype());
    }
}

#[test]
fn a_configuration_creates_the_same_model_with_new_weights() {
    let (model, x, y) = trained();
    let mut again = model_from_json(&model.to_json().unwrap()).unwrap();
    assert_eq!(again.to_json().unwrap(), model.to_json().unwrap());
    assert_ne!(floats(&again.get_weights().unwrap()[0]), floats(&model.get_weights().unwrap()[0]));
    again.fit(&x, &y, Fit::new().verbose(0)).unwrap();
    let cloned = Model::from_config(&model.get_config().unwrap()).unwrap();
    assert_eq!(cloned.get_config().unwrap(), model.get_config().unwrap());
    assert!(model_from_json("{}").is_err() && model_from_json("[").is_err());
}

#[test]
fn operators_and_shared_layers_are_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (Input::shape([1]), Input::shape([1]));
    let words = Embedding::new(5, 3);
    let (u, v) = (words.call(&a), words.call(&b));
    let distance = ops::sum(&ops::square(&(&u - &v)), [1, 2]);
    let mut model = Model::new([a, b], (ops::exp(&distance) * 2.0) + 1.0).unwrap();
    let x = [Tensor::new(&[1u32, 2], &Device::Cpu).unwrap(), Tensor::new(&[3u32, 2], &Device::Cpu).unwrap()];
    let expected = predict(&mut model, &x);
    assert_eq!(expected[1], 3.0);
    let path = folder.path().join("m.keras");
    model.save(&path).unwrap();
    let mut again = load_model(&path).unwrap();
    assert_eq!(predict(&mut again, &x), expected);
    assert_eq!(again.variables().len(), 1);
}

/// A layer that is both inside and outside of a nested model is still shared after loading.
#[test]
fn a_layer_in_two_models_stays_shared() {
    let folder = tempfile::tempdir().unwrap();
    let x = Input::shape([3]);
    let code = Dense::new(2).name("code").call(&x);
    let encoder = Model::new(x.clone(), code).unwrap();
    let y = Input::shape([3]);
    let shared = encoder.get_layer("code").unwrap();
    let direct = shared.call(&y);
    let model = Model::new(y.clone(), [encoder.call(&y), direct]).unwrap();
    assert_eq!(model.variables().len(), 2);
    for name in ["m.keras", "m.safetensors"] {
        model.save(folder.path().join(name)).unwrap();
        let again = load_model(folder.path().join(name)).unwrap();
        assert_eq!(again.variables().len(), 2, "{name}");
        assert_eq!(floats(&again.get_weights().unwrap()[0]), floats(&model.get_weights().unwrap()[0]));
    }
}

#[test]
fn custom_functions_are_supplied_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    let x = Input::shape([2]);
    let double = Lambda::new(|x| x * 2.0).name("double").call(&x);
    let halved = Activation::new(candle_keras::activations::ActivationFunction::new("half", |x| x * 0.5));
    let y = Dense::new(1).call(halved.call(&double));
    let mut model = Model::new(x, y).unwrap();
    let fourth = || Loss::new("fourth_power", |y, p| ops::mean(&(y - p)?.powf(4.0)?, -1));
    model.compile("sgd", fourth()).unwrap();
    model.save(&path).unwrap();
    let error = load_model(&path).unwrap_err().to_string();
    assert!(
        error.contains("layer \"double\" (Lambda)") && error.contains("CustomObjects::new().lambda(\"double\""),
        "{error}"
    );
    let objects = CustomObjects::new().lambda("double", |x| x * 2.0);
    let error = LoadModel::new().custom_objects(objects.clone()).load(&path).unwrap_err().to_string();
    assert!(error.contains("unknown activation \"half\""), "{error}");
    let objects = objects.activation("half", |x| x * 0.5);
    let error = LoadModel::new().custom_objects(objects.clone()).load(&path).unwrap_err().to_string();
    assert!(error.contains("fourth_power") && error.contains("compile(false)"), "{error}");
    let bare = LoadModel::new().custom_objects(objects.clone()).compile(false).load(&path).unwrap();
    assert_eq!(bare.count_params(), 3);
    let mut again = LoadModel::new().custom_objects(objects.loss("fourth_power", fourth())).load(&path).unwrap();
    let x = Tensor::new(&[[1f32, 2.]], &Device::Cpu).unwrap();
    assert_eq!(predict(&mut model, std::slice::from_ref(&x)), predict(&mut again, std::slice::from_ref(&x)));
    again.fit(&x, vec![1f32], Fit::new().verbose(0)).unwrap();
}

#[test]
fn a_custom_layer_is_restored() {
    use crate::custom_layer::Scale;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    let model = Sequential::new(layers![Input::shape([2]), Flatten::new(), Scale::new()]);
    model.save(&path).unwrap();
    let error = load_model(&path).unwrap_err().to_string();
    assert!(error.contains("unknown layer class \"Scale\""), "{error}");
    let objects = CustomObjects::new().layer::<Scale>("Scale");
    let again = LoadModel::new().custom_objects(objects).load(&path).unwrap();
    assert_eq!(floats(&again.get_weights().unwrap()[0]), floats(&model.get_weights().unwrap()[0]));
}

#[test]
fn saving_to_an_unsupported_format_is_an_error() {
    let (model, ..) = trained();
    let error = |path: &str| model.save(path).unwrap_err().to_string();
    assert!(error("m.h5").contains("read, not written") && error("m.weights.h5").contains("save_weights"));
    assert!(error("m").contains("ends in .keras or .safetensors"));
    assert!(model.save_weights("m.h5").unwrap_err().to_string().contains(".weights.h5"));
    assert!(load_model("none.keras").unwrap_err().to_string().contains("none.keras"));
    assert!(load_model(".").unwrap_err().to_string().contains("config.json"));
}

/// Files of other programs: with the minimum of members, and as a folder.
#[test]
fn a_minimal_file_loads() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
        {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 3], "dtype": "float32", "name": "in"}},
        {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "relu"}}]},
        "compile_config": {"optimizer": "adam", "loss": "mse", "metrics": "mae"}}"#;
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let weights = Sequential::new(layers![Input::shape([3]), Dense::new(2)]);
    weights.save_weights(folder.path().join("model.weights.h5")).unwrap();
    let mut model = load_model(folder.path()).unwrap();
    assert_eq!(floats(&model.get_weights().unwrap()[0]), floats(&weights.get_weights().unwrap()[0]));
    let history = model.fit(vec![vec![1f32, 2., 3.]], vec![vec![1f32, 2.]], Fit::new().verbose(0)).unwrap();
    assert!(history.get("mae").is_some());
    assert_eq!(model.get_layer("d").unwrap().get_config().unwrap()["use_bias"], true);
}

/// A Sequential that has not seen data has no weights yet, but may be compiled.
#[test]
fn a_sequential_is_saved_before_it_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    let mut model = Sequential::new(layers![Dense::new(2), Dense::new(1)]);
    model.compile("adam", "mse").unwrap();
    model.save(&path).unwrap();
    let mut again = load_model(&path).unwrap();
    assert_eq!(again.variables().len(), 0);
    again.fit(vec![vec![1f32, 2., 3.]], vec![1f32], Fit::new().verbose(0)).unwrap();
    assert_eq!(again.count_params(), 8 + 3);
}

/// Keras creates the slots when it loads a model, and expects them in the file.
#[test]
fn the_optimizer_of_a_model_that_was_never_trained_has_its_slots_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1)]);
    model.compile("adam", "mse").unwrap();
    model.save(&path).unwrap();
    let tensors = load_tensors(&path).unwrap();
    assert_eq!(tensors.keys().filter(|name| name.starts_with("optimizer/")).count(), 2 + 4);
    assert_eq!(tensors["optimizer/2"].dims(), [2, 1]);
}

#[test]
fn layers_of_one_name_are_told_apart() {
    let inner = || Dense::new(3).name("d");
    let model_of = |layer: Dense| Sequential::new(layers![Input::shape([3]), layer]);
    let (alone, a, b) = (inner(), inner(), inner());
    let x = Input::shape([3]);
    let of = |layer: &Dense| model_of(layer.clone()).call(&x);
    let y = ops::concatenate(&[of(&alone), of(&b), of(&a), of(&a), of(&b)], -1);
    let model = Model::new(&x, y).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    model.save(&path).unwrap();
    let loaded = load_model(&path).unwrap();
    assert_eq!(loaded.count_params(), 36);
    let data = vec![vec![1f32, -2., 0.5]];
    let outputs = [&model, &loaded].map(|model| floats(&model.predict_with(&data, Predict::new().verbose(0)).unwrap()));
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn a_layer_inside_and_outside_of_a_wrapper_is_one_layer_after_loading() {
    let dense = Dense::new(3).name("shared");
    let each = Sequential::new(layers![Input::shape([3]), dense.clone()]);
    let (x, steps) = (Input::shape([3]), Input::shape([5, 3]));
    let outputs = [dense.call(&x), TimeDistributed::new(each).call(&steps)];
    let model = Model::new([&x, &steps], outputs).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    model.save(&path).unwrap();
    assert_eq!(model.count_params(), 12);
    assert_eq!(load_model(&path).unwrap().count_params(), 12);
}

#[test]
fn all_layers_that_cannot_be_made_are_in_one_message() {
    let model = Sequential::new(layers![
        Input::shape([3]),
        Dense::new(3).name("a"),
        Activation::new("relu").name("b"),
        Activation::new("relu").name("c"),
        Sequential::new(layers![Dense::new(1).name("d")]),
    ]);
    model.build([3]).unwrap();
    let json = model.to_json().unwrap().replace("\"Activation\"", "\"Activate\"");
    let d = json.replacen("\"name\":\"d\"", "\"name\":\"d\",\"speed\":3", 1);
    let error = model_from_json(&d).unwrap_err().to_string();
    for part in
        ["3 layers", "Activate (b, c): unknown layer class", "Dense (d): ", "received: speed = 3", "CustomObjects"]
    {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}

/// Python writes numbers into JSON that JSON does not have.
#[test]
fn infinite_arguments_are_saved_as_python_writes_them() {
    let x = Input::shape([2]);
    let dense = Dense::new(2)
        .kernel_constraint(MinMaxNorm::new().max_value(f64::INFINITY))
        .bias_initializer(Constant::new(f64::NEG_INFINITY));
    let y = &ops::clip(&dense.call(&x), -1.0, f64::INFINITY) * f64::INFINITY;
    let model = Model::new(x, y).unwrap();
    let text = model.to_json().unwrap();
    for part in [
        r#""value":Infinity,"dtype":"float32""#,
        r#""max_value":Infinity"#,
        r#""value":-Infinity"#,
        r#""x_max":Infinity"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(model_from_json(&text).unwrap().to_json().unwrap(), text);
    let folder = tempfile::tempdir().unwrap();
    for name in ["m.keras", "m.safetensors"] {
        let path = folder.path().join(name);
        model.save(&path).unwrap();
        let again = load_model(&path).unwrap();
        assert_eq!(again.to_json().unwrap(), text);
    }
}

/// Weights under the names of groups that older versions of Keras wrote.
#[test]
fn infinite_arguments_of_optimizers_are_saved_and_loaded() {
    let optimizers: [Optimizer; 3] = [
        SGD::new().clipvalue(f64::INFINITY).into(),
        Adam::new().global_clipnorm(f64::INFINITY).epsilon(f64::INFINITY).into(),
        RMSprop::new().weight_decay(f64::INFINITY).into(),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (i, optimizer) in optimizers.into_iter().enumerate() {
        let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1)]);
        model.compile(optimizer, "mse").unwrap();
        for format in ["keras", "safetensors"] {
            let path = folder.path().join(format!("{i}.{format}"));
            model.save(&path).unwrap();
            let mut again = load_model(&path).unwrap();
            let config = again.optimizer().unwrap().get_config().unwrap();
            assert_eq!(config, model.optimizer().unwrap().get_config().unwrap());
            assert!(config.to_string().contains("u0001Infinity"), "{config}");
        }
    }
}

#[test]
fn weights_of_early_keras_3_open() {
    let mut expected = load_model(legacy("sequential.h5")).unwrap();
    let x = Tensor::new(&[[1f32, 2., 3., 4., 5.]], &Device::Cpu).unwrap();
    let expected = predict(&mut expected, std::slice::from_ref(&x));
    for name in ["keras2_13", "windows", "keras2_13_windows"] {
        let mut model = clone_model(&load_model(legacy("sequential.h5")).unwrap()).unwrap();
        model.load_weights(legacy(&format!("{name}.weights.h5")), ()).unwrap();
        assert_eq!(predict(&mut model, std::slice::from_ref(&x)), expected, "{name}");
    }
}

#[test]
fn a_file_is_recognized_by_its_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (model, ..) = trained();
    model.save(at("m.keras")).unwrap();
    model.save(at("m.safetensors")).unwrap();
    std::fs::copy(at("m.keras"), at("zip.h5")).unwrap();
    std::fs::copy(at("m.safetensors"), at("tensors.h5")).unwrap();
    std::fs::copy(legacy("sequential.h5"), at("hdf5.keras")).unwrap();
    for (name, params) in [("zip.h5", 13), ("tensors.h5", 13), ("hdf5.keras", 26)] {
        let again = load_model(at(name)).unwrap();
        assert_eq!(again.count_params(), params, "{name}");
        again.load_weights(at(name), ()).unwrap();
        assert!(LoadModel::new().config(at(name)).unwrap()["config"]["layers"].is_array(), "{name}");
        again
            .predict_with(
                Tensor::zeros((1, if params == 13 { 2 } else { 5 }), DType::F32, &Device::Cpu).unwrap(),
                Predict::new().verbose(0),
            )
            .unwrap();
    }
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    std::fs::write(at("pointer.keras"), pointer).unwrap();
    std::fs::write(at("empty.h5"), "").unwrap();
    std::fs::create_dir(at("saved")).unwrap();
    std::fs::write(at("saved/saved_model.pb"), "").unwrap();
    for (name, expected) in
        [("pointer.keras", "git lfs pull"), ("empty.h5", "an empty file"), ("saved", "a SavedModel of TensorFlow")]
    {
        let error = load_model(at(name)).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(name), "{error}");
    }
    std::fs::write(at("text.npz"), "hello").unwrap();
    for error in [model.load_weights(at("text.npz"), ()), convert_weights(at("text.npz"), at("text.safetensors"))] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains("neither a model nor weights") && error.contains("text.npz"), "{error}");
    }
}

/// Whatever is saved can be loaded, or is refused when it is saved.
#[test]
fn odd_names_and_depths_are_saved_and_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let is_saved_and_loaded = |what: &str, model: &Model| {
        for name in ["m.keras", "m.safetensors", "m.weights.h5"] {
            let path = folder.path().join(name);
            if name == "m.weights.h5" {
                model.save_weights(&path).unwrap();
                model.load_weights(&path, ()).unwrap_or_else(|error| panic!("{what}: {name}: {error}"));
                continue;
            }
            if let Err(error) = model.save(&path) {
                assert!(error.to_string().contains("too deeply"), "{what}: {name}: {error}");
                continue;
            }
            let again = load_model(&path).unwrap_or_else(|error| panic!("{what}: {name}: {error}"));
            assert_eq!(again.to_json().unwrap(), model.to_json().unwrap(), "{what}: {name}");
        }
    };
    let long = "x".repeat(100_000);
    for name in [
        ".",
        "..",
        "a.b",
        " ",
        "\\",
        "a\\b",
        "layers\\dense",
        "\"",
        "\n",
        "ünï \u{1F600}",
        "vars",
        "layers",
        "0",
        &long,
    ] {
        let x = Input::shape([2]);
        let inner = Model::new(&x, Dense::new(2).name(name).call(&x)).unwrap().name(name);
        let model = Sequential::new(layers![Input::shape([2]), inner, Dense::new(1)]).name(name);
        is_saved_and_loaded(name.get(..20).unwrap_or(name), &model);
    }
    let mut nested = Model::from(Sequential::new(layers![Input::shape([2]), Dense::new(2)]));
    for depth in 0..50 {
        nested = Sequential::new(layers![Input::shape([2]), nested]).into();
        if depth % 10 == 9 || depth > 34 {
            is_saved_and_loaded(&format!("{depth} models in models"), &nested);
        }
    }
}

#[test]
fn thousands_of_layers_are_saved_and_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let start = std::time::Instant::now();
    let x = Input::shape([1]);
    let y = (0..3000).fold(x.clone(), |y, _| Dense::new(1).call(&y));
    let model = Model::new(x, y).unwrap();
    for name in ["m.keras", "m.safetensors"] {
        let path = folder.path().join(name);
        model.save(&path).unwrap();
        let again = load_model(&path).unwrap();
        assert_eq!(again.count_params(), 6000);
        assert!(again.summary_text().contains("dense_2999"));
    }
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

/// Files have the adapted kernel; after loading, the layer predicts the same and can be trained.
#[test]
fn files_have_the_sum_of_a_kernel_and_what_adapts_it() {
    utils::set_random_seed(1);
    let folder = tempfile::tempdir().unwrap();
    let (_, x, y) = trained();
    let mut model = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(3).name("first"),
        Dense::new(1).lora_rank(1).name("second")
    ]);
    model.compile("sgd", "mse").unwrap();
    let lora = Lora::new(2).lora_alpha(6.0).b_initializer("ones");
    model.get_layer("first").unwrap().enable_lora_with(lora).unwrap();
    model.compile("sgd", "mse").unwrap();
    model.fit(&x, &y, Fit::new().epochs(3).verbose(0)).unwrap();
    let expected = predict(&mut model, std::slice::from_ref(&x));
    for file in ["model.keras", "model.safetensors"] {
        let path = folder.path().join(file);
        model.save(&path).unwrap();
        let mut loaded = load_model(&path).unwrap();
        close(&predict(&mut loaded, std::slice::from_ref(&x)), &expected, 1e-5);
        let config = loaded.get_layer("second").unwrap().get_config().unwrap();
        assert_eq!((&config["lora_rank"], &config["lora_alpha"]), (&1.into(), &1.0.into()));
        let kernel = |model: &Model| floats(&model.get_weights().unwrap()[0]);
        let before = kernel(&loaded);
        loaded.fit(&x, &y, Fit::new().epochs(2).verbose(0)).unwrap();
        assert_ne!(predict(&mut loaded, std::slice::from_ref(&x)), expected);
        assert_eq!(kernel(&loaded), before);
    }
    // The weights alone, into a model without LoRA.
    let path = folder.path().join("model.weights.h5");
    model.save_weights(&path).unwrap();
    let plain = layers![Input::shape([2]), Dense::new(3), Dense::new(1)];
    let mut plain = Sequential::new(plain);
    plain.load_weights(&path, ()).unwrap();
    close(&predict(&mut plain, &[x]), &expected, 1e-5);
}
