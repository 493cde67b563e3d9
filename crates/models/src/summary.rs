//! The table of a model's layers. Keras: `model.summary()`.

use crate::graph::Graph;
use crate::model::Model;
use candle_keras_layers::{Layer, Node, Variable};
use candle_keras_ops::console::{print_line, printable};
use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle, Width,
};
use std::collections::HashSet;

/// The inner widths of the columns, as in Keras: with and without connections.
const WITH_CONNECTIONS: [usize; 4] = [31, 27, 17, 28];
const WITHOUT: [usize; 3] = [38, 29, 17];

impl Model {
    /// Prints the layers with their output shapes and numbers of parameters, and the totals.
    pub fn summary(&self) {
        print_line(&self.summary_text());
    }

    /// The text that [`summary`](Self::summary) prints.
    pub fn summary_text(&self) -> String {
        let body = self.body();
        let graph = body.graph().ok().flatten();
        let sequential_like = body.stack.is_some() || graph.as_ref().is_some_and(|graph| is_a_chain(graph));
        let widths: &[usize] = if sequential_like { &WITHOUT } else { &WITH_CONNECTIONS };
        drop(body);
        let mut header = vec!["Layer (type)".to_string(), "Output Shape".into(), "Param #".into()];
        header.extend((!sequential_like).then(|| "Connected to".into()));
        let mut table = Table::new();
        table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(header.iter().zip(widths).map(|(cell, width)| wrapped(cell, width - 2)));
        for layer in self.operations() {
            let mut cells = self.cells(&*layer, graph.as_deref());
            cells.truncate(widths.len());
            table.add_row(cells.iter().zip(widths).map(|(cell, width)| wrapped(cell, width - 2)));
        }
        table.set_constraints(widths.iter().map(|&width| ColumnConstraint::Absolute(Width::Fixed(width as u16))));
        if let Some(column) = table.column_mut(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        format!("Model: \"{}\"\n{}\n{}", printable(&self.layer_name()), table, self.totals())
    }

    fn cells(&self, layer: &dyn Layer, graph: Option<&Graph>) -> Vec<String> {
        let name = format!("{} ({})", layer.layer_name(), layer.class_name());
        let calls = graph.map(|graph| graph.calls_of(layer)).unwrap_or_default();
        let Some(last) = calls.last() else {
            return vec![name, "?".into(), "0 (unbuilt)".into(), "-".into()];
        };
        let shape = match last.output_specs() {
            [one] => one.shape.to_string(),
            many => format!("[{}]", many.iter().map(|output| output.shape.to_string()).collect::<Vec<_>>().join(", ")),
        };
        let inputs = calls
            .iter()
            .flat_map(|node| node.parents())
            .map(|input| format!("{}[{}][{}]", input.node().layer().layer_name(), input.node().index(), input.index()));
        let connections = inputs.collect::<Vec<_>>().join(", ");
        let connections = if connections.is_empty() { "-".into() } else { connections };
        vec![name, shape, grouped(layer.count_params()), connections]
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

/// Keras's box lines: heavy around the header.
const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('┏', '━', '┳', '┓'))
    .header_lines(ContentLineStyle::new('┃', '┃', '┃'))
    .header_separator(LineStyle::new('┡', '━', '╇', '┩'))
    .content_lines(ContentLineStyle::new('│', '│', '│'))
    .row_separator(LineStyle::new('├', '─', '┼', '┤'))
    .bottom_border(LineStyle::new('└', '─', '┴', '┘'));

/// Wraps the text to lines of at most `width`, at spaces; a longer word is truncated with an ellipsis.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in printable(text).split([' ', '\n', '\t']) {
        let word: String = match word.chars().count() > width {
            true => word.chars().take(width - 1).chain(['…']).collect(),
            false => word.into(),
        };
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines.join("\n")
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
