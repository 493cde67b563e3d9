//! What axes hold: curves, points, bars, pictures and texts, each of which can draw itself.

use crate::color::Rgba;
use crate::colormap::Colormap;
use crate::scale::{Limits, Map, Scale};
use crate::style::Marker;
use crate::svg::{Area, POINT, Pen, line, paint, polyline, short};
use std::f64::consts::TAU;
use std::fmt::{Debug, Write as _};

/// One of the two axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    X,
    Y,
}

/// Where numbers are on the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canvas {
    pub(crate) x: Map,
    pub(crate) y: Map,
    pub(crate) area: Area,
}

impl Canvas {
    /// The place of a point; none if it cannot be drawn.
    pub(crate) fn point(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((self.x.place(x)?, self.y.place(y)?))
    }
}

/// What stands in the legend beside the name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Key {
    Line { pen: Option<Pen>, mark: Option<Mark> },
    Patch { fill: Rgba, alpha: f64 },
}

/// In which order what axes hold is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    Picture,
    Shape,
    Curve,
    Text,
}

/// What can be drawn on axes.
pub(crate) trait Artist: Debug {
    /// The smallest and the largest number along an axis.
    fn limits(&self, direction: Direction, scale: Scale) -> Limits;

    /// Numbers at which the axis may end without a margin.
    fn sticky(&self, _: Direction) -> Vec<f64> {
        Vec::new()
    }

    fn order(&self) -> Order;

    /// The name in the legend, and what stands beside it.
    fn key(&self) -> Option<(&str, Key)> {
        None
    }

    /// Gives it a name in the legend, if it can have one.
    fn set_label(&mut self, _: &str) -> bool {
        false
    }

    /// Places that a legend should not cover.
    fn crowd(&self, _: &Canvas) -> Vec<(f64, f64)> {
        Vec::new()
    }

    fn draw(&self, canvas: &Canvas, out: &mut String);
}

/// A marker with its size in points and its color.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    pub(crate) marker: Marker,
    pub(crate) size: f64,
    pub(crate) color: Rgba,
    pub(crate) alpha: f64,
}

impl Mark {
    /// Draws it at all places.
    pub(crate) fn draw(&self, places: impl IntoIterator<Item = (f64, f64)>, out: &mut String) {
        let (size, edge) = (self.size * POINT, POINT);
        let corners = |(x, y): (f64, f64), corners: &[(f64, f64)]| {
            corners
                .iter()
                .map(|(a, b)| format!("{},{}", short(x + a * size), short(y + b * size)))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let fill = paint("fill", self.color, self.alpha);
        for place in places {
            match self.marker {
                Marker::Circle(part) => {
                    let radius = short((size * part + edge) / 2.0);
                    _ = writeln!(
                        out,
                        "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" {fill}/>",
                        short(place.0),
                        short(place.1)
                    );
                }
                Marker::Filled(shape) => {
                    _ = writeln!(out, "<polygon points=\"{}\" {fill}/>", corners(place, shape));
                }
                Marker::Regular { corners: count, inner, turn } => {
                    let is_star = inner < 1.0;
                    let count = if is_star { 2 * count } else { count };
                    let shape: Vec<_> = (0..count)
                        .map(|i| {
                            let radius = if is_star && i % 2 == 1 { 0.5 * inner } else { 0.5 };
                            let angle = TAU * (i as f64 / count as f64 + turn);
                            (radius * angle.sin(), -radius * angle.cos())
                        })
                        .collect();
                    _ = writeln!(out, "<polygon points=\"{}\" {fill}/>", corners(place, &shape));
                }
                Marker::Strokes(strokes) => {
                    let pen = Pen { color: self.color, alpha: self.alpha, width: 1.0, dashes: &[] }.attributes();
                    for [from, to] in strokes {
                        let end = |(a, b): &(f64, f64)| (place.0 + a * size, place.1 + b * size);
                        line(out, end(from), end(to), &pen);
                    }
                }
            }
        }
    }
}

/// Numbers as colors, as a colorbar shows them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mappable {
    pub(crate) map: Colormap,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Mappable {
    /// From the smallest to the largest number, or from and to given ones.
    pub(crate) fn new(map: Colormap, numbers: &[f64], low: Option<f64>, high: Option<f64>) -> Self {
        let limits = Limits::of(numbers.iter().copied(), Scale::Linear);
        let limits = if limits.is_empty() { Limits { low: 0.0, high: 1.0 } } else { limits };
        Self { map, low: low.unwrap_or(limits.low), high: high.unwrap_or(limits.high) }
    }

    /// The color of a number; none of NaN.
    pub(crate) fn color(&self, number: f64) -> Option<[u8; 3]> {
        if number.is_nan() {
            return None;
        }
        // Halves, whose difference is finite.
        let (low, range) = (self.low / 2.0, self.high / 2.0 - self.low / 2.0);
        let share = if range == 0.0 { 0.0 } else { (number / 2.0 - low) / range };
        Some(self.map.color(share))
    }
}

/// Lines through the points, with a gap at each that cannot be drawn.
pub(crate) fn curve(canvas: &Canvas, x: &[f64], y: &[f64], pen: &Pen, out: &mut String) {
    let places: Vec<_> = x.iter().zip(y).map(|(x, y)| canvas.point(*x, *y)).collect();
    let attributes = format!("{} stroke-linejoin=\"round\"", pen.attributes());
    for part in places.split(Option::is_none).filter(|part| part.len() > 1) {
        let part: Vec<_> = part.iter().copied().flatten().collect();
        polyline(out, &part, &attributes);
    }
}
