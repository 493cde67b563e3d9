//! Patches of images: `ops.image.extract_patches`, and TensorFlow's.

use crate::arguments::{Named, find, named_as, needed};
use crate::program::Program;
use crate::value::{Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

impl<'a> Program<'a> {
    /// A call that cuts images into patches; `None` if it is another one.
    pub(crate) fn patches(&mut self, path: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let named = match path {
            "keras.ops.image.extract_patches" => {
                named_as(call, &["images", "size", "strides", "dilation_rate", "padding", "data_format"])?
            }
            "tensorflow.image.extract_patches" => {
                named_as(call, &["images", "size", "sizes", "strides", "rates", "padding"])?
            }
            _ => return Ok(None),
        };
        let images = self.expression(needed(&named, "images")?)?;
        let images = self.tensor(&images)?;
        let size = find(&named, "size").or_else(|| find(&named, "sizes"));
        let size = self.two_sizes(size.ok_or_else(|| Missing::new("patches without a size"))?)?;
        let others = self.other_arguments_of_patches(&named, &size)?;
        let function = self.import("ops::image::extract_patches");
        let class = self.import("ops::image::ExtractPatches");
        let arguments = |size: &str| match others.is_empty() {
            true => format!("&{class}::of({size})"),
            false => format!("&{class} {{ {}, ..{class}::of({size}) }}", others.join(", ")),
        };
        if images.of != Type::Symbolic {
            let text = format!("{function}({}, {})?", images.borrowed(), arguments(&size));
            return Ok(Some(Value::temporary(text, images.of)));
        }
        let lambda = self.import("layers::Lambda");
        let is_written_out = !size.contains(|c: char| c.is_alphabetic()) && others.is_empty();
        let text = match is_written_out {
            true => format!("{lambda}::new(|x| {function}(x, {})).call({})", arguments(&size), images.borrowed()),
            false if others.is_empty() => format!(
                "{{\n    let size = {size};\n    {lambda}::new(move |x| {function}(x, {}))\n}}\n.call({})",
                arguments("size"),
                images.borrowed()
            ),
            false => return Err(Missing::new("patches with these arguments")),
        };
        Ok(Some(Value::temporary(text, Type::Symbolic)))
    }

    /// `4`, `(4, 4)`, or TensorFlow's `[1, 4, 4, 1]`.
    fn two_sizes(&mut self, size: &'a Expr) -> Ported<String> {
        let value = self.expression(size)?;
        let wrong = || Missing::new("this size of patches");
        match (&value.items, &value.of) {
            (None, Type::Int) => Ok(format!("[{0}, {0}]", value.text)),
            (Some(items), _) if items.iter().all(|item| item.of == Type::Int) => match &items[..] {
                [rows, columns] => Ok(format!("[{}, {}]", rows.text, columns.text)),
                [first, rows, columns, last] if first.text == "1" && last.text == "1" => {
                    Ok(format!("[{}, {}]", rows.text, columns.text))
                }
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }

    fn other_arguments_of_patches(&mut self, named: &Named<'a>, size: &str) -> Ported<Vec<String>> {
        let mut others = Vec::new();
        if let Some(strides) = find(named, "strides").filter(|strides| !self.is_none(strides)) {
            let strides = self.two_sizes(strides)?;
            if strides != size {
                others.push(format!("strides: Some({strides})"));
            }
        }
        if let Some(rate) = find(named, "dilation_rate").or_else(|| find(named, "rates")) {
            let rate = self.expression(rate)?;
            let is_one = match &rate.items {
                Some(items) => items.iter().all(|item| item.text == "1"),
                None => rate.text == "1",
            };
            if !is_one {
                return Err(Missing::new("patches with a dilation"));
            }
        }
        match find(named, "padding") {
            None => {}
            Some(Expr::StringLiteral(padding)) => match padding.value.to_str().to_lowercase().as_str() {
                "valid" => {}
                "same" => {
                    let class = self.import("ops::Padding");
                    others.push(format!("padding: {class}::Same"));
                }
                _ => return Err(Missing::new("patches with this padding")),
            },
            Some(_) => return Err(Missing::new("patches with a computed padding")),
        }
        match find(named, "data_format") {
            Some(format) if !self.is_none(format) => Err(Missing::new("patches with a data_format")),
            _ => Ok(others),
        }
    }
}
