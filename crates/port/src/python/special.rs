//! `collections`: dicts and lists that do more than others.

use crate::arguments::{find, named_as, no_words};
use crate::program::Program;
use crate::python::iteration::Element;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, ExprSubscript, Operator};

/// What a dict or list does beside what all do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Special<'a> {
    Counter,
    /// A dict that puts in what is not there, and whether its values do so too.
    Defaults(bool),
    /// A list that keeps so many of its last elements.
    Queue(Option<&'a Expr>),
    /// What is read once, and how deep in loops it begins.
    Once(usize),
}

impl<'a> Program<'a> {
    /// `counts` or `self.counts`
    fn key_of(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Name(name) => Some(name.id.to_string()),
            Expr::Attribute(attribute) => match &*attribute.value {
                Expr::Name(name) if name.id.as_str() == "self" => Some(format!("self.{}", attribute.attr)),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn special(&self, expression: &Expr) -> Option<Special<'a>> {
        if let Expr::Subscript(subscript) = expression {
            return (self.special(&subscript.value)? == Special::Defaults(true)).then_some(Special::Defaults(false));
        }
        self.special.get(&self.key_of(expression)?).copied()
    }

    /// Notes what is assigned to a name.
    pub(crate) fn note_special(&mut self, target: &Expr, value: &'a Expr) {
        let Some(key) = self.key_of(target) else { return };
        self.special.remove(&key);
        if self.is_call_of_generator(value) {
            self.special.insert(key, Special::Once(self.depth));
            return;
        }
        let Expr::Call(call) = value else { return };
        let special = match self.path_of(&call.func).as_deref() {
            Some("collections.Counter") => Special::Counter,
            Some("collections.defaultdict") => Special::Defaults(matches!(
                call.arguments.args.first(),
                Some(Expr::Lambda(lambda)) if matches!(&*lambda.body, Expr::Call(inner)
                    if self.path_of(&inner.func).as_deref() == Some("collections.defaultdict"))
            )),
            Some("csv.reader" | "csv.DictReader") => Special::Once(self.depth),
            Some("collections.deque") => {
                let words = &call.arguments.keywords;
                let most = words.iter().find(|word| word.arg.as_deref() == Some("maxlen")).map(|word| &word.value);
                Special::Queue(most.or_else(|| call.arguments.args.get(1)))
            }
            _ => return,
        };
        self.special.insert(key, special);
    }

    /// A class of `collections`.
    pub(crate) fn collection(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        match name {
            "Counter" => {
                no_words(call)?;
                match &call.arguments.args[..] {
                    [] => {
                        let (key, count) = (self.unknown(), self.unknown());
                        Ok(self.empty_dict(Type::Unknown(key), Type::Unknown(count)))
                    }
                    [items] => {
                        let (iter, of) = self.owned_elements(items)?;
                        let function = self.import("python::count");
                        let of = Type::Dict(Box::new(of), Box::new(Type::Int));
                        Ok(Value::temporary(format!("{function}({iter})"), of))
                    }
                    _ => Err(Missing::new("a Counter of this")),
                }
            }
            "defaultdict" => {
                no_words(call)?;
                let [factory] = &call.arguments.args[..] else {
                    return Err(Missing::new("a defaultdict of this"));
                };
                let value = self.default_of(factory)?;
                let key = Type::Unknown(self.unknown());
                Ok(self.empty_dict(key, value))
            }
            "OrderedDict" => {
                no_words(call)?;
                match &call.arguments.args[..] {
                    [] => {
                        let class = self.index_map();
                        let (key, value) = (self.unknown(), self.unknown());
                        let of = Type::Dict(Box::new(Type::Unknown(key)), Box::new(Type::Unknown(value)));
                        Ok(Value::temporary(format!("{class}::new()"), of))
                    }
                    [_] => self.of_iterable("dict", call)?.ok_or_else(|| Missing::new("an OrderedDict of this")),
                    _ => Err(Missing::new("an OrderedDict of this")),
                }
            }
            "deque" => {
                let given = named_as(call, &["iterable", "maxlen"])?;
                match find(&given, "iterable") {
                    None => {
                        let number = self.unknown();
                        Ok(Value::temporary("Vec::new()", Type::List(Box::new(Type::Unknown(number)))))
                    }
                    Some(Expr::List(list)) if list.elts.is_empty() => self.list(&list.elts),
                    Some(_) if find(&given, "maxlen").is_some() => Err(Missing::new("a deque of this and a length")),
                    Some(items) => {
                        let (iter, of) = self.owned_elements(items)?;
                        let of = Type::List(Box::new(of));
                        Ok(Value::temporary(format!("{iter}.collect::<Vec<_>>()"), of))
                    }
                }
            }
            _ => Err(Missing::new(format!("collections.{name} is not known here"))),
        }
    }

    /// A dict whose types are written out, since what it puts in does not say them.
    fn empty_dict(&mut self, key: Type, value: Type) -> Value {
        let class = self.index_map();
        let (in_key, in_value) = (self.late_type(&key), self.late_type(&value));
        Value::temporary(format!("{class}::<{in_key}, {in_value}>::new()"), Type::Dict(Box::new(key), Box::new(value)))
    }

    /// An iterator over elements that nothing else owns, and their type.
    pub(crate) fn owned_elements(&mut self, items: &'a Expr) -> Ported<(String, Type)> {
        if let Expr::Generator(generator) = items {
            let elt = &generator.elt;
            let (iter, value) = self.iterator(&generator.generators, |program| {
                let value = program.expression(elt)?;
                program.own(value)
            })?;
            if iter.contains('?') {
                return Err(Missing::new("elements that may fail").help("make a list of them first"));
            }
            return Ok((iter, value.of));
        }
        let over = self.iteration(items)?;
        let Element::One(of, form) = &over.element else { return Err(Missing::new("elements that are pairs")) };
        let copied = match (form, of.is_copy()) {
            (Form::Reference, true) => ".copied()",
            (Form::Reference, false) => ".cloned()",
            _ => "",
        };
        // The lines of a file and the like are parts of a text.
        let copied = if copied == ".cloned()" && *of == Type::String && over.iter.contains(".split") {
            ".map(str::to_string)"
        } else {
            copied
        };
        Ok((format!("{}{copied}", over.iter), of.clone()))
    }

    /// The type of the values that a `defaultdict` makes.
    fn default_of(&mut self, factory: &'a Expr) -> Ported<Type> {
        Ok(match factory {
            Expr::Name(name) if self.scopes.get(&name.id).is_none() => match name.id.as_str() {
                // What is added first says whether it may be negative.
                "int" => Type::Unknown(self.unknown()),
                "float" => Type::Float,
                "list" => Type::List(Box::new(Type::Unknown(self.unknown()))),
                "set" => Type::Set(Box::new(Type::Unknown(self.unknown()))),
                "dict" => {
                    let (key, value) = (self.unknown(), self.unknown());
                    Type::Dict(Box::new(Type::Unknown(key)), Box::new(Type::Unknown(value)))
                }
                "str" => Type::String,
                _ => return Err(Missing::new("a defaultdict of this")),
            },
            Expr::Lambda(lambda) => match &*lambda.body {
                Expr::NumberLiteral(_) => {
                    let value = self.expression(&lambda.body)?;
                    match value.text.as_str() {
                        "0" => Type::Unknown(self.unknown()),
                        "0.0" => Type::Float,
                        _ => return Err(Missing::new("a defaultdict of this number").help("use get with a default")),
                    }
                }
                Expr::List(list) if list.elts.is_empty() => Type::List(Box::new(Type::Unknown(self.unknown()))),
                Expr::Call(call) if self.path_of(&call.func).as_deref() == Some("collections.defaultdict") => {
                    let [factory] = &call.arguments.args[..] else {
                        return Err(Missing::new("a defaultdict of this"));
                    };
                    let value = self.default_of(factory)?;
                    Type::Dict(Box::new(Type::Unknown(self.unknown())), Box::new(value))
                }
                _ => return Err(Missing::new("a defaultdict of this")),
            },
            _ => return Err(Missing::new("a defaultdict of this")),
        })
    }

    /// `groups[key]` that is changed: what is not there is put in.
    pub(crate) fn entry(&mut self, place: &'a Expr) -> Ported<Option<Value>> {
        let Expr::Subscript(subscript) = place else { return Ok(None) };
        if !matches!(self.special(&subscript.value), Some(Special::Counter | Special::Defaults(_))) {
            return Ok(None);
        }
        let of = match self.entry(&subscript.value)? {
            Some(inner) => inner,
            None => self.expression(&subscript.value)?,
        };
        let Type::Dict(key, value) = self.resolved(&of.of) else { return Ok(None) };
        let at = self.expression(&subscript.slice)?;
        let at = self.own(at)?;
        let at = self.put_into(&key, at)?;
        let text = format!("{}.entry({at}).or_default()", of.at(Strength::Whole));
        Ok(Some(Value::new(text, *value, Strength::Whole, Form::Reference)))
    }

    /// `counts[key] += 1`
    pub(crate) fn change_entry(&mut self, entry: &Value, op: Operator, by: &'a Expr) -> Ported<()> {
        let by = self.expression(by)?;
        let entry_text = &entry.text;
        match (&entry.of, op) {
            (Type::List(element), Operator::Add) if matches!(by.of, Type::List(_)) => {
                let Type::List(of) = &by.of else { return Ok(()) };
                self.put_into(&element.clone(), Value::temporary("x", (**of).clone()))?;
                let items = self.own(by)?;
                self.line(&format!("{entry_text}.extend({});", items.text.trim_start_matches("vec!")));
                return Ok(());
            }
            (Type::String, Operator::Add) if by.of.is_text() => {
                self.line(&format!("{entry_text}.push_str({});", by.borrowed()));
                return Ok(());
            }
            _ => {}
        }
        let sign = match op {
            Operator::Add => "+=",
            Operator::Sub => "-=",
            Operator::Mult => "*=",
            _ => return Err(Missing::new("this operator on what a dict puts in")),
        };
        let mut entry = entry.clone();
        if let (Type::Unknown(number), of) = (&entry.of, &by.of)
            && of.is_number()
        {
            let of = if *of == Type::Bool { Type::Int } else { of.clone() };
            self.known(*number, of.clone());
            entry.of = of;
        }
        let text = match (&entry.of, &by.of) {
            (Type::Float, of) if of.is_number() => by.as_float().ok_or_else(|| Missing::new("this number"))?,
            (Type::Float, of) if of.is_array() => self.converted(&by, "f64", "it")?,
            (Type::Int, Type::Int) | (Type::Signed, Type::Signed) => by.text,
            (Type::Signed, Type::Int) if by.is_literal() => by.text,
            (Type::Signed, Type::Int) => format!("{} as i64", by.at(Strength::Cast)),
            (Type::Int, Type::Bool) => format!("usize::from({})", by.text),
            (a, b) => return Err(Missing::new(format!("{} and {}", a.described(), b.described()))),
        };
        self.line(&format!("*{entry_text} {sign} {text};"));
        Ok(())
    }

    /// `counts[key]` that is read.
    pub(crate) fn special_element(&mut self, subscript: &'a ExprSubscript) -> Ported<Option<Value>> {
        let Some(special) = self.special(&subscript.value) else { return Ok(None) };
        let of = self.expression(&subscript.value)?;
        let Type::Dict(key, value) = self.resolved(&of.of) else { return Ok(None) };
        let is_read_whole = match &*subscript.value {
            Expr::Name(name) => self.scan().is_read_whole(&name.id),
            _ => true,
        };
        // What is read from a defaultdict is put in as well, which is seen only if all of it is read.
        if !value.is_copy() || (special != Special::Counter && is_read_whole) {
            return Ok(None);
        }
        let at = self.expression(&subscript.slice)?;
        let at = dict_lookup(&key, &at)?;
        let text = format!("{}.get({at}).copied().unwrap_or_default()", of.at(Strength::Whole));
        Ok(Some(Value::temporary(text, *value)))
    }

    /// Methods that others do not have; `None` if it is one that all have.
    pub(crate) fn special_method(
        &mut self,
        receiver: &'a Expr,
        name: &str,
        call: &'a ExprCall,
    ) -> Ported<Option<Value>> {
        let Some(special) = self.special(receiver) else { return Ok(None) };
        let of = self.expression(receiver)?;
        let whole = of.at(Strength::Whole);
        let none = |text: String| Ok(Some(Value::temporary(text, Type::None)));
        match (special, name, &call.arguments.args[..]) {
            (Special::Counter, "most_common", count) => {
                let function = self.import("python::most_common");
                let count = match count {
                    [] => "None".to_string(),
                    [count, ..] => self.argument(count, "usize", "n")?,
                };
                let Type::Dict(key, value) = self.resolved(&of.of) else { return Ok(None) };
                let pair = Type::Tuple(vec![*key, *value]);
                let text = format!("{function}({}, {count})", of.borrowed());
                Ok(Some(Value::temporary(text, Type::List(Box::new(pair)))))
            }
            (Special::Counter, "update", [items]) => {
                let Type::Dict(key, count) = self.resolved(&of.of) else { return Ok(None) };
                if let Type::Unknown(number) = *count {
                    self.known(number, Type::Int);
                }
                let (iter, element) = self.owned_elements(items)?;
                let item = self.put_into(&key, Value::temporary("item", element))?;
                self.line(&format!("for item in {iter} {{"));
                self.line(&format!("    *{whole}.entry({item}).or_insert(0) += 1;"));
                self.line("}");
                Ok(Some(Value::constant("()", Type::None)))
            }
            (Special::Queue(most), "append", [item]) => {
                let Type::List(element) = self.resolved(&of.of) else { return Ok(None) };
                let item = self.expression(item)?;
                let item = self.own(item)?;
                let item = self.put_into(&element, item)?;
                let Some(most) = most else { return none(format!("{whole}.push({item})")) };
                let most = self.argument(most, "usize", "maxlen")?;
                self.line(&format!("{whole}.push({item});"));
                self.line(&format!("if {whole}.len() > {most} {{"));
                self.line(&format!("    {whole}.remove(0);"));
                self.line("}");
                Ok(Some(Value::constant("()", Type::None)))
            }
            (Special::Queue(None), "appendleft", [item]) => {
                let Type::List(element) = self.resolved(&of.of) else { return Ok(None) };
                let item = self.expression(item)?;
                let item = self.own(item)?;
                let item = self.put_into(&element, item)?;
                none(format!("{whole}.insert(0, {item})"))
            }
            (Special::Queue(_), "popleft", []) => {
                let Type::List(element) = self.resolved(&of.of) else { return Ok(None) };
                Ok(Some(Value::temporary(format!("{whole}.remove(0)"), *element)))
            }
            (Special::Queue(Some(_)), "extend" | "insert" | "appendleft", _) => {
                Err(Missing::new(format!("{name} of a deque of some length")).help("append the elements one by one"))
            }
            (Special::Counter, "subtract" | "elements" | "total", _) => {
                Err(Missing::new(format!("the method {name} of a Counter")))
            }
            _ => Ok(None),
        }
    }
}

fn dict_lookup(key: &Type, at: &Value) -> Ported<String> {
    crate::python::collections::dict_key(key, at)
}
