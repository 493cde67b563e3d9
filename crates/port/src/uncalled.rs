//! Functions and classes that no line uses: written for the types that the uses of their parameters say, where they say them all.

use crate::classes::Kind;
use crate::evidence::Evidence;
use crate::functions::Definition;
use crate::program::Program;
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
        let types = self.types_by_use(function, &definition.parameters(), None)?;
        self.attempted(|program| match program.function(number, types) {
            // All of it is written but what it returns.
            Err(_) if program.functions[number].is_lost() => Ok(()),
            written => written.map(|_| ()),
        })
    }

    /// A class that is never made, and the methods that are never called.
    fn write_class_by_use(&mut self, number: usize) {
        let is_written = self.is_class_written(number);
        let kind = self.kind_of_class(number);
        if !matches!(kind, Kind::Plain | Kind::Layer | Kind::Callback) {
            return;
        }
        if !is_written {
            let init = self.method_named(number, "__init__");
            let types = match init {
                None => Ok(Vec::new()),
                Some(init) => {
                    let parameters = Definition::Def(init).parameters();
                    self.types_by_use(init, parameters.get(1..).unwrap_or_default(), None)
                }
            };
            let Ok(types) = types else { return };
            if self.attempted(|program| program.write_new(number, init, &types)).is_err() {
                return;
            }
        }
        let methods: Vec<&'a StmtFunctionDef> = self.methods_of(number).collect();
        for method in methods {
            let name = method.name.as_str();
            let is_special = name.starts_with("__")
                || name == "build"
                || kind == Kind::Callback
                || crate::classes::OF_FILES.contains(&name);
            if is_special || self.is_method_written(number, name) {
                continue;
            }
            // Layers are called on symbolic tensors.
            let of_tensors = (kind == Kind::Layer && name == "call").then_some(Type::Symbolic);
            let parameters = Definition::Def(method).parameters();
            let Ok(types) = self.types_by_use(method, parameters.get(1..).unwrap_or_default(), of_tensors) else {
                continue;
            };
            // What fails is a gap when the class is written.
            _ = self.attempted(|program| match program.write_method(number, method, &types) {
                Err(_) if program.is_method_written(number, name) => Ok(()),
                written => written.map(|_| ()),
            });
        }
    }

    /// Writes something, or nothing of it.
    fn attempted(&mut self, write: impl FnOnce(&mut Self) -> Ported<()>) -> Ported<()> {
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
        of_tensors: Option<Type>,
    ) -> Ported<Vec<Type>> {
        if function.parameters.vararg.is_some() || function.parameters.kwarg.is_some() {
            return Err(Missing::new("a function of any number of arguments"));
        }
        let evidence = Evidence::of(&function.body);
        let mut types = Vec::new();
        for parameter in parameters {
            let name = parameter.parameter.name.as_str();
            if let Some(Expr::Name(default)) = parameter.default.as_deref() {
                self.inferred.defaults.insert(default.id.to_string());
            }
            let of = match (&of_tensors, name) {
                (Some(_), "training") => Some(Type::Training),
                (Some(tensor), _) => Some(tensor.clone()),
                (None, _) => None,
            };
            let of = of.or_else(|| self.type_of_default(parameter.default.as_deref()));
            let of = of.or_else(|| by_annotation(parameter.parameter.annotation.as_deref()));
            let of = of.or_else(|| self.clue_of_parameter(function.range.start(), name));
            let of = of.or_else(|| match evidence.type_of(name) {
                // Of which numbers, is not known.
                Some(Type::Floats) => Some(Type::Array),
                of => of,
            });
            let is_none = parameter.default.as_deref().is_some_and(Expr::is_none_literal_expr);
            let of = of.or(is_none.then_some(Type::None));
            // What is not read may be anything.
            let of = of.or_else(|| (!evidence.mentions(name)).then_some(Type::Int));
            types.push(of.ok_or_else(|| Missing::new(format!("the type of {name} is not known")))?);
        }
        Ok(types)
    }

    fn clue_of_parameter(&mut self, definition: TextSize, name: &str) -> Option<Type> {
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

    fn type_of_default(&mut self, default: Option<&'a Expr>) -> Option<Type> {
        match default? {
            default @ (Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) | Expr::StringLiteral(_)) => {
                self.expression(default).ok().map(|value| value.of)
            }
            _ => None,
        }
    }
}

fn by_annotation(annotation: Option<&Expr>) -> Option<Type> {
    let Expr::Name(name) = annotation? else { return None };
    Some(match name.id.as_str() {
        "int" => Type::Int,
        "float" => Type::Float,
        "str" => Type::String,
        "bool" => Type::Bool,
        _ => return None,
    })
}
