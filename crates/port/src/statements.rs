//! Statements.

use crate::classes::Kind;
use crate::program::{Program, names_in};
use crate::value::{Binding, Form, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, Expr, Stmt, StmtAssign, StmtIf};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// The statements of a block. Each that cannot be ported becomes a gap, and what it would have assigned is missing from there on.
    pub(crate) fn block(&mut self, statements: &'a [Stmt]) {
        let outer = (self.statement_end, self.assigns_at);
        for (i, statement) in statements.iter().enumerate() {
            let range = statement.range();
            if self.is_over {
                self.last_of(range);
                continue;
            }
            self.comments_before(self.source.line(range.start()));
            let written = self.body.len();
            self.statement_end = range.end();
            self.assigned_next = statements.get(i + 1).and_then(crate::python::interim::name_of);
            self.assigns_at = if is_block(statement) { range.start() } else { range.end() };
            let shared = self.enter_sharing(statement);
            let mut written_statement = self.check_changes(statement).and_then(|()| self.statement(statement));
            if written_statement.is_err() && !is_block(statement) && self.find_elements(statement) {
                self.body.truncate(written);
                self.declare_up_to(statement, range.start());
                written_statement = self.check_changes(statement).and_then(|()| self.statement(statement));
            }
            match shared {
                Some(before) => self.leave_sharing(before),
                None => self.note_sharing(statement),
            }
            if let Err(missing) = written_statement {
                self.body.truncate(written);
                let line = self.gap(range, &missing);
                let is_other_case = matches!(statement, Stmt::Return(value)
                    if value.value.as_deref().is_some_and(|value| self.returns_nothing(value)));
                if matches!(statement, Stmt::Return(_)) && !is_other_case {
                    self.lost_return = Some(line);
                }
                if !matches!(statement, Stmt::Assign(_)) {
                    for code in self.source.text(range).lines() {
                        self.line(format!("// {}", code).trim_end());
                    }
                }
                self.last_of(range);
                self.elements_of_gap(statement);
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
                    Some(none) if self.returns_nothing(none) => {
                        return Err(Missing::new("it returns None here, and values otherwise")
                            .help("end the program here with an error"));
                    }
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
        let of_keras = crate::script::names::of_keras(module);
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
            if self.note_partial(target, &assign.value)
                || self.note_words(target, &assign.value)?
                || self.unzipped(target, &assign.value)?
            {
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
            self.known.lists.insert(name.id.to_string(), list);
            return Ok(());
        }
        if self.swap(assign)? {
            return Ok(());
        }
        if let ([Expr::Name(name)], Expr::Dict(dict)) = (&assign.targets[..], &*assign.value)
            && self.scan().is_assigned_once(&name.id)
            && !dict.items.is_empty()
            && crate::python::unrolled::is_literal(self, &assign.value)
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
                self.known.literals.insert(name.id.to_string(), dict);
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
            self.known.not_negative.insert(name.id.to_string());
        }
        if let [Expr::Name(name)] = &assign.targets[..] {
            if self.note_text(name, &assign.value) {
                return Ok(());
            }
            self.known.integers.remove(name.id.as_str());
            if let Some(integer) = self.integer(&assign.value)
                && self.is_in_module()
                && self.scan().is_assigned_once(&name.id)
            {
                self.known.integers.insert(name.id.to_string(), integer);
            }
        }
        if let [Expr::Name(name)] = &assign.targets[..]
            && let Some(array) = self.mutable_array(&name.id, &assign.value)?
        {
            return self.bind(&name.id, array);
        }
        if let ([Expr::Tuple(targets)], Expr::Tuple(values)) = (&assign.targets[..], &*assign.value)
            && are_attributes_of_names(&targets.elts, &values.elts)
        {
            return targets.elts.iter().zip(&values.elts).try_for_each(|(target, value)| {
                let value = self.expression(value)?;
                self.assign(target, value)
            });
        }
        let [target] = &assign.targets[..] else {
            let value = self.expression(&assign.value)?;
            if !value.of.is_copy() {
                return Err(Missing::new("several targets of one value").help("assign them one by one"));
            }
            return assign.targets.iter().try_for_each(|target| self.assign(target, value.clone()));
        };
        if let (Expr::Name(name), true) = (target, self.depth == 1 && self.is_in_module())
            && let Some(rust_name) = self.name_of_constant(&name.id)
            && self.scan().is_assigned_once(&name.id)
        {
            let value = self.expression(&assign.value)?;
            if let (true, Some(of)) = (
                crate::classes::module_constants::is_constant_value(&value),
                value.of.in_rust().filter(|_| value.of.is_copy() && value.items.is_none()),
            ) {
                let of = of.replace("&'static ", "&");
                if let Expr::StringLiteral(text) = &*assign.value {
                    self.known.constant_texts.insert(rust_name.clone(), text.value.to_str().to_string());
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
        // A copy that nothing has.
        if let Expr::Call(call) = expression
            && matches!(&*call.func, Expr::Attribute(method) if method.attr.as_str() == "numpy")
            && value.of.is_array()
            && value.form == Form::Place
        {
            return Ok(());
        }
        match value.form {
            // It does nothing in Python either, but in a notebook it shows a value.
            Form::Constant if value.text == "()" => {}
            _ if crate::pandas::pandas_numbers::is_only_shown(&value) => {}
            Form::Constant | Form::Place | Form::Reference | Form::Slice => {
                return Err(Missing::new("a value that is not used").help("print it, or leave it out"));
            }
            Form::Temporary => self.line(&format!("{};", value.text)),
        }
        Ok(())
    }
}

/// `self.x, self.y = x, y`, which is one after the other.
fn are_attributes_of_names(targets: &[Expr], values: &[Expr]) -> bool {
    targets.len() == values.len()
        && targets.iter().all(Expr::is_attribute_expr)
        && values.iter().all(|value| value.is_name_expr() || value.is_literal_expr())
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
                && !crate::python::unrolled::leaves(&each.body)
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
