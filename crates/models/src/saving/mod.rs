//! Files: Keras's `.keras`, `.weights.h5` and (for reading) `.h5`, and safetensors. Keras: `keras.saving`.
//!
//! What is in a file is data: it is never executed, and what it says of itself is checked before memory is taken for it. A file is
//! written whole or not at all.

mod architecture;
mod archive;
mod atomic;
mod compile_config;
mod custom_objects;
mod hdf5;
mod legacy;
pub(crate) mod registry;
pub(crate) mod safetensors;
mod section;
mod stored;
mod tree;

pub use custom_objects::CustomObjects;
pub use tree::LoadWeights;

use crate::{Model, Result, config};
use archive::Archive;
use candle_core::Tensor;
use candle_keras_layers::{Config, Layer, to_be_loaded};
use candle_keras_ops::{Error, warnings};
use hdf5::Hdf5;
use safetensors::SafetensorsFile;
use section::Section;
use std::collections::BTreeMap;
use std::path::Path;

/// The version of Keras whose files these are.
const VERSION: &str = "3.15.1";

/// Opens a model that Keras or this project has saved: `.keras`, `.h5` or `.safetensors`. Keras: `keras.models.load_model`.
///
/// It is compiled as it was, and goes on training where it was: with its optimizer's state. [`LoadModel`] has the arguments.
///
/// # Errors
/// If the file is not whole, or has a layer, loss, metric or optimizer that is not known here.
///
/// ```
/// use candle_keras_layers::{Dense, Input, Layer};
/// use candle_keras_models::{load_model, Model, Predict};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("m.keras");
/// let x = Input::shape([3]);
/// let mut model = Model::new(x.clone(), Dense::new(1).call(&x)?)?;
/// model.save(&path)?;
/// let mut again = load_model(&path)?;
/// let (data, silent) = (vec![vec![1f32, 2., 3.]], || Predict::new().verbose(0));
/// assert_eq!(model.predict(&data, silent())?.to_vec2::<f32>()?, again.predict(&data, silent())?.to_vec2::<f32>()?);
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
pub fn load_model(path: impl AsRef<Path>) -> Result<Model> {
    LoadModel::new().load(path)
}

/// The arguments of [`load_model`].
///
/// ```no_run
/// use candle_keras_models::{CustomObjects, LoadModel};
/// use candle_keras_ops as ops;
/// let objects = CustomObjects::new().lambda("distance", |x| ops::mean(x, -1));
/// let model = LoadModel::new().custom_objects(objects).compile(false).load("model.keras")?;
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct LoadModel {
    objects: CustomObjects,
    compile: bool,
}

impl Default for LoadModel {
    fn default() -> Self {
        Self { objects: CustomObjects::new(), compile: true }
    }
}

impl LoadModel {
    /// Compiled as it was, with nothing of one's own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Layers and functions of one's own.
    pub fn custom_objects(mut self, objects: CustomObjects) -> Self {
        self.objects = objects;
        self
    }

    /// Whether the model is compiled as it was; true unless said. Without, it need not be known what it was trained with.
    pub fn compile(mut self, compile: bool) -> Self {
        self.compile = compile;
        self
    }

    /// Opens the model.
    ///
    /// # Errors
    /// As for [`load_model`].
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Model> {
        let path = path.as_ref();
        if path.is_dir() {
            return self.load_archive(Archive::open(path)?);
        }
        let file = Section::open(path)?;
        if file.starts_with(b"PK") {
            return self.load_archive(Archive::open(path)?);
        }
        if file.starts_with(b"\x89HDF\r\n\x1a\n") {
            return self.load_legacy(&Hdf5::open(file)?);
        }
        if has_extension(path, "safetensors") {
            return self.load_safetensors(path);
        }
        Err(Error::new(format!("{}: this is not a model", path.display()))
            .expected("a file that begins as .keras (zip), .h5 (HDF5) or .safetensors files do"))
    }

    /// What a `.keras` file says of its model, in Keras's form: the member config.json.
    ///
    /// # Errors
    /// If it is not a `.keras` file.
    pub fn config(&self, path: impl AsRef<Path>) -> Result<Config> {
        Ok(Archive::open(path.as_ref())?.config)
    }

    /// A model as it is described: without the weights of a file, and compiled if it says so.
    fn model_of(&self, object: &Config, compile_config: &Config) -> Result<Model> {
        let mut model = architecture::model(object, &self.objects)?;
        let graph = model.body().graph.clone();
        if let (true, Some(graph)) = (self.compile, graph) {
            let read = compile_config::read(compile_config, &graph.output_names(), &self.objects);
            let read = read.map_err(|error| without_compile(&error))?;
            if let Some((optimizer, compile)) = read {
                model.compile(optimizer, compile)?;
            }
        }
        Ok(model)
    }

    fn load_archive(&self, archive: Archive) -> Result<Model> {
        let object = &archive.config;
        let room = archive.weights.as_ref().map_or(0, Section::len);
        let mut model = to_be_loaded(room_for(room), || self.model_of(object, &object["compile_config"]))?;
        if let Some(weights) = archive.weights {
            let file = Hdf5::open(weights)?;
            LoadWeights::new().read_tree(&model, &file)?;
            if model.compiled.is_some() {
                let trainable = model.trainable_variables();
                tree::read_optimizer(model.optimizer()?, &trainable, &file.numbered("optimizer/vars"))?;
            }
        } else if !model.variables().is_empty() {
            return Err(Error::new("the file has no weights").expected("a member model.weights.h5"));
        }
        Ok(model)
    }

    fn load_legacy(&self, file: &Hdf5) -> Result<Model> {
        let (config, training) = legacy::configs(file)?;
        let mut model = to_be_loaded(room_for(file.section.len()), || self.model_of(&config, &training))?;
        LoadWeights::new().read_legacy(&model, file)?;
        if model.compiled.is_some() {
            legacy::read_optimizer_weights(&mut model, file)?;
        }
        Ok(model)
    }

    fn load_safetensors(&self, path: &Path) -> Result<Model> {
        let file = SafetensorsFile::open(path)?;
        let config = file.config.as_ref().ok_or_else(|| {
            Error::new(format!("{}: there is no model in this file, only tensors", path.display()))
                .help("make the model in Rust and call load_weights")
        })?;
        let mut model = to_be_loaded(room_for(file.len), || self.model_of(config, &config["compile_config"]))?;
        LoadWeights::new().read_safetensors(&model, &file)?;
        if model.compiled.is_some() {
            let trainable = model.trainable_variables();
            let state: Vec<_> = (0..).map_while(|i| file.tensors.get(&format!("optimizer/{i}"))).collect();
            tree::read_optimizer(model.optimizer()?, &trainable, &state)?;
        }
        Ok(model)
    }
}

/// Keras's names of all classes that files may have: layers, losses, metrics, optimizers, schedules.
pub fn class_names() -> Vec<&'static str> {
    [registry::CLASSES.to_vec(), candle_keras_training::class_names()].concat()
}

/// How many bytes of weights a file of this length can stand for: compression makes of one byte at most 1032.
fn room_for(len: u64) -> usize {
    len.saturating_mul(1100) as usize
}

fn without_compile(error: &Error) -> Error {
    Error::new(format!("what the model was compiled with cannot be made again: {error}"))
        .help("LoadModel::new().compile(false).load(path) opens the model alone")
}

fn has_extension(path: &Path, extension: &str) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.ends_with(&format!(".{extension}"))
}

/// The model that [`Model::to_json`] or Keras's `model.to_json()` describes, with new weights. Keras: `model_from_json`.
///
/// # Errors
/// If the text is not the description of a model.
pub fn model_from_json(json: &str) -> Result<Model> {
    let object: Config = serde_json::from_str(json)?;
    LoadModel::new().model_of(&object, &object["compile_config"])
}

/// A model of the same layers with new weights, which is not compiled. Keras: `keras.models.clone_model`.
///
/// # Errors
/// If a layer has no description: a Lambda, or one of one's own.
///
/// ```
/// use candle_keras_layers::{layers, Dense, Input, Layer};
/// use candle_keras_models::{clone_model, Sequential};
/// let model = Sequential::new(layers![Input::shape([3]), Dense::new(1)])?;
/// assert_eq!(clone_model(&model)?.count_params(), 4);
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
pub fn clone_model(model: &Model) -> Result<Model> {
    LoadModel::new().compile(false).model_of(&config::of_whole(model)?, &Config::Null)
}

/// Converts weights without a model between `.weights.h5` and `.safetensors`, where they are named by their places in the former:
/// `layers/dense/vars/0`.
///
/// # Errors
/// If a file is not of these kinds, or tensors are not named so.
pub fn convert_weights(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let stored = match has_extension(from, "safetensors") {
        true => SafetensorsFile::open(from)?.tensors,
        false => Hdf5::open(Section::open(from)?)?.datasets,
    };
    let tensors: BTreeMap<String, Tensor> =
        stored.into_iter().map(|(name, stored)| Ok((name, stored.read()?))).collect::<Result<_>>()?;
    if has_extension(to, "safetensors") {
        return safetensors::write(to, &tensors, None);
    }
    if !has_extension(to, "weights.h5") {
        return Err(
            Error::new("weights without a model become .weights.h5 or .safetensors").received(to.display().to_string())
        );
    }
    let mut groups: BTreeMap<&str, Vec<(usize, Tensor)>> = BTreeMap::new();
    for (name, tensor) in &tensors {
        let place = name.rsplit_once('/').and_then(|(group, number)| Some((group, number.parse().ok()?)));
        let (group, number) = place.ok_or_else(|| {
            Error::new(format!("{}: the tensor {name:?} is not named by its place", from.display()))
                .expected("names such as layers/dense/vars/0")
                .help("weights that are named by layers are converted with their model: from its .keras file")
        })?;
        groups.entry(group).or_default().push((number, tensor.clone()));
    }
    let mut writer = hdf5::Writer::default();
    for (group, mut numbered) in groups {
        numbered.sort_by_key(|(number, _)| *number);
        let name = group.trim_end_matches("/vars").rsplit('/').next().unwrap_or_default();
        writer.group(group, name, numbered.into_iter().map(|(_, tensor)| tensor).collect());
    }
    atomic::write(to, |file| writer.write(file))
}

/// The tensors of a safetensors file by their names.
///
/// # Errors
/// If it is not one.
pub fn load_tensors(path: impl AsRef<Path>) -> Result<BTreeMap<String, Tensor>> {
    safetensors::read_tensors(path.as_ref())
}

/// Writes tensors by their names into a safetensors file, whole or not at all.
///
/// # Errors
/// If the file cannot be written.
pub fn save_tensors(path: impl AsRef<Path>, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
    safetensors::write(path.as_ref(), tensors, None)
}

/// An error if a model cannot be saved under this name: before a long training rather than after it.
///
/// # Errors
/// If the name ends in anything but `.keras` and `.safetensors`, or its folder does not exist.
pub fn check_model_path(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    if has_extension(path, "keras") || has_extension(path, "safetensors") {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        return match folder.filter(|folder| !folder.is_dir()) {
            Some(folder) => Err(Error::new(format!("{}: there is no folder {}", path.display(), folder.display()))),
            None => Ok(()),
        };
    }
    let help = match has_extension(path, "weights.h5") {
        true => "save_weights writes weights alone",
        false => "Keras's older .h5 is read, not written",
    };
    Err(Error::new("a model is not saved in a file of this kind")
        .expected("a name that ends in .keras or .safetensors")
        .received(path.display().to_string())
        .help(help))
}

/// What is known of a model by its name, and what it was compiled with.
fn whole_config(model: &Model) -> Result<Config> {
    let mut object = config::of_whole(model)?;
    if let Some(compiled) = &model.compiled {
        match compile_config::of_compiled(compiled) {
            Ok(config) => object["compile_config"] = config,
            Err(error) => warnings::warn(format!("the model is saved without what it was compiled with: {error}")),
        }
    }
    Ok(object)
}

impl Model {
    /// Saves the model: architecture, weights, what it was compiled with, the optimizer's state. `.keras` is Keras's own format, which
    /// Keras opens; `.safetensors` has the same in other tools' format. The file is written whole or not at all.
    ///
    /// Keras: `model.save`.
    ///
    /// # Errors
    /// If the file cannot be written or has another extension.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        check_model_path(path)?;
        let optimizer = self.compiled.as_ref().map(|compiled| &compiled.optimizer);
        if has_extension(path, "keras") {
            let config = whole_config(self)?;
            return archive::write(path, &config, |to| tree::write(self, optimizer)?.write(to));
        }
        safetensors::write(path, &safetensors::named_weights(self, optimizer)?, Some(&whole_config(self)?))
    }

    /// Saves the weights, and the optimizer's state if the model is compiled: `.weights.h5` is Keras's format, `.safetensors` that of
    /// other tools. Keras: `model.save_weights`.
    ///
    /// # Errors
    /// If the file cannot be written or has another extension.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let optimizer = self.compiled.as_ref().map(|compiled| &compiled.optimizer);
        if has_extension(path, "weights.h5") {
            let tree = tree::write(self, optimizer)?;
            return atomic::write(path, |file| tree.write(file));
        }
        if has_extension(path, "safetensors") {
            return safetensors::write(path, &safetensors::named_weights(self, None)?, None);
        }
        Err(Error::new("weights are not saved in a file of this kind")
            .expected("a name that ends in .weights.h5 or .safetensors")
            .received(path.display().to_string()))
    }

    /// Takes the weights from a file: `.weights.h5`, `.keras`, `.safetensors`, or the `.h5` of older Keras. Keras: `model.load_weights`.
    ///
    /// ```no_run
    /// # let mut model = candle_keras_models::load_model("model.keras")?;
    /// use candle_keras_models::LoadWeights;
    /// model.load_weights("pretrained.weights.h5", LoadWeights::new().skip_mismatch(true))?;
    /// # Ok::<(), candle_keras_models::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the file has not the weights of the same layers in the same shapes. What was read by then stays.
    pub fn load_weights(&self, path: impl AsRef<Path>, load: impl Into<LoadWeights>) -> Result<()> {
        let (path, load) = (path.as_ref(), load.into());
        self.graph()?; // without which there are no weights yet
        if has_extension(path, "safetensors") {
            return load.read_safetensors(self, &SafetensorsFile::open(path)?);
        }
        let file = Section::open(path)?;
        let file = match file.starts_with(b"PK") {
            true => Archive::open(path)?
                .weights
                .ok_or_else(|| Error::new(format!("{}: there are no weights in it", path.display())))?,
            false => file,
        };
        let file = Hdf5::open(file)?;
        match legacy::is_legacy(&file) {
            true => load.read_legacy(self, &file),
            false => load.read_tree(self, &file),
        }
    }

    /// The description of the model, and of what it is compiled with, as text. Keras: `model.to_json`.
    ///
    /// # Errors
    /// If a layer has no configuration.
    pub fn to_json(&self) -> Result<String> {
        Ok(whole_config(self)?.to_string())
    }

    /// The functional model of a [`get_config`](Layer::get_config), or the Sequential, with new weights. Keras: `Model.from_config`.
    ///
    /// # Errors
    /// If it is not the configuration of a model.
    pub fn from_config(config: &Config) -> Result<Self> {
        let class_name = if config["input_layers"].is_null() { "Sequential" } else { "Functional" };
        let object = serde_json::json!({"class_name": class_name, "config": config});
        LoadModel::new().model_of(&object, &Config::Null)
    }
}
