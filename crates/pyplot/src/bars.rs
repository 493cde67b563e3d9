//! Bars, and histograms, which are bars.

use crate::artist::{Artist, Canvas, Direction, Key, Order};
use crate::color::{Color, Rgba};
use crate::curve::{check_lengths, opacity};
use crate::panel::Panel;
use crate::scale::{Limits, Scale};
use crate::svg::{Area, POINT, paint, short};
use crate::values::{Number, Values};
use candle_keras_ops::{Error, Result};
use std::fmt::Write as _;

/// The most bins of a histogram.
const MOST_BINS: usize = 1_000_000;

/// The arguments of [`bar`](crate::bar) and [`barh`](crate::barh), with matplotlib's defaults; `()` stands for them too.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Bar};
/// pyplot::bar(["cat", "dog"], [3, 4], Bar::new().color("tab:green").label("seen"))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct Bar {
    width: Option<Values>,
    bottom: Option<Values>,
    is_at_edge: bool,
    color: Option<Color>,
    colors: Option<Values>,
    edgecolor: Option<Color>,
    alpha: Option<f64>,
    label: Option<String>,
}

impl Bar {
    /// Bars in the next color.
    pub fn new() -> Self {
        Self::default()
    }

    /// The width of the bars, or of each; of `barh` the height. Default: 0.8.
    pub fn width(mut self, width: impl Into<Values>) -> Self {
        self.width = Some(width.into());
        self
    }

    /// Where the bars begin, or each; of `barh` the argument `left`. Default: 0.
    pub fn bottom(mut self, bottom: impl Into<Values>) -> Self {
        self.bottom = Some(bottom.into());
        self
    }

    /// Bars begin at `x` rather than having it in their middle. matplotlib: `align="edge"`.
    pub fn align_edge(mut self) -> Self {
        self.is_at_edge = true;
        self
    }

    /// The color of all bars.
    pub fn color(mut self, color: impl Into<Color>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// The name of the color of each bar; they begin again if there are fewer.
    pub fn colors(mut self, colors: impl Into<Values>) -> Self {
        self.colors = Some(colors.into());
        self
    }

    /// The color of the edges. Default: none are drawn.
    pub fn edgecolor(mut self, color: impl Into<Color>) -> Self {
        self.edgecolor = Some(color.into());
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

impl From<()> for Bar {
    fn from((): ()) -> Self {
        Self::new()
    }
}

/// The arguments of [`hist`](crate::hist), with matplotlib's defaults; `()` stands for them too.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Hist};
/// let (counts, edges) = pyplot::hist([1, 1, 2, 5], Hist::new().bins(4))?;
/// assert_eq!(counts, [2.0, 1.0, 0.0, 1.0]);
/// assert_eq!(edges, [1.0, 2.0, 3.0, 4.0, 5.0]);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct Hist {
    bins: Option<usize>,
    edges: Option<Values>,
    range: Option<[f64; 2]>,
    is_density: bool,
    color: Option<Color>,
    edgecolor: Option<Color>,
    alpha: Option<f64>,
    label: Option<String>,
}

impl Hist {
    /// Ten bins in the next color.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of bins. Default: 10.
    pub fn bins(mut self, bins: usize) -> Self {
        self.bins = Some(bins);
        self
    }

    /// The edges of the bins, one more than bins. matplotlib: `bins` with a list.
    pub fn edges(mut self, edges: impl Into<Values>) -> Self {
        self.edges = Some(edges.into());
        self
    }

    /// From where to where the bins are. Default: from the smallest to the largest number.
    pub fn range(mut self, from: impl Number, to: impl Number) -> Self {
        self.range = Some([from.number(), to.number()]);
        self
    }

    /// Whether the bars have the area 1 together. Default: false.
    pub fn density(mut self, density: bool) -> Self {
        self.is_density = density;
        self
    }

    /// The color of the bars.
    pub fn color(mut self, color: impl Into<Color>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// The color of the edges. Default: none are drawn.
    pub fn edgecolor(mut self, color: impl Into<Color>) -> Self {
        self.edgecolor = Some(color.into());
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

    /// The edges of the bins for these numbers.
    fn bin_edges(&mut self, numbers: &[f64]) -> Result<Vec<f64>> {
        if let Some(edges) = self.edges.take() {
            let edges = edges.plain("edges of hist")?;
            if edges.len() < 2 || !edges.iter().all(|edge| edge.is_finite()) || !edges.is_sorted() {
                return Err(Error::new("the edges of bins grow")
                    .expected("two or more finite numbers in their order")
                    .received(format!("{edges:?}")));
            }
            return Ok(edges);
        }
        let bins = self.bins.unwrap_or(10);
        if !(1..=MOST_BINS).contains(&bins) {
            return Err(Error::new("a histogram has bins")
                .expected(format!("a number from 1 to {MOST_BINS}"))
                .received(bins.to_string()));
        }
        let [low, high] = match self.range {
            Some([low, high]) if low.is_finite() && high.is_finite() && low <= high => [low, high],
            Some(range) => {
                return Err(Error::new("the range of hist grows")
                    .expected("two finite numbers")
                    .received(format!("{range:?}")));
            }
            None => {
                let limits = Limits::of(numbers.iter().copied(), Scale::Linear);
                if limits.is_empty() { [0.0, 1.0] } else { [limits.low, limits.high] }
            }
        };
        let [low, high] = if low == high { [low - 0.5, high + 0.5] } else { [low, high] };
        let step = high / bins as f64 - low / bins as f64;
        Ok((0..=bins).map(|i| if i == bins { high } else { low + i as f64 * step }).collect())
    }
}

impl From<()> for Hist {
    fn from((): ()) -> Self {
        Self::new()
    }
}

/// How many numbers are in each bin. A bin has its left edge, and the last one both.
fn counts(numbers: &[f64], edges: &[f64]) -> Vec<f64> {
    let bins = edges.len() - 1;
    let mut counts = vec![0.0; bins];
    for number in numbers.iter().filter(|number| (edges[0]..=edges[bins]).contains(*number)) {
        let after = edges.partition_point(|edge| edge <= number);
        counts[after.clamp(1, bins) - 1] += 1.0;
    }
    counts
}

/// Rectangles from number to number.
#[derive(Debug)]
struct Bars {
    /// From and to on the axis of the bars, from and to on the axis of their heights.
    bars: Vec<[f64; 4]>,
    /// The axis of the heights.
    heights: Direction,
    colors: Vec<Rgba>,
    edge: Option<Rgba>,
    alpha: f64,
    label: Option<String>,
}

impl Bars {
    fn area(&self, canvas: &Canvas, [from, to, low, high]: [f64; 4]) -> Option<Area> {
        let (along, up) = match self.heights {
            Direction::Y => (&canvas.x, &canvas.y),
            Direction::X => (&canvas.y, &canvas.x),
        };
        // On a log axis a bar begins below the axes.
        let origin = if self.heights == Direction::Y { canvas.area.bottom } else { canvas.area.left };
        let (a, b, d) = (along.place(from)?, along.place(to)?, up.place(high)?);
        let c = if low.is_finite() { up.place(low).unwrap_or(origin) } else { return None };
        let (a, b, c, d) = (a.min(b), a.max(b), c.min(d), c.max(d));
        Some(match self.heights {
            Direction::Y => Area { left: a, right: b, top: c, bottom: d },
            Direction::X => Area { left: c, right: d, top: a, bottom: b },
        })
    }
}

impl Artist for Bars {
    fn limits(&self, direction: Direction, scale: Scale) -> Limits {
        let [first, second] = if direction == self.heights { [2, 3] } else { [0, 1] };
        Limits::of(self.bars.iter().filter(|bar| !bar[3].is_nan()).flat_map(|bar| [bar[first], bar[second]]), scale)
    }

    fn sticky(&self, direction: Direction) -> Vec<f64> {
        let mut lows: Vec<f64> =
            if direction == self.heights { self.bars.iter().map(|bar| bar[2]).collect() } else { Vec::new() };
        lows.dedup();
        lows
    }

    fn order(&self) -> Order {
        Order::Shape
    }

    fn key(&self) -> Option<(&str, Key)> {
        let fill = *self.colors.first()?;
        Some((self.label.as_deref()?, Key::Patch { fill, alpha: self.alpha }))
    }

    fn set_label(&mut self, label: &str) -> bool {
        self.label = Some(label.into());
        true
    }

    fn crowd(&self, canvas: &Canvas) -> Vec<(f64, f64)> {
        let places = |area: Area| {
            let x = f64::midpoint(area.left, area.right);
            (0..=8).map(move |i| (x, area.top + area.height() * f64::from(i) / 8.0))
        };
        self.bars.iter().take(1000).filter_map(|bar| self.area(canvas, *bar)).flat_map(places).collect()
    }

    fn draw(&self, canvas: &Canvas, out: &mut String) {
        let edge = self.edge.map_or_else(String::new, |edge| {
            format!(" {} stroke-width=\"{}\"", paint("stroke", edge, self.alpha), short(POINT))
        });
        for (i, bar) in self.bars.iter().enumerate() {
            if let (Some(area), false) = (self.area(canvas, *bar), self.colors.is_empty()) {
                let fill = paint("fill", self.colors[i % self.colors.len()], self.alpha);
                _ = writeln!(out, "<rect {} {fill}{edge}/>", area.attributes());
            }
        }
    }
}

impl Panel {
    /// Bars over `x`, or beside it if the heights are those of `barh`.
    pub(crate) fn bar(&mut self, x: Values, heights: Values, direction: Direction, arguments: Bar) -> Result<()> {
        let Bar { width, bottom, is_at_edge, color, colors, edgecolor, alpha, label } = arguments;
        let axis = if direction == Direction::Y { &mut self.x } else { &mut self.y };
        let x = x.flat(|word| axis.category(word))?;
        let as_many = |name: &str, values: Values| {
            let is_single = values.is_single();
            let numbers = values.plain(&format!("{name} of bar"))?;
            match numbers[..] {
                [one] if is_single => Ok(vec![one; x.len()]),
                _ => check_lengths("bar", ["x", name], [x.len(), numbers.len()]).map(|()| numbers),
            }
        };
        let heights = as_many("height", heights)?;
        let widths = as_many("width", width.unwrap_or_else(|| 0.8.into()))?;
        let bottoms = as_many("bottom", bottom.unwrap_or_else(|| 0.0.into()))?;
        let (alpha, edge) = (opacity(alpha)?, edgecolor.map(|color| color.known()).transpose()?);
        let colors = match (color, colors) {
            (Some(color), _) => vec![color.known()?],
            (None, Some(colors)) if colors.has_words() => {
                colors.words().iter().map(|name| Color::from(name).known()).collect::<Result<_>>()?
            }
            (None, Some(_)) => {
                return Err(Error::new("the colors of bar are names").expected("a list as [\"r\", \"g\"]"));
            }
            (None, None) => vec![self.next_fill_color()],
        };
        let bars = (0..x.len())
            .map(|i| {
                let from = if is_at_edge { x[i] } else { x[i] - widths[i] / 2.0 };
                [from, from + widths[i], bottoms[i], bottoms[i] + heights[i]]
            })
            .collect();
        self.add(Bars { bars, heights: direction, colors, edge, alpha, label });
        Ok(())
    }

    /// A histogram; the heights of its bars, and their edges.
    pub(crate) fn hist(&mut self, values: Values, mut arguments: Hist) -> Result<(Vec<f64>, Vec<f64>)> {
        let numbers: Vec<f64> = values.flat(|word| self.x.category(word))?;
        let edges = arguments.bin_edges(&numbers)?;
        let mut counts = counts(&numbers, &edges);
        let Hist { is_density, color, edgecolor, alpha, label, .. } = arguments;
        if is_density {
            let all: f64 = counts.iter().sum();
            for (count, edge) in counts.iter_mut().zip(edges.windows(2)) {
                let area = all * (edge[1] - edge[0]);
                *count = if area > 0.0 { *count / area } else { 0.0 };
            }
        }
        let (alpha, edge) = (opacity(alpha)?, edgecolor.map(|color| color.known()).transpose()?);
        let color = color.map_or_else(|| Ok(self.next_fill_color()), |color| color.known())?;
        let bars = counts.iter().zip(edges.windows(2)).map(|(count, edge)| [edge[0], edge[1], 0.0, *count]).collect();
        self.add(Bars { bars, heights: Direction::Y, colors: vec![color], edge, alpha, label });
        Ok((counts, edges))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_those_of_numpy() {
        let numbers = [0.0, 0.5, 1.0, 1.0, 2.0, f64::NAN, f64::INFINITY, 2.5];
        assert_eq!(counts(&numbers, &[0.0, 1.0, 2.0]), [2.0, 3.0]);
        assert_eq!(Hist::new().bins(2).bin_edges(&numbers).unwrap(), [0.0, 1.25, 2.5]);
        assert_eq!(Hist::new().bins(1).bin_edges(&[3.0, 3.0]).unwrap(), [2.5, 3.5]);
        assert_eq!(Hist::new().bins(2).range(-1, 1).bin_edges(&[]).unwrap(), [-1.0, 0.0, 1.0]);
        for wrong in [Hist::new().bins(0), Hist::new().range(1, 0), Hist::new().edges([1, 0]), Hist::new().edges([1])] {
            let mut wrong = wrong;
            assert!(wrong.bin_edges(&numbers).unwrap_err().to_string().contains("expected"));
        }
    }
}
