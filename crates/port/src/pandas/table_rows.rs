//! Rows of tables: `iterrows`, `itertuples`, `table.iloc[i]["a"]`, `table["a"][i]`, and functions of rows.

use crate::arguments::named_as;
use crate::pandas::cells::{cell, cell_of_numpy, cell_of_row};
use crate::pandas::{COLUMN, TABLE, is};
use crate::program::Program;
use crate::python::iteration::{Element, Iteration};
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, ExprLambda};

/// A row as a `Series`.
pub(crate) const ROW: &str = "data::Row";
/// A row as a named tuple, each value of which is as in its column.
pub(crate) const ROW_AS_TUPLE: &str = "tuples::Row";

/// Attributes of a `Series` that are no values.
const NO_VALUES: &[&str] =
    &["name", "index", "values", "shape", "size", "dtype", "iloc", "loc", "at", "T", "array", "str", "empty"];

fn object(path: &str) -> Type {
    Type::Object(path.into())
}

fn value_of(row: &Value, name: &str) -> Value {
    let of = if is(&row.of, ROW_AS_TUPLE) { cell() } else { cell_of_row() };
    let text = format!("{}.get({name})?", row.at(Strength::Whole));
    match row.form {
        // The row ends with the statement.
        Form::Temporary => Value::temporary(format!("{text}.clone()"), of),
        _ => Value::new(text, of, Strength::Whole, Form::Reference),
    }
}

/// `row.age`; `None` of anything else.
pub(crate) fn attribute(row: &Value, name: &str) -> Ported<Option<Value>> {
    let of_row = |method: &str, of: Type| Value::temporary(format!("{}.{method}()", row.at(Strength::Whole)), of);
    Ok(Some(match name {
        "name" if is(&row.of, ROW) => of_row("label", Type::Int),
        "Index" if is(&row.of, ROW_AS_TUPLE) => of_row("label", Type::Int),
        "values" if is(&row.of, ROW) => Value::temporary(format!("{}.values()?", row.at(Strength::Whole)), Type::Array),
        _ if is(&row.of, ROW) && NO_VALUES.contains(&name) => {
            return Err(Missing::new(format!("the attribute {name} of a row")));
        }
        _ if is(&row.of, ROW_AS_TUPLE) && name.starts_with('_') => {
            return Err(Missing::new(format!("the attribute {name} of a row")));
        }
        _ if is(&row.of, ROW) || is(&row.of, ROW_AS_TUPLE) => value_of(row, &format!("{name:?}")),
        _ => return Ok(None),
    }))
}

/// The table and name of `table.column("a")?`.
fn of_table(column: &Value) -> Option<(&str, &str)> {
    let text = column.text.strip_suffix(")?").filter(|_| column.form == Form::Reference)?;
    let (table, name) = text.rsplit_once(".column(")?;
    (!name.contains("?")).then_some((table, name))
}

impl<'a> Program<'a> {
    /// `df.iterrows()`, `df.itertuples()`; `None` of other calls.
    pub(crate) fn rows_of_table(&mut self, call: &'a ExprCall) -> Ported<Option<Iteration>> {
        let Expr::Attribute(attribute) = &*call.func else { return Ok(None) };
        let name = attribute.attr.as_str();
        if !matches!(name, "iterrows" | "itertuples") {
            return Ok(None);
        }
        let table = self.expression(&attribute.value)?;
        if !is(&table.of, TABLE) {
            return Err(Missing::new(format!("{name} of {}", table.of.described())));
        }
        let text = format!("{}.{name}()", table.at(Strength::Whole));
        if name == "iterrows" {
            named_as(call, &[])?;
            self.check_numbered_rows()?;
            let row = Element::One(object(ROW), Form::Place);
            return Ok(Some(Iteration::new(text, Element::Many(vec![Element::One(Type::Int, Form::Place), row]))));
        }
        // A tuple without an index has other places, and the same names.
        let given = named_as(call, &["index"])?;
        if given.iter().any(|(_, index)| !index.is_boolean_literal_expr()) {
            return Err(Missing::new("a computed index"));
        }
        Ok(Some(Iteration::new(text, Element::One(object(ROW_AS_TUPLE), Form::Place))))
    }

    /// `row["age"]`; `None` of anything else.
    pub(crate) fn value_of_row(&mut self, row: &Value, index: &'a Expr) -> Ported<Option<Value>> {
        if is(&row.of, ROW_AS_TUPLE) {
            return Err(Missing::new("a value of a tuple by its place").help("write its name: row.name"));
        }
        if !is(&row.of, ROW) {
            return Ok(None);
        }
        // A number is a name of Python's, or a place in old versions of pandas.
        if index.is_number_literal_expr() || index.is_slice_expr() {
            return Err(Missing::new("a value of a row by its place").help("write the name of its column"));
        }
        let name = self.column_name(index)?;
        Ok(Some(value_of(row, &name)))
    }

    /// `column.iloc[i]`; `None` of anything else.
    pub(crate) fn value_by_place(&mut self, column: &Value, index: &'a Expr) -> Ported<Option<Value>> {
        if !is(&column.of, crate::pandas::PLACES_OF_COLUMN) {
            return Ok(None);
        }
        let whole = column.at(Strength::Whole);
        let place = self.expression(index)?;
        let at = match (&place.of, place.text.strip_prefix('-')) {
            (Type::Int, _) if place.below_zero().is_none() => place.text,
            (Type::Signed, Some(back)) if place.is_literal() && column.form != Form::Temporary => {
                format!("{whole}.len() - {back}")
            }
            _ => return Err(Missing::new("a value of a column by this place")),
        };
        Ok(Some(Value::temporary(format!("{whole}.get({at})?"), cell_of_numpy())))
    }

    /// `table["a"][i]`: the value in the row of this number. `None` of anything else.
    pub(crate) fn value_by_label(&mut self, column: &Value, index: &'a Expr) -> Ported<Option<Value>> {
        let Some((table, name)) = of_table(column).filter(|_| is(&column.of, COLUMN)) else { return Ok(None) };
        let (table, name) = (table.to_string(), name.to_string());
        let label = self.expression(index)?;
        if label.of != Type::Int || label.below_zero().is_some() {
            return Ok(None);
        }
        Ok(Some(Value::temporary(format!("{table}.at({}, {name})?", label.text), cell_of_numpy())))
    }

    /// `table.iloc[i]`: a row, or `table.iloc[places]`. `None` of other parts.
    pub(crate) fn row_by_place(&mut self, table: &Value, index: &'a Expr) -> Ported<Option<Value>> {
        if index.is_slice_expr() || index.is_tuple_expr() {
            return Ok(None);
        }
        if index.is_unary_op_expr() {
            let whole = table.at(Strength::Whole);
            let place = self.end(index, table, &format!("{whole}.rows()"))?;
            return Ok(Some(Value::temporary(format!("{whole}.row({place})?"), object(ROW))));
        }
        let place = self.expression(index)?;
        if matches!(&place.of, Type::List(of) if **of == Type::Int) {
            let places = place.borrowed().replace("&vec![", "&[");
            return Ok(Some(Value::temporary(format!("{}.take({places})?", table.at(Strength::Whole)), object(TABLE))));
        }
        if place.of != Type::Int || place.below_zero().is_some() {
            return Ok(None);
        }
        Ok(Some(Value::temporary(format!("{}.row({})?", table.at(Strength::Whole), place.text), object(ROW))))
    }

    /// `table.apply(lambda row: ..., axis=1)`
    pub(crate) fn applied_to_rows(&mut self, table: &Value, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["func", "axis"])?;
        let is_of_rows = crate::arguments::find(&given, "axis").is_some_and(|axis| match axis {
            Expr::StringLiteral(axis) => axis.value.to_str() == "columns",
            axis => matches!(axis, Expr::NumberLiteral(number) if matches!(&number.value,
                ruff_python_ast::Number::Int(int) if int.as_u8() == Some(1))),
        });
        if !is_of_rows {
            return Err(Missing::new("apply to columns").help("apply it to each column: df[\"a\"].apply(...)"));
        }
        let Some(Expr::Lambda(lambda)) = crate::arguments::find(&given, "func") else {
            return Err(Missing::new("apply of other than a lambda to rows").help("write a loop over iterrows()"));
        };
        let (name, value) = self.lambda_of_row(lambda)?;
        let value = self.own(value)?;
        if !crate::pandas::column_functions::is_value(&value.of) {
            return Err(Missing::new(format!("a column of {}", value.of.described())));
        }
        let rows = format!("{}.iterrows()", table.at(Strength::Whole));
        let each = match value.text.contains('?') {
            true => format!("{rows}.map(|(_, {name})| Ok::<_, Error>({}))", value.text),
            false => format!("{rows}.map(|(_, {name})| {})", value.text),
        };
        let list = self.collected(&each, &value, "Vec")?;
        self.import("data::ToColumn");
        Ok(Value::temporary(format!("{}.to_column()?", list.text), object(COLUMN)))
    }

    fn lambda_of_row(&mut self, lambda: &'a ExprLambda) -> Ported<(String, Value)> {
        let parameters: Vec<_> = lambda.parameters.iter().flat_map(|all| all.iter_non_variadic_params()).collect();
        let [parameter] = &parameters[..] else {
            return Err(Missing::new("apply of a function of several arguments"));
        };
        let name = parameter.parameter.name.as_str();
        let rust_name = crate::script::names::in_snake_case(name);
        self.scopes.enter();
        let variable = Variable { rust_name: rust_name.clone(), of: object(ROW), form: Form::Place, is_pending: false };
        self.scopes.bind(name, Binding::Variable(variable));
        let written = self.body.len();
        let value = self.expression(&lambda.body);
        self.scopes.leave();
        if self.body.len() > written {
            self.body.truncate(written);
            return Err(Missing::new("apply of a function of several statements"));
        }
        Ok((rust_name, value?))
    }
}
