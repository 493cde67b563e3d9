//! Images with borders of zeros, inside of which all windows lie.

use super::axis::{Axis, each_place};
use crate::simd::Real;

/// The border around images of some channels.
#[derive(Debug)]
pub(super) struct Border {
    axes: [Axis; 3],
    channels: usize,
    /// The sizes with the border.
    size: [usize; 3],
}

impl Border {
    /// The border that windows over these axes need, if it is not most of what there would be.
    pub(super) fn of(axes: [Axis; 3], channels: usize) -> Option<Self> {
        let size = axes.map(|axis| {
            let reach = (axis.window.max(1) - 1).saturating_mul(axis.dilation).saturating_add(1);
            reach
                .saturating_add((axis.output.max(1) - 1).saturating_mul(axis.stride))
                .max(axis.before.saturating_add(axis.input))
        });
        // Far windows over a small image would be borders alone.
        let all = size.iter().fold(1usize, |all, size| all.saturating_mul(*size));
        let most = axes.iter().fold(4usize, |all, axis| all.saturating_mul(axis.input));
        (all <= most).then_some(Self { axes, channels, size })
    }

    /// Where the windows begin.
    pub(super) fn starts(&self) -> Vec<usize> {
        self.places(self.axes.map(|axis| axis.output), self.axes.map(|axis| axis.stride))
    }

    /// Where after that their elements are.
    pub(super) fn taps(&self) -> Vec<usize> {
        self.places(self.axes.map(|axis| axis.window), self.axes.map(|axis| axis.dilation))
    }

    /// Where so many elements are that are so far apart along each axis.
    fn places(&self, counts: [usize; 3], apart: [usize; 3]) -> Vec<usize> {
        let mut places = Vec::with_capacity(counts.iter().product());
        each_place(counts, |[z, y, x]| places.push(self.place([z * apart[0], y * apart[1], x * apart[2]])));
        places
    }

    fn place(&self, [z, y, x]: [usize; 3]) -> usize {
        ((z * self.size[1] + y) * self.size[2] + x) * self.channels
    }

    /// The memory for an image with its border.
    pub(super) fn memory<T: Real>(&self) -> Vec<T> {
        vec![T::ZERO; self.size.iter().product::<usize>() * self.channels]
    }

    /// Where the rows of the image lie in it, each of the image's width.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        let [planes, rows, columns] = self.axes;
        let place = move |z, y| self.place([planes.before + z, rows.before + y, columns.before]);
        (0..planes.input).flat_map(move |z| (0..rows.input).map(move |y| place(z, y)))
    }

    /// Puts an image into its border.
    pub(super) fn put<T: Real>(&self, image: &[T], bordered: &mut [T]) {
        let width = self.axes[2].input * self.channels;
        for (at, row) in self.rows().zip(image.chunks_exact(width.max(1))) {
            bordered[at..at + width].copy_from_slice(row);
        }
    }
}
