// Ported from residual_layers.py.

use candle_keras::callbacks::{LambdaCallback, LearningRateScheduler, Logs};
use candle_keras::layers::{Dense, Dropout, KerasTensor};
use candle_keras::losses::Loss;
use candle_keras::metrics::MetricSpec;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python};
use indexmap::IndexMap;
use std::collections::BTreeSet;

fn main() -> Result<()> {
    numpy::random::seed(0);
    let x = numpy::random::rand((32, 4))?;
    let y = numpy::random::rand((32, 1))?;
    let inputs = Input::shape([4]);
    let h = Block::new(4, 0.1).call(&inputs);
    let h = Block::new(4, 0.2).call(&h);
    let outputs = Dense::new(1).call(&h);
    let mut model = Model::new(&inputs, &outputs)?;
    model.compile("adam", Compile::loss(Loss::from(Scaled::new(3.0))).metric(MetricSpec::new("spread", |y_true, y_pred| Ok(spread(y_true, y_pred)?))).metric("mae"))?;
    let mut losses = LossHistory::new();
    model.fit(&x, &y, Fit::new().epochs(5).verbose(0).callback(&mut losses).callback(LearningRateScheduler::new(|epoch, lr| schedule(epoch, lr))))?;
    model.fit(&x, &y, Fit::new().epochs(2).verbose(0).callback(LearningRateScheduler::new(|epoch, _| lr_lines(epoch))).callback(LearningRateScheduler::new(|epoch, _| 0.1 / (epoch + 1) as f64)).callback(LambdaCallback::new().on_epoch_end(|_, epoch, logs| { println!("{epoch} {:?}", logs["loss"]); Ok(()) })))?;
    println!("{} {:?}", losses.losses.len(), losses.best);
    let mut counter = Counter::new();
    counter.add("a");
    println!("{} {}", counter.add("b"), counter.names["a"]);
    let words = vec!["a", "b", "a"];
    let mut counts = IndexMap::new();
    for &word in &words {
        counts.insert(word, counts.get(word).copied().unwrap_or(0) + 1);
    }
    let index = words.iter().copied().collect::<BTreeSet<&'static str>>().into_iter().collect::<Vec<&'static str>>().into_iter().enumerate().map(|(i, word)| (word, i)).collect::<IndexMap<&'static str, usize>>();
    for (&word, &count) in &counts {
        println!("{word} {count}");
    }
    for (&a, &b) in words.iter().zip(python::slice(&words, 1..)) {
        println!("{a} {b}");
    }
    let squares = (0..5).filter(|&i| i % 2 == 0).map(|i| i * i).collect::<Vec<usize>>();
    println!("{} {} {} {:?}", squares.iter().sum::<usize>(), squares.iter().copied().max().ok_or_else(|| Error::new("max of nothing"))?, index["b"], words.iter().map(|&w| index[w]).collect::<Vec<usize>>());
    println!("{}", f(2, 3));
    Ok(())
}

/// A residual block.
#[allow(dead_code)]
#[derive(Clone)]
struct Block {
    units: usize,
    first: Dense,
    second: Dense,
    dropout: Dropout,
}

impl Block {
    fn new(units: usize, rate: f64) -> Self {
        let first = Dense::new(units).activation("relu");
        let second = Dense::new(units);
        let dropout = Dropout::new(rate);
        Self { units, first, second, dropout }
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let x = self.first.call(inputs);
        let x = self.dropout.call(&x);
        let x = self.second.call(&x);
        &x + inputs
    }
}

struct LossHistory {
    losses: Vec<f64>,
    best: f64,
}

impl LossHistory {
    fn new() -> Self {

        Self { losses: vec![], best: 100.0 }
    }
}

impl Callback for LossHistory {
    fn on_train_begin(&mut self, _model: &mut Model, _logs: &Logs) -> Result<()> {
        self.losses = vec![];
        self.best = 100.0;
        Ok(())
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        self.losses.push(logs["loss"]);
        if logs["loss"] < self.best {
            self.best = logs["loss"];
        }
        if epoch == 3 {
            model.stop_training = true;
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Scaled {
    factor: f64,
}

impl Scaled {
    fn new(factor: f64) -> Self {

        Self { factor }
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok((self.factor * &ops::mean(&ops::square(&ops::subtract(y_true, y_pred)?)?, -1)?)?)
    }
}


impl From<Scaled> for Loss {
fn from(loss: Scaled) -> Self {
Loss::new("scaled", move |y_true, y_pred| Ok(loss.call(y_true, y_pred)?))
}
}
#[derive(Clone)]
struct Counter {
    count: usize,
    names: IndexMap<&'static str, usize>,
}

impl Counter {
    fn new() -> Self {
        let count = 0;
        let names = IndexMap::<&'static str, usize>::new();
        Self { count, names }
    }

    fn add(&mut self, name: &'static str) -> usize {
        self.count += 1;
        self.names.insert(name, self.count);
        self.count
    }
}

fn spread(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    Ok(ops::max(&ops::abs(&ops::subtract(y_true, y_pred)?)?, -1)?)
}

fn schedule(epoch: usize, lr: f64) -> f64 {
    if epoch < 2 {
        return lr;
    }
    lr * 0.5
}

fn lr_lines(epoch: usize) -> f64 {
    0.1 / (epoch + 1) as f64
}

fn f(a: usize, b: usize) -> usize {
    a * b
}
