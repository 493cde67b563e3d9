//! Loads a model from a file, ready to resume training.

use super::archive::Archive;
use super::custom_objects::CustomObjects;
use super::hdf5::Hdf5;
use super::older::{self, Version};
use super::safetensors::SafetensorsFile;
use super::section::{Format, Section};
use super::tree::{self, LoadWeights};
use super::{architecture, assets, compile_config, config_room_for, has_extension, legacy, room_for};
use crate::{Model, Result, config};
use candle_keras_layers::{Config, Layer, to_be_loaded};
use candle_keras_ops::{Error, json};
use std::path::Path;

/// Loads a model that Keras or this crate has saved: `.keras`, `.h5` or `.safetensors`. Keras: `keras.models.load_model`.
///
/// It is compiled as it was saved, with its optimizer's state, so that training can resume. [`LoadModel`] has the arguments.
///
/// # Errors
/// If the file is damaged, or has an unknown layer, loss, metric or optimizer.
///
/// ```
/// use candle_keras_layers::{Dense, Input, Layer};
/// use candle_keras_models::{load_model, Model, Predict};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("m.keras");
/// let x = Input::shape([3]);
/// let mut model = Model::new(x.clone(), Dense::new(1).call(&x))?;
/// model.save(&path)?;
/// let mut again = load_model(&path)?;
/// let (data, silent) = (vec![vec![1f32, 2., 3.]], || Predict::new().verbose(0));
/// assert_eq!(model.predict_with(&data, silent())?.to_vec2::<f32>()?, again.predict_with(&data, silent())?.to_vec2::<f32>()?);
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

/// The configurations in a file.
pub(super) struct Saved {
    object: Config,
    compile_config: Config,
    version: Version,
}

impl Saved {
    pub(super) fn new(mut object: Config, version: Option<&str>) -> Self {
        let compile_config = object.get_mut("compile_config").map(Config::take).unwrap_or_default();
        let version = Version::new(version, &object);
        Self { object, compile_config, version }
    }
}

impl LoadModel {
    /// Compiled as it was saved, without custom objects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Custom layers and functions.
    pub fn custom_objects(mut self, objects: CustomObjects) -> Self {
        self.objects = objects;
        self
    }

    /// Whether the model is compiled as it was saved. Default: true. If not, its loss, metrics and optimizer may be unknown.
    pub fn compile(mut self, compile: bool) -> Self {
        self.compile = compile;
        self
    }

    /// Loads the model.
    ///
    /// # Errors
    /// As for [`load_model`].
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Model> {
        let path = path.as_ref();
        if path.is_dir() {
            return self.load_archive(Archive::open(path)?);
        }
        let file = Section::open(path)?;
        match file.format() {
            Format::Zip => self.load_archive(Archive::open(path)?),
            Format::Hdf5 => self.load_legacy(&Hdf5::open(file)?),
            Format::Unknown if !has_extension(path, "safetensors") => Err(not_a_model(&file)),
            _ => self.load_safetensors(path),
        }
    }

    /// The configuration of a file's model in Keras's form: the member config.json of a `.keras` file.
    ///
    /// # Errors
    /// If it is not a file of a whole model.
    pub fn config(&self, path: impl AsRef<Path>) -> Result<Config> {
        let path = path.as_ref();
        if path.is_dir() {
            return Ok(Archive::open(path)?.config);
        }
        let file = Section::open(path)?;
        match file.format() {
            Format::Zip => Ok(Archive::open(path)?.config),
            Format::Hdf5 => Ok(legacy::configs(&Hdf5::open(file)?)?.0),
            Format::Unknown if !has_extension(path, "safetensors") => Err(not_a_model(&file)),
            _ => SafetensorsFile::open(path)?.model(),
        }
    }

    /// The model of a configuration: without weights from a file, and compiled if configured.
    pub(super) fn model_of(&self, saved: Saved) -> Result<Model> {
        let Saved { object, compile_config, version } = saved;
        let mut model = architecture::model(&older::model(object, version), &self.objects)?;
        if self.compile {
            // The output of a Sequential that was never built is not known yet.
            let outputs = model.body().graph()?.map_or(Vec::new(), |graph| graph.log_names());
            let compile_config = older::training(compile_config, version, &outputs);
            let read = compile_config::read(&compile_config, &outputs, &self.objects);
            let read = read.map_err(|error| without_compile(&error))?;
            if let Some((optimizer, compile)) = read {
                model.compile(optimizer, compile)?;
            }
        }
        Ok(model)
    }

    fn load_archive(&self, archive: Archive) -> Result<Model> {
        let room = archive.weights.as_ref().map_or(0, |weights| room_for(weights.file_len()));
        let saved = Saved::new(archive.config, archive.version.as_deref());
        let version = saved.version;
        let mut model = to_be_loaded(room as usize, || self.model_of(saved))?;
        if let Some(weights) = archive.weights {
            let file = Hdf5::open(weights)?;
            LoadWeights::new().read_tree(&model, &file)?;
            assets::load(&model, Some(&file), Some(archive.files))?;
            if model.compiled.is_some() {
                // Keras keeps the state of the LossScaleOptimizer that `compile` has put around an optimizer, but not its configuration.
                if !file.numbered("optimizer/inner_optimizer/vars").is_empty() {
                    model.scale_loss()?;
                }
                let trainable = model.trainable_variables();
                let state = file.numbered("optimizer/vars");
                match version.is_older() {
                    false => tree::read_optimizer(model.optimizer()?, &trainable, &state)?,
                    true => {
                        let state: Vec<_> = state.into_iter().map(|stored| (None, stored)).collect();
                        older::read_optimizer(model.optimizer()?, &trainable, &state)?;
                    }
                }
            }
        } else if !model.variables().is_empty() {
            return Err(Error::new("the file has no weights").expected("a member model.weights.h5"));
        } else {
            assets::load(&model, None, Some(archive.files))?;
        }
        Ok(model)
    }

    fn load_legacy(&self, file: &Hdf5) -> Result<Model> {
        let (object, compile_config) = legacy::configs(file)?;
        let version = Version::new(file.string("", "keras_version").as_deref(), &object);
        older::check_kernels(&object, version, file.string("", "backend").as_deref())?;
        let saved = Saved { object, compile_config, version };
        let mut model = to_be_loaded(room_for(file.section.file_len()) as usize, || self.model_of(saved))?;
        LoadWeights::new().read_legacy(&model, file)?;
        if model.compiled.is_some() {
            legacy::read_optimizer_weights(&mut model, file, version)?;
        }
        Ok(model)
    }

    fn load_safetensors(&self, path: &Path) -> Result<Model> {
        let file = SafetensorsFile::open(path)?;
        let config = file.model()?;
        let mut model = to_be_loaded(room_for(file.len) as usize, || self.model_of(Saved::new(config, None)))?;
        LoadWeights::new().read_safetensors(&model, &file, path)?;
        assets::load_safetensors(&model, &file, true)?;
        if model.compiled.is_some() {
            let trainable = model.trainable_variables();
            let state: Vec<_> = (0..).map_while(|i| file.tensors.get(&format!("optimizer/{i}"))).collect();
            tree::read_optimizer(model.optimizer()?, &trainable, &state)?;
        }
        Ok(model)
    }
}

fn not_a_model(file: &Section) -> Error {
    let error = Error::new(format!("{}: this is not a model file", file.path().display()))
        .expected("a .keras (zip), .h5 (HDF5) or .safetensors file");
    if file.len() == 0 { error.received("an empty file") } else { error }
}

fn without_compile(error: &Error) -> Error {
    Error::new(format!("the model cannot be compiled as it was saved: {error}"))
        .help(
        "custom losses and metrics are registered with CustomObjects; LoadModel::new().compile(false).load(path) loads the model without \
         compiling it",
    )
}

/// The model of a configuration from [`Model::to_json`] or Keras's `model.to_json()`, with new weights. Keras: `model_from_json`.
///
/// # Errors
/// If the text is not the configuration of a model.
pub fn model_from_json(json: &str) -> Result<Model> {
    let object = json::parse(json.as_bytes(), config_room_for(json.len() as u64))?;
    LoadModel::new().model_of(Saved::new(object, None))
}

/// A model with the same layers and new weights, not compiled. Keras: `keras.models.clone_model`.
///
/// # Errors
/// If a layer has no configuration: a Lambda, or a custom one.
///
/// ```
/// use candle_keras_layers::{layers, Dense, Input, Layer};
/// use candle_keras_models::{clone_model, Sequential};
/// let model = Sequential::new(layers![Input::shape([3]), Dense::new(1)]);
/// assert_eq!(clone_model(&model)?.count_params(), 4);
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
pub fn clone_model(model: &Model) -> Result<Model> {
    LoadModel::new().compile(false).model_of(Saved::new(config::of_whole(model)?, None))
}
