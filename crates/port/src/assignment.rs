//! Assignments: to names, attributes, elements, and several at once.

use crate::program::{Program, names_in};
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, Operator, StmtAugAssign};

impl<'a> Program<'a> {
    pub(crate) fn assign(&mut self, target: &'a Expr, value: Value) -> Ported<()> {
        match target {
            Expr::Name(name) => self.bind(&name.id, value),
            Expr::Tuple(_) | Expr::List(_) => self.unpack(target, value),
            Expr::Attribute(attribute) => {
                let of = self.expression(&attribute.value)?;
                if matches!(of.of, Type::Instance(_)) {
                    return self.assign_field(&of, attribute.attr.as_str(), value);
                }
                if matches!(of.of, Type::Model(_))
                    && attribute.attr.as_str() == "stop_training"
                    && value.of == Type::Bool
                {
                    self.line(&format!("{}.stop_training = {};", of.at(Strength::Whole), value.text));
                    return Ok(());
                }
                if attribute.attr.as_str() == "trainable" {
                    self.check_freezing(&attribute.value)?;
                }
                let method = match (&of.of, attribute.attr.as_str()) {
                    (Type::Layer(_) | Type::Model(_), "trainable") if value.of == Type::Bool => "set_trainable",
                    _ => return Err(Missing::new(format!("an assignment to the attribute {}", attribute.attr))),
                };
                self.line(&format!("{}.{method}({});", of.at(Strength::Whole), value.text));
                Ok(())
            }
            Expr::Subscript(subscript) if self.path_of(&subscript.value).as_deref() == Some("os.environ") => {
                match &*subscript.slice {
                    Expr::StringLiteral(key) if crate::python::files::is_setting(key.value.to_str()) => Ok(()),
                    _ => Err(Missing::new("a variable of the environment")),
                }
            }
            Expr::Subscript(subscript) => {
                let of = match self.entry(&subscript.value)? {
                    Some(entry) => entry,
                    None => self.expression(&subscript.value)?,
                };
                if self.assign_column(&of, &subscript.slice, &value)? {
                    return Ok(());
                }
                if matches!(of.of, Type::Mutable { .. }) {
                    return self.assign_element(&of, &subscript.slice, &value);
                }
                if of.of.is_array()
                    && value.of.is_number()
                    && let Expr::Name(name) = &*subscript.value
                    && !subscript.slice.is_slice_expr()
                    && !subscript.slice.is_tuple_expr()
                {
                    let mask = self.expression(&subscript.slice)?;
                    if mask.of == Type::Mask {
                        let number = self.tensor(&value)?;
                        let function = self.import("ops::where_");
                        let text = format!(
                            "{function}({}, {}, {})?.to_dtype({}.dtype())?",
                            mask.borrowed(),
                            number.borrowed(),
                            of.borrowed(),
                            of.at(Strength::Whole)
                        );
                        return self.bind(&name.id, Value::temporary(text, of.of));
                    }
                }
                if of.of.is_array() {
                    return Err(Missing::new("an assignment to a part of an array")
                        .help("make the array with np.zeros, or make the whole value at once"));
                }
                let index = self.expression(&subscript.slice)?;
                match (&of.of, &index.of) {
                    (Type::List(element), Type::Int) => {
                        let value = self.own(value)?;
                        let value = self.put_into(&element.clone(), value)?;
                        self.line(&format!("{}[{}] = {value};", of.at(Strength::Whole), index.text));
                        Ok(())
                    }
                    (Type::Dict(key, element), _) => {
                        let (index, value) = (self.own(index)?, self.own(value)?);
                        let (key, element) = (key.clone(), element.clone());
                        let (index, value) = (self.put_into(&key, index)?, self.put_into(&element, value)?);
                        // The outer one is borrowed where it is changed.
                        let base = of.text.split(['[', '.']).next().unwrap_or_default();
                        let value = match of.text.contains('[') && crate::program::has_word(&value, base) {
                            true => {
                                self.line(&format!("let value = {value};"));
                                "value".to_string()
                            }
                            false => value,
                        };
                        self.line(&format!("{}.insert({index}, {value});", of.at(Strength::Whole)));
                        Ok(())
                    }
                    _ => Err(Missing::new(format!("an assignment to a part of {}", of.of.described()))
                        .help("make the whole value at once, as from a list")),
                }
            }
            _ => Err(Missing::new("an assignment to this")),
        }
    }

    /// `a, (b, c) = value`
    fn unpack(&mut self, target: &'a Expr, value: Value) -> Ported<()> {
        if self.unpack_batch(target, &value.of)? || self.unpack_build_shape(target, &value)? {
            return Ok(());
        }
        let value = self.with_wide_items(target, value);
        if let Expr::Tuple(tuple) = target
            && self.unpack_sizes(&tuple.elts, &value)?
        {
            return Ok(());
        }
        // `a, b = None, 0`
        if let Some(items) = value.items.as_ref().filter(|items| items.iter().any(|item| item.of == Type::None)) {
            let targets = crate::python::iteration::elements_of(target);
            if targets.len() != items.len() || items.iter().any(|item| item.form != Form::Constant) {
                return Err(Missing::new("None among other values").help("assign them one by one"));
            }
            return targets.iter().zip(items.clone()).try_for_each(|(target, item)| self.assign(target, item));
        }
        let value = match crate::python::json_values::is_json(&value.of) {
            true => self.json_parts(&value, crate::python::iteration::elements_of(target).len()),
            false => value,
        };
        let value = match (&value.of, crate::python::iteration::elements_of(target).len()) {
            // `a, b = pair`, of a list.
            (Type::List(of), count) if value.items.is_none() && !matches!(**of, Type::Unknown(_)) => {
                let of = (**of).clone();
                let list = match value.form {
                    Form::Temporary => {
                        let parts = self.free_name("parts");
                        self.line(&format!("let {parts} = {};", value.text));
                        parts
                    }
                    _ => value.at(Strength::Whole),
                };
                let texts: Vec<_> = (0..count)
                    .map(|i| if of.is_copy() { format!("{list}[{i}]") } else { format!("{list}[{i}].clone()") })
                    .collect();
                Value::temporary(format!("({})", texts.join(", ")), Type::Tuple(vec![of; count]))
            }
            // `a, b = array`
            (of, count) if of.is_array() && count > 0 => {
                let of = of.clone();
                let array = match value.form {
                    Form::Temporary => {
                        self.line(&format!("let parts = {};", value.text));
                        "parts".to_string()
                    }
                    _ => value.at(Strength::Whole),
                };
                self.import("candle_core::IndexOp");
                let texts: Vec<_> = (0..count).map(|i| format!("{array}.i({i})?")).collect();
                Value::temporary(format!("({})", texts.join(", ")), Type::Tuple(vec![of; count]))
            }
            _ => value,
        };
        let value = match &value.of {
            Type::Scores(names) if value.form == Form::Temporary => {
                let names = names.clone();
                let scores = self.free_name("scores");
                self.line(&format!("let {scores} = {};", value.text));
                let numbers = names.iter().map(|name| format!("{scores}[{name:?}]")).collect::<Vec<_>>();
                let of = Type::Tuple(vec![Type::Float; names.len()]);
                Value::temporary(format!("({})", numbers.join(", ")), of)
            }
            _ => value,
        };
        // `a, b = None, None`
        if let (Expr::Tuple(targets), Some(items)) = (target, &value.items)
            && targets.len() == items.len()
            && items.iter().all(|item| item.of == Type::None)
        {
            return targets.iter().zip(items.clone()).try_for_each(|(target, item)| self.assign(target, item));
        }
        if names_in(target).iter().any(|name| self.is_outer(name)) {
            return self.unpack_into_outer(target, &value);
        }
        let mut names = Vec::new();
        let pattern = self.pattern(target, &value.of, &mut names)?;
        // An element of a list stays there.
        let is_element = value.form == Form::Place && value.text.ends_with(']') && !value.of.is_copy();
        let end = if is_element && matches!(value.of, Type::Tuple(_)) { ".clone()" } else { "" };
        self.line(&format!("let {pattern} = {}{end};", value.text));
        for (name, of) in names {
            self.inferred.learned.push((self.statement_end, name.clone(), of.clone()));
            let rust_name = self.rust_name(&name);
            self.scopes
                .bind(&name, Binding::Variable(Variable { rust_name, of, form: Form::Place, is_pending: false }));
        }
        Ok(())
    }

    /// `a, b = b, a + b` in a block, of variables around it.
    fn unpack_into_outer(&mut self, target: &'a Expr, value: &Value) -> Ported<()> {
        let error =
            || Missing::new("an assignment to several variables of an outer block").help("assign them one by one");
        let targets = crate::python::iteration::elements_of(target);
        let Type::Tuple(types) = &value.of else { return Err(error()) };
        if targets.len() != types.len() || !targets.iter().all(Expr::is_name_expr) {
            return Err(error());
        }
        let names: Vec<String> = targets.iter().flat_map(names_in).collect();
        let variables = names.iter().zip(types).map(|(name, of)| match self.scopes.get(name) {
            Some(Binding::Variable(variable)) if self.is_outer(name) && !variable.is_pending => {
                Some(variable).filter(|variable| variable.of.in_rust() == of.in_rust())
            }
            _ => None,
        });
        if let Some(variables) = variables.collect::<Option<Vec<_>>>() {
            let all: Vec<_> = variables.iter().map(|variable| variable.rust_name.as_str()).collect();
            self.line(&format!("({}) = {};", all.join(", "), value.text));
            for ((name, variable), of) in names.iter().zip(variables).zip(types) {
                self.scopes.rebind(name, Binding::Variable(Variable { of: of.clone(), ..variable }));
            }
            return Ok(());
        }
        let values = self.free_name("values");
        self.line(&format!("let {values} = {};", value.text));
        for (i, (name, of)) in names.iter().zip(types).enumerate() {
            self.bind(name, Value::temporary(format!("{values}.{i}"), of.clone()))?;
        }
        Ok(())
    }

    pub(crate) fn pattern(&mut self, target: &Expr, of: &Type, names: &mut Vec<(String, Type)>) -> Ported<String> {
        match (target, of) {
            (Expr::Name(name), of) => {
                names.push((name.id.to_string(), of.clone()));
                let is_read = self.scan().reads(&name.id) > 0 && !self.is_never_read_behind(name);
                // One of an outer block is there already.
                let is_new = !self.is_outer(&name.id) && self.scan().declares(name.range.start());
                let is_mutable = is_new && self.declare(&name.id);
                let rust_name = self.rust_name(&name.id);
                Ok(match (is_read, is_mutable) {
                    (_, true) => format!("mut {rust_name}"),
                    (true, false) => rust_name,
                    (false, false) => format!("_{}", rust_name.trim_start_matches('_')),
                })
            }
            (Expr::Tuple(_) | Expr::List(_), Type::Tuple(types)) => {
                let targets = match target {
                    Expr::Tuple(tuple) => &tuple.elts[..],
                    Expr::List(list) => &list.elts[..],
                    _ => &[],
                };
                if targets.len() != types.len() {
                    return Err(Missing::new(format!("{} targets for {} values", targets.len(), types.len())));
                }
                let parts = targets.iter().zip(types).map(|(target, of)| self.pattern(target, of, names));
                Ok(format!("({})", parts.collect::<Ported<Vec<_>>>()?.join(", ")))
            }
            (Expr::Tuple(tuple), Type::Outputs(types)) if tuple.elts.len() == types.len() => {
                let parts = tuple.elts.iter().zip(types).map(|(target, of)| self.pattern(target, of, names));
                Ok(format!("[{}]", parts.collect::<Ported<Vec<_>>>()?.join(", ")))
            }
            _ => Err(Missing::new(format!("{} cannot be taken apart here", of.described()))),
        }
    }

    pub(crate) fn augmented(&mut self, assign: &'a StmtAugAssign) -> Ported<()> {
        if let Some(entry) = self.entry(&assign.target)? {
            return self.change_entry(&entry, assign.op, &assign.value);
        }
        if let Expr::Subscript(subscript) = &*assign.target {
            let array = self.expression(&subscript.value)?;
            if matches!(array.of, Type::Mutable { .. }) {
                let value = self.expression(&assign.value)?;
                return self.change_part(&array, &subscript.slice, assign.op, &value);
            }
        }
        let target = self.expression(&assign.target)?;
        if let (Type::List(of), Operator::Add) = (&target.of, assign.op) {
            let items = self.expression(&assign.value)?;
            let Type::List(other) = &items.of else { return Err(Missing::new("a list and something else")) };
            let text = self.put_into(&of.clone(), Value::temporary("x", (**other).clone()))?;
            if text != "x" {
                return Err(Missing::new("a list of other elements"));
            }
            let items = self.own(items)?;
            self.line(&format!("{}.extend({});", target.at(Strength::Whole), items.text.trim_start_matches("vec!")));
            return Ok(());
        }
        let value = self.binary(&assign.target, assign.op, &assign.value)?;
        if let (Type::Mutable { of, .. }, Expr::Name(name)) = (&target.of, &*assign.target)
            && (self.scan().last_change(&name.id) > Some(self.statement_end)
                || !self.scopes.is_local(&name.id)
                || *of != "f64")
        {
            return self.change_whole(&target, assign.op, &assign.value);
        }
        if let (Type::Mutable { .. }, Expr::Name(name)) = (&target.of, &*assign.target)
            && self.scopes.is_local(&name.id)
        {
            let value = self.changeable(value)?;
            return self.bind(&name.id, value);
        }
        if let Expr::Name(name) = &*assign.target
            && target.of == Type::Int
            && self.is_declared_as(&name.id, &value.of)
        {
            return self.augmented(assign);
        }
        if target.of != value.of {
            return Err(Missing::new(format!("{} becomes {} here", target.of.described(), value.of.described())));
        }
        // An entry of a dict is looked up for that.
        let is_place = matches!(target.form, Form::Place) || (target.form == Form::Reference && target.of.is_array());
        let is_entry = matches!(&*assign.target, Expr::Subscript(subscript)
            if matches!(self.expression(&subscript.value)?.of, Type::Dict(..) | Type::Mutable { .. }));
        // A parameter: the array of the one who calls, but tensors are never changed.
        if let Expr::Name(name) = &*assign.target
            && target.form == Form::Reference
            && (target.of.is_array() || target.of == Type::Symbolic)
        {
            if !self.is_in_method_of_tensors() || !self.scopes.is_local(&name.id) {
                return Err(Missing::new(format!("{} changes the array of those who call it", name.id)).help(format!(
                    "write {0} = {0} {1} ...",
                    name.id,
                    assign.op.as_str()
                )));
            }
            return self.bind(&name.id, value);
        }
        if target.of == Type::String && assign.op == Operator::Add {
            let added = crate::pandas::cells::as_text(self.expression(&assign.value)?);
            let text = match &added.of {
                Type::Char => format!("{}.push({});", target.at(Strength::Whole), added.text),
                of if of.is_text() => format!("{}.push_str({});", target.at(Strength::Whole), added.borrowed()),
                Type::List(of) if **of == Type::Char => {
                    format!("{}.extend({}.iter());", target.at(Strength::Whole), added.at(Strength::Whole))
                }
                of => return Err(Missing::new(format!("a str and {}", of.described()))),
            };
            self.line(&text);
            return Ok(());
        }
        if is_entry {
            return self.assign(&assign.target, value);
        }
        if !is_place {
            return Err(Missing::new("an assignment to this"));
        }
        let sign = match assign.op {
            Operator::Add => "+=",
            Operator::Sub => "-=",
            Operator::Mult => "*=",
            Operator::Div => "/=",
            _ => "=",
        };
        if sign == "=" || !target.of.is_number() {
            self.line(&format!("{} = {};", target.text, value.text));
            return Ok(());
        }
        // The list is borrowed where its element is changed.
        let target = match element_of(&target.text).filter(|(list, place)| place.contains(&format!("{list}.len()"))) {
            Some((list, place)) => {
                self.line(&format!("let place = {place};"));
                Value { text: format!("{list}[place]"), ..target }
            }
            None => target,
        };
        let right = self.expression(&assign.value)?;
        let right = if target.of == Type::Float { crate::pandas::cells::as_number(right) } else { right };
        let right = if target.of == Type::Float { right.as_float() } else { Some(right.text) };
        self.line(&format!("{} {sign} {};", target.text, right.ok_or_else(|| Missing::new("these operands"))?));
        Ok(())
    }
}

/// A list and the place of its element: those of `x[1][x[1].len() - 1]` are `x[1]` and `x[1].len() - 1`.
fn element_of(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_suffix(']')?;
    let mut open = 1;
    for (at, c) in inside.char_indices().rev() {
        open = match c {
            ']' => open + 1,
            '[' => open - 1,
            _ => open,
        };
        if open == 0 {
            return Some((&inside[..at], &inside[at + 1..]));
        }
    }
    None
}
