//! Methods and attributes of values.

use crate::api;
use crate::arguments::{Named, find, named_as, needed, no_words, only, without};
use crate::classes::Kind;
use crate::closures::Returns;
use crate::datasets::Parts;
use crate::program::Program;
use crate::value::{Binding, Form, ModelType, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

/// What a model returns whose metrics are not known: numbers in their order, if it is several.
fn unknown_scores(method: &str, text: &str, is_list: bool) -> Ported<Value> {
    if !is_list {
        return Err(Missing::new(format!("{method} of a model whose metrics are not known here")));
    }
    let text = format!("{text}.iter().map(|(_, number)| number).collect::<Vec<f64>>()");
    Ok(Value::temporary(text, Type::List(Box::new(Type::Float))))
}

impl<'a> Program<'a> {
    pub(crate) fn attribute(&mut self, of: &Value, name: &str) -> Ported<Value> {
        if let Some(value) = self.pandas_attribute(of, name)? {
            return Ok(value);
        }
        if let Some(axes) = self.flat_axes(of, name) {
            return Ok(axes);
        }
        if let Some(layer) = self.layer_of_model(of, name) {
            return Ok(layer);
        }
        if let Some(value) = self.parsed_argument(of, name)? {
            return Ok(value);
        }
        let whole = of.at(Strength::Whole);
        match (&of.of, name) {
            (Type::Mutable { .. }, "shape") => Ok(Value::new(
                format!("{whole}.shape()"),
                Type::List(Box::new(Type::Int)),
                Strength::Whole,
                Form::Reference,
            )),
            // It may be int32 as well.
            (Type::Mutable { of: "i64", .. }, "dtype") => Err(Missing::new("the dtype of an array of integers")),
            (Type::Mutable { of, .. }, "dtype") => {
                let name = match *of {
                    "f32" => "float32",
                    "i64" => "int64",
                    "u8" => "bool",
                    _ => "float64",
                };
                Ok(Value::constant(format!("{name:?}"), Type::Str))
            }
            (Type::Object(path), "shape") if path == "layers::Variable" => {
                Ok(Value::temporary(format!("{whole}.dims()"), Type::List(Box::new(Type::Int))))
            }
            (Type::Object(path), "name") if path == "layers::Variable" => {
                Ok(Value::temporary(format!("{whole}.name().to_string()"), Type::String))
            }
            (Type::Layer(class), "__class__") if class == "dyn Layer" => Ok(of.clone()),
            (Type::Layer(class), "__name__") if class == "dyn Layer" => {
                Ok(Value::temporary(format!("{whole}.class_name().to_string()"), Type::String))
            }
            (Type::History, "epoch") => Ok(Value::temporary(
                format!("(0..{whole}.iter().next().map_or(0, |(_, numbers)| numbers.len())).collect::<Vec<usize>>()"),
                Type::List(Box::new(Type::Int)),
            )),
            (Type::Object(path), "stopped_epoch") if path == "callbacks::EarlyStopping" => {
                Ok(Value::temporary(format!("{whole}.stopped_epoch().unwrap_or(0)"), Type::Int))
            }
            (Type::Object(path), "best_epoch") if path == "callbacks::EarlyStopping" => {
                Ok(Value::temporary(format!("{whole}.best_epoch()"), Type::Int))
            }
            (Type::Object(path), "learning_rate" | "lr") if path.ends_with("Optimizer") => {
                Ok(Value::temporary(format!("{whole}.learning_rate()"), Type::Float))
            }
            (Type::Model(_), "optimizer") => Ok(Value::new(
                format!("{whole}.optimizer()?"),
                Type::Object("Optimizer".into()),
                Strength::Whole,
                Form::Reference,
            )),
            (Type::Folder(..), _) => self.attribute_of_folder(of, name),
            (Type::Flow(_), _) => self.attribute_of_flow(of, name),
            (Type::Path, _) => self.attribute_of_path(of, name),
            (Type::Object(path), _) if path == crate::tokenizers::CLASS => self.attribute_of_tokenizer(of, name),
            (Type::Object(path), "size" | "width" | "height") if path == crate::folders::IMAGE => {
                self.attribute_of_image(of, name)
            }
            (Type::History, "history") => Ok(Value::new(whole, Type::HistoryValues, Strength::Whole, Form::Place)),
            (Type::Symbolic, "shape") => Ok(Value::temporary(format!("{whole}.shape()?"), Type::Shape)),
            (Type::Array | Type::Ints | Type::Floats | Type::Mask, "shape") => Ok(Value::new(
                format!("{whole}.dims()"),
                Type::List(Box::new(Type::Int)),
                Strength::Whole,
                Form::Reference,
            )),
            (Type::Instance(_), _) => self.field(of, name),
            (Type::Model(_), "layers") => {
                self.check_layers(of)?;
                let of = Type::List(Box::new(Type::Layer("dyn Layer".into())));
                Ok(Value::temporary(format!("{whole}.layers()"), of))
            }
            (Type::Model(_), "input") => Ok(Value::temporary(format!("{whole}.input()?"), Type::Symbolic)),
            (Type::Model(_), "output") => Ok(Value::temporary(format!("{whole}.output()?"), Type::Symbolic)),
            (Type::Model(_), "output_shape") => {
                Ok(Value::temporary(format!("{whole}.output()?.shape()?"), Type::Shape))
            }
            (Type::Model(_), "input_shape") => Ok(Value::temporary(format!("{whole}.input()?.shape()?"), Type::Shape)),
            (Type::Model(_), "stop_training") => Ok(Value::place(format!("{whole}.stop_training"), Type::Bool)),
            (Type::Model(_) | Type::Layer(_), "trainable") => {
                if !matches!(&of.of, Type::Layer(class) if class == "dyn Layer") {
                    self.import_by_name("layers::Declared");
                }
                Ok(Value::temporary(format!("{whole}.base().is_trainable()"), Type::Bool))
            }
            (Type::Model(_), "name") => Ok(Value::temporary(format!("{whole}.layer_name()"), Type::String)),
            (Type::Layer(_), "name") => Ok(Value::temporary(format!("{whole}.layer_name()"), Type::String)),
            (Type::Model(_) | Type::Layer(_), "trainable_weights" | "trainable_variables") => {
                Ok(Value::temporary(format!("{whole}.trainable_variables()"), Type::Variables))
            }
            (Type::Model(_) | Type::Layer(_), "weights" | "variables") => {
                Ok(Value::temporary(format!("{whole}.variables()"), Type::Variables))
            }
            // All axes, in the opposite order.
            (own @ (Type::Array | Type::Ints | Type::Floats | Type::Mask), "T") => {
                let function = self.import("ops::transpose");
                Ok(Value::temporary(format!("{function}({}, ())?", of.borrowed()), own.clone()))
            }
            (Type::Symbolic, "dtype") => Ok(Value::temporary(format!("{whole}.output()?.dtype()"), Type::Dtype)),
            (Type::Mask, "dtype") => Ok(Value::constant("\"bool\"", Type::Str)),
            (Type::Array | Type::Ints | Type::Floats, "dtype") => {
                Ok(Value::temporary(format!("{whole}.dtype()"), Type::Dtype))
            }
            (Type::Array | Type::Ints | Type::Floats | Type::Mask, "ndim") => {
                Ok(Value::temporary(format!("{whole}.rank()"), Type::Int))
            }
            (Type::Array | Type::Ints | Type::Floats | Type::Mask, "size") => {
                Ok(Value::temporary(format!("{whole}.elem_count()"), Type::Int))
            }
            (of, _) => Err(Missing::new(format!("the attribute {name} of {}", of.described()))),
        }
    }

    pub(crate) fn method(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        if let Some(value) = self.pandas_method(of, name, call)? {
            return Ok(value);
        }
        if call.arguments.is_empty()
            && let Some(axes) = self.flat_axes(of, name)
        {
            return Ok(axes);
        }
        if of.of.is_number() && name == "item" && call.arguments.is_empty() {
            return Ok(of.clone());
        }
        if let Some(value) = self.method_of_parser(of, name, call)? {
            return Ok(value);
        }
        if let Some(value) = self.method_of_writer(of, name, call)? {
            return Ok(value);
        }
        if let Some(value) = self.method_of_pattern(of, name, call)? {
            return Ok(value);
        }
        match &of.of {
            generator if crate::numpy_random::is_generator(generator) => self.method_of_random(of, name, call),
            of_axes if crate::axes::is_axes(of_axes) => self.method_of_axes(of, name, call),
            Type::Model(model) => self.method_of_model(of, &model.clone(), name, call),
            Type::Array | Type::Ints | Type::Floats | Type::Mask => self.method_of_array(of, name, call),
            Type::Mutable { .. } => {
                let tensor = self.tensor(of)?;
                self.method_of_array(&tensor, name, call)
            }
            Type::Layer(class) => match self.method_of_adapted(of, &class.clone(), name, call)? {
                Some(value) => Ok(value),
                None => self.method_of_layer(of, name, call),
            },
            Type::List(element) if **element == Type::Char && !LIST_METHODS.contains(&name) => {
                self.method_of_text(of, name, call)
            }
            Type::List(element) => self.method_of_list(of, &element.clone(), name, call),
            Type::Path => self.method_of_path(of, name, call),
            Type::File { is_read } => self.method_of_file(of, *is_read, name, call),
            Type::Instance(_) => self.method_of_instance(of, name, call),
            Type::Dataset(x, y) | Type::Folder(x, y) => self.method_of_dataset(of, &Parts::new(x, y), name, call),
            Type::Flow(_) => self.method_of_flow(of, name, call),
            Type::Object(path) if path == crate::folders::IMAGE => self.method_of_image(of, name, call),
            Type::Object(path) if path == crate::image_generators::CLASS => self.method_of_generator(of, name, call),
            Type::Object(path) if path == crate::tokenizers::CLASS => self.method_of_tokenizer(of, name, call),
            Type::Object(path) => {
                let found = self.method_of_object(of, &path.clone(), name, call)?;
                found.ok_or_else(|| Missing::new(format!("the method {name} of {}", of.of.described())))
            }
            Type::HistoryValues => {
                no_words(call)?;
                match (name, &call.arguments.args[..]) {
                    ("keys", []) => Ok(Value::temporary(
                        format!(
                            "{}.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>()",
                            of.at(Strength::Whole)
                        ),
                        Type::List(Box::new(Type::String)),
                    )),
                    ("get", [key, Expr::List(default)]) if default.elts.is_empty() => {
                        let key = self.expression(key)?;
                        let text = format!("{}.get({}).unwrap_or(&[])", of.at(Strength::Whole), key.borrowed());
                        Ok(Value::new(text, Type::List(Box::new(Type::Float)), Strength::Whole, Form::Reference))
                    }
                    ("get", [key, ..]) => {
                        let key = self.expression(key)?;
                        let text = format!("{}[{}]", of.at(Strength::Whole), key.text);
                        Ok(Value::new(text, Type::List(Box::new(Type::Float)), Strength::Whole, Form::Slice))
                    }
                    _ => Err(Missing::new(format!("the method {name} of history.history"))),
                }
            }
            Type::Logs => {
                let given = named_as(call, &["key"])?;
                let key = self.expression(needed(&given, "key")?)?;
                match name {
                    "get" => Ok(Value::temporary(format!("{}[{}]", of.at(Strength::Whole), key.text), Type::Float)),
                    _ => Err(Missing::new(format!("the method {name} of logs"))),
                }
            }
            Type::Set(element) => {
                no_words(call)?;
                match (name, &call.arguments.args[..]) {
                    ("add", [item]) => {
                        let item = self.expression(item)?;
                        let item = self.own(item)?;
                        let item = self.put_into(&element.clone(), item)?;
                        Ok(Value::temporary(format!("{}.insert({item})", of.at(Strength::Whole)), Type::None))
                    }
                    ("update", [items]) => {
                        let over = self.iteration(items)?;
                        let crate::iteration::Element::One(of_items, form) = &over.element else {
                            return Err(Missing::new("a set of pairs"));
                        };
                        self.put_into(&element.clone(), Value::temporary("x", of_items.clone()))?;
                        let copied = match (form, of_items.is_copy()) {
                            (Form::Reference, true) => ".copied()",
                            (Form::Reference, false) => ".cloned()",
                            _ => "",
                        };
                        Ok(Value::temporary(
                            format!("{}.extend({}{copied})", of.at(Strength::Whole), over.iter),
                            Type::None,
                        ))
                    }
                    (_, arguments) => self.method_of_set(of, &element.clone(), name, arguments),
                }
            }
            Type::Dict(key, value) => self.method_of_dict(of, (&key.clone(), &value.clone()), name, call),
            text if text.is_text() || *text == Type::Char => self.method_of_text(of, name, call),
            // Numbers of TensorFlow are numbers here.
            number if number.is_number() && name == "numpy" && call.arguments.is_empty() => Ok(of.clone()),
            other => Err(Missing::new(format!("the method {name} of {}", other.described()))),
        }
    }

    fn method_of_layer(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let layer = of.at(Strength::Whole);
        match (name, call.arguments.len()) {
            ("get_weights", 0) => {
                Ok(Value::temporary(format!("{layer}.get_weights()?"), Type::List(Box::new(Type::Floats))))
            }
            ("count_params", 0) => Ok(Value::temporary(format!("{layer}.count_params()"), Type::Int)),
            ("set_weights", 1) => {
                let weights = match call.arguments.args.first() {
                    Some(weights) => self.expression(weights)?,
                    None => return Err(Missing::new("set_weights of this")),
                };
                match &weights.of {
                    Type::List(element) if element.is_array() => {
                        Ok(Value::temporary(format!("{layer}.set_weights({})?", weights.borrowed()), Type::None))
                    }
                    kind => Err(Missing::new(format!("weights that are {}", kind.described()))),
                }
            }
            ("reset_states" | "reset_state", 0) => Ok(Value::temporary(format!("{layer}.reset_states()?"), Type::None)),
            _ => Err(Missing::new(format!("the method {name} of a layer"))),
        }
    }

    fn method_of_array(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let arguments = &call.arguments.args;
        let is_reduction = matches!(name, "mean" | "sum" | "max" | "min" | "std" | "argmax" | "argmin" | "var");
        if is_reduction {
            let given = named_as(call, &["axis", "keepdims"])?;
            return self.reduction(name, of, find(&given, "axis"), find(&given, "keepdims"));
        }
        no_words(call)?;
        match (name, &arguments[..]) {
            ("reshape", [shape @ (Expr::Tuple(_) | Expr::List(_))]) => self.reshaped(of, shape),
            ("reshape", [shape]) => self.reshaped(of, shape),
            ("reshape", sizes) if !sizes.is_empty() => {
                let sizes = sizes.iter().map(|size| self.expression(size)).collect::<Ported<Vec<_>>>()?;
                self.reshaped_to(of, &sizes)
            }
            ("astype", [dtype]) if self.dtype_name(dtype).is_ok_and(|name| name.starts_with("bool")) => {
                let text = format!("{whole}.ne(&{whole}.zeros_like()?)?");
                Ok(Value::temporary(text, Type::Mask))
            }
            ("astype", [dtype]) => {
                let dtype = self.dtype(Some(dtype), "")?;
                let of = crate::numpy::of_dtype(&dtype);
                // Fractions become integers towards zero, in both.
                Ok(Value::temporary(format!("{whole}.to_dtype({dtype})?"), of))
            }
            ("round", digits) => {
                let digits = match digits {
                    [] => "0".to_string(),
                    [digits] => self.expression(digits)?.text,
                    _ => return Err(Missing::new("round of this")),
                };
                let function = self.import("ops::round");
                Ok(Value::temporary(format!("{function}({}, {digits})?", of.borrowed()), of.of.clone()))
            }
            ("argsort", []) => {
                let function = self.import("ops::argsort");
                Ok(Value::temporary(format!("{function}({}, -1)?", of.borrowed()), Type::Ints))
            }
            ("transpose", []) => {
                let function = self.import("ops::transpose");
                Ok(Value::temporary(format!("{function}({}, ())?", of.borrowed()), of.of.clone()))
            }
            ("squeeze", []) => {
                let function = self.import("ops::squeeze");
                Ok(Value::temporary(format!("{function}({}, ())?", of.borrowed()), of.of.clone()))
            }
            ("item", []) if of.of == Type::Ints => Ok(Value::temporary(
                format!("{whole}.flatten_all()?.get(0)?.to_dtype(DType::I64)?.to_scalar::<i64>()?"),
                Type::Signed,
            )),
            ("item", []) => Ok(Value::temporary(
                format!("{whole}.flatten_all()?.get(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?"),
                Type::Float,
            )),
            ("tolist", []) => Ok(of.clone()),
            ("flatten" | "ravel", []) => Ok(Value::temporary(format!("{whole}.flatten_all()?"), of.of.clone())),
            ("numpy", []) => Ok(of.clone()),
            ("copy", []) => Ok(Value::temporary(format!("{whole}.copy()?"), of.of.clone())),
            _ => Err(Missing::new(format!("the method {name} of an array"))),
        }
    }

    pub(crate) fn method_of_model(
        &mut self,
        of: &Value,
        model: &ModelType,
        name: &str,
        call: &'a ExprCall,
    ) -> Ported<Value> {
        if let Some(layer) = self.layer_of_model(of, name) {
            return self.call_value(&layer, call);
        }
        match (name, call.arguments.len()) {
            ("get_weights", 0) => {
                let of_weights = Type::List(Box::new(Type::Floats));
                return Ok(Value::temporary(format!("{}.get_weights()?", of.at(Strength::Whole)), of_weights));
            }
            ("count_params", 0) => {
                return Ok(Value::temporary(format!("{}.count_params()", of.at(Strength::Whole)), Type::Int));
            }
            ("to_json", 0) => {
                return Ok(Value::temporary(format!("{}.to_json()?", of.at(Strength::Whole)), Type::String));
            }
            ("set_weights", 1) => {
                let weights = self.expression(&call.arguments.args[0])?;
                return match &weights.of {
                    Type::List(element) if element.is_array() => Ok(Value::temporary(
                        format!("{}.set_weights({})?", of.at(Strength::Whole), weights.borrowed()),
                        Type::None,
                    )),
                    kind => Err(Missing::new(format!("weights that are {}", kind.described()))),
                };
            }
            _ => {}
        }
        match (name, &call.arguments.args[..], call.arguments.keywords.first()) {
            ("reset_states" | "reset_state", [], None) => {
                return Ok(Value::temporary(format!("{}.reset_states()?", of.at(Strength::Whole)), Type::None));
            }
            ("pop", [], None) if model.is_sequential => {
                let last = Type::Layer("dyn Layer".into());
                return Ok(Value::temporary(format!("{}.pop()?", of.at(Strength::Whole)), last));
            }
            _ => {}
        }
        if name == "build" {
            return self.build_model(of, call);
        }
        // Names of Keras 2, whose arguments stand in another order.
        let (name, of_generator) = match name {
            "fit_generator" => ("fit", Some(FIT_GENERATOR)),
            "evaluate_generator" => ("evaluate", Some(EVALUATE_GENERATOR)),
            "predict_generator" => ("predict", Some(PREDICT_GENERATOR)),
            "predict_proba" => ("predict", None),
            name => (name, None),
        };
        let class = if model.is_sequential { "Sequential" } else { "Model" };
        let path = format!("keras.{class}.{}", if name == "predict_classes" { "predict" } else { name });
        let path = if api::signature(&path).is_some() { path } else { path.replace("Sequential", "Model") };
        let named = match of_generator {
            None => self.named(&path, call)?,
            Some(parameters) => {
                let named = named_as(call, parameters)?;
                named.into_iter().map(|(name, it)| (if name == "generator" { "x".into() } else { name }, it)).collect()
            }
        };
        // How samples are read changes no number.
        let named = without(&named, &["workers", "use_multiprocessing", "max_queue_size", "pickle_safe"]);
        let whole = of.at(Strength::Whole);
        let file = |program: &mut Self| program.argument(needed(&named, "filepath")?, "impl AsRef<Path>", "filepath");
        let done = |text: String| Ok(Value::temporary(text, Type::None));
        match name {
            "add" => {
                let layers = self.layer_of_sequential(needed(&named, "layer")?)?;
                let (last, before) = layers.split_last().ok_or_else(|| Missing::new("an empty layer"))?;
                for layer in before {
                    self.line(&format!("{whole}.add({layer});"));
                }
                done(format!("{whole}.add({last})"))
            }
            "compile" => {
                if let Expr::Attribute(attribute) = &*call.func {
                    self.compiled.push(crate::freezing::name_of(&attribute.value));
                }
                self.compile(of, &named)
            }
            "fit" | "fit_generator" => self.fit(of, &named),
            "evaluate" => {
                let is_taken_apart = self.wanted(call.range()).is_some();
                self.evaluate(of, model, &named, is_taken_apart)
            }
            "train_on_batch" | "test_on_batch" => {
                let (x, y) = (self.data(needed(&named, "x")?)?, self.data(needed(&named, "y")?)?);
                only(&named, &["x", "y"])?;
                let text = format!("{whole}.{name}({x}, {y})?");
                // Each output has a loss of its own.
                let is_list = model.outputs > 1 || self.wanted(call.range()).is_some();
                match &model.logs {
                    Some(logs) if logs.len() == 1 => Ok(Value::temporary(format!("{text}[\"loss\"]"), Type::Float)),
                    Some(logs) => Ok(Value::temporary(text, Type::Scores(logs.clone()))),
                    None => unknown_scores(name, &text, is_list),
                }
            }
            "predict" if self.wanted(call.range()).is_some() || model.outputs > 1 => {
                let x = self.data(needed(&named, "x")?)?;
                let rest = without(&named, &["x"]);
                let text = match rest.is_empty() {
                    true => format!("{whole}.predict_multiple({x})?"),
                    false => {
                        let options = self.object("Predict", &rest, Type::None)?.text;
                        format!("{whole}.predict_multiple_with({x}, {options})?")
                    }
                };
                Ok(Value::temporary(text, Type::List(Box::new(Type::Floats))))
            }
            "predict" => {
                let x = self.data(needed(&named, "x")?)?;
                let rest = without(&named, &["x"]);
                let text = match rest.is_empty() {
                    true => format!("{whole}.predict({x})?"),
                    false => format!("{whole}.predict_with({x}, {})?", self.object("Predict", &rest, Type::None)?.text),
                };
                Ok(Value::temporary(text, Type::Floats))
            }
            "summary" if named.is_empty() => done(format!("{whole}.summary()")),
            "save" => {
                only(&named, &["filepath"])?;
                let file = file(self)?;
                done(format!("{whole}.save({file})?"))
            }
            "save_weights" => {
                let file = file(self)?;
                done(format!("{whole}.save_weights({file})?"))
            }
            "load_weights" => {
                only(&named, &["filepath"])?;
                let file = file(self)?;
                done(format!("{whole}.load_weights({file}, ())?"))
            }
            "predict_classes" => self.predict_classes(&whole, &named),
            "predict_on_batch" => {
                let x = self.data(needed(&named, "x")?)?;
                Ok(Value::temporary(format!("{whole}.predict({x})?"), Type::Floats))
            }
            "get_layer" => {
                let given = match find(&named, "name") {
                    Some(name) => self.argument(name, "&str", "name")?,
                    None => {
                        self.check_layers(of)?;
                        let place = self.expression(needed(&named, "index")?)?;
                        if place.of != Type::Int {
                            return Err(Missing::new("get_layer by this index").help("use its name"));
                        }
                        let text = format!("{whole}.layers()[{}]", place.text);
                        return Ok(Value::place(text, Type::Layer("dyn Layer".into())));
                    }
                };
                Ok(Value::temporary(format!("{whole}.get_layer({given})?"), Type::Layer("dyn Layer".into())))
            }
            _ => Err(Missing::new(format!("the method {name} of a model"))),
        }
    }

    /// `model.build((None, 28, 28))`
    fn build_model(&mut self, of: &Value, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["input_shape"])?;
        let shape = self.expression(needed(&given, "input_shape")?)?;
        let known = |item: &Value| item.of == Type::Int;
        match &shape.items {
            Some(items) if items.len() > 1 && items[1..].iter().all(known) => {
                let sizes: Vec<_> = items[1..].iter().map(|item| item.text.clone()).collect();
                let sizes =
                    if sizes.len() == 1 { format!("[{}]", sizes[0]) } else { format!("({})", sizes.join(", ")) };
                Ok(Value::temporary(format!("{}.build({sizes})?", of.at(Strength::Whole)), Type::None))
            }
            _ => Err(Missing::new("build of this shape")),
        }
    }

    /// Inputs or targets.
    pub(crate) fn data(&mut self, data: &'a Expr) -> Ported<String> {
        let dict = match data {
            Expr::Dict(dict) => Some(dict),
            Expr::Name(name) => self.literals.get(name.id.as_str()).copied(),
            _ => None,
        };
        if let Some(dict) = dict {
            let mut pairs = Vec::new();
            for item in &dict.items {
                let Some(Expr::StringLiteral(key)) = &item.key else {
                    return Err(Missing::new("data by computed names"));
                };
                let value = self.expression(&item.value)?;
                let is_data = value.of.is_array() || matches!(value.of, Type::Mutable { .. } | Type::List(_));
                if !is_data {
                    return Err(Missing::new(format!("{} as data", value.of.described())));
                }
                pairs.push(format!("({:?}, {})", key.value.to_str(), value.borrowed()));
            }
            return Ok(format!("[{}]", pairs.join(", ")));
        }
        let value = self.expression(data)?;
        if let Some(text) = crate::pandas::data(&value).or_else(|| crate::named_inputs::data(&value)) {
            return Ok(text);
        }
        match (&value.of, &value.items) {
            (Type::Array | Type::Ints | Type::Floats | Type::Mask | Type::Mutable { .. }, _) => Ok(value.borrowed()),
            // An output without a loss has no targets.
            (Type::List(_) | Type::Tuple(_), Some(items))
                if items.iter().all(|item| item.of.is_array() || item.of == Type::None)
                    && items.iter().any(|item| item.of.is_array()) =>
            {
                let items = items.iter().filter(|item| item.of != Type::None);
                Ok(format!("[{}]", items.map(Value::borrowed).collect::<Vec<_>>().join(", ")))
            }
            (Type::List(_) | Type::Dataset(..) | Type::Folder(..) | Type::Flow(_) | Type::Texts, _) => {
                Ok(value.borrowed())
            }
            // By the names of inputs.
            (Type::Dict(key, of), _) if key.is_text() && of.is_array() => Ok(value.borrowed()),
            (of, _) => Err(Missing::new(format!("{} as data", of.described()))),
        }
    }

    fn compile(&mut self, of: &Value, named: &Named<'a>) -> Ported<Value> {
        let optimizer = match find(named, "optimizer") {
            Some(optimizer) => self.argument(optimizer, "impl Into<Optimizer>", "optimizer")?,
            None => "\"rmsprop\"".into(),
        };
        let mut logs = Some(vec!["loss".to_string()]);
        let (mut start, mut options) = (String::new(), String::new());
        match find(named, "loss") {
            Some(Expr::Dict(dict)) => {
                for item in &dict.items {
                    let Some(key) = &item.key else { return Err(Missing::new("a dict of another dict")) };
                    let (output, loss) = (self.argument(key, "impl Into<String>", "loss")?, self.loss(&item.value)?);
                    options.push_str(&format!(".loss_of({output}, {loss})"));
                }
                logs = None;
            }
            Some(Expr::List(list)) => {
                start = format!("Compile::losses([{}])", self.losses(&list.elts)?);
                logs = None;
            }
            Some(loss) => start = self.loss(loss)?,
            None => start = "Compile::default()".into(),
        }
        let mut is_compile = start.starts_with("Compile::");
        if start.is_empty() {
            (start, is_compile) = ("Compile::default()".into(), true);
        }
        match find(named, "loss_weights") {
            None => {}
            Some(Expr::List(list)) => {
                let weights = list.elts.iter().map(|weight| self.expression(weight)).collect::<Ported<Vec<_>>>()?;
                let weights = weights.iter().map(Value::as_float).collect::<Option<Vec<_>>>();
                let weights = weights.ok_or_else(|| Missing::new("weights of losses that are no numbers"))?;
                options.push_str(&format!(".loss_weights([{}])", weights.join(", ")));
            }
            Some(Expr::Dict(weights)) => {
                // In the order of the losses.
                let Some(Expr::Dict(losses)) = find(named, "loss") else {
                    return Err(Missing::new("weights of losses by name, and losses that are not"));
                };
                let mut texts = Vec::new();
                for loss in &losses.items {
                    let same = weights.items.iter().find(|weight| match (&weight.key, &loss.key) {
                        (Some(Expr::StringLiteral(a)), Some(Expr::StringLiteral(b))) => {
                            a.value.to_str() == b.value.to_str()
                        }
                        _ => false,
                    });
                    texts.push(match same {
                        Some(weight) => {
                            let weight = self.expression(&weight.value)?;
                            weight.as_float().ok_or_else(|| Missing::new("a weight that is no number"))?
                        }
                        None => "1.0".into(),
                    });
                }
                options.push_str(&format!(".loss_weights([{}])", texts.join(", ")));
            }
            Some(_) => return Err(Missing::new("computed weights of losses")),
        }
        match find(named, "metrics") {
            None | Some(Expr::NoneLiteral(_)) => {}
            Some(Expr::Dict(dict)) => {
                for item in &dict.items {
                    let Some(key) = &item.key else { return Err(Missing::new("a dict of another dict")) };
                    let output = self.argument(key, "impl Into<String>", "metrics")?;
                    let metrics = match &item.value {
                        value @ (Expr::List(_) | Expr::Tuple(_)) => self.metrics(value)?,
                        value => self.metric(value).map(|(value, _)| vec![(value, None)])?,
                    };
                    let texts: Vec<_> = metrics.into_iter().map(|(value, _)| value.text).collect();
                    options.push_str(&format!(".metrics_of({output}, [{}])", texts.join(", ")));
                }
                logs = None;
            }
            Some(metrics) => {
                let metrics = self.metrics(metrics)?;
                let names: Option<Vec<String>> = metrics.iter().map(|(_, name)| name.clone()).collect();
                logs = logs.zip(names).map(|(logs, names)| [logs, names].concat());
                if metrics.iter().all(|(value, _)| value.literal_text().is_some()) {
                    let texts: Vec<_> = metrics.iter().map(|(value, _)| value.text.clone()).collect();
                    options.push_str(&format!(".metrics([{}])", texts.join(", ")));
                } else {
                    for (metric, _) in metrics {
                        options.push_str(&format!(".metric({})", self.owned(metric)?.text));
                    }
                }
            }
        }
        // What is compiled how, and how steps are run, changes no number.
        only(
            named,
            &["optimizer", "loss", "metrics", "loss_weights", "run_eagerly", "jit_compile", "steps_per_execution"],
        )?;
        let Type::Model(model) = &of.of else { return Err(Missing::new("compile of this")) };
        // Each output has a loss of its own.
        let logs = logs.filter(|_| model.outputs < 2);
        let compiled = Type::Model(ModelType { logs, ..model.clone() });
        if let Some(Binding::Variable(variable)) = self.variable_of(of) {
            let of = compiled.clone();
            let name = self.python_name(&variable.rust_name);
            if let Some(name) = name {
                if let Some(field) = name.strip_prefix("self.") {
                    self.compiled_field(field, &of);
                }
                self.scopes.rebind(&name, Binding::Variable(crate::value::Variable { of, ..variable }));
            }
        }
        if let Some(field) = of.text.strip_prefix("self.") {
            self.compiled_field(field, &compiled);
        }
        let loss = match (options.is_empty(), is_compile) {
            (true, _) => start,
            (false, true) => format!("{start}{options}"),
            (false, false) => format!("Compile::loss({start}){options}"),
        };
        Ok(Value::temporary(format!("{}.compile({optimizer}, {loss})?", of.at(Strength::Whole)), Type::None))
    }

    /// The losses of several outputs; an output without one has `None`.
    fn losses(&mut self, losses: &'a [Expr]) -> Ported<String> {
        let has_none = losses.iter().any(|loss| self.is_none(loss));
        let mut texts = Vec::new();
        for loss in losses {
            texts.push(if self.is_none(loss) { None } else { Some(self.loss(loss)?) });
        }
        // All of one type.
        let are_names = texts.iter().flatten().all(|loss| loss.starts_with('"'));
        let class = if are_names { String::new() } else { self.import("losses::Loss") };
        let texts = texts.into_iter().map(|loss| match loss {
            None => "None".to_string(),
            Some(loss) => {
                let is_loss = are_names || loss.starts_with("Loss::");
                let loss = if is_loss { loss } else { format!("{class}::from({loss})") };
                if has_none { format!("Some({loss})") } else { loss }
            }
        });
        Ok(texts.collect::<Vec<_>>().join(", "))
    }

    /// The loss of `compile`: a name, an object or a function.
    fn loss(&mut self, loss: &'a Expr) -> Ported<String> {
        if let Some(path) = self.path_of(loss)
            && let Some(name) = path.strip_prefix("keras.losses.").filter(|name| !name.contains('.'))
            && !matches!(loss, Expr::Call(_))
        {
            return Ok(format!("{name:?}"));
        }
        match self.function_of_targets(loss)? {
            Some((name, closure)) => {
                let class = self.import("losses::Loss");
                Ok(format!("{class}::new({name:?}, {closure})"))
            }
            None => {
                let value = self.expression(loss)?;
                if let Type::Closure(name, 2) = &value.of {
                    let class = self.import("losses::Loss");
                    return Ok(format!("{class}::new({name:?}, {})", value.text));
                }
                match self.kind_of(&value.of) {
                    Some(Kind::Loss) => Ok(self.loss_of_instance(&value)?.text),
                    _ => self.converted(&value, "impl Into<Loss>", "loss"),
                }
            }
        }
    }

    /// A function of targets and predictions, with its name.
    fn function_of_targets(&mut self, function: &'a Expr) -> Ported<Option<(String, String)>> {
        let name = match (function, self.function_named(function)) {
            (_, Some(number)) => self.functions[number].definition.name().to_string(),
            (Expr::Lambda(_), _) => "<lambda>".into(),
            _ => return Ok(None),
        };
        let closure = self.closure(function, &[Type::Floats, Type::Floats], Returns::Result)?;
        match closure.returns.is_array() {
            true => Ok(Some((name, closure.text))),
            false => Err(Missing::new(format!("a function of targets that returns {}", closure.returns.described()))),
        }
    }

    /// Metrics, and their names in the logs where these are known.
    fn metrics(&mut self, metrics: &'a Expr) -> Ported<Vec<(Value, Option<String>)>> {
        match metrics {
            Expr::List(list) => list.elts.iter().map(|metric| self.metric(metric)).collect(),
            Expr::Tuple(tuple) => tuple.elts.iter().map(|metric| self.metric(metric)).collect(),
            Expr::StringLiteral(_) => Ok(vec![self.metric(metrics)?]),
            metrics => Ok(self.items(metrics)?.into_iter().map(|metric| (metric, None)).collect()),
        }
    }

    fn metric(&mut self, metric: &'a Expr) -> Ported<(Value, Option<String>)> {
        if let Some((name, closure)) = self.function_of_targets(metric)? {
            let class = self.import("metrics::MetricSpec");
            let of = Type::Object("metrics::MetricSpec".into());
            return Ok((Value::temporary(format!("{class}::new({name:?}, {closure})"), of), Some(name)));
        }
        if !metric.is_call_expr()
            && let Some(path) = self.path_of(metric)
            && (path.starts_with("keras.metrics.") || path.starts_with("keras.losses."))
        {
            let name = path.rsplit('.').next().unwrap_or(&path).to_string();
            return Ok((Value::constant(format!("{name:?}"), Type::Str), Some(name)));
        }
        let value = self.expression(metric)?;
        if let Type::Closure(name, 2) = &value.of {
            let class = self.import("metrics::MetricSpec");
            let of = Type::Object("metrics::MetricSpec".into());
            return Ok((Value::temporary(format!("{class}::new({name:?}, {})", value.text), of), Some(name.clone())));
        }
        let name = match (value.literal_text(), &value.of) {
            (Some(name), _) => Some(name.to_string()),
            // `AUC::new().named("auc")`
            (None, Type::Object(path)) => match value.text.rsplit_once(".named(\"") {
                Some((_, name)) => name.strip_suffix("\")").map(str::to_string),
                None => path.rsplit("::").next().map(crate::names::snake_case_of_class),
            },
            _ => None,
        };
        Ok((value, name))
    }

    fn fit(&mut self, of: &Value, named: &Named<'a>) -> Ported<Value> {
        let x = self.data(needed(named, "x")?)?;
        let y = match find(named, "y") {
            Some(y) => self.data(y)?,
            None => "()".into(),
        };
        let item = api::item("Fit").ok_or_else(|| Missing::new("fit"))?;
        let mut options = String::new();
        for (name, argument) in without(named, &["x", "y"]) {
            match name.as_str() {
                "callbacks" => {
                    for callback in self.items(argument)? {
                        let callback = match self.kind_of(&callback.of) {
                            // What is read behind is lent.
                            Some(Kind::Callback) if callback.form == Form::Place => {
                                Value { text: format!("&mut {}", callback.text), ..callback }
                            }
                            _ if callback.form == Form::Place && self.is_lent(&callback) => {
                                Value { text: format!("&mut {}", callback.text), ..callback }
                            }
                            _ => self.owned(callback)?,
                        };
                        options.push_str(&format!(".callback({})", callback.text));
                    }
                }
                "validation_data" => {
                    let parts = match argument {
                        Expr::Tuple(tuple) => &tuple.elts[..],
                        Expr::List(list) => &list.elts[..],
                        data if matches!(
                            self.expression(data)?.of,
                            Type::Dataset(..) | Type::Folder(..) | Type::Flow(_)
                        ) =>
                        {
                            options.push_str(&format!(".validation_data({}, ())", self.data(data)?));
                            continue;
                        }
                        _ => return Err(Missing::new("validation data that are not a pair")),
                    };
                    let [x, y] = parts else { return Err(Missing::new("validation data that are not a pair")) };
                    let y = if self.is_none(y) { "()".into() } else { self.data(y)? };
                    options.push_str(&format!(".validation_data({}, {y})", self.data(x)?));
                }
                "verbose" if matches!(argument, Expr::StringLiteral(_)) => {}
                // How samples are read changes no number.
                "workers" | "use_multiprocessing" | "max_queue_size" => {}
                "class_weight" => {
                    let weights = self.class_weights(argument)?;
                    options.push_str(&format!(".class_weight({weights})"));
                }
                name => options.push_str(&self.setter(item, "fit", name, argument)?),
            }
        }
        options.push_str(&self.own_step(of, named, true)?.unwrap_or_default());
        let options = if options.is_empty() { "()".to_string() } else { format!("Fit::new(){options}") };
        Ok(Value::temporary(format!("{}.fit({x}, {y}, {options})?", of.at(Strength::Whole)), Type::History))
    }

    /// The weights of classes: a dict of integers and numbers.
    fn class_weights(&mut self, weights: &'a Expr) -> Ported<String> {
        let dict = match weights {
            Expr::Dict(dict) => Some(dict),
            Expr::Name(name) => self.literals.get(name.id.as_str()).copied(),
            _ => None,
        };
        if let Some(dict) = dict {
            let mut pairs = Vec::new();
            for item in &dict.items {
                let Some(key) = &item.key else { return Err(Missing::new("a dict of another dict")) };
                let (class, weight) = (self.argument(key, "u32", "class_weight")?, self.number(&item.value)?);
                pairs.push(format!("({class}, {weight})"));
            }
            return Ok(format!("[{}]", pairs.join(", ")));
        }
        let value = self.expression(weights)?;
        match &value.of {
            Type::Dict(key, weight)
                if matches!(**key, Type::Int | Type::Id | Type::Signed) && **weight == Type::Float =>
            {
                Ok(format!("{}.iter().map(|(&class, &weight)| (class as u32, weight))", value.at(Strength::Whole)))
            }
            // Elements of an array are arrays.
            Type::Dict(key, weight) if matches!(**key, Type::Int | Type::Id | Type::Signed) && weight.is_array() => {
                let pair = "(class as u32, weight.to_dtype(DType::F64)?.to_scalar::<f64>()?)";
                Ok(format!(
                    "{}.iter().map(|(&class, weight)| Ok({pair})).collect::<Result<Vec<_>>>()?",
                    value.at(Strength::Whole)
                ))
            }
            of => Err(Missing::new(format!("class_weight is {}", of.described()))),
        }
    }

    fn evaluate(&mut self, of: &Value, model: &ModelType, named: &Named<'a>, is_taken_apart: bool) -> Ported<Value> {
        let x = self.data(needed(named, "x")?)?;
        let y = match find(named, "y") {
            Some(y) => self.data(y)?,
            None => "()".into(),
        };
        let rest = without(named, &["x", "y", "return_dict"]);
        let whole = of.at(Strength::Whole);
        let step = self.own_step(of, named, false)?;
        let text = match (rest.is_empty(), &step) {
            (true, None) => format!("{whole}.evaluate({x}, {y})?"),
            _ => {
                let options = self.object("Evaluate", &rest, Type::None)?.text;
                format!("{whole}.evaluate_with({x}, {y}, {options}{})?", step.clone().unwrap_or_default())
            }
        };
        let logs = if step.is_some() { self.scores_of_steps(of) } else { model.logs.clone() };
        let logs = match logs {
            Some(logs) => logs,
            None if find(named, "return_dict").is_some() => return Ok(Value::temporary(text, Type::Logs)),
            None => return unknown_scores("evaluate", &text, is_taken_apart || model.outputs > 1),
        };
        Ok(match &logs[..] {
            [_] if find(named, "return_dict").is_none() => Value::temporary(format!("{text}[\"loss\"]"), Type::Float),
            _ => Value::temporary(text, Type::Scores(logs)),
        })
    }

    /// Whether a callback is read again, so that it must not be a clone that is trained with.
    fn is_lent(&self, callback: &Value) -> bool {
        let name = self.scopes.python_name(&callback.text);
        let is_callback = matches!(&callback.of, Type::Object(path) if path.starts_with("callbacks::"));
        is_callback && name.is_some_and(|name| self.scan().reads(&name) > 1)
    }

    fn variable_of(&self, value: &Value) -> Option<Binding> {
        let name = self.python_name(&value.text)?;
        self.scopes.get(&name)
    }

    /// The name in Python of the variable with this name in Rust.
    fn python_name(&self, rust_name: &str) -> Option<String> {
        self.scopes.python_name(rust_name)
    }
}

const FIT_GENERATOR: &[&str] = &[
    "generator",
    "steps_per_epoch",
    "epochs",
    "verbose",
    "callbacks",
    "validation_data",
    "validation_steps",
    "validation_freq",
    "class_weight",
    "max_queue_size",
    "workers",
    "use_multiprocessing",
    "shuffle",
    "initial_epoch",
];
const EVALUATE_GENERATOR: &[&str] =
    &["generator", "steps", "callbacks", "max_queue_size", "workers", "use_multiprocessing", "verbose"];
const PREDICT_GENERATOR: &[&str] = EVALUATE_GENERATOR;

/// Those that a list of characters has as a list, not as a text.
const LIST_METHODS: &[&str] = &["append", "extend", "insert", "pop", "reverse", "sort", "clear"];
