//! Arrays whose elements the script assigns one by one: `ndarray`, since tensors do not change.

use crate::arguments::{find, named_as, needed};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, Operator};

/// The rank of an array whose rank is not known here: an `ArrayD`.
pub(crate) const DYNAMIC: usize = 0;

impl<'a> Program<'a> {
    /// `np.zeros((n, 3))` for a name whose elements are assigned; `None` if it is something else.
    pub(crate) fn mutable_array(&mut self, name: &str, value: &'a Expr) -> Ported<Option<Value>> {
        let Expr::Call(call) = value else { return Ok(None) };
        if !self.scan().is_item_assigned(name) {
            return Ok(None);
        }
        let Some(path) = self.path_of(&call.func) else { return Ok(None) };
        let fill = match path.as_str() {
            "numpy.zeros" | "numpy.empty" => "zeros",
            "numpy.ones" => "ones",
            _ => return Ok(None),
        };
        let given = named_as(call, &["shape", "dtype"])?;
        let shape = self.expression(needed(&given, "shape")?)?;
        let sizes = match (&shape.of, &shape.items) {
            (Type::Int, _) => vec![shape.text.clone()],
            (_, Some(items)) if items.iter().all(|item| item.of == Type::Int) => {
                items.iter().map(|item| item.text.clone()).collect()
            }
            (Type::List(of), None) if **of == Type::Int => {
                return self.mutable_of_shape(fill, &shape, find(&given, "dtype")).map(Some);
            }
            _ => return Err(Missing::new("an array of a computed shape whose elements are assigned")),
        };
        let of = self.type_of_elements(find(&given, "dtype"))?;
        let rank = sizes.len();
        if rank > 6 {
            return Err(Missing::new("an array of so many axes"));
        }
        self.import_from(&format!("ndarray::Array{rank}"));
        let sizes = if rank == 1 { sizes.join("") } else { format!("({})", sizes.join(", ")) };
        let text = format!("Array{rank}::<{of}>::{fill}({sizes})");
        Ok(Some(Value::temporary(text, Type::Mutable { of, rank })))
    }

    /// `np.zeros((10, *x.shape))`, whose rank is known when the program runs.
    fn mutable_of_shape(&mut self, fill: &str, shape: &Value, dtype: Option<&'a Expr>) -> Ported<Value> {
        let of = self.type_of_elements(dtype)?;
        self.import_from("ndarray::ArrayD");
        let text = format!("ArrayD::<{of}>::{fill}({})", shape.text);
        Ok(Value::temporary(text, Type::Mutable { of, rank: DYNAMIC }))
    }

    fn type_of_elements(&mut self, dtype: Option<&'a Expr>) -> Ported<&'static str> {
        Ok(match self.dtype(dtype, "DType::F64")?.as_str() {
            "DType::F32" => "f32",
            "DType::I64" | "DType::I32" => "i64",
            "DType::U8" => "u8",
            _ => "f64",
        })
    }

    /// An array whose elements are assigned behind: one that nothing else names.
    pub(crate) fn changeable(&mut self, value: Value) -> Ported<Value> {
        if !value.of.is_array() || matches!(value.form, Form::Place | Form::Reference) {
            return Ok(value);
        }
        let of = match &value.of {
            Type::Ints if Self::is_of_bytes(&value) => "u8",
            Type::Ints => "i64",
            Type::Mask => "u8",
            _ if value.text.ends_with("to_dtype(DType::F32)?") => "f32",
            _ => "f64",
        };
        let function = self.import("numpy::to_ndarray");
        let text = format!("{function}::<{of}>({})?", value.borrowed());
        Ok(Value::temporary(text, Type::Mutable { of, rank: DYNAMIC }))
    }

    /// `x[i, 2:5] += value`
    pub(crate) fn change_part(&mut self, array: &Value, index: &'a Expr, op: Operator, value: &Value) -> Ported<()> {
        let sign = match op {
            Operator::Add => "+=",
            Operator::Sub => "-=",
            Operator::Mult => "*=",
            Operator::Div => "/=",
            _ => return Err(Missing::new("this operator on a part of an array")),
        };
        self.assign_part(array, index, sign, value)
    }

    /// `x += value`
    pub(crate) fn change_whole(&mut self, array: &Value, op: Operator, value: &'a Expr) -> Ported<()> {
        let sign = match op {
            Operator::Add => "+=",
            Operator::Sub => "-=",
            Operator::Mult => "*=",
            Operator::Div => "/=",
            _ => return Err(Missing::new("this operator on an array")),
        };
        let Type::Mutable { of, .. } = array.of else { return Err(Missing::new("a change of this")) };
        let value = self.expression(value)?;
        let whole = array.at(Strength::Whole);
        if let Some(number) = self.element_of(of, &value)? {
            self.line(&format!("{whole} {sign} {number};"));
            return Ok(());
        }
        let tensor = self.tensor(&value)?;
        let dtype = match of {
            "f32" => "F32",
            "i64" => "I64",
            "u8" => "U8",
            _ => "F64",
        };
        let numbers = self.free_name("numbers");
        self.line(&format!(
            "let {numbers} = {}.to_dtype(DType::{dtype})?.broadcast_as({whole}.shape())?.flatten_all()?.to_vec1::<{of}>()?;",
            tensor.at(Strength::Whole)
        ));
        self.line(&format!("for (element, number) in {whole}.iter_mut().zip({numbers}) {{"));
        self.line(&format!("    *element {sign} number;"));
        self.line("}");
        Ok(())
    }

    /// `x[i, j]`
    pub(crate) fn mutable_element(&mut self, array: &Value, index: &'a Expr) -> Ported<Value> {
        let Type::Mutable { of, rank } = array.of else { return Err(Missing::new("an element of this")) };
        let indices = self.indices(array, index)?;
        if indices.len() != rank || rank == DYNAMIC {
            let tensor = self.tensor(array)?;
            return self.array_index(&tensor, index);
        }
        let text = format!("{}[[{}]]", array.at(Strength::Whole), indices.join(", "));
        match of {
            "f64" => Ok(Value::place(text, Type::Float)),
            of if of.starts_with('f') => Ok(Value::temporary(format!("f64::from({text})"), Type::Float)),
            "i64" => Ok(Value::place(text, Type::Signed)),
            _ => Ok(Value::temporary(format!("i64::from({text})"), Type::Signed)),
        }
    }

    fn indices(&mut self, array: &Value, index: &'a Expr) -> Ported<Vec<String>> {
        let parts = match index {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let mut texts = Vec::new();
        for part in parts {
            if part.is_slice_expr() {
                return Ok(Vec::new());
            }
            if matches!(part, Expr::Name(name) if self.known.vectors.contains(name.id.as_str())) {
                return Ok(Vec::new());
            }
            let value = self.expression(part)?;
            match value.of {
                Type::Mask | Type::List(_) => return Ok(Vec::new()),
                Type::Int => texts.push(value.text),
                Type::Id => texts.push(format!("{} as usize", value.at(Strength::Cast))),
                Type::Signed if value.form != Form::Constant => {
                    let function = self.import("python::place");
                    let axis = texts.len();
                    texts.push(format!("{function}({}, {}.shape()[{axis}])?", value.text, array.at(Strength::Whole)));
                }
                Type::Ints => texts
                    .push(format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize", value.at(Strength::Whole))),
                Type::Signed => return Ok(Vec::new()),
                of => return Err(Missing::new(format!("an array at {}", of.described()))),
            }
        }
        Ok(texts)
    }

    /// `x[i, j] = value`
    pub(crate) fn assign_element(&mut self, array: &Value, index: &'a Expr, value: &Value) -> Ported<()> {
        self.assign_part(array, index, "=", value)
    }

    /// `x[i, j] = value`, or another operator of assignment.
    fn assign_part(&mut self, array: &Value, index: &'a Expr, sign: &str, value: &Value) -> Ported<()> {
        let Type::Mutable { of, rank } = array.of else { return Err(Missing::new("an assignment to this")) };
        if self.assign_chosen(array, index, sign, value)? {
            return Ok(());
        }
        let whole = array.at(Strength::Whole);
        let mut indices = self.indices(array, index)?;
        // The array is borrowed where it is changed.
        for (axis, place) in indices.iter_mut().enumerate().filter(|(_, place)| place.contains(".shape()[")) {
            self.line(&format!("let place{axis} = {place};"));
            *place = format!("place{axis}");
        }
        let number = self.element_of(of, value)?;
        match (number, indices.len()) {
            (Some(number), count) if count == rank && rank != DYNAMIC => {
                self.line(&format!("{whole}[[{}]] {sign} {number};", indices.join(", ")));
            }
            (number, count) => {
                // What is assigned is read first, since the array is borrowed where a part of it changes.
                let reads_itself =
                    |text: &str| crate::program::has_word(text, whole.rsplit('.').next().unwrap_or(&whole));
                let number = number.map(|number| match reads_itself(&number) {
                    true => {
                        self.line(&format!("let number = {number};"));
                        "number".to_string()
                    }
                    false => number,
                });
                // The part is a place of its own.
                let part = match (count, rank) {
                    (0, DYNAMIC) => self.slice_of_any_rank(array, index, number.is_some())?,
                    (0, _) => self.slice_of(array, index)?,
                    (_, DYNAMIC) => {
                        let function = self.import("numpy::part_mut");
                        format!("{function}(&mut {whole}, &[{}])?", indices.join(", "))
                    }
                    _ => self.slice_of(array, index)?,
                };
                let name = self.free_name("part");
                match (number, sign) {
                    (Some(number), "=") => self.line(&format!("{part}.fill({number});")),
                    (Some(number), sign) => {
                        self.line("{");
                        self.line(&format!("    let mut {name} = {part};"));
                        self.line(&format!("    {name} {sign} {number};"));
                        self.line("}");
                    }
                    (None, sign) => {
                        let tensor = self.tensor(value)?;
                        let values = tensor.clone();
                        let dtype = match of {
                            "f32" => "F32",
                            "i64" => "I64",
                            "u8" => "U8",
                            _ => "F64",
                        };
                        let is_of_itself = crate::program::has_word(&tensor.text, &whole);
                        let tensor = match is_of_itself {
                            true => self.free_name("values"),
                            false => tensor.at(Strength::Whole),
                        };
                        let numbers = format!(
                            "{tensor}.to_dtype(DType::{dtype})?.broadcast_as({name}.shape())?.flatten_all()?.to_vec1::<{of}>()?"
                        );
                        self.line("{");
                        if is_of_itself {
                            self.line(&format!("    let {tensor} = {};", values.text));
                        }
                        self.line(&format!("    let mut {name} = {part};"));
                        self.line(&format!("    let numbers = {numbers};"));
                        self.line(&format!("    for (element, number) in {name}.iter_mut().zip(numbers) {{"));
                        self.line(&format!("        *element {sign} number;"));
                        self.line("    }");
                        self.line("}");
                    }
                }
            }
        }
        Ok(())
    }

    /// A number as an element of an array of this type; `None` for an array.
    pub(crate) fn element_of(&mut self, of: &str, value: &Value) -> Ported<Option<String>> {
        if value.of.is_array() || matches!(value.of, Type::Mutable { .. } | Type::List(_)) {
            return Ok(None);
        }
        let fraction = || value.as_float().ok_or_else(|| Missing::new("this number"));
        Ok(Some(match (of, &value.of) {
            ("f64" | "f32", Type::Bool) => format!("{of}::from({})", value.text),
            ("u8", Type::Bool) => format!("u8::from({})", value.text),
            ("f64", kind) if kind.is_number() => fraction()?,
            ("f32", kind) if kind.is_number() && value.is_literal() => fraction()?,
            ("f32", kind) if kind.is_number() => format!("({}) as f32", fraction()?),
            (_, Type::Int | Type::Signed) if value.is_literal() || (of == "i64" && value.of == Type::Signed) => {
                value.text.clone()
            }
            // Fractions are cut.
            (of, kind) if kind.is_number() => format!("({}) as {of}", value.text),
            (of, Type::Id) => format!("{} as {of}", value.at(Strength::Cast)),
            (_, kind) => return Err(Missing::new(format!("{} as an element of an array", kind.described()))),
        }))
    }

    /// An end of `a:b`, on this axis of an array.
    fn end_of_slice(&mut self, end: Option<&'a Expr>, whole: &str, axis: usize) -> Ported<String> {
        match end {
            None => Ok(String::new()),
            Some(end) => match self.expression(end)? {
                // NumPy ends where the array ends.
                value if value.of == Type::Int && self.scan().may_be_beyond(end) => {
                    Ok(format!("usize::min({}, {whole}.shape()[{axis}])", value.text))
                }
                end if end.of == Type::Int => Ok(end.at(Strength::Sum)),
                end if end.of == Type::Signed && end.form == Form::Constant => {
                    Ok(format!("{whole}.shape()[{axis}] - {}", end.text.trim_start_matches('-')))
                }
                // A negative one is an error here.
                end if matches!(end.of, Type::Ints | Type::Signed) => {
                    let number = match end.of {
                        Type::Ints => format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()?", end.at(Strength::Whole)),
                        _ => end.text,
                    };
                    Ok(format!(
                        "usize::min(usize::try_from({number}).map_err(|error| Error::new(error.to_string()))?, {whole}.shape()[{axis}])"
                    ))
                }
                _ => Err(Missing::new("a slice from the end")),
            },
        }
    }

    /// `x[i, 2:5]`, to be changed, of an array of any rank: the axes keep their places.
    fn slice_of_any_rank(&mut self, array: &Value, index: &'a Expr, is_number: bool) -> Ported<String> {
        let parts = match index {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let is_slice = |part: &&Expr| part.is_slice_expr();
        let places_first = parts.iter().skip_while(|part| !is_slice(part)).all(is_slice);
        let has_other = parts
            .iter()
            .any(|part| part.is_ellipsis_literal_expr() || matches!(part, Expr::Slice(slice) if slice.step.is_some()));
        // An array is laid along the axes that are left.
        // Who writes `:` behind writes all axes.
        let is_full =
            |part: &&Expr| matches!(part, Expr::Slice(slice) if slice.lower.is_none() && slice.upper.is_none());
        let is_known = self.graphs.ranks.contains_key(&array.text) || parts.last().is_some_and(is_full);
        if has_other || is_known || !(is_number || places_first) {
            return self.slice_of(array, index);
        }
        let whole = array.at(Strength::Whole);
        let mut arms = Vec::new();
        for (axis, part) in parts.iter().enumerate() {
            let range = match part {
                Expr::Slice(slice) => {
                    let ends = [slice.lower.as_deref(), slice.upper.as_deref()];
                    let [from, to] = ends.map(|end| self.end_of_slice(end, &whole, axis));
                    let (from, to) = (self.before_slice(from?, "start", axis), self.before_slice(to?, "end", axis));
                    format!("{from}..{to}")
                }
                part => {
                    let place = self.place_beside_slice(part, &whole, axis)?;
                    let place = self.before_slice(place, "place", axis);
                    format!("{place}..{place} + 1")
                }
            };
            if range != ".." {
                arms.push(format!("{axis} => Slice::from({range})"));
            }
        }
        self.import_from("ndarray::Slice");
        arms.push("_ => Slice::from(..)".into());
        Ok(format!("{whole}.slice_each_axis_mut(|axis| match axis.axis.index() {{ {} }})", arms.join(", ")))
    }

    /// What is computed has a name before the array is borrowed.
    fn before_slice(&mut self, text: String, name: &str, axis: usize) -> String {
        let is_plain = text.chars().all(|c| c.is_alphanumeric() || c == '_');
        if is_plain {
            return text;
        }
        self.line(&format!("let {name}{axis} = {text};"));
        format!("{name}{axis}")
    }

    fn place_beside_slice(&mut self, part: &'a Expr, whole: &str, axis: usize) -> Ported<String> {
        let place = self.expression(part)?;
        match place.of {
            Type::Int => Ok(place.text),
            Type::Id | Type::Signed if place.form != Form::Constant => {
                Ok(format!("{} as usize", place.at(Strength::Cast)))
            }
            Type::Signed => Ok(format!("{whole}.shape()[{axis}] - {}", place.text.trim_start_matches('-'))),
            // A negative one is beyond the array.
            Type::Ints => {
                Ok(format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize", place.at(Strength::Whole)))
            }
            _ => Err(Missing::new("a computed place beside a slice")),
        }
    }

    /// `x[i, 2:5]`, to be changed.
    fn slice_of(&mut self, array: &Value, index: &'a Expr) -> Ported<String> {
        let Type::Mutable { rank, .. } = array.of else { return Err(Missing::new("an assignment to this")) };
        let rank = self.graphs.ranks.get(&array.text).copied().unwrap_or(rank);
        let parts = match index {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let whole = array.at(Strength::Whole);
        let mut texts = Vec::new();
        for (axis, part) in parts.iter().enumerate() {
            texts.push(match part {
                Expr::EllipsisLiteral(_) => "..".to_string(),
                Expr::Slice(slice) => {
                    let mut has_signed = false;
                    let mut end = |end: Option<&'a Expr>| match end {
                        None => Ok(String::new()),
                        Some(end) => match self.expression(end)? {
                            // NumPy ends where the array ends.
                            value if value.of == Type::Int && self.scan().may_be_beyond(end) => {
                                Ok(format!("usize::min({}, {whole}.shape()[{axis}])", value.text))
                            }
                            end if end.of == Type::Int => Ok(end.at(Strength::Sum)),
                            end if end.of == Type::Signed && end.form == Form::Constant => Ok(end.text),
                            end if end.of == Type::Ints => {
                                let number =
                                    format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()?", end.at(Strength::Whole));
                                Ok(format!("{number} as usize"))
                            }
                            end if end.of == Type::Signed => {
                                has_signed = true;
                                Ok(format!(
                                    "isize::min({} as isize, {whole}.shape()[{axis}] as isize)",
                                    end.at(Strength::Cast)
                                ))
                            }
                            _ => Err(Missing::new("a slice from the end")),
                        },
                    };
                    let mut ends = [end(slice.lower.as_deref())?, end(slice.upper.as_deref())?];
                    // Both ends are of one type.
                    for end in ends.iter_mut().filter(|end| has_signed && !end.is_empty() && !end.contains("isize")) {
                        let is_literal = end.trim_start_matches('-').chars().all(|c| c.is_ascii_digit());
                        *end = if is_literal { end.clone() } else { format!("({end}) as isize") };
                    }
                    // The array is borrowed where it is sliced.
                    for (end, name) in ends.iter_mut().zip(["start", "end"]) {
                        if end.contains(&whole) {
                            self.line(&format!("let {name}{axis} = {end};"));
                            *end = format!("{name}{axis}");
                        }
                    }
                    let [from, to] = ends;
                    match slice.step.as_deref() {
                        None => format!("{from}..{to}"),
                        Some(step) => format!("{from}..{to};{}", self.argument(step, "usize", "a step")?),
                    }
                }
                part => {
                    let place = self.expression(part)?;
                    match place.of {
                        Type::Int => place.text,
                        Type::Id => format!("{} as usize", place.at(Strength::Cast)),
                        // Negative ones count from the end here too.
                        Type::Signed if place.form != Form::Constant => {
                            format!("{} as isize", place.at(Strength::Cast))
                        }
                        Type::Signed => place.text,
                        // An element of an array.
                        Type::Ints if part.is_subscript_expr() => {
                            format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()? as isize", place.at(Strength::Whole))
                        }
                        _ => return Err(Missing::new("a computed place beside a slice")),
                    }
                }
            });
        }
        let has_dots = parts.iter().any(|part| part.is_ellipsis_literal_expr());
        if !has_dots && rank != DYNAMIC {
            texts.extend(std::iter::repeat_n("..".to_string(), rank.saturating_sub(parts.len())));
        }
        self.import_from("ndarray::s");
        Ok(format!("{whole}.slice_mut(s![{}])", texts.join(", ")))
    }
}

/// The rank of an array of random numbers whose shape is written out.
pub(crate) fn rank_of(text: &str) -> Option<usize> {
    const OTHERS: &[&str] = &["ops::", ".i(", ".t()", ".reshape(", ".squeeze(", ".get(", "_scalar("];
    let (_, call) = text.split_once("numpy::random::")?;
    if call.contains("numpy::random::") || OTHERS.iter().any(|other| text.contains(other)) {
        return None;
    }
    let (_, arguments) = call.split_once('(')?;
    let (mut depth, mut last, mut sizes) = (0usize, String::new(), 0);
    for c in arguments.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => break,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                (last, sizes) = (String::new(), 0);
                continue;
            }
            ',' if depth == 1 => sizes += 1,
            _ => {}
        }
        last.push(c);
    }
    let last = last.trim();
    (last.starts_with('(') && last.ends_with(')')).then_some(sizes + 1)
}
