//! Convolution of each channel by itself, with windows of its own, without a matrix of them: the channels go side by side.

use super::border::Border;
use super::{Axis, End, Plan, images, kernel_gradient};
use crate::cores;
use crate::simd;
use crate::simd::{MulAdd, Real};
use std::borrow::Cow;

/// How many channels are computed side by side, and for how many windows, or elements of a window. The sums fit into registers.
const WIDTH: usize = 16;
const FEW: usize = 4;
const TOGETHER: usize = 4;

/// A convolution that is made this way. Where a channel has several outputs, its image is laid out as often.
#[derive(Debug)]
pub(super) struct Depthwise {
    plan: Plan,
    /// How many outputs a channel has.
    times: usize,
    border: Border,
    /// Where in an image with its border the windows begin.
    starts: Vec<usize>,
    /// Where after that their elements are.
    taps: Vec<usize>,
}

impl Depthwise {
    /// The convolution, if each channel is by itself and windows are near each other.
    pub(super) fn of(plan: Plan) -> Option<Self> {
        let Plan { axes, channels, filters, groups, .. } = plan;
        if groups != channels || channels < 2 || plan.output() == 0 {
            return None;
        }
        let border = Border::of(axes, filters)?;
        Some(Self { plan, times: filters / channels, starts: border.starts(), taps: border.taps(), border })
    }

    /// The convolution, with what is done at its end.
    pub(super) fn forward<T: Real>(&self, x: &[T], kernel: &[T], end: &End<T>) -> Vec<T> {
        let plan = &self.plan;
        let scratch = || (self.border.memory(), vec![T::ZERO; plan.output()]);
        images(plan.batch, end.output(plan), plan.output() * plan.depth(), scratch, |(bordered, y), images, room| {
            for i in images {
                let image = self.repeated(&x[i * plan.image()..][..plan.image()]);
                self.border.put(&image, bordered);
                simd!(|by| self.windows(bordered, kernel, y, by));
                end.put(y, plan, room);
            }
        })
    }

    /// The gradient of the input.
    pub(super) fn backward_input<T: Real>(&self, kernel: &[T], dy: &[T]) -> Vec<T> {
        let plan = &self.plan;
        let (image, output) = (plan.image().max(1), plan.output());
        let turned = self.turned();
        // The windows of the gradient have the kernel from behind.
        let kernel: Cow<[T]> = match &turned {
            Some(_) => kernel.rchunks_exact(plan.filters).flatten().copied().collect(),
            None => kernel.into(),
        };
        let part = cores::part(plan.batch * image, image, plan.depth() * self.times);
        cores::made(plan.batch * plan.image(), part, |from, part| {
            let border = turned.as_ref().map_or(&self.border, |turned| &turned.border);
            let mut bordered = border.memory::<T>();
            // What all outputs of the channels make, before they are added.
            let mut all = vec![T::ZERO; if self.times == 1 { 0 } else { image * self.times }];
            for (i, dx) in part.chunks_exact_mut(image).enumerate() {
                let dy = &dy[(from / image + i) * output..][..output];
                let made = if self.times == 1 { &mut *dx } else { &mut all[..] };
                match &turned {
                    Some(turned) => {
                        border.put(dy, &mut bordered);
                        simd!(|by| turned.windows(&bordered, &kernel, made, by));
                    }
                    None => {
                        bordered.fill(T::ZERO);
                        simd!(|by| self.spread(&mut bordered, &kernel, dy, by));
                        let width = plan.axes[2].input * plan.filters;
                        for (at, row) in border.rows().zip(made.chunks_exact_mut(width.max(1))) {
                            row.copy_from_slice(&bordered[at..at + width]);
                        }
                    }
                }
                if self.times > 1 {
                    for (dx, all) in dx.iter_mut().zip(all.chunks_exact(self.times)) {
                        *dx = all.iter().fold(T::ZERO, |sum, &x| sum + x);
                    }
                }
            }
        })
    }

    /// The gradient of the kernel.
    pub(super) fn backward_kernel<T: Real>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        let (image, output) = (self.plan.image(), self.plan.output());
        kernel_gradient(&self.plan, x, dy, |x, dy, kernel| {
            let mut bordered = self.border.memory();
            for (x, dy) in x.chunks_exact(image).zip(dy.chunks_exact(output)) {
                self.border.put(&self.repeated(x), &mut bordered);
                simd!(|by| self.elements(&bordered, dy, kernel, by));
            }
        })
    }

    /// An image with each of its numbers as often as a channel has outputs.
    fn repeated<'a, T: Real>(&self, image: &'a [T]) -> Cow<'a, [T]> {
        match self.times {
            1 => image.into(),
            times => image.iter().flat_map(|&x| std::iter::repeat_n(x, times)).collect(),
        }
    }

    /// The convolution of the gradient that makes the gradient of the input, where windows are next to each other.
    fn turned(&self) -> Option<Self> {
        let turned = |axis: Axis| {
            let before = (axis.window - 1).saturating_mul(axis.dilation).checked_sub(axis.before)?;
            (axis.stride == 1).then_some(Axis { input: axis.output, before, output: axis.input, ..axis })
        };
        let [a, b, c] = self.plan.axes;
        let axes = [turned(a)?, turned(b)?, turned(c)?];
        let width = self.plan.filters;
        Self::of(Plan { axes, channels: width, groups: width, ..self.plan })
    }

    /// What the windows of an image make.
    #[inline(always)]
    fn windows<T: Real>(&self, image: &[T], kernel: &[T], y: &mut [T], by: impl MulAdd) {
        let put = |y: &mut [T], sums: &[T]| y.copy_from_slice(sums);
        self.each_channel(image, [&self.starts, &self.taps], kernel, y, put, by);
    }

    /// Adds what an image has of the gradient of the kernel.
    #[inline(always)]
    fn elements<T: Real>(&self, image: &[T], dy: &[T], kernel: &mut [T], by: impl MulAdd) {
        let add = |kernel: &mut [T], sums: &[T]| {
            for (sum, &x) in kernel.iter_mut().zip(sums) {
                *sum += x;
            }
        };
        self.each_channel(image, [&self.taps, &self.starts], dy, kernel, add, by);
    }

    /// For each of the places, what becomes of the sum over the others of the numbers at both together times the factors of the others.
    #[inline(always)]
    fn each_channel<T: Real>(
        &self,
        image: &[T],
        [places, others]: [&[usize]; 2],
        factors: &[T],
        to: &mut [T],
        end: impl Fn(&mut [T], &[T]) + Copy,
        by: impl MulAdd,
    ) {
        let width = self.plan.filters;
        let mut from = 0;
        while from + WIDTH <= width {
            channels::<T, WIDTH>(image, [places, others], factors, to, [from, width], end, by);
            from += WIDTH;
        }
        while from + FEW <= width {
            channels::<T, FEW>(image, [places, others], factors, to, [from, width], end, by);
            from += FEW;
        }
        for from in from..width {
            channels::<T, 1>(image, [places, others], factors, to, [from, width], end, by);
        }
    }

    /// Adds to an image with its border what the outputs have of its gradient.
    #[inline(always)]
    fn spread<T: Real>(&self, image: &mut [T], kernel: &[T], dy: &[T], by: impl MulAdd) {
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
fn channels<T: Real, const N: usize>(
    image: &[T],
    [places, others]: [&[usize]; 2],
    factors: &[T],
    to: &mut [T],
    [from, width]: [usize; 2],
    end: impl Fn(&mut [T], &[T]),
    by: impl MulAdd,
) {
    let (together, rest) = places.as_chunks::<TOGETHER>();
    let (image, mut at) = (&image[from..], from);
    for places in together {
        for sums in sums::<T, N, TOGETHER>(image, places, others, &factors[from..], width, by) {
            end(&mut to[at..at + N], &sums);
            at += width;
        }
    }
    for place in rest {
        let [sums] = sums::<T, N, 1>(image, &[*place], others, &factors[from..], width, by);
        end(&mut to[at..at + N], &sums);
        at += width;
    }
}

#[inline(always)]
fn sums<T: Real, const N: usize, const M: usize>(
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
