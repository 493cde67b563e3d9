// Ported from chosen.py.
// Comprehensions whose conditions compute with arrays.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops};
use indexmap::IndexMap;
use std::collections::BTreeSet;

fn main() -> Result<()> {
    let x = Tensor::new(&[[1.0_f64, 2.0], [3.0, 4.0], [0.5, 0.25]], &Device::Cpu)?;
    let order = ops::argsort(&Tensor::new(&[0.3_f64, 0.1, 0.9, 0.5], &Device::Cpu)?, -1)?;
    let seen = BTreeSet::from([1, 3]);

    // Items that a user has not seen, the best first.
    println!("{:?}", numpy::rows(&order)?.into_iter().map(|item| Ok::<_, Error>(if !seen.contains(&(item.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize)) { Some(item.to_dtype(DType::I64)?.to_scalar::<i64>()?) } else { None })).filter_map(Result::transpose).collect::<Result<Vec<i64>>>()?);
    println!("{:?}", (0..3).map(|i| Ok::<_, Error>(if ops::sum(&x.i(i)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? > 2.0 { Some(i) } else { None })).filter_map(Result::transpose).collect::<Result<Vec<usize>>>()?);
    let rows = numpy::rows(&x)?.into_iter().map(|row| Ok::<_, Error>(if row.i(0)?.gt(0.75)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 { Some(ops::sum(&row, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?) } else { None })).filter_map(Result::transpose).collect::<Result<Vec<f64>>>()?;
    println!("{} {:?} {:?}", rows.len(), rows[0], rows[1]);
    println!("{}", numpy::rows(&x)?.into_iter().map(|row| Ok::<_, Error>(if ops::max(&row, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? > 1.0 { Some(1) } else { None })).filter_map(Result::transpose).collect::<Result<Vec<usize>>>()?.into_iter().sum::<usize>());
    println!("{:?}", [1, 2, 3].into_iter().map(|n| Ok::<_, Error>(if ops::greater(&Tensor::new(&[1_i64, 2, 3], &Device::Cpu)?.i(n - 1)?, &Tensor::new(1_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 { Some(n) } else { None })).filter_map(Result::transpose).collect::<Result<Vec<usize>>>()?);

    let names = vec!["first", "second", "third"];
    println!("{:?}", names.iter().zip(numpy::rows(&x)?).map(|(&name, row)| Ok::<_, Error>(if ops::mean(&row, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? < 2.0 { Some(name) } else { None })).filter_map(Result::transpose).collect::<Result<Vec<&'static str>>>()?);
    println!("{:?}", numpy::rows(&x)?.into_iter().enumerate().map(|(i, row)| Ok::<_, Error>(if ops::mean(&row, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? > 1.0 && i > 0 { Some(i) } else { None })).filter_map(Result::transpose).collect::<Result<Vec<usize>>>()?);
    let means = names.iter().zip(numpy::rows(&x)?).map(|(&name, row)| Ok::<_, Error>(if ops::sum(&row, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? > 1.0 { Some((name, ops::mean(&row, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)) } else { None })).filter_map(Result::transpose).collect::<Result<IndexMap<&'static str, f64>>>()?;
    println!("{:?} {:?} {}", means["first"], means["second"], means.len());
    println!("{} {}", if numpy::rows(&x)?.into_iter().map(|row| Ok::<_, Error>(ops::sum(&row, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? > 6.0)).collect::<Result<Vec<bool>>>()?.into_iter().any(|x| x) { "True" } else { "False" }, if numpy::rows(&x)?.into_iter().map(|row| Ok::<_, Error>(ops::sum(&row, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? > 6.0)).collect::<Result<Vec<bool>>>()?.into_iter().all(|x| x) { "True" } else { "False" });
    println!("{:?}", names.iter().filter(|&&name| !name.contains("?")).map(|&name| name).collect::<Vec<&'static str>>());

    let model = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(3).activation("tanh"),
        Dense::new(1),
    ]);
    let predictions = model.predict_with(&x, Predict::new().verbose(0))?;
    println!("{}", numpy::array_str(&predictions)?);
    println!("{}", (0..3).map(|i| Ok::<_, Error>(if ops::abs(&predictions.i((i, 0))?)?.ge(0.0)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 { Some(i) } else { None })).filter_map(Result::transpose).collect::<Result<Vec<usize>>>()?.len());
    for layer in model.layers() {
        println!("{} {:?}", layer.layer_name(), layer.get_weights()?.into_iter().map(|weight| weight.dims().to_vec()).collect::<Vec<Vec<usize>>>());
    }
    Ok(())
}
