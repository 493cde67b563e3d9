//! The layout of a model's weights in files: Keras's tree of groups.

use super::assets::AllAssets;
use super::hdf5::Hdf5;
use super::hdf5_writer::Writer;
use super::stored::Stored;
use crate::{Optimizer, Result};
use candle_core::{DType, Tensor};
use candle_keras_layers::{Base, Layer, Variable};
use candle_keras_ops::{Error, warnings};
use std::collections::HashSet;
use std::path::Path;

/// A layer or model in the tree.
pub(crate) struct Entry {
    /// The group in HDF5: `layers/functional/layers/dense`; empty for the model itself.
    pub(crate) path: String,
    /// Its name, with those of the models that contain it: `encoder/dense`. Within a layer it is the name under which it was added: `lstm/cell`.
    pub(crate) names: String,
    pub(crate) name: String,
    /// The layer of a model that it is in, by its name, and the path from there; empty for the layer itself.
    within: (String, String),
    class_name: String,
    /// Its own weights, trainable ones first.
    pub(crate) variables: Vec<Variable>,
    /// What is between the weights and those in the file; `None` where it has all weights as they are.
    saved: Option<Base>,
}

impl Entry {
    /// A layer with these weights, its own and those of sublayers.
    pub(crate) fn of(layer: &dyn Layer, variables: Vec<Variable>) -> Self {
        let (name, class_name) = (layer.layer_name(), layer.class_name().into());
        Self {
            path: String::new(),
            names: name.clone(),
            within: (name.clone(), String::new()),
            name,
            class_name,
            variables,
            saved: None,
        }
    }

    /// The value of one of its weights that is written.
    pub(crate) fn value(&self, variable: &Variable) -> Result<Tensor> {
        self.saved.as_ref().map_or_else(|| Ok(variable.value()), |base| base.saved_value(variable))
    }

    pub(crate) fn group(&self) -> String {
        if self.path.is_empty() { "vars".into() } else { format!("{}/vars", self.path) }
    }

    /// The group in a file whose layers are found by their names.
    fn group_by_name(&self, file: &Hdf5) -> Option<String> {
        let (layer, inner) = &self.within;
        let group = file.group_named(layer)?;
        let group = match inner.is_empty() {
            true => group.to_string(),
            false => format!("{}/{inner}/vars", group.trim_end_matches("/vars")),
        };
        file.has_group(&group).then_some(group)
    }

    pub(crate) fn named(&self, error: Error) -> Error {
        error.in_layer(self.name.clone(), self.class_name.clone())
    }
}

/// All layers that have a group in Keras's files, each at its first path.
pub(crate) fn entries(model: &dyn Layer) -> Vec<Entry> {
    let (mut entries, mut seen) = (Vec::new(), HashSet::new());
    visit(model, &Place::default(), &mut |layer, entry| {
        let new = seen.insert(layer.base().id());
        if new {
            entries.push(entry);
        }
        new
    });
    entries
}

/// All layers at all of their paths, since Keras looks for the weights of a shared layer at each.
fn all_entries(model: &dyn Layer) -> Vec<Entry> {
    let mut entries = Vec::new();
    visit(model, &Place::default(), &mut |_, entry| {
        entries.push(entry);
        true
    });
    entries
}

/// Calls `f` with each layer at each of its paths, until it fails.
pub(crate) fn each_layer(model: &dyn Layer, f: &mut dyn FnMut(&dyn Layer, Entry) -> Result<()>) -> Result<()> {
    let mut result = Ok(());
    visit(model, &Place::default(), &mut |layer, entry| {
        if result.is_ok() {
            result = f(layer, entry);
        }
        result.is_ok()
    });
    result
}

/// Where a layer is: the fields of its [`Entry`].
#[derive(Default)]
struct Place {
    path: String,
    names: String,
    within: Option<(String, String)>,
}

impl Place {
    /// The place of a sublayer. A layer of a model is known by its name; within another layer the name is often automatic, and differs
    /// from process to process.
    fn of(&self, layer: &dyn Layer, at: &str) -> Self {
        let join = |a: &str, b: &str| if a.is_empty() { b.to_string() } else { format!("{a}/{b}") };
        let is_of_model = at.starts_with("layers/");
        let name = if is_of_model { layer.layer_name() } else { at.to_string() };
        let within = match &self.within {
            Some((layer, inner)) if !is_of_model || !inner.is_empty() => (layer.clone(), join(inner, at)),
            _ => (layer.layer_name(), String::new()),
        };
        Self { path: join(&self.path, at), names: join(&self.names, &name), within: Some(within) }
    }
}

/// Calls `visitor` with a layer, and with its sublayers if it returns true.
fn visit(layer: &dyn Layer, place: &Place, visitor: &mut dyn FnMut(&dyn Layer, Entry) -> bool) {
    if !layer.is_saved() {
        return;
    }
    let saved = layer.base().clone();
    let of = Entry::of(layer, saved.saved_variables());
    let mut entry = Entry { path: place.path.clone(), names: place.names.clone(), saved: Some(saved), ..of };
    if let Some(within) = &place.within {
        entry.within = within.clone();
    }
    if !visitor(layer, entry) {
        return;
    }
    for (child, at) in layer.sublayers().iter().zip(layer.sublayer_paths()) {
        visit(&**child, &place.of(&**child, &at), visitor);
    }
}

/// Writes the weights, and the optimizer's state if any.
pub(crate) fn write(model: &dyn Layer, optimizer: Option<&Optimizer>, assets: &AllAssets) -> Result<Writer> {
    let mut writer = Writer::default();
    for entry in all_entries(model) {
        let tensors = entry.variables.iter().map(|variable| entry.value(variable)).collect::<Result<_>>()?;
        writer.group(&entry.group(), &entry.name, tensors);
    }
    assets.write_tensors(&mut writer);
    if let Some(optimizer) = optimizer {
        write_optimizer(&mut writer, "optimizer", optimizer)?;
    }
    Ok(writer)
}

/// Writes the state of an optimizer, and those of the optimizers that it wraps a second time, as Keras does.
fn write_optimizer(writer: &mut Writer, group: &str, optimizer: &Optimizer) -> Result<()> {
    let state = optimizer.state()?.into_iter().map(|(name, tensor)| as_in_keras(&name, tensor));
    let state = state.collect::<Result<_>>()?;
    writer.group(&format!("{group}/vars"), optimizer.name()?, state);
    optimizer
        .groups()
        .into_iter()
        .try_for_each(|(name, inner)| write_optimizer(writer, &format!("{group}/{name}"), inner))
}

/// Counters have the dtype of Keras on JAX.
fn as_in_keras(name: &str, tensor: Tensor) -> Result<Tensor> {
    if tensor.dtype() != DType::I64 {
        return Ok(tensor);
    }
    match tensor.flatten_all()?.to_vec1::<i64>()?.iter().find(|&&count| i32::try_from(count).is_err()) {
        Some(count) => Err(Error::new(format!("the counter {name} does not fit into Keras's int32"))
            .received(count.to_string())
            .help("compile the model again before it is saved")),
        None => Ok(tensor.to_dtype(DType::I32)?),
    }
}

/// How weights are matched with those of a file. Keras: the keyword arguments of `load_weights`.
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct LoadWeights {
    skip_mismatch: bool,
    by_name: bool,
}

impl From<()> for LoadWeights {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl LoadWeights {
    /// All weights, by their positions in the model.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether layers whose weights are missing in the file, or have another shape there, are skipped with a warning; by default
    /// they are an error.
    pub fn skip_mismatch(mut self, skip: bool) -> Self {
        self.skip_mismatch = skip;
        self
    }

    /// Whether layers are matched by name, and those that are not in the file are left unchanged; it is an error if none is in it. Default: false.
    pub fn by_name(mut self, by_name: bool) -> Self {
        self.by_name = by_name;
        self
    }

    pub(crate) fn skips_mismatch(&self) -> bool {
        self.skip_mismatch
    }

    pub(crate) fn is_by_name(&self) -> bool {
        self.by_name
    }

    /// Reads the weights of one layer from these tensors of the file, which are at `place`.
    pub(crate) fn read(&self, entry: &Entry, place: &str, stored: &[&Stored]) -> Result<()> {
        let read = || -> Result<()> {
            if stored.len() != entry.variables.len() {
                let paths: Vec<_> = entry.variables.iter().map(Variable::path).collect();
                return Err(Error::new("the number of weights of this layer in the file does not match")
                    .expected(format!("{}: {}", paths.len(), paths.join(", ")))
                    .received(format!("{} at {place}", stored.len())));
            }
            // All shapes are checked before anything changes.
            for (stored, variable) in stored.iter().zip(&entry.variables) {
                stored.check_shape(variable)?;
            }
            stored.iter().zip(&entry.variables).try_for_each(|(stored, variable)| stored.read_into(variable))?;
            entry.saved.as_ref().map_or(Ok(()), Base::after_loading)
        };
        match read() {
            Err(error) if self.skip_mismatch => {
                warnings::warn(format!("skipped: {}", entry.named(error)));
                Ok(())
            }
            result => result.map_err(|error| entry.named(error)),
        }
    }

    /// Reads the weights of a model from Keras 3's tree.
    pub(crate) fn read_tree(&self, model: &dyn Layer, file: &Hdf5) -> Result<()> {
        let entries: Vec<_> = entries(model).into_iter().filter(|entry| !entry.variables.is_empty()).collect();
        let mut found = 0;
        for entry in &entries {
            let group = match self.by_name {
                false => Some(entry.group()),
                true => entry.group_by_name(file),
            };
            match group {
                Some(group) if !self.by_name && !file.has_group(&group) => {
                    let missing = Error::new("the file has no weights for this layer")
                        .expected(format!("a group {group}"))
                        .received(file.section.path().display().to_string())
                        .help("the file must have the same layers in the same order");
                    match self.skip_mismatch {
                        true => warnings::warn(format!("skipped: {}", entry.named(missing))),
                        false => return Err(entry.named(missing)),
                    }
                }
                Some(group) => {
                    found += 1;
                    self.read(entry, &group, &file.numbered(&group))?;
                }
                None => {}
            }
        }
        self.check_found(found, &entries, file.section.path())
    }

    /// An error if no layer was found by its name: the model would silently keep its weights.
    pub(crate) fn check_found(&self, found: usize, entries: &[Entry], file: &Path) -> Result<()> {
        if !self.by_name || found > 0 || entries.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let error = Error::new(format!("{}: no layer of the model is in the file by its name", file.display()))
            .expected(format!("weights of one of {}", names.join(", ")))
            .help("without by_name, layers are matched by their order");
        match self.skip_mismatch {
            true => {
                warnings::warn(format!("skipped: {error}"));
                Ok(())
            }
            false => Err(error),
        }
    }
}

/// Restores the state of the optimizer from a file; a state that does not match is a warning, as in Keras.
pub(crate) fn read_optimizer(optimizer: &mut Optimizer, trainable: &[Variable], stored: &[&Stored]) -> Result<()> {
    let shapes: Vec<_> = stored.iter().map(|stored| stored.dims.as_slice()).collect();
    // The slots of an optimizer that has not run a step are not saved.
    let scalars = shapes.iter().all(|shape| shape.is_empty());
    optimizer.build(trainable)?;
    let has_slots = trainable.iter().any(|weight| optimizer.slots(weight).is_some_and(|slots| !slots.is_empty()));
    if stored.is_empty() || (scalars && has_slots) {
        return Ok(());
    }
    if let Err(error) = optimizer.set_state(trainable, &shapes, |i, slot| stored[i].read_into_tensor(slot)) {
        warnings::warn(format!("the optimizer starts over: {error}"));
    }
    Ok(())
}
