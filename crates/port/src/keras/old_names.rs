//! What Keras 1 and 2 called otherwise, where it is certain what it means today.

use crate::api;
use crate::arguments::{Named, find, needed, only, without};
use crate::program::Program;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::{Ranged, TextRange};

/// Arguments that say how something is computed or read, and change no number.
const WITHOUT_EFFECT: &[(&str, &[&str])] = &[
    // The ending of the path says it in Keras 3.
    ("keras.Model.save", &["save_format"]),
    ("keras.Model.", &["workers", "use_multiprocessing", "max_queue_size"]),
    ("keras.layers.LSTM", &["implementation", "consume_less"]),
    ("keras.layers.GRU", &["implementation", "consume_less"]),
    ("keras.layers.SimpleRNN", &["implementation", "consume_less"]),
];

/// Whether an argument that Keras 3 does not have may be left out.
pub(crate) fn is_without_effect(path: &str, name: &str) -> bool {
    WITHOUT_EFFECT.iter().any(|(of, names)| path.starts_with(of) && names.contains(&name))
}

/// Words that only Keras 1 has, by which its other arguments are known.
const OF_KERAS_1: &[&str] = &["border_mode", "subsample", "dim_ordering", "W_regularizer", "init", "nb_row", "nb_col"];

/// Those of them that no other library has.
const OF_KERAS_1_ALONE: &[&str] = &["border_mode", "dim_ordering", "W_regularizer"];

/// Models whose `preprocess_input` maps the numbers of pixels to -1 to 1.
const FROM_MINUS_1_TO_1: &[&str] =
    &["mobilenet", "mobilenet_v2", "inception_v3", "inception_resnet_v2", "xception", "resnet_v2", "nasnet"];

/// Whether it is the `preprocess_input` of a model that takes numbers from -1 to 1.
pub(crate) fn is_preprocess_input(path: &str) -> bool {
    let module = path.strip_prefix("keras.applications.").and_then(|rest| rest.strip_suffix(".preprocess_input"));
    module.is_some_and(|module| FROM_MINUS_1_TO_1.contains(&module))
}

impl<'a> Program<'a> {
    /// A call with names that Keras 3 does not have; `None` if it is not known here.
    pub(crate) fn old_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        if is_preprocess_input(path) {
            let [x] = &call.arguments.args[..] else { return Err(Missing::new("preprocess_input of this")) };
            let x = self.expression(x)?;
            let x = self.tensor(&x)?;
            let text = match x.of {
                Type::Symbolic => return Ok(Some(of_symbolic(&x))),
                _ => format!("(({} / 127.5)? - 1.0)?", x.borrowed()),
            };
            return Ok(Some(Value::temporary(text, Type::Floats)));
        }
        if path.starts_with("keras.applications.") {
            let name = path.rsplit('.').next().unwrap_or(path);
            return Err(Missing::new(format!("{path} is not known here")).help(format!(
                "save the base model in Python, {name}(...).save(\"base.keras\"), and write load_model(\"base.keras\")?"
            )));
        }
        if matches!(path, "keras.layers.merge" | "keras.layers.core.merge") {
            return self.merge_of_keras_1(call).map(Some);
        }
        // The optimizers of TensorFlow 2.10, of which these compute the same.
        if let Some(class) = path.strip_prefix("keras.optimizers.legacy.") {
            return match class {
                "Adam" | "SGD" => self.keras_call(&format!("keras.optimizers.{class}"), call).map(Some),
                _ => Err(Missing::new(format!("{path} is not known here"))),
            };
        }
        if let Some(rest) = path.strip_prefix("keras.")
            && let Some((module, "get")) = rest.split_once('.')
            && ["initializers", "regularizers", "constraints", "losses", "optimizers"].contains(&module)
        {
            // A name stands for the object wherever one is wanted.
            let [identifier] = &call.arguments.args[..] else { return Ok(None) };
            return self.expression(identifier).map(Some);
        }
        Ok(None)
    }

    fn merge_of_keras_1(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let named = crate::arguments::named_as(call, &["inputs", "mode", "concat_axis", "name"])?;
        let class = match find(&named, "mode") {
            None => "Add",
            Some(Expr::StringLiteral(mode)) => match mode.value.to_str() {
                "sum" => "Add",
                "mul" => "Multiply",
                "ave" => "Average",
                "max" => "Maximum",
                "concat" => "Concatenate",
                other => return Err(Missing::new(format!("merge with the mode {other}"))),
            },
            Some(_) => return Err(Missing::new("merge with a computed mode")),
        };
        let mut rest = without(&named, &["inputs", "mode", "concat_axis"]);
        if let (Some(axis), "Concatenate") = (find(&named, "concat_axis"), class) {
            rest.push(("axis".into(), axis));
        }
        let layer = self.object(&format!("layers::{class}"), &rest, Type::Layer(class.into()))?;
        let inputs = self.tensors(needed(&named, "inputs")?)?;
        Ok(Value::temporary(format!("{}.call({inputs})", layer.text), Type::Symbolic))
    }

    /// `RMSprop(lr=0.001, decay=1e-6)` of Keras 2: the learning rate becomes smaller with each step, from the first on.
    pub(crate) fn optimizer_with_decay(&mut self, path: &str, named: &Named<'a>) -> Ported<Value> {
        let class = path.rsplit("::").next().unwrap_or(path);
        let decay = self.expression(needed(named, "decay")?)?;
        let rest = without(named, &["decay"]);
        if matches!(decay.text.as_str(), "0" | "0.0") {
            return self.object(path, &rest, Type::Object(path.into()));
        }
        let rate = match find(&rest, "learning_rate") {
            Some(rate) => {
                let rate = self.expression(rate)?;
                rate.as_float().ok_or_else(|| Missing::new("decay of a learning rate that is no number"))?
            }
            None => match class {
                "Adam" | "RMSprop" => "0.001".to_string(),
                "SGD" => "0.01".into(),
                _ => return Err(Missing::new(format!("{class} with decay and without a learning rate"))),
            },
        };
        let decay = decay.as_float().ok_or_else(|| Missing::new("a decay that is no number"))?;
        let schedule = self.import("optimizers::schedules::InverseTimeDecay");
        let rest = without(&rest, &["learning_rate"]);
        let value = self.object(path, &rest, Type::Object(path.into()))?;
        let start = format!("{class}::new()");
        let setters = value.text.strip_prefix(&start).unwrap_or_default();
        let text = format!("{start}.learning_rate({schedule}::new({rate}, 1, {decay})){setters}");
        Ok(Value { text, ..value })
    }

    /// `Convolution2D(32, 3, 3)` of Keras 1, where the second and third argument are the size of the kernel, not the strides, as today's
    /// call; `None` if it is not one. That a script is of Keras 1 is known by words that only that has.
    pub(crate) fn kernel_of_keras_1(&mut self, path: &str, call: &'a ExprCall) -> Ported<Option<&'a Expr>> {
        if path != "keras.layers.Conv2D" || call.arguments.args.len() < 3 {
            return Ok(None);
        }
        let words = call.arguments.keywords.iter().filter_map(|word| word.arg.as_deref());
        let is_old =
            words.into_iter().any(|name| OF_KERAS_1.contains(&name)) || self.source.has_arguments(OF_KERAS_1_ALONE);
        match &call.arguments.args[..] {
            _ if !is_old => Ok(None),
            [filters, rows, columns] => {
                let code = |of: TextRange| self.source.text(of);
                let words = call.arguments.keywords.iter().map(|word| format!(", {}", code(word.range())));
                let text = format!(
                    "{}({}, ({}, {}){})",
                    code(call.func.range()),
                    code(filters.range()),
                    code(rows.range()),
                    code(columns.range()),
                    words.collect::<String>()
                );
                self.made(text, call.range()).map(Some)
            }
            _ => Err(Missing::new("a convolution of Keras 1").help("write Conv2D(filters, (rows, columns), ...)")),
        }
    }

    /// `predict_classes` of Keras 2: the most probable class, or whether the one probability is more than one half.
    pub(crate) fn predict_classes(&mut self, model: &str, named: &Named<'a>) -> Ported<Value> {
        let x = self.data(needed(named, "x")?)?;
        only(named, &["x", "batch_size", "verbose"])?;
        let options = without(named, &["x"]);
        let predicted = match options.is_empty() {
            true => format!("{model}.predict({x})?"),
            false => format!("{model}.predict_with({x}, {})?", self.object("Predict", &options, Type::None)?.text),
        };
        let (argmax, greater) = (self.import("ops::argmax"), self.import("ops::greater"));
        let text = format!(
            "{{\n    let predictions = {predicted};\n    match predictions.dim(D::Minus1)? {{\n        1 => {greater}(&predictions, &Tensor::new(0.5f32, &Device::Cpu)?)?,\n        _ => {argmax}(&predictions, -1)?,\n    }}\n}}"
        );
        self.import_from("candle_keras::candle_core::D");
        Ok(Value::new(text, Type::Array, Strength::Whole, crate::value::Form::Temporary))
    }
}

fn of_symbolic(x: &Value) -> Value {
    Value::new(format!("{} / 127.5 - 1.0", x.borrowed()), Type::Symbolic, Strength::Sum, crate::value::Form::Temporary)
}

/// Whether Keras has it no longer.
pub(crate) fn is_gone(path: &str) -> bool {
    api::signature(path).is_none() || path.ends_with(".get") || path.starts_with("keras.applications.")
}
