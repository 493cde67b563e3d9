//! Datasets of the files of a folder, and image files: `image_dataset_from_directory`, `load_img`, `get_file` and their kin.

use crate::api;
use crate::arguments::{Named, find, needed, only, without};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::Expr;

/// The images of Keras, which are those of PIL.
pub(crate) const IMAGE: &str = "utils::Image";

impl<'a> Program<'a> {
    /// A function of `keras.utils` that reads or writes files; `None` if it is none of them.
    pub(crate) fn files_of_keras(&mut self, name: &str, named: &Named<'a>) -> Ported<Option<Value>> {
        Ok(Some(match name {
            "image_dataset_from_directory" => self.folder(name, "ImageFolder", named)?,
            "text_dataset_from_directory" => self.folder(name, "TextFolder", named)?,
            "timeseries_dataset_from_array" => self.timeseries(named)?,
            "get_file" => self.get_file(named)?,
            "load_img" => {
                let path = self.argument(needed(named, "path")?, "impl AsRef<Path>", "path")?;
                let mut options = self.options("utils::LoadImg", &without(named, &["path", "grayscale"]))?;
                // Of Keras 2.
                match find(named, "grayscale") {
                    None => {}
                    Some(Expr::BooleanLiteral(gray)) if !gray.value => {}
                    Some(Expr::BooleanLiteral(_)) => options.push_str(".color_mode(\"grayscale\")"),
                    Some(_) => return Err(Missing::new("a computed grayscale")),
                }
                let function = self.import("utils::load_img");
                Value::temporary(format!("{function}({path}, {options})?"), Type::Object(IMAGE.into()))
            }
            "img_to_array" => {
                let image = self.expression(needed(named, "img")?)?;
                only(named, &["img"])?;
                let image = match &image.of {
                    Type::Object(path) if path == IMAGE => image,
                    Type::Ints | Type::Floats | Type::Array | Type::Mutable { .. } => self.tensor(&image)?,
                    of => return Err(Missing::new(format!("img_to_array of {}", of.described()))),
                };
                let function = self.import("utils::img_to_array");
                Value::temporary(format!("{function}({})?", image.borrowed()), Type::Floats)
            }
            "array_to_img" => {
                let array = self.image_array(needed(named, "x")?)?;
                let options = self.options("utils::ArrayToImg", &without(named, &["x"]))?;
                let function = self.import("utils::array_to_img");
                Value::temporary(format!("{function}({array}, {options})?"), Type::Object(IMAGE.into()))
            }
            "save_img" => {
                let path = self.argument(needed(named, "path")?, "impl AsRef<Path>", "path")?;
                let array = self.image_array(needed(named, "x")?)?;
                let options = self.options("utils::SaveImg", &without(named, &["path", "x"]))?;
                let function = self.import("utils::save_img");
                Value::temporary(format!("{function}({path}, {array}, {options})?"), Type::None)
            }
            _ => return Ok(None),
        }))
    }

    fn image_array(&mut self, array: &'a Expr) -> Ported<String> {
        let array = self.expression(array)?;
        Ok(self.tensor(&array)?.borrowed())
    }

    /// `LoadImg::new().target_size([64, 64])`
    fn options(&mut self, path: &str, named: &Named<'a>) -> Ported<String> {
        let item = api::item(path).ok_or_else(|| Missing::new(format!("{path} is not here")))?;
        let class = self.import(path);
        let mut text = format!("{class}::new()");
        for (name, argument) in named {
            text.push_str(&match name.as_str() {
                // In Keras a size is a tuple, and here an array.
                "target_size" | "image_size" => match self.is_none(argument) {
                    true => String::new(),
                    false => format!(".{name}({})", self.pair(argument)?),
                },
                // Keras's default.
                "data_format" if is_text(argument, "channels_last") => String::new(),
                "data_format" if is_text(argument, "channels_first") && !item.methods.contains_key("data_format") => {
                    ".channels_first(true)".to_string()
                }
                // `None` is another value than the default.
                "label_mode" | "batch_size" | "labels" if self.is_none(argument) => format!(".{name}(None)"),
                "labels" if is_text(argument, "inferred") => String::new(),
                "format" if is_text(argument, "tf") => String::new(),
                _ => self.setter(item, path, name, argument)?,
            });
        }
        Ok(text)
    }

    /// `(64, 64)` as an array of two numbers.
    pub(crate) fn pair(&mut self, size: &'a Expr) -> Ported<String> {
        let value = self.expression(size)?;
        let parts: Vec<(String, Type)> = match (&value.items, &value.of) {
            (Some(items), _) => items.iter().map(|item| (item.text.clone(), item.of.clone())).collect(),
            (None, Type::Tuple(types)) => {
                let part = |(i, of): (usize, &Type)| (format!("{}.{i}", value.at(Strength::Whole)), of.clone());
                types.iter().enumerate().map(part).collect()
            }
            _ => Vec::new(),
        };
        match &parts[..] {
            [(height, Type::Int), (width, Type::Int)] => Ok(format!("[{height}, {width}]")),
            _ => Err(Missing::new("a size that is not a pair of integers")),
        }
    }

    fn folder(&mut self, name: &str, class: &str, named: &Named<'a>) -> Ported<Value> {
        let directory = self.argument(needed(named, "directory")?, "impl AsRef<Path>", "directory")?;
        let is_both = find(named, "subset").is_some_and(|subset| is_text(subset, "both"));
        let left_out: &[&str] = if is_both { &["directory", "subset"] } else { &["directory"] };
        let options = self.options(&format!("utils::{class}"), &without(named, left_out))?;
        let is_without = |name: &str| find(named, name).is_some_and(|argument| self.is_none(argument));
        let y = match (is_without("labels") || is_without("label_mode"), find(named, "label_mode")) {
            (true, _) => None,
            (false, Some(mode)) if !is_text(mode, "int") => Some(Box::new(Type::Floats)),
            _ => Some(Box::new(Type::Ints)),
        };
        let x = if class == "ImageFolder" { Type::Floats } else { Type::Texts };
        let of = Type::Folder(Box::new(x), y);
        let name = if is_both { name.replace("dataset_", "datasets_") } else { name.to_string() };
        let function = self.import(&format!("utils::{name}"));
        let text = format!("{function}({directory}, {options})?");
        Ok(Value::temporary(text, if is_both { Type::Tuple(vec![of.clone(), of]) } else { of }))
    }

    fn timeseries(&mut self, named: &Named<'a>) -> Ported<Value> {
        let data = self.expression(needed(named, "data")?)?;
        let data = self.tensor(&data)?;
        let (targets, y) = match needed(named, "targets")? {
            targets if self.is_none(targets) => ("()".into(), None),
            targets => {
                let targets = self.expression(targets)?;
                let targets = self.tensor(&targets)?;
                (targets.borrowed(), Some(Box::new(targets.of)))
            }
        };
        let length = self.argument(needed(named, "sequence_length")?, "usize", "sequence_length")?;
        let options = self.options("utils::Timeseries", &without(named, &["data", "targets", "sequence_length"]))?;
        let function = self.import("utils::timeseries_dataset_from_array");
        let text = format!("{function}({}, {targets}, {length}, {options})?", data.borrowed());
        Ok(Value::temporary(text, Type::Dataset(Box::new(data.of), y)))
    }

    fn get_file(&mut self, named: &Named<'a>) -> Ported<Value> {
        let name = match find(named, "fname").filter(|name| !self.is_none(name)) {
            Some(name) => self.argument(name, "&str", "fname")?,
            // The last part of the address.
            None => match needed(named, "origin")? {
                Expr::StringLiteral(url) => {
                    format!("{:?}", url.value.to_str().rsplit('/').next().unwrap_or_default())
                }
                _ => return Err(Missing::new("get_file without a name").help("say fname")),
            },
        };
        let mut options = self.options("utils::GetFile", &without(named, &["fname", "untar", "md5_hash"]))?;
        match find(named, "untar") {
            None => {}
            Some(Expr::BooleanLiteral(untar)) if !untar.value => {}
            Some(Expr::BooleanLiteral(_)) => {
                let is_said = find(named, "extract").is_some();
                options.push_str(if is_said { "" } else { ".extract(true)" });
                options.push_str(".archive_format(\"tar\")");
            }
            Some(_) => return Err(Missing::new("a computed untar")),
        }
        if let Some(hash) = find(named, "md5_hash").filter(|hash| !self.is_none(hash)) {
            options.push_str(&format!(".file_hash({})", self.argument(hash, "impl Into<String>", "md5_hash")?));
        }
        let function = self.import("utils::get_file");
        Ok(Value::temporary(format!("{function}({name}, {options})?"), Type::Path))
    }

    /// What a dataset of a folder has beside the methods of all datasets.
    pub(crate) fn attribute_of_folder(&mut self, of: &Value, name: &str) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        match name {
            "class_names" => Ok(Value::new(
                format!("{whole}.class_names()"),
                Type::List(Box::new(Type::String)),
                Strength::Whole,
                Form::Reference,
            )),
            _ => Err(Missing::new(format!("the attribute {name} of a dataset of files"))),
        }
    }
}

/// Whether it is this text.
pub(crate) fn is_text(argument: &Expr, text: &str) -> bool {
    matches!(argument, Expr::StringLiteral(own) if own.value.to_str() == text)
}
