//! Scaled dot-product attention as one op: products, mask, softmax and dropout of one sample and head at a time, in the cache.
//! (candle-nn's fused one has no gradient.)

use crate::cores::{self, UninitChunk};
use crate::dropout::{drop_into, drop_some, dropout, keep_mask, scale};
use crate::error::shape_or_none;
use crate::host::{view, with_float};
use crate::lengths;
use crate::linalg::{batched_product, scaled_softmax_row, softmax_row, softmax_row_backward};
use crate::matmul::{Matrix, gemm, gemm_into};
use crate::narrow::{are_narrow_on_host, in_float32};
use crate::random::Stream;
use crate::simd;
use crate::simd::{Float, MulAdd};
use crate::tape::{Value, on_host, record};
use candle_core::{DType, Device, Result, Tensor, bail};
use std::ops::Range;

/// The score of a masked pair, whose weight is 0 unless all pairs of the query are masked.
const MASKED: f64 = -1e9;

/// Which keys a query attends to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attention<'a> {
    /// `(batch, queries, keys)`, or `(batch, heads, queries, keys)`, or 1 in place of `heads` and `queries`; u8, 1 where a query may attend to
    /// a key.
    pub mask: Option<&'a Tensor>,
    /// Whether a query attends only to keys up to its own position.
    pub causal: bool,
    /// Whether a query attends only to keys that are fewer than this many positions away.
    pub window: Option<usize>,
    /// What a query attends to that may attend to no key.
    pub without_keys: WithoutKeys,
    /// The factor of the scores.
    pub scale: f64,
    /// The share of the weights that is dropped.
    pub dropout: f64,
}

/// What a query attends to that may attend to no key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WithoutKeys {
    /// To all keys alike, and no gradient flows into its scores: Keras's `dot_product_attention`.
    #[default]
    AllAlike,
    /// To all keys alike, and gradients flow into its scores: Keras's `Attention`, which subtracts from masked scores and does not replace them.
    AllAlikeWithGradients,
    /// To nothing: its row is 0, as after Keras's `Softmax` with a mask.
    Nothing,
}

/// `softmax(scale q kᵀ) v`, for each sample and head (Vaswani et al., 2017). Keys and values may have fewer heads, each of which serves
/// several adjacent heads of the queries (Ainslie et al., 2023).
///
/// # Shapes
/// - `q`: `(batch, queries, heads, size)`; `k`: `(batch, keys, heads, size)`; `v`: `(batch, keys, heads, width)`, where the heads of `k` and `v`
///   divide those of `q`
/// - the result: `(batch, queries, heads, width)`
///
/// # Errors
/// If the shapes do not fit.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, by: Attention, random: &mut Stream) -> Result<Tensor> {
    let (batch, plan) = Plan::of(q, k, v, by)?;
    if are_narrow_on_host(&[q, k, v]) {
        return in_float32(&[q, k, v], |all| attention(&all[0], &all[1], &all[2], by, random));
    }
    if !on_host(&[q, k, v]) {
        return composed(q, k, v, by, random);
    }
    let Plan { queries, keys, heads, shared, size, width, .. } = plan;
    if batch * plan.output() == 0 {
        return Tensor::zeros((batch, queries, heads, width), q.dtype(), q.device());
    }
    let drawn = (by.dropout > 0.0).then(|| keep_mask(batch * plan.weights(), by.dropout, random));
    let contiguous = |x: &Tensor| x.detach().contiguous();
    let (q_, k_, v_) = (contiguous(q)?, contiguous(k)?, contiguous(v)?);
    let mask = by.mask.map(|mask| mask.ne(0.0)?.flatten_all()?.to_vec1::<u8>()).transpose()?;
    let wanted = q.track_op() || k.track_op() || v.track_op();
    with_float!(q, T => {
        let (of_q, of_k, of_v) = (view::<T>(&q_)?, view::<T>(&k_)?, view::<T>(&v_)?);
        let keep = T::from_double(scale(by.dropout));
        // The weights are kept for the backward pass.
        let kept = if wanted { plan.weights() } else { 0 };
        let [y, weights] = cores::fill_several_chunks(batch, [plan.output(), kept], plan.weights() * 8, |sample, [y, chunk]| {
            let (y, mut scratch, mut dropped) = (y.zeros(), Vec::with_capacity(queries * keys), Vec::new());
            for head in 0..heads {
                let mask = mask.as_ref().map(|mask| plan.mask(mask, sample, head));
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
            let units = [queries * heads * size, keys * shared * size, keys * shared * width];
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
                    // The gradients of a head that serves several are the sum of theirs.
                    let (of, adds) = (plan.serving(head), head > 0 && plan.serving(head) == plan.serving(head - 1));
                    gemm(of_head(dv, of * width), shared * width, adds, used, dy);
                    let mask = mask.as_ref().map(|mask| plan.mask(mask, sample, head));
                    simd!(plan.backward(scores, weights, mask));
                    let scores = Matrix::rows(scores, queries, keys);
                    let (q, k) = (plan.queries(&q, sample, head), plan.keys(&k, sample, head));
                    gemm(of_head(dq, head * size), heads * size, false, scores, k);
                    gemm(of_head(dk, of * size), shared * size, adds, scores.t(), q);
                }
            });
            let tensor = |data: Vec<T>, shape: [usize; 4]| Tensor::from_vec(data, shape.as_slice(), &Device::Cpu).map(Some);
            Ok(vec![
                tensor(dq, [batch, queries, heads, size])?,
                tensor(dk, [batch, keys, shared, size])?,
                tensor(dv, [batch, keys, shared, width])?,
            ])
        })
    })
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    queries: usize,
    keys: usize,
    heads: usize,
    /// The heads of keys and values.
    shared: usize,
    size: usize,
    width: usize,
    /// The heads and the rows of the mask.
    mask: (usize, usize),
    positions: Positions,
    without_keys: WithoutKeys,
    scale: f64,
}

/// Which keys a query may attend to by its position.
#[derive(Debug, Clone, Copy)]
struct Positions {
    causal: bool,
    window: Option<usize>,
}

impl Positions {
    fn of(by: Attention) -> Self {
        Self { causal: by.causal, window: by.window }
    }

    fn are_all(self) -> bool {
        !self.causal && self.window.is_none()
    }

    fn seen(self, query: usize, keys: usize) -> Range<usize> {
        let end = if self.causal { keys.min(query + 1) } else { keys };
        match self.window {
            Some(window) => {
                let start = (query + 1).saturating_sub(window).min(end);
                start..end.min(query.saturating_add(window)).max(start)
            }
            None => 0..end,
        }
    }

    /// As a tensor that broadcasts to the scores.
    fn mask(self, queries: usize, keys: usize, device: &Device) -> Result<Tensor> {
        let mut seen = vec![0u8; lengths::allocated(&[queries, keys], DType::U8)?];
        for (query, row) in seen.chunks_exact_mut(keys.max(1)).enumerate() {
            row[self.seen(query, keys)].fill(1);
        }
        Tensor::from_vec(seen, (1, 1, queries, keys), device)
    }
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
        let (_, keys, shared, width) = v.dims4()?;
        let mask = match by.mask.map(Tensor::dims) {
            None => Some((1, 1)),
            Some([b, rows, columns]) => ((*b, *columns) == (batch, keys)).then_some((1, *rows)),
            Some([b, of, rows, columns]) => ((*b, *columns) == (batch, keys)).then_some((*of, *rows)),
            Some(_) => None,
        };
        let mask = mask.filter(|(of, rows)| [1, heads].contains(of) && [1, queries].contains(rows));
        let fits = k.dims() == [batch, keys, shared, size]
            && v.dims() == [batch, keys, shared, width]
            && heads.is_multiple_of(shared);
        let Some(mask) = mask.filter(|_| fits) else {
            let mask = shape_or_none(by.mask);
            bail!("attention: {:?}, {:?}, {:?} and a mask of {mask} do not fit", q.dims(), k.dims(), v.dims())
        };
        // Without features or values, few elements have many scores.
        lengths::allocated(&[batch, heads, queries, keys], q.dtype())?;
        lengths::allocated(&[batch, heads, queries, width], q.dtype())?;
        let (positions, Attention { without_keys, scale, .. }) = (Positions::of(by), by);
        Ok((batch, Self { queries, keys, heads, shared, size, width, mask, positions, without_keys, scale }))
    }

    /// How many elements the output of a sample has.
    fn output(&self) -> usize {
        self.queries * self.heads * self.width
    }

    /// How many weights a sample has.
    fn weights(&self) -> usize {
        self.heads * self.queries * self.keys
    }

    /// The head of keys and values that serves this head of the queries.
    fn serving(&self, head: usize) -> usize {
        head * self.shared / self.heads
    }

    fn queries<'a, T: Float>(&self, q: &'a [T], sample: usize, head: usize) -> Matrix<'a, T> {
        matrix_of(q, [self.queries, self.heads, self.size], sample, head)
    }

    fn keys<'a, T: Float>(&self, k: &'a [T], sample: usize, head: usize) -> Matrix<'a, T> {
        matrix_of(k, [self.keys, self.shared, self.size], sample, self.serving(head))
    }

    fn values<'a, T: Float>(&self, v: &'a [T], sample: usize, head: usize) -> Matrix<'a, T> {
        matrix_of(v, [self.keys, self.shared, self.width], sample, self.serving(head))
    }

    fn outputs<'a, T: Float>(&self, y: &'a [T], sample: usize, head: usize) -> Matrix<'a, T> {
        matrix_of(y, [self.queries, self.heads, self.width], sample, head)
    }

    /// The mask of a head of a sample, which may be that of all heads.
    fn mask<'a>(&self, mask: &'a [u8], sample: usize, head: usize) -> &'a [u8] {
        let (heads, rows) = self.mask;
        let at = sample * heads + if heads == 1 { 0 } else { head };
        &mask[at * rows * self.keys..][..rows * self.keys]
    }

    /// The keys that a query may attend to by its position.
    fn seen(&self, query: usize) -> Range<usize> {
        self.positions.seen(query, self.keys)
    }

    /// Whether the query may attend to some key.
    fn has_keys(&self, query: usize, mask: Option<&[u8]>) -> bool {
        let seen = self.seen(query);
        mask.map_or(!seen.is_empty(), |mask| self.mask_row(mask, query)[seen].contains(&1))
    }

    /// From the scores of one head to its weights.
    #[inline(always)]
    fn softmax<T: Float>(&self, scores: &mut [T], mask: Option<&[u8]>, by: impl MulAdd) {
        let (scale, masked) = (T::from_double(self.scale), T::from_double(MASKED));
        let everywhere = mask.is_none() && self.positions.are_all();
        for (query, row) in scores.chunks_exact_mut(self.keys.max(1)).enumerate() {
            if everywhere && self.scale >= 0.0 {
                scaled_softmax_row(row, scale, by);
                continue;
            }
            for x in row.iter_mut() {
                *x *= scale;
            }
            if let Some(mask) = mask {
                for (x, &sees) in row.iter_mut().zip(self.mask_row(mask, query)) {
                    *x = if sees == 0 { masked } else { x.avoid_masked_store() };
                }
            }
            let seen = self.seen(query);
            row[..seen.start].fill(masked);
            row[seen.end..].fill(masked);
            softmax_row(row, by);
            if self.without_keys == WithoutKeys::Nothing && !everywhere && !self.has_keys(query, mask) {
                row.fill(T::ZERO);
            }
        }
    }

    /// The mask of a query, which may be that of all queries.
    fn mask_row<'a>(&self, mask: &'a [u8], query: usize) -> &'a [u8] {
        &mask[if self.mask.1 == 1 { 0 } else { query * self.keys }..][..self.keys]
    }

    /// From the gradients of the weights to those of the scores.
    #[inline(always)]
    fn backward<T: Float>(&self, scores: &mut [T], weights: &[T], mask: Option<&[u8]>) {
        let scale = T::from_double(self.scale);
        let keys = self.keys.max(1);
        for (query, (row, weights)) in scores.chunks_exact_mut(keys).zip(weights.chunks_exact(keys)).enumerate() {
            softmax_row_backward(row, weights, scale);
            if self.without_keys == WithoutKeys::AllAlike && !self.has_keys(query, mask) {
                row.fill(T::ZERO);
            }
        }
    }
}

/// One head of one sample of a tensor `(batch, length, heads, size)`.
fn matrix_of<T: Float>(x: &[T], [length, heads, size]: [usize; 3], sample: usize, head: usize) -> Matrix<'_, T> {
    let from = sample * length * heads * size + head * size;
    Matrix::strided(x.get(from..).unwrap_or(&[]), (length, size), (heads * size, 1))
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
    let (batch, plan) = Plan::of(q, k, v, by)?;
    let Plan { keys, heads, shared, size, width, .. } = plan;
    let heads_first = |x: &Tensor| x.transpose(1, 2)?.contiguous();
    let (q, mut k, mut v) = (heads_first(q)?, heads_first(k)?, heads_first(v)?);
    if shared != heads {
        let each = |x: &Tensor, size: usize| {
            x.unsqueeze(2)?
                .broadcast_as((batch, shared, heads / shared, keys, size))?
                .reshape((batch, heads, keys, size))
        };
        (k, v) = (each(&k, size)?, each(&v, width)?);
    }
    let scores = (batched_product(&q, &k.transpose(2, 3)?.contiguous()?)? * by.scale)?;
    let scores = masked_softmax(&scores, by)?;
    let weights = if by.dropout > 0.0 { dropout(&scores, by.dropout, random)? } else { scores.clone() };
    Ok((batched_product(&weights, &v)?.transpose(1, 2)?.contiguous()?, scores))
}

/// The softmax of scores over the keys that each query may attend to; scale and dropout are not applied. A composition.
///
/// # Shapes
/// - `scores` and the result: `(batch, heads, queries, keys)`
///
/// # Errors
/// If the mask does not fit.
pub fn masked_softmax(scores: &Tensor, by: Attention) -> Result<Tensor> {
    lengths::check_floats("masked_softmax", [scores])?;
    lengths::check(by.mask)?;
    let (_, _, queries, keys) = scores.dims4()?;
    let (positions, device) = (Positions::of(by), scores.device());
    let mut mask = match by.mask.map(|mask| mask.ne(0.0)).transpose()? {
        Some(mask) if mask.rank() == 3 => Some(mask.unsqueeze(1)?),
        mask => mask,
    };
    if !positions.are_all() {
        let seen = positions.mask(queries, keys, device)?;
        mask = Some(mask.map_or_else(|| Ok(seen.clone()), |mask| mask.broadcast_mul(&seen))?);
    }
    let Some(mask) = mask.filter(|_| scores.elem_count() > 0) else { return crate::linalg::softmax(scores, -1) };
    let number = |x: f64| Tensor::new(x, device)?.to_dtype(scores.dtype())?.broadcast_as(scores.shape());
    let lowest = if scores.dtype() == DType::F16 { -65504.0 } else { MASKED };
    let masked = match by.without_keys {
        WithoutKeys::AllAlikeWithGradients => {
            scores.broadcast_add(&mask.to_dtype(scores.dtype())?.affine(-lowest, lowest)?)?
        }
        _ => mask.broadcast_as(scores.shape())?.where_cond(scores, &number(lowest)?)?,
    };
    let weights = crate::linalg::softmax(&masked, -1)?;
    if by.without_keys != WithoutKeys::Nothing {
        return Ok(weights);
    }
    let some = mask.max_keepdim(3)?.broadcast_as(scores.shape())?;
    some.where_cond(&weights, &number(0.0)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    fn apart(a: &Tensor, b: &Tensor) -> f64 {
        (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap()
    }

    /// With these masks, against finite differences and against the composition.
    fn check(inputs: &[Tensor; 3], by: Attention) {
        let run = |x: &[Tensor]| attention(&x[0], &x[1], &x[2], by, &mut Stream::new(1, 0));
        assert_gradients(inputs, run);
        let [q, k, v] = inputs;
        let plain = composed(q, k, v, by, &mut Stream::new(1, 0)).unwrap();
        assert!(apart(&run(inputs).unwrap(), &plain) < 1e-6, "{by:?}");
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let inputs = [values([2, 3, 2, 4], 1), values([2, 5, 2, 4], 2), values([2, 5, 2, 3], 3)];
        let rows = Tensor::new(&[[[1u8, 1, 0, 1, 1]], [[1, 0, 0, 0, 1]]], &Device::Cpu).unwrap();
        let pairs = rows.broadcast_as((2, 3, 5)).unwrap().contiguous().unwrap();
        // The second query sees nothing.
        let queries = Tensor::new(&[[[1u8], [0], [1]]], &Device::Cpu).unwrap();
        let queries = queries.broadcast_as((2, 3, 5)).unwrap().contiguous().unwrap();
        // Each head has its own.
        let heads = Tensor::stack(&[&pairs, &queries], 1).unwrap();
        for (mask, causal, scale, dropout) in [
            (None, false, 0.5, 0.0),
            (None, false, -0.5, 0.0),
            (Some(&rows), false, 0.5, 0.0),
            (Some(&pairs), true, 0.5, 0.3),
            (Some(&queries), false, 0.5, 0.0),
            (Some(&queries), true, 0.5, 0.0),
            (Some(&heads), false, 0.5, 0.0),
            (None, true, 0.5, 0.0),
        ] {
            for (window, without_keys) in
                [(None, WithoutKeys::AllAlike), (Some(1), WithoutKeys::Nothing), (Some(2), WithoutKeys::AllAlike)]
            {
                check(&inputs, Attention { mask, causal, scale, dropout, window, without_keys });
            }
        }
    }

    /// Heads of keys and values that serve several of the queries, which are more than the window reaches.
    #[test]
    fn gradients_of_shared_heads_agree_with_finite_differences() {
        for shared in [1, 2] {
            let inputs = [values([2, 5, 4, 3], 1), values([2, 3, shared, 3], 2), values([2, 3, shared, 2], 3)];
            for without_keys in [WithoutKeys::AllAlike, WithoutKeys::Nothing] {
                check(&inputs, Attention { window: Some(2), without_keys, scale: 0.5, ..Attention::default() });
                check(&inputs, Attention { causal: true, without_keys, scale: 0.5, ..Attention::default() });
            }
        }
    }

    #[test]
    fn gradients_may_flow_into_scores_that_are_all_masked() {
        let [q, k, v] = [[1, 2, 1, 3], [1, 4, 1, 3], [1, 4, 1, 2]].map(|shape| values(shape, 1));
        let mask = Tensor::zeros((1, 1, 4), DType::U8, &Device::Cpu).unwrap();
        let gradient = |without_keys, fused: bool| {
            let by = Attention { mask: Some(&mask), scale: 1.0, without_keys, ..Attention::default() };
            let inputs =
                [q.to_dtype(DType::F32).unwrap(), k.to_dtype(DType::F32).unwrap(), v.to_dtype(DType::F32).unwrap()];
            let var = candle_core::Var::from_tensor(&inputs[0]).unwrap();
            let f = if fused { attention } else { composed };
            let y = f(&var, &inputs[1], &inputs[2], by, &mut Stream::new(1, 0)).unwrap();
            let grads = (&y * &y).unwrap().sum_all().unwrap().backward().unwrap();
            grads.get(&var).map_or(vec![0.0; 6], |grad| grad.flatten_all().unwrap().to_vec1::<f32>().unwrap())
        };
        let [fused, plain] = [true, false].map(|fused| gradient(WithoutKeys::AllAlikeWithGradients, fused));
        assert!(fused.iter().zip(&plain).all(|(a, b)| a.abs() > 1e-4 && (a - b).abs() < 1e-5), "{fused:?} {plain:?}");
        for without_keys in [WithoutKeys::AllAlike, WithoutKeys::Nothing] {
            assert_eq!(gradient(without_keys, true), [0.0; 6]);
        }
    }
}
