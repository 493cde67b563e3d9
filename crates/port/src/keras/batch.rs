//! The batch size of symbolic tensors, which no number of Rust is: what is made with it becomes a `Lambda`.

use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// The sizes of a shape; `None` is the batch size.
type Sizes = Vec<Option<String>>;

impl<'a> Program<'a> {
    /// `ops.shape(x)[0]`, of a symbolic tensor: the text is that of the tensor.
    pub(crate) fn batch_size(&self, shape: &Value) -> Option<Value> {
        let tensor = match shape.text.strip_suffix(".shape()?") {
            Some(tensor) if !tensor.ends_with("put()?") => tensor.trim_start_matches('&').to_string(),
            Some(_) => return None,
            None => self.frame().symbolic_parameter.clone()?,
        };
        Some(Value::new(tensor, Type::BatchSize, Strength::Whole, Form::Reference))
    }

    /// A function of a shape that has a batch size: `ops.tile(mask, [batch_size, 1, 1])`; `None` if it is another call.
    pub(crate) fn operation_with_batch_size(&mut self, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let arguments = &call.arguments;
        let of_shape = match name {
            "reshape" | "tile" | "broadcast_to" => {
                arguments.args.get(1).or_else(|| arguments.keywords.first().map(|word| &word.value))
            }
            // `ops.concatenate([ops.expand_dims(batch_size, -1), [1, 1]], axis=0)` is such a shape.
            "expand_dims" | "concatenate" | "stack" => arguments.args.first(),
            _ => None,
        };
        let Some(of_shape) = of_shape.filter(|shape| self.has_batch_size(shape)) else { return Ok(None) };
        let (tensor, sizes) = self.sizes_with_batch(of_shape)?;
        if !matches!(name, "reshape" | "tile" | "broadcast_to") {
            return Ok(Some(Value::new(tensor, Type::BatchShape(sizes), Strength::Whole, Form::Reference)));
        }
        let of = arguments.args.first().ok_or_else(|| Missing::new(format!("{name} without a tensor")))?;
        let of = self.expression(of)?;
        let of = self.tensor(&of)?;
        match (name, &of.of) {
            ("reshape", Type::Symbolic) => self.reshaped_batch(&of, &sizes).map(Some),
            ("tile" | "broadcast_to", array) if array.is_array() => {
                let method = if name == "tile" { "repeat" } else { "broadcast_as" };
                let sizes = self.local_sizes(sizes, "x.dim(0)?");
                let own = if is_name(&of.text) { of.text.clone() } else { "array".into() };
                let class = self.import("layers::Lambda");
                let text = format!(
                    "{{\n    let {own} = {};\n    {class}::new(move |x| {own}.{method}({}))\n}}\n.call({tensor})",
                    self.own(of)?.text,
                    in_tuple(&sizes)
                );
                Ok(Some(Value::temporary(text, Type::Symbolic)))
            }
            (_, of) => Err(Missing::new(format!("{name} of {} with a batch size", of.described()))),
        }
    }

    /// `ops.reshape(x, (batch_size, -1, heads, size))`
    fn reshaped_batch(&mut self, of: &Value, sizes: &Sizes) -> Ported<Value> {
        let is_open = sizes.iter().flatten().any(|size| size == "-1");
        if !is_open && sizes.first() == Some(&None) {
            let shown = sizes.iter().map(|size| match size {
                None => "-1".to_string(),
                Some(size) if is_literal(size) => size.clone(),
                Some(size) => format!("{size} as i64"),
            });
            let shape = shown.collect::<Vec<_>>().join(", ");
            let function = self.import("ops::reshape");
            return Ok(Value::temporary(format!("{function}({}, [{shape}])", of.borrowed()), Type::Symbolic));
        }
        let sizes = self.local_sizes(sizes.clone(), "x.dim(0)?");
        let sizes: Vec<_> = sizes.into_iter().map(|size| if size == "-1" { "()".to_string() } else { size }).collect();
        let class = self.import("layers::Lambda");
        let text = format!("{class}::new(move |x| x.reshape({})).call({})", in_tuple(&sizes), of.borrowed());
        Ok(Value::temporary(text, Type::Symbolic))
    }

    /// The sizes as a closure has them that owns what it uses: attributes become variables.
    fn local_sizes(&mut self, sizes: Sizes, batch: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for size in sizes {
            texts.push(match size {
                None => batch.to_string(),
                Some(size) => match size.strip_prefix("self.").filter(|name| is_name(name)) {
                    Some(name) => {
                        self.line(&format!("let {name} = {size};"));
                        name.to_string()
                    }
                    None => size,
                },
            });
        }
        texts
    }

    /// Whether a shape, or a part of one, has the batch size in it.
    fn has_batch_size(&self, shape: &Expr) -> bool {
        match shape {
            Expr::Name(name) => matches!(
                self.scopes.get(&name.id),
                Some(crate::value::Binding::Variable(variable))
                    if matches!(variable.of, Type::BatchSize | Type::BatchShape(_))
            ),
            Expr::List(list) => list.elts.iter().any(|element| self.has_batch_size(element)),
            Expr::Tuple(tuple) => tuple.elts.iter().any(|element| self.has_batch_size(element)),
            Expr::Call(call) => call.arguments.args.first().is_some_and(|first| self.has_batch_size(first)),
            Expr::Subscript(subscript) => {
                let is_first = matches!(&*subscript.slice, Expr::NumberLiteral(number)
                    if number.value == ruff_python_ast::Number::Int(0u8.into()));
                is_first && self.is_symbolic_shape(&subscript.value)
            }
            _ => false,
        }
    }

    /// `ops.shape(x)`, `x.shape`, or a name of one.
    fn is_symbolic_shape(&self, shape: &Expr) -> bool {
        let is_symbolic = |tensor: &Expr| {
            matches!(tensor, Expr::Name(name) if matches!(self.scopes.get(&name.id),
                Some(crate::value::Binding::Variable(variable)) if variable.of == Type::Symbolic))
        };
        match shape {
            Expr::Name(name) => matches!(self.scopes.get(&name.id),
                Some(crate::value::Binding::Variable(variable)) if variable.of == Type::Shape),
            Expr::Attribute(attribute) => attribute.attr.as_str() == "shape" && is_symbolic(&attribute.value),
            Expr::Call(call) => {
                let is_shape = matches!(&*call.func, Expr::Attribute(attribute)
                    if matches!(attribute.attr.as_str(), "shape" | "int_shape"));
                is_shape && call.arguments.args.first().is_some_and(is_symbolic)
            }
            _ => false,
        }
    }

    /// The sizes of such a shape, and the tensor whose batch size it has.
    fn sizes_with_batch(&mut self, shape: &'a Expr) -> Ported<(String, Sizes)> {
        let parts: Vec<&'a Expr> = match shape {
            Expr::List(list) => list.elts.iter().collect(),
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            // A tensor of sizes.
            Expr::Call(call) if !self.is_function_of_script(&call.func) => call.arguments.args.iter().take(1).collect(),
            one => vec![one],
        };
        let (mut tensor, mut sizes) = (String::new(), Vec::new());
        for part in parts {
            if matches!(part, Expr::List(_) | Expr::Tuple(_) | Expr::Call(_)) {
                let (of_part, inner) = self.sizes_with_batch(part)?;
                tensor = if of_part.is_empty() { tensor } else { of_part };
                sizes.extend(inner);
                continue;
            }
            let value = self.expression(part)?;
            match value.of {
                Type::BatchSize => {
                    tensor = value.text;
                    sizes.push(None);
                }
                Type::BatchShape(inner) => {
                    tensor = value.text;
                    sizes.extend(inner);
                }
                Type::Int | Type::Signed => sizes.push(Some(value.text)),
                of => return Err(Missing::new(format!("{} in a shape", of.described()))),
            }
        }
        Ok((tensor, sizes))
    }

    fn is_function_of_script(&self, func: &Expr) -> bool {
        self.function_named(func).is_some()
    }

    /// Binds the sizes of the shape of a symbolic tensor: `batch, steps, size = x.shape`; whether it was one.
    pub(crate) fn unpack_sizes(&mut self, targets: &'a [Expr], value: &Value) -> Ported<bool> {
        let items: Vec<Value> = match (&value.of, &value.items) {
            (Type::Shape, _) => {
                let whole = value.at(Strength::Whole);
                let size = |i: usize| {
                    let text =
                        format!("{whole}.size({i}).ok_or_else(|| Error::new(\"the size of this axis is not known\"))?");
                    Value::temporary(text, Type::Int)
                };
                let batch = self.batch_size(value).unwrap_or_else(|| size(0));
                std::iter::once(batch).chain((1..targets.len()).map(size)).collect()
            }
            (Type::Tuple(_), Some(items)) if items.iter().any(|item| item.of == Type::BatchSize) => items.clone(),
            _ => return Ok(false),
        };
        if items.len() != targets.len() || !targets.iter().all(Expr::is_name_expr) {
            return Err(Missing::new("sizes that are taken apart here"));
        }
        for (target, item) in targets.iter().zip(items) {
            let Expr::Name(name) = target else { continue };
            // What is not used needs no value.
            if self.scan().reads(&name.id) > 0 {
                self.bind(&name.id, item)?;
            }
        }
        Ok(true)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn is_literal(text: &str) -> bool {
    text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit())
}

fn in_tuple(sizes: &[String]) -> String {
    match sizes {
        [one] => one.clone(),
        many => format!("({})", many.join(", ")),
    }
}
