//! What several threads do with models that share layers: it ends, with right numbers.

use candle_keras::layers::{Dense, Embedding, Flatten};
use candle_keras::prelude::*;
use std::sync::mpsc;
use std::time::Duration;

/// Runs the jobs at once, each in a thread; panics if they have not ended after a minute.
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
