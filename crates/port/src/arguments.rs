//! Arguments: from Keras's signatures to the parameters and setters of this project.

use crate::api::{self, Item};
use crate::program::Program;
use crate::python::closures::Returns;
use crate::script::names::of_keras;
use crate::value::{Binding, Form, ModelType, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// The arguments of all layers.
const OF_ALL_LAYERS: &[&str] = &[
    "name",
    "dtype",
    "trainable",
    "activity_regularizer",
    "input_shape",
    "input_dim",
    "batch_input_shape",
    "input_length",
    "batch_size",
    "weights",
];

/// Arguments that Keras 2 called otherwise.
const RENAMED: &[(&str, &str)] = &[
    ("lr", "learning_rate"),
    ("nb_epoch", "epochs"),
    ("nb_filter", "filters"),
    ("nb_words", "num_words"),
    ("filter_length", "kernel_size"),
    ("border_mode", "padding"),
    ("subsample_length", "strides"),
    ("subsample", "strides"),
    ("pool_length", "pool_size"),
    ("init", "kernel_initializer"),
    ("inner_init", "recurrent_initializer"),
    ("inner_activation", "recurrent_activation"),
    ("W_regularizer", "kernel_regularizer"),
    ("b_regularizer", "bias_regularizer"),
    ("p", "rate"),
    ("output_dim", "units"),
    ("l", "l1"),
    ("l", "l2"),
    ("dropout_W", "dropout"),
    ("dropout_U", "recurrent_dropout"),
    ("alpha", "negative_slope"),
    ("l", "l1"),
    ("l", "l2"),
    ("input", "inputs"),
    ("output", "outputs"),
];

/// Dtypes whose names are those of Keras.
const DTYPES: &[&str] =
    &["float16", "float32", "float64", "int32", "int64", "uint8", "uint32", "bool", "string", "bfloat16"];

/// Types that are given by a name or an object, never by a number.
const OF_NAMES: &[&str] = &[
    "String",
    "Initializer",
    "Constraint",
    "Regularizer",
    "ActivationFunction",
    "Weights",
    "OutputMode",
    "PathBuf",
    "AnyLayer",
    "RecurrentLayer",
    "Optimizer",
    "Loss",
    "DTypePolicy",
    "&str",
];

/// The beginnings of types that no text can give.
const OF_NUMBERS: &[&str] = &["Sizes<", "Pairs<", "Vec<usize", "Vec<f64", "Vec<i64", "ValueRange", "Shape", "Factor"];

/// The arguments of a call by their names.
pub(crate) type Named<'a> = Vec<(String, &'a Expr)>;

impl<'a> Program<'a> {
    /// The arguments of a call of what has this name in Keras.
    pub(crate) fn named(&self, path: &str, call: &'a ExprCall) -> Ported<Named<'a>> {
        let signature = api::signature(path).ok_or_else(|| Missing::new(format!("{path} is no name of Keras")))?;
        let mut named = Named::new();
        let mut names = signature.positional();
        for argument in &call.arguments.args {
            let name = names.next().ok_or_else(|| Missing::new(format!("{path} has fewer arguments")))?;
            named.push((name.to_string(), argument));
        }
        let is_layer = path.starts_with("keras.layers.");
        for (name, argument) in self.words(call)? {
            let renamed = RENAMED.iter().find(|(old, new)| *old == name && !signature.has(old) && signature.has(new));
            let name = renamed.map_or(name, |(_, new)| new);
            if crate::keras::old_names::is_without_effect(path, name) && !signature.has(name) {
                continue;
            }
            let is_decay = name == "decay" && path.starts_with("keras.optimizers.");
            // Of Keras 2.
            let is_gray = name == "grayscale" && path.ends_with(".load_img");
            let is_known = signature.has(name)
                || is_decay
                || is_gray
                || (is_layer && OF_ALL_LAYERS.contains(&name))
                || name == "name";
            if !is_known {
                return Err(Missing::new(format!("{path} has no argument {name}")));
            }
            named.push((name.to_string(), argument));
        }
        Ok(named)
    }

    /// The arguments of a call that have names; `**options` are those of a dict that is written out.
    pub(crate) fn words(&self, call: &'a ExprCall) -> Ported<Vec<(&'a str, &'a Expr)>> {
        let mut words = Vec::new();
        for word in &call.arguments.keywords {
            match (&word.arg, &word.value) {
                (Some(name), value) => words.push((name.as_str(), value)),
                (None, Expr::Name(name))
                    if self.known.literals.contains_key(name.id.as_str())
                        && !matches!(self.scopes.get(&name.id), Some(Binding::Variable(_))) =>
                {
                    for item in &self.known.literals[name.id.as_str()].items {
                        let Some(Expr::StringLiteral(key)) = &item.key else {
                            return Err(Missing::new("arguments from this dict"));
                        };
                        words.push((key.value.to_str(), &item.value));
                    }
                }
                _ => return Err(Missing::new("arguments from a list or dict").help("write them out")),
            }
        }
        Ok(words)
    }

    /// `Class::new(required).setter(value)...` of an item of this project.
    pub(crate) fn object(&mut self, path: &str, named: &Named<'a>, of: Type) -> Ported<Value> {
        let item = api::item(path).ok_or_else(|| Missing::new(format!("{} is not here", path.replace("::", "."))))?;
        let new = item.new.as_ref().ok_or_else(|| Missing::new(format!("{path} has no constructor")))?;
        let mut required = Vec::new();
        for (name, rust_type) in new {
            let given = named.iter().find(|(given, _)| given == name || is_alias(given, name));
            required.push(match given {
                Some((_, argument)) => self.argument(argument, rust_type, name)?,
                None => default_of(name).ok_or_else(|| Missing::new(format!("{path} needs {name} here")))?.to_string(),
            });
        }
        let class = self.import(path);
        let mut text = format!("{class}::new({})", required.join(", "));
        let is_required = |name: &str| new.iter().any(|(own, _)| own == name || is_alias(name, own));
        for (name, argument) in named.iter().filter(|(name, _)| !is_required(name)) {
            text.push_str(&self.setter(item, path, name, argument)?);
        }
        Ok(Value::temporary(text, of))
    }

    /// `.name(value)`; nothing for Keras's `None`.
    pub(crate) fn setter(&mut self, item: &'static Item, path: &str, name: &str, argument: &'a Expr) -> Ported<String> {
        if self.is_none(argument) {
            return Ok(String::new());
        }
        let of_layers = api::item("layers::Layer")
            .filter(|_| path.starts_with("layers::"))
            .and_then(|layer| layer.methods.get(name));
        let method = item.methods.get(name).or(of_layers).filter(|method| method.args.len() == 1);
        let method =
            method.ok_or_else(|| Missing::new(format!("the argument {name} of {}", path.replace("::", "."))))?;
        // Keras takes a list of all weights, of which an `Embedding` has one, whose shape may be wrong.
        if let ("layers::Embedding", "weights", Expr::List(list)) = (path, name, argument)
            && let [table] = &list.elts[..]
        {
            return Ok(format!(".{name}({})?", self.argument(table, &method.args[0].1, name)?));
        }
        Ok(format!(".{name}({})", self.argument(argument, &method.args[0].1, name)?))
    }

    /// Whether an argument is `None`, or a variable that is.
    pub(crate) fn is_none(&self, argument: &Expr) -> bool {
        match argument {
            Expr::NoneLiteral(_) => true,
            Expr::Name(name) => {
                matches!(self.scopes.get(&name.id), Some(Binding::Variable(variable)) if matches!(variable.of, Type::None | Type::Training) && !variable.is_pending)
            }
            _ => false,
        }
    }

    /// A function as a parameter of this type takes it: `impl FnMut(usize, f64) -> f64 + Send`.
    fn function_argument(&mut self, function: &'a Expr, rust_type: &str) -> Ported<String> {
        let (_, rest) = rust_type.split_once('(').unwrap_or_default();
        let (parameters, result) = rest.split_once(") -> ").unwrap_or_default();
        let mut types = Vec::new();
        for parameter in parameters.split(", ") {
            types.push(match parameter {
                "usize" => Type::Int,
                "f64" => Type::Float,
                "&Tensor" => Type::Floats,
                "&[Tensor]" => Type::List(Box::new(Type::Floats)),
                "&mut Model" | "&Model" => Type::Model(ModelType::default()),
                "&Logs" => Type::Logs,
                other => return Err(Missing::new(format!("a function of {other}"))),
            });
        }
        let returns = if result.starts_with("Result") { Returns::Result } else { Returns::Value };
        let count = self.parameter_count(function).unwrap_or(types.len());
        // Hooks get the model first, which those of Python do not; schedules may take the epoch alone.
        let ignored = types.len().saturating_sub(count);
        let is_hook = types.first().is_some_and(|of| matches!(of, Type::Model(_)));
        let own = if is_hook { &types[ignored..] } else { &types[..types.len() - ignored] };
        let closure = self.closure(function, own, returns)?;
        if returns == Returns::Value && closure.returns != Type::Float {
            return Err(Missing::new(format!("a function here that returns {}", closure.returns.described())));
        }
        let unused = "_, ".repeat(ignored);
        let at = closure.text.find('|').map_or(0, |at| at + 1);
        let end = closure.text[at..].find('|').map_or(at, |end| at + end);
        Ok(match is_hook {
            true => format!("{}{unused}{}", &closure.text[..at], &closure.text[at..]),
            false => format!("{}{}{}", &closure.text[..end], ", _".repeat(ignored), &closure.text[end..]),
        })
    }

    /// An argument as a parameter of this type takes it.
    pub(crate) fn argument(&mut self, argument: &'a Expr, rust_type: &str, name: &str) -> Ported<String> {
        if rust_type.starts_with("impl Fn") {
            return self.function_argument(argument, rust_type);
        }
        if rust_type == "impl Into<Standardize>"
            && let Some(function) = self.standardization(argument)?
        {
            return Ok(function);
        }
        // A function by which Keras means its name: activation=tf.nn.relu.
        if let Some(path) = self.path_of(argument) {
            let last = path.rsplit('.').next().unwrap_or(&path).to_string();
            // `dtype=tf.int32`
            let is_dtype = last == "string" || crate::numpy::dtype_of(&last).is_some();
            if name == "dtype" && is_dtype && (path.starts_with("tensorflow.") || path.starts_with("numpy.")) {
                return Ok(format!("{last:?}"));
            }
            let is_function = path.starts_with("keras.activations.")
                || path.starts_with("tensorflow.nn.")
                || path.starts_with("keras.ops.");
            if is_function && (name.contains("activation")) {
                return Ok(format!("{last:?}"));
            }
            let of_tensorflow = path.strip_prefix("tensorflow.").or_else(|| path.strip_prefix("numpy."));
            if let ("dtype", Some(dtype)) = (name, of_tensorflow)
                && (DTYPES.contains(&dtype))
            {
                return Ok(format!("{dtype:?}"));
            }
            if of_keras(&path).starts_with("keras.") && path.split('.').count() == 3 {
                return Err(Missing::new(format!("{path} without a call"))
                    .help(format!("write {last}(), or its name as a string")));
            }
        }
        let value = self.expression(argument)?;
        let value = if matches!(value.of, Type::Mutable { .. }) { self.tensor(&value)? } else { value };
        self.converted(&value, rust_type, name)
    }

    pub(crate) fn converted(&self, value: &Value, rust_type: &str, name: &str) -> Ported<String> {
        if let Some(array) = crate::pandas::data(value) {
            return Ok(array);
        }
        let inner = rust_type.trim_start_matches("impl Into<").trim_start_matches("Option<").trim_end_matches('>');
        if let Some(value) = crate::pandas::cells::converted(value, inner) {
            return self.converted(&value, rust_type, name);
        }
        let wrong = || Missing::new(format!("{name} is {}", value.of.described()));
        if crate::python::json_values::is_json(&value.of) {
            return Err(wrong().help("say what it is: float(x), int(x), str(x)"));
        }
        if rust_type.contains("PadWidth") {
            return nested_array(value).ok_or_else(wrong);
        }
        let inner = rust_type.trim_start_matches("impl Into<").trim_start_matches("Option<").trim_end_matches('>');
        Ok(match (inner, &value.of) {
            ("f64" | "f32" | "LearningRate" | "Factor" | "Numbers", Type::Int | Type::Signed | Type::Float) => {
                value.as_float().ok_or_else(wrong)?
            }
            ("bool", Type::Bool) => value.text.clone(),
            ("u8", Type::Bool) if name == "verbose" && value.form == Form::Constant => {
                u8::from(value.text == "true").to_string()
            }
            ("bool", Type::Int) if value.is_literal() => (value.text != "0").to_string(),
            ("usize", Type::Int) => value.text.clone(),
            ("usize" | "u8" | "u32", Type::Bool) if name == "verbose" && value.form == Form::Constant => {
                usize::from(value.text == "true").to_string()
            }
            ("usize", Type::Id) => format!("{} as usize", value.at(Strength::Cast)),
            ("usize", of) if of.is_array() => {
                format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize", value.at(Strength::Whole))
            }
            ("f64", of) if of.is_array() => {
                format!("{}.to_dtype(DType::F64)?.to_scalar::<f64>()?", value.at(Strength::Whole))
            }
            // A negative one is no size in Keras either.
            ("usize", Type::Signed) if value.form != Form::Constant => {
                format!("usize::try_from({}).map_err(|error| Error::new(error.to_string()))?", value.text)
            }
            ("u8" | "u32" | "u64" | "i64" | "i32" | "isize", Type::Int | Type::Signed) => {
                match value.is_literal() || value.of.in_rust().as_deref() == Some(inner) {
                    true => value.text.clone(),
                    false => format!("{} as {inner}", value.at(Strength::Cast)),
                }
            }
            ("usize" | "u8" | "u32" | "u64" | "i64" | "f64" | "bool", _) => return Err(wrong()),
            (of, text) if text.is_text() && OF_NUMBERS.iter().any(|own| of.starts_with(own)) => return Err(wrong()),
            (of, number) if number.is_number() && OF_NAMES.contains(&of) => return Err(wrong()),
            (_, Type::Str) => value.text.clone(),
            (_, Type::String | Type::Path) => value.borrowed(),
            (_, Type::Array | Type::Ints | Type::Floats | Type::Mask | Type::Symbolic | Type::Model(_)) => {
                value.borrowed()
            }
            (_, Type::List(_)) if value.form == Form::Slice => value.borrowed(),
            ("Numbers", of) if of.is_number() => value.as_float().ok_or_else(wrong)?,
            ("Vec<i64" | "AxisList" | "Integers", _) if integers(value).is_some() => {
                integers(value).unwrap_or_default()
            }
            // Layers that are functions of each element; others have weights.
            ("ActivationFunction", Type::Layer(class)) => {
                match matches!(class.as_str(), "ELU" | "LeakyReLU" | "ReLU" | "Softmax") {
                    true => self.own(value.clone())?.text,
                    false => return Err(wrong().help("add the layer behind this one")),
                }
            }
            ("Vec<i64", Type::Tuple(_) | Type::List(_)) if value.items.is_some() => {
                nested_array(value).ok_or_else(wrong)?
            }
            (of, Type::Tuple(_)) if value.items.is_some() && of.starts_with("Vec<") => {
                let sizes = self.sizes(value)?;
                match sizes.strip_prefix('(').and_then(|sizes| sizes.strip_suffix(')')) {
                    Some(sizes) => format!("[{sizes}]"),
                    None => sizes,
                }
            }
            (_, Type::Tuple(_) | Type::List(_)) if value.items.is_some() => self.sizes(value)?,
            // Sizes in a variable.
            ("Vec<i64", Type::Tuple(types)) if types.iter().all(|item| *item == Type::Int) => {
                format!("{}.map(|size| size as i64)", sizes_in_array(value, types.len()))
            }
            (of, Type::Tuple(types)) if of.starts_with("Vec<") && types.iter().all(|item| *item == Type::Int) => {
                sizes_in_array(value, types.len())
            }
            (of, Type::Tuple(types)) if is_sizes(of, types) => value.text.clone(),
            (_, Type::List(_)) => value.borrowed(),
            (_, Type::Layer(_) | Type::Object(_)) => self.own(value.clone())?.text,
            (_, of) if of.is_number() => value.text.clone(),
            _ => return Err(wrong()),
        })
    }

    /// A tuple or list that is written out: a tuple of sizes, or an array.
    pub(crate) fn sizes(&self, value: &Value) -> Ported<String> {
        let items = value.items.as_deref().unwrap_or_default();
        let texts = items.iter().map(|item| match &item.items {
            Some(_) => self.sizes(item),
            None if item.of == Type::Symbolic || item.of.is_array() => Ok(item.borrowed()),
            None => Ok(self.owned(item.clone())?.text),
        });
        let texts = texts.collect::<Ported<Vec<_>>>()?;
        let is_tuple = matches!(value.of, Type::Tuple(_)) && texts.len() > 1;
        Ok(if is_tuple { format!("({})", texts.join(", ")) } else { format!("[{}]", texts.join(", ")) })
    }

    /// The shape of an input.
    pub(crate) fn input_shape(&mut self, shape: &'a Expr) -> Ported<String> {
        if let Some(shape) = self.shape_of_parts(shape)? {
            return Ok(shape);
        }
        let value = self.expression(shape)?;
        match (&value.of, &value.items) {
            (Type::Tuple(_) | Type::List(_), Some(items)) => {
                let known = |item: &Value| matches!(item.of, Type::Int | Type::None);
                if !items.iter().all(known) {
                    return Err(Missing::new("a shape of other things than integers and None"));
                }
                let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
                Ok(match &texts[..] {
                    [] => "[0usize; 0]".into(),
                    ["None"] => "[None::<usize>]".into(),
                    [one] => format!("[{one}]"),
                    many => format!("({})", many.join(", ")),
                })
            }
            (Type::Int, _) => Ok(format!("[{}]", value.text)),
            (Type::List(of), None) if **of == Type::Int => Ok(value.borrowed()),
            (Type::Tuple(types), None) if types.len() == 1 && types[0] == Type::Int => {
                Ok(format!("[{}.0]", value.at(Strength::Whole)))
            }
            (Type::Tuple(types), None) if types.len() > 1 && types.iter().all(|of| *of == Type::Int) => Ok(value.text),
            (of, _) => Err(Missing::new(format!("{} as a shape", of.described()))),
        }
    }

    /// A list that is written out, or a variable that holds one.
    pub(crate) fn items(&mut self, list: &'a Expr) -> Ported<Vec<Value>> {
        if let Expr::List(list) = list {
            return list.elts.iter().map(|item| self.expression(item)).collect();
        }
        // A list that is read once is written out where it is used.
        if let Expr::Name(name) = list
            && let Some(list) = self.known.lists.get(name.id.as_str()).copied()
        {
            return list.elts.iter().map(|item| self.expression(item)).collect();
        }
        let value = self.expression(list)?;
        match value.items {
            Some(items) => Ok(items),
            None if matches!(value.form, Form::Place | Form::Reference) && matches!(value.of, Type::List(_)) => {
                Err(Missing::new("a list in a variable here").help("write the list out where it is used"))
            }
            None => Err(Missing::new(format!("{} in place of a list", value.of.described()))),
        }
    }
}

/// Whether a tuple of this type converts into the parameter's: `(3, 3)` into `Sizes<2>`.
/// One integer or some that are written out, as `i64`.
pub(crate) fn integers(value: &Value) -> Option<String> {
    match (&value.items, &value.of) {
        (Some(items), _) => {
            let items = items.iter().map(|item| integers(item).filter(|_| item.items.is_none()));
            Some(format!("[{}]", items.collect::<Option<Vec<_>>>()?.join(", ")))
        }
        (None, Type::Int) if !value.is_literal() => Some(format!("{} as i64", value.at(Strength::Cast))),
        (None, Type::Int | Type::Signed) => Some(value.text.clone()),
        _ => None,
    }
}

fn is_sizes(of: &str, types: &[Type]) -> bool {
    let is_taken = ["Sizes<", "Pairs<"].iter().any(|own| of.starts_with(&format!("{own}{}", types.len())));
    is_taken && (2..=3).contains(&types.len()) && types.iter().all(|of| *of == Type::Int)
}

/// Whether Keras's name of an argument means this one.
fn is_alias(of_keras: &str, own: &str) -> bool {
    own == "path" && matches!(of_keras, "filepath" | "filename" | "backup_dir" | "log_dir")
}

/// Keras's defaults of what is required here.
fn default_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "pool_size" | "size" | "padding" => "2",
        _ => return None,
    })
}

/// The arguments of a call of a function with these parameters; others are an error.
pub(crate) fn named_as<'a>(call: &'a ExprCall, parameters: &[&str]) -> Ported<Named<'a>> {
    if call.arguments.args.len() > parameters.len() {
        return Err(Missing::new("more arguments than known here"));
    }
    let positional = parameters.iter().zip(&call.arguments.args).map(|(name, argument)| (name.to_string(), argument));
    let words = call.arguments.keywords.iter().filter_map(|word| Some((word.arg.as_deref()?.to_string(), &word.value)));
    let named: Named = positional.chain(words).collect();
    only(&named, parameters)?;
    Ok(named)
}

/// Tuples of tuples of integers as arrays of arrays.
fn nested_array(value: &Value) -> Option<String> {
    match &value.items {
        Some(items) => {
            let texts: Vec<_> = items.iter().map(nested_array).collect::<Option<_>>()?;
            Some(format!("[{}]", texts.join(", ")))
        }
        None if value.of == Type::Int && !value.is_literal() => Some(format!("{} as i64", value.at(Strength::Cast))),
        None => matches!(value.of, Type::Int | Type::Signed).then(|| value.text.clone()),
    }
}

/// An error if an argument has a name.
pub(crate) fn no_words(call: &ExprCall) -> Ported<()> {
    match call.arguments.keywords.first() {
        Some(word) => Err(Missing::new(format!("the argument {}", word.arg.as_deref().unwrap_or("**")))),
        None => Ok(()),
    }
}

pub(crate) fn find<'a>(named: &Named<'a>, name: &str) -> Option<&'a Expr> {
    named.iter().find(|(own, _)| own == name).map(|(_, argument)| *argument)
}

pub(crate) fn needed<'a>(named: &Named<'a>, name: &str) -> Ported<&'a Expr> {
    find(named, name).ok_or_else(|| Missing::new(format!("a call without {name}")))
}

pub(crate) fn without<'a>(named: &Named<'a>, names: &[&str]) -> Named<'a> {
    named.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect()
}

pub(crate) fn only(named: &Named<'_>, names: &[&str]) -> Ported<()> {
    match named.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        Some((name, _)) => Err(Missing::new(format!("the argument {name}"))),
        None => Ok(()),
    }
}

/// A tuple of sizes as an array.
pub(crate) fn sizes_in_array(tuple: &Value, count: usize) -> String {
    match &tuple.items {
        Some(items) => format!("[{}]", items.iter().map(|item| item.text.clone()).collect::<Vec<_>>().join(", ")),
        None => format!("<[usize; {count}]>::from({})", tuple.text),
    }
}
