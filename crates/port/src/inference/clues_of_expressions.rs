//! What expressions say of types.

use crate::inference::clues::{Clues, Meaning};
use crate::inference::known_calls;
use crate::inference::{Hint, Kind, Node, Operation, Rule};
use crate::value::Type;
use ruff_python_ast::{CmpOp, Comprehension, Expr, Operator};

impl<'a> Clues<'a> {
    pub(crate) fn condition(&mut self, test: &'a Expr) {
        let value = self.expression(test);
        if test.is_name_expr() {
            self.types.hint(value, Hint::Condition);
        }
    }

    /// The full name of a function or class of a library, or of Python itself.
    pub(crate) fn path_of(&self, expression: &Expr) -> Option<String> {
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

    pub(crate) fn operator(&mut self, operator: Operator, left: Node, right: Node) -> Node {
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

    pub(crate) fn element(&mut self, iterated: &'a Expr) -> Node {
        let of = self.expression(iterated);
        let element = self.types.node();
        self.types.rule(Rule::Element(of, element));
        element
    }

    pub(crate) fn list_of(&mut self, element: Node) -> Node {
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

    pub(crate) fn expression(&mut self, expression: &'a Expr) -> Node {
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
                None => self.nowhere(&name.id),
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
                // Zero may stand for a fraction.
                if self.types.kind(one) == Some(Kind::Int) || self.types.kind(other) == Some(Kind::Int) {
                    return self.types.node();
                }
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

    pub(crate) fn subscript(&mut self, value: &'a Expr, index: &'a Expr) -> Node {
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
        if let Some(path) = self.path_of(whole) {
            return self.nowhere(&path);
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
