//! Convolutions composed of candle's functions, for what neither the loops nor the kernels support, as axes on a GPU that are too long for an index of
//! 32 bits: the windows are gathered, then multiplied.

use super::Plan;
use super::axis::{Axis, each_index};
use crate::matmul::FusedActivation;
use candle_core::{Result, Tensor};

/// `activation(convolution(x, kernel) + bias)` for tensors that fit the plan.
pub(super) fn conv(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    plan: &Plan,
    activation: FusedActivation,
) -> Result<Tensor> {
    let (axes, rows) = (plan.axes, plan.batch * plan.windows());
    let (taps, width) = (plan.taps(), plan.channels / plan.groups);
    let windows = gathered(x, plan.batch, axes, |axis| [axis.input, axis.output], Axis::at)?;
    let y = if plan.is_depthwise() {
        // Elementwise, without a matrix product for each channel.
        let kernel = kernel.reshape((1, taps, plan.channels, plan.filters / plan.groups))?;
        windows.reshape((rows, taps, plan.channels, 1))?.broadcast_mul(&kernel)?.sum(1)?
    } else {
        let windows = windows.reshape((rows, taps, plan.groups, width))?;
        let filters = plan.filters / plan.groups;
        let kernel = kernel.reshape((taps * width, plan.filters))?;
        let mut parts = Vec::with_capacity(plan.groups);
        for group in 0..plan.groups {
            let windows = windows.narrow(2, group, 1)?.contiguous()?.reshape((rows, taps * width))?;
            parts.push(windows.matmul(&kernel.narrow(1, group * filters, filters)?.contiguous()?)?);
        }
        Tensor::cat(&parts, 1)?
    };
    epilogue(&y, bias, activation, &plan.shape(x.rank(), plan.filters, |axis| axis.output))
}

/// `activation(transposed convolution(x, kernel) + bias)` for tensors that fit the plan of the convolution whose gradient it is.
pub(super) fn conv_transpose(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    plan: &Plan,
    activation: FusedActivation,
) -> Result<Tensor> {
    let (taps, pixels) = (plan.taps(), plan.image() / plan.channels.max(1));
    let windows = gathered(x, plan.batch, plan.axes, |axis| [axis.output, axis.input], Axis::window_at)?;
    let windows = windows.reshape((plan.batch * pixels, taps * plan.filters))?;
    let kernel = kernel.reshape((taps, plan.channels, plan.filters))?.transpose(1, 2)?.contiguous()?;
    let y = windows.matmul(&kernel.reshape((taps * plan.filters, plan.channels))?)?;
    epilogue(&y, bias, activation, &plan.shape(x.rank(), plan.channels, |axis| axis.input))
}

fn epilogue(y: &Tensor, bias: Option<&Tensor>, activation: FusedActivation, shape: &[usize]) -> Result<Tensor> {
    let y = bias.map_or_else(|| Ok(y.clone()), |bias| y.reshape(((), bias.elem_count()))?.broadcast_add(bias))?;
    activation.composed(&y.reshape(shape)?)
}

/// For each output index and each element of a window, the element of `x` at the index that `at` gives, or zeros. `sizes` gives the sizes of
/// the input and of the output along an axis.
fn gathered(
    x: &Tensor,
    batch: usize,
    axes: [Axis; 3],
    sizes: impl Fn(&Axis) -> [usize; 2],
    at: impl Fn(&Axis, usize, usize) -> Option<usize>,
) -> Result<Tensor> {
    let sizes = axes.each_ref().map(sizes);
    let ([_, height, width], channels) = (sizes.map(|[from, _]| from), x.dims()[x.rank() - 1]);
    let elements = sizes.iter().map(|[from, _]| from).product::<usize>();
    let mut ids = Vec::with_capacity(elements);
    each_index(sizes.map(|[_, to]| to), |index| {
        each_index(axes.map(|axis| axis.window), |tap| {
            let [z, y, x] = [0, 1, 2].map(|i| at(&axes[i], index[i], tap[i]));
            // The padding is a row of zeros behind the elements.
            let inside = z.zip(y).zip(x).map(|((z, y), x)| (z * height + y) * width + x);
            ids.push(inside.unwrap_or(elements) as u32);
        });
    });
    let outside = Tensor::zeros((batch, 1, channels), x.dtype(), x.device())?;
    let flat = Tensor::cat(&[&x.reshape((batch, elements, channels))?, &outside], 1)?;
    flat.contiguous()?.index_select(&Tensor::new(ids, x.device())?, 1)
}
