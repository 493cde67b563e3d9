//! `__init__` of layers that are implementations of `Layer`: its parameters are the arguments of `new`, and its attributes are these, constants,
//! or computed of them where they are used.

use crate::keras::own_layers::OwnLayer;
use crate::program::Program;
use crate::python::functions::Definition;
use crate::value::{Binding, Form, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Operator, ParameterWithDefault, Stmt};
use ruff_text_size::Ranged;

/// Functions that make of an argument what it names, and what that is in Rust.
const GETTERS: &[(&str, &str)] = &[
    ("keras.activations.get", "activations::ActivationFunction"),
    ("keras.layers.Activation", "activations::ActivationFunction"),
    ("keras.initializers.get", "initializers::Initializer"),
];

impl<'a> Program<'a> {
    /// What `__init__` sets.
    pub(crate) fn read_init(&mut self, number: usize, types: &[Type]) -> Ported<()> {
        let init = self.method_named(number, "__init__");
        let parameters = init.map(|init| Definition::Def(init).parameters()).unwrap_or_default();
        let parameters = parameters.get(1..).unwrap_or_default();
        let mut own = OwnLayer::default();
        for (parameter, of) in parameters.iter().zip(types) {
            let name = parameter.parameter.name.to_string();
            match of {
                Type::None => own.constants.push((name, Value::constant("None", Type::None))),
                Type::Int | Type::Signed | Type::Float | Type::Bool => own.arguments.push((name, of.clone())),
                Type::Tuple(types) if types.iter().all(Type::is_number) => own.arguments.push((name, of.clone())),
                Type::Str => own.arguments.push((name, Type::String)),
                Type::Object(path) if path.starts_with("initializers::") => {
                    own.arguments.push((name, Type::Object("initializers::Initializer".into())));
                }
                of => return Err(Missing::new(format!("{} as an argument of a layer", of.described()))),
            }
        }
        for statement in init.map(|init| &init.body[..]).unwrap_or_default() {
            self.read_statement(&mut own, parameters, statement)?;
        }
        self.classes[number].own = Some(own);
        if let Some(build) = self.method_named(number, "build") {
            let shape = Type::BuildShape;
            let body = self.own_body(number, Definition::Def(build), &[shape])?;
            self.set_own(number, |own| own.build = Some(body.lines.join("\n")));
        }
        Ok(())
    }

    fn read_statement(
        &mut self,
        own: &mut OwnLayer<'a>,
        parameters: &[&'a ParameterWithDefault],
        statement: &'a Stmt,
    ) -> Ported<()> {
        match statement {
            Stmt::Expr(expression) if crate::classes::is_call_of_super(&expression.value) => Ok(()),
            Stmt::Expr(expression) if expression.value.is_string_literal_expr() => Ok(()),
            Stmt::Assign(assign) => match &assign.targets[..] {
                [Expr::Attribute(attribute)] => {
                    self.read_attribute(own, parameters, attribute.attr.as_str(), &assign.value)
                }
                _ => Err(Missing::new("a variable in the __init__ of a layer with weights")),
            },
            other => {
                let line = self.source.line(other.range().start());
                Err(Missing::new(format!("line {line} in the __init__ of a layer with weights")))
            }
        }
    }

    /// `self.name = value`
    fn read_attribute(
        &mut self,
        own: &mut OwnLayer<'a>,
        parameters: &[&'a ParameterWithDefault],
        name: &str,
        value: &'a Expr,
    ) -> Ported<()> {
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.parameter.name.as_str()).collect();
        if let Some(argument) = self.read_getter(own, &names, value) {
            if argument != name {
                let Expr::Call(ExprCall { arguments, .. }) = value else { return Ok(()) };
                own.computed.push((name.into(), &arguments.args[0]));
            }
            return Ok(());
        }
        if matches!(value, Expr::Name(own) if own.id.as_str() == name) && names.contains(&name) {
            return Ok(());
        }
        let is_set =
            own.constants.iter().any(|(set, _)| set == name) || own.computed.iter().any(|(set, _)| set == name);
        if is_set || names.contains(&name) {
            return Err(Missing::new(format!("the attribute {name}, which has had another value"))
                .help("give it a name of its own"));
        }
        if is_computed(value, &names) {
            own.computed.push((name.into(), value));
            return Ok(());
        }
        if let Expr::Call(call) = value
            && let Some(path) = self.path_of(&call.func)
        {
            // A source of random numbers is that of the run.
            if path.ends_with(".SeedGenerator") {
                own.constants.push((name.into(), Value::constant("None", Type::None)));
                return Ok(());
            }
            // A loss has no state, so that it is made where it is used.
            if path.starts_with("keras.losses.") {
                let loss = self.expression(value)?;
                own.constants.push((name.into(), loss));
                return Ok(());
            }
        }
        let value = self.expression(value)?;
        if value.form != Form::Constant {
            return Err(Missing::new(format!("the attribute {name} of a layer with weights"))
                .help("compute it where it is used"));
        }
        own.constants.push((name.into(), value));
        Ok(())
    }

    /// `keras.activations.get(activation)`: the parameter, which is an argument of that type.
    fn read_getter(&self, own: &mut OwnLayer<'a>, names: &[&str], value: &'a Expr) -> Option<&'a str> {
        let Expr::Call(call) = value else { return None };
        let path = self.path_of(&call.func)?;
        let (_, of) = GETTERS.iter().find(|(getter, _)| *getter == path)?;
        let [Expr::Name(argument)] = &call.arguments.args[..] else { return None };
        let argument = argument.id.as_str();
        let place = names.iter().position(|name| *name == argument)?;
        let is_activation = of.starts_with("activations::");
        let of = Type::Object((*of).into());
        match own.arguments.iter_mut().find(|(name, _)| name == argument) {
            Some((_, argument)) => *argument = of,
            // `None` is the name of an activation as well.
            None if is_activation => {
                own.constants.retain(|(constant, _)| constant != argument);
                let is_argument = |name: &&&str| own.arguments.iter().any(|(own, _)| own == **name);
                let before = names[..place].iter().filter(is_argument).count();
                own.arguments.insert(before, (argument.into(), of));
            }
            None => {}
        }
        Some(argument)
    }

    /// An attribute as an expression of the arguments.
    pub(crate) fn computed_attribute(&mut self, number: usize, computed: &'a Expr) -> Ported<Value> {
        let init = self.method_named(number, "__init__");
        let parameters = init.map(|init| Definition::Def(init).parameters()).unwrap_or_default();
        let mut known = Vec::new();
        for parameter in parameters.iter().skip(1) {
            let name = parameter.parameter.name.as_str();
            if let Ok(value) = self.own_attribute(number, name) {
                known.push((name, value));
            }
        }
        let receiver = self.scopes.get("self");
        let hidden = self.scopes.hide(self.classes[number].depth());
        self.scopes.enter_function();
        for (name, Value { text: rust_name, of, form, .. }) in known {
            self.scopes.bind(name, Binding::Variable(Variable { rust_name, of, form, is_pending: false }));
        }
        if let Some(receiver) = receiver {
            self.scopes.bind("self", receiver);
        }
        let value = self.expression(computed);
        self.scopes.leave();
        self.scopes.restore(hidden);
        value
    }
}

/// Whether an expression has parameters of `__init__` in it, and else numbers and attributes: the same whenever it is computed.
fn is_computed(expression: &Expr, parameters: &[&str]) -> bool {
    struct Found<'n> {
        parameters: &'n [&'n str],
        is_read: bool,
        has_others: bool,
    }
    impl<'a> Visitor<'a> for Found<'_> {
        fn visit_expr(&mut self, expression: &'a Expr) {
            match expression {
                Expr::Name(name) if self.parameters.contains(&name.id.as_str()) => self.is_read = true,
                Expr::Attribute(attribute) if matches!(&*attribute.value, Expr::Name(own) if own.id.as_str() == "self") =>
                {
                    self.is_read = true;
                    return;
                }
                Expr::NumberLiteral(_) | Expr::UnaryOp(_) | Expr::Tuple(_) => {}
                Expr::BinOp(binary) if binary.op != Operator::MatMult => {}
                _ => self.has_others = true,
            }
            walk_expr(self, expression);
        }
    }
    let mut found = Found { parameters, is_read: false, has_others: false };
    found.visit_expr(expression);
    found.is_read && !found.has_others
}
