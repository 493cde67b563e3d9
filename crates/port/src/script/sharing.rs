//! Names that may stand for one array, list or dict, or for a part of it. In Python a change by one of them is seen by the others;
//! values of Rust are each their own. So a change that another name would show is not ported.

use crate::program::Program;
use crate::value::{Binding, Type};
use hashbrown::{HashMap, HashSet};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// Methods that change what they belong to.
pub(crate) const IN_PLACE: &[&str] = &[
    "append",
    "extend",
    "insert",
    "pop",
    "remove",
    "sort",
    "reverse",
    "clear",
    "update",
    "add",
    "discard",
    "setdefault",
    "appendleft",
    "popleft",
    "popitem",
    "fill",
    "paste",
];

/// Methods whose result is a view of an array.
const VIEWS: &[&str] = &["reshape", "ravel", "transpose", "squeeze", "swapaxes", "view", "diagonal"];

/// Functions of NumPy whose result may be a view of their first argument.
const FUNCTIONS_WITH_VIEWS: &[&str] = &[
    "asarray",
    "asanyarray",
    "ascontiguousarray",
    "reshape",
    "ravel",
    "transpose",
    "squeeze",
    "expand_dims",
    "swapaxes",
    "moveaxis",
    "flip",
    "fliplr",
    "flipud",
    "rot90",
    "split",
    "array_split",
    "hsplit",
    "vsplit",
    "atleast_1d",
    "atleast_2d",
    "broadcast_to",
    "diagonal",
];

/// How a value is related to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// It may be the same object, or a view of it.
    Same,
    /// It is an element of what the name stands for.
    Part,
    /// It holds what the name stands for.
    Holder,
    /// It holds the same elements.
    Copied,
}

type Sources = Vec<(Relation, String)>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    Same(String, String),
    /// The first has the second as an element, since it was put there.
    Stored(String, String),
    /// The first has the second as an element, since it was taken from there.
    Taken(String, String),
}

/// What is shared in the function that is being written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sharing {
    links: Vec<Link>,
    /// The loops around, from the outermost on.
    pub(crate) loops: Vec<TextRange>,
    /// How many values have no name any more.
    pub(crate) nameless: usize,
    /// The parts `x[start:stop]` that names are of an array.
    pub(crate) parts: HashMap<String, Part>,
}

/// `x[start:stop]`, as the script has it.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) of: String,
    pub(crate) start: String,
    pub(crate) stop: String,
}

/// What is changed: the object itself, or an element of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    Itself,
    Element,
}

impl Sharing {
    fn nameless(&mut self) -> String {
        self.nameless += 1;
        format!("\0{}", self.nameless)
    }

    fn add(&mut self, link: Link) {
        if !self.links.contains(&link) {
            self.links.push(link);
        }
    }

    /// A name gets a value; what it had stays where it is shared.
    pub(crate) fn bind(&mut self, name: &str, sources: &Sources) {
        self.parts.retain(|own, part| own != name && part.of != name);
        let old = self.nameless();
        for link in &mut self.links {
            let (Link::Same(a, b) | Link::Stored(a, b) | Link::Taken(a, b)) = link;
            for end in [a, b] {
                if end == name {
                    end.clone_from(&old);
                }
            }
        }
        let renamed = |(relation, source): &(Relation, String)| match source == name {
            true => (*relation, old.clone()),
            false => (*relation, source.clone()),
        };
        self.relate(name, &sources.iter().map(renamed).collect());
    }

    fn relate(&mut self, name: &str, sources: &Sources) {
        for (relation, source) in sources.iter().filter(|(_, source)| source != name) {
            let (name, source) = (name.to_string(), source.clone());
            match relation {
                Relation::Same => self.add(Link::Same(name, source)),
                Relation::Part => self.add(Link::Taken(source, name)),
                Relation::Holder => self.add(Link::Stored(name, source)),
                Relation::Copied => {
                    let elements = self.nameless();
                    self.add(Link::Stored(name, elements.clone()));
                    self.add(Link::Stored(source, elements));
                }
            }
        }
    }

    /// The names that show a change.
    pub(crate) fn showing(&self, name: &str, changed: Changed, is_immutable: &dyn Fn(&str) -> bool) -> HashSet<String> {
        // Each with whether its elements may be what changed: none, those taken from it, or all.
        let start = (name.to_string(), if changed == Changed::Element { 2 } else { 0 });
        let (mut found, mut open) = (HashSet::new(), vec![start]);
        while let Some((at, elements)) = open.pop() {
            if is_immutable(&at) || !found.insert((at.clone(), elements)) {
                continue;
            }
            for link in &self.links {
                match link {
                    Link::Same(a, b) if *a == at => open.push((b.clone(), elements)),
                    Link::Same(a, b) if *b == at => open.push((a.clone(), elements)),
                    Link::Stored(holder, b) if *b == at => open.push((holder.clone(), 1)),
                    Link::Taken(holder, b) if *b == at => open.push((holder.clone(), 2)),
                    Link::Taken(a, element) if *a == at && elements > 0 => open.push((element.clone(), 0)),
                    Link::Stored(a, element) if *a == at && elements > 1 => open.push((element.clone(), 0)),
                    _ => {}
                }
            }
        }
        found.into_iter().map(|(name, _)| name).filter(|found| found != name && !self.are_apart(found, name)).collect()
    }

    /// Whether they are parts of one array, of which one ends where the other begins.
    fn are_apart(&self, one: &str, other: &str) -> bool {
        let (Some(a), Some(b)) = (self.parts.get(one), self.parts.get(other)) else { return false };
        let meet = |end: &str, start: &str| !end.is_empty() && (end == start || is_behind(end, start));
        a.of == b.of && (meet(&a.stop, &b.start) || meet(&b.stop, &a.start))
    }
}

/// What functions of the script return of what they are given.
#[derive(Debug, Default)]
pub(crate) struct Returned {
    /// Functions that may return an argument, or a part of it, and the variables outside that they may return.
    pub(crate) functions: HashMap<String, Vec<String>>,
    /// Whether objects keep arguments that their methods change.
    pub(crate) objects_keep: bool,
}

/// A parameter as its caller sees it.
fn of_caller(parameter: &str) -> String {
    format!("\0 {parameter}")
}

impl<'a> Program<'a> {
    pub(crate) fn sharing(&mut self) -> &mut Sharing {
        &mut self.frame_mut().sharing
    }

    /// A function begins: its parameters are also those of its caller.
    pub(crate) fn begin_sharing(&mut self, parameters: &[&str]) {
        for name in parameters {
            let link = Link::Same((*name).to_string(), of_caller(name));
            self.sharing().add(link);
        }
    }

    /// What is shared so far in this function.
    pub(crate) fn shared_so_far(&mut self) -> Sharing {
        self.sharing().clone()
    }

    pub(crate) fn share_again(&mut self, sharing: Sharing) {
        *self.sharing() = sharing;
    }

    /// What has been shared before a block may be so behind it.
    fn join_sharing(&mut self, before: Sharing) {
        let now = self.sharing();
        now.loops = before.loops;
        for link in before.links {
            now.add(link);
        }
    }

    /// A statement with blocks begins: what a loop shares, it shares in its next round as well.
    pub(crate) fn enter_sharing(&mut self, statement: &'a Stmt) -> Option<Sharing> {
        let (body, range) = match statement {
            Stmt::For(each) => (Some(&each.body), each.range),
            Stmt::While(each) => (Some(&each.body), each.range),
            Stmt::If(branches) => (None, branches.range),
            Stmt::Try(attempt) => (None, attempt.range),
            _ => return None,
        };
        let before = self.sharing().clone();
        if let Some(body) = body {
            self.sharing().loops.push(range);
            if let Stmt::For(each) = statement {
                self.share_elements(&each.target, &each.iter);
            }
            self.share_all(body);
        }
        Some(before)
    }

    pub(crate) fn leave_sharing(&mut self, before: Sharing) {
        self.join_sharing(before);
    }

    fn share_elements(&mut self, target: &'a Expr, iter: &'a Expr) {
        let sources: Sources = self.sources(iter).into_iter().map(|(_, source)| (Relation::Part, source)).collect();
        // The rows of an array are views of it.
        let sources = sources.into_iter().map(|(relation, source)| match self.is_array_name(&source) {
            true => (Relation::Same, source),
            false => (relation, source),
        });
        let sources: Sources = sources.collect();
        for name in crate::program::names_in(target) {
            self.sharing().relate(&name, &sources);
        }
    }

    /// All that these statements share, in whatever order.
    fn share_all(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            match statement {
                Stmt::Assign(assign) => {
                    let sources = self.sources(&assign.value);
                    for target in &assign.targets {
                        for name in crate::program::names_in(target) {
                            self.sharing().relate(&name, &sources);
                        }
                    }
                    self.share_puts(statement);
                }
                Stmt::For(each) => {
                    self.share_elements(&each.target, &each.iter);
                    self.share_all(&each.body);
                }
                Stmt::While(each) => self.share_all(&each.body),
                Stmt::If(branches) => {
                    self.share_all(&branches.body);
                    branches.elif_else_clauses.iter().for_each(|clause| self.share_all(&clause.body));
                }
                Stmt::With(with) => self.share_all(&with.body),
                Stmt::Try(attempt) => self.share_all(&attempt.body),
                _ => self.share_puts(statement),
            }
        }
    }

    /// Notes what a statement shares that has been written.
    pub(crate) fn note_sharing(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                let sources = self.sources(&assign.value);
                for target in &assign.targets {
                    match target {
                        Expr::Name(name) => {
                            self.share_name(&name.id, &sources);
                            self.note_part(&name.id, &assign.value);
                        }
                        Expr::Tuple(_) | Expr::List(_) => self.share_parts(target, &assign.value, &sources),
                        target => {
                            if let Some(name) = own_attribute(target) {
                                self.share_name(&name, &sources);
                            }
                        }
                    }
                }
                self.share_puts(statement);
            }
            Stmt::AnnAssign(assign) => {
                if let (Expr::Name(name), Some(value)) = (&*assign.target, &assign.value) {
                    let sources = self.sources(value);
                    self.share_name(&name.id, &sources);
                }
            }
            _ => self.share_puts(statement),
        }
    }

    fn share_name(&mut self, name: &str, sources: &Sources) {
        let none = Vec::new();
        let sources = if self.is_immutable_name(name) { &none } else { sources };
        self.sharing().bind(name, sources);
    }

    /// `a, b = b, a`, and what a function returns.
    fn share_parts(&mut self, target: &'a Expr, value: &'a Expr, sources: &Sources) {
        let names = crate::python::iteration::elements_of(target);
        let each: Vec<Sources> = match value {
            Expr::Tuple(tuple) if tuple.elts.len() == names.len() => {
                tuple.elts.iter().map(|value| self.sources(value)).collect()
            }
            // Parts of one value are not parts of each other, as those of train_test_split and np.split.
            _ => {
                let parts: Sources = sources
                    .iter()
                    .map(|(relation, source)| match relation {
                        Relation::Same if !self.is_array_name(source) => (Relation::Part, source.clone()),
                        relation => (*relation, source.clone()),
                    })
                    .collect();
                vec![parts; names.len()]
            }
        };
        // What they had before is what the others get.
        let mut olds = HashMap::new();
        for name in names.iter().flat_map(crate::program::names_in) {
            let before = self.sharing().nameless + 1;
            self.sharing().bind(&name, &Vec::new());
            olds.insert(name, format!("\0{before}"));
        }
        for (target, sources) in names.iter().zip(each) {
            let sources: Sources = sources
                .into_iter()
                .map(|(relation, source)| (relation, olds.get(&source).cloned().unwrap_or(source)))
                .collect();
            for name in crate::program::names_in(target) {
                if !self.is_immutable_name(&name) {
                    self.sharing().relate(&name, &sources);
                }
            }
        }
        if let Expr::Tuple(tuple) = value {
            for (target, value) in names.iter().zip(&tuple.elts) {
                if let Expr::Name(name) = target {
                    self.note_part(&name.id, value);
                }
            }
        }
    }

    /// `part = x[start:stop]`, whose ends do not change.
    fn note_part(&mut self, name: &str, value: &'a Expr) {
        let Expr::Subscript(subscript) = value else { return };
        let (Expr::Name(of), Expr::Slice(slice)) = (&*subscript.value, &*subscript.slice) else { return };
        if slice.step.is_some() || of.id.as_str() == name || !self.is_array_name(&of.id) {
            return;
        }
        let ends = [slice.lower.as_deref(), slice.upper.as_deref()];
        let is_fixed = ends.iter().flatten().all(|end| {
            let read = crate::script::scan::Scan::of_expression(end, &self.changing);
            read.all_read().all(|name| self.scan().is_assigned_once(name))
        });
        if is_fixed {
            let [start, stop] =
                ends.map(|end| end.map_or(String::new(), |end| self.source.text(end.range()).to_string()));
            self.sharing().parts.insert(name.into(), Part { of: of.id.to_string(), start, stop });
        }
    }

    /// `xs.append(x)`, `d[key] = x`, `object.x = x`: the first holds what is put into it.
    fn share_puts(&mut self, statement: &'a Stmt) {
        if let Stmt::Assign(assign) = statement {
            for target in &assign.targets {
                let holder = match target {
                    Expr::Subscript(subscript) => &*subscript.value,
                    Expr::Attribute(attribute) if own_attribute(target).is_none() => &*attribute.value,
                    _ => continue,
                };
                let sources = self.sources(&assign.value);
                self.share_put(holder, sources);
            }
        }
        for call in calls_in(statement) {
            if let Expr::Attribute(attribute) = &*call.func
                && matches!(
                    attribute.attr.as_str(),
                    "append" | "extend" | "insert" | "add" | "update" | "setdefault" | "appendleft"
                )
            {
                for argument in &call.arguments.args {
                    let sources = self.sources(argument);
                    let sources = match attribute.attr.as_str() {
                        "extend" | "update" => {
                            sources.into_iter().map(|(_, source)| (Relation::Part, source)).collect()
                        }
                        _ => sources,
                    };
                    self.share_put(&attribute.value, sources);
                }
            }
            // A function may put one of its arguments into another.
            if let Expr::Name(name) = &*call.func
                && let Some(changes) = self.changing.clone().get(name.id.as_str())
            {
                for &place in &changes.places {
                    let Some(changed) = call.arguments.args.get(place) else { continue };
                    for (_, argument) in call.arguments.args.iter().enumerate().filter(|(i, _)| *i != place) {
                        let sources = self.sources(argument);
                        self.share_put(changed, sources);
                    }
                }
            }
        }
    }

    fn share_put(&mut self, holder: &'a Expr, sources: Sources) {
        for (_, holder) in self.sources(holder) {
            // An array copies what it gets.
            if self.is_array_name(&holder) || self.is_immutable_name(&holder) {
                continue;
            }
            let held: Sources = sources
                .iter()
                .filter(|(_, source)| !self.is_immutable_name(source))
                .map(|(relation, source)| match relation {
                    Relation::Same | Relation::Holder => (Relation::Holder, source.clone()),
                    Relation::Part | Relation::Copied => (Relation::Copied, source.clone()),
                })
                .collect();
            self.sharing().relate(&holder, &held);
        }
    }

    /// What an expression may share its value with.
    pub(crate) fn sources(&self, expression: &Expr) -> Sources {
        match expression {
            Expr::Name(name) => match self.scopes.get(&name.id) {
                Some(Binding::Variable(_) | Binding::Outside(_)) | None => vec![(Relation::Same, name.id.to_string())],
                _ => Vec::new(),
            },
            Expr::Attribute(attribute) => match own_attribute(expression) {
                Some(name) => vec![(Relation::Same, name)],
                None if matches!(attribute.attr.as_str(), "T" | "flat") => self.sources(&attribute.value),
                None if self.path_of(expression).is_some() => Vec::new(),
                None => self.parts_of(self.sources(&attribute.value)),
            },
            Expr::Subscript(subscript) => {
                let sources = self.sources(&subscript.value);
                if subscript.slice.is_slice_expr() {
                    let copied = |(relation, source): (Relation, String)| match self.is_array_name(&source) {
                        true => (relation, source),
                        false => (Relation::Copied, source),
                    };
                    return sources.into_iter().map(copied).collect();
                }
                // Chosen elements of an array are a copy.
                let is_choice = self.is_choice(&subscript.slice);
                let sources = sources.into_iter().filter(|(_, source)| !(is_choice && self.is_array_name(source)));
                self.parts_of(sources.collect())
            }
            Expr::Call(call) => self.sources_of_call(call),
            Expr::List(list) => self.held(&list.elts),
            Expr::Tuple(tuple) => self.held(&tuple.elts),
            Expr::Set(set) => self.held(&set.elts),
            Expr::Dict(dict) => {
                dict.items.iter().flat_map(|item| self.held(std::slice::from_ref(&item.value))).collect()
            }
            Expr::If(either) => [self.sources(&either.body), self.sources(&either.orelse)].concat(),
            Expr::BoolOp(both) => both.values.iter().flat_map(|value| self.sources(value)).collect(),
            Expr::Starred(starred) => self.sources(&starred.value),
            Expr::ListComp(list) => self.sources_of_comprehension(&list.generators, &list.elt),
            Expr::Generator(list) => self.sources_of_comprehension(&list.generators, &list.elt),
            Expr::SetComp(list) => self.sources_of_comprehension(&list.generators, &list.elt),
            Expr::DictComp(dict) => self.sources_of_comprehension(&dict.generators, &dict.value),
            // `[row] * 3` has the same row three times; `a + b` of lists has the elements of both.
            Expr::BinOp(binary) => {
                let sides = [self.sources(&binary.left), self.sources(&binary.right)].concat();
                let lists = sides.into_iter().filter(|(_, source)| self.is_collection_name(source));
                lists.map(|(_, source)| (Relation::Copied, source)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn sources_of_comprehension(&self, generators: &[ruff_python_ast::Comprehension], element: &Expr) -> Sources {
        let targets: Vec<String> =
            generators.iter().flat_map(|generator| crate::program::names_in(&generator.target)).collect();
        let mut found = Sources::new();
        for (_, source) in self.sources(element) {
            if targets.contains(&source) {
                let over = generators.iter().flat_map(|generator| self.sources(&generator.iter));
                found.extend(over.map(|(_, source)| (Relation::Copied, source)));
            } else {
                found.push((Relation::Copied, source));
            }
        }
        found
    }

    fn sources_of_call(&self, call: &ExprCall) -> Sources {
        let first = || call.arguments.args.first().map_or(Sources::new(), |first| self.sources(first));
        if let Some(path) = self.path_of(&call.func) {
            return match path.strip_prefix("numpy.") {
                Some(name) if FUNCTIONS_WITH_VIEWS.contains(&name) => first(),
                _ => Vec::new(),
            };
        }
        match &*call.func {
            Expr::Attribute(attribute) => {
                let of = || self.sources(&attribute.value);
                match attribute.attr.as_str() {
                    name if VIEWS.contains(&name) => of(),
                    "get" | "setdefault" | "pop" | "popleft" | "popitem" => self.parts_of(of()),
                    "values" | "items" => self.copies_of(of()),
                    "copy" => {
                        let lists = of().into_iter().filter(|(_, source)| self.is_collection_name(source));
                        self.copies_of(lists.collect())
                    }
                    name => match self.returned.functions.get(name) {
                        Some(_) if self.returned.objects_keep => self.parts_of(of()),
                        _ => Vec::new(),
                    },
                }
            }
            Expr::Name(name) => {
                let all = || call.arguments.args.iter().flat_map(|argument| self.sources(argument));
                match self.scopes.get(&name.id) {
                    Some(Binding::Function(_)) => match self.returned.functions.get(name.id.as_str()) {
                        Some(outside) => {
                            let outside = outside.iter().map(|name| (Relation::Same, name.clone()));
                            let words = call.arguments.keywords.iter().flat_map(|word| self.sources(&word.value));
                            all().chain(words).chain(outside).collect()
                        }
                        None => Vec::new(),
                    },
                    Some(Binding::Class(_)) if self.returned.objects_keep => {
                        all().map(|(_, source)| (Relation::Holder, source)).collect()
                    }
                    Some(_) => Vec::new(),
                    None => match name.id.as_str() {
                        "list" | "tuple" | "sorted" | "reversed" | "enumerate" | "zip" | "set" | "dict" | "iter" => {
                            self.copies_of(all().collect())
                        }
                        _ => Vec::new(),
                    },
                }
            }
            _ => Vec::new(),
        }
    }

    fn held(&self, elements: &[Expr]) -> Sources {
        let all = elements.iter().flat_map(|element| self.sources(element));
        all.filter(|(_, source)| !self.is_immutable_name(source))
            .map(|(relation, source)| match relation {
                Relation::Same | Relation::Holder => (Relation::Holder, source),
                Relation::Part | Relation::Copied => (Relation::Copied, source),
            })
            .collect()
    }

    /// Elements of these; those of an array are views of it.
    fn parts_of(&self, sources: Sources) -> Sources {
        let part = |(relation, source): (Relation, String)| match relation {
            _ if self.is_array_name(&source) => (Relation::Same, source),
            Relation::Holder => (Relation::Same, source),
            _ => (Relation::Part, source),
        };
        sources.into_iter().map(part).collect()
    }

    fn copies_of(&self, sources: Sources) -> Sources {
        let copied = |(relation, source): (Relation, String)| match relation {
            Relation::Holder => (relation, source),
            _ if self.is_array_name(&source) => (Relation::Holder, source),
            _ => (Relation::Copied, source),
        };
        sources.into_iter().map(copied).collect()
    }

    /// Whether an index chooses elements: a condition, a list or an array of places.
    pub(crate) fn is_choice(&self, index: &Expr) -> bool {
        match index {
            Expr::Compare(_) | Expr::List(_) => true,
            Expr::UnaryOp(unary) => self.is_choice(&unary.operand),
            Expr::BinOp(binary) => self.is_choice(&binary.left) || self.is_choice(&binary.right),
            Expr::Name(name) => {
                matches!(self.type_of_name(&name.id), Some(of) if of.is_array() || matches!(of, Type::List(_)))
            }
            Expr::Tuple(tuple) => tuple.elts.iter().any(|part| self.is_choice(part)),
            Expr::Subscript(part) => part.slice.is_slice_expr() && self.is_choice(&part.value),
            _ => false,
        }
    }

    pub(crate) fn type_of_name(&self, name: &str) -> Option<Type> {
        match self.scopes.get(name)? {
            Binding::Variable(variable) | Binding::Outside(variable) => Some(self.resolved(&variable.of)),
            _ => None,
        }
    }

    pub(crate) fn is_array_name(&self, name: &str) -> bool {
        self.type_of_name(name).is_some_and(|of| of.is_array() || matches!(of, Type::Mutable { .. }))
    }

    pub(crate) fn is_collection_name(&self, name: &str) -> bool {
        self.type_of_name(name).is_some_and(|of| matches!(of, Type::List(_) | Type::Dict(..) | Type::Set(_)))
    }

    pub(crate) fn is_immutable_name(&self, name: &str) -> bool {
        self.type_of_name(name).is_some_and(|of| is_immutable(&of))
    }
}

/// Whether a part that starts there starts behind this end: `4` behind `2`, `n + m` behind `n`.
pub(crate) fn is_behind(end: &str, start: &str) -> bool {
    match (end.parse::<usize>(), start.parse::<usize>()) {
        (Ok(end), Ok(start)) => end <= start,
        // What is added to an end is a size.
        _ => start.strip_prefix(end).is_some_and(|rest| {
            let size = rest.trim_start().strip_prefix('+').unwrap_or_default().trim();
            !size.is_empty() && size.chars().all(|c| c.is_alphanumeric() || c == '_')
        }),
    }
}

/// Whether a value of this type never changes.
fn is_immutable(of: &Type) -> bool {
    match of {
        Type::Tuple(types) => types.iter().all(is_immutable),
        Type::None | Type::Str | Type::String | Type::Char | Type::Id | Type::Path | Type::Dtype => true,
        of => of.is_number(),
    }
}

/// `self.x`
pub(crate) fn own_attribute(target: &Expr) -> Option<String> {
    let Expr::Attribute(attribute) = target else { return None };
    match &*attribute.value {
        Expr::Name(name) if name.id.as_str() == "self" => Some(format!("self.{}", attribute.attr)),
        _ => None,
    }
}

#[derive(Default)]
pub(crate) struct Calls<'a>(Vec<&'a ExprCall>);

impl<'a> Visitor<'a> for Calls<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression {
            self.0.push(call);
        }
        walk_expr(self, expression);
    }
}

pub(crate) fn calls_of(expression: &Expr) -> Vec<&ExprCall> {
    let mut calls = Calls::default();
    calls.visit_expr(expression);
    calls.0
}

/// The calls of a statement without blocks, from the outermost on.
pub(crate) fn calls_in(statement: &Stmt) -> Vec<&ExprCall> {
    let mut calls = Calls(Vec::new());
    match statement {
        Stmt::Assign(assign) => {
            calls.visit_expr(&assign.value);
            assign.targets.iter().for_each(|target| calls.visit_expr(target));
        }
        Stmt::AugAssign(assign) => calls.visit_expr(&assign.value),
        Stmt::AnnAssign(assign) => assign.value.iter().for_each(|value| calls.visit_expr(value)),
        Stmt::Expr(expression) => calls.visit_expr(&expression.value),
        Stmt::Return(value) => value.value.iter().for_each(|value| calls.visit_expr(value)),
        _ => {}
    }
    calls.0
}

impl Returned {
    pub(crate) fn of(statements: &[Stmt]) -> Self {
        let mut returned = Self::default();
        let (mut kept, mut changed) = (HashSet::new(), HashSet::new());
        returned.collect(statements, &mut kept, &mut changed);
        returned.objects_keep = kept.iter().any(|field| changed.contains(field));
        returned
    }

    pub(crate) fn collect(&mut self, statements: &[Stmt], kept: &mut HashSet<String>, changed: &mut HashSet<String>) {
        for statement in statements {
            match statement {
                Stmt::FunctionDef(function) => {
                    let parameters: Vec<&str> =
                        function.parameters.iter_non_variadic_params().map(|one| one.parameter.name.as_str()).collect();
                    let mut body =
                        Body { from: parameters.iter().map(|name| (*name).to_string()).collect(), ..Body::default() };
                    // What is assigned later may be returned by a loop.
                    for _ in 0..3 {
                        body.visit_body(&function.body);
                    }
                    kept.extend(body.kept);
                    changed.extend(body.changed);
                    if body.returns {
                        let outside: Vec<String> = body.returned.difference(&body.assigned).cloned().collect();
                        let outside = outside.into_iter().filter(|name| !parameters.contains(&name.as_str()));
                        self.functions.insert(function.name.to_string(), outside.collect());
                    }
                    self.collect(&function.body, kept, changed);
                }
                Stmt::ClassDef(class) => self.collect(&class.body, kept, changed),
                Stmt::If(branches) => self.collect(&branches.body, kept, changed),
                _ => {}
            }
        }
    }
}

/// A function's body: what of it comes from its parameters and from outside.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) from: HashSet<String>,
    pub(crate) assigned: HashSet<String>,
    pub(crate) returned: HashSet<String>,
    pub(crate) returns: bool,
    pub(crate) kept: HashSet<String>,
    pub(crate) changed: HashSet<String>,
}

impl Body {
    /// The names that the value of an expression may belong to.
    pub(crate) fn names(expression: &Expr, out: &mut Vec<String>) {
        match expression {
            Expr::Name(name) => out.push(name.id.to_string()),
            Expr::Attribute(attribute) => match own_attribute(expression) {
                Some(name) => out.push(name),
                None => Self::names(&attribute.value, out),
            },
            Expr::Subscript(subscript) => Self::names(&subscript.value, out),
            Expr::List(list) => list.elts.iter().for_each(|element| Self::names(element, out)),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|element| Self::names(element, out)),
            Expr::If(either) => [&either.body, &either.orelse].into_iter().for_each(|one| Self::names(one, out)),
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(attribute)
                    if VIEWS.contains(&attribute.attr.as_str())
                        || matches!(attribute.attr.as_str(), "get" | "pop" | "setdefault" | "values" | "items") =>
                {
                    Self::names(&attribute.value, out)
                }
                Expr::Attribute(attribute) if FUNCTIONS_WITH_VIEWS.contains(&attribute.attr.as_str()) => {
                    call.arguments.args.iter().for_each(|argument| Self::names(argument, out))
                }
                // A function of the script may return what it gets; those of Python make new values, of the same elements.
                Expr::Name(_) => call.arguments.args.iter().for_each(|argument| Self::names(argument, out)),
                _ => {}
            },
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Body {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                let mut names = Vec::new();
                Self::names(&assign.value, &mut names);
                let is_from = names.iter().any(|name| self.from.contains(name));
                for target in &assign.targets {
                    if let Some(field) = own_attribute(target).filter(|_| is_from) {
                        self.kept.insert(field);
                    }
                    if let Expr::Subscript(subscript) = target
                        && let Some(field) = own_attribute(&subscript.value)
                    {
                        self.changed.insert(field);
                    }
                    for name in crate::program::names_in(target) {
                        self.assigned.insert(name.clone());
                        if is_from {
                            self.from.insert(name);
                        }
                    }
                }
            }
            Stmt::AugAssign(assign) => {
                let place = match &*assign.target {
                    Expr::Subscript(subscript) => &*subscript.value,
                    target => target,
                };
                self.changed.extend(own_attribute(place));
            }
            Stmt::For(each) => {
                let mut names = Vec::new();
                Self::names(&each.iter, &mut names);
                let is_from = names.iter().any(|name| self.from.contains(name));
                for name in crate::program::names_in(&each.target) {
                    self.assigned.insert(name.clone());
                    if is_from {
                        self.from.insert(name);
                    }
                }
            }
            Stmt::Return(value) => {
                let mut names = Vec::new();
                value.value.iter().for_each(|value| Self::names(value, &mut names));
                for name in names {
                    self.returns |= self.from.contains(&name) || !self.assigned.contains(&name);
                    self.returned.insert(name);
                }
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            _ => {}
        }
        ruff_python_ast::visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression
            && let Expr::Attribute(attribute) = &*call.func
            && IN_PLACE.contains(&attribute.attr.as_str())
        {
            self.changed.extend(own_attribute(&attribute.value));
        }
        walk_expr(self, expression);
    }
}

/// Whether a place is in a range.
pub(crate) fn is_in(range: TextRange, place: TextSize) -> bool {
    range.start() <= place && place < range.end()
}
