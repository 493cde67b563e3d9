//! Bad input is a clear error, and never a panic.

use candle_keras::callbacks::BackupAndRestore;
use candle_keras::layers::{Call, Context, Dense, Embedding, Flatten, KerasTensor, LSTM, Lambda, Shape, Subtract};
use candle_keras::losses::{BinaryCrossentropy, MeanSquaredError};
use candle_keras::prelude::*;
use candle_keras::utils::warnings;
use candle_keras::{Batch, Error, StepLogs, TrainStep, ops};

fn model() -> Model {
    let x = Input::shape([3]);
    let y = Dense::new(1).name("head").call(&x);
    Model::new(x, y).unwrap()
}

fn compiled() -> Model {
    let mut model = model();
    model.compile("adam", "mse").unwrap();
    model
}

fn data(samples: usize) -> (Tensor, Tensor) {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    (zeros(&[samples, 3]), zeros(&[samples, 1]))
}

fn quiet() -> Fit<'static> {
    Fit::new().verbose(0)
}

#[track_caller]
fn says<T>(result: Result<T>, parts: &[&str]) {
    let text = result.err().map(|error| error.to_string()).expect("an error");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

#[test]
fn an_id_out_of_range_is_named_with_its_position_and_layer() {
    let x = Input::shape([2]);
    let y = Flatten::new().call(Embedding::new(10, 4).name("words").call(&x));
    let model = Model::new(x, y).unwrap();
    let ids = vec![vec![1u32, 2], vec![3, 10]];
    says(
        model.predict_with(&ids, Predict::new().verbose(0)),
        &["layer \"words\" (Embedding)", "0..10", "10 at [1, 1]"],
    );
}

#[test]
fn a_bad_value_is_named_by_its_place_in_the_data() {
    let classifier = || {
        let mut model = Sequential::new(layers![
            Input::shape([1]),
            Embedding::new(9, 4),
            Flatten::new(),
            Dense::new(3).activation("softmax")
        ]);
        model.compile("sgd", "sparse_categorical_crossentropy").unwrap();
        model
    };
    let x = |bad: f32| (0..100).map(|i| if i == 71 { bad } else { (i % 9) as f32 }).collect::<Vec<_>>();
    let y = |bad: f32| (0..100).map(|i| if i == 71 { bad } else { (i % 3) as f32 }).collect::<Vec<_>>();
    let mut model = classifier();
    model.fit(x(8.0), y(2.0), quiet().batch_size(8)).unwrap();
    for bad in [-1.0, 3.0, 0.5, f32::NAN] {
        let received = format!("received: {bad} at [");
        let parts = ["a target is not a class index", &received, "] of the batch: index 71 of the data"];
        says(model.fit(x(8.0), y(bad), quiet().batch_size(8)), &parts);
        says(model.fit(x(8.0), y(bad), quiet().validation_split(0.5)), &parts);
        says(model.evaluate_with(x(8.0), y(bad), Evaluate::new().verbose(0)), &parts);
    }
    let bad = ["layer \"embedding", "received: 9 at [7, 0] of the batch: index 71 of the data"];
    says(model.predict_with(x(9.0), Predict::new().batch_size(8).verbose(0)), &bad);
    let dataset = Dataset::from_tensor_slices((x(8.0), y(-1.0))).unwrap().batch(8);
    says(model.fit(&dataset, (), quiet()), &["received: -1 at [7] of the batch: batch 9 of the dataset"]);
    let (_, warned) =
        warnings::catch(|| model.predict_with(&dataset, Predict::new().batch_size(3).verbose(0)).unwrap());
    assert_eq!(warned, ["batch_size is ignored for a dataset, which has batches: Dataset::batch(3)"]);
}

#[test]
fn values_that_an_integer_input_does_not_have_are_errors() {
    let input = Input::shape([2]).name("ids").dtype("int32");
    let model = Model::new(input.clone(), Flatten::new().call(&Embedding::new(9, 4).call(&input))).unwrap();
    let predict = |x: [f64; 2]| model.predict_with(vec![vec![0.0, 1.0], x.to_vec()], Predict::new().verbose(0));
    assert_eq!(predict([8.0, 3.0]).unwrap().dims(), [2, 8]);
    for wrong in [0.5, 2147483648.0, f64::NAN] {
        says(predict([8.0, wrong]), &["layer \"ids\" (InputLayer)", "int32", &format!("received: {wrong} at [1, 1]")]);
    }
}

#[test]
fn shape_errors_name_the_layer() {
    let (x, _) = data(4);
    let wide = Tensor::zeros((4, 5), DType::F32, &Device::Cpu).unwrap();
    let mut model = compiled();
    says(model.predict(&wide), &["(InputLayer)", "(None, 3)", "[4, 5]"]);
    let cube = Tensor::zeros((4, 3, 3), DType::F32, &Device::Cpu).unwrap();
    says(model.fit(&x, &cube, quiet()), &["\"head\"", "mean_squared_error", "[4, 3, 3]"]);
    says(model.fit([&x, &x], &x, quiet()), &["one array for each of its inputs", "1:", "2 arrays"]);
    says(model.fit(&x, [&x, &x], quiet()), &["one array of targets", "head"]);
}

/// Keras broadcasts (n,) against (n, 1, 1) to (n, 1, n) and trains on wrong values.
#[test]
fn targets_that_keras_would_broadcast_are_errors() {
    let x = Input::shape([1]);
    let y = Dense::new(1).call(Embedding::new(5, 2).call(&x));
    let mut model = Model::new(x, y).unwrap();
    model.compile("sgd", "mse").unwrap();
    let (ids, targets) = (vec![0u32, 1, 2], vec![0f32, 1., 2.]);
    says(model.fit(&ids, &targets, quiet()), &["do not match", "[3]", "[3, 1, 1]", "Flatten"]);
    // The same would happen to one weight per sample where a sample has several values.
    let x = Input::shape([2]);
    let y = Dense::new(1).call(Embedding::new(5, 2).call(&x));
    let mut model = Model::new(x, y).unwrap();
    model.compile("sgd", "mse").unwrap();
    let (ids, targets) = (vec![vec![0u32, 1]; 2], Tensor::zeros((2, 2, 1), DType::F32, &Device::Cpu).unwrap());
    says(model.fit(&ids, &targets, quiet().sample_weight(vec![1f32, 2.])), &["sample weights", "(batch, 1)"]);
    assert!(model.fit(&ids, &targets, quiet().sample_weight(vec![vec![1f32], vec![2.]])).is_ok());
}

#[test]
fn a_disconnected_graph_is_an_error() {
    let (a, b) = (Input::shape([3]), Input::shape([3]));
    let y = Subtract::new().name("difference").call([&a, &b]);
    says(
        Model::new(a.clone(), y),
        &["depends on an input that is not an input of the model", "difference", "input_layer_1"],
    );
    let one = Dense::new(2).name("same").call(&a);
    let two = Dense::new(2).name("same").call(&one);
    says(Model::new(a.clone(), two), &["\"same\"", "another name"]);
    says(Model::new(Vec::<KerasTensor>::new(), a.clone()), &["at least one input"]);
    says(Model::new([&a, &a], &a), &["each input once"]);
}

#[test]
fn training_needs_compile_and_matching_data() {
    let (x, y) = data(4);
    says(model().fit(&x, &y, quiet()), &["is not compiled", "compile("]);
    says(model().evaluate(&x, &y), &["is not compiled"]);
    says(compiled().fit(&x, data(3).1, quiet()), &["same number of samples", "x: 4", "y: 3"]);
    let (empty_x, empty_y) = data(0);
    says(compiled().fit(&empty_x, &empty_y, quiet()), &["no samples"]);
    says(compiled().predict(&empty_x), &["no samples"]);
    says(compiled().fit(&x, &y, quiet().batch_size(0)), &["batch_size"]);
    for part in [1.0, -0.5, 1.5, f64::NAN] {
        says(compiled().fit(&x, &y, quiet().validation_split(part)), &["validation_split"]);
    }
    let (one_x, one_y) = data(1);
    says(compiled().fit(&one_x, &one_y, quiet().validation_split(0.5)), &["leave samples on both sides", "0.5 of 1"]);
    assert!(compiled().fit(&x, &y, quiet().validation_split(0.25)).is_ok());
    let both = quiet().class_weight([(0, 1.0)]).sample_weight(vec![1f32; 4]);
    says(compiled().fit(&x, &y, both), &["cannot be combined"]);
    says(compiled().fit(&x, &y, quiet().sample_weight(vec![1f32; 3])), &["sample_weight: 3"]);
}

#[test]
fn losses_and_metrics_are_added_or_refused_but_never_dropped() {
    let compile = |compile: Compile| model().compile("adam", compile);
    let mixed = |what: &str| [format!("the {what} are given in two ways"), "name the output".into()];
    for wrong in [
        Compile::loss("mse").loss_of("head", "mae"),
        Compile::losses(["mse"]).loss_of("head", "mae"),
        Compile::default().loss_of("head", "mse").loss_of("head", "mae"),
    ] {
        says(compile(wrong), &mixed("losses").each_ref().map(|text| text.as_str()));
    }
    for wrong in [
        Compile::loss("mse").metrics_of("head", ["mae"]).metric("mse"),
        Compile::loss("mse").metrics_of("head", ["mae"]).metrics(["mse"]),
        Compile::loss("mse").metrics(["mse"]).metrics_of("head", ["mae"]),
        Compile::loss("mse").metric("mse").metrics_of("head", ["mae"]).metric("mse"),
    ] {
        says(compile(wrong), &mixed("metrics").each_ref().map(|text| text.as_str()));
    }
    for added in [
        Compile::loss("mse").metric("mae").metrics(["mse"]),
        Compile::loss("mse").metrics(["mae"]).metric("mse"),
        Compile::loss("mse").metrics_of("head", ["mae"]).metrics_of("head", ["mse"]),
    ] {
        let mut model = model();
        model.compile("adam", added).unwrap();
        let (x, y) = data(4);
        let logs = model.evaluate(&x, &y).unwrap();
        assert_eq!(logs.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["loss", "mae", "mse"]);
    }
}

#[test]
fn unknown_names_get_a_suggestion() {
    let mut model = model();
    says(model.compile("adan", "mse"), &["unknown optimizer \"adan\"", "did you mean \"adam\"?"]);
    says(model.compile("adam", "binary_crossentrop"), &["did you mean \"binary_crossentropy\"?"]);
    says(model.compile("adam", Compile::loss("mse").metrics(["acuracy"])), &["did you mean \"accuracy\"?"]);
    says(model.compile("adam", Compile::losses(["mse", "mae"])), &["one entry per output"]);
    says(model.compile("adam", Compile::default().loss_of("haed", "mse")), &["did you mean \"head\"?"]);
    model.compile("adam", Compile::default()).unwrap();
    let (x, y) = data(4);
    says(model.fit(&x, &y, quiet()), &["nothing to train on", "compile(\"adam\", \"mse\")"]);
    says(model.get_layer("hed"), &["did you mean \"head\"?"]);
    says(Dense::new(2).activation("sigmoyd").call(Input::shape([2])).shape(), &["did you mean \"sigmoid\"?"]);
    says(Dense::new(2).dtype("float23").call(Input::shape([2])).shape(), &["did you mean \"float32\"?"]);
    says(candle_keras::utils::device("cuda:none"), &["unknown device"]);
}

#[test]
fn weights_that_do_not_match_are_errors() {
    let model = model();
    says(model.set_weights(&[]), &["2 tensors", "0 tensors"]);
    let wrong = vec![model.get_weights().unwrap()[1].clone(), model.get_weights().unwrap()[0].clone()];
    says(model.set_weights(&wrong), &["\"head/kernel\"", "[3, 1]"]);
}

#[test]
fn a_nan_loss_is_a_warning_that_names_the_step() {
    let (x, y) = data(4);
    let mut model = compiled();
    let nan = (y.clone() * f64::NAN).unwrap();
    let y = Tensor::cat(&[y.narrow(0, 0, 2).unwrap(), nan.narrow(0, 0, 2).unwrap()], 0).unwrap();
    let (_, caught) = warnings::catch(|| model.fit(&x, &y, quiet().batch_size(1).shuffle(false)).unwrap());
    assert_eq!(caught.len(), 1);
    assert!(caught[0].contains("NaN at step 3 of epoch 1"), "{caught:?}");

    let mut model = compiled();
    let evaluated =
        |model: &mut Model, y: &Tensor| warnings::catch(|| model.evaluate_with(&x, y, Evaluate::new().verbose(0))).1;
    assert_eq!(evaluated(&mut model, &x.narrow(1, 0, 1).unwrap()), Vec::<String>::new());
    let caught = evaluated(&mut model, &y);
    assert!(caught.len() == 1 && caught[0].contains("NaN on the test data"), "{caught:?}");
    let (_, caught) = warnings::catch(|| model.test_on_batch(&x, &y).unwrap());
    assert!(caught.len() == 1 && caught[0].contains("NaN on the test data"), "{caught:?}");
}

#[test]
fn frozen_weights_and_lost_masks_are_warnings() {
    let x = Input::shape([2]);
    let e = Embedding::new(5, 2).mask_zero(true).call(&x);
    let y = Dense::new(1).call(Flatten::new().name("flat").call(&e));
    let mut model = Model::new(x, y).unwrap();
    model.set_trainable(false);
    model.compile("sgd", "mse").unwrap();
    let fit = || model.fit(vec![vec![1u32, 0]], vec![1f32], quiet().epochs(2));
    let (_, mut caught) = warnings::catch(fit);
    caught.sort();
    assert_eq!(caught.len(), 2, "{caught:?}");
    assert!(caught[0].contains("\"flat\" (Flatten) does not support masking"), "{caught:?}");
    assert!(caught[1].contains("no weight receives a gradient"), "{caught:?}");
}

#[test]
fn a_callback_that_fails_ends_the_training_with_its_error() {
    use candle_keras::callbacks::{EarlyStopping, LambdaCallback};
    let (x, y) = data(4);
    let fails = LambdaCallback::new().on_epoch_end(|_, _, _| Err(Error::new("enough")));
    says(compiled().fit(&x, &y, quiet().callback(fails)), &["enough"]);
    let stop = |monitor: &str, mode: &str| quiet().callback(EarlyStopping::new().monitor(monitor).mode(mode));
    says(compiled().fit(&x, &y, stop("loss", "less")), &["unknown mode \"less\""]);
    let (_, caught) = warnings::catch(|| compiled().fit(&x, &y, stop("val_loss", "auto")).unwrap());
    assert!(caught[0].contains("\"val_loss\", which is not in the logs; there are loss"), "{caught:?}");
}

#[test]
fn a_function_that_fails_in_training_names_its_layer() {
    let x = Input::shape([3]);
    let picky = |x: &Tensor| if x.dim(0)? == 4 { candle_core::bail!("four is too many") } else { ops::mean(x, -1) };
    let y = Lambda::new(picky).name("picky").call(&x);
    let mut model = Model::new(x, y).unwrap();
    model.compile("sgd", "mse").unwrap();
    says(model.predict(data(4).0), &["layer \"picky\" (Lambda): four is too many"]);
}

#[test]
fn arguments_of_metrics_are_checked() {
    use candle_keras::metrics::{AUC, IoU, MetricSpec, SensitivityAtSpecificity};
    let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1)]);
    let names = [("sensitivity_at_specificity", "needs specificity"), ("IoU", "needs num_classes")];
    for (name, expected) in names {
        says(model.compile("sgd", Compile::loss("mse").metric(name)), &[expected, "::new("]);
    }
    let without = serde_json::json!({"class_name": "PrecisionAtRecall", "config": {"num_thresholds": 3}});
    says(MetricSpec::from_config(&without), &["PrecisionAtRecall needs recall"]);
    let mut fails = |metric: MetricSpec, expected: &str| {
        model.compile("sgd", Compile::loss("mse").metric(metric)).unwrap();
        let fit = Fit::new().verbose(1);
        says(model.fit(vec![[1f32, 2.0]], vec![1f32], fit).map(drop), &[expected]);
    };
    fails(AUC::new().num_thresholds(usize::MAX).into(), "num_thresholds of AUC");
    fails(SensitivityAtSpecificity::new(0.5).num_thresholds(usize::MAX).into(), "num_thresholds does not fit");
    fails(SensitivityAtSpecificity::new(1.5).into(), "specificity of SensitivityAtSpecificity");
    fails(IoU::new(0usize, vec![1]).into(), "num_classes of an IoU");
    fails(IoU::new(usize::MAX, vec![1]).into(), "num_classes of an IoU");
    fails(IoU::new(2usize, vec![2]).into(), "a target class id");
}

#[test]
fn unsupported_names_of_keras_are_distinguished_from_misspelled_ones() {
    let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1)]);
    let unsupported: Result<()> = Err(candle_keras::Error::unknown("layer class", "FlaxLayer", &["Dense"]));
    says(unsupported, &["Keras's layer class \"FlaxLayer\" is not here yet", "Dense"]);
    says(model.compile("adamm", "mse"), &["unknown optimizer", "did you mean \"adam\"?"]);
    let error = model.compile("ADAMM", "mse").unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[test]
fn the_error_of_missing_weights_says_what_to_do() {
    let weights = [Tensor::zeros((2, 1), DType::F32, &Device::Cpu).unwrap()];
    says(Dense::new(1).set_weights(&weights), &["has no weights yet", "call it on an input"]);
}

/// A slice of a larger array is not contiguous.
#[test]
fn data_of_any_layout_is_accepted() {
    let whole = Tensor::rand(0f32, 1., (16, 9), &Device::Cpu).unwrap();
    let (x, y) = (whole.narrow(1, 0, 5).unwrap(), whole.narrow(1, 8, 1).unwrap());
    let mut model = Sequential::new(layers![Input::shape([5]), Dense::new(1)]);
    model.compile("sgd", "mse").unwrap();
    model.fit(&x, &y, Fit::new().batch_size(4).shuffle(true).verbose(0)).unwrap();
    let expected = model.predict_with(x.contiguous().unwrap(), Predict::new().verbose(0)).unwrap();
    let found = model.predict_with(&x, Predict::new().verbose(0)).unwrap();
    assert_eq!(found.to_vec2::<f32>().unwrap(), expected.to_vec2::<f32>().unwrap());
}

/// Every layer on every kind of shape: an error, or a result of the declared shape.
#[test]
fn no_layer_panics_on_any_shape() {
    use candle_keras::layers::*;
    let layers = || {
        layers![
            Dense::new(2),
            Embedding::new(4, 2),
            Embedding::new(4, 2).mask_zero(true),
            Flatten::new(),
            Reshape::new([-1]),
            Reshape::new([2, -1]),
            Reshape::new([0]),
            Activation::new("softmax"),
            Dropout::new(0.5),
            Dropout::new(0.5).noise_shape([None, Some(1)]),
            GlobalAveragePooling1D::new(),
            GlobalMaxPooling1D::new(),
            GlobalMaxPooling1D::new().data_format("channels_first"),
            Add::new(),
            Subtract::new(),
            Multiply::new(),
            Average::new(),
            Maximum::new(),
            Minimum::new(),
            Concatenate::new(),
            Concatenate::new().axis(1),
            Dot::new(1),
            Dot::new([2, 1]).normalize(true),
            Lambda::new(|x| ops::mean(x, -1)),
            Lambda::new(|x| ops::softmax(x, 1)),
            Sequential::new(layers![Dense::new(2), Flatten::new()]),
        ]
    };
    let shapes: Vec<Shape> = vec![
        [0usize; 0].into(),
        [0].into(),
        [1].into(),
        [3].into(),
        [None].into(),
        [2, 3].into(),
        [3, 0].into(),
        [None, Some(3)].into(),
        [Some(2), None].into(),
        [2, 1, 3].into(),
    ];
    let (mut worked, mut refused) = (0, 0);
    for (i, a) in shapes.iter().enumerate() {
        for b in shapes[i..].iter().map(Some).chain([None]) {
            for layer in layers().into_iter().map(Result::unwrap) {
                let inputs: Vec<_> = std::iter::once(a).chain(b).map(|shape| Input::shape(shape.clone())).collect();
                let inputs: Vec<_> = inputs.iter().map(|input| input.output().unwrap().clone()).collect();
                let data = |input: &NodeOutput| {
                    let dims: Vec<_> = input.shape().iter().map(|size| size.unwrap_or(2)).collect();
                    Tensor::ones(dims, DType::F32, &Device::Cpu).unwrap()
                };
                let data: Vec<_> = inputs.iter().map(data).collect();
                let run = || -> Result<(Shape, Tensor)> {
                    let output = call(layer.clone(), inputs.clone())?.remove(0);
                    let model = Model::new(inputs, &output)?;
                    Ok((output.shape().clone(), model.predict_with(&data, Predict::new().verbose(0))?))
                };
                match run() {
                    Err(_) => refused += 1,
                    Ok((promised, found)) => {
                        assert!(promised.accepts(found.dims()), "{layer:?}: {promised}, {:?}", found.dims());
                        worked += 1;
                    }
                }
            }
        }
    }
    assert!(worked > 100 && refused > 500, "{worked} worked, {refused} were refused");
}

/// All handles of a layer have the arguments with which it was first called.
#[test]
fn an_argument_set_after_the_first_call_is_an_error() {
    let x = Input::shape([4]);
    let dense = Dense::new(2);
    dense.call(&x);
    let changed = dense.clone().activation("relu");
    for layer in [&changed, &dense] {
        let error = layer.call(&x).shape().unwrap_err().to_string();
        assert!(error.contains("the argument activation was set after the first call of the layer"), "{error}");
        assert!(layer.call(&Tensor::zeros((1, 4), DType::F32, &Device::Cpu).unwrap()).is_err());
    }
    // Before the first call, and what may change later.
    let dense = Dense::new(2);
    dense.clone().activation("relu").call(&x);
    assert!(dense.trainable(false).name("later").call(&x).shape().is_ok());
}

#[test]
fn text_is_refused_where_numbers_are_computed() {
    let (numbers, text) = (Input::shape([4]), Input::shape([4]).dtype("string"));
    let error = |y: KerasTensor| y.shape().unwrap_err().to_string();
    assert!(error(Dense::new(2).dtype("string").call(&numbers)).contains("the dtype \"string\" is for inputs"));
    for y in [Dense::new(2).call(&text), Flatten::new().call(&text), Embedding::new(5, 2).call(&text)] {
        assert!(error(y).contains("does not take text"));
    }
}

/// Keras: `loss(y_true, y_pred)`.
#[test]
fn a_loss_called_on_tensors_is_a_scalar() {
    let tensor = |numbers: [[f32; 2]; 2]| Tensor::new(&numbers, &Device::Cpu).unwrap();
    let (y_true, y_pred) = (tensor([[1., 0.], [0., 1.]]), tensor([[0.5, 0.5], [0.5, 0.5]]));
    let losses = [
        MeanSquaredError::new().call(&y_true, &y_pred).unwrap(),
        BinaryCrossentropy::new().call(&y_true, &y_pred).unwrap(),
    ];
    let [mse, crossentropy] = losses.map(|loss| loss.to_scalar::<f32>().unwrap());
    assert!(mse == 0.25 && (crossentropy - 2f32.ln()).abs() < 1e-6);
}

candle_keras::layers::layer! {
    /// A layer that declares another shape than its output has.
    pub struct Misdeclared() {}
}

impl Layer for Misdeclared {
    fn compute_output_shape(&self, _: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![[None, Some(7)].into()])
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(inputs.to_vec())
    }
}

#[test]
fn what_is_wrong_is_named_where_it_is() {
    let (x, y) = data(4);
    let silent = || Predict::new().verbose(0);
    let wrong = Sequential::new(layers![Input::shape([3]), Misdeclared::new().name("mine"), Dense::new(1)]);
    says(
        wrong.predict_with(&x, silent()),
        &["layer \"mine\" (Misdeclared)", "compute_output_shape", "(None, 7)", "[4, 3]"],
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    Sequential::new(layers![Input::shape([3]), Misdeclared::new()]).save(&path).unwrap();
    says(candle_keras::saving::load_model(&path), &["CustomObjects::new().layer::<...>(\"Misdeclared\")"]);

    let sequence = Input::shape([5, 2]);
    let [a, b] = LSTM::new(3).return_state(true).call_multiple(&sequence);
    says(Model::new(&sequence, [a, b]), &["expected: 3", "let [y1, y2, y3]", "tests/errors.rs"]);
    let mask = Input::shape([4]).dtype("bool");
    let masked = LSTM::new(3).call_with(&sequence, Call::new().mask(&mask));
    says(Model::new([&sequence, &mask], masked), &["(LSTM)", "the mask does not match", "(None, 5, 2)", "(None, 4)"]);

    let mut classifier = Sequential::new(layers![Input::shape([3]), Dense::new(2).activation("softmax")]);
    for loss in ["mse", "categorical_crossentropy"] {
        classifier.compile("sgd", loss).unwrap();
        says(classifier.fit(&x, vec![0u32, 1, 0, 1], quiet()), &["sparse_categorical_crossentropy", "to_categorical"]);
    }
    says(compiled().predict_with(Vec::<Vec<f32>>::new(), silent()), &["no samples"]);
    says(compiled().predict_with(vec![1f32, 2., 3.], silent()), &["a single sample", "vec![sample]"]);

    struct Step(bool);
    impl TrainStep for Step {
        fn train_step(&mut self, _: &mut Model, batch: &Batch) -> Result<StepLogs> {
            Ok(vec![("rows", if self.0 { batch.y[0].mean_all()? } else { batch.x[0].clone() })])
        }
    }
    says(compiled().fit(&x, &y, quiet().step(Step(false))), &["\"rows\"", "not a scalar", "[4, 3]"]);
    let backup = || BackupAndRestore::new(folder.path().join("backup"));
    let fit = || quiet().step(Step(true)).validation_split(0.5).epochs(2);
    let (_, caught) = warnings::catch(|| model().fit(&x, &y, fit().callback(backup())).unwrap());
    let parts = ["TrainStep::optimizers", "TrainStep::test_step"];
    assert!(caught.len() == 2 && parts.iter().zip(&caught).all(|(part, text)| text.contains(part)), "{caught:?}");
    let (_, caught) = warnings::catch(|| compiled().fit(&x, &y, quiet().step(Step(true)).callback(backup())).unwrap());
    assert!(caught.is_empty(), "{caught:?}");
}
