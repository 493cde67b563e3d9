//! `table.loc[rows, columns]`: rows by their labels, which are numbers that a part of a table keeps.

use crate::pandas::cells::cell_of_numpy;
use crate::pandas::table_rows::ROW;
use crate::pandas::{COLUMN, TABLE, cell_of, column, is, object};
use crate::program::Program;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::Expr;

/// `table.loc`
pub(crate) const LABELS: &str = "pandas::loc";

/// Rows of a table.
enum Rows {
    All,
    /// A range with both ends.
    Range(String),
    Mask(String),
    Several(String),
    One(String),
}

/// `[rows, columns]`, or rows alone.
fn parts(index: &Expr) -> Ported<(&Expr, Option<&Expr>)> {
    match index {
        Expr::Tuple(tuple) => match &tuple.elts[..] {
            [rows, columns] => Ok((rows, Some(columns))),
            _ => Err(Missing::new("loc of more than rows and columns")),
        },
        rows => Ok((rows, None)),
    }
}

impl<'a> Program<'a> {
    pub(crate) fn part_by_labels(&mut self, of: &Value, index: &'a Expr) -> Ported<Value> {
        let (rows, columns) = parts(index)?;
        let whole = of.at(Strength::Whole);
        let rows = self.labelled_rows(rows)?;
        let table = match &rows {
            Rows::All => whole.clone(),
            Rows::Range(range) => format!("{whole}.loc({range})?"),
            Rows::Mask(mask) => format!("{whole}.filter({mask})?"),
            Rows::Several(labels) => format!("{whole}.loc_rows({labels})?"),
            Rows::One(label) => return self.in_row(&whole, label, columns),
        };
        match columns.filter(|columns| !is_all(columns)) {
            None if matches!(rows, Rows::All) => Ok(Value::temporary(format!("{table}.clone()"), object(TABLE))),
            None => Ok(Value::temporary(table, object(TABLE))),
            Some(Expr::Slice(_)) => Err(Missing::new("a slice of columns by their names").help("list the names")),
            Some(names @ Expr::List(_)) => {
                Ok(Value::temporary(format!("{table}.select({})?", self.names(names)?), object(TABLE)))
            }
            Some(names) => {
                let value = self.expression(names)?;
                if matches!(value.of, Type::List(_)) {
                    return Ok(Value::temporary(format!("{table}.select({})?", self.names(names)?), object(TABLE)));
                }
                let name = self.column_name(names)?;
                match rows {
                    Rows::All => Ok(column(&table, &name)),
                    _ => Ok(Value::temporary(format!("{table}.column({name})?.clone()"), object(COLUMN))),
                }
            }
        }
    }

    /// `table.loc[i]`, `table.loc[i, "name"]`
    fn in_row(&mut self, table: &str, label: &str, columns: Option<&'a Expr>) -> Ported<Value> {
        match columns {
            None => Ok(Value::temporary(format!("{table}.loc_row({label})?"), object(ROW))),
            Some(Expr::Slice(_) | Expr::List(_)) => {
                Err(Missing::new("several values of a row").help("loc[[i], names] is a DataFrame of one row"))
            }
            Some(name) => {
                let name = self.column_name(name)?;
                Ok(Value::temporary(format!("{table}.at({label}, {name})?"), cell_of_numpy()))
            }
        }
    }

    fn labelled_rows(&mut self, rows: &'a Expr) -> Ported<Rows> {
        if is_all(rows) {
            return Ok(Rows::All);
        }
        if let Expr::Slice(slice) = rows {
            if slice.step.is_some() {
                return Err(Missing::new("a slice of a table with a step"));
            }
            let mut end = |end: Option<&'a Expr>, sign: &str| match end {
                None => Ok(String::new()),
                Some(end) => match self.expression(end)? {
                    label if label.of == Type::Int && label.below_zero().is_none() => {
                        Ok(format!("{sign}{}", label.at(Strength::Sum)))
                    }
                    label => Err(Missing::new(format!("{} as a label of a row", label.of.described()))),
                },
            };
            let (from, to) = (end(slice.lower.as_deref(), "")?, end(slice.upper.as_deref(), "=")?);
            return Ok(Rows::Range(format!("{from}..{to}")));
        }
        let value = self.expression(rows)?;
        match &value.of {
            Type::Mask => Ok(Rows::Mask(value.borrowed())),
            Type::List(of) if **of == Type::Int => Ok(Rows::Several(value.borrowed().replacen("&vec![", "&[", 1))),
            Type::Int if value.below_zero().is_none() => Ok(Rows::One(value.text)),
            of => Err(Missing::new(format!("{} as a label of rows", of.described()))),
        }
    }

    /// `table.loc[rows, "name"] = value`
    pub(crate) fn assign_by_labels(&mut self, of: &Value, index: &'a Expr, value: &Value) -> Ported<()> {
        let (rows, Some(name)) = parts(index)? else {
            return Err(Missing::new("an assignment to rows of a DataFrame").help("name the column as well"));
        };
        // pandas does not take it for a number.
        if value.of == Type::Bool {
            return Err(Missing::new("a bool as a value of rows of a column"));
        }
        if name.is_list_expr() || name.is_slice_expr() {
            return Err(Missing::new("an assignment to several columns").help("assign them one by one"));
        }
        let (name, cell, whole) = (self.column_name(name)?, cell_of(value)?, of.at(Strength::Whole));
        let text = match self.labelled_rows(rows)? {
            Rows::Mask(mask) => format!("{whole}.set_where({mask}, {name}, {cell})?;"),
            Rows::One(label) => format!("{whole}.set_at({label}, {name}, {cell})?;"),
            Rows::All => format!("{whole}.set_loc(.., {name}, {cell})?;"),
            Rows::Range(range) => format!("{whole}.set_loc({range}, {name}, {cell})?;"),
            _ => return Err(Missing::new("an assignment to rows by their labels").help("choose them with a mask")),
        };
        self.line(&text);
        Ok(())
    }
}

/// `:`
fn is_all(part: &Expr) -> bool {
    matches!(part, Expr::Slice(slice) if slice.lower.is_none() && slice.upper.is_none() && slice.step.is_none())
}

/// Whether it is `table.loc`.
pub(crate) fn is_labels(of: &Value) -> bool {
    is(&of.of, LABELS)
}
