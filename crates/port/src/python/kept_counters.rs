//! Counters of loops that are read behind their loop: variables of their own, since Rust's counters end with the loop.

use crate::program::Program;
use crate::statements::assigned_by;
use crate::value::{Binding, Form, Type, Variable};
use ruff_python_ast::{Expr, StmtFor};
use ruff_text_size::Ranged;

/// Loops around each other, as the outermost one began.
#[derive(Debug)]
pub(crate) struct Loops {
    /// How many functions were being written.
    functions: usize,
    /// How many lines.
    written: usize,
    indent: usize,
    /// The variables to be declared before it.
    kept: Vec<String>,
}

impl<'a> Program<'a> {
    /// Begins a loop; whether it is an outermost one, which [`end_loop`](Self::end_loop) ends.
    pub(crate) fn begin_loop(&mut self) -> bool {
        let functions = self.frames.len();
        if self.loops.last().is_some_and(|loops| loops.functions == functions) {
            return false;
        }
        self.loops.push(Loops { functions, written: self.body.len(), indent: self.depth, kept: Vec::new() });
        true
    }

    /// Declares the counters before the outermost loop, where what they have is kept from one round to the next.
    pub(crate) fn end_loop(&mut self, is_outermost: bool) {
        if !is_outermost {
            return;
        }
        let Some(loops) = self.loops.pop() else { return };
        let indent = "    ".repeat(loops.indent);
        for name in loops.kept {
            if loops.written <= self.body.len() {
                self.body.insert(loops.written, format!("{indent}let mut {name} = 0;"));
            }
        }
    }

    /// Whether it is a counter that is declared before the outermost loop.
    pub(crate) fn is_kept(&self, name: &str) -> bool {
        let rust_name = self.rust_name(name);
        self.loops.last().is_some_and(|loops| loops.kept.contains(&rust_name))
    }

    /// The counter of a loop that is read behind it and not assigned in it.
    pub(crate) fn kept_counter(&self, each: &'a StmtFor) -> Option<&'a str> {
        let Expr::Call(call) = &*each.iter else { return None };
        let Expr::Name(function) = &*call.func else { return None };
        let target = match (function.id.as_str(), &*each.target) {
            ("range", target) => target,
            ("enumerate", Expr::Tuple(pair)) if call.arguments.len() == 1 => pair.elts.first()?,
            _ => return None,
        };
        let Expr::Name(name) = target else { return None };
        let is_assigned = each.body.iter().flat_map(assigned_by).any(|assigned| assigned == name.id.as_str());
        (!is_assigned && self.scan().is_read_behind(&name.id, each.range().end())).then_some(name.id.as_str())
    }

    /// Makes the counter of this pattern, which has been bound in the innermost scope, a variable outside of the loop: the pattern with
    /// another name for it, and the line that assigns it; `None` if it has a place of another kind already.
    pub(crate) fn keep_counter(&mut self, name: &str, pattern: &str) -> Option<(String, String)> {
        let Some(Binding::Variable(counter)) = self.scopes.get(name) else { return None };
        if !matches!(counter.of, Type::Int | Type::Signed) || pattern.contains("mut ") {
            return None;
        }
        let own = counter.rust_name;
        let next = self.rust_name("next");
        self.scopes.unbind(name);
        let variable =
            Variable { rust_name: own.clone(), of: counter.of.clone(), form: Form::Place, is_pending: false };
        match self.scopes.get(name) {
            Some(Binding::Variable(outer)) if outer.rust_name == own && outer.of == counter.of => {
                // One that was assigned before changes here.
                let is_kept = self.loops.last().is_some_and(|loops| loops.kept.contains(&own));
                if !is_kept && !self.is_mutated(name) {
                    self.scopes.bind(name, Binding::Variable(variable));
                    return None;
                }
            }
            Some(Binding::Variable(_)) => {
                self.scopes.bind(name, Binding::Variable(variable));
                return None;
            }
            _ => {
                let loops = self.loops.last_mut()?;
                if !loops.kept.contains(&own) {
                    loops.kept.push(own.clone());
                }
                self.scopes.bind_in_function(name, Binding::Variable(variable));
            }
        }
        Some((with_word(pattern, &own, &next), format!("{own} = {next};")))
    }
}

/// The text with another name in place of this one.
pub(crate) fn with_word(text: &str, name: &str, other: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words: Vec<&str> = text.split_inclusive(|c| !is_part(c)).collect();
    let replaced = words.iter().map(|word| match word.trim_end_matches(|c| !is_part(c)) {
        own if own == name => word.replacen(name, other, 1),
        _ => word.to_string(),
    });
    replaced.collect()
}
