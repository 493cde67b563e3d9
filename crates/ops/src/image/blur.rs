//! Gaussian blur. Keras: `keras.ops.image.gaussian_blur`.

use super::{DataFormat, Rounding, on_loops, with_channels_last};
use crate::{Axis, FusedActivation, Padding, depthwise_conv, lengths};
use candle_core::{Result, Tensor, bail};

/// Images convolved with a Gaussian, with zeros beyond the border: a convolution along each axis.
///
/// Sizes and deviations are `[of the columns, of the rows]`, as Keras has them.
///
/// # Shapes
/// - `images` and the result: `(batch, height, width, channels)` or `(height, width, channels)`
///
/// # Errors
/// If a size is 0 or larger than 65535, or a deviation not positive.
pub fn gaussian_blur(
    images: &Tensor,
    kernel_size: [usize; 2],
    sigma: [f64; 2],
    data_format: DataFormat,
) -> Result<Tensor> {
    if !kernel_size.iter().all(|size| (1..1 << 16).contains(size)) || !sigma.iter().all(|sigma| *sigma > 0.0) {
        bail!("gaussian_blur takes sizes of 1 to 65535 and positive deviations, received {kernel_size:?} and {sigma:?}")
    }
    if !matches!(images.rank(), 3 | 4) {
        bail!("gaussian_blur takes one image with 3 axes, or a batch with 4, received the shape {:?}", images.dims())
    }
    lengths::check([images])?;
    if images.elem_count() == 0 {
        return Ok(images.clone());
    }
    on_loops(images, Rounding::Down, |images| {
        with_channels_last(images, data_format, |images| {
            let x = if images.rank() == 3 { images.unsqueeze(0)? } else { images.clone() };
            let y = blurred(&blurred(&x, 0, kernel_size[1], sigma[1])?, 1, kernel_size[0], sigma[0])?;
            if images.rank() == 3 { y.squeeze(0) } else { Ok(y) }
        })
    })
}

/// Along the rows (0) or the columns (1).
fn blurred(x: &Tensor, along: usize, size: usize, sigma: f64) -> Result<Tensor> {
    let (_, height, width, channels) = x.dims4()?;
    let kernel = gaussian(size, sigma);
    let mut windows = [1, 1];
    windows[along] = size;
    let axes = [height, width].into_iter().zip(windows);
    let axes: Vec<Axis> = axes.map(|(size, window)| Axis::new(size, window, 1, 1, Padding::Same)).collect();
    let kernel = Tensor::from_vec(kernel, (windows[0], windows[1], 1, 1), x.device())?;
    let kernel = kernel.to_dtype(x.dtype())?.broadcast_as((windows[0], windows[1], channels, 1))?.contiguous()?;
    depthwise_conv(x, &kernel, None, &axes, FusedActivation::Linear)
}

/// A Gaussian at whole numbers around its mean; the sum is 1.
fn gaussian(size: usize, sigma: f64) -> Vec<f64> {
    let mean = (size - 1) as f64 / 2.0;
    // Relative to the element next to the mean, which is 1 at any deviation.
    let next = if size.is_multiple_of(2) { 0.5 } else { 0.0 };
    let apart = |i: usize| (i as f64 - mean).abs();
    let relative = |i: usize| (-0.5 * ((apart(i) - next) / sigma) * ((apart(i) + next) / sigma)).exp();
    let mut kernel: Vec<f64> = (0..size).map(relative).collect();
    let sum: f64 = kernel.iter().sum();
    kernel.iter_mut().for_each(|x| *x /= sum);
    kernel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let last = DataFormat::ChannelsLast;
        assert_gradients(&[values([2, 4, 5, 2], 1)], |x| gaussian_blur(&x[0], [3, 5], [0.8, 1.5], last));
        assert_gradients(&[values([2, 4, 5], 1)], |x| {
            gaussian_blur(&x[0], [2, 3], [1.0, 0.7], DataFormat::ChannelsFirst)
        });
        // All of the kernel is next to its mean, whatever underflows.
        for sigma in [1e-3, 1e-200] {
            assert_eq!((gaussian(4, sigma), gaussian(3, sigma)), (vec![0.0, 0.5, 0.5, 0.0], vec![0.0, 1.0, 0.0]));
        }
        assert!(gaussian_blur(&values([2, 4, 5], 1), [3, 0], [1.0, 1.0], last).is_err());
        assert!(gaussian_blur(&values([2, 4, 5], 1), [3, 3], [0.0, 1.0], last).is_err());
    }
}
