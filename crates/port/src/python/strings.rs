//! f-strings, `%` and `print`.

use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, ExprFString, FStringPart, InterpolatedStringElement};
use ruff_text_size::Ranged;

/// A text with places, as `format!` takes it.
#[derive(Debug, Default)]
pub(crate) struct Template {
    text: String,
    values: Vec<String>,
    printed: crate::python::number_formats::Printed,
}

impl Template {
    fn literal(&mut self, text: &str) {
        let escaped = format!("{text:?}");
        self.text.push_str(&escaped[1..escaped.len() - 1].replace('{', "{{").replace('}', "}}"));
    }

    /// A text that is made by `format!` itself: its places become ones of this text.
    fn merge(&mut self, value: &Value) -> bool {
        let Some(arguments) = value.text.strip_prefix("format!(\"").and_then(|rest| rest.strip_suffix(')')) else {
            return false;
        };
        let mut is_escaped = false;
        let end = arguments.find(|c| {
            let is_end = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        });
        let Some((text, values)) = end.map(|end| (&arguments[..end], &arguments[end + 1..])) else { return false };
        // Places by number would be others here.
        let has_numbers =
            text.contains('$') || text.split('{').any(|place| place.starts_with(|c: char| c.is_ascii_digit()));
        if has_numbers || !(values.is_empty() || values.starts_with(", ")) {
            return false;
        }
        self.text.push_str(text);
        self.values.extend(values.strip_prefix(", ").map(str::to_string));
        true
    }

    fn place(&mut self, value: &Value, spec: &str) -> Ported<()> {
        if value.of == Type::String && spec.is_empty() && self.merge(value) {
            return Ok(());
        }
        if let Some(value) = value.below_zero() {
            return self.place(value, spec);
        }
        if let (Some(text), "") = (crate::python::number_formats::literal(value), spec) {
            self.literal(&text);
            return Ok(());
        }
        if let Some(text) = self.printed.formatted(value, spec) {
            self.text.push_str("{}");
            self.values.push(text);
            return Ok(());
        }
        if let Some(value) = crate::pandas::cells::formatted(value, spec) {
            return self.place(&value, spec);
        }
        let spec = match (&value.of, spec) {
            (Type::Float, "") if self.printed.plain(value).is_some() => {
                self.text.push_str("{}");
                self.values.extend(self.printed.plain(value));
                return Ok(());
            }
            (Type::Bool, "") => {
                self.text.push_str("{}");
                self.values.push(format!("if {} {{ \"True\" }} else {{ \"False\" }}", value.text));
                return Ok(());
            }
            (Type::Float | Type::Int | Type::Signed, spec) if spec.ends_with('%') => {
                let spec = spec.trim_end_matches('%');
                let (width, digits) = spec.rsplit_once('.').unwrap_or((spec, "6"));
                let number = value.as_float().ok_or_else(|| Missing::new("this number"))?;
                if width.is_empty() {
                    self.text.push_str(&format!("{{:.{digits}}}%"));
                    self.values.push(format!("100.0 * ({number})"));
                    return Ok(());
                }
                if !is_width(width) {
                    return Err(Missing::new(format!("the format {spec}%")));
                }
                self.text.push_str(&format!("{{:{}}}", at_the_right(width)));
                self.values.push(format!("format!(\"{{:.{digits}}}%\", 100.0 * ({number}))"));
                return Ok(());
            }
            // A tensor with a format is a number.
            (Type::Array | Type::Ints | Type::Floats | Type::Mask, spec) if !spec.is_empty() => {
                self.text.push_str(&format!("{{{}}}", rust_spec(spec, &Type::Float)?));
                self.values.push(format!("{}.to_dtype(DType::F64)?.to_scalar::<f64>()?", value.at(Strength::Whole)));
                return Ok(());
            }
            (Type::List(of), spec) if **of == Type::Char => {
                self.text.push_str(&format!("{{{}}}", rust_spec(spec, &Type::String)?));
                self.values.push(format!("{}.iter().collect::<String>()", value.at(Strength::Whole)));
                return Ok(());
            }
            (of, "") if crate::pandas::pandas_numbers::is_printed(of) || crate::pandas::cells::is_cell(of) => {
                String::new()
            }
            // As Keras writes shapes.
            (Type::Shape, "") => {
                self.text.push_str("{}");
                self.values.push(value.text.clone());
                return Ok(());
            }
            (Type::Path, "") => {
                self.text.push_str("{}");
                self.values.push(format!("{}.display()", value.at(Strength::Whole)));
                return Ok(());
            }
            (Type::Set(of), "") if matches!(**of, Type::Unknown(_)) => {
                return Err(Missing::new("an empty set as text"));
            }
            (of @ (Type::List(_) | Type::Tuple(_) | Type::Set(_) | Type::Dict(..)), "") => {
                if let Some(part) = printed_otherwise(of) {
                    return Err(Missing::new(format!("{} with {} as text", of.described(), part.described()))
                        .help("print its elements"));
                }
                ":?".to_string()
            }
            // As in Python: 1.0, and 1e-7 for what is small.
            (Type::Float, "") => ":?".to_string(),
            // Numbers are at the right, also where they are texts.
            (Type::Float, spec) if is_width(spec) => {
                self.text.push_str(&format!("{{:{}}}", at_the_right(spec)));
                self.values.push(format!("format!(\"{{:?}}\", {})", value.text));
                return Ok(());
            }
            (
                Type::Int
                | Type::Signed
                | Type::Id
                | Type::Float
                | Type::Str
                | Type::Char
                | Type::String
                | Type::Array
                | Type::Ints
                | Type::Mask
                | Type::Floats,
                spec,
            ) => rust_spec(spec, &value.of)?,
            (of, _) => return Err(Missing::new(format!("{} as text", of.described()))),
        };
        // A name stands in the text itself.
        let is_name = value.text.chars().all(|c| c.is_alphanumeric() || c == '_') && !value.is_literal();
        if is_name && value.form != Form::Constant {
            self.text.push_str(&format!("{{{}{spec}}}", value.text));
        } else {
            self.text.push_str(&format!("{{{spec}}}"));
            self.values.push(if value.form == Form::Slice { value.borrowed() } else { value.text.clone() });
        }
        Ok(())
    }

    /// A text in quotes.
    fn debug(&mut self, value: &Value) {
        self.text.push_str("{:?}");
        self.values.push(value.text.clone());
    }

    fn arguments(&self) -> String {
        let values = self.values.iter().map(|value| format!(", {value}"));
        format!("\"{}\"{}", self.text, values.collect::<String>())
    }
}

/// A width of a number that is a text already.
fn at_the_right(width: &str) -> String {
    if width.starts_with(['<', '>', '^']) { width.to_string() } else { format!(">{width}") }
}

/// `8`, `>8`: a format that says only how wide a number is.
fn is_width(spec: &str) -> bool {
    let width = spec.trim_start_matches(['<', '>', '^']);
    !width.starts_with('0') && !width.is_empty() && width.chars().all(|c| c.is_ascii_digit())
}

/// `.4f`, `>10`, `,`: a format of Python as one of Rust.
fn rust_spec(spec: &str, of: &Type) -> Ported<String> {
    let unknown = || Missing::new(format!("the format {spec:?}"));
    if spec.is_empty() {
        return Ok(String::new());
    }
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let (rest, kind) = match spec.chars().last() {
        Some(kind) if kind.is_ascii_alphabetic() => (&spec[..spec.len() - 1], Some(kind)),
        _ => (spec, None),
    };
    let (before, precision) =
        rest.split_once('.').map_or((rest, None), |(before, precision)| (before, Some(precision)));
    let width = before.trim_start_matches(['<', '>', '^']).trim_start_matches('+');
    if !digits(width) || precision.is_some_and(|precision| !digits(precision)) {
        return Err(unknown());
    }
    let precision = match (kind, precision, of) {
        (Some('%'), _, _) => return Err(unknown()),
        (Some('f' | 'F'), precision, Type::Float) => format!(".{}", precision.unwrap_or("6")),
        // Zeros before 2.0 are not those before 2.
        (None, None, Type::Float) => return Err(unknown()),
        (Some('d'), None, Type::Int | Type::Signed) | (Some('s'), None, _) | (None, None, _) => String::new(),
        (Some('d'), None, Type::Bool) => String::new(),
        (Some('e'), Some(precision), Type::Float) => return Ok(format!(":{before}.{precision}e")),
        _ => return Err(unknown()),
    };
    match format!("{before}{precision}").as_str() {
        "" => Ok(String::new()),
        spec => Ok(format!(":{spec}")),
    }
}

impl<'a> Program<'a> {
    fn template(&self) -> Template {
        Template { printed: self.printed, ..Template::default() }
    }

    /// The arguments of a text with places, and what it imports.
    fn filled(&mut self, template: &Template) -> String {
        let arguments = template.arguments();
        if arguments.contains("python::repr(") || arguments.contains("python::format(") {
            self.import("python::repr");
        }
        arguments
    }

    pub(crate) fn f_string(&mut self, text: &'a ExprFString) -> Ported<Value> {
        let mut template = self.template();
        self.interpolate(text, &mut template)?;
        Ok(Value::temporary(format!("format!({})", self.filled(&template)), Type::String))
    }

    fn interpolate(&mut self, text: &'a ExprFString, template: &mut Template) -> Ported<()> {
        for part in text.value.as_slice() {
            match part {
                FStringPart::Literal(literal) => template.literal(&literal.value),
                FStringPart::FString(string) => {
                    for element in &string.elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => template.literal(&literal.value),
                            InterpolatedStringElement::Interpolation(place) => {
                                if place.debug_text.is_some() {
                                    return Err(Missing::new("= in an f-string"));
                                }
                                if !place.conversion.is_none() {
                                    let value = self.expression(&place.expression)?;
                                    let is_repr = matches!(place.conversion, ruff_python_ast::ConversionFlag::Repr);
                                    if !(value.of.is_text() && is_repr) {
                                        return Err(Missing::new("! in an f-string"));
                                    }
                                    template.debug(&value);
                                    continue;
                                }
                                let spec = place.format_spec.as_ref().map_or(Ok(String::new()), |spec| {
                                    let parts = spec.elements.iter().map(|element| match element {
                                        InterpolatedStringElement::Literal(literal) => Ok(literal.value.to_string()),
                                        InterpolatedStringElement::Interpolation(_) => {
                                            Err(Missing::new("a computed format"))
                                        }
                                    });
                                    parts.collect::<Ported<String>>()
                                })?;
                                let value = self.expression_as_text(&place.expression)?;
                                let value = if spec.is_empty() { self.shown(value)? } else { value };
                                template.place(&value, &spec)?;
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// A value alone, as `print!` takes it.
    pub(crate) fn shown_alone(&mut self, value: &Value) -> Ported<String> {
        let mut template = self.template();
        let value = self.shown(value.clone())?;
        template.place(&value, "")?;
        Ok(self.filled(&template))
    }

    /// An expression whose text is wanted. `x.tolist()` of an array is one here, but Python prints a list.
    fn expression_as_text(&mut self, expression: &'a Expr) -> Ported<Value> {
        let value = self.expression(expression)?;
        if !self.is_tolist(expression, &value) {
            return Ok(value);
        }
        match value.of {
            Type::Mask => Err(Missing::new("a list of truth values as text").help("print the array")),
            Type::Array | Type::Ints | Type::Floats => {
                let function = self.import("numpy::tolist_str");
                Ok(Value::temporary(format!("{function}({})?", value.borrowed()), Type::String))
            }
            _ => Ok(value),
        }
    }

    /// A value as its text is made: arrays as NumPy prints them, what evaluate returns as a list.
    pub(crate) fn shown(&mut self, value: Value) -> Ported<Value> {
        if let Some(text) = self.json_shown(&value) {
            return Ok(text);
        }
        match &value.of {
            Type::Mask => {
                let function = self.import("numpy::mask_str");
                Ok(Value::temporary(format!("{function}({})?", value.borrowed()), Type::String))
            }
            // A text of characters is shown as a text, a list of them is not.
            Type::List(of) if **of == Type::Char && !self.is_text_of_characters(&value) => {
                Err(Missing::new("a list of characters as text").help("print them joined"))
            }
            of if of.is_array() => {
                let function = self.import("numpy::array_str");
                Ok(Value::temporary(format!("{function}({})?", value.borrowed()), Type::String))
            }
            Type::Object(path) if path == crate::python::errors::ERROR => Ok(Value { of: Type::String, ..value }),
            of if crate::pandas::is(of, crate::pandas::VALUES) => {
                let array = self.tensor(&value)?;
                self.shown(array)
            }
            Type::List(of) if crate::pandas::is(of, crate::pandas::cells::CELL_OF_NUMPY) => {
                let function = self.import("numpy::list_str");
                Ok(Value::temporary(format!("{function}({})", value.borrowed()), Type::String))
            }
            Type::Dtype => {
                let function = self.import("ops::dtype_name");
                Ok(Value::temporary(format!("{function}({})", value.text), Type::String))
            }
            Type::Mutable { of: "u8", .. } => Err(Missing::new("an array of bytes or truth values as text")),
            Type::Mutable { .. } => {
                let tensor = self.tensor(&value)?;
                self.shown(tensor)
            }
            Type::Scores(names) => {
                let whole = match value.form {
                    Form::Temporary => {
                        let scores = self.free_name("scores");
                        self.line(&format!("let {scores} = {};", value.text));
                        scores
                    }
                    _ => value.at(Strength::Whole),
                };
                let texts: Vec<_> = names.iter().map(|name| format!("{whole}[{name:?}]")).collect();
                Ok(Value::temporary(format!("[{}]", texts.join(", ")), Type::List(Box::new(Type::Float))))
            }
            _ => Ok(value),
        }
    }

    fn is_defined(&self, name: &Expr) -> bool {
        matches!(name, Expr::Name(name) if self.scopes.get(&name.id).is_some())
    }

    /// Whether characters are those of a text that is taken apart, or of a part of one.
    pub(crate) fn is_text_of_characters(&self, value: &Value) -> bool {
        self.taken_apart.iter().any(|name| crate::program::has_word(&value.text, name))
    }

    /// `"%d of %s" % values`
    pub(crate) fn percent(&mut self, text: &str, values: &'a Expr) -> Ported<Value> {
        let mut template = self.template();
        self.percent_into(text, values, &mut template)?;
        Ok(Value::temporary(format!("format!({})", self.filled(&template)), Type::String))
    }

    fn percent_into(&mut self, text: &str, values: &'a Expr, template: &mut Template) -> Ported<()> {
        let values = match values {
            Expr::Tuple(tuple) => tuple.elts.iter().collect::<Vec<_>>(),
            one => vec![one],
        };
        // `% x.shape`, which is a tuple.
        let is_shape = matches!(&values[..], [Expr::Attribute(attribute)] if attribute.attr.as_str() == "shape");
        if is_shape && let Some(made) = self.sizes_written_out(values[0], text)? {
            return self.percent_into(text, made, template);
        }
        // `% tuple(model.evaluate(x, y))`: as many numbers as there are formats.
        if let [Expr::Call(call)] = &values[..]
            && matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "tuple")
            && let [list] = &call.arguments.args[..]
        {
            let count = text.replace("%%", "").matches('%').count();
            self.wanted_outputs = Some((count, list.range()));
            let list = self.expression(list);
            self.wanted_outputs = None;
            let list = list?;
            let shown = self.shown(list.clone())?;
            let place = self.free_name("values");
            self.line(&format!("let {place} = {};", shown.text));
            if !matches!(&list.of, Type::Scores(_)) && !matches!(&list.of, Type::List(of) if **of == Type::Float) {
                return Err(Missing::new(format!("{} as values of formats", list.of.described())));
            }
            let mut values = (0..count).map(|i| Value::place(format!("{place}[{i}]"), Type::Float));
            let mut rest = text;
            while let Some((before, behind)) = rest.split_once('%') {
                template.literal(before);
                let end = behind.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(|| Missing::new("a format"))?;
                let value = values.next().ok_or_else(|| Missing::new("more formats than values"))?;
                let spec = &behind[..=end];
                template.place(&value, if spec == "s" { "" } else { spec })?;
                rest = &behind[end + 1..];
            }
            template.literal(rest);
            return Ok(());
        }
        let mut values = values.into_iter();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('%') {
            template.literal(before);
            if let Some(behind) = behind.strip_prefix('%') {
                template.literal("%");
                rest = behind;
                continue;
            }
            let end = behind
                .find(|c: char| c.is_ascii_alphabetic())
                .ok_or_else(|| Missing::new("a format without a letter"))?;
            let value = values.next().ok_or_else(|| Missing::new("more formats than values"))?;
            let value = self.expression(value)?;
            let spec = &behind[..=end];
            // `%-12s`
            let left = spec.strip_prefix('-').map(|rest| format!("<{rest}"));
            let spec = left.as_deref().unwrap_or(spec);
            let whole = spec.strip_suffix(['i', 'u']).map(|rest| format!("{rest}d"));
            let spec = whole.as_deref().unwrap_or(spec);
            // Python has texts at the right here.
            let right =
                (spec.ends_with('s') && spec.starts_with(|c: char| c.is_ascii_digit())).then(|| format!(">{spec}"));
            let spec = right.as_deref().unwrap_or(spec);
            let value = match spec {
                "s" => self.shown(value)?,
                _ => value,
            };
            // Fractions are cut.
            let value = match (spec.ends_with('d'), value.of.is_array()) {
                (true, true) => Value::temporary(
                    format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()?", value.at(Strength::Whole)),
                    Type::Signed,
                ),
                _ => value,
            };
            let value = match (spec.ends_with('d'), &value.of) {
                (true, Type::Float) => Value::new(
                    format!("{} as i64", value.at(Strength::Cast)),
                    Type::Signed,
                    Strength::Cast,
                    Form::Temporary,
                ),
                _ => value,
            };
            // Numbers are at the right by default, in Rust too; so are texts, here alone.
            template.place(&value, if spec == "s" { "" } else { spec })?;
            rest = &behind[end + 1..];
        }
        template.literal(rest);
        Ok(())
    }

    /// `"{} of {}".format(a, b)`
    pub(crate) fn format_method(&mut self, text: &str, call: &'a ExprCall) -> Ported<Value> {
        let mut template = self.template();
        let mut rest = text;
        let mut next = 0;
        while let Some((before, behind)) = rest.split_once('{') {
            template.literal(&before.replace("}}", "}"));
            if let Some(behind) = behind.strip_prefix('{') {
                template.literal("{");
                rest = behind;
                continue;
            }
            let (place, behind) = behind.split_once('}').ok_or_else(|| Missing::new("a brace that is not closed"))?;
            let (name, spec) = place.split_once(':').unwrap_or((place, ""));
            let (name, is_repr) = name.strip_suffix("!r").map_or((name, false), |name| (name, true));
            let unknown = || Missing::new(format!("the place {{{place}}} of a format"));
            let value = if name.is_empty() {
                next += 1;
                self.positional(call, next - 1)?.ok_or_else(unknown)?
            } else if let Ok(at) = name.parse::<usize>() {
                self.positional(call, at)?.ok_or_else(unknown)?
            } else {
                let mut words = call.arguments.keywords.iter();
                let word = words.find(|word| word.arg.as_deref() == Some(name));
                self.expression(&word.ok_or_else(unknown)?.value)?
            };
            if is_repr {
                if !value.of.is_text() {
                    return Err(Missing::new("!r of this"));
                }
                template.debug(&value);
                rest = behind;
                continue;
            }
            let value = if spec.is_empty() { self.shown(value)? } else { value };
            template.place(&value, spec)?;
            rest = behind;
        }
        template.literal(&rest.replace("}}", "}"));
        Ok(Value::temporary(format!("format!({})", self.filled(&template)), Type::String))
    }

    /// `(x.shape[0], x.shape[1])` for `x.shape`, as many as there are places; `None` if its sizes have other names.
    fn sizes_written_out(&mut self, shape: &'a Expr, text: &str) -> Ported<Option<&'a Expr>> {
        let count = text.replace("%%", "").matches('%').count();
        let code = self.code(shape).to_string();
        let texts: Vec<_> = (0..count).map(|i| format!("{code}[{i}],")).collect();
        let made = self.made(format!("({})", texts.join(" ")), shape.range())?;
        Ok(made.is_tuple_expr().then_some(made))
    }

    /// The argument at this place, also if it is an element of `*values`.
    fn positional(&mut self, call: &'a ExprCall, at: usize) -> Ported<Option<Value>> {
        for (place, argument) in call.arguments.args.iter().enumerate() {
            match argument {
                Expr::Starred(values) if at >= place => {
                    let values = self.expression(&values.value)?;
                    return match (&values.of, &values.items) {
                        (_, Some(items)) => Ok(items.get(at - place).cloned()),
                        (Type::List(of), None) if values.form != Form::Temporary => {
                            let text = format!("{}[{}]", values.at(Strength::Whole), at - place);
                            Ok(Some(Value::place(text, (**of).clone())))
                        }
                        (of, None) if of.is_array() => {
                            self.import("candle_core::IndexOp");
                            let text = format!(
                                "{}.i({})?.to_dtype(DType::F64)?.to_scalar::<f64>()?",
                                values.at(Strength::Whole),
                                at - place
                            );
                            Ok(Some(Value::temporary(text, Type::Float)))
                        }
                        (of, _) => Err(Missing::new(format!("{} as values of formats", of.described()))),
                    };
                }
                argument if at == place => return self.expression(argument).map(Some),
                _ => {}
            }
        }
        Ok(None)
    }

    /// `print(..., file=file)`
    fn print_to(&mut self, file: &'a Expr, mut template: Template, end: &str) -> Ported<Value> {
        let (line, part) = match self.path_of(file).as_deref() {
            Some("sys.stderr") => ("eprintln", "eprint"),
            Some("sys.stdout") => ("println", "print"),
            _ => {
                let file = self.expression(file)?;
                if file.of != (Type::File { is_read: false }) {
                    return Err(Missing::new(format!("print to {}", file.of.described())));
                }
                template.literal(end);
                let text = format!("{}.push_str(&format!({}))", file.at(Strength::Whole), self.filled(&template));
                return Ok(Value::temporary(text, Type::None));
            }
        };
        if end == "\n" {
            return Ok(Value::temporary(format!("{line}!({})", self.filled(&template)), Type::None));
        }
        template.literal(end);
        Ok(Value::temporary(format!("{part}!({})", self.filled(&template)), Type::None))
    }

    /// `print(...)`
    pub(crate) fn print(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let mut end = "\n".to_string();
        let mut separator = " ".to_string();
        let mut file = None;
        for word in &call.arguments.keywords {
            if word.arg.as_deref() == Some("file") {
                file = Some(&word.value);
                continue;
            }
            let value = self.expression(&word.value)?;
            let text =
                || value.literal_text().map(str::to_string).ok_or_else(|| Missing::new("a computed argument of print"));
            match word.arg.as_deref() {
                Some("end") => end = text()?.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t"),
                Some("sep") => separator = text()?,
                Some("flush") => {}
                other => return Err(Missing::new(format!("print({}=...)", other.unwrap_or("**")))),
            }
        }
        let mut template = self.template();
        for (i, argument) in call.arguments.args.iter().enumerate() {
            if i > 0 {
                template.literal(&separator);
            }
            match argument {
                Expr::StringLiteral(text) => template.literal(text.value.to_str()),
                Expr::FString(text) => self.interpolate(text, &mut template)?,
                Expr::BinOp(binary)
                    if matches!(&*binary.left, Expr::StringLiteral(_))
                        && binary.op == ruff_python_ast::Operator::Mod =>
                {
                    let Expr::StringLiteral(text) = &*binary.left else { continue };
                    self.percent_into(text.value.to_str(), &binary.right, &mut template)?;
                }
                Expr::Call(range)
                    if matches!(&*range.func, Expr::Name(name) if matches!(name.id.as_str(), "range" | "map" | "zip" | "enumerate" | "reversed" | "filter"))
                        && !self.is_defined(&range.func) =>
                {
                    return Err(Missing::new("an iterator as text").help("print a list of it"));
                }
                _ => {
                    self.may_be_negative = argument.is_list_comp_expr();
                    let value = self.expression_as_text(argument)?;
                    if value.of == Type::None {
                        // `print(model.summary())` prints what that returns, too.
                        if value.form == Form::Temporary {
                            self.line(&format!("{};", value.text));
                        }
                        template.literal("None");
                        continue;
                    }
                    let value = self.shown(value)?;
                    template.place(&value, "")?;
                }
            }
        }
        if let Some(file) = file {
            return self.print_to(file, template, &end);
        }
        let text = match end.as_str() {
            "\n" if template.text.is_empty() => "println!()".to_string(),
            "\n" => format!("println!({})", self.filled(&template)),
            end => {
                template.literal(end);
                format!("print!({})", self.filled(&template))
            }
        };
        Ok(Value::temporary(text, Type::None))
    }
}

/// A part of a list, tuple, set or dict that Rust prints otherwise than Python.
fn printed_otherwise(of: &Type) -> Option<&Type> {
    match of {
        Type::Int | Type::Signed | Type::Id | Type::Float | Type::Str | Type::String | Type::Char => None,
        of if crate::pandas::is(of, crate::pandas::cells::CELL) => None,
        // An empty one.
        Type::Unknown(_) => None,
        // Characters are a text or a list of texts.
        of @ Type::List(inner) if **inner == Type::Char => Some(of),
        Type::List(of) | Type::Set(of) => printed_otherwise(of),
        Type::Dict(key, value) => printed_otherwise(key).or_else(|| printed_otherwise(value)),
        Type::Tuple(parts) => parts.iter().find_map(printed_otherwise),
        of => Some(of),
    }
}
