//! The state of an optimizer in the files of Keras 2.

use super::super::stored::Stored;
use crate::{Optimizer, Result};
use candle_core::Tensor;
use candle_keras_layers::Variable;
use candle_keras_ops::warnings;
use std::collections::{HashMap, VecDeque};

/// Our names of slots, and those of Keras 2: of its optimizers since 2.11 and of the earlier ones.
const SLOTS: [(&str, &[&str]); 6] = [
    ("momentum", &["m", "momentum"]),
    ("velocity", &["v", "velocity", "rms"]),
    ("velocity_hat", &["vhat", "velocity_hat"]),
    ("average_gradient", &["average_gradient", "mg"]),
    ("accumulator", &["accumulator"]),
    ("norm", &["u", "v"]),
];

/// Restores the state from tensors with their names, as in HDF5, or without, as in `.keras` files. The learning rate, and what else is not in the file,
/// stays as it is configured; a state that does not match is a warning, as in Keras.
pub(in super::super) fn read_optimizer(
    optimizer: &mut Optimizer,
    trainable: &[Variable],
    stored: &[(Option<String>, &Stored)],
) -> Result<()> {
    optimizer.build(trainable)?;
    let own = optimizer.state()?;
    let Some(found) = in_our_order(&own, stored) else {
        if stored.len() > 1 {
            warnings::warn(
                "the optimizer starts over: its state is of another optimizer, or of a version of Keras whose order is not known",
            );
        }
        return Ok(());
    };
    let shapes: Vec<_> =
        found.iter().zip(&own).map(|(stored, (_, own))| stored.map_or(own.dims(), |s| &s.dims)).collect();
    let read = |i: usize, place: &Tensor| match found[i] {
        Some(stored) => stored.read_into_tensor(place),
        None => Ok(Some(own[i].1.clone())),
    };
    if let Err(error) = optimizer.set_state(trainable, &shapes, read) {
        warnings::warn(format!("the optimizer starts over: {error}"));
    }
    Ok(())
}

/// For each tensor of our state that of the file, if it is there; `None` if a slot is missing.
fn in_our_order<'a>(
    own: &[(String, Tensor)],
    stored: &[(Option<String>, &'a Stored)],
) -> Option<Vec<Option<&'a Stored>>> {
    let [(first, iteration), slots @ ..] = stored else { return None };
    let by_position = first.is_none();
    // Which of our slots a tensor is; the iterations and the learning rate come first and are none.
    let slot = |name: &str| SLOTS.iter().rposition(|(label, _)| name.ends_with(&format!("_{label}")));
    let count = own.iter().filter(|(name, _)| slot(name).is_some()).count();
    // SGD without momentum had slots that it did not use.
    if !iteration.dims.is_empty() || (by_position && count > 0 && slots.len() != count) {
        return None;
    }
    // Since 2.11 `Adam/m/dense/kernel:0`, earlier `Adam/dense/kernel/m:0`; the weights are in one order within a kind.
    let is_new = first.as_deref().is_some_and(|name| name.starts_with("iteration"));
    let kind = |name: &str| -> String {
        let name = name.split(':').next().unwrap_or_default();
        let part = if is_new { name.split('/').nth(1) } else { name.rsplit('/').next() };
        part.unwrap_or_default().into()
    };
    let mut by_kind: HashMap<String, VecDeque<&Stored>> = HashMap::new();
    for (name, slot) in slots {
        by_kind.entry(name.as_deref().map_or_else(String::new, kind)).or_default().push_back(slot);
    }
    let mut next = |names: &[&str]| names.iter().find_map(|name| by_kind.get_mut(*name)?.pop_front());
    let of = |(i, (name, _)): (usize, &(String, Tensor))| match slot(name) {
        _ if i == 0 => Some(Some(*iteration)),
        None => Some(None),
        Some(_) if by_position => next(&[""]).map(Some),
        Some(slot) => next(SLOTS[slot].1).map(Some),
    };
    own.iter().enumerate().map(of).collect()
}
