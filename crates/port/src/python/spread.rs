//! `map`, `filter`, `partial`, `*items` and others, written out as what they mean.

use crate::program::Program;
use crate::value::{Binding, Type};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::{Ranged, TextRange};

impl<'a> Program<'a> {
    /// The expression of this text, which means the same as the script's in this range.
    pub(crate) fn made(&mut self, text: String, range: TextRange) -> Ported<&'a Expr> {
        let source = self.source;
        let made = source.made(text, range).ok_or_else(|| Missing::new("this kind of expression"))?;
        self.frame_mut().scan.read_also(made);
        Ok(made)
    }

    pub(crate) fn code(&self, of: &impl Ranged) -> &'a str {
        self.source.text(of.range())
    }

    /// A function of one argument, called with this: `str.lower` is a method.
    fn called_with(&self, function: &Expr, argument: &str) -> Option<String> {
        match function {
            Expr::Lambda(_) => None,
            Expr::Attribute(attribute) => match &*attribute.value {
                Expr::Name(class) if class.id.as_str() == "str" && self.scopes.get("str").is_none() => {
                    Some(format!("{argument}.{}()", attribute.attr))
                }
                _ => Some(format!("{}({argument})", self.code(function))),
            },
            Expr::Call(call) => match (self.path_of(&call.func).as_deref(), &call.arguments.args[..]) {
                (Some("operator.itemgetter"), [at]) => Some(format!("{argument}[{}]", self.code(at))),
                _ => None,
            },
            Expr::Name(_) => Some(format!("{}({argument})", self.code(function))),
            _ => None,
        }
    }

    /// `[f(x) for x in xs]` for `map(f, xs)`, and the like of `filter`; `None` if it is neither.
    pub(crate) fn as_comprehension(&mut self, call: &'a ExprCall) -> Ported<Option<&'a Expr>> {
        let Expr::Name(name) = &*call.func else { return Ok(None) };
        if !matches!(name.id.as_str(), "map" | "filter") || self.scopes.get(&name.id).is_some() {
            return Ok(None);
        }
        let [function, items @ ..] = &call.arguments.args[..] else { return Ok(None) };
        let text = match (name.id.as_str(), function, items) {
            ("map", Expr::Lambda(lambda), items) => {
                let Some(names) = parameters_of(lambda) else { return Ok(None) };
                let (names, body) = (names.join(", "), self.code(&*lambda.body));
                match items {
                    [one] => format!("({body} for {names} in {})", self.code(one)),
                    many => {
                        let lists: Vec<_> = many.iter().map(|list| self.code(list)).collect();
                        format!("({body} for {names} in zip({}))", lists.join(", "))
                    }
                }
            }
            ("map", function, [items]) => {
                let name = self.free_name("x");
                let Some(called) = self.called_with(function, &name) else { return Ok(None) };
                format!("({called} for {name} in {})", self.code(items))
            }
            ("filter", Expr::Lambda(lambda), [items]) => {
                let Some(names) = parameters_of(lambda) else { return Ok(None) };
                let name = names.join(", ");
                format!("({name} for {name} in {} if {})", self.code(items), self.code(&*lambda.body))
            }
            ("filter", Expr::NoneLiteral(_), [items]) => {
                let name = self.free_name("x");
                format!("({name} for {name} in {} if {name})", self.code(items))
            }
            ("filter", function, [items]) => {
                let name = self.free_name("x");
                let Some(called) = self.called_with(function, &name) else { return Ok(None) };
                format!("({name} for {name} in {} if {called})", self.code(items))
            }
            _ => return Ok(None),
        };
        self.made(text, call.range()).map(Some)
    }

    /// `lambda x: len(x)` for the key `len`.
    pub(crate) fn key_as_lambda(&mut self, key: &'a Expr) -> Ported<&'a Expr> {
        let name = self.free_name("x");
        // `counts.get` is a method of another value.
        let text = match key {
            Expr::Attribute(attribute) if !matches!(&*attribute.value, Expr::Name(class) if class.id.as_str() == "str") => {
                match attribute.attr.as_str() {
                    "get" => Some(format!("{}[{name}]", self.code(&*attribute.value))),
                    _ => self.called_with(key, &name),
                }
            }
            key => self.called_with(key, &name),
        };
        let text = text.ok_or_else(|| Missing::new("this key").help("write a lambda"))?;
        self.made(format!("lambda {name}: {text}"), key.range())
    }

    /// `partial(f, a=1)` that is assigned to a name; whether it is that.
    pub(crate) fn note_partial(&mut self, target: &Expr, value: &'a Expr) -> bool {
        let (Expr::Name(name), Expr::Call(call)) = (target, value) else { return false };
        self.known.partials.remove(name.id.as_str());
        if self.path_of(&call.func).as_deref() != Some("functools.partial") || call.arguments.args.is_empty() {
            return false;
        }
        self.known.partials.insert(name.id.to_string(), call);
        self.scopes.bind(&name.id, Binding::Imported("functools.partial".into()));
        true
    }

    /// `options = {"padding": "same"}` or `dict(padding="same")`, which is only read as `**options`: it is written out there. Whether it is that.
    pub(crate) fn note_words(&mut self, target: &Expr, value: &'a Expr) -> Ported<bool> {
        let Expr::Name(name) = target else { return Ok(false) };
        if !self.scan().is_assigned_once(&name.id) || !self.scan().is_read_as_words(&name.id) {
            return Ok(false);
        }
        let value = match value {
            Expr::Call(call) => match self.as_dict(call)? {
                Some(dict) => dict,
                None => return Ok(false),
            },
            value => value,
        };
        let Expr::Dict(dict) = value else { return Ok(false) };
        if !crate::python::unrolled::is_literal(self, value) {
            return Ok(false);
        }
        self.known.literals.insert(name.id.to_string(), dict);
        Ok(true)
    }

    /// `{"a": 1}` for `dict(a=1)`; `None` if it is something else.
    pub(crate) fn as_dict(&mut self, call: &'a ExprCall) -> Ported<Option<&'a Expr>> {
        let is_dict =
            matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "dict" && self.scopes.get("dict").is_none());
        let words = &call.arguments.keywords;
        if !is_dict || !call.arguments.args.is_empty() || words.is_empty() {
            return Ok(None);
        }
        let items = words.iter().map(|word| Some(format!("{:?}: {}", word.arg.as_deref()?, self.code(&word.value))));
        match items.collect::<Option<Vec<_>>>() {
            Some(items) => self.made(format!("{{{}}}", items.join(", ")), call.range()).map(Some),
            None => Ok(None),
        }
    }

    /// A call with all its arguments written out; `None` if it is one already.
    pub(crate) fn written_out(&mut self, call: &'a ExprCall) -> Ported<Option<&'a Expr>> {
        if let Expr::Name(name) = &*call.func
            && let Some(partial) = self.known.partials.get(name.id.as_str()).copied()
        {
            return self.completed(partial, call).map(Some);
        }
        let is_starred = |argument: &Expr| argument.is_starred_expr();
        if !call.arguments.args.iter().any(is_starred) {
            return Ok(None);
        }
        if let (Expr::Name(name), [before @ .., Expr::Starred(items)]) = (&*call.func, &call.arguments.args[..])
            && name.id.as_str() == "print"
            && !before.iter().any(is_starred)
            && self.scopes.get("print").is_none()
        {
            return self.print_of_items(before, &items.value, call);
        }
        let mut texts = Vec::new();
        for argument in &call.arguments.args {
            match argument {
                Expr::Starred(starred) => match self.elements_of(&starred.value) {
                    Some(elements) => texts.extend(elements),
                    None => return Ok(None),
                },
                argument => texts.push(self.code(argument).to_string()),
            }
        }
        texts.extend(call.arguments.keywords.iter().map(|word| self.code(word).to_string()));
        let text = format!("{}({})", self.code(&*call.func), texts.join(", "));
        self.made(text, call.range()).map(Some)
    }

    /// The call of a function some of whose arguments are given.
    fn completed(&mut self, partial: &'a ExprCall, call: &'a ExprCall) -> Ported<&'a Expr> {
        let (function, first) =
            partial.arguments.args.split_first().ok_or_else(|| Missing::new("a function that is not named"))?;
        let given = |name: Option<&str>| call.arguments.keywords.iter().any(|word| word.arg.as_deref() == name);
        let texts: Vec<_> = (first.iter().chain(&call.arguments.args).map(|argument| self.code(argument)))
            .chain(call.arguments.keywords.iter().map(|word| self.code(word)))
            .chain(
                (partial.arguments.keywords.iter().filter(|word| !given(word.arg.as_deref())))
                    .map(|word| self.code(word)),
            )
            .collect();
        self.made(format!("{}({})", self.code(function), texts.join(", ")), call.range())
    }

    /// `print(*items)`
    fn print_of_items(&mut self, before: &'a [Expr], items: &'a Expr, call: &'a ExprCall) -> Ported<Option<&'a Expr>> {
        let words = &call.arguments.keywords;
        let separator = words.iter().find(|word| word.arg.as_deref() == Some("sep"));
        let separator = separator.map_or("\" \"", |word| self.code(&word.value));
        let name = self.free_name("x");
        let rest: String = (words.iter().filter(|word| word.arg.as_deref() != Some("sep")))
            .map(|word| format!(", {}", self.code(word)))
            .collect();
        let first: Vec<_> = before.iter().map(|one| format!("str({})", self.code(one))).collect();
        let first = if first.is_empty() { String::new() } else { format!("[{}] + ", first.join(", ")) };
        let text = format!("print({separator}.join({first}[str({name}) for {name} in {}]){rest})", self.code(items));
        self.made(text, call.range()).map(Some)
    }

    /// The elements of a tuple or list whose length is known, as texts of Python.
    pub(crate) fn elements_of(&mut self, items: &'a Expr) -> Option<Vec<String>> {
        match items {
            Expr::Tuple(tuple) => return Some(tuple.elts.iter().map(|one| self.code(one).to_string()).collect()),
            Expr::List(list) => return Some(list.elts.iter().map(|one| self.code(one).to_string()).collect()),
            Expr::Name(_) | Expr::Attribute(_) => {}
            _ => return None,
        }
        let written = self.body.len();
        let value = self.expression(items);
        self.body.truncate(written);
        match value.ok()?.of {
            Type::Tuple(types) => Some((0..types.len()).map(|i| format!("{}[{i}]", self.code(items))).collect()),
            _ => None,
        }
    }

    /// A list or tuple some of whose elements are those of others: `[*a, *b]` as `a + b`; `None` if that cannot be said.
    pub(crate) fn joined(&mut self, elements: &'a [Expr], range: TextRange, is_list: bool) -> Ported<Option<&'a Expr>> {
        if !elements.iter().any(Expr::is_starred_expr) {
            return Ok(None);
        }
        let (mut texts, mut are_known) = (Vec::new(), true);
        for element in elements {
            match element {
                Expr::Starred(starred) => match self.elements_of(&starred.value) {
                    Some(own) => texts.extend(own),
                    None => are_known = false,
                },
                element => texts.push(self.code(element).to_string()),
            }
        }
        let text = match (are_known, is_list) {
            (true, true) => format!("[{}]", texts.join(", ")),
            (true, false) => format!("({},)", texts.join(", ")),
            // A shape is a list here.
            (false, false)
                if !elements.iter().any(|element| matches!(element, Expr::Starred(of) if !is_shape(&of.value))) =>
            {
                self.joined_lists(elements)
            }
            (false, false) => return Err(Missing::new("a tuple with the elements of something else")),
            (false, true) => self.joined_lists(elements),
        };
        self.made(text, range).map(Some)
    }

    /// `words, counts = zip(*pairs)`: a list of the first elements, and one of the second ones; whether it is that.
    pub(crate) fn unzipped(&mut self, target: &'a Expr, value: &'a Expr) -> Ported<bool> {
        let targets = match target {
            Expr::Tuple(tuple) => &tuple.elts[..],
            _ => return Ok(false),
        };
        let inner = |call: &'a Expr, names: &[&str]| match call {
            Expr::Call(call) if call.arguments.keywords.is_empty() => match (&*call.func, &call.arguments.args[..]) {
                (Expr::Name(name), [one]) if names.contains(&name.id.as_str()) => Some(one),
                _ => None,
            },
            _ => None,
        };
        let zip = inner(value, &["list", "tuple"]).unwrap_or(value);
        let Some(Expr::Starred(starred)) = inner(zip, &["zip"]) else { return Ok(false) };
        if !starred.value.is_name_expr() || ["list", "tuple", "zip"].iter().any(|name| self.scopes.get(name).is_some())
        {
            return Ok(false);
        }
        let pairs = self.expression(&starred.value)?;
        match &pairs.of {
            Type::List(of) if matches!(&**of, Type::Tuple(types) if types.len() == targets.len()) => {}
            _ => return Ok(false),
        }
        let name = self.free_name("x");
        for (i, target) in targets.iter().enumerate() {
            // What nobody reads.
            if matches!(target, Expr::Name(own) if self.scan().reads(&own.id) == 0) {
                continue;
            }
            let text = format!("[{name}[{i}] for {name} in {}]", self.code(&*starred.value));
            let made = self.made(text, value.range())?;
            let value = self.expression(made)?;
            self.assign(target, value)?;
        }
        Ok(true)
    }

    fn joined_lists(&self, elements: &[Expr]) -> String {
        let parts: Vec<_> = elements
            .iter()
            .map(|element| match element {
                Expr::Starred(starred) => format!("list({})", self.code(&*starred.value)),
                element => format!("[{}]", self.code(element)),
            })
            .collect();
        parts.join(" + ")
    }
}

/// `x.shape`, `x.shape[1:]`
fn is_shape(of: &Expr) -> bool {
    match of {
        Expr::Attribute(attribute) => attribute.attr.as_str() == "shape",
        Expr::Subscript(part) => part.slice.is_slice_expr() && is_shape(&part.value),
        _ => false,
    }
}
/// The names of a lambda's parameters, if it has nothing else.
fn parameters_of(lambda: &ruff_python_ast::ExprLambda) -> Option<Vec<&str>> {
    let all = lambda.parameters.as_deref()?;
    let is_plain = all.vararg.is_none()
        && all.kwarg.is_none()
        && all.kwonlyargs.is_empty()
        && all.iter_non_variadic_params().all(|one| one.default.is_none());
    is_plain.then(|| all.iter_non_variadic_params().map(|one| one.parameter.name.as_str()).collect())
}
