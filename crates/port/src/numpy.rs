//! NumPy, as scripts use it around Keras: arrays are tensors on the host.

use crate::arguments::{Named, find, named_as, needed, no_words};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// An array of this dtype of candle.
pub(crate) fn of_dtype(dtype: &str) -> Type {
    match dtype {
        "DType::F16" | "DType::F32" | "DType::F64" => Type::Floats,
        "DType::I64" | "DType::I32" | "DType::U32" | "DType::U8" => Type::Ints,
        _ => Type::Array,
    }
}

/// The dtype of candle for a name of NumPy.
pub(crate) fn dtype_of(name: &str) -> Option<&'static str> {
    Some(match name.rsplit('.').next().unwrap_or(name) {
        "float32" => "DType::F32",
        "float64" | "float" | "double" => "DType::F64",
        "float16" => "DType::F16",
        "int64" | "int" => "DType::I64",
        "int32" => "DType::I32",
        "bool" | "bool_" => "DType::U8",
        "uint8" => "DType::U8",
        "uint32" => "DType::U32",
        _ => return None,
    })
}

/// NumPy's functions of one array that `ops` has under the same name.
const ELEMENTWISE: &[&str] = &[
    "abs", "absolute", "exp", "log", "log10", "log1p", "log2", "expm1", "sqrt", "square", "sin", "cos", "tan", "arcsin",
    "arccos", "arctan", "sinh", "cosh", "tanh", "sign", "floor", "ceil", "isnan", "negative", "reciprocal", "logical_not",
];

/// Those of two arrays.
const OF_TWO: &[&str] = &[
    "maximum", "minimum", "add", "subtract", "multiply", "divide", "power", "dot", "matmul", "equal", "not_equal", "greater",
    "less", "greater_equal", "less_equal", "logical_and", "logical_or", "outer", "mod",
];

/// Those that take an array and arguments by Keras's names, which are NumPy's.
const AS_IN_KERAS: &[&str] = &[
    "squeeze", "transpose", "swapaxes", "tile", "repeat", "flip", "roll", "clip", "argsort", "sort", "cumsum", "median",
    "percentile", "count_nonzero", "diag", "triu", "tril", "take", "moveaxis", "fliplr", "flipud", "rot90", "any", "all",
];

impl<'a> Program<'a> {
    pub(crate) fn numpy_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = |parameters: &[&str]| named_as(call, parameters);
        let name = path.trim_start_matches("numpy.");
        if let Some(name) = name.strip_prefix("random.") {
            return self.numpy_random(name, call);
        }
        match name {
            "array" | "asarray" | "ascontiguousarray" => {
                let given = given(&["object", "dtype"])?;
                self.array(needed(&given, "object")?, find(&given, "dtype"))
            }
            // Keras takes it for float32.
            "float32" | "float64" | "int32" | "int64" if call.arguments.args.len() == 1 => {
                let value = self.expression(&call.arguments.args[0])?;
                match (value.of.is_number(), name.starts_with("float")) {
                    (true, true) => Ok(Value::temporary(
                        value.as_float().ok_or_else(|| Missing::new("this as a number"))?,
                        Type::Float,
                    )),
                    (true, false) if value.of != Type::Float => Ok(value),
                    _ => Err(Missing::new(format!("{path} of {}", value.of.described()))),
                }
            }
            // What is in a new array is not said.
            "zeros" | "ones" | "empty" => {
                let given = given(&["shape", "dtype"])?;
                let (shape, dtype) =
                    (self.shape(needed(&given, "shape")?)?, self.dtype(find(&given, "dtype"), "DType::F64")?);
                let of = of_dtype(&dtype);
                let name = if name == "empty" { "zeros" } else { name };
                Ok(Value::temporary(format!("Tensor::{name}({shape}, {dtype}, &Device::Cpu)?"), of))
            }
            "full" => {
                let given = given(&["shape", "fill_value", "dtype"])?;
                let (shape, value) =
                    (self.shape(needed(&given, "shape")?)?, self.expression(needed(&given, "fill_value")?)?);
                let own = if value.of == Type::Float { "DType::F64" } else { "DType::I64" };
                let dtype = self.dtype(find(&given, "dtype"), own)?;
                let number = value.as_float().ok_or_else(|| Missing::new("full of this"))?;
                Ok(Value::temporary(
                    format!("Tensor::full({number}, {shape}, &Device::Cpu)?.to_dtype({dtype})?"),
                    of_dtype(&dtype),
                ))
            }
            "zeros_like" | "ones_like" => {
                let of = self.expression(needed(&given(&["a"])?, "a")?)?;
                Ok(Value::temporary(format!("{}.{name}()?", self.tensor(&of)?.at(Strength::Whole)), of.of))
            }
            "eye" | "identity" => {
                let size = self.argument(needed(&given(&["N"])?, "N")?, "usize", "N")?;
                let function = self.import("ops::eye");
                Ok(Value::temporary(format!("{function}({size}, None, 0, \"float64\")?"), Type::Floats))
            }
            "argmax" | "mean" | "sum" | "max" | "min" | "std" | "var" | "argmin" | "prod" | "amax" | "amin" | "average" => {
                let given = given(&["a", "axis", "keepdims"])?;
                let of = self.expression(needed(&given, "a")?)?;
                let name = match name {
                    "amax" => "max",
                    "amin" => "min",
                    "average" => "mean",
                    name => name,
                };
                if let Type::List(element) = &of.of
                    && find(&given, "axis").is_none()
                    && element.is_number()
                {
                    return self.reduction_of_list(name, &of);
                }
                let of = self.tensor(&of)?;
                self.reduction(name, &of, find(&given, "axis"), find(&given, "keepdims"))
            }
            "expand_dims" => {
                let given = given(&["a", "axis"])?;
                let (of, axis) = (self.expression(needed(&given, "a")?)?, self.expression(needed(&given, "axis")?)?);
                let of = self.tensor(&of)?;
                let function = self.import("ops::expand_dims");
                Ok(Value::temporary(format!("{function}({}, {})?", of.borrowed(), axis.text), of.of))
            }
            "concatenate" | "vstack" | "hstack" | "stack" => {
                let given = given(&["arrays", "axis"])?;
                let list = self.expression(needed(&given, "arrays")?)?;
                let (operands, of) = match (&list.items, &list.of) {
                    (Some(items), _) => {
                        let items = items.iter().map(|item| self.tensor(item)).collect::<Ported<Vec<_>>>()?;
                        let all_floats = items.iter().all(|item| item.of == Type::Floats);
                        let texts = items.iter().map(Value::borrowed).collect::<Vec<_>>().join(", ");
                        (format!("&[{texts}]"), if all_floats { Type::Floats } else { Type::Array })
                    }
                    (None, Type::List(of)) if of.is_array() => (list.borrowed(), (**of).clone()),
                    (_, of) => return Err(Missing::new(format!("{name} of {}", of.described()))),
                };
                let axis = match find(&given, "axis") {
                    Some(axis) => self.expression(axis)?.text,
                    None => "0".into(),
                };
                let function = self.import(&format!("ops::{name}"));
                Ok(match name {
                    "concatenate" | "stack" => Value::temporary(format!("{function}({operands}, {axis})?"), of),
                    _ => Value::temporary(format!("{function}({operands})?"), of),
                })
            }
            "reshape" => {
                let given = given(&["a", "shape"])?;
                let (of, shape) = (self.expression(needed(&given, "a")?)?, needed(&given, "shape")?);
                let of = self.tensor(&of)?;
                self.reshaped(&of, shape)
            }
            name if ELEMENTWISE.contains(&name) => {
                let of = self.expression(needed(&given(&["x"])?, "x")?)?;
                if of.of.is_number() {
                    return of_number(name, &of);
                }
                let of = self.tensor(&of)?;
                let is_whole = matches!(name, "abs" | "absolute" | "square" | "negative" | "isnan" | "sign" | "logical_not");
                let operand = if is_whole { of.borrowed() } else { self.fractions(&of) };
                let function = self.import(&format!("ops::{name}"));
                let result = match (is_whole, &of.of) {
                    _ if matches!(name, "isnan" | "logical_not") => Type::Array,
                    (true, of) => of.clone(),
                    _ => Type::Floats,
                };
                Ok(Value::temporary(format!("{function}({operand})?"), result))
            }
            name if OF_TWO.contains(&name) => {
                let given = given(&["x1", "x2"])?;
                let (a, b) = (self.expression(needed(&given, "x1")?)?, self.expression(needed(&given, "x2")?)?);
                self.of_two(name, &a, &b)
            }
            "round" | "around" => {
                let given = given(&["a", "decimals"])?;
                let of = self.expression(needed(&given, "a")?)?;
                let decimals = match find(&given, "decimals") {
                    Some(decimals) => self.expression(decimals)?.text,
                    None => "0".into(),
                };
                let of = self.tensor(&of)?;
                let function = self.import("ops::round");
                Ok(Value::temporary(format!("{function}({}, {decimals})?", of.borrowed()), of.of))
            }
            "where" if call.arguments.len() == 3 => {
                let given = given(&["condition", "x", "y"])?;
                let condition = self.expression(needed(&given, "condition")?)?;
                let (x, y) = (self.expression(needed(&given, "x")?)?, self.expression(needed(&given, "y")?)?);
                let (condition, x, y) = (self.tensor(&condition)?, self.tensor(&x)?, self.tensor(&y)?);
                let function = self.import("ops::where_");
                let of = if x.of == Type::Floats || y.of == Type::Floats { Type::Floats } else { Type::Array };
                Ok(Value::temporary(
                    format!("{function}({}, {}, {})?", condition.borrowed(), x.borrowed(), y.borrowed()),
                    of,
                ))
            }
            "arange" => self.arange(call, "int64"),
            "linspace" => {
                let given = given(&["start", "stop", "num"])?;
                let (start, stop) = (self.number(needed(&given, "start")?)?, self.number(needed(&given, "stop")?)?);
                let count = match find(&given, "num") {
                    Some(count) => self.argument(count, "usize", "num")?,
                    None => "50".into(),
                };
                let function = self.import("ops::linspace");
                Ok(Value::temporary(format!("{function}({start}, {stop}, {count}, true, \"float64\")?"), Type::Floats))
            }
            "allclose" | "array_equal" | "testing.assert_allclose" | "testing.assert_array_equal" => {
                let is_close = name.ends_with("allclose");
                let given = if is_close { given(&["a", "b", "rtol", "atol"])? } else { given(&["a", "b"])? };
                let (a, b) = (self.expression(needed(&given, "a")?)?, self.expression(needed(&given, "b")?)?);
                let (a, b) = (self.tensor(&a)?, self.tensor(&b)?);
                let is_test = name.starts_with("testing.");
                let mut tolerances = String::new();
                let defaults = if is_test { [("rtol", "1e-7"), ("atol", "0.0")] } else { [("rtol", "1e-5"), ("atol", "1e-8")] };
                for (name, default) in defaults.into_iter().filter(|_| is_close) {
                    let tolerance = match find(&given, name) {
                        Some(tolerance) => self.number(tolerance)?,
                        None => default.into(),
                    };
                    tolerances.push_str(&format!(", {tolerance}"));
                }
                let function = self.import(if is_close { "numpy::allclose" } else { "numpy::array_equal" });
                let text = format!("{function}({}, {}{tolerances})?", a.borrowed(), b.borrowed());
                Ok(match is_test {
                    true => Value::temporary(format!("assert!({text})"), Type::None),
                    false => Value::temporary(text, Type::Bool),
                })
            }
            "column_stack" => {
                let list = self.expression(needed(&given(&["tup"])?, "tup")?)?;
                let items = list.items.ok_or_else(|| Missing::new("columns that are not written out"))?;
                let items = items.iter().map(|item| self.tensor(item)).collect::<Ported<Vec<_>>>()?;
                let texts = items.iter().map(Value::borrowed).collect::<Vec<_>>().join(", ");
                let of = if items.iter().all(|item| item.of == Type::Floats) { Type::Floats } else { Type::Array };
                let function = self.import("ops::stack");
                Ok(Value::temporary(format!("{function}(&[{texts}], 1)?"), of))
            }
            "digitize" => {
                let given = given(&["x", "bins"])?;
                let (x, bins) = (self.expression(needed(&given, "x")?)?, self.expression(needed(&given, "bins")?)?);
                let (x, bins) = (self.tensor(&x)?, self.tensor(&bins)?);
                let function = self.import("ops::digitize");
                Ok(Value::temporary(format!("{function}({}, {})?", x.borrowed(), bins.borrowed()), Type::Ints))
            }
            "einsum" => {
                no_words(call)?;
                let [subscripts, operands @ ..] = &call.arguments.args[..] else {
                    return Err(Missing::new("einsum of nothing"));
                };
                let subscripts = self.expression(subscripts)?;
                let operands = operands
                    .iter()
                    .map(|operand| self.expression(operand).and_then(|value| self.tensor(&value)))
                    .collect::<Ported<Vec<_>>>()?;
                let texts = operands.iter().map(Value::borrowed).collect::<Vec<_>>().join(", ");
                let of = if operands.iter().all(|item| item.of == Type::Floats) { Type::Floats } else { Type::Array };
                let function = self.import("ops::einsum");
                Ok(Value::temporary(format!("{function}({}, &[{texts}])?", subscripts.text), of))
            }
            "bincount" => {
                let given = given(&["x", "weights", "minlength"])?;
                if find(&given, "weights").is_some() {
                    return Err(Missing::new("bincount with weights"));
                }
                let of = self.expression(needed(&given, "x")?)?;
                let of = self.tensor(&of)?;
                let least = match find(&given, "minlength") {
                    Some(least) => self.argument(least, "usize", "minlength")?,
                    None => "0".into(),
                };
                let function = self.import("numpy::bincount");
                Ok(Value::temporary(format!("{function}({}, None, {least})?", of.borrowed()), Type::Ints))
            }
            "flatnonzero" => {
                let of = self.expression(needed(&given(&["a"])?, "a")?)?;
                let of = self.tensor(&of)?;
                let function = self.import("numpy::flatnonzero");
                Ok(Value::temporary(format!("{function}({})?", of.borrowed()), Type::Ints))
            }
            "empty_like" => {
                let of = self.expression(needed(&given(&["a"])?, "a")?)?;
                Ok(Value::temporary(format!("{}.zeros_like()?", self.tensor(&of)?.at(Strength::Whole)), of.of))
            }
            "linalg.norm" => {
                let given = given(&["x", "ord", "axis", "keepdims"])?;
                let of = self.expression(needed(&given, "x")?)?;
                let of = self.tensor(&of)?;
                let function = self.import("ops::norm");
                match (find(&given, "ord"), find(&given, "axis"), find(&given, "keepdims")) {
                    (None, None, None) => Ok(Value::temporary(
                        format!("{function}({}, None, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?", self.fractions(&of)),
                        Type::Float,
                    )),
                    (None, Some(axis), keepdims) => {
                        let axes = self.axes_of(axis, keepdims)?;
                        Ok(Value::temporary(format!("{function}({}, None, {axes})?", self.fractions(&of)), Type::Floats))
                    }
                    _ => Err(Missing::new("a norm of this order")),
                }
            }
            "unique" => {
                let given = given(&["ar", "return_counts", "return_inverse"])?;
                let of = self.expression(needed(&given, "ar")?)?;
                let of = self.tensor(&of)?;
                let is_asked = |name: &str| matches!(find(&given, name), Some(Expr::BooleanLiteral(asked)) if asked.value);
                let pair = Type::Tuple(vec![of.of.clone(), Type::Array]);
                let (name, result) = match (is_asked("return_counts"), is_asked("return_inverse")) {
                    (false, false) => ("numpy::unique", of.of.clone()),
                    (true, false) => ("numpy::unique_with_counts", pair),
                    (false, true) => ("numpy::unique_with_inverse", pair),
                    _ => return Err(Missing::new("unique with counts and places")),
                };
                let function = self.import(name);
                Ok(Value::temporary(format!("{function}({})?", of.borrowed()), result))
            }
            "load" => {
                let path = self.argument(needed(&given(&["file"])?, "file")?, "impl AsRef<Path>", "file")?;
                let function = self.import("numpy::load");
                Ok(Value::temporary(format!("{function}({path})?"), Type::Array))
            }
            "save" => {
                let given = given(&["file", "arr"])?;
                let path = self.argument(needed(&given, "file")?, "impl AsRef<Path>", "file")?;
                let of = self.expression(needed(&given, "arr")?)?;
                let function = self.import("numpy::save");
                Ok(Value::temporary(format!("{function}({path}, {})?", self.tensor(&of)?.borrowed()), Type::None))
            }
            "loadtxt" => {
                let given = given(&["fname", "delimiter", "skiprows"])?;
                let path = self.argument(needed(&given, "fname")?, "impl AsRef<Path>", "fname")?;
                let delimiter = match find(&given, "delimiter") {
                    None => "None".to_string(),
                    Some(Expr::StringLiteral(text)) if text.value.to_str().chars().count() == 1 => {
                        format!("{:?}", text.value.to_str().chars().next().unwrap_or(','))
                    }
                    Some(_) => return Err(Missing::new("this delimiter")),
                };
                let skipped = match find(&given, "skiprows") {
                    None => "0".to_string(),
                    Some(rows) => self.argument(rows, "usize", "skiprows")?,
                };
                let function = self.import("numpy::loadtxt");
                Ok(Value::temporary(format!("{function}({path}, {delimiter}, {skipped})?"), Type::Floats))
            }
            // How arrays are printed.
            "set_printoptions" => Ok(Value::constant("()", Type::None)),
            name if AS_IN_KERAS.contains(&name) => self.operation(name, call),
            _ => Err(Missing::new(format!("{path} is not known here"))),
        }
    }

    /// An array as a tensor: numbers and lists of numbers too.
    pub(crate) fn tensor(&mut self, value: &Value) -> Ported<Value> {
        if let Some(array) = crate::pandas::as_array(value) {
            return Ok(array);
        }
        match &value.of {
            of if of.is_array() || *of == Type::Symbolic => Ok(value.clone()),
            Type::Mutable { .. } => {
                self.import("data::ToTensor");
                Ok(Value::temporary(format!("{}.to_tensor()?", value.at(Strength::Whole)), Type::Array))
            }
            of if of.is_number() => {
                let number = value.as_float().ok_or_else(|| Missing::new("this number"))?;
                let (number, kind) = match of {
                    Type::Float => (number, Type::Floats),
                    _ => (format!("{} as i64", value.at(Strength::Cast)), Type::Ints),
                };
                Ok(Value::temporary(format!("Tensor::new({number}, &Device::Cpu)?"), kind))
            }
            Type::List(_) | Type::Tuple(_) => self.array_of(value, None),
            of => Err(Missing::new(format!("{} as an array", of.described()))),
        }
    }

    /// Of what may be integers, fractions, as NumPy computes them.
    fn fractions(&self, of: &Value) -> String {
        match of.of {
            Type::Floats => of.borrowed(),
            _ => format!("&{}.to_dtype(DType::F64)?", of.at(Strength::Whole)),
        }
    }

    pub(crate) fn of_two(&mut self, name: &str, a: &Value, b: &Value) -> Ported<Value> {
        if a.of.is_number() && b.of.is_number() && matches!(name, "maximum" | "minimum") && a.of == b.of {
            let method = if name == "maximum" { "max" } else { "min" };
            let in_rust = a.of.in_rust().unwrap_or_default();
            return Ok(Value::temporary(format!("{in_rust}::{method}({}, {})", a.text, b.text), a.of.clone()));
        }
        let (a, b) = (self.tensor(a)?, self.tensor(b)?);
        let is_comparison = name.contains("equal") || matches!(name, "greater" | "less") || name.starts_with("logical");
        let (x, y) = match name {
            "divide" => (self.fractions(&a), self.fractions(&b)),
            _ => (a.borrowed(), b.borrowed()),
        };
        let function = self.import(&format!("ops::{}", if name == "mod" { "mod_" } else { name }));
        let is_float = a.of == Type::Floats || b.of == Type::Floats || name == "divide";
        let both_whole = [&a, &b].iter().all(|value| matches!(value.of, Type::Ints | Type::Mask));
        let of = match (is_comparison, is_float) {
            (true, _) => Type::Mask,
            (false, true) => Type::Floats,
            (false, false) if both_whole => Type::Ints,
            (false, false) => Type::Array,
        };
        Ok(Value::temporary(format!("{function}({x}, {y})?"), of))
    }

    fn reduction_of_list(&mut self, name: &str, of: &Value) -> Ported<Value> {
        let list = of.at(Strength::Whole);
        let is_float = matches!(&of.of, Type::List(of) if **of == Type::Float);
        if let (Type::List(element), "sum" | "prod") = (&of.of, name)
            && matches!(**element, Type::Int | Type::Signed)
        {
            let in_rust = element.in_rust().unwrap_or_default();
            let method = if name == "sum" { "sum" } else { "product" };
            return Ok(Value::temporary(format!("{list}.iter().{method}::<{in_rust}>()"), (**element).clone()));
        }
        match (name, is_float) {
            ("mean", true) => {
                let text = format!("{list}.iter().sum::<f64>() / {list}.len() as f64");
                Ok(Value::new(text, Type::Float, Strength::Product, Form::Temporary))
            }
            ("sum", true) => Ok(Value::temporary(format!("{list}.iter().sum::<f64>()"), Type::Float)),
            ("max" | "min", true) => {
                let start = if name == "min" { "INFINITY" } else { "NEG_INFINITY" };
                Ok(Value::temporary(format!("{list}.iter().copied().fold(f64::{start}, f64::{name})"), Type::Float))
            }
            _ => {
                let of = self.tensor(of)?;
                self.reduction(name, &of, None, None)
            }
        }
    }

    fn number(&mut self, expression: &'a Expr) -> Ported<String> {
        let value = self.expression(expression)?;
        value.as_float().ok_or_else(|| Missing::new(format!("{} as a number", value.of.described())))
    }

    /// A range of numbers; those that are whole have this dtype.
    pub(crate) fn arange(&mut self, call: &'a ExprCall, whole: &str) -> Ported<Value> {
        no_words(call)?;
        let ends = call.arguments.args.iter().map(|end| self.expression(end)).collect::<Ported<Vec<_>>>()?;
        let is_whole = ends.iter().all(|end| matches!(end.of, Type::Int | Type::Signed));
        let numbers = ends
            .iter()
            .map(Value::as_float)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Missing::new("arange of this"))?;
        let (start, stop, step) = match &numbers[..] {
            [stop] => ("0.0", stop.as_str(), "1.0"),
            [start, stop] => (start.as_str(), stop.as_str(), "1.0"),
            [start, stop, step] => (start.as_str(), stop.as_str(), step.as_str()),
            _ => return Err(Missing::new("arange of this")),
        };
        let (dtype, of) = if is_whole { (whole, Type::Ints) } else { ("float64", Type::Floats) };
        let function = self.import("ops::arange");
        Ok(Value::temporary(format!("{function}({start}, {stop}, {step}, \"{dtype}\")?"), of))
    }

    /// `np.random`, whose numbers are those of NumPy.
    fn numpy_random(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = |parameters: &[&str]| named_as(call, parameters);
        let function = self.import("numpy::random::seed").replace("seed", "");
        let floats = |text: String| Ok(Value::temporary(text, Type::Floats));
        match name {
            "seed" => {
                let seed = self.argument(needed(&given(&["seed"])?, "seed")?, "u32", "seed")?;
                Ok(Value::temporary(format!("{function}seed({seed})"), Type::None))
            }
            "rand" | "randn" => {
                no_words(call)?;
                if let [Expr::Starred(shape)] = &call.arguments.args[..] {
                    let shape = self.expression(&shape.value)?;
                    return match &shape.of {
                        Type::List(of) if **of == Type::Int => floats(format!("{function}{name}({})?", shape.borrowed())),
                        of => Err(Missing::new(format!("{} as a shape", of.described()))),
                    };
                }
                let sizes = call.arguments.args.iter().map(|size| self.expression(size)).collect::<Ported<Vec<_>>>()?;
                if let Some(size) = sizes.iter().find(|size| size.of != Type::Int) {
                    return Err(Missing::new(format!("{} as a size", size.of.described())));
                }
                let texts: Vec<_> = sizes.iter().map(|size| size.text.clone()).collect();
                match &texts[..] {
                    [] => Ok(Value::temporary(format!("{function}{name}_scalar()"), Type::Float)),
                    [one] => floats(format!("{function}{name}({one})?")),
                    many => floats(format!("{function}{name}(({}))?", many.join(", "))),
                }
            }
            "random" | "random_sample" | "ranf" | "standard_normal" => {
                let given = given(&["size"])?;
                let (own, scalar) = if name == "standard_normal" { ("standard_normal", "randn") } else { ("random", "rand") };
                match find(&given, "size") {
                    None => Ok(Value::temporary(format!("{function}{scalar}_scalar()"), Type::Float)),
                    Some(size) => floats(format!("{function}{own}({})?", self.shape(size)?)),
                }
            }
            "uniform" | "normal" => {
                let (first, second) = if name == "normal" { ("loc", "scale") } else { ("low", "high") };
                let given = given(&[first, second, "size"])?;
                let mut bound = |argument: Option<&'a Expr>, default: &str| match argument {
                    None => Ok(default.to_string()),
                    Some(argument) => self.number(argument),
                };
                let (from, to) = (bound(find(&given, first), "0.0")?, bound(find(&given, second), "1.0")?);
                match find(&given, "size") {
                    None => Ok(Value::temporary(format!("{function}{name}_scalar({from}, {to})?"), Type::Float)),
                    Some(size) => floats(format!("{function}{name}({from}, {to}, {})?", self.shape(size)?)),
                }
            }
            "randint" => {
                let given = given(&["low", "high", "size", "dtype"])?;
                let dtype = match find(&given, "dtype") {
                    None => None,
                    Some(dtype) => Some(self.dtype(Some(dtype), "")?),
                };
                // A smaller dtype draws other numbers.
                if dtype.as_deref().is_some_and(|dtype| dtype != "DType::I64" ) {
                    return Err(Missing::new("randint of this dtype").help("astype gives it another dtype"));
                }
                let low = self.argument(needed(&given, "low")?, "i64", "low")?;
                let (low, high) = match find(&given, "high") {
                    None | Some(Expr::NoneLiteral(_)) => ("0".to_string(), low),
                    Some(high) => (low, self.argument(high, "i64", "high")?),
                };
                match find(&given, "size") {
                    // What is not negative by its bounds is a size.
                    None if low.starts_with(|c: char| c.is_ascii_digit()) => Ok(Value::new(
                        format!("{function}randint_scalar({low}, {high})? as usize"),
                        Type::Int,
                        Strength::Cast,
                        Form::Temporary,
                    )),
                    None => Ok(Value::temporary(format!("{function}randint_scalar({low}, {high})?"), Type::Signed)),
                    Some(size) => {
                        let text = format!("{function}randint({low}, {high}, {})?", self.shape(size)?);
                        Ok(Value::temporary(text, Type::Ints))
                    }
                }
            }
            "multinomial" => {
                let given = given(&["n", "pvals", "size"])?;
                let count = self.argument(needed(&given, "n")?, "usize", "n")?;
                let p = self.expression(needed(&given, "pvals")?)?;
                let p = match &p.of {
                    kind if kind.is_array() => p.borrowed(),
                    Type::List(element) if **element == Type::Float => p.borrowed(),
                    kind => return Err(Missing::new(format!("probabilities that are {}", kind.described()))),
                };
                let size = match find(&given, "size") {
                    Some(size) => self.shape(size)?,
                    None => "()".into(),
                };
                Ok(Value::temporary(format!("{function}multinomial({count}, {p}, {size})?"), Type::Ints))
            }
            "permutation" => {
                let given = given(&["x"])?;
                let of = self.expression(needed(&given, "x")?)?;
                match &of.of {
                    Type::Int => Ok(Value::temporary(format!("{function}permutation({})?", of.text), Type::Ints)),
                    Type::Signed => Ok(Value::new(
                        format!("{function}permutation(usize::try_from({}).map_err(|error| Error::new(error.to_string()))?)?", of.text),
                        Type::Ints,
                        Strength::Whole,
                        Form::Temporary,
                    )),
                    kind if kind.is_array() => {
                        Ok(Value::temporary(format!("{function}permutation({})?", of.borrowed()), of.of))
                    }
                    kind => Err(Missing::new(format!("a permutation of {}", kind.described()))),
                }
            }
            "shuffle" => {
                no_words(call)?;
                let [argument @ Expr::Name(name)] = &call.arguments.args[..] else {
                    return Err(Missing::new("shuffle of this"));
                };
                let of = self.expression(argument)?;
                match &of.of {
                    Type::List(_) if of.form == Form::Place => {
                        Ok(Value::temporary(format!("{function}shuffle(&mut {})", of.text), Type::None))
                    }
                    kind if kind.is_array() => {
                        let text = format!("{function}shuffle_rows({})?", of.borrowed());
                        self.bind(&name.id, Value::temporary(text, of.of))?;
                        Ok(Value::constant("()", Type::None))
                    }
                    kind => Err(Missing::new(format!("shuffle of {}", kind.described()))),
                }
            }
            "choice" => {
                let given = given(&["a", "size", "replace", "p"])?;
                let of = self.expression(needed(&given, "a")?)?;
                if given.len() == 1 && of.of.is_array() {
                    return Ok(Value::temporary(format!("{function}choice({}, (), true, ())?", of.borrowed()), of.of));
                }
                if given.len() == 1 {
                    return match &of.of {
                        Type::Int => Ok(Value::temporary(format!("{function}choice_index({}, ())?", of.text), Type::Int)),
                        Type::List(element) => Ok(Value::temporary(
                            format!("{function}choice_item({}, ())?", of.borrowed()),
                            (**element).clone(),
                        )),
                        kind => Err(Missing::new(format!("a choice of {}", kind.described()))),
                    };
                }
                let replace = match find(&given, "replace") {
                    None => "true".to_string(),
                    Some(replace) => self.argument(replace, "bool", "replace")?,
                };
                let p = match find(&given, "p") {
                    None | Some(Expr::NoneLiteral(_)) => "()".to_string(),
                    Some(p) => {
                        let p = self.expression(p)?;
                        match &p.of {
                            kind if kind.is_array() => p.borrowed(),
                            Type::List(element) if **element == Type::Float => p.borrowed(),
                            kind => return Err(Missing::new(format!("probabilities that are {}", kind.described()))),
                        }
                    }
                };
                match (find(&given, "size"), &of.of) {
                    (None, Type::Int) => {
                        Ok(Value::temporary(format!("{function}choice_index({}, {p})?", of.text), Type::Int))
                    }
                    (None, Type::List(element)) => {
                        Ok(Value::temporary(format!("{function}choice_item({}, {p})?", of.borrowed()), (**element).clone()))
                    }
                    (Some(size), Type::Int) => {
                        let size = self.shape(size)?;
                        Ok(Value::temporary(format!("{function}choice({}, {size}, {replace}, {p})?", of.text), Type::Ints))
                    }
                    (Some(size), kind) if kind.is_array() => {
                        let size = self.shape(size)?;
                        let text = format!("{function}choice({}, {size}, {replace}, {p})?", of.borrowed());
                        Ok(Value::temporary(text, of.of.clone()))
                    }
                    (_, kind) => Err(Missing::new(format!("a choice of {} with these arguments", kind.described()))),
                }
            }
            _ => Err(Missing::new(format!("numpy.random.{name} is not known here"))),
        }
    }

    pub(crate) fn tensorflow_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        match path {
            path if path.starts_with("tensorflow.data.Dataset.") => {
                self.dataset_from(path.rsplit('.').next().unwrap_or(path), call)
            }
            "tensorflow.random.normal" | "tensorflow.random.uniform" | "tensorflow.random.truncated_normal" => {
                self.random_tensor(path.rsplit('.').next().unwrap_or(path), call)
            }
            // Constants are tensors of float32 and int32.
            "tensorflow.constant" | "tensorflow.convert_to_tensor" => {
                let given = named_as(call, &["value", "dtype"])?;
                let value = self.expression(needed(&given, "value")?)?;
                if value.of.is_array() && find(&given, "dtype").is_none() {
                    return self.own(value);
                }
                let is_float = !matches!(&value.of, Type::Int | Type::Signed);
                let array = self.tensor(&value)?;
                let dtype = match find(&given, "dtype") {
                    Some(dtype) => self.dtype(Some(dtype), "")?,
                    None if array.of == Type::Floats && is_float => "DType::F32".into(),
                    None => "DType::I32".into(),
                };
                let of = of_dtype(&dtype);
                Ok(Value::temporary(format!("{}.to_dtype({dtype})?", array.at(Strength::Whole)), of))
            }
            "tensorflow.random.set_seed" => self.random_seed("random::set_seed", &named_as(call, &["seed"])?),
            _ => Err(Missing::new(format!("{path} is not known here"))),
        }
    }

    /// A seed by this function.
    pub(crate) fn random_seed(&mut self, function: &str, given: &Named<'a>) -> Ported<Value> {
        let seed = self.argument(needed(given, "seed")?, "u64", "seed")?;
        let function = self.import(function);
        Ok(Value::temporary(format!("{function}({seed})"), Type::None))
    }

    /// `&x` of an array.
    pub(crate) fn array_operand(&self, value: &Value) -> Ported<String> {
        match value.of {
            Type::Array | Type::Ints | Type::Floats | Type::Mask | Type::Symbolic => Ok(value.borrowed()),
            _ => Err(Missing::new(format!("{} as an array", value.of.described()))),
        }
    }

    fn array(&mut self, of: &'a Expr, dtype: Option<&'a Expr>) -> Ported<Value> {
        let value = self.expression(of)?;
        self.array_of(&value, dtype)
    }

    /// A value as an array of a dtype.
    fn array_of(&mut self, value: &Value, dtype: Option<&'a Expr>) -> Ported<Value> {
        if let Some(array) = crate::pandas::as_array(value) {
            return self.array_of(&array, dtype);
        }
        if value.of.is_array() || matches!(value.of, Type::Mutable { .. }) {
            let value = self.tensor(value)?;
            let value = self.own(value)?;
            return match dtype {
                None => Ok(value),
                Some(dtype) => {
                    let dtype = self.dtype(Some(dtype), "")?;
                    let of = of_dtype(&dtype);
                    Ok(Value::temporary(format!("{}.to_dtype({dtype})?", value.at(Strength::Whole)), of))
                }
            };
        }
        let list = value.at(Strength::Whole);
        let (text, kind) = match (&value.items, &value.of) {
            // A list of arrays is stacked.
            (Some(items), _) if !items.is_empty() && items.iter().all(|item| item.of.is_array()) => {
                let texts: Vec<_> = items.iter().map(Value::borrowed).collect();
                let all_floats = items.iter().all(|item| item.of == Type::Floats);
                let of = if all_floats { Type::Floats } else { Type::Array };
                return self.with_dtype(format!("Tensor::stack(&[{}], 0)?", texts.join(", ")), of, dtype);
            }
            (None, Type::List(of)) if of.is_array() => {
                return self.with_dtype(format!("Tensor::stack({}, 0)?", value.borrowed()), (**of).clone(), dtype);
            }
            (Some(_), _) => {
                let (text, kind) = literal_array(value)?;
                (format!("Tensor::new(&{text}, &Device::Cpu)?"), kind)
            }
            // A list of lists of arrays.
            (None, Type::List(of)) if matches!(&**of, Type::List(inner) if inner.is_array()) => {
                let inner = match &**of {
                    Type::List(inner) => (**inner).clone(),
                    _ => Type::Array,
                };
                let rows = format!("{list}.iter().map(|row| Tensor::stack(row, 0)).collect::<candle_keras::candle_core::Result<Vec<_>>>()?");
                return self.with_dtype(format!("Tensor::stack(&{rows}, 0)?"), inner, dtype);
            }
            (None, Type::List(of)) if **of == Type::Float => {
                (format!("Tensor::new({}, &Device::Cpu)?", by_slice(&value.text, value)), Type::Float)
            }
            (None, Type::List(of)) if **of == Type::Int => {
                (format!("Tensor::from_iter({list}.iter().map(|&x| x as i64), &Device::Cpu)?"), Type::Int)
            }
            (None, Type::List(of)) if **of == Type::Signed => {
                (format!("Tensor::new({}, &Device::Cpu)?", by_slice(&value.text, value)), Type::Int)
            }
            (None, Type::List(of)) if matches!(&**of, Type::List(inner) if matches!(**inner, Type::Float | Type::Int | Type::Signed | Type::Id)) => {
                self.import("data::ToTensor");
                let is_float = matches!(&**of, Type::List(inner) if **inner == Type::Float);
                let inner_is_int = matches!(&**of, Type::List(inner) if **inner == Type::Int);
                if inner_is_int {
                    let rows = format!("{list}.iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>()");
                    (format!("{rows}.to_tensor()?"), Type::Int)
                } else {
                    (format!("{list}.to_tensor()?"), if is_float { Type::Float } else { Type::Int })
                }
            }
            (_, of) => return Err(Missing::new(format!("an array of {}", of.described()))),
        };
        let own = if kind == Type::Float { "DType::F64" } else { "DType::I64" };
        let dtype = self.dtype(dtype, own)?;
        let cast = if dtype == own { String::new() } else { format!(".to_dtype({dtype})?") };
        Ok(Value::temporary(format!("{text}{cast}"), of_dtype(&dtype)))
    }

    fn with_dtype(&mut self, text: String, of: Type, dtype: Option<&'a Expr>) -> Ported<Value> {
        match dtype {
            None => Ok(Value::temporary(text, of)),
            Some(dtype) => {
                let dtype = self.dtype(Some(dtype), "")?;
                Ok(Value::temporary(format!("{text}.to_dtype({dtype})?"), of_dtype(&dtype)))
            }
        }
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

    /// The axes of a reduction: `-1`, `[0, 1]`, `axes(0).keepdims(true)`.
    pub(crate) fn axes_of(&mut self, axis: &'a Expr, keepdims: Option<&'a Expr>) -> Ported<String> {
        let axis = self.expression(axis)?;
        let text = match (&axis.of, &axis.items) {
            (Type::Int | Type::Signed, _) => axis.text.clone(),
            (Type::None, _) => "()".into(),
            (_, Some(items)) => {
                format!("[{}]", items.iter().map(|item| item.text.clone()).collect::<Vec<_>>().join(", "))
            }
            (of, _) => return Err(Missing::new(format!("{} as axes", of.described()))),
        };
        match keepdims {
            None => Ok(text),
            Some(Expr::BooleanLiteral(keep)) if keep.value => {
                let function = self.import("ops::axes");
                Ok(format!("{function}({text}).keepdims(true)"))
            }
            Some(Expr::BooleanLiteral(_)) => Ok(text),
            Some(_) => Err(Missing::new("a computed keepdims")),
        }
    }

    pub(crate) fn reduction(
        &mut self,
        name: &str,
        of: &Value,
        axis: Option<&'a Expr>,
        keepdims: Option<&'a Expr>,
    ) -> Ported<Value> {
        let function = self.import(&format!("ops::{name}"));
        let is_index = name.starts_with("arg");
        let operand = if matches!(name, "mean" | "std" | "var") { self.fractions(of) } else { of.borrowed() };
        let extra = if name == "prod" { ", None" } else { "" };
        match axis.filter(|axis| !matches!(axis, Expr::NoneLiteral(_))) {
            Some(axis) => {
                let axes = self.axes_of(axis, keepdims)?;
                let is_float = of.of == Type::Floats || matches!(name, "mean" | "std" | "var");
                let of = match (is_index, is_float) {
                    (true, _) => Type::Ints,
                    (false, true) => Type::Floats,
                    (false, false) => of.of.clone(),
                };
                let of = if of == Type::Mask { Type::Ints } else { of };
                Ok(Value::temporary(format!("{function}({operand}, {axes}{extra})?"), of))
            }
            None if keepdims.is_some() => Err(Missing::new("keepdims without an axis")),
            None if is_index => Ok(Value::temporary(
                format!("{function}(&{}.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize", of.at(Strength::Whole)),
                Type::Int,
            )
            .with_strength(Strength::Cast)),
            None if matches!(name, "sum" | "max" | "min" | "prod") && of.of == Type::Ints => Ok(Value::temporary(
                format!("{function}(&{}.to_dtype(DType::I64)?, (){extra})?.to_scalar::<i64>()?", of.at(Strength::Whole)),
                Type::Signed,
            )),
            // How many are true.
            None if name == "sum" && of.of == Type::Mask => Ok(Value::temporary(
                format!("{}.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize", of.at(Strength::Whole)),
                Type::Int,
            )
            .with_strength(Strength::Cast)),
            None => {
                let text = format!("{function}({operand}, (){extra})?.to_dtype(DType::F64)?.to_scalar::<f64>()?");
                Ok(Value::temporary(text, Type::Float))
            }
        }
    }

    /// `x[:, None]`
    fn with_new_axes(&mut self, of: &Value, parts: &[&'a Expr]) -> Ported<Value> {
        let is_full = |part: &Expr| {
            matches!(part, Expr::Slice(slice) if slice.lower.is_none() && slice.upper.is_none() && slice.step.is_none())
        };
        let mut axes = Vec::new();
        let has_dots = parts.iter().any(|part| part.is_ellipsis_literal_expr());
        for (i, part) in parts.iter().enumerate() {
            let is_new = !is_full(part) && !part.is_ellipsis_literal_expr();
            if is_new && !(part.is_none_literal_expr() || self.path_of(part).is_some()) {
                return Err(Missing::new("a new axis beside an index").help("use np.expand_dims"));
            }
            if is_new {
                axes.push(if has_dots { i as i64 - parts.len() as i64 } else { i as i64 });
            }
        }
        let function = self.import("ops::expand_dims");
        let text = match &axes[..] {
            [one] => format!("{function}({}, {one})?", of.borrowed()),
            many => {
                let texts: Vec<_> = many.iter().map(i64::to_string).collect();
                format!("{function}({}, [{}])?", of.borrowed(), texts.join(", "))
            }
        };
        Ok(Value::temporary(text, of.of.clone()))
    }

    /// `x[::2]`, `x[::-1]`
    fn with_step(&mut self, of: &Value, slice: &'a ruff_python_ast::ExprSlice) -> Ported<Value> {
        let step = match slice.step.as_deref() {
            Some(step) => self.expression(step)?,
            None => return Err(Missing::new("a slice without a step")),
        };
        let mut end = |end: Option<&'a Expr>| match end {
            None => Ok(None),
            Some(end) => match self.expression(end)? {
                end if end.of == Type::Int => Ok(Some(end.text)),
                _ => Err(Missing::new("a slice from the end with a step")),
            },
        };
        let (from, to) = (end(slice.lower.as_deref())?, end(slice.upper.as_deref())?);
        if step.text == "-1" && from.is_none() && to.is_none() {
            let function = self.import("ops::flip");
            return Ok(Value::temporary(format!("{function}({}, 0)?", of.borrowed()), of.of.clone()));
        }
        if step.of != Type::Int {
            return Err(Missing::new("a slice with this step"));
        }
        let (from, to) = (from.unwrap_or("0".into()), to.unwrap_or(format!("{}.dim(0)?", of.at(Strength::Whole))));
        let places = format!("({from}..{to}).step_by({}).map(|i| i as u32)", step.text);
        let text = format!(
            "{}.index_select(&Tensor::from_iter({places}, &Device::Cpu)?, 0)?",
            of.at(Strength::Whole)
        );
        Ok(Value::temporary(text, of.of.clone()))
    }

    /// `x[index]`
    pub(crate) fn array_index(&mut self, of: &Value, index: &'a Expr) -> Ported<Value> {
        let parts: Vec<&'a Expr> = match index {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let is_new = |part: &Expr| {
            part.is_none_literal_expr() || self.path_of(part).is_some_and(|path| path.ends_with(".newaxis"))
        };
        // `x[1:, ...]`, `x[rows, :]`
        let is_rest = |part: &Expr| {
            part.is_ellipsis_literal_expr()
                || matches!(part, Expr::Slice(slice) if slice.lower.is_none() && slice.upper.is_none() && slice.step.is_none())
        };
        if parts.len() > 1 && parts[1..].iter().all(|part| is_rest(part)) && !is_rest(parts[0]) && !is_new(parts[0]) {
            return self.array_index(of, parts[0]);
        }
        if parts.iter().any(|part| is_new(part)) {
            return self.with_new_axes(of, &parts);
        }
        if let [Expr::EllipsisLiteral(_), last] = &parts[..] {
            let last = self.expression(last)?;
            if matches!(last.of, Type::Int | Type::Signed) && last.form == Form::Constant {
                let whole = of.at(Strength::Whole);
                let place = match last.text.strip_prefix('-') {
                    Some(back) => format!("{whole}.dim({whole}.rank() - 1)? - {back}"),
                    None => last.text.clone(),
                };
                let text = format!("{whole}.narrow({whole}.rank() - 1, {place}, 1)?.squeeze({whole}.rank() - 1)?");
                return Ok(Value::temporary(text, of.of.clone()));
            }
            return Err(Missing::new("... in an index"));
        }
        let is_alone = parts.len() == 1;
        let mut texts = Vec::new();
        for (axis, part) in parts.into_iter().enumerate() {
            texts.push(match part {
                Expr::Slice(slice) if slice.step.is_none() => {
                    let end = |program: &mut Self, end: Option<&'a Expr>| match end {
                        None => Ok(String::new()),
                        Some(end) => {
                            let value = program.expression(end)?;
                            match value.of {
                                // NumPy ends where the array ends.
                                Type::Int if end.is_bin_op_expr() => {
                                    Ok(format!("usize::min({}, {}.dim({axis})?)", value.text, of.at(Strength::Whole)))
                                }
                                Type::Int => Ok(value.at(Strength::Sum)),
                                Type::Signed if value.form == Form::Constant => Ok(format!(
                                    "{}.dim({axis})? - {}",
                                    of.at(Strength::Whole),
                                    value.text.trim_start_matches('-')
                                )),
                                // `-n`
                                Type::Signed => match end {
                                    Expr::UnaryOp(unary) if unary.op == ruff_python_ast::UnaryOp::USub => {
                                        let back = program.expression(&unary.operand)?;
                                        match back.of {
                                            Type::Int => Ok(format!(
                                                "{}.dim({axis})? - {}",
                                                of.at(Strength::Whole),
                                                back.at(Strength::Product)
                                            )),
                                            _ => Err(Missing::new("a slice from the end")),
                                        }
                                    }
                                    _ => Err(Missing::new("a slice from the end")),
                                },
                                _ => Err(Missing::new("a slice from the end")),
                            }
                        }
                    };
                    let (from, to) = (end(self, slice.lower.as_deref())?, end(self, slice.upper.as_deref())?);
                    format!("{from}..{to}")
                }
                Expr::Slice(slice) => {
                    if !is_alone {
                        return Err(Missing::new("a slice with a step beside others"));
                    }
                    return self.with_step(of, slice);
                }
                part => {
                    let value = self.expression(part)?;
                    match value.of {
                        Type::Int => value.text,
                        Type::Signed if value.form == Form::Constant => format!(
                            "{}.dim({axis})? - {}",
                            of.at(Strength::Whole),
                            value.text.trim_start_matches('-')
                        ),
                        Type::Mask if axis == 0 && is_alone => {
                            let function = self.import("numpy::compress");
                            let text = format!("{function}({}, {})?", of.borrowed(), value.borrowed());
                            return Ok(Value::temporary(text, of.of.clone()));
                        }
                        Type::Id => format!("{} as usize", value.at(Strength::Cast)),
                        // A negative one is beyond the array.
                        Type::Signed if value.form != Form::Constant => format!("{} as usize", value.at(Strength::Cast)),
                        Type::Ints if !is_alone => {
                            format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize", value.at(Strength::Whole))
                        }
                        // The rows of an array of indices.
                        ref kind if kind.is_array() && axis == 0 && is_alone => {
                            let function = self.import("ops::take");
                            let text = format!("{function}({}, {}, 0)?", of.borrowed(), value.borrowed());
                            return Ok(Value::temporary(text, of.of.clone()));
                        }
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

/// A function of NumPy of one number.
fn of_number(name: &str, of: &Value) -> Ported<Value> {
    let method = match name {
        "log" => "ln",
        "absolute" => "abs",
        "log1p" => "ln_1p",
        "expm1" => "exp_m1",
        "arcsin" => "asin",
        "arccos" => "acos",
        "arctan" => "atan",
        "abs" | "exp" | "log10" | "log2" | "sqrt" | "sin" | "cos" | "tan" | "sinh" | "cosh" | "tanh" | "floor" | "ceil" => name,
        _ => return Err(Missing::new(format!("{name} of a number"))),
    };
    let number = of.as_float().ok_or_else(|| Missing::new("this number"))?;
    Ok(Value::temporary(format!("f64::{method}({number})"), Type::Float))
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
        let number = match (is_float, &value.of, value.is_literal()) {
            (true, ..) => value.as_float(),
            (false, Type::Int | Type::Id, false) => Some(format!("{} as i64", value.at(Strength::Cast))),
            (false, ..) => Some(value.text.clone()),
        };
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
    if all.is_empty() {
        return Err(Missing::new("an array of nothing"));
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
