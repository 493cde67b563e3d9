//! Numbers about the columns of a table: `describe`, `corr`, `mean`, `isnull().sum()`.

use crate::arguments::{find, named_as, needed};
use crate::pandas::cells::cell_of_numpy;
use crate::pandas::table_rows::ROW;
use crate::pandas::{TABLE, is, is_column, object};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, Operator};

/// What `describe` and `corr` return: a table whose rows have names.
pub(crate) const SUMMARY: &str = "data::Summary";
/// A number about each column.
pub(crate) const NUMBERS: &str = "data::NamedNumbers";
/// How many values of each column are so: whole numbers.
pub(crate) const COUNTS: &str = "counts::NamedNumbers";
/// `table.isnull()`, as the table itself, and its array.
const MISSING: &str = "pandas::isnull";
const MISSING_VALUES: &str = "pandas::isnull_values";
/// `summary.loc`
const ROWS: &str = "summary::loc";

/// Whether it is printed as pandas prints it.
pub(crate) fn is_printed(of: &Type) -> bool {
    [TABLE, SUMMARY, NUMBERS, COUNTS, ROW].iter().any(|path| is(of, path))
}

/// Whether a statement with this value alone does nothing: what it computes is shown in a notebook.
pub(crate) fn is_only_shown(value: &Value) -> bool {
    [SUMMARY, NUMBERS, COUNTS, MISSING].iter().any(|path| is(&value.of, path)) && !value.text.contains(".pop(")
}

impl<'a> Program<'a> {
    /// A method of a table that says something about its columns; `None` if it is another one.
    pub(crate) fn numbers_of_table(&mut self, of: &Value, name: &str, call: &ExprCall) -> Ported<Option<Value>> {
        if !call.arguments.is_empty() {
            return Ok(None);
        }
        let whole = of.at(Strength::Whole);
        Ok(Some(match name {
            "describe" | "corr" => Value::temporary(format!("{whole}.{name}()?"), object(SUMMARY)),
            "mean" | "std" => Value::temporary(format!("{whole}.{name}()?"), object(NUMBERS)),
            "isnull" | "isna" => Value { of: object(MISSING), ..of.clone() },
            "duplicated" => Value::temporary(format!("{whole}.duplicated()?"), Type::Mask),
            _ => return Ok(None),
        }))
    }

    /// An attribute of numbers about columns; `None` of anything else.
    pub(crate) fn attribute_of_numbers(&mut self, of: &Value, name: &str) -> Ported<Option<Value>> {
        let Type::Object(path) = &of.of else { return Ok(None) };
        let whole = of.at(Strength::Whole);
        let names = |method: &str| {
            let names = Type::List(Box::new(Type::String));
            Value::new(format!("{whole}.{method}()"), names, Strength::Whole, Form::Reference)
        };
        Ok(Some(match (path.as_str(), name) {
            (SUMMARY, "T") => Value::temporary(format!("{whole}.transpose()"), object(SUMMARY)),
            (SUMMARY, "columns") => names("names"),
            (SUMMARY, "index") => names("labels"),
            (SUMMARY, "loc") => Value { of: object(ROWS), ..of.clone() },
            (SUMMARY | NUMBERS, "values") => Value::temporary(format!("{whole}.values()?"), Type::Floats),
            (NUMBERS | COUNTS, "index") => names("names"),
            (COUNTS, "values") => Value::temporary(format!("{whole}.values()?"), Type::Ints),
            (MISSING, "values") => Value { of: object(MISSING_VALUES), ..of.clone() },
            (SUMMARY | NUMBERS | COUNTS | MISSING, _) => {
                return Err(Missing::new(format!("the attribute {name} of {}", of.of.described())));
            }
            _ => return Ok(None),
        }))
    }

    /// A method of numbers about columns; `None` of anything else.
    pub(crate) fn method_of_numbers(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let Type::Object(path) = &of.of else { return Ok(None) };
        let whole = of.at(Strength::Whole);
        let count = format!("{whole}.count_missing()");
        let total =
            |counts: &str| Value::new(format!("{counts}.sum()? as usize"), Type::Int, Strength::Cast, Form::Temporary);
        let has_any = || Value::new(format!("{count}.sum()? > 0.0"), Type::Bool, Strength::Comparison, Form::Temporary);
        Ok(Some(match (path.as_str(), name) {
            (SUMMARY, "pop") => {
                let given = named_as(call, &["item"])?;
                let name = self.column_name(needed(&given, "item")?)?;
                Value::temporary(format!("{whole}.pop({name})?"), object(NUMBERS))
            }
            (SUMMARY | NUMBERS | COUNTS | MISSING | MISSING_VALUES, _) if !call.arguments.is_empty() => {
                return Err(Missing::new(format!("the method {name} of {} with arguments", of.of.described())));
            }
            (SUMMARY, "transpose") => Value::temporary(format!("{whole}.transpose()"), object(SUMMARY)),
            (SUMMARY | NUMBERS, "to_numpy") => Value::temporary(format!("{whole}.values()?"), Type::Floats),
            (COUNTS, "sum") => total(&whole),
            (MISSING, "sum") => Value::temporary(count, object(COUNTS)),
            (MISSING_VALUES, "sum") => total(&count),
            (MISSING_VALUES, "any") => has_any(),
            (SUMMARY | NUMBERS | COUNTS | MISSING | MISSING_VALUES, _) => {
                return Err(Missing::new(format!("the method {name} of {}", of.of.described())));
            }
            _ => return Ok(None),
        }))
    }

    /// A part of numbers about columns; `None` of anything else.
    pub(crate) fn part_of_numbers(&mut self, of: &Value, index: &'a Expr) -> Ported<Option<Value>> {
        let Type::Object(path) = &of.of else { return Ok(None) };
        let whole = of.at(Strength::Whole);
        match path.as_str() {
            SUMMARY if index.is_list_expr() => {
                Ok(Some(Value::temporary(format!("{whole}.select({})?", self.names(index)?), object(SUMMARY))))
            }
            SUMMARY | ROWS => {
                let method = if path == SUMMARY { "column" } else { "row" };
                let name = self.column_name(index)?;
                Ok(Some(Value::temporary(format!("{whole}.{method}({name})?"), object(NUMBERS))))
            }
            NUMBERS | COUNTS => {
                let name = self.column_name(index)?;
                Ok(Some(Value::temporary(format!("{whole}.get({name})?"), cell_of_numpy())))
            }
            _ => Ok(None),
        }
    }

    /// `table - means`: each column with the number about it. `None` of other operands.
    pub(crate) fn table_with_numbers(&mut self, a: &Value, op: Operator, b: &Value) -> Ported<Option<Value>> {
        if is(&b.of, NUMBERS) && (is_column(&a.of) || a.of.is_array()) {
            return Err(Missing::new("numbers about columns beside an array").help("take .values of the numbers"));
        }
        if !is(&b.of, NUMBERS) || !is(&a.of, TABLE) {
            return Ok(None);
        }
        let method = match op {
            Operator::Sub => "sub",
            Operator::Div => "div",
            _ => return Err(Missing::new("this operator on a DataFrame and numbers about its columns")),
        };
        let text = format!("{}.{method}({})?", a.at(Strength::Whole), b.borrowed());
        Ok(Some(Value::temporary(text, object(TABLE))))
    }

    /// `table.drop_duplicates()`
    pub(crate) fn without_duplicates(&mut self, of: &Value, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["inplace", "ignore_index"])?;
        let numbered = match find(&given, "ignore_index") {
            None => "",
            Some(Expr::BooleanLiteral(is)) if !is.value => "",
            Some(Expr::BooleanLiteral(_)) => ".reset_index()",
            Some(_) => return Err(Missing::new("a computed ignore_index")),
        };
        let text = format!("{}.drop_duplicates(){numbered}", of.at(Strength::Whole));
        crate::pandas::in_place(of, &given, text)
    }
}
