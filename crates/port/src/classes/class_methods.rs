//! Methods that belong to a class and not to one of its objects, and what classes have for all their objects.

use crate::Ported;
use crate::classes::Kind as ClassKind;
use crate::program::Program;
use crate::python::functions::{Definition, Written, passed};
use crate::value::{Binding, Type, Value};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, ExprContext, Stmt, StmtFunctionDef};

/// What a method gets first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    OfObject,
    /// `@classmethod`
    OfClass,
    /// `@staticmethod`
    Static,
}

impl Kind {
    pub(crate) fn of(method: &StmtFunctionDef) -> Self {
        let has = |name: &str| {
            let is_it = |of: &Expr| matches!(of, Expr::Name(own) if own.id.as_str() == name);
            method.decorator_list.iter().any(|decorator| is_it(&decorator.expression))
        };
        match (has("classmethod"), has("staticmethod")) {
            (true, _) => Self::OfClass,
            (_, true) => Self::Static,
            _ => Self::OfObject,
        }
    }
}

impl<'a> Program<'a> {
    /// `Class.name(...)`, if the class has such a method for itself.
    pub(crate) fn method_of_class(&mut self, of: &Expr, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let Expr::Name(class) = of else { return Ok(None) };
        let Some(Binding::Class(number)) = self.scopes.get(&class.id) else { return Ok(None) };
        let Some(definition) = self.method_named(number, name) else { return Ok(None) };
        match Kind::of(definition) {
            Kind::OfObject => Ok(None),
            _ => self.call_of_class(number, definition, call).map(Some),
        }
    }

    /// A call of a method of the class itself: `Self::name(...)`.
    pub(crate) fn call_of_class(
        &mut self,
        number: usize,
        definition: &'a StmtFunctionDef,
        call: &'a ExprCall,
    ) -> Ported<Value> {
        let has_class = Kind::of(definition) == Kind::OfClass;
        let values = self.arguments_of(Definition::Def(definition), has_class, call)?;
        let types: Vec<Type> = values.iter().map(|value| value.of.clone()).collect();
        let written = self.write_method(number, definition, &types)?;
        let changed = self.changed_by_method(number, definition, &values);
        let mut arguments = passed(&values, &changed);
        arguments.extend(self.passed_captures(&written)?);
        arguments.extend(self.passed_context(number, &written));
        let called = written.called(&arguments);
        let is_inside = matches!(self.scopes.get("self"), Some(Binding::Variable(own))
            if own.of == Type::Instance(self.rust_name_of_class(number).to_string()));
        let class = if is_inside { "Self" } else { self.rust_name_of_class(number) };
        Ok(Value { text: format!("{class}::{}", called.text), ..called })
    }

    /// The context of a run, for a method of a layer that needs its weights or random numbers.
    pub(crate) fn context_of_method(&self, number: usize, lines: &[String]) -> Option<String> {
        let is_needed = self.kind_of_class(number) == ClassKind::OwnLayer
            && lines.iter().any(|line| crate::program::has_word(line, "ctx"));
        is_needed.then(|| "ctx: &mut Context".to_string())
    }

    /// The argument for it.
    pub(crate) fn passed_context(&self, number: usize, written: &Written) -> Option<String> {
        self.takes(number, written, "ctx: &mut Context").then(|| "ctx".to_string())
    }

    /// Whether a method has this parameter.
    fn takes(&self, number: usize, written: &Written, parameter: &str) -> bool {
        let start = format!("fn {}(", written.rust_name);
        let texts = self.texts_of_methods(number);
        texts
            .iter()
            .any(|text| text.starts_with(&start) && text.lines().next().is_some_and(|line| line.contains(parameter)))
    }

    /// The `Model` of an object, for a method that compiles it, or reads its weights or its optimizer.
    pub(crate) fn model_of_method(&self, number: usize, lines: &[String]) -> Option<String> {
        let is_own =
            lines.iter().any(|line| line.trim_start().starts_with("let model ") || line.contains("let mut model "));
        let is_needed =
            self.kind_of_class(number) == ClassKind::Model && !is_own && crate::keras::steps::has_word(lines, "model");
        is_needed.then(|| "model: &mut Model".to_string())
    }

    /// The argument for it.
    pub(crate) fn passed_model(&mut self, of: &Value, number: usize, written: &Written) -> Ported<Option<String>> {
        if !self.takes(number, written, "model: &mut Model") {
            return Ok(None);
        }
        let model = self.model_of_object(of)?;
        Ok(Some(if of.text == "self" { model.text } else { format!("&mut {}", model.text) }))
    }

    /// Whether the arrays that a method gets are tensors of a graph or a step, which nothing changes in place.
    pub(crate) fn is_of_tensors(&self, number: usize, method: &str) -> bool {
        match self.kind_of_class(number) {
            ClassKind::Layer | ClassKind::OwnLayer | ClassKind::Loss | ClassKind::Metric => true,
            ClassKind::Model => !self.attributes_outside.contains(method),
            ClassKind::Plain | ClassKind::Callback | ClassKind::Batches => false,
        }
    }

    /// Whether such a method is being written.
    pub(crate) fn is_in_method_of_tensors(&self) -> bool {
        let Some(Binding::Variable(own)) = self.scopes.get("self") else { return false };
        let Type::Instance(class) = &own.of else { return false };
        let method = self.methods_being_written.last().map_or("call", String::as_str);
        self.class_number(class).is_ok_and(|number| self.is_of_tensors(number, method))
    }

    /// The arguments of a method that it changes.
    pub(crate) fn changed_by_method(&self, number: usize, method: &StmtFunctionDef, values: &[Value]) -> Vec<usize> {
        let changes = self.changing.get(method.name.as_str());
        let places = changes.into_iter().flat_map(|changes| &changes.places);
        let first = usize::from(Kind::of(method) != Kind::Static);
        let are_tensors = self.is_of_tensors(number, &method.name);
        let is_tensor = |place: &usize| {
            values.get(*place).is_some_and(|value| value.of == Type::Symbolic || (are_tensors && value.of.is_array()))
        };
        places.filter_map(|place| place.checked_sub(first)).filter(|place| !is_tensor(place)).collect()
    }

    /// A constant of a class that none of its methods sets for one object: `self.name` is `Class.name`.
    pub(crate) fn constant_of_objects(&self, number: usize, name: &str) -> Option<&'a Expr> {
        struct Sets<'n>(&'n str, bool);
        impl<'a> Visitor<'a> for Sets<'_> {
            fn visit_expr(&mut self, expression: &'a Expr) {
                if let Expr::Attribute(attribute) = expression
                    && attribute.attr.as_str() == self.0
                    && attribute.ctx != ExprContext::Load
                {
                    self.1 = true;
                }
                walk_expr(self, expression);
            }
        }
        let mut sets = Sets(name, false);
        self.source.statements().iter().for_each(|statement| sets.visit_stmt(statement));
        if sets.1 {
            return None;
        }
        self.class_constant(number, name)
    }
}

/// What `super().__init__(...)` is given by this name, or at this place.
pub(crate) fn given_to_super<'a>(statement: &'a Stmt, name: &str, place: usize) -> Option<&'a Expr> {
    let Stmt::Expr(statement) = statement else { return None };
    let Expr::Call(call) = &*statement.value else { return None };
    if !crate::classes::is_call_of_super(&statement.value) {
        return None;
    }
    let word = call.arguments.keywords.iter().find(|word| word.arg.as_deref() == Some(name));
    word.map(|word| &word.value).or_else(|| call.arguments.args.get(place))
}

/// The default of a parameter, and its place among those that a call gives.
pub(crate) fn default_of<'a>(definition: &'a StmtFunctionDef, name: &str) -> Option<(usize, &'a Expr)> {
    let mut parameters = definition.parameters.iter_non_variadic_params().skip(1).enumerate();
    let (place, parameter) = parameters.find(|(_, parameter)| parameter.parameter.name.as_str() == name)?;
    Some((place, parameter.default.as_deref()?))
}
