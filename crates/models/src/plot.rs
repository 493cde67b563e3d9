//! Plots the graph of a model: SVG, or DOT for Graphviz. Keras: `keras.utils.plot_model`.

use crate::{Model, Result};
use candle_keras_data::atomic;
use candle_keras_layers::Layer;
use candle_keras_ops::Error;
use candle_keras_ops::console::printable;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Plots the layers of a model, with their input and output shapes, to a `.svg` or `.dot` file; nothing needs to be installed.
///
/// # Errors
/// If the input of the model is not known yet, the file cannot be written, or it has another extension.
///
/// ```
/// use candle_keras_layers::{layers, Dense, Input};
/// use candle_keras_models::{plot_model, Sequential};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("model.svg");
/// let model = Sequential::new(layers![Input::shape([3]), Dense::new(1)]);
/// plot_model(&model, &path)?;
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
pub fn plot_model(model: &Model, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let picture = Picture::of(model)?;
    let text = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => picture.svg(),
        Some("dot" | "gv") => picture.dot(&model.layer_name()),
        _ => {
            return Err(Error::new("a graph cannot be plotted to a file of this type")
                .expected("a name that ends in .svg or .dot")
                .received(path.display().to_string()));
        }
    };
    atomic::write(path, |file| file.write_all(text.as_bytes()).map_err(|cause| Error::io(path, cause)))
}

/// Boxes in rows, and their connections.
struct Picture {
    boxes: Vec<Drawn>,
    edges: Vec<(usize, usize)>,
}

/// A layer: its title, and a line with the shapes for each call.
struct Drawn {
    title: String,
    lines: Vec<String>,
    row: usize,
}

impl Picture {
    fn of(model: &Model) -> Result<Self> {
        let graph = model.graph()?;
        let layers = graph.layers();
        let places: HashMap<usize, usize> = layers.iter().enumerate().map(|(i, l)| (l.base().id(), i)).collect();
        let mut picture = Self { boxes: Vec::new(), edges: Vec::new() };
        for (i, layer) in layers.iter().enumerate() {
            let mut lines = Vec::new();
            for call in graph.calls_of(&**layer) {
                let shapes = |shapes: Vec<String>| shapes.join(", ");
                let outputs = shapes(call.output_specs().iter().map(|output| output.shape.to_string()).collect());
                let inputs = shapes(call.inputs().iter().map(|input| input.shape().to_string()).collect());
                lines.push(if inputs.is_empty() { outputs } else { format!("{inputs} → {outputs}") });
                for input in call.parents() {
                    let from = places.get(&graph.resolve(input).node().layer().base().id());
                    picture.edges.extend(from.filter(|from| **from != i).map(|from| (*from, i)));
                }
            }
            // XML has no control characters, not even as entities.
            let title = printable(&format!("{} ({})", layer.layer_name(), layer.class_name()))
                .replace(['\n', '\t', '\u{fffe}', '\u{ffff}'], " ");
            picture.boxes.push(Drawn { title, lines, row: 0 });
        }
        picture.edges.sort_unstable();
        picture.edges.dedup();
        // A layer is below all layers that it depends on. One round is enough for layers in topological order; layers that are called
        // between two calls of another layer need more rounds.
        for _ in 0..picture.boxes.len() {
            let mut changed = false;
            for &(from, to) in &picture.edges {
                let row = picture.boxes[from].row + 1;
                if from < to && picture.boxes[to].row < row {
                    (picture.boxes[to].row, changed) = (row, true);
                }
            }
            if !changed {
                break;
            }
        }
        Ok(picture)
    }

    fn dot(&self, name: &str) -> String {
        let quoted = |text: &str| printable(text).replace('\\', "\\\\").replace('"', "\\\"");
        let mut dot = format!("digraph \"{}\" {{\n  node [shape=box, fontname=\"sans-serif\"];\n", quoted(name));
        for (i, drawn) in self.boxes.iter().enumerate() {
            let label: Vec<_> = std::iter::once(&drawn.title).chain(&drawn.lines).map(|line| quoted(line)).collect();
            let _ = writeln!(dot, "  n{i} [label=\"{}\"];", label.join("\\n"));
        }
        for (from, to) in &self.edges {
            let _ = writeln!(dot, "  n{from} -> n{to};");
        }
        dot + "}\n"
    }

    fn svg(&self) -> String {
        // Sizes in pixels; the width of a character in a monospaced font of size 13.
        const LETTER: usize = 8;
        const LINE: usize = 18;
        const GAP: usize = 30;
        const ROW_GAP: usize = 44;
        let width = |drawn: &Drawn| {
            let longest = std::iter::once(&drawn.title).chain(&drawn.lines).map(|line| line.chars().count()).max();
            longest.unwrap_or(0) * LETTER + 24
        };
        let height = |drawn: &Drawn| (1 + drawn.lines.len()) * LINE + 14;
        let rows = self.boxes.iter().map(|drawn| drawn.row + 1).max().unwrap_or(0);
        let in_row = |row: usize| self.boxes.iter().enumerate().filter(move |(_, drawn)| drawn.row == row);
        let row_width = |row| in_row(row).map(|(_, drawn)| width(drawn) + GAP).sum::<usize>();
        let whole = (0..rows).map(row_width).max().unwrap_or(0) + GAP;
        let mut places = vec![(0, 0); self.boxes.len()];
        let mut top = GAP;
        for row in 0..rows {
            let mut left = (whole - row_width(row)) / 2 + GAP / 2;
            for (i, drawn) in in_row(row) {
                places[i] = (left, top);
                left += width(drawn) + GAP;
            }
            top += in_row(row).map(|(_, drawn)| height(drawn)).max().unwrap_or(0) + ROW_GAP;
        }
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"{top}\" font-family=\"monospace\" font-size=\"13\">\n\
             <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
             <path d=\"M0,0 L8,4 L0,8 z\" fill=\"#555\"/></marker></defs>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        for &(from, to) in &self.edges {
            let (a, b) = (&self.boxes[from], &self.boxes[to]);
            let (x1, y1) = (places[from].0 + width(a) / 2, places[from].1 + height(a));
            let (x2, y2) = (places[to].0 + width(b) / 2, places[to].1);
            let (down, up) = (y1 + ROW_GAP / 2, y2.saturating_sub(ROW_GAP / 2));
            let _ = writeln!(
                svg,
                "<path d=\"M{x1},{y1} C{x1},{down} {x2},{up} {x2},{y2}\" fill=\"none\" stroke=\"#555\" marker-end=\"url(#arrow)\"/>"
            );
        }
        for (drawn, (left, top)) in self.boxes.iter().zip(places) {
            let (w, h) = (width(drawn), height(drawn));
            let _ = writeln!(
                svg,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{w}\" height=\"{h}\" rx=\"5\" fill=\"#eef3fb\" stroke=\"#4a6fa5\"/>"
            );
            for (i, line) in std::iter::once(&drawn.title).chain(&drawn.lines).enumerate() {
                let (x, y, weight) = (left + w / 2, top + (i + 1) * LINE + 2, if i == 0 { "bold" } else { "normal" });
                let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let _ = writeln!(
                    svg,
                    "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-weight=\"{weight}\">{line}</text>"
                );
            }
        }
        svg + "</svg>\n"
    }
}
