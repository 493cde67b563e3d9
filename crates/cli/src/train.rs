//! Training and evaluation.

use crate::data::Data;
use crate::outputs::check_apart;
use crate::print::print;
use crate::{arguments, json};
use anyhow::{Result, bail};
use candle_keras_data::atomic;
use candle_keras_models::saving::check_model_path;
use candle_keras_models::{Evaluate, Fit, History, Model};
use candle_keras_ops::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) fn evaluate(mut model: Model, arguments: &arguments::Evaluate) -> Result<()> {
    let data = Data::read(&arguments.data)?;
    let (x, y) = (data.inputs(&model)?, data.targets(&model)?);
    // Standard output is for the result alone.
    let mut evaluate = Evaluate::new().batch_size(arguments.batch_size).verbose(0);
    if let Some(weight) = data.sample_weight()? {
        evaluate = evaluate.sample_weight(&weight);
    }
    let logs = model.evaluate_with(&x, &y, evaluate)?;
    print(&json::object(logs.iter().map(|(name, value)| (name, json::number(value))), ", "))
}

pub(crate) fn fit(mut model: Model, arguments: &arguments::Fit, verbose: u8) -> Result<()> {
    // Errors of saving at the end are reported now.
    check_model_path(&arguments.output)?;
    let outputs: Vec<_> = std::iter::once(&arguments.output).chain(&arguments.history).map(PathBuf::as_path).collect();
    let Some(data) = &arguments.data else {
        bail!("--data is needed to train a model; without a model, data is a .csv or .tsv file, or a folder");
    };
    if arguments.target.is_some()
        || arguments.report.is_some()
        || arguments.regression
        || arguments.image_size.is_some()
    {
        bail!("--target, --regression, --image-size and --report are for data without a model");
    }
    check_apart(&[&arguments.model, data], &outputs)?;
    arguments.history.as_deref().map(atomic::check).transpose()?;
    let data = Data::read(data)?;
    let (x, y) = (data.inputs(&model)?, data.targets(&model)?);
    let mut fit = Fit::new()
        .epochs(arguments.epochs.unwrap_or(1))
        .batch_size(arguments.batch_size)
        .validation_split(arguments.validation_split.unwrap_or(0.0))
        .shuffle(!arguments.no_shuffle)
        .class_weight(arguments.class_weight.iter().copied())
        .verbose(verbose);
    if let Some(weight) = data.sample_weight()? {
        fit = fit.sample_weight(&weight);
    }
    let history = model.fit(&x, &y, fit)?;
    model.save(&arguments.output)?;
    write_history(&history, arguments.history.as_deref())
}

/// Writes the logs of each epoch, if there is a file for them.
pub(crate) fn write_history(history: &History, path: Option<&Path>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let members = history.iter().map(|(name, values)| (name, json::list(values)));
    let text = json::object(members, ",\n ") + "\n";
    Ok(atomic::write(path, |file| file.write_all(text.as_bytes()).map_err(|cause| Error::io(path, cause)))?)
}
