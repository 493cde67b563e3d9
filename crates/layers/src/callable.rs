//! What a layer is called on: symbolic tensors, or tensors.

use crate::call::CallArguments;
use crate::layer::{Layer, build, run_with};
use crate::symbolic::{KerasTensor, NodeOutput, call_for, wrong_count};
use crate::{Context, Shape, WeightSet};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result, Tape, random};
use std::cell::RefCell;
use std::panic::Location;
use std::sync::Arc;

/// One tensor or several that a layer is called on: all symbolic, or all with data.
pub trait CallInputs {
    /// The kind of tensors.
    type Tensor: Callable;

    /// The tensors.
    fn into_tensors(self) -> Vec<Self::Tensor>;
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
        inputs: Vec<Self>,
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
        inputs: Vec<Self>,
        arguments: CallArguments<Self>,
        location: &'static Location<'static>,
    ) -> [Self; N] {
        call_for(layer, &inputs.into(), arguments, location)
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
        inputs: Vec<Self>,
        arguments: CallArguments<Self>,
        _: &'static Location<'static>,
    ) -> Result<[Self; N]> {
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

/// The outputs of a layer for tensors. Gradients flow if a tape records; states change at once.
fn call_now(layer: &dyn Layer, inputs: &[Tensor], arguments: CallArguments<Tensor>) -> Result<Vec<Tensor>> {
    let shape =
        |x: &Tensor| -> Shape { std::iter::once(None).chain(x.dims().iter().skip(1).copied().map(Some)).collect() };
    let named = |error: Error| error.within_layer(layer.layer_name(), layer.class_name());
    arguments.check(layer.call_arguments()).map_err(named)?;
    build(layer, &inputs.iter().map(shape).collect::<Vec<_>>())?;
    layer.base().called_on_data();
    let mut ctx = Context::eager(Tape::is_recording(), random::next_stream());
    let weights = if WeightSet::is_held() { WeightSet::default() } else { WeightSet::new(layer.variables()) };
    let (outputs, _) = weights.read(|| run_with(layer, inputs, &[], arguments, &mut ctx))?;
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
