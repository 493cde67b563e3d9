//! Common to Attention and AdditiveAttention: everything but the scores.

use crate::call::CallArguments;
use crate::spatial::fraction;
use crate::{Context, Layer, Shape, TensorSpec};
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use candle_keras_ops::{self as ops, Error, Result};

/// An attention without projections.
pub(super) trait BaseAttention: Layer {
    /// The scores, `(batch, queries, keys)`, of `(batch, queries, features)` and `(batch, keys, features)`.
    fn scores(&self, query: &Tensor, key: &Tensor, ctx: &Context) -> Result<Tensor>;

    /// The share of the weights that is dropped in training, and the seed.
    fn dropout(&self) -> (f64, Option<u64>);

    /// The output for a query, a key and a value, if there is one op for it.
    fn fused(&self, _: [&Tensor; 3], _: ops::Attention, _: &Context, _: &mut Stream) -> Result<Option<Tensor>> {
        Ok(None)
    }
}

/// The methods of [`Layer`] that both have.
macro_rules! base_attention {
    () => {
        fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
            super::base_attention::output_shape(inputs).map(|shape| vec![shape])
        }

        fn compute_output_spec(
            &self,
            inputs: &[$crate::TensorSpec],
            arguments: &$crate::CallArguments<$crate::TensorSpec>,
        ) -> $crate::Result<Vec<$crate::TensorSpec>> {
            super::base_attention::output_specs(self, inputs, arguments)
        }

        fn forward(
            &self,
            inputs: &[candle_core::Tensor],
            ctx: &mut $crate::Context,
        ) -> $crate::Result<Vec<candle_core::Tensor>> {
            super::base_attention::forward(self, inputs, ctx)
        }

        fn call_arguments(&self) -> &[&str] {
            &["return_attention_scores", "use_causal_mask"]
        }

        fn supports_masking(&self) -> bool {
            true
        }
    };
}
pub(super) use base_attention;

pub(super) fn output_shape(inputs: &[Shape]) -> Result<Shape> {
    let list = || inputs.iter().map(Shape::to_string).collect::<Vec<_>>().join(" and ");
    let ([query, value] | [query, value, _]) = inputs else {
        return Err(Error::new("the layer is called on [query, value] or [query, value, key]")
            .received(format!("{} inputs", inputs.len()))
            .help("for self-attention, call it on [&x, &x]"));
    };
    let key = inputs.get(2).unwrap_or(value);
    let rank = query.len();
    let same = |a: Option<usize>, b: Option<usize>| a.zip(b).is_none_or(|(a, b)| a == b);
    let fits = rank >= 2
        && value.len() == rank
        && key.len() == rank
        && (1..rank - 2).all(|i| same(query[i], value[i]) && same(query[i], key[i]))
        && same(value[rank - 2], key[rank - 2])
        && same(query[rank - 1], key[rank - 1]);
    if !fits {
        return Err(Error::new("query, value and key do not match")
            .expected("(batch, queries, features), (batch, keys, width) and (batch, keys, features)")
            .received(list())
            .help("without a key, the value is the key, and needs the features of the query"));
    }
    Ok(query[..rank - 1].iter().copied().chain([value[rank - 1]]).collect())
}

pub(super) fn output_specs(
    layer: &dyn Layer,
    inputs: &[TensorSpec],
    arguments: &CallArguments<TensorSpec>,
) -> Result<Vec<TensorSpec>> {
    let shapes: Vec<_> = inputs.iter().map(|input| input.shape.clone()).collect();
    let mut outputs = vec![output_shape(&shapes)?];
    if arguments.flag("return_attention_scores")? == Some(true) {
        let (query, key) = (&shapes[0], &shapes[shapes.len() - 1]);
        let last = query.len() - 1;
        outputs.push(query[..last].iter().copied().chain([key[last - 1]]).collect());
    }
    let dtype = layer.base().compute_dtype();
    Ok(outputs.into_iter().map(|shape| TensorSpec::new(shape, dtype)).collect())
}

pub(super) fn check_dropout(layer: &dyn BaseAttention) -> Result<()> {
    fraction("dropout", layer.dropout().0)
}

pub(super) fn forward(layer: &dyn BaseAttention, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
    output_shape(&inputs.iter().map(|x| x.dims().into()).collect::<Vec<Shape>>())?;
    let (query, value, rank) = (&inputs[0], &inputs[1], inputs[0].rank());
    if rank > 3 && ctx.masks().iter().any(Option::is_some) {
        return Err(Error::new("masks are for inputs of three axes").received(format!("{:?}", query.dims())));
    }
    // One sample at a time, and one more axis where the samples themselves are the steps.
    let fold = |x: &Tensor| match x.rank() {
        2 => x.unsqueeze(0),
        3 => Ok(x.clone()),
        rank => x.flatten(0, rank - 3),
    };
    let of_steps = |mask: &Tensor| if rank == 2 { mask.unsqueeze(0) } else { Ok(mask.clone()) };
    let (q, k, v) = (fold(query)?, fold(inputs.get(2).unwrap_or(value))?, fold(value)?);
    let mask = ctx.mask(1).map(|mask| of_steps(mask)?.unsqueeze(1)).transpose()?;
    let (dropout, seed) = layer.dropout();
    let by = ops::Attention {
        mask: mask.as_ref(),
        causal: ctx.flag("use_causal_mask")?,
        without_keys: ops::WithoutKeys::AllAlikeWithGradients,
        scale: 1.0,
        dropout: if ctx.is_training() { dropout } else { 0.0 },
        ..ops::Attention::default()
    };
    let with_scores = ctx.flag("return_attention_scores")?;
    let mut random = ctx.random(seed);
    let fused = if with_scores { None } else { layer.fused([&q, &k, &v], by, ctx, &mut random)? };
    let (mut output, weights) = match fused {
        Some(output) => (output, None),
        None => {
            let scores = layer.scores(&q, &k, ctx)?.unsqueeze(1)?;
            let mut weights = ops::masked_softmax(&scores, by)?.squeeze(1)?;
            if by.dropout > 0.0 {
                weights = ops::dropout(&weights, by.dropout, &mut random)?;
            }
            (ops::matmul(&weights, &v)?, with_scores.then_some(weights))
        }
    };
    // Queries that are masked themselves give zeros.
    if let Some(mask) = ctx.mask(0) {
        let zero = Tensor::zeros((1, 1, 1), output.dtype(), output.device())?;
        output = ops::where_(&of_steps(mask)?.unsqueeze(2)?, &output, &zero)?;
    }
    let unfold = |x: Tensor| match rank {
        2 => x.squeeze(0),
        3 => Ok(x),
        _ => x.reshape([&query.dims()[..rank - 2], &x.dims()[1..]].concat()),
    };
    Ok([Some(output), weights].into_iter().flatten().map(unfold).collect::<candle_core::Result<_>>()?)
}
