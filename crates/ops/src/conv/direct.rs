//! Convolution with windows of few numbers, as over the pixels of a picture, without a matrix of them.

use super::border::Border;
use super::unfold::Unfolded;
use super::{End, Plan, images, kernel_gradient};
use crate::simd;
use crate::simd::{MulAdd, Real};

/// The most numbers of a window: with more, a product of matrices is as fast.
const DEEPEST: usize = 32;

/// How many filters are computed side by side; and for how many windows, or for how many numbers of a window. The sums fit into registers.
const FILTERS: usize = 16;
const TOGETHER: usize = 4;

type Filters<T> = [T; FILTERS];

/// A convolution that is made this way.
#[derive(Debug)]
pub(super) struct Direct {
    plan: Plan,
    border: Border,
    /// Where in an image with its border the windows begin.
    starts: Vec<usize>,
    /// Where after that their numbers are.
    steps: Vec<usize>,
}

impl Direct {
    /// The convolution, if it is faster this way.
    pub(super) fn of(plan: Plan) -> Option<Self> {
        let Plan { axes, channels, filters, groups, .. } = plan;
        let fits = groups == 1 && (1..=DEEPEST).contains(&plan.depth()) && filters.is_multiple_of(FILTERS);
        if !fits || plan.output() == 0 {
            return None;
        }
        let border = Border::of(axes, channels)?;
        let starts = border.starts();
        let steps = border.taps().into_iter().flat_map(|at| (0..channels).map(move |channel| at + channel)).collect();
        Some(Self { plan, border, starts, steps })
    }

    /// The same convolution, made otherwise.
    pub(super) fn unfolded(&self) -> Unfolded {
        Unfolded(self.plan)
    }

    /// The convolution, with what is done at its end.
    pub(super) fn forward<T: Real>(&self, x: &[T], kernel: &[T], end: &End<T>) -> Vec<T> {
        let plan = &self.plan;
        // The weights of filters that are computed side by side lie side by side.
        let (weights, blocks) = (kernel.as_chunks().0, plan.filters / FILTERS);
        let of_block = |block: usize| weights.iter().skip(block).step_by(blocks).copied();
        let kernel: Vec<Filters<T>> = (0..blocks).flat_map(of_block).collect();
        let scratch = || (self.border.memory(), vec![T::ZERO; plan.output()]);
        images(plan.batch, end.output(plan), plan.output() * plan.depth(), scratch, |(bordered, y), images, room| {
            for i in images {
                self.border.put(&x[i * plan.image()..][..plan.image()], bordered);
                simd!(|by| self.outputs(bordered, &kernel, y, by));
                end.put(y, plan, room);
            }
        })
    }

    /// The gradient of the kernel.
    pub(super) fn backward_kernel<T: Real>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        let (image, output) = (self.plan.image(), self.plan.output());
        kernel_gradient(&self.plan, x, dy, |x, dy, kernel| {
            let mut bordered = self.border.memory();
            for (x, dy) in x.chunks_exact(image).zip(dy.chunks_exact(output)) {
                self.border.put(x, &mut bordered);
                simd!(|by| self.weights(&bordered, dy, kernel, by));
            }
        })
    }

    #[inline(always)]
    fn outputs<T: Real>(&self, image: &[T], kernel: &[Filters<T>], y: &mut [T], by: impl MulAdd) {
        let (together, rest) = self.starts.as_chunks::<TOGETHER>();
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

    /// Adds what an image has of the gradient.
    #[inline(always)]
    fn weights<T: Real>(&self, image: &[T], dy: &[T], kernel: &mut [T], by: impl MulAdd) {
        let (together, rest) = self.steps.as_chunks::<TOGETHER>();
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
fn add<T: Real>(sums: &mut [T], numbers: &Filters<T>) {
    for (sum, &x) in sums.iter_mut().zip(numbers) {
        *sum += x;
    }
}

/// For each of the places, the sum of the numbers at it and each of the others, times the factors of these, which are so far apart.
#[inline(always)]
fn products<T: Real, const N: usize>(
    image: &[T],
    places: &[usize; N],
    others: &[usize],
    factors: &[Filters<T>],
    apart: usize,
    by: impl MulAdd,
) -> [Filters<T>; N] {
    let mut sums = [[T::ZERO; FILTERS]; N];
    for (i, other) in others.iter().enumerate() {
        let factors = &factors[i * apart];
        for (sums, place) in sums.iter_mut().zip(places) {
            let x = image[place + other];
            for (sum, &factor) in sums.iter_mut().zip(factors) {
                *sum = by.mul_add(x, factor, *sum);
            }
        }
    }
    sums
}
