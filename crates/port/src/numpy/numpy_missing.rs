//! NumPy: reductions that leave out NaN, shapes of lists, and which elements are among others.

use crate::arguments::{find, named_as, needed};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

impl<'a> Program<'a> {
    /// `None` if it is another function.
    pub(crate) fn numpy_of_missing(&mut self, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        match name {
            "nanmean" | "nansum" | "nanmax" | "nanmin" | "nanstd" | "nanvar" => self.without_nan(name, call).map(Some),
            "isin" => {
                let given = named_as(call, &["element", "test_elements"])?;
                let mut array = |argument: &'a Expr| {
                    let value = self.expression(argument)?;
                    self.tensor(&value)
                };
                let (of, values) = (array(needed(&given, "element")?)?, array(needed(&given, "test_elements")?)?);
                let function = self.import("numpy::isin");
                let text = format!("{function}({}, {})?", of.borrowed(), values.borrowed());
                Ok(Some(Value::temporary(text, Type::Mask)))
            }
            "corrcoef" if call.arguments.args.len() == 2 => {
                let given = named_as(call, &["x", "y"])?;
                let (x, y) = (self.expression(needed(&given, "x")?)?, self.expression(needed(&given, "y")?)?);
                let (x, y) = (self.tensor(&x)?, self.tensor(&y)?);
                let (function, stack) = (self.import("ops::corrcoef"), self.import("ops::vstack"));
                let rows = format!("{stack}(&[{}, {}])?", self.fractions(&x), self.fractions(&y));
                Ok(Some(Value::temporary(format!("{function}(&{rows})?"), Type::Floats)))
            }
            "shape" => {
                let of = self.expression(needed(&named_as(call, &["a"])?, "a")?)?;
                match of.of {
                    Type::List(_) => {
                        let array = self.tensor(&of)?;
                        self.attribute(&array, "shape").map(Some)
                    }
                    _ => self.attribute(&of, "shape").map(Some),
                }
            }
            _ => Ok(None),
        }
    }

    fn without_nan(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["a", "axis", "keepdims"])?;
        if find(&given, "keepdims").is_some() {
            return Err(Missing::new(format!("{name} with keepdims")));
        }
        let of = self.expression(needed(&given, "a")?)?;
        let of = self.tensor(&of)?;
        let keeps_integers = matches!(name, "nansum" | "nanmax" | "nanmin");
        let function = self.import(&format!("numpy::{name}"));
        match find(&given, "axis").filter(|axis| !axis.is_none_literal_expr()) {
            Some(axis) => {
                let axes = self.axes_of(axis, None)?;
                let result = match (&of.of, keeps_integers) {
                    (Type::Mask, true) => Type::Ints,
                    (of, true) => of.clone(),
                    (_, false) => Type::Floats,
                };
                Ok(Value::temporary(format!("{function}({}, {axes})?", of.borrowed()), result))
            }
            None if keeps_integers && matches!(of.of, Type::Ints | Type::Mask) => {
                Ok(Value::temporary(format!("{function}({}, ())?.to_scalar::<i64>()?", of.borrowed()), Type::Signed))
            }
            // Of what may be integers an array without axes is printed as what it is.
            None if keeps_integers && of.of == Type::Array => Ok(Value::new(
                format!("{function}({}, ())?", of.borrowed()),
                Type::Array,
                Strength::Whole,
                Form::Temporary,
            )),
            None => {
                let text = format!("{function}({}, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?", of.borrowed());
                Ok(Value::temporary(text, Type::Float))
            }
        }
    }
}
