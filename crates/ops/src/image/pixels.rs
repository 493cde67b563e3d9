//! Functions of one pixel, with gradients by differentiating the same code.

use super::{Rounding, on_loops};
use crate::cores;
use crate::host::{view, with_float};
use crate::lengths;
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, record};
use candle_core::{Result, Tensor, bail};
use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number in a function of a pixel: a float, or one with its derivative.
pub trait Number:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// A constant.
    fn constant(x: f64) -> Self;
    /// The largest whole number that is not larger; a constant.
    fn floor(self) -> Self;

    /// The smaller of two.
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    /// The larger of two.
    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    /// Clipped to `low..=high`.
    #[inline(always)]
    fn clipped(self, low: f64, high: f64) -> Self {
        self.greater(Self::constant(low)).smaller(Self::constant(high))
    }
}

impl<T: Float> Number for T {
    #[inline(always)]
    fn constant(x: f64) -> Self {
        T::from_double(x)
    }

    #[inline(always)]
    fn floor(self) -> Self {
        crate::Elementary::floor(self)
    }
}

/// A number and its derivative with respect to one input (forward differentiation).
#[derive(Debug, Clone, Copy)]
struct Dual<T> {
    value: T,
    slope: T,
}

impl<T: PartialEq> PartialEq for Dual<T> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: PartialOrd> PartialOrd for Dual<T> {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

macro_rules! arithmetic {
    ($($trait:ident $name:ident: |$x:ident, $y:ident| $value:expr, $slope:expr;)*) => {
        $(impl<T: Float> $trait for Dual<T> {
            type Output = Self;

            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                let ($x, $y) = (self, other);
                Self { value: $value, slope: $slope }
            }
        })*
    };
}

arithmetic! {
    Add add: |x, y| x.value + y.value, x.slope + y.slope;
    Sub sub: |x, y| x.value - y.value, x.slope - y.slope;
    Mul mul: |x, y| x.value * y.value, x.slope * y.value + x.value * y.slope;
    Div div: |x, y| x.value / y.value, (x.slope - x.value / y.value * y.slope) / y.value;
}

impl<T: Float> Neg for Dual<T> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self { value: -self.value, slope: -self.slope }
    }
}

impl<T: Float> Number for Dual<T> {
    #[inline(always)]
    fn constant(x: f64) -> Self {
        Self { value: T::from_double(x), slope: T::ZERO }
    }

    #[inline(always)]
    fn floor(self) -> Self {
        Self { value: crate::Elementary::floor(self.value), slope: T::ZERO }
    }
}

/// A function of a pixel with `N` channels, whose result has `M`.
pub trait PixelFunction<const N: usize, const M: usize>: Send + Sync + 'static {
    /// The new pixel. To be inlined always.
    fn apply<S: Number>(&self, pixel: [S; N]) -> [S; M];
}

/// The images with a function applied to each pixel: one function for each image, or one for all of them. The derivatives come from the
/// same code, computed with numbers that carry theirs.
///
/// # Shapes
/// - `x`: `(images, ..., N)`; any last axis if `N` and `M` are 1
/// - the result: `(images, ..., M)`
///
/// # Errors
/// If the last axis has another size than `N`, or the number of functions is another than that of images.
///
/// ```
/// use candle_keras_ops::image::{Number, PixelFunction, pixelwise};
/// use candle_keras_ops::{Device, Tensor};
/// struct Double;
/// impl PixelFunction<1, 1> for Double {
///     fn apply<S: Number>(&self, [x]: [S; 1]) -> [S; 1] {
///         [x + x]
///     }
/// }
/// let x = Tensor::new(&[[1f32], [2.]], &Device::Cpu)?;
/// assert_eq!(pixelwise(&x, vec![Double])?.flatten_all()?.to_vec1::<f32>()?, [2., 4.]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn pixelwise<const N: usize, const M: usize>(
    x: &Tensor,
    functions: Vec<impl PixelFunction<N, M>>,
) -> Result<Tensor> {
    lengths::check([x])?;
    let (Some(&images), Some(&channels)) = (x.dims().first(), x.dims().last()) else {
        bail!("a pixel has channels, received a scalar")
    };
    // A function of one number is one of all elements.
    let (channels, last) = if (N, M) == (1, 1) { (1, channels) } else { (channels, M) };
    if channels != N || !(functions.len() == 1 || functions.len() == images) {
        bail!("functions of pixels with {N} channels for {} images, received the shape {:?}", functions.len(), x.dims())
    }
    let mut shape = x.dims().to_vec();
    shape[x.rank() - 1] = last;
    if x.elem_count() == 0 {
        return Tensor::zeros(shape, x.dtype(), x.device());
    }
    let of_function = x.elem_count() / N / functions.len();
    on_loops(x, Rounding::Down, |x| {
        let input = x.detach().contiguous()?;
        let value = with_float!(x, T => {
            let x = view::<T>(&input)?;
            let (x, _) = x.as_chunks::<N>();
            let chunk_len = cores::chunk_len(x.len() * M, M, 8);
            let y = cores::zeroed_chunks(x.len() * M, chunk_len, |from, y| {
                each_function(from / M, y.as_chunks_mut::<M>().0, of_function, |function, pixel, y| {
                    let x = &x[pixel..][..y.len()];
                    simd!(values(&functions[function], x, y));
                });
            });
            Value::new(y, shape)?
        });
        record("pixelwise", &[x], value, move |_, dy| {
            let dx = with_float!(dy, T => {
                let (x, dy) = (view::<T>(&input)?, view::<T>(dy)?);
                let (x, dy) = (x.as_chunks::<N>().0, dy.as_chunks::<M>().0);
                let chunk_len = cores::chunk_len(x.len() * N, N, 8 * N);
                let dx = cores::zeroed_chunks(x.len() * N, chunk_len, |from, dx| {
                    each_function(from / N, dx.as_chunks_mut::<N>().0, of_function, |function, pixel, dx| {
                        let (x, dy) = (&x[pixel..][..dx.len()], &dy[pixel..][..dx.len()]);
                        simd!(slopes(&functions[function], x, dy, dx));
                    });
                });
                Tensor::from_vec(dx, input.shape(), input.device())?
            });
            Ok(vec![Some(dx)])
        })
    })
}

/// Calls `f` for each run of pixels with one function: the index of the function, that of the first pixel, and the pixels.
fn each_function<P>(mut pixel: usize, mut pixels: &mut [P], of_function: usize, f: impl Fn(usize, usize, &mut [P])) {
    while !pixels.is_empty() {
        let count = (of_function - pixel % of_function).min(pixels.len());
        let (run, rest) = pixels.split_at_mut(count);
        f(pixel / of_function, pixel, run);
        (pixels, pixel) = (rest, pixel + count);
    }
}

#[inline(always)]
fn values<T: Float, const N: usize, const M: usize>(f: &impl PixelFunction<N, M>, x: &[[T; N]], y: &mut [[T; M]]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = f.apply(x);
    }
}

#[inline(always)]
fn slopes<T: Float, const N: usize, const M: usize>(
    f: &impl PixelFunction<N, M>,
    x: &[[T; N]],
    dy: &[[T; M]],
    dx: &mut [[T; N]],
) {
    for ((dx, x), dy) in dx.iter_mut().zip(x).zip(dy) {
        for n in 0..N {
            let mut input = x.map(|value| Dual { value, slope: T::ZERO });
            input[n].slope = T::ONE;
            let output = f.apply(input);
            let mut sum = T::ZERO;
            for (y, &dy) in output.iter().zip(dy) {
                sum += y.slope * dy;
            }
            dx[n] = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    struct Mixed(f64);

    impl PixelFunction<2, 3> for Mixed {
        fn apply<S: Number>(&self, [x, y]: [S; 2]) -> [S; 3] {
            let factor = S::constant(self.0);
            [x * y / (x * x + S::constant(1.0)), (factor * x - x.floor()).clipped(-0.5, 0.7), -x.smaller(y)]
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        assert_gradients(&[values([3, 2, 4, 2], 1)], |x| pixelwise(&x[0], vec![Mixed(0.5), Mixed(2.0), Mixed(3.0)]));
        assert_gradients(&[values([3, 2], 1)], |x| pixelwise(&x[0], vec![Mixed(0.5)]));
        assert!(pixelwise(&values([3, 3], 1), vec![Mixed(0.5)]).is_err());
        assert!(pixelwise(&values([3, 2], 1), vec![Mixed(0.5), Mixed(1.0)]).is_err());
    }
}
