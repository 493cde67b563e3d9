//! Scripts, and notebooks as scripts.

use crate::script::ipython::python_of;
use crate::script::source::with_newlines;
use ruff_python_ast::{Expr, Stmt};
use serde::Deserialize;
use serde::de::Error;

/// The text of a script; of a notebook, its cells of code in their order.
#[derive(Debug, Clone)]
pub struct Script {
    /// The text.
    pub text: String,
    /// For each line, its cell in the notebook and its line there.
    places: Option<Vec<(usize, usize)>>,
}

#[derive(Deserialize)]
struct Notebook {
    cells: Option<Vec<Cell>>,
    /// Of notebooks before 2015, in place of cells.
    worksheets: Option<Vec<Worksheet>>,
    #[serde(default)]
    metadata: serde_json::Value,
}

#[derive(Deserialize)]
struct Worksheet {
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
struct Cell {
    cell_type: String,
    #[serde(alias = "input")]
    source: Option<Lines>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    Text(String),
    Lines(Vec<String>),
}

impl Script {
    /// From the text of a `.py` or, if `is_notebook`, of an `.ipynb`.
    ///
    /// Commands (`!pip install keras`) and magics without effect (`%matplotlib inline`) become comments; what the last line of a cell shows, such as `x.shape`,
    /// is printed.
    ///
    /// # Errors
    /// If a notebook is not one, or of another language.
    ///
    /// ```
    /// let notebook = r#"{"cells": [{"cell_type": "code", "source": ["!pip install keras\n", "x = 3"]}]}"#;
    /// let script = candle_keras_port::Script::new(notebook, true)?;
    /// assert_eq!(script.text, "# !pip install keras\nx = 3\n\n");
    /// assert_eq!(script.place(2), "cell 1, line 2");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn new(text: &str, is_notebook: bool) -> Result<Self, serde_json::Error> {
        if !is_notebook {
            let is_python = |text: &str| ruff_python_parser::parse_module(text).is_ok();
            // A notebook that was saved as a script may have commands still.
            let other = if is_python(text) { None } else { Some(python_of(text)).filter(|other| is_python(other)) };
            return Ok(Self { text: other.unwrap_or_else(|| text.into()), places: None });
        }
        let notebook: Notebook = serde_json::from_str(text)?;
        let language = ["/language_info/name", "/kernelspec/language"].map(|at| notebook.metadata.pointer(at));
        if let Some(other) = language.into_iter().flatten().find_map(|name| name.as_str()).filter(|it| !is_python(it)) {
            return Err(serde_json::Error::custom(format!("its language is {other}")));
        }
        let of_sheets = |sheets: Vec<Worksheet>| sheets.into_iter().flat_map(|sheet| sheet.cells).collect();
        let (sheets, cells) = (notebook.worksheets, notebook.cells);
        let cells: Vec<Cell> =
            cells.or_else(|| sheets.map(of_sheets)).ok_or_else(|| serde_json::Error::custom("it has no cells"))?;
        let (mut text, mut places) = (String::new(), Vec::new());
        for (i, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.cell_type == "code") {
            let source = match &cell.source {
                Some(Lines::Text(text)) => with_newlines(text),
                Some(Lines::Lines(lines)) => with_newlines(&lines.concat()),
                None => continue,
            };
            let start = text.len();
            text.push_str(&python_of(&source));
            if !source.is_empty() && !source.ends_with('\n') {
                text.push('\n');
            }
            let count = source.lines().count();
            places.extend((0..=count).map(|line| (i + 1, line + 1)));
            if let Some(shown) = shown_at_the_end(&text[start..]) {
                text.insert(start + shown.end, ')');
                text.insert_str(start + shown.start, "print(");
            }
            text.push('\n');
        }
        Ok(Self { text, places: Some(places) })
    }

    /// Where a line is, for a person: `line 3`, or `cell 2, line 3`.
    pub fn place(&self, line: usize) -> String {
        // A mistake may be seen behind the last line.
        let at = |places: &Vec<(usize, usize)>| places.get(line.checked_sub(1)?).or(places.last()).copied();
        match self.places.as_ref().and_then(at) {
            Some((cell, line)) => format!("cell {cell}, line {line}"),
            None => format!("line {line}"),
        }
    }
}

fn is_python(language: &str) -> bool {
    matches!(language.to_lowercase().as_str(), "python" | "python3" | "ipython")
}

/// Where the value is that a notebook shows below a cell: an expression at its end, unless it is a call, which most often is there for what it does.
fn shown_at_the_end(cell: &str) -> Option<std::ops::Range<usize>> {
    let parsed = ruff_python_parser::parse_module(cell).ok()?;
    let Stmt::Expr(last) = parsed.syntax().body.last()? else { return None };
    let is_ended = cell[last.range.end().to_usize()..].trim_start().starts_with(';');
    let is_value =
        !matches!(&*last.value, Expr::Call(_) | Expr::StringLiteral(_) | Expr::NoneLiteral(_) | Expr::Await(_));
    (is_value && !is_ended).then(|| last.range.start().to_usize()..last.range.end().to_usize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(cells: &[&str]) -> String {
        let cells: Vec<_> = cells.iter().map(|cell| serde_json::json!({"cell_type": "code", "source": cell})).collect();
        Script::new(&serde_json::json!({ "cells": cells }).to_string(), true).unwrap().text
    }

    #[test]
    fn cells_have_magics_and_show_their_last_value() {
        let text = script(&[
            "%matplotlib inline\nimport numpy as np",
            "%%bash\nls x",
            "%%time\nx = f(3)\nx[0].shape",
            "x;",
            "f(x)",
        ]);
        let expected = "# %matplotlib inline\nimport numpy as np\n\n# %%bash\n# ls x\n\n# %%time\nx = f(3)\nprint(x[0].shape)\n\nx;\n\nf(x)\n\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn scripts_of_notebooks_have_commands() {
        let text = |text| Script::new(text, false).unwrap().text;
        assert_eq!(text("!pip install keras\nx = 1\n"), "# !pip install keras\nx = 1\n");
        assert_eq!(text("x = \"\"\"\n!a\n\"\"\"\n"), "x = \"\"\"\n!a\n\"\"\"\n");
        assert_eq!(text("!ls\nx = (\n"), "!ls\nx = (\n");
    }

    #[test]
    fn notebooks_are_old_or_of_other_languages() {
        let old =
            r#"{"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1\r\n", "y = 2"]}]}], "nbformat": 3}"#;
        let script = Script::new(old, true).unwrap();
        assert_eq!((script.text.as_str(), script.place(2).as_str()), ("x = 1\ny = 2\n\n", "cell 1, line 2"));
        for (text, expected) in [
            (r#"{"cells": [], "metadata": {"kernelspec": {"name": "ir", "language": "R"}}}"#, "its language is R"),
            (r#"{"cells": [], "metadata": {"language_info": {"name": "julia"}}}"#, "its language is julia"),
            ("{}", "it has no cells"),
        ] {
            assert_eq!(Script::new(text, true).unwrap_err().to_string(), expected);
        }
        let python = r#"{"cells": [], "metadata": {"kernelspec": {"name": "x", "language": "python"}, "language_info": {"name": "python"}}}"#;
        assert_eq!(Script::new(python, true).unwrap().text, "");
    }
}
