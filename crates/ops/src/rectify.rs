//! Rectifiers: functions that are the identity above a threshold, as loops with their gradients.

use crate::custom_gradient;
use crate::elementwise::{float, plus_number, slope_below, times};
use crate::host::{map1, map3, view, with_float};
use crate::lengths;
use crate::simd::Float;
use crate::tape::{Value, on_host, record_twice};
use candle_core::{Result, Tensor};

/// The arguments of [`rectify`]; by default those of `max(x, 0)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rectifier {
    /// The slope up to the threshold.
    pub negative_slope: f64,
    /// The largest value; infinite if there is none.
    pub max_value: f64,
    /// Where the identity begins.
    pub threshold: f64,
}

impl Default for Rectifier {
    fn default() -> Self {
        Self { negative_slope: 0.0, max_value: f64::INFINITY, threshold: 0.0 }
    }
}

/// `min(x, max_value)` above the threshold, `negative_slope * (x - threshold)` up to it. NaN stays.
///
/// ```
/// use candle_keras_ops::{Device, Rectifier, Tensor, rectify};
/// let x = Tensor::new(&[-2f32, 0., 2., 8.], &Device::Cpu)?;
/// let leaky = Rectifier { negative_slope: 0.5, max_value: 6.0, ..Rectifier::default() };
/// assert_eq!(rectify(&x, leaky)?.to_vec1::<f32>()?, [-1., 0., 2., 6.]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn rectify(x: &Tensor, by: Rectifier) -> Result<Tensor> {
    lengths::check([x])?;
    let x = &float(x)?;
    if !on_host(&[x]) {
        return composed(x, by);
    }
    let input = x.detach().contiguous()?;
    let value = with_float!(x, T => {
        let by = Typed::<T>::new(by);
        Value::new(map1(&view::<T>(&input)?, move |x| by.value(x)), x.shape())?
    });
    let first = move |y: &Tensor, dy: &Tensor| {
        let dx = with_float!(y, T => {
            let by = Typed::<T>::new(by);
            let dx = map3(&view::<T>(&input)?, &view::<T>(y)?, &view::<T>(dy)?, move |x, _, dy| dy * by.slope(x));
            Tensor::from_vec(dx, y.shape(), y.device())?
        });
        Ok(vec![Some(dx)])
    };
    record_twice("rectify", &[x], value, first, move |inputs, y, dy| {
        let x = inputs[0].detach().contiguous()?;
        let slope = with_float!(y, T => {
            let by = Typed::<T>::new(by);
            Tensor::from_vec(map1(&view::<T>(&x)?, move |x| by.slope(x)), y.shape(), y.device())?
        });
        Ok(vec![Some(times(dy, &slope)?)])
    })
}

/// `x` above 0, `alpha * (exp(x) - 1)` below (Clevert et al., 2015).
pub fn exponential_linear(x: &Tensor, alpha: f64) -> Result<Tensor> {
    lengths::check([x])?;
    let x = &float(x)?;
    if !on_host(&[x]) {
        return exponential_composed(x, alpha);
    }
    let input = x.detach().contiguous()?;
    let value = with_float!(x, T => {
        let alpha = T::from_double(alpha);
        let below = move |x: T| alpha * (x.exp() - T::ONE);
        Value::new(map1(&view::<T>(&input)?, move |x| if x > T::ZERO { x } else { below(x) }), x.shape())?
    });
    let first = move |y: &Tensor, dy: &Tensor| {
        let dx = with_float!(y, T => {
            let alpha = T::from_double(alpha);
            let slope = move |x: T, y: T| if x > T::ZERO { T::ONE } else { y + alpha };
            let dx = map3(&view::<T>(&input)?, &view::<T>(y)?, &view::<T>(dy)?, move |x, y, dy| dy * slope(x, y));
            Tensor::from_vec(dx, y.shape(), y.device())?
        });
        Ok(vec![Some(dx)])
    };
    record_twice("exponential_linear", &[x], value, first, move |inputs, y, dy| {
        Ok(vec![Some(times(dy, &slope_below(&inputs[0], &plus_number(y, alpha)?, 1.0)?)?)])
    })
}

/// A [`Rectifier`] in the dtype of a loop.
#[derive(Clone, Copy)]
struct Typed<T> {
    slope: T,
    max: T,
    threshold: T,
    /// Without a slope, minus infinity becomes 0, and not NaN.
    is_leaky: bool,
}

impl<T: Float> Typed<T> {
    fn new(by: Rectifier) -> Self {
        Self {
            slope: T::from_double(by.negative_slope),
            max: T::from_double(by.max_value),
            threshold: T::from_double(by.threshold),
            is_leaky: by.negative_slope != 0.0,
        }
    }

    #[inline(always)]
    fn value(self, x: T) -> T {
        let below = if self.is_leaky { self.slope * (x - self.threshold) } else { T::ZERO };
        let above = if x > self.max { self.max } else { x };
        if x <= self.threshold { below } else { above }
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        let above = if x < self.max { T::ONE } else { T::ZERO };
        if x <= self.threshold { self.slope } else { above }
    }
}

/// [`rectify`] as a composition of candle's functions.
fn composed(x: &Tensor, by: Rectifier) -> Result<Tensor> {
    let input = x.detach();
    let below = match by.negative_slope != 0.0 {
        true => ((&input - by.threshold)? * by.negative_slope)?,
        false => input.zeros_like()?,
    };
    let above = match by.max_value.is_finite() {
        // candle's minimum does not keep NaN.
        true => input.gt(by.max_value)?.where_cond(&(input.ones_like()? * by.max_value)?, &input)?,
        false => input.clone(),
    };
    let y = input.le(by.threshold)?.where_cond(&below, &above)?;
    custom_gradient(x, &y, move |x, _, dy| {
        let rising = x.lt(by.max_value)?.to_dtype(dy.dtype())?;
        dy * x.le(by.threshold)?.where_cond(&(dy.ones_like()? * by.negative_slope)?, &rising)?
    })
}

/// [`exponential_linear`] as a composition of candle's functions.
fn exponential_composed(x: &Tensor, alpha: f64) -> Result<Tensor> {
    let input = x.detach();
    let y = input.gt(0.0)?.where_cond(&input, &((input.exp()? - 1.0)? * alpha)?)?;
    custom_gradient(x, &y, move |x, y, dy| dy * x.gt(0.0)?.where_cond(&dy.ones_like()?, &(y + alpha)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, assert_second_gradients, values};
    use candle_core::{DType, Device};

    #[test]
    fn second_gradients_agree_with_finite_differences() {
        let x = [values([3, 4], 1)];
        for by in rectifiers() {
            assert_second_gradients(&x, |x| crate::square(&rectify(&crate::exp(&x[0])?, by)?));
        }
        assert_second_gradients(&x, |x| exponential_linear(&x[0], 0.7));
    }

    fn rectifiers() -> Vec<Rectifier> {
        let leaky = Rectifier { negative_slope: 0.2, ..Rectifier::default() };
        let all = Rectifier { negative_slope: 0.1, max_value: 0.9, threshold: 0.3 };
        vec![Rectifier::default(), leaky, Rectifier { max_value: 0.5, ..Rectifier::default() }, all]
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = [values([3, 7], 1)];
        for by in rectifiers() {
            assert_gradients(&x, |x| rectify(&x[0], by));
            assert_gradients(&x, |x| composed(&x[0], by));
        }
        for alpha in [1.0, 0.3, 0.0] {
            assert_gradients(&x, |x| exponential_linear(&x[0], alpha));
            assert_gradients(&x, |x| exponential_composed(&x[0], alpha));
        }
    }

    #[test]
    fn a_loop_is_its_composition() {
        let edges = [-1e30f64, -2., -0., 0., 0.3, 0.5, 0.9, 2., 1e30, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        for dtype in [DType::F32, DType::F64] {
            let x = Tensor::new(&edges, &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
            let numbers = |y: Tensor| y.to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap();
            let same = |a: Tensor, b: Tensor| {
                let (a, b) = (numbers(a), numbers(b));
                let apart = |(a, b): (&f64, &f64)| a.to_bits() != b.to_bits() && (a - b).abs() > 1e-6 * b.abs();
                assert!(!a.iter().zip(&b).any(apart), "{a:?} {b:?}");
                assert!(a.last().unwrap().is_nan() && b.last().unwrap().is_nan(), "{a:?} {b:?}");
            };
            for by in rectifiers() {
                same(rectify(&x, by).unwrap(), composed(&x, by).unwrap());
            }
            same(exponential_linear(&x, 0.5).unwrap(), exponential_composed(&x, 0.5).unwrap());
        }
        let none = rectify(&Tensor::new(&[f32::NEG_INFINITY], &Device::Cpu).unwrap(), Rectifier::default()).unwrap();
        assert_eq!(none.to_vec1::<f32>().unwrap(), [0.]);
    }
}
