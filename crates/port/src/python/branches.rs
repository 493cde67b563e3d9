//! Conditions and branches; those that are known before the program runs are not written.

use crate::program::Program;
use crate::statements::{always_returns, assigned_by, is_main};
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, ElifElseClause, Expr, Stmt, StmtIf};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// Whether a value is true, as an expression of Rust.
    pub(crate) fn condition(&mut self, test: &'a Expr) -> Ported<String> {
        self.no_truth(test)?;
        let value = match test {
            Expr::BoolOp(both) => self.truth_of_both(both)?,
            test => self.expression(test)?,
        };
        match value.of {
            Type::Bool => Ok(value.text),
            _ => self.truth(&value),
        }
    }

    /// Whether Python takes a value for true.
    pub(crate) fn truth(&mut self, value: &Value) -> Ported<String> {
        if let Some(truth) = self.json_truth(value) {
            return Ok(truth);
        }
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

    pub(crate) fn branches(&mut self, branches: &'a StmtIf) -> Ported<()> {
        if is_main(branches) {
            self.last_line_is(self.source.line(branches.test.range().end()));
            self.block(&branches.body);
            return Ok(());
        }
        self.find_maybe(&branches.body);
        branches.elif_else_clauses.iter().for_each(|clause| self.find_maybe(&clause.body));
        if self.if_there(branches)? || self.if_given(branches)? || self.if_some(branches)? || self.if_not_read(branches)
        {
            return Ok(());
        }
        let test =
            match branches.elif_else_clauses.is_empty() && self.branch_on_training(&branches.test, &branches.body)? {
                true => "true".to_string(),
                false => self.condition(&branches.test)?,
            };
        match test.as_str() {
            "true" => {
                self.last_line_is(self.source.line(branches.test.range().end()));
                self.taken(&branches.body);
                return Ok(());
            }
            "false" => return self.other_branches(&branches.elif_else_clauses),
            _ => {}
        }
        let pending = self.assigned_in_each(branches);
        let written = self.body.len();
        for name in &pending {
            let rust_name = self.rust_name(name);
            let is_mutable = if self.scan().has_changing_methods(name) { "mut " } else { "" };
            self.line(&format!("let {is_mutable}{rust_name};"));
            self.scopes.bind(
                name,
                Binding::Variable(Variable { rust_name, of: Type::None, form: Form::Place, is_pending: true }),
            );
        }
        self.line(&format!("if {test} {{"));
        let one = is_one(&branches.test);
        self.known.ones.extend(one.map(str::to_string));
        self.nested(&branches.body);
        if one.is_some() {
            self.known.ones.pop();
        }
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
            let rust_name = self.rust_name(name);
            let (declared, assigned) = (format!("{rust_name};"), format!("{rust_name} = "));
            let lines = &self.body[written..];
            // No branch that is ported assigns it.
            if let Some(at) = lines
                .iter()
                .position(|line| line.trim().trim_start_matches("let ").trim_start_matches("mut ") == declared)
                && !lines.iter().any(|line| line.trim().starts_with(&assigned))
            {
                self.body.remove(written + at);
                self.scopes.bind(name, Binding::Missing(self.source.line(branches.range.start())));
                continue;
            }
            if let Some(Binding::Variable(variable)) = self.scopes.get(name) {
                self.scopes.rebind(name, Binding::Variable(Variable { is_pending: false, ..variable }));
            }
        }
        Ok(())
    }

    /// The branch that is always taken: what it assigns are the variables around it.
    fn taken(&mut self, body: &'a [Stmt]) {
        let is_there = |name: &String| matches!(self.scopes.get(name), Some(Binding::Variable(_)));
        let again: Vec<_> = body.iter().flat_map(assigned_by).filter(|name| is_there(name)).collect();
        let before = std::mem::replace(&mut self.assigned_again, again);
        self.block(body);
        self.assigned_again = before;
        self.is_over = self.is_over || always_returns(body);
    }

    /// `if x is not None:` of what a dict may have: `if let Some(x) = x`.
    pub(crate) fn if_there(&mut self, branches: &'a StmtIf) -> Ported<bool> {
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
        self.else_of_none(branches)?;
        Ok(true)
    }

    /// The end of `if let Some(...)`: what is done where there is no value.
    pub(crate) fn else_of_none(&mut self, branches: &'a StmtIf) -> Ported<()> {
        match &branches.elif_else_clauses[..] {
            [] => {}
            [clause] if clause.test.is_none() => {
                self.line("} else {");
                self.nested(&clause.body);
            }
            _ => return Err(Missing::new("elif behind a value that may be None")),
        }
        self.line("}");
        Ok(())
    }

    /// The branches behind one that is never taken.
    pub(crate) fn other_branches(&mut self, clauses: &'a [ElifElseClause]) -> Ported<()> {
        let Some((first, rest)) = clauses.split_first() else { return Ok(()) };
        let test = match &first.test {
            Some(test) => self.condition(test)?,
            None => "true".into(),
        };
        match (test.as_str(), rest) {
            ("true", _) => {
                self.last_line_is(self.source.line(first.range.start()));
                self.taken(&first.body);
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
    pub(crate) fn assigned_in_each(&self, branches: &StmtIf) -> Vec<String> {
        if branches.elif_else_clauses.last().is_none_or(|last| last.test.is_some()) {
            return Vec::new();
        }
        let of = |body: &[Stmt]| body.iter().flat_map(assigned_by).collect::<Vec<_>>();
        let others: Vec<_> = branches.elif_else_clauses.iter().map(|clause| of(&clause.body)).collect();
        let mut names = of(&branches.body);
        let is_new = |name: &str| matches!(self.scopes.get(name), None | Some(Binding::Inner(_) | Binding::Outside(_)));
        names.retain(|name| is_new(name) && others.iter().all(|other| other.contains(name)));
        // Of what a loop has assigned before, a variable of the branches alone knows nothing.
        names.retain(|name| {
            let clauses = branches.elif_else_clauses.iter().map(|clause| &clause.body);
            !std::iter::once(&branches.body).chain(clauses).any(|body| self.is_read_first(body, name))
        });
        names.dedup();
        names
    }

    /// Whether statements read a name before they assign it.
    fn is_read_first(&self, body: &[Stmt], name: &String) -> bool {
        let mut before = body.iter().take_while(|statement| !assigned_by(statement).contains(name));
        let first = body.iter().find(|statement| assigned_by(statement).contains(name));
        before.any(|statement| self.read_by(statement).contains(name))
            || first.is_some_and(|statement| self.read_by(statement).contains(name))
    }
}

/// The name of a test `name == 1`.
fn is_one(test: &Expr) -> Option<&str> {
    let Expr::Compare(compare) = test else { return None };
    match (&*compare.left, &compare.ops[..], &compare.comparators[..]) {
        (Expr::Name(name), [CmpOp::Eq], [Expr::NumberLiteral(number)]) => {
            let is_one = number.value.as_int().is_some_and(|int| *int == 1u8);
            is_one.then_some(name.id.as_str())
        }
        _ => None,
    }
}
