//! Formats of numbers that Rust does not have: `python::format`, where `{:.4}` is not the same.

use crate::value::{Form, Type, Value};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Number, Operator, Stmt};

/// Which numbers a script may print that Rust writes otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Printed {
    /// `nan`: the script speaks of it.
    pub(crate) has_nan: bool,
    /// `1e-05`: a name has such a number.
    pub(crate) has_exponents: bool,
}

impl Printed {
    pub(crate) fn of(statements: &[Stmt]) -> Self {
        let mut printed = Self::default();
        printed.visit_body(statements);
        printed
    }

    /// How a float is written without a format, where that is not `{:?}`.
    pub(crate) fn plain(self, value: &Value) -> Option<String> {
        let is_written_out = value.form == Form::Constant && value.is_literal();
        ((self.has_nan || self.has_exponents) && !is_written_out).then(|| format!("python::repr({})", value.text))
    }

    /// How a number is written with this format, where Rust has none that is the same.
    pub(crate) fn formatted(self, value: &Value, spec: &str) -> Option<String> {
        let kind = spec.chars().last()?;
        let is_float = value.of == Type::Float;
        if !(is_float || matches!(value.of, Type::Int | Type::Signed | Type::Id)) || (kind == 'd' && is_float) {
            return None;
        }
        let is_known = spec
            .strip_suffix(['d', 'e', 'f', 'g', '%'])
            .unwrap_or(spec)
            .chars()
            .all(|c| "<>^=+- 0123456789.,".contains(c));
        let is_only_here = matches!(kind, 'e' | 'g') || spec.contains(',') || spec.starts_with([' ', '=']);
        let has_digits =
            matches!(spec.split_once('.'), Some((_, digits)) if digits.bytes().all(|c| c.is_ascii_digit()));
        let is_fraction_of_int = !is_float && (kind == 'f' || has_digits);
        let may_be_nan = is_float && self.has_nan && !value.is_literal();
        (is_known && (is_only_here || is_fraction_of_int || (is_float && has_digits) || may_be_nan))
            .then(|| format!("python::format({}, {spec:?})?", value.text))
    }
}

impl Printed {
    /// A number that a name, a list or a dict keeps.
    fn kept(&mut self, value: &Expr) {
        match value {
            Expr::NumberLiteral(number) => {
                if let Number::Float(float) = number.value {
                    self.has_exponents |= has_exponent(float);
                }
            }
            Expr::List(list) => list.elts.iter().for_each(|one| self.kept(one)),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|one| self.kept(one)),
            Expr::Dict(dict) => dict.items.iter().for_each(|item| self.kept(&item.value)),
            Expr::UnaryOp(unary) => self.kept(&unary.operand),
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Printed {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => self.kept(&assign.value),
            Stmt::For(each) => self.kept(&each.iter),
            // What is made smaller round by round.
            Stmt::AugAssign(assign) => {
                let is_smaller = match (&*assign.value, assign.op) {
                    (Expr::NumberLiteral(number), Operator::Mult) => {
                        matches!(number.value, Number::Float(by) if by <= 0.1)
                    }
                    _ => false,
                };
                self.has_exponents |= is_smaller;
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        let is_nan =
            |name: &str| matches!(name.to_ascii_lowercase().as_str(), "nan" | "isnan" | "nan_to_num" | "isfinite");
        match expression {
            Expr::Name(name) => self.has_nan |= is_nan(&name.id),
            Expr::Attribute(attribute) => self.has_nan |= is_nan(&attribute.attr),
            Expr::StringLiteral(text) => self.has_nan |= is_nan(text.value.to_str()),
            _ => {}
        }
        walk_expr(self, expression);
    }
}

fn has_exponent(number: f64) -> bool {
    number != 0.0 && (number.abs() < 1e-4 || number.abs() >= 1e16)
}

/// A number that is written out, as Python writes it, where Rust may do otherwise.
pub(crate) fn literal(value: &Value) -> Option<String> {
    if value.form != Form::Constant {
        return None;
    }
    // Rust would take it for an i32.
    if value.of == Type::Int && crate::arithmetic::wide(value).text != value.text {
        return Some(value.text.replace('_', ""));
    }
    if value.of != Type::Float {
        return None;
    }
    let number: f64 = match value.text.as_str() {
        "f64::NAN" => return Some("nan".into()),
        text => text.parse().ok()?,
    };
    let text = format!("{number:?}");
    Some(match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
    })
}

/// `float("nan")`, `float("-inf")`
pub(crate) fn not_finite(text: &Value) -> Option<Value> {
    let text = match text.literal_text()?.to_ascii_lowercase().as_str() {
        "nan" => "f64::NAN",
        "inf" | "infinity" | "+inf" => "f64::INFINITY",
        "-inf" | "-infinity" => "f64::NEG_INFINITY",
        _ => return None,
    };
    Some(Value::constant(text, Type::Float))
}
