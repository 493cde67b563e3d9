//! The types of a script's names, inferred from all that it does with them: for functions that nothing calls, and for values that are not ported.
//! A [`Node`] stands for one or several expressions of one type; rules join nodes and give them kinds until nothing new follows.

pub(crate) mod clues;
pub(crate) mod clues_of_calls;
pub(crate) mod clues_of_expressions;
pub(crate) mod known_calls;
pub(crate) mod uncalled;
pub(crate) mod undefined;

use crate::value::{ModelType, Type};
use hashbrown::HashSet;
use std::collections::BTreeMap;

pub(crate) type Node = usize;

/// What a value is, with nodes for what it holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Int,
    Float,
    Bool,
    Text,
    Array,
    /// The sizes of an array.
    Shape,
    List(Node),
    Set(Node),
    Dict(Node, Node),
    Tuple(Vec<Node>),
    /// An object of a class of the script, by the number of the class here.
    Instance(usize),
    /// The text of a file.
    File,
    Other(Type),
}

/// What a use suggests, which counts if nothing else says what the value is; those before count more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Hint {
    Table,
    /// A table or a column.
    Pandas,
    /// The values of a `History`.
    History,
    /// Batches of inputs and targets.
    Dataset,
    Array,
    Model,
    /// A size or place.
    Int,
    /// Computed with fractions, and an element of something: else it may be an array.
    WithFloats,
    Element,
    Condition,
    /// Subscripted by something else than texts.
    Subscripted,
}

/// What an operator combines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    /// `-`, `*`
    Other,
    /// `/`, `**`
    Fraction,
    /// `//`, `%`
    Whole,
}

/// What holds between nodes.
#[derive(Debug, Clone)]
pub(crate) enum Rule {
    Operator(Operation, Node, Node, Node),
    /// `a == b` and its result.
    Equal(Node, Node, Node),
    /// `a < b` and its result.
    Ordered(Node, Node, Node),
    /// `base[index]` and its result.
    Subscript(Node, Node, Node),
    /// `base["key"]` and its result.
    Key(Node, String, Node),
    /// `base.name(...)` with arguments and result, where it depends on the type of the base what that says.
    Method(Node, String, Vec<Node>, Node),
    /// `layer(x)` and its result.
    Call(Node, Node, Node),
    /// The same, if it is texts.
    Texts(Node, Node),
    /// An array that is made of something.
    Array(Node, Node),
    /// What a loop over the first gets.
    Element(Node, Node),
    Unpacked(Node, Vec<Node>),
    /// `base.name`, which is not called, and its result.
    Attribute(Node, Node),
    /// An argument or a result, which has the type of the other if it may.
    Flow(Node, Node),
}

#[derive(Debug, Clone, Default)]
struct Facts {
    kind: Option<Kind>,
    /// Whether its uses contradict each other.
    is_torn: bool,
    /// What it is a sequence of, if nothing says of which kind.
    element: Option<Node>,
    /// What it has under texts; under `COMPUTED`, if these are not written out.
    by_text: BTreeMap<String, Node>,
    may_be_negative: bool,
    hints: HashSet<Hint>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Types {
    facts: Vec<Facts>,
    parents: Vec<Node>,
    rules: Vec<Rule>,
    /// How much has been found out.
    found: usize,
}

const DEEPEST: usize = 6;

/// A key that is not written out.
const COMPUTED: &str = "";

impl Types {
    pub(crate) fn node(&mut self) -> Node {
        self.facts.push(Facts::default());
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    pub(crate) fn of(&mut self, kind: Kind) -> Node {
        let node = self.node();
        self.facts[node].kind = Some(kind);
        node
    }

    /// A node for a type that the program knows.
    pub(crate) fn of_type(&mut self, of: &Type) -> Option<Node> {
        Some(match of {
            Type::Int | Type::Id => self.of(Kind::Int),
            Type::Signed => {
                let node = self.of(Kind::Int);
                self.facts[node].may_be_negative = true;
                node
            }
            Type::Float => self.of(Kind::Float),
            Type::Bool => self.of(Kind::Bool),
            Type::Str | Type::String | Type::Char | Type::Path => self.of(Kind::Text),
            of if of.is_array() => self.of(Kind::Array),
            Type::Mutable { .. } => self.of(Kind::Array),
            Type::List(of) => {
                let element = match self.of_type(of) {
                    Some(element) => element,
                    None => self.node(),
                };
                self.of(Kind::List(element))
            }
            Type::Set(of) => {
                let element = self.of_type(of)?;
                self.of(Kind::Set(element))
            }
            Type::Dict(key, value) => {
                let (key, value) = (self.of_type(key)?, self.of_type(value)?);
                self.of(Kind::Dict(key, value))
            }
            Type::Tuple(types) => {
                let parts = types.iter().map(|of| self.of_type(of)).collect::<Option<_>>()?;
                self.of(Kind::Tuple(parts))
            }
            Type::None | Type::Unknown(_) | Type::Option(_) | Type::Maybe(_) | Type::Instance(_) => return None,
            of => self.of(Kind::Other(of.clone())),
        })
    }

    pub(crate) fn rule(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub(crate) fn hint(&mut self, node: Node, hint: Hint) {
        let node = self.root(node);
        self.found += usize::from(self.facts[node].hints.insert(hint));
    }

    pub(crate) fn may_be_negative(&mut self, node: Node) {
        let node = self.root(node);
        self.facts[node].may_be_negative = true;
    }

    fn root(&self, mut node: Node) -> Node {
        while self.parents[node] != node {
            node = self.parents[node];
        }
        node
    }

    /// Says that nothing is certain of a value.
    pub(crate) fn is_mixed(&mut self, node: Node) {
        let node = self.root(node);
        self.facts[node].is_torn = true;
    }

    pub(crate) fn kind(&self, node: Node) -> Option<Kind> {
        self.facts[self.root(node)].kind.clone()
    }

    /// Says what a value is.
    pub(crate) fn is(&mut self, node: Node, kind: Kind) {
        let other = self.of(kind);
        if !self.join(node, other) {
            let node = self.root(node);
            self.facts[node].is_torn = true;
        }
    }

    /// As `is`, unless something else is known.
    fn may_be(&mut self, node: Node, kind: Kind) {
        let other = self.of(kind);
        self.join(node, other);
    }

    /// Two values of one type; false if they cannot be.
    pub(crate) fn join(&mut self, a: Node, b: Node) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return true;
        }
        if !self.may_join(a, b, 0) {
            return false;
        }
        self.found += 1;
        let facts = std::mem::take(&mut self.facts[b]);
        self.parents[b] = a;
        let own = &mut self.facts[a];
        own.is_torn |= facts.is_torn;
        own.may_be_negative |= facts.may_be_negative;
        own.hints.extend(facts.hints);
        let mut pairs = vec![(own.element, facts.element)];
        own.element = own.element.or(facts.element);
        for (key, value) in facts.by_text {
            pairs.push((own.by_text.get(&key).copied(), Some(value)));
            own.by_text.entry(key).or_insert(value);
        }
        let kinds = (own.kind.clone(), facts.kind);
        for pair in pairs {
            if let (Some(a), Some(b)) = pair {
                self.join(a, b);
            }
        }
        match kinds {
            (None, kind) => self.facts[a].kind = kind,
            (Some(Kind::List(a)), Some(Kind::List(b))) | (Some(Kind::Set(a)), Some(Kind::Set(b))) => {
                _ = self.join(a, b)
            }
            (Some(Kind::Dict(a, x)), Some(Kind::Dict(b, y))) => _ = (self.join(a, b), self.join(x, y)),
            (Some(Kind::Tuple(a)), Some(Kind::Tuple(b))) => a.into_iter().zip(b).for_each(|(a, b)| _ = self.join(a, b)),
            _ => {}
        }
        true
    }

    fn may_join(&self, a: Node, b: Node, depth: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        let (Some(of_a), Some(of_b)) = (&self.facts[a].kind, &self.facts[b].kind) else { return true };
        if a == b || depth > DEEPEST {
            return true;
        }
        match (of_a, of_b) {
            (Kind::List(a), Kind::List(b)) | (Kind::Set(a), Kind::Set(b)) => self.may_join(*a, *b, depth + 1),
            (Kind::Dict(a, x), Kind::Dict(b, y)) => {
                self.may_join(*a, *b, depth + 1) && self.may_join(*x, *y, depth + 1)
            }
            (Kind::Tuple(a), Kind::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.may_join(*a, *b, depth + 1))
            }
            (Kind::Other(Type::Model(_)), Kind::Other(Type::Model(_))) => true,
            (a, b) => a == b,
        }
    }

    /// Applies all rules until nothing new follows, and then what the uses suggest.
    pub(crate) fn solve(&mut self) {
        self.apply_rules();
        for hint in [
            Hint::Table,
            Hint::Pandas,
            Hint::History,
            Hint::Dataset,
            Hint::Array,
            Hint::Model,
            Hint::Int,
            Hint::WithFloats,
            Hint::Condition,
        ] {
            for node in 0..self.facts.len() {
                let facts = &self.facts[node];
                if self.parents[node] != node || facts.kind.is_some() || !facts.hints.contains(&hint) {
                    continue;
                }
                let is_sequence = facts.element.is_some() || !facts.by_text.is_empty();
                let kind = match hint {
                    Hint::Table => Kind::Other(Type::Object(crate::pandas::TABLE.into())),
                    Hint::Pandas if facts.by_text.is_empty() => continue,
                    Hint::Pandas => Kind::Other(Type::Object(crate::pandas::TABLE.into())),
                    // Arrays may be made of lists, whose elements say so.
                    Hint::History => Kind::Other(Type::HistoryValues),
                    Hint::Dataset if facts.hints.contains(&Hint::Array) => continue,
                    Hint::Dataset => Kind::Other(Type::Dataset(Box::new(Type::Floats), Some(Box::new(Type::Array)))),
                    Hint::Array if facts.hints.contains(&Hint::Pandas) || !facts.by_text.is_empty() => continue,
                    Hint::Array if facts.element.is_some_and(|element| self.is_of_list(element)) => continue,
                    Hint::Array => Kind::Array,
                    Hint::Model => Kind::Other(Type::Model(ModelType::default())),
                    _ if is_sequence => continue,
                    Hint::Int => Kind::Int,
                    Hint::WithFloats if facts.hints.contains(&Hint::Element) => Kind::Float,
                    Hint::WithFloats | Hint::Element | Hint::Subscripted => continue,
                    Hint::Condition if facts.hints.len() == 1 => Kind::Bool,
                    Hint::Condition => continue,
                };
                self.is(node, kind);
            }
            self.apply_rules();
        }
        self.find_subscripted();
    }

    /// Notes what is no dict of texts.
    fn find_subscripted(&mut self) {
        for rule in self.rules.clone() {
            if let Rule::Subscript(base, index, _) = rule
                && self.kind(index) != Some(Kind::Text)
            {
                self.hint(base, Hint::Subscripted);
            }
        }
    }

    /// Whether what has such elements is a list, not an array.
    fn is_of_list(&self, element: Node) -> bool {
        matches!(
            self.kind(element),
            Some(Kind::Text | Kind::List(_) | Kind::Tuple(_) | Kind::Dict(..) | Kind::Other(_))
        )
    }

    fn apply_rules(&mut self) {
        let rules = self.rules.clone();
        for _ in 0..20 {
            let before = self.found;
            rules.iter().for_each(|rule| self.apply(rule));
            if self.found == before {
                return;
            }
        }
    }

    fn apply(&mut self, rule: &Rule) {
        match rule {
            Rule::Operator(operation, left, right, result) => self.apply_operator(*operation, *left, *right, *result),
            Rule::Equal(left, right, result) | Rule::Ordered(left, right, result) => {
                let is_equality = matches!(rule, Rule::Equal(..));
                for (one, other) in [(*left, *right), (*right, *left)] {
                    match self.kind(one) {
                        Some(Kind::Text) => self.may_be(other, Kind::Text),
                        Some(Kind::Int) if is_equality => self.hint(other, Hint::Int),
                        Some(Kind::Float) => self.hint(other, Hint::WithFloats),
                        Some(Kind::Array) => self.may_be(*result, Kind::Array),
                        _ => {}
                    }
                }
                if [*left, *right].iter().any(|&side| self.kind(side) == Some(Kind::Text)) {
                    self.may_be(*result, Kind::Bool);
                }
            }
            Rule::Subscript(base, index, result) => self.apply_subscript(*base, *index, *result),
            Rule::Element(base, element) => self.apply_element(*base, *element),
            Rule::Unpacked(base, parts) => match self.kind(*base) {
                Some(Kind::Tuple(of)) if of.len() == parts.len() => {
                    of.iter().zip(parts).for_each(|(of, part)| _ = self.join(*of, *part));
                }
                // The parts of a tuple have types of their own.
                None => {}
                _ => parts.iter().for_each(|part| self.apply_element(*base, *part)),
            },
            Rule::Attribute(base, result) => {
                let of = self.root(*result);
                if self.facts[of].hints.contains(&Hint::Pandas) {
                    self.hint(*base, Hint::Table);
                    if self.is_table(*base) {
                        self.may_be(*result, column());
                    }
                }
            }
            Rule::Call(callee, argument, result) => match self.kind(*callee) {
                Some(Kind::Other(Type::Layer(class))) if class == "TextVectorization" => {
                    self.may_be(*argument, Kind::Other(Type::Texts));
                    self.may_be(*result, Kind::Array);
                }
                Some(Kind::Other(Type::Model(_))) => self.hint(*argument, Hint::Array),
                _ => {}
            },
            Rule::Array(of, result) => match self.innermost(*of) {
                // Those of texts are lists here.
                Some(Kind::Text | Kind::Dict(..)) => self.is_mixed(*result),
                Some(Kind::Int | Kind::Float | Kind::Bool | Kind::Array) => self.may_be(*result, Kind::Array),
                _ => {}
            },
            Rule::Texts(one, other) => {
                if [one, other].iter().any(|node| self.kind(**node) == Some(Kind::Other(Type::Texts))) {
                    self.join(*one, *other);
                }
            }
            Rule::Key(base, key, result) => self.apply_key(*base, key, *result),
            Rule::Method(base, name, places, result) => self.apply_method(*base, name, places, *result),
            Rule::Flow(from, to) => _ = self.join(*from, *to),
        }
    }

    fn apply_operator(&mut self, operation: Operation, left: Node, right: Node, result: Node) {
        let kinds = [self.kind(left), self.kind(right), self.kind(result)];
        let has = |kind: &Kind| kinds.iter().flatten().any(|of| of == kind);
        let is_column = |of: &Kind| matches!(of, Kind::Other(of) if crate::pandas::is_column(of));
        match (&kinds, operation) {
            (_, Operation::Add) if has(&Kind::Text) => {
                [left, right, result].into_iter().for_each(|part| self.may_be(part, Kind::Text));
            }
            ([Some(Kind::Text), ..], Operation::Whole) => self.may_be(result, Kind::Text),
            ([Some(Kind::List(_)), None, _] | [None, Some(Kind::List(_)), _], Operation::Add)
            | ([Some(Kind::List(_)), Some(Kind::List(_)), _], Operation::Add) => {
                self.join(left, right);
                self.join(left, result);
            }
            ([Some(Kind::List(_)), ..], Operation::Other) => _ = self.join(left, result),
            ([Some(of), ..], _) if is_column(of) => _ = self.join(left, result),
            ([Some(Kind::Array), ..] | [_, Some(Kind::Array), _], _) => self.may_be(result, Kind::Array),
            // A number does not make an array of another number.
            ([Some(Kind::Int | Kind::Float), None, Some(Kind::Array)], _) => self.may_be(right, Kind::Array),
            ([None, Some(Kind::Int | Kind::Float), Some(Kind::Array)], _) => self.may_be(left, Kind::Array),
            ([Some(Kind::Int), Some(Kind::Int), None], Operation::Fraction) => self.may_be(result, Kind::Float),
            ([Some(Kind::Int), Some(Kind::Int), _], Operation::Add | Operation::Other | Operation::Whole) => {
                self.may_be(result, Kind::Int);
            }
            // An integer at first, and a fraction later.
            ([Some(Kind::Int | Kind::Float), Some(Kind::Int | Kind::Float), Some(Kind::Int)], _) => {
                self.is_mixed(result)
            }
            ([Some(Kind::Int | Kind::Float), Some(Kind::Int | Kind::Float), _], _) => self.may_be(result, Kind::Float),
            // Sizes and places are made of such.
            ([_, _, Some(Kind::Int)], Operation::Add | Operation::Other | Operation::Whole) if self.is_size(result) => {
                self.is_size_of(left);
                self.is_size_of(right);
            }
            ([Some(Kind::Float), None, _], _) => self.hint_floats(right, result),
            ([None, Some(Kind::Float), _], _) => self.hint_floats(left, result),
            ([None, Some(Kind::Int), _], Operation::Whole) => self.hint(left, Hint::Int),
            _ => {}
        }
    }

    /// Whether it is the size or place of something, not any integer.
    fn is_size(&self, node: Node) -> bool {
        self.facts[self.root(node)].hints.contains(&Hint::Int)
    }

    fn is_size_of(&mut self, node: Node) {
        if self.kind(node).is_none() {
            self.is(node, Kind::Int);
            self.hint(node, Hint::Int);
        }
    }

    fn hint_floats(&mut self, operand: Node, result: Node) {
        self.hint(operand, Hint::WithFloats);
        self.hint(result, Hint::WithFloats);
    }

    fn apply_subscript(&mut self, base: Node, index: Node, result: Node) {
        match (self.kind(base), self.kind(index)) {
            (Some(Kind::List(element)), None | Some(Kind::Int)) => {
                self.may_be(index, Kind::Int);
                self.join(element, result);
            }
            (Some(Kind::Dict(key, value)), _) => {
                _ = self.join(key, index) && self.join(value, result);
            }
            (Some(Kind::Shape), _) => self.may_be(result, Kind::Int),
            (Some(Kind::Text), _) => self.may_be(result, Kind::Text),
            (Some(Kind::Array), Some(Kind::Array | Kind::List(_) | Kind::Shape)) => self.may_be(result, Kind::Array),
            (Some(Kind::Other(Type::HistoryValues)), _) => {
                self.may_be(index, Kind::Text);
                self.apply_key(base, COMPUTED, result);
            }
            (_, Some(Kind::Text)) => self.apply_key(base, COMPUTED, result),
            (Some(Kind::Tuple(parts)), Some(Kind::Int))
                if parts.windows(2).all(|pair| self.may_join(pair[0], pair[1], 0)) =>
            {
                parts.iter().for_each(|part| _ = self.join(*part, result));
            }
            (None, Some(Kind::Array)) if !self.facts[self.root(base)].hints.contains(&Hint::Pandas) => {
                self.may_be(base, Kind::Array);
            }
            (None, Some(Kind::Int)) => self.apply_element(base, result),
            (None, Some(Kind::List(of))) if self.kind(of) == Some(Kind::Text) => self.hint(base, Hint::Table),
            _ => {}
        }
    }

    /// What lists of lists have at last.
    fn innermost(&self, mut node: Node) -> Option<Kind> {
        for _ in 0..DEEPEST {
            match self.kind(node) {
                Some(Kind::List(of)) => node = of,
                Some(Kind::Tuple(parts)) => node = *parts.first()?,
                kind => return kind,
            }
        }
        None
    }

    fn is_table(&self, node: Node) -> bool {
        matches!(self.kind(node), Some(Kind::Other(of)) if crate::pandas::is(&of, crate::pandas::TABLE))
    }

    fn apply_key(&mut self, base: Node, key: &str, result: Node) {
        match self.kind(base) {
            Some(Kind::Dict(_, value)) => _ = self.join(value, result),
            Some(Kind::Other(Type::HistoryValues)) => {
                let element = self.of(Kind::Float);
                self.may_be(result, Kind::List(element));
            }
            Some(Kind::Other(_)) if self.is_table(base) => self.may_be(result, column()),
            None => {
                let root = self.root(base);
                match self.facts[root].by_text.get(key).copied() {
                    Some(value) => _ = self.join(value, result),
                    None => _ = self.facts[root].by_text.insert(key.to_string(), result),
                }
            }
            _ => {}
        }
    }

    fn apply_method(&mut self, base: Node, name: &str, places: &[Node], result: Node) {
        match (self.kind(base), name, places) {
            (Some(Kind::Dict(key, value)), "items", []) => {
                let pair = self.of(Kind::Tuple(vec![key, value]));
                self.may_be(result, Kind::List(pair));
            }
            (Some(Kind::Dict(of, _)), "keys", []) | (Some(Kind::Dict(_, of)), "values", []) => {
                self.may_be(result, Kind::List(of));
            }
            (Some(Kind::Dict(key, value)), "get", [own, ..]) => {
                self.join(key, *own);
                self.join(value, result);
            }
            (Some(Kind::List(of)), "index" | "remove" | "count", [value]) => _ = self.join(of, *value),
            (Some(Kind::List(of)), "pop", _) => _ = self.join(of, result),
            (Some(Kind::Other(Type::Object(path))), "resize" | "convert" | "crop" | "rotate", _)
                if path == crate::keras::folders::IMAGE =>
            {
                self.join(base, result);
            }
            (None, "save", [path, ..]) if self.kind(*path) == Some(Kind::Text) => self.hint(base, Hint::Model),
            // A copy, or a part of a table as one.
            (
                _,
                "copy" | "head" | "tail" | "dropna" | "fillna" | "rolling" | "shift" | "reset_index" | "sort_values",
                _,
            ) => {
                self.join(base, result);
            }
            (_, "mean" | "sum" | "std", []) if self.is_table(base) => self.hint(result, Hint::Pandas),
            _ => {}
        }
    }

    fn apply_element(&mut self, base: Node, element: Node) {
        match self.kind(base) {
            Some(Kind::List(of) | Kind::Set(of) | Kind::Dict(of, _)) => _ = self.join(of, element),
            Some(Kind::Text | Kind::File) => self.may_be(element, Kind::Text),
            Some(Kind::Shape) => self.may_be(element, Kind::Int),
            Some(Kind::Tuple(parts)) if parts.windows(2).all(|pair| self.may_join(pair[0], pair[1], 0)) => {
                parts.iter().for_each(|part| _ = self.join(*part, element));
            }
            None => {
                let root = self.root(base);
                match self.facts[root].element {
                    Some(of) => _ = self.join(of, element),
                    None => {
                        self.facts[root].element = Some(element);
                        self.hint(element, Hint::Element);
                    }
                }
            }
            _ => {}
        }
    }

    /// The type of a value, where it is decided.
    pub(crate) fn type_of(&self, node: Node) -> Option<Type> {
        self.type_within(node, 0)
    }

    fn type_within(&self, node: Node, depth: usize) -> Option<Type> {
        let facts = &self.facts[self.root(node)];
        if facts.is_torn || depth > DEEPEST {
            return None;
        }
        let of = |node: Node| self.type_within(node, depth + 1);
        let Some(kind) = &facts.kind else {
            if let Some(element) = facts.element {
                // Rows of an array, as far as can be seen.
                return of(element).map(|element| match element {
                    Type::Array => Type::Array,
                    element => Type::List(Box::new(element)),
                });
            }
            if facts.hints.contains(&Hint::Subscripted) {
                return None;
            }
            // Values of one type, or a record, which is no dict here.
            let mut values = facts.by_text.values().map(|value| of(*value));
            let first = values.next()??;
            let are_alike = values.all(|value| value.as_ref() == Some(&first));
            return are_alike.then(|| Type::Dict(Box::new(Type::String), Box::new(first)));
        };
        Some(match kind {
            Kind::Int if facts.may_be_negative => Type::Signed,
            Kind::Int => Type::Int,
            Kind::Float => Type::Float,
            Kind::Bool => Type::Bool,
            Kind::Text => Type::String,
            Kind::Array => Type::Array,
            Kind::List(element) => Type::List(Box::new(of(*element)?)),
            Kind::Set(element) => Type::Set(Box::new(of(*element)?)),
            Kind::Dict(key, value) => Type::Dict(Box::new(of(*key)?), Box::new(of(*value)?)),
            Kind::Tuple(parts) => Type::Tuple(parts.iter().map(|part| of(*part)).collect::<Option<_>>()?),
            Kind::Shape | Kind::Instance(_) | Kind::File => return None,
            Kind::Other(of) => of.clone(),
        })
    }
}

fn column() -> Kind {
    Kind::Other(Type::Object(crate::pandas::COLUMN.into()))
}
