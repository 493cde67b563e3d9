//! Images turned over.

use super::{DataFormat, Layout, Rounding, on_loops};
use crate::cores;
use crate::host::{view, with_float};
use crate::simd::Float;
use crate::tape::{Value, record};
use candle_core::{Result, Tensor, bail};

/// The images whose `flips` say so with left and right exchanged (`horizontal`), or top and bottom (`vertical`), or both.
///
/// # Shapes
/// - `images` and the result: `(batch, height, width, channels)` or `(height, width, channels)`
///
/// # Errors
/// If the number of flips is not that of images.
///
/// ```
/// use candle_keras_ops::image::{DataFormat, flip};
/// use candle_keras_ops::{Device, Tensor};
/// let image = Tensor::new(&[[[1f32], [2.], [3.]]], &Device::Cpu)?;
/// let y = flip(&image, vec![true], true, false, DataFormat::ChannelsLast)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [3., 2., 1.]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn flip(
    images: &Tensor,
    flips: Vec<bool>,
    horizontal: bool,
    vertical: bool,
    data_format: DataFormat,
) -> Result<Tensor> {
    let layout = Layout::of("flip", images.dims(), data_format)?;
    if flips.len() != layout.batch {
        bail!("flip: {} flips for {} images", flips.len(), layout.batch)
    }
    if images.elem_count() == 0 || !flips.contains(&true) {
        return Ok(images.clone());
    }
    on_loops(images, Rounding::Down, |images| {
        let flip = Flip { layout, flips, horizontal, vertical };
        let x = images.detach().contiguous()?;
        let value = with_float!(x, T => Value::new(flip.apply(&view::<T>(&x)?), x.shape())?);
        record("flip", &[images], value, move |_, dy| {
            let dx = with_float!(dy, T => Tensor::from_vec(flip.apply(&view::<T>(dy)?), dy.shape(), dy.device())?);
            Ok(vec![Some(dx)])
        })
    })
}

struct Flip {
    layout: Layout,
    flips: Vec<bool>,
    horizontal: bool,
    vertical: bool,
}

impl Flip {
    /// Its own inverse, and its own transpose.
    fn apply<T: Float>(&self, x: &[T]) -> Vec<T> {
        let Layout { planes, height, width, channels, .. } = self.layout;
        let row = width * channels;
        cores::fill_chunks(x.len(), cores::chunk_len(x.len(), row, 2), |from, y| {
            for at in from / row..(from + y.remaining()) / row {
                let flipped = self.flips[at / height / planes];
                let at = if flipped && self.vertical { at + height - 1 - 2 * (at % height) } else { at };
                let x = &x[at * row..][..row];
                match (flipped && self.horizontal, channels) {
                    (false, _) => _ = y.copy(x),
                    (true, 1) => x.iter().rev().for_each(|&x| _ = y.copy(&[x])),
                    (true, _) => x.chunks_exact(channels).rev().for_each(|x| _ = y.copy(x)),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (horizontal, vertical) in [(true, false), (false, true), (true, true)] {
            let flips = || vec![true, false, true];
            let last = DataFormat::ChannelsLast;
            assert_gradients(&[values([3, 2, 4, 3], 1)], |x| flip(&x[0], flips(), horizontal, vertical, last));
            let first = DataFormat::ChannelsFirst;
            assert_gradients(&[values([3, 2, 4, 3], 1)], |x| flip(&x[0], flips(), horizontal, vertical, first));
        }
        assert!(flip(&values([3, 2, 4, 3], 1), vec![true], true, true, DataFormat::ChannelsLast).is_err());
    }

    #[test]
    fn rows_and_columns_change_places() {
        let x = Tensor::arange(0f32, 6.0, &crate::Device::Cpu).unwrap().reshape((2, 3, 1)).unwrap();
        let of = |horizontal, vertical| {
            let y = flip(&x, vec![true], horizontal, vertical, DataFormat::ChannelsLast).unwrap();
            y.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(of(true, false), [2., 1., 0., 5., 4., 3.]);
        assert_eq!(of(false, true), [3., 4., 5., 0., 1., 2.]);
        assert_eq!(of(true, true), [5., 4., 3., 2., 1., 0.]);
    }
}
