//! OpenCV, Python's `cv2`: images are arrays there, and tensors here.

use crate::arguments::{Named, find, named_as, needed};
use crate::program::Program;
use crate::value::{Binding, Form, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Operator, Stmt};

/// What only shows images, in windows.
const SHOWN: &[&str] = &[
    "imshow",
    "waitKey",
    "waitKeyEx",
    "destroyAllWindows",
    "destroyWindow",
    "namedWindow",
    "moveWindow",
    "resizeWindow",
];

/// Calls of `cv2.imread`, which in Python is no error where there is no image.
#[derive(Default)]
struct Reads<'p, 'a> {
    program: Option<&'p Program<'a>>,
    count: usize,
}

impl<'a> Visitor<'a> for Reads<'_, 'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression {
            self.count += usize::from(self.program.is_some_and(|program| program.is_of_opencv(call, "imread")));
        }
        walk_expr(self, expression);
    }
}

impl<'a> Program<'a> {
    fn is_of_opencv(&self, call: &ExprCall, name: &str) -> bool {
        self.path_of(&call.func)
            .is_some_and(|path| path.strip_prefix("cv2.").is_some_and(|own| name.is_empty() || own == name))
    }

    /// Whether statements read an image and go on without it: all others fail in Python where they use it first.
    pub(crate) fn goes_on_without_image(&self, body: &'a [Stmt]) -> bool {
        let mut reads = Reads { program: Some(self), count: 0 };
        body.iter().for_each(|statement| reads.visit_stmt(statement));
        let fails = |both: &[Stmt]| match both {
            [Stmt::Assign(read), Stmt::Assign(used)] => match (&read.targets[..], &*read.value, &*used.value) {
                ([Expr::Name(name)], Expr::Call(read), Expr::Call(used)) => {
                    self.is_of_opencv(read, "imread")
                        && self.is_of_opencv(used, "")
                        && matches!(used.arguments.args.first(), Some(Expr::Name(own)) if own.id == name.id)
                }
                _ => false,
            },
            _ => false,
        };
        reads.count != body.windows(2).filter(|both| fails(both)).count()
    }

    /// A function of `cv2`.
    pub(crate) fn opencv_call(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = |parameters: &[&str]| named_as(call, parameters);
        match name {
            name if SHOWN.contains(&name) => self.only_shown(call),
            "imread" => {
                let given = given(&["filename", "flags"])?;
                let path = self.argument(needed(&given, "filename")?, "impl AsRef<Path>", "filename")?;
                let flag = match self.flag(find(&given, "flags"), "IMREAD_COLOR")?.as_str() {
                    "IMREAD_COLOR" | "IMREAD_COLOR_BGR" | "1" => "Color",
                    "IMREAD_GRAYSCALE" | "0" => "Grayscale",
                    other => return Err(Missing::new(format!("imread with {other}"))),
                };
                let (function, class) = (self.import("cv2::imread"), self.import("cv2::Read"));
                Ok(Value::temporary(format!("{function}({path}, {class}::{flag})?"), Type::Ints))
            }
            "imwrite" => {
                let given = given(&["filename", "img"])?;
                let path = self.argument(needed(&given, "filename")?, "impl AsRef<Path>", "filename")?;
                let image = self.opencv_image(&given, "img")?;
                let function = self.import("cv2::imwrite");
                Ok(Value::temporary(format!("{function}({path}, {})?", image.borrowed()), Type::Bool))
            }
            "cvtColor" => {
                let given = given(&["src", "code"])?;
                let image = self.opencv_image(&given, "src")?;
                let color = match self.flag(find(&given, "code"), "")?.trim_start_matches("COLOR_") {
                    "BGR2RGB" => "BgrToRgb",
                    "RGB2BGR" => "RgbToBgr",
                    "BGR2GRAY" => "BgrToGray",
                    "RGB2GRAY" => "RgbToGray",
                    "GRAY2BGR" => "GrayToBgr",
                    "GRAY2RGB" => "GrayToRgb",
                    other => return Err(Missing::new(format!("cvtColor to {other}"))),
                };
                let (function, class) = (self.import("cv2::cvt_color"), self.import("cv2::Color"));
                Ok(Value::temporary(format!("{function}({}, {class}::{color})?", image.borrowed()), image.of))
            }
            "resize" => self.opencv_resize(&given(&["src", "dsize", "dst", "fx", "fy", "interpolation"])?),
            "threshold" => self.opencv_threshold(&given(&["src", "thresh", "maxval", "type"])?),
            "flip" => {
                let given = given(&["src", "flipCode"])?;
                let image = self.opencv_image(&given, "src")?;
                let code = self.argument(needed(&given, "flipCode")?, "i64", "flipCode")?;
                let function = self.import("cv2::flip");
                Ok(Value::temporary(format!("{function}({}, {code})?", image.borrowed()), image.of))
            }
            "copyMakeBorder" => self.opencv_border(call),
            "GaussianBlur" => self.opencv_blur(&given(&["src", "ksize", "sigmaX"])?),
            _ => Err(Missing::new(format!("cv2.{name}, which has no counterpart here"))),
        }
    }

    /// What only shows something, as `cv2.imshow` and IPython's `display`: its arguments are computed, and nothing is shown.
    pub(crate) fn only_shown(&mut self, call: &'a ExprCall) -> Ported<Value> {
        for argument in &call.arguments.args {
            match argument {
                // A picture of the notebook.
                Expr::Call(made) if self.path_of(&made.func).is_some_and(|path| path.starts_with("IPython.")) => {}
                Expr::Call(_) => {
                    let value = self.expression(argument)?;
                    if value.form == Form::Temporary && value.of != Type::None {
                        self.line(&format!("_ = {};", value.text));
                    }
                }
                // Nothing else reads it.
                Expr::Name(name) if self.scan().reads(&name.id) == 1 => {
                    if let Some(Binding::Variable(variable)) = self.scopes.get(&name.id) {
                        self.line(&format!("_ = &{};", variable.rust_name));
                    }
                }
                _ => {}
            }
        }
        Ok(Value::constant("()", Type::None))
    }

    /// An argument that is an image: uint8 or fractions.
    fn opencv_image(&mut self, given: &Named<'a>, name: &str) -> Ported<Value> {
        let image = self.expression(needed(given, name)?)?;
        match image.of {
            Type::Ints | Type::Floats | Type::Array | Type::Mutable { .. } => self.tensor(&image),
            of => Err(Missing::new(format!("{} as an image of OpenCV", of.described()))),
        }
    }

    /// The name of a constant of `cv2`, or an integer.
    fn flag(&mut self, flag: Option<&'a Expr>, default: &str) -> Ported<String> {
        let Some(flag) = flag else { return Ok(default.to_string()) };
        match (self.path_of(flag), self.integer(flag)) {
            (Some(path), _) if path.starts_with("cv2.") => Ok(path.trim_start_matches("cv2.").to_string()),
            (_, Some(number)) => Ok(number.to_string()),
            _ => Err(Missing::new("a computed constant of OpenCV").help("write the constant")),
        }
    }

    fn opencv_resize(&mut self, given: &Named<'a>) -> Ported<Value> {
        if find(given, "dst").is_some_and(|dst| !self.is_none(dst)) {
            return Err(Missing::new("the argument dst"));
        }
        let image = self.opencv_image(given, "src")?;
        let how = match self.flag(find(given, "interpolation"), "INTER_LINEAR")?.as_str() {
            "INTER_NEAREST" | "0" => "Nearest",
            "INTER_LINEAR" | "1" => "Linear",
            "INTER_AREA" | "3" => "Area",
            other => {
                return Err(Missing::new(format!("resize with {other}, whose bytes depend on how OpenCV was built"))
                    .help("INTER_LINEAR or INTER_AREA"));
            }
        };
        let class = self.import("cv2::Interpolation");
        let text = match find(given, "dsize").filter(|size| !self.is_none(size)) {
            Some(size) => {
                let size = self.pair(size)?;
                let function = self.import("cv2::resize");
                format!("{function}({}, {size}, {class}::{how})?", image.borrowed())
            }
            None => {
                let [fx, fy] = ["fx", "fy"].map(|name| needed(given, name));
                let (fx, fy) = (self.number(fx?)?, self.number(fy?)?);
                let function = self.import("cv2::resize_by");
                format!("{function}({}, {fx}, {fy}, {class}::{how})?", image.borrowed())
            }
        };
        Ok(Value::temporary(text, image.of))
    }

    fn opencv_threshold(&mut self, given: &Named<'a>) -> Ported<Value> {
        let image = self.opencv_image(given, "src")?;
        let most = self.number(needed(given, "maxval")?)?;
        let (kind, is_otsu) = match needed(given, "type")? {
            Expr::BinOp(both) if matches!(both.op, Operator::Add | Operator::BitOr) => {
                let names = (self.flag(Some(&both.left), "")?, self.flag(Some(&both.right), "")?);
                match (names.0.as_str(), names.1.as_str()) {
                    (_, "THRESH_OTSU") => (names.0, true),
                    ("THRESH_OTSU", _) => (names.1, true),
                    _ => return Err(Missing::new("this kind of threshold")),
                }
            }
            // Without another kind it is the first one.
            kind => match self.flag(Some(kind), "")?.as_str() {
                "THRESH_OTSU" => ("THRESH_BINARY".into(), true),
                other => (other.to_string(), false),
            },
        };
        let kind = match kind.as_str() {
            "THRESH_BINARY" | "0" => "Binary",
            "THRESH_BINARY_INV" | "1" => "BinaryInv",
            "THRESH_TRUNC" | "2" => "Trunc",
            "THRESH_TOZERO" | "3" => "ToZero",
            "THRESH_TOZERO_INV" | "4" => "ToZeroInv",
            other => return Err(Missing::new(format!("threshold with {other}"))),
        };
        let class = self.import("cv2::Threshold");
        let text = match is_otsu {
            true => {
                let function = self.import("cv2::otsu_threshold");
                format!("{function}({}, {most}, {class}::{kind})?", image.borrowed())
            }
            false => {
                let least = self.number(needed(given, "thresh")?)?;
                let function = self.import("cv2::threshold");
                format!("{function}({}, {least}, {most}, {class}::{kind})?", image.borrowed())
            }
        };
        Ok(Value::temporary(text, Type::Tuple(vec![Type::Float, image.of])))
    }

    fn opencv_border(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["src", "top", "bottom", "left", "right", "borderType", "dst", "value"])?;
        if find(&given, "dst").is_some_and(|dst| !self.is_none(dst)) {
            return Err(Missing::new("the argument dst"));
        }
        let image = self.opencv_image(&given, "src")?;
        let mut sides = Vec::new();
        for name in ["top", "bottom", "left", "right"] {
            sides.push(self.argument(needed(&given, name)?, "usize", name)?);
        }
        let border = match self.flag(find(&given, "borderType"), "")?.as_str() {
            "BORDER_CONSTANT" | "0" => {
                let color = match find(&given, "value") {
                    None => Vec::new(),
                    Some(color) => self.scalar(color)?,
                };
                let zeros = std::iter::repeat_n("0.0".to_string(), 4 - color.len());
                let color: Vec<String> = color.iter().cloned().chain(zeros).collect();
                format!("Constant([{}])", color.join(", "))
            }
            "BORDER_REPLICATE" | "1" => "Replicate".into(),
            "BORDER_REFLECT" | "2" => "Reflect".into(),
            "BORDER_WRAP" | "3" => "Wrap".into(),
            "BORDER_REFLECT_101" | "BORDER_REFLECT101" | "BORDER_DEFAULT" | "4" => "Reflect101".into(),
            other => return Err(Missing::new(format!("copyMakeBorder with {other}"))),
        };
        let (function, class) = (self.import("cv2::copy_make_border"), self.import("cv2::Border"));
        let text = format!("{function}({}, [{}], {class}::{border})?", image.borrowed(), sides.join(", "));
        Ok(Value::temporary(text, image.of))
    }

    /// A color of up to four channels. A number is that of the first channel alone.
    fn scalar(&mut self, color: &'a Expr) -> Ported<Vec<String>> {
        let color = self.expression(color)?;
        let numbers = match (&color.items, &color.of) {
            (Some(items), _) => items.iter().map(Value::as_float).collect::<Option<Vec<_>>>(),
            (None, Type::Tuple(_)) => {
                crate::arithmetic::items_of_tuple(&color).iter().map(Value::as_float).collect::<Option<Vec<_>>>()
            }
            (None, Type::List(of)) if of.is_number() => {
                return Err(Missing::new("a color that is a list with a name").help("make it a tuple"));
            }
            _ => color.as_float().map(|number| vec![number]),
        };
        numbers.filter(|numbers| (1..=4).contains(&numbers.len())).ok_or_else(|| Missing::new("this color"))
    }

    fn opencv_blur(&mut self, given: &Named<'a>) -> Ported<Value> {
        let image = self.opencv_image(given, "src")?;
        if image.of == Type::Floats {
            return Err(Missing::new("GaussianBlur of fractions"));
        }
        let window = match needed(given, "ksize")? {
            Expr::Tuple(tuple) => match &tuple.elts[..] {
                [a, b] => self.integer(a).filter(|&a| self.integer(b) == Some(a)),
                _ => None,
            },
            _ => None,
        };
        let is_zero = {
            let sigma = self.number(needed(given, "sigmaX")?)?;
            matches!(sigma.as_str(), "0.0" | "0")
        };
        let Some(window @ (3 | 5 | 7 | 9)) = window.filter(|_| is_zero) else {
            return Err(Missing::new("GaussianBlur with another window than 3, 5, 7 or 9 pixels, or a sigma"));
        };
        let function = self.import("cv2::gaussian_blur");
        Ok(Value::temporary(format!("{function}({}, {window})?", image.borrowed()), image.of))
    }
}
