//! Normalization as one op: layer, group and RMS normalization of each sample, batch normalization of each channel. (candle-nn's fused ones
//! silently lose the gradient.)

use crate::cast::cast;
use crate::cores;
use crate::error::shape_or_none;
use crate::gpu::{self, on_gpu};
use crate::host::{sum_of, sum_of2, total, view, with_float};
use crate::lengths;
use crate::matmul::{column_sums, four_rows, row_parts};
use crate::narrow::{are_narrow, in_float32, is_narrow};
use crate::simd;
use crate::simd::{Float, MulAdd};
use crate::tape::{Value, on_host, record};
use candle_core::{DType, Device, Result, Tensor, bail};

/// Which elements are normalized together.
#[derive(Debug, Clone, Copy)]
pub struct Groups {
    /// How often a group's elements repeat, `channels` elements apart: the pixels of an image, 1 for a row.
    pub repeats: usize,
    /// The number of groups of channels.
    pub groups: usize,
    /// Whether the mean is subtracted.
    pub center: bool,
    /// Added to the variance or mean square.
    pub epsilon: f64,
}

/// `(x - mean) / sqrt(variance + epsilon) gamma + beta`, for each sample and group; without `center`, `x / sqrt(mean(x²) + epsilon)`.
///
/// # Shapes
/// - `x`: any, with the shape of `gamma` and `beta` at its end (without them, the last axis); the result is like it
///
/// # Errors
/// If the sizes are not divisible.
pub fn normalize(x: &Tensor, gamma: Option<&Tensor>, beta: Option<&Tensor>, by: Groups) -> Result<Tensor> {
    lengths::check(gamma.into_iter().chain(beta))?;
    let channels = gamma.or(beta).map_or_else(|| x.dims().last().copied().unwrap_or(1), Tensor::elem_count);
    normalize_channels(x, gamma, beta, by, channels)
}

/// [`normalize`] with the number of channels, for when there is neither `gamma` nor `beta`.
pub fn normalize_channels(
    x: &Tensor,
    gamma: Option<&Tensor>,
    beta: Option<&Tensor>,
    by: Groups,
    channels: usize,
) -> Result<Tensor> {
    lengths::check([x])?;
    let x = &crate::elementwise::float(x)?;
    let all: Vec<&Tensor> = [x].into_iter().chain(gamma).chain(beta).collect();
    lengths::check_floats("normalize", all.iter().copied())?;
    let block = lengths::elements(&[by.repeats, channels])?;
    if block == 0 || !x.elem_count().is_multiple_of(block) || by.groups == 0 || !channels.is_multiple_of(by.groups) {
        bail!("normalize: {channels} channels in {} groups do not match the shape {:?}", by.groups, x.dims())
    }
    check_weights("normalize", [gamma, beta], channels)?;
    if on_gpu(&all) {
        return gpu::normalize(x, gamma, beta, by, channels);
    }
    if are_narrow(&all) {
        let weights = weights_among(gamma, beta);
        return in_float32(&all, |all| {
            let (gamma, beta) = weights(all);
            normalize_channels(&all[0], gamma, beta, by, channels)
        });
    }
    if !on_host(&all) {
        return composed(x, gamma, beta, by, channels);
    }
    let input = x.detach().contiguous()?;
    let (scale, shift) = (flat(gamma)?, flat(beta)?);
    let plan = Plan { by, channels, width: channels / by.groups };
    let value = with_float!(x, T => {
        let input = view::<T>(&input)?;
        let scale = scale.as_ref().map(view::<T>).transpose()?;
        let shift = shift.as_ref().map(view::<T>).transpose()?;
        let y = cores::copied_chunks(&input, cores::chunk_len(input.len(), block, 4), |_, part| {
            simd!(plan.forward(part, scale.as_deref(), shift.as_deref()));
        });
        Value::new(y, x.shape())?
    });
    let whole = x.shape().clone();
    let shapes = (gamma.map(|x| x.shape().clone()), beta.map(|x| x.shape().clone()));
    record("normalize", &all, value, move |_, dy| {
        let (dx, dgamma, dbeta) = with_float!(dy, T => {
            let (input, dy) = (view::<T>(&input)?, view::<T>(dy)?);
            let scale = scale.as_ref().map(view::<T>).transpose()?;
            let mut dx = vec![T::ZERO; dy.len()];
            let size = (dy.len() / block).div_ceil(16).max(1) * block;
            let parts = dx.chunks_mut(size).zip(input.chunks(size)).zip(dy.chunks(size)).collect();
            let mut dgamma = cores::summed(parts, 2 * channels, |((dx, x), dy), sums| {
                let (dgamma, dbeta) = sums.split_at_mut(channels);
                simd!(plan.backward(dx, x, dy, scale.as_deref(), dgamma, dbeta));
            });
            let dbeta = dgamma.split_off(channels);
            let like = |data: Vec<T>, shape: &Option<candle_core::Shape>| {
                shape.as_ref().map(|shape| Tensor::from_vec(data, shape, &Device::Cpu)).transpose()
            };
            (Tensor::from_vec(dx, &whole, &Device::Cpu), like(dgamma, &shapes.0)?, like(dbeta, &shapes.1)?)
        });
        Ok([Some(dx?)].into_iter().chain(dgamma.map(Some)).chain(dbeta.map(Some)).collect())
    })
}

/// Finds the weights that there are among `x` and them.
fn weights_among(
    gamma: Option<&Tensor>,
    beta: Option<&Tensor>,
) -> impl Fn(&[Tensor]) -> (Option<&Tensor>, Option<&Tensor>) {
    let (has_gamma, has_beta) = (gamma.is_some(), beta.is_some());
    move |all| (all.get(1).filter(|_| has_gamma), all.last().filter(|_| has_beta))
}

/// An error if a weight does not have one element for each channel.
fn check_weights<const N: usize>(what: &str, weights: [Option<&Tensor>; N], channels: usize) -> Result<()> {
    match weights.into_iter().flatten().find(|weight| weight.elem_count() != channels) {
        Some(weight) => bail!("{what}: a weight of shape {:?} for {channels} channels", weight.dims()),
        None => Ok(()),
    }
}

/// The elements of a weight as a contiguous tensor.
pub(crate) fn flat(weight: Option<&Tensor>) -> Result<Option<Tensor>> {
    weight.map(|weight| weight.detach().flatten_all()?.contiguous()).transpose()
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    by: Groups,
    channels: usize,
    /// Channels of a group.
    width: usize,
}

impl Plan {
    /// The offsets of the runs of a group's elements; groups are numbered across samples.
    #[inline(always)]
    fn runs(&self, group: usize) -> impl Iterator<Item = usize> + use<> {
        let (channels, repeats) = (self.channels, self.by.repeats);
        let (sample, group) = self.place(group);
        let first = sample * repeats * channels + group * self.width;
        (0..repeats).map(move |i| i * channels + first)
    }

    /// The sample of a group, and its number in the sample. Computed once, since a division takes as long as the sum of a short row.
    #[inline(always)]
    fn place(&self, group: usize) -> (usize, usize) {
        if self.by.groups == 1 { (group, 0) } else { (group / self.by.groups, group % self.by.groups) }
    }

    /// The channels of a group.
    #[inline(always)]
    fn channels_of(&self, group: usize) -> std::ops::Range<usize> {
        let first = self.place(group).1 * self.width;
        first..first + self.width
    }

    /// How many samples are normalized together: the sums of several groups are independent and overlap in the pipeline.
    fn together(&self) -> usize {
        const NUMBERS: usize = 2048;
        (NUMBERS / (self.by.repeats * self.channels)).max(1)
    }

    fn count<T: Float>(&self) -> T {
        T::from_double((self.by.repeats * self.width) as f64)
    }

    /// The mean and the factor of each group of some samples.
    #[inline(always)]
    fn moments<T: Float>(&self, x: &[T], moments: &mut Vec<(T, T)>) {
        let count = self.count();
        moments.clear();
        moments.resize(x.len() / (self.by.repeats * self.width), (T::ZERO, T::ZERO));
        if self.by.center {
            for (group, (mean, _)) in moments.iter_mut().enumerate() {
                for at in self.runs(group) {
                    *mean += total(&x[at..at + self.width]);
                }
                *mean /= count;
            }
        }
        for (group, (mean, squares)) in moments.iter_mut().enumerate() {
            for at in self.runs(group) {
                *squares += sum_of(&x[at..at + self.width], |x| (x - *mean) * (x - *mean));
            }
        }
        let epsilon = T::from_double(self.by.epsilon);
        for (_, factor) in moments.iter_mut() {
            *factor = T::ONE / (*factor / count + epsilon).sqrt();
        }
    }

    /// Normalizes some samples in place.
    #[inline(always)]
    fn forward<T: Float>(&self, y: &mut [T], gamma: Option<&[T]>, beta: Option<&[T]>) {
        let mut moments = Vec::new();
        for y in y.chunks_mut(self.together() * self.by.repeats * self.channels) {
            self.moments(y, &mut moments);
            for (group, &moments) in moments.iter().enumerate() {
                self.forward_group(y, group, moments, gamma, beta);
            }
        }
    }

    #[inline(always)]
    fn forward_group<T: Float>(
        &self,
        y: &mut [T],
        group: usize,
        (mean, factor): (T, T),
        gamma: Option<&[T]>,
        beta: Option<&[T]>,
    ) {
        let channels = self.channels_of(group);
        let (gamma, beta) = (gamma.map(|gamma| &gamma[channels.clone()]), beta.map(|beta| &beta[channels.clone()]));
        for at in self.runs(group) {
            let y = &mut y[at..at + self.width];
            match (gamma, beta) {
                (Some(gamma), Some(beta)) => {
                    for ((y, &g), &b) in y.iter_mut().zip(gamma).zip(beta) {
                        *y = (*y - mean) * factor * g + b;
                    }
                }
                (Some(gamma), None) => {
                    for (y, &g) in y.iter_mut().zip(gamma) {
                        *y = (*y - mean) * factor * g;
                    }
                }
                (None, Some(beta)) => {
                    for (y, &b) in y.iter_mut().zip(beta) {
                        *y = (*y - mean) * factor + b;
                    }
                }
                (None, None) => {
                    for y in y.iter_mut() {
                        *y = (*y - mean) * factor;
                    }
                }
            }
        }
    }

    /// The gradients of some samples; those of `gamma` and `beta` are accumulated.
    #[inline(always)]
    fn backward<T: Float>(
        &self,
        dx: &mut [T],
        x: &[T],
        dy: &[T],
        gamma: Option<&[T]>,
        dgamma: &mut [T],
        dbeta: &mut [T],
    ) {
        let (mut moments, mut sums) = (Vec::new(), Vec::new());
        let numbers = self.together() * self.by.repeats * self.channels;
        for ((dx, x), dy) in dx.chunks_mut(numbers).zip(x.chunks(numbers)).zip(dy.chunks(numbers)) {
            self.moments(x, &mut moments);
            sums.clear();
            for (group, &moments) in moments.iter().enumerate() {
                sums.push(self.backward_sums(dx, x, dy, group, moments, gamma, dgamma, dbeta));
            }
            for ((group, &moments), &sums) in moments.iter().enumerate().zip(&sums) {
                self.backward_group(dx, x, group, moments, sums);
            }
        }
    }

    /// Writes the gradients of a group's normalized elements to `dx`. Returns their mean, and that of their products with these elements.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn backward_sums<T: Float>(
        &self,
        dx: &mut [T],
        x: &[T],
        dy: &[T],
        group: usize,
        (mean, factor): (T, T),
        gamma: Option<&[T]>,
        dgamma: &mut [T],
        dbeta: &mut [T],
    ) -> (T, T) {
        let channels = self.channels_of(group);
        let (dgamma, dbeta) = (&mut dgamma[channels.clone()], &mut dbeta[channels.clone()]);
        let (mut sum, mut product) = (T::ZERO, T::ZERO);
        for at in self.runs(group) {
            let run = at..at + self.width;
            let (dx, x, dy) = (&mut dx[run.clone()], &x[run.clone()], &dy[run]);
            for ((dgamma, dbeta), (&x, &dy)) in dgamma.iter_mut().zip(dbeta.iter_mut()).zip(x.iter().zip(dy)) {
                *dgamma += (x - mean) * factor * dy;
                *dbeta += dy;
            }
            match gamma {
                Some(gamma) => {
                    for (dx, (&dy, &g)) in dx.iter_mut().zip(dy.iter().zip(&gamma[channels.clone()])) {
                        *dx = dy * g;
                    }
                }
                None => dx.copy_from_slice(dy),
            }
            sum += total(dx);
            product += sum_of2(dx, x, |dx, x| dx * (x - mean));
        }
        let count = self.count::<T>();
        (if self.by.center { sum / count } else { T::ZERO }, product * factor / count)
    }

    /// From the gradients of a group's normalized elements in `dx` to those of its input.
    #[inline(always)]
    fn backward_group<T: Float>(
        &self,
        dx: &mut [T],
        x: &[T],
        group: usize,
        (mean, factor): (T, T),
        (sum, product): (T, T),
    ) {
        for at in self.runs(group) {
            for (dx, &x) in dx[at..at + self.width].iter_mut().zip(&x[at..at + self.width]) {
                *dx = (*dx - sum - (x - mean) * factor * product) * factor;
            }
        }
    }
}

fn composed(x: &Tensor, gamma: Option<&Tensor>, beta: Option<&Tensor>, by: Groups, channels: usize) -> Result<Tensor> {
    let grouped = x.reshape(((), by.repeats, by.groups, channels / by.groups))?;
    let mean_of = |x: &Tensor| x.mean_keepdim((1, 3));
    let centered = if by.center { grouped.broadcast_sub(&mean_of(&grouped)?)? } else { grouped };
    let deviation = (mean_of(&centered.sqr()?)? + by.epsilon)?.sqrt()?;
    let mut y = centered.broadcast_div(&deviation)?.reshape(((), channels))?;
    if let Some(gamma) = gamma {
        y = y.broadcast_mul(&gamma.flatten_all()?)?;
    }
    if let Some(beta) = beta {
        y = y.broadcast_add(&beta.flatten_all()?)?;
    }
    y.reshape(x.shape())
}

/// The mean and the variance of each channel, the last axis; over the rows with a weight, if `weights` is given.
///
/// # Shapes
/// - `x`: `(..., channels)`; `weights`: `(...)`; the results: `(channels,)`, detached
pub fn channel_moments(x: &Tensor, weights: Option<&Tensor>) -> Result<(Tensor, Tensor)> {
    lengths::check([x].into_iter().chain(weights))?;
    let channels = x.dims().last().copied().unwrap_or(1);
    let count = lengths::elements(&x.dims()[..x.rank().saturating_sub(1)])?;
    if weights.is_some_and(|weights| weights.elem_count() != count) {
        bail!("channel_moments: weights of shape {} for {count} rows", shape_or_none(weights))
    }
    let x = &crate::elementwise::float(x)?;
    lengths::allocated(&[channels], x.dtype())?;
    if is_narrow(x) {
        let (mean, variance) = channel_moments(&x.to_dtype(DType::F32)?, weights)?;
        return Ok((mean.to_dtype(x.dtype())?, variance.to_dtype(x.dtype())?));
    }
    let rows = x.detach().contiguous()?.reshape((count, channels))?;
    if let (true, None) = (on_host(&[x]), weights) {
        let count = rows.dim(0)?.max(1) as f64;
        return with_float!(x, T => {
            let data = view::<T>(&rows)?;
            let data: &[T] = &data;
            let factor = T::from_double(1.0 / count);
            let mean: Vec<T> = column_sums(data, channels).into_iter().map(|sum| sum * factor).collect();
            let squares = cores::summed(row_parts(data.len(), channels), channels, |range, sums| {
                simd!(|by| add_squares(sums, &data[range], &mean, by));
            });
            let variance: Vec<T> = squares.into_iter().map(|sum| sum * factor).collect();
            Ok((Tensor::from_vec(mean, channels, x.device())?, Tensor::from_vec(variance, channels, x.device())?))
        });
    }
    let Some(weights) = weights else {
        if on_gpu(&[x]) {
            return gpu::moments(&rows);
        }
        let mean = rows.mean(0)?;
        return Ok((mean.clone(), rows.broadcast_sub(&mean)?.sqr()?.mean(0)?));
    };
    let weights = weights.flatten_all()?.unsqueeze(1)?.to_dtype(x.dtype())?;
    let count = (weights.sum_all()? + crate::config::epsilon())?;
    let mean = rows.broadcast_mul(&weights)?.sum(0)?.broadcast_div(&count)?;
    let squares = rows.broadcast_sub(&mean)?.sqr()?;
    Ok((mean, squares.broadcast_mul(&weights)?.sum(0)?.broadcast_div(&count)?))
}

/// Adds the squared distances of the elements of rows from the mean of their column.
#[inline(always)]
fn add_squares<T: Float>(sums: &mut [T], rows: &[T], mean: &[T], by: impl MulAdd) {
    let (width, mean) = (sums.len(), &mean[..sums.len()]);
    let (together, rest) = four_rows(rows, width);
    for [a, b, c, d] in together {
        for (i, sum) in sums.iter_mut().enumerate() {
            let [a, b, c, d] = [a[i] - mean[i], b[i] - mean[i], c[i] - mean[i], d[i] - mean[i]];
            *sum += by.mul_add(a, a, b * b) + by.mul_add(c, c, d * d);
        }
    }
    for row in rest.chunks_exact(width) {
        for ((sum, &x), &mean) in sums.iter_mut().zip(row).zip(mean) {
            *sum = by.mul_add(x - mean, x - mean, *sum);
        }
    }
}

/// `(x - mean) / sqrt(variance + epsilon) gamma + beta` of each channel, the last axis.
///
/// With `of_batch`, `mean` and `variance` are those of `x`, as [`channel_moments`] without weights gives them, and gradients flow through
/// them as well; otherwise they are constants.
///
/// # Shapes
/// - `x`: `(..., channels)`; all others `(channels,)`; the result is like `x`
pub fn batch_normalize(
    x: &Tensor,
    gamma: Option<&Tensor>,
    beta: Option<&Tensor>,
    moments: (&Tensor, &Tensor),
    epsilon: f64,
    of_batch: bool,
) -> Result<Tensor> {
    let x = &lengths::beside(x, moments.0)?;
    let all: Vec<&Tensor> = [x].into_iter().chain(gamma).chain(beta).collect();
    lengths::check_floats("batch_normalize", all.iter().copied().chain([moments.0, moments.1]))?;
    let channels = x.dims().last().copied().unwrap_or(1);
    check_weights("batch_normalize", [gamma, beta, Some(moments.0), Some(moments.1)], channels)?;
    let (mean, variance) = (moments.0.detach(), moments.1.detach());
    if are_narrow(&all) {
        let (mean, variance) = (cast(&mean, DType::F32)?, cast(&variance, DType::F32)?);
        let weights = weights_among(gamma, beta);
        return in_float32(&all, |all| {
            let (gamma, beta) = weights(all);
            batch_normalize(&all[0], gamma, beta, (&mean, &variance), epsilon, of_batch)
        });
    }
    let factor = (&variance + epsilon)?.sqrt()?.recip()?;
    if on_gpu(&all) {
        return gpu::batch_normalize(x, gamma, beta, mean.contiguous()?, factor, of_batch);
    }
    if !on_host(&all) {
        let (mean, factor) = if of_batch {
            let rows = x.reshape((lengths::elements(&x.dims()[..x.rank().saturating_sub(1)])?, channels))?;
            let mean = rows.mean(0)?;
            let variance = rows.broadcast_sub(&mean)?.sqr()?.mean(0)?;
            (mean, (variance + epsilon)?.sqrt()?.recip()?)
        } else {
            (mean, factor)
        };
        let mut y = x.broadcast_sub(&mean)?.broadcast_mul(&factor)?;
        if let Some(gamma) = gamma {
            y = y.broadcast_mul(gamma)?;
        }
        return beta.map_or_else(|| Ok(y.clone()), |beta| y.broadcast_add(beta));
    }
    let input = x.detach().contiguous()?;
    let scale = gamma.map(|gamma| gamma.detach().contiguous()).transpose()?;
    let shift = beta.map(|beta| beta.detach().contiguous()).transpose()?;
    let value = with_float!(x, T => {
        let (mean, factor) = (view::<T>(&mean)?, view::<T>(&factor)?);
        let mut a = factor.to_vec();
        if let Some(scale) = &scale {
            for (a, &scale) in a.iter_mut().zip(view::<T>(scale)?.iter()) {
                *a *= scale;
            }
        }
        let mut b: Vec<T> = a.iter().zip(mean.iter()).map(|(&a, &mean)| -(a * mean)).collect();
        if let Some(shift) = &shift {
            for (b, &shift) in b.iter_mut().zip(view::<T>(shift)?.iter()) {
                *b += shift;
            }
        }
        let numbers = view::<T>(&input)?;
        let y = cores::copied_chunks(&numbers, cores::chunk_len(numbers.len(), channels, 2), |_, part| simd!(affine(part, &a, &b)));
        Value::new(y, x.shape())?
    });
    let wanted = (gamma.is_some(), beta.is_some());
    record("batch_normalize", &all, value, move |_, dy| {
        with_float!(dy, T => {
            let shape = dy.shape().clone();
            let (x, dy) = (view::<T>(&input)?, view::<T>(dy)?);
            let (x, dy): (&[T], &[T]) = (&x, &dy);
            let (mean, factor) = (view::<T>(&mean)?, view::<T>(&factor)?);
            let mean: &[T] = &mean;
            // The sums of the gradients of a column, and of their products with the distances from the mean.
            let mut sums = cores::summed(row_parts(x.len(), channels), 2 * channels, |range, sums| {
                let (dbeta, products) = sums.split_at_mut(channels);
                simd!(|by| add_gradients([dbeta, products], &x[range.clone()], &dy[range], mean, by));
            });
            let mut dgamma = sums.split_off(channels);
            let dbeta = sums;
            let mut a = factor.to_vec();
            for (dgamma, &factor) in dgamma.iter_mut().zip(factor.iter()) {
                *dgamma *= factor;
            }
            if let Some(scale) = &scale {
                for (a, &scale) in a.iter_mut().zip(view::<T>(scale)?.iter()) {
                    *a *= scale;
                }
            }
            // What flows through the moments, as factors of the distances from the mean and as constants.
            let share = if of_batch { T::from_double(channels as f64 / x.len().max(1) as f64) } else { T::ZERO };
            let slopes: Vec<T> = (0..channels).map(|i| share * factor[i] * dgamma[i]).collect();
            let constants: Vec<T> = dbeta.iter().map(|&dbeta| share * dbeta).collect();
            let dx = cores::copied_chunks(dy, cores::chunk_len(dy.len(), channels, 4), |from, part| {
                let x = &x[from..from + part.len()];
                simd!(|by| through_moments(part, x, [&a, mean, &slopes, &constants], by));
            });
            let device = &Device::Cpu;
            let dx = Tensor::from_vec(dx, shape, device)?;
            let mut gradients = vec![Some(dx)];
            if wanted.0 {
                gradients.push(Some(Tensor::from_vec(dgamma, channels, device)?));
            }
            if wanted.1 {
                gradients.push(Some(Tensor::from_vec(dbeta, channels, device)?));
            }
            Ok(gradients)
        })
    })
}

#[inline(always)]
fn affine<T: Float>(rows: &mut [T], a: &[T], b: &[T]) {
    for row in rows.chunks_exact_mut(a.len().max(1)) {
        for (x, (&a, &b)) in row.iter_mut().zip(a.iter().zip(b)) {
            *x = *x * a + b;
        }
    }
}

/// Turns the gradients of the outputs into those of the inputs.
#[inline(always)]
fn through_moments<T: Float>(dy: &mut [T], x: &[T], [a, mean, slopes, constants]: [&[T]; 4], by: impl MulAdd) {
    let width = a.len();
    let (mean, slopes, constants) = (&mean[..width], &slopes[..width], &constants[..width]);
    for (dy, x) in dy.chunks_exact_mut(width.max(1)).zip(x.chunks_exact(width.max(1))) {
        for i in 0..width {
            let moved = by.mul_add(x[i] - mean[i], slopes[i], constants[i]);
            dy[i] = a[i] * (dy[i] - moved);
        }
    }
}

/// Adds the gradients of rows, and their products with the distances of `x` from the mean, column by column.
#[inline(always)]
fn add_gradients<T: Float>([sums, products]: [&mut [T]; 2], x: &[T], dy: &[T], mean: &[T], by: impl MulAdd) {
    let width = sums.len();
    let (mean, products) = (&mean[..width], &mut products[..width]);
    let ((x_together, x_rest), (dy_together, dy_rest)) = (four_rows(x, width), four_rows(dy, width));
    for ([a, b, c, d], [e, f, g, h]) in x_together.zip(dy_together) {
        for i in 0..width {
            let ([e, f, g, h], mean) = ([e[i], f[i], g[i], h[i]], mean[i]);
            sums[i] += (e + f) + (g + h);
            products[i] +=
                by.mul_add(a[i] - mean, e, (b[i] - mean) * f) + by.mul_add(c[i] - mean, g, (d[i] - mean) * h);
        }
    }
    for (x, dy) in x_rest.chunks_exact(width).zip(dy_rest.chunks_exact(width)) {
        for i in 0..width {
            sums[i] += dy[i];
            products[i] = by.mul_add(x[i] - mean[i], dy[i], products[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let (x, gamma, beta) = (values([3, 2, 12], 1), values([12], 2), values([12], 3));
        for (repeats, groups, center) in [(1, 1, true), (1, 1, false), (2, 3, true), (2, 12, true), (1, 4, true)] {
            let by = Groups { repeats, groups, center, epsilon: 1e-3 };
            let inputs = [x.clone(), gamma.clone(), beta.clone()];
            assert_gradients(&inputs, |x| normalize(&x[0], Some(&x[1]), Some(&x[2]), by));
            assert_gradients(&inputs[..2], |x| normalize(&x[0], Some(&x[1]), None, by));
            assert_gradients(&[x.clone(), beta.clone()], |x| normalize(&x[0], None, Some(&x[1]), by));
            assert_gradients(&inputs[..1], |x| normalize(&x[0], None, None, by));
            let plain = composed(&x, Some(&gamma), Some(&beta), by, 12).unwrap();
            let apart = (normalize(&x, Some(&gamma), Some(&beta), by).unwrap() - plain).unwrap();
            assert!(apart.abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap() < 1e-12);
        }
    }

    #[test]
    fn no_channels_are_no_panic() {
        let x = Tensor::zeros((3, 0), candle_core::DType::F32, &Device::Cpu).unwrap();
        let none = Tensor::zeros(0, candle_core::DType::F32, &Device::Cpu).unwrap();
        assert_eq!(channel_moments(&x, None).unwrap().0.dims(), [0]);
        assert_eq!(batch_normalize(&x, None, None, (&none, &none), 1e-3, false).unwrap().dims(), [3, 0]);
    }

    #[test]
    fn a_batch_has_gradients_through_its_moments() {
        let (x, gamma, beta) = (values([3, 2, 4], 1), values([4], 2), values([4], 3));
        for of_batch in [true, false] {
            let run = |x: &[Tensor]| {
                let other = values([5, 4], 9);
                let (mean, variance) = channel_moments(if of_batch { &x[0] } else { &other }, None)?;
                batch_normalize(&x[0], x.get(1), x.get(2), (&mean, &variance), 1e-3, of_batch)
            };
            assert_gradients(&[x.clone(), gamma.clone(), beta.clone()], run);
            assert_gradients(std::slice::from_ref(&x), run);
        }
    }
}
