// Ported from resnet_blocks.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Activation, Add, BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, KerasTensor, MaxPooling2D};
use candle_keras::optimizers::SGD;
use candle_keras::prelude::*;
use candle_keras::regularizers::L2;
use candle_keras::{Error, numpy, ops, utils};
use ndarray::s;

const NUM_CLASSES: usize = 3;
const IMG: usize = 16;

fn main() -> Result<()> {
    // A small residual network in the functional API.

    utils::set_random_seed(21);
    numpy::random::seed(21);

    // horizontal stripes, vertical stripes, and plain noise
    let n = 90;
    let y = numpy::mod_(&ops::arange(0.0, n as f64, 1.0, "int64")?, NUM_CLASSES)?;
    let mut x = numpy::to_ndarray::<f64>(&numpy::random::normal(0.0, 0.5, (n, IMG, IMG, 1))?)?;
    for row in numpy::flatnonzero(&ops::equal(&y, &Tensor::new(0_i64, &Device::Cpu)?)?)?.to_vec1::<i64>()? {
        let mut part = x.slice_mut(s![row as usize, ..;2, .., ..]);
        part += 1.0;
    }
    for row in numpy::flatnonzero(&ops::equal(&y, &Tensor::new(1_i64, &Device::Cpu)?)?)?.to_vec1::<i64>()? {
        let mut part = x.slice_mut(s![row as usize, .., ..;2, ..]);
        part += 1.0;
    }
    let order = numpy::random::permutation(n)?;
    let (x, y) = (ops::take(&x.to_tensor()?, &order, 0)?.to_dtype(DType::F32)?, ops::take(&y, &order, 0)?);
    let y_onehot = utils::to_categorical(&y, NUM_CLASSES)?;

    let mut model = build_resnet((IMG, IMG, 1), NUM_CLASSES, (8, 16), 2)?;
    println!("{} layers: {} parameters: {}", model.layer_name(), model.layers().len(), model.count_params());
    model.compile(SGD::new().learning_rate(0.05).momentum(0.9), Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x.i(..72)?, &y_onehot.i(..72)?, Fit::new().batch_size(24).epochs(3).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {}: loss {loss:.4} accuracy {:.4}", epoch + 1, history["accuracy"][epoch]);
    }

    let results = model.evaluate_with(&x.i(72..)?, &y_onehot.i(72..)?, Evaluate::new().verbose(0))?;
    println!("test loss = {:.4}, test accuracy = {:.4}", results["loss"], results["accuracy"]);
    println!("{}", numpy::array_str(&ops::round(&model.predict_with(&x.i(72..75)?, Predict::new().verbose(0))?, 3)?)?);
    Ok(())
}

fn conv_bn(x: &KerasTensor, filters: usize, kernel_size: usize, strides: usize, activation: &'static str) -> KerasTensor {
    let x = Conv2D::new(filters, kernel_size).strides(strides).padding("same").kernel_initializer("he_normal").kernel_regularizer(L2::new(0.0001)).use_bias(false).call(x);
    let mut x = BatchNormalization::new().momentum(0.8).call(&x);
    x = Activation::new(activation).call(&x);
    x
}

fn conv_bn_2(x: &KerasTensor, filters: usize, kernel_size: usize, strides: usize) -> KerasTensor {
    let x = Conv2D::new(filters, kernel_size).strides(strides).padding("same").kernel_initializer("he_normal").kernel_regularizer(L2::new(0.0001)).use_bias(false).call(x);
    let x = BatchNormalization::new().momentum(0.8).call(&x);
    x
}

fn residual_block(x: &KerasTensor, filters: usize, strides: usize) -> Result<KerasTensor> {
    let mut shortcut = x.clone();
    let y = conv_bn(x, filters, 3, strides, "relu");
    let y = conv_bn_2(&y, filters, 3, 1);
    if strides != 1 || shortcut.shape()?.size(-1).ok_or_else(|| Error::new("the size of this axis is not known"))? != filters {
        shortcut = conv_bn_2(&shortcut, filters, 1, strides);
    }
    let y = Add::new().call([&y, &shortcut]);
    Ok(Activation::new("relu").call(&y))
}

fn build_resnet(input_shape: (usize, usize, usize), num_classes: usize, stages: (usize, usize), blocks: usize) -> Result<Model> {
    let inputs = Input::shape(input_shape);
    let x = conv_bn(&inputs, 8, 3, 1, "relu");
    let mut x = MaxPooling2D::new(2).call(&x);
    for (i, filters) in [stages.0, stages.1].into_iter().enumerate() {
        for block in 0..blocks {
            let strides = if i > 0 && block == 0 { 2 } else { 1 };
            x = residual_block(&x, filters, strides)?;
        }
    }
    let x = GlobalAveragePooling2D::new().call(&x);
    let outputs = Dense::new(num_classes).activation("softmax").call(&x);
    Ok(Model::new(&inputs, &outputs)?.name("tiny_resnet"))
}
