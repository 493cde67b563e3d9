//! `x.tolist()`: an array here, and a list in Python. What lists do otherwise than arrays is a gap.

use crate::program::Program;
use crate::value::Value;
use crate::{Missing, Ported};
use hashbrown::HashSet;
use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt};

/// The names that a script gives to what `tolist` returns.
#[derive(Debug, Default)]
pub(crate) struct Tolists(HashSet<String>);

impl Tolists {
    pub(crate) fn of(statements: &[Stmt]) -> Self {
        let mut found = Self::default();
        found.visit_body(statements);
        found
    }
}

impl<'a> Visitor<'a> for Tolists {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Assign(assign) = statement
            && is_call(&assign.value)
        {
            self.0.extend(assign.targets.iter().filter_map(|target| Some(target.as_name_expr()?.id.to_string())));
        }
        walk_stmt(self, statement);
    }
}

fn is_call(expression: &Expr) -> bool {
    matches!(expression, Expr::Call(call)
        if matches!(&*call.func, Expr::Attribute(method) if method.attr.as_str() == "tolist"))
}

impl Program<'_> {
    /// Whether the value of an expression is an array here, but a list in Python.
    pub(crate) fn is_tolist(&self, expression: &Expr, value: &Value) -> bool {
        let is_named = || matches!(expression, Expr::Name(name) if self.tolists.0.contains(name.id.as_str()));
        value.of.is_array() && (is_call(expression) || is_named())
    }

    /// Refuses an operator or a comparison of such a list, which would be one of an array.
    pub(crate) fn check_no_tolist(&self, expression: &Expr, value: &Value) -> Ported<()> {
        match self.is_tolist(expression, value) {
            true => Err(Missing::new("an operator on a list that is an array here").help("leave out tolist()")),
            false => Ok(()),
        }
    }
}
