//! Arrays of lists and numbers, and their dtypes and shapes.

use crate::numpy::{by_slice, dtype_of, literal_array, of_dtype};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::Expr;

/// Whether lists in lists have numbers alone as their elements.
fn is_written_out(value: &Value) -> bool {
    match &value.items {
        Some(items) => items.iter().all(is_written_out),
        None => value.of.is_number(),
    }
}

fn is_row(value: &Value) -> bool {
    value.of.is_array() || matches!(value.of, Type::List(_) | Type::Tuple(_))
}

/// How a list of sizes ends that is made of an iterator.
const COLLECTED: &str = ".collect::<Vec<usize>>()";

impl<'a> Program<'a> {
    /// An array as a tensor: numbers and lists of numbers too.
    pub(crate) fn tensor(&mut self, value: &Value) -> Ported<Value> {
        let array = crate::pandas::as_array(value).or_else(|| crate::libraries::pillow::as_array(value));
        if let Some(array) = array.or_else(|| self.json_array(value)) {
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
                    _ if value.is_literal() => (format!("{}_i64", value.text), Type::Ints),
                    _ => (format!("{} as i64", value.at(Strength::Cast)), Type::Ints),
                };
                Ok(Value::temporary(format!("Tensor::new({number}, &Device::Cpu)?"), kind))
            }
            Type::Scores(_) => {
                let list = self.shown(value.clone())?;
                Ok(Value::temporary(format!("Tensor::new(&{}, &Device::Cpu)?", list.text), Type::Floats))
            }
            Type::List(_) | Type::Tuple(_) => {
                let array = self.array_of(value, None)?;
                Ok(crate::pandas::as_array(&array).unwrap_or(array))
            }
            Type::TextArray(_) => {
                self.import("data::ToTensor");
                Ok(Value::temporary(format!("{}.to_tensor()?", value.at(Strength::Whole)), Type::Texts))
            }
            of => Err(Missing::new(format!("{} as an array", of.described()))),
        }
    }

    /// `&x` of an array.
    pub(crate) fn array_operand(&self, value: &Value) -> Ported<String> {
        match value.of {
            Type::Array | Type::Ints | Type::Floats | Type::Mask | Type::Symbolic => Ok(value.borrowed()),
            _ => Err(Missing::new(format!("{} as an array", value.of.described()))),
        }
    }

    pub(crate) fn array(&mut self, of: &'a Expr, dtype: Option<&'a Expr>) -> Ported<Value> {
        let value = match self.rows_in_variables(of) {
            Some(rows) => rows,
            None => self.expression(of)?,
        };
        self.array_of(&value, dtype)
    }

    /// `[a, b]` of lists that have names: an array copies them.
    fn rows_in_variables(&mut self, of: &'a Expr) -> Option<Value> {
        let Expr::List(list) = of else { return None };
        if list.elts.is_empty() || !list.elts.iter().all(Expr::is_name_expr) {
            return None;
        }
        let rows: Vec<Value> = list.elts.iter().map(|row| self.expression(row).ok()).collect::<Option<_>>()?;
        let first = rows[0].of.clone();
        let are_lists = matches!(&first, Type::List(of) if of.is_number()) && rows.iter().all(|row| row.of == first);
        let mut value = Value::temporary("", Type::List(Box::new(first)));
        value.items = Some(rows);
        are_lists.then_some(value)
    }

    /// A value as an array of a dtype.
    pub(crate) fn array_of(&mut self, value: &Value, dtype: Option<&'a Expr>) -> Ported<Value> {
        let array = crate::pandas::as_array(value).or_else(|| crate::libraries::pillow::as_array(value));
        if let Some(array) = array.or_else(|| self.json_array(value)) {
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
        if matches!(&value.of, Type::List(of) if matches!(&**of, Type::List(of) if of.is_text())) && dtype.is_none() {
            self.import("data::ToTensor");
            return Ok(Value::temporary(format!("{}.to_tensor()?", value.at(Strength::Whole)), Type::Texts));
        }
        if value.of.is_number() {
            let array = self.tensor(value)?;
            return self.with_dtype(array.text, array.of, dtype);
        }
        if let Some(column) = self.array_of_cells(value) {
            return if dtype.is_some() { self.array_of(&column, dtype) } else { Ok(column) };
        }
        if let Some(texts) = self.array_of_texts(value, dtype)? {
            return Ok(texts);
        }
        if let (Type::List(of), Some(dtype)) = (&value.of, dtype)
            && of.is_text()
        {
            let dtype = self.dtype(Some(dtype), "")?;
            if of_dtype(&dtype) != Type::Floats {
                return Err(Missing::new("texts as an array of integers").help("make it of float, and convert it"));
            }
            let function = self.import("numpy::from_texts");
            let cast = if dtype == "DType::F64" { String::new() } else { format!(".to_dtype({dtype})?") };
            let texts = crate::keras::tokenizers::as_argument(value);
            return Ok(Value::temporary(format!("{function}({texts})?{cast}"), Type::Floats));
        }
        // A list that is written out, of lists that are not.
        let value = &if is_partly_written(value) { borrowed_lists(value) } else { value.clone() };
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
            // Rows of arrays and lists.
            (Some(items), _) if !items.is_empty() && !is_written_out(value) && items.iter().all(is_row) => {
                let rows = items.iter().map(|item| self.array_of(item, None)).collect::<Ported<Vec<_>>>()?;
                let texts: Vec<_> = rows.iter().map(Value::borrowed).collect();
                let of = if rows.iter().all(|row| row.of == Type::Floats) { Type::Floats } else { Type::Array };
                return self.with_dtype(format!("Tensor::stack(&[{}], 0)?", texts.join(", ")), of, dtype);
            }
            // Truth values, written out.
            (Some(items), _) if !items.is_empty() && items.iter().all(|item| item.of == Type::Bool) => {
                let texts: Vec<_> = items.iter().map(|item| format!("u8::from({})", item.text)).collect();
                let text = format!("Tensor::new(&[{}], &Device::Cpu)?", texts.join(", "));
                return self.with_dtype(text, Type::Mask, dtype);
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
                let rows = format!(
                    "{list}.iter().map(|row| Tensor::stack(row, 0)).collect::<candle_keras::candle_core::Result<Vec<_>>>()?"
                );
                return self.with_dtype(format!("Tensor::stack(&{rows}, 0)?"), inner, dtype);
            }
            (None, Type::List(of)) if **of == Type::Float => {
                (format!("Tensor::new({}, &Device::Cpu)?", by_slice(&value.text, value)), Type::Float)
            }
            // Of an iterator no list is made first.
            (None, Type::List(of)) if **of == Type::Int && list.ends_with(COLLECTED) && !list.contains('?') => {
                let iter = list.trim_end_matches(COLLECTED);
                (format!("Tensor::from_iter({iter}.map(|x| x as i64), &Device::Cpu)?"), Type::Int)
            }
            (None, Type::List(of)) if **of == Type::Int => {
                (format!("Tensor::from_iter({list}.iter().map(|&x| x as i64), &Device::Cpu)?"), Type::Int)
            }
            (None, Type::List(of)) if **of == Type::Id => {
                (format!("Tensor::from_iter({list}.iter().map(|&x| i64::from(x)), &Device::Cpu)?"), Type::Int)
            }
            (None, Type::List(of)) if **of == Type::Signed => {
                (format!("Tensor::new({}, &Device::Cpu)?", by_slice(&value.text, value)), Type::Int)
            }
            (None, Type::List(of)) if matches!(&**of, Type::List(inner) if matches!(**inner, Type::Float | Type::Int | Type::Signed | Type::Id)) =>
            {
                self.import("data::ToTensor");
                let is_float = matches!(&**of, Type::List(inner) if **inner == Type::Float);
                let inner_is_int = matches!(&**of, Type::List(inner) if **inner == Type::Int);
                if inner_is_int {
                    let rows = format!(
                        "{list}.iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>()"
                    );
                    (format!("{rows}.to_tensor()?"), Type::Int)
                } else {
                    (format!("{list}.to_tensor()?"), if is_float { Type::Float } else { Type::Int })
                }
            }
            // Numbers that are read from texts.
            (None, Type::List(of)) if of.is_text() && dtype.is_some() => {
                let dtype = self.dtype(dtype, "")?;
                let in_rust = match dtype.as_str() {
                    "DType::F32" => "f32",
                    "DType::F64" => "f64",
                    _ => return Err(Missing::new("an array of texts of this dtype")),
                };
                let numbers = format!("{list}.iter().map(|text| text.trim().parse::<{in_rust}>())");
                let all = format!(
                    "{numbers}.collect::<std::result::Result<Vec<_>, _>>().map_err(|error| Error::new(error.to_string()))?"
                );
                return Ok(Value::temporary(format!("Tensor::new(&{all}[..], &Device::Cpu)?"), Type::Floats));
            }
            (None, Type::List(of)) if **of == Type::Bool => {
                let text = format!("Tensor::from_iter({list}.iter().map(|&x| u8::from(x)), &Device::Cpu)?");
                return self.with_dtype(text, Type::Mask, dtype);
            }
            (None, Type::List(of)) => match nested_numbers(of) {
                Some((rows, kind)) => {
                    self.import("data::ToTensor");
                    (format!("{list}{rows}.to_tensor()?"), kind)
                }
                None => return Err(Missing::new(format!("an array of {}", of.described()))),
            },
            (_, of) => return Err(Missing::new(format!("an array of {}", of.described()))),
        };
        if kind == Type::Mask && dtype.is_none() {
            return Ok(Value::temporary(text, kind));
        }
        let own = match kind {
            Type::Float => "DType::F64",
            Type::Mask => "DType::U8",
            _ => "DType::I64",
        };
        let dtype = self.dtype(dtype, own)?;
        let cast = if dtype == own { String::new() } else { format!(".to_dtype({dtype})?") };
        Ok(Value::temporary(format!("{text}{cast}"), of_dtype(&dtype)))
    }

    pub(crate) fn with_dtype(&mut self, text: String, of: Type, dtype: Option<&'a Expr>) -> Ported<Value> {
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
    pub(crate) fn shape(&mut self, shape: &'a Expr) -> Ported<String> {
        let value = self.expression(shape)?;
        match &value.of {
            Type::Int => Ok(value.text),
            Type::Tuple(types) if types.iter().all(|of| *of == Type::Int) => match &value.items {
                Some(items) if items.len() == 1 => Ok(items[0].text.clone()),
                _ => Ok(value.text),
            },
            Type::List(of) if **of == Type::Int => match value.form {
                Form::Place => Ok(format!("&{}[..]", value.at(Strength::Whole))),
                _ => Ok(value.text),
            },
            of => Err(Missing::new(format!("{} as a shape", of.described()))),
        }
    }

    pub(crate) fn reshaped(&mut self, of: &Value, shape: &'a Expr) -> Ported<Value> {
        let value = self.expression(shape)?;
        let items = match value.items {
            Some(items) => items,
            None if value.of.is_number() => vec![value],
            None if value.of == Type::List(Box::new(Type::Int)) => {
                let sizes = match value.form {
                    Form::Place => format!("&{}[..]", value.at(Strength::Whole)),
                    _ => value.text,
                };
                return Ok(Value::temporary(format!("{}.reshape({sizes})?", of.at(Strength::Whole)), of.of.clone()));
            }
            None if matches!(value.of, Type::Tuple(_)) => crate::arithmetic::items_of_tuple(&value),
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
                format!(
                    "{function}(&{}.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize",
                    of.at(Strength::Whole)
                ),
                Type::Int,
            )
            .with_strength(Strength::Cast)),
            None if matches!(name, "sum" | "max" | "min" | "prod") && of.of == Type::Ints => Ok(Value::temporary(
                format!(
                    "{function}(&{}.to_dtype(DType::I64)?, (){extra})?.to_scalar::<i64>()?",
                    of.at(Strength::Whole)
                ),
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

    pub(crate) fn reduction_of_list(&mut self, name: &str, of: &Value) -> Ported<Value> {
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
            _ => {
                let of = self.tensor(of)?;
                self.reduction(name, &of, None, None)
            }
        }
    }

    /// Of what may be integers, fractions, as NumPy computes them.
    pub(crate) fn fractions(&self, of: &Value) -> String {
        match of.of {
            Type::Floats => of.borrowed(),
            _ => format!("&{}.to_dtype(DType::F64)?", of.at(Strength::Whole)),
        }
    }
}

/// Whether a list is written out, but not the lists that it has.
fn is_partly_written(value: &Value) -> bool {
    let Some(items) = &value.items else { return false };
    matches!(value.of, Type::List(_))
        && items.iter().any(|item| match &item.items {
            None => matches!(&item.of, Type::List(of) if !of.is_array()),
            Some(_) => is_partly_written(item),
        })
}

/// The list with references to its elements, which an array copies.
fn borrowed_lists(list: &Value) -> Value {
    let items = list.items.iter().flatten().map(|item| match is_partly_written(item) {
        true => borrowed_lists(item).text,
        false => item.borrowed(),
    });
    Value::temporary(format!("[{}]", items.collect::<Vec<_>>().join(", ")), list.of.clone())
}

/// What makes a list of these elements one of numbers of candle's types, and the type of the numbers.
fn nested_numbers(of: &Type) -> Option<(String, Type)> {
    fn innermost(of: &Type) -> &Type {
        match of {
            Type::List(of) => innermost(of),
            of => of,
        }
    }
    match of {
        Type::Tuple(types) if !types.is_empty() && types.iter().all(|of| of.is_number() && *of != Type::Bool) => {
            let kind = if types.contains(&Type::Float) { Type::Float } else { Type::Int };
            let names: Vec<String> = (0..types.len()).map(|i| format!("x{i}")).collect();
            let numbers = names.iter().zip(types).map(|(name, of)| match (&kind, of) {
                (Type::Float, Type::Int | Type::Signed) => format!("{name} as f64"),
                (Type::Int, Type::Int) => format!("{name} as i64"),
                _ => name.clone(),
            });
            let numbers: Vec<String> = numbers.collect();
            let comma = if names.len() == 1 { "," } else { "" };
            let (names, numbers) = (names.join(", "), numbers.join(", "));
            Some((format!(".iter().map(|&({names}{comma})| [{numbers}]).collect::<Vec<_>>()"), kind))
        }
        Type::List(_) => match innermost(of) {
            Type::Float => Some((String::new(), Type::Float)),
            Type::Signed => Some((String::new(), Type::Int)),
            _ => None,
        },
        _ => None,
    }
}
