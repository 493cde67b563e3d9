//! The command, run as a user runs it.

#![allow(clippy::unwrap_used)]

mod port;
mod vectors;

use candle_core::{Device, Tensor};
use candle_keras_layers::{Dense, Embedding, Flatten, Input, Lambda, Layer, Subtract, layers};
use candle_keras_models::{Compile, Fit, Model, Predict, Sequential, load_model, load_tensors, save_tensors};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// A temporary folder in which the command runs.
struct Place(tempfile::TempDir);

impl Place {
    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a compiled model of two inputs, and data for it.
    fn new() -> Self {
        let place = Self::empty();
        let (a, b) = (Input::shape([1]).name("a").dtype("int32"), Input::shape([1]).name("b"));
        let words = Embedding::new(5, 3);
        let distance = Subtract::new().call([&words.call(&a), &words.call(&b)]);
        let y = Dense::new(1).name("distance").activation("sigmoid").call(Flatten::new().call(&distance));
        let mut model = Model::new([a, b], y).unwrap();
        model.compile("adam", Compile::loss("bce").metrics(["acc"])).unwrap();
        model.save(place.path("m.keras")).unwrap();
        let ids = |ids: [i32; 6]| Tensor::new(&ids, &Device::Cpu).unwrap();
        let tensors = [
            ("x/a", ids([0, 1, 2, 3, 4, 0])),
            ("x/b", ids([4, 3, 2, 1, 0, 1]).to_dtype(candle_core::DType::F32).unwrap()),
            ("y/distance", ids([0, 1, 1, 0, 1, 0])),
        ];
        place.data("d.safetensors", &tensors);
        place
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn data(&self, name: &str, tensors: &[(&str, Tensor)]) {
        let tensors = tensors.iter().map(|(name, tensor)| ((*name).to_string(), tensor.clone())).collect();
        save_tensors(self.path(name), &tensors).unwrap();
    }

    fn run(&self, arguments: &str) -> Output {
        self.run_all(&arguments.split(' ').collect::<Vec<_>>())
    }

    fn run_all(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_candle-keras"));
        command.current_dir(self.0.path()).args(arguments).output().unwrap()
    }

    /// Standard output of a run that must succeed.
    fn answer(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The one line on standard error of a run that must fail.
    fn error(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}: {error}");
        assert_eq!((error.lines().count(), output.stdout.len()), (1, 0), "{arguments}: {error}");
        assert!(error.starts_with("error: "), "{error}");
        error
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn summary_and_plot() {
    let place = Place::new();
    let table = place.answer("summary m.keras");
    assert!(
        table.contains(
            "│ embedding (Embedding)         │ (None, 1, 3)              │              15 │ a[0][0], b[0][0]"
        ),
        "{table}"
    );
    place.answer("plot m.keras m.svg");
    let svg = std::fs::read_to_string(place.path("m.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && svg.contains("distance (Dense)"), "{svg}");
    assert_eq!(svg.matches("<polyline").count(), 5, "five edges");
    place.answer("plot m.keras m.dot");
    let dot = std::fs::read_to_string(place.path("m.dot")).unwrap();
    assert!(
        dot.starts_with("digraph")
            && dot.matches(" -> ").count() == 5
            && dot.contains("Input shape: <b>(None, 3)</b></td><td>Output shape: <b>(None, 1)</b>"),
        "{dot}"
    );
    place.answer("plot m.keras m.png --rankdir LR --dpi 72 --expand-nested");
    assert!(std::fs::read(place.path("m.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(place.error("plot m.keras m.gif").contains(".svg or .dot"));
    assert!(place.error("plot m.keras m.svg --rankdir UP").contains("rankdir"));
}

#[test]
fn predict_gives_what_the_library_gives() {
    let place = Place::new();
    place.answer("predict m.keras --data d.safetensors --output out.safetensors --batch-size 4");
    let out = load_tensors(place.path("out.safetensors")).unwrap();
    let data = load_tensors(place.path("d.safetensors")).unwrap();
    let model = load_model(place.path("m.keras")).unwrap();
    let expected = model.predict_with([&data["x/a"], &data["x/b"]], Predict::new().verbose(0)).unwrap();
    assert_eq!((out.len(), out["distance"].dims()), (1, [6, 1].as_slice()));
    assert_eq!(floats(&out["distance"]), floats(&expected));
}

#[test]
fn fit_continues_and_evaluate_prints_the_logs() {
    let place = Place::new();
    let before: Value = serde_json::from_str(&place.answer("evaluate m.keras --data d.safetensors")).unwrap();
    assert_eq!(before.as_object().unwrap().keys().collect::<Vec<_>>(), ["loss", "acc"]);
    let fit = "fit m.keras --data d.safetensors --output t.keras --history h.json --epochs 3 --batch-size 2 --no-shuffle --validation-split 0.34";
    assert_eq!(place.answer(fit), "");
    let history = place.json("h.json");
    assert_eq!(history.as_object().unwrap().keys().collect::<Vec<_>>(), ["acc", "loss", "val_acc", "val_loss"]);
    assert!(history.as_object().unwrap().values().all(|values| values.as_array().unwrap().len() == 3));
    // Three epochs twice are the same as six.
    place.answer(
        &fit.replace("m.keras", "t.keras")
            .replace("--output t.keras", "--output t2.keras")
            .replace("h.json", "h2.json"),
    );
    place.answer(&fit.replace("t.keras", "six.keras").replace("h.json", "h6.json").replace("--epochs 3", "--epochs 6"));
    let (second, six) = (place.json("h2.json"), place.json("h6.json"));
    for epoch in 0..3 {
        let (a, b) = (second["loss"][epoch].as_f64().unwrap(), six["loss"][epoch + 3].as_f64().unwrap());
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
    let after: Value =
        serde_json::from_str(&place.answer("evaluate six.keras --data d.safetensors --batch-size 1")).unwrap();
    assert!(after["loss"].as_f64() < before["loss"].as_f64());
    let progress = place.answer(&format!("{} --verbose 2", fit.replace("--history h.json ", "")));
    assert!(progress.contains("Epoch 3/3") && progress.contains("val_loss"), "{progress}");
}

#[test]
fn a_seed_fixes_the_order() {
    let place = Place::new();
    let weights = |name: &str, options: &str| {
        place.answer(&format!("fit m.keras --data d.safetensors --output {name} --batch-size 1 {options}"));
        load_model(place.path(name)).unwrap().get_weights().unwrap().iter().flat_map(floats).collect::<Vec<_>>()
    };
    assert_eq!(weights("a.keras", "--seed 3"), weights("b.keras", "--seed 3"));
    assert_ne!(weights("a.keras", "--seed 3"), weights("c.keras", "--seed 4"));
}

#[test]
fn weights_of_samples_and_classes_are_used() {
    let place = Place::new();
    let data = load_tensors(place.path("d.safetensors")).unwrap();
    let weight = Tensor::new(&[1f32, 3., 3., 1., 3., 1.], &Device::Cpu).unwrap();
    let named: Vec<_> =
        data.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).chain([("sample_weight", weight)]).collect();
    place.data("w.safetensors", &named);
    let fit = "fit m.keras --output t.keras --no-shuffle --history h.json";
    place.answer(&format!("{fit} --data w.safetensors"));
    let by_sample = place.json("h.json");
    place.answer(&format!("{fit} --data d.safetensors --class-weight 0=1.0,1=3"));
    assert_eq!(place.json("h.json")["loss"], by_sample["loss"]);
    place.answer(&format!("{fit} --data d.safetensors"));
    assert_ne!(place.json("h.json")["loss"], by_sample["loss"]);
}

#[test]
fn files_convert_into_each_other() {
    let place = Place::new();
    let weights = |name: &str| {
        load_model(place.path(name)).unwrap().get_weights().unwrap().iter().flat_map(floats).collect::<Vec<_>>()
    };
    place.answer("convert m.keras m.safetensors");
    place.answer("convert m.safetensors again.keras");
    assert_eq!(weights("again.keras"), weights("m.keras"));
    place.answer("convert m.keras m.weights.h5");
    place.answer("convert m.weights.h5 w.safetensors");
    place.answer("convert w.safetensors back.weights.h5");
    place.answer("convert m.keras m.npz");
    place.answer("convert m.weights.h5 paths.npz");
    place.answer("convert paths.npz paths.weights.h5");
    let model = load_model(place.path("again.keras")).unwrap();
    for file in ["m.npz", "paths.weights.h5"] {
        model
            .set_weights(&model.get_weights().unwrap().iter().map(|w| w.zeros_like().unwrap()).collect::<Vec<_>>())
            .unwrap();
        model.load_weights(place.path(file), ()).unwrap();
        let loaded: Vec<f32> = model.get_weights().unwrap().iter().flat_map(floats).collect();
        assert_eq!(loaded, weights("m.keras"), "{file}");
    }
    model.load_weights(place.path("back.weights.h5"), ()).unwrap();
    let legacy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/keras/legacy/functional.h5");
    place.answer(&format!("convert {} legacy.keras", legacy.display()));
    assert!(place.answer("summary legacy.keras").contains("inner (Sequential)"));
    assert!(place.error("convert m.keras m.h5").contains("read, not written"));
}

#[test]
fn numpy_files_are_data() {
    let place = Place::new();
    let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1)]);
    model.compile("sgd", "mse").unwrap();
    model.save(place.path("s.keras")).unwrap();
    let x = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu).unwrap();
    x.write_npy(place.path("x.npy")).unwrap();
    place.answer("predict s.keras --data x.npy --output out.safetensors");
    assert_eq!(load_tensors(place.path("out.safetensors")).unwrap()["dense"].dims(), [2, 1]);
    Tensor::write_npz(&[("x", x), ("y", Tensor::new(&[1i64, 2], &Device::Cpu).unwrap())], place.path("d.npz")).unwrap();
    assert!(place.answer("evaluate s.keras --data d.npz").starts_with("{\"loss\":"));
}

/// A `.npy` as NumPy writes it: big-endian integers of 16 bits, column by column.
#[test]
fn numpy_files_of_any_type_and_order_are_data() {
    let place = Place::new();
    let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1)]);
    model.compile("sgd", "mse").unwrap();
    model.save(place.path("s.keras")).unwrap();
    let header = "{'descr': '>u2', 'fortran_order': True, 'shape': (3, 2), }\n";
    let mut file = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()].concat();
    [1u16, 3, 5, 2, 4, 600].iter().for_each(|x| file.extend(x.to_be_bytes()));
    std::fs::write(place.path("x.npy"), &file).unwrap();
    place.answer("predict s.keras --data x.npy --output out.safetensors");
    let x = Tensor::new(&[[1f32, 2.], [3., 4.], [5., 600.]], &Device::Cpu).unwrap();
    let expected = model.predict_with(&x, Predict::new().verbose(0)).unwrap();
    assert_eq!(floats(&load_tensors(place.path("out.safetensors")).unwrap()["dense"]), floats(&expected));
    let shape = file.windows(6).position(|part| part == b"(3, 2)").unwrap();
    file[shape..shape + 6].copy_from_slice(b"(3,9L)");
    std::fs::write(place.path("x.npy"), &file).unwrap();
    let error = place.error("predict s.keras --data x.npy --output out.safetensors");
    assert!(error.contains("x.npy: the length of the file does not match"), "{error}");
}

#[test]
fn an_output_is_no_input_and_no_other_output() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("m.keras", place.path("link.keras")).unwrap();
    let before = std::fs::read(place.path("m.keras")).unwrap();
    for arguments in [
        "predict m.keras --data d.safetensors --output m.keras",
        "predict m.keras --data d.safetensors --output folder/../d.safetensors",
        "fit m.keras --data d.safetensors --output m.keras",
        #[cfg(unix)]
        "fit link.keras --data d.safetensors --output m.keras",
        "fit m.keras --data d.safetensors --output t.keras --history ./t.keras",
        "fit m.keras --data d.safetensors --output t.keras --history d.safetensors",
        "plot m.keras m.keras",
        "convert m.keras m.keras",
    ] {
        assert!(place.error(arguments).contains("two files at once"), "{arguments}");
    }
    assert_eq!(std::fs::read(place.path("m.keras")).unwrap(), before);
    assert!(place.error("predict m.keras --data d.safetensors --output none/o").contains("none"));
}

#[test]
fn a_history_with_nan_is_that_of_python() {
    let place = Place::new();
    let data = load_tensors(place.path("d.safetensors")).unwrap();
    let nan = Tensor::new(&[f32::NAN; 6], &Device::Cpu).unwrap();
    let with_nan =
        |(name, x): (&'static str, &Tensor)| (name, if name.starts_with('y') { nan.clone() } else { x.clone() });
    place.data("nan.safetensors", &["x/a", "x/b", "y/distance"].map(|name| with_nan((name, &data[name]))));
    place.answer("fit m.keras --data nan.safetensors --output t.keras --history h.json --epochs 2");
    let history = std::fs::read_to_string(place.path("h.json")).unwrap();
    assert!(history.contains("\"loss\": [NaN, NaN]"), "{history}");
    assert!(place.answer("evaluate m.keras --data nan.safetensors").starts_with("{\"loss\": NaN, "));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error_and_a_full_device_is_one() {
    let place = Place::new();
    for arguments in ["summary m.keras", "evaluate m.keras --data d.safetensors"] {
        let run = |stdout: std::process::Stdio| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_candle-keras"));
            command.current_dir(place.0.path()).args(arguments.split(' ')).stdout(stdout);
            command.stderr(std::process::Stdio::piped()).spawn().unwrap().wait_with_output().unwrap()
        };
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let closed = run(writer.into());
        assert!(closed.status.success() && closed.stderr.is_empty(), "{arguments}: {closed:?}");
        if let Ok(full) = std::fs::File::options().write(true).open("/dev/full") {
            let full = run(full.into());
            let error = String::from_utf8(full.stderr).unwrap();
            assert!(full.status.code() == Some(1) && error.starts_with("error: standard output: "), "{error}");
        }
    }
}

/// As on a full disk: nothing can be written to any file.
#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_named_and_the_old_file_is_kept() {
    let place = Place::new();
    let old = ["o.safetensors", "o.keras", "o.weights.h5", "o.svg", "o.json"];
    old.iter().for_each(|name| std::fs::write(place.path(name), "old").unwrap());
    place.data("v.safetensors", &[("x", Tensor::new(&[[1f32, 2.]], &Device::Cpu).unwrap())]);
    for (arguments, name) in [
        ("predict m.keras --data d.safetensors --output o.safetensors", "o.safetensors"),
        ("fit m.keras --data d.safetensors --output o.keras", "o.keras"),
        ("convert m.keras o.keras", "o.keras"),
        ("convert m.keras o.safetensors", "o.safetensors"),
        ("convert m.keras o.weights.h5", "o.weights.h5"),
        ("plot m.keras o.svg", "o.svg"),
    ] {
        let script = format!("trap '' XFSZ; ulimit -f 0; exec {} {arguments}", env!("CARGO_BIN_EXE_candle-keras"));
        let output = Command::new("sh").current_dir(place.0.path()).args(["-c", &script]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count()), (Some(1), 1), "{arguments}: {error}");
        assert!(error.contains(name), "{arguments}: {error}");
        assert_eq!(std::fs::read_to_string(place.path(name)).unwrap(), "old");
    }
    let hidden = std::fs::read_dir(place.0.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0);
}

#[test]
fn names_cannot_command_a_terminal() {
    let place = Place::new();
    let name = "a\u{1b}[2J\u{7}\u{9b}<b>";
    let input = Input::shape([2]).name(name);
    let model = Model::new(input.clone(), Dense::new(1).call(&input)).unwrap();
    model.save(place.path("esc.keras")).unwrap();
    let is_command = |c: char| c.is_control() && c != '\n';
    let table = place.answer("summary esc.keras");
    assert!(!table.contains(is_command) && table.contains("a\\u{1b}[2J\\u{7}"), "{table}");
    let error = place.error("predict esc.keras --data d.safetensors --output o.safetensors");
    assert!(!error.trim_end().contains(is_command) && error.contains("\\u{1b}"), "{error}");
    for file in ["esc.svg", "esc.dot"] {
        place.answer(&format!("plot esc.keras {file}"));
        let text = std::fs::read_to_string(place.path(file)).unwrap();
        assert!(!text.contains(is_command) && text.contains("u{1b}[2J"), "{text}");
    }
}

#[test]
fn errors_are_one_line_and_status_1() {
    let place = Place::new();
    std::fs::write(place.path("text.keras"), "no model").unwrap();
    assert!(place.error("summary none.keras").contains("none.keras"));
    assert!(place.error("summary text.keras").contains("this is not a model"));
    assert!(place.error("predict m.keras --data none.safetensors --output o").contains("none.safetensors"));
    assert!(place.error("predict m.keras --data m.keras --output o").contains(".safetensors, .npz or .npy"));
    let x = Tensor::new(&[1u32, 2], &Device::Cpu).unwrap();
    place.data("x.safetensors", &[("x", x.clone()), ("x/a", x.clone())]);
    let error = place.error("predict m.keras --data x.safetensors --output o");
    assert!(error.contains("there is no tensor \"x/b\"; there are x, x/a"), "{error}");
    place.data("bad.safetensors", &[("x/a", (x.clone() * 9.0).unwrap()), ("x/b", x)]);
    let error = place.error("predict m.keras --data bad.safetensors --output o");
    assert!(error.contains("layer \"embedding\" (Embedding)") && error.contains("received: 9 at [0, 0]"), "{error}");
    assert!(place.error("evaluate m.keras --data bad.safetensors").contains("\"y/distance\" or \"y\""));
    assert!(place.error("fit m.keras --data d.safetensors --output t.h5").contains("t.h5"));
    assert!(place.error("fit m.keras --data d.safetensors --output t.keras --class-weight 1:2").contains("1=2.5"));
    assert!(
        place
            .error("fit m.keras --data d.safetensors --output t.keras --validation-split 1.5")
            .contains("validation_split")
    );
    assert!(place.error("summary m.keras --device tpu").contains("tpu"));
    assert!(place.error("sumary m.keras").contains("summary"));
    assert!(place.error("predict m.keras").contains("--data"));
    let lambda = Sequential::new(layers![Input::shape([2]), Lambda::new(|x| x * 2.0).name("twice")]);
    lambda.save(place.path("lambda.keras")).unwrap();
    assert!(place.error("summary lambda.keras").contains("layer \"twice\" (Lambda)"));
    let mut bare: Model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]).into();
    bare.save(place.path("bare.keras")).unwrap();
    place.data(
        "one.safetensors",
        &[("x", Tensor::new(&[1f32], &Device::Cpu).unwrap()), ("y", Tensor::new(&[1f32], &Device::Cpu).unwrap())],
    );
    assert!(place.error("fit bare.keras --data one.safetensors --output t.keras").contains("not compiled"));
    bare.compile("sgd", "mse").unwrap();
    bare.fit(vec![1f32], vec![1f32], Fit::new().verbose(0)).unwrap();
}

#[test]
fn help_is_not_an_error() {
    let place = Place::new();
    assert!(place.answer("--help").contains("Usage: candle-keras"));
    assert!(place.answer("fit --help").contains("--class-weight"));
    assert!(place.answer("--version").starts_with("candle-keras 0."));
}

/// A table with a category, numbers, a missing one, a text and a number of the row.
fn table(target: impl Fn(usize) -> String) -> String {
    let row = |i: usize| {
        let (color, size) = (["red", "green", "blue"][i % 3], i * 7 % 11);
        let weight = if i.is_multiple_of(9) { String::new() } else { format!("{}.5", i * 5 % 13) };
        format!("{i},{color},{size},{weight},order{i},{}", target(i))
    };
    let rows: Vec<String> = (0..120).map(row).collect();
    format!("row,color,size,weight,order,target\n{}\n", rows.join("\n"))
}

#[test]
fn a_model_is_made_for_a_table_of_classes() {
    let place = Place::empty();
    std::fs::write(place.path("t.csv"), table(|i| if i % 3 == 1 { "yes".into() } else { "no".into() })).unwrap();
    let answer = place.answer("fit t.csv --target target --output m.keras --history h.json --seed 3");
    let accuracy = answer.lines().find_map(|line| line.strip_prefix("accuracy: ")).unwrap();
    assert!(accuracy.parse::<f64>().unwrap() > 0.9, "{answer}");
    let report = std::fs::read_to_string(place.path("m.html")).unwrap();
    for part in ["Confusions", "one of 3 categories", "the mean where it is missing", "left out: it counts", "<svg"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let history: Value = serde_json::from_slice(&std::fs::read(place.path("h.json")).unwrap()).unwrap();
    assert!(history["val_accuracy"].as_array().unwrap().len() > 3);
    // The columns are the model's inputs, as they are.
    let model = load_model(place.path("m.keras")).unwrap();
    let inputs =
        model.graph().unwrap().inputs().iter().map(|input| input.node().layer().layer_name()).collect::<Vec<_>>();
    assert_eq!(inputs, ["color", "size", "weight"]);
    let column = |numbers: [f32; 2]| candle_keras_data::Array::new(&numbers.to_vec()).unwrap();
    let row = candle_keras_data::Data::Named(vec![
        ("color".into(), candle_keras_data::Array::new(&vec!["green", "red"]).unwrap()),
        ("size".into(), column([3., 3.])),
        ("weight".into(), column([f32::NAN, 2.])),
    ]);
    let y =
        model.predict_with(row, Predict::new().verbose(0)).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert!(y[0] > 0.5 && y[1] < 0.5, "{y:?}");
}

/// Wherever its only values are: in the rows to train on, or in those to validate on.
#[test]
fn a_column_of_few_or_infinite_values_is_no_obstacle() {
    let place = Place::empty();
    for filled in 0..6 {
        let row = |i: usize| {
            format!(
                "{},{},{}",
                i % 5,
                if i == filled { "1" } else { "" },
                if i.is_multiple_of(2) { "inf" } else { "2.5" }
            )
        };
        let rows: Vec<String> = (0..12).map(|i| format!("{},{}", row(i), i % 2)).collect();
        std::fs::write(place.path("t.csv"), format!("a,rare,b,y\n{}\n", rows.join("\n"))).unwrap();
        place.answer("fit t.csv --target y --output m.keras --history h.json --seed 1 --epochs 2");
        let history: Value = serde_json::from_slice(&std::fs::read(place.path("h.json")).unwrap()).unwrap();
        let losses = ["loss", "val_loss"].map(|name| history[name].as_array().unwrap().clone()).concat();
        assert!(losses.iter().all(|loss| loss.as_f64().unwrap() < 2.0), "{losses:?}");
    }
}

#[test]
fn a_model_is_made_for_a_table_of_numbers() {
    let place = Place::empty();
    std::fs::write(place.path("t.csv"), table(|i| (100_000 + 5000 * (i * 7 % 11)).to_string())).unwrap();
    let answer =
        place.answer("fit t.csv --target target --regression --output m.keras --report r.html --seed 3 --epochs 150");
    let share =
        answer.lines().find_map(|line| line.strip_prefix("R2, the share of the variance that is explained: ")).unwrap();
    assert!(share.parse::<f64>().unwrap() > 0.8, "{answer}");
    assert!(std::fs::read_to_string(place.path("r.html")).unwrap().contains("<h2>Predictions</h2>"));
}

#[test]
fn a_model_is_made_for_a_folder_of_texts() {
    let place = Place::empty();
    for (class, word) in [("good", "splendid"), ("bad", "dreadful")] {
        std::fs::create_dir_all(place.path(&format!("d/{class}"))).unwrap();
        for i in 0..20 {
            std::fs::write(place.path(&format!("d/{class}/{i}.txt")), format!("film number {i} was {word} for us"))
                .unwrap();
        }
    }
    let answer = place.answer("fit d --output m.keras --seed 3");
    let accuracy = answer.lines().find_map(|line| line.strip_prefix("accuracy: ")).unwrap();
    assert!(accuracy.parse::<f64>().unwrap() > 0.9, "{answer}");
    assert!(std::fs::read_to_string(place.path("m.html")).unwrap().contains("<td>bad</td>"));
}

#[test]
fn a_model_is_made_for_a_folder_of_images() {
    let place = Place::empty();
    for (class, shade) in [("dark", 40f32), ("light", 200.), ("medium", 120.)] {
        std::fs::create_dir_all(place.path(&format!("d/{class}"))).unwrap();
        for i in 0..8 {
            let image = Tensor::full(shade + i as f32, (20, 24, 3), &Device::Cpu).unwrap();
            let path = place.path(&format!("d/{class}/{i}.png"));
            candle_keras_data::save_img(path, &image, candle_keras_data::SaveImg::new().scale(false)).unwrap();
        }
    }
    std::fs::write(place.path("d/dark/broken.png"), "text").unwrap();
    let output = place.run("fit d --output m.keras --seed 3 --epochs 2 --image-size 16 --batch-size 8");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = std::fs::read_to_string(place.path("m.html")).unwrap();
    assert!(report.contains("<td>medium</td>") && report.contains("resized to 16 x 16"), "{report}");
}

#[test]
fn data_that_no_model_can_be_made_for_is_an_error() {
    let place = Place::new();
    std::fs::write(place.path("t.csv"), table(|i| (i % 2).to_string())).unwrap();
    std::fs::write(place.path("ragged.csv"), "a,b\n1,2\n3\n").unwrap();
    std::fs::create_dir(place.path("empty")).unwrap();
    for (arguments, what) in [
        ("fit t.csv --output m2.keras", "--target COLUMN, one of row, color"),
        ("fit t.csv --target targte --output m2.keras", "did you mean \"target\"?"),
        ("fit t.csv --target order --output m2.keras", "no classes"),
        ("fit t.csv --target target --output m2.txt", "m2.txt"),
        ("fit t.csv --target target --output m2.keras --report r.pdf", ".html"),
        ("fit t.csv --target target --output m2.keras --validation-split 1.5", "--validation-split"),
        ("fit t.csv --target target --output m2.keras --data d.safetensors", "--data"),
        (
            "fit t.parquet --target target --output m2.keras",
            if cfg!(feature = "parquet") { "t.parquet" } else { "without the feature \"parquet\"" },
        ),
        ("fit ragged.csv --target b --output m2.keras", "line 3"),
        ("fit none.csv --target b --output m2.keras", "none.csv"),
        ("fit empty --output m2.keras", "neither images"),
        ("fit empty --target a --output m2.keras", "--target"),
        ("fit m.keras --output m2.keras", "--data is needed"),
        ("fit m.keras --data d.safetensors --target y --output m2.keras", "--target"),
    ] {
        let output = place.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && error.contains(what), "{arguments}: {error}");
    }
    assert!(!std::path::Path::new(&place.path("m2.keras")).exists());
}
