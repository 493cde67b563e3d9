//! Common to layers that draw random numbers in training.

use crate::{Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::{Device, Error, random::Stream};

/// An error if noise of this shape cannot be broadcast to the input.
pub(super) fn check_noise_shape(noise: Option<&Shape>, input: &Shape) -> Result<()> {
    let Some(noise) = noise else { return Ok(()) };
    if noise.len() != input.len() {
        return Err(Error::new("noise_shape must have the rank of the input")
            .expected(format!("{} sizes", input.len()))
            .received(noise.to_string()));
    }
    let fits = |(noise, size): (&Option<usize>, &Option<usize>)| match (noise, size) {
        (Some(noise), Some(size)) => *noise == 1 || noise == size,
        _ => true,
    };
    match noise.iter().zip(input.iter()).all(fits) {
        true => Ok(()),
        false => Err(Error::new("the sizes of noise_shape must be 1, None or those of the input")
            .expected(input.to_string())
            .received(noise.to_string())),
    }
}

/// The sizes of the noise for `x`.
pub(super) fn noise_dims(noise: Option<&Shape>, x: &Tensor) -> Result<Vec<usize>> {
    check_noise_shape(noise, &x.dims().into())?;
    let Some(noise) = noise else { return Ok(x.dims().to_vec()) };
    Ok(x.dims().iter().zip(noise.iter()).map(|(&size, noise)| noise.unwrap_or(size)).collect())
}

/// Normally distributed numbers of the shape and dtype of `x`.
pub(super) fn normal_like(x: &Tensor, mean: f64, stddev: f64, random: &mut Stream) -> Result<Tensor> {
    let numbers = random.normal(x.elem_count());
    let numbers = Tensor::from_vec(numbers, x.shape(), &Device::Cpu)?.affine(stddev, mean)?;
    Ok(numbers.to_dtype(x.dtype())?.to_device(x.device())?)
}

/// An error in a training at a rate that leaves nothing.
pub(super) fn below_one(rate: f64) -> Result<()> {
    match rate < 1.0 {
        true => Ok(()),
        false => Err(Error::new("rate must be below 1 in training").received(rate.to_string())),
    }
}
