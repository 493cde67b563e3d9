//! Names that have a value of another type between two statements of a block: `x = x.values` and `x = pd.DataFrame(x)`.

use crate::program::Program;
use crate::value::{Binding, Form, Value, Variable};
use ruff_python_ast::{Expr, Stmt};

/// The name that a statement assigns alone.
pub(crate) fn name_of(statement: &Stmt) -> Option<String> {
    let Stmt::Assign(assign) = statement else { return None };
    match &assign.targets[..] {
        [Expr::Name(name)] => Some(name.id.to_string()),
        _ => None,
    }
}

impl<'a> Program<'a> {
    /// A value of another type than the variable of an outer block has, where the next statement assigns the name again: a variable of its
    /// own. Whether it is that.
    pub(crate) fn bind_interim(&mut self, name: &str, value: &Value) -> bool {
        let Some(Binding::Variable(outer)) = self.scopes.get(name) else { return false };
        let is_next = self.assigned_next.as_deref() == Some(name);
        let is_alike = outer.of == value.of || (outer.of.is_array() && value.of.is_array());
        let is_whole = outer.form == Form::Place && !outer.is_pending && value.form == Form::Temporary;
        if !is_next || is_alike || !is_whole || outer.of.in_rust().is_none() || value.of.in_rust().is_none() {
            return false;
        }
        let what = if value.of.is_array() { "values" } else { "then" };
        let rust_name = self.free_name(&format!("{}_{what}", outer.rust_name));
        self.line(&format!("let {rust_name} = {};", value.text));
        // Without the next statement it has no value behind the block.
        let line = self.source.line(self.statement_end);
        self.scopes.rebind(name, Binding::Missing(line));
        self.interims.insert(name.to_string(), (self.depth, outer));
        let variable = Variable { rust_name, of: value.of.clone(), form: Form::Place, is_pending: false };
        self.scopes.bind(name, Binding::Variable(variable));
        true
    }

    /// A value of the first type again, for the variable of the outer block. Whether it is that.
    pub(crate) fn bind_behind_interim(&mut self, name: &str, value: &Value) -> bool {
        let Some((depth, outer)) = self.interims.remove(name) else { return false };
        let is_alike = outer.of == value.of || (outer.of.is_array() && value.of.is_array());
        if depth != self.depth || !is_alike || !self.scopes.is_local(name) {
            return false;
        }
        self.line(&format!("{} = {};", outer.rust_name, value.text));
        self.scopes.unbind(name);
        self.scopes.rebind(name, Binding::Variable(Variable { of: value.of.clone(), ..outer }));
        true
    }
}
