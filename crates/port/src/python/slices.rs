//! Parts of lists and texts, which end where the list ends.

use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprSlice};

impl<'a> Program<'a> {
    /// `items[start:stop:step]` of a list or text.
    pub(crate) fn part_of(&mut self, of: &Value, slice: &'a ExprSlice) -> Ported<Value> {
        let mut end = |end: Option<&'a Expr>| match end {
            None => Ok(None),
            Some(Expr::NoneLiteral(_)) => Ok(None),
            Some(end) => self.bound(end).map(Some),
        };
        let (from, to, step) =
            (end(slice.lower.as_deref())?, end(slice.upper.as_deref())?, end(slice.step.as_deref())?);
        match &of.of {
            Type::List(_) => self.part_of_list(of, (from, to), step),
            text if text.is_text() => self.part_of_text(of, (from, to), step),
            Type::Tuple(_) => part_of_tuple(of, (from, to), step),
            other => Err(Missing::new(format!("a part of {}", other.described()))),
        }
    }

    /// An end of a part.
    fn bound(&mut self, end: &'a Expr) -> Ported<Value> {
        let value = self.expression(end)?;
        match &value.of {
            Type::Int | Type::Signed | Type::Id => Ok(value),
            of if of.is_array() => {
                let text = format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()?", value.at(Strength::Whole));
                Ok(Value::temporary(text, Type::Signed))
            }
            of => Err(Missing::new(format!("{} as an index", of.described()))),
        }
    }

    fn part_of_list(
        &mut self,
        of: &Value,
        (from, to): (Option<Value>, Option<Value>),
        step: Option<Value>,
    ) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let is_all = from.is_none() && to.is_none();
        match &step {
            Some(step) if step.text == "-1" && is_all => {
                let text = format!("{whole}.iter().rev().cloned().collect::<Vec<_>>()");
                return Ok(Value::temporary(text, of.of.clone()));
            }
            Some(step) if step.of != Type::Int => return Err(Missing::new("a slice with a step")),
            _ => {}
        }
        // As many axes as a shape has are known where it is written.
        let is_shape = whole.ends_with(".dims()") || whole.ends_with(".shape()");
        let part = match (&from, &to) {
            (None, None) => of.clone(),
            (Some(from), None) if is_shape && from.is_literal() && from.of == Type::Int => {
                Value::new(format!("{whole}[{}..]", from.text), of.of.clone(), Strength::Whole, Form::Slice)
            }
            _ => {
                let function = self.import("python::slice");
                let text = format!("{function}({}, {})", of.borrowed(), range(from.as_ref(), to.as_ref()));
                Value::new(text, of.of.clone(), Strength::Whole, Form::Reference)
            }
        };
        if let Some(step) = step.filter(|step| step.text != "1") {
            let text =
                format!("{}.iter().step_by({}).cloned().collect::<Vec<_>>()", part.at(Strength::Whole), step.text);
            return Ok(Value::temporary(text, of.of.clone()));
        }
        // What is made here ends with the statement; what changes behind cannot be borrowed until then.
        let base = self.scopes.python_name(&whole);
        let changes = base.is_some_and(|base| self.is_mutated(&base));
        if is_all || of.form == Form::Temporary || (changes && part.form == Form::Reference) {
            return Ok(Value::temporary(format!("{}.to_vec()", part.at(Strength::Whole)), of.of.clone()));
        }
        Ok(part)
    }

    /// `text[a:b]`, by characters.
    fn part_of_text(
        &mut self,
        of: &Value,
        (from, to): (Option<Value>, Option<Value>),
        step: Option<Value>,
    ) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let text = |text: String| Ok(Value::temporary(text, Type::String));
        let is_size = |end: &Option<Value>| end.as_ref().is_none_or(|end| end.of == Type::Int);
        let step = match &step {
            None => String::new(),
            Some(step) if step.text == "-1" && from.is_none() && to.is_none() => {
                return text(format!("{whole}.chars().rev().collect::<String>()"));
            }
            Some(step) if step.of == Type::Int => format!(".step_by({})", step.text),
            Some(_) => return Err(Missing::new("a slice with a step")),
        };
        if !is_size(&from) || !is_size(&to) {
            let function = self.import("python::slice");
            let range = range(from.as_ref(), to.as_ref());
            return text(format!(
                "{function}(&{whole}.chars().collect::<Vec<_>>(), {range}).iter(){step}.collect::<String>()"
            ));
        }
        let take = to.map_or(String::new(), |to| format!(".take({})", to.text));
        let skip = from.map_or(String::new(), |from| format!(".skip({})", from.text));
        text(format!("{whole}.chars(){take}{skip}{step}.collect::<String>()"))
    }
}

/// `start..stop`, of one type.
fn range(from: Option<&Value>, to: Option<&Value>) -> String {
    let is_alike = match (from, to) {
        (Some(from), Some(to)) => from.is_literal() || to.is_literal() || from.of == to.of,
        _ => true,
    };
    // A literal that is negative is no size.
    let is_signed = [from, to].iter().flatten().any(|end| end.text.starts_with('-'));
    let end = |end: Option<&Value>| match end {
        None => String::new(),
        Some(end) if end.is_literal() || (is_alike && !(is_signed && end.of == Type::Int)) => end.at(Strength::Sum),
        Some(end) if end.of == Type::Signed => end.at(Strength::Sum),
        Some(end) => format!("{} as i64", end.at(Strength::Cast)),
    };
    format!("{}..{}", end(from), end(to))
}

/// A part of a tuple whose ends are written out.
fn part_of_tuple(of: &Value, (from, to): (Option<Value>, Option<Value>), step: Option<Value>) -> Ported<Value> {
    let Type::Tuple(types) = &of.of else { return Err(Missing::new("a part of this")) };
    let place = |end: Option<Value>, default: usize| match end {
        None => Ok(default),
        Some(end) => match end.text.parse::<i64>() {
            Ok(place) if place < 0 => Ok(types.len().saturating_sub(place.unsigned_abs() as usize)),
            Ok(place) => Ok((place as usize).min(types.len())),
            Err(_) => Err(Missing::new("a computed part of a tuple")),
        },
    };
    let (from, to) = (place(from, 0)?, place(to, types.len())?);
    if step.is_some() {
        return Err(Missing::new("a slice with a step"));
    }
    let items: Vec<Value> = match &of.items {
        Some(items) => items.get(from..to).unwrap_or_default().to_vec(),
        None => (from..to.max(from))
            .filter_map(|i| Some(Value::place(format!("{}.{i}", of.at(Strength::Whole)), types.get(i)?.clone())))
            .collect(),
    };
    let texts: Vec<_> = items.iter().map(|item| item.text.clone()).collect();
    let comma = if texts.len() == 1 { "," } else { "" };
    let of = Type::Tuple(items.iter().map(|item| item.of.clone()).collect());
    let mut value = Value::temporary(format!("({}{comma})", texts.join(", ")), of);
    value.items = Some(items);
    Ok(value)
}
