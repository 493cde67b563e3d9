//! `tf.image`, of which these are functions of `ops` here.

use crate::arguments::{find, named_as, needed};
use crate::program::Program;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

impl<'a> Program<'a> {
    /// A function of `tf.image`, of one image or several.
    pub(crate) fn image_of_tensorflow(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        match name {
            "flip_left_right" | "flip_up_down" => {
                let of = self.images(call, &["image"])?;
                let axis = if name == "flip_left_right" { "-2" } else { "-3" };
                let function = self.import("ops::flip");
                Ok(Value::temporary(format!("{function}({}, {axis})?", of.borrowed()), of.of))
            }
            "grayscale_to_rgb" => {
                let of = self.images(call, &["images"])?;
                let function = self.import("ops::repeat");
                Ok(Value::temporary(format!("{function}({}, 3, -1)?", of.borrowed()), of.of))
            }
            "rgb_to_grayscale" => {
                let of = self.images(call, &["images"])?;
                if of.of != Type::Floats {
                    return Err(
                        Missing::new("rgb_to_grayscale of what may be integers").help("tf.cast makes it float32")
                    );
                }
                let (function, format) =
                    (self.import("ops::image::rgb_to_grayscale"), self.import("ops::image::DataFormat"));
                Ok(Value::temporary(format!("{function}({}, {format}::ChannelsLast)?", of.borrowed()), Type::Floats))
            }
            "adjust_brightness" => {
                let given = named_as(call, &["image", "delta"])?;
                let of = self.expression(needed(&given, "image")?)?;
                let delta = self.number(needed(&given, "delta")?)?;
                match of.of {
                    Type::Floats => Ok(Value::temporary(format!("({} + {delta})?", of.borrowed()), Type::Floats)),
                    _ => {
                        Err(Missing::new("adjust_brightness of what may be integers").help("tf.cast makes it float32"))
                    }
                }
            }
            "resize" => {
                let given = named_as(call, &["images", "size", "method"])?;
                let of = self.expression(needed(&given, "images")?)?;
                let of = self.tensor(&of)?;
                let size = self.pair(needed(&given, "size")?)?;
                match find(&given, "method") {
                    None => {}
                    Some(Expr::StringLiteral(method)) if method.value.to_str() == "bilinear" => {}
                    Some(_) => return Err(Missing::new("tf.image.resize with this method")),
                }
                let (function, class) = (self.import("ops::image::resize"), self.import("ops::image::Resize"));
                let text =
                    format!("{function}(&{}.to_dtype(DType::F32)?, &{class}::to({size}))?", of.at(Strength::Whole));
                Ok(Value::temporary(text, Type::Floats))
            }
            _ => Err(Missing::new(format!("tensorflow.image.{name} is not known here"))),
        }
    }

    /// The one argument of a function of images.
    fn images(&mut self, call: &'a ExprCall, parameters: &[&str]) -> Ported<Value> {
        let given = named_as(call, parameters)?;
        let of = self.expression(needed(&given, parameters[0])?)?;
        self.tensor(&of)
    }
}
