//! The command `candle-keras`: works with Keras files without Python or Rust code; and word vectors.

mod arguments;
mod auto;
mod data;
mod json;
mod outputs;
mod port;
mod print;
mod train;
mod vectors;

use anyhow::{Context, Result, bail};
use arguments::{Arguments, Command};
use candle_core::Device;
use candle_keras_data::atomic;
use candle_keras_models::{LoadModel, Model, Plot, Predict, convert_weights, load_model, plot_model, save_tensors};
use candle_keras_ops::{device, random};
use clap::Parser;
use data::Data;
use outputs::check_apart;
use print::{print, print_error};
use std::path::Path;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and the version are not errors.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => return failure(&error.to_string()),
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(&format!("{error:#}")),
    }
}

fn failure(message: &str) -> ExitCode {
    print_error(message);
    ExitCode::FAILURE
}

fn run(arguments: &Arguments) -> Result<()> {
    if let Some(seed) = arguments.seed {
        random::set_random_seed(seed);
    }
    let device = arguments.device.as_deref().map(device).transpose()?.unwrap_or(Device::Cpu);
    let verbose = arguments.verbose.unwrap_or(0);
    // Commands that do not train do not need the model compiled.
    let bare = |path: &Path| -> Result<Model> { on_device(LoadModel::new().compile(false).load(path)?, &device) };
    let compiled = |path: &Path| -> Result<Model> { on_device(load_model(path)?, &device) };
    match &arguments.command {
        Command::Summary { model } => print(&LoadModel::new().compile(false).load(model)?.summary_text())?,
        Command::Plot { model, out, rankdir, dpi, expand_nested } => {
            check_apart(&[model], &[out])?;
            let plot = Plot::new().show_shapes(true).show_layer_names(true).expand_nested(*expand_nested);
            plot_model(&LoadModel::new().compile(false).load(model)?, out, plot.rankdir(rankdir.as_str()).dpi(*dpi))?;
        }
        Command::Predict { model, data, output, batch_size } => {
            check_apart(&[model, data], &[output])?;
            atomic::check(output)?;
            let model = bare(model)?;
            let x = Data::read(data)?.inputs(&model)?;
            let predict = Predict::new().batch_size(*batch_size).verbose(verbose);
            let outputs = model.predict_multiple_with(&x, predict)?;
            let names = model.graph()?.output_names();
            save_tensors(output, &names.into_iter().zip(outputs).collect())?;
        }
        Command::Evaluate(evaluate) => train::evaluate(compiled(&evaluate.model)?, evaluate)?,
        Command::Fit(fit) if auto::is_data(&fit.model) => auto::fit(fit, &device, verbose)?,
        Command::Fit(fit) => train::fit(compiled(&fit.model)?, fit, verbose)?,
        Command::Convert { input, output } => {
            check_apart(&[input], &[output])?;
            convert(input, output)?;
        }
        Command::Port { script, output, check, verify, python, arguments } => {
            let compared = verify.then_some(port::Compared { python, arguments });
            port::run(script, output.as_deref(), *check, compared)?;
        }
        Command::Vectors(command) => vectors::run(command, arguments.seed, arguments.verbose)?,
    }
    Ok(())
}

fn on_device(mut model: Model, device: &Device) -> Result<Model> {
    model.to_device(device)?;
    Ok(model)
}

/// Converts a whole model if both formats support it, and weights alone otherwise.
fn convert(input: &Path, output: &Path) -> Result<()> {
    let is_weights = |path: &Path| {
        let name = path.to_string_lossy().to_lowercase();
        name.ends_with(".weights.h5") || name.ends_with(".npz")
    };
    if is_weights(input) {
        return Ok(convert_weights(input, output)?);
    }
    let model = match load_model(input) {
        Ok(model) => model,
        // Tensors without a model are weights.
        Err(_) if input.extension().is_some_and(|e| e == "safetensors") && is_weights(output) => {
            return Ok(convert_weights(input, output)?);
        }
        Err(error) => return Err(error).context("the model cannot be converted"),
    };
    if is_weights(output) {
        return Ok(model.save_weights(output)?);
    }
    if output.extension().is_some_and(|e| e == "h5" || e == "hdf5") {
        bail!("Keras's older .h5 is read, not written; .keras, .weights.h5, .safetensors and .npz are written");
    }
    Ok(model.save(output)?)
}
