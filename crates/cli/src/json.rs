//! JSON with the numbers that Python's json module writes and reads: `NaN` and `Infinity`, which serde_json replaces by null.

/// An object of these members, whose values are JSON.
pub(crate) fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>, separator: &str) -> String {
    let members = members.into_iter().map(|(name, value)| format!("{}: {value}", serde_json::Value::from(name)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(separator))
}

/// A list of numbers.
pub(crate) fn list(numbers: &[f64]) -> String {
    format!("[{}]", numbers.iter().map(|x| number(*x)).collect::<Vec<_>>().join(", "))
}

pub(crate) fn number(x: f64) -> String {
    match x {
        x if x.is_finite() => serde_json::Value::from(x).to_string(),
        x if x.is_nan() => "NaN".into(),
        x if x > 0.0 => "Infinity".into(),
        _ => "-Infinity".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_python() {
        let values = [0.1, -2.0, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert_eq!(list(&values), "[0.1, -2.0, 1e+300, NaN, Infinity, -Infinity]");
        assert_eq!(object([("a\"", number(1.0)), ("b", list(&[]))], ", "), "{\"a\\\"\": 1.0, \"b\": []}");
    }
}
