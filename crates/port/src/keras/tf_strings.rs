//! `tf.strings`, of a text: what a function does that standardizes texts for a layer.

use crate::arguments::{named_as, needed};
use crate::program::Program;
use crate::python::patterns::{in_rust, replacement_in_rust};
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

impl<'a> Program<'a> {
    pub(crate) fn string_of_tensorflow(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        match name {
            // Without an encoding, it changes ASCII alone.
            "lower" | "upper" => {
                let text = self.text_of_tensor(needed(&named_as(call, &["input"])?, "input")?)?;
                Ok(Value::temporary(format!("{}.to_ascii_{name}case()", text.at(Strength::Whole)), Type::String))
            }
            "regex_replace" => {
                let given = named_as(call, &["input", "pattern", "rewrite"])?;
                let text = self.text_of_tensor(needed(&given, "input")?)?;
                let computed = |what: &str| Missing::new(format!("a computed {what}"));
                let pattern = self.constant_text(needed(&given, "pattern")?).ok_or_else(|| computed("pattern"))?;
                let rewrite = self.constant_text(needed(&given, "rewrite")?).ok_or_else(|| computed("replacement"))?;
                let (pattern, hir) = in_rust(&of_re2(&pattern)?, "")?;
                if hir.properties().minimum_len().is_none_or(|least| least == 0) {
                    return Err(Missing::new("a pattern that may match nothing"));
                }
                let regex = self.pattern_constant(&pattern);
                let rewrite = replacement_in_rust(&rewrite)?;
                let text = format!("{regex}.replace_all({}, {rewrite:?}).into_owned()", text.borrowed());
                Ok(Value::temporary(text, Type::String))
            }
            _ => Err(Missing::new(format!("tensorflow.strings.{name} is not known here"))),
        }
    }

    fn text_of_tensor(&mut self, text: &'a Expr) -> Ported<Value> {
        let text = self.expression(text)?;
        match text.of.is_text() {
            true => Ok(text),
            false => Err(Missing::new(format!("a function of tf.strings on {}", text.of.described()))
                .help("write it in the function for standardize")),
        }
    }

    /// A function that standardizes texts, by its name; `None` if it is something else.
    pub(crate) fn standardization(&mut self, function: &'a Expr) -> Ported<Option<String>> {
        let Some(number) = self.function_named(function) else { return Ok(None) };
        let written = self.function(number, vec![Type::String])?;
        match (&written.returns, written.is_fallible, written.captured().is_empty()) {
            (Type::String, false, true) => Ok(Some(written.rust_name)),
            (Type::String, ..) => Err(Missing::new("a function for texts that uses what is outside of it")),
            (of, ..) => Err(Missing::new(format!("a function for texts that returns {}", of.described()))),
        }
    }
}

/// A pattern of RE2, whose classes have ASCII alone, in the form that Python has.
fn of_re2(pattern: &str) -> Ported<String> {
    let (mut out, mut is_in_class) = (String::new(), false);
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        if c == '\\' {
            let class = match characters.next() {
                Some('d') => "0-9",
                Some('w') => "0-9A-Za-z_",
                Some('s') => "\\t\\n\u{c}\\r ",
                Some(c) if c.is_ascii_alphanumeric() && !"ntr".contains(c) => {
                    return Err(Missing::new(format!("\\{c} in a pattern")));
                }
                Some(c) => {
                    out.extend(['\\', c]);
                    continue;
                }
                None => return Err(Missing::new("a last \\ in a pattern")),
            };
            out.push_str(&if is_in_class { class.to_string() } else { format!("[{class}]") });
            continue;
        }
        is_in_class = (is_in_class || c == '[') && c != ']';
        out.push(c);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::of_re2;

    #[test]
    fn classes_have_ascii_alone() {
        assert_eq!(of_re2(r"\d+[\w']").unwrap(), "[0-9]+[0-9A-Za-z_']");
        assert_eq!(of_re2(r"[\]^]\.").unwrap(), r"[\]^]\.");
        assert!(of_re2(r"\bword").is_err());
    }
}
