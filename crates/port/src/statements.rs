//! Statements.

use crate::classes::Kind;
use crate::names::is_constant;
use crate::program::{Program, names_in};
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, ElifElseClause, Expr, Operator, Stmt, StmtAssign, StmtAugAssign, StmtFor, StmtIf};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// The statements of a block. Each that cannot be ported becomes a gap, and what it would have assigned is missing from there on.
    pub(crate) fn block(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            let range = statement.range();
            if self.is_over {
                self.last_of(range);
                continue;
            }
            self.comments_before(self.source.line(range.start()));
            let written = self.body.len();
            if let Err(missing) = self.statement(statement) {
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
                if self.gap_with_values(statement, line, &missing) {
                    continue;
                }
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
    }

    /// A statement that cannot be ported, but whose uses say what it assigns: a function that returns an error, to be filled in.
    fn gap_with_values(&mut self, statement: &'a Stmt, line: usize, missing: &Missing) -> bool {
        let code: Vec<&str> = self.source.text(statement.range()).lines().collect();
        let known = self.values_of_gap(statement);
        let Some((names, types)) = known else {
            if matches!(statement, Stmt::Assign(_)) {
                for code in code {
                    self.line(format!("// {code}").trim_end());
                }
            }
            return false;
        };
        let read = self.read_by(statement);
        let (mut parameters, mut arguments) = (Vec::new(), Vec::new());
        for name in read {
            let Some(Binding::Variable(variable)) = self.scopes.get(&name) else { continue };
            let of = self.resolved(&variable.of);
            if variable.is_pending || of.in_rust().is_none() || of == Type::None || is_constant(&variable.rust_name) {
                continue;
            }
            let value = Value::new(variable.rust_name.clone(), of.clone(), Strength::Whole, variable.form);
            parameters.push(self.declared(&variable.rust_name, &of, false));
            arguments.push(if of.is_copy() { value.text } else { value.borrowed() });
        }
        let in_rust: Vec<String> = types.iter().filter_map(Type::in_rust).collect();
        types.iter().for_each(|of| self.import_type(of));
        let returns = if in_rust.len() == 1 { in_rust[0].clone() } else { format!("({})", in_rust.join(", ")) };
        let comment: Vec<String> = code.iter().map(|code| format!("//     {}", code.trim_end())).collect();
        let function = format!("line_{line}");
        let allow = if parameters.is_empty() { "" } else { "#[allow(unused_variables)]\n" };
        self.item(
            line,
            format!(
                "// To be written by hand: {}.\n{}\n{allow}fn {function}({}) -> Result<{returns}> {{\n    Err(Error::new({:?}))\n}}\n",
                missing.reason,
                comment.join("\n"),
                parameters.join(", "),
                format!("line {line} of {} is not ported: {}", self.file(), missing.reason)
            ),
        );
        let of = if types.len() == 1 { types[0].clone() } else { Type::Tuple(types) };
        let value = Value::temporary(format!("{function}({})?", arguments.join(", ")), of);
        let Stmt::Assign(assign) = statement else { return false };
        // What fails here was known to fail.
        let written = self.body.len();
        let assigned = assign.targets.iter().try_for_each(|target| self.assign(target, value.clone()));
        if assigned.is_err() {
            self.body.truncate(written);
            for code in code {
                self.line(format!("// {code}").trim_end());
            }
            return false;
        }
        for name in names {
            self.guessed.insert(name);
        }
        true
    }

    /// The names that a statement assigns, and what their uses say of them.
    fn values_of_gap(&mut self, statement: &Stmt) -> Option<(Vec<String>, Vec<Type>)> {
        let Stmt::Assign(assign) = statement else { return None };
        let [target] = &assign.targets[..] else { return None };
        let names = match target {
            Expr::Name(name) => vec![name.id.to_string()],
            Expr::Tuple(tuple) if tuple.elts.iter().all(Expr::is_name_expr) => names_in(target),
            _ => return None,
        };
        let types = names.iter().map(|name| match self.scan().reads(name) {
            // It is not used.
            0 => Some(Type::None),
            _ => self.evidence.type_of(name),
        });
        let types: Vec<Type> = types.collect::<Option<_>>()?;
        if types.iter().all(|of| *of == Type::None) {
            return None;
        }
        Some((names, types))
    }

    /// The names that a statement reads, each once.
    fn read_by(&self, statement: &Stmt) -> Vec<String> {
        let scan = crate::scan::Scan::of(std::slice::from_ref(statement), &self.changing);
        let mut names: Vec<String> = scan.all_read().map(str::to_string).collect();
        names.sort();
        names
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
                let hoisted = self.hoisted(&each.body, each.range.end(), true);
                let test = self.condition(&each.test)?;
                self.line(&format!("while {test} {{"));
                self.nested(&each.body);
                self.line("}");
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
            Stmt::Return(value) => {
                let value = match &value.value {
                    // A function of tensors, such as a loss.
                    Some(function) if self.function_named(function).is_some() => self.returned_function(function)?,
                    Some(value) => self.expression(value)?,
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
            Stmt::Assert(assert) => {
                let test = self.condition(&assert.test)?;
                self.line(&format!("assert!({test});"));
                Ok(())
            }
            Stmt::ClassDef(class) => self.define_class(class),
            Stmt::Global(_) => Err(Missing::new("global").help("pass the value, and return the new one")),
            Stmt::With(with) => match self.with_tape(with)? {
                true => Ok(()),
                false if self.with_open(with)? => Ok(()),
                false => Err(Missing::new("with")),
            },
            // Imports of one version or another.
            Stmt::Try(attempt) if attempt.body.iter().all(|one| matches!(one, Stmt::Import(_) | Stmt::ImportFrom(_))) => {
                attempt.body.iter().try_for_each(|one| self.statement(one))
            }
            Stmt::Try(_) => Err(Missing::new("try").help("errors end the program: leave the handlers out")),
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
        // Another name for a class or function of Keras.
        if let ([Expr::Name(name)], Expr::Attribute(_) | Expr::Name(_)) = (&assign.targets[..], &*assign.value)
            && let Some(path) = self.path_of(&assign.value)
            && path.starts_with("keras.")
            && crate::api::signature(&path).is_some()
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
            let is_data = matches!(&value, Ok(Value { of: Type::Dict(_, of), .. }) if of.is_array());
            if value.is_err() || is_data {
                self.body.truncate(written);
                self.literals.insert(name.id.to_string(), dict);
                return Ok(());
            }
        }
        if let ([Expr::Name(name)], Expr::NumberLiteral(_)) = (&assign.targets[..], &*assign.value)
            && self.scan().is_assigned_once(&name.id)
        {
            self.not_negative.insert(name.id.to_string());
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
            && is_constant(&name.id)
            && self.scan().is_assigned_once(&name.id)
        {
            let value = self.expression(&assign.value)?;
            if let (Form::Constant, Some(of)) =
                (value.form, value.of.in_rust().filter(|_| value.of.is_copy() && value.items.is_none()))
            {
                let of = of.replace("&'static ", "&");
                self.constant(format!("const {}: {of} = {};", name.id, value.text));
                let variable =
                    Variable { rust_name: name.id.to_string(), of: value.of, form: Form::Place, is_pending: false };
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
        self.wanted_outputs = match target {
            Expr::Tuple(tuple) => Some(tuple.elts.len()),
            _ => None,
        };
        let value = self.expression(&assign.value);
        self.wanted_outputs = None;
        self.assign(target, value?)
    }

    /// Whether an element of a list is a callback.
    fn is_callback_object(&self, element: &Expr) -> bool {
        match element {
            Expr::Call(call) => self
                .path_of(&call.func)
                .is_some_and(|path| path.starts_with("keras.callbacks.") || path.starts_with("keras.metrics.")),
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

    fn assign(&mut self, target: &'a Expr, value: Value) -> Ported<()> {
        match target {
            Expr::Name(name) => self.bind(&name.id, value),
            Expr::Tuple(_) | Expr::List(_) => self.unpack(target, value),
            Expr::Attribute(attribute) => {
                let of = self.expression(&attribute.value)?;
                if matches!(of.of, Type::Instance(_)) {
                    return self.assign_field(&of, attribute.attr.as_str(), value);
                }
                if matches!(of.of, Type::Model(_)) && attribute.attr.as_str() == "stop_training" && value.of == Type::Bool {
                    self.line(&format!("{}.stop_training = {};", of.at(Strength::Whole), value.text));
                    return Ok(());
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
                let of = self.expression(&subscript.value)?;
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
        let value = match (&value.of, crate::iteration::elements_of(target).len()) {
            // `a, b = pair`, of a list.
            (Type::List(of), count) if value.items.is_none() && !matches!(**of, Type::Unknown(_)) => {
                let of = (**of).clone();
                let list = match value.form {
                    Form::Temporary => {
                        self.line(&format!("let parts = {};", value.text));
                        "parts".to_string()
                    }
                    _ => value.at(Strength::Whole),
                };
                let texts: Vec<_> = (0..count)
                    .map(|i| if of.is_copy() { format!("{list}[{i}]") } else { format!("{list}[{i}].clone()") })
                    .collect();
                Value::temporary(format!("({})", texts.join(", ")), Type::Tuple(vec![of; count]))
            }
            _ => value,
        };
        let value = match &value.of {
            Type::Scores(names) if value.form == Form::Temporary => {
                let names = names.clone();
                self.line(&format!("let scores = {};", value.text));
                let numbers = names.iter().map(|name| format!("scores[{name:?}]")).collect::<Vec<_>>();
                let of = Type::Tuple(vec![Type::Float; names.len()]);
                Value::temporary(format!("({})", numbers.join(", ")), of)
            }
            _ => value,
        };
        let mut names = Vec::new();
        let pattern = self.pattern(target, &value.of, &mut names)?;
        if names.iter().any(|(name, _)| self.is_outer(name)) {
            return Err(
                Missing::new("an assignment to several variables of an outer block").help("assign them one by one")
            );
        }
        self.line(&format!("let {pattern} = {};", value.text));
        for (name, of) in names {
            let rust_name = self.rust_name(&name);
            self.scopes
                .bind(&name, Binding::Variable(Variable { rust_name, of, form: Form::Place, is_pending: false }));
        }
        Ok(())
    }

    fn pattern(&mut self, target: &Expr, of: &Type, names: &mut Vec<(String, Type)>) -> Ported<String> {
        match (target, of) {
            (Expr::Name(name), of) => {
                names.push((name.id.to_string(), of.clone()));
                let is_read = self.scan().reads(&name.id) > 0;
                let is_mutable = self.declare(&name.id);
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

    /// Whether it is a variable of an outer block of the same function, which an assignment changes.
    fn is_outer(&self, name: &str) -> bool {
        !self.scopes.is_local(name)
            && match self.scopes.get(name) {
                Some(Binding::Variable(variable)) => variable.is_pending || (self.depth > 1 && self.is_mutated(name)),
                _ => false,
            }
    }

    /// `name = value`
    pub(crate) fn bind(&mut self, name: &str, value: Value) -> Ported<()> {
        let is_collection = matches!(value.of, Type::List(_) | Type::Dict(..) | Type::Set(_));
        let is_unchanged = |program: &Self| {
            let base = program.scopes.python_name(&value.text);
            !program.is_next_mutated(name) && base.is_none_or(|base| !program.is_mutated(&base))
        };
        let value = match (&value.of, &value.items) {
            // Neither is changed, so that a clone is as good as another name.
            _ if is_collection && value.form == Form::Place && is_unchanged(self) => {
                Value::temporary(format!("{}.clone()", value.at(Strength::Whole)), value.of)
            }
            (Type::Tuple(_), Some(items)) if items.len() > 1 => self.own(value)?,
            _ => self.owned(value)?,
        };
        // A text that grows.
        let value = match value.of == Type::Str && self.is_next_mutated(name) && !self.is_outer(name) {
            true => Value::temporary(format!("{}.to_string()", value.text), Type::String),
            false => value,
        };
        // Python counts characters, Rust bytes.
        let value = match value.of.is_text() && self.scan().is_subscripted(name) {
            true => Value::temporary(
                format!("{}.chars().collect::<Vec<char>>()", value.at(Strength::Whole)),
                Type::List(Box::new(Type::Char)),
            ),
            false => value,
        };
        let value = self.as_used(value, self.is_next_mutated(name), self.scan().is_called(name));
        if self.is_outer(name)
            && let Some(Binding::Variable(variable)) = self.scopes.get(name)
        {
            let value = match (&variable.of, &value.of) {
                (Type::String, of) if of.is_text() => Value::temporary(self.owned_text(&value), Type::String),
                _ => value,
            };
            let is_alike = variable.of == value.of || (variable.of.is_array() && value.of.is_array());
            if variable.of != Type::None && !is_alike {
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
        let is_callback = self.kind_of(&value.of) == Some(Kind::Callback) && self.is_callback(name);
        let is_mutable = self.declare(name) || is_callback;
        let is_read = self.scan().reads(name) > 0;
        let declared = match (is_mutable, is_read) {
            (true, _) => format!("mut {rust_name}"),
            (false, true) => rust_name.clone(),
            (false, false) => format!("_{}", rust_name.trim_start_matches('_')),
        };
        let value = if value.form == Form::Slice && is_mutable { self.own(value)? } else { value };
        let text = if value.form == Form::Slice { value.borrowed() } else { value.text.clone() };
        self.line(&format!("let {declared} = {text};"));
        let form = if matches!(value.form, Form::Reference | Form::Slice) { Form::Reference } else { Form::Place };
        self.scopes.bind(name, Binding::Variable(Variable { rust_name, of: value.of, form, is_pending: false }));
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
            | Type::Dataset(..) => {
                let text = format!("{}.clone()", value.at(Strength::Whole));
                Ok(Value::temporary(text, value.of))
            }
            of => Err(Missing::new(format!("a second name for {}", of.described())).help("use the first name")),
        }
    }

    fn is_read_once(&self, rust_name: &str) -> bool {
        self.scopes.python_name(rust_name).is_some_and(|name| self.scan().reads(&name) == 1)
    }

    fn augmented(&mut self, assign: &'a StmtAugAssign) -> Ported<()> {
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
        if let (Type::Mutable { .. }, Expr::Name(name)) = (&target.of, &*assign.target)
            && self.scopes.is_local(&name.id)
        {
            return self.bind(&name.id, value);
        }
        if target.of != value.of {
            return Err(Missing::new(format!("{} becomes {} here", target.of.described(), value.of.described())));
        }
        // An entry of a dict is looked up for that.
        let is_place = matches!(target.form, Form::Place) || (target.form == Form::Reference && target.of.is_array());
        let is_entry = matches!(&*assign.target, Expr::Subscript(subscript)
            if matches!(self.expression(&subscript.value)?.of, Type::Dict(..) | Type::Mutable { .. }));
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
        if crate::classes::is_call_of_super(expression) {
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

    /// Whether a value is true, as an expression of Rust.
    pub(crate) fn condition(&mut self, test: &'a Expr) -> Ported<String> {
        let value = self.expression(test)?;
        match value.of {
            Type::Bool => Ok(value.text),
            _ => self.truth(&value),
        }
    }

    /// Whether Python takes a value for true.
    pub(crate) fn truth(&mut self, value: &Value) -> Ported<String> {
        Ok(match &value.of {
            Type::None => "false".into(),
            Type::Bool => value.at(Strength::Comparison),
            Type::Int | Type::Signed => format!("{} != 0", value.at(Strength::Sum)),
            Type::Float => format!("{} != 0.0", value.at(Strength::Sum)),
            Type::List(_) | Type::String | Type::Str | Type::Dict(..) | Type::Set(_) => {
                format!("!{}.is_empty()", value.at(Strength::Whole))
            }
            // More than one element is an error in Python as well.
            of if of.is_array() => {
                format!("{}.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0", value.at(Strength::Whole))
            }
            // An object.
            Type::Layer(_) | Type::Model(_) | Type::Instance(_) | Type::Object(_) => "true".into(),
            of => return Err(Missing::new(format!("{} as a condition", of.described()))),
        })
    }

    fn branches(&mut self, branches: &'a StmtIf) -> Ported<()> {
        if is_main(branches) {
            self.last_line_is(self.source.line(branches.test.range().end()));
            self.block(&branches.body);
            return Ok(());
        }
        if self.if_there(branches)? {
            return Ok(());
        }
        let test = self.condition(&branches.test)?;
        match test.as_str() {
            "true" => {
                self.last_line_is(self.source.line(branches.test.range().end()));
                self.block(&branches.body);
                self.is_over = self.is_over || always_returns(&branches.body);
                return Ok(());
            }
            "false" => return self.other_branches(&branches.elif_else_clauses),
            _ => {}
        }
        let pending = self.assigned_in_each(branches);
        for name in &pending {
            let rust_name = self.rust_name(name);
            self.line(&format!("let {rust_name};"));
            self.scopes.bind(
                name,
                Binding::Variable(Variable { rust_name, of: Type::None, form: Form::Place, is_pending: true }),
            );
        }
        self.line(&format!("if {test} {{"));
        self.nested(&branches.body);
        for clause in &branches.elif_else_clauses {
            match &clause.test {
                Some(test) => {
                    let test = self.condition(test)?;
                    self.line(&format!("}} else if {test} {{"));
                }
                None => self.line("} else {"),
            }
            self.nested(&clause.body);
        }
        self.line("}");
        for name in &pending {
            if let Some(Binding::Variable(variable)) = self.scopes.get(name) {
                self.scopes.rebind(name, Binding::Variable(Variable { is_pending: false, ..variable }));
            }
        }
        Ok(())
    }

    /// `if x is not None:` of what a dict may have: `if let Some(x) = x`.
    fn if_there(&mut self, branches: &'a StmtIf) -> Ported<bool> {
        let Expr::Compare(compare) = &*branches.test else { return Ok(false) };
        let (Expr::Name(name), [CmpOp::IsNot], [Expr::NoneLiteral(_)]) =
            (&*compare.left, &*compare.ops, &*compare.comparators)
        else {
            return Ok(false);
        };
        let Some(Binding::Variable(variable)) = self.scopes.get(&name.id) else { return Ok(false) };
        let Type::Option(of) = self.resolved(&variable.of) else { return Ok(false) };
        let rust_name = variable.rust_name.clone();
        self.line(&format!("if let Some({rust_name}) = {rust_name} {{"));
        self.scopes.enter();
        let form = Form::Reference;
        self.scopes.bind(&name.id, Binding::Variable(Variable { of: *of, form, ..variable }));
        self.depth += 1;
        self.block(&branches.body);
        self.depth -= 1;
        self.scopes.leave_block(self.source.line(branches.range.end()));
        match &branches.elif_else_clauses[..] {
            [] => {}
            [clause] if clause.test.is_none() => {
                self.line("} else {");
                self.nested(&clause.body);
            }
            _ => return Err(Missing::new("elif behind a value that may be None")),
        }
        self.line("}");
        Ok(true)
    }

    /// The branches behind one that is never taken.
    fn other_branches(&mut self, clauses: &'a [ElifElseClause]) -> Ported<()> {
        let Some((first, rest)) = clauses.split_first() else { return Ok(()) };
        let test = match &first.test {
            Some(test) => self.condition(test)?,
            None => "true".into(),
        };
        match (test.as_str(), rest) {
            ("true", _) => {
                self.last_line_is(self.source.line(first.range.start()));
                self.block(&first.body);
                self.is_over = self.is_over || always_returns(&first.body);
                Ok(())
            }
            ("false", rest) => self.other_branches(rest),
            (test, []) => {
                self.line(&format!("if {test} {{"));
                self.nested(&first.body);
                self.line("}");
                Ok(())
            }
            _ => Err(Missing::new("elif behind a branch that is never taken")),
        }
    }

    /// The names that each branch assigns, and nothing before.
    fn assigned_in_each(&self, branches: &StmtIf) -> Vec<String> {
        if branches.elif_else_clauses.last().is_none_or(|last| last.test.is_some()) {
            return Vec::new();
        }
        let of = |body: &[Stmt]| body.iter().flat_map(assigned_by).collect::<Vec<_>>();
        let others: Vec<_> = branches.elif_else_clauses.iter().map(|clause| of(&clause.body)).collect();
        let mut names = of(&branches.body);
        let is_new = |name: &str| matches!(self.scopes.get(name), None | Some(Binding::Inner(_) | Binding::Outside(_)));
        names.retain(|name| is_new(name) && others.iter().all(|other| other.contains(name)));
        names.dedup();
        names
    }

    fn for_loop(&mut self, each: &'a StmtFor) -> Ported<()> {
        if !each.orelse.is_empty() {
            return Err(Missing::new("else of a loop"));
        }
        if self.loop_over_dataset(each)? {
            return Ok(());
        }
        let written = self.body.len();
        let over = match self.iteration(&each.iter) {
            Ok(over) => over,
            Err(missing) => {
                self.body.truncate(written);
                return match self.unrolled(each)? {
                    true => Ok(()),
                    false => Err(missing),
                };
            }
        };
        self.scopes.enter();
        let pattern = match self.element_pattern(&each.target, &over.element) {
            Ok(pattern) => pattern,
            Err(missing) => {
                self.scopes.leave();
                return Err(missing);
            }
        };
        let hoisted = self.hoisted(&each.body, each.range.end(), false);
        self.line(&format!("for {pattern} in {} {{", over.over));
        self.depth += 1;
        let is_over = self.is_over;
        self.block(&each.body);
        self.is_over = is_over;
        self.depth -= 1;
        self.scopes.leave_block(self.source.line(each.range.end()));
        self.line("}");
        self.settle(&hoisted);
        Ok(())
    }

    /// Declares the variables that a loop assigns first, and that are read behind it. A loop that runs never is an error in Python.
    fn hoisted(&mut self, body: &'a [Stmt], end: ruff_text_size::TextSize, is_outside: bool) -> Vec<String> {
        let is_new = |program: &Self, name: &str| {
            matches!(program.scopes.get(name), None | Some(Binding::Inner(_) | Binding::Outside(_)))
                && program.scan().last_read(name).is_some_and(|at| at > end)
        };
        let names: Vec<String> = body.iter().flat_map(assigned_by).filter(|name| is_new(self, name)).collect();
        if names.is_empty() {
            return Vec::new();
        }
        // What they are is known when the body has been written.
        let tried = self.types_after(body, &names);
        let mut hoisted = Vec::new();
        for (name, of) in names.into_iter().zip(tried) {
            let start = match of {
                Some(Type::Float) => "0.0",
                Some(Type::Int | Type::Signed) => "0",
                Some(Type::Bool) => "false",
                Some(Type::Str) => "\"\"",
                Some(Type::String) => "String::new()",
                Some(ref of) if of.is_array() => "Tensor::new(0f32, &Device::Cpu)?",
                _ => continue,
            };
            if hoisted.contains(&name) {
                continue;
            }
            let Some(of) = of else { continue };
            let rust_name = self.rust_name(&name);
            self.declare(&name);
            let in_rust = of.in_rust().unwrap_or_default();
            self.line(&format!("let mut {rust_name}: {in_rust} = {start};").replace("&'static ", "&"));
            let variable = Variable { rust_name, of, form: Form::Place, is_pending: true };
            match is_outside {
                true => self.scopes.bind(&name, Binding::Variable(variable)),
                false => self.scopes.bind_outside(&name, Binding::Variable(variable)),
            }
            hoisted.push(name);
        }
        hoisted
    }

    /// The types of names behind statements, which are written for that and forgotten.
    fn types_after(&mut self, body: &'a [Stmt], names: &[String]) -> Vec<Option<Type>> {
        let (written, noted, declared) = (self.body.len(), self.noted(), self.declared_so_far());
        self.scopes.enter();
        self.depth += 1;
        self.block(body);
        self.depth -= 1;
        let types = names.iter().map(|name| match self.scopes.get(name) {
            Some(Binding::Variable(variable)) => Some(self.resolved(&variable.of)),
            _ => None,
        });
        let types = types.collect();
        self.scopes.leave();
        self.body.truncate(written);
        self.forget(noted);
        self.declare_again(declared);
        types
    }

    /// Hoisted variables are ones like others behind their loop.
    fn settle(&mut self, hoisted: &[String]) {
        for name in hoisted {
            if let Some(Binding::Variable(variable)) = self.scopes.get(name) {
                self.scopes.rebind(name, Binding::Variable(Variable { is_pending: false, ..variable }));
            }
        }
    }

    /// `for x, y in dataset:` and `for step, (x, y) in enumerate(dataset):`
    fn loop_over_dataset(&mut self, each: &'a StmtFor) -> Ported<bool> {
        let (over, counter, target) = match (&*each.iter, &*each.target) {
            (Expr::Call(call), Expr::Tuple(pair))
                if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "enumerate")
                    && call.arguments.args.len() == 1
                    && pair.elts.len() == 2 =>
            {
                (&call.arguments.args[0], Some(&pair.elts[0]), &pair.elts[1])
            }
            (over, target) => (over, None, target),
        };
        let is_dataset = |program: &mut Self| program.expression(over).ok().filter(|value| matches!(value.of, Type::Dataset(..)));
        let written = self.body.len();
        let Some(dataset) = is_dataset(self) else {
            self.body.truncate(written);
            return Ok(false);
        };
        let Type::Dataset(x, y) = &dataset.of else { return Ok(false) };
        let parts = crate::datasets::Parts::new(x, y);
        let whole = dataset.at(Strength::Whole);
        let hoisted = self.hoisted_in_dataset(each, target, &parts);
        self.scopes.enter();
        match counter {
            Some(counter) => {
                let element = crate::iteration::Element::One(Type::Int, Form::Place);
                let pattern = match self.element_pattern(counter, &element) {
                    Ok(pattern) => pattern,
                    Err(missing) => {
                        self.scopes.leave();
                        return Err(missing);
                    }
                };
                self.line(&format!("for ({pattern}, batch) in {whole}.iter()?.enumerate() {{"));
            }
            None => self.line(&format!("for batch in {whole}.iter()? {{")),
        }
        self.depth += 1;
        self.line("let batch = batch?;");
        let bound = self.bind_batch(target, &parts);
        if bound.is_ok() {
            self.block(&each.body);
        }
        self.depth -= 1;
        self.scopes.leave_block(self.source.line(each.range.end()));
        bound?;
        self.line("}");
        self.settle(&hoisted);
        Ok(true)
    }

    /// As [`hoisted`](Self::hoisted), with the variables of a batch.
    fn hoisted_in_dataset(&mut self, each: &'a StmtFor, target: &'a Expr, parts: &crate::datasets::Parts) -> Vec<String> {
        let written = self.body.len();
        self.scopes.enter();
        let bound = self.bind_batch(target, parts);
        self.body.truncate(written);
        let hoisted = match bound {
            Ok(()) => self.hoisted(&each.body, each.range.end(), false),
            Err(_) => Vec::new(),
        };
        self.scopes.leave();
        hoisted
    }

    fn nested(&mut self, body: &'a [Stmt]) {
        self.scopes.enter();
        self.depth += 1;
        let is_over = self.is_over;
        self.block(body);
        self.is_over = is_over;
        self.depth -= 1;
        let line = body.last().map_or(0, |last| self.source.line(last.range().end()));
        self.scopes.leave_block(line);
    }

    /// A function that another one returns: a closure of tensors that owns what it uses.
    fn returned_function(&mut self, function: &'a Expr) -> Ported<Value> {
        let number = self.function_named(function).ok_or_else(|| Missing::new("a function as a value"))?;
        let definition = self.functions[number].definition;
        let count = definition.parameters().iter().filter(|parameter| parameter.default.is_none()).count();
        if !(1..=2).contains(&count) {
            return Err(Missing::new(format!("the function {} as a value", definition.name())));
        }
        let closure = self.closure(function, &vec![Type::Floats; count], crate::closures::Returns::Result)?;
        if !closure.returns.is_array() {
            return Err(Missing::new(format!("a function that returns {}", closure.returns.described())));
        }
        let text = match closure.text.starts_with('|') {
            true => format!("move {}", closure.text),
            false => closure.text,
        };
        let bar = text.find('|').map_or(0, |at| at + 1);
        let end = text[bar..].find('|').map_or(bar, |end| bar + end);
        let typed: Vec<_> = text[bar..end].split(", ").map(|name| format!("{name}: &Tensor")).collect();
        let text = format!("{}{}{}", &text[..bar], typed.join(", "), &text[end..]);
        Ok(Value::temporary(text, Type::Closure(definition.name().to_string(), count)))
    }

    /// A value that a function returns: its own variables are moved out.
    fn moved(&self, value: Value) -> Ported<Value> {
        let is_name = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_');
        if value.form == Form::Place && is_name(&value.text) && !is_constant(&value.text) {
            return Ok(Value { form: Form::Temporary, ..value });
        }
        if let (Type::Tuple(_), Some(items)) = (&value.of, &value.items)
            && items.len() > 1
        {
            let mut texts = Vec::new();
            for item in items {
                let text = self.moved(item.clone())?.text;
                // What is returned twice is cloned.
                let text = if texts.contains(&text) { self.own(item.clone())?.text } else { text };
                texts.push(text);
            }
            return Ok(Value { text: format!("({})", texts.join(", ")), ..value });
        }
        self.own(value)
    }

    pub(crate) fn returned(&mut self, value: &Value) -> Ported<()> {
        let value = self.moved(value.clone())?;
        match self.returns.last_mut() {
            None => Err(Missing::new("return outside of a function")),
            Some(Some(of)) if *of != value.of => {
                Err(Missing::new(format!("it returns {} here, and {} before", value.of.described(), of.described())))
            }
            Some(of) => {
                *of = Some(value.of.clone());
                // A call of this library returns the same kind of error.
                let call = value.text.strip_suffix('?').filter(|_| matches!(value.of, Type::Model(_)));
                match call {
                    Some(call) => self.line(&format!("return {call};")),
                    None => self.line(&format!("return Ok({});", value.text)),
                }
                Ok(())
            }
        }
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
        _ => false,
    })
}

fn is_block(statement: &Stmt) -> bool {
    matches!(statement, Stmt::If(_) | Stmt::For(_) | Stmt::While(_) | Stmt::FunctionDef(_) | Stmt::ClassDef(_) | Stmt::With(_))
}

/// `if __name__ == "__main__":`
fn is_main(branches: &StmtIf) -> bool {
    let Expr::Compare(compare) = &*branches.test else { return false };
    let (Expr::Name(name), [CmpOp::Eq], [Expr::StringLiteral(main)]) =
        (&*compare.left, &*compare.ops, &*compare.comparators)
    else {
        return false;
    };
    name.id.as_str() == "__name__" && main.value.to_str() == "__main__" && branches.elif_else_clauses.is_empty()
}

/// The names that a statement assigns, also in its blocks.
fn assigned_by(statement: &Stmt) -> Vec<String> {
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
