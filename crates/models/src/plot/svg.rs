//! A plot as SVG.

use super::label::Cell;
use super::plan::{Plan, cells, drawn};
use candle_keras_ops::markup::escaped;
use std::fmt::Write as _;

/// The colors of a cell: behind it, and of its text.
pub(super) fn colors(row: usize, cell: Option<&Cell>) -> ([u8; 3], [u8; 3]) {
    match (row, cell) {
        (0, _) => ([0x2b, 0x3a, 0x55], [255; 3]),
        (_, Some(Cell::Trainable)) => ([0x22, 0x8b, 0x22], [255; 3]),
        (_, Some(Cell::Frozen)) => ([0xb2, 0x22, 0x22], [255; 3]),
        _ => ([255; 3], [0x22; 3]),
    }
}

/// The color of lines.
pub(super) const GRAY: [u8; 3] = [0x55; 3];

pub(super) fn write(plan: &Plan, splines: &str) -> String {
    let (width, height) = (plan.width.ceil(), plan.height.ceil());
    let hex = |[r, g, b]: [u8; 3]| format!("#{r:02x}{g:02x}{b:02x}");
    let gray = hex(GRAY);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"monospace\" font-size=\"13\">\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0,0 L8,4 L0,8 z\" fill=\"{gray}\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for frame in &plan.frames {
        let a = frame.area;
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"none\" stroke=\"{gray}\" stroke-dasharray=\"6 4\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            a.x,
            a.y,
            a.width,
            a.height,
            a.x + 8.0,
            a.y + 17.0,
            escaped(&frame.name)
        );
    }
    for line in &plan.lines {
        let points = drawn(&line.points, splines, plan.sideways);
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{gray}\" marker-end=\"url(#arrow)\"/>",
            points.join(" ")
        );
    }
    for block in &plan.blocks {
        for (text, a, row, cell) in cells(block) {
            let (back, front) = colors(row, cell);
            let weight =
                if row == 0 || matches!(cell, Some(Cell::Trainable | Cell::Frozen)) { "bold" } else { "normal" };
            let _ = writeln!(
                svg,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\" stroke=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-weight=\"{weight}\" fill=\"{}\">{}</text>",
                a.x,
                a.y,
                a.width,
                a.height,
                hex(back),
                hex(colors(0, None).0),
                a.x + a.width / 2.0,
                a.y + 16.5,
                hex(front),
                escaped(&text)
            );
        }
    }
    svg + "</svg>\n"
}
