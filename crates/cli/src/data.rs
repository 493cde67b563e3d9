//! Data for a model: named tensors of a file, matched with inputs and outputs.

use anyhow::{Context, Result, bail};
use candle_core::Tensor;
use candle_keras_models::{Model, load_tensors};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The tensors of a file by their names.
pub(crate) struct Data {
    path: PathBuf,
    tensors: BTreeMap<String, Tensor>,
}

impl Data {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        let name = || path.display().to_string();
        let tensors = match extension.as_deref() {
            Some("safetensors") => load_tensors(path)?,
            Some("npy") => BTreeMap::from([("x".into(), Tensor::read_npy(path).with_context(name)?)]),
            Some("npz") => Tensor::read_npz(path).with_context(name)?.into_iter().collect(),
            _ => bail!("{}: data is read from .safetensors, .npz or .npy files", path.display()),
        };
        Ok(Self { path: path.to_path_buf(), tensors })
    }

    /// `kind/name` for each of these names, or `kind` alone for the only one.
    fn named(&self, kind: &str, names: &[String]) -> Result<Vec<Tensor>> {
        let find = |name: &String| {
            let alone = if names.len() == 1 { self.tensors.get(kind) } else { None };
            let whole = format!("{kind}/{name}");
            self.tensors.get(&whole).or(alone).cloned().with_context(|| {
                let known: Vec<_> = self.tensors.keys().map(String::as_str).collect();
                let expected = if names.len() == 1 { format!("{whole:?} or {kind:?}") } else { format!("{whole:?}") };
                format!("{}: there is no tensor {expected}; there are {}", self.path.display(), known.join(", "))
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

    pub(crate) fn sample_weight(&self) -> Option<&Tensor> {
        self.tensors.get("sample_weight")
    }
}
