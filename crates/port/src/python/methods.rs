//! Methods and attributes of values.

use crate::arguments::{find, named_as, needed, no_words};
use crate::keras::datasets::Parts;
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

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
            (Type::Object(path), _) if path == crate::keras::tokenizers::CLASS => self.attribute_of_tokenizer(of, name),
            (Type::Object(path), "size" | "width" | "height" | "mode") if path == crate::keras::folders::IMAGE => {
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
            // Ids, which are uint32 here.
            (Type::Array, "dtype") if self.source.has("pad_sequences") => {
                Err(Missing::new("the dtype of ids").help("name the dtype"))
            }
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
        if (of.of.is_number() || crate::pandas::cells::is_cell(&of.of)) && name == "item" && call.arguments.is_empty() {
            return Ok(of.clone());
        }
        if crate::pandas::cells::is_cell(&of.of) {
            return self.method_of_text(&crate::pandas::cells::as_text(of.clone()), name, call);
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
        if crate::python::json_values::is_json(&of.of) && TEXT_METHODS.contains(&name) {
            let text = self.json_as(of, Type::String);
            return self.method(&text, name, call);
        }
        match &of.of {
            generator if crate::numpy::numpy_random::is_generator(generator) => self.method_of_random(of, name, call),
            of_axes if crate::libraries::axes::is_axes(of_axes) => self.method_of_axes(of, name, call),
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
            Type::Object(path) if path == crate::keras::folders::IMAGE => self.method_of_image(of, name, call),
            Type::Object(path) if path == crate::keras::image_generators::CLASS => {
                self.method_of_generator(of, name, call)
            }
            Type::Object(path) if path == crate::keras::tokenizers::CLASS => self.method_of_tokenizer(of, name, call),
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
                        let crate::python::iteration::Element::One(of_items, form) = &over.element else {
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
        if let Some(assigned) = self.assigned_weight(of, name, call)? {
            return Ok(assigned);
        }
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
            ("clip", [least, most]) if !self.is_none(least) && !self.is_none(most) => {
                let (least, most) = (self.number(least)?, self.number(most)?);
                let function = self.import("ops::clip");
                Ok(Value::temporary(format!("{function}({}, {least}, {most})?", of.borrowed()), of.of.clone()))
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
}

/// Those that a list of characters has as a list, not as a text.
const LIST_METHODS: &[&str] = &["append", "extend", "insert", "pop", "reverse", "sort", "clear"];

/// Those that texts alone have.
const TEXT_METHODS: &[&str] =
    &["lower", "upper", "strip", "split", "replace", "startswith", "endswith", "title", "capitalize", "join"];
