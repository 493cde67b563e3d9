//! JSON as Python writes it: with `Infinity`, `-Infinity` and `NaN`, which JSON does not have.
//!
//! A [`Value`] holds no such number. Here it is a marked string, `"\u{1}Infinity"`: a reader that does not know of it fails, instead of
//! computing with another number. [`parse`] and [`to_text`] convert texts, [`to_value`] and [`from_value`] are serde's with such numbers.

mod de;
mod ser;

use crate::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;

/// The first character of a marked number.
const MARK: char = '\u{1}';
/// Python's names, and what they mean.
const NUMBERS: [(&str, f64); 3] = [("-Infinity", f64::NEG_INFINITY), ("Infinity", f64::INFINITY), ("NaN", f64::NAN)];
/// The memory of a value in a list whose capacity may have doubled, and what an object needs beside.
const VALUE: u64 = 3 * size_of::<Value>() as u64;
const OBJECT: u64 = 640;

/// A number as a value, whether it is finite or not.
#[must_use]
pub fn number(number: f64) -> Value {
    match NUMBERS.iter().find(|(_, marked)| number == *marked || (number.is_nan() && marked.is_nan())) {
        Some((name, _)) => Value::String(format!("{MARK}{name}")),
        None => number.into(),
    }
}

/// The number that a value is; `None` if it is something else.
#[must_use]
pub fn as_f64(value: &Value) -> Option<f64> {
    let name = || value.as_str()?.strip_prefix(MARK);
    value.as_f64().or_else(|| NUMBERS.iter().find(|(known, _)| name() == Some(known)).map(|(_, number)| *number))
}

/// A value as Python prints it, for messages: `None` and not `null` or `Some`.
pub(crate) fn python(value: &Value) -> String {
    let all = |values: &[Value]| values.iter().map(python).collect::<Vec<_>>().join(", ");
    match (value, as_f64(value)) {
        (Value::Null, _) => "None".into(),
        (Value::Bool(true), _) => "True".into(),
        (Value::Bool(false), _) => "False".into(),
        (Value::Array(values), _) => format!("[{}]", all(values)),
        // NaN and the infinities are strings.
        (Value::String(_), Some(number)) => number.to_string(),
        (other, _) => other.to_string(),
    }
}

/// The value of a text. Its values take at most `memory` bytes: a text that was compressed, or is hostile, may have far more values than
/// a configuration needs.
///
/// # Errors
/// If it is not JSON, or needs more memory.
pub fn parse(text: &[u8], memory: u64) -> Result<Value> {
    let (text, needed) = scan(text);
    if needed > memory {
        return Err(Error::new("the configuration has more values than a file of its size may have")
            .expected(format!("at most {memory} bytes in memory"))
            .received(format!("about {needed} bytes")));
    }
    Ok(serde_json::from_slice(&text)?)
}

/// The text with marked numbers for Python's, and about how much memory its values need.
fn scan(text: &[u8]) -> (Cow<'_, [u8]>, u64) {
    let (mut marked, mut copied, mut needed) = (Vec::new(), 0, VALUE);
    let (mut at, mut in_string) = (0, false);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => at += 1,
            _ if in_string => {}
            b'[' | b',' | b':' => needed += VALUE,
            b'{' => needed += OBJECT,
            b'-' | b'I' | b'N' => {
                if let Some((name, _)) = NUMBERS.iter().find(|(name, _)| text[at..].starts_with(name.as_bytes())) {
                    marked.extend_from_slice(&text[copied..at]);
                    marked.extend_from_slice(format!("\"\\u0001{name}\"").as_bytes());
                    at += name.len();
                    copied = at;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    match copied {
        0 => (Cow::Borrowed(text), needed),
        _ => {
            marked.extend_from_slice(&text[copied..]);
            (Cow::Owned(marked), needed)
        }
    }
}

/// The text of a value, with numbers as Python writes them.
#[must_use]
pub fn to_text(value: &Value) -> String {
    let text = value.to_string();
    let mut parts = text.split("\"\\u0001");
    let mut written = parts.next().unwrap_or_default().to_string();
    for part in parts {
        // Behind a backslash the quote is one within a string.
        let number = NUMBERS.iter().find(|(name, _)| part.strip_prefix(name).is_some_and(|rest| rest.starts_with('"')));
        match number.filter(|_| !written.ends_with('\\')) {
            Some((name, _)) => written.extend([name, &part[name.len() + 1..]]),
            None => written.extend(["\"\\u0001", part]),
        }
    }
    written
}

/// How deeply lists and objects may be nested: deeper ones are not parsed.
pub const MOST_DEPTH: usize = 127;

/// How deeply lists and objects are nested in a value.
#[must_use]
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Anything as a value; serde_json's function makes `null` of infinite numbers.
///
/// # Errors
/// If a part has no form in JSON.
pub fn to_value(of: &(impl Serialize + ?Sized)) -> serde_json::Result<Value> {
    of.serialize(ser::ToValue)
}

/// The object that a value describes.
///
/// # Errors
/// If it describes none of this type.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> serde_json::Result<T> {
    T::deserialize(de::FromValue(value))
}

/// A number of a flattened struct, for `deserialize_with`: serde reads its parts before it knows their types, so that an infinite number is still marked.
///
/// # Errors
/// If it is no number.
pub fn optional_number<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<f64>, D::Error> {
    let value: Option<Value> = serde::Deserialize::deserialize(deserializer)?;
    let wrong = |value: &Value| serde::de::Error::custom(format!("invalid type: {value}, expected a number"));
    value.map(|value| as_f64(&value).ok_or_else(|| wrong(&value))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Op {
        Clip { low: f64, high: Option<f64> },
        Scale(f64),
        Shift(f64, f32),
        None,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct All {
        list: Vec<f64>,
        pair: (f32, i8),
        ops: Vec<Op>,
        text: String,
        any: Value,
        unset: Option<f64>,
        map: std::collections::BTreeMap<String, f64>,
    }

    #[test]
    fn infinite_numbers_are_written_as_python_does_and_read_again() {
        let inf = f64::INFINITY;
        let all = All {
            list: vec![1.5, inf, -inf],
            pair: (f32::INFINITY, -3),
            ops: vec![Op::Clip { low: -inf, high: Some(inf) }, Op::Scale(inf), Op::Shift(0.5, 1.0), Op::None],
            text: "\"NaN, \\Infinity".into(),
            any: json!({"a": [number(-inf), 1, null, true, {}]}),
            unset: None,
            map: [("x".to_string(), inf)].into(),
        };
        let value = to_value(&all).unwrap();
        let text = to_text(&value);
        let expected = r#"{"list":[1.5,Infinity,-Infinity],"pair":[Infinity,-3],"ops":[{"Clip":{"low":-Infinity,"high":Infinity}},{"Scale":Infinity},{"Shift":[0.5,1.0]},"None"],"text":"\"NaN, \\Infinity","any":{"a":[-Infinity,1,null,true,{}]},"unset":null,"map":{"x":Infinity}}"#;
        assert_eq!(text, expected);
        assert_eq!(parse(text.as_bytes(), 1 << 20).unwrap(), value);
        assert_eq!(from_value::<All>(&value).unwrap(), all);
        assert!(from_value::<Vec<f64>>(&parse(b"[ NaN,NaN]", 1 << 20).unwrap()).unwrap().iter().all(|x| x.is_nan()));
        assert_eq!(as_f64(&number(-inf)), Some(-inf));
        assert_eq!([json!("Infinity"), json!(null), json!(2)].map(|value| as_f64(&value)), [None, None, Some(2.0)]);
    }

    #[test]
    fn strings_are_never_numbers() {
        for text in [r#"["a\"Infinity\\"]"#, r#"{"NaN":"-Infinity"}"#, "[\"x\\\"\\u0001NaN\",\"\\u0001Nan\"]"] {
            let value = parse(text.as_bytes(), 1 << 20).unwrap();
            assert_eq!(to_text(&value), text);
        }
        assert!(from_value::<f64>(&json!("Infinity")).is_err());
        for wrong in ["[Infinite]", "[-NaN]", "[+Infinity]", "[InfinityNaN]", "Infinity\"", "\"\\"] {
            assert!(parse(wrong.as_bytes(), 1 << 20).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_of_the_greatest_depth_are_parsed() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let deepest = parse(nested(MOST_DEPTH).as_bytes(), 1 << 20).unwrap();
        assert_eq!(depth(&deepest), MOST_DEPTH);
        assert!(parse(nested(MOST_DEPTH + 1).as_bytes(), 1 << 20).is_err());
    }

    #[test]
    fn memory_is_bounded_before_it_is_taken() {
        let zeros = format!("[{}0]", "0,".repeat(100_000));
        assert!(parse(zeros.as_bytes(), 10 << 20).unwrap_err().to_string().contains("more values"));
        assert!(parse(zeros.as_bytes(), 100 << 20).is_ok());
        assert!(parse("{\"\":0},".repeat(100_000).as_bytes(), 10 << 20).is_err());
    }
}
