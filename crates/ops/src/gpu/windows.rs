//! Convolution and pooling of sequences and images with the channels last.
//!
//! A convolution is cuBLAS's product with the matrix of its windows, which takes as much memory as the windows have numbers, and is made again on
//! the way back. Each of several groups has a product of its own; where there are as many as channels, a composition multiplies the windows.

use super::{Given, Source, Threads, change, column_sums, dense, given, make};
use crate::FusedActivation;
use crate::conv::{Axis, Plan};
use crate::tape::{Value, record_consuming};
use candle_core::{Result, Shape, Tensor};

const SOURCE: Source = Source { name: "windows", text: include_str!("windows.cu") };

/// What all kernels are told of the windows over the rows and columns of images.
fn told([_, rows, columns]: [Axis; 3], channels: usize) -> Vec<Given<'static>> {
    let sizes = [rows, columns].into_iter().flat_map(|a| [a.input, a.window, a.stride, a.dilation, a.before, a.output]);
    sizes.chain([channels]).map(Given::Size).collect()
}

/// The matrix of the windows over the channels of a group.
fn gather(x: &Tensor, plan: &Plan, group: usize) -> Result<Tensor> {
    let (rows, width) = (plan.batch * plan.windows(), plan.channels / plan.groups);
    let columns = plan.depth();
    let mut given = given![x, group * width, width].to_vec();
    given.extend(told(plan.axes, plan.channels));
    let [windows] = make(SOURCE, "gather", x, [&Shape::from((rows, columns))], &given, Threads::grid(rows, columns))?;
    windows.tensor()
}

/// The windows over all channels as the rows of a matrix, for what becomes of them in a composition.
pub(crate) fn windows(x: &Tensor, plan: &Plan) -> Result<Tensor> {
    let (plan, whole) = (Plan { groups: 1, ..*plan }, x.shape().clone());
    let value = gather(&x.detach().contiguous()?, &plan, 0)?;
    record_consuming("windows", &[x], Value::Tensor(value), move |_, dy| {
        let dx = Tensor::zeros(&whole, dy.dtype(), dy.device())?;
        scatter(&dx, &dy.contiguous()?, &plan, 0)?;
        Ok(vec![Some(dx)])
    })
}

/// Puts the sums of what a group's windows have of each pixel.
fn scatter(x: &Tensor, windows: &Tensor, plan: &Plan, group: usize) -> Result<()> {
    let width = plan.channels / plan.groups;
    let mut given = given![windows, group * width, width].to_vec();
    given.extend(told(plan.axes, plan.channels));
    let pixels = plan.batch * plan.axes[1].input * plan.axes[2].input;
    change(SOURCE, "scatter", &[x], &given, Threads::grid(pixels, width))
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
    let (input, groups) = (x.detach().contiguous()?, plan.groups);
    let weights = kernel.detach().contiguous()?.reshape(((), plan.filters))?;
    let filters = plan.filters / groups;
    let part = move |of: &Tensor, group: usize| of.narrow(1, group * filters, filters)?.contiguous();
    let products = (0..groups).map(|group| gather(&input, &plan, group)?.matmul(&part(&weights, group)?));
    let z = Tensor::cat(&products.collect::<Result<Vec<_>>>()?, 1)?;
    let value = dense::biased(&z, bias, activation, &shape)?;
    let all: Vec<&Tensor> = [x, kernel].into_iter().chain(bias).collect();
    let wanted = (x.track_op(), kernel.track_op(), bias.is_some_and(Tensor::track_op));
    let shapes = (x.shape().clone(), kernel.shape().clone());
    record_consuming("conv", &all, value, move |y, dy| {
        let dz = dense::through(activation, y, dy)?.reshape(((), plan.filters))?;
        let dx = wanted.0.then(|| input.zeros_like()).transpose()?;
        let mut dw = Vec::with_capacity(groups);
        for group in 0..groups {
            let dz = part(&dz, group)?;
            if let Some(dx) = &dx {
                scatter(dx, &dz.matmul(&part(&weights, group)?.t()?)?, &plan, group)?;
            }
            if wanted.1 {
                dw.push(gather(&input, &plan, group)?.t()?.matmul(&dz)?);
            }
        }
        let dx = dx.map(|dx| dx.reshape(&shapes.0)).transpose()?;
        let dw = wanted.1.then(|| Tensor::cat(&dw, 1)?.reshape(&shapes.1)).transpose()?;
        let db = wanted.2.then(|| column_sums(&dz)).transpose()?;
        Ok(vec![dx, dw, db])
    })
}

/// The largest number of each window, or the mean of those in the image.
pub(crate) fn pool(x: &Tensor, largest: bool, axes: [Axis; 3], shape: Shape) -> Result<Tensor> {
    let input = x.detach().contiguous()?;
    let channels = x.dims()[x.rank() - 1];
    let mut given = given![&input, largest].to_vec();
    given.extend(told(axes, channels));
    let threads = Threads::grid(shape.elem_count() / channels.max(1), channels);
    let [value] = make(SOURCE, "pool", x, [&shape], &given, threads)?;
    record_consuming("pool", &[x], value, move |y, dy| {
        let y = y.contiguous()?;
        let mut given = given![&input, &y, &dy, largest].to_vec();
        given.extend(told(axes, channels));
        let threads = Threads::grid(input.elem_count() / channels.max(1), channels);
        let [dx] = make(SOURCE, "pool_backward", &input, [input.shape()], &given, threads)?;
        Ok(vec![Some(dx.tensor()?)])
    })
}
