//! `and`, `or` and `not`, which in Python give one of their operands.

use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{BoolOp, Expr, ExprBoolOp, UnaryOp};

impl<'a> Program<'a> {
    /// Whether `a and b` is true.
    pub(crate) fn truth_of_both(&mut self, both: &'a ExprBoolOp) -> Ported<Value> {
        if let Some(value) = self.none_or(both)? {
            return Ok(value);
        }
        both.values.iter().try_for_each(|value| self.no_truth(value))?;
        let (sign, strength) = match both.op {
            BoolOp::And => (" && ", Strength::And),
            BoolOp::Or => (" || ", Strength::Or),
        };
        let (ends, passes) = if sign == " && " { ("false", "true") } else { ("true", "false") };
        let mut parts = Vec::new();
        for value in &both.values {
            let value = match value {
                Expr::BoolOp(inner) => self.truth_of_both(inner)?,
                value => self.expression(value)?,
            };
            match (&value.of, value.form, value.text.as_str()) {
                (Type::Bool, Form::Constant, text) if text == ends && parts.is_empty() => return Ok(value),
                (Type::Bool, Form::Constant, text) if text == passes => {}
                (Type::Bool, ..) => parts.push(value.at(strength)),
                _ => parts.push(self.truth(&value)?),
            }
        }
        match &parts[..] {
            [] => Ok(Value::constant(passes, Type::Bool)),
            parts => Ok(Value::new(parts.join(sign), Type::Bool, strength, Form::Temporary)),
        }
    }

    /// `name or "none"`: the first operand, unless it is empty or zero.
    pub(crate) fn either_operand(&mut self, both: &'a ExprBoolOp) -> Ported<Value> {
        if both.values.iter().all(|value| self.is_truth(value)) {
            return self.truth_of_both(both);
        }
        both.values.iter().try_for_each(|value| self.no_truth(value))?;
        let (last, before) = both.values.split_last().ok_or_else(|| Missing::new("no operands"))?;
        let mut chosen = self.expression(last)?;
        for value in before.iter().rev() {
            let value = self.expression(value)?;
            let test = self.truth(&value)?;
            // What is known before the program runs.
            if let ("true" | "false", BoolOp::Or) | ("true" | "false", BoolOp::And) = (test.as_str(), both.op) {
                let is_first = (test == "true") == (both.op == BoolOp::Or);
                chosen = if is_first { value } else { chosen };
                continue;
            }
            let is_simple = matches!(value.form, Form::Place | Form::Reference | Form::Constant);
            if !is_simple || value.of != chosen.of || !(value.of.is_number() || value.of.is_text()) {
                return Err(Missing::new(format!("either {} or {}", value.of.described(), chosen.of.described()))
                    .help("write `x if x else y`"));
            }
            let (yes, no) = match both.op {
                BoolOp::Or => (self.own(value)?, self.own(chosen)?),
                BoolOp::And => (self.own(chosen)?, self.own(value)?),
            };
            let text = format!("if {test} {{ {} }} else {{ {} }}", yes.text, no.text);
            chosen = Value::new(text, yes.of, Strength::Loose, Form::Temporary);
        }
        Ok(chosen)
    }

    /// Whether an operand is `True` or `False`, so that it is what it says.
    fn is_truth(&mut self, value: &'a Expr) -> bool {
        match value {
            Expr::Compare(_) | Expr::BooleanLiteral(_) => true,
            Expr::UnaryOp(unary) => unary.op == UnaryOp::Not,
            Expr::BoolOp(both) => both.values.iter().all(|value| self.is_truth(value)),
            value => {
                let written = self.body.len();
                let value = self.expression(value);
                self.body.truncate(written);
                value.is_ok_and(|value| value.of == Type::Bool)
            }
        }
    }
}
