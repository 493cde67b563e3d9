//! Python's generator of random numbers: `random.Random`.

use crate::mersenne_twister::MersenneTwister;
use candle_keras_ops::{Error, Result};
use std::collections::HashSet;
use std::f64::consts::TAU;
use std::fmt;

/// Python's generator: the numbers of a seed are those of CPython 3.11, bit for bit, if the calls are the same in the same order. Python:
/// `random.Random`.
///
/// The functions of [`random`](super) are its methods, on the state of the thread. A normal number has Python's last bit where both use
/// the same logarithm and cosine, those of the system.
///
/// ```
/// use candle_keras_data::python::random::Random;
/// let mut random = Random::new(42);
/// assert_eq!(random.random(), 0.6394267984578837);
/// assert_eq!(random.randint(1, 6)?, 1);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Clone)]
pub struct Random {
    twister: MersenneTwister,
    /// [`gauss`](Self::gauss) makes pairs of numbers: the second one waits here.
    second_normal: Option<f64>,
}

impl Random {
    /// Of a seed; Python takes that of a negative number without its sign. Python: `random.Random(seed)`.
    pub fn new(seed: u64) -> Self {
        let (low, high) = (seed as u32, (seed >> 32) as u32);
        let key: &[u32] = if high == 0 { &[low] } else { &[low, high] };
        Self { twister: MersenneTwister::of_key(key), second_normal: None }
    }

    /// Begins anew with a seed.
    pub fn seed(&mut self, seed: u64) {
        *self = Self::new(seed);
    }

    /// As [`random`](super::random()).
    pub fn random(&mut self) -> f64 {
        self.twister.next_f64()
    }

    /// As [`getrandbits`](super::getrandbits).
    ///
    /// # Errors
    /// If there are more than 64.
    pub fn getrandbits(&mut self, count: u32) -> Result<u64> {
        if count > u64::BITS {
            return Err(Error::new("too many random bits").expected("at most 64").received(count.to_string()));
        }
        Ok(self.bits(count))
    }

    /// The lower half comes first, the rest of the last one from its upper end.
    fn bits(&mut self, count: u32) -> u64 {
        let mut word = |bits: u32| u64::from(self.twister.next_u32() >> (u32::BITS - bits));
        match count {
            0 => 0,
            1..=32 => word(count),
            _ => word(32) | word(count - 32) << 32,
        }
    }

    /// A number below `count`, which is not 0.
    fn below(&mut self, count: u64) -> u64 {
        let length = u64::BITS - count.leading_zeros();
        loop {
            let bits = self.bits(length);
            if bits < count {
                return bits;
            }
        }
    }

    /// As [`uniform`](super::uniform).
    pub fn uniform(&mut self, a: f64, b: f64) -> f64 {
        a + (b - a) * self.random()
    }

    /// As [`randint`](super::randint).
    ///
    /// # Errors
    /// If `b` is below `a`.
    pub fn randint(&mut self, a: i64, b: i64) -> Result<i64> {
        match u64::try_from(i128::from(b) - i128::from(a)) {
            // There are 2^64 numbers.
            Ok(u64::MAX) => Ok(loop {
                let [low, high] = [self.bits(64), self.bits(1)];
                if high == 0 {
                    break a.wrapping_add(low as i64);
                }
            }),
            Ok(most) => Ok(a.wrapping_add(self.below(most + 1) as i64)),
            Err(_) => Err(Error::new("there is no whole number to draw")
                .expected(format!("at least {a}, the smallest one, as the largest one"))
                .received(b.to_string())),
        }
    }

    /// As [`randrange`](super::randrange).
    ///
    /// # Errors
    /// If there is no number in the range.
    pub fn randrange(&mut self, start: i64, stop: i64, step: i64) -> Result<i64> {
        let range = i128::from(stop) - i128::from(start);
        let count = match i128::from(step) {
            0 => 0,
            step @ 1.. => (range + step - 1) / step,
            step => (range + step + 1) / step,
        };
        match u64::try_from(count) {
            Ok(count @ 1..) => Ok(start.wrapping_add((self.below(count) as i64).wrapping_mul(step))),
            _ => Err(Error::new("there is no whole number to draw")
                .expected("a range that is not empty")
                .received(format!("from {start} to before {stop} by {step}"))),
        }
    }

    /// As [`choice`](super::choice).
    ///
    /// # Errors
    /// If the list is empty.
    pub fn choice<'a, T>(&mut self, items: &'a [T]) -> Result<&'a T> {
        if items.is_empty() {
            return Err(Error::new("there is nothing to choose from").expected("at least 1 item").received("0"));
        }
        Ok(&items[self.below(items.len() as u64) as usize])
    }

    /// As [`choices`](super::choices).
    ///
    /// # Errors
    /// As for the function.
    pub fn choices<T: Clone>(&mut self, items: &[T], weights: Option<&[f64]>, k: usize) -> Result<Vec<T>> {
        if items.is_empty() {
            return Err(Error::new("there is nothing to choose from").expected("at least 1 item").received("0"));
        }
        let Some(weights) = weights else {
            let count = items.len() as f64;
            return Ok((0..k).map(|_| items[(self.random() * count) as usize].clone()).collect());
        };
        if weights.len() != items.len() {
            return Err(Error::new("each item needs its weight")
                .expected(items.len().to_string())
                .received(weights.len().to_string()));
        }
        let mut sum = 0.0;
        let mut sums: Vec<f64> = Vec::with_capacity(weights.len());
        for weight in weights {
            sum += weight;
            sums.push(sum);
        }
        if !(sum > 0.0 && sum.is_finite()) {
            return Err(Error::new("the sum of the weights must be above 0 and finite").received(sum.to_string()));
        }
        let place = |number: f64| sums[..sums.len() - 1].partition_point(|part| *part <= number);
        Ok((0..k).map(|_| items[place(self.random() * sum)].clone()).collect())
    }

    /// As [`shuffle`](super::shuffle).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }

    /// As [`sample`](super::sample).
    ///
    /// # Errors
    /// If there are fewer than `k` items.
    pub fn sample<T: Clone>(&mut self, items: &[T], k: usize) -> Result<Vec<T>> {
        let all = items.len();
        if k > all {
            return Err(Error::new("a sample has no more items than there are")
                .expected(format!("at most {all}"))
                .received(k.to_string()));
        }
        // As Python: a list of what is left, unless that is longer than the set of what is taken.
        let table = if k > 5 { (1..).map(|i| 4usize.saturating_pow(i)).find(|size| *size >= 3 * k) } else { None };
        if all <= 21usize.saturating_add(table.unwrap_or(0)) {
            let mut pool: Vec<&T> = items.iter().collect();
            return Ok((0..k).map(|_| pool.swap_remove(self.below(pool.len() as u64) as usize).clone()).collect());
        }
        let mut selected = HashSet::with_capacity(k);
        let mut next = || {
            loop {
                let place = self.below(all as u64) as usize;
                if selected.insert(place) {
                    return items[place].clone();
                }
            }
        };
        Ok((0..k).map(|_| next()).collect())
    }

    /// As [`gauss`](super::gauss).
    pub fn gauss(&mut self, mu: f64, sigma: f64) -> f64 {
        let z = self.second_normal.take().unwrap_or_else(|| {
            let angle = self.random() * TAU;
            let radius = (-2.0 * (1.0 - self.random()).ln()).sqrt();
            self.second_normal = Some(angle.sin() * radius);
            angle.cos() * radius
        });
        mu + z * sigma
    }

    /// As [`normalvariate`](super::normalvariate).
    pub fn normalvariate(&mut self, mu: f64, sigma: f64) -> f64 {
        let factor = 4.0 * (-0.5f64).exp() / 2f64.sqrt();
        loop {
            let (u, v) = (self.random(), 1.0 - self.random());
            let z = factor * (u - 0.5) / v;
            if z * z / 4.0 <= -v.ln() {
                return mu + z * sigma;
            }
        }
    }
}

/// Without its 624 words.
impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Random").finish_non_exhaustive()
    }
}
