// Ported from unet_segmentation.py.
// Segments squares in noisy 16x16 images with a small U-Net.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Activation, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose, KerasTensor, MaxPooling2D};
use candle_keras::losses::Loss;
use candle_keras::metrics::MetricSpec;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};
use ndarray::Array4;
use ndarray::s;

const SIZE: usize = 16;
const BATCH_SIZE: usize = 16;
const EPOCHS: usize = 3;

fn main() -> Result<()> {
    utils::set_random_seed(99);
    numpy::random::seed(99);

    let (x_train, y_train) = make_data(64)?;
    let (x_valid, y_valid) = make_data(16)?;
    println!("foreground: {:.4} of the training pixels", ops::mean(&y_train, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let mut model = build_unet((SIZE, SIZE, 1))?;
    model.compile("adam", Compile::loss(Loss::new("dice_loss", |y_true, y_pred| Ok(dice_loss(y_true, y_pred)?))).metric(MetricSpec::new("dice_coef", |y_true, y_pred| Ok(dice_coef(y_true, y_pred, 1.0)?))).metric("binary_accuracy"))?;
    let history = model.fit(&x_train, &y_train, Fit::new().validation_data(&x_valid, &y_valid).batch_size(BATCH_SIZE).epochs(EPOCHS).verbose(0))?;
    for epoch in 0..EPOCHS {
        let values = ["loss", "dice_coef", "val_dice_coef"].into_iter().map(|name| format!("{name}: {:.4}", history[name][epoch])).collect::<Vec<String>>().join(", ");
        println!("epoch {} -- {values}", epoch + 1);
    }

    let pred = model.predict_with(&x_valid, Predict::new().verbose(0))?;
    let binary = pred.gt(0.5)?.to_dtype(DType::F32)?;
    let intersection = ops::sum(&ops::logical_and(&binary, &y_valid)?, [1, 2, 3])?;
    let union = ops::sum(&ops::logical_or(&binary, &y_valid)?, [1, 2, 3])?;
    let iou = ops::divide(&intersection.to_dtype(DType::F64)?, &ops::maximum(&union, &Tensor::new(1_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?)?;
    println!("mean IoU: {:.3}", ops::mean(&iou, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("IoU of the first images: {}", numpy::array_str(&ops::round(&iou.i(..4)?, 3)?)?);
    Ok(())
}

fn make_data(n: usize) -> Result<(Tensor, Tensor)> {
    let mut images = (&numpy::random::rand((n, SIZE, SIZE, 1))? * 0.5)?;
    let mut masks = Array4::<f64>::zeros((n, SIZE, SIZE, 1));
    for i in 0..n {
        let (w, h) = (numpy::random::randint_scalar(3, 8)? as usize, numpy::random::randint_scalar(3, 8)? as usize);
        let left = numpy::random::randint_scalar(0, (SIZE - w) as i64)? as usize;
        let top = numpy::random::randint_scalar(0, (SIZE - h) as i64)? as usize;
        let end1 = usize::min(top + h, masks.shape()[1]);
        let end2 = usize::min(left + w, masks.shape()[2]);
        masks.slice_mut(s![i, top..end1, left..end2, 0]).fill(1.0);
    }
    images = ops::add(&images, &ops::multiply(&masks.to_tensor()?, &Tensor::new(0.4, &Device::Cpu)?)?)?;
    Ok((images.to_dtype(DType::F32)?, masks.to_tensor()?.to_dtype(DType::F32)?))
}

fn conv_block(x: &KerasTensor, filters: usize) -> KerasTensor {
    let mut x = x.clone();
    for _ in 0..2 {
        x = Conv2D::new(filters, 3).padding("same").call(&x);
        x = BatchNormalization::new().call(&x);
        x = Activation::new("relu").call(&x);
    }
    x
}

fn encoder_block(x: &KerasTensor, filters: usize) -> (KerasTensor, KerasTensor) {
    let s = conv_block(x, filters);
    let p = MaxPooling2D::new((2, 2)).call(&s);
    (s, p)
}

fn decoder_block(x: &KerasTensor, skip: &KerasTensor, filters: usize) -> KerasTensor {
    let x = Conv2DTranspose::new(filters, (2, 2)).strides(2).padding("same").call(x);
    let x = Concatenate::new().call([&x, skip]);
    conv_block(&x, filters)
}

fn build_unet(input_shape: (usize, usize, usize)) -> Result<Model> {
    let inputs = Input::shape(input_shape);
    let (s1, p1) = encoder_block(&inputs, 4);
    let (s2, p2) = encoder_block(&p1, 8);
    let b1 = conv_block(&p2, 16);
    let d1 = decoder_block(&b1, &s2, 8);
    let d2 = decoder_block(&d1, &s1, 4);
    let outputs = Conv2D::new(1, 1).padding("same").activation("sigmoid").call(&d2);
    Ok(Model::new(&inputs, &outputs)?.name("U-Net"))
}

fn dice_coef(y_true: &Tensor, y_pred: &Tensor, smooth: f64) -> Result<Tensor> {
    let intersection = ops::sum(&ops::multiply(y_true, y_pred)?, ())?;
    Ok(ops::divide(&(&(2.0 * &intersection)? + smooth)?, &(&ops::add(&ops::sum(y_true, ())?, &ops::sum(y_pred, ())?)? + smooth)?)?)
}

fn dice_loss(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    Ok((1.0 - &dice_coef(y_true, y_pred, 1.0)?)?)
}
