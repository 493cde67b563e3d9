//! The shapes that `build` of a layer gets: of one input or several, whole or taken apart.

use crate::program::Program;
use crate::value::{Binding, Form, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprSubscript};

impl<'a> Program<'a> {
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
