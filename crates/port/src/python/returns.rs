//! What functions return.

use crate::program::Program;
use crate::script::names::is_constant;
use crate::value::{Form, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::Expr;

impl<'a> Program<'a> {
    /// A function that another one returns: a closure of tensors that owns what it uses.
    pub(crate) fn returned_function(&mut self, function: &'a Expr) -> Ported<Value> {
        let number = self.function_named(function).ok_or_else(|| Missing::new("a function as a value"))?;
        let definition = self.functions[number].definition;
        let count = definition.parameters().iter().filter(|parameter| parameter.default.is_none()).count();
        if !(1..=2).contains(&count) {
            return Err(Missing::new(format!("the function {} as a value", definition.name())));
        }
        let closure = self.closure(function, &vec![Type::Floats; count], crate::python::closures::Returns::Result)?;
        if !closure.returns.is_array() {
            return Err(Missing::new(format!("a function that returns {}", closure.returns.described())));
        }
        let text = match closure.text.starts_with('|') {
            true => format!("move {}", closure.text),
            false => closure.text,
        };
        let bar = text.find('|').map_or(0, |at| at + 1);
        let end = text[bar..].find('|').map_or(bar, |end| bar + end);
        let typed: Vec<_> = text[bar..end].split(", ").map(|name| format!("{name}: &Tensor")).collect();
        let text = format!("{}{}{}", &text[..bar], typed.join(", "), &text[end..]);
        Ok(Value::temporary(text, Type::Closure(definition.name().to_string(), count)))
    }

    /// A value that a function returns: its own variables are moved out.
    pub(crate) fn moved(&self, value: Value) -> Ported<Value> {
        let is_name = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_');
        if value.form == Form::Place && is_name(&value.text) && !is_constant(&value.text) {
            return Ok(Value { form: Form::Temporary, ..value });
        }
        if let (Type::Tuple(_), Some(items)) = (&value.of, &value.items)
            && items.len() > 1
        {
            let mut texts = Vec::new();
            for item in items {
                let text = self.moved(item.clone())?.text;
                // What is returned twice is cloned.
                let text = if texts.contains(&text) { self.own(item.clone())?.text } else { text };
                texts.push(text);
            }
            return Ok(Value { text: format!("({})", texts.join(", ")), ..value });
        }
        self.own(value)
    }

    /// A number as one of the type of those that the function returns before, which may become ones of this type.
    fn alike_returned(&mut self, value: Value) -> Value {
        let before = self.frame_mut().returns.clone();
        match (&before, &value.of) {
            (Some(Type::Signed), Type::Int) => crate::arithmetic::signed(&value),
            (Some(Type::Float), Type::Int | Type::Signed) if value.is_literal() => {
                Value { text: format!("{}.0", value.text), of: Type::Float, ..value }
            }
            (Some(Type::Int), Type::Signed) if self.rewrite_returned("") => {
                self.frame_mut().returns = Some(Type::Signed);
                value
            }
            (Some(Type::Int | Type::Signed), Type::Float) if self.rewrite_returned(".0") => {
                self.frame_mut().returns = Some(Type::Float);
                value
            }
            _ => value,
        }
    }

    /// Writes what the function returns before with this behind it, if all of that are integers that are written out.
    fn rewrite_returned(&mut self, ending: &str) -> bool {
        let literal = |line: &str| {
            let number = line.trim().strip_prefix("return Ok(")?.strip_suffix(");")?;
            number.trim_start_matches('-').bytes().all(|c| c.is_ascii_digit()).then(|| number.to_string())
        };
        let returns = |line: &String| line.trim_start().starts_with("return ");
        if self.body.iter().any(|line| returns(line) && literal(line).is_none()) {
            return false;
        }
        for line in self.body.iter_mut().filter(|line| returns(line)) {
            if let Some(number) = literal(line) {
                *line = line.replace(&format!("Ok({number})"), &format!("Ok({number}{ending})"));
            }
        }
        true
    }

    /// Whether a `return None, None` is one case of a function that returns values in others: only its line is not ported.
    pub(crate) fn returns_nothing(&self, value: &Expr) -> bool {
        let Expr::Tuple(tuple) = value else { return false };
        self.depth > 1 && tuple.elts.len() > 1 && tuple.elts.iter().all(Expr::is_none_literal_expr)
    }

    pub(crate) fn returned(&mut self, value: &Value) -> Ported<()> {
        let value = self.moved(value.clone())?;
        if self.is_in_module() {
            return Err(Missing::new("return outside of a function"));
        }
        let value = self.alike_returned(value);
        match &mut self.frame_mut().returns {
            Some(of) if *of != value.of => {
                Err(Missing::new(format!("it returns {} here, and {} before", value.of.described(), of.described())))
            }
            of => {
                *of = Some(value.of.clone());
                if value.of == Type::None {
                    self.line("return Ok(());");
                    return Ok(());
                }
                // A call of this library returns the same kind of error.
                let call = value.text.strip_suffix('?').filter(|_| matches!(value.of, Type::Model(_)));
                match call {
                    Some(call) => self.line(&format!("return {call};")),
                    None => self.line(&format!("return Ok({});", value.text)),
                }
                Ok(())
            }
        }
    }
}
