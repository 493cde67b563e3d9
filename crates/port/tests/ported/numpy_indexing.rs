// Ported from numpy_indexing.py.
// Parts of arrays: by places from both ends, by conditions, by lists, with new axes; and what comes out of them.

use candle_keras::candle_core::IndexOp;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python};

fn main() -> Result<()> {
    let a = ops::arange(0.0, 12.0, 1.0, "int64")?.reshape((3, 4))?;
    println!("{} {} {} {} {} {} {} {}", numpy::array_str(&a.i(0)?)?, numpy::array_str(&a.i(a.dim(0)? - 1)?)?, numpy::array_str(&a.i((1, 2))?)?, numpy::array_str(&a.i((a.dim(0)? - 1, a.dim(1)? - 2))?)?, numpy::array_str(&a.i((.., a.dim(1)? - 1))?)?, numpy::array_str(&a.i((1.., 1..3))?)?, numpy::array_str(&a.i(a.dim(0)? - 2..)?)?, numpy::array_str(&a.i((.., ..a.dim(1)? - 1))?)?);
    println!("{} {} {:?} {} {}", numpy::array_str(&a.index_select(&Tensor::from_iter((0..a.dim(0)?).step_by(2).map(|i| i as u32), &Device::Cpu)?, 0)?)?, numpy::array_str(&ops::flip(&a, 0)?)?, a.i(..2)?.dims(), numpy::array_str(&a.narrow(a.rank() - 1, 0, 1)?.squeeze(a.rank() - 1)?)?, numpy::array_str(&a.i(0)?)?);

    let v = ops::arange(0.0, 10.0, 1.0, "int64")?;
    let k = 3;
    println!("{} {} {} {} {} {} {} {}", numpy::array_str(&v.i(..k)?)?, numpy::array_str(&v.i(k..)?)?, numpy::array_str(&v.i(v.dim(0)? - k..)?)?, numpy::array_str(&v.i(..v.dim(0)? - k)?)?, numpy::array_str(&v.i(k..v.dim(0)? - k)?)?, numpy::array_str(&v.index_select(&Tensor::from_iter((0..v.dim(0)?).step_by(2).map(|i| i as u32), &Device::Cpu)?, 0)?)?, numpy::array_str(&v.index_select(&Tensor::from_iter((1..v.dim(0)?).step_by(3).map(|i| i as u32), &Device::Cpu)?, 0)?)?, numpy::array_str(&ops::flip(&v, 0)?)?);
    for i in (0..v.dim(0)?).step_by(4) {
        let batch = v.i(i..usize::min(i + 4, v.dim(0)?))?;
        println!("{} {} {}", numpy::array_str(&batch)?, batch.dim(0)?, python::repr(ops::mean(&batch.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?));
    }
    for place in -2..2 {
        println!("{place} {}", numpy::array_str(&v.i(python::place(place, v.dim(0)?)?)?)?);
    }

    // -- conditions -----------------------------------------------------------------
    let x = Tensor::new(&[1_i64, 5, 3, 8], &Device::Cpu)?;
    println!("{} {} {} {} {}", numpy::mask_str(&ops::greater(&x, &Tensor::new(2_i64, &Device::Cpu)?)?)?, numpy::mask_str(&ops::equal(&x, &Tensor::new(3_i64, &Device::Cpu)?)?)?, numpy::mask_str(&ops::logical_not(&ops::greater(&x, &Tensor::new(2_i64, &Device::Cpu)?)?)?)?, numpy::mask_str(&ops::logical_and(&ops::greater(&x, &Tensor::new(1_i64, &Device::Cpu)?)?, &ops::less(&x, &Tensor::new(8_i64, &Device::Cpu)?)?)?)?, numpy::mask_str(&ops::logical_or(&ops::equal(&x, &Tensor::new(1_i64, &Device::Cpu)?)?, &ops::equal(&x, &Tensor::new(8_i64, &Device::Cpu)?)?)?)?);
    println!("{} {} {} {}", numpy::array_str(&numpy::compress(&x, &ops::greater(&x, &Tensor::new(2_i64, &Device::Cpu)?)?)?)?, numpy::array_str(&numpy::compress(&x, &ops::equal(&numpy::mod_(&x, 2)?, &Tensor::new(1_i64, &Device::Cpu)?)?)?)?, numpy::array_str(&numpy::compress(&a, &ops::greater(&a, &Tensor::new(6_i64, &Device::Cpu)?)?)?)?, numpy::array_str(&numpy::compress(&a, &ops::greater(&a.i((.., 0))?, &Tensor::new(1_i64, &Device::Cpu)?)?)?)?);
    println!("{} {} {} {} {}", ops::greater(&x, &Tensor::new(2_i64, &Device::Cpu)?)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize, python::repr(ops::mean(&ops::greater(&x, &Tensor::new(2_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?), ops::equal(&x, &Tensor::new(5_i64, &Device::Cpu)?)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize, if ops::all(&ops::greater(&x, &Tensor::new(0_i64, &Device::Cpu)?)?, ())?.to_dtype(DType::U8)?.to_scalar::<u8>()? != 0 { "True" } else { "False" }, if ops::any(&ops::greater(&x, &Tensor::new(9_i64, &Device::Cpu)?)?, ())?.to_dtype(DType::U8)?.to_scalar::<u8>()? != 0 { "True" } else { "False" });
    let mask = Tensor::new(&[u8::from(true), u8::from(false), u8::from(true), u8::from(false)], &Device::Cpu)?;
    println!("{} {} {} {} {}", numpy::mask_str(&mask)?, numpy::array_str(&numpy::compress(&x, &mask)?)?, numpy::mask_str(&ops::logical_not(&mask)?)?, "bool", ops::dtype_name((x.to_dtype(DType::F64)? / 2.0)?.dtype()));
    println!("{} {} {}", numpy::array_str(&ops::where_(&ops::greater(&x, &Tensor::new(2_i64, &Device::Cpu)?)?, &x, &Tensor::new(0_i64, &Device::Cpu)?)?)?, numpy::array_str(&numpy::flatnonzero(&ops::greater(&x, &Tensor::new(2_i64, &Device::Cpu)?)?)?)?, numpy::array_str(&ops::where_(&ops::greater(&x, &Tensor::new(2_i64, &Device::Cpu)?)?, &Tensor::new(1.0, &Device::Cpu)?, &Tensor::new(-1.0, &Device::Cpu)?)?)?);
    println!("{} {}", numpy::mask_str(&ops::isnan(&Tensor::new(&[1.0_f64, f64::NAN], &Device::Cpu)?)?)?, numpy::array_str(&Tensor::new(&[f64::INFINITY, -1.0], &Device::Cpu)?)?);

    // -- places ---------------------------------------------------------------------------
    let order = ops::argsort(&numpy::negative(&x)?, -1)?;
    println!("{} {} {} {} {} {}", numpy::array_str(&order)?, numpy::array_str(&ops::take(&x, &order, 0)?)?, numpy::array_str(&ops::flip(&ops::argsort(&x, -1)?, 0)?)?, ops::argmax(&x.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize, ops::argmin(&x.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize, numpy::array_str(&ops::take(&a, &Tensor::new(&[0_i64, 2], &Device::Cpu)?, 0)?)?);
    let labels = Tensor::new(&[0_i64, 2, 1], &Device::Cpu)?;
    println!("{}", numpy::array_str(&ops::take(&ops::eye(3, None, 0, "float64")?, &labels, 0)?)?);

    // -- new axes and shapes ------------------------------------------------------------
    println!("{:?} {:?} {:?} {} {:?} {}", ops::expand_dims(&v, 1)?.dims(), ops::expand_dims(&v, 0)?.dims(), a.flatten_all()?.dims(), numpy::array_str(&a.reshape((2, ()))?)?, ops::transpose(&a, ())?.dims(), numpy::array_str(&a.flatten_all()?.i(5)?)?);
    println!("{:?} {} {:?}", ops::expand_dims(&a, 0)?.dims(), numpy::array_str(&a.reshape((a.dim(0)?, 2, 2))?.i(1)?)?, a.reshape((a.dims()[0], ()))?.dims());

    // -- along axes --------------------------------------------------------------------
    println!("{} {} {} {} {} {}", ops::sum(&a.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?, numpy::array_str(&ops::sum(&a, 0)?)?, numpy::array_str(&ops::mean(&a.to_dtype(DType::F64)?, 1)?)?, numpy::array_str(&ops::max(&a, 1)?)?, numpy::array_str(&ops::min(&a, 0)?)?, numpy::array_str(&ops::cumsum(&x, (), None)?)?);
    println!("{} {} {} {}", numpy::array_str(&ops::sum(&a, ops::axes(1).keepdims(true))?)?, python::repr(ops::std(&a.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?), numpy::array_str(&ops::argmax(&a, 1)?)?, numpy::array_str(&ops::median(&x, ())?)?);
    let m = Tensor::new(&[[1.0_f64, 2.0], [3.0, 6.0]], &Device::Cpu)?;
    println!("{} {} {} {}", numpy::array_str(&ops::divide(&ops::subtract(&m, &ops::mean(&m, 0)?)?, &ops::std(&m, 0)?)?)?, numpy::array_str(&ops::divide(&m, &ops::sum(&m, ops::axes(1).keepdims(true))?)?)?, numpy::array_str(&ops::matmul(&m, &m)?)?, numpy::array_str(&ops::dot(&m, &m)?)?);

    // -- integers and fractions -----------------------------------------------------
    let whole = Tensor::new(&[7_i64, -7, 8], &Device::Cpu)?;
    println!("{} {} {} {} {} {} {}", numpy::array_str(&(whole.to_dtype(DType::F64)? / 2.0)?)?, numpy::array_str(&numpy::floor_divide(&whole, 2)?)?, numpy::array_str(&numpy::mod_(&whole, 3)?)?, numpy::array_str(&ops::square(&whole)?)?, numpy::array_str(&numpy::negative(&whole)?)?, numpy::array_str(&(whole.to_dtype(DType::F64)? * 1.5)?)?, numpy::array_str(&numpy::subtract(&whole, 10)?)?);
    println!("{} {} {}", numpy::array_str(&Tensor::new(&[-1.5_f64, 2.7], &Device::Cpu)?.to_dtype(DType::I64)?)?, numpy::mask_str(&Tensor::new(&[0_i64, 2], &Device::Cpu)?.ne(&Tensor::new(&[0_i64, 2], &Device::Cpu)?.zeros_like()?)?)?, numpy::array_str(&ops::round(&Tensor::new(&[0.5_f64, 1.5, 2.5], &Device::Cpu)?, 0)?)?);

    // -- joined and repeated -----------------------------------------------------------
    println!("{} {:?} {} {} {}", numpy::array_str(&ops::concatenate(&[&x, &Tensor::new(&[9_i64], &Device::Cpu)?], 0)?)?, ops::vstack(&[&x, &x])?.dims(), numpy::array_str(&ops::stack(&[&x, &numpy::multiply(&x, 2)?], 1)?)?, numpy::array_str(&ops::tile(&x, 2)?)?, numpy::array_str(&ops::repeat(&x, 2, ())?)?);
    let parts = ops::split(&a, 2, 1)?;
    let (left, right) = (parts[0].clone(), parts[1].clone());
    println!("{} {}", numpy::array_str(&left)?, numpy::array_str(&right)?);
    Ok(())
}
