//! Data for a model: named tensors of a file, matched with inputs and outputs.

use anyhow::{Context, Result, bail};
use candle_core::Tensor;
use candle_keras_data::{Npz, read_npy};
use candle_keras_models::{Model, load_tensors};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The tensors of a file by their names.
pub(crate) struct Data {
    path: PathBuf,
    source: Source,
}

enum Source {
    Tensors(BTreeMap<String, Tensor>),
    /// Only arrays that are asked for are read.
    Npz(RefCell<Npz>),
}

impl Data {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        let source = match extension.as_deref() {
            Some("safetensors") => Source::Tensors(load_tensors(path)?),
            Some("npy") => Source::Tensors(BTreeMap::from([("x".into(), read_npy(path)?)])),
            Some("npz") => Source::Npz(RefCell::new(Npz::open(path)?)),
            _ => bail!("{}: data is read from .safetensors, .npz or .npy files", path.display()),
        };
        Ok(Self { path: path.to_path_buf(), source })
    }

    fn names(&self) -> Vec<String> {
        match &self.source {
            Source::Tensors(tensors) => tensors.keys().cloned().collect(),
            Source::Npz(npz) => npz.borrow().names(),
        }
    }

    fn get(&self, name: &str) -> Result<Option<Tensor>> {
        Ok(match &self.source {
            Source::Tensors(tensors) => tensors.get(name).cloned(),
            Source::Npz(npz) if self.names().iter().any(|known| known == name) => Some(npz.borrow_mut().read(name)?),
            Source::Npz(_) => None,
        })
    }

    /// `kind/name` for each of these names, or `kind` alone for the only one.
    fn named(&self, kind: &str, names: &[String]) -> Result<Vec<Tensor>> {
        let find = |name: &String| {
            let whole = format!("{kind}/{name}");
            let found = match self.get(&whole)? {
                None if names.len() == 1 => self.get(kind)?,
                found => found,
            };
            found.with_context(|| {
                let expected = if names.len() == 1 { format!("{whole:?} or {kind:?}") } else { format!("{whole:?}") };
                let known = self.names().join(", ");
                format!("{}: there is no tensor {expected}; there are {known}", self.path.display())
            })
        };
        names.iter().map(find).collect()
    }

    pub(crate) fn inputs(&self, model: &Model) -> Result<Vec<Tensor>> {
        let graph = match model.graph() {
            Ok(graph) => graph,
            // A Sequential that was saved before its input was known infers it from the data.
            Err(_) => return self.named("x", &["x".into()]),
        };
        let names: Vec<_> = graph.inputs().iter().map(|input| input.node().layer().layer_name()).collect();
        self.named("x", &names)
    }

    pub(crate) fn targets(&self, model: &Model) -> Result<Vec<Tensor>> {
        let names = model.graph().map_or_else(|_| vec!["y".into()], |graph| graph.output_names());
        self.named("y", &names)
    }

    pub(crate) fn sample_weight(&self) -> Result<Option<Tensor>> {
        self.get("sample_weight")
    }
}
