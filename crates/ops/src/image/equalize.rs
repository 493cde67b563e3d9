//! Histogram equalization: brightness spread evenly. The results are constants: their gradient is zero almost everywhere.

use super::{DataFormat, FillMode, Layout, Rounding, on_loops, with_channels_last};
use crate::cores;
use crate::host::{view, with_float};
use crate::simd::Float;
use candle_core::{Result, Tensor, bail};

/// Each channel of all images together with its brightness, 0 to 255 in `bins` steps, spread evenly. A channel within one step stays as it is.
///
/// # Shapes
/// - `images` and the result: `(batch, height, width, channels)` or `(height, width, channels)`
///
/// # Errors
/// If there are no bins.
pub fn equalize(images: &Tensor, bins: usize, data_format: DataFormat) -> Result<Tensor> {
    let layout = Layout::of("equalize", images.dims(), data_format)?;
    if !(1..=1 << 24).contains(&bins) {
        bail!("equalize takes a positive number of bins, received {bins}")
    }
    if images.elem_count() == 0 {
        return Ok(images.clone());
    }
    // A channel is apart from the others in the middle of three axes.
    let channels = layout.planes * layout.channels;
    on_loops(images, Rounding::Down, |images| {
        let x = images.detach().contiguous()?;
        with_float!(x, T => {
            let mut y = view::<T>(&x)?.to_vec();
            let of_channel = |channel: usize| -> Vec<usize> {
                let pixels = layout.height * layout.width;
                match data_format {
                    DataFormat::ChannelsLast => (channel..x.elem_count()).step_by(channels).collect(),
                    DataFormat::ChannelsFirst => (0..layout.batch)
                        .flat_map(|image| (0..pixels).map(move |pixel| (image * channels + channel) * pixels + pixel))
                        .collect(),
                }
            };
            for channel in 0..channels {
                equalize_channel(&mut y, &of_channel(channel), bins);
            }
            Tensor::from_vec(y, x.shape(), x.device())
        })
    })
}

fn equalize_channel<T: Float>(x: &mut [T], places: &[usize], bins: usize) {
    let (last, white) = (T::from_double((bins - 1) as f64), T::from_double(255.0));
    let bin = |scaled: T| scaled.to_integer().clamp(0, bins as i64 - 1) as usize;
    let mut counts = vec![0u64; bins];
    places.iter().for_each(|&at| counts[bin(x[at] * last / white)] += 1);
    let first = counts.iter().copied().find(|count| *count > 0).unwrap_or(0);
    if counts.iter().filter(|count| **count > 0).count() <= 1 {
        return;
    }
    let (mut below, all) = (0, places.len() as u64 - first);
    let table: Vec<T> = counts
        .iter()
        .map(|count| {
            below += count;
            let share = below.saturating_sub(first) as f64 * 255.0 / all as f64;
            T::from_double(share.round_ties_even().clamp(0.0, 255.0))
        })
        .collect();
    // Rounded otherwise than above, as in Keras: a value between two bins may be counted in one and looked up in the other.
    for &at in places {
        x[at] = table[bin(x[at] / white * last)];
    }
}

/// The arguments of [`clahe`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clahe {
    /// How many times the mean count a bin may have; 0 for any count.
    pub clip_limit: f64,
    /// The number of tiles along the rows and columns.
    pub tile_grid_size: [usize; 2],
    /// Where the channels are.
    pub data_format: DataFormat,
}

/// Images of numbers 0 to 255 with the brightness spread evenly around each pixel: by the histograms of the tiles around it (Zuiderveld,
/// "Contrast limited adaptive histogram equalization", 1994).
///
/// # Shapes
/// - `images` and the result: `(batch, height, width, channels)` or `(height, width, channels)`
///
/// # Errors
/// If there are no tiles, or too many.
pub fn clahe(images: &Tensor, arguments: &Clahe) -> Result<Tensor> {
    Layout::of("clahe", images.dims(), arguments.data_format)?;
    if images.elem_count() == 0 {
        return Ok(images.clone());
    }
    let [rows, columns] = arguments.tile_grid_size;
    // Each tile has a histogram.
    if !(1..=1 << 16).contains(&rows.saturating_mul(columns)) {
        bail!("clahe takes at least one tile and at most 65536, received {rows} x {columns}")
    }
    on_loops(images, Rounding::Down, |images| {
        with_channels_last(&images.detach(), arguments.data_format, |images| {
            let x = images.contiguous()?;
            let layout = Layout::of("clahe", x.dims(), DataFormat::ChannelsLast)?;
            with_float!(x, T => {
                let size = layout.plane();
                let x_ = view::<T>(&x)?;
                let y = cores::zeroed_chunks(x_.len(), size, |from, y| {
                    for channel in 0..layout.channels {
                        adapt(&x_[from..from + size], channel, &layout, arguments, y);
                    }
                });
                Tensor::from_vec(y, x.shape(), x.device())
            })
        })
    })
}

/// The number of levels of brightness.
const LEVELS: usize = 256;

/// One channel of an image.
fn adapt<T: Float>(x: &[T], channel: usize, layout: &Layout, arguments: &Clahe, y: &mut [T]) {
    let Layout { height, width, channels, .. } = *layout;
    let [rows, columns] = arguments.tile_grid_size;
    let (tile_height, tile_width) = (height.div_ceil(rows), width.div_ceil(columns));
    let level = |i: usize, j: usize| x[(i * width + j) * channels + channel].to_integer().clamp(0, 255) as usize;
    let mirrored = |i: usize, size: usize| FillMode::Reflect.index(i as i64, size).unwrap_or(0);
    let mut tables = vec![0.0f32; rows * columns * LEVELS];
    for (tile, table) in tables.chunks_exact_mut(LEVELS).enumerate() {
        let (top, left) = (tile / columns * tile_height, tile % columns * tile_width);
        for i in top..top + tile_height {
            for j in left..left + tile_width {
                table[level(mirrored(i, height), mirrored(j, width))] += 1.0;
            }
        }
        spread(table, (tile_height * tile_width) as f32, arguments.clip_limit as f32);
    }
    // The tiles before and behind a place, and how far it is from the first to the second, from centre to centre.
    let between = |at: usize, size: usize, tiles: usize| {
        let place = (at as f32 - size as f32 / 2.0) / size as f32 + 1.0;
        let (before, part) = (place.floor(), place - place.floor());
        let tile = |place: f32| (place as usize).saturating_sub(1).min(tiles - 1);
        (tile(before), tile(before + 1.0), part)
    };
    for i in 0..height {
        let (above, below, down) = between(i, tile_height, rows);
        for j in 0..width {
            let (left, right, east) = between(j, tile_width, columns);
            let level = level(i, j);
            let value = |row: usize, column: usize| tables[(row * columns + column) * LEVELS + level];
            let mixed = |row: usize| value(row, left) * (1.0 - east) + value(row, right) * east;
            let value = mixed(above) * (1.0 - down) + mixed(below) * down;
            y[(i * width + j) * channels + channel] = T::from_double(value.into());
        }
    }
}

/// From the counts of a tile to the new brightness of each level: counts above the limit are shared by all levels.
fn spread(counts: &mut [f32], pixels: f32, clip_limit: f32) {
    if clip_limit > 0.0 {
        let limit = clip_limit * pixels / LEVELS as f32;
        let excess: f32 = counts.iter().map(|count| (count - limit).max(0.0)).sum();
        counts.iter_mut().for_each(|count| *count = count.min(limit) + excess / LEVELS as f32);
    }
    let mut sum = 0.0;
    for count in counts.iter_mut() {
        sum += *count;
        *count = sum;
    }
    let lowest = counts[0];
    let all = if pixels == lowest { 1.0 } else { pixels - lowest };
    counts.iter_mut().for_each(|count| *count = ((*count - lowest) * 255.0 / all).clamp(0.0, 255.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::values;
    use candle_core::Device;

    #[test]
    fn brightness_is_spread_evenly() {
        let x = Tensor::new(&[[[10f32], [11.], [12.], [13.]]], &Device::Cpu).unwrap();
        let y = equalize(&x, 256, DataFormat::ChannelsLast).unwrap().flatten_all().unwrap();
        assert_eq!(y.to_vec1::<f32>().unwrap(), [0., 85., 170., 255.]);
        let flat = Tensor::new(&[[[10f32], [10.]]], &Device::Cpu).unwrap();
        let y = equalize(&flat, 256, DataFormat::ChannelsLast).unwrap().flatten_all().unwrap();
        assert_eq!(y.to_vec1::<f32>().unwrap(), [10., 10.]);
    }

    #[test]
    fn channels_are_the_same_first_and_last() {
        let x = ((values([2, 6, 5, 3], 1) * 40.0).unwrap() + 128.0).unwrap();
        let first = x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
        let of = |x: &Tensor, data_format| {
            let clahe = clahe(x, &Clahe { clip_limit: 4.0, tile_grid_size: [2, 2], data_format }).unwrap();
            [equalize(x, 64, data_format).unwrap(), clahe]
        };
        for (a, b) in of(&x, DataFormat::ChannelsLast).iter().zip(of(&first, DataFormat::ChannelsFirst)) {
            let off = (a - b.permute((0, 2, 3, 1)).unwrap()).unwrap().abs().unwrap();
            assert_eq!(off.max_all().unwrap().to_scalar::<f64>().unwrap(), 0.0);
        }
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let x = values([4, 4, 1], 1);
        assert!(equalize(&x, 0, DataFormat::ChannelsLast).is_err());
        for tile_grid_size in [[0, 1], [1 << 40, 1]] {
            let arguments = Clahe { clip_limit: 4.0, tile_grid_size, data_format: DataFormat::ChannelsLast };
            assert!(clahe(&x, &arguments).is_err());
        }
    }
}
