//! A figure: its size, and its panels.

use crate::colormap::Colormap;
use crate::panel::{Panel, Place};
use crate::text::Label;
use crate::values::Number;
use candle_keras_ops::{Error, Result};

/// The most inches that a figure is wide or high.
const LARGEST: f64 = 655.0;

/// The arguments of [`figure_with`](crate::figure_with), with matplotlib's defaults.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Figure};
/// pyplot::figure_with(Figure::new().figsize(10, 4))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Figure {
    size: [f64; 2],
    num: Option<usize>,
}

impl Default for Figure {
    fn default() -> Self {
        Self { size: [6.4, 4.8], num: None }
    }
}

impl Figure {
    /// A new figure of 6.4 by 4.8 inches.
    pub fn new() -> Self {
        Self::default()
    }

    /// The width and the height in inches, of which each has 100 pixels.
    pub fn figsize(mut self, width: impl Number, height: impl Number) -> Self {
        self.size = [width.number(), height.number()];
        self
    }

    /// Its number: a figure that has it becomes the current one.
    pub fn num(mut self, num: usize) -> Self {
        self.num = Some(num);
        self
    }

    pub(crate) fn size(&self) -> [f64; 2] {
        self.size
    }

    pub(crate) fn number(&self) -> Option<usize> {
        self.num
    }

    pub(crate) fn checked(self) -> Result<[f64; 2]> {
        if !self.size.iter().all(|inches| *inches >= 0.1 && *inches <= LARGEST) {
            return Err(Error::new("figsize is in inches")
                .expected(format!("two numbers from 0.1 to {LARGEST}"))
                .received(format!("{:?}", self.size)));
        }
        Ok(self.size)
    }
}

/// A figure that is drawn on.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) number: usize,
    pub(crate) size: [f64; 2],
    pub(crate) panels: Vec<Panel>,
    pub(crate) current: usize,
    pub(crate) title: Option<Label>,
}

impl Sheet {
    pub(crate) fn new(number: usize, size: [f64; 2]) -> Self {
        Self { number, size, panels: Vec::new(), current: 0, title: None }
    }

    /// Removes all panels.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.number, self.size);
    }

    /// The current panel, which fills the figure if there was none.
    pub(crate) fn panel(&mut self, default_map: Colormap) -> &mut Panel {
        if self.panels.is_empty() {
            self.panels.push(Panel::new(Place { rows: 1, columns: 1, index: 0 }, default_map));
        }
        let current = self.current.min(self.panels.len() - 1);
        &mut self.panels[current]
    }

    /// Makes a place of a grid the current panel.
    pub(crate) fn subplot(&mut self, rows: usize, columns: usize, index: usize, default_map: Colormap) -> Result<()> {
        let count = rows.checked_mul(columns).filter(|count| (1..=1 << 20).contains(count));
        let count = count.ok_or_else(|| {
            Error::new("subplot has a grid of panels")
                .expected("one or more rows and columns")
                .received(format!("{rows} rows and {columns} columns"))
        })?;
        if !(1..=count).contains(&index) {
            return Err(Error::new(format!("the panels of subplot({rows}, {columns}, ..) count from 1"))
                .expected(format!("an index from 1 to {count}"))
                .received(index.to_string()));
        }
        self.select(Place { rows, columns, index: index - 1 }, default_map);
        Ok(())
    }

    /// Makes the panel of a place the current one, and returns the number of that before.
    pub(crate) fn select(&mut self, place: Place, default_map: Colormap) -> usize {
        let before = self.current;
        self.current = self.panels.iter().position(|panel| panel.place == place).unwrap_or_else(|| {
            self.panels.push(Panel::new(place, default_map));
            self.panels.len() - 1
        });
        before
    }
}
