// Ported from tf_image_upscaling.py.
// Small images made large: brightness alone, by the functions of tf.image.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Conv2D, UpSampling2D};
use candle_keras::ops::image::{DataFormat, Interpolation, Resize};
use candle_keras::ops::image;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops};

fn main() -> Result<()> {
    numpy::random::seed(1);
    let images = numpy::random::rand((24, 12, 12, 3))?.to_dtype(DType::F32)?;

    let dataset = Dataset::from_tensor_slices(&images)?.batch(8);
    let dataset = dataset.map(|batch| { let x = &batch.x[0]; Ok((process_input(x, 4)?, process_target(x)?)) });
    for batch in dataset.take(1).iter()? {
        let batch = batch?;
        let low = &batch.x[0];
        let high = &batch.y[0];
        println!("{:?} {:?}", low.dims(), high.dims());
        println!("{:?} {:?}", ops::mean(low, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::mean(high, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }

    let mut model = Sequential::new(layers![
        Input::shape((4, 4, 1)),
        Conv2D::new(9, 3).padding("same").activation("relu"),
        UpSampling2D::new().size(3),
        Conv2D::new(1, 3).padding("same"),
    ]);
    model.compile("adam", "mse")?;
    let history = model.fit(&dataset, (), Fit::new().epochs(2).verbose(0))?;
    println!("{:?}", &history["loss"]);

    let first = images.i(0)?;
    println!("yuv back {}", if ops::max(&ops::abs(&ops::subtract(&image::yuv_to_rgb(&image::rgb_to_yuv(&first)?)?, &first)?)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? < 1e-5 { "True" } else { "False" });
    println!("{:?}", image::central_crop(&first, 0.5)?.dims());
    let noisy = ops::clip(&ops::add(&first, &(0.1 * &numpy::random::rand((12, 12, 3))?.to_dtype(DType::F32)?)?)?, 0.0, 1.0)?;
    println!("PSNR {:.4}", image::psnr(&first, &noisy, 1.0)?);
    let mut total = 0.0;
    total += image::psnr(&(&first * 255.0)?.to_dtype(DType::U8)?, &(&noisy * 255.0)?.to_dtype(DType::U8)?, 255.0)?;
    println!("total {total:.3}");
    let shown = image::to_fractions(&(&first * 255.0)?.to_dtype(DType::U8)?)?;
    println!("{:?}", ops::mean(&shown, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    let gray = image::rgb_to_grayscale(&first, DataFormat::ChannelsLast)?;
    println!("{:?} {:?}", gray.dims(), ops::mean(&ops::flip(&gray, -2)?.i((.., 0))?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}

fn process_input(image: &Tensor, size: usize) -> Result<Tensor> {
    let image = image::rgb_to_yuv(image)?;
    let parts = ops::split(&image, 3, -1)?;
    let (y, _u, _v) = (parts[0].clone(), parts[1].clone(), parts[2].clone());
    Ok(image::resize(&y.to_dtype(DType::F32)?, &Resize { interpolation: Interpolation::Area, ..Resize::to([size, size]) })?)
}

fn process_target(image: &Tensor) -> Result<Tensor> {
    let image = image::rgb_to_yuv(image)?;
    let parts = ops::split(&image, 3, -1)?;
    let (y, _u, _v) = (parts[0].clone(), parts[1].clone(), parts[2].clone());
    Ok(y)
}
