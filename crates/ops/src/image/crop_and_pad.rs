//! Images without their borders, and with more of them. Keras: `keras.ops.image.crop_images` and `pad_images`.

use super::{DataFormat, Layout, height_axis, resized};
use crate::{lengths, shape};
use candle_core::{Result, Tensor, bail};
use serde::{Deserialize, Serialize};

/// How much is cropped or padded at each side, and the size that results: of `top`, `bottom` and `target_height`, exactly two are given, and of
/// `left`, `right` and `target_width`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Borders {
    /// Above the image.
    pub top: Option<usize>,
    /// Below it.
    pub bottom: Option<usize>,
    /// Left of it.
    pub left: Option<usize>,
    /// Right of it.
    pub right: Option<usize>,
    /// The height that results.
    pub target_height: Option<usize>,
    /// The width that results.
    pub target_width: Option<usize>,
}

impl Borders {
    /// For both axes, what is before the image and what behind; `larger` is the size of an axis that contains the other.
    fn resolve(
        &self,
        op: &str,
        sizes: [usize; 2],
        inner: impl Fn(usize, usize) -> [usize; 2],
    ) -> Result<[[usize; 2]; 2]> {
        let given = [
            (["top", "bottom", "target_height"], [self.top, self.bottom, self.target_height]),
            (["left", "right", "target_width"], [self.left, self.right, self.target_width]),
        ];
        let mut borders = [[0; 2]; 2];
        for ((border, size), (names, values)) in borders.iter_mut().zip(sizes).zip(given) {
            let both = |target: usize, one: usize| {
                let [larger, smaller] = inner(size, target);
                larger.checked_sub(smaller).and_then(|all| all.checked_sub(one))
            };
            let resolved = match values {
                [Some(before), Some(behind), None] => Some([before, behind]),
                [Some(before), None, Some(target)] => both(target, before).map(|behind| [before, behind]),
                [None, Some(behind), Some(target)] => both(target, behind).map(|before| [before, behind]),
                _ => bail!("{op} takes exactly two of {}, {} and {}", names[0], names[1], names[2]),
            };
            let Some(resolved) = resolved else {
                let given =
                    values.map(|value| value.map_or_else(|| "None".into(), |value| value.to_string())).join(", ");
                bail!("{op}: {} does not go with a size of {size}: {} are {given}", names[2], names.join(", "))
            };
            *border = resolved;
        }
        Ok(borders)
    }
}

/// Images without the borders.
///
/// # Shapes
/// - `images`: `(batch, height, width, channels)` or `(height, width, channels)`
///
/// # Errors
/// If not exactly two numbers an axis are given, or the image is too small.
///
/// ```
/// use candle_keras_ops::image::{Borders, DataFormat, crop_images};
/// use candle_keras_ops::{DType, Device, Tensor};
/// let image = Tensor::zeros((5, 7, 3), DType::F32, &Device::Cpu)?;
/// let borders = Borders { top: Some(1), bottom: Some(0), left: Some(2), target_width: Some(4), ..Borders::default() };
/// assert_eq!(crop_images(&image, &borders, DataFormat::ChannelsLast)?.dims(), [4, 4, 3]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn crop_images(images: &Tensor, borders: &Borders, data_format: DataFormat) -> Result<Tensor> {
    lengths::check([images])?;
    let layout = Layout::of("crop_images", images.dims(), data_format)?;
    let sizes = [layout.height, layout.width];
    let borders = borders.resolve("crop_images", sizes, |size, target| [size, target])?;
    let mut y = images.clone();
    for (axis, (size, [before, behind])) in
        (height_axis(images.rank(), data_format)..).zip(sizes.into_iter().zip(borders))
    {
        let Some(left) = size.checked_sub(before).and_then(|left| left.checked_sub(behind)) else {
            bail!("crop_images: {before} before and {behind} behind are more than {size}")
        };
        y = shape::part(&y, axis, before, left)?;
    }
    Ok(y)
}

/// Images with zeros around them.
///
/// # Shapes
/// - `images`: `(batch, height, width, channels)` or `(height, width, channels)`
///
/// # Errors
/// If not exactly two numbers an axis are given, or the image is larger than the target.
pub fn pad_images(images: &Tensor, borders: &Borders, data_format: DataFormat) -> Result<Tensor> {
    lengths::check([images])?;
    let layout = Layout::of("pad_images", images.dims(), data_format)?;
    let sizes = [layout.height, layout.width];
    let borders = borders.resolve("pad_images", sizes, |size, target| [target, size])?;
    let whole = |i: usize| sizes[i].checked_add(borders[i][0])?.checked_add(borders[i][1]);
    let Some((height, width)) = whole(0).zip(whole(1)) else { bail!("pad_images: {borders:?} is too large") };
    lengths::allocated(&resized(images.dims(), data_format, [height, width]), images.dtype())?;
    let axis = height_axis(images.rank(), data_format);
    let [[top, bottom], [left, right]] = borders;
    images.pad_with_zeros(axis, top, bottom)?.pad_with_zeros(axis + 1, left, right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let (top, right) = (Some(1), Some(2));
        let crop = Borders { top, right, target_height: Some(2), target_width: Some(3), ..Borders::default() };
        let pad = Borders { target_height: Some(6), target_width: Some(9), ..crop };
        for format in [DataFormat::ChannelsLast, DataFormat::ChannelsFirst] {
            assert_gradients(&[values([2, 4, 5, 6], 1)], |x| crop_images(&x[0], &crop, format));
            assert_gradients(&[values([4, 5, 6], 1)], |x| pad_images(&x[0], &pad, format));
        }
    }

    #[test]
    fn borders_that_do_not_fit_are_errors() {
        let (x, format) = (values([4, 5, 1], 1), DataFormat::ChannelsLast);
        let all = Borders { top: Some(1), bottom: Some(1), left: Some(1), right: Some(1), ..Borders::default() };
        assert_eq!(crop_images(&x, &all, format).unwrap().dims(), [2, 3, 1]);
        assert_eq!(pad_images(&x, &all, format).unwrap().dims(), [6, 7, 1]);
        for borders in [
            Borders::default(),
            Borders { target_width: Some(1), ..all },
            Borders { bottom: None, target_height: Some(usize::MAX), ..all },
            Borders { top: Some(usize::MAX), ..all },
        ] {
            assert!(crop_images(&x, &borders, format).is_err(), "{borders:?}");
            assert!(pad_images(&x, &borders, format).is_err(), "{borders:?}");
        }
    }
}
