// Ported from timeseries_conv1d.py.
// Classifies short sensor recordings with a fully convolutional 1D network.

use candle_keras::callbacks::{EarlyStopping, ReduceLROnPlateau};
use candle_keras::layers::{BatchNormalization, Conv1D, Dense, GlobalAveragePooling1D, ReLU};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};

const LENGTH: usize = 40;

fn main() -> Result<()> {
    utils::set_random_seed(1);
    numpy::random::seed(1);

    let classes = ("sine", "square", "sawtooth");
    let num_classes = 3;

    let (x_train, y_train) = make_recordings(50, classes)?;
    let (x_test, y_test) = make_recordings(15, classes)?;

    // Standardize each recording, and add the dimension of the channels
    let x_train = ops::divide(&ops::subtract(&x_train, &ops::mean(&x_train, ops::axes(1).keepdims(true))?)?, &ops::std(&x_train, ops::axes(1).keepdims(true))?)?;
    let x_test = ops::divide(&ops::subtract(&x_test, &ops::mean(&x_test, ops::axes(1).keepdims(true))?)?, &ops::std(&x_test, ops::axes(1).keepdims(true))?)?;
    let x_train = x_train.reshape((x_train.dims()[0], x_train.dims()[1], 1))?;
    let x_test = x_test.reshape((x_test.dims()[0], x_test.dims()[1], 1))?;

    let idx = numpy::random::permutation(x_train.dim(0)?)?;
    let x_train = ops::take(&x_train, &idx, 0)?;
    let y_train = ops::take(&y_train, &idx, 0)?;
    println!("train {:?} test {:?}", x_train.dims(), x_test.dims());
    println!("classes: {}", numpy::array_str(&numpy::unique(&ops::concatenate(&[&y_train, &y_test], 0)?)?)?);

    let mut model = make_model(&x_train.dims()[1..], num_classes)?;
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["sparse_categorical_accuracy"]))?;
    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(16).epochs(8).callback(ReduceLROnPlateau::new().monitor("val_loss").factor(0.5).patience(2).min_lr(0.0001)).callback(EarlyStopping::new().monitor("val_loss").patience(6).verbose(0)).validation_split(0.2).verbose(0))?;

    let metric = "sparse_categorical_accuracy";
    for (epoch, ((&a, &b), &c)) in history["loss"].iter().zip(&history[metric]).zip(&history[&format!("{}{}", "val_", metric)]).enumerate() {
        println!("{:3} {a:.4} {b:.4} {c:.4}", epoch + 1);
    }
    let scores = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    let (test_loss, test_acc) = (scores["loss"], scores["sparse_categorical_accuracy"]);
    println!("Test accuracy {test_acc:?}");
    println!("Test loss {test_loss:?}");
    let predicted = ops::argmax(&model.predict_with(&x_test, Predict::new().verbose(0))?, 1)?;
    for (label, name) in [classes.0, classes.1, classes.2].into_iter().enumerate() {
        let right = ops::equal(&numpy::compress(&predicted, &ops::equal(&y_test, &Tensor::new(label as i64, &Device::Cpu)?)?)?, &Tensor::new(label as i64, &Device::Cpu)?)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize;
        println!("{name:>9}: {right} of {}", ops::equal(&y_test, &Tensor::new(label as i64, &Device::Cpu)?)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);
    }
    Ok(())
}

fn make_recordings(per_class: usize, classes: (&'static str, &'static str, &'static str)) -> Result<(Tensor, Tensor)> {
    let time = ops::linspace(0.0, 1.0, LENGTH, true, "float64")?;
    let (mut xs, mut ys) = (vec![], vec![]);
    for (label, name) in [classes.0, classes.1, classes.2].into_iter().enumerate() {
        for _ in 0..per_class {
            let frequency = numpy::random::uniform_scalar(2.0, 5.0)?;
            let phase = numpy::random::rand_scalar();
            let t = (&(frequency * &time)? + phase)?;
            let signal;
            if name == "sine" {
                signal = ops::sin(&(2.0 * std::f64::consts::PI * &t)?)?;
            } else if name == "square" {
                signal = ops::sign(&ops::sin(&(2.0 * std::f64::consts::PI * &t)?)?)?;
            } else {
                signal = (&(2.0 * &ops::mod_(&t, &Tensor::new(1_i64, &Device::Cpu)?)?)? - 1.0)?;
            }
            xs.push(ops::add(&signal, &numpy::random::normal(0.0, 0.3, LENGTH)?)?);
            ys.push(label);
        }
    }
    Ok((Tensor::stack(&xs, 0)?, Tensor::from_iter(ys.iter().map(|&x| x as i64), &Device::Cpu)?))
}

fn make_model(input_shape: &[usize], num_classes: usize) -> Result<Model> {
    let input_layer = Input::shape(input_shape);
    let conv1 = Conv1D::new(16, 3).padding("same").call(&input_layer);
    let conv1 = BatchNormalization::new().call(&conv1);
    let conv1 = ReLU::new().call(&conv1);
    let conv2 = Conv1D::new(16, 3).padding("same").call(&conv1);
    let conv2 = BatchNormalization::new().call(&conv2);
    let conv2 = ReLU::new().call(&conv2);
    let gap_ = GlobalAveragePooling1D::new().call(&conv2);
    let output_layer = Dense::new(num_classes).activation("softmax").call(&gap_);
    Model::new(&input_layer, &output_layer)
}
