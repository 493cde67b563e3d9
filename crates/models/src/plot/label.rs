//! What a box says of its layer.

use super::Plot;
use crate::graph::Graph;
use candle_keras_layers::{Config, Layer};
use candle_keras_ops::console::printable;
use candle_keras_ops::dtype_name;

/// The cells of a box, row by row, of which the first one is the title.
pub(super) struct Label {
    /// The name, where it is shown, and the class.
    pub(super) name: Option<String>,
    pub(super) class: String,
    pub(super) activation: Option<String>,
    pub(super) cells: Vec<Cell>,
}

/// A cell in the last row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// What it is, and its value.
    Fact(&'static str, String),
    Trainable,
    Frozen,
}

impl Label {
    pub(super) fn of(layer: &dyn Layer, graph: &Graph, plot: &Plot, shows_name: bool) -> Self {
        let mut cells = Vec::new();
        // The first call, as in Keras.
        let calls = graph.calls_of(layer);
        let call = calls.first();
        let several = |facts: Option<Vec<String>>| match facts.as_deref() {
            None => "?".into(),
            Some([one]) => one.clone(),
            Some(many) => format!("[{}]", many.join(", ")),
        };
        if plot.show_shapes {
            if layer.class_name() != "InputLayer" {
                let shapes = call.map(|call| call.inputs().iter().map(|input| input.shape().to_string()).collect());
                cells.push(Cell::Fact("Input shape", several(shapes)));
            }
            let shapes = call.map(|call| call.output_specs().iter().map(|spec| spec.shape.to_string()).collect());
            cells.push(Cell::Fact("Output shape", several(shapes)));
        }
        if plot.show_dtype {
            let dtypes = call.map(|call| {
                let name = |spec: &candle_keras_layers::TensorSpec| match spec.is_string() {
                    true => "string".to_string(),
                    false => dtype_name(spec.dtype).to_string(),
                };
                call.output_specs().iter().map(name).collect()
            });
            cells.push(Cell::Fact("Output dtype", several(dtypes)));
        }
        if plot.show_trainable && !layer.variables().is_empty() {
            cells.push(if layer.base().is_trainable() { Cell::Trainable } else { Cell::Frozen });
        }
        // XML has no control characters, not even as entities.
        let clean = |text: &str| printable(text).replace(['\n', '\t', '\u{fffe}', '\u{ffff}'], " ");
        Self {
            name: shows_name.then(|| clean(&layer.layer_name())),
            class: clean(layer.class_name()),
            activation: activation(layer).filter(|_| plot.show_layer_activations).map(|name| clean(&name)),
            cells,
        }
    }

    /// The title as one line.
    pub(super) fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.class),
            None => self.class.clone(),
        }
    }

    /// The activation as a line.
    pub(super) fn activation_line(&self) -> Option<String> {
        self.activation.as_ref().map(|name| format!("Activation: {name}"))
    }
}

impl Cell {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Fact(what, value) => format!("{what}: {value}"),
            Self::Trainable => "Trainable".into(),
            Self::Frozen => "Non-trainable".into(),
        }
    }
}

/// The name of the argument `activation` of a layer.
fn activation(layer: &dyn Layer) -> Option<String> {
    let config = layer.get_config().ok()?;
    match &config["activation"] {
        Config::String(name) => Some(name.clone()),
        Config::Object(object) => {
            let name = object.get("config").and_then(Config::as_str).or(object.get("class_name")?.as_str())?;
            Some(name.to_string())
        }
        _ => None,
    }
}
