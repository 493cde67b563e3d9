//! Loops over a few values of different types, which are written out one by one.

use crate::program::Program;
use crate::python::iteration::elements_of;
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt, StmtFor};

/// More copies of a body than this are no help to a reader.
const MOST: usize = 8;

impl<'a> Program<'a> {
    /// `for name, loss in [("mse", "mse"), ("huber", huber)]:` as a block for each element; whether it is such a loop.
    pub(crate) fn unrolled(&mut self, each: &'a StmtFor) -> Ported<bool> {
        let elements: Vec<&'a [Expr]> = match &*each.iter {
            Expr::List(_) | Expr::Tuple(_) => elements_of(&each.iter).iter().map(std::slice::from_ref).collect(),
            // The items of a dict that is written out.
            Expr::Call(call) if call.arguments.is_empty() => match self.items_of_literal(&call.func) {
                Some(_) => return self.unrolled_items(each),
                None => return Ok(false),
            },
            _ => return Ok(false),
        };
        if elements.is_empty() || elements.len() > MOST {
            return Ok(false);
        }
        if leaves(&each.body) {
            return Err(Missing::new("break or continue in a loop over values of several types"));
        }
        for element in elements {
            let element = &element[0];
            let targets = match &*each.target {
                Expr::Name(_) => vec![(&*each.target, element)],
                target => {
                    let (targets, parts) = (elements_of(target), elements_of(element));
                    if targets.len() != parts.len() || targets.is_empty() {
                        return Err(Missing::new("a loop over other variables than there are values"));
                    }
                    targets.iter().zip(parts).collect()
                }
            };
            self.one_round(each, &targets)?;
        }
        Ok(true)
    }

    fn unrolled_items(&mut self, each: &'a StmtFor) -> Ported<bool> {
        let Expr::Call(call) = &*each.iter else { return Ok(false) };
        let Some((dict, method)) = self.items_of_literal(&call.func) else { return Ok(false) };
        if dict.items.len() > MOST || leaves(&each.body) {
            return Err(Missing::new("a loop over the items of this dict"));
        }
        for item in &dict.items {
            let Some(key) = &item.key else { return Err(Missing::new("a dict of another dict")) };
            let targets = match (&*each.target, method) {
                (Expr::Tuple(pair), "items") if pair.elts.len() == 2 => {
                    vec![(&pair.elts[0], key), (&pair.elts[1], &item.value)]
                }
                (target @ Expr::Name(_), "keys") => vec![(target, key)],
                (target @ Expr::Name(_), "values") => vec![(target, &item.value)],
                _ => return Err(Missing::new("a loop over the items of this dict")),
            };
            self.one_round(each, &targets)?;
        }
        Ok(true)
    }

    /// A dict that is written out under a name, and the method that is called on it.
    fn items_of_literal(&self, func: &'a Expr) -> Option<(&'a ruff_python_ast::ExprDict, &'a str)> {
        let Expr::Attribute(attribute) = func else { return None };
        let Expr::Name(name) = &*attribute.value else { return None };
        let dict = self.known.literals.get(name.id.as_str())?;
        Some((dict, attribute.attr.as_str()))
    }

    /// The body with these values of its variables.
    fn one_round(&mut self, each: &'a StmtFor, targets: &[(&'a Expr, &'a Expr)]) -> Ported<()> {
        let declared = self.declared_so_far();
        self.line("{");
        self.scopes.enter();
        self.depth += 1;
        let mut result = Ok(());
        for &(target, value) in targets {
            result = result.and_then(|()| self.bind_literal(target, value));
        }
        if result.is_ok() {
            self.block(&each.body);
        }
        self.depth -= 1;
        let line = self.source.line(each.range.end());
        self.scopes.leave_block(line);
        self.line("}");
        // Each round declares the same variables.
        self.declare_again(declared);
        result
    }

    /// Binds a name to a value, a function or a dict that is written out.
    fn bind_literal(&mut self, target: &'a Expr, value: &'a Expr) -> Ported<()> {
        let Expr::Name(name) = target else { return Err(Missing::new("a loop over these variables")) };
        match value {
            Expr::Dict(dict) => {
                self.known.literals.insert(name.id.to_string(), dict);
                Ok(())
            }
            Expr::Name(function) if self.function_named(value).is_some() => {
                if let Some(binding) = self.scopes.get(&function.id) {
                    self.scopes.bind(&name.id, binding);
                }
                Ok(())
            }
            Expr::Lambda(lambda) => {
                self.define_lambda(&name.id, lambda);
                Ok(())
            }
            value => {
                let value = self.expression(value)?;
                self.bind(&name.id, value)
            }
        }
    }
}

/// Whether a body leaves its loop.
pub(crate) fn leaves(body: &[Stmt]) -> bool {
    struct Found(bool);
    impl<'a> Visitor<'a> for Found {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Break(_) | Stmt::Continue(_) => self.0 = true,
                // Those of another loop are its own.
                Stmt::For(_) | Stmt::While(_) => {}
                statement => walk_stmt(self, statement),
            }
        }
    }
    let mut found = Found(false);
    found.visit_body(body);
    found.0
}

/// Whether all values of a dict mean the same wherever they are written: literals, and objects of Keras that describe something.
pub(crate) fn is_literal(program: &Program<'_>, value: &Expr) -> bool {
    match value {
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => true,
        Expr::UnaryOp(unary) => is_literal(program, &unary.operand),
        Expr::List(list) => list.elts.iter().all(|element| is_literal(program, element)),
        Expr::Tuple(tuple) => tuple.elts.iter().all(|element| is_literal(program, element)),
        Expr::Dict(dict) => dict.items.iter().all(|item| is_literal(program, &item.value)),
        Expr::Name(name) => program.scan().is_assigned_once(&name.id) || program.function_named(value).is_some(),
        Expr::Lambda(_) => true,
        Expr::Call(call) => {
            let is_description = program.path_of(&call.func).is_some_and(|path| {
                ["keras.regularizers.", "keras.optimizers.", "keras.losses.", "keras.metrics.", "keras.constraints."]
                    .iter()
                    .any(|start| path.starts_with(start))
            });
            is_description
                && call.arguments.args.iter().all(|argument| is_literal(program, argument))
                && call.arguments.keywords.iter().all(|word| is_literal(program, &word.value))
        }
        _ => false,
    }
}
