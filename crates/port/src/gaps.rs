//! Statements that cannot be ported, but whose uses say what they assign: functions to be written by hand.

use crate::Missing;
use crate::program::{Program, names_in};
use crate::script::names::is_constant;
use crate::value::{Binding, Strength, Type, Value};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextSize};

impl<'a> Program<'a> {
    /// A statement that cannot be ported, but whose uses say what it assigns: a function that returns an error, to be filled in.
    pub(crate) fn gap_with_values(&mut self, statement: &'a Stmt, line: usize, missing: &Missing) -> bool {
        let code: Vec<&str> = self.source.text(statement.range()).lines().collect();
        let known = self.values_of_gap(statement);
        let Some((names, types)) = known else {
            if matches!(statement, Stmt::Assign(_)) {
                for code in code {
                    self.line(format!("// {code}").trim_end());
                }
            }
            return false;
        };
        let read = self.read_by(statement);
        let (mut parameters, mut arguments) = (Vec::new(), Vec::new());
        for name in read {
            let Some(Binding::Variable(variable)) = self.scopes.get(&name) else { continue };
            let of = self.resolved(&variable.of);
            if variable.is_pending || of.in_rust().is_none() || of == Type::None || is_constant(&variable.rust_name) {
                continue;
            }
            let value = Value::new(variable.rust_name.clone(), of.clone(), Strength::Whole, variable.form);
            // Functions outside of a type have no `self`.
            let own = if variable.rust_name == "self" { "this" } else { &variable.rust_name };
            parameters.push(self.declared(own, &of, false));
            arguments.push(if of.is_copy() { value.text } else { value.borrowed() });
        }
        let in_rust: Vec<String> = types.iter().filter_map(Type::in_rust).collect();
        types.iter().for_each(|of| self.import_type(of));
        let returns = if in_rust.len() == 1 { in_rust[0].clone() } else { format!("({})", in_rust.join(", ")) };
        let comment: Vec<String> = code.iter().map(|code| format!("//     {}", code.trim_end())).collect();
        let allow = if parameters.is_empty() { "" } else { "#[allow(unused_variables)]\n" };
        let item_of = |function: &str| {
            format!(
                "// To be written by hand: {}.\n{}\n{allow}fn {function}({}) -> Result<{returns}> {{\n    Err(Error::new({:?}))\n}}\n",
                missing.reason,
                comment.join("\n"),
                parameters.join(", "),
                format!("line {line} of {} is not ported: {}", self.file(), missing.reason)
            )
        };
        // A function of the script that is written for several types has the line several times.
        let mut function = format!("line_{line}");
        let mut item = item_of(&function);
        while self.has_function(&function) && !self.has_item(&item) {
            function.push('_');
            item = item_of(&function);
        }
        if !self.has_item(&item) {
            self.item(line, item);
        }
        let of = if types.len() == 1 { types[0].clone() } else { Type::Tuple(types) };
        let value = Value::temporary(format!("{function}({})?", arguments.join(", ")), of);
        let Stmt::Assign(assign) = statement else { return false };
        // What fails here was known to fail.
        let written = self.body.len();
        let assigned = assign.targets.iter().try_for_each(|target| self.assign(target, value.clone()));
        if assigned.is_err() {
            self.body.truncate(written);
            for code in code {
                self.line(format!("// {code}").trim_end());
            }
            return false;
        }
        for name in names {
            self.guessed.insert(name);
        }
        true
    }

    /// The number of the empty list or set that a name has, if it is not known what it holds.
    fn unknown_elements(&self, name: &str) -> Option<usize> {
        let (Binding::Variable(variable) | Binding::Outside(variable)) = self.scopes.get(name)? else { return None };
        match self.resolved(&variable.of) {
            Type::List(of) | Type::Set(of) => match *of {
                Type::Unknown(number) => Some(number),
                _ => None,
            },
            _ => None,
        }
    }

    /// The elements of empty lists to which a statement appends that cannot be ported, if the script says of which type they are.
    pub(crate) fn elements_of_gap(&mut self, statement: &'a Stmt) {
        let mut appends = Appends::default();
        appends.visit_stmt(statement);
        for (name, place) in appends.calls {
            let Some(number) = self.unknown_elements(name) else { continue };
            if let Some(of) = self.clue_of_appended(place).filter(|of| of.in_rust().is_some()) {
                self.import_type(&of);
                self.known(number, of);
                self.inferred.by_clues.insert(number);
            }
        }
    }

    /// Finds out of the whole script what the empty lists hold that a statement reads; false if that says nothing new.
    pub(crate) fn find_elements(&mut self, statement: &Stmt) -> bool {
        let mut is_found = false;
        for name in self.read_by(statement) {
            let Some(number) = self.unknown_elements(&name) else { continue };
            let Some((made, own)) = self.inferred.empty_lists.get(&number).cloned() else { continue };
            if let Some(Type::List(of) | Type::Set(of)) = self.clue_of_assigned(made, &own)
                && of.in_rust().is_some()
            {
                self.import_type(&of);
                self.known(number, *of);
                self.inferred.by_clues.insert(number);
                is_found = true;
            }
        }
        is_found
    }

    /// The names that a statement assigns, and what their uses say of them.
    pub(crate) fn values_of_gap(&mut self, statement: &Stmt) -> Option<(Vec<String>, Vec<Type>)> {
        let Stmt::Assign(assign) = statement else { return None };
        let [target] = &assign.targets[..] else { return None };
        let names = match target {
            Expr::Name(name) => vec![name.id.to_string()],
            Expr::Tuple(tuple) if tuple.elts.iter().all(Expr::is_name_expr) => names_in(target),
            _ => return None,
        };
        let end = statement.range().end();
        let types = names.iter().map(|name| match self.scan().reads(name) {
            // It is not used.
            0 => Some(Type::None),
            _ => self.clue_of_assigned(end, name),
        });
        let types: Vec<Type> = types.collect::<Option<_>>()?;
        if types.iter().all(|of| *of == Type::None) {
            return None;
        }
        Some((names, types))
    }

    /// The names that a statement reads, each once.
    pub(crate) fn read_by(&self, statement: &Stmt) -> Vec<String> {
        let scan = crate::script::scan::Scan::of(std::slice::from_ref(statement), &self.changing);
        let mut names: Vec<String> = scan.all_read().map(str::to_string).collect();
        names.sort();
        names
    }
}

/// Calls of `append` and `add`: the names of the lists, and where the calls are.
#[derive(Debug, Default)]
struct Appends<'a> {
    calls: Vec<(&'a str, TextSize)>,
}

impl<'a> Visitor<'a> for Appends<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression
            && let Expr::Attribute(attribute) = &*call.func
            && let ("append" | "add", Expr::Name(list)) = (attribute.attr.as_str(), &*attribute.value)
        {
            self.calls.push((list.id.as_str(), call.range().start()));
        }
        walk_expr(self, expression);
    }
}
