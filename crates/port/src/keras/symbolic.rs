//! Parts of symbolic tensors: `x[:, -1]` is `x.get((.., -1))`.

use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprSlice};

impl<'a> Program<'a> {
    /// `x[index]` of a symbolic tensor.
    pub(crate) fn symbolic_index(&mut self, of: &Value, index: &'a Expr) -> Ported<Value> {
        let parts: Vec<&'a Expr> = match index {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let is_ellipsis = |part: &&Expr| part.is_ellipsis_literal_expr();
        let has_steps = parts.iter().any(|part| matches!(part, Expr::Slice(slice) if slice.step.is_some()));
        let is_new = |part: &Expr| {
            part.is_none_literal_expr() || self.path_of(part).is_some_and(|path| path.ends_with(".newaxis"))
        };
        // `Index` says what tuples of ranges cannot.
        let is_spelled =
            has_steps || parts.len() > 5 || parts.iter().any(is_ellipsis) || parts.iter().any(|part| is_new(part));
        let mut texts = Vec::new();
        for part in parts {
            texts.push(match part {
                part if part.is_ellipsis_literal_expr() => "Index::Ellipsis".to_string(),
                part if part.is_none_literal_expr() || self.path_of(part).is_some() => "Index::NewAxis".to_string(),
                Expr::Slice(slice) => self.symbolic_slice(slice, is_spelled)?,
                part => {
                    let at = self.place_of(part)?;
                    if is_spelled { format!("Index::from({at})") } else { at }
                }
            });
        }
        let key = match is_spelled {
            true => {
                self.import("ops::Index");
                format!("[{}]", texts.join(", "))
            }
            false if texts.len() == 1 => format!("({},)", texts[0]),
            false => format!("({})", texts.join(", ")),
        };
        Ok(Value::temporary(format!("{}.get({key})", of.at(Strength::Whole)), Type::Symbolic))
    }

    fn symbolic_slice(&mut self, slice: &'a ExprSlice, is_spelled: bool) -> Ported<String> {
        let mut end = |end: Option<&'a Expr>| end.map(|end| self.place_of(end)).transpose();
        let (from, to, step) =
            (end(slice.lower.as_deref())?, end(slice.upper.as_deref())?, end(slice.step.as_deref())?);
        if let Some(step) = step {
            let shown = |end: Option<String>| end.map_or("None".to_string(), |end| format!("Some({end})"));
            return Ok(format!("Index::Slice {{ start: {}, stop: {}, step: Some({step}) }}", shown(from), shown(to)));
        }
        let range = format!("{}..{}", from.unwrap_or_default(), to.unwrap_or_default());
        Ok(if is_spelled { format!("Index::from({range})") } else { range })
    }

    /// A place on an axis, as an `i64`.
    fn place_of(&mut self, place: &'a Expr) -> Ported<String> {
        let value = self.expression(place)?;
        match value.of {
            Type::Int | Type::Signed if value.form == Form::Constant && value.is_literal() => Ok(value.text),
            Type::Signed => Ok(value.at(Strength::Sum)),
            Type::Int => Ok(format!("{} as i64", value.at(Strength::Cast))),
            of => Err(Missing::new(format!("{} as an index of a symbolic tensor", of.described()))),
        }
    }
}
