//! Floating-point numbers of 16 bits: an op computes with them in float32 and rounds its result, as XLA does. A sum of 16 bits stops growing:
//! in bfloat16, ten thousand times 0.3 is 128.

use crate::tape::{Value, record};
use candle_core::{DType, Result, Tensor};

/// Whether these are floating-point numbers of 16 bits.
pub(crate) fn is_narrow(x: &Tensor) -> bool {
    matches!(x.dtype(), DType::BF16 | DType::F16)
}

/// Whether these are tensors of 16 bits on the host. Devices that multiply 16 bits have a faster way.
pub(crate) fn are_narrow_on_host(tensors: &[&Tensor]) -> bool {
    tensors.iter().any(|x| is_narrow(x)) && tensors.iter().all(|x| x.device().is_cpu())
}

/// `f` of the tensors in float32; the result, and each gradient, is rounded to the dtype that the tensor has.
pub(crate) fn in_float32(tensors: &[&Tensor], f: impl FnOnce(&[Tensor]) -> Result<Tensor>) -> Result<Tensor> {
    let wide = tensors.iter().map(|x| cast(x, DType::F32)).collect::<Result<Vec<_>>>()?;
    cast(&f(&wide)?, tensors[0].dtype())
}

/// `x` in this dtype.
pub(crate) fn cast(x: &Tensor, dtype: DType) -> Result<Tensor> {
    let before = x.dtype();
    if before == dtype {
        return Ok(x.clone());
    }
    record("cast", &[x], Value::Tensor(x.detach().to_dtype(dtype)?), move |_, dy| Ok(vec![Some(dy.to_dtype(before)?)]))
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
            gradient_of("bias", 0.0, &|row| ops::dense(&x, &kernel, Some(row), linear), count);
        }
    }
}
