//! NumPy, as scripts use it around Keras: arrays are tensors on the host.

pub(crate) mod arrays;
pub(crate) mod bytes;
pub(crate) mod channels;
pub(crate) mod indexing;
pub(crate) mod mutable;
pub(crate) mod numpy_missing;
pub(crate) mod numpy_more;
pub(crate) mod numpy_random;
pub(crate) mod text_arrays;
pub(crate) mod tolists;

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
        "float32" | "f" | "f4" => "DType::F32",
        "float64" | "float" | "double" | "d" | "f8" => "DType::F64",
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
    "abs",
    "absolute",
    "exp",
    "log",
    "log10",
    "log1p",
    "log2",
    "expm1",
    "sqrt",
    "square",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "sign",
    "floor",
    "ceil",
    "isnan",
    "negative",
    "reciprocal",
    "logical_not",
];

/// Those of two arrays.
const OF_TWO: &[&str] = &[
    "maximum",
    "minimum",
    "add",
    "subtract",
    "multiply",
    "divide",
    "power",
    "dot",
    "matmul",
    "equal",
    "not_equal",
    "greater",
    "less",
    "greater_equal",
    "less_equal",
    "logical_and",
    "logical_or",
    "outer",
    "mod",
];

/// Those that take an array and arguments by Keras's names, which are NumPy's.
const AS_IN_KERAS: &[&str] = &[
    "squeeze",
    "transpose",
    "swapaxes",
    "tile",
    "repeat",
    "flip",
    "roll",
    "clip",
    "argsort",
    "sort",
    "cumsum",
    "median",
    "count_nonzero",
    "diag",
    "triu",
    "tril",
    "take",
    "moveaxis",
    "fliplr",
    "flipud",
    "rot90",
    "any",
    "all",
    "pad",
    "searchsorted",
    "tensordot",
    "nan_to_num",
    "corrcoef",
];

impl<'a> Program<'a> {
    pub(crate) fn numpy_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = |parameters: &[&str]| named_as(call, parameters);
        let name = path.trim_start_matches("numpy.");
        if let Some(name) = name.strip_prefix("random.") {
            return self.numpy_random(name, call);
        }
        if let Some(value) = self.numpy_of_missing(name, call)? {
            return Ok(value);
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
            "shape" if call.arguments.args.len() == 1 => {
                let value = self.expression(&call.arguments.args[0])?;
                match value.of.is_array() || matches!(value.of, Type::Mutable { .. }) {
                    true => self.attribute(&value, "shape"),
                    false => Err(Missing::new(format!("numpy.shape of {}", value.of.described()))),
                }
            }
            // Fractions are cut.
            "uint8" if call.arguments.args.len() == 1 => {
                let value = self.expression(&call.arguments.args[0])?;
                match value.of.is_array() || matches!(value.of, Type::Mutable { .. }) {
                    true => {
                        let array = self.tensor(&value)?;
                        Ok(Value::temporary(format!("{}.to_dtype(DType::U8)?", array.at(Strength::Whole)), Type::Ints))
                    }
                    false => Err(Missing::new(format!("{path} of {}", value.of.described()))),
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
            "argmax" | "mean" | "sum" | "max" | "min" | "std" | "var" | "argmin" | "prod" | "amax" | "amin"
            | "average" => {
                let given = given(&["a", "axis", "keepdims", "dtype"])?;
                let of = self.expression(needed(&given, "a")?)?;
                // The size of a shape.
                if let (Type::Tuple(types), "prod") = (&of.of, name)
                    && types.iter().all(|item| *item == Type::Int)
                {
                    let sizes = crate::arguments::sizes_in_array(&of, types.len());
                    return Ok(Value::temporary(format!("{sizes}.iter().product::<usize>()"), Type::Int));
                }
                if let Some(dtype) = find(&given, "dtype") {
                    return self.whole_mean(name, &of, (find(&given, "axis"), dtype));
                }
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
            "any" | "all" if call.arguments.len() == 1 => {
                let of = self.expression(needed(&given(&["a"])?, "a")?)?;
                let of = self.tensor(&of)?;
                let function = self.import(&format!("ops::{name}"));
                let text = format!("{function}({}, ())?.to_dtype(DType::U8)?.to_scalar::<u8>()? != 0", of.borrowed());
                Ok(Value::new(text, Type::Bool, Strength::Comparison, Form::Temporary))
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
                let is_whole =
                    matches!(name, "abs" | "absolute" | "square" | "negative" | "isnan" | "sign" | "logical_not");
                let operand = if is_whole { of.borrowed() } else { self.fractions(&of) };
                let function = self.import(&format!("ops::{name}"));
                let result = match (is_whole, &of.of) {
                    _ if matches!(name, "isnan" | "logical_not") => Type::Mask,
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
                let defaults =
                    if is_test { [("rtol", "1e-7"), ("atol", "0.0")] } else { [("rtol", "1e-5"), ("atol", "1e-8")] };
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
                        format!(
                            "{function}({}, None, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?",
                            self.fractions(&of)
                        ),
                        Type::Float,
                    )),
                    (None, Some(axis), keepdims) => {
                        let axes = self.axes_of(axis, keepdims)?;
                        Ok(Value::temporary(
                            format!("{function}({}, None, {axes})?", self.fractions(&of)),
                            Type::Floats,
                        ))
                    }
                    _ => Err(Missing::new("a norm of this order")),
                }
            }
            "unique" => {
                let given = given(&["ar", "return_counts", "return_inverse"])?;
                let of = self.expression(needed(&given, "ar")?)?;
                let of = self.tensor(&of)?;
                let is_asked =
                    |name: &str| matches!(find(&given, name), Some(Expr::BooleanLiteral(asked)) if asked.value);
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
                // What is pickled is an error when it is read.
                let path =
                    self.argument(needed(&given(&["file", "allow_pickle"])?, "file")?, "impl AsRef<Path>", "file")?;
                if path.contains(".npz") {
                    let function = self.import("numpy::load_npz");
                    let arrays = Type::Dict(Box::new(Type::String), Box::new(Type::Array));
                    return Ok(Value::temporary(format!("{function}({path})?"), arrays));
                }
                let function = self.import("numpy::load");
                Ok(Value::temporary(format!("{function}({path})?"), Type::Array))
            }
            "savez" | "savez_compressed" => {
                let [file, arrays @ ..] = &call.arguments.args[..] else { return Err(Missing::new("savez of this")) };
                let path = self.argument(file, "impl AsRef<Path>", "file")?;
                let by_place = arrays.iter().enumerate().map(|(i, array)| (format!("arr_{i}"), array));
                let by_name = self.words(call)?.into_iter().map(|(name, array)| (name.to_string(), array));
                let mut texts = Vec::new();
                for (name, array) in by_place.chain(by_name) {
                    let array = self.expression(array)?;
                    texts.push(format!("({name:?}, {})", self.tensor(&array)?.borrowed()));
                }
                let function = self.import("numpy::savez");
                Ok(Value::temporary(format!("{function}({path}, [{}])?", texts.join(", ")), Type::None))
            }
            // Without an axis both are flattened.
            "append" => {
                let given = given(&["arr", "values", "axis"])?;
                let both = [needed(&given, "arr")?, needed(&given, "values")?].map(|array| {
                    let array = self.expression(array)?;
                    self.tensor(&array)
                });
                let [array, values] = both;
                let (array, values) = (array?, values?);
                let of = if array.of == values.of { array.of.clone() } else { Type::Array };
                let (operands, axis) = match find(&given, "axis").filter(|axis| !self.is_none(axis)) {
                    Some(axis) => ([&array, &values].map(Value::borrowed), self.expression(axis)?.text),
                    None => {
                        let flat = |array: &Value| format!("&{}.flatten_all()?", array.at(Strength::Whole));
                        ([&array, &values].map(flat), "0".into())
                    }
                };
                let function = self.import("ops::concatenate");
                Ok(Value::temporary(format!("{function}(&[{}], {axis})?", operands.join(", ")), of))
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
            "argsort" | "searchsorted" => {
                let places = self.operation(name, call)?;
                Ok(Value { of: if places.of == Type::Array { Type::Ints } else { places.of.clone() }, ..places })
            }
            "fromstring" => {
                let given = given(&["string", "dtype", "count", "sep"])?;
                let text = self.argument(needed(&given, "string")?, "&str", "string")?;
                let sep = match find(&given, "sep") {
                    Some(Expr::StringLiteral(sep)) if !sep.value.is_empty() => format!("{:?}", sep.value.to_str()),
                    _ => return Err(Missing::new("fromstring of bytes")),
                };
                if find(&given, "count").is_some() {
                    return Err(Missing::new("the argument count"));
                }
                let dtype = self.dtype(find(&given, "dtype"), "DType::F64")?;
                let function = self.import("numpy::fromstring");
                let cast = if dtype == "DType::F64" { String::new() } else { format!(".to_dtype({dtype})?") };
                Ok(Value::temporary(format!("{function}({text}, {sep})?{cast}"), of_dtype(&dtype)))
            }
            "savetxt" => {
                let given = given(&["fname", "X", "fmt", "delimiter"])?;
                let path = self.argument(needed(&given, "fname")?, "impl AsRef<Path>", "fname")?;
                let of = self.expression(needed(&given, "X")?)?;
                let of = self.tensor(&of)?.borrowed();
                let mut text = |name: &str, default: &str| match find(&given, name) {
                    None => Ok(default.to_string()),
                    Some(argument) => self.argument(argument, "&str", name),
                };
                let (fmt, delimiter) = (text("fmt", "\"%.18e\"")?, text("delimiter", "\" \"")?);
                let function = self.import("numpy::savetxt");
                Ok(Value::temporary(format!("{function}({path}, {of}, {fmt}, {delimiter})?"), Type::None))
            }
            name if AS_IN_KERAS.contains(&name) => self.operation(name, call),
            name => self.other_numpy_call(name, call),
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

    pub(crate) fn number(&mut self, expression: &'a Expr) -> Ported<String> {
        let value = self.expression(expression)?;
        // An array where a number belongs has one element.
        if value.of.is_array() {
            return Ok(format!("{}.to_dtype(DType::F64)?.to_scalar::<f64>()?", value.at(Strength::Whole)));
        }
        value.as_float().ok_or_else(|| Missing::new(format!("{} as a number", value.of.described())))
    }

    /// A range of numbers; those that are whole have this dtype.
    pub(crate) fn arange(&mut self, call: &'a ExprCall, whole: &str) -> Ported<Value> {
        let mut ends = call.arguments.args.iter().map(|end| self.expression(end)).collect::<Ported<Vec<_>>>()?;
        let mut dtype_given = None;
        for word in &call.arguments.keywords {
            match word.arg.as_deref() {
                Some("dtype") => dtype_given = Some(self.dtype_name(&word.value)?),
                // In their order.
                // As TensorFlow calls them.
                Some("start" | "stop" | "step" | "limit" | "delta") => ends.push(self.expression(&word.value)?),
                other => return Err(Missing::new(format!("the argument {}", other.unwrap_or("**")))),
            }
        }
        let name_of = |name: &'a str| match name {
            "limit" => "stop",
            "delta" => "step",
            name => name,
        };
        let order: Vec<_> =
            call.arguments.keywords.iter().filter_map(|word| word.arg.as_deref()).map(name_of).collect();
        let is_in_order = order.iter().filter(|name| **name != "dtype").copied().eq(["start", "stop", "step"]
            .into_iter()
            .skip(call.arguments.args.len())
            .take(ends.len() - call.arguments.args.len()))
            || order == ["stop"];
        if !is_in_order && order.iter().any(|name| *name != "dtype") {
            return Err(Missing::new("arange with arguments in another order"));
        }
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
        let fractions = if whole == "int32" { "float32" } else { "float64" };
        let (dtype, of) = if is_whole { (whole, Type::Ints) } else { (fractions, Type::Floats) };
        let (dtype, of) = match &dtype_given {
            None => (dtype, of),
            Some(given) => (given.as_str(), if given.contains("float") { Type::Floats } else { Type::Ints }),
        };
        let function = self.import("ops::arange");
        Ok(Value::temporary(format!("{function}({start}, {stop}, {step}, \"{dtype}\")?"), of))
    }

    pub(crate) fn tensorflow_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        match path {
            path if path.starts_with("tensorflow.data.Dataset.") => {
                self.dataset_from(path.rsplit('.').next().unwrap_or(path), call)
            }
            path if path.starts_with("tensorflow.strings.") => {
                self.string_of_tensorflow(path.trim_start_matches("tensorflow.strings."), call)
            }
            path if path.starts_with("tensorflow.image.") => {
                self.image_of_tensorflow(path.trim_start_matches("tensorflow.image."), call)
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
                if value.of.is_text() || matches!(&value.of, Type::List(of) if of.is_text()) {
                    return Err(Missing::new("a tensor of texts"));
                }
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
}

/// A function of NumPy of one number.
fn of_number(name: &str, of: &Value) -> Ported<Value> {
    if let ("isnan", Type::Float) = (name, &of.of) {
        return Ok(Value::temporary(format!("f64::is_nan({})", of.text), Type::Bool));
    }
    let method = match name {
        "log" => "ln",
        "absolute" => "abs",
        "log1p" => "ln_1p",
        "expm1" => "exp_m1",
        "arcsin" => "asin",
        "arccos" => "acos",
        "arctan" => "atan",
        "abs" | "exp" | "log10" | "log2" | "sqrt" | "sin" | "cos" | "tan" | "sinh" | "cosh" | "tanh" | "floor"
        | "ceil" => name,
        _ => return Err(Missing::new(format!("{name} of a number"))),
    };
    let number = of.as_float().ok_or_else(|| Missing::new("this number"))?;
    Ok(Value::temporary(format!("f64::{method}({number})"), Type::Float))
}

/// Lists in lists as arrays of Rust, and the type of their numbers.
pub(crate) fn literal_array(value: &Value) -> Ported<(String, Type)> {
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
            (true, true, Form::Constant) if !value.is_literal() => "",
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
    if all.iter().any(|value| value.of == Type::Bool) {
        return truths(value, &all);
    }
    let text = text(value, is_float, &mut true)?;
    Ok((text, if is_float { Type::Float } else { Type::Int }))
}

/// A list of truth values, as an array has them.
fn truths(value: &Value, all: &[&Value]) -> Ported<(String, Type)> {
    fn text(value: &Value) -> String {
        match &value.items {
            Some(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
            None if value.text == "true" => "1_u8".into(),
            None if value.text == "false" => "0_u8".into(),
            None => format!("u8::from({})", value.text),
        }
    }
    match all.iter().all(|value| value.of == Type::Bool) {
        true => Ok((text(value), Type::Mask)),
        false => Err(Missing::new("an array of truth values and numbers")),
    }
}

pub(crate) fn by_slice(text: &str, value: &Value) -> String {
    match value.form {
        Form::Reference => text.to_string(),
        Form::Place => format!("&{text}[..]"),
        _ => format!("&{text}[..]"),
    }
}
