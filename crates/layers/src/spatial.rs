//! Common to layers over sequences, images and volumes: the data format, and how windows move.

use crate::{Build, Context, Layer, Shape, Sizes};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Axis, Error, Padding, Result};
use std::array;

/// Whether the channels are the last axis, and not the one after the batch.
pub(crate) fn channels_last(data_format: &str) -> Result<bool> {
    match data_format {
        "channels_last" => Ok(true),
        "channels_first" => Ok(false),
        other => Err(Error::unknown("data_format", other, &["channels_last", "channels_first"])),
    }
}

/// The padding of this name, case-insensitive as in Keras.
pub(crate) fn padding(name: &str, causal: bool) -> Result<Padding> {
    match name.to_lowercase().as_str() {
        "valid" => Ok(Padding::Valid),
        "same" => Ok(Padding::Same),
        "causal" if causal => Ok(Padding::Causal),
        other => Err(Error::unknown("padding", other, &["valid", "same", "causal"][..if causal { 3 } else { 2 }])),
    }
}

/// The sizes of the axes between the batch and the channels, and the channels, of a shape with `N` such axes.
pub(crate) fn spatial<const N: usize>(input: &Shape, data_format: &str) -> Result<([Option<usize>; N], Option<usize>)> {
    let last = channels_last(data_format)?;
    let sizes = (input.len() == N + 2).then(|| &input[if last { 1 } else { 2 }..][..N]);
    match sizes.and_then(|sizes| sizes.try_into().ok()) {
        Some(sizes) => Ok((sizes, input[if last { N + 1 } else { 1 }])),
        None => {
            let axes = ["steps", "height, width", "depth, height, width"][N.clamp(1, 3) - 1];
            Err(Error::new(format!("the layer takes inputs with {} axes", N + 2))
                .expected(if last {
                    format!("(batch, {axes}, channels)")
                } else {
                    format!("(batch, channels, {axes})")
                })
                .received(format!("an input of shape {input}")))
        }
    }
}

/// A shape with these sizes between the batch and the channels.
pub(crate) fn with_spatial<const N: usize>(
    batch: Option<usize>,
    sizes: [Option<usize>; N],
    channels: Option<usize>,
    data_format: &str,
) -> Result<Shape> {
    let batch = std::iter::once(batch);
    Ok(match channels_last(data_format)? {
        true => batch.chain(sizes).chain([channels]).collect(),
        false => batch.chain([channels]).chain(sizes).collect(),
    })
}

/// The windows over `N` axes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows<const N: usize> {
    /// Their size.
    pub(crate) size: Sizes<N>,
    /// The stride.
    pub(crate) strides: Sizes<N>,
    /// The dilation.
    pub(crate) dilation: Sizes<N>,
}

impl<const N: usize> Windows<N> {
    /// The windows over the axes of a tensor with its channels last.
    pub(crate) fn axes(&self, dims: &[usize], padding: Padding) -> [Axis; N] {
        let Self { size, strides, dilation } = self;
        array::from_fn(|i| Axis::new(dims[i + 1], size.0[i], strides.0[i], dilation.0[i], padding))
    }

    /// The number of windows along each axis.
    pub(crate) fn count(&self, mut sizes: [Option<usize>; N], padding: Padding) -> Result<[Option<usize>; N]> {
        for (i, size) in sizes.iter_mut().enumerate() {
            let (window, dilation) = (self.size.0[i], self.dilation.0[i]);
            let Some(input) = *size else { continue };
            *size = match Axis::new(input, window, self.strides.0[i], dilation, padding).output {
                0 => {
                    let reach = (window.max(1) - 1).saturating_mul(dilation).saturating_add(1);
                    return Err(Error::new("a window is larger than the input")
                        .expected(format!("at least {reach} elements along the axis"))
                        .received(input.to_string())
                        .help("padding(\"same\") puts zeros around the input"));
                }
                count => Some(count),
            };
        }
        Ok(sizes)
    }

    /// An error if a size is 0; `size` is the layer's name for that of the window.
    pub(crate) fn check(&self, size: &str) -> Result<()> {
        positive(size, &self.size.0)?;
        positive("strides", &self.strides.0)?;
        positive("dilation_rate", &self.dilation.0)
    }
}

/// A layer over the axes between the batch and the channels, for any number of these axes.
pub(crate) trait SpatialLayer {
    /// The shape of the output.
    fn output_shape(&self, input: &Shape) -> Result<Shape>;

    /// Adds the weights.
    fn build(&self, _: &Shape, _: &mut Build) -> Result<()> {
        Ok(())
    }

    /// Computes the output; `layer` has the weights.
    fn forward(&self, layer: &dyn Layer, x: &Tensor, ctx: &mut Context) -> Result<Tensor>;

    /// Computes it together with the next layers, if that is faster: as [`Layer::forward_with`].
    fn forward_with(
        &self,
        _: &dyn Layer,
        _: &[&dyn Layer],
        _: &Tensor,
        _: &mut Context,
    ) -> Result<Option<(Tensor, usize)>> {
        Ok(None)
    }
}

/// The one input, whose shape fits: rank and sizes may have been unknown when the model was made.
pub(crate) fn fitting<'a>(layer: &impl SpatialLayer, inputs: &'a [Tensor]) -> Result<&'a Tensor> {
    let x = crate::single(inputs)?;
    layer.output_shape(&x.dims().into()).map(|_| x)
}

/// `impl Layer` for a class, by its [`SpatialLayer`].
macro_rules! spatial_layer {
    ($class:ident, |$layer:ident| $what:expr) => {
        impl $crate::Layer for $class {
            fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
                let $layer = self;
                Ok(vec![$crate::spatial::SpatialLayer::output_shape(&$what, $crate::single(inputs)?)?])
            }

            fn build(&self, inputs: &[$crate::Shape], build: &mut $crate::Build) -> $crate::Result<()> {
                let $layer = self;
                $crate::spatial::SpatialLayer::build(&$what, $crate::single(inputs)?, build)
            }

            fn forward(
                &self,
                inputs: &[candle_core::Tensor],
                ctx: &mut $crate::Context,
            ) -> $crate::Result<Vec<candle_core::Tensor>> {
                let $layer = self;
                let x = $crate::spatial::fitting(&$what, inputs)?;
                Ok(vec![$crate::spatial::SpatialLayer::forward(&$what, self, x, ctx)?])
            }

            fn forward_with(
                &self,
                next: &[&dyn $crate::Layer],
                inputs: &[candle_core::Tensor],
                ctx: &mut $crate::Context,
            ) -> $crate::Result<Option<(Vec<candle_core::Tensor>, usize)>> {
                let $layer = self;
                let x = $crate::spatial::fitting(&$what, inputs)?;
                let outputs = $crate::spatial::SpatialLayer::forward_with(&$what, self, next, x, ctx)?;
                Ok(outputs.map(|(y, count)| (vec![y], count)))
            }
        }
    };
}
pub(crate) use spatial_layer;

/// Runs `f` on the tensor with its channels last; `"channels_first"` is transposed there and back, which copies the tensor.
pub(crate) fn run_channels_last(
    x: &Tensor,
    data_format: &str,
    f: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    if channels_last(data_format)? {
        return f(x);
    }
    let rank = x.rank() as i64;
    let last: Vec<i64> = std::iter::once(0).chain(2..rank).chain([1]).collect();
    let first: Vec<i64> = [0, rank - 1].into_iter().chain(1..rank - 1).collect();
    Ok(ops::transpose(&f(&ops::transpose(x, last)?)?, first)?)
}

/// An error if a rate is not between 0 and 1.
pub(crate) fn fraction(name: &str, rate: f64) -> Result<()> {
    match (0.0..=1.0).contains(&rate) {
        true => Ok(()),
        false => Err(Error::new(format!("{name} must be between 0 and 1")).received(rate.to_string())),
    }
}

/// An error if a number is negative, infinite or NaN.
pub(crate) fn not_negative(name: &str, number: f64) -> Result<()> {
    match number >= 0.0 && number.is_finite() {
        true => Ok(()),
        false => Err(Error::new(format!("{name} must be a number that is not negative")).received(number.to_string())),
    }
}

/// An error if a size is 0.
pub(crate) fn positive(name: &str, sizes: &[usize]) -> Result<()> {
    match sizes.contains(&0) {
        true => Err(Error::new(format!("{name} must be positive")).received(format!("{sizes:?}"))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        AveragePooling2D, Conv1D, Conv2D, Conv2DTranspose, DepthwiseConv2D, Layer, MaxPooling2D, SeparableConv2D,
    };
    use candle_core::{DType, Device, Tensor};

    /// Of five steps, windows of two at a stride of two give three with padding and two without.
    #[test]
    fn padding_may_be_written_in_any_case() {
        let image = Tensor::ones((1, 5, 5, 2), DType::F32, &Device::Cpu).unwrap();
        for (padding, size) in [("SAME", 3), ("Same", 3), ("VALID", 2), ("Valid", 2)] {
            let outputs = [
                Conv2D::new(4, 2).strides(2).padding(padding).call(&image),
                DepthwiseConv2D::new(2).strides(2).padding(padding).call(&image),
                SeparableConv2D::new(4, 2).strides(2).padding(padding).call(&image),
                MaxPooling2D::new(2).padding(padding).call(&image),
                AveragePooling2D::new(2).padding(padding).call(&image),
            ];
            for output in outputs {
                assert_eq!(output.unwrap().dims()[1..3], [size, size], "{padding}");
            }
            let larger = Conv2DTranspose::new(4, 3).strides(2).padding(padding).call(&image).unwrap();
            assert_eq!(larger.dims()[1], if size == 3 { 10 } else { 11 }, "{padding}");
        }
        let steps = Tensor::ones((1, 5, 2), DType::F32, &Device::Cpu).unwrap();
        assert_eq!(Conv1D::new(4, 2).padding("CAUSAL").call(&steps).unwrap().dims(), [1, 5, 4]);
        let error = Conv2D::new(4, 2).padding("CAUSAL").call(&image).unwrap_err().to_string();
        assert!(error.contains("unknown padding \"causal\""), "{error}");
    }
}
