//! Curves, and straight lines across the axes.

use crate::artist::{Artist, Canvas, Direction, Key, Mark, Order, curve};
use crate::color::{Color, Rgba};
use crate::panel::Panel;
use crate::scale::{Limits, Scale};
use crate::style::{Format, LineStyle, Marker};
use crate::svg::{Pen, line};
use crate::values::{Number, Values};
use candle_keras_ops::{Error, Result};

/// The arguments of [`plot`](crate::plot), with matplotlib's defaults; a format string alone, or `()`, stands for them too.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Plot};
/// pyplot::plot(1..=3, [0.9, 0.5, 0.3], Plot::new().style("bo").label("Training loss"))?;
/// pyplot::plot(1..=3, [1.0, 0.8, 0.7], Plot::new().linestyle("--").linewidth(2).alpha(0.5))?;
/// pyplot::plot(1..=3, [1.1, 0.9, 0.8], "g^-")?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Plot {
    format: String,
    label: Option<String>,
    color: Option<Color>,
    linestyle: Option<String>,
    linewidth: Option<f64>,
    marker: Option<String>,
    markersize: Option<f64>,
    alpha: Option<f64>,
}

impl Plot {
    /// A solid line in the next color.
    pub fn new() -> Self {
        Self::default()
    }

    /// A format string: a color, a marker and a line style, as in `"bo"`, `"r--"` or `"k.-"`. A marker without a line style is drawn without a line.
    pub fn style(mut self, format: impl Into<String>) -> Self {
        self.format = format.into();
        self
    }

    /// The name in the legend.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The color of line and markers.
    pub fn color(mut self, color: impl Into<Color>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// `"-"`, `"--"`, `"-."`, `":"`, or `""` for no line.
    pub fn linestyle(mut self, style: impl Into<String>) -> Self {
        self.linestyle = Some(style.into());
        self
    }

    /// The width of the line in points. Default: 1.5.
    pub fn linewidth(mut self, points: impl Number) -> Self {
        self.linewidth = Some(points.number());
        self
    }

    /// What stands at each point: `"o"`, `"."`, `"s"`, `"^"`, `"x"` and the others of matplotlib.
    pub fn marker(mut self, marker: impl Into<String>) -> Self {
        self.marker = Some(marker.into());
        self
    }

    /// The size of a marker in points. Default: 6.
    pub fn markersize(mut self, points: impl Number) -> Self {
        self.markersize = Some(points.number());
        self
    }

    /// The opacity, from 0 to 1. Default: 1.
    pub fn alpha(mut self, alpha: impl Number) -> Self {
        self.alpha = Some(alpha.number());
        self
    }

    fn color_or(&self, format: &Format, next: impl FnOnce() -> Rgba) -> Result<Rgba> {
        match (&self.color, format.color) {
            (Some(color), _) => color.known(),
            (None, Some(color)) => Ok(color),
            (None, None) => Ok(next()),
        }
    }

    fn pen(&self, format: &Format, color: Rgba) -> Result<Option<Pen>> {
        let width = size("linewidth", self.linewidth, 1.5)?;
        let style = match (&self.linestyle, format.line) {
            (Some(name), _) => LineStyle::named(name)?,
            (None, Some(line)) => line,
            (None, None) if format.marker.is_some() => LineStyle::Nothing,
            (None, None) => LineStyle::Solid,
        };
        let is_drawn = style != LineStyle::Nothing && width > 0.0;
        Ok(is_drawn.then_some(Pen { color, alpha: opacity(self.alpha)?, width, dashes: style.dashes() }))
    }

    fn mark(&self, format: &Format, color: Rgba) -> Result<Option<Mark>> {
        let marker = match &self.marker {
            Some(name) => Marker::named(name)?,
            None => format.marker,
        };
        let (size, alpha) = (size("markersize", self.markersize, 6.0)?, opacity(self.alpha)?);
        Ok(marker.map(|marker| Mark { marker, size, color, alpha }))
    }
}

impl From<&str> for Plot {
    fn from(format: &str) -> Self {
        Self::new().style(format)
    }
}

impl From<()> for Plot {
    fn from((): ()) -> Self {
        Self::new()
    }
}

/// A size in points, or its default.
pub(crate) fn size(name: &str, size: Option<f64>, default: f64) -> Result<f64> {
    match size {
        Some(size) if !(0.0..=1e4).contains(&size) => Err(Error::new(format!("{name} is a size in points"))
            .expected("a number from 0 to 10000")
            .received(size.to_string())),
        size => Ok(size.unwrap_or(default)),
    }
}

/// An opacity; the default is 1.
pub(crate) fn opacity(alpha: Option<f64>) -> Result<f64> {
    match alpha {
        Some(alpha) if !(0.0..=1.0).contains(&alpha) => {
            Err(Error::new("alpha is an opacity").expected("a number from 0 to 1").received(alpha.to_string()))
        }
        alpha => Ok(alpha.unwrap_or(1.0)),
    }
}

/// Two lists have one length.
pub(crate) fn check_lengths(function: &str, names: [&str; 2], lengths: [usize; 2]) -> Result<()> {
    let [first, second] = names;
    if lengths[0] == lengths[1] {
        return Ok(());
    }
    Err(Error::new(format!("{first} and {second} of {function} have one length"))
        .expected(format!("{} numbers in {second}", lengths[0]))
        .received(lengths[1].to_string()))
}

#[derive(Debug)]
struct Curve {
    x: Vec<f64>,
    y: Vec<f64>,
    pen: Option<Pen>,
    mark: Option<Mark>,
    label: Option<String>,
}

impl Artist for Curve {
    fn limits(&self, direction: Direction, scale: Scale) -> Limits {
        Limits::of(if direction == Direction::X { &self.x } else { &self.y }.iter().copied(), scale)
    }

    fn order(&self) -> Order {
        Order::Curve
    }

    fn key(&self) -> Option<(&str, Key)> {
        Some((self.label.as_deref()?, Key::Line { pen: self.pen, mark: self.mark }))
    }

    fn set_label(&mut self, label: &str) -> bool {
        self.label = Some(label.into());
        true
    }

    fn crowd(&self, canvas: &Canvas) -> Vec<(f64, f64)> {
        let places: Vec<_> = self.x.iter().zip(&self.y).filter_map(|(x, y)| canvas.point(*x, *y)).collect();
        // Few points leave long lines between them.
        let between = places.windows(2).take(200).flat_map(|pair| {
            let ((a, b), (c, d)) = (pair[0], pair[1]);
            (1..8).map(move |i| (a + (c - a) * f64::from(i) / 8.0, b + (d - b) * f64::from(i) / 8.0))
        });
        between.chain(places.iter().copied()).collect()
    }

    fn draw(&self, canvas: &Canvas, out: &mut String) {
        if let Some(pen) = &self.pen {
            curve(canvas, &self.x, &self.y, pen, out);
        }
        if let Some(mark) = &self.mark {
            mark.draw(self.x.iter().zip(&self.y).filter_map(|(x, y)| canvas.point(*x, *y)), out);
        }
    }
}

/// A line across the axes, at a number of one axis.
#[derive(Debug)]
struct Rule {
    at: f64,
    direction: Direction,
    pen: Option<Pen>,
    label: Option<String>,
}

impl Artist for Rule {
    fn limits(&self, direction: Direction, scale: Scale) -> Limits {
        let numbers = (direction == self.direction).then_some(self.at);
        Limits::of(numbers, scale)
    }

    fn order(&self) -> Order {
        Order::Curve
    }

    fn key(&self) -> Option<(&str, Key)> {
        Some((self.label.as_deref()?, Key::Line { pen: self.pen, mark: None }))
    }

    fn set_label(&mut self, label: &str) -> bool {
        self.label = Some(label.into());
        true
    }

    fn draw(&self, canvas: &Canvas, out: &mut String) {
        let (Some(pen), area) = (&self.pen, canvas.area) else { return };
        let ends = match self.direction {
            Direction::X => canvas.x.place(self.at).map(|x| ((x, area.bottom), (x, area.top))),
            Direction::Y => canvas.y.place(self.at).map(|y| ((area.left, y), (area.right, y))),
        };
        if let Some((from, to)) = ends {
            line(out, from, to, &pen.attributes());
        }
    }
}

impl Panel {
    /// A curve for each column of `y`, over `x` or the indices of the rows.
    pub(crate) fn plot(&mut self, x: Option<Values>, y: Values, arguments: &Plot) -> Result<()> {
        let format = Format::parsed(&arguments.format)?;
        let x = x.map(|x| x.columns(|word| self.x.category(word))).transpose()?;
        let y = y.columns(|word| self.y.category(word))?;
        let count = x.as_ref().map_or(1, Vec::len).max(y.len());
        let x = x.unwrap_or_else(|| vec![(0..y.first().map_or(0, Vec::len)).map(|i| i as f64).collect()]);
        if (x.len() > 1 && y.len() > 1 && x.len() != y.len()) || x.is_empty() || y.is_empty() {
            return Err(Error::new("x and y of plot have as many columns, or one of them has one")
                .expected(format!("{} columns in y", x.len()))
                .received(y.len().to_string()));
        }
        check_lengths("plot", ["x", "y"], [x[0].len(), y[0].len()])?;
        // All is checked before a curve is added.
        let mut curves = Vec::new();
        let mut next = self.next_curve;
        for column in 0..count {
            let of_cycle = || {
                next += 1;
                Rgba::of_cycle(next - 1)
            };
            let color = arguments.color_or(&format, of_cycle)?;
            curves.push(Curve {
                x: x[column.min(x.len() - 1)].clone(),
                y: y[column.min(y.len() - 1)].clone(),
                pen: arguments.pen(&format, color)?,
                mark: arguments.mark(&format, color)?,
                label: arguments.label.clone(),
            });
        }
        self.next_curve = next;
        curves.into_iter().for_each(|curve| self.add(curve));
        Ok(())
    }

    /// A line across the axes.
    pub(crate) fn rule(&mut self, at: f64, direction: Direction, arguments: &Plot) -> Result<()> {
        let format = Format::parsed(&arguments.format)?;
        // Of all lines, these do not take the next color.
        let color = arguments.color_or(&format, || Rgba::of_cycle(0))?;
        let pen = arguments.pen(&format, color)?;
        self.add(Rule { at, direction, pen, label: arguments.label.clone() });
        Ok(())
    }
}
