// Ported from metric_classes.py.
// Metrics that are classes, in compile and by hand.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::metrics::Metric;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python};

fn main() -> Result<()> {
    numpy::random::seed(9);
    let x = numpy::random::rand((60, 5))?.to_dtype(DType::F32)?;
    let y = ops::sum(&x, ops::axes(1).keepdims(true))?.gt(2.5)?.to_dtype(DType::F32)?;

    let mut model = Sequential::new(layers![
        Input::shape([5]),
        Dense::new(6).activation("relu"),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile(Adam::new().learning_rate(0.02), Compile::loss("binary_crossentropy").metric(TruePositives::new("true_positives")?).metric(RelativeError::new(0.5, "relative_error")?).metric("accuracy"))?;
    let history = model.fit(&x, &y, Fit::new().batch_size(12).epochs(3).validation_split(0.2).verbose(0))?;
    for name in ["true_positives", "relative_error", "accuracy", "val_true_positives", "val_relative_error"] {
        println!("{name} {:?}", history[name].iter().map(|&value| python::round(value, 4)).collect::<Vec<f64>>());
    }
    let scores = model.evaluate_with(&x, &y, Evaluate::new().verbose(0))?;
    println!("evaluated: {:?}", [scores["loss"], scores["true_positives"], scores["relative_error"], scores["accuracy"]].into_iter().map(|score| python::round(score, 4)).collect::<Vec<f64>>());

    let mut metric = RelativeError::new(0.0, "relative_error")?;
    metric.update_state_2(&y.i(..10)?, &model.predict_with(&x.i(..10)?, Predict::new().verbose(0))?)?;
    println!("ten: {:.4}", metric.result()?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    metric.reset_state();
    metric.update_state_2(&y.i(10..30)?, &model.predict_with(&x.i(10..30)?, Predict::new().verbose(0))?)?;
    println!("twenty: {:.4}", metric.result()?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}

#[derive(Debug, Clone)]
struct TruePositives {
    true_positives: Tensor,
}

impl TruePositives {
    fn new(_name: &'static str) -> Result<Self> {
        let true_positives = Tensor::zeros((), DType::F32, &Device::Cpu)?;
        Ok(Self { true_positives })
    }

    fn update_state(&mut self, y_true: &Tensor, y_pred: &Tensor) -> Result<()> {
        let y_true = ops::cast(y_true, "bool")?;
        let y_pred = ops::cast(&y_pred.gt(0.5)?, "bool")?;
        let values = ops::logical_and(&y_true, &y_pred)?;
        let values = values.to_dtype(DType::F32)?;
        self.true_positives = (&self.true_positives + ops::sum(&values, ())?.to_dtype(DType::F32)?)?;
        Ok(())
    }

    fn result(&self) -> Tensor {
        self.true_positives.clone()
    }
}


impl Metric for TruePositives {
fn name(&self) -> &str {
"true_positives"
}

fn update_state(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>, _: Option<&Tensor>) -> Result<()> {
if sample_weight.is_some() {
return Err(Error::new("TruePositives takes no sample weights"));
}
self.update_state(y_true, y_pred)
}

fn result(&self) -> Result<f64> {
Ok(self.result().to_dtype(DType::F64)?.to_scalar()?)
}

fn reset_state(&mut self) {
self.true_positives = self.true_positives.zeros_like().expect("zeros");
}

fn state(&self) -> Result<Vec<Tensor>> {
Ok(vec![self.true_positives.clone()])
}

fn set_state(&mut self, state: &[Tensor]) -> Result<()> {
self.true_positives = state[0].clone();
Ok(())
}
}
/// The sum of the errors by the sum of the targets.
#[derive(Debug, Clone)]
struct RelativeError {
    offset: f64,
    errors: Tensor,
    targets: Tensor,
}

impl RelativeError {
    fn new(offset: f64, _name: &'static str) -> Result<Self> {
        let errors = Tensor::zeros((), DType::F32, &Device::Cpu)?;
        let targets = Tensor::zeros((), DType::F32, &Device::Cpu)?;
        Ok(Self { offset, errors, targets })
    }

    fn update_state(&mut self, y_true: &Tensor, y_pred: &Tensor) -> Result<()> {
        self.errors = (&self.errors + ops::sum(&ops::abs(&ops::subtract(y_true, y_pred)?)?, ())?.to_dtype(DType::F32)?)?;
        self.targets = (&self.targets + numpy::add(&ops::sum(&ops::abs(y_true)?, ())?, self.offset)?.to_dtype(DType::F32)?)?;
        Ok(())
    }

    fn result(&self) -> Result<Tensor> {
        Ok(ops::divide(&self.errors, &self.targets)?)
    }

    fn update_state_2(&mut self, y_true: &Tensor, y_pred: &Tensor) -> Result<()> {
        self.errors = (&self.errors + ops::sum(&ops::abs(&ops::subtract(y_true, y_pred)?)?, ())?.to_dtype(DType::F32)?)?;
        self.targets = (&self.targets + (&ops::sum(&ops::abs(y_true)?, ())? + self.offset)?.to_dtype(DType::F32)?)?;
        Ok(())
    }
}


impl Metric for RelativeError {
fn name(&self) -> &str {
"relative_error"
}

fn update_state(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>, _: Option<&Tensor>) -> Result<()> {
if sample_weight.is_some() {
return Err(Error::new("RelativeError takes no sample weights"));
}
self.update_state(y_true, y_pred)
}

fn result(&self) -> Result<f64> {
Ok(self.result()?.to_dtype(DType::F64)?.to_scalar()?)
}

fn reset_state(&mut self) {
self.errors = self.errors.zeros_like().expect("zeros");
self.targets = self.targets.zeros_like().expect("zeros");
}

fn state(&self) -> Result<Vec<Tensor>> {
Ok(vec![self.errors.clone(), self.targets.clone()])
}

fn set_state(&mut self, state: &[Tensor]) -> Result<()> {
self.errors = state[0].clone();
self.targets = state[1].clone();
Ok(())
}
}