//! A figure as SVG: where its panels are, and what is around them.

use crate::artist::{Canvas, Direction, Mappable, Order};
use crate::color::Rgba;
use crate::panel::{Axis, Panel};
use crate::scale::{Map, Scale, Ticks};
use crate::sheet::Sheet;
use crate::svg::{Anchor, Area, Letters, Level, POINT, Pen, line, short, text};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The units of an inch.
const INCH: f64 = 100.0;
/// Around each panel with its labels.
const PAD: f64 = 9.0;
/// A tick, and the space between it and its label.
const TICK: f64 = 3.5 * POINT;
/// Between the labels of the ticks and that of the axis, and below the title.
const GAP: f64 = 5.0 * POINT;
/// A colorbar, and the space before it.
const BAR: f64 = 16.0;
const BAR_GAP: f64 = 12.0;

/// The frame and the ticks.
const FRAME: Pen = Pen { color: Rgba::BLACK, alpha: 1.0, width: 0.8, dashes: &[] };
const GRID: Pen = Pen { color: Rgba([0xb0; 3], 1.0), alpha: 1.0, width: 0.8, dashes: &[] };

/// The space around a panel that its labels take.
#[derive(Debug, Clone, Copy, Default)]
struct Margins {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

/// The whole drawing.
pub(crate) fn svg(sheet: &Sheet) -> String {
    let [width, height] = sheet.size.map(|inches| inches * INCH);
    let (w, h) = (short(width), short(height));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"'DejaVu Sans', Verdana, Arial, sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let mut top = 0.0;
    if let Some(title) = &sheet.title {
        let letters = Letters { level: Level::Top, ..title.letters };
        text(&mut out, &title.text, (width / 2.0, PAD), &letters);
        top = PAD + letters.extent(&title.text).1;
    }
    let areas = areas(sheet, Area { left: 0.0, top, right: width, bottom: height });
    for (i, (panel, area)) in sheet.panels.iter().zip(areas).enumerate() {
        draw(panel, area, &format!("axes-{}-{}", sheet.number, i + 1), &mut out);
    }
    out + "</svg>\n"
}

/// The area of each panel, without its labels. Panels of one column begin and end together, and so do those of one row.
fn areas(sheet: &Sheet, page: Area) -> Vec<Area> {
    let cell = |panel: &Panel| {
        let place = panel.place;
        let (width, height) = (page.width() / place.columns as f64, page.height() / place.rows as f64);
        let (row, column) = (place.index / place.columns, place.index % place.columns);
        let (left, top) = (page.left + column as f64 * width, page.top + row as f64 * height);
        Area { left, top, right: left + width, bottom: top + height }
    };
    let column = |panel: &Panel| (panel.place.rows, panel.place.columns, panel.place.index % panel.place.columns);
    let row = |panel: &Panel| (panel.place.rows, panel.place.columns, panel.place.index / panel.place.columns);
    // The ticks of x depend on the width, which depends on those of y, which depend on the height.
    let mut rows: BTreeMap<_, Margins> = BTreeMap::new();
    for panel in &sheet.panels {
        let margins = rows.entry(row(panel)).or_default();
        let (top, bottom) = above_and_below(panel, 0.8 * cell(panel).width());
        (margins.top, margins.bottom) = (margins.top.max(top), margins.bottom.max(bottom));
    }
    let mut columns: BTreeMap<_, Margins> = BTreeMap::new();
    for panel in &sheet.panels {
        let beside = rows[&row(panel)];
        let height = cell(panel).height() - beside.top - beside.bottom;
        let margins = columns.entry(column(panel)).or_default();
        let (left, right) = beside_it(panel, height);
        (margins.left, margins.right) = (margins.left.max(left), margins.right.max(right));
    }
    let inner = |panel: &Panel| {
        let (cell, across, down) = (cell(panel), columns[&column(panel)], rows[&row(panel)]);
        // A panel keeps some size, even if its labels do not fit.
        let least = |low: f64, high: f64, from: f64, to: f64| {
            let quarter = (to - from) / 4.0;
            if high - low < quarter { (from + 1.5 * quarter, to - 1.5 * quarter) } else { (low, high) }
        };
        let (left, right) = least(cell.left + across.left, cell.right - across.right, cell.left, cell.right);
        let (top, bottom) = least(cell.top + down.top, cell.bottom - down.bottom, cell.top, cell.bottom);
        Area { left, top, right, bottom }
    };
    sheet.panels.iter().map(inner).collect()
}

/// The limits of both axes.
fn views(panel: &Panel) -> [[f64; 2]; 2] {
    [
        panel.x.view(&panel.artists, Direction::X, panel.is_tight),
        panel.y.view(&panel.artists, Direction::Y, panel.is_tight),
    ]
}

/// The labels of x side by side, and those of y one over another, without overlaps.
fn ticks_of_x(axis: &Axis, view: [f64; 2], width: f64) -> Ticks {
    let letters = axis.tick_letters();
    let most = (width / (3.0 * letters.size)) as usize;
    let widest = |ticks: &Ticks| ticks.labels.iter().map(|label| letters.extent(label).0).fold(0.0, f64::max);
    let fitting = (2..=most.clamp(2, 9))
        .rev()
        .map(|parts| axis.ticks(view, parts))
        .find(|ticks| letters.turn != 0.0 || (widest(ticks) + 0.6 * letters.size) * ticks.labels.len() as f64 <= width);
    fitting.unwrap_or_else(|| axis.ticks(view, 1))
}

fn ticks_of_y(axis: &Axis, view: [f64; 2], height: f64) -> Ticks {
    axis.ticks(view, (height / (2.0 * axis.tick_letters().size)) as usize)
}

/// The height and the width of a label with its turn.
fn turned(letters: &Letters, label: &str) -> (f64, f64) {
    let ((width, height), (sin, cos)) = (letters.extent(label), letters.turn.to_radians().sin_cos());
    ((width * cos).abs() + (height * sin).abs(), (width * sin).abs() + (height * cos).abs())
}

fn above_and_below(panel: &Panel, width: f64) -> (f64, f64) {
    let title = panel.title.as_ref().map_or(0.0, |title| title.letters.extent(&title.text).1 + GAP);
    if !panel.is_on {
        return (PAD + title, PAD);
    }
    let [x, y] = views(panel);
    let offset = if panel.y.ticks(y, 9).offset.is_some() { 1.4 * panel.y.tick_letters().size } else { 0.0 };
    let (ticks, letters) = (ticks_of_x(&panel.x, x, width), panel.x.tick_letters());
    let labels = ticks.labels.iter().map(|label| turned(&letters, label).1).fold(0.0, f64::max);
    let below_label =
        |axis: &Axis| axis.label.as_ref().map_or(0.0, |label| label.letters.extent(&label.text).1 + 0.5 * GAP);
    let bottom = if labels > 0.0 { 2.0 * TICK + labels } else { 0.0 };
    let offset_of_x = if ticks.offset.is_some() { letters.size } else { 0.0 };
    (PAD + title.max(offset), PAD + bottom + below_label(&panel.x).max(offset_of_x))
}

fn beside_it(panel: &Panel, height: f64) -> (f64, f64) {
    let bar = panel.colorbar.map_or(0.0, |colors| {
        let letters = Letters::sized(10.0);
        let ticks = ticks_of_bar(&colors, height);
        BAR_GAP + BAR + 2.0 * TICK + ticks.labels.iter().map(|label| letters.extent(label).0).fold(0.0, f64::max)
    });
    if !panel.is_on {
        return (PAD, PAD + bar);
    }
    let (ticks, letters) = (ticks_of_y(&panel.y, views(panel)[1], height), panel.y.tick_letters());
    let labels = ticks.labels.iter().map(|label| turned(&letters, label).0).fold(0.0, f64::max);
    let label = panel.y.label.as_ref().map_or(0.0, |label| label.letters.extent(&label.text).1 + 0.5 * GAP);
    let left = if labels > 0.0 { 2.0 * TICK + labels } else { 0.0 };
    (PAD + left + label, (PAD + bar).max(2.0 * PAD))
}

fn ticks_of_bar(colors: &Mappable, height: f64) -> Ticks {
    match colors.low < colors.high {
        true => Ticks::automatic(Scale::Linear, [colors.low, colors.high], (height / (2.0 * 10.0 * POINT)) as usize),
        false => Ticks::fixed(&[colors.low], None),
    }
}

/// The area and the limits in which a unit of x is as long as one of y.
fn equal(panel: &Panel, area: Area, [x, y]: [[f64; 2]; 2]) -> (Area, [[f64; 2]; 2]) {
    let (across, up) = ((x[1] - x[0]).abs(), (y[1] - y[0]).abs());
    let is_linear = panel.x.scale == Scale::Linear && panel.y.scale == Scale::Linear;
    let (by_x, by_y) = (area.width() / across, area.height() / up);
    let has_size = [by_x, by_y].iter().all(|unit| unit.is_finite() && *unit > 0.0);
    if !is_linear || !has_size {
        return (area, [x, y]);
    }
    let unit = by_x.min(by_y);
    if panel.is_equal {
        let (width, height) = ((across * unit).max(1.0), (up * unit).max(1.0));
        let (left, top) = (area.left + (area.width() - width) / 2.0, area.top + (area.height() - height) / 2.0);
        return (Area { left, top, right: left + width, bottom: top + height }, [x, y]);
    }
    let wider = |[from, to]: [f64; 2], by: f64| {
        let (middle, half) = (f64::midpoint(from, to), (to - from) / 2.0 * by / unit);
        [middle - half, middle + half]
    };
    (area, [wider(x, by_x), wider(y, by_y)])
}

/// A panel: what it holds, and frame, ticks, labels, title, legend and colorbar.
fn draw(panel: &Panel, area: Area, id: &str, out: &mut String) {
    let views = views(panel);
    let (area, [x, y]) = match panel.is_equal || panel.has_equal_limits {
        true => equal(panel, area, views),
        false => (area, views),
    };
    let canvas = Canvas {
        x: Map::new(panel.x.scale, x, [area.left, area.right]),
        y: Map::new(panel.y.scale, y, [area.bottom, area.top]),
        area,
    };
    let ticks = [ticks_of_x(&panel.x, x, area.width()), ticks_of_y(&panel.y, y, area.height())];
    _ = writeln!(out, "<g id=\"{id}\">\n<clipPath id=\"{id}-clip\"><rect {}/></clipPath>", area.attributes());
    let mut order: Vec<_> = panel.artists.iter().collect();
    order.sort_by_key(|artist| artist.order());
    let part = |orders: &[Order], out: &mut String| {
        let mut content = String::new();
        order
            .iter()
            .filter(|artist| orders.contains(&artist.order()))
            .for_each(|artist| artist.draw(&canvas, &mut content));
        if !content.is_empty() {
            _ = writeln!(out, "<g clip-path=\"url(#{id}-clip)\">\n{content}</g>");
        }
    };
    part(&[Order::Picture, Order::Shape], out);
    if panel.is_on && panel.has_grid {
        grid(&canvas, &ticks, out);
    }
    part(&[Order::Curve], out);
    if panel.is_on {
        _ = writeln!(out, "<rect {} fill=\"none\" {}/>", area.attributes(), FRAME.attributes());
        below(panel, &canvas, &ticks[0], out);
        left(panel, &canvas, &ticks[1], out);
    }
    order.iter().filter(|artist| artist.order() == Order::Text).for_each(|artist| artist.draw(&canvas, out));
    if let Some(title) = &panel.title {
        let is_raised = panel.is_on && ticks[1].offset.is_some();
        let y = area.top - if is_raised { GAP.max(1.4 * panel.y.tick_letters().size) } else { GAP };
        text(out, &title.text, (f64::midpoint(area.left, area.right), y), &title.letters);
    }
    if let Some(colors) = &panel.colorbar {
        colorbar(colors, area, out);
    }
    if let Some(legend) = &panel.legend {
        legend.draw(&panel.artists, &canvas, out);
    }
    out.push_str("</g>\n");
}

/// The places of ticks that are within the area.
fn places<'a>(map: &'a Map, ticks: &'a [f64], [from, to]: [f64; 2]) -> impl Iterator<Item = (usize, f64)> + 'a {
    let within = move |place: &f64| (from.min(to) - 0.5..=from.max(to) + 0.5).contains(place);
    ticks.iter().enumerate().filter_map(move |(i, tick)| Some((i, map.place(*tick).filter(within)?)))
}

fn grid(canvas: &Canvas, [x, y]: &[Ticks; 2], out: &mut String) {
    let (area, pen) = (canvas.area, GRID.attributes());
    for (_, place) in places(&canvas.x, &x.places, [area.left, area.right]) {
        line(out, (place, area.bottom), (place, area.top), &pen);
    }
    for (_, place) in places(&canvas.y, &y.places, [area.bottom, area.top]) {
        line(out, (area.left, place), (area.right, place), &pen);
    }
}

/// Ticks and labels of the axis x.
fn below(panel: &Panel, canvas: &Canvas, ticks: &Ticks, out: &mut String) {
    let (area, pen, letters) = (canvas.area, FRAME.attributes(), panel.x.tick_letters());
    let range = [area.left, area.right];
    for (_, x) in places(&canvas.x, &ticks.minor, range) {
        line(out, (x, area.bottom), (x, area.bottom + 0.6 * TICK), &pen);
    }
    for (i, x) in places(&canvas.x, &ticks.places, range) {
        line(out, (x, area.bottom), (x, area.bottom + TICK), &pen);
        let label = &ticks.labels[i];
        // A turned label hangs in the middle of its height.
        let (y, level) = match letters.turn {
            0.0 => (area.bottom + 2.0 * TICK, Level::Top),
            _ => (area.bottom + 2.0 * TICK + turned(&letters, label).1 / 2.0, Level::Center),
        };
        text(out, label, (x, y), &Letters { level, ..letters });
    }
    let labels = ticks.labels.iter().map(|label| turned(&letters, label).1).fold(0.0, f64::max);
    let bottom = area.bottom + if labels > 0.0 { 2.0 * TICK + labels } else { 0.0 };
    if let Some(offset) = &ticks.offset {
        text(
            out,
            offset,
            (area.right, bottom),
            &Letters { anchor: Anchor::End, level: Level::Top, turn: 0.0, ..letters },
        );
    }
    if let Some(label) = panel.x.label.as_ref().filter(|_| !panel.x.is_hidden) {
        let letters = Letters { level: Level::Top, ..label.letters };
        text(out, &label.text, (f64::midpoint(area.left, area.right), bottom + 0.5 * GAP), &letters);
    }
}

/// Ticks and labels of the axis y.
fn left(panel: &Panel, canvas: &Canvas, ticks: &Ticks, out: &mut String) {
    let (area, pen, letters) = (canvas.area, FRAME.attributes(), panel.y.tick_letters());
    let range = [area.bottom, area.top];
    for (_, y) in places(&canvas.y, &ticks.minor, range) {
        line(out, (area.left - 0.6 * TICK, y), (area.left, y), &pen);
    }
    for (i, y) in places(&canvas.y, &ticks.places, range) {
        line(out, (area.left - TICK, y), (area.left, y), &pen);
        let (width, _) = turned(&letters, &ticks.labels[i]);
        let (x, anchor) = match letters.turn {
            0.0 => (area.left - 2.0 * TICK, Anchor::End),
            _ => (area.left - 2.0 * TICK - width / 2.0, Anchor::Middle),
        };
        text(out, &ticks.labels[i], (x, y), &Letters { anchor, level: Level::Center, ..letters });
    }
    if let Some(offset) = &ticks.offset {
        let letters = Letters { anchor: Anchor::Start, turn: 0.0, ..letters };
        text(out, offset, (area.left, area.top - 0.3 * letters.size), &letters);
    }
    if let Some(label) = panel.y.label.as_ref().filter(|_| !panel.y.is_hidden) {
        let labels = ticks.labels.iter().map(|label| turned(&letters, label).0).fold(0.0, f64::max);
        let x = area.left - if labels > 0.0 { 2.0 * TICK + labels } else { 0.0 } - 0.5 * GAP;
        let letters = Letters { level: Level::Baseline, ..label.letters };
        text(out, &label.text, (x, f64::midpoint(area.top, area.bottom)), &letters);
    }
}

/// The colors from the lowest number at the bottom to the highest at the top.
fn colorbar(colors: &Mappable, area: Area, out: &mut String) {
    const STEPS: usize = 128;
    let bar = Area { left: area.right + BAR_GAP, right: area.right + BAR_GAP + BAR, ..area };
    let step = bar.height() / STEPS as f64;
    for i in 0..STEPS {
        let color = Rgba(colors.map.color((i as f64 + 0.5) / STEPS as f64), 1.0);
        let bottom = bar.bottom - i as f64 * step;
        // Each reaches into the next one, so that no gap shines through.
        let top = if i + 1 == STEPS { bar.top } else { bottom - 1.5 * step };
        let part = Area { top: top.max(bar.top), bottom, ..bar };
        _ = writeln!(out, "<rect {} fill=\"{color}\"/>", part.attributes());
    }
    let pen = FRAME.attributes();
    _ = writeln!(out, "<rect {} fill=\"none\" {pen}/>", bar.attributes());
    let letters = Letters { anchor: Anchor::Start, level: Level::Center, ..Letters::sized(10.0) };
    let ticks = ticks_of_bar(colors, bar.height());
    let map = Map::new(Scale::Linear, [colors.low, colors.high], [bar.bottom, bar.top]);
    let range = [bar.bottom, bar.top];
    for (i, y) in places(&map, &ticks.places, range) {
        line(out, (bar.right, y), (bar.right + TICK, y), &pen);
        text(out, &ticks.labels[i], (bar.right + 2.0 * TICK, y), &letters);
    }
    if let Some(offset) = &ticks.offset {
        text(out, offset, (bar.left, bar.top - 0.3 * letters.size), &Letters { level: Level::Baseline, ..letters });
    }
}
