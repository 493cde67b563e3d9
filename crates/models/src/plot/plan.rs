//! Where the boxes and lines of a plot are.
//!
//! Each box is in a row below those of all layers that it depends on. A line that passes rows has a place in each of them, so that it does
//! not cross boxes. A nested model that is expanded is planned by itself, and placed as one box.

use super::Plot;
use super::label::Label;
use crate::sequential::as_model;
use crate::{Model, Result};
use candle_keras_layers::Layer;
use candle_keras_ops::console::printable;
use std::collections::HashMap;

/// Sizes in pixels: of a letter, a line of text, and the space between boxes and rows.
pub(super) const LETTER: f64 = 8.0;
pub(super) const LINE: f64 = 24.0;
const GAP: f64 = 24.0;
const ROW_GAP: f64 = 40.0;
/// The width that a line takes among boxes, and the margin of the whole.
const PASSAGE: f64 = 12.0;
const MARGIN: f64 = 16.0;
/// How many models inside of each other are expanded.
const DEEPEST: usize = 32;

/// A point: to the right, and down.
pub(super) type Point = (f64, f64);

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A box.
pub(super) struct Block {
    pub(super) label: Label,
    pub(super) area: Area,
    /// The number of the frame around it.
    pub(super) frame: Option<usize>,
}

/// The frame around a nested model.
pub(super) struct Frame {
    pub(super) name: String,
    pub(super) area: Area,
    pub(super) frame: Option<usize>,
}

/// A line between two boxes, by their numbers, and the points that it passes.
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) points: Vec<Point>,
}

/// A plot.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) blocks: Vec<Block>,
    pub(super) frames: Vec<Frame>,
    pub(super) lines: Vec<Line>,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Whether rows are beside each other.
    pub(super) sideways: bool,
    /// The boxes of inputs and outputs.
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

/// What is placed in a row.
enum Item {
    Block(Label),
    Nested(Box<Plan>, String),
    /// The passage of a line.
    Passage,
}

impl Item {
    fn size(&self) -> (f64, f64) {
        match self {
            Self::Block(label) => size_of(label),
            Self::Nested(plan, name) => {
                let width = (name.chars().count() as f64 + 2.0) * LETTER;
                (plan.width.max(width), plan.height + LINE)
            }
            Self::Passage => (PASSAGE, PASSAGE),
        }
    }
}

/// The size of the box of a layer.
fn size_of(label: &Label) -> (f64, f64) {
    let width = |text: &str| text.chars().count() as f64 * LETTER + 2.0 * LETTER;
    let cells: f64 = label.cells.iter().map(|cell| width(&cell.text())).sum();
    let activation = label.activation_line();
    let rows = 1 + usize::from(activation.is_some()) + usize::from(!label.cells.is_empty());
    (width(&label.title()).max(activation.as_deref().map_or(0.0, width)).max(cells), rows as f64 * LINE)
}

impl Plan {
    /// The plot of a model.
    pub(super) fn of(model: &Model, plot: &Plot, shows_names: bool) -> Result<Self> {
        let mut plan = Self::of_level(model, plot, shows_names, 0)?;
        let flip = |area: &mut Area, width: f64, height: f64| match plot.rankdir.as_str() {
            "BT" => area.y = height - area.y - area.height,
            "RL" => area.x = width - area.x - area.width,
            _ => (),
        };
        let (width, height) = (plan.width, plan.height);
        plan.blocks.iter_mut().for_each(|block| flip(&mut block.area, width, height));
        plan.frames.iter_mut().for_each(|frame| flip(&mut frame.area, width, height));
        for point in plan.lines.iter_mut().flat_map(|line| &mut line.points) {
            let mut area = Area { x: point.0, y: point.1, width: 0.0, height: 0.0 };
            flip(&mut area, width, height);
            *point = (area.x, area.y);
        }
        Ok(plan)
    }

    fn of_level(model: &Model, plot: &Plot, shows_names: bool, depth: usize) -> Result<Self> {
        let graph = model.graph()?;
        let layers = model.operations();
        let places: HashMap<usize, usize> = layers.iter().enumerate().map(|(i, l)| (l.base().id(), i)).collect();
        let mut items = Vec::new();
        for layer in &layers {
            let nested = as_model(&**layer).filter(|_| plot.expand_nested && depth < DEEPEST);
            items.push(match nested {
                Some(nested) => {
                    let name = printable(&nested.layer_name()).replace(['\n', '\t'], " ");
                    Item::Nested(Box::new(Self::of_level(nested, plot, shows_names, depth + 1)?), name)
                }
                None => Item::Block(Label::of(&**layer, &graph, plot, shows_names)),
            });
        }
        // The connections: of an output of an item with an input of another.
        let mut edges: Vec<[(usize, usize); 2]> = Vec::new();
        for (i, layer) in layers.iter().enumerate() {
            for call in graph.calls_of(&**layer) {
                for (at, input) in call.parents().enumerate() {
                    let from = graph.resolve(input);
                    let source = places.get(&from.node().layer().base().id()).filter(|source| **source != i);
                    // A box has one place for all of its inputs and outputs.
                    let index =
                        |item: usize, index: usize| if matches!(items[item], Item::Nested(..)) { index } else { 0 };
                    edges.extend(source.map(|&source| [(source, index(source, from.index())), (i, index(i, at))]));
                }
            }
        }
        edges.sort_unstable();
        edges.dedup();
        let rows = rows_of(items.len(), &edges);
        let sideways = matches!(plot.rankdir.as_str(), "LR" | "RL");
        let is_stack = model.body().stack.is_some();
        let end = |tensor: &candle_keras_layers::NodeOutput| {
            let tensor = graph.resolve(tensor);
            places.get(&tensor.node().layer().base().id()).map(|&place| (place, tensor.index()))
        };
        let (inputs, outputs): (Vec<_>, Vec<_>) = match is_stack {
            true => (vec![(0, 0)], vec![(layers.len().saturating_sub(1), 0)]),
            false => {
                (graph.inputs().iter().filter_map(end).collect(), graph.outputs().iter().filter_map(end).collect())
            }
        };
        Ok(Self::placed(items, rows, &edges, [&inputs, &outputs], sideways))
    }

    /// Places items in rows, and draws lines along their connections.
    fn placed(
        mut items: Vec<Item>,
        mut rows: Vec<usize>,
        edges: &[[(usize, usize); 2]],
        [inputs, outputs]: [&[(usize, usize)]; 2],
        sideways: bool,
    ) -> Self {
        // The items that each connection passes: its ends, and a passage in each row between.
        let mut chains = Vec::new();
        for &[(from, _), (to, _)] in edges {
            let mut chain = vec![from];
            for row in rows[from] + 1..rows[to].max(rows[from] + 1) {
                chain.push(items.len());
                items.push(Item::Passage);
                rows.push(row);
            }
            chain.push(to);
            chains.push(chain);
        }
        let count = rows.iter().map(|row| row + 1).max().unwrap_or(0);
        let mut in_rows = vec![Vec::new(); count];
        rows.iter().enumerate().for_each(|(i, &row)| in_rows[row].push(i));
        order(&mut in_rows, &chains);
        // Across the rows, and along them from one to the next.
        let turned = |(width, height): (f64, f64)| if sideways { (height, width) } else { (width, height) };
        let sizes: Vec<(f64, f64)> = items.iter().map(|item| turned(item.size())).collect();
        let breadth = |row: &Vec<usize>| row.iter().map(|&i| sizes[i].0 + GAP).sum::<f64>() - GAP;
        let whole = in_rows.iter().map(breadth).fold(0.0, f64::max) + 2.0 * MARGIN;
        let mut places = vec![(0.0, 0.0); items.len()];
        let mut ranges = Vec::new();
        let mut along = MARGIN;
        for row in &in_rows {
            let thickness = row.iter().map(|&i| sizes[i].1).fold(0.0, f64::max);
            let mut across = (whole - breadth(row)) / 2.0;
            for &i in row {
                places[i] = (across, along + (thickness - sizes[i].1) / 2.0);
                across += sizes[i].0 + GAP;
            }
            ranges.push((along, along + thickness));
            along += thickness + ROW_GAP;
        }
        let length = along - ROW_GAP.min(along) + MARGIN;
        let (width, height) = turned((whole, length));
        let mut plan = Self { width, height, sideways, ..Self::default() };
        let mut ends = Vec::new();
        for (item, &(across, along)) in items.into_iter().zip(&places) {
            let size = item.size();
            let (x, y) = turned((across, along));
            ends.push(plan.add(item, Area { x, y, width: size.0, height: size.1 }));
        }
        let end = |(item, index): (usize, usize), is_input: bool| {
            let (inputs, outputs): &(Vec<usize>, Vec<usize>) = &ends[item];
            let blocks = if is_input { inputs } else { outputs };
            blocks.get(index).or(blocks.first()).copied()
        };
        for (&[from, to], chain) in edges.iter().zip(&chains) {
            let (Some(a), Some(b)) = (end(from, false), end(to, true)) else { continue };
            let (start, stop) = (plan.blocks[a].area, plan.blocks[b].area);
            let middle = |area: Area| if sideways { area.y + area.height / 2.0 } else { area.x + area.width / 2.0 };
            let bounds =
                |area: Area| if sideways { (area.x, area.x + area.width) } else { (area.y, area.y + area.height) };
            let mut points = vec![(middle(start), bounds(start).1)];
            // Out of its row, through the others, into the last one.
            points.push((middle(start), ranges[rows[from.0]].1.max(bounds(start).1)));
            for &passage in &chain[1..chain.len() - 1] {
                let across = places[passage].0 + PASSAGE / 2.0;
                points.extend([(across, ranges[rows[passage]].0), (across, ranges[rows[passage]].1)]);
            }
            points.extend([(middle(stop), ranges[rows[to.0]].0.min(bounds(stop).0)), (middle(stop), bounds(stop).0)]);
            points.dedup();
            plan.lines.push(Line { from: a, to: b, points: points.into_iter().map(turned).collect() });
        }
        plan.inputs =
            inputs.iter().filter(|input| input.0 < ends.len()).filter_map(|&input| end(input, true)).collect();
        plan.outputs = outputs.iter().filter(|at| at.0 < ends.len()).filter_map(|&output| end(output, false)).collect();
        plan
    }

    /// Adds an item at a place; returns the boxes of its inputs and outputs.
    fn add(&mut self, item: Item, area: Area) -> (Vec<usize>, Vec<usize>) {
        match item {
            Item::Passage => (Vec::new(), Vec::new()),
            Item::Block(label) => {
                self.blocks.push(Block { label, area, frame: None });
                (vec![self.blocks.len() - 1], vec![self.blocks.len() - 1])
            }
            Item::Nested(nested, name) => {
                let (first, frame) = (self.blocks.len(), self.frames.len());
                let (x, y) = (area.x + (area.width - nested.width) / 2.0, area.y + LINE);
                let moved = |area: Area| Area { x: area.x + x, y: area.y + y, ..area };
                let within = |inner: Option<usize>| Some(inner.map_or(frame, |inner| frame + 1 + inner));
                self.frames.push(Frame { name, area, frame: None });
                self.frames.extend(nested.frames.into_iter().map(|inner| Frame {
                    area: moved(inner.area),
                    frame: within(inner.frame),
                    ..inner
                }));
                self.blocks.extend(nested.blocks.into_iter().map(|block| Block {
                    area: moved(block.area),
                    frame: within(block.frame),
                    ..block
                }));
                self.lines.extend(nested.lines.into_iter().map(|line| Line {
                    from: line.from + first,
                    to: line.to + first,
                    points: line.points.into_iter().map(|point| (point.0 + x, point.1 + y)).collect(),
                }));
                let own = |blocks: Vec<usize>| blocks.into_iter().map(|block| block + first).collect();
                (own(nested.inputs), own(nested.outputs))
            }
        }
    }
}

/// The row of each item: below all that it depends on.
fn rows_of(count: usize, edges: &[[(usize, usize); 2]]) -> Vec<usize> {
    let mut rows = vec![0usize; count];
    // One round is enough for layers in topological order; layers that are called between two calls of another layer need more rounds.
    for _ in 0..count {
        let mut changed = false;
        for &[(from, _), (to, _)] in edges {
            let row = rows[from] + 1;
            if from < to && rows[to] < row {
                (rows[to], changed) = (row, true);
            }
        }
        if !changed {
            break;
        }
    }
    rows
}

/// Orders each row by the mean place of what its items are connected with in the row before.
fn order(rows: &mut [Vec<usize>], chains: &[Vec<usize>]) {
    let mut before: HashMap<usize, Vec<usize>> = HashMap::new();
    for pair in chains.iter().flat_map(|chain| chain.windows(2)) {
        before.entry(pair[1]).or_default().push(pair[0]);
    }
    let mut places: HashMap<usize, f64> = HashMap::new();
    for row in rows {
        let mean = |item: &usize| {
            let known: Vec<f64> = before.get(item)?.iter().filter_map(|item| places.get(item).copied()).collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        let mut sorted: Vec<(f64, usize)> = row.iter().map(|item| (mean(item).unwrap_or(0.5), *item)).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        *row = sorted.into_iter().map(|(_, item)| item).collect();
        let width = row.len() as f64;
        places.extend(row.iter().enumerate().map(|(i, item)| (*item, (i as f64 + 0.5) / width)));
    }
}

/// The points of a line as it is drawn.
pub(super) fn drawn(points: &[Point], splines: &str, sideways: bool) -> Vec<Point> {
    let mut path: Vec<Point> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let is_straight = if sideways { a.1 == b.1 } else { a.0 == b.0 };
        match splines {
            _ if is_straight => path.push(b),
            "ortho" => {
                let middle = if sideways { (a.0 + b.0) / 2.0 } else { (a.1 + b.1) / 2.0 };
                path.extend(match sideways {
                    true => [(middle, a.1), (middle, b.1), b],
                    false => [(a.0, middle), (b.0, middle), b],
                });
            }
            "spline" | "curved" => {
                let middle = if sideways { (a.0 + b.0) / 2.0 } else { (a.1 + b.1) / 2.0 };
                let (c, d) = match sideways {
                    true => ((middle, a.1), (middle, b.1)),
                    false => ((a.0, middle), (b.0, middle)),
                };
                const PARTS: usize = 16;
                path.extend((1..=PARTS).map(|i| {
                    let t = i as f64 / PARTS as f64;
                    let s = 1.0 - t;
                    let mix = |a: f64, c: f64, d: f64, b: f64| {
                        s * s * s * a + 3.0 * s * s * t * c + 3.0 * s * t * t * d + t * t * t * b
                    };
                    (mix(a.0, c.0, d.0, b.0), mix(a.1, c.1, d.1, b.1))
                }));
            }
            _ => path.push(b),
        }
    }
    path
}

/// The places of the texts in a box: the text, its rectangle, and which row it is in (0: the title).
pub(super) fn cells(block: &Block) -> Vec<(String, Area, usize, Option<&super::label::Cell>)> {
    let mut row = Area { height: LINE, ..block.area };
    let mut cells = vec![(block.label.title(), row, 0, None)];
    if let Some(line) = block.label.activation_line() {
        row.y += LINE;
        cells.push((line, row, 1, None));
    }
    row.y += LINE;
    let natural: Vec<f64> =
        block.label.cells.iter().map(|cell| (cell.text().chars().count() + 2) as f64 * LETTER).collect();
    let stretch = block.area.width / natural.iter().sum::<f64>().max(1.0);
    let mut x = block.area.x;
    for (cell, width) in block.label.cells.iter().zip(natural) {
        let width = width * stretch;
        cells.push((cell.text(), Area { x, width, ..row }, 2, Some(cell)));
        x += width;
    }
    cells
}
