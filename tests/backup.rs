//! An interrupted training resumes exactly; a file that is being written is either the old one or the new one.

use candle_keras::callbacks::{BackupAndRestore, EarlyStopping, LambdaCallback, ModelCheckpoint};
use candle_keras::layers::{Dense, Dropout};
use candle_keras::optimizers::{Adam, LearningRate, schedules::ExponentialDecay};
use candle_keras::prelude::*;
use candle_keras::utils::warnings;
use candle_keras::{Error, ops::random::Stream, utils};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The result of a training, as bits.
type Ending = (Vec<(String, Vec<u64>)>, Vec<u32>);

fn bits(history: &History, model: &Model) -> Ending {
    let history = history.iter().map(|(name, values)| (name.into(), values.iter().map(|v| v.to_bits()).collect()));
    let weights = model.get_weights().unwrap();
    let weights = weights.iter().flat_map(|w| w.flatten_all().unwrap().to_vec1::<f32>().unwrap());
    (history.collect(), weights.map(f32::to_bits).collect())
}

/// Dropout, shuffling, validation, a schedule or an odd learning rate, early stopping that restores weights.
fn train(
    folder: &Path,
    frequency: Option<usize>,
    epochs: usize,
    scheduled: bool,
    die: Option<usize>,
) -> Result<Ending> {
    utils::set_random_seed(5);
    let mut model =
        Sequential::new(layers![Input::shape([4]), Dense::new(8).activation("relu"), Dropout::new(0.3), Dense::new(1)]);
    let adam = if scheduled {
        Adam::new().learning_rate(ExponentialDecay::new(0.1, 3, 0.9))
    } else {
        Adam::new().learning_rate(0.01 / 3.0).amsgrad(true)
    };
    model.compile(adam, Compile::loss("mse").metrics(["mae", "mse"]))?;
    let mut random = Stream::new(1, 0);
    let x = random.normal(80).into_iter().map(|x| x as f32).collect::<Vec<_>>();
    let x = Tensor::from_vec(x, (20, 4), &Device::Cpu)?;
    let y = (x.sum(1)? + 0.5)?;
    let backup = BackupAndRestore::new(folder);
    let backup = if let Some(steps) = frequency { backup.save_freq(steps) } else { backup };
    let mut step = 0;
    let interrupted = LambdaCallback::new().on_train_batch_end(|_, _, _| {
        step += 1;
        if Some(step) == die { Err(Error::new("interrupted")) } else { Ok(()) }
    });
    let stopping = EarlyStopping::new().monitor("val_mae").patience(1).restore_best_weights(true);
    let checkpoint = ModelCheckpoint::new(folder.join("best.keras").display().to_string()).save_best_only(true);
    let fit = Fit::new().epochs(epochs).batch_size(4).validation_split(0.2).verbose(0);
    let history =
        model.fit(&x, &y, fit.callback(stopping).callback(checkpoint).callback(backup).callback(interrupted))?;
    Ok(bits(&history, &model))
}

#[test]
fn a_run_that_is_interrupted_anywhere_ends_like_an_uninterrupted_one() {
    for (frequency, scheduled) in [(None, false), (Some(1), false), (Some(3), true)] {
        let folder = tempfile::tempdir().unwrap();
        let whole = train(folder.path(), frequency, 5, scheduled, None).unwrap();
        assert!(!folder.path().join("latest.safetensors").exists(), "the backup goes when the training is over");
        for die in 1..=14 {
            let folder = tempfile::tempdir().unwrap();
            let first = train(folder.path(), frequency, 5, scheduled, Some(die));
            assert!(first.unwrap_err().to_string().contains("interrupted"));
            // Interrupted again a little later, and then not.
            let second = train(folder.path(), frequency, 5, scheduled, Some(3));
            let resumed = second.or_else(|_| train(folder.path(), frequency, 5, scheduled, None)).unwrap();
            assert_eq!(resumed, whole, "every {frequency:?} steps, interrupted after {die}");
        }
    }
}

/// A training whose learning rate is changed at each epoch's beginning, from the second one on.
fn train_with_changed_rate(
    folder: &Path,
    (initial, change): (LearningRate, fn(f64) -> LearningRate),
    die: Option<usize>,
) -> Result<(Ending, f64)> {
    utils::set_random_seed(5);
    let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
    model.compile(Adam::new().learning_rate(initial), "mse")?;
    let changed = LambdaCallback::new().on_epoch_begin(|model, epoch, _| {
        let optimizer = model.optimizer()?;
        if epoch > 0 {
            optimizer.set_learning_rate(change(optimizer.learning_rate()));
        }
        Ok(())
    });
    let mut step = 0;
    let interrupted = LambdaCallback::new().on_train_batch_end(|_, _, _| {
        step += 1;
        if Some(step) == die { Err(Error::new("interrupted")) } else { Ok(()) }
    });
    let (x, y) = ((0..6).map(|i| i as f32).collect::<Vec<_>>(), vec![1f32; 6]);
    let fit = Fit::new().epochs(4).batch_size(2).verbose(0);
    let backup = BackupAndRestore::new(folder).save_freq(1);
    let history = model.fit(&x, &y, fit.callback(changed).callback(backup).callback(interrupted))?;
    let rate = model.optimizer()?.learning_rate();
    Ok((bits(&history, &model), rate))
}

#[test]
fn a_learning_rate_that_callbacks_change_is_restored() {
    // In place of a schedule from the second epoch on.
    let train = |folder: &Path, die: Option<usize>| {
        train_with_changed_rate(folder, (ExponentialDecay::new(0.1, 3, 0.9).into(), |rate| (rate / 2.0).into()), die)
    };
    let whole = train(tempfile::tempdir().unwrap().path(), None).unwrap();
    for die in 1..=12 {
        let folder = tempfile::tempdir().unwrap();
        train(folder.path(), Some(die)).unwrap_err();
        assert_eq!(train(folder.path(), None).unwrap(), whole, "interrupted after {die} steps");
    }
    // A backup has no schedules.
    let folder = tempfile::tempdir().unwrap();
    let train = |die| {
        train_with_changed_rate(folder.path(), (0.1.into(), |rate| ExponentialDecay::new(rate, 3, 0.9).into()), die)
    };
    train(Some(5)).unwrap_err();
    let error = train(None).unwrap_err().to_string();
    assert!(error.contains("schedule") && error.contains("backup is of another training"), "{error}");
}

#[test]
fn a_backup_of_another_training_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path(), None, 5, false, Some(7)).unwrap_err();
    let mut model = Sequential::new(layers![Input::shape([4]), Dense::new(1)]);
    model.compile("adam", "mse").unwrap();
    let fit = Fit::new().callback(BackupAndRestore::new(folder.path())).verbose(0);
    let error = model.fit(vec![vec![0f32; 4]], vec![0f32], fit).unwrap_err().to_string();
    assert!(error.contains("backup is of another training") && error.contains("delete it"), "{error}");
}

#[test]
fn checkpoints_are_saved_when_they_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
    model.compile(Adam::new().learning_rate(0.1), "mse").unwrap();
    let (x, y) = (vec![1f32, 2., 3., 4.], vec![2f32, 4., 6., 8.]);
    let each = ModelCheckpoint::new(path("{epoch:02d}-{loss:.1f}.weights.h5")).save_weights_only(true);
    let best = ModelCheckpoint::new(path("best.keras")).monitor("loss").save_best_only(true);
    let never =
        ModelCheckpoint::new(path("never.keras")).monitor("loss").save_best_only(true).initial_value_threshold(0.0);
    let steps = ModelCheckpoint::new(path("step.safetensors")).save_freq(2);
    let fit = Fit::new().epochs(3).batch_size(2).verbose(0);
    model.fit(&x, &y, fit.callback(each).callback(best).callback(never).callback(steps)).unwrap();
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 5, "{names:?}");
    assert!(
        names[0].starts_with("01-") && names[2].starts_with("03-") && names[0].ends_with(".weights.h5"),
        "{names:?}"
    );
    assert_eq!(names[3..], ["best.keras", "step.safetensors"]);
    let wrong = ModelCheckpoint::new(path("x.keras")).save_freq("epochs");
    assert!(model.fit(&x, &y, Fit::new().verbose(0).callback(wrong)).unwrap_err().to_string().contains("save_freq"));
}

#[test]
fn checkpoints_have_any_path_that_can_be_filled() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
    model.compile("sgd", Compile::loss("mse").metrics(["mae"])).unwrap();
    let (x, y) = (vec![1f32, 2., 3., 4.], vec![2f32, 4., 6., 8.]);
    let mut fit = |checkpoint: ModelCheckpoint, validates: bool| {
        let fit = Fit::new().epochs(2).batch_size(2).verbose(0).callback(checkpoint);
        let fit = if validates { fit.validation_data(&x, &y) } else { fit };
        warnings::catch(|| model.fit(&x, &y, fit))
    };
    let steps = ModelCheckpoint::new(path("new/folder/{epoch}-{batch:>02}-{mae:+.1e}.keras")).save_freq(1);
    fit(steps, false).0.unwrap();
    let mut names: Vec<_> = std::fs::read_dir(path("new/folder")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    let starts: Vec<_> = names.iter().map(|name| name.to_str().unwrap()[..6].to_string()).collect();
    assert_eq!(starts, ["1-01-+", "1-02-+", "2-01-+", "2-02-+"]);

    // Without its quantity, Keras saves each time and warns.
    let (result, warned) = fit(ModelCheckpoint::new(path("b{epoch}.keras")).save_best_only(true), false);
    result.unwrap();
    assert!(path("b1.keras").exists() && path("b2.keras").exists());
    assert!(warned.len() == 2 && warned[0].contains("\"val_loss\", which is not in the logs"), "{warned:?}");
    let unknown = ModelCheckpoint::new(path("u.keras")).save_best_only(true).monitor("nope");
    assert!(fit(unknown, false).0.unwrap_err().to_string().contains("mode(\"min\")"));

    fit(ModelCheckpoint::new(path("{val_loss:.1f}{val_mae:.1f}.keras")), true).0.unwrap();
    let count = std::fs::read_dir(folder.path()).unwrap().count();
    for wrong in
        ["{val_loss}.keras", "{mse}.keras", "{batch}.keras", "{loss:d}.keras", "{epoch", "{epoch}.h5", "{}.keras"]
    {
        let error = fit(ModelCheckpoint::new(path(wrong)), false).0.unwrap_err().to_string();
        assert!(error.contains("cannot fill") || error.contains("ends in .keras"), "{wrong}: {error}");
    }
    assert!(fit(ModelCheckpoint::new(path("{val_loss}.keras")).save_freq(1), true).0.is_err());
    assert!(fit(ModelCheckpoint::new(path("m.keras")).save_weights_only(true), true).0.is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), count);
}

/// Runs one of the tests below in a separate process.
fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored"]).env("CANDLE_KERAS_TEST_FOLDER", folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn folder() -> std::path::PathBuf {
    std::env::var_os("CANDLE_KERAS_TEST_FOLDER").expect("run by another test").into()
}

#[test]
#[ignore = "is run and killed by the test below"]
fn child_that_saves() {
    let path = folder().join("m.keras");
    let model = Sequential::new(layers![Input::shape([200]), Dense::new(500).use_bias(false)]);
    for number in 0u32.. {
        let weights = Tensor::full(number as f32, (200, 500), &Device::Cpu).unwrap();
        model.set_weights(&[weights]).unwrap();
        model.save(&path).unwrap();
    }
}

#[test]
fn a_process_that_is_killed_while_it_saves_leaves_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.keras");
    let written = || std::fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
    for round in 0..25u64 {
        let before = written();
        let mut process = child("backup::child_that_saves", folder.path()).spawn().unwrap();
        // It has saved at least once, however busy the machine is, and is saving again.
        let start = Instant::now();
        while written() == before {
            assert!(start.elapsed() < Duration::from_secs(60), "round {round}: nothing is saved");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(Stream::new(round, 0).below(40)));
        process.kill().unwrap();
        process.wait().unwrap();
        let weights = load_model(&path).unwrap().get_weights().unwrap();
        let weights = weights[0].flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(weights.iter().all(|w| *w == weights[0]), "round {round}: a mixture of two files");
    }
}

#[test]
#[ignore = "is run and killed by the test below"]
fn child_that_trains() {
    let ending = train(&folder(), Some(1), 40, true, None).unwrap();
    // Atomic: a file of a process killed while writing would look like the result.
    std::fs::write(folder().join("ending.part"), format!("{ending:?}")).unwrap();
    std::fs::rename(folder().join("ending.part"), folder().join("ending")).unwrap();
}

#[test]
fn a_process_that_is_killed_while_it_trains_resumes() {
    let (whole, cut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(child("backup::child_that_trains", whole.path()).status().unwrap().success());
    let mut kills = 0;
    for round in 0.. {
        let mut process = child("backup::child_that_trains", cut.path()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(10 + Stream::new(round, 1).below(25)));
        if let Some(status) = process.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        if kills < 12 {
            process.kill().unwrap();
            kills += 1;
        }
        process.wait().unwrap();
        if cut.path().join("ending").exists() {
            break;
        }
    }
    assert!(kills > 0);
    let ending = |folder: &Path| std::fs::read_to_string(folder.join("ending")).unwrap();
    assert_eq!(ending(cut.path()), ending(whole.path()));
}
