//! Expressions that a script does not have, but that mean the same as some of its own: `[f(x) for x in xs]` for `map(f, xs)`.

use ruff_python_ast::Expr;
use ruff_python_parser::parse_parenthesized_expression_range;
use ruff_text_size::{TextRange, TextSize};
use std::cell::{OnceCell, RefCell};

/// The expressions that have been made, as if their texts stood behind the script's.
pub(crate) struct Made {
    /// The script's text, and those of all expressions.
    text: RefCell<String>,
    end: TextSize,
    first: OnceCell<Box<Node>>,
}

/// One of a chain, to which others are added while the first ones are in use.
struct Node {
    text: String,
    range: TextRange,
    /// Where the script has what it means.
    place: TextSize,
    expression: Option<Expr>,
    next: OnceCell<Box<Node>>,
}

/// No script needs as many.
const MOST: usize = 500;

impl Made {
    pub(crate) fn behind(text: &str) -> Self {
        let end = TextSize::try_from(text.len()).unwrap_or_default();
        Self { text: RefCell::new(text.to_string()), end, first: OnceCell::new() }
    }

    /// The expression of this text, in the place of what begins here.
    pub(crate) fn expression(&self, text: String, place: TextSize) -> Option<&Expr> {
        let (mut cell, mut count) = (&self.first, 0);
        while let Some(node) = cell.get() {
            if node.text == text && node.place == place {
                return node.expression.as_ref();
            }
            (cell, count) = (&node.next, count + 1);
        }
        if count == MOST {
            return None;
        }
        let mut all = self.text.borrow_mut();
        all.push('\n');
        let start = TextSize::try_from(all.len()).ok()?;
        all.push_str(&text);
        let range = TextRange::new(start, TextSize::try_from(all.len()).ok()?);
        let expression = parse_parenthesized_expression_range(&all, range).ok().map(|parsed| parsed.into_expr());
        drop(all);
        let node = Box::new(Node { text, range, place, expression, next: OnceCell::new() });
        cell.get_or_init(|| node).expression.as_ref()
    }

    fn node_at(&self, at: TextSize) -> Option<&Node> {
        if at <= self.end {
            return None;
        }
        let mut cell = &self.first;
        while let Some(node) = cell.get() {
            if node.range.contains_inclusive(at) {
                return Some(node);
            }
            cell = &node.next;
        }
        None
    }

    /// Where the script has what this place of a made expression means.
    pub(crate) fn place_of(&self, at: TextSize) -> Option<TextSize> {
        self.node_at(at).map(|node| node.place)
    }

    /// The text of a part of a made expression.
    pub(crate) fn text(&self, range: TextRange) -> Option<&str> {
        let node = self.node_at(range.start())?;
        node.text.get((range - node.range.start()).to_std_range())
    }
}

trait ToStdRange {
    fn to_std_range(self) -> std::ops::Range<usize>;
}

impl ToStdRange for TextRange {
    fn to_std_range(self) -> std::ops::Range<usize> {
        self.start().to_usize()..self.end().to_usize()
    }
}
