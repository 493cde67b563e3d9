//! Dropout as one op: random bits, mask and product in one go.

use crate::gpu::{self, on_gpu};
use crate::host::{map2, view, with_real};
use crate::random::Stream;
use crate::simd::Real;
use crate::tape::{Value, on_host, record};
use candle_core::{Result, Tensor};

/// Each element 0 with the probability `rate`, the others divided by `1 - rate`; one draw of `random` an element.
pub fn dropout(x: &Tensor, rate: f64, random: &mut Stream) -> Result<Tensor> {
    let (threshold, scale) = threshold(rate);
    if on_gpu(&[x]) {
        return gpu::dropout(x, random.part(x.elem_count()), threshold, scale);
    }
    let bits = random.bits(x.elem_count());
    if !on_host(&[x]) {
        let factors: Vec<f32> = bits.iter().map(|&bits| if bits < threshold { 0.0 } else { scale as f32 }).collect();
        let factors = Tensor::from_vec(factors, x.shape(), x.device())?.to_dtype(x.dtype())?;
        let y = (x.detach() * &factors)?;
        // candle's product would work out a gradient of the factors as well.
        return crate::custom_gradient(x, &y, move |_, _, dy| dy * &factors);
    }
    // A byte an element is kept for the way back; a rate of 1 drops the highest draw as well.
    let kept: Vec<u8> = bits.into_iter().map(|bits| u8::from(bits >= threshold && scale > 0.0)).collect();
    let input = x.detach().contiguous()?;
    let value = with_real!(x, T => Value::new(dropped(&view::<T>(&input)?, &kept, scale), x.shape()));
    record("dropout", &[x], value, move |_, dy| {
        let dx = with_real!(dy, T => {
            Tensor::from_vec(dropped(&view::<T>(dy)?, &kept, scale), dy.shape(), dy.device())?
        });
        Ok(vec![Some(dx)])
    })
}

/// Below which bits an element is dropped, and by what the others are multiplied.
pub(crate) fn threshold(rate: f64) -> (u32, f64) {
    let threshold = (rate * 2f64.powi(32)).min(f64::from(u32::MAX)) as u32;
    (threshold, if rate < 1.0 { 1.0 / (1.0 - rate) } else { 0.0 })
}

fn dropped<T: Real>(x: &[T], kept: &[u8], scale: f64) -> Vec<T> {
    let scale = T::from_real(scale);
    map2(x, kept, move |x, kept| if kept == 1 { x * scale } else { T::ZERO })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        assert_gradients(&[values([4, 5], 1)], |x| dropout(&x[0], 0.4, &mut Stream::new(1, 0)));
        let all = dropout(&values([4, 5], 1), 1.0, &mut Stream::new(1, 0)).unwrap();
        assert_eq!(all.abs().unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap(), 0.0);
    }
}
