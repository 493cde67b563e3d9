//! Ranges: of random numbers, and of the values of images.

use crate::{Error, Result};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;

/// The range of a random number: two numbers, or one that stands for the range from its negative (or the lowest that is allowed) to itself.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Factor {
    /// One number.
    One(f64),
    /// The ends of the range.
    Between([f64; 2]),
}

/// Whole numbers are written as such: Keras counts bits with them.
impl Serialize for Factor {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let number = |x: f64| if x.fract() == 0.0 && x.abs() < 1e15 { json!(x as i64) } else { json!(x) };
        match *self {
            Self::One(factor) => number(factor).serialize(serializer),
            Self::Between(ends) => ends.map(number).serialize(serializer),
        }
    }
}

impl From<f64> for Factor {
    fn from(factor: f64) -> Self {
        Self::One(factor)
    }
}

impl From<i32> for Factor {
    fn from(factor: i32) -> Self {
        Self::One(factor.into())
    }
}

impl From<[f64; 2]> for Factor {
    fn from(ends: [f64; 2]) -> Self {
        Self::Between(ends)
    }
}

impl From<(f64, f64)> for Factor {
    fn from((from, to): (f64, f64)) -> Self {
        Self::Between([from, to])
    }
}

impl Factor {
    /// The range, which must overlap with the bounds. Keras: `_set_factor`.
    pub(super) fn range(self, name: &str, bounds: [f64; 2]) -> Result<[f64; 2]> {
        match self {
            Self::Between([from, to]) if from <= bounds[1] && to >= bounds[0] && from.is_finite() && to.is_finite() => {
                Ok([from.min(to), from.max(to)])
            }
            _ => self.strict(name, bounds),
        }
    }

    /// The range, which must be within the bounds.
    pub(super) fn strict(self, name: &str, [low, high]: [f64; 2]) -> Result<[f64; 2]> {
        let range = match self {
            Self::One(factor) => [(-factor.abs()).max(low), factor.abs()],
            Self::Between([from, to]) => [from.min(to), from.max(to)],
        };
        let given = match self {
            Self::One(factor) => [factor; 2],
            Self::Between(ends) => ends,
        };
        if given.iter().all(|end| (low..=high).contains(end)) {
            return Ok(range);
        }
        Err(Error::new(format!("{name} must be a number or a range of numbers"))
            .expected(format!("{low} to {high}"))
            .received(format!("{given:?}")))
    }
}

/// The lowest and the highest value of images, such as `(0, 255)` or `(0, 1)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ValueRange([f64; 2]);

impl From<[f64; 2]> for ValueRange {
    fn from(ends: [f64; 2]) -> Self {
        Self(ends)
    }
}

impl From<(f64, f64)> for ValueRange {
    fn from((low, high): (f64, f64)) -> Self {
        Self([low, high])
    }
}

impl From<(i32, i32)> for ValueRange {
    fn from((low, high): (i32, i32)) -> Self {
        Self([low.into(), high.into()])
    }
}

impl ValueRange {
    /// The values as bytes have them.
    pub(super) const BYTES: [f64; 2] = [0.0, 255.0];

    /// The lowest and the highest value.
    pub(super) fn ends(self) -> [f64; 2] {
        let Self([a, b]) = self;
        [a.min(b), a.max(b)]
    }

    /// An error if there are no values between the ends.
    pub(super) fn check(self) -> Result<()> {
        let [low, high] = self.ends();
        if low.is_finite() && high.is_finite() && low < high {
            return Ok(());
        }
        Err(Error::new("value_range must be two different numbers").received(format!("{:?}", self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_keras() {
        let of = |factor: Factor, bounds| factor.range("factor", bounds).unwrap();
        assert_eq!(of(0.3.into(), [-1.0, 1.0]), [-0.3, 0.3]);
        assert_eq!(of((-0.3).into(), [0.0, 1.0].map(|x: f64| x - 1.0)), [-0.3, 0.3]);
        assert_eq!(of(0.3.into(), [0.0, 1.0]), [0.0, 0.3]);
        assert_eq!(of(4.into(), [1.0, 8.0]), [1.0, 4.0]);
        assert_eq!(of((-0.2, 0.5).into(), [0.0, 1.0]), [-0.2, 0.5]);
        for wrong in [Factor::One(1.5), Factor::One(f64::NAN), (2.0, 3.0).into(), (0.0, f64::INFINITY).into()] {
            assert!(wrong.range("factor", [0.0, 1.0]).is_err(), "{wrong:?}");
        }
        assert!(Factor::from((-0.2, 0.5)).strict("factor", [0.0, 1.0]).is_err());
        let written = |factor: Factor| serde_json::to_string(&factor).unwrap();
        assert_eq!((written(0.5.into()), written((1.0, 2.5).into())), ("0.5".into(), "[1,2.5]".into()));
        assert!(ValueRange::from((1, 1)).check().is_err());
        assert_eq!(ValueRange::from((1.0, 0.0)).ends(), [0.0, 1.0]);
    }
}
