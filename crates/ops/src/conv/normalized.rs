//! A batch normalization as a part of the convolution before it.

use crate::cores;
use crate::host::{view, with_float};
use crate::lengths;
use crate::simd::Float;
use crate::tape::on_host;
use candle_core::{Result, Tensor, bail};

/// The kernel and the bias of a convolution whose outputs are those of `kernel` and `bias` after
/// [`batch_normalize`](crate::batch_normalize) by constant moments, without a pass over them. There are no gradients.
///
/// # Shapes
/// - `kernel`: as of [`conv`](crate::conv()) or [`depthwise_conv`](crate::depthwise_conv), with `filters` outputs; all others and the second result: `(filters,)`
///
/// # Errors
/// If the shapes do not fit.
pub fn normalized_kernel(
    kernel: &Tensor,
    bias: Option<&Tensor>,
    gamma: Option<&Tensor>,
    beta: Option<&Tensor>,
    (mean, variance): (&Tensor, &Tensor),
    epsilon: f64,
) -> Result<(Tensor, Tensor)> {
    let vectors = || [Some(mean), Some(variance), bias, gamma, beta].into_iter().flatten();
    lengths::check_floats("normalized_kernel", vectors().chain([kernel]))?;
    let filters = mean.elem_count();
    let fits = match kernel.dims() {
        [.., channels, last] => *last == filters || channels.checked_mul(*last) == Some(filters),
        _ => false,
    };
    if vectors().any(|vector| vector.elem_count() != filters) || !fits {
        bail!("normalized_kernel: a kernel of shape {:?} and vectors for {filters} filters", kernel.dims())
    }
    let shape = kernel.shape();
    if filters == 0 {
        return Ok((kernel.clone(), mean.flatten_all()?));
    }
    if !on_host(&vectors().chain([kernel]).collect::<Vec<_>>()) {
        let of = |tensor: &Tensor| tensor.detach().flatten_all();
        let mut scale = (of(variance)? + epsilon)?.sqrt()?.recip()?;
        if let Some(gamma) = gamma {
            scale = (scale * of(gamma)?)?;
        }
        let mut offset = match bias {
            Some(bias) => ((of(bias)? - of(mean)?)? * &scale)?,
            None => (of(mean)?.neg()? * &scale)?,
        };
        if let Some(beta) = beta {
            offset = (offset + of(beta)?)?;
        }
        let rows = of(kernel)?.reshape((kernel.elem_count() / filters, filters))?;
        return Ok((rows.broadcast_mul(&scale)?.reshape(shape)?, offset));
    }
    let of = |tensor: &Tensor| tensor.detach().contiguous();
    let (kernel, mean, variance) = (of(kernel)?, of(mean)?, of(variance)?);
    let [bias, gamma, beta] = [bias, gamma, beta].map(|vector| vector.map(of).transpose());
    let (bias, gamma, beta) = (bias?, gamma?, beta?);
    with_float!(kernel, T => {
        let (mean, variance) = (view::<T>(&mean)?, view::<T>(&variance)?);
        let bias = bias.as_ref().map(view::<T>).transpose()?;
        let gamma = gamma.as_ref().map(view::<T>).transpose()?;
        let beta = beta.as_ref().map(view::<T>).transpose()?;
        let epsilon = T::from_double(epsilon);
        let (mut scale, mut offset) = (vec![T::ZERO; filters], vec![T::ZERO; filters]);
        for i in 0..filters {
            let of = |vector: Option<&[T]>, default| vector.map_or(default, |vector| vector[i]);
            scale[i] = of(gamma.as_deref(), T::ONE) / (variance[i] + epsilon).sqrt();
            offset[i] = (of(bias.as_deref(), T::ZERO) - mean[i]) * scale[i] + of(beta.as_deref(), T::ZERO);
        }
        let data = view::<T>(&kernel)?;
        let scaled = cores::copied_chunks(&data, cores::chunk_len(data.len(), filters, 1), |_, rows| {
            for row in rows.chunks_exact_mut(filters) {
                for (x, &scale) in row.iter_mut().zip(&scale) {
                    *x *= scale;
                }
            }
        });
        Ok((Tensor::from_vec(scaled, shape, kernel.device())?, Tensor::from_vec(offset, filters, kernel.device())?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::values;
    use crate::{Axis, FusedActivation, Padding, batch_normalize, conv, depthwise_conv};

    #[test]
    fn it_is_a_convolution_and_a_normalization() {
        let axes = [Axis::new(4, 2, 1, 1, Padding::Same), Axis::new(5, 3, 1, 1, Padding::Valid)];
        let vector = |seed| values([6], seed);
        let (mean, variance, bias, gamma, beta) =
            (vector(1), vector(2).sqr().unwrap(), vector(3), vector(4), vector(5));
        for (x, kernel, depthwise) in [
            (values([2, 4, 5, 4], 6), values([2, 3, 4, 6], 7), false),
            (values([2, 4, 5, 3], 6), values([2, 3, 3, 2], 7), true),
        ] {
            let run = |kernel: &Tensor, bias: Option<&Tensor>| match depthwise {
                true => depthwise_conv(&x, kernel, bias, &axes, FusedActivation::Linear).unwrap(),
                false => conv(&x, kernel, bias, &axes, 1, FusedActivation::Linear).unwrap(),
            };
            for (bias, gamma, beta) in [(Some(&bias), Some(&gamma), Some(&beta)), (None, None, None)] {
                let moments = (&mean, &variance);
                let plain = batch_normalize(&run(&kernel, bias), gamma, beta, moments, 1e-3, false).unwrap();
                let (folded, offset) = normalized_kernel(&kernel, bias, gamma, beta, moments, 1e-3).unwrap();
                let apart = (run(&folded, Some(&offset)) - plain).unwrap().abs().unwrap().max_all().unwrap();
                assert!(apart.to_scalar::<f64>().unwrap() < 1e-12);
            }
        }
        let kernel = values([2, 3, 4, 5], 7);
        assert!(normalized_kernel(&kernel, None, None, None, (&mean, &variance), 1e-3).is_err());
    }
}
