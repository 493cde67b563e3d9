//! Depthwise convolution, without a matrix of windows: channels are computed side by side.

use super::border::Border;
use super::{Axis, Destination, Epilogue, Images, Plan, images, kernel_gradient};
use crate::cores;
use crate::simd;
use crate::simd::{Float, MulAdd};
use std::borrow::Cow;

/// How many channels are computed side by side: most of them, and the rest.
const WIDTH: usize = 16;
const NARROW: usize = 4;
/// How many windows, or elements of a window, share a loop. Their sums fit into registers.
const UNROLL: usize = 4;

/// A depthwise convolution. Where a channel has several outputs, its image is repeated.
#[derive(Debug)]
pub(super) struct Depthwise {
    plan: Plan,
    /// Outputs of a channel.
    multiplier: usize,
    border: Border,
    /// The offsets of the windows in a padded image.
    starts: Vec<usize>,
    /// The offsets of a window's elements.
    taps: Vec<usize>,
}

impl Depthwise {
    /// The convolution, if it is depthwise and the padded image is not mostly padding.
    pub(super) fn of(plan: Plan) -> Option<Self> {
        let Plan { axes, channels, filters, groups, .. } = plan;
        if groups != channels || channels < 2 || plan.output() == 0 {
            return None;
        }
        let border = Border::of(axes, filters)?;
        Some(Self { plan, multiplier: filters / channels, starts: border.starts(), taps: border.taps(), border })
    }

    /// The convolution and its epilogue.
    pub(super) fn forward<T: Float>(&self, to: Destination<T>, x: &[T], kernel: &[T], epilogue: &Epilogue<T>) {
        let plan = &self.plan;
        let scratch = || (self.border.buffer(), vec![T::ZERO; plan.output()]);
        images(
            to,
            Images { batch: plan.batch, output: epilogue.output(plan), together: 1 },
            plan.output().saturating_mul(plan.depth()),
            scratch,
            |(padded, y), images, chunk| {
                for i in images {
                    let image = self.repeated(&x[i * plan.image()..][..plan.image()]);
                    self.border.fill(&image, padded);
                    simd!(|by| self.windows(padded, kernel, y, by));
                    epilogue.write(y, plan, chunk);
                }
            },
        )
    }

    /// The gradient of the input.
    pub(super) fn backward_input<T: Float>(&self, kernel: &[T], dy: &[T]) -> Vec<T> {
        let plan = &self.plan;
        let (image, output) = (plan.image().max(1), plan.output());
        let flipped = self.flipped();
        // The gradient is a convolution with the flipped kernel.
        let kernel: Cow<[T]> = match &flipped {
            Some(_) => kernel.rchunks_exact(plan.filters).flatten().copied().collect(),
            None => kernel.into(),
        };
        let part = cores::chunk_len(plan.batch * image, image, plan.depth() * self.multiplier);
        cores::zeroed_chunks(plan.batch * plan.image(), part, |from, part| {
            let border = flipped.as_ref().map_or(&self.border, |flipped| &flipped.border);
            let mut padded = border.buffer::<T>();
            // The gradients of the repeated channels, before they are summed.
            let mut all = vec![T::ZERO; if self.multiplier == 1 { 0 } else { image * self.multiplier }];
            for (i, dx) in part.chunks_exact_mut(image).enumerate() {
                let dy = &dy[(from / image + i) * output..][..output];
                let gradient = if self.multiplier == 1 { &mut *dx } else { &mut all[..] };
                match &flipped {
                    Some(flipped) => {
                        border.fill(dy, &mut padded);
                        simd!(|by| flipped.windows(&padded, &kernel, gradient, by));
                    }
                    None => {
                        padded.fill(T::ZERO);
                        simd!(|by| self.spread(&mut padded, &kernel, dy, by));
                        let width = plan.axes[2].input * plan.filters;
                        for (at, row) in border.rows().zip(gradient.chunks_exact_mut(width.max(1))) {
                            row.copy_from_slice(&padded[at..at + width]);
                        }
                    }
                }
                if self.multiplier > 1 {
                    for (dx, all) in dx.iter_mut().zip(all.chunks_exact(self.multiplier)) {
                        *dx = all.iter().fold(T::ZERO, |sum, &x| sum + x);
                    }
                }
            }
        })
    }

    /// The gradient of the kernel.
    pub(super) fn backward_kernel<T: Float>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        let (image, output) = (self.plan.image(), self.plan.output());
        kernel_gradient(&self.plan, x, dy, |x, dy, kernel| {
            let mut padded = self.border.buffer();
            for (x, dy) in x.chunks_exact(image).zip(dy.chunks_exact(output)) {
                self.border.fill(&self.repeated(x), &mut padded);
                simd!(|by| self.elements(&padded, dy, kernel, by));
            }
        })
    }

    /// An image with each channel repeated for each of its outputs.
    fn repeated<'a, T: Float>(&self, image: &'a [T]) -> Cow<'a, [T]> {
        match self.multiplier {
            1 => image.into(),
            multiplier => image.iter().flat_map(|&x| std::iter::repeat_n(x, multiplier)).collect(),
        }
    }

    /// The convolution of `dy` that gives the gradient of the input, if all strides are 1.
    fn flipped(&self) -> Option<Self> {
        let flipped = |axis: Axis| {
            let before = (axis.window - 1).saturating_mul(axis.dilation).checked_sub(axis.before)?;
            (axis.stride == 1).then_some(Axis { input: axis.output, before, output: axis.input, ..axis })
        };
        let [a, b, c] = self.plan.axes;
        let axes = [flipped(a)?, flipped(b)?, flipped(c)?];
        let width = self.plan.filters;
        Self::of(Plan { axes, channels: width, groups: width, ..self.plan })
    }

    /// The sums of the windows of an image.
    #[inline(always)]
    fn windows<T: Float>(&self, image: &[T], kernel: &[T], y: &mut [T], by: impl MulAdd) {
        let store = |y: &mut [T], sums: &[T]| y.copy_from_slice(sums);
        self.each_channel(image, [&self.starts, &self.taps], kernel, y, store, by);
    }

    /// Adds an image's part of the gradient of the kernel.
    #[inline(always)]
    fn elements<T: Float>(&self, image: &[T], dy: &[T], kernel: &mut [T], by: impl MulAdd) {
        let add = |kernel: &mut [T], sums: &[T]| {
            for (sum, &x) in kernel.iter_mut().zip(sums) {
                *sum += x;
            }
        };
        self.each_channel(image, [&self.taps, &self.starts], dy, kernel, add, by);
    }

    /// For each of `places`, stores the sum over `others` of the element at both offsets together, times the factor of the latter.
    #[inline(always)]
    fn each_channel<T: Float>(
        &self,
        image: &[T],
        [places, others]: [&[usize]; 2],
        factors: &[T],
        to: &mut [T],
        store: impl Fn(&mut [T], &[T]) + Copy,
        by: impl MulAdd,
    ) {
        let width = self.plan.filters;
        let mut from = 0;
        while from + WIDTH <= width {
            channels::<T, WIDTH>(image, [places, others], factors, to, [from, width], store, by);
            from += WIDTH;
        }
        while from + NARROW <= width {
            channels::<T, NARROW>(image, [places, others], factors, to, [from, width], store, by);
            from += NARROW;
        }
        for from in from..width {
            channels::<T, 1>(image, [places, others], factors, to, [from, width], store, by);
        }
    }

    /// Adds the gradient of the outputs to a padded image.
    #[inline(always)]
    fn spread<T: Float>(&self, image: &mut [T], kernel: &[T], dy: &[T], by: impl MulAdd) {
        let width = self.plan.filters;
        for (start, dy) in self.starts.iter().zip(dy.chunks_exact(width)) {
            for (tap, factors) in self.taps.iter().zip(kernel.chunks_exact(width)) {
                let image = &mut image[start + tap..][..width];
                for ((sum, &dy), &factor) in image.iter_mut().zip(dy).zip(factors) {
                    *sum = by.mul_add(dy, factor, *sum);
                }
            }
        }
    }
}

/// [`Depthwise::each_channel`] for `N` channels of `width`.
#[inline(always)]
fn channels<T: Float, const N: usize>(
    image: &[T],
    [places, others]: [&[usize]; 2],
    factors: &[T],
    to: &mut [T],
    [from, width]: [usize; 2],
    store: impl Fn(&mut [T], &[T]),
    by: impl MulAdd,
) {
    let (together, rest) = places.as_chunks::<UNROLL>();
    let (image, mut at) = (&image[from..], from);
    for places in together {
        for sums in sums::<T, N, UNROLL>(image, places, others, &factors[from..], width, by) {
            store(&mut to[at..at + N], &sums);
            at += width;
        }
    }
    for place in rest {
        let [sums] = sums::<T, N, 1>(image, &[*place], others, &factors[from..], width, by);
        store(&mut to[at..at + N], &sums);
        at += width;
    }
}

#[inline(always)]
fn sums<T: Float, const N: usize, const M: usize>(
    image: &[T],
    places: &[usize; M],
    others: &[usize],
    factors: &[T],
    width: usize,
    by: impl MulAdd,
) -> [[T; N]; M] {
    let mut sums = [[T::ZERO; N]; M];
    for (i, other) in others.iter().enumerate() {
        let factors = &factors[i * width..][..N];
        for (sums, place) in sums.iter_mut().zip(places) {
            let x = &image[place + other..][..N];
            for ((sum, &x), &factor) in sums.iter_mut().zip(x).zip(factors) {
                *sum = by.mul_add(x, factor, *sum);
            }
        }
    }
    sums
}
