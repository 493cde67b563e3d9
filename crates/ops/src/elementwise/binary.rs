//! Functions of two numbers, as loops over slices; shapes broadcast.

use super::through_host;
use crate::host::{map2, view, with_float};
use crate::lengths;
use crate::operation::broadcast_shape;
use crate::simd::Float;
use crate::tape::{Value, on_host, record};
use candle_core::{Result, Tensor};
use std::f64::consts::LN_2;

/// A function of two numbers, with its derivatives from the numbers and the value.
trait Binary: Copy + Send + Sync + 'static {
    const NAME: &'static str;
    fn value<T: Float>(x: T, y: T) -> T;
    fn slopes<T: Float>(x: T, y: T, z: T) -> (T, T);
}

/// Defines functions as loops over slices, [`vectorized`] or [`by_call`]; `else` is the composition for other devices and dtypes, which are copied to the host otherwise.
macro_rules! binary {
    ($loop:ident: $($(#[$doc:meta])* $name:ident = $struct:ident: |$x:ident, $y:ident| $value:expr, |$sx:ident, $sy:ident, $sz:ident| $slopes:expr $(, else $other:expr)?;)*) => {
        $(
            #[derive(Clone, Copy)]
            struct $struct;

            impl Binary for $struct {
                const NAME: &'static str = stringify!($name);

                #[inline(always)]
                fn value<T: Float>($x: T, $y: T) -> T {
                    $value
                }

                #[inline(always)]
                fn slopes<T: Float>($sx: T, $sy: T, $sz: T) -> (T, T) {
                    $slopes
                }
            }

            $(#[$doc])*
            pub(crate) fn $name(x: &Tensor, y: &Tensor) -> Result<Tensor> {
                if on_host(&[x, y]) {
                    return $loop($struct, x, y);
                }
                binary!(@other x y $name $($other)?)
            }
        )*
    };
    (@other $x:ident $y:ident $name:ident) => { through_host(&[$x, $y], |both| $name(&both[0], &both[1])) };
    (@other $x:ident $y:ident $name:ident $other:expr) => {{
        if $crate::narrow::are_narrow_on_host(&[$x, $y]) {
            return $crate::narrow::in_float32(&[$x, $y], |both| $name(&both[0], &both[1]));
        }
        $other($x, $y)
    }};
}

/// The function of each pair, in a loop of its own, which is compiled a dozen times.
fn vectorized<B: Binary>(_: B, x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let (x, y, shape) = broadcast(x, y)?;
    let value = with_float!(x, T => Value::new(map2(&view::<T>(&x)?, &view::<T>(&y)?, B::value), shape)?);
    recorded::<B>([x, y], value)
}

/// The function of each pair, called through a pointer.
fn by_call<B: Binary>(_: B, x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let (x, y, shape) = broadcast(x, y)?;
    let value = with_float!(x, T => {
        let f: fn(T, T) -> T = B::value;
        Value::new(map2::<T, T>(&view(&x)?, &view(&y)?, f), shape)?
    });
    recorded::<B>([x, y], value)
}

/// Both in the shape of the result.
fn broadcast(x: &Tensor, y: &Tensor) -> Result<(Tensor, Tensor, Vec<usize>)> {
    let shape = broadcast_shape(x.dims(), y.dims())?;
    lengths::allocated(&shape, x.dtype())?;
    Ok((x.broadcast_as(shape.as_slice())?.contiguous()?, y.broadcast_as(shape.as_slice())?.contiguous()?, shape))
}

fn recorded<B: Binary>(inputs: [Tensor; 2], value: Value) -> Result<Tensor> {
    let [a, b] = [inputs[0].detach(), inputs[1].detach()];
    record(
        B::NAME,
        &[&inputs[0], &inputs[1]],
        value,
        move |z, dz| with_float!(z, T => gradients::<T>(B::slopes, [&a, &b, z, dz])),
    )
}

/// The gradients of both, from the numbers, the value and its gradient.
fn gradients<T: Float>(slopes: fn(T, T, T) -> (T, T), [a, b, z, dz]: [&Tensor; 4]) -> Result<Vec<Option<Tensor>>> {
    let (a, b, z, dz_) = (view::<T>(a)?, view::<T>(b)?, view::<T>(z)?, view::<T>(dz)?);
    let both = (0..z.len()).map(|i| {
        let (x, y) = slopes(a[i], b[i], z[i]);
        (dz_[i] * x, dz_[i] * y)
    });
    let (da, db): (Vec<T>, Vec<T>) = both.unzip();
    let tensor = |gradient: Vec<T>| Tensor::from_vec(gradient, dz.shape(), dz.device());
    Ok(vec![Some(tensor(da)?), Some(tensor(db)?)])
}

/// Both halves of a gradient, all of it for the chosen one, or equal parts.
#[inline(always)]
fn shared<T: Float>(x: T, y: T) -> (T, T) {
    let half = T::from_double(0.5);
    if x > y {
        (T::ONE, T::ZERO)
    } else if y > x {
        (T::ZERO, T::ONE)
    } else {
        (half, half)
    }
}

/// The quotient without its fraction, towards minus infinity.
#[inline(always)]
fn floored<T: Float>(x: T, y: T) -> T {
    ((x - modulo(x, y)) / y).round_ties_even()
}

/// The remainder with the sign of `y`.
#[inline(always)]
fn modulo<T: Float>(x: T, y: T) -> T {
    let rest = x.remainder(y);
    if rest != T::ZERO && (rest < T::ZERO) != (y < T::ZERO) { rest + y } else { rest }
}

binary! {
    vectorized:
    /// The larger of each pair of elements, NaN if one of them is; equal elements share the gradient.
    maximum = Maximum: |x, y| if x > y { x } else if y >= x { y } else { x + y }, |x, y, _z| shared(x, y),
        else Tensor::broadcast_maximum;
    /// The smaller of each pair of elements, NaN if one of them is; equal elements share the gradient.
    minimum = Minimum: |x, y| if x < y { x } else if y <= x { y } else { x + y }, |x, y, _z| shared(-x, -y),
        else Tensor::broadcast_minimum;
}

binary! {
    by_call:
    /// The angle of the point `(y, x)`.
    arctan2 = Arctan2: |x, y| x.atan2(y), |x, y, _z| {
        let square = x * x + y * y;
        (y / square, -x / square)
    };
    hypot = Hypot: |x, y| x.hypot(y), |x, y, z| (x / z, y / z);
    /// `log(exp(x) + exp(y))`, without overflow.
    logaddexp = Logaddexp: |x, y| if x == y {
        x + T::from_double(LN_2)
    } else {
        x.larger(y) + Float::exp(-(x - y).abs()).ln_1p()
    }, |x, y, z| (Float::exp(x - z), Float::exp(y - z));
    /// `log2(2^x + 2^y)`, without overflow.
    logaddexp2 = Logaddexp2: |x, y| if x == y {
        x + T::ONE
    } else {
        x.larger(y) + (-(x - y).abs()).exp2().ln_1p() * T::from_double(1.0 / LN_2)
    }, |x, y, z| ((x - z).exp2(), (y - z).exp2());
    /// The larger of each pair of elements that are not NaN.
    fmax = Fmax: |x, y| if x.is_nan() || y > x { y } else { x },
        |x, y, _z| if x.is_nan() { (T::ZERO, T::ONE) } else if y.is_nan() { (T::ONE, T::ZERO) } else { shared(x, y) };
    /// The smaller of each pair of elements that are not NaN.
    fmin = Fmin: |x, y| if x.is_nan() || y < x { y } else { x },
        |x, y, _z| if x.is_nan() { (T::ZERO, T::ONE) } else if y.is_nan() { (T::ONE, T::ZERO) } else { shared(-x, -y) };
    floor_divide = FloorDivide: |x, y| floored(x, y), |_x, _y, _z| (T::ZERO, T::ZERO);
    /// The remainder with the sign of `y`.
    mod_ = Mod: |x, y| modulo(x, y), |x, y, _z| (T::ONE, -floored(x, y));
    /// The remainder with the sign of `x`.
    fmod = Fmod: |x, y| x.remainder(y), |x, y, z| (T::ONE, -((x - z) / y).round_ties_even());
    /// `x / y`, 0 where `y` is.
    divide_no_nan = DivideNoNan: |x, y| if y == T::ZERO { T::ZERO } else { x / y },
        |_x, y, z| if y == T::ZERO { (T::ZERO, T::ZERO) } else { (T::ONE / y, -z / y) };
    /// `x` to the power of `y`; elsewhere for a positive `x`.
    power_of_each = Power: |x, y| x.powf(y), |x, y, z| {
        let before = if y == T::ZERO { T::ONE } else { y - T::ONE };
        (y * x.powf(before), if x == T::ZERO { T::ZERO } else { z * x.ln() })
    }, else |x: &Tensor, y: &Tensor| y.broadcast_mul(&x.log()?)?.exp();
    /// 0 below 0, 1 above, `y` at 0.
    heaviside = Heaviside: |x, y| if x < T::ZERO { T::ZERO } else if x > T::ZERO { T::ONE } else if x == T::ZERO { y } else { x },
        |x, _y, _z| (T::ZERO, if x == T::ZERO { T::ONE } else { T::ZERO });
    /// The number next to `x` towards `y`.
    nextafter = Nextafter: |x, y| if y > x { x.next_up() } else if y < x { x.next_down() } else if x == y { y } else { x + y },
        |_x, _y, _z| (T::ONE, T::ZERO);
    /// `x 2^y`.
    ldexp = Ldexp: |x, y| x * y.exp2(), |_x, y, z| (y.exp2(), z * T::from_double(LN_2));
}
