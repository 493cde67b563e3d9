//! Functions of matrices of `keras.ops.linalg`, in the last two axes; the leading ones are a batch.

use super::*;
use crate::decompositions as of;
use crate::elementwise::{self, float};
use crate::singular_values as singular;
use crate::{linalg, reduce};
use candle_core::bail;

operations! {
    /// Decompositions and systems of equations.
    mod decompositions: Linalg, Host;

    /// The lower triangular matrix `l` with `x = l lᵀ` of a symmetric, positive definite one, or the upper one `lᵀ`.
    Cholesky cholesky(x)[upper: bool = false]: square(x) => {
        let l = of::cholesky(&float(x)?)?;
        if *upper { turned(&l) } else { Ok(l) }
    };
    /// The inverse of the matrix of which this is the factor of [`cholesky`].
    CholeskyInverse cholesky_inverse(x)[upper: bool = false]: square(x) => {
        let x = float(x)?;
        let l = if *upper { turned(&triu(&x, 0)?)? } else { tril(&x, 0)? };
        let inverse = of::inverse(&l)?;
        matmul(&turned(&inverse)?, &inverse)
    };
    /// The determinant.
    Det det(x): square(x).map(|x| x.shaped(&x.shape[..x.rank() - 2])) => of::determinants(&float(x)?);
    /// The eigenvalues of a symmetric matrix in rising order, and the eigenvectors as columns, the largest element of each positive; of another
    /// matrix those of its symmetric part. By Jacobi's method: about ten rounds over all pairs of columns, which is slow for large matrices.
    Eigh eigh(x) -> 2: {
        let y = square(x)?;
        Ok([y.shaped(&y.shape[..y.rank() - 1]), y])
    } => singular::eigh(&float(x)?);
    /// The inverse.
    Inv inv(x): square(x) => of::inverse(&float(x)?);
    /// The `x` of least squares of `a x - b`, for a matrix of right sides or a vector; of several the shortest. Singular values of `a` count that
    /// are above `rcond` times the largest, by default above what rounding makes of 0.
    Lstsq lstsq(a, b)[rcond: Option<f64> = None]: match (a.shape.as_slice(), b.shape.as_slice()) {
        ([m, n], [rows, rest @ ..]) if m == rows && rest.len() < 2 => {
            Ok(Spec::new([&[*n], rest].concat(), crate::operation::promoted(&[a, b])).float())
        }
        (a, b) => bail!("least squares of a matrix and a vector or matrix of as many rows, received the shapes {a:?} and {b:?}"),
    } => of_floats(a, b, |a, b| {
        let limit = rcond.unwrap_or(singular::rounding(a));
        let inverse = singular::pseudoinverse(&a.to_dtype(DType::F64)?, limit)?;
        let b = b.to_dtype(DType::F64)?;
        let x = linalg::matmul(&inverse, &if b.rank() == 1 { b.unsqueeze(1)? } else { b.clone() })?;
        if b.rank() == 1 { x.squeeze(1) } else { Ok(x) }
    });
    /// The lower and upper triangular factors in one matrix, with the ones of the diagonal of the lower left out, and the rows that each
    /// row was exchanged with, as i32.
    LuFactor lu_factor(x) -> 2: {
        let y = square(x)?;
        let rows = Spec::new(&y.shape[..y.rank() - 1], DType::I32);
        Ok([y, rows])
    } => of::lu_factor(&float(x)?.detach());
    /// The number of singular values above `tol`, by default above what rounding makes of 0, as i32.
    MatrixRank matrix_rank(x)[tol: Option<f64> = None]: of::sizes(&x.shape).map(|_| x.shaped(&x.shape[..x.rank() - 2]).with(DType::I32))
        => Tensor::from_vec(singular::matrix_rank(&float(x)?, *tol)?, &x.dims()[..x.rank() - 2], x.device());
    /// A norm of vectors along one axis, of matrices over two, or of all elements: `ord` is a number, infinity, `"fro"` or nothing, for the
    /// Euclidean one.
    Norm norm(x)[ord: Order = None, axis: Axes = ()]: norm_spec(x, ord, axis) => norm_of(&float(x)?, ord, axis);
    /// The pseudoinverse of Moore and Penrose. Singular values count that are above `rcond` times the largest, by default above ten times what
    /// rounding makes of 0.
    Pinv pinv(x)[rcond: Option<f64> = None]: {
        let (m, n) = of::sizes(&x.shape)?;
        Ok(x.float().shaped([&x.shape[..x.rank() - 2], &[n, m]].concat()))
    } => {
        let x = float(x)?;
        singular::pseudoinverse(&x, rcond.unwrap_or(10.0 * singular::rounding(&x)))
    };
    /// Orthogonal columns `q` and an upper triangle `r` with `x = q r`; `mode` is `reduced`.
    Qr qr(x)[mode: String = "reduced"] -> 2: {
        if mode != "reduced" {
            return Err(crate::Error::unknown("mode of qr", mode, &["reduced"]).into());
        }
        let (m, n) = of::sizes(&x.shape)?;
        let leading = &x.shape[..x.rank() - 2];
        let x = x.float();
        Ok([x.shaped([leading, &[m, m.min(n)]].concat()), x.shaped([leading, &[m.min(n), n]].concat())])
    } => of::qr(&float(x)?);
    /// The solution `x` of `a x = b`, for a matrix of right sides or a vector.
    Solve solve(a, b): system(a, b) => of_floats(a, b, solved);
    /// The singular value decomposition `x = u diag(s) vt`: orthogonal columns `u`, the singular values in falling order, and orthogonal rows `vt`,
    /// the largest element of each positive; as many as there are rows and columns, or with `full_matrices` off as there are singular values.
    /// Without `compute_uv` the singular values alone. By Jacobi's method: about ten rounds over all pairs of columns, which is slow for large matrices.
    SVD svd(x)[full_matrices: bool = true, compute_uv: bool = true] -> (|n| if *compute_uv { 3 } else { 1 }): {
        let (m, n) = of::sizes(&x.shape)?;
        let k = m.min(n);
        let of = |sizes: &[usize]| x.float().shaped([&x.shape[..x.rank() - 2], sizes].concat());
        let (rows, columns) = if *full_matrices { (m, n) } else { (k, k) };
        Ok(if *compute_uv { vec![of(&[m, rows]), of(&[k]), of(&[columns, n])] } else { vec![of(&[k])] })
    } => {
        let x = float(x)?;
        if *compute_uv { singular::svd(&x, *full_matrices) } else { Ok(vec![singular::singular_values(&x)?]) }
    };
    /// The solution `x` of `a x = b` with the upper triangle of `a`, or the lower.
    SolveTriangular solve_triangular(a, b)[lower: bool = false]: system(a, b)
        => of_floats(a, b, |a, b| solved(&if *lower { tril(a, 0)? } else { triu(a, 0)? }, b));
}

operations! {
    /// Logarithms of determinants.
    mod log_determinants: Math, Host;

    /// The logarithm of the determinant of a symmetric, positive definite matrix.
    Logdet logdet(x): square(x).map(|x| x.shaped(&x.shape[..x.rank() - 2])) => {
        let [_, log] = of::log_determinants(&float(x)?)?;
        Ok(log)
    };
}

operations! {
    /// Determinants with their signs.
    mod signed_determinants: Numpy, Host;

    /// The sign of the determinant, and the logarithm of its absolute value.
    Slogdet slogdet(x) -> 2: {
        let y = square(x)?;
        let y = y.shaped(&y.shape[..y.rank() - 2]);
        Ok([y.clone(), y])
    } => of::log_determinants(&float(x)?);
}

fn square(x: &Spec) -> Result<Spec> {
    match of::sizes(&x.shape)? {
        (m, n) if m == n => Ok(x.float()),
        _ => bail!("square matrices are needed, received the shape {:?}", x.shape),
    }
}

fn turned(x: &Tensor) -> Result<Tensor> {
    x.transpose(x.rank() - 2, x.rank() - 1)?.contiguous()
}

/// `f` of the two in one float dtype.
fn of_floats(a: &Tensor, b: &Tensor, f: impl Fn(&Tensor, &Tensor) -> Result<Tensor>) -> Result<Tensor> {
    of_both(a, b, |a, b| f(&float(a)?, &float(b)?))
}

fn system(a: &Spec, b: &Spec) -> Result<Spec> {
    let y = square(a)?;
    let (leading, n) = (&y.shape[..y.rank() - 2], y.shape[y.rank() - 1]);
    let fits = match b.shape.as_slice() {
        [others @ .., rows, _] if b.rank() == a.rank() => others == leading && *rows == n,
        [others @ .., rows] if b.rank() + 1 == a.rank() => others == leading && *rows == n,
        _ => false,
    };
    if !fits {
        bail!("a system of the shapes {:?} and {:?} cannot be solved", a.shape, b.shape)
    }
    Ok(Spec::new(b.shape.as_slice(), crate::operation::promoted(&[a, b])).float())
}

fn solved(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.rank() == b.rank() {
        return of::solve(a, b);
    }
    of::solve(a, &b.unsqueeze(b.rank())?)?.squeeze(b.rank())
}

fn norm_spec(x: &Spec, ord: &Order, axis: &Axes) -> Result<Spec> {
    let dims = axis.resolve(x.rank())?;
    let y = crate::operation::reduced(&x.float(), axis)?;
    let number = match ord {
        Order::None => return Ok(y),
        Order::Name(name) if name == "fro" && dims.len() == 2 => return Ok(y),
        Order::Number(number) => *number,
        Order::Name(_) => bail!("a norm over {} axes has no order {ord:?} here", dims.len()),
    };
    if dims.iter().any(|&dim| x.shape[dim] == 0) {
        bail!("a norm of this order needs elements, received the shape {:?}", x.shape)
    }
    match dims.len() {
        1 if !number.is_nan() => Ok(y),
        2 if number.abs() == 1.0 || number.is_infinite() => Ok(y),
        count => bail!("a norm over {count} axes has no order {number} here"),
    }
}

fn norm_of(x: &Tensor, ord: &Order, axis: &Axes) -> Result<Tensor> {
    let Order::Number(number) = ord else {
        return reduce::sum(&elementwise::square(x)?, axis.clone())?.sqrt();
    };
    let size = elementwise::abs(x)?;
    let dims = axis.resolve(x.rank())?;
    if let [rows, columns] = dims.as_slice() {
        // The largest or smallest sum of a column, or of a row.
        let (summed, compared) = if number.is_infinite() { (*columns, *rows) } else { (*rows, *columns) };
        let over = |dim: usize| Axes::from(dim as i64).keepdims(true);
        let sums = reduce::sum(&size, over(summed))?;
        let y = if *number > 0.0 { reduce::max(&sums, over(compared))? } else { reduce::min(&sums, over(compared))? };
        return y.reshape(crate::operation::reduced(&Spec::of(x), axis)?.shape);
    }
    match *number {
        f64::INFINITY => reduce::max(&size, axis.clone()),
        f64::NEG_INFINITY => reduce::min(&size, axis.clone()),
        0.0 => reduce::sum(&x.ne(0.0)?.to_dtype(x.dtype())?, axis.clone()),
        1.0 => reduce::sum(&size, axis.clone()),
        2.0 => reduce::sum(&elementwise::square(x)?, axis.clone())?.sqrt(),
        p => reduce::sum(&size.powf(p)?, axis.clone())?.powf(1.0 / p),
    }
}
