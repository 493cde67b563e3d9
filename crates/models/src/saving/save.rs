//! Saves models and weights, and loads weights.

use super::archive::{self, Archive};
use super::assets::{self, AllAssets};
use super::hdf5::Hdf5;
use super::load_model::{LoadModel, Saved};
use super::safetensors::{self, SafetensorsFile};
use super::section::{Format, Section};
use super::tree::{self, LoadWeights};
use super::{compile_config, has_extension, legacy, npz};
use crate::config::{ALWAYS, TRAINING};
use crate::{Model, Result, config};
use candle_keras_data::{atomic, write_npz};
use candle_keras_layers::activations::HARD_SIGMOID_OF_KERAS_2;
use candle_keras_layers::{Config, Layer, PROPAGATED_MASK, WeightSet};
use candle_keras_ops::{Error, json, warnings};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Checks that a model can be saved to this path, so that an error comes before a long training.
///
/// # Errors
/// If the extension is not `.keras` or `.safetensors`, or its folder does not exist.
pub fn check_model_path(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    check_ending(path, false)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => Err(Error::new(format!("{}: there is no folder {}", path.display(), folder.display()))),
        None => Ok(()),
    }
}

/// An error if a model, or its weights alone, are not saved to a file with this extension.
pub(crate) fn check_ending(path: &Path, weights_only: bool) -> Result<()> {
    let has = |extension| has_extension(path, extension);
    let own: &[&str] = if weights_only { &["weights.h5", "npz"] } else { &["keras"] };
    if has("safetensors") || own.iter().any(|extension| has(extension)) {
        return Ok(());
    }
    if weights_only {
        return Err(Error::new("weights cannot be saved to a file of this type")
            .expected("a name that ends in .weights.h5, .safetensors or .npz")
            .received(path.display().to_string()));
    }
    let help = match has("weights.h5") {
        true => "save_weights writes only weights",
        false => "Keras's older .h5 is read, not written",
    };
    Err(Error::new("a model cannot be saved to a file of this type")
        .expected("a name that ends in .keras or .safetensors")
        .received(path.display().to_string())
        .help(help))
}

/// The configuration of a model and of its compilation.
fn whole_config(model: &Model) -> Result<Config> {
    let mut object = config::of_whole(model)?;
    let mut differences = BTreeSet::new();
    not_in_keras(&object, &mut differences);
    differences
        .into_iter()
        .for_each(|difference| warnings::warn(format!("Keras 3 computes something else: {difference}")));
    if let Some(compiled) = &model.compiled {
        match compile_config::of_compiled(compiled) {
            Ok(config) => object["compile_config"] = config,
            Err(error) => warnings::warn(format!("the model is saved uncompiled: {error}")),
        }
    }
    let depth = json::depth(&object);
    if depth > json::MOST_DEPTH {
        return Err(Error::new("the layers of the model are nested too deeply to be saved")
            .expected(format!("a configuration of at most {} levels", json::MOST_DEPTH))
            .received(format!("{depth} levels"))
            .help("save_weights saves the weights alone"));
    }
    Ok(object)
}

/// What of a configuration Keras 3 refuses, or computes otherwise.
fn not_in_keras(value: &Config, found: &mut BTreeSet<&'static str>) {
    let mut find = |is_there: bool, what| {
        if is_there {
            found.insert(what);
        }
    };
    let arguments = &value["kwargs"];
    find(
        value["registered_name"] == HARD_SIGMOID_OF_KERAS_2,
        "register a function hard_sigmoid_of_keras_2 there, 0.2 x + 0.5 between 0 and 1",
    );
    find(
        arguments["mask"] == PROPAGATED_MASK,
        "it refuses the mask of the input beside an initial state, as Keras 2 has it",
    );
    find(
        matches!(value["class_name"].as_str(), Some("LocallyConnected1D" | "LocallyConnected2D")),
        "it has no LocallyConnected1D and LocallyConnected2D, and refuses the file",
    );
    find(value[TRAINING] == ALWAYS, "its fit and predict replace the argument training of a call");
    match value {
        Value::Array(items) => items.iter().for_each(|item| not_in_keras(item, found)),
        Value::Object(map) => map.values().for_each(|item| not_in_keras(item, found)),
        _ => {}
    }
}

impl Model {
    /// Saves the model: architecture, weights, the arguments of `compile`, the optimizer's state. `.keras` is Keras's own format, which
    /// Keras can load; `.safetensors` has the same contents in a format that other tools read. The file is written atomically.
    ///
    /// Keras: `model.save`.
    ///
    /// # Errors
    /// If the file cannot be written or has another extension.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        check_model_path(path)?;
        let optimizer = self.compiled.as_ref().map(|compiled| &compiled.optimizer);
        // Locks out steps of a training in another thread, so that the file has whole steps.
        WeightSet::new(self.variables()).read(|| {
            if has_extension(path, "keras") {
                let (config, assets) = (whole_config(self)?, AllAssets::of(self)?);
                let weights = tree::write(self, optimizer, &assets)?;
                return archive::write(path, &config, &assets, |to| weights.write(to));
            }
            let mut tensors = safetensors::named_weights(self, optimizer)?;
            AllAssets::of(self)?.add_to(&mut tensors)?;
            safetensors::write(path, &tensors, Some(&whole_config(self)?))
        })
    }

    /// Saves the weights, and the optimizer's state if the model is compiled: `.weights.h5` is Keras's format. `.safetensors`, for other tools, and
    /// `.npz`, for `numpy.load`, have the weights alone, by the names of their layers: `dense/kernel`. Keras: `model.save_weights`.
    ///
    /// # Errors
    /// If the file cannot be written or has another extension.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let optimizer = self.compiled.as_ref().map(|compiled| &compiled.optimizer);
        let weights = WeightSet::new(self.variables());
        if has_extension(path, "weights.h5") {
            return weights.read(|| {
                let tree = tree::write(self, optimizer, &AllAssets::of(self)?)?;
                atomic::write(path, |file| tree.write(file))
            });
        }
        if has_extension(path, "safetensors") {
            return weights.read(|| safetensors::write(path, &safetensors::named_weights(self, None)?, None));
        }
        if has_extension(path, "npz") {
            return weights.read(|| write_npz(path, &safetensors::named_weights(self, None)?));
        }
        check_ending(path, true)
    }

    /// Loads the weights from a file: `.weights.h5`, `.keras`, `.safetensors`, `.npz`, or the `.h5` of older Keras. Keras: `model.load_weights`.
    ///
    /// ```no_run
    /// # let mut model = candle_keras_models::load_model("model.keras")?;
    /// use candle_keras_models::LoadWeights;
    /// model.load_weights("pretrained.weights.h5", LoadWeights::new().skip_mismatch(true))?;
    /// # Ok::<(), candle_keras_models::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the weights of the file are not of the same layers with the same shapes. Weights that were read before the error stay.
    pub fn load_weights(&self, path: impl AsRef<Path>, load: impl Into<LoadWeights>) -> Result<()> {
        let (path, load) = (path.as_ref(), load.into());
        self.graph()?; // creates the weights
        let file = Section::open(path)?;
        let file = match file.format() {
            Format::Zip if npz::is_npz(path) => return load.read_safetensors(self, &npz::open(path)?, path),
            Format::Zip => Archive::open(path)?
                .weights
                .ok_or_else(|| Error::new(format!("{}: it has no weights", path.display())))?,
            Format::Unknown if has_extension(path, "safetensors") => {
                return self.load_safetensors(path, load);
            }
            Format::Safetensors => return self.load_safetensors(path, load),
            _ => file,
        };
        let file = Hdf5::open(file)?;
        match legacy::is_legacy(&file) {
            true => load.read_legacy(self, &file),
            false => load.read_tree(self, &file).and_then(|()| assets::load(self, Some(&file), None)),
        }
    }

    fn load_safetensors(&self, path: &Path, load: LoadWeights) -> Result<()> {
        let file = SafetensorsFile::open(path)?;
        load.read_safetensors(self, &file, path)?;
        assets::load_safetensors(self, &file, false)
    }

    /// The configuration of the model and of its compilation as JSON. Keras: `model.to_json`.
    ///
    /// # Errors
    /// If a layer has no configuration.
    pub fn to_json(&self) -> Result<String> {
        Ok(json::to_text(&whole_config(self)?))
    }

    /// The functional model or Sequential of a [`get_config`](candle_keras_layers::Layer::get_config), with new weights. Keras: `Model.from_config`.
    ///
    /// # Errors
    /// If it is not the configuration of a model.
    pub fn from_config(arguments: &Config) -> Result<Self> {
        let class_name = if arguments["input_layers"].is_null() { "Sequential" } else { "Functional" };
        let object =
            serde_json::json!({"class_name": class_name, "config": arguments, "written_by": config::WRITTEN_BY});
        LoadModel::new().model_of(Saved::new(object, None))
    }
}
