//! Models on streams of data: the same results as on arrays, epochs of any length, and resuming within an epoch.

use candle_keras::callbacks::{BackupAndRestore, LambdaCallback};
use candle_keras::data::{Cardinality, Shuffle, Source};
use candle_keras::layers::{Dense, Dropout};
use candle_keras::ops::random::{Stream, next_stream};
use candle_keras::{Batch, Error, prelude::*, utils};
use std::path::Path;

fn samples(count: usize) -> (Tensor, Tensor) {
    let x: Vec<f32> = Stream::new(3, 0).normal(count * 4).into_iter().map(|x| x as f32).collect();
    let x = Tensor::from_vec(x, (count, 4), &Device::Cpu).unwrap();
    let y = (x.sum_keepdim(1).unwrap() + 0.5).unwrap();
    (x, y)
}

fn model() -> Sequential {
    utils::set_random_seed(5);
    let mut model = Sequential::new(layers![Dense::new(8).activation("tanh"), Dropout::new(0.3), Dense::new(1)]);
    model.compile("adam", Compile::loss("mse").metric("mae")).unwrap();
    model
}

fn bits(history: &History, model: &Model) -> (Vec<u64>, Vec<u32>) {
    let history = history.iter().flat_map(|(_, values)| values.iter().map(|v| v.to_bits())).collect();
    let weights = model.get_weights().unwrap();
    let numbers = weights.iter().flat_map(|w| w.flatten_all().unwrap().to_vec1::<f32>().unwrap());
    (history, numbers.map(f32::to_bits).collect())
}

#[test]
fn a_dataset_trains_as_its_arrays_do() {
    let (x, y) = samples(50);
    let fit = || Fit::new().epochs(3).batch_size(8).verbose(0);
    let mut on_arrays = model();
    let history = on_arrays.fit(&x, &y, fit().shuffle(false).validation_data(&x, &y)).unwrap();
    let expected = bits(&history, &on_arrays);
    let (a, b) = (x.clone(), y.clone());
    let rows = move |i: usize| (a.get(i).unwrap(), b.get(i).unwrap());
    let (c, d) = (x.clone(), y.clone());
    let datasets = [
        Dataset::from_tensor_slices((&x, &y)).unwrap().batch(8),
        Dataset::from_fn(50, rows).batch(8).prefetch(2),
        Dataset::from_generator(move || {
            let (c, d) = (c.clone(), d.clone());
            (0..50).map(move |i| Ok::<_, Error>((c.get(i)?, d.get(i)?)))
        })
        .batch(8),
        Dataset::from_tensor_slices(&x).unwrap().zip(&Dataset::from_tensor_slices(&y).unwrap()).batch(8).cache(),
    ];
    for dataset in datasets {
        // Neither the shape of the samples nor, for the generator, their number is known in advance.
        let mut on_dataset = model();
        let history = on_dataset.fit(&dataset, (), fit().validation_data(dataset.clone(), ())).unwrap();
        assert_eq!(bits(&history, &on_dataset), expected);
        assert_eq!(
            on_dataset.evaluate(&dataset, ()).unwrap(),
            on_arrays.evaluate_with(&x, &y, Evaluate::new().batch_size(8)).unwrap()
        );
        let predicted = on_dataset.predict(&dataset).unwrap();
        let same = predicted.eq(&on_arrays.predict_with(&x, Predict::new().batch_size(8)).unwrap()).unwrap();
        assert_eq!(same.sum_all().unwrap().to_scalar::<u8>().unwrap(), 50);
    }
}

/// Epochs of 7 steps over passes of 13 batches, shuffled through a buffer, with noise drawn on threads.
fn stream_training(folder: &Path, die: Option<usize>) -> Result<(Vec<u64>, Vec<u32>)> {
    let (x, y) = samples(50);
    let noise = |sample: Batch| -> Result<_> {
        let noise = Tensor::new(next_stream().uniform_f32(4), &Device::Cpu)?;
        Ok(((&sample.x[0] + noise)?, sample.y))
    };
    let dataset = Dataset::from_tensor_slices((&x, &y))?.map_on(2, noise).shuffle(10).batch(4).prefetch(2);
    let mut model = model();
    let mut step = 0;
    let interrupted = LambdaCallback::new().on_train_batch_end(|_, _, _| {
        step += 1;
        if Some(step) == die { Err(Error::new("interrupted")) } else { Ok(()) }
    });
    let backup = BackupAndRestore::new(folder).save_freq(2);
    let fit = Fit::new().epochs(5).steps_per_epoch(7).verbose(0).callback(backup).callback(interrupted);
    let history = model.fit(&dataset, (), fit)?;
    Ok(bits(&history, &model))
}

#[test]
fn a_stream_that_is_interrupted_anywhere_resumes() {
    let whole = stream_training(tempfile::tempdir().unwrap().path(), None).unwrap();
    for die in [1, 2, 7, 8, 13, 14, 20, 27, 33] {
        let folder = tempfile::tempdir().unwrap();
        assert!(stream_training(folder.path(), Some(die)).unwrap_err().to_string().contains("interrupted"));
        assert_eq!(stream_training(folder.path(), None).unwrap(), whole, "interrupted after {die} steps");
    }
}

/// The cached elements are shuffled and drawn: whichever pass fills the cache, they must be the same.
#[test]
fn a_cached_stream_that_is_interrupted_resumes() {
    let train = |folder: &Path, die: Option<usize>| -> Result<_> {
        let (x, y) = samples(24);
        let noisy = move |i: usize| -> Result<_> { Ok(((x.get(i)? + next_stream().uniform(1)[0])?, y.get(i)?)) };
        let dataset = Dataset::from_fn(24, noisy).shuffle(24).cache().batch(4);
        let mut model = model();
        let mut step = 0;
        let interrupted = LambdaCallback::new().on_train_batch_end(|_, _, _| {
            step += 1;
            if Some(step) == die { Err(Error::new("interrupted")) } else { Ok(()) }
        });
        let backup = BackupAndRestore::new(folder).save_freq(1);
        let fit = Fit::new().epochs(3).verbose(0).callback(backup).callback(interrupted);
        let history = model.fit(&dataset, (), fit)?;
        Ok(bits(&history, &model))
    };
    let whole = train(tempfile::tempdir().unwrap().path(), None).unwrap();
    for die in [3, 9, 15] {
        let folder = tempfile::tempdir().unwrap();
        assert!(train(folder.path(), Some(die)).is_err());
        assert_eq!(train(folder.path(), None).unwrap(), whole, "interrupted after {die} steps");
    }
}

/// A custom source that counts the passes over it.
struct Counting(std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl Source for Counting {
    fn elements(&self, _: &Stream, from: usize) -> Result<candle_keras::data::Elements> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let element = |i: usize| {
            let x = Tensor::full(i as f32, (2, 4), &Device::Cpu)?;
            Ok(Batch { y: vec![x.sum_keepdim(1)?], x: vec![x], ..Batch::default() })
        };
        Ok(Box::new((from..10).map(element)))
    }
}

#[test]
fn epochs_with_a_number_of_steps_continue_in_the_data() {
    let passes = std::sync::Arc::default();
    let dataset = Dataset::new(Counting(std::sync::Arc::clone(&passes)));
    assert_eq!(dataset.cardinality(), Cardinality::Unknown);
    let mut model = model();
    let mut steps = Vec::new();
    let count = LambdaCallback::new().on_train_batch_begin(|_, batch, _| {
        steps.push(batch);
        Ok(())
    });
    let fit = Fit::new().epochs(4).steps_per_epoch(4).verbose(0).callback(count);
    model.fit(&dataset, (), fit).unwrap();
    // 4, 4, the remaining 2, and 4 of a new pass; one more pass to infer the shapes.
    assert_eq!(steps, [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 0, 1, 2, 3]);
    assert_eq!(passes.load(std::sync::atomic::Ordering::Relaxed), 3);
    let endless = dataset.repeat(None);
    let history = model.fit(&endless, (), Fit::new().epochs(2).steps_per_epoch(25).verbose(0)).unwrap();
    assert_eq!((history.epoch.len(), history.params.steps), (2, Some(25)));
    let evaluated = model.evaluate_with(&endless, (), Evaluate::new().steps(3).verbose(0)).unwrap();
    assert_eq!(evaluated, model.evaluate(dataset.take(3), ()).unwrap());
    assert_eq!(model.predict_with(&endless, Predict::new().steps(3).verbose(0)).unwrap().dims(), [6, 1]);
}

#[test]
fn weights_come_with_the_data() {
    let x = Input::shape([4]);
    let (a, b) = (Dense::new(1).name("a").call(&x), Dense::new(1).name("b").call(&x));
    let mut model = Model::new(&x, [a, b]).unwrap();
    model.compile("sgd", Compile::losses(["mse", "mse"])).unwrap();
    let (x, y) = samples(6);
    let (ones, none) = (vec![1f32; 6], vec![0f32; 6]);
    // The second output has the weight 0.
    let logs = model.evaluate_with(&x, [&y, &y], Evaluate::new().sample_weight([&ones, &none])).unwrap();
    assert!(logs["a_loss"] > 0.0 && logs["b_loss"] == 0.0 && (logs["loss"] - logs["a_loss"]).abs() < 1e-6);
    let dataset = Dataset::from_tensor_slices((&x, [&y, &y], [&ones, &none])).unwrap().batch(6);
    assert_eq!(model.evaluate(&dataset, ()).unwrap(), logs);
    let error = model.evaluate_with(&x, [&y, &y], Evaluate::new().sample_weight([&ones, &ones, &ones])).unwrap_err();
    assert!(error.to_string().contains("one for each"), "{error}");
    let mut classifier = Sequential::new(layers![Input::shape([4]), Dense::new(1).activation("sigmoid")]);
    classifier.compile("sgd", "binary_crossentropy").unwrap();
    let classes = vec![0f32, 1., 0., 1., 1., 1.];
    let dataset = Dataset::from_tensor_slices((&x, &classes)).unwrap().batch(4);
    let start = classifier.get_weights().unwrap();
    let mut trained = Vec::new();
    for _ in 0..2 {
        classifier.set_weights(&start).unwrap();
        let fit = Fit::new().batch_size(4).shuffle(false).class_weight([(1, 3.0)]).verbose(0);
        let history = match trained.is_empty() {
            true => classifier.fit(&x, &classes, fit).unwrap(),
            false => classifier.fit(&dataset, (), fit).unwrap(),
        };
        trained.push(bits(&history, &classifier));
    }
    assert_eq!(trained[0], trained[1]);
}

#[test]
fn datasets_that_do_not_match_are_errors() {
    let (x, y) = samples(10);
    let dataset = Dataset::from_tensor_slices((&x, &y)).unwrap();
    let batches = dataset.batch(5);
    let fit = |data: &Dataset, fit: Fit| model().fit(data, (), fit.verbose(0)).unwrap_err().to_string();
    assert!(fit(&batches.repeat(None), Fit::new()).contains("steps_per_epoch"));
    assert!(fit(&batches, Fit::new().validation_split(0.1)).contains("Dataset::split"));
    assert!(fit(&batches, Fit::new().sample_weight(vec![1f32; 10])).contains("elements of a dataset"));
    assert!(fit(&batches.take(0), Fit::new()).contains("no samples"));
    let (a, b) = (x.clone(), y.clone());
    let with_empty =
        Dataset::from_fn(2, move |i| -> Result<_> { Ok((a.narrow(0, 0, 5 * i)?, b.narrow(0, 0, 5 * i)?)) });
    assert!(fit(&with_empty, Fit::new()).contains("no samples in the batch"));
    assert!(model().evaluate(&with_empty, ()).unwrap_err().to_string().contains("no samples in the batch"));
    assert!(fit(&batches, Fit::new().steps_per_epoch(0)).contains("steps_per_epoch"));
    let endless = Fit::new().validation_data(batches.repeat(None), ());
    assert!(fit(&batches, endless).contains("validation_steps"));
    assert!(model().fit(&batches, &y, Fit::new()).unwrap_err().to_string().contains("()"));
    let mut built = Sequential::new(layers![Input::shape([4]), Dense::new(1)]);
    built.compile("sgd", "mse").unwrap();
    let error = built.fit(&dataset, (), Fit::new().verbose(0)).unwrap_err().to_string();
    assert!(error.contains("Dataset::batch"), "{error}");
    let inputs_alone = Dataset::from_tensor_slices(&x).unwrap().batch(2);
    assert!(fit(&inputs_alone, Fit::new()).contains("one array of targets"));
    let fails = dataset.map(|_| -> Result<Batch> { Err(Error::new("a file is gone")) }).batch(2);
    assert!(fit(&fails, Fit::new()).contains("a file is gone"));
    let (train, test) = dataset.shuffle(Shuffle::new(10).reshuffle_each_iteration(false)).split(8);
    let numbers =
        |d: &Dataset| -> Vec<f32> { d.iter().unwrap().map(|e| e.unwrap().y[0].to_vec1::<f32>().unwrap()[0]).collect() };
    let mut all = [numbers(&train), numbers(&test)].concat();
    let mut expected = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    all.sort_by(f32::total_cmp);
    expected.sort_by(f32::total_cmp);
    assert_eq!(all, expected);
}
