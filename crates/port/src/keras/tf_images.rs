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
                let given = named_as(call, &["images", "size", "method", "preserve_aspect_ratio", "antialias"])?;
                for name in ["preserve_aspect_ratio", "antialias"] {
                    if find(&given, name).is_some_and(|set| !matches!(set, Expr::BooleanLiteral(set) if !set.value)) {
                        return Err(Missing::new(format!("tf.image.resize with {name}")));
                    }
                }
                let of = self.expression(needed(&given, "images")?)?;
                let of = self.tensor(&of)?;
                let size = self.pair(needed(&given, "size")?)?;
                let (function, class) = (self.import("ops::image::resize"), self.import("ops::image::Resize"));
                let options = match self.resize_method(find(&given, "method"))?.as_str() {
                    "bilinear" => format!("{class}::to({size})"),
                    "area" => {
                        let interpolation = self.import("ops::image::Interpolation");
                        format!("{class} {{ interpolation: {interpolation}::Area, ..{class}::to({size}) }}")
                    }
                    other => {
                        return Err(Missing::new(format!(
                            "tf.image.resize by {other}, which rounds otherwise in TensorFlow"
                        ))
                        .help("the method \"bilinear\" or \"area\""));
                    }
                };
                let text = format!("{function}(&{}.to_dtype(DType::F32)?, &{options})?", of.at(Strength::Whole));
                Ok(Value::temporary(text, Type::Floats))
            }
            "rgb_to_yuv" | "yuv_to_rgb" => {
                let of = self.images(call, &["images"])?;
                if !matches!(of.of, Type::Floats | Type::Array) {
                    return Err(Missing::new(format!("{name} of integers")).help("tf.cast makes it float32"));
                }
                let function = self.import(&format!("ops::image::{name}"));
                Ok(Value::temporary(format!("{function}({})?", of.borrowed()), Type::Floats))
            }
            "central_crop" => {
                let given = named_as(call, &["image", "central_fraction"])?;
                let of = self.expression(needed(&given, "image")?)?;
                let of = self.tensor(&of)?;
                let fraction = self.number(needed(&given, "central_fraction")?)?;
                let function = self.import("ops::image::central_crop");
                Ok(Value::temporary(format!("{function}({}, {fraction})?", of.borrowed()), of.of))
            }
            "convert_image_dtype" => {
                let given = named_as(call, &["image", "dtype"])?;
                let of = self.expression(needed(&given, "image")?)?;
                let of = self.tensor(&of)?;
                if self.dtype(find(&given, "dtype"), "")? != "DType::F32" {
                    return Err(Missing::new("convert_image_dtype to another dtype than float32"));
                }
                if of.of == Type::Mask {
                    return Err(Missing::new("convert_image_dtype of truth values"));
                }
                let function = self.import("ops::image::to_fractions");
                Ok(Value::temporary(format!("{function}({})?", of.borrowed()), Type::Floats))
            }
            "psnr" => {
                let given = named_as(call, &["a", "b", "max_val"])?;
                let mut image = |name: &str| {
                    let of = self.expression(needed(&given, name)?)?;
                    self.tensor(&of)
                };
                let (a, b) = (image("a")?, image("b")?);
                let most = self.number(needed(&given, "max_val")?)?;
                let function = self.import("ops::image::psnr");
                Ok(Value::temporary(format!("{function}({}, {}, {most})?", a.borrowed(), b.borrowed()), Type::Float))
            }
            _ => Err(Missing::new(format!("tensorflow.image.{name} is not known here"))),
        }
    }

    /// `"area"`, or `tf.image.ResizeMethod.AREA`.
    fn resize_method(&mut self, method: Option<&'a Expr>) -> Ported<String> {
        Ok(match method {
            None => "bilinear".into(),
            Some(Expr::StringLiteral(method)) => method.value.to_str().to_string(),
            Some(method) => match self.path_of(method) {
                Some(path) => path.rsplit('.').next().unwrap_or_default().to_lowercase(),
                None => return Err(Missing::new("a computed method of tf.image.resize")),
            },
        })
    }

    /// The one argument of a function of images.
    fn images(&mut self, call: &'a ExprCall, parameters: &[&str]) -> Ported<Value> {
        let given = named_as(call, parameters)?;
        let of = self.expression(needed(&given, parameters[0])?)?;
        self.tensor(&of)
    }
}
