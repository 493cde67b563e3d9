//! Sparse updates, compared with dense updates.

use crate::Optimizer;
use crate::optimizers::*;
use candle_core::{DType, Device, Tensor};
use candle_keras_layers::{Embedding, Input, Layer, Variable};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Gradient, Rows};

const HEIGHT: usize = 300;
const WIDTH: usize = 5;

fn table() -> Variable {
    let layer = Embedding::new(HEIGHT, WIDTH);
    layer.call(Input::shape([1]));
    let values = Stream::new(1, 0).uniform_f32(HEIGHT * WIDTH).into_iter().map(|x| x * 0.1 - 0.05).collect::<Vec<_>>();
    layer.set_weights(&[Tensor::from_vec(values, (HEIGHT, WIDTH), &Device::Cpu).unwrap()]).unwrap();
    layer.variables().remove(0)
}

/// Word ids distributed as in a text: few frequent ones, many rare ones.
fn gradient(step: u64, scale: f64) -> Gradient {
    let ids = Stream::new(2, step).uniform(6).into_iter().map(|u| ((HEIGHT as f64).powf(u) - 1.0) as u32);
    let values = Stream::new(3, step).normal(6 * WIDTH).into_iter().map(|x| (x * scale) as f32);
    Gradient::Rows(Rows::new(&ids.collect::<Vec<_>>(), &values.collect::<Vec<_>>()).unwrap())
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// The largest difference between sparse and dense updates, relative to how far the weights have moved, or to a few rounding errors if
/// that is more.
fn apart(make: impl Fn() -> Optimizer, steps: u64, scale: f64, at: impl Fn(u64, &mut Optimizer, &Variable)) -> f64 {
    let (by_rows, whole) = (table(), table());
    let begin = floats(&whole.value());
    let (mut a, mut b) = (make(), make());
    for step in 0..steps {
        let gradient = gradient(step, scale);
        let dense = Gradient::Dense(gradient.to_dense(&whole.value()).unwrap());
        a.apply_gradients(vec![(by_rows.clone(), gradient)]).unwrap();
        b.apply_gradients(vec![(whole.clone(), dense)]).unwrap();
        at(step, &mut a, &by_rows);
        at(step, &mut b, &whole);
    }
    let (found, expected) = (floats(&by_rows.value()), floats(&whole.value()));
    let moved = expected.iter().zip(&begin).map(|(x, y)| (x - y).abs()).fold(0.01, f64::max);
    let difference = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    for (x, y) in a.slots(&by_rows).unwrap().iter().zip(&b.slots(&whole).unwrap()) {
        let (x, y) = (floats(x), floats(y));
        let largest = y.iter().fold(0f64, |most, y| most.max(y.abs()));
        assert!(difference(&x, &y) <= 1e-5 * largest, "slots differ by {} of {largest}", difference(&x, &y));
    }
    difference(&found, &expected) / moved
}

type Make = fn() -> Optimizer;

fn rules() -> Vec<(&'static str, Make)> {
    vec![
        ("sgd", || SGD::new().into()),
        ("momentum", || SGD::new().momentum(0.9).into()),
        ("nesterov", || SGD::new().momentum(0.95).nesterov(true).into()),
        ("rmsprop", || RMSprop::new().into()),
        ("rmsprop with momentum", || RMSprop::new().momentum(0.9).centered(true).into()),
        ("adagrad", || Adagrad::new().learning_rate(0.01).into()),
        ("adam", || Adam::new().into()),
        ("adam with small betas", || Adam::new().beta_1(0.8).beta_2(0.9).into()),
        ("adam with slow momentum", || Adam::new().beta_1(0.98).into()),
        ("amsgrad", || Adam::new().amsgrad(true).into()),
        ("adamw", || AdamW::new().into()),
        ("adamax", || Adamax::new().into()),
        ("nadam", || Nadam::new().into()),
        ("adadelta", || Adadelta::new().learning_rate(1.0).into()),
        ("muon", || Muon::new().learning_rate(0.01).adam_lr_ratio(0.5).into()),
        ("muon without embeddings", || Muon::new().exclude_embeddings(false).into()),
        ("ftrl", || Ftrl::new().l1_regularization_strength(0.001).into()),
        ("lion", || Lion::new().into()),
        ("lamb", || Lamb::new().into()),
        ("adafactor", || Adafactor::new().into()),
        ("schedule-free", || ScheduleFreeAdamW::new().into()),
        ("schedule-free with decay", || ScheduleFreeAdamW::new().beta_1(0.6).weight_decay(0.5).into()),
    ]
}

#[test]
fn sparse_updates_equal_dense_updates() {
    for (name, make) in rules() {
        for scale in [1.0, 1e-3, 1e-7] {
            let apart = apart(make, 1200, scale, |_, _, _| ());
            assert!(apart < 1e-4, "{name} with gradients of {scale}: {apart}");
        }
    }
}

#[test]
fn options_and_changes_between_steps_are_right() {
    type Case = (&'static str, Make, fn(u64, &mut Optimizer, &Variable));
    let cases: [Case; 11] = [
        (
            "a learning rate that changes",
            || Adam::new().into(),
            |step, optimizer, _| {
                if step % 50 == 49 {
                    optimizer.set_learning_rate(optimizer.learning_rate() * 0.7);
                }
            },
        ),
        (
            "a schedule",
            || Adam::new().learning_rate(schedules::ExponentialDecay::new(0.01, 100, 0.5)).into(),
            |_, _, _| (),
        ),
        ("weight decay", || SGD::new().momentum(0.9).weight_decay(0.1).into(), |_, _, _| ()),
        ("much weight decay", || Adam::new().learning_rate(0.01).weight_decay(5.0).into(), |_, _, _| ()),
        (
            "a decay to 0, for a while",
            || AdamW::new().into(),
            |step, optimizer, _| match step {
                100 => optimizer.set_learning_rate(250.0),
                101 => optimizer.set_learning_rate(0.001),
                _ => (),
            },
        ),
        (
            "a table that does not decay",
            || Adam::new().weight_decay(5.0).exclude_from_weight_decay("embeddings").into(),
            |_, _, _| (),
        ),
        ("decay without drift", || Adagrad::new().weight_decay(0.1).into(), |_, _, _| ()),
        ("clipping", || Adam::new().global_clipnorm(0.5).into(), |_, _, _| ()),
        ("averages", || Adam::new().use_ema(true).ema_overwrite_frequency(7).into(), |_, _, _| ()),
        ("accumulation", || Nadam::new().gradient_accumulation_steps(3).into(), |_, _, _| ()),
        (
            "readers and writers",
            || AdamW::new().into(),
            |step, optimizer, table| match step % 97 {
                11 => _ = table.value(),
                40 => table.assign(&(table.value() * 0.5).unwrap()).unwrap(),
                60 => _ = optimizer.state().unwrap(),
                80 => optimizer.to_device(&Device::Cpu).unwrap(),
                _ => (),
            },
        ),
    ];
    for (name, make, change) in cases {
        let apart = apart(make, 600, 0.1, change);
        assert!(apart < 1e-4, "{name}: {apart}");
    }
}

/// Two models that share a table, each with an optimizer: one applies its pending updates before the other updates.
#[test]
fn a_table_may_have_two_optimizers() {
    let train = |rows: bool| {
        let table = table();
        let mut optimizers = [Optimizer::from("adam"), Optimizer::from("nadam")];
        for step in 0..200 {
            let mut gradient = gradient(step, 0.1);
            if !rows {
                gradient = Gradient::Dense(gradient.to_dense(&table.value()).unwrap());
            }
            optimizers[(step / 10 % 2) as usize].apply_gradients(vec![(table.clone(), gradient)]).unwrap();
        }
        drop(optimizers);
        floats(&table.value())
    };
    let apart = train(true).iter().zip(train(false)).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    assert!(apart < 1e-6, "{apart}");
}

/// Trains one table by rows and another by dense updates: both have the same numbers after these gradients.
fn compare(optimizer: impl Fn() -> Optimizer, gradients: impl Iterator<Item = Gradient>) {
    let (by_rows, whole) = (table(), table());
    let (mut a, mut b) = (optimizer(), optimizer());
    for gradient in gradients {
        let dense = Gradient::Dense(gradient.to_dense(&whole.memory()).unwrap());
        a.apply_gradients(vec![(by_rows.clone(), gradient)]).unwrap();
        b.apply_gradients(vec![(whole.clone(), dense)]).unwrap();
    }
    for (x, y) in floats(&by_rows.value()).iter().zip(floats(&whole.value())) {
        assert!((x - y).abs() < 1e-3 * y.abs().max(0.1), "{x} {y}");
    }
}

/// After so many steps, the log is cleared.
#[test]
fn very_many_steps_are_right() {
    let one_row = || Gradient::Rows(Rows::new(&[7], &[0.01; WIDTH]).unwrap());
    let gradients = (0..3 * super::log::SHORTEST as u64 + 10)
        .map(|step| if step % 64 == 0 { gradient(step, 0.1) } else { one_row() });
    compare(|| "adam".into(), gradients);
}

/// A log whose weight decay leaves the range of numbers is cleared in time.
#[test]
fn strong_weight_decay_is_right() {
    compare(|| Adam::new().learning_rate(0.1).weight_decay(9.0).into(), (0..900).map(|step| gradient(step, 0.1)));
}

#[test]
fn lazy_rows_do_not_change() {
    let table = table();
    let mut optimizer = Optimizer::from(Adam::new().lazy(true));
    let one = |id: u32| Gradient::Rows(Rows::new(&[id], &[1.0; WIDTH]).unwrap());
    optimizer.apply_gradients(vec![(table.clone(), one(3))]).unwrap();
    let before = floats(&table.value().get(3).unwrap());
    optimizer.apply_gradients(vec![(table.clone(), one(4))]).unwrap();
    assert_eq!(floats(&table.value().get(3).unwrap()), before);
    assert!(!optimizer.get_config().unwrap().to_string().contains("lazy"));
}

/// Steps of other weights do not change a table.
#[test]
fn a_table_that_is_not_in_a_step_does_not_change() {
    let (first, second) = (table(), table());
    let mut optimizer = Optimizer::from("adam");
    for step in 0..5 {
        optimizer.apply_gradients(vec![(first.clone(), gradient(step, 0.1))]).unwrap();
    }
    let before = floats(&first.value());
    for step in 5..50 {
        optimizer.apply_gradients(vec![(second.clone(), gradient(step, 0.1))]).unwrap();
    }
    assert_eq!(floats(&first.value()), before);
}
