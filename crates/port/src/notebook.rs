//! Scripts, and notebooks as scripts.

use ruff_python_ast::{Expr, Stmt};
use serde::Deserialize;

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
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
struct Cell {
    cell_type: String,
    source: Lines,
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
    /// Magics (`%matplotlib inline`) and commands (`!pip install keras`) become comments; what the last line of a cell shows, such as `x.shape`, is printed.
    ///
    /// # Errors
    /// If a notebook is not one.
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
            return Ok(Self { text: text.into(), places: None });
        }
        let notebook: Notebook = serde_json::from_str(text)?;
        let (mut text, mut places) = (String::new(), Vec::new());
        for (i, cell) in notebook.cells.iter().enumerate().filter(|(_, cell)| cell.cell_type == "code") {
            let source = match &cell.source {
                Lines::Text(text) => text.clone(),
                Lines::Lines(lines) => lines.concat(),
            };
            let start = text.len();
            for (j, line) in source.lines().enumerate() {
                if is_of_another_program(&source) || line.trim_start().starts_with(['%', '!']) {
                    text.push_str("# ");
                }
                text.push_str(line);
                text.push('\n');
                places.push((i + 1, j + 1));
            }
            if let Some(shown) = shown_at_the_end(&text[start..]) {
                text.insert(start + shown.end, ')');
                text.insert_str(start + shown.start, "print(");
            }
            text.push('\n');
            places.push((i + 1, source.lines().count() + 1));
        }
        Ok(Self { text, places: Some(places) })
    }

    /// Where a line is, for a person: `line 3`, or `cell 2, line 3`.
    pub fn place(&self, line: usize) -> String {
        match self.places.as_ref().and_then(|places| places.get(line.checked_sub(1)?)) {
            Some((cell, line)) => format!("cell {cell}, line {line}"),
            None => format!("line {line}"),
        }
    }
}

/// Whether all of a cell is for another program, such as `%%bash`, and not for Python.
fn is_of_another_program(cell: &str) -> bool {
    const OF_PYTHON: &[&str] = &["%%time", "%%timeit", "%%capture"];
    cell.starts_with("%%") && !OF_PYTHON.iter().any(|magic| cell.split_whitespace().next() == Some(magic))
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
}
