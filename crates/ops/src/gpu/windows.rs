//! Convolution and pooling of sequences, images and volumes with the channels last.
//!
//! A convolution is cuBLAS's product with the matrix of its windows, which is rebuilt in the backward pass. Each group has a product of its
//! own; a depthwise convolution has kernels of its own.

use super::{Given, Source, Threads, change, column_sums, dense, given, make};
use crate::FusedActivation;
use crate::conv::{Axis, Plan};
use crate::tape::record_consuming;
use candle_core::{Result, Shape, Tensor, bail};

const SOURCE: Source = Source { name: "windows", text: include_str!("windows.cu") };

/// The arguments of all kernels about windows.
fn window_arguments(axes: [Axis; 3], samples: usize, channels: usize) -> Vec<Given<'static>> {
    let sizes = axes.into_iter().flat_map(|a| [a.input, a.window, a.stride, a.dilation, a.before, a.output]);
    [samples, channels].into_iter().chain(sizes).map(Given::Size).collect()
}

/// A thread for each channel of so many positions.
///
/// # Errors
/// If the kernels cannot count them in 32 bits.
fn threads(positions: usize, width: usize) -> Result<Threads> {
    match u32::try_from(positions) {
        Ok(_) => Ok(Threads::grid(positions, width)),
        Err(_) => bail!("windows at {positions} positions, where a GPU has fewer than 2^32"),
    }
}

/// The matrix of the windows over the channels of a group.
pub(super) fn gather(x: &Tensor, plan: &Plan, group: usize) -> Result<Tensor> {
    let (rows, width) = (plan.batch * plan.windows(), plan.channels / plan.groups);
    let columns = plan.depth();
    if plan.is_pointwise() {
        return x.reshape((rows, columns));
    }
    let mut given = given![x, group * width, width].to_vec();
    given.extend(window_arguments(plan.axes, plan.batch, plan.channels));
    let [windows] = make(SOURCE, "gather", x, [&Shape::from((rows, columns))], &given, threads(rows, columns)?)?;
    windows.tensor()
}

/// Adds up a group's windows for each element.
fn scatter(x: &Tensor, windows: &Tensor, plan: &Plan, group: usize) -> Result<()> {
    let width = plan.channels / plan.groups;
    let mut given = given![windows, group * width, width].to_vec();
    given.extend(window_arguments(plan.axes, plan.batch, plan.channels));
    let elements = plan.elements();
    change(SOURCE, "scatter", &[x], &given, threads(elements, width)?)
}

/// The sums of the windows of one group for each element, as the rows of a matrix.
pub(super) fn scattered(windows: Tensor, plan: &Plan) -> Result<Tensor> {
    if plan.is_pointwise() {
        return Ok(windows);
    }
    let (elements, channels) = (plan.elements(), plan.channels);
    let given = [&given![&windows, 0usize, channels][..], &window_arguments(plan.axes, plan.batch, channels)].concat();
    let shape = Shape::from((elements, channels));
    let [sums] = make(SOURCE, "scatter", &windows, [&shape], &given, threads(elements, channels)?)?;
    sums.tensor()
}

/// `activation(convolution(x, kernel) + bias)`; the shapes are those of [`conv`](crate::conv()).
pub(crate) fn conv(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    plan: Plan,
    activation: FusedActivation,
    shape: Shape,
) -> Result<Tensor> {
    let input = x.detach().contiguous()?;
    let weights = kernel.detach().contiguous()?.reshape(((), plan.filters))?;
    let z = if plan.is_depthwise() { depthwise(&input, &weights, &plan)? } else { products(&input, &weights, &plan)? };
    let value = dense::biased(&z, bias, activation, &shape)?;
    let all: Vec<&Tensor> = [x, kernel].into_iter().chain(bias).collect();
    let wanted = (x.track_op(), kernel.track_op(), bias.is_some_and(Tensor::track_op));
    let shapes = (x.shape().clone(), kernel.shape().clone());
    record_consuming("conv", &all, value, move |y, dy| {
        let dz = dense::activation_backward(activation, y, dy)?.reshape(((), plan.filters))?;
        let backward = if plan.is_depthwise() { depthwise_backward } else { products_backward };
        let [dx, dw] = backward(&input, &weights, &dz, &plan, [wanted.0, wanted.1])?;
        let dx = dx.map(|dx| dx.reshape(&shapes.0)).transpose()?;
        let dw = dw.map(|dw| dw.reshape(&shapes.1)).transpose()?;
        let db = wanted.2.then(|| column_sums(&dz)).transpose()?;
        Ok(vec![dx, dw, db])
    })
}

/// A group's columns of a matrix.
fn part(of: &Tensor, plan: &Plan, group: usize) -> Result<Tensor> {
    let filters = plan.filters / plan.groups;
    of.narrow(1, group * filters, filters)?.contiguous()
}

fn products(input: &Tensor, weights: &Tensor, plan: &Plan) -> Result<Tensor> {
    let product = |group| gather(input, plan, group)?.matmul(&part(weights, plan, group)?);
    Tensor::cat(&(0..plan.groups).map(product).collect::<Result<Vec<_>>>()?, 1)
}

/// The gradients of the input and of the kernel that are wanted.
fn products_backward(
    input: &Tensor,
    weights: &Tensor,
    dz: &Tensor,
    plan: &Plan,
    wanted: [bool; 2],
) -> Result<[Option<Tensor>; 2]> {
    if plan.groups == 1 {
        let dx = wanted[0].then(|| scattered(dz.matmul(&weights.t()?)?, plan)).transpose()?;
        let dw = wanted[1].then(|| gather(input, plan, 0)?.t()?.matmul(dz)).transpose()?;
        return Ok([dx, dw]);
    }
    let dx = wanted[0].then(|| input.zeros_like()).transpose()?;
    let mut dw = Vec::with_capacity(plan.groups);
    for group in 0..plan.groups {
        let dz = part(dz, plan, group)?;
        if let Some(dx) = &dx {
            scatter(dx, &dz.matmul(&part(weights, plan, group)?.t()?)?, plan, group)?;
        }
        if wanted[1] {
            dw.push(gather(input, plan, group)?.t()?.matmul(&dz)?);
        }
    }
    Ok([dx, wanted[1].then(|| Tensor::cat(&dw, 1)).transpose()?])
}

fn depthwise(input: &Tensor, weights: &Tensor, plan: &Plan) -> Result<Tensor> {
    let rows = plan.batch * plan.windows();
    let mut given = given![input, weights, plan.filters / plan.channels].to_vec();
    given.extend(window_arguments(plan.axes, plan.batch, plan.channels));
    let shape = Shape::from((rows, plan.filters));
    let [products] = make(SOURCE, "depthwise", input, [&shape], &given, threads(rows, plan.filters)?)?;
    products.tensor()
}

fn depthwise_backward(
    input: &Tensor,
    weights: &Tensor,
    dz: &Tensor,
    plan: &Plan,
    wanted: [bool; 2],
) -> Result<[Option<Tensor>; 2]> {
    let (rows, multiplier) = (plan.batch * plan.windows(), plan.filters / plan.channels);
    let arguments = window_arguments(plan.axes, plan.batch, plan.channels);
    let dx = || -> Result<Tensor> {
        let given = [&given![dz, weights, multiplier][..], &arguments].concat();
        let threads = threads(plan.elements(), plan.channels)?;
        let [dx] = make(SOURCE, "depthwise_values", input, [input.shape()], &given, threads)?;
        dx.tensor()
    };
    let dw = || -> Result<Tensor> {
        // The windows are added in at most 64 parts, whose sums are added then.
        let a_part = rows.div_ceil(64).max(64);
        let parts = rows.div_ceil(a_part);
        let given = [&given![input, dz, multiplier, rows, a_part][..], &arguments].concat();
        let threads = Threads { blocks: (parts * plan.taps(), plan.filters.div_ceil(32)), block: (32, 8) };
        let shape = Shape::from((parts, plan.taps() * plan.filters));
        let [sums] = make(SOURCE, "depthwise_kernel", input, [&shape], &given, threads)?;
        column_sums(&sums.tensor()?)
    };
    Ok([wanted[0].then(dx).transpose()?, wanted[1].then(dw).transpose()?])
}

/// `activation(transposed convolution(x, kernel) + bias)` for the plan of the convolution whose gradient it is; the shapes are those of
/// [`conv_transpose`](crate::conv_transpose).
pub(crate) fn conv_transpose(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    plan: Plan,
    activation: FusedActivation,
    shape: Shape,
) -> Result<Tensor> {
    let input = x.detach().contiguous()?.reshape(((), plan.filters))?;
    let weights = kernel.detach().contiguous()?.reshape(((), plan.filters))?;
    let z = scattered(input.matmul(&weights.t()?)?, &plan)?;
    let value = dense::biased(&z, bias, activation, &shape)?;
    let all: Vec<&Tensor> = [x, kernel].into_iter().chain(bias).collect();
    let wanted = (x.track_op(), kernel.track_op(), bias.is_some_and(Tensor::track_op));
    let shapes = (x.shape().clone(), kernel.shape().clone());
    record_consuming("conv_transpose", &all, value, move |y, dy| {
        let dz = dense::activation_backward(activation, y, dy)?.contiguous()?;
        let windows = gather(&dz, &plan, 0)?;
        let dx = wanted.0.then(|| windows.matmul(&weights)?.reshape(&shapes.0)).transpose()?;
        let dw = wanted.1.then(|| windows.t()?.matmul(&input)?.reshape(&shapes.1)).transpose()?;
        let db = wanted.2.then(|| column_sums(&dz.reshape(((), plan.channels))?)).transpose()?;
        Ok(vec![dx, dw, db])
    })
}

/// The largest element of each window, or the mean of those in the image.
pub(crate) fn pool(x: &Tensor, largest: bool, axes: [Axis; 3], shape: Shape) -> Result<Tensor> {
    let input = x.detach().contiguous()?;
    let (samples, channels) = (x.dims()[0], x.dims()[x.rank() - 1]);
    let mut given = given![&input, largest].to_vec();
    given.extend(window_arguments(axes, samples, channels));
    let positions = |count: usize| threads(count / channels.max(1), channels);
    let of_input = positions(input.elem_count())?;
    let [value] = make(SOURCE, "pool", x, [&shape], &given, positions(shape.elem_count())?)?;
    record_consuming("pool", &[x], value, move |y, dy| {
        let y = y.contiguous()?;
        let mut given = given![&input, &y, &dy, largest].to_vec();
        given.extend(window_arguments(axes, samples, channels));
        let [dx] = make(SOURCE, "pool_backward", &input, [input.shape()], &given, of_input)?;
        Ok(vec![Some(dx.tensor()?)])
    })
}
