//! Comparisons, also in chains, of arrays, and of what may be None.

use crate::arithmetic::signed;
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, ExprCompare};

impl<'a> Program<'a> {
    pub(crate) fn compare(&mut self, compare: &'a ExprCompare) -> Ported<Value> {
        if let Some(test) = self.compare_read(compare)? {
            return Ok(test);
        }
        if let Some(test) = self.compare_maybe(compare) {
            return Ok(test);
        }
        if let Some(known) = self.compare_version(compare)? {
            return Ok(Value::constant(known.to_string(), Type::Bool));
        }
        let mut parts = Vec::new();
        let mut left = self.expression(&compare.left)?;
        for (op, right) in compare.ops.iter().zip(&compare.comparators) {
            let (side, right) = (right, self.expression(right)?);
            let is_order = !matches!(op, CmpOp::In | CmpOp::NotIn | CmpOp::Is | CmpOp::IsNot);
            if is_order {
                self.check_no_tolist(&compare.left, &left)?;
                self.check_no_tolist(side, &right)?;
            }
            if compare.ops.len() == 1
                && let Some(mask) = self.compare_column(&left, *op, &right)?
            {
                return Ok(mask);
            }
            let is_array = |value: &Value| {
                value.of.is_array()
                    || matches!(value.of, Type::Mutable { .. })
                    || crate::pandas::as_array(value).is_some()
            };
            let has_array = is_array(&left) || is_array(&right);
            if has_array && right.of != Type::None && !matches!(op, CmpOp::In | CmpOp::NotIn) {
                if compare.ops.len() > 1 {
                    return Err(Missing::new("a chain of comparisons of arrays"));
                }
                return self.compare_arrays(&left, *op, &right);
            }
            if compare.ops.len() == 1
                && let Some(test) = self.compare_dtype(&left, *op, &right)?
            {
                return Ok(test);
            }
            // What is made is made once.
            if parts.len() + 1 < compare.ops.len() && right.form == Form::Temporary && right.text.contains('(') {
                return Err(Missing::new("a chain of comparisons of what is computed").help("assign it to a name"));
            }
            parts.push(match self.json_compared(&left, *op, &right)? {
                Some(test) => test,
                None => compared(&left, *op, &right)?,
            });
            left = right;
        }
        match &mut parts[..] {
            [one] if one == "true" || one == "false" => Ok(Value::constant(std::mem::take(one), Type::Bool)),
            [one] => Ok(Value::new(std::mem::take(one), Type::Bool, Strength::Comparison, Form::Temporary)),
            _ => Ok(Value::new(parts.join(" && "), Type::Bool, Strength::And, Form::Temporary)),
        }
    }

    /// `x > 0.5` of an array: an array of truth values.
    fn compare_arrays(&mut self, a: &Value, op: CmpOp, b: &Value) -> Ported<Value> {
        let name = match op {
            CmpOp::Eq => "equal",
            CmpOp::NotEq => "not_equal",
            CmpOp::Lt => "less",
            CmpOp::LtE => "less_equal",
            CmpOp::Gt => "greater",
            CmpOp::GtE => "greater_equal",
            _ => return Err(Missing::new("this comparison of arrays")),
        };
        // `mask == True`
        if let (Type::Mask, Type::Bool, CmpOp::Eq | CmpOp::NotEq) = (&a.of, &b.of, op)
            && let "true" | "false" = b.text.as_str()
        {
            if (b.text == "true") == (op == CmpOp::Eq) {
                return Ok(a.clone());
            }
            let function = self.import("ops::logical_not");
            return Ok(Value::temporary(format!("{function}({})?", a.borrowed()), Type::Mask));
        }
        // A number has the precision of the array: 0.1 is that of float32.
        let (method, flipped) = match op {
            CmpOp::Eq => ("eq", "eq"),
            CmpOp::NotEq => ("ne", "ne"),
            CmpOp::Lt => ("lt", "gt"),
            CmpOp::LtE => ("le", "ge"),
            CmpOp::Gt => ("gt", "lt"),
            _ => ("ge", "le"),
        };
        for (array, number, method) in [(a, b, method), (b, a, flipped)] {
            if let (Type::Floats, Some(number)) = (&array.of, number.as_float()) {
                return Ok(Value::temporary(format!("{}.{method}({number})?", array.at(Strength::Whole)), Type::Mask));
            }
        }
        let (a, b) = (self.tensor(a)?, self.tensor(b)?);
        let function = self.import(&format!("ops::{name}"));
        Ok(Value::temporary(format!("{function}({}, {})?", a.borrowed(), b.borrowed()), Type::Mask))
    }

    /// Two values as ones of the same type.
    pub(crate) fn alike(&self, a: Value, b: Value) -> Ported<(Value, Value)> {
        let is_borrowed = |value: &Value| matches!(value.form, Form::Reference | Form::Slice);
        // Of two texts, one of which is borrowed, both are owned.
        let are_apart = a.of == Type::String && b.of == Type::String && is_borrowed(&a) != is_borrowed(&b);
        if a.of == b.of && !are_apart {
            return Ok((self.owned(a)?, self.owned(b)?));
        }
        if a.of.is_text() && b.of.is_text() {
            let own = |text: &Value| Value::temporary(self.owned_text(text), Type::String);
            return Ok((own(&a), own(&b)));
        }
        // An integer stays one.
        if is_integer(&a) && is_integer(&b) {
            return Ok((signed(&a), signed(&b)));
        }
        for (cell, other) in [(&a, &b), (&b, &a)] {
            if crate::pandas::cells::is_cell(&cell.of) && (other.of.is_text() || other.of.is_number()) {
                let converted = |value: &Value| {
                    let own = if value.of.is_text() { self.owned_text(value) } else { value.at(Strength::Whole) };
                    Value::temporary(format!("{own}.into()"), cell.of.clone())
                };
                let own =
                    |value: &Value| if value.of == cell.of { self.own(value.clone()) } else { Ok(converted(value)) };
                return Ok((own(&a)?, own(&b)?));
            }
        }
        match (a.as_float(), b.as_float()) {
            (Some(x), Some(y)) => Ok((Value::temporary(x, Type::Float), Value::temporary(y, Type::Float))),
            _ => Err(Missing::new(format!("either {} or {}", a.of.described(), b.of.described()))),
        }
    }
}

pub(crate) fn is_integer(value: &Value) -> bool {
    matches!(value.of, Type::Int | Type::Signed)
}

/// What is compared with None is not computed in Rust, where the types say the result: a call would be lost.
fn check_no_call(a: &Value) -> Ported<()> {
    match a.form == Form::Temporary && a.text.contains('(') {
        true => Err(Missing::new("a call whose result is compared with None").help("give the result a name first")),
        false => Ok(()),
    }
}

pub(crate) fn compared(a: &Value, op: CmpOp, b: &Value) -> Ported<String> {
    if let Some(test) = crate::pandas::cells::compared(a, op, b)? {
        return Ok(test);
    }
    let is_order = !matches!(op, CmpOp::In | CmpOp::NotIn | CmpOp::Is | CmpOp::IsNot);
    let are_integers = [a, b].iter().all(|value| matches!(value.of, Type::Int | Type::Signed));
    let may_be_negative = a.of != b.of || a.below_zero().is_some() || b.below_zero().is_some();
    if is_order && are_integers && may_be_negative && (a.of == Type::Int || b.of == Type::Int) {
        return compared(&signed(a), op, &signed(b));
    }
    let sign = match op {
        CmpOp::Eq => "==",
        CmpOp::NotEq => "!=",
        CmpOp::Lt => "<",
        CmpOp::LtE => "<=",
        CmpOp::Gt => ">",
        CmpOp::GtE => ">=",
        CmpOp::In | CmpOp::NotIn => {
            let not = if op == CmpOp::NotIn { "!" } else { "" };
            return match &b.of {
                // A text need not be owned to be compared.
                Type::List(of) if of.is_text() && a.of.is_text() && (**of != a.of || a.form == Form::Reference) => {
                    Ok(format!("{not}{}.iter().any({})", b.at(Strength::Whole), is_text(of, a)))
                }
                Type::List(of)
                    if **of == a.of || (crate::pandas::cells::is_cell(of) && crate::pandas::cells::is_cell(&a.of)) =>
                {
                    Ok(format!(
                        "{not}{}.contains({})",
                        b.at(Strength::Whole),
                        if a.of == Type::Str { format!("&{}", a.text) } else { a.borrowed() }
                    ))
                }
                Type::Dict(key, _) => Ok(format!(
                    "{not}{}.contains_key({})",
                    b.at(Strength::Whole),
                    crate::python::collections::dict_key(key, a)?
                )),
                Type::Set(of) => Ok(format!(
                    "{not}{}.contains({})",
                    b.at(Strength::Whole),
                    crate::python::collections::dict_key(of, a)?
                )),
                Type::Tuple(_) if b.items.is_some() => {
                    let items = b.items.as_deref().unwrap_or_default();
                    if items.iter().any(|item| item.of != a.of || !item.of.is_copy()) {
                        return Err(Missing::new("in a tuple of other types"));
                    }
                    let texts: Vec<_> = items.iter().map(|item| item.text.clone()).collect();
                    Ok(format!("{not}[{}].contains(&{})", texts.join(", "), a.at(Strength::Prefix)))
                }
                of if of.is_text() && a.of.is_text() => {
                    Ok(format!("{not}{}.contains({})", b.at(Strength::Whole), a.borrowed()))
                }
                of => Err(Missing::new(format!("in {}", of.described()))),
            };
        }
        CmpOp::Is | CmpOp::IsNot => {
            // What is None is known before the program runs.
            return match b.of {
                Type::None => check_no_call(a).map(|()| ((a.of == Type::None) == (op == CmpOp::Is)).to_string()),
                _ => Err(Missing::new("is")),
            };
        }
    };
    if b.of == Type::None && matches!(op, CmpOp::Eq | CmpOp::NotEq) {
        return check_no_call(a).map(|()| ((a.of == Type::None) == (op == CmpOp::Eq)).to_string());
    }
    let least = Strength::Sum;
    match (&a.of, &b.of) {
        // As Keras writes shapes.
        (Type::Shape, Type::Tuple(_)) if b.items.is_some() => {
            let sizes: Vec<_> = b.items.iter().flatten().map(|item| item.text.clone()).collect();
            let comma = if sizes.len() == 1 { "," } else { "" };
            Ok(format!("{}.to_string() {sign} \"({}{comma})\"", a.at(Strength::Whole), sizes.join(", ")))
        }
        // A character is a text of length 1.
        (Type::Char, Type::Str) if matches!(op, CmpOp::Eq | CmpOp::NotEq) => {
            let text = b.literal_text().map(|text| text.replace("\\\"", "\""));
            match text.as_deref().map(|text| (text.chars().count(), text.starts_with('\\'), text)) {
                Some((1, false, "'")) => Ok(format!("{} {sign} '\\''", a.at(least))),
                Some((1, false, text)) | Some((2, true, text)) => Ok(format!("{} {sign} '{text}'", a.at(least))),
                _ => Err(Missing::new("a comparison of a character and a text")),
            }
        }
        // A text that is borrowed and one that is not.
        (Type::String, Type::String) if (a.form == Form::Reference) != (b.form == Form::Reference) => {
            let text = |value: &Value| match value.form {
                Form::Reference => format!("*{}", value.at(Strength::Prefix)),
                _ => value.at(least),
            };
            Ok(format!("{} {sign} {}", text(a), text(b)))
        }
        (Type::Int, Type::Int) => {
            let (a, b) = (crate::arithmetic::wide(a), crate::arithmetic::wide(b));
            Ok(format!("{} {sign} {}", a.at(least), b.at(least)))
        }
        (x, y) if x == y && (x.is_number() || x.is_text()) => Ok(format!("{} {sign} {}", a.at(least), b.at(least))),
        (x, y) if x.is_number() && y.is_number() => match (a.as_float_at(Strength::Prefix), b.as_float_at(least)) {
            (Some(x), Some(y)) => Ok(format!("{x} {sign} {y}")),
            _ => Err(Missing::new("a comparison of these numbers")),
        },
        (x, y) if x.is_text() && y.is_text() => Ok(format!("{} {sign} {}", a.at(least), b.at(least))),
        (x, y) => Err(Missing::new(format!("a comparison of {} and {}", x.described(), y.described()))),
    }
}

/// The closure that finds a text among texts of this type.
pub(crate) fn is_text(of: &Type, text: &Value) -> String {
    let is_borrowed = *of != Type::String || text.of == Type::Str || text.form == Form::Reference;
    let shown = if is_borrowed { text.at(Strength::Sum) } else { text.borrowed() };
    let names = ["text", "own", "each"];
    let own = names.into_iter().find(|name| !crate::program::has_word(&shown, name)).unwrap_or("text");
    let star = if *of == Type::Str { "*" } else { "" };
    format!("|{own}| {star}{own} == {shown}")
}
