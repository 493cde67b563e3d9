//! What a layer is called on: symbolic tensors, or tensors.

use crate::call::CallArguments;
use crate::layer::{Layer, build, run_with};
use crate::symbolic::{KerasTensor, NodeOutput, call_for, wrong_count};
use crate::{Context, Shape, TensorSpec, WeightSet};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result, Tape, random, string_tensor, to_device};
use std::borrow::Cow;
use std::cell::RefCell;
use std::panic::Location;
use std::sync::Arc;

/// One tensor or several that a layer is called on: all symbolic, or all with data. A model is called on tensors by the names of its inputs, too:
/// `model.call([("title", &title), ("body", &body)])`.
pub trait CallInputs: Sized {
    /// The kind of tensors.
    type Tensor: Callable;

    /// The tensors.
    fn into_tensors(self) -> Vec<Self::Tensor>;

    /// The tensors with their names.
    fn into_named(self) -> NamedInputs<Self::Tensor> {
        NamedInputs { tensors: self.into_tensors(), names: None }
    }
}

/// The inputs of a call, which may have names.
#[derive(Debug, Clone)]
pub struct NamedInputs<T> {
    tensors: Vec<T>,
    names: Option<Vec<String>>,
}

impl<T> NamedInputs<T> {
    /// The tensors in the order in which the layer takes them.
    fn in_order(self, layer: &dyn Layer) -> Result<Vec<T>> {
        let Some(names) = self.names else { return Ok(self.tensors) };
        let keys = layer.input_keys();
        let mut ordered: Vec<Option<T>> = keys.iter().map(|_| None).collect();
        for (name, tensor) in names.iter().zip(self.tensors) {
            let Some(place) = keys.iter().position(|key| key == name) else {
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                return Err(match keys[..] {
                    [] => Error::new("only a model is called on tensors by name").received(format!("{names:?}")),
                    _ => Error::unknown("input", name, &keys),
                });
            };
            if ordered[place].replace(tensor).is_some() {
                return Err(Error::new("each input has its own name").received(format!("{name:?} twice")));
            }
        }
        let missing = |(key, tensor): (&String, Option<T>)| {
            tensor.ok_or_else(|| Error::new(format!("the input {key:?} is missing")).received(format!("{names:?}")))
        };
        keys.iter().zip(ordered).map(missing).collect()
    }
}

/// A type of tensors that layers can be called on.
pub trait Callable: Sized {
    /// The result of a call: a symbolic tensor, or a computed one.
    type Output;
    /// The same for `N` outputs.
    type Outputs<const N: usize>;

    /// Calls a layer with `N` outputs.
    fn call<const N: usize>(
        layer: Arc<dyn Layer>,
        inputs: NamedInputs<Self>,
        arguments: CallArguments<Self>,
        location: &'static Location<'static>,
    ) -> Self::Outputs<N>;

    /// The one output.
    fn one(outputs: Self::Outputs<1>) -> Self::Output;
}

impl Callable for KerasTensor {
    type Output = Self;
    type Outputs<const N: usize> = [Self; N];

    fn call<const N: usize>(
        layer: Arc<dyn Layer>,
        inputs: NamedInputs<Self>,
        arguments: CallArguments<Self>,
        location: &'static Location<'static>,
    ) -> [Self; N] {
        let inputs = inputs.in_order(&*layer).map_err(|error| named(&*layer, error));
        call_for(layer, inputs.map(Into::into), arguments, location)
    }

    fn one([output]: [Self; 1]) -> Self {
        output
    }
}

impl Callable for Tensor {
    type Output = Result<Self>;
    type Outputs<const N: usize> = Result<[Self; N]>;

    fn call<const N: usize>(
        layer: Arc<dyn Layer>,
        inputs: NamedInputs<Self>,
        arguments: CallArguments<Self>,
        _: &'static Location<'static>,
    ) -> Result<[Self; N]> {
        let inputs = inputs.in_order(&*layer).map_err(|error| named(&*layer, error))?;
        let outputs = call_now(&*layer, &inputs, arguments)?;
        <[Self; N]>::try_from(outputs).map_err(|outputs| wrong_count(&*layer, outputs.len(), N))
    }

    fn one(outputs: Result<[Self; 1]>) -> Result<Self> {
        outputs.map(|[output]| output)
    }
}

macro_rules! inputs {
    ($($tensor:ty),*) => {$(
        impl CallInputs for $tensor {
            type Tensor = $tensor;

            fn into_tensors(self) -> Vec<$tensor> {
                vec![self]
            }
        }

        impl CallInputs for &$tensor {
            type Tensor = $tensor;

            fn into_tensors(self) -> Vec<$tensor> {
                vec![self.clone()]
            }
        }

        impl<const N: usize> CallInputs for [$tensor; N] {
            type Tensor = $tensor;

            fn into_tensors(self) -> Vec<$tensor> {
                self.into()
            }
        }

        impl<const N: usize> CallInputs for [&$tensor; N] {
            type Tensor = $tensor;

            fn into_tensors(self) -> Vec<$tensor> {
                self.into_iter().cloned().collect()
            }
        }

        impl<const N: usize> CallInputs for [(&str, &$tensor); N] {
            type Tensor = $tensor;

            fn into_tensors(self) -> Vec<$tensor> {
                self.into_iter().map(|(_, tensor)| tensor.clone()).collect()
            }

            fn into_named(self) -> NamedInputs<$tensor> {
                let names = self.iter().map(|(name, _)| (*name).to_string()).collect();
                NamedInputs { names: Some(names), tensors: self.into_tensors() }
            }
        }

        impl CallInputs for Vec<$tensor> {
            type Tensor = $tensor;

            fn into_tensors(self) -> Vec<$tensor> {
                self
            }
        }

        impl CallInputs for &[$tensor] {
            type Tensor = $tensor;

            fn into_tensors(self) -> Vec<$tensor> {
                self.to_vec()
            }
        }

        impl CallInputs for &Vec<$tensor> {
            type Tensor = $tensor;

            fn into_tensors(self) -> Vec<$tensor> {
                self.clone()
            }
        }
    )*};
}

inputs!(KerasTensor, Tensor);

/// Strings that a layer for text is called on: `layer.call(["to be", "or"])`.
#[derive(Debug, Clone)]
pub struct Strings(Vec<String>);

impl Strings {
    fn tensor(&self) -> Result<Tensor> {
        string_tensor(&self.0, &[self.0.len()])
    }
}

impl Callable for Strings {
    type Output = Result<Tensor>;
    type Outputs<const N: usize> = Result<[Tensor; N]>;

    fn call<const N: usize>(
        layer: Arc<dyn Layer>,
        inputs: NamedInputs<Self>,
        arguments: CallArguments<Self>,
        location: &'static Location<'static>,
    ) -> Result<[Tensor; N]> {
        // Whether the layer takes text at all: to the layer, strings are a tensor of bytes.
        let specs = inputs.tensors.iter().map(|strings| TensorSpec::strings([strings.0.len()]));
        layer
            .compute_output_spec(&specs.collect::<Vec<_>>(), &CallArguments::new())
            .map_err(|error| named(&*layer, error))?;
        let tensors = inputs.tensors.iter().map(Self::tensor).collect::<Result<_>>()?;
        let inputs = NamedInputs { tensors, names: inputs.names };
        let arguments = arguments.map(Self::tensor)?;
        <Tensor as Callable>::call(layer, inputs, arguments, location)
    }

    fn one(outputs: Result<[Tensor; 1]>) -> Result<Tensor> {
        outputs.map(|[output]| output)
    }
}

macro_rules! strings {
    ($([$($generics:tt)*] $list:ty;)*) => {$(
        impl<$($generics)*> CallInputs for $list {
            type Tensor = Strings;

            fn into_tensors(self) -> Vec<Strings> {
                vec![Strings(self.iter().map(|string| string.to_string()).collect())]
            }
        }
    )*};
}

strings! {
    [const N: usize] [&str; N]; [] Vec<&str>; [] Vec<String>; [] &[&str]; [] &[String]; [] &Vec<&str>; [] &Vec<String>;
}

impl CallInputs for &NodeOutput {
    type Tensor = KerasTensor;

    fn into_tensors(self) -> Vec<KerasTensor> {
        vec![self.into()]
    }
}

thread_local! {
    /// The losses that layers add while a [`GradientTape`](crate::GradientTape) of this thread records.
    static LOSSES: RefCell<Option<Vec<Tensor>>> = const { RefCell::new(None) };
}

/// Replaces the list to which layers add losses; returns the one before.
pub(crate) fn replace_losses(losses: Option<Vec<Tensor>>) -> Option<Vec<Tensor>> {
    LOSSES.replace(losses)
}

/// The losses that were added to the list of this thread.
pub(crate) fn losses() -> Vec<Tensor> {
    LOSSES.with_borrow(|losses| losses.clone().unwrap_or_default())
}

fn named(layer: &dyn Layer, error: Error) -> Error {
    error.within_layer(layer.layer_name(), layer.class_name())
}

/// The outputs of a layer for tensors, which are moved to where its weights are. Gradients flow if a tape records; states change at once.
fn call_now(layer: &dyn Layer, inputs: &[Tensor], arguments: CallArguments<Tensor>) -> Result<Vec<Tensor>> {
    let shape =
        |x: &Tensor| -> Shape { std::iter::once(None).chain(x.dims().iter().skip(1).copied().map(Some)).collect() };
    arguments.check(layer.call_arguments()).map_err(|error| named(layer, error))?;
    build(layer, &inputs.iter().map(shape).collect::<Vec<_>>())?;
    let (before, random) = (layer.base().called_on_data(), random::next_stream());
    // A layer with a seed draws anew in each call: by the number of the call, or of the element that a dataset maps, on whatever thread.
    let step = if random::is_scoped() { random.clone().next_u64() } else { before };
    let mut ctx = Context::eager(Tape::is_recording(), random).at_step(step);
    let weights = if WeightSet::is_held() { WeightSet::default() } else { WeightSet::new(layer.variables()) };
    let (inputs, arguments) = match weights.device() {
        Some(device) => {
            let there = |x: &Tensor| to_device(x, &device);
            (Cow::Owned(inputs.iter().map(there).collect::<Result<Vec<_>>>()?), arguments.map(there)?)
        }
        None => (Cow::Borrowed(inputs), arguments),
    };
    let (outputs, _) = weights.read(|| run_with(layer, &inputs, &[], arguments, &mut ctx))?;
    if ctx.has_updates() {
        weights.write(|| ctx.commit())?;
    }
    let added = ctx.take_losses();
    LOSSES.with_borrow_mut(|losses| {
        if let Some(losses) = losses {
            losses.extend(added);
        }
    });
    Ok(outputs)
}
