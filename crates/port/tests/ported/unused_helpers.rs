// Ported from unused_helpers.py.
// A classifier of two moons, with helpers from an earlier project that this script keeps but does not call.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::Dense;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, pyplot, python};
use ndarray::Array2;
use ndarray::s;
use std::path::Path;
use std::path::PathBuf;

#[allow(dead_code)]
const TIME_STEPS: usize = 12;

fn main() -> Result<()> {
    // Helpers for series.

    // Helpers for texts.

    // Helpers for models.

    let mut rng = numpy::random::RandomState::new(3);
    let angles = rng.uniform(0.0, std::f64::consts::PI, 120)?;
    let first = ops::stack(&[&ops::cos(&angles.i(..60)?)?, &ops::sin(&angles.i(..60)?)?], 1)?;
    let second = ops::stack(&[&(1.0 - &ops::cos(&angles.i(60..)?)?)?, &(0.5 - &ops::sin(&angles.i(60..)?)?)?], 1)?;
    let x = ops::concatenate(&[&first, &second], 0)?.to_dtype(DType::F32)?;
    let y = ops::concatenate(&[&Tensor::zeros(60, DType::F64, &Device::Cpu)?, &Tensor::ones(60, DType::F64, &Device::Cpu)?], 0)?.to_dtype(DType::I32)?;

    let mut model = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(8).activation("tanh"),
        Dense::new(2).activation("softmax"),
    ]);
    model.compile(Adam::new().learning_rate(0.05), Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x, &y, Fit::new().epochs(6).batch_size(30).validation_split(0.2).shuffle(false).verbose(0))?;

    last_values(&history, &vec!["loss", "val_loss"])?;
    let losses = &history["loss"];
    println!("{}", numpy::array_str(&ops::round(&running_best(&losses.iter().map(|&loss| -loss).collect::<Vec<f64>>()).to_tensor()?, 4)?)?);
    for moon in ["first", "third"] {
        println!("{moon} is known: {}", if vec!["first", "second"].contains(&moon) { "True" } else { "False" });
    }
    println!("rows: {} {}", draw_moons(&x, 3, 3)?, draw_moons(&x, 6, 2)?);

    let halves = vec![(x.i(..60)?, "upper"), (x.i(60..)?, "lower")];
    for i in 0..2 {
        let (part, name) = halves[i].clone();
        println!("{name} {:?} {:?}", part.dims(), python::round(ops::mean(&part, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, 4));
    }
    Ok(())
}

#[allow(dead_code)]
fn create_sequences(values: &Tensor, time_steps: usize) -> Result<Tensor> {
    let mut output = vec![];
    for i in 0..values.dim(0)? - time_steps + 1 {
        output.push(values.i(i..usize::min(i + time_steps, values.dim(0)?))?);
    }
    Ok(ops::stack(&output, 0)?)
}

#[allow(dead_code)]
fn process_data(data: &Tensor, back: usize, ahead: usize) -> Result<(Tensor, Tensor)> {
    let (mut x, mut y) = (vec![], vec![]);
    for i in 0..data.dim(0)? {
        if i + back + ahead < data.dim(0)? {
            x.push(data.i((i..usize::min(i + back, data.dim(0)?), 0))?);
            y.push(data.i((usize::min(i + back, data.dim(0)?)..usize::min(i + back + ahead, data.dim(0)?), 0))?);
        }
    }
    Ok((Tensor::stack(&x, 0)?, Tensor::stack(&y, 0)?))
}

#[allow(dead_code)]
fn train_and_test(series: &Tensor, back: usize, ahead: usize) -> Result<(Tensor, Tensor, Tensor, Tensor)> {
    let (x, y) = process_data(series, back, ahead)?;
    let size = (x.dims()[0] as f64 * 0.9) as usize;
    Ok((x.i(..size)?, y.i(..size)?, x.i(size..)?, y.i(size..)?))
}

#[allow(dead_code)]
fn smooth_curve(points: &[f64], factor: f64) -> Vec<f64> {
    let mut smoothed_points = Vec::<f64>::new();
    for &point in points {
        if !smoothed_points.is_empty() {
            let previous = smoothed_points[smoothed_points.len() - 1];
            smoothed_points.push(previous * factor + point * (1.0 - factor));
        } else {
            smoothed_points.push(point);
        }
    }
    smoothed_points
}

#[allow(dead_code)]
fn bag_of_words(words: &[String], vocabulary: &[String]) -> Result<Tensor> {
    let mut bag = [0].repeat(vocabulary.len());
    for word in words {
        for (index, known) in vocabulary.iter().enumerate() {
            if *known == word.to_lowercase() {
                bag[index] = 1;
            }
        }
    }
    Ok(Tensor::from_iter(bag.iter().map(|&x| x as i64), &Device::Cpu)?)
}

#[allow(dead_code)]
fn one_hot(categories: &[&'static str], category: &str) -> Result<Vec<usize>> {
    let mut encoding = [0].repeat(categories.len());
    if categories.iter().any(|text| *text == category) {
        encoding[categories.iter().position(|text| *text == category).ok_or_else(|| Error::new("it is not in the list"))?] = 1;
    }
    Ok(encoding)
}

#[allow(dead_code)]
fn category_of(name: &str) -> Result<Vec<usize>> {
    Ok(one_hot(&vec!["red", "green", "blue"], name)?)
}

#[allow(dead_code)]
fn path_of_run(folder: &str, name: &str) -> Result<PathBuf> {
    python::files::makedirs(folder)?;
    Ok(Path::new(folder).join(&format!("{}{}", name, ".png")))
}

#[allow(dead_code)]
fn build_larger_model(width: usize, classes: usize) -> Result<Sequential> {
    return Ok(Sequential::new(layers![
        Dense::new(width).activation("relu"),
        Dense::new(classes).activation("softmax"),
    ]));
}

#[allow(dead_code)]
fn save_under(model: &Model, name: &str) -> Result<()> {
    model.save(&format!("{}{}", name, ".keras"))?;
    println!("saved as {name}");
    Ok(())
}

#[allow(dead_code)]
fn plot_metric(history: &History, metric: &str, title: &str, has_valid: bool) -> Result<()> {
    pyplot::plot_y(&history[metric], ())?;
    if has_valid {
        pyplot::plot_y(&history[&format!("{}{}", "val_", metric)], ())?;
    }
    pyplot::title(title.to_string());
    pyplot::xlabel("epoch");
    pyplot::savefig(&format!("{}{}", title, ".svg"))?;
    Ok(())
}

/// Windows of a series, one after the other.
#[allow(dead_code)]
#[derive(Clone)]
struct Batches {
    data: Tensor,
    num_steps: usize,
    batch_size: usize,
    skip_step: usize,
    current: usize,
}

#[allow(dead_code)]
impl Batches {
    fn new(data: &Tensor, num_steps: usize, batch_size: usize, skip_step: usize) -> Self {
        let data_ = data.clone();
        let current = 0;
        Self { data: data_, num_steps, batch_size, skip_step, current }
    }

    #[allow(dead_code)]
    fn next_batch(&mut self) -> Result<Array2<f64>> {
        let mut x = Array2::<f64>::zeros((self.batch_size, self.num_steps));
        for i in 0..self.batch_size {
            if self.current + self.num_steps >= self.data.dim(0)? {
                self.current = 0;
            }
            {
                let mut part_2 = x.slice_mut(s![i, ..]);
                let numbers = self.data.i(self.current..usize::min(self.current + self.num_steps, self.data.dim(0)?))?.to_dtype(DType::F64)?.broadcast_as(part_2.shape())?.flatten_all()?.to_vec1::<f64>()?;
                for (element, number) in part_2.iter_mut().zip(numbers) {
                    *element = number;
                }
            }
            self.current += self.skip_step;
        }
        Ok(x)
    }
}

fn last_values(history: &History, names: &[&'static str]) -> Result<()> {
    for &name in names {
        println!("{name} {:?}", python::round(history[name][history[name].len() - 1], 4));
    }
    Ok(())
}

fn running_best(values: &[f64]) -> Vec<Vec<f64>> {
    let mut bests = (0..2).map(|_| vec![0.0]).collect::<Vec<Vec<f64>>>();
    for i in 1..values.len() {
        let item = f64::max(bests[0][i - 1], values[i]);
        bests[0].push(item);
        let item = bests[1][i - 1];
        bests[1].push(item);
    }
    bests
}

fn draw_moons(points: &Tensor, to_show: usize, num_col: usize) -> Result<usize> {
    let num_row = if to_show / num_col != 0 { to_show / num_col } else { 1 };
    let axes = pyplot::subplots(num_row, num_col, pyplot::Figure::new().figsize(4.0, 4.0))?;
    for i in 0..num_row * num_col {
        let ax;
        if num_row == 1 {
            ax = axes[0][i % num_col];
        } else {
            ax = axes[i / num_col][i % num_col];
        }
        ax.plot(&points.i((usize::min(i * 10, points.dim(0)?)..usize::min((i + 1) * 10, points.dim(0)?), 0))?, &points.i((usize::min(i * 10, points.dim(0)?)..usize::min((i + 1) * 10, points.dim(0)?), 1))?, ())?;
        ax.set_title(format!("part {i}"));
    }
    pyplot::savefig("moons.svg")?;
    Ok(num_row)
}
