//! Variables of the module that methods of classes read. Methods see no variables of `main`, so that numbers and texts become constants.

use crate::program::{Program, names_in};
use crate::script::names::is_constant;
use crate::value::{Form, Type, Value};
use hashbrown::{HashMap, HashSet};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprContext, Stmt, StmtFunctionDef};

/// The names of variables that methods read, also in the functions that they call, and of those that the values of these are computed of.
pub(crate) fn read_by_methods(statements: &[Stmt]) -> HashSet<String> {
    let (mut functions, mut values, mut open) = (HashMap::new(), HashMap::new(), Vec::new());
    for statement in statements {
        match statement {
            Stmt::FunctionDef(function) => _ = functions.insert(function.name.to_string(), function),
            Stmt::Assign(assign) => {
                if let [Expr::Name(name)] = &assign.targets[..] {
                    values.insert(name.id.to_string(), &*assign.value);
                }
            }
            Stmt::ClassDef(class) => {
                open.extend(class.body.iter().filter_map(Stmt::as_function_def_stmt).flat_map(names_outside));
            }
            _ => {}
        }
    }
    let (mut found, mut seen) = (HashSet::new(), HashSet::new());
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        if let Some(function) = functions.get(&name) {
            open.extend(names_outside(function));
        }
        if let Some(names) = values.get(&name).and_then(|value| names_of_number(value)) {
            open.extend(names);
            found.insert(name);
        }
    }
    found
}

/// The names that a function reads of the scopes around it.
fn names_outside(function: &StmtFunctionDef) -> Vec<String> {
    #[derive(Default)]
    struct Names {
        read: Vec<String>,
        own: HashSet<String>,
    }
    impl<'a> Visitor<'a> for Names {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if let Stmt::For(each) = statement {
                self.own.extend(names_in(&each.target));
            }
            walk_stmt(self, statement);
        }

        fn visit_expr(&mut self, expression: &'a Expr) {
            if let Expr::Name(name) = expression {
                match name.ctx {
                    ExprContext::Load => self.read.push(name.id.to_string()),
                    _ => _ = self.own.insert(name.id.to_string()),
                }
            }
            walk_expr(self, expression);
        }
    }
    let mut names = Names::default();
    names.own.extend(function.parameters.iter().map(|parameter| parameter.name().to_string()));
    function.body.iter().for_each(|statement| names.visit_stmt(statement));
    let defaults = function.parameters.iter_non_variadic_params().filter_map(|parameter| parameter.default.as_deref());
    defaults.for_each(|default| names.visit_expr(default));
    names.read.retain(|name| !names.own.contains(name));
    names.read
}

/// The names in the value of a constant: a number, a text, or what is computed of constants.
fn names_of_number(value: &Expr) -> Option<Vec<String>> {
    match value {
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::BooleanLiteral(_) => Some(Vec::new()),
        Expr::Name(name) => Some(vec![name.id.to_string()]),
        Expr::UnaryOp(unary) => names_of_number(&unary.operand),
        Expr::BinOp(binary) => Some([names_of_number(&binary.left)?, names_of_number(&binary.right)?].concat()),
        _ => None,
    }
}

/// Whether Rust computes a value when it compiles the program.
pub(crate) fn is_constant_value(value: &Value) -> bool {
    if value.form == Form::Constant {
        return true;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_known = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit())
            || is_constant(word)
            || matches!(word, "" | "as" | "usize" | "i64" | "f64" | "pow")
    };
    matches!(value.of, Type::Int | Type::Signed | Type::Float)
        && value.text.split(|c| !is_word(c)).all(is_known)
        && value.text.chars().all(|c| is_word(c) || " +-*/().".contains(c))
}

impl Program<'_> {
    /// The name in Rust of a variable that may be a constant.
    pub(crate) fn name_of_constant(&self, name: &str) -> Option<String> {
        if is_constant(name) {
            return Some(name.to_string());
        }
        let capitals = crate::script::names::in_snake_case(name).to_uppercase();
        let is_free = |capitals: &String| {
            is_constant(capitals) && !self.scan().is_declared(capitals) && self.scopes.get(capitals).is_none()
        };
        Some(capitals).filter(|capitals| self.read_by_methods.contains(name) && is_free(capitals))
    }
}
