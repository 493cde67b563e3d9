//! Functions of one number, as loops over slices.

use super::{composed_log1p, number_minus, one_where, plus_number, scaled, through_host, times};
use crate::custom_gradient;
use crate::host::{map1, map3, view, with_float};
use crate::scalar::{bessel, erf_inv};
use crate::simd::Float;
use crate::tape::{Value, on_host, record_with};
use candle_core::cpu::erf;
use candle_core::{Result, Tensor};
use std::f64::consts::{LN_2, LN_10, PI};

/// A function of one number, with its derivative from the number and the value.
pub(super) trait Unary: Copy + Send + Sync + 'static {
    const NAME: &'static str;
    fn value<T: Float>(self, x: T) -> T;
    fn slope<T: Float>(self, x: T, y: T) -> T;

    /// The slope from the tensors by recorded ops, if the gradient has gradients.
    fn recorded_slope(self, _x: &Tensor, _y: &Tensor) -> Option<Result<Tensor>> {
        None
    }
}

/// Defines functions as loops over slices, [`vectorized`] or [`by_call`], with numbers as arguments in parentheses; `recorded` is the slope of
/// tensors by recorded ops, for gradients of gradients, `else` the composition for other devices and dtypes, which are copied to the host otherwise.
macro_rules! unary {
    ($loop:ident: $($(#[$doc:meta])* $name:ident = $struct:ident $(($($number:ident),*))?: |$x:ident| $value:expr, |$sx:ident, $sy:ident| $slope:expr $(, recorded |$rx:ident, $ry:ident| $recorded:expr)? $(, else |$tensor:ident| $other:expr)?;)*) => {
        $(
            #[derive(Clone, Copy)]
            struct $struct {
                $($($number: f64),*)?
            }

            impl $crate::elementwise::unary::Unary for $struct {
                const NAME: &'static str = stringify!($name);

                #[inline(always)]
                #[allow(unused_variables, reason = "not all functions use all numbers")]
                fn value<T: Float>(self, $x: T) -> T {
                    $($(let $number = T::from_double(self.$number);)*)?
                    $value
                }

                #[inline(always)]
                #[allow(unused_variables, reason = "not all functions use all numbers")]
                fn slope<T: Float>(self, $sx: T, $sy: T) -> T {
                    $($(let $number = T::from_double(self.$number);)*)?
                    $slope
                }

                $(
                    fn recorded_slope(self, x: &Tensor, y: &Tensor) -> Option<Result<Tensor>> {
                        fn slope($rx: &Tensor, $ry: &Tensor) -> Result<Tensor> {
                            $recorded
                        }
                        Some(slope(x, y))
                    }
                )?
            }

            $(#[$doc])*
            pub(crate) fn $name(x: &Tensor $($(, $number: f64)*)?) -> Result<Tensor> {
                if on_host(&[x]) {
                    return $crate::elementwise::unary::$loop($struct { $($($number),*)? }, x);
                }
                unary!(@other x $name ($($($number),*)?) $(|$tensor| $other)?)
            }
        )*
    };
    (@other $x:ident $name:ident ($($number:ident),*)) => { through_host(&[$x], |x| $name(&x[0] $(, $number)*)) };
    (@other $x:ident $name:ident ($($number:ident),*) |$tensor:ident| $other:expr) => {{
        if $crate::narrow::are_narrow_on_host(&[$x]) {
            return $crate::narrow::in_float32(&[$x], |x| $name(&x[0] $(, $number)*));
        }
        let $tensor = $x;
        $other
    }};
}
pub(super) use unary;

/// The function of each element, in a loop of its own: for functions that are used in each step of a training, since such a loop is compiled a dozen times.
pub(super) fn vectorized<U: Unary>(u: U, x: &Tensor) -> Result<Tensor> {
    let x_ = x.detach().contiguous()?;
    let value = with_float!(x, T => Value::new(map1(&view::<T>(&x_)?, |x| u.value(x)), x.shape())?);
    let first = move |y: &Tensor, dy: Tensor| {
        let dx = with_float!(y, T => {
            let dx = map3(&view::<T>(&x_)?, &view::<T>(y)?, &view::<T>(&dy)?, |x, y, dy| dy * u.slope(x, y));
            Tensor::from_vec(dx, y.shape(), y.device())?
        });
        Ok(vec![Some(dx)])
    };
    record_with(U::NAME, &[x], value, first, move |inputs, y, dy| by_recorded_ops(u, &inputs[0], y, dy))
}

/// The function of each element, called through a pointer.
pub(super) fn by_call<U: Unary>(u: U, x: &Tensor) -> Result<Tensor> {
    let x_ = x.detach().contiguous()?;
    let value = with_float!(x, T => Value::new(map1::<T>(&view(&x_)?, &(|x| u.value(x)) as Function<T>), x.shape())?);
    let first = move |y: &Tensor, dy: Tensor| {
        let dx = with_float!(y, T => {
            let f: Function3<T> = &|x, y, dy| dy * u.slope(x, y);
            Tensor::from_vec(map3::<T>(&view(&x_)?, &view(y)?, &view(&dy)?, f), y.shape(), y.device())?
        });
        Ok(vec![Some(dx)])
    };
    record_with(U::NAME, &[x], value, first, move |inputs, y, dy| by_recorded_ops(u, &inputs[0], y, dy))
}

/// The gradient, with gradients itself.
fn by_recorded_ops<U: Unary>(u: U, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Vec<Option<Tensor>>>> {
    u.recorded_slope(x, y).map(|slope| Ok(vec![Some(times(dy, &slope?)?)])).transpose()
}

type Function<'a, T> = &'a (dyn Fn(T) -> T + Sync);
type Function3<'a, T> = &'a (dyn Fn(T, T, T) -> T + Sync);

/// The number of the type of the loop.
#[inline(always)]
fn c<T: Float>(x: f64) -> T {
    T::from_double(x)
}

/// The slope of the sigmoid from its value, with gradients itself.
pub(crate) fn sigmoid_slope(y: &Tensor) -> Result<Tensor> {
    times(y, &number_minus(1.0, y)?)
}

/// The slope of the tangent from its value, with gradients itself.
pub(crate) fn tanh_slope(y: &Tensor) -> Result<Tensor> {
    number_minus(1.0, &square(y)?)
}

/// The slope of the rectifier from its value, a constant almost everywhere.
pub(crate) fn relu_slope(y: &Tensor) -> Result<Tensor> {
    one_where(&y.detach().gt(0.0)?, y)
}

unary! {
    vectorized:
    /// `e` to the power of `x`.
    exp = Exp: |x| Float::exp(x), |_x, y| y, recorded |_x, y| Ok(y.clone()), else |x| x.exp();
    /// `x * x`.
    square = Square: |x| x * x, |x, _y| x + x, recorded |x, _y| scaled(x, 2.0), else |x| x.sqr();
    /// `1 / (1 + exp(-x))`.
    sigmoid = Sigmoid: |x| x.sigmoid(), |_x, y| y * (T::ONE - y), recorded |_x, y| sigmoid_slope(y), else |x| candle_nn::ops::sigmoid(x);
    /// The hyperbolic tangent.
    tanh = Tanh: |x| Float::tanh(x), |_x, y| T::ONE - y * y, recorded |_x, y| tanh_slope(y), else |x| x.tanh();
    /// `-x`.
    negative = Negative: |x| -x, |_x, _y| -T::ONE, recorded |x, _y| x.detach().ones_like()?.neg(), else |x| x.neg();
    /// `max(x, 0)`; its gradient at 0 is 0, as in Keras (candle: 1).
    relu = Relu: |x| if x < T::ZERO { T::ZERO } else { x }, |_x, y| if y > T::ZERO { T::ONE } else { T::ZERO },
        recorded |_x, y| relu_slope(y),
        else |x| custom_gradient(x, &x.detach().relu()?, |_, y, dy| dy * y.gt(0.0)?.to_dtype(dy.dtype())?);
}

// Trigonometry.
unary! {
    by_call:
    sin = Sin: |x| x.sin(), |x, _y| x.cos(), recorded |x, _y| cos(x), else |x| x.sin();
    cos = Cos: |x| x.cos(), |x, _y| -x.sin(), recorded |x, _y| negative(&sin(x)?), else |x| x.cos();
    tan = Tan: |x| x.tan(), |_x, y| T::ONE + y * y, else |x| x.sin()? / x.cos()?;
    arcsin = Arcsin: |x| x.asin(), |x, _y| T::ONE / Float::sqrt(T::ONE - x * x);
    arccos = Arccos: |x| x.acos(), |x, _y| -T::ONE / Float::sqrt(T::ONE - x * x);
    arctan = Arctan: |x| x.atan(), |x, _y| T::ONE / (T::ONE + x * x);
    sinh = Sinh: |x| x.sinh(), |x, _y| x.cosh();
    cosh = Cosh: |x| x.cosh(), |x, _y| x.sinh();
    arcsinh = Arcsinh: |x| x.asinh(), |x, _y| T::ONE / Float::sqrt(x * x + T::ONE);
    arccosh = Arccosh: |x| x.acosh(), |x, _y| T::ONE / Float::sqrt(x * x - T::ONE);
    arctanh = Arctanh: |x| x.atanh(), |x, _y| T::ONE / (T::ONE - x * x);
    deg2rad = Deg2rad: |x| x * c(PI / 180.0), |_x, _y| c(PI / 180.0), else |x| x * (PI / 180.0);
    rad2deg = Rad2deg: |x| x * c(180.0 / PI), |_x, _y| c(180.0 / PI), else |x| x * (180.0 / PI);
    /// `sin(pi x) / (pi x)`, 1 at 0.
    sinc = Sinc: |x| {
        let angle = x * c(PI);
        if x == T::ZERO { T::ONE } else { angle.sin() / angle }
    }, |x, y| if x == T::ZERO { T::ZERO } else { ((x * c(PI)).cos() - y) / x };
}

// Steps: their gradient is 0.
unary! {
    by_call:
    floor = Floor: |x| x.floor(), |_x, _y| T::ZERO, else |x| x.detach().floor();
    ceil = Ceil: |x| x.ceil(), |_x, _y| T::ZERO, else |x| x.detach().ceil();
    trunc = Trunc: |x| x.trunc(), |_x, _y| T::ZERO, else |x| x.detach().abs()?.floor()? * x.detach().sign()?;
    /// Rounded to multiples of `1 / factor`, halves to the even one.
    round = Round(factor): |x| (x * factor).round_ties_even() / factor, |_x, _y| T::ZERO;
    sign = Sign: |x| if x > T::ZERO { T::ONE } else if x < T::ZERO { -T::ONE } else { x }, |_x, _y| T::ZERO,
        recorded |x, _y| x.detach().zeros_like(), else |x| x.detach().sign();
}

// Powers, exponentials and logarithms.
unary! {
    by_call:
    reciprocal = Reciprocal: |x| T::ONE / x, |_x, y| -y * y, recorded |_x, y| negative(&square(y)?), else |x| x.recip();
    rsqrt = Rsqrt: |x| T::ONE / Float::sqrt(x), |x, y| c::<T>(-0.5) * y / x, recorded |_x, y| scaled(&times(y, &square(y)?)?, -0.5), else |x| x.sqrt()?.recip();
    cbrt = Cbrt: |x| x.cbrt(), |_x, y| T::ONE / (c::<T>(3.0) * y * y);
    exp2 = Exp2: |x| x.exp2(), |_x, y| y * c(LN_2), else |x| (x * LN_2)?.exp();
    expm1 = Expm1: |x| x.exp_m1(), |_x, y| y + T::ONE;
    log1p = Log1p: |x| x.ln_1p(), |x, _y| T::ONE / (T::ONE + x), recorded |x, _y| reciprocal(&plus_number(x, 1.0)?), else |x| composed_log1p(x);
    log2 = Log2: |x| x.log2(), |x, _y| c::<T>(1.0 / LN_2) / x, else |x| x.log()? * (1.0 / LN_2);
    log10 = Log10: |x| x.log10(), |x, _y| c::<T>(1.0 / LN_10) / x, else |x| x.log()? * (1.0 / LN_10);
}

// Special functions.
unary! {
    by_call:
    erf = Erf: |x| c(erf::erf_f64(x.double())), |x, _y| c::<T>(2.0 / PI.sqrt()) * Float::exp(-x * x), else |x| x.erf();
    erfc = Erfc: |x| c(erf::erfc_f64(x.double())), |x, _y| c::<T>(-2.0 / PI.sqrt()) * Float::exp(-x * x);
    erfinv = Erfinv: |x| c(erf_inv(x.double())), |_x, y| c::<T>(PI.sqrt() / 2.0) * Float::exp(y * y);
    /// The modified Bessel function of order 0.
    i0 = I0: |x| c(bessel(0, x.double())), |x, _y| c(bessel(1, x.double()));
    /// `x` with these numbers in the place of NaN and the infinities, which have the gradient 0.
    nan_to_num = NanToNum(nan, posinf, neginf): |x| if x.is_nan() {
        nan
    } else if x.is_finite() {
        x
    } else if x > T::ZERO {
        posinf
    } else {
        neginf
    }, |x, _y| if x.is_finite() { T::ONE } else { T::ZERO };
}
