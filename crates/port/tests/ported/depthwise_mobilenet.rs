// Ported from depthwise_mobilenet.py.
// A MobileNet-like network of depthwise separable convolutions, on 16x16 images.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{BatchNormalization, Conv2D, Dense, DepthwiseConv2D, Dropout, GlobalAveragePooling2D, KerasTensor, ReLU, Rescaling, SeparableConv2D};
use candle_keras::losses::SparseCategoricalCrossentropy;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};
use ndarray::s;

fn main() -> Result<()> {
    main_()?;
    Ok(())
}

fn depthwise_block(x: &KerasTensor, filters: usize, alpha: f64, strides: usize, block_id: usize) -> Result<KerasTensor> {
    let channels = (filters as f64 * alpha) as i64;
    let x = DepthwiseConv2D::new(3).strides(strides).padding("same").use_bias(false).name(&format!("conv_dw_{block_id}")).call(x);
    let x = BatchNormalization::new().name(&format!("conv_dw_{block_id}_bn")).call(&x);
    let x = ReLU::new().max_value(6.0).name(&format!("conv_dw_{block_id}_relu")).call(&x);
    let x = Conv2D::new(usize::try_from(channels).map_err(|error| Error::new(error.to_string()))?, 1).padding("same").use_bias(false).name(&format!("conv_pw_{block_id}")).call(&x);
    let x = BatchNormalization::new().name(&format!("conv_pw_{block_id}_bn")).call(&x);
    Ok(ReLU::new().max_value(6.0).name(&format!("conv_pw_{block_id}_relu")).call(&x))
}

fn build(alpha: f64, classes: usize) -> Result<Model> {
    let inputs = Input::shape((16, 16, 3)).name("image");
    let x = Rescaling::new(1.0 / 127.5).offset(-1.0).call(&inputs);
    let x = Conv2D::new(usize::try_from((8.0 * alpha) as i64).map_err(|error| Error::new(error.to_string()))?, 3).strides(2).padding("same").use_bias(false).call(&x);
    let x = BatchNormalization::new().call(&x);
    let mut x = ReLU::new().max_value(6.0).call(&x);
    let config = vec![(8, 1), (16, 2), (16, 1)];
    for (i, &(filters, strides)) in (1..).zip(&config) {
        x = depthwise_block(&x, filters, alpha, strides, i)?;
    }
    let x = SeparableConv2D::new(16, 3).padding("same").activation("relu").call(&x);
    let x = GlobalAveragePooling2D::new().call(&x);
    let x = Dropout::new(0.2).call(&x);
    let outputs = Dense::new(classes).activation("softmax").name("predictions").call(&x);
    Ok(Model::new(&inputs, &outputs)?.name(&format!("mobilenet_{}", (alpha * 100.0) as i64)))
}

fn make_images(count: usize) -> Result<(Tensor, Tensor)> {
    // Reddish images are of class 0 and bluish ones of class 1.
    let labels = numpy::random::randint(0, 2, count)?;
    let mut images = numpy::to_ndarray::<i64>(&numpy::random::randint(0, 160, (count, 16, 16, 3))?)?;
    for row in numpy::flatnonzero(&ops::equal(&labels, &Tensor::new(0_i64, &Device::Cpu)?)?)?.to_vec1::<i64>()? {
        let mut part = images.slice_mut(s![row as usize, .., .., 0]);
        part += 60;
    }
    for row in numpy::flatnonzero(&ops::equal(&labels, &Tensor::new(1_i64, &Device::Cpu)?)?)?.to_vec1::<i64>()? {
        let mut part = images.slice_mut(s![row as usize, .., .., 2]);
        part += 60;
    }
    Ok((images.to_tensor()?.to_dtype(DType::F32)?, labels))
}

fn main_() -> Result<()> {
    utils::set_random_seed(2024);
    numpy::random::seed(2024);
    let (x_train, y_train) = make_images(96)?;
    let (x_test, y_test) = make_images(32)?;
    println!("mean of the channels: {}", numpy::array_str(&ops::round(&ops::mean(&x_train, [0, 1, 2])?, 2)?)?);
    for alpha in [0.5, 1.0] {
        let mut model = build(alpha, 2)?;
        let trainable = model.trainable_variables().iter().map(|w| w.dims().iter().product::<usize>()).sum::<usize>();
        println!("{}: {} parameters, {trainable} trainable", model.layer_name(), model.count_params());
        model.compile(Adam::new().learning_rate(0.001), Compile::loss(SparseCategoricalCrossentropy::new()).metrics(["accuracy"]))?;
        let history = model.fit(&x_train, &y_train, Fit::new().batch_size(32).epochs(3).verbose(0))?;
        for (epoch, &loss) in history["loss"].iter().enumerate() {
            println!("  epoch {epoch}: loss {loss:.4}");
        }
        let scores = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
        let (loss, acc) = (scores["loss"], scores["accuracy"]);
        println!("  test: loss {loss:.4} accuracy {acc:.4}");
        println!("  first predictions: {}", numpy::array_str(&ops::round(&model.predict_with(&x_test.i(..2)?, Predict::new().verbose(0))?, 4)?.flatten_all()?)?);
    }
    Ok(())
}
