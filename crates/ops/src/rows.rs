//! Functions of the rows of a tensor: of all elements along some axes, each by a loop.

use crate::gpu::{self, on_gpu};
use crate::host::{view, with_float};
use crate::lengths;
use crate::shape;
use crate::simd::Float;
use crate::tape::{Value, on_host, record};
use candle_core::{DType, Device, Result, Tensor, bail};
use std::cmp::Ordering;

/// A function of a row, with its gradient.
pub(crate) trait RowFunction: Clone + Send + Sync + 'static {
    const NAME: &'static str;

    /// How many numbers it has for a row of this length.
    fn width(&self, row: usize) -> usize;

    /// Writes the numbers for a row.
    fn values<T: Float>(&self, row: &[T], y: &mut [T]);

    /// Adds to `dx` the gradients of the row, from those of the numbers.
    fn gradients<T: Float>(&self, row: &[T], y: &[T], dy: &[T], dx: &mut [T]);
}

/// `f` of each row: the elements along these dimensions, in their order. The result has the other dimensions, and the numbers for a row as
/// the last one. Tensors of other devices and dtypes are copied to the host.
pub(crate) fn over_rows<F: RowFunction>(f: F, x: &Tensor, dims: &[usize]) -> Result<Tensor> {
    if !on_host(&[x]) {
        return crate::elementwise::through_host(&[x], |x| over_rows(f.clone(), &x[0], dims));
    }
    let outer: Vec<usize> = (0..x.rank()).filter(|dim| !dims.contains(dim)).collect();
    let order: Vec<i64> = outer.iter().chain(dims).map(|&dim| dim as i64).collect();
    let shape: Vec<usize> = outer.iter().map(|&dim| x.dims()[dim]).collect();
    let length = lengths::elements(&dims.iter().map(|&dim| x.dims()[dim]).collect::<Vec<_>>())?;
    let rows = lengths::elements(&shape)?;
    let x = shape::reshaped(&shape::transpose(x, Some(&order))?, &[rows, length])?;
    let width = f.width(length);
    let shape = [shape, vec![width]].concat();
    lengths::allocated(&shape, x.dtype())?;
    let input = x.detach().contiguous()?;
    let value = with_float!(input, T => {
        let input = view::<T>(&input)?;
        let mut y = vec![T::ZERO; rows * width];
        for i in 0..rows {
            f.values(&input[i * length..][..length], &mut y[i * width..][..width]);
        }
        Value::new(y, (rows, width))?
    });
    let y = record(F::NAME, &[&x], value, move |y, dy| {
        let dx = with_float!(y, T => {
            let (x, y, dy) = (view::<T>(&input)?, view::<T>(y)?, view::<T>(dy)?);
            let mut dx = vec![T::ZERO; rows * length];
            for i in 0..rows {
                let (row, places) = (i * length, i * width);
                f.gradients(&x[row..][..length], &y[places..][..width], &dy[places..][..width], &mut dx[row..][..length]);
            }
            Tensor::from_vec(dx, (rows, length), &Device::Cpu)?
        });
        Ok(vec![Some(dx)])
    })?;
    shape::reshaped(&y, &shape)
}

/// [`over_rows`] of one axis, which keeps its place.
pub(crate) fn along_axis(f: impl RowFunction, x: &Tensor, dim: usize) -> Result<Tensor> {
    let y = over_rows(f, x, &[dim])?;
    let last = y.rank() - 1;
    if dim == last {
        return Ok(y);
    }
    let mut order: Vec<i64> = (0..last as i64).collect();
    order.insert(dim, last as i64);
    shape::transpose(&y, Some(&order))
}

/// The product of a row.
#[derive(Clone)]
pub(crate) struct Product;

impl RowFunction for Product {
    const NAME: &'static str = "prod";

    fn width(&self, _: usize) -> usize {
        1
    }

    fn values<T: Float>(&self, row: &[T], y: &mut [T]) {
        y[0] = row.iter().fold(T::ONE, |product, &x| product * x);
    }

    /// The products of the others: of those before, times those behind, since a quotient by 0 is none.
    fn gradients<T: Float>(&self, row: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        let mut before = dy[0];
        for (dx, &x) in dx.iter_mut().zip(row) {
            *dx = before;
            before *= x;
        }
        let mut behind = T::ONE;
        for (dx, &x) in dx.iter_mut().zip(row).rev() {
            *dx *= behind;
            behind *= x;
        }
    }
}

/// The sums of the elements so far.
#[derive(Clone)]
pub(crate) struct CumulativeSum;

impl RowFunction for CumulativeSum {
    const NAME: &'static str = "cumsum";

    fn width(&self, row: usize) -> usize {
        row
    }

    fn values<T: Float>(&self, row: &[T], y: &mut [T]) {
        let mut sum = T::ZERO;
        for (y, &x) in y.iter_mut().zip(row) {
            sum += x;
            *y = sum;
        }
    }

    fn gradients<T: Float>(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        let mut sum = T::ZERO;
        for (dx, &dy) in dx.iter_mut().zip(dy).rev() {
            sum += dy;
            *dx = sum;
        }
    }
}

/// The products of the elements so far.
#[derive(Clone)]
pub(crate) struct CumulativeProduct;

impl RowFunction for CumulativeProduct {
    const NAME: &'static str = "cumprod";

    fn width(&self, row: usize) -> usize {
        row
    }

    fn values<T: Float>(&self, row: &[T], y: &mut [T]) {
        let mut product = T::ONE;
        for (y, &x) in y.iter_mut().zip(row) {
            product *= x;
            *y = product;
        }
    }

    /// From the last to the first: the gradient of the product so far is that of the product there, and that of the next times the factor.
    fn gradients<T: Float>(&self, row: &[T], y: &[T], dy: &[T], dx: &mut [T]) {
        let mut of_product = T::ZERO;
        for i in (0..row.len()).rev() {
            of_product = dy[i] + if i + 1 < row.len() { of_product * row[i + 1] } else { T::ZERO };
            dx[i] = of_product * if i > 0 { y[i - 1] } else { T::ONE };
        }
    }
}

/// Quantiles of a row.
#[derive(Clone)]
pub(crate) struct Quantiles {
    /// Between 0 and 1.
    pub(crate) at: Vec<f64>,
    pub(crate) method: Interpolation,
    /// Whether NaN are left out; a row with one has NaN otherwise.
    pub(crate) skip_nan: bool,
}

/// What a quantile between two elements is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interpolation {
    Linear,
    Lower,
    Higher,
    Midpoint,
    Nearest,
}

impl Interpolation {
    pub(crate) fn by_name(name: &str) -> Result<Self> {
        Ok(match name {
            "linear" => Self::Linear,
            "lower" => Self::Lower,
            "higher" => Self::Higher,
            "midpoint" => Self::Midpoint,
            "nearest" => Self::Nearest,
            _ => {
                let known = ["linear", "lower", "higher", "midpoint", "nearest"];
                return Err(crate::Error::unknown("method of quantiles", name, &known).into());
            }
        })
    }

    /// The share of the upper of two elements for a place between them.
    fn share(self, fraction: f64, lower: usize) -> f64 {
        match self {
            Self::Linear => fraction,
            Self::Lower => 0.0,
            Self::Higher => f64::from(u8::from(fraction > 0.0)),
            Self::Midpoint => {
                if fraction > 0.0 {
                    0.5
                } else {
                    0.0
                }
            }
            // Halves go to the even place.
            Self::Nearest if fraction == 0.5 => (lower % 2) as f64,
            Self::Nearest => fraction.round(),
        }
    }
}

impl Quantiles {
    /// For each quantile two elements of the row and the share of the second; none if it is NaN.
    fn places<T: Float>(&self, row: &[T]) -> Option<Vec<(usize, usize, f64)>> {
        let mut order: Vec<usize> = (0..row.len()).filter(|&i| !row[i].is_nan()).collect();
        if order.is_empty() || (order.len() < row.len() && !self.skip_nan) {
            return None;
        }
        order.sort_by(|&i, &j| row[i].partial_cmp(&row[j]).unwrap_or(Ordering::Equal));
        let last = order.len() - 1;
        let place = |at: &f64| {
            let at = at.clamp(0.0, 1.0) * last as f64;
            let lower = (at.floor() as usize).min(last);
            (order[lower], order[(lower + 1).min(last)], self.method.share(at - lower as f64, lower))
        };
        Some(self.at.iter().map(place).collect())
    }
}

impl RowFunction for Quantiles {
    const NAME: &'static str = "quantile";

    fn width(&self, _: usize) -> usize {
        self.at.len()
    }

    fn values<T: Float>(&self, row: &[T], y: &mut [T]) {
        let Some(places) = self.places(row) else { return y.fill(T::from_double(f64::NAN)) };
        for (y, (i, j, share)) in y.iter_mut().zip(places) {
            let share = T::from_double(share);
            // An element alone, even an infinite one.
            *y = if share == T::ZERO { row[i] } else { row[i] * (T::ONE - share) + row[j] * share };
        }
    }

    fn gradients<T: Float>(&self, row: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        for (&dy, (i, j, share)) in dy.iter().zip(self.places(row).into_iter().flatten()) {
            let share = T::from_double(share);
            dx[i] += dy * (T::ONE - share);
            dx[j] += dy * share;
        }
    }
}

/// The order of the elements of each row along a dimension, as u32 in the shape of `x`: rising, or falling; equal ones stay in order, and NaN
/// are the largest.
pub(crate) fn argsort(x: &Tensor, dim: usize, falling: bool) -> Result<Tensor> {
    indices(
        x,
        dim,
        |length| length,
        false,
        |row, places| {
            let mut order: Vec<u32> = (0..places.len() as u32).collect();
            order.sort_by(|&i, &j| match falling {
                true => row(j as usize, i as usize),
                false => row(i as usize, j as usize),
            });
            places.copy_from_slice(&order);
        },
    )
}

/// The index of the largest element of each row over the last axis, as u32: the first of equal ones, or the first NaN.
///
/// # Errors
/// If the tensor is a scalar, or has rows without elements.
pub fn argmax_of_rows(x: &Tensor) -> Result<Tensor> {
    lengths::check([x])?;
    let (last, width) = (x.rank().saturating_sub(1), *x.dims().last().unwrap_or(&0));
    if width == 0 {
        bail!("argmax_of_rows: rows without elements, in the shape {:?}", x.dims())
    }
    // The kernel counts in f32.
    if on_gpu(&[x]) && width < 1 << 24 && x.elem_count() > 0 {
        return gpu::argmax(x);
    }
    if !on_host(&[x]) {
        return extreme(x, last, false)?.squeeze(last);
    }
    let input = x.detach().contiguous()?;
    let indices: Vec<u32> =
        with_float!(input, T => view::<T>(&input)?.chunks_exact(width).map(first_largest).collect());
    Tensor::from_vec(indices, &x.dims()[..last], x.device())
}

#[allow(clippy::eq_op)]
fn first_largest<T: Float>(row: &[T]) -> u32 {
    let mut best = 0;
    for (i, &x) in row.iter().enumerate() {
        let largest = row[best];
        if x > largest || (x != x && largest == largest) {
            best = i;
        }
    }
    best as u32
}

/// The index of the largest element of each row along a dimension, or of the smallest, as u32 with size 1 in its place: the first of equal
/// ones, or the first NaN.
pub(crate) fn extreme(x: &Tensor, dim: usize, smallest: bool) -> Result<Tensor> {
    let length = x.dims()[dim];
    indices(
        x,
        dim,
        |_| 1,
        smallest,
        |row, places| {
            let wanted = if smallest { Ordering::Less } else { Ordering::Greater };
            places[0] = (1..length).fold(0, |best, i| if row(i, best) == wanted { i } else { best }) as u32;
        },
    )
}

/// Indices into the rows along a dimension. `f` compares two elements of a row by their indices, and writes those that it chooses.
fn indices(
    x: &Tensor,
    dim: usize,
    width: impl Fn(usize) -> usize,
    nan_first: bool,
    f: impl Fn(&dyn Fn(usize, usize) -> Ordering, &mut [u32]),
) -> Result<Tensor> {
    let x_ = x.detach().transpose(dim, x.rank() - 1)?;
    let length = x.dims()[dim];
    let width = width(length);
    let mut shape = x_.dims().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = width;
    }
    let rows = lengths::elements(&x_.dims()[..x.rank() - 1])?;
    let mut chosen = vec![0u32; lengths::allocated(&shape, DType::U32)?];
    if x.dtype().is_int() {
        let numbers: Vec<i64> = x_.flatten_all()?.to_dtype(DType::I64)?.to_vec1()?;
        for i in 0..rows {
            let row = &numbers[i * length..][..length];
            f(&|i, j| row[i].cmp(&row[j]), &mut chosen[i * width..][..width]);
        }
    } else {
        let numbers: Vec<f64> = x_.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
        for i in 0..rows {
            let row = &numbers[i * length..][..length];
            f(&|i, j| ordered(row[i], row[j], nan_first), &mut chosen[i * width..][..width]);
        }
    }
    let chosen = Tensor::from_vec(chosen, shape, &Device::Cpu)?.transpose(dim, x.rank() - 1)?;
    chosen.contiguous()?.to_device(x.device())
}

/// The order of numbers in which NaN are the largest, or the smallest, and equal zeros equal.
fn ordered(a: f64, b: f64, nan_first: bool) -> Ordering {
    a.partial_cmp(&b)
        .unwrap_or_else(|| if nan_first { b.is_nan().cmp(&a.is_nan()) } else { a.is_nan().cmp(&b.is_nan()) })
}

/// The elements of each row along a dimension at these indices (u32, with any size in the place of the dimension).
pub(crate) fn gather(x: &Tensor, indices: &Tensor, dim: usize) -> Result<Tensor> {
    x.contiguous()?.gather(&indices.contiguous()?, dim)
}
