//! Parts of arrays: `x[1:, 0]`, `x[mask]`, `x[:, None]`.

use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::Expr;

impl<'a> Program<'a> {
    /// `x[:, None]`
    pub(crate) fn with_new_axes(&mut self, of: &Value, parts: &[&'a Expr]) -> Ported<Value> {
        let is_full = |part: &Expr| matches!(part, Expr::Slice(slice) if slice.lower.is_none() && slice.upper.is_none() && slice.step.is_none());
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
    pub(crate) fn with_step(&mut self, of: &Value, slice: &'a ruff_python_ast::ExprSlice) -> Ported<Value> {
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
        let text = format!("{}.index_select(&Tensor::from_iter({places}, &Device::Cpu)?, 0)?", of.at(Strength::Whole));
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
        if let Some(value) = self.channels(of, &parts) {
            return Ok(value);
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
                                Type::Int if program.scan().may_be_beyond(end) => {
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
                        Type::Signed if value.form == Form::Constant => {
                            format!("{}.dim({axis})? - {}", of.at(Strength::Whole), value.text.trim_start_matches('-'))
                        }
                        Type::Mask if axis == 0 && is_alone => {
                            let function = self.import("numpy::compress");
                            let text = format!("{function}({}, {})?", of.borrowed(), value.borrowed());
                            return Ok(Value::temporary(text, of.of.clone()));
                        }
                        Type::Id => format!("{} as usize", value.at(Strength::Cast)),
                        Type::Signed if value.form != Form::Constant => {
                            let function = self.import("python::place");
                            format!("{function}({}, {}.dim({axis})?)?", value.text, of.at(Strength::Whole))
                        }
                        Type::Ints
                            if !is_alone
                                && (crate::numpy::numpy_more::is_vector(&value.text)
                                    || self
                                        .scopes
                                        .python_name(&value.text)
                                        .is_some_and(|name| self.known.vectors.contains(&name))) =>
                        {
                            return Err(Missing::new("an array at arrays of places"));
                        }
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
