//! Variables of the module that the hooks of a callback read: the callback keeps them, since those who call its hooks do not know them.

use crate::program::Program;
use crate::python::functions::Captured;
use crate::value::{Binding, Form, Strength, Type, Value, Variable};

impl Program<'_> {
    /// The attribute in which a callback keeps a variable, if one of its hooks is being written and the variable never changes.
    pub(crate) fn kept_by_callback(&mut self, name: &str, variable: &Variable) -> Option<Value> {
        let (number, depth) = self.hooks_of?;
        let module = &self.frames.first()?.scan;
        let is_kept = matches!(variable.of, Type::Texts | Type::Str | Type::String)
            || variable.of.is_array()
            || variable.of.is_number()
            || matches!(&variable.of, Type::List(of) if of.is_copy() || **of == Type::String);
        let is_of_hook = self.captures.len() == depth && self.scopes.is_of_module(name);
        if !is_kept || !is_of_hook || !module.is_assigned_once(name) {
            return None;
        }
        let own = variable.rust_name.clone();
        let is_taken = self.fields_of(number).iter().any(|(field, _)| *field == own);
        let is_known = self.classes[number].kept.iter().any(|kept| kept.name() == name);
        if is_taken && !is_known {
            return None;
        }
        if !is_known {
            let value = match &variable.of {
                of if of.is_copy() => own.clone(),
                Type::String => format!("{own}.to_string()"),
                Type::List(_) => format!("{own}.to_vec()"),
                _ => format!("{own}.clone()"),
            };
            self.keep(number, Captured::new(name, &own, variable.of.clone()), variable.of.clone(), value);
        }
        let rust_name = format!("self.{own}");
        let bound =
            Variable { rust_name: rust_name.clone(), of: variable.of.clone(), form: Form::Place, is_pending: false };
        self.scopes.bind_in_function(name, Binding::Variable(bound));
        Some(Value::new(rust_name, variable.of.clone(), Strength::Whole, Form::Place))
    }
}
