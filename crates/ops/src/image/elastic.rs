//! Images that are pulled in all directions, a little differently at each pixel. Keras: `keras.ops.image.elastic_transform`.

use super::blur::gaussian_blur;
use super::sample::Sampling;
use super::warp::{Places, moved};
use super::{Affine, DataFormat, Layout};
use crate::lengths;
use crate::random::Stream;
use crate::simd::Float;
use candle_core::{DType, Device, Result, Tensor, bail};

/// How far and how smoothly pixels move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elastic {
    /// The strength: how many times the smoothed noise pixels move.
    pub alpha: f64,
    /// The standard deviation of the noise, and of the Gaussian that smooths it, in pixels.
    pub sigma: f64,
    /// How values between pixels and beyond the border are found.
    pub sampling: Affine,
}

/// Images whose pixels come from places moved by smooth noise (Simard et al., "Best practices for convolutional neural networks", 2003).
///
/// Rows and columns have noise of their own. (Keras on JAX and TensorFlow draws it once for both, so that pixels move along the diagonal.)
///
/// # Shapes
/// - `images` and the result: `(batch, height, width, channels)` or `(height, width, channels)`
///
/// # Errors
/// If `sigma` is not positive or too large.
pub fn elastic_transform(images: &Tensor, arguments: &Elastic, random: &mut Stream) -> Result<Tensor> {
    let layout = Layout::of("elastic_transform", images.dims(), arguments.sampling.data_format)?;
    let count = lengths::elements(&[2, layout.batch, layout.height, layout.width])?;
    lengths::allocated(&[count], DType::F64)?;
    elastic_transform_by(images, arguments, &random.normal(count))
}

/// [`elastic_transform`] by given noise from the standard normal distribution: a number for the column of each pixel of each image, then one for
/// the row of each.
///
/// # Errors
/// As [`elastic_transform`], or if the number of the noise does not fit.
pub fn elastic_transform_by(images: &Tensor, arguments: &Elastic, noise: &[f64]) -> Result<Tensor> {
    let &Elastic { alpha, sigma, sampling } = arguments;
    let layout = Layout::of("elastic_transform", images.dims(), sampling.data_format)?;
    let shape = [2 * layout.batch, layout.height, layout.width, 1];
    if noise.len() != lengths::elements(&shape)? {
        bail!("elastic_transform: noise of {} numbers for images of shape {:?}", noise.len(), images.dims())
    }
    if !(sigma > 0.0 && sigma < 1e4) {
        bail!("elastic_transform: sigma must be positive and a number of pixels, received {sigma}")
    }
    if noise.is_empty() {
        return Ok(images.clone());
    }
    let noise = (Tensor::from_slice(noise, &shape, &Device::Cpu)? * sigma)?;
    let size = (6.0 * sigma) as usize | 1;
    let smooth = gaussian_blur(&noise, [size; 2], [sigma; 2], DataFormat::ChannelsLast)?;
    let offsets = (smooth * alpha)?.flatten_all()?.to_vec1()?;
    let Affine { interpolation, fill_mode, fill_value, .. } = sampling;
    let sampling = Sampling::new("elastic_transform", interpolation, fill_mode, fill_value)?;
    moved(images, layout, Offsets { offsets, height: layout.height, width: layout.width }, sampling)
}

/// How far the pixels move, along the columns and then along the rows.
struct Offsets {
    offsets: Vec<f64>,
    height: usize,
    width: usize,
}

impl Places for Offsets {
    fn write<T: Float>(&self, image: usize, y: usize, places: &mut [(T, T)]) {
        let (right, down) = self.offsets.split_at(self.offsets.len() / 2);
        let row = (image * self.height + y) * self.width..;
        let offsets = right[row.clone()].iter().zip(&down[row]);
        for (x, (place, (right, down))) in places.iter_mut().zip(offsets).enumerate() {
            *place = (T::from_double(y as f64 + down), T::from_double(x as f64 + right));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let last = Elastic { alpha: 3.0, sigma: 0.6, sampling: Affine::default() };
        assert_gradients(&[values([2, 4, 5, 2], 1)], |x| elastic_transform(&x[0], &last, &mut Stream::new(1, 0)));
        let sampling = Affine { data_format: DataFormat::ChannelsFirst, ..Affine::default() };
        let first = Elastic { sampling, ..last };
        assert_gradients(&[values([2, 4, 5], 1)], |x| elastic_transform(&x[0], &first, &mut Stream::new(1, 0)));
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let of = |sigma| Elastic { alpha: 1.0, sigma, sampling: Affine::default() };
        for sigma in [0.0, -1.0, f64::NAN, 1e30] {
            assert!(elastic_transform(&values([4, 5, 2], 1), &of(sigma), &mut Stream::new(1, 0)).is_err());
        }
        assert!(elastic_transform_by(&values([4, 5, 2], 1), &of(1.0), &[0.0; 3]).is_err());
    }
}
