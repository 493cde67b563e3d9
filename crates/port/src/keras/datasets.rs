//! `tf.data` as `Dataset`.

use crate::arguments::{find, named_as, needed, no_words};
use crate::program::Program;
use crate::python::closures::{Closure, Returns};
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// `tf.data.Dataset.from_tensor_slices(...)`
    pub(crate) fn dataset_from(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        self.import("Dataset");
        match name {
            "from_tensor_slices" => {
                let given = named_as(call, &["tensors"])?;
                let (x, y) = match needed(&given, "tensors")? {
                    Expr::Tuple(pair) => (pair.elts.first(), pair.elts.get(1)),
                    x => (Some(x), None),
                };
                if let Some(x) = x
                    && let Some(dataset) = self.dataset_of_table(x, y)?
                {
                    return Ok(dataset);
                }
                let (text, parts) = match needed(&given, "tensors")? {
                    Expr::Tuple(pair) => match &pair.elts[..] {
                        [x, y] => {
                            let ((x, of_x), (y, of_y)) = (self.elements(x)?, self.elements(y)?);
                            (format!("({x}, {y})"), Parts { x: of_x, y: Some(of_y) })
                        }
                        [x] => self.elements(x).map(|(text, x)| (text, Parts { x, y: None }))?,
                        _ => return Err(Missing::new("a dataset of more than inputs and targets")),
                    },
                    x => self.elements(x).map(|(text, x)| (text, Parts { x, y: None }))?,
                };
                Ok(Value::temporary(format!("Dataset::from_tensor_slices({text})?"), parts.dataset()))
            }
            "zip" => {
                let parts = match &call.arguments.args[..] {
                    [Expr::Tuple(pair)] => &pair.elts[..],
                    parts => parts,
                };
                let [x, y] = parts else { return Err(Missing::new("a zip of other than two datasets")) };
                let (x, y) = (self.expression(x)?, self.expression(y)?);
                match (&x.of, &y.of) {
                    (Type::Dataset(of_x, None), Type::Dataset(of_y, None)) => Ok(Value::temporary(
                        format!("{}.zip({})", x.at(Strength::Whole), y.borrowed()),
                        Type::Dataset(of_x.clone(), Some(of_y.clone())),
                    )),
                    _ => Err(Missing::new("a zip of these")),
                }
            }
            "range" => {
                let range = match &call.arguments.args[..] {
                    [end] => format!("0, {}, 1", self.argument(end, "i64", "the end of a range")?),
                    [start, end] => {
                        let mut number = |end| self.argument(end, "i64", "an end of a range");
                        format!("{}, {}, 1", number(start)?, number(end)?)
                    }
                    _ => return Err(Missing::new("tf.data.Dataset.range of this")),
                };
                let function = self.import("numpy::arange");
                let text = format!("Dataset::from_tensor_slices(&{function}({range})?)?");
                Ok(Value::temporary(text, Type::Dataset(Box::new(Type::Ints), None)))
            }
            _ => Err(Missing::new(format!("tf.data.Dataset.{name}"))),
        }
    }

    /// Inputs or targets whose first axis becomes elements, and what an element is.
    fn elements(&mut self, expression: &'a Expr) -> Ported<(String, Type)> {
        let value = self.expression(expression)?;
        if let Some(text) = crate::pandas::data(&value) {
            return Ok((text, Type::Array));
        }
        let of = |list: &Type| match list {
            Type::Float => Type::Floats,
            of if of.is_text() => Type::Texts,
            Type::List(of) if **of == Type::Float => Type::Floats,
            _ => Type::Array,
        };
        match (&value.of, &value.items) {
            (of, _) if of.is_array() => Ok((value.borrowed(), of.clone())),
            (Type::Mutable { of, .. }, _) => {
                Ok((value.borrowed(), if of.starts_with('f') { Type::Floats } else { Type::Array }))
            }
            (Type::List(list), None) if matches!(self.resolved(list), Type::Unknown(_)) => {
                Err(Missing::new("a dataset of a list whose elements are not known"))
            }
            (Type::List(list), _) if list.is_text() => {
                self.import("data::ToTensor");
                Ok((format!("{}.to_tensor()?", value.at(Strength::Whole)), Type::Texts))
            }
            (Type::List(list), None) if matches!(value.form, Form::Slice | Form::Reference) => {
                Ok((format!("&{}.to_vec()", value.at(Strength::Whole)), of(list)))
            }
            (Type::List(list), None) => Ok((value.borrowed(), of(list))),
            (Type::List(list), Some(items)) if items.iter().all(|item| item.of.is_number() || item.of.is_text()) => {
                Ok((value.borrowed(), of(list)))
            }
            (of, _) => Err(Missing::new(format!("a dataset of {}", of.described()))),
        }
    }

    pub(crate) fn method_of_dataset(
        &mut self,
        of: &Value,
        parts: &Parts,
        name: &str,
        call: &'a ExprCall,
    ) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let done = |text: String| Ok(Value::temporary(text, parts.dataset()));
        match name {
            "batch" => {
                let given = named_as(call, &["batch_size", "drop_remainder", "num_parallel_calls"])?;
                let size = self.argument(needed(&given, "batch_size")?, "usize", "batch_size")?;
                let exact = match find(&given, "drop_remainder") {
                    None => false,
                    Some(Expr::BooleanLiteral(exact)) => exact.value,
                    Some(_) => return Err(Missing::new("a computed drop_remainder")),
                };
                done(format!("{whole}.{}({size})", if exact { "batch_exact" } else { "batch" }))
            }
            "shuffle" => {
                let given = named_as(call, &["buffer_size", "seed", "reshuffle_each_iteration"])?;
                let buffer = self.argument(needed(&given, "buffer_size")?, "usize", "buffer_size")?;
                let mut text = buffer.clone();
                if given.len() > 1 {
                    let class = self.import("data::Shuffle");
                    text = format!("{class}::new({buffer})");
                    let item = crate::api::item("data::Shuffle").ok_or_else(|| Missing::new("shuffle"))?;
                    for (name, argument) in given.iter().skip(1) {
                        text.push_str(&self.setter(item, "data::Shuffle", name, argument)?);
                    }
                }
                done(format!("{whole}.shuffle({text})"))
            }
            // It makes reading faster, and changes nothing.
            "prefetch" => {
                let given = named_as(call, &["buffer_size"])?;
                let ahead = match needed(&given, "buffer_size")? {
                    name @ Expr::Name(_) => self.argument(name, "usize", "buffer_size")?,
                    _ => "2".into(),
                };
                done(format!("{whole}.prefetch({ahead})"))
            }
            "cache" if call.arguments.is_empty() => done(format!("{whole}.cache()")),
            "repeat" => {
                let given = named_as(call, &["count"])?;
                let times = match find(&given, "count") {
                    None => "None".into(),
                    Some(count) => self.argument(count, "usize", "count")?,
                };
                done(format!("{whole}.repeat({times})"))
            }
            "take" | "skip" => {
                let given = named_as(call, &["count"])?;
                let count = self.argument(needed(&given, "count")?, "usize", "count")?;
                done(format!("{whole}.{name}({count})"))
            }
            "concatenate" => {
                no_words(call)?;
                let [other] = &call.arguments.args[..] else { return Err(Missing::new("concatenate of this")) };
                let other = self.expression(other)?;
                done(format!("{whole}.concatenate({})", other.borrowed()))
            }
            "map" => {
                let given = named_as(call, &["map_func", "num_parallel_calls"])?;
                let (closure, parts) = self.function_of_elements(needed(&given, "map_func")?, parts)?;
                // How many threads do it changes nothing.
                let text = match find(&given, "num_parallel_calls") {
                    Some(name @ Expr::Name(_)) if !self.is_none(name) => {
                        let threads = self.argument(name, "usize", "num_parallel_calls")?;
                        format!("{whole}.map_on({threads}, {})", closure.text)
                    }
                    _ => format!("{whole}.map({})", closure.text),
                };
                Ok(Value::temporary(text, parts.dataset()))
            }
            "filter" => {
                let given = named_as(call, &["predicate"])?;
                let predicate = self.as_lambda_of_parts(needed(&given, "predicate")?, parts, true)?;
                let (text, returns) = self.closure_of_parts(predicate, parts)?;
                match returns {
                    Type::Bool => done(format!("{whole}.filter({text})")),
                    of => Err(Missing::new(format!("a filter that is {}", of.described()))),
                }
            }
            // Its elements are arrays already.
            "as_numpy_iterator" if call.arguments.is_empty() => Ok(of.clone()),
            "cardinality" if call.arguments.is_empty() => Ok(self.size_of_dataset(of)),
            _ => Err(Missing::new(format!("the method {name} of a dataset"))),
        }
    }

    /// How many elements it has; Python has negative numbers where that is not known.
    pub(crate) fn size_of_dataset(&mut self, of: &Value) -> Value {
        self.import_by_name("data::Source");
        let error = "Error::new(\"it is not known how many elements the dataset has\")";
        let text = format!("{}.cardinality().count().ok_or_else(|| {error})?", of.at(Strength::Whole));
        Value::temporary(text, Type::Int)
    }

    /// `lambda x, y: (f(x), y)` as a function of a `Batch`, and what it returns.
    fn function_of_elements(&mut self, function: &'a Expr, of: &Parts) -> Ported<(Closure, Parts)> {
        let function = match function {
            // A method of an object.
            Expr::Attribute(_) if self.path_of(function).is_none() => self.as_lambda_of_parts(function, of, false)?,
            function => function,
        };
        let (text, returns) = self.closure_of_parts(function, of)?;
        let returned = match &returns {
            Type::Tuple(types) if types.len() == 2 && types.iter().all(Type::is_tensor) => {
                Parts { x: types[0].clone(), y: Some(types[1].clone()) }
            }
            of if of.is_tensor() => Parts { x: of.clone(), y: None },
            of => return Err(Missing::new(format!("an element that is {}", of.described()))),
        };
        Ok((Closure { text, returns }, returned))
    }

    /// A function as a lambda of the parts of an element that calls it; for a filter, of a truth value.
    fn as_lambda_of_parts(&mut self, function: &'a Expr, of: &Parts, is_filter: bool) -> Ported<&'a Expr> {
        let (names, body) = match function {
            Expr::Lambda(lambda) => {
                let all = lambda.parameters.iter().flat_map(|all| all.iter_non_variadic_params());
                let names: Vec<String> = all.map(|one| one.parameter.name.to_string()).collect();
                (names.join(", "), self.code(&*lambda.body).to_string())
            }
            function => {
                let names = if of.y.is_some() { "sample, target" } else { "sample" };
                if ["sample", "target"].iter().any(|name| crate::program::has_word(self.code(function), name)) {
                    return Err(Missing::new("this as a function of elements").help("write a lambda"));
                }
                (names.to_string(), format!("{}({names})", self.code(function)))
            }
        };
        let body = if is_filter { format!("bool({body})") } else { body };
        self.made(format!("(lambda {names}: {body})"), function.range())
    }

    /// A function of the parts of an element as one of a `Batch`, and what it returns.
    fn closure_of_parts(&mut self, function: &'a Expr, of: &Parts) -> Ported<(String, Type)> {
        let x = if crate::keras::named_inputs::is_of_batch(&of.x) { "&batch" } else { "&batch.x[0]" };
        let parts: &[&str] = if of.y.is_some() { &[x, "&batch.y[0]"] } else { &[x] };
        if self.parameter_count(function) != Some(parts.len()) {
            return Err(Missing::new(format!("a function that is not one of the {} parts of an element", parts.len())));
        }
        let types: Vec<Type> = std::iter::once(of.x.clone()).chain(of.y.clone()).collect();
        let closure = self.closure(function, &types, Returns::OwnResult)?;
        // |x, y| body: the parameters are parts of the element.
        let at = closure.text.find('|').unwrap_or_default();
        let end = closure.text[at + 1..].find('|').map_or(at, |end| at + 1 + end);
        let names = &closure.text[at + 1..end];
        let (before, body) = (&closure.text[..at], closure.text[end + 1..].trim());
        // Only what is used has a name.
        let used: Vec<(&str, &str)> = names
            .split(", ")
            .zip(parts.iter().copied())
            .filter(|(name, _)| crate::program::has_word(body, name))
            .collect();
        let bound = match &used[..] {
            [] => String::new(),
            [(name, part)] => format!("let {name} = {part}; "),
            used => {
                let (names, parts): (Vec<_>, Vec<_>) = used.iter().copied().unzip();
                format!("let ({}) = ({}); ", names.join(", "), parts.join(", "))
            }
        };
        let argument = if used.is_empty() { "_" } else { "batch" };
        let mut body = body.to_string();
        let mut close = "";
        if before.contains('{') {
            body = body.trim_end_matches('}').trim().to_string();
            close = " }";
        }
        Ok((format!("{before}|{argument}| {{ {bound}{body} }}{close}"), closure.returns))
    }

    /// `next(iter(dataset))`: the first element of a pass.
    pub(crate) fn first_of_dataset(&mut self, dataset: &'a Expr) -> Ported<Value> {
        let dataset = self.expression(dataset)?;
        let (Type::Dataset(x, y) | Type::Folder(x, y)) = &dataset.of else {
            return Err(Missing::new(format!("the first of {}", dataset.of.described())));
        };
        if !x.is_tensor() {
            return Err(Missing::new("the first element of a dataset of inputs by name"));
        }
        let error = "Error::new(\"the dataset is empty\")";
        let next = format!("{}.iter()?.next().ok_or_else(|| {error})??", dataset.at(Strength::Whole));
        Ok(match y {
            None => Value::temporary(format!("{next}.x.swap_remove(0)"), (**x).clone()),
            Some(y) => {
                let text = format!("{{\n    let batch = {next};\n    (batch.x[0].clone(), batch.y[0].clone())\n}}");
                Value::temporary(text, Type::Tuple(vec![(**x).clone(), (**y).clone()]))
            }
        })
    }

    /// The variables of a loop over the batches of a dataset, each of which is `batch`.
    pub(crate) fn bind_batch(&mut self, target: &'a Expr, parts: &Parts, batch: &str) -> Ported<()> {
        let part = |program: &mut Self, target: &'a Expr, text: &str, of: &Type| match target {
            Expr::Name(name) => {
                program.declare(&name.id);
                let rust_name = program.rust_name(&name.id);
                if program.scan().reads(&name.id) > 0 {
                    program.line(&format!("let {rust_name} = &{text};"));
                }
                let variable = Variable { rust_name, of: of.clone(), form: Form::Reference, is_pending: false };
                program.scopes.bind(&name.id, Binding::Variable(variable));
                Ok(())
            }
            _ => Err(Missing::new("these variables for a batch")),
        };
        let x =
            if crate::keras::named_inputs::is_of_batch(&parts.x) { batch.to_string() } else { format!("{batch}.x[0]") };
        match (target, &parts.y) {
            (Expr::Name(_), None) => part(self, target, &x, &parts.x),
            (Expr::Tuple(pair), Some(y)) if pair.elts.len() == 2 => {
                part(self, &pair.elts[0], &x, &parts.x)?;
                part(self, &pair.elts[1], &format!("{batch}.y[0]"), y)
            }
            _ => Err(Missing::new("other variables than a batch has parts")),
        }
    }
}

/// What an element of a dataset is.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    x: Type,
    y: Option<Type>,
}

impl Parts {
    pub(crate) fn new(x: &Type, y: &Option<Box<Type>>) -> Self {
        Self { x: x.clone(), y: y.as_deref().cloned() }
    }

    fn dataset(&self) -> Type {
        Type::Dataset(Box::new(self.x.clone()), self.y.clone().map(Box::new))
    }
}
