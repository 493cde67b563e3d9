//! Values of JSON whose type is not known before the program runs: what is done with them says what they have to be.

use crate::program::Program;
use crate::python::tables::JSON;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{CmpOp, Expr};

/// Whether it is a value of JSON.
pub(crate) fn is_json(of: &Type) -> bool {
    matches!(of, Type::Object(path) if path == JSON)
}

/// Whether it is a list of them.
fn is_list(of: &Type) -> bool {
    matches!(of, Type::List(of) if is_json(of))
}

impl<'a> Program<'a> {
    /// A method of the trait that knows what Python does with such values.
    fn asked(&mut self, of: &Value, method: &str, argument: &str) -> String {
        self.import_by_name("python::json::Json");
        format!("{}.{method}({argument})", of.at(Strength::Whole))
    }

    /// As a list, text or number, which an error ends the program for if it is none.
    pub(crate) fn json_as(&mut self, of: &Value, what: Type) -> Value {
        let value = |text: String, form| Value::new(format!("{text}?"), what.clone(), Strength::Whole, form);
        match &what {
            Type::List(_) => value(self.asked(of, "list", ""), Form::Reference),
            Type::String => value(self.asked(of, "text", ""), Form::Reference),
            Type::Signed => value(self.asked(of, "int", ""), Form::Temporary),
            _ => value(self.asked(of, "float", ""), Form::Temporary),
        }
    }

    pub(crate) fn list_of_json(&mut self, of: &Value) -> Value {
        self.json_as(of, Type::List(Box::new(Type::Object(JSON.into()))))
    }

    /// As a list of so many elements.
    pub(crate) fn json_parts(&mut self, of: &Value, count: usize) -> Value {
        let text = self.asked(of, "parts", &count.to_string());
        let list = Type::List(Box::new(Type::Object(JSON.into())));
        Value::new(format!("{text}?"), list, Strength::Whole, Form::Temporary)
    }

    /// `data["key"]`, `data[0]`
    pub(crate) fn json_subscript(&mut self, of: &Value, index: &'a Expr) -> Ported<Option<Value>> {
        if !is_json(&of.of) {
            return Ok(None);
        }
        if let Expr::Slice(slice) = index {
            let list = self.list_of_json(of);
            return self.part_of(&list, slice).map(Some);
        }
        let index = self.expression(index)?;
        let text = match &index.of {
            of_index if of_index.is_text() => {
                let key = index.borrowed();
                self.asked(of, "item", &key)
            }
            Type::Int if index.is_literal() => self.asked(of, "element", &index.text),
            Type::Int => self.asked(of, "element", &format!("{} as i64", index.at(Strength::Cast))),
            Type::Signed => self.asked(of, "element", &index.text),
            other => return Err(Missing::new(format!("JSON at {}", other.described()))),
        };
        let element = Value::new(format!("{text}?"), Type::Object(JSON.into()), Strength::Whole, Form::Reference);
        Ok(Some(element))
    }

    /// `items`, `keys` or `values` of a dict of JSON, as what a loop goes over.
    pub(crate) fn json_entries(&mut self, dict: &Value, method: &str) -> Option<crate::python::iteration::Iteration> {
        use crate::python::iteration::{Element, Iteration};
        if !is_json(&dict.of) {
            return None;
        }
        let entries = self.asked(dict, "dict", "");
        let key = Element::One(Type::String, Form::Reference);
        let value = Element::One(Type::Object(JSON.into()), Form::Reference);
        Some(match method {
            "items" => Iteration {
                over: format!("{entries}?"),
                iter: format!("{entries}?.iter()"),
                element: Element::Many(vec![key, value]),
                is_set: false,
            },
            "keys" => Iteration::new(format!("{entries}?.keys()"), key),
            _ => Iteration::new(format!("{entries}?.values()"), value),
        })
    }

    /// `len`, `float`, `int`, `str` and `bool`; `None` if it is something else.
    pub(crate) fn json_builtin(&mut self, name: &str, values: &[Value]) -> Option<Value> {
        let [of] = values else { return None };
        if !is_json(&of.of) {
            return None;
        }
        Some(match name {
            "len" => Value::temporary(format!("{}?", self.asked(of, "size", "")), Type::Int),
            "float" => self.json_as(of, Type::Float),
            "int" => self.json_as(of, Type::Signed),
            "str" => Value::temporary(self.asked(of, "show", ""), Type::String),
            "bool" => Value::temporary(self.asked(of, "is_true", ""), Type::Bool),
            _ => return None,
        })
    }

    /// As Python shows it.
    pub(crate) fn json_shown(&mut self, of: &Value) -> Option<Value> {
        is_json(&of.of).then(|| Value::temporary(self.asked(of, "show", ""), Type::String))
    }

    pub(crate) fn json_truth(&mut self, of: &Value) -> Option<String> {
        is_json(&of.of).then(|| self.asked(of, "is_true", ""))
    }

    /// Whether a name that has JSON is a dict by its uses elsewhere: a loop goes over its keys.
    fn is_dict_by_use(&self, name: &str) -> bool {
        ["[\"", "['", ".items(", ".keys(", ".values("]
            .iter()
            .any(|use_| self.source.all().contains(&format!("{name}{use_}")))
    }

    /// A loop over JSON: over the keys of a dict, if it is one by its uses.
    pub(crate) fn json_iteration(&mut self, of: &Value) -> Ported<crate::python::iteration::Iteration> {
        let name = self.scopes.python_name(&of.text);
        if name.is_some_and(|name| self.is_dict_by_use(&name))
            && let Some(keys) = self.json_entries(of, "keys")
        {
            return Ok(keys);
        }
        let list = self.list_of_json(of);
        self.iteration_of(&list)
    }

    /// A comparison with JSON on one side; `None` if there is none.
    pub(crate) fn json_compared(&mut self, a: &Value, op: CmpOp, b: &Value) -> Ported<Option<String>> {
        let not = if matches!(op, CmpOp::NotIn | CmpOp::NotEq | CmpOp::IsNot) { "!" } else { "" };
        match (&a.of, op, &b.of) {
            (x, CmpOp::In | CmpOp::NotIn, y) if is_json(y) && x.is_text() => {
                let text = a.borrowed();
                Ok(Some(format!("{not}{}?", self.asked(b, "has", &text))))
            }
            // Texts alone are the same in lists of both.
            (x, CmpOp::In | CmpOp::NotIn, Type::List(y)) if is_json(x) && (y.is_text() || self.decides(b, y)) => {
                let text = self.json_as(a, Type::String);
                let own = if matches!(**y, Type::Str) { "" } else { ".to_string()" };
                Ok(Some(format!("{not}{}.contains(&{}{own})", b.at(Strength::Whole), text.text)))
            }
            (x, CmpOp::In | CmpOp::NotIn, Type::Set(y) | Type::Dict(y, _)) if is_json(x) && y.is_text() => {
                let text = self.json_as(a, Type::String);
                let method = if matches!(b.of, Type::Set(_)) { "contains" } else { "contains_key" };
                Ok(Some(format!("{not}{}.{method}({})", b.at(Strength::Whole), text.text)))
            }
            (x, CmpOp::In | CmpOp::NotIn, y) if is_json(x) && is_list(y) => Ok(None),
            (x, CmpOp::Is | CmpOp::IsNot | CmpOp::Eq | CmpOp::NotEq, Type::None) if is_json(x) => {
                Ok(Some(format!("{not}{}.is_null()", a.at(Strength::Whole))))
            }
            (x, CmpOp::Eq | CmpOp::NotEq, y) if (is_json(x) && y.is_text()) || (is_json(y) && x.is_text()) => {
                let (json, text) = if is_json(x) { (a, b) } else { (b, a) };
                let own = match (text.form, &text.of) {
                    (Form::Constant, _) | (_, Type::Str) => text.text.clone(),
                    _ => format!("&{}[..]", text.at(Strength::Whole)),
                };
                let sign = if op == CmpOp::Eq { "==" } else { "!=" };
                Ok(Some(format!("{}.as_str() {sign} Some({own})", json.at(Strength::Whole))))
            }
            (x, _, y) if (is_json(x) && y.is_number()) || (is_json(y) && x.is_number()) => {
                let (a, b) = (self.as_number(a), self.as_number(b));
                crate::comparisons::compared(&a, op, &b).map(Some)
            }
            (x, _, y) if is_json(x) || is_json(y) => Err(Missing::new(format!(
                "a comparison of JSON and {}",
                if is_json(x) { y.described() } else { x.described() }
            ))
            .help("say what it is: float(x), str(x)")),
            _ => Ok(None),
        }
    }

    /// Where JSON is put into a list of nothing yet whose uses say that it has texts, these are its elements.
    pub(crate) fn decide_json(&mut self, list: &Value, element: &Type, item: &Value) {
        if is_json(&item.of) {
            self.decides(list, element);
        }
    }

    fn decides(&mut self, list: &Value, element: &Type) -> bool {
        let Type::Unknown(number) = self.resolved(element) else { return false };
        let Some(name) = self.scopes.python_name(&list.text) else { return false };
        let mut found = OfTexts { name: &name, is_found: false };
        found.visit_body(self.source.statements());
        let is_found = found.is_found;
        if is_found {
            self.known(number, Type::String);
        }
        is_found
    }

    fn as_number(&mut self, value: &Value) -> Value {
        if is_json(&value.of) { self.json_as(value, Type::Float) } else { value.clone() }
    }

    /// Operands of which one is JSON: it is what the other one is.
    pub(crate) fn json_operands(&mut self, a: Value, b: Value) -> Ported<(Value, Value)> {
        let convert = |program: &mut Self, json: Value, other: &Type| match other {
            text if text.is_text() => Ok(program.json_as(&json, Type::String)),
            number if number.is_number() || number.is_array() => Ok(program.json_as(&json, Type::Float)),
            Type::List(_) if is_list(other) => Ok(program.list_of_json(&json)),
            other => Err(Missing::new(format!("an operator on JSON and {}", other.described()))
                .help("say what it is: float(x), str(x)")),
        };
        match (is_json(&a.of), is_json(&b.of)) {
            (true, false) => Ok((convert(self, a, &b.of)?, b)),
            (false, true) => {
                let b = convert(self, b, &a.of)?;
                Ok((a, b))
            }
            (true, true) => Err(Missing::new("an operator on two values of JSON").help("say what they are: float(x)")),
            _ => Ok((a, b)),
        }
    }

    /// An element of a list of this type; `None` if it is no JSON.
    pub(crate) fn json_into(&mut self, element: &Type, item: &Value) -> Ported<Option<String>> {
        if !is_json(&item.of) || is_json(element) || matches!(element, Type::Unknown(_)) {
            return Ok(None);
        }
        let as_borrowed = Value { text: item.text.trim_end_matches(".clone()").to_string(), ..item.clone() };
        match element {
            Type::String => Ok(Some(format!("{}.to_string()", self.json_as(&as_borrowed, Type::String).text))),
            Type::Float | Type::Signed => Ok(Some(self.json_as(&as_borrowed, element.clone()).text)),
            other => Err(Missing::new(format!("JSON in a list of {}", other.described()))),
        }
    }

    /// What scripts pass to functions that take texts or numbers.
    pub(crate) fn json_array(&mut self, of: &Value) -> Option<Value> {
        let list = match () {
            () if is_list(&of.of) => of.clone(),
            () if is_json(&of.of) => self.list_of_json(of),
            () => return None,
        };
        let function = self.import("python::json::array");
        Some(Value::temporary(format!("{function}({})?", list.borrowed()), Type::Array))
    }

    /// A list of texts; anything else is left as it is.
    pub(crate) fn json_texts(&mut self, of: Value) -> Value {
        let list = match () {
            () if is_list(&of.of) => of,
            () if is_json(&of.of) => self.list_of_json(&of),
            () => return of,
        };
        let function = self.import("python::json::texts");
        Value::temporary(format!("{function}({})?", list.borrowed()), Type::List(Box::new(Type::String)))
    }
}

/// Whether a list of this name is used as scripts use lists of texts.
struct OfTexts<'n> {
    name: &'n str,
    is_found: bool,
}

impl<'b> Visitor<'b> for OfTexts<'_> {
    fn visit_expr(&mut self, expression: &'b Expr) {
        let is_own = |of: &Expr| matches!(of, Expr::Name(name) if name.id.as_str() == self.name);
        self.is_found |= match expression {
            Expr::Call(call) => {
                let (name, list) = match &*call.func {
                    Expr::Name(name) => (name.id.as_str(), call.arguments.args.first()),
                    Expr::Attribute(method) if matches!(method.attr.as_str(), "index" | "count") => {
                        (method.attr.as_str(), Some(&*method.value))
                    }
                    Expr::Attribute(method) => (method.attr.as_str(), call.arguments.args.first()),
                    _ => ("", None),
                };
                const OF_TEXTS: &[&str] = &[
                    "sorted",
                    "set",
                    "index",
                    "count",
                    "join",
                    "Counter",
                    "adapt",
                    "fit_on_texts",
                    "texts_to_sequences",
                ];
                OF_TEXTS.contains(&name) && list.is_some_and(is_own)
            }
            Expr::Compare(compare) => {
                compare.ops.iter().any(|op| matches!(op, CmpOp::In | CmpOp::NotIn))
                    && compare.comparators.iter().any(is_own)
            }
            _ => false,
        };
        walk_expr(self, expression);
    }
}
