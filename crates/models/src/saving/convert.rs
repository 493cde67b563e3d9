//! Converts weights without a model between file formats.

use super::has_extension;
use super::hdf5::Hdf5;
use super::hdf5_writer::Writer;
use super::npz;
use super::safetensors::{self, SafetensorsFile};
use super::section::{Format, Section};
use crate::Result;
use candle_core::Tensor;
use candle_keras_data::{atomic, write_npz};
use candle_keras_ops::Error;
use std::collections::BTreeMap;
use std::path::Path;

/// Converts weights without a model between `.weights.h5`, `.safetensors` and `.npz`, with tensors named by their paths in the first:
/// `layers/dense/vars/0`.
///
/// # Errors
/// If a file is of another type, or tensors have other names.
pub fn convert_weights(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let file = Section::open(from)?;
    let stored = match file.format() {
        Format::Zip => npz::open(from)?.tensors,
        format if format == Format::Safetensors || has_extension(from, "safetensors") => {
            SafetensorsFile::open(from)?.tensors
        }
        _ => Hdf5::open(file)?.datasets,
    };
    let tensors: BTreeMap<String, Tensor> =
        stored.into_iter().map(|(name, stored)| Ok((name, stored.read()?))).collect::<Result<_>>()?;
    if has_extension(to, "safetensors") {
        return safetensors::write(to, &tensors, None);
    }
    if has_extension(to, "npz") {
        return write_npz(to, &tensors);
    }
    if !has_extension(to, "weights.h5") {
        return Err(Error::new("weights without a model are written to .weights.h5, .safetensors or .npz")
            .received(to.display().to_string()));
    }
    /// With its number and its name in its group.
    type Numbered<'a> = (Option<usize>, &'a str, Tensor);
    let mut groups: BTreeMap<&str, Vec<Numbered>> = BTreeMap::new();
    for (name, tensor) in &tensors {
        // Those of layers are in the group `vars`, named by numbers, or by words where Keras does.
        let place = name.rsplit_once('/').map(|(group, name)| (group, name.parse::<usize>().ok(), name));
        let place = place.filter(|(group, number, _)| number.is_some() || group.ends_with("vars"));
        let (group, number, name) = place.ok_or_else(|| {
            Error::new(format!("{}: the tensor {name:?} is not named by its path in .weights.h5", from.display()))
                .expected("names such as layers/dense/vars/0")
                .help("to convert weights that are named by layers, convert the .keras file of their model")
        })?;
        groups.entry(group).or_default().push((number, name, tensor.clone()));
    }
    let mut writer = Writer::default();
    for (group, tensors) in groups {
        let (mut numbered, named): (Vec<Numbered>, Vec<Numbered>) =
            tensors.into_iter().partition(|(number, ..)| number.is_some());
        numbered.sort_by_key(|(number, ..)| *number);
        let name = group.trim_end_matches("/vars").rsplit('/').next().unwrap_or_default();
        writer.group(group, name, numbered.into_iter().map(|(.., tensor)| tensor).collect());
        named.into_iter().for_each(|(_, name, tensor)| writer.dataset(group, name, tensor));
    }
    atomic::write(to, |file| writer.write(file))
}
