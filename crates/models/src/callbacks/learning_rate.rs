//! The learning rates of a model, as callbacks see them: one, or one for each optimizer of a `MultiOptimizer`.

use crate::model::Model;
use crate::{Logs, Optimizer, Result};

/// Runs `f` with each optimizer that has a learning rate, and its name if there are several.
pub(super) fn each_optimizer(
    model: &mut Model,
    mut f: impl FnMut(Option<&str>, &mut Optimizer) -> Result<()>,
) -> Result<()> {
    let mut optimizer = model.optimizer()?;
    // The learning rate of a wrapper of one is that of the inner optimizer.
    if optimizer.optimizers().len() < 2 {
        if let Some(inner) = optimizer.optimizers().into_iter().next() {
            return f(None, inner);
        }
        return f(None, &mut optimizer);
    }
    let mut names: Vec<String> = Vec::new();
    for inner in optimizer.optimizers() {
        let name = inner.name()?.to_string();
        let same = names.iter().filter(|other| **other == name).count();
        let numbered = if same == 0 { name.clone() } else { format!("{name}_{same}") };
        names.push(name);
        f(Some(&numbered), inner)?;
    }
    Ok(())
}

/// Adds `learning_rate`, or `learning_rate_adam` and so on, to the logs of an epoch.
pub(super) fn add_to_logs(model: &mut Model, logs: &mut Logs) -> Result<()> {
    each_optimizer(model, |name, optimizer| {
        let name = name.map_or("learning_rate".into(), |name| format!("learning_rate_{name}"));
        logs.insert(name, optimizer.learning_rate());
        Ok(())
    })
}
