//! Methods of texts.

use crate::arguments::{find, named_as, no_words};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// How a list of characters ends that is made of an iterator.
const COLLECTED: &str = ".collect::<Vec<char>>()";

impl<'a> Program<'a> {
    /// `str(n).zfill(4)` of a number that is not negative.
    fn has_no_sign(&mut self, call: &'a ExprCall) -> bool {
        let Expr::Attribute(method) = &*call.func else { return false };
        let Expr::Call(text) = &*method.value else { return false };
        let ([number], true) =
            (&text.arguments.args[..], text.func.as_name_expr().is_some_and(|name| name.id == "str"))
        else {
            return false;
        };
        let written = self.body.len();
        let number = self.expression(number);
        self.body.truncate(written);
        number.is_ok_and(|number| number.of == Type::Int && number.below_zero().is_none())
    }

    pub(crate) fn method_of_text(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = match of.of {
            // A list of characters.
            Type::List(_) => format!("{}.iter().collect::<String>()", of.at(Strength::Whole)),
            Type::Char => format!("{}.to_string()", of.at(Strength::Whole)),
            _ => of.at(Strength::Whole),
        };
        let self_text =
            if of.of == Type::Str || of.form == Form::Reference { whole.clone() } else { format!("&{whole}") };
        let text = |text: String| Ok(Value::temporary(text, Type::String));
        let bool = |text: String| Ok(Value::temporary(text, Type::Bool));
        if name == "split" {
            let given = named_as(call, &["sep", "maxsplit"])?;
            let list = |text: String| Ok(Value::temporary(text, Type::List(Box::new(Type::String))));
            let collect = "map(str::to_string).collect::<Vec<_>>()";
            return match (find(&given, "sep"), find(&given, "maxsplit")) {
                (None | Some(Expr::NoneLiteral(_)), None) => list(format!("{whole}.split_whitespace().{collect}")),
                (Some(sep), None) => {
                    let sep = self.expression(sep)?;
                    list(format!("{whole}.split({}).{collect}", pattern(&sep)?))
                }
                (None | Some(Expr::NoneLiteral(_)), Some(Expr::NumberLiteral(most))) if matches!(&most.value, ruff_python_ast::Number::Int(most) if most.as_u8() == Some(1)) => {
                    list(format!(
                        "{whole}.trim_start().splitn(2, char::is_whitespace).map(|part| part.trim_start().to_string()).filter(|part| !part.is_empty()).collect::<Vec<_>>()"
                    ))
                }
                (Some(sep), Some(most)) if !sep.is_none_literal_expr() => {
                    let (sep, most) = (self.expression(sep)?, self.argument(most, "usize", "maxsplit")?);
                    list(format!("{whole}.splitn({most} + 1, {}).{collect}", pattern(&sep)?))
                }
                _ => Err(Missing::new("split with maxsplit alone")),
            };
        }
        no_words(call)?;
        if let ("translate", [table]) = (name, &call.arguments.args[..]) {
            return self.translated(&whole, table);
        }
        let arguments = call
            .arguments
            .args
            .iter()
            .map(|argument| self.expression(argument).map(crate::numpy::text_arrays::as_list));
        let arguments = arguments.map(|argument| argument.map(crate::pandas::cells::as_texts));
        let arguments = arguments.collect::<Ported<Vec<_>>>()?;
        match (name, &arguments[..]) {
            ("lower" | "casefold", []) => text(format!("{whole}.to_lowercase()")),
            ("upper", []) => text(format!("{whole}.to_uppercase()")),
            ("strip", []) => text(format!("{whole}.trim().to_string()")),
            ("lstrip", []) => text(format!("{whole}.trim_start().to_string()")),
            ("rstrip", []) => text(format!("{whole}.trim_end().to_string()")),
            ("strip" | "lstrip" | "rstrip", [chars]) if chars.literal_text().is_some() => {
                let method = match name {
                    "strip" => "trim_matches",
                    "lstrip" => "trim_start_matches",
                    _ => "trim_end_matches",
                };
                let set: Vec<String> =
                    unescaped(chars.literal_text().unwrap_or_default()).chars().map(|c| format!("{c:?}")).collect();
                text(format!("{whole}.{method}([{}]).to_string()", set.join(", ")))
            }
            ("replace", [from, to]) => text(format!("{whole}.replace({}, {})", pattern(from)?, to.borrowed())),
            ("startswith", [start]) if start.items.is_none() => {
                bool(format!("{whole}.starts_with({})", pattern(start)?))
            }
            ("endswith", [end]) if end.items.is_none() => bool(format!("{whole}.ends_with({})", pattern(end)?)),
            ("isdigit" | "isnumeric" | "isalpha" | "isspace", []) => {
                // A character by itself has a method of that name.
                let (of_char, test) = match name {
                    "isalpha" => ("is_alphabetic", "char::is_alphabetic"),
                    "isspace" => ("is_whitespace", "char::is_whitespace"),
                    _ => ("is_ascii_digit", "|c| c.is_ascii_digit()"),
                };
                if of.of == Type::Char {
                    return bool(format!("{}.{of_char}()", of.at(Strength::Whole)));
                }
                let text = format!("{whole}.chars().all({test}) && !{whole}.is_empty()");
                Ok(Value::new(text, Type::Bool, Strength::And, Form::Temporary))
            }
            ("count", [of]) => Ok(Value::temporary(format!("{whole}.matches({}).count()", pattern(of)?), Type::Int)),
            ("splitlines", []) => Ok(Value::temporary(
                format!("{whole}.lines().map(str::to_string).collect::<Vec<_>>()"),
                Type::List(Box::new(Type::String)),
            )),
            ("ljust" | "rjust" | "center", [width]) if width.of == Type::Int => {
                let side = match name {
                    "ljust" => "<",
                    "rjust" => ">",
                    _ => "^",
                };
                text(format!("format!(\"{{:{side}1$}}\", {whole}, {})", width.text))
            }
            // The sign of a number stays in front.
            ("zfill", [width]) if width.of == Type::Int && !self.has_no_sign(call) => {
                let function = self.import("python::zfill");
                text(format!("{function}({self_text}, {})", width.text))
            }
            ("zfill", [width]) if width.of == Type::Int => {
                text(format!("format!(\"{{:0>1$}}\", {whole}, {})", width.text))
            }
            ("join", [list]) => match &list.of {
                Type::List(of) if matches!(**of, Type::Str | Type::String) => {
                    text(format!("{}.join({})", list.at(Strength::Whole), self_text))
                }
                Type::List(of) if **of == Type::Char && whole == "\"\"" && list.text.ends_with(COLLECTED) => {
                    text(format!("{}.collect::<String>()", list.text.trim_end_matches(COLLECTED)))
                }
                Type::List(of) if **of == Type::Char && whole == "\"\"" => {
                    text(format!("{}.iter().collect::<String>()", list.at(Strength::Whole)))
                }
                Type::List(of) if **of == Type::Char => text(format!(
                    "{}.iter().map(char::to_string).collect::<Vec<_>>().join({whole})",
                    list.at(Strength::Whole)
                )),
                Type::Set(of) if matches!(**of, Type::Str | Type::String) => {
                    text(format!("{}.iter().cloned().collect::<Vec<_>>().join({self_text})", list.at(Strength::Whole)))
                }
                Type::String | Type::Str if whole == "\"\"" => text(self.owned_text(list)),
                of => Err(Missing::new(format!("join of {}", of.described()))),
            },
            _ => self.other_method_of_text(of, &whole, name, &arguments),
        }
    }
}

/// A text as a pattern of `str`'s methods.
fn pattern(value: &Value) -> Ported<String> {
    match &value.of {
        Type::Str | Type::Char => Ok(value.text.clone()),
        Type::String if value.form == Form::Reference => Ok(value.text.clone()),
        Type::String => Ok(format!("{}.as_str()", value.at(Strength::Whole))),
        of => Err(Missing::new(format!("{} as a text", of.described()))),
    }
}

/// A literal's text without its escapes.
pub(crate) fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("\\\"", "\"").replace("\\\\", "\\")
}
