// Ported from numpy_tour.py.
// What NumPy does around a small network: grids, masks, places, norms, and printing.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::Dense;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use ndarray::Array1;
use ndarray::Array2;
use ndarray::Array3;
use ndarray::s;

fn main() -> Result<()> {
    numpy::set_printoptions(numpy::PrintOptions::new().precision(3).suppress(true));
    numpy::random::seed(11);
    utils::set_random_seed(11);

    let eps = f64::from(f32::EPSILON);
    println!("eps {eps:?}");

    // A grid of points, and which of them are in a ring.
    let axis = ops::linspace(-1.0, 1.0, 9, true, "float64")?;
    let parts = ops::meshgrid(&[&axis, &axis], "xy")?;
    let (gx, gy) = (parts[0].clone(), parts[1].clone());
    let points = ops::stack(&[&gx.flatten_all()?, &gy.flatten_all()?], 1)?;
    let radius = ops::norm(&points, None, 1)?;
    let ring = ops::logical_and(&radius.gt(0.5)?, &radius.lt(1.0)?)?;
    println!("{:?} {} {}", points.dims(), ring.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize, numpy::array_str(&radius.i(..4)?)?);
    let parts = ops::nonzero(&ring.reshape((9, 9))?)?;
    let (rows, columns) = (parts[0].clone(), parts[1].clone());
    println!("first places {} {} {}", numpy::array_str(&rows.i(..3)?)?, numpy::array_str(&columns.i(..3)?)?, rows.dim(0)?);

    let parts = ops::meshgrid(&[&ops::arange(0.0, 3.0, 1.0, "int64")?, &ops::arange(0.0, 4.0, 1.0, "int64")?], "ij")?;
    let (ys, xs) = (parts[0].clone(), parts[1].clone());
    println!("{:?} {}", ys.dims(), numpy::array_str(&ops::add(&numpy::multiply(&ys, 10)?, &xs)?.i(2)?)?);

    // Labels that are one where the point is in the ring.
    let mut labels = Array1::<f64>::zeros(points.dim(0)?);
    let chosen = ring.flatten_all()?.to_dtype(DType::U8)?.to_vec1::<u8>()?;
    for (element, is_chosen) in labels.iter_mut().zip(chosen) {
        if is_chosen != 0 {
            *element = 1.0;
        }
    }
    let mut one_hot = Array2::<f64>::zeros((points.dim(0)?, 2));
    for (row, column) in ops::arange(0.0, points.dim(0)? as f64, 1.0, "int64")?.to_dtype(DType::I64)?.to_vec1::<i64>()?.into_iter().zip(labels.to_tensor()?.to_dtype(DType::I64)?.to_dtype(DType::I64)?.to_vec1::<i64>()?) {
        one_hot[[row as usize, column as usize]] = 1.0;
    }
    println!("{} {}", numpy::array_str(&ops::sum(&one_hot.to_tensor()?, 0)?)?, numpy::array_str(&labels.to_tensor()?.i(..5)?)?);

    let order = ops::argsort(&radius.neg()?, -1)?;
    let far = ops::take(&points, &order.i(..5)?, 0)?;
    println!("farthest {} {}", numpy::array_str(&far.i(0)?)?, numpy::array_str(&ops::take(&radius, &order, 0)?.i(..3)?)?);
    let shuffled = numpy::random::permutation(points.dim(0)?)?;
    let (points, labels) = (ops::take(&points, &shuffled, 0)?, ops::take(&labels.to_tensor()?, &shuffled, 0)?);

    // Images whose upper rows are brighter in one class.
    let mut images = Array3::<f64>::zeros((20, 6, 6));
    let kinds = Tensor::from_iter([0, 1].repeat(10).iter().map(|&x| x as i64), &Device::Cpu)?;
    let numbers = numpy::random::uniform(0.0, 0.1, images.shape())?.to_dtype(DType::F64)?.broadcast_as(images.shape())?.flatten_all()?.to_vec1::<f64>()?;
    for (element, number) in images.iter_mut().zip(numbers) {
        *element += number;
    }
    for row in numpy::flatnonzero(&ops::equal(&kinds, &Tensor::new(1_i64, &Device::Cpu)?)?)?.to_vec1::<i64>()? {
        let mut part = images.slice_mut(s![row as usize, ..3, ..;2]);
        part += 1.0;
    }
    for row in numpy::flatnonzero(&ops::equal(&kinds, &Tensor::new(0_i64, &Device::Cpu)?)?)?.to_vec1::<i64>()? {
        images.slice_mut(s![row as usize, 5, ..]).fill(0.5);
    }
    println!("means {:?} {:?}", ops::mean(&numpy::compress(&images.to_tensor()?, &ops::equal(&kinds, &Tensor::new(1_i64, &Device::Cpu)?)?)?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::mean(&numpy::compress(&images.to_tensor()?, &ops::equal(&kinds, &Tensor::new(0_i64, &Device::Cpu)?)?)?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    let padded = ops::pad(&images.to_tensor()?, [[0, 0], [1, 1], [1, 1]], "constant", None)?;
    println!("{:?} {:?} {}", padded.dims(), ops::max(&ops::clip(&images.to_tensor()?, 0.05, 0.9)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, numpy::array_str(&ops::diff(&images.to_tensor()?.i((0, 0))?, 1, -1)?.i(..2)?)?);

    let steps = ops::square(&ops::cumsum(&Tensor::ones(5, DType::F64, &Device::Cpu)?, (), None)?)?;
    println!("{} {} {} {:?}", numpy::array_str(&steps)?, numpy::array_str(&ops::diff(&steps, 1, -1)?)?, numpy::array_str(&ops::median(&steps, ())?)?, numpy::percentile(&steps, 25.0, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("{:?} {}", ops::vstack(&[&steps, &ops::flip(&steps, 0)?])?.dims(), numpy::array_str(&ops::hstack(&[&steps.i(..2)?, &steps.i(3..)?])?)?);
    println!("{} {} {} {}", if numpy::array_equal(&steps, &steps)? { "True" } else { "False" }, if numpy::allclose(&steps, &(&steps + 1e-9)?, 1e-5, 1e-8)? { "True" } else { "False" }, if ops::any(&steps.gt(20.0)?, ())?.to_dtype(DType::U8)?.to_scalar::<u8>()? != 0 { "True" } else { "False" }, if ops::all(&steps.gt(0.0)?, ())?.to_dtype(DType::U8)?.to_scalar::<u8>()? != 0 { "True" } else { "False" });

    let mut rng = numpy::random::RandomState::new(3);
    let noise = rng.normal(0.0, 0.1, (4, 3))?;
    println!("{}", numpy::array_str(&noise)?);
    let mut generator = numpy::random::default_rng(Some(5));
    println!("{} {:?} {}", numpy::array_str(&generator.integers(0, 10, 5)?)?, generator.random_scalar(), numpy::array_str(&generator.normal(0.0, 1.0, 2)?)?);

    let points = jitter(&points, &mut generator, 0.01)?;

    let mut model = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(12).activation("tanh"),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile(Adam::new().learning_rate(0.02), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&points, &labels, Fit::new().epochs(6).batch_size(9).verbose(0))?;
    let p = model.predict_with(&points, Predict::new().verbose(0))?.flatten_all()?;
    let wrong = numpy::flatnonzero(&ops::not_equal(&p.gt(0.5)?, &ops::greater(&labels, &Tensor::new(0.5, &Device::Cpu)?)?)?)?;
    println!("loss {:?} wrong {}", python::round(history["loss"][history["loss"].len() - 1], 4), wrong.dim(0)?);
    println!("{} {:?}", numpy::array_str(&p.i(..4)?)?, ops::max(&ops::abs(&ops::subtract(&p, &labels)?)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}

fn jitter(x: &Tensor, rng: &mut numpy::random::Generator, scale: f64) -> Result<Tensor> {
    Ok(ops::add(x, &rng.normal(0.0, scale, x.dims())?)?)
}
