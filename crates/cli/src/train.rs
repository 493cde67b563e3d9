//! Training and evaluation.

use crate::arguments;
use crate::data::Data;
use anyhow::{Context, Result};
use candle_keras_models::saving::check_model_path;
use candle_keras_models::{Evaluate, Fit, Model};
use serde_json::{Map, json};

pub(crate) fn evaluate(mut model: Model, arguments: &arguments::Evaluate) -> Result<()> {
    let data = Data::read(&arguments.data)?;
    let (x, y) = (data.inputs(&model)?, data.targets(&model)?);
    // Standard output is for the result alone.
    let mut evaluate = Evaluate::new().batch_size(arguments.batch_size).verbose(0);
    if let Some(weight) = data.sample_weight() {
        evaluate = evaluate.sample_weight(weight);
    }
    let logs = model.evaluate_with(&x, &y, evaluate)?;
    let answer: Map<_, _> = logs.iter().map(|(name, value)| (name.into(), json!(value))).collect();
    println!("{}", serde_json::Value::from(answer));
    Ok(())
}

pub(crate) fn fit(mut model: Model, arguments: &arguments::Fit, verbose: u8) -> Result<()> {
    // Errors of saving at the end are reported now.
    check_model_path(&arguments.output)?;
    let data = Data::read(&arguments.data)?;
    let (x, y) = (data.inputs(&model)?, data.targets(&model)?);
    let mut fit = Fit::new()
        .epochs(arguments.epochs)
        .batch_size(arguments.batch_size)
        .validation_split(arguments.validation_split)
        .shuffle(!arguments.no_shuffle)
        .class_weight(arguments.class_weight.iter().copied())
        .verbose(verbose);
    if let Some(weight) = data.sample_weight() {
        fit = fit.sample_weight(weight);
    }
    let history = model.fit(&x, &y, fit)?;
    model.save(&arguments.output)?;
    if let Some(path) = &arguments.history {
        let history: Map<_, _> = history.iter().map(|(name, values)| (name.into(), json!(values))).collect();
        let text = serde_json::to_string_pretty(&history)?;
        std::fs::write(path, text + "\n").with_context(|| path.display().to_string())?;
    }
    Ok(())
}
