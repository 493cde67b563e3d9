//! Functions of tensors: `keras.ops`, `K` and TensorFlow's, as `ops`; and Lambda.

use crate::api;
use crate::arguments::{Named, needed};
use crate::program::Program;
use crate::python::closures::Returns;
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
    ("l2_normalize", "normalize"),
    ("mod", "mod"),
    ("div", "divide"),
    ("gather", "take"),
    ("acos", "arccos"),
    ("range", "arange"),
    ("floordiv", "floor_divide"),
    ("floormod", "mod"),
    ("clip_by_value", "clip"),
];

/// The name in `keras.ops` of a function of `K` or TensorFlow.
pub(crate) fn name_of(path: &str) -> Option<String> {
    let known = |name: &str| api::signature(&format!("keras.ops.{name}")).is_some().then(|| name.to_string());
    if let Some(name) = path.strip_prefix("keras.backend.") {
        let name = match name {
            "concatenate" | "sum" | "mean" => name,
            "pow" => "power",
            "int_shape" => "shape",
            "batch_dot" => return None,
            name => name,
        };
        return known(name);
    }
    let name = path.strip_prefix("tensorflow.")?;
    if name.contains("random.")
        || name.starts_with("data.")
        || name.starts_with("image.")
        || name == "convert_to_tensor"
    {
        return None;
    }
    let name = name.trim_start_matches("math.").trim_start_matches("nn.");
    let name = OF_TENSORFLOW.iter().find(|(own, _)| *own == name).map_or(name, |(_, of_keras)| of_keras);
    known(name)
}

/// Defaults that `K`, TensorFlow and `keras.activations` have, and `keras.ops` has not.
const DEFAULTS_ELSEWHERE: &[(&str, &str, &str, &str)] = &[
    ("keras.backend.", "concatenate", "axis", "-1"),
    ("keras.backend.", "argmax", "axis", "-1"),
    ("keras.backend.", "argmin", "axis", "-1"),
    ("keras.backend.", "cumsum", "axis", "0"),
    ("keras.backend.", "cumprod", "axis", "0"),
    ("keras.backend.", "expand_dims", "axis", "-1"),
    ("keras.activations.", "gelu", "approximate", "false"),
    ("tensorflow.", "gelu", "approximate", "false"),
    ("tensorflow.", "argmax", "axis", "0"),
    ("tensorflow.", "argmin", "axis", "0"),
    ("tensorflow.", "cumsum", "axis", "0"),
    ("tensorflow.", "cumprod", "axis", "0"),
    ("tensorflow.", "take", "axis", "0"),
    // TensorFlow compares the squared norm with 1e-12.
    ("tensorflow.", "normalize", "epsilon", "1e-6"),
];

/// How many arguments by their places TensorFlow has in the order of `keras.ops`, where those behind mean something else.
const ALIKE_IN_TENSORFLOW: &[(&str, usize)] = &[
    ("argmax", 2),
    ("argmin", 2),
    ("bincount", 3),
    ("count_nonzero", 2),
    ("cumprod", 2),
    ("cumsum", 2),
    ("eye", 2),
    ("linspace", 3),
    ("moments", 2),
    ("normalize", 2),
    ("one_hot", 2),
    ("ones_like", 1),
    ("split", 3),
    ("take", 2),
    ("unstack", 3),
    ("zeros_like", 1),
];

/// Functions of TensorFlow whose name `keras.ops` has for others.
const OTHERS_IN_TENSORFLOW: &[&str] = &[
    "batch_normalization",
    "conv",
    "conv_transpose",
    "ctc_loss",
    "identity",
    "scan",
    "unique",
    "unravel_index",
    "while_loop",
];

/// Functions of two operands that keep whole numbers whole.
const WHOLE: &[&str] = &["add", "subtract", "multiply", "floor_divide", "mod", "maximum", "minimum", "power"];

/// What Keras has for arguments that `ops` wants to be said.
const DEFAULTS: &[(&str, &str, &str)] = &[
    ("concatenate", "axis", "0"),
    ("stack", "axis", "0"),
    ("softmax", "axis", "-1"),
    ("log_softmax", "axis", "-1"),
    ("sort", "axis", "-1"),
    ("argsort", "axis", "-1"),
    ("split", "axis", "0"),
    ("round", "decimals", "0"),
    ("one_hot", "axis", "-1"),
    ("leaky_relu", "negative_slope", "0.2"),
    ("elu", "alpha", "1.0"),
    ("gelu", "approximate", "true"),
    ("moments", "keepdims", "false"),
    ("moments", "synchronized", "false"),
    ("top_k", "sorted", "true"),
    ("unstack", "axis", "0"),
    ("linspace", "endpoint", "true"),
    ("linspace", "num", "50"),
    ("pad", "mode", "\"constant\""),
    ("binary_crossentropy", "from_logits", "false"),
    ("categorical_crossentropy", "from_logits", "false"),
    ("sparse_categorical_crossentropy", "from_logits", "false"),
    ("categorical_crossentropy", "axis", "-1"),
    ("sparse_categorical_crossentropy", "axis", "-1"),
    ("std", "axis", "()"),
];

/// Names of the first argument in NumPy, TensorFlow and older versions of Keras.
const OF_FIRST: &[&str] =
    &["x", "xs", "a", "input", "inputs", "tensor", "values", "input_tensor", "tensors", "logits", "features"];

impl<'a> Program<'a> {
    /// A call of a function of `K`, TensorFlow or `keras.activations` that `keras.ops` has by this name.
    pub(crate) fn operation_of(&mut self, path: &str, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let words: Vec<_> = call.arguments.keywords.iter().filter_map(|word| word.arg.as_deref()).collect();
        if path.starts_with("tensorflow.") {
            let alike =
                ALIKE_IN_TENSORFLOW.iter().find(|(own, _)| *own == name).map_or(usize::MAX, |(_, alike)| *alike);
            if OTHERS_IN_TENSORFLOW.contains(&name)
                || call.arguments.args.len() > alike
                || words.contains(&"batch_dims")
            {
                return Err(
                    Missing::new(format!("{path} with these arguments")).help(format!("write keras.ops.{name}"))
                );
            }
        }
        match (path, name) {
            // The length of each part, not where it ends.
            (_, "split") if path.starts_with("tensorflow.") && !self.is_count(call.arguments.args.get(1)) => {
                return Err(Missing::new("a split into parts of these sizes").help("write keras.ops.split"));
            }
            // Of all elements, unless the axis is said.
            (_, "normalize") if !path.starts_with("keras.ops.") && !words.contains(&"axis") => {
                return Err(Missing::new("a norm of all elements").help("say the axis"));
            }
            ("tensorflow.matmul" | "tensorflow.linalg.matmul", _)
                if words.iter().any(|word| word.starts_with("trans")) =>
            {
                return self.matmul_of_transposed(call);
            }
            ("keras.backend.repeat", _) => return Err(Missing::new("K.repeat").help("write layers.RepeatVector")),
            _ => {}
        }
        self.operation_from(path, name, call)
    }

    /// `tf.matmul(query, key, transpose_b=True)`
    fn matmul_of_transposed(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let named = crate::arguments::named_as(call, &["a", "b", "transpose_a", "transpose_b"])?;
        let mut operands = Vec::new();
        for (name, flag) in [("a", "transpose_a"), ("b", "transpose_b")] {
            let value = self.expression(needed(&named, name)?)?;
            let value = self.tensor(&value)?;
            let is_transposed = match crate::arguments::find(&named, flag) {
                None => false,
                Some(Expr::BooleanLiteral(flag)) => flag.value,
                Some(_) => return Err(Missing::new(format!("a computed {flag}"))),
            };
            operands.push((value, is_transposed));
        }
        let is_symbolic = operands.iter().all(|(value, _)| value.of == Type::Symbolic);
        if !is_symbolic && !operands.iter().all(|(value, _)| value.of.is_array()) {
            return Err(Missing::new("a product of a symbolic tensor and another"));
        }
        let (matmul, swapaxes) = (self.import("ops::matmul"), self.import("ops::swapaxes"));
        let end = if is_symbolic { "" } else { "?" };
        let texts: Vec<_> = operands
            .iter()
            .map(|(value, is_transposed)| match is_transposed {
                true => format!("&{swapaxes}({}, -1, -2){end}", value.borrowed()),
                false => value.borrowed(),
            })
            .collect();
        let of = if is_symbolic { Type::Symbolic } else { Type::Floats };
        Ok(Value::temporary(format!("{matmul}({}){end}", texts.join(", ")), of))
    }

    /// Whether an argument is an integer.
    fn is_count(&mut self, argument: Option<&'a Expr>) -> bool {
        let Some(argument) = argument else { return true };
        let written = self.body.len();
        let is_count = matches!(self.expression(argument), Ok(Value { of: Type::Int, .. }));
        self.body.truncate(written);
        is_count
    }

    /// A call of the function of `keras.ops` with this name.
    pub(crate) fn operation(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        self.operation_from("keras.ops.", name, call)
    }

    fn operation_from(&mut self, origin: &str, name: &str, call: &'a ExprCall) -> Ported<Value> {
        if let Some(value) = self.operation_on_texts(name, call)? {
            return Ok(value);
        }
        if let Some(value) = self.operation_with_batch_size(name, call)? {
            return Ok(value);
        }
        if let Some(number) = self.operation_on_number(name, call)? {
            return Ok(number);
        }
        if name == "arange" {
            return self.arange(call, "int32");
        }
        let path = format!("keras.ops.{name}");
        let named = self.arguments_of_operation(api::first_name(&path), call)?;
        // To the dtype of another tensor.
        if let ("cast", Some((_, dtype @ Expr::Attribute(attribute)))) =
            (name, named.iter().find(|(name, _)| name == "dtype"))
            && attribute.attr.as_str() == "dtype"
            && self.path_of(dtype).is_none()
        {
            let (of, like) = (self.expression(needed(&named, "x")?)?, self.expression(&attribute.value)?);
            // The dtype of a metric of the script.
            if self.kind_of(&like.of) == Some(crate::classes::Kind::Metric) {
                let text = format!("{}.to_dtype(DType::F32)?", self.tensor(&of)?.at(crate::value::Strength::Whole));
                return Ok(Value::temporary(text, Type::Floats));
            }
            let (of, like) = (self.tensor(&of)?, self.tensor(&like)?);
            if of.of == Type::Symbolic || like.of == Type::Symbolic {
                return Err(Missing::new("a cast to the dtype of a symbolic tensor"));
            }
            let text = format!(
                "{}.to_dtype({}.dtype())?",
                of.at(crate::value::Strength::Whole),
                like.at(crate::value::Strength::Whole)
            );
            return Ok(Value::temporary(text, like.of));
        }
        if let ("convert_to_tensor", [(_, value), (_, dtype)]) = (name, &named[..]) {
            let value = self.expression(value)?;
            let array = self.tensor(&value)?;
            if array.of == Type::Symbolic {
                return Err(Missing::new("convert_to_tensor of a symbolic tensor").help("use cast"));
            }
            let dtype = self.dtype(Some(dtype), "")?;
            let text = format!("{}.to_dtype({dtype})?", array.at(crate::value::Strength::Whole));
            return Ok(Value::temporary(text, crate::numpy::of_dtype(&dtype)));
        }
        if let ("convert_to_tensor", [(_, value)]) = (name, &named[..]) {
            let has_texts = |of: &Type| of.is_text() || matches!(of, Type::List(of) if of.is_text());
            let value = self.expression(value)?;
            if matches!(&value.of, Type::List(of) if has_texts(of)) {
                return Err(Missing::new("a tensor of texts"));
            }
            // Numbers of Python become those of 32 bits.
            if matches!(&value.of, Type::List(_) | Type::Tuple(_)) {
                let array = self.tensor(&value)?;
                let dtype = match array.of {
                    Type::Floats => "DType::F32",
                    Type::Ints => "DType::I32",
                    _ => return Ok(array),
                };
                let text = format!("{}.to_dtype({dtype})?", array.at(crate::value::Strength::Whole));
                return Ok(Value::temporary(text, array.of));
            }
        }
        if name == "shape" {
            let of = self.expression(needed(&named, "x")?)?;
            return self.attribute(&of, "shape");
        }
        let rust_name = match name {
            "where" => "where_",
            "mod" => "mod_",
            name => name,
        };
        let item = api::item(&format!("ops::{rust_name}"))
            .ok_or_else(|| Missing::new(format!("the function {name} of tensors")))?;
        let parameters = item.parameters.as_ref().ok_or_else(|| Missing::new(format!("{name} is no function here")))?;
        let keepdims = match named.iter().find(|(name, _)| name == "keepdims") {
            Some((_, Expr::BooleanLiteral(keepdims))) => keepdims.value,
            Some(_) => return Err(Missing::new("a computed keepdims")),
            None => false,
        };
        let (mut operands, mut texts) = (Vec::new(), Vec::new());
        for (i, (parameter, rust_type)) in parameters.iter().enumerate() {
            let given = named
                .iter()
                .find(|(name, _)| name == parameter)
                .or_else(|| named.get(i).filter(|_| i == 0))
                .map(|(_, given)| *given);
            let is_axes = rust_type.contains("Axes") || rust_type.contains("AxisList") || name == "tile";
            let elsewhere = DEFAULTS_ELSEWHERE
                .iter()
                .find(|(from, own, of, _)| origin.starts_with(from) && *own == name && of == parameter);
            let default = match elsewhere {
                Some((.., text)) => Some(*text),
                None => DEFAULTS.iter().find(|(own, of, _)| *own == name && of == parameter).map(|(.., text)| *text),
            };
            texts.push(match given {
                Some(given) if rust_type == "&X" || rust_type == "&Tensor" => {
                    operands.push((texts.len(), self.expression(given)?));
                    String::new()
                }
                Some(given) if rust_type == "&[T]" => {
                    let value = self.expression(given)?;
                    match (&value.items, &value.of) {
                        (Some(items), _) => {
                            let items = items.iter().map(|item| self.operand(item)).collect::<Ported<Vec<_>>>()?;
                            let texts = items.iter().map(Value::borrowed).collect::<Vec<_>>().join(", ");
                            operands.extend(items.into_iter().map(|item| (usize::MAX, item)));
                            format!("&[{texts}]")
                        }
                        (None, Type::List(of)) if of.is_array() || **of == Type::Symbolic => {
                            operands.push((usize::MAX, Value::temporary("x", (**of).clone())));
                            value.borrowed()
                        }
                        (_, of) => return Err(Missing::new(format!("{name} of {}", of.described()))),
                    }
                }
                Some(given) if is_axes => {
                    let value = self.expression(given)?;
                    let axes = match crate::arguments::integers(&value) {
                        Some(integers) => integers,
                        None if value.items.is_some() => self.sizes(&value)?.replace('(', "[").replace(')', "]"),
                        None => value.text,
                    };
                    let axes = if axes == "None" { "()".into() } else { axes };
                    self.with_kept_axes(axes, keepdims)
                }
                // One number in a list is the same for all.
                Some(Expr::List(list)) if name == "repeat" && list.elts.len() == 1 => {
                    self.argument(&list.elts[0], rust_type, parameter)?
                }
                Some(given) if rust_type.contains("Vec<i64>") => self.shape_of_integers(given)?,
                // A dtype in a variable.
                Some(given @ Expr::Name(_)) if rust_type.contains("DType") && self.dtype_name(given).is_err() => {
                    let value = self.expression(given)?;
                    match value.of.is_text() || value.of == Type::Dtype {
                        true => value.text,
                        false => return Err(Missing::new("a computed dtype")),
                    }
                }
                Some(given) if rust_type.contains("DType") => {
                    let name = self.dtype_name(given)?;
                    format!("{name:?}")
                }
                Some(given) => self.argument(given, rust_type, parameter)?,
                None if default.is_some() => default.unwrap_or_default().to_string(),
                None if is_axes => self.with_kept_axes("()".into(), keepdims),
                None if rust_type.contains("Some") || rust_type.contains("Option") => "None".into(),
                None => return Err(Missing::new(format!("{name} without {parameter}"))),
            });
        }
        let known = |name: &str| name == "keepdims" || parameters.iter().any(|(own, _)| own == name);
        if let Some((other, _)) = named.iter().skip(1).find(|(name, _)| !known(name)) {
            return Err(Missing::new(format!("the argument {other} of {name}")));
        }
        let is_symbolic = operands.iter().any(|(_, value)| value.of == Type::Symbolic);
        let like = operands.iter().map(|(_, value)| value).find(|value| value.of == Type::Symbolic).cloned();
        // A whole number of Python leaves whole numbers whole.
        let may_be_whole = |value: &Value| matches!(value.of, Type::Ints | Type::Array);
        let whole_numbers = WHOLE.contains(&name) && operands.iter().any(|(_, value)| may_be_whole(value));
        let is_of_tensorflow = origin.starts_with("tensorflow.");
        let is_quotient_of_tensorflow = is_of_tensorflow
            && matches!(name, "divide" | "true_divide")
            && operands.iter().all(|(_, value)| matches!(value.of, Type::Ints | Type::Int | Type::Signed));
        for (at, value) in operands.iter_mut().filter(|(at, _)| *at != usize::MAX) {
            if let (Some(like), true) = (&like, value.of != Type::Symbolic) {
                *value = self.operand(value)?;
                if !value.of.is_array() {
                    return Err(Missing::new(format!("{name} of a symbolic tensor and {}", value.of.described())));
                }
                *value = self.symbolic_constant(value, like)?;
                texts[*at] = value.borrowed();
                continue;
            }
            *value = match whole_numbers {
                true if matches!(value.of, Type::Int | Type::Signed) => self.whole_operand(value),
                _ => self.operand(value)?,
            };
            texts[*at] = match is_quotient_of_tensorflow && value.of == Type::Ints {
                true => self.fractions(value),
                false => value.borrowed(),
            };
        }
        if let (true, "mean", [(_, Value { of: Type::Ints, .. })]) = (is_of_tensorflow, name, &operands[..]) {
            return Err(Missing::new("a mean of whole numbers, which is whole in TensorFlow").help("cast them first"));
        }
        let of = self.type_of_operation(name, &named, &operands)?;
        let function = self.import(&format!("ops::{rust_name}"));
        let text = format!("{function}({})", texts.join(", "));
        let list = |of: Type| Type::List(Box::new(of));
        // What several tensors are here.
        Ok(match (item.returns.as_str(), is_symbolic) {
            ("X::List", true) => Value::temporary(text, list(Type::Symbolic)),
            ("X::Outputs", true) => return Err(Missing::new(format!("{name} of a symbolic tensor"))),
            (_, true) => Value::temporary(text, Type::Symbolic),
            ("X::List" | "Result<Vec<Tensor>>", _) if !matches!(of, Type::List(_)) => {
                Value::temporary(format!("{text}?"), list(of))
            }
            ("X::Outputs", _) => {
                let second = if name == "top_k" { Type::Ints } else { of.clone() };
                Value::temporary(format!("<(Tensor, Tensor)>::from({text}?)"), Type::Tuple(vec![of, second]))
            }
            ("Result<(Tensor, Tensor)>", _) => Value::temporary(format!("{text}?"), Type::Tuple(vec![of.clone(), of])),
            ("usize", false) => Value::temporary(text, Type::Int),
            (_, false) => Value::temporary(format!("{text}?"), of),
        })
    }

    /// `ops.sqrt(ops.cast(size, "float32"))` of a number, which no tensor is needed for.
    fn operation_on_number(&mut self, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let is_known = matches!(name, "cast" | "sqrt" | "exp" | "log" | "rsqrt" | "square");
        let Some(first) = call.arguments.args.first().filter(|_| is_known) else { return Ok(None) };
        if !self.is_in_own_graph() {
            return Ok(None);
        }
        let value = self.expression(first)?;
        let Some(number) = value.as_float_at(crate::value::Strength::Whole) else { return Ok(None) };
        if name == "cast" {
            let dtype = call.arguments.args.get(1).or_else(|| call.arguments.keywords.first().map(|word| &word.value));
            let is_float = dtype.is_some_and(|dtype| self.dtype_name(dtype).is_ok_and(|name| name.contains("float")));
            return Ok(is_float.then(|| match value.as_float() {
                Some(text) if value.of == Type::Float || value.is_literal() => Value { text, of: Type::Float, ..value },
                text => {
                    let strength = crate::value::Strength::Cast;
                    Value::new(text.unwrap_or_default(), Type::Float, strength, crate::value::Form::Temporary)
                }
            }));
        }
        let text = match name {
            "sqrt" => format!("f64::sqrt({})", value.as_float().unwrap_or_default()),
            "rsqrt" => format!("{number}.sqrt().recip()"),
            "square" => format!("{number}.powi(2)"),
            "log" => format!("{number}.ln()"),
            name => format!("{number}.{name}()"),
        };
        Ok(Some(Value::temporary(text, Type::Float)))
    }

    /// Whether what is written is a method of layers of layers, which are called on symbolic tensors.
    fn is_in_own_graph(&self) -> bool {
        self.frame().symbolic_parameter.is_some()
    }

    fn type_of_operation(&self, name: &str, named: &Named<'a>, operands: &[(usize, Value)]) -> Ported<Type> {
        let of_fractions = operands.iter().all(|(_, value)| value.of == Type::Floats);
        Ok(match name {
            _ if name.starts_with("arg") => Type::Ints,
            "equal" | "not_equal" | "greater" | "greater_equal" | "less" | "less_equal" | "logical_and"
            | "logical_or" | "logical_not" | "isnan" | "isinf" | "isfinite" | "any" | "all" | "in_top_k" => Type::Mask,
            "cast" | "zeros" | "ones" | "full" => match named.iter().find(|(name, _)| name == "dtype") {
                Some((_, dtype)) => match self.dtype_name(dtype).as_deref() {
                    Ok(name) if name.contains("float") => Type::Floats,
                    Ok(name) if name.contains("int") => Type::Ints,
                    Ok("bool") => Type::Mask,
                    _ => Type::Array,
                },
                _ => Type::Floats,
            },
            "one_hot" | "softmax" | "exp" | "log" | "sqrt" | "sigmoid" | "tanh" => Type::Floats,
            "split" => Type::List(Box::new(if of_fractions { Type::Floats } else { Type::Array })),
            "where" if operands.len() == 3 => match operands[1..].iter().all(|(_, value)| value.of == Type::Floats) {
                true => Type::Floats,
                false => Type::Array,
            },
            "take" if operands.len() == 2 => operands[0].1.of.clone(),
            _ if of_fractions => Type::Floats,
            _ if WHOLE.contains(&name) && operands.iter().all(|(_, value)| value.of == Type::Ints) => Type::Ints,
            // Of integers and fractions, fractions.
            "add" | "subtract" | "multiply" | "maximum" | "minimum" | "matmul" | "power" | "divide" | "true_divide"
                if operands.iter().any(|(_, value)| value.of == Type::Floats) =>
            {
                Type::Floats
            }
            _ => Type::Array,
        })
    }

    /// The arguments by Keras's names, also where the first has another one.
    fn arguments_of_operation(&mut self, path: &str, call: &'a ExprCall) -> Ported<Named<'a>> {
        let signature = api::signature(path).ok_or_else(|| Missing::new(format!("{path} is no name of Keras")))?;
        let first = signature.positional().next().unwrap_or("x").to_string();
        let mut named = Named::new();
        let mut names = signature.positional();
        for argument in &call.arguments.args {
            let name = names.next().ok_or_else(|| Missing::new(format!("{path} has fewer arguments")))?;
            named.push((name.to_string(), argument));
        }
        for word in &call.arguments.keywords {
            let name = word.arg.as_deref().unwrap_or_default();
            let name = match name {
                // A name in TensorFlow's graph.
                "name" => continue,
                name if signature.has(name) => name.to_string(),
                name if OF_FIRST.contains(&name) && call.arguments.args.is_empty() => first.clone(),
                // Names of TensorFlow.
                "num_or_size_splits" if signature.has("indices_or_sections") => "indices_or_sections".into(),
                "perm" if signature.has("axes") => "axes".into(),
                "alpha" if signature.has("negative_slope") => "negative_slope".into(),
                "shape" if signature.has("newshape") => "newshape".into(),
                name => return Err(Missing::new(format!("{path} has no argument {name}"))),
            };
            named.push((name, &word.value));
        }
        // The first argument stands first.
        named.sort_by_key(|(name, _)| *name != first);
        Ok(named)
    }

    /// An operand of a function of tensors. Numbers become float32, as those of Python adapt to the other operand.
    fn operand(&mut self, value: &Value) -> Ported<Value> {
        if value.of.is_number() {
            let number = value.as_float().ok_or_else(|| Missing::new("this number"))?;
            let number = if value.is_literal() { format!("{number}_f32") } else { format!("({number}) as f32") };
            return Ok(Value::temporary(format!("Tensor::new({number}, &Device::Cpu)?"), Type::Floats));
        }
        self.tensor(value)
    }

    /// A whole number, which adapts to the dtype of the other operand.
    fn whole_operand(&mut self, value: &Value) -> Value {
        let number = match (value.is_literal(), value.text.parse::<i32>().is_ok()) {
            (true, true) => format!("{}_i32", value.text),
            (true, false) => format!("{}_i64", value.text),
            (false, _) => crate::arithmetic::signed(value).text,
        };
        Value::temporary(format!("Tensor::new({number}, &Device::Cpu)?"), Type::Ints)
    }

    /// A shape as `Vec<i64>` takes it.
    pub(crate) fn shape_of_integers(&mut self, shape: &'a Expr) -> Ported<String> {
        let value = self.expression(shape)?;
        let shown = |item: &Value| match (&item.of, item.is_literal()) {
            (Type::Int | Type::Signed, true) | (Type::Signed, false) => Ok(item.text.clone()),
            (Type::Int | Type::Id, false) => Ok(format!("{} as i64", item.at(crate::value::Strength::Cast))),
            (of, _) => Err(Missing::new(format!("{} in a shape", of.described()))),
        };
        match (&value.items, &value.of) {
            (Some(items), _) if items.is_empty() => Ok("Vec::new()".into()),
            (Some(items), _) => Ok(format!("[{}]", items.iter().map(shown).collect::<Ported<Vec<_>>>()?.join(", "))),
            (None, Type::Int | Type::Signed) => Ok(format!("[{}]", shown(&value)?)),
            (None, Type::List(of)) if **of == Type::Int => {
                Ok(format!("{}.iter().map(|&n| n as i64).collect::<Vec<_>>()", value.at(crate::value::Strength::Whole)))
            }
            (None, of) => Err(Missing::new(format!("{} as a shape", of.described()))),
        }
    }

    /// The name of a dtype: `"float32"`, `np.float32`, `tf.float32`.
    pub(crate) fn dtype_name(&self, dtype: &Expr) -> Ported<String> {
        match (dtype, self.path_of(dtype)) {
            (Expr::StringLiteral(text), _) => Ok(text.value.to_str().to_string()),
            (_, Some(path)) => Ok(path.rsplit('.').next().unwrap_or(&path).to_string()),
            (Expr::Name(name), _) if name.id.as_str() == "float" => Ok("float64".into()),
            (Expr::Name(name), _) if matches!(name.id.as_str(), "int" | "bool") => {
                Ok(if name.id.as_str() == "int" { "int64" } else { "bool" }.into())
            }
            _ => Err(Missing::new("a computed dtype")),
        }
    }

    /// `keras.random.normal` and its kin, TensorFlow's and those of `K`.
    pub(crate) fn random_tensor(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let (first, second, defaults) = match name {
            "normal" | "truncated_normal" => ("mean", "stddev", ["0.0", "1.0"]),
            "uniform" => ("minval", "maxval", ["0.0", "1.0"]),
            _ => return Err(Missing::new(format!("random.{name} is not known here"))),
        };
        let given = crate::arguments::named_as(call, &["shape", first, second, "dtype", "seed"])?;
        let shape = self.shape_of_integers(needed(&given, "shape")?)?;
        let mut number = |name: &str, default: &str| match crate::arguments::find(&given, name) {
            None => Ok(default.to_string()),
            Some(argument) => {
                let value = self.expression(argument)?;
                value.as_float().ok_or_else(|| Missing::new("a bound that is no number"))
            }
        };
        let (a, b) = (number(first, defaults[0])?, number(second, defaults[1])?);
        let dtype = match crate::arguments::find(&given, "dtype") {
            None | Some(Expr::NoneLiteral(_)) => "None".to_string(),
            Some(dtype) => format!("{:?}", self.dtype_name(dtype)?),
        };
        let seed = match crate::arguments::find(&given, "seed") {
            Some(Expr::NumberLiteral(seed)) => {
                let value = crate::expressions::number_of(&seed.value)?;
                value.text
            }
            // A layer draws by its place.
            _ if self.is_in_own_layer() => "ctx.random(None)".into(),
            None | Some(Expr::NoneLiteral(_)) => "None".into(),
            Some(_) => return Err(Missing::new("a generator of random numbers here")),
        };
        let function = self.import(&format!("random::{name}"));
        Ok(Value::temporary(format!("{function}({shape}, {a}, {b}, {dtype}, {seed})?"), Type::Floats))
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
