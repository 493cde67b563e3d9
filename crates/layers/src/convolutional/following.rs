//! What a convolution computes of the layers that follow it, in predictions.

use super::arguments::EpilogueArguments;
use crate::activations::fused_activation;
use crate::normalization::BatchNormalization;
use crate::pooling::{FusedPooling, pooling_of};
use crate::spatial::channels_last;
use crate::{Context, Layer, Result};
use candle_core::Tensor;
use candle_keras_ops::FusedActivation;
use std::any::Any;

/// A normalization by moving averages, an activation and a pooling, in this order, each if it is there.
#[derive(Default)]
pub(super) struct Following<'a> {
    normalization: Option<&'a BatchNormalization>,
    /// In place of that of the convolution, which is linear.
    pub(super) activation: Option<FusedActivation>,
    pub(super) pooling: Option<FusedPooling>,
    /// How many layers these are.
    pub(super) count: usize,
}

impl<'a> Following<'a> {
    /// What `next` begins with, after a convolution of an input of this rank: poolings over `axes` axes, if any.
    pub(super) fn of(
        convolution: &EpilogueArguments,
        data_format: &str,
        rank: usize,
        axes: Option<usize>,
        next: &[&'a dyn Layer],
        ctx: &Context,
    ) -> Result<Option<Self>> {
        let Some(own) = convolution.activation.fused() else { return Ok(None) };
        let mut this = Self::default();
        if own == FusedActivation::Linear {
            let channels = if channels_last(data_format)? { rank - 1 } else { 1 };
            let normalization = next.first().and_then(|next| (*next as &dyn Any).downcast_ref::<BatchNormalization>());
            this.normalization = normalization.filter(|layer| layer.is_constant(rank, channels, ctx));
            this.count += usize::from(this.normalization.is_some());
            this.activation = next.get(this.count).and_then(|next| fused_activation(*next));
            this.count += usize::from(this.activation.is_some());
        }
        if let (Some(axes), Some(next)) = (axes, next.get(this.count)) {
            this.pooling = pooling_of(*next, axes, data_format)?;
            this.count += usize::from(this.pooling.is_some());
        }
        Ok((this.count > 0).then_some(this))
    }

    /// The kernel and the bias of the convolution, with the normalization in them.
    pub(super) fn normalized(
        &self,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        ctx: &Context,
    ) -> Result<(Tensor, Option<Tensor>)> {
        match self.normalization {
            None => Ok((kernel.clone(), bias.cloned())),
            Some(layer) => layer.of_convolution(kernel, bias, ctx).map(|(kernel, bias)| (kernel, Some(bias))),
        }
    }
}
