//! Static methods of classes: functions that belong to a struct.

use crate::classes::Kind;
use crate::functions::{Definition, Written, passed};
use crate::program::Program;
use crate::value::{Binding, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, StmtFunctionDef};

/// Whether a method has the decorator `staticmethod`.
pub(crate) fn is_static(method: &StmtFunctionDef) -> bool {
    method.decorator_list.iter().any(|decorator| is_decorator(&decorator.expression))
}

/// `@staticmethod`
pub(crate) fn is_decorator(decorator: &Expr) -> bool {
    matches!(decorator, Expr::Name(name) if name.id.as_str() == "staticmethod")
}

impl<'a> Program<'a> {
    /// `Class.name(...)`, of a static method; `None` if it is something else.
    pub(crate) fn static_of_class(&mut self, class: &Expr, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let Expr::Name(class) = class else { return Ok(None) };
        let Some(Binding::Class(number)) = self.scopes.get(&class.id) else { return Ok(None) };
        match self.method_named(number, name).filter(|method| is_static(method)) {
            Some(method) => self.call_static(number, method, call).map(Some),
            None => Ok(None),
        }
    }

    /// A call of a static method, which is written for the types of its arguments.
    pub(crate) fn call_static(
        &mut self,
        number: usize,
        definition: &'a StmtFunctionDef,
        call: &'a ExprCall,
    ) -> Ported<Value> {
        if self.classes[number].kind == Kind::OwnLayer {
            return Err(Missing::new("a static method of a layer with weights").help("make it a function"));
        }
        let values = self.arguments_of(Definition::Def(definition), false, call)?;
        let types: Vec<Type> = values.iter().map(|value| value.of.clone()).collect();
        let written = self.write_static(number, definition, types)?;
        let changed = self.changing.get(definition.name.as_str()).map_or(Vec::new(), |changes| changes.places.clone());
        let mut arguments = passed(&values, &changed);
        arguments.extend(self.passed_captures(&written)?);
        Ok(written.called(&arguments))
    }

    fn write_static(&mut self, number: usize, definition: &'a StmtFunctionDef, types: Vec<Type>) -> Ported<Written> {
        let name = definition.name.to_string();
        if let Some(written) = self.written_method(number, &name, &types) {
            return Ok(written);
        }
        if self.methods_being_written.contains(&name) {
            return Err(Missing::new(format!("{name} calls itself")));
        }
        let mut rust_name = crate::names::in_snake_case(&name);
        match self.methods_with_name(number, &name) {
            0 => {}
            versions => rust_name.push_str(&format!("_{}", versions + 1)),
        }
        self.methods_being_written.push(name.clone());
        let body = self.body_of(Definition::Def(definition), None, &types, self.classes[number].depth());
        self.methods_being_written.pop();
        let body = body?;
        let text =
            format!("fn {rust_name}({}){} {{\n{}\n}}", body.parameters.join(", "), body.result, body.lines.join("\n"));
        let called = format!("{}::{rust_name}", self.classes[number].rust_name);
        let written = Written::of_method(called, body.captured, body.returns, body.is_fallible);
        self.add_method(number, name, types, written.clone(), text);
        Ok(written)
    }
}
