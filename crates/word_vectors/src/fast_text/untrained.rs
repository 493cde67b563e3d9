//! The rows that a training begins with.

use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result, SharedRows};

/// For how many rows random numbers are drawn at once.
const ROWS: usize = 1024;

/// Input rows, uniform between `-1/width` and `1/width`.
///
/// # Errors
/// If there is not enough memory for them.
pub(super) fn input_rows(rows: usize, width: usize, seed: u64) -> Result<SharedRows> {
    has_room(rows, width)?;
    let mut stream = Stream::new(seed, 0x696e_6974);
    let mut drawn = Vec::new();
    Ok(SharedRows::new(rows, width, |row, into| {
        if row.is_multiple_of(ROWS) {
            drawn = stream.uniform_f32(ROWS * width);
        }
        for (x, uniform) in into.iter_mut().zip(&drawn[row % ROWS * width..]) {
            *x = (uniform - 0.5) * 2.0 / width as f32;
        }
    }))
}

/// That there is memory for so many rows: `bucket` and `vector_size` are easily set to more than a machine has.
fn has_room(rows: usize, width: usize) -> Result<()> {
    let numbers = width.checked_next_multiple_of(16).and_then(|stride| stride.checked_mul(rows));
    let has_numbers = u32::try_from(rows).is_ok_and(|rows| rows < u32::MAX);
    match numbers.filter(|_| has_numbers) {
        Some(numbers) if Vec::<f32>::new().try_reserve_exact(numbers).is_ok() => Ok(()),
        _ => Err(Error::new("there is not enough memory for the rows of words and n-grams")
            .received(format!("{rows} rows of {width} numbers, {:.1} GB", rows as f64 * width as f64 * 4e-9))
            .help("a smaller bucket has fewer rows")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rows_are_random() {
        let rows = input_rows(3000, 5, 1).unwrap().into_vec();
        assert!(rows.iter().all(|x| x.abs() <= 0.2));
        for part in rows.chunks(1500) {
            let mean = part.iter().sum::<f32>() / 1500.0;
            let square = part.iter().map(|x| x * x).sum::<f32>() / 1500.0;
            // A uniform distribution of this width has the variance 0.2^2 / 3.
            assert!(mean.abs() < 0.015 && (square * 75.0 - 1.0).abs() < 0.15, "{mean} {square}");
        }
        assert_ne!(rows, input_rows(3000, 5, 2).unwrap().into_vec());
    }

    #[test]
    fn too_many_rows_are_an_error() {
        for (rows, width) in [(usize::MAX, 100), (1 << 31, 1 << 31), (u32::MAX as usize, 1)] {
            assert!(input_rows(rows, width, 1).unwrap_err().to_string().contains("smaller bucket"));
        }
    }
}
