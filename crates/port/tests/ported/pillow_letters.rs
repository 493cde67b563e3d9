// Ported from pillow_letters.py.
// Letters drawn as Pillow images: resized, cropped and pasted, and an autoencoder for them.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Dense, Flatten, Reshape};
use candle_keras::prelude::*;
use candle_keras::utils::{Image, ImageMode, LoadImg, Resample};
use candle_keras::{numpy, ops, python, utils};
use ndarray::Array2;
use ndarray::s;
use std::path::Path;

fn main() -> Result<()> {
    numpy::random::seed(3);
    python::files::makedirs("letters")?;

    for i in 0..12 {
        let image = Image::from_array(&letter(i % 2, 20 + i).to_tensor()?)?;
        image.save(&format!("letters/{i:02}.png"))?;
    }

    let mut images = vec![];
    for name in { let mut list = python::files::listdir("letters")?.into_iter().collect::<Vec<String>>(); list.sort(); list } {
        let image = utils::load_img(&Path::new("letters").join(&name), LoadImg::new().color_mode("grayscale"))?;
        let image = image.resize([16, 16], Resample::Lanczos)?;
        images.push(image.to_array()?);
    }
    let x = numpy::divide(&Tensor::stack(&images, 0)?.to_dtype(DType::F32)?, 255.0)?;
    println!("{:?} {:?}", x.dims(), ops::mean(&x, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let first = Image::open("letters/00.png")?;
    println!("{:?} {} {} {}", (first.size()[1], first.size()[0]), first.size()[1], first.size()[0], first.mode().to_string());
    let small = first.resize([6, 8], Resample::Bicubic)?;
    println!("{} {}", ops::sum(&small.to_array()?.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?, numpy::array_str(&small.to_array()?.i(3)?)?);
    let color = first.convert(ImageMode::Rgb);
    let array = color.to_array()?.to_dtype(DType::F32)?;
    println!("{:?} {:?}", array.dims(), ops::mean(&array, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    let part = color.crop([2, 3, 12, 9])?;
    println!("{:?}", (part.size()[1], part.size()[0]));
    let parts = color.convert(ImageMode::YCbCr).split();
    let (y, cb, cr) = (parts[0].clone(), parts[1].clone(), parts[2].clone());
    let back = Image::merge(ImageMode::YCbCr, &[&y, &cb, &cr])?.convert(ImageMode::Rgb);
    println!("{:?} {}", ops::mean(&back.to_array()?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::max(&cb.to_array()?.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?);

    let loaded = utils::load_img("letters/01.png", LoadImg::new().target_size([12, 10]).interpolation("bicubic"))?;
    println!("{:?} {:?}", (loaded.size()[1], loaded.size()[0]), ops::mean(&utils::img_to_array(&loaded)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    let half = loaded.resize([loaded.size()[0] / 2, loaded.size()[1] / 2], Resample::Bilinear)?;
    println!("{:?} {:?}", (half.size()[1], half.size()[0]), ops::sum(&utils::img_to_array(&half)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("{:?}", utils::img_to_array(&half.to_array()?)?.dims());

    let mut encoder = Sequential::new(layers![
        Input::shape((16, 16)),
        Flatten::new(),
        Dense::new(8).activation("relu"),
        Dense::new(256).activation("sigmoid"),
        Reshape::new([16, 16]),
    ]);
    encoder.compile("adam", "mse")?;
    let history = encoder.fit(&x, &x, Fit::new().epochs(4).batch_size(4).verbose(0))?;
    println!("{:?}", &history["loss"]);

    let predicted = (&encoder.predict_with(&x, Predict::new().verbose(0))? * 255.0)?.to_dtype(DType::U8)?;
    save_images(&predicted, "predicted.png")?;
    let page = Image::open("predicted.png")?;
    println!("{:?} {:?}", (page.size()[1], page.size()[0]), page.to_array()?.dims());
    Ok(())
}

fn letter(kind: usize, size: usize) -> Array2<u8> {
    // An L or a T, as bytes.
    let mut pixels = Array2::<u8>::zeros((size, size));
    let width = size / 5;
    if kind == 0 {
        pixels.slice_mut(s![.., ..width]).fill(255);
        let start0 = usize::min(size - width, pixels.shape()[0]);
        pixels.slice_mut(s![start0.., ..]).fill(200);
    } else {
        pixels.slice_mut(s![..width, ..]).fill(255);
        let start1 = usize::min(size / 2, pixels.shape()[1]);
        let end1 = usize::min(size / 2 + width, pixels.shape()[1]);
        pixels.slice_mut(s![.., start1..end1]).fill(200);
    }
    pixels
}

fn save_images(pictures: &Tensor, name: &'static str) -> Result<()> {
    let mut big = Image::new(ImageMode::L, [16 * 3, 16 * 4], &[])?;
    let mut index = 0;
    for i in (0..16 * 3).step_by(16) {
        for j in (0..16 * 4).step_by(16) {
            let one = Image::from_array(&pictures.i(index)?)?;
            big.paste(&one, [j as i64, i as i64]);
            index += 1;
        }
    }
    big.save(name)?;
    Ok(())
}
