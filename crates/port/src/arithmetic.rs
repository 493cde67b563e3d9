//! Operators on numbers, arrays, tensors, texts and lists.

use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, Operator, UnaryOp};

impl<'a> Program<'a> {
    pub(crate) fn unary(&mut self, op: UnaryOp, operand: &'a Expr) -> Ported<Value> {
        if op == UnaryOp::Not {
            let test = self.condition(operand)?;
            return Ok(match test.strip_prefix('!') {
                _ if test == "true" || test == "false" => Value::constant((test == "false").to_string(), Type::Bool),
                Some(rest) => Value::temporary(rest, Type::Bool),
                None if test.contains(' ') => {
                    Value::new(format!("!({test})"), Type::Bool, Strength::Prefix, Form::Temporary)
                }
                None => Value::new(format!("!{test}"), Type::Bool, Strength::Prefix, Form::Temporary),
            });
        }
        let value = self.expression(operand)?;
        match (op, &value.of) {
            (UnaryOp::UAdd, of) if of.is_number() => Ok(value),
            (UnaryOp::USub, Type::Float | Type::Signed) => Ok(Value::new(
                format!("-{}", value.at(if value.text.starts_with('-') { Strength::Whole } else { Strength::Prefix })),
                value.of,
                Strength::Prefix,
                value.form,
            )),
            (UnaryOp::USub, Type::Int) if value.is_literal() => {
                Ok(Value::new(format!("-{}", value.text), Type::Signed, Strength::Prefix, Form::Constant))
            }
            (UnaryOp::USub, Type::Int) if value.below_zero().is_some() => {
                let text = format!("-{}", signed(&value).at(Strength::Whole));
                Ok(Value::new(text, Type::Signed, Strength::Prefix, Form::Temporary))
            }
            (UnaryOp::USub, Type::Int) => Ok(Value::new(
                format!("-({} as i64)", value.at(Strength::Cast)),
                Type::Signed,
                Strength::Prefix,
                Form::Temporary,
            )),
            (UnaryOp::Invert, of) if of.is_array() => {
                let function = self.import("ops::logical_not");
                Ok(Value::temporary(format!("{function}({})?", value.borrowed()), Type::Mask))
            }
            (UnaryOp::USub, of) if of.is_array() => {
                if value.of == Type::Floats {
                    return Ok(Value::temporary(format!("{}.neg()?", value.at(Strength::Whole)), value.of));
                }
                let function = self.import("numpy::negative");
                Ok(Value::temporary(format!("{function}({})?", value.borrowed()), value.of))
            }
            (UnaryOp::USub, Type::Symbolic) => {
                Ok(Value::new(format!("-{}", value.borrowed()), Type::Symbolic, Strength::Prefix, Form::Temporary))
            }
            (_, of) => Err(Missing::new(format!("this operator on {}", of.described()))),
        }
    }

    pub(crate) fn binary(&mut self, left: &'a Expr, op: Operator, right: &'a Expr) -> Ported<Value> {
        if op == Operator::Mod
            && let Expr::StringLiteral(text) = left
        {
            return self.percent(text.value.to_str(), right);
        }
        let (a, b) = (self.expression(left)?, self.expression(right)?);
        self.check_no_tolist(left, &a)?;
        self.check_no_tolist(right, &b)?;
        if let Some(table) = self.table_with_numbers(&a, op, &b)? {
            return Ok(table);
        }
        let (a, b) = crate::pandas::operands(a, op, b);
        let (a, b) = self.json_operands(a, b)?;
        let has_mutable = [&a, &b].iter().any(|value| matches!(value.of, Type::Mutable { .. }));
        let (a, b) = if has_mutable { (self.tensor(&a)?, self.tensor(&b)?) } else { (a, b) };
        let (a, b) = crate::pandas::cells::operands(a, op, b);
        if let Some(value) = self.of_cells(&a, op, &b)? {
            return Ok(value);
        }
        if let Some(set) = crate::python::sets::of_sets(&a, op, &b) {
            return Ok(set);
        }
        match (&a.of, &b.of) {
            (Type::Symbolic, y) if y.is_array() => self.with_constant(&a, &b, |a, b| of_symbolic(a, op, b)),
            (x, Type::Symbolic) if x.is_array() => self.with_constant(&b, &a, |b, a| of_symbolic(a, op, b)),
            (x, y) if x.is_array() || y.is_array() => self.of_arrays(&a, op, &b),
            (Type::Symbolic, _) | (_, Type::Symbolic) => of_symbolic(&a, op, &b),
            (Type::Tuple(_), Type::Tuple(_)) if op == Operator::Add => {
                let items = [items_of_tuple(&a), items_of_tuple(&b)].concat();
                let texts: Vec<_> = items.iter().map(|item| item.text.clone()).collect();
                let of = Type::Tuple(items.iter().map(|item| item.of.clone()).collect());
                let mut value = Value::temporary(format!("({})", texts.join(", ")), of);
                value.items = Some(items);
                Ok(value)
            }
            (x, y) if op == Operator::Add && is_text_like(x) && is_text_like(y) => {
                let shown = |value: &Value| match &value.of {
                    Type::List(_) => format!("{}.iter().collect::<String>()", value.at(Strength::Whole)),
                    _ => value.text.clone(),
                };
                Ok(Value::temporary(format!("format!(\"{{}}{{}}\", {}, {})", shown(&a), shown(&b)), Type::String))
            }
            // As texts.
            (x, y)
                if op == Operator::Add
                    && [x, y].contains(&&Type::Path)
                    && [x, y].iter().all(|of| of.is_text() || **of == Type::Path) =>
            {
                let shown = |part: &Value| match part.of {
                    Type::Path => format!("{}.display()", part.at(Strength::Whole)),
                    _ => part.text.clone(),
                };
                Ok(Value::temporary(format!("format!(\"{{}}{{}}\", {}, {})", shown(&a), shown(&b)), Type::String))
            }
            (Type::Path, y) if op == Operator::Div && (y.is_text() || *y == Type::Path) => {
                Ok(Value::temporary(format!("{}.join({})", a.at(Strength::Whole), b.borrowed()), Type::Path))
            }
            (x, y) if x.is_number() && y.is_number() => {
                let known = self.integer(left).zip(self.integer(right)).filter(|_| op == Operator::Sub);
                let is_negative = known.is_some_and(|(a, b)| a < b);
                if matches!(op, Operator::FloorDiv | Operator::Mod) && [x, y].contains(&&Type::Float) {
                    self.import("python::modulo");
                }
                match is_negative {
                    true => of_numbers(&signed(&a), op, &signed(&b)),
                    false if known.is_some() => Ok(Value { below_zero: None, ..of_numbers(&a, op, &b)? }),
                    false => of_numbers(&a, op, &b),
                }
            }
            (x, y) if x.is_text() && y.is_text() && op == Operator::Add => {
                Ok(Value::temporary(format!("format!(\"{{}}{{}}\", {}, {})", a.text, b.text), Type::String))
            }
            (Type::List(x), Type::List(y)) if (x == y || (x.is_array() && y.is_array())) && op == Operator::Add => {
                Ok(Value::temporary(format!("[{}, {}].concat()", sliced(&a), sliced(&b)), a.of.clone()))
            }
            (Type::List(x), Type::List(y))
                if matches!((&**x, &**y), (Type::Layer(_), Type::Layer(_))) && op == Operator::Add =>
            {
                self.joined_layers(&a, &b).ok_or_else(|| Missing::new("these lists of layers"))
            }
            (Type::List(x), Type::List(y)) if x.is_text() && y.is_text() && op == Operator::Add => {
                let texts = [&a, &b].map(|list| match (&list.of, &list.items) {
                    (Type::List(of), _) if **of == Type::String => sliced(list),
                    (_, Some(items)) => {
                        let texts: Vec<_> = items.iter().map(|item| self.owned_text(item)).collect();
                        format!("&[{}][..]", texts.join(", "))
                    }
                    _ => format!("&{}.iter().map(|x| x.to_string()).collect::<Vec<_>>()[..]", list.at(Strength::Whole)),
                });
                let of = Type::List(Box::new(Type::String));
                Ok(Value::temporary(format!("[{}].concat()", texts.join(", ")), of))
            }
            (text, Type::Int) if text.is_text() && op == Operator::Mult => {
                Ok(Value::temporary(format!("{}.repeat({})", a.at(Strength::Whole), b.text), Type::String))
            }
            (Type::List(of), Type::Int)
                if op == Operator::Mult
                    && matches!(**of, Type::List(_) | Type::Dict(..) | Type::Set(_))
                    && self.scan().changes_elements() =>
            {
                Err(Missing::new("one list that is several elements").help("write [... for _ in range(n)]"))
            }
            (Type::List(of), Type::Int) if op == Operator::Mult => {
                let text = match of.is_copy() {
                    // Of a list that is written out, an array will do.
                    true => format!("{}.repeat({})", a.at(Strength::Whole).trim_start_matches("vec!"), b.text),
                    false => format!("vec![{}; {}].concat()", self.owned(a.clone())?.text, b.text),
                };
                Ok(Value::temporary(text, a.of.clone()))
            }
            (x, y) => Err(Missing::new(format!("{} of {} and {}", op.as_str(), x.described(), y.described()))),
        }
    }

    /// An array among symbolic tensors: the same for each sample.
    pub(crate) fn symbolic_constant(&mut self, array: &Value, like: &Value) -> Ported<Value> {
        self.graphs.add_group();
        let class = self.import("layers::Lambda");
        let text = format!("{class}::value({}).call({})", array.borrowed(), like.borrowed());
        Ok(Value::temporary(text, Type::Symbolic))
    }

    /// An operator on a symbolic tensor and an array. The tensor is made once, since layers such as Dropout give another one each time.
    fn with_constant(
        &mut self,
        tensor: &Value,
        array: &Value,
        operation: impl FnOnce(&Value, &Value) -> Ported<Value>,
    ) -> Ported<Value> {
        if tensor.form != Form::Temporary {
            let constant = self.symbolic_constant(array, tensor)?;
            return operation(tensor, &constant);
        }
        let name = if crate::program::has_word(&array.text, "tensor") { "symbolic" } else { "tensor" };
        let own = Value::place(name, Type::Symbolic);
        let constant = self.symbolic_constant(array, &own)?;
        let value = operation(&own, &constant)?;
        let text = format!("{{\n    let {name} = {};\n    {}\n}}", tensor.text, value.text);
        Ok(Value::temporary(text, Type::Symbolic))
    }

    fn of_arrays(&mut self, a: &Value, op: Operator, b: &Value) -> Ported<Value> {
        if let Some(value) = self.as_numpy_computes(a, op, b)? {
            return Ok(value);
        }
        let are_truths = a.of == Type::Mask && b.of == Type::Mask;
        let sign = match op {
            Operator::Add if are_truths => return self.of_two("logical_or", a, b),
            Operator::Mult if are_truths => return self.of_two("logical_and", a, b),
            Operator::Add => "+",
            Operator::Sub => "-",
            Operator::Mult => "*",
            Operator::Div => "/",
            Operator::MatMult => return self.ops_call("matmul", a, b),
            Operator::Pow if b.text == "2" => {
                let function = self.import("ops::square");
                return Ok(match a.of {
                    Type::Mask => {
                        Value::temporary(format!("{}.to_dtype(DType::I64)?", a.at(Strength::Whole)), Type::Ints)
                    }
                    _ => Value::temporary(format!("{function}({})?", a.borrowed()), a.of.clone()),
                });
            }
            Operator::Pow => return self.of_two("power", a, b),
            Operator::FloorDiv => return self.of_two("floor_divide", a, b),
            Operator::Mod => return self.of_two("mod", a, b),
            Operator::BitAnd | Operator::BitOr if a.of != Type::Mask || b.of != Type::Mask => {
                let is_known = [a, b].iter().all(|value| matches!(value.of, Type::Mask | Type::Array));
                if !is_known {
                    return Err(Missing::new("the bits of integers"));
                }
                return self.of_two(if op == Operator::BitAnd { "logical_and" } else { "logical_or" }, a, b);
            }
            Operator::BitAnd => return self.of_two("logical_and", a, b),
            Operator::BitOr => return self.of_two("logical_or", a, b),
            _ => return Err(Missing::new(format!("{} of arrays", op.as_str()))),
        };
        if a.of.is_array() && b.of.is_array() {
            let names = [("+", "add"), ("-", "subtract"), ("*", "multiply"), ("/", "divide")];
            let name = names.iter().find(|(own, _)| *own == sign).map_or("add", |(_, name)| name);
            return self.ops_call(name, a, b);
        }
        let (array, number) = if a.of.is_array() { (a, b) } else { (b, a) };
        // NumPy divides integers into fractions, and has fractions where one operand has.
        let is_float = array.of == Type::Floats || op == Operator::Div || number.of == Type::Float;
        let own = match (is_float, &array.of) {
            (true, Type::Array | Type::Ints | Type::Mask) => {
                format!("{}.to_dtype(DType::F64)?", array.at(Strength::Whole))
            }
            // True counts as 1.
            (false, Type::Mask) => format!("{}.to_dtype(DType::I64)?", array.at(Strength::Whole)),
            _ => array.borrowed(),
        };
        let least = if a.of.is_array() { Strength::Cast } else { Strength::Product };
        let number = number.as_float_at(least).ok_or_else(|| Missing::new("these operands"))?;
        let text =
            if a.of.is_array() { format!("({own} {sign} {number})?") } else { format!("({number} {sign} {own})?") };
        let of = match (is_float, &array.of) {
            (true, _) => Type::Floats,
            (false, Type::Ints | Type::Mask) => Type::Ints,
            _ => Type::Array,
        };
        Ok(Value::temporary(text, of))
    }

    fn ops_call(&mut self, name: &str, a: &Value, b: &Value) -> Ported<Value> {
        let function = self.import(&format!("ops::{name}"));
        let operand = |x: &Value| match &x.of {
            of if of.is_array() => Ok(x.borrowed()),
            _ => Err(Missing::new(format!("{name} of an array and {}", x.of.described()))),
        };
        let of = match (&a.of, &b.of) {
            (Type::Floats, _) | (_, Type::Floats) => Type::Floats,
            _ if name == "divide" => Type::Floats,
            (Type::Ints | Type::Mask, Type::Ints | Type::Mask) => Type::Ints,
            _ => Type::Array,
        };
        let shown = |x: &Value, text: String| match (name, &x.of) {
            // NumPy divides integers into fractions.
            ("divide", Type::Ints | Type::Mask) => format!("&{}.to_dtype(DType::F64)?", x.at(Strength::Whole)),
            // True counts as 1.
            (_, Type::Mask) => format!("&{}.to_dtype(DType::I64)?", x.at(Strength::Whole)),
            _ => text,
        };
        let (x, y) = (shown(a, operand(a)?), shown(b, operand(b)?));
        Ok(Value::temporary(format!("{function}({x}, {y})?"), of))
    }
}

/// Whether it is a text, or characters of one.
fn is_text_like(of: &Type) -> bool {
    of.is_text() || *of == Type::Char || matches!(of, Type::List(of) if **of == Type::Char)
}

/// The elements of a tuple, also of one in a variable.
pub(crate) fn items_of_tuple(value: &Value) -> Vec<Value> {
    match (&value.items, &value.of) {
        (Some(items), _) => items.clone(),
        (None, Type::Tuple(types)) => (types.iter().enumerate())
            .map(|(i, of)| Value::place(format!("{}.{i}", value.at(Strength::Whole)), of.clone()))
            .collect(),
        _ => Vec::new(),
    }
}

/// A size as a number that may become negative.
pub(crate) fn signed(value: &Value) -> Value {
    match value.of {
        Type::Int if value.is_literal() => {
            Value { of: Type::Signed, text: value.text.trim_end_matches("_usize").into(), ..value.clone() }
        }
        Type::Int if value.below_zero().is_some() => value.below_zero().unwrap_or(value).clone(),
        Type::Int => {
            Value::new(format!("{} as i64", value.at(Strength::Cast)), Type::Signed, Strength::Cast, Form::Temporary)
        }
        _ => value.clone(),
    }
}

/// An integer that is written out, which Rust would not have in 32 bits.
pub(crate) fn wide(value: &Value) -> Value {
    let digits = value.text.replace('_', "");
    let is_wide = value.of == Type::Int && digits.parse().is_ok_and(|number: i64| i32::try_from(number).is_err());
    if is_wide { Value { text: format!("{}_usize", value.text), ..value.clone() } } else { value.clone() }
}

/// Two sizes that are written out, whose product or sum Rust would not have in 32 bits.
fn widened(a: &Value, op: Operator, b: &Value) -> Value {
    let integer = |value: &Value| value.text.replace('_', "").parse::<i64>().ok();
    let result = integer(a).zip(integer(b)).and_then(|(x, y)| match op {
        Operator::Add => x.checked_add(y),
        Operator::Mult => x.checked_mul(y),
        _ => None,
    });
    match (result, a.of == Type::Int && b.of == Type::Int) {
        (Some(result), true) if i32::try_from(result).is_err() && !wide(a).text.ends_with("usize") => {
            Value { text: format!("{}_usize", a.text), ..a.clone() }
        }
        _ => wide(a),
    }
}

pub(crate) fn of_numbers(a: &Value, op: Operator, b: &Value) -> Ported<Value> {
    let is_float = a.of == Type::Float || b.of == Type::Float || op == Operator::Div;
    let sizes = (a.of == Type::Int && b.of == Type::Int && !is_float && op != Operator::Pow)
        .then(|| (widened(a, op, b), wide(b)));
    let (a, b) = sizes.as_ref().map_or((a, b), |(a, b)| (a, b));
    let floats = || Some((a.as_float()?, b.as_float()?));
    let wrapped =
        |text: String, strength: Strength, least: Strength| if strength < least { format!("({text})") } else { text };
    let strength_of = |value: &Value| {
        if value.of == Type::Float || (value.form == Form::Constant && value.is_literal()) {
            value.strength
        } else {
            Strength::Cast
        }
    };
    let join = |sign: &str, strength: Strength| -> Ported<Value> {
        let right = if strength == Strength::Sum { Strength::Product } else { Strength::Cast };
        let (x, y, of) = if is_float {
            let (x, y) = floats().ok_or_else(|| Missing::new("these operands"))?;
            (wrapped(x, strength_of(a), strength), wrapped(y, strength_of(b), right), Type::Float)
        } else if a.of == b.of {
            (a.at(strength), b.at(right), a.of.clone())
        } else {
            let signed = |value: &Value, least: Strength| match (
                &value.of,
                value.is_literal() && value.form == Form::Constant,
            ) {
                (Type::Int, false) => crate::arithmetic::signed(value).at(least),
                _ => value.at(least),
            };
            (signed(a, strength), signed(b, right), Type::Signed)
        };
        Ok(Value::new(format!("{x} {sign} {y}"), of, strength, Form::Temporary))
    };
    let both_sizes = a.of == Type::Int && b.of == Type::Int;
    let may_be_negative = a.below_zero().is_some() || b.below_zero().is_some();
    match op {
        Operator::Sub | Operator::Add | Operator::Mult if both_sizes && (op == Operator::Sub || may_be_negative) => {
            let (sign, strength) = match op {
                Operator::Sub => ("-", Strength::Sum),
                Operator::Add => ("+", Strength::Sum),
                _ => ("*", Strength::Product),
            };
            Ok(join(sign, strength)?.or_below_zero(of_numbers(&signed(a), op, &signed(b))?))
        }
        Operator::FloorDiv | Operator::Mod | Operator::Pow if both_sizes && may_be_negative => {
            let size = |value: &Value| Value { below_zero: None, ..value.clone() };
            let value = of_numbers(&signed(a), op, &size(b));
            if let (Operator::Mod, Ok(value)) = (op, &value) {
                let text = format!("{} as usize", value.at(Strength::Cast));
                return Ok(Value::new(text, Type::Int, Strength::Cast, Form::Temporary));
            }
            let sizes = of_numbers(&size(a), op, &size(b))?;
            Ok(match value {
                Ok(value) if b.below_zero().is_none() => sizes.or_below_zero(value),
                _ => sizes,
            })
        }
        Operator::Add => join("+", Strength::Sum),
        Operator::Sub => join("-", Strength::Sum),
        Operator::Mult => join("*", Strength::Product),
        Operator::Div => join("/", Strength::Product),
        Operator::FloorDiv if a.of == Type::Int && b.of == Type::Int => join("/", Strength::Product),
        Operator::Mod if a.of == Type::Int && b.of == Type::Int => join("%", Strength::Product),
        // As Python rounds them: down.
        Operator::FloorDiv | Operator::Mod if a.of == Type::Signed && b.of == Type::Int => {
            let method = if op == Operator::Mod { "rem_euclid" } else { "div_euclid" };
            let divisor = if b.is_literal() { b.text.clone() } else { format!("{} as i64", b.at(Strength::Cast)) };
            Ok(Value::temporary(format!("i64::{method}({}, {divisor})", a.text), Type::Signed))
        }
        // As Python rounds them, which is not the rounded quotient.
        Operator::FloorDiv | Operator::Mod if is_float => {
            let (x, y) = floats().ok_or_else(|| Missing::new("these operands"))?;
            let function = if op == Operator::Mod { "modulo" } else { "floor_div" };
            Ok(Value::temporary(format!("python::{function}({x}, {y})"), Type::Float))
        }
        Operator::Pow if a.of == Type::Int && b.of == Type::Int => {
            let by = if b.is_literal() { b.text.clone() } else { format!("{} as u32", b.at(Strength::Cast)) };
            Ok(Value::temporary(format!("usize::pow({}, {by})", a.text), Type::Int))
        }
        Operator::Pow if a.of == Type::Signed && b.of == Type::Int => {
            let by = if b.is_literal() { b.text.clone() } else { format!("{} as u32", b.at(Strength::Cast)) };
            Ok(Value::temporary(format!("i64::pow({}, {by})", a.text), Type::Signed))
        }
        Operator::Pow => {
            let (x, y) = floats().ok_or_else(|| Missing::new("these operands"))?;
            Ok(Value::temporary(format!("f64::powf({x}, {y})"), Type::Float))
        }
        _ => Err(Missing::new(format!("{} of {} and {}", op.as_str(), a.of.described(), b.of.described()))),
    }
}

pub(crate) fn of_symbolic(a: &Value, op: Operator, b: &Value) -> Ported<Value> {
    let (sign, strength) = match op {
        Operator::Add => ("+", Strength::Sum),
        Operator::Sub => ("-", Strength::Sum),
        Operator::Mult => ("*", Strength::Product),
        Operator::Div => ("/", Strength::Product),
        _ => return Err(Missing::new(format!("{} of symbolic tensors", op.as_str()))),
    };
    let operand = |value: &Value, least: Strength| match &value.of {
        Type::Symbolic if value.form == Form::Temporary => Ok(value.at(least)),
        Type::Symbolic => Ok(value.borrowed()),
        of => value.as_float_at(least).ok_or_else(|| Missing::new(format!("{} and a symbolic tensor", of.described()))),
    };
    let right = if strength == Strength::Sum { Strength::Product } else { Strength::Cast };
    Ok(Value::new(
        format!("{} {sign} {}", operand(a, strength)?, operand(b, right)?),
        Type::Symbolic,
        strength,
        Form::Temporary,
    ))
}

/// A list as an element of an array of slices.
pub(crate) fn sliced(list: &Value) -> String {
    format!("&{}[..]", list.at(Strength::Whole))
}
