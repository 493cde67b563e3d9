//! The learning rates of a model's optimizer, for the callbacks that read and set them.

use crate::model::Model;
use crate::{Logs, Optimizer, Result};
use candle_keras_ops::Error;

/// The optimizers that have a learning rate, with their names if there are several: those of a `MultiOptimizer`.
fn optimizers(optimizer: &mut Optimizer) -> Vec<(Option<String>, &mut Optimizer)> {
    if optimizer.optimizers().is_empty() {
        return vec![(None, optimizer)];
    }
    if optimizer.scales_loss_dynamically() {
        return optimizer.optimizers().into_iter().flat_map(optimizers).collect();
    }
    optimizer.optimizers().into_iter().map(|optimizer| (Some(name(optimizer)), optimizer)).collect()
}

/// The name of an optimizer, as it is set or that of its class.
fn name(optimizer: &Optimizer) -> String {
    let config = optimizer.get_config().ok();
    let set = config.as_ref().and_then(|config| config["config"]["name"].as_str());
    set.or(optimizer.name().ok()).unwrap_or("optimizer").into()
}

/// Adds the learning rate to the logs, as `learning_rate`, or as `learning_rate_...` for each of several optimizers.
pub(super) fn log(model: &mut Model, logs: &mut Logs) -> Result<()> {
    if model.compiled()?.has_no_optimizer {
        return Ok(());
    }
    for (name, optimizer) in optimizers(model.optimizer()?) {
        let name = name.map_or_else(|| "learning_rate".into(), |name| format!("learning_rate_{name}"));
        logs.insert(name, optimizer.learning_rate());
    }
    Ok(())
}

/// Replaces each learning rate by that of `new`, which has the old one and the name of the optimizer if there are several; `None` keeps it.
pub(super) fn change(
    who: &str,
    model: &mut Model,
    mut new: impl FnMut(f64, Option<&str>) -> Result<Option<f64>>,
) -> Result<()> {
    for (name, optimizer) in optimizers(model.optimizer()?) {
        check(who, optimizer)?;
        if let Some(rate) = new(optimizer.learning_rate(), name.as_deref())? {
            optimizer.set_learning_rate(rate);
        }
    }
    Ok(())
}

/// An error if an optimizer has a schedule, which a callback would replace by a number, or if a custom step has the optimizers.
pub(super) fn check_all(who: &str, model: &mut Model) -> Result<()> {
    if model.compiled()?.has_no_optimizer {
        return Err(Error::new(format!("{who} does not know the optimizers of a custom step"))
            .expected("a compiled model, whose optimizer the step uses")
            .received("a model that is not compiled")
            .help("set the learning rate in the step, or compile the model and use model.optimizer()"));
    }
    optimizers(model.optimizer()?).into_iter().try_for_each(|(_, optimizer)| check(who, optimizer))
}

fn check(who: &str, optimizer: &Optimizer) -> Result<()> {
    if optimizer.counters().iter().all(|(_, rate)| rate.is_some()) {
        return Ok(());
    }
    Err(Error::new(format!("{who} cannot set the learning rate of an optimizer that has a schedule"))
        .expected("a number as the learning rate")
        .received(format!("a schedule, at {} now", optimizer.learning_rate()))
        .help("compile with a number, or leave the callback out"))
}
