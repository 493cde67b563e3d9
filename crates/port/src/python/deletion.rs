//! `del`.

use crate::program::{Program, has_word};
use crate::value::{Binding, Form, Strength, Type};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, StmtDelete};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// `del x, items[0], counts["a"]`
    pub(crate) fn delete(&mut self, delete: &'a StmtDelete) -> Ported<()> {
        delete.targets.iter().try_for_each(|target| self.delete_one(target))
    }

    fn delete_one(&mut self, target: &'a Expr) -> Ported<()> {
        match target {
            Expr::Name(name) => {
                self.delete_name(&name.id);
                Ok(())
            }
            Expr::Tuple(_) | Expr::List(_) => {
                crate::python::iteration::elements_of(target).iter().try_for_each(|target| self.delete_one(target))
            }
            Expr::Subscript(subscript) => {
                let is_counter = self.special(&subscript.value) == Some(crate::python::special::Special::Counter);
                let of = self.expression(&subscript.value)?;
                if self.delete_column(&of, &subscript.slice)? {
                    return Ok(());
                }
                let whole = of.at(Strength::Whole);
                match &of.of {
                    Type::List(_) if !subscript.slice.is_slice_expr() => {
                        let place = self.place_in(&of, &subscript.slice)?;
                        self.line(&format!("{whole}.remove({place});"));
                        Ok(())
                    }
                    Type::Dict(key, _) => {
                        let at = self.expression(&subscript.slice)?;
                        let at = crate::python::collections::dict_key(key, &at)?;
                        let missing = if is_counter {
                            ""
                        } else {
                            ".ok_or_else(|| Error::new(\"there is no such key in the dict\"))?"
                        };
                        self.line(&format!("{whole}.shift_remove({at}){missing};"));
                        Ok(())
                    }
                    of => Err(Missing::new(format!("del of a part of {}", of.described()))),
                }
            }
            _ => Err(Missing::new("del of this")),
        }
    }

    /// An array is freed here; what is smaller, at the end of its block.
    fn delete_name(&mut self, name: &str) {
        // A variable of an outer block may be there still in the next round.
        if !self.scopes.is_local(name) || self.is_written_later(name) {
            return;
        }
        if let Some(Binding::Variable(variable)) = self.scopes.get(name)
            && matches!(variable.form, Form::Place)
            && !variable.is_pending
            && (variable.of.is_array() || matches!(variable.of, Type::Mutable { .. }))
            && self.scan().reads(name) > 0
            && !self.scan().is_read_inside(name)
        {
            self.line(&format!("drop({});", variable.rust_name));
        }
        self.scopes.unbind(name);
    }

    /// Whether a dict or list that is written where it is used has it.
    pub(crate) fn is_written_later(&self, name: &str) -> bool {
        let dicts = self.known.literals.values().map(|dict| dict.range());
        let lists = self.known.lists.values().map(|list| list.range());
        dicts.chain(lists).any(|range| has_word(self.source.text(range), name))
    }
}
