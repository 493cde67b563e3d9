//! The patches of images and volumes. Keras: `keras.ops.image.extract_patches`.

use super::{DataFormat, Rounding, on_loops};
use crate::cores;
use crate::host::{view, with_float};
use crate::lengths;
use crate::simd::Float;
use crate::tape::{Value, record};
use crate::{Axis, Padding};
use candle_core::{Result, Tensor, bail};

/// The arguments of [`extract_patches`] of images (`N` = 2), and of [`extract_patches_3d`] of volumes (`N` = 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtractPatches<const N: usize> {
    /// The size of a patch.
    pub size: [usize; N],
    /// The distance of patches; by default their size.
    pub strides: Option<[usize; N]>,
    /// The distance of the pixels of a patch.
    pub dilation_rate: usize,
    /// Whether patches begin in zeros before the image.
    pub padding: Padding,
    /// Where the channels are.
    pub data_format: DataFormat,
}

impl<const N: usize> ExtractPatches<N> {
    /// Patches of this size, side by side, with the defaults of Keras.
    pub fn of(size: [usize; N]) -> Self {
        Self { size, strides: None, dilation_rate: 1, padding: Padding::Valid, data_format: DataFormat::configured() }
    }
}

/// The patches of images, each as one pixel with the channels of all of its pixels, row by row.
///
/// # Shapes
/// - `images`: `(batch, height, width, channels)` or `(height, width, channels)`
/// - the result: `(batch, rows, columns, size[0] * size[1] * channels)`, or without the batch
///
/// # Errors
/// If a size is 0, or a patch larger than the image.
///
/// ```
/// use candle_keras_ops::image::{ExtractPatches, extract_patches};
/// use candle_keras_ops::{DType, Device, Tensor};
/// let images = Tensor::zeros((2, 20, 20, 3), DType::F32, &Device::Cpu)?;
/// assert_eq!(extract_patches(&images, &ExtractPatches::of([5, 5]))?.dims(), [2, 4, 4, 75]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn extract_patches(images: &Tensor, arguments: &ExtractPatches<2>) -> Result<Tensor> {
    patches(images, arguments)
}

/// The patches of volumes, each as one element with the channels of all of its elements.
///
/// # Shapes
/// - `volumes`: `(batch, depth, height, width, channels)` or `(depth, height, width, channels)`
/// - the result: `(batch, ..., size[0] * size[1] * size[2] * channels)`, or without the batch
///
/// # Errors
/// If a size is 0, or a patch larger than the volume.
pub fn extract_patches_3d(volumes: &Tensor, arguments: &ExtractPatches<3>) -> Result<Tensor> {
    patches(volumes, arguments)
}

fn patches<const N: usize>(images: &Tensor, arguments: &ExtractPatches<N>) -> Result<Tensor> {
    lengths::check([images])?;
    let last = arguments.data_format == DataFormat::ChannelsLast;
    let batched = match images.rank().checked_sub(N) {
        Some(1) => images.unsqueeze(0)?,
        Some(2) => images.clone(),
        _ => bail!("extract_patches: {N} sizes for images of shape {:?}", images.dims()),
    };
    // Channels in front go behind, and back afterwards.
    let order =
        |from: [usize; 2]| -> Vec<usize> { [0].into_iter().chain(from[0]..from[0] + N).chain([from[1]]).collect() };
    let x = if last { batched } else { batched.permute(order([2, 1]))? };
    let (batch, channels) = (x.dim(0)?, x.dim(N + 1)?);
    let strides = arguments.strides.unwrap_or(arguments.size);
    let sizes = || arguments.size.into_iter().chain(strides).chain([arguments.dilation_rate]);
    if sizes().any(|size| size == 0) {
        let (size, rate) = (arguments.size, arguments.dilation_rate);
        bail!(
            "extract_patches: sizes must be positive, received the size {size:?}, \
             strides {strides:?} and dilation_rate {rate}"
        )
    }
    let axis = |i: usize| {
        Axis::new(x.dims()[i + 1], arguments.size[i], strides[i], arguments.dilation_rate, arguments.padding)
    };
    let axes: [Axis; N] = std::array::from_fn(axis);
    if axes.iter().any(|axis| axis.output == 0) {
        bail!("extract_patches: patches of {:?} are larger than images of shape {:?}", arguments.size, images.dims())
    }
    let within = [&arguments.size[..], &[channels]].concat();
    let depth = lengths::elements(&within)?;
    let shape: Vec<usize> = [batch].into_iter().chain(axes.map(|axis| axis.output)).chain([depth]).collect();
    let count = lengths::allocated(&shape, x.dtype())?;
    let y = if count == 0 {
        Tensor::zeros(shape, x.dtype(), x.device())?
    } else {
        on_loops(&x, Rounding::Down, |x| gather(x, axes.to_vec(), depth, shape))?
    };
    let y = if last { y } else { y.permute([0, N + 1].into_iter().chain(1..=N).collect::<Vec<_>>())?.contiguous()? };
    if images.rank() == N + 1 { y.squeeze(0) } else { Ok(y) }
}

fn gather(x: &Tensor, axes: Vec<Axis>, depth: usize, shape: Vec<usize>) -> Result<Tensor> {
    let input = x.detach().contiguous()?;
    let channels = x.dim(x.rank() - 1)?;
    let value = with_float!(x, T => {
        let x = view::<T>(&input)?;
        let y = cores::zeroed_chunks(shape.iter().product(), depth, |from, y| {
            pixels(from / depth, &axes, |at, pixel| {
                y[pixel * channels..][..channels].copy_from_slice(&x[at * channels..][..channels]);
            });
        });
        Value::new(y, shape)?
    });
    record("extract_patches", &[x], value, move |_, dy| {
        let dx = with_float!(dy, T => {
            let dy = view::<T>(dy)?;
            let mut dx = vec![T::ZERO; input.elem_count()];
            for (patch, dy) in dy.chunks_exact(depth).enumerate() {
                pixels(patch, &axes, |at, pixel| add(&mut dx[at * channels..], &dy[pixel * channels..][..channels]));
            }
            Tensor::from_vec(dx, input.shape(), input.device())?
        });
        Ok(vec![Some(dx)])
    })
}

fn add<T: Float>(sum: &mut [T], x: &[T]) {
    sum.iter_mut().zip(x).for_each(|(sum, &x)| *sum += x);
}

/// Calls `f` with the index of each pixel of a patch in the images, and in the patch; pixels beyond the border are left out.
fn pixels(mut patch: usize, axes: &[Axis], mut f: impl FnMut(usize, usize)) {
    let mut starts = vec![0isize; axes.len()];
    for (start, axis) in starts.iter_mut().zip(axes).rev() {
        *start = (patch % axis.output * axis.stride) as isize - axis.before as isize;
        patch /= axis.output;
    }
    let size: usize = axes.iter().map(|axis| axis.window).product();
    let (image, mut step) = (patch, vec![0usize; axes.len()]);
    for pixel in 0..size {
        let places = starts.iter().zip(&step).zip(axes).try_fold(image, |at, ((start, step), axis)| {
            let place = start.saturating_add_unsigned(step.saturating_mul(axis.dilation));
            (0..axis.input as isize).contains(&place).then(|| at * axis.input + place as usize)
        });
        if let Some(at) = places {
            f(at, pixel);
        }
        for (step, axis) in step.iter_mut().zip(axes).rev() {
            *step = (*step + 1) % axis.window;
            if *step > 0 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let plain = ExtractPatches::of([2, 3]);
        let same = ExtractPatches { strides: Some([1, 2]), padding: Padding::Same, ..plain };
        let apart = ExtractPatches { strides: Some([1, 1]), dilation_rate: 2, ..plain };
        for arguments in [plain, same, apart] {
            assert_gradients(&[values([2, 5, 6, 2], 1)], |x| extract_patches(&x[0], &arguments));
            let first = ExtractPatches { data_format: DataFormat::ChannelsFirst, ..arguments };
            assert_gradients(&[values([2, 5, 6], 1)], |x| extract_patches(&x[0], &first));
        }
        assert_gradients(&[values([1, 3, 4, 4, 2], 1)], |x| extract_patches_3d(&x[0], &ExtractPatches::of([2, 2, 3])));
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        let x = values([4, 4, 1], 1);
        assert!(extract_patches(&x, &ExtractPatches::of([0, 1])).is_err());
        assert!(extract_patches(&x, &ExtractPatches::of([5, 1])).is_err());
        assert!(extract_patches(&x, &ExtractPatches { dilation_rate: 0, ..ExtractPatches::of([2, 2]) }).is_err());
        let huge = ExtractPatches { padding: Padding::Same, ..ExtractPatches::of([usize::MAX, usize::MAX]) };
        assert!(extract_patches(&x, &huge).is_err());
    }
}
