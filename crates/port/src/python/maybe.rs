//! Variables that are None at first, and something else later: an `Option`.

use crate::program::Program;
use crate::statements::assigned_by;
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{BoolOp, CmpOp, Expr, ExprBoolOp, ExprCompare, Stmt, StmtIf};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// `best = None`, which blocks behind assign again. What it has then is known when one of them is written.
    pub(crate) fn bind_maybe(&mut self, name: &str) {
        let of = Type::Unknown(self.unknown());
        let rust_name = self.rust_name(name);
        self.declare(name);
        let in_rust = self.late_type(&of);
        self.line(&format!("let mut {rust_name} = None::<{in_rust}>;"));
        let of = Type::Maybe(Box::new(of));
        self.scopes.bind(name, Binding::Variable(Variable { rust_name, of, form: Form::Place, is_pending: false }));
    }

    /// `image = cv2.imread(path)`, which is None where there is no such image, if the script asks for it; whether it is that.
    pub(crate) fn bind_read(&mut self, name: &str, value: &Value) -> bool {
        let asks = |text: &str| {
            let is_own = |(at, _): (usize, &str)| {
                let before = text[..at].chars().next_back();
                let behind = text[at + name.len()..].trim_start();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.')
                    && ["is None", "is not None", "== None", "!= None"].iter().any(|test| behind.starts_with(test))
            };
            text.match_indices(name).any(is_own)
        };
        let Some(read) = value.text.strip_prefix("cv2::imread(").and_then(|_| value.text.strip_suffix('?')) else {
            return false;
        };
        if self.is_outer(name) || !asks(self.source.all()) {
            return false;
        }
        let rust_name = self.rust_name(name);
        let is_mutable = if self.declare(name) { "mut " } else { "" };
        self.line(&format!("let {is_mutable}{rust_name} = {read}.ok();"));
        let of = Type::Maybe(Box::new(value.of.clone()));
        self.scopes.bind(name, Binding::Variable(Variable { rust_name, of, form: Form::Place, is_pending: false }));
        true
    }

    /// The variable of a name that may be None, and what it has otherwise.
    fn maybe(&self, expression: &Expr) -> Option<(Variable, Type)> {
        let Expr::Name(name) = expression else { return None };
        let Some(Binding::Variable(variable)) = self.scopes.get(&name.id) else { return None };
        match self.resolved(&variable.of) {
            Type::Maybe(of) => Some((variable, *of)),
            _ => None,
        }
    }

    /// What a name has that may be None: None is an error here, as in most of Python.
    pub(crate) fn there(&self, name: &str, variable: &Variable, of: Type) -> Ported<Value> {
        if matches!(of, Type::Unknown(_)) {
            return Err(Missing::new(format!("{name} is None at first, and what it is later is not known here"))
                .help("begin with a value like those that come later"));
        }
        let missing = format!("ok_or_else(|| Error::new(\"{name} is None\"))?");
        Ok(match of.is_copy() {
            true => Value::temporary(format!("{}.{missing}", variable.rust_name), of),
            false => {
                Value::new(format!("{}.as_ref().{missing}", variable.rust_name), of, Strength::Whole, Form::Reference)
            }
        })
    }

    /// `best = value` of a variable that may be None.
    pub(crate) fn assign_maybe(&mut self, variable: &Variable, value: Value) -> Ported<bool> {
        let Type::Maybe(of) = self.resolved(&variable.of) else { return Ok(false) };
        let text = match &value.of {
            Type::None => "None".to_string(),
            kind if !(kind.is_copy() || kind.is_array() || kind.is_text() || matches!(kind, Type::List(_))) => {
                return Err(Missing::new(format!("either None or {}", kind.described())));
            }
            _ => {
                let value = self.own(value)?;
                format!("Some({})", self.put_into(&of, value)?)
            }
        };
        self.line(&format!("{} = {text};", variable.rust_name));
        Ok(true)
    }

    /// `cv2.imread(path) is None`, which is known when it runs; `None` if it is something else.
    pub(crate) fn compare_read(&mut self, compare: &'a ExprCompare) -> Ported<Option<Value>> {
        let ([op], [Expr::NoneLiteral(_)], Expr::Call(call)) = (&*compare.ops, &*compare.comparators, &*compare.left)
        else {
            return Ok(None);
        };
        if self.path_of(&call.func).as_deref() != Some("cv2.imread") {
            return Ok(None);
        }
        let read = self.expression(&compare.left)?;
        let method = if matches!(op, CmpOp::Is | CmpOp::Eq) { "is_err" } else { "is_ok" };
        Ok(Some(Value::temporary(format!("{}.{method}()", read.text.trim_end_matches('?')), Type::Bool)))
    }

    /// The line of `image = cv2.imread(path)` that declares it, if it is the value of this block that may be None.
    fn line_of_read(&self, name: &str, variable: &Variable) -> Option<usize> {
        let declares = |line: &String| {
            let line = line.trim_start().trim_start_matches("let ").trim_start_matches("mut ");
            line.strip_prefix(variable.rust_name.as_str()).is_some_and(|rest| rest.starts_with(" = cv2::imread("))
        };
        self.body.iter().rposition(declares).filter(|_| self.scopes.is_local(name))
    }

    /// `if image is not None:` around all that is done with an image that was read; whether it is that.
    fn if_read(&mut self, branches: &'a StmtIf, name: &str, variable: &Variable, of: &Type) -> bool {
        let Some(at) = self.line_of_read(name, variable) else { return false };
        let own = |statement: &&Stmt| assigned_by(statement).iter().any(|assigned| assigned == name);
        let is_direct = branches.body.iter().filter(own).all(Stmt::is_assign_stmt);
        if !is_direct
            || !branches.elif_else_clauses.is_empty()
            || self.scan().is_read_from(name, branches.range.end(), None)
        {
            return false;
        }
        self.body[at] = self.body[at].replacen("let mut ", "let ", 1);
        let own = variable.rust_name.clone();
        self.line(&format!("if let Some({own}) = {own} {{"));
        self.scopes.enter();
        let there = Variable { of: of.clone(), form: Form::Place, ..variable.clone() };
        self.scopes.bind(name, Binding::Variable(there));
        self.depth += 1;
        let is_over = self.is_over;
        self.block(&branches.body);
        self.is_over = is_over;
        self.depth -= 1;
        self.scopes.leave_block(self.source.line(branches.range().end()));
        self.line("}");
        true
    }

    /// `if image is None: continue`, of an image that was read: from there on it is one. Whether it is that.
    pub(crate) fn if_not_read(&mut self, branches: &'a StmtIf) -> bool {
        let Expr::Compare(compare) = &*branches.test else { return false };
        let ([CmpOp::Is | CmpOp::Eq], [Expr::NoneLiteral(_)]) = (&*compare.ops, &*compare.comparators) else {
            return false;
        };
        let (Some((variable, of)), Expr::Name(name)) = (self.maybe(&compare.left), &*compare.left) else {
            return false;
        };
        let leaves =
            matches!(branches.body.last(), Some(Stmt::Continue(_) | Stmt::Break(_) | Stmt::Return(_) | Stmt::Raise(_)));
        let is_fixed = |line: usize| !self.body[line].trim_start().starts_with("let mut ");
        if !leaves
            || !branches.elif_else_clauses.is_empty()
            || !self.line_of_read(&name.id, &variable).is_some_and(is_fixed)
        {
            return false;
        }
        let own = variable.rust_name.clone();
        self.line(&format!("let Some({own}) = {own} else {{"));
        self.nested(&branches.body);
        self.line("};");
        self.scopes.bind(&name.id, Binding::Variable(Variable { of, form: Form::Place, ..variable }));
        true
    }

    /// `best is None`; `None` if it is something else.
    pub(crate) fn compare_maybe(&mut self, compare: &'a ExprCompare) -> Option<Value> {
        let ([op], [Expr::NoneLiteral(_)]) = (&*compare.ops, &*compare.comparators) else { return None };
        let (variable, _) = self.maybe(&compare.left)?;
        let test = match op {
            CmpOp::Is | CmpOp::Eq => "is_none",
            CmpOp::IsNot | CmpOp::NotEq => "is_some",
            _ => return None,
        };
        Some(Value::temporary(format!("{}.{test}()", variable.rust_name), Type::Bool))
    }

    /// `best is None or loss < best`; `None` if it is something else.
    pub(crate) fn none_or(&mut self, both: &'a ExprBoolOp) -> Ported<Option<Value>> {
        let Some((Expr::Compare(first), rest)) = both.values.split_first() else { return Ok(None) };
        let ([op], [Expr::NoneLiteral(_)]) = (&*first.ops, &*first.comparators) else { return Ok(None) };
        let Some((variable, of)) = self.maybe(&first.left) else { return Ok(None) };
        let method = match (op, both.op) {
            (CmpOp::Is, BoolOp::Or) => "is_none_or",
            (CmpOp::IsNot, BoolOp::And) => "is_some_and",
            _ => return Ok(None),
        };
        let Expr::Name(name) = &*first.left else { return Ok(None) };
        if !of.is_copy() {
            return Ok(None);
        }
        let (sign, strength) = if both.op == BoolOp::Or { (" || ", Strength::Or) } else { (" && ", Strength::And) };
        self.scopes.enter();
        let inner = Variable { of, form: Form::Place, ..variable.clone() };
        self.scopes.bind(&name.id, Binding::Variable(inner));
        let tests = rest.iter().map(|test| match self.expression(test)? {
            value if value.of == Type::Bool => Ok(value.at(strength)),
            value => self.truth(&value),
        });
        let tests = tests.collect::<Ported<Vec<_>>>();
        self.scopes.leave();
        let tests = tests?.join(sign);
        // What may fail is no closure.
        if tests.contains('?') {
            return Ok(None);
        }
        let own = &variable.rust_name;
        Ok(Some(Value::temporary(format!("{own}.{method}(|{own}| {tests})"), Type::Bool)))
    }

    /// `if last is not None:`, as `if let Some(last) = last`; whether it is that.
    pub(crate) fn if_some(&mut self, branches: &'a StmtIf) -> Ported<bool> {
        let Expr::Compare(compare) = &*branches.test else { return Ok(false) };
        let ([CmpOp::IsNot], [Expr::NoneLiteral(_)]) = (&*compare.ops, &*compare.comparators) else {
            return Ok(false);
        };
        let (Some((variable, of)), Expr::Name(name)) = (self.maybe(&compare.left), &*compare.left) else {
            return Ok(false);
        };
        if self.if_read(branches, &name.id, &variable, &of) {
            return Ok(true);
        }
        let is_assigned = branches.body.iter().flat_map(assigned_by).any(|own| own == name.id.as_str());
        if is_assigned
            || matches!(of, Type::Unknown(_))
            || !branches.elif_else_clauses.iter().all(|other| other.test.is_none())
        {
            return Ok(false);
        }
        let own = variable.rust_name.clone();
        let (seen, form) = if of.is_copy() { (own.clone(), Form::Place) } else { (format!("&{own}"), Form::Reference) };
        self.line(&format!("if let Some({own}) = {seen} {{"));
        self.scopes.enter();
        self.scopes.bind(&name.id, Binding::Variable(Variable { of, form, ..variable }));
        self.depth += 1;
        let is_over = self.is_over;
        self.block(&branches.body);
        self.is_over = is_over;
        self.depth -= 1;
        self.scopes.unbind(&name.id);
        self.scopes.leave_block(self.source.line(branches.range().end()));
        if let Some(other) = branches.elif_else_clauses.first() {
            self.line("} else {");
            self.nested(&other.body);
        }
        self.line("}");
        Ok(true)
    }

    /// Whether a name that may be None stands for a truth value, which None and 0 have in common.
    pub(crate) fn no_truth(&self, test: &Expr) -> Ported<()> {
        match self.maybe(test) {
            Some(_) => Err(Missing::new("the truth of what may be None").help("write: is not None")),
            None => Ok(()),
        }
    }

    /// Finds out what the statements of a block assign to names that are None before: they are written once for that.
    pub(crate) fn find_maybe(&mut self, body: &'a [Stmt]) {
        let is_open = |program: &Self, name: &str| match program.scopes.get(name) {
            Some(Binding::Variable(variable)) => match program.resolved(&variable.of) {
                Type::Maybe(of) => match *of {
                    Type::Unknown(number) => Some((variable, number)),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        let mut names: Vec<String> = body.iter().flat_map(assigned_by).collect();
        names.sort();
        names.dedup();
        let open: Vec<(String, Variable, usize)> = (names.into_iter())
            .filter_map(|name| is_open(self, &name).map(|(variable, number)| (name, variable, number)))
            .collect();
        if open.is_empty() {
            return;
        }
        self.scopes.enter();
        for (name, variable, _) in &open {
            let none = Variable { of: Type::None, is_pending: true, ..variable.clone() };
            self.scopes.bind(name, Binding::Variable(none));
        }
        let names: Vec<String> = open.iter().map(|(name, ..)| name.clone()).collect();
        let types = self.types_after(body, &names);
        self.scopes.leave();
        for ((.., number), of) in open.into_iter().zip(types) {
            if let Some(of) = of.filter(|of| *of != Type::None && of.in_rust().is_some()) {
                self.known(number, of);
            }
        }
    }
}
