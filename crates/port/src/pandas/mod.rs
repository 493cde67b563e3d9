//! pandas, as scripts use it around Keras: `DataFrame` is `Table`, `Series` is `Column`.

pub(crate) mod cells;
pub(crate) mod column_functions;
pub(crate) mod columns;
pub(crate) mod pandas_columns;
pub(crate) mod pandas_labels;
pub(crate) mod pandas_numbers;
pub(crate) mod parts;
pub(crate) mod read_csv;
pub(crate) mod table_files;
pub(crate) mod table_rows;

use crate::arguments::{Named, find, named_as, needed, no_words};
use crate::pandas::pandas_columns::{SERIES, column_of};
use crate::pandas::pandas_labels::{LABELS, is_labels};
use crate::pandas::table_rows::ROW;
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, Expr, ExprCall, Operator};

/// A `DataFrame`.
pub(crate) const TABLE: &str = "data::Table";
/// A `Series`.
pub(crate) const COLUMN: &str = "data::Column";
/// The array of a `Series`: a `Column` as well, since it may have strings.
pub(crate) const VALUES: &str = "values::Column";
/// `table.iloc` and `column.iloc`.
const PLACES: &str = "pandas::iloc";
pub(crate) const PLACES_OF_COLUMN: &str = "pandas::column_iloc";
/// What only shows something of a table, and does nothing in a script.
const SHOWN: &str = "pandas::description";

/// Attributes of a `DataFrame` that are no columns.
const NO_COLUMNS: &[&str] = &["iat", "dtypes", "T", "axes", "ndim", "size", "style", "plot", "attrs", "empty", "flags"];

pub(crate) fn object(path: &str) -> Type {
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
    if let Some(column) = column_of(value) {
        return as_array(&column);
    }
    let is_known = is(&value.of, TABLE) || is_column(&value.of) || is(&value.of, ROW);
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
        of if is(of, TABLE) || is(of, SERIES) => "rows",
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

pub(crate) fn is_number(argument: &Expr, number: u8) -> bool {
    matches!(argument, Expr::NumberLiteral(literal)
        if matches!(&literal.value, ruff_python_ast::Number::Int(int) if int.as_u8() == Some(number)))
}

impl<'a> Program<'a> {
    /// A function of pandas.
    pub(crate) fn pandas_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        // What its values are called where they are used.
        self.import(crate::pandas::cells::CELL);
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
            "pandas.Series" => self.series(call),
            // How tables are printed.
            "pandas.set_option" => Ok(Value::constant("()", Type::None)),
            _ => Err(Missing::new(format!("{path} is not known here"))),
        }
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
                if let Some(table) = self.table_of(&given, &array)? {
                    return Ok(table);
                }
                let (array, names) = (self.tensor(&array)?, self.names(names)?);
                let text = format!("{class}::from_array({}, {names})?", array.borrowed());
                Ok(Value::temporary(text, object(TABLE)))
            }
            (array, None) => {
                let array = self.expression(array)?;
                if let Some(table) = self.table_of(&given, &array)? {
                    return Ok(table);
                }
                let array = match &array.of {
                    of if of.is_array() || matches!(of, Type::Mutable { .. }) => self.tensor(&array)?,
                    Type::HistoryValues => return Ok(self.table_of_history(&array)),
                    of => return Err(Missing::new(format!("a DataFrame of {}", of.described()))),
                };
                // Its columns are called 0, 1 and so on.
                Ok(Value::temporary(format!("{class}::numbered({})?", array.borrowed()), object(TABLE)))
            }
        }
    }

    /// The name of a column; a number is the name of a column of a file without names.
    pub(crate) fn column_name(&mut self, name: &'a Expr) -> Ported<String> {
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
            of if crate::pandas::column_functions::is_list_of_values(of) => Ok(value.borrowed()),
            of => Err(Missing::new(format!("{} as a value for each row", of.described()))),
        }
    }

    /// An attribute of a table, a column, a scaler or an encoder; `None` of anything else.
    pub(crate) fn pandas_attribute(&mut self, of: &Value, name: &str) -> Ported<Option<Value>> {
        let whole = of.at(Strength::Whole);
        if let Type::Object(path) = &of.of
            && path.starts_with("sklearn::")
        {
            return crate::libraries::sklearn::attribute(of, path, name).map(Some);
        }
        if let Some(column) = column_of(of) {
            return self.pandas_attribute(&column, name);
        }
        if let Some(numbers) = self.attribute_of_numbers(of, name)? {
            return Ok(Some(numbers));
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
                "index" => {
                    self.check_numbered_rows()?;
                    Value::temporary(format!("{whole}.index()"), Type::List(Box::new(Type::Int)))
                }
                "iloc" => Value { of: object(PLACES), ..of.clone() },
                "loc" | "at" => Value { of: object(LABELS), ..of.clone() },
                name if NO_COLUMNS.contains(&name) => {
                    return Err(Missing::new(format!("the attribute {name} of a DataFrame")));
                }
                name => column(&whole, &format!("{name:?}")),
            }));
        }
        if is(&of.of, crate::pandas::columns::COUNTS) {
            return crate::pandas::columns::attribute_of_counts(of, name).map(Some);
        }
        if let Some(value) = crate::pandas::table_rows::attribute(of, name)? {
            if value.of == Type::Int {
                self.check_numbered_rows()?;
            }
            return Ok(Some(value));
        }
        if is_column(&of.of) {
            return Ok(Some(match name {
                "values" => Value { of: object(VALUES), ..of.clone() },
                "shape" => Value::temporary(format!("({whole}.len(),)"), Type::Tuple(vec![Type::Int])),
                "size" => Value::temporary(format!("{whole}.len()"), Type::Int),
                "str" if !is(&of.of, VALUES) => {
                    Value { of: object(crate::pandas::column_functions::TEXTS), ..of.clone() }
                }
                "iloc" => Value { of: object(PLACES_OF_COLUMN), ..of.clone() },
                "dtype" if of.form != Form::Temporary => {
                    Value { of: object(crate::pandas::columns::DTYPE), ..of.clone() }
                }
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
        if let Some(numbers) = self.method_of_numbers(of, name, call)? {
            return Ok(Some(numbers));
        }
        if let Some(column) = column_of(of).filter(|_| !matches!(name, "to_csv" | "copy" | "head" | "tail")) {
            return self.pandas_method(&column, name, call);
        }
        if matches!(path.as_str(), TABLE | COLUMN)
            && let Some(value) = self.windows(of, name, call)?
        {
            return Ok(Some(value));
        }
        if matches!(path.as_str(), COLUMN | VALUES)
            && let Some(value) = self.method_of_sequence(of, name, call)?
        {
            return Ok(Some(value));
        }
        match path.as_str() {
            crate::pandas::columns::COUNTS => self.method_of_counts(of, name, call).map(Some),
            crate::pandas::columns::ROLLING_TABLE | crate::pandas::columns::ROLLING_COLUMN => {
                self.method_of_windows(of, name, call).map(Some)
            }
            TABLE if name == "set_index" => self.set_index(of, call).map(Some),
            TABLE if name == "apply" => self.applied_to_rows(of, call).map(Some),
            TABLE | SERIES => self.method_of_table(of, name, call).map(Some),
            COLUMN | VALUES => self.method_of_column(of, name, call).map(Some),
            crate::pandas::column_functions::TEXTS => self.method_of_texts(of, name, call).map(Some),
            SHOWN if matches!(name, "sum" | "transpose" | "mean" | "round") => Ok(Some(of.clone())),
            _ => Ok(None),
        }
    }

    fn method_of_table(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let table = |text: String| Ok(Value::temporary(text, object(TABLE)));
        let shown = || Ok(Value::constant("()", object(SHOWN)));
        if let Some(numbers) = self.numbers_of_table(of, name, call)? {
            return Ok(numbers);
        }
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
                // `table.drop("a", 1)`, which pandas 2 does not take any more.
                let given = named_as(call, &["labels", "axis", "columns", "inplace"])?;
                if call.arguments.args.len() > 2 {
                    return Err(Missing::new("drop with arguments by place").help("write columns=[...]"));
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
                let given = named_as(call, &["n", "frac", "replace", "random_state"])?;
                if call.arguments.args.len() > 1 {
                    return Err(Missing::new("sample with arguments by place").help("name them"));
                }
                let method = match find(&given, "replace") {
                    None => "sample",
                    Some(Expr::BooleanLiteral(is)) if !is.value => "sample",
                    Some(Expr::BooleanLiteral(_)) => "sample_with_replacement",
                    Some(_) => return Err(Missing::new("a computed replace")),
                };
                table(format!("{whole}.{method}({})?", self.sample_arguments(&given)?))
            }
            "copy" => table(format!("{whole}.clone()")),
            "pop" => {
                let given = named_as(call, &["item"])?;
                let name = self.column_name(needed(&given, "item")?)?;
                Ok(Value::temporary(format!("{whole}.pop({name})?"), object(COLUMN)))
            }
            "astype" if is_str(call) => table(format!("{whole}.astype_str()")),
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
            "to_csv" => self.written_to_csv(&whole, call),
            "filter" => {
                let given = named_as(call, &["items"])?;
                table(format!("{whole}.select({})?", self.names(needed(&given, "items")?)?))
            }
            "drop_duplicates" => self.without_duplicates(of, call),
            "describe" | "info" => shown(),
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
            "sample" if !is_array => {
                let given = named_as(call, &["n", "frac", "random_state"])?;
                if call.arguments.args.len() > 1 {
                    return Err(Missing::new("sample with arguments by place").help("name them"));
                }
                own(format!("{whole}.sample({})?", self.sample_arguments(&given)?))
            }
            "isnull" | "isna" if !is_array && count == 0 => {
                Ok(Value::temporary(format!("{whole}.isnull()?"), Type::Mask))
            }
            "notnull" | "notna" if !is_array && count == 0 => {
                Ok(Value::temporary(format!("{whole}.notnull()?"), Type::Mask))
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
            "astype" if is_str(call) => own(format!("{whole}.astype_str()")),
            "astype" => {
                no_words(call)?;
                self.method_of_values(of, name, call)
            }
            _ if is_array => self.method_of_values(of, name, call),
            _ => Err(Missing::new(format!("the method {name} of a column"))),
        }
    }

    /// The size and the seed of a sample.
    fn sample_arguments(&mut self, given: &Named<'a>) -> Ported<String> {
        let size = match (find(given, "n"), find(given, "frac")) {
            (Some(rows), None) => self.argument(rows, "usize", "n")?,
            (None, Some(share)) => self.argument(share, "f64", "frac")?,
            (None, None) => "1".into(),
            _ => return Err(Missing::new("a sample of both a number and a share")),
        };
        let seed = match find(given, "random_state").filter(|seed| !seed.is_none_literal_expr()) {
            None => "None".into(),
            Some(seed) => self.argument(seed, "u32", "random_state")?,
        };
        Ok(format!("{size}, {seed}"))
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
            of if crate::pandas::cells::is_cell(of) => Ok(name.to_string()),
            of => Err(Missing::new(format!("map with {}", of.described()))),
        };
        let (key, to) = (of(key, "key")?, of(to, "value")?);
        Ok(format!("{}.iter().map(|(key, value)| ({key}, {to}))", value.at(Strength::Whole)))
    }

    /// `column > 3`: a mask.
    pub(crate) fn compare_column(&mut self, column: &Value, op: CmpOp, value: &Value) -> Ported<Option<Value>> {
        let is_cell = value.of.is_number() || value.of.is_text() || crate::pandas::cells::is_cell(&value.of);
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
        if is_labels(table) {
            return self.assign_by_labels(table, name, value).map(|()| true);
        }
        if !is(&table.of, TABLE) {
            return Ok(false);
        }
        let name = self.column_name(name)?;
        let whole = table.at(Strength::Whole);
        let text = match &value.of {
            of if of.is_number() || of.is_text() => format!("&vec![{}; {whole}.rows()]", cell_of(value)?),
            of if is(of, SERIES) => format!("{}.column_at(0)?", value.at(Strength::Whole)),
            // A column of the table itself is borrowed.
            of if is_column(of) => match cloned(value) {
                Some(column) => column.borrowed(),
                None => value.borrowed(),
            },
            of if of.is_array() => value.borrowed(),
            of if crate::pandas::column_functions::is_list_of_values(of) => value.borrowed(),
            of => return Err(Missing::new(format!("{} as a column", of.described()))),
        };
        self.line(&format!("{whole}.set({name}, {text})?;"));
        Ok(true)
    }
}

pub(crate) fn column(table: &str, name: &str) -> Value {
    Value::new(format!("{table}.column({name})?"), object(COLUMN), Strength::Whole, Form::Reference)
}

/// `IndexMap::from([...])` without the map.
fn written_pairs(value: &Value) -> String {
    let pairs = value.text.strip_prefix("IndexMap::from(").and_then(|text| text.strip_suffix(')'));
    pairs.unwrap_or(&value.text).to_string()
}

pub(crate) fn cell_of(value: &Value) -> Ported<String> {
    match &value.of {
        of if of.is_number() || *of == Type::Str => Ok(value.text.clone()),
        Type::String => Ok(format!("{}.as_str()", value.at(Strength::Whole))),
        of if crate::pandas::cells::is_cell(of) => Ok(value.borrowed()),
        of => Err(Missing::new(format!("{} as a value of a column", of.described()))),
    }
}

/// `astype(str)`
fn is_str(call: &ExprCall) -> bool {
    match (&call.arguments.args[..], &call.arguments.keywords[..]) {
        ([Expr::Name(name)], []) => name.id.as_str() == "str",
        ([Expr::StringLiteral(name)], []) => name.value.to_str() == "str",
        _ => false,
    }
}

/// What a method returns, or what it makes of its table with `inplace=True`.
pub(crate) fn in_place(of: &Value, given: &Named<'_>, text: String) -> Ported<Value> {
    match find(given, "inplace") {
        Some(Expr::BooleanLiteral(inplace)) if inplace.value => match of.form {
            Form::Place => Ok(Value::temporary(format!("{} = {text}", of.text), Type::None)),
            _ => Err(Missing::new("inplace here").help("assign the result")),
        },
        None | Some(Expr::BooleanLiteral(_)) => Ok(Value::temporary(text, object(TABLE))),
        Some(_) => Err(Missing::new("a computed inplace")),
    }
}
