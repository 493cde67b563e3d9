//! Elementwise functions of `keras.ops.numpy` and `keras.ops.math`.

use super::*;
use crate::elementwise::{self, Arithmetic, arithmetic, float};
use crate::operation::{common_spec, promoted, truth_spec};
use candle_core::bail;

operations! {
    /// Functions of one number; whole numbers are computed as f32, unless the function keeps them whole.
    mod unary: Numpy, Loop;

    /// `|x|`; its gradient at 0 is 0, as in Keras (candle: 1).
    Absolute abs(x): Ok(x.clone()) => by_kind(x, i64::wrapping_abs, elementwise::abs);
    /// The smallest integer that is not below.
    Ceil ceil(x): Ok(x.float()) => elementwise::ceil(&float(x)?);
    /// `x` clipped to `x_min..=x_max`; the gradient is 0 where it is clipped. Whole numbers stay whole if the limits are.
    Clip clip(x)[x_min: f64, x_max: f64]: Ok(if is_whole(*x_min) && is_whole(*x_max) { x.clone() } else { x.float() })
        => if is_whole(*x_min) && is_whole(*x_max) {
            by_kind(x, |x| x.max(*x_min as i64).min(*x_max as i64), |x| elementwise::clip(x, *x_min, *x_max))
        } else {
            elementwise::clip(&float(x)?, *x_min, *x_max)
        };
    /// The cosine.
    Cos cos(x): Ok(x.float()) => elementwise::cos(&float(x)?);
    /// From degrees to radians.
    Deg2rad deg2rad(x): Ok(x.float()) => elementwise::deg2rad(&float(x)?);
    /// `e` to the power of `x`.
    Exp exp(x): Ok(x.float()) => elementwise::exp(&float(x)?);
    /// `2` to the power of `x`.
    Exp2 exp2(x): Ok(x.float()) => elementwise::exp2(&float(x)?);
    /// `|x|` as a floating-point number.
    Fabs fabs(x): Ok(x.float()) => elementwise::abs(&float(x)?);
    /// The largest integer that is not above.
    Floor floor(x): Ok(x.float()) => elementwise::floor(&float(x)?);
    /// The natural logarithm.
    Log log(x): Ok(x.float()) => elementwise::log(&float(x)?);
    /// The logarithm to the base 10.
    Log10 log10(x): Ok(x.float()) => elementwise::log10(&float(x)?);
    /// `log(1 + x)`, accurate for a small `x` too.
    Log1p log1p(x): Ok(x.float()) => elementwise::log1p(&float(x)?);
    /// The logarithm to the base 2.
    Log2 log2(x): Ok(x.float()) => elementwise::log2(&float(x)?);
    /// `-x`.
    Negative negative(x): Ok(x.clone()) => by_kind(x, i64::wrapping_neg, elementwise::negative);
    /// From radians to degrees.
    Rad2deg rad2deg(x): Ok(x.float()) => elementwise::rad2deg(&float(x)?);
    /// `1 / x`.
    Reciprocal reciprocal(x): Ok(x.float()) => elementwise::reciprocal(&float(x)?);
    /// -1, 0 or 1.
    Sign sign(x): Ok(x.clone()) => by_kind(x, i64::signum, elementwise::sign);
    /// The sine.
    Sin sin(x): Ok(x.float()) => elementwise::sin(&float(x)?);
    /// The square root.
    Sqrt sqrt(x): Ok(x.float()) => elementwise::sqrt(&float(x)?);
    /// `x * x`.
    Square square(x): Ok(x.clone()) => by_kind(x, |x| x.wrapping_mul(x), elementwise::square);
    /// The tangent.
    Tan tan(x): Ok(x.float()) => elementwise::tan(&float(x)?);
    /// The hyperbolic tangent.
    Tanh tanh(x): Ok(x.float()) => elementwise::tanh(&float(x)?);
    /// The integer part.
    Trunc trunc(x): Ok(x.clone()) => by_kind(x, |x| x, elementwise::trunc);
}

/// [`abs`] under its second name.
#[track_caller]
pub fn absolute<X: Operand>(x: &X) -> X::Output {
    abs(x)
}

/// Whether a limit is a whole number.
fn is_whole(limit: f64) -> bool {
    limit.fract() == 0.0
}

operations! {
    /// Functions of one number that candle does not have.
    mod more_unary: Numpy, Host;

    /// The angle of a complex number; of the real ones here 0, pi below 0 and for -0.
    Angle angle(x): Ok(x.float()) => {
        let x = float(x)?.detach();
        let is_negative = (x.lt(0.0)? + x.recip()?.lt(0.0)?)?.ne(0u8)?;
        let angle = (is_negative.to_dtype(x.dtype())? * std::f64::consts::PI)?;
        x.ne(&x)?.where_cond(&x, &angle)
    };
    /// The inverse cosine.
    Arccos arccos(x): Ok(x.float()) => elementwise::arccos(&float(x)?);
    /// The inverse hyperbolic cosine.
    Arccosh arccosh(x): Ok(x.float()) => elementwise::arccosh(&float(x)?);
    /// The inverse sine.
    Arcsin arcsin(x): Ok(x.float()) => elementwise::arcsin(&float(x)?);
    /// The inverse hyperbolic sine.
    Arcsinh arcsinh(x): Ok(x.float()) => elementwise::arcsinh(&float(x)?);
    /// The inverse tangent.
    Arctan arctan(x): Ok(x.float()) => elementwise::arctan(&float(x)?);
    /// The inverse hyperbolic tangent.
    Arctanh arctanh(x): Ok(x.float()) => elementwise::arctanh(&float(x)?);
    /// The cube root.
    Cbrt cbrt(x): Ok(x.float()) => elementwise::cbrt(&float(x)?);
    /// The hyperbolic cosine.
    Cosh cosh(x): Ok(x.float()) => elementwise::cosh(&float(x)?);
    /// `exp(x) - 1`, accurate for a small `x` too.
    Expm1 expm1(x): Ok(x.float()) => elementwise::expm1(&float(x)?);
    /// The modified Bessel function of the first kind, of order 0.
    I0 i0(x): Ok(x.float()) => elementwise::i0(&float(x)?);
    /// `x` with other numbers in the place of NaN and the infinities, which become the largest that the dtype has by default.
    NanToNum nan_to_num(x)[nan: f64 = 0.0, posinf: Option<f64> = None, neginf: Option<f64> = None]: Ok(x.clone())
        => match largest_of(x.dtype()) {
            Some(most) => elementwise::nan_to_num(x, *nan, posinf.unwrap_or(most), neginf.unwrap_or(-most)),
            None => Ok(x.clone()),
        };
    /// Rounded to so many decimals, halves to the even digit.
    Round round(x)[decimals: i64 = 0]: Ok(x.clone()) => {
        let digits = i32::try_from(*decimals).unwrap_or(if *decimals < 0 { -400 } else { 400 });
        let factor = 10f64.powi(digits);
        by_kind(x, |x| round_whole(x, digits), |x| elementwise::round(x, factor))
    };
    /// `sin(pi x) / (pi x)`, 1 at 0.
    Sinc sinc(x): Ok(x.float()) => elementwise::sinc(&float(x)?);
    /// The hyperbolic sine.
    Sinh sinh(x): Ok(x.float()) => elementwise::sinh(&float(x)?);
}

/// The largest number of a float dtype.
fn largest_of(dtype: DType) -> Option<f64> {
    match dtype {
        DType::F64 => Some(f64::MAX),
        DType::F32 => Some(f32::MAX.into()),
        DType::F16 => Some(65504.0),
        DType::BF16 => Some(f64::from(f32::from_bits(0x7f7f_0000))),
        _ => None,
    }
}

/// A whole number rounded to tens, hundreds and so on for negative digits.
fn round_whole(x: i64, digits: i32) -> i64 {
    match 10i64.checked_pow(digits.min(0).unsigned_abs()) {
        Some(1) => x,
        Some(unit) => ((x as f64 / unit as f64).round_ties_even() as i64).saturating_mul(unit),
        None => 0,
    }
}

operations! {
    /// Functions of `keras.ops.math` of one number.
    mod special: Math, Loop;

    /// The error function.
    Erf erf(x): Ok(x.float()) => elementwise::erf(&float(x)?);
    /// `1 / sqrt(x)`.
    Rsqrt rsqrt(x): Ok(x.float()) => elementwise::rsqrt(&float(x)?);
}

operations! {
    /// Functions of `keras.ops.math` of one number that candle does not have.
    mod more_special: Math, Host;

    /// The complement of the error function, accurate for a large `x`.
    Erfc erfc(x): Ok(x.float()) => elementwise::erfc(&float(x)?);
    /// The inverse of the error function.
    Erfinv erfinv(x): Ok(x.float()) => elementwise::erfinv(&float(x)?);
}

operations! {
    /// The parts of numbers, all of which are real here.
    mod parts: Numpy, Composition;

    /// The complex conjugate: `x`, which is real.
    Conjugate conjugate(x): Ok(x.clone()) => Ok(x.clone());
    /// `x`.
    Copy copy(x): Ok(x.clone()) => Ok(x.clone());
    /// The imaginary part: 0.
    Imag imag(x): Ok(x.clone()) => x.detach().zeros_like();
    /// The real part: `x`.
    Real real(x): Ok(x.clone()) => Ok(x.clone());
}

/// [`conjugate`] under its second name.
#[track_caller]
pub fn conj<X: Operand>(x: &X) -> X::Output {
    conjugate(x)
}

operations! {
    /// Arithmetic; shapes broadcast, and dtypes are promoted.
    mod arithmetics: Numpy, Loop;

    /// `x1 + x2`; shapes broadcast.
    Add add(x1, x2): common_spec(&[x1, x2])
        => by_kind2(x1, x2, i64::wrapping_add, |x, y| arithmetic(Arithmetic::Add, x, y));
    /// `x1 / x2`; shapes broadcast, and whole numbers become f32.
    Divide divide(x1, x2): common_float(x1, x2) => of_floats(x1, x2, |x, y| arithmetic(Arithmetic::Divide, x, y));
    /// The larger of each pair of elements; shapes broadcast, and equal elements share the gradient.
    Maximum maximum(x1, x2): common_spec(&[x1, x2]) => by_kind2(x1, x2, i64::max, elementwise::maximum);
    /// The smaller of each pair of elements; shapes broadcast, and equal elements share the gradient.
    Minimum minimum(x1, x2): common_spec(&[x1, x2]) => by_kind2(x1, x2, i64::min, elementwise::minimum);
    /// `x1 * x2`; shapes broadcast.
    Multiply multiply(x1, x2): common_spec(&[x1, x2])
        => by_kind2(x1, x2, i64::wrapping_mul, |x, y| arithmetic(Arithmetic::Multiply, x, y));
    /// `x1` to the power of `x2`; shapes broadcast.
    Power power(x1, x2): common_spec(&[x1, x2]) => by_kind2(x1, x2, integers::power, elementwise::power);
    /// `x1 - x2`; shapes broadcast.
    Subtract subtract(x1, x2): common_spec(&[x1, x2])
        => by_kind2(x1, x2, i64::wrapping_sub, |x, y| arithmetic(Arithmetic::Subtract, x, y));
    /// `x1 / x2`; shapes broadcast, and whole numbers become f32.
    TrueDivide true_divide(x1, x2): common_float(x1, x2)
        => of_floats(x1, x2, |x, y| arithmetic(Arithmetic::Divide, x, y));
}

operations! {
    /// More functions of two numbers; shapes broadcast, and dtypes are promoted.
    mod more_arithmetics: Numpy, Host;

    /// The angle of the point `(x2, x1)`.
    Arctan2 arctan2(x1, x2): common_float(x1, x2) => of_floats(x1, x2, elementwise::arctan2);
    /// `x1 / x2`, and 0 where `x2` is 0.
    DivideNoNan divide_no_nan(x1, x2): common_float(x1, x2) => of_floats(x1, x2, elementwise::divide_no_nan);
    /// `x1 / x2` rounded towards minus infinity; 0 for whole numbers divided by 0.
    FloorDivide floor_divide(x1, x2): common_spec(&[x1, x2])
        => by_kind2(x1, x2, integers::floor_divide, elementwise::floor_divide);
    /// The larger of each pair of elements that are not NaN; equal elements share the gradient.
    Fmax fmax(x1, x2): common_spec(&[x1, x2]) => by_kind2(x1, x2, i64::max, elementwise::fmax);
    /// The smaller of each pair of elements that are not NaN; equal elements share the gradient.
    Fmin fmin(x1, x2): common_spec(&[x1, x2]) => by_kind2(x1, x2, i64::min, elementwise::fmin);
    /// The remainder of `x1 / x2` with the sign of `x1`; 0 for whole numbers divided by 0.
    Fmod fmod(x1, x2): common_spec(&[x1, x2])
        => by_kind2(x1, x2, |x, y| x.checked_rem(y).unwrap_or(0), elementwise::fmod);
    /// 0 where `x1` is below 0, 1 where it is above, `x2` where it is 0.
    Heaviside heaviside(x1, x2): common_float(x1, x2) => of_floats(x1, x2, elementwise::heaviside);
    /// `sqrt(x1 x1 + x2 x2)`, without overflow.
    Hypot hypot(x1, x2): common_float(x1, x2) => of_floats(x1, x2, elementwise::hypot);
    /// `x1` times 2 to the power of `x2`.
    Ldexp ldexp(x1, x2): common_float(x1, x2) => of_floats(x1, x2, elementwise::ldexp);
    /// `log(exp(x1) + exp(x2))`, without overflow.
    Logaddexp logaddexp(x1, x2): common_float(x1, x2) => of_floats(x1, x2, elementwise::logaddexp);
    /// The logarithm of `2^x1 + 2^x2` to the base 2, without overflow.
    Logaddexp2 logaddexp2(x1, x2): common_float(x1, x2) => of_floats(x1, x2, elementwise::logaddexp2);
    /// The remainder of `x1 / x2` with the sign of `x2`; 0 for whole numbers divided by 0.
    Mod mod_(x1, x2): common_spec(&[x1, x2]) => by_kind2(x1, x2, integers::modulo, elementwise::mod_);
    /// The number next to `x1` towards `x2`.
    Nextafter nextafter(x1, x2): common_float(x1, x2) => of_floats(x1, x2, elementwise::nextafter);
}

fn common_float(x: &Spec, y: &Spec) -> Result<Spec> {
    Ok(common_spec(&[x, y])?.float())
}

/// `f` of the two in one float dtype.
fn of_floats(x: &Tensor, y: &Tensor, f: impl Fn(&Tensor, &Tensor) -> Result<Tensor>) -> Result<Tensor> {
    of_both(x, y, |x, y| f(&float(x)?, &float(y)?))
}

operations! {
    /// Functions of whole numbers; bytes are numbers, not truth values.
    mod bits: Numpy, Host;

    /// The bits that both have.
    BitwiseAnd bitwise_and(x, y): whole_spec(&[x, y]) => of_whole(x, y, |x, y| x & y);
    /// The bits that it does not have.
    BitwiseInvert bitwise_invert(x): whole_spec(&[x]) => integers::map(x, |x| !x);
    /// [`bitwise_invert`] under its second name.
    BitwiseNot bitwise_not(x): whole_spec(&[x]) => integers::map(x, |x| !x);
    /// The bits that one of them has.
    BitwiseOr bitwise_or(x, y): whole_spec(&[x, y]) => of_whole(x, y, |x, y| x | y);
    /// The bits that differ.
    BitwiseXor bitwise_xor(x, y): whole_spec(&[x, y]) => of_whole(x, y, |x, y| x ^ y);
    /// The bits of `x`, `y` places further up.
    BitwiseLeftShift bitwise_left_shift(x, y): whole_spec(&[x, y]) => of_whole(x, y, integers::left_shift);
    /// The bits of `x`, `y` places further down.
    BitwiseRightShift bitwise_right_shift(x, y): whole_spec(&[x, y]) => of_whole(x, y, integers::right_shift);
    /// The largest common divisor.
    Gcd gcd(x1, x2): whole_spec(&[x1, x2]) => of_whole(x1, x2, integers::gcd);
    /// The smallest common multiple.
    Lcm lcm(x1, x2): whole_spec(&[x1, x2]) => of_whole(x1, x2, integers::lcm);
    /// [`bitwise_left_shift`] under its second name.
    LeftShift left_shift(x, y): whole_spec(&[x, y]) => of_whole(x, y, integers::left_shift);
    /// [`bitwise_right_shift`] under its second name.
    RightShift right_shift(x, y): whole_spec(&[x, y]) => of_whole(x, y, integers::right_shift);
}

fn whole_spec(operands: &[&Spec]) -> Result<Spec> {
    match operands.iter().find(|x| x.dtype.is_float()) {
        Some(x) => bail!("whole numbers are needed, received the dtype {}", crate::dtype_name(x.dtype)),
        None => common_spec(operands),
    }
}

fn of_whole(x: &Tensor, y: &Tensor, f: impl Fn(i64, i64) -> i64) -> Result<Tensor> {
    of_both(x, y, |x, y| integers::map2(x, y, x.shape().broadcast_shape_binary_op(y.shape(), "op")?.dims(), &f))
}

operations! {
    /// Truth values, as u8: 1 where it is true. They have no gradients.
    mod comparisons: Numpy, Composition;

    /// Whether all elements are close, as u8: see [`isclose`].
    AllClose allclose(x1, x2)[rtol: f64 = 1e-5, atol: f64 = 1e-8, equal_nan: bool = false]: Ok(truth_spec(&[x1, x2])?.shaped([])) => {
        // Unlike the output, what is compared may be large, or empty with axes of any size, over which candle would loop.
        let shape = x1.shape().broadcast_shape_binary_op(x2.shape(), "allclose")?;
        match crate::lengths::allocated(shape.dims(), DType::F64)? {
            0 => Tensor::new(1u8, x1.device()),
            _ => {
                let close = |x: &Tensor, y: &Tensor| is_close(x, y, *rtol, *atol, *equal_nan);
                crate::reduce::min(&of_floats(&x1.detach(), &x2.detach(), close)?, ())
            }
        }
    };
    /// Where `x1 == x2`, as u8.
    Equal equal(x1, x2): truth_spec(&[x1, x2]) => of_both(x1, x2, Tensor::broadcast_eq);
    /// Where `x1 > x2`, as u8.
    Greater greater(x1, x2): truth_spec(&[x1, x2]) => of_both(x1, x2, Tensor::broadcast_gt);
    /// Where `x1 >= x2`, as u8.
    GreaterEqual greater_equal(x1, x2): truth_spec(&[x1, x2]) => of_both(x1, x2, Tensor::broadcast_ge);
    /// Where `|x1 - x2|` is at most `atol + rtol |x2|`, as u8; equal infinities are close, and NaN to NaN if `equal_nan`.
    Isclose isclose(x1, x2)[@call rtol: f64 = 1e-5, @call atol: f64 = 1e-8, equal_nan: bool = false]: truth_spec(&[x1, x2])
        => of_floats(&x1.detach(), &x2.detach(), |x, y| is_close(x, y, *rtol, *atol, *equal_nan));
    /// Where `x` is neither infinite nor NaN, as u8.
    Isfinite isfinite(x): truth_spec(&[x]) => float(x)?.detach().abs()?.lt(f64::INFINITY);
    /// Where `x` is infinite, as u8.
    Isinf isinf(x): truth_spec(&[x]) => float(x)?.detach().abs()?.eq(f64::INFINITY);
    /// Where `x` is not a number, as u8.
    Isnan isnan(x): truth_spec(&[x]) => {
        let x = float(x)?.detach();
        x.ne(&x)
    };
    /// Where `x` is minus infinity, as u8.
    Isneginf isneginf(x): truth_spec(&[x]) => float(x)?.detach().eq(f64::NEG_INFINITY);
    /// Where `x` is infinity, as u8.
    Isposinf isposinf(x): truth_spec(&[x]) => float(x)?.detach().eq(f64::INFINITY);
    /// Where `x` is real, as u8: everywhere.
    Isreal isreal(x): truth_spec(&[x]) => x.detach().ones_like();
    /// Where `x1 < x2`, as u8.
    Less less(x1, x2): truth_spec(&[x1, x2]) => of_both(x1, x2, Tensor::broadcast_lt);
    /// Where `x1 <= x2`, as u8.
    LessEqual less_equal(x1, x2): truth_spec(&[x1, x2]) => of_both(x1, x2, Tensor::broadcast_le);
    /// Where both are not 0, as u8.
    LogicalAnd logical_and(x1, x2): truth_spec(&[x1, x2]) => truth(x1)?.broadcast_mul(&truth(x2)?);
    /// Where `x` is 0, as u8.
    LogicalNot logical_not(x): truth_spec(&[x]) => x.detach().eq(0.0);
    /// Where one of them is not 0, as u8.
    LogicalOr logical_or(x1, x2): truth_spec(&[x1, x2]) => truth(x1)?.broadcast_maximum(&truth(x2)?);
    /// Where exactly one of them is not 0, as u8.
    LogicalXor logical_xor(x1, x2): truth_spec(&[x1, x2]) => truth(x1)?.broadcast_ne(&truth(x2)?);
    /// Where `x1 != x2`, as u8.
    NotEqual not_equal(x1, x2): truth_spec(&[x1, x2]) => of_both(x1, x2, Tensor::broadcast_ne);
    /// Where the sign bit is set, as u8; -0 has it.
    Signbit signbit(x): truth_spec(&[x]) => {
        // The reciprocal tells the zeros apart.
        let x = float(x)?.detach();
        let of_zero = (x.eq(0.0)? * x.recip()?.eq(f64::NEG_INFINITY)?)?;
        x.lt(0.0)? + of_zero
    };
    /// `x1` where the elements of `condition` are not 0, `x2` elsewhere; shapes broadcast. Keras: `ops.where`.
    Where where_(condition, x1, x2): common_spec(&[x1, x2]).and_then(|y| Ok(common_spec(&[condition, &y])?.with(promoted(&[x1, x2]))))
        => of_both(x1, x2, |x, y| elementwise::where_(&truth(condition)?, x, y));
}

fn is_close(x: &Tensor, y: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<Tensor> {
    let shape = x.shape().broadcast_shape_binary_op(y.shape(), "isclose")?;
    let (x, y) = (x.broadcast_as(&shape)?, y.broadcast_as(&shape)?);
    let allowed = ((y.abs()? * rtol)? + atol)?;
    // Beside an infinity, everything is close by the inequality.
    let near = ((&x - &y)?.abs()?.le(&allowed)? * y.abs()?.lt(f64::INFINITY)?)?;
    let close = near.maximum(&x.eq(&y)?)?;
    if equal_nan { close.maximum(&(x.ne(&x)? * y.ne(&y)?)?) } else { Ok(close) }
}

operations! {
    /// Other dtypes and constants.
    mod dtypes: Core, Composition;

    /// `x` in another dtype: a candle [`DType`](crate::DType), or Keras's name of one (see [`dtype`](crate::dtype)).
    Cast cast(x)[dtype: DTypeName]: Ok(x.with(crate::dtype(dtype.clone())?)) => elementwise::cast_by_name(x, dtype.clone());
    /// `x`, in another dtype if one is given: what Keras makes of an argument in a graph.
    ConvertToTensor convert_to_tensor_(x)[dtype: SomeDType = None]: Ok(x.with(dtype.or(x.dtype)?))
        => elementwise::cast_by_name(x, dtype.or(x.dtype())?);
    /// `x` in another dtype; numbers that this does not hold become the nearest that it holds.
    SaturateCast saturate_cast(x)[dtype: DTypeName]: Ok(x.with(crate::dtype(dtype.clone())?)) => saturated(x, crate::dtype(dtype.clone())?);
    /// `x` as a constant: no gradient flows through it.
    StopGradient stop_gradient(variable): Ok(variable.clone()) => Ok(variable.detach());
}

fn saturated(x: &Tensor, dtype: DType) -> Result<Tensor> {
    let (low, high) = match dtype {
        DType::U8 => (0, u8::MAX.into()),
        DType::U32 => (0, u32::MAX.into()),
        DType::I16 => (i16::MIN.into(), i16::MAX.into()),
        DType::I32 => (i32::MIN.into(), i32::MAX.into()),
        DType::F16 => (-LARGEST_F16, LARGEST_F16),
        _ => (i64::MIN, i64::MAX),
    };
    if integers::are_whole(&[x]) {
        return integers::map(x, |x| x.clamp(low, high))?.to_dtype(dtype);
    }
    let largest = |dtype: DType| match dtype {
        DType::F16 => LARGEST_F16 as f64,
        DType::BF16 => 3.389_531_389_251_535_5e38,
        DType::F32 => f32::MAX.into(),
        _ => f64::MAX,
    };
    if !dtype.is_float() {
        // On the host, a cast to whole numbers saturates by itself.
        let x = if x.device().is_cpu() { x.clone() } else { elementwise::clip(&float(x)?, low as f64, high as f64)? };
        return x.to_dtype(dtype);
    }
    let most = largest(x.dtype()).min(largest(dtype));
    elementwise::clip(&float(x)?, -most, most)?.to_dtype(dtype)
}

const LARGEST_F16: i64 = 65_504;

operations! {
    /// The same numbers or bits.
    mod arrays: Numpy, Composition;

    /// `x`, in another dtype if one is given.
    Array array(x)[dtype: SomeDType = None]: Ok(x.with(dtype.or(x.dtype)?)) => elementwise::cast_by_name(x, dtype.or(x.dtype())?);
    /// The bits of `x` as numbers of another dtype; the last axis shrinks or grows where these are larger or smaller.
    View view(x)[dtype: SomeDType = None]: {
        let to = dtype.or(x.dtype)?;
        let (from, into) = (x.dtype.size_in_bytes(), to.size_in_bytes());
        if from == into {
            return Ok(vec![x.with(to)]);
        }
        let size = x.shape.last().and_then(|size| size.checked_mul(from)).filter(|bytes| into > 0 && bytes % into == 0);
        match size {
            Some(bytes) => Ok(Spec::new([&x.shape[..x.rank() - 1], &[bytes / into]].concat(), to)),
            None => bail!("the bits of {:?} in the shape {:?} are no numbers of {to:?}", x.dtype, x.shape),
        }
    } => {
        let to = dtype.or(x.dtype())?;
        if to == x.dtype() { Ok(x.clone()) } else { bits_as(&x.detach(), to) }
    };
}

fn bits_as(x: &Tensor, to: DType) -> Result<Tensor> {
    let flat = x.contiguous()?.flatten_all()?.to_device(&candle_core::Device::Cpu)?;
    macro_rules! bytes {
        ($($dtype:ident $type:ty),*) => {
            match x.dtype() {
                $(DType::$dtype => flat.to_vec1::<$type>()?.into_iter().flat_map(<$type>::to_le_bytes).collect::<Vec<u8>>(),)*
                other => bail!("the bits of {other:?} cannot be viewed"),
            }
        };
    }
    let bytes = bytes!(U8 u8, U32 u32, I16 i16, I32 i32, I64 i64, F16 half::f16, BF16 half::bf16, F32 f32, F64 f64);
    let (count, last) = (bytes.len() / to.size_in_bytes().max(1), x.rank().saturating_sub(1));
    let leading = crate::lengths::elements(&x.dims()[..last])?.max(1);
    let shape = if x.rank() == 0 { vec![] } else { [&x.dims()[..last], &[count / leading]].concat() };
    Tensor::from_raw_buffer(&bytes, to, &shape, &candle_core::Device::Cpu)?.to_device(x.device())
}
