//! Changes of what has several names: where another name shows one, it is a gap.

use crate::program::Program;
use crate::script::sharing::{Changed, IN_PLACE, Relation, calls_in, calls_of};
use crate::value::Type;
use crate::{Missing, Ported};
use hashbrown::HashSet;
use ruff_python_ast::{Expr, ExprCall, Stmt};
use ruff_text_size::{Ranged, TextRange};

impl<'a> Program<'a> {
    /// An error, if a statement changes what other names show that are read behind it.
    pub(crate) fn check_changes(&mut self, statement: &'a Stmt) -> Ported<()> {
        let range = statement.range();
        let changes = self.changes_of(statement);
        self.check_arguments(statement)?;
        for (name, changed) in changes {
            // Of an array that a function changes, the function has a copy.
            let is_passed = self.is_array_name(&name) && self.is_passed_to_change(statement, &name);
            if is_passed && self.is_read_after(&name, range) {
                return Err(Missing::new(format!("a function that changes {name}")).help("return the new array"));
            }
            let shown = self.frame().sharing.showing(&name, changed, &|name| self.is_immutable_name(name));
            let mut shown: Vec<_> = shown.into_iter().filter(|other| self.is_seen(other, &name, range)).collect();
            shown.sort();
            if let Some(other) = shown.first() {
                let other = match other.strip_prefix("\0 ") {
                    Some(parameter) => format!("{parameter} of the caller"),
                    None => other.clone(),
                };
                return Err(Missing::new(format!("a change of {name}, which {other} shows as well"))
                    .help("change a copy, or make a new value"));
            }
        }
        Ok(())
    }

    /// What is printed is borrowed until all of it is made.
    fn check_arguments(&mut self, statement: &'a Stmt) -> Ported<()> {
        let Stmt::Expr(expression) = statement else { return Ok(()) };
        let Expr::Call(call) = &*expression.value else { return Ok(()) };
        if !matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "print") {
            return Ok(());
        }
        let mut read = HashSet::new();
        for argument in &call.arguments.args {
            for inner in calls_of(argument) {
                let Expr::Attribute(attribute) = &*inner.func else { continue };
                let Expr::Name(name) = &*attribute.value else { continue };
                let is_object = matches!(self.type_of_name(&name.id), Some(Type::Instance(_)));
                let changes = self.changing.get(attribute.attr.as_str()).is_some_and(|all| all.places.contains(&0));
                if is_object && changes && read.contains(name.id.as_str()) {
                    let missing = Missing::new(format!("{} behind a part of it", name.id));
                    return Err(missing.help("call the method before"));
                }
            }
            read.extend(
                crate::script::scan::Scan::of_expression(argument, &self.changing).all_read().map(str::to_string),
            );
        }
        Ok(())
    }

    /// Whether what the name has now is read behind this place, perhaps in the next round of a loop.
    pub(crate) fn is_seen(&mut self, name: &str, changed: &str, at: TextRange) -> bool {
        if let Some(parameter) = name.strip_prefix("\0 ") {
            // A parameter that is changed itself is lent.
            return !(parameter == changed && self.is_first(parameter));
        }
        if name.starts_with('\0') || self.is_immutable_name(name) {
            return false;
        }
        if name.contains('.') {
            return true;
        }
        let outside = !self.is_in_module() && self.scan().is_never_assigned(name);
        outside || self.scan().is_read_inside(name) || self.is_read_later(name, at)
    }

    fn is_passed_to_change(&self, statement: &'a Stmt, name: &str) -> bool {
        calls_in(statement).into_iter().any(|call| {
            let Expr::Name(function) = &*call.func else { return false };
            let Some(changes) = self.changing.get(function.id.as_str()) else { return false };
            let given = changes.places.iter().filter_map(|&place| call.arguments.args.get(place));
            given.flat_map(|given| self.sources(given)).any(|(_, source)| source == name)
        })
    }

    pub(crate) fn is_read_after(&mut self, name: &str, at: TextRange) -> bool {
        let around = self.sharing().loops.first().copied();
        self.scan().is_read_after(name, at, around)
    }

    /// Whether the name has still its first value.
    pub(crate) fn is_first(&self, name: &str) -> bool {
        self.declared_so_far().get(name).copied().unwrap_or(0) == 0
    }

    fn is_read_later(&mut self, name: &str, at: TextRange) -> bool {
        let around = self.sharing().loops.first().copied();
        self.scan().is_read_from(name, at.start(), around)
    }

    /// What a statement changes in its place.
    fn changes_of(&mut self, statement: &'a Stmt) -> Vec<(String, Changed)> {
        let mut found = Vec::new();
        match statement {
            Stmt::AugAssign(assign) => match &*assign.target {
                Expr::Subscript(subscript) => found.extend(self.change_in(&subscript.value)),
                target => found.extend(self.change_in(target)),
            },
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    if let Expr::Subscript(subscript) = target {
                        found.extend(self.change_in(&subscript.value));
                    }
                }
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    if let Expr::Subscript(subscript) = target {
                        found.extend(self.change_in(&subscript.value));
                    }
                }
            }
            _ => {}
        }
        for call in calls_in(statement) {
            found.extend(self.changes_of_call(call));
        }
        found
    }

    fn changes_of_call(&mut self, call: &'a ExprCall) -> Vec<(String, Changed)> {
        let mut found = Vec::new();
        let first = call.arguments.args.first();
        if let Some(path) = self.path_of(&call.func) {
            if matches!(
                path.as_str(),
                "numpy.random.shuffle" | "random.shuffle" | "numpy.fill_diagonal" | "numpy.put" | "numpy.copyto"
            ) {
                found.extend(first.into_iter().flat_map(|first| self.change_in(first)));
            }
            return found;
        }
        match &*call.func {
            Expr::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                if name == "shuffle" {
                    found.extend(first.into_iter().flat_map(|first| self.change_in(first)));
                } else if IN_PLACE.contains(&name) {
                    found.extend(self.change_in(&attribute.value));
                }
                let is_changing = self.changing.get(name).is_some_and(|changes| changes.places.contains(&0));
                if is_changing && self.returned.objects_keep {
                    for (_, object) in self.sources(&attribute.value) {
                        if matches!(self.type_of_name(&object), Some(Type::Instance(_))) {
                            found.push((object, Changed::Element));
                        }
                    }
                }
            }
            Expr::Name(name) => {
                let Some(changes) = self.changing.clone().get(name.id.as_str()).cloned() else { return found };
                for &place in &changes.places {
                    found.extend(call.arguments.args.get(place).into_iter().flat_map(|given| self.change_in(given)));
                }
            }
            _ => {}
        }
        found
    }

    /// A change of what an expression names.
    fn change_in(&self, place: &Expr) -> Vec<(String, Changed)> {
        let changed = self.sources(place).into_iter().filter_map(|(relation, source)| {
            let is_object = matches!(self.type_of_name(&source), Some(Type::Instance(_)));
            let is_table = self.type_of_name(&source).is_some_and(|of| crate::pandas::is(&of, crate::pandas::TABLE));
            let is_image = self.type_of_name(&source).is_some_and(|of| crate::libraries::pillow::is_image(&of));
            if !(self.is_array_name(&source) || self.is_collection_name(&source) || is_object || is_table || is_image) {
                return None;
            }
            match relation {
                Relation::Same => Some((source, Changed::Itself)),
                Relation::Part => Some((source, Changed::Element)),
                Relation::Holder | Relation::Copied => None,
            }
        });
        changed.collect()
    }
}
