//! `build` of a layer: the shapes that it gets, of one input or several, whole or taken apart; and layers that it makes without them.

use crate::classes::Kind;
use crate::program::Program;
use crate::value::{Binding, Form, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprSubscript, Stmt};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// What `build` of a layer of layers sets, where it does not depend on shapes: the layers may be made in `new`, since they are built where they
    /// are called. Nothing, if the names of `__init__` mean something else there.
    pub(crate) fn made_in_build(&self, number: usize) -> Vec<&'a Stmt> {
        let methods = (self.method_named(number, "__init__"), self.method_named(number, "build"));
        let ((Some(init), Some(build)), Kind::Layer) = (methods, self.kind_of_class(number)) else { return Vec::new() };
        let makes = |statement: &&Stmt| !crate::classes::uncalled_classes::says_built(statement);
        let statements: Vec<&Stmt> = build.body.iter().filter(makes).collect();
        let shapes =
            build.parameters.iter().map(|parameter| parameter.name().to_string()).filter(|name| name != "self");
        let others: Vec<String> = shapes.chain(crate::classes::class_evidence::all_names(init)).collect();
        let is_free = |statement: &&Stmt| {
            let is_attribute = |target: &Expr| matches!(target, Expr::Attribute(_));
            matches!(statement, Stmt::Assign(assign) if assign.targets.iter().all(is_attribute)
                && crate::classes::class_evidence::names_read(&assign.value).iter().all(|name| !others.contains(name)))
        };
        if statements.iter().all(is_free) { statements } else { Vec::new() }
    }

    /// Writes what `build` makes behind what `__init__` does.
    pub(crate) fn write_made_in_build(&mut self) {
        let Some(number) = self.initialized.last().copied() else { return };
        for statement in self.made_in_build(number) {
            self.last_line_is(self.source.line(statement.range().start()).saturating_sub(1));
            self.block(std::slice::from_ref(statement));
        }
    }

    /// `input_shape[0][-1]`, of one of several inputs; `None` if it is something else.
    pub(crate) fn size_of_input(&mut self, subscript: &'a ExprSubscript) -> Ported<Option<Value>> {
        let Expr::Subscript(shape) = &*subscript.value else { return Ok(None) };
        let Expr::Name(name) = &*shape.value else { return Ok(None) };
        if !matches!(self.scopes.get(&name.id), Some(Binding::Variable(Variable { of: Type::BuildShape, .. }))) {
            return Ok(None);
        }
        let input = self.expression(&shape.slice)?;
        match (&input.of, input.form) {
            (Type::Int, Form::Constant) => self.size_of(Some(&input.text), &subscript.slice).map(Some),
            _ => Err(Missing::new("a computed input")),
        }
    }

    /// The size of an axis of the input of a layer that is built: `input_shape[-1]`.
    pub(crate) fn built_size(&mut self, shape: &Value, index: &'a Expr) -> Ported<Value> {
        let input = shape.text.split_once(' ').map(|(_, input)| input.to_string());
        self.size_of(input.as_deref(), index)
    }

    fn size_of(&mut self, input: Option<&str>, index: &'a Expr) -> Ported<Value> {
        let index = self.expression(index)?;
        let text = match (&index.of, index.form, input) {
            (Type::Int | Type::Signed, Form::Constant, None) => format!("build.input_size({})?", index.text),
            (Type::Int | Type::Signed, Form::Constant, Some(input)) => {
                format!("build.input_size_of({input}, {})?", index.text)
            }
            _ => return Err(Missing::new("a computed axis of a shape")),
        };
        Ok(Value::temporary(text, Type::Int))
    }

    /// `a, b = input_shape`: the shapes of several inputs, if their sizes are read, or the sizes of one. Whether it is that.
    pub(crate) fn unpack_build_shape(&mut self, target: &Expr, of: &Value) -> Ported<bool> {
        let Expr::Tuple(names) = target else { return Ok(false) };
        if of.of != Type::BuildShape || of.text.contains(' ') {
            return Ok(false);
        }
        let names: Option<Vec<_>> = names.elts.iter().map(Expr::as_name_expr).collect();
        let names = names.ok_or_else(|| Missing::new("a shape that is taken apart into this"))?;
        let read: Vec<bool> = names.iter().map(|name| self.scan().reads(&name.id) > 0).collect();
        let are_shapes = names.iter().all(|name| self.scan().is_subscripted(&name.id));
        if !are_shapes && names.iter().any(|name| self.scan().is_subscripted(&name.id)) {
            return Err(Missing::new("a shape of which a part is a shape"));
        }
        for (i, name) in names.iter().enumerate().filter(|(i, _)| read[*i]) {
            if are_shapes {
                let rust_name = format!("build {i}");
                let variable = Variable { rust_name, of: Type::BuildShape, form: Form::Place, is_pending: false };
                self.scopes.bind(&name.id, Binding::Variable(variable));
            } else {
                self.bind(&name.id, Value::temporary(format!("build.input_size({i})?"), Type::Int))?;
            }
        }
        Ok(true)
    }
}
