//! The program as a whole: what has been written so far, and in what order it is put together.

mod imports;
mod text;
mod unknown_types;

pub(crate) use text::{has_word, is_endless};

use crate::classes::Class;
use crate::frames::Frame;
use crate::python::functions::{Captured, Function};
use crate::script::scan::{self, Changes, Scan};
use crate::script::source::Source;
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
    /// The functions that are being written, from the module on.
    pub(crate) frames: Vec<Frame>,
    /// What the functions of the script change.
    pub(crate) changing: Rc<HashMap<String, Changes>>,
    pub(crate) returned: crate::script::sharing::Returned,
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
    /// Whether nothing behind is reached in this call of the function.
    pub(crate) is_over: bool,
    /// The names that a branch assigns again which is always taken.
    pub(crate) assigned_again: Vec<String>,
    /// The line of a `return` that is not ported.
    pub(crate) lost_return: Option<usize>,
    /// What the elements of empty lists turned out to be, by their numbers.
    unknown: Vec<Option<Type>>,
    /// What follows from all that the script does.
    pub(crate) inferred: crate::inference::clues::Inferred<'a>,
    /// As how many values an expression is assigned.
    pub(crate) wanted_outputs: Option<(usize, TextRange)>,
    pub(crate) graphs: crate::keras::layer_graphs::Graphs,
    /// The functions of the module, by their names in Rust.
    defined: HashMap<String, String>,
    pub(crate) tolists: crate::numpy::tolists::Tolists,
    pub(crate) known: Known<'a>,
    pub(crate) files: Files,
    /// Whether what is written is used by nothing.
    pub(crate) is_uncalled: bool,
    /// The models that are compiled, as the script calls them.
    pub(crate) compiled: Vec<&'a str>,
    /// What dicts and lists of `collections` do that others do not, by their names.
    pub(crate) special: HashMap<String, crate::python::special::Special<'a>>,
    /// Whether the elements of the list that is written next are no sizes.
    pub(crate) may_be_negative: bool,
    /// Which numbers are printed that Rust writes otherwise.
    pub(crate) printed: crate::python::number_formats::Printed,
    /// Indices that are below zero at times, by where they start.
    pub(crate) wrapping: HashSet<ruff_text_size::TextSize>,
    /// Texts that are kept as lists of characters, by their names in Rust.
    pub(crate) taken_apart: HashSet<String>,
    /// Where the statement ends that is being written.
    pub(crate) statement_end: ruff_text_size::TextSize,
    /// Where it assigns: behind what it reads, but before the statements in it.
    pub(crate) assigns_at: ruff_text_size::TextSize,
    /// The name that the next statement of the block assigns.
    pub(crate) assigned_next: Option<String>,
    /// The variables whose names have a value of another type for now, and how deep the block is.
    pub(crate) interims: HashMap<String, (usize, crate::value::Variable)>,
    /// The loops that are being written, of each function.
    pub(crate) loops: Vec<crate::python::kept_counters::Loops>,
    /// Types that are written out, and known at the end.
    late_types: Vec<Type>,
    /// The parsers of arguments.
    pub(crate) parsers: Vec<crate::python::command_line::Parser>,
    /// Arguments that are known to be given, and their names in Rust.
    pub(crate) given: HashMap<String, String>,
    /// Names whose values are not ported, but known by their uses.
    pub(crate) guessed: HashSet<String>,
    /// What is imported from elsewhere: `indexmap::IndexMap`.
    other_uses: BTreeSet<String>,
    gaps: Vec<Gap>,
    missing_lines: HashSet<usize>,
    code_lines: HashSet<usize>,
}

/// What is known of names while the program is written.
#[derive(Default)]
pub(crate) struct Known<'a> {
    /// Dicts of values of several types, which are looked up while the program is written.
    pub(crate) literals: HashMap<String, &'a ExprDict>,
    /// Lists of objects of Keras, which are written out where they are used.
    pub(crate) lists: HashMap<String, &'a ExprList>,
    /// Functions with some of their arguments: `partial(Conv2D, padding="same")`.
    pub(crate) partials: HashMap<String, &'a ruff_python_ast::ExprCall>,
    /// Tables of `str.maketrans`.
    pub(crate) tables: HashMap<String, &'a ruff_python_ast::ExprCall>,
    /// The constants of patterns.
    pub(crate) patterns: Vec<(String, String)>,
    /// Integers that names stand for, which are assigned once.
    pub(crate) integers: HashMap<String, i64>,
    /// Arrays that are known to have one axis.
    pub(crate) vectors: HashSet<String>,
    /// Names of constants that are not negative fractions.
    pub(crate) not_negative: HashSet<String>,
    /// The texts of constants.
    pub(crate) constant_texts: HashMap<String, String>,
    /// The texts of variables that are assigned once.
    pub(crate) texts: HashMap<String, String>,
    /// Names that are 1 in the branch that is being written.
    pub(crate) ones: Vec<String>,
    /// Of grids of axes, by their names in Rust: the names of their numbers of rows and columns.
    pub(crate) grids: HashMap<String, [Option<String>; 2]>,
    /// Variables of loops that go over arrays.
    pub(crate) rows: HashSet<String>,
}

/// The files that the script reads and writes.
#[derive(Default)]
pub(crate) struct Files {
    /// The paths of the files that are open, by their variables in Rust.
    pub(crate) paths: HashMap<String, String>,
    /// How the files are written that are open outside of `with`, by their variables in Rust.
    pub(crate) open_files: HashMap<String, String>,
    /// What has been written as JSON to each path.
    pub(crate) dumped: HashMap<String, Type>,
}

impl<'a> Program<'a> {
    pub(crate) fn new(source: &'a Source<'a>, file: &str) -> Self {
        Self {
            source,
            file: file.into(),
            scopes: Scopes::default(),
            frames: Vec::new(),
            changing: Rc::default(),
            returned: crate::script::sharing::Returned::default(),
            functions: Vec::new(),
            classes: Vec::new(),
            initialized: Vec::new(),
            methods_being_written: Vec::new(),
            step: None,
            attributes_outside: HashSet::new(),
            hooks_of: None,
            read_by_methods: HashSet::new(),
            captures: Vec::new(),
            uses: BTreeSet::new(),
            constants: Vec::new(),
            about: Vec::new(),
            items: Vec::new(),
            body: Vec::new(),
            depth: 1,
            last_line: 0,
            is_over: false,
            assigned_again: Vec::new(),
            lost_return: None,
            unknown: Vec::new(),
            inferred: crate::inference::clues::Inferred::default(),
            wanted_outputs: None,
            graphs: crate::keras::layer_graphs::Graphs::default(),
            defined: HashMap::new(),
            tolists: crate::numpy::tolists::Tolists::default(),
            known: Known::default(),
            files: Files::default(),
            is_uncalled: false,
            compiled: Vec::new(),
            special: HashMap::new(),
            may_be_negative: false,
            printed: crate::python::number_formats::Printed::default(),
            wrapping: HashSet::new(),
            taken_apart: HashSet::new(),
            statement_end: ruff_text_size::TextSize::default(),
            assigns_at: ruff_text_size::TextSize::default(),
            assigned_next: None,
            interims: HashMap::new(),
            loops: Vec::new(),
            late_types: Vec::new(),
            parsers: Vec::new(),
            given: HashMap::new(),
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
        let functions = statements.iter().filter_map(Stmt::as_function_def_stmt).map(|function| function.name.as_str());
        self.defined = functions.map(|name| (crate::script::names::in_snake_case(name), name.to_string())).collect();
        self.tolists = crate::numpy::tolists::Tolists::of(statements);
        self.inferred.clues = crate::inference::clues::Clues::of(statements);
        self.graphs = crate::keras::layer_graphs::Graphs::of(statements);
        self.attributes_outside = crate::keras::subclasses::attributes_outside(statements);
        self.read_by_methods = crate::classes::module_constants::read_by_methods(statements);
        self.changing = scan::changing(statements);
        self.wrapping = crate::script::wrapping::places(statements);
        self.printed = crate::python::number_formats::Printed::of(statements);
        self.returned = crate::script::sharing::Returned::of(statements);
        self.enter_frame(Scan::of(statements, &self.changing));
        let statements = self.without_docstring(statements);
        self.block(statements);
        self.comments_before(self.source.line_count() + 1);
        self.write_uncalled();
        self.write_classes();
        self.write_undefined();
        self.gaps.sort_by_key(|gap| gap.line);
        // A function that is written for several types has its gaps in each.
        self.gaps.dedup_by(|a, b| (a.line, &a.code, &a.reason) == (b.line, &b.code, &b.reason));
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

    /// A name for a variable that the script does not have: this one, with a number if that is taken.
    pub(crate) fn free_name(&self, wish: &str) -> String {
        let is_free = |name: &str| self.scan().reads(name) == 0 && self.scopes.get(name).is_none();
        let numbered = (2..).map(|number| format!("{wish}_{number}"));
        std::iter::once(wish.to_string()).chain(numbered).find(|name| is_free(name)).unwrap_or_default()
    }

    /// What has been noted of gaps so far.
    pub(crate) fn noted(&self) -> (usize, HashSet<usize>, usize, Option<usize>) {
        (self.gaps.len(), self.missing_lines.clone(), self.last_line, self.lost_return)
    }

    /// Whether the gaps since are outside of these lines.
    pub(crate) fn gaps_are_elsewhere(&self, since: usize, range: TextRange) -> bool {
        let lines = self.source.lines(range);
        self.gaps[since..].iter().all(|gap| !lines.contains(&gap.line))
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

    /// Notes a line of which a part cannot be ported.
    pub(crate) fn gap_at(&mut self, line: usize, missing: &Missing) {
        let code = self.source.line_text(line).trim().to_string();
        self.missing_lines.insert(line);
        self.gaps.push(Gap { line, lines: 1, code, reason: missing.reason.clone(), help: missing.help.clone() });
    }

    /// Whether a gap has this line.
    pub(crate) fn is_missing(&self, line: usize) -> bool {
        self.missing_lines.contains(&line)
    }

    /// The name of the variable in Rust.
    pub(crate) fn rust_name(&self, name: &str) -> String {
        let mut rust_name = crate::script::names::in_snake_case(name.trim_start_matches("self."));
        // Rust has no value in `_`.
        if rust_name == "_" && self.scan().reads(name) > 0 {
            rust_name = "it".into();
        }
        let is_function = |own: &str| self.defined.get(own).is_some_and(|function| function != name);
        while self.scopes.is_taken(&rust_name, name) || is_function(&rust_name) {
            rust_name.push('_');
        }
        rust_name
    }
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
