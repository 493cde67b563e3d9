//! Functions on each value of a column: `column.apply(lambda x: ...)`, `column.str.lower()`.

use crate::arguments::{find, named_as, needed};
use crate::pandas::COLUMN;
use crate::program::Program;
use crate::python::functions::Definition;
use crate::python::iteration::{Element, Iteration};
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Comprehension, Expr, ExprCall, ExprLambda, StmtFor};

/// `column.str`
pub(crate) const TEXTS: &str = "pandas::str";

/// Methods that texts have, and numbers have not.
const OF_TEXTS: &[&str] = &[
    "lower",
    "upper",
    "strip",
    "lstrip",
    "rstrip",
    "split",
    "replace",
    "startswith",
    "endswith",
    "join",
    "title",
    "capitalize",
    "encode",
    "splitlines",
    "translate",
    "isdigit",
    "isalpha",
];

impl<'a> Program<'a> {
    /// `column.apply(lambda x: ...)`. Whether a column has texts or numbers is not known here: the function must say it.
    pub(crate) fn applied(&mut self, column: &Value, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["func"])?;
        let function = needed(&given, "func")?;
        let whole = column.at(Strength::Whole);
        let unknown =
            || Missing::new("apply of what may take texts or numbers").help("write a loop over the texts or numbers");
        let (iter, value) = match function {
            Expr::Lambda(lambda) => {
                let name =
                    parameter_of(lambda).ok_or_else(|| Missing::new("apply of a function of several arguments"))?;
                if takes_text(&lambda.body, name) {
                    let value = self.body_of_lambda(lambda, name, Type::String)?;
                    (format!("{whole}.to_strings().iter()"), value)
                } else {
                    // The same of whole numbers as of fractions, and nothing of texts.
                    let [whole_number, number, text] =
                        [Type::Signed, Type::Float, Type::String].map(|of| self.body_of_lambda(lambda, name, of));
                    match number {
                        Ok(number)
                            if text.is_err()
                                && whole_number.is_ok_and(|value| value.of == number.of)
                                && number.of != Type::Str =>
                        {
                            let numbers = format!("{whole}.values()?.to_dtype(DType::F64)?.to_vec1::<f64>()?");
                            (format!("{numbers}.into_iter()"), number)
                        }
                        // What a value is shows when the program runs.
                        _ => (
                            format!("{whole}.cells()"),
                            self.body_of_lambda(lambda, name, crate::pandas::cells::cell())?,
                        ),
                    }
                }
            }
            Expr::Name(_) => {
                let number = self.function_named(function).ok_or_else(unknown)?;
                let definition = self.functions[number].definition;
                let parameters = definition.parameters();
                let [parameter] = &parameters[..] else {
                    return Err(Missing::new("apply of a function of several arguments"));
                };
                let name = parameter.parameter.name.as_str();
                let is_of_texts = match definition {
                    Definition::Def(function) => function.body.iter().any(|one| statement_takes_text(one, name)),
                    Definition::Lambda(_, lambda) => takes_text(&lambda.body, name),
                };
                if !is_of_texts {
                    return Err(unknown());
                }
                let text = Value::new("x", Type::String, Strength::Whole, Form::Reference);
                let written = self.function(number, vec![Type::String])?;
                if !written.captured().is_empty() {
                    return Err(Missing::new("apply of a function that uses what is outside of it"));
                }
                let passed = crate::python::functions::passed(&[text], &[]);
                let called = written.called(&passed);
                (format!("{whole}.to_strings().iter()"), called)
            }
            _ => return Err(Missing::new("apply of this")),
        };
        let name = match function {
            Expr::Lambda(lambda) => crate::script::names::in_snake_case(parameter_of(lambda).unwrap_or("x")),
            _ => "x".into(),
        };
        let value = self.own(value)?;
        if !is_value(&value.of) {
            return Err(Missing::new(format!("a column of {}", value.of.described())));
        }
        let each = match value.text.contains('?') {
            false => format!("{iter}.map(|{name}| {})", value.text),
            true => format!("{iter}.map(|{name}| Ok::<_, Error>({}))", value.text),
        };
        let list = self.collected(&each, &value, "Vec")?;
        self.import("data::ToColumn");
        Ok(Value::temporary(format!("{}.to_column()?", list.text), Type::Object(COLUMN.into())))
    }

    /// `for text in column:`, where the loop says that these are texts; `None` of other loops.
    pub(crate) fn loop_over_texts(&mut self, each: &'a StmtFor) -> Ported<Option<Iteration>> {
        let Expr::Name(name) = &*each.target else { return Ok(None) };
        let Expr::Subscript(_) = &*each.iter else { return Ok(None) };
        if !each.body.iter().any(|statement| statement_takes_text(statement, &name.id)) {
            return Ok(None);
        }
        let column = self.expression(&each.iter)?;
        if !crate::pandas::is_column(&column.of) {
            return Ok(None);
        }
        let texts = format!("{}.to_strings()", column.at(Strength::Whole));
        let element = Element::One(Type::String, Form::Place);
        Ok(Some(Iteration { iter: format!("{texts}.into_iter()"), over: texts, element, is_set: false }))
    }

    /// The body of a lambda whose parameter is of this type.
    fn body_of_lambda(&mut self, lambda: &'a ExprLambda, name: &str, of: Type) -> Ported<Value> {
        self.scopes.enter();
        let form = if of.is_copy() || crate::pandas::cells::is_cell(&of) { Form::Place } else { Form::Reference };
        let rust_name = crate::script::names::in_snake_case(name);
        self.scopes.bind(name, Binding::Variable(Variable { rust_name, of, form, is_pending: false }));
        let written = self.body.len();
        let value = self.expression(&lambda.body);
        self.scopes.leave();
        if self.body.len() > written {
            self.body.truncate(written);
            return Err(Missing::new("apply of a function of several statements"));
        }
        value
    }

    /// `column.str.lower()`
    pub(crate) fn method_of_texts(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let body = match name {
            "lower" if call.arguments.is_empty() => "text.to_lowercase()".to_string(),
            "upper" if call.arguments.is_empty() => "text.to_uppercase()".into(),
            "strip" if call.arguments.is_empty() => "text.trim().to_string()".into(),
            "len" if call.arguments.is_empty() => "text.chars().count()".into(),
            "replace" => {
                let given = named_as(call, &["pat", "repl", "n", "case", "flags", "regex"])?;
                if find(&given, "regex").is_some_and(|regex| !matches!(regex, Expr::BooleanLiteral(is) if !is.value)) {
                    return Err(Missing::new("str.replace of a pattern").help("use apply with re.sub"));
                }
                let (from, to) = (
                    self.argument(needed(&given, "pat")?, "&str", "pat")?,
                    self.argument(needed(&given, "repl")?, "&str", "repl")?,
                );
                format!("text.replace({from}, {to})")
            }
            _ => return Err(Missing::new(format!("the method {name} of the texts of a column"))),
        };
        self.import("data::ToColumn");
        let text = format!("{whole}.to_strings().iter().map(|text| {body}).collect::<Vec<_>>().to_column()?");
        Ok(Value::temporary(text, Type::Object(COLUMN.into())))
    }
}

/// Over the texts of a column, if the conditions of a comprehension say that it has texts.
pub(crate) fn texts_by_tests(generator: &Comprehension, over: Iteration) -> Iteration {
    let Expr::Name(name) = &generator.target else { return over };
    let is_of_texts = generator.ifs.iter().any(|test| takes_text(test, &name.id));
    match (over.iter.strip_suffix(".cells()"), is_of_texts) {
        (Some(column), true) => {
            let element = Element::One(Type::String, Form::Place);
            Iteration::new(format!("{column}.to_strings().into_iter()"), element)
        }
        _ => over,
    }
}

/// Whether columns have values of this type.
pub(crate) fn is_value(of: &Type) -> bool {
    matches!(of, Type::Int | Type::Signed | Type::Float | Type::String | Type::Str) || crate::pandas::cells::is_cell(of)
}

/// Whether it is a list of values for the rows of a column.
pub(crate) fn is_list_of_values(of: &Type) -> bool {
    matches!(of, Type::List(of) if is_value(of) || **of == Type::Id)
}

fn parameter_of(lambda: &ExprLambda) -> Option<&str> {
    let mut all = lambda.parameters.iter().flat_map(|all| all.iter_non_variadic_params());
    let first = all.next()?;
    all.next().is_none().then(|| first.parameter.name.as_str())
}

/// Whether an expression uses a name as only a text can be used.
fn takes_text(body: &Expr, name: &str) -> bool {
    let mut found = Found { name, is_text: false };
    found.visit_expr(body);
    found.is_text
}

fn statement_takes_text(statement: &ruff_python_ast::Stmt, name: &str) -> bool {
    let mut found = Found { name, is_text: false };
    found.visit_stmt(statement);
    found.is_text
}

struct Found<'n> {
    name: &'n str,
    is_text: bool,
}

impl<'a> Visitor<'a> for Found<'_> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        let is_name = |of: &Expr| matches!(of, Expr::Name(own) if own.id.as_str() == self.name);
        if let Expr::Call(call) = expression
            && let Expr::Attribute(attribute) = &*call.func
        {
            let is_method = is_name(&attribute.value) && OF_TEXTS.contains(&attribute.attr.as_str());
            let of_re = matches!(&*attribute.value, Expr::Name(module) if module.id.as_str() == "re");
            self.is_text |= is_method || (of_re && call.arguments.args.iter().any(is_name));
        }
        walk_expr(self, expression);
    }
}
