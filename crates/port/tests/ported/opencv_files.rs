// Ported from opencv_files.py.
// What OpenCV reads, and what it does not: files of several sizes, and one that is no image.

use candle_keras::candle_core::{D, IndexOp};
use candle_keras::data::ToTensor;
use candle_keras::prelude::*;
use candle_keras::{Error, cv2, numpy, ops, python};
use ndarray::Slice;
use std::path::Path;

const FOLDER: &str = "photos";

fn main() -> Result<()> {
    python::files::makedirs(FOLDER)?;
    for i in 0..4 {
        cv2::imwrite(&format!("{FOLDER}/{i}.png"), &Tensor::full((50 * i) as f64, (4 + i, 5), &Device::Cpu)?.to_dtype(DType::U8)?)?;
    }
    let mut f = String::new();
    f.push_str("not an image");
    python::files::write(&format!("{}{}", FOLDER, "/9.png"), &f)?;

    let mut brightness = 0.0;
    for name in { let mut list = python::files::listdir(FOLDER)?.into_iter().collect::<Vec<String>>(); list.sort(); list } {
        let image = cv2::imread(&Path::new(FOLDER).join(&name), cv2::Read::Grayscale).ok();
        let Some(image) = image else {
            println!("skipped {name}");
            continue;
        };
        let image = cv2::resize(&image, [3, 3], cv2::Interpolation::Linear)?;
        brightness += ops::mean(&image.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    }
    println!("brightness {brightness:?}");

    println!("{:?}", mean_of(&format!("{}{}", FOLDER, "/2.png"))?);

    for name in { let mut list = python::files::listdir(FOLDER)?.into_iter().collect::<Vec<String>>(); list.sort(); list } {
        let image = cv2::imread(&format!("{}{}", format!("{}{}", FOLDER, "/"), name), cv2::Read::Color).ok();
        if let Some(image) = image {
            let (h, w, c) = (image.dims()[0], image.dims()[1], image.dims()[2]);
            let image = numpy::divide(&image.to_dtype(DType::F32)?, 255)?;
            println!("{h} {w} {c} {:?}", ops::max(&image, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        }
    }

    // Elements are bytes: sums begin again at 0.
    let mut gray = numpy::to_ndarray::<u8>(&cv2::imread(&format!("{}{}", FOLDER, "/3.png"), cv2::Read::Grayscale)?)?;
    println!("{} {} {} {}", numpy::array_str(&numpy::subtract(255, &gray.to_tensor()?.i(0)?)?)?, numpy::array_str(&numpy::add(&gray.to_tensor()?.i(0)?, 200)?)?, numpy::array_str(&numpy::multiply(&gray.to_tensor()?.i(0)?, 2)?)?, numpy::array_str(&numpy::subtract(&gray.to_tensor()?.i(0)?, 151)?)?);
    gray.slice_each_axis_mut(|axis| match axis.axis.index() { 0 => Slice::from(1..3), 1 => Slice::from(1..3), _ => Slice::from(..) }).fill(7);
    {
        let mut part = numpy::part_mut(&mut gray, &[0, 0])?;
        part += 1;
    }
    println!("{:?} {}", ops::sum(&gray.to_tensor()?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::greater(&gray.to_tensor()?, &Tensor::new(100_i64, &Device::Cpu)?)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);

    let color = cv2::imread(&format!("{}{}", FOLDER, "/2.png"), cv2::Read::Color)?;
    println!("{:?} {:?} {}", color.narrow(D::Minus1, 0, usize::min(2, color.dim(D::Minus1)?))?.dims(), ops::flip(&color, [0, 1])?.dims(), numpy::array_str(&ops::flip(&color, 2)?.i((0, 0))?)?);
    println!("{} {}", if cv2::imread("none.png", cv2::Read::Color).is_err() { "True" } else { "False" }, if cv2::imwrite("nowhere/a.png", &gray.to_tensor()?)? { "True" } else { "False" });
    Ok(())
}

fn mean_of(path: &str) -> Result<f64> {
    let picture = cv2::imread(path, cv2::Read::Color).ok();
    let Some(picture) = picture else {
        return Err(Error::new(format!("{}{}", "no image: ", path)));
    };
    Ok(ops::mean(&picture.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)
}
