//! Custom metrics and losses: in compile, in files, and in an interrupted training.

use candle_keras::callbacks::{BackupAndRestore, LambdaCallback, Logs};
use candle_keras::layers::{Config, Dense};
use candle_keras::losses::{Function, Loss, Target};
use candle_keras::metrics::{BinaryAccuracy, Direction, Metric, Total};
use candle_keras::saving::{CustomObjects, LoadModel};
use candle_keras::{Error, ops, prelude::*};

/// Recall: a quotient of sums, not a mean over batches.
#[derive(Debug, Clone, Default)]
struct Recall {
    found: Total,
    positives: Total,
}

impl Metric for Recall {
    fn name(&self) -> &str {
        "recall"
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn update_state(&mut self, y_true: &Tensor, y_pred: &Tensor, _: Option<&Tensor>, _: Option<&Tensor>) -> Result<()> {
        let y_true = y_true.to_dtype(DType::F64)?.reshape(y_pred.shape())?;
        self.found.add(&(&y_true * y_pred.gt(0.5)?.to_dtype(DType::F64)?)?.sum_all()?)?;
        self.positives.add(&y_true.sum_all()?)
    }

    fn result(&self) -> Result<f64> {
        Ok(self.found.value()? / self.positives.value()?.max(1e-7))
    }

    fn reset_state(&mut self) {
        *self = Self::default();
    }

    fn state(&self) -> Result<Vec<Tensor>> {
        Ok(vec![Tensor::new(&[self.found.value()?, self.positives.value()?], &Device::Cpu)?])
    }

    fn set_state(&mut self, state: &[Tensor]) -> Result<()> {
        let numbers = state[0].to_vec1::<f64>()?;
        (self.found, self.positives) = (numbers[0].into(), numbers[1].into());
        Ok(())
    }

    fn config(&self) -> Option<(&str, Config)> {
        Some(("SampleRecall", serde_json::json!({})))
    }
}

fn data() -> (Tensor, Tensor) {
    let x: Vec<f32> = ops::random::Stream::new(1, 0).normal(60).into_iter().map(|x| x as f32).collect();
    let x = Tensor::from_vec(x, (30, 2), &Device::Cpu).unwrap();
    let y = x.sum_keepdim(1).unwrap().gt(0.0).unwrap().to_dtype(DType::F32).unwrap();
    (x, y)
}

#[test]
fn a_custom_metric_is_logged_saved_and_loaded() {
    let (x, y) = data();
    let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1).activation("sigmoid")]);
    model.compile("adam", Compile::loss("binary_crossentropy").metric(Recall::default())).unwrap();
    let history = model.fit(&x, &y, Fit::new().epochs(3).verbose(0).validation_data(&x, &y)).unwrap();
    assert_eq!((history["recall"].len(), history["val_recall"].len()), (3, 3));
    // For any split into batches, it is the quotient over all samples.
    let logs = model.evaluate_with(&x, &y, Evaluate::new().batch_size(7).verbose(0)).unwrap();
    let positive = |t: &Tensor| t.flatten_all().unwrap().gt(0.5).unwrap().to_vec1::<u8>().unwrap();
    let (truth, predicted) = (positive(&y), positive(&model.predict(&x).unwrap()));
    let found = truth.iter().zip(&predicted).filter(|pair| *pair == (&1, &1)).count() as f64;
    assert_eq!(logs["recall"], found / truth.iter().filter(|truth| **truth == 1).count() as f64);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    model.save(&path).unwrap();
    let objects = CustomObjects::new().metric("SampleRecall", Recall::default());
    let mut loaded = LoadModel::new().custom_objects(objects).load(&path).unwrap();
    assert_eq!(loaded.evaluate(&x, &y).unwrap()["recall"], logs["recall"]);
    assert!(load_model(&path).unwrap_err().to_string().contains("SampleRecall"));
}

/// The Huber loss: quadratic for errors below `delta`, linear above.
#[derive(Debug)]
struct Huber {
    delta: f64,
}

impl Function for Huber {
    fn name(&self) -> &str {
        "own_huber"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let error = ops::abs(&(y_true - y_pred)?)?;
        let quadratic = ops::minimum(&error, &(error.ones_like()? * self.delta)?)?;
        let linear = (&error - &quadratic)?;
        Ok(ops::mean(&((quadratic.sqr()? * 0.5)? + (linear * self.delta)?)?, -1)?)
    }
}

#[test]
fn a_custom_loss_is_minimized_saved_and_loaded() {
    let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1).kernel_initializer("ones")]);
    model.compile("sgd", Huber { delta: 0.3 }).unwrap();
    // Errors of 0.1 and 1: 0.1²/2, and 0.3²/2 + 0.3 (1 - 0.3).
    let (x, y) = (vec![0.1f32, 1.0], vec![0f32, 0.0]);
    let loss = model.evaluate(&x, &y).unwrap()["loss"];
    assert!((loss - (0.005 + 0.255) / 2.0).abs() < 1e-6, "{loss}");
    let history = model.fit(&x, &y, Fit::new().epochs(3).verbose(0)).unwrap();
    assert!(history["loss"][2] < history["loss"][0]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    model.save(&path).unwrap();
    let objects = CustomObjects::new().loss("own_huber", Huber { delta: 0.3 });
    let mut loaded = LoadModel::new().custom_objects(objects).load(&path).unwrap();
    assert_eq!(loaded.evaluate(&x, &y).unwrap(), model.evaluate(&x, &y).unwrap());
    assert!(load_model(&path).unwrap_err().to_string().contains("own_huber"));
}

#[test]
fn metrics_of_all_kinds_resume() {
    let (x, y) = data();
    let train = |folder: &std::path::Path, die: Option<usize>| -> Result<(History, Logs)> {
        candle_keras::utils::set_random_seed(4);
        let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1).activation("sigmoid")]);
        let metrics = Compile::loss(Huber { delta: 0.3 }).metric("acc").metric(Recall::default());
        model.compile("adam", metrics.metric(BinaryAccuracy::new().threshold(0.4)))?;
        let mut step = 0;
        let interrupted = LambdaCallback::new().on_train_batch_end(|_, _, _| {
            step += 1;
            if Some(step) == die { Err(Error::new("interrupted")) } else { Ok(()) }
        });
        let backup = BackupAndRestore::new(folder).save_freq(1);
        let fit = Fit::new().epochs(3).batch_size(7).verbose(0).callback(backup).callback(interrupted);
        Ok((model.fit(&x, &y, fit)?, model.evaluate(&x, &y)?))
    };
    let folder = tempfile::tempdir().unwrap();
    let (whole, logs) = train(folder.path(), None).unwrap();
    assert_eq!(logs.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["loss", "acc", "recall", "binary_accuracy"]);
    for die in [2, 5, 8] {
        train(folder.path(), Some(die)).unwrap_err();
        let (resumed, again) = train(folder.path(), None).unwrap();
        assert!(whole.iter().eq(resumed.iter()) && again == logs, "interrupted after {die}");
    }
}

/// The difference between the number of steps above one half and the number of labels: targets of another shape than predictions.
#[derive(Debug)]
struct Counts;

impl Function for Counts {
    fn name(&self) -> &str {
        "counts"
    }

    fn target(&self) -> Target {
        Target::Any
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let labels = y_true.ne(0u32)?.to_dtype(y_pred.dtype())?.sum(1)?;
        Ok((ops::sum(&ops::sum(y_pred, -1)?, -1)? - labels)?.sqr()?)
    }
}

#[test]
fn a_loss_may_take_targets_of_another_shape() {
    let mut model = Sequential::new(layers![Input::shape([10, 2]), Dense::new(1)]);
    model.compile("adam", Loss::from(Counts)).unwrap();
    let x = Tensor::ones((4, 10, 2), DType::F32, &Device::Cpu).unwrap();
    let labels = vec![vec![1u32, 2, 0], vec![3, 1, 2], vec![1, 0, 0], vec![2, 2, 0]];
    let history = model.fit(&x, &labels, Fit::new().epochs(60).verbose(0)).unwrap();
    assert!(history["loss"][59] < history["loss"][0]);
}
