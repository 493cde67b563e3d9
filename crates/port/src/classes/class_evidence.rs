//! What is known of the parameters of a class that nothing makes: what its methods do with them, and what calls of it that are not ported
//! pass for them.

use crate::program::Program;
use crate::script::scan::Scan;
use crate::value::{ModelType, Type};
use hashbrown::{HashMap, HashSet};
use ruff_python_ast::visitor::transformer::{Transformer, walk_expr as change_expr, walk_stmt as change_stmt};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{
    AtomicNodeIndex, Expr, ExprCall, ExprContext, ExprName, Parameters, Stmt, StmtClassDef, StmtFunctionDef, StmtPass,
};
use ruff_text_size::Ranged;

/// What a class or a function does with the parameters of one of its functions.
pub(crate) struct Uses {
    read: HashSet<String>,
    /// The parameters of Keras that each name is passed as, by the types that they have here.
    passed: HashMap<String, Vec<Type>>,
}

impl Uses {
    /// The type of a parameter, if its uses agree.
    pub(crate) fn type_of(&self, name: &str) -> Option<Type> {
        let passed = self.passed.get(name).map(|types| &types[..]).unwrap_or_default();
        let (of, rest) = passed.split_first()?;
        rest.iter().all(|other| other == of).then(|| of.clone())
    }

    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.read.contains(name)
    }
}

impl<'a> Program<'a> {
    /// What the whole class does with the parameters of `__init__`, also where they are attributes.
    pub(crate) fn uses_in_class(&self, class: &StmtClassDef, init: &StmtFunctionDef) -> Uses {
        let parameters: HashSet<String> = names_of(&init.parameters).map(str::to_string).collect();
        let attributes = crate::keras::subclasses::attributes_set(init);
        let kept = attributes.into_iter().filter_map(|(attribute, value)| match value {
            Expr::Name(name) if parameters.contains(name.id.as_str()) => {
                Some((attribute.to_string(), name.id.to_string()))
            }
            _ => None,
        });
        let kept: HashMap<String, String> = kept.collect();
        let mut body = class.body.clone();
        for method in body.iter_mut().filter_map(Stmt::as_function_def_stmt_mut) {
            // Other methods may call their own parameters the same.
            let own = if method.name.as_str() == "__init__" { HashSet::new() } else { all_names(method) };
            WithoutAttributes { kept: &kept, own }.visit_body(&mut method.body);
        }
        self.uses_in(&body)
    }

    pub(crate) fn uses_in(&self, statements: &[Stmt]) -> Uses {
        let mut passed = Passed { program: self, found: HashMap::new() };
        passed.visit_body(statements);
        let read = Scan::of(statements, &self.changing).all_read().map(str::to_string).collect();
        Uses { passed: passed.found, read }
    }

    /// The types of what calls of a class or function pass for its parameters, where what they pass is known at the end of the script.
    pub(crate) fn types_in_calls(&mut self, class: &str, parameters: &[&str]) -> HashMap<String, Type> {
        let mut calls = Calls { of: class, own: HashSet::new(), found: Vec::new() };
        calls.visit_body(self.source.statements());
        let mut types = HashMap::new();
        for (call, own) in calls.found {
            let words = call.arguments.keywords.iter();
            let words = words.filter_map(|word| Some((word.arg.as_deref()?, &word.value)));
            let given: Vec<(&str, &'a Expr)> =
                parameters.iter().copied().zip(&call.arguments.args).chain(words).collect();
            for (parameter, argument) in given {
                let names = names_read(argument);
                if types.contains_key(parameter) || names.iter().any(|name| own.contains(name)) {
                    continue;
                }
                if let Some(of) = self.type_passed(argument).or_else(|| self.type_of_gap(argument)) {
                    types.insert(parameter.to_string(), of);
                }
            }
        }
        types
    }

    /// The type of a name that is assigned once, in a line that is not ported, where that line makes a model or a layer.
    fn type_of_gap(&self, name: &Expr) -> Option<Type> {
        let Expr::Name(name) = name else { return None };
        let assigned = |statement: &'a Stmt| match statement {
            Stmt::Assign(assign) => match &assign.targets[..] {
                [Expr::Name(target)] if target.id == name.id => Some(&*assign.value),
                _ => None,
            },
            _ => None,
        };
        let mut values = self.source.statements().iter().filter_map(assigned);
        let (Some(Expr::Call(made)), None) = (values.next(), values.next()) else { return None };
        let path = self.path_of(&made.func)?;
        match path.strip_prefix("keras.layers.") {
            Some(class) => crate::api::item(&format!("layers::{class}")).map(|_| Type::Layer(class.into())),
            None if path.ends_with(".Sequential") => {
                Some(Type::Model(ModelType { is_sequential: true, ..ModelType::default() }))
            }
            None if path.ends_with(".Model") => Some(Type::Model(ModelType::default())),
            None => None,
        }
    }

    /// How often a class is called.
    pub(crate) fn count_calls(&self, class: &str) -> usize {
        let mut calls = Calls { of: class, own: HashSet::new(), found: Vec::new() };
        calls.visit_body(self.source.statements());
        calls.found.len()
    }

    fn type_passed(&mut self, argument: &'a Expr) -> Option<Type> {
        let written = self.body.len();
        let (noted, items) = (self.noted(), self.items_so_far());
        // The variables of the module, also where a method is being written.
        let (hidden, captures) = (self.scopes.hide(1), std::mem::take(&mut self.captures));
        let value = self.expression(argument);
        self.scopes.restore(hidden);
        self.captures = captures;
        self.body.truncate(written);
        self.forget(noted);
        self.forget_items(items);
        let of = self.resolved(&value.ok()?.of);
        (of == Type::None || of.in_rust().is_some()).then_some(of)
    }
}

/// The type that a parameter of this project has for numbers and texts.
fn type_of_parameter(rust_type: &str, name: &str) -> Option<Type> {
    let inner = rust_type.trim_start_matches("impl Into<").trim_start_matches("Option<").trim_end_matches('>');
    Some(match inner {
        "usize" => Type::Int,
        "f64" | "f32" | "LearningRate" => Type::Float,
        "bool" => Type::Bool,
        "String" => Type::String,
        "ActivationFunction" => Type::Str,
        // One number for all axes.
        sizes if sizes.starts_with("Sizes<") => Type::Int,
        _ if name == "vocabulary" => Type::List(Box::new(Type::String)),
        _ => return None,
    })
}

/// Parameters of Keras that names are passed as.
struct Passed<'p, 'a> {
    program: &'p Program<'a>,
    found: HashMap<String, Vec<Type>>,
}

impl<'e> Visitor<'e> for Passed<'_, '_> {
    fn visit_expr(&mut self, expression: &'e Expr) {
        if let Expr::Call(call) = expression
            && let Some(path) = self.program.path_of(&call.func)
            && let Some(signature) = crate::api::signature(&path)
            && let Some(own) = path.strip_prefix("keras.").map(|own| own.replace('.', "::"))
            && let Some(item) = crate::api::item(&own)
        {
            let words = call.arguments.keywords.iter();
            let words = words.filter_map(|word| Some((word.arg.as_deref()?, &word.value)));
            for (name, argument) in signature.positional().zip(&call.arguments.args).chain(words) {
                let parameters = item.new.iter().chain(&item.parameters).flatten();
                let in_new = parameters.clone().find(|(own, _)| own == name).map(|(_, of)| of);
                let method = item.methods.get(name).filter(|method| method.args.len() == 1);
                let rust_type = in_new.or(method.map(|method| &method.args[0].1));
                if let (Expr::Name(passed), Some(of)) = (argument, rust_type.and_then(|of| type_of_parameter(of, name)))
                {
                    self.found.entry(passed.id.to_string()).or_default().push(of);
                }
            }
        }
        walk_expr(self, expression);
    }
}

/// The calls of a class or function, each with the names that the functions around it have for themselves.
struct Calls<'a, 'n> {
    of: &'n str,
    own: HashSet<String>,
    found: Vec<(&'a ExprCall, HashSet<String>)>,
}

impl<'a> Visitor<'a> for Calls<'a, '_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let Stmt::FunctionDef(function) = statement else { return walk_stmt(self, statement) };
        let outer = self.own.clone();
        self.own.extend(all_names(function));
        walk_stmt(self, statement);
        self.own = outer;
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression
            && matches!(&*call.func, Expr::Name(name) if name.id.as_str() == self.of)
        {
            self.found.push((call, self.own.clone()));
        }
        walk_expr(self, expression);
    }
}

/// A class whose attributes that are parameters of `__init__` have the names of these.
struct WithoutAttributes<'n> {
    kept: &'n HashMap<String, String>,
    /// Names that mean something else in this method.
    own: HashSet<String>,
}

impl Transformer for WithoutAttributes<'_> {
    fn visit_stmt(&self, statement: &mut Stmt) {
        let is_left_out = match statement {
            Stmt::Expr(expression) => crate::classes::is_call_of_super(&expression.value),
            Stmt::Assign(assign) => match (&assign.targets[..], &*assign.value) {
                ([Expr::Attribute(target)], Expr::Name(name)) => {
                    self.kept.get(target.attr.as_str()).is_some_and(|parameter| parameter == name.id.as_str())
                }
                _ => false,
            },
            _ => false,
        };
        match is_left_out {
            true => {
                let (node_index, range) = (AtomicNodeIndex::NONE, statement.range());
                *statement = Stmt::Pass(StmtPass { node_index, range });
            }
            false => change_stmt(self, statement),
        }
    }

    fn visit_expr(&self, expression: &mut Expr) {
        change_expr(self, expression);
        let id = match expression {
            Expr::Name(name) if self.own.contains(name.id.as_str()) => format!("{} ", name.id),
            Expr::Attribute(attribute) if matches!(&*attribute.value, Expr::Name(own) if own.id.as_str() == "self") => {
                match self.kept.get(attribute.attr.as_str()) {
                    Some(parameter) => parameter.clone(),
                    None => return,
                }
            }
            _ => return,
        };
        let (node_index, range) = (AtomicNodeIndex::NONE, expression.range());
        *expression = Expr::Name(ExprName { node_index, range, id: id.into(), ctx: ExprContext::Load });
    }
}

fn names_of(parameters: &Parameters) -> impl Iterator<Item = &str> {
    parameters.iter().map(|parameter| parameter.name().as_str())
}

/// The names that a function has for itself: its parameters, but for `self`, and what it assigns.
pub(crate) fn all_names(function: &StmtFunctionDef) -> HashSet<String> {
    struct Found(HashSet<String>);
    impl<'a> Visitor<'a> for Found {
        fn visit_expr(&mut self, expression: &'a Expr) {
            if let Expr::Name(name) = expression
                && name.ctx == ExprContext::Store
            {
                self.0.insert(name.id.to_string());
            }
            walk_expr(self, expression);
        }
    }
    let mut found = Found(names_of(&function.parameters).map(str::to_string).collect());
    found.visit_body(&function.body);
    found.0.remove("self");
    found.0
}

/// The names that an expression reads.
pub(crate) fn names_read(expression: &Expr) -> HashSet<String> {
    struct Found(HashSet<String>);
    impl<'a> Visitor<'a> for Found {
        fn visit_expr(&mut self, expression: &'a Expr) {
            if let Expr::Name(name) = expression {
                self.0.insert(name.id.to_string());
            }
            walk_expr(self, expression);
        }
    }
    let mut found = Found(HashSet::new());
    found.visit_expr(expression);
    found.0
}
