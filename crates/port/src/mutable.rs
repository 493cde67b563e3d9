//! Arrays whose elements the script assigns one by one: `ndarray`, since tensors do not change.

use crate::arguments::{find, named_as, needed};
use crate::program::Program;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::Expr;

impl<'a> Program<'a> {
    /// `np.zeros((n, 3))` for a name whose elements are assigned; `None` if it is something else.
    pub(crate) fn mutable_array(&mut self, name: &str, value: &'a Expr) -> Ported<Option<Value>> {
        let Expr::Call(call) = value else { return Ok(None) };
        if !self.scan().is_item_assigned(name) {
            return Ok(None);
        }
        let Some(path) = self.path_of(&call.func) else { return Ok(None) };
        let fill = match path.as_str() {
            "numpy.zeros" | "numpy.empty" => "zeros",
            "numpy.ones" => "ones",
            _ => return Ok(None),
        };
        let given = named_as(call, &["shape", "dtype"])?;
        let shape = self.expression(needed(&given, "shape")?)?;
        let sizes = match (&shape.of, &shape.items) {
            (Type::Int, _) => vec![shape.text.clone()],
            (_, Some(items)) if items.iter().all(|item| item.of == Type::Int) => {
                items.iter().map(|item| item.text.clone()).collect()
            }
            _ => return Err(Missing::new("an array of a computed shape whose elements are assigned")),
        };
        let dtype = self.dtype(find(&given, "dtype"), "DType::F64")?;
        let of = match dtype.as_str() {
            "DType::F32" => "f32",
            "DType::I64" | "DType::I32" => "i64",
            "DType::U8" => "u8",
            _ => "f64",
        };
        let rank = sizes.len();
        if rank > 6 {
            return Err(Missing::new("an array of so many axes"));
        }
        self.import_from(&format!("ndarray::Array{rank}"));
        let sizes = if rank == 1 { sizes.join("") } else { format!("({})", sizes.join(", ")) };
        let text = format!("Array{rank}::<{of}>::{fill}({sizes})");
        Ok(Some(Value::temporary(text, Type::Mutable { of, rank })))
    }

    /// `x[i, j]`
    pub(crate) fn mutable_element(&mut self, array: &Value, index: &'a Expr) -> Ported<Value> {
        let Type::Mutable { of, rank } = array.of else { return Err(Missing::new("an element of this")) };
        let indices = self.indices(index)?;
        if indices.len() != rank {
            let tensor = self.tensor(array)?;
            return self.array_index(&tensor, index);
        }
        let text = format!("{}[[{}]]", array.at(Strength::Whole), indices.join(", "));
        match of {
            "f64" => Ok(Value::place(text, Type::Float)),
            of if of.starts_with('f') => {
                Ok(Value::temporary(format!("f64::from({text})"), Type::Float))
            }
            "i64" => Ok(Value::place(text, Type::Signed)),
            _ => Ok(Value::temporary(format!("i64::from({text})"), Type::Signed)),
        }
    }

    fn indices(&mut self, index: &'a Expr) -> Ported<Vec<String>> {
        let parts = match index {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let mut texts = Vec::new();
        for part in parts {
            if part.is_slice_expr() {
                return Ok(Vec::new());
            }
            let value = self.expression(part)?;
            match value.of {
                Type::Int => texts.push(value.text),
                Type::Id => texts.push(format!("{} as usize", value.at(Strength::Cast))),
                of => return Err(Missing::new(format!("an array at {}", of.described()))),
            }
        }
        Ok(texts)
    }

    /// `x[i, 2:5] = value`
    fn assign_slice(&mut self, array: &Value, index: &'a Expr, value: &Value) -> Ported<()> {
        let Type::Mutable { of, rank } = array.of else { return Err(Missing::new("an assignment to this")) };
        let parts = match index {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let whole = array.at(Strength::Whole);
        let mut texts = Vec::new();
        for (axis, part) in parts.iter().enumerate() {
            texts.push(match part {
                Expr::EllipsisLiteral(_) => "..".to_string(),
                Expr::Slice(slice) => {
                    let mut end = |end: Option<&'a Expr>| match end {
                        None => Ok(String::new()),
                        Some(end) => match self.expression(end)? {
                            end if end.of == Type::Int => Ok(end.at(Strength::Sum)),
                            end if end.of == Type::Signed && end.form == crate::value::Form::Constant => {
                                Ok(format!("{whole}.shape()[{axis}] - {}", end.text.trim_start_matches('-')))
                            }
                            _ => Err(Missing::new("a slice from the end")),
                        },
                    };
                    let (from, to) = (end(slice.lower.as_deref())?, end(slice.upper.as_deref())?);
                    match slice.step.as_deref() {
                        None => format!("{from}..{to}"),
                        Some(step) => format!("{from}..{to};{}", self.argument(step, "usize", "a step")?),
                    }
                }
                part => {
                    let place = self.expression(part)?;
                    match place.of {
                        Type::Int => place.text,
                        _ => return Err(Missing::new("a computed place beside a slice")),
                    }
                }
            });
        }
        let has_dots = parts.iter().any(|part| part.is_ellipsis_literal_expr());
        if !has_dots {
            texts.extend(std::iter::repeat_n("..".to_string(), rank.saturating_sub(parts.len())));
        }
        self.import_from("ndarray::s");
        let part = format!("{whole}.slice_mut(s![{}])", texts.join(", "));
        if value.of.is_number() {
            let number = match of {
                of if of.starts_with('f') => value.as_float().ok_or_else(|| Missing::new("this number"))?,
                _ => value.text.clone(),
            };
            self.line(&format!("{part}.fill({number});"));
            return Ok(());
        }
        if value.of.is_array() && of.starts_with('f') {
            // The numbers of a tensor, which have the shape of the part.
            let dtype = if of == "f32" { "DType::F32" } else { "DType::F64" };
            let numbers = format!("{}.to_dtype({dtype})?.flatten_all()?.to_vec1::<{of}>()?", value.at(Strength::Whole));
            self.line(&format!("for (element, number) in {part}.iter_mut().zip({numbers}) {{"));
            self.line("    *element = number;");
            self.line("}");
            return Ok(());
        }
        Err(Missing::new(format!("{} in a part of an array", value.of.described())))
    }

    /// `x[i, j] = value`
    pub(crate) fn assign_element(&mut self, array: &Value, index: &'a Expr, value: &Value) -> Ported<()> {
        let Type::Mutable { of, rank } = array.of else { return Err(Missing::new("an assignment to this")) };
        let indices = self.indices(index)?;
        if indices.is_empty() || (value.of.is_array() && indices.len() < rank) {
            return self.assign_slice(array, index, value);
        }
        let number = match (of, &value.of) {
            ("f64" | "f32", Type::Bool) => format!("f64::from({})", value.text),
            ("u8", Type::Bool) => format!("u8::from({})", value.text),
            ("f64", kind) if kind.is_number() => value.as_float().ok_or_else(|| Missing::new("this number"))?,
            ("f32", kind) if kind.is_number() => {
                let number = value.as_float().ok_or_else(|| Missing::new("this number"))?;
                if value.is_literal() { number } else { format!("({number}) as f32") }
            }
            (of, Type::Int | Type::Signed) if value.is_literal() || (of == "i64" && value.of == Type::Signed) => {
                value.text.clone()
            }
            (of, Type::Int | Type::Signed) => format!("{} as {of}", value.at(Strength::Cast)),
            (_, kind) => return Err(Missing::new(format!("{} as an element of an array", kind.described()))),
        };
        let whole = array.at(Strength::Whole);
        match indices.len() {
            count if count == rank => self.line(&format!("{whole}[[{}]] = {number};", indices.join(", "))),
            1 if rank > 1 && value.of.is_number() => {
                self.import_from("ndarray::Axis");
                self.line(&format!("{whole}.index_axis_mut(Axis(0), {}).fill({number});", indices[0]));
            }
            _ => {
                return Err(Missing::new("an assignment to a part of an array").help("assign its elements in a loop"));
            }
        }
        Ok(())
    }
}
