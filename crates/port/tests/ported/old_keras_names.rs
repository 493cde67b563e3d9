// Ported from old_keras_names.py.
// A classifier of two rings, with names that older versions of Keras had.

use candle_keras::layers::{Activation, BatchNormalization, Dense, Dropout, LeakyReLU};
use candle_keras::metrics::MetricSpec;
use candle_keras::optimizers::RMSprop;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};

fn main() -> Result<()> {
    numpy::random::seed(1);
    let angles = numpy::random::uniform(0.0, 2.0 * std::f64::consts::PI, 200)?;
    let radii = ops::add(&ops::where_(&ops::less(&ops::arange(0.0, 200.0, 1.0, "int64")?, &Tensor::new(100_i64, &Device::Cpu)?)?, &Tensor::new(1.0, &Device::Cpu)?, &Tensor::new(2.0, &Device::Cpu)?)?, &numpy::random::normal(0.0, 0.1, 200)?)?;
    let x = ops::stack(&[&ops::multiply(&radii, &ops::cos(&angles)?)?, &ops::multiply(&radii, &ops::sin(&angles)?)?], 1)?.to_dtype(DType::F32)?;
    let labels = ops::greater_equal(&ops::arange(0.0, 200.0, 1.0, "int64")?, &Tensor::new(100_i64, &Device::Cpu)?)?.to_dtype(DType::I32)?;
    let y = utils::to_categorical(&labels, 2)?;

    let initializer = "he_normal";
    let penalty = "l2";

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([2]));
    model.add(Dense::new(16).kernel_initializer(initializer));
    model.add(LeakyReLU::new().negative_slope(0.1));
    model.add(BatchNormalization::new().momentum(0.8));
    model.add(Dense::new(16).kernel_regularizer(penalty));
    model.add(Activation::new("relu"));
    model.add(Dropout::new(0.1));
    model.add(Dense::new(2).activation("softmax"));

    let opt = RMSprop::new().learning_rate(0.01);
    model.compile(opt, Compile::loss("categorical_crossentropy").metric("accuracy").metric(MetricSpec::new("scaled_error", |y_true, y_pred| Ok(scaled_error(y_true, y_pred)?))))?;
    let history = model.fit(&x, &y, Fit::new().batch_size(32).epochs(5).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{:?}", history["scaled_error"][history["scaled_error"].len() - 1]);

    let noise = ops::zeros([4, 2], None)?;
    println!("{:?} {} 1e-07", noise.dims(), "channels_last");
    println!("{}", numpy::array_str(&ops::transpose(&Tensor::new(&[[1.0_f64, 2.0], [3.0, 4.0]], &Device::Cpu)?.to_dtype(DType::F32)?, [1, 0])?)?);

    let scores = model.evaluate_with(&x, &y, Evaluate::new().verbose(0))?;
    let (loss, accuracy, error) = (scores["loss"], scores["accuracy"], scores["scaled_error"]);
    println!("loss {loss:.4} accuracy {accuracy:.4} error {error:.4}");
    let classes = ops::argmax(&model.predict_with(&x, Predict::new().verbose(0))?, -1)?;
    println!("{}", ops::equal(&classes, &labels)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);
    Ok(())
}

fn scaled_error(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    Ok((&ops::mean(&ops::square(&ops::subtract(y_pred, y_true)?)?, -1)? * 10.0)?)
}
