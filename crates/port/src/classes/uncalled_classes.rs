//! Classes that nothing makes, and methods that nothing calls: written for the types that are known of their parameters, where all are.

use crate::classes::Kind;
use crate::classes::class_evidence::Uses;
use crate::keras::own_layers::OwnLayer;
use crate::program::Program;
use crate::python::functions::Definition;
use crate::value::Type;
use crate::{Missing, Ported};
use hashbrown::HashMap;
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};

impl<'a> Program<'a> {
    /// A class that is never made, and the methods that are never called.
    pub(crate) fn write_class_by_use(&mut self, number: usize) {
        let kind = self.kind_of_class(number);
        if kind == Kind::OwnLayer {
            // What fails is a gap when the class is written.
            _ = self.write_layer_by_use(number);
            return;
        }
        if !self.is_class_written(number) {
            let init = self.method_named(number, "__init__");
            let Ok(types) = self.types_of_init(number, init) else { return };
            if self.attempted(|program| program.write_new(number, init, &types)).is_err() {
                return;
            }
        }
        if kind == Kind::Model {
            _ = self.attempted(|program| program.write_call_of_model(number));
            self.classes[number].makes_model |=
                self.classes[number].is_unused && self.classes[number].call_of_model.is_some();
        }
        // Their methods are written with their implementations of traits.
        if !matches!(kind, Kind::Callback | Kind::Loss | Kind::Metric) {
            self.methods_of(number).collect::<Vec<_>>().into_iter().for_each(|method| {
                self.write_method_by_use(number, method);
            });
        }
    }

    fn write_method_by_use(&mut self, number: usize, method: &'a StmtFunctionDef) {
        let (name, kind) = (method.name.as_str(), self.kind_of_class(number));
        let is_special = name.starts_with("__")
            || (name == "build" && kind != Kind::Plain)
            || (kind == Kind::Model && OF_MODELS.contains(&name))
            || crate::classes::OF_FILES.contains(&name);
        if is_special || self.is_method_written(number, name) {
            return;
        }
        // Layers are called on symbolic tensors.
        let of_tensors = kind == Kind::Layer && name == "call";
        let Ok(types) = self.types_of_method(method, of_tensors) else { return };
        // What fails is a gap when the class is written.
        _ = self.attempted(|program| match program.write_method(number, method, &types) {
            Err(_) if program.is_method_written(number, name) => Ok(()),
            written => written.map(|_| ()),
        });
    }

    /// A layer with weights of its own that is never called.
    fn write_layer_by_use(&mut self, number: usize) -> Ported<()> {
        if self.classes[number].own.is_none() {
            let init = self.method_named(number, "__init__");
            let types = self.types_of_init(number, init)?;
            self.attempted(|program| program.read_init(number, &types))?;
            self.classes[number].is_unused = true;
        }
        let class = self.rust_name_of_class(number).to_string();
        match self.classes[number].own.as_ref().is_some_and(OwnLayer::has_forward) {
            true => Ok(()),
            false => self.attempted(|program| match program.run_own_layer(&class, true) {
                // All of it is written but what it returns.
                Err(_) if program.classes[number].own.as_ref().is_some_and(OwnLayer::has_forward) => Ok(()),
                written => written,
            }),
        }
    }

    /// The types of the parameters of `__init__`: by annotations, by calls that are not ported, by defaults, or by what the class does with them.
    fn types_of_init(&mut self, number: usize, init: Option<&'a StmtFunctionDef>) -> Ported<Vec<Type>> {
        let Some(init) = init else { return Ok(Vec::new()) };
        let class = self.classes[number].definition;
        let uses = self.uses_in_class(class, init);
        let parameters = Definition::Def(init).parameters();
        let parameters = parameters.get(1..).unwrap_or_default();
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.parameter.name.as_str()).collect();
        let in_calls = self.types_in_calls(&class.name, &names);
        self.types_of(init, &uses, &in_calls)
    }

    fn types_of_method(&mut self, method: &'a StmtFunctionDef, of_tensors: bool) -> Ported<Vec<Type>> {
        let uses = self.uses_in(&method.body);
        let mut known = HashMap::new();
        if of_tensors {
            for parameter in Definition::Def(method).parameters() {
                let name = parameter.parameter.name.to_string();
                let of = match name.as_str() {
                    "training" => Type::Training,
                    name if is_dict(method, name) => Type::Dict(Box::new(Type::Str), Box::new(Type::Symbolic)),
                    _ => Type::Symbolic,
                };
                known.insert(name, of);
            }
        }
        self.types_of(method, &uses, &known)
    }

    fn types_of(
        &mut self,
        function: &'a StmtFunctionDef,
        uses: &Uses,
        known: &HashMap<String, Type>,
    ) -> Ported<Vec<Type>> {
        let others = [&function.parameters.vararg, &function.parameters.kwarg];
        if others.into_iter().flatten().any(|other| uses.mentions(&other.name)) {
            return Err(Missing::new("a function of any number of arguments"));
        }
        let mut types = Vec::new();
        for parameter in Definition::Def(function).parameters().into_iter().skip(1) {
            let name = parameter.parameter.name.as_str();
            let default = parameter.default.as_deref();
            let of = crate::inference::uncalled::by_annotation(parameter.parameter.annotation.as_deref())
                .or_else(|| known.get(name).cloned())
                .or_else(|| self.type_of_default(default))
                // Those who leave it out.
                .or_else(|| default.is_some_and(Expr::is_none_literal_expr).then_some(Type::None))
                .or_else(|| uses.type_of(name))
                .or_else(|| self.clue_of_parameter(function.range.start(), name))
                // What is not read may be anything.
                .or_else(|| (!uses.mentions(name)).then_some(Type::Int));
            types.push(of.ok_or_else(|| Missing::new(format!("the type of {name} is not known")))?);
        }
        Ok(types)
    }
}

/// Whether a method of a layer or model says that it is built, and nothing else.
pub(crate) fn only_says_built(method: &StmtFunctionDef) -> bool {
    method.name.as_str() == "build" && method.body.iter().all(says_built)
}

/// `self.built = True`, `super().build(input_shape)`
pub(crate) fn says_built(statement: &Stmt) -> bool {
    let is_built = |target: &Expr| matches!(target, Expr::Attribute(attribute) if attribute.attr.as_str() == "built");
    match statement {
        Stmt::Pass(_) => true,
        Stmt::Expr(expression) => {
            expression.value.is_string_literal_expr() || crate::classes::is_call_of_super(&expression.value)
        }
        Stmt::Assign(assign) => assign.targets.iter().all(is_built) && assign.value.is_boolean_literal_expr(),
        _ => false,
    }
}

/// Whether a parameter has values by their names.
fn is_dict(method: &StmtFunctionDef, parameter: &str) -> bool {
    struct Found<'n>(&'n str, bool);
    impl<'a> Visitor<'a> for Found<'_> {
        fn visit_expr(&mut self, expression: &'a Expr) {
            let is_it = |of: &Expr| matches!(of, Expr::Name(name) if name.id.as_str() == self.0);
            self.1 |= match expression {
                Expr::Attribute(of) => is_it(&of.value) && matches!(of.attr.as_str(), "values" | "items" | "keys"),
                Expr::Subscript(of) => is_it(&of.value) && of.slice.is_string_literal_expr(),
                _ => false,
            };
            walk_expr(self, expression);
        }
    }
    let mut found = Found(parameter, false);
    found.visit_body(&method.body);
    found.1
}

/// Methods that the training calls.
const OF_MODELS: &[&str] = &["call", "train_step", "test_step", "predict_step", "metrics"];
