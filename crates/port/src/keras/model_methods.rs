//! Methods of models: `fit`, `evaluate`, `predict` and others.

use crate::api;
use crate::arguments::{Named, find, named_as, needed, only, without};
use crate::classes::Kind;
use crate::program::Program;
use crate::value::{Binding, Form, ModelType, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
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
                self.check_weight_order(of)?;
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
                    self.compiled.push(crate::keras::freezing::name_of(&attribute.value));
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
            Expr::Name(name) => self.known.literals.get(name.id.as_str()).copied(),
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
                pairs.push((key.value.to_str(), value));
            }
            // They have one type in Rust.
            let is_same =
                |value: &Value| value.of == pairs[0].1.of || (value.of.is_array() && pairs[0].1.of.is_array());
            if !pairs.iter().all(|(_, value)| is_same(value)) {
                for (_, value) in &mut pairs {
                    *value = self.tensor(value)?;
                }
            }
            let texts = pairs.iter().map(|(key, value)| format!("({key:?}, {})", value.borrowed()));
            return Ok(format!("[{}]", texts.collect::<Vec<_>>().join(", ")));
        }
        let value = self.expression(data)?;
        if let Some(batches) = self.batches_as_data(&value, false)? {
            return Ok(format!("&{batches}"));
        }
        let value = self.array_of_cells(&value).unwrap_or(value);
        if let Some(text) = crate::pandas::data(&value).or_else(|| crate::keras::named_inputs::data(&value)) {
            return Ok(text);
        }
        let value = with_arrays(value);
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

    /// Inputs of `fit`, which shuffles batches that are known by their numbers.
    fn data_of_fit(&mut self, named: &Named<'a>) -> Ported<String> {
        let x = needed(named, "x")?;
        if x.is_name_expr() || x.is_attribute_expr() {
            let value = self.expression(x)?;
            let is_shuffled = match find(named, "shuffle") {
                None => true,
                Some(shuffle) => match self.expression(shuffle)?.text.as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err(Missing::new("a computed shuffle")),
                },
            };
            if let Some(batches) = self.batches_as_data(&value, is_shuffled)? {
                return Ok(format!("&{batches}"));
            }
        }
        self.data(x)
    }

    pub(crate) fn fit(&mut self, of: &Value, named: &Named<'a>) -> Ported<Value> {
        let x = self.data_of_fit(named)?;
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
                        data if {
                            let of = self.expression(data)?.of;
                            matches!(of, Type::Dataset(..) | Type::Folder(..) | Type::Flow(_))
                                || self.class_of_batches(&of).is_some()
                        } =>
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
            Expr::Name(name) => self.known.literals.get(name.id.as_str()).copied(),
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

    pub(crate) fn evaluate(
        &mut self,
        of: &Value,
        model: &ModelType,
        named: &Named<'a>,
        is_taken_apart: bool,
    ) -> Ported<Value> {
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
    pub(crate) fn is_lent(&self, callback: &Value) -> bool {
        let name = self.scopes.python_name(&callback.text);
        let is_callback = matches!(&callback.of, Type::Object(path) if path.starts_with("callbacks::"));
        is_callback && name.is_some_and(|name| self.scan().reads(&name) > 1)
    }

    pub(crate) fn variable_of(&self, value: &Value) -> Option<Binding> {
        let name = self.python_name(&value.text)?;
        self.scopes.get(&name)
    }

    /// The name in Python of the variable with this name in Rust.
    pub(crate) fn python_name(&self, rust_name: &str) -> Option<String> {
        self.scopes.python_name(rust_name)
    }
}

/// What a model returns whose metrics are not known: numbers in their order, if it is several.
fn unknown_scores(method: &str, text: &str, is_list: bool) -> Ported<Value> {
    if !is_list {
        return Err(Missing::new(format!("{method} of a model whose metrics are not known here")));
    }
    let text = format!("{text}.iter().map(|(_, number)| number).collect::<Vec<f64>>()");
    Ok(Value::temporary(text, Type::List(Box::new(Type::Float))))
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

/// A list that is written out, with the arrays of the columns and tables in it.
fn with_arrays(list: Value) -> Value {
    let array = |item: &Value| crate::pandas::as_array(item).unwrap_or_else(|| item.clone());
    let items = list.items.as_ref().map(|items| items.iter().map(array).collect());
    Value { items, ..list }
}
