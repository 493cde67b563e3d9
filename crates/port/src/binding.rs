//! Variables of Rust for the names that the script assigns, and who owns their values.

use crate::classes::Kind;
use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};

impl<'a> Program<'a> {
    /// Whether what is assigned here is not read any more.
    pub(crate) fn is_never_read_behind(&self, name: &ruff_python_ast::ExprName) -> bool {
        let is_last = self.scan().last_read(&name.id).is_none_or(|at| at < name.range.start());
        self.depth == 1 && is_last && !self.scan().is_read_inside(&name.id)
    }

    /// Whether nothing behind this statement reads the name.
    fn was_read(&self, name: &str) -> bool {
        let is_last = self.scan().last_read(name).is_none_or(|at| at < self.assigns_at) && !name.contains('.');
        self.depth == 1 && is_last && !self.scan().is_read_inside(name) && !self.is_written_later(name)
    }

    /// Whether it is a variable of an outer block of the same function, which an assignment changes.
    pub(crate) fn is_outer(&self, name: &str) -> bool {
        if self.assigned_again.iter().any(|again| again == name) && self.is_mutated(name) {
            return matches!(self.scopes.get(name), Some(Binding::Variable(_)));
        }
        !self.scopes.is_local(name)
            && match self.scopes.get(name) {
                Some(Binding::Variable(variable)) => {
                    let changes = self.is_mutated(name) || self.scan().is_reassigned(name);
                    variable.is_pending || (self.depth > 1 && changes)
                }
                _ => false,
            }
    }

    /// `name = value`
    pub(crate) fn bind(&mut self, name: &str, value: Value) -> Ported<()> {
        self.inferred.learned.push((self.statement_end, name.to_string(), value.of.clone()));
        if let Type::List(of) | Type::Set(of) = &value.of
            && let Type::Unknown(number) = **of
        {
            self.inferred.empty_lists.entry(number).or_insert((self.statement_end, name.to_string()));
        }
        // Another name for what Rust has under one already, or not at all.
        let is_of_tensor = matches!(value.of, Type::BatchSize | Type::BatchShape(_));
        if is_of_tensor || self.is_parser(&value.of) || crate::python::tables::is_alias(&value.of) {
            let variable = Variable { rust_name: value.text, of: value.of, form: value.form, is_pending: false };
            self.scopes.bind(name, Binding::Variable(variable));
            return Ok(());
        }
        if value.of == Type::None && value.form == Form::Constant {
            let is_outer = self.is_outer(name);
            if !is_outer && self.is_next_mutated(name) {
                self.bind_maybe(name);
                return Ok(());
            }
            if is_outer && let Some(Binding::Variable(variable)) = self.scopes.get(name) {
                return match self.assign_maybe(&variable, value)? {
                    true => Ok(()),
                    false => Err(Missing::new(format!("{name} becomes None here"))),
                };
            }
            // Rust has no variable for it.
            self.declare(name);
            let variable =
                Variable { rust_name: "None".into(), of: Type::None, form: Form::Constant, is_pending: false };
            self.scopes.bind(name, Binding::Variable(variable));
            return Ok(());
        }
        if self.bind_read(name, &value) {
            return Ok(());
        }
        // A difference that is never a size may be negative.
        let value = match (value.below_zero(), self.scopes.get(name)) {
            (Some(below_zero), _) if !self.is_outer(name) && !self.scan().is_size(name) => below_zero.clone(),
            (None, _) if value.of == Type::Int && !self.is_outer(name) && self.scan().is_lowered(name) => {
                crate::arithmetic::signed(&value)
            }
            (None, Some(Binding::Variable(variable)))
                if self.is_outer(name) && variable.of == Type::Signed && value.of == Type::Int =>
            {
                crate::arithmetic::signed(&value)
            }
            _ => value,
        };
        let is_collection = matches!(value.of, Type::List(_) | Type::Dict(..) | Type::Set(_));
        let is_unchanged = |program: &Self| {
            let base = program.scopes.python_name(&value.text);
            !program.is_next_mutated(name) && base.is_none_or(|base| !program.is_mutated(&base))
        };
        if value.form == Form::Reference && matches!(value.of, Type::Dict(..)) && self.is_next_mutated(name) {
            return Err(Missing::new("a second name for a dict that changes").help("make a new one with dict(...)"));
        }
        let value = match (&value.of, &value.items) {
            // Neither is changed, so that a clone is as good as another name.
            _ if is_collection && value.form == Form::Place && is_unchanged(self) => {
                Value::temporary(format!("{}.clone()", value.at(Strength::Whole)), value.of)
            }
            // Another handle to the same weights, which only computes with them.
            (Type::Model(_), _) if value.form == Form::Place && !self.is_next_mutated(name) => {
                Value::temporary(format!("{}.clone()", value.at(Strength::Whole)), value.of)
            }
            (Type::Tuple(_), Some(items)) if items.len() > 1 => self.own(value)?,
            _ if is_collection && value.form == Form::Place => self.handed_over(value, self.is_next_mutated(name))?,
            _ => self.owned(value)?,
        };
        // Texts that are made are put into the list.
        let value = match (&value.of, &value.items) {
            (Type::List(of), Some(items))
                if **of == Type::Str && !items.is_empty() && self.is_next_mutated(name) && !self.is_outer(name) =>
            {
                let texts: Vec<_> = items.iter().map(|item| self.owned_text(item)).collect();
                Value::temporary(format!("vec![{}]", texts.join(", ")), Type::List(Box::new(Type::String)))
            }
            _ => value,
        };
        // A text that grows.
        let value = match value.of == Type::Str && self.is_next_mutated(name) && !self.is_outer(name) {
            true => Value::temporary(format!("{}.to_string()", value.text), Type::String),
            false => value,
        };
        // Python counts characters, Rust bytes.
        let is_taken_apart = value.of.is_text() && self.scan().is_subscripted(name);
        let is_of_characters = matches!(&value.of, Type::List(of) if **of == Type::Char);
        let rust_name = self.rust_name(name);
        match is_taken_apart || (is_of_characters && self.is_text_of_characters(&value)) {
            true => _ = self.taken_apart.insert(rust_name),
            false => _ = self.taken_apart.remove(&rust_name),
        }
        let value = match is_taken_apart {
            true => Value::temporary(
                format!("{}.chars().collect::<Vec<char>>()", value.at(Strength::Whole)),
                Type::List(Box::new(Type::Char)),
            ),
            false => value,
        };
        let is_written_out = value.text.starts_with("Tensor::new(&[") && !value.text.starts_with("Tensor::new(&[[");
        if value.of == Type::Ints && (is_written_out || crate::numpy::numpy_more::is_vector(&value.text)) {
            self.known.vectors.insert(name.to_string());
        } else {
            self.known.vectors.remove(name);
        }
        let value = self.as_used(value, self.is_next_mutated(name), self.scan().is_called(name));
        let is_alike = |of: &Type| *of == Type::None || *of == value.of || (of.is_array() && value.of.is_array());
        if self.bind_behind_interim(name, &value) || (self.is_outer(name) && self.bind_interim(name, &value)) {
            return Ok(());
        }
        if self.is_outer(name)
            && let Some(Binding::Variable(variable)) = self.scopes.get(name)
            // Otherwise it is another variable from there on.
            && (is_alike(&variable.of) || !self.assigned_again.iter().any(|again| again == name))
        {
            if self.assign_maybe(&variable, value.clone())? {
                return Ok(());
            }
            let value = if variable.of == Type::String { crate::pandas::cells::as_text(value) } else { value };
            let value = match (&variable.of, &value.of) {
                (Type::String | Type::Float | Type::Signed, of) if crate::python::json_values::is_json(of) => {
                    let text = self.put_into(&variable.of, value)?;
                    Value::temporary(text, variable.of.clone())
                }
                (Type::String, of) if of.is_text() => Value::temporary(self.owned_text(&value), Type::String),
                // A text whose characters are read by their places.
                (Type::List(of), text) if **of == Type::Char && text.is_text() => Value::temporary(
                    format!("{}.chars().collect::<Vec<char>>()", value.at(Strength::Whole)),
                    variable.of.clone(),
                ),
                _ => value,
            };
            let are_models = matches!((&variable.of, &value.of), (Type::Model(a), Type::Model(b)) if a.is_sequential == b.is_sequential);
            let is_alike = variable.of == value.of || (variable.of.is_array() && value.of.is_array()) || are_models;
            if !(is_alike || variable.of == Type::None && variable.is_pending) {
                return Err(Missing::new(format!(
                    "{name} is {} here, and was {}",
                    value.of.described(),
                    variable.of.described()
                ))
                .help("give it another name"));
            }
            if variable.is_pending {
                self.declare(name);
            }
            self.line(&format!("{} = {};", variable.rust_name, value.text));
            self.scopes.rebind(name, Binding::Variable(Variable { of: value.of, ..variable }));
            return Ok(());
        }
        let rust_name = self.rust_name(name);
        self.note_outputs(&rust_name, &value);
        self.graphs.note_tensor(&rust_name, &value);
        let is_object = matches!(&value.of, Type::Object(path) if path.starts_with("callbacks::"));
        let is_lent = self.kind_of(&value.of) == Some(Kind::Callback) || (is_object && self.scan().reads(name) > 1);
        let is_callback = is_lent && self.is_callback(name);
        let class = match &value.of {
            Type::Instance(class) => self.class_number(class).ok(),
            _ => None,
        };
        let class = class.filter(|&number| self.classes[number].kind == Kind::Model);
        let of_parameter = self.scan().is_reassigned(name) && self.scan().is_mutated(name, 0);
        let changes = self.declare(name) || of_parameter;
        let changes = match &value.of {
            // A flow of images counts its batches itself.
            Type::Flow(_) | Type::Model(_) | Type::Layer(_) => self.is_changed(name),
            of if of.is_array() || of.is_text() => changes && (self.changes_itself(name) || of_parameter),
            _ => changes,
        };
        let is_mutable = (changes && class.is_none_or(|number| self.changes_object(number))) || is_callback;
        let is_read = self.scan().reads(name) > 0 && !self.was_read(name);
        let declared = match (is_mutable, is_read) {
            (true, _) => format!("mut {rust_name}"),
            (false, true) => rust_name.clone(),
            (false, false) => format!("_{}", rust_name.trim_start_matches('_')),
        };
        // A list or tensor of a parameter, which a block changes or assigns again.
        let is_lent = matches!(value.of, Type::List(_) | Type::Symbolic) || value.of.is_tensor();
        let is_part = value.form == Form::Slice || (value.form == Form::Reference && is_lent);
        let value = if is_part && is_mutable { self.own(value)? } else { value };
        let text = if value.form == Form::Slice { value.borrowed() } else { value.text.clone() };
        // Of literals alone Rust would make an i32, which may be negative.
        let is_of_names = text.chars().all(|c| c.is_alphanumeric() || " _-+*/%()".contains(c)) && !text.contains("as");
        let in_rust = self
            .wide_type(name, &value)
            .or_else(|| (value.below_zero().is_some() && is_of_names).then(|| "usize".into()));
        match in_rust {
            Some(in_rust) => self.line(&format!("let {declared}: {in_rust} = {text};")),
            None => self.line(&format!("let {declared} = {text};")),
        }
        let form = if matches!(value.form, Form::Reference | Form::Slice) { Form::Reference } else { Form::Place };
        let variable = Variable { rust_name: rust_name.clone(), of: value.of, form, is_pending: false };
        self.scopes.bind(name, Binding::Variable(variable));
        if let Some(number) = class {
            self.bind_model_of(name, &rust_name, number, changes);
        }
        Ok(())
    }

    /// The type of what may leave 32 bits, where its text does not say it.
    fn wide_type(&self, name: &str, value: &Value) -> Option<String> {
        let is_large = |text: &str| {
            let digits: String = text.trim_start_matches('-').chars().filter(|c| *c != '_').collect();
            digits.parse().is_ok_and(|number: i64| number >= crate::script::growth::LARGE)
        };
        let of_integers = |of: &Type| matches!(of, Type::Int | Type::Signed);
        let is_wide = match &value.of {
            of if of_integers(of) => {
                let is_plain = value.text.chars().all(|c| c.is_alphanumeric() || " _-+*/%".contains(c));
                let is_beyond = value.is_literal()
                    && value.text.replace('_', "").parse().is_ok_and(|number: i64| i32::try_from(number).is_err());
                is_beyond || (self.scan().is_growing(name) && is_plain && !crate::program::has_word(&value.text, "as"))
            }
            Type::List(of) if of_integers(of) => {
                self.scan().is_growing(name) && value.items.iter().flatten().any(|item| is_large(&item.text))
            }
            Type::Dict(_, of) if of_integers(of) => {
                self.scan().is_growing(name) && value.text.split([' ', ')', ',']).any(is_large)
            }
            _ => false,
        };
        if is_wide { value.of.in_rust() } else { None }
    }

    /// `a, b = 0, 1` of names of which one may leave 32 bits: that one says so.
    pub(crate) fn with_wide_items(&self, target: &'a ruff_python_ast::Expr, value: Value) -> Value {
        let targets = crate::python::iteration::elements_of(target);
        let Some(items) = value.items.clone().filter(|items| items.len() == targets.len()) else { return value };
        let items: Vec<_> = items
            .into_iter()
            .zip(targets)
            .map(|(item, target)| match target {
                ruff_python_ast::Expr::Name(name) if item.is_literal() && !self.is_outer(&name.id) => {
                    match self.wide_type(&name.id, &item).filter(|_| !item.text.ends_with("size")) {
                        Some(in_rust) => Value { text: format!("{}_{in_rust}", item.text), ..item },
                        None => item,
                    }
                }
                _ => item,
            })
            .collect();
        if value.items.iter().flatten().zip(&items).all(|(old, new)| old.text == new.text) {
            return value;
        }
        let text = format!("({})", items.iter().map(|item| item.text.clone()).collect::<Vec<_>>().join(", "));
        Value { text, items: Some(items), ..value }
    }

    /// A value of its own: a variable's is cloned.
    pub(crate) fn owned(&self, value: Value) -> Ported<Value> {
        if let Some(column) = crate::pandas::cloned(&value) {
            return Ok(column);
        }
        if value.form != Form::Place || value.of.is_copy() {
            return Ok(value);
        }
        match &value.of {
            // What is read once is moved.
            Type::Object(_) | Type::Layer(_) if self.depth == 1 && self.is_read_once(&value.text) => Ok(value),
            Type::Array
            | Type::Ints
            | Type::Floats
            | Type::Mask
            | Type::Symbolic
            | Type::Layer(_)
            | Type::String
            | Type::Object(_)
            | Type::Path
            | Type::Texts
            | Type::TextArray(_)
            | Type::Folder(..)
            | Type::Flow(_)
            | Type::Dataset(..) => {
                let text = format!("{}.clone()", value.at(Strength::Whole));
                Ok(Value::temporary(text, value.of))
            }
            Type::List(_) | Type::Dict(..) | Type::Set(_) => self.handed_over(value, self.scan().changes_elements()),
            // One name takes the place of the other.
            Type::Model(_) if self.is_not_read_behind(&value.text) => Ok(value),
            of => Err(Missing::new(format!("a second name for {}", of.described())).help("use the first name")),
        }
    }

    /// A list, dict or set that gets a second name, or a place in another one. What changes by one of them from then on must not be
    /// read by the other; `changes_there`: by the new one.
    fn handed_over(&self, value: Value, changes_there: bool) -> Ported<Value> {
        let error = |value: &Value| {
            Missing::new(format!("a second name for {}", value.of.described())).help("use the first name")
        };
        // A part of what never changes is copied.
        if let Some((whole, _)) = value.text.split_once('[')
            && let Some(whole) = self.scopes.python_name(whole)
            && !(self.is_mutated(&whole) || changes_there)
        {
            let text = format!("{}.clone()", value.at(Strength::Whole));
            return Ok(Value::temporary(text, value.of));
        }
        let name = self.scopes.python_name(&value.text).ok_or_else(|| error(&value))?;
        let (scan, end) = (self.scan(), self.statement_end);
        let is_behind = |at: Option<ruff_text_size::TextSize>| at.is_some_and(|at| at > end);
        // Outside of loops, and of a variable that each round declares, what stands behind comes later.
        let is_fresh = self.scopes.is_local(&name);
        let changes = self.is_mutated(&name) && (!is_fresh || is_behind(scan.last_change(&name)));
        let is_read_behind = !is_fresh || is_behind(scan.last_read(&name)) || scan.is_read_inside(&name);
        if changes || (is_read_behind && changes_there) {
            return Err(error(&value));
        }
        let text = match is_read_behind || scan.reads_in(&name, end) != 1 {
            true => format!("{}.clone()", value.at(Strength::Whole)),
            false => value.text.clone(),
        };
        Ok(Value::temporary(text, value.of))
    }

    /// Whether a variable of this block is not read behind the statement.
    fn is_not_read_behind(&self, rust_name: &str) -> bool {
        let Some(name) = self.scopes.python_name(rust_name) else { return false };
        let end = self.statement_end;
        let is_fresh = self.scopes.is_local(&name) && !name.contains('.');
        is_fresh
            && self.scan().last_read(&name).is_some_and(|at| at < end)
            && !self.scan().is_read_inside(&name)
            && self.scan().reads_in(&name, end) == 1
    }

    fn is_read_once(&self, rust_name: &str) -> bool {
        self.scopes.python_name(rust_name).is_some_and(|name| self.scan().reads(&name) == 1)
    }
}
