//! `csv` and `json`.

use crate::arguments::{find, named_as, needed, no_words};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, ExprDict};

/// What writes rows to a file.
const WRITER: &str = "csv::Writer";
/// A value of JSON, whose type is not known here.
pub(crate) const JSON: &str = "serde_json::Value";

/// Whether a name of Python is another name for a variable or constant of Rust.
pub(crate) fn is_alias(of: &Type) -> bool {
    matches!(of, Type::Object(path) if path == WRITER || path == crate::python::patterns::PATTERN)
}

impl<'a> Program<'a> {
    pub(crate) fn csv_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        let first = if path == "csv.DictReader" { "f" } else { "csvfile" };
        let given = named_as(call, &[first, "delimiter"])?;
        let file = self.expression(needed(&given, first)?)?;
        let delimiter = match find(&given, "delimiter") {
            None => "','".to_string(),
            Some(Expr::StringLiteral(text)) if text.value.to_str().chars().count() == 1 => {
                format!("{:?}", text.value.to_str().chars().next().unwrap_or(','))
            }
            Some(_) => return Err(Missing::new("this delimiter")),
        };
        match (path, &file.of) {
            ("csv.reader", Type::File { is_read: true }) => {
                let function = self.import("python::tables::rows");
                let of = Type::List(Box::new(Type::List(Box::new(Type::String))));
                Ok(Value::temporary(format!("{function}({}, {delimiter})?", file.borrowed()), of))
            }
            ("csv.DictReader", Type::File { is_read: true }) => {
                let function = self.import("python::tables::records");
                let of = Type::List(Box::new(Type::Dict(Box::new(Type::String), Box::new(Type::String))));
                Ok(Value::temporary(format!("{function}({}, {delimiter})?", file.borrowed()), of))
            }
            ("csv.writer", Type::File { is_read: false }) if find(&given, "delimiter").is_none() => {
                Ok(Value::new(file.text, Type::Object(WRITER.into()), Strength::Whole, Form::Reference))
            }
            (_, of) => Err(Missing::new(format!("{path} of {}", of.described()))),
        }
    }

    /// `writer.writerow(row)`; `None` if it is no writer.
    pub(crate) fn method_of_writer(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        if !matches!(&of.of, Type::Object(path) if path == WRITER) {
            return Ok(None);
        }
        no_words(call)?;
        let file = &of.text;
        match (name, &call.arguments.args[..]) {
            ("writerow", [row]) => {
                let row = self.expression(row)?;
                let cells = self.cells(&row)?;
                let function = self.import("python::tables::line");
                Ok(Some(Value::temporary(format!("{file}.push_str(&{function}({cells}))"), Type::None)))
            }
            ("writerows", [rows]) => {
                let over = self.iteration(rows)?;
                let crate::python::iteration::Element::One(row, form) = &over.element else {
                    return Err(Missing::new("rows that are pairs"));
                };
                let row = Value::new("row", row.clone(), Strength::Whole, *form);
                let cells = self.cells(&row)?;
                let function = self.import("python::tables::line");
                self.line(&format!("for row in {} {{", over.over));
                self.line(&format!("    {file}.push_str(&{function}({cells}));"));
                self.line("}");
                Ok(Some(Value::constant("()", Type::None)))
            }
            _ => Err(Missing::new(format!("the method {name} of a csv.writer"))),
        }
    }

    /// The values of a row.
    fn cells(&mut self, row: &Value) -> Ported<String> {
        let items = match (&row.items, &row.of) {
            (Some(items), _) => items.clone(),
            (None, Type::Tuple(types)) => (types.iter().enumerate())
                .map(|(i, of)| Value::place(format!("{}.{i}", row.at(Strength::Whole)), of.clone()))
                .collect(),
            (None, Type::List(of)) => {
                return match &**of {
                    Type::Str | Type::String | Type::Int | Type::Signed => {
                        Ok(if row.form == Form::Temporary { row.text.clone() } else { row.borrowed() })
                    }
                    Type::Float => {
                        let function = self.import("python::repr");
                        Ok(format!("{}.iter().map(|&x| {function}(x))", row.at(Strength::Whole)))
                    }
                    of => Err(Missing::new(format!("a row of {}", of.described()))),
                };
            }
            (None, of) => return Err(Missing::new(format!("a row of {}", of.described()))),
        };
        if !items.is_empty()
            && items.iter().all(|item| item.of == items[0].of && item.of.is_copy() && item.of != Type::Float)
        {
            let texts: Vec<_> = items.iter().map(|item| item.text.clone()).collect();
            return Ok(format!("[{}]", texts.join(", ")));
        }
        let mut texts = Vec::new();
        for item in &items {
            texts.push(match &item.of {
                Type::Float => {
                    let function = self.import("python::repr");
                    format!("{function}({})", item.text)
                }
                of if of.is_text() => self.owned_text(item),
                Type::Int | Type::Signed | Type::Id | Type::Char => format!("{}.to_string()", item.at(Strength::Whole)),
                of => return Err(Missing::new(format!("{} in a row", of.described()))),
            });
        }
        Ok(format!("[{}]", texts.join(", ")))
    }

    pub(crate) fn json_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        match path {
            "json.dumps" | "json.dump" => {
                let parameters: &[&str] =
                    if path == "json.dump" { &["obj", "fp", "indent"] } else { &["obj", "indent"] };
                let given = named_as(call, parameters)?;
                let (value, of) = self.jsonable(needed(&given, "obj")?)?;
                let indent = match find(&given, "indent") {
                    None | Some(Expr::NoneLiteral(_)) => "None".to_string(),
                    Some(indent) => self.argument(indent, "usize", "indent")?,
                };
                let function = self.import("python::json::dumps");
                let text = Value::temporary(format!("{function}({value}, {indent})?"), Type::String);
                let Some(file) = find(&given, "fp") else { return Ok(text) };
                let file = self.expression(file)?;
                if file.of != (Type::File { is_read: false }) {
                    return Err(Missing::new(format!("json.dump to {}", file.of.described())));
                }
                if let Some(path) = self.files.paths.get(&file.text) {
                    self.files.dumped.insert(path.clone(), of);
                }
                Ok(Value::temporary(format!("{}.push_str(&{})", file.at(Strength::Whole), text.text), Type::None))
            }
            "json.load" | "json.loads" => {
                no_words(call)?;
                let [text] = &call.arguments.args[..] else { return Err(Missing::new(format!("{path} of this"))) };
                let text = self.expression(text)?;
                let fits = match path {
                    "json.load" => text.of == (Type::File { is_read: true }),
                    _ => text.of.is_text(),
                };
                if !fits {
                    return Err(Missing::new(format!("{path} of {}", text.of.described())));
                }
                let known = self.files.paths.get(&text.text).and_then(|path| self.files.dumped.get(path)).cloned();
                let of = known.unwrap_or(Type::Object(JSON.into()));
                let in_rust = of.in_rust().ok_or_else(|| Missing::new("JSON of this"))?;
                self.import_type(&of);
                let function = self.import("python::json::loads");
                Ok(Value::temporary(format!("{function}::<{in_rust}>({})?", text.borrowed()), of))
            }
            _ => Err(Missing::new(format!("{path} is not known here"))),
        }
    }

    /// What is written as JSON, borrowed, and its type when it is read again.
    fn jsonable(&mut self, of: &'a Expr) -> Ported<(String, Type)> {
        if let Some(text) = self.json_literal(of)? {
            return Ok((format!("&{text}"), Type::Object(JSON.into())));
        }
        let value = self.expression(of)?;
        let dict = |value: Type| Type::Dict(Box::new(Type::String), Box::new(value));
        match &value.of {
            Type::HistoryValues => {
                self.import_from("indexmap::IndexMap");
                let text = format!("&{}.iter().collect::<IndexMap<_, _>>()", value.at(Strength::Whole));
                Ok((text, dict(Type::List(Box::new(Type::Float)))))
            }
            kind => Ok((value.borrowed(), read_type(kind)?)),
        }
    }

    /// `json!({...})` for a dict of values of several types; `None` if it is something else.
    fn json_literal(&mut self, of: &'a Expr) -> Ported<Option<String>> {
        let dict: &'a ExprDict = match of {
            Expr::Dict(dict) => dict,
            Expr::Name(name) => match self.known.literals.get(name.id.as_str()) {
                Some(dict) => dict,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let text = self.json_object(dict)?;
        self.import_from("serde_json::json");
        Ok(Some(format!("json!({text})")))
    }

    /// A dict of values of several types that is written as JSON.
    pub(crate) fn bind_json(&mut self, name: &str, dict: &'a ExprDict) -> Ported<()> {
        let text = self.json_object(dict)?;
        self.import_from("serde_json::json");
        self.bind(name, Value::temporary(format!("json!({text})"), Type::Object(JSON.into())))
    }

    fn json_object(&mut self, dict: &'a ExprDict) -> Ported<String> {
        let mut parts = Vec::new();
        for item in &dict.items {
            let Some(Expr::StringLiteral(key)) = &item.key else { return Err(Missing::new("a key that is no text")) };
            parts.push(format!("{:?}: {}", key.value.to_str(), self.json_value(&item.value)?));
        }
        Ok(format!("{{ {} }}", parts.join(", ")))
    }

    fn json_value(&mut self, of: &'a Expr) -> Ported<String> {
        match of {
            Expr::Dict(dict) => self.json_object(dict),
            Expr::NoneLiteral(_) => Ok("null".into()),
            of => {
                let value = self.expression(of)?;
                read_type(&value.of)?;
                Ok(value.text)
            }
        }
    }
}

/// The type of a value that was written as JSON, as it is read again: keys are texts.
fn read_type(of: &Type) -> Ported<Type> {
    Ok(match of {
        Type::Bool | Type::Int | Type::Signed | Type::Float | Type::String => of.clone(),
        Type::Str => Type::String,
        Type::Object(path) if path == JSON => of.clone(),
        Type::List(inner) => Type::List(Box::new(read_type(inner)?)),
        Type::Dict(key, value) if key.is_text() || matches!(**key, Type::Int | Type::Signed) => {
            Type::Dict(Box::new(Type::String), Box::new(read_type(value)?))
        }
        Type::Tuple(types) if types.iter().all(|of| *of == types[0]) && !types.is_empty() => {
            Type::List(Box::new(read_type(&types[0])?))
        }
        of => return Err(Missing::new(format!("{} as JSON", of.described()))),
    })
}
