//! Keyword arguments: methods that take and return the value that they set, and what values may be.

use candle_keras_ops::{Error, Result};
use std::ops::RangeInclusive;

/// Sizes that an argument may have, with its name: numbers beyond are mistakes, for which there would be no memory.
pub(crate) const VECTOR_SIZES: RangeInclusive<usize> = 1..=100_000;
pub(crate) const WINDOWS: RangeInclusive<usize> = 1..=1_000_000;
pub(crate) const EPOCHS: RangeInclusive<usize> = 1..=1_000_000_000;
pub(crate) const WORKERS: RangeInclusive<usize> = 1..=4096;
pub(crate) const NEGATIVES: RangeInclusive<usize> = 0..=10_000;

/// Checks that sizes are in their ranges.
pub(crate) fn check_sizes(sizes: &[(&str, usize, RangeInclusive<usize>)]) -> Result<()> {
    match sizes.iter().find(|(_, size, range)| !range.contains(size)) {
        Some((name, size, range)) => {
            Err(Error::new(format!("{name} must be between {} and {}", range.start(), range.end()))
                .received(size.to_string()))
        }
        None => Ok(()),
    }
}

/// Checks that numbers are finite and not negative.
pub(crate) fn check_rates(rates: &[(&str, f64)]) -> Result<()> {
    match rates.iter().find(|(_, rate)| !rate.is_finite() || *rate < 0.0) {
        Some((name, rate)) => {
            Err(Error::new(format!("{name} must be 0 or a positive number")).received(rate.to_string()))
        }
        None => Ok(()),
    }
}

/// Writes a setter for each field: `/// documentation` `name: type`, or `name: optional type` for a field that is an `Option`.
macro_rules! arguments {
    () => {};
    ($(#[$doc:meta])* $field:ident: optional $type:ty $(, $($rest:tt)*)?) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: $type) -> Self {
            self.$field = Some($field);
            self
        }

        $(crate::arguments::arguments! { $($rest)* })?
    };
    ($(#[$doc:meta])* $field:ident: $type:ty $(, $($rest:tt)*)?) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: $type) -> Self {
            self.$field = $field;
            self
        }

        $(crate::arguments::arguments! { $($rest)* })?
    };
}

pub(crate) use arguments;
