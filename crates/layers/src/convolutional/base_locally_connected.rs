//! Common to LocallyConnected1D and LocallyConnected2D of Keras 2: convolutions with a kernel of its own for each window.

use super::arguments::ConvArguments;
use crate::spatial::{
    SpatialLayer, Windows, channels_last, padding, positive, run_channels_last, spatial, with_spatial,
};
use crate::{Build, Context, Layer, Shape, Weight};
use candle_core::{D, DType, Tensor};
use candle_keras_ops::{self as ops, Error, Index, Padding, Result};

/// How Keras 2 lays the kernels out. All compute the same.
const IMPLEMENTATIONS: std::ops::RangeInclusive<usize> = 1..=3;

/// A locally connected layer over `N` axes.
pub(super) struct LocallyConnected<'a, const N: usize> {
    pub(super) windows: Windows<N>,
    pub(super) implementation: usize,
    pub(super) arguments: &'a ConvArguments,
}

/// The sizes of an input and of its windows.
struct Places<const N: usize> {
    input: [usize; N],
    output: [usize; N],
    window: [usize; N],
    strides: [usize; N],
    /// How far the first window is outside of the input.
    before: [usize; N],
    channels: usize,
    filters: usize,
}

impl<const N: usize> LocallyConnected<'_, N> {
    fn places(&self, input: &Shape) -> Result<Places<N>> {
        let format = &self.arguments.layout.data_format;
        let (sizes, channels) = spatial::<N>(input, format)?;
        let padding = padding(&self.arguments.layout.padding, false)?;
        let known = |sizes: [Option<usize>; N]| -> Option<[usize; N]> {
            sizes.into_iter().collect::<Option<Vec<_>>>()?.try_into().ok()
        };
        let output = self.windows.count(sizes, padding)?;
        let Some(((input, output), channels)) = known(sizes).zip(known(output)).zip(channels) else {
            return Err(Error::new("the layer has a kernel for each place: all sizes must be known")
                .received(format!("an input of shape {input}")));
        };
        let (window, strides, filters) = (self.windows.size.0, self.windows.strides.0, self.arguments.filters);
        let before = if padding == Padding::Same { window.map(|size| size / 2) } else { [0; N] };
        let places = Places { input, output, window, strides, before, channels, filters };
        // What is computed below does not overflow.
        ops::check_memory(&[&places.output[..], &places.window, &[channels, filters]].concat(), DType::F32)?;
        ops::check_memory(&[&places.input[..], &places.output, &[channels, filters]].concat(), DType::U8)
            .or_else(|error| if self.implementation == 2 { Err(error) } else { Ok(()) })?;
        Ok(places)
    }

    fn kernel_shape(&self, places: &Places<N>) -> Result<Vec<usize>> {
        let Places { input, output, channels, filters, .. } = places;
        let all = |sizes: &[usize]| sizes.iter().product::<usize>();
        Ok(match (self.implementation, channels_last(&self.arguments.layout.data_format)?) {
            (1, _) => vec![all(output), all(&places.window) * channels, *filters],
            (2, true) => [&input[..], &[*channels], output, &[*filters]].concat(),
            (2, false) => [&[*channels], &input[..], &[*filters], output].concat(),
            _ => vec![places.connections() * channels * filters],
        })
    }

    /// The kernels of all windows, `(outputs, window and channels, filters)`, from the weight.
    fn kernels(&self, places: &Places<N>, kernel: &Tensor) -> Result<Tensor> {
        let last = channels_last(&self.arguments.layout.data_format)?;
        let all = |sizes: &[usize]| sizes.iter().product::<usize>();
        let (outputs, inputs, window) = (all(&places.output), all(&places.input), all(&places.window));
        let (channels, filters) = (places.channels, places.filters);
        let dims = [outputs as i64, (window * channels) as i64, filters as i64];
        if self.implementation == 1 && last {
            return Ok(ops::reshape(kernel, dims)?);
        }
        let connections = places.connections();
        let (mut at, mut before) = (Vec::with_capacity(outputs * window * channels * filters), 0);
        for o in 0..outputs {
            let inside = places.inputs_of(o);
            let (count, mut rank) = (inside.iter().flatten().count(), 0);
            for (w, input) in inside.into_iter().enumerate() {
                for c in 0..channels {
                    for f in 0..filters {
                        // Where a window is outside of the input it meets zeros, and any element will do.
                        let place = match (self.implementation, last, input) {
                            (1, _, _) => (o * channels * window + c * window + w) * filters + f,
                            (_, _, None) => 0,
                            (2, true, Some(i)) => ((i * channels + c) * outputs + o) * filters + f,
                            (2, false, Some(i)) => ((c * inputs + i) * filters + f) * outputs + o,
                            (_, true, _) => (before * filters + f * count + rank) * channels + c,
                            (_, false, _) => (f * connections + before) * channels + c * count + rank,
                        };
                        at.push(place as u32);
                    }
                }
                rank += usize::from(input.is_some());
            }
            before += count;
        }
        let at = Tensor::from_vec(at, outputs * window * channels * filters, kernel.device())?;
        Ok(ops::reshape(&kernel.flatten_all()?.index_select(&at, 0)?, dims)?)
    }

    /// The elements of all windows: `(batch, outputs, window and channels)`.
    fn windows(&self, places: &Places<N>, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for axis in 0..N {
            let end = (places.output[axis] - 1) * places.strides[axis] + places.window[axis];
            let after = end.saturating_sub(places.before[axis] + places.input[axis]);
            x = x.pad_with_zeros(axis + 1, places.before[axis], after)?;
        }
        let window: usize = places.window.iter().product();
        let mut elements = Vec::new();
        for w in 0..window {
            let offset = unravel(w, &places.window);
            let mut key = vec![Index::from(..)];
            for (axis, &offset) in offset.iter().enumerate() {
                let stop = offset + (places.output[axis] - 1) * places.strides[axis] + 1;
                key.push(Index::Slice {
                    start: Some(offset as i64),
                    stop: Some(stop as i64),
                    step: Some(places.strides[axis] as i64),
                });
            }
            let outputs: usize = places.output.iter().product();
            elements.push(ops::reshape(
                &ops::get_item(&x, key)?,
                [x.dim(0)? as i64, outputs as i64, places.channels as i64],
            )?);
        }
        let outputs = elements[0].dim(1)? as i64;
        Ok(ops::reshape(&ops::stack(&elements, 2)?, [x.dim(0)? as i64, outputs, (window * places.channels) as i64])?)
    }
}

impl<const N: usize> Places<N> {
    /// The place in the input of each element of a window, `None` outside of it.
    fn inputs_of(&self, output: usize) -> Vec<Option<usize>> {
        let place = unravel(output, &self.output);
        let of = |w: usize| {
            let offset = unravel(w, &self.window);
            (0..N).try_fold(0, |index, axis| {
                let at = (place[axis] * self.strides[axis] + offset[axis]).checked_sub(self.before[axis])?;
                (at < self.input[axis]).then_some(index * self.input[axis] + at)
            })
        };
        (0..self.window.iter().product()).map(of).collect()
    }

    /// How many elements of the input all outputs depend on: the product of those along each axis.
    fn connections(&self) -> usize {
        let along = |axis: usize| -> usize {
            let (strides, before, window) = (self.strides[axis], self.before[axis], self.window[axis]);
            let inside = |output: usize| {
                let start = output * strides;
                (start + window).min(self.input[axis] + before) - start.max(before)
            };
            (0..self.output[axis]).map(inside).sum()
        };
        (0..N).map(along).product()
    }
}

/// The indices along each axis of an element.
fn unravel<const N: usize>(mut index: usize, sizes: &[usize; N]) -> [usize; N] {
    let mut place = [0; N];
    for axis in (0..N).rev() {
        place[axis] = index % sizes[axis];
        index /= sizes[axis];
    }
    place
}

impl<const N: usize> SpatialLayer for LocallyConnected<'_, N> {
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let format = &self.arguments.layout.data_format;
        let (sizes, _) = spatial::<N>(input, format)?;
        let sizes = self.windows.count(sizes, padding(&self.arguments.layout.padding, false)?)?;
        with_spatial(input[0], sizes, Some(self.arguments.filters), format)
    }

    fn build(&self, input: &Shape, build: &mut Build) -> Result<()> {
        let ConvArguments { filters, layout, epilogue, .. } = self.arguments;
        positive("filters", &[*filters])?;
        self.windows.check("kernel_size")?;
        epilogue.activation.check()?;
        if !IMPLEMENTATIONS.contains(&self.implementation) {
            return Err(Error::new("implementation is 1, 2 or 3").received(self.implementation.to_string()));
        }
        if self.implementation == 1 && padding(&layout.padding, false)? == Padding::Same {
            return Err(Error::new("implementation 1 has no padding").help("implementation 2 and 3 have"));
        }
        let places = self.places(input)?;
        for axis in 1..=N as i64 + 1 {
            build.input_size(axis)?;
        }
        build.add_weight(
            Weight::new("kernel", self.kernel_shape(&places)?, &self.arguments.kernel_initializer)
                .regularizer(&self.arguments.kernel_regularizer)
                .constraint(&self.arguments.kernel_constraint),
        );
        if epilogue.use_bias {
            build.add_weight(
                Weight::new("bias", [&places.output[..], &[*filters]].concat(), &epilogue.bias_initializer)
                    .regularizer(&epilogue.bias_regularizer)
                    .constraint(&epilogue.bias_constraint),
            );
        }
        Ok(())
    }

    fn forward(&self, layer: &dyn Layer, x: &Tensor, ctx: &mut Context) -> Result<Tensor> {
        let ConvArguments { layout, epilogue, .. } = self.arguments;
        let places = self.places(&x.dims().into())?;
        let kernels = self.kernels(&places, &layer.weight("kernel", ctx)?)?;
        let bias = if epilogue.use_bias { Some(layer.weight("bias", ctx)?) } else { None };
        let y = run_channels_last(x, &layout.data_format, |x| {
            let mut y = ops::einsum("nok,okf->nof", &[&self.windows(&places, x)?, &kernels])?;
            let (outputs, filters) = (y.dim(1)? as i64, y.dim(2)? as i64);
            if let Some(bias) = &bias {
                // Keras 2 reads the bias as (filters, ...) where the channels come first, though its shape is (..., filters).
                let bias = match channels_last(&layout.data_format)? {
                    true => ops::reshape(bias, [outputs, filters])?,
                    false => ops::reshape(bias, [filters, outputs])?.transpose(D::Minus1, D::Minus2)?,
                };
                y = ops::add(&y, &bias)?;
            }
            let dims = [&[x.dim(0)?], &places.output[..], &[places.filters]].concat();
            Ok(ops::reshape(&y, dims.into_iter().map(|size| size as i64).collect::<Vec<_>>())?)
        })?;
        epilogue.activation.call(&y)
    }
}
