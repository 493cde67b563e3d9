//! Plots the graph of a model: SVG, PNG, or DOT for Graphviz. Keras: `keras.utils.plot_model`, `model_to_dot`.
//!
//! [`plan`] places boxes and lines; svg.rs and png.rs draw them, dot.rs leaves that to Graphviz.

mod dot;
mod font;
mod label;
mod plan;
mod png;
mod svg;

use crate::{Model, Result};
use candle_keras_data::atomic;
use candle_keras_layers::Layer;
use candle_keras_ops::Error;
use plan::Plan;
use std::io::Write as _;
use std::path::Path;

/// The keyword arguments of [`plot_model`] and [`model_to_dot`], with Keras's defaults, but for the names of layers: `plot_model` shows classes
/// alone, `model_to_dot` names as well.
///
/// ```
/// use candle_keras_models::Plot;
/// let plot = Plot::new().show_shapes(true).rankdir("LR").expand_nested(true).dpi(150);
/// # let _ = plot;
/// ```
#[derive(Debug, Clone)]
pub struct Plot {
    show_shapes: bool,
    show_dtype: bool,
    show_layer_names: Option<bool>,
    rankdir: String,
    expand_nested: bool,
    dpi: u32,
    show_layer_activations: bool,
    show_trainable: bool,
    splines: String,
}

impl Default for Plot {
    fn default() -> Self {
        Self {
            show_shapes: false,
            show_dtype: false,
            show_layer_names: None,
            rankdir: "TB".into(),
            expand_nested: false,
            dpi: 200,
            show_layer_activations: false,
            show_trainable: false,
            splines: "ortho".into(),
        }
    }
}

impl From<()> for Plot {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl Plot {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether boxes have the shapes of inputs and outputs. Default: false.
    #[must_use]
    pub fn show_shapes(mut self, show: bool) -> Self {
        self.show_shapes = show;
        self
    }

    /// Whether boxes have the dtype of the output. Default: false.
    #[must_use]
    pub fn show_dtype(mut self, show: bool) -> Self {
        self.show_dtype = show;
        self
    }

    /// Whether boxes have the names of the layers beside their classes. Default: false for [`plot_model`], true for [`model_to_dot`].
    #[must_use]
    pub fn show_layer_names(mut self, show: bool) -> Self {
        self.show_layer_names = Some(show);
        self
    }

    /// The direction: `"TB"` from top to bottom (the default), `"BT"`, `"LR"` from left to right, or `"RL"`.
    #[must_use]
    pub fn rankdir(mut self, direction: impl Into<String>) -> Self {
        self.rankdir = direction.into();
        self
    }

    /// Whether the layers of nested models are drawn, within a frame, in the place of one box. Default: false.
    #[must_use]
    pub fn expand_nested(mut self, expand: bool) -> Self {
        self.expand_nested = expand;
        self
    }

    /// The dots per inch of a PNG, of which the picture has 96 at its natural size. Default: 200.
    #[must_use]
    pub fn dpi(mut self, dpi: u32) -> Self {
        self.dpi = dpi;
        self
    }

    /// Whether boxes have the activation of layers that have one as an argument. Default: false.
    #[must_use]
    pub fn show_layer_activations(mut self, show: bool) -> Self {
        self.show_layer_activations = show;
        self
    }

    /// Whether boxes of layers with weights say if they are trainable. Default: false.
    #[must_use]
    pub fn show_trainable(mut self, show: bool) -> Self {
        self.show_trainable = show;
        self
    }

    /// How lines run: `"ortho"` with right angles (the default), `"spline"` or `"curved"`, `"polyline"` or `"line"`.
    #[must_use]
    pub fn splines(mut self, splines: impl Into<String>) -> Self {
        self.splines = splines.into();
        self
    }

    fn check(&self) -> Result<()> {
        const DIRECTIONS: [&str; 4] = ["TB", "BT", "LR", "RL"];
        const SPLINES: [&str; 5] = ["ortho", "spline", "curved", "polyline", "line"];
        if !DIRECTIONS.contains(&self.rankdir.as_str()) {
            return Err(Error::unknown("rankdir", &self.rankdir, &DIRECTIONS));
        }
        if !SPLINES.contains(&self.splines.as_str()) {
            return Err(Error::unknown("splines", &self.splines, &SPLINES));
        }
        match self.dpi {
            0 => Err(Error::new("dpi must be positive").received("0")),
            _ => Ok(()),
        }
    }
}

/// Plots the layers of a model to a `.png`, `.svg` or `.dot` file; nothing needs to be installed. Keras: `keras.utils.plot_model`.
///
/// A PNG has the letters of ASCII; others are drawn as boxes.
///
/// # Errors
/// If the input of the model is not known yet, an argument is not valid, the file cannot be written, or it has another extension.
///
/// ```
/// use candle_keras_layers::{layers, Dense, Input};
/// use candle_keras_models::{plot_model, Plot, Sequential};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("model.png");
/// let model = Sequential::new(layers![Input::shape([3]), Dense::new(1)]);
/// plot_model(&model, &path, Plot::new().show_shapes(true).show_layer_names(true))?;
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
pub fn plot_model(model: &Model, to_file: impl AsRef<Path>, plot: impl Into<Plot>) -> Result<()> {
    let (path, plot) = (to_file.as_ref(), plot.into());
    plot.check()?;
    let plan = Plan::of(model, &plot, plot.show_layer_names.unwrap_or(false))?;
    let bytes = match path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase).as_deref() {
        Some("svg") => svg::write(&plan, &plot.splines).into_bytes(),
        Some("dot" | "gv") => dot::write(&plan, &plot, &model.layer_name()).into_bytes(),
        Some("png") => png::write(&plan, &plot.splines, plot.dpi)?,
        _ => {
            return Err(Error::new("a graph cannot be plotted to a file of this type")
                .expected("a name that ends in .png, .svg or .dot")
                .received(path.display().to_string()));
        }
    };
    atomic::write(path, |file| file.write_all(&bytes).map_err(|cause| Error::io(path, cause)))
}

/// The graph of a model in the language of Graphviz. Keras: `keras.utils.model_to_dot`, of which this is the text.
///
/// # Errors
/// If the input of the model is not known yet, or an argument is not valid.
///
/// ```
/// use candle_keras_layers::{layers, Dense, Input, Layer};
/// use candle_keras_models::{model_to_dot, Sequential};
/// let model = Sequential::new(layers![Input::shape([3]), Dense::new(1).name("head")]);
/// assert!(model_to_dot(&model, ())?.contains("<b>head</b> (Dense)"));
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
pub fn model_to_dot(model: &Model, plot: impl Into<Plot>) -> Result<String> {
    let plot = plot.into();
    plot.check()?;
    let plan = Plan::of(model, &plot, plot.show_layer_names.unwrap_or(true))?;
    Ok(dot::write(&plan, &plot, &model.layer_name()))
}

#[cfg(test)]
mod tests;
