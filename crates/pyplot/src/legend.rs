//! The box with the names of curves.

use crate::artist::{Artist, Canvas, Key};
use crate::color::Rgba;
use crate::panel::Panel;
use crate::svg::{Anchor, Area, Letters, Level, POINT, line, paint, short, text};
use crate::values::Number;
use candle_keras_ops::{Error, Result};
use std::fmt::Write as _;

/// The arguments of [`legend_with`](crate::legend_with), with matplotlib's defaults.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Legend};
/// pyplot::plot_y([3, 2, 1], ())?;
/// pyplot::plot_y([4, 3, 2], ())?;
/// pyplot::legend_with(Legend::new().labels(["train", "test"]).loc("upper left"))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Legend {
    labels: Option<Vec<String>>,
    loc: Option<String>,
    title: Option<String>,
    fontsize: Option<f64>,
}

impl Legend {
    /// The labels of what was drawn, where they cover least.
    pub fn new() -> Self {
        Self::default()
    }

    /// The names of what was drawn, in its order. matplotlib: the first argument of `legend`.
    pub fn labels<S: Into<String>>(mut self, labels: impl IntoIterator<Item = S>) -> Self {
        self.labels = Some(labels.into_iter().map(Into::into).collect());
        self
    }

    /// Where it is: `"upper right"`, `"lower left"`, `"center"` and so on, or `"best"`. Default: `"best"`.
    pub fn loc(mut self, loc: impl Into<String>) -> Self {
        self.loc = Some(loc.into());
        self
    }

    /// What stands over the names.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The size of the names in points. Default: 10.
    pub fn fontsize(mut self, points: impl Number) -> Self {
        self.fontsize = Some(points.number());
        self
    }
}

/// The places and their parts of the free width and height, in the order in which they are tried.
const PLACES: [(&str, f64, f64); 10] = [
    ("upper right", 1.0, 0.0),
    ("upper left", 0.0, 0.0),
    ("lower left", 0.0, 1.0),
    ("lower right", 1.0, 1.0),
    ("right", 1.0, 0.5),
    ("center left", 0.0, 0.5),
    ("center right", 1.0, 0.5),
    ("lower center", 0.5, 1.0),
    ("upper center", 0.5, 0.0),
    ("center", 0.5, 0.5),
];

/// A legend whose arguments have been checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Names {
    /// None for the best place.
    place: Option<(f64, f64)>,
    title: Option<String>,
    size: f64,
}

impl Panel {
    pub(crate) fn legend(&mut self, arguments: Legend) -> Result<()> {
        let place = match arguments.loc.as_deref() {
            None | Some("best") => None,
            Some(loc) => {
                let found = PLACES.iter().find(|(name, ..)| *name == loc);
                let (_, x, y) = found.ok_or_else(|| {
                    let known: Vec<_> = ["best"].into_iter().chain(PLACES.iter().map(|(name, ..)| *name)).collect();
                    Error::unknown("place of a legend", loc, &known)
                })?;
                Some((*x, *y))
            }
        };
        let size = crate::curve::size("fontsize", arguments.fontsize, 10.0)?;
        if let Some(labels) = arguments.labels {
            let mut labels = labels.iter();
            let mut label = labels.next();
            for artist in &mut self.artists {
                let Some(name) = label else { break };
                if artist.set_label(name) {
                    label = labels.next();
                }
            }
        }
        self.legend = Some(Names { place, title: arguments.title, size });
        Ok(())
    }
}

impl Names {
    /// The box for what has a name; nothing if nothing has.
    pub(crate) fn draw(&self, artists: &[Box<dyn Artist>], canvas: &Canvas, out: &mut String) {
        // As in matplotlib, a name with an underscore in front is none.
        let keys: Vec<_> =
            artists.iter().filter_map(|artist| artist.key()).filter(|(name, _)| !name.starts_with('_')).collect();
        if keys.is_empty() {
            return;
        }
        let letters = Letters { anchor: Anchor::Start, level: Level::Center, ..Letters::sized(self.size) };
        let em = letters.size;
        let (pad, handle, gap, row) = (0.4 * em, 2.0 * em, 0.8 * em, 1.35 * em);
        let names = keys.iter().map(|(name, _)| handle + gap + letters.extent(name).0).fold(0.0, f64::max);
        let title = self.title.as_deref().map_or(0.0, |title| letters.extent(title).0);
        let rows = keys.len() + usize::from(self.title.is_some());
        let (width, height) = (names.max(title) + 2.0 * pad, rows as f64 * row + 2.0 * pad);
        let area = self.area(artists, canvas, (width, height));
        _ = writeln!(
            out,
            "<rect {} rx=\"3\" fill=\"#ffffff\" fill-opacity=\"0.8\" stroke=\"#cccccc\" stroke-width=\"{}\"/>",
            area.attributes(),
            short(POINT)
        );
        let mut y = area.top + pad + row / 2.0;
        if let Some(title) = &self.title {
            let middle = Letters { anchor: Anchor::Middle, ..letters };
            text(out, title, (f64::midpoint(area.left, area.right), y), &middle);
            y += row;
        }
        for (name, key) in keys {
            let (from, to) = (area.left + pad, area.left + pad + handle);
            match key {
                Key::Line { pen, mark } => {
                    if let Some(pen) = pen {
                        line(out, (from, y), (to, y), &pen.attributes());
                    }
                    if let Some(mark) = mark {
                        mark.draw([(f64::midpoint(from, to), y)], out);
                    }
                }
                Key::Patch { fill, alpha } => {
                    let patch = Area { left: from, right: to, top: y - 0.35 * em, bottom: y + 0.35 * em };
                    _ = writeln!(out, "<rect {} {}/>", patch.attributes(), paint("fill", fill, alpha));
                }
            }
            // One line, whatever the name has.
            text(out, &name.replace('\n', " "), (to + gap, y), &Letters { color: Rgba::BLACK, ..letters });
            y += row;
        }
    }

    /// Where the box is: at its place, or where it covers the fewest points.
    fn area(&self, artists: &[Box<dyn Artist>], canvas: &Canvas, (width, height): (f64, f64)) -> Area {
        let pad = 0.5 * self.size * POINT;
        let at = |(x, y): (f64, f64)| {
            let left = canvas.area.left + pad + x * (canvas.area.width() - 2.0 * pad - width);
            let top = canvas.area.top + pad + y * (canvas.area.height() - 2.0 * pad - height);
            Area { left, right: left + width, top, bottom: top + height }
        };
        if let Some(place) = self.place {
            return at(place);
        }
        let crowd: Vec<_> = artists.iter().flat_map(|artist| artist.crowd(canvas)).collect();
        let covered = |area: &Area| crowd.iter().filter(|place| area.has(**place)).count();
        let areas = PLACES.iter().map(|(_, x, y)| at((*x, *y)));
        areas.min_by_key(covered).unwrap_or_else(|| at((1.0, 0.0)))
    }
}
