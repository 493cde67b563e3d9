//! Figures and their files.

use crate::current::with;
use crate::page;
use crate::sheet::Figure;
use crate::svg::Letters;
use crate::text::{Label, Text};
use candle_keras_data::atomic;
use candle_keras_ops::{Error, Result};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The formats of matplotlib, instead of which an SVG file is written.
const FORMATS: [&str; 12] = ["svg", "png", "jpg", "jpeg", "pdf", "eps", "ps", "tif", "tiff", "webp", "svgz", "pgf"];

/// The figures that this process has shown.
static SHOWN: AtomicUsize = AtomicUsize::new(0);

/// Opens a new figure, which is then the current one. matplotlib: `pyplot.figure()`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::figure();
/// pyplot::plot_y([3, 2, 1], ())?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn figure() {
    // The defaults are right.
    _ = with(|figures| figures.open(Figure::new()));
}

/// Opens a figure of a size, or returns to one by its number. matplotlib: `pyplot.figure(figsize=(10, 4))`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Figure};
/// pyplot::figure_with(Figure::new().figsize(10, 4))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the size is not from 0.1 to 655 inches.
pub fn figure_with(figure: Figure) -> Result<()> {
    with(|figures| figures.open(figure))
}

/// Makes a panel of a grid the current one: that of an index which counts from 1, row by row. matplotlib: `pyplot.subplot`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// for i in 0..2 {
///     pyplot::subplot(1, 2, i + 1)?;
///     pyplot::plot_y([0, i, 2 * i], ())?;
/// }
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the grid has no such index.
pub fn subplot(rows: usize, columns: usize, index: usize) -> Result<()> {
    with(|figures| {
        let map = figures.default_map;
        figures.sheet().subplot(rows, columns, index, map)
    })
}

/// The title of the whole figure. matplotlib: `pyplot.suptitle`.
///
/// ```
/// candle_keras_pyplot::suptitle("Digits");
/// ```
pub fn suptitle(title: impl Into<String>) {
    // The defaults are right.
    _ = suptitle_with(title, Text::new());
}

/// The title of the whole figure, as `text` says. matplotlib: `pyplot.suptitle(title, fontsize=16)`.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Text};
/// pyplot::suptitle_with("Digits", Text::new().fontsize(16))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If an argument is invalid.
pub fn suptitle_with(title: impl Into<String>, text: impl Into<Text>) -> Result<()> {
    let letters = text.into().over(Letters::sized(12.0))?;
    let label = Label { text: title.into(), letters };
    with(|figures| figures.sheet().title = Some(label));
    Ok(())
}

/// Does nothing: panels always have room for their labels. matplotlib: `pyplot.tight_layout`.
///
/// ```
/// candle_keras_pyplot::tight_layout();
/// ```
pub fn tight_layout() {}

/// Removes all panels of the current figure. matplotlib: `pyplot.clf`.
///
/// ```
/// candle_keras_pyplot::clf();
/// ```
pub fn clf() {
    with(|figures| figures.sheet().clear());
}

/// Closes the current figure. matplotlib: `pyplot.close()`.
///
/// ```
/// candle_keras_pyplot::close();
/// ```
pub fn close() {
    with(|figures| figures.close());
}

/// Closes all figures. matplotlib: `pyplot.close("all")`.
///
/// ```
/// candle_keras_pyplot::close_all();
/// ```
pub fn close_all() {
    with(|figures| drop(figures.take()));
}

/// The current figure as SVG.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::plot_y([3, 2, 1], ())?;
/// assert!(pyplot::to_svg().starts_with("<svg "));
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn to_svg() -> String {
    with(|figures| page::svg(figures.sheet()))
}

/// Writes the current figure as an SVG file, and returns its path. matplotlib: `pyplot.savefig`.
///
/// The file is always SVG: `"loss.png"` writes `loss.svg`, and so do `.jpg`, `.pdf` and the other formats of matplotlib, and a name without an
/// extension. An SVG file has no resolution, hence no `dpi`.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("loss.png");
/// pyplot::plot_y([3, 2, 1], ())?;
/// let written = pyplot::savefig(path)?;
/// assert!(written.ends_with("loss.svg"));
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If the extension is none of matplotlib's, or the file cannot be written.
pub fn savefig(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = file(path.as_ref())?;
    write(&path, &to_svg())?;
    Ok(path)
}

/// Writes all open figures into the working directory, as `figure-1.svg`, `figure-2.svg` and so on, prints their paths to standard error, and closes them. The numbers
/// count what this process has shown; files of an earlier run are replaced. matplotlib: `pyplot.show`, which opens a window.
///
/// ```no_run
/// use candle_keras_pyplot as pyplot;
/// pyplot::plot_y([3, 2, 1], ())?;
/// pyplot::show()?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
///
/// # Errors
/// If a file cannot be written.
pub fn show() -> Result<()> {
    for path in show_in(Path::new(""))? {
        // What the program prints stays its own.
        eprintln!("{}", path.display());
    }
    Ok(())
}

fn show_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for sheet in with(|figures| figures.take()) {
        let path = folder.join(format!("figure-{}.svg", SHOWN.fetch_add(1, Ordering::Relaxed) + 1));
        write(&path, &page::svg(&sheet))?;
        paths.push(path);
    }
    Ok(paths)
}

/// The path of the SVG file for a name.
fn file(path: &Path) -> Result<PathBuf> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension {
        Some(extension) if !FORMATS.contains(&extension.as_str()) => {
            Err(Error::unknown("format of a figure", &extension, &FORMATS[..5])
                .help("figures are written as SVG files"))
        }
        _ if path.file_name().is_none() => Err(Error::new("savefig writes a file")
            .expected("a path")
            .received(format!("{:?}", path.display().to_string()))),
        _ => Ok(path.with_extension("svg")),
    }
}

fn write(path: &Path, svg: &str) -> Result<()> {
    atomic::write(path, |file| file.write_all(svg.as_bytes()).map_err(|cause| Error::io(path, cause)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot_y;

    #[test]
    fn a_figure_is_saved_as_svg() {
        for name in ["a/loss.png", "a/loss.PDF", "a/loss.svg", "a/loss"] {
            assert_eq!(file(Path::new(name)).unwrap(), Path::new("a/loss.svg"));
        }
        assert!(file(Path::new("loss.doc")).unwrap_err().to_string().contains("expected: svg, png"));
        assert!(file(Path::new("")).is_err() && file(Path::new("/")).is_err());
    }

    #[test]
    fn figures_are_shown_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        close_all();
        assert!(show_in(folder.path()).unwrap().is_empty());
        plot_y([1, 2], "r").unwrap();
        figure();
        plot_y([1, 2], "k").unwrap();
        figure_with(Figure::new().num(1)).unwrap();
        plot_y([2, 1], "b").unwrap();
        let paths = show_in(folder.path()).unwrap();
        assert_eq!(paths.len(), 2);
        let text = std::fs::read_to_string(&paths[0]).unwrap();
        assert!(text.contains("#ff0000") && text.contains("#0000ff"));
        assert_eq!(text.matches("<polyline").count(), 2);
        assert!(show_in(folder.path()).unwrap().is_empty());
        let written = savefig(folder.path().join("empty.png")).unwrap();
        assert!(std::fs::read_to_string(written).unwrap().ends_with("</svg>\n"));
        close_all();
    }

    #[test]
    fn a_grid_has_its_indices() {
        close_all();
        for (rows, columns, index) in [(0, 1, 1), (2, 2, 0), (2, 2, 5), (usize::MAX, 2, 1)] {
            assert!(subplot(rows, columns, index).unwrap_err().to_string().contains("expected"));
        }
        assert!(figure_with(Figure::new().figsize(f64::NAN, 1)).is_err());
        assert!(figure_with(Figure::new().figsize(1e9, 1)).is_err());
        close();
        close();
    }
}
