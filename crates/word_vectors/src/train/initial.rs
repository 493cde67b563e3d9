//! Rows before training.

use candle_keras_ops::random::Stream;
use candle_keras_ops::{Result, SharedRows};

/// Input rows: uniform between `-1/width` and `1/width`, as in gensim and fastText (word2vec has half of that).
///
/// # Errors
/// If there is not enough memory.
pub(crate) fn initial_rows(rows: usize, width: usize, seed: u64) -> Result<SharedRows> {
    let stream = Stream::new(seed, 0x696e_6974);
    SharedRows::new(rows, width, |row, numbers| {
        let drawn = stream.child(row as u64).uniform_f32(width);
        numbers.iter_mut().zip(drawn).for_each(|(x, drawn)| *x = (drawn - 0.5) * 2.0 / width as f32);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_uniform() {
        let rows = initial_rows(3000, 5, 1).unwrap().into_vec();
        assert!(rows.iter().all(|x| x.abs() <= 0.2));
        for part in rows.chunks(1500) {
            let mean = part.iter().sum::<f32>() / 1500.0;
            let square = part.iter().map(|x| x * x).sum::<f32>() / 1500.0;
            // A uniform distribution of this width has the variance 0.2^2 / 3.
            assert!(mean.abs() < 0.015 && (square * 75.0 - 1.0).abs() < 0.15, "{mean} {square}");
        }
        assert_ne!(rows, initial_rows(3000, 5, 2).unwrap().into_vec());
    }
}
