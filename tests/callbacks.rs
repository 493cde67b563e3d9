//! Callbacks that change or record a training, compared with Keras 3.15.1.

use candle_keras::callbacks::{
    BackupAndRestore, CSVLogger, Callback, LambdaCallback, LearningRateScheduler, Logs, ReduceLROnPlateau,
    TerminateOnNaN,
};
use candle_keras::layers::Dense;
use candle_keras::optimizers::{Adam, MultiOptimizer, SGD};
use candle_keras::prelude::*;

fn model(optimizer: impl Into<candle_keras::Optimizer>) -> Model {
    let input = Input::shape([1]);
    let output = Dense::new(1).call(&input);
    let mut model = Model::new(input, output).unwrap();
    model.compile(optimizer, "mse").unwrap();
    model
}

/// The learning rates that Keras logs for these values: those before a reduction.
#[test]
fn a_plateau_reduces_the_learning_rate_as_in_keras() {
    let new = || ReduceLROnPlateau::new().monitor("loss").mode("min");
    for (mut callback, values, expected) in [
        (new().factor(0.5).patience(2), vec![1.0; 6], vec![0.1, 0.1, 0.1, 0.05, 0.05, 0.025]),
        (
            new().patience(2).cooldown(2),
            vec![1.0, 0.9, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95],
            vec![0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001],
        ),
        (
            new().factor(0.5).patience(1).min_delta(0.1),
            vec![3.0, 2.95, 2.9, 2.8, 2.8, 2.8],
            vec![0.1, 0.1, 0.05, 0.025, 0.025, 0.0125],
        ),
        (new().patience(1).min_lr(0.005).cooldown(1), vec![1.0; 5], vec![0.1, 0.1, 0.01, 0.005, 0.005]),
    ] {
        let mut model = model(SGD::new().learning_rate(0.1));
        callback.on_train_begin(&mut model, &Logs::default()).unwrap();
        for (epoch, (value, expected)) in values.iter().zip(expected).enumerate() {
            let mut logs = Logs::from([("loss", *value)]);
            callback.add_to_logs(&mut model, &mut logs).unwrap();
            callback.on_epoch_end(&mut model, epoch, &logs).unwrap();
            assert!((logs["learning_rate"] - expected).abs() < 1e-8, "epoch {epoch}: {logs}, Keras says {expected}");
            // Its state is all that it needs.
            let state = callback.state();
            callback.on_train_begin(&mut model, &Logs::default()).unwrap();
            callback.set_state(state);
        }
    }
    let error = model("sgd").fit(vec![1f32], vec![1f32], Fit::new().verbose(0).callback(new().factor(1.0)));
    assert!(error.unwrap_err().to_string().contains("the factor of ReduceLROnPlateau must be below 1"));
}

#[test]
fn each_epoch_has_its_learning_rate() {
    let (x, y) = (vec![1f32, 2.0], vec![2f32, 4.0]);
    let schedule = |epoch, rate: f64| if epoch == 0 { rate } else { rate * 0.5 };
    let fit = Fit::new().epochs(3).verbose(0).callback(LearningRateScheduler::new(schedule));
    let history = model(SGD::new().learning_rate(0.25)).fit(&x, &y, fit).unwrap();
    assert_eq!(history["learning_rate"], [0.25, 0.125, 0.0625]);

    let several = MultiOptimizer::new(SGD::new().learning_rate(0.5)).with(".*kernel", Adam::new().learning_rate(0.25));
    let fit = Fit::new().epochs(2).verbose(0).callback(LearningRateScheduler::new(schedule));
    let history = model(several).fit(&x, &y, fit).unwrap();
    assert_eq!((&history["learning_rate_sgd"], &history["learning_rate_adam"]), (&[0.5, 0.25][..], &[0.25, 0.125][..]));

    let fit = Fit::new().verbose(0).callback(LearningRateScheduler::new(|_, _| f64::NAN));
    let error = model("sgd").fit(&x, &y, fit).unwrap_err().to_string();
    assert!(error.contains("LearningRateScheduler") && error.contains("NaN for epoch 0"), "{error}");
}

/// The texts that Keras writes for the same logs.
#[test]
fn a_table_of_the_epochs_is_written_as_in_keras() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.csv");
    let mut model = model("sgd");
    let mut write = |mut logger: CSVLogger, rows: &[(usize, Logs)]| {
        logger.on_train_begin(&mut model, &Logs::default()).unwrap();
        rows.iter().for_each(|(epoch, logs)| logger.on_epoch_end(&mut model, *epoch, logs).unwrap());
        logger.on_train_end(&mut model, &Logs::default()).unwrap();
        std::fs::read_to_string(&path).unwrap()
    };
    let first = Logs::from([("loss", 0.5), ("acc", 1e-7), ("val_loss", f64::NAN)]);
    let second = Logs::from([("loss", 12_345_678.0), ("acc", 1.0)]);
    let text = write(CSVLogger::new(&path), &[(0, first), (1, second)]);
    let expected = "epoch,acc,loss,val_loss\r\n0,1e-07,0.5,nan\r\n1,1.0,12345678.0,NA\r\n";
    assert_eq!(text, expected);
    let logger = CSVLogger::new(&path).separator(';').append(true);
    assert_eq!(write(logger, &[(2, Logs::from([("loss", 1e22)]))]), format!("{expected}2;1e+22;NA\r\n"));
    let missing = CSVLogger::new(folder.path().join("no").join("log.csv"));
    let fit = Fit::new().verbose(0).callback(missing);
    let error = super::callbacks::model("sgd").fit(vec![1f32], vec![1f32], fit).unwrap_err().to_string();
    assert!(error.contains("log.csv"), "{error}");
}

#[test]
fn an_interrupted_training_continues_its_table_and_its_plateau() {
    let (x, y) = (vec![1f32, 2.0, 3.0, 4.0], vec![2f32, 4.0, 5.0, 9.0]);
    let train = |folder: &std::path::Path, die: Option<usize>| -> Result<String> {
        candle_keras::utils::set_random_seed(5);
        let mut model = model(SGD::new().learning_rate(0.3));
        let mut steps = 0;
        let interrupted = LambdaCallback::new().on_train_batch_end(|_, _, _| {
            steps += 1;
            if Some(steps) == die { Err(candle_keras::Error::new("interrupted")) } else { Ok(()) }
        });
        let fit = Fit::new().epochs(6).batch_size(2).verbose(0).callback(CSVLogger::new(folder.join("log.csv")));
        let fit = fit.callback(ReduceLROnPlateau::new().monitor("loss").patience(1).factor(0.5).min_delta(0.0));
        model.fit(&x, &y, fit.callback(BackupAndRestore::new(folder)).callback(interrupted))?;
        Ok(std::fs::read_to_string(folder.join("log.csv")).unwrap())
    };
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = train(whole.path(), None).unwrap();
    assert_eq!(expected.lines().count(), 7);
    for die in [3, 8] {
        train(parts.path(), Some(die)).unwrap_err();
        assert_eq!(train(parts.path(), None).unwrap(), expected, "interrupted after {die} steps");
    }
}

#[test]
fn a_loss_that_is_no_number_ends_the_training() {
    let (x, y) = (vec![1f32, f32::NAN, 3.0], vec![2f32, 4.0, 5.0]);
    let fit = |callback| Fit::new().epochs(3).batch_size(1).shuffle(false).verbose(0).callback(callback);
    let mut steps = 0;
    let count = LambdaCallback::new().on_train_batch_end(|_, _, _| {
        steps += 1;
        Ok(())
    });
    let history = model("sgd").fit(&x, &y, fit(TerminateOnNaN::new()).callback(count)).unwrap();
    assert_eq!((history["loss"].len(), steps), (1, 2));
    let error = model("sgd").fit(&x, &y, fit(TerminateOnNaN::new().raise_error(true))).unwrap_err().to_string();
    assert!(error.contains("the loss is NaN at batch 1"), "{error}");
}
