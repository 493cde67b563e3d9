//! pandas, as scripts use it around Keras: `DataFrame` is `Table`, `Series` is `Column`.

use crate::arguments::{Named, find, named_as, needed, no_words};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, Expr, ExprCall, Operator, UnaryOp};

/// A `DataFrame`.
pub(crate) const TABLE: &str = "data::Table";
/// A `Series`.
pub(crate) const COLUMN: &str = "data::Column";
/// The array of a `Series`: a `Column` as well, since it may have strings.
pub(crate) const VALUES: &str = "values::Column";
/// `table.iloc` and `column.iloc`.
const PLACES: &str = "pandas::iloc";
const PLACES_OF_COLUMN: &str = "pandas::column_iloc";
/// What only shows something of a table, and does nothing in a script.
const SHOWN: &str = "pandas::description";

/// Attributes of a `DataFrame` that are no columns.
const NO_COLUMNS: &[&str] =
    &["loc", "at", "iat", "dtypes", "T", "axes", "ndim", "size", "style", "plot", "attrs", "empty", "flags"];

fn object(path: &str) -> Type {
    Type::Object(path.into())
}

pub(crate) fn is(of: &Type, path: &str) -> bool {
    matches!(of, Type::Object(own) if own == path)
}

pub(crate) fn is_column(of: &Type) -> bool {
    is(of, COLUMN) || is(of, VALUES)
}

/// The array of a table or column; `None` of anything else.
pub(crate) fn as_array(value: &Value) -> Option<Value> {
    let is_known = is(&value.of, TABLE) || is_column(&value.of);
    is_known.then(|| Value::temporary(format!("{}.values()?", value.at(Strength::Whole)), Type::Array))
}

/// The operands of a calculation with tables or columns as arrays. A quotient of integers has fractions.
pub(crate) fn operands(a: Value, op: Operator, b: Value) -> (Value, Value) {
    let operand = |value: Value| match as_array(&value) {
        Some(array) if matches!(op, Operator::Div | Operator::Pow) => {
            Value::temporary(format!("{}.to_dtype(DType::F64)?", array.text), Type::Floats)
        }
        Some(array) => array,
        None => value,
    };
    (operand(a), operand(b))
}

/// `len(x)`
pub(crate) fn length(value: &Value) -> Option<Value> {
    let method = match &value.of {
        of if is(of, TABLE) => "rows",
        of if is_column(of) => "len",
        _ => return None,
    };
    Some(Value::temporary(format!("{}.{method}()", value.at(Strength::Whole)), Type::Int))
}

/// A column that belongs to a table or an encoder, as a value of its own.
pub(crate) fn cloned(value: &Value) -> Option<Value> {
    let is_borrowed = is_column(&value.of) && value.form == Form::Reference && value.text.ends_with(")?");
    is_borrowed.then(|| Value::temporary(format!("{}.clone()", value.text), value.of.clone()))
}

/// Inputs or targets of a model.
pub(crate) fn data(value: &Value) -> Option<String> {
    match &value.of {
        of if is(of, TABLE) => Some(format!("&{}.values()?", value.at(Strength::Whole))),
        of if is_column(of) => Some(value.borrowed()),
        _ => None,
    }
}

fn is_true(argument: Option<&Expr>) -> bool {
    matches!(argument, Some(Expr::BooleanLiteral(bool)) if bool.value)
}

/// Arguments that must have this value where they are given.
fn only_default(given: &Named<'_>, name: &str, is_default: impl Fn(&Expr) -> bool) -> Ported<()> {
    match find(given, name) {
        Some(argument) if !is_default(argument) => Err(Missing::new(format!("this {name}"))),
        _ => Ok(()),
    }
}

fn is_number(argument: &Expr, number: u8) -> bool {
    matches!(argument, Expr::NumberLiteral(literal)
        if matches!(&literal.value, ruff_python_ast::Number::Int(int) if int.as_u8() == Some(number)))
}

impl<'a> Program<'a> {
    /// A function of pandas.
    pub(crate) fn pandas_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        match path {
            "pandas.read_csv" => self.read_csv(call),
            "pandas.DataFrame" => self.data_frame(call),
            "pandas.get_dummies" => {
                let given = named_as(call, &["data", "columns", "drop_first", "dtype", "prefix", "prefix_sep"])?;
                if call.arguments.args.len() > 1 {
                    return Err(Missing::new("get_dummies with arguments by place").help("name them"));
                }
                let of = self.expression(needed(&given, "data")?)?;
                // 0 and 1 of another type are the same where they are computed with.
                if is_column(&of.of) && given.iter().all(|(name, _)| name == "data" || name == "dtype") {
                    return Ok(Value::temporary(format!("{}.get_dummies()?", of.at(Strength::Whole)), object(TABLE)));
                }
                if !is(&of.of, TABLE) {
                    return Err(Missing::new(format!("get_dummies of {}", of.of.described())));
                }
                let class = self.import("data::GetDummies");
                let mut arguments = format!("{class}::new()");
                if let Some(columns) = find(&given, "columns") {
                    arguments.push_str(&format!(".columns({})", self.names(columns)?));
                }
                for name in ["prefix", "prefix_sep"] {
                    if let Some(text) = find(&given, name) {
                        arguments.push_str(&format!(".{name}({})", self.argument(text, "impl Into<String>", name)?));
                    }
                }
                if let Some(drop_first) = find(&given, "drop_first") {
                    arguments.push_str(&format!(".drop_first({})", self.argument(drop_first, "bool", "drop_first")?));
                }
                Ok(Value::temporary(format!("{}.get_dummies({arguments})?", of.at(Strength::Whole)), object(TABLE)))
            }
            "pandas.concat" => self.concatenated(call),
            // How tables are printed.
            "pandas.set_option" => Ok(Value::constant("()", Type::None)),
            _ => Err(Missing::new(format!("{path} is not known here"))),
        }
    }

    fn read_csv(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(
            call,
            &[
                "filepath_or_buffer",
                "sep",
                "delimiter",
                "header",
                "names",
                "usecols",
                "nrows",
                "na_values",
                "dtype",
                "encoding",
                "engine",
                "low_memory",
                "delim_whitespace",
                "skipinitialspace",
                "comment",
            ],
        )?;
        if call.arguments.args.len() > 1 {
            return Err(Missing::new("read_csv with arguments by place").help("name them"));
        }
        let path = needed(&given, "filepath_or_buffer")?;
        if let Expr::StringLiteral(text) = path
            && text.value.to_str().contains("://")
        {
            return Err(Missing::new("read_csv of an address").help("get_file downloads it, and returns its path"));
        }
        let path = self.argument(path, "impl AsRef<Path>", "filepath_or_buffer")?;
        only_default(&given, "encoding", |argument| {
            matches!(argument, Expr::StringLiteral(text)
                if text.value.to_str().to_lowercase().replace(['-', '_'], "").starts_with("utf8"))
        })?;
        let class = self.import("data::ReadCsv");
        let mut arguments = format!("{class}::new()");
        if let Some(sep) = find(&given, "sep").or(find(&given, "delimiter")) {
            match sep {
                Expr::StringLiteral(text) if text.value.to_str().chars().count() == 1 => {
                    let sep = text.value.to_str().chars().next().unwrap_or(',');
                    arguments.push_str(&format!(".sep({sep:?})"));
                }
                Expr::StringLiteral(text) if text.value.to_str() == r"\s+" => arguments.push_str(".whitespace(true)"),
                Expr::StringLiteral(text) if is_plain(text.value.to_str()) => {
                    arguments.push_str(&format!(".sep_text({:?})", text.value.to_str()));
                }
                _ => return Err(Missing::new("a separator that is a pattern, or computed")),
            }
        }
        for (name, own) in [("delim_whitespace", "whitespace"), ("skipinitialspace", "skipinitialspace")] {
            if let Some(is) = find(&given, name) {
                arguments.push_str(&format!(".{own}({})", self.argument(is, "bool", name)?));
            }
        }
        match find(&given, "comment") {
            None | Some(Expr::NoneLiteral(_)) => {}
            Some(Expr::StringLiteral(text)) if text.value.to_str().chars().count() == 1 => {
                let comment = text.value.to_str().chars().next().unwrap_or('#');
                arguments.push_str(&format!(".comment({comment:?})"));
            }
            Some(_) => return Err(Missing::new("a comment that is not one character")),
        }
        let has_header = match find(&given, "header") {
            None => find(&given, "names").is_none(),
            Some(Expr::NoneLiteral(_)) => false,
            Some(header) if is_number(header, 0) => true,
            Some(_) => return Err(Missing::new("a header that is not in the first row")),
        };
        if !has_header {
            arguments.push_str(".header(false)");
        }
        for name in ["names", "usecols"] {
            if let Some(names) = find(&given, name) {
                if let ("usecols", Some(places)) = (name, places_of(names)) {
                    arguments.push_str(&format!(".usecols_at([{places}])"));
                    continue;
                }
                arguments.push_str(&format!(".{name}({})", self.names(names)?));
            }
        }
        if let Some(rows) = find(&given, "nrows") {
            arguments.push_str(&format!(".nrows({})", self.argument(rows, "usize", "nrows")?));
        }
        match find(&given, "na_values") {
            None => {}
            Some(texts @ (Expr::StringLiteral(_) | Expr::List(_))) => {
                arguments.push_str(&format!(".na_values({})", self.names(texts)?));
            }
            Some(_) => return Err(Missing::new("these na_values")),
        }
        if let Some(dtype) = find(&given, "dtype") {
            let Expr::Dict(dict) = dtype else { return Err(Missing::new("a dtype of all columns")) };
            let is_str = |value: &Expr| match value {
                Expr::Name(name) => name.id.as_str() == "str",
                Expr::StringLiteral(text) => text.value.to_str() == "str",
                _ => false,
            };
            let mut names = Vec::new();
            for item in &dict.items {
                match (&item.key, is_str(&item.value)) {
                    (Some(Expr::StringLiteral(key)), true) => names.push(format!("{:?}", key.value.to_str())),
                    _ => return Err(Missing::new("a dtype of a column other than str").help("astype converts it")),
                }
            }
            arguments.push_str(&format!(".strings([{}])", names.join(", ")));
        }
        let function = self.import("data::read_csv");
        Ok(Value::temporary(format!("{function}({path}, {arguments})?"), object(TABLE)))
    }

    /// `pd.concat([a, b])`
    fn concatenated(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["objs", "axis", "ignore_index"])?;
        let tables = match needed(&given, "objs")? {
            Expr::List(list) => &list.elts[..],
            Expr::Tuple(tuple) => &tuple.elts[..],
            _ => return Err(Missing::new("concat of a list in a variable").help("write the list out")),
        };
        let mut texts = Vec::new();
        for table in tables {
            let table = self.expression(table)?;
            match is(&table.of, TABLE) {
                true => texts.push(table.borrowed()),
                false => return Err(Missing::new(format!("concat of {}", table.of.described()))),
            }
        }
        let axis = match find(&given, "axis") {
            None => "rows",
            Some(Expr::StringLiteral(axis)) if axis.value.to_str() == "columns" => "columns",
            Some(axis) if is_number(axis, 0) => "rows",
            Some(axis) if is_number(axis, 1) => "columns",
            Some(_) => return Err(Missing::new("concat along this axis")),
        };
        let numbered = match find(&given, "ignore_index") {
            None => "",
            Some(Expr::BooleanLiteral(is)) if !is.value => "",
            Some(Expr::BooleanLiteral(_)) if axis == "rows" => ".reset_index()",
            Some(_) => return Err(Missing::new("this ignore_index")),
        };
        let class = self.import(TABLE);
        Ok(Value::temporary(format!("{class}::concat_{axis}([{}])?{numbered}", texts.join(", ")), object(TABLE)))
    }

    /// `pd.DataFrame({"a": x})`, `pd.DataFrame(x, columns=["a"])`
    fn data_frame(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["data", "columns"])?;
        if call.arguments.args.len() > 1 {
            return Err(Missing::new("DataFrame with arguments by place").help("name them"));
        }
        let class = self.import("data::Table");
        match (needed(&given, "data")?, find(&given, "columns")) {
            (Expr::Dict(dict), None) => {
                self.import("data::ToColumn");
                let mut columns = Vec::new();
                for item in &dict.items {
                    let Some(key) = &item.key else { return Err(Missing::new("a dict of another dict")) };
                    let (name, column) = (self.column_name(key)?, self.column_argument(&item.value)?);
                    let column = column.strip_prefix('&').map_or(column.clone(), str::to_string);
                    columns.push(format!("({name}, {column}.to_column()?)"));
                }
                Ok(Value::temporary(format!("{class}::new([{}])?", columns.join(", ")), object(TABLE)))
            }
            (Expr::Dict(_), Some(_)) => Err(Missing::new("a DataFrame of some columns of a dict")),
            (array, Some(names)) => {
                let array = self.expression(array)?;
                let (array, names) = (self.tensor(&array)?, self.names(names)?);
                let text = format!("{class}::from_array({}, {names})?", array.borrowed());
                Ok(Value::temporary(text, object(TABLE)))
            }
            (array, None) => {
                let array = self.expression(array)?;
                let array = match &array.of {
                    of if of.is_array() || matches!(of, Type::Mutable { .. }) => self.tensor(&array)?,
                    of => return Err(Missing::new(format!("a DataFrame of {}", of.described()))),
                };
                // Its columns are called 0, 1 and so on.
                let names = format!("(0..{}.dim(1)?).map(|place| place.to_string())", array.at(Strength::Whole));
                Ok(Value::temporary(format!("{class}::from_array({}, {names})?", array.borrowed()), object(TABLE)))
            }
        }
    }

    /// The name of a column; a number is the name of a column of a file without names.
    fn column_name(&mut self, name: &'a Expr) -> Ported<String> {
        let value = self.expression(name)?;
        match value.of {
            Type::Str => Ok(value.text),
            Type::String => Ok(value.borrowed()),
            Type::Int if value.is_literal() => Ok(format!("{:?}", value.text)),
            of => Err(Missing::new(format!("a column named by {}", of.described()))),
        }
    }

    /// Names of columns, or one of them, as an iterator.
    pub(crate) fn names(&mut self, names: &'a Expr) -> Ported<String> {
        if let Expr::List(list) = names {
            let names = list.elts.iter().map(|name| self.column_name(name)).collect::<Ported<Vec<_>>>()?;
            return Ok(format!("[{}]", names.join(", ")));
        }
        let value = self.expression(names)?;
        let whole = value.at(Strength::Whole);
        match &value.of {
            Type::List(of) if **of == Type::Str => Ok(format!("{whole}.iter().copied()")),
            Type::List(of) if **of == Type::String => Ok(format!("{whole}.iter().map(String::as_str)")),
            Type::Str => Ok(format!("[{}]", value.text)),
            Type::String => Ok(format!("[{whole}.as_str()]")),
            Type::Int if value.is_literal() => Ok(format!("[{:?}]", value.text)),
            of => Err(Missing::new(format!("{} as names of columns", of.described()))),
        }
    }

    /// A value for each row, as `&impl ToColumn`.
    pub(crate) fn column_argument(&mut self, argument: &'a Expr) -> Ported<String> {
        let value = self.expression(argument)?;
        match &value.of {
            of if of.is_array() || is_column(of) => Ok(value.borrowed()),
            Type::Mutable { .. } => Ok(self.tensor(&value)?.borrowed()),
            Type::List(of)
                if matches!(**of, Type::Int | Type::Signed | Type::Id | Type::Float | Type::Str | Type::String) =>
            {
                Ok(value.borrowed())
            }
            of => Err(Missing::new(format!("{} as a value for each row", of.described()))),
        }
    }

    /// An attribute of a table, a column, a scaler or an encoder; `None` of anything else.
    pub(crate) fn pandas_attribute(&mut self, of: &Value, name: &str) -> Ported<Option<Value>> {
        let whole = of.at(Strength::Whole);
        if let Type::Object(path) = &of.of
            && path.starts_with("sklearn::")
        {
            return crate::sklearn::attribute(of, path, name).map(Some);
        }
        // What was computed of a table is an array already.
        if of.of.is_array() && name == "values" {
            return Ok(Some(of.clone()));
        }
        if is(&of.of, TABLE) {
            return Ok(Some(match name {
                "values" => Value::temporary(format!("{whole}.values()?"), Type::Array),
                "shape" => Value::temporary(format!("{whole}.shape()"), Type::Tuple(vec![Type::Int, Type::Int])),
                "columns" => {
                    let names = Type::List(Box::new(Type::String));
                    Value::new(format!("{whole}.names()"), names, Strength::Whole, Form::Reference)
                }
                "index" => Value::temporary(format!("{whole}.index()"), Type::List(Box::new(Type::Int))),
                "iloc" => Value { of: object(PLACES), ..of.clone() },
                name if NO_COLUMNS.contains(&name) => {
                    return Err(Missing::new(format!("the attribute {name} of a DataFrame")));
                }
                name => column(&whole, &format!("{name:?}")),
            }));
        }
        if is_column(&of.of) {
            return Ok(Some(match name {
                "values" => Value { of: object(VALUES), ..of.clone() },
                "shape" => Value::temporary(format!("({whole}.len(),)"), Type::Tuple(vec![Type::Int])),
                "size" => Value::temporary(format!("{whole}.len()"), Type::Int),
                "str" if !is(&of.of, VALUES) => Value { of: object(crate::column_functions::TEXTS), ..of.clone() },
                "iloc" => Value { of: object(PLACES_OF_COLUMN), ..of.clone() },
                _ => return Err(Missing::new(format!("the attribute {name} of a column"))),
            }));
        }
        Ok(None)
    }

    /// A method of a table, a column, a scaler or an encoder; `None` of anything else.
    pub(crate) fn pandas_method(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let Type::Object(path) = &of.of else {
            // What was computed of a table is an array already.
            let is_same = of.of.is_array() && name == "to_numpy" && call.arguments.is_empty();
            return Ok(is_same.then(|| of.clone()));
        };
        if path.starts_with("sklearn::") {
            return self.sklearn_method(of, &path.clone(), name, call).map(Some);
        }
        match path.as_str() {
            TABLE => self.method_of_table(of, name, call).map(Some),
            COLUMN | VALUES => self.method_of_column(of, name, call).map(Some),
            crate::column_functions::TEXTS => self.method_of_texts(of, name, call).map(Some),
            SHOWN if matches!(name, "sum" | "transpose" | "mean" | "round") => Ok(Some(of.clone())),
            _ => Ok(None),
        }
    }

    fn method_of_table(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let table = |text: String| Ok(Value::temporary(text, object(TABLE)));
        let shown = || Ok(Value::constant("()", object(SHOWN)));
        match name {
            "head" | "tail" => {
                let given = named_as(call, &["n"])?;
                let rows = match find(&given, "n") {
                    None => "5".into(),
                    Some(rows) => self.argument(rows, "usize", "n")?,
                };
                table(format!("{whole}.{name}({rows})"))
            }
            "drop" => {
                let given = named_as(call, &["labels", "axis", "columns", "inplace"])?;
                if call.arguments.args.len() > 1 {
                    return Err(Missing::new("drop with an axis by place").help("write columns=[...]"));
                }
                let is_columns = match find(&given, "axis") {
                    Some(Expr::StringLiteral(axis)) => axis.value.to_str() == "columns",
                    Some(axis) => is_number(axis, 1),
                    None => false,
                };
                let text = match (find(&given, "columns"), find(&given, "labels")) {
                    (Some(names), None) => format!("{whole}.drop({})?", self.names(names)?),
                    (None, Some(names)) if is_columns => format!("{whole}.drop({})?", self.names(names)?),
                    // `table.drop(part.index)`
                    (None, Some(rows)) if find(&given, "axis").is_none() => {
                        let rows = self.expression(rows)?;
                        match &rows.of {
                            Type::List(of) if **of == Type::Int => format!("{whole}.drop_rows({})", rows.borrowed()),
                            of => return Err(Missing::new(format!("drop of rows by {}", of.described()))),
                        }
                    }
                    _ => return Err(Missing::new("drop of this")),
                };
                in_place(of, &given, text)
            }
            "dropna" => {
                let given = named_as(call, &["axis", "how", "inplace"])?;
                only_default(&given, "axis", |axis| is_number(axis, 0))?;
                only_default(
                    &given,
                    "how",
                    |how| matches!(how, Expr::StringLiteral(how) if how.value.to_str() == "any"),
                )?;
                in_place(of, &given, format!("{whole}.dropna()"))
            }
            "fillna" => {
                let given = named_as(call, &["value", "inplace"])?;
                let value = self.cell(needed(&given, "value")?)?;
                in_place(of, &given, format!("{whole}.fillna({value})"))
            }
            "reset_index" => {
                let given = named_as(call, &["drop", "inplace"])?;
                if !is_true(find(&given, "drop")) || !call.arguments.args.is_empty() {
                    return Err(Missing::new("reset_index that keeps the index").help("pass drop=True"));
                }
                in_place(of, &given, format!("{whole}.reset_index()"))
            }
            "sample" => {
                let given = named_as(call, &["n", "frac", "random_state"])?;
                if call.arguments.args.len() > 1 {
                    return Err(Missing::new("sample with arguments by place").help("name them"));
                }
                let size = match (find(&given, "n"), find(&given, "frac")) {
                    (Some(rows), None) => self.argument(rows, "usize", "n")?,
                    (None, Some(share)) => self.argument(share, "f64", "frac")?,
                    _ => return Err(Missing::new("sample without a size")),
                };
                let seed = match find(&given, "random_state") {
                    None | Some(Expr::NoneLiteral(_)) => "None".into(),
                    Some(seed) => self.argument(seed, "u32", "random_state")?,
                };
                table(format!("{whole}.sample({size}, {seed})?"))
            }
            "copy" => table(format!("{whole}.clone()")),
            "pop" => {
                let given = named_as(call, &["item"])?;
                let name = self.column_name(needed(&given, "item")?)?;
                Ok(Value::temporary(format!("{whole}.pop({name})?"), object(COLUMN)))
            }
            "to_numpy" | "astype" => {
                let given = named_as(call, &["dtype"])?;
                let values = format!("{whole}.values()?");
                match find(&given, "dtype") {
                    None => Ok(Value::temporary(values, Type::Array)),
                    Some(dtype) => {
                        let dtype = self.dtype(Some(dtype), "")?;
                        Ok(Value::temporary(format!("{values}.to_dtype({dtype})?"), crate::numpy::of_dtype(&dtype)))
                    }
                }
            }
            "to_csv" => {
                let given = named_as(call, &["path_or_buf", "index", "header"])?;
                only_default(&given, "header", |header| is_true(Some(header)))?;
                if !matches!(find(&given, "index"), Some(Expr::BooleanLiteral(index)) if !index.value) {
                    return Err(Missing::new("to_csv with the index").help("pass index=False"));
                }
                let path = self.argument(needed(&given, "path_or_buf")?, "impl AsRef<Path>", "path_or_buf")?;
                Ok(Value::temporary(format!("{whole}.to_csv({path})?"), Type::None))
            }
            "filter" => {
                let given = named_as(call, &["items"])?;
                table(format!("{whole}.select({})?", self.names(needed(&given, "items")?)?))
            }
            "describe" | "info" | "isnull" | "isna" => shown(),
            _ => Err(Missing::new(format!("the method {name} of a DataFrame"))),
        }
    }

    fn method_of_column(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let is_array = is(&of.of, VALUES);
        let own = |text: String| Ok(Value::temporary(text, of.of.clone()));
        let count = call.arguments.len();
        match name {
            "mean" | "std" | "var" | "min" | "max" | "sum" | "median" if !is_array && count == 0 => {
                Ok(Value::temporary(format!("{whole}.{name}()?"), Type::Float))
            }
            "apply" | "map"
                if !is_array
                    && matches!(call.arguments.args.first(), Some(function) if function.is_lambda_expr() || self.function_named(function).is_some()) =>
            {
                self.applied(of, call)
            }
            "copy" if count == 0 => own(format!("{whole}.clone()")),
            "unique" if count == 0 && !is_array => Ok(Value::temporary(format!("{whole}.unique()"), object(VALUES))),
            "nunique" if count == 0 && !is_array => Ok(Value::temporary(format!("{whole}.nunique()"), Type::Int)),
            "to_numpy" if count == 0 && !is_array => Ok(Value { of: object(VALUES), ..of.clone() }),
            "ravel" | "flatten" if count == 0 && is_array => Ok(of.clone()),
            "value_counts" if count == 0 && !is_array => Ok(Value::constant("()", object(SHOWN))),
            "fillna" if !is_array => {
                let given = named_as(call, &["value"])?;
                let value = self.cell(needed(&given, "value")?)?;
                own(format!("{whole}.fillna({value})"))
            }
            "map" if !is_array => {
                let given = named_as(call, &["arg"])?;
                let pairs = self.pairs(needed(&given, "arg")?)?;
                own(format!("{whole}.map({pairs})?"))
            }
            "head" if !is_array => {
                let given = named_as(call, &["n"])?;
                let rows = match find(&given, "n") {
                    None => "5".into(),
                    Some(rows) => self.argument(rows, "usize", "n")?,
                };
                own(format!("{whole}.iloc(..{rows})?"))
            }
            "reset_index" if !is_array => {
                let given = named_as(call, &["drop"])?;
                match is_true(find(&given, "drop")) {
                    true => own(format!("{whole}.clone()")),
                    false => Err(Missing::new("reset_index that keeps the index").help("pass drop=True")),
                }
            }
            // An array of numbers from here on.
            "astype" => {
                no_words(call)?;
                self.method_of_values(of, name, call)
            }
            _ if is_array && !matches!(name, "tolist") => self.method_of_values(of, name, call),
            _ => Err(Missing::new(format!("the method {name} of a column"))),
        }
    }

    fn method_of_values(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        match as_array(of) {
            Some(array) => self.method(&array, name, call),
            None => Err(Missing::new(format!("the method {name} of {}", of.of.described()))),
        }
    }

    /// A value of a column: a number or text, as `impl Into<Cell>`.
    fn cell(&mut self, value: &'a Expr) -> Ported<String> {
        let value = self.expression(value)?;
        cell_of(&value)
    }

    /// `{"no": 0, "yes": 1}`, as pairs.
    fn pairs(&mut self, dict: &'a Expr) -> Ported<String> {
        if let Expr::Name(name) = dict
            && let Some(dict) = self.known.literals.get(name.id.as_str()).copied()
        {
            let value = self.dict(dict)?;
            return Ok(written_pairs(&value));
        }
        let is_written = dict.is_dict_expr();
        if !is_written && !dict.is_name_expr() {
            return Err(Missing::new("map by other than a dict"));
        }
        let value = self.expression(dict)?;
        let Type::Dict(key, to) = &value.of else {
            return Err(Missing::new(format!("map by {}", value.of.described())));
        };
        if is_written {
            return Ok(written_pairs(&value));
        }
        let of = |of: &Type, name: &str| match of {
            of if of.is_number() || *of == Type::Str => Ok(format!("*{name}")),
            Type::String => Ok(format!("{name}.as_str()")),
            of => Err(Missing::new(format!("map with {}", of.described()))),
        };
        let (key, to) = (of(key, "key")?, of(to, "value")?);
        Ok(format!("{}.iter().map(|(key, value)| ({key}, {to}))", value.at(Strength::Whole)))
    }

    /// A part of a table or column; `None` of anything else.
    pub(crate) fn pandas_subscript(&mut self, of: &Value, index: &'a Expr) -> Ported<Option<Value>> {
        let Type::Object(path) = &of.of else { return Ok(None) };
        match path.as_str() {
            TABLE => self.part_of_table(of, index).map(Some),
            COLUMN | VALUES | PLACES_OF_COLUMN => self.part_of_column(of, index).map(Some),
            PLACES => self.part_by_places(of, index).map(Some),
            _ => Ok(None),
        }
    }

    fn part_of_table(&mut self, of: &Value, index: &'a Expr) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let table = |text: String| Ok(Value::temporary(text, object(TABLE)));
        match index {
            Expr::Slice(_) => {
                let rows = self.places(index, of, &format!("{whole}.rows()"))?;
                table(format!("{whole}.iloc({rows}, ..)?"))
            }
            Expr::List(_) => table(format!("{whole}.select({})?", self.names(index)?)),
            _ => {
                let value = self.expression(index)?;
                match &value.of {
                    Type::Mask => table(format!("{whole}.filter({})?", value.borrowed())),
                    Type::List(_) => table(format!("{whole}.select({})?", self.names(index)?)),
                    _ => Ok(column(&whole, &self.column_name(index)?)),
                }
            }
        }
    }

    fn part_of_column(&mut self, of: &Value, index: &'a Expr) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let of_part = if is(&of.of, VALUES) { object(VALUES) } else { object(COLUMN) };
        if index.is_slice_expr() {
            let rows = self.places(index, of, &format!("{whole}.len()"))?;
            return Ok(Value::temporary(format!("{whole}.iloc({rows})?"), of_part));
        }
        let written = self.body.len();
        if let Ok(mask) = self.expression(index)
            && mask.of == Type::Mask
        {
            return Ok(Value::temporary(format!("{whole}.filter({})?", mask.borrowed()), of_part));
        }
        self.body.truncate(written);
        // The label of a row is not its place.
        if is(&of.of, COLUMN) {
            return Err(Missing::new("an element of a column by its label").help("use .iloc or .values"));
        }
        let array = Value::temporary(format!("{whole}.values()?"), Type::Array);
        self.array_index(&array, index)
    }

    /// `table.iloc[rows, columns]`
    fn part_by_places(&mut self, of: &Value, index: &'a Expr) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let rows_of = format!("{whole}.rows()");
        let (rows, columns) = match index {
            Expr::Tuple(tuple) => match &tuple.elts[..] {
                [rows, columns] => (rows, Some(columns)),
                _ => return Err(Missing::new("iloc of more than rows and columns")),
            },
            rows => (rows, None),
        };
        if !rows.is_slice_expr() {
            return Err(Missing::new("a row of a DataFrame").help("iloc[i:i + 1] is a DataFrame of one row"));
        }
        let rows = self.places(rows, of, &rows_of)?;
        let count = format!("{whole}.shape().1");
        let columns = match columns {
            None => "..".into(),
            Some(columns) if columns.is_slice_expr() => self.places(columns, of, &count)?,
            Some(place) => {
                let place = self.end(place, of, &count)?;
                let column = format!("{whole}.column_at({place})?");
                return Ok(match rows.as_str() {
                    ".." => Value::new(column, object(COLUMN), Strength::Whole, Form::Reference),
                    rows => Value::temporary(format!("{column}.iloc({rows})?"), object(COLUMN)),
                });
            }
        };
        Ok(Value::temporary(format!("{whole}.iloc({rows}, {columns})?"), object(TABLE)))
    }

    /// A slice as a range.
    fn places(&mut self, slice: &'a Expr, of: &Value, count: &str) -> Ported<String> {
        let Expr::Slice(slice) = slice else { return Err(Missing::new("an index in place of a slice")) };
        if slice.step.is_some() {
            return Err(Missing::new("a slice of a table with a step"));
        }
        let mut end = |end: Option<&'a Expr>| end.map_or(Ok(String::new()), |end| self.end(end, of, count));
        Ok(format!("{}..{}", end(slice.lower.as_deref())?, end(slice.upper.as_deref())?))
    }

    /// An end of a range; a negative one counts from the end.
    fn end(&mut self, end: &'a Expr, of: &Value, count: &str) -> Ported<String> {
        let back = match end {
            Expr::UnaryOp(unary) if unary.op == UnaryOp::USub => Some(self.expression(&unary.operand)?),
            _ => None,
        };
        let value = match &back {
            Some(back) => back.clone(),
            None => self.expression(end)?,
        };
        match (&value.of, back.is_some()) {
            (Type::Int, false) => Ok(value.at(Strength::Sum)),
            (Type::Int, true) if of.form != Form::Temporary => Ok(format!("{count} - {}", value.at(Strength::Product))),
            (Type::Int, true) => Err(Missing::new("a place from the end of this").help("assign the table to a name")),
            (of, _) => Err(Missing::new(format!("{} as a place", of.described()))),
        }
    }

    /// `column > 3`: a mask.
    pub(crate) fn compare_column(&mut self, column: &Value, op: CmpOp, value: &Value) -> Ported<Option<Value>> {
        let is_cell = value.of.is_number() || value.of.is_text();
        if !is_column(&column.of) || !is_cell {
            return Ok(None);
        }
        let method = match op {
            CmpOp::Eq => "equal",
            CmpOp::NotEq => "not_equal",
            CmpOp::Lt => "less",
            CmpOp::LtE => "less_equal",
            CmpOp::Gt => "greater",
            CmpOp::GtE => "greater_equal",
            _ => return Err(Missing::new("this comparison of a column")),
        };
        let text = format!("{}.{method}({})?", column.at(Strength::Whole), cell_of(value)?);
        Ok(Some(Value::temporary(text, Type::Mask)))
    }

    /// `table["name"] = value`; whether it is that.
    pub(crate) fn assign_column(&mut self, table: &Value, name: &'a Expr, value: &Value) -> Ported<bool> {
        if !is(&table.of, TABLE) {
            return Ok(false);
        }
        let name = self.column_name(name)?;
        let whole = table.at(Strength::Whole);
        let text = match &value.of {
            of if of.is_number() || of.is_text() => format!("&vec![{}; {whole}.rows()]", cell_of(value)?),
            // A column of the table itself is borrowed.
            of if is_column(of) => match cloned(value) {
                Some(column) => column.borrowed(),
                None => value.borrowed(),
            },
            of if of.is_array() => value.borrowed(),
            Type::List(of)
                if matches!(**of, Type::Int | Type::Signed | Type::Id | Type::Float | Type::Str | Type::String) =>
            {
                value.borrowed()
            }
            of => return Err(Missing::new(format!("{} as a column", of.described()))),
        };
        self.line(&format!("{whole}.set({name}, {text})?;"));
        Ok(true)
    }
}

fn column(table: &str, name: &str) -> Value {
    Value::new(format!("{table}.column({name})?"), object(COLUMN), Strength::Whole, Form::Reference)
}

/// `IndexMap::from([...])` without the map.
fn written_pairs(value: &Value) -> String {
    let pairs = value.text.strip_prefix("IndexMap::from(").and_then(|text| text.strip_suffix(')'));
    pairs.unwrap_or(&value.text).to_string()
}

fn cell_of(value: &Value) -> Ported<String> {
    match &value.of {
        of if of.is_number() || *of == Type::Str => Ok(value.text.clone()),
        Type::String => Ok(format!("{}.as_str()", value.at(Strength::Whole))),
        of => Err(Missing::new(format!("{} as a value of a column", of.described()))),
    }
}

/// Whether a separator means itself, and is no pattern.
fn is_plain(sep: &str) -> bool {
    sep.chars().count() > 1 && !sep.contains(['\\', '.', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '^', '$'])
}

/// `[1, 3]`: columns by their places.
fn places_of(names: &Expr) -> Option<String> {
    let Expr::List(list) = names else { return None };
    let place = |element: &Expr| match element {
        Expr::NumberLiteral(number) => match &number.value {
            ruff_python_ast::Number::Int(place) => Some(place.to_string()),
            _ => None,
        },
        _ => None,
    };
    let places: Option<Vec<String>> = list.elts.iter().map(place).collect();
    places.filter(|places| !places.is_empty()).map(|places| places.join(", "))
}

/// What a method returns, or what it makes of its table with `inplace=True`.
fn in_place(of: &Value, given: &Named<'_>, text: String) -> Ported<Value> {
    match find(given, "inplace") {
        Some(Expr::BooleanLiteral(inplace)) if inplace.value => match of.form {
            Form::Place => Ok(Value::temporary(format!("{} = {text}", of.text), Type::None)),
            _ => Err(Missing::new("inplace here").help("assign the result")),
        },
        None | Some(Expr::BooleanLiteral(_)) => Ok(Value::temporary(text, object(TABLE))),
        Some(_) => Err(Missing::new("a computed inplace")),
    }
}
