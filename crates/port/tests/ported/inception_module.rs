// Ported from inception_module.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{AveragePooling2D, Concatenate, Conv2D, Dense, Dropout, Flatten, KerasTensor, MaxPooling2D};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};
use ndarray::Array1;
use ndarray::Array4;
use ndarray::s;

fn main() -> Result<()> {
    utils::set_random_seed(5);
    numpy::random::seed(5);

    // Images with one bright disc: its radius decides the class

    let (x, y) = make_discs(100, 12)?;
    let (x_train, x_test) = (x.to_tensor()?.i(..80)?, x.to_tensor()?.i(80..)?);
    let (y_train, y_test) = (y.to_tensor()?.i(..80)?, y.to_tensor()?.i(80..)?);
    println!("Train: {:?} {:?} positives: {:?}", x_train.dims(), y_train.dims(), ops::sum(&y_train, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let visible = Input::shape((12, 12, 1));
    let layer = inception_module(&visible, 4, 4, 6, 2, 3, 3);
    let layer = inception_module(&layer, 6, 4, 8, 2, 4, 4);
    let layer = AveragePooling2D::new((4, 4)).call(&layer);
    let layer = Flatten::new().call(&layer);
    let layer = Dropout::new(0.3).call(&layer);
    let out = Dense::new(1).activation("sigmoid").call(&layer);
    let mut model = Model::new(&visible, &out)?;

    model.compile("rmsprop", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let hist = model.fit(&x_train, &y_train, Fit::new().validation_data(&x_test, &y_test).epochs(4).batch_size(20).verbose(0))?;

    println!("Epoch | Loss   | Acc    | Val loss");
    for i in 0..hist["loss"].len() {
        println!("{:5} | {:.4} | {:.4} | {:.4}", i + 1, hist["loss"][i], hist["accuracy"][i], hist["val_loss"][i]);
    }

    let score = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    println!("Test score: {:?}", score["loss"]);
    println!("Test accuracy: {:?}", score["accuracy"]);
    for (k, p) in numpy::rows(&model.predict_with(&x_test.i(..4)?, Predict::new().verbose(0))?)?.into_iter().enumerate() {
        println!("image {k}: p = {:.4}, true class {}", p.i(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, numpy::array_str(&y_test.i(k)?)?);
    }
    Ok(())
}

fn inception_module(layer_in: &KerasTensor, f1: usize, f2_in: usize, f2_out: usize, f3_in: usize, f3_out: usize, f4_out: usize) -> KerasTensor {
    // The module of GoogLeNet with its projections.
    let conv1 = Conv2D::new(f1, (1, 1)).padding("same").activation("relu").call(layer_in);
    let conv3 = Conv2D::new(f2_in, (1, 1)).padding("same").activation("relu").call(layer_in);
    let conv3 = Conv2D::new(f2_out, (3, 3)).padding("same").activation("relu").call(&conv3);
    let conv5 = Conv2D::new(f3_in, (1, 1)).padding("same").activation("relu").call(layer_in);
    let conv5 = Conv2D::new(f3_out, (5, 5)).padding("same").activation("relu").call(&conv5);
    let pool = MaxPooling2D::new((3, 3)).strides((1, 1)).padding("same").call(layer_in);
    let pool = Conv2D::new(f4_out, (1, 1)).padding("same").activation("relu").call(&pool);
    let layer_out = Concatenate::new().axis(-1).call([&conv1, &conv3, &conv5, &pool]);
    layer_out
}

fn make_discs(count: usize, size: usize) -> Result<(Array4<f64>, Array1<i64>)> {
    let mut images = Array4::<f64>::zeros((count, size, size, 1));
    let mut labels = Array1::<i64>::zeros(count);
    let parts = ops::meshgrid(&[&ops::arange(0.0, size as f64, 1.0, "int64")?, &ops::arange(0.0, size as f64, 1.0, "int64")?], "ij")?;
    let (grid_y, grid_x) = (parts[0].clone(), parts[1].clone());
    for k in 0..count {
        let radius = numpy::random::uniform_scalar(1.5, 4.5)?;
        let cx = numpy::random::randint_scalar(4, 8)? as usize;
        let cy = numpy::random::randint_scalar(4, 8)? as usize;
        let mask = ops::less_equal(&ops::add(&ops::square(&numpy::subtract(&grid_x, cx)?)?, &ops::square(&numpy::subtract(&grid_y, cy)?)?)?, &Tensor::new(f64::powf(radius, 2.0), &Device::Cpu)?)?;
        {
            let mut part = images.slice_mut(s![k, .., .., 0]);
            let numbers = mask.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
            for (element, number) in part.iter_mut().zip(numbers) {
                *element = number;
            }
        }
        labels[[k]] = (usize::from(radius > 3.0)) as i64;
    }
    Ok((images, labels))
}
