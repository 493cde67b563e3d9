//! The product of two matrices, for candle asks `/proc/cpuinfo` how many threads to use at each of its own.

use candle_core::{CpuStorage, CustomOp2, DType, Layout, Result, Shape, Tensor, WithDType, bail};

/// The product of an `(m, k)` and a `(k, n)` matrix, of any strides.
///
/// On the host, f32 and f64 go to the gemm crate, which candle uses as well, and only the gradients that something reads are
/// computed. All else is candle's product.
///
/// # Shapes
/// - the result: `(m, n)`
pub fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let ours = a.device().is_cpu() && a.dtype() == b.dtype() && matches!(a.dtype(), DType::F32 | DType::F64);
    if !ours || a.rank() != 2 || b.rank() != 2 {
        return a.matmul(b);
    }
    if a.dim(1)? != b.dim(0)? {
        bail!("cannot multiply matrices of shapes {:?} and {:?}", a.dims(), b.dims())
    }
    if a.track_op() || b.track_op() { a.apply_op2(b, MatMul) } else { a.apply_op2_no_bwd(b, &MatMul) }
}

struct MatMul;

impl CustomOp2 for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn cpu_fwd(&self, a: &CpuStorage, al: &Layout, b: &CpuStorage, bl: &Layout) -> Result<(CpuStorage, Shape)> {
        let shape = Shape::from((al.dims()[0], bl.dims()[1]));
        let product = match a {
            CpuStorage::F64(_) => CpuStorage::F64(product(a.as_slice::<f64>()?, al, b.as_slice::<f64>()?, bl)?),
            _ => CpuStorage::F32(product(a.as_slice::<f32>()?, al, b.as_slice::<f32>()?, bl)?),
        };
        Ok((product, shape))
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        // Data that goes in has no gradient, which saves the first layer of a model a third of its work.
        let da = a.track_op().then(|| matmul(dy, &b.detach().t()?)).transpose()?;
        let db = b.track_op().then(|| matmul(&a.detach().t()?, dy)).transpose()?;
        Ok((da, db))
    }
}

#[allow(unsafe_code)]
fn product<T: WithDType>(a: &[T], al: &Layout, b: &[T], bl: &Layout) -> Result<Vec<T>> {
    let ((m, k), n) = (al.shape().dims2()?, bl.dims()[1]);
    let (a, b) = (part(a, al)?, part(b, bl)?);
    let mut product = vec![T::zero(); m * n];
    let stride = |layout: &Layout, axis: usize| layout.stride()[axis] as isize;
    // SAFETY: `product` has m rows of n elements, and `part` has checked that every element that the strides of `a` (m rows,
    // k columns) and of `b` (k rows, n columns) lead to lies in its slice. `product` is a fresh allocation, so that it overlaps with
    // neither. gemm reads and writes nothing else.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            product.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.as_ptr(),
            stride(al, 1),
            stride(al, 0),
            b.as_ptr(),
            stride(bl, 1),
            stride(bl, 0),
            T::zero(),
            T::one(),
            false,
            false,
            false,
            gemm::Parallelism::Rayon(0),
        );
    }
    Ok(product)
}

/// The slice that a matrix begins with, checked to hold every element of it.
fn part<'a, T>(data: &'a [T], layout: &Layout) -> Result<&'a [T]> {
    let last =
        layout.dims().iter().zip(layout.stride()).map(|(size, stride)| size.saturating_sub(1) * stride).sum::<usize>();
    match data.get(layout.start_offset()..) {
        Some(part) if layout.shape().elem_count() == 0 || last < part.len() => Ok(part),
        _ => bail!("a matrix of layout {layout:?} does not lie in its memory of {} elements", data.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        assert_gradients(&[values([3, 4], 1), values([4, 5], 2)], |x| matmul(&x[0], &x[1]));
        assert_gradients(&[values([4, 3], 1), values([5, 4], 2)], |x| matmul(&x[0].t()?, &x[1].t()?));
    }

    /// Every form of a matrix: whole, transposed, a part of a larger one, broadcast, empty.
    #[test]
    fn it_equals_the_product_of_candle() {
        let a = values([7, 9], 1).to_dtype(DType::F32).unwrap();
        let b = values([9, 8], 2).to_dtype(DType::F32).unwrap();
        let narrow = |x: &Tensor, axis, from, size| x.narrow(axis, from, size).unwrap();
        let row = narrow(&a, 0, 2, 1).broadcast_as((7, 9)).unwrap();
        let cases = [
            (a.clone(), b.clone()),
            (b.t().unwrap(), a.t().unwrap()),
            (narrow(&a, 1, 3, 4), narrow(&b, 0, 2, 4)),
            (narrow(&a, 0, 5, 2), narrow(&b, 1, 7, 1)),
            (row, b.clone()),
            (narrow(&a, 0, 0, 0), b.clone()),
            (narrow(&a, 1, 0, 0), narrow(&b, 0, 0, 0)),
        ];
        for (a, b) in cases {
            let found = matmul(&a, &b).unwrap();
            let plain = a.contiguous().unwrap().matmul(&b.contiguous().unwrap());
            // candle refuses empty products.
            let plain = plain.unwrap_or_else(|_| Tensor::zeros(found.dims(), DType::F32, a.device()).unwrap());
            assert_eq!(found.dims(), plain.dims());
            let apart = (found - plain).unwrap().abs().unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert!(apart.iter().all(|x| *x < 1e-5), "{:?} {:?}", a.layout(), b.layout());
        }
        assert!(matmul(&a, &a).is_err());
    }

    #[test]
    fn data_has_no_gradient() {
        let x = values([2, 3], 1);
        let w = candle_core::Var::from_tensor(&values([3, 4], 2)).unwrap();
        let grads = matmul(&x, &w).unwrap().sum_all().unwrap().backward().unwrap();
        assert!(grads.get(&w).is_some() && grads.get(&x).is_none());
    }
}
