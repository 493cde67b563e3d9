//! Products of vectors and matrices.

use super::*;
use crate::elementwise::{self, float};
use crate::linalg;
use crate::operation::shown;
use crate::operation::{Subscripts, broadcast_shape, common_spec, dot_shape, matmul_shape, promoted};
use crate::{axes, lengths, reduce, shape};
use candle_core::bail;

operations! {
    /// Products with their own loops.
    mod matrices: Numpy, Loop;

    /// The product over the last axis of `x1` and the second-last of `x2` (the only one, if `x2` is a vector). Keras: `K.dot`.
    ///
    /// # Shapes
    /// - `(..., k)` and `(k, n)` give `(..., n)`; `(..., k)` and `(k,)` give `(...,)`.
    Dot dot(x1, x2): Ok(Spec::new(dot_shape(&x1.shape, &x2.shape)?, promoted(&[x1, x2])))
        => of_both(x1, x2, linalg::dot);
    /// The product of matrices; leading axes are a batch and broadcast.
    Matmul matmul(x1, x2): Ok(Spec::new(matmul_shape(&x1.shape, &x2.shape)?, promoted(&[x1, x2])))
        => of_both(x1, x2, linalg::matmul);
}

operations! {
    /// Products that an equation describes.
    mod contractions: Numpy, Loop;

    /// The sums of products that the equation says: `"ij,jk->ik"` is a matrix product, `"bhqd,bhkd->bhqk"` are the scores of an attention. Without an
    /// arrow, the result has the labels that are there once, in alphabetical order. `...` stands for any axes, which broadcast.
    ///
    /// A planned contraction: of two operands at a time, those first whose result is smallest, each a batched matrix product.
    ///
    /// ```
    /// use candle_keras_ops::{Device, Tensor, functions::einsum};
    /// let x = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu)?;
    /// assert_eq!(einsum("ij,jk->ik", &[&x, &x])?.to_vec2::<f32>()?, [[7., 10.], [15., 22.]]);
    /// assert_eq!(einsum("ii", &[&x])?.to_scalar::<f32>()?, 5.);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    Einsum einsum(*operands)[subscripts: Subscripts]: {
        let shapes: Vec<&[usize]> = operands.iter().map(|x| x.shape.as_slice()).collect();
        Ok(Spec::new(crate::einsum::output_shape(&subscripts.0, &shapes)?, promoted(operands)))
    } => crate::einsum::einsum(&subscripts.0, &common(operands)?);
}

operations! {
    /// Products that are put together from those.
    mod more_products: Numpy, Composition;

    /// The products of vectors in three dimensions that are perpendicular to both, along `axisa` of the one and `axisb` of the other; along
    /// `axisc` of the result. Of vectors in two dimensions only the third number. `axis` stands for all three.
    Cross cross(x1, x2)[axisa: i64 = -1, axisb: i64 = -1, axisc: i64 = -1, axis: Option<i64> = None]: {
        let (a, b, c) = axis.map_or((*axisa, *axisb, *axisc), |axis| (axis, axis, axis));
        let without = |x: &Spec, axis: i64| {
            let mut shape = x.shape.clone();
            let size = shape.remove(x.dim(axis)?);
            if ![2, 3].contains(&size) {
                bail!("cross takes vectors of 2 or 3 elements, received {size}")
            }
            Ok((x.shaped(shape), size))
        };
        let ((x, m), (y, n)) = (without(x1, a)?, without(x2, b)?);
        let both = common_spec(&[&x, &y])?;
        if m == 2 && n == 2 {
            return Ok(vec![both]);
        }
        let dim = crate::axes::resolve_axis(c, both.rank() + 1)?;
        Ok(both.shaped(crate::operation::with_size(&both.shape, dim, 3)))
    } => {
        let (a, b, c) = axis.map_or((*axisa, *axisb, *axisc), |axis| (axis, axis, axis));
        of_both(x1, x2, |x, y| cross_product(x, y, a, b, c))
    };
    /// The products over the last axis of both.
    Inner inner(x1, x2): {
        if x1.rank() == 0 || x2.rank() == 0 {
            return Ok(vec![common_spec(&[x1, x2])?]);
        }
        contracted(x1, x2, &[x1.rank() - 1], &[x2.rank() - 1])
    } => {
        if x1.rank() == 0 || x2.rank() == 0 {
            return Ok(vec![multiply(x1, x2)?]);
        }
        contract(x1, x2, &[x1.rank() - 1], &[x2.rank() - 1])
    };
    /// The products of each element of the one with the whole of the other, in their places.
    Kron kron(x1, x2): {
        let rank = x1.rank().max(x2.rank());
        let longer = |x: &Spec| [&vec![1; rank - x.rank()], x.shape.as_slice()].concat();
        let sizes = longer(x1).into_iter().zip(longer(x2)).map(|(a, b)| a.checked_mul(b)).collect::<Option<Vec<_>>>();
        match sizes {
            Some(sizes) => Ok(Spec::new(sizes, promoted(&[x1, x2]))),
            None => bail!("the shapes {:?} and {:?} are too large", x1.shape, x2.shape),
        }
    } => {
        let rank = x1.rank().max(x2.rank());
        let longer = |x: &Tensor| [&vec![1; rank - x.rank()], x.dims()].concat();
        let (a, b) = (longer(x1), longer(x2));
        let apart = |sizes: &[usize], first: bool| -> Vec<usize> {
            sizes.iter().flat_map(|&size| if first { [size, 1] } else { [1, size] }).collect()
        };
        let product = multiply(&x1.reshape(apart(&a, true))?, &x2.reshape(apart(&b, false))?)?;
        product.reshape(a.iter().zip(&b).map(|(a, b)| a * b).collect::<Vec<_>>())
    };
    /// The products of all elements of the one with all of the other, as a matrix.
    Outer outer(x1, x2): {
        let (m, n) = (lengths::elements(&x1.shape)?, lengths::elements(&x2.shape)?);
        Ok(Spec::new([m, n], promoted(&[x1, x2])))
    } => multiply(&x1.reshape((x1.elem_count(), 1))?, &x2.reshape((1, x2.elem_count()))?);
    /// The sums of products over some axes of both: the last ones of the one and the first of the other, or these lists.
    Tensordot tensordot(x1, x2)[axes: Contraction = 2]: {
        let (a, b) = axes.dims(x1.rank(), x2.rank())?;
        contracted(x1, x2, &a, &b)
    } => {
        let (a, b) = axes.dims(x1.rank(), x2.rank())?;
        contract(x1, x2, &a, &b)
    };
    /// The sum of the products of all elements.
    Vdot vdot(x1, x2): {
        if lengths::elements(&x1.shape)? != lengths::elements(&x2.shape)? {
            bail!("vdot takes tensors of as many elements, received the shapes {:?} and {:?}", x1.shape, x2.shape)
        }
        Ok(Spec::new([], promoted(&[x1, x2])))
    } => contract(&x1.flatten_all()?, &x2.flatten_all()?, &[0], &[0]);
}

operations! {
    /// Products of a vector's parts.
    mod of_vectors: Numpy, Composition;

    /// How the rows of `x` correlate (Pearson), as a matrix; of a vector 1.
    Corrcoef corrcoef(x): match x.shape.as_slice() {
        [n, columns] if *columns > 0 => Ok(x.float().shaped([*n, *n])),
        [columns] if *columns > 0 => Ok(x.float().shaped([])),
        shape => bail!("the correlation of rows needs a matrix, received the shape {shape:?}"),
    } => {
        let x = float(x)?;
        let rows = if x.rank() == 1 { x.unsqueeze(0)? } else { x.clone() };
        let apart = rows.broadcast_sub(&reduce::mean(&rows, axes(-1).keepdims(true))?)?;
        let sizes = reduce::sum(&elementwise::square(&apart)?, axes(-1).keepdims(true))?.sqrt()?;
        let y = linalg::matmul(&apart, &apart.t()?)?.broadcast_div(&sizes)?.broadcast_div(&sizes.t()?)?;
        let y = elementwise::clip(&y, -1.0, 1.0)?;
        if x.rank() == 1 { y.reshape(()) } else { Ok(y) }
    };
    /// The sums of products of two vectors, the one moved along the other: where both overlap whole (`valid`), at as many places as the longer has
    /// elements (`same`), or at all (`full`).
    Correlate correlate(x1, x2)[mode: String = "valid"]: {
        let ([n], [m]) = (&x1.shape[..], &x2.shape[..]) else {
            bail!("two vectors are needed, received the shapes {:?} and {:?}", x1.shape, x2.shape)
        };
        let (before, behind) = overlap(*n, *m, mode)?;
        let all = n.max(m).checked_add(before).and_then(|all| all.checked_add(behind));
        let Some(count) = all.map(|all| all - (n.min(m) - 1)) else { bail!("the vectors are too long") };
        Ok(Spec::new([count], promoted(&[x1, x2])).float())
    } => of_both(x1, x2, |x, y| correlated(&float(x)?, &float(y)?, mode));
    /// The powers of each element, `N` of them (by default as many as there are elements), in falling order or `increasing`.
    #[allow(non_snake_case)]
    Vander vander(x)[N: Option<i64> = None, increasing: bool = false]: {
        let [n] = x.shape[..] else { bail!("a vector is needed, received the shape {:?}", x.shape) };
        match N.map_or(Ok(n), usize::try_from) {
            Ok(count) => Ok(x.shaped([n, count])),
            Err(_) => bail!("the number of powers is not negative, received {}", shown(N)),
        }
    } => {
        let count = N.map_or(Ok(x.elem_count()), usize::try_from).unwrap_or(0);
        let mut step = x.unsqueeze(1)?;
        let mut powers = step.detach().ones_like()?.narrow(1, 0, count.min(1))?;
        // The powers so far times the next one are as many again.
        while powers.dim(1)? < count {
            let known = powers.dim(1)?;
            let more = multiply(&powers.narrow(1, 0, known.min(count - known))?, &step)?;
            powers = Tensor::cat(&[&powers, &more], 1)?;
            if powers.dim(1)? < count {
                step = multiply(&step, &step)?;
            }
        }
        if *increasing { Ok(powers) } else { flip(&powers, 1) }
    };
}

fn correlated(x: &Tensor, y: &Tensor, mode: &str) -> Result<Tensor> {
    let (n, m) = (x.dim(0)?, y.dim(0)?);
    let (before, behind) = overlap(n, m, mode)?;
    let (long, short) = if n < m { (y, x) } else { (x, y) };
    let (long, size) = (long.pad_with_zeros(0, before, behind)?, n.min(m));
    lengths::allocated(&[long.elem_count() + 1 - size, size], x.dtype())?;
    let sums = linalg::matmul(&super::math::framed(&long, size as i64, 1)?, &short.unsqueeze(1)?)?.squeeze(1)?;
    if n < m { flip(&sums, 0) } else { Ok(sums) }
}

/// How many places of the shorter of two vectors lie before the longer, and behind it.
fn overlap(n: usize, m: usize, mode: &str) -> Result<(usize, usize)> {
    let Some(rest) = n.min(m).checked_sub(1) else { bail!("vectors with elements are needed, received {n} and {m}") };
    match mode {
        "valid" => Ok((0, 0)),
        "same" => Ok((n.min(m) / 2, rest - n.min(m) / 2)),
        "full" => Ok((rest, rest)),
        other => Err(crate::Error::unknown("mode", other, &["valid", "same", "full"]).into()),
    }
}

/// The other axes of both.
fn contracted(x: &Spec, y: &Spec, a: &[usize], b: &[usize]) -> Result<Spec> {
    if a.iter().map(|&dim| x.shape[dim]).ne(b.iter().map(|&dim| y.shape[dim])) {
        bail!("the axes {a:?} and {b:?} of the shapes {:?} and {:?} differ in size", x.shape, y.shape)
    }
    let rest = |x: &Spec, a: &[usize]| -> Vec<usize> {
        (0..x.rank()).filter(|dim| !a.contains(dim)).map(|dim| x.shape[dim]).collect()
    };
    Ok(Spec::new([rest(x, a), rest(y, b)].concat(), promoted(&[x, y])))
}

fn contract(x: &Tensor, y: &Tensor, a: &[usize], b: &[usize]) -> Result<Tensor> {
    let rest = |x: &Tensor, a: &[usize]| -> Vec<usize> { (0..x.rank()).filter(|dim| !a.contains(dim)).collect() };
    let (ours, theirs) = (rest(x, a), rest(y, b));
    let sizes = |x: &Tensor, dims: &[usize]| -> Vec<usize> { dims.iter().map(|&dim| x.dims()[dim]).collect() };
    let output = [sizes(x, &ours), sizes(y, &theirs)].concat();
    let order =
        |first: &[usize], last: &[usize]| -> Vec<i64> { first.iter().chain(last).map(|&dim| dim as i64).collect() };
    let (m, n) = (lengths::elements(&sizes(x, &ours))?, lengths::elements(&sizes(y, &theirs))?);
    let terms = lengths::elements(&sizes(x, a))?;
    let x = shape::reshaped(&shape::transpose(x, Some(&order(&ours, a)))?, &[m, terms])?;
    let y = shape::reshaped(&shape::transpose(y, Some(&order(b, &theirs)))?, &[terms, n])?;
    of_both(&x, &y, linalg::matmul)?.reshape(output)
}

fn cross_product(x: &Tensor, y: &Tensor, a: i64, b: i64, c: i64) -> Result<Tensor> {
    let (x, y) = (moveaxis(x, a, -1)?, moveaxis(y, b, -1)?);
    let part = |x: &Tensor, i: usize| -> Result<Option<Tensor>> {
        let last = x.rank() - 1;
        if i < x.dims()[last] { x.narrow(last, i, 1)?.squeeze(last).map(Some) } else { Ok(None) }
    };
    let shape = broadcast_shape(&x.dims()[..x.rank() - 1], &y.dims()[..y.rank() - 1])?;
    // A third number that is missing is 0.
    let times = |i: usize, j: usize| match (part(&x, i)?, part(&y, j)?) {
        (Some(x), Some(y)) => multiply(&x, &y)?.broadcast_as(shape.as_slice()),
        _ => Tensor::zeros(shape.as_slice(), x.dtype(), x.device()),
    };
    let number = |i: usize, j: usize| subtract(&times(i, j)?, &times(j, i)?);
    if x.dims()[x.rank() - 1] == 2 && y.dims()[y.rank() - 1] == 2 {
        return number(0, 1);
    }
    stack(&[number(1, 2)?, number(2, 0)?, number(0, 1)?], c)
}
