//! Dense: cuBLAS's product, then bias and activation in one kernel.

use super::{Source, Threads, given, make};
use crate::FusedActivation;
use crate::tape::{Value, record_consuming};
use candle_core::{Result, Shape, Tensor};

const SOURCE: Source = Source { name: "dense", text: include_str!("dense.cu") };

/// [`dense_over`](crate::dense_over) of the last axes of `x`, which have `k` elements.
pub(crate) fn dense(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    activation: FusedActivation,
    k: usize,
    dims: Vec<usize>,
) -> Result<Tensor> {
    let n = kernel.elem_count() / k.max(1);
    let input = x.detach().contiguous()?.reshape(((), k))?;
    let weights = kernel.detach().contiguous()?.reshape((k, n))?;
    let rows = input.dim(0)?;
    let value = biased(&input.matmul(&weights)?, bias, activation, &dims.into())?;
    let all: Vec<&Tensor> = [x, kernel].into_iter().chain(bias).collect();
    let wanted = (x.track_op(), kernel.track_op(), bias.is_some_and(Tensor::track_op));
    let shapes = (x.shape().clone(), kernel.shape().clone(), bias.map(|bias| bias.shape().clone()));
    record_consuming("dense", &all, value, move |y, dy| {
        let dz = activation_backward(activation, y, dy)?.reshape((rows, n))?;
        let dx = wanted.0.then(|| dz.matmul(&weights.t()?)?.reshape(&shapes.0)).transpose()?;
        let dw = wanted.1.then(|| input.t()?.matmul(&dz)?.reshape(&shapes.1)).transpose()?;
        let db = shapes.2.as_ref().filter(|_| wanted.2).map(|shape| column_sums(&dz)?.reshape(shape)).transpose()?;
        Ok(vec![dx, dw, db])
    })
}

/// `activation(z + bias)` of the rows of a contiguous matrix, in another shape.
pub(super) fn biased(z: &Tensor, bias: Option<&Tensor>, activation: FusedActivation, shape: &Shape) -> Result<Value> {
    let (rows, width) = z.dims2()?;
    let bias = bias.map(|bias| bias.detach().contiguous()).transpose()?;
    let given = given![z, bias.as_ref(), rows, width, activation as usize];
    let [value] = make(SOURCE, "biased", z, [shape], &given, Threads::grid(rows, width))?;
    Ok(value)
}

/// The gradient of the activation's input.
pub(super) fn activation_backward(activation: FusedActivation, y: &Tensor, dy: Tensor) -> Result<Tensor> {
    if activation == FusedActivation::Linear {
        return Ok(dy);
    }
    let (y, count) = (y.contiguous()?, y.elem_count());
    let given = given![&y, &dy, count, activation as usize];
    let [dz] = make(SOURCE, "through_activation", &y, [y.shape()], &given, Threads::each(count))?;
    dz.tensor()
}

/// The sums of the columns of a contiguous matrix.
pub(crate) fn column_sums(x: &Tensor) -> Result<Tensor> {
    let (rows, width) = x.dims2()?;
    // As many chunks as keep a GPU busy; their sums are added in the same way.
    let a_part = rows.div_ceil(128).max(256);
    let parts = rows.div_ceil(a_part).max(1);
    let threads = Threads { blocks: (width.div_ceil(32), parts), block: (32, 8) };
    let [sums] =
        make(SOURCE, "column_sums", x, [&Shape::from((parts, width))], &given![x, rows, width, a_part], threads)?;
    let sums = sums.tensor()?;
    if parts == 1 { sums.squeeze(0) } else { column_sums(&sums) }
}
