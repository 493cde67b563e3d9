//! `functools.reduce`, and sums of arrays.

use crate::arguments::no_words;
use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

/// The functions of `operator` that are operators of Python.
const OPERATORS: &[(&str, &str)] =
    &[("add", "+"), ("mul", "*"), ("sub", "-"), ("or_", "|"), ("and_", "&"), ("concat", "+")];

impl<'a> Program<'a> {
    /// `reduce(lambda a, b: a * b, items, start)`
    pub(crate) fn functools_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        if path != "functools.reduce" {
            return Err(Missing::new(format!("{path} is not known here")));
        }
        no_words(call)?;
        let (function, items, start) = match &call.arguments.args[..] {
            [function, items] => (function, items, None),
            [function, items, start] => (function, items, Some(start)),
            _ => return Err(Missing::new("reduce of this")),
        };
        let lambda = match function {
            Expr::Lambda(_) => function,
            function => {
                let path = self.path_of(function).unwrap_or_default();
                let operator = OPERATORS.iter().find(|(name, _)| path == format!("operator.{name}"));
                let (_, sign) =
                    operator.ok_or_else(|| Missing::new("reduce by this function").help("write a lambda"))?;
                self.made(format!("lambda a, b: a {sign} b"), function.range())?
            }
        };
        let Expr::Lambda(lambda) = lambda else { return Err(Missing::new("reduce by this function")) };
        let parameters: Vec<_> = lambda.parameters.iter().flat_map(|all| all.iter_non_variadic_params()).collect();
        let [a, b] = &parameters[..] else { return Err(Missing::new("reduce by this function")) };
        let names = [a, b].map(|parameter| parameter.parameter.name.to_string());
        let (iter, of) = self.owned_elements(items)?;
        let start = match start {
            None => None,
            Some(start) => {
                let start = self.expression(start)?;
                Some(self.own(start)?)
            }
        };
        let of_sum = start.as_ref().map_or(of.clone(), |start| start.of.clone());
        self.scopes.enter();
        for (name, of) in names.iter().zip([&of_sum, &of]) {
            let variable = Variable { rust_name: name.clone(), of: of.clone(), form: Form::Place, is_pending: false };
            self.scopes.bind(name, Binding::Variable(variable));
        }
        let body = self.expression(&lambda.body).and_then(|value| self.own(value));
        self.scopes.leave();
        let body = body?;
        if body.of != of_sum {
            let missing = format!("reduce from {} to {}", of_sum.described(), body.of.described());
            return Err(Missing::new(missing));
        }
        if body.text.contains('?') || iter.contains('?') {
            return Err(Missing::new("reduce by what may fail").help("write a loop"));
        }
        let closure = format!("|{}, {}| {}", names[0], names[1], body.text);
        Ok(match start {
            Some(start) => Value::temporary(format!("{iter}.fold({}, {closure})", start.text), of_sum),
            None => {
                let end = "ok_or_else(|| Error::new(\"reduce of nothing\"))?";
                Value::temporary(format!("{iter}.reduce({closure}).{end}"), of_sum)
            }
        })
    }

    /// `sum(values)` of an array of one axis, or of a list of arrays; `None` if it is something else.
    pub(crate) fn sum_of_arrays(&mut self, values: &Value) -> Option<Value> {
        let whole = values.at(Strength::Whole);
        Some(match &values.of {
            // As Python adds the rows of an array: more than one axis is an error here.
            Type::Ints | Type::Mask => {
                let sum = format!("{whole}.to_dtype(DType::I64)?.to_vec1::<i64>()?.iter().sum::<i64>()");
                match values.of {
                    Type::Mask => Value::new(format!("{sum} as usize"), Type::Int, Strength::Cast, Form::Temporary),
                    _ => Value::temporary(sum, Type::Signed),
                }
            }
            Type::Array | Type::Floats => Value::temporary(
                format!("{whole}.to_dtype(DType::F64)?.to_vec1::<f64>()?.iter().sum::<f64>()"),
                Type::Float,
            ),
            Type::List(of) if of.is_array() => {
                let (sum, stack) = (self.import("ops::sum"), self.import("ops::stack"));
                Value::temporary(format!("{sum}(&{stack}({}, 0)?, 0)?", values.borrowed()), (**of).clone())
            }
            _ => return None,
        })
    }
}
