//! The state of an optimizer in the files of Keras 2.

use super::super::stored::Stored;
use crate::{Optimizer, Result};
use candle_core::Tensor;
use candle_keras_layers::Variable;
use candle_keras_ops::warnings;

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
    let (_, iteration) = stored.first().filter(|(_, iteration)| iteration.dims.is_empty())?;
    let label = |name: &str| SLOTS.iter().rev().find(|(label, _)| name.ends_with(&format!("_{label}")));
    let slots = own.iter().filter(|(name, _)| label(name).is_some()).count();
    let by_position = stored.iter().all(|(name, _)| name.is_none());
    // SGD without momentum had slots that it did not use.
    if by_position && slots > 0 && stored.len() != slots + 1 {
        return None;
    }
    let (mut found, mut taken) = (Vec::with_capacity(own.len()), [0; SLOTS.len()]);
    for (i, (name, _)) in own.iter().enumerate() {
        found.push(match label(name) {
            _ if i == 0 => Some(*iteration),
            None => None,
            Some(_) if by_position => Some(stored[1 + taken.iter().sum::<usize>()].1),
            Some((_, theirs)) => Some(of_kind(stored, theirs).nth(taken[place(name)])?),
        });
        if i > 0 && label(name).is_some() {
            taken[place(name)] += 1;
        }
    }
    Some(found)
}

/// The place of a slot's name in [`SLOTS`].
fn place(name: &str) -> usize {
    SLOTS.iter().rposition(|(label, _)| name.ends_with(&format!("_{label}"))).unwrap_or(0)
}

/// The slots of one of these names, in the order of the weights: `Adam/m/dense/kernel:0`, or earlier `Adam/dense/kernel/m:0`.
fn of_kind<'a>(stored: &[(Option<String>, &'a Stored)], names: &[&str]) -> impl Iterator<Item = &'a Stored> {
    let is = |name: &Option<String>| {
        let name = name.as_deref().unwrap_or_default().split(':').next().unwrap_or_default();
        let mut parts = name.split('/');
        let (second, last) = (parts.nth(1), name.rsplit('/').next());
        [second, last].into_iter().flatten().any(|part| names.contains(&part))
    };
    stored.iter().filter(move |(name, _)| is(name)).map(|(_, stored)| *stored).collect::<Vec<_>>().into_iter()
}
