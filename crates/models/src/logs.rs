//! The logged values of a batch or an epoch, by name.

use std::fmt;
use std::ops::Index;

/// Names with their values, in order. Keras: `logs`.
///
/// ```
/// use candle_keras_models::Logs;
/// let logs = Logs::from([("loss", 0.25), ("acc", 0.5)]);
/// assert_eq!(logs["loss"], 0.25);
/// assert_eq!(logs.get("val_loss"), None);
/// assert_eq!(logs.to_string(), "loss: 0.2500 - acc: 0.5000");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logs(Vec<(String, f64)>);

impl Logs {
    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Adds a value, or replaces that of the same name.
    pub fn insert(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// The names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Sorted by name, as Keras passes them to callbacks and `History`.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by(|a, b| a.0.cmp(&b.0));
        self
    }

    /// Adds the values of a validation, as `val_...`.
    pub(crate) fn extend_validation(&mut self, logs: &Logs) {
        logs.iter().for_each(|(name, value)| self.insert(format!("val_{name}"), value));
    }
}

impl<const N: usize> From<[(&str, f64); N]> for Logs {
    fn from(logs: [(&str, f64); N]) -> Self {
        Self(logs.map(|(name, value)| (name.into(), value)).into())
    }
}

/// # Panics
/// If there is no value of this name; [`Logs::get`] returns an option.
impl Index<&str> for Logs {
    type Output = f64;

    fn index(&self, name: &str) -> &f64 {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, value)) => value,
            None => panic!("the logs have no {name:?}, only {:?}", self.0),
        }
    }
}

/// As Keras prints them: four digits, small values in scientific notation.
impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { " - " })?;
            if value.abs() > 1e-3 || value.is_nan() {
                write!(f, "{name}: {value:.4}")?;
            } else {
                write!(f, "{name}: {}", candle_keras_ops::scientific(value))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_formatted_as_in_keras() {
        let logs = Logs::from([("a", 0.0), ("b", 12.34567), ("c", 1.5e-7), ("d", -0.5), ("e", f64::NAN)]);
        assert_eq!(logs.to_string(), "a: 0.0000e+00 - b: 12.3457 - c: 1.5000e-07 - d: -0.5000 - e: NaN");
    }
}
