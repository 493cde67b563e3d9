//! Windows for the Fourier transform of short parts of a signal, under SciPy's names.

use crate::Result;
use candle_keras_ops::Error;
use std::f64::consts::{PI, TAU};

/// A window as a function of the place, -1 to 1, and of the number of elements.
type Window = fn(f64, f64) -> f64;

/// A sum of cosines: `c_0 + c_1 cos(pi x) + c_2 cos(2 pi x) + ...`.
fn cosines(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().enumerate().map(|(i, c)| c * (PI * i as f64 * x).cos()).sum()
}

/// `sin(x) / x`.
fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { x.sin() / x }
}

/// SciPy's windows without parameters, under their names there.
const WINDOWS: [(&str, Window); 13] = [
    ("boxcar", |_, _| 1.0),
    ("hann", |x, _| cosines(x, &[0.5, 0.5])),
    ("hamming", |x, _| cosines(x, &[0.54, 0.46])),
    ("blackman", |x, _| cosines(x, &[0.42, 0.5, 0.08])),
    ("nuttall", |x, _| cosines(x, &[0.363_581_9, 0.489_177_5, 0.136_599_5, 0.010_641_1])),
    ("blackmanharris", |x, _| cosines(x, &[0.358_75, 0.488_29, 0.141_28, 0.011_68])),
    ("flattop", |x, _| cosines(x, &[0.215_578_95, 0.416_631_58, 0.277_263_158, 0.083_578_947, 0.006_947_368])),
    ("bartlett", |x, _| 1.0 - x.abs()),
    ("barthann", |x, _| 0.62 - 0.24 * x.abs() + 0.38 * (PI * x).cos()),
    ("bohman", |x, _| (1.0 - x.abs()) * (PI * x.abs()).cos() + (PI * x.abs()).sin() / PI),
    ("lanczos", |x, _| sinc(PI * x)),
    // Places between the borders of the elements, not on the outer ones.
    ("cosine", |x, count| (PI / 2.0 * x * (count - 1.0) / count).cos()),
    ("triang", |x, count| {
        let width = if count % 2.0 == 0.0 { count } else { count + 1.0 };
        1.0 - x.abs() * (count - 1.0) / width
    }),
];

/// The window of this name. A periodic one is that of one element more, without the last. SciPy: `signal.get_window(name, length, periodic)`.
///
/// # Errors
/// If there is no such window.
pub(crate) fn window(name: &str, length: usize, periodic: bool) -> Result<Vec<f64>> {
    let names = || WINDOWS.map(|(name, _)| name);
    let (_, function) =
        WINDOWS.iter().find(|(known, _)| *known == name).ok_or_else(|| Error::unknown("window", name, &names()))?;
    if length <= 1 {
        return Ok(vec![1.0; length]);
    }
    let count = (length + usize::from(periodic)) as f64;
    Ok((0..length).map(|i| function(2.0 * i as f64 / (count - 1.0) - 1.0, count)).collect())
}

/// The angle of an element in a Fourier transform of this length; whole turns are left out, so that large products stay exact.
pub(crate) fn angle(time: usize, frequency: usize, length: usize) -> f64 {
    let turns = (time as u128 * frequency as u128 % length.max(1) as u128) as f64;
    TAU * turns / length.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::FRAC_1_SQRT_2;

    /// What scipy.signal.get_window returns.
    #[test]
    fn windows_are_those_of_scipy() {
        let expected = [
            ("boxcar", [1.000_000_000, 1.000_000_000, 1.000_000_000]),
            ("hann", [0.000_000_000, 0.345_491_503, 0.904_508_497]),
            ("hamming", [0.080_000_000, 0.397_852_183, 0.912_147_817]),
            ("blackman", [0.000_000_000, 0.200_770_143, 0.849_229_857]),
            ("nuttall", [0.000_362_800, 0.110_515_253, 0.798_258_097]),
            ("blackmanharris", [0.000_060_000, 0.103_011_489, 0.793_833_511]),
            ("flattop", [-0.000_421_051, -0.067_714_252, 0.606_872_153]),
            ("bartlett", [0.000_000_000, 0.400_000_000, 0.800_000_000]),
            ("barthann", [0.000_000_000, 0.358_573_542, 0.879_426_458]),
            ("bohman", [0.000_000_000, 0.179_123_894, 0.834_311_452]),
            ("lanczos", [0.000_000_000, 0.504_551_152, 0.935_489_284]),
            ("cosine", [0.258_819_045, FRAC_1_SQRT_2, 0.965_925_826]),
            ("triang", [0.166_666_667, 0.500_000_000, 0.833_333_333]),
        ];
        for (name, first) in expected {
            let found = window(name, 6, false).unwrap();
            let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-8;
            assert!(
                found.iter().zip(&first).all(close) && found.iter().rev().zip(&first).all(close),
                "{name}: {found:?}"
            );
            // Those of odd length have their largest element in the middle.
            let periodic = window(name, 4, true).unwrap();
            assert!(
                window(name, 5, false).unwrap().iter().zip(&periodic).all(close) && (periodic[2] - 1.0).abs() < 1e-8
            );
        }
        assert_eq!(window("hann", 1, false).unwrap(), [1.0]);
        assert!(window("hann", 0, true).unwrap().is_empty());
        assert!(window("han", 4, true).unwrap_err().to_string().contains("did you mean \"hann\"?"));
    }
}
