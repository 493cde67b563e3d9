//! Direct convolution, for windows of few elements such as those over RGB pixels, without a matrix of windows.

use super::border::Border;
use super::unfold::Unfolded;
use super::{Epilogue, Images, Plan, images, kernel_gradient};
use crate::simd;
use crate::simd::{Float, MulAdd};

/// The most elements of a window: with more, a matrix product is as fast.
const MAX_DEPTH: usize = 32;

/// How many filters are computed side by side.
const FILTERS: usize = 16;
/// How many windows, or elements of a window, share a loop. Their sums fit into registers.
const UNROLL: usize = 4;

type Filters<T> = [T; FILTERS];

/// A convolution by direct loops.
#[derive(Debug)]
pub(super) struct Direct {
    plan: Plan,
    border: Border,
    /// The offsets of the windows in a padded image.
    starts: Vec<usize>,
    /// The offsets of a window's elements.
    steps: Vec<usize>,
}

impl Direct {
    /// The convolution, if this method suits it and is faster.
    pub(super) fn of(plan: Plan) -> Option<Self> {
        let Plan { axes, channels, filters, groups, .. } = plan;
        let fits = groups == 1 && (1..=MAX_DEPTH).contains(&plan.depth()) && filters.is_multiple_of(FILTERS);
        if !fits || plan.output() == 0 {
            return None;
        }
        let border = Border::of(axes, channels)?;
        let starts = border.starts();
        let steps = border.taps().into_iter().flat_map(|at| (0..channels).map(move |channel| at + channel)).collect();
        Some(Self { plan, border, starts, steps })
    }

    /// The same convolution by unfolding.
    pub(super) fn unfolded(&self) -> Unfolded {
        Unfolded(self.plan)
    }

    /// The convolution and its epilogue.
    pub(super) fn forward<T: Float>(&self, x: &[T], kernel: &[T], epilogue: &Epilogue<T>) -> Vec<T> {
        let plan = &self.plan;
        // Reordered: the weights of filters that are computed side by side become contiguous.
        let (weights, blocks) = (kernel.as_chunks().0, plan.filters / FILTERS);
        let of_block = |block: usize| weights.iter().skip(block).step_by(blocks).copied();
        let kernel: Vec<Filters<T>> = (0..blocks).flat_map(of_block).collect();
        let scratch = || (self.border.buffer(), vec![T::ZERO; plan.output()]);
        images(
            Images { batch: plan.batch, output: epilogue.output(plan), together: 1 },
            plan.output().saturating_mul(plan.depth()),
            scratch,
            |(padded, y), images, chunk| {
                for i in images {
                    self.border.fill(&x[i * plan.image()..][..plan.image()], padded);
                    simd!(|by| self.outputs(padded, &kernel, y, by));
                    epilogue.write(y, plan, chunk);
                }
            },
        )
    }

    /// The gradient of the kernel.
    pub(super) fn backward_kernel<T: Float>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        let (image, output) = (self.plan.image(), self.plan.output());
        kernel_gradient(&self.plan, x, dy, |x, dy, kernel| {
            let mut padded = self.border.buffer();
            for (x, dy) in x.chunks_exact(image).zip(dy.chunks_exact(output)) {
                self.border.fill(x, &mut padded);
                simd!(|by| self.weights(&padded, dy, kernel, by));
            }
        })
    }

    #[inline(always)]
    fn outputs<T: Float>(&self, image: &[T], kernel: &[Filters<T>], y: &mut [T], by: impl MulAdd) {
        let (together, rest) = self.starts.as_chunks::<UNROLL>();
        for (block, kernel) in kernel.chunks_exact(self.steps.len()).enumerate() {
            let mut at = block * FILTERS;
            for starts in together {
                for sums in products(image, starts, &self.steps, kernel, 1, by) {
                    y[at..at + FILTERS].copy_from_slice(&sums);
                    at += self.plan.filters;
                }
            }
            for &start in rest {
                let [sums] = products(image, &[start], &self.steps, kernel, 1, by);
                y[at..at + FILTERS].copy_from_slice(&sums);
                at += self.plan.filters;
            }
        }
    }

    /// Adds an image's part of the gradient.
    #[inline(always)]
    fn weights<T: Float>(&self, image: &[T], dy: &[T], kernel: &mut [T], by: impl MulAdd) {
        let (together, rest) = self.steps.as_chunks::<UNROLL>();
        let (dy, blocks) = (dy.as_chunks().0, self.plan.filters / FILTERS);
        for block in 0..blocks {
            let mut at = block * FILTERS;
            for steps in together {
                for sums in products(image, steps, &self.starts, &dy[block..], blocks, by) {
                    add(&mut kernel[at..at + FILTERS], &sums);
                    at += self.plan.filters;
                }
            }
            for &step in rest {
                let [sums] = products(image, &[step], &self.starts, &dy[block..], blocks, by);
                add(&mut kernel[at..at + FILTERS], &sums);
                at += self.plan.filters;
            }
        }
    }
}

#[inline(always)]
fn add<T: Float>(sums: &mut [T], terms: &Filters<T>) {
    for (sum, &x) in sums.iter_mut().zip(terms) {
        *sum += x;
    }
}

/// For each of `places`, the sum over `others` of the element at both offsets together, times the factors of the latter, which are `stride`
/// rows stride.
#[inline(always)]
fn products<T: Float, const N: usize>(
    image: &[T],
    places: &[usize; N],
    others: &[usize],
    factors: &[Filters<T>],
    stride: usize,
    by: impl MulAdd,
) -> [Filters<T>; N] {
    let mut sums = [[T::ZERO; FILTERS]; N];
    for (i, other) in others.iter().enumerate() {
        let factors = &factors[i * stride];
        for (sums, place) in sums.iter_mut().zip(places) {
            let x = image[place + other];
            for (sum, &factor) in sums.iter_mut().zip(factors) {
                *sum = by.mul_add(x, factor, *sum);
            }
        }
    }
    sums
}
