//! The functions that draw on the current axes.

use crate::area::FillBetween;
use crate::artist::Direction;
use crate::bars::{Bar, Hist};
use crate::colormap::Colormap;
use crate::current::{with, with_panel};
use crate::curve::Plot;
use crate::picture::ImShow;
use crate::points::Scatter;
use crate::text::Text;
use crate::values::{Number, Pixels, Values};
use candle_keras_ops::Result;

/// Draws a curve: `y` over `x`. A tensor of two axes is a curve for each of its columns. NaN and infinite numbers are gaps. matplotlib:
/// `pyplot.plot(x, y, ...)`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Plot};
/// let loss = [0.9, 0.5, 0.3];
/// pyplot::plot(1..=3, &loss, "bo")?;
/// pyplot::plot(1..=3, &loss, Plot::new().color("b").label("Training loss"))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If `x` and `y` have different lengths, or an argument is invalid.
pub fn plot(x: impl Into<Values>, y: impl Into<Values>, arguments: impl Into<Plot>) -> Result<()> {
    let (x, y, arguments) = (x.into(), y.into(), arguments.into());
    with_panel(|panel| panel.plot(Some(x), y, &arguments))
}

/// Draws a curve: `y` over 0, 1, 2 and so on. matplotlib: `pyplot.plot(y, ...)`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::plot_y([0.9, 0.5, 0.3], "r--")?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If an argument is invalid.
pub fn plot_y(y: impl Into<Values>, arguments: impl Into<Plot>) -> Result<()> {
    let (y, arguments) = (y.into(), arguments.into());
    with_panel(|panel| panel.plot(None, y, &arguments))
}

/// Draws a curve over logarithms of `y`. matplotlib: `pyplot.semilogy`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::semilogy(0..3, [1.0, 0.1, 0.01], ())?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// As [`plot`].
pub fn semilogy(x: impl Into<Values>, y: impl Into<Values>, arguments: impl Into<Plot>) -> Result<()> {
    plot(x, y, arguments)?;
    crate::yscale("log")
}

/// Draws points, with colors and sizes of their own. matplotlib: `pyplot.scatter`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Scatter};
/// let labels = [0, 1, 1];
/// pyplot::scatter([0.1, 0.5, 0.9], [1, 2, 3], Scatter::new().c(labels).cmap("tab10"))?;
/// pyplot::colorbar()?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the lists have different lengths, or an argument is invalid.
pub fn scatter(x: impl Into<Values>, y: impl Into<Values>, arguments: impl Into<Scatter>) -> Result<()> {
    let (x, y, arguments) = (x.into(), y.into(), arguments.into());
    with_panel(|panel| panel.scatter(x, y, arguments))
}

/// Draws bars over numbers or words. matplotlib: `pyplot.bar`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::bar(["cat", "dog"], [3, 4], ())?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the lists have different lengths, or an argument is invalid.
pub fn bar(x: impl Into<Values>, height: impl Into<Values>, arguments: impl Into<Bar>) -> Result<()> {
    let (x, height, arguments) = (x.into(), height.into(), arguments.into());
    with_panel(|panel| panel.bar(x, height, Direction::Y, arguments))
}

/// Draws bars to the right of numbers or words. matplotlib: `pyplot.barh`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::barh(["cat", "dog"], [3, 4], ())?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// As [`bar`].
pub fn barh(y: impl Into<Values>, width: impl Into<Values>, arguments: impl Into<Bar>) -> Result<()> {
    let (y, width, arguments) = (y.into(), width.into(), arguments.into());
    with_panel(|panel| panel.bar(y, width, Direction::X, arguments))
}

/// Draws how many numbers are in each of the bins, and returns the counts and the edges of the bins. NaN is in none. matplotlib: `pyplot.hist`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Hist};
/// let (counts, _) = pyplot::hist([1.0, 1.5, 4.0], Hist::new().bins(3))?;
/// assert_eq!(counts, [2.0, 0.0, 1.0]);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If an argument is invalid.
pub fn hist(values: impl Into<Values>, arguments: impl Into<Hist>) -> Result<(Vec<f64>, Vec<f64>)> {
    let (values, arguments) = (values.into(), arguments.into());
    with_panel(|panel| panel.hist(values, arguments))
}

/// Draws a picture: numbers of `(height, width)` or `(height, width, 1)` by a colormap, or colors of 3 or 4 channels, which are from 0 to 1, or from 0
/// to 255 if they are integers. matplotlib: `pyplot.imshow`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, ImShow};
/// use candle_core::{DType, Device, Tensor};
/// let digit = Tensor::zeros((28, 28), DType::F32, &Device::Cpu)?;
/// pyplot::imshow(&digit, ImShow::new().cmap("gray"))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If it is not one image, or an argument is invalid.
pub fn imshow(image: impl Into<Pixels>, arguments: impl Into<ImShow>) -> Result<()> {
    let (image, arguments) = (image.into(), arguments.into());
    with_panel(|panel| panel.imshow(image, &arguments))
}

/// Draws a level line across the axes. matplotlib: `pyplot.axhline`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Plot};
/// pyplot::axhline(0.5, Plot::new().color("r").linestyle("--"))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If an argument is invalid.
pub fn axhline(y: impl Number, arguments: impl Into<Plot>) -> Result<()> {
    let (y, arguments) = (y.number(), arguments.into());
    with_panel(|panel| panel.rule(y, Direction::Y, &arguments))
}

/// Draws an upright line across the axes. matplotlib: `pyplot.axvline`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::axvline(3, "k:")?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If an argument is invalid.
pub fn axvline(x: impl Number, arguments: impl Into<Plot>) -> Result<()> {
    let (x, arguments) = (x.number(), arguments.into());
    with_panel(|panel| panel.rule(x, Direction::X, &arguments))
}

/// Fills the area between two curves, of which one may be a number. matplotlib: `pyplot.fill_between`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, FillBetween};
/// pyplot::fill_between(0..3, [1, 2, 1], [2, 4, 3], FillBetween::new().alpha(0.2))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the lists have different lengths, or an argument is invalid.
pub fn fill_between(
    x: impl Into<Values>,
    y1: impl Into<Values>,
    y2: impl Into<Values>,
    arguments: impl Into<FillBetween>,
) -> Result<()> {
    let (x, y, arguments) = (x.into(), [y1.into(), y2.into()], arguments.into());
    with_panel(|panel| panel.fill_between(x, y, &arguments))
}

/// Writes a text at a point of the axes, which begins there. matplotlib: `pyplot.text`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::text(1, 0.5, "here");
/// ```
pub fn text(x: impl Number, y: impl Number, s: impl Into<String>) {
    // The defaults are right.
    _ = text_with(x, y, s, Text::new());
}

/// Writes a text at a point of the axes, as `text` says. matplotlib: `pyplot.text(x, y, s, ha="center")`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Text};
/// pyplot::text_with(1, 0.5, "here", Text::new().ha("center").fontsize(8))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If an argument is invalid.
pub fn text_with(x: impl Number, y: impl Number, s: impl Into<String>, text: impl Into<Text>) -> Result<()> {
    let (x, y, s, arguments) = (x.number(), y.number(), s.into(), text.into());
    with_panel(|panel| panel.text(x, y, s, &arguments))
}

/// Shows at the right which numbers the colors of the last `imshow` or `scatter` stand for. matplotlib: `pyplot.colorbar`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::imshow([[1, 2], [3, 4]], ())?;
/// pyplot::colorbar()?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If nothing on these axes has colors for numbers.
pub fn colorbar() -> Result<()> {
    with_panel(|panel| panel.set_colorbar())
}

/// The colormap of what is drawn from now on, and of pictures without one. matplotlib: `pyplot.set_cmap`; `pyplot.gray()` is `set_cmap("gray")`.
///
/// ```
/// candle_keras_pyplot::set_cmap("gray")?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If there is no such colormap.
pub fn set_cmap(cmap: &str) -> Result<()> {
    let map = Colormap::named(cmap)?;
    with(|figures| figures.default_map = map);
    with_panel(|panel| panel.default_map = map);
    Ok(())
}
