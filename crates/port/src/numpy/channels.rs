//! The channels of images in another order, and a few of them: `image[:, :, ::-1]`, `image[..., :3]`.

use crate::program::Program;
use crate::value::{Strength, Value};
use ruff_python_ast::{Expr, ExprSlice, UnaryOp};

impl<'a> Program<'a> {
    /// Axes that are reversed, or the first of the last axis; `None` where the index is something else.
    pub(crate) fn channels(&mut self, of: &Value, parts: &[&'a Expr]) -> Option<Value> {
        let (is_from_end, named) = match parts {
            [first, rest @ ..] if first.is_ellipsis_literal_expr() && !rest.is_empty() => (true, rest),
            all if all.len() > 1 => (false, all),
            _ => return None,
        };
        if let (true, [Expr::Slice(slice)]) = (is_from_end, named)
            && let (None, Some(upper), None) = (&slice.lower, &slice.upper, &slice.step)
            && let Some(count @ 1..) = self.integer(upper)
        {
            self.import("candle_core::D");
            let whole = of.at(Strength::Whole);
            // NumPy ends where the array ends.
            let text = format!("{whole}.narrow(D::Minus1, 0, usize::min({count}, {whole}.dim(D::Minus1)?))?");
            return Some(Value::temporary(text, of.of.clone()));
        }
        let mut reversed = Vec::new();
        for (at, part) in named.iter().enumerate() {
            let Expr::Slice(ExprSlice { lower: None, upper: None, step, .. }) = part else { return None };
            match step.as_deref() {
                None => {}
                Some(step) if !self.is_minus_one(step) => return None,
                Some(_) if is_from_end => reversed.push(format!("-{}", named.len() - at)),
                Some(_) => reversed.push(at.to_string()),
            }
        }
        let axes = match &reversed[..] {
            [] => return None,
            [axis] => axis.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let function = self.import("ops::flip");
        Some(Value::temporary(format!("{function}({}, {axes})?", of.borrowed()), of.of.clone()))
    }

    fn is_minus_one(&self, step: &Expr) -> bool {
        matches!(step, Expr::UnaryOp(unary) if unary.op == UnaryOp::USub && self.integer(&unary.operand) == Some(1))
    }
}
