//! Normalizations and attention of `keras.ops.nn`, put together from other functions. (The layers have fused ones.)

use super::*;
use crate::axes::resolve_axis;
use crate::elementwise::{self, float};
use crate::{axes, linalg, reduce, shape};
use candle_core::bail;

operations! {
    /// Normalizations.
    mod normalizations: Nn, Composition;

    /// `(x - mean) / sqrt(variance + epsilon) * scale + offset`; these four are vectors along `axis`.
    BatchNorm batch_normalization(x, mean, variance; offset, scale)[axis: i64, epsilon: f64 = 1e-3]: {
        let size = x.shape[x.dim(*axis)?];
        for vector in [Some(mean), Some(variance), offset, scale].into_iter().flatten() {
            if vector.shape != [size] {
                bail!("batch_normalization takes vectors of {size} elements, received the shape {:?}", vector.shape)
            }
        }
        Ok(x.float())
    } => {
        let (x, dim) = (float(x)?, resolve_axis(*axis, x.rank())?);
        let along = |vector: &Tensor| {
            let mut alone = vec![1; x.rank()];
            alone[dim] = x.dims()[dim];
            vector.to_dtype(x.dtype())?.reshape(alone)
        };
        let mut factor = elementwise::rsqrt(&(along(variance)? + *epsilon)?)?;
        if let Some(scale) = scale {
            factor = (factor * along(scale)?)?;
        }
        let y = x.broadcast_sub(&along(mean)?)?.broadcast_mul(&factor)?;
        match offset {
            Some(offset) => y.broadcast_add(&along(offset)?),
            None => Ok(y),
        }
    };
    /// `(x - mean) / sqrt(variance + epsilon) * gamma + beta` with the mean and the variance over `axis` (Ba et al., 2016). With
    /// `rms_scaling`, which older files have, the mean is not subtracted, and there is no beta.
    LayerNorm layer_normalization(x; gamma, beta)[axis: AxisList = -1, epsilon: Option<f64> = None, rms_scaling: bool = false]: {
        for vector in [gamma, beta].into_iter().flatten() {
            vector_shape(&x.shape, &vector.shape, axis)?;
        }
        dims_of(x.rank(), axis)?;
        Ok(x.float())
    } => {
        let (given, epsilon) = (x, epsilon.unwrap_or_else(config::epsilon));
        let x = at_least_f32(x)?;
        let over = Axes::from(SomeAxes::from(axis.clone())).keepdims(true);
        let mean = reduce::mean(&x, over.clone())?;
        let centered = x.broadcast_sub(&mean)?;
        let variance = reduce::mean(&elementwise::square(&centered)?, over)?;
        let factor = elementwise::rsqrt(&(variance + epsilon)?)?;
        let mut y = if *rms_scaling { &x } else { &centered }.broadcast_mul(&factor)?;
        if let Some(gamma) = gamma {
            y = y.broadcast_mul(&gamma.to_dtype(y.dtype())?.reshape(vector_shape(given.dims(), gamma.dims(), axis)?)?)?;
        }
        match beta.filter(|_| !rms_scaling) {
            Some(beta) => y.broadcast_add(&beta.to_dtype(y.dtype())?.reshape(vector_shape(given.dims(), beta.dims(), axis)?)?),
            None => Ok(y),
        }
    };
    /// `x / sqrt(mean(x x) + epsilon) * scale` with the mean over `axis` (Zhang and Sennrich, 2019).
    RMSNorm rms_normalization(x; scale)[axis: AxisList = -1, epsilon: Option<f64> = None]: {
        if let Some(scale) = scale {
            vector_shape(&x.shape, &scale.shape, axis)?;
        }
        dims_of(x.rank(), axis)?;
        Ok(x.float())
    } => {
        let (given, epsilon) = (x, epsilon.unwrap_or_else(config::epsilon));
        let x = at_least_f32(x)?;
        let over = Axes::from(SomeAxes::from(axis.clone())).keepdims(true);
        let square = reduce::mean(&elementwise::square(&x)?, over)?;
        let y = x.broadcast_mul(&elementwise::rsqrt(&(square + epsilon)?)?)?;
        match scale {
            Some(scale) => y.broadcast_mul(&scale.to_dtype(y.dtype())?.reshape(vector_shape(given.dims(), scale.dims(), axis)?)?),
            None => Ok(y),
        }
    };
}

fn at_least_f32(x: &Tensor) -> Result<Tensor> {
    if x.dtype() == DType::F64 { Ok(x.clone()) } else { x.to_dtype(DType::F32) }
}

fn dims_of(rank: usize, axis: &AxisList) -> Result<Vec<usize>> {
    Axes::from(SomeAxes::from(axis.clone())).resolve(rank)
}

/// The shape in which a vector over some axes of `x` broadcasts beside it.
fn vector_shape(x: &[usize], vector: &[usize], axis: &AxisList) -> Result<Vec<usize>> {
    let dims = dims_of(x.len(), axis)?;
    let alone: Vec<usize> = (0..x.len()).map(|dim| if dims.contains(&dim) { x[dim] } else { 1 }).collect();
    let sizes: Vec<usize> = dims.iter().map(|&dim| x[dim]).collect();
    if vector != sizes && vector != alone {
        bail!("the weights of a normalization have the sizes {sizes:?} of its axes, received the shape {vector:?}")
    }
    Ok(alone)
}

operations! {
    /// Attention.
    mod attentions: Nn, Composition;

    /// `softmax(scale query keyᵀ + bias) value` for each head (Vaswani et al., 2017). Several heads of the query may share one of key and value.
    ///
    /// # Shapes
    /// - `query`: `(batch, queries, heads, size)`; `key` and `value`: `(batch, keys, heads, size)`
    /// - `bias` and `mask` (not 0 where a query may attend to a key) broadcast to `(batch, heads, queries, keys)`
    /// - the result: `(batch, queries, heads, size)`
    ///
    /// # Arguments
    DotProductAttention dot_product_attention(query, key, value; bias, mask)[@call scale: Option<f64> = None,
        is_causal: bool = false, flash_attention: Option<bool> = None, attn_logits_soft_cap: Option<f64> = None]: {
        let ([b, t, n, h], [kb, s, k, kh]) = (query.shape.as_slice(), key.shape.as_slice()) else {
            bail!("dot_product_attention takes tensors of rank 4, received {:?} and {:?}", query.shape, key.shape)
        };
        if key.shape != value.shape || (b, h) != (kb, kh) || *k == 0 || n % k != 0 {
            bail!("the shapes {:?}, {:?} and {:?} do not fit", query.shape, key.shape, value.shape)
        }
        for other in [bias, mask].into_iter().flatten() {
            let scores = [*b, *n, *t, *s];
            if crate::operation::broadcast_shape(&scores, &other.shape)? != scores {
                bail!("bias and mask broadcast to {scores:?}, received the shape {:?}", other.shape)
            }
        }
        Ok(query.float())
    } => {
        let (batch, queries, heads, size) = query.dims4()?;
        let (_, keys, shared, _) = key.dims4()?;
        let by_head = |x: &Tensor| -> Result<Tensor> {
            let x = shape::transpose(&at_least_f32(x)?, Some(&[0, 2, 1, 3]))?;
            if shared == heads || x.dims()[1] == heads {
                return Ok(x);
            }
            shape::at(&x, 1, (0..heads).map(|head| head / (heads / shared)))
        };
        let (q, k, v) = (by_head(query)?, by_head(key)?, by_head(value)?);
        let scale = scale.unwrap_or(1.0 / (size as f64).sqrt());
        let mut scores = (linalg::matmul(&q, &k.transpose(2, 3)?.contiguous()?)? * scale)?;
        if let Some(cap) = attn_logits_soft_cap {
            scores = (elementwise::tanh(&(scores / *cap)?)? * *cap)?;
        }
        if let Some(bias) = bias {
            scores = scores.broadcast_add(&bias.to_dtype(scores.dtype())?)?;
        }
        let lowest = Tensor::new(-0.7 * f64::from(f32::MAX), q.device())?.to_dtype(scores.dtype())?;
        if let Some(mask) = mask {
            scores = elementwise::where_(&truth(mask)?.broadcast_as(scores.shape())?, &scores, &lowest)?;
        }
        if *is_causal {
            let lower: Vec<u8> = (0..queries * keys).map(|i| u8::from(i % keys <= i / keys)).collect();
            let lower = Tensor::from_vec(lower, (queries, keys), q.device())?;
            scores = elementwise::where_(&lower.broadcast_as(scores.shape())?, &scores, &lowest)?;
        }
        let y = linalg::matmul(&linalg::softmax(&scores, -1)?, &v)?;
        shape::transpose(&y, Some(&[0, 2, 1, 3]))?.reshape((batch, queries, heads, size))
    };
    /// How alike two images are: `10 log10(max_val² / mean((x1 - x2)²))`, the ratio of the largest signal to the noise, in decibels.
    PSNR psnr(x1, x2)[max_val: f64]: {
        if x1.shape != x2.shape {
            bail!("psnr takes tensors of one shape, received {:?} and {:?}", x1.shape, x2.shape)
        }
        Ok(crate::operation::common_spec(&[x1, x2])?.float().shaped([]))
    } => of_both(x1, x2, |x, y| {
        let noise = reduce::mean(&elementwise::square(&(float(x)? - float(y)?)?)?, axes(()))?;
        elementwise::log10(&noise)?.affine(-10.0, 20.0 * max_val.log10())
    });
}
