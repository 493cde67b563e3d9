// Ported from transfer_layers.py.
// Two groups of layers: learn the first classes, freeze the features, learn other classes with them.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Activation, Conv2D, Dense, Dropout, Flatten, MaxPooling2D};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};
use ndarray::s;
use std::sync::Arc;

const SIDE: usize = 10;

fn main() -> Result<()> {
    utils::set_random_seed(21);
    numpy::random::seed(21);

    let labels = numpy::random::randint(0, 6, 180)?;
    let images = make_images(&labels)?;
    let is_first = ops::less(&labels, &Tensor::new(3_i64, &Device::Cpu)?)?;
    let (x_first, y_first) = (numpy::compress(&images, &is_first)?, numpy::compress(&labels, &is_first)?);
    let (x_second, y_second) = (numpy::compress(&images, &ops::greater_equal(&labels, &Tensor::new(3_i64, &Device::Cpu)?)?)?, numpy::subtract(&numpy::compress(&labels, &ops::greater_equal(&labels, &Tensor::new(3_i64, &Device::Cpu)?)?)?, 3)?);

    // Define two groups of layers: features and classification
    let feature_layers = vec![Arc::new(Conv2D::new(6, 3).padding("valid")) as Arc<dyn Layer>, Arc::new(Activation::new("relu")), Arc::new(Conv2D::new(6, 3)), Arc::new(Activation::new("relu")), Arc::new(MaxPooling2D::new(2)), Arc::new(Dropout::new(0.25)), Arc::new(Flatten::new())];
    let classification_layers = vec![Arc::new(Dense::new(16)) as Arc<dyn Layer>, Arc::new(Activation::new("relu")), Arc::new(Dropout::new(0.3)), Arc::new(Dense::new(3)), Arc::new(Activation::new("softmax"))];
    let mut model = Sequential::new(layers![Input::shape((SIDE, SIDE, 1))].into_iter().chain([&feature_layers[..], &classification_layers[..]].concat().into_iter().flat_map(|layer| layers![layer])).collect());
    println!("layers: {} parameters: {}", model.layers().len(), model.count_params());

    train(&mut model, &x_first, &y_first)?;

    // Freeze the features, and learn the other classes
    for layer in &feature_layers {
        layer.set_trainable(false);
    }
    println!("trainable: {}", model.trainable_variables().len());
    train(&mut model, &x_second, &y_second)?;

    // The features of the trained model
    let code = model.layers()[6].clone();
    let features = Model::new(model.inputs()?, &code.output()?)?;
    println!("features: {} {}", features.output()?.shape()?, numpy::array_str(&ops::round(&ops::sum(&features.predict_with(&x_second.i(..2)?, Predict::new().verbose(0))?, 1)?, 3)?)?);

    // Another head on the same features
    let mut headless = Sequential::new(layers![Input::shape((SIDE, SIDE, 1))].into_iter().chain(feature_layers.iter().cloned().flat_map(|layer| layers![layer])).collect());
    headless.add(Dense::new(1));
    headless.pop()?;
    headless.add(Dense::new(2).activation("tanh"));
    println!("head: {}", numpy::array_str(&headless.predict_with(&x_second.i(..2)?, Predict::new().verbose(0))?)?);
    Ok(())
}

fn make_images(labels: &Tensor) -> Result<Tensor> {
    // Stripes whose direction and distance say the class.
    let mut images = numpy::to_ndarray::<f64>(&numpy::random::uniform(0.0, 0.3, (labels.dim(0)?, SIDE, SIDE, 1))?)?;
    for (i, label) in numpy::rows(labels)?.into_iter().enumerate() {
        let step = numpy::add(2, &numpy::floor_divide(&label, 2)?)?;
        if ops::equal(&numpy::mod_(&label, 2)?, &Tensor::new(0_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 {
            {
                let mut part = images.slice_mut(s![i, ..;step.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, .., ..]);
                part += 0.6;
            }
        } else {
            {
                let mut part = images.slice_mut(s![i, .., ..;step.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, ..]);
                part += 0.6;
            }
        }
    }
    Ok(images.to_tensor()?.to_dtype(DType::F32)?)
}

fn train(model: &mut Sequential, x: &Tensor, y: &Tensor) -> Result<()> {
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(x, y, Fit::new().batch_size(16).epochs(3).verbose(0))?;
    println!("{}", history["loss"].iter().map(|&loss| format!("{loss:.4}")).collect::<Vec<String>>().join(" "));
    let score = model.evaluate_with(x, y, Evaluate::new().verbose(0))?;
    println!("score: {:.4}", score["loss"]);
    Ok(())
}
