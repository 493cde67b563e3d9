//! Filled areas between two curves.

use crate::artist::{Artist, Canvas, Direction, Key, Order};
use crate::color::{Color, Rgba};
use crate::curve::{check_lengths, opacity};
use crate::panel::Panel;
use crate::scale::{Limits, Scale};
use crate::svg::{paint, short};
use crate::values::{Number, Values};
use candle_keras_ops::Result;
use std::fmt::Write as _;

/// The arguments of [`fill_between`](crate::fill_between), with matplotlib's defaults; `()` stands for them too.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, FillBetween};
/// pyplot::fill_between(0..3, [1, 2, 1], [2, 4, 3], FillBetween::new().color("b").alpha(0.2))?;
/// pyplot::fill_between(0..3, [1, 2, 1], 0, ())?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct FillBetween {
    color: Option<Color>,
    alpha: Option<f64>,
    label: Option<String>,
}

impl FillBetween {
    /// An area in the next color.
    pub fn new() -> Self {
        Self::default()
    }

    /// The color of the area.
    pub fn color(mut self, color: impl Into<Color>) -> Self {
        self.color = Some(color.into());
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

impl From<()> for FillBetween {
    fn from((): ()) -> Self {
        Self::new()
    }
}

#[derive(Debug)]
struct Between {
    x: Vec<f64>,
    curves: [Vec<f64>; 2],
    color: Rgba,
    alpha: f64,
    label: Option<String>,
}

impl Artist for Between {
    fn limits(&self, direction: Direction, scale: Scale) -> Limits {
        match direction {
            Direction::X => Limits::of(self.x.iter().copied(), scale),
            Direction::Y => Limits::of(self.curves.iter().flatten().copied(), scale),
        }
    }

    fn order(&self) -> Order {
        Order::Shape
    }

    fn key(&self) -> Option<(&str, Key)> {
        Some((self.label.as_deref()?, Key::Patch { fill: self.color, alpha: self.alpha }))
    }

    fn set_label(&mut self, label: &str) -> bool {
        self.label = Some(label.into());
        true
    }

    fn draw(&self, canvas: &Canvas, out: &mut String) {
        let fill = paint("fill", self.color, self.alpha);
        let pairs: Vec<_> = (0..self.x.len())
            .map(|i| {
                let end = |curve: &[f64]| canvas.point(self.x[i], curve[i]);
                Some((end(&self.curves[0])?, end(&self.curves[1])?))
            })
            .collect();
        for part in pairs.split(Option::is_none).filter(|part| part.len() > 1) {
            let forth = part.iter().flatten().map(|pair| pair.0);
            let back = part.iter().flatten().map(|pair| pair.1).rev();
            let points: Vec<_> = forth.chain(back).map(|(x, y)| format!("{},{}", short(x), short(y))).collect();
            _ = writeln!(out, "<polygon points=\"{}\" {fill}/>", points.join(" "));
        }
    }
}

impl Panel {
    pub(crate) fn fill_between(&mut self, x: Values, y: [Values; 2], arguments: &FillBetween) -> Result<()> {
        let x = x.flat(|word| self.x.category(word))?;
        let mut curves = [Vec::new(), Vec::new()];
        for ((curve, values), name) in curves.iter_mut().zip(y).zip(["y1", "y2"]) {
            let is_single = values.is_single();
            let numbers = values.plain(&format!("{name} of fill_between"))?;
            *curve = match numbers[..] {
                [one] if is_single => vec![one; x.len()],
                _ => numbers,
            };
            check_lengths("fill_between", ["x", name], [x.len(), curve.len()])?;
        }
        let alpha = opacity(arguments.alpha)?;
        let color = arguments.color.as_ref().map(Color::known).transpose()?;
        let color = color.unwrap_or_else(|| self.next_fill_color());
        self.add(Between { x, curves, color, alpha, label: arguments.label.clone() });
        Ok(())
    }
}
