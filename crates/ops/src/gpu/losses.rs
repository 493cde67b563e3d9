//! Losses of each row of targets and predictions.

use super::{Given, Source, Threads, given, make};
use crate::row_losses::{Classes, Pairwise};
use crate::tape::record;
use candle_core::{Result, Shape, Tensor};

const SOURCE: Source = Source { name: "losses", text: include_str!("losses.cu") };

/// The shape of the rows, the number of rows, and the elements of a row.
fn rows(x: &Tensor) -> (Shape, usize, usize) {
    let width = x.dims()[x.rank() - 1];
    (x.dims()[..x.rank() - 1].into(), x.elem_count() / width, width)
}

/// [`pairwise_mean`](crate::pairwise_mean) of contiguous targets.
pub(crate) fn pairwise_mean(function: Pairwise, y: Tensor, x: &Tensor) -> Result<Tensor> {
    let (kind, epsilon) = match function {
        Pairwise::SquaredError => (0usize, 0.0),
        Pairwise::AbsoluteError => (1, 0.0),
        Pairwise::BinaryCrossentropy(epsilon) => (2, epsilon),
        Pairwise::BinaryCrossentropyOfLogits => (3, 0.0),
    };
    let ((shape, rows, width), input) = (rows(x), x.detach().contiguous()?);
    let threads = Threads::rows(rows, width);
    let [value] = make(SOURCE, "pairwise", x, [&shape], &given![&y, &input, width, kind, epsilon], threads)?;
    record("pairwise_mean", &[x], value, move |_, dy| {
        let given = given![&y, &input, dy, width, kind, epsilon];
        let [dx] = make(SOURCE, "pairwise_backward", &input, [input.shape()], &given, threads)?;
        Ok(vec![Some(dx.tensor()?)])
    })
}

/// [`crossentropy`](crate::crossentropy) of targets that fit.
pub(crate) fn crossentropy(classes: Classes, x: &Tensor, epsilon: Option<f64>) -> Result<Tensor> {
    let ((shape, rows, width), input) = (rows(x), x.detach().contiguous()?);
    let threads = Threads::rows(rows, width);
    let (ids, weights) = match classes {
        Classes::Ids(ids) => (Some(Tensor::from_vec(ids, rows, x.device())?), None),
        Classes::Weights(weights) => (None, Some(weights)),
    };
    let of = (epsilon.is_none(), epsilon.unwrap_or(0.0));
    let given = given![ids.as_ref(), weights.as_ref(), &input, width, of.0, of.1];
    let [value] = make(SOURCE, "crossentropy", x, [&shape], &given, threads)?;
    record("crossentropy", &[x], value, move |_, dy| {
        let given: [Given; 7] = given![ids.as_ref(), weights.as_ref(), &input, dy, width, of.0, of.1];
        let [dx] = make(SOURCE, "crossentropy_backward", &input, [input.shape()], &given, threads)?;
        Ok(vec![Some(dx.tensor()?)])
    })
}
