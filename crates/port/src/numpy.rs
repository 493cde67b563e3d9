//! NumPy, as scripts use it around Keras: arrays are tensors on the host.

use crate::arguments::{Named, find, named_as, needed};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// An array of this dtype of candle.
pub(crate) fn of_dtype(dtype: &str) -> Type {
    if dtype.contains("::F") { Type::Floats } else { Type::Array }
}

/// The dtype of candle for a name of NumPy.
pub(crate) fn dtype_of(name: &str) -> Option<&'static str> {
    Some(match name.rsplit('.').next().unwrap_or(name) {
        "float32" => "DType::F32",
        "float64" | "float" | "double" => "DType::F64",
        "float16" => "DType::F16",
        "int64" | "int" => "DType::I64",
        "int32" => "DType::I32",
        "uint8" => "DType::U8",
        "uint32" => "DType::U32",
        _ => return None,
    })
}

impl<'a> Program<'a> {
    pub(crate) fn numpy_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = |parameters: &[&str]| named_as(call, parameters);
        let name = path.trim_start_matches("numpy.");
        let array = |text: String| Ok(Value::temporary(text, Type::Array));
        match name {
            "array" | "asarray" => {
                let given = given(&["object", "dtype"])?;
                self.array(needed(&given, "object")?, find(&given, "dtype"))
            }
            "zeros" | "ones" => {
                let given = given(&["shape", "dtype"])?;
                let (shape, dtype) =
                    (self.shape(needed(&given, "shape")?)?, self.dtype(find(&given, "dtype"), "DType::F64")?);
                let of = of_dtype(&dtype);
                Ok(Value::temporary(format!("Tensor::{name}({shape}, {dtype}, &Device::Cpu)?"), of))
            }
            "random.seed" => self.random_seed(&given(&["seed"])?),
            "random.rand"
            | "random.randn"
            | "random.random"
            | "random.normal"
            | "random.uniform"
            | "random.random_sample" => self.random(name.trim_start_matches("random."), call),
            "argmax" | "mean" | "sum" | "max" | "min" | "std" | "var" | "argmin" => {
                let given = given(&["a", "axis"])?;
                let of = self.expression(needed(&given, "a")?)?;
                self.reduction(name, &of, find(&given, "axis"))
            }
            "expand_dims" => {
                let given = given(&["a", "axis"])?;
                let (of, axis) = (self.expression(needed(&given, "a")?)?, self.expression(needed(&given, "axis")?)?);
                let function = self.import("ops::expand_dims");
                Ok(Value::temporary(format!("{function}({}, {})?", self.array_operand(&of)?, axis.text), of.of.clone()))
            }
            "concatenate" | "vstack" | "hstack" | "stack" => {
                let given = given(&["arrays", "axis"])?;
                let list = self.expression(needed(&given, "arrays")?)?;
                let items = list.items.ok_or_else(|| Missing::new("a list of arrays that is not written out"))?;
                let operands =
                    items.iter().map(|item| self.array_operand(item)).collect::<Ported<Vec<_>>>()?.join(", ");
                let axis = match find(&given, "axis") {
                    Some(axis) => self.expression(axis)?,
                    None => Value::constant("0", Type::Int),
                };
                if axis.of != Type::Int {
                    return Err(Missing::new(format!("{name} over an axis from the end")));
                }
                let axis = axis.text;
                match name {
                    "concatenate" => array(format!("Tensor::cat(&[{operands}], {axis})?")),
                    "stack" => array(format!("Tensor::stack(&[{operands}], {axis})?")),
                    _ => Err(Missing::new(name).help("np.concatenate says the axis")),
                }
            }
            "reshape" => {
                let given = given(&["a", "shape"])?;
                let (of, shape) = (self.expression(needed(&given, "a")?)?, needed(&given, "shape")?);
                self.reshaped(&of, shape)
            }
            "abs" | "exp" | "log" | "sqrt" | "square" | "sin" | "cos" | "tanh" | "sign" => {
                let of = self.expression(needed(&given(&["x"])?, "x")?)?;
                if of.of == Type::Float && name != "square" && name != "sign" {
                    let method = if name == "log" { "ln" } else { name };
                    return Ok(Value::temporary(format!("{}.{method}()", of.at(Strength::Whole)), Type::Float));
                }
                let function = self.import(&format!("ops::{name}"));
                array(format!("{function}({})?", self.array_operand(&of)?))
            }
            "arange" => {
                let given = given(&["stop"])?;
                let end = self.expression(needed(&given, "stop")?)?;
                match end.of {
                    Type::Int => array(format!("Tensor::arange(0, {} as i64, &Device::Cpu)?", end.at(Strength::Cast))),
                    _ => Err(Missing::new("arange of a fraction")),
                }
            }
            _ => Err(Missing::new(format!("{path} is not known here"))),
        }
    }

    pub(crate) fn tensorflow_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        match path {
            path if path.starts_with("tensorflow.data.Dataset.") => {
                self.dataset_from(path.rsplit('.').next().unwrap_or(path), call)
            }
            "tensorflow.random.set_seed" => self.random_seed(&named_as(call, &["seed"])?),
            _ => Err(Missing::new(format!("{path} is not known here"))),
        }
    }

    /// The seed of NumPy, TensorFlow or Keras is that of all random numbers.
    pub(crate) fn random_seed(&mut self, given: &Named<'a>) -> Ported<Value> {
        let seed = self.argument(needed(given, "seed")?, "u64", "seed")?;
        let function = self.import("utils::set_random_seed");
        Ok(Value::temporary(format!("{function}({seed})"), Type::None))
    }

    /// `&x` of an array.
    pub(crate) fn array_operand(&self, value: &Value) -> Ported<String> {
        match value.of {
            Type::Array | Type::Floats | Type::Symbolic => Ok(value.borrowed()),
            _ => Err(Missing::new(format!("{} as an array", value.of.described()))),
        }
    }

    fn array(&mut self, of: &'a Expr, dtype: Option<&'a Expr>) -> Ported<Value> {
        let value = self.expression(of)?;
        if value.of.is_array() {
            let value = self.owned(value)?;
            return match dtype {
                None => Ok(value),
                Some(dtype) => {
                    let dtype = self.dtype(Some(dtype), "")?;
                    let of = of_dtype(&dtype);
                    Ok(Value::temporary(format!("{}.to_dtype({dtype})?", value.at(Strength::Whole)), of))
                }
            };
        }
        let (text, kind) = if value.items.is_some() {
            literal_array(&value)?
        } else {
            match &value.of {
                Type::List(of) if **of == Type::Float => (value.text.clone(), Type::Float),
                Type::List(of) if **of == Type::Int => {
                    let text = format!("{}.iter().map(|&x| x as i64).collect::<Vec<_>>()", value.at(Strength::Whole));
                    (text, Type::Int)
                }
                of => return Err(Missing::new(format!("an array of {}", of.described()))),
            }
        };
        let text = if value.items.is_some() {
            format!("Tensor::new(&{text}, &Device::Cpu)?")
        } else {
            format!("Tensor::new({}, &Device::Cpu)?", by_slice(&text, &value))
        };
        let own = if kind == Type::Float { "DType::F64" } else { "DType::I64" };
        let dtype = self.dtype(dtype, own)?;
        let cast = if dtype == own { String::new() } else { format!(".to_dtype({dtype})?") };
        Ok(Value::temporary(format!("{text}{cast}"), of_dtype(&dtype)))
    }

    /// The dtype of an argument: a name, `np.float32`, or `"float32"`.
    pub(crate) fn dtype(&mut self, dtype: Option<&'a Expr>, default: &str) -> Ported<String> {
        let Some(dtype) = dtype else { return Ok(default.into()) };
        let name = match (dtype, self.path_of(dtype)) {
            (_, Some(path)) => path,
            (Expr::StringLiteral(text), _) => text.value.to_str().to_string(),
            (Expr::Name(name), _) => name.id.to_string(),
            _ => return Err(Missing::new("a computed dtype")),
        };
        dtype_of(&name).map(str::to_string).ok_or_else(|| Missing::new(format!("the dtype {name}")))
    }

    /// A shape, as candle takes it.
    fn shape(&mut self, shape: &'a Expr) -> Ported<String> {
        let value = self.expression(shape)?;
        match &value.of {
            Type::Int => Ok(value.text),
            Type::Tuple(types) if types.iter().all(|of| *of == Type::Int) => match &value.items {
                Some(items) if items.len() == 1 => Ok(items[0].text.clone()),
                _ => Ok(value.text),
            },
            Type::List(of) if **of == Type::Int => Ok(value.text),
            of => Err(Missing::new(format!("{} as a shape", of.described()))),
        }
    }

    pub(crate) fn reshaped(&mut self, of: &Value, shape: &'a Expr) -> Ported<Value> {
        let value = self.expression(shape)?;
        let items = match value.items {
            Some(items) => items,
            None if value.of.is_number() => vec![value],
            None => return Err(Missing::new("a computed shape")),
        };
        self.reshaped_to(of, &items)
    }

    pub(crate) fn reshaped_to(&mut self, of: &Value, sizes: &[Value]) -> Ported<Value> {
        let sizes = sizes.iter().map(|size| match &size.of {
            Type::Int => Ok(size.text.clone()),
            Type::Signed if size.text == "-1" => Ok("()".into()),
            of => Err(Missing::new(format!("{} in a shape", of.described()))),
        });
        let sizes = sizes.collect::<Ported<Vec<_>>>()?;
        let shape = match &sizes[..] {
            [one] if one == "()" => {
                return Ok(Value::temporary(format!("{}.flatten_all()?", of.at(Strength::Whole)), of.of.clone()));
            }
            [one] => one.clone(),
            many => format!("({})", many.join(", ")),
        };
        Ok(Value::temporary(format!("{}.reshape({shape})?", of.at(Strength::Whole)), of.of.clone()))
    }

    pub(crate) fn reduction(&mut self, name: &str, of: &Value, axis: Option<&'a Expr>) -> Ported<Value> {
        let axis = match axis {
            Some(axis) => Some(self.expression(axis)?),
            None => None,
        };
        let function = self.import(&format!("ops::{name}"));
        let operand = self.array_operand(of)?;
        match axis {
            Some(axis) if matches!(axis.of, Type::Int | Type::Signed) => {
                let is_index = name.starts_with("arg");
                let of = if of.of == Type::Floats && !is_index { Type::Floats } else { Type::Array };
                Ok(Value::temporary(format!("{function}({operand}, {})?", axis.text), of))
            }
            None if name != "argmax" && name != "argmin" => {
                let text = format!("{function}({operand}, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?");
                Ok(Value::temporary(text, Type::Float))
            }
            _ => Err(Missing::new(format!("{name} over these axes"))),
        }
    }

    fn random(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let (shape, from, to) = match name {
            "rand" | "randn" => {
                let sizes = call.arguments.args.iter().map(|size| self.expression(size)).collect::<Ported<Vec<_>>>()?;
                (
                    format!("[{}]", sizes.iter().map(|size| size.text.clone()).collect::<Vec<_>>().join(", ")),
                    "0.0".to_string(),
                    "1.0".to_string(),
                )
            }
            "random" | "random_sample" => {
                (self.shape_list(needed(&named_as(call, &["size"])?, "size")?)?, "0.0".into(), "1.0".into())
            }
            _ => {
                let (first, second) = if name == "normal" { ("loc", "scale") } else { ("low", "high") };
                let given = named_as(call, &[first, second, "size"])?;
                let number = |program: &mut Self, argument: Option<&'a Expr>, default: &str| match argument {
                    None => Ok(default.to_string()),
                    Some(argument) => program
                        .expression(argument)?
                        .as_float()
                        .ok_or_else(|| Missing::new("a bound that is no number")),
                };
                let (from, to) =
                    (number(self, find(&given, first), "0.0")?, number(self, find(&given, second), "1.0")?);
                (self.shape_list(needed(&given, "size")?)?, from, to)
            }
        };
        let function = if name == "randn" || name == "normal" { "random::normal" } else { "random::uniform" };
        let function = self.import(function);
        Ok(Value::temporary(format!("{function}({shape}, {from}, {to}, \"float64\", None)?"), Type::Floats))
    }

    /// A shape as an array of Rust.
    fn shape_list(&mut self, shape: &'a Expr) -> Ported<String> {
        let value = self.expression(shape)?;
        match (&value.of, &value.items) {
            (Type::Int, _) => Ok(format!("[{}]", value.text)),
            (_, Some(items)) => {
                Ok(format!("[{}]", items.iter().map(|item| item.text.clone()).collect::<Vec<_>>().join(", ")))
            }
            _ => Err(Missing::new("a computed shape")),
        }
    }

    /// `x[index]`
    pub(crate) fn array_index(&mut self, of: &Value, index: &'a Expr) -> Ported<Value> {
        let parts: Vec<&'a Expr> = match index {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let mut texts = Vec::new();
        for part in parts {
            texts.push(match part {
                Expr::Slice(slice) if slice.step.is_none() => {
                    let end = |program: &mut Self, end: Option<&'a Expr>| match end {
                        None => Ok(String::new()),
                        Some(end) => {
                            let value = program.expression(end)?;
                            match value.of {
                                Type::Int => Ok(value.at(Strength::Sum)),
                                _ => Err(Missing::new("a slice from the end")),
                            }
                        }
                    };
                    let (from, to) = (end(self, slice.lower.as_deref())?, end(self, slice.upper.as_deref())?);
                    format!("{from}..{to}")
                }
                Expr::Slice(_) => return Err(Missing::new("a slice with a step")),
                part => {
                    let value = self.expression(part)?;
                    match value.of {
                        Type::Int => value.text,
                        other => return Err(Missing::new(format!("an array at {}", other.described()))),
                    }
                }
            });
        }
        let text = match &texts[..] {
            [one] => format!("{}.i({one})?", of.at(Strength::Whole)),
            many => format!("{}.i(({}))?", of.at(Strength::Whole), many.join(", ")),
        };
        self.import("candle_core::IndexOp");
        Ok(Value::temporary(text, of.of.clone()))
    }
}

/// Lists in lists as arrays of Rust, and the type of their numbers.
fn literal_array(value: &Value) -> Ported<(String, Type)> {
    fn numbers<'v>(value: &'v Value, out: &mut Vec<&'v Value>) {
        match &value.items {
            Some(items) => items.iter().for_each(|item| numbers(item, out)),
            None => out.push(value),
        }
    }
    fn text(value: &Value, is_float: bool, first: &mut bool) -> Ported<String> {
        if let Some(items) = &value.items {
            let parts = items.iter().map(|item| text(item, is_float, first)).collect::<Ported<Vec<_>>>()?;
            return Ok(format!("[{}]", parts.join(", ")));
        }
        let number = if is_float { value.as_float() } else { Some(value.text.clone()) };
        let number = number
            .filter(|_| value.of.is_number())
            .ok_or_else(|| Missing::new(format!("an array of {}", value.of.described())))?;
        let suffix = match (std::mem::take(first), is_float, value.form) {
            (true, true, Form::Constant) => "_f64",
            (true, false, Form::Constant) => "_i64",
            _ => "",
        };
        Ok(format!("{number}{suffix}"))
    }
    let mut all = Vec::new();
    numbers(value, &mut all);
    let is_float = all.iter().any(|number| number.of == Type::Float);
    if all.is_empty() || (!is_float && all.iter().any(|number| number.form != Form::Constant)) {
        return Err(Missing::new("an array of computed integers"));
    }
    let text = text(value, is_float, &mut true)?;
    Ok((text, if is_float { Type::Float } else { Type::Int }))
}

fn by_slice(text: &str, value: &Value) -> String {
    match value.form {
        Form::Reference => text.to_string(),
        Form::Place => format!("&{text}[..]"),
        _ => format!("&{text}[..]"),
    }
}
