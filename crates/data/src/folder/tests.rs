//! Folders as Keras reads them: tools/keras_folders.py writes the cases.

use super::*;
use candle_core::DType;
use candle_keras_ops::strings;
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/keras/folders")).join(name)
}

/// The arguments of Python, by the methods of the same names.
macro_rules! with_arguments {
    ($arguments:expr, $given:expr, { $($own:tt)* }) => {{
        let mut arguments = $arguments;
        for (name, value) in $given.as_object().unwrap() {
            let text = || value.as_str().unwrap();
            let number = || value.as_u64().unwrap() as usize;
            let flag = || value.as_bool().unwrap();
            let names = || value.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_string());
            let labels = || value.as_array().map(|labels| labels.iter().map(|label| label.as_u64().unwrap() as u32));
            arguments = match name.as_str() {
                "labels" => arguments.labels(labels().map(Vec::from_iter)),
                "label_mode" => arguments.label_mode(value.as_str()),
                "class_names" => arguments.class_names(names()),
                "batch_size" => arguments.batch_size(number()),
                "shuffle" => arguments.shuffle(flag()),
                "seed" => arguments.seed(number() as u32),
                "validation_split" => arguments.validation_split(value.as_f64().unwrap()),
                "subset" => arguments.subset(text()),
                "verbose" => arguments.verbose(flag()),
                other => (with_arguments!(@own arguments, other, value, $($own)*)),
            };
        }
        arguments
    }};
    (@own $arguments:ident, $name:ident, $value:ident, $($own:tt)*) => {
        ($($own)*)($arguments, $name, $value)
    };
}

fn dataset(case: &Value) -> FolderDataset {
    let path = folder(case["folder"].as_str().unwrap());
    let given = &case["arguments"];
    match case["folder"].as_str().unwrap() {
        "images" => {
            let own = |arguments: ImageFolder, name: &str, value: &Value| match name {
                "image_size" => arguments.image_size([0, 1].map(|i| value[i].as_u64().unwrap() as usize)),
                "color_mode" => arguments.color_mode(value.as_str().unwrap()),
                "interpolation" => arguments.interpolation(value.as_str().unwrap()),
                "crop_to_aspect_ratio" => arguments.crop_to_aspect_ratio(value.as_bool().unwrap()),
                "pad_to_aspect_ratio" => arguments.pad_to_aspect_ratio(value.as_bool().unwrap()),
                "data_format" => arguments.data_format(value.as_str().unwrap()),
                other => panic!("{other}"),
            };
            image_dataset_from_directory(path, with_arguments!(ImageFolder::new(), given, { own }))
        }
        "texts" => {
            let own =
                |arguments: TextFolder, _: &str, value: &Value| arguments.max_length(value.as_u64().unwrap() as usize);
            text_dataset_from_directory(path, with_arguments!(TextFolder::new(), given, { own }))
        }
        _ => {
            let own = |arguments: AudioFolder, _: &str, value: &Value| {
                arguments.output_sequence_length(value.as_u64().unwrap() as usize)
            };
            audio_dataset_from_directory(path, with_arguments!(AudioFolder::new(), given, { own }))
        }
    }
    .unwrap()
}

/// The numbers of nested lists.
fn flat(value: &Value, numbers: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flat(item, numbers)),
        number => numbers.push(number.as_f64().unwrap()),
    }
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn folders_are_those_of_keras() {
    let cases: Value = serde_json::from_slice(&std::fs::read(folder("cases.json")).unwrap()).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    assert!(cases.len() >= 17);
    for case in cases {
        let about = case["arguments"].to_string();
        let dataset = dataset(case);
        let labels = case["class_names"]
            .as_array()
            .map(|names| names.iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>());
        assert_eq!(dataset.class_names(), labels.unwrap_or_default(), "{about}");
        if let Some(paths) = case["file_paths"].as_array() {
            let expected: Vec<PathBuf> = paths
                .iter()
                .map(|path| folder(case["folder"].as_str().unwrap()).join(path.as_str().unwrap()))
                .collect();
            assert_eq!(dataset.file_paths(), expected, "{about}");
        }
        let Some(expected) = case.get("x").and_then(Value::as_array) else { continue };
        let batches: Vec<Batch> = dataset.iter().unwrap().collect::<Result<_>>().unwrap();
        assert_eq!(batches.len(), expected.len(), "{about}");
        for (i, (batch, expected)) in batches.iter().zip(expected).enumerate() {
            if case["folder"] == "texts" {
                let texts: Vec<String> = serde_json::from_value(expected.clone()).unwrap();
                assert_eq!(strings(&batch.x[0]).unwrap(), texts);
            } else {
                let mut wanted = Vec::new();
                flat(expected, &mut wanted);
                // TensorFlow decodes JPEG files with a fast and coarse cosine transform.
                let first = i * case["arguments"]["batch_size"].as_u64().unwrap_or(32) as usize;
                let is_jpeg = |sample: usize| {
                    case["file_paths"].is_array()
                        && dataset.file_paths()[sample].to_string_lossy().to_lowercase().contains(".jp")
                };
                let found = numbers(&batch.x[0]);
                assert_eq!(found.len(), wanted.len(), "{about}");
                let size = found.len() / batch.size();
                for (j, (a, b)) in found.iter().zip(&wanted).enumerate() {
                    // TensorFlow truncates brightness, where PIL rounds.
                    let most = match () {
                        () if is_jpeg(first + j / size) => 9.0,
                        () if case["arguments"]["color_mode"] == "grayscale" => 1.001,
                        // It looks cubic weights up in a table.
                        () if case["arguments"]["interpolation"] == "bicubic" => 0.1,
                        () => 1e-3,
                    };
                    assert!((a - b).abs() <= most, "{about}: {a} and {b} at {j}");
                }
            }
            match case.get("y") {
                Some(y) => {
                    let mut wanted = Vec::new();
                    flat(&y[i], &mut wanted);
                    assert_eq!(numbers(&batch.y[0]), wanted, "{about}");
                }
                None => assert!(batch.y.is_empty(), "{about}"),
            }
        }
    }
}

/// A folder of two classes with an image each.
fn two_images() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, shade) in [("a/1.png", 1f32), ("b/1.png", 2.)] {
        let path = folder.path().join(name);
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let image = Tensor::full(shade, (2, 3, 3), &Device::Cpu).unwrap();
        crate::save_img(path, &image, crate::SaveImg::new().scale(false)).unwrap();
    }
    folder
}

#[test]
fn damaged_images_are_errors_or_left_out() {
    let folder = two_images();
    let damaged = folder.path().join("a/2.png");
    std::fs::write(&damaged, "text").unwrap();
    let arguments = || ImageFolder::new().image_size([2, 2]).shuffle(false).verbose(false);
    let error =
        image_dataset_from_directory(&folder, arguments()).unwrap().iter().unwrap().find_map(|batch| batch.err());
    let error = error.unwrap().to_string();
    assert!(error.contains(&damaged.display().to_string()) && error.contains("PNG"), "{error}");
    let rest = image_dataset_from_directory(&folder, arguments().skip_damaged(true)).unwrap();
    let batches: Vec<Batch> = rest.iter().unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(numbers(&batches[0].y[0]), [0., 1.]);
    // A batch of damaged images alone is left out.
    for one_by_one in [Some(1), None] {
        let arguments = arguments().skip_damaged(true).batch_size(one_by_one).label_mode("categorical");
        assert_eq!(image_dataset_from_directory(&folder, arguments).unwrap().iter().unwrap().flatten().count(), 2);
    }
    // A damaged image of every kind is refused, not a panic.
    let mut random = candle_keras_ops::random::Stream::new(5, 0);
    let images = super::tests::folder("images");
    for name in ["apple/1.png", "apple/2.jpg", "pear/a/3.bmp"] {
        let good = std::fs::read(images.join(name)).unwrap();
        for _ in 0..200 {
            std::fs::write(&damaged, candle_keras_ops::damage::damaged(&good, &mut random)).unwrap();
            _ = crate::load_img(&damaged, crate::LoadImg::new());
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let folder = two_images();
    let error = |arguments: ImageFolder| {
        image_dataset_from_directory(&folder, arguments.verbose(false)).unwrap_err().to_string()
    };
    let new = ImageFolder::new;
    assert!(error(new().class_names(["a", "c"])).contains("received: c"));
    assert!(error(new().class_names(["a", "a"])).contains("given twice"));
    assert!(error(new().labels(vec![0])).contains("expected: 2 labels"));
    assert!(error(new().labels(vec![0, 7])).contains("received: 7"));
    assert!(error(new().labels(None).class_names(["a"])).contains("not inferred"));
    assert!(error(new().labels("infered")).contains("did you mean \"inferred\"?"));
    assert!(error(new().label_mode("ints")).contains("did you mean \"int\"?"));
    assert!(error(new().class_names(["a"]).label_mode("binary")).contains("two classes"));
    assert!(error(new().validation_split(0.5).subset("training")).contains("needs a seed"));
    assert!(error(new().validation_split(0.5).shuffle(false)).contains("subset(\"training\")"));
    assert!(error(new().validation_split(0.5).subset("both").seed(1)).contains("two datasets"));
    assert!(error(new().subset("training")).contains("validation_split"));
    assert!(error(new().validation_split(1.5).subset("training").seed(1)).contains("received: 1.5"));
    assert!(error(new().validation_split(0.1).subset("validation").seed(1)).contains("no files"));
    assert!(error(new().image_size([0, 3])).contains("[0, 3]"));
    assert!(error(new().interpolation("cubic")).contains("bicubic"));
    assert!(error(new().crop_to_aspect_ratio(true).pad_to_aspect_ratio(true)).contains("either"));
    let missing = text_dataset_from_directory(&folder, TextFolder::new()).unwrap_err().to_string();
    assert!(missing.contains(".txt") && missing.contains("a subfolder for each class"), "{missing}");
    assert!(text_dataset_from_directory(folder.path().join("none"), TextFolder::new()).is_err());
    let batch = image_dataset_from_directory(&folder, new().batch_size(0).verbose(false)).unwrap().iter();
    assert!(batch.is_err() || batch.unwrap().next().unwrap().is_err());
}

#[test]
fn both_parts_have_each_file_once() {
    let folder = folder("images");
    let arguments = ImageFolder::new().validation_split(0.4).seed(3).image_size([4, 4]).verbose(false);
    let (training, validation) = image_datasets_from_directory(folder, arguments.batch_size(None)).unwrap();
    let mut paths = [training.file_paths(), validation.file_paths()].concat();
    paths.sort();
    paths.dedup();
    assert_eq!((training.file_paths().len(), paths.len()), (5, 7));
    assert_eq!(training.iter().unwrap().count(), 5);
    // Shuffled in each pass, and validated in the same order.
    let order = |dataset: &FolderDataset| -> Vec<f64> {
        dataset.iter().unwrap().map(|sample| numbers(&sample.unwrap().x[0])[7]).collect()
    };
    assert!((0..20).any(|_| order(&training) != order(&training)));
    assert_eq!(order(&validation), order(&validation));
}

#[test]
fn sounds_of_any_width_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/1.wav");
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    let sound = || {
        let arguments = AudioFolder::new().verbose(false);
        audio_dataset_from_directory(&folder, arguments).unwrap().iter().unwrap().next().unwrap()
    };
    for (bits, format) in [
        (8, hound::SampleFormat::Int),
        (16, hound::SampleFormat::Int),
        (24, hound::SampleFormat::Int),
        (32, hound::SampleFormat::Float),
    ] {
        let spec = hound::WavSpec { channels: 2, sample_rate: 8000, bits_per_sample: bits, sample_format: format };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for sample in [0.5f32, -0.25, 0.0, -1.0] {
            match format {
                hound::SampleFormat::Float => writer.write_sample(sample).unwrap(),
                hound::SampleFormat::Int => writer.write_sample((sample * (1 << (bits - 1)) as f32) as i32).unwrap(),
            }
        }
        writer.finalize().unwrap();
        assert_eq!(sound().unwrap().x[0].to_vec3::<f32>().unwrap(), [[[0.5, -0.25], [0.0, -1.0]]], "{bits}");
    }
    let (good, mut random) = (std::fs::read(&path).unwrap(), candle_keras_ops::random::Stream::new(6, 0));
    for _ in 0..300 {
        std::fs::write(&path, candle_keras_ops::damage::damaged(&good, &mut random)).unwrap();
        _ = sound();
    }
    std::fs::write(&path, "text").unwrap();
    assert!(sound().unwrap_err().to_string().contains("1.wav: this is not a readable WAV file"));
}
