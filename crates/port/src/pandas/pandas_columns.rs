//! Columns that are made or put together: `pd.Series`, `pd.concat`, `pd.DataFrame(column)`.

use crate::arguments::{Named, find, named_as, needed};
use crate::pandas::{COLUMN, TABLE, is, is_column, is_number, object};
use crate::program::Program;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// A `Series` with a name, as a table of one column.
pub(crate) const SERIES: &str = "series::Table";

/// The column of a `Series` with a name; `None` of anything else.
pub(crate) fn column_of(value: &Value) -> Option<Value> {
    is(&value.of, SERIES).then(|| {
        let text = format!("{}.column_at(0)?", value.at(Strength::Whole));
        Value::new(text, object(COLUMN), Strength::Whole, crate::value::Form::Reference)
    })
}

/// The table and the name of `table.column("name")?`.
fn named_column(value: &Value) -> Option<(&str, &str)> {
    let text = value.text.strip_suffix(")?")?;
    let (table, name) = text.rsplit_once(".column(")?;
    let is_whole = is(&value.of, COLUMN) && !name.contains(['(', ')']);
    is_whole.then_some((table, name))
}

/// A column with its name as a table of it, as text of a value of its own; `None` if it has no name here.
fn as_table(value: &Value) -> Option<String> {
    match named_column(value) {
        _ if is(&value.of, TABLE) || is(&value.of, SERIES) => Some(value.at(Strength::Whole)),
        Some((table, name)) => Some(format!("{table}.select([{name}])?")),
        None => None,
    }
}

impl<'a> Program<'a> {
    /// `pd.Series(x, name="label")`
    pub(crate) fn series(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["data", "index", "dtype", "name"])?;
        if find(&given, "index").is_some() || find(&given, "dtype").is_some() {
            return Err(Missing::new("a Series with an index or a dtype"));
        }
        self.import("data::ToColumn");
        let data = needed(&given, "data")?;
        let data = match data {
            Expr::Call(range) if matches!(&*range.func, Expr::Name(name) if name.id.as_str() == "range") => {
                format!("({}).collect::<Vec<_>>()", self.iteration(data)?.over)
            }
            data => self.column_argument(data)?,
        };
        let column = format!("{}.to_column()?", data.strip_prefix('&').unwrap_or(&data));
        match find(&given, "name").filter(|name| !name.is_none_literal_expr()) {
            None => Ok(Value::temporary(column, object(COLUMN))),
            Some(name) => {
                let class = self.import(TABLE);
                let name = self.column_name(name)?;
                Ok(Value::temporary(format!("{class}::new([({name}, {column})])?"), object(SERIES)))
            }
        }
    }

    /// `pd.concat([a, b])`
    pub(crate) fn concatenated(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["objs", "axis", "ignore_index"])?;
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
        let elements = match needed(&given, "objs")? {
            Expr::List(list) => &list.elts[..],
            Expr::Tuple(tuple) => &tuple.elts[..],
            list => {
                let list = self.expression(list)?;
                return match &list.of {
                    Type::List(of) if is(of, TABLE) => {
                        let text = format!("{class}::concat_{axis}({})?{numbered}", list.borrowed());
                        Ok(Value::temporary(text, object(TABLE)))
                    }
                    of => Err(Missing::new(format!("concat of {}", of.described())).help("write the list out")),
                };
            }
        };
        let values = elements.iter().map(|element| self.expression(element)).collect::<Ported<Vec<_>>>()?;
        let is_of_columns = |value: &Value| is(&value.of, COLUMN) || is(&value.of, SERIES);
        if axis == "rows" && values.iter().all(is_of_columns) {
            return self.one_behind_another(&values);
        }
        let mut texts = Vec::new();
        for value in &values {
            texts.push(match (is(&value.of, TABLE), as_table(value)) {
                (true, _) => value.borrowed(),
                (false, Some(table)) if axis == "columns" => format!("&{table}"),
                _ => {
                    return Err(Missing::new(format!("concat of {}", value.of.described()))
                        .help("give it a name: pd.Series(x, name=\"x\")"));
                }
            });
        }
        Ok(Value::temporary(format!("{class}::concat_{axis}([{}])?{numbered}", texts.join(", ")), object(TABLE)))
    }

    /// Columns as one; its rows have no labels here, as those of any column.
    fn one_behind_another(&mut self, columns: &[Value]) -> Ported<Value> {
        let own = |value: &Value| column_of(value).unwrap_or_else(|| value.clone()).borrowed();
        let texts: Vec<String> = columns.iter().map(own).collect();
        let class = self.import(COLUMN);
        Ok(Value::temporary(format!("{class}::concat([{}])?", texts.join(", ")), object(COLUMN)))
    }

    /// `pd.DataFrame(column)`, `pd.DataFrame(table)`; `None` of anything else.
    pub(crate) fn table_of(&mut self, given: &Named<'a>, value: &Value) -> Ported<Option<Value>> {
        if !is_column(&value.of) && !is(&value.of, TABLE) && !is(&value.of, SERIES) {
            return Ok(None);
        }
        if find(given, "columns").is_some() {
            return Err(Missing::new("a DataFrame of some columns of this").help("select them behind"));
        }
        let table = as_table(value).ok_or_else(|| {
            Missing::new("a DataFrame of a column without a name").help("pd.DataFrame({\"name\": column})")
        })?;
        let is_own = named_column(value).is_some();
        Ok(Some(Value::temporary(if is_own { table } else { format!("{table}.clone()") }, object(TABLE))))
    }
}
