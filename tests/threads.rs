//! Several threads with models that share layers: no deadlocks, and correct results.

use candle_keras::callbacks::BackupAndRestore;
use candle_keras::layers::{Concatenate, Conv2D, Dense, Dropout, Embedding, Flatten, LSTM};
use candle_keras::losses::Loss;
use candle_keras::{Optimizer, ops, prelude::*};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// Runs the jobs concurrently, each in a thread; panics if they have not ended after a minute.
fn together(jobs: Vec<Box<dyn FnOnce() + Send>>) {
    let (sender, done) = mpsc::channel();
    let count = jobs.len();
    for job in jobs {
        let sender = sender.clone();
        std::thread::spawn(move || {
            job();
            sender.send(()).unwrap();
        });
    }
    drop(sender);
    for _ in 0..count {
        done.recv_timeout(Duration::from_secs(60)).expect("all threads end, and none panics");
    }
}

#[test]
fn training_predicting_and_reading_share_an_embedding() {
    let ids = Tensor::from_vec((0..512).map(|i| i * 7 % 50).collect::<Vec<u32>>(), (128, 4), &Device::Cpu).unwrap();
    let y = vec![1f32; 128];
    let input = Input::shape([4]).dtype("int32");
    let embedding = Embedding::new(50, 16);
    let vectors = Flatten::new().call(&embedding.call(&input));
    let make = |seed: u64| {
        candle_keras::utils::set_random_seed(seed);
        let mut model = Model::new(&input, Dense::new(1).call(&vectors)).unwrap();
        model.compile("adam", "mse").unwrap();
        model
    };
    let (mut first, mut second, served) = (make(1), make(2), Model::new(&input, &vectors).unwrap());
    let train = |model: &mut Model, ids: &Tensor, y: &Vec<f32>| {
        model.fit(ids, y, Fit::new().epochs(30).batch_size(8).verbose(0)).unwrap();
    };
    let (a, b, c) = (ids.clone(), ids.clone(), ids);
    let (ya, yb) = (y.clone(), y);
    let table = embedding.clone();
    together(vec![
        Box::new(move || train(&mut first, &a, &ya)),
        Box::new(move || train(&mut second, &b, &yb)),
        Box::new(move || {
            for _ in 0..100 {
                let found = served.predict_with(&c, Predict::new().verbose(0)).unwrap();
                assert!(found.sum_all().unwrap().to_scalar::<f32>().unwrap().is_finite());
            }
        }),
        Box::new(move || {
            for _ in 0..100 {
                let weights = table.get_weights().unwrap();
                assert!(weights[0].sum_all().unwrap().to_scalar::<f32>().unwrap().is_finite());
            }
        }),
    ]);
}

/// Two layers with equal initial weights and equal gradients are equal after each step: a reader must never see one of them a step ahead.
fn reads_while(train: fn(&mut Model, &Tensor, &Tensor)) {
    let x = Input::shape([64]);
    let layer = || Dense::new(256).use_bias(false).kernel_initializer("ones");
    let (a, b) = (layer().call(&x), layer().call(&x));
    let mut model = Model::new(&x, [&a, &b]).unwrap();
    let mean = || Loss::new("mean", |_, y_pred| ops::mean(y_pred, -1));
    model.compile("sgd", Compile::losses([mean(), mean()])).unwrap();
    let served = model.clone();
    let data = Tensor::ones((8, 64), DType::F32, &Device::Cpu).unwrap();
    let targets = Tensor::zeros((8, 256), DType::F32, &Device::Cpu).unwrap();
    let begin = model.get_weights().unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let differ = |a: &Tensor, b: &Tensor| a.ne(b).unwrap().max_all().unwrap().to_scalar::<u8>().unwrap() > 0;
    let (stop, rows) = (done.clone(), data.clone());
    let watch = move || {
        let mut readings = 0;
        while !stop.load(Ordering::Relaxed) || readings == 0 {
            let outputs = served.predict_on_batch(&rows).unwrap();
            let [a, b] = served.call_multiple(&rows).unwrap();
            assert!(!differ(&a, &b), "after {readings}");
            let weights = served.get_weights().unwrap();
            assert!(!differ(&outputs[0], &outputs[1]) && !differ(&weights[0], &weights[1]), "after {readings}");
            readings += 1;
        }
    };
    let train = move || {
        train(&mut model, &data, &targets);
        done.store(true, Ordering::Relaxed);
        assert!(differ(&model.get_weights().unwrap()[0], &begin[0]));
    };
    together(vec![Box::new(watch), Box::new(train)]);
}

#[test]
fn readers_see_whole_steps() {
    reads_while(|model, x, y| {
        model.fit(x, [y, y], Fit::new().epochs(400).batch_size(2).verbose(0)).unwrap();
    });
    // Also with a custom loop.
    reads_while(|model, x, y| {
        let mut optimizer = Optimizer::from("sgd");
        let batch = model.batch(x, [y, y]).unwrap();
        for _ in 0..400 {
            let step = model.grad_step(&batch).unwrap();
            assert!(optimizer.apply_gradients(step.gradients).unwrap());
        }
    });
}

#[test]
fn a_fit_can_be_sent_to_a_thread() {
    const fn is_send<T: Send>() {}
    is_send::<Fit>();
    let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1)]);
    model.compile("sgd", "mse").unwrap();
    let fit = Fit::new().epochs(2).verbose(0).callback(candle_keras::callbacks::EarlyStopping::new().monitor("loss"));
    let history = std::thread::spawn(move || model.fit(vec![[1f32, 2.]], vec![1f32], fit).unwrap()).join().unwrap();
    assert_eq!(history.epoch.len(), 2);
}

#[test]
fn a_thread_without_a_seed_trains_with_that_of_the_process() {
    crate::in_a_process_of_its_own("threads::a_thread_without_a_seed_trains_with_that_of_the_process", || {
        let train = || {
            let layers = layers![Input::shape([4]), Dense::new(8).activation("relu"), Dropout::new(0.3), Dense::new(1)];
            let mut model = Sequential::new(layers);
            model.compile("adam", "mse").unwrap();
            let rows: Vec<[f32; 4]> = (0..40).map(|i| [1, 3, 7, 11].map(|j| (i * j % 13) as f32 / 13.0)).collect();
            let sums: Vec<f32> = rows.iter().map(|row| row.iter().sum()).collect();
            let history = model.fit(rows, sums, Fit::new().epochs(3).batch_size(8).verbose(0)).unwrap();
            let weights = model.get_weights().unwrap();
            let weights = weights.iter().flat_map(|w| w.flatten_all().unwrap().to_vec1::<f32>().unwrap());
            (history["loss"].to_vec(), weights.collect::<Vec<_>>())
        };
        let run = || {
            candle_keras::utils::set_random_seed(7);
            [train(), std::thread::spawn(train).join().unwrap(), std::thread::spawn(train).join().unwrap()]
        };
        let first = run();
        assert_eq!(run(), first);
        assert!(first[0] != first[1] && first[1] != first[2] && first[0] != first[2], "no two models are drawn alike");
    });
}

/// A hash of the weights after a training with products of one row more than a chunk, windows, recurrence and a table of so many words.
fn trained(words: u32, save: Option<usize>) -> u64 {
    candle_keras::utils::set_random_seed(3);
    let numbers = |dims: &[usize]| {
        let count = dims.iter().product::<usize>();
        Tensor::from_vec((0..count).map(|i| (i * 37 % 101) as f32 / 101.0).collect::<Vec<_>>(), dims, &Device::Cpu)
            .unwrap()
    };
    let (rows, images, ids) = (Input::shape([1100]), Input::shape([4, 4, 16]), Input::shape([6]).dtype("int32"));
    let encoded = LSTM::new(17).call(&Embedding::new(words as usize, 8).call(&ids));
    let pixels = Flatten::new().call(&Conv2D::new(16, 3).padding("same").call(&images));
    let hidden = Dense::new(33).activation("relu").call(&rows);
    let all = Concatenate::new().call([&encoded, &pixels, &hidden]);
    let mut model = Model::new([rows, images, ids], Dense::new(1).call(&all)).unwrap();
    model.compile("adam", "mse").unwrap();
    let batch = 3 * 65;
    let ids: Vec<u32> = (0..batch as u32 * 6).map(|i| i * 37 % words).collect();
    let ids = Tensor::from_vec(ids, (batch, 6), &Device::Cpu).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut fit = Fit::new().batch_size(65).epochs(3).verbose(0);
    if let Some(steps) = save {
        fit = fit.callback(BackupAndRestore::new(folder.path()).save_freq(steps));
    }
    model.fit([&numbers(&[batch, 1100]), &numbers(&[batch, 4, 4, 16]), &ids], numbers(&[batch, 1]), fit).unwrap();
    let mut hash = std::hash::DefaultHasher::new();
    for weight in model.get_weights().unwrap() {
        let bits: Vec<u32> =
            weight.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().map(|x| x.to_bits()).collect();
        bits.hash(&mut hash);
    }
    hash.finish()
}

#[test]
fn one_seed_has_the_same_bits_on_any_number_of_threads() {
    const CHILD: &str = "CANDLE_KERAS_THREADS_OF_A_TEST";
    if std::env::var_os(CHILD).is_some() {
        return println!("hash {}", trained(4999, None));
    }
    let run = |threads: &str| {
        let name = "threads::one_seed_has_the_same_bits_on_any_number_of_threads";
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", name, "--nocapture"]).env(CHILD, "1").env("RAYON_NUM_THREADS", threads);
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let hash = text.split("hash ").nth(1).and_then(|rest| rest.split_whitespace().next().map(String::from));
        hash.unwrap_or_else(|| panic!("{text}"))
    };
    let one = run("1");
    for threads in ["2", "3", "8"] {
        assert_eq!(run(threads), one, "{threads} threads");
    }
}

#[test]
fn backups_change_no_bit_where_no_update_is_pending() {
    // Each batch has all of these words.
    let without = trained(7, None);
    assert_eq!([1, 2].map(|steps| trained(7, Some(steps))), [without; 2]);
}
