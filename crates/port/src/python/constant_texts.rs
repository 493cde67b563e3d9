//! The module `string`, and tables of `str.maketrans`.

use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, ExprName};

/// A text of the module `string`.
pub(crate) fn of_string(path: &str) -> Option<&'static str> {
    Some(match path {
        "string.punctuation" => "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        "string.ascii_lowercase" => "abcdefghijklmnopqrstuvwxyz",
        "string.ascii_uppercase" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "string.ascii_letters" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "string.digits" => "0123456789",
        "string.hexdigits" => "0123456789abcdefABCDEF",
        "string.whitespace" => " \t\n\r\u{b}\u{c}",
        _ => return None,
    })
}

impl<'a> Program<'a> {
    /// The text of a constant of the script.
    pub(crate) fn text_of_name(&self, name: &Expr) -> Option<String> {
        let Expr::Name(name) = name else { return None };
        match self.scopes.get(&name.id) {
            Some(Binding::Variable(variable)) if crate::script::names::is_constant(&variable.rust_name) => {
                self.known.constant_texts.get(&variable.rust_name).cloned()
            }
            Some(Binding::Variable(_)) if self.scan().is_assigned_once(&name.id) => {
                self.known.texts.get(name.id.as_str()).cloned()
            }
            _ => None,
        }
    }

    /// Remembers the text of a variable that is assigned once; whether it is only read as a format, so that Rust has it there.
    pub(crate) fn note_text(&mut self, name: &ExprName, value: &Expr) -> bool {
        let own = name.id.as_str();
        let Expr::StringLiteral(text) = value else {
            self.known.texts.remove(own);
            return false;
        };
        self.known.texts.insert(own.to_string(), text.value.to_str().to_string());
        let is_format = self.scan().is_assigned_once(own) && self.scan().is_read_as_format(own);
        if !is_format || self.is_outer(own) || self.name_of_constant(own).is_some() {
            return false;
        }
        self.declare(own);
        let rust_name = format!("{:?}", text.value.to_str());
        let variable = Variable { rust_name, of: Type::Str, form: Form::Constant, is_pending: false };
        self.scopes.bind(own, Binding::Variable(variable));
        true
    }

    /// Whether a call makes a table for `translate`.
    fn table_call(&self, expression: &'a Expr) -> Option<&'a ExprCall> {
        let Expr::Call(call) = expression else { return None };
        let Expr::Attribute(attribute) = &*call.func else { return None };
        let is_str = match &*attribute.value {
            Expr::Name(name) => name.id.as_str() == "str" && self.scopes.get("str").is_none(),
            Expr::StringLiteral(_) => true,
            _ => false,
        };
        (is_str && attribute.attr.as_str() == "maketrans").then_some(call)
    }

    /// `table = str.maketrans("", "", string.punctuation)`, which is written where it is used; whether it is that.
    pub(crate) fn note_table(&mut self, target: &Expr, value: &'a Expr) -> bool {
        let (Expr::Name(name), Some(call)) = (target, self.table_call(value)) else { return false };
        self.known.tables.insert(name.id.to_string(), call);
        true
    }

    /// `text.translate(table)`
    pub(crate) fn translated(&mut self, text: &str, table: &'a Expr) -> Ported<Value> {
        let noted = match table {
            Expr::Name(name) => self.known.tables.get(name.id.as_str()).copied(),
            table => self.table_call(table),
        };
        let call = noted.ok_or_else(|| Missing::new("translate by this table"))?;
        let parts: Option<Vec<String>> =
            call.arguments.args.iter().map(|argument| self.constant_text(argument)).collect();
        let parts = parts.ok_or_else(|| Missing::new("a computed table of translate"))?;
        let (from, to, removed) = match &parts[..] {
            [from, to] => (from.as_str(), to.as_str(), ""),
            [from, to, removed] => (from.as_str(), to.as_str(), removed.as_str()),
            _ => return Err(Missing::new("a table of translate from a dict")),
        };
        let mut out = text.to_string();
        if Some(removed) == of_string("string.punctuation") {
            out = format!("{out}.replace(|c: char| c.is_ascii_punctuation(), \"\")");
        } else if !removed.is_empty() {
            let characters: Vec<_> = removed.chars().map(|c| format!("{c:?}")).collect();
            out = format!("{out}.replace([{}], \"\")", characters.join(", "));
        }
        let all_to_one = to.chars().all(|c| to.starts_with(c));
        match (from.is_empty(), all_to_one, Some(from) == of_string("string.punctuation")) {
            (true, ..) => {}
            (false, true, is_punctuation) if from.chars().count() == to.chars().count() => {
                let characters: Vec<_> = from.chars().map(|c| format!("{c:?}")).collect();
                let pattern = match is_punctuation {
                    true => "|c: char| c.is_ascii_punctuation()".to_string(),
                    false => format!("[{}]", characters.join(", ")),
                };
                out = format!("{out}.replace({pattern}, {:?})", to.chars().take(1).collect::<String>());
            }
            _ if from.chars().count() == to.chars().count() => {
                let pairs: Vec<_> = from.chars().zip(to.chars()).map(|(a, b)| format!("{a:?} => {b:?}")).collect();
                out = format!("{out}.chars().map(|c| match c {{ {}, c => c }}).collect::<String>()", pairs.join(", "));
            }
            _ => return Err(Missing::new("a table of translate of texts of different lengths")),
        }
        Ok(Value::temporary(out, Type::String))
    }

    /// The methods of texts that `text.rs` has not.
    pub(crate) fn other_method_of_text(
        &mut self,
        of: &Value,
        whole: &str,
        name: &str,
        arguments: &[Value],
    ) -> Ported<Value> {
        let text = |text: String| Ok(Value::temporary(text, Type::String));
        let bool = |text: String| Ok(Value::temporary(text, Type::Bool));
        let any_of = |tuple: &Value, method: &str| {
            let items = tuple.items.as_deref().unwrap_or_default();
            let texts: Vec<_> = items.iter().map(|item| item.text.clone()).collect();
            (!items.is_empty() && items.iter().all(|item| item.of == Type::Str))
                .then(|| format!("[{}].iter().any(|&end| {whole}.{method}(end))", texts.join(", ")))
        };
        match (name, arguments) {
            ("startswith" | "endswith", [tuple]) if tuple.items.is_some() => {
                let method = if name == "endswith" { "ends_with" } else { "starts_with" };
                bool(any_of(tuple, method).ok_or_else(|| Missing::new("these ends of a text"))?)
            }
            ("isalnum", []) if of.of == Type::Char => bool(format!("{}.is_alphanumeric()", of.at(Strength::Whole))),
            ("isalnum", []) => Ok(Value::new(
                format!("{whole}.chars().all(char::is_alphanumeric) && !{whole}.is_empty()"),
                Type::Bool,
                Strength::And,
                Form::Temporary,
            )),
            ("removeprefix", [start]) => text(format!(
                "{whole}.strip_prefix({}).unwrap_or({}).to_string()",
                start.borrowed(),
                borrowed(of, whole)
            )),
            ("removesuffix", [end]) => {
                text(format!("{whole}.strip_suffix({}).unwrap_or({}).to_string()", end.borrowed(), borrowed(of, whole)))
            }
            ("capitalize", []) => text(format!(
                "{whole}.chars().take(1).flat_map(char::to_uppercase).chain({whole}.chars().skip(1).flat_map(char::to_lowercase)).collect::<String>()"
            )),
            ("index", [part]) if part.of.is_text() => Ok(Value::temporary(
                format!(
                    "{whole}.split_once({}).map(|(before, _)| before.chars().count()).ok_or_else(|| Error::new(\"it is not in the text\"))?",
                    pattern_of(part)
                ),
                Type::Int,
            )),
            // -1 where it is not.
            ("find", [part]) if part.of.is_text() => Ok(Value::temporary(
                format!(
                    "{whole}.split_once({}).map_or(-1, |(before, _)| before.chars().count() as i64)",
                    pattern_of(part)
                ),
                Type::Signed,
            )),
            _ => Err(Missing::new(format!("the method {name} of a str, of this"))),
        }
    }
}

fn borrowed(of: &Value, whole: &str) -> String {
    if of.of == Type::Str { whole.to_string() } else { format!("{whole}.as_str()") }
}

fn pattern_of(part: &Value) -> String {
    if part.of == Type::Str { part.text.clone() } else { format!("{}.as_str()", part.at(Strength::Whole)) }
}
