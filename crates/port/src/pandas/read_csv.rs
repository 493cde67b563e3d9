//! `pd.read_csv` and its arguments.

use super::{TABLE, is_number, object};
use crate::arguments::{Named, find, named_as, needed};
use crate::program::Program;
use crate::value::Value;
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

impl<'a> Program<'a> {
    pub(crate) fn read_csv(&mut self, call: &'a ExprCall) -> Ported<Value> {
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
                "on_bad_lines",
                "error_bad_lines",
                "warn_bad_lines",
                "index_col",
                "parse_dates",
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
        match find(&given, "encoding") {
            None | Some(Expr::NoneLiteral(_)) => {}
            Some(Expr::StringLiteral(name)) => match encoding(name.value.to_str()) {
                Some("utf-8") => {}
                Some(name) => arguments.push_str(&format!(".encoding({name:?})")),
                None => return Err(Missing::new("this encoding").help("iconv converts a file to UTF-8")),
            },
            Some(_) => return Err(Missing::new("a computed encoding")),
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
        if skips_bad_lines(&given)? {
            arguments.push_str(".skip_bad_lines(true)");
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
        let index = self.index_of_file(&given)?;
        Ok(Value::temporary(format!("{function}({path}, {arguments})?{index}"), object(TABLE)))
    }
}

/// An encoding by its name here.
fn encoding(name: &str) -> Option<&'static str> {
    match name.to_lowercase().replace(['-', '_'], "").as_str() {
        "utf8" | "utf8sig" | "ascii" => Some("utf-8"),
        "latin1" | "iso88591" | "l1" => Some("latin1"),
        "cp1252" | "windows1252" => Some("cp1252"),
        _ => None,
    }
}

/// Whether rows with more fields than others are left out.
fn skips_bad_lines(given: &Named<'_>) -> Ported<bool> {
    match (find(given, "on_bad_lines"), find(given, "error_bad_lines")) {
        (None, None) => Ok(false),
        (Some(Expr::StringLiteral(text)), None) if matches!(text.value.to_str(), "skip" | "warn") => Ok(true),
        (Some(Expr::StringLiteral(text)), None) if text.value.to_str() == "error" => Ok(false),
        (None, Some(Expr::BooleanLiteral(is_error))) => Ok(!is_error.value),
        _ => Err(Missing::new("these on_bad_lines")),
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
