//! Decompositions of matrices on the host, in f64, with their gradients.

use crate::linalg::matmul;
use crate::tape::{Value, record};
use crate::{custom_gradient, lengths};
use candle_core::{DType, Device, Result, Shape, Tensor, bail};

/// A square matrix, row by row.
struct Square {
    n: usize,
    data: Vec<f64>,
}

/// The factors of a matrix whose rows have been exchanged: below the diagonal those of the lower, on and above it the upper one.
struct Lu {
    factors: Square,
    /// The row that each row was exchanged with.
    pivots: Vec<usize>,
}

impl Square {
    /// Factorizes it by Gaussian elimination; the largest element of a column becomes the pivot.
    fn lu(mut self) -> Lu {
        let n = self.n;
        let mut pivots = Vec::with_capacity(n);
        for k in 0..n {
            let size = |i: &usize| self.data[i * n + k].abs();
            let pivot = (k..n).max_by(|i, j| size(i).total_cmp(&size(j)).then(j.cmp(i))).unwrap_or(k);
            pivots.push(pivot);
            for j in 0..n {
                self.data.swap(k * n + j, pivot * n + j);
            }
            let diagonal = self.data[k * n + k];
            for i in k + 1..n {
                let factor = if diagonal == 0.0 { 0.0 } else { self.data[i * n + k] / diagonal };
                self.data[i * n + k] = factor;
                for j in k + 1..n {
                    self.data[i * n + j] -= factor * self.data[k * n + j];
                }
            }
        }
        Lu { factors: self, pivots }
    }
}

impl Lu {
    /// The sign of the determinant and the logarithm of its absolute value.
    fn log_determinant(&self) -> (f64, f64) {
        let n = self.factors.n;
        let exchanged = self.pivots.iter().enumerate().filter(|(k, pivot)| k != *pivot).count();
        let start = (if exchanged % 2 == 0 { 1.0 } else { -1.0 }, 0.0);
        (0..n).map(|k| self.factors.data[k * n + k]).fold(start, |(sign, log), x| match x == 0.0 {
            true => (0.0, f64::NEG_INFINITY),
            false => (sign * x.signum(), log + x.abs().ln()),
        })
    }

    /// Solves for each of `width` columns, in place.
    fn solve(&self, b: &mut [f64], width: usize) {
        let (n, a) = (self.factors.n, &self.factors.data);
        for (k, &pivot) in self.pivots.iter().enumerate() {
            for j in 0..width {
                b.swap(k * width + j, pivot * width + j);
            }
        }
        for j in 0..width {
            for i in 0..n {
                for k in 0..i {
                    b[i * width + j] -= a[i * n + k] * b[k * width + j];
                }
            }
            for i in (0..n).rev() {
                for k in i + 1..n {
                    b[i * width + j] -= a[i * n + k] * b[k * width + j];
                }
                b[i * width + j] /= a[i * n + i];
            }
        }
    }
}

/// The square matrices in the last two axes.
fn squares(x: &Tensor) -> Result<Vec<Square>> {
    let (m, n) = sizes(x.dims())?;
    if m != n {
        bail!("square matrices are needed, received the shape {:?}", x.dims())
    }
    Ok(matrices(x)?.into_iter().map(|data| Square { n, data }).collect())
}

/// The sizes of the last two axes.
pub(crate) fn sizes(shape: &[usize]) -> Result<(usize, usize)> {
    match shape {
        [.., m, n] => Ok((*m, *n)),
        _ => bail!("matrices are needed, received the shape {shape:?}"),
    }
}

/// The matrices in the last two axes, row by row.
pub(crate) fn matrices(x: &Tensor) -> Result<Vec<Vec<f64>>> {
    let (m, n) = sizes(x.dims())?;
    let each = lengths::elements(&[m, n])?;
    if each == 0 {
        let leading = lengths::elements(&x.dims()[..x.rank() - 2])?;
        lengths::allocated(&[leading, 3], DType::F64)?;
        return Ok(vec![Vec::new(); leading]);
    }
    let numbers: Vec<f64> = x.detach().contiguous()?.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
    Ok(numbers.chunks(each).map(<[f64]>::to_vec).collect())
}

/// Numbers as a tensor beside `x`.
pub(crate) fn beside(x: &Tensor, numbers: Vec<f64>, shape: &[usize]) -> Result<Tensor> {
    Tensor::from_vec(numbers, shape, &Device::Cpu)?.to_dtype(x.dtype())?.to_device(x.device())
}

/// The last two axes exchanged.
pub(crate) fn turned(x: &Tensor) -> Result<Tensor> {
    x.transpose(x.rank() - 2, x.rank() - 1)?.contiguous()
}

/// The inverses.
pub(crate) fn inverse(x: &Tensor) -> Result<Tensor> {
    let mut all = Vec::with_capacity(x.elem_count());
    for square in squares(x)? {
        let n = square.n;
        let mut identity: Vec<f64> = (0..n * n).map(|i| if i / n == i % n { 1.0 } else { 0.0 }).collect();
        square.lu().solve(&mut identity, n);
        all.extend(identity);
    }
    custom_gradient(x, &beside(x, all, x.dims())?, |_, y, dy| {
        let y = turned(y)?;
        matmul(&matmul(&y, dy)?, &y)?.neg()
    })
}

/// The signs of the determinants, and the logarithms of their absolute values.
pub(crate) fn log_determinants(x: &Tensor) -> Result<[Tensor; 2]> {
    let (signs, logs): (Vec<f64>, Vec<f64>) =
        squares(x)?.into_iter().map(|square| square.lu().log_determinant()).unzip();
    let shape = &x.dims()[..x.rank() - 2];
    let logs = custom_gradient(x, &beside(x, logs, shape)?, |x, _, dy| spread(x, dy))?;
    Ok([beside(x, signs, shape)?, logs])
}

/// The gradient of a logarithm of a determinant: the inverse, turned, times `dy` of the matrix.
fn spread(x: &Tensor, dy: &Tensor) -> Result<Tensor> {
    let dy = dy.unsqueeze(dy.rank())?;
    turned(&inverse(&x.detach())?)?.broadcast_mul(&dy.unsqueeze(dy.rank())?)
}

/// The determinants.
pub(crate) fn determinants(x: &Tensor) -> Result<Tensor> {
    let of = |square: Square| {
        let (sign, log) = square.lu().log_determinant();
        sign * log.exp()
    };
    let all: Vec<f64> = squares(x)?.into_iter().map(of).collect();
    let y = beside(x, all, &x.dims()[..x.rank() - 2])?;
    custom_gradient(x, &y, |x, y, dy| spread(x, &(y * dy)?))
}

/// The solutions of `a x = b`, both with the same leading axes.
pub(crate) fn solve(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (_, width) = sizes(b.dims())?;
    let mut all = Vec::with_capacity(b.elem_count());
    for (square, mut b) in squares(a)?.into_iter().zip(matrices(b)?) {
        square.lu().solve(&mut b, width);
        all.extend(b);
    }
    let a_ = a.detach();
    record("solve", &[a, b], Value::Tensor(beside(b, all, b.dims())?), move |y, dy| {
        let db = solve(&turned(&a_)?, dy)?;
        Ok(vec![Some(matmul(&db, &turned(y)?)?.neg()?), Some(db)])
    })
}

/// The lower triangular factors of symmetric matrices, `x = l lᵀ`; NaN if one is not positive definite.
pub(crate) fn cholesky(x: &Tensor) -> Result<Tensor> {
    let mut all = Vec::with_capacity(x.elem_count());
    for Square { n, data } in squares(x)? {
        let mut l = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum();
                let rest = (data[i * n + j] + data[j * n + i]) / 2.0 - dot;
                l[i * n + j] = if i == j { rest.sqrt() } else { rest / l[j * n + j] };
            }
        }
        all.extend(l);
    }
    custom_gradient(x, &beside(x, all, x.dims())?, |_, l, dl| {
        let n = l.dim(l.rank() - 1)?;
        // The lower triangle, and half of the diagonal.
        let kept = |i: usize| match (i / n).cmp(&(i % n)) {
            std::cmp::Ordering::Less => 0.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Greater => 1.0,
        };
        let mask = beside(l, (0..n * n).map(kept).collect(), &[n, n])?;
        let inner = matmul(&turned(l)?, dl)?.broadcast_mul(&mask)?;
        let inverse = inverse(&l.detach())?;
        let s = matmul(&matmul(&turned(&inverse)?, &inner)?, &inverse)?;
        (&s + turned(&s)?)? * 0.5
    })
}

/// The factors of a matrix with its rows exchanged, in one matrix, and the rows that each was exchanged with, as i32.
pub(crate) fn lu_factor(x: &Tensor) -> Result<[Tensor; 2]> {
    let (mut factors, mut pivots) = (Vec::with_capacity(x.elem_count()), Vec::new());
    for square in squares(x)? {
        let lu = square.lu();
        factors.extend(lu.factors.data);
        pivots.extend(lu.pivots.into_iter().map(|pivot| pivot as i32));
    }
    let shape = &x.dims()[..x.rank() - 1];
    Ok([beside(x, factors, x.dims())?, Tensor::from_vec(pivots, shape, &Device::Cpu)?.to_device(x.device())?])
}

/// Orthogonal columns and an upper triangle, `x = q r`, of as few columns as possible. The gradient is that of matrices with at least as many
/// rows as columns.
pub(crate) fn qr(x: &Tensor) -> Result<Vec<Tensor>> {
    let (m, n) = sizes(x.dims())?;
    let k = m.min(n);
    let (mut qs, mut rs) = (Vec::new(), Vec::new());
    for matrix in matrices(x)? {
        let (q, r) = householder(matrix, m, n);
        qs.extend((0..m).flat_map(|i| q[i * m..][..k].to_vec()));
        rs.extend_from_slice(&r[..k * n]);
    }
    let leading = &x.dims()[..x.rank() - 2];
    let (q, r) = (beside(x, qs, &[leading, &[m, k]].concat())?, beside(x, rs, &[leading, &[k, n]].concat())?);
    if x.track_op() && m < n {
        bail!("the QR decomposition of a matrix with more columns than rows has no gradient here")
    }
    let (q_, r_) = (q.clone(), r.clone());
    recorded("qr", x, vec![q, r], move |dy| {
        let [dq, dr] = dy else { bail!("two gradients are needed") };
        let inner = (matmul(&r_, &turned(dr)?)? - matmul(&turned(dq)?, &q_)?)?;
        // The lower triangle, mirrored.
        let lower = beside(&inner, (0..n * n).map(|i| f64::from(u8::from(i / n >= i % n))).collect(), &[n, n])?;
        let strict = beside(&inner, (0..n * n).map(|i| f64::from(u8::from(i / n > i % n))).collect(), &[n, n])?;
        let mirrored = (inner.broadcast_mul(&lower)? + turned(&inner.broadcast_mul(&strict)?)?)?;
        let right = (dq + matmul(&q_, &mirrored)?)?;
        turned(&solve(&r_, &turned(&right)?)?)
    })
}

/// Several outputs of `x` as one op; `backward` takes the gradients of all and returns that of `x`.
pub(crate) fn recorded(
    name: &'static str,
    x: &Tensor,
    outputs: Vec<Tensor>,
    backward: impl Fn(&[Tensor]) -> Result<Tensor> + Send + Sync + 'static,
) -> Result<Vec<Tensor>> {
    if !x.track_op() {
        return Ok(outputs);
    }
    // One vector, in which they are one behind the other.
    let all = Tensor::cat(&outputs.iter().map(Tensor::flatten_all).collect::<Result<Vec<_>>>()?, 0)?;
    let shapes: Vec<Shape> = outputs.iter().map(|y| y.shape().clone()).collect();
    let parts = move |all: &Tensor| -> Result<Vec<Tensor>> {
        let mut from = 0;
        let part = |shape: &Shape| {
            from += shape.elem_count();
            all.narrow(0, from - shape.elem_count(), shape.elem_count())?.reshape(shape)
        };
        shapes.iter().map(part).collect()
    };
    let of_gradient = parts.clone();
    let all = record(name, &[x], Value::Tensor(all), move |_, dy| Ok(vec![Some(backward(&of_gradient(dy)?)?)]))?;
    parts(&all)
}

/// Both factors in full, by reflections.
fn householder(mut r: Vec<f64>, m: usize, n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut q: Vec<f64> = (0..m * m).map(|i| if i / m == i % m { 1.0 } else { 0.0 }).collect();
    for k in 0..n.min(m.saturating_sub(1)) {
        let norm = (k..m).map(|i| r[i * n + k] * r[i * n + k]).sum::<f64>().sqrt();
        let below = (k + 1..m).any(|i| r[i * n + k] != 0.0);
        if !below {
            continue;
        }
        let mut v: Vec<f64> = (k..m).map(|i| r[i * n + k]).collect();
        v[0] += if v[0] >= 0.0 { norm } else { -norm };
        let square: f64 = v.iter().map(|v| v * v).sum();
        for j in 0..n {
            let dot: f64 = v.iter().enumerate().map(|(i, v)| v * r[(k + i) * n + j]).sum();
            v.iter().enumerate().for_each(|(i, v)| r[(k + i) * n + j] -= 2.0 * v * dot / square);
        }
        for i in 0..m {
            let dot: f64 = v.iter().enumerate().map(|(j, v)| v * q[i * m + k + j]).sum();
            v.iter().enumerate().for_each(|(j, v)| q[i * m + k + j] -= 2.0 * v * dot / square);
        }
        (k + 1..m).for_each(|i| r[i * n + k] = 0.0);
    }
    (q, r)
}
