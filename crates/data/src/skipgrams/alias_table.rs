//! Draws numbers with given probabilities in constant time.

use candle_keras_ops::{Error, Result};

/// Draws numbers below `n` with probabilities proportional to `n` weights (Walker, 1977; built as in Vose, 1991): two loads per draw,
/// and 8 bytes per number.
///
/// ```
/// use candle_keras_data::AliasTable;
/// use candle_keras_ops::random::Stream;
/// let table = AliasTable::new(&[1.0, 0.0, 3.0])?;
/// let mut stream = Stream::new(0, 0);
/// let drawn: Vec<u32> = (0..1000).map(|_| table.draw(stream.next_u64())).collect();
/// let twos = drawn.iter().filter(|&&number| number == 2).count();
/// assert!((700..800).contains(&twos) && !drawn.contains(&1));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct AliasTable {
    cells: Vec<Cell>,
}

/// Each cell is hit with the same probability, and gives its own number or the alias.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// Below it, of 32 random bits, the cell gives its own number.
    own: u32,
    alias: u32,
}

impl AliasTable {
    /// For these weights.
    ///
    /// # Errors
    /// If a weight is negative or not finite, or none is positive.
    pub fn new(weights: &[f64]) -> Result<Self> {
        let sum: f64 = weights.iter().sum();
        if !sum.is_finite() || weights.iter().any(|&weight| weight < 0.0) || weights.len() > u32::MAX as usize {
            return Err(Error::new("weights must be finite and not negative"));
        }
        let heaviest = (0..weights.len()).max_by(|&i, &j| weights[i].total_cmp(&weights[j])).unwrap_or(0);
        if sum <= 0.0 {
            return Err(Error::new("one of the weights must be positive"));
        }
        // In units of the mean, the capacity of a cell.
        let mut left: Vec<f64> = weights.iter().map(|weight| weight / sum * weights.len() as f64).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) =
            (0..weights.len() as u32).partition(|&i| left[i as usize] < 1.0);
        // Cells left over by rounding are full, or never give their own number if their weight is 0.
        let whole = |i: usize| Cell { own: 0, alias: if weights[i] > 0.0 { i } else { heaviest } as u32 };
        let mut cells: Vec<Cell> = (0..weights.len()).map(whole).collect();
        while let (Some(i), Some(&j)) = (small.pop(), large.last()) {
            let share = left[i as usize];
            cells[i as usize] = Cell { own: (share * 2f64.powi(32)) as u32, alias: j };
            left[j as usize] -= 1.0 - share;
            if left[j as usize] < 1.0 {
                large.pop();
                small.push(j);
            }
        }
        Ok(Self { cells })
    }

    /// With the weights `count^exponent`, as word2vec draws negatives; numbers of count 0 are never drawn. Powers do not overflow.
    ///
    /// # Errors
    /// If the exponent is not finite, or no count is positive.
    pub fn of_counts(counts: &[u64], exponent: f64) -> Result<Self> {
        if !exponent.is_finite() {
            return Err(Error::new("the power of counts must be finite").received(exponent.to_string()));
        }
        let logarithm = |&count: &u64| if count > 0 { exponent * (count as f64).ln() } else { f64::NEG_INFINITY };
        let largest = counts.iter().map(logarithm).fold(f64::NEG_INFINITY, f64::max);
        Self::new(&counts.iter().map(|count| (logarithm(count) - largest).exp()).collect::<Vec<_>>())
    }

    /// Draws a number with 64 random bits.
    #[inline]
    pub fn draw(&self, bits: u64) -> u32 {
        let i = ((bits >> 32) * self.cells.len() as u64) >> 32;
        let cell = self.cells[i as usize];
        if (bits as u32) < cell.own { i as u32 } else { cell.alias }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::random::Stream;

    #[test]
    fn frequencies_are_proportional_to_weights() {
        let weights: Vec<f64> = (0..200).map(|i| if i % 10 == 3 { 0.0 } else { 1.0 / (1 + i) as f64 }).collect();
        let table = AliasTable::new(&weights).unwrap();
        let (mut counts, mut stream, draws) = (vec![0f64; weights.len()], Stream::new(1, 0), 400_000);
        (0..draws).for_each(|_| counts[table.draw(stream.next_u64()) as usize] += 1.0);
        let sum: f64 = weights.iter().sum();
        for (count, weight) in counts.iter().zip(&weights) {
            let expected = weight / sum * f64::from(draws);
            // Five standard deviations.
            assert!((count - expected).abs() <= 5.0 * expected.sqrt(), "{count} for {expected}");
        }
    }

    #[test]
    fn invalid_weights_are_errors() {
        for wrong in [&[][..], &[0.0, 0.0], &[1.0, -1.0], &[1.0, f64::NAN], &[f64::INFINITY]] {
            assert!(AliasTable::new(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(AliasTable::new(&[0.0, 5.0, 0.0]).unwrap().draw(u64::MAX), 1);
    }
}
