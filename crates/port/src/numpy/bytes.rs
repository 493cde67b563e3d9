//! Arithmetic of arrays and numbers that candle's operators do not compute as NumPy does: whole numbers, of bytes above all, and quotients.

use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::Operator;

impl<'a> Program<'a> {
    /// An operator on an array and a number, or on two arrays of whole numbers, by a function of `numpy`; `None` where candle's operator computes the same.
    pub(crate) fn as_numpy_computes(&mut self, a: &Value, op: Operator, b: &Value) -> Ported<Option<Value>> {
        let name = match op {
            Operator::Add => "add",
            Operator::Sub => "subtract",
            Operator::Mult => "multiply",
            Operator::Div => "divide",
            Operator::FloorDiv => "floor_divide",
            Operator::Mod => "mod_",
            Operator::Pow if b.text != "2" => "power",
            _ => return Ok(None),
        };
        if a.of.is_array() && b.of.is_array() {
            let may_be_ids = |value: &Value| matches!(value.of, Type::Ints | Type::Array);
            let is_one_whole = a.of == Type::Ints || b.of == Type::Ints;
            if op != Operator::Sub || !is_one_whole || ![a, b].into_iter().all(may_be_ids) || both_wide(a, b) {
                return Ok(None);
            }
            let of = if a.of == b.of { Type::Ints } else { Type::Array };
            let function = self.import(&format!("numpy::{name}"));
            return Ok(Some(Value::temporary(format!("{function}({}, {})?", a.borrowed(), b.borrowed()), of)));
        }
        let (array, number) = if a.of.is_array() { (a, b) } else { (b, a) };
        if !number.of.is_number() || number.of == Type::Bool {
            return Ok(None);
        }
        let is_exact = match op {
            Operator::Add | Operator::Sub | Operator::Mult => {
                let becomes_fractions = number.of == Type::Float && array.of != Type::Array;
                array.of == Type::Floats || becomes_fractions || array.of == Type::Mask || is_wide(array)
            }
            // Products with such reciprocals are exact.
            Operator::Div => array.of != Type::Array && is_power_of_two(number),
            _ => !matches!(array.of, Type::Ints | Type::Array) || number.of == Type::Float || is_wide(array),
        };
        if is_exact {
            return Ok(None);
        }
        let operand = |value: &Value| -> Ported<String> {
            match &value.of {
                // True counts as 1.
                Type::Mask => Ok(format!("&{}.to_dtype(DType::I64)?", value.at(Strength::Whole))),
                of if of.is_array() => Ok(value.borrowed()),
                Type::Float => Ok(value.text.clone()),
                Type::Int if value.below_zero().is_some() => Ok(crate::arithmetic::signed(value).text),
                Type::Int | Type::Signed => Ok(value.text.clone()),
                of => Err(Missing::new(format!("an array and {}", of.described()))),
            }
        };
        let function = self.import(&format!("numpy::{name}"));
        let text = format!("{function}({}, {})?", operand(a)?, operand(b)?);
        let of = match (op, &number.of, &array.of) {
            (Operator::Div, ..) | (_, Type::Float, _) | (.., Type::Floats) => Type::Floats,
            (.., Type::Ints | Type::Mask) => Type::Ints,
            _ => Type::Array,
        };
        Ok(Some(Value::temporary(text, of)))
    }

    /// Whether an array is of uint8 for certain.
    pub(crate) fn is_of_bytes(value: &Value) -> bool {
        let text = &value.text;
        value.of == Type::Ints && (text.starts_with("cv2::") || text.ends_with("to_dtype(DType::U8)?"))
    }
}

/// Whether an array is of int64 or int32 for certain, where candle computes the same.
fn is_wide(value: &Value) -> bool {
    let casts = ["to_dtype(DType::I64)?", "to_dtype(DType::I32)?"];
    value.of == Type::Ints && value.form == Form::Temporary && casts.iter().any(|cast| value.text.ends_with(cast))
}

fn both_wide(a: &Value, b: &Value) -> bool {
    is_wide(a) && is_wide(b)
}

/// Whether a number that is written out is a power of two.
fn is_power_of_two(number: &Value) -> bool {
    let text = number.text.trim_start_matches('-').trim_end_matches("_f64");
    number.is_literal() && text.parse::<f64>().is_ok_and(|number| number != 0.0 && number.log2().fract() == 0.0)
}
