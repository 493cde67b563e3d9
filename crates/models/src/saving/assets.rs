//! What files have for layers beside their weights: vocabularies, and the weights of their words. Keras has them in the folder `assets` of the archive, and beside the
//! weights under their names.

use super::archive::Members;
use super::hdf5::Hdf5;
use super::hdf5_writer::Writer;
use super::safetensors::SafetensorsFile;
use super::tree::{Entry, each_layer};
use crate::Result;
use candle_core::{Device, Tensor};
use candle_keras_layers::{AssetSource, Assets, Layer};
use candle_keras_ops::Error;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder in an archive.
const FOLDER: &str = "assets";

/// The assets of all layers that have any, with their places.
pub(crate) struct AllAssets(Vec<(Entry, Assets)>);

impl AllAssets {
    pub(crate) fn of(model: &dyn Layer) -> Result<Self> {
        let mut all = Vec::new();
        each_layer(model, &mut |layer, entry| {
            let assets = layer.assets().map_err(|error| entry.named(error))?;
            if !(assets.files.is_empty() && assets.tensors.is_empty()) {
                all.push((entry, assets));
            }
            Ok(())
        })?;
        Ok(Self(all))
    }

    /// The files, by their paths in an archive.
    pub(crate) fn files(&self) -> impl Iterator<Item = (String, &[u8])> {
        self.0.iter().flat_map(|(entry, assets)| {
            let path = move |name: &str| match entry.path.as_str() {
                "" => format!("{FOLDER}/{name}"),
                path => format!("{FOLDER}/{path}/{name}"),
            };
            assets.files.iter().map(move |(name, bytes)| (path(name), bytes.as_slice()))
        })
    }

    /// Adds the tensors to those of the weights.
    pub(crate) fn write_tensors(&self, writer: &mut Writer) {
        for (entry, assets) in &self.0 {
            let group = entry.group();
            assets.tensors.iter().for_each(|(name, tensor)| writer.dataset(&group, name, tensor.clone()));
        }
    }

    /// Adds the tensors by the names of their layers, and the files as tensors of bytes.
    pub(crate) fn add_to(&self, tensors: &mut BTreeMap<String, Tensor>) -> Result<()> {
        for (entry, assets) in &self.0 {
            let bytes = |(name, bytes): &(String, Vec<u8>)| -> Result<(String, Tensor)> {
                Ok((name.clone(), Tensor::from_slice(bytes, bytes.len(), &Device::Cpu)?))
            };
            let files = assets.files.iter().map(bytes).collect::<Result<Vec<_>>>()?;
            let named = |(name, tensor): (String, Tensor)| (format!("{}/{name}", entry.names), tensor);
            tensors.extend(files.into_iter().chain(assets.tensors.iter().cloned()).map(named));
        }
        Ok(())
    }
}

/// The files of an archive.
pub(crate) enum Files {
    /// In a folder.
    Folder(PathBuf),
    /// In a zip archive.
    Zip(Box<Members>),
}

impl Files {
    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let read = |path: &Path| std::fs::read(path).map_err(|cause| Error::io(path, cause));
                path.exists().then(|| read(&path)).transpose()
            }
            Self::Zip(members) => members.find(name)?.map(|section| section.read_all(section.len())).transpose(),
        }
    }
}

/// Loads the assets of all layers: those beside the weights, and the files of an archive if there is one.
pub(crate) fn load(model: &dyn Layer, weights: Option<&Hdf5>, mut files: Option<Files>) -> Result<()> {
    struct Source<'a> {
        entry: &'a Entry,
        weights: Option<&'a Hdf5>,
        files: Option<&'a mut Files>,
    }
    impl AssetSource for Source<'_> {
        fn has_files(&self) -> bool {
            self.files.is_some()
        }

        fn file(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
            let Some(files) = &mut self.files else { return Ok(None) };
            let path = &self.entry.path;
            // Keras 2.13 called the folder of a model's layers so.
            for path in [path.clone(), path.replacen("layers", "_layer_checkpoint_dependencies", 1)] {
                if let Some(file) = files.read(&format!("{FOLDER}/{path}/{name}"))? {
                    return Ok(Some(file));
                }
            }
            Ok(None)
        }

        fn tensor(&mut self, name: &str) -> Result<Option<Tensor>> {
            let Some(weights) = self.weights else { return Ok(None) };
            weights.datasets.get(&format!("{}/{name}", self.entry.group())).map(|stored| stored.read()).transpose()
        }
    }
    each_layer(model, &mut |layer, entry| {
        let mut source = Source { entry: &entry, weights, files: files.as_mut() };
        layer.load_assets(&mut source).map_err(|error| entry.named(error))
    })
}

/// Loads the assets of all layers by their names.
pub(crate) fn load_safetensors(model: &dyn Layer, file: &SafetensorsFile, has_files: bool) -> Result<()> {
    struct Source<'a> {
        entry: &'a Entry,
        file: &'a SafetensorsFile,
        has_files: bool,
    }
    impl AssetSource for Source<'_> {
        fn has_files(&self) -> bool {
            self.has_files
        }

        fn file(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
            let bytes = if self.has_files { self.tensor(name)? } else { None };
            bytes.map(|bytes| Ok(bytes.flatten_all()?.to_vec1()?)).transpose()
        }

        fn tensor(&mut self, name: &str) -> Result<Option<Tensor>> {
            let stored = self.file.tensors.get(&format!("{}/{name}", self.entry.names));
            stored.map(|stored| stored.read()).transpose()
        }
    }
    each_layer(model, &mut |layer, entry| {
        let mut source = Source { entry: &entry, file, has_files };
        layer.load_assets(&mut source).map_err(|error| entry.named(error))
    })
}
