//! Python's random numbers: its module `random`. The numbers of a seed are those of CPython 3.11, bit for bit.
//!
//! The functions draw from one [`Random`] of the thread. [`seed`] sets it, as [`set_random_seed`](crate::set_random_seed) does. A
//! thread without a seed takes one from the project's own random numbers.
//!
//! ```
//! use candle_keras_data::python::random;
//! random::seed(42);
//! assert_eq!(random::random(), 0.6394267984578837);
//! assert_eq!(random::randint(1, 6)?, 1);
//! # Ok::<(), candle_keras_data::Error>(())
//! ```

mod state;

pub use state::Random;

use candle_keras_ops::{Result, random::next_stream};
use std::cell::RefCell;

thread_local! {
    static GLOBAL: RefCell<Option<Random>> = const { RefCell::new(None) };
}

fn with_global<T>(f: impl FnOnce(&mut Random) -> T) -> T {
    GLOBAL.with_borrow_mut(|global| f(global.get_or_insert_with(|| Random::new(next_stream().next_u64()))))
}

/// Sets the seed of this thread's numbers; Python takes that of a negative number without its sign. Python: `random.seed`.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// let x = random::random();
/// random::seed(0);
/// assert_eq!(random::random(), x);
/// ```
pub fn seed(seed: u64) {
    GLOBAL.set(Some(Random::new(seed)));
}

/// A number from 0 to below 1. Python: `random.random`.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// assert_eq!(random::random(), 0.8444218515250481);
/// ```
pub fn random() -> f64 {
    with_global(Random::random)
}

/// A number between `a` and `b`. Python: `random.uniform`.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// assert_eq!(random::uniform(1.0, 3.0), 2.6888437030500962);
/// ```
pub fn uniform(a: f64, b: f64) -> f64 {
    with_global(|state| state.uniform(a, b))
}

/// A whole number from `a` to `b`, both included. Python: `random.randint`.
///
/// # Errors
/// If `b` is below `a`.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// assert_eq!(random::randint(1, 6)?, 4);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn randint(a: i64, b: i64) -> Result<i64> {
    with_global(|state| state.randint(a, b))
}

/// A number of Python's `range(start, stop, step)`. Python: `random.randrange`, where `start` is 0 and `step` 1 by default.
///
/// # Errors
/// If there is no number in the range.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// assert_eq!(random::randrange(0, 10, 2)?, 6);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn randrange(start: i64, stop: i64, step: i64) -> Result<i64> {
    with_global(|state| state.randrange(start, stop, step))
}

/// So many random bits, up to 64. Python: `random.getrandbits`.
///
/// # Errors
/// If there are more than 64.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// assert_eq!(random::getrandbits(8)?, 216);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn getrandbits(count: u32) -> Result<u64> {
    with_global(|state| state.getrandbits(count))
}

/// One of several items. Python: `random.choice`.
///
/// # Errors
/// If the list is empty.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// assert_eq!(*random::choice(&["a", "b", "c"])?, "b");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn choice<T>(items: &[T]) -> Result<&T> {
    with_global(|state| state.choice(items))
}

/// `k` items, any of them each time, as likely as their weights say; `None` are equal ones. Python: `random.choices`.
///
/// # Errors
/// If the list is empty, or there is not one weight for each item with a sum above 0.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// assert_eq!(random::choices(&[1, 2, 3], None, 3)?, [3, 3, 2]);
/// assert_eq!(random::choices(&["never", "always"], Some(&[0.0, 1.0]), 2)?, ["always", "always"]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn choices<T: Clone>(items: &[T], weights: Option<&[f64]>, k: usize) -> Result<Vec<T>> {
    let chosen = with_global(|state| state.choices(&places(items), weights, k))?;
    Ok(chosen.into_iter().map(|place| items[place].clone()).collect())
}

/// Puts the items of a list into random order. Python: `random.shuffle`.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// let mut items = ["a", "b", "c", "d"];
/// random::shuffle(&mut items);
/// assert_eq!(items, ["c", "a", "b", "d"]);
/// ```
pub fn shuffle<T>(items: &mut [T]) {
    with_global(|state| state.shuffle(items));
}

/// `k` different items, in random order. Python: `random.sample`.
///
/// # Errors
/// If there are fewer than `k` items.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// assert_eq!(random::sample(&[1, 2, 3, 4, 5], 3)?, [4, 5, 1]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn sample<T: Clone>(items: &[T], k: usize) -> Result<Vec<T>> {
    let sample = with_global(|state| state.sample(&places(items), k))?;
    Ok(sample.into_iter().map(|place| items[place].clone()).collect())
}

/// Places stand for the items within the borrow of the state: the `clone` of an item may draw numbers as well.
fn places<T>(items: &[T]) -> Vec<usize> {
    (0..items.len()).collect()
}

/// A number of the normal distribution with this mean and standard deviation. Python: `random.gauss`.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// assert_eq!(random::gauss(0.0, 1.0), 0.9417154046806644);
/// ```
pub fn gauss(mu: f64, sigma: f64) -> f64 {
    with_global(|state| state.gauss(mu, sigma))
}

/// As [`gauss`], by another method (Kinderman and Monahan, "Computer generation of random variables using the ratio of uniform deviates",
/// 1977). Python: `random.normalvariate`.
///
/// ```
/// use candle_keras_data::python::random;
/// random::seed(0);
/// assert_eq!(random::normalvariate(0.0, 1.0), -0.18386822109325826);
/// ```
pub fn normalvariate(mu: f64, sigma: f64) -> f64 {
    with_global(|state| state.normalvariate(mu, sigma))
}

#[cfg(test)]
mod tests;
