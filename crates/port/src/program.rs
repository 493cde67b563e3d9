//! The program as a whole: what has been written so far, and in what order it is put together.

use crate::classes::Class;
use crate::evidence::Evidence;
use crate::functions::{Captured, Function};
use crate::scan::{self, Changes, Scan};
use crate::source::Source;
use crate::value::{Scopes, Type};
use crate::{Gap, Missing, Port};
use hashbrown::{HashMap, HashSet};
use ruff_python_ast::{Expr, ExprDict, ExprList, Stmt};
use ruff_text_size::{Ranged, TextRange};
use std::collections::BTreeSet;
use std::rc::Rc;

/// A program that is being written.
pub(crate) struct Program<'a> {
    pub(crate) source: &'a Source<'a>,
    file: String,
    pub(crate) scopes: Scopes,
    /// Of the functions that are being written, from the outermost on; and how many variables each name has had so far.
    pub(crate) scans: Vec<(Scan, HashMap<String, usize>)>,
    /// What the functions of the script change.
    pub(crate) changing: Rc<HashMap<String, Changes>>,
    /// Of the functions that are being written, which names share their values.
    pub(crate) sharing: Vec<crate::sharing::Sharing>,
    pub(crate) returned: crate::sharing::Returned,
    pub(crate) functions: Vec<Function<'a>>,
    pub(crate) classes: Vec<Class<'a>>,
    /// The classes whose `__init__` is being written, from the outermost on.
    pub(crate) initialized: Vec<usize>,
    pub(crate) methods_being_written: Vec<String>,
    /// The step of a model that is being written: its class, how many functions are being written then, and the names of its logs.
    pub(crate) step: Option<(usize, usize, Vec<String>)>,
    /// The attributes that are read of anything but `self`.
    pub(crate) attributes_outside: HashSet<String>,
    /// The callback whose hooks are being written, and how many functions are being written in them.
    pub(crate) hooks_of: Option<(usize, usize)>,
    /// Variables of the module that methods read, and that are numbers or texts.
    pub(crate) read_by_methods: HashSet<String>,
    /// Of the functions that are being written, a parameter that is a symbolic tensor.
    pub(crate) symbolic_parameters: Vec<Option<String>>,
    /// What the functions that are being written use of the variables outside, from the outermost function on.
    pub(crate) captures: Vec<Vec<Captured>>,
    /// What is imported from `candle_keras`: `layers::Dense`.
    uses: BTreeSet<String>,
    constants: Vec<String>,
    /// What the script says of itself.
    about: Vec<String>,
    /// Functions and types, by the lines of the script.
    items: Vec<(usize, String)>,
    pub(crate) body: Vec<String>,
    pub(crate) depth: usize,
    /// The last line that has been written, with its comments.
    last_line: usize,
    /// What the functions that are being written return; `None` until it is known.
    pub(crate) returns: Vec<Option<Type>>,
    /// Whether nothing behind is reached in this call of the function.
    pub(crate) is_over: bool,
    /// The names that a branch assigns again which is always taken.
    pub(crate) assigned_again: Vec<String>,
    /// The line of a `return` that is not ported.
    pub(crate) lost_return: Option<usize>,
    /// What the elements of empty lists turned out to be, by their numbers.
    unknown: Vec<Option<Type>>,
    /// What the uses of each name say of its value.
    pub(crate) evidence: Evidence,
    /// Dicts of values of several types, which are looked up while the program is written.
    pub(crate) literals: HashMap<String, &'a ExprDict>,
    /// Lists of objects of Keras, which are written out where they are used.
    pub(crate) lists: HashMap<String, &'a ExprList>,
    /// As how many values an expression is assigned.
    pub(crate) wanted_outputs: Option<(usize, TextRange)>,
    pub(crate) graphs: crate::layer_graphs::Graphs,
    /// Whether what is written is used by nothing.
    pub(crate) is_uncalled: bool,
    /// The models that are compiled, as the script calls them.
    pub(crate) compiled: Vec<&'a str>,
    /// What dicts and lists of `collections` do that others do not, by their names.
    pub(crate) special: HashMap<String, crate::special::Special<'a>>,
    /// Whether the elements of the list that is written next are no sizes.
    pub(crate) may_be_negative: bool,
    /// Texts that are kept as lists of characters, by their names in Rust.
    pub(crate) taken_apart: HashSet<String>,
    /// Integers that names stand for, which are assigned once.
    pub(crate) integers: HashMap<String, i64>,
    /// Where the statement ends that is being written.
    pub(crate) statement_end: ruff_text_size::TextSize,
    /// Where it assigns: behind what it reads, but before the statements in it.
    pub(crate) assigns_at: ruff_text_size::TextSize,
    /// Arrays that are known to have one axis.
    pub(crate) vectors: HashSet<String>,
    /// The loops that are being written, of each function.
    pub(crate) loops: Vec<crate::kept_counters::Loops>,
    /// Of the functions that are being written, where those that yield gather it.
    pub(crate) gathered: Vec<Option<crate::generators::Gathered>>,
    /// Variables of loops that go over arrays.
    pub(crate) rows: HashSet<String>,
    /// Types that are written out, and known at the end.
    late_types: Vec<Type>,
    /// The parsers of arguments.
    pub(crate) parsers: Vec<crate::command_line::Parser>,
    /// Arguments that are known to be given, and their names in Rust.
    pub(crate) given: HashMap<String, String>,
    /// Tables of `str.maketrans`.
    pub(crate) tables: HashMap<String, &'a ruff_python_ast::ExprCall>,
    /// The texts of constants.
    pub(crate) constant_texts: HashMap<String, String>,
    /// The constants of patterns.
    pub(crate) patterns: Vec<(String, String)>,
    /// The paths of the files that are open, by their variables in Rust.
    pub(crate) paths: HashMap<String, String>,
    /// How the files are written that are open outside of `with`, by their variables in Rust.
    pub(crate) open_files: HashMap<String, String>,
    /// What has been written as JSON to each path.
    pub(crate) dumped: HashMap<String, Type>,
    /// Functions with some of their arguments: `partial(Conv2D, padding="same")`.
    pub(crate) partials: HashMap<String, &'a ruff_python_ast::ExprCall>,
    /// Names of constants that are not negative fractions.
    pub(crate) not_negative: HashSet<String>,
    /// Names whose values are not ported, but known by their uses.
    pub(crate) guessed: HashSet<String>,
    /// What is imported from elsewhere: `indexmap::IndexMap`.
    other_uses: BTreeSet<String>,
    gaps: Vec<Gap>,
    missing_lines: HashSet<usize>,
    code_lines: HashSet<usize>,
}

impl<'a> Program<'a> {
    pub(crate) fn new(source: &'a Source<'a>, file: &str) -> Self {
        Self {
            source,
            file: file.into(),
            scopes: Scopes::default(),
            scans: Vec::new(),
            changing: Rc::default(),
            sharing: Vec::new(),
            returned: crate::sharing::Returned::default(),
            functions: Vec::new(),
            classes: Vec::new(),
            initialized: Vec::new(),
            methods_being_written: Vec::new(),
            step: None,
            attributes_outside: HashSet::new(),
            hooks_of: None,
            read_by_methods: HashSet::new(),
            symbolic_parameters: Vec::new(),
            captures: Vec::new(),
            uses: BTreeSet::new(),
            constants: Vec::new(),
            about: Vec::new(),
            items: Vec::new(),
            body: Vec::new(),
            depth: 1,
            last_line: 0,
            returns: Vec::new(),
            is_over: false,
            assigned_again: Vec::new(),
            lost_return: None,
            unknown: Vec::new(),
            evidence: Evidence::default(),
            literals: HashMap::new(),
            lists: HashMap::new(),
            wanted_outputs: None,
            graphs: crate::layer_graphs::Graphs::default(),
            is_uncalled: false,
            compiled: Vec::new(),
            special: HashMap::new(),
            may_be_negative: false,
            taken_apart: HashSet::new(),
            integers: HashMap::new(),
            statement_end: ruff_text_size::TextSize::default(),
            assigns_at: ruff_text_size::TextSize::default(),
            vectors: HashSet::new(),
            loops: Vec::new(),
            gathered: Vec::new(),
            rows: HashSet::new(),
            late_types: Vec::new(),
            parsers: Vec::new(),
            given: HashMap::new(),
            tables: HashMap::new(),
            constant_texts: HashMap::new(),
            patterns: Vec::new(),
            paths: HashMap::new(),
            open_files: HashMap::new(),
            dumped: HashMap::new(),
            partials: HashMap::new(),
            not_negative: HashSet::new(),
            guessed: HashSet::new(),
            other_uses: BTreeSet::new(),
            gaps: Vec::new(),
            missing_lines: HashSet::new(),
            code_lines: HashSet::new(),
        }
    }

    pub(crate) fn port(mut self) -> Port {
        let statements = self.source.statements();
        self.count_lines(statements);
        self.scopes.enter();
        self.evidence = Evidence::of(statements);
        self.graphs = crate::layer_graphs::Graphs::of(statements);
        self.attributes_outside = crate::subclasses::attributes_outside(statements);
        self.read_by_methods = crate::module_constants::read_by_methods(statements);
        self.changing = scan::changing(statements);
        self.returned = crate::sharing::Returned::of(statements);
        self.scans.push((Scan::of(statements, &self.changing), HashMap::new()));
        let statements = self.without_docstring(statements);
        self.block(statements);
        self.comments_before(self.source.line_count() + 1);
        self.write_uncalled();
        self.write_classes();
        self.gaps.sort_by_key(|gap| gap.line);
        let (lines, ported) = (self.code_lines.len(), self.code_lines.difference(&self.missing_lines).count());
        Port { program: self.with_types(&self.text()), lines, ported, gaps: self.gaps }
    }

    /// The statements behind the text that says what the script is.
    fn without_docstring(&mut self, statements: &'a [Stmt]) -> &'a [Stmt] {
        let Some((Stmt::Expr(first), rest)) = statements.split_first() else { return statements };
        let Expr::StringLiteral(text) = &*first.value else { return statements };
        self.comments_before(self.source.line(first.range.start()));
        let comments = std::mem::take(&mut self.body);
        self.about.extend(
            comments
                .iter()
                .map(|line| line.trim().trim_start_matches("//").trim().to_string())
                .filter(|line| !line.is_empty()),
        );
        self.about.extend(text.value.to_str().trim().lines().map(|line| line.trim_end().to_string()));
        self.last_of(first.range);
        rest
    }

    fn count_lines(&mut self, statements: &[Stmt]) {
        let lines = statements.iter().flat_map(|statement| self.source.lines(statement.range()));
        let code =
            lines.filter(|&line| !self.source.is_blank(line) && self.source.comment(line).is_none_or(|c| !c.is_alone));
        self.code_lines.extend(code.collect::<Vec<_>>());
    }

    /// Whether a function of the script has this name in Rust.
    fn defines_function(&self, name: &str) -> bool {
        self.functions.iter().any(|function| crate::names::in_snake_case(function.definition.name()) == name)
    }

    /// Remembers what is used from `candle_keras`, and returns its name.
    pub(crate) fn import(&mut self, path: &str) -> String {
        let (module, name) = path.rsplit_once("::").unwrap_or(("", path));
        match module {
            // A function of the script has that name.
            _ if (module == "prelude" || crate::api::is_in_prelude(path)) && self.defines_function(name) => {
                return format!("candle_keras::prelude::{name}");
            }
            "prelude" => {}
            _ if crate::api::is_in_prelude(path) => {}
            // Modules whose names Keras has too.
            _ if ["cv2", "numpy", "python", "pyplot", "sklearn"].iter().any(|own| module.starts_with(own)) => {
                self.uses.insert(module.split("::").next().unwrap_or(module).to_string());
                return path.to_string();
            }
            // Functions have their module before them.
            _ if name.starts_with(|c: char| c.is_lowercase()) => {
                self.uses.insert(module.to_string());
                let last = module.rsplit("::").next().unwrap_or(module);
                return format!("{last}::{name}");
            }
            _ => {
                self.uses.insert(path.to_string());
            }
        }
        name.to_string()
    }

    /// Imports a function or macro by its own name.
    pub(crate) fn import_by_name(&mut self, path: &str) {
        if !crate::api::is_in_prelude(path) {
            self.uses.insert(path.to_string());
        }
    }

    /// Imports what `candle_keras` does not export.
    pub(crate) fn import_from(&mut self, path: &str) {
        self.other_uses.insert(path.to_string());
    }

    /// A name for a variable that the script does not have: this one, with a number if that is taken.
    pub(crate) fn free_name(&self, wish: &str) -> String {
        let is_free = |name: &str| self.scan().reads(name) == 0 && self.scopes.get(name).is_none();
        let numbered = (2..).map(|number| format!("{wish}_{number}"));
        std::iter::once(wish.to_string()).chain(numbered).find(|name| is_free(name)).unwrap_or_default()
    }

    /// The number of an empty list, whose elements will be known later.
    pub(crate) fn unknown(&mut self) -> usize {
        self.unknown.push(None);
        self.unknown.len() - 1
    }

    /// What the elements of an empty list are.
    pub(crate) fn known(&mut self, number: usize, of: Type) {
        let of = self.resolved(&of);
        if of == Type::Unknown(number) {
            return;
        }
        if let Some(unknown) = self.unknown.get_mut(number) {
            *unknown = Some(of);
        }
    }

    /// A type with what is known now of its empty lists.
    pub(crate) fn resolved(&self, of: &Type) -> Type {
        let boxed = |of: &Type| Box::new(self.resolved(of));
        match of {
            Type::Option(of) => Type::Option(boxed(of)),
            Type::Maybe(of) => Type::Maybe(boxed(of)),
            Type::Unknown(number) => match self.unknown.get(*number) {
                Some(Some(of)) if of != &Type::Unknown(*number) => self.resolved(of),
                _ => Type::Unknown(*number),
            },
            Type::List(of) => Type::List(boxed(of)),
            Type::Set(of) => Type::Set(boxed(of)),
            Type::Dict(key, value) => Type::Dict(boxed(key), boxed(value)),
            Type::Tuple(types) => Type::Tuple(types.iter().map(|of| self.resolved(of)).collect()),
            of => of.clone(),
        }
    }

    /// A place in the program where a type is written that is not known yet.
    pub(crate) fn late_type(&mut self, of: &Type) -> String {
        self.late_types.push(of.clone());
        format!("\u{2}{}\u{2}", self.late_types.len() - 1)
    }

    /// The text with the types of empty lists that nothing else says.
    fn with_types(&self, text: &str) -> String {
        let late = |number: &str| self.late_types.get(number.parse::<usize>().ok()?);
        let mut typed = String::new();
        for (i, part) in text.split('\u{2}').enumerate() {
            if i % 2 == 0 {
                typed.push_str(part);
                continue;
            }
            let known = late(part).and_then(|of| self.resolved(of).in_rust());
            // What is put in says it, or nothing does.
            let name = typed.rsplit("let mut ").next().and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            let other = match () {
                // What is None for ever has any type.
                () if typed.ends_with("None::<") => "()",
                () if is_filled(name, text) => "_",
                () => "f64",
            };
            typed.push_str(&known.unwrap_or_else(|| other.into()));
        }
        let text = &typed;
        let mut parts = text.split('\u{1}');
        let mut out = parts.next().unwrap_or_default().to_string();
        while let (Some(number), Some(behind)) = (parts.next(), parts.next()) {
            let number: usize = number.parse().unwrap_or(usize::MAX);
            let known = |number: usize| self.resolved(self.unknown.get(number)?.as_ref()?).in_rust();
            if let (Some(before), Some(key), Some(value)) =
                (out.strip_suffix("IndexMap::new()"), known(number), known(number + 1))
                && before
                    .rsplit("let mut ")
                    .next()
                    .and_then(|rest| rest.strip_suffix(" = "))
                    .is_some_and(|name| !is_filled(name, text))
            {
                out = format!("{before}IndexMap::<{key}, {value}>::new()");
            }
            if self.unknown.get(number).is_none_or(Option::is_none) {
                // Nothing is ever put in; numbers are taken everywhere.
                let typed = [
                    ("vec![]", "Vec::<f64>::new()"),
                    ("IndexMap::new()", "IndexMap::<(), ()>::new()"),
                    ("BTreeSet::new()", "BTreeSet::<()>::new()"),
                ];
                let found =
                    typed.iter().find_map(|(empty, typed)| Some(format!("{}{typed}", out.strip_suffix(empty)?)));
                out = found.unwrap_or(out);
            }
            out.push_str(behind);
        }
        out
    }

    /// What has been noted of gaps so far.
    pub(crate) fn noted(&self) -> (usize, HashSet<usize>, usize, Option<usize>) {
        (self.gaps.len(), self.missing_lines.clone(), self.last_line, self.lost_return)
    }

    /// Forgets what was noted of gaps since.
    pub(crate) fn forget(
        &mut self,
        (gaps, missing_lines, last_line, lost_return): (usize, HashSet<usize>, usize, Option<usize>),
    ) {
        self.gaps.truncate(gaps);
        (self.missing_lines, self.last_line, self.lost_return) = (missing_lines, last_line, lost_return);
    }

    /// The name of the script.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// A line of the function that is being written.
    pub(crate) fn line(&mut self, text: &str) {
        let indent = "    ".repeat(self.depth);
        if text.is_empty() {
            self.body.push(String::new());
        }
        for line in text.lines() {
            self.body.push(format!("{indent}{line}"));
        }
    }

    pub(crate) fn constant(&mut self, text: String) {
        self.constants.push(text);
    }

    /// A function or type that the script has at this line.
    pub(crate) fn item(&mut self, line: usize, text: String) {
        let at = self.items.partition_point(|(before, _)| *before <= line);
        self.items.insert(at, (line, text));
    }

    /// Whether this function or type has been written.
    pub(crate) fn has_item(&self, text: &str) -> bool {
        self.items.iter().any(|(_, item)| item == text)
    }

    /// Whether a function of this name has been written.
    pub(crate) fn has_function(&self, name: &str) -> bool {
        let start = format!("fn {name}(");
        self.items.iter().any(|(_, item)| item.contains(&start))
    }

    pub(crate) fn items_so_far(&self) -> Vec<(usize, String)> {
        self.items.clone()
    }

    /// Forgets functions and types that were written since.
    pub(crate) fn forget_items(&mut self, items: Vec<(usize, String)>) {
        self.items = items;
    }

    /// Imports what a type needs that is written out.
    pub(crate) fn import_type(&mut self, of: &Type) {
        match of {
            Type::Object(path) if crate::command_line::in_rust(path).is_some() || path.starts_with("serde_json") => {}
            Type::Object(path) if path.starts_with("inputs::") => {}
            Type::Object(path) if path == crate::pandas::VALUES => _ = self.import(crate::pandas::COLUMN),
            Type::Object(path) => _ = self.import(if path == "optimizers::Optimizer" { "Optimizer" } else { path }),
            Type::Path => self.import_from("std::path::PathBuf"),
            Type::Symbolic | Type::BatchSize => _ = self.import("layers::KerasTensor"),
            Type::Mutable { rank: 0, .. } => self.import_from("ndarray::ArrayD"),
            Type::Mutable { rank, .. } => self.import_from(&format!("ndarray::Array{rank}")),
            Type::Dict(key, value) => {
                self.import_from("indexmap::IndexMap");
                self.import_type(key);
                self.import_type(value);
            }
            Type::Set(of) => {
                self.import_from("std::collections::BTreeSet");
                self.import_type(of);
            }
            Type::Logs => _ = self.import("callbacks::Logs"),
            Type::Dataset(..) => _ = self.import("Dataset"),
            Type::Folder(..) => _ = self.import("utils::FolderDataset"),
            Type::Flow(_) => _ = self.import("preprocessing::image::ImageFlow"),
            Type::Variables => _ = self.import("layers::Variable"),
            Type::Layer(class) if class == "dyn Layer" => self.import_from("std::sync::Arc"),
            Type::Layer(class) if crate::api::item(&format!("layers::{class}")).is_some() => {
                self.import(&format!("layers::{class}"));
            }
            Type::List(of) => self.import_type(of),
            Type::Tuple(types) => types.iter().for_each(|of| self.import_type(of)),
            _ => {}
        }
    }

    /// Writes the comments and the empty line that stand before this line.
    pub(crate) fn comments_before(&mut self, line: usize) {
        let from = self.last_line + 1;
        for at in from..line {
            let comment = self.source.comment(at).filter(|comment| comment.is_alone).cloned();
            if let Some(comment) = comment {
                let text = format!("// {}", comment.text);
                self.line(text.trim_end());
            } else if self.source.is_blank(at) && self.body.last().is_some_and(|last| !last.is_empty()) {
                self.line("");
            }
        }
        self.last_line = self.last_line.max(line.saturating_sub(1));
    }

    /// Adds the comments behind the statement of these lines to what was written last.
    pub(crate) fn comments_of(&mut self, range: TextRange) {
        for line in self.source.lines(range) {
            let comment = self.source.comment(line).filter(|_| line > self.last_line).cloned();
            if let (Some(comment), Some(last)) = (comment, self.body.last_mut())
                && !comment.text.is_empty()
            {
                last.push_str(" // ");
                last.push_str(&comment.text);
            }
            self.last_line = self.last_line.max(line);
        }
    }

    pub(crate) fn last_line(&self) -> usize {
        self.last_line
    }

    pub(crate) fn set_last_line(&mut self, line: usize) {
        self.last_line = line;
    }

    /// That all lines up to this one have been written.
    pub(crate) fn last_line_is(&mut self, line: usize) {
        self.last_line = self.last_line.max(line);
    }

    pub(crate) fn last_of(&mut self, range: TextRange) {
        self.last_line_is(self.source.line(range.end()));
    }

    /// Notes a statement that cannot be ported.
    pub(crate) fn gap(&mut self, range: TextRange, missing: &Missing) -> usize {
        let lines = self.source.lines(range);
        let (line, count) = (*lines.start(), lines.clone().count());
        self.missing_lines.extend(lines);
        let code = self.source.text(range).lines().next().unwrap_or("").trim().to_string();
        self.gaps.push(Gap { line, lines: count, code, reason: missing.reason.clone(), help: missing.help.clone() });
        line
    }

    /// The name of the variable in Rust.
    pub(crate) fn rust_name(&self, name: &str) -> String {
        let mut rust_name = crate::names::in_snake_case(name.trim_start_matches("self."));
        // Rust has no value in `_`.
        if rust_name == "_" && self.scan().reads(name) > 0 {
            rust_name = "it".into();
        }
        while self.scopes.is_taken(&rust_name, name) {
            rust_name.push('_');
        }
        rust_name
    }

    pub(crate) fn scan(&self) -> &Scan {
        &self.scans[self.scans.len() - 1].0
    }

    /// Whether the variable that the name has now changes.
    pub(crate) fn is_mutated(&self, name: &str) -> bool {
        let (scan, declared) = &self.scans[self.scans.len() - 1];
        scan.is_mutated(name, declared.get(name).copied().unwrap_or(0))
    }

    /// Whether the variable that the name has now changes otherwise than by `next`, or by a new `trainable`.
    pub(crate) fn is_changed(&self, name: &str) -> bool {
        let (scan, declared) = &self.scans[self.scans.len() - 1];
        scan.is_changed(name, declared.get(name).copied().unwrap_or(0))
    }

    /// How many variables each name of this function has had.
    pub(crate) fn declared_so_far(&self) -> HashMap<String, usize> {
        self.scans[self.scans.len() - 1].1.clone()
    }

    /// Forgets variables that were declared since.
    pub(crate) fn declare_again(&mut self, declared: HashMap<String, usize>) {
        let last = self.scans.len() - 1;
        self.scans[last].1 = declared;
    }

    /// Says how many variables of this name are declared.
    pub(crate) fn declared_again(&mut self, name: &str, count: usize) {
        let last = self.scans.len() - 1;
        self.scans[last].1.insert(name.to_string(), count);
    }

    /// Whether the next variable of this name changes.
    pub(crate) fn is_next_mutated(&self, name: &str) -> bool {
        let (scan, declared) = &self.scans[self.scans.len() - 1];
        scan.is_mutated(name, declared.get(name).copied().unwrap_or(0) + 1)
    }

    /// Whether the variable that the name has now changes here, not in a function that it is passed to.
    pub(crate) fn changes_itself(&self, name: &str) -> bool {
        let (scan, declared) = &self.scans[self.scans.len() - 1];
        scan.changes_itself(name, declared.get(name).copied().unwrap_or(0))
    }

    /// Whether the next variable of this name is passed as a callback.
    pub(crate) fn is_callback(&self, name: &str) -> bool {
        let (scan, declared) = &self.scans[self.scans.len() - 1];
        scan.is_callback(name, declared.get(name).copied().unwrap_or(0) + 1)
    }

    /// Counts a new variable; whether it changes.
    pub(crate) fn declare(&mut self, name: &str) -> bool {
        let last = self.scans.len() - 1;
        *self.scans[last].1.entry(name.to_string()).or_insert(0) += 1;
        self.is_mutated(name)
    }

    fn text(&self) -> String {
        let program = self.program_text();
        let mut out = format!("// Ported from {}.\n", self.file);
        for line in &self.about {
            out.push_str(format!("// {line}").trim_end());
            out.push('\n');
        }
        out.push('\n');
        for line in self.use_lines(&program) {
            out.push_str(&line);
            out.push('\n');
        }
        out.push('\n');
        out.push_str(&program);
        out
    }

    /// The program without what it imports.
    fn program_text(&self) -> String {
        let mut out = String::new();
        for constant in self.constants.iter().filter(|constant| self.is_needed(constant)) {
            out.push_str(constant);
            out.push('\n');
        }
        if !self.constants.is_empty() {
            out.push('\n');
        }
        out.push_str("fn main() -> Result<()> {\n");
        let is_empty = |line: &&String| line.is_empty();
        let from = self.body.iter().take_while(is_empty).count();
        let behind = self.body.iter().rev().take_while(is_empty).count();
        for line in self.body.iter().take(self.body.len().saturating_sub(behind)).skip(from) {
            out.push_str(line);
            out.push('\n');
        }
        out.push_str("    Ok(())\n}\n");
        for (_, item) in &self.items {
            out.push('\n');
            out.push_str(item);
        }
        if self.gaps.iter().any(|gap| self.has_call_of_gap(gap.line)) {
            out.push_str(&format!(
                "\n/// Ends the program where the script has a line that is not ported.\nfn gap(line: usize, reason: &str) -> Result<()> {{\n    Err(Error::new(format!(\"line {{line}} of {} is not ported: {{reason}}\")))\n}}\n",
                self.file
            ));
        }
        out
    }

    /// Whether a constant is used: what formats are is in the texts of `format!` themselves.
    fn is_needed(&self, constant: &str) -> bool {
        let name = constant.strip_prefix("const ").and_then(|rest| rest.split(':').next()).unwrap_or_default();
        let others = self.constants.iter().filter(|other| *other != constant);
        !self.constant_texts.contains_key(name)
            || self
                .body
                .iter()
                .chain(self.items.iter().map(|(_, item)| item))
                .chain(others)
                .any(|text| has_word(text, name))
    }

    fn has_call_of_gap(&self, line: usize) -> bool {
        let call = format!("gap({line}, ");
        self.body.iter().chain(self.items.iter().map(|(_, item)| item)).any(|text| text.contains(&call))
    }

    /// The lines that import what this program uses.
    fn use_lines(&self, program: &str) -> Vec<String> {
        let is_used = |path: &&String| {
            let name = path.rsplit("::").next().unwrap_or(path);
            // A trait has no name where it is used.
            matches!(
                name,
                "IndexOp"
                    | "Source"
                    | "ToTensor"
                    | "ToColumn"
                    | "Metric"
                    | "Layer"
                    | "Declared"
                    | "LearningRateSchedule"
            ) || has_word(program, name)
        };
        let mut of_module: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
        for path in self.uses.iter().filter(is_used) {
            let (module, name) = path.rsplit_once("::").unwrap_or(("", path));
            of_module.entry(module).or_default().push(name);
        }
        if has_word(program, "Error") {
            of_module.entry("").or_default().push("Error");
        }
        let mut lines = Vec::new();
        for (module, mut names) in of_module {
            names.sort_unstable();
            let prefix = if module.is_empty() { "candle_keras".to_string() } else { format!("candle_keras::{module}") };
            match &names[..] {
                [name] => lines.push(format!("use {prefix}::{name};")),
                names => lines.push(format!("use {prefix}::{{{}}};", names.join(", "))),
            }
        }
        lines.extend(self.other_uses.iter().filter(is_used).map(|path| format!("use {path};")));
        lines.push("use candle_keras::prelude::*;".into());
        lines.sort();
        lines.dedup();
        lines
    }
}

/// Whether a text of Rust has this name.
pub(crate) fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

/// The names that a target of an assignment has.
pub(crate) fn names_in(target: &Expr) -> Vec<String> {
    match target {
        Expr::Name(name) => vec![name.id.to_string()],
        Expr::Tuple(tuple) => tuple.elts.iter().flat_map(names_in).collect(),
        Expr::List(list) => list.elts.iter().flat_map(names_in).collect(),
        _ => Vec::new(),
    }
}

/// Whether something is put into a collection.
fn is_filled(name: &str, program: &str) -> bool {
    ["insert", "entry", "extend", "push"].iter().any(|method| program.contains(&format!("{name}.{method}(")))
}
