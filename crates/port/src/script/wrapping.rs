//! Indices such as `i - 1` that are negative in the first round of their loop, where Python counts from the end.

use hashbrown::HashSet;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Comprehension, Expr, Number, Operator, Stmt};
use ruff_text_size::{Ranged, TextSize};

/// Where the indices start that are below zero at times.
pub(crate) fn places(statements: &[Stmt]) -> HashSet<TextSize> {
    let mut wrapping = Wrapping::default();
    wrapping.visit_body(statements);
    wrapping.places
}

#[derive(Default)]
struct Wrapping {
    places: HashSet<TextSize>,
    /// The counters of the loops that are open, and where they start.
    counters: Vec<(String, i64)>,
}

impl Wrapping {
    /// The counter of a loop, and where it starts; none if a condition in the loop may ask for its first round.
    fn counter(target: &Expr, iter: &Expr, is_asked: impl Fn(&str) -> bool) -> Option<(String, i64)> {
        let Expr::Call(call) = iter else { return None };
        let function = call.func.as_name_expr()?.id.as_str();
        let (name, start) = match (function, target, &call.arguments.args[..]) {
            ("range", Expr::Name(name), [_]) => (name, Some(0)),
            ("range", Expr::Name(name), [start, _, ..]) => (name, integer(start)),
            ("enumerate", Expr::Tuple(targets), [_]) if call.arguments.keywords.is_empty() => {
                (targets.elts.first()?.as_name_expr()?, Some(0))
            }
            _ => return None,
        };
        (!is_asked(&name.id)).then_some((name.id.to_string(), start?))
    }

    fn in_comprehension(&mut self, generators: &[Comprehension], parts: &[&Expr]) {
        let before = self.counters.len();
        for generator in generators {
            let is_asked = |name: &str| {
                let asks_inside = parts.iter().any(|part| asks(|asked| asked.visit_expr(part), name));
                asks_inside || generators.iter().flat_map(|one| &one.ifs).any(|test| mentions(test, name))
            };
            self.counters.extend(Self::counter(&generator.target, &generator.iter, is_asked));
        }
        parts.iter().for_each(|part| self.visit_expr(part));
        self.counters.truncate(before);
    }
}

impl<'a> Visitor<'a> for Wrapping {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let Stmt::For(each) = statement else { return walk_stmt(self, statement) };
        let before = self.counters.len();
        let is_asked = |name: &str| asks(|asked| asked.visit_body(&each.body), name);
        self.counters.extend(Self::counter(&each.target, &each.iter, is_asked));
        walk_stmt(self, statement);
        self.counters.truncate(before);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Subscript(subscript) => {
                if let Expr::BinOp(difference) = &*subscript.slice
                    && difference.op == Operator::Sub
                    && let (Expr::Name(name), Some(by)) = (&*difference.left, integer(&difference.right))
                    && self
                        .counters
                        .iter()
                        .rev()
                        .find(|(own, _)| *own == name.id.as_str())
                        .is_some_and(|(_, start)| by > *start)
                {
                    self.places.insert(difference.range().start());
                }
            }
            Expr::ListComp(list) => self.in_comprehension(&list.generators, &[&list.elt]),
            Expr::Generator(generator) => self.in_comprehension(&generator.generators, &[&generator.elt]),
            Expr::SetComp(set) => self.in_comprehension(&set.generators, &[&set.elt]),
            _ => {}
        }
        walk_expr(self, expression);
    }
}

fn integer(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(int) => int.as_i64(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a condition, or an assignment, is about the name.
fn asks(visit: impl FnOnce(&mut Asked), name: &str) -> bool {
    let mut asked = Asked { name: name.to_string(), is_asked: false };
    visit(&mut asked);
    asked.is_asked
}

fn mentions(expression: &Expr, name: &str) -> bool {
    crate::script::scan::names_read(expression).iter().any(|own| own == name)
}

struct Asked {
    name: String,
    is_asked: bool,
}

impl<'a> Visitor<'a> for Asked {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::If(branches) => {
                let others = branches.elif_else_clauses.iter().filter_map(|clause| clause.test.as_ref());
                self.is_asked |=
                    mentions(&branches.test, &self.name) || others.into_iter().any(|test| mentions(test, &self.name));
            }
            Stmt::While(each) => self.is_asked |= mentions(&each.test, &self.name),
            Stmt::Assign(assign) => {
                self.is_asked |=
                    assign.targets.iter().any(|target| target.as_name_expr().is_some_and(|own| own.id == self.name))
            }
            Stmt::AugAssign(assign) => {
                self.is_asked |= assign.target.as_name_expr().is_some_and(|own| own.id == self.name)
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::If(either) => self.is_asked |= mentions(&either.test, &self.name),
            Expr::BoolOp(both) => self.is_asked |= both.values.iter().any(|one| mentions(one, &self.name)),
            _ => {}
        }
        walk_expr(self, expression);
    }
}
