//! `re`, where a pattern means the same to the crate `regex`.

use crate::arguments::{find, named_as, needed};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use regex_syntax::hir::Hir;
use ruff_python_ast::{Expr, ExprCall, Operator};

/// A compiled pattern.
pub(crate) const PATTERN: &str = "regex::Regex";

impl<'a> Program<'a> {
    pub(crate) fn re_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        let name = path.trim_start_matches("re.");
        let parameters: &[&str] = match name {
            "sub" => &["pattern", "repl", "string", "count", "flags"],
            "split" => &["pattern", "string", "maxsplit", "flags"],
            "findall" | "match" | "search" | "fullmatch" => &["pattern", "string", "flags"],
            "compile" => &["pattern", "flags"],
            "escape" => {
                let text = self.constant_text(match &call.arguments.args[..] {
                    [text] => text,
                    _ => return Err(Missing::new("re.escape of this")),
                });
                return match text {
                    Some(text) => Ok(Value::constant(format!("{:?}", escaped(&text)), Type::Str)),
                    None => Err(Missing::new("re.escape of a computed text")),
                };
            }
            _ => return Err(Missing::new(format!("{path} is not known here"))),
        };
        let given = named_as(call, parameters)?;
        let pattern = needed(&given, "pattern")?;
        if let Expr::Name(_) = pattern
            && let Ok(value) = self.expression(pattern)
            && matches!(&value.of, Type::Object(path) if path == PATTERN)
        {
            return Err(Missing::new("a compiled pattern here").help("call its method"));
        }
        let text = self
            .constant_text(pattern)
            .ok_or_else(|| Missing::new("a computed pattern").help("the crate regex has other patterns than Python"))?;
        let flags = match find(&given, "flags") {
            None => String::new(),
            Some(flags) => self.flags(flags)?,
        };
        let anchored = match name {
            "match" => format!("^(?:{text})"),
            _ => text,
        };
        let (pattern, hir) = in_rust(&anchored, &flags)?;
        let regex = self.pattern_constant(&pattern);
        if name == "compile" {
            return Ok(Value::new(regex, Type::Object(PATTERN.into()), Strength::Whole, Form::Reference));
        }
        let text = self.expression(needed(&given, "string")?)?;
        let replacement = find(&given, "repl");
        for argument in ["count", "maxsplit"] {
            if find(&given, argument).is_some() {
                return Err(Missing::new(format!("the argument {argument}")));
            }
        }
        self.matched(name, &regex, &hir, &text, replacement)
    }

    /// The methods of a compiled pattern; `None` if it is none.
    pub(crate) fn method_of_pattern(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        if !matches!(&of.of, Type::Object(path) if path == PATTERN) {
            return Ok(None);
        }
        let parameters: &[&str] = if name == "sub" { &["repl", "string"] } else { &["string"] };
        let given = named_as(call, parameters)?;
        let text = self.expression(needed(&given, "string")?)?;
        let found = self.known.patterns.iter().find(|(constant, _)| *constant == of.text);
        let (_, pattern) = found.cloned().ok_or_else(|| Missing::new("a pattern that is not known here"))?;
        if name == "match" {
            return Err(Missing::new("match of a compiled pattern").help("use search, with ^ at the begin"));
        }
        let hir = parsed(&pattern)?;
        self.matched(name, &of.text.clone(), &hir, &text, find(&given, "repl")).map(Some)
    }

    fn matched(
        &mut self,
        name: &str,
        regex: &str,
        hir: &Hir,
        text: &Value,
        replacement: Option<&'a Expr>,
    ) -> Ported<Value> {
        let argument = match &text.of {
            of if of.is_text() => text.borrowed(),
            Type::List(of) if **of == Type::Char => format!("&{}", self.owned_text(text)),
            of => return Err(Missing::new(format!("a pattern in {}", of.described()))),
        };
        // Where a match is empty, Python and regex go on from different places.
        let may_be_empty = hir.properties().minimum_len().is_none_or(|least| least == 0);
        let groups = hir.properties().explicit_captures_len();
        if may_be_empty && !matches!(name, "match" | "search" | "fullmatch") {
            return Err(Missing::new("a pattern that may match nothing"));
        }
        let texts = Type::List(Box::new(Type::String));
        match (name, replacement, groups) {
            ("sub", Some(replacement), _) => {
                let replacement =
                    self.constant_text(replacement).ok_or_else(|| Missing::new("a replacement that is computed"))?;
                let replacement = replacement_in_rust(&replacement)?;
                Ok(Value::temporary(
                    format!("{regex}.replace_all({argument}, {replacement:?}).into_owned()"),
                    Type::String,
                ))
            }
            ("findall", None, 0) => Ok(Value::temporary(
                format!("{regex}.find_iter({argument}).map(|found| found.as_str().to_string()).collect::<Vec<_>>()"),
                texts,
            )),
            ("findall", None, 1) => Ok(Value::temporary(
                format!("{regex}.captures_iter({argument}).map(|found| found[1].to_string()).collect::<Vec<_>>()"),
                texts,
            )),
            ("split", None, 0) => Ok(Value::temporary(
                format!("{regex}.split({argument}).map(str::to_string).collect::<Vec<_>>()"),
                texts,
            )),
            // Whether there is a match is all that is asked.
            ("match" | "search", None, _) => Ok(Value::temporary(format!("{regex}.is_match({argument})"), Type::Bool)),
            _ => Err(Missing::new(format!("re.{name} of a pattern with groups"))),
        }
    }

    /// A constant with the compiled pattern.
    pub(crate) fn pattern_constant(&mut self, pattern: &str) -> String {
        if let Some((name, _)) = self.known.patterns.iter().find(|(_, own)| own == pattern) {
            return name.clone();
        }
        let name = match self.known.patterns.len() {
            0 => "PATTERN".to_string(),
            count => format!("PATTERN_{}", count + 1),
        };
        // As few as do not end the text.
        let ends = |hashes: &String| pattern.contains(&format!("\"{hashes}"));
        let hashes = (0..).map(|count| "#".repeat(count)).find(|hashes| !ends(hashes)).unwrap_or_default();
        self.import_from("regex::Regex");
        self.import_from("std::sync::LazyLock");
        self.constant(format!(
            "static {name}: LazyLock<Regex> = LazyLock::new(|| Regex::new(r{hashes}\"{pattern}\"{hashes}).expect(\"a pattern\"));"
        ));
        self.known.patterns.push((name.clone(), pattern.to_string()));
        name
    }

    /// `re.IGNORECASE | re.M` as `im`.
    fn flags(&mut self, flags: &'a Expr) -> Ported<String> {
        if let Expr::BinOp(both) = flags
            && both.op == Operator::BitOr
        {
            return Ok(self.flags(&both.left)? + &self.flags(&both.right)?);
        }
        Ok(match self.path_of(flags).as_deref() {
            Some("re.I" | "re.IGNORECASE") => "i".into(),
            Some("re.M" | "re.MULTILINE") => "m".into(),
            Some("re.S" | "re.DOTALL") => "s".into(),
            Some("re.U" | "re.UNICODE") => String::new(),
            _ => return Err(Missing::new("this flag of a pattern")),
        })
    }

    /// A text that is known before the program runs.
    pub(crate) fn constant_text(&mut self, of: &'a Expr) -> Option<String> {
        match of {
            Expr::StringLiteral(text) => Some(text.value.to_str().to_string()),
            Expr::BinOp(both) if both.op == Operator::Add => {
                Some(self.constant_text(&both.left)? + &self.constant_text(&both.right)?)
            }
            Expr::BinOp(both) if both.op == Operator::Mod => {
                let (text, value) = (self.constant_text(&both.left)?, self.constant_text(&both.right)?);
                let (before, behind) = text.split_once("%s")?;
                (!before.contains('%') && !behind.contains('%')).then(|| format!("{before}{value}{behind}"))
            }
            Expr::FString(text) => {
                let mut out = String::new();
                for part in text.value.as_slice() {
                    match part {
                        ruff_python_ast::FStringPart::Literal(literal) => out.push_str(&literal.value),
                        ruff_python_ast::FStringPart::FString(string) => {
                            for element in &string.elements {
                                match element {
                                    ruff_python_ast::InterpolatedStringElement::Literal(literal) => {
                                        out.push_str(&literal.value);
                                    }
                                    ruff_python_ast::InterpolatedStringElement::Interpolation(place)
                                        if place.format_spec.is_none() =>
                                    {
                                        out.push_str(&self.constant_text(&place.expression)?);
                                    }
                                    _ => return None,
                                }
                            }
                        }
                    }
                }
                Some(out)
            }
            Expr::Call(call) if self.path_of(&call.func).as_deref() == Some("re.escape") => {
                let [text] = &call.arguments.args[..] else { return None };
                self.constant_text(text).map(|text| escaped(&text))
            }
            Expr::Attribute(_) => {
                crate::python::constant_texts::of_string(self.path_of(of)?.as_str()).map(str::to_string)
            }
            _ => None,
        }
    }
}

/// As `re.escape` writes it.
fn escaped(text: &str) -> String {
    let is_special = |c: char| "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(c);
    text.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A pattern as the crate `regex` takes it, and what it means there.
pub(crate) fn in_rust(pattern: &str, flags: &str) -> Ported<(String, Hir)> {
    let unlike = |what: &str| Missing::new(format!("{what} in a pattern")).help("the crate regex has not the same");
    let mut out = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
    let mut characters = pattern.chars().peekable();
    let mut is_in_class = false;
    while let Some(c) = characters.next() {
        match (c, is_in_class) {
            ('\\', _) => match characters.next() {
                // Letters, digits and other numbers.
                Some('w') if is_in_class => out.push_str(r"\p{L}\p{N}_"),
                Some('w') => out.push_str(r"[\p{L}\p{N}_]"),
                Some('W') if !is_in_class => out.push_str(r"[^\p{L}\p{N}_]"),
                Some(c @ ('d' | 'D' | 's' | 'S' | 'n' | 't' | 'r')) => out.extend(['\\', c]),
                Some('b') if !is_in_class => out.push_str(r"\b"),
                Some(c) if c.is_ascii_alphanumeric() => return Err(unlike(&format!("\\{c}"))),
                Some(c) if c == ' ' || c == '<' || c == '>' || !c.is_ascii_punctuation() => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => return Err(unlike("a last \\")),
            },
            ('[', false) => {
                is_in_class = true;
                out.push('[');
                if characters.peek() == Some(&'^') {
                    characters.next();
                    out.push('^');
                }
                if characters.peek() == Some(&']') {
                    characters.next();
                    out.push_str("\\]");
                }
            }
            ('[' | '&' | '~', true) => out.extend(['\\', c]),
            (']', true) => {
                is_in_class = false;
                out.push(']');
            }
            // Python's end is also before a last line end.
            ('$', false) if !flags.contains('m') => return Err(unlike("$")),
            ('(', false) if characters.peek() == Some(&'?') => {
                let rest: String = characters.clone().take(2).collect();
                if rest != "?:" {
                    return Err(unlike("(?"));
                }
                out.push('(');
            }
            ('{', false) => {
                let rest: String = characters.clone().take_while(|&c| c != '}').collect();
                let is_count = rest.starts_with(|c: char| c.is_ascii_digit())
                    && rest.chars().all(|c| c.is_ascii_digit() || c == ',');
                if !is_count {
                    return Err(unlike("{"));
                }
                out.push('{');
            }
            (c, _) => out.push(c),
        }
    }
    let hir = parsed(&out)?;
    Ok((out, hir))
}

fn parsed(pattern: &str) -> Ported<Hir> {
    regex_syntax::parse(pattern).map_err(|_| Missing::new("this pattern").help("the crate regex does not know it"))
}

/// `\1` as `${1}`.
pub(crate) fn replacement_in_rust(text: &str) -> Ported<String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '$' => out.push_str("$$"),
            '\\' => match characters.next() {
                Some(digit) if digit.is_ascii_digit() && digit != '0' => out.push_str(&format!("${{{digit}}}")),
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('\\') => out.push('\\'),
                _ => return Err(Missing::new("this replacement")),
            },
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_mean_the_same_are_taken() {
        for (python, rust) in [
            (r"[^a-z0-9]+", r"[^a-z0-9]+"),
            (r"\w+", r"[\p{L}\p{N}_]+"),
            (r"[\w']+", r"[\p{L}\p{N}_']+"),
            (r"[[a]", r"[\[a]"),
            (r"a{2,3}\.", r"a{2,3}\."),
            (r"(\W+)?", r"([^\p{L}\p{N}_]+)?"),
        ] {
            assert_eq!(in_rust(python, "").unwrap().0, rust);
        }
        for other in [r"a$", r"(?=a)", r"(a)\1", r"a{,3}", r"a\Z", r"(?P<n>a)", r"["] {
            assert!(in_rust(other, "").is_err(), "{other}");
        }
        assert_eq!(replacement_in_rust(r"\1-$").unwrap(), "${1}-$$");
    }
}
