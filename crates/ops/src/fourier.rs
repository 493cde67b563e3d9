//! The discrete Fourier transform of rows, by the crate rustfft, with its gradient.

use crate::tape::{Value, on_host, record};
use candle_core::{DType, Result, Tensor};
use rustfft::algorithm::{BluesteinsAlgorithm, Radix4};
use rustfft::{Fft, FftDirection, num_complex::Complex};
use std::sync::Arc;

/// The transform of the rows of a tensor of shape `(2, rows, length)`, the real parts before the imaginary ones; or the inverse, without
/// its factor. Tensors of other devices and dtypes are copied to the host.
pub(crate) fn transform(x: &Tensor, inverse: bool) -> Result<Tensor> {
    if !on_host(&[x]) {
        return crate::elementwise::through_host(&[x], |x| transform(&x[0], inverse));
    }
    let value = transformed(&x.detach(), inverse)?;
    // The matrix of the transform is symmetric, and that of the inverse its conjugate: the gradient is transformed back.
    record("fft", &[x], Value::Tensor(value), move |_, dy| Ok(vec![Some(transformed(dy, !inverse)?)]))
}

fn transformed(x: &Tensor, inverse: bool) -> Result<Tensor> {
    let (_, rows, length) = x.dims3()?;
    if rows * length == 0 {
        return Ok(x.clone());
    }
    let numbers: Vec<f64> = x.contiguous()?.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
    let (real, imaginary) = numbers.split_at(rows * length);
    let mut complex: Vec<_> = real.iter().zip(imaginary).map(|(&re, &im)| Complex { re, im }).collect();
    let direction = if inverse { FftDirection::Inverse } else { FftDirection::Forward };
    plan(length, direction).process(&mut complex);
    let parts: Vec<f64> = complex.iter().map(|z| z.re).chain(complex.iter().map(|z| z.im)).collect();
    Tensor::from_vec(parts, x.shape(), x.device())?.to_dtype(x.dtype())
}

/// The algorithm for rows of this length. The planner of rustfft would choose between all of its algorithms, which take longer to compile than the
/// other operations together; a length that is not a power of two costs three transforms of the next powers but one.
fn plan(length: usize, direction: FftDirection) -> Arc<dyn Fft<f64>> {
    if length.is_power_of_two() {
        return Arc::new(Radix4::new(length, direction));
    }
    let padded = Radix4::new((2 * length - 1).next_power_of_two(), direction);
    Arc::new(BluesteinsAlgorithm::new(length, Arc::new(padded)))
}
