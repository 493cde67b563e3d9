//! `tf.linalg.matrix_transpose`, which exchanges the last two axes.

use crate::arguments::named_as;
use crate::program::Program;
use crate::value::{Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::ExprCall;

impl<'a> Program<'a> {
    /// `tf.linalg.matrix_transpose(x)`; `None` if it is another function.
    pub(crate) fn matrix_transpose(&mut self, path: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        if path != "tensorflow.linalg.matrix_transpose" {
            return Ok(None);
        }
        let named = named_as(call, &["a"])?;
        let [(_, of)] = &named[..] else { return Err(Missing::new(format!("{path} with these arguments"))) };
        let value = self.expression(of)?;
        let value = self.tensor(&value)?;
        let swapaxes = self.import("ops::swapaxes");
        let (end, of) = match &value.of {
            Type::Symbolic => ("", Type::Symbolic),
            of if of.is_array() => ("?", of.clone()),
            of => return Err(Missing::new(format!("{path} of {}", of.described()))),
        };
        Ok(Some(Value::temporary(format!("{swapaxes}({}, -1, -2){end}", value.borrowed()), of)))
    }
}
