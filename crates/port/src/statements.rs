//! Statements.

use crate::classes::Kind;
use crate::program::{Program, names_in};
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, Expr, Operator, Stmt, StmtAssign, StmtAugAssign, StmtIf};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// The statements of a block. Each that cannot be ported becomes a gap, and what it would have assigned is missing from there on.
    pub(crate) fn block(&mut self, statements: &'a [Stmt]) {
        let outer = (self.statement_end, self.assigns_at);
        for statement in statements {
            let range = statement.range();
            if self.is_over {
                self.last_of(range);
                continue;
            }
            self.comments_before(self.source.line(range.start()));
            let written = self.body.len();
            self.statement_end = range.end();
            self.assigns_at = if is_block(statement) { range.start() } else { range.end() };
            let shared = self.enter_sharing(statement);
            let written_statement = self.check_changes(statement).and_then(|()| self.statement(statement));
            match shared {
                Some(before) => self.leave_sharing(before),
                None => self.note_sharing(statement),
            }
            if let Err(missing) = written_statement {
                self.body.truncate(written);
                let line = self.gap(range, &missing);
                if matches!(statement, Stmt::Return(_)) {
                    self.lost_return = Some(line);
                }
                if !matches!(statement, Stmt::Assign(_)) {
                    for code in self.source.text(range).lines() {
                        self.line(format!("// {}", code).trim_end());
                    }
                }
                self.last_of(range);
                self.declare_up_to(statement, range.start());
                if self.gap_with_values(statement, line, &missing) {
                    continue;
                }
                // What is not ported is declared as well.
                self.declare_up_to(statement, range.end());
                self.line(&format!("gap({line}, {:?})?;", missing.reason));
                for name in assigned_by(statement) {
                    self.scopes.rebind(&name, Binding::Missing(line));
                }
            } else if !is_block(statement) && self.body.len() > written {
                self.comments_of(range);
            } else {
                self.last_of(range);
            }
        }
        (self.statement_end, self.assigns_at) = outer;
    }

    /// Counts the variables that a statement assigns, as they are declared before this place.
    fn declare_up_to(&mut self, statement: &Stmt, place: ruff_text_size::TextSize) {
        for name in assigned_by(statement) {
            let count = self.scan().declared_before(&name, place);
            self.declared_again(&name, count);
        }
    }

    fn statement(&mut self, statement: &'a Stmt) -> Ported<()> {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let full = alias.name.to_string();
                    match &alias.asname {
                        Some(name) => self.scopes.bind(name.as_str(), Binding::Imported(full)),
                        None => {
                            let first = full.split('.').next().unwrap_or(&full).to_string();
                            self.scopes.bind(&first.clone(), Binding::Imported(first));
                        }
                    }
                }
                Ok(())
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                if import.level > 0 {
                    return Err(Missing::new("another file of the script's package")
                        .help("port that file too, and copy what is needed"));
                }
                for alias in &import.names {
                    if alias.name.as_str() == "*" {
                        self.import_all(module);
                        continue;
                    }
                    let (full, name) =
                        (format!("{module}.{}", alias.name), alias.asname.as_ref().unwrap_or(&alias.name));
                    // Names of Python 3 for Python 2, and what means nothing in Rust.
                    if !matches!(module, "__future__" | "six.moves" | "builtins") {
                        self.scopes.bind(name.as_str(), Binding::Imported(full));
                    }
                }
                Ok(())
            }
            Stmt::Assign(assign) => self.assignment(assign),
            Stmt::AnnAssign(assign) => match &assign.value {
                Some(value) => {
                    let value = self.expression(value)?;
                    self.assign(&assign.target, value)
                }
                None => Ok(()),
            },
            Stmt::AugAssign(assign) => self.augmented(assign),
            Stmt::Expr(expression) => self.expression_statement(&expression.value),
            Stmt::If(branches) => self.branches(branches),
            Stmt::For(each) => self.for_loop(each),
            Stmt::While(each) if each.orelse.is_empty() => {
                let is_outermost = self.begin_loop();
                self.find_maybe(&each.body);
                let hoisted = self.hoisted(&each.body, each.range.end(), true);
                let test = self.condition(&each.test);
                if let Ok(test) = &test {
                    self.line(&if test == "true" { "loop {".to_string() } else { format!("while {test} {{") });
                    self.nested(&each.body);
                    self.line("}");
                }
                self.end_loop(is_outermost);
                test?;
                self.settle(&hoisted);
                Ok(())
            }
            Stmt::FunctionDef(function) => {
                if !function.decorator_list.is_empty() {
                    let decorated = function.decorator_list.iter().all(|decorator| {
                        self.path_of(&decorator.expression).is_some_and(|path| path == "tensorflow.function")
                    });
                    if !decorated {
                        return Err(Missing::new("a decorated function"));
                    }
                }
                self.define(function);
                Ok(())
            }
            Stmt::Return(value) if self.is_in_step() && value.value.is_some() => {
                let value = value.value.as_deref().ok_or_else(|| Missing::new("a step that returns nothing"))?;
                self.return_logs(value)
            }
            Stmt::Return(value) => {
                let value = match &value.value {
                    // A function of tensors, such as a loss.
                    Some(function) if self.function_named(function).is_some() => self.returned_function(function)?,
                    Some(value) => self.expression(value)?,
                    None if self.end_generator() => return Ok(()),
                    None => Value::constant("()", Type::None),
                };
                self.returned(&value)
            }
            Stmt::Break(_) => {
                self.line("break;");
                Ok(())
            }
            Stmt::Continue(_) => {
                self.line("continue;");
                Ok(())
            }
            Stmt::Pass(_) => Ok(()),
            Stmt::Delete(delete) => self.delete(delete),
            Stmt::Assert(assert) => self.assertion(assert),
            Stmt::Raise(raise) => self.raise(raise),
            Stmt::ClassDef(class) => self.define_class(class),
            Stmt::Global(_) => Err(Missing::new("global").help("pass the value, and return the new one")),
            Stmt::With(with) => match self.with_tape(with)? {
                true => Ok(()),
                false if self.with_open(with)? || self.with_arrays(with)? => Ok(()),
                false => Err(Missing::new("with")),
            },
            Stmt::Try(attempt) => self.attempt(attempt),
            _ => Err(Missing::new("this kind of statement")),
        }
    }

    /// `from keras.layers import *`
    fn import_all(&mut self, module: &str) {
        let of_keras = crate::names::of_keras(module);
        for name in crate::api::names_in(&of_keras) {
            self.scopes.bind(name, Binding::Imported(format!("{of_keras}.{name}")));
        }
    }

    fn assignment(&mut self, assign: &'a StmtAssign) -> Ported<()> {
        if let ([Expr::Name(name)], Expr::Lambda(lambda)) = (&assign.targets[..], &*assign.value) {
            self.define_lambda(&name.id, lambda);
            return Ok(());
        }
        if self.assigned_axes(assign)? {
            return Ok(());
        }
        if let ([Expr::Name(name)], Expr::Call(call)) = (&assign.targets[..], &*assign.value)
            && self.open_to_write(&name.id, call)?
        {
            return Ok(());
        }
        if let [Expr::Name(name)] = &assign.targets[..]
            && self.is_iterator(&assign.value)
            && self.scan().whole_reads(&name.id) > 1
        {
            return Err(Missing::new("an iterator that is read several times").help("make a list of it"));
        }
        if let [target] = &assign.targets[..] {
            if self.note_partial(target, &assign.value) {
                return Ok(());
            }
            if self.note_table(target, &assign.value) {
                return Ok(());
            }
            self.note_special(target, &assign.value);
            self.note_input_of_list(target, &assign.value)?;
            if let Some(made) = self.with_adapted_layer(target, &assign.value)? {
                let value = self.expression(made)?;
                return self.assign(target, value);
            }
        }
        // Another name for a class, function or module of Keras.
        if let ([Expr::Name(name)], Expr::Attribute(_) | Expr::Name(_)) = (&assign.targets[..], &*assign.value)
            && let Some(path) = self.path_of(&assign.value)
            && (self.is_module(&path) || (path.starts_with("keras.") && crate::api::signature(&path).is_some()))
        {
            self.scopes.bind(&name.id, Binding::Imported(path));
            return Ok(());
        }
        if let ([Expr::Name(name)], Expr::List(list)) = (&assign.targets[..], &*assign.value)
            && self.scan().is_assigned_once(&name.id)
            && self.scan().reads(&name.id) == 1
            && !list.elts.is_empty()
            && list.elts.iter().all(|element| self.is_callback_object(element))
        {
            self.lists.insert(name.id.to_string(), list);
            return Ok(());
        }
        if let ([Expr::Name(name)], Expr::Dict(dict)) = (&assign.targets[..], &*assign.value)
            && self.scan().is_assigned_once(&name.id)
            && !dict.items.is_empty()
            && crate::unrolled::is_literal(self, &assign.value)
        {
            let written = self.body.len();
            let value = self.dict(dict);
            if value.is_err() && self.scan().is_for_json(&name.id) {
                self.body.truncate(written);
                return self.bind_json(&name.id, dict);
            }
            let is_data = matches!(&value, Ok(Value { of: Type::Dict(_, of), .. }) if of.is_array());
            if value.is_err() || is_data {
                self.body.truncate(written);
                self.literals.insert(name.id.to_string(), dict);
                return Ok(());
            }
        }
        if let ([Expr::Name(name)], Expr::Dict(dict)) = (&assign.targets[..], &*assign.value)
            && self.scan().is_for_json(&name.id)
            && !dict.items.is_empty()
        {
            let written = self.body.len();
            if self.dict(dict).is_err() {
                self.body.truncate(written);
                return self.bind_json(&name.id, dict);
            }
            self.body.truncate(written);
        }
        if let ([Expr::Name(name)], Expr::NumberLiteral(_)) = (&assign.targets[..], &*assign.value)
            && self.scan().is_assigned_once(&name.id)
        {
            self.not_negative.insert(name.id.to_string());
        }
        if let [Expr::Name(name)] = &assign.targets[..] {
            self.integers.remove(name.id.as_str());
            if let Some(integer) = self.integer(&assign.value)
                && self.scans.len() == 1
                && self.scan().is_assigned_once(&name.id)
            {
                self.integers.insert(name.id.to_string(), integer);
            }
        }
        if let [Expr::Name(name)] = &assign.targets[..]
            && let Some(array) = self.mutable_array(&name.id, &assign.value)?
        {
            return self.bind(&name.id, array);
        }
        let [target] = &assign.targets[..] else {
            let value = self.expression(&assign.value)?;
            if !value.of.is_copy() {
                return Err(Missing::new("several targets of one value").help("assign them one by one"));
            }
            return assign.targets.iter().try_for_each(|target| self.assign(target, value.clone()));
        };
        if let (Expr::Name(name), true) = (target, self.depth == 1 && self.scans.len() == 1)
            && let Some(rust_name) = self.name_of_constant(&name.id)
            && self.scan().is_assigned_once(&name.id)
        {
            let value = self.expression(&assign.value)?;
            if let (true, Some(of)) = (
                crate::module_constants::is_constant_value(&value),
                value.of.in_rust().filter(|_| value.of.is_copy() && value.items.is_none()),
            ) {
                let of = of.replace("&'static ", "&");
                if let Expr::StringLiteral(text) = &*assign.value {
                    self.constant_texts.insert(rust_name.clone(), text.value.to_str().to_string());
                }
                self.constant(format!("const {rust_name}: {of} = {};", value.text));
                let variable = Variable { rust_name, of: value.of, form: Form::Place, is_pending: false };
                self.scopes.bind(&name.id, Binding::Variable(variable));
                return Ok(());
            }
            return self.bind(&name.id, value);
        }
        if let Expr::Name(name) = target
            && self.scan().is_item_assigned(&name.id)
        {
            let value = self.expression(&assign.value)?;
            let value = self.changeable(value)?;
            return self.bind(&name.id, value);
        }
        if let Expr::Attribute(attribute) = target
            && let Some(array) = self.mutable_array(&format!("self.{}", attribute.attr), &assign.value)?
        {
            return self.assign(target, array);
        }
        if let Expr::Attribute(attribute) = target
            && self.scan().is_item_assigned(&format!("self.{}", attribute.attr))
        {
            let value = self.expression(&assign.value)?;
            let value = self.changeable(value)?;
            return self.assign(target, value);
        }
        // A function that an object keeps is known when the program is written.
        if target.is_attribute_expr()
            && let Some(number) = self.function_named(&assign.value)
        {
            return self.assign(target, Value::constant("()", Type::Function(number)));
        }
        self.graphs.target = target.as_name_expr().map(|name| name.id.to_string());
        self.wanted_outputs = match target {
            Expr::Tuple(tuple) => Some((tuple.elts.len(), assign.value.range())),
            // What is only read as `scores[0]` is a list.
            Expr::Name(name) if is_evaluation(&assign.value) && self.scan().is_read_by_elements(&name.id) => {
                Some((1, assign.value.range()))
            }
            _ => None,
        };
        self.may_be_negative =
            assign.value.is_list_comp_expr() && matches!(target, Expr::Name(name) if !self.scan().is_size(&name.id));
        let value = self.expression(&assign.value);
        (self.wanted_outputs, self.graphs.target) = (None, None);
        self.assign(target, value?)
    }

    /// Whether a path is that of a module: `layers = keras.layers`.
    fn is_module(&self, path: &str) -> bool {
        let is_of_keras = path == "keras" || crate::api::names_in(path).next().is_some();
        is_of_keras
            || path.starts_with("keras.datasets.")
            || matches!(path, "numpy.random" | "numpy.linalg" | "os.path")
    }

    /// Whether a value is an iterator, which is read once.
    fn is_iterator(&self, value: &Expr) -> bool {
        match value {
            Expr::Generator(_) => true,
            Expr::Call(call) => {
                matches!(&*call.func, Expr::Name(name) if self.scopes.get(&name.id).is_none()
                    && matches!(name.id.as_str(), "map" | "filter" | "zip" | "enumerate" | "reversed" | "iter"))
            }
            _ => false,
        }
    }

    /// Whether an element of a list is a callback.
    fn is_callback_object(&self, element: &Expr) -> bool {
        match element {
            Expr::Call(call) => match &*call.func {
                Expr::Name(class) if matches!(self.scopes.get(&class.id), Some(Binding::Class(number)) if self.kind_of_class(number) == Kind::Callback) => {
                    true
                }
                class => self
                    .path_of(class)
                    .is_some_and(|path| path.starts_with("keras.callbacks.") || path.starts_with("keras.metrics.")),
            },
            Expr::Name(name) => match self.scopes.get(&name.id) {
                Some(Binding::Variable(variable)) => {
                    matches!(&variable.of, Type::Object(path) if path.starts_with("callbacks::"))
                        || self.kind_of(&variable.of) == Some(Kind::Callback)
                }
                _ => false,
            },
            _ => false,
        }
    }

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
                    Expr::StringLiteral(key) if crate::files::is_setting(key.value.to_str()) => Ok(()),
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
        if self.unpack_batch(target, &value.of)? {
            return Ok(());
        }
        if let Expr::Tuple(tuple) = target
            && self.unpack_sizes(&tuple.elts, &value)?
        {
            return Ok(());
        }
        // `a, b = None, 0`
        if let Some(items) = value.items.as_ref().filter(|items| items.iter().any(|item| item.of == Type::None)) {
            let targets = crate::iteration::elements_of(target);
            if targets.len() != items.len() || items.iter().any(|item| item.form != Form::Constant) {
                return Err(Missing::new("None among other values").help("assign them one by one"));
            }
            return targets.iter().zip(items.clone()).try_for_each(|(target, item)| self.assign(target, item));
        }
        let value = match (&value.of, crate::iteration::elements_of(target).len()) {
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
        self.line(&format!("let {pattern} = {};", value.text));
        for (name, of) in names {
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
        let targets = crate::iteration::elements_of(target);
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

    fn pattern(&mut self, target: &Expr, of: &Type, names: &mut Vec<(String, Type)>) -> Ported<String> {
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

    /// Whether what is assigned here is not read any more.
    fn is_never_read_behind(&self, name: &ruff_python_ast::ExprName) -> bool {
        let is_last = self.scan().last_read(&name.id).is_none_or(|at| at < name.range.start());
        self.depth == 1 && is_last && !self.scan().is_read_inside(&name.id)
    }

    /// Whether nothing behind this statement reads the name.
    fn was_read(&self, name: &str) -> bool {
        let is_last = self.scan().last_read(name).is_none_or(|at| at < self.assigns_at) && !name.contains('.');
        self.depth == 1 && is_last && !self.scan().is_read_inside(name) && !self.is_written_later(name)
    }

    /// Whether it is a variable of an outer block of the same function, which an assignment changes.
    fn is_outer(&self, name: &str) -> bool {
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
        // Another name for what Rust has under one already, or not at all.
        let is_of_tensor = matches!(value.of, Type::BatchSize | Type::BatchShape(_));
        if is_of_tensor || self.is_parser(&value.of) || crate::tables::is_alias(&value.of) {
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
        // A difference that is never a size may be negative.
        let value = match (value.below_zero(), self.scopes.get(name)) {
            (Some(below_zero), _) if !self.is_outer(name) && !self.scan().is_size(name) => below_zero.clone(),
            (None, _) if value.of == Type::Int && !self.is_outer(name) && self.scan().is_lowered(name) => {
                crate::expressions::signed(&value)
            }
            (None, Some(Binding::Variable(variable)))
                if self.is_outer(name) && variable.of == Type::Signed && value.of == Type::Int =>
            {
                crate::expressions::signed(&value)
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
        if value.of == Type::Ints && (is_written_out || crate::numpy_more::is_vector(&value.text)) {
            self.vectors.insert(name.to_string());
        } else {
            self.vectors.remove(name);
        }
        let value = self.as_used(value, self.is_next_mutated(name), self.scan().is_called(name));
        let is_alike = |of: &Type| *of == Type::None || *of == value.of || (of.is_array() && value.of.is_array());
        if self.is_outer(name)
            && let Some(Binding::Variable(variable)) = self.scopes.get(name)
            // Otherwise it is another variable from there on.
            && (is_alike(&variable.of) || !self.assigned_again.iter().any(|again| again == name))
        {
            if self.assign_maybe(&variable, value.clone())? {
                return Ok(());
            }
            let value = match (&variable.of, &value.of) {
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
            of if of.is_array() => changes && (self.changes_itself(name) || of_parameter),
            _ => changes,
        };
        let is_mutable = (changes && class.is_none_or(|number| self.changes_object(number))) || is_callback;
        let is_read = self.scan().reads(name) > 0 && !self.was_read(name);
        let declared = match (is_mutable, is_read) {
            (true, _) => format!("mut {rust_name}"),
            (false, true) => rust_name.clone(),
            (false, false) => format!("_{}", rust_name.trim_start_matches('_')),
        };
        // A list or tensor of a parameter, which a block changes or assigns anew.
        let is_lent = matches!(value.of, Type::List(_) | Type::Symbolic) || value.of.is_tensor();
        let is_part = value.form == Form::Slice || (value.form == Form::Reference && is_lent);
        let value = if is_part && is_mutable { self.own(value)? } else { value };
        let text = if value.form == Form::Slice { value.borrowed() } else { value.text.clone() };
        // Of literals alone Rust would make an i32, which may be negative.
        let is_of_names = text.chars().all(|c| c.is_alphanumeric() || " _-+*/%()".contains(c)) && !text.contains("as");
        match value.below_zero().is_some() && is_of_names {
            true => self.line(&format!("let {declared}: usize = {text};")),
            false => self.line(&format!("let {declared} = {text};")),
        }
        let form = if matches!(value.form, Form::Reference | Form::Slice) { Form::Reference } else { Form::Place };
        let variable = Variable { rust_name: rust_name.clone(), of: value.of, form, is_pending: false };
        self.scopes.bind(name, Binding::Variable(variable));
        if let Some(number) = class {
            self.bind_model_of(name, &rust_name, number, changes);
        }
        Ok(())
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
        let name = self.scopes.python_name(&value.text).ok_or_else(|| error(&value))?;
        let (scan, end) = (self.scan(), self.statement_end);
        let is_behind = |at: Option<ruff_text_size::TextSize>| at.is_some_and(|at| at > end);
        // Outside of loops, and in each round anew, what stands behind comes later.
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

    fn augmented(&mut self, assign: &'a StmtAugAssign) -> Ported<()> {
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
            let added = self.expression(&assign.value)?;
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
        let target = match target.text.split_once('[').filter(|(list, place)| place.contains(&format!("{list}.len()")))
        {
            Some((list, place)) => {
                self.line(&format!("let place = {};", place.trim_end_matches(']')));
                Value { text: format!("{list}[place]"), ..target }
            }
            None => target,
        };
        let right = self.expression(&assign.value)?;
        let right = if target.of == Type::Float { right.as_float() } else { Some(right.text) };
        self.line(&format!("{} {sign} {};", target.text, right.ok_or_else(|| Missing::new("these operands"))?));
        Ok(())
    }

    fn expression_statement(&mut self, expression: &'a Expr) -> Ported<()> {
        if let Expr::StringLiteral(text) = expression {
            for line in text.value.to_str().trim().lines() {
                self.line(format!("// {}", line.trim()).trim_end());
            }
            return Ok(());
        }
        if matches!(expression, Expr::Yield(_) | Expr::YieldFrom(_)) {
            return self.yielded(expression);
        }
        if self.compile_of_super(expression)? || crate::classes::is_call_of_super(expression) {
            return Ok(());
        }
        let value = self.expression(expression)?;
        match value.form {
            // It does nothing in Python either, but in a notebook it shows a value.
            Form::Constant if value.text == "()" => {}
            Form::Constant | Form::Place | Form::Reference | Form::Slice => {
                return Err(Missing::new("a value that is not used").help("print it, or leave it out"));
            }
            Form::Temporary => self.line(&format!("{};", value.text)),
        }
        Ok(())
    }
}

/// Whether no statement behind these is reached.
pub(crate) fn always_returns(statements: &[Stmt]) -> bool {
    statements.iter().any(|statement| match statement {
        Stmt::Return(_) | Stmt::Raise(_) => true,
        Stmt::If(branches) => {
            let clauses = &branches.elif_else_clauses;
            clauses.last().is_some_and(|last| last.test.is_none())
                && always_returns(&branches.body)
                && clauses.iter().all(|clause| always_returns(&clause.body))
        }
        Stmt::With(with) => always_returns(&with.body),
        Stmt::While(each) => {
            matches!(&*each.test, Expr::BooleanLiteral(literal) if literal.value)
                && !crate::unrolled::leaves(&each.body)
        }
        _ => false,
    })
}

fn is_block(statement: &Stmt) -> bool {
    matches!(
        statement,
        Stmt::If(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::With(_)
            | Stmt::Try(_)
    )
}

/// `if __name__ == "__main__":`
pub(crate) fn is_main(branches: &StmtIf) -> bool {
    let Expr::Compare(compare) = &*branches.test else { return false };
    let (Expr::Name(name), [CmpOp::Eq], [Expr::StringLiteral(main)]) =
        (&*compare.left, &*compare.ops, &*compare.comparators)
    else {
        return false;
    };
    name.id.as_str() == "__name__" && main.value.to_str() == "__main__" && branches.elif_else_clauses.is_empty()
}

/// The names that a statement assigns, also in its blocks.
pub(crate) fn assigned_by(statement: &Stmt) -> Vec<String> {
    let all = |body: &[Stmt]| body.iter().flat_map(assigned_by).collect::<Vec<_>>();
    match statement {
        Stmt::Assign(assign) => assign.targets.iter().flat_map(names_in).collect(),
        Stmt::AnnAssign(assign) => names_in(&assign.target),
        Stmt::AugAssign(assign) => names_in(&assign.target),
        Stmt::FunctionDef(function) => vec![function.name.to_string()],
        Stmt::ClassDef(class) => vec![class.name.to_string()],
        Stmt::For(each) => [names_in(&each.target), all(&each.body)].concat(),
        Stmt::While(each) => all(&each.body),
        Stmt::With(with) => {
            let targets = with.items.iter().filter_map(|item| item.optional_vars.as_deref()).flat_map(names_in);
            targets.chain(all(&with.body)).collect()
        }
        Stmt::If(branches) => {
            let others = branches.elif_else_clauses.iter().flat_map(|clause| all(&clause.body));
            all(&branches.body).into_iter().chain(others).collect()
        }
        Stmt::Try(attempt) => all(&attempt.body),
        Stmt::Import(import) => {
            import.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).to_string()).collect()
        }
        Stmt::ImportFrom(import) => {
            import.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).to_string()).collect()
        }
        _ => Vec::new(),
    }
}

/// `model.evaluate(...)`
fn is_evaluation(value: &Expr) -> bool {
    let evaluates = |name: &str| matches!(name, "evaluate" | "train_on_batch" | "test_on_batch");
    matches!(value, Expr::Call(call)
        if matches!(&*call.func, Expr::Attribute(attribute) if evaluates(attribute.attr.as_str())))
}
