use super::*;
use crate::Npz;
use candle_core::{DType, Device, Tensor};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/opencv");

fn border(name: &str) -> Border {
    match name {
        "constant" => Border::Constant([9.0, 8.0, 7.0, 6.0]),
        "replicate" => Border::Replicate,
        "reflect" => Border::Reflect,
        "reflect101" => Border::Reflect101,
        _ => Border::Wrap,
    }
}

fn kind(name: &str) -> Threshold {
    match name {
        "binary" => Threshold::Binary,
        "binary_inv" => Threshold::BinaryInv,
        "trunc" => Threshold::Trunc,
        "tozero" => Threshold::ToZero,
        _ => Threshold::ToZeroInv,
    }
}

fn interpolation(name: &str) -> Interpolation {
    match name {
        "nearest" => Interpolation::Nearest,
        "linear" => Interpolation::Linear,
        _ => Interpolation::Area,
    }
}

fn number(found: f64) -> Tensor {
    Tensor::new(found, &Device::Cpu).unwrap()
}

/// What a function makes of an image, by its name in the fixtures.
fn computed(function: &str, arguments: &[&str], image: &Tensor) -> Tensor {
    let numbers: Vec<f64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    match function {
        "resize" => resize(image, [numbers[0] as usize, numbers[1] as usize], interpolation(arguments[0])),
        "resize_by" => resize_by(image, numbers[0], numbers[1], interpolation(arguments[0])),
        "flip" => flip(image, numbers[0] as i64),
        "border" => copy_make_border(image, [2, 3, 1, 4], border(arguments[0])),
        "threshold" => threshold(image, numbers[0], numbers[1], kind(arguments[0])).map(|(_, image)| image),
        "threshold_of" => threshold(image, numbers[0], numbers[1], kind(arguments[0])).map(|(found, _)| number(found)),
        "otsu" => otsu_threshold(image, 200.0, kind(arguments[0])).map(|(_, image)| image),
        "otsu_of" => otsu_threshold(image, 200.0, kind(arguments[0])).map(|(found, _)| number(found)),
        "blur" => gaussian_blur(image, numbers[0] as usize),
        "color" => {
            let color = match arguments[0] {
                "BGR2RGB" => Color::BgrToRgb,
                "RGB2BGR" => Color::RgbToBgr,
                "BGR2GRAY" => Color::BgrToGray,
                "RGB2GRAY" => Color::RgbToGray,
                "GRAY2BGR" => Color::GrayToBgr,
                _ => Color::GrayToRgb,
            };
            cvt_color(image, color)
        }
        other => panic!("{other}"),
    }
    .unwrap()
}

/// Those of tools/opencv_images.py: the same bytes, and fractions within 1e-5.
#[test]
fn images_are_those_of_opencv() {
    let mut fixtures = Npz::open(format!("{FOLDER}/images.npz")).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for name in fixtures.names() {
        let parts: Vec<&str> = name.splitn(3, '/').collect();
        let found = match parts[..] {
            ["imread", "color", file] => imread(format!("{FOLDER}/{file}"), Read::Color).unwrap(),
            ["imread", "gray", file] => imread(format!("{FOLDER}/{file}"), Read::Grayscale).unwrap(),
            [function, arguments, image] => {
                let arguments: Vec<&str> = arguments.split(',').collect();
                computed(function, &arguments, &fixtures.read(&format!("in/{image}")).unwrap())
            }
            _ => continue,
        };
        let expected = fixtures.read(&name).unwrap();
        count += 1;
        let most = |x: &Tensor| x.flatten_all()?.to_dtype(DType::F64)?.abs()?.max(0)?.to_scalar::<f64>();
        let is_same = found.dims() == expected.dims() && found.dtype() == expected.dtype() && {
            let difference = (found.to_dtype(DType::F64).unwrap() - expected.to_dtype(DType::F64).unwrap()).unwrap();
            most(&difference).unwrap() <= if found.dtype() == DType::U8 { 0.0 } else { 1e-5 }
        };
        if !is_same {
            wrong.push(name);
        }
    }
    assert!(count > 500, "{count}");
    assert!(wrong.is_empty(), "{} of {count}: {wrong:?}", wrong.len());
}

/// A file without loss is read as it was written.
#[test]
fn files_are_read_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..2 * 3 * 3).map(|i| i * 14).collect();
    let image = Tensor::from_vec(bytes, (2, 3, 3), &Device::Cpu).unwrap();
    for name in ["a.png", "a.bmp"] {
        let path = folder.path().join(name);
        assert!(imwrite(&path, &image).unwrap());
        let read = imread(&path, Read::Color).unwrap();
        assert_eq!(read.to_vec3::<u8>().unwrap(), image.to_vec3::<u8>().unwrap(), "{name}");
    }
    let path = folder.path().join("a.jpg");
    assert!(imwrite(&path, &image).unwrap());
    assert_eq!(imread(&path, Read::Grayscale).unwrap().dims(), [2, 3]);
}

#[test]
fn what_is_no_image_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("a.png");
    std::fs::write(&text, "no image").unwrap();
    assert!(imread(&text, Read::Color).unwrap_err().to_string().contains("a.png"));
    let image = Tensor::zeros((2, 2, 3), DType::U8, &Device::Cpu).unwrap();
    assert!(cvt_color(&image, Color::GrayToBgr).unwrap_err().to_string().contains("1 channels"));
    assert!(resize(&image, [0, 2], Interpolation::Linear).is_err());
    assert!(resize(&image, [usize::MAX, 2], Interpolation::Linear).is_err());
    for by in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
        assert!(resize_by(&image, by, 1.0, Interpolation::Area).is_err(), "{by}");
    }
    assert!(copy_make_border(&image, [usize::MAX, 1, 0, 0], Border::Wrap).is_err());
    assert!(gaussian_blur(&image, 4).is_err());
    assert!(otsu_threshold(&image, 255.0, Threshold::Binary).is_err());
    let integers = Tensor::zeros((2, 2), DType::I64, &Device::Cpu).unwrap();
    assert!(flip(&integers, 1).unwrap_err().to_string().contains("uint8"));
    let empty = Tensor::zeros((0, 2), DType::U8, &Device::Cpu).unwrap();
    assert!(flip(&empty, 1).is_err());
}
