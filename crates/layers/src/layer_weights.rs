//! The weights of a layer and its sublayers: what [`Layer`]'s methods of the same names do.

use crate::variable::Variable;
use crate::{Base, Context, Layer, Lora, WeightSet};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use hashbrown::HashSet;

pub(crate) fn weight(base: &Base, name: &str, ctx: &Context) -> Result<Tensor> {
    let variable = base.variable(name)?;
    match (ctx.replaced(&variable), base.adaptation_of(&variable)) {
        (Some(value), _) => value,
        (None, Some(adaptation)) => adaptation.value(ctx),
        (None, None) if ctx.tracks(&variable) => Ok(variable.tracked()),
        (None, None) => Ok(variable.value()),
    }
}

pub(crate) fn variables(layer: &dyn Layer) -> Vec<Variable> {
    let (states, mut variables): (Vec<_>, Vec<_>) = layer.base().variables().into_iter().partition(Variable::is_state);
    variables.extend(states);
    variables.extend(layer.sublayers().iter().flat_map(|layer| layer.variables()));
    let mut seen = HashSet::new();
    variables.retain(|variable| seen.insert(variable.id()));
    variables
}

pub(crate) fn trainable_variables(layer: &dyn Layer) -> Vec<Variable> {
    if !layer.base().is_trainable() {
        return Vec::new();
    }
    layer.variables().into_iter().filter(Variable::is_trainable).collect()
}

pub(crate) fn penalties(layer: &dyn Layer) -> Result<Vec<Tensor>> {
    layer.trainable_variables().iter().filter_map(|variable| variable.penalty().transpose()).collect()
}

pub(crate) fn set_trainable(layer: &dyn Layer, trainable: bool) {
    layer.base().set_trainable(trainable);
    layer.sublayers().iter().for_each(|layer| layer.set_trainable(trainable));
}

pub(crate) fn enable_lora(layer: &dyn Layer, lora: &Lora) -> Result<()> {
    layer.base().enable_lora(lora).map_err(|error| error.in_layer(layer.layer_name(), layer.class_name()))
}

pub(crate) fn get_weights(layer: &dyn Layer) -> Result<Vec<Tensor>> {
    let variables = layer.variables();
    let copies = || variables.iter().map(|variable| Ok(variable.value().copy()?)).collect();
    WeightSet::new(variables.clone()).read(copies)
}

pub(crate) fn set_weights(layer: &dyn Layer, weights: &[Tensor]) -> Result<()> {
    let variables = layer.variables();
    if variables.is_empty() && !weights.is_empty() && layer.base().built().is_none() {
        return Err(Error::new("the layer has no weights yet")
            .help("weights are made when the layer is first called: call it on an input, or build the model, first")
            .in_layer(layer.layer_name(), layer.class_name()));
    }
    if variables.len() != weights.len() {
        return Err(Error::new("set_weights needs one tensor for each weight")
            .expected(format!("{} tensors", variables.len()))
            .received(format!("{} tensors", weights.len()))
            .in_layer(layer.layer_name(), layer.class_name()));
    }
    let assign = |(variable, value): (&Variable, &Tensor)| variable.assign(value);
    let assigned = WeightSet::new(variables.clone()).write(|| variables.iter().zip(weights).try_for_each(assign));
    assigned.map_err(|error| error.in_layer(layer.layer_name(), layer.class_name()))
}

pub(crate) fn reset_states(layer: &dyn Layer) -> Result<()> {
    layer.base().states().iter().try_for_each(|state| state.assign(&state.value().zeros_like()?))?;
    layer.sublayers().iter().try_for_each(|layer| layer.reset_states())
}

pub(crate) fn count_params(layer: &dyn Layer) -> usize {
    layer.variables().iter().map(Variable::elem_count).sum()
}
