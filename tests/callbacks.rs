//! The callbacks that log, that change the learning rate and that change the weights.
//!
//! Where numbers of Keras are expected, they are of Keras 3.15.1 (KERAS_BACKEND=jax) with `line()`: `Dense(1, use_bias=False, kernel_initializer="zeros")`,
//! SGD(0.0625), x = [1, 2], y = [2, 4], verbose=0, shuffle=False.

use candle_keras::callbacks::*;
use candle_keras::layers::Dense;
use candle_keras::optimizers::{Adam, MultiOptimizer, SGD, schedules::ExponentialDecay};
use candle_keras::prelude::*;
use candle_keras::{Batch, Error, Optimizer, StepLogs, TrainStep, utils::warnings};
use std::fs;

const X: [f32; 2] = [1., 2.];
const Y: [f32; 2] = [2., 4.];

fn line_with(optimizer: impl Into<Optimizer>, compile: impl Into<Compile>) -> Sequential {
    let dense = Dense::new(1).use_bias(false).kernel_initializer("zeros").name("line");
    let mut model = Sequential::new(layers![Input::shape([1]), dense]);
    model.compile(optimizer, compile).unwrap();
    model
}

fn line() -> Sequential {
    line_with(SGD::new().learning_rate(0.0625), Compile::loss("mse").metrics(["mae"]))
}

fn quiet<'a>(epochs: usize) -> Fit<'a> {
    Fit::new().epochs(epochs).shuffle(false).verbose(0)
}

fn close(values: &[f64], expected: &[f64]) {
    let same = values.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs());
    assert!(same && values.len() == expected.len(), "{values:?} are not {expected:?}");
}

/// The text and the history of
/// `fit(x, y, epochs=4, callbacks=[LearningRateScheduler(lambda e, r: r if e < 2 else r / 2), CSVLogger("a.csv")], validation_data=(x, y), validation_freq=2)`.
#[test]
fn a_table_has_the_text_of_keras() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/a.csv");
    let scheduler = LearningRateScheduler::new(|epoch, rate| if epoch < 2 { rate } else { rate / 2.0 });
    let fit = quiet(4).callback(scheduler).callback(CSVLogger::new(&path));
    let history = line().fit(X.to_vec(), Y.to_vec(), fit.validation_data(X.to_vec(), Y.to_vec()).validation_freq(2));
    let history = history.unwrap();
    assert_eq!(history["learning_rate"], [0.0625, 0.0625, 0.03125, 0.015625]);
    let expected = "epoch,learning_rate,loss,mae,val_learning_rate,val_loss,val_mae\r\n\
        0,0.0625,10.0,3.0,NA,NA,NA\r\n\
        1,0.0625,4.7265625,2.0625,NA,2.234039306640625,1.41796875\r\n\
        2,0.03125,2.234039306640625,1.41796875,NA,NA,NA\r\n\
        3,0.015625,1.5904439687728882,1.1964111328125,NA,1.3516443967819214,1.1029415130615234\r\n";
    assert_eq!(fs::read_to_string(path).unwrap(), expected);
}

/// Two epochs with `CSVLogger("b.csv", separator=";")`, then one with `append=True`.
#[test]
fn a_table_is_continued_without_a_second_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.csv");
    let (x, y) = (X.to_vec(), Y.to_vec());
    let mut model = line();
    let mut fit = |epochs: usize, first: usize, append: bool| {
        let logger = CSVLogger::new(&path).separator(";").append(append);
        let fit = quiet(epochs).initial_epoch(first).validation_data(&x, &y).callback(logger);
        model.fit(&x, &y, fit).unwrap();
        fs::read_to_string(&path).unwrap()
    };
    fit(2, 0, false);
    let expected = "epoch;loss;mae;val_loss;val_mae\r\n\
        0;10.0;3.0;4.7265625;2.0625\r\n\
        1;4.7265625;2.0625;2.234039306640625;1.41796875\r\n\
        2;2.234039306640625;1.41796875;1.055932641029358;0.974853515625\r\n";
    assert_eq!(fit(3, 2, true), expected);
    // Without append, it starts over.
    assert!(fit(4, 3, false).starts_with("epoch;loss;mae;val_loss;val_mae\r\n3;"));
}

#[test]
fn a_separator_is_one_character() {
    let folder = tempfile::tempdir().unwrap();
    let fit = quiet(1).callback(CSVLogger::new(folder.path().join("a.csv")).separator("::"));
    let error = line().fit(X.to_vec(), Y.to_vec(), fit).unwrap_err().to_string();
    assert!(error.contains("CSVLogger") && error.contains("received: \"::\""), "{error}");
}

/// A training with all of these callbacks that ends after some steps, if any.
fn train(folder: &std::path::Path, in_a_list: bool, die: Option<usize>) -> Result<(String, Vec<u64>)> {
    let ema = SGD::new().learning_rate(0.0625).use_ema(true).ema_momentum(0.5);
    let mut model = line_with(ema, Compile::loss("mse").metrics(["mae"]));
    let mut step = 0;
    let interrupted = LambdaCallback::new().on_train_batch_end(|_, _, _| {
        step += 1;
        if Some(step) == die { Err(Error::new("interrupted")) } else { Ok(()) }
    });
    let path = folder.join("log.csv");
    let reduce = ReduceLROnPlateau::new().monitor("loss").min_delta(3.0).patience(1).cooldown(2).factor(0.5);
    let swap = SwapEMAWeights::new().swap_on_epoch(true);
    let logger = CSVLogger::new(&path);
    let plot = PlotLosses::new(folder.join("plot.html"));
    let backup = BackupAndRestore::new(folder.join("backup")).save_freq(1);
    let (x, y) = (vec![1f32, 2., 3.], vec![2f32, 4., 6.]);
    let fit = quiet(5).batch_size(1).validation_data(&x, &y).validation_freq(2);
    let fit = match in_a_list {
        true => {
            let list = CallbackList::new().callback(reduce).callback(swap).callback(logger);
            let list = list.callback(plot).callback(backup);
            assert_eq!(list.len(), 5);
            fit.callback(list)
        }
        false => fit.callback(reduce).callback(swap).callback(logger).callback(plot).callback(backup),
    };
    model.fit(&x, &y, fit.callback(interrupted))?;
    let weights = model.get_weights()?[0].flatten_all()?.to_vec1::<f32>()?;
    let written = fs::read_to_string(path).unwrap() + &fs::read_to_string(folder.join("plot.svg")).unwrap();
    Ok((written, weights.iter().map(|weight| u64::from(weight.to_bits())).collect()))
}

/// Each epoch is in the table once, and the rates and weights are the same.
#[test]
fn an_interrupted_run_ends_with_the_same_table() {
    let folder = tempfile::tempdir().unwrap();
    let whole = train(folder.path(), false, None).unwrap();
    assert_eq!(
        whole.0.lines().filter(|line| line.ends_with(|c: char| c.is_numeric() || c == 'A')).count(),
        5,
        "{}",
        whole.0
    );
    assert!(whole.0.contains("validation, epoch 4"));
    for die in 1..=14 {
        let folder = tempfile::tempdir().unwrap();
        assert!(train(folder.path(), die % 2 == 0, Some(die)).is_err());
        let again = train(folder.path(), die % 2 == 0, Some(2));
        let ended = again.or_else(|_| train(folder.path(), die % 2 == 0, None)).unwrap();
        assert_eq!(ended, whole, "interrupted after {die}");
    }
}

#[test]
fn a_schedule_is_not_replaced() {
    let schedule = SGD::new().learning_rate(ExponentialDecay::new(0.1, 1, 0.5));
    let mut model = line_with(schedule, "mse");
    let (x, y) = (X.to_vec(), Y.to_vec());
    let error = model.fit(&x, &y, quiet(1).callback(LearningRateScheduler::new(|_, rate| rate))).unwrap_err();
    assert!(error.to_string().starts_with("LearningRateScheduler cannot set the learning rate"), "{error}");
    let error = model.fit(&x, &y, quiet(1).callback(ReduceLROnPlateau::new())).unwrap_err();
    assert!(error.to_string().contains("ReduceLROnPlateau") && error.to_string().contains("received: a schedule"));
}

#[test]
fn the_rate_of_a_schedule_function_is_finite() {
    let fit = quiet(1).callback(LearningRateScheduler::new(|_, _| f64::NAN));
    let error = line().fit(X.to_vec(), Y.to_vec(), fit).unwrap_err().to_string();
    assert!(error.contains("LearningRateScheduler") && error.contains("NaN for epoch 0"), "{error}");
}

/// As in Keras, each of several optimizers has its own value in the logs.
#[test]
fn several_optimizers_have_rates_of_their_own() {
    let optimizer = MultiOptimizer::new(Adam::new()).with("line/.*", SGD::new().name("slow"));
    let mut model = line_with(optimizer, "mse");
    let scheduler = LearningRateScheduler::new(|epoch, rate| rate / (epoch + 1) as f64);
    let history = model.fit(X.to_vec(), Y.to_vec(), quiet(2).callback(scheduler)).unwrap();
    assert_eq!(history["learning_rate_slow"], [0.01, 0.005]);
    assert_eq!(history["learning_rate_adam"], [0.001, 0.0005]);
    assert!(history.get("learning_rate").is_none());
}

/// Keras ends after the first step, too: the history has one epoch, with the loss inf.
#[test]
fn a_loss_that_is_no_number_ends_the_training() {
    let (x, y) = (X.to_vec(), Y.to_vec());
    let fit = |callback: TerminateOnNaN| {
        let mut model = line();
        model.set_weights(&[Tensor::new(&[[1e30f32]], &Device::Cpu).unwrap()]).unwrap();
        let mut ends = 0;
        let end = LambdaCallback::new().on_train_end(|_, _| {
            ends += 1;
            Ok(())
        });
        let fit = quiet(3).batch_size(1).callback(callback).callback(end);
        let (history, _) = warnings::catch(|| model.fit(&x, &y, fit));
        (history, ends)
    };
    let (history, ends) = fit(TerminateOnNaN::new());
    assert_eq!((&history.unwrap()["loss"], ends), (&[f64::INFINITY][..], 1));
    let (history, ends) = fit(TerminateOnNaN::new().raise_error(true));
    let error = history.unwrap_err().to_string();
    assert!(error.contains("TerminateOnNaN") && error.contains("after batch 0"), "{error}");
    assert_eq!(ends, 0);
}

/// `SGD(0.0625, use_ema=True, ema_momentum=.5)` for three epochs with `batch_size=1`: the weight after the beginning and before the end of each epoch.
#[test]
fn averages_are_evaluated_as_in_keras() {
    let (x, y) = (X.to_vec(), Y.to_vec());
    let ema = || SGD::new().learning_rate(0.0625).use_ema(true).ema_momentum(0.5);
    let weight = |model: &Model| {
        let weights = model.get_weights().unwrap();
        f64::from(weights[0].flatten_all().unwrap().to_vec1::<f32>().unwrap()[0])
    };
    let kept = [0.0, 1.125, 1.125, 1.6171875, 1.6171875, 1.83251953125];
    let swapped = [0.0, 0.6875, 1.125, 1.2890625, 1.6171875, 1.65478515625];
    for (on_epoch, expected) in [(false, kept), (true, swapped)] {
        let (mut model, seen) = (line_with(ema(), "mse"), std::sync::Mutex::new(Vec::new()));
        let see = |model: &mut Model, _: usize, _: &candle_keras::Logs| {
            seen.lock().unwrap().push(weight(model));
            Ok(())
        };
        let fit =
            quiet(3).batch_size(1).validation_data(&x, &y).callback(SwapEMAWeights::new().swap_on_epoch(on_epoch));
        let fit = fit.callback(LambdaCallback::new().on_epoch_begin(see).on_epoch_end(see));
        let history = model.fit(&x, &y, fit).unwrap();
        close(&history["val_loss"], &[4.306640625, 1.263580322265625, 0.2979332208633423]);
        close(&seen.lock().unwrap(), &expected);
        close(&[weight(&model)], &[1.6547852]);
    }
    // Stopped early by a callback that comes later, it still ends with the averages.
    let mut model = line_with(ema(), "mse");
    let stop = LambdaCallback::new().on_epoch_end(|model, _, _| {
        model.stop_training = true;
        Ok(())
    });
    let swap = SwapEMAWeights::new().swap_on_epoch(true);
    model.fit(&x, &y, quiet(3).batch_size(1).callback(swap).callback(stop)).unwrap();
    close(&[weight(&model)], &[0.6875]);
}

#[test]
fn a_prediction_has_averages_and_leaves_the_weights() {
    let mut model = line_with(SGD::new().learning_rate(0.0625).use_ema(true).ema_momentum(0.5), "mse");
    let (x, y) = (X.to_vec(), Y.to_vec());
    for x in X {
        model.train_on_batch(vec![x], vec![2.0 * x]).unwrap();
    }
    let predict = |averaged: bool| {
        let predict = Predict::new().verbose(0);
        let predict = if averaged { predict.callback(SwapEMAWeights::new()) } else { predict };
        model.predict_with(vec![1f32], predict).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    assert_eq!([predict(true), predict(false)], [[0.6875], [1.125]]);
    let error = line().fit(&x, &y, quiet(1).validation_data(&x, &y).callback(SwapEMAWeights::new())).unwrap_err();
    assert!(error.to_string().contains("SwapEMAWeights") && error.to_string().contains("use_ema(true)"), "{error}");
}

/// A table before the scheduler does not have the rate, one after it does, in a list or not.
#[test]
fn a_list_calls_its_callbacks_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let header = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap().lines().next().unwrap().to_string();
    let logger = |name: &str| CSVLogger::new(folder.path().join(name));
    let rate = || LearningRateScheduler::new(|_, rate| rate);
    let list = CallbackList::new().callback(logger("a")).callback(rate()).callback(logger("b"));
    assert!(!list.is_empty() && format!("{list:?}") == "CallbackList of 3");
    let history = line().fit(X.to_vec(), Y.to_vec(), quiet(1).callback(list).callback(logger("c"))).unwrap();
    assert_eq!(history["learning_rate"], [0.0625]);
    assert_eq!(header("a"), "epoch,loss,mae,val_loss,val_mae");
    assert!(header("b").starts_with("epoch,learning_rate,loss,mae,val_"));
    assert_eq!(header("c"), header("b"));
}

/// `PAGE=run.html cargo test --test tests a_page_has_the_curves` leaves it there.
#[test]
fn a_page_has_the_curves_of_a_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("PAGE").map_or(folder.path().join("run.html"), Into::into);
    let (x, y) = (X.to_vec(), Y.to_vec());
    let rates = LearningRateScheduler::new(|_, rate| rate * 0.9);
    let fit = quiet(12).validation_data(vec![1f32, 3.], vec![2.5f32, 5.]).validation_freq(3);
    line().fit(&x, &y, fit.callback(rates).callback(PlotLosses::new(&path))).unwrap();
    let page = fs::read_to_string(path).unwrap();
    assert_eq!(page.matches("<g transform").count(), 3);
    assert!(page.contains("validation, epoch 12") && !page.contains("validation, epoch 11"));
    assert!(page.contains("Epoch 12 of 12, finished"));
}

/// A step with an optimizer of its own, which callbacks do not see.
struct OwnStep;

impl TrainStep for OwnStep {
    fn train_step(&mut self, _: &mut Model, _: &Batch) -> Result<StepLogs> {
        Ok(vec![("loss", Tensor::new(1f32, &Device::Cpu)?)])
    }
}

#[test]
fn the_optimizers_of_a_custom_step_are_not_known() {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = (X.to_vec(), Y.to_vec());
    let fit = |fit: Fit| Sequential::new(layers![Input::shape([1]), Dense::new(1)]).fit(&x, &y, fit.step(OwnStep));
    let error = fit(quiet(1).callback(LearningRateScheduler::new(|_, rate| rate))).unwrap_err().to_string();
    assert!(error.contains("LearningRateScheduler does not know") && error.contains("not compiled"), "{error}");
    assert!(fit(quiet(1).callback(ReduceLROnPlateau::new().monitor("loss"))).is_err());
    let history = fit(quiet(1).callback(TensorBoard::new(folder.path())).callback(TerminateOnNaN::new())).unwrap();
    assert_eq!(history["loss"], [1.0]);
}

#[test]
fn a_checkpoint_can_have_the_rate_in_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = ModelCheckpoint::new(folder.path().join("{epoch}-{learning_rate:.3f}.keras"));
    let mut rates = LearningRateScheduler::new(|epoch, _| 0.5 / (epoch + 1) as f64);
    line().fit(X.to_vec(), Y.to_vec(), quiet(2).callback(&mut rates).callback(checkpoint)).unwrap();
    assert!(folder.path().join("1-0.500.keras").exists() && folder.path().join("2-0.250.keras").exists());
}
