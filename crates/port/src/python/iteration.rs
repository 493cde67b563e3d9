//! Loops: over what, and which variables have the elements.

use crate::arguments::no_words;
use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Comprehension, Expr, ExprName};

/// What a loop goes over.
pub(crate) struct Iteration {
    /// As `for` takes it.
    pub(crate) over: String,
    /// As an iterator.
    pub(crate) iter: String,
    pub(crate) element: Element,
    /// Whether it goes over a set, which is in order.
    pub(crate) is_set: bool,
}

/// An element of what a loop goes over.
#[derive(Debug, Clone)]
pub(crate) enum Element {
    One(Type, Form),
    /// A tuple by value.
    Many(Vec<Element>),
}

impl Iteration {
    /// Over an iterator.
    pub(crate) fn new(iter: String, element: Element) -> Self {
        Self { over: iter.clone(), iter, element, is_set: false }
    }
}

impl<'a> Program<'a> {
    pub(crate) fn iteration(&mut self, over: &'a Expr) -> Ported<Iteration> {
        if let Expr::Call(call) = over
            && let Some(made) = self.as_comprehension(call)?
        {
            return self.iteration(made);
        }
        if let Expr::Call(call) = over
            && let Some(iteration) = self.itertools(call)?
        {
            return Ok(iteration);
        }
        if let Expr::Call(call) = over
            && let Some(rows) = self.rows_of_table(call)?
        {
            return Ok(rows);
        }
        if let Expr::Call(call) = over {
            let arguments = &call.arguments.args;
            let name = match &*call.func {
                Expr::Name(name) if self.scopes.get(&name.id).is_none() => name.id.as_str(),
                _ => "",
            };
            match (name, &arguments[..]) {
                ("range", ends) => {
                    no_words(call)?;
                    return self.range(ends);
                }
                ("enumerate", [list, rest @ ..]) => {
                    let start = rest.first().or_else(|| {
                        call.arguments
                            .keywords
                            .iter()
                            .find(|word| word.arg.as_deref() == Some("start"))
                            .map(|word| &word.value)
                    });
                    let start = match start {
                        None => None,
                        Some(start) => Some(self.argument(start, "usize", "start")?),
                    };
                    let inner = self.iteration(list)?;
                    if inner.is_set {
                        return Err(order_of_set());
                    }
                    let element = Element::Many(vec![Element::One(Type::Int, Form::Place), inner.element]);
                    let text = match start {
                        None => format!("{}.enumerate()", inner.iter),
                        Some(start) => format!("({start}..).zip({})", inner.over),
                    };
                    return Ok(Iteration::new(text, element));
                }
                ("zip", lists) if lists.len() > 1 && call.arguments.keywords.is_empty() => {
                    let mut inner =
                        lists.iter().map(|list| self.iteration(list)).collect::<Ported<Vec<_>>>()?.into_iter();
                    if inner.as_slice().iter().any(|list| list.is_set) {
                        return Err(order_of_set());
                    }
                    let Some(first) = inner.next() else { return Err(Missing::new("zip of nothing")) };
                    let (mut text, mut elements) = (first.iter, vec![first.element]);
                    for other in inner {
                        text = format!("{text}.zip({})", other.over);
                        elements.push(other.element);
                    }
                    // A zip of three is one of pairs.
                    let mut elements = elements.into_iter();
                    let first = elements.next().into_iter().next();
                    let nested = elements
                        .fold(first, |before, one| Some(Element::Many(before.into_iter().chain([one]).collect())));
                    return nested
                        .map(|element| Iteration::new(text, element))
                        .ok_or_else(|| Missing::new("zip of nothing"));
                }
                ("reversed", [list]) => {
                    let inner = self.iteration(list)?;
                    let iter = if inner.iter.contains("..") { format!("({})", inner.over) } else { inner.iter };
                    return Ok(Iteration::new(format!("{iter}.rev()"), inner.element));
                }
                _ => {}
            }
        }
        if let Expr::Call(call) = over
            && let Expr::Attribute(attribute) = &*call.func
            && call.arguments.is_empty()
            && matches!(attribute.attr.as_str(), "items" | "keys" | "values")
            && self.path_of(&call.func).is_none()
        {
            let dict = self.expression(&attribute.value)?;
            if crate::pandas::is(&dict.of, crate::pandas::columns::COUNTS) && attribute.attr.as_str() == "items" {
                return Ok(self.items_of_counts(&dict));
            }
            if let (Type::Logs, "items") = (&dict.of, attribute.attr.as_str()) {
                let element = Element::Many(vec![
                    Element::One(Type::String, Form::Reference),
                    Element::One(Type::Float, Form::Place),
                ]);
                return Ok(Iteration::new(format!("{}.iter()", dict.at(Strength::Whole)), element));
            }
            if let (Type::Scores(names), "items") = (&dict.of, attribute.attr.as_str()) {
                let whole = dict.at(Strength::Whole);
                let texts: Vec<_> = names.iter().map(|name| format!("({name:?}, {whole}[{name:?}])")).collect();
                let text = format!("[{}]", texts.join(", "));
                let iter = format!("{text}.into_iter()");
                let element =
                    Element::Many(vec![Element::One(Type::Str, Form::Place), Element::One(Type::Float, Form::Place)]);
                return Ok(Iteration { over: text, iter, element, is_set: false });
            }
            if dict.of == Type::HistoryValues && attribute.attr.as_str() == "items" {
                let values = Type::List(Box::new(Type::Float));
                let element = Element::Many(vec![
                    Element::One(Type::String, Form::Reference),
                    Element::One(values, Form::Reference),
                ]);
                return Ok(Iteration::new(format!("{}.iter()", dict.at(Strength::Whole)), element));
            }
            if let Some(entries) = self.json_entries(&dict, attribute.attr.as_str()) {
                return Ok(entries);
            }
            if let Type::Dict(key, value) = &dict.of {
                let whole = dict.at(Strength::Whole);
                let [key, value] = [key, value].map(|of| Element::One((**of).clone(), Form::Reference));
                return Ok(match attribute.attr.as_str() {
                    "items" => Iteration {
                        over: dict.borrowed(),
                        iter: format!("{whole}.iter()"),
                        element: Element::Many(vec![key, value]),
                        is_set: false,
                    },
                    "keys" => Iteration::new(format!("{whole}.keys()"), key),
                    _ => Iteration::new(format!("{whole}.values()"), value),
                });
            }
        }
        // What is left of an iterator is read once.
        if let Expr::Name(name) = over
            && let Some(crate::python::special::Special::Once(depth)) = self.special(over)
            && (self.scan().whole_reads(&name.id) > 1 || self.depth > depth)
        {
            return Err(Missing::new("an iterator that is read several times").help("make a list of it"));
        }
        let list = self.expression(over)?;
        self.iteration_of(&list)
    }

    pub(crate) fn range(&mut self, ends: &'a [Expr]) -> Ported<Iteration> {
        let ends = ends.iter().map(|end| self.expression(end).map(whole_number)).collect::<Ported<Vec<_>>>()?;
        if ends.iter().any(|end| !matches!(end.of, Type::Int | Type::Signed)) {
            return Err(Missing::new("a range of other things than integers"));
        }
        // Backwards to 0, all of them are sizes.
        let (steps_back, stops_at_zero) = match &ends[..] {
            [_, end, step] => (step.of == Type::Signed, end.of == Type::Int || end.text == "-1"),
            _ => (false, false),
        };
        let counted = if steps_back && stops_at_zero { &ends[..1] } else { &ends[..] };
        let is_signed = counted.iter().any(|end| end.of == Type::Signed || (steps_back && end.below_zero().is_some()));
        let shown = |end: &Value, least: Strength| match (is_signed, &end.of) {
            (true, Type::Int) => crate::arithmetic::signed(end).at(least),
            _ => end.at(least),
        };
        let of = if is_signed { Type::Signed } else { Type::Int };
        let element = Element::One(of, Form::Place);
        let text = match &ends[..] {
            [end] => format!("0..{}", shown(end, Strength::Sum)),
            [from, end] => format!("{}..{}", shown(from, Strength::Sum), shown(end, Strength::Sum)),
            [from, end, step] if step.of == Type::Int => {
                let text =
                    format!("({}..{}).step_by({})", shown(from, Strength::Sum), shown(end, Strength::Sum), step.text);
                return Ok(Iteration::new(text, element));
            }
            [from, end, step] if step.text == "-1" => {
                let (from, end) = (shown(from, Strength::Sum), shown(end, Strength::Sum));
                let end = after(&end);
                return Ok(Iteration::new(format!("({end}..={from}).rev()"), element));
            }
            // Backwards from the first.
            [from, end, step]
                if step.text.strip_prefix('-').is_some_and(|by| by.bytes().all(|c| c.is_ascii_digit())) =>
            {
                let (from, end) = (shown(from, Strength::Sum), shown(end, Strength::Sum));
                let by = step.text.trim_start_matches('-');
                let end = after(&end);
                return Ok(Iteration::new(format!("({end}..={from}).rev().step_by({by})"), element));
            }
            _ => return Err(Missing::new("a range with this step")),
        };
        Ok(Iteration { iter: format!("({text})"), over: text, element, is_set: false })
    }

    /// Over the elements of a value.
    pub(crate) fn iteration_of(&mut self, list: &Value) -> Ported<Iteration> {
        if crate::python::json_values::is_json(&list.of) {
            return self.json_iteration(list);
        }
        let list = &crate::numpy::text_arrays::as_list(list.clone());
        if let Some(values) = crate::pandas::columns::iteration(list) {
            return Ok(values);
        }
        let whole = list.at(Strength::Whole);
        // A list that is written out is an array.
        let of_items = list.items.as_ref().filter(|items| {
            !matches!(list.of, Type::Dict(..)) && items.iter().all(|item| item.of.is_copy() && item.of == items[0].of)
        });
        if let Some(items) = of_items {
            let texts: Vec<_> = items.iter().map(|item| item.text.clone()).collect();
            let of = items.first().map_or(Type::None, |item| item.of.clone());
            let text = format!("[{}]", texts.join(", "));
            let iter = format!("{text}.into_iter()");
            return Ok(Iteration { over: text, iter, element: Element::One(of, Form::Place), is_set: false });
        }
        let reference = |of: &Type| Element::One(of.clone(), Form::Reference);
        Ok(match &list.of {
            Type::List(of) | Type::Set(of) if list.form == Form::Temporary => Iteration {
                over: list.text.clone(),
                iter: format!("{whole}.into_iter()"),
                element: Element::One((**of).clone(), Form::Place),
                is_set: matches!(list.of, Type::Set(_)),
            },
            Type::List(of) | Type::Set(of) => Iteration {
                over: list.borrowed(),
                iter: format!("{whole}.iter()"),
                element: reference(of),
                is_set: matches!(list.of, Type::Set(_)),
            },
            Type::Tuple(types) if !types.is_empty() && types.iter().all(|of| *of == types[0] && of.is_copy()) => {
                let texts: Vec<_> = (0..types.len()).map(|i| format!("{whole}.{i}")).collect();
                let text = format!("[{}]", texts.join(", "));
                let iter = format!("{text}.into_iter()");
                Iteration { over: text, iter, element: Element::One(types[0].clone(), Form::Place), is_set: false }
            }
            // Keys.
            Type::Dict(key, _) => Iteration::new(format!("{whole}.keys()"), reference(key)),
            text if text.is_text() && *text != Type::Char => {
                Iteration::new(format!("{whole}.chars()"), Element::One(Type::Char, Form::Place))
            }
            Type::Scores(names) => {
                let texts: Vec<_> = names.iter().map(|name| format!("{whole}[{name:?}]")).collect();
                let text = format!("[{}]", texts.join(", "));
                let iter = format!("{text}.into_iter()");
                Iteration { over: text, iter, element: Element::One(Type::Float, Form::Place), is_set: false }
            }
            Type::HistoryValues => {
                let names = format!("{whole}.iter().map(|(name, _)| name.to_string())");
                Iteration::new(names, Element::One(Type::String, Form::Place))
            }
            Type::Logs => {
                let names = format!("{whole}.iter().map(|(name, _)| name.to_string())");
                Iteration::new(names, Element::One(Type::String, Form::Place))
            }
            Type::File { is_read: true } => {
                Iteration::new(format!("{whole}.split_inclusive('\\n')"), Element::One(Type::String, Form::Reference))
            }
            of if of.is_array() => {
                let function = self.import("numpy::rows");
                let text = format!("{function}({})?", list.borrowed());
                let iter = format!("{text}.into_iter()");
                Iteration { over: text, iter, element: Element::One(of.clone(), Form::Place), is_set: false }
            }
            Type::Variables => Iteration {
                over: list.borrowed(),
                iter: format!("{whole}.iter()"),
                element: Element::One(Type::Object("layers::Variable".into()), Form::Reference),
                is_set: false,
            },
            Type::Mutable { .. } => {
                let tensor = self.tensor(list)?;
                return self.iteration_of(&tensor);
            }
            Type::Dataset(x, y) | Type::Folder(x, y) if x.is_tensor() => {
                let (batch, element) = parts_of_batch(x, y.as_deref());
                let each = format!("{whole}.iter()?.map(|batch| batch.map(|batch| {batch}))");
                let batches = format!("{each}.collect::<Result<Vec<_>>>()?");
                Iteration { iter: format!("{batches}.into_iter()"), over: batches, element, is_set: false }
            }
            of => return Err(Missing::new(format!("a loop over {}", of.described()))),
        })
    }

    /// The pattern for the variables that have an element, which are bound in the innermost scope.
    pub(crate) fn element_pattern(&mut self, target: &'a Expr, element: &Element) -> Ported<String> {
        match (target, element) {
            (Expr::Name(name), Element::One(of, form)) => Ok(self.loop_variable(name, of, *form)),
            (Expr::Name(name), Element::Many(parts)) => {
                let types = parts.iter().map(|part| match part {
                    Element::One(of, form) if of.is_copy() && *form == Form::Place => Some(of.clone()),
                    _ => None,
                });
                let types = types.collect::<Option<Vec<_>>>();
                let types = types.ok_or_else(|| Missing::new("one variable for a tuple of references"))?;
                Ok(self.loop_variable(name, &Type::Tuple(types), Form::Place))
            }
            (Expr::Tuple(_) | Expr::List(_), element) => {
                let targets = elements_of(target);
                match element {
                    Element::Many(parts) if parts.len() == targets.len() => {
                        let parts = targets.iter().zip(parts).map(|(target, part)| self.element_pattern(target, part));
                        Ok(format!("({})", parts.collect::<Ported<Vec<_>>>()?.join(", ")))
                    }
                    // `a, b, c` of ((a, b), c)
                    Element::Many(parts) if parts.len() == 2 && targets.len() > 2 => {
                        let (last, before) = targets.split_last().ok_or_else(|| Missing::new("no variables"))?;
                        let before = self.nested_pattern(before, &parts[0])?;
                        Ok(format!("({before}, {})", self.element_pattern(last, &parts[1])?))
                    }
                    Element::One(Type::Tuple(types), form) if types.len() == targets.len() => {
                        let all_copied = *form == Form::Reference && types.iter().all(Type::is_copy);
                        let form = if all_copied { Form::Place } else { *form };
                        let parts = targets.iter().zip(types).map(|(target, of)| match target {
                            // The reference to a number of a tuple.
                            Expr::Name(name) if form == Form::Reference && of.is_copy() => {
                                let pattern = self.loop_variable(name, of, Form::Place);
                                if let Some(Binding::Variable(variable)) = self.scopes.get(&name.id) {
                                    let rust_name = format!("*{}", variable.rust_name);
                                    self.scopes.bind(&name.id, Binding::Variable(Variable { rust_name, ..variable }));
                                }
                                Ok(pattern)
                            }
                            target => self.element_pattern(target, &Element::One(of.clone(), form)),
                        });
                        let text = format!("({})", parts.collect::<Ported<Vec<_>>>()?.join(", "));
                        Ok(if all_copied { format!("&{text}") } else { text })
                    }
                    _ => Err(Missing::new("a loop over other variables than there are values")),
                }
            }
            _ => Err(Missing::new("a loop over these variables")),
        }
    }

    fn nested_pattern(&mut self, targets: &'a [Expr], element: &Element) -> Ported<String> {
        match (targets, element) {
            ([one], element) => self.element_pattern(one, element),
            ([before @ .., last], Element::Many(parts)) if parts.len() == 2 => {
                let before = self.nested_pattern(before, &parts[0])?;
                Ok(format!("({before}, {})", self.element_pattern(last, &parts[1])?))
            }
            _ => Err(Missing::new("a loop over other variables than there are values")),
        }
    }

    fn loop_variable(&mut self, target: &ExprName, of: &Type, form: Form) -> String {
        let name = target.id.as_str();
        let changes = self.scan().declares(target.range.start()) && self.declare(name);
        // What a layer sets is shared by all its handles.
        let is_mutable =
            changes && !matches!(of, Type::Layer(_)) && (self.is_changed(name) || !matches!(of, Type::Model(_)));
        match of.is_array() {
            true => _ = self.known.rows.insert(name.to_string()),
            false => _ = self.known.rows.remove(name),
        }
        let rust_name = self.rust_name(name);
        let is_read = match self.scan().declares(target.range.start()) {
            true => self.scan().reads_from(name, target.range.start()),
            false => self.scan().reads(name) > 0,
        };
        let is_read = is_read || is_mutable;
        let shown = if is_read { rust_name.clone() } else { format!("_{}", rust_name.trim_start_matches('_')) };
        // A number is taken out of its reference.
        let is_copied = form == Form::Reference && of.is_copy();
        let form = if is_copied || form == Form::Temporary { Form::Place } else { form };
        self.scopes.bind(name, Binding::Variable(Variable { rust_name, of: of.clone(), form, is_pending: false }));
        match (is_copied && is_read, is_mutable) {
            (true, false) => format!("&{shown}"),
            (false, true) if form == Form::Place => format!("mut {shown}"),
            (true, true) => format!("&(mut {shown})"),
            _ => shown,
        }
    }

    /// `[f(x) for x in xs if x > 0]` as an iterator, and the type of its elements; whether it may fail.
    pub(crate) fn iterator(
        &mut self,
        generators: &'a [Comprehension],
        element: impl FnOnce(&mut Self) -> Ported<Value>,
    ) -> Ported<(String, Value)> {
        self.scopes.enter();
        let written = self.iterator_in_scope(generators, element);
        self.scopes.leave();
        written
    }

    fn iterator_in_scope(
        &mut self,
        generators: &'a [Comprehension],
        element: impl FnOnce(&mut Self) -> Ported<Value>,
    ) -> Ported<(String, Value)> {
        let Some((generator, inner)) = generators.split_first() else {
            return Err(Missing::new("a comprehension without a loop"));
        };
        if generator.is_async {
            return Err(Missing::new("async"));
        }
        let over = self.iteration(&generator.iter)?;
        let over = crate::pandas::column_functions::texts_by_tests(generator, over);
        let pattern = self.element_pattern(&generator.target, &over.element)?;
        let mut text = over.iter;
        let mut test = None;
        if !generator.ifs.is_empty() {
            match self.filter(&generator.target, &pattern, &generator.ifs)? {
                Test::Filter(filter) => text.push_str(&filter),
                Test::MayFail(_) if !inner.is_empty() => {
                    let reason = "a condition of a comprehension of several loops that may fail";
                    return Err(Missing::new(reason).help("write a loop"));
                }
                Test::MayFail(condition) => test = Some(condition),
            }
        }
        let (body, value) = match inner {
            [] => {
                let value = element(self)?;
                let value = match matches!(&value.of, Type::List(of) if **of == Type::Char)
                    && self.is_text_of_characters(&value)
                {
                    true => Value::temporary(self.owned_text(&value), Type::String),
                    false => self.owned(value)?,
                };
                let value = if value.form == Form::Reference && !value.of.is_copy() {
                    // The sizes of a tensor are a slice.
                    let method = if value.text.ends_with(".dims()") { "to_vec" } else { "clone" };
                    Value::temporary(format!("{}.{method}()", value.at(Strength::Whole)), value.of)
                } else {
                    value
                };
                (value.text.clone(), value)
            }
            inner => {
                let (body, value) = self.iterator_in_scope(inner, element)?;
                if value.text.contains('?') || body.contains(".filter_map(Result::transpose)") {
                    return Err(Missing::new("a comprehension of several loops that may fail"));
                }
                let pattern = read_in(&pattern, &body);
                text.push_str(&format!(".flat_map(|{pattern}| {body}.collect::<Vec<_>>())"));
                return Ok((text, value));
            }
        };
        // `x for x in xs`
        let is_moved = matches!(&over.element, Element::One(of, Form::Place | Form::Temporary) if !of.is_copy())
            && generator.target.is_name_expr();
        let is_itself = body == pattern || (is_moved && body == format!("{pattern}.clone()"));
        if let Some(test) = test {
            let body = if is_itself && is_moved { pattern.clone() } else { body };
            let pattern = read_in(&pattern, &format!("{test} {body}"));
            text.push_str(&format!(
                ".map(|{pattern}| Ok::<_, Error>(if {test} {{ Some({body}) }} else {{ None }})).filter_map(Result::transpose)"
            ));
        } else if !is_itself {
            let pattern = read_in(&pattern, &body);
            match body.contains('?') {
                false => text.push_str(&format!(".map(|{pattern}| {body})")),
                true => text.push_str(&format!(".map(|{pattern}| Ok::<_, Error>({body}))")),
            }
        }
        Ok((text, value))
    }
}

/// The inputs of a batch, and its targets if it has some, as values of their own.
fn parts_of_batch(x: &Type, y: Option<&Type>) -> (&'static str, Element) {
    let one = |of: &Type| Element::One(of.clone(), Form::Place);
    match y {
        None => ("batch.x[0].clone()", one(x)),
        Some(y) => ("(batch.x[0].clone(), batch.y[0].clone())", Element::Many(vec![one(x), one(y)])),
    }
}

impl<'a> Program<'a> {
    /// `.filter(|...| tests)`, which sees references to the elements; or the tests, if they may fail.
    fn filter(&mut self, target: &'a Expr, pattern: &str, tests: &'a [Expr]) -> Ported<Test> {
        let owned = |program: &Self, name: &String| match program.scopes.get(name) {
            Some(Binding::Variable(variable)) if variable.form == Form::Place && !variable.of.is_copy() => {
                Some(variable)
            }
            _ => None,
        };
        let names = crate::program::names_in(target);
        let owned: Vec<(String, Variable)> =
            names.into_iter().filter_map(|name| owned(self, &name).map(|variable| (name, variable))).collect();
        for (name, variable) in &owned {
            let seen = Variable { form: Form::Reference, ..variable.clone() };
            self.scopes.bind(name, Binding::Variable(seen));
        }
        let seen = tests.iter().map(|test| self.condition(test)).collect::<Ported<Vec<_>>>();
        owned.iter().for_each(|(name, variable)| self.scopes.bind(name, Binding::Variable(variable.clone())));
        let seen = seen?.join(" && ");
        if asks(&seen) {
            // `map` owns its elements.
            let tests = tests.iter().map(|test| self.condition(test)).collect::<Ported<Vec<_>>>()?;
            return Ok(Test::MayFail(tests.join(" && ")));
        }
        let tests = seen;
        // The reference itself.
        if owned.iter().any(|(_, variable)| variable.rust_name == pattern) {
            return Ok(Test::Filter(format!(".filter(|{}| {tests})", read_in(pattern, &tests))));
        }
        let mut seen = pattern.to_string();
        for (_, Variable { rust_name, .. }) in owned {
            let own =
                if crate::program::has_word(&tests, &rust_name) { format!("ref {rust_name}") } else { "_".into() };
            seen = crate::python::kept_counters::with_word(&seen, &rust_name, &own);
        }
        Ok(Test::Filter(format!(".filter(|&{}| {tests})", read_in(&seen, &tests))))
    }
}

/// The conditions of a comprehension.
enum Test {
    Filter(String),
    MayFail(String),
}

/// Whether there is a `?` outside of texts.
fn asks(text: &str) -> bool {
    let (mut is_text, mut before) = (false, ' ');
    for c in text.chars() {
        match c {
            '"' if before != '\\' && before != '\'' => is_text = !is_text,
            '?' if !is_text && before != '\'' => return true,
            _ => {}
        }
        before = if before == '\\' && c == '\\' { ' ' } else { c };
    }
    false
}

/// An array of one integer as that integer.
fn whole_number(value: Value) -> Value {
    match value.of {
        Type::Ints => {
            let text = format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()?", value.at(Strength::Whole));
            Value::temporary(text, Type::Signed)
        }
        _ => value,
    }
}

/// The number after the end of a range backwards.
fn after(end: &str) -> String {
    match end.parse::<i64>() {
        Ok(end) => (end + 1).to_string(),
        Err(_) => format!("{end} + 1"),
    }
}

/// Why what counts the elements of a set is not ported.
pub(crate) fn order_of_set() -> Missing {
    Missing::new("the order of a set, which Python does not say").help("sort it: sorted(...)")
}

/// The pattern with a `_` before the names that a closure does not read.
fn read_in(pattern: &str, body: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let is_name = name.starts_with(|c: char| c.is_alphabetic()) && name != "mut" && name != "ref";
        out.push_str(if is_name && !crate::program::has_word(body, name) { "_" } else { "" });
        out.push_str(name);
        let next = behind.find(|c: char| c.is_alphanumeric() || c == '_').unwrap_or(behind.len());
        out.push_str(&behind[..next]);
        rest = &behind[next..];
    }
    out
}

pub(crate) fn elements_of(target: &Expr) -> &[Expr] {
    match target {
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::List(list) => &list.elts,
        _ => &[],
    }
}
