//! Elementwise functions. Names as in `keras.ops`.

mod activations;
mod binary;
mod unary;

pub(crate) use activations::*;
pub(crate) use binary::*;
pub(crate) use unary::*;

use crate::cast::cast;
use crate::custom_gradient;
use crate::host::{map2, map3, view, with_float};
use crate::narrow::{are_narrow, are_narrow_on_host, in_float32};
use crate::operation::broadcast_shape;
use crate::shape::broadcast;
use crate::tape::{Value, needs_second_gradients, on_host, record_twice};
use candle_core::{DType, Device, Result, Tensor};

/// `f`, which runs on the host alone, of tensors of any device and float dtype: they are copied there and back.
pub(crate) fn through_host(xs: &[&Tensor], f: impl FnOnce(&[Tensor]) -> Result<Tensor>) -> Result<Tensor> {
    let (device, dtype) = (xs[0].device(), xs[0].dtype());
    let wide = if dtype == DType::F64 { DType::F64 } else { DType::F32 };
    let there = |x: &&Tensor| cast(&x.to_device(&Device::Cpu)?, wide);
    cast(&f(&xs.iter().map(there).collect::<Result<Vec<_>>>()?)?, dtype)?.to_device(device)
}

/// The four operations; on tensors of one shape, a loop over slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// The sum, difference, product or quotient; shapes broadcast.
pub(crate) fn arithmetic(operation: Arithmetic, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    use Arithmetic::*;
    if are_narrow_on_host(&[a, b]) {
        return in_float32(&[a, b], |both| arithmetic(operation, &both[0], &both[1]));
    }
    // candle adds up the gradient of what is repeated, in 16 bits those of 16 bits.
    let sums = are_narrow(&[a, b]) && (a.track_op() || b.track_op());
    if a.dims() != b.dims() && (sums || needs_second_gradients(&[a, b])) {
        let shape = broadcast_shape(a.dims(), b.dims())?;
        return arithmetic(operation, &broadcast(a, &shape)?, &broadcast(b, &shape)?);
    }
    if !on_host(&[a, b]) || a.dims() != b.dims() {
        return match operation {
            Add => a.broadcast_add(b),
            Subtract => a.broadcast_sub(b),
            Multiply => a.broadcast_mul(b),
            Divide => a.broadcast_div(b),
        };
    }
    let (x, y) = (a.detach().contiguous()?, b.detach().contiguous()?);
    let value = with_float!(a, T => {
        let (x, y) = (view::<T>(&x)?, view::<T>(&y)?);
        let value = match operation {
            Add => map2(&x, &y, |x, y| x + y),
            Subtract => map2(&x, &y, |x, y| x - y),
            Multiply => map2(&x, &y, |x, y| x * y),
            Divide => map2(&x, &y, |x, y| x / y),
        };
        Value::new(value, a.shape())?
    });
    let wanted = (a.track_op(), b.track_op());
    // Sums and differences do not need their operands.
    let operands = matches!(operation, Multiply | Divide).then_some((x, y));
    let first = move |_: &Tensor, dy: &Tensor| {
        let (da, db) = match &operands {
            None if operation == Add => (Some(dy.clone()), Some(dy.clone())),
            None => (Some(dy.clone()), wanted.1.then(|| negative(dy)).transpose()?),
            Some((x, y)) => {
                let da = wanted.0.then(|| arithmetic(operation, dy, y)).transpose()?;
                let db = wanted.1.then(|| {
                    with_float!(dy, T => {
                        let (x, y, g) = (view::<T>(x)?, view::<T>(y)?, view::<T>(dy)?);
                        let db = match operation {
                            Multiply => map2(&g, &x, |g, x| g * x),
                            _ => map3(&g, &x, &y, |g, x, y| -(g * x) / (y * y)),
                        };
                        Tensor::from_vec(db, dy.shape(), dy.device())
                    })
                });
                (da, db.transpose()?)
            }
        };
        Ok(vec![da, db])
    };
    record_twice("arithmetic", &[a, b], value, first, move |inputs, z, dz| {
        let [a, b] = [&inputs[0], &inputs[1]];
        let da = wanted.0.then(|| match operation {
            Add | Subtract => Ok(dz.clone()),
            Multiply => times(dz, b),
            Divide => over(dz, b),
        });
        let db = wanted.1.then(|| match operation {
            Add => Ok(dz.clone()),
            Subtract => negative(dz),
            Multiply => times(dz, a),
            Divide => negative(&over(&times(dz, z)?, b)?),
        });
        Ok(vec![da.transpose()?, db.transpose()?])
    })
}

/// The product, for the gradients of gradients.
pub(crate) fn times(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    arithmetic(Arithmetic::Multiply, a, b)
}

/// The quotient, for the gradients of gradients.
fn over(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    arithmetic(Arithmetic::Divide, a, b)
}

/// `x` times a number, with gradients of any order.
pub(crate) fn scaled(x: &Tensor, by: f64) -> Result<Tensor> {
    let first = move |_: &Tensor, dy: &Tensor| Ok(vec![Some((dy * by)?)]);
    record_twice("scaled", &[x], Value::Tensor((x.detach() * by)?), first, move |_, _, dy| {
        Ok(vec![Some(scaled(dy, by)?)])
    })
}

/// `number - x`, with gradients of any order.
pub(crate) fn number_minus(number: f64, x: &Tensor) -> Result<Tensor> {
    arithmetic(Arithmetic::Subtract, &(x.detach().ones_like()? * number)?, x)
}

/// `x + number`, with gradients of any order.
pub(crate) fn plus_number(x: &Tensor, number: f64) -> Result<Tensor> {
    arithmetic(Arithmetic::Add, x, &(x.detach().ones_like()? * number)?)
}

/// 1 where the condition (u8) holds, else 0, in the dtype of `x`: a slope that is a constant almost everywhere.
pub(crate) fn one_where(condition: &Tensor, x: &Tensor) -> Result<Tensor> {
    condition.to_dtype(x.dtype())
}

/// The value of `f`, a function of one tensor, with gradients of any order: `slope` is the derivative from the input and the value, computed by
/// recorded ops.
fn with_slope(
    name: &'static str,
    x: &Tensor,
    f: impl Fn(&Tensor) -> Result<Tensor>,
    slope: impl Fn(&Tensor, &Tensor) -> Result<Tensor> + Copy + Send + Sync + 'static,
) -> Result<Tensor> {
    let input = x.detach();
    let value = Value::Tensor(f(&input)?);
    let first = move |y: &Tensor, dy: &Tensor| Ok(vec![Some(times(dy, &slope(&input, y)?)?)]);
    record_twice(name, &[x], value, first, move |inputs, y, dy| Ok(vec![Some(times(dy, &slope(&inputs[0], y)?)?)]))
}

/// `|x|`; its gradient at 0 is 0, as in Keras (candle: 1).
pub(crate) fn abs(x: &Tensor) -> Result<Tensor> {
    with_slope("abs", x, Tensor::abs, |x, _| x.detach().sign())
}

/// The square root.
pub(crate) fn sqrt(x: &Tensor) -> Result<Tensor> {
    if needs_second_gradients(&[x]) {
        return with_slope("sqrt", x, Tensor::sqrt, |_, y| over(&scaled(&y.detach().ones_like()?, 0.5)?, y));
    }
    x.sqrt()
}

/// The natural logarithm.
pub(crate) fn log(x: &Tensor) -> Result<Tensor> {
    if needs_second_gradients(&[x]) {
        return with_slope("log", x, Tensor::log, |x, _| over(&x.detach().ones_like()?, x));
    }
    x.log()
}

/// `log(1 + x)` by functions of candle: Kahan's correction of the rounding in `1 + x`.
fn composed_log1p(x: &Tensor) -> Result<Tensor> {
    let detached = x.detach();
    let sum = (&detached + 1.0)?;
    let corrected = ((sum.log()? * &detached)? / (&sum - 1.0)?)?;
    let y = sum.eq(1.0)?.where_cond(&detached, &corrected)?;
    custom_gradient(x, &y, |x, _, dy| dy / (x + 1.0)?)
}

/// `log(1 + exp(x))`, without overflow: `max(x, 0) + log(1 + exp(-|x|))`. Its gradient is the sigmoid.
pub(crate) fn softplus(x: &Tensor) -> Result<Tensor> {
    let detached = x.detach();
    let y = (detached.relu()? + log1p(&detached.abs()?.neg()?.exp()?)?)?;
    with_slope("softplus", x, |_| Ok(y.clone()), |x, _| sigmoid(x))
}

/// `x` clipped to `low..=high`; the gradient is 0 where it is clipped.
pub(crate) fn clip(x: &Tensor, low: f64, high: f64) -> Result<Tensor> {
    with_slope(
        "clip",
        x,
        |x| x.clamp(low, high),
        move |x, y| {
            let x = x.detach();
            one_where(&(x.ge(low)? * x.le(high)?)?, y)
        },
    )
}

/// `x` where the elements of `condition` (u8, 1 or 0) are 1, `y` elsewhere; shapes broadcast. Keras: `ops.where`.
pub(crate) fn where_(condition: &Tensor, x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let shape = condition.shape().broadcast_shape_binary_op(x.shape(), "where")?;
    let shape = shape.broadcast_shape_binary_op(y.shape(), "where")?;
    if needs_second_gradients(&[x, y]) || are_narrow_on_host(&[x, y]) {
        return chosen(&condition.broadcast_as(&shape)?, &broadcast(x, shape.dims())?, &broadcast(y, shape.dims())?);
    }
    condition.broadcast_as(&shape)?.where_cond(&x.broadcast_as(&shape)?, &y.broadcast_as(&shape)?)
}

/// [`where_`] of tensors of one shape, with gradients of any order.
fn chosen(condition: &Tensor, x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let value = condition.where_cond(&x.detach(), &y.detach())?;
    let condition = condition.detach();
    let gradients = move |dz: &Tensor| {
        let zeros = dz.detach().zeros_like()?;
        Ok(vec![Some(chosen(&condition, dz, &zeros)?), Some(chosen(&condition, &zeros, dz)?)])
    };
    let second = gradients.clone();
    record_twice("where", &[x, y], Value::Tensor(value), move |_, dz| gradients(dz), move |_, _, dz| second(dz))
}

/// `x` to the power of a number, with gradients of any order.
fn power_of(x: &Tensor, exponent: f64) -> Result<Tensor> {
    with_slope(
        "power",
        x,
        |x| x.powf(exponent),
        move |x, _| match exponent {
            0.0 => x.detach().zeros_like(),
            _ => scaled(&power_of(x, exponent - 1.0)?, exponent),
        },
    )
}

/// `x` to the power of `y`; an exponent of one element is applied directly.
pub(crate) fn power(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let (x, y) = (float(x)?, float(y)?);
    if y.elem_count() == 1 && y.rank() <= x.rank() && !y.track_op() {
        let exponent = y.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?[0];
        return if needs_second_gradients(&[&x]) { power_of(&x, exponent) } else { x.powf(exponent) };
    }
    power_of_each(&x, &y)
}

/// Whole numbers as f32, others unchanged: what functions that are not defined on whole numbers compute with, as in Keras.
pub fn float(x: &Tensor) -> Result<Tensor> {
    if x.dtype().is_float() { Ok(x.clone()) } else { x.to_dtype(DType::F32) }
}

/// `x` in another dtype: a candle [`DType`], or Keras's name of one (see [`dtype`]).
pub(crate) fn cast_by_name(x: &Tensor, to: impl Into<DTypeName>) -> Result<Tensor> {
    match to.into() {
        DTypeName::Known(to) => cast(x, to),
        DTypeName::Unknown(name) => candle_core::bail!("{}", unknown_dtype(&name)),
    }
}

/// A dtype, given as candle's [`DType`] or by Keras's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DTypeName {
    /// A dtype that candle has.
    Known(DType),
    /// An unknown name; whatever takes it returns an error.
    Unknown(String),
}

impl From<DType> for DTypeName {
    fn from(dtype: DType) -> Self {
        Self::Known(dtype)
    }
}

impl From<&str> for DTypeName {
    fn from(name: &str) -> Self {
        DTYPES.iter().find(|(known, _)| *known == name).map_or(Self::Unknown(name.into()), |(_, d)| Self::Known(*d))
    }
}

impl DTypeName {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Known(dtype) => dtype_name(*dtype).into(),
            Self::Unknown(name) => name.clone(),
        }
    }
}

/// Keras's names of the dtypes that candle has; `bool` is kept as u8.
const DTYPES: [(&str, DType); 10] = [
    ("float32", DType::F32),
    ("float64", DType::F64),
    ("float16", DType::F16),
    ("bfloat16", DType::BF16),
    ("int64", DType::I64),
    ("int32", DType::I32),
    ("int16", DType::I16),
    ("uint32", DType::U32),
    ("uint8", DType::U8),
    ("bool", DType::U8),
];

fn unknown_dtype(name: &str) -> crate::Error {
    crate::Error::unknown("dtype", name, &DTYPES.map(|(name, _)| name))
}

/// The dtype that Keras calls `name`.
///
/// ```
/// use candle_keras_ops::{dtype, DType};
/// assert_eq!(dtype("int32")?, DType::I32);
/// assert!(dtype("flaot32").unwrap_err().to_string().contains("did you mean \"float32\"?"));
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn dtype(name: impl Into<DTypeName>) -> crate::Result<DType> {
    match name.into() {
        DTypeName::Known(dtype) => Ok(dtype),
        DTypeName::Unknown(name) => Err(unknown_dtype(&name)),
    }
}

/// Keras's name of a dtype: the inverse of [`dtype`].
pub fn dtype_name(dtype: DType) -> &'static str {
    DTYPES.iter().find(|(_, known)| *known == dtype).map_or(dtype.as_str(), |(name, _)| name)
}

/// Keras's name of a dtype that is given as one of candle's or by name; that of `config::floatx` for `None`. Keras:
/// `keras.utils.standardize_dtype`, of which `bool` is `uint8` here, the dtype that it is kept in.
///
/// # Errors
/// If the name is unknown.
///
/// ```
/// use candle_keras_ops::{DType, standardize_dtype};
/// assert_eq!((standardize_dtype(DType::BF16)?, standardize_dtype("int32")?), ("bfloat16", "int32"));
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn standardize_dtype(dtype: impl Into<crate::SomeDType>) -> crate::Result<&'static str> {
    Ok(dtype_name(dtype.into().or(crate::config::default_float())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, assert_second_gradients, gradients, values};

    #[test]
    fn second_gradients_agree_with_finite_differences() {
        let x = values([2, 3], 1);
        for f in [abs, square, exp, sigmoid, tanh, relu, softplus, negative, silu, selu, sin, cos, sign] {
            assert_second_gradients(std::slice::from_ref(&x), |x| f(&x[0]));
        }
        let positive = (x.abs().unwrap() + 0.5).unwrap();
        for f in [sqrt, log, log1p, reciprocal, rsqrt] {
            assert_second_gradients(std::slice::from_ref(&positive), |x| f(&x[0]));
        }
        assert_second_gradients(std::slice::from_ref(&x), |x| square(&clip(&x[0], -0.5, 0.5)?));
        for exponent in [0.0, 1.0, 2.0, 3.5] {
            assert_second_gradients(std::slice::from_ref(&positive), |x| {
                power(&x[0], &Tensor::new(exponent, x[0].device())?)
            });
        }
        let columns = |x: &[Tensor]| where_(&x[0].detach().gt(0.0)?, &square(&x[0])?, &exp(&x[1])?);
        assert_second_gradients(&[x.clone(), values([3], 2)], columns);
        // Divisors near 0 would make differences of what is much larger.
        use Arithmetic::*;
        for operation in [Add, Subtract, Multiply, Divide] {
            for y in [values([2, 3], 2), values([3], 2), values([2, 1], 2), values([1, 1], 2)] {
                let both = [positive.clone(), (y.abs().unwrap() + 0.5).unwrap()];
                assert_second_gradients(&both, |v| square(&arithmetic(operation, &v[0], &v[1])?));
                assert_second_gradients(&both, |v| square(&arithmetic(operation, &v[1], &v[0])?));
            }
            assert_second_gradients(std::slice::from_ref(&positive), |v| square(&arithmetic(operation, &v[0], &v[0])?));
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = values([2, 3], 1);
        for f in [abs, square, exp, sigmoid, tanh, relu, softplus, negative] {
            assert_gradients(std::slice::from_ref(&x), |x| f(&x[0]));
        }
        let positive = (x.abs().unwrap() + 0.5).unwrap();
        for f in [sqrt, log, log1p] {
            assert_gradients(std::slice::from_ref(&positive), |x| f(&x[0]));
        }
        assert_gradients(std::slice::from_ref(&x), |x| clip(&x[0], -0.5, 0.5));
        assert_gradients(&[x.clone(), values([3], 2)], |x| maximum(&x[0], &x[1]));
        assert_gradients(&[x.clone(), values([2, 1], 2)], |x| minimum(&x[0], &x[1]));
        assert_gradients(&[x.clone(), values([3], 2)], |v| where_(&x.gt(0.0)?, &v[0], &v[1]));
        assert_gradients(&[x], |x| cast_by_name(&x[0], "float64")?.sqr());
    }

    #[test]
    fn arithmetic_has_its_gradients() {
        use Arithmetic::*;
        let (x, y) = (values([2, 3], 1), values([2, 3], 2));
        for operation in [Add, Subtract, Multiply, Divide] {
            assert_gradients(&[x.clone(), y.clone()], |v| arithmetic(operation, &v[0], &v[1]));
            assert_gradients(&[x.clone(), values([3], 2)], |v| arithmetic(operation, &v[0], &v[1]));
            assert_gradients(std::slice::from_ref(&x), |v| arithmetic(operation, &v[0], &v[0]));
        }
    }

    #[test]
    fn kinks_have_the_gradient_of_keras() {
        let zero = Tensor::zeros(1, DType::F64, &candle_core::Device::Cpu).unwrap();
        for f in [relu, abs] {
            let gradient = gradients(std::slice::from_ref(&zero), |x| f(&x[0])).unwrap();
            assert_eq!(gradient[0].to_vec1::<f64>().unwrap(), [0.0]);
        }
    }

    #[test]
    fn softplus_does_not_overflow() {
        let x = Tensor::new(&[-1000f32, 0.0, 1000.0], &candle_core::Device::Cpu).unwrap();
        assert_eq!(softplus(&x).unwrap().to_vec1::<f32>().unwrap(), [0.0, std::f32::consts::LN_2, 1000.0]);
        let tiny = Tensor::new(&[0f32, 1e-10, 1e-4], &candle_core::Device::Cpu).unwrap();
        assert_eq!(log1p(&tiny).unwrap().to_vec1::<f32>().unwrap(), [0.0, 1e-10, 1e-4f32.ln_1p()]);
    }
}
