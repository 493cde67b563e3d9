//! Dropout as one op: random bits, mask and product in one pass.

use crate::gpu::{self, on_gpu};
use crate::host::{map2, view, with_float};
use crate::lengths;
use crate::random::Stream;
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, on_host, record_twice};
use candle_core::{Result, Tensor, bail};
use std::sync::Arc;

/// Sets each element to 0 with the probability `rate`, and divides the others by `1 - rate`. One draw of `random` an element.
pub fn dropout(x: &Tensor, rate: f64, random: &mut Stream) -> Result<Tensor> {
    lengths::check([x])?;
    let x = &crate::elementwise::float(x)?;
    if on_gpu(&[x]) {
        return gpu::dropout(x, random.skip_blocks(x.elem_count()), threshold(rate), scale(rate));
    }
    let (kept, scale) = (keep_mask(x.elem_count(), rate, random), scale(rate));
    if !on_host(&[x]) {
        let factors = kept.iter().map(|&kept| f32::from(kept) * scale as f32).collect::<Vec<_>>();
        let factors = Tensor::from_vec(factors, x.shape(), x.device())?.to_dtype(x.dtype())?;
        let y = (x.detach() * &factors)?;
        // candle's product would compute a gradient of the factors as well.
        return crate::custom_gradient(x, &y, move |_, _, dy| dy * &factors);
    }
    masked(x, Arc::new(kept), scale)
}

/// `x` times `scale` where it is kept: its own gradient.
fn masked(x: &Tensor, kept: Arc<Vec<u8>>, scale: f64) -> Result<Tensor> {
    let input = x.detach().contiguous()?;
    let value = with_float!(x, T => Value::new(dropped(&view::<T>(&input)?, &kept, scale), x.shape())?);
    let again = kept.clone();
    let first = move |_: &Tensor, dy: &Tensor| Ok(vec![Some(masked(dy, kept.clone(), scale)?)]);
    record_twice("dropout", &[x], value, first, move |_, _, dy| Ok(vec![Some(masked(dy, again.clone(), scale)?)]))
}

/// [`dropout`] with one draw for each element of a tensor of the sizes `noise`, which broadcasts to `x`.
pub fn dropout_together(x: &Tensor, noise: &[usize], rate: f64, random: &mut Stream) -> Result<Tensor> {
    if x.dims() == noise {
        return dropout(x, rate, random);
    }
    lengths::check([x])?;
    let is_broadcast = noise.len() <= x.rank()
        && noise.iter().rev().zip(x.dims().iter().rev()).all(|(noise, size)| [1, *size].contains(noise));
    if !is_broadcast {
        bail!("a noise_shape of {noise:?} does not broadcast to {:?}", x.dims())
    }
    let x = &crate::elementwise::float(x)?;
    lengths::allocated(noise, x.dtype())?;
    let factors = dropout(&Tensor::ones(noise, x.dtype(), x.device())?, rate, random)?;
    let y = x.detach().broadcast_mul(&factors)?;
    // candle's product would compute a gradient of the factors as well.
    crate::custom_gradient(x, &y, move |_, _, dy| dy.broadcast_mul(&factors))
}

/// A byte for each of `count` elements, 1 where it is kept: less to keep for the backward pass than the bits or the factors.
pub(crate) fn keep_mask(count: usize, rate: f64, random: &mut Stream) -> Vec<u8> {
    // A rate of 1 drops the highest draw as well.
    let (threshold, any) = (threshold(rate), rate < 1.0);
    random.drawn(count, move |bits| u8::from(bits >= threshold && any))
}

/// The factor of the elements that are kept.
pub(crate) fn scale(rate: f64) -> f64 {
    if rate < 1.0 { 1.0 / (1.0 - rate) } else { 0.0 }
}

/// An element is dropped if its bits are below this.
fn threshold(rate: f64) -> u32 {
    (rate * 2f64.powi(32)).min(f64::from(u32::MAX)) as u32
}

fn dropped<T: Float>(x: &[T], kept: &[u8], scale: f64) -> Vec<T> {
    let scale = T::from_double(scale);
    map2(x, kept, move |x, kept| if_kept(x, kept, scale))
}

/// Dropout into a reused buffer, for elements that stay in the cache.
pub(crate) fn drop_into<'a, T: Float>(memory: &'a mut Vec<T>, x: &[T], kept: &[u8], scale: T) -> &'a [T] {
    memory.clear();
    memory.extend_from_slice(x);
    simd!(drop_some(memory, kept, scale));
    memory
}

/// Dropout in place.
#[inline(always)]
pub(crate) fn drop_some<T: Float>(x: &mut [T], kept: &[u8], scale: T) {
    for (x, &kept) in x.iter_mut().zip(kept) {
        *x = if_kept(*x, kept, scale);
    }
}

#[inline(always)]
fn if_kept<T: Float>(x: T, kept: u8, scale: T) -> T {
    if kept == 1 { x * scale } else { T::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, assert_second_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        assert_gradients(&[values([4, 5], 1)], |x| dropout(&x[0], 0.4, &mut Stream::new(1, 0)));
        assert_second_gradients(&[values([4, 5], 1)], |x| {
            crate::square(&dropout(&crate::exp(&x[0])?, 0.4, &mut Stream::new(1, 0))?)
        });
        assert_gradients(&[values([4, 5], 1)], |x| dropout_together(&x[0], &[4, 1], 0.4, &mut Stream::new(1, 0)));
        let all = dropout(&values([4, 5], 1), 1.0, &mut Stream::new(1, 0)).unwrap();
        assert_eq!(all.abs().unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap(), 0.0);
    }
}
