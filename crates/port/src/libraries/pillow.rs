//! Pillow, Python's `PIL`: its images are those of Keras's `load_img`.

use crate::arguments::{find, named_as, needed};
use crate::keras::folders::IMAGE;
use crate::program::Program;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// What starts a function of the module `PIL.Image`.
pub(crate) const MODULE: &str = "PIL.Image.";

/// The bytes of an image, as `np.array` takes them; `None` of anything else.
pub(crate) fn as_array(value: &Value) -> Option<Value> {
    is_image(&value.of).then(|| Value::temporary(format!("{}.to_array()?", value.at(Strength::Whole)), Type::Ints))
}

pub(crate) fn is_image(of: &Type) -> bool {
    matches!(of, Type::Object(path) if path == IMAGE)
}

fn image(text: String) -> Value {
    Value::temporary(text, Type::Object(IMAGE.into()))
}

impl<'a> Program<'a> {
    /// A function of `PIL.Image`.
    pub(crate) fn pillow_call(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let class = self.import(IMAGE);
        match name {
            "open" => {
                let given = named_as(call, &["fp"])?;
                let path = self.argument(needed(&given, "fp")?, "impl AsRef<Path>", "fp")?;
                Ok(image(format!("{class}::open({path})?")))
            }
            "new" => {
                let given = named_as(call, &["mode", "size", "color"])?;
                let (mode, channels) = self.image_mode(needed(&given, "mode")?)?;
                let size = self.swapped_pair(needed(&given, "size")?)?;
                let color = self.color(find(&given, "color"), channels)?;
                Ok(image(format!("{class}::new({mode}, {size}, &[{}])?", color.join(", "))))
            }
            "fromarray" => {
                let given = named_as(call, &["obj", "mode"])?;
                // The mode that the array has by its shape anyway.
                if let Some(mode) = find(&given, "mode").filter(|mode| !self.is_none(mode)) {
                    let (_, _) = self.image_mode(mode)?;
                    if crate::keras::folders::is_text(mode, "YCbCr") {
                        return Err(Missing::new("fromarray as YCbCr"));
                    }
                }
                let array = self.expression(needed(&given, "obj")?)?;
                if array.of == Type::Floats {
                    return Err(Missing::new("an image of fractions").help("astype(np.uint8)"));
                }
                let array = self.tensor(&array)?;
                Ok(image(format!("{class}::from_array({})?", array.borrowed())))
            }
            "merge" => {
                let given = named_as(call, &["mode", "bands"])?;
                let (mode, _) = self.image_mode(needed(&given, "mode")?)?;
                let channels = match needed(&given, "bands")? {
                    Expr::Tuple(tuple) => &tuple.elts[..],
                    Expr::List(list) => &list.elts[..],
                    _ => return Err(Missing::new("merge of what is not written out")),
                };
                let channels = channels.iter().map(|channel| self.expression(channel)).collect::<Ported<Vec<_>>>()?;
                if !channels.iter().all(|channel| is_image(&channel.of)) {
                    return Err(Missing::new("merge of what are no images"));
                }
                let texts: Vec<_> = channels.iter().map(Value::borrowed).collect();
                Ok(image(format!("{class}::merge({mode}, &[{}])?", texts.join(", "))))
            }
            _ => Err(Missing::new(format!("PIL.Image.{name}, which has no counterpart here"))),
        }
    }

    pub(crate) fn method_of_image(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let given = |parameters: &[&str]| named_as(call, parameters);
        match name {
            "save" => {
                let given = given(&["fp"])?;
                let path = self.argument(needed(&given, "fp")?, "impl AsRef<Path>", "fp")?;
                Ok(Value::temporary(format!("{whole}.save({path})?"), Type::None))
            }
            // Rust closes files, and what an image looks like is shown nowhere.
            "close" | "show" | "load" if call.arguments.is_empty() => Ok(Value::constant("()", Type::None)),
            "copy" if call.arguments.is_empty() => Ok(image(format!("{whole}.clone()"))),
            "convert" => {
                let given = given(&["mode"])?;
                let mode = needed(&given, "mode")?;
                if let Some(loaded) = self.loaded_as(of, mode) {
                    return Ok(loaded);
                }
                let (mode, _) = self.image_mode(mode)?;
                Ok(image(format!("{whole}.convert({mode})")))
            }
            "resize" => {
                let given = given(&["size", "resample"])?;
                let size = self.swapped_pair(needed(&given, "size")?)?;
                let resample = self.resample(find(&given, "resample"))?;
                Ok(image(format!("{whole}.resize({size}, {resample})?")))
            }
            "crop" => {
                let given = given(&["box"])?;
                let sides = self.integers(needed(&given, "box")?, 4)?;
                Ok(image(format!("{whole}.crop([{}])?", sides.join(", "))))
            }
            "paste" => {
                let given = given(&["im", "box"])?;
                let other = self.expression(needed(&given, "im")?)?;
                if !is_image(&other.of) {
                    return Err(Missing::new(format!("paste of {}", other.of.described())));
                }
                let at = match find(&given, "box").filter(|at| !self.is_none(at)) {
                    None => vec!["0".to_string(), "0".to_string()],
                    Some(at) => self.integers(at, 2)?,
                };
                Ok(Value::temporary(format!("{whole}.paste({}, [{}])", other.borrowed(), at.join(", ")), Type::None))
            }
            "split" if call.arguments.is_empty() => {
                Ok(Value::temporary(format!("{whole}.split()"), Type::List(Box::new(of.of.clone()))))
            }
            _ => Err(Missing::new(format!("the method {name} of an image"))),
        }
    }

    /// `image.size`, which is the width and the height.
    pub(crate) fn attribute_of_image(&mut self, of: &Value, name: &str) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let part = |at: usize| Value::place(format!("{whole}.size()[{at}]"), Type::Int);
        Ok(match name {
            "width" => part(1),
            "height" => part(0),
            "mode" => Value::temporary(format!("{whole}.mode().to_string()"), Type::String),
            _ => {
                let items = vec![part(1), part(0)];
                let text = format!("({}, {})", items[0].text, items[1].text);
                Value { items: Some(items), ..Value::temporary(text, Type::Tuple(vec![Type::Int, Type::Int])) }
            }
        })
    }

    /// `Image.open(path).convert("RGB")`, where the channels of the file do not matter.
    fn loaded_as(&mut self, of: &Value, mode: &Expr) -> Option<Value> {
        let path = of.text.strip_prefix("Image::open(")?.strip_suffix(")?")?;
        let mode = [("L", "grayscale"), ("RGB", "rgb"), ("RGBA", "rgba")]
            .iter()
            .find(|(own, _)| crate::keras::folders::is_text(mode, own))
            .map(|(_, mode)| mode)?;
        let (function, class) = (self.import("utils::load_img"), self.import("utils::LoadImg"));
        let options = if *mode == "rgb" { String::new() } else { format!(".color_mode({mode:?})") };
        Some(image(format!("{function}({path}, {class}::new(){options})?")))
    }

    /// `"RGB"`, and how many channels that is.
    fn image_mode(&mut self, mode: &Expr) -> Ported<(String, usize)> {
        let Expr::StringLiteral(mode) = mode else { return Err(Missing::new("a computed mode of an image")) };
        let (name, channels) = match mode.value.to_str() {
            "L" => ("L", 1),
            "RGB" => ("Rgb", 3),
            "RGBA" => ("Rgba", 4),
            "YCbCr" => ("YCbCr", 3),
            other => return Err(Missing::new(format!("images of the mode {other:?}"))),
        };
        let class = self.import("utils::ImageMode");
        Ok((format!("{class}::{name}"), channels))
    }

    /// A width and a height, in the order that they have here.
    fn swapped_pair(&mut self, size: &'a Expr) -> Ported<String> {
        let pair = self.pair(size)?;
        let (width, height) = pair
            .strip_prefix('[')
            .and_then(|pair| pair.strip_suffix(']'))
            .and_then(split_at_comma)
            .ok_or_else(|| Missing::new("this size"))?;
        Ok(format!("[{height}, {width}]"))
    }

    /// Places and sides, which may be negative.
    fn integers(&mut self, of: &'a Expr, count: usize) -> Ported<Vec<String>> {
        let value = self.expression(of)?;
        let items = crate::arithmetic::items_of_tuple(&value);
        if items.len() != count {
            return Err(Missing::new(format!("a place in an image that is not {count} integers")));
        }
        let text = |item: &Value| match &item.of {
            Type::Int if item.is_literal() => Ok(item.text.clone()),
            Type::Int => Ok(crate::arithmetic::signed(item).text),
            Type::Signed => Ok(item.text.clone()),
            of => Err(Missing::new(format!("{} as a place in an image", of.described()))),
        };
        items.iter().map(text).collect()
    }

    /// The bytes of a color.
    fn color(&mut self, color: Option<&'a Expr>, channels: usize) -> Ported<Vec<String>> {
        let Some(color) = color else { return Ok(Vec::new()) };
        let byte = |program: &Self, number: &Expr| {
            program.integer(number).filter(|number| (0..256).contains(number)).map(|number| number.to_string())
        };
        let bytes = match color {
            Expr::Tuple(tuple) => tuple.elts.iter().map(|number| byte(self, number)).collect::<Option<Vec<_>>>(),
            Expr::StringLiteral(name) if channels != 4 => match name.value.to_str() {
                "black" => Some(vec!["0".to_string(); channels]),
                "white" => Some(vec!["255".to_string(); channels]),
                _ => None,
            },
            // A number is that of the first channel.
            number if channels == 1 => byte(self, number).map(|byte| vec![byte]),
            number if self.integer(number) == Some(0) => Some(Vec::new()),
            _ => None,
        };
        bytes
            .filter(|bytes| bytes.is_empty() || bytes.len() == channels)
            .ok_or_else(|| Missing::new("this color of an image").help("a number for each channel"))
    }

    /// How an image is resized.
    fn resample(&mut self, how: Option<&'a Expr>) -> Ported<String> {
        let class = self.import("utils::Resample");
        let name = match how {
            None => "BICUBIC".to_string(),
            Some(how) if self.is_none(how) => "BICUBIC".to_string(),
            Some(how) => match (self.path_of(how), self.integer(how)) {
                (Some(path), _) if path.starts_with("PIL.Image") => path.rsplit('.').next().unwrap_or_default().into(),
                (_, Some(number)) => number.to_string(),
                _ => return Err(Missing::new("a computed way to resize an image")),
            },
        };
        let own = match name.as_str() {
            "NEAREST" | "0" => "Nearest",
            // As it was called before Pillow 10.
            "LANCZOS" | "ANTIALIAS" | "1" => "Lanczos",
            "BILINEAR" | "2" => "Bilinear",
            "BICUBIC" | "3" => "Bicubic",
            "BOX" | "4" => "Box",
            other => return Err(Missing::new(format!("images resized by {other}"))),
        };
        Ok(format!("{class}::{own}"))
    }
}

/// The two parts of `a, f(b, c)`.
fn split_at_comma(pair: &str) -> Option<(&str, &str)> {
    let mut depth = 0;
    for (at, c) in pair.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => return Some((pair[..at].trim(), pair[at + 1..].trim())),
            _ => {}
        }
    }
    None
}
