//! Texts: titles, labels, and words at a point of the axes.

use crate::artist::{Artist, Canvas, Direction, Order};
use crate::color::Color;
use crate::curve::{opacity, size};
use crate::panel::Panel;
use crate::scale::{Limits, Scale};
use crate::svg::{self, Anchor, Letters, Level, POINT};
use crate::values::Number;
use candle_keras_ops::{Error, Result};

/// The sizes that have names, in points.
const SIZES: [(&str, f64); 7] = [
    ("xx-small", 5.79),
    ("x-small", 6.94),
    ("small", 8.33),
    ("medium", 10.0),
    ("large", 12.0),
    ("x-large", 14.4),
    ("xx-large", 17.28),
];

/// How a text is written: an argument of [`title_with`](crate::title_with), [`text_with`](crate::text_with) and their kin; `()` stands for the
/// defaults of matplotlib.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Text};
/// pyplot::title_with("Accuracy", Text::new().fontsize(16).color("navy"))?;
/// pyplot::text_with(1, 2, "here", Text::new().ha("center").va("bottom").rotation(45))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Text {
    fontsize: Option<f64>,
    sizename: Option<String>,
    color: Option<Color>,
    alpha: Option<f64>,
    weight: Option<String>,
    rotation: Option<f64>,
    ha: Option<String>,
    va: Option<String>,
}

impl Text {
    /// The defaults of the function that takes it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The size in points.
    pub fn fontsize(mut self, points: impl Number) -> Self {
        self.fontsize = Some(points.number());
        self
    }

    /// The size by its name: from `"xx-small"` to `"xx-large"`. matplotlib: `fontsize` with a name.
    pub fn fontsize_named(mut self, name: impl Into<String>) -> Self {
        self.sizename = Some(name.into());
        self
    }

    /// The color. Default: black.
    pub fn color(mut self, color: impl Into<Color>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// The opacity, from 0 to 1. Default: 1.
    pub fn alpha(mut self, alpha: impl Number) -> Self {
        self.alpha = Some(alpha.number());
        self
    }

    /// `"normal"` or `"bold"`. matplotlib: `weight` or `fontweight`.
    pub fn weight(mut self, weight: impl Into<String>) -> Self {
        self.weight = Some(weight.into());
        self
    }

    /// Degrees against the clock.
    pub fn rotation(mut self, degrees: impl Number) -> Self {
        self.rotation = Some(degrees.number());
        self
    }

    /// Which point of the text is at its place: `"left"`, `"center"` or `"right"`.
    pub fn ha(mut self, ha: impl Into<String>) -> Self {
        self.ha = Some(ha.into());
        self
    }

    /// Which height of the text is at its place: `"top"`, `"center"`, `"baseline"` or `"bottom"`.
    pub fn va(mut self, va: impl Into<String>) -> Self {
        self.va = Some(va.into());
        self
    }

    /// These arguments over the defaults of a function.
    pub(crate) fn over(&self, default: Letters) -> Result<Letters> {
        let mut letters = default;
        if let Some(name) = &self.sizename {
            let found = SIZES.iter().find(|(known, _)| known == name);
            let (_, points) = found.ok_or_else(|| Error::unknown("size", name, &SIZES.map(|(name, _)| name)))?;
            letters.size = points * POINT;
        }
        letters.size = size("fontsize", self.fontsize, letters.size / POINT)? * POINT;
        if let Some(color) = &self.color {
            letters.color = color.known()?;
        }
        letters.alpha = opacity(self.alpha)?;
        letters.is_bold = match self.weight.as_deref() {
            None => letters.is_bold,
            Some("bold" | "heavy" | "semibold" | "demibold" | "black" | "extra bold") => true,
            Some("normal" | "regular" | "light" | "ultralight" | "medium" | "book" | "roman") => false,
            Some(weight) => return Err(Error::unknown("weight", weight, &["normal", "bold"])),
        };
        if let Some(turn) = self.rotation {
            if !turn.is_finite() {
                return Err(Error::new("rotation is in degrees")
                    .expected("a finite number")
                    .received(turn.to_string()));
            }
            letters.turn = turn % 360.0;
        }
        letters.anchor = match self.ha.as_deref() {
            None => letters.anchor,
            Some("left") => Anchor::Start,
            Some("center") => Anchor::Middle,
            Some("right") => Anchor::End,
            Some(ha) => return Err(Error::unknown("horizontal alignment", ha, &["left", "center", "right"])),
        };
        letters.level = match self.va.as_deref() {
            None => letters.level,
            Some("top") => Level::Top,
            Some("center" | "center_baseline") => Level::Center,
            Some("baseline") => Level::Baseline,
            Some("bottom") => Level::Bottom,
            Some(va) => return Err(Error::unknown("vertical alignment", va, &["top", "center", "baseline", "bottom"])),
        };
        Ok(letters)
    }
}

impl From<()> for Text {
    fn from((): ()) -> Self {
        Self::new()
    }
}

/// A text with its letters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Label {
    pub(crate) text: String,
    pub(crate) letters: Letters,
}

#[derive(Debug)]
struct Words {
    x: f64,
    y: f64,
    label: Label,
}

impl Artist for Words {
    /// As in matplotlib, a text does not widen the axes.
    fn limits(&self, _: Direction, _: Scale) -> Limits {
        Limits::NONE
    }

    fn order(&self) -> Order {
        Order::Text
    }

    fn draw(&self, canvas: &Canvas, out: &mut String) {
        if let Some(place) = canvas.point(self.x, self.y) {
            svg::text(out, &self.label.text, place, &self.label.letters);
        }
    }
}

impl Panel {
    pub(crate) fn text(&mut self, x: f64, y: f64, text: String, arguments: &Text) -> Result<()> {
        let letters = arguments.over(Letters { anchor: Anchor::Start, ..Letters::sized(10.0) })?;
        self.add(Words { x, y, label: Label { text, letters } });
        Ok(())
    }
}
