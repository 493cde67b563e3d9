//! JSON as Python writes it. Python: `json`.

use crate::{Error, Result};
use candle_core::{Device, Tensor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};
use serde_json::{Map, Value};
use std::io::{self, Write};

/// A value as a text. Python: `json.dumps(value)`.
///
/// ```
/// use candle_keras_data::python::json;
/// assert_eq!(json::dumps(&("ä", 1e-5, [1, 2]), None)?, r#"["\u00e4", 1e-05, [1, 2]]"#);
/// assert_eq!(json::dumps(&[1, 2], 2)?, "[\n  1,\n  2\n]");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the value has no JSON, as a map whose keys are lists.
pub fn dumps(value: &impl Serialize, indent: impl Into<Option<usize>>) -> Result<String> {
    let mut text = Vec::new();
    let indent = indent.into().map(|count| " ".repeat(count));
    let python = Python { pretty: indent.as_ref().map(|indent| PrettyFormatter::with_indent(indent.as_bytes())) };
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, python);
    value.serialize(&mut serializer).map_err(|error| Error::new(error.to_string()))?;
    String::from_utf8(text).map_err(|error| Error::new(error.to_string()))
}

/// The value of a text. Python: `json.loads(text)`.
///
/// ```
/// use candle_keras_data::python::json;
/// let numbers: Vec<f64> = json::loads("[1, 2.5]")?;
/// assert_eq!(numbers, [1.0, 2.5]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the text is not JSON, or not of a value of this type.
pub fn loads<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::new(error.to_string()))
}

/// What Python does with a value of JSON whose type is not known before the program runs. What it does not have, or is not, is an error.
///
/// ```
/// use candle_keras_data::python::json::{self, Json};
/// let data: serde_json::Value = json::loads(r#"{"intents": [{"tag": "hello", "weight": 2}]}"#)?;
/// for intent in data.item("intents")?.list()? {
///     assert_eq!(intent.item("tag")?.text()?, "hello");
///     assert_eq!(intent.item("weight")?.float()?, 2.0);
///     assert!(intent.item("name").is_err());
/// }
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub trait Json {
    /// The value of a key. Python: `data["key"]`.
    ///
    /// # Errors
    /// If it is no dict, or has no such key.
    fn item(&self, key: &str) -> Result<&Value>;
    /// The element at a place; negative ones count from the end. Python: `data[place]`.
    ///
    /// # Errors
    /// If it is no list, or has no such element.
    fn element(&self, place: i64) -> Result<&Value>;
    /// The elements of a list.
    ///
    /// # Errors
    /// If it is no list.
    fn list(&self) -> Result<&[Value]>;
    /// The elements of a list of so many. Python: `a, b = data`.
    ///
    /// # Errors
    /// If it is no list, or has more or fewer.
    fn parts(&self, count: usize) -> Result<&[Value]>;
    /// The keys and values of a dict.
    ///
    /// # Errors
    /// If it is no dict.
    fn dict(&self) -> Result<&Map<String, Value>>;
    /// A text.
    ///
    /// # Errors
    /// If it is none.
    fn text(&self) -> Result<&str>;
    /// A number. Python: `float(data)`.
    ///
    /// # Errors
    /// If it is none.
    fn float(&self) -> Result<f64>;
    /// An integer; fractions are cut. Python: `int(data)`.
    ///
    /// # Errors
    /// If it is no number, or has more than 64 bits.
    fn int(&self) -> Result<i64>;
    /// How many elements, keys or characters it has. Python: `len(data)`.
    ///
    /// # Errors
    /// If it is no list, dict or text.
    fn size(&self) -> Result<usize>;
    /// Whether it has this key, element or part of a text. Python: `text in data`.
    ///
    /// # Errors
    /// If it is no list, dict or text.
    fn has(&self, text: &str) -> Result<bool>;
    /// Whether Python takes it for true: what is neither null, false, 0 nor empty.
    fn is_true(&self) -> bool;
    /// As Python shows it. Python: `str(data)`.
    fn show(&self) -> String;
}

impl Json for Value {
    fn item(&self, key: &str) -> Result<&Value> {
        self.dict()?.get(key).ok_or_else(|| Error::new(format!("the JSON has no key {key:?}")).received(brief(self)))
    }

    fn element(&self, place: i64) -> Result<&Value> {
        let list = self.list()?;
        list.get(super::place(place, list.len())?)
            .ok_or_else(|| Error::new(format!("the list has no element {place}")).received(brief(self)))
    }

    fn list(&self) -> Result<&[Value]> {
        self.as_array().map(Vec::as_slice).ok_or_else(|| is_not("a list", self))
    }

    fn parts(&self, count: usize) -> Result<&[Value]> {
        self.list()?
            .get(..count)
            .filter(|_| self.list().is_ok_and(|list| list.len() == count))
            .ok_or_else(|| is_not(&format!("a list of {count} values"), self))
    }

    fn dict(&self) -> Result<&Map<String, Value>> {
        self.as_object().ok_or_else(|| is_not("a dict", self))
    }

    fn text(&self) -> Result<&str> {
        self.as_str().ok_or_else(|| is_not("a text", self))
    }

    fn float(&self) -> Result<f64> {
        match self {
            Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
            number => number.as_f64(),
        }
        .ok_or_else(|| is_not("a number", self))
    }

    fn int(&self) -> Result<i64> {
        match self.as_i64() {
            Some(int) => Ok(int),
            None => Some(self.float()?)
                .filter(|float| float.abs() < 9e18)
                .map(|float| float as i64)
                .ok_or_else(|| is_not("an integer of 64 bits", self)),
        }
    }

    fn size(&self) -> Result<usize> {
        match self {
            Value::Array(list) => Ok(list.len()),
            Value::Object(dict) => Ok(dict.len()),
            Value::String(text) => Ok(text.chars().count()),
            other => Err(is_not("a list, dict or text", other)),
        }
    }

    fn has(&self, text: &str) -> Result<bool> {
        match self {
            Value::Array(list) => Ok(list.iter().any(|one| one == text)),
            Value::Object(dict) => Ok(dict.contains_key(text)),
            Value::String(own) => Ok(own.contains(text)),
            other => Err(is_not("a list, dict or text", other)),
        }
    }

    fn is_true(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(truth) => *truth,
            Value::Number(number) => number.as_f64() != Some(0.0),
            other => other.size().is_ok_and(|size| size > 0),
        }
    }

    fn show(&self) -> String {
        match self {
            Value::String(text) => text.clone(),
            Value::Null => "None".into(),
            Value::Bool(true) => "True".into(),
            Value::Bool(false) => "False".into(),
            Value::Number(number) if number.is_f64() => super::repr(number.as_f64().unwrap_or(f64::NAN)),
            Value::Number(number) => number.to_string(),
            Value::Array(list) => format!("[{}]", list.iter().map(quoted).collect::<Vec<_>>().join(", ")),
            Value::Object(dict) => {
                let items = dict.iter().map(|(key, value)| format!("{}: {}", super::text_repr(key), quoted(value)));
                format!("{{{}}}", items.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A value as Python shows it in a list.
fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => super::text_repr(text),
        other => other.show(),
    }
}

fn is_not(what: &str, value: &Value) -> Error {
    Error::new(format!("a value of the JSON is not {what}")).received(brief(value))
}

/// The beginning of a value, for messages.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// The texts of a list of JSON values.
///
/// ```
/// use candle_keras_data::python::json;
/// let words: Vec<serde_json::Value> = json::loads(r#"["one", "two"]"#)?;
/// assert_eq!(json::texts(&words)?, ["one", "two"]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If one of them is no text.
pub fn texts(values: &[Value]) -> Result<Vec<String>> {
    values.iter().map(|value| Ok(value.text()?.to_string())).collect()
}

/// Numbers, or lists of as many numbers, as an array: of int64 if all of them are integers, and of float64 otherwise. Python: `np.array(values)`.
///
/// ```
/// use candle_keras_data::python::json;
/// let boxes: Vec<serde_json::Value> = json::loads("[[1, 2.5], [3, 4]]")?;
/// assert_eq!(json::array(&boxes)?.to_vec2::<f64>()?, [[1.0, 2.5], [3.0, 4.0]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If they are no numbers, or lists of different lengths.
pub fn array(values: &[Value]) -> Result<Tensor> {
    let mut shape = vec![values.len()];
    let mut numbers: Vec<&Value> = values.iter().collect();
    while let Some(Value::Array(first)) = numbers.first() {
        shape.push(first.len());
        let parts = numbers.iter().map(|value| value.parts(first.len())).collect::<Result<Vec<_>>>()?;
        numbers = parts.into_iter().flatten().collect();
    }
    if let Some(other) = numbers.iter().find(|value| !value.is_number()) {
        return Err(is_not("a number", other));
    }
    let integers =
        numbers.iter().map(|value| value.as_i64()).collect::<Option<Vec<_>>>().filter(|list| !list.is_empty());
    match integers {
        Some(integers) => Ok(Tensor::from_vec(integers, shape, &Device::Cpu)?),
        None => {
            let floats = numbers.iter().map(|value| value.float()).collect::<Result<Vec<_>>>()?;
            Ok(Tensor::from_vec(floats, shape, &Device::Cpu)?)
        }
    }
}

/// Python's separators, numbers and escapes.
struct Python<'a> {
    pretty: Option<PrettyFormatter<'a>>,
}

impl Formatter for Python<'_> {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(super::repr(value).as_bytes())
    }

    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.write_f64(writer, value.into())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            match c.is_ascii() && c != '\u{7f}' {
                true => write!(writer, "{c}")?,
                false => c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?,
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, escape)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match &mut self.pretty {
            Some(pretty) => pretty.begin_array(writer),
            None => writer.write_all(b"["),
        }
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match &mut self.pretty {
            Some(pretty) => pretty.end_array(writer),
            None => writer.write_all(b"]"),
        }
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        match (&mut self.pretty, is_first) {
            (Some(pretty), _) => pretty.begin_array_value(writer, is_first),
            (None, true) => Ok(()),
            (None, false) => writer.write_all(b", "),
        }
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.as_mut().map_or(Ok(()), |pretty| pretty.end_array_value(writer))
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match &mut self.pretty {
            Some(pretty) => pretty.begin_object(writer),
            None => writer.write_all(b"{"),
        }
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match &mut self.pretty {
            Some(pretty) => pretty.end_object(writer),
            None => writer.write_all(b"}"),
        }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        match (&mut self.pretty, is_first) {
            (Some(pretty), _) => pretty.begin_object_key(writer, is_first),
            (None, true) => Ok(()),
            (None, false) => writer.write_all(b", "),
        }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.as_mut().map_or(Ok(()), |pretty| pretty.end_object_value(writer))
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, dumps, loads};

    #[test]
    fn values_are_what_python_takes_them_for() {
        let data: serde_json::Value =
            loads(r#"{"list": [1, 2.5, "a'b", null, true], "empty": [], "text": "\u00e4b", "int": -3.7}"#).unwrap();
        assert_eq!(data.item("list").unwrap().show(), r#"[1, 2.5, "a'b", None, True]"#);
        assert_eq!(data.item("list").unwrap().element(-1).unwrap().float().unwrap(), 1.0);
        assert!(data.item("list").unwrap().element(5).is_err());
        assert!(data.item("list").unwrap().parts(4).is_err());
        assert!(!data.item("empty").unwrap().is_true() && data.is_true());
        assert_eq!(data.item("text").unwrap().size().unwrap(), 2);
        assert_eq!(data.item("int").unwrap().int().unwrap(), -3);
        assert!(data.has("text").unwrap() && !data.item("list").unwrap().has("a").unwrap());
        assert!(data.item("int").unwrap().text().is_err() && data.item("text").unwrap().float().is_err());
    }

    #[test]
    fn texts_are_those_of_python() {
        let map = indexmap::IndexMap::from([("loss", vec![0.5, 1.0]), ("none", vec![])]);
        assert_eq!(dumps(&map, None).unwrap(), r#"{"loss": [0.5, 1.0], "none": []}"#);
        assert_eq!(
            dumps(&map, 4).unwrap(),
            "{\n    \"loss\": [\n        0.5,\n        1.0\n    ],\n    \"none\": []\n}"
        );
        assert_eq!(
            dumps(&(1e16, 1e15, 0.0001, 1.5e-7, None::<i64>, true), None).unwrap(),
            "[1e+16, 1000000000000000.0, 0.0001, 1.5e-07, null, true]"
        );
        assert_eq!(dumps(&"\u{1F600}\n\"", None).unwrap(), r#""\ud83d\ude00\n\"""#);
    }
}
