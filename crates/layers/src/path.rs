//! The name of a layer behind those of the layers around it, as in Keras's `layer.path`.

use crate::naming::AutoName;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// A layer's name and the path of the layer around it. The layer and its weights share it, so that a name that is given late, as in
/// `Sequential::new(...).name("encoder")`, is in the paths of all weights inside.
#[derive(Debug)]
pub(crate) struct LayerPath {
    name: RwLock<(String, Option<AutoName>)>,
    outer: OnceLock<Arc<LayerPath>>,
}

impl LayerPath {
    /// A name, and how it is given back if it was automatic.
    pub(crate) fn new(name: String, auto_name: Option<AutoName>) -> Arc<Self> {
        Arc::new(Self { name: RwLock::new((name, auto_name)), outer: OnceLock::new() })
    }

    pub(crate) fn name(&self) -> String {
        self.name.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Replaces the name; the number of an automatic one is free again.
    pub(crate) fn set_name(&self, name: String) {
        let mut own = self.name.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(auto_name) = own.1.take() {
            auto_name.give_back();
        }
        own.0 = name;
    }

    /// Places it in another layer, unless it is in one: a shared layer keeps its first path, as in Keras.
    pub(crate) fn place_in(&self, outer: &Arc<LayerPath>) {
        _ = self.outer.set(outer.clone());
    }

    pub(crate) fn is_inside(&self) -> bool {
        self.outer.get().is_some()
    }
}

/// `encoder/attention`.
impl std::fmt::Display for LayerPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.outer.get() {
            Some(outer) => write!(f, "{outer}/{}", self.name()),
            None => f.write_str(&self.name()),
        }
    }
}
