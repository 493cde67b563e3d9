//! Whole models and weights in the `.h5` files of Keras 2 and of Keras 3's older format. They are read, not written.

use super::config_room_for;
use super::hdf5::Hdf5;
use super::older::{self, Version};
use super::stored::Stored;
use super::tree::{Entry, LoadWeights, read_optimizer};
use crate::{Model, Result};
use candle_keras_layers::{Config, Layer, Variable};
use candle_keras_ops::{Error, json, warnings};

/// The group that holds the weights: the file itself, if it holds nothing else.
fn weights_group(file: &Hdf5) -> &'static str {
    if file.has_group("model_weights") { "model_weights" } else { "" }
}

/// Whether this is a legacy file, and not Keras 3's `.weights.h5`.
pub(super) fn is_legacy(file: &Hdf5) -> bool {
    file.strings(weights_group(file), "layer_names").is_some()
}

/// The configurations of the model and of its compilation.
pub(super) fn configs(file: &Hdf5) -> Result<(Config, Config)> {
    let name = file.section.path().display().to_string();
    let parse = |attribute: &str| -> Result<Option<Config>> {
        let Some(text) = file.string("", attribute) else { return Ok(None) };
        let config = json::parse(text.as_bytes(), config_room_for(file.section.file_len()));
        config.map(Some).map_err(|cause| Error::new(format!("{name}: {attribute}: {cause}")))
    };
    let config = parse("model_config")?.ok_or_else(|| {
        Error::new(format!("{name}: there is no model in this file, only weights"))
            .help("build the model in Rust and call load_weights")
    })?;
    Ok((config, parse("training_config")?.unwrap_or_default()))
}

/// The tensors of a layer's group, in the order of its attribute `weight_names`.
fn tensors<'a>(file: &'a Hdf5, group: &str) -> Result<Vec<&'a Stored>> {
    let names = file.strings(group, "weight_names").unwrap_or_default();
    let find = |name: String| {
        let path = if group.is_empty() { name } else { format!("{group}/{name}") };
        file.datasets
            .get(&path)
            .ok_or_else(|| Error::new(format!("{path}: the file lists this weight but does not contain it")))
    };
    names.into_iter().map(find).collect()
}

/// A layer with all of its weights, those of sublayers included, trainable ones first, as in legacy files.
fn flat_entry(layer: &dyn Layer) -> Entry {
    let (mut variables, rest): (Vec<_>, Vec<_>) = layer.variables().into_iter().partition(Variable::is_trainable);
    variables.extend(rest);
    Entry::of(layer, variables)
}

impl LoadWeights {
    /// Reads the weights of a model: layer by layer in order, or by the layers' names.
    pub(super) fn read_legacy(&self, model: &Model, file: &Hdf5) -> Result<()> {
        let group = weights_group(file);
        let join = |name: &str| if group.is_empty() { name.to_string() } else { format!("{group}/{name}") };
        let own: Vec<Entry> = model
            .layers()
            .iter()
            .map(|layer| flat_entry(&**layer))
            .filter(|entry| !entry.variables.is_empty())
            .collect();
        let mut saved = Vec::new();
        for name in file.strings(group, "layer_names").unwrap_or_default() {
            let tensors = tensors(file, &join(&name))?;
            if !tensors.is_empty() {
                saved.push((name, tensors));
            }
        }
        if self.is_by_name() {
            let mut found = 0;
            for entry in &own {
                if let Some((_, tensors)) = saved.iter().find(|(name, _)| *name == entry.name) {
                    found += 1;
                    self.read(entry, &entry.name, tensors)?;
                }
            }
            return self.check_found(found, &own, file.section.path());
        }
        if saved.len() != own.len() {
            let names: Vec<_> = own.iter().map(|entry| entry.name.as_str()).collect();
            let saved: Vec<_> = saved.iter().map(|(name, _)| name.as_str()).collect();
            let error = Error::new(format!(
                "{}: the number of layers with weights in the file does not match the model",
                file.section.path().display()
            ))
            .expected(format!("{}: {}", names.len(), names.join(", ")))
            .received(format!("{}: {}", saved.len(), saved.join(", ")));
            return match self.skips_mismatch() {
                true => {
                    warnings::warn(format!("skipped: {error}"));
                    Ok(())
                }
                false => Err(error),
            };
        }
        own.iter().zip(&saved).try_for_each(|(entry, (name, tensors))| self.read(entry, name, tensors))
    }
}

/// Restores the state of the optimizer from the file.
pub(super) fn read_optimizer_weights(model: &mut Model, file: &Hdf5, version: Version) -> Result<()> {
    let stored = tensors(file, "optimizer_weights")?;
    let trainable = model.trainable_variables();
    if !version.is_older() {
        return read_optimizer(model.optimizer()?, &trainable, &stored);
    }
    let names = file.strings("optimizer_weights", "weight_names").unwrap_or_default();
    let named: Vec<_> = names.into_iter().map(Some).zip(stored).collect();
    older::read_optimizer(model.optimizer()?, &trainable, &named)
}
