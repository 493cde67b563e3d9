//! TensorFlow Addons, where it is certain what they compute.

use crate::program::Program;
use crate::value::{Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::ExprCall;

impl<'a> Program<'a> {
    pub(crate) fn addons_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        match path {
            // With tanh in place of the error function, unless another is asked for.
            "tensorflow_addons.layers.GELU" if call.arguments.is_empty() => {
                let (class, function) = (self.import("layers::Lambda"), self.import("ops::gelu"));
                Ok(Value::temporary(format!("{class}::new(|x| {function}(x, true))"), Type::Layer("Lambda".into())))
            }
            _ => Err(Missing::new(format!("{path}, which has no counterpart here"))),
        }
    }
}
