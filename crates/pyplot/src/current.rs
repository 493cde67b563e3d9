//! The figures of a thread, of which one is the current one.

use crate::axes::Axes;
use crate::colormap::Colormap;
use crate::panel::Panel;
use crate::sheet::{Figure, Sheet};
use candle_keras_ops::Result;
use std::cell::RefCell;

/// The figures that are open, and where the current one is among them.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    sheets: Vec<Sheet>,
    current: usize,
    pub(crate) default_map: Colormap,
}

/// Which axes were the current ones before others were selected.
#[derive(Debug)]
pub(crate) struct Selected {
    before: usize,
    /// The panel of the selected figure.
    panel: usize,
    is_closed: bool,
}

thread_local! {
    static FIGURES: RefCell<Figures> = RefCell::default();
}

/// What `run` does with the figures of this thread.
pub(crate) fn with<R>(run: impl FnOnce(&mut Figures) -> R) -> R {
    FIGURES.with_borrow_mut(run)
}

/// What `run` does with the current panel.
pub(crate) fn with_panel<R>(run: impl FnOnce(&mut Panel) -> R) -> R {
    with(|figures| {
        let map = figures.default_map;
        run(figures.sheet().panel(map))
    })
}

impl Figures {
    /// The current figure; a new one if none is open.
    pub(crate) fn sheet(&mut self) -> &mut Sheet {
        if self.sheets.is_empty() {
            let [width, height] = Figure::default().size();
            self.sheets.push(Sheet::new(1, [width, height]));
        }
        let current = self.current.min(self.sheets.len() - 1);
        &mut self.sheets[current]
    }

    /// Opens a figure, or returns to one that has its number.
    pub(crate) fn open(&mut self, figure: Figure) -> Result<()> {
        let number = figure.number();
        let size = figure.checked()?;
        if let Some(place) = self.sheets.iter().position(|sheet| Some(sheet.number) == number) {
            self.current = place;
            return Ok(());
        }
        let next = self.sheets.iter().map(|sheet| sheet.number).max().unwrap_or(0).saturating_add(1);
        self.sheets.push(Sheet::new(number.unwrap_or(next), size));
        self.current = self.sheets.len() - 1;
        Ok(())
    }

    /// Makes axes the current ones, and returns what to give to [`unselect`](Self::unselect) to return to those before. A figure that has been
    /// closed is opened for it.
    pub(crate) fn select(&mut self, axes: Axes) -> Selected {
        let before = self.current;
        let place = self.sheets.iter().position(|sheet| sheet.number == axes.figure);
        let is_closed = place.is_none();
        self.current = place.unwrap_or_else(|| {
            let [width, height] = Figure::default().size();
            self.sheets.push(Sheet::new(axes.figure, [width, height]));
            self.sheets.len() - 1
        });
        let map = self.default_map;
        let panel = self.sheet().select(axes.place, map);
        Selected { before, panel, is_closed }
    }

    /// Returns to the axes that were the current ones before [`select`](Self::select).
    pub(crate) fn unselect(&mut self, selected: Selected) {
        if selected.is_closed {
            self.sheets.pop();
        } else {
            self.sheet().current = selected.panel;
        }
        self.current = selected.before;
    }

    /// Closes the current figure; the one that was opened last is then current.
    pub(crate) fn close(&mut self) {
        if self.current < self.sheets.len() {
            self.sheets.remove(self.current);
        }
        self.current = self.sheets.len().saturating_sub(1);
    }

    /// Closes all figures, and returns them in the order of their numbers.
    pub(crate) fn take(&mut self) -> Vec<Sheet> {
        self.current = 0;
        let mut sheets = std::mem::take(&mut self.sheets);
        sheets.sort_by_key(|sheet| sheet.number);
        sheets
    }
}
