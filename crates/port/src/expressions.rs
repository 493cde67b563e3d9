//! Expressions.

use crate::program::Program;
use crate::script::names::grouped;
use crate::value::{Binding, Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, Number, Operator};

impl<'a> Program<'a> {
    pub(crate) fn expression(&mut self, expression: &'a Expr) -> Ported<Value> {
        match expression {
            Expr::NumberLiteral(number) => number_of(&number.value),
            Expr::BooleanLiteral(bool) => Ok(Value::constant(bool.value.to_string(), Type::Bool)),
            Expr::NoneLiteral(_) => Ok(Value::constant("None", Type::None)),
            Expr::StringLiteral(text) => Ok(Value::constant(format!("{:?}", text.value.to_str()), Type::Str)),
            Expr::FString(text) => self.f_string(text),
            Expr::Name(name) => self.name(&name.id),
            Expr::List(list) => match self.joined(&list.elts, list.range, true)? {
                Some(made) => self.expression(made),
                None => self.list(&list.elts),
            },
            Expr::Tuple(tuple) => match self.joined(&tuple.elts, tuple.range, false)? {
                Some(made) => self.expression(made),
                None => self.tuple(&tuple.elts),
            },
            Expr::UnaryOp(unary) => self.unary(unary.op, &unary.operand),
            Expr::BinOp(binary) => self.binary(&binary.left, binary.op, &binary.right),
            Expr::BoolOp(both) => self.either_operand(both),
            Expr::Compare(compare) => self.compare(compare),
            Expr::If(either) => {
                let test = self.condition(&either.test)?;
                if test == "true" || test == "false" {
                    return self.expression(if test == "true" { &either.body } else { &either.orelse });
                }
                let (yes, no) = (self.expression(&either.body)?, self.expression(&either.orelse)?);
                let is_place = |value: &Value| matches!(value.form, Form::Place | Form::Reference);
                // Either of two lists is borrowed.
                if matches!(yes.of, Type::List(_)) && yes.of == no.of && is_place(&yes) && is_place(&no) {
                    let text = format!("if {test} {{ {} }} else {{ {} }}", yes.borrowed(), no.borrowed());
                    return Ok(Value::new(text, yes.of, Strength::Loose, Form::Reference));
                }
                let (yes, no) = self.alike(yes, no)?;
                let text = format!("if {test} {{ {} }} else {{ {} }}", yes.text, no.text);
                Ok(Value::new(text, yes.of, Strength::Loose, Form::Temporary))
            }
            Expr::Call(call) => self.call(call),
            Expr::Attribute(attribute) => match self.path_of(expression) {
                Some(path) => self.attribute_of_module(&path),
                None => {
                    if let Some(constant) = self.constant_of_class(&attribute.value, attribute.attr.as_str()) {
                        return self.expression(constant);
                    }
                    if let Some(limit) = self.limit(&attribute.value, attribute.attr.as_str())? {
                        return Ok(limit);
                    }
                    let value = self.expression(&attribute.value)?;
                    match self.tensors_of_graph(&value, attribute.attr.as_str(), attribute.range) {
                        Some(tensors) => Ok(tensors),
                        None => self.attribute(&value, attribute.attr.as_str()),
                    }
                }
            },
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::Generator(generator) => self.list_comprehension(&generator.generators, &generator.elt),
            Expr::ListComp(list) => self.list_comprehension(&list.generators, &list.elt),
            Expr::SetComp(set) => self.set_comprehension(&set.generators, &set.elt),
            Expr::Set(set) => {
                let list = self.list(&set.elts)?;
                let Type::List(of) = list.of else { return Err(Missing::new("this set")) };
                self.import_from("std::collections::BTreeSet");
                let text = list.text.trim_start_matches("vec!").to_string();
                Ok(Value::temporary(format!("BTreeSet::from({text})"), Type::Set(of)))
            }
            Expr::DictComp(dict) => match &dict.key {
                Some(key) => match self.sample_of_dict(dict)? {
                    Some(sample) => Ok(sample),
                    None => self.dict_comprehension(&dict.generators, key, &dict.value),
                },
                None => Err(Missing::new("a dict of other dicts")),
            },
            Expr::Lambda(_) => Err(Missing::new("a lambda here")),
            Expr::Dict(dict) => self.dict(dict),
            _ => Err(Missing::new("this kind of expression")),
        }
    }

    pub(crate) fn name(&mut self, name: &str) -> Ported<Value> {
        match self.scopes.get(name) {
            Some(Binding::Variable(variable)) if matches!(variable.of, Type::Maybe(_)) => {
                let Type::Maybe(of) = self.resolved(&variable.of) else { return Err(Missing::new("this name")) };
                self.there(name, &variable, *of)
            }
            Some(Binding::Variable(variable)) => {
                let strength = if variable.rust_name.starts_with('*') { Strength::Prefix } else { Strength::Whole };
                Ok(Value::new(variable.rust_name, self.resolved(&variable.of), strength, variable.form))
            }
            Some(Binding::Missing(line)) => {
                Err(Missing::new(format!("it needs {name} of line {line}, which is not ported")))
            }
            Some(Binding::Inner(line)) => {
                let missing = Missing::new(format!("{name} has the value of a block that ends at line {line}"));
                Err(missing.help("assign it before the block"))
            }
            Some(Binding::Outside(variable)) => self.capture(name, variable),
            Some(Binding::Class(_)) => Err(Missing::new(format!("the class {name} as a value"))),
            Some(Binding::Function(_)) => Err(Missing::new(format!("the function {name} as a value"))),
            Some(Binding::Imported(path)) => match self.of_other_file(&path) {
                Some(value) => Ok(value),
                None => self.attribute_of_module(&path),
            },
            // A dict that is written out where it is used.
            None if self.known.literals.contains_key(name) => match self.known.literals.get(name).copied() {
                Some(dict) => self.dict(dict),
                None => Err(Missing::new(format!("{name} is not defined before"))),
            },
            None => self.undefined(name).ok_or_else(|| Missing::new(format!("{name} is not defined before"))),
        }
    }

    /// The full name of what an expression names in a module: `keras.layers.Dense`; `None` if it is a part of a value.
    pub(crate) fn path_of(&self, expression: &Expr) -> Option<String> {
        let (mut of, mut names) = (expression, Vec::new());
        while let Expr::Attribute(attribute) = of {
            names.push(attribute.attr.as_str());
            of = &attribute.value;
        }
        let Expr::Name(name) = of else { return None };
        let Some(Binding::Imported(path)) = self.scopes.get(&name.id) else { return None };
        names.push(&path);
        names.reverse();
        Some(crate::script::names::of_keras(&names.join(".")))
    }

    fn tuple(&mut self, elements: &'a [Expr]) -> Ported<Value> {
        let items = elements.iter().map(|element| self.expression(element)).collect::<Ported<Vec<_>>>()?;
        // What has one name only is moved, if it is returned, or owned where it is bound.
        let texts: Vec<_> =
            items.iter().map(|item| self.owned(item.clone()).map_or(item.text.clone(), |item| item.text)).collect();
        let of = Type::Tuple(items.iter().map(|item| item.of.clone()).collect());
        let comma = if texts.len() == 1 { "," } else { "" };
        let form = if items.iter().all(|item| item.form == Form::Constant) { Form::Constant } else { Form::Temporary };
        let mut value = Value::new(format!("({}{comma})", texts.join(", ")), of, Strength::Whole, form);
        value.items = Some(items);
        Ok(value)
    }

    /// The integer that an expression surely is.
    pub(crate) fn integer(&self, expression: &Expr) -> Option<i64> {
        match expression {
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(int) => int.as_i64(),
                _ => None,
            },
            Expr::Name(name) => self.known.integers.get(name.id.as_str()).copied(),
            Expr::BinOp(binary) => {
                let (a, b) = (self.integer(&binary.left)?, self.integer(&binary.right)?);
                match binary.op {
                    Operator::Add => a.checked_add(b),
                    Operator::Sub => a.checked_sub(b),
                    Operator::Mult => a.checked_mul(b),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

pub(crate) fn number_of(number: &Number) -> Ported<Value> {
    match number {
        Number::Int(int) => {
            let digits = int.to_string();
            match digits.parse::<i64>() {
                Ok(_) => Ok(Value::constant(grouped(&digits), Type::Int)),
                Err(_) => Err(Missing::new("an integer of more than 64 bits")),
            }
        }
        Number::Float(float) => Ok(Value::constant(format!("{float:?}"), Type::Float)),
        Number::Complex { .. } => Err(Missing::new("a complex number")),
    }
}
