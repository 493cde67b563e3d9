//! Normalization of groups of a sample, and of channels of a batch.

use super::{Source, Threads, column_sums, given, make};
use crate::normalize::{Groups, flat};
use crate::tape::record;
use candle_core::{Result, Shape, Tensor};

const SOURCE: Source = Source { name: "normalize", text: include_str!("normalize.cu") };

/// The gradients of `gamma` and `beta`, if there are such, in their shapes.
fn of_weights(sums: [Option<(&Tensor, &Shape)>; 2]) -> Result<Vec<Option<Tensor>>> {
    sums.into_iter().flatten().map(|(sum, shape)| sum.reshape(shape).map(Some)).collect()
}

/// [`normalize_channels`](crate::normalize_channels), of divisible sizes.
pub(crate) fn normalize(
    x: &Tensor,
    gamma: Option<&Tensor>,
    beta: Option<&Tensor>,
    by: Groups,
    channels: usize,
) -> Result<Tensor> {
    let Groups { repeats, groups, center, epsilon } = by;
    let (width, count) = (channels / groups, x.elem_count() / (repeats * channels) * groups);
    let (input, scale, shift) = (x.detach().contiguous()?, flat(gamma)?, flat(beta)?);
    let threads = Threads::rows(count, repeats * width);
    let one = Shape::from(count);
    let given = given![&input, scale.as_ref(), shift.as_ref(), repeats, groups, width, center, epsilon];
    let [value, mean, factor] = make(SOURCE, "normalize", x, [x.shape(), &one, &one], &given, threads)?;
    let (mean, factor) = (mean.tensor()?, factor.tensor()?);
    let all: Vec<&Tensor> = [x].into_iter().chain(gamma).chain(beta).collect();
    let shapes = (gamma.map(|x| x.shape().clone()), beta.map(|x| x.shape().clone()));
    record("normalize", &all, value, move |_, dy| {
        let given = given![&input, dy, &mean, &factor, scale.as_ref(), repeats, groups, width, center];
        let shape = input.shape();
        let [dx, products] = make(SOURCE, "normalize_backward", &input, [shape, shape], &given, threads)?;
        let sums = |x: &Tensor| column_sums(&x.reshape(((), channels))?);
        let dgamma = shapes.0.as_ref().map(|_| sums(&products.tensor()?)).transpose()?;
        let dbeta = shapes.1.as_ref().map(|_| sums(dy)).transpose()?;
        let weights = of_weights([dgamma.as_ref().zip(shapes.0.as_ref()), dbeta.as_ref().zip(shapes.1.as_ref())])?;
        Ok([Some(dx.tensor()?)].into_iter().chain(weights).collect())
    })
}

/// The mean and the variance of each column of a contiguous matrix.
pub(crate) fn moments(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let (rows, channels) = x.dims2()?;
    let mean = (column_sums(x)? / rows as f64)?;
    let threads = Threads::grid(rows, channels);
    let [squares] = make(SOURCE, "deviations", x, [x.shape()], &given![x, &mean, rows, channels], threads)?;
    let variance = (column_sums(&squares.tensor()?)? / rows as f64)?;
    Ok((mean, variance))
}

/// [`batch_normalize`](crate::batch_normalize) with the inverse square root of the variance in its place.
pub(crate) fn batch_normalize(
    x: &Tensor,
    gamma: Option<&Tensor>,
    beta: Option<&Tensor>,
    mean: Tensor,
    factor: Tensor,
    of_batch: bool,
) -> Result<Tensor> {
    let channels = mean.elem_count();
    let rows = x.elem_count() / channels.max(1);
    let (input, scale, shift) = (x.detach().contiguous()?, flat(gamma)?, flat(beta)?);
    let threads = Threads::grid(rows, channels);
    let given = given![&input, &mean, &factor, scale.as_ref(), shift.as_ref(), rows, channels];
    let [value] = make(SOURCE, "normalize_channels", x, [x.shape()], &given, threads)?;
    let all: Vec<&Tensor> = [x].into_iter().chain(gamma).chain(beta).collect();
    let shapes = (gamma.map(|x| x.shape().clone()), beta.map(|x| x.shape().clone()));
    let share = if of_batch { 1.0 / rows.max(1) as f64 } else { 0.0 };
    record("batch_normalize", &all, value, move |_, dy| {
        let shape = input.shape();
        let given = given![&input, dy, &mean, &factor, rows, channels];
        let [products] = make(SOURCE, "channel_products", &input, [shape], &given, threads)?;
        let dgamma = column_sums(&products.tensor()?.reshape((rows, channels))?)?;
        let dbeta = column_sums(&dy.reshape((rows, channels))?)?;
        let given = given![&input, dy, &mean, &factor, scale.as_ref(), &dgamma, &dbeta, rows, channels, share];
        let [dx] = make(SOURCE, "normalize_channels_backward", &input, [shape], &given, threads)?;
        let weights = of_weights([shapes.0.as_ref().map(|s| (&dgamma, s)), shapes.1.as_ref().map(|s| (&dbeta, s))])?;
        Ok([Some(dx.tensor()?)].into_iter().chain(weights).collect())
    })
}
