//! Parts of tables and columns: `df["a"]`, `df[mask]`, `df.iloc[1:, 0]`.

use super::{COLUMN, PLACES, PLACES_OF_COLUMN, TABLE, VALUES, column, is, object};
use crate::pandas::pandas_columns::column_of;
use crate::pandas::pandas_labels::LABELS;
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, UnaryOp};

impl<'a> Program<'a> {
    /// A part of a table or column; `None` of anything else.
    pub(crate) fn pandas_subscript(&mut self, of: &Value, index: &'a Expr) -> Ported<Option<Value>> {
        if let (true, Expr::StringLiteral(name)) = (is(&of.of, crate::libraries::sklearn_more::TOY_DATASET), index) {
            return crate::libraries::sklearn_more::part_of_toy_dataset(of, name.value.to_str()).map(Some);
        }
        if let Some(part) = self.part_of_numbers(of, index)? {
            return Ok(Some(part));
        }
        if let Some(column) = column_of(of) {
            return self.pandas_subscript(&column, index);
        }
        let Type::Object(path) = &of.of else { return Ok(None) };
        match path.as_str() {
            TABLE => self.part_of_table(of, index).map(Some),
            COLUMN | VALUES | PLACES_OF_COLUMN => self.part_of_column(of, index).map(Some),
            PLACES => match self.row_by_place(of, index)? {
                Some(row) => Ok(Some(row)),
                None => self.part_by_places(of, index).map(Some),
            },
            LABELS => self.part_by_labels(of, index).map(Some),
            _ => self.value_of_row(of, index),
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
        if let Some(value) = self.value_by_place(of, index)? {
            return Ok(value);
        }
        if let Some(value) = self.value_by_label(of, index)? {
            return Ok(value);
        }
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
    pub(crate) fn end(&mut self, end: &'a Expr, of: &Value, count: &str) -> Ported<String> {
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
            (Type::Signed, false) if of.form != Form::Temporary => {
                let function = self.import("python::bound");
                Ok(format!("{function}({}, {count})", value.text))
            }
            (Type::Int, true) => Err(Missing::new("a place from the end of this").help("assign the table to a name")),
            (of, _) => Err(Missing::new(format!("{} as a place", of.described()))),
        }
    }
}
