//! A walk over a script that notes what its statements and expressions say of types, for [`Types`] to infer them.

use crate::inference::{Hint, Kind, Node, Rule, Types};
use crate::value::Type;
use hashbrown::{HashMap, HashSet};
use ruff_python_ast::{Expr, ExprLambda, Parameters, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextSize};

/// What a name means.
#[derive(Debug, Clone)]
pub(crate) enum Meaning {
    Value(Node),
    /// One or the other, by the blocks that ran.
    Either(Node, Node),
    /// A module, function or class of a library, by its full name.
    Imported(String),
    /// A function of the script, by the place of its definition.
    Function(TextSize),
    Class(usize),
}

/// The nodes of a function.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    /// With `self`, if it has that.
    pub(crate) parameters: Vec<(String, Node)>,
    pub(crate) returns: Node,
}

#[derive(Debug, Default)]
pub(crate) struct Class {
    pub(crate) methods: HashMap<String, TextSize>,
    pub(crate) attributes: HashMap<String, Node>,
}

/// A body that is read when all is known that it may see.
#[derive(Debug, Clone)]
struct Later<'a> {
    body: Body<'a>,
    signature: Signature,
    scopes: usize,
    class: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Body<'a> {
    Block(&'a [Stmt]),
    Expression(&'a Expr),
}

/// The types of a script as far as it says them.
#[derive(Debug, Default)]
pub(crate) struct Clues<'a> {
    pub(crate) types: Types,
    pub(crate) scopes: Vec<HashMap<String, Meaning>>,
    pub(crate) signatures: HashMap<TextSize, Signature>,
    pub(crate) classes: Vec<Class>,
    /// What statements assign to names, by their ends.
    assigned: HashMap<(TextSize, String), Node>,
    /// What is appended to lists, by the places of the calls.
    pub(crate) appended: HashMap<TextSize, Node>,
    /// Names that nothing gives a value, and those of other modules.
    pub(crate) undefined: HashMap<String, Node>,
    /// All names that something is assigned to.
    bound: HashSet<String>,
    /// What has been read, in order.
    read: Vec<Node>,
    later: Vec<Later<'a>>,
    returns: Option<Node>,
    statement_end: TextSize,
    /// With what the uses suggest, unless something was learned since.
    solved: Option<Types>,
}

/// What is inferred over the whole script while its program is written.
#[derive(Debug, Default)]
pub(crate) struct Inferred<'a> {
    pub(crate) clues: Clues<'a>,
    /// What statements are known to assign, by their ends, which the clues have not heard of yet.
    pub(crate) learned: Vec<(TextSize, String, Type)>,
    /// The statements that make empty lists, by their ends, and the names of these.
    pub(crate) empty_lists: HashMap<usize, (TextSize, String)>,
    /// Those lists of which only the clues say what they hold.
    pub(crate) by_clues: HashSet<usize>,
    /// Names without a value that have been read.
    pub(crate) undefined: Vec<crate::inference::undefined::Undefined>,
    /// Constants that are defaults of parameters of functions that nothing calls.
    pub(crate) defaults: HashSet<String>,
}

impl<'a> Clues<'a> {
    pub(crate) fn of(statements: &'a [Stmt]) -> Self {
        let mut clues = Self::default();
        clues.scopes.push(HashMap::new());
        clues.block(statements);
        clues.read_later(0);
        clues
    }

    fn type_of(&mut self, node: Node) -> Option<Type> {
        let types = &self.types;
        let solved = self.solved.get_or_insert_with(|| {
            let mut solved = types.clone();
            solved.solve();
            solved
        });
        solved.type_of(node)
    }

    /// The type of a parameter of the function or lambda that is defined at this place.
    pub(crate) fn parameter(&mut self, definition: TextSize, name: &str) -> Option<Type> {
        let signature = self.signatures.get(&definition)?;
        let (_, node) = signature.parameters.iter().find(|(own, _)| own == name)?;
        self.type_of(*node)
    }

    /// The type of what the statement that ends here assigns to a name.
    pub(crate) fn assigned(&mut self, statement: TextSize, name: &str) -> Option<Type> {
        let node = *self.assigned.get(&(statement, name.to_string()))?;
        self.type_of(node)
    }

    /// The type of what the call at this place appends to a list.
    pub(crate) fn appended(&mut self, call: TextSize) -> Option<Type> {
        let node = *self.appended.get(&call)?;
        self.type_of(node)
    }

    /// The type of a name that the script reads, but gives no value anywhere.
    pub(crate) fn undefined(&mut self, name: &str) -> Option<Type> {
        let node = *self.undefined.get(name).filter(|_| !self.bound.contains(name))?;
        self.type_of(node)
    }

    /// Adds what is known of the value that a statement assigns.
    pub(crate) fn learn(&mut self, statement: TextSize, name: &str, of: &Type) {
        let Some(node) = self.assigned.get(&(statement, name.to_string())).copied() else { return };
        if let Some(known) = self.types.of_type(of) {
            self.types.join(node, known);
            // What it was taken for changes nothing.
            if self.solved.as_ref().is_some_and(|solved| solved.type_of(node).as_ref() != Some(of)) {
                self.solved = None;
            }
        }
    }

    fn read_later(&mut self, from: usize) {
        while self.later.len() > from {
            let later = self.later.remove(from);
            let hidden = self.scopes.split_off(later.scopes);
            let mut scope = HashMap::new();
            for (name, node) in &later.signature.parameters {
                scope.insert(name.clone(), Meaning::Value(*node));
            }
            if let (Some(class), Some((_, this))) = (later.class, later.signature.parameters.first()) {
                self.types.is(*this, Kind::Instance(class));
            }
            self.scopes.push(scope);
            let returns = self.returns.replace(later.signature.returns);
            let inner = self.later.len();
            match later.body {
                Body::Block(statements) => self.block(statements),
                Body::Expression(expression) => {
                    let value = self.expression(expression);
                    self.types.rule(Rule::Flow(value, later.signature.returns));
                }
            }
            self.read_later(inner);
            self.returns = returns;
            self.scopes.pop();
            self.scopes.extend(hidden);
        }
    }

    fn define(&mut self, at: TextSize, parameters: Option<&'a Parameters>, body: Body<'a>, class: Option<usize>) {
        let mut own = Vec::new();
        for parameter in parameters.iter().flat_map(|all| all.iter_non_variadic_params()) {
            let node = match (parameter.default.as_deref(), parameter.parameter.annotation.as_deref()) {
                (Some(default @ (Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::BooleanLiteral(_))), _) => {
                    self.expression(default)
                }
                (_, Some(Expr::Name(annotation))) => {
                    let node = self.types.node();
                    self.note(node, annotation.id.as_str());
                    node
                }
                (_, _) => self.types.node(),
            };
            own.push((parameter.parameter.name.to_string(), node));
        }
        let signature = Signature { parameters: own, returns: self.types.node() };
        self.signatures.insert(at, signature.clone());
        self.later.push(Later { body, signature, scopes: self.scopes.len(), class });
    }

    fn define_function(&mut self, function: &'a StmtFunctionDef, class: Option<usize>) {
        let at = function.range.start();
        let of_object = class.filter(|_| function.decorator_list.is_empty());
        self.define(at, Some(&*function.parameters), Body::Block(&function.body), of_object);
    }

    pub(crate) fn define_lambda(&mut self, lambda: &'a ExprLambda) {
        self.define(lambda.range.start(), lambda.parameters.as_deref(), Body::Expression(&lambda.body), None);
    }

    pub(crate) fn bind(&mut self, name: &str, meaning: Meaning) {
        self.bound.insert(name.to_string());
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_string(), meaning);
        }
    }

    pub(crate) fn meaning(&self, name: &str) -> Option<&Meaning> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name))
    }

    pub(crate) fn block(&mut self, statements: &'a [Stmt]) {
        // Functions may be called before they are defined.
        for statement in statements {
            match statement {
                Stmt::FunctionDef(function) => {
                    self.define_function(function, None);
                    self.bind(function.name.as_str(), Meaning::Function(function.range.start()));
                }
                Stmt::ClassDef(class) => {
                    let number = self.classes.len();
                    self.classes.push(Class::default());
                    for inner in &class.body {
                        if let Stmt::FunctionDef(method) = inner {
                            self.classes[number].methods.insert(method.name.to_string(), method.range.start());
                            self.define_function(method, Some(number));
                        }
                    }
                    self.bind(class.name.as_str(), Meaning::Class(number));
                }
                _ => {}
            }
        }
        for statement in statements {
            self.statement_end = statement.end();
            self.statement(statement);
        }
    }

    /// A block that may not run, or several times.
    fn inner_block(&mut self, statements: &'a [Stmt]) {
        let before = self.scopes.last().cloned().unwrap_or_default();
        let read = self.read.len();
        self.block(statements);
        for (name, meaning) in before {
            let new = self.scopes.last().and_then(|scope| scope.get(&name)).cloned();
            let (Meaning::Value(old), Some(Meaning::Value(new))) = (meaning, new) else { continue };
            if old == new {
                continue;
            }
            match self.read[read..].contains(&old) {
                // What the block reads may be what it assigned the last time.
                true => _ = self.types.join(old, new),
                false => self.bind(&name, Meaning::Either(old, new)),
            }
        }
    }

    /// A value that this script does not give to a name, the same wherever that is read.
    pub(crate) fn nowhere(&mut self, name: &str) -> Node {
        if let Some(node) = self.undefined.get(name) {
            return *node;
        }
        let node = self.types.node();
        self.undefined.insert(name.to_string(), node);
        node
    }

    /// What a name has here.
    pub(crate) fn value(&mut self, name: &str) -> Option<Node> {
        let scope = self.scopes.iter_mut().rev().find(|scope| scope.contains_key(name))?;
        let node = match *scope.get(name)? {
            Meaning::Value(node) => node,
            Meaning::Either(one, other) => {
                self.types.join(one, other);
                scope.insert(name.to_string(), Meaning::Value(other));
                other
            }
            Meaning::Imported(ref path) => {
                let path = path.clone();
                self.nowhere(&path)
            }
            _ => self.types.node(),
        };
        self.read.push(node);
        Some(node)
    }

    fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let full = alias.name.to_string();
                    let first = full.split('.').next().unwrap_or_default().to_string();
                    match &alias.asname {
                        Some(name) => self.bind(name.as_str(), Meaning::Imported(full)),
                        None => self.bind(&first.clone(), Meaning::Imported(first)),
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.bind(name.as_str(), Meaning::Imported(format!("{module}.{}", alias.name)));
                }
            }
            Stmt::Assign(assign) => match (&assign.targets[..], &*assign.value) {
                ([Expr::Name(name)], Expr::Lambda(lambda)) => {
                    self.define_lambda(lambda);
                    self.bind(name.id.as_str(), Meaning::Function(lambda.range.start()));
                }
                _ => {
                    let value = self.expression(&assign.value);
                    assign.targets.iter().for_each(|target| self.assign(target, value));
                }
            },
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let value = self.expression(value);
                    self.assign(&assign.target, value);
                }
            }
            Stmt::AugAssign(assign) => {
                let (left, right) = (self.expression(&assign.target), self.expression(&assign.value));
                let result = self.operator(assign.op, left, right);
                if let Expr::Name(name) = &*assign.target {
                    self.types.join(left, result);
                    self.bind(name.id.as_str(), Meaning::Value(left));
                }
            }
            Stmt::Expr(expression) => _ = self.expression(&expression.value),
            Stmt::Return(value) => {
                if let (Some(value), Some(returns)) = (&value.value, self.returns)
                    && !value.is_none_literal_expr()
                {
                    let value = self.expression(value);
                    self.types.rule(Rule::Flow(value, returns));
                }
            }
            Stmt::If(branches) => {
                self.condition(&branches.test);
                self.inner_block(&branches.body);
                for clause in &branches.elif_else_clauses {
                    if let Some(test) = &clause.test {
                        self.condition(test);
                    }
                    self.inner_block(&clause.body);
                }
            }
            Stmt::While(each) => {
                self.condition(&each.test);
                self.inner_block(&each.body);
            }
            Stmt::For(each) => {
                let element = self.element(&each.iter);
                self.assign(&each.target, element);
                self.inner_block(&each.body);
            }
            Stmt::With(with) => {
                for item in &with.items {
                    let value = self.expression(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.assign(target, value);
                    }
                }
                self.block(&with.body);
            }
            Stmt::Try(attempt) => {
                self.inner_block(&attempt.body);
                for handler in &attempt.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    self.inner_block(&handler.body);
                }
                self.block(&attempt.orelse);
                self.block(&attempt.finalbody);
            }
            _ => {}
        }
    }

    pub(crate) fn assign(&mut self, target: &'a Expr, value: Node) {
        match target {
            Expr::Name(name) => {
                self.bind(name.id.as_str(), Meaning::Value(value));
                self.assigned.insert((self.statement_end, name.id.to_string()), value);
            }
            Expr::Tuple(_) | Expr::List(_) => {
                let targets = crate::python::iteration::elements_of(target);
                let parts: Vec<Node> = targets.iter().map(|_| self.types.node()).collect();
                self.types.rule(Rule::Unpacked(value, parts.clone()));
                targets.iter().zip(parts).for_each(|(target, part)| self.assign(target, part));
            }
            Expr::Attribute(_) => {
                let attribute = self.expression(target);
                self.types.join(attribute, value);
            }
            Expr::Subscript(subscript) => {
                let base = self.expression(&subscript.value);
                if matches!(&*subscript.slice, Expr::Slice(_) | Expr::Tuple(_)) {
                    self.expression(target);
                    self.types.hint(value, Hint::Array);
                    return;
                }
                let index = self.expression(&subscript.slice);
                // Arrays take arrays as rows; what lists and dicts hold is of one type.
                if matches!(self.types.kind(base), Some(Kind::List(_) | Kind::Dict(..))) {
                    self.types.rule(Rule::Subscript(base, index, value));
                }
            }
            _ => {}
        }
    }
}
