//! What a convolution computes of the layers that follow it, in predictions.

use super::arguments::EpilogueArguments;
use crate::activations::fused_activation;
use crate::normalization::BatchNormalization;
use crate::pooling::{FusedPooling, pooling_of};
use crate::spatial::channels_last;
use crate::{Context, Layer, Result};
use candle_core::{DType, Tensor};
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
    /// What `next` begins with, after a convolution of this input: poolings over `axes` axes, if any.
    pub(super) fn of(
        convolution: &EpilogueArguments,
        data_format: &str,
        x: &Tensor,
        axes: Option<usize>,
        next: &[&'a dyn Layer],
        ctx: &Context,
    ) -> Result<Option<Self>> {
        let Some(own) = convolution.activation.fused() else { return Ok(None) };
        let mut this = Self::default();
        if own == FusedActivation::Linear {
            let rank = x.rank();
            let channels = if channels_last(data_format)? { rank - 1 } else { 1 };
            let normalization = next.first().and_then(|next| (*next as &dyn Any).downcast_ref::<BatchNormalization>());
            this.normalization = normalization.filter(|layer| layer.is_constant(rank, channels, ctx));
            this.count += usize::from(this.normalization.is_some());
            this.activation = next.get(this.count).and_then(|next| fused_activation(*next));
            this.count += usize::from(this.activation.is_some());
        }
        if let (Some(axes), Some(next)) = (axes, next.get(this.count)) {
            // A global pooling is fused by the loops on the host alone, and not of one image, which one thread would compute then.
            let fits = x.device().is_cpu() && matches!(x.dtype(), DType::F32 | DType::F64) && x.dims()[0] > 1;
            this.pooling = pooling_of(*next, axes, data_format)?.filter(|pooling| fits || !pooling.global);
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

#[cfg(test)]
mod tests {
    use crate::{
        AveragePooling2D, Context, Conv1D, Conv2D, Conv3D, Dropout, GlobalAveragePooling1D, GlobalAveragePooling2D,
        GlobalAveragePooling3D, GlobalMaxPooling1D, GlobalMaxPooling2D, Layer, MaxPooling2D, run, run_together,
    };
    use candle_core::{DType, Device, Tensor};
    use candle_keras_ops::random::Stream;

    /// Layers behind a fused step draw the numbers that they draw behind the layers one by one.
    #[test]
    fn the_places_of_random_numbers_stay() {
        let (convolution, pooling, dropout) = (Conv2D::new(2, 3), MaxPooling2D::new(2), Dropout::new(0.5));
        let x = Tensor::ones((3, 12, 12, 1), DType::F32, &Device::Cpu).unwrap();
        crate::build(&convolution, &[x.dims().into()]).unwrap();
        let dropped = |ctx: &mut Context| {
            let ones = Tensor::ones((3, 50), DType::F32, &Device::Cpu).unwrap();
            let (y, _) = run(&dropout, &[ones], &[None], ctx).unwrap();
            y[0].to_vec2::<f32>().unwrap()
        };
        let context = || Context::new(true, false, Stream::new(1, 0));
        let (one_by_one, together) = (&mut context(), &mut context());
        let (y, _) = run(&convolution, std::slice::from_ref(&x), &[None], one_by_one).unwrap();
        run(&pooling, &y, &[None], one_by_one).unwrap();
        assert!(run_together(&convolution, &[&pooling], &[x], &[None], together).unwrap().is_some());
        assert_eq!(dropped(together), dropped(one_by_one));
    }

    /// Of each pooling that fits, the result is that of the two layers; a global one is not fused for one image.
    #[test]
    fn a_pooling_is_fused() {
        let first = "channels_first";
        type Case<'a> = (Box<dyn Layer>, Box<dyn Layer>, &'a [usize], bool);
        let cases: [Case; 8] = [
            (Box::new(Conv1D::new(16, 3)), Box::new(GlobalMaxPooling1D::new()), &[9, 4], true),
            (Box::new(Conv1D::new(4, 3)), Box::new(GlobalAveragePooling1D::new().keepdims(true)), &[9, 4], true),
            (Box::new(Conv2D::new(16, 3)), Box::new(GlobalAveragePooling2D::new()), &[12, 11, 3], true),
            (Box::new(Conv2D::new(5, 1)), Box::new(GlobalMaxPooling2D::new().keepdims(true)), &[6, 5, 3], true),
            (
                Box::new(Conv2D::new(5, 2).data_format(first)),
                Box::new(GlobalAveragePooling2D::new().keepdims(true).data_format(first)),
                &[3, 6, 5],
                true,
            ),
            (Box::new(Conv3D::new(5, 2)), Box::new(GlobalAveragePooling3D::new()), &[4, 3, 5, 2], true),
            (Box::new(Conv2D::new(5, 2)), Box::new(MaxPooling2D::new(2)), &[7, 5, 2], false),
            (Box::new(Conv2D::new(5, 2)), Box::new(AveragePooling2D::new(3)), &[7, 5, 2], false),
        ];
        for (convolution, pooling, shape, global) in cases {
            let images = |batch: usize| Tensor::rand(-1f32, 1., [&[batch], shape].concat(), &Device::Cpu).unwrap();
            let ctx = &mut Context::inference();
            let (x, one) = (images(3), images(1));
            crate::build(&*convolution, &[x.dims().into()]).unwrap();
            let (y, _) = run(&*convolution, std::slice::from_ref(&x), &[None], ctx).unwrap();
            crate::build(&*pooling, &[y[0].dims().into()]).unwrap();
            let (expected, _) = run(&*pooling, &y, &[None], ctx).unwrap();
            let mut together = |x: Tensor| run_together(&*convolution, &[&*pooling], &[x], &[None], ctx).unwrap();
            let ((found, _), count) = together(x).unwrap();
            assert_eq!((found[0].dims(), count), (expected[0].dims(), 1));
            let apart = (&found[0] - &expected[0]).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
            assert!(apart.to_scalar::<f32>().unwrap() < 1e-6, "{}", pooling.class_name());
            assert_eq!(together(one).is_none(), global, "{}", pooling.class_name());
        }
    }
}
