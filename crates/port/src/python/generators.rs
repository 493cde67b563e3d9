//! Functions that `yield`: each gathers what it yields. And the iterators of `itertools`.

use crate::program::Program;
use crate::python::functions::Definition;
use crate::python::iteration::{Element, Iteration};
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprCall, Stmt};

/// Where a generator gathers what it yields.
#[derive(Debug, Clone)]
pub(crate) struct Gathered {
    rust_name: String,
    element: Type,
}

/// What a body does that matters to when its parts run.
#[derive(Default)]
struct Found {
    yields: bool,
    /// Something else sees when it happens.
    is_seen: bool,
    /// Random numbers that are drawn behind the first element.
    is_random: bool,
    is_endless: bool,
    depth: usize,
}

impl<'b> Visitor<'b> for Found {
    fn visit_stmt(&mut self, statement: &'b Stmt) {
        match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::While(each) => {
                let is_true = match &*each.test {
                    Expr::BooleanLiteral(literal) => literal.value,
                    Expr::NumberLiteral(_) => true,
                    _ => false,
                };
                self.is_endless |= is_true && !ends(&each.body);
            }
            _ => {}
        }
        let is_loop = matches!(statement, Stmt::For(_) | Stmt::While(_));
        self.depth += usize::from(is_loop);
        walk_stmt(self, statement);
        self.depth -= usize::from(is_loop);
    }

    fn visit_expr(&mut self, expression: &'b Expr) {
        match expression {
            Expr::Lambda(_) => return,
            Expr::Yield(_) | Expr::YieldFrom(_) => self.yields = true,
            Expr::Call(call) => {
                let name = match &*call.func {
                    Expr::Name(name) => name.id.as_str(),
                    Expr::Attribute(attribute) => attribute.attr.as_str(),
                    _ => "",
                };
                self.is_seen |= matches!(
                    name,
                    "print" | "write" | "fit" | "train_on_batch" | "compile" | "set_weights" | "predict" | "sleep"
                );
                let is_random = matches!(
                    name,
                    "rand"
                        | "randn"
                        | "randint"
                        | "random"
                        | "choice"
                        | "shuffle"
                        | "permutation"
                        | "normal"
                        | "uniform"
                        | "integers"
                        | "sample"
                        | "standard_normal"
                        | "gauss"
                        | "randrange"
                        | "random_sample"
                );
                self.is_random |= is_random && (self.depth > 0 || self.yields);
            }
            _ => {}
        }
        walk_expr(self, expression);
    }
}

/// Whether a body may end its loop.
fn ends(body: &[Stmt]) -> bool {
    struct Ends(bool);
    impl<'b> Visitor<'b> for Ends {
        fn visit_stmt(&mut self, statement: &'b Stmt) {
            match statement {
                Stmt::Break(_) | Stmt::Return(_) | Stmt::Raise(_) => self.0 = true,
                statement => walk_stmt(self, statement),
            }
        }
    }
    let mut ends = Ends(false);
    ends.visit_body(body);
    ends.0
}

/// Whether a function yields.
pub(crate) fn is_generator(definition: Definition<'_>) -> bool {
    let Definition::Def(function) = definition else { return false };
    let mut found = Found::default();
    found.visit_body(&function.body);
    found.yields
}

impl<'a> Program<'a> {
    /// Begins the body of a generator: a list for what it yields.
    pub(crate) fn begin_generator(&mut self, definition: Definition<'a>) -> Ported<()> {
        let Definition::Def(function) = definition else { return Ok(()) };
        let mut found = Found::default();
        found.visit_body(&function.body);
        let help = "make a list of the elements, or loop here";
        if found.is_endless {
            return Err(Missing::new("a generator without an end").help(help));
        }
        if found.is_seen {
            return Err(Missing::new("a generator that does something else between its elements").help(help));
        }
        if found.is_random {
            return Err(Missing::new("a generator that draws random numbers between its elements").help(help));
        }
        let rust_name = self.rust_name("items");
        let element = Type::Unknown(self.unknown());
        self.line(&format!("let mut {rust_name} = Vec::new();"));
        // No name of Python is a keyword.
        let of = Type::List(Box::new(element.clone()));
        let variable = Variable { rust_name: rust_name.clone(), of, form: Form::Place, is_pending: false };
        self.scopes.bind("yield", Binding::Variable(variable));
        self.frame_mut().gathered = Some(Gathered { rust_name, element });
        Ok(())
    }

    /// Ends it, or returns from it before its end.
    pub(crate) fn end_generator(&mut self) -> bool {
        let Some(gathered) = self.frame().gathered.clone() else { return false };
        self.line(&format!("return Ok({});", gathered.rust_name));
        self.frame_mut().returns = Some(Type::List(Box::new(gathered.element)));
        true
    }

    /// `yield value`, as a statement.
    pub(crate) fn yielded(&mut self, expression: &'a Expr) -> Ported<()> {
        let Some(gathered) = self.frame().gathered.clone() else {
            return Err(Missing::new("yield outside of a function"));
        };
        let element = self.resolved(&gathered.element);
        let text = match expression {
            Expr::Yield(value) => {
                let value = value.value.as_deref().ok_or_else(|| Missing::new("yield of nothing"))?;
                let value = self.expression(value)?;
                let value = self.own(value)?;
                let item = self.put_into(&element, value)?;
                format!("{}.push({item});", gathered.rust_name)
            }
            Expr::YieldFrom(from) => {
                let (iter, of) = self.owned_elements(&from.value)?;
                self.put_into(&element, Value::temporary("item", of))?;
                format!("{}.extend({iter});", gathered.rust_name)
            }
            _ => return Err(Missing::new("this yield")),
        };
        self.line(&text);
        Ok(())
    }

    /// Whether an expression calls a generator of the script.
    pub(crate) fn is_call_of_generator(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Call(call) => match self.function_named(&call.func) {
                Some(number) => is_generator(self.functions[number].definition),
                None => matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "iter"
                    && self.scopes.get("iter").is_none()),
            },
            Expr::Generator(_) => true,
            _ => false,
        }
    }

    /// What a function of `itertools` goes over; `None` if it is none of them.
    pub(crate) fn itertools(&mut self, call: &'a ExprCall) -> Ported<Option<Iteration>> {
        let Some(path) = self.path_of(&call.func) else { return Ok(None) };
        let Some(name) = path.strip_prefix("itertools.") else { return Ok(None) };
        let arguments = &call.arguments.args;
        let words = &call.arguments.keywords;
        match (name, &arguments[..]) {
            ("chain", [first, rest @ ..]) if words.is_empty() => {
                let (mut text, mut of) = self.owned_elements(first)?;
                for other in rest {
                    let (iter, other) = self.owned_elements(other)?;
                    of = self.unified(&of, &other).ok_or_else(|| Missing::new("a chain of values of several types"))?;
                    text.push_str(&format!(".chain({iter})"));
                }
                Ok(Some(Iteration::new(text, Element::One(of, Form::Place))))
            }
            ("chain.from_iterable", [lists]) => {
                let (iter, of) = self.owned_elements(lists)?;
                let Type::List(of) = of else { return Err(Missing::new("chain.from_iterable of this")) };
                Ok(Some(Iteration::new(format!("{iter}.flatten()"), Element::One(*of, Form::Place))))
            }
            ("islice", [items, end]) => {
                let (iter, of) = self.owned_elements(items)?;
                let end = self.argument(end, "usize", "stop")?;
                Ok(Some(Iteration::new(format!("{iter}.take({end})"), Element::One(of, Form::Place))))
            }
            ("product", lists) if lists.len() == 2 && words.is_empty() => self.product(&lists[0], &lists[1]).map(Some),
            ("product", [list]) if words.len() == 1 && words[0].arg.as_deref() == Some("repeat") => {
                match self.expression(&words[0].value)?.text.as_str() {
                    "2" => self.product(list, list).map(Some),
                    _ => Err(Missing::new("a product of so many")),
                }
            }
            ("combinations", [list, count]) => {
                let (value, count) = (self.expression(list)?, self.expression(count)?);
                let Type::List(of) = &value.of else { return Err(Missing::new("combinations of this")) };
                if count.text != "2" || value.form == Form::Temporary {
                    return Err(Missing::new("combinations of this"));
                }
                let whole = value.at(Strength::Whole);
                let own = if of.is_copy() { ("x", "y", "&x", "&y") } else { ("x.clone()", "y.clone()", "x", "y") };
                let text = format!(
                    "{whole}.iter().enumerate().flat_map(|(i, {})| {whole}[i + 1..].iter().map(move |{}| ({}, {})))",
                    own.2, own.3, own.0, own.1
                );
                let pair = Type::Tuple(vec![(**of).clone(), (**of).clone()]);
                Ok(Some(Iteration::new(text, Element::One(pair, Form::Place))))
            }
            _ => Err(Missing::new(format!("{path} is not known here"))),
        }
    }

    /// All pairs of elements.
    fn product(&mut self, a: &'a Expr, b: &'a Expr) -> Ported<Iteration> {
        let ((first, of_a), (second, of_b)) = (self.owned_elements(a)?, self.owned_elements(b)?);
        let own = if of_a.is_copy() { "x" } else { "x.clone()" };
        let text = format!("{first}.flat_map(|x| {second}.map(move |y| ({own}, y)))");
        Ok(Iteration::new(text, Element::One(Type::Tuple(vec![of_a, of_b]), Form::Place)))
    }
}
