//! Arrays of texts, such as `np.array(["a", "b"])`, whose elements are read by their places: lists in Rust.

use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::Expr;

/// The array as the list that it is in Rust.
pub(crate) fn as_list(value: Value) -> Value {
    match value.of {
        Type::TextArray(of) => Value { of: Type::List(of), ..value },
        _ => value,
    }
}

impl<'a> Program<'a> {
    /// A list of texts as an array of them; `None` if it is something else.
    pub(crate) fn array_of_texts(&mut self, list: &Value, dtype: Option<&'a Expr>) -> Ported<Option<Value>> {
        let Type::List(of) = &list.of else { return Ok(None) };
        let is_plain = match dtype {
            None => true,
            Some(Expr::Name(name)) => matches!(name.id.as_str(), "object" | "str"),
            Some(_) => false,
        };
        if !(of.is_text() || **of == Type::Char) || !is_plain {
            return Ok(None);
        }
        let text = match list.form {
            Form::Place => format!("{}.clone()", list.at(Strength::Whole)),
            Form::Reference | Form::Slice => format!("{}.to_vec()", list.at(Strength::Whole)),
            Form::Constant | Form::Temporary => list.text.clone(),
        };
        Ok(Some(Value::temporary(text, Type::TextArray(of.clone()))))
    }

    /// `texts[i]`, `texts[2:5]`, `texts[places]`
    pub(crate) fn part_of_texts(&mut self, texts: &Value, index: &'a Expr) -> Ported<Value> {
        let Type::TextArray(of) = &texts.of else { return Err(Missing::new("a part of this")) };
        let list = as_list(texts.clone());
        if let Expr::Slice(slice) = index {
            let part = self.part_of(&list, slice)?;
            return Ok(Value { of: texts.of.clone(), ..part });
        }
        let place = self.expression(index)?;
        let whole = texts.at(Strength::Whole);
        if !place.of.is_array() || self.is_row(index) {
            let place = self.place_in(&list, index)?;
            return Ok(Value::place(format!("{whole}[{place}]"), (**of).clone()));
        }
        let taken = if of.is_copy() { "" } else { ".clone()" };
        let places = format!("{}.to_dtype(DType::I64)?.to_vec1::<i64>()?", place.at(Strength::Whole));
        let text = format!("{places}.iter().map(|&i| {whole}[i as usize]{taken}).collect::<Vec<_>>()");
        Ok(Value::temporary(text, texts.of.clone()))
    }

    /// Whether it is the variable of a comprehension or an index of a single element: of an array, a number.
    fn is_row(&self, index: &Expr) -> bool {
        match index {
            Expr::Name(name) => {
                self.scopes.is_local(&name.id)
                    && matches!(self.scopes.get(&name.id), Some(Binding::Variable(_)))
                    && self.known.rows.contains(name.id.as_str())
            }
            Expr::Subscript(subscript) => match &*subscript.slice {
                Expr::Tuple(places) => !places.elts.iter().any(Expr::is_slice_expr),
                _ => false,
            },
            _ => false,
        }
    }
}
