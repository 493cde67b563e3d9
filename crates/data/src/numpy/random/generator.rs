//! NumPy's newer generator of random numbers: `numpy.random.default_rng`.

use super::distributions::Distributions;
use super::pcg64::Pcg64;
use super::population::{Population, Probabilities};
use super::ziggurat;
use candle_core::{Shape, Tensor};
use candle_keras_ops::{Result, random::next_stream};
use std::collections::HashSet;

/// A [`Generator`] of a seed; without one, of a seed from the project's own random numbers. Python: `numpy.random.default_rng`.
///
/// ```
/// use candle_keras_data::numpy::random::default_rng;
/// let mut rng = default_rng(Some(42));
/// assert_eq!(rng.random(2)?.to_vec1::<f64>()?, [0.7739560485559633, 0.4388784397520523]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn default_rng(seed: Option<u64>) -> Generator {
    Generator::new(seed.unwrap_or_else(|| next_stream().next_u64()))
}

/// NumPy's newer generator, of PCG64: the numbers of a seed are those of NumPy, bit for bit, if the calls are the same in the same order.
/// Python: `numpy.random.Generator`.
///
/// ```
/// use candle_keras_data::numpy::random::Generator;
/// let mut rng = Generator::new(0);
/// assert_eq!(rng.integers(0, 10, 5)?.to_vec1::<i64>()?, [8, 6, 5, 2, 3]);
/// assert_eq!(rng.standard_normal(1)?.to_vec1::<f64>()?, [0.10490011715303971]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Generator {
    bits: Pcg64,
}

impl Generator {
    /// Of a seed.
    pub fn new(seed: u64) -> Self {
        Self { bits: Pcg64::new(seed) }
    }

    /// Numbers from 0 to below 1, all equally likely. Python: `rng.random(shape)`.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn random(&mut self, shape: impl Into<Shape>) -> Result<Tensor> {
        self.units(shape)
    }

    /// One number from 0 to below 1. Python: `rng.random()`.
    pub fn random_scalar(&mut self) -> f64 {
        self.unit()
    }

    /// Numbers from `low` (0 in NumPy) to below `high` (1 in NumPy), all equally likely. Python: `rng.uniform(low, high, shape)`.
    ///
    /// # Errors
    /// If the range is not finite, or there is not enough memory.
    pub fn uniform(&mut self, low: f64, high: f64, shape: impl Into<Shape>) -> Result<Tensor> {
        self.uniforms(low, high, shape)
    }

    /// One number from `low` to below `high`. Python: `rng.uniform(low, high)`.
    ///
    /// # Errors
    /// If the range is not finite.
    pub fn uniform_scalar(&mut self, low: f64, high: f64) -> Result<f64> {
        self.one_uniform(low, high)
    }

    /// Whole numbers from `low` to below `high`, all equally likely. Python: `rng.integers(low, high, shape)`, whose one argument is `high`.
    ///
    /// # Errors
    /// If there is no number from `low` to below `high`, or not enough memory.
    pub fn integers(&mut self, low: i64, high: i64, shape: impl Into<Shape>) -> Result<Tensor> {
        self.whole_numbers(low, high, shape)
    }

    /// One whole number from `low` to below `high`. Python: `rng.integers(low, high)`.
    ///
    /// # Errors
    /// If there is no number from `low` to below `high`.
    pub fn integers_scalar(&mut self, low: i64, high: i64) -> Result<i64> {
        self.whole_number(low, high)
    }

    /// Numbers of the standard normal distribution. Python: `rng.standard_normal(shape)`.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn standard_normal(&mut self, shape: impl Into<Shape>) -> Result<Tensor> {
        self.standard_normals(shape)
    }

    /// One number of the standard normal distribution. Python: `rng.standard_normal()`.
    pub fn standard_normal_scalar(&mut self) -> f64 {
        self.standard_normal_number()
    }

    /// Numbers of a normal distribution with the mean `loc` (0 in NumPy) and the standard deviation `scale` (1 in NumPy). Python:
    /// `rng.normal(loc, scale, shape)`.
    ///
    /// # Errors
    /// If the scale is negative, or there is not enough memory.
    pub fn normal(&mut self, loc: f64, scale: f64, shape: impl Into<Shape>) -> Result<Tensor> {
        self.normals(loc, scale, shape)
    }

    /// One number of a normal distribution. Python: `rng.normal(loc, scale)`.
    ///
    /// # Errors
    /// If the scale is negative.
    pub fn normal_scalar(&mut self, loc: f64, scale: f64) -> Result<f64> {
        self.one_normal(loc, scale)
    }

    /// The numbers below a number, or the rows of an array, in random order. Python: `rng.permutation(x)`.
    ///
    /// # Errors
    /// If it is an array without axes, or there is not enough memory.
    pub fn permutation(&mut self, of: impl Into<Population>) -> Result<Tensor> {
        self.permuted(of.into())
    }

    /// Puts numbers into random order, but the first ones only if they trade their places with later ones. NumPy has this beside `shuffle`,
    /// which draws other numbers.
    fn mix(&mut self, order: &mut [usize], first: usize) {
        for i in (first..order.len()).rev() {
            order.swap(i, self.up_to(i as u64) as usize);
        }
    }

    /// Puts the items of a list into random order. Python: `rng.shuffle(items)`.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.shuffle_items(items);
    }

    /// The rows of an array in random order. Python: `rng.shuffle(x)`, which changes `x`.
    ///
    /// # Errors
    /// If it is an array without axes.
    pub fn shuffle_rows(&mut self, x: &Tensor) -> Result<Tensor> {
        self.permuted(x.into())
    }

    /// As [`choice`](super::choice). Python: `rng.choice(a, size, replace, p)`.
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

    /// One number below `count`. Python: `rng.choice(count, p=p)`.
    ///
    /// # Errors
    /// As for [`choice_index`](super::choice_index).
    pub fn choice_index(&mut self, count: usize, p: impl Into<Probabilities>) -> Result<usize> {
        self.one_chosen(count, &p.into())
    }

    /// One item of a list. Python: `rng.choice(items, p=p)`.
    ///
    /// # Errors
    /// As for [`choice_item`](super::choice_item).
    pub fn choice_item<T: Clone>(&mut self, items: &[T], p: impl Into<Probabilities>) -> Result<T> {
        Ok(items[self.one_chosen(items.len(), &p.into())?].clone())
    }
}

fn unit(bits: &mut Pcg64) -> f64 {
    (bits.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

impl Distributions for Generator {
    fn unit(&mut self) -> f64 {
        unit(&mut self.bits)
    }

    /// Lemire, "Fast random integer generation in an interval", 2019.
    fn up_to(&mut self, most: u64) -> u64 {
        const U32: u64 = u32::MAX as u64;
        match most {
            0 => 0,
            U32 => u64::from(self.bits.next_u32()),
            u64::MAX => self.bits.next_u64(),
            1..U32 => {
                let count = most as u32 + 1;
                loop {
                    let wide = u64::from(self.bits.next_u32()) * u64::from(count);
                    // The low half below 2^32 mod count marks the draws that would bias the result.
                    if wide as u32 >= count.wrapping_neg() % count {
                        return wide >> 32;
                    }
                }
            }
            _ => {
                let count = most + 1;
                loop {
                    let wide = u128::from(self.bits.next_u64()) * u128::from(count);
                    if wide as u64 >= count.wrapping_neg() % count {
                        return (wide >> 64) as u64;
                    }
                }
            }
        }
    }

    /// By rejection of what is above `most` among its lowest bits, as of the older generator.
    fn place_up_to(&mut self, most: usize) -> usize {
        if most == 0 {
            return 0;
        }
        let mask = usize::MAX >> most.leading_zeros();
        let is_wide = u32::try_from(most).is_err();
        loop {
            let bits = if is_wide { self.bits.next_u64() } else { u64::from(self.bits.next_u32()) };
            let place = bits as usize & mask;
            if place <= most {
                return place;
            }
        }
    }

    fn standard_normal_number(&mut self) -> f64 {
        ziggurat::normal(&mut self.bits, unit)
    }

    fn some_of(&mut self, all: usize, count: usize) -> Vec<usize> {
        // As NumPy: the end of a partial shuffle for large parts of many items.
        if all > 10_000 && count > all / 50 {
            let mut order: Vec<usize> = (0..all).collect();
            self.mix(&mut order, (all - count).max(1));
            return order.split_off(all - count);
        }
        // Else Floyd's sample (Bentley, "Programming pearls: a sample of brilliance", 1987).
        let (mut sample, mut taken) = (Vec::with_capacity(count), HashSet::with_capacity(count));
        for last in all - count..all {
            let drawn = self.up_to(last as u64) as usize;
            let place = if taken.insert(drawn) { drawn } else { last };
            taken.insert(place);
            sample.push(place);
        }
        self.mix(&mut sample, 1);
        sample
    }
}

#[cfg(test)]
mod tests;
