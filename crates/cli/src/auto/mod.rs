//! Training without a script: a model is made for a table, or for a folder of images or texts.

mod folder;
mod report;
mod scores;
mod table;

use crate::arguments;
use crate::outputs::{check_apart, check_output};
use crate::print::print;
use anyhow::{Result, bail};
use candle_core::Device;
use candle_keras_data::Data;
use candle_keras_layers::{Dense, Dropout, KerasTensor, Layer, Rescaling};
use candle_keras_models::callbacks::EarlyStopping;
use candle_keras_models::saving::check_model_path;
use candle_keras_models::{Compile, Fit, Model, Predict};
use scores::Scores;
use std::path::{Path, PathBuf};

/// A training has as many steps by default, unless it stops early.
const LEAST_STEPS: usize = 1000;

/// Whether a path is data that a model is made for.
pub(crate) fn is_data(path: &Path) -> bool {
    path.is_dir() || table::TABLES.iter().any(|extension| has_extension(path, extension))
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|other| other.eq_ignore_ascii_case(extension))
}

/// What a model predicts.
#[derive(Debug)]
enum Goal {
    /// One of these classes.
    Classes(Vec<String>),
    /// A number, of which the targets have this mean and standard deviation.
    Number { mean: f64, deviation: f64 },
}

/// Data with a model for it.
struct Task {
    model: Model,
    goal: Goal,
    train: (Data, Data),
    validation: (Data, Data),
    /// The targets: numbers, or indices of classes.
    train_truth: Vec<f64>,
    truth: Vec<f64>,
    /// What the report says about the data: a name and a text.
    facts: Vec<[String; 2]>,
    epochs: usize,
}

/// Trains a model for the data of a path, and writes it with a report.
pub(crate) fn fit(arguments: &arguments::Fit, device: &Device, verbose: u8) -> Result<()> {
    check_model_path(&arguments.output)?;
    let report = arguments.report.clone().unwrap_or_else(|| arguments.output.with_extension("html"));
    check_output(&report, &["html"])?;
    let outputs: Vec<&Path> =
        [&arguments.output, &report].into_iter().chain(&arguments.history).map(PathBuf::as_path).collect();
    check_apart(&[&arguments.model], &outputs)?;
    if arguments.data.is_some() {
        bail!("--data is for a model; {} is data itself", arguments.model.display());
    }
    let split = arguments.validation_split.unwrap_or(0.2);
    if !(split > 0.0 && split < 1.0) {
        bail!("--validation-split is a fraction of the data: more than 0, less than 1, received: {split}");
    }
    let task = match arguments.model.is_dir() {
        true => folder::task(arguments, split)?,
        false => table::task(arguments, split)?,
    };
    let Task { mut model, goal, train, validation, train_truth, truth, facts, epochs } = task;
    model.to_device(device)?;
    model.compile("adam", goal.compile())?;
    // Few samples are few steps an epoch.
    let steps = train_truth.len().div_ceil(arguments.batch_size.max(1)).max(1);
    let epochs = arguments.epochs.unwrap_or(epochs.max(LEAST_STEPS / steps));
    let stopping =
        EarlyStopping::new().monitor("val_loss").patience(epochs.div_ceil(10).max(3)).restore_best_weights(true);
    let is_arrays = !matches!(train.0, Data::Dataset(_));
    let mut predict = Predict::new().verbose(0);
    let mut fit = Fit::new()
        .epochs(epochs)
        .shuffle(!arguments.no_shuffle)
        .class_weight(arguments.class_weight.iter().copied())
        .validation_data(validation.0.clone(), validation.1)
        .callback(stopping)
        .verbose(verbose);
    if is_arrays {
        (fit, predict) = (fit.batch_size(arguments.batch_size), predict.batch_size(arguments.batch_size));
    }
    let history = model.fit(train.0, train.1, fit)?;
    let predicted = model.predict_with(validation.0, predict)?;
    let scores = Scores::of(&goal, &predicted, &truth, &train_truth)?;
    model.save(&arguments.output)?;
    crate::train::write_history(&history, arguments.history.as_deref())?;
    report::write(&report, &arguments.model, &facts, &model, &history, &scores)?;
    print(&scores.text())?;
    print(&format!("model: {}\nreport: {}", arguments.output.display(), report.display()))
}

impl Goal {
    /// The loss and metrics.
    fn compile(&self) -> Compile {
        match self {
            Self::Classes(classes) if classes.len() == 2 => {
                Compile::loss("binary_crossentropy").metrics(["accuracy", "auc"])
            }
            Self::Classes(_) => Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]),
            Self::Number { .. } => Compile::loss("mse").metrics(["mae"]),
        }
    }

    /// The last layers, behind these features. A number is computed in units of the targets' deviation.
    fn head(&self, features: &KerasTensor) -> KerasTensor {
        match self {
            Self::Classes(classes) if classes.len() == 2 => {
                Dense::new(1).activation("sigmoid").name("probability").call(features)
            }
            Self::Classes(classes) => {
                Dense::new(classes.len()).activation("softmax").name("probabilities").call(features)
            }
            Self::Number { mean, deviation } => {
                Rescaling::new(*deviation).offset(*mean).name("prediction").call(Dense::new(1).call(features))
            }
        }
    }
}

/// Hidden layers of these sizes.
fn hidden(features: &KerasTensor, sizes: &[usize], dropout: f64) -> KerasTensor {
    sizes
        .iter()
        .fold(features.clone(), |x, size| Dropout::new(dropout).call(Dense::new(*size).activation("relu").call(&x)))
}
