//! The layers of images and `ops::image` beside real Keras: results for given random numbers, and how they are drawn. tools/keras_images.py writes
//! the numbers.

use candle_keras::layers::image_preprocessing::ImagePreprocessing;
use candle_keras::layers::{self as l, Config, Configure};
use candle_keras::ops::image::{self, Affine, Borders, DataFormat, ExtractPatches, FillMode, Interpolation, Resize};
use candle_keras::ops::{Padding, random::Stream};
use candle_keras::prelude::*;
use candle_keras_layers::from_config;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/keras/images")
}

fn cases() -> (Value, HashMap<String, Tensor>) {
    let text = std::fs::read_to_string(folder().join("images.json")).unwrap();
    let arrays = Tensor::read_npz(folder().join("images.npz")).unwrap().into_iter().collect();
    (serde_json::from_str(&text).unwrap(), arrays)
}

fn numbers(x: &Tensor) -> Vec<f64> {
    x.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// An error that names the first element that differs by more than a part of the largest, if more than `allowed` do.
fn compare(found: &Tensor, expected: &Tensor, tolerance: f64, allowed: usize) -> std::result::Result<(), String> {
    if found.dims() != expected.dims() {
        return Err(format!("the shape {:?}, Keras's is {:?}", found.dims(), expected.dims()));
    }
    let (found, expected) = (numbers(found), numbers(expected));
    let largest = expected.iter().fold(1e-3f64, |a, b| a.max(b.abs()));
    let far = |(_, (a, b)): &(usize, (&f64, &f64))| {
        let near = (*a - *b).abs() <= tolerance * largest;
        !near
    };
    match found.iter().zip(&expected).enumerate().filter(far).nth(allowed) {
        Some((i, (a, b))) => Err(format!("[{i}]: found {a}, Keras says {b}")),
        None => Ok(()),
    }
}

/// Calls a generic function with the class of this name.
macro_rules! with_class {
    ($name:expr, $function:ident $arguments:tt, [$($class:ident)*]) => {
        match $name {
            $(stringify!($class) => $function::<l::$class> $arguments,)*
            other => panic!("no layer {other}"),
        }
    };
}

macro_rules! with_layer {
    ($name:expr, $function:ident $arguments:tt) => {
        with_class!($name, $function $arguments, [
            AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MixUp RandAugment
            RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
            RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
            RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
            Solarization
        ])
    };
}

fn transformed<L: ImagePreprocessing + Configure>(config: Config, transformation: &Value, x: &Tensor) -> Tensor
where
    L::Transformation: DeserializeOwned,
{
    let layer: L = from_config("layer", config).unwrap();
    let drawn = serde_json::from_value(transformation.clone()).unwrap();
    layer.transform_images(x, &drawn).unwrap()
}

#[test]
fn layers_transform_images_as_in_keras_for_the_same_numbers() {
    let (cases, arrays) = cases();
    let mut failures = Vec::new();
    for case in cases["layers"].as_array().unwrap() {
        let (class, name) = (case["class"].as_str().unwrap(), case["case"].as_str().unwrap());
        let x = &arrays[&format!("{name}/x")];
        let y = with_layer!(class, transformed(case["config"].clone(), &case["transformation"], x));
        // A sharp edge moves with the last digit of a place.
        let tolerance = if class == "RandomPerspective" { 2e-4 } else { 2e-5 };
        // Of several layers, a later one may round a last digit of an earlier one up or down.
        let allowed = if ["RandAugment", "AugMix"].contains(&class) { x.elem_count() / 100 } else { 0 };
        if let Err(error) = compare(&y, &arrays[&format!("{name}/y")], tolerance, allowed) {
            failures.push(format!("{class} {name} {}: {error}", case["config"]));
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// All numbers of a kind that a transformation has, by the name of the kind.
type Drawn = BTreeMap<String, Vec<f64>>;

fn flat(value: &Value, numbers: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flat(item, numbers)),
        Value::Bool(flag) => numbers.push(f64::from(u8::from(*flag))),
        other => numbers.extend(other.as_f64()),
    }
}

fn drawn<L: ImagePreprocessing + Configure>(config: Config, x: &Tensor, repeats: u64) -> Drawn
where
    L::Transformation: Serialize,
{
    let layer: L = from_config("layer", config).unwrap();
    let mut all = Drawn::new();
    for i in 0..repeats {
        let drawn = layer.get_random_transformation(x, &mut Stream::new(9, i)).unwrap();
        for (key, value) in serde_json::to_value(drawn).unwrap().as_object().into_iter().flatten() {
            let items = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            for item in items {
                let mut numbers = Vec::new();
                flat(&item, &mut numbers);
                for (i, number) in numbers.into_iter().enumerate() {
                    all.entry(format!("{key}/{i}")).or_default().push(number);
                }
            }
        }
    }
    all
}

#[test]
fn layers_draw_their_numbers_from_the_distributions_of_keras() {
    let (cases, _) = cases();
    let mut failures = Vec::new();
    for case in cases["draws"].as_array().unwrap() {
        let (class, config) = (case["class"].as_str().unwrap(), case["config"].clone());
        let first = config["data_format"] == "channels_first";
        let shape = if first { (4, 3, 7, 6) } else { (4, 7, 6, 3) };
        let x = Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        let all = with_layer!(class, drawn(config.clone(), &x, 400));
        for (key, moments) in case["moments"].as_object().unwrap() {
            let moment = |i: usize| moments[i].as_f64().unwrap();
            let (count, mean, deviation) = (moment(0), moment(1), moment(2));
            let found = &all[key];
            let of_ours = found.iter().sum::<f64>() / found.len() as f64;
            let spread = (found.iter().map(|x| (x - of_ours).powi(2)).sum::<f64>() / found.len() as f64).sqrt();
            // Six deviations of the mean leave no room for chance.
            let room = 6.0 * deviation.max(spread) / count.sqrt() + 1e-5 * (1.0 + mean.abs());
            if (of_ours - mean).abs() > room || (spread - deviation).abs() > room {
                failures.push(format!("{class} {config} {key}: {of_ours} and {spread}, Keras {mean} and {deviation}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// Keras's call of an op.
fn run(op: &str, x: &Tensor, operands: &[Tensor], arguments: &Value) -> candle_core::Result<Tensor> {
    let pair = |key: &str| {
        let number = |i: usize| arguments[key][i].as_f64().unwrap();
        [number(0), number(1)]
    };
    let sizes = |key: &str| pair(key).map(|size| size as usize);
    let size = |key: &str| arguments[key].as_u64().map(|size| size as usize);
    let text = |key: &str, default: &'static str| arguments[key].as_str().unwrap_or(default).to_owned();
    let flag = |key: &str| arguments[key] == true;
    let fill_value = arguments["fill_value"].as_f64().unwrap_or(0.0);
    let data_format = DataFormat::by_name(&text("data_format", "channels_last")).unwrap();
    let interpolation = Interpolation::by_name(&text("interpolation", "bilinear")).unwrap();
    let fill_mode = FillMode::by_name(&text("fill_mode", "constant")).unwrap();
    let how = Affine { interpolation, fill_mode, fill_value, data_format };
    let borders = |of: &str| Borders {
        top: size(&format!("top_{of}")),
        bottom: size(&format!("bottom_{of}")),
        left: size(&format!("left_{of}")),
        right: size(&format!("right_{of}")),
        target_height: size("target_height"),
        target_width: size("target_width"),
    };
    let padding = if arguments["padding"] == "same" { Padding::Same } else { Padding::Valid };
    let dilation_rate = size("dilation_rate").unwrap_or(1);
    match op {
        "resize" => {
            let arguments = Resize {
                interpolation,
                antialias: flag("antialias"),
                crop_to_aspect_ratio: flag("crop_to_aspect_ratio"),
                pad_to_aspect_ratio: flag("pad_to_aspect_ratio"),
                fill_value,
                data_format,
                ..Resize::to(sizes("size"))
            };
            image::resize(x, &arguments)
        }
        "affine_transform" => image::affine_transform(x, &operands[0], &how),
        "perspective_transform" => image::perspective_transform(x, &operands[0], &operands[1], &how),
        "map_coordinates" => image::map_coordinates(x, &operands[0], size("order").unwrap(), fill_mode, fill_value),
        "gaussian_blur" => image::gaussian_blur(x, sizes("kernel_size"), pair("sigma"), data_format),
        "rgb_to_grayscale" => image::rgb_to_grayscale(x, data_format),
        "rgb_to_hsv" => image::rgb_to_hsv(x, data_format),
        "hsv_to_rgb" => image::hsv_to_rgb(x, data_format),
        "crop_images" => image::crop_images(x, &borders("cropping"), data_format),
        "pad_images" => image::pad_images(x, &borders("padding"), data_format),
        "extract_patches" if arguments["size"].as_array().unwrap().len() == 3 => {
            image::extract_patches_3d(x, &ExtractPatches::of([2, 3, 2]))
        }
        "extract_patches" => {
            let strides = arguments["strides"].is_array().then(|| sizes("strides"));
            let arguments = ExtractPatches { strides, dilation_rate, padding, data_format, size: sizes("size") };
            image::extract_patches(x, &arguments)
        }
        other => panic!("no op {other}"),
    }
}

/// A list of numbers of any depth.
fn tensor(value: &Value) -> Tensor {
    let (mut shape, mut inner) = (Vec::new(), value);
    while let Some(items) = inner.as_array() {
        shape.push(items.len());
        inner = &items[0];
    }
    let mut numbers = Vec::new();
    flat(value, &mut numbers);
    Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap().to_dtype(DType::F32).unwrap()
}

#[test]
fn ops_of_images_are_those_of_keras() {
    let (cases, arrays) = cases();
    let mut failures = Vec::new();
    for case in cases["ops"].as_array().unwrap() {
        let (op, name) = (case["op"].as_str().unwrap(), case["case"].as_str().unwrap());
        let operands: Vec<Tensor> = case["operands"].as_array().unwrap().iter().map(tensor).collect();
        let (x, expected) = (&arrays[&format!("{name}/x")], &arrays[&format!("{name}/y")]);
        let y = run(op, x, &operands, &case["arguments"]).unwrap();
        let tolerance = if op == "perspective_transform" { 2e-4 } else { 1e-5 };
        let same_dtype = if y.dtype() == expected.dtype() { Ok(()) } else { Err(format!("the dtype {:?}", y.dtype())) };
        if let Err(error) = same_dtype.and_then(|()| compare(&y, expected, tolerance, 0)) {
            failures.push(format!("{op} {name} {}: {error}", case["arguments"]));
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}
