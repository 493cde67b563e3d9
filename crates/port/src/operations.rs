//! Functions of tensors: `keras.ops`, `K` and TensorFlow's, as `ops`; and Lambda.

use crate::api;
use crate::arguments::{Named, needed};
use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, ExprLambda};

/// TensorFlow's names of what Keras calls otherwise.
const OF_TENSORFLOW: &[(&str, &str)] = &[
    ("reduce_mean", "mean"),
    ("reduce_sum", "sum"),
    ("reduce_max", "max"),
    ("reduce_min", "min"),
    ("reduce_prod", "prod"),
    ("concat", "concatenate"),
    ("pow", "power"),
];

/// The name in `keras.ops` of a function of `K` or TensorFlow.
pub(crate) fn name_of(path: &str) -> Option<String> {
    let known = |name: &str| api::signature(&format!("keras.ops.{name}")).is_some().then(|| name.to_string());
    if let Some(name) = path.strip_prefix("keras.backend.") {
        return known(name);
    }
    let name = path.strip_prefix("tensorflow.")?;
    let name = name.trim_start_matches("math.").trim_start_matches("nn.");
    let name = OF_TENSORFLOW.iter().find(|(own, _)| *own == name).map_or(name, |(_, of_keras)| of_keras);
    known(name)
}

impl<'a> Program<'a> {
    /// A call of the function of `keras.ops` with this name.
    pub(crate) fn operation(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let path = format!("keras.ops.{name}");
        let named = self.named(api::first_name(&path), call)?;
        let item = api::item(&format!("ops::{name}"))
            .ok_or_else(|| Missing::new(format!("the function {name} of tensors")))?;
        let parameters = item.parameters.as_ref().ok_or_else(|| Missing::new(format!("{name} is no function here")))?;
        let keepdims = match named.iter().find(|(name, _)| name == "keepdims") {
            Some((_, Expr::BooleanLiteral(keepdims))) => keepdims.value,
            Some(_) => return Err(Missing::new("a computed keepdims")),
            None => false,
        };
        let (mut texts, mut is_symbolic, mut is_float) = (Vec::new(), false, !name.starts_with("arg"));
        for (i, (parameter, rust_type)) in parameters.iter().enumerate() {
            let given = named
                .iter()
                .find(|(name, _)| name == parameter)
                .or_else(|| named.get(i).filter(|_| i == 0))
                .map(|(_, given)| *given);
            let is_axes = rust_type.contains("Axes");
            texts.push(match given {
                Some(given) if rust_type == "&X" || rust_type == "&Tensor" => {
                    let value = self.expression(given)?;
                    is_symbolic |= value.of == Type::Symbolic;
                    is_float &= value.of == Type::Floats;
                    self.array_operand(&value)?
                }
                Some(given) if is_axes => {
                    let value = self.expression(given)?;
                    let axes = if value.items.is_some() {
                        self.sizes(&value)?.replace('(', "[").replace(')', "]")
                    } else {
                        value.text
                    };
                    self.with_kept_axes(axes, keepdims)
                }
                Some(given) => self.argument(given, rust_type, parameter)?,
                None if is_axes => self.with_kept_axes("()".into(), keepdims),
                None if rust_type.contains("Some") || rust_type.contains("Option") => "None".into(),
                None => return Err(Missing::new(format!("{name} without {parameter}"))),
            });
        }
        let known = |name: &str| name == "keepdims" || parameters.iter().any(|(own, _)| own == name);
        if let Some((other, _)) = named.iter().skip(1).find(|(name, _)| !known(name)) {
            return Err(Missing::new(format!("the argument {other} of {name}")));
        }
        let function = self.import(&format!("ops::{name}"));
        let text = format!("{function}({})", texts.join(", "));
        Ok(match is_symbolic {
            true => Value::temporary(text, Type::Symbolic),
            false => Value::temporary(format!("{text}?"), if is_float { Type::Floats } else { Type::Array }),
        })
    }

    fn with_kept_axes(&mut self, axes: String, keepdims: bool) -> String {
        if !keepdims {
            return axes;
        }
        let function = self.import("ops::axes");
        format!("{function}({axes}).keepdims(true)")
    }

    /// A Lambda; `of_many` if it is called on a list, whose tensors its function takes.
    pub(crate) fn lambda_layer(&mut self, named: &Named<'a>, of_many: bool) -> Ported<Value> {
        let function = match needed(named, "function")? {
            Expr::Lambda(lambda) => self.closure(lambda, of_many)?,
            _ => return Err(Missing::new("a Lambda of a named function").help("write a lambda")),
        };
        let class = self.import("layers::Lambda");
        let new = if of_many { "of_many" } else { "new" };
        let mut text = format!("{class}::{new}({function})");
        let item = api::item("layers::Lambda").ok_or_else(|| Missing::new("Lambda"))?;
        for (name, argument) in named.iter().filter(|(name, _)| !matches!(name.as_str(), "function" | "output_shape")) {
            text.push_str(&self.setter(item, "layers::Lambda", name, argument)?);
        }
        Ok(Value::temporary(text, Type::Layer("Lambda".into())))
    }

    /// `lambda x: ...` of a tensor, or of several.
    fn closure(&mut self, lambda: &'a ExprLambda, of_many: bool) -> Ported<String> {
        let parameters: Vec<_> =
            lambda.parameters.iter().flat_map(|parameters| parameters.iter_non_variadic_params()).collect();
        let [parameter] = &parameters[..] else { return Err(Missing::new("a Lambda of several arguments")) };
        let name = parameter.parameter.name.to_string();
        self.scopes.enter();
        let rust_name = self.rust_name(&name);
        let of = if of_many { Type::List(Box::new(Type::Floats)) } else { Type::Floats };
        let variable = Variable { rust_name: rust_name.clone(), of, form: Form::Reference, is_pending: false };
        self.scopes.bind(&name, Binding::Variable(variable));
        let value = self.expression(&lambda.body);
        self.scopes.leave();
        let value = value?;
        if !value.of.is_array() {
            return Err(Missing::new(format!("a Lambda that returns {}", value.of.described())));
        }
        let body = match (value.text.strip_suffix('?'), value.form) {
            // The parentheses of `(x * 2.0)?`.
            (Some(call), _) if call.starts_with('(') && call.ends_with(')') && is_one_group(call) => {
                call[1..call.len() - 1].to_string()
            }
            (Some(call), _) => call.to_string(),
            (None, Form::Reference) => format!("Ok({}.clone())", value.at(Strength::Whole)),
            (None, _) => format!("Ok({})", value.text),
        };
        Ok(format!("|{rust_name}| {body}"))
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
