//! Singular values of matrices, and eigenvalues of symmetric ones, on the host in f64, with their gradients.
//!
//! By Jacobi's method: planes are rotated until all columns are orthogonal. That is a page of code, exact also for small singular values; a
//! library of linear algebra takes longer to compile than all operations here.

use crate::decompositions::{beside, matrices, recorded, sizes, turned};
use crate::linalg::matmul;
use crate::{cores, custom_gradient};
use candle_core::{Result, Tensor, bail};

/// Rounds over all pairs of columns; they are orthogonal after about ten.
const ROUNDS: usize = 60;

/// The singular values of an `m` by `n` matrix, in falling order, and as many vectors of `m` and of `n` elements.
struct Singular {
    left: Vec<Vec<f64>>,
    values: Vec<f64>,
    right: Vec<Vec<f64>>,
}

impl Singular {
    /// Of a matrix, row by row; NaN if an element is not finite. The largest element of each right vector is positive.
    fn of(matrix: &[f64], m: usize, n: usize) -> Self {
        if !matrix.iter().all(|x| x.is_finite()) {
            // As JAX: rotations would leave numbers where there are none.
            let of_nan = |length: usize| vec![vec![f64::NAN; length]; m.min(n)];
            return Self { left: of_nan(m), values: vec![f64::NAN; m.min(n)], right: of_nan(n) };
        }
        let columns = |count: usize, at: &dyn Fn(usize, usize) -> f64, length: usize| -> Vec<Vec<f64>> {
            (0..count).map(|j| (0..length).map(|i| at(i, j)).collect()).collect()
        };
        let (mut left, values, mut right) = match m >= n {
            true => orthogonalized(columns(n, &|i, j| matrix[i * n + j], m), m),
            false => {
                let (right, values, left) = orthogonalized(columns(m, &|j, i| matrix[i * n + j], n), n);
                (left, values, right)
            }
        };
        for (left, right) in left.iter_mut().zip(&mut right) {
            if is_negative(right) {
                left.iter_mut().chain(right).for_each(|x| *x = -*x);
            }
        }
        Self { left, values, right }
    }

    /// The number of values above `limit`.
    fn rank(&self, limit: f64) -> usize {
        self.values.iter().filter(|value| **value > limit).count()
    }

    /// The largest value, 0 if there is none.
    fn largest(&self) -> f64 {
        self.values.first().copied().unwrap_or(0.0)
    }
}

/// Unit vectors along the columns after rotations that make these orthogonal, the lengths, in falling order, and the columns of the rotation.
fn orthogonalized(mut columns: Vec<Vec<f64>>, length: usize) -> (Vec<Vec<f64>>, Vec<f64>, Vec<Vec<f64>>) {
    let count = columns.len();
    // Squares of the largest numbers stay in range.
    let largest = columns.iter().flatten().fold(0.0, |most: f64, x| most.max(x.abs()));
    let scale = if largest > 0.0 && largest.is_finite() { largest } else { 1.0 };
    columns.iter_mut().flatten().for_each(|x| *x /= scale);
    let mut rotation: Vec<Vec<f64>> = (0..count).map(|i| unit(i, count)).collect();
    let tolerance = f64::EPSILON * length.max(8) as f64;
    for _ in 0..ROUNDS {
        let mut done = true;
        for q in 1..count {
            for p in 0..q {
                let (a, b) = (dot(&columns[p], &columns[p]), dot(&columns[q], &columns[q]));
                let both = dot(&columns[p], &columns[q]);
                if both.abs() > tolerance * a.sqrt() * b.sqrt() {
                    let ratio = (b - a) / (2.0 * both);
                    let tangent = ratio.signum() / (ratio.abs() + ratio.hypot(1.0));
                    rotate(&mut columns, p, q, tangent);
                    rotate(&mut rotation, p, q, tangent);
                    done = false;
                }
            }
        }
        if done {
            break;
        }
    }
    let lengths: Vec<f64> = columns.iter().map(|column| dot(column, column).sqrt()).collect();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&i, &j| lengths[j].total_cmp(&lengths[i]));
    let small = order.first().map_or(0.0, |&i| lengths[i]) * tolerance;
    let mut units: Vec<Vec<f64>> = Vec::with_capacity(count);
    for &i in order.iter().take_while(|&&i| lengths[i] > small || lengths[i].is_nan()) {
        units.push(columns[i].iter().map(|x| x / lengths[i]).collect());
    }
    // What is left of a column without length has no direction.
    complete(&mut units, length, count);
    let values = order.iter().map(|&i| lengths[i] * scale).collect();
    (units, values, order.into_iter().map(|i| std::mem::take(&mut rotation[i])).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn unit(i: usize, length: usize) -> Vec<f64> {
    (0..length).map(|j| if i == j { 1.0 } else { 0.0 }).collect()
}

/// Turns the columns `p` and `q`, `p` before `q`, in their plane.
fn rotate(columns: &mut [Vec<f64>], p: usize, q: usize, tangent: f64) {
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = cosine * tangent;
    let (before, behind) = columns.split_at_mut(q);
    for (x, y) in before[p].iter_mut().zip(&mut behind[0]) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

/// Adds unit vectors that are orthogonal to all others, until there are `count`.
fn complete(vectors: &mut Vec<Vec<f64>>, length: usize, count: usize) {
    while vectors.len() < count {
        // Of the axis that is furthest from the space of the others.
        let within = |i: &usize| vectors.iter().map(|vector| vector[*i] * vector[*i]).sum::<f64>();
        let axis = (0..length).min_by(|i, j| within(i).total_cmp(&within(j))).unwrap_or(0);
        let mut next = unit(axis, length);
        // Twice, for what rounding leaves.
        for vector in vectors.iter().chain(vectors.iter()) {
            let part = dot(vector, &next);
            next.iter_mut().zip(vector).for_each(|(x, y)| *x -= part * y);
        }
        let size = dot(&next, &next).sqrt();
        let sign = if is_negative(&next) { -1.0 } else { 1.0 };
        vectors.push(next.into_iter().map(|x| sign * x / size).collect());
    }
}

/// Whether the element that is largest in magnitude is negative.
fn is_negative(vector: &[f64]) -> bool {
    vector.iter().fold(0.0f64, |largest, &x| if x.abs() > largest.abs() { x } else { largest }) < 0.0
}

/// The matrix with these columns, row by row.
fn from_columns(columns: &[Vec<f64>], rows: usize) -> impl Iterator<Item = f64> {
    (0..rows).flat_map(move |i| columns.iter().map(move |column| column[i]))
}

/// The decompositions of the matrices in the last two axes.
fn decomposed(x: &Tensor) -> Result<Vec<Singular>> {
    let (m, n) = sizes(x.dims())?;
    Ok(cores::map(matrices(x)?, |matrix| Singular::of(&matrix, m, n)))
}

/// `u`, `s` and `v` turned, `x = u diag(s) vᵀ`, with `min(m, n)` vectors, or with all if `full`.
pub(crate) fn svd(x: &Tensor, full: bool) -> Result<Vec<Tensor>> {
    let (m, n) = sizes(x.dims())?;
    let (k, leading) = (m.min(n), &x.dims()[..x.rank() - 2]);
    let (rows, columns) = if full { (m, n) } else { (k, k) };
    let (mut us, mut values, mut vs) = (Vec::new(), Vec::new(), Vec::new());
    for Singular { mut left, values: of_one, mut right } in decomposed(x)? {
        complete(&mut left, m, rows);
        complete(&mut right, n, columns);
        us.extend(from_columns(&left, m));
        values.extend(of_one);
        vs.extend(right.into_iter().flatten());
    }
    let u = beside(x, us, &[leading, &[m, rows]].concat())?;
    let s = beside(x, values, &[leading, &[k]].concat())?;
    let vt = beside(x, vs, &[leading, &[columns, n]].concat())?;
    let all = [u.clone(), s.clone(), vt.clone()];
    recorded("svd", x, vec![u, s, vt], move |dy| {
        if full && m != n {
            bail!("full_matrices: the vectors beyond the singular values have no gradient")
        }
        let ([u, s, vt], [du, ds, dvt]) = (&all, dy) else { bail!("three gradients are needed") };
        svd_gradient((u, s, vt), (du, ds, dvt))
    })
}

/// The gradient of a matrix from those of its factors: <https://j-towns.github.io/papers/svd-derivative.pdf>.
fn svd_gradient((u, s, vt): (&Tensor, &Tensor, &Tensor), (du, ds, dvt): (&Tensor, &Tensor, &Tensor)) -> Result<Tensor> {
    let ut = turned(u)?;
    let (rank, squares) = (s.rank(), s.sqr()?);
    let (row, column) = (s.unsqueeze(rank - 1)?, s.unsqueeze(rank)?);
    let factors = inverse_differences(&squares)?;
    let both = |x: &Tensor| {
        let x = (x * &factors)?;
        &x + turned(&x)?
    };
    let (of_u, of_v) = (matmul(&ut, du)?, matmul(vt, &turned(dvt)?)?);
    let inner = (both(&of_u)?.broadcast_mul(&row)? + both(&of_v)?.broadcast_mul(&column)?)?;
    let mut dx = matmul(&matmul(u, &(inner + diagonal(ds)?)?)?, vt)?;
    let (m, n, k) = (u.dim(rank - 1)?, vt.dim(rank)?, s.dim(rank - 1)?);
    if m > k {
        let outside = (du - matmul(u, &of_u)?)?.broadcast_div(&row)?;
        dx = (dx + matmul(&outside, vt)?)?;
    }
    if n > k {
        let outside = (dvt - matmul(&turned(&of_v)?, vt)?)?.broadcast_div(&column)?;
        dx = (dx + matmul(u, &outside)?)?;
    }
    Ok(dx)
}

/// `1 / (x_j - x_i)` in the row `i` and the column `j`, 0 where they are equal.
fn inverse_differences(x: &Tensor) -> Result<Tensor> {
    let apart = x.unsqueeze(x.rank() - 1)?.broadcast_sub(&x.unsqueeze(x.rank())?)?;
    let equal = apart.eq(0.0)?.to_dtype(x.dtype())?;
    (apart + &equal)?.recip()? - equal
}

/// Matrices with these diagonals.
fn diagonal(x: &Tensor) -> Result<Tensor> {
    let n = x.dim(x.rank() - 1)?;
    Tensor::eye(n, x.dtype(), x.device())?.broadcast_mul(&x.unsqueeze(x.rank() - 1)?)
}

/// The singular values alone.
pub(crate) fn singular_values(x: &Tensor) -> Result<Tensor> {
    if x.track_op() {
        return Ok(svd(x, false)?.swap_remove(1));
    }
    let (m, n) = sizes(x.dims())?;
    let values = decomposed(x)?.into_iter().flat_map(|one| one.values).collect();
    beside(x, values, &[&x.dims()[..x.rank() - 2], &[m.min(n)]].concat())
}

/// The eigenvalues of symmetric matrices, in rising order, and the eigenvectors as columns; of others those of the symmetric part.
pub(crate) fn eigh(x: &Tensor) -> Result<Vec<Tensor>> {
    let (_, n) = sizes(x.dims())?;
    let (mut values, mut vectors) = (Vec::new(), Vec::new());
    // A multiple of the identity makes all eigenvalues positive: they are then the singular values.
    for one in cores::map(matrices(x)?, |x| {
        let mut symmetric: Vec<f64> = (0..n * n).map(|i| (x[i] + x[i % n * n + i / n]) / 2.0).collect();
        let size = |row: &[f64]| row.iter().map(|x| x.abs()).sum::<f64>();
        let shift = symmetric.chunks_exact(n.max(1)).map(size).fold(0.0, f64::max);
        (0..n).for_each(|i| symmetric[i * n + i] += shift);
        let mut one = Singular::of(&symmetric, n, n);
        one.values.iter_mut().for_each(|value| *value -= shift);
        one
    }) {
        let reversed: Vec<Vec<f64>> = one.right.into_iter().rev().collect();
        values.extend(one.values.into_iter().rev());
        vectors.extend(from_columns(&reversed, n));
    }
    let w = beside(x, values, &x.dims()[..x.rank() - 1])?;
    let v = beside(x, vectors, x.dims())?;
    let all = [w.clone(), v.clone()];
    recorded("eigh", x, vec![w, v], move |dy| {
        let ([w, v], [dw, dv]) = (&all, dy) else { bail!("two gradients are needed") };
        let inner = ((matmul(&turned(v)?, dv)? * inverse_differences(w)?)? + diagonal(dw)?)?;
        let dx = matmul(&matmul(v, &inner)?, &turned(v)?)?;
        (&dx + turned(&dx)?)? * 0.5
    })
}

/// How many singular values are above `tol`, or above what rounding makes of 0.
pub(crate) fn matrix_rank(x: &Tensor, tol: Option<f64>) -> Result<Vec<u32>> {
    let limit = |one: &Singular| tol.unwrap_or(one.largest() * rounding(x));
    Ok(decomposed(x)?.iter().map(|one| one.rank(limit(one)) as u32).collect())
}

/// The relative error of a singular value by rounding in the dtype of the matrix.
pub(crate) fn rounding(x: &Tensor) -> f64 {
    use candle_core::DType;
    let bits = match x.dtype() {
        DType::F64 => 52,
        DType::F16 => 10,
        DType::BF16 => 7,
        _ => 23,
    };
    let largest = x.dims().iter().rev().take(2).max().copied().unwrap_or(1);
    largest as f64 * f64::powi(2.0, -bits)
}

/// The pseudoinverses, in which singular values count that are above `limit` times the largest.
pub(crate) fn pseudoinverse(x: &Tensor, limit: f64) -> Result<Tensor> {
    let (m, n) = sizes(x.dims())?;
    let mut all = Vec::with_capacity(x.elem_count());
    for one in decomposed(x)? {
        let start = all.len();
        all.resize(start + n * m, if one.largest().is_nan() { f64::NAN } else { 0.0 });
        for i in 0..one.rank(one.largest() * limit) {
            for (row, v) in all[start..].chunks_exact_mut(m.max(1)).zip(&one.right[i]) {
                row.iter_mut().zip(&one.left[i]).for_each(|(x, u)| *x += u * v / one.values[i]);
            }
        }
    }
    let y = beside(x, all, &[&x.dims()[..x.rank() - 2], &[n, m]].concat())?;
    // Golub and Pereyra, The differentiation of pseudo-inverses, 1973.
    custom_gradient(x, &y, |x, p, dp| {
        let (pt, dpt) = (turned(p)?, turned(dp)?);
        let product = |factors: &[&Tensor]| {
            let (first, rest) = factors.split_at(1);
            rest.iter().try_fold(first[0].clone(), |x, y| matmul(&x, y))
        };
        let rows = (&dpt - product(&[x, p, &dpt])?)?;
        let columns = (&dpt - product(&[&dpt, p, x])?)?;
        let inner = (product(&[&rows, p, &pt])? + product(&[&pt, p, &columns])?)?;
        inner - product(&[&pt, dp, &pt])?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use candle_core::{DType, Device};

    fn numbers(x: &Tensor) -> Vec<f64> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    fn assert_equal(x: &Tensor, y: &Tensor, tolerance: f64) {
        assert_eq!(x.dims(), y.dims());
        let apart = numbers(x).iter().zip(numbers(y)).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(apart <= tolerance, "{apart}: {x} {y}");
    }

    fn assert_orthogonal(columns: &Tensor) {
        let n = columns.dim(columns.rank() - 1).unwrap();
        let product = matmul(&turned(columns).unwrap(), columns).unwrap();
        assert_equal(&product, &Tensor::eye(n, DType::F64, &Device::Cpu).unwrap(), 1e-13);
    }

    #[test]
    fn factors_are_orthogonal_and_multiply_to_the_matrix() {
        let of_rank_one = values([6, 1], 1).broadcast_mul(&values([1, 4], 2)).unwrap();
        let zero = Tensor::zeros((3, 5), DType::F64, &Device::Cpu).unwrap();
        let matrices = [
            values([4, 4], 1),
            values([7, 3], 2),
            values([3, 7], 3),
            values([30, 20], 4),
            of_rank_one.clone(),
            of_rank_one.t().unwrap().contiguous().unwrap(),
            zero,
            (values([5, 5], 5) * 1e200).unwrap(),
            (values([5, 5], 5) * 1e-200).unwrap(),
        ];
        for x in matrices {
            let largest = numbers(&x).iter().fold(0.0f64, |most, x| most.max(x.abs()));
            for full in [false, true] {
                let [u, s, vt] = svd(&x, full).unwrap().try_into().unwrap();
                assert_orthogonal(&u);
                assert_orthogonal(&turned(&vt).unwrap());
                let k = s.elem_count();
                let scaled = u.narrow(1, 0, k).unwrap().broadcast_mul(&s).unwrap().contiguous().unwrap();
                let product = matmul(&scaled, &vt.narrow(0, 0, k).unwrap().contiguous().unwrap()).unwrap();
                assert_equal(&product, &x, 1e-13 * largest * k as f64);
                assert!(numbers(&s).windows(2).all(|pair| pair[0] >= pair[1] && pair[1] >= 0.0));
            }
        }
    }

    #[test]
    fn eigenvectors_are_stretched_by_eigenvalues() {
        let x = values([2, 9, 9], 1);
        let symmetric = ((&x + turned(&x).unwrap()).unwrap() * 0.5).unwrap();
        for x in [symmetric, Tensor::eye(4, DType::F64, &Device::Cpu).unwrap().neg().unwrap()] {
            let [w, v] = eigh(&x).unwrap().try_into().unwrap();
            for one in 0..if v.rank() == 3 { 2 } else { 0 } {
                assert_orthogonal(&v.get(one).unwrap());
            }
            let stretched = v.broadcast_mul(&w.unsqueeze(w.rank() - 1).unwrap()).unwrap();
            assert_equal(&matmul(&x, &v).unwrap(), &stretched, 1e-12);
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let whole =
            |parts: Vec<Tensor>| Tensor::cat(&parts.iter().map(Tensor::flatten_all).collect::<Result<Vec<_>>>()?, 0);
        for shape in [[2, 3, 3], [1, 4, 2], [1, 2, 4]] {
            assert_gradients(&[values(shape, 1)], |x| whole(svd(&x[0], false)?));
            assert_gradients(&[values(shape, 1)], |x| singular_values(&x[0]));
            assert_gradients(&[values(shape, 2)], |x| pseudoinverse(&x[0], 1e-9));
        }
        assert_gradients(&[values([2, 3, 3], 1)], |x| whole(eigh(&x[0])?));
        let of_rank_one = values([3, 1], 1).broadcast_mul(&values([1, 4], 2)).unwrap();
        // Its other singular values stay 0 where the factors move.
        assert_gradients(&[of_rank_one.narrow(1, 0, 1).unwrap().contiguous().unwrap()], |x| {
            pseudoinverse(&x[0].broadcast_mul(&values([1, 4], 2))?.contiguous()?, 1e-9)
        });
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        let x = Tensor::new(&[[f64::NAN, 1.0], [2.0, f64::INFINITY]], &Device::Cpu).unwrap();
        let all_nan = |x: &Tensor| numbers(x).iter().all(|x| x.is_nan());
        assert!(svd(&x, true).unwrap().iter().chain(&eigh(&x).unwrap()).all(all_nan));
        assert!(all_nan(&pseudoinverse(&x, 1e-9).unwrap()) && all_nan(&singular_values(&x).unwrap()));
        let one = Tensor::new(&[[f64::INFINITY, 0.0, 0.0], [0.0, 1.0, 0.0]], &Device::Cpu).unwrap();
        assert!(svd(&one, true).unwrap().iter().all(all_nan));
        // None is above the limit, as in JAX.
        assert_eq!(matrix_rank(&x, None).unwrap(), [0]);
        // The other matrices of a batch are not touched.
        let both = Tensor::stack(&[&x, &values([2, 2], 1)], 0).unwrap();
        assert!(!all_nan(&pseudoinverse(&both, 1e-9).unwrap().get(1).unwrap()));
        assert_eq!(matrix_rank(&values([0, 3], 1), None).unwrap(), [0]);
    }
}
