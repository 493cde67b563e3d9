//! Scaled dot-product attention as one op: products, mask, softmax and dropout of one sample and head at a time, in the cache.
//! (candle-nn's fused one has no gradient.)

use crate::cores::{self, UninitChunk};
use crate::dropout::{drop_into, drop_some, dropout, keep_mask, scale};
use crate::host::{view, with_float};
use crate::lengths;
use crate::linalg::{batched_product, scaled_softmax_row, softmax_row, softmax_row_backward};
use crate::matmul::{Matrix, gemm, gemm_into};
use crate::random::Stream;
use crate::simd;
use crate::simd::{Float, MulAdd};
use crate::tape::{Value, on_host, record};
use candle_core::{Device, Result, Tensor, bail};

/// The score of a masked pair: if all pairs of a row are masked, all count alike, as in Keras, and no gradient flows.
const MASKED: f64 = -1e9;

/// Which keys a query attends to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attention<'a> {
    /// `(batch, queries, keys)`, or 1 in place of `queries`; u8, 1 where a query may attend to a key.
    pub mask: Option<&'a Tensor>,
    /// Whether a query attends only to keys up to its own position.
    pub causal: bool,
    /// The factor of the scores.
    pub scale: f64,
    /// The share of the weights that is dropped.
    pub dropout: f64,
}

/// `softmax(scale q kᵀ) v`, for each sample and head (Vaswani et al., 2017).
///
/// # Shapes
/// - `q`: `(batch, queries, heads, size)`; `k`: `(batch, keys, heads, size)`; `v`: `(batch, keys, heads, width)`
/// - the result: `(batch, queries, heads, width)`
///
/// # Errors
/// If the shapes do not fit.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, by: Attention, random: &mut Stream) -> Result<Tensor> {
    let (batch, plan) = Plan::of(q, k, v, by)?;
    if !on_host(&[q, k, v]) {
        return composed(q, k, v, by, random);
    }
    let Plan { queries, keys, heads, size, width, .. } = plan;
    if batch * plan.output() == 0 {
        return Tensor::zeros((batch, queries, heads, width), q.dtype(), q.device());
    }
    let drawn = (by.dropout > 0.0).then(|| keep_mask(batch * plan.weights(), by.dropout, random));
    let contiguous = |x: &Tensor| x.detach().contiguous();
    let (q_, k_, v_) = (contiguous(q)?, contiguous(k)?, contiguous(v)?);
    let mask = by.mask.map(|mask| mask.ne(0.0)?.flatten_all()?.to_vec1::<u8>()).transpose()?;
    let mask_rows = by.mask.map_or(1, |mask| mask.dims()[1]);
    let wanted = q.track_op() || k.track_op() || v.track_op();
    with_float!(q, T => {
        let (of_q, of_k, of_v) = (view::<T>(&q_)?, view::<T>(&k_)?, view::<T>(&v_)?);
        let keep = T::from_double(scale(by.dropout));
        // The weights are kept for the backward pass.
        let kept = if wanted { plan.weights() } else { 0 };
        let [y, weights] = cores::fill_several_chunks(batch, [plan.output(), kept], plan.weights() * 8, |sample, [y, chunk]| {
            let (y, mut scratch, mut dropped) = (y.zeros(), Vec::with_capacity(queries * keys), Vec::new());
            let mask = mask.as_ref().map(|mask| &mask[sample * mask_rows * keys..][..mask_rows * keys]);
            for head in 0..heads {
                let (q, k) = (plan.queries(&of_q, sample, head), plan.keys(&of_k, sample, head).t());
                let weights = if wanted {
                    chunk.write_with(queries * keys, |chunk| gemm_into(chunk, q, k))
                } else {
                    gemm_into(&mut scratch.spare_capacity_mut()[..queries * keys], q, k)
                };
                simd!(|by| plan.softmax(weights, mask, by));
                let weights = match &drawn {
                    Some(drawn) => {
                        drop_into(&mut dropped, weights, &drawn[(sample * heads + head) * queries * keys..], keep)
                    }
                    None => &*weights,
                };
                let weights = Matrix::rows(weights, queries, keys);
                gemm(of_head(y, head * width), heads * width, false, weights, plan.values(&of_v, sample, head));
            }
        });
        drop((of_q, of_k, of_v));
        record("attention", &[q, k, v], Value::new(y, (batch, queries, heads, width))?, move |_, dy| {
            let (q, k, v) = (view::<T>(&q_)?, view::<T>(&k_)?, view::<T>(&v_)?);
            let dy = view::<T>(dy)?;
            let units = [queries * heads * size, keys * heads * size, keys * heads * width];
            let [dq, dk, dv] = cores::fill_several_chunks(batch, units, plan.weights() * 16, |sample, chunks| {
                let [dq, dk, dv] = chunks.each_mut().map(UninitChunk::zeros);
                let (mut scores, mut dropped) = (Vec::with_capacity(queries * keys), Vec::new());
                for head in 0..heads {
                    let at = (sample * heads + head) * queries * keys;
                    let weights = &weights[at..at + queries * keys];
                    let dy = plan.outputs(&dy, sample, head);
                    let scores = &mut scores.spare_capacity_mut()[..queries * keys];
                    let scores = gemm_into(scores, dy, plan.values(&v, sample, head).t());
                    let used = match &drawn {
                        Some(drawn) => {
                            simd!(drop_some(scores, &drawn[at..], keep));
                            drop_into(&mut dropped, weights, &drawn[at..], keep)
                        }
                        None => weights,
                    };
                    let used = Matrix::rows(used, queries, keys).t();
                    gemm(of_head(dv, head * width), heads * width, false, used, dy);
                    let mask = mask.as_ref().map(|mask| &mask[sample * mask_rows * keys..][..mask_rows * keys]);
                    simd!(plan.backward(scores, weights, mask));
                    let scores = Matrix::rows(scores, queries, keys);
                    let (q, k) = (plan.queries(&q, sample, head), plan.keys(&k, sample, head));
                    gemm(of_head(dq, head * size), heads * size, false, scores, k);
                    gemm(of_head(dk, head * size), heads * size, false, scores.t(), q);
                }
            });
            let tensor = |data: Vec<T>, length: usize, size: usize| {
                Tensor::from_vec(data, (batch, length, heads, size), &Device::Cpu).map(Some)
            };
            Ok(vec![tensor(dq, queries, size)?, tensor(dk, keys, size)?, tensor(dv, keys, width)?])
        })
    })
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    queries: usize,
    keys: usize,
    heads: usize,
    size: usize,
    width: usize,
    scale: f64,
    causal: bool,
}

/// The elements of a head, from its first on; none of a tensor that has none.
fn of_head<T>(x: &mut [T], from: usize) -> &mut [T] {
    x.get_mut(from..).unwrap_or_default()
}

impl Plan {
    /// The batch size, and the plan for these tensors.
    fn of(q: &Tensor, k: &Tensor, v: &Tensor, by: Attention) -> Result<(usize, Self)> {
        lengths::check_floats("attention", [q, k, v])?;
        lengths::check(by.mask)?;
        let (batch, queries, heads, size) = q.dims4()?;
        let (_, keys, _, width) = v.dims4()?;
        let fits = k.dims() == [batch, keys, heads, size]
            && v.dims() == [batch, keys, heads, width]
            && by.mask.is_none_or(|m| m.dims() == [batch, queries, keys] || m.dims() == [batch, 1, keys]);
        if !fits {
            let mask = by.mask.map(Tensor::dims);
            bail!("attention: {:?}, {:?}, {:?} and a mask of {mask:?} do not fit", q.dims(), k.dims(), v.dims())
        }
        // Without features or values, few elements have many scores.
        lengths::allocated(&[batch, heads, queries, keys], q.dtype())?;
        lengths::allocated(&[batch, heads, queries, width], q.dtype())?;
        Ok((batch, Self { queries, keys, heads, size, width, scale: by.scale, causal: by.causal }))
    }

    /// How many elements the output of a sample has.
    fn output(&self) -> usize {
        self.queries * self.heads * self.width
    }

    /// How many weights a sample has.
    fn weights(&self) -> usize {
        self.heads * self.queries * self.keys
    }

    /// One head of one sample of a tensor `(batch, length, heads, size)`.
    fn head<'a, T: Float>(&self, x: &'a [T], length: usize, size: usize, sample: usize, head: usize) -> Matrix<'a, T> {
        let from = sample * length * self.heads * size + head * size;
        Matrix::strided(x.get(from..).unwrap_or(&[]), (length, size), (self.heads * size, 1))
    }

    fn queries<'a, T: Float>(&self, q: &'a [T], sample: usize, head: usize) -> Matrix<'a, T> {
        self.head(q, self.queries, self.size, sample, head)
    }

    fn keys<'a, T: Float>(&self, k: &'a [T], sample: usize, head: usize) -> Matrix<'a, T> {
        self.head(k, self.keys, self.size, sample, head)
    }

    fn values<'a, T: Float>(&self, v: &'a [T], sample: usize, head: usize) -> Matrix<'a, T> {
        self.head(v, self.keys, self.width, sample, head)
    }

    fn outputs<'a, T: Float>(&self, y: &'a [T], sample: usize, head: usize) -> Matrix<'a, T> {
        self.head(y, self.queries, self.width, sample, head)
    }

    /// From the scores of one head to its weights.
    #[inline(always)]
    fn softmax<T: Float>(&self, scores: &mut [T], mask: Option<&[u8]>, by: impl MulAdd) {
        let (scale, masked) = (T::from_double(self.scale), T::from_double(MASKED));
        for (query, row) in scores.chunks_exact_mut(self.keys.max(1)).enumerate() {
            if mask.is_none() && !self.causal && self.scale >= 0.0 {
                scaled_softmax_row(row, scale, by);
                continue;
            }
            for x in row.iter_mut() {
                *x *= scale;
            }
            let mask = mask.map(|mask| self.mask_row(mask, query));
            for (key, x) in row.iter_mut().enumerate() {
                if mask.is_some_and(|mask| mask[key] == 0) || (self.causal && key > query) {
                    *x = masked;
                }
            }
            softmax_row(row, by);
        }
    }

    /// The mask of a query, which may be that of all queries.
    fn mask_row<'a>(&self, mask: &'a [u8], query: usize) -> &'a [u8] {
        &mask[if mask.len() == self.keys { 0 } else { query * self.keys }..][..self.keys]
    }

    /// From the gradients of the weights to those of the scores.
    #[inline(always)]
    fn backward<T: Float>(&self, scores: &mut [T], weights: &[T], mask: Option<&[u8]>) {
        let scale = T::from_double(self.scale);
        let keys = self.keys.max(1);
        for (query, (row, weights)) in scores.chunks_exact_mut(keys).zip(weights.chunks_exact(keys)).enumerate() {
            softmax_row_backward(row, weights, scale);
            let seen = if self.causal { keys.min(query + 1) } else { keys };
            if mask.is_some_and(|mask| self.mask_row(mask, query)[..seen].iter().all(|&key| key == 0)) {
                row.fill(T::from_double(0.0));
            }
        }
    }
}

/// The scores where the mask is 1.
fn only_where(mask: &Tensor, scores: Tensor) -> Result<Tensor> {
    let masked = Tensor::new(MASKED, scores.device())?.to_dtype(scores.dtype())?;
    mask.broadcast_as(scores.shape())?.where_cond(&scores, &masked.broadcast_as(scores.shape())?)
}

/// A composition of candle's functions, for other devices.
fn composed(q: &Tensor, k: &Tensor, v: &Tensor, by: Attention, random: &mut Stream) -> Result<Tensor> {
    Ok(attention_with_scores(q, k, v, by, random)?.0)
}

/// [`attention`] and the scores, `softmax(scale q kᵀ)` before dropout: `(batch, heads, queries, keys)`. A composition, several times slower
/// than `attention`.
///
/// # Errors
/// If the shapes do not fit.
pub fn attention_with_scores(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    by: Attention,
    random: &mut Stream,
) -> Result<(Tensor, Tensor)> {
    let (_, Plan { queries, keys, .. }) = Plan::of(q, k, v, by)?;
    let heads_first = |x: &Tensor| x.transpose(1, 2)?.contiguous();
    let (q, k, v) = (heads_first(q)?, heads_first(k)?, heads_first(v)?);
    let mut scores = (batched_product(&q, &k.transpose(2, 3)?.contiguous()?)? * by.scale)?;
    if let Some(mask) = by.mask {
        scores = only_where(&mask.ne(0.0)?.unsqueeze(1)?, scores)?;
    }
    if by.causal {
        lengths::allocated(&[queries, keys], scores.dtype())?;
        let seen: Vec<u8> = (0..queries * keys).map(|i| u8::from(i % keys <= i / keys)).collect();
        scores = only_where(&Tensor::from_vec(seen, (queries, keys), scores.device())?, scores)?;
    }
    let scores = crate::linalg::softmax(&scores, -1)?;
    let weights = if by.dropout > 0.0 { dropout(&scores, by.dropout, random)? } else { scores.clone() };
    Ok((batched_product(&weights, &v)?.transpose(1, 2)?.contiguous()?, scores))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let inputs = [values([2, 3, 2, 4], 1), values([2, 5, 2, 4], 2), values([2, 5, 2, 3], 3)];
        let rows = Tensor::new(&[[[1u8, 1, 0, 1, 1]], [[1, 0, 0, 0, 1]]], &Device::Cpu).unwrap();
        let pairs = rows.broadcast_as((2, 3, 5)).unwrap().contiguous().unwrap();
        // The second query sees nothing.
        let queries = Tensor::new(&[[[1u8], [0], [1]]], &Device::Cpu).unwrap();
        let queries = queries.broadcast_as((2, 3, 5)).unwrap().contiguous().unwrap();
        for (mask, causal, scale, dropout) in [
            (None, false, 0.5, 0.0),
            (None, false, -0.5, 0.0),
            (Some(&rows), false, 0.5, 0.0),
            (Some(&pairs), true, 0.5, 0.3),
            (Some(&queries), false, 0.5, 0.0),
            (Some(&queries), true, 0.5, 0.0),
            (None, true, 0.5, 0.0),
        ] {
            let by = Attention { mask, causal, scale, dropout };
            let run = |x: &[Tensor]| attention(&x[0], &x[1], &x[2], by, &mut Stream::new(1, 0));
            assert_gradients(&inputs, run);
            let [q, k, v] = &inputs;
            let plain = composed(q, k, v, by, &mut Stream::new(1, 0)).unwrap();
            let apart = (run(&inputs).unwrap() - plain).unwrap().abs().unwrap().max_all().unwrap();
            assert!(apart.to_scalar::<f64>().unwrap() < 1e-6);
        }
    }
}
