//! Functions that several layers of images use.

use super::factor::ValueRange;
use crate::{Error, Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::image::{Number, PixelFunction, pixelwise};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{self as ops};

/// `count` uniform random numbers of a range.
pub(super) fn uniform(random: &mut Stream, count: usize, [from, to]: [f64; 2]) -> Vec<f64> {
    random.uniform(count).into_iter().map(|x| from + (to - from) * x).collect()
}

/// For each image, whether the layer applies: a uniform number is below a probability, which itself is drawn from a range.
pub(super) fn applies(random: &mut Stream, count: usize, probability: [f64; 2]) -> Vec<bool> {
    let probability = uniform(random, count, probability);
    random.uniform(count).into_iter().zip(probability).map(|(x, probability)| x < probability).collect()
}

/// For each image of a batch the one of `yes` where `apply` is true, and that of `no` elsewhere.
pub(super) fn choose(apply: &[bool], yes: &Tensor, no: &Tensor) -> Result<Tensor> {
    if apply.len() != no.dim(0)? {
        return Err(Error::new("a transformation of other images").received(format!(
            "{} of {}",
            apply.len(),
            no.dim(0)?
        )));
    }
    if apply.iter().all(|apply| *apply) {
        return Ok(yes.clone());
    }
    if !apply.contains(&true) {
        return Ok(no.clone());
    }
    let image = |(i, &apply): (usize, &bool)| if apply { yes } else { no }.narrow(0, i, 1);
    Ok(Tensor::cat(&apply.iter().enumerate().map(image).collect::<candle_core::Result<Vec<_>>>()?, 0)?)
}

/// The images scaled, each by its factor.
pub(super) fn scaled(images: &Tensor, factors: impl IntoIterator<Item = f64>) -> Result<Tensor> {
    struct Scale(f64);
    impl PixelFunction<1, 1> for Scale {
        #[inline(always)]
        fn apply<S: Number>(&self, [x]: [S; 1]) -> [S; 1] {
            [x * S::constant(self.0)]
        }
    }
    Ok(pixelwise(images, factors.into_iter().map(Scale).collect())?)
}

/// `weight * images + (1 - weight) * others`, with a weight for each image.
pub(super) fn mixed(images: &Tensor, others: &Tensor, weights: &[f64]) -> Result<Tensor> {
    let others = scaled(others, weights.iter().map(|weight| 1.0 - weight))?;
    Ok(ops::add(&scaled(images, weights.iter().copied())?, &others)?)
}

/// The images in this order.
pub(super) fn permuted(images: &Tensor, order: &[u32]) -> Result<Tensor> {
    if order.len() != images.dim(0)? || order.iter().any(|&i| i as usize >= order.len()) {
        return Err(Error::new("the transformation was drawn for another batch")
            .expected(format!("{} images", order.len()))
            .received(format!("images of shape {:?}", images.dims()))
            .help("get_random_transformation of these images draws one for them"));
    }
    Ok(images.contiguous()?.index_select(&Tensor::new(order, images.device())?, 0)?)
}

/// A value of images of the range `from` as one of the range `to`.
#[inline(always)]
pub(super) fn in_range<S: Number>(x: S, from: [f64; 2], to: [f64; 2]) -> S {
    if from == to {
        return x;
    }
    let share = (x - S::constant(from[0])) / S::constant(from[1] - from[0]);
    share * S::constant(to[1] - to[0]) + S::constant(to[0])
}

/// Images of the range `from` as images of the range `to`.
pub(super) fn images_in_range(images: &Tensor, from: [f64; 2], to: [f64; 2]) -> Result<Tensor> {
    struct InRange([f64; 2], [f64; 2]);
    impl PixelFunction<1, 1> for InRange {
        #[inline(always)]
        fn apply<S: Number>(&self, [x]: [S; 1]) -> [S; 1] {
            [in_range(x, self.0, self.1)]
        }
    }
    if from == to { Ok(images.clone()) } else { Ok(pixelwise(images, vec![InRange(from, to)])?) }
}

/// Images clipped to the range of their values.
pub(super) fn clipped(images: &Tensor, range: ValueRange) -> Result<Tensor> {
    let [low, high] = range.ends();
    Ok(ops::clip(images, low, high)?)
}

/// An error if images of this shape have not one of these numbers of channels.
pub(super) fn check_channels(input: &Shape, data_format: &str, allowed: &[usize]) -> Result<()> {
    let axis = input.len() - if data_format == "channels_first" { 3 } else { 1 };
    match input[axis] {
        Some(channels) if !allowed.contains(&channels) => Err(Error::new("the layer takes images of colors")
            .expected(format!("{allowed:?} channels"))
            .received(format!("{channels} channels, in an input of shape {input}"))),
        _ => Ok(()),
    }
}

/// A box in an image: `[left, right, top, bottom]`, in pixels.
pub(super) type Region = [f64; 4];

/// 1 where a pixel is in the box of its image, for all channels of images of this shape.
pub(super) fn inside(regions: &[Region], dims: [usize; 4], channels_last: bool) -> Result<Tensor> {
    let [batch, a, b, c] = dims;
    if regions.len() != batch {
        return Err(Error::new("a transformation of other images").received(format!("{} of {batch}", regions.len())));
    }
    let mut mask = vec![0u8; batch * a * b * c];
    let (height, width, planes, channels) = if channels_last { (a, b, 1, c) } else { (b, c, a, 1) };
    let pixels =
        |from: f64, to: f64, size: usize| from.ceil().max(0.0) as usize..(to.ceil().max(0.0) as usize).min(size);
    for (plane, mask) in mask.chunks_exact_mut((height * width * channels).max(1)).enumerate() {
        let [left, right, top, bottom] = regions[plane / planes];
        let columns = pixels(left, right, width);
        for row in pixels(top, bottom, height).filter(|_| columns.start < columns.end) {
            mask[(row * width + columns.start) * channels..(row * width + columns.end) * channels].fill(1);
        }
    }
    Ok(Tensor::from_vec(mask, &dims, &candle_core::Device::Cpu)?)
}

/// A random part of `size`, of this length.
pub(super) fn part(random: &mut Stream, size: usize, length: f64) -> [f64; 2] {
    let start = random.uniform(1)[0] * (size as f64 - length);
    [start, start + length]
}
