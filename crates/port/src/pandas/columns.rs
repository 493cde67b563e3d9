//! Columns as sequences: what `for` goes over, `tolist`, `isin`, and how often each value is there.

use crate::arguments::{find, named_as, needed, no_words};
use crate::pandas::cells::{cell, cell_of_numpy, is_cell};
use crate::pandas::{COLUMN, TABLE, VALUES, is, is_column};
use crate::program::Program;
use crate::python::iteration::{Element, Iteration};
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, Expr, ExprCall};

/// What `value_counts` returns: a table of the values and their counts.
pub(crate) const COUNTS: &str = "value_counts::Table";

/// The dtype of a column, whose text is that of the column.
pub(crate) const DTYPE: &str = "dtype::Column";

/// Numbers of fewer bits than those of files.
const NARROW: &[&str] = &["int32", "int16", "int8", "float32", "float16"];

fn object(path: &str) -> Type {
    Type::Object(path.into())
}

/// Over the values of a column; `None` of anything else.
pub(crate) fn iteration(column: &Value) -> Option<Iteration> {
    let of = match &column.of {
        of if is(of, COLUMN) => cell(),
        of if is(of, VALUES) => cell_of_numpy(),
        // Of its index are the values.
        _ => return None,
    };
    Some(Iteration::new(format!("{}.cells()", column.at(Strength::Whole)), Element::One(of, Form::Place)))
}

/// A column of a table of counts.
fn counted(counts: &Value, name: &str, of: &str) -> Value {
    let text = format!("{}.column({name:?})?", counts.at(Strength::Whole));
    Value::new(text, object(of), Strength::Whole, Form::Reference)
}

/// `counts.index`, `counts.values`
pub(crate) fn attribute_of_counts(counts: &Value, name: &str) -> Ported<Value> {
    match name {
        "index" => Ok(counted(counts, "value", COLUMN)),
        "values" => Ok(counted(counts, "count", VALUES)),
        "size" => Ok(Value::temporary(format!("{}.rows()", counts.at(Strength::Whole)), Type::Int)),
        _ => Err(Missing::new(format!("the attribute {name} of what value_counts returns"))),
    }
}

impl<'a> Program<'a> {
    /// `column.dtype == "int64"`; `None` of anything else.
    pub(crate) fn compare_dtype(&mut self, dtype: &Value, op: CmpOp, name: &Value) -> Ported<Option<Value>> {
        if !is(&dtype.of, DTYPE) {
            return Ok(None);
        }
        let kind = match name.literal_text() {
            Some("int64") => "Integers",
            Some("float64") => "Floats",
            // Whether texts are `object` or `str` depends on the version of pandas.
            _ => return Err(Missing::new("this dtype of a column").help("compare it with \"int64\" or \"float64\"")),
        };
        let not = match op {
            CmpOp::Eq => "",
            CmpOp::NotEq => "!",
            _ => return Err(Missing::new("this comparison of dtypes")),
        };
        // A column has no other integers and floats here, which a script may make of it.
        if self.source.has("astype") && NARROW.iter().any(|narrow| self.source.has(narrow)) {
            return Err(Missing::new("the dtype of a column, in a script with narrow numbers"));
        }
        let class = self.import(COLUMN);
        let text = format!("{not}matches!({}, {class}::{kind}(_))", dtype.text);
        Ok(Some(Value::new(text, Type::Bool, Strength::Prefix, Form::Temporary)))
    }

    /// Methods of columns and their arrays as sequences; `None` of others.
    pub(crate) fn method_of_sequence(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let whole = of.at(Strength::Whole);
        Ok(Some(match name {
            "tolist" | "to_list" if call.arguments.is_empty() => {
                let class = self.import(crate::pandas::cells::CELL);
                let text = format!("{whole}.cells().collect::<Vec<{class}>>()");
                Value::temporary(text, Type::List(Box::new(cell())))
            }
            "isin" if is(&of.of, COLUMN) => {
                let given = named_as(call, &["values"])?;
                let values = self.values_of(needed(&given, "values")?)?;
                Value::temporary(format!("{whole}.isin({values})?"), Type::Mask)
            }
            "value_counts" if is(&of.of, COLUMN) && call.arguments.is_empty() => {
                Value::temporary(format!("{whole}.value_counts()?"), object(COUNTS))
            }
            _ => return Ok(None),
        }))
    }

    /// Methods of what `value_counts` returns.
    pub(crate) fn method_of_counts(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        no_words(call)?;
        match (name, &call.arguments.args[..]) {
            ("keys", []) => Ok(counted(of, "value", COLUMN)),
            ("tolist" | "to_list", []) => {
                let counts = counted(of, "count", COLUMN);
                self.method_of_sequence(&counts, name, call)?.ok_or_else(|| Missing::new("tolist of this"))
            }
            ("sum", []) => {
                Ok(Value::temporary(format!("{}.sum()? as usize", counted(of, "count", COLUMN).text), Type::Int)
                    .with_strength(Strength::Cast))
            }
            ("max" | "min", []) => {
                let text = format!("{}.{name}()? as usize", counted(of, "count", COLUMN).text);
                Ok(Value::temporary(text, Type::Int).with_strength(Strength::Cast))
            }
            ("head", rows) => {
                let rows = match rows {
                    [] => "5".into(),
                    [rows] => self.argument(rows, "usize", "n")?,
                    _ => return Err(Missing::new("head of this")),
                };
                Ok(Value::temporary(format!("{}.head({rows})", of.at(Strength::Whole)), object(COUNTS)))
            }
            ("to_dict", []) => {
                self.index_map();
                let class = self.import(crate::pandas::cells::CELL);
                let (values, counts) = (counted(of, "value", COLUMN), counted(of, "count", COLUMN));
                let text = format!(
                    "{}.cells().zip({}.cells()).collect::<IndexMap<{class}, {class}>>()",
                    values.text, counts.text
                );
                Ok(Value::temporary(text, Type::Dict(Box::new(cell()), Box::new(cell()))))
            }
            _ => Err(Missing::new(format!("the method {name} of what value_counts returns"))),
        }
    }

    /// `counts.items()`
    pub(crate) fn items_of_counts(&mut self, counts: &Value) -> Iteration {
        let (values, numbers) = (counted(counts, "value", COLUMN), counted(counts, "count", COLUMN));
        let text = format!("{}.cells().zip({}.cells())", values.text, numbers.text);
        Iteration::new(text, Element::Many(vec![Element::One(cell(), Form::Place), Element::One(cell(), Form::Place)]))
    }

    /// Values as an iterator of what converts into values of a column.
    fn values_of(&mut self, values: &'a Expr) -> Ported<String> {
        let value = self.expression(values)?;
        let whole = value.at(Strength::Whole);
        match &value.of {
            of if is_column(of) => Ok(format!("{whole}.cells()")),
            Type::List(of) | Type::Set(of) => match &**of {
                of if is_cell(of) => {
                    Ok(if value.form == Form::Temporary { value.text.clone() } else { value.borrowed() })
                }
                Type::Str | Type::Int | Type::Signed | Type::Float if value.items.is_some() => {
                    Ok(whole.trim_start_matches("vec!").to_string())
                }
                Type::Str | Type::Int | Type::Signed | Type::Float => Ok(format!("{whole}.iter().copied()")),
                Type::String => Ok(format!("{whole}.iter().map(String::as_str)")),
                of => Err(Missing::new(format!("isin of {}", of.described()))),
            },
            Type::Dict(key, _) if is_cell(key) => Ok(format!("{whole}.keys()")),
            Type::Dict(key, _) if **key == Type::String => Ok(format!("{whole}.keys().map(String::as_str)")),
            Type::Dict(key, _) if matches!(**key, Type::Str | Type::Int | Type::Signed) => {
                Ok(format!("{whole}.keys().copied()"))
            }
            Type::Ints => {
                let array = self.tensor(&value)?;
                Ok(format!("{}.to_dtype(DType::I64)?.to_vec1::<i64>()?", array.at(Strength::Whole)))
            }
            of => Err(Missing::new(format!("isin of {}", of.described()))),
        }
    }

    /// `del table["a"]`; whether it is that.
    pub(crate) fn delete_column(&mut self, of: &Value, name: &'a Expr) -> Ported<bool> {
        if !is(&of.of, TABLE) {
            return Ok(false);
        }
        let name = self.column_name(name)?;
        self.line(&format!("{}.pop({name})?;", of.at(Strength::Whole)));
        Ok(true)
    }

    /// `pd.DataFrame(history.history)`
    pub(crate) fn table_of_history(&mut self, history: &Value) -> Value {
        let (class, column) = (self.import(TABLE), self.import(COLUMN));
        let pairs = format!(
            "{}.iter().map(|(name, values)| (name, {column}::Floats(values.to_vec())))",
            history.at(Strength::Whole)
        );
        Value::temporary(format!("{class}::new({pairs})?"), object(TABLE))
    }

    /// `table.rolling(7).mean()`, of tables and columns; `None` of other methods.
    pub(crate) fn windows(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let whole = of.at(Strength::Whole);
        let is_table = is(&of.of, TABLE);
        Ok(Some(match name {
            "rolling" => {
                let given = named_as(call, &["window", "min_periods", "center"])?;
                let mut text =
                    format!("{whole}.rolling({})", self.argument(needed(&given, "window")?, "usize", "window")?);
                match find(&given, "min_periods") {
                    None | Some(Expr::NoneLiteral(_)) => {}
                    Some(count) => {
                        text.push_str(&format!(".min_periods({})", self.argument(count, "usize", "min_periods")?));
                    }
                }
                match find(&given, "center") {
                    None => {}
                    Some(Expr::BooleanLiteral(center)) if !center.value => {}
                    Some(center) => text.push_str(&format!(".center({})", self.argument(center, "bool", "center")?)),
                }
                Value::temporary(text, object(if is_table { ROLLING_TABLE } else { ROLLING_COLUMN }))
            }
            "shift" => {
                let given = named_as(call, &["periods"])?;
                let rows = self.rows_before(find(&given, "periods"))?;
                Value::temporary(format!("{whole}.shift({rows})"), of.of.clone())
            }
            "diff" | "pct_change" if !is_table => {
                let given = named_as(call, &["periods"])?;
                let rows = self.rows_before(find(&given, "periods"))?;
                Value::temporary(format!("{whole}.{name}({rows})?"), of.of.clone())
            }
            _ => return Ok(None),
        }))
    }

    /// A number of rows, which may be negative; 1 if it is not given.
    fn rows_before(&mut self, periods: Option<&'a Expr>) -> Ported<String> {
        periods.map_or(Ok("1".into()), |periods| self.argument(periods, "i64", "periods"))
    }

    /// What is computed of windows.
    pub(crate) fn method_of_windows(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let result = if is(&of.of, ROLLING_TABLE) { TABLE } else { COLUMN };
        match name {
            "mean" | "sum" | "min" | "max" | "std" | "var" | "median" if call.arguments.is_empty() => {
                Ok(Value::temporary(format!("{}.{name}()?", of.at(Strength::Whole)), object(result)))
            }
            _ => Err(Missing::new(format!("the method {name} of rolling windows"))),
        }
    }
}

pub(crate) const ROLLING_TABLE: &str = "rolling::Table";
pub(crate) const ROLLING_COLUMN: &str = "rolling::Column";
