//! Direct convolution: loops over the windows of a padded image, without a matrix of windows.
//!
//! A block of windows and filters has its sums in registers. With 8 windows and 32 filters there are 16 of them in AVX-512, and each element of
//! the image that is loaded serves two multiplications: nothing but these bounds the loop.

#![allow(clippy::needless_range_loop)]

use super::border::Border;
use super::unfold::Unfolded;
use super::{Destination, Epilogue, Images, Plan, images, kernel_gradient};
use crate::simd;
use crate::simd::{Float, MulAdd, has_wide_vectors};
use std::array::from_fn;

/// The most elements of a window. With more, other methods have fewer multiplications or a matrix product of the same speed.
const MAX_DEPTH: usize = 144;

/// With fewer windows than this, the other methods do not make up for what they write first, if the kernel fits into the cache.
const FEW_WINDOWS: usize = 512;
const SMALL_KERNEL: usize = 1 << 18;

/// The most elements of a window for which the gradients are computed by this method as well.
const MAX_DEPTH_OF_GRADIENTS: usize = 32;

/// How many filters are computed side by side, and how many with wide vectors.
const FILTERS: usize = 16;
const WIDE_FILTERS: usize = 32;

/// How many windows, or elements of a window, are computed side by side, and how many with wide vectors.
const WINDOWS: usize = 4;
const WIDE_WINDOWS: usize = 8;

/// A convolution by direct loops.
#[derive(Debug)]
pub(super) struct Direct {
    plan: Plan,
    border: Border,
    /// The offsets of the windows in a padded image.
    starts: Vec<usize>,
    /// The offsets of the parts of a window that lie in memory one after the other, and how many elements such a part has.
    parts: Vec<usize>,
    part: usize,
}

impl Direct {
    /// The convolution, if this method suits it and is faster.
    pub(super) fn of(plan: Plan) -> Option<Self> {
        let Plan { axes, channels, filters, groups, .. } = plan;
        let few = plan.batch.saturating_mul(plan.windows()) < FEW_WINDOWS
            && plan.depth().saturating_mul(filters) <= SMALL_KERNEL;
        let fits = groups == 1 && (plan.depth() <= MAX_DEPTH || few) && filters.is_multiple_of(FILTERS);
        if !fits || plan.depth() == 0 || plan.output() == 0 {
            return None;
        }
        let border = Border::of(axes, channels)?;
        let starts = border.starts();
        let (parts, part) = border.parts();
        Some(Self { plan, border, starts, parts, part })
    }

    /// The convolution, if its gradients are computed by this method as well.
    pub(super) fn with_gradients(plan: Plan) -> Option<Self> {
        if plan.depth() <= MAX_DEPTH_OF_GRADIENTS { Self::of(plan) } else { None }
    }

    /// The same convolution by unfolding.
    pub(super) fn unfolded(&self) -> Unfolded {
        Unfolded(self.plan)
    }

    /// The convolution and its epilogue.
    pub(super) fn forward<T: Float>(&self, to: Destination<T>, x: &[T], kernel: &[T], epilogue: &Epilogue<T>) {
        let plan = &self.plan;
        let is_wide = self.is_wide::<T>();
        let is_padded = !self.border.is_empty();
        let scratch = || (if is_padded { self.border.buffer() } else { Vec::new() }, vec![T::ZERO; plan.output()]);
        images(
            to,
            Images { batch: plan.batch, output: epilogue.output(plan), together: 1 },
            plan.output().saturating_mul(plan.depth()),
            scratch,
            |(padded, y), images, chunk| {
                for i in images {
                    let mut image = &x[i * plan.image()..][..plan.image()];
                    if is_padded {
                        self.border.fill(image, padded);
                        image = padded;
                    }
                    // A loop each, since what the compiler does not inline has no vectors.
                    match is_wide {
                        true => {
                            simd!(|by| _ = by, wide: self.outputs::<T, WIDE_FILTERS, WIDE_WINDOWS>(image, kernel, y, by))
                        }
                        false => simd!(
                            |by| self.outputs::<T, FILTERS, WINDOWS>(image, kernel, y, by),
                            wide: self.outputs::<T, FILTERS, WIDE_WINDOWS>(image, kernel, y, by)
                        ),
                    }
                    epilogue.write(y, plan, chunk);
                }
            },
        )
    }

    /// The gradient of the kernel.
    pub(super) fn backward_kernel<T: Float>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        let (image, output) = (self.plan.image(), self.plan.output());
        // The offsets of a window's elements.
        let steps: Vec<usize> = self.parts.iter().flat_map(|&offset| offset..offset + self.part).collect();
        kernel_gradient(&self.plan, x, dy, |x, dy, kernel| {
            let mut padded = self.border.buffer();
            for (x, dy) in x.chunks_exact(image).zip(dy.chunks_exact(output)) {
                self.border.fill(x, &mut padded);
                simd!(|by| self.weights(&padded, &steps, dy, kernel, by));
            }
        })
    }

    /// Whether the sums of [`WIDE_FILTERS`] and [`WIDE_WINDOWS`] fit into the registers.
    fn is_wide<T: Float>(&self) -> bool {
        has_wide_vectors() && self.plan.filters.is_multiple_of(WIDE_FILTERS) && size_of::<T>() == 4
    }

    #[inline(always)]
    fn outputs<T: Float, const F: usize, const N: usize>(
        &self,
        image: &[T],
        kernel: &[T],
        y: &mut [T],
        by: impl MulAdd,
    ) {
        let (together, rest) = self.starts.as_chunks::<N>();
        for from in (0..self.plan.filters).step_by(F) {
            let (kernel, mut at) = (&kernel[from..], from);
            for starts in together {
                for sums in self.of_windows::<T, F, N>(image, starts, kernel, by) {
                    y[at..at + F].copy_from_slice(&sums);
                    at += self.plan.filters;
                }
            }
            for &start in rest {
                let [sums] = self.of_windows::<T, F, 1>(image, &[start], kernel, by);
                y[at..at + F].copy_from_slice(&sums);
                at += self.plan.filters;
            }
        }
    }

    /// The sums of N windows.
    #[inline(always)]
    fn of_windows<T: Float, const F: usize, const N: usize>(
        &self,
        image: &[T],
        starts: &[usize; N],
        kernel: &[T],
        by: impl MulAdd,
    ) -> [[T; F]; N] {
        let mut sums = [[T::ZERO; F]; N];
        let filters = self.plan.filters;
        for (i, &offset) in self.parts.iter().enumerate() {
            let windows: [&[T]; N] = from_fn(|j| &image[starts[j] + offset..][..self.part]);
            let kernel = &kernel[i * self.part * filters..];
            for c in 0..self.part {
                let weights = &kernel[c * filters..][..F];
                for j in 0..N {
                    add_product(&mut sums[j], windows[j][c], weights, by);
                }
            }
        }
        sums
    }

    /// Adds an image's part of the gradient of the kernel.
    #[inline(always)]
    fn weights<T: Float>(&self, image: &[T], steps: &[usize], dy: &[T], kernel: &mut [T], by: impl MulAdd) {
        let (together, rest) = steps.as_chunks::<WINDOWS>();
        for from in (0..self.plan.filters).step_by(FILTERS) {
            let mut at = from;
            for steps in together {
                for sums in self.of_steps(image, steps, &dy[from..], by) {
                    add(&mut kernel[at..at + FILTERS], &sums);
                    at += self.plan.filters;
                }
            }
            for &step in rest {
                let [sums] = self.of_steps(image, &[step], &dy[from..], by);
                add(&mut kernel[at..at + FILTERS], &sums);
                at += self.plan.filters;
            }
        }
    }

    /// The sums over all windows for N of their elements.
    #[inline(always)]
    fn of_steps<T: Float, const N: usize>(
        &self,
        image: &[T],
        steps: &[usize; N],
        dy: &[T],
        by: impl MulAdd,
    ) -> [[T; FILTERS]; N] {
        let mut sums = [[T::ZERO; FILTERS]; N];
        for (i, start) in self.starts.iter().enumerate() {
            let dy = &dy[i * self.plan.filters..][..FILTERS];
            for j in 0..N {
                add_product(&mut sums[j], image[start + steps[j]], dy, by);
            }
        }
        sums
    }
}

/// By index, as all loops over sums here: the compiler does not unroll loops over iterators of this size, and the sums would be in memory.
#[inline(always)]
fn add_product<T: Float, const F: usize>(sums: &mut [T; F], x: T, factors: &[T], by: impl MulAdd) {
    let factors = &factors[..F];
    for k in 0..F {
        sums[k] = by.mul_add(x, factors[k], sums[k]);
    }
}

#[inline(always)]
fn add<T: Float>(sums: &mut [T], terms: &[T; FILTERS]) {
    for (sum, &x) in sums.iter_mut().zip(terms) {
        *sum += x;
    }
}
