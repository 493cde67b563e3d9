//! What the elementwise merging layers share: shapes, ranks and masks. Keras: `keras/src/layers/merging/base_merge.py`.

use crate::Shape;
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Result};

/// The shape of an elementwise function of inputs of these shapes: sizes of 1 broadcast, shapes are aligned at the end.
pub(super) fn merged_shape(inputs: &[Shape]) -> Result<Vec<Shape>> {
    let incompatible = || {
        let shapes: Vec<_> = inputs.iter().map(Shape::to_string).collect();
        Error::new("the inputs cannot be merged")
            .expected("equal sizes, or sizes of 1")
            .received(format!("shapes {}", shapes.join(" and ")))
    };
    let mut merged: Vec<Option<usize>> = inputs.first().map(|shape| shape[1..].to_vec()).unwrap_or_default();
    for shape in &inputs[1..] {
        let (mut long, mut short) = (merged, shape[1..].to_vec());
        if long.len() < short.len() {
            std::mem::swap(&mut long, &mut short);
        }
        let offset = long.len() - short.len();
        for (a, &b) in long[offset..].iter_mut().zip(&short) {
            *a = match (*a, b) {
                (None, _) | (_, None) => None,
                (Some(1), other) | (other, Some(1)) => other,
                (Some(a), Some(b)) if a == b => Some(a),
                _ => return Err(incompatible()),
            };
        }
        merged = long;
    }
    let mut batches: Vec<_> = inputs.iter().filter_map(|shape| shape[0]).collect();
    batches.dedup();
    match batches.as_slice() {
        [] => Ok(vec![std::iter::once(None).chain(merged).collect()]),
        [batch] => Ok(vec![std::iter::once(Some(*batch)).chain(merged).collect()]),
        _ => Err(incompatible()),
    }
}

/// The inputs with the same rank: axes of size 1 are inserted after the batch axis.
pub(super) fn aligned(inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let rank = inputs.iter().map(Tensor::rank).max().unwrap_or(0);
    let align = |x: &Tensor| (x.rank()..rank).try_fold(x.clone(), |x, _| x.unsqueeze(1));
    Ok(inputs.iter().map(align).collect::<candle_core::Result<_>>()?)
}

/// The mask of the output: a step counts if it counts in any input; an input without a mask counts everywhere.
pub(super) fn merged_mask(masks: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
    let Some(masks) = masks.iter().cloned().collect::<Option<Vec<_>>>() else { return Ok(vec![None]) };
    let any = masks.iter().skip(1).try_fold(masks[0].clone(), |a, b| a.broadcast_maximum(b))?;
    Ok(vec![Some(any)])
}

/// Merges with `merge`; a masked element takes the value of the other operand.
pub(super) fn merged_where_masked(
    inputs: &[Tensor],
    masks: &[Option<Tensor>],
    merge: fn(&Tensor, &Tensor) -> candle_core::Result<Tensor>,
) -> Result<Tensor> {
    let element_mask =
        |x: &Tensor, mask: Option<&Tensor>| mask.map(|mask| ops::expand_dims(mask, -1)?.broadcast_as(x.shape()));
    let mut merged = inputs[0].clone();
    let mut merged_mask = element_mask(&merged, masks.first().and_then(Option::as_ref)).transpose()?;
    for (i, x) in inputs.iter().enumerate().skip(1) {
        let mask = element_mask(x, masks.get(i).and_then(Option::as_ref)).transpose()?;
        let x = mask.as_ref().map_or_else(|| Ok(x.clone()), |mask| ops::where_(mask, x, &merged))?;
        if let Some(merged_mask) = &merged_mask {
            merged = ops::where_(merged_mask, &merged, &x)?;
        }
        merged_mask = match (merged_mask, mask) {
            (Some(a), Some(b)) => Some(a.broadcast_maximum(&b)?),
            _ => None,
        };
        merged = merge(&merged, &x)?;
    }
    Ok(merged)
}

/// Defines an elementwise merging layer: its documentation, its name, how many inputs it takes, and its function of inputs and masks.
macro_rules! merge_layer {
    ($(#[$doc:meta])* $name:ident, $count:expr, $merge:expr) => {
        $crate::layer! {
            $(#[$doc])*
            pub struct $name() {}
        }

        impl $crate::Layer for $name {
            fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
                let count: std::ops::RangeInclusive<usize> = $count;
                if !count.contains(&inputs.len()) {
                    let expected = if count.end() == count.start() { "exactly" } else { "at least" };
                    return Err(candle_keras_ops::Error::new("the layer merges several inputs")
                        .expected(format!("{expected} {}", count.start()))
                        .received(inputs.len().to_string()));
                }
                $crate::merging::base_merge::merged_shape(inputs)
            }

            fn forward(
                &self,
                inputs: &[candle_core::Tensor],
                ctx: &mut $crate::Context,
            ) -> $crate::Result<Vec<candle_core::Tensor>> {
                let inputs = $crate::merging::base_merge::aligned(inputs)?;
                let merge: fn(
                    &[candle_core::Tensor],
                    &[Option<candle_core::Tensor>],
                ) -> $crate::Result<candle_core::Tensor> = $merge;
                Ok(vec![merge(&inputs, ctx.masks())?])
            }

            fn supports_masking(&self) -> bool {
                true
            }

            fn compute_mask(
                &self,
                _: &[candle_core::Tensor],
                masks: &[Option<candle_core::Tensor>],
            ) -> $crate::Result<Vec<Option<candle_core::Tensor>>> {
                $crate::merging::base_merge::merged_mask(masks)
            }
        }

        #[cfg(test)]
        mod tests {
            use super::*;
            use $crate::{Check, Input, Layer, check_layer};

            #[test]
            fn behaves_as_every_layer_must() {
                check_layer($name::new, Check::inputs([[2, 3], [2, 3]]).output([2, 3]));
                check_layer($name::new, Check::inputs([[2, 4, 3], [2, 1, 3]]).output([2, 4, 3]));
                let (a, b) = (Input::shape([3]), Input::shape([4]));
                let error = $name::new().call([&a, &b]).shape().unwrap_err().to_string();
                assert!(error.contains("shapes (None, 3) and (None, 4)"), "{error}");
            }
        }
    };
}
pub(super) use merge_layer;

/// `f(f(f(a, b), c), d)`.
pub(super) fn fold(
    inputs: &[Tensor],
    f: fn(&Tensor, &Tensor) -> candle_core::Result<Tensor>,
) -> candle_core::Result<Tensor> {
    inputs.iter().skip(1).try_fold(inputs[0].clone(), |a, b| f(&a, b))
}
