//! Tensors of random numbers, and what is done to tensors at random. Keras: `keras.random`.
//!
//! Distributions, shapes and dtypes are those of Keras. The numbers are not: they come from [`random`](crate::random), as all random
//! numbers here do, and are the same on every machine. Tensors that are made of a shape are on the host.
//!
//! The arguments are in Keras's order, with `None` or `()` for a default that is `None`: `dtype` is then that of
//! [`floatx`](crate::config::floatx), and `seed` draws the next numbers of the run, as [`Seed`] says.

pub use crate::seed::{Seed, SeedGenerator};

use crate::config::default_float;
use crate::operation::SomeDType;
use crate::{Error, Result, axes, elementwise, lengths, position, shape};
use candle_core::{DType, Device, Tensor};

/// Numbers of a uniform distribution from `minval` (0 in Keras) to below `maxval` (1 in Keras). Keras: `keras.random.uniform`.
///
/// # Shapes
/// - the result: `shape`
///
/// # Errors
/// If the dtype is not of floating-point numbers, `minval` is above `maxval` (Keras on JAX gives `minval` then), one of them is not
/// finite, or a size is negative or too large.
///
/// ```
/// use candle_keras_ops::random_tensors::uniform;
/// let x = uniform([2, 3], 0.0, 1.0, None, 7)?;
/// assert_eq!(x.to_vec2::<f32>()?, uniform([2, 3], 0.0, 1.0, None, 7)?.to_vec2::<f32>()?);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn uniform<'a>(
    shape: impl Into<Vec<i64>>,
    minval: f64,
    maxval: f64,
    dtype: impl Into<SomeDType>,
    seed: impl Into<Seed<'a>>,
) -> Result<Tensor> {
    let drawn = Drawn::floats("uniform", shape, dtype)?;
    if !(minval <= maxval && (maxval - minval).is_finite()) {
        return Err(Error::new("uniform needs minval to be at most maxval, and both to be finite")
            .received(format!("{minval} and {maxval}")));
    }
    let numbers = seed.into().stream().uniform(drawn.count);
    let within = |x: f64| minval + (maxval - minval) * x;
    drawn.below(maxval, minval, numbers.into_iter().map(within).collect())
}

/// Numbers of a normal distribution with this mean (0 in Keras) and standard deviation (1 in Keras). Keras: `keras.random.normal`.
///
/// # Shapes
/// - the result: `shape`
///
/// # Errors
/// If the dtype is not of floating-point numbers, or a size is negative or too large.
///
/// ```
/// use candle_keras_ops::random_tensors::normal;
/// assert_eq!(normal([2, 3], 0.0, 1.0, "float64", None)?.dims(), [2, 3]);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn normal<'a>(
    shape: impl Into<Vec<i64>>,
    mean: f64,
    stddev: f64,
    dtype: impl Into<SomeDType>,
    seed: impl Into<Seed<'a>>,
) -> Result<Tensor> {
    let drawn = Drawn::floats("normal", shape, dtype)?;
    let numbers = seed.into().stream().normal(drawn.count);
    drawn.of(numbers.into_iter().map(|x| mean + stddev * x).collect())
}

/// Numbers of a normal distribution without those that are further than two standard deviations from the mean. Keras:
/// `keras.random.truncated_normal`.
///
/// # Shapes
/// - the result: `shape`
///
/// # Errors
/// As for [`normal`].
///
/// ```
/// use candle_keras_ops::random_tensors::truncated_normal;
/// let x = truncated_normal([100], 1.0, 0.5, None, None)?.to_vec1::<f32>()?;
/// assert!(x.iter().all(|x| (0.0..=2.0).contains(x)));
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn truncated_normal<'a>(
    shape: impl Into<Vec<i64>>,
    mean: f64,
    stddev: f64,
    dtype: impl Into<SomeDType>,
    seed: impl Into<Seed<'a>>,
) -> Result<Tensor> {
    let drawn = Drawn::floats("truncated_normal", shape, dtype)?;
    let numbers = seed.into().stream().truncated_normal(drawn.count);
    drawn.of(numbers.into_iter().map(|x| mean + stddev * x).collect())
}

/// Whole numbers from `minval` to below `maxval`, all equally likely; of the dtype int32 unless another is given. Keras:
/// `keras.random.randint`.
///
/// # Shapes
/// - the result: `shape`
///
/// # Errors
/// If the dtype is not of whole numbers, there is no number from `minval` to below `maxval` (Keras on JAX gives `minval` then), the
/// dtype cannot have one of them (Keras wraps around), or a size is negative or too large.
///
/// ```
/// use candle_keras_ops::random_tensors::randint;
/// let dice = randint([100], 1, 7, "uint8", 1)?.to_vec1::<u8>()?;
/// assert!(dice.iter().all(|x| (1..=6).contains(x)));
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn randint<'a>(
    shape: impl Into<Vec<i64>>,
    minval: i64,
    maxval: i64,
    dtype: impl Into<SomeDType>,
    seed: impl Into<Seed<'a>>,
) -> Result<Tensor> {
    let dtype = dtype.into().or(DType::I32)?;
    let (least, most) = match dtype {
        DType::U8 => (0, u8::MAX.into()),
        DType::U32 => (0, u32::MAX.into()),
        DType::I16 => (i16::MIN.into(), i16::MAX.into()),
        DType::I32 => (i32::MIN.into(), i32::MAX.into()),
        DType::I64 => (i64::MIN, i64::MAX),
        _ => return Err(wrong_dtype("randint", "an integer dtype", dtype)),
    };
    if minval >= maxval {
        return Err(Error::new("randint needs minval to be below maxval").received(format!("{minval} and {maxval}")));
    }
    if minval < least || maxval - 1 > most {
        return Err(Error::new("the dtype of randint does not have all of these numbers")
            .expected(format!("{least} to {most} for {}", elementwise::dtype_name(dtype)))
            .received(format!("{minval} to {}", maxval - 1)));
    }
    let drawn = Drawn::new(shape, dtype)?;
    let (mut stream, span) = (seed.into().stream(), maxval.wrapping_sub(minval) as u64);
    let numbers: Vec<i64> = (0..drawn.count).map(|_| minval.wrapping_add(stream.below(span) as i64)).collect();
    Ok(Tensor::from_vec(numbers, drawn.shape, &Device::Cpu)?.to_dtype(dtype)?)
}

/// Indices of classes, each as likely as the softmax of the logits says; of the dtype int32 unless another is given. Keras:
/// `keras.random.categorical`.
///
/// # Shapes
/// - `logits`: `(batch, classes)`
/// - the result: `(batch, num_samples)`
///
/// # Errors
/// If the logits are not a matrix of floating-point numbers, or a row of them has NaN, infinity, or no class at all.
///
/// ```
/// use candle_keras_ops::{Device, Tensor, random_tensors::categorical};
/// let logits = Tensor::new(&[[0f32, f32::NEG_INFINITY], [f32::NEG_INFINITY, 0.]], &Device::Cpu)?;
/// assert_eq!(categorical(&logits, 3, "int64", None)?.to_vec2::<i64>()?, [[0, 0, 0], [1, 1, 1]]);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn categorical<'a>(
    logits: &Tensor,
    num_samples: usize,
    dtype: impl Into<SomeDType>,
    seed: impl Into<Seed<'a>>,
) -> Result<Tensor> {
    lengths::check([logits])?;
    let &[batch, classes] = logits.dims() else {
        return Err(Error::new("the logits of categorical must be a matrix")
            .expected("the shape (batch, classes)")
            .received(format!("{:?}", logits.dims())));
    };
    if !logits.dtype().is_float() {
        return Err(wrong_dtype("categorical", "logits of a floating-point dtype", logits.dtype()));
    }
    let drawn =
        Drawn::new([batch as i64, i64::try_from(num_samples).unwrap_or(i64::MAX)], dtype.into().or(DType::I32)?)?;
    let mut stream = seed.into().stream();
    let mut chosen: Vec<u32> = Vec::with_capacity(drawn.count);
    for (i, row) in numbers_of(logits)?.chunks(classes.max(1)).enumerate() {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !largest.is_finite() || row.iter().any(|x| x.is_nan()) {
            return Err(Error::new("a row of logits has no probabilities")
                .expected("numbers, or -inf for a class that is never drawn, but not for all of them")
                .received(format!("{row:?} in row {i}")));
        }
        let sums: Vec<f64> = row
            .iter()
            .scan(0.0, |sum, x| {
                *sum += (x - largest).exp();
                Some(*sum)
            })
            .collect();
        let total = sums[sums.len() - 1];
        // The first sum above a number: a class of probability 0 has the sum of the one before it.
        let class = |x: f64| sums.partition_point(|&sum| sum <= x * total).min(classes - 1);
        chosen.extend(stream.uniform(num_samples).into_iter().map(|x| class(x) as u32));
    }
    if chosen.len() < drawn.count {
        return Err(
            Error::new("there are no classes to draw from").received(format!("logits of shape {:?}", logits.dims()))
        );
    }
    let chosen = Tensor::from_vec(chosen, drawn.shape, &Device::Cpu)?.to_dtype(drawn.dtype)?;
    crate::to_device(&chosen, logits.device())
}

/// The parts of `x` along an axis (the first one in Keras) in random order; what is at one place of the axis stays together. Gradients flow
/// back. Keras: `keras.random.shuffle`.
///
/// # Shapes
/// - `x` and the result: any with that axis
///
/// # Errors
/// If there is no such axis.
///
/// ```
/// use candle_keras_ops::{Device, Tensor, random_tensors::shuffle};
/// let x = shuffle(&Tensor::arange(0u32, 5, &Device::Cpu)?, 0, 1)?;
/// let mut all = x.to_vec1::<u32>()?;
/// all.sort();
/// assert_eq!(all, [0, 1, 2, 3, 4]);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn shuffle<'a>(x: &Tensor, axis: i64, seed: impl Into<Seed<'a>>) -> Result<Tensor> {
    lengths::check([x])?;
    let dim = axes(axis).resolve(x.rank())?[0];
    let order = seed.into().stream().permutation(x.dims()[dim]);
    Ok(shape::at(x, dim, order.into_iter().map(|i| i as usize))?)
}

/// Sets each element to 0 with the probability `rate`, and divides the others by `1 - rate`. `noise_shape` is the shape of the draws,
/// which broadcasts to that of `inputs`; `None` in it is the size of the input. Gradients flow back. Keras: `keras.random.dropout`.
///
/// # Shapes
/// - `inputs` and the result: any
///
/// # Errors
/// If the inputs are not floating-point numbers, the rate is not from 0 to 1 (Keras on JAX computes something), or `noise_shape`
/// does not broadcast.
///
/// ```
/// use candle_keras_ops::{DType, Device, Tensor, random_tensors::dropout};
/// let ones = Tensor::ones((4, 3), DType::F32, &Device::Cpu)?;
/// let y = dropout(&ones, 0.5, [None, Some(1)], 1)?.to_vec2::<f32>()?;
/// assert!(y.iter().all(|row| row == &[0.0; 3] || row == &[2.0; 3]));
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn dropout<'a>(
    inputs: &Tensor,
    rate: f64,
    noise_shape: impl Into<NoiseShape>,
    seed: impl Into<Seed<'a>>,
) -> Result<Tensor> {
    if !inputs.dtype().is_float() {
        return Err(wrong_dtype("dropout", "inputs of a floating-point dtype", inputs.dtype()));
    }
    if !(0.0..=1.0).contains(&rate) {
        return Err(Error::new("the rate of dropout must be from 0 to 1").received(rate.to_string()));
    }
    let noise = noise_shape.into().for_inputs(inputs.dims())?;
    Ok(crate::dropout::dropout_together(inputs, &noise, rate, &mut seed.into().stream())?)
}

/// Numbers of a beta distribution. `alpha` and `beta` are numbers, or tensors that broadcast to the shape. Keras: `keras.random.beta`.
///
/// # Shapes
/// - the result: `shape`
///
/// # Errors
/// If the dtype is not of floating-point numbers, a parameter is not above 0 (Keras on JAX gives NaN), or does not broadcast.
///
/// ```
/// use candle_keras_ops::random_tensors::beta;
/// let x = beta([100], 2.0, 5.0, None, 1)?.to_vec1::<f32>()?;
/// assert!(x.iter().all(|x| (0.0..=1.0).contains(x)));
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn beta<'a>(
    shape: impl Into<Vec<i64>>,
    alpha: impl Into<NumberOrTensor>,
    beta: impl Into<NumberOrTensor>,
    dtype: impl Into<SomeDType>,
    seed: impl Into<Seed<'a>>,
) -> Result<Tensor> {
    let drawn = Drawn::floats("beta", shape, dtype)?;
    let alpha = drawn.parameter("alpha", "a number above 0", alpha, |x| x > 0.0 && x.is_finite())?;
    let beta = drawn.parameter("beta", "a number above 0", beta, |x| x > 0.0 && x.is_finite())?;
    let mut stream = seed.into().stream();
    drawn.of((0..drawn.count).map(|i| stream.beta(alpha.at(i), beta.at(i), 1)[0]).collect())
}

/// Numbers of a gamma distribution of the scale 1. `alpha`, its shape, is a number, or a tensor that broadcasts. Keras:
/// `keras.random.gamma`.
///
/// # Shapes
/// - the result: `shape`
///
/// # Errors
/// If the dtype is not of floating-point numbers, `alpha` is not above 0 (Keras on JAX gives NaN), or does not broadcast.
///
/// ```
/// use candle_keras_ops::random_tensors::gamma;
/// assert!(gamma([100], 0.5, None, 1)?.to_vec1::<f32>()?.iter().all(|x| *x >= 0.0));
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn gamma<'a>(
    shape: impl Into<Vec<i64>>,
    alpha: impl Into<NumberOrTensor>,
    dtype: impl Into<SomeDType>,
    seed: impl Into<Seed<'a>>,
) -> Result<Tensor> {
    let drawn = Drawn::floats("gamma", shape, dtype)?;
    let alpha = drawn.parameter("alpha", "a number above 0", alpha, |x| x > 0.0 && x.is_finite())?;
    let mut stream = seed.into().stream();
    drawn.of((0..drawn.count).map(|i| stream.gamma(alpha.at(i), 1)[0]).collect())
}

/// How many of `counts` trials succeed, each with the probability `probabilities`: numbers, or tensors that broadcast to the shape. Keras:
/// `keras.random.binomial`.
///
/// # Shapes
/// - the result: `shape`
///
/// # Errors
/// If the dtype is not of floating-point numbers, a count is not a whole number of 0 or more (Keras truncates), a probability is not from 0
/// to 1 (Keras on JAX gives NaN), or a parameter does not broadcast.
///
/// ```
/// use candle_keras_ops::random_tensors::binomial;
/// let heads = binomial([1000], 10.0, 0.5, None, 1)?.to_vec1::<f32>()?;
/// assert!(heads.iter().all(|x| (0.0..=10.0).contains(x) && x.fract() == 0.0));
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn binomial<'a>(
    shape: impl Into<Vec<i64>>,
    counts: impl Into<NumberOrTensor>,
    probabilities: impl Into<NumberOrTensor>,
    dtype: impl Into<SomeDType>,
    seed: impl Into<Seed<'a>>,
) -> Result<Tensor> {
    let drawn = Drawn::floats("binomial", shape, dtype)?;
    // Whole numbers above 2^53 are not all there.
    let is_count = |x: f64| x >= 0.0 && x.fract() == 0.0 && x <= 2f64.powi(53);
    let counts = drawn.parameter("counts", "a whole number of 0 or more", counts, is_count)?;
    let probabilities =
        drawn.parameter("probabilities", "a number from 0 to 1", probabilities, |x| (0.0..=1.0).contains(&x))?;
    let mut stream = seed.into().stream();
    drawn.of((0..drawn.count).map(|i| stream.binomial(counts.at(i) as u64, probabilities.at(i)) as f64).collect())
}

/// A parameter of a distribution: a number for all elements, or a tensor that broadcasts to their shape.
#[derive(Debug, Clone)]
pub enum NumberOrTensor {
    /// One number.
    Number(f64),
    /// Several.
    Tensor(Tensor),
}

impl From<f64> for NumberOrTensor {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&Tensor> for NumberOrTensor {
    fn from(tensor: &Tensor) -> Self {
        Self::Tensor(tensor.clone())
    }
}

/// The argument `noise_shape` of [`dropout`]: sizes, `None` among them for the size of the input, or `None` or `()` for a draw an element.
#[derive(Debug, Clone, Default)]
pub struct NoiseShape(Option<Vec<Option<usize>>>);

impl From<()> for NoiseShape {
    fn from((): ()) -> Self {
        Self(None)
    }
}

impl From<Option<Vec<Option<usize>>>> for NoiseShape {
    fn from(sizes: Option<Vec<Option<usize>>>) -> Self {
        Self(sizes)
    }
}

impl<const N: usize> From<[Option<usize>; N]> for NoiseShape {
    fn from(sizes: [Option<usize>; N]) -> Self {
        Self(Some(sizes.into()))
    }
}

impl<const N: usize> From<[usize; N]> for NoiseShape {
    fn from(sizes: [usize; N]) -> Self {
        Self(Some(sizes.map(Some).into()))
    }
}

impl NoiseShape {
    fn for_inputs(&self, inputs: &[usize]) -> Result<Vec<usize>> {
        let Some(sizes) = &self.0 else { return Ok(inputs.to_vec()) };
        let wrong = || {
            Error::new("noise_shape does not broadcast to the shape of the inputs")
                .expected(format!("sizes of 1, None, or those of {inputs:?}"))
                .received(format!("{sizes:?}"))
        };
        let noise =
            sizes.iter().enumerate().map(|(i, size)| size.or(inputs.get(i).copied())).collect::<Option<Vec<_>>>();
        let noise = noise.filter(|noise| noise.len() <= inputs.len()).ok_or_else(wrong)?;
        let fits = noise.iter().rev().zip(inputs.iter().rev()).all(|(noise, size)| *noise == 1 || noise == size);
        if fits { Ok(noise) } else { Err(wrong()) }
    }
}

/// The shape and dtype of what is drawn.
struct Drawn {
    shape: Vec<usize>,
    count: usize,
    dtype: DType,
}

impl Drawn {
    fn new(shape: impl Into<Vec<i64>>, dtype: DType) -> Result<Self> {
        let given = shape.into();
        let sizes: Option<Vec<usize>> = given.iter().map(|&size| size.try_into().ok()).collect();
        let shape =
            sizes.ok_or_else(|| Error::new("sizes cannot be negative").received(format!("the shape {given:?}")))?;
        // The numbers are drawn with 64 bits.
        let count = lengths::allocated(&shape, DType::F64)?;
        Ok(Self { shape, count, dtype })
    }

    fn floats(function: &str, shape: impl Into<Vec<i64>>, dtype: impl Into<SomeDType>) -> Result<Self> {
        let dtype = dtype.into().or(default_float())?;
        if !dtype.is_float() {
            return Err(wrong_dtype(function, "a floating-point dtype", dtype));
        }
        Self::new(shape, dtype)
    }

    fn of(&self, numbers: Vec<f64>) -> Result<Tensor> {
        Ok(Tensor::from_vec(numbers, self.shape.as_slice(), &Device::Cpu)?.to_dtype(self.dtype)?)
    }

    /// Numbers below a limit, `least` in the place of those that the dtype rounds up to it.
    fn below(&self, limit: f64, least: f64, numbers: Vec<f64>) -> Result<Tensor> {
        let drawn = self.of(numbers)?;
        if least == limit || self.dtype == DType::F64 {
            return Ok(drawn);
        }
        let least = Tensor::new(least, &Device::Cpu)?.to_dtype(self.dtype)?.broadcast_as(drawn.shape())?;
        Ok(drawn.to_dtype(DType::F64)?.ge(limit)?.where_cond(&least, &drawn)?)
    }

    /// A parameter at each element.
    fn parameter(
        &self,
        name: &str,
        expected: &str,
        given: impl Into<NumberOrTensor>,
        is_valid: impl Fn(f64) -> bool,
    ) -> Result<Parameter> {
        let wrong = |received: String| Error::new(format!("{name} is invalid")).expected(expected).received(received);
        match given.into() {
            NumberOrTensor::Number(number) if is_valid(number) => Ok(Parameter::One(number)),
            NumberOrTensor::Number(number) => Err(wrong(number.to_string())),
            NumberOrTensor::Tensor(tensor) => {
                let spread = tensor.broadcast_as(self.shape.as_slice()).map_err(|_| {
                    Error::new(format!("{name} does not broadcast to the shape of the result"))
                        .expected(format!("{:?}", self.shape))
                        .received(format!("{:?}", tensor.dims()))
                })?;
                let numbers = numbers_of(&spread)?;
                match numbers.iter().position(|x| !is_valid(*x)) {
                    Some(i) => Err(wrong(format!("{} at {:?}", numbers[i], position(i, &self.shape)))),
                    None => Ok(Parameter::Each(numbers)),
                }
            }
        }
    }
}

/// A valid parameter.
enum Parameter {
    One(f64),
    Each(Vec<f64>),
}

impl Parameter {
    fn at(&self, i: usize) -> f64 {
        match self {
            Self::One(number) => *number,
            Self::Each(numbers) => numbers[i],
        }
    }
}

fn numbers_of(x: &Tensor) -> Result<Vec<f64>> {
    Ok(x.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}

fn wrong_dtype(function: &str, expected: &str, received: DType) -> Error {
    Error::new(format!("{function} does not have this dtype"))
        .expected(expected)
        .received(elementwise::dtype_name(received))
}

#[cfg(test)]
mod tests;
