//! Calls, and the functions of Python itself.

use crate::arguments::no_words;
use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    pub(crate) fn call(&mut self, call: &'a ExprCall) -> Ported<Value> {
        if let Some(made) = self.written_out(call)? {
            self.wanted_outputs = self.wanted(call.range()).map(|count| (count, made.range()));
            return self.expression(made);
        }
        // The elements that places of a format take are known by their numbers.
        if let Expr::Attribute(attribute) = &*call.func
            && attribute.attr.as_str() == "format"
            && let Some(text) = self.constant_text(&attribute.value).or_else(|| self.text_of_name(&attribute.value))
        {
            return self.format_method(&text, call);
        }
        let is_shape_of_random = self.path_of(&call.func).is_some_and(|path| path.starts_with("numpy.random.rand"));
        if call.arguments.args.iter().any(|argument| matches!(argument, Expr::Starred(_))) && !is_shape_of_random
            || self.words(call).is_err()
        {
            return Err(Missing::new("arguments from a list or dict").help("write them out"));
        }
        if let Some(path) = self.path_of(&call.func) {
            if let Some(name) = crate::keras::operations::name_of(&path) {
                return self.operation_of(&path, &name, call);
            }
            if let Some(value) = self.call_on_files(&path, call)? {
                return Ok(value);
            }
            if let Some(value) = self.library_call(&path, call)? {
                return Ok(value);
            }
            // How figures are shown is not to be chosen here.
            if path == "matplotlib.use" {
                return Ok(Value::constant("()", Type::None));
            }
            if let Some(name) = path.strip_prefix("matplotlib.pyplot.").or_else(|| path.strip_prefix("pylab.")) {
                return self.plot_call(name, call);
            }
            if let Some(patches) = self.patches(&path, call)? {
                return Ok(patches);
            }
            if let Some(transposed) = self.matrix_transpose(&path, call)? {
                return Ok(transposed);
            }
            if path == crate::keras::image_generators::OF_KERAS {
                return self.image_generator(call);
            }
            if let Some(name) = path.strip_prefix(crate::keras::tokenizers::OF_KERAS) {
                return self.texts_of_keras_2(name, call);
            }
            return match path.split('.').next() {
                Some("keras") => self.keras_call(&path, call),
                Some("collections") => self.collection(path.trim_start_matches("collections."), call),
                Some("argparse") => self.argparse_call(&path, call),
                Some("functools") => self.functools_call(&path, call),
                Some("csv") => self.csv_call(&path, call),
                Some("re") => self.re_call(&path, call),
                Some("math") => self.math_call(&path, call),
                Some("numpy") => self.numpy_call(&path, call),
                Some("tensorflow") => self.tensorflow_call(&path, call),
                Some("pandas") => self.pandas_call(&path, call),
                Some("tensorflow_addons") => self.addons_call(&path, call),
                Some("sklearn") => self.sklearn_call(&path, call),
                Some("cv2") => self.opencv_call(path.trim_start_matches("cv2."), call),
                Some("PIL") if path.starts_with(crate::libraries::pillow::MODULE) => {
                    self.pillow_call(path.trim_start_matches(crate::libraries::pillow::MODULE), call)
                }
                Some("IPython") if path == "IPython.display.display" => self.only_shown(call),
                _ => Err(Missing::new(format!("{path}, which has no counterpart here"))),
            };
        }
        match &*call.func {
            Expr::Name(name) => match self.scopes.get(&name.id) {
                Some(Binding::Variable(_) | Binding::Missing(_) | Binding::Inner(_) | Binding::Outside(_)) => {
                    let callee = self.expression(&call.func)?;
                    self.call_value(&callee, call)
                }
                Some(Binding::Function(number)) => self.call_function(number, call),
                Some(Binding::Class(number)) => self.instantiate(number, call),
                _ => self.builtin(&name.id, call),
            },
            Expr::Attribute(attribute) => {
                if let (Expr::StringLiteral(text), "format") = (&*attribute.value, attribute.attr.as_str()) {
                    return self.format_method(text.value.to_str(), call);
                }
                if let Some(value) = self.axis_visibility(call)? {
                    return Ok(value);
                }
                let name = attribute.attr.as_str();
                if let Some(unpacked) = self.extract_all(&attribute.value, name, call)? {
                    return Ok(unpacked);
                }
                if let Some(value) = self.method_of_class(&attribute.value, name, call)? {
                    return Ok(value);
                }
                if let Some(value) = self.special_method(&attribute.value, name, call)? {
                    return Ok(value);
                }
                let of = match (self.adapted_layer(&attribute.value)?, self.entry(&attribute.value)?) {
                    (Some(of), _) | (None, Some(of)) => of,
                    (None, None) => self.expression(&attribute.value)?,
                };
                self.method(&of, name, call)
            }
            func => {
                let of_many = matches!(&call.arguments.args[..], [Expr::List(_) | Expr::Tuple(_)]);
                if let Expr::Call(layer) = func
                    && of_many
                    && self.path_of(&layer.func).as_deref() == Some("keras.layers.Lambda")
                {
                    let lambda = self.lambda_layer(&self.named("keras.layers.Lambda", layer)?, true)?;
                    return self.call_value(&lambda, call);
                }
                let callee = self.expression(func)?;
                self.call_value(&callee, call)
            }
        }
    }

    /// A function of the module `math`.
    fn math_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        no_words(call)?;
        let name = path.trim_start_matches("math.");
        let values =
            call.arguments.args.iter().map(|argument| self.expression(argument)).collect::<Ported<Vec<_>>>()?;
        let numbers = values
            .iter()
            .map(Value::as_float)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Missing::new(format!("{path} of this")))?;
        let method = match (name, numbers.len()) {
            ("sin" | "cos" | "tan" | "exp" | "sqrt" | "tanh", 1) => name,
            ("log", 1) => "ln",
            ("log2" | "log10", 1) => name,
            ("fabs", 1) => "abs",
            ("floor" | "ceil", 1) => {
                let text = format!("f64::{name}({}) as i64", numbers[0]);
                return Ok(Value::new(text, Type::Signed, Strength::Cast, Form::Temporary));
            }
            // No more than 20, whose result is the last that a usize has.
            ("factorial", 1) if values[0].of == Type::Int && values[0].below_zero().is_none() => {
                return Ok(Value::temporary(format!("(1..={}).product::<usize>()", values[0].text), Type::Int));
            }
            ("isnan" | "isinf" | "isfinite", 1) => {
                let method = name.replace("is", "is_").replace("is_inf", "is_infinite");
                let method = if name == "isfinite" { "is_finite" } else { method.as_str() };
                return Ok(Value::temporary(format!("f64::{method}({})", numbers[0]), Type::Bool));
            }
            ("log", 2) => {
                return Ok(Value::new(
                    format!("f64::ln({}) / f64::ln({})", numbers[0], numbers[1]),
                    Type::Float,
                    Strength::Product,
                    Form::Temporary,
                ));
            }
            ("pow", 2) => {
                return Ok(Value::temporary(format!("f64::powf({}, {})", numbers[0], numbers[1]), Type::Float));
            }
            _ => return Err(Missing::new(format!("{path} is not known here"))),
        };
        Ok(Value::temporary(format!("f64::{method}({})", numbers[0]), Type::Float))
    }

    /// Whether a number cannot be negative: of sizes, lengths and literals.
    fn is_not_negative(&mut self, number: &'a Expr) -> bool {
        match number {
            Expr::NumberLiteral(_) => true,
            Expr::BinOp(binary) => {
                use ruff_python_ast::Operator::{Add, Div, FloorDiv, Mult};
                matches!(binary.op, Add | Div | FloorDiv | Mult)
                    && self.is_not_negative(&binary.left)
                    && self.is_not_negative(&binary.right)
            }
            Expr::Name(name) => match self.scopes.get(&name.id) {
                Some(Binding::Variable(variable) | Binding::Outside(variable)) => {
                    variable.of == Type::Int || self.known.not_negative.contains(name.id.as_str())
                }
                _ => false,
            },
            Expr::Call(_) | Expr::Subscript(_) | Expr::Attribute(_) => {
                let written = self.body.len();
                let value = self.expression(number);
                self.body.truncate(written);
                value.is_ok_and(|value| value.of == Type::Int)
            }
            _ => false,
        }
    }

    /// `isinstance(x, tuple)`: what it is, is known before the program runs.
    fn is_instance(&mut self, value: &'a Expr, class: &'a Expr) -> Ported<Value> {
        let of = self.expression(value)?.of;
        let classes = match class {
            Expr::Tuple(tuple) => &tuple.elts[..],
            one => std::slice::from_ref(one),
        };
        let mut found = false;
        for class in classes {
            let name = match class {
                Expr::Name(name) if self.scopes.get(&name.id).is_none() => name.id.as_str(),
                _ => return Err(Missing::new("isinstance of this class")),
            };
            found |= match (name, &of) {
                ("tuple", Type::Tuple(_) | Type::Batch(..)) | ("list", Type::List(_)) | ("dict", Type::Dict(..)) => {
                    true
                }
                ("str", of) if of.is_text() => true,
                ("bool", Type::Bool) | ("float", Type::Float) | ("int", Type::Int | Type::Signed) => true,
                ("tuple" | "list" | "dict" | "str" | "bool" | "float" | "int", of)
                    if of.is_array() || of.is_number() || of.is_text() || *of == Type::None =>
                {
                    false
                }
                ("tuple" | "list" | "dict", Type::Tuple(_) | Type::List(_) | Type::Dict(..) | Type::Batch(..)) => false,
                _ => return Err(Missing::new(format!("isinstance of {}", of.described()))),
            };
        }
        Ok(Value::constant(found.to_string(), Type::Bool))
    }

    fn builtin(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        if name == "open" {
            return self.open(call);
        }
        if name == "print" {
            return self.print(call);
        }
        if name == "next" {
            return self.next(call);
        }
        if name == "exit" || name == "quit" {
            return self.exit(call);
        }
        if let ("max" | "min" | "sum", [one]) = (name, &call.arguments.args[..])
            && call.arguments.keywords.is_empty()
            && !(one.is_generator_expr() || one.is_list_comp_expr() || one.is_list_expr())
        {
            let written = self.body.len();
            let value = self.expression(one);
            match value {
                Ok(value) if name == "sum" && self.sum_of_arrays(&value).is_some() => {
                    return self.sum_of_arrays(&value).ok_or_else(|| Missing::new("a sum of this"));
                }
                Ok(value) if value.of.is_array() => return self.reduction(name, &value, None, None),
                Ok(value) if crate::pandas::is_column(&value.of) && name != "sum" => {
                    return Ok(Value::temporary(format!("{}.{name}()?", value.at(Strength::Whole)), Type::Float));
                }
                _ => self.body.truncate(written),
            }
        }
        if let ("isinstance", [value, class]) = (name, &call.arguments.args[..]) {
            return self.is_instance(value, class);
        }
        if name == "hasattr"
            && let Some(value) = self.has_states(call)?
        {
            return Ok(value);
        }
        if let Some(made) = self.as_comprehension(call)? {
            return self.expression(made);
        }
        if let Some(made) = self.as_dict(call)? {
            return self.expression(made);
        }
        if let Some(inputs) = self.dict_of_table(name, call)? {
            return Ok(inputs);
        }
        // How many a set has is the same for a list of it.
        if let ("len", [Expr::Call(list)]) = (name, &call.arguments.args[..])
            && let (Expr::Name(kind), [set]) = (&*list.func, &list.arguments.args[..])
            && matches!(kind.id.as_str(), "list" | "tuple" | "sorted")
            && self.scopes.get(&kind.id).is_none()
        {
            let written = self.body.len();
            if let Ok(set) = self.expression(set)
                && matches!(set.of, Type::Set(_))
            {
                return Ok(Value::temporary(format!("{}.len()", set.at(Strength::Whole)), Type::Int));
            }
            self.body.truncate(written);
        }
        if let Some(value) = self.of_iterable(name, call)? {
            return Ok(value);
        }
        no_words(call)?;
        // One that is kept is a list here.
        if name == "range" {
            let range = self.range(&call.arguments.args)?;
            let crate::python::iteration::Element::One(of, _) = range.element else {
                return Err(Missing::new("this range"));
            };
            return self.collected(&range.iter, &Value::temporary("i", of), "Vec");
        }
        let values =
            call.arguments.args.iter().map(|argument| self.expression(argument)).collect::<Ported<Vec<_>>>()?;
        if let Some(value) = self.json_builtin(name, &values) {
            return Ok(value);
        }
        if let ("len", [batches]) = (name, &values[..])
            && let Some(number) = self.class_of_batches(&batches.of)
        {
            let count = Value::temporary(self.count_of_batches(batches, number)?, Type::Int);
            return Ok(count.with_strength(Strength::Cast));
        }
        if let Some(value) = crate::pandas::cells::builtin(name, &values) {
            return Ok(value);
        }
        let whole = |value: &Value| value.at(Strength::Whole);
        match (name, &values[..]) {
            ("len", [list]) => match &list.of {
                Type::List(_) | Type::TextArray(_) | Type::Dict(..) | Type::Set(_) => {
                    Ok(Value::temporary(format!("{}.len()", whole(list)), Type::Int))
                }
                Type::Str | Type::String => Ok(Value::temporary(format!("{}.chars().count()", whole(list)), Type::Int)),
                Type::Array | Type::Ints | Type::Floats | Type::Mask => {
                    Ok(Value::temporary(format!("{}.dim(0)?", whole(list)), Type::Int))
                }
                Type::Mutable { .. } => Ok(Value::temporary(format!("{}.shape()[0]", whole(list)), Type::Int)),
                Type::Variables => Ok(Value::temporary(format!("{}.len()", whole(list)), Type::Int)),
                Type::Flow(_) => Ok(Value::temporary(format!("{}.batches()", whole(list)), Type::Int)),
                Type::Dataset(..) | Type::Folder(..) => Ok(self.size_of_dataset(list)),
                Type::Tuple(types) => Ok(Value::constant(types.len().to_string(), Type::Int)),
                of => {
                    crate::pandas::length(list).ok_or_else(|| Missing::new(format!("the length of {}", of.described())))
                }
            },
            ("float", [number]) if number.of.is_number() => {
                let text = number.as_float().ok_or_else(|| Missing::new("float of this"))?;
                let strength = if number.of == Type::Float { number.strength } else { Strength::Cast };
                Ok(Value::new(text, Type::Float, strength, number.form))
            }
            ("float", [array]) if array.of.is_array() => {
                Ok(Value::temporary(format!("{}.to_dtype(DType::F64)?.to_scalar::<f64>()?", whole(array)), Type::Float))
            }
            ("int", [array]) if array.of.is_array() => Ok(Value::temporary(
                format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()?", whole(array)),
                Type::Signed,
            )),
            ("int", [number]) => match number.of {
                Type::Int | Type::Signed => Ok(number.clone()),
                Type::Float => {
                    // Of what cannot be negative, a size.
                    let is_size = matches!(&call.arguments.args[..], [argument] if self.is_not_negative(argument));
                    let (in_rust, of) = if is_size { ("usize", Type::Int) } else { ("i64", Type::Signed) };
                    Ok(Value::new(
                        format!("{} as {in_rust}", number.at(Strength::Cast)),
                        of,
                        Strength::Cast,
                        Form::Temporary,
                    ))
                }
                Type::Str | Type::String => Ok(Value::temporary(
                    format!("{}.trim().parse::<i64>().map_err(|error| Error::new(error.to_string()))?", whole(number)),
                    Type::Signed,
                )),
                Type::Bool => Ok(Value::temporary(format!("usize::from({})", number.text), Type::Int)),
                _ => Err(Missing::new(format!("int of {}", number.of.described()))),
            },
            ("repr", [text]) if text.of.is_text() => {
                let function = self.import("python::text_repr");
                Ok(Value::temporary(format!("{function}({})", text.borrowed()), Type::String))
            }
            ("str" | "repr", [number]) if number.of == Type::Float => {
                let function = self.import("python::repr");
                Ok(Value::temporary(format!("{function}({})", number.at(Strength::Loose)), Type::String))
            }
            ("str", [number]) if number.of.is_number() && number.of != Type::Bool => {
                Ok(Value::temporary(format!("{}.to_string()", whole(number)), Type::String))
            }
            ("str", [Value { of: Type::Object(path), text, .. }]) if path == crate::python::errors::ERROR => {
                Ok(Value::temporary(format!("{text}.to_string()"), Type::String))
            }
            ("str", [text]) if text.of.is_text() || text.of == Type::Char => {
                Ok(Value::temporary(self.owned_text(text), Type::String))
            }
            ("str", [array]) if array.of.is_array() => {
                let function = self.import("numpy::array_str");
                Ok(Value::temporary(format!("{function}({})?", array.borrowed()), Type::String))
            }
            ("str", [value])
                if matches!(value.of, Type::List(_) | Type::Tuple(_) | Type::Dict(..) | Type::Bool | Type::Path) =>
            {
                Ok(Value::temporary(format!("format!({})", self.shown_alone(value)?), Type::String))
            }
            ("float", [text]) if crate::python::number_formats::not_finite(text).is_some() => {
                crate::python::number_formats::not_finite(text).ok_or_else(|| Missing::new("this number"))
            }
            ("float", [text]) if text.of.is_text() => Ok(Value::temporary(
                format!("{}.trim().parse::<f64>().map_err(|error| Error::new(error.to_string()))?", whole(text)),
                Type::Float,
            )),
            ("round", [number, digits]) if number.of == Type::Float && digits.of == Type::Int => {
                if digits.text.parse::<i32>().is_err() {
                    return Err(Missing::new("round to a computed number of digits"));
                }
                let function = self.import("python::round");
                Ok(Value::temporary(
                    format!("{function}({}, {})", number.at(Strength::Loose), digits.text),
                    Type::Float,
                ))
            }
            ("round", [number, digits]) if number.of.is_array() => {
                let function = self.import("ops::round");
                Ok(Value::temporary(format!("{function}({}, {})?", number.borrowed(), digits.text), number.of.clone()))
            }
            // Of one number, as in NumPy.
            ("round", [array]) if matches!(array.of, Type::Floats | Type::Ints) => Ok(Value::new(
                format!("{}.to_dtype(DType::F64)?.to_scalar::<f64>()?.round_ties_even() as i64", whole(array)),
                Type::Signed,
                Strength::Cast,
                Form::Temporary,
            )),
            ("round", [number]) if matches!(number.of, Type::Int | Type::Signed) => Ok(number.clone()),
            ("round", [number]) if number.of == Type::Float => Ok(Value::new(
                format!("f64::round_ties_even({}) as i64", number.at(Strength::Loose)),
                Type::Signed,
                Strength::Cast,
                Form::Temporary,
            )),
            ("bool", [value]) => Ok(Value::new(self.truth(value)?, Type::Bool, Strength::Comparison, Form::Temporary)),
            ("ord", [text]) if text.of == Type::Char => Ok(Value::new(
                format!("{} as usize", text.at(Strength::Cast)),
                Type::Int,
                Strength::Cast,
                Form::Temporary,
            )),
            ("ord", [text]) if text.literal_text().is_some_and(|text| text.len() == 1) => Ok(Value::new(
                format!("'{}' as usize", text.literal_text().unwrap_or_default().replace('\'', "\\'")),
                Type::Int,
                Strength::Cast,
                Form::Temporary,
            )),
            ("pow", [a, b]) if a.of.is_number() && b.of.is_number() => {
                crate::arithmetic::of_numbers(a, ruff_python_ast::Operator::Pow, b)
            }
            // Both are written twice.
            ("divmod", [a, b])
                if [a, b]
                    .iter()
                    .all(|one| one.of.is_number() && !one.text.contains(['(', '?']) && one.below_zero().is_none()) =>
            {
                use ruff_python_ast::Operator::{FloorDiv, Mod};
                if [a, b].iter().any(|one| one.of == Type::Float) {
                    self.import("python::modulo");
                }
                let items =
                    vec![crate::arithmetic::of_numbers(a, FloorDiv, b)?, crate::arithmetic::of_numbers(a, Mod, b)?];
                let text = format!("({}, {})", items[0].text, items[1].text);
                let of = Type::Tuple(items.iter().map(|item| item.of.clone()).collect());
                Ok(Value { items: Some(items), ..Value::temporary(text, of) })
            }
            ("abs", [number]) if number.below_zero().is_some() => {
                let text = format!("i64::abs({})", crate::arithmetic::signed(number).text);
                Ok(Value::temporary(text, Type::Signed))
            }
            ("abs", [number]) if number.of == Type::Int => Ok(number.clone()),
            // At least a size, as `saturating_sub` is.
            ("max", [a, b]) if [a, b].iter().any(|one| one.below_zero().is_some()) && a.of == b.of => {
                let shown = |one: &Value| match one.text.rsplit_once(" - ") {
                    Some((x, y)) if one.below_zero().is_some() && !x.contains(' ') && !y.contains(' ') => {
                        Some(format!("usize::saturating_sub({x}, {y})"))
                    }
                    _ => (one.below_zero().is_none()).then(|| one.text.clone()),
                };
                match (shown(a), shown(b)) {
                    (Some(x), Some(y)) => Ok(Value::temporary(format!("usize::max({x}, {y})"), Type::Int)),
                    _ => {
                        let (x, y) = (crate::arithmetic::signed(a).text, crate::arithmetic::signed(b).text);
                        Ok(Value::temporary(format!("i64::max({x}, {y})"), Type::Signed))
                    }
                }
            }
            ("min", [a, b]) if [a, b].iter().any(|one| one.below_zero().is_some()) && a.of == b.of => {
                let (x, y) = (crate::arithmetic::signed(a).text, crate::arithmetic::signed(b).text);
                Ok(Value::temporary(format!("i64::min({x}, {y})"), Type::Signed))
            }
            ("abs", [number]) if number.of == Type::Signed => {
                Ok(Value::temporary(format!("i64::abs({})", number.text), Type::Signed))
            }
            ("set" | "list" | "dict" | "tuple", []) => {
                let number = self.unknown();
                Ok(match name {
                    "set" => {
                        self.import_from("std::collections::BTreeSet");
                        let text = crate::python::collections::marked("BTreeSet::new()", number);
                        Value::temporary(text, Type::Set(Box::new(Type::Unknown(number))))
                    }
                    "dict" => {
                        let class = self.index_map();
                        let value = self.unknown();
                        let of = Type::Dict(Box::new(Type::Unknown(number)), Box::new(Type::Unknown(value)));
                        Value::temporary(format!("{class}::new()"), of)
                    }
                    _ => Value::temporary("Vec::new()", Type::List(Box::new(Type::Unknown(number)))),
                })
            }
            ("abs", [array]) if array.of.is_array() => {
                let function = self.import("ops::abs");
                Ok(Value::temporary(format!("{function}({})?", array.borrowed()), array.of.clone()))
            }
            ("abs", [number]) if number.of == Type::Float => {
                Ok(Value::temporary(format!("f64::abs({})", number.text), Type::Float))
            }
            ("min" | "max", [a, b]) if a.of != b.of && [a, b].into_iter().all(crate::comparisons::is_integer) => {
                let (x, y) = (crate::arithmetic::signed(a).text, crate::arithmetic::signed(b).text);
                Ok(Value::temporary(format!("i64::{name}({x}, {y})"), Type::Signed))
            }
            ("min" | "max", [a, b]) if a.of != b.of && a.of.is_number() && b.of.is_number() => {
                let (x, y) = (a.as_float(), b.as_float());
                let (x, y) = x.zip(y).ok_or_else(|| Missing::new(format!("{name} of these")))?;
                Ok(Value::temporary(format!("f64::{name}({x}, {y})"), Type::Float))
            }
            // `max(0, i - n)`, of sizes.
            ("max", [a, b]) if a.of == Type::Int && b.of == Type::Int && (a.text == "0" || b.text == "0") => {
                let (at, other) = if a.text == "0" { (1, b) } else { (0, a) };
                match call.arguments.args.get(at) {
                    Some(Expr::BinOp(difference)) if difference.op == ruff_python_ast::Operator::Sub => {
                        let (from, by) = (self.expression(&difference.left)?, self.expression(&difference.right)?);
                        let text = match from.is_literal() {
                            true => format!("usize::saturating_sub({}, {})", from.text, by.text),
                            false => format!("{}.saturating_sub({})", from.at(Strength::Whole), by.text),
                        };
                        Ok(Value::temporary(text, Type::Int))
                    }
                    _ => Ok(other.clone()),
                }
            }
            ("min" | "max", [a, b]) if a.of == b.of && a.of.is_number() => {
                let in_rust = a.of.in_rust().unwrap_or_default();
                Ok(Value::temporary(format!("{in_rust}::{name}({}, {})", a.text, b.text), a.of.clone()))
            }
            _ => Err(Missing::new(format!("the function {name} of Python, of this"))),
        }
    }
}
