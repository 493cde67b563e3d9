// Ported from distiller.py.
// Knowledge distillation: a small student learns from the labels and from a larger teacher.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Activation, Call, Dense, KerasTensor};
use candle_keras::losses::{KLDivergence, Loss, SparseCategoricalCrossentropy};
use candle_keras::metrics::{Mean, MeanMetric, Metric, SparseCategoricalAccuracy};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Batch, Error, GradientTape, StepLogs, TrainStep, models, numpy, ops};
use ndarray::s;

fn main() -> Result<()> {
    let mut teacher = Sequential::new(layers![
        Input::shape([6]),
        Dense::new(32).activation("tanh"),
        Dense::new(16).activation("tanh"),
        Dense::new(3),
    ]).name("teacher");
    let student = Sequential::new(layers![
        Input::shape([6]),
        Dense::new(4),
        Activation::new("tanh"),
        Dense::new(3),
    ]).name("student");
    // The same student, to be trained alone
    let mut student_scratch = models::clone_model(&student)?;

    numpy::random::seed(5);
    let y = numpy::random::randint(0, 3, 160)?;
    let mut x = numpy::to_ndarray::<f32>(&numpy::random::normal(0.0, 1.0, (160, 6))?.to_dtype(DType::F32)?)?;
    {
        let mut part = x.slice_mut(s![.., 0]);
        let numbers = (2.0 * ops::equal(&y, &Tensor::new(1_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?)?.to_dtype(DType::F32)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f32>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element += number;
        }
    }
    {
        let mut part = x.slice_mut(s![.., 1]);
        let numbers = (2.0 * ops::equal(&y, &Tensor::new(2_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?)?.to_dtype(DType::F32)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f32>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element += number;
        }
    }
    let (x_train, y_train, x_test, y_test) = (x.to_tensor()?.i(..120)?, y.i(..120)?, x.to_tensor()?.i(120..)?, y.i(120..)?);

    teacher.compile(Adam::new().learning_rate(0.01), Compile::loss(SparseCategoricalCrossentropy::new().from_logits(true)).metric(SparseCategoricalAccuracy::new()))?;
    teacher.fit(&x_train, &y_train, Fit::new().epochs(5).batch_size(30).verbose(0))?;
    let scores = teacher.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    println!("teacher: {:?}", [scores["loss"], scores["sparse_categorical_accuracy"]]);

    let mut distiller = Distiller::new(&student, &teacher);
    let mut distiller_model = distiller.model();
    distiller.compile(&Adam::new().learning_rate(0.02), &SparseCategoricalCrossentropy::new().from_logits(true), &KLDivergence::new(), 0.2, 4, &mut distiller_model)?;
    let history = distiller_model.fit(&x_train, &y_train, Fit::new().epochs(4).batch_size(30).verbose(0).step(&mut distiller))?;
    for name in ["total_loss", "student_loss", "distillation_loss", "accuracy"] {
        println!("{name} {:?}", &history[name]);
    }
    let scores = distiller_model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0).step(&mut distiller))?;
    println!("distilled: {:?}", [scores["student_loss"], scores["accuracy"]]);
    println!("{}", numpy::array_str(&student.predict_with(&x_test.i(..2)?, Predict::new().verbose(0))?)?);

    student_scratch.compile(Adam::new().learning_rate(0.02), Compile::loss(SparseCategoricalCrossentropy::new().from_logits(true)).metrics(["accuracy"]))?;
    student_scratch.fit(&x_train, &y_train, Fit::new().epochs(4).batch_size(30).verbose(0))?;
    let scores = student_scratch.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    println!("alone: {:?}", [scores["loss"], scores["accuracy"]]);
    Ok(())
}

/// Trains a student with the soft predictions of a teacher.
#[derive(Clone)]
struct Distiller {
    teacher: Sequential,
    student: Sequential,
    total_tracker: Mean,
    student_tracker: Mean,
    distillation_tracker: Mean,
    accuracy: MeanMetric,
    student_loss_fn: Option<Loss>,
    distillation_loss_fn: Option<Loss>,
    alpha: Option<f64>,
    temperature: Option<usize>,
}

impl Distiller {
    fn new(student: &Sequential, teacher: &Sequential) -> Self {
        let teacher_ = teacher.clone();
        let student_ = student.clone();
        let total_tracker = Mean::new();
        let student_tracker = Mean::new();
        let distillation_tracker = Mean::new();
        let accuracy = MeanMetric::new(SparseCategoricalAccuracy::new()).named("accuracy");
        Self { teacher: teacher_, student: student_, total_tracker, student_tracker, distillation_tracker, accuracy, student_loss_fn: None, distillation_loss_fn: None, alpha: None, temperature: None }
    }

    fn compile(&mut self, optimizer: &Adam, student_loss_fn: &SparseCategoricalCrossentropy, distillation_loss_fn: &KLDivergence, alpha: f64, temperature: usize, model: &mut Model) -> Result<()> {
        model.compile(optimizer.clone(), Compile::default())?;
        self.student_loss_fn = Some(Loss::from(student_loss_fn.clone()));
        self.distillation_loss_fn = Some(Loss::from(distillation_loss_fn.clone()));
        self.alpha = Some(alpha);
        self.temperature = Some(temperature);
        Ok(())
    }

    fn model(&self) -> Model {
        let layers = layers![self.teacher.clone(), self.student.clone()];
        Model::from_call("Distiller", layers, |_| Err::<KerasTensor, _>(Error::new("Distiller has no call")))
    }

    fn student_loss_fn(&self) -> Result<&Loss> {
        self.student_loss_fn.as_ref().ok_or_else(|| Error::new("the attribute student_loss_fn is not set yet"))
    }

    fn distillation_loss_fn(&self) -> Result<&Loss> {
        self.distillation_loss_fn.as_ref().ok_or_else(|| Error::new("the attribute distillation_loss_fn is not set yet"))
    }

    fn alpha(&self) -> Result<f64> {
        self.alpha.ok_or_else(|| Error::new("the attribute alpha is not set yet"))
    }

    fn temperature(&self) -> Result<usize> {
        self.temperature.ok_or_else(|| Error::new("the attribute temperature is not set yet"))
    }
}

impl TrainStep for Distiller {
    fn train_step(&mut self, model: &mut Model, batch: &Batch) -> Result<StepLogs> {
        let x = &batch.x[0];
        let y = &batch.y[0];
        let teacher_predictions = self.teacher.call_with(x, Call::new().training(false))?;
        let tape = GradientTape::new();
        let student_predictions = self.student.call_with(x, Call::new().training(true))?;
        let student_loss = self.student_loss_fn()?.call(y, &student_predictions, None, None)?;
        let distillation_loss = (&self.distillation_loss_fn()?.call(&ops::softmax(&numpy::divide(&teacher_predictions, self.temperature()?)?, 1)?, &ops::softmax(&numpy::divide(&student_predictions, self.temperature()?)?, 1)?, None, None)? * usize::pow(self.temperature()?, 2) as f64)?;
        let loss = ops::add(&(self.alpha()? * &student_loss)?, &((1.0 - self.alpha()?) * &distillation_loss)?)?;
        let trainable_vars = self.student.trainable_variables();
        let gradients = tape.gradient(&loss, &trainable_vars)?;
        model.optimizer()?.apply_gradients(gradients)?;
        self.total_tracker.update_state(&loss, None)?;
        self.student_tracker.update_state(&student_loss, None)?;
        self.distillation_tracker.update_state(&distillation_loss, None)?;
        self.accuracy.update_state(y, &student_predictions, None, None)?;
        Ok(vec![("total_loss", Tensor::new(self.total_tracker.result()?, &Device::Cpu)?), ("student_loss", Tensor::new(self.student_tracker.result()?, &Device::Cpu)?), ("distillation_loss", Tensor::new(self.distillation_tracker.result()?, &Device::Cpu)?), ("accuracy", Tensor::new(self.accuracy.result()?, &Device::Cpu)?)])
    }

    fn test_step(&mut self, _: &mut Model, batch: &Batch) -> Result<StepLogs> {
        let x = &batch.x[0];
        let y = &batch.y[0];
        let y_prediction = self.student.call_with(x, Call::new().training(false))?;
        let student_loss = self.student_loss_fn()?.call(y, &y_prediction, None, None)?;
        self.student_tracker.update_state(&student_loss, None)?;
        self.accuracy.update_state(y, &y_prediction, None, None)?;
        Ok(vec![("student_loss", Tensor::new(self.student_tracker.result()?, &Device::Cpu)?), ("accuracy", Tensor::new(self.accuracy.result()?, &Device::Cpu)?)])
    }

    fn reset_metrics(&mut self) {
        self.total_tracker.reset_state();
        self.student_tracker.reset_state();
        self.distillation_tracker.reset_state();
        self.accuracy.reset_state();
    }

    fn averages_logs(&self) -> bool {
        false
    }
}
