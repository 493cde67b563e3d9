// Ported from opencv_shapes.py.
// Photographs of circles and squares: written, read, prepared with OpenCV, and classified.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Conv2D, Dense, Flatten, MaxPooling2D};
use candle_keras::prelude::*;
use candle_keras::{Error, cv2, numpy, ops, python};
use std::path::Path;

const IMG_SIZE: usize = 16;
const FOLDER: &str = "shapes";

fn main() -> Result<()> {
    let classes = vec!["circle", "square"];

    numpy::random::seed(7);

    for (label, &name) in classes.iter().enumerate() {
        python::files::makedirs(&Path::new(FOLDER).join(name))?;
        for i in 0..20 {
            let path = Path::new(FOLDER).join(name).join(&format!("{i:02}.png"));
            cv2::imwrite(&path, &draw(label, 24 + i)?)?;
        }
    }

    let mut f = String::new();
    f.push_str("not an image");
    python::files::write(&Path::new(FOLDER).join("circle").join("notes.txt"), &f)?;

    let (x, y) = load_images(FOLDER, &classes)?;
    println!("{:?} {:?}", x.dims(), y.dims());
    println!("mean {:?} first pixel {}", ops::mean(&x.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, numpy::array_str(&x.i((0, 0, 0))?)?);

    let gray = cv2::imread(&Path::new(FOLDER).join("circle").join("00.png"), cv2::Read::Grayscale)?;
    println!("{:?} {}", gray.dims(), ops::sum(&gray.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?);
    let inverted = numpy::subtract(255, &gray)?;
    println!("{} {}", ops::sum(&inverted.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?, numpy::array_str(&inverted.i((0, ..4))?)?);
    let (_, binary) = cv2::threshold(&gray, 127.0, 255.0, cv2::Threshold::Binary)?;
    let (level, otsu) = cv2::otsu_threshold(&gray, 1.0, cv2::Threshold::Binary)?;
    println!("{} {level:?} {}", ops::sum(&binary.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?, ops::sum(&otsu.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?);
    let blurred = cv2::gaussian_blur(&gray, 5)?;
    println!("{} {}", ops::sum(&blurred.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?, numpy::array_str(&blurred.i((3, 3..7))?)?);
    let (height, width) = (python::slice(gray.dims(), ..2)[0], python::slice(gray.dims(), ..2)[1]);
    let wide = cv2::copy_make_border(&gray, [0, 0, 4, 4], cv2::Border::Constant([0.0, 0.0, 0.0, 0.0]))?;
    println!("{height} {width} {:?} {}", wide.dims(), numpy::array_str(&cv2::flip(&gray, 1)?.i((0, ..3))?)?);
    let double = cv2::resize_by(&gray, 2.0, 2.0, cv2::Interpolation::Linear)?;
    println!("{:?} {:?}", double.dims(), ops::mean(&double.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let x = numpy::divide(&x.to_dtype(DType::F32)?, 255.0)?;
    let order = numpy::random::permutation(x.dim(0)?)?;
    let (x, y) = (ops::take(&x, &order, 0)?, ops::take(&y, &order, 0)?);

    let mut model = Sequential::new(layers![
        Input::shape((IMG_SIZE, IMG_SIZE, 3)),
        Conv2D::new(8, 3).activation("relu"),
        MaxPooling2D::new(2),
        Flatten::new(),
        Dense::new(2).activation("softmax"),
    ]);
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x, &y, Fit::new().batch_size(8).epochs(3).verbose(0))?;
    println!("loss {:?}", &history["loss"]);

    let test = cv2::imread(&Path::new(FOLDER).join("square").join("05.png"), cv2::Read::Color).ok();
    let Some(test) = test else {
        return Err(Error::new("square 05"));
    };
    let test = cv2::resize(&cv2::cvt_color(&test, cv2::Color::BgrToRgb)?, [IMG_SIZE, IMG_SIZE], cv2::Interpolation::Linear)?;
    let prediction = model.predict_with(&numpy::divide(&ops::expand_dims(&test, 0)?, 255.0)?, Predict::new().verbose(0))?;
    println!("{}", numpy::array_str(&prediction.i(0)?)?);
    Ok(())
}

fn draw(kind: usize, size: usize) -> Result<Tensor> {
    // An image of noise, with a bright shape in it.
    let image = numpy::random::randint(0, 90, (size, size, 3))?.to_dtype(DType::U8)?;
    let parts = ops::meshgrid(&[&ops::arange(0.0, size as f64, 1.0, "int64")?, &ops::arange(0.0, size as f64, 1.0, "int64")?], "ij")?;
    let (rows, columns) = (parts[0].clone(), parts[1].clone());
    let (middle, radius) = (size / 2, size / 3);
    let inside;
    if kind == 0 {
        inside = ops::less(&ops::add(&ops::square(&numpy::subtract(&rows, middle)?)?, &ops::square(&numpy::subtract(&columns, middle)?)?)?, &Tensor::new(usize::pow(radius, 2) as i64, &Device::Cpu)?)?;
    } else {
        inside = ops::less(&ops::maximum(&ops::abs(&numpy::subtract(&rows, middle)?)?, &ops::abs(&numpy::subtract(&columns, middle)?)?)?, &Tensor::new(radius as i64, &Device::Cpu)?)?;
    }
    let bright = numpy::random::randint(150, 256, (size, size, 3))?.to_dtype(DType::U8)?;
    Ok(ops::where_(&ops::expand_dims(&inside, -1)?, &bright, &image)?.to_dtype(DType::U8)?)
}

fn load_images(folder: &'static str, classes: &[&'static str]) -> Result<(Tensor, Tensor)> {
    let (mut images, mut labels) = (vec![], vec![]);
    for (label, &name) in classes.iter().enumerate() {
        for filename in { let mut list = python::files::listdir(&Path::new(folder).join(name))?.into_iter().collect::<Vec<String>>(); list.sort(); list } {
            let img = cv2::imread(&Path::new(folder).join(name).join(&filename), cv2::Read::Color).ok();
            if let Some(img) = img {
                let img = cv2::cvt_color(&img, cv2::Color::BgrToRgb)?;
                let img = cv2::resize(&img, [IMG_SIZE, IMG_SIZE], cv2::Interpolation::Area)?;
                images.push(img.clone());
                labels.push(label);
            }
        }
    }
    Ok((Tensor::stack(&images, 0)?, Tensor::from_iter(labels.iter().map(|&x| x as i64), &Device::Cpu)?))
}
