//! Functions and classes of Keras.

pub(crate) mod addons;
pub(crate) mod batch;
pub(crate) mod build_shapes;
pub(crate) mod compile;
pub(crate) mod datasets;
pub(crate) mod folders;
pub(crate) mod freezing;
pub(crate) mod image_generators;
pub(crate) mod input_shapes;
pub(crate) mod layer_graphs;
pub(crate) mod loops;
pub(crate) mod model_methods;
pub(crate) mod named_inputs;
pub(crate) mod old_names;
pub(crate) mod operations;
pub(crate) mod own_init;
pub(crate) mod own_layers;
pub(crate) mod own_losses;
pub(crate) mod own_metrics;
pub(crate) mod patches;
pub(crate) mod py_datasets;
pub(crate) mod sequentials;
pub(crate) mod steps;
pub(crate) mod subclasses;
pub(crate) mod symbolic;
pub(crate) mod texts;
pub(crate) mod tf_images;
pub(crate) mod tf_strings;
pub(crate) mod toggles;
pub(crate) mod tokenizers;
pub(crate) mod transposed;
pub(crate) mod weight_order;

use crate::api;
use crate::arguments::{Named, find, needed, only, without};
use crate::program::Program;
use crate::value::{Form, ModelType, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

/// `keras.optimizers.rmsprop`, as Keras 2 had it, is a class.
fn with_capitals(path: &str) -> String {
    let Some(name) = path.strip_prefix("keras.optimizers.").filter(|_| api::signature(path).is_none()) else {
        return path.to_string();
    };
    let same = api::names_in("keras.optimizers").find(|own| own.eq_ignore_ascii_case(name));
    same.map_or(path.to_string(), |own| format!("keras.optimizers.{own}"))
}

/// Data sets whose arrays are of bytes.
const OF_BYTES: &[&str] = &["mnist", "fashion_mnist", "cifar10", "cifar100"];

/// Arguments by which the first layer of a Sequential may say what its input is.
const OF_INPUT: &[&str] = &["input_shape", "input_dim", "batch_input_shape", "input_length", "batch_size"];

impl<'a> Program<'a> {
    /// A call of what has this name in Keras.
    pub(crate) fn keras_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        let path = with_capitals(api::first_name(path));
        if crate::keras::old_names::is_gone(&path)
            && let Some(value) = self.old_call(&path, call)?
        {
            return Ok(value);
        }
        if let Some(made) = self.kernel_of_keras_1(&path, call)? {
            return self.expression(made);
        }
        if let Some(name) = path.strip_prefix("keras.backend.random_") {
            return self.random_tensor(name, call);
        }
        let named = self.named(&path, call)?;
        let last = path.rsplit('.').next().unwrap_or(&path);
        let module =
            path.strip_prefix("keras.").and_then(|rest| rest.strip_suffix(last)).unwrap_or("").trim_end_matches('.');
        if module == "utils"
            && let Some(value) = self.files_of_keras(last, &named)?
        {
            return Ok(value);
        }
        match (module, last) {
            ("" | "layers", "Input" | "InputLayer") => self.input(&named),
            ("" | "models", "Model") => self.model(&named),
            ("" | "models", "Sequential") => self.sequential(&named),
            ("layers", "Lambda") => self.lambda_layer(&named, self.graphs.is_of_many()),
            // What Keras has unless it is set.
            ("backend" | "config", "image_data_format") if call.arguments.is_empty() => {
                Ok(Value::constant("\"channels_last\"", Type::Str))
            }
            ("backend" | "config", "epsilon") if call.arguments.is_empty() => Ok(Value::constant("1e-7", Type::Float)),
            ("backend" | "config", "floatx") if call.arguments.is_empty() => {
                Ok(Value::constant("\"float32\"", Type::Str))
            }
            ("utils", "clear_session") => Ok(Value::constant("()", Type::None)),
            ("losses" | "metrics", _) if last.starts_with(|c: char| c.is_lowercase()) && named.len() >= 2 => {
                self.loss_of_samples(last, &named)
            }
            ("utils", "unpack_x_y_sample_weight") => self.expression(needed(&named, "data")?),
            ("utils", "plot_model") => {
                let of = self.expression(needed(&named, "model")?)?;
                let path = match find(&named, "to_file") {
                    Some(path) => self.argument(path, "impl AsRef<Path>", "to_file")?,
                    None => "\"model.svg\"".into(),
                };
                let function = self.import("utils::plot_model");
                Ok(Value::temporary(format!("{function}({}, {path}, ())?", of.borrowed()), Type::None))
            }
            ("backend", "clear_session") => Ok(Value::constant("()", Type::None)),
            ("random", "normal" | "uniform" | "truncated_normal") => self.random_tensor(last, call),
            ("activations", "get") => {
                match self.argument(needed(&named, "identifier")?, "impl Into<ActivationFunction>", "identifier") {
                    Ok(text) => {
                        let class = self.import("activations::ActivationFunction");
                        Ok(Value::temporary(
                            format!("{class}::from({text})"),
                            Type::Object("activations::ActivationFunction".into()),
                        ))
                    }
                    Err(missing) => Err(missing),
                }
            }
            ("ops" | "backend" | "activations", _) => self.operation_of(&path, last, call),
            ("layers", "add" | "subtract" | "multiply" | "average" | "maximum" | "minimum" | "concatenate" | "dot") => {
                self.merging(last, &named)
            }
            ("models" | "", "clone_model") => {
                let of = self.expression(needed(&named, "model")?)?;
                only(&named, &["model"])?;
                let function = self.import("models::clone_model");
                Ok(Value::temporary(format!("{function}({})?", of.borrowed()), Type::Model(ModelType::default())))
            }
            ("models" | "", "model_from_json") => {
                let text = self.argument(needed(&named, "json_string")?, "&str", "json_string")?;
                let function = self.import("models::model_from_json");
                Ok(Value::temporary(format!("{function}({text})?"), Type::Model(ModelType::default())))
            }
            ("layers", _) => {
                // What Keras 2 said of the input, unless it is an argument of the class itself.
                let is_own = |name: &str| api::signature(&path).is_some_and(|signature| signature.has(name));
                let named: Named =
                    named.into_iter().filter(|(name, _)| is_own(name) || !OF_INPUT.contains(&name.as_str())).collect();
                self.object(&format!("layers::{last}"), &named, Type::Layer(last.into()))
            }
            ("models" | "saving", "load_model") => {
                let path = self.argument(needed(&named, "filepath")?, "&str", "filepath")?;
                only(&named, &["filepath"])?;
                let of = Type::Model(ModelType::default());
                let function = self.import("prelude::load_model");
                Ok(Value::temporary(format!("{function}({path})?"), of))
            }
            (
                "regularizers" | "initializers" | "constraints" | "optimizers" | "losses" | "metrics" | "callbacks",
                _,
            ) if last.starts_with(|c: char| c.is_uppercase()) => {
                let path = format!("{module}::{last}");
                if find(&named, "decay").is_some() {
                    return self.optimizer_with_decay(&path, &named);
                }
                if module == "losses" {
                    return self.loss_object(&path, &named);
                }
                if let ("metrics", Some(name)) = (module, find(&named, "name")) {
                    let rest = without(&named, &["name"]);
                    let value = self.object(&path, &rest, Type::Object(path.clone()))?;
                    let name = self.argument(name, "impl Into<String>", "name")?;
                    if api::item(&path).is_some_and(|item| item.methods.contains_key("named")) {
                        return Ok(Value { text: format!("{}.named({name})", value.text), ..value });
                    }
                    if crate::keras::loops::is_function(&path) {
                        let class = self.import("metrics::MeanMetric");
                        let of = Type::Object("metrics::MeanMetric".into());
                        return Ok(Value::temporary(format!("{class}::new({}).named({name})", value.text), of));
                    }
                    // Its name is seen in logs of compile alone.
                    return Ok(value);
                }
                self.object(&path, &named, Type::Object(path.clone()))
            }
            ("optimizers.schedules", _) => {
                let path = format!("optimizers::schedules::{last}");
                self.object(&path, &named, Type::Object(path.clone()))
            }
            ("regularizers", "l1" | "l2" | "l1_l2") => {
                let class = last.to_uppercase().replace("L1_L2", "L1L2");
                let path = format!("regularizers::{class}");
                self.object(&path, &named, Type::Object(path.clone()))
            }
            (_, "load_data") => self.load_data(module, &named),
            ("datasets.imdb" | "datasets.reuters", "get_word_index") => {
                only(&named, &[])?;
                let function = self.import(&format!("{}::get_word_index", module.replace('.', "::")));
                let words = Type::Dict(Box::new(Type::String), Box::new(Type::Id));
                Ok(Value::temporary(format!("{function}()?"), words))
            }
            ("utils", "to_categorical") => {
                let y = self.expression(needed(&named, "x")?)?;
                only(&named, &["x", "num_classes"])?;
                let classes = match find(&named, "num_classes") {
                    Some(classes) => self.expression(classes)?.text,
                    None => "None".into(),
                };
                let function = self.import("utils::to_categorical");
                Ok(Value::temporary(format!("{function}({}, {classes})?", y.borrowed()), Type::Floats))
            }
            ("utils", "set_random_seed") => self.random_seed("utils::set_random_seed", &named),
            (_, "pad_sequences") => {
                let sequences = self.expression(needed(&named, "sequences")?)?;
                // Arrays of several lengths, whose numbers become integers if nothing else is said.
                let sequences = match &sequences.of {
                    Type::List(of) if of.is_array() && find(&named, "dtype").is_none() => {
                        let rows = format!(
                            "{}.iter().map(|row| row.to_dtype(DType::I64)?.to_vec1::<i64>()).collect::<candle_keras::candle_core::Result<Vec<_>>>()?",
                            sequences.at(crate::value::Strength::Whole)
                        );
                        Value::temporary(rows, Type::List(Box::new(Type::List(Box::new(Type::Signed)))))
                    }
                    _ => sequences,
                };
                if !matches!(&sequences.of, Type::List(of) if matches!(**of, Type::List(_))) {
                    return Err(Missing::new(format!("pad_sequences of {}", sequences.of.described())));
                }
                let rest = without(&named, &["sequences"]);
                let options = self.object("utils::Pad", &rest, Type::None)?.text;
                let function = self.import("utils::pad_sequences");
                Ok(Value::temporary(format!("{function}({}, {options})?", sequences.borrowed()), Type::Array))
            }
            _ => Err(Missing::new(format!("{path} is not known here"))),
        }
    }

    /// `layers.add([a, b])`
    fn merging(&mut self, name: &str, named: &Named<'a>) -> Ported<Value> {
        let class: String = name[..1].to_uppercase() + &name[1..];
        let rest = without(named, &["inputs"]);
        let layer = self.object(&format!("layers::{class}"), &rest, Type::Layer(class))?;
        let inputs = self.tensors(needed(named, "inputs")?)?;
        Ok(Value::temporary(format!("{}.call({inputs})", layer.text), Type::Symbolic))
    }

    /// A loss: what all have in Keras is of `Loss` here.
    fn loss_object(&mut self, path: &str, named: &Named<'a>) -> Ported<Value> {
        let rest = without(named, &["reduction", "name"]);
        let value = self.object(path, &rest, Type::Object(path.into()))?;
        let reduction =
            find(named, "reduction").map(|reduction| self.reduction_of_loss(reduction)).transpose()?.flatten();
        let Some(reduction) = reduction else { return Ok(value) };
        let (class, kind) = (self.import("losses::Loss"), self.import("losses::Reduction"));
        let text = format!("{class}::from({}).reduction({kind}::{reduction})", value.text);
        Ok(Value::temporary(text, Type::Object("losses::Loss".into())))
    }

    fn input(&mut self, named: &Named<'a>) -> Ported<Value> {
        let (shape, batch) = match find(named, "batch_shape").or_else(|| find(named, "batch_input_shape")) {
            Some(Expr::Tuple(sizes)) if !sizes.elts.is_empty() => {
                let sizes = sizes.elts.iter().map(|size| self.expression(size)).collect::<Ported<Vec<_>>>()?;
                let texts: Vec<_> = sizes[1..].iter().map(|size| size.text.clone()).collect();
                let shape = match &texts[..] {
                    [] => "[0usize; 0]".to_string(),
                    [one] if one != "None" => format!("[{one}]"),
                    [_] => "[None::<usize>]".into(),
                    many => format!("({})", many.join(", ")),
                };
                (shape, Some(sizes[0].text.clone()).filter(|size| size != "None"))
            }
            Some(_) => return Err(Missing::new("a computed batch_shape")),
            None => {
                let shape = find(named, "shape").or_else(|| find(named, "input_shape"));
                (self.input_shape(shape.ok_or_else(|| Missing::new("an Input without a shape"))?)?, None)
            }
        };
        let batch = match (batch, find(named, "batch_size")) {
            (None, Some(size)) => Some(self.argument(size, "usize", "batch_size")?),
            (batch, _) => batch,
        };
        let mut text = format!("Input::shape({shape})");
        if let Some(batch) = batch {
            text.push_str(&format!(".batch_size({batch})"));
        }
        for (name, argument) in
            without(named, &["shape", "input_shape", "batch_shape", "batch_input_shape", "batch_size"])
        {
            match name.as_str() {
                "dtype" if self.path_of(argument).is_some_and(|path| path.starts_with("tensorflow.")) => {
                    text.push_str(&format!(".dtype({:?})", self.dtype_name(argument)?));
                }
                "name" | "dtype" => {
                    let value = self.argument(argument, "impl Into<String>", &name)?;
                    text.push_str(&format!(".{name}({value})"));
                }
                other => return Err(Missing::new(format!("the argument {other} of Input"))),
            }
        }
        Ok(Value::temporary(text, Type::Symbolic))
    }

    /// Symbolic tensors, as a model takes them.
    pub(crate) fn tensors(&mut self, tensors: &'a Expr) -> Ported<String> {
        let value = self.expression(tensors)?;
        if let (Type::List(of), None) = (&value.of, &value.items)
            && **of == Type::Symbolic
        {
            return Ok(match value.form {
                Form::Temporary => value.text,
                _ => format!("{}.clone()", value.at(crate::value::Strength::Whole)),
            });
        }
        match (&value.of, &value.items) {
            (Type::Symbolic, _) => Ok(value.borrowed()),
            (_, Some(items)) if items.iter().all(|item| item.of == Type::Symbolic) => {
                Ok(format!("[{}]", items.iter().map(Value::borrowed).collect::<Vec<_>>().join(", ")))
            }
            (of, _) => Err(Missing::new(format!("{} in place of symbolic tensors", of.described()))),
        }
    }

    fn model(&mut self, named: &Named<'a>) -> Ported<Value> {
        let (inputs, outputs) = (needed(named, "inputs")?, needed(named, "outputs")?);
        let count = match outputs {
            Expr::List(list) => list.elts.len(),
            Expr::Tuple(tuple) => tuple.elts.len(),
            Expr::Dict(dict) => dict.items.len(),
            outputs => match self.expression(outputs)?.of {
                // A list in a variable.
                Type::List(_) => 2,
                _ => 1,
            },
        };
        let inputs_of_model = match inputs {
            Expr::List(list) => list.elts.len(),
            Expr::Tuple(tuple) => tuple.elts.len(),
            inputs => {
                if matches!(self.expression(inputs)?.of, Type::List(_) | Type::Dict(..)) {
                    2
                } else {
                    1
                }
            }
        };
        let inputs = match self.dict_of_inputs(inputs)? {
            Some(inputs) => inputs,
            None => self.tensors(inputs)?,
        };
        let outputs = self.tensors(outputs)?;
        let mut text = format!("Model::new({inputs}, {outputs})?");
        if let Some(name) = find(named, "name") {
            text.push_str(&format!(".name({})", self.argument(name, "impl Into<String>", "name")?));
        }
        only(named, &["inputs", "outputs", "name"])?;
        let has_groups = self.graphs.has_groups();
        let of = ModelType { inputs: inputs_of_model, outputs: count, has_groups, ..ModelType::default() };
        Ok(Value::temporary(text, Type::Model(of)))
    }

    fn sequential(&mut self, named: &Named<'a>) -> Ported<Value> {
        let layers = match find(named, "layers") {
            None | Some(Expr::NoneLiteral(_)) => Vec::new(),
            Some(Expr::List(list)) => {
                list.elts.iter().map(|layer| self.layer_of_sequential(layer)).collect::<Ported<Vec<_>>>()?.concat()
            }
            Some(list) => return self.sequential_of_list(list, named),
        };
        let mut text = match layers.is_empty() {
            true => "Sequential::new(layers![])".to_string(),
            false => format!("Sequential::new(layers![\n    {},\n])", layers.join(",\n    ")),
        };
        if let Some(name) = find(named, "name") {
            text.push_str(&format!(".name({})", self.argument(name, "impl Into<String>", "name")?));
        }
        only(named, &["layers", "name"])?;
        Ok(Value::temporary(text, Type::Model(ModelType { is_sequential: true, ..ModelType::default() })))
    }

    /// The input that the `input_shape` of a layer means.
    pub(crate) fn input_of_layer(&mut self, layer: &'a Expr) -> Ported<Option<String>> {
        if let Expr::Call(call) = layer
            && let Some(path) = self.path_of(&call.func)
            && path.starts_with("keras.layers.")
        {
            let named = self.named(&path, call)?;
            let shape = match (find(&named, "input_shape"), find(&named, "input_dim"), find(&named, "input_length")) {
                (Some(shape), _, _) => Some(self.input_shape(shape)?),
                (_, Some(size), _) if !path.ends_with(".Embedding") => Some(self.input_shape(size)?),
                (_, _, Some(length)) => Some(self.input_shape(length)?),
                _ => None,
            };
            let batch = match find(&named, "batch_size") {
                Some(size) => format!(".batch_size({})", self.argument(size, "usize", "batch_size")?),
                None => String::new(),
            };
            return Ok(shape.map(|shape| format!("Input::shape({shape}){batch}")));
        }
        Ok(None)
    }

    /// A layer of a Sequential; before it the input that its `input_shape` means.
    pub(crate) fn layer_of_sequential(&mut self, layer: &'a Expr) -> Ported<Vec<String>> {
        let mut out: Vec<String> = self.input_of_layer(layer)?.into_iter().collect();
        let value = self.expression(layer)?;
        if let Type::Layer(class) = &value.of {
            self.run_own_layer(&class.clone(), true)?;
        }
        match value.of {
            // A clone is another handle to the same weights.
            Type::Model(_) if value.form == Form::Place => {
                out.push(format!("{}.clone()", value.at(crate::value::Strength::Whole)))
            }
            Type::Layer(_) | Type::Symbolic | Type::Model(_) => out.push(self.own(value)?.text),
            Type::Instance(ref class) if self.is_layer_of_layers(&value.of) => {
                self.becomes_model(&class.clone())?;
                out.push(format!("{}.model()", self.own(value)?.text));
            }
            of => return Err(Missing::new(format!("{} in a Sequential", of.described()))),
        }
        Ok(out)
    }

    fn load_data(&mut self, module: &str, named: &Named<'a>) -> Ported<Value> {
        let name = module.trim_start_matches("datasets.");
        let path = format!("datasets::{name}::load_data");
        let item = api::item(&path).ok_or_else(|| Missing::new(format!("the data of {name}")))?;
        self.import(&format!("datasets::{name}::load_data"));
        let parameters = item.parameters.as_deref().unwrap_or_default();
        let options = match parameters {
            [] => {
                only(named, &[])?;
                String::new()
            }
            [(parameter, rust_type)] if rust_type == "&str" => match find(named, parameter) {
                Some(argument) => self.argument(argument, rust_type, parameter)?,
                // Keras's default.
                None if name == "cifar100" => "\"fine\"".into(),
                None => {
                    return Err(Missing::new(format!("{name}.load_data without {parameter}"))
                        .help(format!("say which {parameter}")));
                }
            },
            _ => {
                let path = format!("datasets::{name}::LoadData");
                let options =
                    api::item(&path).ok_or_else(|| Missing::new(format!("the arguments of {name}.load_data")))?;
                let mut text = format!("{name}::LoadData::new()");
                for (argument, value) in named {
                    text.push_str(&self.setter(options, &path, argument, value)?);
                }
                text
            }
        };
        let x = if item.returns.contains("Sequences") {
            Type::List(Box::new(Type::List(Box::new(Type::Id))))
        } else if OF_BYTES.contains(&name) {
            Type::Ints
        } else {
            Type::Array
        };
        let y = if item.returns.contains("Sequences") { Type::List(Box::new(Type::Id)) } else { x.clone() };
        let pair = Type::Tuple(vec![x, y]);
        Ok(Value::temporary(format!("{name}::load_data({options})?"), Type::Tuple(vec![pair.clone(), pair])))
    }

    /// What a module has under this name, as a value.
    pub(crate) fn attribute_of_module(&mut self, path: &str) -> Ported<Value> {
        if let Some(text) = crate::python::constant_texts::of_string(path) {
            return Ok(Value::constant(format!("{text:?}"), Type::Str));
        }
        match path {
            "sys.argv" => {
                Ok(Value::temporary("std::env::args().collect::<Vec<String>>()", Type::List(Box::new(Type::String))))
            }
            "os.sep" | "os.path.sep" => Ok(Value::constant("\"/\"", Type::Str)),
            "numpy.inf" | "math.inf" => Ok(Value::constant("f64::INFINITY", Type::Float)),
            "numpy.nan" | "math.nan" => Ok(Value::constant("f64::NAN", Type::Float)),
            "numpy.newaxis" => Ok(Value::constant("None", Type::None)),
            // How many elements are prepared before they are asked for.
            "tensorflow.data.AUTOTUNE" | "tensorflow.data.experimental.AUTOTUNE" => Ok(Value::constant("2", Type::Int)),
            "numpy.pi" | "math.pi" => Ok(Value::constant("std::f64::consts::PI", Type::Float)),
            "math.e" => Ok(Value::constant("std::f64::consts::E", Type::Float)),
            _ => self.of_other_file(path).ok_or_else(|| Missing::new(format!("{path} as a value"))),
        }
    }

    /// A layer or model that is called on tensors.
    pub(crate) fn call_value(&mut self, callee: &Value, call: &'a ExprCall) -> Ported<Value> {
        if matches!(callee.of, Type::Instance(_)) {
            return self.call_instance(callee, call);
        }
        if let Type::Function(number) = callee.of {
            return self.call_function(number, call);
        }
        if matches!(&callee.of, Type::Object(path) if path == "activations::ActivationFunction") {
            let [x] = &call.arguments.args[..] else { return Err(Missing::new("an activation of this")) };
            let x = self.expression(x)?;
            let x = self.tensor(&x)?;
            if x.of == Type::Symbolic {
                let class = self.import("layers::Activation");
                return Ok(Value::temporary(
                    format!("{class}::new({}).call({})", self.own(callee.clone())?.text, x.borrowed()),
                    Type::Symbolic,
                ));
            }
            return Ok(Value::temporary(
                format!("{}.call({})?", callee.at(crate::value::Strength::Whole), x.borrowed()),
                x.of.clone(),
            ));
        }
        if matches!(&callee.of, Type::Object(path) if path.starts_with("optimizers::schedules::")) {
            let [step] = &call.arguments.args[..] else { return Err(Missing::new("a schedule of this")) };
            let step = self.argument(step, "u64", "step")?;
            self.import_by_name("optimizers::LearningRateSchedule");
            let text = format!("{}.call({step})", callee.at(crate::value::Strength::Whole));
            return Ok(Value::temporary(text, Type::Float));
        }
        if matches!(&callee.of, Type::Object(path) if path.starts_with("losses::")) {
            return self.call_loss(callee, call);
        }
        if let Some(value) = self.call_on_texts(callee, call)? {
            return Ok(value);
        }
        if !matches!(callee.of, Type::Layer(_) | Type::Model(_)) {
            return Err(Missing::new(format!("a call of {}", callee.of.described())));
        }
        let inputs = self.positional_inputs(callee, call);
        let inputs = inputs.iter().map(|input| self.expression(input)).collect::<Ported<Vec<_>>>()?;
        let is_list = inputs.len() != 1 || inputs[0].items.is_some();
        let inputs: Vec<Value> = match &inputs[..] {
            [one] if one.items.is_some() => one.items.clone().unwrap_or_default(),
            _ => inputs,
        };
        // A layer of a layer that is called on an array, beside its input.
        let inputs: Vec<Value> = match self.frame().symbolic_parameter.clone() {
            Some(like) if inputs.iter().all(|input| input.of.is_array()) && !inputs.is_empty() => {
                let like = Value::new(like, Type::Symbolic, crate::value::Strength::Whole, Form::Reference);
                inputs.iter().map(|input| self.symbolic_constant(input, &like)).collect::<Ported<_>>()?
            }
            _ => inputs,
        };
        let (is_symbolic, is_array) =
            (inputs.iter().all(|input| input.of == Type::Symbolic), inputs.iter().all(|input| input.of.is_array()));
        if let [list] = &inputs[..]
            && matches!(&list.of, Type::List(of) if **of == Type::Symbolic || of.is_array())
        {
            let is_array = list.of != Type::List(Box::new(Type::Symbolic));
            if let Type::Layer(class) = &callee.of {
                self.run_own_layer(&class.clone(), false)?;
            }
            if !call.arguments.keywords.is_empty() {
                return Err(Missing::new("arguments of a layer on a list of tensors"));
            }
            let end = if is_array { "?" } else { "" };
            let text = format!("{}.call({}){end}", callee.at(crate::value::Strength::Whole), list.borrowed());
            return Ok(Value::temporary(text, if is_array { Type::Floats } else { Type::Symbolic }));
        }
        if inputs.is_empty() || !(is_symbolic || is_array) {
            return Err(Missing::new("a layer that is called on this"));
        }
        if let Type::Layer(class) = &callee.of {
            self.run_own_layer(&class.clone(), !is_list)?;
        }
        let texts: Vec<String> = inputs
            .iter()
            .map(|input| match input.form {
                Form::Temporary if inputs.len() == 1 => input.text.clone(),
                _ => input.borrowed(),
            })
            .collect();
        let texts = if texts.len() == 1 { texts[0].clone() } else { format!("[{}]", texts.join(", ")) };
        let layer = callee.at(crate::value::Strength::Whole);
        let words: Vec<_> = call.arguments.keywords.iter().filter(|word| !self.is_none(&word.value)).collect();
        let wanted = self.wanted(call.range());
        let outputs = wanted.or_else(|| self.count_of_outputs(callee));
        let name = if outputs.is_some() { "call_multiple" } else { "call" };
        // What is taken apart says how many there are.
        let count = match (wanted, outputs) {
            (None, Some(count)) => format!("::<{count}, _>"),
            _ => String::new(),
        };
        let mut text = if words.is_empty() {
            format!("{layer}.{name}{count}({texts})")
        } else {
            let item = api::item("layers::CallArguments").ok_or_else(|| Missing::new("named arguments of a call"))?;
            let class = self.import("layers::Call");
            let mut options = format!("{class}::new()");
            for word in words {
                // A mask that is the same for each sample.
                if let (true, Some("mask" | "attention_mask")) = (is_symbolic, word.arg.as_deref()) {
                    let mask = self.expression(&word.value)?;
                    if mask.of.is_array() {
                        let mask = self.symbolic_constant(&mask, &inputs[0])?;
                        let name = word.arg.as_deref().unwrap_or_default();
                        options.push_str(&format!(".{name}({})", mask.borrowed()));
                        continue;
                    }
                }
                options.push_str(&self.setter(item, "a call", word.arg.as_deref().unwrap_or(""), &word.value)?);
            }
            format!("{layer}.{name}_with{count}({texts}, {options})")
        };
        if is_array {
            text.push('?');
        }
        let of = if is_array { Type::Floats } else { Type::Symbolic };
        Ok(match outputs {
            Some(count) => Value::temporary(text, Type::Outputs(vec![of; count])),
            None => Value::temporary(text, of),
        })
    }
}
