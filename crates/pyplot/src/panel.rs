//! One pair of axes of a figure: what is drawn on it, and its settings. matplotlib: `Axes`.

use crate::artist::{Artist, Direction, Mappable};
use crate::color::Rgba;
use crate::colormap::Colormap;
use crate::legend::Names;
use crate::scale::{Limits, Scale, Ticks};
use crate::svg::Letters;
use crate::text::{Label, Text};
use crate::values::{Number, Values};
use candle_keras_ops::{Error, Result};

/// One of the two axes of a panel.
#[derive(Debug, Default)]
pub(crate) struct Axis {
    pub(crate) label: Option<Label>,
    limits: [Option<f64>; 2],
    pub(crate) scale: Scale,
    pub(crate) is_inverted: bool,
    pub(crate) is_hidden: bool,
    ticks: Option<(Vec<f64>, Option<Vec<String>>)>,
    tick_letters: Option<Letters>,
    categories: Vec<String>,
}

impl Axis {
    /// The number of a word: that of its first appearance.
    pub(crate) fn category(&mut self, word: String) -> f64 {
        let place = self.categories.iter().position(|known| *known == word).unwrap_or_else(|| {
            self.categories.push(word);
            self.categories.len() - 1
        });
        place as f64
    }

    pub(crate) fn set_limits(&mut self, name: &str, limits: [Option<f64>; 2]) -> Result<()> {
        if let Some(limit) = limits.iter().flatten().find(|limit| !(-1e300..=1e300).contains(*limit)) {
            return Err(Error::new(format!("{name} has two limits"))
                .expected("finite numbers")
                .received(limit.to_string()));
        }
        for (limit, new) in self.limits.iter_mut().zip(limits) {
            *limit = new.or(*limit);
        }
        Ok(())
    }

    /// Ticks at given numbers, with these labels or the numbers.
    pub(crate) fn set_ticks(
        &mut self,
        name: &str,
        ticks: Values,
        labels: Option<Vec<String>>,
        text: &Text,
    ) -> Result<()> {
        let ticks = ticks.plain(name)?;
        if let Some(labels) = labels.as_ref().filter(|labels| labels.len() != ticks.len()) {
            return Err(Error::new(format!("{name} has a label for each tick"))
                .expected(format!("{} labels", ticks.len()))
                .received(labels.len().to_string()));
        }
        self.tick_letters = Some(text.over(self.tick_letters())?);
        self.ticks = Some((ticks, labels));
        Ok(())
    }

    pub(crate) fn tick_letters(&self) -> Letters {
        self.tick_letters.unwrap_or(Letters::sized(10.0))
    }

    /// The limits that what is drawn needs, or those that were set; the first is at the left or at the bottom.
    pub(crate) fn view(&self, artists: &[Box<dyn Artist>], direction: Direction, is_tight: bool) -> [f64; 2] {
        let mut limits = Limits::NONE;
        let mut sticky = Vec::new();
        for artist in artists {
            limits = limits.with(artist.limits(direction, self.scale));
            sticky.extend(artist.sticky(direction));
        }
        // Given ticks are seen, as in matplotlib.
        for tick in self.ticks.iter().flat_map(|(ticks, _)| ticks).filter(|tick| self.scale.has(**tick)) {
            if !limits.is_empty() {
                let wider = Limits { low: limits.low.min(*tick), high: limits.high.max(*tick) };
                sticky.extend([wider.low, wider.high].into_iter().filter(|limit| limit == tick));
                limits = wider;
            }
        }
        if is_tight {
            sticky.extend([limits.low, limits.high]);
        }
        let Limits { low, high } = limits.with_margins(self.scale, &sticky);
        let ends = if self.is_inverted { [high, low] } else { [low, high] };
        let set = |i: usize| self.limits[i].filter(|limit| self.scale.has(*limit)).unwrap_or(ends[i]);
        let view = [set(0), set(1)];
        if view[0] != view[1] && (view[1] - view[0]).abs() > 1e-300 {
            return view;
        }
        let Limits { low, high } = Limits { low: view[0], high: view[0] }.with_margins(self.scale, &[]);
        [low, high]
    }

    /// What stands along the axis.
    pub(crate) fn ticks(&self, view: [f64; 2], parts: usize) -> Ticks {
        match &self.ticks {
            _ if self.is_hidden => Ticks::default(),
            Some((places, labels)) => Ticks::fixed(places, labels.as_deref()),
            None if !self.categories.is_empty() => {
                let places: Vec<f64> = (0..self.categories.len()).map(|place| place as f64).collect();
                Ticks::fixed(&places, Some(&self.categories))
            }
            None => Ticks::automatic(self.scale, view, parts),
        }
    }
}

/// Where a panel is in a grid of panels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// From 0, row by row.
    pub(crate) index: usize,
}

#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) place: Place,
    pub(crate) artists: Vec<Box<dyn Artist>>,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) title: Option<Label>,
    pub(crate) legend: Option<Names>,
    pub(crate) has_grid: bool,
    /// Whether frame, ticks and labels are drawn.
    pub(crate) is_on: bool,
    /// Whether a unit of x is as long as one of y, for which the panel gets smaller.
    pub(crate) is_equal: bool,
    /// The same, for which the limits get wider.
    pub(crate) has_equal_limits: bool,
    pub(crate) is_tight: bool,
    pub(crate) default_map: Colormap,
    /// The colors of what was drawn last.
    pub(crate) mappable: Option<Mappable>,
    pub(crate) colorbar: Option<Mappable>,
    pub(crate) next_curve: usize,
    next_fill: usize,
}

impl Panel {
    pub(crate) fn new(place: Place, default_map: Colormap) -> Self {
        Self {
            place,
            artists: Vec::new(),
            x: Axis::default(),
            y: Axis::default(),
            title: None,
            legend: None,
            has_grid: false,
            is_on: true,
            is_equal: false,
            has_equal_limits: false,
            is_tight: false,
            default_map,
            mappable: None,
            colorbar: None,
            next_curve: 0,
            next_fill: 0,
        }
    }

    pub(crate) fn add(&mut self, artist: impl Artist + 'static) {
        self.artists.push(Box::new(artist));
    }

    /// The next color of what is filled, which has a cycle of its own.
    pub(crate) fn next_fill_color(&mut self) -> Rgba {
        self.next_fill += 1;
        Rgba::of_cycle(self.next_fill - 1)
    }

    pub(crate) fn set_axis(&mut self, option: AxisOption) -> Result<()> {
        match option.0 {
            Setting::Limits([left, right, bottom, top]) => {
                self.x.set_limits("axis", [Some(left), Some(right)])?;
                self.y.set_limits("axis", [Some(bottom), Some(top)])?;
            }
            Setting::Named(name) => match name.as_str() {
                "on" => self.is_on = true,
                "off" => self.is_on = false,
                "equal" => self.has_equal_limits = true,
                "scaled" => self.is_equal = true,
                "tight" => self.is_tight = true,
                "image" => (self.is_equal, self.is_tight) = (true, true),
                "auto" => (self.is_equal, self.has_equal_limits, self.is_tight) = (false, false, false),
                _ => {
                    let known = ["on", "off", "equal", "scaled", "tight", "auto", "image"];
                    return Err(Error::unknown("option of axis", &name, &known));
                }
            },
        }
        Ok(())
    }

    pub(crate) fn set_colorbar(&mut self) -> Result<()> {
        let found = self.mappable.ok_or_else(|| {
            Error::new("colorbar shows the colors of what was drawn before")
                .expected("an imshow of one channel, or a scatter with numbers as c")
                .received("none of them")
        })?;
        self.colorbar = Some(found);
        Ok(())
    }
}

/// What [`axis`](crate::axis) sets: `"off"`, `"on"`, `"equal"`, `"scaled"`, `"tight"`, `"image"`, `"auto"`, or the limits left, right, bottom and top.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::axis("off")?;
/// pyplot::axis([0, 10, -1, 1])?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct AxisOption(Setting);

#[derive(Debug, Clone)]
enum Setting {
    Named(String),
    Limits([f64; 4]),
}

impl From<&str> for AxisOption {
    fn from(name: &str) -> Self {
        Self(Setting::Named(name.into()))
    }
}

impl<N: Number> From<[N; 4]> for AxisOption {
    fn from(limits: [N; 4]) -> Self {
        Self(Setting::Limits(limits.map(|limit| limit.number())))
    }
}
