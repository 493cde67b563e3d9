//! Integers that turn out to be something else: `total = 0`, to which a loop adds fractions.

use crate::program::{Program, has_word};
use crate::value::{Binding, Type, Variable};

impl Program<'_> {
    /// Declares the integer of a variable as one that may be negative, or as a fraction, if nothing has used it since then.
    pub(crate) fn is_declared_as(&mut self, name: &str, of: &Type) -> bool {
        let Some(Binding::Variable(variable)) = self.scopes.get(name) else { return false };
        if !matches!(of, Type::Signed | Type::Float) || self.scan().is_read_inside(name) {
            return false;
        }
        let start = format!("let mut {}", variable.rust_name);
        let declared = self
            .body
            .iter()
            .rposition(|line| line.trim_start().starts_with(&start) && has_word(line, &variable.rust_name));
        let Some(at) = declared else { return false };
        let line = &self.body[at];
        let Some((_, number)) = line.trim_end().trim_end_matches(';').split_once(" = ") else { return false };
        let is_literal = number.chars().all(|c| c.is_ascii_digit() || c == '_');
        if !is_literal || self.body[at + 1..].iter().any(|line| has_word(line, &variable.rust_name)) {
            return false;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let is_typed = line.contains(": usize = ");
        self.body[at] = match of {
            Type::Float => format!("{indent}{start} = {number}.0;"),
            _ if is_typed => format!("{indent}{start}: i64 = {number};"),
            _ => format!("{indent}{start} = {number};"),
        };
        self.scopes.rebind(name, Binding::Variable(Variable { of: of.clone(), ..variable }));
        true
    }
}
