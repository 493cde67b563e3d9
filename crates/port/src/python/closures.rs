//! Functions as values: closures of Rust.

use crate::program::Program;
use crate::value::{Binding, Form, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprLambda};

/// What a closure returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    /// A `Result` of candle, or another one.
    Result,
    /// A `Result` of `candle_keras`.
    OwnResult,
    /// A value: what it calls cannot fail.
    Value,
}

/// A closure, and what it returns beside errors.
pub(crate) struct Closure {
    pub(crate) text: String,
    pub(crate) returns: Type,
}

impl<'a> Program<'a> {
    /// A lambda, or the name of a function, as a closure for arguments of these types that owns what it uses.
    pub(crate) fn closure(&mut self, function: &'a Expr, arguments: &[Type], returns: Returns) -> Ported<Closure> {
        if let Expr::Lambda(lambda) = function {
            return self.closure_of_lambda(lambda, arguments, returns);
        }
        if let Some(number) = self.function_named(function) {
            return self.closure_of_function(number, arguments, returns);
        }
        if let ([of], Some(path)) = (arguments, self.path_of(function))
            && of.is_array()
            && crate::keras::old_names::is_preprocess_input(&path)
        {
            return Ok(Closure { text: "|x| Ok(((x / 127.5)? - 1.0)?)".into(), returns: Type::Floats });
        }
        if let Some(path) = self.path_of(function)
            && let Some(name) = operation_of(&path)
            && let [of] = arguments
            && of.is_array()
        {
            let operation = self.import(&format!("ops::{name}"));
            let text = match returns {
                Returns::OwnResult => format!("|x| Ok({operation}(x)?)"),
                _ => format!("|x| {operation}(x)"),
            };
            return Ok(Closure { text, returns: of.clone() });
        }
        Err(Missing::new("this as a function").help("write a lambda"))
    }

    /// How many parameters a lambda or function has.
    pub(crate) fn parameter_count(&self, function: &Expr) -> Option<usize> {
        if let Expr::Lambda(lambda) = function {
            return Some(lambda.parameters.iter().flat_map(|all| all.iter_non_variadic_params()).count());
        }
        let definition = self.functions[self.function_named(function)?].definition;
        Some(definition.parameters().len())
    }

    fn closure_of_lambda(&mut self, lambda: &'a ExprLambda, arguments: &[Type], returns: Returns) -> Ported<Closure> {
        let parameters: Vec<_> =
            lambda.parameters.iter().flat_map(|parameters| parameters.iter_non_variadic_params()).collect();
        if parameters.len() != arguments.len() {
            return Err(Missing::new(format!("a lambda of {} arguments here", parameters.len())));
        }
        self.captures.push(Vec::new());
        self.scopes.enter_function();
        // What is used is not moved out.
        self.depth += 1;
        let mut names = Vec::new();
        for (parameter, of) in parameters.iter().zip(arguments) {
            let name = parameter.parameter.name.as_str();
            let rust_name = self.rust_name(name);
            let form = if of.is_copy() { Form::Place } else { Form::Reference };
            names.push(rust_name.clone());
            let variable = Variable { rust_name, of: of.clone(), form, is_pending: false };
            self.scopes.bind(name, Binding::Variable(variable));
        }
        let value = self.expression(&lambda.body).and_then(|value| self.own(value));
        self.depth -= 1;
        self.scopes.leave();
        let captured = self.captures.pop().unwrap_or_default();
        let value = value?;
        let mut clones = String::new();
        for captured in &captured {
            let outer = self.name(captured.name())?;
            if captured.is_changed() {
                return Err(Missing::new(format!("a lambda that changes {}", captured.name())));
            }
            if captured.name() == "self" {
                return Err(Missing::new("a method of the object itself here").help("pass a lambda or function"));
            }
            if !outer.of.is_copy() {
                let own = crate::script::names::in_snake_case(captured.name());
                let text = match &outer.of {
                    Type::Instance(class) if self.can_be_cloned(class) => {
                        format!("{}.clone()", outer.at(crate::value::Strength::Whole))
                    }
                    _ => self.own(outer)?.text,
                };
                clones.push_str(&format!("let {own} = {text}; "));
            }
        }
        let body = match returns {
            Returns::Result => result_of(&value),
            Returns::OwnResult if value.of == Type::None => result_of(&value),
            Returns::OwnResult => format!("Ok({})", value.text),
            Returns::Value if value.text.contains('?') => return Err(Missing::new("a function that may fail here")),
            Returns::Value => value.text.clone(),
        };
        let names = names.join(", ");
        let references = captured.iter().filter(|captured| !captured.is_copy());
        let references: String = references
            .map(|captured| crate::script::names::in_snake_case(captured.name()))
            .map(|own| format!("let {own} = &{own}; "))
            .collect();
        let text = match (captured.is_empty(), clones.is_empty()) {
            (true, _) => format!("|{names}| {body}"),
            (false, true) => format!("move |{names}| {body}"),
            (false, false) => format!("{{ {clones}move |{names}| {{ {references}{body} }} }}"),
        };
        Ok(Closure { text, returns: value.of })
    }

    /// Whether an object of this class may be cloned, as its type in Rust is.
    fn can_be_cloned(&self, class: &str) -> bool {
        let Ok(number) = self.class_number(class) else { return false };
        let optimizer = Type::Object("optimizers::Optimizer".into());
        self.classes[number].kind != crate::classes::Kind::Callback
            && self.fields_of(number).iter().all(|(_, of)| *of != optimizer)
    }

    fn closure_of_function(&mut self, number: usize, arguments: &[Type], returns: Returns) -> Ported<Closure> {
        let definition = self.functions[number].definition;
        let all = definition.parameters();
        let required = all.iter().filter(|parameter| parameter.default.is_none()).count();
        if required > arguments.len() || all.len() < arguments.len() {
            return Err(Missing::new(format!("{} has other parameters than are passed here", definition.name())));
        }
        let names: Vec<String> = all[..arguments.len()]
            .iter()
            .map(|parameter| match parameter.parameter.name.as_str() {
                // What is passed on has a name.
                "_" => "other".to_string(),
                name => crate::script::names::in_snake_case(name),
            })
            .collect();
        let mut values: Vec<Value> = Vec::new();
        for (name, of) in names.iter().zip(arguments) {
            let form = if of.is_copy() { Form::Place } else { Form::Reference };
            values.push(Value::new(name.clone(), of.clone(), crate::value::Strength::Whole, form));
        }
        for parameter in &all[arguments.len()..] {
            let default = parameter.default.as_deref().ok_or_else(|| Missing::new("a parameter without a default"))?;
            values.push(self.expression(default)?);
        }
        let written = self.function(number, values.iter().map(|value| value.of.clone()).collect())?;
        let mut passed = crate::python::functions::passed(&values, &[]);
        let (mut clones, mut is_capturing) = (String::new(), false);
        for captured in written.captured() {
            is_capturing = true;
            if captured.is_changed() {
                return Err(Missing::new(format!("a function that changes {}", captured.name())));
            }
            let outer = self.name(captured.name())?;
            if outer.of.is_copy() {
                passed.push(outer.text);
                continue;
            }
            let own = crate::script::names::in_snake_case(captured.name());
            clones.push_str(&format!("let {own} = {}; ", self.own(Value { form: Form::Reference, ..outer })?.text));
            passed.push(format!("&{own}"));
        }
        let call = written.called(&passed).text;
        let call = match returns {
            Returns::Result | Returns::OwnResult => format!("Ok({call})"),
            Returns::Value if written.is_fallible => return Err(Missing::new("a function that may fail here")),
            Returns::Value => call,
        };
        let names = names.join(", ");
        let text = match (is_capturing, clones.is_empty()) {
            (false, _) => format!("|{names}| {call}"),
            (true, true) => format!("move |{names}| {call}"),
            (true, false) => format!("{{ {clones}move |{names}| {call} }}"),
        };
        Ok(Closure { text, returns: written.returns })
    }
}

/// A value as the `Result` that a closure returns.
fn result_of(value: &Value) -> String {
    if value.of == Type::None {
        return format!("{{ {}; Ok(()) }}", value.text);
    }
    match (value.text.strip_suffix('?'), value.form) {
        // The parentheses of `(x * 2.0)?`.
        (Some(call), _) if call.starts_with('(') && is_one_group(call) => call[1..call.len() - 1].to_string(),
        (Some(call), _) if call.starts_with("ops::") && is_one_call(call) => call.to_string(),
        _ => format!("Ok({})", value.text),
    }
}

/// Whether the first parenthesis is closed by the last.
fn is_one_group(text: &str) -> bool {
    let mut depth = 0;
    for (i, c) in text.char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth == 0 {
            return i + 1 == text.len();
        }
    }
    false
}

/// `f(...)`
fn is_one_call(text: &str) -> bool {
    text.find('(').is_some_and(|at| is_one_group(&text[at..]))
}

/// The function of `ops` that a path of Keras or TensorFlow names.
fn operation_of(path: &str) -> Option<String> {
    crate::keras::operations::name_of(path)
        .or_else(|| path.strip_prefix("keras.ops.").map(str::to_string))
        .or_else(|| path.strip_prefix("keras.activations.").map(str::to_string))
        .filter(|name| {
            crate::api::item(&format!("ops::{name}"))
                .and_then(|item| item.parameters.as_ref())
                .is_some_and(|parameters| parameters.len() == 1)
        })
}
