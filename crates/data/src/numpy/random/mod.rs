//! NumPy's random numbers: `numpy.random`. The numbers of a seed are those of NumPy, bit for bit.
//!
//! The functions draw from one [`RandomState`] of the thread. [`seed`] sets it, as [`set_random_seed`](crate::set_random_seed)
//! does. A thread without a seed takes one from the project's own random numbers. Results are on the host, of the dtype float64 or int64.
//!
//! Where Python has no shape and returns a number, the function ends in `_scalar`.
//!
//! ```
//! use candle_keras_data::numpy::random;
//! random::seed(42);
//! assert_eq!(random::rand_scalar(), 0.3745401188473625);
//! assert_eq!(random::randint(0, 100, (2, 2))?.to_vec2::<i64>()?, [[92, 14], [71, 60]]);
//! # Ok::<(), candle_keras_data::Error>(())
//! ```

mod binomial;
mod choice;
mod distributions;
mod generator;
mod pcg64;
mod population;
mod random_state;
mod seed_sequence;
mod wide;
mod ziggurat;

pub use generator::{Generator, default_rng};
pub use population::{Population, Probabilities};
pub use random_state::RandomState;

use candle_core::{Shape, Tensor};
use candle_keras_ops::{Result, random::next_stream};
use std::cell::RefCell;

thread_local! {
    static GLOBAL: RefCell<Option<RandomState>> = const { RefCell::new(None) };
}

fn with_global<T>(f: impl FnOnce(&mut RandomState) -> T) -> T {
    GLOBAL.with_borrow_mut(|global| f(global.get_or_insert_with(|| RandomState::new(next_stream().next_u64() as u32))))
}

/// Sets the seed of this thread's numbers. Python: `numpy.random.seed`.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// let x = random::rand_scalar();
/// random::seed(0);
/// assert_eq!(random::rand_scalar(), x);
/// ```
pub fn seed(seed: u32) {
    set_global(RandomState::new(seed));
}

pub(crate) fn set_global(state: RandomState) {
    GLOBAL.set(Some(state));
}

/// Numbers from 0 to below 1, all equally likely. Python: `numpy.random.rand`.
///
/// # Errors
/// If there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::rand((1, 2))?.to_vec2::<f64>()?, [[0.5488135039273248, 0.7151893663724195]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn rand(shape: impl Into<Shape>) -> Result<Tensor> {
    with_global(|state| state.rand(shape))
}

/// One number from 0 to below 1. Python: `numpy.random.rand()`, `numpy.random.random()`.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::rand_scalar(), 0.5488135039273248);
/// ```
pub fn rand_scalar() -> f64 {
    with_global(RandomState::rand_scalar)
}

/// As [`rand`]. Python: `numpy.random.random`, `numpy.random.random_sample`.
///
/// # Errors
/// If there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::random;
/// assert_eq!(random::random((2, 3))?.dims(), [2, 3]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn random(shape: impl Into<Shape>) -> Result<Tensor> {
    with_global(|state| state.random(shape))
}

/// Numbers from `low` (0 in NumPy) to below `high` (1 in NumPy), all equally likely. Python: `numpy.random.uniform`.
///
/// # Errors
/// If the range is not finite, or there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::uniform(-1.0, 1.0, 1)?.to_vec1::<f64>()?, [0.0976270078546495]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn uniform(low: f64, high: f64, shape: impl Into<Shape>) -> Result<Tensor> {
    with_global(|state| state.uniform(low, high, shape))
}

/// One number from `low` to below `high`. Python: `numpy.random.uniform(low, high)`.
///
/// # Errors
/// If the range is not finite.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::uniform_scalar(-1.0, 1.0)?, 0.0976270078546495);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn uniform_scalar(low: f64, high: f64) -> Result<f64> {
    with_global(|state| state.uniform_scalar(low, high))
}

/// Numbers of the standard normal distribution. Python: `numpy.random.randn`.
///
/// # Errors
/// If there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::randn(2)?.to_vec1::<f64>()?, [1.764052345967664, 0.4001572083672233]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn randn(shape: impl Into<Shape>) -> Result<Tensor> {
    with_global(|state| state.randn(shape))
}

/// One number of the standard normal distribution. Python: `numpy.random.randn()`.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::randn_scalar(), 1.764052345967664);
/// ```
pub fn randn_scalar() -> f64 {
    with_global(RandomState::randn_scalar)
}

/// As [`randn`]. Python: `numpy.random.standard_normal`.
///
/// # Errors
/// If there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::random;
/// assert_eq!(random::standard_normal((2, 3))?.dims(), [2, 3]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn standard_normal(shape: impl Into<Shape>) -> Result<Tensor> {
    with_global(|state| state.standard_normal(shape))
}

/// Numbers of a normal distribution with the mean `loc` (0 in NumPy) and the standard deviation `scale` (1 in NumPy). Python:
/// `numpy.random.normal`.
///
/// # Errors
/// If the scale is negative, or there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::normal(5.0, 2.0, 1)?.to_vec1::<f64>()?, [8.528104691935328]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn normal(loc: f64, scale: f64, shape: impl Into<Shape>) -> Result<Tensor> {
    with_global(|state| state.normal(loc, scale, shape))
}

/// One number of a normal distribution. Python: `numpy.random.normal(loc, scale)`.
///
/// # Errors
/// If the scale is negative.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::normal_scalar(5.0, 2.0)?, 8.528104691935328);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn normal_scalar(loc: f64, scale: f64) -> Result<f64> {
    with_global(|state| state.normal_scalar(loc, scale))
}

/// Whole numbers from `low` to below `high`, all equally likely. Python: `numpy.random.randint`, whose one argument is `high`.
///
/// # Errors
/// If there is no number from `low` to below `high`, or not enough memory.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::randint(0, 10, 3)?.to_vec1::<i64>()?, [5, 0, 3]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn randint(low: i64, high: i64, shape: impl Into<Shape>) -> Result<Tensor> {
    with_global(|state| state.randint(low, high, shape))
}

/// One whole number from `low` to below `high`. Python: `numpy.random.randint(low, high)`.
///
/// # Errors
/// If there is no number from `low` to below `high`.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::randint_scalar(0, 10)?, 5);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn randint_scalar(low: i64, high: i64) -> Result<i64> {
    with_global(|state| state.randint_scalar(low, high))
}

/// How many of `n` trials succeed, each with the probability `p`. Python: `numpy.random.binomial`.
///
/// # Errors
/// If `n` is negative, `p` is not a probability, or there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::binomial(10, 0.5, 3)?.to_vec1::<i64>()?, [5, 6, 5]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn binomial(n: i64, p: f64, shape: impl Into<Shape>) -> Result<Tensor> {
    with_global(|state| state.binomial(n, p, shape))
}

/// How often each item is drawn in `n` draws of the probabilities `p`: along a new last axis. Python: `numpy.random.multinomial`.
///
/// # Errors
/// If `n` is negative, `p` are not probabilities, or there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// // Keras's example of text generation draws a character like this.
/// assert_eq!(random::multinomial(1, &[0.2, 0.3, 0.5], 1)?.to_vec2::<i64>()?, [[0, 1, 0]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn multinomial(n: i64, p: impl Into<Probabilities>, shape: impl Into<Shape>) -> Result<Tensor> {
    let p = p.into();
    with_global(|state| state.multinomial(n, p, shape))
}

/// The numbers below a number, or the rows of an array, in random order. Python: `numpy.random.permutation`.
///
/// # Errors
/// If it is an array without axes, or there is not enough memory.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::permutation(5)?.to_vec1::<i64>()?, [2, 0, 1, 3, 4]);
/// let x = random::rand((5, 2))?;
/// assert_eq!(random::permutation(&x)?.dims(), [5, 2]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn permutation(of: impl Into<Population>) -> Result<Tensor> {
    let of = of.into();
    with_global(|state| state.permutation(of))
}

/// Puts the items of a list into random order. Python: `numpy.random.shuffle`.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// let mut words = ["a", "b", "c", "d"];
/// random::shuffle(&mut words);
/// assert_eq!(words, ["c", "d", "b", "a"]);
/// ```
pub fn shuffle<T>(items: &mut [T]) {
    with_global(|state| state.shuffle(items));
}

/// The rows of an array in random order. Python: `numpy.random.shuffle(x)`, which changes `x`.
///
/// # Errors
/// If it is an array without axes.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// let x = candle_core::Tensor::new(&[[1u32, 2], [3, 4], [5, 6]], &candle_core::Device::Cpu)?;
/// assert_eq!(random::shuffle_rows(&x)?.to_vec2::<u32>()?, [[5, 6], [3, 4], [1, 2]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn shuffle_rows(x: &Tensor) -> Result<Tensor> {
    with_global(|state| state.shuffle_rows(x))
}

/// Items of an array, or numbers below a number: any of them each time if `replace`, else all different. `p` is their probabilities;
/// `None` are equal ones. Python: `numpy.random.choice(a, size, replace, p)`, where `replace` is `True` by default.
///
/// # Errors
/// If the array has not one axis, there are fewer items than are to be different, or `p` are no probabilities of them.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::choice(10, 3, false, None)?.to_vec1::<i64>()?, [2, 8, 4]);
/// assert_eq!(random::choice(&[0.5, 1.5], 4, true, &[0.9, 0.1])?.to_vec1::<f64>()?, [0.5, 0.5, 1.5, 0.5]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn choice(
    of: impl Into<Population>,
    shape: impl Into<Shape>,
    replace: bool,
    p: impl Into<Probabilities>,
) -> Result<Tensor> {
    let (of, p) = (of.into(), p.into());
    with_global(|state| state.choice(of, shape, replace, p))
}

/// One number below `count`. Python: `numpy.random.choice(count, p=p)`.
///
/// # Errors
/// If the count is 0, or `p` are no probabilities of so many items.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::choice_index(3, &[0.5, 0.25, 0.25])?, 1);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn choice_index(count: usize, p: impl Into<Probabilities>) -> Result<usize> {
    let p = p.into();
    with_global(|state| state.choice_index(count, p))
}

/// One item of a list. Python: `numpy.random.choice(items, p=p)`.
///
/// # Errors
/// If the list is empty, or `p` are no probabilities of its items.
///
/// ```
/// use candle_keras_data::numpy::random;
/// random::seed(0);
/// assert_eq!(random::choice_item(&["a", "b", "c"], None)?, "a");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn choice_item<T: Clone>(items: &[T], p: impl Into<Probabilities>) -> Result<T> {
    Ok(items[choice_index(items.len(), p)?].clone())
}

#[cfg(test)]
mod tests;
