//! What is to be known of the names of a function before its first statement is written.

use hashbrown::{HashMap, HashSet};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprContext, Stmt};
use std::rc::Rc;

/// Methods that need `&mut self` in Rust.
const MUTATING: &[&str] = &[
    "compile",
    "fit",
    "evaluate",
    "add",
    "append",
    "extend",
    "pop",
    "train_on_batch",
    "test_on_batch",
    "to_device",
    "insert",
];

/// Which parameters the functions of a script change, by their places.
pub(crate) fn changing(statements: &[Stmt]) -> Rc<HashMap<String, Vec<usize>>> {
    let functions = statements.iter().filter_map(|statement| match statement {
        Stmt::FunctionDef(function) => Some(function),
        _ => None,
    });
    let places = functions.map(|function| {
        let scan = Scan::of(&function.body, &Rc::default());
        let parameters = function.parameters.iter_non_variadic_params().enumerate();
        let changed = parameters.filter(|(_, parameter)| scan.is_mutated(&parameter.parameter.name, 0));
        (function.name.to_string(), changed.map(|(place, _)| place).collect())
    });
    Rc::new(places.collect())
}

/// The names of a function's body, or of a module. An assignment to a name of an outer block changes its variable; any other one declares a new
/// variable, whose place among those of this name is its number.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Variables that change.
    mutated: HashSet<(String, usize)>,
    /// How many variables each name has had so far.
    declared: HashMap<String, usize>,
    /// How often each is read.
    read: HashMap<String, usize>,
    /// Those that are assigned outside of blocks.
    outside: HashSet<String>,
    depth: usize,
    /// The functions of the script, and which of their parameters they change.
    changing: Rc<HashMap<String, Vec<usize>>>,
}

impl Scan {
    pub(crate) fn of(statements: &[Stmt], changing: &Rc<HashMap<String, Vec<usize>>>) -> Self {
        let mut scan = Self { changing: changing.clone(), ..Self::default() };
        scan.visit_body(statements);
        scan
    }

    /// Whether the variable of this name and number changes.
    pub(crate) fn is_mutated(&self, name: &str, number: usize) -> bool {
        self.mutated.contains(&(name.to_string(), number))
    }

    pub(crate) fn is_assigned_once(&self, name: &str) -> bool {
        self.declared.get(name) == Some(&1) && !self.is_mutated(name, 1)
    }

    /// How often it is read, from anywhere.
    pub(crate) fn reads(&self, name: &str) -> usize {
        self.read.get(name).copied().unwrap_or(0)
    }

    fn assign(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                let name = name.id.to_string();
                if self.depth > 0 && self.outside.contains(&name) {
                    self.mutate(target);
                    return;
                }
                if self.depth == 0 {
                    self.outside.insert(name.clone());
                }
                *self.declared.entry(name).or_insert(0) += 1;
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.assign(target)),
            Expr::List(list) => list.elts.iter().for_each(|target| self.assign(target)),
            Expr::Starred(starred) => self.assign(&starred.value),
            Expr::Subscript(subscript) => self.mutate(&subscript.value),
            _ => {}
        }
    }

    /// The parameters of a function have the number 0.
    fn mutate(&mut self, target: &Expr) {
        if let Expr::Name(name) = target {
            let name = name.id.to_string();
            let number = self.declared.get(&name).copied().unwrap_or(0);
            self.mutated.insert((name, number));
        }
    }
}

impl<'a> Visitor<'a> for Scan {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            // What is assigned is read before.
            Stmt::Assign(assign) => {
                self.visit_expr(&assign.value);
                assign.targets.iter().for_each(|target| self.assign(target));
                return;
            }
            Stmt::AnnAssign(assign) => self.assign(&assign.target),
            Stmt::AugAssign(assign) => self.mutate(&assign.target),
            Stmt::For(each) => {
                self.depth += 1;
                self.assign(&each.target);
                self.depth -= 1;
            }
            // Those of another function are its own.
            Stmt::FunctionDef(function) => {
                let inner = Self::of(&function.body, &self.changing);
                for (name, count) in inner.read {
                    *self.read.entry(name).or_insert(0) += count;
                }
                return;
            }
            _ => {}
        }
        let is_block = matches!(statement, Stmt::For(_) | Stmt::While(_) | Stmt::If(_) | Stmt::With(_) | Stmt::Try(_));
        self.depth += usize::from(is_block);
        walk_stmt(self, statement);
        self.depth -= usize::from(is_block);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                *self.read.entry(name.id.to_string()).or_insert(0) += 1
            }
            Expr::Call(call) => {
                if let Expr::Attribute(attribute) = &*call.func
                    && MUTATING.contains(&attribute.attr.as_str())
                {
                    self.mutate(&attribute.value);
                }
                if let Expr::Name(name) = &*call.func
                    && let Some(places) = self.changing.clone().get(name.id.as_str())
                {
                    places
                        .iter()
                        .filter_map(|&place| call.arguments.args.get(place))
                        .for_each(|argument| self.mutate(argument));
                }
            }
            _ => {}
        }
        walk_expr(self, expression);
    }
}
