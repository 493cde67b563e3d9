//! Floating-point numbers of 16 bits: an op computes with them in float32 and rounds its result, as XLA does. A sum of 16 bits stops growing:
//! in bfloat16, ten thousand times 0.3 is 128.

use crate::cast::cast;
use candle_core::{DType, Result, Tensor};

/// Whether these are floating-point numbers of 16 bits.
pub(crate) fn is_narrow(x: &Tensor) -> bool {
    matches!(x.dtype(), DType::BF16 | DType::F16)
}

/// Whether these are tensors of 16 bits, for ops that have kernels for 32 alone.
pub(crate) fn are_narrow(tensors: &[&Tensor]) -> bool {
    tensors.iter().any(|x| is_narrow(x))
}

/// Whether these are tensors of 16 bits on the host. A GPU multiplies matrices of 16 bits faster, and adds up in 32.
pub(crate) fn are_narrow_on_host(tensors: &[&Tensor]) -> bool {
    are_narrow(tensors) && tensors.iter().all(|x| x.device().is_cpu())
}

/// `f` of the tensors in float32; the result, and each gradient, is rounded to the dtype that the tensor has.
pub(crate) fn in_float32(tensors: &[&Tensor], f: impl FnOnce(&[Tensor]) -> Result<Tensor>) -> Result<Tensor> {
    let wide = tensors.iter().map(|x| cast(x, DType::F32)).collect::<Result<Vec<_>>>()?;
    cast(&f(&wide)?, tensors[0].dtype())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate as ops;
    use candle_core::Result;
    use candle_core::{Device, Var};

    const COUNT: usize = 10_000;

    /// Ten thousand rows of four numbers 0.3, as the dtype has it.
    fn many(dtype: DType) -> Tensor {
        Tensor::full(0.3f32, (COUNT, 4), &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
    }

    fn numbers(x: &Tensor) -> Vec<f64> {
        x.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    fn assert_close(what: &str, found: &Tensor, dtype: DType, expected: f64) {
        assert_eq!(found.dtype(), dtype, "{what}");
        for found in numbers(found) {
            assert!((found - expected).abs() <= 0.01 * expected.abs(), "{what} in {dtype:?}: {found} for {expected}");
        }
    }

    #[test]
    fn sums_do_not_stop_growing() {
        for dtype in [DType::BF16, DType::F16] {
            let x = &many(dtype);
            let by = |f: fn(&Tensor) -> Result<Tensor>| f(x).unwrap();
            let count = COUNT as f64;
            assert_close("sum", &by(|x| ops::sum(x, 0)), dtype, 0.3 * count);
            assert_close("sum of all", &by(|x| ops::sum(x, ())), dtype, 1.2 * count);
            assert_close("mean", &by(|x| ops::mean(x, 0)), dtype, 0.3);
            assert_close("softmax", &by(|x| ops::softmax(x, 0)), dtype, 1.0 / count);
            assert_close("log_softmax", &by(|x| ops::log_softmax(x, 0)), dtype, -count.ln());
            let turned = x.t().unwrap().contiguous().unwrap();
            assert_close("softmax of rows", &ops::softmax(&turned, -1).unwrap(), dtype, 1.0 / count);
            assert_close("product", &ops::matmul(&turned, x).unwrap(), dtype, 0.09 * count);
            let product = ops::einsum("ab,cb->ac", &[&turned, &turned]).unwrap();
            assert_close("einsum", &product, dtype, 0.09 * count);
            assert_close("vecdot", &ops::vecdot(&turned, &turned).unwrap(), dtype, 0.09 * count);
            let image = x.reshape((1, COUNT, 4)).unwrap();
            let pooled = ops::adaptive_pool(&image, ops::Pool::Average, &[1]).unwrap();
            assert_close("average of a window", &pooled, dtype, 0.3);
        }
    }

    #[test]
    fn moments_and_norms_are_right() {
        for dtype in [DType::BF16, DType::F16] {
            let x = many(dtype);
            let (mean, variance) = ops::channel_moments(&x, None).unwrap();
            assert_close("mean", &mean, dtype, 0.3);
            assert!(numbers(&variance).iter().all(|variance| *variance < 1e-6));
            let ones = Tensor::ones(COUNT, DType::F32, &Device::Cpu).unwrap();
            assert_close("weighted mean", &ops::channel_moments(&x, Some(&ones)).unwrap().0, dtype, 0.3);
            // In float16, the square of 300 would be infinite.
            let large = (x * 1000.0).unwrap();
            let squares = ops::Gradient::Dense(large).sum_of_squares().unwrap();
            assert!((squares / (4.0 * 9e4 * COUNT as f64) - 1.0).abs() < 0.01, "{squares}");
        }
    }

    #[test]
    fn gradients_of_a_row_of_a_table_do_not_stop_growing() {
        for dtype in [DType::BF16, DType::F16] {
            let table = Var::from_tensor(&many(dtype).narrow(0, 0, 1).unwrap()).unwrap();
            let tape = ops::Tape::start();
            let y = ops::embedding_lookup(table.as_tensor(), vec![0; COUNT], &[COUNT]).unwrap();
            let sum = ops::sum(&y.to_dtype(DType::F32).unwrap(), ()).unwrap();
            let gradients = tape.backward(&sum).unwrap();
            let gradient = gradients.of(table.as_tensor(), &ops::RowIndices::default()).unwrap().unwrap();
            assert_close("embedding_lookup", &gradient.to_dense(table.as_tensor()).unwrap(), dtype, COUNT as f64);
        }
    }

    /// Of what is added to each row: the sum over the rows.
    #[test]
    fn gradients_of_what_is_repeated_do_not_stop_growing() {
        for dtype in [DType::BF16, DType::F16] {
            let x = many(dtype);
            let gradient_of = |what: &str, start: f32, f: &dyn Fn(&Tensor) -> Result<Tensor>, expected: f64| {
                let row =
                    Var::from_tensor(&Tensor::full(start, 4, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()).unwrap();
                let tape = ops::Tape::start();
                let y = ops::sum(&f(row.as_tensor()).unwrap().to_dtype(DType::F32).unwrap(), ()).unwrap();
                assert_close(what, tape.backward(&y).unwrap().get(&row).unwrap(), dtype, expected);
            };
            let count = COUNT as f64;
            gradient_of("add", 0.0, &|row| ops::add(&x, row), count);
            gradient_of("multiply", 1.0, &|row| ops::multiply(&x, row), 0.3 * count);
            let kernel = Tensor::eye(4, dtype, &Device::Cpu).unwrap();
            let linear = ops::FusedActivation::Linear;
            gradient_of("broadcast_to", 0.3, &|row| ops::broadcast_to(row, [COUNT as i64, 4]), count);
            let is_all = Tensor::ones((COUNT, 4), DType::U8, &Device::Cpu).unwrap();
            gradient_of("where", 0.3, &|row| ops::functions::where_(&is_all, row, &x), count);
            let zeros = Tensor::zeros(COUNT, DType::U32, &Device::Cpu).unwrap();
            let first = |row: &Tensor| row.reshape((1, 4));
            gradient_of("take", 0.3, &|row| ops::take(&first(row)?, &zeros, 0), count);
            let moments = [0.0f32, 1.0].map(|x| Tensor::full(x, 4, &Device::Cpu).unwrap().to_dtype(dtype).unwrap());
            let shifted =
                |row: &Tensor| ops::batch_normalize(&x, None, Some(row), (&moments[0], &moments[1]), 0.0, false);
            gradient_of("batch_normalize", 0.0, &shifted, count);
            gradient_of("bias", 0.0, &|row| ops::dense(&x, &kernel, Some(row), linear), count);
        }
    }
}
