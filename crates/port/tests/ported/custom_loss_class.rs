// Ported from custom_loss_class.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::losses::Loss;
use candle_keras::metrics::{AUC, Precision, Recall};
use candle_keras::optimizers::Nadam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};

fn main() -> Result<()> {
    utils::set_random_seed(77);
    numpy::random::seed(77);

    // One positive sample in five or so
    let features = numpy::random::randn((150, 6))?;
    let score = ops::add(&features.i((.., 0))?, &ops::multiply(&(0.5 * &features.i((.., 1))?)?, &features.i((.., 2))?)?)?;
    let labels = ops::expand_dims(&score.gt(0.9)?.to_dtype(DType::F32)?, 1)?;
    println!("share of positives: {:.2}%", 100.0 * (ops::mean(&labels, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?));

    let inputs = Input::shape([6]);
    let x = Dense::new(16).activation("relu").call(&inputs);
    let mut binary = Model::new(&inputs, &Dense::new(1).activation("sigmoid").call(&x))?;
    let focal = FocalLoss::new(1.5, 0.25, "focal_loss");
    binary.compile("adam", Compile::loss(Loss::from(focal.clone())).metric(Precision::new()).metric(Recall::new()).metric(AUC::new()))?;
    let history = binary.fit(&features.i(..120)?, &labels.i(..120)?, Fit::new().epochs(4).batch_size(30).verbose(0))?;
    for (epoch, &loss) in (1..).zip(&history["loss"]) {
        println!("Epoch {epoch} focal loss {:?}", python::round(loss, 5));
    }
    let results = binary.evaluate_with(&features.i(120..)?, &labels.i(120..)?, Evaluate::new().verbose(0))?;
    println!("loss, precision, recall, auc: {:?}", [results["loss"], results["precision"], results["recall"], results["auc"]].into_iter().map(|value| python::round(value, 4)).collect::<Vec<f64>>());

    // The loss by itself
    let value = Loss::from(focal.clone()).call(&Tensor::new(&[[1.0_f64], [0.0]], &Device::Cpu)?, &Tensor::new(&[[0.8_f64], [0.3]], &Device::Cpu)?, None, None)?;
    println!("by itself: {:.6}", value.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    // Three classes of the same score
    let classes = utils::to_categorical(&ops::digitize(&score, &Tensor::new(&[-0.4_f64, 0.4], &Device::Cpu)?)?, 3)?;
    let mut model = Sequential::new(layers![
        Input::shape([6]),
        Dense::new(16).activation("relu"),
        Dense::new(3),
    ]);
    model.compile(Nadam::new().learning_rate(0.01), Compile::loss(Loss::from(LabelSmoothing::new(3, 0.05))).metrics(["accuracy"]))?;
    let history = model.fit(&features.i(..120)?, &classes.i(..120)?, Fit::new().epochs(3).verbose(0))?;
    println!("Smoothed: {}", history["loss"].iter().map(|&loss| format!("{loss:.4}")).collect::<Vec<String>>().join(" "));
    println!("{}", numpy::array_str(&model.predict_with(&features.i(120..122)?, Predict::new().verbose(0))?)?);
    Ok(())
}

/// Binary cross-entropy that counts easy samples less.
#[derive(Clone)]
struct FocalLoss {
    gamma: f64,
    alpha: f64,
}

impl FocalLoss {
    fn new(gamma: f64, alpha: f64, _name: &'static str) -> Self {

        Self { gamma, alpha }
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let y_true = y_true.to_dtype(y_pred.dtype())?;
        let p = ops::clip(y_pred, 1e-7, 1.0 - 1e-7)?;
        let pt = ops::add(&ops::multiply(&y_true, &p)?, &ops::multiply(&(1.0 - &y_true)?, &(1.0 - &p)?)?)?;
        let weight = ops::add(&(&y_true * self.alpha)?, &(&(1.0 - &y_true)? * (1.0 - self.alpha))?)?;
        let loss = ops::multiply(&ops::multiply(&weight.neg()?, &ops::power(&(1.0 - &pt)?, &Tensor::new((self.gamma) as f32, &Device::Cpu)?)?)?, &ops::log(&pt)?)?;
        Ok(ops::mean(&loss, -1)?)
    }
}


impl From<FocalLoss> for Loss {
fn from(loss: FocalLoss) -> Self {
Loss::new("focal_loss", move |y_true, y_pred| Ok(loss.call(y_true, y_pred)?))
}
}
#[derive(Clone)]
struct LabelSmoothing {
    num_classes: usize,
    epsilon: f64,
}

impl LabelSmoothing {
    fn new(num_classes: usize, epsilon: f64) -> Self {

        Self { num_classes, epsilon }
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let smooth = (&(y_true * (1.0 - self.epsilon))? + (self.epsilon / self.num_classes as f64))?;
        Ok(ops::sum(&ops::multiply(&smooth, &ops::log_softmax(y_pred, -1)?)?, -1)?.neg()?)
    }
}


impl From<LabelSmoothing> for Loss {
fn from(loss: LabelSmoothing) -> Self {
Loss::new("label_smoothing", move |y_true, y_pred| Ok(loss.call(y_true, y_pred)?))
}
}