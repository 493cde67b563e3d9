//! NumPy's older generator of random numbers: `numpy.random.RandomState`. Keras gives its data the orders that it draws.

use super::binomial::binomial;
use super::choice::check_parts;
use super::distributions::{Distributions, drawn};
use super::population::{Population, Probabilities};
use crate::mersenne_twister::MersenneTwister;
use candle_core::{Shape, Tensor};
use candle_keras_ops::{Error, Result};
use std::fmt;

/// NumPy's older generator: the numbers of a seed are those of NumPy, bit for bit, if the calls are the same in the same order.
/// Python: `numpy.random.RandomState`.
///
/// The functions of [`random`](super) are its methods, on the state of the thread. A normal number has NumPy's last bit where both use
/// the same logarithm, that of the system.
///
/// ```
/// use candle_keras_data::numpy::random::RandomState;
/// let mut random = RandomState::new(0);
/// assert_eq!(random.rand(2)?.to_vec1::<f64>()?, [0.5488135039273248, 0.7151893663724195]);
/// assert_eq!(random.randint(0, 10, 5)?.to_vec1::<i64>()?, [3, 3, 7, 9, 3]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Clone)]
pub struct RandomState {
    twister: MersenneTwister,
    /// Normal numbers come in pairs: the second one waits here.
    second_normal: Option<f64>,
}

impl RandomState {
    /// Of a seed. Python: `numpy.random.RandomState(seed)`.
    pub fn new(seed: u32) -> Self {
        Self { twister: MersenneTwister::new(seed), second_normal: None }
    }

    /// Of several numbers; none are one 0. Python: `numpy.random.RandomState(numbers)`.
    pub fn of_key(key: &[u32]) -> Self {
        let key = if key.is_empty() { &[0] } else { key };
        Self { twister: MersenneTwister::of_key(key), second_normal: None }
    }

    /// Begins anew with a seed.
    pub fn seed(&mut self, seed: u32) {
        *self = Self::new(seed);
    }

    /// As [`rand`](super::rand).
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn rand(&mut self, shape: impl Into<Shape>) -> Result<Tensor> {
        self.units(shape)
    }

    /// As [`rand_scalar`](super::rand_scalar).
    pub fn rand_scalar(&mut self) -> f64 {
        self.unit()
    }

    /// As [`random`](super::random()).
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn random(&mut self, shape: impl Into<Shape>) -> Result<Tensor> {
        self.units(shape)
    }

    /// As [`uniform`](super::uniform).
    ///
    /// # Errors
    /// If the range is not finite, or there is not enough memory.
    pub fn uniform(&mut self, low: f64, high: f64, shape: impl Into<Shape>) -> Result<Tensor> {
        self.uniforms(low, high, shape)
    }

    /// As [`uniform_scalar`](super::uniform_scalar).
    ///
    /// # Errors
    /// If the range is not finite.
    pub fn uniform_scalar(&mut self, low: f64, high: f64) -> Result<f64> {
        self.one_uniform(low, high)
    }

    /// As [`randn`](super::randn).
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn randn(&mut self, shape: impl Into<Shape>) -> Result<Tensor> {
        self.standard_normals(shape)
    }

    /// As [`randn_scalar`](super::randn_scalar).
    pub fn randn_scalar(&mut self) -> f64 {
        self.standard_normal_number()
    }

    /// As [`standard_normal`](super::standard_normal).
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn standard_normal(&mut self, shape: impl Into<Shape>) -> Result<Tensor> {
        self.standard_normals(shape)
    }

    /// As [`normal`](super::normal).
    ///
    /// # Errors
    /// If the scale is negative, or there is not enough memory.
    pub fn normal(&mut self, loc: f64, scale: f64, shape: impl Into<Shape>) -> Result<Tensor> {
        self.normals(loc, scale, shape)
    }

    /// As [`normal_scalar`](super::normal_scalar).
    ///
    /// # Errors
    /// If the scale is negative.
    pub fn normal_scalar(&mut self, loc: f64, scale: f64) -> Result<f64> {
        self.one_normal(loc, scale)
    }

    /// As [`randint`](super::randint).
    ///
    /// # Errors
    /// If there is no number from `low` to below `high`, or not enough memory.
    pub fn randint(&mut self, low: i64, high: i64, shape: impl Into<Shape>) -> Result<Tensor> {
        self.whole_numbers(low, high, shape)
    }

    /// As [`randint_scalar`](super::randint_scalar).
    ///
    /// # Errors
    /// If there is no number from `low` to below `high`.
    pub fn randint_scalar(&mut self, low: i64, high: i64) -> Result<i64> {
        self.whole_number(low, high)
    }

    /// As [`binomial`](super::binomial).
    ///
    /// # Errors
    /// As for the function.
    pub fn binomial(&mut self, n: i64, p: f64, shape: impl Into<Shape>) -> Result<Tensor> {
        check_trials(n)?;
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::new("a probability is not between 0 and 1").received(p.to_string()));
        }
        drawn(shape, || binomial(n, p, || self.unit()))
    }

    /// As [`multinomial`](super::multinomial).
    ///
    /// # Errors
    /// As for the function.
    pub fn multinomial(&mut self, n: i64, p: impl Into<Probabilities>, shape: impl Into<Shape>) -> Result<Tensor> {
        check_trials(n)?;
        let p = p.into();
        let p = &p.get()?.ok_or_else(|| Error::new("multinomial needs the probabilities of its items"))?.p;
        check_parts(p)?;
        let shape: Vec<usize> = [shape.into().dims(), &[p.len()]].concat();
        let (mut item, mut missing, mut rest) = (0, n, 1.0);
        drawn(shape, || {
            if item == p.len() {
                (item, missing, rest) = (0, n, 1.0);
            }
            let is_last = item + 1 == p.len();
            // What is left of the probabilities may be rounded below the next one.
            let count = match missing {
                1.. if !is_last && p[item] > 0.0 => binomial(missing, (p[item] / rest).min(1.0), || self.unit()),
                _ if !is_last => 0,
                _ => missing,
            };
            rest -= p[item];
            missing -= count;
            item += 1;
            count
        })
    }

    /// As [`permutation`](super::permutation).
    ///
    /// # Errors
    /// If it is an array without axes, or there is not enough memory.
    pub fn permutation(&mut self, of: impl Into<Population>) -> Result<Tensor> {
        self.permuted(of.into())
    }

    /// As [`shuffle`](super::shuffle).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.shuffle_items(items);
    }

    /// As [`shuffle_rows`](super::shuffle_rows).
    ///
    /// # Errors
    /// If it is an array without axes.
    pub fn shuffle_rows(&mut self, x: &Tensor) -> Result<Tensor> {
        self.permuted(x.into())
    }

    /// As [`choice`](super::choice).
    ///
    /// # Errors
    /// As for the function.
    pub fn choice(
        &mut self,
        of: impl Into<Population>,
        shape: impl Into<Shape>,
        replace: bool,
        p: impl Into<Probabilities>,
    ) -> Result<Tensor> {
        self.chosen(of.into(), &shape.into(), replace, &p.into())
    }

    /// As [`choice_index`](super::choice_index).
    ///
    /// # Errors
    /// As for the function.
    pub fn choice_index(&mut self, count: usize, p: impl Into<Probabilities>) -> Result<usize> {
        self.one_chosen(count, &p.into())
    }

    /// As [`choice_item`](super::choice_item).
    ///
    /// # Errors
    /// As for the function.
    pub fn choice_item<T: Clone>(&mut self, items: &[T], p: impl Into<Probabilities>) -> Result<T> {
        Ok(items[self.one_chosen(items.len(), &p.into())?].clone())
    }
}

impl Distributions for RandomState {
    fn unit(&mut self) -> f64 {
        self.twister.next_f64()
    }

    /// By rejection of what is above `most` among its lowest bits.
    fn up_to(&mut self, most: u64) -> u64 {
        if most == 0 {
            return 0;
        }
        let mask = u64::MAX >> most.leading_zeros();
        loop {
            let high = if most > u64::from(u32::MAX) { u64::from(self.twister.next_u32()) << 32 } else { 0 };
            let bits = (high | u64::from(self.twister.next_u32())) & mask;
            if bits <= most {
                return bits;
            }
        }
    }

    /// The polar method (Marsaglia and Bray, "A convenient method for generating normal variables", 1964).
    fn standard_normal_number(&mut self) -> f64 {
        if let Some(second) = self.second_normal.take() {
            return second;
        }
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square < 1.0 && square != 0.0 {
                let scale = (-2.0 * square.ln() / square).sqrt();
                self.second_normal = Some(scale * x);
                return scale * y;
            }
        }
    }

    fn some_of(&mut self, all: usize, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..all).collect();
        self.shuffle_items(&mut order);
        order.truncate(count);
        order
    }
}

fn check_trials(n: i64) -> Result<()> {
    if n < 0 {
        return Err(Error::new("a number of trials is negative").expected("at least 0").received(n.to_string()));
    }
    Ok(())
}

/// Without its 624 words.
impl fmt::Debug for RandomState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomState").finish_non_exhaustive()
    }
}
