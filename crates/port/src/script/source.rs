//! The text of a script: its lines and comments.

use crate::script::made::Made;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, ModModule, Suite};
use ruff_python_parser::{Parsed, parse_module};
use ruff_text_size::{Ranged, TextRange, TextSize};
use std::collections::BTreeMap;

/// A script that has been parsed.
pub(crate) struct Source<'a> {
    text: &'a str,
    /// Where each line begins.
    starts: Vec<TextSize>,
    parsed: Parsed<ModModule>,
    /// By line, without `#`.
    comments: BTreeMap<usize, Comment>,
    made: Made,
}

/// The most operators that an expression may have: it may be as deep.
const MOST_OPERATORS: usize = 20_000;

/// A comment, and whether it has its line alone.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) text: String,
    pub(crate) is_alone: bool,
}

impl<'a> Source<'a> {
    /// # Errors
    /// If the text is not Python: the line, and what is wrong.
    pub(crate) fn parse(text: &'a str) -> Result<Self, (usize, String)> {
        let mut starts = vec![TextSize::new(0)];
        starts.extend(text.match_indices('\n').map(|(at, _)| TextSize::try_from(at + 1).unwrap_or_default()));
        let line_of = |at: TextSize| starts.partition_point(|start| *start <= at);
        let parsed = parse_module(text).map_err(|error| {
            let line = line_of(error.location.start());
            let reason = why_not_python(text.lines().nth(line - 1).unwrap_or(""));
            (line, reason.map_or_else(|| error.error.to_string(), str::to_string))
        })?;
        let mut operators = 0;
        for token in parsed.tokens() {
            use TokenKind::{Colon, Comma, Newline, Rbrace, Rpar, Rsqb};
            // Those that make an expression deeper.
            let is_deeper = token.kind().is_operator() && !matches!(token.kind(), Colon | Comma | Rbrace | Rpar | Rsqb);
            operators = if token.kind() == Newline { 0 } else { operators + usize::from(is_deeper) };
            if operators > MOST_OPERATORS {
                return Err((line_of(token.start()), "an expression this long".into()));
            }
        }
        let mut comments = BTreeMap::new();
        for token in parsed.tokens().iter().filter(|token| token.kind() == TokenKind::Comment) {
            let line = line_of(token.start());
            let before = &text[starts[line - 1].to_usize()..token.start().to_usize()];
            let comment = text[token.range()].trim_start_matches('#').trim().to_string();
            comments.insert(line, Comment { text: comment, is_alone: before.trim().is_empty() });
        }
        Ok(Self { text, starts, parsed, comments, made: Made::behind(text) })
    }

    /// All of it.
    pub(crate) fn all(&self) -> &'a str {
        self.text
    }

    pub(crate) fn statements(&self) -> &Suite {
        &self.parsed.syntax().body
    }

    /// The number of the line that this is in, from 1 on.
    pub(crate) fn line(&self, at: TextSize) -> usize {
        let at = self.made.place_of(at).unwrap_or(at);
        self.starts.partition_point(|start| *start <= at)
    }

    /// The lines of what is in this range.
    pub(crate) fn lines(&self, range: TextRange) -> std::ops::RangeInclusive<usize> {
        self.line(range.start())..=self.line(range.end())
    }

    pub(crate) fn line_text(&'a self, line: usize) -> &'a str {
        self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default()
    }

    pub(crate) fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// Whether these characters are anywhere in the script.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.text.contains(part)
    }

    pub(crate) fn text(&'a self, range: TextRange) -> &'a str {
        self.made.text(range).unwrap_or_else(|| &self.text[range])
    }

    /// Whether the script has this name of a module: `layers.Dense`.
    pub(crate) fn has_attribute(&self, name: &str) -> bool {
        let tokens = self.parsed.tokens();
        tokens.iter().zip(tokens.iter().skip(1)).any(|(dot, attribute)| {
            dot.kind() == TokenKind::Dot && attribute.kind() == TokenKind::Name && &self.text[attribute.range()] == name
        })
    }

    /// Whether a call of the script has an argument of one of these names.
    pub(crate) fn has_arguments(&self, names: &[&str]) -> bool {
        let tokens = self.parsed.tokens();
        tokens.iter().zip(tokens.iter().skip(1)).any(|(name, sign)| {
            sign.kind() == TokenKind::Equal
                && name.kind() == TokenKind::Name
                && names.contains(&&self.text[name.range()])
        })
    }

    /// Another expression that means the same as the one of this range; `None` if there are too many.
    pub(crate) fn made(&self, text: String, range: TextRange) -> Option<&Expr> {
        self.made.expression(text, self.made.place_of(range.start()).unwrap_or(range.start()))
    }

    pub(crate) fn comment(&self, line: usize) -> Option<&Comment> {
        self.comments.get(&line)
    }

    /// Whether a line is empty.
    pub(crate) fn is_blank(&self, line: usize) -> bool {
        let at = |line: usize| self.starts.get(line).map_or(self.text.len(), |start| start.to_usize());
        line >= 1 && line <= self.starts.len() && self.text[at(line - 1)..at(line)].trim().is_empty()
    }
}

/// The text with the ends of lines as Python reads them, on any system.
pub(crate) fn with_newlines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// What is wrong with a line, if many scripts have it.
fn why_not_python(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    let behind_print = line.strip_prefix("print").filter(|rest| rest.starts_with([' ', '\t', '"', '\'']));
    if behind_print.is_some_and(|rest| !rest.trim_start().starts_with(['=', '.', '[', ':'])) {
        return Some("print of Python 2; Python 3 has print(...), and `2to3 -w` changes all of a script");
    }
    let is_command = line.starts_with('!') || line.starts_with('%') && !line.starts_with("% ");
    is_command.then_some("a command of a notebook, which Python has not; make it a comment, or port the .ipynb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_python_3_is_said() {
        for (line, expected) in [
            ("print \"epoch\", 3", "print of Python 2"),
            ("  print 'x'", "print of Python 2"),
            ("!pip install keras", "a command of a notebook"),
            ("%matplotlib inline", "a command of a notebook"),
        ] {
            assert!(why_not_python(line).is_some_and(|reason| reason.starts_with(expected)), "{line}");
        }
        for line in ["print = 3 4", "printed x", "x y", ""] {
            assert_eq!(why_not_python(line), None, "{line}");
        }
    }

    #[test]
    fn lines_end_as_python_reads_them() {
        assert_eq!(with_newlines("a\r\nb\rc\n"), "a\nb\nc\n");
    }
}
