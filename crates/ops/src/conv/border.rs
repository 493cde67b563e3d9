//! Images padded with zeros, so that all windows lie inside.

use super::axis::{Axis, each_index};
use crate::simd::Float;

/// The padding of an image.
#[derive(Debug)]
pub(super) struct Border {
    axes: [Axis; 3],
    channels: usize,
    /// The padded sizes.
    size: [usize; 3],
}

impl Border {
    /// The padding that windows over these axes need, if the padded image is not mostly padding.
    pub(super) fn of(axes: [Axis; 3], channels: usize) -> Option<Self> {
        let size = axes.map(|axis| {
            let reach = (axis.window.max(1) - 1).saturating_mul(axis.dilation).saturating_add(1);
            reach
                .saturating_add((axis.output.max(1) - 1).saturating_mul(axis.stride))
                .max(axis.before.saturating_add(axis.input))
        });
        // With a large dilation, a small image would become a huge one.
        let all = size.iter().fold(1usize, |all, size| all.saturating_mul(*size));
        let most = axes.iter().fold(4usize, |all, axis| all.saturating_mul(axis.input));
        (all <= most).then_some(Self { axes, channels, size })
    }

    /// The offsets of the windows.
    pub(super) fn starts(&self) -> Vec<usize> {
        self.offsets(self.axes.map(|axis| axis.output), self.axes.map(|axis| axis.stride))
    }

    /// The offsets of a window's elements.
    pub(super) fn taps(&self) -> Vec<usize> {
        self.offsets(self.axes.map(|axis| axis.window), self.axes.map(|axis| axis.dilation))
    }

    /// The offsets of the parts of a window that lie in memory one after the other, and how many elements such a part has.
    pub(super) fn parts(&self) -> (Vec<usize>, usize) {
        let [planes, rows, columns] = self.axes.map(|axis| axis.window);
        match self.axes[2].dilation {
            1 => {
                let apart = [self.axes[0].dilation, self.axes[1].dilation, 1];
                (self.offsets([planes, rows, 1], apart), columns * self.channels)
            }
            _ => (self.taps(), self.channels),
        }
    }

    /// The offsets of a grid of elements: `counts` along each axis, `apart` elements apart.
    fn offsets(&self, counts: [usize; 3], apart: [usize; 3]) -> Vec<usize> {
        let mut offsets = Vec::with_capacity(counts.iter().product());
        each_index(counts, |[z, y, x]| offsets.push(self.offset([z * apart[0], y * apart[1], x * apart[2]])));
        offsets
    }

    fn offset(&self, [z, y, x]: [usize; 3]) -> usize {
        ((z * self.size[1] + y) * self.size[2] + x) * self.channels
    }

    /// Whether there is any padding.
    pub(super) fn is_empty(&self) -> bool {
        self.size == self.axes.map(|axis| axis.input)
    }

    /// A buffer for a padded image.
    pub(super) fn buffer<T: Float>(&self) -> Vec<T> {
        vec![T::ZERO; self.size.iter().product::<usize>() * self.channels]
    }

    /// The offsets of the image's rows in the padded image.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        let [planes, rows, columns] = self.axes;
        let offset = move |z, y| self.offset([planes.before + z, rows.before + y, columns.before]);
        (0..planes.input).flat_map(move |z| (0..rows.input).map(move |y| offset(z, y)))
    }

    /// Copies an image into a padded one.
    pub(super) fn fill<T: Float>(&self, image: &[T], padded: &mut [T]) {
        let width = self.axes[2].input * self.channels;
        for (at, row) in self.rows().zip(image.chunks_exact(width.max(1))) {
            padded[at..at + width].copy_from_slice(row);
        }
    }
}
