//! The memory of a fit: it does not grow with the number of steps, and is close to the minimum.

#![allow(clippy::unwrap_used)]

use candle_keras::data::{ReadCsv, csv_dataset};
use candle_keras::layers::{Dense, Dropout, Embedding, Lambda, Subtract};
use candle_keras::prelude::*;
use candle_keras::{Batch, ops, utils};
use peak_alloc::PeakAlloc;
use std::io::Write;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The buffers of matrix products and of threads, independent of the size of the model.
const WORKSPACE: usize = 3 << 20;

/// Trains for a few and for many steps and checks that peak memory does not grow, and that it is at most 1.5 times
/// the `floats` of weights, slots and activations.
#[allow(clippy::ptr_arg)]
fn check(what: &str, model: &mut Model, x: &Vec<Tensor>, y: &Tensor, batch: usize, steps: usize, floats: [usize; 2]) {
    let [kept, activations] = floats;
    let before = MEMORY.current_usage();
    let steps_an_epoch = y.elem_count() / batch;
    let mut fit = |epochs: usize| {
        MEMORY.reset_peak_usage();
        model.fit(x, y, Fit::new().batch_size(batch).epochs(epochs).verbose(0)).expect("the data matches the model");
        MEMORY.peak_usage() - before
    };
    // More than half as many: within that, the log of pending updates is cleared.
    let (few, many) = (fit(steps * 6 / 10 / steps_an_epoch), fit(steps / steps_an_epoch));
    // The order of the samples, and the history of the epochs.
    let other = y.elem_count() * 4 + 200 * steps / steps_an_epoch;
    assert!(many <= few + few / 20 + other, "{what}: {few} bytes grew to {many} in {steps} steps");
    // Weights and slots existed before.
    let most = (kept + activations) * 4 * 3 / 2 - kept * 4 + other + WORKSPACE;
    println!("{what}: {many} bytes in addition to weights and slots, {} allowed", most);
    assert!(many <= most, "{what}: {many} bytes in addition to {} of weights and slots, {most} allowed", kept * 4);
}

/// One test, since it measures the memory of the whole process.
#[test]
fn the_memory_of_a_fit_is_bounded() {
    utils::set_random_seed(1);
    the_memory_of_a_stream_is_bounded();
    the_memory_of_a_table_is_bounded();
    for (batch, steps) in [(64, 10_000), (8192, 40)] {
        let mut model = Sequential::new(layers![
            Input::shape([32]),
            Dense::new(64).activation("relu"),
            Dropout::new(0.2),
            Dense::new(64).activation("relu"),
            Dense::new(10).activation("softmax"),
        ]);
        model.compile("adam", "sparse_categorical_crossentropy").unwrap();
        let x = Tensor::randn(0f32, 1., (batch * 10, 32), &Device::Cpu).unwrap();
        let y = Tensor::zeros(batch * 10, DType::U32, &Device::Cpu).unwrap();
        // The samples of a batch, the four layers, and the softmax.
        let activations = batch * (32 + 64 + 64 + 64 + 10 + 10);
        let kept = 3 * model.count_params();
        check("mlp", &mut model, &vec![x], &y, batch, steps, [kept, activations]);
    }

    let (vocabulary, dim, batch) = (20_000, 16, 32);
    let (word1, word2) = (Input::shape([1]), Input::shape([1]));
    let embedding = Embedding::new(vocabulary, dim);
    let distance = Subtract::new().call([&embedding.call(&word1), &embedding.call(&word2)]);
    let distance = Lambda::new(|x| ops::mean(x, -1)).call(&distance);
    let mut model = Model::new([word1, word2], distance).unwrap();
    model.compile("adam", "mse").unwrap();
    let words = |from: u32| Tensor::arange(from, from + 32_000, &Device::Cpu).unwrap();
    let ids = |x: Tensor| {
        let x = x.to_vec1::<u32>().unwrap();
        Tensor::new(x.iter().map(|x| x % 19_997).collect::<Vec<_>>(), &Device::Cpu).unwrap()
    };
    let x = vec![ids(words(0)), ids(words(7))];
    let y = Tensor::zeros((32_000, 1), DType::F32, &Device::Cpu).unwrap();
    check("word distance", &mut model, &x, &y, batch, 10_000, [3 * vocabulary * dim, 3 * batch * dim]);
}

/// Four gigabytes of data from a closure, through a shuffle, threads and a prefetch.
fn the_memory_of_a_stream_is_bounded() {
    let (batches, rows, columns) = (4096, 256, 1024);
    let batch = move |i: usize| -> Result<(Tensor, Tensor)> {
        let x = Tensor::full(1.0 / (1 + i % 7) as f32, (rows, columns), &Device::Cpu)?;
        Ok((x, Tensor::ones((rows, 1), DType::F32, &Device::Cpu)?))
    };
    let double = |batch: Batch| Ok(((&batch.x[0] * 2.0)?, batch.y));
    let stream = Dataset::from_fn(batches, batch).shuffle(4).map_on(2, double).prefetch(2);
    let mut model = Sequential::new(layers![Input::shape([columns]), Dense::new(1)]);
    model.compile("adam", "mse").unwrap();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    model.fit(&stream, (), Fit::new().verbose(0)).unwrap();
    let peak = MEMORY.peak_usage() - before;
    // The buffer, the threads and the prefetch hold at most 16 batches of a megabyte, some of them twice.
    println!("stream: {peak} bytes of {}", batches * rows * columns * 4);
    assert!(peak < 32 << 20, "{peak} bytes");
}

/// A file of 40 MB, of which the first 10,000 rows are read at once, to know the columns.
fn the_memory_of_a_table_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(file, "a,b,c,d,y").unwrap();
    for i in 0..800_000 {
        writeln!(file, "{}.25,{}.5,0.123456789,1.25,{}.0", i % 9, i % 7, i % 2).unwrap();
    }
    drop(file);
    let table = csv_dataset(&path, "y", ReadCsv::new()).unwrap().batch(256).prefetch(2);
    let side_by_side = |batch: Batch| {
        let x = batch.x.iter().map(|column| column.unsqueeze(1)).collect::<candle_core::Result<Vec<_>>>()?;
        Ok((Tensor::cat(&x, 1)?, batch.y))
    };
    let mut model = Sequential::new(layers![Input::shape([4]), Dense::new(1)]);
    model.compile("adam", "mse").unwrap();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    model.fit(table.map(side_by_side), (), Fit::new().verbose(0)).unwrap();
    let peak = MEMORY.peak_usage() - before;
    println!("table: {peak} bytes of {}", std::fs::metadata(&path).unwrap().len());
    assert!(peak < 6 << 20, "{peak} bytes");
}
