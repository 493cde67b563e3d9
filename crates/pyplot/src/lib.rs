//! Figures in the words of matplotlib's `pyplot`, as SVG files.
//!
//! The functions draw on the current axes of the current figure of the thread, as those of `pyplot` do. The arguments with defaults are a type
//! for each function, whose methods have the names of matplotlib's keywords; `()` stands for the defaults, and a format string for `plot`'s.
//!
//! [`Axes`] draw on axes of their own: `pyplot::subplots(2, 3, Figure::new())` returns a grid of them.
//!
//! There are no windows and no pixels: [`savefig`] and [`show`] write SVG files, which any browser opens.
//!
//! ```
//! use candle_keras_pyplot::{self as pyplot, Plot};
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("loss.png");
//! let (loss, val_loss) = ([0.9, 0.5, 0.3], [1.0, 0.7, 0.6]);
//! pyplot::plot(1..=3, &loss, Plot::new().style("bo").label("Training loss"))?;
//! pyplot::plot(1..=3, &val_loss, Plot::new().style("b").label("Validation loss"))?;
//! pyplot::title("Training and validation loss");
//! pyplot::xlabel("Epochs");
//! pyplot::ylabel("Loss");
//! pyplot::legend();
//! pyplot::savefig(path)?; // loss.svg
//! # Ok::<(), candle_keras_ops::Error>(())
//! ```

mod area;
mod artist;
mod axes;
mod bars;
mod color;
mod colormap;
mod current;
mod curve;
mod figures;
mod functions;
mod legend;
mod page;
mod panel;
mod picture;
mod points;
mod scale;
mod settings;
mod sheet;
mod style;
mod svg;
mod text;
mod values;

pub use area::FillBetween;
pub use axes::{Axes, axes_at, gca, sca, subplots};
pub use bars::{Bar, Hist};
pub use color::Color;
pub use curve::Plot;
pub use figures::{
    clf, close, close_all, figure, figure_with, savefig, show, subplot, suptitle, suptitle_with, tight_layout, to_svg,
};
pub use functions::{
    axhline, axvline, bar, barh, colorbar, fill_between, hist, imshow, plot, plot_y, scatter, semilogy, set_cmap, text,
    text_with,
};
pub use legend::Legend;
pub use panel::AxisOption;
pub use picture::ImShow;
pub use points::Scatter;
pub use settings::{
    axis, grid, legend, legend_with, title, title_with, xaxis_visible, xlabel, xlabel_with, xlim, xlim_left,
    xlim_right, xscale, xticks, xticks_with, yaxis_visible, ylabel, ylabel_with, ylim, ylim_bottom, ylim_top, yscale,
    yticks, yticks_with,
};
pub use sheet::Figure;
pub use text::Text;
pub use values::{Item, Number, Pixels, Values};

#[cfg(test)]
mod tests;
