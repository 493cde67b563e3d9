//! Arrays that may be of uint8, of images above all: in NumPy they stay so beside an integer, and begin again at 0 behind 255.

use crate::Ported;
use crate::program::Program;
use crate::value::{Form, Type, Value};
use ruff_python_ast::Operator;

/// What scripts with such arrays have.
const SIGNS_OF_BYTES: &[&str] = &["uint8", "cv2", "PIL", "keras.datasets", "datasets."];

impl<'a> Program<'a> {
    /// An operator on an integer and an array that may be of uint8, with the integer in the dtype of the array; `None` elsewhere, where candle computes
    /// the same.
    pub(crate) fn beside_bytes(&mut self, a: &Value, op: Operator, b: &Value) -> Ported<Option<Value>> {
        let (array, number) = if a.of.is_array() { (a, b) } else { (b, a) };
        let is_square = op == Operator::Pow && number.text == "2";
        let may_differ = match op {
            Operator::Add | Operator::Sub | Operator::Mult => matches!(array.of, Type::Ints | Type::Array),
            Operator::FloorDiv | Operator::Mod | Operator::Pow => array.of == Type::Ints,
            _ => false,
        };
        let may_be = SIGNS_OF_BYTES.iter().any(|sign| self.source.all().contains(sign));
        if !may_differ || !may_be || is_square || !matches!(number.of, Type::Int | Type::Signed) {
            return Ok(None);
        }
        let whole = match number.is_literal() {
            true => number.text.clone(),
            false => crate::arithmetic::signed(number).text,
        };
        // What is computed for it is not computed twice.
        let own = match array.form {
            Form::Temporary => {
                let name = if crate::program::has_word(&array.text, "array") { "bytes" } else { "array" };
                Value::place(name, array.of.clone())
            }
            _ => array.clone(),
        };
        let function = self.import("numpy::scalar");
        let scalar = Value::temporary(format!("{function}({whole}, {})?", own.borrowed()), array.of.clone());
        let (x, y) = if a.of.is_array() { (&own, &scalar) } else { (&scalar, &own) };
        let value = self.of_arrays(x, op, y)?;
        Ok(Some(match array.form {
            Form::Temporary => {
                let text = format!("{{\n    let {} = {};\n    {}\n}}", own.text, array.text, value.text);
                Value { text, ..value }
            }
            _ => value,
        }))
    }

    /// Whether an array is of uint8 for certain.
    pub(crate) fn is_of_bytes(value: &Value) -> bool {
        let text = &value.text;
        value.of == Type::Ints && (text.starts_with("cv2::") || text.ends_with("to_dtype(DType::U8)?"))
    }
}
