// Ported from data_generator.py.
// Feeds a small network from generators: batches, windows of a series, and shuffled epochs.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};

const BATCH: usize = 8;

fn main() -> Result<()> {
    numpy::random::seed(21);
    utils::set_random_seed(21);

    let series = ops::sin(&numpy::divide(&ops::arange(0.0, 60.0, 1.0, "int64")?, 5.0)?)?;
    let (mut inputs, mut targets) = (vec![], vec![]);
    for (window, following) in windows(&series, 6)? {
        inputs.push(window.clone());
        targets.push(following.clone());
    }
    let x = Tensor::stack(&inputs, 0)?.to_dtype(DType::F32)?;
    let y = Tensor::stack(&targets, 0)?.to_dtype(DType::F32)?;
    println!("{:?} {:?} {:.4}", x.dims(), y.dims(), ops::mean(&y, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    println!("{:?} {}", countdown(4), powers(3, 100).into_iter().sum::<usize>());
    for (a, b) in [1, 2].into_iter().flat_map(|x| ["p", "q"].into_iter().map(move |y| (x, y))) {
        print!("{a} {b}; ");
    }
    println!();
    for (i, value) in [5, 6].into_iter().chain([7].into_iter()).enumerate() {
        println!("{i} {value}");
    }

    let mut model = Sequential::new(layers![
        Input::shape([6]),
        Dense::new(12).activation("relu"),
        Dense::new(6).activation("tanh"),
        Dense::new(1),
    ]);
    model.compile(Adam::new().learning_rate(0.01), "mse")?;

    for epoch in 0..3 {
        let mut losses = vec![];
        for (bx, by) in shuffled_batches(&x, &y, BATCH)? {
            losses.push(model.train_on_batch(&bx, &by)?["loss"]);
        }
        println!("epoch {}: {} batches, loss {:.4}", epoch + 1, losses.len(), losses.iter().sum::<f64>() / losses.len() as f64);
    }

    let mut total = 0.0;
    for (bx, by) in batches(&x, &y, 16)? {
        let p = model.predict_with(&bx, Predict::new().verbose(0))?.i((.., 0))?;
        total += ops::sum(&ops::square(&ops::subtract(&p, &by)?)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    }
    println!("squared error {total:.4}");

    let lengths = ["a", "bcd", "ef"].into_iter().map(|x_2| x_2.chars().count()).collect::<Vec<usize>>();
    let long = lengths.iter().filter(|&&n| n > 1).map(|&n| n).collect::<Vec<usize>>();
    println!("{lengths:?} {long:?} {} {} {}", lengths.iter().copied().max().ok_or_else(|| Error::new("max of nothing"))?, if lengths.iter().map(|&n| n > 2).any(|x| x) { "True" } else { "False" }, if lengths.iter().map(|&n| n > 0).all(|x| x) { "True" } else { "False" });
    let pairs = lengths.iter().zip(["a", "bcd", "ef"]).map(|(&a, b)| (a, b)).collect::<Vec<(usize, &'static str)>>();
    for (n, word) in { let mut list = pairs.iter().copied().collect::<Vec<(usize, &'static str)>>(); list.sort_by_key(|x| std::cmp::Reverse((*x).0)); list } {
        println!("{n} {word}");
    }
    Ok(())
}

fn batches(x: &Tensor, y: &Tensor, size: usize) -> Result<Vec<(Tensor, Tensor)>> {
    let mut items = Vec::new();
    // Batches in order; the last one may be smaller.
    for start in (0..x.dim(0)?).step_by(size) {
        items.push((x.i(start..usize::min(start + size, x.dim(0)?))?, y.i(start..usize::min(start + size, y.dim(0)?))?));
    }
    Ok(items)
}

fn shuffled_batches(x: &Tensor, y: &Tensor, size: usize) -> Result<Vec<(Tensor, Tensor)>> {
    let mut items = Vec::new();
    let order = numpy::random::permutation(x.dim(0)?)?;
    let (x, y) = (ops::take(x, &order, 0)?, ops::take(y, &order, 0)?);
    for start in (0..x.dim(0)? - size + 1).step_by(size) {
        items.push((x.i(start..usize::min(start + size, x.dim(0)?))?, y.i(start..usize::min(start + size, y.dim(0)?))?));
    }
    Ok(items)
}

fn windows(series: &Tensor, width: usize) -> Result<Vec<(Tensor, Tensor)>> {
    let mut items = Vec::new();
    for i in 0..series.dim(0)? - width {
        let window = series.i(i..usize::min(i + width, series.dim(0)?))?;
        items.push((window.clone(), series.i(i + width)?));
    }
    Ok(items)
}

fn countdown(mut n: usize) -> Vec<usize> {
    let mut items = Vec::new();
    while n > 0 {
        items.push(n);
        n -= 1;
    }
    items
}

fn powers(base: usize, limit: usize) -> Vec<usize> {
    let mut items = Vec::new();
    let mut value: usize = 1;
    loop {
        if value > limit {
            return items;
        }
        items.push(value);
        value *= base;
    }
}
