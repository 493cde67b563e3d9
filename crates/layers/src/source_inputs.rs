//! The inputs that a symbolic tensor is computed from. Keras: `keras.utils.get_source_inputs`.

use crate::{KerasTensor, Node};
use candle_keras_ops::Result;
use std::collections::HashSet;
use std::sync::Arc;

/// The inputs that a symbolic tensor depends on, in the order in which its calls reach them. Keras: `keras.utils.get_source_inputs`.
///
/// # Errors
/// The error that the tensor carries, if a call before it failed.
///
/// ```
/// use candle_keras_layers::{Dense, Input, Layer, add, get_source_inputs};
/// let (a, b) = (Input::shape([2]), Input::shape([2]).name("b"));
/// let y = Dense::new(1).call(&add([&Dense::new(2).call(&b), &a]));
/// let inputs = get_source_inputs(&y)?;
/// assert_eq!((inputs.len(), inputs[0].output()?.node().layer().layer_name()), (2, "b".into()));
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
pub fn get_source_inputs(tensor: &KerasTensor) -> Result<Vec<KerasTensor>> {
    let (mut sources, mut seen) = (Vec::new(), HashSet::new());
    // An explicit stack: a graph may be deeper than the thread's stack.
    let mut stack: Vec<Arc<Node>> = vec![tensor.output()?.node().clone()];
    while let Some(node) = stack.pop() {
        if !seen.insert(node.key()) {
            continue;
        }
        if node.parents().next().is_none() {
            sources.extend(node.outputs().into_iter().map(KerasTensor::from));
        }
        let parents: Vec<_> = node.parents().map(|parent| parent.node().clone()).collect();
        stack.extend(parents.into_iter().rev());
    }
    Ok(sources)
}
