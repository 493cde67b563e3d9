//! Values of columns: whether they are numbers or texts is known when the program runs, so that each use asks for what it needs.

use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, Operator};

/// A value of Python, as loops over a `Series` and `tolist` give it.
pub(crate) const CELL: &str = "data::Cell";
/// A value of NumPy, as arrays and rows have it: in a list it is printed as `np.int64(1)`.
pub(crate) const CELL_OF_NUMPY: &str = "values::Cell";

/// A value of a row: one of NumPy if the row has numbers alone, else one of Python.
pub(crate) const CELL_OF_ROW: &str = "row::Cell";

pub(crate) fn is_cell(of: &Type) -> bool {
    matches!(of, Type::Object(path) if [CELL, CELL_OF_NUMPY, CELL_OF_ROW].contains(&path.as_str()))
}

/// A list of values of a column.
pub(crate) fn is_list(of: &Type) -> bool {
    matches!(of, Type::List(of) if is_cell(of))
}

pub(crate) fn cell() -> Type {
    Type::Object(CELL.into())
}

pub(crate) fn cell_of_row() -> Type {
    Type::Object(CELL_OF_ROW.into())
}

pub(crate) fn cell_of_numpy() -> Type {
    Type::Object(CELL_OF_NUMPY.into())
}

/// `&cell`, as it is passed on.
fn borrowed(value: &Value) -> String {
    if value.form == Form::Reference { value.text.clone() } else { format!("&{}", value.at(Strength::Prefix)) }
}

fn asked(value: &Value, method: &str, of: Type, form: Form) -> Value {
    Value::new(format!("{}.{method}()?", value.at(Strength::Whole)), of, Strength::Whole, form)
}

/// Its text, where it is used as one; other values are as they are.
pub(crate) fn as_text(value: Value) -> Value {
    if is_cell(&value.of) { asked(&value, "text", Type::String, Form::Reference) } else { value }
}

/// Its number, where it is used as a fraction; other values are as they are.
pub(crate) fn as_number(value: Value) -> Value {
    if is_cell(&value.of) { asked(&value, "number", Type::Float, Form::Temporary) } else { value }
}

/// Its whole number, where it is used as one; other values are as they are.
pub(crate) fn as_integer(value: Value) -> Value {
    if is_cell(&value.of) { asked(&value, "integer", Type::Signed, Form::Temporary) } else { value }
}

/// As a parameter of this type takes it; `None` of other values.
pub(crate) fn converted(value: &Value, rust_type: &str) -> Option<Value> {
    if is_list(&value.of) {
        return list_of(value, rust_type);
    }
    if !is_cell(&value.of) {
        return None;
    }
    Some(match rust_type {
        "f64" | "f32" | "LearningRate" | "Factor" | "Numbers" => as_number(value.clone()),
        "usize" | "u8" | "u32" | "u64" | "i64" | "i32" | "isize" => as_integer(value.clone()),
        _ => as_text(value.clone()),
    })
}

/// A text, or texts, where they are used as such; other values are as they are.
pub(crate) fn as_texts(value: Value) -> Value {
    if crate::pandas::is_column(&value.of) {
        return texts(&format!("{}.cells()", value.at(Strength::Whole)));
    }
    match is_list(&value.of) {
        true => texts(&format!("{}.iter()", value.at(Strength::Whole))),
        false => as_text(value),
    }
}

fn texts(iter: &str) -> Value {
    let each = "Ok::<_, Error>(x.text()?.to_string())";
    let list = format!("{iter}.map(|x| {each}).collect::<Result<Vec<String>>>()?");
    Value::temporary(list, Type::List(Box::new(Type::String)))
}

/// A list of them as a vocabulary of texts or whole numbers.
fn list_of(value: &Value, rust_type: &str) -> Option<Value> {
    match rust_type {
        "Vocabulary" => Some(as_texts(value.clone())),
        "Vocabulary<i64" => {
            let each = "iter().map(|x| x.integer()).collect::<Result<Vec<i64>>>()?";
            let list = format!("{}.{each}", value.at(Strength::Whole));
            Some(Value::temporary(list, Type::List(Box::new(Type::Signed))))
        }
        _ => None,
    }
}

/// `float(x)`, `int(x)`, `str(x)`, `len(x)`; `None` of other values.
pub(crate) fn builtin(name: &str, values: &[Value]) -> Option<Value> {
    let [value] = values else { return None };
    if !is_cell(&value.of) {
        return None;
    }
    match name {
        "float" => Some(asked(value, "to_f64", Type::Float, Form::Temporary)),
        "int" => Some(asked(value, "to_i64", Type::Signed, Form::Temporary)),
        "str" => Some(Value::temporary(format!("{}.to_string()", value.at(Strength::Whole)), Type::String)),
        "len" => {
            let text = as_text(value.clone());
            Some(Value::temporary(format!("{}.chars().count()", text.text), Type::Int))
        }
        _ => None,
    }
}

/// As it is formatted: `.2f` is of a number, and `d` of a whole one.
pub(crate) fn formatted(value: &Value, spec: &str) -> Option<Value> {
    if !is_cell(&value.of) {
        return None;
    }
    match spec.chars().last() {
        Some('f' | 'F' | 'e' | '%') => Some(as_number(value.clone())),
        Some('d') => Some(as_integer(value.clone())),
        Some('s') => Some(as_text(value.clone())),
        _ => None,
    }
}

/// A comparison of a value of a column; `None` of others.
pub(crate) fn compared(a: &Value, op: CmpOp, b: &Value) -> Ported<Option<String>> {
    let (is_equal, is_order) =
        (matches!(op, CmpOp::Eq | CmpOp::NotEq), matches!(op, CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE));
    if !(is_equal || is_order) {
        return Ok(None);
    }
    match (is_cell(&a.of), is_cell(&b.of)) {
        (false, false) => Ok(None),
        (true, true) if is_equal => {
            let not = if op == CmpOp::NotEq { "!" } else { "" };
            Ok(Some(format!("{not}{}.equals({})", a.at(Strength::Whole), borrowed(b))))
        }
        (true, true) => {
            let method = match op {
                CmpOp::Lt => "less",
                CmpOp::LtE => "less_equal",
                CmpOp::Gt => "greater",
                _ => "greater_equal",
            };
            Ok(Some(format!("{}.{method}({})?", a.at(Strength::Whole), borrowed(b))))
        }
        (true, false) if is_equal => equal_to(a, op, b).map(Some),
        (false, true) if is_equal => equal_to(b, op, a).map(Some),
        _ => {
            let other = if is_cell(&a.of) { b } else { a };
            let of_this = |value: &Value| match &value.of {
                Type::String => {
                    let text = format!("&{}[..]", value.at(Strength::Whole));
                    Value::new(text, Type::String, Strength::Prefix, Form::Reference)
                }
                _ if other.of.is_text() => as_text(value.clone()),
                _ => as_number(value.clone()),
            };
            crate::comparisons::compared(&of_this(a), op, &of_this(b)).map(Some)
        }
    }
}

/// `cell == 3`, `cell == "cat"`
fn equal_to(cell: &Value, op: CmpOp, other: &Value) -> Ported<String> {
    let sign = if op == CmpOp::NotEq { "!=" } else { "==" };
    let own = match cell.form {
        Form::Reference if cell.strength == Strength::Whole => format!("*{}", cell.text),
        _ => cell.at(Strength::Sum),
    };
    let other = match &other.of {
        Type::Int | Type::Signed | Type::Float | Type::Str => other.at(Strength::Sum),
        Type::String => format!("{}.as_str()", other.at(Strength::Whole)),
        of => return Err(Missing::new(format!("a comparison of a value of a column and {}", of.described()))),
    };
    Ok(format!("{own} {sign} {other}"))
}

/// The operands of an operator of which one says what the other is: a fraction, an array, a text.
pub(crate) fn operands(a: Value, op: Operator, b: Value) -> (Value, Value) {
    let has = |is: fn(&Type) -> bool| is(&a.of) || is(&b.of);
    if op == Operator::Div || has(|of| *of == Type::Float || of.is_array()) {
        return (as_number(a), as_number(b));
    }
    if op == Operator::Add && has(Type::is_text) {
        return (as_text(a), as_text(b));
    }
    (a, b)
}

impl<'a> Program<'a> {
    /// An operator on values of columns: whole numbers stay whole, as in Python. `None` of others.
    pub(crate) fn of_cells(&mut self, a: &Value, op: Operator, b: &Value) -> Ported<Option<Value>> {
        let of = match (is_cell(&a.of), is_cell(&b.of)) {
            (false, false) => return Ok(None),
            (true, _) => a.of.clone(),
            (false, true) => b.of.clone(),
        };
        let sign = match op {
            Operator::Add => "+",
            Operator::Sub => "-",
            Operator::Mult => "*",
            Operator::FloorDiv => "floor_div",
            Operator::Mod => "modulo",
            _ => {
                let missing = format!("{} of a value of a column", op.as_str());
                return Err(Missing::new(missing).help("convert it before: int(x), float(x)"));
            }
        };
        let other = |value: &Value| match &value.of {
            of if is_cell(of) => Ok(borrowed(value)),
            Type::Int | Type::Signed => Ok(value.at(Strength::Cast)),
            of => Err(Missing::new(format!("{} of a value of a column and {}", op.as_str(), of.described()))),
        };
        let left = match is_cell(&a.of) {
            true if a.form == Form::Temporary => a.at(Strength::Cast),
            true => borrowed(a),
            false => {
                let class = self.import(CELL);
                format!("{class}::from({})", other(a)?)
            }
        };
        let text = match sign.len() {
            1 => format!("({left} {sign} {})?", other(b)?),
            _ => format!("{}.{sign}({})?", left.trim_start_matches('&'), other(b)?),
        };
        Ok(Some(Value::temporary(text, of)))
    }

    /// A list of values of columns as a column, which is their array.
    pub(crate) fn array_of_cells(&mut self, list: &Value) -> Option<Value> {
        if let Type::List(rows) = &list.of
            && is_list(rows)
            && list.items.is_none()
        {
            self.import("data::ToColumn");
            let whole = list.at(Strength::Whole);
            let text = format!("{whole}.concat().to_column()?.values()?.reshape(({whole}.len(), ()))?");
            return (list.form != Form::Temporary).then(|| Value::temporary(text, Type::Array));
        }
        if !is_list(&list.of) {
            return None;
        }
        self.import("data::ToColumn");
        let text = format!("{}.to_column()?", list.at(Strength::Whole));
        Some(Value::temporary(text, Type::Object(crate::pandas::VALUES.into())))
    }
}

/// A key of a dict whose keys are values of columns, or a value of a column as a key of others; `None` of others.
pub(crate) fn dict_key(key: &Type, at: &Value) -> Ported<Option<String>> {
    let key_of = |value: Value, key: &Type| crate::python::collections::dict_key(key, &value).map(Some);
    match (is_cell(key), is_cell(&at.of)) {
        (false, false) => Ok(None),
        (true, true) => Ok(Some(borrowed(at))),
        (true, false) => match &at.of {
            Type::Int | Type::Signed | Type::Float | Type::Str => Ok(Some(format!("&Cell::from({})", at.text))),
            Type::String => Ok(Some(format!("&Cell::from({}.as_str())", at.at(Strength::Whole)))),
            of => Err(Missing::new(format!("{} as a key of values of a column", of.described()))),
        },
        (false, true) => match key {
            key if key.is_text() => key_of(as_text(at.clone()), key),
            Type::Int | Type::Signed => key_of(as_integer(at.clone()), key),
            Type::Unknown(_) => Ok(Some(borrowed(at))),
            key => Err(Missing::new(format!("a value of a column as a key of {}", key.described()))),
        },
    }
}
