//! fit, evaluate and predict: order, averages, callbacks, seeds.

use candle_keras::callbacks::{Callback, EarlyStopping, LambdaCallback};
use candle_keras::layers::{Dense, Dropout, Embedding, Flatten};
use candle_keras::metrics::BinaryAccuracy;
use candle_keras::optimizers::SGD;
use candle_keras::prelude::*;
use candle_keras::{Logs, losses::Loss, ops, utils};

/// y = kernel x, with a learning rate of 0 by default.
fn line(kernel: f32, learning_rate: f64) -> Model {
    let x = Input::shape([1]);
    let dense = Dense::new(1).use_bias(false).kernel_regularizer(candle_keras::regularizers::L2::new(0.1));
    let mut model = Model::new(x.clone(), dense.call(&x)).unwrap();
    model.set_weights(&[Tensor::new(&[[kernel]], &Device::Cpu).unwrap()]).unwrap();
    let compile = Compile::loss("mse").metrics(["mse"]).weighted_metrics(["mse"]);
    model.compile(SGD::new().learning_rate(learning_rate), compile).unwrap();
    model
}

fn quiet() -> Fit<'static> {
    Fit::new().verbose(0)
}

const SIX: [f32; 6] = [0., 1., 2., 3., 4., 5.];

/// The results of Keras 3.15.1 for the same data: three means that differ with sample weights.
/// The expected names are those of Keras 3.15.1.
#[test]
fn weighted_metrics_are_named_as_in_keras() {
    let x = Input::shape([2]);
    let heads = ["h1", "h2"].map(|name| Dense::new(1).name(name).call(&x));
    let mut model = Model::new(x, heads).unwrap();
    let mut names = |compile: Compile| {
        model.compile("sgd", compile).unwrap();
        let y = vec![1f32; 4];
        let history = model.fit(vec![vec![1f32, 2.]; 4], [&y, &y], Fit::new().verbose(0)).unwrap();
        history.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>().join(" ")
    };
    let compile = || Compile::losses(["mse", "mse"]);
    assert_eq!(
        names(compile().metrics(["mae", "mae"]).weighted_metrics(["mae", "mae"])),
        "h1_loss h1_mae h1_weighted_mae h2_loss h2_mae h2_weighted_mae loss"
    );
}

#[test]
fn epoch_averages_are_weighted_as_in_keras() {
    let six = SIX.to_vec();
    let fit = quiet().batch_size(4).shuffle(false).sample_weight(vec![1f32, 2., 3., 4., 0., 0.]);
    let history = line(2.0, 0.0).fit(&six, &six, fit).unwrap();
    for (name, expected) in [("loss", 8.733_333), ("mse", 9.166_667), ("weighted_mse", 5.0)] {
        assert!((history[name][0] - expected).abs() < 1e-5, "{name} {:?}", &history[name]);
    }
}

/// Records all hooks.
#[derive(Default)]
struct Diary(Vec<String>);

impl Callback for Diary {
    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.0.push("train".into());
        Ok(())
    }

    fn on_train_end(&mut self, _: &mut Model, logs: &Logs) -> Result<()> {
        self.0.push(format!("end {}", logs.iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ")));
        Ok(())
    }

    fn on_epoch_begin(&mut self, _: &mut Model, epoch: usize, _: &Logs) -> Result<()> {
        self.0.push(format!("epoch {epoch}"));
        Ok(())
    }

    fn on_epoch_end(&mut self, _: &mut Model, epoch: usize, _: &Logs) -> Result<()> {
        self.0.push(format!("epoch {epoch} over"));
        Ok(())
    }

    fn on_train_batch_begin(&mut self, _: &mut Model, batch: usize, _: &Logs) -> Result<()> {
        self.0.push(format!("batch {batch}"));
        Ok(())
    }

    fn on_train_batch_end(&mut self, model: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        self.0.push(format!("loss {:.1}", logs["loss"]));
        model.stop_training = batch == 1;
        Ok(())
    }

    fn on_test_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.0.push("test".into());
        Ok(())
    }

    fn on_test_batch_end(&mut self, _: &mut Model, batch: usize, _: &Logs) -> Result<()> {
        self.0.push(format!("test batch {batch}"));
        Ok(())
    }

    fn on_test_end(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.0.push("test over".into());
        Ok(())
    }
}

#[test]
fn hooks_run_in_the_order_of_keras() {
    let (mut diary, six) = (Diary::default(), SIX.to_vec());
    let fit = quiet().epochs(3).initial_epoch(1).batch_size(2).shuffle(false).callback(&mut diary);
    let history = line(1.0, 0.0).fit(&six, &six, fit.validation_data(&six, &six)).unwrap();
    let expected = [
        "train",
        "epoch 1",
        "batch 0",
        "loss 0.1",
        "batch 1",
        "loss 0.1",
        "test",
        "test batch 0",
        "test batch 1",
        "test batch 2",
        "test over",
        "epoch 1 over",
        "end loss mse weighted_mse val_loss val_mse val_weighted_mse",
    ];
    assert_eq!(diary.0, expected);
    assert_eq!(history.epoch, [1]);
}

/// Runs epochs with these values of val_loss: the epoch after which training stops, or the last.
fn stops_after(early_stopping: EarlyStopping, values: &[f64]) -> usize {
    let mut model = line(1.0, 0.0);
    let mut early_stopping = early_stopping.mode("min");
    for (epoch, value) in values.iter().enumerate() {
        early_stopping.on_epoch_end(&mut model, epoch, &Logs::from([("val_loss", *value)])).unwrap();
        if model.stop_training {
            return epoch;
        }
    }
    values.len()
}

#[test]
fn early_stopping_counts_as_in_keras() {
    let new = EarlyStopping::new;
    assert_eq!(stops_after(new(), &[1., 1., 1., 1.]), 1);
    assert_eq!(stops_after(new().patience(2), &[1., 2., 2., 2.]), 2);
    assert_eq!(stops_after(new().min_delta(0.1).patience(1), &[1., 0.95, 0.9, 0.85]), 1);
    assert_eq!(stops_after(new().patience(2), &[5., 4., 6., 3., 7., 8.]), 5);
    assert_eq!(stops_after(new().start_from_epoch(2), &[1., 1., 1., 1.]), 3);
    // A run that keeps improving is not stopped by the baseline.
    assert_eq!(stops_after(new().baseline(0.1).patience(1), &[5., 4., 3.]), 3);
}

#[test]
fn early_stopping_restores_the_best_weights() {
    let six = SIX.to_vec();
    let mut early_stopping = EarlyStopping::new().monitor("loss").patience(1).restore_best_weights(true);
    let mut model = line(2.0, 0.0);
    // The weight gets worse with each epoch; the best is that after the first.
    let worse = LambdaCallback::new()
        .on_epoch_begin(|model, epoch, _| model.set_weights(&[Tensor::new(&[[2.0 + epoch as f32]], &Device::Cpu)?]));
    let fit = quiet().epochs(5).callback(worse).callback(&mut early_stopping);
    model.fit(&six, &six, fit).unwrap();
    assert_eq!((early_stopping.stopped_epoch(), early_stopping.best_epoch()), (Some(1), 0));
    assert_eq!(model.get_weights().unwrap()[0].to_vec2::<f32>().unwrap(), [[2.0]]);
}

fn classifier(seed: u64) -> (Sequential, Tensor, Tensor) {
    utils::set_random_seed(seed);
    let mut model = Sequential::new(layers![
        Embedding::new(20, 4),
        Flatten::new(),
        Dense::new(8).activation("relu"),
        Dropout::new(0.3),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("rmsprop", Compile::loss("bce").metrics([BinaryAccuracy::new()])).unwrap();
    let x: Vec<u32> = (0..200).map(|i| (i * i * 7 + i / 3) % 20).collect();
    let y: Vec<f32> = x.chunks(5).map(|row| f32::from(u8::from(row[0] > row[1]))).collect();
    let x = Tensor::from_vec(x, (40, 5), &Device::Cpu).unwrap();
    (model, x, Tensor::from_vec(y, 40, &Device::Cpu).unwrap())
}

#[test]
fn one_seed_fixes_weights_shuffling_and_dropout() {
    let run = |seed| {
        let (mut model, x, y) = classifier(seed);
        let history = model.fit(&x, &y, quiet().epochs(3).batch_size(8)).unwrap();
        (history["loss"].to_vec(), model.predict_with(&x, Predict::new().verbose(0)).unwrap().to_vec2::<f32>().unwrap())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).0, run(2).0);
}

#[test]
fn a_second_fit_continues_and_reshuffles() {
    let (mut model, x, y) = classifier(1);
    let mut orders: Vec<Vec<f64>> = Vec::new();
    for _ in 0..2 {
        let mut losses = Vec::new();
        let watch = LambdaCallback::new().on_train_batch_end(|_, _, logs| {
            losses.push(logs["loss"]);
            Ok(())
        });
        model.fit(&x, &y, quiet().batch_size(8).callback(watch)).unwrap();
        orders.push(losses);
    }
    assert_ne!(orders[0], orders[1]);
    assert_eq!(model.optimizer().unwrap().iterations(), 10);
    assert_eq!(model.summary_text().matches("Optimizer params").count(), 1);
}

#[test]
fn batches_of_any_size_predict_and_evaluate_alike() {
    let (mut model, x, y) = classifier(1);
    let all = |size: usize, model: &mut Model| {
        let p = model.predict_with(&x, Predict::new().batch_size(size).verbose(0)).unwrap();
        let logs = model.evaluate_with(&x, &y, Evaluate::new().batch_size(size).verbose(0)).unwrap();
        (p.flatten_all().unwrap().to_vec1::<f32>().unwrap(), logs["loss"], logs["binary_accuracy"])
    };
    let (a, b) = (all(40, &mut model), all(7, &mut model));
    assert_eq!(a.0, b.0);
    assert!((a.1 - b.1).abs() < 1e-6 && a.2 == b.2);
    assert_eq!(model.predict_on_batch(&x).unwrap()[0].flatten_all().unwrap().to_vec1::<f32>().unwrap(), a.0);
}

#[test]
fn one_batch_at_a_time() {
    let six = SIX.to_vec();
    let mut model = line(2.0, 0.01);
    let first = model.train_on_batch(&six, &six).unwrap();
    let second = model.test_on_batch(&six, &six).unwrap();
    assert!((first["mse"] - 55.0 / 6.0).abs() < 1e-5, "the loss is that before the step: {first}");
    assert!(second["loss"] < first["loss"]);
}

/// In f64 the optimizers run as compositions of tensors, with dense gradients, with the same results.
#[test]
fn double_precision_trains_to_the_same_numbers() {
    for optimizer in ["sgd", "rmsprop", "adam"] {
        let train = |dtype: &str| {
            utils::clear_session();
            utils::set_random_seed(3);
            let x = Input::shape([2]);
            let vectors = Embedding::new(20, 4).dtype(dtype).call(&x);
            let y = Dense::new(1).dtype(dtype).call(Flatten::new().dtype(dtype).call(&vectors));
            let mut model = Model::new(x, y).unwrap();
            model.compile(optimizer, "mse").unwrap();
            let (ids, y): (Vec<Vec<u32>>, Vec<f32>) =
                (0..30).map(|i| (vec![i % 20, i * 7 % 20], i as f32 / 10.0)).unzip();
            let history = model.fit(&ids, &y, quiet().epochs(3).batch_size(8)).unwrap();
            history["loss"].to_vec()
        };
        for (a, b) in train("float32").iter().zip(train("float64")) {
            assert!((a - b).abs() < 1e-5 * b, "{optimizer}: {a} {b}");
        }
    }
}

#[test]
fn custom_losses_and_validation_every_other_epoch() {
    let six = SIX.to_vec();
    let mut model = line(2.0, 0.01);
    let fourth = Loss::new("fourth", |y_true, y_pred| ops::mean(&(y_true - y_pred)?.powf(4.0)?, -1));
    model.compile("sgd", fourth).unwrap();
    let logs = model.evaluate_with(&six, &six, Evaluate::new().verbose(0)).unwrap();
    assert!((logs["loss"] - (979.0 / 6.0 + 0.4)).abs() < 1e-4, "{logs}");
    let fit = quiet().epochs(4).validation_data(&six, &six).validation_freq(2).validation_batch_size(3);
    let history = model.fit(&six, &six, fit).unwrap();
    assert_eq!((history["loss"].len(), history["val_loss"].len()), (4, 2));
}

#[test]
fn arrays_of_all_types_are_equivalent() {
    let six = SIX.to_vec();
    let column = ndarray::Array2::from_shape_vec((6, 1), SIX.to_vec()).unwrap();
    let tensor = Tensor::new(&SIX, &Device::Cpu).unwrap();
    let predict = |x: &dyn Fn(&mut Model) -> Tensor| x(&mut line(2.0, 0.0)).to_vec2::<f32>().unwrap();
    let quiet = || Predict::new().verbose(0);
    let a = predict(&|model| model.predict_with(&six, quiet()).unwrap());
    let b = predict(&|model| model.predict_with(&column, quiet()).unwrap());
    let c = predict(&|model| model.predict_with(&tensor, quiet()).unwrap());
    let d = predict(&|model| model.predict_with(&[0i32, 1, 2, 3, 4, 5][..], quiet()).unwrap());
    assert_eq!(a, [[0.], [2.], [4.], [6.], [8.], [10.]]);
    assert!(a == b && b == c && c == d);
}
