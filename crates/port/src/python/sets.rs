//! Sets: their operators and methods.

use crate::program::Program;
use crate::python::collections::dict_key;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, Operator};

/// `&a & &b`
pub(crate) fn of_sets(a: &Value, op: Operator, b: &Value) -> Option<Value> {
    let (Type::Set(x), Type::Set(y)) = (&a.of, &b.of) else { return None };
    let sign = match op {
        Operator::BitAnd => "&",
        Operator::BitOr => "|",
        Operator::Sub => "-",
        Operator::BitXor => "^",
        _ => return None,
    };
    let strength = if sign == "-" { Strength::Sum } else { Strength::Comparison };
    let of = if matches!(**x, Type::Unknown(_)) { y.clone() } else { x.clone() };
    let shown = |value: &Value| value.borrowed();
    Some(Value::new(format!("{} {sign} {}", shown(a), shown(b)), Type::Set(of), strength, Form::Temporary))
}

impl<'a> Program<'a> {
    /// The methods of a set that `methods.rs` has not.
    pub(crate) fn method_of_set(
        &mut self,
        of: &Value,
        element: &Type,
        name: &str,
        arguments: &'a [Expr],
    ) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let operator = match name {
            "union" => Some(Operator::BitOr),
            "intersection" => Some(Operator::BitAnd),
            "difference" => Some(Operator::Sub),
            "symmetric_difference" => Some(Operator::BitXor),
            _ => None,
        };
        match (name, arguments) {
            ("discard", [item]) => {
                let item = self.expression(item)?;
                Ok(Value::temporary(format!("{whole}.remove({})", dict_key(element, &item)?), Type::None))
            }
            ("remove", [item]) => {
                let item = self.expression(item)?;
                let text = format!("assert!({whole}.remove({}), \"it is not in the set\")", dict_key(element, &item)?);
                Ok(Value::temporary(text, Type::None))
            }
            ("clear", []) => Ok(Value::temporary(format!("{whole}.clear()"), Type::None)),
            ("copy", []) => Ok(Value::temporary(format!("{whole}.clone()"), of.of.clone())),
            (_, [other]) => {
                let other = self.expression(other)?;
                let test = match name {
                    "issubset" => "is_subset",
                    "issuperset" => "is_superset",
                    "isdisjoint" => "is_disjoint",
                    _ => "",
                };
                if !test.is_empty() && matches!(other.of, Type::Set(_)) {
                    return Ok(Value::temporary(format!("{whole}.{test}({})", other.borrowed()), Type::Bool));
                }
                let found = operator.and_then(|op| of_sets(of, op, &other));
                found.ok_or_else(|| Missing::new(format!("the method {name} of a set, of {}", other.of.described())))
            }
            _ => Err(Missing::new(format!("the method {name} of a set"))),
        }
    }

    /// Two types as one, where a part of one of them is not known yet.
    pub(crate) fn unified(&mut self, a: &Type, b: &Type) -> Option<Type> {
        let (a, b) = (self.resolved(a), self.resolved(b));
        Some(match (&a, &b) {
            (a, b) if a == b => a.clone(),
            (Type::Unknown(number), other) | (other, Type::Unknown(number)) => {
                self.known(*number, other.clone());
                other.clone()
            }
            (Type::List(a), Type::List(b)) => Type::List(Box::new(self.unified(a, b)?)),
            (Type::Set(a), Type::Set(b)) => Type::Set(Box::new(self.unified(a, b)?)),
            (Type::Dict(a, x), Type::Dict(b, y)) => {
                Type::Dict(Box::new(self.unified(a, b)?), Box::new(self.unified(x, y)?))
            }
            _ => return None,
        })
    }

    /// Makes values that differ in what is not known yet ones of the same type.
    pub(crate) fn unify(&mut self, items: &mut [Value]) {
        let Some(mut of) = items.first().map(|item| item.of.clone()) else { return };
        for item in items.iter() {
            match self.unified(&of, &item.of.clone()) {
                Some(one) => of = one,
                None => return,
            }
        }
        for item in items {
            item.of = of.clone();
        }
    }
}
