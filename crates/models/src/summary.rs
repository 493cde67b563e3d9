//! The table of a model's layers. Keras: `model.summary()`.

mod table;

use crate::graph::Graph;
use crate::model::Model;
use crate::sequential::as_model;
use crate::{Error, Result};
use candle_keras_layers::{Layer, Node, Variable};
use candle_keras_ops::console::{print_line, printable};
use regex::Regex;
use std::collections::HashSet;
use std::sync::Arc;
use table::{Align, Table};

/// The keyword arguments of [`Model::summary_with`], with the defaults of [`Model::summary`]. Keras: those of `model.summary`; its `print_fn` is
/// [`Model::summary_text_with`].
///
/// ```
/// use candle_keras_layers::{Dense, Input, Layer, layers};
/// use candle_keras_models::{Sequential, Summary};
/// let model = Sequential::new(layers![Input::shape([4]), Dense::new(8), Dense::new(1).name("head")]);
/// let text = model.summary_text_with(Summary::new().show_trainable(true).layer_range("head", "head"))?;
/// assert!(text.contains("head (Dense)") && text.contains("Traina…"));
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Summary {
    line_length: Option<usize>,
    positions: Option<Vec<f64>>,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: Option<[String; 2]>,
}

impl Summary {
    /// The defaults: 88 characters, 108 with connections, and 12 more with `show_trainable`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The length of the lines. Keras's default is the same, or four less than the terminal has.
    #[must_use]
    pub fn line_length(mut self, length: usize) -> Self {
        self.line_length = Some(length);
        self
    }

    /// Where the columns end, as shares of the line. Default: `[0.45, 0.8, 1.0]`, with connections `[0.3, 0.56, 0.74, 1.0]`.
    #[must_use]
    pub fn positions(mut self, positions: impl IntoIterator<Item = f64>) -> Self {
        self.positions = Some(positions.into_iter().collect());
        self
    }

    /// Whether the layers of nested models are listed below them. Default: false.
    #[must_use]
    pub fn expand_nested(mut self, expand: bool) -> Self {
        self.expand_nested = expand;
        self
    }

    /// Whether a column says which layers are trainable. Default: false.
    #[must_use]
    pub fn show_trainable(mut self, show: bool) -> Self {
        self.show_trainable = show;
        self
    }

    /// Lists the layers from the first one whose name begins with what the first regular expression matches, to the last one of the second.
    #[must_use]
    pub fn layer_range(mut self, first: impl Into<String>, last: impl Into<String>) -> Self {
        self.layer_range = Some([first.into(), last.into()]);
        self
    }
}

impl From<()> for Summary {
    fn from((): ()) -> Self {
        Self::default()
    }
}

/// How many models inside of each other are expanded.
const DEEPEST: usize = 64;

impl Model {
    /// Prints the layers with their output shapes and numbers of parameters, and the totals. Keras: `model.summary`.
    pub fn summary(&self) {
        print_line(&self.summary_text());
    }

    /// [`summary`](Self::summary) with arguments.
    ///
    /// # Errors
    /// If the line is too short for the columns, a position is missing, or no layer has the names of the range.
    pub fn summary_with(&self, summary: impl Into<Summary>) -> Result<()> {
        print_line(&self.summary_text_with(summary)?);
        Ok(())
    }

    /// The text that [`summary`](Self::summary) prints.
    pub fn summary_text(&self) -> String {
        // The defaults are long enough.
        self.summary_text_with(()).unwrap_or_default()
    }

    /// The text that [`summary_with`](Self::summary_with) prints.
    ///
    /// # Errors
    /// As there.
    pub fn summary_text_with(&self, summary: impl Into<Summary>) -> Result<String> {
        let summary = summary.into();
        let body = self.body();
        let graph = body.graph().ok().flatten();
        let sequential_like =
            body.stack.is_some() || body.parts().is_some() || graph.as_ref().is_some_and(|graph| is_a_chain(graph));
        drop(body);
        let rows = Rows { summary: &summary, connected: if sequential_like { None } else { graph.clone() } };
        let (mut header, mut length, default): (Vec<_>, _, &[f64]) = match sequential_like {
            true => (vec![], 88, &[0.45, 0.8, 1.0]),
            false => (vec![("Connected to", Align::Left)], 108, &[0.3, 0.56, 0.74, 1.0]),
        };
        let first = [("Layer (type)", Align::Left), ("Output Shape", Align::Left), ("Param #", Align::Right)];
        header.splice(0..0, first);
        let mut positions = summary.positions.clone().unwrap_or_else(|| default.to_vec());
        if summary.show_trainable {
            length += 12;
            positions = positions.into_iter().map(|position| position * 0.9).chain([1.0]).collect();
            header.push(("Trainable", Align::Center));
        }
        let mut table = Table::new(&header, &positions, summary.line_length.unwrap_or(length))?;
        for layer in in_range(self.operations(), summary.layer_range.as_ref())? {
            rows.add(&mut table, &*layer, graph.as_deref(), 0);
        }
        Ok(format!("Model: \"{}\"\n{}\n{}", printable(&self.layer_name()), table.text(), self.totals()))
    }

    fn totals(&self) -> String {
        let (all, trainable) = (self.variables(), self.trainable_variables());
        let params = |variables: &[Variable]| variables.iter().map(Variable::elem_count).sum::<usize>();
        let bytes = |variables: &[Variable]| {
            variables.iter().map(|v| v.elem_count() * v.dtype().size_in_bytes()).sum::<usize>()
        };
        let (count, trained) = (params(&all), params(&trainable));
        // Slots have the dtype of their weight; Keras counts four bytes per number for float32.
        let optimizer =
            self.compiled.as_ref().map(|c| &c.optimizer).filter(|o| o.iterations() > 0).map(|o| o.count_params());
        let line =
            |name: &str, count: usize, bytes: usize| format!(" {name}: {} ({})\n", grouped(count), readable(bytes));
        let slots = optimizer.unwrap_or(0);
        let mut text = line("Total params", count + slots, bytes(&all) + 4 * slots);
        text += &line("Trainable params", trained, bytes(&trainable));
        text += &line("Non-trainable params", count - trained, bytes(&all) - bytes(&trainable));
        if let Some(slots) = optimizer {
            text += &line("Optimizer params", slots, 4 * slots);
        }
        text
    }
}

/// What the rows of a table have.
struct Rows<'a> {
    summary: &'a Summary,
    /// The graph whose connections are listed, if they are.
    connected: Option<Arc<Graph>>,
}

impl Rows<'_> {
    /// Adds the row of a layer, which is called in this graph, and those of the layers in it.
    fn add(&self, table: &mut Table, layer: &dyn Layer, graph: Option<&Graph>, depth: usize) {
        table.add(&self.cells(layer, graph, depth));
        if !self.summary.expand_nested || depth >= DEEPEST {
            return;
        }
        let model = as_model(layer);
        let inner = match model {
            Some(model) => model.layers(),
            None if layer.class_name() == "Pipeline" => layer.sublayers(),
            None => Vec::new(),
        };
        let graph = model.and_then(|model| model.body().graph().ok().flatten());
        inner.iter().for_each(|layer| self.add(table, &**layer, graph.as_deref(), depth + 1));
    }

    fn cells(&self, layer: &dyn Layer, graph: Option<&Graph>, depth: usize) -> Vec<String> {
        let prefix = if depth > 0 { format!("{}└ ", "   ".repeat(depth)) } else { String::new() };
        let name = format!("{prefix}{} ({})", layer.layer_name(), layer.class_name());
        let calls = graph.map(|graph| graph.calls_of(layer)).unwrap_or_default();
        let mut cells = match calls.last() {
            None => vec![name, "?".into(), "0 (unbuilt)".into()],
            Some(last) => {
                let shape = match last.output_specs() {
                    [one] => one.shape.to_string(),
                    many => {
                        let shapes: Vec<_> = many.iter().map(|output| output.shape.to_string()).collect();
                        format!("[{}]", shapes.join(", "))
                    }
                };
                vec![name, shape, grouped(layer.count_params())]
            }
        };
        if let Some(graph) = &self.connected {
            cells.push(connections(layer, graph));
        }
        if self.summary.show_trainable {
            let mark = match layer.variables().is_empty() {
                true => "-",
                false if layer.base().is_trainable() => "Y",
                false => "N",
            };
            cells.push(mark.into());
        }
        cells
    }
}

/// The calls whose outputs a layer is called on in this graph.
fn connections(layer: &dyn Layer, graph: &Graph) -> String {
    let calls = graph.calls_of(layer);
    let inputs = calls
        .iter()
        .flat_map(|node| node.parents())
        .map(|input| format!("{}[{}][{}]", input.node().layer().layer_name(), input.node().index(), input.index()));
    let connections = inputs.collect::<Vec<_>>().join(", ");
    if connections.is_empty() { "-".into() } else { connections }
}

/// The layers from the first one that matches the first expression to the last one that matches the second.
fn in_range(layers: Vec<Arc<dyn Layer>>, range: Option<&[String; 2]>) -> Result<Vec<Arc<dyn Layer>>> {
    let Some(range) = range else { return Ok(layers) };
    let matching = |expression: &String| -> Result<Vec<usize>> {
        let wrong = |cause: regex::Error| Error::new(format!("layer_range: {cause}"));
        let regex = Regex::new(&format!("^(?:{expression})")).map_err(wrong)?;
        Ok((0..layers.len()).filter(|&i| regex.is_match(&layers[i].layer_name())).collect())
    };
    let (lower, upper) = (matching(&range[0])?, matching(&range[1])?);
    let (&[first, ..], &[.., last]) = (lower.as_slice(), upper.as_slice()) else {
        let names: Vec<_> = layers.iter().map(|layer| layer.layer_name()).collect();
        return Err(Error::new("layer_range does not match the names of layers")
            .expected(format!("two of {}, or regular expressions that match them", names.join(", ")))
            .received(format!("{:?} and {:?}", range[0], range[1])));
    };
    // In the wrong order, the range is the other way round.
    let (first, last) = if first > last { (upper[0], lower[lower.len() - 1]) } else { (first, last) };
    Ok(layers[first..=last].to_vec())
}

/// Whether each layer is called once, on the output of the previous one, and each call has one successor.
fn is_a_chain(graph: &Graph) -> bool {
    let mut parents = HashSet::new();
    let mut is_next = |call: &Node| {
        let mut calls = call.parents().map(|parent| (parent.node().layer().base().id(), parent.node().index()));
        call.inputs().len() <= 1 && calls.all(|parent| parents.insert(parent))
    };
    graph.inputs().len() == 1
        && graph.layers().iter().all(|layer| match graph.calls_of(&**layer).as_slice() {
            [call] => is_next(call),
            _ => false,
        })
}

/// A number with commas as thousands separators.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// A size in Keras's format: `250.00 KB`.
fn readable(bytes: usize) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "KB", "MB", "GB"] {
        if size < 1024.0 {
            return format!("{size:.2} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.2} TB")
}
