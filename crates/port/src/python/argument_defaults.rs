//! Defaults of command line arguments that are computed: clap reads them where no variable is in sight.

use crate::program::Program;
use crate::script::names::is_constant;
use crate::statements::assigned_by;
use crate::value::{Binding, Form, Value};
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprName, Stmt};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// The default of an argument, in which variables whose values are literals are written as these.
    pub(crate) fn default_of_argument(&mut self, default: &'a Expr) -> Ported<Value> {
        let computed = || Missing::new("a computed default of an argument");
        let (code, start) = (self.code(default).to_string(), default.range().start());
        let mut text = String::new();
        let mut written = 0;
        for name in names_of(default) {
            let is_variable = match self.scopes.get(&name.id) {
                Some(Binding::Variable(variable) | Binding::Outside(variable)) => !is_constant(&variable.rust_name),
                _ => false,
            };
            if is_variable {
                let literal = self.literal_of(name).ok_or_else(computed)?;
                let at = (name.range.start() - start).to_usize();
                text.push_str(&code[written..at]);
                text.push_str(self.code(literal));
                written = (name.range.end() - start).to_usize();
            }
        }
        text.push_str(&code[written..]);
        let default = if written > 0 { self.made(text, default.range())? } else { default };
        let value = self.expression(default)?;
        let is_plain = |value: &Value| value.form == Form::Constant || is_constant(&value.text);
        let is_known = match (&value.items, default) {
            (Some(items), _) => items.iter().all(is_plain),
            // A call of the library on literals and constants; what is changed in place has a name.
            (None, Expr::Call(_) | Expr::BinOp(_)) => !value.text.contains(['?', '\n']),
            (None, _) => is_plain(&value),
        };
        if is_known { Ok(value) } else { Err(computed()) }
    }

    /// The literal that a variable of the module has here, if no branch or loop assigns it.
    fn literal_of(&self, name: &ExprName) -> Option<&'a Expr> {
        let own = name.id.as_str();
        let is_outside = matches!(self.scopes.get(own), Some(Binding::Outside(_)));
        if is_outside && !self.frames.first().is_some_and(|frame| frame.scan.is_assigned_once(own)) {
            return None;
        }
        let (place, mut found) = (name.range.start(), None);
        for statement in self.source.statements() {
            let range = statement.range();
            if range.start() > place && !is_outside {
                break;
            }
            if !assigned_by(statement).iter().any(|assigned| assigned == own) {
                continue;
            }
            found = match statement {
                Stmt::Assign(assign) if assign.targets.len() == 1 && assign.targets[0].is_name_expr() => {
                    Some(&*assign.value)
                        .filter(|value| value.is_string_literal_expr() || value.is_number_literal_expr())
                }
                _ => None,
            };
        }
        found
    }
}

/// The names that an expression reads, in order.
fn names_of(expression: &Expr) -> Vec<&ExprName> {
    struct Names<'b>(Vec<&'b ExprName>);
    impl<'b> Visitor<'b> for Names<'b> {
        fn visit_expr(&mut self, expression: &'b Expr) {
            if let Expr::Name(name) = expression {
                self.0.push(name);
            }
            walk_expr(self, expression);
        }
    }
    let mut names = Names(Vec::new());
    names.visit_expr(expression);
    names.0.sort_by_key(|name| name.range.start());
    names.0
}
