//! The functions that set titles, labels, limits, ticks and the legend of the current axes.

use crate::current::with_panel;
use crate::legend::Legend;
use crate::panel::AxisOption;
use crate::scale::Scale;
use crate::svg::Letters;
use crate::text::{Label, Text};
use crate::values::{Number, Values};
use candle_keras_ops::Result;

/// The title of the axes. matplotlib: `pyplot.title`.
///
/// ```
/// candle_keras_pyplot::title("Training and validation loss");
/// ```
pub fn title(title: impl Into<String>) {
    // The defaults are right.
    _ = title_with(title, Text::new());
}

/// The title of the axes, as `text` says. matplotlib: `pyplot.title(title, fontsize=16)`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Text};
/// pyplot::title_with("Accuracy", Text::new().fontsize(16))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If an argument is invalid.
pub fn title_with(title: impl Into<String>, text: impl Into<Text>) -> Result<()> {
    let label = Label { text: title.into(), letters: text.into().over(Letters::sized(12.0))? };
    with_panel(|panel| panel.title = Some(label));
    Ok(())
}

/// The label of the axis x. matplotlib: `pyplot.xlabel`.
///
/// ```
/// candle_keras_pyplot::xlabel("Epochs");
/// ```
pub fn xlabel(label: impl Into<String>) {
    // The defaults are right.
    _ = xlabel_with(label, Text::new());
}

/// The label of the axis x, as `text` says. matplotlib: `pyplot.xlabel(label, fontsize=12)`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Text};
/// pyplot::xlabel_with("Epochs", Text::new().fontsize(12))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If an argument is invalid.
pub fn xlabel_with(label: impl Into<String>, text: impl Into<Text>) -> Result<()> {
    let label = Label { text: label.into(), letters: text.into().over(Letters::sized(10.0))? };
    with_panel(|panel| panel.x.label = Some(label));
    Ok(())
}

/// The label of the axis y. matplotlib: `pyplot.ylabel`.
///
/// ```
/// candle_keras_pyplot::ylabel("Loss");
/// ```
pub fn ylabel(label: impl Into<String>) {
    // The defaults are right.
    _ = ylabel_with(label, Text::new());
}

/// The label of the axis y, as `text` says. matplotlib: `pyplot.ylabel(label, fontsize=12)`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Text};
/// pyplot::ylabel_with("Loss", Text::new().fontsize(12))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If an argument is invalid.
pub fn ylabel_with(label: impl Into<String>, text: impl Into<Text>) -> Result<()> {
    let letters = text.into().over(Letters { turn: 90.0, ..Letters::sized(10.0) })?;
    let label = Label { text: label.into(), letters };
    with_panel(|panel| panel.y.label = Some(label));
    Ok(())
}

/// The limits of the axis x; the first may be the larger one. matplotlib: `pyplot.xlim`.
///
/// ```
/// candle_keras_pyplot::xlim(0, 10)?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If a limit is not finite.
pub fn xlim(left: impl Number, right: impl Number) -> Result<()> {
    let limits = [Some(left.number()), Some(right.number())];
    with_panel(|panel| panel.x.set_limits("xlim", limits))
}

/// The limits of the axis y; the first may be the larger one. matplotlib: `pyplot.ylim`.
///
/// ```
/// candle_keras_pyplot::ylim(0, 0.5)?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If a limit is not finite.
pub fn ylim(bottom: impl Number, top: impl Number) -> Result<()> {
    let limits = [Some(bottom.number()), Some(top.number())];
    with_panel(|panel| panel.y.set_limits("ylim", limits))
}

/// The left limit of the axis x, if the right one is left as it is. matplotlib: `pyplot.xlim(left=0)`.
///
/// ```
/// candle_keras_pyplot::xlim_left(0)?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the limit is not finite.
pub fn xlim_left(left: impl Number) -> Result<()> {
    let left = left.number();
    with_panel(|panel| panel.x.set_limits("xlim", [Some(left), None]))
}

/// The right limit of the axis x. matplotlib: `pyplot.xlim(right=10)`.
///
/// ```
/// candle_keras_pyplot::xlim_right(10)?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the limit is not finite.
pub fn xlim_right(right: impl Number) -> Result<()> {
    let right = right.number();
    with_panel(|panel| panel.x.set_limits("xlim", [None, Some(right)]))
}

/// The lower limit of the axis y. matplotlib: `pyplot.ylim(bottom=0)`.
///
/// ```
/// candle_keras_pyplot::ylim_bottom(0)?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the limit is not finite.
pub fn ylim_bottom(bottom: impl Number) -> Result<()> {
    let bottom = bottom.number();
    with_panel(|panel| panel.y.set_limits("ylim", [Some(bottom), None]))
}

/// The upper limit of the axis y. matplotlib: `pyplot.ylim(top=1)`.
///
/// ```
/// candle_keras_pyplot::ylim_top(1)?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the limit is not finite.
pub fn ylim_top(top: impl Number) -> Result<()> {
    let top = top.number();
    with_panel(|panel| panel.y.set_limits("ylim", [None, Some(top)]))
}

/// Ticks of the axis x at these numbers; none for an empty list, `[0; 0]`. matplotlib: `pyplot.xticks(ticks)`.
///
/// ```
/// candle_keras_pyplot::xticks(0..5)?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If these are no numbers.
pub fn xticks(ticks: impl Into<Values>) -> Result<()> {
    let ticks = ticks.into();
    with_panel(|panel| panel.x.set_ticks("xticks", ticks, None, &Text::new()))
}

/// Ticks of the axis x with their labels, as `text` says. matplotlib: `pyplot.xticks(ticks, labels, rotation=45)`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Text};
/// pyplot::xticks_with(0..2, ["cat", "dog"], Text::new().rotation(45))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If there are not as many labels as ticks, or an argument is invalid.
pub fn xticks_with<S: Into<String>>(
    ticks: impl Into<Values>,
    labels: impl IntoIterator<Item = S>,
    text: impl Into<Text>,
) -> Result<()> {
    let (ticks, labels, text) = (ticks.into(), labels.into_iter().map(Into::into).collect(), text.into());
    with_panel(|panel| panel.x.set_ticks("xticks", ticks, Some(labels), &text))
}

/// Ticks of the axis y at these numbers; none for an empty list, `[0; 0]`. matplotlib: `pyplot.yticks(ticks)`.
///
/// ```
/// candle_keras_pyplot::yticks([0.0, 0.5, 1.0])?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If these are no numbers.
pub fn yticks(ticks: impl Into<Values>) -> Result<()> {
    let ticks = ticks.into();
    with_panel(|panel| panel.y.set_ticks("yticks", ticks, None, &Text::new()))
}

/// Ticks of the axis y with their labels, as `text` says. matplotlib: `pyplot.yticks(ticks, labels)`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::yticks_with(0..2, ["cat", "dog"], ())?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If there are not as many labels as ticks, or an argument is invalid.
pub fn yticks_with<S: Into<String>>(
    ticks: impl Into<Values>,
    labels: impl IntoIterator<Item = S>,
    text: impl Into<Text>,
) -> Result<()> {
    let (ticks, labels, text) = (ticks.into(), labels.into_iter().map(Into::into).collect(), text.into());
    with_panel(|panel| panel.y.set_ticks("yticks", ticks, Some(labels), &text))
}

/// How numbers are placed along the axis x: `"linear"` or `"log"`. matplotlib: `pyplot.xscale`.
///
/// ```
/// candle_keras_pyplot::xscale("log")?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If there is no such scale.
pub fn xscale(scale: &str) -> Result<()> {
    let scale = Scale::named(scale)?;
    with_panel(|panel| panel.x.scale = scale);
    Ok(())
}

/// How numbers are placed along the axis y: `"linear"` or `"log"`. matplotlib: `pyplot.yscale`.
///
/// ```
/// candle_keras_pyplot::yscale("log")?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If there is no such scale.
pub fn yscale(scale: &str) -> Result<()> {
    let scale = Scale::named(scale)?;
    with_panel(|panel| panel.y.scale = scale);
    Ok(())
}

/// Whether the axis x has ticks and labels. matplotlib: `pyplot.gca().get_xaxis().set_visible(False)`.
///
/// ```
/// candle_keras_pyplot::xaxis_visible(false);
/// ```
pub fn xaxis_visible(visible: bool) {
    with_panel(|panel| panel.x.is_hidden = !visible);
}

/// Whether the axis y has ticks and labels. matplotlib: `pyplot.gca().get_yaxis().set_visible(False)`.
///
/// ```
/// candle_keras_pyplot::yaxis_visible(false);
/// ```
pub fn yaxis_visible(visible: bool) {
    with_panel(|panel| panel.y.is_hidden = !visible);
}

/// Switches the axes off or on, or sets their proportions or all limits. matplotlib: `pyplot.axis`.
///
/// ```
/// candle_keras_pyplot::axis("off")?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If there is no such option, or a limit is not finite.
pub fn axis(option: impl Into<AxisOption>) -> Result<()> {
    let option = option.into();
    with_panel(|panel| panel.set_axis(option))
}

/// Whether lines go through the ticks. matplotlib: `pyplot.grid`.
///
/// ```
/// candle_keras_pyplot::grid(true);
/// ```
pub fn grid(visible: bool) {
    with_panel(|panel| panel.has_grid = visible);
}

/// A box with the labels of what was drawn. matplotlib: `pyplot.legend()`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Plot};
/// pyplot::plot_y([3, 2, 1], Plot::new().label("loss"))?;
/// pyplot::legend();
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn legend() {
    // The defaults are right.
    _ = legend_with(Legend::new());
}

/// A box with labels at a place. matplotlib: `pyplot.legend(["train", "test"], loc="upper left")`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Legend};
/// pyplot::plot_y([3, 2, 1], ())?;
/// pyplot::legend_with(Legend::new().labels(["train"]).loc("upper right"))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If there is no such place, or an argument is invalid.
pub fn legend_with(legend: Legend) -> Result<()> {
    with_panel(|panel| panel.legend(legend))
}
