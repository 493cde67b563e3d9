//! The axes of a figure by a handle, to draw on them while others are the current ones.

use crate::current::with;
use crate::panel::Place;
use crate::sheet::Figure;
use crate::{AxisOption, Bar, FillBetween, Hist, ImShow, Legend, Number, Pixels, Plot, Scatter, Text, Values};
use candle_keras_ops::Result;

/// A pair of axes of a figure: what the functions of this crate do on the current axes, its methods do on these. matplotlib: `Axes`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Figure};
/// let axes = pyplot::subplots(1, 2, Figure::new().figsize(8, 4))?;
/// axes[0][0].plot_y([3, 2, 1], "r--")?;
/// axes[0][1].set_title("a digit");
/// axes[0][1].axis("off")?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// What is drawn on a figure that is closed is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axes {
    pub(crate) figure: usize,
    pub(crate) place: Place,
}

/// A new figure with a grid of axes: its rows. The last ones are the current ones. matplotlib: `pyplot.subplots(2, 3, figsize=(10, 4))`, which
/// returns one row, one column or one pair of axes without the lists around.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Figure};
/// let axes = pyplot::subplots(2, 3, Figure::new())?;
/// for (i, ax) in axes.iter().flatten().enumerate() {
///     ax.plot_y([0, i, 2 * i], ())?;
/// }
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the grid is empty, or the size is not from 0.1 to 655 inches.
pub fn subplots(rows: usize, columns: usize, figure: Figure) -> Result<Vec<Vec<Axes>>> {
    crate::figure_with(figure)?;
    let axes = |row| (0..columns).map(|column| axes_at(rows, columns, row * columns + column + 1)).collect();
    if rows * columns == 0 {
        // The error of an empty grid.
        crate::subplot(rows, columns, 1)?;
    }
    (0..rows).map(axes).collect()
}

/// Makes a panel of a grid the current one, as [`subplot`](crate::subplot) does, and returns it. matplotlib: `ax = pyplot.subplot(2, 3, 1)`.
///
/// ```
/// let ax = candle_keras_pyplot::axes_at(1, 2, 1)?;
/// ax.set_title("left");
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the grid has no such index.
pub fn axes_at(rows: usize, columns: usize, index: usize) -> Result<Axes> {
    crate::subplot(rows, columns, index)?;
    Ok(gca())
}

/// The current axes. matplotlib: `pyplot.gca()`.
///
/// ```
/// candle_keras_pyplot::gca().set_title("loss");
/// ```
#[must_use]
pub fn gca() -> Axes {
    with(|figures| {
        let map = figures.default_map;
        let sheet = figures.sheet();
        let place = sheet.panel(map).place;
        Axes { figure: sheet.number, place }
    })
}

/// Makes axes the current ones. matplotlib: `pyplot.sca`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// let left = pyplot::axes_at(1, 2, 1)?;
/// pyplot::subplot(1, 2, 2)?;
/// pyplot::sca(left);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn sca(axes: Axes) {
    with(|figures| figures.select(axes));
}

impl Axes {
    /// Runs what draws on the current axes while these are the current ones.
    fn on<R>(self, draw: impl FnOnce() -> R) -> R {
        let before = with(|figures| figures.select(self));
        let drawn = draw();
        with(|figures| figures.unselect(before));
        drawn
    }
}

/// Methods that are functions of this crate on these axes: the name, the arguments, and the function.
macro_rules! on_these_axes {
    ($($name:ident($($argument:ident: $of:ty),*) $(-> $returns:ty)? = $function:ident;)*) => {
        impl Axes {
            $(
                #[doc = concat!("[`", stringify!($function), "`](crate::", stringify!($function), ") on these axes, with its errors.")]
                #[allow(clippy::missing_errors_doc)] // They are those of the function.
                pub fn $name(&self, $($argument: $of),*) $(-> $returns)? {
                    self.on(|| crate::$function($($argument),*))
                }
            )*
        }
    };
}

on_these_axes! {
    plot(x: impl Into<Values>, y: impl Into<Values>, arguments: impl Into<Plot>) -> Result<()> = plot;
    plot_y(y: impl Into<Values>, arguments: impl Into<Plot>) -> Result<()> = plot_y;
    semilogy(x: impl Into<Values>, y: impl Into<Values>, arguments: impl Into<Plot>) -> Result<()> = semilogy;
    scatter(x: impl Into<Values>, y: impl Into<Values>, arguments: impl Into<Scatter>) -> Result<()> = scatter;
    bar(x: impl Into<Values>, height: impl Into<Values>, arguments: impl Into<Bar>) -> Result<()> = bar;
    barh(y: impl Into<Values>, width: impl Into<Values>, arguments: impl Into<Bar>) -> Result<()> = barh;
    hist(values: impl Into<Values>, arguments: impl Into<Hist>) -> Result<(Vec<f64>, Vec<f64>)> = hist;
    imshow(image: impl Into<Pixels>, arguments: impl Into<ImShow>) -> Result<()> = imshow;
    fill_between(x: impl Into<Values>, y1: impl Into<Values>, y2: impl Into<Values>, arguments: impl Into<FillBetween>) -> Result<()> = fill_between;
    axhline(y: impl Number, arguments: impl Into<Plot>) -> Result<()> = axhline;
    axvline(x: impl Number, arguments: impl Into<Plot>) -> Result<()> = axvline;
    text(x: impl Number, y: impl Number, s: impl Into<String>) = text;
    text_with(x: impl Number, y: impl Number, s: impl Into<String>, text: impl Into<Text>) -> Result<()> = text_with;
    set_title(title: impl Into<String>) = title;
    set_title_with(title: impl Into<String>, text: impl Into<Text>) -> Result<()> = title_with;
    set_xlabel(label: impl Into<String>) = xlabel;
    set_xlabel_with(label: impl Into<String>, text: impl Into<Text>) -> Result<()> = xlabel_with;
    set_ylabel(label: impl Into<String>) = ylabel;
    set_ylabel_with(label: impl Into<String>, text: impl Into<Text>) -> Result<()> = ylabel_with;
    set_xlim(left: impl Number, right: impl Number) -> Result<()> = xlim;
    set_ylim(bottom: impl Number, top: impl Number) -> Result<()> = ylim;
    set_xticks(ticks: impl Into<Values>) -> Result<()> = xticks;
    set_yticks(ticks: impl Into<Values>) -> Result<()> = yticks;
    set_xscale(scale: &str) -> Result<()> = xscale;
    set_yscale(scale: &str) -> Result<()> = yscale;
    xaxis_visible(visible: bool) = xaxis_visible;
    yaxis_visible(visible: bool) = yaxis_visible;
    axis(option: impl Into<AxisOption>) -> Result<()> = axis;
    grid(visible: bool) = grid;
    legend() = legend;
    legend_with(legend: Legend) -> Result<()> = legend_with;
    colorbar() -> Result<()> = colorbar;
}
