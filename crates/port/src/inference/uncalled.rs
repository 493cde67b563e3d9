//! Functions and classes that no line uses: written for the types that the uses of their parameters say, where they say them all.

use crate::program::Program;
use crate::python::functions::Definition;
use crate::script::scan::Scan;
use crate::value::Type;
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ParameterWithDefault, StmtFunctionDef};
use ruff_text_size::TextSize;

/// What stands before items that nothing uses.
pub(crate) const UNUSED: &str = "#[allow(dead_code)]\n";

impl<'a> Program<'a> {
    /// Writes what nothing uses; what cannot be written is a gap.
    pub(crate) fn write_uncalled(&mut self) {
        self.is_uncalled = true;
        // Those that call others stand behind them.
        for number in (0..self.functions.len()).rev() {
            if !self.functions[number].is_never_called() {
                continue;
            }
            let definition = self.functions[number].definition;
            if let Err(missing) = self.write_function_by_use(number, definition) {
                let reason = format!("{} is never called, and {}", definition.name(), missing.reason);
                self.gap(definition.range(), &Missing::new(reason).help("leave it out, or call it"));
            }
        }
        for number in 0..self.classes.len() {
            self.write_class_by_use(number);
        }
        self.is_uncalled = false;
    }

    fn write_function_by_use(&mut self, number: usize, definition: Definition<'a>) -> Ported<()> {
        let Definition::Def(function) = definition else { return Err(Missing::new("a lambda")) };
        let types = self.types_by_use(function, &definition.parameters())?;
        self.attempted(|program| match program.function(number, types) {
            // All of it is written but what it returns.
            Err(_) if program.functions[number].is_lost() => Ok(()),
            written => written.map(|_| ()),
        })
    }

    /// Writes something, or nothing of it.
    pub(crate) fn attempted(&mut self, write: impl FnOnce(&mut Self) -> Ported<()>) -> Ported<()> {
        let (noted, items) = (self.noted(), self.items_so_far());
        let written = write(self);
        if written.is_err() {
            self.forget(noted);
            self.forget_items(items);
        }
        written
    }

    /// The types of parameters, by their annotations, their defaults, or what the function does with them.
    fn types_by_use(
        &mut self,
        function: &'a StmtFunctionDef,
        parameters: &[&'a ParameterWithDefault],
    ) -> Ported<Vec<Type>> {
        if function.parameters.vararg.is_some() || function.parameters.kwarg.is_some() {
            return Err(Missing::new("a function of any number of arguments"));
        }
        let scan = Scan::of(&function.body, &self.changing);
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.parameter.name.as_str()).collect();
        let in_calls = self.types_in_calls(&function.name, &names);
        let mut types = Vec::new();
        for parameter in parameters {
            let name = parameter.parameter.name.as_str();
            if let Some(Expr::Name(default)) = parameter.default.as_deref() {
                self.inferred.defaults.insert(default.id.to_string());
            }
            let of = self.type_of_default(parameter.default.as_deref());
            let of = of.or_else(|| by_annotation(parameter.parameter.annotation.as_deref()));
            let of = of.or_else(|| self.clue_of_parameter(function.range.start(), name));
            let of = of.or_else(|| in_calls.get(name).cloned());
            let is_none = parameter.default.as_deref().is_some_and(Expr::is_none_literal_expr);
            let of = of.or(is_none.then_some(Type::None));
            // What is not read may be anything.
            let of = of.or_else(|| (scan.reads(name) == 0).then_some(Type::Int));
            types.push(of.ok_or_else(|| Missing::new(format!("the type of {name} is not known")))?);
        }
        Ok(types)
    }

    pub(crate) fn clue_of_parameter(&mut self, definition: TextSize, name: &str) -> Option<Type> {
        self.tell_clues();
        self.inferred.clues.parameter(definition, name)
    }

    /// The type of what a statement that is not ported assigns to a name, from all that the script does with it.
    pub(crate) fn clue_of_assigned(&mut self, statement: TextSize, name: &str) -> Option<Type> {
        self.tell_clues();
        match self.inferred.clues.assigned(statement, name) {
            // What scripts compute with are mostly fractions.
            Some(Type::Array) => Some(Type::Floats),
            of => of,
        }
    }

    /// The type of what a call appends to a list.
    pub(crate) fn clue_of_appended(&mut self, call: TextSize) -> Option<Type> {
        self.tell_clues();
        match self.inferred.clues.appended(call) {
            Some(Type::Array) => Some(Type::Floats),
            of => of,
        }
    }

    /// The type of a name that has no value anywhere.
    pub(crate) fn clue_of_undefined(&mut self, name: &str) -> Option<Type> {
        self.tell_clues();
        self.inferred.clues.undefined(name)
    }

    fn tell_clues(&mut self) {
        for (statement, name, of) in std::mem::take(&mut self.inferred.learned) {
            let known = self.resolved(&of);
            self.inferred.clues.learn(statement, &name, &known);
        }
    }

    pub(crate) fn type_of_default(&mut self, default: Option<&'a Expr>) -> Option<Type> {
        match default? {
            default @ (Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) | Expr::StringLiteral(_)) => {
                self.expression(default).ok().map(|value| value.of)
            }
            _ => None,
        }
    }
}

pub(crate) fn by_annotation(annotation: Option<&Expr>) -> Option<Type> {
    let Expr::Name(name) = annotation? else { return None };
    Some(match name.id.as_str() {
        "int" => Type::Int,
        "float" => Type::Float,
        "str" => Type::String,
        "bool" => Type::Bool,
        _ => return None,
    })
}
