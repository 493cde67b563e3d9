//! The scores of additive attention as one op: the sums of each query and each key exist in the cache alone.

use crate::cores;
use crate::error::shape_or_none;
use crate::host::{dot, total, view, with_float};
use crate::lengths;
use crate::narrow::{are_narrow_on_host, in_float32};
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, on_host, record};
use candle_core::{D, Device, Result, Tensor, bail};

/// `sum(scale tanh(q + k))` over the features, of each query and each key (Bahdanau et al., 2015).
///
/// # Shapes
/// - `q`: `(batch, queries, size)`; `k`: `(batch, keys, size)`; `scale`: `(size,)`
/// - the result: `(batch, queries, keys)`
///
/// # Errors
/// If the shapes do not fit.
pub fn additive_scores(q: &Tensor, k: &Tensor, scale: Option<&Tensor>) -> Result<Tensor> {
    let all: Vec<&Tensor> = [q, k].into_iter().chain(scale).collect();
    lengths::check_floats("additive_scores", all.iter().copied())?;
    let ((batch, queries, size), (_, keys, _)) = (q.dims3()?, k.dims3()?);
    if k.dims() != [batch, keys, size] || scale.is_some_and(|scale| scale.dims() != [size]) {
        let scale = shape_or_none(scale);
        bail!("additive_scores: {:?}, {:?} and a scale of {scale} do not fit", q.dims(), k.dims())
    }
    let shape = (batch, queries, keys);
    if lengths::allocated(&[batch, queries, keys], q.dtype())? == 0 || size == 0 {
        return Tensor::zeros(shape, q.dtype(), q.device());
    }
    if are_narrow_on_host(&all) {
        return in_float32(&all, |all| additive_scores(&all[0], &all[1], all.get(2)));
    }
    if !on_host(&all) {
        return composed(q, k, scale);
    }
    let contiguous = |x: &Tensor| x.detach().contiguous();
    let (q_, k_, scale_) = (contiguous(q)?, contiguous(k)?, scale.map(contiguous).transpose()?);
    let value = with_float!(q, T => {
        let (q, k) = (view::<T>(&q_)?, view::<T>(&k_)?);
        let scale = scale_.as_ref().map(view::<T>).transpose()?;
        let chunk = cores::chunk_len(batch * queries * keys, keys, size * 8);
        let scores = cores::zeroed_chunks(batch * queries * keys, chunk, |from, chunk| {
            let mut sums = vec![T::ZERO; size];
            for (row, scores) in (from / keys..).zip(chunk.chunks_exact_mut(keys)) {
                let (q, k) = (&q[row * size..][..size], &k[row / queries * keys * size..][..keys * size]);
                simd!(row_of_scores(scores, q, k, scale.as_deref(), &mut sums));
            }
        });
        Value::new(scores, shape)?
    });
    record("additive_scores", &all, value, move |_, dy| {
        with_float!(dy, T => {
            let (q, k, dy) = (view::<T>(&q_)?, view::<T>(&k_)?, view::<T>(dy)?);
            let scale = scale_.as_ref().map(view::<T>).transpose()?;
            let units = [queries * size, keys * size, if scale.is_some() { size } else { 0 }];
            let cost = queries * keys * size * 16;
            let [dq, dk, dscale] = cores::fill_several_chunks(batch, units, cost, |sample, [dq, dk, dscale]| {
                let (dq, dk, dscale) = (dq.zeros(), dk.zeros(), dscale.zeros());
                let k = &k[sample * keys * size..][..keys * size];
                for (query, dq) in dq.chunks_exact_mut(size).enumerate() {
                    let row = sample * queries + query;
                    let (q, dy) = (&q[row * size..][..size], &dy[row * keys..][..keys]);
                    simd!(row_of_gradients([dq, dk, dscale], [q, k, dy], scale.as_deref()));
                }
            });
            let mut gradients = vec![
                Some(Tensor::from_vec(dq, (batch, queries, size), &Device::Cpu)?),
                Some(Tensor::from_vec(dk, (batch, keys, size), &Device::Cpu)?),
            ];
            if scale.is_some() {
                gradients.push(Some(Tensor::from_vec(dscale, (batch, size), &Device::Cpu)?.sum(0)?));
            }
            Ok(gradients)
        })
    })
}

/// The scores of one query and all keys; `sums` is scratch memory.
#[inline(always)]
fn row_of_scores<T: Float>(scores: &mut [T], q: &[T], k: &[T], scale: Option<&[T]>, sums: &mut [T]) {
    for (score, k) in scores.iter_mut().zip(k.chunks_exact(q.len())) {
        for ((sum, &q), &k) in sums.iter_mut().zip(q).zip(k) {
            *sum = (q + k).tanh();
        }
        *score = match scale {
            Some(scale) => dot(sums, scale),
            None => total(sums),
        };
    }
}

/// Adds the gradients of one query, and what it adds to those of the keys and the scale.
#[inline(always)]
fn row_of_gradients<T: Float>([dq, dk, dscale]: [&mut [T]; 3], [q, k, dy]: [&[T]; 3], scale: Option<&[T]>) {
    let size = q.len();
    for ((dk, k), &dy) in dk.chunks_exact_mut(size).zip(k.chunks_exact(size)).zip(dy) {
        let pairs = dq.iter_mut().zip(dk).zip(q.iter().zip(k));
        match scale {
            Some(scale) => {
                for (((dq, dk), (&q, &k)), (&scale, dscale)) in pairs.zip(scale.iter().zip(dscale.iter_mut())) {
                    let y = (q + k).tanh();
                    let slope = dy * scale * (T::ONE - y * y);
                    *dq += slope;
                    *dk += slope;
                    *dscale += dy * y;
                }
            }
            None => {
                for ((dq, dk), (&q, &k)) in pairs {
                    let y = (q + k).tanh();
                    let slope = dy * (T::ONE - y * y);
                    *dq += slope;
                    *dk += slope;
                }
            }
        }
    }
}

/// A composition of candle's functions, for other devices.
fn composed(q: &Tensor, k: &Tensor, scale: Option<&Tensor>) -> Result<Tensor> {
    let (batch, queries, size) = q.dims3()?;
    lengths::allocated(&[batch, queries, k.dim(1)?, size], q.dtype())?;
    let sums = q.unsqueeze(2)?.broadcast_add(&k.unsqueeze(1)?)?.tanh()?;
    let sums = scale.map_or_else(|| Ok(sums.clone()), |scale| sums.broadcast_mul(scale))?;
    sums.sum(D::Minus1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let inputs = [values([2, 3, 19], 1), values([2, 4, 19], 2), values([19], 3)];
        for scale in [false, true] {
            let run = |x: &[Tensor]| additive_scores(&x[0], &x[1], scale.then(|| &x[2]));
            assert_gradients(&inputs[..2 + usize::from(scale)], run);
            let plain = composed(&inputs[0], &inputs[1], scale.then_some(&inputs[2])).unwrap();
            let apart = (run(&inputs).unwrap() - plain).unwrap().abs().unwrap().max_all().unwrap();
            assert!(apart.to_scalar::<f64>().unwrap() < 1e-12);
        }
        assert!(additive_scores(&inputs[0], &inputs[2], None).is_err());
    }
}
