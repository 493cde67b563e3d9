//! Lookup of rows in a table, with a gradient that is rows as well.

use crate::cores;
use crate::host::{view, with_float};
use crate::lengths;
use crate::tape::{Value, record_lookup};
use crate::{Error, Float, Result};
use candle_core::{DType, Tensor};

/// The rows `ids` of `table`. Under a [`Tape`](crate::Tape) their gradient is rows ([`Gradients::of`](crate::Gradients::of)), never a tensor of the table's size; under candle's own
/// `backward` it is such a tensor.
///
/// `table` must be a variable, or detached: a table that is itself computed would lose its gradient.
///
/// # Shapes
/// - `table`: `(height, width)`; `ids`: as many as `dims` says, from [`host_ids`]
/// - the result: `dims`, then `width`
///
/// # Errors
/// If an id is not a row of the table.
pub fn embedding_lookup(table: &Tensor, ids: Vec<u32>, dims: &[usize]) -> Result<Tensor> {
    let (height, width) = table.dims2()?;
    if table.track_op() && !table.is_variable() {
        return Err(
            Error::new("embedding_lookup needs a variable as its table").help("use gather for a computed table")
        );
    }
    lengths::check([table])?;
    if lengths::elements(dims)? != ids.len() {
        return Err(Error::new("the ids of a lookup do not have its shape")
            .expected(format!("as many ids as the shape {dims:?} says"))
            .received(format!("{} ids", ids.len())));
    }
    let dims = [dims, &[width]].concat();
    lengths::allocated(&dims, table.dtype())?;
    let value = match table.dtype() {
        DType::F32 | DType::F64 if table.device().is_cpu() && table.is_contiguous() => {
            with_float!(table, T => Value::new(gathered(&ids, &view::<T>(table)?, height, width)?, dims)?)
        }
        _ => {
            let rows = Tensor::from_slice(&ids, ids.len(), table.device())?;
            Value::Tensor(table.detach().index_select(&rows, 0)?.reshape(dims)?)
        }
    };
    Ok(record_lookup(table, ids, value)?)
}

fn gathered<T: Float>(ids: &[u32], table: &[T], height: usize, width: usize) -> candle_core::Result<Vec<T>> {
    if let Some(id) = ids.iter().find(|id| **id as usize >= height) {
        candle_core::bail!("row {id} of a table of {height} rows")
    }
    let length = ids.len() * width;
    Ok(cores::fill_chunks(length, cores::chunk_len(length, width, 1), |from, chunk| {
        let from = from / width.max(1);
        for &id in &ids[from..from + chunk.remaining() / width.max(1)] {
            chunk.copy(&table[id as usize * width..][..width]);
        }
    }))
}

/// The ids as integers on the host, all of them below `limit`.
///
/// # Errors
/// The first id that is not a whole number from 0 to `limit`, with its position. Keras truncates fractions.
pub fn host_ids(ids: &Tensor, limit: usize) -> Result<Vec<u32>> {
    checked_ids(ids, limit, || {
        Error::new("an id must be a whole number below input_dim, and not negative")
            .expected(format!("0..{limit}"))
            .help("input_dim is the size of the vocabulary, the ids for padding and unknown words included")
    })
}

/// As [`host_ids`], for ids that are not those of an Embedding.
///
/// # Errors
/// `wrong`, with the first id that is not a whole number from 0 to `limit` and its position.
pub fn checked_ids(ids: &Tensor, limit: usize, wrong: impl Fn() -> Error) -> Result<Vec<u32>> {
    lengths::check([ids])?;
    let flat = ids.flatten_all()?;
    let limit = limit.min(u32::MAX as usize);
    // Each dtype is read without a cast: a cast to u32 would silently turn -1 into 0 or into a huge id.
    match ids.dtype() {
        DType::U32 => checked(ids, flat.to_vec1::<u32>()?, |x| ((x as usize) < limit).then_some(x), wrong),
        DType::I64 | DType::I32 | DType::I16 | DType::U8 => {
            let whole = flat.to_dtype(DType::I64)?.to_vec1::<i64>()?;
            checked(ids, whole, |x| (0..limit as i64).contains(&x).then_some(x as u32), wrong)
        }
        _ => {
            let real = flat.to_dtype(DType::F64)?.to_vec1::<f64>()?;
            let is_id = |x: f64| x >= 0.0 && x < limit as f64 && x.fract() == 0.0;
            checked(ids, real, |x| is_id(x).then_some(x as u32), wrong)
        }
    }
}

fn checked<T: Copy + std::fmt::Display>(
    ids: &Tensor,
    values: Vec<T>,
    id: impl Fn(T) -> Option<u32>,
    wrong: impl Fn() -> Error,
) -> Result<Vec<u32>> {
    let mut checked = Vec::with_capacity(values.len());
    for (i, &value) in values.iter().enumerate() {
        match id(value) {
            Some(id) => checked.push(id),
            None => {
                let at = position(i, ids.dims());
                let error = wrong().received(format!("{value} at {at:?}"));
                return Err(match (at.first(), ids.dims().first()) {
                    (Some(&sample), Some(&size)) => error.at_sample(sample, size),
                    _ => error,
                });
            }
        }
    }
    Ok(checked)
}

/// The index in each dimension of the `flat`-th element of an array with these dimensions.
pub fn position(mut flat: usize, dims: &[usize]) -> Vec<usize> {
    let mut position = vec![0; dims.len()];
    for (index, &size) in position.iter_mut().zip(dims).rev() {
        (*index, flat) = (flat % size.max(1), flat / size.max(1));
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gradient, RowIndices, Tape};
    use candle_core::{Device, Var};

    fn table() -> Var {
        Var::from_vec((0..8).map(|x| x as f32).collect::<Vec<_>>(), (4, 2), &Device::Cpu).unwrap()
    }

    fn lookup(table: &Var, ids: &Tensor) -> Result<Tensor> {
        embedding_lookup(table, host_ids(ids, table.dim(0)?)?, ids.dims())
    }

    #[test]
    fn gradients_that_nobody_took_are_not_in_the_next() {
        let (table, ids, places) = (table(), Tensor::new(&[1u32, 3, 1], &Device::Cpu).unwrap(), RowIndices::default());
        let backward = || {
            let tape = Tape::start();
            tape.backward(&lookup(&table, &ids).unwrap().sum_all().unwrap()).unwrap()
        };
        drop(backward());
        let gradient = backward().of(&table, &places).unwrap().unwrap().to_dense(&table).unwrap();
        assert_eq!(gradient.to_vec2::<f32>().unwrap(), [[0., 0.], [2., 2.], [0., 0.], [1., 1.]]);
    }

    #[test]
    fn an_id_is_a_whole_number_in_range() {
        let error = |ids: [f32; 4]| host_ids(&Tensor::new(&ids, &Device::Cpu).unwrap().reshape((2, 2)).unwrap(), 4);
        assert_eq!(error([0.0, 3.0, -0.0, 1.0]).unwrap(), [0, 3, 0, 1]);
        for wrong in [0.5, -0.5, -1.0, 4.0, f32::NAN, f32::INFINITY] {
            let error = error([0.0, 1.0, wrong, 9.0]).unwrap_err().in_data(2, |i| Some(format!("sample {}", 7 + i)));
            let expected = format!("expected: 0..4\n  received: {wrong} at [1, 0] of the batch: sample 8\n");
            assert!(error.to_string().contains(&expected), "{error}");
        }
    }

    #[test]
    fn ids_of_any_numeric_dtype_give_rows() {
        let table = table();
        let ids = Tensor::new(&[[3u32, 0], [1, 1]], &Device::Cpu).unwrap();
        for dtype in [DType::U32, DType::I64, DType::I32, DType::U8, DType::F32, DType::F64] {
            let rows = lookup(&table, &ids.to_dtype(dtype).unwrap()).unwrap();
            assert_eq!(rows.to_vec3::<f32>().unwrap(), [[[6., 7.], [0., 1.]], [[2., 3.], [2., 3.]]]);
        }
    }

    #[test]
    fn the_gradient_is_rows_summed_over_lookups_and_equals_a_dense_one() {
        let table = table();
        let ids = Tensor::new(&[3u32, 0, 3], &Device::Cpu).unwrap();
        let one = ids.get(0).unwrap().unsqueeze(0).unwrap();
        let sum = |x: Tensor, y: Tensor| (x.sqr()? * 3.0)?.sum_all()? + y.exp()?.sum_all()?;
        let loss = |x, y| sum(x, y).unwrap();
        let rows = || {
            let tape = Tape::start();
            let gradients = tape.backward(&loss(lookup(&table, &ids).unwrap(), lookup(&table, &one).unwrap())).unwrap();
            assert!(gradients.get(&table).is_none());
            gradients.of(&table, &RowIndices::default()).unwrap().unwrap()
        };
        // A backward pass whose gradients are dropped leaves no state.
        _ = rows();
        let gradient = rows();
        let Gradient::Rows(found) = &gradient else { panic!("expected rows") };
        assert_eq!(found.ids(), [3, 0]);
        let plain = |ids: &Tensor| table.index_select(ids, 0).unwrap();
        let expected =
            loss(plain(&ids), plain(&one)).backward().unwrap().get(&table).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(gradient.to_dense(&table).unwrap().to_vec2::<f32>().unwrap(), expected);
        let candles = loss(lookup(&table, &ids).unwrap(), lookup(&table, &one).unwrap()).backward().unwrap();
        assert_eq!(candles.get(&table).unwrap().to_vec2::<f32>().unwrap(), expected);
    }

    #[test]
    fn a_bad_id_is_named_with_its_position() {
        let lookup = |ids: Tensor| lookup(&table(), &ids).unwrap_err().to_string();
        let error = lookup(Tensor::new(&[[0u32, 1], [2, 4]], &Device::Cpu).unwrap());
        assert!(error.contains("expected: 0..4\n  received: 4 at [1, 1]"), "{error}");
        assert!(lookup(Tensor::new(&[0i64, -1], &Device::Cpu).unwrap()).contains("received: -1 at [1]"));
        assert!(lookup(Tensor::new(&[f32::NAN], &Device::Cpu).unwrap()).contains("received: NaN at [0]"));
    }
}
