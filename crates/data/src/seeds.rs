//! One seed for all random numbers of a thread.

use crate::numpy::random::{RandomState, set_global};
use crate::python;
use candle_keras_ops::random;

/// Sets the seed of this thread's random numbers: those of weights, shuffling and dropout, of [`numpy::random`](crate::numpy::random) and of
/// [`python::random`]. Keras: `keras.utils.set_random_seed`.
///
/// The first ones are also those of threads that set no seed, as [`random::set_random_seed`] says.
///
/// NumPy's seeds are below 2^32. Of a larger one, which is an error in Keras, its numbers here are those of `np.random.seed([low, high])`, of
/// both halves.
///
/// ```
/// use candle_keras_data::{numpy, python, set_random_seed};
/// set_random_seed(42);
/// // Python: keras.utils.set_random_seed(42)
/// assert_eq!(numpy::random::rand_scalar(), 0.3745401188473625);
/// assert_eq!(python::random::random(), 0.6394267984578837);
/// ```
pub fn set_random_seed(seed: u64) {
    random::set_random_seed(seed);
    python::random::seed(seed);
    set_global(match u32::try_from(seed) {
        Ok(seed) => RandomState::new(seed),
        Err(_) => RandomState::of_key(&[seed as u32, (seed >> 32) as u32]),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numpy::random::rand_scalar;
    use candle_keras_ops::random::next_stream;

    #[test]
    fn one_seed_is_that_of_all() {
        let draw = || (next_stream().next_u64(), rand_scalar(), python::random::random());
        set_random_seed(5);
        let first = draw();
        let (_, numpy, python) = draw();
        random::set_random_seed(5);
        let (own, later_numpy, later_python) = draw();
        assert_eq!(own, first.0);
        assert_ne!((numpy, python), (later_numpy, later_python));
        set_random_seed(5);
        assert_eq!(draw(), first);
    }

    /// Python: `np.random.seed([7, 3]); np.random.rand()`.
    #[test]
    fn no_bit_of_a_large_seed_is_lost() {
        set_random_seed((3 << 32) + 7);
        assert_eq!(rand_scalar(), 0.9770716452238201);
        set_random_seed((2 << 32) + 7);
        assert_ne!(rand_scalar(), 0.9770716452238201);
    }
}
