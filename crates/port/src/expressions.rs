//! Expressions.

use crate::names::grouped;
use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, Expr, ExprCompare, ExprSubscript, Number, Operator, UnaryOp};

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
            Some(Binding::Imported(path)) => Err(Missing::new(format!("{path} as a value"))),
            // A dict that is written out where it is used.
            None if self.literals.contains_key(name) => match self.literals.get(name).copied() {
                Some(dict) => self.dict(dict),
                None => Err(Missing::new(format!("{name} is not defined before"))),
            },
            None => Err(Missing::new(format!("{name} is not defined before"))),
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
        Some(crate::names::of_keras(&names.join(".")))
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
            Expr::Name(name) => self.integers.get(name.id.as_str()).copied(),
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

    fn unary(&mut self, op: UnaryOp, operand: &'a Expr) -> Ported<Value> {
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
                let function = self.import("ops::negative");
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
        let (a, b) = crate::pandas::operands(a, op, b);
        let has_mutable = [&a, &b].iter().any(|value| matches!(value.of, Type::Mutable { .. }));
        let (a, b) = if has_mutable { (self.tensor(&a)?, self.tensor(&b)?) } else { (a, b) };
        if let Some(set) = crate::sets::of_sets(&a, op, &b) {
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
                return Ok(Value::temporary(format!("{function}({})?", a.borrowed()), a.of.clone()));
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
        let own = match is_float && matches!(array.of, Type::Array | Type::Ints | Type::Mask) {
            true => format!("{}.to_dtype(DType::F64)?", array.at(Strength::Whole)),
            false => array.borrowed(),
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

    fn compare(&mut self, compare: &'a ExprCompare) -> Ported<Value> {
        if let Some(test) = self.compare_maybe(compare) {
            return Ok(test);
        }
        if let Some(known) = self.compare_version(compare)? {
            return Ok(Value::constant(known.to_string(), Type::Bool));
        }
        let mut parts = Vec::new();
        let mut left = self.expression(&compare.left)?;
        for (op, right) in compare.ops.iter().zip(&compare.comparators) {
            let right = self.expression(right)?;
            if compare.ops.len() == 1
                && let Some(mask) = self.compare_column(&left, *op, &right)?
            {
                return Ok(mask);
            }
            let is_array = |value: &Value| {
                value.of.is_array()
                    || matches!(value.of, Type::Mutable { .. })
                    || crate::pandas::as_array(value).is_some()
            };
            let has_array = is_array(&left) || is_array(&right);
            if has_array && right.of != Type::None && !matches!(op, CmpOp::In | CmpOp::NotIn) {
                if compare.ops.len() > 1 {
                    return Err(Missing::new("a chain of comparisons of arrays"));
                }
                return self.compare_arrays(&left, *op, &right);
            }
            // What is made is made once.
            if parts.len() + 1 < compare.ops.len() && right.form == Form::Temporary && right.text.contains('(') {
                return Err(Missing::new("a chain of comparisons of what is computed").help("assign it to a name"));
            }
            parts.push(compared(&left, *op, &right)?);
            left = right;
        }
        match &mut parts[..] {
            [one] if one == "true" || one == "false" => Ok(Value::constant(std::mem::take(one), Type::Bool)),
            [one] => Ok(Value::new(std::mem::take(one), Type::Bool, Strength::Comparison, Form::Temporary)),
            _ => Ok(Value::new(parts.join(" && "), Type::Bool, Strength::And, Form::Temporary)),
        }
    }

    /// `x > 0.5` of an array: an array of truth values.
    fn compare_arrays(&mut self, a: &Value, op: CmpOp, b: &Value) -> Ported<Value> {
        let name = match op {
            CmpOp::Eq => "equal",
            CmpOp::NotEq => "not_equal",
            CmpOp::Lt => "less",
            CmpOp::LtE => "less_equal",
            CmpOp::Gt => "greater",
            CmpOp::GtE => "greater_equal",
            _ => return Err(Missing::new("this comparison of arrays")),
        };
        // A number has the precision of the array: 0.1 is that of float32.
        let (method, flipped) = match op {
            CmpOp::Eq => ("eq", "eq"),
            CmpOp::NotEq => ("ne", "ne"),
            CmpOp::Lt => ("lt", "gt"),
            CmpOp::LtE => ("le", "ge"),
            CmpOp::Gt => ("gt", "lt"),
            _ => ("ge", "le"),
        };
        for (array, number, method) in [(a, b, method), (b, a, flipped)] {
            if let (Type::Floats, Some(number)) = (&array.of, number.as_float()) {
                return Ok(Value::temporary(format!("{}.{method}({number})?", array.at(Strength::Whole)), Type::Mask));
            }
        }
        let (a, b) = (self.tensor(a)?, self.tensor(b)?);
        let function = self.import(&format!("ops::{name}"));
        Ok(Value::temporary(format!("{function}({}, {})?", a.borrowed(), b.borrowed()), Type::Mask))
    }

    /// Two values as ones of the same type.
    fn alike(&self, a: Value, b: Value) -> Ported<(Value, Value)> {
        if a.of == b.of {
            return Ok((self.owned(a)?, self.owned(b)?));
        }
        if a.of.is_text() && b.of.is_text() {
            let own = |text: &Value| Value::temporary(self.owned_text(text), Type::String);
            return Ok((own(&a), own(&b)));
        }
        match (a.as_float(), b.as_float()) {
            (Some(x), Some(y)) => Ok((Value::temporary(x, Type::Float), Value::temporary(y, Type::Float))),
            _ => Err(Missing::new(format!("either {} or {}", a.of.described(), b.of.described()))),
        }
    }

    fn subscript(&mut self, subscript: &'a ExprSubscript) -> Ported<Value> {
        // `np.where(mask)[0]`
        if let (Expr::Call(call), Expr::NumberLiteral(_)) = (&*subscript.value, &*subscript.slice)
            && let [condition] = &call.arguments.args[..]
            && self.path_of(&call.func).is_some_and(|path| path == "numpy.where" || path == "numpy.nonzero")
        {
            let condition = self.expression(condition)?;
            let condition = self.tensor(&condition)?;
            let function = self.import("numpy::flatnonzero");
            return Ok(Value::temporary(format!("{function}({})?", condition.borrowed()), Type::Ints));
        }
        if let (Expr::Name(name), Expr::StringLiteral(key)) = (&*subscript.value, &*subscript.slice)
            && let Some(dict) = self.literals.get(name.id.as_str()).copied()
        {
            let found = dict.items.iter().find(
                |item| matches!(&item.key, Some(Expr::StringLiteral(own)) if own.value.to_str() == key.value.to_str()),
            );
            return match found {
                Some(item) => self.expression(&item.value),
                None => Err(Missing::new(format!("{:?} is not in the dict", key.value.to_str()))),
            };
        }
        if let Some(grid) = self.grid(subscript)? {
            return Ok(grid);
        }
        if let Some(element) = self.special_element(subscript)? {
            return Ok(element);
        }
        if let Some(tensor) = self.tensor_of_model(subscript)? {
            return Ok(tensor);
        }
        let of = self.expression(&subscript.value)?;
        if let Type::Outputs(types) = &of.of {
            return self.part_of_outputs(&of, &types.clone(), &subscript.slice);
        }
        // An element of a list that is written out.
        if let (Expr::Call(_), Some(items), Expr::NumberLiteral(_)) = (&*subscript.value, &of.items, &*subscript.slice)
            && let [one] = &items[..]
            && self.expression(&subscript.slice)?.text == "0"
        {
            return Ok(one.clone());
        }
        if let Type::Batch(x, Some(y)) = &of.of {
            return match self.expression(&subscript.slice)?.text.as_str() {
                "0" => Ok(Value::place("batch.x[0]", (**x).clone())),
                "1" => Ok(Value::place("batch.y[0]", (**y).clone())),
                _ => Err(Missing::new("another part of a batch")),
            };
        }
        if of.of.is_array() {
            return self.array_index(&of, &subscript.slice);
        }
        if matches!(of.of, Type::TextArray(_)) {
            return self.part_of_texts(&of, &subscript.slice);
        }
        if let Some(part) = self.pandas_subscript(&of, &subscript.slice)? {
            return Ok(part);
        }
        if let Some(axes) = self.axes_index(&of, &subscript.slice)? {
            return Ok(axes);
        }
        if let Some(input) = self.named_input(&of, &subscript.slice)? {
            return Ok(input);
        }
        if of.of == Type::Symbolic {
            return self.symbolic_index(&of, &subscript.slice);
        }
        if of.of == Type::BuildShape {
            return self.built_size(&subscript.slice);
        }
        if matches!(of.of, Type::Mutable { .. }) {
            return self.mutable_element(&of, &subscript.slice);
        }
        if let Expr::Slice(slice) = &*subscript.slice {
            return self.part_of(&of, slice);
        }
        match &of.of {
            Type::List(element) => {
                let place = self.place_in(&of, &subscript.slice)?;
                Ok(Value::place(format!("{}[{place}]", of.at(Strength::Whole)), (**element).clone()))
            }
            Type::Tuple(types) => {
                let index = self.expression(&subscript.slice)?;
                let at: i64 =
                    index.text.parse().map_err(|_| Missing::new("an element of a tuple by a computed index"))?;
                let at = if at < 0 { types.len() as i64 + at } else { at } as usize;
                let found = types.get(at).cloned().ok_or_else(|| Missing::new("an index beyond the tuple"))?;
                Ok(Value::place(format!("{}.{at}", of.at(Strength::Whole)), found))
            }
            Type::Dict(key, value) => {
                let at = self.expression(&subscript.slice)?;
                let at = crate::collections::dict_key(key, &at)?;
                Ok(Value::place(format!("{}[{at}]", of.at(Strength::Whole)), (**value).clone()))
            }
            Type::Scores(names) => {
                let index = self.expression(&subscript.slice)?;
                let name = match index.literal_text() {
                    Some(name) => name.to_string(),
                    None => index
                        .text
                        .parse()
                        .ok()
                        .and_then(|at: usize| names.get(at).cloned())
                        .ok_or_else(|| Missing::new("a score by this index"))?,
                };
                Ok(Value::temporary(format!("{}[{name:?}]", of.at(Strength::Whole)), Type::Float))
            }
            Type::Shape => {
                let index = self.expression(&subscript.slice)?;
                if index.text == "0"
                    && let Some(batch) = self.batch_size(&of)
                {
                    return Ok(batch);
                }
                match (&index.of, index.form) {
                    (Type::Int | Type::Signed, Form::Constant) => Ok(Value::temporary(
                        format!(
                            "{}.size({}).ok_or_else(|| Error::new(\"the size of this axis is not known\"))?",
                            of.at(Strength::Whole),
                            index.text
                        ),
                        Type::Int,
                    )),
                    _ => Err(Missing::new("a computed axis of a shape")),
                }
            }
            // Python counts characters.
            Type::Str | Type::String => {
                let index = self.expression(&subscript.slice)?;
                let text = of.at(Strength::Whole);
                let text = match (&index.of, index.text.strip_prefix('-')) {
                    (_, None) if index.text == "0" => format!("{text}.chars().next().unwrap()"),
                    (Type::Int, _) => format!("{text}.chars().nth({}).unwrap()", index.text),
                    (_, Some("1")) => format!("{text}.chars().next_back().unwrap()"),
                    _ => return Err(Missing::new("an element of a str by this index")),
                };
                Ok(Value::temporary(text, Type::Char))
            }
            Type::Logs => {
                let index = self.expression(&subscript.slice)?;
                Ok(Value::temporary(format!("{}[{}]", of.at(Strength::Whole), index.borrowed()), Type::Float))
            }
            Type::HistoryValues | Type::History => {
                let index = self.expression(&subscript.slice)?;
                let text = format!("{}[{}]", of.at(Strength::Whole), index.borrowed());
                Ok(Value::new(text, Type::List(Box::new(Type::Float)), Strength::Whole, Form::Slice))
            }
            other => Err(Missing::new(format!("an element of {}", other.described()))),
        }
    }

    /// An index into a list; negative ones count from the end.
    pub(crate) fn place_in(&mut self, list: &Value, index: &'a Expr) -> Ported<String> {
        let index = self.expression(index)?;
        match index.of.clone() {
            Type::Int => Ok(index.text),
            Type::Signed if index.form == Form::Constant => {
                Ok(format!("{}.len() - {}", list.at(Strength::Whole), index.text.trim_start_matches('-')))
            }
            Type::Id => Ok(format!("{} as usize", index.at(Strength::Cast))),
            Type::Signed => {
                let function = self.import("python::place");
                Ok(format!("{function}({}, {}.len())?", index.text, list.at(Strength::Whole)))
            }
            of if of.is_array() => {
                Ok(format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize", index.at(Strength::Whole)))
            }
            of => Err(Missing::new(format!("{} as an index", of.described()))),
        }
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

/// A size as a number that may become negative.
pub(crate) fn signed(value: &Value) -> Value {
    match value.of {
        Type::Int if value.is_literal() => Value { of: Type::Signed, ..value.clone() },
        Type::Int if value.below_zero().is_some() => value.below_zero().unwrap_or(value).clone(),
        Type::Int => {
            Value::new(format!("{} as i64", value.at(Strength::Cast)), Type::Signed, Strength::Cast, Form::Temporary)
        }
        _ => value.clone(),
    }
}

fn of_numbers(a: &Value, op: Operator, b: &Value) -> Ported<Value> {
    let is_float = a.of == Type::Float || b.of == Type::Float || op == Operator::Div;
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
                (Type::Int, false) => crate::expressions::signed(value).at(least),
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

fn of_symbolic(a: &Value, op: Operator, b: &Value) -> Ported<Value> {
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

fn compared(a: &Value, op: CmpOp, b: &Value) -> Ported<String> {
    let is_order = !matches!(op, CmpOp::In | CmpOp::NotIn | CmpOp::Is | CmpOp::IsNot);
    let are_integers = [a, b].iter().all(|value| matches!(value.of, Type::Int | Type::Signed));
    let may_be_negative = a.of != b.of || a.below_zero().is_some() || b.below_zero().is_some();
    if is_order && are_integers && may_be_negative && (a.of == Type::Int || b.of == Type::Int) {
        return compared(&signed(a), op, &signed(b));
    }
    let sign = match op {
        CmpOp::Eq => "==",
        CmpOp::NotEq => "!=",
        CmpOp::Lt => "<",
        CmpOp::LtE => "<=",
        CmpOp::Gt => ">",
        CmpOp::GtE => ">=",
        CmpOp::In | CmpOp::NotIn => {
            let not = if op == CmpOp::NotIn { "!" } else { "" };
            return match &b.of {
                Type::List(of) if **of == a.of => Ok(format!(
                    "{not}{}.contains({})",
                    b.at(Strength::Whole),
                    if a.of == Type::Str { format!("&{}", a.text) } else { a.borrowed() }
                )),
                Type::Dict(key, _) => Ok(format!(
                    "{not}{}.contains_key({})",
                    b.at(Strength::Whole),
                    crate::collections::dict_key(key, a)?
                )),
                Type::Set(of) => {
                    Ok(format!("{not}{}.contains({})", b.at(Strength::Whole), crate::collections::dict_key(of, a)?))
                }
                Type::Tuple(_) if b.items.is_some() => {
                    let items = b.items.as_deref().unwrap_or_default();
                    if items.iter().any(|item| item.of != a.of || !item.of.is_copy()) {
                        return Err(Missing::new("in a tuple of other types"));
                    }
                    let texts: Vec<_> = items.iter().map(|item| item.text.clone()).collect();
                    Ok(format!("{not}[{}].contains(&{})", texts.join(", "), a.at(Strength::Prefix)))
                }
                of if of.is_text() && a.of.is_text() => {
                    Ok(format!("{not}{}.contains({})", b.at(Strength::Whole), a.borrowed()))
                }
                of => Err(Missing::new(format!("in {}", of.described()))),
            };
        }
        CmpOp::Is | CmpOp::IsNot => {
            // What is None is known before the program runs.
            return match b.of {
                Type::None => Ok(((a.of == Type::None) == (op == CmpOp::Is)).to_string()),
                _ => Err(Missing::new("is")),
            };
        }
    };
    if b.of == Type::None && matches!(op, CmpOp::Eq | CmpOp::NotEq) {
        return Ok(((a.of == Type::None) == (op == CmpOp::Eq)).to_string());
    }
    let least = Strength::Sum;
    match (&a.of, &b.of) {
        // As Keras writes shapes.
        (Type::Shape, Type::Tuple(_)) if b.items.is_some() => {
            let sizes: Vec<_> = b.items.iter().flatten().map(|item| item.text.clone()).collect();
            let comma = if sizes.len() == 1 { "," } else { "" };
            Ok(format!("{}.to_string() {sign} \"({}{comma})\"", a.at(Strength::Whole), sizes.join(", ")))
        }
        // A character is a text of length 1.
        (Type::Char, Type::Str) if matches!(op, CmpOp::Eq | CmpOp::NotEq) => {
            let text = b.literal_text().map(|text| text.replace("\\\"", "\""));
            match text.as_deref().map(|text| (text.chars().count(), text.starts_with('\\'), text)) {
                Some((1, false, "'")) => Ok(format!("{} {sign} '\\''", a.at(least))),
                Some((1, false, text)) | Some((2, true, text)) => Ok(format!("{} {sign} '{text}'", a.at(least))),
                _ => Err(Missing::new("a comparison of a character and a text")),
            }
        }
        (x, y) if x == y && (x.is_number() || x.is_text()) => Ok(format!("{} {sign} {}", a.at(least), b.at(least))),
        (x, y) if x.is_number() && y.is_number() => match (a.as_float_at(Strength::Prefix), b.as_float_at(least)) {
            (Some(x), Some(y)) => Ok(format!("{x} {sign} {y}")),
            _ => Err(Missing::new("a comparison of these numbers")),
        },
        (x, y) if x.is_text() && y.is_text() => Ok(format!("{} {sign} {}", a.at(least), b.at(least))),
        (x, y) => Err(Missing::new(format!("a comparison of {} and {}", x.described(), y.described()))),
    }
}

/// A list as an element of an array of slices.
fn sliced(list: &Value) -> String {
    format!("&{}[..]", list.at(Strength::Whole))
}
