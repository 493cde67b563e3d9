//! Tables as files: `to_csv`, and the columns of files that name their rows.

use crate::arguments::{Named, find, named_as, needed};
use crate::program::Program;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

impl<'a> Program<'a> {
    /// `read_csv(path, index_col="date", parse_dates=True)`: what is called behind it.
    pub(crate) fn index_of_file(&mut self, given: &Named<'a>) -> Ported<String> {
        let are_parsed =
            find(given, "parse_dates").is_some_and(|parse| !matches!(parse, Expr::BooleanLiteral(is) if !is.value));
        let name = match find(given, "index_col") {
            None | Some(Expr::NoneLiteral(_)) => None,
            Some(place @ Expr::NumberLiteral(_)) if !are_parsed => {
                return Ok(format!(".set_index_at({})?", self.argument(place, "usize", "index_col")?));
            }
            Some(name @ (Expr::StringLiteral(_) | Expr::Name(_))) => Some(self.column_name(name)?),
            Some(_) => return Err(Missing::new("an index_col that is no name of a column")),
        };
        let are_dates = match find(given, "parse_dates") {
            None => false,
            Some(Expr::BooleanLiteral(is)) => is.value,
            Some(Expr::List(list)) => match (&list.elts[..], &name) {
                ([one], Some(name)) if self.column_name(one)? == *name => true,
                _ => return Err(Missing::new("parse_dates of a column that is not the index")),
            },
            Some(_) => return Err(Missing::new("this parse_dates")),
        };
        Ok(match name {
            Some(name) if are_dates => format!(".set_index_of_dates({name})?"),
            Some(name) => format!(".set_index({name})?"),
            // Without an index there is nothing to parse.
            None => String::new(),
        })
    }

    /// `table.set_index("date")`
    pub(crate) fn set_index(&mut self, table: &Value, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["keys", "inplace"])?;
        let name = self.column_name(needed(&given, "keys")?)?;
        crate::pandas::in_place(table, &given, format!("{}.set_index({name})?", table.at(Strength::Whole)))
    }

    /// An error if rows may have names in the script, in the place of numbers.
    pub(crate) fn check_numbered_rows(&self) -> Ported<()> {
        match self.source.has("index_col") || self.source.has("set_index") {
            true => Err(Missing::new("the numbers of rows, in a script where rows have names")),
            false => Ok(()),
        }
    }

    /// `table.to_csv(path, sep="|", header=False, index=False, mode="a")`, of a table as Rust's text.
    pub(crate) fn written_to_csv(&mut self, table: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["path_or_buf", "sep", "index", "header", "mode", "encoding"])?;
        if call.arguments.args.len() > 2 {
            return Err(Missing::new("to_csv with arguments by place").help("name them"));
        }
        let path = self.argument(needed(&given, "path_or_buf")?, "impl AsRef<Path>", "path_or_buf")?;
        let mut setters = String::new();
        match find(&given, "sep") {
            None => {}
            Some(Expr::StringLiteral(text)) if text.value.to_str() == "," => {}
            Some(Expr::StringLiteral(text)) if text.value.to_str().chars().count() == 1 => {
                let sep = text.value.to_str().chars().next().unwrap_or(',');
                setters.push_str(&format!(".sep({sep:?})"));
            }
            Some(_) => return Err(Missing::new("a separator that is not one character")),
        }
        // pandas writes names and the index where nothing else is said.
        for (name, is_default) in [("header", true), ("index", false)] {
            match find(&given, name) {
                None if name == "header" => {}
                None => setters.push_str(".index(true)"),
                Some(Expr::BooleanLiteral(is)) if is.value == is_default => {}
                Some(Expr::BooleanLiteral(is)) => setters.push_str(&format!(".{name}({})", is.value)),
                Some(is @ Expr::Name(_)) => {
                    setters.push_str(&format!(".{name}({})", self.argument(is, "bool", name)?));
                }
                Some(_) => return Err(Missing::new(format!("this {name}"))),
            }
        }
        match find(&given, "mode") {
            None => {}
            Some(Expr::StringLiteral(mode)) if mode.value.to_str() == "w" => {}
            Some(Expr::StringLiteral(mode)) if mode.value.to_str() == "a" => setters.push_str(".append(true)"),
            Some(_) => return Err(Missing::new("this mode")),
        }
        match find(&given, "encoding") {
            None => {}
            Some(Expr::StringLiteral(name))
                if matches!(name.value.to_str().to_lowercase().as_str(), "utf-8" | "utf8") => {}
            Some(_) => return Err(Missing::new("this encoding")),
        }
        if setters.is_empty() {
            return Ok(Value::temporary(format!("{table}.to_csv({path})?"), Type::None));
        }
        let class = self.import("data::WriteCsv");
        Ok(Value::temporary(format!("{table}.write_csv({path}, {class}::new(){setters})?"), Type::None))
    }
}
