//! The mean of the pixels that a new one covers, in an image that becomes smaller.

use super::pixels::{Fraction, Pixels, Size, each};

/// Where a new pixel covers whole ones: blocks of so many columns and rows, of which the last may be cut by the end of the image.
pub(super) fn blocks(from: Size, pixels: Pixels, to: Size, block: (usize, usize)) -> Pixels {
    let area = block.0 * block.1;
    let byte = |sum: u32, count: usize| match count == area {
        // OpenCV rounds the mean of four bytes up at halves, and others to even numbers.
        true if block == (2, 2) => ((sum + 2) >> 2) as u8,
        true => (sum as f32 * (1.0 / area as f32)).round_ties_even() as u8,
        false => (sum as f32 / count as f32).round_ties_even() as u8,
    };
    fn fraction<T: Fraction>(sum: T, count: usize) -> T {
        sum * T::from(1.0 / count as f32)
    }
    each!(
        pixels,
        |all: &[u8]| {
            let wide: Vec<u32> = all.iter().map(|&byte| u32::from(byte)).collect();
            of_blocks(&wide, (from, to), block, byte)
        },
        |all| of_blocks(all, (from, to), block, fraction)
    )
}

/// The mean of each block, of its sum and how many pixels it has.
fn of_blocks<T: Copy + Default + std::ops::Add<Output = T>, M>(
    pixels: &[T],
    (from, to): (Size, Size),
    (columns, rows): (usize, usize),
    mean: impl Fn(T, usize) -> M,
) -> Vec<M> {
    let ends = |at: usize, step: usize, length: usize| (at * step, ((at + 1) * step).min(length));
    let mut out = Vec::with_capacity(to.height * to.row());
    for y in 0..to.height {
        let (top, bottom) = ends(y, rows, from.height);
        for x in 0..to.width {
            let (left, right) = ends(x, columns, from.width);
            for channel in 0..to.channels {
                let mut sum = T::default();
                for y in top..bottom {
                    let line = &pixels[y * from.row()..][..from.row()];
                    sum = (left..right).fold(sum, |sum, x| sum + line[x * from.channels + channel]);
                }
                out.push(mean(sum, (bottom - top) * (right - left)));
            }
        }
    }
    out
}

/// Where a new pixel covers parts of others; `steps` is how many pixels it covers on each axis.
pub(super) fn area(from: Size, pixels: Pixels, to: Size, steps: [f64; 2]) -> Pixels {
    let columns = cells(from.width, to.width, steps[0]);
    let rows = cells(from.height, to.height, steps[1]);
    each!(
        pixels,
        |all: &[u8]| {
            let fractions: Vec<f32> = all.iter().map(|&byte| f32::from(byte)).collect();
            means(&fractions, from, &columns, &rows).into_iter().map(|mean| mean.round_ties_even() as u8).collect()
        },
        |all| means(all, from, &columns, &rows)
    )
}

/// For each new pixel of an axis the old ones that it covers, and how much of it is theirs.
fn cells(length: usize, count: usize, step: f64) -> Vec<Vec<(usize, f32)>> {
    let cell = |at: usize| {
        let (start, end) = (at as f64 * step, at as f64 * step + step);
        let width = step.min(length as f64 - start);
        let last = (end.floor() as usize).min(length - 1);
        let first = (start.ceil() as usize).min(last);
        let mut cell = Vec::with_capacity(last - first + 2);
        if first as f64 - start > 1e-3 {
            cell.push((first - 1, ((first as f64 - start) / width) as f32));
        }
        cell.extend((first..last).map(|at| (at, (1.0 / width) as f32)));
        if end - last as f64 > 1e-3 {
            cell.push((last, ((end - last as f64).min(1.0).min(width) / width) as f32));
        }
        cell
    };
    (0..count).map(cell).collect()
}

type Cells = [Vec<(usize, f32)>];

fn means<T: Fraction>(pixels: &[T], from: Size, columns: &Cells, rows: &Cells) -> Vec<T> {
    let zero = T::default();
    let mut out = Vec::with_capacity(rows.len() * columns.len() * from.channels);
    for row in rows {
        let mut sums = vec![zero; columns.len() * from.channels];
        for &(y, share) in row {
            let line = &pixels[y * from.row()..][..from.row()];
            for (cell, sums) in columns.iter().zip(sums.chunks_exact_mut(from.channels)) {
                for (channel, sum) in sums.iter_mut().enumerate() {
                    let of_cell = cell
                        .iter()
                        .fold(zero, |sum, &(x, share)| sum + line[x * from.channels + channel] * T::from(share));
                    *sum = *sum + of_cell * T::from(share);
                }
            }
        }
        out.extend(sums);
    }
    out
}
