//! Points with colors and sizes of their own.

use crate::artist::{Artist, Canvas, Direction, Key, Mappable, Mark, Order};
use crate::color::{Color, Rgba};
use crate::colormap::Colormap;
use crate::curve::{check_lengths, opacity};
use crate::panel::Panel;
use crate::scale::{Limits, Scale};
use crate::style::Marker;
use crate::values::{Number, Values};
use candle_keras_ops::{Error, Result};

/// The arguments of [`scatter`](crate::scatter), with matplotlib's defaults; `()` stands for them too.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Scatter};
/// pyplot::scatter([1, 2, 3], [4, 5, 6], Scatter::new().c([0, 1, 2]).cmap("viridis").s(10))?;
/// pyplot::scatter([1, 2, 3], [7, 8, 9], Scatter::new().c("red").marker("x"))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct Scatter {
    c: Option<Values>,
    color: Option<Color>,
    s: Option<Values>,
    cmap: Option<String>,
    vmin: Option<f64>,
    vmax: Option<f64>,
    marker: Option<String>,
    alpha: Option<f64>,
    label: Option<String>,
}

impl Scatter {
    /// Circles in the next color.
    pub fn new() -> Self {
        Self::default()
    }

    /// A number for each point, which the colormap draws, or a color, or one for each point.
    pub fn c(mut self, c: impl Into<Values>) -> Self {
        self.c = Some(c.into());
        self
    }

    /// The color of all points.
    pub fn color(mut self, color: impl Into<Color>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// The area of a point in square points, or that of each. Default: 36.
    pub fn s(mut self, s: impl Into<Values>) -> Self {
        self.s = Some(s.into());
        self
    }

    /// The colormap of the numbers of [`c`](Self::c). Default: `"viridis"`.
    pub fn cmap(mut self, cmap: impl Into<String>) -> Self {
        self.cmap = Some(cmap.into());
        self
    }

    /// The number at which the colormap begins. Default: the smallest.
    pub fn vmin(mut self, vmin: impl Number) -> Self {
        self.vmin = Some(vmin.number());
        self
    }

    /// The number at which the colormap ends. Default: the largest.
    pub fn vmax(mut self, vmax: impl Number) -> Self {
        self.vmax = Some(vmax.number());
        self
    }

    /// What stands at each point. Default: `"o"`.
    pub fn marker(mut self, marker: impl Into<String>) -> Self {
        self.marker = Some(marker.into());
        self
    }

    /// The opacity, from 0 to 1. Default: 1.
    pub fn alpha(mut self, alpha: impl Number) -> Self {
        self.alpha = Some(alpha.number());
        self
    }

    /// The name in the legend.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

impl From<()> for Scatter {
    fn from((): ()) -> Self {
        Self::new()
    }
}

#[derive(Debug)]
struct Points {
    x: Vec<f64>,
    y: Vec<f64>,
    /// One, or one for each point. A point without a color is not drawn.
    colors: Vec<Option<Rgba>>,
    sizes: Vec<f64>,
    marker: Marker,
    alpha: f64,
    label: Option<String>,
}

impl Points {
    fn mark(&self, point: usize) -> Option<Mark> {
        let color = (*self.colors.get(point).or(self.colors.first())?)?;
        let area = *self.sizes.get(point).or(self.sizes.first())?;
        // A NaN is no size.
        (area >= 0.0).then_some(Mark { marker: self.marker, size: area.sqrt(), color, alpha: self.alpha })
    }
}

impl Artist for Points {
    fn limits(&self, direction: Direction, scale: Scale) -> Limits {
        Limits::of(if direction == Direction::X { &self.x } else { &self.y }.iter().copied(), scale)
    }

    fn order(&self) -> Order {
        Order::Shape
    }

    fn key(&self) -> Option<(&str, Key)> {
        Some((self.label.as_deref()?, Key::Line { pen: None, mark: self.mark(0) }))
    }

    fn set_label(&mut self, label: &str) -> bool {
        self.label = Some(label.into());
        true
    }

    fn crowd(&self, canvas: &Canvas) -> Vec<(f64, f64)> {
        self.x.iter().zip(&self.y).filter_map(|(x, y)| canvas.point(*x, *y)).collect()
    }

    fn draw(&self, canvas: &Canvas, out: &mut String) {
        for (i, (x, y)) in self.x.iter().zip(&self.y).enumerate() {
            if let (Some(mark), Some(place)) = (self.mark(i), canvas.point(*x, *y)) {
                mark.draw([place], out);
            }
        }
    }
}

impl Panel {
    pub(crate) fn scatter(&mut self, x: Values, y: Values, arguments: Scatter) -> Result<()> {
        let Scatter { c, color, s, cmap, vmin, vmax, marker, alpha, label } = arguments;
        let x = x.flat(|word| self.x.category(word))?;
        let y = y.flat(|word| self.y.category(word))?;
        check_lengths("scatter", ["x", "y"], [x.len(), y.len()])?;
        let map = cmap.map_or(Ok(self.default_map), |name| Colormap::named(&name))?;
        let marker = match marker {
            Some(name) => Marker::named(&name)?.ok_or_else(|| {
                Error::new("scatter draws markers").expected("a marker").received(format!("{name:?}"))
            })?,
            None => Marker::Circle(1.0),
        };
        let sizes = s.map_or(Ok(vec![36.0]), |s| s.plain("s of scatter"))?;
        if sizes.len() > 1 {
            check_lengths("scatter", ["x", "s"], [x.len(), sizes.len()])?;
        }
        if let Some(size) = sizes.iter().find(|size| **size < 0.0 || **size > 1e8) {
            return Err(Error::new("s of scatter is an area in square points")
                .expected("numbers from 0 to 1e8")
                .received(size.to_string()));
        }
        let alpha = opacity(alpha)?;
        let mut mappable = None;
        let colors = match (c, color) {
            (_, Some(color)) => vec![Some(color.known()?)],
            (Some(c), None) if c.has_words() => {
                let names = c.words();
                let colors: Result<Vec<_>> = names.iter().map(|name| Color::from(name).known().map(Some)).collect();
                let colors = colors?;
                if colors.len() > 1 {
                    check_lengths("scatter", ["x", "c"], [x.len(), colors.len()])?;
                }
                colors
            }
            (Some(c), None) => {
                let numbers = c.plain("c of scatter")?;
                check_lengths("scatter", ["x", "c"], [x.len(), numbers.len()])?;
                let colors = mappable.insert(Mappable::new(map, &numbers, vmin, vmax));
                numbers.iter().map(|number| colors.color(*number).map(|color| Rgba(color, 1.0))).collect()
            }
            (None, None) => vec![Some(self.next_fill_color())],
        };
        self.mappable = mappable.or(self.mappable);
        self.add(Points { x, y, colors, sizes, marker, alpha, label });
        Ok(())
    }
}
