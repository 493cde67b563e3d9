//! What layers over images and sequences share: where the channels are, how windows move over the axes.

use crate::Shape;
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Axis, Error, Padding, Result};

/// Whether the channels are the last axis, and not the one behind the batch.
pub(crate) fn channels_last(data_format: &str) -> Result<bool> {
    match data_format {
        "channels_last" => Ok(true),
        "channels_first" => Ok(false),
        other => Err(Error::unknown("data_format", other, &["channels_last", "channels_first"])),
    }
}

/// The padding of this name, in whatever case, as in Keras.
pub(crate) fn padding(name: &str, causal: bool) -> Result<Padding> {
    match name.to_lowercase().as_str() {
        "valid" => Ok(Padding::Valid),
        "same" => Ok(Padding::Same),
        "causal" if causal => Ok(Padding::Causal),
        other => Err(Error::unknown("padding", other, &["valid", "same", "causal"][..if causal { 3 } else { 2 }])),
    }
}

/// The sizes of the axes between the batch and the channels, and the channels, of a shape with `N` such axes.
pub(crate) fn spatial<const N: usize>(input: &Shape, data_format: &str) -> Result<([Option<usize>; N], Option<usize>)> {
    let last = channels_last(data_format)?;
    let sizes = (input.len() == N + 2).then(|| &input[if last { 1 } else { 2 }..][..N]);
    match sizes.and_then(|sizes| sizes.try_into().ok()) {
        Some(sizes) => Ok((sizes, input[if last { N + 1 } else { 1 }])),
        None => {
            let axes = if N == 1 { "steps" } else { "height, width" };
            Err(Error::new(format!("the layer takes inputs with {} axes", N + 2))
                .expected(if last {
                    format!("(batch, {axes}, channels)")
                } else {
                    format!("(batch, channels, {axes})")
                })
                .received(format!("an input of shape {input}")))
        }
    }
}

/// A shape with these sizes between the batch and the channels.
pub(crate) fn with_spatial<const N: usize>(
    batch: Option<usize>,
    sizes: [Option<usize>; N],
    channels: Option<usize>,
    data_format: &str,
) -> Result<Shape> {
    let batch = std::iter::once(batch);
    Ok(match channels_last(data_format)? {
        true => batch.chain(sizes).chain([channels]).collect(),
        false => batch.chain([channels]).chain(sizes).collect(),
    })
}

/// How windows of these sizes move over an image, or over a sequence as an image of height 1.
pub(crate) fn axes<const N: usize>(
    dims: &[usize],
    windows: [usize; N],
    strides: [usize; N],
    dilations: [usize; N],
    padding: Padding,
) -> [Axis; 2] {
    let axis = |i: usize| Axis::new(dims[i + 1], windows[i], strides[i], dilations[i], padding);
    if N == 1 { [Axis::new(1, 1, 1, 1, Padding::Valid), axis(0)] } else { [axis(0), axis(N - 1)] }
}

/// How many windows there are along an axis.
pub(crate) fn windows(
    size: Option<usize>,
    window: usize,
    stride: usize,
    dilation: usize,
    padding: Padding,
) -> Result<Option<usize>> {
    let Some(size) = size else { return Ok(None) };
    match Axis::new(size, window, stride, dilation, padding).output {
        0 => Err(Error::new("a window is larger than the input")
            .expected(format!(
                "at least {} elements along the axis",
                (window - 1).saturating_mul(dilation).saturating_add(1)
            ))
            .received(size.to_string())
            .help("padding(\"same\") puts zeros around the input")),
        count => Ok(Some(count)),
    }
}

/// Runs `f` on the tensor with its channels last; they are moved there and back if they are first, which copies the tensor.
pub(crate) fn run_channels_last(
    x: &Tensor,
    data_format: &str,
    f: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    if channels_last(data_format)? {
        return f(x);
    }
    let rank = x.rank() as i64;
    let last: Vec<i64> = std::iter::once(0).chain(2..rank).chain([1]).collect();
    let first: Vec<i64> = [0, rank - 1].into_iter().chain(1..rank - 1).collect();
    Ok(ops::transpose(&f(&ops::transpose(x, last)?)?, first)?)
}

/// An error if a rate is not between 0 and 1.
pub(crate) fn fraction(name: &str, rate: f64) -> Result<()> {
    match (0.0..=1.0).contains(&rate) {
        true => Ok(()),
        false => Err(Error::new(format!("{name} must be between 0 and 1")).received(rate.to_string())),
    }
}

/// An error if a size is 0.
pub(crate) fn positive(name: &str, sizes: &[usize]) -> Result<()> {
    match sizes.contains(&0) {
        true => Err(Error::new(format!("{name} must be positive")).received(format!("{sizes:?}"))),
        false => Ok(()),
    }
}
