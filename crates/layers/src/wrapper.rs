//! Layers as arguments of other layers.

use crate::object::{Kind, Named, own_object};
use crate::{Config, Layer, Result};
use std::sync::Arc;

/// Any layer, as an argument of another.
pub type AnyLayer = Named<dyn Layer>;

impl<L: Layer> From<L> for AnyLayer {
    fn from(layer: L) -> Self {
        Self::of(Arc::new(layer))
    }
}

impl Kind for dyn Layer {
    const NAME: &'static str = "layer class";
    const CLASSES: &'static [&'static str] = crate::registry::CLASSES;

    fn names() -> Vec<&'static str> {
        Self::CLASSES.to_vec()
    }

    fn by_name(_: &str) -> Option<Arc<Self>> {
        None
    }

    fn by_class(class_name: &str, config: Config) -> Option<Result<Arc<Self>>> {
        crate::registry::layer_from_config(class_name, config)
    }

    fn serialize(&self) -> Result<Config> {
        let (class_name, config) = (self.class_name(), self.get_config()?);
        // A model has a module of its own.
        if self.module() == "keras.layers" && !Self::CLASSES.contains(&class_name) {
            return Ok(own_object(class_name, config));
        }
        Ok(serde_json::json!({
            "module": self.module(), "class_name": class_name, "config": config, "registered_name": null
        }))
    }
}
