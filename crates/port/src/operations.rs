//! Functions of tensors: `keras.ops`, `K` and TensorFlow's, as `ops`; and Lambda.

use crate::api;
use crate::arguments::{Named, needed};
use crate::closures::Returns;
use crate::program::Program;
use crate::value::{Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

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
        let of = if of_many { Type::List(Box::new(Type::Floats)) } else { Type::Floats };
        let closure = self.closure(needed(named, "function")?, &[of], Returns::Result)?;
        if !closure.returns.is_array() {
            return Err(Missing::new(format!("a Lambda that returns {}", closure.returns.described())));
        }
        let function = closure.text;
        let class = self.import("layers::Lambda");
        let new = if of_many { "of_many" } else { "new" };
        let mut text = format!("{class}::{new}({function})");
        let item = api::item("layers::Lambda").ok_or_else(|| Missing::new("Lambda"))?;
        for (name, argument) in named.iter().filter(|(name, _)| !matches!(name.as_str(), "function" | "output_shape")) {
            text.push_str(&self.setter(item, "layers::Lambda", name, argument)?);
        }
        Ok(Value::temporary(text, Type::Layer("Lambda".into())))
    }
}
