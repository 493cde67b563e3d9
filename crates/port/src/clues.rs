//! A walk over a script that notes what its statements and expressions say of types, for [`Types`] to infer them.

use crate::inference::{Hint, Kind, Node, Operation, Rule, Types};
use crate::known_calls;
use crate::value::Type;
use hashbrown::{HashMap, HashSet};
use ruff_python_ast::{CmpOp, Comprehension, Expr, ExprCall, ExprLambda, Operator, Parameters, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextSize};

/// What a name means.
#[derive(Debug, Clone)]
enum Meaning {
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
struct Signature {
    /// With `self`, if it has that.
    parameters: Vec<(String, Node)>,
    returns: Node,
}

#[derive(Debug, Default)]
struct Class {
    methods: HashMap<String, TextSize>,
    attributes: HashMap<String, Node>,
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
    types: Types,
    scopes: Vec<HashMap<String, Meaning>>,
    signatures: HashMap<TextSize, Signature>,
    classes: Vec<Class>,
    /// What statements assign to names, by their ends.
    assigned: HashMap<(TextSize, String), Node>,
    /// What is appended to lists, by the places of the calls.
    appended: HashMap<TextSize, Node>,
    /// Names that nothing gives a value.
    undefined: HashMap<String, Node>,
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

    /// Whether a statement assigns a list, dict or tuple to a name.
    pub(crate) fn is_collection(&mut self, statement: TextSize, name: &str) -> bool {
        let Some(node) = self.assigned.get(&(statement, name.to_string())) else { return false };
        matches!(self.types.kind(*node), Some(Kind::List(_) | Kind::Dict(..) | Kind::Tuple(_)))
    }

    /// Adds what is known of the value that a statement assigns.
    pub(crate) fn learn(&mut self, statement: TextSize, name: &str, of: &Type) {
        let Some(node) = self.assigned.get(&(statement, name.to_string())).copied() else { return };
        if let Some(known) = self.types.of_type(of) {
            self.types.join(node, known);
            self.solved = None;
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

    fn define_lambda(&mut self, lambda: &'a ExprLambda) {
        self.define(lambda.range.start(), lambda.parameters.as_deref(), Body::Expression(&lambda.body), None);
    }

    fn bind(&mut self, name: &str, meaning: Meaning) {
        self.bound.insert(name.to_string());
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_string(), meaning);
        }
    }

    fn meaning(&self, name: &str) -> Option<&Meaning> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name))
    }

    fn block(&mut self, statements: &'a [Stmt]) {
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

    /// What a name has here.
    fn value(&mut self, name: &str) -> Option<Node> {
        let scope = self.scopes.iter_mut().rev().find(|scope| scope.contains_key(name))?;
        let node = match *scope.get(name)? {
            Meaning::Value(node) => node,
            Meaning::Either(one, other) => {
                self.types.join(one, other);
                scope.insert(name.to_string(), Meaning::Value(other));
                other
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

    fn assign(&mut self, target: &'a Expr, value: Node) {
        match target {
            Expr::Name(name) => {
                self.bind(name.id.as_str(), Meaning::Value(value));
                self.assigned.insert((self.statement_end, name.id.to_string()), value);
            }
            Expr::Tuple(_) | Expr::List(_) => {
                let targets = crate::iteration::elements_of(target);
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

    fn condition(&mut self, test: &'a Expr) {
        let value = self.expression(test);
        if test.is_name_expr() {
            self.types.hint(value, Hint::Condition);
        }
    }

    /// The full name of a function or class of a library, or of Python itself.
    fn path_of(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Name(name) => match self.meaning(&name.id) {
                Some(Meaning::Imported(path)) => Some(path.clone()),
                Some(_) => None,
                None => Some(name.id.to_string()),
            },
            Expr::Attribute(attribute) => match &*attribute.value {
                Expr::Name(name) if self.meaning(&name.id).is_none() => None,
                value => Some(format!("{}.{}", self.path_of(value)?, attribute.attr)),
            },
            _ => None,
        }
    }

    fn operator(&mut self, operator: Operator, left: Node, right: Node) -> Node {
        let operation = match operator {
            Operator::Add => Operation::Add,
            Operator::Div | Operator::Pow => Operation::Fraction,
            Operator::FloorDiv | Operator::Mod => Operation::Whole,
            _ => Operation::Other,
        };
        let result = self.types.node();
        self.types.rule(Rule::Operator(operation, left, right, result));
        result
    }

    fn element(&mut self, iterated: &'a Expr) -> Node {
        let of = self.expression(iterated);
        let element = self.types.node();
        self.types.rule(Rule::Element(of, element));
        element
    }

    fn list_of(&mut self, element: Node) -> Node {
        self.types.of(Kind::List(element))
    }

    fn comprehension(&mut self, generators: &'a [Comprehension], values: &[&'a Expr]) -> Vec<Node> {
        let outer = self.scopes.last().cloned().unwrap_or_default();
        for generator in generators {
            let element = self.element(&generator.iter);
            self.assign(&generator.target, element);
            for condition in &generator.ifs {
                self.condition(condition);
            }
        }
        let values = values.iter().map(|value| self.expression(value)).collect();
        if let Some(scope) = self.scopes.last_mut() {
            *scope = outer;
        }
        values
    }

    fn expression(&mut self, expression: &'a Expr) -> Node {
        match expression {
            Expr::NumberLiteral(number) if number.value.is_int() => self.types.of(Kind::Int),
            Expr::NumberLiteral(_) => self.types.of(Kind::Float),
            Expr::BooleanLiteral(_) => self.types.of(Kind::Bool),
            Expr::StringLiteral(_) => self.types.of(Kind::Text),
            Expr::FString(text) => {
                for element in text.value.elements() {
                    if let Some(shown) = element.as_interpolation() {
                        self.expression(&shown.expression);
                    }
                }
                self.types.of(Kind::Text)
            }
            Expr::Name(name) => match self.value(&name.id) {
                Some(node) => node,
                // Not defined, but the same wherever it is read.
                None => match self.undefined.get(name.id.as_str()) {
                    Some(node) => *node,
                    None => {
                        let node = self.types.node();
                        self.undefined.insert(name.id.to_string(), node);
                        node
                    }
                },
            },
            Expr::List(list) => {
                let of = self.types.node();
                let elements: Vec<Node> = list.elts.iter().map(|element| self.expression(element)).collect();
                self.join_elements(of, &elements);
                self.list_of(of)
            }
            Expr::Set(set) => {
                let of = self.types.node();
                let elements: Vec<Node> = set.elts.iter().map(|element| self.expression(element)).collect();
                self.join_elements(of, &elements);
                self.types.of(Kind::Set(of))
            }
            Expr::Tuple(tuple) => {
                let parts = tuple.elts.iter().map(|part| self.expression(part)).collect();
                self.types.of(Kind::Tuple(parts))
            }
            Expr::Dict(dict) => {
                let (key, value) = (self.types.node(), self.types.node());
                let mut is_one = true;
                for item in &dict.items {
                    if let Some(own) = &item.key {
                        let own = self.expression(own);
                        is_one &= self.types.join(key, own);
                    }
                    let own = self.expression(&item.value);
                    is_one &= self.types.join(value, own);
                }
                let of = self.types.of(Kind::Dict(key, value));
                if !is_one {
                    self.types.is_mixed(of);
                }
                of
            }
            Expr::ListComp(list) => {
                let values = self.comprehension(&list.generators, &[&list.elt]);
                self.list_of(values[0])
            }
            Expr::Generator(list) => {
                let values = self.comprehension(&list.generators, &[&list.elt]);
                self.list_of(values[0])
            }
            Expr::DictComp(dict) => {
                let Some(key) = &dict.key else { return self.types.node() };
                let values = self.comprehension(&dict.generators, &[key, &dict.value]);
                self.types.of(Kind::Dict(values[0], values[1]))
            }
            Expr::BinOp(operation) => {
                let (left, right) = (self.expression(&operation.left), self.expression(&operation.right));
                self.operator(operation.op, left, right)
            }
            Expr::UnaryOp(operation) => {
                let operand = self.expression(&operation.operand);
                match operation.op {
                    ruff_python_ast::UnaryOp::Not => self.types.of(Kind::Bool),
                    _ => operand,
                }
            }
            Expr::BoolOp(operation) => {
                for value in &operation.values {
                    self.condition(value);
                }
                self.types.node()
            }
            Expr::If(choice) => {
                self.condition(&choice.test);
                let (one, other) = (self.expression(&choice.body), self.expression(&choice.orelse));
                self.types.join(one, other);
                one
            }
            Expr::Compare(comparison) => {
                let mut left = self.expression(&comparison.left);
                let result = self.types.node();
                for (operator, right) in comparison.ops.iter().zip(&comparison.comparators) {
                    if is_below_zero(right) {
                        self.types.may_be_negative(left);
                    }
                    let right = self.expression(right);
                    match operator {
                        CmpOp::Eq | CmpOp::NotEq => self.types.rule(Rule::Equal(left, right, result)),
                        CmpOp::In | CmpOp::NotIn => {
                            self.types.rule(Rule::Element(right, left));
                            self.types.is(result, Kind::Bool);
                        }
                        CmpOp::Is | CmpOp::IsNot => {}
                        _ => self.types.rule(Rule::Ordered(left, right, result)),
                    }
                    left = right;
                }
                result
            }
            Expr::Subscript(subscript) => self.subscript(&subscript.value, &subscript.slice),
            Expr::Attribute(attribute) => self.attribute(&attribute.value, attribute.attr.as_str(), expression),
            Expr::Call(call) => self.call(call),
            Expr::Lambda(lambda) => {
                self.define_lambda(lambda);
                self.types.node()
            }
            Expr::Starred(starred) => self.expression(&starred.value),
            _ => self.types.node(),
        }
    }

    /// Elements that are written out: integers among fractions are such.
    fn join_elements(&mut self, of: Node, elements: &[Node]) {
        let is_fraction = elements.iter().any(|element| self.types.kind(*element) == Some(Kind::Float));
        for element in elements {
            if !(is_fraction && self.types.kind(*element) == Some(Kind::Int)) {
                self.types.join(of, *element);
            }
        }
    }

    fn subscript(&mut self, value: &'a Expr, index: &'a Expr) -> Node {
        let base = self.expression(value);
        match index {
            Expr::Slice(slice) => {
                for bound in [&slice.lower, &slice.upper, &slice.step].into_iter().flatten() {
                    let bound = self.expression(bound);
                    self.note(bound, "int");
                }
                base
            }
            Expr::Tuple(tuple) => {
                let is_of_table =
                    value.as_attribute_expr().is_some_and(|of| matches!(of.attr.as_str(), "loc" | "iloc" | "at"));
                let mut is_part = false;
                for part in &tuple.elts {
                    match part {
                        Expr::Slice(_) => {
                            self.subscript(value, part);
                            is_part = true;
                        }
                        Expr::EllipsisLiteral(_) | Expr::NoneLiteral(_) => is_part = true,
                        part => {
                            let place = self.expression(part);
                            self.types.hint(place, Hint::Int);
                        }
                    }
                }
                let result = self.types.node();
                if !is_of_table && !matches!(self.types.kind(base), Some(Kind::Dict(..))) {
                    self.types.is(base, Kind::Array);
                    if is_part {
                        self.types.is(result, Kind::Array);
                    }
                }
                result
            }
            Expr::StringLiteral(key) => {
                if is_of_validation(index) {
                    self.types.hint(base, Hint::History);
                }
                let result = self.types.node();
                self.types.rule(Rule::Key(base, key.value.to_str().to_string(), result));
                result
            }
            index => {
                if is_of_validation(index) {
                    self.types.hint(base, Hint::History);
                }
                let is_place = value.as_attribute_expr().is_some_and(|of| of.attr.as_str() == "iloc");
                let index = self.expression(index);
                if is_place {
                    self.types.hint(index, Hint::Int);
                }
                let result = self.types.node();
                self.types.rule(Rule::Subscript(base, index, result));
                result
            }
        }
    }

    fn attribute(&mut self, value: &'a Expr, name: &str, whole: &'a Expr) -> Node {
        if self.path_of(whole).is_some_and(|_| !matches!(value, Expr::Name(name) if self.meaning(&name.id).is_none())) {
            return self.types.node();
        }
        let base = self.expression(value);
        if let Some(Kind::Instance(class)) = self.types.kind(base) {
            return match self.classes[class].attributes.get(name) {
                Some(node) => *node,
                None => {
                    let node = self.types.node();
                    self.classes[class].attributes.insert(name.to_string(), node);
                    node
                }
            };
        }
        match known_calls::attribute(name) {
            Some((of, is)) => {
                self.note(base, of);
                let node = self.types.node();
                self.note(node, is);
                node
            }
            None if name == "history" => {
                self.types.is(base, Kind::Other(Type::History));
                self.types.of(Kind::Other(Type::HistoryValues))
            }
            None => {
                let node = self.types.node();
                self.types.rule(Rule::Attribute(base, node));
                node
            }
        }
    }

    /// Notes what a value is, in the words of `known_calls`.
    fn note(&mut self, node: Node, what: &str) {
        match what {
            "int" => {
                self.types.is(node, Kind::Int);
                self.types.hint(node, Hint::Int);
            }
            "float" => self.types.is(node, Kind::Float),
            "bool" => self.types.is(node, Kind::Bool),
            "text" | "str" => self.types.is(node, Kind::Text),
            "array" => self.types.is(node, Kind::Array),
            "shape" => self.types.is(node, Kind::Shape),
            "file" => {}
            "like" => self.types.hint(node, Hint::Array),
            "table" => self.types.hint(node, Hint::Table),
            "pandas" => self.types.hint(node, Hint::Pandas),
            "model" => self.types.hint(node, Hint::Model),
            "image" => self.types.is(node, Kind::Other(Type::Object(crate::folders::IMAGE.into()))),
            "texts" => {
                let text = self.types.of(Kind::Text);
                self.types.is(node, Kind::List(text));
            }
            "sizes" => match self.types.kind(node) {
                Some(Kind::Tuple(parts)) => parts.iter().for_each(|part| self.note(*part, "int")),
                Some(Kind::List(of)) => self.note(of, "int"),
                _ => {}
            },
            "arrays" => match self.types.kind(node) {
                Some(Kind::Tuple(parts)) => parts.iter().for_each(|part| self.types.hint(*part, Hint::Array)),
                Some(Kind::List(of)) => self.types.hint(of, Hint::Array),
                _ => {
                    let element = self.types.node();
                    self.types.hint(element, Hint::Array);
                    self.types.rule(Rule::Element(node, element));
                }
            },
            _ => {}
        }
    }

    fn call(&mut self, call: &'a ExprCall) -> Node {
        let places: Vec<Node> = call.arguments.args.iter().map(|argument| self.expression(argument)).collect();
        let mut words = HashMap::new();
        for word in &call.arguments.keywords {
            let value = self.expression(&word.value);
            if let Some(name) = &word.arg {
                words.insert(name.to_string(), value);
            }
        }
        if let Expr::Name(name) = &*call.func {
            match self.meaning(&name.id).cloned() {
                Some(Meaning::Function(at)) => return self.call_own(at, 0, &places, &words),
                Some(Meaning::Class(class)) => {
                    if let Some(at) = self.classes[class].methods.get("__init__").copied() {
                        self.call_own(at, 1, &places, &words);
                    }
                    return self.types.of(Kind::Instance(class));
                }
                _ => {}
            }
        }
        for (name, value) in &words {
            if let Some(what) = known_calls::keyword(name) {
                self.note(*value, what);
            }
        }
        if let (Expr::Name(name), [argument, ..]) = (&*call.func, &places[..])
            && let Some(callee) = self.value(&name.id)
            && self.path_of(&call.func).is_none()
        {
            let result = self.types.node();
            self.types.rule(Rule::Call(callee, *argument, result));
            return result;
        }
        if let Some(path) = self.path_of(&call.func) {
            if let ("tensorflow.expand_dims" | "keras.ops.expand_dims", [of, ..]) = (path.as_str(), &places[..]) {
                let result = self.types.node();
                self.types.rule(Rule::Texts(*of, result));
                return result;
            }
            if path.ends_with(".StringLookup")
                && let Some(vocabulary) = words.get("vocabulary")
            {
                self.note(*vocabulary, "texts");
            }
            return match self.builtin(&path, call, &places) {
                Some(result) => result,
                None => self.call_known(known_calls::function(&path), &places),
            };
        }
        if let Expr::Attribute(attribute) = &*call.func {
            let base = self.expression(&attribute.value);
            // The mean of a window that moves has the type of the data.
            if let Expr::Call(of) = &*attribute.value
                && of.func.as_attribute_expr().is_some_and(|of| of.attr.as_str() == "rolling")
            {
                return base;
            }
            if let ("append", [value]) = (attribute.attr.as_str(), &places[..]) {
                self.appended.insert(call.range().start(), *value);
            }
            return self.call_method(base, attribute.attr.as_str(), &places, &words);
        }
        self.expression(&call.func);
        self.types.node()
    }

    /// A call of a function of the script, whose first parameters have their values already.
    fn call_own(&mut self, at: TextSize, skipped: usize, places: &[Node], words: &HashMap<String, Node>) -> Node {
        let Some(signature) = self.signatures.get(&at).cloned() else { return self.types.node() };
        let parameters = signature.parameters.get(skipped..).unwrap_or_default();
        for (place, (name, parameter)) in parameters.iter().enumerate() {
            if let Some(value) = words.get(name).or(places.get(place)) {
                self.types.rule(Rule::Flow(*parameter, *value));
            }
        }
        let result = self.types.node();
        self.types.rule(Rule::Flow(signature.returns, result));
        result
    }

    fn call_known(&mut self, known: Option<(&str, &str)>, places: &[Node]) -> Node {
        let result = self.types.node();
        if let Some((takes, returns)) = known {
            takes.split_whitespace().zip(places).for_each(|(what, place)| self.note(*place, what));
            self.note(result, returns);
        }
        result
    }

    fn call_method(&mut self, base: Node, name: &str, places: &[Node], words: &HashMap<String, Node>) -> Node {
        let kind = self.types.kind(base);
        match (&kind, name, places) {
            (Some(Kind::Instance(class)), ..) => {
                if let Some(at) = self.classes[*class].methods.get(name).copied() {
                    return self.call_own(at, 1, places, words);
                }
                return self.types.node();
            }
            (_, "append", [value]) => {
                let list = self.list_of(*value);
                self.types.rule(Rule::Flow(base, list));
            }
            (_, "add", [value]) if matches!(kind, None | Some(Kind::Set(_))) => {
                if let Some(Kind::Set(of)) = kind {
                    self.types.join(of, *value);
                }
            }
            (_, "extend", [value]) => self.types.rule(Rule::Flow(base, *value)),
            (_, "fit", [..]) if words.contains_key("epochs") || words.contains_key("batch_size") => {
                self.types.hint(base, Hint::Model);
                places.iter().for_each(|place| self.types.hint(*place, Hint::Array));
            }
            (None, "predict", _) => self.types.hint(base, Hint::Model),
            (_, "head" | "tail" | "rolling" | "dropna" | "reset_index" | "sort_values", _) => {
                self.types.hint(base, Hint::Pandas);
            }
            _ => {}
        }
        let Some((of, takes, returns)) = known_calls::method(name) else {
            let result = self.types.node();
            self.types.rule(Rule::Method(base, name.to_string(), places.to_vec(), result));
            return result;
        };
        match of {
            "text" if kind.is_none() => self.note(base, of),
            "like" | "table" | "model" => self.note(base, of),
            "file" if kind != Some(Kind::File) => return self.types.node(),
            _ => {}
        }
        self.call_known(Some((takes, returns)), places)
    }

    /// Functions of Python itself.
    fn builtin(&mut self, path: &str, call: &ExprCall, places: &[Node]) -> Option<Node> {
        let element = |clues: &mut Self, of: Node| {
            let element = clues.types.node();
            clues.types.rule(Rule::Element(of, element));
            element
        };
        Some(match (path, places) {
            ("len" | "int" | "ord", _) => self.types.of(Kind::Int),
            ("float", _) => self.types.of(Kind::Float),
            ("str" | "input" | "chr" | "repr", _) => self.types.of(Kind::Text),
            ("isinstance" | "any" | "all" | "bool", _) => self.types.of(Kind::Bool),
            ("range", places) => {
                places.iter().for_each(|place| self.note(*place, "int"));
                let int = self.types.of(Kind::Int);
                self.list_of(int)
            }
            ("open", [path, ..]) => {
                self.types.is(*path, Kind::Text);
                self.types.of(Kind::File)
            }
            ("tensorflow.gfile.GFile" | "tensorflow.io.gfile.GFile", [path, ..]) => {
                self.types.is(*path, Kind::Text);
                self.types.of(Kind::File)
            }
            ("enumerate", [of, ..]) => {
                let (int, of) = (self.types.of(Kind::Int), element(self, *of));
                let pair = self.types.of(Kind::Tuple(vec![int, of]));
                self.list_of(pair)
            }
            ("zip", places) if !call.arguments.args.iter().any(Expr::is_starred_expr) => {
                let parts = places.iter().map(|of| element(self, *of)).collect();
                let pair = self.types.of(Kind::Tuple(parts));
                self.list_of(pair)
            }
            ("set", places) => {
                let of = match places.first() {
                    Some(of) => element(self, *of),
                    None => self.types.node(),
                };
                self.types.of(Kind::Set(of))
            }
            ("numpy.array" | "numpy.asarray", [of, ..]) => {
                self.types.hint(*of, Hint::Array);
                let result = self.types.node();
                self.types.hint(result, Hint::Array);
                self.types.rule(Rule::Array(*of, result));
                result
            }
            ("sklearn.model_selection.train_test_split", places) => {
                places.iter().for_each(|place| self.types.hint(*place, Hint::Array));
                self.types.of(Kind::Tuple(places.iter().flat_map(|place| [*place, *place]).collect()))
            }
            ("list" | "sorted" | "reversed" | "tqdm.tqdm", [of, ..]) => {
                let of = element(self, *of);
                self.list_of(of)
            }
            ("collections.Counter", [of]) => {
                let (key, count) = (element(self, *of), self.types.of(Kind::Int));
                self.types.of(Kind::Dict(key, count))
            }
            ("dict", [of]) => {
                let (key, value) = (self.types.node(), self.types.node());
                let pair = self.types.of(Kind::Tuple(vec![key, value]));
                self.types.rule(Rule::Element(*of, pair));
                self.types.of(Kind::Dict(key, value))
            }
            ("min" | "max" | "sum", [of]) => element(self, *of),
            ("min" | "max", [one, other]) => {
                self.types.join(*one, *other);
                *one
            }
            ("abs", [of]) => *of,
            _ => return None,
        })
    }
}

/// Whether an expression is a negative number, or zero, which something may be below.
fn is_below_zero(expression: &Expr) -> bool {
    expression.as_unary_op_expr().is_some_and(|operation| operation.op == ruff_python_ast::UnaryOp::USub)
}

/// `"val_loss"`, `"val_" + metric`
fn is_of_validation(key: &Expr) -> bool {
    match key {
        Expr::StringLiteral(text) => text.value.to_str().starts_with("val_"),
        Expr::BinOp(sum) => sum.op == Operator::Add && is_of_validation(&sum.left),
        _ => false,
    }
}
