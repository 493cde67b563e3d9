//! JSON as Python writes it. Python: `json`.

use crate::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};
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
    use super::dumps;

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
