// Ported from loss_classes.py.
// Losses that are classes: called by themselves, with weights of samples, and in a training.

use candle_keras::layers::Dense;
use candle_keras::losses::{Loss, Reduction};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};

fn main() -> Result<()> {
    utils::set_random_seed(3);

    let y = Tensor::new(&[[1.0_f64, 2.0], [3.0, 5.0], [0.0, 1.0]], &Device::Cpu)?.to_dtype(DType::F32)?;
    let p = Tensor::new(&[[1.5_f64, 2.0], [2.0, 5.5], [0.0, 3.0]], &Device::Cpu)?.to_dtype(DType::F32)?;
    let loss = ScaledError::new(3.0, "scaled_error");
    println!("loss: {:?}", Loss::from(loss.clone()).call(&y, &p, None, None)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("weighted: {:?}", Loss::from(loss.clone()).call(&y, &p, Some(&Tensor::new(&[1.0_f64, 0.0, 2.0], &Device::Cpu)?.to_dtype(DType::F32)?), None)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    let total = SumOfErrors::new();
    println!("sum: {:?}", Loss::from(total.clone()).call(&y, &p, None, None)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("each: {}", numpy::array_str(&loss.call(&y, &p)?)?);
    let x = numpy::random::rand((20, 4))?.to_dtype(DType::F32)?;
    let t = ops::sum(&x, ops::axes(1).keepdims(true))?;
    for each in [0, 1] {
        let mut model = Sequential::new(layers![
            Input::shape([4]),
            Dense::new(1),
        ]);
        if each == 0 {
            model.compile("sgd", Loss::from(ScaledError::new(2.0, "scaled_error")))?;
        } else {
            model.compile("sgd", Loss::from(SumOfErrors::new()))?;
        }
        let history = model.fit(&x, &t, Fit::new().epochs(2).batch_size(8).verbose(0))?;
        println!("{:?}", &history["loss"]);
    }
    Ok(())
}

/// The squared error, times a factor.
#[derive(Clone)]
struct ScaledError {
    factor: f64,
}

impl ScaledError {
    fn new(factor: f64, _name: &'static str) -> Self {

        Self { factor }
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok((self.factor * &ops::mean(&ops::square(&ops::subtract(y_true, y_pred)?)?, -1)?)?)
    }
}


impl From<ScaledError> for Loss {
fn from(loss: ScaledError) -> Self {
Loss::new("scaled_error", move |y_true, y_pred| Ok(loss.call(y_true, y_pred)?))
}
}
#[derive(Clone)]
struct SumOfErrors {
}

impl SumOfErrors {
    fn new() -> Self {

        Self {}
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(ops::mean(&ops::abs(&ops::subtract(y_true, y_pred)?)?, -1)?)
    }
}


impl From<SumOfErrors> for Loss {
fn from(loss: SumOfErrors) -> Self {
Loss::new("sum_of_errors", move |y_true, y_pred| Ok(loss.call(y_true, y_pred)?)).reduction(Reduction::Sum)
}
}