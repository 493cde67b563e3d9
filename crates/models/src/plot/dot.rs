//! A plot in the language of Graphviz, which finds its own places for the boxes.

use super::Plot;
use super::label::{Cell, Label};
use super::plan::Plan;
use candle_keras_ops::console::printable;
use candle_keras_ops::markup::escaped;
use std::fmt::Write as _;

pub(super) fn write(plan: &Plan, plot: &Plot, name: &str) -> String {
    let quoted = |text: &str| printable(text).replace('\\', "\\\\").replace('"', "\\\"");
    let mut dot = format!(
        "digraph \"{}\" {{\n  rankdir={};\n  concentrate=true;\n  dpi={};\n  splines={};\n  \
         node [shape=plain, fontname=\"Helvetica\"];\n",
        quoted(name),
        plot.rankdir,
        plot.dpi,
        plot.splines
    );
    level(&mut dot, plan, None, 1);
    for line in &plan.lines {
        let _ = writeln!(dot, "  n{} -> n{} [penwidth=2];", line.from, line.to);
    }
    dot + "}\n"
}

/// The boxes in a frame, or in none, and the frames in it.
fn level(dot: &mut String, plan: &Plan, frame: Option<usize>, depth: usize) {
    let indent = "  ".repeat(depth);
    for (i, block) in plan.blocks.iter().enumerate().filter(|(_, block)| block.frame == frame) {
        let _ = writeln!(dot, "{indent}n{i} [label=<{}>];", table(&block.label));
    }
    for (i, inner) in plan.frames.iter().enumerate().filter(|(_, inner)| inner.frame == frame) {
        let _ = writeln!(dot, "{indent}subgraph cluster_{i} {{\n{indent}  style=dashed;\n{indent}  labeljust=l;");
        let _ = writeln!(dot, "{indent}  label=<{}>;", escaped(&inner.name));
        level(dot, plan, Some(i), depth + 1);
        let _ = writeln!(dot, "{indent}}}");
    }
}

/// A box as a table of HTML.
fn table(label: &Label) -> String {
    let span = label.cells.len().max(1);
    let class = escaped(&label.class);
    let title = match &label.name {
        Some(name) => format!("<b>{}</b> ({class})", escaped(name)),
        None => format!("<b>{class}</b>"),
    };
    let mut table = format!(
        "<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"8\">\
         <tr><td colspan=\"{span}\" bgcolor=\"black\"><font point-size=\"16\" color=\"white\">{title}</font></td></tr>"
    );
    if let Some(activation) = &label.activation {
        let _ = write!(table, "<tr><td colspan=\"{span}\">Activation: <b>{}</b></td></tr>", escaped(activation));
    }
    let cell = |cell: &Cell| match cell {
        Cell::Fact(what, value) => format!("<td>{what}: <b>{}</b></td>", escaped(value)),
        Cell::Trainable => "<td bgcolor=\"forestgreen\"><font color=\"white\"><b>Trainable</b></font></td>".into(),
        Cell::Frozen => "<td bgcolor=\"firebrick\"><font color=\"white\"><b>Non-trainable</b></font></td>".into(),
    };
    if !label.cells.is_empty() {
        let _ = write!(table, "<tr>{}</tr>", label.cells.iter().map(cell).collect::<String>());
    }
    table + "</table>"
}
