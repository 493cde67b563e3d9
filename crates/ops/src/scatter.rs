//! Parts of a tensor that are read or replaced: slices, and rows at any indices. Keras: `keras/src/ops/core.py`.
//!
//! Compositions of candle's functions whose gradients are right.

use crate::axes::resolve_axis;
use crate::lengths;
use crate::shape::{get_item, reshaped};
use crate::{Error, Index, elementwise, integers};
use candle_core::{DType, Result, Tensor, bail};
use hashbrown::HashMap;

/// What [`scatter_update`] makes of an element and its update. Keras: `reduction=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// The update. Of several for one place, the last.
    #[default]
    Replace,
    /// The sum.
    Add,
    /// The product.
    Mul,
    /// The larger.
    Max,
    /// The smaller.
    Min,
}

/// The part of `inputs` that begins at `start_indices` and has this shape. Keras: `ops.slice(inputs, start_indices, shape)`.
///
/// ```
/// use candle_keras_ops::{Device, Tensor, slice};
/// let x = Tensor::arange(0f32, 12., &Device::Cpu)?.reshape((3, 4))?;
/// assert_eq!(slice(&x, &[1, 2], &[2, 2])?.to_vec2::<f32>()?, [[6., 7.], [10., 11.]]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If it is not inside of `inputs`.
pub fn slice(inputs: &Tensor, start_indices: &[usize], shape: &[usize]) -> Result<Tensor> {
    lengths::check([inputs])?;
    check_part(inputs.dims(), start_indices, shape)?;
    let part = |(&start, &size): (&usize, &usize)| Index::Slice {
        start: Some(start as i64),
        stop: Some((start + size) as i64),
        step: None,
    };
    get_item(inputs, &start_indices.iter().zip(shape).map(part).collect::<Vec<_>>())
}

/// `inputs` with `updates` in place of the part that begins at `start_indices`. Keras: `ops.slice_update(inputs, start_indices, updates)`.
///
/// # Errors
/// If the part is not inside of `inputs`.
pub fn slice_update(inputs: &Tensor, start_indices: &[usize], updates: &Tensor) -> Result<Tensor> {
    lengths::check([inputs, updates])?;
    check_part(inputs.dims(), start_indices, updates.dims())?;
    if updates.elem_count() == 0 {
        return Ok(inputs.clone());
    }
    let updates = updates.to_dtype(inputs.dtype())?;
    let mask = Tensor::ones(updates.dims(), DType::U8, updates.device())?;
    let whole = |part: &Tensor| {
        (0..part.rank()).try_fold(part.clone(), |part, axis| {
            let (before, size) = (start_indices[axis], part.dims()[axis]);
            part.pad_with_zeros(axis, before, inputs.dims()[axis] - before - size)
        })
    };
    elementwise::where_(&whole(&mask)?, &whole(&updates)?, inputs)
}

fn check_part(dims: &[usize], start: &[usize], shape: &[usize]) -> Result<()> {
    let fits = |axis: usize| start[axis].checked_add(shape[axis]).is_some_and(|end| end <= dims[axis]);
    if start.len() != dims.len() || shape.len() != dims.len() || !(0..dims.len()).all(fits) {
        return Err(Error::new("a slice is a part of a tensor")
            .expected(format!("a part of one of shape {dims:?}"))
            .received(format!("the shape {shape:?} from {start:?} on"))
            .into());
    }
    Ok(())
}

/// The tensors of which `x` is a stack along `axis`; `num` is their number, if it is to be checked. Keras: `ops.unstack(x, num, axis)`.
///
/// # Errors
/// If there is no such axis, or another number.
pub fn unstack(x: &Tensor, num: Option<usize>, axis: i64) -> Result<Vec<Tensor>> {
    lengths::check([x])?;
    let axis = resolve_axis(axis, x.rank())?;
    let count = x.dims()[axis];
    if num.is_some_and(|num| num != count) {
        bail!("unstack: {count} tensors along axis {axis} of shape {:?}, not {}", x.dims(), num.unwrap_or_default())
    }
    let at = |i: usize| {
        let mut key = vec![Index::from(..); axis];
        key.push(Index::At(i as i64));
        get_item(x, &key)
    };
    (0..count).map(at).collect()
}

/// Zeros of this shape, to which `values` are added at `indices`. Keras: `ops.scatter(indices, values, shape)`.
///
/// # Shapes
/// - `indices`: `(..., n)`, whole numbers: where along the first `n` axes; negative ones count from the end
/// - `values`: `(...)` and the other axes of `shape`
///
/// ```
/// use candle_keras_ops::{Device, Tensor, scatter};
/// let indices = Tensor::new(&[[0u32, 1], [2, 0], [0, 1]], &Device::Cpu)?;
/// let values = Tensor::new(&[1f32, 2., 3.], &Device::Cpu)?;
/// assert_eq!(scatter(&indices, &values, &[3, 2])?.to_vec2::<f32>()?, [[0., 4.], [0., 0.], [2., 0.]]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If an index is outside of the shape, or the shapes do not fit.
pub fn scatter(indices: &Tensor, values: &Tensor, shape: &[usize]) -> Result<Tensor> {
    lengths::check([indices, values])?;
    lengths::allocated(shape, values.dtype())?;
    let rows = Rows::new(indices, values, shape)?;
    let zeros = Tensor::zeros(&rows.table(), values.dtype(), values.device())?;
    reshaped(&rows.added(&zeros, &rows.matrix(values)?)?, shape)
}

/// `inputs` with updates at `indices`, which `reduction` combines with what is there. Keras: `ops.scatter_update(inputs, indices, updates, reduction)`.
///
/// # Shapes
/// - `indices`: `(..., n)`, whole numbers: where along the first `n` axes; negative ones count from the end
/// - `updates`: `(...)` and the other axes of `inputs`
///
/// # Errors
/// If an index is outside of `inputs`, or the shapes do not fit.
pub fn scatter_update(inputs: &Tensor, indices: &Tensor, updates: &Tensor, reduction: Reduction) -> Result<Tensor> {
    lengths::check([inputs, indices, updates])?;
    let updates = &updates.to_dtype(inputs.dtype())?;
    let rows = Rows::new(indices, updates, inputs.dims())?;
    let (mut table, updates) = (reshaped(inputs, &rows.table())?, rows.matrix(updates)?);
    if reduction == Reduction::Add {
        return reshaped(&rows.added(&table, &updates)?, inputs.dims());
    }
    // Several updates of one row are made one after another.
    for (ids, of) in rows.rounds(reduction == Reduction::Replace) {
        let (ids, of) = (Tensor::new(ids, inputs.device())?, Tensor::new(of, inputs.device())?);
        let chosen = updates.index_select(&of, 0)?;
        let now = || table.index_select(&ids, 0);
        let next = match reduction {
            Reduction::Replace | Reduction::Add => chosen,
            Reduction::Mul => crate::multiply(&now()?, &chosen)?,
            Reduction::Max => crate::maximum(&now()?, &chosen)?,
            Reduction::Min => crate::minimum(&now()?, &chosen)?,
        };
        let ones = Tensor::ones(next.dims(), DType::U8, next.device())?;
        let mask = ones.zeros_like()?.narrow(0, 0, 0)?;
        let mask = Tensor::cat(&[mask, Tensor::zeros(table.dims(), DType::U8, table.device())?], 0)?;
        let mask = mask.index_add(&ids, &ones, 0)?;
        let placed = table.zeros_like()?.detach().index_add(&ids, &next, 0)?;
        table = elementwise::where_(&mask, &placed, &table)?;
    }
    reshaped(&table, inputs.dims())
}

/// The rows of a table that indices mean: the elements of a tensor, if the last axes are one.
struct Rows {
    ids: Vec<u32>,
    height: usize,
    width: usize,
}

impl Rows {
    fn new(indices: &Tensor, values: &Tensor, shape: &[usize]) -> Result<Self> {
        let error = |what: &str| {
            Error::new(format!("scatter: {what}")).received(format!(
                "indices {:?}, values {:?}, a tensor {shape:?}",
                indices.dims(),
                values.dims()
            ))
        };
        let Some((&n, places)) = indices.dims().split_last() else { return Err(error("indices are no scalar").into()) };
        if n > shape.len() || values.dims() != [places, &shape[n..]].concat() {
            return Err(error("values have the first axes of the indices and the last of the tensor").into());
        }
        if !indices.dtype().is_int() {
            bail!("scatter: indices are whole numbers, not {:?}", indices.dtype())
        }
        let (height, width) = (lengths::elements(&shape[..n])?, lengths::elements(&shape[n..])?);
        if height > u32::MAX as usize {
            return Err(error("the tensor is too large").into());
        }
        let numbers = indices.contiguous()?.flatten_all()?.to_dtype(DType::I64)?.to_vec1::<i64>()?;
        let row = |index: &[i64]| {
            index.iter().zip(shape).try_fold(0, |row, (&at, &size)| {
                Ok::<_, candle_core::Error>(row * size + crate::shape::index_of(at, size)?)
            })
        };
        // Of no indices there is one row, the whole tensor, for each place.
        let ids = match n {
            0 => vec![0; lengths::elements(places)?],
            _ => numbers.chunks_exact(n).map(|index| Ok(row(index)? as u32)).collect::<Result<_>>()?,
        };
        Ok(Self { ids, height, width })
    }

    fn table(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    fn matrix(&self, values: &Tensor) -> Result<Tensor> {
        reshaped(values, &[self.ids.len(), self.width])?.contiguous()
    }

    /// The table with these rows added.
    fn added(&self, table: &Tensor, rows: &Tensor) -> Result<Tensor> {
        if rows.elem_count() == 0 {
            return Ok(table.clone());
        }
        if integers::are_whole(&[table, rows]) {
            return integers::add_rows(table, &self.ids, rows);
        }
        table.contiguous()?.index_add(&Tensor::new(&self.ids[..], table.device())?, rows, 0)
    }

    /// Which rows are updated by which updates, such that each has one in a round; in the last round alone if `last`.
    fn rounds(&self, last: bool) -> Vec<(Vec<u32>, Vec<u32>)> {
        let mut counts: HashMap<u32, usize> = HashMap::new();
        let mut rounds: Vec<(Vec<u32>, Vec<u32>)> = Vec::new();
        if last {
            let latest: HashMap<u32, u32> = self.ids.iter().copied().zip(0..).collect();
            let round: (Vec<u32>, Vec<u32>) = latest.into_iter().unzip();
            return if round.0.is_empty() || self.width == 0 { Vec::new() } else { vec![round] };
        }
        for (id, update) in self.ids.iter().zip(0..).filter(|_| self.width > 0) {
            let count = counts.entry(*id).or_default();
            if rounds.len() == *count {
                rounds.push((Vec::new(), Vec::new()));
            }
            rounds[*count].0.push(*id);
            rounds[*count].1.push(update);
            *count += 1;
        }
        rounds
    }
}

/// The sizes of a tensor. Keras: `ops.shape(x)`.
pub fn shape(x: &Tensor) -> Vec<usize> {
    x.dims().to_vec()
}

/// The number of axes. Keras: `ops.ndim(x)`.
pub fn ndim(x: &Tensor) -> usize {
    x.rank()
}

/// The number of elements. Keras: `ops.size(x)`.
pub fn size(x: &Tensor) -> usize {
    x.elem_count()
}

/// A tensor of these numbers on the host: a number, an array or a vector, nested or not. Keras: `ops.convert_to_tensor(x)`.
///
/// ```
/// use candle_keras_ops::convert_to_tensor;
/// assert_eq!(convert_to_tensor(&[[1f32, 2.], [3., 4.]])?.dims(), [2, 2]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If nested vectors have different lengths.
pub fn convert_to_tensor(x: impl candle_core::NdArray) -> Result<Tensor> {
    Tensor::new(x, &candle_core::Device::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Device;
    use crate::gradcheck::{assert_gradients, values};

    const ALL: [Reduction; 5] = [Reduction::Replace, Reduction::Add, Reduction::Mul, Reduction::Max, Reduction::Min];

    #[test]
    fn gradients_agree_with_finite_differences() {
        assert_gradients(&[values([3, 4], 1)], |x| slice(&x[0], &[1, 0], &[2, 3]));
        assert_gradients(&[values([3, 4], 1), values([2, 2], 2)], |x| slice_update(&x[0], &[0, 2], &x[1]));
        assert_gradients(&[values([2, 3, 2], 1)], |x| {
            let parts = unstack(&x[0], Some(3), 1)?;
            crate::multiply(&parts[0], &parts[2])
        });
        let twice = Tensor::new(&[[2i64], [0], [-2]], &Device::Cpu).unwrap();
        assert_gradients(&[values([3, 2], 1)], |x| scatter(&twice, &x[0], &[4, 2]));
        for reduction in ALL {
            let inputs = [values([4, 2], 1), values([3, 2], 2)];
            assert_gradients(&inputs, |x| scatter_update(&x[0], &twice, &x[1], reduction));
        }
    }

    /// The numbers are NumPy's, of `x[i, j] op= update` one after another.
    #[test]
    fn updates_of_one_place_come_one_after_another() {
        let x = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu).unwrap();
        let indices = Tensor::new(&[[0u32, 1], [1, 0], [0, 1]], &Device::Cpu).unwrap();
        let updates = Tensor::new(&[5f32, -6., 0.5], &Device::Cpu).unwrap();
        let of = |reduction| {
            scatter_update(&x, &indices, &updates, reduction).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(
            ALL.map(of),
            [[1., 0.5, -6., 4.], [1., 7.5, -3., 4.], [1., 5., -18., 4.], [1., 5., 3., 4.], [1., 0.5, -6., 4.]]
        );
        let nan = Tensor::new(&[[f32::NAN, 2.], [3., 4.]], &Device::Cpu).unwrap();
        let zero = Tensor::new(&[[0u32, 0]], &Device::Cpu).unwrap();
        let replaced = scatter_update(&nan, &zero, &Tensor::new(&[7f32], &Device::Cpu).unwrap(), Reduction::Replace);
        assert_eq!(replaced.unwrap().get(0).unwrap().to_vec1::<f32>().unwrap(), [7., 2.]);
    }

    #[test]
    fn what_is_outside_is_an_error() {
        let x = values([3, 4], 1);
        assert!(slice(&x, &[2, 0], &[2, 4]).unwrap_err().to_string().contains("a part of one of shape [3, 4]"));
        assert!(slice(&x, &[usize::MAX, 0], &[2, 4]).is_err() && slice(&x, &[0], &[2]).is_err());
        assert!(slice_update(&x, &[0, 3], &values([1, 2], 2)).is_err());
        assert!(unstack(&x, Some(3), 1).is_err() && unstack(&x, None, 2).is_err());
        let at = |i: i64| Tensor::new(&[[i]], &Device::Cpu).unwrap();
        assert!(scatter(&at(3), &values([1, 4], 1), &[3, 4]).unwrap_err().to_string().contains("out of range"));
        assert!(scatter(&at(0), &values([1, 3], 1), &[3, 4]).unwrap_err().to_string().contains("values have"));
        assert!(scatter(&at(0).to_dtype(DType::F32).unwrap(), &values([1, 4], 1), &[3, 4]).is_err());
        assert!(scatter(&at(0), &values([1], 1), &[1 << 40]).is_err());
    }
}
