//! Lists, dicts and sets.

use crate::arguments::{named_as, no_words};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Comprehension, Expr, ExprCall, ExprDict};

impl<'a> Program<'a> {
    pub(crate) fn list(&mut self, elements: &'a [Expr]) -> Ported<Value> {
        if elements.is_empty() {
            let number = self.unknown();
            let mut value = Value::temporary(marked("vec![]", number), Type::List(Box::new(Type::Unknown(number))));
            value.items = Some(Vec::new());
            return Ok(value);
        }
        let mut items = elements.iter().map(|element| self.expression(element)).collect::<Ported<Vec<_>>>()?;
        for item in items.iter_mut().filter(|item| matches!(item.of, Type::Mutable { .. })) {
            *item = self.tensor(item)?;
        }
        self.unify(&mut items);
        if let Some(layers) = self.layers_in_list(&items)? {
            let of = Type::List(Box::new(Type::Layer("dyn Layer".into())));
            let mut value = Value::temporary(format!("vec![{}]", layers.join(", ")), of);
            value.items = Some(items);
            return Ok(value);
        }
        let (texts, of) = self.alike_items(&items)?;
        if of == Type::None {
            return Err(Missing::new("a list of None"));
        }
        let mut value = Value::temporary(format!("vec![{}]", texts.join(", ")), Type::List(Box::new(of)));
        value.items = Some(items);
        Ok(value)
    }

    /// The texts of values of one type.
    fn alike_items(&self, items: &[Value]) -> Ported<(Vec<String>, Type)> {
        let first = items.first().map_or(Type::None, |item| item.of.clone());
        let all_numbers = items.iter().all(|item| matches!(item.of, Type::Int | Type::Signed | Type::Float));
        let has_fractions = items.iter().any(|item| item.of == Type::Float);
        let is_signed = items.iter().any(|item| item.of == Type::Signed);
        if all_numbers && has_fractions {
            return Ok((items.iter().filter_map(Value::as_float).collect(), Type::Float));
        }
        if all_numbers && is_signed {
            return Ok((items.iter().map(|item| item.text.clone()).collect(), Type::Signed));
        }
        if !items.is_empty() && items.iter().all(|item| item.of.is_array()) {
            let texts = items.iter().map(|item| self.own(item.clone()).map(|item| item.text));
            let of = if items.iter().all(|item| item.of == first) { first } else { Type::Array };
            return Ok((texts.collect::<Ported<_>>()?, of));
        }
        // Parts of lists are lists of their own.
        let is_part = |item: &Value| {
            item.form == Form::Slice || (item.form == Form::Reference && item.text.starts_with("python::slice("))
        };
        if items.iter().any(is_part) && items.iter().all(|item| item.of == first) {
            let texts = items.iter().map(|item| self.own(item.clone()).map(|item| item.text));
            return Ok((texts.collect::<Ported<_>>()?, first));
        }
        let has_owned_text = items.iter().any(|item| item.of == Type::String);
        if has_owned_text && items.iter().all(|item| item.of.is_text()) {
            return Ok((items.iter().map(|item| self.owned_text(item)).collect(), Type::String));
        }
        let is_simple = |of: &Type| {
            of.is_number() || of.is_text() || matches!(of, Type::Object(_) | Type::Instance(_) | Type::Layer(_))
        };
        let differs =
            |item: &&Value| item.of.in_rust() != first.in_rust() && (is_simple(&item.of) || is_simple(&first));
        if let Some(other) = items.iter().find(differs) {
            return Err(Missing::new(format!("a list of {} and {}", first.described(), other.of.described())));
        }
        let owned = |item: &Value| match crate::pandas::cells::is_cell(&item.of) {
            true => self.own(item.clone()),
            false => self.owned(item.clone()),
        };
        let texts = items.iter().map(|item| owned(item).map(|item| item.text));
        Ok((texts.collect::<Ported<_>>()?, first))
    }

    /// A text as a `String`.
    pub(crate) fn owned_text(&self, value: &Value) -> String {
        match (&value.of, value.form) {
            (Type::List(_), _) => format!("{}.iter().collect::<String>()", value.at(Strength::Whole)),
            (Type::String, Form::Temporary) => value.text.clone(),
            (Type::String, Form::Place) => format!("{}.clone()", value.at(Strength::Whole)),
            _ => format!("{}.to_string()", value.at(Strength::Whole)),
        }
    }

    pub(crate) fn dict(&mut self, dict: &'a ExprDict) -> Ported<Value> {
        let class = self.index_map();
        if dict.items.is_empty() {
            let (key, value) = (self.unknown(), self.unknown());
            let of = Type::Dict(Box::new(Type::Unknown(key)), Box::new(Type::Unknown(value)));
            return Ok(Value::temporary(marked(&format!("{class}::new()"), key), of));
        }
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for item in &dict.items {
            let key = item.key.as_ref().ok_or_else(|| Missing::new("a dict of another dict"))?;
            keys.push(self.expression(key)?);
            values.push(self.expression(&item.value)?);
        }
        self.unify(&mut values);
        let is_alike = |items: &[Value]| {
            items.iter().all(|item| item.of == items[0].of)
                || items.iter().all(|item| matches!(item.of, Type::Int | Type::Signed | Type::Float))
                || items.iter().all(|item| item.of.is_text())
                || items.iter().all(|item| item.of.is_array())
        };
        if !is_alike(&keys) || !is_alike(&values) {
            return Err(Missing::new("a dict of values of several types").help("use variables"));
        }
        let ((keys, key), (values, value)) = (self.alike_items(&keys)?, self.alike_items(&values)?);
        let pairs: Vec<_> = keys.iter().zip(&values).map(|(key, value)| format!("({key}, {value})")).collect();
        let of = Type::Dict(Box::new(key), Box::new(value));
        Ok(Value::temporary(format!("{class}::from([{}])", pairs.join(", ")), of))
    }

    /// `IndexMap`, which keeps the order of insertion as a dict does.
    pub(crate) fn index_map(&mut self) -> String {
        self.import_from("indexmap::IndexMap");
        "IndexMap".into()
    }

    pub(crate) fn list_comprehension(&mut self, generators: &'a [Comprehension], element: &'a Expr) -> Ported<Value> {
        let may_be_negative = std::mem::take(&mut self.may_be_negative);
        let (iter, value) = self.iterator(generators, |program| {
            let value = program.expression(element)?;
            Ok(match value.below_zero() {
                Some(below_zero) if may_be_negative => below_zero.clone(),
                _ => value,
            })
        })?;
        self.collected(&iter, &value, "Vec")
    }

    pub(crate) fn set_comprehension(&mut self, generators: &'a [Comprehension], element: &'a Expr) -> Ported<Value> {
        let (iter, value) = self.iterator(generators, |program| program.expression(element))?;
        self.collected(&iter, &value, "BTreeSet")
    }

    pub(crate) fn dict_comprehension(
        &mut self,
        generators: &'a [Comprehension],
        key: &'a Expr,
        value: &'a Expr,
    ) -> Ported<Value> {
        let (iter, pair) = self.iterator(generators, |program| {
            let (key, value) = (program.expression(key)?, program.expression(value)?);
            let (key, value) = (key_of(program.own(key)?)?, program.own(value)?);
            let of = Type::Tuple(vec![key.of, value.of]);
            Ok(Value::temporary(format!("({}, {})", key.text, value.text), of))
        })?;
        self.dict_of(&iter, &pair)
    }

    /// A dict of pairs.
    fn dict_of(&mut self, iter: &str, pair: &Value) -> Ported<Value> {
        let Type::Tuple(types) = &pair.of else { return Err(Missing::new("a dict of other things than pairs")) };
        let [key, value] = &types[..] else { return Err(Missing::new("a dict of other things than pairs")) };
        let of = Type::Dict(Box::new(key.clone()), Box::new(value.clone()));
        self.index_map();
        let in_rust = of.in_rust().ok_or_else(|| Missing::new(format!("a dict of {}", value.described())))?;
        Ok(Value::temporary(collect(iter, &in_rust), of))
    }

    /// A value of its own, also if it is a reference.
    pub(crate) fn own(&self, value: Value) -> Ported<Value> {
        if let (Type::Tuple(_), Some(items)) = (&value.of, &value.items)
            && items.len() > 1
        {
            let texts = items.iter().map(|item| self.own(item.clone()).map(|item| item.text));
            let text = format!("({})", texts.collect::<Ported<Vec<_>>>()?.join(", "));
            return Ok(Value { text, ..value });
        }
        let value = self.owned(value)?;
        Ok(match (value.form, &value.of) {
            (Form::Reference, of) if !of.is_copy() => {
                let method = match of {
                    Type::String => "to_string",
                    Type::List(_) => "to_vec",
                    _ => "clone",
                };
                Value::temporary(format!("{}.{method}()", value.at(Strength::Whole)), value.of)
            }
            (Form::Slice, _) => Value::temporary(format!("{}.to_vec()", value.at(Strength::Whole)), value.of),
            _ => value,
        })
    }

    /// The elements of an iterator, collected.
    pub(crate) fn collected(&mut self, iter: &str, element: &Value, into: &str) -> Ported<Value> {
        self.import_type(&element.of.clone());
        let of = Box::new(element.of.clone());
        let of = if into == "BTreeSet" { Type::Set(of) } else { Type::List(of) };
        if into == "BTreeSet" {
            self.import_from("std::collections::BTreeSet");
            if matches!(element.of, Type::Float) {
                return Err(Missing::new("a set of floats"));
            }
        }
        let Some(in_rust) = of.in_rust().filter(|_| !element.of.has_scores()) else {
            return Err(Missing::new(format!("a list of {}", element.of.described())));
        };
        Ok(Value::temporary(collect(iter, &in_rust), of))
    }

    /// `list(...)`, `set(...)`, `sorted(...)`, `dict(...)`, `sum(...)` and others of what can be iterated.
    pub(crate) fn of_iterable(&mut self, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let [over] = &call.arguments.args[..] else { return Ok(None) };
        // To these it is the same in any order.
        let over = match over {
            Expr::Call(list) if matches!(name, "sorted" | "set" | "max" | "min") => {
                match (&*list.func, &list.arguments.args[..]) {
                    (Expr::Name(kind), [inner])
                        if matches!(kind.id.as_str(), "list" | "tuple") && self.scopes.get(&kind.id).is_none() =>
                    {
                        inner
                    }
                    _ => over,
                }
            }
            over => over,
        };
        let is_known =
            matches!(name, "list" | "set" | "sorted" | "dict" | "sum" | "any" | "all" | "tuple" | "max" | "min");
        if !is_known {
            return Ok(None);
        }
        if name == "sorted"
            && let Some(list) = self.sorted_paths(call)?
        {
            return Ok(Some(list));
        }
        let key =
            call.arguments.keywords.iter().find(|word| word.arg.as_deref() == Some("key")).map(|word| &word.value);
        if let (Some(key), "sorted" | "max" | "min") = (key, name) {
            return self.by_key(name, call, key).map(Some);
        }
        let words: Vec<_> = call.arguments.keywords.iter().filter_map(|word| word.arg.as_deref()).collect();
        let is_reversing = name == "sorted" && words == ["reverse"];
        if !words.is_empty() && !is_reversing {
            return Err(Missing::new(format!("the argument {}", words[0])));
        }
        let mut is_set = false;
        let (iter, element) = match over {
            Expr::Generator(generator) => {
                let elt = &generator.elt;
                self.iterator(&generator.generators, |program| {
                    let value = program.expression(elt)?;
                    program.own(value)
                })?
            }
            Expr::ListComp(list) if matches!(name, "sum" | "any" | "all" | "set" | "dict" | "sorted") => {
                let elt = &list.elt;
                self.iterator(&list.generators, |program| {
                    let value = program.expression(elt)?;
                    program.own(value)
                })?
            }
            over => {
                if name == "list" || name == "tuple" {
                    let value = self.expression_or_range(over)?;
                    if let Some(array) = value.as_ref().filter(|value| matches!(value.of, Type::Ints | Type::Floats)) {
                        let (dtype, in_rust, of) = match array.of {
                            Type::Ints => ("I64", "i64", Type::Signed),
                            _ => ("F64", "f64", Type::Float),
                        };
                        let text =
                            format!("{}.to_dtype(DType::{dtype})?.to_vec1::<{in_rust}>()?", array.at(Strength::Whole));
                        return Ok(Some(Value::temporary(text, Type::List(Box::new(of)))));
                    }
                    if let Some(value) = value.filter(|value| matches!(value.of, Type::List(_))) {
                        return match value.form {
                            Form::Place | Form::Reference | Form::Slice => {
                                let text = format!("{}.to_vec()", value.at(Strength::Whole));
                                Ok(Some(Value::temporary(text, value.of)))
                            }
                            _ => self.own(value).map(Some),
                        };
                    }
                }
                if let Some(numbers) = self.numbers_of_array(name, over)? {
                    return self.of_collected(name, &numbers.text, &numbers, (&words, false), call).map(Some);
                }
                let over = self.iteration(over)?;
                is_set = over.is_set;
                if is_set && matches!(name, "list" | "tuple") {
                    return Err(crate::python::iteration::order_of_set());
                }
                let crate::python::iteration::Element::One(of, form) = &over.element else {
                    return self.of_pairs(name, over);
                };
                let is_reference = *form == Form::Reference;
                let iter = match (is_reference, of.is_copy(), name) {
                    (true, true, "sum") if *of != Type::Bool => over.iter,
                    // Tensors are shared.
                    (true, false, "sum") if *of == Type::Floats => format!("{}.cloned()", over.iter),
                    (true, true, _) => format!("{}.copied()", over.iter),
                    (true, false, _) => format!("{}.cloned()", over.iter),
                    (false, ..) => over.iter,
                };
                (iter, Value::temporary("x", of.clone()))
            }
        };
        // A sum may be below zero.
        let below_zero = element.below_zero().filter(|_| name == "sum").and_then(|value| {
            let before = iter.strip_suffix(&format!(" {})", element.text))?;
            Some((format!("{before} {})", value.text), value.clone()))
        });
        let (iter, element) = below_zero.unwrap_or((iter, element));
        // What may fail is collected first.
        let iter = match iter.contains('?') && matches!(name, "any" | "all" | "sum" | "max" | "min") {
            true => format!("{}.into_iter()", self.collected(&iter, &element, "Vec")?.text.replace('?', "\u{4}")),
            false => iter,
        };
        let written = self.of_collected(name, &iter, &element, (&words, is_set), call)?;
        Ok(Some(Value { text: written.text.replace('\u{4}', "?"), ..written }))
    }

    /// The numbers of an array of integers for a set or in order, as an iterator.
    fn numbers_of_array(&mut self, name: &str, over: &'a Expr) -> Ported<Option<Value>> {
        if !matches!(name, "set" | "sorted") || !matches!(over, Expr::Name(_) | Expr::Subscript(_) | Expr::Attribute(_))
        {
            return Ok(None);
        }
        let array = self.expression(over)?;
        let text = format!("{}.to_dtype(DType::I64)?.to_vec1::<i64>()?.into_iter()", array.at(Strength::Whole));
        Ok((array.of == Type::Ints).then(|| Value::temporary(text, Type::Signed)))
    }

    fn of_collected(
        &mut self,
        name: &str,
        iter: &str,
        element: &Value,
        (words, is_set): (&[&str], bool),
        call: &'a ExprCall,
    ) -> Ported<Value> {
        let of = element.of.clone();
        Ok(match name {
            "list" | "tuple" => self.collected(iter, element, "Vec")?,
            "set" => self.collected(iter, element, "BTreeSet")?,
            "dict" => self.dict_of(iter, element)?,
            "any" | "all" if of == Type::Bool => {
                if iter.contains('?') {
                    return Err(Missing::new(format!("{name} of what may fail")));
                }
                Value::temporary(format!("{iter}.{name}(|x| x)"), Type::Bool)
            }
            "sum" if of.is_array() => {
                let list = match iter.strip_suffix(".into_iter()") {
                    Some(list) => list.to_string(),
                    None => self.collected(iter, element, "Vec")?.text,
                };
                let list = Value::temporary(list, Type::List(Box::new(of)));
                self.sum_of_arrays(&list).ok_or_else(|| Missing::new("a sum of this"))?
            }
            // True counts as 1.
            "sum" if of == Type::Bool && !iter.contains('?') => {
                Value::temporary(format!("{iter}.filter(|&is_true| is_true).count()"), Type::Int)
            }
            "sum" if matches!(of, Type::Int | Type::Signed | Type::Float) && !iter.contains('?') => {
                let in_rust = of.in_rust().unwrap_or_default();
                Value::temporary(format!("{iter}.sum::<{in_rust}>()"), of)
            }
            // One after the other, as the numbers in a loss.
            "sum" if of == Type::Floats && !iter.contains('?') => {
                let terms = match iter.strip_suffix(".iter().cloned()") {
                    Some(list) => list.to_string(),
                    None => self.collected(iter, element, "Vec")?.text,
                };
                Value::temporary(format!("Tensor::stack(&{terms}, 0)?.sum(0)?"), Type::Floats)
            }
            "max" | "min" if of == Type::Float && !iter.contains('?') => {
                // Of NaN alone it is NaN.
                Value::temporary(format!("{iter}.fold(f64::NAN, f64::{name})"), Type::Float)
            }
            "max" | "min" if matches!(of, Type::Int | Type::Signed) && !iter.contains('?') => {
                Value::temporary(format!("{iter}.{name}().ok_or_else(|| Error::new(\"{name} of nothing\"))?"), of)
            }
            "max" | "min" if crate::pandas::cells::is_cell(&of) && !iter.contains('?') => {
                Value::temporary(format!("{iter}.{name}().ok_or_else(|| Error::new(\"{name} of nothing\"))?"), of)
            }
            // A set is in order.
            "sorted" if words.is_empty() && is_set => self.collected(iter, element, "Vec")?,
            "sorted" => {
                let list = self.collected(iter, element, "Vec")?;
                let sort = match of {
                    Type::Float => "sort_by(f64::total_cmp)",
                    Type::Int | Type::Signed | Type::Id | Type::Char | Type::Str | Type::String => "sort()",
                    of if crate::pandas::cells::is_cell(&of) => "sort()",
                    of => return Err(Missing::new(format!("sorted of {}", of.described()))),
                };
                let reverse = match words.is_empty() {
                    true => "",
                    false => match call.arguments.keywords.first().map(|word| &word.value) {
                        Some(Expr::BooleanLiteral(literal)) if literal.value => " list.reverse();",
                        Some(Expr::BooleanLiteral(_)) => "",
                        _ => return Err(Missing::new("a computed reverse")),
                    },
                };
                Value::temporary(format!("{{ let mut list = {}; list.{sort};{reverse} list }}", list.text), list.of)
            }
            _ => return Err(Missing::new(format!("{name} of {}", of.described()))),
        })
    }

    /// `sorted(xs, key=lambda x: ...)`, `max(xs, key=len)`
    fn by_key(&mut self, name: &str, call: &'a ExprCall, key: &'a Expr) -> Ported<Value> {
        let over = match (&*call.func, &call.arguments.args[..]) {
            (Expr::Attribute(method), []) if name == "sort" => &*method.value,
            (_, [over]) if name != "sort" => over,
            _ => return Err(Missing::new("the argument key")),
        };
        let sorted_in_place = if name == "sort" { Some(self.expression(over)?.at(Strength::Whole)) } else { None };
        let name = if name == "sort" { "sorted" } else { name };
        let is_reversed = match call.arguments.keywords.iter().find(|word| word.arg.as_deref() == Some("reverse")) {
            None => false,
            Some(word) => match &word.value {
                Expr::BooleanLiteral(literal) => literal.value,
                _ => return Err(Missing::new("a computed reverse")),
            },
        };
        let is_len = matches!(key, Expr::Name(function) if function.id.as_str() == "len");
        let key = if key.is_lambda_expr() || is_len { key } else { self.key_as_lambda(key)? };
        // The elements as a list of their own.
        let over = self.iteration(over)?;
        let list = match &over.element {
            crate::python::iteration::Element::One(of, form) => {
                let copied = match (form, of.is_copy()) {
                    (Form::Reference, true) => ".copied()",
                    (Form::Reference, false) => ".cloned()",
                    _ => "",
                };
                self.collected(&format!("{}{copied}", over.iter), &Value::temporary("x", of.clone()), "Vec")?
            }
            _ => match self.of_pairs("list", over)? {
                Some(list) => list,
                None => return Err(Missing::new("the argument key")),
            },
        };
        let Type::List(of) = &list.of else { return Err(Missing::new("the argument key")) };
        let element = Value::new("x", (**of).clone(), Strength::Whole, Form::Reference);
        let key = match key {
            Expr::Lambda(lambda) => {
                let parameters: Vec<_> =
                    lambda.parameters.iter().flat_map(|all| all.iter_non_variadic_params()).collect();
                let [parameter] = &parameters[..] else { return Err(Missing::new("a key of several arguments")) };
                self.scopes.enter();
                let form = if of.is_copy() { Form::Place } else { Form::Reference };
                let rust_name = if of.is_copy() { "*x" } else { "x" };
                let variable =
                    crate::value::Variable { rust_name: rust_name.into(), of: (**of).clone(), form, is_pending: false };
                self.scopes.bind(parameter.parameter.name.as_str(), crate::value::Binding::Variable(variable));
                let value = self.expression(&lambda.body).and_then(|value| self.own(value));
                self.scopes.leave();
                value?
            }
            Expr::Name(function) if function.id.as_str() == "len" && self.scopes.get("len").is_none() => {
                let length = match element.of {
                    Type::List(_) | Type::Dict(..) | Type::Set(_) => "x.len()",
                    ref of if of.is_text() => "x.chars().count()",
                    ref of => return Err(Missing::new(format!("the length of {}", of.described()))),
                };
                Value::temporary(length, Type::Int)
            }
            _ => return Err(Missing::new("this key").help("write a lambda")),
        };
        if key.text.contains('?') {
            return Err(Missing::new("a key that may fail"));
        }
        let is_float = key.of == Type::Float;
        let compare = format!(
            "{{ let key = |x: &{}| {}; key(a).total_cmp(&key(b)) }}",
            of.in_rust().unwrap_or_default(),
            key.text
        );
        let text = match (name, is_float) {
            // Python reverses without changing the order of equal ones.
            ("sorted", false) if is_reversed => {
                format!("{{ let mut list = {}; list.sort_by_key(|x| std::cmp::Reverse({}));", list.text, key.text)
            }
            ("sorted", true) if is_reversed => {
                let compare = compare.replace("key(a).total_cmp(&key(b))", "key(b).total_cmp(&key(a))");
                format!("{{ let mut list = {}; list.sort_by(|a, b| {compare});", list.text)
            }
            ("sorted", false) => format!("{{ let mut list = {}; list.sort_by_key(|x| {});", list.text, key.text),
            ("sorted", true) => format!("{{ let mut list = {}; list.sort_by(|a, b| {compare});", list.text),
            // Of equal ones the first, as in Python.
            ("max", false) => format!("{}.into_iter().rev().max_by_key(|x| {})", list.text, key.text),
            ("max", true) => format!("{}.into_iter().rev().max_by(|a, b| {compare})", list.text),
            (_, false) => format!("{}.into_iter().min_by_key(|x| {})", list.text, key.text),
            (_, true) => format!("{}.into_iter().min_by(|a, b| {compare})", list.text),
        };
        if let (Some(own), Some((_, sort))) = (sorted_in_place, text.split_once("; list.sort")) {
            return Ok(Value::temporary(format!("{own}.sort{}", sort.trim_end_matches(';')), Type::None));
        }
        Ok(match name {
            "sorted" => Value::temporary(format!("{text} list }}"), list.of),
            _ => Value::temporary(format!("{text}.ok_or_else(|| Error::new(\"{name} of nothing\"))?"), (**of).clone()),
        })
    }

    fn expression_or_range(&mut self, over: &'a Expr) -> Ported<Option<Value>> {
        let is_iteration = matches!(over, Expr::Call(call) if matches!(&*call.func, Expr::Name(name)
            if matches!(name.id.as_str(), "range" | "enumerate" | "zip" | "reversed"))
            || matches!(&*call.func, Expr::Attribute(items) if items.attr.as_str() == "items" && call.arguments.is_empty()));
        if is_iteration { Ok(None) } else { self.expression(over).map(Some) }
    }

    /// `dict(zip(a, b))`, `list(enumerate(xs))`
    fn of_pairs(&mut self, name: &str, over: crate::python::iteration::Iteration) -> Ported<Option<Value>> {
        use crate::python::iteration::Element;
        let Element::Many(parts) = &over.element else { return Ok(None) };
        let [Element::One(a, of_a), Element::One(b, of_b)] = &parts[..] else {
            return Err(Missing::new(format!("{name} of nested pairs")));
        };
        let own = |name: &str, of: &Type, form: Form| match (form, of.is_copy()) {
            (Form::Reference, true) => (format!("&{name}"), name.to_string()),
            (Form::Reference, false) => (name.to_string(), format!("{name}.clone()")),
            _ => (name.to_string(), name.to_string()),
        };
        let ((pattern_a, a_text), (pattern_b, b_text)) = (own("a", a, *of_a), own("b", b, *of_b));
        let iter = match (pattern_a.as_str(), pattern_b.as_str(), a_text == "a" && b_text == "b") {
            ("a", "b", true) => over.iter.clone(),
            _ => format!("{}.map(|({pattern_a}, {pattern_b})| ({a_text}, {b_text}))", over.iter),
        };
        if let ("dict", Type::Ints) = (name, a) {
            let key = integer_of(&Value::place("a", Type::Ints));
            let iter = format!("{}.map(|(a, {pattern_b})| Ok::<_, Error>(({key}, {b_text})))", over.iter);
            let pair = Value::temporary("x", Type::Tuple(vec![Type::Signed, b.clone()]));
            return self.dict_of(&iter, &pair).map(Some);
        }
        // Of an array that may have fractions: the program says so where it has some.
        if let ("dict", Type::Array) = (name, a) {
            let function = self.import("numpy::integer");
            let key = if *of_a == Form::Reference { "a" } else { "&a" };
            let iter = format!("{}.map(|(a, {pattern_b})| Ok::<_, Error>(({function}({key})?, {b_text})))", over.iter);
            let pair = Value::temporary("x", Type::Tuple(vec![Type::Signed, b.clone()]));
            return self.dict_of(&iter, &pair).map(Some);
        }
        if let ("dict", true) = (name, a.is_array()) {
            return Err(Missing::new("numbers with fractions as keys of a dict"));
        }
        let pair = Value::temporary("x", Type::Tuple(vec![a.clone(), b.clone()]));
        Ok(Some(match name {
            "dict" => self.dict_of(&iter, &pair)?,
            "list" => self.collected(&iter, &pair, "Vec")?,
            _ => return Err(Missing::new(format!("{name} of pairs"))),
        }))
    }

    pub(crate) fn method_of_list(
        &mut self,
        of: &Value,
        element: &Type,
        name: &str,
        call: &'a ExprCall,
    ) -> Ported<Value> {
        if name == "sort"
            && let Some(key) = call.arguments.keywords.iter().find(|word| word.arg.as_deref() == Some("key"))
        {
            return self.by_key(name, call, &key.value);
        }
        no_words(call)?;
        let whole = of.at(Strength::Whole);
        let done = |text: String| Ok(Value::temporary(text, Type::None));
        match (name, &call.arguments.args[..]) {
            ("append", [item]) => {
                let item = self.expression(item)?;
                self.decide_json(of, element, &item);
                let item = self.own(item)?;
                let mut item = self.put_into(&self.resolved(element), item)?;
                // The outer list is borrowed where the inner one grows.
                let base = whole.split(['[', '.']).next().unwrap_or_default();
                if whole.contains('[') && crate::program::has_word(&item, base) {
                    self.line(&format!("let item = {item};"));
                    item = "item".into();
                }
                done(format!("{whole}.push({item})"))
            }
            ("extend", [items]) => {
                let items = self.expression(items)?;
                match &items.of {
                    Type::List(of) => {
                        let first = Value::temporary("x", (**of).clone());
                        self.put_into(element, first)?;
                        done(format!("{whole}.extend({})", self.own(items)?.text))
                    }
                    of => Err(Missing::new(format!("a list extended by {}", of.described()))),
                }
            }
            ("insert", [at, item]) => {
                let (at, item) = (self.expression(at)?, self.expression(item)?);
                let item = self.own(item)?;
                let item = self.put_into(element, item)?;
                match at.of {
                    Type::Int => done(format!("{whole}.insert({}, {item})", at.text)),
                    _ => Err(Missing::new("insert at a place that may be negative")),
                }
            }
            ("pop", []) => Ok(Value::temporary(
                format!("{whole}.pop().ok_or_else(|| Error::new(\"pop from an empty list\"))?"),
                element.clone(),
            )),
            ("pop", [at]) => {
                let at = self.expression(at)?;
                match at.of {
                    Type::Int => Ok(Value::temporary(format!("{whole}.remove({})", at.text), element.clone())),
                    _ => Err(Missing::new("pop at a place that may be negative")),
                }
            }
            ("reverse", []) => done(format!("{whole}.reverse()")),
            ("clear", []) => done(format!("{whole}.clear()")),
            ("sort", []) if matches!(element, Type::Int | Type::Signed | Type::Str | Type::String | Type::Char) => {
                done(format!("{whole}.sort()"))
            }
            ("sort", []) if crate::pandas::cells::is_cell(element) => done(format!("{whole}.sort()")),
            ("sort", []) if *element == Type::Float => done(format!("{whole}.sort_by(f64::total_cmp)")),
            ("copy", []) => Ok(Value::temporary(format!("{whole}.to_vec()"), of.of.clone())),
            // An index of pandas, which is a list here.
            ("tolist" | "to_list", []) => match of.form {
                Form::Temporary => Ok(of.clone()),
                _ => Ok(Value::temporary(format!("{whole}.to_vec()"), of.of.clone())),
            },
            ("count", [item]) => {
                let item = self.expression(item)?;
                if crate::pandas::cells::is_cell(element) {
                    let x = Value::new("x", element.clone(), Strength::Whole, Form::Reference);
                    let test = crate::comparisons::compared(&x, ruff_python_ast::CmpOp::Eq, &item)?;
                    return Ok(Value::temporary(format!("{whole}.iter().filter(|&x| {test}).count()"), Type::Int));
                }
                match item.of == *element && element.is_copy() {
                    true => Ok(Value::temporary(
                        format!("{whole}.iter().filter(|&&x| x == {}).count()", item.at(Strength::Sum)),
                        Type::Int,
                    )),
                    false => Err(Missing::new(format!("count of {}", item.of.described()))),
                }
            }
            ("index", [item]) => {
                let item = self.expression(item)?;
                if let (Type::String, true) = (element, crate::python::json_values::is_json(&item.of)) {
                    let item = self.json_as(&item, Type::String);
                    let text = format!(
                        "{{\n    let item = {};\n    {whole}.iter().position(|x| *x == item).ok_or_else(|| Error::new(\"it is not in the list\"))?\n}}",
                        item.text
                    );
                    return Ok(Value::temporary(text, Type::Int));
                }
                if element.is_text() && item.of.is_text() {
                    let is_it = crate::comparisons::is_text(element, &item);
                    let error = "ok_or_else(|| Error::new(\"it is not in the list\"))?";
                    return Ok(Value::temporary(format!("{whole}.iter().position({is_it}).{error}"), Type::Int));
                }
                match item.of == *element && element.is_copy() {
                    true => Ok(Value::temporary(
                        format!(
                            "{whole}.iter().position(|&x| x == {}).ok_or_else(|| Error::new(\"it is not in the list\"))?",
                            item.at(Strength::Sum)
                        ),
                        Type::Int,
                    )),
                    false => Err(Missing::new(format!("index of {}", item.of.described()))),
                }
            }
            _ => Err(Missing::new(format!("the method {name} of a list"))),
        }
    }

    /// What is put into a list or dict, as its element; its type is that of an empty one from then on.
    pub(crate) fn put_into(&mut self, element: &Type, item: Value) -> Ported<String> {
        if let Some(text) = self.json_into(element, &item)? {
            return Ok(text);
        }
        if let Type::Unknown(number) = element {
            // Texts of characters are kept as texts.
            if matches!(&item.of, Type::List(of) if **of == Type::Char) {
                self.known(*number, Type::String);
                return Ok(self.owned_text(&item));
            }
            if item.of.has_scores() || (item.of.in_rust().is_none() && !is_open(&item.of)) {
                return Err(Missing::new(format!("a list of {}", item.of.described())));
            }
            self.known(*number, item.of);
            return Ok(item.text);
        }
        match (element, &item.of) {
            (a, b) if a == b || (a.is_array() && b.is_array()) => Ok(item.text),
            (a, b) if crate::pandas::cells::is_cell(a) && crate::pandas::cells::is_cell(b) => Ok(item.text),
            (Type::Float, of) if of.is_number() => item.as_float().ok_or_else(|| Missing::new("this number in a list")),
            (Type::String, of) if of.is_text() => Ok(self.owned_text(&item)),
            (Type::String, Type::List(of)) if **of == Type::Char => Ok(self.owned_text(&item)),
            (Type::Int, Type::Id) => Ok(format!("{} as usize", item.at(Strength::Cast))),
            (Type::Signed, Type::Int) if item.is_literal() => Ok(item.text),
            (Type::Signed, Type::Int) => Ok(format!("{} as i64", item.at(Strength::Cast))),
            (a, b) => Err(Missing::new(format!("{} in a list of {}", b.described(), a.described()))),
        }
    }

    pub(crate) fn method_of_dict(
        &mut self,
        of: &Value,
        (key, value): (&Type, &Type),
        name: &str,
        call: &'a ExprCall,
    ) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let given = named_as(call, &["a", "b"])?;
        let arguments = given.iter().map(|(_, argument)| self.expression(argument)).collect::<Ported<Vec<_>>>()?;
        let (mut key, mut value) = (key.clone(), value.clone());
        if let ("get", [at, default]) = (name, &arguments[..]) {
            for (of, given) in [(&mut key, at), (&mut value, default)] {
                if let Type::Unknown(number) = of {
                    self.known(*number, given.of.clone());
                    *of = given.of.clone();
                }
            }
        }
        let (key, value) = (&key, &value);
        match (name, &arguments[..]) {
            ("get", [at, default]) if default.of == *value && value.is_copy() => {
                let at = dict_key(key, at)?;
                Ok(Value::temporary(format!("{whole}.get({at}).copied().unwrap_or({})", default.text), value.clone()))
            }
            // Of a number that may be negative.
            ("get", [at, default]) if (value, &default.of) == (&Type::Int, &Type::Signed) => {
                let at = dict_key(key, at)?;
                let text = format!("{whole}.get({at}).map_or({}, |&value| value as i64)", default.text);
                Ok(Value::temporary(text, Type::Signed))
            }
            ("get", [at]) => {
                let at = dict_key(key, at)?;
                Ok(Value::temporary(format!("{whole}.get({at})"), Type::Option(Box::new(value.clone()))))
            }
            ("get", [at, default]) if value.is_text() && default.of.is_text() => {
                let at = dict_key(key, at)?;
                Ok(Value::temporary(
                    format!("{whole}.get({at}).cloned().unwrap_or_else(|| {})", self.owned_text(default)),
                    value.clone(),
                ))
            }
            ("keys", []) => Ok(Value::temporary(
                format!("{whole}.keys().cloned().collect::<Vec<_>>()"),
                Type::List(Box::new(key.clone())),
            )),
            ("values", []) => Ok(Value::temporary(
                format!("{whole}.values().cloned().collect::<Vec<_>>()"),
                Type::List(Box::new(value.clone())),
            )),
            ("copy", []) => Ok(Value::temporary(format!("{whole}.clone()"), of.of.clone())),
            // The others keep their order.
            ("pop", [at]) if of.form == Form::Place => {
                let at = dict_key(key, at)?;
                let text =
                    format!("{whole}.shift_remove({at}).ok_or_else(|| Error::new(\"the dict has no such key\"))?");
                Ok(Value::temporary(text, value.clone()))
            }
            ("pop", [at, default]) if of.form == Form::Place && default.of == *value && value.is_copy() => {
                let at = dict_key(key, at)?;
                Ok(Value::temporary(format!("{whole}.shift_remove({at}).unwrap_or({})", default.text), value.clone()))
            }
            ("items", []) => Err(Missing::new("items() of a dict outside of a loop")),
            _ => Err(Missing::new(format!("the method {name} of a dict, of this"))),
        }
    }
}

/// An array that is a key has one element.
fn key_of(key: Value) -> Ported<Value> {
    match key.of {
        Type::Ints => Ok(Value::temporary(integer_of(&key), Type::Signed)),
        of if of.is_array() => Err(Missing::new("an array as a key")),
        _ => Ok(key),
    }
}

fn integer_of(array: &Value) -> String {
    format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()?", array.at(Strength::Whole))
}

/// Whether all that is not known of a type will be known later.
fn is_open(of: &Type) -> bool {
    match of {
        Type::Unknown(_) => true,
        Type::List(of) | Type::Set(of) => is_open(of) || of.in_rust().is_some(),
        Type::Dict(key, value) => [key, value].iter().all(|of| is_open(of) || of.in_rust().is_some()),
        Type::Tuple(types) => types.iter().all(|of| is_open(of) || of.in_rust().is_some()),
        _ => false,
    }
}

/// A key as `IndexMap::get` takes it.
pub(crate) fn dict_key(key: &Type, at: &Value) -> Ported<String> {
    if let Some(key) = crate::pandas::cells::dict_key(key, at)? {
        return Ok(key);
    }
    match (key, &at.of) {
        (Type::String | Type::Unknown(_), Type::List(of)) if **of == Type::Char => {
            Ok(format!("&{}.iter().collect::<String>()", at.at(Strength::Whole)))
        }
        // What is looked up is put in somewhere behind.
        (Type::Unknown(_), of) if of.is_copy() && *of != Type::Str => Ok(format!("&{}", at.at(Strength::Prefix))),
        (Type::Unknown(_), of) if of.is_text() => Ok(at.borrowed()),
        (Type::Signed, Type::Int) if at.is_literal() => Ok(format!("&{}", at.text)),
        (Type::Signed, Type::Int) => Ok(format!("&({} as i64)", at.at(Strength::Cast))),
        (Type::Signed, Type::Ints) => Ok(format!("&{}", integer_of(at))),
        (Type::Int, Type::Ints) => Ok(format!("&({} as usize)", integer_of(at))),
        (Type::Unknown(_), Type::List(_) | Type::Tuple(_)) => Ok(at.borrowed()),
        (Type::Str, Type::String) => Ok(format!("&{}[..]", at.at(Strength::Whole))),
        (Type::Int, Type::Signed) => Ok(format!("&({} as usize)", at.at(Strength::Cast))),
        (Type::Char, Type::Str) if at.literal_text().is_some() => {
            let text = crate::python::text::unescaped(at.literal_text().unwrap_or_default());
            let mut characters = text.chars();
            match (characters.next(), characters.next()) {
                (Some(one), None) => Ok(format!("&{one:?}")),
                _ => Err(Missing::new("a text as a key of characters")),
            }
        }
        // A character is a text of length 1.
        (Type::String | Type::Str, Type::Char) => Ok(format!("{}.to_string().as_str()", at.at(Strength::Whole))),
        (key, at_type) if key.is_text() && at_type.is_text() && *key != Type::Char => Ok(at.borrowed()),
        (key, at_type) if key == at_type => Ok(format!("&{}", at.at(Strength::Prefix))),
        (key, of) => Err(Missing::new(format!("{} as a key of {}", of.described(), key.described()))),
    }
}

/// An iterator, collected into this type; `Ok(...)` in it may fail.
fn collect(iter: &str, in_rust: &str) -> String {
    match may_fail(iter) {
        false => format!("{iter}.collect::<{in_rust}>()"),
        true => format!("{iter}.collect::<Result<{in_rust}>>()?"),
    }
}

/// Whether the elements of an iterator are results: what was collected before, or inside of a closure, is no part of it.
fn may_fail(iter: &str) -> bool {
    let (mut depth, mut found, mut is_text) = (0usize, false, false);
    let mut before = ' ';
    for (at, c) in iter.char_indices() {
        let rest = &iter[at..];
        match c {
            '"' if before != '\\' && before != '\'' => is_text = !is_text,
            _ if is_text => {}
            '(' | '[' | '{' if before != '\'' => depth += 1,
            ')' | ']' | '}' if before != '\'' => depth = depth.saturating_sub(1),
            '.' if depth == 0 && rest.starts_with(".collect::<") => found = false,
            'O' if depth == 1 && rest.starts_with("Ok::<_, Error>(") => found = true,
            _ => {}
        }
        before = if before == '\\' && c == '\\' { ' ' } else { c };
    }
    found
}

/// The text of an empty list, with the place where its type is written if nothing says it.
pub(crate) fn marked(text: &str, number: usize) -> String {
    format!("{text}\u{1}{number}\u{1}")
}
