//! What is to be known of the names of a function before its first statement is written.

use hashbrown::{HashMap, HashSet};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Comprehension, Expr, ExprContext, Operator, Stmt, StmtFunctionDef, UnaryOp};
use ruff_text_size::{Ranged, TextRange, TextSize};
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
    "apply_gradients",
    "apply",
    "update_state",
    "assign",
    "assign_add",
    "assign_sub",
    "reset_state",
    "reset_states",
    "sort",
    "reverse",
    "clear",
    "update",
    "fit_transform",
    "fit_on_texts",
    "appendleft",
    "popleft",
    "discard",
    "remove",
    "setdefault",
    "paste",
    // Of random numbers.
    "rand",
    "randn",
    "randint",
    "random",
    "random_sample",
    "normal",
    "uniform",
    "standard_normal",
    "integers",
    "permutation",
    "choice",
    "binomial",
    "multinomial",
];

/// Those of them that elements of lists and dicts have.
const OF_COLLECTIONS: &[&str] = &[
    "append",
    "extend",
    "pop",
    "insert",
    "sort",
    "reverse",
    "clear",
    "update",
    "add",
    "appendleft",
    "popleft",
    "discard",
    "remove",
    "paste",
];

/// What a function changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Changes {
    /// The places of parameters.
    pub(crate) places: Vec<usize>,
    /// Variables outside of it.
    names: Vec<String>,
}

/// What the functions of a script change, also by calling others.
pub(crate) fn changing(statements: &[Stmt]) -> Rc<HashMap<String, Changes>> {
    let mut functions = Vec::new();
    functions_in(statements, &mut functions);
    let mut changing = Rc::default();
    // A function that calls others is found in the next round.
    loop {
        let changes = functions.iter().map(|function| {
            let scan = Scan::of_function(function, &changing);
            let parameters: Vec<&str> =
                function.parameters.iter_non_variadic_params().map(|one| one.parameter.name.as_str()).collect();
            let places = (0..parameters.len()).filter(|&place| scan.is_mutated(parameters[place], 0)).collect();
            let outside =
                scan.mutated.iter().filter(|(name, number)| *number == 0 && !parameters.contains(&name.as_str()));
            let mut names: Vec<_> = outside.map(|(name, _)| name.clone()).collect();
            names.sort();
            (function.name.to_string(), Changes { places, names })
        });
        // Methods of several classes may have one name.
        let mut next: HashMap<String, Changes> = HashMap::new();
        for (name, changes) in changes {
            let all = next.entry(name).or_default();
            all.places.extend(changes.places);
            all.names.extend(changes.names);
            all.places.sort_unstable();
            all.places.dedup();
            all.names.sort();
            all.names.dedup();
        }
        if next == *changing {
            return changing;
        }
        changing = Rc::new(next);
    }
}

fn functions_in<'a>(statements: &'a [Stmt], out: &mut Vec<&'a StmtFunctionDef>) {
    for statement in statements {
        match statement {
            Stmt::FunctionDef(function) => {
                out.push(function);
                functions_in(&function.body, out);
            }
            Stmt::ClassDef(class) => functions_in(&class.body, out),
            Stmt::If(branches) => functions_in(&branches.body, out),
            _ => {}
        }
    }
}

/// The names of a function's body, or of a module. An assignment to a name of an outer block changes its variable; any other one declares a new
/// variable, whose place among those of this name is its number.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Variables whose methods are called that change them.
    with_changing_methods: HashSet<String>,
    /// Variables that change.
    mutated: HashSet<(String, usize)>,
    /// Variables that are a place or size somewhere, or may be one in a function that they are passed to.
    sizes: HashSet<String>,
    /// Variables that something is taken from, or that get a negative number.
    lowered: HashSet<String>,
    /// Variables whose values or elements may leave 32 bits.
    growing: HashSet<String>,
    /// Those of them that change otherwise than by `next`, or by a new `trainable`.
    changed: HashSet<(String, usize)>,
    /// Those of them that change otherwise than in a function that they are passed to.
    changed_here: HashSet<(String, usize)>,
    is_passed: bool,
    /// Variables of which a part is read by its place.
    subscripted: HashSet<String>,
    /// How often a part of each is read.
    parts_read: HashMap<String, usize>,
    /// Variables whose elements are assigned.
    item_assigned: HashSet<String>,
    /// Variables that are called.
    called: HashSet<String>,
    /// Variables that are passed as callbacks.
    callbacks: HashSet<(String, usize)>,
    /// The variables in lists that have a name.
    lists: HashMap<String, Vec<String>>,
    /// How many variables each name has had so far.
    declared: HashMap<String, usize>,
    /// Where an assignment or loop declares a variable.
    declared_at: HashMap<TextSize, String>,
    /// The variables of the comprehensions and lambdas that are open.
    shadowed: Vec<String>,
    /// Names that are assigned a sum.
    sums: HashSet<String>,
    /// How often each is read.
    read: HashMap<String, usize>,
    /// Where each is read, and where it has surely been assigned last before; from the start on, if nowhere.
    read_at: HashMap<String, Vec<(TextSize, TextSize)>>,
    /// Where the open blocks assign names, from the outermost on.
    assigned_at: Vec<HashMap<String, TextSize>>,
    /// How often each is read in a statement, by its end.
    reads_of_statement: HashMap<(String, TextSize), usize>,
    statement_end: TextSize,
    /// Where each changes last.
    last_change: HashMap<String, TextSize>,
    place: TextSize,
    /// What functions inside read.
    read_inside: HashSet<String>,
    changes_elements: bool,
    /// How often each name is read as `**name`.
    as_words: HashMap<String, usize>,
    /// How often each name is read as `name.format(...)`.
    as_formats: HashMap<String, usize>,
    /// How often `next` takes an element of each.
    nexts: HashMap<String, usize>,
    /// What is written as JSON.
    for_json: HashSet<String>,
    /// Parameters, and those of them that blocks assign anew.
    parameters: HashSet<String>,
    reassigned: HashSet<String>,
    /// Those that are assigned outside of blocks.
    outside: HashSet<String>,
    /// Those that each open block assigns first, from the outermost on.
    blocks: Vec<HashSet<String>>,
    depth: usize,
    /// The functions of the script, and which of their parameters they change.
    changing: Rc<HashMap<String, Changes>>,
}

impl Scan {
    fn new(changing: &Rc<HashMap<String, Changes>>) -> Self {
        Self { changing: changing.clone(), assigned_at: vec![HashMap::new()], ..Self::default() }
    }

    pub(crate) fn of(statements: &[Stmt], changing: &Rc<HashMap<String, Changes>>) -> Self {
        let mut scan = Self { growing: crate::script::growth::growing(statements), ..Self::new(changing) };
        scan.visit_body(statements);
        scan
    }

    /// The names of a function with these parameters.
    pub(crate) fn of_function(function: &StmtFunctionDef, changing: &Rc<HashMap<String, Changes>>) -> Self {
        let parameters = function.parameters.iter_non_variadic_params().map(|one| one.parameter.name.to_string());
        let growing = crate::script::growth::growing(&function.body);
        let mut scan = Self { parameters: parameters.collect(), growing, ..Self::new(changing) };
        scan.visit_body(&function.body);
        scan
    }

    /// Whether a block assigns the parameter anew.
    pub(crate) fn is_reassigned(&self, name: &str) -> bool {
        self.reassigned.contains(name)
    }

    pub(crate) fn of_expression(expression: &Expr, changing: &Rc<HashMap<String, Changes>>) -> Self {
        let mut scan = Self::new(changing);
        scan.visit_expr(expression);
        scan
    }

    /// Whether a method that changes it is called on a variable of this name.
    pub(crate) fn has_changing_methods(&self, name: &str) -> bool {
        self.with_changing_methods.contains(name)
    }

    /// Whether the variable of this name and number changes.
    pub(crate) fn is_mutated(&self, name: &str, number: usize) -> bool {
        self.mutated.contains(&(name.to_string(), number))
    }

    /// Whether it may be a place or size somewhere.
    pub(crate) fn is_size(&self, name: &str) -> bool {
        name.contains('.') || self.sizes.contains(name) || self.read_inside.contains(name)
    }

    /// Whether it may become negative, and is never a place or size.
    pub(crate) fn is_lowered(&self, name: &str) -> bool {
        self.lowered.contains(name) && !self.is_size(name)
    }

    /// Whether its value or its elements may leave 32 bits.
    pub(crate) fn is_growing(&self, name: &str) -> bool {
        self.growing.contains(name)
    }

    /// Whether the variable changes otherwise than by `next`, or by a new `trainable`.
    pub(crate) fn is_changed(&self, name: &str, number: usize) -> bool {
        self.changed.contains(&(name.to_string(), number))
    }

    /// Whether an end of a slice may be beyond the array, where NumPy's slice ends: what was added up.
    pub(crate) fn may_be_beyond(&self, end: &Expr) -> bool {
        match end {
            Expr::Name(name) => self.sums.contains(name.id.as_str()),
            end => end.is_bin_op_expr(),
        }
    }

    /// Whether the name at this place declares a variable: in a comprehension, or of a variable that is there, it does not.
    pub(crate) fn declares(&self, place: TextSize) -> bool {
        self.declared_at.contains_key(&place)
    }

    /// How many variables of this name are declared before this place.
    pub(crate) fn declared_before(&self, name: &str, place: TextSize) -> usize {
        self.declared_at.iter().filter(|(at, own)| **at < place && *own == name).count()
    }

    pub(crate) fn changes_itself(&self, name: &str, number: usize) -> bool {
        self.changed_here.contains(&(name.to_string(), number))
    }

    pub(crate) fn is_declared(&self, name: &str) -> bool {
        self.declared.contains_key(name)
    }

    pub(crate) fn is_assigned_once(&self, name: &str) -> bool {
        self.declared.get(name) == Some(&1) && !self.is_mutated(name, 1)
    }

    /// Whether the variable of this name and number is passed as a callback.
    pub(crate) fn is_callback(&self, name: &str, number: usize) -> bool {
        self.callbacks.contains(&(name.to_string(), number))
    }

    /// Whether a part of it is read by its place.
    pub(crate) fn is_subscripted(&self, name: &str) -> bool {
        self.subscripted.contains(name)
    }

    /// Where it changes last.
    pub(crate) fn last_change(&self, name: &str) -> Option<TextSize> {
        self.last_change.get(name).copied()
    }

    /// Whether functions inside read it.
    pub(crate) fn is_read_inside(&self, name: &str) -> bool {
        self.read_inside.contains(name)
    }

    /// Whether an element of a list or dict changes in its place.
    pub(crate) fn changes_elements(&self) -> bool {
        self.changes_elements
    }

    /// How often it is read in the statement that ends here.
    pub(crate) fn reads_in(&self, name: &str, end: TextSize) -> usize {
        self.reads_of_statement.get(&(name.to_string(), end)).copied().unwrap_or(0)
    }

    /// Whether it is written as JSON.
    pub(crate) fn is_for_json(&self, name: &str) -> bool {
        self.for_json.contains(name)
    }

    /// How often it is read otherwise than by `next`.
    pub(crate) fn whole_reads(&self, name: &str) -> usize {
        self.reads(name).saturating_sub(self.nexts.get(name).copied().unwrap_or(0))
    }

    /// Whether it is read, and only as `**name`.
    pub(crate) fn is_read_as_words(&self, name: &str) -> bool {
        self.reads(name) > 0 && self.as_words.get(name) == Some(&self.reads(name))
    }

    /// Whether it is read, and only as `name.format(...)`.
    pub(crate) fn is_read_as_format(&self, name: &str) -> bool {
        self.reads(name) > 0 && self.as_formats.get(name) == Some(&self.reads(name))
    }

    /// Whether it is read, and only by its elements.
    pub(crate) fn is_read_by_elements(&self, name: &str) -> bool {
        self.reads(name) > 0 && !self.is_read_whole(name)
    }

    /// Whether it is read otherwise than by its elements.
    pub(crate) fn is_read_whole(&self, name: &str) -> bool {
        self.reads(name) > self.parts_read.get(name).copied().unwrap_or(0)
    }

    /// Whether an element of it is assigned.
    pub(crate) fn is_item_assigned(&self, name: &str) -> bool {
        self.item_assigned.contains(name)
    }

    /// Where it is read last.
    pub(crate) fn last_read(&self, name: &str) -> Option<TextSize> {
        self.read_at.get(name).into_iter().flatten().map(|&(read, _)| read).max()
    }

    /// Whether what it has at this place is read behind, outside of other functions.
    pub(crate) fn is_read_behind(&self, name: &str, place: TextSize) -> bool {
        self.read_at.get(name).into_iter().flatten().any(|&(read, assigned)| read > place && assigned < place)
    }

    /// Whether something reads what the name is assigned at this place.
    pub(crate) fn reads_from(&self, name: &str, place: TextSize) -> bool {
        self.read_inside.contains(name)
            || self
                .read_at
                .get(name)
                .into_iter()
                .flatten()
                .any(|&(read, assigned)| assigned == place || (read > place && assigned < place))
    }

    /// Whether no statement of the function assigns it.
    pub(crate) fn is_never_assigned(&self, name: &str) -> bool {
        !self.declared.contains_key(name) && !self.parameters.contains(name)
    }

    /// Whether what it has at this place is read from there on, also in the next round of the loop around.
    pub(crate) fn is_read_from(&self, name: &str, place: TextSize, around: Option<TextRange>) -> bool {
        self.read_at.get(name).into_iter().flatten().any(|&(read, assigned)| {
            let is_behind = read > place && assigned < place;
            is_behind
                || around.is_some_and(|loop_| crate::script::sharing::is_in(loop_, read) && assigned < loop_.start())
        })
    }

    /// Whether what it has before a statement is read behind it, also in the next round of the loop around.
    pub(crate) fn is_read_after(&self, name: &str, statement: TextRange, around: Option<TextRange>) -> bool {
        self.read_at.get(name).into_iter().flatten().any(|&(read, assigned)| {
            let is_behind = read > statement.end() && assigned < statement.start();
            is_behind
                || around.is_some_and(|loop_| crate::script::sharing::is_in(loop_, read) && assigned < loop_.start())
        })
    }

    /// Whether it is a parameter.
    pub(crate) fn is_parameter(&self, name: &str) -> bool {
        self.parameters.contains(name)
    }

    /// All names that are read.
    pub(crate) fn all_read(&self) -> impl Iterator<Item = &str> {
        self.read.keys().map(String::as_str)
    }

    /// Notes the names of an expression that stands for one of the script.
    pub(crate) fn read_also(&mut self, expression: &Expr) {
        let other = Self::of_expression(expression, &self.changing);
        for (name, count) in other.read {
            self.read.entry(name).or_insert(count);
        }
    }

    /// Counts a read that the script has under another name.
    pub(crate) fn count_read(&mut self, name: &str) {
        *self.read.entry(name.to_string()).or_insert(0) += 1;
    }

    /// Whether it is called, or may be, as an attribute.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        name.contains('.') || self.called.contains(name)
    }

    /// How often it is read, from anywhere. Attributes are.
    pub(crate) fn reads(&self, name: &str) -> usize {
        if name.contains('.') {
            return 1;
        }
        self.read.get(name).copied().unwrap_or(0)
    }

    fn enter_block(&mut self) {
        self.depth += 1;
        self.blocks.push(HashSet::new());
        self.assigned_at.push(HashMap::new());
    }

    fn leave_block(&mut self) {
        self.depth -= 1;
        self.blocks.pop();
        self.assigned_at.pop();
    }

    fn assign(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                let start = name.range.start();
                let name = name.id.to_string();
                if let Some(block) = self.assigned_at.last_mut() {
                    block.insert(name.clone(), start);
                }
                if self.depth > 0 && self.parameters.contains(&name) && !self.outside.contains(&name) {
                    self.reassigned.insert(name);
                    return;
                }
                if let Some((innermost, outer)) = self.blocks.split_last_mut() {
                    let is_outer = self.outside.contains(&name) || outer.iter().any(|block| block.contains(&name));
                    if is_outer && !innermost.contains(&name) {
                        self.mutate(target);
                        return;
                    }
                    innermost.insert(name.clone());
                }
                if self.depth == 0 {
                    self.outside.insert(name.clone());
                }
                *self.declared.entry(name.clone()).or_insert(0) += 1;
                self.declared_at.insert(start, name);
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.assign(target)),
            Expr::List(list) => list.elts.iter().for_each(|target| self.assign(target)),
            Expr::Starred(starred) => self.assign(&starred.value),
            Expr::Subscript(subscript) => {
                self.visit_expr(&subscript.value);
                self.visit_expr(&subscript.slice);
                self.mutate(&subscript.value);
                self.mutate_base(&subscript.value);
                self.assign_item(&subscript.value);
            }
            Expr::Attribute(attribute) => {
                self.visit_expr(&attribute.value);
                match &*attribute.value {
                    // Layers and models keep it where all their handles see it.
                    Expr::Name(name) if attribute.attr.as_str() == "trainable" && name.id.as_str() != "self" => {
                        self.advance(&name.id);
                    }
                    value => self.mutate(value),
                }
                if let Some(name) = attribute_name(target) {
                    *self.declared.entry(name).or_insert(0) += 1;
                }
            }
            _ => {}
        }
    }

    /// The parts of a comprehension, whose variables are its own. What the first loop goes over is outside.
    fn visit_comprehension(&mut self, generators: &[Comprehension], parts: &[&Expr]) {
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        let shadowed = self.shadowed.len();
        for generator in generators {
            self.shadowed.extend(crate::program::names_in(&generator.target));
        }
        for (i, generator) in generators.iter().enumerate() {
            if i > 0 {
                self.visit_expr(&generator.iter);
            }
            generator.ifs.iter().for_each(|test| self.visit_expr(test));
        }
        parts.iter().for_each(|part| self.visit_expr(part));
        self.shadowed.truncate(shadowed);
    }

    /// The parameters of a function have the number 0.
    fn mutate(&mut self, target: &Expr) {
        if let Some(name) = attribute_name(target) {
            self.mutate_name(&name);
        }
        match target {
            Expr::Name(name) => self.mutate_name(&name.id),
            Expr::Attribute(attribute) => self.mutate(&attribute.value),
            _ => {}
        }
    }

    /// `xs` of `xs[i]`, which changes with its element.
    fn mutate_base(&mut self, element: &Expr) {
        if let Expr::Subscript(subscript) = element {
            self.changes_elements = true;
            self.mutate(&subscript.value);
            self.mutate_base(&subscript.value);
        }
    }

    fn assign_item(&mut self, array: &Expr) {
        if let Expr::Name(name) = array {
            self.item_assigned.insert(name.id.to_string());
        }
        self.item_assigned.extend(attribute_name(array));
    }

    fn mutate_callback(&mut self, name: &str) {
        let number = self.declared.get(name).copied().unwrap_or(0);
        self.callbacks.insert((name.to_string(), number));
    }

    fn mutate_name(&mut self, name: &str) {
        self.advance(name);
        let number = self.declared.get(name).copied().unwrap_or(0);
        self.changed.insert((name.to_string(), number));
    }

    /// `next(name)`, `name.trainable = False`
    fn advance(&mut self, name: &str) {
        self.last_change.insert(name.to_string(), self.place);
        let number = self.declared.get(name).copied().unwrap_or(0);
        self.mutated.insert((name.to_string(), number));
        if !self.is_passed {
            self.changed_here.insert((name.to_string(), number));
        }
    }
}

impl<'a> Visitor<'a> for Scan {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        (self.place, self.statement_end) = (statement.range().start(), statement.range().end());
        match statement {
            // What is assigned is read before.
            Stmt::Assign(assign) => {
                if let ([Expr::Name(name)], Expr::List(list)) = (&assign.targets[..], &*assign.value) {
                    self.lists.insert(name.id.to_string(), names_in_list(list));
                }
                if let ([Expr::Name(name)], Expr::UnaryOp(unary)) = (&assign.targets[..], &*assign.value)
                    && unary.op == UnaryOp::USub
                {
                    self.lowered.insert(name.id.to_string());
                }
                self.visit_expr(&assign.value);
                if let ([Expr::Name(name)], Expr::BinOp(sum)) = (&assign.targets[..], &*assign.value)
                    && sum.op == Operator::Add
                {
                    self.sums.insert(name.id.to_string());
                }
                assign.targets.iter().for_each(|target| self.assign(target));
                return;
            }
            // A generator of random numbers changes; a dataset returns another one.
            Stmt::Expr(expression) => {
                if let Expr::Call(call) = &*expression.value
                    && let Expr::Attribute(attribute) = &*call.func
                    && attribute.attr.as_str() == "shuffle"
                {
                    self.mutate(&attribute.value);
                }
            }
            Stmt::AnnAssign(assign) => self.assign(&assign.target),
            Stmt::AugAssign(assign) => {
                if let (Expr::Name(name), Operator::Sub) = (&*assign.target, assign.op) {
                    self.lowered.insert(name.id.to_string());
                }
                if let Expr::Subscript(subscript) = &*assign.target {
                    self.assign_item(&subscript.value);
                    self.mutate(&subscript.value);
                    self.mutate_base(&subscript.value);
                }
                self.mutate(&assign.target);
            }
            Stmt::For(each) => {
                self.visit_expr(&each.iter);
                self.enter_block();
                self.assign(&each.target);
                self.visit_body(&each.body);
                self.leave_block();
                self.visit_body(&each.orelse);
                return;
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    if let Expr::Subscript(subscript) = target {
                        self.mutate(&subscript.value);
                        self.mutate_base(&subscript.value);
                    }
                }
            }
            // Those of another function are its own.
            Stmt::FunctionDef(function) => {
                // Defaults are read here.
                let defaults = function.parameters.iter_non_variadic_params();
                defaults.filter_map(|one| one.default.as_deref()).for_each(|default| self.visit_expr(default));
                let inner = Self::of_function(function, &self.changing);
                self.called.extend(inner.called);
                self.subscripted.extend(inner.subscripted);
                let is_own = |name: &str| inner.parameters.contains(name) || inner.declared.contains_key(name);
                self.read_inside.extend(inner.read.keys().filter(|name| !is_own(name)).cloned());
                self.changes_elements |= inner.changes_elements;
                for (name, count) in inner.read {
                    *self.read.entry(name).or_insert(0) += count;
                }
                for (name, count) in inner.as_words {
                    *self.as_words.entry(name).or_insert(0) += count;
                }
                for (name, count) in inner.as_formats {
                    *self.as_formats.entry(name).or_insert(0) += count;
                }
                return;
            }
            _ => {}
        }
        let is_block = matches!(statement, Stmt::For(_) | Stmt::While(_) | Stmt::If(_) | Stmt::With(_) | Stmt::Try(_));
        if is_block {
            self.enter_block();
        }
        walk_stmt(self, statement);
        if is_block {
            self.leave_block();
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                *self.read.entry(name.id.to_string()).or_insert(0) += 1;
                if self.shadowed.iter().any(|own| own == name.id.as_str()) {
                    return;
                }
                let assigned = self.assigned_at.iter().filter_map(|block| block.get(name.id.as_str())).max();
                let read_at = (name.range.start(), assigned.copied().unwrap_or_default());
                self.read_at.entry(name.id.to_string()).or_default().push(read_at);
                *self.reads_of_statement.entry((name.id.to_string(), self.statement_end)).or_insert(0) += 1;
            }
            Expr::Subscript(subscript) => {
                if let Expr::Name(name) = &*subscript.value {
                    self.subscripted.insert(name.id.to_string());
                    *self.parts_read.entry(name.id.to_string()).or_insert(0) += 1;
                }
                self.sizes.extend(names_read(&subscript.slice));
            }
            Expr::ListComp(list) => return self.visit_comprehension(&list.generators, &[&list.elt]),
            Expr::SetComp(set) => return self.visit_comprehension(&set.generators, &[&set.elt]),
            Expr::Generator(generator) => return self.visit_comprehension(&generator.generators, &[&generator.elt]),
            Expr::DictComp(dict) => {
                let parts: Vec<&Expr> = dict.key.iter().map(|key| &**key).chain([&*dict.value]).collect();
                return self.visit_comprehension(&dict.generators, &parts);
            }
            Expr::Lambda(lambda) => {
                let own = lambda.parameters.iter().flat_map(|all| all.iter().map(|one| one.name().to_string()));
                let own: Vec<_> = own.collect();
                // It may be called when they have other values.
                self.read_inside.extend(names_read(&lambda.body).into_iter().filter(|name| !own.contains(name)));
                let shadowed = self.shadowed.len();
                self.shadowed.extend(own);
                self.visit_expr(&lambda.body);
                self.shadowed.truncate(shadowed);
                let defaults = lambda.parameters.iter().flat_map(|all| all.iter_non_variadic_params());
                defaults.filter_map(|one| one.default.as_deref()).for_each(|default| self.visit_expr(default));
                return;
            }
            Expr::Call(call) => {
                let is_of_numbers = match &*call.func {
                    Expr::Name(name) => OF_NUMBERS.contains(&name.id.as_str()),
                    Expr::Attribute(attribute) => match &*attribute.value {
                        Expr::Name(module) if module.id.as_str() == "math" => true,
                        Expr::Name(module) if matches!(module.id.as_str(), "np" | "numpy") => {
                            matches!(attribute.attr.as_str(), "array" | "mean" | "std" | "abs" | "sum" | "sqrt" | "exp")
                        }
                        _ => false,
                    },
                    _ => false,
                };
                if !is_of_numbers {
                    let words = call.arguments.keywords.iter().map(|word| &word.value);
                    for argument in call.arguments.args.iter().chain(words) {
                        self.sizes.extend(names_read(argument));
                    }
                }
                if let Expr::Attribute(attribute) = &*call.func {
                    let name = attribute.attr.as_str();
                    let changes = self.changing.get(name).is_some_and(|changes| changes.places.contains(&0));
                    let is_in_place = call.arguments.keywords.iter().any(|word| word.arg.as_deref() == Some("inplace"));
                    if changes || is_in_place || MUTATING.contains(&name) {
                        self.mutate(&attribute.value);
                        if let Expr::Name(object) = &*attribute.value {
                            self.with_changing_methods.insert(object.id.to_string());
                        }
                        if OF_COLLECTIONS.contains(&name) {
                            self.mutate_base(&attribute.value);
                        }
                    }
                    // Python's own function changes a list; NumPy's gives an array another value here.
                    match &*attribute.value {
                        Expr::Name(module) if name == "shuffle" && module.id.as_str() == "random" => {
                            call.arguments.args.iter().for_each(|list| self.mutate(list));
                        }
                        _ if name == "shuffle" => {
                            walk_expr(self, expression);
                            call.arguments.args.iter().for_each(|array| self.assign(array));
                            return;
                        }
                        _ => {}
                    }
                    // Callbacks of the script that are read afterwards.
                    let callbacks =
                        call.arguments.keywords.iter().filter(|word| word.arg.as_deref() == Some("callbacks"));
                    for word in callbacks {
                        let names = match &word.value {
                            Expr::List(list) => names_in_list(list),
                            Expr::Name(list) => self.lists.get(list.id.as_str()).cloned().unwrap_or_default(),
                            _ => Vec::new(),
                        };
                        names.iter().for_each(|callback| self.mutate_callback(callback));
                    }
                }
                if let (Expr::Name(next), [reader]) = (&*call.func, &call.arguments.args[..])
                    && next.id.as_str() == "next"
                {
                    match reader {
                        Expr::Name(reader) => {
                            *self.nexts.entry(reader.id.to_string()).or_insert(0) += 1;
                            self.advance(&reader.id);
                        }
                        reader => self.mutate(reader),
                    }
                }
                if let (Expr::Attribute(attribute), Some(Expr::Name(name))) = (&*call.func, call.arguments.args.first())
                    && matches!(&*attribute.value, Expr::Name(json) if json.id.as_str() == "json")
                {
                    self.for_json.insert(name.id.to_string());
                }
                if let Some(name) = called_name(&call.func) {
                    self.called.insert(name);
                }
                if let Expr::Attribute(method) = &*call.func
                    && let (Expr::Name(name), "format") = (&*method.value, method.attr.as_str())
                {
                    *self.as_formats.entry(name.id.to_string()).or_insert(0) += 1;
                }
                for word in call.arguments.keywords.iter().filter(|word| word.arg.is_none()) {
                    if let Expr::Name(name) = &word.value {
                        *self.as_words.entry(name.id.to_string()).or_insert(0) += 1;
                    }
                }
                // Defaults of the command line are written as literals.
                if matches!(&*call.func, Expr::Attribute(method) if method.attr.as_str() == "add_argument") {
                    call.arguments.args.iter().for_each(|argument| self.visit_expr(argument));
                    for word in call.arguments.keywords.iter().filter(|word| word.arg.as_deref() != Some("default")) {
                        self.visit_expr(&word.value);
                    }
                    return;
                }
                if let Expr::Name(name) = &*call.func
                    && let Some(changes) = self.changing.clone().get(name.id.as_str())
                {
                    let arguments = changes.places.iter().filter_map(|&place| call.arguments.args.get(place));
                    self.is_passed = true;
                    arguments.for_each(|argument| self.mutate(argument));
                    self.is_passed = false;
                    changes.names.iter().for_each(|name| self.mutate_name(name));
                }
            }
            _ => {}
        }
        walk_expr(self, expression);
    }
}

/// Functions that take any number.
const OF_NUMBERS: &[&str] = &["print", "abs", "float", "str", "int", "round", "bool", "sum", "len", "sorted"];

/// The names in an expression.
pub(crate) fn names_read(expression: &Expr) -> Vec<String> {
    struct Names(Vec<String>);
    impl<'a> Visitor<'a> for Names {
        fn visit_expr(&mut self, expression: &'a Expr) {
            if let Expr::Name(name) = expression {
                self.0.push(name.id.to_string());
            }
            walk_expr(self, expression);
        }
    }
    let mut names = Names(Vec::new());
    names.visit_expr(expression);
    names.0
}

fn called_name(func: &Expr) -> Option<String> {
    match func {
        Expr::Name(name) => Some(name.id.to_string()),
        func => attribute_name(func),
    }
}

/// `self.name`
fn attribute_name(target: &Expr) -> Option<String> {
    let Expr::Attribute(attribute) = target else { return None };
    match &*attribute.value {
        Expr::Name(name) if name.id.as_str() == "self" => Some(format!("self.{}", attribute.attr)),
        _ => None,
    }
}

fn names_in_list(list: &ruff_python_ast::ExprList) -> Vec<String> {
    list.elts.iter().filter_map(Expr::as_name_expr).map(|name| name.id.to_string()).collect()
}
