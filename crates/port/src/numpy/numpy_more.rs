//! More of NumPy: grids, norms, limits, printing, and elements chosen by arrays.

use crate::arguments::{find, named_as, needed, no_words};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, ExprSubscript};

/// Functions of `ops` that are NumPy's, with the arguments that they take behind their arrays and what NumPy has for them.
const WITH_DEFAULTS: &[(&str, &[(&str, &str)])] = &[
    ("diff", &[("n", "1"), ("axis", "-1")]),
    ("trace", &[("offset", "0"), ("axis1", "0"), ("axis2", "1")]),
    ("array_split", &[("indices_or_sections", ""), ("axis", "0")]),
    ("split", &[("indices_or_sections", ""), ("axis", "0")]),
    ("cumprod", &[("axis", "()"), ("dtype", "None")]),
];

/// Those of two arrays.
const OF_TWO: &[&str] = &["arctan2", "inner", "hypot", "kron", "vdot"];

/// Whether the text makes an array of one axis.
pub(crate) fn is_vector(text: &str) -> bool {
    ["numpy::random::permutation(", "ops::argsort(", "ops::arange(", "numpy::flatnonzero(", "numpy::unique("]
        .iter()
        .any(|start| text.starts_with(start))
}

impl<'a> Program<'a> {
    /// The functions of NumPy that `numpy.rs` has not.
    pub(crate) fn other_numpy_call(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let list_of = |of: &Value| Type::List(Box::new(of.of.clone()));
        match name {
            // The places along each axis.
            "where" | "nonzero" | "argwhere" => {
                no_words(call)?;
                let [condition] = &call.arguments.args[..] else { return Err(Missing::new("where of this")) };
                let condition = self.expression(condition)?;
                let condition = self.tensor(&condition)?;
                let function = self.import("ops::nonzero");
                let places = format!("{function}({})?", condition.borrowed());
                match name {
                    "argwhere" => {
                        let stack = self.import("ops::stack");
                        Ok(Value::temporary(format!("{stack}(&{places}, 1)?"), Type::Ints))
                    }
                    _ => Ok(Value::temporary(places, Type::List(Box::new(Type::Ints)))),
                }
            }
            "meshgrid" => {
                let words = &call.arguments.keywords;
                let indexing = match words.first().map(|word| (word.arg.as_deref(), &word.value)) {
                    None => "xy".to_string(),
                    Some((Some("indexing"), Expr::StringLiteral(text))) => text.value.to_str().to_string(),
                    Some((other, _)) => return Err(Missing::new(format!("the argument {}", other.unwrap_or("**")))),
                };
                let arrays = self.arrays_of(&call.arguments.args)?;
                let first = arrays.first().cloned().ok_or_else(|| Missing::new("meshgrid of nothing"))?;
                let texts: Vec<_> = arrays.iter().map(Value::borrowed).collect();
                let function = self.import("ops::meshgrid");
                Ok(Value::temporary(format!("{function}(&[{}], {indexing:?})?", texts.join(", ")), list_of(&first)))
            }
            "set_printoptions" => self.print_options(call),
            "percentile" | "quantile" => {
                let given = named_as(call, &["a", "q", "axis"])?;
                let (of, q) = (self.expression(needed(&given, "a")?)?, self.expression(needed(&given, "q")?)?);
                let of = self.tensor(&of)?;
                let function = self.import(&format!("numpy::{name}"));
                let axes = match find(&given, "axis") {
                    None => "()".to_string(),
                    Some(axis) => self.axes_of(axis, None)?,
                };
                let scalar = ".to_dtype(DType::F64)?.to_scalar::<f64>()?";
                match (q.as_float(), find(&given, "axis").is_some(), &q.items) {
                    (Some(q), true, _) => {
                        Ok(Value::temporary(format!("{function}({}, {q}, {axes})?", of.borrowed()), Type::Floats))
                    }
                    (Some(q), false, _) => Ok(Value::temporary(
                        format!("{function}({}, {q}, {axes})?{scalar}", of.borrowed()),
                        Type::Float,
                    )),
                    (None, _, Some(items)) => {
                        let numbers: Option<Vec<_>> = items.iter().map(Value::as_float).collect();
                        let numbers = numbers.ok_or_else(|| Missing::new(format!("{name} of this")))?;
                        let text = format!("{function}({}, [{}], {axes})?", of.borrowed(), numbers.join(", "));
                        Ok(Value::temporary(text, Type::Floats))
                    }
                    _ => Err(Missing::new(format!("{name} of this"))),
                }
            }
            "ravel" | "copy" => {
                let of = self.expression(needed(&named_as(call, &["a"])?, "a")?)?;
                let of = self.tensor(&of)?;
                let method = if name == "ravel" { "flatten_all" } else { "copy" };
                Ok(Value::temporary(format!("{}.{method}()?", of.at(Strength::Whole)), of.of))
            }
            "full_like" => {
                let given = named_as(call, &["a", "fill_value"])?;
                let of = self.expression(needed(&given, "a")?)?;
                let of = self.tensor(&of)?;
                let number = self.number(needed(&given, "fill_value")?)?;
                let whole = of.at(Strength::Whole);
                let text = format!("Tensor::full({number}, {whole}.dims(), &Device::Cpu)?.to_dtype({whole}.dtype())?");
                Ok(Value::temporary(text, of.of))
            }
            "broadcast_to" => {
                let given = named_as(call, &["array", "shape"])?;
                let of = self.expression(needed(&given, "array")?)?;
                let (of, shape) = (self.tensor(&of)?, self.shape(needed(&given, "shape")?)?);
                Ok(Value::temporary(format!("{}.broadcast_as({shape})?", of.at(Strength::Whole)), of.of))
            }
            "array_equal" | "allclose" => {
                let given = named_as(call, &["a", "b", "rtol", "atol"])?;
                let (a, b) = (self.expression(needed(&given, "a")?)?, self.expression(needed(&given, "b")?)?);
                let (a, b) = (self.tensor(&a)?, self.tensor(&b)?);
                let mut tolerances = String::new();
                if name == "allclose" {
                    for (tolerance, default) in [("rtol", "1e-5"), ("atol", "1e-8")] {
                        let text = match find(&given, tolerance) {
                            Some(tolerance) => self.number(tolerance)?,
                            None => default.into(),
                        };
                        tolerances.push_str(&format!(", {text}"));
                    }
                }
                let function = self.import(&format!("numpy::{name}"));
                Ok(Value::temporary(format!("{function}({}, {}{tolerances})?", a.borrowed(), b.borrowed()), Type::Bool))
            }
            "ptp" => {
                no_words(call)?;
                let [of] = &call.arguments.args[..] else { return Err(Missing::new("ptp of this")) };
                let of = self.expression(of)?;
                let of = self.tensor(&of)?;
                let (most, least) = (self.reduction("max", &of, None, None)?, self.reduction("min", &of, None, None)?);
                Ok(Value::new(format!("{} - {}", most.text, least.text), most.of, Strength::Sum, Form::Temporary))
            }
            "isfinite" | "isinf" | "rint" | "cbrt" | "exp2" | "deg2rad" => {
                let of = self.expression(needed(&named_as(call, &["x"])?, "x")?)?;
                let of = self.tensor(&of)?;
                let (function, result) = match name {
                    "rint" => ("round", of.of.clone()),
                    "isfinite" | "isinf" => (name, Type::Mask),
                    name => (name, Type::Floats),
                };
                let function = self.import(&format!("ops::{function}"));
                let extra = if name == "rint" { ", 0" } else { "" };
                Ok(Value::temporary(format!("{function}({}{extra})?", of.borrowed()), result))
            }
            "linalg.inv" | "linalg.det" => {
                let of = self.expression(needed(&named_as(call, &["a"])?, "a")?)?;
                let of = self.tensor(&of)?;
                let name = name.trim_start_matches("linalg.");
                let function = self.import(&format!("ops::{name}"));
                let text = format!("{function}({})?", self.fractions(&of));
                match name {
                    "det" => {
                        Ok(Value::temporary(format!("{text}.to_dtype(DType::F64)?.to_scalar::<f64>()?"), Type::Float))
                    }
                    _ => Ok(Value::temporary(text, Type::Floats)),
                }
            }
            name if OF_TWO.contains(&name) => {
                let given = named_as(call, &["x1", "x2"])?;
                let (a, b) = (self.expression(needed(&given, "x1")?)?, self.expression(needed(&given, "x2")?)?);
                self.of_two(name, &a, &b)
            }
            name => match WITH_DEFAULTS.iter().find(|(own, _)| *own == name) {
                Some((_, defaults)) => self.with_defaults(name, defaults, call),
                None => Err(Missing::new(format!("numpy.{name} is not known here"))),
            },
        }
    }

    fn arrays_of(&mut self, arguments: &'a [Expr]) -> Ported<Vec<Value>> {
        arguments.iter().map(|argument| self.expression(argument).and_then(|value| self.tensor(&value))).collect()
    }

    /// A function of `ops` that takes an array and these arguments in their order.
    fn with_defaults(&mut self, name: &str, defaults: &[(&str, &str)], call: &'a ExprCall) -> Ported<Value> {
        let names: Vec<&str> = ["a"].into_iter().chain(defaults.iter().map(|(name, _)| *name)).collect();
        let given = named_as(call, &names)?;
        let of = self.expression(needed(&given, "a")?)?;
        let of = self.tensor(&of)?;
        let mut text = String::new();
        for (argument, default) in defaults {
            let value = match find(&given, argument) {
                Some(argument) => {
                    let value = self.expression(argument)?;
                    crate::arguments::integers(&value)
                        .ok_or_else(|| Missing::new(format!("{name} with {}", value.of.described())))?
                }
                None if default.is_empty() => return Err(Missing::new(format!("{name} without {argument}"))),
                None => default.to_string(),
            };
            text.push_str(&format!(", {value}"));
        }
        let function = self.import(&format!("ops::{name}"));
        let result = match name {
            "split" | "array_split" => Type::List(Box::new(of.of.clone())),
            "trace" => Type::Float,
            _ => of.of.clone(),
        };
        let scalar = if name == "trace" { ".to_dtype(DType::F64)?.to_scalar::<f64>()?" } else { "" };
        Ok(Value::temporary(format!("{function}({}{text})?{scalar}", of.borrowed()), result))
    }

    /// `np.set_printoptions(precision=3)`
    fn print_options(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["precision", "threshold", "edgeitems", "linewidth", "suppress"])?;
        let mut options = String::new();
        for (name, argument) in &given {
            let kind = if name == "suppress" { "bool" } else { "usize" };
            let is_endless = matches!(self.path_of(argument).as_deref(), Some("sys.maxsize" | "numpy.inf"));
            let text = match name.as_str() {
                "edgeitems" => return Err(Missing::new("edgeitems of printed arrays")),
                "threshold" if is_endless => "usize::MAX".into(),
                name => self.argument(argument, kind, name)?,
            };
            options.push_str(&format!(".{name}({text})"));
        }
        if options.is_empty() {
            return Ok(Value::constant("()", Type::None));
        }
        let (function, class) = (self.import("numpy::set_printoptions"), self.import("numpy::PrintOptions"));
        Ok(Value::temporary(format!("{function}({class}::new(){options})"), Type::None))
    }

    /// `np.mean(lengths, dtype=int)`, which leaves out the fraction.
    pub(crate) fn whole_mean(
        &mut self,
        name: &str,
        of: &Value,
        (axis, dtype): (Option<&'a Expr>, &'a Expr),
    ) -> Ported<Value> {
        let dtype = self.dtype(Some(dtype), "")?;
        if name != "mean" || axis.is_some() || dtype != "DType::I64" {
            return Err(Missing::new(format!("{name} with a dtype")));
        }
        let whole = of.at(Strength::Whole);
        match &of.of {
            Type::List(element) if **element == Type::Int => Ok(Value::new(
                format!("{whole}.iter().sum::<usize>() / {whole}.len()"),
                Type::Int,
                Strength::Product,
                Form::Temporary,
            )),
            Type::Ints => {
                let mean = self.reduction("mean", of, None, None)?;
                Ok(Value::new(format!("{} as i64", mean.text), Type::Signed, Strength::Cast, Form::Temporary))
            }
            of => Err(Missing::new(format!("a mean without fractions of {}", of.described()))),
        }
    }

    /// `np.finfo(np.float32).eps`; `None` if it is something else.
    pub(crate) fn limit(&mut self, of: &'a Expr, name: &str) -> Ported<Option<Value>> {
        let Expr::Call(call) = of else { return Ok(None) };
        let kind = match self.path_of(&call.func).as_deref() {
            Some("numpy.finfo") => "finfo",
            Some("numpy.iinfo") => "iinfo",
            _ => return Ok(None),
        };
        let [dtype] = &call.arguments.args[..] else { return Err(Missing::new(format!("np.{kind} of this"))) };
        let dtype = self.dtype(Some(dtype), "")?;
        let limit = match name {
            "eps" => "EPSILON",
            "max" => "MAX",
            "min" => "MIN",
            "tiny" => "MIN_POSITIVE",
            _ => return Err(Missing::new(format!("{name} of np.{kind}"))),
        };
        Ok(Some(match (kind, dtype.as_str()) {
            ("finfo", "DType::F32") => Value::temporary(format!("f64::from(f32::{limit})"), Type::Float),
            ("finfo", "DType::F64") => Value::temporary(format!("f64::{limit}"), Type::Float),
            ("iinfo", "DType::I64") => Value::temporary(format!("i64::{limit}"), Type::Signed),
            ("iinfo", "DType::I32") => Value::temporary(format!("i64::from(i32::{limit})"), Type::Signed),
            _ => return Err(Missing::new(format!("np.{kind} of this"))),
        }))
    }

    /// `np.mgrid[0:3, 0:4]`; `None` if it is something else.
    pub(crate) fn grid(&mut self, subscript: &'a ExprSubscript) -> Ported<Option<Value>> {
        if self.path_of(&subscript.value).as_deref() != Some("numpy.mgrid") {
            return Ok(None);
        }
        let Expr::Tuple(parts) = &*subscript.slice else { return Err(Missing::new("mgrid of one axis")) };
        let mut ranges = Vec::new();
        for part in &parts.elts {
            let Expr::Slice(slice) = part else { return Err(Missing::new("mgrid of other things than slices")) };
            let Some(upper) = slice.upper.as_deref() else { return Err(Missing::new("mgrid without an end")) };
            let mut end = |end: Option<&'a Expr>, default: &str| match end {
                None => Ok(default.to_string()),
                Some(end) => {
                    let value = self.expression(end)?;
                    match value.of {
                        Type::Int | Type::Signed => {
                            value.as_float().ok_or_else(|| Missing::new("mgrid of other things than integers"))
                        }
                        _ => Err(Missing::new("mgrid of other things than integers")),
                    }
                }
            };
            let (from, to, step) =
                (end(slice.lower.as_deref(), "0.0")?, end(Some(upper), "")?, end(slice.step.as_deref(), "1.0")?);
            let function = self.import("ops::arange");
            ranges.push(format!("&{function}({from}, {to}, {step}, \"int64\")?"));
        }
        let function = self.import("ops::meshgrid");
        let text = format!("{function}(&[{}], \"ij\")?", ranges.join(", "));
        Ok(Some(Value::temporary(text, Type::List(Box::new(Type::Ints)))))
    }

    /// `x[mask, ::2] += 1` and `x[rows, columns] = 1`, for each chosen row; whether it is that.
    pub(crate) fn assign_chosen(&mut self, array: &Value, index: &'a Expr, sign: &str, value: &Value) -> Ported<bool> {
        let Type::Mutable { .. } = array.of else { return Ok(false) };
        let parts: Vec<&'a Expr> = match index {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let mut arrays = Vec::new();
        for part in &parts {
            if part.is_slice_expr() || part.is_ellipsis_literal_expr() || part.is_number_literal_expr() {
                continue;
            }
            let written = self.body.len();
            let value = self.expression(part)?;
            self.body.truncate(written);
            if matches!(value.of, Type::Mask | Type::Ints) || matches!(&value.of, Type::List(of) if **of == Type::Int) {
                arrays.push(value);
            }
        }
        // A name may be that of one number.
        let is_choice = |part: &Expr, value: &Value| value.of != Type::Ints || part.is_call_expr();
        match &arrays[..] {
            // A number for each chosen element of a vector.
            [mask] if mask.of == Type::Mask && parts.len() == 1 && sign == "=" && value.of.is_array() => {
                self.values_loop(array, mask, value).map(|()| true)
            }
            [rows] if is_choice(parts[0], rows) => {
                if !value.of.is_number() {
                    return Err(Missing::new("an array that is assigned to chosen rows"));
                }
                if rows.of != Type::Mask && sign != "=" {
                    return Err(Missing::new("a change of rows that may be chosen twice"));
                }
                if let (Type::Mask, [mask], Type::Mutable { rank, .. }) = (&rows.of, &parts[..], &array.of) {
                    if *rank == 1 || has_shape_of(mask, &array.text) {
                        return self.elements_loop(array, rows, sign, value).map(|()| true);
                    }
                    if *rank != crate::numpy::mutable::DYNAMIC && mask.is_name_expr() {
                        return Err(Missing::new("a mask whose shape is not known"));
                    }
                }
                let first = self.expression(parts[0])?;
                if first.text != rows.text {
                    return Err(Missing::new("rows that are not chosen first"));
                }
                self.rows_loop(array, rows, &parts[1..], sign, value).map(|()| true)
            }
            [rows, columns]
                if parts.iter().zip([rows, columns]).any(|(part, value)| is_choice(part, value))
                    && parts.len() == 2
                    && sign == "="
                    && rows.of != Type::Mask
                    && columns.of != Type::Mask =>
            {
                if !value.of.is_number() {
                    return Err(Missing::new("an array that is assigned to chosen elements"));
                }
                self.pairs_loop(array, (rows, columns), value).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    /// The places that an array says, as an iterator of `i64`.
    fn chosen(&mut self, of: &Value) -> String {
        match &of.of {
            Type::Mask => {
                let function = self.import("numpy::flatnonzero");
                format!("{function}({})?.to_vec1::<i64>()?", of.borrowed())
            }
            Type::List(_) => of.borrowed(),
            _ => format!("{}.to_dtype(DType::I64)?.to_vec1::<i64>()?", of.at(Strength::Whole)),
        }
    }

    /// `x[x < 0] = value`
    fn elements_loop(&mut self, array: &Value, mask: &Value, sign: &str, value: &Value) -> Ported<()> {
        let Type::Mutable { of, .. } = array.of else { return Ok(()) };
        let number =
            self.element_of(of, value)?.ok_or_else(|| Missing::new("an array that is assigned to elements"))?;
        let whole = array.at(Strength::Whole);
        let mask = mask.at(Strength::Whole);
        self.line(&format!("let chosen = {mask}.flatten_all()?.to_dtype(DType::U8)?.to_vec1::<u8>()?;"));
        self.line(&format!("for (element, is_chosen) in {whole}.iter_mut().zip(chosen) {{"));
        self.line("    if is_chosen != 0 {");
        self.line(&format!("        *element {sign} {number};"));
        self.line("    }");
        self.line("}");
        Ok(())
    }

    fn rows_loop(&mut self, array: &Value, rows: &Value, rest: &[&'a Expr], sign: &str, value: &Value) -> Ported<()> {
        let whole = array.at(Strength::Whole);
        let Type::Mutable { of, rank } = array.of else { return Ok(()) };
        let number = self.element_of(of, value)?.ok_or_else(|| Missing::new("an array that is assigned to rows"))?;
        let mut parts = vec![if matches!(rows.of, Type::List(_)) { "row" } else { "row as usize" }.to_string()];
        for part in rest {
            parts.push(match part {
                Expr::EllipsisLiteral(_) => "..".into(),
                Expr::Slice(slice) => self.plain_slice(slice)?,
                part => match self.expression(part)? {
                    place if place.of == Type::Int => place.text,
                    _ => return Err(Missing::new("this place beside chosen rows")),
                },
            });
        }
        if rank != crate::numpy::mutable::DYNAMIC {
            parts.extend(std::iter::repeat_n("..".to_string(), rank.saturating_sub(parts.len())));
        }
        let places = self.chosen(rows);
        let pattern = if matches!(rows.of, Type::List(_)) { "&row" } else { "row" };
        self.line(&format!("for {pattern} in {places} {{"));
        let all_one = parts.iter().all(|part| !part.contains(".."));
        match (all_one, sign) {
            (true, sign) => self.line(&format!("    {whole}[[{}]] {sign} {number};", parts.join(", "))),
            (false, sign) => {
                let known = self.graphs.ranks.get(&whole).copied();
                if let Some(known) = known {
                    parts.extend(std::iter::repeat_n("..".to_string(), known.saturating_sub(parts.len())));
                }
                let part = match rank {
                    crate::numpy::mutable::DYNAMIC if known.is_none() => {
                        self.import_from("ndarray::Slice");
                        in_any_rank(&whole, &parts)
                    }
                    _ => {
                        self.import_from("ndarray::s");
                        format!("{whole}.slice_mut(s![{}])", parts.join(", "))
                    }
                };
                match sign {
                    "=" => self.line(&format!("    {part}.fill({number});")),
                    sign => {
                        self.line(&format!("    let mut part = {part};"));
                        self.line(&format!("    part {sign} {number};"));
                    }
                }
            }
        }
        self.line("}");
        Ok(())
    }

    /// `x[mask] = values`, of a vector: a number for each chosen element.
    fn values_loop(&mut self, array: &Value, mask: &Value, values: &Value) -> Ported<()> {
        let Type::Mutable { of, rank } = array.of else { return Ok(()) };
        if rank != 1 && rank != crate::numpy::mutable::DYNAMIC {
            return Err(Missing::new("an array that is assigned to chosen rows"));
        }
        let numbers =
            format!("{}.to_dtype(DType::{})?.to_vec1::<{of}>()?", values.at(Strength::Whole), of.to_uppercase());
        let places = self.chosen(mask);
        self.line(&format!("for (place, number) in {places}.into_iter().zip({numbers}) {{"));
        self.line(&format!("    {}[[place as usize]] = number;", array.at(Strength::Whole)));
        self.line("}");
        Ok(())
    }

    fn plain_slice(&mut self, slice: &'a ruff_python_ast::ExprSlice) -> Ported<String> {
        let mut end = |end: Option<&'a Expr>| match end {
            None => Ok(String::new()),
            Some(end) => match self.expression(end)? {
                end if end.of == Type::Int && end.is_literal() => Ok(end.text),
                _ => Err(Missing::new("a computed slice beside chosen rows")),
            },
        };
        let (from, to, step) =
            (end(slice.lower.as_deref())?, end(slice.upper.as_deref())?, end(slice.step.as_deref())?);
        Ok(if step.is_empty() { format!("{from}..{to}") } else { format!("{from}..{to};{step}") })
    }

    fn pairs_loop(&mut self, array: &Value, (rows, columns): (&Value, &Value), value: &Value) -> Ported<()> {
        let Type::Mutable { of, rank } = array.of else { return Ok(()) };
        if rank != 2 && rank != crate::numpy::mutable::DYNAMIC {
            return Err(Missing::new("chosen elements of such an array"));
        }
        let number =
            self.element_of(of, value)?.ok_or_else(|| Missing::new("an array that is assigned to elements"))?;
        let (places, others) = (self.chosen(rows), self.chosen(columns));
        self.line(&format!("for (row, column) in {places}.into_iter().zip({others}) {{"));
        self.line(&format!("    {}[[row as usize, column as usize]] = {number};", array.at(Strength::Whole)));
        self.line("}");
        Ok(())
    }
}

/// Slices of an array of any rank: the axes keep their places.
fn in_any_rank(whole: &str, parts: &[String]) -> String {
    let arm = |(axis, part): (usize, &String)| match part.split_once(';') {
        _ if part == ".." => None,
        Some((range, step)) => Some(format!("{axis} => Slice::from({range}).step_by({step})")),
        None if part.contains("..") => Some(format!("{axis} => Slice::from({part})")),
        None => Some(format!("{axis} => Slice::from({part}..{part} + 1)")),
    };
    let arms: Vec<_> = parts.iter().enumerate().filter_map(arm).chain(["_ => Slice::from(..)".to_string()]).collect();
    format!("{whole}.slice_each_axis_mut(|axis| match axis.axis.index() {{ {} }})", arms.join(", "))
}

/// Whether a condition is one on the elements of this array: `x < 0`, `~(x < 0)`.
fn has_shape_of(mask: &Expr, array: &str) -> bool {
    let is_it = |side: &Expr| match side {
        Expr::Name(name) => crate::script::names::in_snake_case(&name.id) == array,
        side => has_shape_of(side, array),
    };
    match mask {
        Expr::Compare(compare) => is_it(&compare.left) || compare.comparators.iter().any(is_it),
        Expr::BinOp(binary) => is_it(&binary.left) || is_it(&binary.right),
        Expr::UnaryOp(unary) => is_it(&unary.operand),
        Expr::Call(call) => {
            let is_of_elements = matches!(&*call.func, Expr::Attribute(attribute)
                if matches!(attribute.attr.as_str(), "abs" | "isnan" | "isinf" | "isfinite" | "logical_not" | "logical_and" | "logical_or"));
            is_of_elements && call.arguments.args.first().is_some_and(is_it)
        }
        _ => false,
    }
}
