// Ported from whole_numbers.py.
// Arithmetic of masks, bytes and whole numbers beside numbers, and quotients that are exact.

use candle_keras::candle_core::IndexOp;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops};

fn main() -> Result<()> {
    // Truth values count as 0 and 1.
    let x = Tensor::new(&[-1.0_f64, 2.0, 3.0], &Device::Cpu)?;
    let positive = x.gt(0.0)?;
    println!("{} {} {} {} {}", numpy::array_str(&(1.0 - positive.to_dtype(DType::I64)?)?)?, numpy::array_str(&numpy::subtract(&(positive.to_dtype(DType::I64)? * 2.0)?, 1)?)?, numpy::array_str(&(positive.to_dtype(DType::I64)? * -1.0)?)?, numpy::array_str(&(positive.to_dtype(DType::I64)? * 300.0)?)?, numpy::array_str(&numpy::subtract(&(2.0 * x.gt(0.0)?.to_dtype(DType::I64)?)?, 1)?)?);
    println!("{} {} {} {} {}", numpy::array_str(&(positive.to_dtype(DType::F64)? / 2.0)?)?, numpy::array_str(&(&(positive.to_dtype(DType::F64)? * 1.0)? - 0.5)?)?, numpy::array_str(&ops::multiply(&positive.to_dtype(DType::I64)?, &x)?)?, positive.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize as i64 - 5, numpy::array_str(&positive.to_dtype(DType::I64)?)?);
    println!("{} {} {}", numpy::array_str(&numpy::subtract(&(&x.gt(0.0)?.to_dtype(DType::I64)? * 2.0)?, 1)?)?, numpy::array_str(&numpy::subtract(1, &x.gt(0.0)?.to_dtype(DType::U8)?)?)?, numpy::array_str(&numpy::negative(&x.gt(0.0)?.to_dtype(DType::I64)?)?)?);
    println!("{} {}", numpy::mask_str(&ops::any(&x.reshape((3, 1))?.gt(2.0)?, 1)?)?, numpy::mask_str(&ops::all(&x.reshape((1, 3))?.gt(0.0)?, 1)?)?);

    // Bytes begin again at 0 behind 255.
    let mut image = Tensor::new(&[[0_i64, 100], [200, 255]], &Device::Cpu)?.to_dtype(DType::U8)?;
    let inverted = numpy::subtract(255, &image)?;
    println!("{} {} {} {} {} {}", numpy::array_str(&inverted)?, numpy::array_str(&numpy::divide(&numpy::subtract(255, &image)?, 255.0)?)?, numpy::array_str(&numpy::subtract(&image, 1)?)?, numpy::array_str(&numpy::multiply(&image, 2)?)?, numpy::array_str(&numpy::add(&image, 100)?)?, numpy::array_str(&numpy::negative(&image)?)?);
    println!("{} {} {} {} {} {}", numpy::array_str(&(&numpy::divide(&image, 127.5)? - 1.0)?)?, numpy::array_str(&(image.to_dtype(DType::F64)? * 0.5)?)?, numpy::array_str(&(255.0 - image.to_dtype(DType::F64)?)?)?, numpy::array_str(&numpy::floor_divide(&image, 3)?)?, numpy::array_str(&numpy::mod_(&image, 7)?)?, numpy::array_str(&ops::square(&image)?)?);
    println!("{} {} {}", numpy::array_str(&numpy::divide(&image.to_dtype(DType::F32)?, 255)?)?, numpy::array_str(&(255.0 - &image.to_dtype(DType::I64)?)?)?, numpy::array_str(&(ops::greater(&image, &Tensor::new(128_i64, &Device::Cpu)?)?.to_dtype(DType::I64)? * 255.0)?)?);
    image = numpy::add(&image, 100)?;
    println!("{}", numpy::array_str(&image)?);

    // Quotients are not products with reciprocals.
    let steps = ops::arange(0.0, 500.0, 49.0, "float64")?;
    println!("{} {} {}", numpy::array_str(&numpy::divide(&steps, 49)?.to_dtype(DType::I64)?)?, numpy::array_str(&ops::floor(&numpy::divide(&steps, 49)?)?)?, numpy::array_str(&ops::mod_(&numpy::divide(&steps, 49)?, &Tensor::new(1_i64, &Device::Cpu)?)?)?);
    println!("{} {} {:?} {:?}", if ops::mean(&Tensor::ones(49, DType::F64, &Device::Cpu)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? == 1.0 { "True" } else { "False" }, if ops::mean(&ops::greater_equal(&ops::arange(0.0, 49.0, 1.0, "int64")?, &Tensor::new(0_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? == 1.0 { "True" } else { "False" }, ops::mean(&Tensor::new(&[1_i64, 2, 4], &Device::Cpu)?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::std(&Tensor::new(&[1_i64, 2, 4], &Device::Cpu)?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("{} {}", numpy::mask_str(&ops::mean(&Tensor::ones((49, 2), DType::F64, &Device::Cpu)?, 0)?.eq(1.0)?)?, numpy::array_str(&(&numpy::divide(49.0, &Tensor::new(&[49.0_f64, 98.0], &Device::Cpu)?)? * 2.0)?)?);
    let mut scores = Tensor::new(&[10.0_f64, 49.0], &Device::Cpu)?;
    scores = numpy::divide(&scores, 49)?;
    println!("{} {} {}", numpy::mask_str(&scores.i(1)?.eq(1.0)?)?, scores.i(1)?.to_dtype(DType::I64)?.to_scalar::<i64>()?, if ops::max(&scores, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? == 1.0 { "True" } else { "False" });

    // Rows, as TensorFlow gathers them.
    let table = ops::arange(0.0, 12.0, 1.0, "float64")?.reshape((6, 2))?;
    println!("{} {}", numpy::array_str(&ops::take(&table, &Tensor::new(&[3_i64, 1], &Device::Cpu)?, 0)?)?, numpy::array_str(&ops::take(&Tensor::new(&[5_i64, 6, 7], &Device::Cpu)?.to_dtype(DType::I32)?, &Tensor::new(&[2_i64, 0], &Device::Cpu)?, 0)?)?);

    // Whole numbers stay whole beside whole numbers.
    let n = Tensor::new(&[7_i64, -8, 9], &Device::Cpu)?.to_dtype(DType::I32)?;
    println!("{} {} {} {}", numpy::array_str(&ops::floor_divide(&n, &Tensor::new(2_i32, &Device::Cpu)?)?)?, numpy::array_str(&ops::maximum(&n, &Tensor::new(0_i32, &Device::Cpu)?)?)?, numpy::array_str(&ops::power(&n, &Tensor::new(2_i32, &Device::Cpu)?)?)?, numpy::array_str(&ops::mod_(&n, &Tensor::new(4_i32, &Device::Cpu)?)?)?);
    let t = Tensor::new(&[3_i64, 5, 8], &Device::Cpu)?.to_dtype(DType::I32)?;
    println!("{} {} {} {}", numpy::array_str(&ops::floor_divide(&t, &Tensor::new(2_i32, &Device::Cpu)?)?)?, numpy::array_str(&ops::maximum(&t, &Tensor::new(4_i32, &Device::Cpu)?)?)?, numpy::array_str(&ops::divide(&t.to_dtype(DType::F64)?, &Tensor::new(3.0_f32, &Device::Cpu)?)?)?, numpy::array_str(&ops::sum(&t, ())?)?);
    println!("{} {} {}", numpy::mask_str(&ops::equal(&t, &Tensor::new(5.0_f32, &Device::Cpu)?)?)?, numpy::mask_str(&ops::logical_not(&ops::greater(&n, &Tensor::new(8.0_f32, &Device::Cpu)?)?)?)?, numpy::mask_str(&ops::any(&ops::greater(&n, &Tensor::new(8.0_f32, &Device::Cpu)?)?, ())?)?);
    let guesses = Tensor::new(&[[0.1_f64, 0.7, 0.2], [0.5, 0.3, 0.2]], &Device::Cpu)?.to_dtype(DType::F32)?;
    println!("{} {}", numpy::mask_str(&ops::in_top_k(&Tensor::new(&[2_i64, 0], &Device::Cpu)?, &guesses, 1)?)?, numpy::array_str(&ops::mean(&ops::cast(&ops::equal(&t, &Tensor::new(5.0_f32, &Device::Cpu)?)?, "float32")?, ())?)?);

    // Lists of lists.
    let grid = Tensor::new(&[[1.0_f64, 2.5], [3.0, 1e-7]], &Device::Cpu)?;
    println!("{} {} {}", numpy::tolist_str(&grid)?, numpy::tolist_str(&numpy::subtract(255, &image)?)?, numpy::tolist_str(&ops::arange(0.0, 3.0, 1.0, "int64")?)?);
    Ok(())
}
