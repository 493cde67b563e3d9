//! Scripts, and notebooks as scripts.

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
    /// Magics (`%matplotlib inline`) and commands (`!pip install keras`) become comments.
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
            // All of a cell may be for another program.
            let is_magic = source.starts_with("%%");
            for (j, line) in source.lines().enumerate() {
                if is_magic || line.trim_start().starts_with(['%', '!']) {
                    text.push_str("# ");
                }
                text.push_str(line);
                text.push('\n');
                places.push((i + 1, j + 1));
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
