// Ported from numpy_copies.py.
// Arrays that change where they are, and arrays that are new.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python};
use ndarray::Array1;
use ndarray::Array2;
use ndarray::Slice;
use ndarray::s;

fn main() -> Result<()> {
    // -- a function that scales its own copy -----------------------------------

    let pixels = Tensor::new(&[[0_i64, 255], [51, 102]], &Device::Cpu)?;
    let scaled = preprocess(&pixels)?;
    println!("{} {}", numpy::array_str(&pixels)?, numpy::array_str(&scaled)?);

    // -- a function that changes what it gets; the result has the same name ----

    let series = Tensor::new(&[1.0_f64, 2.0, 6.0], &Device::Cpu)?;
    let series = centred(&series)?;
    println!("{}", numpy::array_str(&series)?);

    // -- parts that do not overlap ------------------------------------------------
    let table = (ops::arange(0.0, 12.0, 1.0, "int64")?.reshape((6, 2))?.to_dtype(DType::F64)? * 1.0)?;
    let n_train = 4;
    let (mut train, mut test) = (table.i(..n_train)?, table.i(n_train..)?);
    let (mean, std) = (ops::mean(&train, 0)?, ops::std(&train, 0)?);
    train = ops::subtract(&train, &mean)?;
    train = ops::divide(&train, &std)?;
    test = ops::subtract(&test, &mean)?;
    test = ops::divide(&test, &std)?;
    println!("{} {}", numpy::array_str(&train)?, numpy::array_str(&test)?);

    // -- copies that change alone -----------------------------------------------------
    let first = Tensor::zeros(4, DType::F64, &Device::Cpu)?;
    let mut second = numpy::to_ndarray::<f64>(&first.copy()?)?;
    numpy::part_mut(&mut second, &[1])?.fill(5.0);
    let place0 = second.shape()[0] - 1;
    {
        let mut part = second.slice_each_axis_mut(|axis| match axis.axis.index() { 0 => Slice::from(place0..place0 + 1), _ => Slice::from(..) });
        part += 2.0;
    }
    {
        let mut part = second.slice_each_axis_mut(|axis| match axis.axis.index() { 0 => Slice::from(..2), _ => Slice::from(..) });
        part *= 3.0;
    }
    println!("{} {}", numpy::array_str(&first)?, numpy::array_str(&second.to_tensor()?)?);

    let mut history = vec![];
    let mut weights = Tensor::zeros(2, DType::F64, &Device::Cpu)?;
    for i in 0..3 {
        weights = (&weights + (i as f64 + 0.5))?;
        history.push(weights.copy()?);
    }
    println!("{} {}", numpy::array_str(&Tensor::stack(&history, 0)?)?, numpy::array_str(&weights)?);

    let mut rows = vec![];
    let mut row = Tensor::ones(3, DType::F64, &Device::Cpu)?;
    for i in 0..3 {
        row = (&row * (i + 1) as f64)?;
        rows.push(row.clone());
    }
    println!("{}", numpy::array_str(&Tensor::stack(&rows, 0)?)?);

    // -- elements, rows and places ------------------------------------------------------
    let mut grid = Array2::<f64>::zeros((3, 4));
    grid[[0, 1]] = 5.0;
    {
        let mut part = grid.slice_mut(s![1, ..]);
        let numbers = Tensor::new(&[1_i64, 2, 3, 4], &Device::Cpu)?.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element = number;
        }
    }
    grid.slice_mut(s![.., 2]).fill(7.0);
    let number = grid[[1, 0]];
    {
        let mut part = grid.slice_mut(s![2, ..2]);
        part += number;
    }
    grid.slice_mut(s![-1, -1]).fill(-1.0);
    println!("{} {} {}", numpy::array_str(&grid.to_tensor()?)?, numpy::array_str(&ops::sum(&grid.to_tensor()?, 0)?)?, numpy::array_str(&numpy::compress(&grid.to_tensor()?, &ops::greater(&grid.to_tensor()?, &Tensor::new(4_i64, &Device::Cpu)?)?)?)?);
    {
        let values = grid.to_tensor()?.i(1)?;
        let mut part = grid.slice_mut(s![0, ..]);
        let numbers = values.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element = number;
        }
    }
    {
        let values = grid.to_tensor()?.i(2)?;
        let mut part = grid.slice_mut(s![0, ..]);
        let numbers = values.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element += number;
        }
    }
    println!("{}", numpy::array_str(&grid.to_tensor()?)?);

    let mut around = Array1::<f64>::zeros(5);
    for i in -2..3 {
        let place0 = python::place(i, around.shape()[0])?;
        around[[place0]] += i as f64;
    }
    println!("{}", numpy::array_str(&around.to_tensor()?)?);

    let mut clipped = numpy::to_ndarray::<f64>(&Tensor::new(&[1.0_f64, -2.0, 3.0], &Device::Cpu)?)?;
    let chosen = ops::less(&clipped.to_tensor()?, &Tensor::new(0_i64, &Device::Cpu)?)?.flatten_all()?.to_dtype(DType::U8)?.to_vec1::<u8>()?;
    for (element, is_chosen) in clipped.iter_mut().zip(chosen) {
        if is_chosen != 0 {
            *element = 0.0;
        }
    }
    println!("{}", numpy::array_str(&clipped.to_tensor()?)?);

    let labels = Tensor::new(&[0_i64, 2, 1], &Device::Cpu)?;
    let mut one_hot = Array2::<f64>::zeros((3, 3));
    for (row, column) in ops::arange(0.0, 3.0, 1.0, "int64")?.to_dtype(DType::I64)?.to_vec1::<i64>()?.into_iter().zip(labels.to_dtype(DType::I64)?.to_vec1::<i64>()?) {
        one_hot[[row as usize, column as usize]] = 1.0;
    }
    println!("{}", numpy::array_str(&one_hot.to_tensor()?)?);

    let mut confusion = Array2::<i64>::zeros((2, 2));
    for (truth, guess) in [0, 1, 1, 0].into_iter().zip([0, 1, 0, 0]) {
        confusion[[truth, guess]] += 1;
    }
    println!("{} {}", numpy::array_str(&confusion.to_tensor()?)?, numpy::array_str(&ops::sum(&confusion.to_tensor()?, 1)?)?);

    // -- the order of a shuffle stays ------------------------------------------------------
    numpy::random::seed(0);
    let mut order = ops::arange(0.0, 6.0, 1.0, "int64")?;
    for _epoch in 0..3 {
        order = numpy::random::shuffle_rows(&order)?;
        println!("{}", numpy::array_str(&order)?);
    }
    println!("{} {}", numpy::array_str(&order)?, numpy::array_str(&ops::take(&ops::arange(0.0, 6.0, 1.0, "int64")?, &order, 0)?)?);
    Ok(())
}

fn preprocess(images: &Tensor) -> Result<Tensor> {
    let mut images = images.to_dtype(DType::F32)?;
    images = numpy::divide(&images, 255.0)?;
    images = (&images - 0.5)?;
    Ok(images)
}

fn centred(x: &Tensor) -> Result<Tensor> {
    let mut x = x.clone();
    x = (&x - ops::mean(&x, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)?;
    Ok(x)
}
