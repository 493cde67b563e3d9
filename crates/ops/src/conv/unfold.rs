//! Convolution by unfolding (im2col): the windows of an image become the rows of a matrix, which is multiplied by the kernel while it is in
//! the cache.

use super::{Axis, Destination, Epilogue, Images, Plan, images, kernel_gradient};
use crate::cores;
use crate::lengths;
use crate::matmul::{FusedActivation, Matrix, gemm, gemm_into};
use crate::simd::Float;
use candle_core::{DType, Result};

/// So many elements of a product have bias and activation while they are in the cache.
const ELEMENTS_AT_ONCE: usize = 1 << 16;

/// A convolution by unfolding, which suits every plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unfolded(pub(super) Plan);

impl Unfolded {
    /// The convolution and its epilogue.
    pub(super) fn forward<T: Float>(&self, to: Destination<T>, x: &[T], kernel: &[T], epilogue: &Epilogue<T>) {
        let plan = &self.0;
        // Without pooling, one product is written where it belongs.
        let directly = epilogue.pooling.is_none() && self.planes() * plan.groups == 1;
        let scratch = || (self.matrix(), vec![T::ZERO; if directly { 0 } else { plan.output() }]);
        images(
            to,
            Images { batch: plan.batch, output: epilogue.output(plan), together: 1 },
            plan.output().saturating_mul(plan.depth()),
            scratch,
            |(matrix, y), images, chunk| {
                for i in images {
                    let image = &x[i * plan.image()..][..plan.image()];
                    if directly {
                        let windows = self.unfolded(image, 0, 0, matrix);
                        // Parts of about one size: a product of a few rows takes another path, with other bits.
                        let count = self.windows();
                        let parts =
                            (count * plan.filters).div_ceil(ELEMENTS_AT_ONCE).clamp(1, count.div_ceil(64).max(1));
                        let rows = count.div_ceil(parts).max(1);
                        for at in (0..count).step_by(rows) {
                            let rows = rows.min(count - at);
                            let y = chunk.write_with(rows * plan.filters, |y| {
                                gemm_into(y, windows.slice_rows(at, rows), self.kernel(kernel, 0))
                            });
                            epilogue.activation.apply_with(epilogue.bias, y);
                        }
                        continue;
                    }
                    for (plane, group) in self.parts() {
                        let windows = self.unfolded(image, plane, group, matrix);
                        let part = &mut y[self.offset(plane, group)..];
                        gemm(part, plan.filters, false, windows, self.kernel(kernel, group));
                    }
                    epilogue.write(y, plan, chunk);
                }
            },
        )
    }

    /// The gradient of the input.
    pub(super) fn backward_input<T: Float>(&self, kernel: &[T], dy: &[T]) -> Vec<T> {
        let plan = &self.0;
        if let Some(flipped) = self.flipped() {
            let nothing = Epilogue { bias: None, activation: FusedActivation::Linear, pooling: None };
            let mut dx = Vec::new();
            flipped.forward(Destination::Vector(&mut dx), dy, &self.flipped_kernel(kernel), &nothing);
            return dx;
        }
        let (image, output) = (plan.image().max(1), plan.output());
        let part = cores::chunk_len(plan.batch * plan.image(), image, plan.depth());
        cores::zeroed_chunks(plan.batch * plan.image(), part, |from, part| {
            let mut matrix = vec![T::ZERO; if self.0.is_pointwise() { 0 } else { self.windows() * plan.depth() }];
            for (i, dx) in part.chunks_exact_mut(image).enumerate() {
                let dy = &dy[(from / image + i) * output..][..output];
                for (plane, group) in self.parts() {
                    let (dy, kernel) = (self.outputs(dy, plane, group), self.kernel(kernel, group).t());
                    if self.0.is_pointwise() {
                        gemm(dx, plan.depth(), false, dy, kernel);
                    } else {
                        gemm(&mut matrix, plan.depth(), false, dy, kernel);
                        self.fold(&matrix, plane, group, dx);
                    }
                }
            }
        })
    }

    /// The gradient of the kernel.
    pub(super) fn backward_kernel<T: Float>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        let plan = &self.0;
        kernel_gradient(plan, x, dy, |images, outputs, dw| {
            let mut matrix = self.matrix::<T>();
            for (image, dy) in images.chunks_exact(plan.image().max(1)).zip(outputs.chunks_exact(plan.output().max(1)))
            {
                for (plane, group) in self.parts() {
                    let windows = self.unfolded(image, plane, group, &mut matrix);
                    let part = &mut dw[group * (plan.filters / plan.groups)..];
                    gemm(part, plan.filters, true, windows.t(), self.outputs(dy, plane, group));
                }
            }
        })
    }

    /// Whether the windows lie in memory as rows of a matrix that begin some steps apart, if the sequence is padded: they need no copies.
    fn is_sequence(&self) -> bool {
        let [planes, rows, columns] = self.0.axes;
        let one = [planes, rows].iter().all(|axis| *axis == Axis::UNIT) && self.0.groups == 1;
        one && columns.output > 0
            && columns.dilation == 1
            && columns.stride <= columns.window
            && columns.before < columns.window
    }

    /// The windows of a padded sequence. `padded` has zeros where it lies outside of the sequence.
    fn sequence<'a, T: Float>(&self, sequence: &'a [T], padded: &'a mut [T]) -> Matrix<'a, T> {
        let (axis, channels) = (self.0.axes[2], self.0.channels);
        let data = if padded.is_empty() {
            sequence
        } else {
            let before = axis.before * channels;
            let count = sequence.len().min(padded.len() - before);
            padded[before..before + count].copy_from_slice(&sequence[..count]);
            padded
        };
        Matrix::strided(data, (axis.output, self.0.depth()), (axis.stride * channels, 1))
    }

    /// The convolution of `dy` that gives the gradient of the input of a sequence: with the same window, and a matrix less.
    fn flipped(&self) -> Option<Self> {
        let axis = self.0.axes[2];
        let Plan { channels, filters, .. } = self.0;
        let fits = self.is_sequence() && axis.stride == 1 && axis.window > 1 && axis.output >= axis.window;
        if !fits || channels * filters == 0 {
            return None;
        }
        let axis = Axis { input: axis.output, before: axis.window - 1 - axis.before, output: axis.input, ..axis };
        let axes = [Axis::UNIT, Axis::UNIT, axis];
        Some(Self(Plan { axes, channels: filters, filters: channels, ..self.0 }))
    }

    /// The kernel of [`flipped`](Self::flipped): `(window, filters, channels)`, in reverse.
    fn flipped_kernel<T: Float>(&self, kernel: &[T]) -> Vec<T> {
        let (channels, filters) = (self.0.channels, self.0.filters);
        let taps = kernel.rchunks_exact(channels * filters);
        taps.flat_map(|tap| (0..filters).flat_map(move |f| tap[f..].iter().step_by(filters).copied())).collect()
    }

    /// The output planes and channel groups, which have a matrix of windows each: that of a whole volume would not fit into the cache.
    fn parts(&self) -> impl Iterator<Item = (usize, usize)> {
        let groups = self.0.groups;
        (0..self.planes()).flat_map(move |plane| (0..groups).map(move |group| (plane, group)))
    }

    /// An error if there is no memory for the matrix of windows.
    pub(super) fn check(&self, dtype: DType) -> Result<()> {
        let rows = if self.0.is_pointwise() { 0 } else { self.windows() };
        lengths::allocated(&[rows, self.0.taps(), self.0.channels / self.0.groups], dtype).map(drop)
    }

    fn planes(&self) -> usize {
        if self.0.is_pointwise() { 1 } else { self.0.axes[0].output }
    }

    /// How many windows a plane has.
    fn windows(&self) -> usize {
        if self.0.is_pointwise() { self.0.windows() } else { self.0.axes[1].output * self.0.axes[2].output }
    }

    /// The offset of a plane's and a group's outputs in those of an image.
    fn offset(&self, plane: usize, group: usize) -> usize {
        plane * self.windows() * self.0.filters + group * (self.0.filters / self.0.groups)
    }

    /// Calls `f` with the offset in the image, the offset in the matrix and the length of each contiguous run: the channels of an element, or
    /// of all elements that a window has in a row.
    #[inline(always)]
    fn each_run(&self, plane: usize, group: usize, mut f: impl FnMut(usize, usize, usize)) {
        let [planes, rows, columns] = &self.0.axes;
        let width = self.0.channels / self.0.groups;
        let together = self.0.groups == 1 && columns.dilation == 1;
        // A window's elements in one plane of the input.
        let flat = rows.window * columns.window * width;
        for k in 0..planes.window {
            let Some(from) = planes.at(plane, k) else { continue };
            let from = from * rows.input;
            let mut at = k * flat;
            for y in 0..rows.output {
                for x in 0..columns.output {
                    let first = (x * columns.stride).checked_sub(columns.before);
                    let inside = first.filter(|first| together && first + columns.window <= columns.input);
                    for i in 0..rows.window {
                        let row = rows.at(y, i);
                        if let (Some(row), Some(first)) = (row, inside) {
                            f(((from + row) * columns.input + first) * width, at, columns.window * width);
                            at += columns.window * width;
                            continue;
                        }
                        for j in 0..columns.window {
                            if let (Some(row), Some(column)) = (row, columns.at(x, j)) {
                                let pixel = (from + row) * columns.input + column;
                                f(pixel * self.0.channels + group * width, at, width);
                            }
                            at += width;
                        }
                    }
                    at += (planes.window - 1) * flat;
                }
            }
        }
    }

    /// A buffer for the windows of one plane, or for a padded sequence; empty if they lie in the image itself. Its zeros stay where windows lie
    /// outside of the image.
    fn matrix<T: Float>(&self) -> Vec<T> {
        let columns = self.0.axes[2];
        let length = if self.0.is_pointwise() {
            0
        } else if self.is_sequence() {
            let needed = (columns.output - 1) * columns.stride + columns.window;
            if columns.before == 0 && needed <= columns.input { 0 } else { needed * self.0.channels }
        } else {
            self.windows() * self.0.depth()
        };
        vec![T::ZERO; length]
    }

    /// The windows of a plane and a group of an image as a matrix: the image itself, or `matrix`, into which they are copied.
    fn unfolded<'a, T: Float>(&self, image: &'a [T], plane: usize, group: usize, matrix: &'a mut [T]) -> Matrix<'a, T> {
        if self.0.is_pointwise() {
            return Matrix::rows(image, self.windows(), self.0.depth());
        }
        if self.is_sequence() {
            return self.sequence(image, matrix);
        }
        self.unfold(image, plane, group, matrix);
        Matrix::rows(matrix, self.windows(), self.0.depth())
    }

    /// Copies the windows of a plane and a group of an image into the rows of `matrix`.
    fn unfold<T: Float>(&self, image: &[T], plane: usize, group: usize, matrix: &mut [T]) {
        let planes = &self.0.axes[0];
        // Other planes have written where this one lies outside of the image.
        if (0..planes.window).any(|k| planes.at(plane, k).is_none()) {
            matrix.fill(T::ZERO);
        }
        self.each_run(plane, group, |from, at, width| {
            let (to, from) = (&mut matrix[at..at + width], &image[from..from + width]);
            // For a few elements, a call of memcpy takes longer than the copy.
            if width < 8 {
                for (to, &from) in to.iter_mut().zip(from) {
                    *to = from;
                }
            } else {
                to.copy_from_slice(from);
            }
        });
    }

    /// Adds the rows of `matrix` to the elements of the image that they were copied from.
    fn fold<T: Float>(&self, matrix: &[T], plane: usize, group: usize, image: &mut [T]) {
        self.each_run(plane, group, |from, at, width| {
            for (x, &y) in image[from..from + width].iter_mut().zip(&matrix[at..at + width]) {
                *x += y;
            }
        });
    }

    /// A group's columns of the kernel: `(depth, filters / groups)`.
    fn kernel<'a, T: Float>(&self, kernel: &'a [T], group: usize) -> Matrix<'a, T> {
        let filters = self.0.filters / self.0.groups;
        Matrix::strided(&kernel[group * filters..], (self.0.depth(), filters), (self.0.filters, 1))
    }

    /// A plane's and a group's outputs: `(windows, filters / groups)`.
    fn outputs<'a, T: Float>(&self, y: &'a [T], plane: usize, group: usize) -> Matrix<'a, T> {
        let filters = self.0.filters / self.0.groups;
        Matrix::strided(&y[self.offset(plane, group)..], (self.windows(), filters), (self.0.filters, 1))
    }
}
