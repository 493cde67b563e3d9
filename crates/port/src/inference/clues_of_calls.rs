//! What calls say of the types of their arguments and results.

use crate::inference::clues::{Clues, Meaning};
use crate::inference::known_calls;
use crate::inference::{Hint, Kind, Node, Rule};
use crate::value::Type;
use hashbrown::HashMap;
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::{Ranged, TextSize};

impl<'a> Clues<'a> {
    /// Notes what a value is, in the words of `known_calls`.
    pub(crate) fn note(&mut self, node: Node, what: &str) {
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
            "image" => self.types.is(node, Kind::Other(Type::Object(crate::keras::folders::IMAGE.into()))),
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

    pub(crate) fn call(&mut self, call: &'a ExprCall) -> Node {
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
            if let ("append" | "add", [value]) = (attribute.attr.as_str(), &places[..]) {
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
                let (x, y) = (places.first().or(words.get("x")), places.get(1).or(words.get("y")));
                // Inputs without targets are batches of both.
                let hint = if y.is_some() { Hint::Array } else { Hint::Dataset };
                x.into_iter().chain(y).for_each(|data| self.types.hint(*data, hint));
                if let Some(data) = words.get("validation_data") {
                    match self.types.kind(*data) {
                        Some(Kind::Tuple(_)) => self.note(*data, "arrays"),
                        _ => self.types.hint(*data, hint),
                    }
                }
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
