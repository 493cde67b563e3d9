//! `ImageDataGenerator`, and the batches that it makes.

use crate::api;
use crate::arguments::{Named, find, named_as, needed, only, without};
use crate::keras::folders::is_text;
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// The class, by its name in Keras and here.
pub(crate) const OF_KERAS: &str = "keras.preprocessing.image.ImageDataGenerator";
pub(crate) const CLASS: &str = "preprocessing::image::ImageDataGenerator";

/// The parameters of the class, of which Keras 3 has no signature.
const PARAMETERS: &[&str] = &[
    "featurewise_center",
    "samplewise_center",
    "featurewise_std_normalization",
    "samplewise_std_normalization",
    "zca_whitening",
    "zca_epsilon",
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "brightness_range",
    "shear_range",
    "zoom_range",
    "channel_shift_range",
    "fill_mode",
    "cval",
    "horizontal_flip",
    "vertical_flip",
    "rescale",
    "preprocessing_function",
    "data_format",
    "validation_split",
    "interpolation_order",
    "dtype",
];

const OF_FLOW: &[&str] = &[
    "x",
    "y",
    "batch_size",
    "shuffle",
    "sample_weight",
    "seed",
    "save_to_dir",
    "save_prefix",
    "save_format",
    "ignore_class_split",
    "subset",
];

const OF_DIRECTORY: &[&str] = &[
    "directory",
    "target_size",
    "color_mode",
    "classes",
    "class_mode",
    "batch_size",
    "shuffle",
    "seed",
    "save_to_dir",
    "save_prefix",
    "save_format",
    "follow_links",
    "subset",
    "interpolation",
    "keep_aspect_ratio",
];

impl<'a> Program<'a> {
    pub(crate) fn image_generator(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let named = named_as(call, PARAMETERS)?;
        let has_whitening = find(&named, "zca_whitening").is_some_and(|argument| !is_false(argument));
        let class = self.import(CLASS);
        let mut text = format!("{class}::new()");
        for (name, argument) in &named {
            text.push_str(&match name.as_str() {
                "zca_whitening" | "zca_epsilon" if !has_whitening => String::new(),
                "data_format" if is_text(argument, "channels_last") => String::new(),
                "dtype" if is_text(argument, "float32") => String::new(),
                "width_shift_range" | "height_shift_range" => {
                    let range = self.expression(argument)?;
                    match (&range.of, range.text.as_str()) {
                        (Type::Int, "0") => String::new(),
                        // Whole pixels.
                        (Type::Int, number) if range.is_literal() => format!(".{name}({number}_usize)"),
                        (Type::Int | Type::Float, _) => format!(".{name}({})", range.text),
                        (of, _) => return Err(Missing::new(format!("{name} is {}", of.described()))),
                    }
                }
                "zoom_range" | "brightness_range" => self.one_or_two(name, argument)?,
                _ => self.option(CLASS, name, argument)?,
            });
        }
        Ok(Value::temporary(text, Type::Object(CLASS.into())))
    }

    fn option(&mut self, path: &str, name: &str, argument: &'a Expr) -> Ported<String> {
        let item = api::item(path).ok_or_else(|| Missing::new(format!("{path} is not here")))?;
        self.setter(item, path, name, argument)
    }

    /// A number, or two in an array.
    fn one_or_two(&mut self, name: &str, argument: &'a Expr) -> Ported<String> {
        if self.is_none(argument) {
            return Ok(String::new());
        }
        let range = self.expression(argument)?;
        let wrong = || Missing::new(format!("{name} is {}", range.of.described()));
        let ends = range.items.as_ref().map(|items| items.iter().map(Value::as_float).collect::<Option<Vec<_>>>());
        Ok(match (ends, range.as_float()) {
            (Some(Some(ends)), _) if ends.len() == 2 => format!(".{name}([{}])", ends.join(", ")),
            (None, Some(number)) if name == "zoom_range" => format!(".{name}({number})"),
            _ => return Err(wrong()),
        })
    }

    pub(crate) fn method_of_generator(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        match name {
            "fit" => {
                let given = named_as(call, &["x", "augment", "rounds", "seed"])?;
                // Without augmentation nothing is drawn.
                let is_plain = find(&given, "augment").is_none_or(is_false);
                only(&given, if is_plain { &["x", "augment", "rounds"] } else { &["x"] })?;
                let x = self.expression(needed(&given, "x")?)?;
                let x = self.tensor(&x)?.borrowed();
                Ok(Value::temporary(format!("{whole}.fit({x})?"), Type::None))
            }
            "flow" => {
                let given = named_as(call, OF_FLOW)?;
                let x = self.expression(needed(&given, "x")?)?;
                let x = self.tensor(&x)?.borrowed();
                let (y, of_y) = match find(&given, "y").filter(|y| !self.is_none(y)) {
                    None => ("()".into(), None),
                    Some(y) => {
                        let y = self.expression(y)?;
                        let y = self.tensor(&y)?;
                        (y.borrowed(), Some(Box::new(y.of)))
                    }
                };
                let options = self.options_of_flow("Flow", &without(&given, &["x", "y"]))?;
                Ok(Value::temporary(format!("{whole}.flow({x}, {y}, {options})?"), Type::Flow(of_y)))
            }
            "flow_from_directory" => {
                let given = named_as(call, OF_DIRECTORY)?;
                let directory = self.argument(needed(&given, "directory")?, "impl AsRef<Path>", "directory")?;
                let options = self.options_of_flow("FlowFromDirectory", &without(&given, &["directory"]))?;
                let y = match find(&given, "class_mode") {
                    Some(mode) if self.is_none(mode) => None,
                    _ => Some(Box::new(Type::Floats)),
                };
                Ok(Value::temporary(format!("{whole}.flow_from_directory({directory}, {options})?"), Type::Flow(y)))
            }
            _ => Err(Missing::new(format!("the method {name} of an ImageDataGenerator"))),
        }
    }

    fn options_of_flow(&mut self, class: &str, named: &Named<'a>) -> Ported<String> {
        let path = format!("preprocessing::image::{class}");
        let class = self.import(&path);
        let mut text = format!("{class}::new()");
        for (name, argument) in named {
            text.push_str(&match name.as_str() {
                "target_size" => format!(".target_size({})", self.pair(argument)?),
                "class_mode" if self.is_none(argument) => ".class_mode(None)".into(),
                // They say how images are saved, which are not.
                "save_prefix" | "save_format" if find(named, "save_to_dir").is_none_or(|to| self.is_none(to)) => {
                    String::new()
                }
                _ => self.option(&path, name, argument)?,
            });
        }
        Ok(text)
    }

    pub(crate) fn attribute_of_flow(&mut self, of: &Value, name: &str) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        Ok(match name {
            "samples" | "n" => Value::temporary(format!("{whole}.samples()"), Type::Int),
            "batch_size" => Value::temporary(format!("{whole}.batch_size()"), Type::Int),
            "num_classes" => Value::temporary(format!("{whole}.class_names().len()"), Type::Int),
            "classes" | "labels" => Value::new(
                format!("{whole}.classes()"),
                Type::List(Box::new(Type::Id)),
                Strength::Whole,
                Form::Reference,
            ),
            "class_indices" => {
                self.import_from("indexmap::IndexMap");
                let text =
                    format!("{whole}.class_names().iter().cloned().zip(0..).collect::<IndexMap<String, usize>>()");
                Value::temporary(text, Type::Dict(Box::new(Type::String), Box::new(Type::Int)))
            }
            _ => return Err(Missing::new(format!("the attribute {name} of a flow of images"))),
        })
    }

    pub(crate) fn method_of_flow(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        match (name, call.arguments.len()) {
            ("reset", 0) => Ok(Value::temporary(format!("{}.reset()", of.at(Strength::Whole)), Type::None)),
            ("next" | "__next__", 0) => self.next_of_flow(of),
            _ => Err(Missing::new(format!("the method {name} of a flow of images"))),
        }
    }

    /// `next(flow)`: the inputs, or these and the targets.
    pub(crate) fn next_of_flow(&mut self, of: &Value) -> Ported<Value> {
        let next = format!("{}.next_batch()?", of.at(Strength::Whole));
        match &of.of {
            Type::Flow(None) => Ok(Value::temporary(format!("{next}.x.swap_remove(0)"), Type::Floats)),
            Type::Flow(Some(y)) => {
                let text = format!("{{\n    let batch = {next};\n    (batch.x[0].clone(), batch.y[0].clone())\n}}");
                Ok(Value::temporary(text, Type::Tuple(vec![Type::Floats, (**y).clone()])))
            }
            of => Err(Missing::new(format!("the next of {}", of.described()))),
        }
    }
}

fn is_false(argument: &Expr) -> bool {
    matches!(argument, Expr::BooleanLiteral(truth) if !truth.value)
}
